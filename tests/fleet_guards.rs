//! Guards: each lets everyday changes pass and stops the one it is for.

use zoneseal::base::{Diagnostics, Rtype, Seconds, Ttl, UnixTime};
use zoneseal::fleet::guard::{self, Guard, Limits, Refusal};
use zoneseal::policy::Policy;
use zoneseal::zone::{BuildOptions, Zone, build};
use zoneseal::zonefile::{Input, ReadOptions, read};

/// A zone with this SOA serial and these lines besides.
fn zone(serial: u32, lines: &str) -> Zone {
    let text = format!(
        "$ORIGIN example.org.\n$TTL 3600\n@ SOA ns hostmaster {serial} 7200 600 86400 300\n@ NS ns\nns A 192.0.2.1\n{lines}"
    );
    let mut findings = Diagnostics::new(10);
    let store = read(Input::Bytes { name: "test", text: text.as_bytes() }, &ReadOptions::default(), &mut findings)
        .expect("no file is read");
    let zone = build(store, &BuildOptions::default(), &mut findings);
    assert!(!findings.has_errors(), "{:?}", findings.list());
    zone.expect("there is an SOA")
}

fn hosts(count: usize) -> String {
    (0..count).map(|number| format!("host{number} A 192.0.2.7\n")).collect()
}

fn guards(refusals: &[Refusal]) -> Vec<Guard> {
    refusals.iter().map(|refusal| refusal.guard).collect()
}

#[track_caller]
fn assert_content(previous: (u32, &str), next: (u32, &str), expected: &[Guard]) {
    let refusals = guard::content(&zone(previous.0, previous.1), &zone(next.0, next.1), &Limits::default());
    assert_eq!(guards(&refusals), expected, "{refusals:?}");
}

/// SER-1: up is fine, also past 2^32; down and equal with other content are not.
#[test]
fn serials() {
    let a = "www A 192.0.2.5\n";
    let b = "www A 192.0.2.6\n";
    assert_content((5, a), (6, b), &[]);
    assert_content((5, a), (5, a), &[]);
    assert_content((u32::MAX, a), (1, b), &[]);
    assert_content((5, a), (5, b), &[Guard::SerialBackwards]);
    assert_content((6, a), (5, b), &[Guard::SerialBackwards]);
    assert_content((6, a), (5, a), &[Guard::SerialBackwards]);
    assert_content((0, a), (1 << 31, b), &[Guard::SerialBackwards]);
}

/// One name in ten may go, more may not; of a small zone two names may always go.
#[test]
fn vanished_names() {
    let of = |count| (1, hosts(count));
    for (before, after, expected) in [
        (98, 89, &[][..]),
        (98, 80, &[Guard::NamesVanished]),
        (6, 4, &[]),
        (6, 3, &[Guard::NamesVanished]),
        (10, 1000, &[]),
    ] {
        let (previous, next) = (of(before), of(after));
        assert_content((1, &previous.1), (2, &next.1), expected);
    }
}

#[test]
fn the_share_of_names_is_configurable() {
    let limits = Limits { names_vanished_percent: 60, ..Limits::default() };
    let (previous, next) = (zone(1, &hosts(100)), zone(2, &hosts(50)));
    assert_eq!(guard::content(&previous, &next, &limits), []);
}

/// The last MX, NS or DS of a name matters, one of several does not, and other types do not.
#[test]
fn vanished_rrsets() {
    let delegation =
        "sub NS ns.example.net.\nsub DS 1 13 2 0000000000000000000000000000000000000000000000000000000000000000\n";
    let insecure = "sub NS ns.example.net.\n";
    assert_content((1, delegation), (2, insecure), &[Guard::RrsetVanished]);
    assert_content((1, delegation), (2, ""), &[Guard::RrsetVanished]);
    assert_content((1, "@ MX 10 ns\n"), (2, ""), &[Guard::RrsetVanished]);
    assert_content((1, "@ MX 10 ns\n@ MX 20 ns\n"), (2, "@ MX 10 ns\n"), &[]);
    assert_content((1, "www TXT \"a\"\n"), (2, "www A 192.0.2.9\n"), &[]);
    let limits = Limits { kept_types: vec![Rtype::MX], ..Limits::default() };
    assert_eq!(guard::content(&zone(1, delegation), &zone(2, insecure), &limits), []);
}

#[test]
fn unsigned_under_a_ds() {
    assert_eq!(guard::unsigned_with_ds(false, 0), None);
    assert_eq!(guard::unsigned_with_ds(true, 2), None);
    assert_eq!(guard::unsigned_with_ds(false, 1).map(|refusal| refusal.guard), Some(Guard::UnsignedWithDs));
}

#[test]
fn large_ttls() {
    let zone = zone(1, "a 86401 A 192.0.2.3\nb 90000 A 192.0.2.3\nc 86400 A 192.0.2.3\n");
    let day = Ttl::new(86_400).unwrap();
    let refusal = guard::ttl_explosion(&zone, day).unwrap();
    assert_eq!(refusal.guard, Guard::TtlExplosion);
    assert!(refusal.message.contains("2 RRsets") && refusal.message.contains("b.example.org. A"), "{refusal}");
    assert_eq!(guard::ttl_explosion(&zone, Ttl::new(90_000).unwrap()), None);
}

#[test]
fn clocks() {
    let at = UnixTime(1_000);
    assert_eq!(guard::clock_backwards(None, at), None);
    assert_eq!(guard::clock_backwards(Some(at), at), None);
    let refusal = guard::clock_backwards(Some(UnixTime(4_600)), at).unwrap();
    assert!(refusal.message.contains("1h before"), "{refusal}");
}

/// TIM-4 to TIM-6: refused only where caches could hold signatures past their end; thin margins are said.
#[test]
fn budgets() {
    let mut policy = Policy::default();
    let codes = |policy: &Policy, lines: &str| {
        let mut warnings = Vec::new();
        let refusal = guard::validity_budget(&zone(1, lines), policy, &mut warnings);
        (refusal.map(|refusal| refusal.guard), warnings.iter().map(|warning| warning.code).collect::<Vec<_>>())
    };
    assert_eq!(codes(&policy, ""), (None, vec![]));
    policy.signatures.refresh = Seconds::DAY;
    assert_eq!(codes(&policy, ""), (None, vec!["validity-budget"]));
    policy.signatures.refresh = Seconds(86_399);
    assert_eq!(codes(&policy, "a 86400 A 192.0.2.3\n").0, Some(Guard::ValidityBudget));
    policy.signatures.refresh = Seconds(80_000);
    assert_eq!(codes(&policy, "").1, ["validity-budget", "soa-expire"]);
}

#[test]
fn names_read_back() {
    for guard in Guard::ALL {
        assert_eq!(guard.name().parse(), Ok(guard));
        assert_eq!(serde_json::to_value(guard).unwrap(), guard.name());
    }
    assert!("nonsense".parse::<Guard>().unwrap_err().contains("serial-backwards"));
}
