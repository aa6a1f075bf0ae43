//! Signing by a zone's rollover state: what each key does comes from it, and it hears what is out.
//!
//! The state is held from before the keys are read until the output is in place, so that no other process decides
//! something else in between. It is told of the output after that, never before.

use super::super::Failure;
use crate::base::{Diagnostic, Diagnostics, Name, UnixTime};
use crate::fleet::by_state::{self, denial_of, denial_words};
use crate::keys::ZoneKey;
use crate::rollover::{CdsTarget, Target, ZoneState};
use crate::sign::{CdsPolicy, DenialOptions, OwnKeys, SignOptions, Summary};
use crate::state::{Guard, LockOptions, StateFile, Who};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where states are looked for, and what the command line says beside them.
#[derive(Clone, Debug)]
pub(super) struct StateSource<'a> {
    /// The directory of the keys.
    pub(super) directory: PathBuf,
    /// Who signs, for the log.
    pub(super) who: &'a Who,
    /// How long to wait for another process.
    pub(super) timeout: Duration,
    /// Whether keys were named, which leaves no room for a state.
    pub(super) names_keys: bool,
    /// The chain, if one was asked for.
    pub(super) denial: Option<DenialOptions>,
    /// CDS, if they were asked for.
    pub(super) cds: Option<CdsPolicy>,
    /// Whether the output goes where it is published, as far as one can know.
    pub(super) is_confirmed: bool,
}

/// The state of the zone being signed.
#[derive(Debug)]
pub(super) struct HeldState<'a> {
    source: &'a StateSource<'a>,
    guard: Guard,
    state: ZoneState,
}

impl<'a> StateSource<'a> {
    /// Whether a zone has a state.
    pub(super) fn has_state(&self, zone: Name<'_>) -> bool {
        StateFile::exists(&self.directory, zone)
    }

    /// Takes the state of a zone; `None` if it has none, or if what there is forbids signing: then `findings` say why.
    pub(super) fn hold(
        &'a self,
        zone: Name<'_>,
        now: UnixTime,
        findings: &mut Diagnostics,
    ) -> Result<Option<HeldState<'a>>, Failure> {
        if !self.has_state(zone) {
            return Ok(None);
        }
        let options = LockOptions { who: self.who, at: now, timeout: self.timeout };
        let mut guard = StateFile::lock(&self.directory, zone, &options)?;
        let path = guard.paths().state.display().to_string();
        let Some(state) = guard.load(findings)? else {
            findings.push(
                Diagnostic::error(
                    "state-lost",
                    format!("{path}: there was a state of the zone, and it cannot be used"),
                )
                .help("make it anew with zoneseal adopt, or sign by the keys' times with --ignore-state"),
            );
            return Ok(None);
        };
        let mut refuse = |message: String, help: &str| {
            findings.push(Diagnostic::error("state-contradicted", message).help(help));
        };
        if self.names_keys {
            refuse(
                format!("keys are named, but {path} says what each key does"),
                "name no keys, or go by those named with --ignore-state",
            );
        }
        if let Some(message) = contradiction(&state.target, self.denial.as_ref(), self.cds) {
            refuse(
                format!("{message}, as {path} has it"),
                "leave the option out, change it with zoneseal rollover, or sign without the state by --ignore-state",
            );
        }
        if !state.target.is_signed() && state.ds.open().any(|version| !version.value.is_empty()) {
            refuse(
                format!("by {path} the zone is not to be signed, and the parent has a DS for it"),
                "the zone would be bogus: run zoneseal rollover apply first",
            );
        }
        Ok(Some(HeldState { source: self, guard, state }))
    }
}

/// What an option asks for that the target does not.
fn contradiction(target: &Target, denial: Option<&DenialOptions>, cds: Option<CdsPolicy>) -> Option<String> {
    let wanted = denial_of(target);
    if denial.is_some_and(|asked| *asked != wanted) {
        return Some(format!("the zone's denial of existence is to be {}", denial_words(&wanted)));
    }
    let (asked, what) = match cds? {
        CdsPolicy::Publish => (CdsTarget::Keys, "--cds"),
        CdsPolicy::Delete => (CdsTarget::Delete, "--cds-delete"),
        CdsPolicy::AsInInput | CdsPolicy::Drop => return None,
    };
    let is = match target.cds {
        CdsTarget::None => "no CDS",
        CdsTarget::Keys => "CDS for its keys",
        CdsTarget::Delete => "the CDS that asks for all DS to go",
    };
    (target.cds != asked).then(|| format!("{what} is given, and the zone is to have {is}"))
}

impl HeldState<'_> {
    /// The last serial that the state was told of, and the state's file.
    pub(super) fn last_serial(&self) -> Option<(u32, String)> {
        let confirmed = &self.state.confirmed;
        confirmed.at.map(|_| (confirmed.serial, self.guard.paths().state.display().to_string()))
    }

    /// The options of a run with what the state decides in place of what was not said.
    pub(super) fn options(&self, options: &SignOptions) -> SignOptions {
        by_state::options(&self.state.target, options)
    }

    /// Sorts out keys by what the state has each do.
    pub(super) fn own_keys(&self, zone: Name<'_>, keys: Vec<ZoneKey>, findings: &mut Diagnostics) -> OwnKeys {
        by_state::own_keys(&self.state.target, zone, keys, findings)
    }

    /// Tells the state what is out; gives a sentence about it.
    pub(super) fn confirm(mut self, summary: &Summary, now: UnixTime) -> Result<String, Failure> {
        let path = self.guard.paths().state.clone();
        let at = path.display();
        let Some(published) = summary.published.as_ref().filter(|_| self.source.is_confirmed) else {
            return Ok(format!(
                "signed by {at}, which was not told: the output is standard output. When it is in place, run zoneseal \
                 rollover apply --signed FILE"
            ));
        };
        let by = (self.source.who, "zoneseal sign put it in place");
        let is_news = by_state::confirm(&mut self.guard, &mut self.state, (summary, published), by, now);
        match is_news.map_err(|error| {
            Failure::new(format_args!(
                "{error}\n   = help: the signed zone is in place, but its state does not know: sign again once this is mended"
            ))
        })? {
            true => Ok(format!("signed by {at}, and confirmed in it")),
            false => Ok(format!("signed by {at}; nothing new for it")),
        }
    }
}

/// The directory of a run's keys.
pub(super) fn directory_of_keys(directory: Option<&Path>) -> PathBuf {
    directory.unwrap_or_else(|| Path::new(".")).to_owned()
}
