//! The key files: who can read them, how old the keys are, how long they are meant to last (N-2, N-12, N-13, N-18).

use super::{Audit, Finding};
use crate::base::{Diagnostics, Name, Rtype, Severity, UnixTime};
use crate::keys::{KeyError, KeyState, LoadOptions, ZoneKey, load};
use crate::policy::{Lifetime, Roles};
use std::fs;
use std::path::{Path, PathBuf};

/// 2031-01-01 00:00:00 UTC: until then RSA with 2048 bits is acceptable (N-2).
const RSA_END: UnixTime = UnixTime(1_924_992_000);

/// The key files of a zone.
#[derive(Debug)]
pub struct KeyFiles {
    keys: Vec<ZoneKey>,
    /// Private halves and their permissions; none where there are no such things.
    private: Vec<(PathBuf, Option<u32>)>,
    directory: (PathBuf, Option<u32>),
}

impl KeyFiles {
    /// Reads the keys of a zone in a directory.
    ///
    /// # Errors
    /// As [`load`].
    pub fn read(zone: Name<'_>, directory: &Path) -> Result<Self, KeyError> {
        let options = LoadOptions { directory: Some(directory.to_owned()), ..LoadOptions::default() };
        // What there is to say about permissions is said here, by the profile.
        let keys = load(zone, &options, &mut Diagnostics::new(0))?;
        let private = keys.iter().map(|key| key.source.with_extension("private")).filter(|path| path.exists());
        let private = private.map(|path| (path.clone(), mode(&path))).collect();
        Ok(Self { keys, private, directory: (directory.to_owned(), mode(directory)) })
    }

    /// How many keys there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.keys.len()
    }
}

/// The permission bits of a file.
fn mode(path: &Path) -> Option<u32> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::metadata(path).ok().map(|metadata| metadata.permissions().mode() & 0o777)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}

impl Audit<'_> {
    pub(super) fn check_key_files(&mut self, files: &KeyFiles) {
        for (path, mode) in &files.private {
            self.check_private_file(path, *mode);
        }
        if let (path, Some(mode)) = &files.directory
            && mode & 0o002 != 0
        {
            let fix = format!("chmod 700 {}", path.display());
            self.about_file(path, Severity::Error, "key-directory-permissions", *mode, "0700", fix);
        }
        for key in &files.keys {
            self.check_age(key);
            self.check_published(key);
        }
    }

    fn check_private_file(&mut self, path: &Path, mode: Option<u32>) {
        let Some(mode) = mode else { return };
        let severity = if mode & 0o027 != 0 {
            Severity::Error
        } else if mode & 0o050 != 0 {
            Severity::Warning
        } else {
            return;
        };
        self.about_file(
            path,
            severity,
            "key-file-permissions",
            mode,
            "0600 or 0400",
            format!("chmod 600 {}", path.display()),
        );
    }

    fn about_file(&mut self, path: &Path, severity: Severity, code: &'static str, mode: u32, asked: &str, fix: String) {
        self.push(Finding {
            id: "N-18",
            code,
            severity,
            subject: path.display().to_string(),
            position: None,
            found: format!("mode {mode:04o}"),
            asked: format!("mode {asked}, owned by the signer"),
            fix,
            count: 1,
        });
    }

    /// A key that signs, against its lifetime and the profile's.
    fn check_age(&mut self, key: &ZoneKey) {
        let now = self.subject.now;
        let policy = self.subject.policy;
        let begin = key.timing.activate.or(key.timing.publish).or(key.timing.created);
        let Some(begin) = begin.filter(|_| key.state(now) == KeyState::Active) else { return };
        let (id, role, lifetime, limits) = match (policy.roles, key.is_sep()) {
            (Roles::Csk, _) => ("N-12", "csk", policy.csk.lifetime, self.limits.ksk_lifetime),
            (Roles::KskZsk, true) => ("N-12", "ksk", policy.ksk.lifetime, self.limits.ksk_lifetime),
            (Roles::KskZsk, false) => ("N-13", "zsk", policy.zsk.lifetime, self.limits.zsk_lifetime),
        };
        let age = now.since(begin);
        let limit = limits.map(|(_, allowed)| allowed).filter(|allowed| age > *allowed);
        let overdue = lifetime.limit().filter(|lifetime| age.0 > lifetime.0.saturating_add(policy.run_interval.0));
        let asked = match (limit, overdue) {
            (Some(allowed), _) => format!("at most {allowed} ({})", policy.base.name()),
            (None, Some(lifetime)) => format!("keys.{role}.lifetime ({lifetime})"),
            (None, None) => String::new(),
        };
        if !asked.is_empty() {
            let severity = if limit.is_some() { Severity::Error } else { Severity::Warning };
            self.about_key(key, id, "key-old", severity, format!("in use for {age}"), asked, "roll the key");
        }
        self.check_rsa_end(key, begin, lifetime);
    }

    /// RSA whose planned life goes beyond what N-2 accepts.
    fn check_rsa_end(&mut self, key: &ZoneKey, begin: UnixTime, lifetime: Lifetime) {
        let end = lifetime.limit().map(|lifetime| begin.plus(lifetime));
        if !self.limits.prefers_elliptic || !key.algorithm.is_rsa() || end.is_some_and(|end| end <= RSA_END) {
            return;
        }
        let found =
            end.map_or_else(|| "RSA, in use without an end".to_owned(), |end| format!("RSA, in use until {end}"));
        let severity = if self.subject.now >= RSA_END { Severity::Error } else { Severity::Warning };
        self.about_key(
            key,
            "N-2",
            "key-rsa-beyond-2030",
            severity,
            found,
            "RSA until the end of 2030".into(),
            "plan a roll to ECDSA or EdDSA",
        );
    }

    /// A key that signs by its timing belongs in the zone (SIG-1).
    fn check_published(&mut self, key: &ZoneKey) {
        let dnskeys = self.subject.zone.apex_node().rrset(Rtype::DNSKEY);
        let is_there = dnskeys.is_some_and(|rrset| rrset.records().any(|record| record.rdata() == key.dnskey_rdata));
        if key.state(self.subject.now) == KeyState::Active && !is_there {
            let asked = "keys that sign are published".to_owned();
            self.about_key(
                key,
                "SIG-1",
                "key-not-published",
                Severity::Warning,
                "not in the zone".into(),
                asked,
                "sign the zone again",
            );
        }
    }

    #[expect(clippy::too_many_arguments, reason = "each is a word of the one sentence")]
    fn about_key(
        &mut self,
        key: &ZoneKey,
        id: &'static str,
        code: &'static str,
        severity: Severity,
        found: String,
        asked: String,
        fix: &str,
    ) {
        self.push(Finding {
            id,
            code,
            severity,
            subject: format!("key {}", key.source.with_extension("").display()),
            position: None,
            found,
            asked,
            fix: fix.to_owned(),
            count: 1,
        });
    }
}
