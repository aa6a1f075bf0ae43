//! `zoneseal audit`: a zone in order has no findings; each zone with one defect has the finding with its rule.
//!
//! Method: the built binary signs a small zone with the example keys at a fixed time, the test breaks one thing (before
//! signing, in the options, in the keys' files or in the time) and reads the JSON.

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A month after the example keys were made.
const NOW: &str = "20250201000000";

const ZONE: &str = "\
$ORIGIN example.com.
$TTL 3600
@ IN SOA ns1 hostmaster 1 7200 720 172800 3600
@ IN NS ns1
@ IN NS ns2
ns1 IN A 192.0.2.1
ns2 IN A 192.0.2.2
www IN AAAA 2001:db8::80
alias IN CNAME www
child IN NS ns.child
ns.child IN A 192.0.2.3
";

/// A directory with the zone and its keys.
struct Place {
    directory: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let place = Self { directory: tempfile::tempdir().expect("a temporary directory can be made") };
        fs::create_dir(place.path("keys")).expect("it is new");
        set_mode(&place.path("keys"), 0o700);
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("keys-example");
        for name in ["Kexample.com.+013+45846", "Kexample.com.+013+57447"] {
            for ending in ["key", "private"] {
                let file = format!("{name}.{ending}");
                let to = place.path("keys").join(&file);
                fs::copy(examples.join(&file), &to).expect("the example is there");
                set_mode(&to, 0o600);
            }
        }
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_zoneseal"));
        command.current_dir(self.directory.path()).args(arguments).output().expect("the program can be run")
    }

    /// Signs a zone into `signed`.
    #[track_caller]
    fn sign(&self, zone: &str, options: &[&str]) {
        fs::write(self.path("zone"), zone).expect("the directory is ours");
        let base = ["--now", NOW, "sign", "-q", "-K", "keys", "-f", "signed", "--cds", "zone"];
        let jitter = if options.contains(&"--jitter") { &[][..] } else { &["--jitter", "12h"] };
        let result = self.run(&[&base[..], jitter, options].concat());
        assert!(result.status.success(), "{}", String::from_utf8_lossy(&result.stderr));
    }

    /// The audit of `signed` as JSON, and the exit code.
    #[track_caller]
    fn audit(&self, options: &[&str]) -> (Value, i32) {
        // Options given twice are for the test to replace.
        let now = if options.contains(&"--now") { &[][..] } else { &["--now", NOW][..] };
        let base = ["audit", "--zone", "signed", "--keys", "keys", "--json"];
        let result = self.run(&[&base[..], now, options].concat());
        let code = result.status.code().expect("it was not killed");
        let json = serde_json::from_slice(&result.stdout);
        (json.unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&result.stderr))), code)
    }
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).expect("the file is ours");
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) {}

/// `N-5 signature-span-long warning`, a line a finding.
fn findings(audit: &Value) -> Vec<String> {
    let list = audit["findings"].as_array().expect("findings are a list");
    let text = |finding: &Value, field: &str| finding[field].as_str().expect("a word").to_owned();
    list.iter()
        .map(|finding| format!("{} {} {}", text(finding, "id"), text(finding, "code"), text(finding, "severity")))
        .collect()
}

/// A zone, options of its signing and of its audit that have exactly these findings.
#[track_caller]
fn assert_findings(zone: &str, sign: &[&str], audit: &[&str], expected: &[&str]) {
    let place = Place::new();
    place.sign(zone, sign);
    let (json, code) = place.audit(audit);
    let mut found = findings(&json);
    found.sort();
    assert_eq!(found, expected, "{json:#}");
    let has_errors = expected.iter().any(|line| line.ends_with(" error"));
    assert_eq!(code, i32::from(has_errors), "exit code");
}

/// The zone with a line more, or with something replaced.
fn with(line: &str) -> String {
    format!("{ZONE}{line}\n")
}

#[test]
fn a_zone_in_order_has_no_findings() {
    assert_findings(ZONE, &[], &[], &[]);
}

#[test]
fn an_unsigned_zone_is_one() {
    let place = Place::new();
    fs::write(place.path("signed"), ZONE).expect("the directory is ours");
    let (json, code) = place.audit(&[]);
    assert_eq!(
        (findings(&json), code),
        (
            vec![
                "N-28 zone-unsigned error".to_owned(),
                "SIG-1 key-not-published warning".into(),
                "SIG-1 key-not-published warning".into()
            ],
            1
        )
    );
}

#[test]
fn spans_of_signatures() {
    let long = ["--validity", "14d"];
    assert_findings(ZONE, &long, &[], &["N-5 signature-span-long warning", "N-6 signature-span-long warning"]);
    assert_findings(
        ZONE,
        &["--validity", "40d"],
        &[],
        &["N-5 signature-span-long error", "N-6 signature-span-long error"],
    );
    assert_findings(ZONE, &["--validity", "5d", "--dnskey-validity", "9d"], &[], &["N-6 signature-span-long warning"]);
    assert_findings(ZONE, &["--dnskey-validity", "9d"], &["--policy", "stig"], &["N-6 signature-span-long error"]);
    assert_findings(ZONE, &long, &["--policy", "rfc-current"], &[]);
    let longer = ["--validity", "20d"];
    let expected = ["TIM-6 signature-span-long warning", "TIM-6 signature-span-long warning"];
    assert_findings(ZONE, &longer, &["--policy", "rfc-current"], &expected);
    // Four days less the jitter that is allowed.
    assert_findings(ZONE, &["--validity", "4d", "--dnskey-validity", "7d"], &[], &["N-5 signature-span-short warning"]);
}

#[test]
fn a_signature_over_a_ds_is_the_parents() {
    let ds = with("child IN DS 1 13 2 0000000000000000000000000000000000000000000000000000000000000000");
    assert_findings(&ds, &[], &[], &[]);
    let expected =
        ["N-5 signature-span-long warning", "N-6 signature-span-long warning", "N-7 signature-span-long warning"];
    assert_findings(&ds, &["--validity", "10d"], &[], &expected);
    let sha1 = with("child IN DS 1 13 1 0000000000000000000000000000000000000000");
    assert_findings(&sha1, &[], &[], &["N-26 ds-digest-weak warning"]);
}

#[test]
fn what_is_left_of_signatures() {
    // Made at NOW for 7 days less an hour, refreshed at 3 days, two runs a day.
    assert_findings(ZONE, &[], &["--now", "20250204000000"], &[]);
    let overdue = ["TIM-4 soa-expire-long warning", "TIM-6 signature-overdue warning"];
    assert_findings(&ZONE.replace("172800", "345600"), &[], &["--now", "20250205120000"], &overdue);
    let late = ["TIM-4 soa-expire-long warning", "TIM-6 signature-too-late error"];
    assert_findings(ZONE, &["--jitter", "0"], &["--now", "20250207213000"], &late);
}

#[test]
fn expired_signatures_are_the_verifiers_to_find() {
    let place = Place::new();
    place.sign(ZONE, &[]);
    let (json, code) = place.audit(&["--now", "20250301000000"]);
    assert_eq!(code, 1);
    let found = findings(&json);
    assert!(found.iter().any(|line| line == "TIM-3 signature-expired error"), "{found:?}");
}

#[test]
fn a_broken_signature_is_the_verifiers_to_find() {
    let place = Place::new();
    place.sign(ZONE, &[]);
    let signed = fs::read_to_string(place.path("signed")).expect("it was written");
    fs::write(place.path("signed"), signed.replace("2001:db8::80", "2001:db8::81")).expect("the directory is ours");
    let (json, code) = place.audit(&[]);
    assert_eq!((findings(&json), code), (vec!["SIG-13 signature-bogus error".to_owned()], 1));
}

/// With fifty signatures and more the load should be spread.
#[test]
fn jitter() {
    let many: String = (0..60).map(|number| format!("h{number} IN A 192.0.2.9\n")).collect();
    assert_findings(&format!("{ZONE}{many}"), &[], &[], &[]);
    assert_findings(&format!("{ZONE}{many}"), &["--jitter", "0"], &[], &["TIM-7 expirations-equal warning"]);
}

#[test]
fn denial() {
    assert_findings(ZONE, &["--nsec3"], &[], &["N-9 nsec3 warning"]);
    assert_findings(ZONE, &["--nsec3", "--nsec3-salt", "aabb"], &[], &["N-10 nsec3-salt error", "N-9 nsec3 warning"]);
    let iterations = ["--nsec3", "--nsec3-iterations", "5", "--allow-nsec3-iterations"];
    assert_findings(ZONE, &iterations, &[], &["N-10 nsec3-iterations error", "N-9 nsec3 warning"]);
    assert_findings(ZONE, &["--nsec3", "--opt-out"], &[], &["N-9 nsec3 warning", "N3-10 nsec3-opt-out warning"]);
    let place = Place::new();
    fs::write(place.path("p.toml"), "[policy.p]\nbase = \"tld\"\nzonemd = []\n").expect("the directory is ours");
    place.sign(ZONE, &["--nsec3", "--opt-out", "--validity", "14d"]);
    assert_eq!(findings(&place.audit(&["--policy", "p.toml"]).0), Vec::<String>::new());
    place.sign(ZONE, &["--validity", "14d"]);
    assert_eq!(findings(&place.audit(&["--policy", "p.toml"]).0), ["N-9 denial-not-policy warning"]);
    place.sign(ZONE, &["--nsec3", "--opt-out", "--validity", "14d"]);
    assert_eq!(findings(&place.audit(&["--policy", "tld"]).0), ["N-29 zonemd-missing warning"]);
}

#[test]
fn soa_timers() {
    for (from, to, expected) in [
        ("1 7200 720", "1 600 60", "N-22 soa-refresh warning"),
        ("1 7200 720", "1 86400 720", "N-22 soa-refresh warning"),
        ("1 7200 720", "1 7200 7200", "N-23 soa-retry warning"),
        ("172800 3600", "172800 86401", "N-25 soa-minimum warning"),
        ("172800 3600", "1209600 3600", "TIM-4 soa-expire-long warning"),
    ] {
        assert_findings(&ZONE.replace(from, to), &[], &[], &[expected]);
    }
}

#[test]
fn ttls() {
    for (line, expected) in [
        ("zero 0 IN A 192.0.2.4", "N-21 ttl-zero error"),
        ("tiny 29 IN A 192.0.2.4", "N-21 ttl-tiny warning"),
        ("short 1799 IN A 192.0.2.4", "N-21 ttl-short warning"),
        ("long 86401 IN A 192.0.2.4", "N-21 ttl-long warning"),
    ] {
        assert_findings(&with(line), &[], &[], &[expected]);
    }
    for good in ["short 1800 IN A 192.0.2.4", "long 86400 IN A 192.0.2.4"] {
        assert_findings(&with(good), &[], &[], &[]);
    }
    let days = with("days 345600 IN A 192.0.2.4");
    assert_findings(&days, &[], &["--policy", "rfc-current"], &["TIM-5 ttl-and-validity warning"]);
    assert_findings(ZONE, &["--dnskey-ttl", "7200"], &[], &["TIM-5 dnskey-ttl warning"]);
}

#[test]
fn content() {
    for (line, expected) in [
        ("host IN HINFO \"PDP-11\" UNIX", "N-32 telling-record warning"),
        ("host IN RP admin.example.com. .", "N-32 telling-record warning"),
        ("host IN LOC 52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m", "N-32 telling-record warning"),
        ("host IN A 10.0.0.1", "N-32 private-address warning"),
        ("host IN AAAA fd00::1", "N-32 private-address warning"),
        ("host IN CNAME gone", "N-33 dangling-cname warning"),
    ] {
        assert_findings(&with(line), &[], &[], &[expected]);
    }
    for good in [
        "host IN CNAME elsewhere.example.net.",
        "host IN CNAME deep.child",
        "host IN CNAME any.wild\n*.wild IN A 192.0.2.5",
        "host IN CNAME any.alias2\nalias2 IN DNAME example.net.",
        // Glue is the child's.
        "in.child IN A 10.0.0.1",
    ] {
        assert_findings(&with(good), &[], &[], &[]);
    }
}

/// One finding stands for many places.
#[test]
fn alike_findings_are_one() {
    let place = Place::new();
    let hosts: String = (1..9).map(|number| format!("h{number} IN A 10.0.0.{number}\n")).collect();
    place.sign(&with(&hosts), &[]);
    let (json, _) = place.audit(&[]);
    let finding = &json["findings"][0];
    assert_eq!((finding["count"].as_u64(), finding["subject"].as_str()), (Some(8), Some("h1.example.com. A")));
    assert!(finding["line"].as_u64() > Some(0) && finding["file"] == "signed", "{finding}");
}

#[test]
fn cds() {
    let place = Place::new();
    place.sign(ZONE, &[]);
    // Without CDS.
    let plain = ["--now", NOW, "sign", "-q", "-K", "keys", "-f", "signed", "--jitter", "12h"];
    place.run(&[&plain[..], &["zone"]].concat());
    assert_eq!(findings(&place.audit(&[]).0), ["CDS-4 cds-missing warning", "CDS-4 cds-missing warning"]);
    place.run(&[&plain[..], &["--cds-delete", "zone"]].concat());
    assert_eq!(findings(&place.audit(&[]).0), ["CDS-6 cds-delete-request error"]);
}

/// The policy asks for another algorithm.
#[test]
fn algorithm() {
    let place = Place::new();
    let policy = "[policy.p]\nkeys.ksk.algorithm = 15\nkeys.zsk.algorithm = 15\n";
    fs::write(place.path("p.toml"), policy).expect("the directory is ours");
    place.sign(ZONE, &[]);
    let expected = ["N-1 algorithm-not-policy warning", "N-1 algorithm-not-policy warning"];
    assert_eq!(findings(&place.audit(&["--policy", "p.toml"]).0), expected);
}

#[test]
fn old_keys() {
    let place = Place::new();
    // The ZSK is for 90 days, the KSK for 365; 1096 days are the profile's limit.
    for (now, expected) in [
        ("20250331000000", &[][..]),
        ("20250404000000", &["N-13 key-old warning"]),
        ("20260301000000", &["N-12 key-old warning", "N-13 key-old warning"]),
        ("20280201000000", &["N-12 key-old error", "N-13 key-old error"]),
    ] {
        fs::write(place.path("zone"), ZONE).expect("the directory is ours");
        place.run(&["--now", now, "sign", "-q", "-K", "keys", "-f", "signed", "--cds", "--jitter", "12h", "zone"]);
        let mut found = findings(&place.audit(&["--now", now]).0);
        found.sort();
        assert_eq!(found, expected, "{now}");
    }
}

#[test]
fn rsa_keys_and_their_end() {
    let place = Place::new();
    for option in [&["--ksk"][..], &[]] {
        let base = ["--now", "20250101000000", "keygen", "-q", "-K", "rsa", "-a", "RSASHA256", "-b", "2048"];
        fs::create_dir_all(place.path("rsa")).expect("the directory is ours");
        set_mode(&place.path("rsa"), 0o700);
        let made = place.run(&[&base[..], option, &["example.com"]].concat());
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }
    fs::write(place.path("zone"), ZONE).expect("the directory is ours");
    let policy = |lifetime: &str| {
        let keys = format!("keys.ksk.algorithm = 8\nkeys.zsk.algorithm = 8\nkeys.ksk.lifetime = \"{lifetime}\"\n");
        fs::write(place.path("p.toml"), format!("[policy.p]\n{keys}")).expect("the directory is ours");
    };
    place.run(&["--now", NOW, "sign", "-q", "-K", "rsa", "-f", "signed", "--cds", "--jitter", "12h", "zone"]);
    let audit = || {
        let arguments = ["--now", NOW, "audit", "--zone", "signed", "--keys", "rsa", "--json", "--policy", "p.toml"];
        let result = place.run(&arguments);
        findings(&serde_json::from_slice(&result.stdout).expect("JSON"))
    };
    policy("2y");
    assert_eq!(audit(), ["N-2 algorithm-rsa warning", "N-2 algorithm-rsa warning"]);
    policy("7y");
    assert_eq!(audit(), ["N-2 algorithm-rsa warning", "N-2 algorithm-rsa warning", "N-2 key-rsa-beyond-2030 warning"]);
}

#[cfg(unix)]
#[test]
fn permissions() {
    for (mode, expected) in [
        (0o400, None),
        (0o600, None),
        (0o640, Some("N-18 key-file-permissions warning")),
        (0o660, Some("N-18 key-file-permissions error")),
        (0o604, Some("N-18 key-file-permissions error")),
    ] {
        let place = Place::new();
        place.sign(ZONE, &[]);
        set_mode(&place.path("keys/Kexample.com.+013+45846.private"), mode);
        let found = findings(&place.audit(&[]).0);
        assert_eq!(found, expected.into_iter().map(str::to_owned).collect::<Vec<_>>(), "{mode:o}");
    }
    let place = Place::new();
    place.sign(ZONE, &[]);
    set_mode(&place.path("keys"), 0o777);
    assert_eq!(findings(&place.audit(&[]).0), ["N-18 key-directory-permissions error"]);
}

#[test]
fn what_cannot_be_seen_is_said() {
    let place = Place::new();
    place.sign(ZONE, &[]);
    let ids = |json: &Value| -> Vec<String> {
        let list = json["not_checked"].as_array().expect("a list");
        list.iter().map(|entry| entry["id"].as_str().expect("an id").to_owned()).collect()
    };
    let with_keys = ids(&place.audit(&[]).0);
    assert!(with_keys.contains(&"N-30".to_owned()) && !with_keys.contains(&"N-18".to_owned()));
    let result = place.run(&["--now", NOW, "audit", "--zone", "signed", "--json"]);
    let without = ids(&serde_json::from_slice(&result.stdout).expect("JSON"));
    assert!(without.contains(&"N-18".to_owned()), "{without:?}");
    let text = place.run(&["--now", NOW, "audit", "--zone", "signed", "-v"]);
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert_eq!(
        text.lines().filter(|line| line.starts_with("not checked: N-18: needs the key files")).count(),
        1,
        "{text}"
    );
}

#[test]
fn strict_makes_warnings_errors() {
    let place = Place::new();
    place.sign(&with("host IN A 10.0.0.1"), &[]);
    assert_eq!(place.audit(&[]).1, 0);
    assert_eq!(place.audit(&["--strict"]).1, 1);
}

#[test]
fn what_cannot_be_read_is_said() {
    let place = Place::new();
    place.sign(ZONE, &[]);
    for arguments in [
        &["audit", "--zone", "gone"][..],
        &["audit", "--zone", "signed", "--keys", "gone"],
        &["audit", "--zone", "signed", "--policy", "gone"],
        &["audit", "--zone", "signed", "--keys", "."],
        &["audit", "--zone", "keys/Kexample.com.+013+45846.key"],
    ] {
        let result = place.run(arguments);
        assert_eq!(result.status.code(), Some(2), "{arguments:?}");
        assert!(!result.stderr.is_empty(), "{arguments:?}");
    }
}

/// What SARIF 2.1.0 requires of each object that is there (sections 3.13 to 3.33), and that indices fit.
#[test]
fn sarif_has_what_its_schema_requires() {
    let place = Place::new();
    place.sign(&with("host IN A 10.0.0.1\nzero 0 IN A 192.0.2.4"), &["--nsec3"]);
    let result = place.run(&["--now", NOW, "audit", "--zone", "signed", "--keys", "keys", "--sarif"]);
    assert_eq!(result.status.code(), Some(1));
    let log: Value = serde_json::from_slice(&result.stdout).expect("JSON");
    assert_eq!(log["version"], "2.1.0");
    assert!(log["$schema"].as_str().is_some_and(|schema| schema.contains("sarif-2.1.0")));
    let run = &log["runs"][0];
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "zoneseal");
    let rules = driver["rules"].as_array().expect("rules");
    for rule in rules {
        assert!(
            rule["id"].is_string() && rule["shortDescription"]["text"].as_str().is_some_and(|text| text.len() > 10),
            "{rule}"
        );
    }
    let results = run["results"].as_array().expect("results");
    let ids: Vec<&str> = results.iter().map(|result| result["ruleId"].as_str().expect("an id")).collect();
    assert_eq!(ids, ["N-21", "N-9", "N-32"]);
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().expect("an index")).expect("small");
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(["error", "warning"].contains(&result["level"].as_str().expect("a level")));
        assert!(result["message"]["text"].as_str().is_some_and(|text| !text.is_empty()));
        let place = &result["locations"][0];
        assert_eq!(place["physicalLocation"]["artifactLocation"]["uri"], "signed");
        assert!(place["physicalLocation"]["region"]["startLine"].as_u64() > Some(0), "{place}");
        assert!(place["logicalLocations"][0]["fullyQualifiedName"].is_string());
    }
}
