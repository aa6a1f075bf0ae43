//! What a release check says: checks, findings, what changed.

use super::{FINDINGS_MAX, Subject, Version};
use crate::base::{Diagnostic, Name, Position, Rtype, Severity, UnixTime};
use crate::fleet::guard::{Guard, Refusal};
use crate::output::text::push_record;
use crate::verify::{self, Rule};
use crate::zone::Zone;
use crate::zone::changes::{Change, changes};
use serde::Serialize;
use std::collections::BTreeMap;

/// One question of the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// Is every signature, chain record, key and digest right, and for long enough?
    Signatures,
    /// Does every DS lead to a key that signs?
    Ds,
    /// Is everything of the unsigned zone there, and nothing else?
    Content,
    /// Is the step from the last version a plausible one?
    Previous,
    /// Is it newer than what is served?
    Live,
    /// Can resolvers that hold keys or signatures of the last version go on?
    Keys,
    /// Does it keep to the policy's figures?
    Policy,
}

impl Check {
    /// All of them, in the order they are told.
    pub const ALL: [Self; 7] =
        [Self::Signatures, Self::Ds, Self::Content, Self::Previous, Self::Live, Self::Keys, Self::Policy];

    /// As results name it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Signatures => "signatures",
            Self::Ds => "ds",
            Self::Content => "content",
            Self::Previous => "previous",
            Self::Live => "live",
            Self::Keys => "keys",
            Self::Policy => "policy",
        }
    }
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckResult {
    /// No errors, or none that are not overridden.
    Passed,
    /// Errors.
    Failed,
    /// There was nothing to judge by.
    Skipped,
}

/// A check that was made, or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// Which.
    pub check: Check,
    /// How it ended.
    pub result: CheckResult,
    /// What was seen, or why nothing was looked at.
    pub says: String,
}

/// Something that is wrong, or may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Whose it is.
    pub check: Check,
    /// Stable short name in kebab case: that of a guard, of a rule of the verifier, or of the check's own.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What it is about: a name and type, the zone.
    pub subject: String,
    /// Where it stands, if a file holds it.
    pub position: Option<Position>,
    /// What is wrong.
    pub message: String,
    /// Why: the RFC and section or the id of a rule; empty if the message says it.
    pub reference: &'static str,
    /// What to do.
    pub help: String,
    /// Why it does not count, if it was overridden.
    pub overridden: Option<String>,
}

impl Finding {
    /// An error; its check's own.
    pub(super) fn error(check: Check, code: &'static str, subject: String, message: String) -> Self {
        Self {
            check,
            code,
            severity: Severity::Error,
            subject,
            position: None,
            message,
            reference: "",
            help: String::new(),
            overridden: None,
        }
    }

    /// What the verifier found. A DS that leads nowhere is an error here even if another one leads to the zone.
    pub(super) fn of_verify(found: &verify::Finding) -> Self {
        let is_stale = found.rule == Rule::AnchorStale;
        let check = if is_about_ds(found.rule) { Check::Ds } else { Check::Signatures };
        let subject = match found.rtype {
            Some(rtype) => format!("{} {rtype}", found.owner),
            None => found.owner.to_string(),
        };
        Self {
            severity: if is_stale { Severity::Error } else { found.severity },
            position: found.position.clone(),
            reference: found.rule.reference(),
            help: found.rule.help().to_owned(),
            ..Self::error(check, found.rule.code(), subject, format!("{}; asked: {}", found.found, found.asked))
        }
    }

    /// A guard's refusal.
    pub(super) fn of_refusal(check: Check, refusal: Refusal, zone: Name<'_>) -> Self {
        Self { help: refusal.help, ..Self::error(check, refusal.guard.name(), zone.to_string(), refusal.message) }
    }

    /// A guard's warning.
    pub(super) fn of_warning(check: Check, warning: Diagnostic, zone: Name<'_>) -> Self {
        Self {
            severity: warning.severity,
            position: warning.position,
            reference: warning.reference,
            help: warning.help,
            ..Self::error(check, warning.code, zone.to_string(), warning.message)
        }
    }

    /// Whether it stands in the way.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.severity == Severity::Error && self.overridden.is_none()
    }
}

const fn is_about_ds(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::AnchorUnusable
            | Rule::AnchorUnmatched
            | Rule::AnchorStale
            | Rule::AnchorAlgorithm
            | Rule::AnchorSha1
            | Rule::AnchorDigest
    )
}

/// Findings of this code are not to count, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// The code: one of [`overridable`].
    pub code: &'static str,
    /// The operator's words.
    pub reason: String,
}

/// RRsets are signed by keys that caches may not have yet.
pub(super) const KEYS_TOO_NEW: &str = "keys-too-new";
/// Caches may hold signatures of keys that are gone.
pub(super) const KEYS_GONE: &str = "keys-gone";

/// What may be overridden: what can be meant. A zone that does not verify, or that lacks records, cannot be.
#[must_use]
pub fn overridable() -> Vec<&'static str> {
    let guards = [
        Guard::UnsignedWithDs,
        Guard::SerialBackwards,
        Guard::NamesVanished,
        Guard::RrsetVanished,
        Guard::TtlExplosion,
        Guard::ValidityBudget,
        Guard::ClockBackwards,
    ];
    let mut codes: Vec<_> = guards.into_iter().map(Guard::name).collect();
    codes.extend([Rule::AnchorStale.code(), KEYS_TOO_NEW, KEYS_GONE]);
    codes
}

/// What changed since the last version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangesSince {
    /// The last version's file.
    pub since: String,
    /// Its serial.
    pub serial_before: u32,
    /// The serial now.
    pub serial: u32,
    /// Records that went, signatures and what else signing makes at every turn apart.
    pub removed: u64,
    /// Records that came, likewise.
    pub added: u64,
    /// Signatures that went.
    pub signatures_gone: u64,
    /// Signatures that came.
    pub signatures_made: u64,
    /// The first of the records, each as a line of a zone file behind `-` or `+`.
    pub first: Vec<String>,
}

impl ChangesSince {
    pub(super) fn between(previous: Version<'_>, next: &Zone) -> Self {
        let mut found = Self {
            since: previous.name.to_owned(),
            serial_before: previous.zone.soa().serial,
            serial: next.soa().serial,
            removed: 0,
            added: 0,
            signatures_gone: 0,
            signatures_made: 0,
            first: Vec::new(),
        };
        for change in changes(previous.zone, next, |_, _| true) {
            let is_at_apex = change.owner == next.apex();
            let count = match (change.rtype, change.is_added) {
                (Rtype::RRSIG, true) => &mut found.signatures_made,
                (Rtype::RRSIG, false) => &mut found.signatures_gone,
                (Rtype::NSEC | Rtype::NSEC3, _) => continue,
                (Rtype::ZONEMD | Rtype::SOA, _) if is_at_apex && is_only_of_serial(&change, previous.zone, next) => {
                    continue;
                }
                (_, true) => &mut found.added,
                (_, false) => &mut found.removed,
            };
            *count += 1;
            if change.rtype != Rtype::RRSIG && found.first.len() < FINDINGS_MAX {
                let sign = if change.is_added { '+' } else { '-' };
                found.first.push(format!("{sign} {}", line(&change, next)));
            }
        }
        found
    }

    pub(super) fn summary(&self) -> String {
        let serial = match self.serial == self.serial_before {
            true => format!("serial {} in both", self.serial),
            false => format!("serial {} to {}", self.serial_before, self.serial),
        };
        let records = match (self.removed, self.added) {
            (0, 0) => "no record changed".to_owned(),
            (1, added) => format!("1 record went, {added} came"),
            (removed, added) => format!("{removed} records went, {added} came"),
        };
        format!("{records}, {serial}, {} signatures made anew", self.signatures_made)
    }
}

/// Whether a change of SOA or ZONEMD at the apex only follows from another serial or other content.
fn is_only_of_serial(change: &Change<'_>, previous: &Zone, next: &Zone) -> bool {
    change.rtype == Rtype::ZONEMD
        || super::content::soa_without_serial(previous) == super::content::soa_without_serial(next)
}

/// A record as a line of a zone file.
pub(super) fn line(change: &Change<'_>, zone: &Zone) -> String {
    let mut line = Vec::new();
    push_record(change.owner, change.ttl, zone.class(), change.rtype, change.rdata, &mut line);
    String::from_utf8_lossy(&line).trim_end().replace('\t', " ")
}

/// The result.
#[derive(Clone, Debug)]
pub struct Report {
    /// Every check, in the order of [`Check::ALL`].
    pub checks: Vec<Checked>,
    /// The findings kept, by check.
    pub findings: Vec<Finding>,
    /// How many more there are, by code.
    pub not_listed: BTreeMap<&'static str, u64>,
    /// What changed since the last version, if there is one.
    pub changes: Option<ChangesSince>,
    /// When the first signature ends.
    pub valid_until: Option<UnixTime>,
    /// Overrides that nothing asked for.
    pub unneeded: Vec<Override>,
}

impl Report {
    /// Whether the zone may be published.
    #[must_use]
    pub fn is_publishable(&self) -> bool {
        !self.checks.iter().any(|checked| checked.result == CheckResult::Failed)
    }

    /// The findings of a check.
    pub fn findings_of(&self, check: Check) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.check == check)
    }
}

/// The work in progress.
pub(super) struct Gate<'a> {
    pub(super) subject: &'a Subject<'a>,
    pub(super) valid_until: Option<UnixTime>,
    overrides: &'a [Override],
    used: Vec<&'static str>,
    findings: Vec<Finding>,
    counts: BTreeMap<&'static str, usize>,
    not_listed: BTreeMap<&'static str, u64>,
    says: BTreeMap<Check, (bool, String)>,
}

impl<'a> Gate<'a> {
    pub(super) const fn new(subject: &'a Subject<'a>, overrides: &'a [Override]) -> Self {
        Self {
            subject,
            valid_until: None,
            overrides,
            used: Vec::new(),
            findings: Vec::new(),
            counts: BTreeMap::new(),
            not_listed: BTreeMap::new(),
            says: BTreeMap::new(),
        }
    }

    /// Takes a finding, overridden if that was asked for. Beyond so many of a code they are counted.
    pub(super) fn push(&mut self, mut finding: Finding) {
        if self.subject.is_strict {
            finding.severity = Severity::Error;
        }
        let count = self.counts.entry(finding.code).or_default();
        *count += 1;
        if *count > FINDINGS_MAX {
            return self.count_more(finding.code, 1);
        }
        if let Some(found) = self.overrides.iter().find(|one| one.code == finding.code) {
            finding.overridden = Some(found.reason.clone());
            self.used.push(found.code);
        }
        self.findings.push(finding);
    }

    /// Counts findings that are not kept.
    pub(super) fn count_more(&mut self, code: &'static str, more: u64) {
        *self.not_listed.entry(code).or_default() += more;
    }

    /// What a check saw, to be told if it finds nothing wrong.
    pub(super) fn says(&mut self, check: Check, what: String) {
        self.says.insert(check, (false, what));
    }

    /// A check that is not made, and why.
    pub(super) fn skips(&mut self, check: Check, why: &str) {
        self.says.insert(check, (true, why.to_owned()));
    }

    pub(super) fn into_report(mut self, changes: Option<ChangesSince>) -> Report {
        let checks = Check::ALL.into_iter().map(|check| self.checked(check)).collect();
        self.findings.sort_by_key(|finding| (finding.check, std::cmp::Reverse(finding.severity)));
        let is_unneeded = |one: &&Override| !self.used.contains(&one.code);
        Report {
            checks,
            unneeded: self.overrides.iter().filter(is_unneeded).cloned().collect(),
            findings: self.findings,
            not_listed: self.not_listed,
            changes,
            valid_until: self.valid_until,
        }
    }

    fn checked(&mut self, check: Check) -> Checked {
        let (is_skipped, says) = self.says.remove(&check).unwrap_or_default();
        let of_check = || self.findings.iter().filter(|finding| finding.check == check);
        let errors = of_check().filter(|finding| finding.counts()).count();
        let (result, says) = match (errors, is_skipped, of_check().count()) {
            (0, true, 0) => (CheckResult::Skipped, says),
            (0, _, 0) => (CheckResult::Passed, says),
            (0, _, _) if of_check().any(|finding| finding.overridden.is_some()) => {
                (CheckResult::Passed, "overridden".to_owned())
            }
            (0, ..) => (CheckResult::Passed, says),
            (1, ..) => (CheckResult::Failed, "1 error".to_owned()),
            (count, ..) => (CheckResult::Failed, format!("{count} errors")),
        };
        Checked { check, result, says }
    }
}
