//! DNSKEYs in: new keys, spares, and old keys that the parent still points at.

use super::leave::is_anchor;
use crate::base::Algorithm;
use crate::keys::usage::KeyId;
use crate::policy::{KskMethod, ZskMethod};
use crate::rollover::model::{Goal, KeyRecord, RecordState, Role};
use crate::rollover::outcome::Gate;
use crate::rollover::plan::{Move, Planner};
use crate::rollover::timing::Purpose;
use std::collections::BTreeSet;

/// Publishes the keys that are wanted and not there.
///
/// Keys of one algorithm go in together if they can: a new algorithm needs all its keys at once.
pub(super) fn publish(planner: &mut Planner<'_>) {
    let candidates: Vec<&KeyRecord> = planner
        .state
        .keys
        .iter()
        .filter(|key| key.goal != Goal::Out && !planner.plan.published.contains(&key.id))
        .collect();
    let algorithms: BTreeSet<Algorithm> = candidates.iter().map(|key| key.algorithm).collect();
    for algorithm in algorithms {
        let mut group: Vec<&KeyRecord> = Vec::new();
        for key in candidates.iter().copied().filter(|key| key.algorithm == algorithm) {
            if may_be_published(planner, key) {
                group.push(key);
            }
        }
        publish_group(planner, &group);
    }
}

/// Publishes the successors of compromised keys, beside all that is there.
pub(super) fn publish_successors(planner: &mut Planner<'_>) {
    let is_stolen = |id: &KeyId| planner.state.key(id).is_some_and(KeyRecord::is_compromised);
    let follows = |key: &&KeyRecord| key.goal == Goal::In && key.predecessor.as_ref().is_some_and(is_stolen);
    let keys: Vec<&KeyRecord> = planner.state.keys.iter().filter(follows).collect();
    for key in keys.into_iter().filter(|key| key.has_private).collect::<Vec<_>>() {
        if !planner.plan.published.contains(&key.id) {
            let mut plan = planner.plan.clone();
            plan.publish(key);
            planner.try_move(plan, Move { key, what: "publish the DNSKEY", purpose: Purpose::Publish });
        }
    }
}

/// Publishes keys together, or those of them that can be alone.
fn publish_group(planner: &mut Planner<'_>, group: &[&KeyRecord]) {
    let mut plan = planner.plan.clone();
    for key in group {
        plan.publish(key);
        for old in swapped_out(planner, key) {
            plan.unpublish(&old);
        }
    }
    let conflicts = planner.refuse(plan, Purpose::Publish);
    if conflicts.is_empty() {
        return;
    }
    for &key in group {
        let mut plan = planner.plan.clone();
        plan.publish(key);
        for old in swapped_out(planner, key) {
            plan.unpublish(&old);
        }
        planner.try_move(plan, Move { key, what: "publish the DNSKEY", purpose: Purpose::Publish });
    }
}

/// Whether the method has the key published now. Says why if it does not.
fn may_be_published(planner: &mut Planner<'_>, key: &KeyRecord) -> bool {
    if key.role.signs_dnskey() && !key.has_private {
        let reason = "its private half is not here, so it cannot sign the DNSKEY RRset".to_owned();
        let help = "put the private file back; if it is lost, roll the key as in an emergency (E-5)".to_owned();
        planner.wait(key, "publish the DNSKEY", Gate::Policy, "I-5", reason, None, help);
        return false;
    }
    let not_before = key.not_before.filter(|time| planner.now < *time);
    let is_double_signature = key.role == Role::Zsk && planner.policy.zsk.method == ZskMethod::DoubleSignature;
    if let Some(time) = not_before.filter(|_| is_double_signature && !makers_compromised(planner)) {
        let reason = "double-signature: it is published and signs when its predecessor's lifetime ends".to_owned();
        let help = "nothing to do; ask for a roll to have it now".to_owned();
        planner.wait(key, "publish the DNSKEY", Gate::Policy, "RFC 7583 section 3.2.2", reason, Some(time), help);
        return false;
    }
    if !swaps_keys(planner, key) || key.states.ds == RecordState::Omnipresent {
        return true;
    }
    const RULE: &str = "RFC 7583 section 3.3.2";
    if key.states.ds.is_published() {
        let step = Move { key, what: "swap the DNSKEY", purpose: Purpose::Publish };
        let reason = "double-DS: its DS is at the parent beside the old one, but not in every cache";
        planner.wait_for_ds(step, RULE, reason, |ds| !ds.keys.contains(&key.id));
        return false;
    }
    let reason = "double-DS: first its DS is at the parent beside the old one, and in every cache".to_owned();
    let help = "have the parent add its DS, then look at the parent with zoneseal observe".to_owned();
    planner.wait(key, "swap the DNSKEY", Gate::Parent, RULE, reason, None, help);
    false
}

/// Whether a key comes in by double-DS: a DS beside the old one, then key for key.
pub(super) fn swaps_keys(planner: &Planner<'_>, key: &KeyRecord) -> bool {
    key.role == Role::Ksk
        && key.goal == Goal::In
        && planner.policy.ksk.method == KskMethod::DoubleDs
        && !planner.plan.published.contains(&key.id)
        && planner.world(Purpose::Publish).may_have_ds()
        && !olds(planner, key).is_empty()
}

/// The keys whose place a key takes in one step, by double-DS.
fn swapped_out(planner: &Planner<'_>, key: &KeyRecord) -> Vec<KeyId> {
    if swaps_keys(planner, key) { olds(planner, key) } else { Vec::new() }
}

/// The published keys of the same role and algorithm that are to leave.
fn olds(planner: &Planner<'_>, key: &KeyRecord) -> Vec<KeyId> {
    let keys = planner.state.keys.iter();
    let is_old = |old: &&KeyRecord| {
        old.goal == Goal::Out
            && (old.role, old.algorithm) == (key.role, key.algorithm)
            && planner.plan.published.contains(&old.id)
            && !is_anchor(planner.policy, old)
    };
    keys.filter(is_old).map(|old| old.id.clone()).collect()
}

/// Whether somebody else may make signatures that validators take.
pub(super) fn makers_compromised(planner: &Planner<'_>) -> bool {
    planner.plan.makers.iter().any(|id| planner.state.key(id).is_some_and(KeyRecord::is_compromised))
}

/// Brings the DNSKEY of a key back that the parent points at and without which no DS leads into the zone.
pub(super) fn bring_back(planner: &mut Planner<'_>) {
    let mut missed: Vec<&KeyRecord> = Vec::new();
    for version in planner.state.ds.open().filter(|version| !version.value.is_empty()) {
        if version.value.keys.iter().any(|key| planner.is_entry(key)) {
            continue;
        }
        missed.extend(version.value.keys.iter().filter_map(|key| planner.state.key(key)));
    }
    for key in missed {
        let reason = match (key.has_private, key.is_compromised()) {
            (true, false) => {
                let mut plan = planner.plan.clone();
                plan.publish(key);
                let step =
                    Move { key, what: "bring the DNSKEY back, which the parent's DS names", purpose: Purpose::Publish };
                planner.try_move(plan, step);
                continue;
            }
            (_, true) => "the parent's DS names only a compromised key, which is not brought back",
            (false, _) => "the parent's DS names only a key whose private half is not here",
        };
        let help =
            "have the parent take the DS that the actions name, at once: validators cannot enter the zone".to_owned();
        planner.wait(key, "bring the DNSKEY back", Gate::Parent, "I-2", reason.to_owned(), None, help);
    }
}
