//! Keys of other programs are taken over. Aim: no roll begins that nobody asked for, whoever managed the keys and whatever
//! the policy says. Method: real key files of named, ldns-keygen and keymgr, a zone signed with them, the program itself,
//! and then the engine stepped at once, after the hold, and years later.

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;
use tempfile::TempDir;
use zoneseal::base::{Diagnostics, NameBuf, Octets, Seconds, Ttl, UnixTime};
use zoneseal::keys::ds::ds_rdata;
use zoneseal::policy::{Policy, Preset};
use zoneseal::rollover::{Action, Goal, Observations, ParentView, RecordState, Role, ZoneState, step};
use zoneseal::state::StateFile;
use zoneseal::state::adopt::knot::read_list;

/// When the zones are signed: a day after named made its keys.
const SIGNED: &str = "20261125000000";
/// When they are taken over: two years later, when every lifetime is over.
const NOW: UnixTime = UnixTime(1_861_920_000);
const POLICIES: [Preset; 4] = [Preset::Nist81r3, Preset::RfcCurrent, Preset::Stig, Preset::Tld];

/// A directory with a zone, its keys and its signed form.
struct Place {
    directory: TempDir,
    zone: &'static str,
}

impl Place {
    fn new(zone: &'static str) -> Self {
        let place = Self { directory: TempDir::new().unwrap(), zone };
        fs::create_dir(place.path("keys")).unwrap();
        let text = "$TTL 3600\n@ SOA ns hostmaster 1 3600 600 86400 300\n@ NS ns\nns A 192.0.2.1\n";
        fs::write(place.path("zone"), text).unwrap();
        place
    }

    /// Keys of another program, and the zone signed with them.
    fn of(source: &str, zone: &'static str) -> Self {
        let place = Self::new(zone);
        place.copy(source, "keys", |name| name.starts_with(&format!("K{}", zone)));
        place.sign("keys");
        place
    }

    fn copy(&self, source: &str, to: &str, is_wanted: impl Fn(&str) -> bool) {
        for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/adopt").join(source)).unwrap()
        {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            if is_wanted(&name) {
                fs::copy(entry.path(), self.path(to).join(&name)).unwrap();
            }
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_zoneseal"));
        command.current_dir(self.directory.path()).env_remove("ZONESEAL_WHO").args(arguments);
        command.output().unwrap()
    }

    #[track_caller]
    fn sign(&self, keys: &str) {
        let arguments = ["sign", "--now", SIGNED, "-o", self.zone, "-K", keys, "-f", "signed", "zone"];
        let output = self.run(&arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// `zoneseal adopt`: exit code, results, talk.
    #[track_caller]
    fn adopt(&self, more: &[&str]) -> (i32, String, String) {
        let now = NOW.to_date_text();
        let fixed = ["adopt", self.zone, "--now", &now, "-K", "keys", "--signed", "signed"];
        let output = self.run(&[&fixed[..], more].concat());
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    /// The plan as JSON, which must be one that can be written.
    #[track_caller]
    fn plan(&self, more: &[&str]) -> Value {
        let (code, out, talk) = self.adopt(&[&["--json"], more].concat());
        assert_eq!(code, 0, "{out}{talk}");
        serde_json::from_str(&out).unwrap()
    }

    fn state(&self) -> Option<ZoneState> {
        let zone: NameBuf = self.zone.parse().unwrap();
        let mut findings = Diagnostics::new(10);
        let state = StateFile::read(&self.path("keys"), zone.as_name(), Duration::ZERO, &mut findings).unwrap();
        assert_eq!(findings.list().len(), 0, "{findings:?}");
        state
    }

    /// Takes over by every policy and checks that nothing comes of it.
    #[track_caller]
    fn assert_takes_over(&self, more: &[&str], roles: &[Role]) {
        for preset in POLICIES {
            let policy = Policy::preset(preset);
            let arguments = [&["--policy", &policy.name], more].concat();
            let plan = self.plan(&arguments);
            assert_eq!((plan["causes_roll"].as_bool(), plan["written"].as_bool()), (Some(false), Some(false)));
            assert!(self.state().is_none(), "it was written without --write");
            let plan = self.plan(&[&arguments[..], &["--write"]].concat());
            assert_eq!(plan["written"].as_bool(), Some(true));
            let state = self.state().unwrap();
            let found: Vec<Role> = state.keys.iter().map(|key| key.role).collect();
            assert_eq!(found, roles);
            assert_still(&policy, &state);
            fs::remove_file(self.path(&format!("keys/{}zoneseal.json", self.zone))).unwrap();
            fs::remove_file(self.path(&format!("keys/{}zoneseal.log", self.zone))).unwrap();
        }
    }
}

/// Nothing happens at once, and no key is made or sent away for years.
#[track_caller]
fn assert_still(policy: &Policy, state: &ZoneState) {
    let first = step(policy, state, &Observations::default(), NOW);
    assert_eq!((&first.transitions[..], &first.actions[..]), (&[][..], &[][..]), "{}", policy.name);
    assert_eq!(&first.state, state, "{}: the first step changes the state", policy.name);
    let goals = |state: &ZoneState| state.keys.iter().map(|key| key.goal).collect::<Vec<_>>();
    let mut later = first.state;
    let hold = state.hold_until.unwrap();
    assert!(hold > NOW);
    for at in [hold, hold.plus(Seconds::DAY), NOW.plus(Seconds(3 * 365 * Seconds::DAY.0))] {
        let step = step(policy, &later, &Observations::default(), at);
        let makes_keys = step.actions.iter().any(|action| matches!(action, Action::GenerateKey(_)));
        assert!(!makes_keys, "{} at {at}: {:?}", policy.name, step.actions);
        assert_eq!(goals(&step.state), goals(state), "{} at {at}", policy.name);
        later = step.state;
    }
}

#[test]
fn bind_ksk_and_zsk() {
    Place::of("bind", "example.com.").assert_takes_over(&[], &[Role::Ksk, Role::Zsk]);
}

#[test]
fn bind_csk() {
    Place::of("bind", "csk.example.").assert_takes_over(&[], &[Role::Csk]);
}

/// Without `.state` files the times in the key files tell: by them the ZSK went long ago, but the zone is signed with it.
#[test]
fn bind_times_alone() {
    let place = Place::of("bind", "example.com.");
    for name in ["44580", "46706"] {
        fs::remove_file(place.path(&format!("keys/Kexample.com.+013+{name}.state"))).unwrap();
    }
    place.assert_takes_over(&[], &[Role::Ksk, Role::Zsk]);
    let (code, _, talk) = place.adopt(&["--from", "bind"]);
    assert!(code == 2 && talk.contains("there is no .state file beside the key"), "{talk}");
    let (_, out, _) = place.adopt(&[]);
    assert!(out.contains("ZSK 46706 was to leave, but no other key does its work: it stays"), "{out}");
}

#[test]
fn ldns_keys_without_times() {
    let place = Place::of("ldns", "example.com.");
    assert_eq!(place.plan(&["--from", "ldns"])["source"], "ldns");
    place.assert_takes_over(&[], &[Role::Ksk, Role::Zsk]);
    place.assert_takes_over(&["--from", "ldns"], &[Role::Ksk, Role::Zsk]);
}

/// A place with Knot's PEM files, and the zone signed with them, as Knot would.
fn knot_place() -> Place {
    let place = Place::new("example.com.");
    for folder in ["pem", "elsewhere"] {
        fs::create_dir(place.path(folder)).unwrap();
    }
    place.copy("knot", "pem", |_| true);
    let zone: NameBuf = "example.com.".parse().unwrap();
    for entry in read_list(&place.path("pem/list.json"), zone.as_name()).unwrap() {
        let key = entry.load(zone.as_name(), &place.path("pem"), Ttl::new(3600), NOW).unwrap();
        assert!(key.write(&place.path("elsewhere")).unwrap());
    }
    place.sign("elsewhere");
    place
}

#[test]
fn knot_list_and_pem_files() {
    for list in ["pem/list.json", "pem/list.txt"] {
        let place = knot_place();
        let more = ["--from", "knot", "--knot-list", list, "--knot-keys", "pem"];
        place.plan(&more);
        assert_eq!(fs::read_dir(place.path("keys")).unwrap().count(), 0, "a plan made key files");
        place.assert_takes_over(&more, &[Role::Ksk, Role::Zsk]);
        // The pairs made are whole keys: the zone can be signed with them.
        let pairs = fs::read_dir(place.path("keys"))
            .unwrap()
            .filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|ending| ending == "private"));
        assert_eq!(pairs.count(), 2);
        place.sign("keys");
        // Taken over once more, the pairs are there already.
        place.assert_takes_over(&more, &[Role::Ksk, Role::Zsk]);
    }
}

#[test]
fn a_pem_file_must_be_the_key_of_its_list() {
    let place = knot_place();
    let list = fs::read_to_string(place.path("pem/list.json")).unwrap();
    let tag = list.split("\"tag\": ").nth(1).unwrap().split(',').next().unwrap();
    fs::write(place.path("other.json"), list.replace(&format!("\"tag\": {tag}"), "\"tag\": 1")).unwrap();
    let (code, _, talk) = place.adopt(&["--knot-list", "other.json", "--knot-keys", "pem"]);
    assert!(code == 2 && talk.contains("but the list says 1"), "{talk}");
    let (code, _, talk) = place.adopt(&["--from", "knot"]);
    assert!(code == 2 && talk.contains("--knot-list and --knot-keys"), "{talk}");
}

/// Asked for, the policy may roll: by nist-81r3 every key is overdue.
#[test]
fn a_roll_is_begun_only_when_asked_for() {
    let place = Place::of("bind", "csk.example.");
    assert_eq!(place.plan(&["--roll"])["causes_roll"], true, "a CSK is not what the policy wants");
    place.plan(&["--write"]);
    assert!(place.state().unwrap().is_kept_as_found);
    let (code, _, talk) = place.adopt(&["--write"]);
    assert!(code == 2 && talk.contains("taken over already") && talk.contains("--replace"), "{talk}");
    let hold = place.state().unwrap().hold_until;
    let (code, _, talk) = place.adopt(&["--write", "--roll"]);
    assert_eq!(code, 0, "{talk}");
    let state = place.state().unwrap();
    assert_eq!((state.is_kept_as_found, state.hold_until), (false, hold), "only the one thing changes");
    place.plan(&["--write", "--replace"]);
    assert!(place.state().unwrap().is_kept_as_found);
    let (_, out, _) = log(&place, &["--verify"]);
    assert!(out.contains("whole: 3 entries"), "{out}");
}

fn log(place: &Place, more: &[&str]) -> (i32, String, String) {
    let output = place.run(&[&["log", place.zone, "-K", "keys"], more].concat());
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn the_log_says_who_took_over() {
    let place = Place::of("bind", "example.com.");
    place.plan(&["--write", "--who", "night shift"]);
    let (code, out, _) = log(&place, &[]);
    assert_eq!(code, 0);
    for part in
        ["as night shift", "Took over KSK 44580, ZSK 46706 from files.", "because adopt: they stay as they are found"]
    {
        assert!(out.contains(part), "{out}");
    }
    let (code, out, _) = log(&place, &["--verify"]);
    assert!(code == 0 && out.contains("whole: 1 entry"), "{out}");
    let json: Value = serde_json::from_str(&log(&place, &["--json", "--verify", "-n", "1"]).1).unwrap();
    assert_eq!((&json["is_whole"], &json["entries"][0]["seq"]), (&Value::Bool(true), &1.into()));
    assert_eq!(log(&place, &["--since", "20300101"]).1, "");
    let path = place.path("keys/example.com.zoneseal.log");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("night", "day")).unwrap();
    let (code, out, _) = log(&place, &["--verify"]);
    assert!(code == 1 && out.contains("example.com.zoneseal.log:1:1: error:"), "{out}");
    let (code, _, talk) = log(&Place::new("example.com."), &[]);
    assert!(code == 2 && talk.contains("there is no log of example.com."), "{talk}");
}

/// A zone with a key that no file is for is not taken over: the next signing would leave that key out.
#[test]
fn a_stranger_in_the_zone_is_named() {
    let place = Place::of("bind", "example.com.");
    for ending in ["key", "private", "state"] {
        fs::remove_file(place.path(&format!("keys/Kexample.com.+013+46706.{ending}"))).unwrap();
    }
    let (code, out, _) = place.adopt(&[]);
    assert!(
        code == 1 && out.contains("a DNSKEY 46706 of algorithm 13 (ECDSAP256SHA256) that no key file is for"),
        "{out}"
    );
    let (code, _, talk) = place.adopt(&["--write"]);
    assert!(code == 2 && talk.contains("nothing was written"), "{talk}");
    assert!(place.state().is_none());
    // Said to be another signer's, it is only mentioned.
    assert_eq!(place.adopt(&["--foreign-keys"]).0, 0);
}

/// Keys with files and no part in the zone stay out of the state, and their files stay where they are.
#[test]
fn keys_not_in_the_zone_are_left_alone() {
    let place = Place::of("bind", "example.com.");
    place.run(&["keygen", "--now", SIGNED, "-K", "keys", "--publish", "+10y", "-q", "example.com."]);
    let plan = place.plan(&["--write"]);
    assert_eq!(plan["keys"].as_array().unwrap().len(), 2);
    let left = plan["findings"].as_array().unwrap().iter().find(|finding| finding["code"] == "key-left-alone").unwrap();
    assert!(left["message"].as_str().unwrap().contains("not yet published"), "{plan}");
}

/// A ZSK roll that named had half done: both keys are published, the new one signs, the old one is leaving.
#[test]
fn a_roll_under_way_goes_on() {
    let place = Place::new("example.com.");
    place.copy("bind", "keys", |name| name.starts_with("Kexample.com."));
    let made = place.run(&["keygen", "--now", SIGNED, "-K", "keys", "-q", "example.com."]);
    let new = String::from_utf8(made.stdout).unwrap().trim().to_owned();
    let tag: u16 = new.rsplit('+').next().unwrap().parse().unwrap();
    let old = place.path("keys/Kexample.com.+013+46706.state");
    let text = fs::read_to_string(&old).unwrap();
    let text = text
        .replace("GoalState: omnipresent", &format!("GoalState: hidden\nSuccessor: {tag}"))
        .replace("ZRRSIGState: rumoured", "ZRRSIGState: unretentive");
    fs::write(&old, text).unwrap();
    fs::write(
        place.path(&format!("keys/{new}.state")),
        "Algorithm: 13\nLength: 256\nLifetime: 2592000\nPredecessor: 46706\nKSK: no\nZSK: yes\nPublished: 20261124000000\n\
         Active: 20261125000000\nDNSKEYState: omnipresent\nZRRSIGState: rumoured\nGoalState: omnipresent\n",
    )
    .unwrap();
    // As of then the old key is published and signs no more.
    for ending in ["key", "private"] {
        let path = place.path(&format!("keys/Kexample.com.+013+46706.{ending}"));
        let text = fs::read_to_string(&path).unwrap().replace("Inactive: 2026122319", "Inactive: 2026112319");
        fs::write(&path, text).unwrap();
    }
    place.sign("keys");
    let plan = place.plan(&["--write"]);
    assert_eq!(plan["causes_roll"], false);
    let state = place.state().unwrap();
    let key = |tag: u16| state.keys.iter().find(|key| key.tag == tag).unwrap();
    assert_eq!((key(46706).goal, key(tag).goal, key(44580).goal), (Goal::Out, Goal::In, Goal::In));
    assert_eq!(key(46706).successor.as_ref(), Some(&key(tag).id));
    assert_still(&Policy::preset(Preset::Nist81r3), &state);
    // It ends: some time after the hold the old key is to leave the zone.
    let after = state.hold_until.unwrap().plus(Seconds(60 * Seconds::DAY.0));
    let policy = Policy::preset(Preset::Nist81r3);
    let parent = parent_view(&state, &[44580], NOW);
    let step = step(&policy, &state, &Observations { parent: Some(parent), ..Observations::default() }, after);
    assert!(!step.state.target.keys.iter().any(|one| one.key == key(46706).id), "{:?}", step.waiting);
}

/// A ZSK roll that named had only begun: the successor is published and signs nothing yet. It takes over when the hold is
/// over, without anybody asking.
#[test]
fn a_successor_that_signs_nothing_yet_takes_over() {
    let place = Place::new("example.com.");
    place.copy("bind", "keys", |name| name.starts_with("Kexample.com."));
    let made = place.run(&["keygen", "--now", SIGNED, "-K", "keys", "--activate", "+30d", "-q", "example.com."]);
    let new = String::from_utf8(made.stdout).unwrap().trim().to_owned();
    let tag: u16 = new.rsplit('+').next().unwrap().parse().unwrap();
    let old = place.path("keys/Kexample.com.+013+46706.state");
    let text = fs::read_to_string(&old).unwrap();
    let text = text.replace("GoalState: omnipresent", &format!("GoalState: hidden\nSuccessor: {tag}"));
    fs::write(&old, text).unwrap();
    fs::write(
        place.path(&format!("keys/{new}.state")),
        "Algorithm: 13\nLength: 256\nLifetime: 2592000\nPredecessor: 46706\nKSK: no\nZSK: yes\nPublished: 20261124000000\n\
         DNSKEYState: rumoured\nZRRSIGState: hidden\nGoalState: omnipresent\n",
    )
    .unwrap();
    place.sign("keys");
    let plan = place.plan(&["--write"]);
    assert_eq!(plan["causes_roll"], false, "{plan:#}");
    let state = place.state().unwrap();
    let key = |tag: u16| state.keys.iter().find(|key| key.tag == tag).unwrap();
    assert_eq!((key(46706).goal, key(tag).goal, key(44580).goal), (Goal::Out, Goal::In, Goal::In));
    let policy = Policy::preset(Preset::Nist81r3);
    let after = state.hold_until.unwrap().plus(Seconds(60 * Seconds::DAY.0));
    let parent = parent_view(&state, &[44580], NOW);
    let step = step(&policy, &state, &Observations { parent: Some(parent), ..Observations::default() }, after);
    let signs = step.state.target.keys.iter().find(|one| one.key == key(tag).id).unwrap();
    assert_eq!(signs.signs_data, zoneseal::keys::DataSigning::Yes, "{:?}", step.waiting);
}

fn parent_view(state: &ZoneState, tags: &[u16], at: UnixTime) -> ParentView {
    let keys = state.keys.iter().filter(|key| tags.contains(&key.tag));
    let ds = keys.map(|key| {
        let digest = zoneseal::base::DigestType::SHA256;
        Octets(ds_rdata(digest, state.zone.as_name(), &key.dnskey_rdata.0).unwrap())
    });
    ParentView::word(ds.collect(), Ttl::new(86_400).unwrap(), at)
}

/// A key that is published and signs nothing was to take over; it waits until somebody asks.
#[test]
fn a_key_that_waits_goes_on_waiting() {
    let place = Place::new("example.com.");
    place.copy("bind", "keys", |name| name.starts_with("Kexample.com."));
    place.run(&["keygen", "--now", SIGNED, "-K", "keys", "--activate", "+30d", "-q", "example.com."]);
    place.sign("keys");
    let (_, out, _) = place.adopt(&[]);
    assert!(out.contains("signs nothing: it stands by until a roll is asked for"), "{out}");
    place.assert_takes_over(&[], &[Role::Ksk, Role::Zsk, Role::Zsk]);
}

/// What `named` believed counts less than what is in the zone.
#[test]
fn contradictions_are_said() {
    let place = Place::of("bind", "example.com.");
    let path = place.path("keys/Kexample.com.+013+46706.state");
    let text = fs::read_to_string(&path)
        .unwrap()
        .replace("rumoured", "hidden")
        .replace("KSK: no\nZSK: yes", "KSK: yes\nZSK: no");
    fs::write(&path, text).unwrap();
    let plan = place.plan(&[]);
    let codes: Vec<_> = plan["findings"].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap()).collect();
    assert_eq!(codes.iter().filter(|code| **code == "told-contradicted").count(), 2, "{codes:?}");
    assert!(codes.contains(&"role-contradicted"), "{codes:?}");
    assert_eq!(plan["assumptions"].as_array().unwrap().len(), 2, "{plan}");
    assert_eq!(plan["keys"][1]["role"], "zsk");
    fs::write(&path, "KSK: perhaps\n").unwrap();
    let (code, _, talk) = place.adopt(&[]);
    assert!(code == 2 && talk.contains("46706.state:1: field KSK"), "{talk}");
}

/// With the parent's DS seen, it is in the state, and the hold counts its TTL.
#[test]
fn the_parent_is_taken_in() {
    use zoneseal::state::reconstruct::{Content, reconstruct};
    let place = Place::of("bind", "example.com.");
    place.plan(&["--write"]);
    let state = place.state().unwrap();
    assert!(state.ds.is_empty());
    let zone: NameBuf = "example.com.".parse().unwrap();
    let options =
        zoneseal::keys::LoadOptions { directory: Some(place.path("keys")), ..zoneseal::keys::LoadOptions::default() };
    let keys = zoneseal::keys::load(zone.as_name(), &options, &mut Diagnostics::new(9)).unwrap();
    let told = zoneseal::state::told::ToldKeys::new();
    let mut parent = parent_view(&state, &[44580], NOW);
    parent.servers[0].answer.as_mut().unwrap().ttl = Ttl::new(30 * 86_400).unwrap();
    let content = Content { zone: &zone, keys: &keys, told: &told, signed: None, parent: Some(&parent) };
    let made = reconstruct(&content, &Policy::preset(Preset::Nist81r3), UnixTime::from_text(SIGNED).unwrap().max(NOW));
    let ksk = made.state.keys.iter().find(|key| key.role.signs_dnskey()).unwrap();
    assert_eq!(ksk.states.ds, RecordState::Omnipresent);
    assert!(
        made.state.hold_until.unwrap() > NOW.plus(Seconds(30 * Seconds::DAY.0)),
        "the hold is shorter than the DS's TTL"
    );
    let codes: Vec<_> = made.findings.iter().map(|finding| finding.code).collect();
    assert!(codes.contains(&"no-signed-zone"), "{codes:?}");
    assert_eq!(made.assumptions.len(), 1, "the parent was seen: {:?}", made.assumptions);
}

/// Without the signed zone what the files tell is taken for what is published, so that the next signing does the same.
#[test]
fn without_the_signed_zone_the_files_tell() {
    let place = Place::of("bind", "example.com.");
    let output = place.run(&["adopt", "example.com.", "-K", "keys", "--write", "--now", "20290101", "--json"]);
    let plan: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(plan["findings"][0]["code"], "no-signed-zone");
    let state = place.state().unwrap();
    assert!(state.target.is_signed(), "the next signing would put the zone out unsigned");
    assert_still(&Policy::preset(Preset::Nist81r3), &state);
}

#[test]
fn a_directory_without_keys() {
    let empty = Place::new("example.com.");
    empty.run(&["keygen", "--now", SIGNED, "-K", ".", "-q", "example.com."]);
    empty.sign(".");
    let (code, _, talk) = empty.adopt(&[]);
    assert!(code == 2 && talk.contains("there is no key to take over"), "{talk}");
}

/// A zone taken over is signed by its state: with the same keys doing the same things.
#[test]
fn signing_goes_on_as_before() {
    let place = Place::of("bind", "example.com.");
    place.plan(&["--write"]);
    let signers = |file: &str| {
        let text = fs::read_to_string(place.path(file)).unwrap();
        let mut tags: Vec<String> = text
            .lines()
            .filter_map(|line| {
                let fields: Vec<_> = line.split_whitespace().collect();
                (fields.get(3) == Some(&"RRSIG")).then(|| format!("{} {}", fields[4], fields[10]))
            })
            .collect();
        tags.sort();
        tags
    };
    let before = signers("signed");
    assert!(!before.is_empty());
    let now = NOW.plus(Seconds::HOUR).to_date_text();
    let output = place.run(&["sign", "--now", &now, "-o", "example.com.", "-K", "keys", "-f", "again", "zone"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(signers("again"), before);
    // And the engine, asked again and again for years, makes no key and lets none go.
    for days in [1, 4, 40, 400, 800] {
        let now = NOW.plus(Seconds(days * Seconds::DAY.0)).to_date_text();
        let sign = ["sign", "-q", "--now", &now, "-o", "example.com.", "-K", "keys", "-f", "again", "zone"];
        assert!(place.run(&sign).status.success(), "after {days} days");
        let apply = ["rollover", "apply", "example.com.", "--now", &now, "-K", "keys", "--signed", "again"];
        let output = place.run(&apply);
        assert_ne!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(place.run(&sign).status.success(), "after {days} days");
        assert!(place.run(&["verify", "-q", "--now", &now, "again"]).status.success(), "after {days} days");
        let keys: Vec<_> = place.state().unwrap().keys.iter().map(|key| (key.tag, key.goal)).collect();
        assert_eq!(keys, [(44580, Goal::In), (46706, Goal::In)], "after {days} days");
    }
}
