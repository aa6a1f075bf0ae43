//! What goes wrong around a run: after each the published zone is the old or the new one, whole and valid, no serial stands
//! for two contents, and the next run makes it good. Crashes at every system call are in the interop tests.

use crate::place::{ATTENTION, CHANGED, DAY, FAILED, HOUR, NOTHING_DUE, NOW, Place, zone_text};
use std::collections::HashMap;
use std::fs;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use zoneseal::base::{Seconds, UnixTime};
use zoneseal::state::{Lock, LockOptions, Who};

const LATER: UnixTime = NOW.plus(HOUR);

/// The built program in a place, as a process of its own.
fn process(place: &Place, now: UnixTime) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zoneseal"));
    command.current_dir(place.path("")).args(["run", "--threads", "2", "--now", &now.to_date_text()]);
    command
}

#[test]
fn a_second_run_waits_and_then_says_who_holds_the_lock() {
    let place = Place::new(&["a.example"]);
    let who = Who { pid: 4321, command: "zoneseal run".into(), ..Who::default() };
    let options = LockOptions { who: &who, at: NOW, timeout: Duration::ZERO };
    let lock = Lock::exclusive(&place.path("state/zoneseal.run.lock"), &options).unwrap();
    let ran = place.run(NOW, &[]).ends(FAILED).says("another run is under way: process 4321 (zoneseal run)");
    assert!(!place.signed_path("a.example").exists(), "{}", ran.err);
    drop(lock);
    place.run(NOW, &[]).ends(CHANGED);
}

/// Somebody works on one zone's keys: that zone fails, the others are signed.
#[test]
fn a_zone_that_is_locked_fails_alone() {
    let place = Place::new(&["a.example", "b.example"]);
    let who = Who { command: "zoneseal rollover start".into(), ..Who::default() };
    let options = LockOptions { who: &who, at: NOW, timeout: Duration::ZERO };
    let lock = Lock::exclusive(&place.path("keys/a.example.zoneseal.lock"), &options).unwrap();
    place.run(NOW, &[]).ends(FAILED).says("zoneseal rollover start").says("1 failed, 1 changed");
    drop(lock);
    place.run(NOW, &[]).ends(CHANGED);
    place.assert_valid("a.example", NOW, Vec::new());
}

#[test]
fn runs_at_the_same_time_take_turns() {
    let names = ["a.example", "b.example", "c.example"];
    let place = Place::new(&names);
    let children: Vec<_> = (0..4).map(|_| process(&place, NOW).spawn().unwrap()).collect();
    let mut codes: Vec<i32> =
        children.into_iter().map(|child| child.wait_with_output().unwrap().status.code().unwrap()).collect();
    codes.sort_unstable();
    assert_eq!(codes, [0, 0, 0, 3]);
    for name in names {
        assert_eq!(place.serial(name), 2);
        place.assert_valid(name, NOW, Vec::new());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_hook_that_hangs_is_killed() {
    let place = Place::new(&["a.example"]);
    place.configure("hook = ['/bin/sleep', '600']\nhook-timeout = 1");
    let began = Instant::now();
    place.run(NOW, &[]).ends(ATTENTION).says("killed, as it took longer than 1s");
    assert!(began.elapsed() < Duration::from_secs(60));
    place.assert_valid("a.example", NOW, Vec::new());
}

/// Limits a process to files of a size, as a full disk does; the signal that goes with it is ignored.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk() {
    let place = Place::new(&["a.example"]);
    place.run(NOW, &[]).ends(CHANGED);
    let before = place.signed("a.example");
    place.write_zone(
        "a.example",
        1,
        &(0..40).map(|number| format!("h{number} IN TXT \"{}\"\n", "x".repeat(200))).collect::<String>(),
    );
    let mut failures = 0;
    for blocks in [0, 1, 2, 4, 8, 16] {
        let script =
            format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" run --threads 2 --now {}", LATER.to_date_text());
        let output = Command::new("/bin/sh")
            .current_dir(place.path(""))
            .args(["-c", &script, env!("CARGO_BIN_EXE_zoneseal")])
            .output()
            .unwrap();
        if output.status.code() == Some(3) {
            break;
        }
        failures += 1;
        assert_eq!(output.status.code(), Some(2), "{blocks}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(place.signed("a.example"), before, "{blocks}");
    }
    assert!(failures >= 3);
    let ran = place.run(LATER, &[]);
    assert!([CHANGED.into(), NOTHING_DUE.into()].contains(&ran.code), "{}", ran.out);
    place.assert_valid("a.example", LATER, Vec::new());
    assert!(place.serial("a.example") > 2);
}

/// A state that is cut off is kept aside; the keys are there, so nobody makes new ones.
#[test]
fn a_state_that_is_cut_off_or_too_new() {
    let place = Place::new(&["a.example"]);
    place.run(NOW, &[]).ends(CHANGED);
    let before = place.signed("a.example");
    let path = place.path("keys/a.example.zoneseal.json");
    let text = fs::read_to_string(&path).unwrap();
    let keys = || {
        fs::read_dir(place.path("keys"))
            .unwrap()
            .filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|end| end == "key"))
            .count()
    };
    let count = keys();
    fs::write(&path, text.replacen("\"schema\": 1", "\"schema\": 999", 1)).unwrap();
    place.run(LATER, &[]).ends(FAILED).says("the state has schema 999");
    assert!(fs::read_to_string(&path).unwrap().contains("999"), "it must not be touched");
    fs::write(&path, &text[..text.len() / 2]).unwrap();
    place.run(LATER, &[]).ends(FAILED).says("zoneseal adopt a.example.");
    assert_eq!((place.signed("a.example"), keys()), (before, count));
    // As the help says.
    let (keys_path, signed) = (place.path("keys"), place.signed_path("a.example"));
    let arguments =
        ["adopt", "a.example", "-K", keys_path.to_str().unwrap(), "--signed", signed.to_str().unwrap(), "--write"];
    place.command(LATER, &arguments);
    place.write_zone("a.example", 2, "new IN A 192.0.2.77\n");
    place.run(LATER, &[]).ends(CHANGED);
    place.assert_valid("a.example", LATER, Vec::new());
    assert!(place.serial("a.example") > 2);
}

#[test]
fn a_ledger_that_is_cut_off_gone_or_too_new() {
    let place = Place::new(&["a.example"]);
    place.run(NOW, &[]).ends(CHANGED);
    let (before, path) = (place.signed("a.example"), place.path("state/a.example.run.json"));
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("zoneseal.run/1", "zoneseal.run/9", 1)).unwrap();
    let spoilt = fs::read(&path).unwrap();
    place.run(LATER, &[]).ends(FAILED).says("the ledger has the form zoneseal.run/9");
    assert_eq!((fs::read(&path).unwrap(), place.signed("a.example")), (spoilt, before.clone()));
    for rest in [Some(text.len() / 2), None] {
        match rest {
            Some(rest) => fs::write(&path, &text[..rest]).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        place.run(LATER, &[]).ends(NOTHING_DUE);
        assert_eq!(place.signed("a.example"), before);
        assert_eq!(place.ledger("a.example").serial_highest, Some(2));
    }
    // Without ledger and output the state still knows which serial was out.
    fs::remove_file(&path).unwrap();
    fs::remove_file(place.signed_path("a.example")).unwrap();
    place.run(LATER, &[]).ends(CHANGED);
    assert_eq!(place.serial("a.example"), 3);
    // So it does with an output that is cut off.
    fs::remove_file(&path).unwrap();
    let cut_off = place.signed("a.example");
    fs::write(place.signed_path("a.example"), &cut_off[..cut_off.len() - 3]).unwrap();
    place.run(LATER, &[]).ends(CHANGED);
    assert_eq!(place.serial("a.example"), 4);
}

/// An output that was promised and never appeared keeps its serial for ever.
#[test]
fn a_promised_serial_is_not_used_again() {
    let place = Place::new(&["a.example"]);
    place.run(NOW, &[]).ends(CHANGED);
    let mut ledger = place.ledger("a.example");
    ledger.promise(7);
    ledger.intended = Some(zoneseal::fleet::ledger::Intended { serial: 7, sha256: "00".repeat(32) });
    ledger.write(&place.path("state")).unwrap();
    place.write_zone("a.example", 1, "new IN A 192.0.2.5\n");
    place.run(LATER, &[]).ends(CHANGED);
    assert_eq!(place.serial("a.example"), 8);
    assert_eq!(place.ledger("a.example").intended, None);
}

/// The signed zone was damaged or exchanged: it is not believed, and replaced.
#[test]
fn outputs_that_were_changed_are_replaced() {
    let place = Place::new(&["a.example"]);
    place.run(NOW, &[]).ends(CHANGED);
    let text = String::from_utf8(place.signed("a.example")).unwrap();
    let address = text.lines().find(|line| line.contains("\tA\t")).unwrap();
    let (owner, ttl_and_data) = address.split_once('\t').unwrap();
    let other_ttl = format!("{text}{owner}\t17\t{}\n", ttl_and_data.split_once('\t').unwrap().1);
    let bad = [text[..text.len() / 2].to_owned(), text.replace("192.0.2.3", "192.0.2.33"), String::new(), other_ttl];
    for bad in bad {
        fs::write(place.signed_path("a.example"), bad).unwrap();
        place.run(LATER, &[]).ends(CHANGED);
        place.assert_valid("a.example", LATER, Vec::new());
    }
    assert!(place.serial("a.example") > 5, "each is a version of its own");
}

#[test]
fn directories_that_are_not_there() {
    for name in ["signed", "state", "keys"] {
        let place = Place::new(&["a.example"]);
        fs::remove_dir(place.path(name)).unwrap();
        place.run(NOW, &[]).ends(FAILED).says(name);
        assert!(!place.signed_path("a.example").exists());
        fs::create_dir(place.path(name)).unwrap();
        place.run(NOW, &[]).ends(CHANGED);
        place.assert_valid("a.example", NOW, Vec::new());
        if name == "signed" {
            continue;
        }
        // And those that were there and are not.
        let before = place.signed("a.example");
        place.write_zone("a.example", 1, "new IN A 192.0.2.5\n");
        fs::rename(place.path(name), place.path("elsewhere")).unwrap();
        place.run(LATER, &[]).ends(FAILED).says(name);
        assert_eq!(place.signed("a.example"), before);
        fs::rename(place.path("elsewhere"), place.path(name)).unwrap();
        place.run(LATER, &[]).ends(CHANGED);
        place.assert_valid("a.example", LATER, Vec::new());
    }
}

/// Whoever replaces the zone file while runs go on gets one version or the other, never a mixture, and no serial twice.
#[test]
fn zone_files_replaced_during_runs() {
    let place = Place::new(&["a.example"]);
    let version = |number: u32| {
        zone_text("a.example", 1, &(0..50).map(|host| format!("h{host} IN TXT \"v{number}\"\n")).collect::<String>())
    };
    let stop = AtomicBool::new(false);
    let mut contents: HashMap<u32, Vec<u8>> = HashMap::new();
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut number = 0;
            while !stop.load(Ordering::Relaxed) {
                number += 1;
                fs::write(place.path("next"), version(number)).unwrap();
                fs::rename(place.path("next"), place.path("zones/a.example.zone")).unwrap();
                thread::sleep(Duration::from_millis(3));
            }
        });
        for round in 0..15 {
            let now = NOW.plus(Seconds(round));
            let ran = place.run(now, &[]);
            assert!([CHANGED.into(), NOTHING_DUE.into()].contains(&ran.code), "{}{}", ran.out, ran.err);
            place.assert_valid("a.example", now, Vec::new());
            let text = place.signed("a.example");
            let shown = String::from_utf8(text.clone()).unwrap();
            let versions: std::collections::BTreeSet<&str> =
                shown.split('"').filter(|word| word.starts_with('v')).collect();
            assert!(versions.len() <= 1, "a mixture: {versions:?}");
            let serial = place.serial("a.example");
            assert!(contents.insert(serial, text.clone()).is_none_or(|before| before == text), "serial {serial} twice");
        }
        stop.store(true, Ordering::Relaxed);
    });
}

/// Late runs and missed ones are no worse than the times themselves: after months without a run all is signed anew.
#[test]
fn months_without_a_run() {
    let place = Place::new(&["a.example"]);
    place.run(NOW, &[]).ends(CHANGED);
    let now = NOW.plus(Seconds(100 * DAY.0));
    place.run(now, &[]).ends(CHANGED);
    place.assert_valid("a.example", now, Vec::new());
}
