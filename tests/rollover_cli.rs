//! `zoneseal rollover` as a program. Method: an operator who does what it says, with the clock flying by `--now`: makes
//! keys, signs, carries DS to a parent that takes a day, until a ZSK and a KSK are replaced; a stranger verifies the zone
//! at every step.

#[path = "support/place.rs"]
mod place;

use place::{Place, START, text};
use serde_json::Value;
use std::cell::Cell;
use std::fs;
use std::time::Duration;
use zoneseal::base::{Algorithm, Diagnostics, DigestType, NameBuf, Seconds, Ttl, UnixTime};
use zoneseal::crypto::PrivateKey;
use zoneseal::keys::KeyTiming;
use zoneseal::keys::ds::ds_rdata;
use zoneseal::keys::generate::{KeySpec, generate};
use zoneseal::observe::{DsSeen, Observation, ParentSeen, Seen, Server, Trustworthiness, file};
use zoneseal::state::StateFile;

impl Place {
    /// Runs a subcommand; exit code 2 is a failure.
    #[track_caller]
    fn rollover(&self, now: UnixTime, command: &str, more: &[&str]) -> (String, String, i32) {
        let mut words = command.split(' ');
        let command = words.next().unwrap();
        let words: Vec<&str> = words.collect();
        let output = self.run(now, &[&["rollover", command, "example."], &words[..], &["-K", "keys"], more].concat());
        let code = output.status.code().unwrap();
        let (out, talk) = (text(output.stdout), text(output.stderr));
        assert_ne!(code, 2, "{command} {more:?} at {now}: {talk}");
        (out, talk, code)
    }

    #[track_caller]
    fn json(&self, now: UnixTime, command: &str) -> Value {
        serde_json::from_str(&self.rollover(now, command, &["--json"]).0).unwrap()
    }

    fn state_text(&self) -> Option<Vec<u8>> {
        fs::read(self.path("keys/example.zoneseal.json")).ok()
    }

    fn key_files(&self) -> usize {
        let entries = fs::read_dir(self.path("keys")).unwrap();
        entries.filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().ends_with(".key")).count()
    }

    /// Signs, and has a stranger verify.
    #[track_caller]
    fn sign(&self, now: UnixTime) {
        let arguments = ["sign", "example.zone", "-K", "keys", "--previous", "--serial", "unixtime"];
        let signed = self.run(now, &arguments);
        assert_eq!(signed.status.code(), Some(0), "at {now}: {}", text(signed.stderr));
        let verified = self.run(now, &["verify", "example.zone.signed"]);
        assert_eq!(verified.status.code(), Some(0), "at {now}: {}", text(verified.stdout));
    }

    /// Does what there is to do now; true if there was anything.
    fn serve(&self, now: UnixTime) -> bool {
        let status = self.json(now, "apply");
        let mut is_busy = false;
        for action in status["actions"].as_array().unwrap() {
            if !action["sign"].is_null() {
                self.sign(now);
                is_busy = true;
            }
            for (action, word) in [(&action["submit-ds"], "ds-seen"), (&action["withdraw-ds"], "ds-gone")] {
                if let Some(key) = action["keys"].as_array().into_iter().flatten().next() {
                    // The parent takes a day.
                    let later = now.plus(Seconds(86_400));
                    self.rollover(later, word, &[key.as_str().unwrap(), "--why", "looked with dig"]);
                    return true;
                }
            }
        }
        is_busy
    }

    /// The keys of a role that are in use.
    fn active(&self, now: UnixTime, role: &str) -> Vec<String> {
        let status = self.json(now, "status");
        let keys = status["keys"].as_array().unwrap().iter();
        let is_active = |key: &&Value| key["role"] == role && key["goal"] == "in" && !key["times"]["active"].is_null();
        keys.filter(is_active).map(|key| key["id"].as_str().unwrap().to_owned()).collect()
    }

    /// Serves from `now` on until a condition holds; gives the time then.
    #[track_caller]
    fn live(&self, mut now: UnixTime, what: &str, is_done: impl Fn(&Self, UnixTime) -> bool) -> UnixTime {
        for _ in 0..200 {
            if self.serve(now) {
                // The parent's answer came a day later.
                now = now.plus(Seconds(86_400 + 60));
                continue;
            }
            if is_done(self, now) {
                return now;
            }
            let status = self.json(now, "status");
            let next = status["next_event"].as_str().and_then(UnixTime::from_iso_text);
            let next = next.unwrap_or_else(|| panic!("{what}: nothing to come at {now}: {status:#}"));
            // Signatures must not run out while nothing rolls.
            now = next.max(UnixTime(now.0 + 60)).min(now.plus(Seconds(2 * 86_400)));
            self.sign(now);
        }
        panic!("{what} does not end by {now}: {}", self.rollover(now, "status", &["-v"]).0);
    }
}

impl Place {
    /// Whether keys are removed, or purged already.
    fn are_removed(&self, keys: &[String], now: UnixTime) -> bool {
        let status = self.json(now, "status");
        let is_there =
            |key: &Value| keys.contains(&key["id"].as_str().unwrap().to_owned()) && key["times"]["removed"].is_null();
        !status["keys"].as_array().unwrap().iter().any(is_there)
    }
}

#[test]
fn zsk_roll_by_the_command_line_alone() {
    let place = Place::new();
    let now = place.live(START, "the first keys", |place, now| !place.active(now, "zsk").is_empty());
    let old = place.active(now, "zsk");
    let now = now.plus(Seconds(60));
    place.rollover(now, "start", &["zsk", "--why", "test"]);
    place.live(now, "the ZSK roll", |place, now| place.are_removed(&old, now));
}

#[test]
fn ksk_roll_by_the_command_line_alone() {
    let place = Place::new();
    let now = place.live(START, "the first keys", |place, now| !place.active(now, "ksk").is_empty());
    let old = place.active(now, "ksk");
    let now = now.plus(Seconds(60));
    place.rollover(now, "start", &["ksk", "--why", "test"]);
    place.live(now, "the KSK roll", |place, now| place.are_removed(&old, now));
    let log = place.run(now.plus(Seconds(900 * 86_400)), &["log", "example.", "-K", "keys", "--verify"]);
    assert_eq!(log.status.code(), Some(0), "{}", text(log.stdout));
    let entries = text(place.run(now, &["log", "example.", "-K", "keys"]).stdout);
    for part in ["asked for a roll of the KSK", "the operator's word: the parent has the DS of KSK", "looked with dig"]
    {
        assert!(entries.contains(part), "{part}: {entries}");
    }
}

/// What --dry-run shows is what would be done, and nothing is.
#[test]
fn dry_runs_change_nothing() {
    let place = Place::new();
    let (out, _, code) = place.rollover(START, "apply", &["--dry-run"]);
    assert_eq!((code, place.key_files(), place.state_text()), (1, 0, None), "{out}");
    assert!(out.contains("Run zoneseal rollover apply example.") && out.contains("a new KSK"), "{out}");
    let (status, ..) = place.rollover(START, "status", &[]);
    assert!(status.contains("Run zoneseal rollover apply example."), "{status}");
    place.rollover(START, "apply", &[]);
    assert_eq!(place.key_files(), 2);
    place.sign(START);
    let before = place.state_text();
    let key = place.active_or_any("ksk");
    for arguments in [
        &["start", "zsk", "--dry-run"][..],
        &["ds-seen", &key, "--why", "x", "--dry-run"],
        &["apply", "--dry-run"],
        &["start", "ksk", "--emergency"],
        &["plan"],
    ] {
        place.rollover(START.plus(Seconds(60)), arguments[0], &arguments[1..]);
        assert_eq!(place.state_text(), before, "{arguments:?}");
    }
    assert_eq!(place.key_files(), 2);
}

impl Place {
    fn active_or_any(&self, role: &str) -> String {
        let status = self.json(START.plus(Seconds(1)), "status");
        let key = status["keys"].as_array().unwrap().iter().find(|key| key["role"] == role).unwrap().clone();
        key["id"].as_str().unwrap().to_owned()
    }
}

#[test]
fn emergencies_show_both_ways_and_do_nothing_by_themselves() {
    let place = Place::new();
    place.rollover(START, "apply", &[]);
    place.sign(START);
    let (out, talk, code) = place.rollover(START.plus(Seconds(60)), "start", &["ksk", "--emergency"]);
    assert!(out.contains("KSK of 2027-01-01  Tgen") && !out.contains("Kexample"), "keys to come have no tags: {out}");
    // A spare in other hands goes, and the key in use stays: the timelines are of the key that is named.
    let now = START.plus(Seconds(120));
    place.rollover(now, "start standby --role ksk", &["--count", "1"]);
    place.sign(now);
    let keys = place.json(now, "status")["keys"].clone();
    let spare = keys.as_array().unwrap().iter().find(|key| key["goal"] == "standby").unwrap()["tag"].to_string();
    let (of_spare, ..) = place.rollover(now, "start", &["ksk", &spare, "--emergency"]);
    assert!(of_spare.contains(&format!("KSK {spare} is taken out")), "{of_spare}");
    let used = keys.as_array().unwrap().iter().find(|key| key["role"] == "ksk" && key["goal"] == "in").unwrap();
    assert!(!of_spare.contains(&format!("KSK {} is taken out", used["tag"])), "{of_spare}");
    let nothing =
        place.run(now, &["rollover", "ds-seen", "example.", &used["tag"].to_string(), "--why", " ", "-K", "keys"]);
    assert_eq!(nothing.status.code(), Some(2), "a word without a reason: {}", text(nothing.stdout));
    assert_eq!(code, 1);
    assert!(out.contains("--keep-chain: ") && out.contains("--break-chain: "), "{out}");
    assert!(talk.contains("Nothing was done."), "{talk}");
}

/// Whoever forgets to name the policy does not begin a roll, and another one is said.
#[test]
fn the_policy_is_remembered() {
    let place = Place::new();
    let policy = "[policy.ours]\nbase = \"rfc-current\"\nkeys.csk.algorithm = 15\n";
    fs::write(place.path("ours.toml"), policy).unwrap();
    place.rollover(START, "apply", &["--policy", "ours.toml"]);
    place.sign(START);
    let now = START.plus(Seconds(60));
    place.rollover(now, "apply", &[]);
    let status = place.json(now, "status");
    assert_eq!((&status["policy"], &status["changes"]), (&"ours".into(), &serde_json::json!([])), "{status:#}");
    assert!(status["policy_source"].as_str().unwrap().ends_with("ours.toml"));
    let before = place.state_text();
    place.rollover(now, "apply", &[]);
    assert_eq!((place.state_text(), place.key_files()), (before.clone(), 1), "nothing rolls");

    let (_, talk, _) = place.rollover(now, "status", &["--policy", "nist-81r3"]);
    assert!(talk.contains("another policy: nist-81r3 in place of ours"), "{talk}");
    fs::write(place.path("keys/policy.toml"), policy.replace("ours", "beside")).unwrap();
    let (_, talk, _) = place.rollover(now, "status", &[]);
    assert!(talk.contains("keys/policy.toml is not used, for the zone is run under ours"), "{talk}");
    assert_eq!(place.state_text(), before);
    fs::write(place.path("ours.toml"), policy.to_owned() + "rfc5011 = true\n").unwrap();
    let (_, talk, _) = place.rollover(now, "apply", &[]);
    assert!(talk.contains("has changed"), "{talk}");
    let (_, talk, _) = place.rollover(now, "apply", &[]);
    assert!(!talk.contains("has changed"), "{talk}");
    fs::remove_file(place.path("ours.toml")).unwrap();
    let output = place.run(now, &["rollover", "apply", "example.", "-K", "keys"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(output.stderr).contains("the zone was run under this policy; name another with --policy"));
    let (_, talk, _) = place.rollover(now, "apply", &["--policy", "keys/policy.toml"]);
    assert!(talk.contains("another policy: beside (policy.toml) in place of ours"), "{talk}");
    let log = text(place.run(now, &["log", "example.", "-K", "keys"]).stdout);
    assert!(log.contains("another policy: beside"), "{log}");
}

/// What is asked for is in force in the place of the policy, is shown, and can be taken back.
#[test]
fn changes_can_be_asked_for() {
    let place = Place::new();
    place.rollover(START, "apply", &[]);
    place.sign(START);
    let now = START.plus(Seconds(60));
    let before = place.state_text();
    let (out, ..) = place.rollover(now, "start", &["algorithm", "--to", "ED25519", "--dry-run"]);
    assert!(out.contains("What would come of it: example.") && out.contains("Tgen"), "{out}");
    assert!(out.contains("Keys of algorithm 15") && out.contains("algorithm --cancel"), "{out}");
    assert_eq!((place.state_text(), place.key_files()), (before, 2));
    place.rollover(now, "start", &["algorithm", "--to", "ED25519", "--why", "shorter"]);
    assert_eq!(place.key_files(), 4);
    let (status, ..) = place.rollover(now, "status", &[]);
    assert!(status.contains("Asked for\n  Keys of algorithm 15") && status.contains(", shorter;"), "{status}");
    let (status, ..) = place.rollover(now, "start", &["algorithm", "--cancel"]);
    assert!(!status.contains("Asked for"), "{status}");
    assert_eq!(place.active(now, "zsk").len(), 1, "the old key is to stay: {status}");

    place.rollover(now, "start", &["denial", "--to", "nsec3"]);
    place.sign(now);
    let signed = fs::read_to_string(place.path("example.zone.signed")).unwrap();
    assert!(signed.contains("NSEC3PARAM\t1 0 0 -"), "{signed}");
    place.rollover(now, "start", &["denial", "--cancel"]);
    let status = place.json(now, "start standby --role zsk");
    assert_eq!(status["asked_for"]["standby"]["zsk"]["value"], 1);
    let ksk = place.active_or_any("ksk");
    let (status, ..) = place.rollover(now, "start", &["revoke", &ksk]);
    assert!(status.contains("to be revoked when its successor has taken over"), "{status}");
    let (status, ..) = place.rollover(now, "start", &["revoke", &ksk, "--cancel"]);
    assert!(!status.contains("to be revoked"), "{status}");
    let (status, ..) = place.rollover(now, "start", &["insecure", "--dry-run"]);
    assert!(status.contains("No signatures, since"), "{status}");
    let (status, ..) = place.rollover(now, "status", &["-v"]);
    assert!(
        status.contains("Published, and in caches\n") && status.contains("  DNSKEY RRset  since 2027-"),
        "{status}"
    );
    assert!(status.contains("signatures  until 2027-") && status.contains(": none"), "unsigned before: {status}");
}

#[test]
fn what_cannot_be_asked_for_is_refused() {
    let place = Place::new();
    place.rollover(START, "apply", &[]);
    place.sign(START);
    let zsk = place.active_or_any("zsk");
    let now = START.plus(Seconds(60));
    for (arguments, part) in [
        (&["algorithm"][..], "to which algorithm?"),
        (&["algorithm", "--to", "rot13"], "rot13 is no algorithm"),
        (&["algorithm", "--to", "RSASHA1"], "SHA-1"),
        (&["algorithm", "--cancel"], "nothing is asked for about the algorithm"),
        (&["zsk", "--to", "15"], "--to is for algorithm and denial, not for zsk"),
        (&["insecure", "--emergency"], "--emergency is for ksk, zsk and csk, not for insecure"),
        (&["denial", "--to", "nsec", "--salt", "ab"], "NSEC has no salt"),
        (&["denial", "--to", "nsec3", "--salt", "xy"], "xy is not a salt"),
        (&["denial", "--to", "nsec3", "--salt", "abcd"], "the rules of the policy nist-81r3 forbid it"),
        (&["standby"], "of which role?"),
        (&["revoke"], "which key?"),
        (&["revoke", &zsk], "is no trust anchor"),
        (&["ksk", "--cancel"], "no roll of the KSK is asked for"),
    ] {
        let before = place.state_text();
        let all = [&["rollover", "start", "example.", "-K", "keys"], arguments].concat();
        let output = place.run(now, &all);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let talk = text(output.stderr);
        assert!(talk.contains(part), "{arguments:?}: {talk}");
        assert_eq!(place.state_text(), before);
    }
}

/// Of a zone just signed nobody has asked the parent for a DS: that is still to come.
#[test]
fn a_fresh_zones_plan_has_its_ds() {
    let place = Place::new();
    place.rollover(START, "apply", &[]);
    place.sign(START);
    let plan = place.json(START.plus(Seconds(60)), "plan");
    let is_of_ksk =
        |event: &&Value, what: &str| event["what"] == what && event["words"].as_str().unwrap().contains("KSK");
    let events = plan["events"].as_array().unwrap();
    for what in ["Tsbm", "Tact"] {
        assert!(events.iter().any(|event| is_of_ksk(&event, what)), "{what}: {plan:#}");
    }
}

#[test]
fn plans_in_every_form() {
    let place = Place::new();
    place.rollover(START, "apply", &[]);
    place.sign(START);
    let now = START.plus(Seconds(60));
    let (table, ..) = place.rollover(now, "plan", &["--until", "+2y"]);
    assert!(table.contains("Tpub") && table.contains("ZSK of 20"), "{table}");
    let (again, ..) = place.rollover(now, "plan", &["--until", "+2y"]);
    assert_eq!(table, again, "the same each time");
    let (ics, ..) = place.rollover(now, "plan", &["--until", "+2y", "--ics"]);
    let calendar: icalendar::Calendar = ics.parse().unwrap();
    let plan: Value = serde_json::from_str(&place.rollover(now, "plan", &["--until", "+2y", "--json"]).0).unwrap();
    assert_eq!(calendar.events().count(), plan["events"].as_array().unwrap().len());
    place.rollover(now, "plan", &["--until", "+2y", "--svg", "--output", "plan.svg"]);
    let svg = fs::read_to_string(place.path("plan.svg")).unwrap();
    let document = roxmltree::Document::parse(&svg).unwrap();
    let lanes = document.descendants().filter(|node| node.attribute("class") == Some("key")).count();
    assert!(lanes >= 4, "{svg}");
}

#[test]
fn keys_without_a_state_are_for_adopt() {
    let place = Place::new();
    let made = place.run(START, &["keygen", "example.", "-K", "keys"]);
    assert_eq!(made.status.code(), Some(0), "{}", text(made.stderr));
    let output = place.run(START, &["rollover", "status", "example.", "-K", "keys"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(output.stderr).contains("take them over with zoneseal adopt"));
}

#[test]
fn words_about_the_parent_are_checked() {
    let place = Place::new();
    place.rollover(START, "apply", &[]);
    place.sign(START);
    let zsk = place.active_or_any("zsk");
    let now = START.plus(Seconds(60));
    for (key, part) in [(zsk.as_str(), "has no DS"), ("99999999", "no key 99999999 in the state")] {
        let output = place.run(now, &["rollover", "ds-seen", "example.", key, "-K", "keys", "--why", "x"]);
        assert_eq!(output.status.code(), Some(2));
        assert!(text(output.stderr).contains(part));
    }
    let output = place.run(now, &["rollover", "ds-seen", "example.", &zsk, "-K", "keys"]);
    assert_eq!(output.status.code(), Some(2), "--why is asked for");
}

/// I-7: that nothing moves by a clock that went back is no reason to say that there is nothing to do.
#[test]
fn a_clock_that_went_back_is_somebodys_duty() {
    let place = Place::new();
    place.rollover(START, "apply", &[]);
    place.sign(START);
    let (status, _, code) = place.rollover(START.minus(Seconds(86_400)), "status", &[]);
    assert!(code == 1 && status.starts_with("Nothing is done, for the clock says 2026-12-31T00:00:00Z"), "{status}");
    assert!(status.contains("\n    set the clock right"), "{status}");
}

/// What the state notes for itself is nobody's duty, and neither is what the next run does in time; what no run has done for
/// longer than the run interval is somebody's.
#[test]
fn what_the_next_run_does_is_nothing_to_do() {
    let place = Place::new();
    let now = place.live(START, "the first keys", |place, now| !place.active(now, "ksk").is_empty());
    place.sign(now);
    place.rollover(now, "apply", &[]);
    // The lifetime of the ZSK ends some time: when its successor is due, the next run makes it.
    let is_due = |time: &UnixTime| place.json(*time, "status")["changes"].to_string().contains("make a new ZSK");
    let day = (0..400).map(|day| now.plus(Seconds(day * 86_400))).find(is_due).expect("a lifetime ends");
    let due = (-24..=0).map(|hour| day.plus(Seconds(hour * 3600))).find(is_due).expect("it is due that day");
    let last_idle = due.minus(Seconds(3600));
    assert_eq!(place.rollover(last_idle, "status", &[]).2, 0);
    let (status, _, code) = place.rollover(due, "status", &[]);
    assert_eq!(code, 0, "{status}");
    for part in [
        "Nothing to do. Next event: ",
        "\nThe next run (rollover apply, then sign) does this:\n    make a new ZSK",
        "signs anew; DNSKEY RRset: a new ZSK comes in",
    ] {
        assert!(status.contains(part), "{part}: {status}");
    }
    let json = place.json(due, "status");
    assert_eq!(
        (json["duties"].as_array().unwrap().len(), json["left_to_run"].as_array().unwrap().len() > 1),
        (0, true)
    );
    let (status, _, code) = place.rollover(due.plus(Seconds(3 * 86_400)), "status", &[]);
    assert!(
        code == 1 && status.starts_with("Run zoneseal rollover apply example.: it will do this:\n    make a new ZSK"),
        "{status}"
    );
    // Half a run: what is decided must be signed.
    place.rollover(due, "apply", &[]);
    let (status, _, code) = place.rollover(due.plus(Seconds(60)), "status", &[]);
    assert!(code == 1 && status.contains("Sign the zone with zoneseal sign"), "{status}");
    place.sign(due.plus(Seconds(60)));
    // From then on only states change until the new key is in every cache.
    let states = (1..72).map(|hour| due.plus(Seconds(hour * 3600))).find_map(|hour| {
        let (status, _, code) = place.rollover(hour, "status", &[]);
        status.contains(", now ").then_some((status, code))
    });
    let (status, code) = states.expect("a state changes");
    assert!(code == 0 && status.starts_with("Nothing to do."), "{code} {status}");
}

impl Place {
    /// Adds the ZSK of another signer to the zone file; gives its public key in base64.
    fn add_other_signer(&self) -> String {
        let spec = KeySpec {
            zone: "other.".parse().unwrap(),
            algorithm: Algorithm::ECDSAP256SHA256,
            bits: None,
            flags: 256,
            ttl: None,
            timing: KeyTiming::default(),
        };
        fs::create_dir(self.path("theirs")).unwrap();
        let key = generate(&spec, &self.path("theirs"), PrivateKey::generate).unwrap();
        let file = fs::read_to_string(self.path(&format!("theirs/{}.key", key.base_name))).unwrap();
        let rdata = file.lines().find_map(|line| line.split_once(" DNSKEY ")).unwrap().1;
        let zone = fs::read_to_string(self.path("example.zone")).unwrap();
        fs::write(self.path("example.zone"), format!("{zone}@ IN DNSKEY {rdata}\n")).unwrap();
        rdata.split(' ').skip(3).collect()
    }

    /// Writes down that the parent has the DS that the state knows, and one more.
    fn see_parent_with(&self, other: &[u8], now: UnixTime) {
        let zone: NameBuf = "example.".parse().unwrap();
        let mut findings = Diagnostics::new(1);
        let state =
            StateFile::read(&self.path("keys"), zone.as_name(), Duration::ZERO, &mut findings).unwrap().unwrap();
        let known = state.ds.current().unwrap().value.keys.iter().map(|id| &state.key(id).unwrap().dnskey_rdata.0);
        let mut ds: Vec<Vec<u8>> =
            known.map(|rdata| ds_rdata(DigestType::SHA256, zone.as_name(), rdata).unwrap()).collect();
        ds.push(other.to_vec());
        let server = Server::at("192.0.2.53:53".parse().unwrap());
        let answer = Ok(DsSeen { ds, ttl: Ttl::new(86_400).unwrap() });
        let seen = Seen { server, answer, trust: Trustworthiness::Unchecked };
        let parent = Some(ParentSeen { zone: None, servers: vec![seen] });
        let seen = Observation { zone, at: now, parent, child: None, faults: Vec::new(), notes: Vec::new() };
        fs::write(self.path("seen.json"), file::to_json(&seen, &[], &[]).unwrap()).unwrap();
    }
}

/// RFC 8901: beside the ZSK of another signer, whose DS the parent has too. Both roles roll; the other's DNSKEY is in every
/// signed zone, CDS in none, and the other's DS stays in what the parent is asked for.
#[test]
fn rolls_beside_another_signer() {
    let place = Place::new();
    let theirs = place.add_other_signer();
    let their_ds = [&[0x12, 0x67, 13, 2][..], &[0xab; 32]].concat();
    let asked = Cell::new(0);
    let is_shared = |place: &Place, now: UnixTime| {
        let signed = fs::read_to_string(place.path("example.zone.signed")).unwrap();
        assert!(!signed.contains("CDS") && !signed.contains("CDNSKEY"), "at {now}: {signed}");
        assert!(signed.replace([' ', '\n'], "").contains(&theirs), "at {now}: {signed}");
        let (status, ..) = place.rollover(now, "status", &[]);
        assert!(status.contains("of another signer: stays as the zone file has it"), "{status}");
        assert!(!status.contains("remove this DS:\n    example. IN DS 4711 "), "{status}");
        asked.set(asked.get() + usize::from(status.contains("IN DS 4711 13 2")));
    };
    let mut now = place.live(START, "the first keys", |place, now| {
        is_shared(place, now);
        !place.active(now, "ksk").is_empty()
    });
    place.see_parent_with(&their_ds, now);
    let (status, _, code) = place.rollover(now, "apply", &["--observations", "seen.json"]);
    assert_eq!(code, 0, "{status}");
    for role in ["zsk", "ksk"] {
        let old = place.active(now, role);
        now = now.plus(Seconds(60));
        place.rollover(now, "start", &[role, "--why", "test"]);
        now = place.live(now, role, |place, now| {
            is_shared(place, now);
            place.are_removed(&old, now)
        });
    }
    place.rollover(now, "start", &["ksk"]);
    for hours in 0..72 {
        now = now.plus(Seconds(3600));
        place.rollover(now, "apply", &[]);
        place.sign(now);
        is_shared(&place, now);
        if hours > 0 && asked.get() > 0 {
            break;
        }
    }
    let (status, ..) = place.rollover(now, "status", &[]);
    assert!(status.contains("publish all of this DS RRset, and no other DS:"), "{status}");
    assert!(status.contains(&format!("example. IN DS 4711 13 2 {} ; stays", "AB".repeat(32))), "{status}");
}
