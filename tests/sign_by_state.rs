//! `zoneseal sign` where the zone has a rollover state: each key does what the state says, and the state hears what is
//! out, after it is. Method: the built binary, with states whose targets are set by hand, as the engine would.

#[path = "support/place.rs"]
mod place;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;
use zoneseal::base::{Algorithm, Diagnostics, DigestType, NameBuf, Octets, Seconds, Ttl, UnixTime};
use zoneseal::crypto::PrivateKey;
use zoneseal::keys::generate::{KeySpec, generate};
use zoneseal::keys::{DataSigning, KeyId, KeyTiming, KeyUse};
use zoneseal::rollover::{CdsTarget, DataSigners, DenialView, DsSet, KeyRecord, Nsec3View, Role, Target, ZoneState};
use zoneseal::state::{LockOptions, LogEntry, StateFile, Who};

const NOW: UnixTime = place::START;

/// A zone with four keys, KSK and ZSK of algorithm 15 and of 13, and a state.
struct Place {
    place: place::Place,
    ids: [KeyId; 4],
}

const OLD_KSK: usize = 0;
const OLD_ZSK: usize = 1;
const NEW_KSK: usize = 2;
const NEW_ZSK: usize = 3;

fn zone() -> NameBuf {
    "example.".parse().unwrap()
}

impl Place {
    fn new() -> Self {
        let place = place::Place::new();
        let keys = place.path("keys");
        let mut state = ZoneState::new(zone());
        let make = |(flags, algorithm, role): (u16, Algorithm, Role)| {
            let spec = KeySpec {
                zone: zone(),
                algorithm,
                bits: None,
                flags,
                ttl: Some(Ttl::new(600).unwrap()),
                timing: KeyTiming::default(),
            };
            let key = generate(&spec, &keys, PrivateKey::generate).unwrap();
            let id = KeyId(key.base_name);
            state.keys.push(KeyRecord::new(id.clone(), role, key.public.dnskey_rdata, true));
            id
        };
        let (ed25519, p256) = (Algorithm::ED25519, Algorithm::ECDSAP256SHA256);
        let ids =
            [(257, ed25519, Role::Ksk), (256, ed25519, Role::Zsk), (257, p256, Role::Ksk), (256, p256, Role::Zsk)]
                .map(make);
        let place = Self { place, ids };
        place.save(&state);
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.place.path(name)
    }

    fn keys(&self) -> PathBuf {
        self.path("keys")
    }

    fn state(&self) -> ZoneState {
        let mut findings = Diagnostics::new(10);
        let state = StateFile::read(&self.keys(), zone().as_name(), Duration::ZERO, &mut findings).unwrap().unwrap();
        assert!(findings.list().is_empty(), "{findings:?}");
        state
    }

    fn save(&self, state: &ZoneState) {
        let who = Who::default();
        let options = LockOptions { who: &who, at: NOW, timeout: Duration::ZERO };
        let mut guard = StateFile::lock(&self.keys(), zone().as_name(), &options).unwrap();
        guard.save(state, &LogEntry { at: NOW, who: &who, what: "test", why: "test" }).unwrap();
    }

    /// Sets the target: uses by letters (`p`ublished, `k` signs keys, `d` data, `o` keeps old, `s` in CDS).
    fn aim(&self, letters: &[(usize, &str)], cds: CdsTarget, denial: DenialView) {
        let key_use = |&(index, letters): &(usize, &str)| KeyUse {
            key: self.ids[index].clone(),
            is_published: letters.contains('p'),
            signs_dnskey: letters.contains('k'),
            signs_data: match (letters.contains('d'), letters.contains('o')) {
                (true, _) => DataSigning::Yes,
                (_, true) => DataSigning::KeepOld,
                _ => DataSigning::No,
            },
            is_in_sync: letters.contains('s'),
            is_revoked: false,
        };
        let mut state = self.state();
        state.target = Target { keys: letters.iter().map(key_use).collect(), cds, denial, ..Target::default() };
        self.save(&state);
    }

    fn aim_plain(&self) {
        self.aim(&[(OLD_KSK, "pk"), (OLD_ZSK, "pd")], CdsTarget::None, DenialView::Nsec);
    }

    fn run(&self, now: UnixTime, arguments: &[&str]) -> Output {
        self.place.run(now, arguments)
    }

    #[track_caller]
    fn sign(&self, now: UnixTime, more: &[&str]) -> String {
        let arguments = [&["sign", "example.zone", "-K", "keys", "--serial", "increment"], more].concat();
        let output = self.run(now, &arguments);
        assert_eq!(output.status.code(), Some(0), "{}", talk(&output));
        talk(&output)
    }

    /// Signs what must be refused for this reason, with nothing written.
    #[track_caller]
    fn assert_refused(&self, more: &[&str], part: &str) {
        let before = self.state();
        let output = self.run(NOW, &[&["sign", "example.zone", "-K", "keys"], more].concat());
        assert_eq!(output.status.code(), Some(2), "{}", talk(&output));
        assert!(talk(&output).contains(part), "{part}: {}", talk(&output));
        assert!(!self.path("example.zone.signed").exists());
        assert_eq!(self.state(), before);
    }

    fn signed(&self) -> String {
        fs::read_to_string(self.path("example.zone.signed")).unwrap()
    }

    fn names(&self, indices: &[usize]) -> BTreeSet<KeyId> {
        indices.iter().map(|&index| self.ids[index].clone()).collect()
    }

    fn log_lines(&self) -> usize {
        fs::read_to_string(self.keys().join("example.zoneseal.log")).unwrap().lines().count()
    }
}

fn talk(output: &Output) -> String {
    place::text(output.stderr.clone())
}

/// The time of a stage.
fn hours(count: i64) -> UnixTime {
    NOW.plus(Seconds(count * 3600))
}

#[test]
fn the_state_decides_and_hears() {
    let place = Place::new();
    place.aim(&[(OLD_KSK, "pks"), (OLD_ZSK, "pd")], CdsTarget::Keys, DenialView::Nsec);
    let lines = place.log_lines();
    let said = place.sign(NOW, &[]);
    assert!(said.contains("state       signed by keys/example.zoneseal.json, and confirmed in it"), "{said}");
    let text = place.signed();
    assert_eq!((text.matches("\tDNSKEY\t25").count(), text.matches("\tCDS\t").count()), (2, 1), "{text}");
    let state = place.state();
    let dnskey = state.dnskey.current().unwrap();
    assert_eq!(dnskey.value.keys, place.names(&[OLD_KSK, OLD_ZSK]));
    assert_eq!(dnskey.value.signers, place.names(&[OLD_KSK]));
    assert_eq!((dnskey.from, dnskey.ttl), (NOW, Seconds(600)));
    assert_eq!(state.data.current().unwrap().value, DataSigners::all_by(place.names(&[OLD_ZSK])));
    assert_eq!((state.confirmed.serial, state.confirmed.cds.len()), (2, 1));
    assert_eq!(place.log_lines(), lines + 1);
    // What the engine sees in the file is what the signer told it.
    let mut again = state.clone();
    again.confirm(&view_of(&place.path("example.zone.signed")), NOW);
    assert_eq!(again, state);

    // Nothing is new: nothing is written, and the log does not grow.
    let said = place.sign(hours(1), &["--previous"]);
    assert!(said.contains("nothing new for it") && said.contains("unchanged"), "{said}");
    assert_eq!(place.log_lines(), lines + 1);
    // A run that died before it could say so: the next one does, though there is nothing to sign.
    let mut forgetful = state.clone();
    forgetful.dnskey = Default::default();
    forgetful.data = Default::default();
    place.save(&forgetful);
    place.sign(hours(1), &["--previous"]);
    assert_eq!(place.state().dnskey.current().unwrap().value, dnskey.value);
}

/// CDS have the digests that the policy had when the target was set.
#[test]
fn cds_digests_follow_the_state() {
    let place = Place::new();
    place.aim(&[(OLD_KSK, "pks"), (OLD_ZSK, "pd")], CdsTarget::Keys, DenialView::Nsec);
    let mut state = place.state();
    state.target.cds_digests = vec![DigestType::SHA256, DigestType::SHA384];
    place.save(&state);
    place.sign(NOW, &[]);
    let text = place.signed();
    let digests: Vec<&str> = text.lines().filter_map(|line| line.split_once("\tCDS\t")?.1.split(' ').nth(2)).collect();
    assert_eq!(digests, ["2", "4"], "{text}");
}

fn view_of(path: &Path) -> zoneseal::rollover::ZoneView {
    use zoneseal::zone::{BuildOptions, MixedTtl, build};
    use zoneseal::zonefile::{Input, ReadOptions, read};
    let mut findings = Diagnostics::new(10);
    let store = read(Input::Path(path), &ReadOptions::default(), &mut findings).unwrap();
    let options = BuildOptions { mixed_ttl: MixedTtl::Keep, ..BuildOptions::default() };
    zoneseal::rollover::ZoneView::of(&build(store, &options, &mut findings).unwrap())
}

/// Each stage of RFC 6781 section 4.1.4, signed over the one before and verified by a stranger.
#[test]
fn conservative_algorithm_roll_by_state() {
    let place = Place::new();
    type Stage<'a> = (&'a [(usize, &'a str)], &'a [usize]);
    let stages: [Stage<'_>; 5] = [
        (&[(OLD_KSK, "pk"), (OLD_ZSK, "pd")], &[OLD_ZSK]),
        (&[(OLD_KSK, "pk"), (OLD_ZSK, "pd"), (NEW_ZSK, "d")], &[OLD_ZSK, NEW_ZSK]),
        (&[(OLD_KSK, "pk"), (OLD_ZSK, "pd"), (NEW_KSK, "pk"), (NEW_ZSK, "pd")], &[OLD_ZSK, NEW_ZSK]),
        (&[(OLD_ZSK, "d"), (NEW_KSK, "pk"), (NEW_ZSK, "pd")], &[OLD_ZSK, NEW_ZSK]),
        (&[(NEW_KSK, "pk"), (NEW_ZSK, "pd")], &[NEW_ZSK]),
    ];
    for (at, (letters, signers)) in (0..).zip(stages) {
        place.aim(letters, CdsTarget::None, DenialView::Nsec);
        place.sign(hours(at), &["--previous"]);
        let verified = place.run(hours(at), &["verify", "example.zone.signed"]);
        assert_eq!(verified.status.code(), Some(0), "stage {at}: {}", String::from_utf8_lossy(&verified.stdout));
        let current = place.state().data.current().unwrap().value.clone();
        assert_eq!(current, DataSigners::all_by(place.names(signers)), "stage {at}");
    }
    // Every stage that changed anything is a version of its own.
    assert_eq!(place.state().data.versions().iter().filter(|version| version.from > NOW).count(), 2);
}

/// The old ZSK's signatures stay until they are due, and the state hears of both sets.
#[test]
fn gradual_replacement_by_state() {
    let place = Place::new();
    place.aim_plain();
    place.sign(NOW, &[]);
    let spec = KeySpec {
        zone: zone(),
        algorithm: Algorithm::ED25519,
        bits: None,
        flags: 256,
        ttl: None,
        timing: KeyTiming::default(),
    };
    let key = generate(&spec, &place.keys(), PrivateKey::generate).unwrap();
    let id = KeyId(key.base_name);
    place.aim(&[(OLD_KSK, "pk"), (OLD_ZSK, "po")], CdsTarget::None, DenialView::Nsec);
    let mut state = place.state();
    state.keys.push(KeyRecord::new(id.clone(), Role::Zsk, key.public.dnskey_rdata, true));
    let mut one = state.target.keys[1].clone();
    (one.key, one.signs_data) = (id.clone(), DataSigning::Yes);
    state.target.keys.push(one);
    place.save(&state);
    let new = BTreeSet::from([id]);
    place.sign(hours(1), &["--previous"]);
    let current = place.state().data.current().unwrap().value.clone();
    assert_eq!(current, DataSigners(BTreeSet::from([place.names(&[OLD_ZSK]), new.clone()])));
    assert_eq!(place.run(hours(1), &["verify", "example.zone.signed"]).status.code(), Some(0));
    // Four days on all of it is due.
    place.sign(hours(97), &["--previous"]);
    assert_eq!(place.state().data.current().unwrap().value, DataSigners::all_by(new));
}

#[test]
fn unsigned_by_state() {
    let place = Place::new();
    place.aim_plain();
    place.sign(NOW, &[]);
    place.aim(&[], CdsTarget::None, DenialView::None);
    place.sign(hours(1), &["--previous"]);
    assert!(!place.signed().contains("RRSIG") && !place.signed().contains("DNSKEY"));
    assert!(place.state().data.current().unwrap().value.has_unsigned());
    // Never while the parent may have a DS.
    let mut state = place.state();
    state.ds.publish(&[(DsSet::of(place.names(&[OLD_KSK])), Seconds(3600))], hours(1));
    place.save(&state);
    fs::remove_file(place.path("example.zone.signed")).unwrap();
    place.assert_refused(&[], "the parent has a DS for it");
}

#[test]
fn denial_follows_the_state() {
    let place = Place::new();
    let nsec3 = Nsec3View { iterations: 0, salt: Octets(vec![0xab, 0xcd]), opt_out: false };
    place.aim(&[(OLD_KSK, "pk"), (OLD_ZSK, "pd")], CdsTarget::None, DenialView::Nsec3(nsec3.clone()));
    place.assert_refused(&["--nsec"], "denial of existence is to be NSEC3, iterations 0, salt abcd");
    place.assert_refused(&["--nsec3"], "salt abcd, as keys");
    let said = place.sign(NOW, &["--nsec3", "--nsec3-salt", "abcd"]);
    assert!(said.contains("NSEC3, iterations 0, salt"), "{said}");
    assert_eq!(place.state().confirmed.denial, DenialView::Nsec3(nsec3));
}

#[test]
fn what_contradicts_the_state_is_refused() {
    let place = Place::new();
    place.aim_plain();
    place.assert_refused(&["--cds"], "--cds is given, and the zone is to have no CDS");
    place.assert_refused(&["--cds-delete"], "--cds-delete is given, and the zone is to have no CDS");
    place.assert_refused(&["--nsec3"], "denial of existence is to be NSEC,");
    let key = format!("keys/{}", place.ids[OLD_KSK]);
    let output = place.run(NOW, &["sign", "example.zone", &key, "-K", "keys"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(talk(&output).contains("keys are named, but keys/example.zoneseal.json says what each key does"));
    // A key file that is gone must not be passed over.
    fs::rename(place.path(&format!("{key}.key")), place.path("aside")).unwrap();
    place.assert_refused(&[], "is to be used, and its .key file is not here");
}

#[test]
fn ignoring_the_state() {
    let place = Place::new();
    place.aim_plain();
    let before = place.state();
    // By their times none of the keys is published.
    let output = place.run(NOW, &["sign", "example.zone", "-K", "keys", "--ignore-state"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(talk(&output).contains("no-keys") || talk(&output).contains("there is no key to sign with"));
    let keys: Vec<String> = [OLD_KSK, OLD_ZSK].iter().map(|&index| format!("keys/{}", place.ids[index])).collect();
    let said = place.run(NOW, &["sign", "example.zone", &keys[0], &keys[1], "-K", "keys", "--ignore-state"]);
    assert_eq!(said.status.code(), Some(0), "{}", talk(&said));
    assert!(!talk(&said).contains("signed by"));
    assert_eq!(place.state(), before);
}

/// To standard output nobody knows when, or whether, it is published.
#[test]
fn standard_output_is_not_confirmed() {
    let place = Place::new();
    place.aim_plain();
    let before = place.state();
    let said = place.sign(NOW, &["-f", "-"]);
    assert!(said.contains("which was not told"), "{said}");
    assert_eq!(place.state(), before);
}

/// What cannot be read is not passed over in favour of the keys' times.
#[test]
fn a_garbled_state_stops_the_run() {
    let place = Place::new();
    place.aim_plain();
    fs::write(place.keys().join("example.zoneseal.json"), "{").unwrap();
    let output = place.run(NOW, &["sign", "example.zone", "-K", "keys"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(talk(&output).contains("there was a state of the zone, and it cannot be used"), "{}", talk(&output));
    assert!(!place.path("example.zone.signed").exists());
}

#[test]
fn many_zones() {
    let place = Place::new();
    place.aim_plain();
    fs::write(place.path("list"), "example.zone - keys out.signed\n").unwrap();
    let output = place.run(NOW, &["sign", "--zones", "list", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", talk(&output));
    assert!(String::from_utf8_lossy(&output.stdout).contains("and confirmed in it"));
    assert_eq!(place.state().confirmed.serial, 1);
}

/// A log without a state tells of one that was lost: signing by the keys' times could undo a roll half way.
#[test]
fn a_state_that_is_gone_is_missed() {
    let place = Place::new();
    place.aim_plain();
    place.sign(NOW, &[]);
    fs::remove_file(place.path("keys/example.zoneseal.json")).unwrap();
    let output = place.run(NOW, &["sign", "example.zone", "-K", "keys", "--serial", "increment"]);
    assert_eq!(output.status.code(), Some(2));
    let talk = talk(&output);
    assert!(talk.contains("there was a state of the zone") && talk.contains("zoneseal adopt"), "{talk}");
    let output = place.run(NOW, &["sign", "example.zone", "-K", "keys", "--ignore-state"]);
    assert!(!self::talk(&output).contains("there was a state"), "{}", self::talk(&output));
}

/// SIG-9: of an algorithm that is published, what only keys sign that are not published would validate nowhere.
#[test]
fn signatures_by_unpublished_keys_alone_are_not_published() {
    let place = Place::new();
    place.aim(&[(OLD_KSK, "pk"), (OLD_ZSK, "d")], CdsTarget::None, DenialView::Nsec);
    let ran = place.run(NOW, &["sign", "example.zone", "-K", "keys"]);
    assert_eq!(ran.status.code(), Some(1), "{}", talk(&ran));
    assert!(talk(&ran).contains("no signature of algorithm 15"), "{}", talk(&ran));
    assert!(!place.path("example.zone.signed").exists());
}

/// Several views of a zone with one state: they take turns, and none waits for a lock that this run holds itself.
#[test]
fn views_of_one_zone_take_turns() {
    let place = Place::new();
    place.aim_plain();
    let list: String = (0..8).map(|view| format!("example.zone - keys view{view}\n")).collect();
    fs::write(place.path("list"), list).unwrap();
    let ran = place.run(NOW, &["sign", "--zones", "list", "--lock-timeout", "0s", "--threads", "8"]);
    assert_eq!(ran.status.code(), Some(0), "{}", talk(&ran));
    assert!(talk(&ran).contains("8: 8 signed, 0 unchanged, 0 failed"), "{}", talk(&ran));
    // What another process holds is waited for as long as was said.
    let who = Who::default();
    let options = LockOptions { who: &who, at: NOW, timeout: Duration::ZERO };
    let held = StateFile::lock(&place.keys(), zone().as_name(), &options).unwrap();
    let ran = place.run(NOW, &["sign", "--zones", "list", "--lock-timeout", "0s"]);
    drop(held);
    assert_eq!(ran.status.code(), Some(2), "{}", talk(&ran));
    assert!(talk(&ran).contains("example.zone: error: ") && talk(&ran).contains("--lock-timeout"), "{}", talk(&ran));
}
