//! The DS RRset that the parent should have, and what to ask it for.
//!
//! The parent acts when it likes, on any request it was ever given. So a DS RRset is asked for only when it goes with
//! everything in the caches already, and from then on counts as one that may be there (I-4, CDS-3, CDS-4).

use super::leave::is_anchor;
use crate::base::Octets;
use crate::keys::ds::ds_rdata;
use crate::keys::usage::KeyId;
use crate::policy::{CdsPublication, DnssecGoal, KskMethod, Policy};
use crate::rollover::gate::Proposal;
use crate::rollover::history::Version;
use crate::rollover::model::{CdsTarget, DsRequest, Goal, KeyRecord, RecordState, Role, ZoneState};
use crate::rollover::outcome::{Action, Gate, Waiting};
use crate::rollover::parent::key_of_ds;
use crate::rollover::plan::{Move, Planner};
use crate::rollover::published::{DsSet, Keys, algorithm_of};
use crate::rollover::timing::Purpose;
use crate::rollover::view::ParentView;
use std::collections::BTreeSet;

/// What the parent should have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::rollover) struct Delegation {
    /// The keys whose DS it should have now; `None` if nothing is to be asked or shown yet.
    pub(in crate::rollover) wanted: Option<Keys>,
}

impl Delegation {
    /// Decides what the parent should have.
    pub(in crate::rollover) fn decide(planner: &mut Planner<'_>) -> Self {
        for keys in candidates(planner) {
            if is_met(planner.state, &keys) || pending(planner.state).is_some_and(|request| request.keys == keys) {
                return Self { wanted: Some(keys) };
            }
            if may_be_asked(planner, &keys) {
                return Self { wanted: Some(keys) };
            }
        }
        Self { wanted: standing(planner.state) }
    }

    /// What the parent should have as things are.
    pub(in crate::rollover) fn standing(state: &ZoneState) -> Self {
        Self { wanted: standing(state) }
    }

    /// Takes note of what is asked, unless the parent has it.
    pub(in crate::rollover) fn ask(&self, state: &mut ZoneState, now: crate::base::UnixTime) {
        let Some(wanted) = &self.wanted else { return };
        if pending(state).is_some_and(|request| request.keys == *wanted) {
            return;
        }
        let has_pending = pending(state).is_some();
        for request in state.ds_requests.iter_mut().filter(|request| request.withdrawn.is_none()) {
            request.withdrawn = Some(now);
        }
        // The parent may be about to do what it was asked before, and comes to this only then.
        let has_older = state.ds_requests.iter().any(|request| request.keys != *wanted);
        let is_news = has_pending || standing(state).as_ref() != Some(wanted) || has_strangers(state);
        if has_older || (!is_met(state, wanted) && is_news) {
            state.ds_requests.push(DsRequest { keys: wanted.clone(), at: now, withdrawn: None });
            for key in state.keys.iter_mut().filter(|key| wanted.contains(&key.id)) {
                key.times.submitted = key.times.submitted.or(Some(now));
            }
        }
    }

    /// What CDS and CDNSKEY say (CDS-1, CDS-2, CDS-6).
    pub(in crate::rollover) fn cds(&self, policy: &Policy, state: &ZoneState) -> CdsTarget {
        let asks_for_none = pending(state).is_some_and(|request| request.keys.is_empty());
        // CDS are about all DS there are to be (CDS-1), and those of other signers are not known well enough.
        if has_others(state) {
            return CdsTarget::None;
        }
        match (policy.cds, &self.wanted) {
            (CdsPublication::Off, _) | (_, None) => CdsTarget::None,
            (CdsPublication::Publish, Some(keys)) if !keys.is_empty() => CdsTarget::Keys,
            (CdsPublication::Publish, Some(_)) if asks_for_none => CdsTarget::Delete,
            (CdsPublication::Publish, Some(_)) => CdsTarget::None,
        }
    }

    /// What the operator is to have done at the parent, and the word that this is waited for.
    pub(in crate::rollover) fn changes(
        &self,
        policy: &Policy,
        state: &ZoneState,
        seen: Option<&ParentView>,
    ) -> (Vec<Action>, Option<Waiting>) {
        let Some(wanted) = self.wanted.as_ref().filter(|wanted| !is_met(state, wanted)) else {
            return (Vec::new(), None);
        };
        let has = |key: &KeyId| !state.ds.is_empty() && state.ds.open().all(|version| version.value.keys.contains(key));
        let add: Vec<KeyId> = wanted.iter().filter(|key| !has(key)).cloned().collect();
        // What was asked and not seen may be there as well, or on its way.
        let asked = state.ds_requests.iter().flat_map(|request| &request.keys);
        let open_keys = state.ds.open().flat_map(|version| &version.value.keys).chain(asked);
        let go: Keys = open_keys.filter(|key| !wanted.contains(key)).cloned().collect();
        let unknown: BTreeSet<Octets> = state.ds.open().flat_map(|version| &version.value.unknown).cloned().collect();
        // Where others sign the zone too, what fits no key of ours may be theirs.
        let (others, strangers) =
            if has_others(state) { (unknown, BTreeSet::new()) } else { (BTreeSet::new(), unknown) };
        let mut gone = records_of(policy, state, seen, &go);
        gone.extend(strangers.iter().filter(|rdata| !gone.contains(rdata)).cloned().collect::<Vec<_>>());
        // A record of a key that is passed over for its weak digest goes, and another comes in its place.
        let of_key = |key: &KeyId| {
            let mut records = records_of(policy, state, seen, &Keys::from([key.clone()]));
            records.retain(|rdata| !strangers.contains(rdata));
            if records.is_empty() { ds_of(policy, state, key) } else { records }
        };
        let whole: Vec<Octets> = wanted.iter().flat_map(of_key).chain(others).collect();
        let mut actions = Vec::new();
        if !add.is_empty() {
            let ds = add.iter().flat_map(of_key).collect();
            actions.push(Action::SubmitDs { keys: add.clone(), ds, whole: whole.clone() });
        }
        if !gone.is_empty() {
            actions.push(Action::WithdrawDs { keys: go.iter().cloned().collect(), ds: gone.clone(), whole });
        }
        let waiting = waits_for_parent(state, &add, &go, gone.len());
        (actions, Some(waiting))
    }
}

/// The DS RRsets the method wants, the best first.
fn candidates(planner: &Planner<'_>) -> Vec<Keys> {
    if planner.policy.dnssec == DnssecGoal::Insecure || planner.state.is_chain_broken {
        return vec![Keys::new()];
    }
    let is_delegated = planner.state.was_delegated || !planner.state.ds_requests.is_empty();
    let is_island = planner.policy.rfc5011 && !is_delegated;
    let wanted: Keys = planner.keys_in(Role::signs_dnskey).map(|key| key.id.clone()).collect();
    if wanted.is_empty() || is_island {
        return Vec::new();
    }
    let olds: Keys =
        planner.state.keys.iter().filter(|key| goes_beside(planner, key)).map(|key| key.id.clone()).collect();
    let both: Keys = wanted.union(&olds).cloned().collect();
    if olds.is_empty() {
        vec![wanted]
    } else if olds.is_disjoint(&planner.plan.published) {
        // The old key is gone: its DS may follow.
        vec![wanted, both]
    } else {
        vec![both]
    }
}

/// Whether the DS of a key that leaves stands beside that of its successor, by double-DS and double-RRset.
fn goes_beside(planner: &Planner<'_>, key: &KeyRecord) -> bool {
    let has_ds = planner.state.ds.open().any(|version| version.value.keys.contains(&key.id));
    let successors = || planner.keys_in(Role::signs_dnskey);
    has_ds
        && key.goal == Goal::Out
        && key.role == Role::Ksk
        // Its DS goes before it is revoked.
        && !is_anchor(planner.policy, key)
        && planner.policy.ksk.method != KskMethod::DoubleKsk
        && successors().all(|other| (other.role, other.algorithm) == (key.role, key.algorithm))
}

/// Whether the gate lets a DS RRset be asked for. Says why if it does not.
fn may_be_asked(planner: &mut Planner<'_>, keys: &Keys) -> bool {
    let open: Keys = planner.state.ds.open().flat_map(|version| version.value.keys.iter().cloned()).collect();
    let new_key = keys.iter().find(|key| !open.contains(*key)).and_then(|key| planner.state.key(key));
    let purpose = if new_key.is_some() { Purpose::Publish } else { Purpose::Retire };
    let is_data_ready = |planner: &Planner<'_>| {
        let signed_by = |key: &KeyRecord| key.states.zone_rrsig == RecordState::Omnipresent;
        let is_new = |key: &&KeyRecord| !open.is_empty() && !open.iter().any(|id| algorithm_of(id) == key.algorithm);
        planner.keys_in(Role::signs_data).filter(is_new).all(signed_by)
    };
    let Some(key) = new_key.or_else(|| planner.state.keys.last()) else { return true };
    if !keys.is_empty() && !is_data_ready(planner) {
        let reason = "the signatures of the new algorithm are not in every cache".to_owned();
        let help = "it goes on by itself when they are".to_owned();
        planner.wait(key, "have the DS at the parent", Gate::Policy, "RFC 6781 section 4.1.4", reason, None, help);
        return false;
    }
    let plain = planner.proposal(&planner.plan);
    let world = planner.world(purpose);
    let accepted = world.judge(&plain);
    let mut conflicts = world.judge(&Proposal { ds: Some(DsSet::of(keys.clone())), ..plain });
    conflicts.retain(|conflict| !accepted.contains(conflict));
    planner.note(Move { key, what: "have the DS at the parent", purpose }, &conflicts);
    conflicts.is_empty()
}

/// What the parent was last asked for and has not been seen with.
fn pending(state: &ZoneState) -> Option<&DsRequest> {
    state.ds_requests.iter().rev().find(|request| request.withdrawn.is_none())
}

/// What should stand at the parent as things are: what was asked, or else what is there.
fn standing(state: &ZoneState) -> Option<Keys> {
    let asked = pending(state).map(|request| request.keys.clone());
    asked.or_else(|| state.ds.current().map(|version| version.value.keys.clone()))
}

/// Whether all servers of the parent have exactly the DS of these keys.
fn is_met(state: &ZoneState, keys: &Keys) -> bool {
    let mut open = state.ds.open().peekable();
    let are_known = |version: &Version<DsSet>| version.value.unknown.is_empty() || has_others(state);
    open.peek().is_some() && open.all(|version| version.value.keys == *keys && are_known(version))
}

fn has_strangers(state: &ZoneState) -> bool {
    let is_strange = |version: &Version<DsSet>| !version.value.unknown.is_empty() && !has_others(state);
    state.ds.open().count() != 1 || state.ds.open().any(is_strange)
}

/// Whether others sign the zone too, and the parent may have DS of theirs.
fn has_others(state: &ZoneState) -> bool {
    !state.foreign_keys().is_empty()
}

/// The DS records of a key, by the digests of the policy.
fn ds_of(policy: &Policy, state: &ZoneState, key: &KeyId) -> Vec<Octets> {
    let Some(key) = state.key(key) else { return Vec::new() };
    let ds = |&digest| ds_rdata(digest, state.zone.as_name(), &key.dnskey_rdata.0).map(Octets);
    policy.cds_digests.iter().filter_map(ds).collect()
}

/// The DS records that the parent has of keys: as seen, or else by the digests of the policy.
fn records_of(policy: &Policy, state: &ZoneState, seen: Option<&ParentView>, keys: &Keys) -> Vec<Octets> {
    let answers = seen.iter().flat_map(|view| &view.servers).filter_map(|server| server.answer.as_ref().ok());
    let records: BTreeSet<Octets> = answers
        .flat_map(|answer| &answer.ds)
        .filter(|rdata| key_of_ds(state, rdata).is_some_and(|key| keys.contains(&key)))
        .cloned()
        .collect();
    if records.is_empty() {
        return keys.iter().flat_map(|key| ds_of(policy, state, key)).collect();
    }
    records.into_iter().collect()
}

fn waits_for_parent(state: &ZoneState, add: &[KeyId], go: &Keys, gone: usize) -> Waiting {
    let title = |id: &KeyId| state.key(id).map_or_else(|| id.to_string(), KeyRecord::title);
    let list = |ids: &mut dyn Iterator<Item = &KeyId>| ids.map(title).collect::<Vec<_>>().join(", ");
    let mut parts = Vec::new();
    if !add.is_empty() {
        parts.push(format!("have the DS of {}", list(&mut add.iter())));
    }
    if !go.is_empty() {
        parts.push(format!("lose the DS of {}", list(&mut go.iter())));
    }
    if gone > 0 && go.is_empty() {
        parts.push("lose the DS that fit no key of the zone".to_owned());
    }
    let reason = match (state.ds.is_empty(), parts.is_empty()) {
        (true, _) => "nobody has looked at the parent yet",
        (false, true) => "not all servers of the parent have the same DS RRset",
        (false, false) => "the parent has not been seen with exactly the DS RRset that is wanted",
    };
    let what = if parts.is_empty() {
        "have one DS RRset at all servers of the parent".to_owned()
    } else {
        format!("at the parent: {}", parts.join(", "))
    };
    Waiting {
        key: add.first().or_else(|| go.first()).cloned(),
        what,
        gate: Gate::Parent,
        rule: "I-4",
        reason: reason.to_owned(),
        until: None,
        help:
            "hand in the change if the parent does not read CDS, then look at it with zoneseal observe; or give your \
               word with zoneseal rollover ds-seen or ds-gone"
                .to_owned(),
    }
}
