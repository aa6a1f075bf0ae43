//! The step: what is known, and now, to what is to be done.
//!
//! ```text
//! observations ─▶ histories ─▶ states ─▶ goals ─▶ moves (gate) ─▶ target, DS request ─▶ actions, waiting, next event
//! ```

use super::children;
use super::goals;
use super::model::{CdsTarget, Goal, KeyRecord, Target, ZoneState};
use super::moves::{self, Delegation};
use super::outcome::{Action, Gate, Step, Waiting};
use super::parent;
use super::plan::{Plan, Planner};
use super::published::Keys;
use super::states;
use super::timing::{Purpose, Timing};
use super::view::{DenialView, Nsec3View, Observations, ParentView, ZoneView};
use crate::base::{Algorithm, Octets, Seconds, UnixTime};
use crate::keys::ds::{CDNSKEY_DELETE, SyncRecords};
use crate::keys::usage::KeyId;
use crate::policy::{Denial, Nsec3Policy, Policy, PurgeDelay};
use std::collections::BTreeSet;

/// How long versions are kept after they left the caches, for people and for clocks that jumped.
const KEPT_AFTER: Seconds = Seconds(30 * Seconds::DAY.0);

/// Said where a move waits for nothing but a new look at the parent.
const LOOK_AGAIN: &str = "Look at the parent with zoneseal observe: a DS that is to be gone, or there, was so when somebody \
                          last looked, and must be so still.";
/// Said where trust anchors keep a zone from going insecure.
const TRUSTED_DIRECTLY: &str = "The zone is to be insecure, and others trust its keys directly: have them take the keys out \
                                of their configuration, and then set rfc5011 = false in the policy.";

/// One step: a pure function. The same state, observations and time again change nothing and give the same actions.
#[must_use]
pub fn step(policy: &Policy, state: &ZoneState, observations: &Observations, now: UnixTime) -> Step {
    let mut state = state.clone();
    if let Some(waiting) = clock_went_back(&state, observations, now) {
        let next_event = waiting.until;
        return Step { state, transitions: Vec::new(), actions: Vec::new(), waiting: vec![waiting], next_event };
    }
    let mut waiting = take_in(&mut state, observations, now);
    let mut actions = state.drop_served_overrides(policy);
    let in_force = state.overrides.in_force(policy);
    let policy = in_force.as_ref();
    let timing = Timing::of(policy, &state);
    forget_old_versions(&mut state, &timing, now);
    let transitions = states::write_down(&mut state, &timing, now);
    if let Some(hold) = hold(&state, now) {
        waiting.push(hold);
        let held = held_step(policy, &mut state, timing, observations.parent.as_ref(), now);
        actions.extend(held.actions);
        waiting.extend(held.waiting);
        let next_event = state.hold_until;
        return Step { state, transitions, actions, waiting, next_event };
    }
    mend_chain(&mut state);
    actions.extend(state.drop_served_requests(policy));
    let goals = goals::set(policy, &mut state, &timing, now);
    actions.extend(goals.actions);
    waiting.extend(goals.waiting);
    // A key that is to come back begins anew, and its times with it.
    states::write_down(&mut state, &timing, now);

    let mut planner = Planner::new(policy, &state, timing, now);
    moves::make(&mut planner);
    let delegation = Delegation::decide(&mut planner);
    let Planner { plan, waiting: refused, needs_look, needs_word, .. } = planner;
    waiting.extend(refused);
    let notices = [(needs_look, LOOK_AGAIN), (needs_word, TRUSTED_DIRECTLY)];
    let notices = notices.into_iter().filter(|(is_needed, _)| *is_needed);
    actions.extend(notices.map(|(_, message)| Action::Notify { message: message.to_owned() }));

    let late: Vec<KeyId> = state
        .keys
        .iter()
        .filter(|key| moves::leaves_unrevoked(policy, &state, &plan, key))
        .map(|key| key.id.clone())
        .collect();
    for key in state.keys.iter_mut().filter(|key| late.contains(&key.id)) {
        key.is_to_be_revoked = true;
    }
    delegation.ask(&mut state, now);
    set_target(policy, &mut state, &plan, &delegation, now);
    let (requests, parent) = delegation.changes(policy, &state, observations.parent.as_ref());
    actions.extend(requests);
    waiting.extend(parent);
    actions.extend(sign_action(&state));
    let (trash, trash_times) = trash(policy, &state, now);
    actions.extend(trash);
    let next_event = next_event(&state, &timing, &waiting, goals.due.into_iter().chain(trash_times), now);
    Step { state, transitions, actions, waiting, next_event }
}

/// I-7: before anything that is known to have happened, nothing happens.
fn clock_went_back(state: &ZoneState, observations: &Observations, now: UnixTime) -> Option<Waiting> {
    let known = [
        state.last_known(),
        observations.parent.as_ref().map(|view| view.at),
        observations.children.as_ref().map(|view| view.at),
    ];
    let newest = known.into_iter().flatten().max()?;
    (now < newest).then(|| Waiting {
        key: None,
        what: "do anything".to_owned(),
        gate: Gate::Clock,
        rule: "I-7",
        reason: format!("the clock says {now}, and something is known to have happened at {newest}"),
        until: Some(newest),
        help: "set the clock right; if it was ahead before and the state has wrong times, adopt the zone anew"
            .to_owned(),
    })
}

/// Takes observations into the histories.
fn take_in(state: &mut ZoneState, observations: &Observations, now: UnixTime) -> Vec<Waiting> {
    let mut waiting = Vec::new();
    if let Some(view) = &observations.zone {
        waiting.extend(correct(state, view, now));
    }
    if let Some(view) = &observations.parent {
        waiting.extend(parent::take_in(state, view));
    }
    if let Some(view) = &observations.children {
        waiting.extend(children::take_in(state, view));
    }
    waiting
}

/// State is not trusted over content: what is published is, whatever was confirmed.
fn correct(state: &mut ZoneState, view: &ZoneView, now: UnixTime) -> Option<Waiting> {
    let shown = state.read(view);
    let is_dnskey = state.dnskey.current().is_some_and(|version| version.value == shown.dnskey);
    let data = state.data.current().map(|version| &version.value);
    if is_dnskey && data == Some(&shown.data) {
        return None;
    }
    // Signatures of a key that ceased to sign go one by one: that there are fewer is no contradiction.
    let is_progress = is_dnskey && data.is_some_and(|data| shown.data.0.is_subset(&data.0));
    let is_first = state.dnskey.is_empty();
    let is_unconfirmed = state.unconfirmed_versions().contains(&shown);
    state.confirm(view, now);
    if is_first || is_progress {
        return None;
    }
    let reason = if is_unconfirmed {
        "the zone that was to be signed is published, though that was not confirmed; it counts from now on"
    } else {
        "what is published is not what was confirmed; it counts from now on, and what was confirmed may be in caches too"
    };
    Some(Waiting {
        key: None,
        what: "go by the state".to_owned(),
        gate: Gate::Hold,
        rule: "I-7",
        reason: reason.to_owned(),
        until: None,
        help: "nothing to do if the zone was signed by hand; else find out who else signs it".to_owned(),
    })
}

fn forget_old_versions(state: &mut ZoneState, timing: &Timing, now: UnixTime) {
    let long_after = now.minus(KEPT_AFTER);
    state.ds.prune(timing.ds_reach(Purpose::Retire), state.parent_known(now).minus(KEPT_AFTER));
    state.dnskey.prune(timing.dnskey_reach(Purpose::Retire), long_after);
    state.data.prune(timing.data_reach(Purpose::Retire), long_after);
}

/// Nothing moves while the past is not known.
fn hold(state: &ZoneState, now: UnixTime) -> Option<Waiting> {
    let waiting = |reason: String, until, help: &str| Waiting {
        key: None,
        what: "move any key".to_owned(),
        gate: Gate::Hold,
        rule: "I-7",
        reason,
        until,
        help: help.to_owned(),
    };
    let is_published = |key: &KeyRecord| key.times.published.is_some() || key.times.active.is_some();
    if state.dnskey.is_empty() && state.keys.iter().any(is_published) {
        let reason = "what is published is not known, though keys of the zone have been in use".to_owned();
        return Some(waiting(reason, None, "sign the zone, or name the signed zone with --signed"));
    }
    state.hold_until.filter(|until| now < *until).map(|until| {
        let reason = "what was published before the zone was taken over is not known; until then it may be in caches";
        waiting(reason.to_owned(), Some(until), "run again then; sign as before meanwhile")
    })
}

/// What is done while the past is not known: nothing, but for what an emergency cannot wait for and no cache can mind.
/// The successor of a stolen key is published beside what there is, and a chain to be broken loses its DS.
fn held_step(
    policy: &Policy,
    state: &mut ZoneState,
    timing: Timing,
    seen: Option<&ParentView>,
    now: UnixTime,
) -> goals::Findings {
    let mut findings = goals::Findings::default();
    let named = state.keys.iter().filter(|key| state.confirmed.cdnskey.contains(&key.dnskey_rdata));
    let mut in_sync: Keys = named.map(|key| key.id.clone()).collect();
    let has_end = state.hold_until.is_some();
    if !(has_end && state.has_emergency()) {
        let target = Plan::current(state).to_target(&in_sync, held_cds(state), state.confirmed.denial.clone());
        state.target = Target { cds_digests: state.target.cds_digests.clone(), ..target };
        return findings;
    }
    let goals = goals::set_emergencies(policy, state, now);
    findings.actions.extend(goals.actions);
    let mut planner = Planner::new(policy, state, timing, now);
    moves::make_in_hold(&mut planner);
    let delegation = if state.is_chain_broken { Delegation::decide(&mut planner) } else { Delegation::standing(state) };
    let Planner { plan, waiting, .. } = planner;
    findings.waiting.extend(waiting);
    delegation.ask(state, now);
    let mut cds = held_cds(state);
    if state.is_chain_broken {
        (cds, in_sync) = (delegation.cds(policy, state), Keys::new());
    }
    let target = plan.to_target(&in_sync, cds, state.confirmed.denial.clone());
    aim(policy, state, target);
    let (requests, parent) = delegation.changes(policy, state, seen);
    findings.actions.extend(requests);
    findings.waiting.extend(parent);
    findings.actions.extend(sign_action(state));
    findings
}

/// CDS stay as they are while nothing moves.
fn held_cds(state: &ZoneState) -> CdsTarget {
    if state.confirmed.cdnskey.contains(&Octets(CDNSKEY_DELETE.to_vec())) {
        CdsTarget::Delete
    } else if state.confirmed.cdnskey.is_empty() {
        CdsTarget::None
    } else {
        CdsTarget::Keys
    }
}

/// The chain broken on purpose may be mended when no cache has anything of the compromised keys.
fn mend_chain(state: &mut ZoneState) {
    if state.is_chain_broken && !state.keys.iter().any(|key| key.is_compromised() && !key.states.are_hidden()) {
        state.is_chain_broken = false;
    }
}

/// Sets what the next signing must do.
fn set_target(policy: &Policy, state: &mut ZoneState, plan: &Plan, delegation: &Delegation, now: UnixTime) {
    let wanted = delegation.wanted.clone().unwrap_or_default();
    let in_sync: Keys = wanted.difference(&plan.revoked).cloned().collect();
    let is_signed = !plan.published.is_empty();
    let cds = if is_signed { delegation.cds(policy, state) } else { CdsTarget::None };
    let denial = if is_signed { denial(policy, state, plan, now) } else { DenialView::None };
    let target = plan.to_target(&in_sync, cds, denial);
    aim(policy, state, target);
}

/// Makes something the target, which may be published from now on.
fn aim(policy: &Policy, state: &mut ZoneState, target: Target) {
    let cds_digests = if target.cds == CdsTarget::Keys { policy.cds_digests.clone() } else { Vec::new() };
    let target = Target { cds_digests, ..target };
    let shown = state.made_by(&target);
    let is_new = state.dnskey.current().is_none_or(|version| version.value != shown.dnskey)
        || state.data.current().is_none_or(|version| version.value != shown.data);
    if is_new && (target.is_signed() || !state.dnskey.is_empty()) && !state.unconfirmed.contains(&target) {
        state.unconfirmed.push(target.clone());
    }
    state.target = target;
}

/// The chain the policy wants, where every key that caches may have allows it (N3-12): else the chain there is.
fn denial(policy: &Policy, state: &ZoneState, plan: &Plan, now: UnixTime) -> DenialView {
    let asked = state.overrides.denial.as_ref().map(|asked| &asked.value);
    if state.is_kept_as_found && asked.is_none() && state.confirmed.denial != DenialView::None {
        return state.confirmed.denial.clone();
    }
    let Denial::Nsec3(wanted) = policy.denial else { return DenialView::Nsec };
    let timing = Timing::of(policy, state);
    let cached = state.dnskey.cached(timing.dnskey_reach(Purpose::Retire), now).flat_map(|version| &version.value.keys);
    let allows = |algorithm: Algorithm| !matches!(algorithm.0, 1 | 3 | 5);
    if cached.chain(&plan.published).any(|key| !allows(super::published::algorithm_of(key))) {
        return DenialView::Nsec;
    }
    // What is asked for has a salt of its own; else one that is there stays.
    for known in asked.into_iter().chain([&state.target.denial, &state.confirmed.denial]) {
        if let DenialView::Nsec3(view) = known
            && view.fits(wanted)
        {
            return DenialView::Nsec3(view.clone());
        }
    }
    DenialView::Nsec3(new_chain(state, wanted, now))
}

/// A chain with a salt of its own.
fn new_chain(state: &ZoneState, wanted: Nsec3Policy, now: UnixTime) -> Nsec3View {
    let salt = Octets(state.new_salt(usize::from(wanted.salt_length), now));
    Nsec3View { iterations: wanted.iterations, salt, opt_out: wanted.opt_out }
}

/// Whether what is published is not what the target says, and what changes.
fn sign_action(state: &ZoneState) -> Option<Action> {
    let current = state.data.current().map(|version| version.value.clone()).unwrap_or_default();
    let shown = state.made_by(&state.target);
    let published = state.dnskey.current().map(|version| version.value.clone()).unwrap_or_default();
    let mut changes = Vec::new();
    let title = |id: &_| state.key(id).map_or_else(|| id.to_string(), KeyRecord::title);
    let mut compare = |what: &str, old: &Keys, new: &Keys| {
        changes.extend(new.difference(old).map(|key| format!("{what}: {} comes in", title(key))));
        changes.extend(old.difference(new).map(|key| format!("{what}: {} goes", title(key))));
    };
    compare("DNSKEY RRset", &published.keys, &shown.dnskey.keys);
    compare("signatures of the DNSKEY RRset", &published.signers, &shown.dnskey.signers);
    compare("revoked keys", &published.revoked, &shown.dnskey.revoked);
    compare("signatures of the zone's data", &current.keys(), &shown.data.keys());
    if changes.is_empty() && current != shown.data && !(current == Default::default() && shown.data.has_unsigned()) {
        changes.push("signatures of the zone's data: other keys sign together".to_owned());
    }
    if state.confirmed.denial != state.target.denial {
        changes.push("another chain of denial of existence".to_owned());
    }
    let SyncRecords { cds, cdnskey } = state.sync_records(&state.target);
    if (&state.confirmed.cds, &state.confirmed.cdnskey) != (&set_of(cds), &set_of(cdnskey)) {
        changes.push("CDS and CDNSKEY".to_owned());
    }
    (!changes.is_empty()).then(|| Action::Sign { target: state.target.clone(), changes })
}

fn set_of(rdatas: Vec<Vec<u8>>) -> BTreeSet<Octets> {
    rdatas.into_iter().map(Octets).collect()
}

/// The keys whose files may go, and when those of others may (I-5).
fn trash(policy: &Policy, state: &ZoneState, now: UnixTime) -> (Vec<Action>, Vec<UnixTime>) {
    let PurgeDelay::After(delay) = policy.purge_delay else { return (Vec::new(), Vec::new()) };
    let is_in_use = |key: &KeyRecord| {
        state.target.keys.iter().any(|one| one.key == key.id)
            || state.ds_requests.iter().any(|request| request.keys.contains(&key.id))
            || state.unconfirmed.iter().flat_map(|target| &target.keys).any(|one| one.key == key.id)
            || state.confirmed.cdnskey.contains(&key.dnskey_rdata)
            || (key.is_to_be_revoked && key.has_private && key.times.published.is_some() && key.times.revoked.is_none())
    };
    let mut actions = Vec::new();
    let mut times = Vec::new();
    for key in state.keys.iter().filter(|key| key.goal == Goal::Out && key.states.are_hidden() && !is_in_use(key)) {
        let times_known = [key.times.removed, key.times.dead, key.times.generated];
        let Some(since) = times_known.into_iter().flatten().max() else { continue };
        match since.plus(delay) {
            due if due <= now => actions.push(Action::TrashKey { key: key.id.clone() }),
            due => times.push(due),
        }
    }
    (actions, times)
}

/// The next time at which a step does something that this one did not.
fn next_event(
    state: &ZoneState,
    timing: &Timing,
    waiting: &[Waiting],
    due: impl Iterator<Item = UnixTime>,
    now: UnixTime,
) -> Option<UnixTime> {
    let waits = waiting.iter().filter_map(|waiting| waiting.until);
    let departures = states::departures(state, timing);
    waits.chain(due).chain(departures).filter(|time| now < *time).min()
}
