//! What a run does when all is well, and that it does nothing when nothing is due.

use crate::place::{ATTENTION, CHANGED, DAY, FAILED, HOUR, NOTHING_DUE, NOW, Place};
use std::fs;
use zoneseal::base::{Rtype, Seconds};
use zoneseal::fleet::last_run::LastRun;

#[test]
fn init_then_run_signs_everything() {
    let place = Place::new(&["a.example", "b.example"]);
    for name in [
        "zoneseal.toml",
        "policy.toml",
        "examples/zoneseal.service",
        "examples/zoneseal.timer",
        "examples/zoneseal.cron",
    ] {
        assert!(place.path(name).is_file(), "{name}");
    }
    #[cfg(unix)]
    for (name, mode) in [("keys", 0o700), ("state", 0o700)] {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(place.path(name)).unwrap().permissions().mode() & 0o777, mode, "{name}");
    }
    let config = place.path("zoneseal.toml");
    place.command(NOW, &["config", "check", "--config", config.to_str().unwrap()]).ends(NOTHING_DUE);
    place.run(NOW, &[]).ends(CHANGED).says("2 zones: 2 changed");
    for name in ["a.example", "b.example"] {
        place.assert_valid(name, NOW, Vec::new());
        assert_eq!(place.serial(name), 2);
        let ledger = place.ledger(name);
        assert_eq!((ledger.serial, ledger.serial_highest, ledger.intended), (Some(2), Some(2), None));
    }
    let ran = place.run(NOW.plus(Seconds(60)), &[]).ends(NOTHING_DUE);
    assert!(ran.out.contains("2 with nothing due") && ran.out.contains("Next: "), "{}", ran.out);
    // When every cache can have the keys, the parent may have the DS; that it is waited for needs nobody's attention.
    place.run(NOW.plus(Seconds(2 * DAY.0)), &[]).ends(CHANGED).says("publish this DS: a.example. IN DS");
    assert!(place.ledger("a.example").parent.unwrap().add[0].contains("IN DS"));
}

/// What `init` makes is good for the serials people have: dates, seconds, small numbers.
#[test]
fn what_init_makes_takes_any_serial() {
    let place = Place::new(&[]);
    for (name, serial) in [
        ("date.example", 2_026_123_199),
        ("unix.example", 1_798_000_000),
        ("one.example", 1),
        ("max.example", u32::MAX),
    ] {
        place.write_zone(name, serial, "");
    }
    place.init_again();
    place.run(NOW, &[]).ends(CHANGED).says("4 changed");
    assert_eq!((place.serial("date.example"), place.serial("max.example")), (2_026_123_200, 1));
}

#[test]
fn init_as_json() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("zones")).unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_zoneseal"))
        .current_dir(folder.path())
        .args(["init", "--json", "zones"])
        .output()
        .unwrap();
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&json["schema"], &json["zone_files"]), (&"zoneseal.init/1".into(), &0.into()));
    let made = json["made"].as_array().unwrap();
    assert!(made.len() > 5 && made.iter().all(|path| folder.path().join(path.as_str().unwrap()).exists()), "{json}");
}

#[test]
fn init_never_overwrites() {
    let place = Place::new(&["a.example"]);
    let before = place.snapshot();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_zoneseal"))
        .current_dir(place.path(""))
        .args(["init", "zones"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("nothing was made"));
    assert_eq!(place.snapshot(), before);
}

/// Nothing due means no write, not even of a lock.
#[test]
fn nothing_due_writes_nothing() {
    let place = Place::new(&["a.example", "b.example"]);
    place.run(NOW, &[]).ends(CHANGED);
    let before = place.snapshot();
    for minutes in 0..12 {
        place.run(NOW.plus(Seconds(minutes * 10 * 60)), &[]).ends(NOTHING_DUE);
    }
    assert_eq!(place.snapshot(), before);
}

#[test]
fn only_what_changed_is_published_and_its_serial_rises() {
    let place = Place::new(&["a.example", "b.example"]);
    place.run(NOW, &[]).ends(CHANGED);
    let unchanged = place.signed("b.example");
    place.write_zone("a.example", 1, "new IN TXT \"new\"\n");
    let json = place.run_json(NOW.plus(HOUR), &[]);
    assert_eq!((&json["result"], &json["counts"]["changed"]), (&"changed".into(), &1.into()));
    assert_eq!((place.serial("a.example"), place.serial("b.example")), (3, 2));
    assert_eq!(place.signed("b.example"), unchanged);
    place.assert_valid("a.example", NOW.plus(HOUR), Vec::new());
    // A comment changes the file, not the zone.
    place.write_zone("a.example", 1, "new IN TXT \"new\"\n; a comment\n");
    let signed = place.signed("a.example");
    place.run(NOW.plus(Seconds(2 * HOUR.0)), &[]).ends(NOTHING_DUE);
    assert_eq!(place.signed("a.example"), signed);
}

#[test]
fn signatures_are_made_again_before_they_end() {
    let place = Place::new(&["a.example"]);
    place.run(NOW, &[]).ends(CHANGED);
    let mut changes = 0;
    for day in 1..30 {
        let now = NOW.plus(Seconds(day * DAY.0));
        let ran = place.run(now, &[]);
        changes += u8::from(ran.code == CHANGED.into());
        place.assert_valid("a.example", now, Vec::new());
        let left = place.ledger("a.example").earliest_expiration.unwrap().since(now);
        assert!(left > Seconds(3 * DAY.0), "{left} on day {day}");
    }
    // Spread over nearly four days, some of a zone's signatures may be due in every daily run.
    assert!((5..30).contains(&changes), "{changes}");
}

#[test]
fn zones_are_chosen_by_name() {
    let place = Place::new(&["a.example", "b.example"]);
    place.run(NOW, &["b.example"]).ends(CHANGED).says("1 zone: 1 changed");
    assert!(!place.signed_path("a.example").exists());
    place.run(NOW, &["c.example"]).ends(FAILED).says("c.example.: no such zone is configured");
}

/// The name is that of the SOA, wherever the file's name leads.
#[test]
fn names_come_from_the_soa() {
    let place = Place::new(&[]);
    place.write("zones/odd.zone", &crate::place::zone_text("other.example", 5, ""));
    place.write("zones/bare.example.zone", "$TTL 3600\n@ SOA ns1 h 1 7200 900 172800 900\n@ NS ns1\nns1 A 192.0.2.1\n");
    place.run(NOW, &[]).ends(CHANGED);
    assert_eq!(place.published("odd").apex().to_string(), "other.example.");
    assert_eq!(place.published("bare.example").apex().to_string(), "bare.example.");
    let before = place.snapshot();
    place.run(NOW.plus(HOUR), &[]).ends(NOTHING_DUE);
    assert_eq!(place.snapshot(), before);
    place.run(NOW.plus(HOUR), &["other.example"]).ends(NOTHING_DUE);
}

/// One zone's failure does not stop the others, and the exit code is that of the worst.
#[test]
fn failures_are_each_their_own() {
    let place = Place::new(&["a.example", "b.example", "c.example"]);
    place.run(NOW, &[]).ends(CHANGED);
    let before = place.signed("b.example");
    place.write("zones/b.example.zone", "$ORIGIN b.example.\n@ IN SOA broken\n");
    place.write_zone("c.example", 9, "");
    let ran = place.run(NOW.plus(HOUR), &[]).ends(FAILED).says("b.example. failed").says("zone:2:16: error");
    assert!(ran.out.contains("the signed zone of before stands"), "{}", ran.out);
    assert_eq!(place.signed("b.example"), before);
    assert!(place.serial("c.example") > 9);
    assert_eq!(place.ledger("b.example").consecutive_failures, 1);
    place.run(NOW.plus(HOUR), &[]).ends(FAILED);
    assert_eq!(place.ledger("b.example").consecutive_failures, 2);
    place.write_zone("b.example", 2, "new IN A 192.0.2.9\n");
    place.run(NOW.plus(HOUR), &[]).ends(CHANGED);
    assert_eq!(place.ledger("b.example").consecutive_failures, 0);
}

#[test]
fn includes_count() {
    let place = Place::new(&["a.example"]);
    place.write("zones/more.txt", "one IN A 192.0.2.9\n");
    place.write_zone("a.example", 1, "$INCLUDE more.txt\n");
    place.run(NOW, &[]).ends(CHANGED);
    place.run(NOW, &[]).ends(NOTHING_DUE);
    place.write("zones/more.txt", "one IN A 192.0.2.9\ntwo IN A 192.0.2.10\n");
    place.run(NOW.plus(HOUR), &[]).ends(CHANGED);
    assert!(
        place
            .published("a.example")
            .find("two.a.example.".parse::<zoneseal::base::NameBuf>().unwrap().as_name())
            .is_some()
    );
}

/// A change of policy is carried out: here another chain.
#[test]
fn policies_count() {
    let place = Place::new(&["a.example"]);
    place.run(NOW, &[]).ends(CHANGED);
    place.write("policy.toml", &format!("{}denial = \"nsec3\"\n", crate::place::QUIET_POLICY));
    let now = NOW.plus(Seconds(10 * DAY.0));
    place.run(now, &[]).ends(CHANGED);
    assert!(place.published("a.example").apex_node().has(Rtype::NSEC3PARAM));
    place.assert_valid("a.example", now, Vec::new());
}

#[cfg(target_os = "linux")]
#[test]
fn hooks_are_run_and_tried_again() {
    let place = Place::new(&["a.example"]);
    let flag = place.path("flag");
    place.write("hook.sh", &format!("echo \"$@\" >> {}.said; test -e {}", flag.display(), flag.display()));
    let script = place.path("hook.sh");
    place.configure(&format!("hook = ['/bin/sh', '{}', '{{zone}}', '{{serial}}', '{{file}}']", script.display()));
    place.run(NOW, &[]).ends(ATTENTION).says("the hook did not succeed");
    assert!(place.ledger("a.example").hook_pending.is_some());
    // Nothing is due, but the servers have not heard yet.
    place.run(NOW.plus(HOUR), &[]).ends(ATTENTION).says("2 tries");
    fs::write(&flag, "").unwrap();
    place.run(NOW.plus(HOUR), &[]).ends(NOTHING_DUE);
    assert_eq!(place.ledger("a.example").hook_pending, None);
    let said = fs::read_to_string(place.path("flag.said")).unwrap();
    let line = format!("a.example 2 {}", place.signed_path("a.example").display());
    assert_eq!(said.lines().collect::<Vec<_>>(), [line.as_str(); 3]);
}

/// Zones that are signed in one run are not all due in one run again (TIM-7).
#[test]
fn what_is_due_is_spread_over_zones() {
    let names: Vec<String> = (0..40).map(|number| format!("z{number}.example")).collect();
    let place = Place::new(&names.iter().map(String::as_str).collect::<Vec<_>>());
    place.run(NOW, &[]).ends(CHANGED);
    let due: Vec<i64> = names.iter().map(|name| place.ledger(name).earliest_expiration.unwrap().since(NOW).0).collect();
    let (first, last) = (due.iter().min().unwrap(), due.iter().max().unwrap());
    assert!(last - first > DAY.0 / 2, "{due:?}");
    let signed: std::collections::BTreeSet<i64> = due.iter().copied().collect();
    assert!(signed.len() > 35, "{due:?}");
}

#[test]
fn catalogs_and_settings_of_single_zones() {
    let place = Place::new(&[]);
    place.write(
        "catalog.zone",
        "$ORIGIN catalog.\n@ 0 SOA invalid. invalid. 1 60 60 60 60\n@ 0 NS invalid.\nversion 0 TXT \"2\"\na.zones 0 PTR m.example.\n",
    );
    place.write("zones/m.example.db", &crate::place::zone_text("m.example", 1, ""));
    place.write("zones/own.db", &crate::place::zone_text("own.example", 1, ""));
    fs::create_dir(place.path("own-keys")).unwrap();
    place.write(
        "zoneseal.toml",
        "policy-file = 'policy.toml'\n[[zones]]\ncatalog = 'catalog.zone'\nfile = 'zones/{zone}.db'\n\
         [[zones]]\nfile = 'zones/own.db'\nkeys = 'own-keys'\noutput = 'signed/own'\npolicy = 'tld'\n",
    );
    place.run(NOW, &[]).ends(CHANGED);
    assert!(place.path("signed/m.example.db.signed").exists());
    let own = crate::place::read_zone(&place.path("signed/own"));
    assert!(own.apex_node().has(Rtype::ZONEMD), "the preset tld has one");
    let before = place.snapshot();
    place.run(NOW.plus(Seconds(600)), &[]).ends(NOTHING_DUE);
    assert_eq!(place.snapshot(), before);
}

/// RFC 9432 section 5.1: a broken catalog is not gone by. What it had when it was whole is, so that nothing expires.
#[test]
fn zones_of_a_broken_catalog_go_on() {
    let place = Place::new(&[]);
    let catalog = |members: &str, version: &str| {
        let text = format!(
            "$ORIGIN catalog.\n@ 0 SOA invalid. invalid. 1 60 60 60 60\n@ 0 NS invalid.\n\
             version 0 TXT \"{version}\"\n{members}"
        );
        place.write("catalog.zone", &text);
    };
    let zone = |name: &str, more: &str| {
        place.write(&format!("zones/{name}.example.db"), &crate::place::zone_text(&format!("{name}.example"), 1, more));
    };
    let both = "a.zones 0 PTR a.example.\nb.zones 0 PTR b.example.\n";
    let signed = |name: &str| fs::read_to_string(place.path(&format!("signed/{name}.example.db.signed"))).ok();
    catalog(both, "1");
    place.write(
        "zoneseal.toml",
        "policy-file = 'policy.toml'\n[[zones]]\ncatalog = 'catalog.zone'\nfile = 'zones/{zone}.db'\n",
    );
    zone("a", "");
    zone("b", "");
    // Nothing is known of it yet.
    place.run(NOW, &[]).ends(FAILED).says("version TXT");
    assert_eq!((signed("a"), signed("b")), (None, None));
    catalog(both, "2");
    place.run(NOW, &["--dry-run"]).ends(CHANGED);
    catalog(both, "1");
    // A dry run leaves nothing behind.
    place.run(NOW, &[]).ends(FAILED);
    assert_eq!((signed("a"), signed("b")), (None, None));
    catalog(both, "2");
    place.run(NOW, &[]).ends(CHANGED);
    catalog("a.zones 0 PTR a.example.\n", "1");
    zone("b", "new 60 A 192.0.2.77\n");
    let later = NOW.plus(Seconds(600));
    place.run(later, &[]).ends(FAILED).says("version TXT").says("the zones it had before go on");
    assert!(signed("b").unwrap().contains("192.0.2.77"));
    place.run(later, &[]).ends(FAILED).says("version TXT");
    // Whole again, it counts as it is.
    catalog("a.zones 0 PTR a.example.\n", "2");
    zone("b", "new 60 A 192.0.2.78\n");
    place.run(later, &[]).ends(NOTHING_DUE);
    catalog(both, "1");
    place.run(later, &[]).ends(FAILED);
    assert!(!signed("b").unwrap().contains("192.0.2.78"));
}

#[test]
fn the_same_zone_twice_is_refused() {
    let place = Place::new(&["a.example"]);
    place.write("zones/copy.zone", &crate::place::zone_text("a.example", 1, ""));
    place.run(NOW, &[]).ends(FAILED).says("is configured twice");
    // Whichever it was, it goes on, and the other one never takes its place.
    let name = place.ledger("a.example").file;
    let (own, other) = match name.ends_with("copy.zone") {
        true => ("copy", "a.example"),
        false => ("a.example", "copy"),
    };
    for (hour, more) in [(1, ""), (2, "one IN A 192.0.2.8\n"), (3, "one IN A 192.0.2.9\n")] {
        for file in ["copy", "a.example"] {
            place.write(&format!("zones/{file}.zone"), &crate::place::zone_text("a.example", 1, more));
        }
        place.run(NOW.plus(Seconds(hour * HOUR.0)), &[]).ends(FAILED).says("is configured twice");
        assert_eq!(place.ledger("a.example").file, name);
        assert_eq!((place.signed_path(own).exists(), place.signed_path(other).exists()), (true, false));
    }
    let config = place.path("zoneseal.toml");
    place.command(NOW, &["config", "check", "-c", config.to_str().unwrap()]).ends(ATTENTION).says("configured twice");
}

/// What is wrong with one entry, one file or one directory keeps no other zone from being signed.
#[test]
fn mistakes_of_the_configuration_stop_nothing_else() {
    let place = Place::new(&["a.example", "b.example"]);
    let config = fs::read_to_string(place.path("zoneseal.toml")).unwrap();
    let more = |entry: &str| place.write("zoneseal.toml", &format!("{config}\n[[zones]]\n{entry}\n"));
    for (entry, part) in [
        ("file = 'zones/b.example.zone'\nstate = 'nowhere'", "nowhere"),
        ("file = 'zones/b.example.zone'\nkeys = 'nowhere'", "nowhere"),
        ("file = 'zones/b.example.zone'\npolicy = 'nowhere'", "nowhere"),
        ("file = 'zones/b.example.zone'\noutput = 'nowhere/b'", "nowhere/b"),
        ("file = 'zones/b.example.zone'\noutput = 'zones/b.example.zone'", "replaced by its own signed zone"),
        ("file = 'zones/b.example.zone'\noutput = './zones/a.example.zone'", "the file of another zone"),
        ("file = 'zones/b.example.zone'\nname = 'c.example'", "b.example.zone"),
        ("catalog = 'no.zone'\nfile = '{zone}'", "no.zone: No such file"),
    ] {
        more(entry);
        place.run(NOW, &["--dry-run"]).ends(FAILED).says(part);
        place.run(NOW, &[]).ends(FAILED).says(part);
        fs::remove_file(place.signed_path("a.example")).expect(entry);
        assert_eq!(place.signed_path("b.example").exists(), entry.starts_with("catalog"), "{entry}");
        let json = place.run_json(NOW, &[]);
        assert_eq!(json["result"], "failed");
    }
}

/// A name that is not UTF-8 is no reason to stop, nor for JSON to be none.
#[cfg(target_os = "linux")]
#[test]
fn names_that_are_not_utf8() {
    use std::os::unix::ffi::OsStrExt;
    let place = Place::new(&["a.example"]);
    let odd = place.path("zones").join(std::ffi::OsStr::from_bytes(b"caf\xe9.zone"));
    fs::write(odd, crate::place::zone_text("odd.example", 1, "")).unwrap();
    let json = place.run_json(NOW, &[]);
    let results: Vec<_> = json["zones"].as_array().unwrap().iter().map(|zone| zone["result"].as_str()).collect();
    assert_eq!(results, [Some("changed"), Some("failed")]);
    let config = place.path("zoneseal.toml");
    place
        .command(NOW, &["config", "check", "--json", "-c", config.to_str().unwrap()])
        .ends(ATTENTION)
        .says("not UTF-8");
    place.command(NOW, &["status", "--json", "-c", config.to_str().unwrap()]).ends(ATTENTION).says("not UTF-8");
}

/// A zone that was signed, and can now not even be begun with: the status says so.
#[test]
fn failures_before_the_beginning_are_in_the_ledger() {
    let place = Place::new(&["a.example"]);
    place.run(NOW, &[]).ends(CHANGED);
    let policy = fs::read_to_string(place.path("policy.toml")).unwrap();
    fs::remove_file(place.path("policy.toml")).unwrap();
    let ran = place.run(NOW.plus(HOUR), &[]).ends(FAILED).says("policy.toml: No such file");
    assert!(
        ran.out.starts_with("a.example. failed") && ran.out.contains("the signed zone of before stands"),
        "{ran:?}"
    );
    place.write("policy.toml", &policy);
    fs::rename(place.path("keys"), place.path("elsewhere")).unwrap();
    place.run(NOW.plus(HOUR), &[]).ends(FAILED).says("keys: No such file");
    let ledger = place.ledger("a.example");
    assert_eq!((ledger.result, ledger.consecutive_failures), (zoneseal::fleet::ledger::RunResult::Failed, 2));
    fs::rename(place.path("elsewhere"), place.path("keys")).unwrap();
    place.run(NOW.plus(HOUR), &[]).ends(NOTHING_DUE);
    assert_eq!(place.ledger("a.example").consecutive_failures, 0);
}

/// No zones at all is more likely a directory that is not mounted than what somebody wants.
#[test]
fn no_zones_need_attention() {
    let place = Place::new(&["a.example"]);
    place.run(NOW, &[]).ends(CHANGED);
    fs::rename(place.path("zones"), place.path("elsewhere")).unwrap();
    place.run(NOW, &[]).ends(ATTENTION).says("there are no zones");
    place.run(NOW, &["-q"]).ends(ATTENTION).says("there are no zones");
}

/// The last run is known though nothing was due in it, and runs that come often do not write often.
#[test]
fn the_last_run_is_known() {
    let place = Place::new(&["a.example", "b.example"]);
    place.run(NOW, &["a.example"]).ends(CHANGED);
    let last = || LastRun::read(&place.path("state")).map(|last| last.at);
    assert_eq!(last(), None, "not all zones");
    place.run(NOW, &[]).ends(CHANGED);
    assert_eq!(last(), Some(NOW));
    let before = place.snapshot();
    for minute in 1..10 {
        place.run(NOW.plus(Seconds(60 * minute)), &[]).ends(NOTHING_DUE);
    }
    assert_eq!(place.snapshot(), before);
    // Longer than half of the interval.
    let late = NOW.plus(Seconds(6 * HOUR.0 + 1));
    place.run(late, &[]);
    assert_eq!(last(), Some(late));
    place.run(NOW.plus(HOUR), &["--dry-run"]);
    assert_eq!(last(), Some(late), "a dry run is none");
    // Where it cannot be written somebody should know, and nothing else is the worse for it.
    fs::remove_file(place.path("state/last-run.json")).unwrap();
    fs::create_dir(place.path("state/last-run.json")).unwrap();
    place.run(late, &[]).ends(ATTENTION).says("state: word of the run cannot be left");
}

#[test]
fn config_check_finds_several_mistakes() {
    let place = Place::new(&["a.example", "b.example"]);
    place.write(
        "zones/a.example.zone",
        "$ORIGIN a.example.\n$TTL 1w\n@ SOA ns h 1 2h 15m 5w 15m\n@ NS ns\nns A 192.0.2.1\n",
    );
    place.write("zones/b.example.zone", "broken\n");
    place.configure("hook = ['/nonexistent/hook']\nparent-servers = ['a..b']\nresolver = 'ns.example'");
    fs::remove_dir(place.path("state")).unwrap();
    #[cfg(unix)]
    fs::set_permissions(place.path("keys"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let config = place.path("zoneseal.toml");
    let mut ran = place.command(NOW, &["config", "check", "-c", config.to_str().unwrap()]).ends(ATTENTION);
    for part in [
        "refresh 3d < largest TTL 7d",
        "SOA EXPIRE",
        "b.example.zone:1",
        "the hook /nonexistent/hook",
        "server",
        "name it by its address",
        "mkdir -p",
        "chmod 700",
    ] {
        ran = ran.says(part);
    }
    place.write("zoneseal.toml", "[[zones]]\nfiel = 'x'\n");
    place.command(NOW, &["config", "check", "-c", config.to_str().unwrap()]).ends(FAILED);
}

#[test]
fn metrics_are_written_where_they_are_wanted() {
    let place = Place::new(&["a.example"]);
    place.write(
        "zoneseal.toml",
        &format!("metrics = 'zones.prom'\n{}", fs::read_to_string(place.path("zoneseal.toml")).unwrap()),
    );
    place.run(NOW, &[]).ends(CHANGED);
    let text = fs::read_to_string(place.path("zones.prom")).unwrap();
    assert!(text.contains("zone=\"a.example.\""), "{text}");
    place.run(NOW, &["--metrics", "/nonexistent/zones.prom"]).ends(ATTENTION).says("the metrics cannot be written");
}

/// Servers that do not answer need somebody's attention and stop nothing; what was seen is kept and asked for again later.
#[test]
fn servers_that_do_not_answer() {
    let place = Place::new(&["a.example"]);
    let port = std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    place.configure(&format!("parent-servers = ['127.0.0.1@{port}']\nchild-servers = ['127.0.0.1@{port}']"));
    let run = |now| place.run(now, &["--observe-timeout", "0.1"]);
    run(NOW).ends(ATTENTION).says("the parent server 127.0.0.1");
    place.assert_valid("a.example", NOW, Vec::new());
    let seen = place.path("state/a.example.observation.json");
    let first = fs::read(&seen).unwrap();
    let before = place.snapshot();
    run(NOW.plus(Seconds(300))).ends(ATTENTION);
    assert_eq!(place.snapshot(), before, "what needs attention is said again, without a write");
    run(NOW.plus(Seconds(900))).ends(ATTENTION);
    assert_ne!(fs::read(&seen).unwrap(), first);
}
