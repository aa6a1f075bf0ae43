//! DNSKEYs out: keys whose work has been taken over, by way of revocation where RFC 5011 is in use.

use crate::policy::{DnssecGoal, KskMethod, Policy};
use crate::rollover::gate::is_strict;
use crate::rollover::model::{Goal, KeyRecord, RecordState, Role, ZoneState};
use crate::rollover::outcome::Gate;
use crate::rollover::plan::{Move, Plan, Planner};
use crate::rollover::published::{DsSet, Keys};
use crate::rollover::timing::{Purpose, REMOVE_HOLD_DOWN};

/// Takes out the keys that are to leave: each alone if it can, else all of an algorithm together.
pub(super) fn leave(planner: &mut Planner<'_>) {
    let mut leaving: Vec<&KeyRecord> = Vec::new();
    for key in planner.state.keys.iter().filter(|key| key.goal == Goal::Out) {
        if planner.plan.revoked.contains(&key.id) {
            end_revocation(planner, key);
        } else if is_revoked_late(planner, key) {
            let mut plan = planner.plan.clone();
            plan.revoked.insert(key.id.clone());
            plan.signers.insert(key.id.clone());
            planner.try_move(plan, Move { key, what: "revoke the key", purpose: Purpose::Retire });
        } else if planner.plan.published.contains(&key.id) && is_released(planner, key) {
            leaving.push(key);
        }
    }
    let mut refused: Vec<&KeyRecord> = Vec::new();
    for key in leaving {
        let plan = without(planner, planner.plan.clone(), key);
        if !planner.refuse(plan, Purpose::Retire).is_empty() {
            refused.push(key);
        }
    }
    leave_by_algorithm(planner, &refused);
}

/// Tries together what was refused alone, and says what is in the way if that is refused too.
fn leave_by_algorithm(planner: &mut Planner<'_>, refused: &[&KeyRecord]) {
    for group in refused.chunk_by(|a, b| a.algorithm == b.algorithm) {
        let plan = group.iter().fold(planner.plan.clone(), |plan, key| without(planner, plan, key));
        if planner.refuse(plan, Purpose::Retire).is_empty() {
            continue;
        }
        for &key in group {
            let plan = without(planner, planner.plan.clone(), key);
            planner.try_move(plan, Move { key, what: "take the DNSKEY out", purpose: Purpose::Retire });
        }
    }
}

/// The plan without a key, or with it revoked.
fn without(planner: &Planner<'_>, mut plan: Plan, key: &KeyRecord) -> Plan {
    let is_last_of_algorithm = !planner.keys_in(Role::signs_data).any(|other| other.algorithm == key.algorithm);
    let outlive = is_last_of_algorithm && is_strict(planner.policy) && planner.world(Purpose::Retire).is_secure();
    if outlive && key.role.signs_data() {
        // Its signatures stay until no cache has its DNSKEY (SIG-9). A revoked key has another tag, so it could not make them
        // any more: it is revoked when they are gone.
        plan.unpublish(&key.id);
    } else if must_be_revoked(planner, key) {
        plan.published.remove(&key.id);
        plan.makers.remove(&key.id);
        plan.revoked.insert(key.id.clone());
    } else if outlive {
        plan.unpublish(&key.id);
    } else {
        let keeps_kept = plan.kept.contains(&key.id);
        plan.remove(&key.id);
        if keeps_kept {
            plan.kept.insert(key.id.clone());
        }
    }
    plan
}

/// Whether a key left without being revoked, because its signatures had to outlive its DNSKEY, and these are gone as well.
/// RFC 5011 section 4 has a key revoked that was missing.
fn is_revoked_late(planner: &Planner<'_>, key: &KeyRecord) -> bool {
    let is_out = |keys: &Keys| !keys.contains(&key.id);
    key.is_to_be_revoked
        && must_be_revoked(planner, key)
        && key.times.revoked.is_none()
        && key.states.are_hidden()
        && [&planner.plan.published, &planner.plan.makers, &planner.plan.kept].into_iter().all(is_out)
}

/// Whether a plan takes a key out that is to be revoked after that.
pub(in crate::rollover) fn leaves_unrevoked(policy: &Policy, state: &ZoneState, plan: &Plan, key: &KeyRecord) -> bool {
    let was_published = state.dnskey.current().is_some_and(|version| version.value.keys.contains(&key.id));
    let is_out = !plan.published.contains(&key.id) && !plan.revoked.contains(&key.id);
    is_anchor(policy, key) && key.role.signs_dnskey() && key.goal == Goal::Out && was_published && is_out
}

/// Whether resolvers may trust a key directly (RFC 5011).
pub(super) const fn is_anchor(policy: &Policy, key: &KeyRecord) -> bool {
    policy.rfc5011 || key.is_to_be_revoked
}

/// Whether a key goes by way of revocation: resolvers may trust it directly (RFC 5011).
fn must_be_revoked(planner: &Planner<'_>, key: &KeyRecord) -> bool {
    is_anchor(planner.policy, key) && key.role.signs_dnskey() && key.has_private && key.times.published.is_some()
}

/// Whether the key's work has been taken over. Says why if not.
fn is_released(planner: &mut Planner<'_>, key: &KeyRecord) -> bool {
    if planner.policy.dnssec == DnssecGoal::Insecure {
        // All leave together, when the DS is gone.
        return false;
    }
    is_released_from_data(planner, key) && is_released_from_dnskey(planner, key) && is_trusted_successor(planner, key)
}

fn is_released_from_data(planner: &mut Planner<'_>, key: &KeyRecord) -> bool {
    if !key.role.signs_data() {
        return true;
    }
    let mut successors = planner.keys_in(Role::signs_data).peekable();
    let is_taken_over =
        successors.peek().is_some() && successors.all(|successor| planner.plan.makers.contains(&successor.id));
    // If it still signs beside them, by double-signature or because the method changed, its signatures go with it.
    if is_taken_over {
        return true;
    }
    let reason = "its successor does not sign the zone's data yet".to_owned();
    let help = "it goes on by itself when the successor signs".to_owned();
    planner.wait(key, "take the DNSKEY out", Gate::Policy, "I-3", reason, None, help);
    false
}

fn is_released_from_dnskey(planner: &mut Planner<'_>, key: &KeyRecord) -> bool {
    if !key.role.signs_dnskey() {
        return true;
    }
    let mut successors = planner.keys_in(Role::signs_dnskey).peekable();
    let has_successor = successors.peek().is_some();
    let is_taken_over = has_successor && successors.all(|successor| planner.is_entry(&successor.id));
    if !is_taken_over {
        let reason = "its successor does not sign the DNSKEY RRset yet".to_owned();
        let help = "it goes on by itself when the successor is published".to_owned();
        planner.wait(key, "take the DNSKEY out", Gate::Policy, "I-2", reason, None, help);
        return false;
    }
    // By double-DS and double-RRset both DS are there when the key goes; the gate sees to it that they are in every cache.
    let overlaps = key.role == Role::Ksk
        && matches!(planner.policy.ksk.method, KskMethod::DoubleDs | KskMethod::DoubleRrset)
        && planner.keys_in(Role::signs_dnskey).any(|other| (other.role, other.algorithm) == (key.role, key.algorithm));
    let may_have_ds = planner.world(Purpose::Retire).may_have_ds();
    if is_anchor(planner.policy, key) || !overlaps {
        return !may_have_ds || is_without_ds(planner, key);
    }
    let successor_has_ds =
        planner.keys_in(Role::signs_dnskey).all(|successor| successor.states.ds == RecordState::Omnipresent);
    let successors: Vec<&KeyRecord> = planner.keys_in(Role::signs_dnskey).collect();
    let are_there = successors.iter().all(|successor| successor.states.ds.is_published());
    if may_have_ds && !successor_has_ds && are_there {
        let step = Move { key, what: "take the DNSKEY out", purpose: Purpose::Publish };
        let lacks = |ds: &DsSet| successors.iter().any(|successor| !ds.keys.contains(&successor.id));
        planner.wait_for_ds(
            step,
            "RFC 7583 section 3.3.3",
            "caches may have the DS RRset without its successor",
            lacks,
        );
    } else if may_have_ds && !successor_has_ds {
        let reason = "the DS of its successor is not in every cache".to_owned();
        let help =
            "have the parent add the DS of the successor, then look at the parent with zoneseal observe".to_owned();
        planner.wait(key, "take the DNSKEY out", Gate::Parent, "RFC 7583 section 3.3.3", reason, None, help);
    }
    successor_has_ds || !may_have_ds
}

/// Whether no cache has a DS of the key (R-5, RFC 7583 section 3.3.1: `Iret = DprpP + TTLds`).
fn is_without_ds(planner: &mut Planner<'_>, key: &KeyRecord) -> bool {
    let what = "take the DNSKEY out";
    match key.states.ds {
        RecordState::Hidden => true,
        RecordState::Unretentive => {
            let step = Move { key, what, purpose: Purpose::Retire };
            let reason = "caches may still have its DS, which the parent no longer has";
            planner.wait_for_ds(step, "RFC 7583 section 3.3.1", reason, |ds| ds.keys.contains(&key.id));
            false
        }
        RecordState::Rumoured | RecordState::Omnipresent => {
            let reason = "the parent has its DS".to_owned();
            let help = "have the parent take it out, then look at the parent with zoneseal observe".to_owned();
            planner.wait(key, what, Gate::Parent, "I-2", reason, None, help);
            false
        }
    }
}

/// Where RFC 5011 is in use, whether those who trust the key have had the time to trust its successor.
fn is_trusted_successor(planner: &mut Planner<'_>, key: &KeyRecord) -> bool {
    if !must_be_revoked(planner, key) {
        return true;
    }
    let timing = planner.timing.for_followers(planner.state);
    let interval = timing.trust_anchor_publish_interval();
    let since = |successor: &KeyRecord| successor.times.published.map(|published| published.plus(interval));
    let trusted: Option<Vec<_>> = planner.keys_in(Role::signs_dnskey).map(since).collect();
    let until = trusted.and_then(|times| times.into_iter().max());
    if until.is_some_and(|until| until <= planner.now) {
        return true;
    }
    let reason = format!(
        "resolvers that follow RFC 5011 trust the successor only after Ipub = Dprp + max(Itrp, TTLkey) = {interval}, \
         Itrp = 2 * modifiedQueryInterval + add hold-down = {}",
        timing.trust_point_interval()
    );
    let help = "run again then; nothing is lost by running later".to_owned();
    planner.wait(key, "revoke the key", Gate::Time, "R-3", reason, until, help);
    false
}

/// Takes a revoked key out when its hold-down is over.
fn end_revocation(planner: &mut Planner<'_>, key: &KeyRecord) {
    let until = key.times.revoked.map(|revoked| revoked.plus(REMOVE_HOLD_DOWN));
    if until.is_some_and(|until| until <= planner.now) {
        let mut plan = planner.plan.clone();
        plan.remove(&key.id);
        planner.try_move(plan, Move { key, what: "take the revoked DNSKEY out", purpose: Purpose::Retire });
        return;
    }
    let reason = format!("a revoked key is shown for the remove hold-down, {REMOVE_HOLD_DOWN}");
    let help = "run again then; nothing is lost by running later".to_owned();
    planner.wait(key, "take the revoked DNSKEY out", Gate::Time, "R-4", reason, until, help);
}
