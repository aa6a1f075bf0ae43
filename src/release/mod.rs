//! May this signed zone be published? Asks all that can be known before it is.
//!
//! ```text
//! signed zone ─ verify ─▶ signatures, DS            ┐
//! unsigned zone ─ content ─▶ nothing lost or added  │
//! last version ─ guards, keys ─▶ serial, losses     ├─▶ Report: checks, findings, changes
//! servers, parent ─ observe ─▶ serial, keys, DS     │
//! policy ─ guards ─▶ TTLs, time budget              ┘
//! ```
//! Uses nothing of the code that signs, so that it can judge other signers' zones too.

mod content;
mod keys;
mod report;

pub use report::{ChangesSince, Check, CheckResult, Checked, Finding, Override, Report, overridable};

use crate::base::time::serial_cmp;
use crate::base::{Rtype, Seconds, UnixTime};
use crate::fleet::guard::{self, Guard, Limits, Refusal};
use crate::observe::{Observation, ParentSeen, Seen, ZoneSeen};
use crate::policy::Policy;
use crate::rdata::rrsig::Rrsig;
use crate::verify::{Anchor, VerifierSource, VerifyOptions, verify_zone};
use crate::zone::{NodeRef, Zone};
use report::Gate;
use std::cmp::Ordering;
use std::sync::Arc;

/// Findings of one code that are kept; the rest are counted.
pub const FINDINGS_MAX: usize = 20;

/// A zone with the name of its file, for messages.
#[derive(Clone, Copy, Debug)]
pub struct Version<'a> {
    /// What messages call it.
    pub name: &'a str,
    /// The zone.
    pub zone: &'a Zone,
}

/// What is asked, and what is known to judge it by.
#[derive(Clone, Debug)]
pub struct Subject<'a> {
    /// What is to be published, its TTLs kept as they are.
    pub signed: Version<'a>,
    /// What it was signed from.
    pub unsigned: Option<Version<'a>>,
    /// What was published before.
    pub previous: Option<Version<'a>>,
    /// What the servers of the zone and of its parent have.
    pub live: Option<&'a Observation>,
    /// DS and DNSKEY records that are to lead to the zone.
    pub anchors: &'a [Anchor],
    /// What the zone is to keep to.
    pub policy: Option<&'a Policy>,
    /// How much may change from the last version.
    pub limits: &'a Limits,
    /// The time it is published.
    pub at: UnixTime,
    /// Signatures that end within this time are errors; without it the policy's budget decides.
    pub expires_within: Option<Seconds>,
    /// Whether warnings are errors.
    pub is_strict: bool,
    /// What checks the signatures.
    pub verifiers: Arc<dyn VerifierSource>,
}

/// Makes all checks that can be made.
#[must_use]
pub fn check(subject: &Subject<'_>, overrides: &[Override]) -> Report {
    let mut gate = Gate::new(subject, overrides);
    let anchors = subject.all_anchors();
    gate.verify(&anchors);
    gate.check_unsigned(&anchors);
    gate.check_content();
    let changes = gate.check_previous();
    gate.check_live();
    gate.check_keys();
    gate.check_policy();
    gate.into_report(changes)
}

impl Subject<'_> {
    /// The DS records given, and those that the parent has.
    fn all_anchors(&self) -> Vec<Anchor> {
        let mut anchors = self.anchors.to_vec();
        let observed = self.live.and_then(|live| live.parent.as_ref()).and_then(ParentSeen::ds).unwrap_or_default();
        for anchor in observed.into_iter().map(Anchor::Ds) {
            if !anchors.contains(&anchor) {
                anchors.push(anchor);
            }
        }
        anchors
    }

    /// Within which time no signature may end: caches keep records for their TTL, servers are behind for the propagation,
    /// and the next run comes only after its interval (TIM-6).
    fn budget(&self) -> Option<Seconds> {
        let of_policy = |policy: &Policy| {
            let ttl = guard::largest_ttl(self.signed.zone).to_seconds();
            Seconds(ttl.0 + policy.delays.zone_propagation.0 + policy.run_interval.0)
        };
        self.expires_within.or_else(|| self.policy.map(of_policy))
    }
}

/// The servers of a zone that answered; whether their signatures are good does not matter here.
fn answers(live: &Observation) -> impl Iterator<Item = (&Seen<ZoneSeen>, &ZoneSeen)> {
    let servers = live.child.iter().flat_map(|child| &child.servers);
    servers.filter_map(|seen| Some((seen, seen.answer.as_ref().ok()?)))
}

impl Gate<'_> {
    /// Everything the verifier has to say; what is about DS records goes to the check of that name.
    fn verify(&mut self, anchors: &[Anchor]) {
        let subject = self.subject;
        let mut options = VerifyOptions::new(subject.at);
        options.anchors = anchors.to_vec();
        options.expires_within = subject.budget();
        options.findings_max = FINDINGS_MAX;
        options.verifiers = Arc::clone(&subject.verifiers);
        let report = verify_zone(subject.signed.zone, &options);
        for finding in &report.findings {
            self.push(Finding::of_verify(finding));
        }
        for (rule, count) in report.suppressed() {
            self.count_more(rule.code(), count);
        }
        let until = report.verdicts.valid_until.as_ref();
        let until_text = until.map_or_else(String::new, |until| format!(", good until {}", until.time));
        self.says(Check::Signatures, format!("{} verified{until_text}", report.counts.verified));
        self.valid_until = until.map(|until| until.time);
        match anchors.len() {
            0 if self.parent_has_no_ds() => self.says(Check::Ds, "the parent has no DS".into()),
            0 => self.skips(Check::Ds, "no --ds and no --parent-server"),
            1 => self.says(Check::Ds, "one record, and it leads to a key that signs".into()),
            count => self.says(Check::Ds, format!("{count} records, and each leads to a key that signs")),
        }
    }

    fn parent_has_no_ds(&self) -> bool {
        let parent = self.subject.live.and_then(|live| live.parent.as_ref());
        parent.and_then(ParentSeen::ds).is_some_and(|ds| ds.is_empty())
    }

    fn check_unsigned(&mut self, anchors: &[Anchor]) {
        let apex = self.subject.signed.zone.apex_node();
        let is_signed = apex.has(Rtype::DNSKEY) && apex.rrsigs_covering(Rtype::SOA).is_some();
        let ds_count = anchors.iter().filter(|anchor| matches!(anchor, Anchor::Ds(_))).count();
        self.refuse(Check::Ds, guard::unsigned_with_ds(is_signed, ds_count));
    }

    /// Against the last version: serial, losses, clock; and what changed, for whoever releases.
    fn check_previous(&mut self) -> Option<ChangesSince> {
        let subject = self.subject;
        let Some(previous) = subject.previous else {
            self.skips(Check::Previous, "no --previous");
            return None;
        };
        let changes = ChangesSince::between(previous, subject.signed.zone);
        let refusals = guard::content(previous.zone, subject.signed.zone, subject.limits);
        let has_serial_refusal = refusals.iter().any(|refusal| refusal.guard == Guard::SerialBackwards);
        refusals.into_iter().for_each(|refusal| self.refuse(Check::Previous, Some(refusal)));
        if !has_serial_refusal && changes.serial_before == changes.serial && changes.signatures_made > 0 {
            let message = format!(
                "{} signatures are new, but the SOA serial stays {}: secondaries would never fetch them (SER-1)",
                changes.signatures_made, changes.serial
            );
            let help = format!("sign with a serial of {} or more", changes.serial.wrapping_add(1));
            self.refuse(Check::Previous, Some(Refusal { guard: Guard::SerialBackwards, message, help }));
        }
        self.refuse(Check::Previous, guard::clock_backwards(inception(previous.zone, subject.at), subject.at));
        self.says(Check::Previous, changes.summary());
        Some(changes)
    }

    /// Against what is served: the serial must be newer than any server's.
    fn check_live(&mut self) {
        let Some(live) = self.subject.live.filter(|live| live.child.is_some()) else {
            return self.skips(Check::Live, "no --live");
        };
        let new = self.subject.signed.zone.soa().serial;
        let mut serials = Vec::new();
        for (seen, answer) in answers(live) {
            serials.push(format!("{} at {}", answer.serial, seen.server));
            if serial_cmp(answer.serial, new) == Some(Ordering::Less) {
                continue;
            }
            let message = format!(
                "the server {} has serial {} already, and {new} is not newer: its secondaries would keep what they have (SER-1)",
                seen.server, answer.serial
            );
            let help = format!("sign with a serial of {} or more", answer.serial.wrapping_add(1));
            self.refuse(Check::Live, Some(Refusal { guard: Guard::SerialBackwards, message, help }));
        }
        self.says(Check::Live, format!("serial {new} is newer than {}", serials.join(", ")));
    }

    fn check_policy(&mut self) {
        let Some(policy) = self.subject.policy else { return self.skips(Check::Policy, "no --policy") };
        let zone = self.subject.signed.zone;
        let mut warnings = Vec::new();
        self.refuse(Check::Policy, guard::ttl_explosion(zone, policy.ttl.max_zone));
        self.refuse(Check::Policy, guard::validity_budget(zone, policy, &mut warnings));
        for warning in warnings {
            self.push(Finding::of_warning(Check::Policy, warning, zone.apex()));
        }
        self.says(Check::Policy, format!("TTLs and time budget of {} hold", policy.name));
    }

    /// A guard's refusal, as a finding.
    fn refuse(&mut self, check: Check, refusal: Option<Refusal>) {
        if let Some(refusal) = refusal {
            let zone = self.subject.signed.zone.apex();
            self.push(Finding::of_refusal(check, refusal, zone));
        }
    }
}

/// When the SOA of a zone was signed last, by the beginning of its signatures. The clock was not before that.
fn inception(zone: &Zone, near: UnixTime) -> Option<UnixTime> {
    let rrsigs = zone.apex_node().rrsigs_covering(Rtype::SOA)?;
    let parsed = rrsigs.records().filter_map(|record| Some(Rrsig::parse(record.rdata())?.inception));
    parsed.map(|inception| inception.to_unix_near(near)).max()
}

/// A node's name with a type, as findings call it.
fn subject_of(node: NodeRef<'_>, rtype: Rtype) -> String {
    format!("{} {rtype}", node.owner())
}
