//! Which key of a zone signs what at a given time.
//!
//! | signs | keys |
//! |---|---|
//! | DNSKEY | active KSKs and CSKs, and revoked keys (RFC 5011) |
//! | CDS, CDNSKEY | active KSKs and CSKs (SIG-12) |
//! | all else | active ZSKs and CSKs |
//!
//! The role is policy and the SEP flag only a hint (SIG-10), so roles are dealt per algorithm: keys with the flag are KSKs
//! and those without are ZSKs as long as both kinds sign; if one kind alone does, its keys are CSKs and sign all (SIG-9).
//!
//! With [`KeyUse`]s each key does what its use says, whatever its times and flags; the role is then only a name for it.

use super::usage::{DataSigning, KeyId, KeyUse};
use super::{KeyState, ZoneKey};
use crate::base::{Algorithm, Diagnostic, Diagnostics, Name, Rtype, Ttl, UnixTime};

/// What a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyRole {
    /// DNSKEY, CDS and CDNSKEY.
    Ksk,
    /// All but DNSKEY, CDS and CDNSKEY.
    Zsk,
    /// All.
    Csk,
    /// DNSKEY only, as a revoked key.
    Revoked,
}

/// The keys of a zone at a time: most of them published, most of them signing.
#[derive(Debug)]
pub struct KeySet {
    /// The published ones first.
    keys: Vec<ZoneKey>,
    published_count: usize,
    /// By index of the key: what it signs.
    roles: Vec<Option<KeyRole>>,
    /// By index of the key: whether signatures over zone data that it made before may stay.
    keeps_old: Vec<bool>,
    /// By index of the key: whether CDS and CDNSKEY stand for it.
    in_sync: Vec<bool>,
    /// Whether uses decided, not times.
    is_by_uses: bool,
}

impl KeySet {
    /// Sorts out keys at a time. Keys not published are dropped; those to be revoked get their flag and new tag. Errors
    /// in `findings` mean that no zone must be signed with the set.
    #[must_use]
    pub fn new(zone: Name<'_>, keys: Vec<ZoneKey>, now: UnixTime, findings: &mut Diagnostics) -> Self {
        let mut keys = keys;
        check_zone(zone, &keys, findings);
        check_duplicates(&mut keys, findings);
        keys.retain(|key| key.is_named || key.timing.is_published(now));
        for key in &mut keys {
            if key.timing.is_revoked(now) {
                key.revoke();
            }
            warn_of_named(key, now, findings);
        }
        keys.sort_by_key(|key| (key.algorithm, !key.is_sep(), key.key_tag));
        check_tags(&keys, findings);
        let signs: Vec<bool> = keys.iter().map(|key| signs(key, now, findings)).collect();
        let roles = deal_roles(&keys, &signs);
        warn_of_stand_ins(&keys, &roles, findings);
        let in_sync = keys
            .iter()
            .zip(&roles)
            .map(|(key, role)| match key.timing.sync_publish {
                // Signing by being named counts like signing by time.
                None if key.is_named => has_ksk_role(*role) && !is_past(key.timing.sync_delete, now),
                _ => key.timing.is_in_sync(now) && (has_ksk_role(*role) || (key.is_sep() && !key.is_revoked())),
            })
            .collect();
        let keeps_old = vec![false; keys.len()];
        let set = Self { published_count: keys.len(), keys, roles, keeps_old, in_sync, is_by_uses: false };
        set.check_algorithms(findings);
        set
    }

    /// Sorts out keys by what each is to do. Keys without a use are dropped. Errors in `findings` mean that no zone must
    /// be signed with the set.
    #[must_use]
    pub fn by_uses(zone: Name<'_>, keys: Vec<ZoneKey>, uses: &[KeyUse], findings: &mut Diagnostics) -> Self {
        let mut keys = keys;
        check_zone(zone, &keys, findings);
        check_duplicates(&mut keys, findings);
        check_present(&keys, uses, findings);
        let mut used: Vec<(ZoneKey, &KeyUse)> = keys
            .into_iter()
            .filter_map(|key| {
                let id = key.id();
                Some((key, uses.iter().find(|one| one.key == id && is_of_use(one))?))
            })
            .collect();
        for (key, one) in used.iter_mut().filter(|(_, one)| one.is_revoked) {
            key.revoke();
            check_revoked(key, one, findings);
        }
        used.sort_by_key(|(key, one)| (!one.is_published, key.algorithm, !key.is_sep(), key.key_tag));
        let published_count = used.partition_point(|(_, one)| one.is_published);
        let roles = used.iter().map(|(key, one)| role_of(key, one, findings)).collect();
        let keeps_old = used.iter().map(|(_, one)| one.signs_data == DataSigning::KeepOld).collect();
        let in_sync = used.iter().map(|(_, one)| one.is_in_sync).collect();
        let keys: Vec<ZoneKey> = used.into_iter().map(|(key, _)| key).collect();
        check_tags(&keys, findings);
        let set = Self { keys, published_count, roles, keeps_old, in_sync, is_by_uses: true };
        set.check_algorithms(findings);
        set
    }

    /// The set of a zone that is not to be signed.
    #[must_use]
    pub const fn unsigned() -> Self {
        Self {
            keys: Vec::new(),
            published_count: 0,
            roles: Vec::new(),
            keeps_old: Vec::new(),
            in_sync: Vec::new(),
            is_by_uses: true,
        }
    }

    /// The members of the DNSKEY RRset: by algorithm, keys with the SEP flag first, then by tag.
    #[must_use]
    pub fn published(&self) -> &[ZoneKey] {
        &self.keys[..self.published_count]
    }

    /// The keys that sign though they are not published, or whose signatures may stay; in the same order. Only uses make
    /// such keys.
    #[must_use]
    pub fn unpublished(&self) -> &[ZoneKey] {
        &self.keys[self.published_count..]
    }

    /// All keys: [`Self::published`], then [`Self::unpublished`].
    #[must_use]
    pub fn all(&self) -> &[ZoneKey] {
        &self.keys
    }

    /// What a key of [`Self::all`] signs; `None` if nothing.
    #[must_use]
    pub fn role(&self, index: usize) -> Option<KeyRole> {
        self.roles[index]
    }

    /// Whether signatures over zone data that a key of [`Self::all`] made before may stay until they are due.
    #[must_use]
    pub fn keeps_old(&self, index: usize) -> bool {
        self.keeps_old[index]
    }

    /// Whether uses decided what each key does, and not the times in the key files.
    #[must_use]
    pub const fn is_by_uses(&self) -> bool {
        self.is_by_uses
    }

    /// The keys that sign RRsets of a type, at the apex or elsewhere. Each has a signer.
    pub fn signers_of(&self, rtype: Rtype) -> impl Iterator<Item = &ZoneKey> + Clone {
        let wanted: &[KeyRole] = match rtype {
            Rtype::DNSKEY => &[KeyRole::Ksk, KeyRole::Csk, KeyRole::Revoked],
            Rtype::CDS | Rtype::CDNSKEY => &[KeyRole::Ksk, KeyRole::Csk],
            _ => &[KeyRole::Zsk, KeyRole::Csk],
        };
        self.keys
            .iter()
            .zip(&self.roles)
            .filter(|(_, role)| role.is_some_and(|role| wanted.contains(&role)))
            .map(|(key, _)| key)
    }

    /// The keys the parent's DS RRset should point at, for CDS and CDNSKEY.
    pub fn in_sync(&self) -> impl Iterator<Item = &ZoneKey> {
        self.keys.iter().zip(&self.in_sync).filter(|(_, in_sync)| **in_sync).map(|(key, _)| key)
    }

    /// The algorithms of its keys that sign, ascending.
    #[must_use]
    pub fn signing_algorithms(&self) -> Vec<Algorithm> {
        let mut algorithms: Vec<_> = self.signers_of(Rtype::SOA).map(|key| key.algorithm).collect();
        algorithms.dedup();
        algorithms
    }

    /// The lowest TTL in the key files, for the DNSKEY RRset; `None` if no file has one.
    #[must_use]
    pub fn ttl(&self) -> Option<Ttl> {
        self.published().iter().filter_map(|key| key.ttl).min()
    }

    /// Every algorithm in the DNSKEY RRset must sign all data (SIG-9).
    fn check_algorithms(&self, findings: &mut Diagnostics) {
        if self.published().is_empty() {
            let finding = Diagnostic::error("no-keys", "there is no key to sign with")
                .help("make one with zoneseal keygen, or name the directory with -K; keys may also be not yet published or deleted, see zoneseal key show");
            return findings.push(finding);
        }
        for keys in self.published().chunk_by(|a, b| a.algorithm == b.algorithm) {
            // An algorithm of which only revoked keys are left obliges nobody.
            if self.is_by_uses && keys.iter().all(ZoneKey::is_revoked) {
                continue;
            }
            let algorithm = keys[0].algorithm;
            let of_algorithm = |rtype| self.signers_of(rtype).filter(move |key| key.algorithm == algorithm);
            if of_algorithm(Rtype::SOA).next().is_none() {
                let tags: Vec<_> = keys.iter().map(|key| key.key_tag.to_string()).collect();
                let message = format!(
                    "algorithm {algorithm} has a DNSKEY (key {}) but no key that signs zone data",
                    tags.join(", ")
                );
                findings.push(
                    Diagnostic::error("algorithm-without-signer", message)
                        .because("RFC 4035 section 2.2, SIG-9")
                        .help("activate a key of the algorithm, or let all of them be deleted"),
                );
                continue;
            }
            let is_offline = |key: &&ZoneKey| key.is_sep() && !key.is_revoked() && key.signer.is_none();
            for key in keys.iter().filter(is_offline) {
                let message = format!(
                    "KSK {} has no private half here: its signature over DNSKEY must come from elsewhere",
                    name(key)
                );
                findings.push(Diagnostic::warning("offline-ksk", message).because("SIG-16"));
            }
        }
    }
}

/// Whether a use is of any.
fn is_of_use(one: &KeyUse) -> bool {
    // By double-DS a key stands in CDS before it is published.
    one.is_published || one.signs_dnskey || one.signs_data != DataSigning::No || one.is_in_sync
}

/// What a key signs by its use. Says why not where it is to and cannot.
fn role_of(key: &ZoneKey, one: &KeyUse, findings: &mut Diagnostics) -> Option<KeyRole> {
    let role = match (one.signs_dnskey, one.signs_data == DataSigning::Yes) {
        (false, false) => return None,
        (true, _) if key.is_revoked() => KeyRole::Revoked,
        (true, false) => KeyRole::Ksk,
        (false, true) => KeyRole::Zsk,
        (true, true) => KeyRole::Csk,
    };
    if can_sign(key, findings) {
        return Some(role);
    }
    // A KSK kept elsewhere gets a warning of its own; without a ZSK there is no zone.
    if key.refusal.is_none() && one.signs_data == DataSigning::Yes {
        let message = format!("key {} is to sign zone data, and its private half is not here", name(key));
        let help = "put the .private file back beside the .key file; if it is lost, roll the key as in an emergency";
        findings.push(Diagnostic::error("key-without-private", message).help(help));
    }
    None
}

/// Refuses uses of keys that are not there: signing without them would break the zone.
fn check_present(keys: &[ZoneKey], uses: &[KeyUse], findings: &mut Diagnostics) {
    let ids: Vec<KeyId> = keys.iter().map(ZoneKey::id).collect();
    for one in uses.iter().filter(|one| is_of_use(one) && !ids.contains(&one.key)) {
        let message = format!("the key {} is to be used, and its .key file is not here", one.key);
        findings.push(Diagnostic::error("key-missing", message).help("put its files back, from the trash or a backup"));
    }
}

/// A revoked key signs the DNSKEY RRset and nothing else (RFC 5011 section 2.1).
fn check_revoked(key: &ZoneKey, one: &KeyUse, findings: &mut Diagnostics) {
    if one.signs_data != DataSigning::No || one.is_in_sync {
        let message = format!("the revoked key {} must not sign zone data or stand in CDS", name(key));
        findings.push(Diagnostic::error("revoked-key-use", message).because("RFC 5011 section 2.1, ENC-6"));
    }
}

/// Whether a time is set and not in the future.
fn is_past(time: Option<UnixTime>, now: UnixTime) -> bool {
    time.is_some_and(|time| time <= now)
}

const fn has_ksk_role(role: Option<KeyRole>) -> bool {
    matches!(role, Some(KeyRole::Ksk | KeyRole::Csk))
}

/// A key as people name it: tag, algorithm and file.
fn name(key: &ZoneKey) -> String {
    format!("{} of algorithm {} ({})", key.key_tag, key.algorithm, key.source.display())
}

/// Whether a key signs at all: it may, it can, and its time has come. Says why not where that is news.
fn signs(key: &ZoneKey, now: UnixTime, findings: &mut Diagnostics) -> bool {
    let is_due = key.is_named || key.timing.is_active(now) || key.is_revoked();
    is_due && can_sign(key, findings)
}

/// Whether a key that is to sign can. Says why not where that is news.
fn can_sign(key: &ZoneKey, findings: &mut Diagnostics) -> bool {
    if let Some(refusal) = &key.refusal {
        let message = format!("key {} cannot sign: {refusal}", name(key));
        findings.push(Diagnostic::error("key-refused", message).because("RFC 9904, N-2, N-3"));
    }
    if key.signer.is_some() && key.algorithm == Algorithm::RSASHA512 {
        let message = format!("key {}: this algorithm is not recommended for signing", name(key));
        findings.push(
            Diagnostic::warning("algorithm-not-recommended", message).because("RFC 9904").help("prefer algorithm 13"),
        );
    }
    key.signer.is_some()
}

/// Deals out roles per algorithm; keys of one algorithm stand together.
fn deal_roles(keys: &[ZoneKey], signs: &[bool]) -> Vec<Option<KeyRole>> {
    let mut roles = Vec::with_capacity(keys.len());
    for group in keys.chunk_by(|a, b| a.algorithm == b.algorithm) {
        let signs = &signs[roles.len()..][..group.len()];
        let has =
            |sep: bool| group.iter().zip(signs).any(|(key, signs)| *signs && !key.is_revoked() && key.is_sep() == sep);
        let has_both = has(true) && has(false);
        roles.extend(group.iter().zip(signs).map(|(key, signs)| match (signs, key.is_revoked(), has_both) {
            (false, ..) => None,
            (true, true, _) => Some(KeyRole::Revoked),
            (true, false, false) => Some(KeyRole::Csk),
            (true, false, true) => Some(if key.is_sep() { KeyRole::Ksk } else { KeyRole::Zsk }),
        }));
    }
    roles
}

/// Where no KSK of an algorithm signs, the ZSKs sign the DNSKEY RRset too (SIG-9). No DS names them, so the zone is bogus
/// unless the KSK's signature comes from elsewhere.
fn warn_of_stand_ins(keys: &[ZoneKey], roles: &[Option<KeyRole>], findings: &mut Diagnostics) {
    let all: Vec<(&ZoneKey, Option<KeyRole>)> = keys.iter().zip(roles.iter().copied()).collect();
    for group in all.chunk_by(|(a, _), (b, _)| a.algorithm == b.algorithm) {
        let ksks: Vec<&ZoneKey> = group.iter().filter(|(key, _)| key.is_sep()).map(|&(key, _)| key).collect();
        let stands_in = |(key, role): &&(&ZoneKey, Option<KeyRole>)| !key.is_sep() && *role == Some(KeyRole::Csk);
        let Some((stand_in, _)) = group.iter().find(stands_in).filter(|_| !ksks.is_empty()) else { continue };
        let idle: Vec<String> = ksks.iter().map(|ksk| format!("{} {}", ksk.key_tag, why_idle(ksk))).collect();
        let message = format!(
            "no KSK of algorithm {} signs (key {}), so the ZSK {} signs the DNSKEY RRset too",
            stand_in.algorithm,
            idle.join(", key "),
            stand_in.key_tag
        );
        let finding = Diagnostic::warning("zsk-signs-dnskey", message).because("RFC 4035 section 5.2, SIG-10");
        findings.push(finding.help("activate a KSK that the DS at the parent names, or have the DS name this key"));
    }
}

/// Why a KSK does not sign, in words that follow its tag.
fn why_idle(ksk: &ZoneKey) -> &'static str {
    match (ksk.is_revoked(), &ksk.signer) {
        (true, _) => "is revoked",
        (false, None) => "has no private half that signs here",
        (false, Some(_)) => "is not active",
    }
}

/// Keys of another zone.
fn check_zone(zone: Name<'_>, keys: &[ZoneKey], findings: &mut Diagnostics) {
    for key in keys.iter().filter(|key| key.zone.as_name() != zone) {
        let message = format!("{}: this is a key of {}, not of {zone}", key.source.display(), key.zone);
        findings.push(Diagnostic::error("key-of-other-zone", message).because("SIG-1"));
    }
}

/// Drops keys that are there twice, for example named as `.key` and as `.private`.
fn check_duplicates(keys: &mut Vec<ZoneKey>, findings: &mut Diagnostics) {
    let mut at = 0;
    while at < keys.len() {
        let first = keys[..at].iter().find(|other| {
            let (a, b) = (keys[at].dnskey(), other.dnskey());
            (a.algorithm, a.public_key) == (b.algorithm, b.public_key)
        });
        if let Some(first) = first {
            let message =
                format!("{}: the same key as {}; used once", keys[at].source.display(), first.source.display());
            findings.push(Diagnostic::warning("duplicate-key", message));
            keys.remove(at);
        } else {
            at += 1;
        }
    }
}

/// Two keys with one tag and algorithm: validators must try both (SIG-17), and some give up (CVE-2023-50387).
fn check_tags(keys: &[ZoneKey], findings: &mut Diagnostics) {
    for pair in keys.iter().enumerate().flat_map(|(at, a)| keys[..at].iter().map(move |b| (a, b))) {
        let (a, b) = pair;
        if (a.algorithm, a.key_tag) == (b.algorithm, b.key_tag) {
            let message =
                format!("keys {} and {} have the same tag {}", b.source.display(), a.source.display(), a.key_tag);
            findings.push(
                Diagnostic::warning("equal-key-tags", message)
                    .because("RFC 4034 appendix B, SIG-17")
                    .help("replace one of them"),
            );
        }
    }
}

/// A key named by the user is used whatever its timing says; where the two differ, that is worth a word.
fn warn_of_named(key: &ZoneKey, now: UnixTime, findings: &mut Diagnostics) {
    let state = key.state(now);
    if key.is_named && !key.is_revoked() && state != KeyState::Active {
        let message = format!("key {} is {} by its timing, but signs because it was named", name(key), state.as_str());
        findings.push(
            Diagnostic::warning("named-key-not-active", message)
                .help("let keys be found with -K to follow their timing"),
        );
    }
}
