//! What operators ask for in the place of the policy, chains of denial, and emergencies of a zone just taken over.

use super::example::{ED25519, PROMPT, SETTLED, at, expect, line, policy, policy_with, request, same, settled};
use zoneseal::base::{Algorithm, Octets, UnixTime};
use zoneseal::policy::{Denial, DnssecGoal, KskMethod, Nsec3Policy, Policy, Roles};
use zoneseal::rollover::{
    Action, Asked, CdsTarget, DenialView, Future, Gate, Goal, KeyKind, Nsec3View, Observations, RequestKind, Role,
    ZoneState, forecast, step,
};

fn asked<T>(value: T) -> Option<Asked<T>> {
    Some(Asked { value, at: at(SETTLED), reason: String::new() })
}

fn lines(policy: &Policy, state: &ZoneState) -> Vec<String> {
    forecast(policy, state, at(SETTLED), at(SETTLED + 4000), &PROMPT).iter().map(line).collect()
}

/// What is asked for comes about as if the policy said so.
#[test]
fn asking_is_as_good_as_a_policy() {
    type Ask = fn(&mut ZoneState);
    type Change = fn(&mut Policy);
    let cases: [(&str, Ask, Change); 4] = [
        (
            "algorithm",
            |state| state.overrides.algorithm = asked(KeyKind { algorithm: ED25519, bits: None }),
            |policy| (policy.ksk.algorithm, policy.zsk.algorithm) = (ED25519, ED25519),
        ),
        (
            "insecure",
            |state| state.overrides.dnssec = asked(DnssecGoal::Insecure),
            |policy| policy.dnssec = DnssecGoal::Insecure,
        ),
        (
            "standby",
            |state| _ = state.overrides.standby.insert(Role::Zsk, asked(1).unwrap()),
            |policy| policy.zsk.standby = 1,
        ),
        (
            "denial",
            |state| state.overrides.denial = asked(DenialView::Nsec3(Nsec3View::default())),
            |policy| policy.denial = Denial::Nsec3(Nsec3Policy::default()),
        ),
    ];
    for (what, ask, change) in cases {
        let policy = policy();
        let mut state = settled(&policy);
        let by_policy = lines(&policy_with(change), &state);
        ask(&mut state);
        let by_asking = lines(&policy, &state);
        assert_eq!(by_asking, by_policy, "{what}");
        assert!(!by_policy.is_empty(), "{what}");
    }
}

/// What is taken back in the middle leaves the zone as the policy has it.
#[test]
fn what_is_taken_back_is_undone() {
    let policy = policy();
    for hours in [1, 30, 40, 60, 80] {
        let mut state = settled(&policy);
        state.overrides.algorithm = asked(KeyKind { algorithm: ED25519, bits: None });
        let mut future = Future::new(&policy, &state, at(SETTLED), &PROMPT);
        future.run_until(at(SETTLED + hours));
        let mut state = future.state().clone();
        state.overrides.algorithm = None;
        let mut future = Future::new(&policy, &state, at(SETTLED + hours), &PROMPT);
        future.run_until(at(SETTLED + 1000));
        let used = |key: &&zoneseal::rollover::KeyRecord| !key.states.are_hidden();
        let algorithms: Vec<Algorithm> = future.state().keys.iter().filter(used).map(|key| key.algorithm).collect();
        assert_eq!(algorithms, [Algorithm(13), Algorithm(13)], "after {hours} h");
        assert_eq!(future.last_waiting(), [], "after {hours} h");
    }
}

/// The chain and its parameters change with the next signing, all at once.
#[test]
fn chains_change_at_once() {
    let nsec3 = |salt_length| {
        policy_with(|policy| policy.denial = Denial::Nsec3(Nsec3Policy { salt_length, ..Nsec3Policy::default() }))
    };
    for (from, to) in [(policy(), nsec3(0)), (nsec3(0), policy()), (nsec3(0), nsec3(4)), (nsec3(4), nsec3(0))] {
        let state = settled(&from);
        expect(&to, &state, &["0 chain /"]);
    }
    // A salt of the same length is no change of the policy.
    let policy = nsec3(2);
    let mut state = settled(&policy);
    expect(&policy, &state, &[]);
    let view = Nsec3View { salt: Octets(vec![0xab, 0xcd]), ..Nsec3View::default() };
    state.overrides.denial = asked(DenialView::Nsec3(view.clone()));
    expect(&policy, &state, &["0 chain /"]);
    let mut future = Future::new(&policy, &state, at(SETTLED), &PROMPT);
    future.run_until(at(SETTLED + 100));
    assert_eq!(future.state().confirmed.denial, DenialView::Nsec3(view));
    assert!(future.state().overrides.is_empty(), "it is done, and stays");
}

/// RFC 5011 section 5: who trusts a key directly is told by nothing that is published in time, so a zone with trust anchors
/// loses its DS and stays signed until the operator says that nobody trusts its keys any more.
#[test]
fn trust_anchors_do_not_go_insecure() {
    let anchored = policy_with(|policy| (policy.rfc5011, policy.dnssec) = (true, DnssecGoal::Insecure));
    let state = settled(&policy_with(|policy| policy.rfc5011 = false));
    expect(&anchored, &state, &["0 withdraw /", "24 no-DS /", "24 Tret KSK/13", "50 Tdea KSK/13"]);
    let mut future = Future::new(&anchored, &state, at(SETTLED), &PROMPT);
    future.run_until(at(SETTLED + 100));
    let waiting = future.last_waiting();
    assert_eq!(
        waiting.iter().map(|one| (one.gate, one.rule)).collect::<Vec<_>>(),
        [(Gate::Policy, "RFC 5011 section 5")]
    );
    assert!(waiting[0].help.contains("rfc5011 = false"), "{waiting:?}");
    let actions = step(&anchored, future.state(), &Observations::default(), at(SETTLED + 100)).actions;
    let is_told = |action: &Action| matches!(action, Action::Notify { message } if message.contains("rfc5011 = false"));
    assert!(actions.iter().any(is_told), "somebody has to do something: {actions:?}");
    let said = policy_with(|policy| policy.dnssec = DnssecGoal::Insecure);
    let mut later = Future::new(&said, future.state(), at(SETTLED + 100), &PROMPT);
    later.run_until(at(SETTLED + 101));
    assert!(!later.state().target.is_signed(), "{:?}", later.last_waiting());
}

/// N3-12: NSEC3 waits until no cache has a key of an algorithm that cannot have it: taken out at 79 h, 3 h more.
#[test]
fn nsec3_waits_for_old_algorithms() {
    let old = policy_with(|policy| {
        (policy.ksk.algorithm, policy.zsk.algorithm) = (Algorithm::RSASHA1, Algorithm::RSASHA1);
        (policy.ksk.bits, policy.zsk.bits) = (Some(2048), Some(2048));
    });
    let state = settled(&old);
    let policy = policy_with(|policy| policy.denial = Denial::Nsec3(Nsec3Policy::default()));
    let found = lines(&policy, &state);
    assert_eq!(found.iter().filter(|line| line.contains("chain")).collect::<Vec<_>>(), ["82 chain /"], "{found:?}");
}

/// for one key, though the policy knows nothing of trust anchors; by every method the roll ends.
#[test]
fn one_key_is_revoked() {
    let policy = policy();
    let mut state = settled(&policy);
    let ksk = state.keys.iter().find(|key| key.role == Role::Ksk).unwrap().id.clone();
    state.revoke(&ksk, at(SETTLED), "");
    expect(
        &policy,
        &state,
        &[
            "0 Tgen KSK/13",
            "0 Tpub KSK/13",
            "3 Trdy KSK/13",
            "3 Tsbm KSK/13",
            "27 Tact KSK/13",
            "27 Tret KSK/13",
            "53 Tdea KSK/13",
            "724 Trev KSK/13",
            "1444 Trem KSK/13",
        ],
    );
    for method in [KskMethod::DoubleDs, KskMethod::DoubleRrset] {
        let other = policy_with(|policy| policy.ksk.method = method);
        let mut future = Future::new(&other, &state, at(SETTLED), &PROMPT);
        future.run_until(at(SETTLED + 4000));
        let old = future.state().key(&ksk).unwrap();
        assert!(old.times.revoked.is_some() && old.states.are_hidden(), "{method:?}: {old:?}");
        assert_eq!(future.last_waiting(), [], "{method:?}");
    }
}

/// Whose past is not known until 48 h from now.
fn held(policy: &Policy) -> ZoneState {
    ZoneState { hold_until: Some(at(SETTLED + 48)), ..settled(policy) }
}

/// While the past of a zone taken over is not known, a stolen key's successor comes in beside it, which no cache can mind.
/// All that takes something away waits for the end of the hold.
#[test]
fn an_emergency_begins_during_a_hold() {
    let policy = policy();
    let mut state = held(&policy);
    state.request(request(RequestKind::EmergencyKeepChain, Role::Ksk));
    same(
        &forecast(&policy, &state, at(SETTLED), at(SETTLED + 1000), &PROMPT),
        &[
            "0 Tgen KSK/13",
            "0 Tpub KSK/13",
            "3 Trdy KSK/13",
            "48 Tsbm KSK/13",
            "72 Tact KSK/13",
            "72 Tret KSK/13",
            "98 Tdea KSK/13",
            "98 Trem KSK/13",
        ],
    );
    let mut state = held(&policy);
    state.request(request(RequestKind::Roll, Role::Ksk));
    let held = step(&policy, &state, &Observations::default(), at(SETTLED));
    assert_eq!((held.actions, held.waiting.len(), held.waiting[0].gate), (vec![], 1, Gate::Hold), "a roll waits");
}

/// The DS may go at once: an insecure zone is what breaking the chain is about.
#[test]
fn a_chain_is_broken_during_a_hold() {
    let policy = policy();
    let mut state = held(&policy);
    state.request(request(RequestKind::EmergencyBreakChain, Role::Ksk));
    let mut future = Future::new(&policy, &state, at(SETTLED), &PROMPT);
    future.run_until(at(SETTLED));
    assert_eq!(future.state().target.cds, CdsTarget::Delete);
    assert!(future.state().ds_requests.iter().any(|request| request.keys.is_empty()));
    future.run_until(at(SETTLED + 1000));
    assert!(future.state().keys.iter().all(|key| key.goal != Goal::Out || key.states.are_hidden()));
    assert_eq!(future.last_waiting(), []);
    let again: UnixTime = at(SETTLED + 1000);
    let step = step(&policy, future.state(), &Observations::default(), again);
    assert!(!step.actions.iter().any(|action| matches!(action, Action::WithdrawDs { .. })), "{:?}", step.actions);
}

/// SIG-9 and R-4: where signatures must outlive their DNSKEY, a key is revoked when they are gone, for a revoked key has
/// another tag. By either kind of keys the roll ends, with every old key that signed keys revoked.
#[test]
fn an_algorithm_roll_of_trust_anchors_ends() {
    for roles in [Roles::Csk, Roles::KskZsk] {
        let state = settled(&policy_with(|policy| policy.roles = roles));
        let policy = policy_with(|policy| {
            (policy.roles, policy.rfc5011) = (roles, true);
            (policy.ksk.algorithm, policy.zsk.algorithm, policy.csk.algorithm) = (ED25519, ED25519, ED25519);
        });
        let mut future = Future::new(&policy, &state, at(SETTLED), &PROMPT);
        future.run_until(at(SETTLED + 5000));
        assert_eq!(future.last_waiting(), [], "{roles:?}");
        for old in future.state().keys.iter().filter(|key| key.algorithm != ED25519) {
            assert!(old.states.are_hidden(), "{old:?}");
            assert_eq!(old.times.revoked.is_some(), old.role != Role::Zsk, "{old:?}");
        }
    }
}

/// A trust anchor that has lost its DS, in an emergency for instance, is no island: the DS comes back.
#[test]
fn a_broken_chain_of_a_trust_anchor_is_mended() {
    let policy = policy_with(|policy| policy.rfc5011 = true);
    let mut state = settled(&super::example::policy());
    state.request(request(RequestKind::EmergencyBreakChain, Role::Ksk));
    let mut future = Future::new(&policy, &state, at(SETTLED), &PROMPT);
    future.run_until(at(SETTLED + 5000));
    assert!(future.state().ds.current().is_some_and(|version| !version.value.is_empty()));
    assert_eq!(future.last_waiting(), []);
}
