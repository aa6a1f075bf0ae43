//! Bugs that rollover engines have had, planted from outside: each lies to the engine about one thing. The simulator must
//! find every one, or it proves nothing.

use super::engine::{Engine, Real};
use super::keys::ds_of;
use serde_json::Value;
use std::collections::BTreeSet;
use zoneseal::base::{Octets, Seconds, Ttl, UnixTime};
use zoneseal::keys::usage::{DataSigning, KeyUse};
use zoneseal::policy::{AlgorithmRoll, Policy};
use zoneseal::rollover::{
    DsAnswer, Observations, ParentServer, ParentView, SignerTag, Source, Step, Target, ZoneState, ZoneView,
};

/// A retire interval without `Dsgn`: the signatures that are left of the old key are not counted.
pub(crate) struct WithoutSigningDelay;

impl Engine for WithoutSigningDelay {
    fn step(&self, policy: &Policy, state: &ZoneState, seen: &Observations, now: UnixTime) -> Step {
        let mut seen = seen.clone();
        seen.zone.iter_mut().for_each(|view| claim_replaced(state, view));
        Real.step(policy, state, &seen, now)
    }

    fn confirm(&self, state: &mut ZoneState, view: &ZoneView, at: UnixTime) {
        let mut view = view.clone();
        claim_replaced(state, &mut view);
        Real.confirm(state, &view, at);
    }
}

/// Says that only the keys that make signatures now have any.
fn claim_replaced(state: &ZoneState, view: &mut ZoneView) {
    let makers = signers(state, &state.target, |one| one.signs_data == DataSigning::Yes);
    if view.data_signers.iter().any(|set| *set != makers && !set.is_empty()) {
        view.data_signers = BTreeSet::from([makers]);
    }
}

/// The new TTL instead of the old one.
pub(crate) struct NewTtl;

impl Engine for NewTtl {
    fn step(&self, policy: &Policy, state: &ZoneState, seen: &Observations, now: UnixTime) -> Step {
        let state = rewritten(state, |kind, versions| {
            // The state may not know of a new TTL before the policy does.
            let configured = match kind {
                "dnskey" => Some(policy.ttl.dnskey),
                "data" => Some(policy.ttl.max_zone),
                _ => None,
            };
            let ttl = match configured {
                Some(ttl) => Some(Value::from(i64::from(ttl.seconds()))),
                None => versions.last().map(|version| version["ttl"].clone()),
            };
            for version in versions.iter_mut() {
                version["ttl"] = ttl.clone().unwrap_or_default();
            }
        });
        Real.step(policy, &state, seen, now)
    }
}

/// The DS is taken to be at the parent when the time it usually takes is over.
pub(crate) struct DsByTimer;

impl Engine for DsByTimer {
    fn step(&self, policy: &Policy, state: &ZoneState, seen: &Observations, now: UnixTime) -> Step {
        let usual = policy.delays.parent_registration;
        let over = state.ds_requests.iter().rev().find(|request| request.at.plus(usual) <= now);
        let Some(request) = over.filter(|request| request.withdrawn.is_none()) else {
            return Real.step(policy, state, seen, now);
        };
        let keys = state.keys.iter().filter(|key| request.keys.contains(&key.id));
        let ds = keys.map(|key| Octets(ds_of(&state.zone, &key.dnskey_rdata.0))).collect();
        let answer = Ok(DsAnswer { ds, ttl: policy.delays.parent_ds_ttl });
        let servers = vec![ParentServer { name: "a timer".to_owned(), answer }];
        let parent = Some(ParentView { at: now, source: Source::Observed, servers, validated: None });
        Real.step(policy, state, &Observations { parent, ..seen.clone() }, now)
    }
}

/// In an algorithm roll the DNSKEY comes with its signatures, not after them.
pub(crate) struct KeysBeforeSignatures;

impl Engine for KeysBeforeSignatures {
    fn step(&self, policy: &Policy, state: &ZoneState, seen: &Observations, now: UnixTime) -> Step {
        let liberal = Policy { algorithm_roll: AlgorithmRoll::Liberal, strict_algorithms: false, ..policy.clone() };
        Real.step(&liberal, state, seen, now)
    }
}

/// Waits begin when something is decided, not when it is published.
pub(crate) struct FromDecision;

impl Engine for FromDecision {
    fn step(&self, policy: &Policy, state: &ZoneState, seen: &Observations, now: UnixTime) -> Step {
        let mut step = Real.step(policy, state, seen, now);
        if step.state.target != state.target {
            let target = step.state.target.clone();
            let published = target.keys.iter().filter(|one| one.is_published);
            let rdata = published.filter_map(|one| step.state.key(&one.key)).map(|key| key.dnskey_rdata.clone());
            let view = ZoneView {
                dnskeys: rdata.collect(),
                dnskey_signers: signers(&step.state, &target, |one| one.signs_dnskey),
                data_signers: BTreeSet::from([signers(&step.state, &target, |one| one.signs_data == DataSigning::Yes)]),
                dnskey_ttl: policy.ttl.dnskey,
                max_ttl: policy.ttl.max_zone,
                negative_ttl: Ttl::ZERO,
                ..ZoneView::default()
            };
            step.state.confirm(&view, now);
        }
        step
    }
}

/// Only the first of the parent's servers is asked.
pub(crate) struct OneParentServer;

impl Engine for OneParentServer {
    fn step(&self, policy: &Policy, state: &ZoneState, seen: &Observations, now: UnixTime) -> Step {
        let mut seen = seen.clone();
        seen.parent.iter_mut().for_each(|view| view.servers.truncate(1));
        Real.step(policy, state, &seen, now)
    }
}

/// When a zone is signed for the first time, nobody thinks of the caches that know it unsigned.
pub(crate) struct NoUnsignedPast;

impl Engine for NoUnsignedPast {
    fn confirm(&self, state: &mut ZoneState, view: &ZoneView, at: UnixTime) {
        Real.confirm(state, view, at);
        *state = rewritten(state, |kind, versions| {
            versions.retain(|version| match kind {
                "dnskey" => version["value"]["keys"].as_array().is_some_and(|keys| !keys.is_empty()),
                "data" => version["value"] != serde_json::json!([[]]),
                _ => true,
            });
        });
    }
}

/// A run that published and died leaves nothing to remember it by.
pub(crate) struct ForgetsUnconfirmed;

impl Engine for ForgetsUnconfirmed {
    fn step(&self, policy: &Policy, state: &ZoneState, seen: &Observations, now: UnixTime) -> Step {
        let mut step = Real.step(policy, state, &Observations { zone: None, ..seen.clone() }, now);
        step.state.unconfirmed.clear();
        step
    }
}

/// What the parent was asked for and has not done does not count.
pub(crate) struct ForgetsRequests;

impl Engine for ForgetsRequests {
    fn step(&self, policy: &Policy, state: &ZoneState, seen: &Observations, now: UnixTime) -> Step {
        let mut state = state.clone();
        state.ds_requests.clear();
        Real.step(policy, &state, seen, now)
    }
}

/// The servers are taken to have a new version at once.
pub(crate) struct NoPropagation;

impl Engine for NoPropagation {
    fn step(&self, policy: &Policy, state: &ZoneState, seen: &Observations, now: UnixTime) -> Step {
        let mut policy = policy.clone();
        policy.delays.zone_propagation = Seconds(0);
        policy.delays.parent_propagation = Seconds(0);
        Real.step(&policy, state, seen, now)
    }
}

/// A clock that went back is believed.
pub(crate) struct BelievesClock;

impl Engine for BelievesClock {
    fn step(&self, policy: &Policy, state: &ZoneState, seen: &Observations, now: UnixTime) -> Step {
        Real.step(policy, &shifted(state, now), seen, now)
    }

    fn confirm(&self, state: &mut ZoneState, view: &ZoneView, at: UnixTime) {
        *state = shifted(state, at);
        Real.confirm(state, view, at);
    }
}

/// Everything that is said to lie in the future is taken to be now.
fn shifted(state: &ZoneState, now: UnixTime) -> ZoneState {
    let mut state = rewritten(state, |_, versions| {
        for version in versions.iter_mut() {
            for field in ["from", "until"] {
                let time = version[field].as_str().and_then(UnixTime::from_iso_text);
                if time.is_some_and(|time| time > now) {
                    version[field] = Value::from(now.to_iso_text());
                }
            }
        }
    });
    state.ds_observed = state.ds_observed.map(|at| at.min(now));
    state.confirmed.at = state.confirmed.at.map(|at| at.min(now));
    state
}

/// The state with its histories rewritten by a lie.
fn rewritten(state: &ZoneState, lie: impl Fn(&str, &mut Vec<Value>)) -> ZoneState {
    let mut file = serde_json::to_value(state).expect("a state is JSON");
    for kind in ["ds", "dnskey", "data"] {
        if let Some(versions) = file[kind].as_array_mut() {
            lie(kind, versions);
        }
    }
    serde_json::from_value(file).expect("the lie has the shape of a state")
}

/// The signers a target makes.
fn signers(state: &ZoneState, target: &Target, does: impl Fn(&KeyUse) -> bool) -> BTreeSet<SignerTag> {
    let keys = target.keys.iter().filter(|one| does(one)).filter_map(|one| state.key(&one.key));
    keys.map(|key| SignerTag(key.algorithm, key.tag)).collect()
}

/// Nobody is taken to trust the zone's keys directly: they leave without being revoked, and before others are trusted.
pub(crate) struct ForgetsAnchors;

impl Engine for ForgetsAnchors {
    fn step(&self, policy: &Policy, state: &ZoneState, seen: &Observations, now: UnixTime) -> Step {
        Real.step(&Policy { rfc5011: false, ..policy.clone() }, state, seen, now)
    }
}
