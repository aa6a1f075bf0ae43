//! Taking over keys: what `adopt` takes them for, from each source, and that nothing is rolled because of it.

use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use tempfile::TempDir;

const NOW: &str = "20270101000000";
const ZONE: &str =
    "$ORIGIN example.\n$TTL 3600\n@ SOA ns1 hostmaster 1 7200 900 172800 900\n@ NS ns1\nns1 A 192.0.2.1\n";

/// A zone signed with keys that were made two years ago, longer than any policy wants them.
struct Place {
    directory: TempDir,
}

impl Place {
    fn new(roles: &[&[&str]]) -> Self {
        let place = Self { directory: TempDir::new().unwrap() };
        fs::write(place.path("zone"), ZONE).unwrap();
        fs::create_dir(place.path("keys")).unwrap();
        for role in roles {
            place.run("20250101000000", &[&["keygen", "-q", "-K", "keys"], *role, &["example"]].concat(), 0);
        }
        place.run(NOW, &["sign", "-q", "-K", "keys", "-f", "signed", "zone"], 0);
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    #[track_caller]
    fn run(&self, now: &str, arguments: &[&str], code: i32) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_zoneseal"));
        let output = command.current_dir(self.directory.path()).args(["--now", now]).args(arguments).output().unwrap();
        let talk = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {talk}");
        String::from_utf8(output.stdout).unwrap() + if code == 0 { "" } else { &talk }
    }

    #[track_caller]
    fn adopt(&self, more: &[&str]) -> Value {
        let text = self.run(NOW, &[&["adopt", "example.", "-K", "keys", "--json"], more].concat(), 0);
        serde_json::from_str(&text).unwrap()
    }

    /// The base names of the key files.
    fn keys(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path("keys")).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> =
            entries.filter_map(|name| name.into_string().ok()?.strip_suffix(".key").map(str::to_owned)).collect();
        names.sort();
        names
    }
}

/// Role and goal of each key, sorted.
fn roles(adopted: &Value) -> Vec<String> {
    let keys = adopted["keys"].as_array().unwrap();
    let mut roles: Vec<_> =
        keys.iter().map(|key| format!("{} {}", key["role"].as_str().unwrap(), key["goal"].as_str().unwrap())).collect();
    roles.sort();
    roles
}

/// The keys are years too old for the default policy. After the state is written no key is made and none leaves: not at
/// once, not when the hold is over, not a year later; and signing goes on with the same keys.
#[track_caller]
fn assert_no_roll(place: &Place) {
    let keys = place.keys();
    for now in [NOW, "20270105000000", "20270601000000", "20280101000000"] {
        place.run(now, &["sign", "-q", "-K", "keys", "-f", "signed", "zone"], 0);
        let command = ["rollover", "apply", "example.", "-K", "keys", "--signed", "signed", "--json"];
        let applied = Command::new(env!("CARGO_BIN_EXE_zoneseal"))
            .current_dir(place.directory.path())
            .args(["--now", now])
            .args(command)
            .output()
            .unwrap();
        assert_ne!(applied.status.code(), Some(2), "{}", String::from_utf8_lossy(&applied.stderr));
        assert_eq!(place.keys(), keys, "at {now}");
        place.run(now, &["sign", "-q", "-K", "keys", "-f", "signed", "zone"], 0);
        place.run(now, &["verify", "-q", "signed"], 0);
    }
}

const KSK_AND_ZSK: &[&[&str]] = &[&["--ksk"], &[]];

/// What the zone shows decides: who signs DNSKEY is a KSK, who signs data a ZSK.
#[test]
fn by_the_signed_zone() {
    let place = Place::new(KSK_AND_ZSK);
    let adopted = place.adopt(&["--signed", "signed", "--write"]);
    assert_eq!(roles(&adopted), ["ksk in", "zsk in"]);
    assert_eq!(adopted["written"], true);
    assert_eq!(adopted["findings"].as_array().unwrap().len(), 0, "{adopted:#}");
    assert_no_roll(&place);
    place.run(NOW, &["log", "example.", "-K", "keys", "--verify"], 0);
}

/// A lone key signs everything.
#[test]
fn a_key_for_everything() {
    let place = Place::new(&[&["--ksk"]]);
    assert_eq!(roles(&place.adopt(&["--signed", "signed", "--write"])), ["csk in"]);
    assert_no_roll(&place);
}

/// Without the signed zone the times have to do, and that is said.
#[test]
fn by_times_alone() {
    let place = Place::new(KSK_AND_ZSK);
    let adopted = place.adopt(&["--write"]);
    assert_eq!(roles(&adopted), ["ksk in", "zsk in"]);
    assert!(adopted["findings"].to_string().contains("no-signed-zone"), "{adopted:#}");
    assert_no_roll(&place);
}

/// A key that is published and does not sign is a spare; one that is not published is left alone.
#[test]
fn spares_and_keys_to_come() {
    let place = Place::new(KSK_AND_ZSK);
    let later = ["keygen", "-q", "-K", "keys", "--activate", "20300101000000", "example"];
    place.run(NOW, &[&later[..], &["--publish", NOW]].concat(), 0);
    place.run(NOW, &[&later[..], &["--publish", "20290101000000"]].concat(), 0);
    place.run(NOW, &["sign", "-q", "-K", "keys", "-f", "signed", "zone"], 0);
    let adopted = place.adopt(&["--signed", "signed"]);
    assert_eq!(roles(&adopted), ["ksk in", "zsk in", "zsk standby"]);
    assert!(adopted["findings"].to_string().contains("key-left-alone"), "{adopted:#}");
}

/// The zone counts, not the times of the files.
#[test]
fn times_that_the_zone_contradicts() {
    let place = Place::new(KSK_AND_ZSK);
    place.run(NOW, &["keygen", "-q", "-K", "keys", "example"], 0);
    let adopted = place.adopt(&["--signed", "signed"]);
    assert_eq!(roles(&adopted), ["ksk in", "zsk in"], "the third key is not in the zone");
    assert!(adopted["findings"].to_string().contains("times-contradicted"), "{adopted:#}");
}

/// BIND's states: roles, times, and a key on its way out.
#[test]
fn by_states_of_bind() {
    let place = Place::new(&[&["--ksk"], &[], &[]]);
    let mut zsks = Vec::new();
    for name in place.keys() {
        let is_ksk = fs::read_to_string(place.path(&format!("keys/{name}.key"))).unwrap().contains("DNSKEY 257");
        let (ksk, zsk) = if is_ksk { ("yes", "no") } else { ("no", "yes") };
        let (goal, retired) = match is_ksk || zsks.is_empty() {
            true => ("omnipresent", ""),
            false => ("hidden", "Retired: 20261201000000\n"),
        };
        let (zone, dnskey) = if is_ksk { ("hidden", "omnipresent") } else { ("omnipresent", "hidden") };
        let state = format!(
            "Algorithm: 13\nLength: 256\nLifetime: 0\nKSK: {ksk}\nZSK: {zsk}\nGenerated: 20250101000000\n\
             Published: 20250101000000\nActive: 20250102000000\n{retired}DNSKEYState: omnipresent\n\
             ZRRSIGState: {zone}\nKRRSIGState: {dnskey}\nGoalState: {goal}\n"
        );
        fs::write(place.path(&format!("keys/{name}.state")), state).unwrap();
        if !is_ksk {
            zsks.push(name);
        }
    }
    assert_eq!(roles(&place.adopt(&["--from", "bind"])), ["ksk in", "zsk in", "zsk out"]);
    fs::remove_file(place.path(&format!("keys/{}.state", zsks[0]))).unwrap();
    let refused = place.run(NOW, &["adopt", "example.", "-K", "keys", "--from", "bind"], 2);
    assert!(refused.contains("no .state file"), "{refused}");
}

/// Files of ldns have no times: every key is in use.
#[test]
fn keys_of_ldns() {
    let place = Place::new(KSK_AND_ZSK);
    assert_eq!(roles(&place.adopt(&["--from", "ldns", "--write"])), ["ksk in", "zsk in"]);
}

/// Nothing is written unless asked for, and nothing there is overwritten unless asked for.
#[test]
fn only_with_write_and_only_once() {
    let place = Place::new(KSK_AND_ZSK);
    let state = place.path("keys/example.zoneseal.json");
    assert_eq!(place.adopt(&["--signed", "signed"])["written"], false);
    assert!(!state.exists());
    place.adopt(&["--signed", "signed", "--write"]);
    let before = fs::read(&state).unwrap();
    let refused = place.run(NOW, &["adopt", "example.", "-K", "keys", "--write"], 2);
    assert!(refused.contains("taken over already"), "{refused}");
    assert_eq!(fs::read(&state).unwrap(), before);
    place.adopt(&["--signed", "signed", "--write", "--replace"]);
    place.run(NOW, &["log", "example.", "-K", "keys", "--verify"], 0);
    let nobody = place.run(NOW, &["adopt", "other.", "-K", "keys"], 2);
    assert!(nobody.contains("no key to take over"), "{nobody}");
}
