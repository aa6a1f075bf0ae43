//! The record that lets `zoneseal sign --previous` do nothing without looking closely. Method: the built binary in
//! temporary directories, with the Ed25519 keys of the test data; every run that the record cuts short is done again
//! without it, and must find nothing to do either.

use proptest::prelude::*;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const ZONE: &str = "\
$ORIGIN example.
$TTL 3600
@ IN SOA ns1 hostmaster 1 7200 900 172800 900
@ IN NS ns1
ns1 IN A 192.0.2.1
$INCLUDE included
";
const INCLUDED: &str = "www IN A 192.0.2.2\n";
const DONE: &str = "input, output, keys and options are the same, and nothing is due";
/// 2026-02-01 00:00:00 UTC.
const START: i64 = 1_769_904_000;
const DAY: i64 = 86_400;

/// A directory with a zone of two files and its keys.
struct Place {
    directory: tempfile::TempDir,
}

/// What a run said of itself.
struct Ran {
    code: Option<i32>,
    json: Value,
    talk: String,
}

impl Ran {
    /// What became of the record.
    fn record(&self) -> &str {
        self.json["record"].as_str().unwrap_or("none")
    }

    fn is_unchanged(&self) -> bool {
        self.json["previous"]["unchanged"] == true
    }
}

impl Place {
    fn new() -> Self {
        Self::with_keys_of("example.")
    }

    fn with_keys_of(zone: &str) -> Self {
        let place = Self { directory: tempfile::tempdir().unwrap() };
        place.write("zone", ZONE);
        place.write("included", INCLUDED);
        fs::create_dir(place.path("keys")).unwrap();
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sign/keys");
        for entry in fs::read_dir(from).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if name.starts_with(&format!("K{zone}+")) {
                place.write(&format!("keys/{name}"), &fs::read_to_string(&path).unwrap());
                #[cfg(unix)]
                fs::set_permissions(
                    place.path(&format!("keys/{name}")),
                    std::os::unix::fs::PermissionsExt::from_mode(0o600),
                )
                .unwrap();
            }
        }
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Replaces something in a file that has it.
    #[track_caller]
    fn edit(&self, name: &str, from: &str, to: &str) {
        let text = self.read(name);
        assert!(text.contains(from), "{from} in {name}");
        self.write(name, &text.replacen(from, to, 1));
    }

    /// Signs into `signed` at a time.
    fn sign(&self, now: i64, more: &[&str]) -> Ran {
        let now = now.to_string();
        let fixed = ["--now", &now, "sign", "zone", "-K", "keys", "-f", "signed", "--json", "--previous"];
        let mut command = Command::new(env!("CARGO_BIN_EXE_zoneseal"));
        let output =
            command.current_dir(self.directory.path()).args(fixed).args(more).stdin(Stdio::null()).output().unwrap();
        Ran {
            code: output.status.code(),
            json: serde_json::from_slice(&output.stdout).unwrap_or_default(),
            talk: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

#[test]
fn nothing_due_is_known_by_the_record() {
    let place = Place::new();
    let first = place.sign(START, &[]);
    assert!(first.json["missing_previous"].as_str().unwrap().ends_with("signed"), "{}", first.json);
    assert_eq!(first.record(), "none");
    let signed = place.read("signed");
    for now in [START, START + 1, START + 3 * DAY] {
        let again = place.sign(now, &[]);
        assert_eq!((again.code, again.record(), again.is_unchanged()), (Some(0), DONE, true));
        // The summary is that of the run that looks closely.
        let mut slow = place.sign(now, &["--no-record"]).json;
        let mut fast = again.json;
        assert_eq!(slow["self_check"]["verified"], fast["self_check"]["known"]);
        for value in [&mut slow, &mut fast] {
            value.as_object_mut().unwrap().remove("record");
            value.as_object_mut().unwrap().remove("self_check");
            // With nothing to sign the library does not matter.
            value["keys"].as_array_mut().unwrap().iter_mut().for_each(|key| key["library"] = Value::Null);
        }
        assert_eq!(slow, fast);
        assert_eq!(place.read("signed"), signed);
    }
}

/// A run that found nothing due by looking closely leaves a record too.
#[test]
fn a_close_look_leaves_a_record() {
    let place = Place::new();
    place.sign(START, &["--no-record"]);
    assert!(!place.path("signed.record").exists());
    assert!(place.sign(START, &[]).record().starts_with("none yet"));
    assert_eq!(place.sign(START, &[]).record(), DONE);
    // Who checks, and how much, does not matter for a zone that has been checked.
    assert_eq!(place.sign(START, &["--self-check", "off"]).record(), DONE);
    // What was not checked in full has no record.
    for scope in ["off", "sample"] {
        place.edit("zone", "SOA ns1", "SOA ns1.example.");
        place.edit("included", "192.0.2.", "192.0.2.1");
        let changed = place.sign(START, &["--self-check", scope]);
        assert!(!changed.is_unchanged(), "{}", changed.json);
        assert!(!place.path("signed.record").exists());
        place.sign(START, &[]);
        place.edit("zone", "SOA ns1.example.", "SOA ns1");
    }
}

#[test]
fn records_may_be_kept_elsewhere() {
    let place = Place::new();
    fs::create_dir(place.path("records")).unwrap();
    place.sign(START, &["--record-directory", "records"]);
    assert!(!place.path("signed.record").exists());
    assert_eq!(fs::read_dir(place.path("records")).unwrap().count(), 1);
    assert_eq!(place.sign(START, &["--record-directory", "records"]).record(), DONE);
    let lost = place.sign(START, &["--record-directory", "missing"]);
    assert!(lost.is_unchanged() && lost.talk.contains("warning: missing"), "{}", lost.talk);
}

/// Warnings are given again: those of the zone from the record, those of the keys because they are found again.
#[test]
fn warnings_are_said_again() {
    let place = Place::new();
    place.edit("zone", "172800", "1728000");
    let key = fs::read_dir(place.path("keys")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let key = key.into_iter().find(|name| name.ends_with(".private")).unwrap();
    #[cfg(unix)]
    fs::set_permissions(place.path(&format!("keys/{key}")), std::os::unix::fs::PermissionsExt::from_mode(0o644))
        .unwrap();
    let first = place.sign(START, &[]);
    let again = place.sign(START, &[]);
    assert_eq!(again.record(), DONE);
    let lines = |ran: &Ran| {
        let mut lines: Vec<String> = ran.talk.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(lines(&again), lines(&first));
    assert!(again.talk.contains("SOA EXPIRE") && again.talk.contains("can be read by others"), "{}", again.talk);
}

/// Whatever changes, the record is not followed, and the summary says why.
#[test]
fn changes_lead_to_a_close_look() {
    type Change = fn(&Place);
    /// What, its change, how much later, options, and how the word begins and what it has.
    type Case<'a> = (&'a str, Change, i64, &'a [&'a str], &'a str, &'a str);
    const NONE: Change = |_| {};
    let known = "the previous signatures were verified before; ";
    let unfit = "not used, the previous signatures are verified: ";
    let cases: &[Case<'_>] = &[
        ("zone file", |place| place.edit("zone", "192.0.2.1", "192.0.2.9"), 0, &[], known, "zone has changed"),
        ("comment", |place| place.edit("zone", "192.0.2.1", "192.0.2.1 ; x"), 0, &[], known, "zone has changed"),
        ("include", |place| place.edit("included", "192.0.2.2", "192.0.2.9"), 0, &[], known, "included has changed"),
        ("include gone", |place| fs::remove_file(place.path("included")).unwrap(), 0, &[], known, ""),
        ("output", |place| place.edit("signed", "192.0.2.2", "192.0.2.9"), 0, &[], unfit, "not the one it speaks of"),
        ("clock", NONE, -1, &[], unfit, "in the future"),
        ("due", NONE, 4 * DAY - 3600, &[], known, "signatures are due"),
        ("refresh", NONE, DAY, &["--refresh", "6d"], known, "the options have changed"),
        ("nsec3", NONE, 0, &["--nsec3"], known, "the options have changed"),
        ("serial", NONE, 0, &["--serial", "unixtime"], known, "the options have changed"),
        ("validity", NONE, 0, &["--validity", "8d"], known, "the options have changed"),
        ("zonemd", NONE, 0, &["--zonemd", "sha384"], known, "the options have changed"),
        ("cds", NONE, 0, &["--cds"], known, "the options have changed"),
        ("origin", NONE, 0, &["-o", "example."], known, "the options have changed"),
        ("key gone", |place| remove_zsk(place), 0, &[], known, "the keys have changed"),
        ("missing", |place| fs::remove_file(place.path("signed.record")).unwrap(), 0, &[], "none yet", ""),
        ("empty", |place| place.write("signed.record", ""), 0, &[], unfit, "it is damaged"),
        ("torn", |place| place.write("signed.record", &place.read("signed.record")[..700]), 0, &[], unfit, "damaged"),
        ("digit", |place| place.edit("signed.record", "\"made\": 17699", "\"made\": 17698"), 0, &[], unfit, "damaged"),
        ("newer", |place| place.edit("signed.record", "record/1", "record/2"), 0, &[], unfit, "a form that this"),
        ("other", |place| place.edit("signed.record", "zoneseal.record/1", "x"), 0, &[], unfit, "it is damaged"),
    ];
    for (what, change, later, more, head, part) in cases {
        let place = Place::new();
        place.sign(START, &[]);
        change(&place);
        let before = place.read("signed");
        let ran = place.sign(START + later, more);
        if *what == "include gone" {
            assert_eq!(ran.code, Some(2), "{what}");
            continue;
        }
        assert!(ran.record().starts_with(head) && ran.record().contains(part), "{what}: {}", ran.record());
        // What comes out is what comes out without a record.
        let after = place.read("signed");
        place.write("signed", &before);
        let slow = place.sign(START + later, &[more, &["--no-record"][..]].concat());
        assert_eq!((ran.code, ran.is_unchanged()), (slow.code, slow.is_unchanged()), "{what}");
        assert_eq!(place.read("signed"), after, "{what}");
    }
}

/// Beside a record most of the previous text is copied and not read. So its octets must be those that were checked, each
/// of them: with one altered it is read, and what comes out is what comes out without a record.
#[test]
fn a_text_with_one_altered_octet_is_never_trusted() {
    let place = Place::new();
    place.sign(START, &[]);
    let (signed, record) = (place.read("signed"), place.read("signed.record"));
    place.edit("included", "192.0.2.2", "192.0.2.9");
    let untouched = place.sign(START + 1, &[]);
    assert!(untouched.record().starts_with("the previous signatures were verified before; "), "{}", untouched.record());
    let expected = place.read("signed");
    for at in (0..signed.len()).step_by(signed.len() / 50) {
        let mut altered = signed.clone().into_bytes();
        altered[at] ^= 1;
        let mut texts = Vec::new();
        for more in [&[][..], &["--no-record"]] {
            fs::write(place.path("signed"), &altered).unwrap();
            place.write("signed.record", &record);
            let ran = place.sign(START + 1, more);
            assert_eq!(ran.code, Some(0), "{at}: {}", ran.talk);
            if more.is_empty() {
                assert!(ran.record().contains("not the one it speaks of"), "{at}: {}", ran.record());
            }
            texts.push(place.read("signed"));
        }
        assert_eq!(texts[0], texts[1], "{at}");
        // Serial and times may follow from what was altered; records do not.
        assert_eq!(texts[0].lines().count(), expected.lines().count(), "{at}");
    }
}

// ---- the last serial ----

impl Place {
    /// Signs with `--serial increment` until the signed zone, of serial 1 in the file, has serial 4.
    fn at_serial_4(self) -> Self {
        for address in 2..=4 {
            self.write("included", &format!("www IN A 192.0.2.{address}\n"));
            let ran = self.sign(START, &["--serial", "increment"]);
            assert_eq!(ran.json["serial"]["after"], address, "{} {}", ran.json, ran.talk);
        }
        self.write("included", "www IN A 192.0.2.5\n");
        self
    }

    fn truncate(&self, name: &str, by: usize) {
        let text = self.read(name);
        self.write(name, &text[..text.len() - by]);
    }
}

/// A serial that is known to have been published is never followed by an earlier one, whatever has become of the signed
/// zone: its record tells the serial, or what of it can be read.
#[test]
fn serials_do_not_go_back_though_the_signed_zone_is_lost() {
    type Loss = fn(&Place);
    /// What is lost, and the words for where the serial comes from.
    type Case<'a> = (&'a str, Loss, &'a str);
    let by_record = "signed.record: serial 4 was published";
    let by_soa = "its SOA record can be read, so that serials go on from 4";
    let cases: &[Case<'_>] = &[
        ("cut off", |place| place.truncate("signed", 3), by_soa),
        (
            "cut off, and no record",
            |place| {
                place.truncate("signed", 3);
                fs::remove_file(place.path("signed.record")).unwrap();
            },
            by_soa,
        ),
        ("no zone", |place| place.write("signed", "x"), by_record),
        ("empty", |place| place.write("signed", ""), by_record),
        ("gone", |place| fs::remove_file(place.path("signed")).unwrap(), by_record),
        ("an older one", |place| place.edit("signed", "hostmaster.example. 4 ", "hostmaster.example. 2 "), by_record),
    ];
    for (what, lose, words) in cases {
        let place = Place::new().at_serial_4();
        lose(&place);
        let ran = place.sign(START + 1, &["--serial", "increment"]);
        assert_eq!((ran.code, &ran.json["serial"]["after"]), (Some(0), &Value::from(5)), "{what}: {}", ran.talk);
        assert!(ran.talk.contains(words), "{what}: {}", ran.talk);
        let again = place.sign(START + 2, &["--serial", "increment"]);
        assert_eq!((again.is_unchanged(), again.talk.as_str()), (true, ""), "{what}");
    }
}

/// The file's serial is refused if it is earlier than the last one, and if it is the same that is said.
#[test]
fn the_serial_of_the_file_is_held_against_the_last_one() {
    for (in_file, code, words) in [
        (3, 2, "the previous signed zone has serial 4, the zone file 3: the serial would go backwards"),
        (4, 0, "its serial 4 is that of the previous signed zone"),
        (5, 0, "signed.record: serial 4 was published"),
    ] {
        let place = Place::new().at_serial_4();
        place.edit("zone", "hostmaster 1 ", &format!("hostmaster {in_file} "));
        place.write("signed", "x");
        let ran = place.sign(START + 1, &[]);
        assert_eq!(ran.code, Some(code), "{in_file}: {}", ran.talk);
        assert!(ran.talk.contains(words), "{in_file}: {}", ran.talk);
        assert_eq!(place.read("signed") == "x", code == 2, "{in_file}");
    }
}

/// What a record tells of another zone, or one that is damaged, is no serial of this zone.
#[test]
fn serials_of_others_do_not_count() {
    let other_zone: fn(&Place) = |place| {
        let other = Place::with_keys_of("example.org.");
        other.write("zone", &ZONE.replace("example.", "example.org."));
        place.write("signed.record", &other.at_serial_4().read("signed.record"));
    };
    let torn: fn(&Place) = |place| place.truncate("signed.record", 3);
    for lose in [other_zone, torn] {
        let place = Place::new().at_serial_4();
        place.write("signed", "x");
        lose(&place);
        let ran = place.sign(START + 1, &["--serial", "increment"]);
        assert_eq!((ran.code, &ran.json["serial"]["after"]), (Some(0), &Value::from(2)), "{}", ran.talk);
        assert!(ran.talk.contains("its serial is not known"), "{}", ran.talk);
    }
}

fn remove_zsk(place: &Place) {
    for entry in fs::read_dir(place.path("keys")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "key") && fs::read_to_string(&path).unwrap().contains(" 256 3 ") {
            fs::remove_file(path.with_extension("private")).unwrap();
            fs::remove_file(path).unwrap();
        }
    }
}

/// Another file with the same text may include other files.
#[test]
fn the_same_text_in_another_place_is_another_zone() {
    let place = Place::new();
    place.sign(START, &[]);
    fs::create_dir(place.path("other")).unwrap();
    place.write("other/included", "www IN A 192.0.2.9\n");
    fs::rename(place.path("zone"), place.path("other/zone")).unwrap();
    #[cfg(unix)]
    {
        // The link has the old name; what is included is looked for beside the link, as always.
        std::os::unix::fs::symlink("other/zone", place.path("zone")).unwrap();
        assert_eq!(place.sign(START, &[]).record(), DONE);
        fs::remove_file(place.path("included")).unwrap();
        std::os::unix::fs::symlink("other/included", place.path("included")).unwrap();
        assert!(place.sign(START, &[]).record().contains("included has changed"));
    }
}

/// Something that happens between two runs.
#[derive(Clone, Debug)]
enum Event {
    Time(i64),
    Edit(&'static str, &'static str, &'static str),
    Options(usize),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let edit = prop::sample::select(vec![
        Event::Edit("zone", "192.0.2.1", "192.0.2.8"),
        Event::Edit("zone", "192.0.2.8", "192.0.2.1"),
        Event::Edit("included", "www", "WWW"),
        Event::Edit("included", "WWW", "www"),
        Event::Edit("zone", "hostmaster 1 ", "hostmaster 2 "),
        Event::Edit("signed", "RRSIG\tA", "RRSIG\tTYPE1"),
        Event::Edit("signed.record", "\n", " \n"),
    ]);
    let time = (-3_600_i64..5 * DAY).prop_map(Event::Time);
    let options = (0..OPTIONS.len()).prop_map(Event::Options);
    prop::collection::vec(prop_oneof![3 => time, 2 => edit, 1 => options], 1..7)
}

const OPTIONS: &[&[&str]] = &[
    &[],
    &["--serial", "increment"],
    &["--serial", "unixtime", "--zonemd", "sha384"],
    &["--refresh", "1d"],
    &["--nsec3", "--dnskey-validity", "14d", "--jitter", "12h"],
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever happened before, "nothing to do" by the record is "nothing to do" after a close look, and what is
    /// written is what is written without a record.
    #[test]
    fn the_record_is_never_fooled(events in events()) {
        let (place, plain) = (Place::new(), Place::new());
        let (mut now, mut options) = (START, 0);
        place.sign(now, &[]);
        plain.sign(now, &["--no-record"]);
        for event in events {
            match event {
                Event::Time(step) => now += step,
                Event::Options(index) => options = index,
                Event::Edit(name, from, to) => {
                    for place in [&place, &plain] {
                        if place.path(name).exists() && place.read(name).contains(from) {
                            place.edit(name, from, to);
                        }
                    }
                }
            }
            let fast = place.sign(now, OPTIONS[options]);
            let slow = plain.sign(now, &[OPTIONS[options], &["--no-record"][..]].concat());
            prop_assert_eq!(fast.code, slow.code, "{}", fast.talk);
            prop_assert_eq!(fast.is_unchanged(), slow.is_unchanged(), "{}", fast.record());
            prop_assert_eq!(place.read("signed"), plain.read("signed"));
        }
    }
}
