//! `zoneseal release-check`: what is right passes, and each way to be wrong is found by its check alone. Method: the built
//! binary, on zones signed by it with one thing changed, and name servers of the test on loopback.

#![expect(unreachable_pub, reason = "the modules of a test program have no outside")]

#[allow(dead_code, reason = "shared with the tests of observe, which use all of it")]
#[path = "observe/server.rs"]
mod server;

use hickory_proto::op::Message;
use hickory_proto::rr::RecordType;
use serde_json::Value;
use server::{TestServer, record, reply, send, soa};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;
use zoneseal::base::Rtype;

/// When zones are signed and checked, unless a case says otherwise.
const NOW: &str = "20270102000000";
const ZONE: &str = "child.example.";
const LINES: &str = "@ NS ns\n@ MX 10 mail\nns A 192.0.2.1\nmail A 192.0.2.2\nwww A 192.0.2.3\nwww AAAA 2001:db8::3\n\
                     sub NS ns.sub\nns.sub A 192.0.2.9\n";

/// A folder with keys and zones.
struct Place(TempDir);

impl Place {
    /// With keys of algorithm 15 in `keys`, `zone` and `signed` of serial 6, and `previous` of serial 5.
    fn new() -> Self {
        let place = Self(TempDir::new().unwrap());
        place.make_keys("keys");
        place.sign("previous", 5, LINES, &["--now", "20270101000000"]);
        place.sign("signed", 6, LINES, &[]);
        place.write("zone", &zone(6, LINES));
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        fs::write(self.path(name), text).unwrap();
        self.path(name)
    }

    fn make_keys(&self, folder: &str) {
        fs::create_dir(self.path(folder)).unwrap();
        for role in [&["--ksk"][..], &[]] {
            let common = ["--now", "20270101000000", "keygen", "-q", "-a", "15", "-K", folder, ZONE];
            self.done(&[&common[..], role].concat());
        }
    }

    /// Signs lines as `name` with the keys in `keys`; options may say otherwise.
    fn sign(&self, name: &str, serial: u32, lines: &str, options: &[&str]) {
        let file = format!("{name}.zone");
        self.write(&file, &zone(serial, lines));
        let keys = if options.contains(&"-K") { &[][..] } else { &["-K", "keys"] };
        let now = if options.contains(&"--now") { &[][..] } else { &["--now", NOW] };
        self.done(&[&["sign", &file, "-f", name, "-q", "--serial", "keep"], keys, now, options].concat());
    }

    /// The DS records of the keys in a folder, in a file of the name.
    fn ds(&self, folder: &str, name: &str) {
        let keys = fs::read_dir(self.path(folder)).unwrap().map(|entry| entry.unwrap().path());
        let keys: Vec<_> = keys.filter(|path| path.extension().is_some_and(|ending| ending == "key")).collect();
        let output =
            self.run(&[&["ds"], &keys.iter().map(|path| path.to_str().unwrap()).collect::<Vec<_>>()[..]].concat());
        fs::write(self.path(name), output.stdout).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_zoneseal"));
        command.args(arguments).current_dir(self.0.path()).output().unwrap()
    }

    #[track_caller]
    fn done(&self, arguments: &[&str]) {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn check(&self, arguments: &[&str]) -> Output {
        let now = if arguments.contains(&"--now") { &[][..] } else { &["--now", NOW] };
        self.run(&[&["release-check", "signed"], now, arguments].concat())
    }

    /// Each finding as `check: code`, once, and the exit code that fits.
    #[track_caller]
    fn findings(&self, arguments: &[&str]) -> Vec<String> {
        let output = self.check(&[&["--json"], arguments].concat());
        let result = json(&output);
        let mut findings: Vec<String> = result["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|finding| format!("{}: {}", finding["check"].as_str().unwrap(), finding["code"].as_str().unwrap()))
            .collect();
        findings.dedup();
        let is_failed = result["checks"].as_array().unwrap().iter().any(|check| check["result"] == "failed");
        assert_eq!(result["publishable"], !is_failed);
        assert_eq!(output.status.code(), Some(i32::from(is_failed)), "{result:#}");
        findings
    }

    #[track_caller]
    fn assert_found(&self, arguments: &[&str], expected: &[&str]) {
        assert_eq!(self.findings(arguments), expected, "{arguments:?}");
    }
}

fn zone(serial: u32, lines: &str) -> String {
    format!("$ORIGIN {ZONE}\n$TTL 3600\n@ SOA ns hostmaster {serial} 7200 600 86400 300\n{lines}")
}

#[track_caller]
fn json(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(&text)
        .unwrap_or_else(|error| panic!("{error}: {text}{}", String::from_utf8_lossy(&output.stderr)))
}

/// Replaces lines of the zone, and with the serial all that must be the same.
fn replaced(from: &str, to: &str) -> String {
    assert!(LINES.contains(from));
    LINES.replace(from, to)
}

const ALL: [&str; 6] = ["--unsigned", "zone", "--previous", "previous", "--policy", "nist-81r3"];

#[test]
fn what_is_right_passes() {
    let place = Place::new();
    place.ds("keys", "ds");
    let all = [&ALL[..], &["--ds", "ds", "--strict"]].concat();
    let output = place.check(&[&["--json"], &all[..]].concat());
    let result = json(&output);
    assert_eq!(output.status.code(), Some(0), "{result:#}");
    let results: Vec<_> = result["checks"].as_array().unwrap().iter().map(|check| &check["result"]).collect();
    assert_eq!(results, ["passed", "passed", "passed", "passed", "skipped", "passed", "passed"]);
    assert_eq!((&result["schema"], &result["serial"]), (&"zoneseal.release-check/1".into(), &6.into()));
    assert_eq!((&result["changes"]["added"], &result["changes"]["removed"]), (&0.into(), &0.into()));
    let text = String::from_utf8(place.check(&all).stdout).unwrap();
    assert!(text.ends_with("child.example. serial 6: may be published, by 6 of 7 checks\n"), "{text}");
}

/// What other signers made of a zone may be published too: the gate judges zones, not who signed them.
#[test]
fn zones_of_other_signers_pass() {
    let place = Place::new();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/verify");
    let unsigned = data.join("example.unsigned.zone").display().to_string();
    for name in
        ["bind-nsec", "bind-nsec3", "bind-opt-out", "bind-ed448", "bind-p384", "ldns-nsec-zonemd", "ldns-opt-out"]
    {
        if name == "bind-ed448" && !cfg!(feature = "ed448") {
            continue;
        }
        fs::copy(data.join(format!("{name}.zone")), place.path("signed")).unwrap();
        let ds = data.join(format!("{name}.dsset"));
        let ds = if ds.exists() { vec!["--ds".to_owned(), ds.display().to_string()] } else { Vec::new() };
        let arguments: Vec<&str> = ds.iter().map(String::as_str).chain(["--unsigned", &unsigned]).collect();
        place.assert_found(&arguments, &[]);
    }
}

#[test]
fn content_is_that_of_the_unsigned_zone() {
    let place = Place::new();
    for (lines, expected) in [
        (replaced("www AAAA 2001:db8::3\n", ""), &["content: record-missing"][..]),
        (replaced("www A", "ftp A 192.0.2.4\nwww A"), &["content: record-added"]),
        (replaced("www A ", "www 7200 A "), &["content: ttl-changed"]),
        (replaced("192.0.2.3", "192.0.2.33"), &["content: record-missing", "content: record-added"]),
        (
            replaced("ns.sub A 192.0.2.9\n", "ns.sub A 192.0.2.8\n"),
            &["content: record-missing", "content: record-added"],
        ),
        (LINES.replace("mail", "MAIL"), &[]),
    ] {
        place.sign("signed", 6, &lines, &[]);
        place.assert_found(&ALL[..2], expected);
    }
    place.sign("signed", 7, LINES, &[]);
    place.assert_found(&ALL[..2], &[]);
    let other = zone(6, LINES).replace("600 86400", "900 86400");
    place.write("zone", &other);
    place.assert_found(&ALL[..2], &["content: soa-changed"]);
}

/// Where the missing record stands in the zone file, for pipelines that show it there.
#[test]
fn a_missing_record_has_its_place() {
    let place = Place::new();
    place.sign("signed", 6, &replaced("www AAAA 2001:db8::3\n", ""), &[]);
    let result = json(&place.check(&["--json", "--unsigned", "zone"]));
    let finding = &result["findings"][0];
    assert_eq!((&finding["file"], &finding["line"]), (&"zone".into(), &9.into()), "{result:#}");
}

#[test]
fn many_findings_are_counted() {
    let place = Place::new();
    let hosts: String = (0..30).map(|number| format!("host{number} A 192.0.2.7\n")).collect();
    place.write("zone", &zone(6, &format!("{LINES}{hosts}")));
    let result = json(&place.check(&["--json", "--unsigned", "zone"]));
    assert_eq!(result["findings"].as_array().unwrap().len(), 20);
    assert_eq!(result["not_listed"]["record-missing"], 10);
}

#[test]
fn signatures_are_verified() {
    let place = Place::new();
    place.assert_found(&["--now", "20270110000000"], &["signatures: signature-expired"]);
    place.assert_found(&["--now", "20270101000000"], &["signatures: signature-not-yet-valid"]);
    place.assert_found(&["--expires-within", "6d"], &[]);
    place.assert_found(&["--expires-within", "7d"], &["signatures: signature-expires-soon"]);
    // Of the policy: largest TTL 1 h, propagation and run interval are hours; a day before the end it is too late.
    place.assert_found(&["--now", "20270108220000", "--policy", "nist-81r3"], &["signatures: signature-expires-soon"]);
    place.assert_found(&["--now", "20270105000000", "--policy", "nist-81r3"], &[]);
    let text = fs::read_to_string(place.path("signed")).unwrap();
    let rrsig = text.lines().find(|line| line.contains("\tRRSIG\tMX ")).unwrap();
    let (head, signature) = rrsig.rsplit_once(' ').unwrap();
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    let bogus = text.replace(rrsig, &format!("{head} {first}{}", &signature[1..]));
    assert_ne!(bogus, text);
    place.write("signed", &bogus);
    place.assert_found(&[], &["signatures: signature-bogus"]);
    place.write(
        "signed",
        &text.lines().filter(|line| *line != rrsig).map(|line| format!("{line}\n")).collect::<String>(),
    );
    place.assert_found(&[], &["signatures: signature-missing"]);
    place.write("signed", &zone(6, LINES));
    place.assert_found(&[], &["signatures: zone-unsigned"]);
}

#[test]
fn steps_that_are_not_plausible() {
    let place = Place::new();
    let previous = ["--previous", "previous"];
    for (serial, lines, expected) in [
        (4, LINES.to_owned(), &["previous: serial-backwards"][..]),
        // Signatures are new all the same, and nobody would fetch them.
        (5, LINES.to_owned(), &["previous: serial-backwards"]),
        (6, replaced("@ MX 10 mail\n", ""), &["previous: rrset-vanished"]),
        (6, replaced("sub NS ns.sub\nns.sub A 192.0.2.9\n", ""), &["previous: rrset-vanished"]),
        (6, replaced("192.0.2.3", "192.0.2.33"), &[]),
        (7, LINES.to_owned(), &[]),
    ] {
        place.sign("signed", serial, &lines, &[]);
        place.assert_found(&previous, expected);
    }
    let hosts: String = (0..30).map(|number| format!("host{number} A 192.0.2.7\n")).collect();
    place.sign("previous", 5, &format!("{LINES}{hosts}"), &["--now", "20270101000000"]);
    place.sign("signed", 6, LINES, &[]);
    place.assert_found(&previous, &["previous: names-vanished"]);
    place.assert_found(&[&previous[..], &["--names-vanished-percent", "90"]].concat(), &[]);
    // A zone of the future came before: by one clock or the other.
    place.sign("previous", 5, LINES, &["--now", "20270103000000"]);
    place.assert_found(&previous, &["previous: clock-backwards"]);
}

#[test]
fn an_unchanged_zone_is_no_step() {
    let place = Place::new();
    place.assert_found(&["--previous", "signed"], &[]);
}

#[test]
fn every_ds_leads_to_a_key_that_signs() {
    let place = Place::new();
    place.make_keys("others");
    place.ds("keys", "ds");
    place.ds("others", "others.ds");
    let both = [fs::read(place.path("ds")).unwrap(), fs::read(place.path("others.ds")).unwrap()].concat();
    fs::write(place.path("both.ds"), both).unwrap();
    place.assert_found(&["--ds", "ds"], &[]);
    place.assert_found(&["--anchor", "others.ds"], &["ds: anchor-unmatched"]);
    place.assert_found(&["--ds", "both.ds"], &["ds: anchor-stale"]);
    let output = place.check(&["--ds", "both.ds", "--override", "anchor-stale", "--reason", "double-DS roll"]);
    assert_eq!(output.status.code(), Some(0));
    place.write("signed", &zone(6, LINES));
    place.assert_found(&["--ds", "ds"], &["signatures: zone-unsigned", "ds: unsigned-with-ds"]);
}

/// A new ZSK that signs at once, and an old one that goes at once: each breaks some cache.
#[test]
fn caches_can_go_on() {
    let place = Place::new();
    place.make_keys("others");
    let zsk = |folder: &str| {
        let names = fs::read_dir(place.path(folder)).unwrap().map(|entry| entry.unwrap().path());
        let is_zsk = |path: &PathBuf| {
            path.extension().is_some_and(|ending| ending == "key")
                && fs::read_to_string(path).unwrap().contains(" 256 ")
        };
        names.filter(is_zsk).map(|path| path.with_extension("")).next().unwrap()
    };
    let (old, new) = (zsk("keys"), zsk("others"));
    let copy = |from: &Path, folder: &str| {
        for ending in ["key", "private"] {
            let name = from.file_name().unwrap().to_str().unwrap();
            fs::copy(format!("{}.{ending}", from.display()), place.path(folder).join(format!("{name}.{ending}")))
                .unwrap();
        }
    };
    // Both sign: whoever holds one of the two key sets is served.
    copy(&new, "keys");
    place.sign("signed", 6, LINES, &[]);
    place.assert_found(&["--previous", "previous"], &[]);
    // The new one alone, the old one gone.
    let aside = place.path("aside");
    fs::create_dir(&aside).unwrap();
    for ending in ["key", "private"] {
        let name = format!("{}.{ending}", old.file_name().unwrap().to_str().unwrap());
        fs::rename(place.path("keys").join(&name), aside.join(&name)).unwrap();
    }
    place.sign("signed", 6, LINES, &[]);
    place.assert_found(&["--previous", "previous"], &["keys: keys-too-new", "keys: keys-gone"]);
    let overrides = ["--override", "keys-too-new", "--override", "keys-gone", "--reason", "the old key was stolen"];
    let output = place.check(&[&["--previous", "previous", "--json"], &overrides[..]].concat());
    let result = json(&output);
    assert_eq!(output.status.code(), Some(0), "{result:#}");
    assert!(result["findings"].as_array().unwrap().iter().all(|found| found["overridden"] == "the old key was stolen"));
}

#[test]
fn the_policy_is_kept_to() {
    let place = Place::new();
    place.write("policy.toml", "[policy.short]\nbase = \"nist-81r3\"\nmax-zone-ttl = \"30m\"\n");
    let output = place.check(&["--policy", "policy.toml"]);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    place.assert_found(&["--policy", "policy.toml"], &["policy: ttl-explosion"]);
    place.sign("signed", 6, &replaced("www A ", "www 8d A "), &["--validity", "30d"]);
    let found = place.findings(&["--policy", "nist-81r3"]);
    assert!(found.contains(&"policy: validity-budget".to_owned()), "{found:?}");
}

/// Only what can be meant may be overridden, and what was not needed is said.
#[test]
fn overrides_have_a_reason_and_a_purpose() {
    let place = Place::new();
    let previous = ["--previous", "previous", "--override", "rrset-vanished"];
    for (arguments, part) in [
        (&previous[..], "--reason"),
        (&["--reason", "why not"], "--override"),
        (&["--override", "signature-bogus", "--reason", "x"], "cannot be overridden"),
        (&["--override", "record-missing", "--reason", "x"], "cannot be overridden"),
        (&["--override", "rrset-vanished", "--reason", ""], "--reason"),
    ] {
        let output = place.check(arguments);
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stderr).contains(part), "{output:?}");
    }
    let reasoned = [&previous[..], &["--reason", "mail moved"]].concat();
    let unneeded = String::from_utf8(place.check(&reasoned).stdout).unwrap();
    assert!(unneeded.contains("note: nothing had to be overridden for rrset-vanished\n"), "{unneeded}");
    place.sign("signed", 6, &replaced("@ MX 10 mail\n", ""), &[]);
    let output = place.check(&reasoned);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("overridden: [rrset-vanished]") && text.contains("reason: mail moved"), "{text}");
}

#[test]
fn what_cannot_be_read_or_asked_is_a_failure() {
    let place = Place::new();
    place.write("other", &zone(6, LINES).replace(ZONE, "other.example."));
    place.write("broken", "@ SOA");
    for (arguments, part) in [
        (&["--unsigned", "none"][..], "none: "),
        (&["--previous", "broken"], "broken:1:"),
        (&["--previous", "other"], "these are two zones"),
        (&["--policy", "no-such-policy"], "no-such-policy"),
        (&["--live", "127.0.0.1@1", "--timeout", "0.2"], "nobody knows whether the zone may follow"),
        (&["--names-vanished-percent", "5"], "--previous"),
        (&["--previous", "-", "--unsigned", "-"], "standard input"),
    ] {
        let output = place.check(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(part), "{output:?}");
        assert!(output.stdout.is_empty());
    }
}

/// A server that has the zone with a serial, and DNSKEYs.
fn serving(serial: u32, dnskeys: Vec<Vec<u8>>) -> TestServer {
    TestServer::start(move |question: &Message, _, _| {
        let mut message = reply(question);
        match question.queries[0].query_type() {
            RecordType::SOA => message.add_answers([soa(ZONE, serial, 300)]),
            RecordType::DNSKEY => {
                message.add_answers(dnskeys.iter().map(|key| record(ZONE, Rtype::DNSKEY, 600, key.clone())))
            }
            _ => message.add_authorities([soa(ZONE, serial, 300)]),
        };
        send(&message)
    })
}

/// A parent that has these DS.
fn parent(ds: Vec<Vec<u8>>) -> TestServer {
    TestServer::start(move |question: &Message, _, _| {
        let mut message = reply(question);
        match question.queries[0].query_type() {
            RecordType::DS if !ds.is_empty() => {
                message.add_answers(ds.iter().map(|ds| record(ZONE, Rtype::DS, 600, ds.clone())))
            }
            _ => message.add_authorities([soa("example.", 1, 300)]),
        };
        send(&message)
    })
}

fn address(server: &TestServer) -> String {
    format!("127.0.0.1@{}", server.address.port())
}

#[test]
fn it_is_newer_than_what_is_served() {
    let place = Place::new();
    let (older, same, newer) = (serving(5, vec![]), serving(6, vec![]), serving(7, vec![]));
    for (servers, expected) in [
        (vec![&older], &[][..]),
        (vec![&same], &["live: serial-backwards"]),
        (vec![&newer], &["live: serial-backwards"]),
        (vec![&older, &newer], &["live: serial-backwards"]),
    ] {
        let addresses: Vec<String> = servers.iter().map(|server| address(server)).collect();
        let arguments: Vec<&str> = addresses.iter().flat_map(|address| ["--live", address]).collect();
        place.assert_found(&arguments, expected);
    }
    // Resolvers hold keys that are served and do not sign this zone.
    let foreign = [&[1, 0, 3, 15][..], &[7; 32]].concat();
    let server = serving(5, vec![foreign]);
    place.assert_found(&["--live", &address(&server)], &["keys: keys-too-new"]);
}

#[test]
fn the_ds_that_the_parent_has_are_matched() {
    let place = Place::new();
    let (none, stale) = (parent(vec![]), parent(vec![server::ds(4711)]));
    place.assert_found(&["--parent-server", &address(&none)], &[]);
    let result = json(&place.check(&["--json", "--parent-server", &address(&none)]));
    assert_eq!(result["checks"][1]["says"], "the parent has no DS");
    place.assert_found(&["--parent-server", &address(&stale)], &["ds: anchor-unmatched", "ds: anchor-algorithm"]);
}

/// The forms for pipelines say what the text says.
#[test]
fn junit_and_sarif_hold_the_findings() {
    let place = Place::new();
    place.sign("signed", 6, &replaced("@ MX 10 mail\nns A", "ns A"), &[]);
    let arguments =
        ["--unsigned", "zone", "--previous", "previous", "--override", "rrset-vanished", "--reason", "no <mail>"];
    let junit = place.check(&[&["--junit"], &arguments[..]].concat());
    assert_eq!(junit.status.code(), Some(1));
    let text = String::from_utf8(junit.stdout).unwrap();
    let document = roxmltree::Document::parse(&text).unwrap();
    let cases: Vec<_> = document.descendants().filter(|node| node.has_tag_name("testcase")).collect();
    let with = |tag: &str| -> Vec<_> {
        let has = |case: &&roxmltree::Node<'_, '_>| case.children().any(|child| child.has_tag_name(tag));
        cases.iter().filter(has).map(|case| case.attribute("name").unwrap()).collect()
    };
    assert_eq!(cases.len(), 7);
    assert_eq!(with("failure"), ["content"]);
    assert_eq!(with("skipped"), ["ds", "live", "policy"]);
    assert!(text.contains("overridden (no &lt;mail&gt;)"), "{text}");
    let suite = document.descendants().find(|node| node.has_tag_name("testsuite")).unwrap();
    assert_eq!((suite.attribute("tests"), suite.attribute("failures")), (Some("7"), Some("1")));

    let sarif = json(&place.check(&[&["--sarif"], &arguments[..]].concat()));
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let rules: Vec<_> = results.iter().map(|result| result["ruleId"].as_str().unwrap()).collect();
    assert_eq!(rules, ["record-missing", "rrset-vanished"]);
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(sarif["runs"][0]["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
    }
    let place_of = &results[0]["locations"][0]["physicalLocation"];
    assert_eq!((&place_of["artifactLocation"]["uri"], &place_of["region"]["startLine"]), (&"zone".into(), &5.into()));
    assert!(results[0].get("suppressions").is_none());
    assert_eq!(results[1]["suppressions"][0]["justification"], "no <mail>");
}
