//! Each guard refuses, leaves the old output as it was, and lets pass what is overridden with a reason, which is logged.

use crate::place::{ATTENTION, CHANGED, DAY, FAILED, HOUR, NOTHING_DUE, NOW, Place, QUIET_POLICY, REFUSED, zone_text};
use std::fs;
use zoneseal::base::{Seconds, UnixTime};

const LATER: UnixTime = NOW.plus(HOUR);

fn hosts(count: usize) -> String {
    (0..count).map(|number| format!("h{number} IN A 192.0.2.9\n")).collect()
}

/// Runs twice, refused and then overridden.
#[track_caller]
fn assert_guarded(place: &Place, now: UnixTime, guard: &str, part: &str) {
    let before = fs::read(place.signed_path("a.example")).ok();
    place.run(now, &[]).ends(REFUSED).says(&format!("refused by {guard}")).says(part);
    assert_eq!(fs::read(place.signed_path("a.example")).ok(), before, "{guard}");
    let override_zone = format!("{guard}=a.example.");
    place.run(now, &["--override", &format!("{guard}=b.example."), "--reason", "other"]).ends(REFUSED);
    place
        .run(now, &["--override", &override_zone, "--reason", "we mean it"])
        .ends(ATTENTION)
        .says("was overridden (we mean it)");
    let log = place.command(now, &["log", "a.example", "-K", place.path("keys").to_str().unwrap()]);
    assert!(log.out.contains(&format!("overrode {guard}")) && log.out.contains("we mean it"), "{}", log.out);
    place.assert_valid("a.example", now.max(NOW), Vec::new());
    // Once is enough: it is not refused again, and nobody is told again.
    let ran = place.run(now.plus(HOUR), &[]);
    assert!([CHANGED.into(), NOTHING_DUE.into()].contains(&ran.code), "{}", ran.out);
}

#[test]
fn reasons_are_needed() {
    let place = Place::new(&["a.example"]);
    place.run(NOW, &["--override", "names-vanished"]).ends(FAILED).says("--reason");
    place.run(NOW, &["--override", "names-vanished", "--reason", " "]).ends(FAILED).says("a reason is needed");
    place.run(NOW, &["--override", "names", "--reason", "x"]).ends(FAILED).says("no guard \"names\"");
}

#[test]
fn names_vanished() {
    let place = Place::new(&[]);
    place.write_zone("a.example", 1, &hosts(40));
    place.run(NOW, &[]).ends(CHANGED);
    place.write_zone("a.example", 2, &hosts(20));
    assert_guarded(&place, LATER, "names-vanished", "20 of 44 names are gone");
}

#[test]
fn rrset_vanished() {
    let place = Place::new(&["a.example"]);
    place.run(NOW, &[]).ends(CHANGED);
    place.write("zones/a.example.zone", &zone_text("a.example", 1, "").replace("@ IN MX 10 mail\n", ""));
    assert_guarded(&place, LATER, "rrset-vanished", "\"a.example. MX\" is gone");
}

#[test]
fn ttl_explosion() {
    let place = Place::new(&["a.example"]);
    place.run(NOW, &[]).ends(CHANGED);
    place.write_zone("a.example", 1, "long 100000 IN A 192.0.2.7\n");
    assert_guarded(&place, LATER, "ttl-explosion", "above max-zone-ttl");
}

#[test]
fn validity_budget() {
    let place = Place::new(&["a.example"]);
    let policy = format!("{QUIET_POLICY}max-zone-ttl = \"1d\"\n");
    place.write("policy.toml", &policy);
    place.run(NOW, &[]).ends(CHANGED);
    place.write_zone("a.example", 1, "long 4d IN A 192.0.2.7\n");
    place
        .run(LATER, &["--override", "ttl-explosion", "--reason", "x"])
        .ends(REFUSED)
        .says("refresh 3d < largest TTL 4d");
    assert!(place.serial("a.example") == 2);
}

/// The serial of the file goes 2^31 up, which is neither up nor down.
#[test]
fn serial_backwards() {
    let place = Place::new(&["a.example"]);
    place.run(NOW, &[]).ends(CHANGED);
    place.write_zone("a.example", 2 + (1 << 31), "new IN A 192.0.2.9\n");
    let before = place.signed("a.example");
    place.run(LATER, &[]).ends(REFUSED).says("refused by serial-backwards").says("2147483648 apart");
    assert_eq!(place.signed("a.example"), before);
    place.run(LATER, &["--override", "serial-backwards", "--reason", "mistyped"]).ends(CHANGED);
    assert_eq!(place.serial("a.example"), 3);
    place.assert_valid("a.example", LATER, Vec::new());
}

#[test]
fn clock_backwards() {
    let place = Place::new(&["a.example"]);
    place.run(NOW, &[]).ends(CHANGED);
    place.run(NOW.minus(HOUR), &[]).ends(REFUSED).says("before the last run");
    // Refused runs are no runs: the clock that is right again goes on.
    place.run(NOW, &[]).ends(NOTHING_DUE);
    // By years: what was signed ahead of time is signed anew.
    place.run(NOW.plus(Seconds(3 * 365 * DAY.0)), &[]).ends(CHANGED);
    let before = place.signed("a.example");
    place.run(LATER, &[]).ends(REFUSED).says("before the last run");
    assert_eq!(place.signed("a.example"), before);
    place.run(LATER, &["--override", "clock-backwards", "--reason", "it was ahead"]).ends(ATTENTION);
    place.assert_valid("a.example", LATER, Vec::new());
    assert!(place.serial("a.example") > 3);
}

#[test]
fn keys_lost() {
    let place = Place::new(&["a.example"]);
    place.run(NOW, &[]).ends(CHANGED);
    let before = place.signed("a.example");
    let keys = place.path("keys");
    fs::rename(&keys, place.path("away")).unwrap();
    fs::create_dir(&keys).unwrap();
    place.run(LATER, &[]).ends(REFUSED).says("refused by no-active-key").says("was signed before");
    assert_eq!(place.signed("a.example"), before);
    assert_eq!(
        fs::read_dir(&keys)
            .unwrap()
            .filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|end| end == "key"))
            .count(),
        0
    );
    fs::remove_dir_all(&keys).unwrap();
    fs::rename(place.path("away"), &keys).unwrap();
    place.run(LATER, &[]).ends(NOTHING_DUE);
}

/// A key file that is missing, and one whose halves do not fit.
#[test]
fn key_files_missing_or_wrong() {
    let place = Place::new(&["a.example"]);
    place.run(NOW, &[]).ends(CHANGED);
    let before = place.signed("a.example");
    let private = fs::read_dir(place.path("keys"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|end| end == "private"))
        .unwrap();
    let text = fs::read(&private).unwrap();
    place.write_zone("a.example", 2, "");
    fs::remove_file(&private).unwrap();
    place.run(LATER, &[]).ends(REFUSED).says("refused by no-active-key");
    fs::write(&private, &text[..text.len() / 2]).unwrap();
    place.run(LATER, &[]).ends(REFUSED).says("refused by keys-unusable");
    // Overridden, the key is left out; and without it there is none.
    place.run(LATER, &["--override", "keys-unusable", "--reason", "x"]).ends(REFUSED).says("refused by no-active-key");
    assert_eq!(place.signed("a.example"), before);
    fs::write(&private, &text).unwrap();
    place.write_zone("a.example", 2, "new IN A 192.0.2.9\n");
    place.run(LATER, &[]).ends(CHANGED);
    place.assert_valid("a.example", LATER, Vec::new());
}

/// A state that was edited to have no keys while the parent has a DS: it is not believed over what is published, and no
/// unsigned zone comes of it.
#[test]
fn unsigned_with_ds() {
    let place = Place::new(&["a.example"]);
    place.run(NOW, &[]).ends(CHANGED);
    let now = NOW.plus(Seconds(2 * DAY.0));
    place.run(now, &[]).ends(CHANGED);
    let key = place.ledger("a.example").parent.unwrap().add[0].split(' ').nth(3).unwrap().to_owned();
    let (keys, policy) = (place.path("keys"), place.path("policy.toml"));
    let arguments = [
        "rollover",
        "ds-seen",
        "a.example",
        &key,
        "-K",
        keys.to_str().unwrap(),
        "--why",
        "seen",
        "--policy",
        policy.to_str().unwrap(),
    ];
    place.command(now, &arguments).ends(NOTHING_DUE);
    place.run(now, &[]);
    let path = place.path("keys/a.example.zoneseal.json");
    let mut state: serde_json::Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    assert!(!state["state"]["ds"].as_array().unwrap().is_empty());
    // Held, so that the engine plans nothing: the target is what is published, and that is said to be nothing.
    state["state"]["hold_until"] = "2030-01-01T00:00:00Z".into();
    state["state"]["keys"] = serde_json::json!([]);
    fs::write(&path, serde_json::to_string(&state).unwrap()).unwrap();
    let before = place.signed("a.example");
    place.write_zone("a.example", 9, "");
    let ran = place.run(now.plus(HOUR), &[]);
    assert!([REFUSED.into(), FAILED.into()].contains(&ran.code), "{}{}", ran.out, ran.err);
    assert_eq!(place.signed("a.example"), before);
    place.assert_valid("a.example", now.plus(HOUR), Vec::new());
}
