//! What a run sees of a zone on its way: guards before anything is signed, a promise before anything is put in place.

use super::config::ZoneConfig;
use super::fingerprint::hex;
use super::guard::{self, Guard, Refusal};
use super::ledger::{Intended, Ledger, OverrideNote};
use super::overrides::Overrides;
use crate::base::{Diagnostic, Diagnostics, Name, Rtype, UnixTime};
use crate::policy::{Policy, SerialMethod};
use crate::sign::{Observer, Proposal, ReuseCounts, Stage, TextDigest};
use crate::zone::Zone;
use crate::zone::changes::changes;
use std::collections::BTreeMap;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The code of the finding that stops a run which is only to plan.
const PLANNED: &str = "planned";
/// The code of the finding that stops a run which a guard refuses.
const REFUSED: &str = "refused";

/// A line of a plan: as it is shown, and as it counts for the plan's hash, without what moves with the clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanLine {
    /// For people.
    pub text: String,
    /// For the hash.
    pub fixed: String,
}

impl PlanLine {
    /// A line that does not move.
    pub(super) fn new(text: String) -> Self {
        Self { fixed: text.clone(), text }
    }
}

/// What was seen.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// What changes, with reasons; `None` if the zone never came so far.
    pub(super) plan: Option<Vec<PlanLine>>,
    pub(super) refusals: Vec<Refusal>,
    pub(super) overridden: Vec<OverrideNote>,
    /// What is close to being refused.
    pub(super) warnings: Vec<Diagnostic>,
    /// Names with data of their own.
    pub(super) names: u64,
    /// What is promised.
    pub(super) ledger: Option<Ledger>,
}

/// Looks at a zone that is being signed.
#[derive(Debug)]
pub(super) struct Look<'a> {
    pub(super) zone: &'a ZoneConfig,
    pub(super) policy: &'a Policy,
    pub(super) overrides: &'a Overrides,
    pub(super) now: UnixTime,
    /// Whether it is to stop where signing would begin.
    pub(super) is_dry: bool,
    /// When the first signature of before ends.
    first_end: Option<UnixTime>,
    seen: Mutex<Seen>,
}

impl<'a> Look<'a> {
    /// `ledger` is what the promise is added to.
    pub(super) fn new(
        zone: &'a ZoneConfig,
        policy: &'a Policy,
        overrides: &'a Overrides,
        now: UnixTime,
        is_dry: bool,
        ledger: Ledger,
    ) -> Self {
        let first_end = ledger.earliest_expiration;
        let seen = Seen { ledger: Some(ledger), ..Seen::default() };
        Self { zone, policy, overrides, now, is_dry, first_end, seen: Mutex::new(seen) }
    }

    pub(super) fn into_seen(self) -> Seen {
        self.seen.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All that must not be published.
    fn guards(&self, proposal: &Proposal<'_>, warnings: &mut Vec<Diagnostic>) -> Vec<Refusal> {
        let mut refusals = Vec::new();
        // What was let pass once is not refused again for as long as it stays.
        let is_new = |refusal: &Refusal, of: &dyn Fn(&Zone) -> Option<Refusal>| {
            proposal.previous.and_then(of).is_none_or(|before| before.guard != refusal.guard)
        };
        let ttl = |zone: &Zone| guard::ttl_explosion(zone, self.policy.ttl.max_zone);
        let budget = |zone: &Zone| guard::validity_budget(zone, self.policy, &mut Vec::new());
        refusals.extend(ttl(proposal.zone).filter(|refusal| is_new(refusal, &ttl)));
        let over = guard::validity_budget(proposal.zone, self.policy, warnings);
        refusals.extend(over.filter(|refusal| is_new(refusal, &budget)));
        if let Some(previous) = proposal.previous {
            refusals.extend(guard::content(previous, proposal.zone, &self.zone.limits));
        }
        refusals
    }

    /// What changes, and why.
    fn plan(&self, proposal: &Proposal<'_>) -> Vec<PlanLine> {
        let mut lines = Vec::new();
        let serial = proposal.zone.soa().serial;
        let Some(previous) = proposal.previous else {
            lines.push(PlanLine::new("sign the whole zone: there is no signed zone yet".into()));
            lines.push(self.serial_line(format!("serial {serial}"), "serial".into()));
            return lines;
        };
        lines.extend(content_line(previous, proposal.zone).map(PlanLine::new));
        if let Some(reuse) = proposal.reuse {
            lines.extend(self.due_line(reuse.counts.due));
            lines.extend(signature_lines(&reuse.counts).into_iter().map(PlanLine::new));
        }
        let old = previous.soa().serial;
        lines.push(self.serial_line(format!("serial {old} -> {serial}"), format!("serial {old} goes up")));
        lines
    }

    /// `12 signatures end soon, the first at … (in 3d)`
    fn due_line(&self, count: u64) -> Option<PlanLine> {
        let noun = if count == 1 { "signature has" } else { "signatures have" };
        let fixed = format!("{count} {noun} no more left than the refresh of {}", self.policy.signatures.refresh);
        let ends = self.first_end.map_or_else(String::new, |end| {
            let left = end.since(self.now);
            format!(", the first ends at {end} ({})", if left.0 > 0 { format!("in {left}") } else { "past".to_owned() })
        });
        (count > 0).then(|| PlanLine { text: format!("{fixed}{ends}"), fixed })
    }

    /// A serial that tells the time is no part of what was agreed to.
    fn serial_line(&self, text: String, without_number: String) -> PlanLine {
        match self.policy.serial {
            SerialMethod::UnixTime | SerialMethod::Date => PlanLine { text, fixed: without_number },
            SerialMethod::Keep | SerialMethod::Increment => PlanLine::new(text),
        }
    }
}

impl Observer for Look<'_> {
    fn begin(&self, _: Stage) {}

    fn progress(&self, _: u64, _: u64) {}

    fn look(&self, proposal: &Proposal<'_>, findings: &mut Diagnostics) {
        let mut warnings = Vec::new();
        let refusals = self.guards(proposal, &mut warnings);
        let (refused, overridden) = self.overrides.sort(refusals, proposal.zone.apex(), self.now);
        let stop = match (refused.is_empty(), self.is_dry) {
            (false, _) => Some(Diagnostic::error(REFUSED, "a guard refuses to publish the zone")),
            (true, true) => Some(Diagnostic::error(PLANNED, "nothing is done")),
            (true, false) => None,
        };
        stop.into_iter().for_each(|stop| findings.push(stop));
        let mut seen = self.seen();
        seen.plan = Some(self.plan(proposal));
        seen.names = proposal.zone.nodes().filter(guard::has_content).count() as u64;
        seen.refusals = refused;
        seen.overridden = overridden;
        seen.warnings = warnings;
    }

    fn before_commit(&self, serial: u32, text: Option<&TextDigest>) -> io::Result<()> {
        let mut seen = self.seen();
        let Some(ledger) = &mut seen.ledger else { return Ok(()) };
        ledger.promise(serial);
        ledger.intended = text.map(|text| Intended { serial, sha256: hex(&text.sha256) });
        ledger.write(&self.zone.state).map_err(io::Error::other)
    }
}

/// Whether a finding only stopped a run.
pub(super) fn is_stop(finding: &Diagnostic) -> bool {
    [PLANNED, REFUSED].contains(&finding.code)
}

/// `content changed: 3 RRsets added, 1 changed`; none if it is the same.
fn content_line(previous: &Zone, next: &Zone) -> Option<String> {
    let counts_for =
        |rtype: Rtype, is_apex: bool| guard::is_from_outside(rtype, is_apex) && !(is_apex && rtype == Rtype::SOA);
    let mut sets: BTreeMap<(String, Rtype), (bool, bool)> = BTreeMap::new();
    for change in changes(previous, next, counts_for) {
        let set = sets.entry((change.owner.to_string().to_ascii_lowercase(), change.rtype)).or_default();
        if change.is_added { set.0 = true } else { set.1 = true }
    }
    let has = |zone: &Zone, name: &str, rtype| {
        let name = name.parse::<crate::base::NameBuf>().ok();
        name.and_then(|name| zone.find(name.as_name()).map(|node| node.has(rtype))).unwrap_or(false)
    };
    let (mut added, mut removed, mut changed) = (0, 0, 0);
    for (name, rtype) in sets.keys() {
        match (has(previous, name, *rtype), has(next, name, *rtype)) {
            (false, _) => added += 1,
            (_, false) => removed += 1,
            _ => changed += 1,
        }
    }
    let counts = [(added, "added"), (removed, "removed"), (changed, "changed")];
    let mut words: Vec<String> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    let first = words.first_mut()?;
    let noun = if first.starts_with("1 ") { "RRset" } else { "RRsets" };
    *first = first.replacen(' ', &format!(" {noun} "), 1);
    Some(format!("content changed: {}", words.join(", ")))
}

/// What becomes of signatures, a line a reason.
fn signature_lines(counts: &ReuseCounts) -> Vec<String> {
    let noun = |count: u64| if count == 1 { "signature" } else { "signatures" };
    let lines = [
        (counts.new, "made: there are none of the key yet"),
        (counts.changed, "made again: what they cover has changed"),
        (counts.bad, "made again: they do not verify"),
        (counts.key_gone, "dropped: their key does not sign any more"),
        (counts.rrset_gone, "dropped: what they cover is gone"),
    ];
    lines
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {} {what}", noun(count)))
        .collect()
}

/// A DS that leads nowhere makes the zone bogus: one of the keys it names must sign the DNSKEY RRset (I-2).
pub(super) fn ds_leads_nowhere(zone: Name<'_>, state: &crate::rollover::ZoneState) -> Option<Refusal> {
    let ds = &state.ds.current()?.value;
    let count = ds.keys.len() + ds.unknown.len();
    if let Some(refusal) = guard::unsigned_with_ds(state.target.is_signed(), count) {
        return Some(refusal);
    }
    let enters = |id: &_| {
        state.target.keys.iter().any(|one| one.key == *id && one.is_published && one.signs_dnskey && !one.is_revoked)
    };
    if count == 0 || ds.keys.iter().any(enters) {
        return None;
    }
    Some(Refusal {
        guard: Guard::UnsignedWithDs,
        message: format!(
            "no DS at the parent of {zone} names a key that would sign its DNSKEY RRset: bogus for every validator (I-2)"
        ),
        help: format!("see what is wrong with zoneseal rollover status {zone}, and have the parent's DS changed first"),
    })
}
