//! Fixed timelines of every kind of roll, with the quantities of RFC 7583 written out.
//!
//! The figures are those of the worked example: TTLsig 1 d, TTLkey 1 h, TTLds 1 d, Dprp 1 h, DprpP 1 h, margins 1 h
//! each, and a parent that has a DS a day after it is handed in (Dreg 24 h).

use zoneseal::base::{Algorithm, Seconds, Ttl, UnixTime};
use zoneseal::policy::{
    AlgorithmRoll, DnssecGoal, KskMethod, Lifetime, Policy, Preset, PurgeDelay, Replacement, Roles, ZskMethod,
};
use zoneseal::rollover::{
    Action, Assumptions, Event, Future, Gate, Goal, Observations, Request, RequestKind, Role, ZoneState, emergency,
    forecast, step,
};

const HOUR: i64 = 3600;
/// Hours until the zone of [`settled`] is signed, its DS is seen and everything is in every cache.
const SETTLED: i64 = 200;
const PROMPT: Assumptions = Assumptions { registration_delay: Seconds::DAY, run_interval: Seconds(0) };
const ED25519: Algorithm = Algorithm(15);

/// The worked example, without lifetimes, so that only what is asked for happens.
fn policy() -> Policy {
    let mut policy = Policy::preset(Preset::Nist81r3);
    policy.ttl.dnskey = Ttl::new(3600).unwrap();
    policy.ttl.max_zone = Ttl::new(86_400).unwrap();
    policy.delays.zone_propagation = Seconds::HOUR;
    policy.delays.parent_propagation = Seconds::HOUR;
    policy.delays.parent_ds_ttl = Ttl::new(86_400).unwrap();
    policy.delays.parent_registration = Seconds::DAY;
    policy.delays.publish_safety = Seconds::HOUR;
    policy.delays.retire_safety = Seconds::HOUR;
    policy.signatures.validity = Seconds(7 * 24 * HOUR);
    policy.signatures.refresh = Seconds(3 * 24 * HOUR);
    policy.signatures.replacement = Replacement::Full;
    policy.run_interval = Seconds(0);
    policy.purge_delay = PurgeDelay::Never;
    policy.ksk.lifetime = Lifetime::Unlimited;
    policy.zsk.lifetime = Lifetime::Unlimited;
    policy.csk.lifetime = Lifetime::Unlimited;
    policy
}

/// The worked example, changed.
fn policy_with(change: impl FnOnce(&mut Policy)) -> Policy {
    let mut policy = policy();
    change(&mut policy);
    policy
}

fn at(hours: i64) -> UnixTime {
    UnixTime(hours * HOUR)
}

/// A zone that has been signed by a policy for long.
fn settled(policy: &Policy) -> ZoneState {
    let state = ZoneState::new("example.".parse().unwrap());
    let mut future = Future::new(policy, &state, at(0), &PROMPT);
    future.run_until(at(SETTLED));
    future.state().clone()
}

fn request(kind: RequestKind, role: Role) -> Request {
    Request { kind, role, key: None, at: at(SETTLED), reason: String::new() }
}

/// A settled zone of which a roll is asked.
fn rolling(policy: &Policy, role: Role) -> ZoneState {
    let mut state = settled(policy);
    state.request(request(RequestKind::Roll, role));
    state
}

/// What happens from then on, each event as hours after, name in RFC 7583, role and algorithm.
#[track_caller]
fn expect(policy: &Policy, state: &ZoneState, expected: &[&str]) {
    same(&forecast(policy, state, at(SETTLED), at(SETTLED + 4000), &PROMPT), expected);
}

#[track_caller]
fn same(events: &[Event], expected: &[&str]) {
    let found: Vec<String> = events.iter().map(line).collect();
    assert_eq!(found, expected, "\n{}", found.iter().map(|line| format!("\"{line}\",\n")).collect::<String>());
}

fn line(event: &Event) -> String {
    let seconds = event.at.since(at(SETTLED)).0;
    assert_eq!(seconds % HOUR, 0, "the quantities are whole hours: {event:?}");
    let role = event.words.split(' ').find(|word| ["KSK", "ZSK", "CSK"].contains(word)).unwrap_or_default();
    let algorithm = event.key.as_ref().and_then(|key| key.as_str().split('+').nth(1)).unwrap_or_default();
    format!("{} {} {role}/{}", seconds / HOUR, event.what, algorithm.trim_start_matches('0'))
}

/// Nothing happens to a zone that is as its policy wants it.
#[test]
fn nothing_to_do() {
    let policy = policy();
    let state = settled(&policy);
    expect(&policy, &state, &[]);
}

/// RFC 7583 section 3.2.1: Ipub = 1 + 1 + 1 h, Iret = 1 + 24 + 1 h after a signing that replaces all.
#[test]
fn zsk_by_pre_publication() {
    let policy = policy();
    let state = rolling(&policy, Role::Zsk);
    expect(
        &policy,
        &state,
        &[
            "0 Tgen ZSK/13",
            "0 Tpub ZSK/13",
            "3 Trdy ZSK/13",
            "3 Tact ZSK/13",
            "3 Tret ZSK/13",
            "29 Tdea ZSK/13",
            "29 Trem ZSK/13",
        ],
    );
}

/// RFC 7583 section 3.2.1: Dsgn = 7 d - 3 d + 1 d = 120 h, so Iret = 146 h.
#[test]
fn zsk_by_pre_publication_replaced_gradually() {
    let base = policy();
    let policy = policy_with(|policy| {
        policy.signatures.replacement = Replacement::Gradual;
        policy.run_interval = Seconds::DAY;
    });
    let state = rolling(&base, Role::Zsk);
    expect(
        &policy,
        &state,
        &[
            "0 Tgen ZSK/13",
            "0 Tpub ZSK/13",
            "3 Trdy ZSK/13",
            "3 Tact ZSK/13",
            "3 Tret ZSK/13",
            "149 Tdea ZSK/13",
            "149 Trem ZSK/13",
        ],
    );
}

/// RFC 7583 section 3.2.2: Iret = Dprp + max(TTLkey, TTLsig) = 26 h; key and signatures go together.
#[test]
fn zsk_by_double_signature() {
    let policy = policy_with(|policy| policy.zsk.method = ZskMethod::DoubleSignature);
    let state = rolling(&policy, Role::Zsk);
    expect(
        &policy,
        &state,
        &[
            "0 Tgen ZSK/13",
            "0 Tpub ZSK/13",
            "0 Tact ZSK/13",
            "0 Tret ZSK/13",
            "3 Trdy ZSK/13",
            "26 Tdea ZSK/13",
            "26 Trem ZSK/13",
        ],
    );
}

/// RFC 7583 section 3.3.1: IpubC = 3 h, Dreg = 24 h, Iret = 1 + 24 + 1 h.
#[test]
fn ksk_by_double_ksk() {
    let policy = policy();
    let state = rolling(&policy, Role::Ksk);
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
            "53 Trem KSK/13",
        ],
    );
}

/// RFC 7583 section 3.3.2: Dreg = 24 h, IpubP = 26 h, then key for key; Iret = 3 h and the old DS goes.
#[test]
fn ksk_by_double_ds() {
    let policy = policy_with(|policy| policy.ksk.method = KskMethod::DoubleDs);
    let state = rolling(&policy, Role::Ksk);
    expect(
        &policy,
        &state,
        &[
            "0 Tgen KSK/13",
            "0 Tsbm KSK/13",
            "50 Tpub KSK/13",
            "50 Tact KSK/13",
            "50 Tret KSK/13",
            "50 Tdea KSK/13",
            "50 Trem KSK/13",
            "53 Trdy KSK/13",
        ],
    );
}

/// RFC 7583 section 3.3.3: Ipub = max(IpubC, Dreg + IpubP) = max(3, 24 + 26) h, then both go.
#[test]
fn ksk_by_double_rrset() {
    let policy = policy_with(|policy| policy.ksk.method = KskMethod::DoubleRrset);
    let state = rolling(&policy, Role::Ksk);
    expect(
        &policy,
        &state,
        &[
            "0 Tgen KSK/13",
            "0 Tpub KSK/13",
            "0 Tsbm KSK/13",
            "3 Trdy KSK/13",
            "24 Tact KSK/13",
            "24 Tret KSK/13",
            "50 Tdea KSK/13",
            "50 Trem KSK/13",
        ],
    );
}

/// RFC 6781 section 4.1.4: 26 h signatures, 3 h DNSKEY, Dreg, 26 h DS, 3 h DNSKEY gone, then the old signatures go.
#[test]
fn algorithm_conservatively() {
    let state = settled(&policy());
    let policy = policy_with(|policy| (policy.ksk.algorithm, policy.zsk.algorithm) = (ED25519, ED25519));
    expect(
        &policy,
        &state,
        &[
            "0 Tgen KSK/15",
            "0 Tgen ZSK/15",
            "0 Tact ZSK/15",
            "26 Tpub KSK/15",
            "26 Tpub ZSK/15",
            "29 Trdy KSK/15",
            "29 Trdy ZSK/15",
            "29 Tsbm KSK/15",
            "53 Tact KSK/15",
            "53 Tret KSK/13",
            "79 Tdea KSK/13",
            "79 Tdea ZSK/13",
            "79 Trem KSK/13",
            "79 Trem ZSK/13",
            "82 Tret ZSK/13",
        ],
    );
}

/// The work of both keys is taken over by one: data at 3 h, the DS at 3 h + Dreg.
#[test]
fn ksk_and_zsk_to_csk() {
    let state = settled(&policy());
    let policy = policy_with(|policy| policy.roles = Roles::Csk);
    expect(
        &policy,
        &state,
        &[
            "0 Tgen CSK/13",
            "0 Tpub CSK/13",
            "3 Trdy CSK/13",
            "3 Tsbm CSK/13",
            "3 Tact CSK/13",
            "3 Tret ZSK/13",
            "27 Tret KSK/13",
            "29 Tdea ZSK/13",
            "29 Trem ZSK/13",
            "53 Tdea KSK/13",
            "53 Trem KSK/13",
        ],
    );
}

/// The work of one key is taken over by two.
#[test]
fn csk_to_ksk_and_zsk() {
    let state = settled(&policy_with(|policy| policy.roles = Roles::Csk));
    let policy = policy();
    expect(
        &policy,
        &state,
        &[
            "0 Tgen KSK/13",
            "0 Tgen ZSK/13",
            "0 Tpub KSK/13",
            "0 Tpub ZSK/13",
            "3 Trdy KSK/13",
            "3 Trdy ZSK/13",
            "3 Tsbm KSK/13",
            "3 Tact ZSK/13",
            "27 Tact KSK/13",
            "27 Tret CSK/13",
            "53 Tdea CSK/13",
            "53 Trem CSK/13",
        ],
    );
}

/// RFC 6781 section 4.1.3: after IpubC both swaps; the old key goes Iret = max(26 h, 26 h) after the later one.
#[test]
fn csk() {
    let policy = policy_with(|policy| policy.roles = Roles::Csk);
    let state = rolling(&policy, Role::Csk);
    expect(
        &policy,
        &state,
        &[
            "0 Tgen CSK/13",
            "0 Tpub CSK/13",
            "3 Trdy CSK/13",
            "3 Tsbm CSK/13",
            "3 Tact CSK/13",
            "3 Tret CSK/13",
            "53 Tdea CSK/13",
            "53 Trem CSK/13",
        ],
    );
}

/// E-1: Dreg 24 h, DprpP + TTLds + margin 26 h, then everything goes.
#[test]
fn going_insecure() {
    let state = settled(&policy());
    let policy = policy_with(|policy| policy.dnssec = DnssecGoal::Insecure);
    expect(
        &policy,
        &state,
        &["24 Tret KSK/13", "50 Tret ZSK/13", "50 Tdea KSK/13", "50 Tdea ZSK/13", "50 Trem KSK/13", "50 Trem ZSK/13"],
    );
}

/// The DS is asked for when no cache has unsigned data: Dprp + TTLsig + margin = 26 h.
#[test]
fn coming_back() {
    let state = settled(&policy_with(|policy| policy.dnssec = DnssecGoal::Insecure));
    assert!(state.keys.is_empty());
    let policy = policy();
    expect(
        &policy,
        &state,
        &[
            "0 Tgen KSK/13",
            "0 Tgen ZSK/13",
            "0 Tpub KSK/13",
            "0 Tpub ZSK/13",
            "0 Tact ZSK/13",
            "3 Trdy KSK/13",
            "3 Trdy ZSK/13",
            "26 Tsbm KSK/13",
            "50 Tact KSK/13",
        ],
    );
}

/// Itrp = 2 * 1 h + 30 d, Dprp and margin 1 h each, so revoked at 724 h; R-5: its DS is gone at 53 h; R-4: 30 d more.
#[test]
fn ksk_that_is_a_trust_anchor() {
    let state = rolling(&policy(), Role::Ksk);
    let policy = policy_with(|policy| policy.rfc5011 = true);
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
}

/// E-3: as the ordinary roll, at once.
#[test]
fn stolen_ksk_keeping_the_chain() {
    let policy = policy();
    let state = settled(&policy);
    same(
        &emergency(&policy, &state, Role::Ksk, at(SETTLED)).keep_chain,
        &[
            "0 Tgen KSK/13",
            "0 Tpub KSK/13",
            "3 Trdy KSK/13",
            "3 Tsbm KSK/13",
            "27 Tact KSK/13",
            "27 Tret KSK/13",
            "53 Tdea KSK/13",
            "53 Trem KSK/13",
        ],
    );
}

/// E-3: Dreg 24 h and the DS is gone, 26 h and no cache has it; the new key's DS is asked for when no cache has the old key.
#[test]
fn stolen_ksk_breaking_the_chain() {
    let policy = policy();
    let state = settled(&policy);
    same(
        &emergency(&policy, &state, Role::Ksk, at(SETTLED)).break_chain,
        &[
            "0 Tgen KSK/13",
            "0 Tpub KSK/13",
            "3 Trdy KSK/13",
            "24 Tret KSK/13",
            "50 Tdea KSK/13",
            "50 Trem KSK/13",
            "53 Tsbm KSK/13",
            "77 Tact KSK/13",
        ],
    );
}

/// E-4: the spare signs the DNSKEY RRset already, so its DS is asked for at once.
#[test]
fn stolen_ksk_with_a_spare() {
    let policy = policy_with(|policy| (policy.ksk.standby, policy.zsk.standby) = (1, 1));
    let state = settled(&policy);
    same(
        &emergency(&policy, &state, Role::Ksk, at(SETTLED)).keep_chain,
        &[
            "0 Tgen KSK/13",
            "0 Tpub KSK/13",
            "0 Tsbm KSK/13",
            "3 Trdy KSK/13",
            "24 Tact KSK/13",
            "24 Tret KSK/13",
            "50 Tdea KSK/13",
            "50 Trem KSK/13",
        ],
    );
}

/// E-2: without a spare Ipub = 3 h comes first.
#[test]
fn stolen_zsk() {
    let policy = policy();
    let state = settled(&policy);
    same(
        &emergency(&policy, &state, Role::Zsk, at(SETTLED)).keep_chain,
        &[
            "0 Tgen ZSK/13",
            "0 Tpub ZSK/13",
            "3 Trdy ZSK/13",
            "3 Tact ZSK/13",
            "3 Tret ZSK/13",
            "29 Tdea ZSK/13",
            "29 Trem ZSK/13",
        ],
    );
}

/// E-2: the spare signs at once, all is signed anew, and the stolen key goes 26 h later.
#[test]
fn stolen_zsk_with_a_spare() {
    let policy = policy_with(|policy| (policy.ksk.standby, policy.zsk.standby) = (1, 1));
    let state = settled(&policy);
    same(
        &emergency(&policy, &state, Role::Zsk, at(SETTLED)).keep_chain,
        &[
            "0 Tgen ZSK/13",
            "0 Tpub ZSK/13",
            "0 Tact ZSK/13",
            "0 Tret ZSK/13",
            "3 Trdy ZSK/13",
            "26 Tdea ZSK/13",
            "26 Trem ZSK/13",
        ],
    );
}

/// RFC 7583 section 3.2.1: Tpub(N+1) <= Tact(N) + Lzsk - Ipub, Tact(N+1) = Tact(N) + Lzsk; section 3.3.1:
/// Tpub(N+1) <= Tact(N) + Lksk - Dreg - IpubC.
#[test]
fn successors_come_before_lifetimes_end() {
    let policy = policy_with(|policy| {
        policy.zsk.lifetime = Lifetime::Limited(Seconds(1000 * HOUR));
        policy.ksk.lifetime = Lifetime::Limited(Seconds(1200 * HOUR));
    });
    let state = ZoneState::new("example.".parse().unwrap());
    let events = forecast(&policy, &state, at(0), at(1300), &PROMPT);
    let time = |what: &str, index: usize, role: &str| {
        let mut found = events.iter().filter(|event| event.what == what && event.words.starts_with(role));
        found.nth(index).map(|event| event.at.0 / HOUR)
    };
    assert_eq!(
        (time("Tact", 0, "ZSK"), time("Tpub", 1, "ZSK"), time("Tact", 1, "ZSK")),
        (Some(0), Some(997), Some(1000))
    );
    let (tact, dreg, ipub) = (26 + 24, 24, 3);
    assert_eq!(time("Tact", 0, "KSK"), Some(tact));
    assert_eq!(time("Tpub", 1, "KSK"), Some(tact + 1200 - dreg - ipub));
    assert_eq!(time("Tact", 1, "KSK"), Some(tact + 1200));
}

/// With a run a day every wait rounds up to the next run, and no successor is late: it comes a run earlier.
#[test]
fn waits_round_up_to_runs() {
    let policy = policy_with(|policy| {
        policy.run_interval = Seconds::DAY;
        policy.zsk.lifetime = Lifetime::Limited(Seconds(50 * 24 * HOUR));
    });
    let state = ZoneState::new("example.".parse().unwrap());
    let daily = Assumptions { registration_delay: Seconds(30 * HOUR), run_interval: Seconds::DAY };
    let mut future = Future::new(&policy, &state, at(0), &daily);
    future.run_until(at(24 * 60));
    let acts: Vec<i64> =
        future.events().iter().filter(|event| event.what == "Tact").map(|event| event.at.0 / HOUR).collect();
    assert_eq!(
        acts,
        [0, 48 + 48, 24 * 50],
        "ZSK at once, DS asked for on day 2 and there on day 4, next ZSK on day 50"
    );
}

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

/// The parent goes back to the old DS while the old key is in its purge delay: its DNSKEY comes back.
#[test]
fn a_key_the_parent_goes_back_to_comes_back() {
    use zoneseal::base::{DigestType, Octets};
    use zoneseal::keys::ds::ds_rdata;
    use zoneseal::rollover::ParentView;
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
    use zoneseal::base::Octets;
    use zoneseal::rollover::{ParentServer, ParentView};
    let policy = policy();
    let state = settled(&policy);
    let now = at(SETTLED + 1);
    let ours = zoneseal::keys::ds::ds_rdata(
        zoneseal::base::DigestType::SHA256,
        state.zone.as_name(),
        &state.keys[0].dnskey_rdata.0,
    );
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
/// RFC 6840 section 5.11: signatures and DNSKEYs come together (26 h), Dreg, 26 h, and go together.
#[test]
fn algorithm_liberally() {
    let state = settled(&policy());
    let policy = policy_with(|policy| {
        (policy.ksk.algorithm, policy.zsk.algorithm) = (ED25519, ED25519);
        policy.algorithm_roll = AlgorithmRoll::Liberal;
        policy.strict_algorithms = false;
    });
    expect(
        &policy,
        &state,
        &[
            "0 Tgen KSK/15",
            "0 Tgen ZSK/15",
            "0 Tpub KSK/15",
            "0 Tpub ZSK/15",
            "0 Tact ZSK/15",
            "3 Trdy KSK/15",
            "3 Trdy ZSK/15",
            "26 Tsbm KSK/15",
            "50 Tact KSK/15",
            "50 Tret KSK/13",
            "76 Tret ZSK/13",
            "76 Tdea KSK/13",
            "76 Tdea ZSK/13",
            "76 Trem KSK/13",
            "76 Trem ZSK/13",
        ],
    );
}
