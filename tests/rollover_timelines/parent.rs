//! What the parent has, loses, goes back to, or was not looked at for.

use super::example::{HOUR, PROMPT, SETTLED, at, policy, policy_with, request, rolling, settled};
use zoneseal::base::{Algorithm, DigestType, Octets, Seconds, Ttl, UnixTime};
use zoneseal::keys::ds::ds_rdata;
use zoneseal::policy::{DnssecGoal, KskMethod};
use zoneseal::rollover::{
    Action, Assumptions, CdsTarget, Future, Gate, KeyRecord, Observations, ParentServer, ParentView, RequestKind, Role,
    Source, Step, ZoneState, foreign_key, step,
};

/// The parent goes back to the old DS while the old key is in its purge delay: its DNSKEY comes back.
#[test]
fn a_key_the_parent_goes_back_to_comes_back() {
    let policy = policy();
    let mut future_state = rolling(&policy, Role::Ksk);
    let old = future_state.keys[0].clone();
    let mut future = Future::new(&policy, &future_state, at(SETTLED), &PROMPT);
    future.run_until(at(SETTLED + 100));
    future_state = future.state().clone();
    assert!(future_state.key(&old.id).unwrap().states.are_hidden());
    let now = at(SETTLED + 101);
    let ds = ds_rdata(DigestType::SHA256, future_state.zone.as_name(), &old.dnskey_rdata.0).unwrap();
    let parent = ParentView::word(vec![Octets(ds)], Ttl::new(86_400).unwrap(), now);
    let seen = Observations { parent: Some(parent), ..Observations::default() };
    let step = step(&policy, &future_state, &seen, now);
    let back = step.state.target.keys.iter().find(|one| one.key == old.id).expect("the old key is in use again");
    assert!(back.is_published && back.signs_dnskey);
    assert!(step.actions.iter().any(|action| matches!(action, Action::SubmitDs { .. })), "{:?}", step.actions);
    assert!(step.actions.iter().any(|action| matches!(action, Action::WithdrawDs { .. })), "{:?}", step.actions);
}

/// A DS that fits no key is named, with the change that is needed, and moves go on.
#[test]
fn a_stale_ds_is_named() {
    let policy = policy();
    let state = settled(&policy);
    let now = at(SETTLED + 1);
    let ours = ds_rdata(DigestType::SHA256, state.zone.as_name(), &state.keys[0].dnskey_rdata.0);
    let stale = Octets(vec![0x12, 0x34, 8, 2, 1, 2, 3]);
    let mut parent = ParentView::word(vec![Octets(ours.unwrap()), stale.clone()], Ttl::new(86_400).unwrap(), now);
    let silent = ParentServer { name: "b.parent.".to_owned(), answer: Err("timeout".to_owned()) };
    let seen = |parent: &ParentView| Observations { parent: Some(parent.clone()), ..Observations::default() };
    let named = step(&policy, &state, &seen(&parent), now);
    let gone = named.actions.iter().find_map(|action| match action {
        Action::WithdrawDs { ds, .. } => Some(ds.clone()),
        _ => None,
    });
    assert_eq!(gone, Some(vec![stale]));
    parent.servers.push(silent);
    let unsure = step(&policy, &state, &seen(&parent), now);
    assert!(unsure.waiting.iter().any(|waiting| waiting.rule == "I-4" && waiting.reason.contains("b.parent.")));
}

/// Never unsigned while some DS may be cached: the parent that does not act holds the zone signed for as long as it takes.
#[test]
fn never_unsigned_while_the_parent_has_a_ds() {
    let state = settled(&policy());
    let policy = policy_with(|policy| policy.dnssec = DnssecGoal::Insecure);
    let stuck = Assumptions { registration_delay: Seconds(100_000 * HOUR), run_interval: Seconds::DAY };
    let mut future = Future::new(&policy, &state, at(SETTLED), &stuck);
    future.run_until(at(SETTLED + 10_000));
    assert!(future.state().target.is_signed());
    let waits =
        |waiting: &&zoneseal::rollover::Waiting| waiting.gate == Gate::Parent && waiting.what.contains("lose the DS");
    assert!(future.last_waiting().iter().any(|waiting| waits(&waiting)), "{:?}", future.last_waiting());
}

/// What the parent has, seen at all its servers.
fn seen(state: &ZoneState, keys: &[&KeyRecord], now: UnixTime) -> Observations {
    let ds = |key: &&KeyRecord| {
        Octets(ds_rdata(DigestType::SHA256, state.zone.as_name(), &key.dnskey_rdata.0).expect("SHA-256 is known"))
    };
    let word = ParentView::word(keys.iter().map(ds).collect(), Ttl::new(86_400).unwrap(), now);
    Observations { parent: Some(ParentView { source: Source::Observed, ..word }), ..Observations::default() }
}

/// The keys that the next signing has in the DNSKEY RRset.
fn published(step: &Step) -> Vec<String> {
    let keys = step.state.target.keys.iter().filter(|one| one.is_published);
    keys.map(|one| one.key.to_string()).collect()
}

/// A wait for the old DS to leave the caches ends with a look at the parent that shows it still gone: a look of before
/// says nothing of a parent that has gone back since.
#[test]
fn a_wait_for_the_parent_ends_with_a_look() {
    for method in [KskMethod::DoubleKsk, KskMethod::DoubleDs, KskMethod::DoubleRrset] {
        let policy = policy_with(|policy| policy.ksk.method = method);
        let state = rolling(&policy, Role::Ksk);
        let old = state.keys[0].clone();
        let (looked, due) = match method {
            KskMethod::DoubleKsk => (at(SETTLED + 27), at(SETTLED + 53)),
            KskMethod::DoubleDs | KskMethod::DoubleRrset => (at(SETTLED + 24), at(SETTLED + 50)),
        };
        let mut future = Future::new(&policy, &state, at(SETTLED), &PROMPT);
        future.run_until(looked);
        let state = future.state().clone();
        let unseen = step(&policy, &state, &Observations::default(), due);
        assert!(published(&unseen).contains(&old.id.to_string()), "{method:?}");
        let is_look =
            |action: &Action| matches!(action, Action::Notify { message } if message.contains("Look at the parent"));
        assert!(unseen.actions.iter().any(is_look), "{method:?}: {:?}", unseen.actions);
        let waits = unseen.waiting.iter().any(|one| one.gate == Gate::Parent && one.help.contains("zoneseal observe"));
        assert!(waits, "{method:?}: {:?}", unseen.waiting);
        let new = state.keys.iter().rfind(|key| key.role == Role::Ksk).expect("the successor was made").clone();
        let both: &[&KeyRecord] = if method == KskMethod::DoubleKsk { &[&new] } else { &[&old, &new] };
        let at_once = step(&policy, &state, &seen(&state, both, due), due);
        assert_eq!(
            (published(&at_once).contains(&old.id.to_string()), published(&at_once).contains(&new.id.to_string())),
            (false, true),
            "{method:?}"
        );
        let mut word = state.clone();
        word.is_ds_word = true;
        let by_word = step(&policy, &word, &Observations::default(), due);
        assert!(!published(&by_word).contains(&old.id.to_string()), "{method:?}: an operator's word holds");
    }
}

/// What is to be handed in is the whole DS RRset: the parent may have lost what it had when it was last seen.
#[test]
fn advice_is_the_whole_ds_rrset() {
    let policy = policy_with(|policy| policy.ksk.method = KskMethod::DoubleDs);
    let state = rolling(&policy, Role::Ksk);
    let mut future = Future::new(&policy, &state, at(SETTLED), &PROMPT);
    future.run_until(at(SETTLED));
    let state = future.state().clone();
    let ksks: Vec<&KeyRecord> = state.keys.iter().filter(|key| key.role == Role::Ksk).collect();
    let asked = step(&policy, &state, &seen(&state, &ksks[..1], at(SETTLED)), at(SETTLED));
    let submitted = asked.actions.iter().find_map(|action| match action {
        Action::SubmitDs { keys, ds, whole } => Some((keys.clone(), ds.len(), whole.len())),
        _ => None,
    });
    assert_eq!(submitted, Some((vec![ksks[1].id.clone()], 1, 2)));
}

/// RFC 8901: keys of other signers stay in the DNSKEY RRset, and what fits no key of ours at the parent may be theirs. What
/// there is to be in the end has both, and CDS, which would have the parent drop theirs, are not published.
#[test]
fn keys_of_other_signers_stay() {
    let policy = policy();
    let mut state = settled(&policy);
    let current = state.dnskey.current().unwrap().clone();
    let mut with_other = current.value.clone();
    with_other.keys.insert(foreign_key(Algorithm(13), 4711));
    state.dnskey.publish(&[(with_other, current.ttl)], at(SETTLED));
    let theirs = Octets(vec![0x12, 0x34, 13, 2, 1, 2, 3]);
    let look = |state: &ZoneState, now| {
        let ksk = &state.keys.iter().find(|key| key.role == Role::Ksk).unwrap();
        let mut seen = seen(state, &[ksk], now);
        seen.parent.as_mut().unwrap().servers[0].answer.as_mut().unwrap().ds.push(theirs.clone());
        seen
    };
    let quiet = step(&policy, &state, &look(&state, at(SETTLED)), at(SETTLED));
    assert!(quiet.actions.iter().all(|action| !matches!(action, Action::WithdrawDs { .. })), "{:?}", quiet.actions);
    assert!(quiet.state.foreign_keys().contains(&foreign_key(Algorithm(13), 4711)));
    assert_eq!(quiet.state.target.cds, CdsTarget::None);
    for action in &quiet.actions {
        if let Action::Sign { changes, .. } = action {
            assert_eq!(changes, &["CDS and CDNSKEY"]);
        }
    }
    state.request(request(RequestKind::Roll, Role::Ksk));
    let mut future = Future::new(&policy, &state, at(SETTLED), &PROMPT);
    future.run_until(at(SETTLED + 2));
    let state = future.state().clone();
    let asked = step(&policy, &state, &look(&state, at(SETTLED + 4)), at(SETTLED + 4));
    let whole = asked.actions.iter().find_map(|action| match action {
        Action::SubmitDs { whole, .. } => Some(whole.clone()),
        _ => None,
    });
    assert!(whole.is_some_and(|whole| whole.contains(&theirs) && whole.len() == 2), "{:?}", asked.actions);
}
