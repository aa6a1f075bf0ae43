//! Where each key is going: what the policy wants, what operators ask for, what a lifetime's end asks for.
//!
//! The policy wants one key *in* for each role, and spares. A key that is not wanted goes *out* as soon as the keys that
//! take over exist; when it may really leave is for the moves and the gate. One roll of a role at a time: the next one
//! waits until the last has ended.

use super::model::{Goal, KeyOrder, KeyRecord, LeaveCause, RecordState, Request, RequestKind, Role, ZoneState};
use super::outcome::{Action, Gate, Waiting};
use super::timing::Timing;
use crate::base::{Algorithm, Seconds, UnixTime};
use crate::keys::usage::KeyId;
use crate::policy::{DnssecGoal, KskMethod, Lifetime, Policy, Roles, ZskMethod};

/// What comes of looking at goals.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) actions: Vec<Action>,
    pub(super) waiting: Vec<Waiting>,
    /// When there is something to do for a goal.
    pub(super) due: Vec<UnixTime>,
}

/// A place for a key that the policy wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Slot {
    role: Role,
    algorithm: Algorithm,
    bits: Option<u16>,
    lifetime: Lifetime,
    standby: u8,
}

impl Slot {
    fn fits(&self, key: &KeyRecord) -> bool {
        key.role == self.role && key.algorithm == self.algorithm
    }
}

/// The places for keys: those of the policy, or those of the keys that were taken over and are to stay. None if the
/// zone is to be insecure.
fn slots(policy: &Policy, state: &ZoneState) -> Vec<Slot> {
    let has_keys = state.keys.iter().any(|key| key.goal == Goal::In || key.is_compromised());
    if policy.dnssec == DnssecGoal::Signed && state.is_kept_as_found && has_keys {
        return slots_as_found(state);
    }
    policy_slots(policy)
}

/// The places that the keys in use have.
fn slots_as_found(state: &ZoneState) -> Vec<Slot> {
    let mut slots: Vec<Slot> = Vec::new();
    let kind_of = |key: &KeyRecord| match &state.overrides.algorithm {
        Some(asked) => (asked.value.algorithm, asked.value.bits),
        None => (key.algorithm, key.bits),
    };
    for key in state.keys.iter().filter(|key| key.goal == Goal::In || key.is_compromised()) {
        let (algorithm, bits) = kind_of(key);
        if !slots.iter().any(|slot| (slot.role, slot.algorithm) == (key.role, algorithm)) {
            let is_spare = |other: &&KeyRecord| {
                other.goal == Goal::Standby && (other.role, other.algorithm) == (key.role, key.algorithm)
            };
            let found = u8::try_from(state.keys.iter().filter(is_spare).count()).unwrap_or(u8::MAX);
            let standby = state.overrides.standby.get(&key.role).map_or(found, |asked| asked.value);
            let lifetime = Lifetime::Unlimited;
            slots.push(Slot { role: key.role, algorithm, bits, lifetime, standby });
        }
    }
    slots
}

fn policy_slots(policy: &Policy) -> Vec<Slot> {
    let (ksk, zsk, csk) = (&policy.ksk, &policy.zsk, &policy.csk);
    let slot = |role, algorithm, bits, lifetime, standby| Slot { role, algorithm, bits, lifetime, standby };
    match (policy.dnssec, policy.roles) {
        (DnssecGoal::Insecure, _) => Vec::new(),
        (DnssecGoal::Signed, Roles::Csk) => {
            vec![slot(Role::Csk, csk.algorithm, csk.bits, csk.lifetime, csk.standby)]
        }
        (DnssecGoal::Signed, Roles::KskZsk) => vec![
            slot(Role::Ksk, ksk.algorithm, ksk.bits, ksk.lifetime, ksk.standby),
            slot(Role::Zsk, zsk.algorithm, zsk.bits, zsk.lifetime, zsk.standby),
        ],
    }
}

/// Sets the goals of all keys.
pub(super) fn set(policy: &Policy, state: &mut ZoneState, timing: &Timing, now: UnixTime) -> Findings {
    let mut findings = Findings::default();
    take_in_emergencies(state, &mut findings);
    let slots = slots(policy, state);
    for slot in &slots {
        if !fill(state, slot, now) {
            findings.actions.push(Action::GenerateKey(first_order(state, slot)));
        }
    }
    let are_filled = slots.iter().all(|slot| key_in(state, slot).is_some());
    if are_filled {
        retire_unwanted(state, &slots);
    }
    if !state.is_kept_as_found {
        slots.iter().for_each(|slot| thin_out(state, slot));
    }
    note_missing_halves(state, &mut findings);
    for slot in &slots {
        hasten(state, slot);
        roll_if_due(policy, state, slot, timing, now, &mut findings);
        keep_standby(state, slot, &mut findings);
    }
    findings
}

/// Sees that a compromised key has a successor, and does nothing else: for a zone whose past is not known yet.
pub(super) fn set_emergencies(policy: &Policy, state: &mut ZoneState, now: UnixTime) -> Findings {
    let mut findings = Findings::default();
    take_in_emergencies(state, &mut findings);
    for slot in slots(policy, state) {
        let is_stolen = state.keys.iter().any(|key| slot.fits(key) && key.is_compromised());
        if is_stolen && !fill(state, &slot, now) {
            findings.actions.push(Action::GenerateKey(first_order(state, &slot)));
        }
    }
    findings
}

/// How long before a successor takes over it must exist.
fn lead(policy: &Policy, timing: &Timing, role: Role) -> Seconds {
    let publish = if policy.rfc5011 { timing.trust_anchor_publish_interval() } else { timing.publish_interval() };
    let double_ksk = Seconds(timing.registration_delay.0 + publish.0);
    let lead = match role {
        Role::Zsk => match policy.zsk.method {
            ZskMethod::PrePublication => timing.publish_interval(),
            ZskMethod::DoubleSignature => Seconds(0),
        },
        Role::Csk => double_ksk,
        Role::Ksk => match policy.ksk.method {
            KskMethod::DoubleKsk => double_ksk,
            KskMethod::DoubleDs => Seconds(timing.registration_delay.0 + timing.parent_publish_interval().0),
            KskMethod::DoubleRrset => timing.double_rrset_interval(),
        },
    };
    // The run that finds it due may come a run interval late.
    Seconds(lead.0 + policy.run_interval.0)
}

/// A compromised key is out at once, and so is everything that hangs on the request.
fn take_in_emergencies(state: &mut ZoneState, findings: &mut Findings) {
    let (emergencies, others) = std::mem::take(&mut state.requests).into_iter().partition(Request::is_emergency);
    state.requests = others;
    let emergencies: Vec<Request> = emergencies;
    for request in emergencies {
        let is_meant = |key: &KeyRecord| match &request.key {
            Some(id) => key.id == *id,
            // Without a name, those in use or about to be; a spare was kept apart from them.
            None => key.role == request.role && (key.goal == Goal::In || key.leave_cause == Some(LeaveCause::Replaced)),
        };
        let has_begun = |key: &KeyRecord| key.times.generated.is_none_or(|generated| generated <= request.at);
        let mut is_found = false;
        for key in state.keys.iter_mut().filter(|key| is_meant(key) && has_begun(key)) {
            key.goal = Goal::Out;
            key.leave_cause = Some(LeaveCause::Compromised);
            is_found = true;
        }
        if !is_found {
            let message = format!("the emergency roll of {} asked for fits no key of the zone", request.role);
            findings.actions.push(Action::Notify { message });
        }
        state.is_chain_broken |= is_found && request.kind == RequestKind::EmergencyBreakChain;
    }
}

/// Sees that a key is on its way into a place: one that is, one that was sent away by a policy since taken back, a spare.
fn fill(state: &mut ZoneState, slot: &Slot, now: UnixTime) -> bool {
    if key_in(state, slot).is_some() {
        return true;
    }
    let may_return = |key: &&mut KeyRecord| {
        slot.fits(key)
            && key.goal == Goal::Out
            && key.leave_cause == Some(LeaveCause::Policy)
            && key.times.revoked.is_none()
            && may_start_signing(key, slot.lifetime, now)
    };
    let Some(key) = state.keys.iter_mut().rev().find(may_return) else { return promote(state, slot, None, None) };
    key.goal = Goal::In;
    key.leave_cause = None;
    true
}

/// Whether a key may begin to sign: its private half is here, nobody else has it, its period is not over (I-5).
fn may_start_signing(key: &KeyRecord, lifetime: Lifetime, now: UnixTime) -> bool {
    let end = key.times.active.zip(lifetime.limit()).map(|(active, span)| active.plus(span));
    key.has_private && !key.is_compromised() && end.is_none_or(|end| now < end)
}

/// The key in a place or on its way there; of several the newest.
fn key_in<'s>(state: &'s ZoneState, slot: &Slot) -> Option<&'s KeyRecord> {
    state.keys.iter().rev().find(|key| slot.fits(key) && key.goal == Goal::In)
}

/// Lets a spare take a place; false if there is none.
fn promote(state: &mut ZoneState, slot: &Slot, old: Option<&KeyId>, not_before: Option<UnixTime>) -> bool {
    let is_spare = |key: &&mut KeyRecord| slot.fits(key) && key.goal == Goal::Standby && key.has_private;
    let Some(spare) = state.keys.iter_mut().find(is_spare) else { return false };
    spare.goal = Goal::In;
    spare.not_before = not_before;
    let id = spare.id.clone();
    let compromised = || state.keys.iter().rev().find(|key| slot.fits(key) && key.is_compromised());
    if let Some(old) = old.cloned().or_else(|| compromised().map(|key| key.id.clone())) {
        state.link(&old, &id);
    }
    true
}

/// The order for a key for an empty place.
fn first_order(state: &ZoneState, slot: &Slot) -> KeyOrder {
    let compromised = state.keys.iter().rev().find(|key| slot.fits(key) && key.is_compromised());
    let reason = match compromised {
        Some(key) => format!("{} is compromised", key.title()),
        None if state.keys.is_empty() => "the zone is to be signed".to_owned(),
        None => format!("the policy asks for a {} of algorithm {}", slot.role, slot.algorithm),
    };
    let predecessor = compromised.map(|key| key.id.clone());
    order(slot, Goal::In, predecessor, None, reason)
}

const fn order(
    slot: &Slot,
    goal: Goal,
    predecessor: Option<KeyId>,
    not_before: Option<UnixTime>,
    reason: String,
) -> KeyOrder {
    KeyOrder { role: slot.role, algorithm: slot.algorithm, bits: slot.bits, goal, predecessor, not_before, reason }
}

/// All keys that have no place any more are on their way out.
fn retire_unwanted(state: &mut ZoneState, slots: &[Slot]) {
    for key in &mut state.keys {
        if key.goal != Goal::Out && !slots.iter().any(|slot| slot.fits(key)) {
            key.goal = Goal::Out;
            key.leave_cause = Some(LeaveCause::Policy);
        }
    }
}

/// Leaves one key in a place. Only zones taken over have more: which of them was in reserve nobody told. The one that does
/// most of the work stays; the others stand by as far as the policy wants, and go.
fn thin_out(state: &mut ZoneState, slot: &Slot) {
    let is_in = |key: &&KeyRecord| slot.fits(key) && key.goal == Goal::In;
    // On its way to take over from another, or taken over from: those are a roll.
    let is_rolling = state.keys.iter().filter(is_in).any(|key| key.not_before.is_some());
    let work = |key: &KeyRecord| {
        let states = key.states;
        (states.ds.is_published(), states.zone_rrsig.is_published(), states.dnskey.is_published())
    };
    let Some(kept) = state.keys.iter().filter(is_in).max_by_key(|key| work(key)).map(|key| key.id.clone()) else {
        return;
    };
    if is_rolling || state.keys.iter().filter(is_in).count() < 2 {
        return;
    }
    let spares = state.keys.iter().filter(|key| slot.fits(key) && key.goal == Goal::Standby).count();
    let mut missing = usize::from(slot.standby).saturating_sub(spares);
    for key in state.keys.iter_mut().filter(|key| slot.fits(key) && key.goal == Goal::In && key.id != kept) {
        if missing > 0 && !key.states.ds.is_published() {
            missing -= 1;
            key.goal = Goal::Standby;
        } else {
            (key.goal, key.leave_cause) = (Goal::Out, Some(LeaveCause::Replaced));
            key.successor = Some(kept.clone());
        }
    }
}

/// A roll asked for while one that a lifetime began is under way: that one need not wait for the end of the lifetime.
fn hasten(state: &mut ZoneState, slot: &Slot) {
    let Some(key) = key_in(state, slot).filter(|key| key.not_before.is_some() && key.times.active.is_none()) else {
        return;
    };
    let (id, predecessor) = (key.id.clone(), key.predecessor.clone());
    let means_this = |request: &Request| {
        request.role == slot.role && request.key.as_ref().is_none_or(|key| Some(key) == predecessor.as_ref())
    };
    let count = state.requests.len();
    state.requests.retain(|request| !means_this(request));
    if state.requests.len() < count
        && let Some(key) = state.key_mut(&id)
    {
        key.not_before = None;
    }
}

/// Says which keys in use cannot sign (E-5).
fn note_missing_halves(state: &ZoneState, findings: &mut Findings) {
    for key in state.keys.iter().filter(|key| key.goal == Goal::In && !key.has_private) {
        findings.waiting.push(Waiting {
            key: Some(key.id.clone()),
            what: format!("{}: sign", key.title()),
            gate: Gate::Signing,
            rule: "E-5",
            reason: "its private half is not here: what it has signed lasts until the signatures expire".to_owned(),
            until: None,
            help:
                "put the private file back; if it is lost, ask for an emergency roll before the first signature expires"
                    .to_owned(),
        });
    }
}

/// Begins the roll of a place if the key's lifetime is about to end, or if somebody asked.
fn roll_if_due(
    policy: &Policy,
    state: &mut ZoneState,
    slot: &Slot,
    timing: &Timing,
    now: UnixTime,
    findings: &mut Findings,
) {
    let Some(key) = key_in(state, slot).cloned() else { return };
    let end = key.times.active.zip(slot.lifetime.limit()).map(|(active, lifetime)| active.plus(lifetime));
    let begin = end.map(|end| end.minus(lead(policy, timing, slot.role)));
    findings.due.extend(begin.filter(|begin| now < *begin));
    let request = state.requests.iter().find(|request| is_for(request, slot, &key)).cloned();
    if request.is_none() && begin.is_none_or(|begin| now < begin) {
        return;
    }
    if let Some(reason) = unsettled(state, &key) {
        if request.is_some() {
            findings.waiting.push(roll_waits(&key, &reason));
        }
        return;
    }
    let not_before = if request.is_some() { None } else { end };
    let reason = match (&request, end) {
        (Some(request), _) if request.reason.is_empty() => "a roll was asked for".to_owned(),
        (Some(request), _) => format!("a roll was asked for: {}", request.reason),
        (None, end) => format!("the lifetime of {} ends {}", key.title(), end.unwrap_or(now)),
    };
    if promote(state, slot, Some(&key.id), not_before) {
        state.requests.retain(|other| Some(other) != request.as_ref());
    } else {
        findings.actions.push(Action::GenerateKey(order(slot, Goal::In, Some(key.id), not_before, reason)));
    }
}

/// Whether a request is for the roll of the key in a place.
fn is_for(request: &Request, slot: &Slot, key: &KeyRecord) -> bool {
    request.role == slot.role && request.key.as_ref().is_none_or(|id| *id == key.id)
}

impl ZoneState {
    /// Whether keys are known to be in other hands, or said to be.
    pub(super) fn has_emergency(&self) -> bool {
        self.is_chain_broken
            || self.requests.iter().any(Request::is_emergency)
            || self.keys.iter().any(KeyRecord::is_compromised)
    }

    /// Whether a key in other hands is still of use to somebody, so that what is to be done is to be done at once.
    #[must_use]
    pub fn is_pressing(&self) -> bool {
        self.is_chain_broken
            || self.requests.iter().any(Request::is_emergency)
            || self.keys.iter().any(|key| key.is_compromised() && !key.states.are_hidden())
    }

    /// Drops the requests for a roll that a new key begins, or that mean no key that could be rolled.
    pub(super) fn drop_served_requests(&mut self, policy: &Policy) -> Vec<Action> {
        let roles: Vec<Role> = slots(policy, self).iter().map(|slot| slot.role).collect();
        let mut actions = Vec::new();
        let keys = &self.keys;
        self.requests.retain(|request| {
            let is_served = keys.iter().any(|key| {
                let follows =
                    key.predecessor.as_ref().is_some_and(|old| request.key.as_ref().is_none_or(|id| id == old));
                // A roll begins with a key that was made for it after it was asked for.
                key.role == request.role
                    && follows
                    && key.goal == Goal::In
                    && key.times.generated.is_some_and(|generated| generated >= request.at)
            });
            let is_working = |key: &KeyRecord| key.goal == Goal::In || key.times.retired.is_none();
            let is_gone = |id: &KeyId| !keys.iter().any(|key| key.id == *id && is_working(key));
            let means_nothing = !roles.contains(&request.role) || request.key.as_ref().is_some_and(is_gone);
            if means_nothing && !is_served {
                let message = format!("the roll of {} asked for fits no key in use: it is dropped", request.role);
                actions.push(Action::Notify { message });
            }
            !is_served && !means_nothing
        });
        actions
    }
}

/// Why the roll before this one has not ended, if it has not.
fn unsettled(state: &ZoneState, key: &KeyRecord) -> Option<String> {
    let shares_work = |other: &&KeyRecord| {
        (other.role.signs_data() && key.role.signs_data()) || (other.role.signs_dnskey() && key.role.signs_dnskey())
    };
    let leaving = state.keys.iter().filter(|other| other.goal == Goal::Out).filter(shares_work);
    // A revoked key does no work: the next roll need not wait for its hold-down.
    let still_here = leaving.filter(|other| !other.states.are_hidden()).find(|other| other.times.revoked.is_none());
    if let Some(other) = still_here {
        return Some(format!("{} has not left yet", other.title()));
    }
    let has_ds = state.ds.versions().iter().any(|version| !version.value.is_empty());
    let states = key.states;
    let wanted = [
        ("its DNSKEY is", states.dnskey, true),
        ("its signatures are", states.zone_rrsig, key.role.signs_data()),
        ("its DS is", states.ds, key.role.signs_dnskey() && has_ds),
    ];
    let missing = wanted.iter().find(|(_, state, is_wanted)| *is_wanted && *state != RecordState::Omnipresent);
    missing.map(|(what, ..)| format!("{} is not fully in: {what} not in every cache", key.title()))
}

fn roll_waits(key: &KeyRecord, reason: &str) -> Waiting {
    Waiting {
        key: Some(key.id.clone()),
        what: format!("begin the roll of {} that was asked for", key.title()),
        gate: Gate::Policy,
        rule: "RFC 7583 section 3",
        reason: format!("one roll of a role at a time: {reason}"),
        until: None,
        help: "it begins by itself when the roll before it has ended; for a stolen key ask for an emergency roll"
            .to_owned(),
    }
}

/// Sees that there are as many spares as the policy wants.
fn keep_standby(state: &mut ZoneState, slot: &Slot, findings: &mut Findings) {
    if key_in(state, slot).is_none() {
        return;
    }
    let is_spare = |key: &KeyRecord| slot.fits(key) && key.goal == Goal::Standby;
    let count = state.keys.iter().filter(|key| is_spare(key)).count();
    let wanted = usize::from(slot.standby);
    for _ in count..wanted {
        let reason = format!("the policy asks for {wanted} {} to stand by", slot.role);
        findings.actions.push(Action::GenerateKey(order(slot, Goal::Standby, None, None, reason)));
    }
    for key in state.keys.iter_mut().rev().filter(|key| is_spare(key)).take(count.saturating_sub(wanted)) {
        key.goal = Goal::Out;
        key.leave_cause = Some(LeaveCause::Policy);
    }
}
