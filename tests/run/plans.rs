//! Dry runs and plans: what would be done is said with reasons, nothing is written, and a plan is done exactly or not at all.

use crate::place::{CHANGED, DAY, HOUR, NOTHING_DUE, NOW, Place, REFUSED};
use zoneseal::base::Seconds;

/// The hash a dry run prints.
fn hash_of(text: &str) -> String {
    text.lines().find_map(|line| line.strip_prefix("plan: ")).expect("a plan has a hash").to_owned()
}

#[test]
fn a_dry_run_writes_nothing_and_says_why() {
    let place = Place::new(&["a.example"]);
    let before = place.snapshot();
    let ran = place.run(NOW, &["--dry-run"]).ends(CHANGED);
    for part in ["    make a new CSK, algorithm 13", "there is no signed zone yet", "1 of 1 zones would be published"] {
        assert!(ran.out.contains(part), "{part}: {}", ran.out);
    }
    assert_eq!(place.snapshot(), before);
    place.run(NOW, &[]).ends(CHANGED);
    place.write_zone("a.example", 1, "new IN A 192.0.2.5\nwww IN A 192.0.2.4\n");
    let before = place.snapshot();
    let ran = place.run(NOW.plus(HOUR), &["--dry-run"]);
    for part in ["content changed: 1 RRsets added, 1 changed", "serial 2 -> 3", "signatures made: there are none"] {
        assert!(ran.out.replace("1 RRset ", "1 RRsets ").contains(part), "{part}: {}", ran.out);
    }
    assert_eq!(place.snapshot(), before);
    place.run(NOW.plus(HOUR), &[]).ends(CHANGED);
    let ran = place.run(NOW.plus(Seconds(4 * DAY.0)), &["--dry-run"]);
    assert!(ran.out.contains("no more left than the refresh of 3d, the first ends at 2027-01-0"), "{}", ran.out);
}

#[test]
fn a_plan_is_done_exactly_or_not_at_all() {
    let place = Place::new(&["a.example", "b.example"]);
    let first = hash_of(&place.run(NOW, &["--dry-run"]).out);
    assert_eq!(hash_of(&place.run(NOW.plus(Seconds(5)), &["--dry-run"]).out), first, "the time is no part of a plan");
    place.write_zone("a.example", 2, "");
    let other = place.run(NOW, &["--apply", &first]).ends(REFUSED).says("the plan is another one now");
    assert!(!place.signed_path("a.example").exists());
    place.run(NOW.plus(HOUR), &["--apply", &hash_of(&other.out)]).ends(CHANGED);
    place.assert_valid("b.example", NOW.plus(HOUR), Vec::new());
    place.run(NOW.plus(HOUR), &["--apply", &hash_of(&other.out)]).ends(REFUSED);
    // What it is done by is part of the plan.
    place.write_zone("a.example", 2, "more IN A 192.0.2.77\n");
    let agreed = hash_of(&place.run(NOW.plus(HOUR), &["--dry-run"]).ends(CHANGED).out);
    for (name, from, to) in [
        ("zoneseal.toml", "[defaults]\n", "[defaults]\nhook = ['/bin/true']\n"),
        ("policy.toml", "serial = \"increment\"\n", "serial = \"increment\"\nsignatures-validity = \"8d\"\n"),
    ] {
        let before = std::fs::read_to_string(place.path(name)).unwrap();
        place.write(name, &before.replace(from, to));
        assert_ne!(std::fs::read_to_string(place.path(name)).unwrap(), before);
        place.run(NOW.plus(HOUR), &["--apply", &agreed]).ends(REFUSED);
        place.write(name, &before);
    }
    place.run(NOW.plus(HOUR), &["--apply", &agreed]).ends(CHANGED);
    let nothing = hash_of(&place.run(NOW.plus(HOUR), &["--dry-run"]).out);
    place.run(NOW.plus(HOUR), &["--apply", &nothing]).ends(NOTHING_DUE);
}

#[test]
fn plans_as_json() {
    let place = Place::new(&["a.example"]);
    let json = place.run_json(NOW, &["--dry-run"]);
    assert_eq!((&json["schema"], &json["result"]), (&"zoneseal.run/1".into(), &"changed".into()));
    assert_eq!(json["plan"].as_str().unwrap().len(), 64);
    assert!(json["zones"][0]["plan"].as_array().unwrap().len() >= 2);
}
