//! One timeline a kind of roll.

use super::example::{
    ED25519, HOUR, PROMPT, SETTLED, at, expect, policy, policy_with, request, rolling, same, settled,
};
use zoneseal::base::{Seconds, Ttl};
use zoneseal::policy::{AlgorithmRoll, DnssecGoal, KskMethod, Lifetime, Replacement, Roles, ZskMethod};
use zoneseal::rollover::{Assumptions, Future, RequestKind, Role, ZoneState, emergency, forecast};

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
        &[
            "0 withdraw /",
            "24 no-DS /",
            "24 Tret KSK/13",
            "50 Tret ZSK/13",
            "50 Tdea KSK/13",
            "50 Tdea ZSK/13",
            "50 Trem KSK/13",
            "50 Trem ZSK/13",
        ],
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

/// I-6: who looked before the TTL was lowered looks again by the old one, so trust in the successor comes by that: with
/// TTLkey 48 h, Itrp is two days more than the hold-down.
#[test]
fn rfc5011_counts_with_the_ttl_that_was() {
    let before = policy_with(|policy| {
        policy.rfc5011 = true;
        policy.ttl.dnskey = Ttl::new(48 * 3600).unwrap();
    });
    let mut state = settled(&policy_with(|policy| policy.ttl.dnskey = before.ttl.dnskey));
    state.request(request(RequestKind::Roll, Role::Ksk));
    let mut future = Future::new(&before, &state, at(SETTLED), &PROMPT);
    future.run_until(at(SETTLED + 24));
    let after = policy_with(|policy| policy.rfc5011 = true);
    let events = forecast(&after, future.state(), at(SETTLED + 24), at(SETTLED + 4000), &PROMPT);
    let revoked = events.iter().find(|event| event.what == "Trev").expect("it is revoked");
    // Dprp 1, Itrp 2 * 24 + 720, margin 1.
    assert_eq!(revoked.at, at(SETTLED + 770), "{events:?}");
}

/// E-3: as the ordinary roll, at once.
#[test]
fn stolen_ksk_keeping_the_chain() {
    let policy = policy();
    let state = settled(&policy);
    same(
        &emergency(&policy, &state, (Role::Ksk, None), at(SETTLED)).keep_chain,
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
        &emergency(&policy, &state, (Role::Ksk, None), at(SETTLED)).break_chain,
        &[
            "0 Tgen KSK/13",
            "0 Tpub KSK/13",
            "0 withdraw /",
            "3 Trdy KSK/13",
            "24 no-DS /",
            "24 Tret KSK/13",
            "50 Tdea KSK/13",
            "50 Trem KSK/13",
            "53 Tsbm KSK/13",
            "77 DS /",
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
        &emergency(&policy, &state, (Role::Ksk, None), at(SETTLED)).keep_chain,
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
        &emergency(&policy, &state, (Role::Zsk, None), at(SETTLED)).keep_chain,
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
        &emergency(&policy, &state, (Role::Zsk, None), at(SETTLED)).keep_chain,
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

/// E-3: a CSK goes as in the ordinary roll, at once.
#[test]
fn stolen_csk_keeping_the_chain() {
    let policy = policy_with(|policy| policy.roles = Roles::Csk);
    let state = settled(&policy);
    same(
        &emergency(&policy, &state, (Role::Csk, None), at(SETTLED)).keep_chain,
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

/// E-3: the DS is gone after Dreg 24 h and out of all caches after 26 h more; then the stolen key goes, and when no cache has
/// anything of it its successor gets a DS.
#[test]
fn stolen_csk_breaking_the_chain() {
    let policy = policy_with(|policy| policy.roles = Roles::Csk);
    let state = settled(&policy);
    same(
        &emergency(&policy, &state, (Role::Csk, None), at(SETTLED)).break_chain,
        &[
            "0 Tgen CSK/13",
            "0 Tpub CSK/13",
            "0 withdraw /",
            "3 Trdy CSK/13",
            "3 Tact CSK/13",
            "3 Tret CSK/13",
            "24 no-DS /",
            "50 Tdea CSK/13",
            "50 Trem CSK/13",
            "53 Tsbm CSK/13",
            "77 DS /",
        ],
    );
}

/// E-3: the stolen ZSK goes as fast as with the chain kept, Ipub 3 h and Iret 26 h; when no cache has its DNSKEY, 3 h later,
/// the DS may come back.
#[test]
fn stolen_zsk_breaking_the_chain() {
    let policy = policy();
    let state = settled(&policy);
    same(
        &emergency(&policy, &state, (Role::Zsk, None), at(SETTLED)).break_chain,
        &[
            "0 Tgen ZSK/13",
            "0 Tpub ZSK/13",
            "0 withdraw /",
            "3 Trdy ZSK/13",
            "3 Tact ZSK/13",
            "3 Tret ZSK/13",
            "24 no-DS /",
            "29 Tdea ZSK/13",
            "29 Trem ZSK/13",
            "32 Tsbm KSK/13",
            "56 DS /",
        ],
    );
}

/// A spare is published and waits; it takes over in a roll without waiting for Ipub, and another one takes its place.
#[test]
fn standby() {
    let before = settled(&policy());
    let policy = policy_with(|policy| policy.zsk.standby = 1);
    expect(&policy, &before, &["0 Tgen ZSK/13", "0 Tpub ZSK/13", "3 Trdy ZSK/13"]);
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
