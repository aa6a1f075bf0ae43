//! What a step does, whatever it is about: refusals, idempotence, clocks, requests one after another.

use super::example::{ED25519, HOUR, PROMPT, SETTLED, at, policy, policy_with, request, rolling, settled};
use zoneseal::base::{Seconds, Ttl, UnixTime};
use zoneseal::policy::{AlgorithmRoll, DnssecGoal, KskMethod, Lifetime, Policy, Replacement, Roles, ZskMethod};
use zoneseal::rollover::{Action, Future, Gate, Goal, Observations, Request, RequestKind, Role, ZoneState, step};

/// Every move that is refused says which gate, why and until when, and at that time it is made.
#[test]
fn refusals_name_their_end() {
    let policy = policy();
    let mut state = rolling(&policy, Role::Zsk);
    let mut future = Future::new(&policy, &state, at(SETTLED), &PROMPT);
    future.run_until(at(SETTLED));
    let waiting = future.last_waiting().iter().find(|waiting| waiting.gate == Gate::Time).expect("Ipub is waited for");
    assert_eq!((waiting.until, waiting.rule), (Some(at(SETTLED + 3)), "I-3"));
    assert!(waiting.reason.contains("Ipub = Dprp + TTLkey + publish-safety = 1h + 1h + 1h = 3h"), "{}", waiting.reason);
    state = future.state().clone();
    let signs = |now: UnixTime| {
        let step = step(&policy, &state, &Observations::default(), now);
        step.actions.iter().any(|action| matches!(action, Action::Sign { .. }))
    };
    assert!(!signs(UnixTime(at(SETTLED + 3).0 - 1)) && signs(at(SETTLED + 3)));
}

/// The same state, observations and time again: the same actions, and nothing changes.
#[test]
fn steps_are_idempotent() {
    for role in [Role::Ksk, Role::Zsk] {
        for method in [KskMethod::DoubleKsk, KskMethod::DoubleDs, KskMethod::DoubleRrset] {
            let policy = policy_with(|policy| policy.ksk.method = method);
            let state = rolling(&policy, role);
            let mut future = Future::new(&policy, &state, at(SETTLED), &PROMPT);
            for hour in 0..120 {
                future.run_until(at(SETTLED + hour));
                let now = at(SETTLED + hour);
                let once = step(&policy, future.state(), &Observations::default(), now);
                let twice = step(&policy, &once.state, &Observations::default(), now);
                assert_eq!((&twice.state, &twice.actions, &twice.waiting), (&once.state, &once.actions, &once.waiting));
                assert_eq!(twice.transitions, []);
            }
        }
    }
}

/// I-7: with a clock that went back nothing moves, and it says so.
#[test]
fn a_clock_that_went_back_moves_nothing() {
    let policy = policy();
    let state = rolling(&policy, Role::Zsk);
    let step = step(&policy, &state, &Observations::default(), at(SETTLED - 199));
    assert_eq!((step.state, step.actions.len()), (state, 0));
    assert_eq!((step.waiting.len(), step.waiting[0].gate, step.waiting[0].rule), (1, Gate::Clock, "I-7"));
}

/// A second forced roll of a role waits for the first, then takes its turn.
#[test]
fn a_second_roll_waits_for_the_first() {
    let policy = policy();
    let state = rolling(&policy, Role::Zsk);
    let mut future = Future::new(&policy, &state, at(SETTLED), &PROMPT);
    future.run_until(at(SETTLED + 1));
    let mut state = future.state().clone();
    state.request(Request { at: at(SETTLED + 1), ..request(RequestKind::Roll, Role::Zsk) });
    let first = step(&policy, &state, &Observations::default(), at(SETTLED + 1));
    assert!(first.waiting.iter().any(|waiting| waiting.what.contains("begin the roll")), "{:?}", first.waiting);
    assert!(!first.actions.iter().any(|action| matches!(action, Action::GenerateKey(_))), "{:?}", first.actions);
    let mut future = Future::new(&policy, &state, at(SETTLED + 1), &PROMPT);
    future.run_until(at(SETTLED + 100));
    let made = future.events().iter().filter(|event| event.what == "Tgen").map(|event| event.at).collect::<Vec<_>>();
    assert_eq!(made, [at(SETTLED + 29 + 3)], "when no cache has the first key's DNSKEY any more");
}

/// A roll asked for while the successor waits for the end of a lifetime: it waits no longer, and no other key is made.
#[test]
fn a_roll_asked_for_hastens_the_one_under_way() {
    let policy = policy_with(|policy| policy.zsk.lifetime = Lifetime::Limited(Seconds(1000 * HOUR)));
    let state = ZoneState::new("example.".parse().unwrap());
    let mut future = Future::new(&policy, &state, at(0), &PROMPT);
    future.run_until(at(997));
    let mut state = future.state().clone();
    state.request(Request { at: at(998), ..request(RequestKind::Roll, Role::Zsk) });
    let unhurried = policy_with(|policy| policy.delays.publish_safety = Seconds(0));
    let step = step(&unhurried, &state, &Observations::default(), at(999));
    assert!(step.actions.iter().any(|action| matches!(action, Action::Sign { .. })), "{:?}", step.waiting);
    assert!(!step.actions.iter().any(|action| matches!(action, Action::GenerateKey(_))), "{:?}", step.actions);
    assert_eq!(step.state.requests, []);
}

/// No refusal is for ever: whatever changes at once, with an obliging parent all that is to leave has left, and nothing
/// is waited for.
#[test]
fn every_change_comes_to_an_end() {
    type Change = fn(&mut Policy);
    let changes: &[(&str, Change)] = &[
        ("nothing", |_| {}),
        ("algorithm", |policy| {
            (policy.ksk.algorithm, policy.zsk.algorithm, policy.csk.algorithm) = (ED25519, ED25519, ED25519);
        }),
        ("csk", |policy| policy.roles = Roles::Csk),
        ("csk of another algorithm", |policy| {
            (policy.roles, policy.csk.algorithm) = (Roles::Csk, ED25519);
        }),
        ("insecure", |policy| policy.dnssec = DnssecGoal::Insecure),
        ("longer TTLs", |policy| policy.ttl.dnskey = Ttl::new(86_400).unwrap()),
    ];
    let methods: &[(&str, Change)] = &[
        ("usual", |_| {}),
        ("gradual", |policy| policy.signatures.replacement = Replacement::Gradual),
        ("double-DS", |policy| policy.ksk.method = KskMethod::DoubleDs),
        ("double-RRset", |policy| policy.ksk.method = KskMethod::DoubleRrset),
        ("double-signature", |policy| policy.zsk.method = ZskMethod::DoubleSignature),
        ("lenient", |policy| {
            policy.algorithm_roll = AlgorithmRoll::Liberal;
            policy.strict_algorithms = false;
        }),
        ("spares", |policy| (policy.ksk.standby, policy.zsk.standby) = (1, 1)),
    ];
    for (method_name, method) in methods {
        for (change_name, change) in changes {
            for kind in [None, Some(RequestKind::Roll), Some(RequestKind::EmergencyKeepChain)] {
                let before = policy_with(method);
                let mut state = settled(&before);
                for role in [Role::Ksk, Role::Zsk] {
                    kind.into_iter().for_each(|kind| state.request(request(kind, role)));
                }
                let mut after = before.clone();
                change(&mut after);
                let mut future = Future::new(&after, &state, at(SETTLED), &PROMPT);
                future.run_until(at(SETTLED + 3000));
                let what = format!("{method_name}, {change_name}, {kind:?}");
                let left: Vec<_> = future.state().keys.iter().filter(|key| key.goal == Goal::Out).collect();
                assert!(
                    left.iter().all(|key| key.states.are_hidden()),
                    "{what}: {left:#?} {:#?}",
                    future.last_waiting()
                );
                assert_eq!(future.last_waiting(), [], "{what}");
                assert_eq!(future.state().requests, [], "{what}");
            }
        }
    }
}

/// Of a zone taken over nobody told which keys were in reserve: one of a kind stays, the one with the DS, and the others stand
/// by as far as the policy wants, and go.
#[test]
fn of_several_keys_in_a_place_one_stays() {
    for standby in [0, 1] {
        let mut state = settled(&policy_with(|policy| policy.ksk.standby = 2));
        let ksks = state.keys.iter_mut().filter(|key| key.role == Role::Ksk);
        let with_ds: Vec<_> = ksks
            .filter_map(|key| {
                key.goal = Goal::In;
                key.states.ds.is_published().then(|| key.id.clone())
            })
            .collect();
        let policy = policy_with(|policy| policy.ksk.standby = standby);
        let mut future = Future::new(&policy, &state, at(SETTLED), &PROMPT);
        future.run_until(at(SETTLED + 500));
        let of = |goal| future.state().keys.iter().filter(move |key| key.role == Role::Ksk && key.goal == goal);
        let stays: Vec<_> = of(Goal::In).map(|key| key.id.clone()).collect();
        assert_eq!((stays, of(Goal::Standby).count()), (with_ds, usize::from(standby)));
        assert!(of(Goal::Out).all(|key| key.states.are_hidden()));
        assert_eq!(future.last_waiting(), []);
    }
}
