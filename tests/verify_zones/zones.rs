//! Zones signed by others are valid: those printed in RFCs, and those the peers' tools made.

use super::support::{AT, Records, data};
use std::io::Write;
use std::process::ExitCode;
use zoneseal::base::{Seconds, UnixTime};
use zoneseal::cli::{Env, run};
use zoneseal::verify::{Anchor, ChainKind, CryptoScope, Rule, Scope, Trust, VerifyOptions, verify_zone};

#[track_caller]
fn rules_at(path: &str, at: &str) -> (bool, Vec<Rule>, u64) {
    let zone = Records::load(path).build().unwrap();
    let report = verify_zone(&zone, &VerifyOptions::new(UnixTime::from_text(at).unwrap()));
    (report.is_valid(), report.counts_by_rule.into_keys().collect(), report.counts.verified)
}

#[test]
fn rfc4035_appendix_a() {
    let path = "vectors/rfc4035-appendix-a.signed.zone";
    assert_eq!(rules_at(path, "20040501000000"), (true, vec![Rule::KeyWeak, Rule::AlgorithmDeprecated], 27));
    let rules = vec![Rule::KeyWeak, Rule::AlgorithmDeprecated, Rule::SignatureExpired];
    assert_eq!(rules_at(path, "20050501000000"), (false, rules, 27), "an expired signature is called expired");
    let rules = vec![Rule::KeyWeak, Rule::AlgorithmDeprecated, Rule::SignatureNotYetValid];
    assert_eq!(rules_at(path, "20040101000000"), (false, rules, 27));
}

/// Opt-out, 12 iterations, an ordinary name that is also an NSEC3's owner, a key of 512 bits; EID 4993 is filed on it.
#[test]
fn rfc5155_appendix_a() {
    let path = "vectors/rfc5155-appendix-a.signed.zone";
    let zone = Records::load(path).build().unwrap();
    let report = verify_zone(&zone, &VerifyOptions::new(UnixTime::from_text("20100101000000").unwrap()));
    assert!(
        report.counts_by_rule.keys().eq(&[Rule::KeyWeak, Rule::AlgorithmDeprecated, Rule::Nsec3Iterations]),
        "{:?}",
        report.findings
    );
    assert_eq!((report.is_valid(), report.counts.verified), (true, 30));
    assert_eq!(report.chain, ChainKind::Nsec3 { opt_out: true });
}

#[test]
fn rfc8976_appendix_a() {
    for (file, origin, matched) in [
        ("a1-simple", "example.", 1),
        ("a2-complex", "example.", 1),
        ("a3-multidigest", "example.", 2),
        ("a4-uri.arpa", "uri.arpa.", 1),
        ("a5-root-servers.net", "root-servers.net.", 1),
    ] {
        let zone = Records::load_at(&format!("vectors/rfc8976-{file}.zone"), Some(origin)).build().unwrap();
        let options = VerifyOptions { scope: Scope::ZonemdOnly, ..VerifyOptions::new(AT) };
        let report = verify_zone(&zone, &options);
        assert!(report.is_valid(), "{file}: {:?}", report.findings);
        assert_eq!(report.counts.zonemd_matched, matched, "{file}");
    }
}

/// Zones signed by dnssec-signzone 9.18 and ldns-signzone 1.8, see tests/data/verify/recipe.sh.
#[test]
fn zones_of_the_peers() {
    let opt_out = ChainKind::Nsec3 { opt_out: true };
    let full = ChainKind::Nsec3 { opt_out: false };
    for (file, chain, signatures) in [
        ("bind-nsec", ChainKind::Nsec, 27),
        ("bind-nsec3", full, 34),
        ("bind-opt-out", opt_out, 31),
        ("bind-p384", full, 34),
        ("bind-rsasha1", ChainKind::Nsec, 27),
        ("ldns-nsec-zonemd", ChainKind::Nsec, 26),
        ("ldns-opt-out", opt_out, 32),
    ] {
        let zone = Records::load(&format!("verify/{file}.zone")).build().unwrap();
        let report = verify_zone(&zone, &VerifyOptions::new(AT));
        let expected: &[Rule] = if file == "bind-rsasha1" { &[Rule::AlgorithmDeprecated] } else { &[] };
        assert!(report.counts_by_rule.keys().eq(expected), "{file}: {:?}", report.findings);
        assert_eq!((report.chain, report.counts.verified), (chain, signatures), "{file}");
        assert_eq!(report.verdicts.trust, Trust::SelfConsistent);
        assert_eq!(report.counts.zonemd_matched, u64::from(file == "ldns-nsec-zonemd"), "{file}");
        let until = report.verdicts.valid_until.expect("signatures");
        assert_eq!(until.time.to_date_text(), "20360101000000", "{file}");
    }
}

#[cfg(feature = "ed448")]
#[test]
fn ed448_zone_of_bind() {
    assert_eq!(rules_at("verify/bind-ed448.zone", "20261201000000"), (true, vec![], 27));
}

#[test]
fn sampling_skips_and_never_at_the_apex() {
    let zone = Records::load("verify/bind-nsec3.zone").build().unwrap();
    let options = VerifyOptions { crypto: CryptoScope::Sample { one_in: 1 << 30 }, ..VerifyOptions::new(AT) };
    let report = verify_zone(&zone, &options);
    assert!(report.is_valid());
    // SOA, NS, MX, TXT, DNSKEY, NSEC3PARAM, CDS, CDNSKEY.
    assert_eq!((report.counts.verified, report.counts.skipped), (8, 26));
}

#[test]
fn reports_do_not_depend_on_threads() {
    let mut records = Records::load("verify/bind-nsec3.zone");
    records.0.retain(|record| record.rtype != zoneseal::base::Rtype::A);
    let zone = records.build().unwrap();
    let options = VerifyOptions { findings_max: 3, ..VerifyOptions::new(AT) };
    let report = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| verify_zone(&zone, &options))
    };
    let (one, many) = (report(1), report(8));
    assert!(one.error_count > 3 && !one.suppressed().is_empty());
    assert_eq!(one.findings, many.findings);
    assert_eq!(one.counts_by_rule, many.counts_by_rule);
}

#[test]
fn expiring_signatures_are_findings() {
    let zone = Records::load("verify/bind-nsec.zone").build().unwrap();
    let at = UnixTime::from_text("20351231000000").unwrap();
    let with = |within| {
        let options = VerifyOptions { expires_within: Some(within), ..VerifyOptions::new(at) };
        verify_zone(&zone, &options)
    };
    assert!(with(Seconds::DAY).is_valid(), "exactly a day is left");
    let report = with(Seconds(86_401));
    assert!(report.counts_by_rule.keys().eq(&[Rule::SignatureExpiresSoon]));
    assert!(report.verdicts.is_valid_at && !report.is_valid());
}

#[test]
fn anchors() {
    let records = Records::load("verify/bind-nsec.zone");
    let zone = records.build().unwrap();
    let keys = records.0.iter().filter(|record| record.rtype == zoneseal::base::Rtype::DNSKEY);
    let dnskey = |flags: &[u8]| keys.clone().find(|key| key.rdata.starts_with(flags)).unwrap().rdata.clone();
    let (ksk, zsk) = (dnskey(&[1, 1]), dnskey(&[1, 0]));
    let cds = records.0.iter().find(|record| record.rtype == zoneseal::base::Rtype::CDS).unwrap().rdata.clone();
    let changed = |at: usize| {
        let mut ds = cds.clone();
        ds[at] ^= 1;
        Anchor::Ds(ds)
    };
    let good = Anchor::Ds(cds.clone());
    let unknown_digest = Anchor::Ds([&cds[..3], &[99], &cds[4..]].concat());
    for (anchors, trust, rules) in [
        (vec![good.clone()], Trust::Anchored, vec![]),
        (vec![Anchor::Dnskey(ksk)], Trust::Anchored, vec![]),
        (vec![Anchor::Dnskey(zsk)], Trust::Broken, vec![Rule::AnchorUnmatched]),
        (vec![changed(10)], Trust::Broken, vec![Rule::AnchorUnmatched]),
        (vec![good.clone(), changed(0)], Trust::Anchored, vec![Rule::AnchorStale]),
        (vec![good.clone(), changed(2)], Trust::Anchored, vec![Rule::AnchorStale, Rule::AnchorAlgorithm]),
        (vec![good, unknown_digest.clone()], Trust::Anchored, vec![Rule::AnchorDigest]),
        (vec![unknown_digest], Trust::Broken, vec![Rule::AnchorUnusable, Rule::AnchorDigest]),
    ] {
        let report = verify_zone(&zone, &VerifyOptions { anchors: anchors.clone(), ..VerifyOptions::new(AT) });
        let found: Vec<Rule> = report.counts_by_rule.into_keys().collect();
        assert_eq!((report.verdicts.trust, found), (trust, rules), "{anchors:?}");
    }
}

/// Runs the program on arguments; gives exit code, standard output and standard error.
fn program(arguments: &[&str]) -> (ExitCode, String, String) {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let mut env = Env {
        now: AT,
        stdin: Box::new(std::io::empty()),
        stdout: Box::new(&mut stdout),
        stderr: Box::new(&mut stderr),
        is_interactive: false,
    };
    let code = run(["zoneseal", "verify"].iter().chain(arguments).map(Into::into), &mut env);
    drop(env);
    (code, String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[test]
fn command_line() {
    let zone = data("verify/bind-nsec.zone").display().to_string();
    let dsset = data("verify/bind-nsec.dsset").display().to_string();
    let (code, out, err) = program(&["--anchor", &dsset, &zone]);
    assert_eq!((code, err.as_str()), (ExitCode::SUCCESS, ""));
    assert!(out.starts_with("cryptographically valid: yes (anchored)\nvalid at 2026-11-30T00:53:20Z: yes\n"), "{out}");
    assert!(out.contains("27 signatures, 27 verified (27 of algorithm 15 (ED25519)); chain: NSEC;"), "{out}");
    assert_eq!(program(&["-q", &zone]).1, "", "no findings, nothing said");
    let (code, out, _) = program(&["-q", "--at", "20370101", &zone]);
    assert_eq!(code, ExitCode::from(1));
    assert!(out.contains("rule: signature-expired") && !out.contains("valid until"), "{out}");
    let (code, out, _) = program(&["--json", "--threads", "2", "--at", "20370101", &zone]);
    assert_eq!(code, ExitCode::from(1));
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(json["schema"], "zoneseal.verify/1");
    assert_eq!(json["verdicts"]["cryptographically_valid"], true);
    assert_eq!(json["verdicts"]["valid_at"], false);
    assert_eq!(json["verdicts"]["valid_until"]["time"], "2036-01-01T00:00:00Z");
    assert_eq!(json["findings"][0]["rule"], "signature-expired");
    assert_eq!(json["counts"]["verified_by_algorithm"]["15"], 27);
    let other = data("verify/bind-p384.dsset").display().to_string();
    let (code, out, _) = program(&["--anchor", &other, &zone]);
    assert_eq!(code, ExitCode::from(1));
    assert!(out.contains("rule: anchor-unmatched"), "{out}");
}

#[test]
fn unreadable_is_exit_2_and_unsigned_is_one_finding() {
    let mut bad = tempfile::NamedTempFile::new().unwrap();
    bad.write_all(b"example. 3600 IN SOA a. b. 1 2 3 4 5\nexample. 3600 IN A 192.0.2.256\n").unwrap();
    let (code, out, err) = program(&[bad.path().to_str().unwrap()]);
    assert_eq!((code, out.as_str()), (ExitCode::from(2), ""));
    assert!(err.contains(":2:") && err.contains("192.0.2.256"), "{err}");
    let (code, _, err) = program(&["no-such-file.zone"]);
    assert_eq!(code, ExitCode::from(2));
    assert!(err.contains("no-such-file.zone"), "{err}");
    let unsigned = data("verify/example.unsigned.zone").display().to_string();
    let (code, out, _) = program(&["--json", &unsigned]);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    let rules = json["findings"].as_array().unwrap().iter().filter(|finding| finding["severity"] == "error");
    assert_eq!(code, ExitCode::from(1));
    assert_eq!(rules.map(|finding| &finding["rule"]).collect::<Vec<_>>(), ["zone-unsigned"]);
}
