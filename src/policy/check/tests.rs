use super::*;
use crate::base::{Algorithm, Ttl};
use crate::policy::Preset;
use crate::policy::model::{AlgorithmRoll, Denial, Lifetime, Nsec3Policy, PurgeDelay, ZonemdDigest};

const DAY: i64 = 86_400;

/// The findings about a policy that differs from a preset in one way: codes and messages, errors marked.
fn findings(preset: Preset, change: impl FnOnce(&mut Policy)) -> Vec<String> {
    let mut policy = Policy::preset(preset);
    change(&mut policy);
    policy.check().iter().map(ToString::to_string).collect()
}

#[track_caller]
fn assert_finding(change: impl FnOnce(&mut Policy), expected: &str) {
    let found = findings(Preset::Nist81r3, change);
    assert!(found.iter().any(|finding| finding.starts_with(expected)), "not found: {expected}\n{found:#?}");
}

#[test]
fn presets_have_nothing_to_complain_about() {
    for preset in Preset::ALL {
        assert_eq!(findings(preset, |_| ()), Vec::<String>::new(), "{}", preset.name());
    }
}

/// Whatever the other profiles allow is measured by the profile's own limits.
#[test]
fn profiles_differ() {
    let long = |policy: &mut Policy| policy.signatures.dnskey_validity = Seconds(10 * DAY);
    let severity = |preset| findings(preset, long).first().map(|finding| finding.split(':').next().map(str::to_owned));
    assert_eq!(severity(Preset::Nist81r3), Some(Some("warning".to_owned())));
    assert_eq!(severity(Preset::Stig), Some(Some("error".to_owned())));
    assert_eq!(severity(Preset::RfcCurrent), None);
}

#[test]
fn broken_inequalities_print_their_numbers_and_the_fix() {
    assert_finding(
        |policy| policy.ttl.max_zone = Ttl::new(7 * 86_400).unwrap(),
        "error: signatures-refresh (3d) is shorter than max-zone-ttl + zone-propagation-delay + run-interval (7d + 1h + \
         12h = 7d13h): caches could still serve signatures that have expired (TIM-6)\n   = help: set signatures-refresh \
         to at least 7d13h, or lower max-zone-ttl",
    );
    assert_finding(
        |policy| policy.signatures.refresh = Seconds(7 * DAY),
        "error: signatures-refresh + signatures-inception-offset (7d + 1h = 7d1h) is not less than signatures-validity \
         (7d): every signature would be due as soon as it is made (TIM-6, TIM-7)\n   = help: set signatures-refresh to \
         less than 6d23h, or raise signatures-validity",
    );
    assert_finding(
        |policy| policy.signatures.jitter = Seconds(4 * DAY),
        "error: signatures-jitter (4d) is not less than signatures-validity - signatures-inception-offset - \
         signatures-refresh (7d - 1h - 3d = 3d23h) (TIM-7)\n   = help: set signatures-jitter to less than 3d23h",
    );
    assert_finding(
        |policy| policy.zsk.lifetime = Lifetime::Limited(Seconds(DAY)),
        "error: keys.zsk.lifetime (1d) is not longer than Ipub + Iret + run-interval (3h + 1d2h + 12h = 1d17h): the next \
         roll would begin before this one has ended (RFC 7583 section 3.2)\n   = help: set keys.zsk.lifetime to at least \
         1d17h1s",
    );
}

/// Each fix that a message names is enough to silence it.
#[test]
fn named_bounds_are_exact() {
    let is_quiet = |code: &str, change: &dyn Fn(&mut Policy)| {
        let mut policy = Policy::preset(Preset::Nist81r3);
        change(&mut policy);
        !policy.check().iter().any(|finding| finding.code == code)
    };
    let run = Policy::preset(Preset::Nist81r3).run_interval.0;
    for (seconds, quiet) in [(DAY + 3600 + 2 * run, true), (DAY + 3600 + 2 * run - 1, false)] {
        let set = |policy: &mut Policy| policy.signatures.refresh = Seconds(seconds);
        assert_eq!(is_quiet("policy-refresh-short", &set), quiet, "{seconds}");
    }
    for (seconds, quiet) in [(7 * DAY - 3600 - 1, true), (7 * DAY - 3600, false)] {
        let set = |policy: &mut Policy| policy.signatures.refresh = Seconds(seconds);
        assert_eq!(is_quiet("policy-refresh-long", &set), quiet, "{seconds}");
    }
    for (seconds, quiet) in [((3 * 24 + 23) * 1800, true), ((3 * 24 + 23) * 1800 + 1, false)] {
        let set = |policy: &mut Policy| policy.signatures.jitter = Seconds(seconds);
        assert_eq!(is_quiet("policy-jitter", &set), quiet, "{seconds}");
    }
    for (seconds, quiet) in [(41 * 3600 + 1, true), (41 * 3600, false)] {
        let set = |policy: &mut Policy| policy.zsk.lifetime = Lifetime::Limited(Seconds(seconds));
        assert_eq!(is_quiet("policy-lifetime-short", &set), quiet, "{seconds}");
    }
}

#[test]
fn one_defect_at_a_time() {
    type Change = fn(&mut Policy);
    let cases: &[(&str, Change, &str)] = &[
        (
            "validity above",
            |p| p.signatures.validity = Seconds(14 * DAY),
            "warning: signatures-validity (14d) is not within 5d to 7d",
        ),
        (
            "validity far above",
            |p| p.signatures.validity = Seconds(31 * DAY),
            "error: signatures-validity (31d) is not within 2d to 30d",
        ),
        ("validity 0", |p| p.signatures.validity = Seconds(0), "error: signatures-validity (0s) is not between"),
        (
            "validity of 68 years",
            |p| p.signatures.validity = Seconds(1 << 31),
            "error: signatures-validity (24855d3h14m8s) is not between",
        ),
        ("offset", |p| p.signatures.inception_offset = Seconds(2 * DAY), "error: signatures-inception-offset (2d)"),
        ("no offset", |p| p.signatures.inception_offset = Seconds(0), "warning: signatures-inception-offset is 0"),
        ("jitter", |p| p.signatures.jitter = Seconds(2 * DAY), "warning: signatures-jitter (2d) is more than half"),
        (
            "missed run",
            |p| p.run_interval = Seconds(DAY),
            "warning: signatures-refresh (3d) is shorter than max-zone-ttl + zone-propagation-delay + 2 x run-interval (1d + 1h + 2d = 3d1h)",
        ),
        (
            "rare runs",
            |p| p.run_interval = Seconds(2 * DAY),
            "error: run-interval (2d) is longer than half of signatures-refresh (3d)",
        ),
        ("no runs", |p| p.run_interval = Seconds(0), "error: run-interval is 0"),
        (
            "key TTL",
            |p| p.ttl.dnskey = Ttl::new(4 * 86_400).unwrap(),
            "error: dnskey-ttl (4d) is longer than half of signatures-validity-dnskey (7d)",
        ),
        (
            "long key TTL",
            |p| p.ttl.dnskey = Ttl::new(2 * 86_400).unwrap(),
            "warning: dnskey-ttl (2d) is not within 30m to 1d",
        ),
        ("no TTL", |p| p.ttl.max_zone = Ttl::ZERO, "error: max-zone-ttl is 0"),
        (
            "SHA-1",
            |p| p.ksk.algorithm = Algorithm::RSASHA1,
            "error: keys.ksk.algorithm 5 (RSASHA1): SHA-1 must not be used",
        ),
        ("MD5", |p| p.ksk.algorithm = Algorithm(1), "error: keys.ksk.algorithm 1 (RSAMD5)"),
        (
            "RSA",
            |p| {
                p.zsk.algorithm = Algorithm::RSASHA256;
                p.zsk.bits = Some(2048)
            },
            "warning: keys.zsk.algorithm 8 (RSASHA256): acceptable until",
        ),
        (
            "RSA with SHA-512",
            |p| {
                p.zsk.algorithm = Algorithm::RSASHA512;
                p.zsk.bits = Some(2048)
            },
            "warning: keys.zsk.algorithm 10 (RSASHA512) is not recommended",
        ),
        (
            "different algorithms",
            |p| p.zsk.algorithm = Algorithm::ED25519,
            "error: keys.ksk.algorithm (13 (ECDSAP256SHA256)) and",
        ),
        (
            "weak",
            |p| {
                p.zsk.algorithm = Algorithm::RSASHA256;
                p.zsk.bits = Some(1024)
            },
            "error: keys.zsk.bits 1024 is less than 2048",
        ),
        (
            "too big",
            |p| {
                p.zsk.algorithm = Algorithm::RSASHA256;
                p.zsk.bits = Some(8192)
            },
            "error: keys.zsk.bits 8192 is more than 4096",
        ),
        ("bits of a curve", |p| p.zsk.bits = Some(256), "error: keys.zsk.bits 256: keys of algorithm 13"),
        ("no bits", |p| p.zsk.algorithm = Algorithm::RSASHA256, "error: keys.zsk.bits is missing"),
        (
            "old KSK",
            |p| p.ksk.lifetime = Lifetime::Limited(Seconds(1000 * DAY)),
            "warning: keys.ksk.lifetime (1000d) is longer than 731d",
        ),
        (
            "eternal KSK",
            |p| p.ksk.lifetime = Lifetime::Unlimited,
            "error: keys.ksk.lifetime (unlimited) is longer than 1096d",
        ),
        (
            "old ZSK",
            |p| p.zsk.lifetime = Lifetime::Limited(Seconds(400 * DAY)),
            "warning: keys.zsk.lifetime (400d) is longer than 366d",
        ),
        (
            "short KSK",
            |p| p.ksk.lifetime = Lifetime::Limited(Seconds(2 * DAY)),
            "error: keys.ksk.lifetime (2d) is not longer than Ipub + parent-registration-delay + Iret + run-interval (3h + 1d + 1d2h + 12h = 2d17h)",
        ),
        ("spares", |p| p.zsk.standby = 2, "warning: keys.zsk.standby = 2"),
        (
            "liberal and strict",
            |p| p.algorithm_roll = AlgorithmRoll::Liberal,
            "error: algorithm-roll = \"liberal\" with strict-algorithms = true",
        ),
        (
            "NSEC3",
            |p| p.denial = Denial::Nsec3(Nsec3Policy::default()),
            "warning: denial = \"nsec3\": NSEC is the more prudent choice",
        ),
        (
            "iterations",
            |p| p.denial = Denial::Nsec3(Nsec3Policy { iterations: 5, ..Nsec3Policy::default() }),
            "error: nsec3param.iterations (5)",
        ),
        (
            "salt",
            |p| p.denial = Denial::Nsec3(Nsec3Policy { salt_length: 8, ..Nsec3Policy::default() }),
            "error: nsec3param.salt-length (8)",
        ),
        (
            "opt-out",
            |p| p.denial = Denial::Nsec3(Nsec3Policy { opt_out: true, ..Nsec3Policy::default() }),
            "warning: nsec3param.optout = true",
        ),
        (
            "algorithm 5 and NSEC3",
            |p| {
                p.denial = Denial::Nsec3(Nsec3Policy::default());
                p.zsk.algorithm = Algorithm::RSASHA1
            },
            "error: keys.zsk.algorithm 5 (RSASHA1) does not know NSEC3",
        ),
        ("SHA-1 DS", |p| p.cds_digests = vec![DigestType::SHA1], "error: cds-digest-types: 1 is SHA-1"),
        ("GOST DS", |p| p.cds_digests = vec![DigestType(3)], "error: cds-digest-types: 3 is GOST"),
        ("unknown DS", |p| p.cds_digests = vec![DigestType(9)], "error: cds-digest-types: 9 is not implemented"),
        ("delete DS", |p| p.cds_digests = vec![DigestType(0)], "error: cds-digest-types: 0 is only for"),
        ("SHA-384 alone", |p| p.cds_digests = vec![DigestType::SHA384], "warning: cds-digest-types: 4 (SHA-384) alone"),
        (
            "digest twice",
            |p| p.cds_digests = vec![DigestType::SHA256; 2],
            "error: cds-digest-types: 2 stands there twice",
        ),
        ("no digest", |p| p.cds_digests.clear(), "error: cds = \"publish\" without any"),
        ("ZONEMD twice", |p| p.zonemd = vec![ZonemdDigest::Sha384; 2], "error: zonemd names a digest twice"),
        ("serial", |p| p.serial = SerialMethod::Keep, "warning: serial = \"keep\""),
        (
            "purge",
            |p| p.purge_delay = PurgeDelay::After(Seconds(DAY)),
            "warning: purge-keys (1d) is shorter than signatures-validity (7d)",
        ),
        ("no propagation", |p| p.delays.zone_propagation = Seconds(0), "warning: zone-propagation-delay is 0"),
        ("no DS TTL", |p| p.delays.parent_ds_ttl = Ttl::ZERO, "error: parent-ds-ttl is 0"),
    ];
    for (what, change, expected) in cases {
        let found = findings(Preset::Nist81r3, change);
        assert!(found.iter().any(|finding| finding.starts_with(expected)), "{what}: not found: {expected}\n{found:#?}");
    }
}

/// What is said about keys that the policy does not use.
#[test]
fn keys_not_in_use_do_not_matter() {
    assert_eq!(findings(Preset::Nist81r3, |policy| policy.csk.algorithm = Algorithm(1)), Vec::<String>::new());
    assert!(!findings(Preset::RfcCurrent, |policy| policy.csk.algorithm = Algorithm(1)).is_empty());
}

/// ALG-2.
#[test]
fn algorithm_and_digest_change_one_after_the_other() {
    let old = Policy::default();
    let mut new = Policy { cds_digests: vec![DigestType::SHA384], ..Policy::default() };
    assert_eq!(new.check_change(&old), []);
    (new.ksk.algorithm, new.zsk.algorithm) = (Algorithm::ED25519, Algorithm::ED25519);
    assert_eq!(new.check_change(&old).len(), 1);
    new.cds_digests = old.cds_digests.clone();
    assert_eq!(new.check_change(&old), []);
}
