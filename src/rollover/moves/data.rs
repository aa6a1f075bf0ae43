//! Signatures over zone data: who begins to make them, and when those of keys that left may go.

use super::publish::makers_compromised;
use crate::keys::usage::KeyId;
use crate::policy::{Replacement, ZskMethod};
use crate::rollover::gate::is_strict;
use crate::rollover::model::{Goal, KeyRecord, Role};
use crate::rollover::outcome::Gate;
use crate::rollover::plan::{Move, Plan, Planner};
use crate::rollover::published::{Keys, algorithm_of};
use crate::rollover::timing::{Purpose, written_out};

/// Lets the keys that are to sign zone data begin.
pub(super) fn sign(planner: &mut Planner<'_>) {
    drop_compromised(planner);
    let keys: Vec<&KeyRecord> = planner.keys_in(Role::signs_data).collect();
    for key in keys {
        if !planner.plan.makers.contains(&key.id) && may_sign(planner, key) {
            let plan = begin(planner, key);
            planner.try_move(plan, Move { key, what: "sign the zone's data", purpose: Purpose::Publish });
        }
    }
    note_kept(planner);
}

/// Old signatures of a compromised key do not stay until they are due.
fn drop_compromised(planner: &mut Planner<'_>) {
    let is_compromised = |id: &KeyId| planner.state.key(id).is_some_and(KeyRecord::is_compromised);
    let keys: Vec<&KeyRecord> = planner.state.keys.iter().filter(|key| is_compromised(&key.id)).collect();
    for key in keys.into_iter().filter(|key| planner.plan.kept.contains(&key.id)).collect::<Vec<_>>() {
        let mut plan = planner.plan.clone();
        plan.kept.remove(&key.id);
        planner.try_move(plan, Move { key, what: "lose its signatures", purpose: Purpose::Retire });
    }
}

/// The plan in which a key begins to sign: beside the others, or in their place.
fn begin(planner: &Planner<'_>, key: &KeyRecord) -> Plan {
    let mut plan = planner.plan.clone();
    plan.kept.remove(&key.id);
    let olds = olds_of(planner, key);
    let is_double = key.role == Role::Zsk && planner.policy.zsk.method == ZskMethod::DoubleSignature;
    // Where nobody validates there is nothing to be careful about.
    if !is_double || !planner.world(Purpose::Publish).is_secure() {
        // Of two signatures an RRset has, one falls due before the other: only one can be replaced so.
        let is_gradual = olds.len() == 1 && is_gradual(planner, key);
        for old in &olds {
            plan.makers.remove(old);
            if is_gradual {
                plan.kept.insert(old.clone());
            }
        }
    }
    plan.makers.insert(key.id.clone());
    plan
}

/// The keys of the same algorithm that sign and are to leave.
fn olds_of(planner: &Planner<'_>, key: &KeyRecord) -> Keys {
    let is_old = |id: &&KeyId| {
        algorithm_of(id) == key.algorithm && planner.state.key(id).is_some_and(|old| old.goal == Goal::Out)
    };
    planner.plan.makers.iter().filter(is_old).cloned().collect()
}

/// Whether signatures of the old key may stay until they are due. Those of a compromised key may not, and with two
/// algorithms every RRset needs both.
fn is_gradual(planner: &Planner<'_>, key: &KeyRecord) -> bool {
    planner.policy.signatures.replacement == Replacement::Gradual
        && !makers_compromised(planner)
        && planner.plan.makers.iter().all(|maker| algorithm_of(maker) == key.algorithm)
}

/// Whether lifetime and method have the key sign now. Says why if they do not.
fn may_sign(planner: &mut Planner<'_>, key: &KeyRecord) -> bool {
    const WHAT: &str = "sign the zone's data";
    if !key.has_private {
        let reason = "its private half is not here".to_owned();
        let help = "put the private file back; if it is lost, roll the key as in an emergency (E-5)".to_owned();
        planner.wait(key, WHAT, Gate::Policy, "I-5", reason, None, help);
        return false;
    }
    let has_olds = !olds_of(planner, key).is_empty();
    let not_before = key.not_before.filter(|time| planner.now < *time && has_olds && !makers_compromised(planner));
    if let Some(time) = not_before {
        let reason = "its predecessor's lifetime has not ended: Tret(N) = Tact(N+1) = Tact(N) + Lzsk".to_owned();
        let help = "nothing to do; ask for a roll to have it sign as soon as it may".to_owned();
        planner.wait(key, WHAT, Gate::Policy, "RFC 7583 section 3.2", reason, Some(time), help);
        return false;
    }
    let is_new_algorithm = !planner.signs_with(key.algorithm);
    // With strict validators signatures come first; else keys and signatures come together.
    !is_new_algorithm || is_strict(planner.policy) || planner.plan.published.contains(&key.id)
}

/// Says what old signatures stay until they are due.
fn note_kept(planner: &mut Planner<'_>) {
    let kept: Vec<&KeyRecord> = planner.plan.kept.iter().filter_map(|id| planner.state.key(id)).collect();
    for key in kept {
        let signatures = planner.policy.signatures;
        let parts = [
            ("validity", signatures.validity),
            ("-refresh", crate::base::Seconds(-signatures.refresh.0)),
            ("run interval", planner.policy.run_interval),
        ];
        let reason = format!("its signatures are replaced as they fall due; {}", written_out("Dsgn", &parts));
        let help = "sign regularly; signing everything anew replaces them at once".to_owned();
        planner.wait(key, "lose its signatures", Gate::Signing, "RFC 7583 section 3.2.1", reason, None, help);
    }
}

/// Drops the signatures of keys that are not published any more: the last step of a conservative algorithm roll.
pub(super) fn drop_signatures(planner: &mut Planner<'_>) {
    let keys: Vec<&KeyRecord> = planner
        .state
        .keys
        .iter()
        .filter(|key| key.goal == Goal::Out && planner.plan.makers.contains(&key.id))
        .filter(|key| !planner.plan.published.contains(&key.id))
        .collect();
    let Some(&first) = keys.first() else { return };
    let mut plan = planner.plan.clone();
    for key in &keys {
        plan.makers.remove(&key.id);
    }
    let has_others = !plan.makers.is_empty();
    if has_others {
        let step = Move { key: first, what: "take out its signatures over zone data", purpose: Purpose::Retire };
        planner.try_move(plan, step);
    }
}
