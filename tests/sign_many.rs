//! Many zones in one run of `zoneseal sign`: lists, directories, and zones that fail among those that do not. Method:
//! the built binary in temporary directories, with the Ed25519 keys of the test data and a fixed time.

use base64::engine::{Engine, general_purpose::STANDARD};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A directory with zones and with keys for `example.` and for zones that borrow its keys.
struct Place {
    directory: tempfile::TempDir,
}

fn zone(name: &str) -> String {
    format!(
        "$ORIGIN {name}\n$TTL 3600\n@ IN SOA ns1 hostmaster 1 7200 900 172800 900\n@ IN NS ns1\nns1 IN A 192.0.2.1\n"
    )
}

impl Place {
    /// Zones `a.`, `b.` … in `zones`, their keys in `keys`.
    fn new(zones: &[&str]) -> Self {
        let place = Self { directory: tempfile::tempdir().unwrap() };
        for directory in ["zones", "keys", "out"] {
            fs::create_dir(place.path(directory)).unwrap();
        }
        for name in zones {
            fs::write(place.path(&format!("zones/{name}.zone")), zone(&format!("{name}."))).unwrap();
            place.add_keys(name, "keys");
        }
        place
    }

    /// The key pair of `example.` under the name of another zone.
    fn add_keys(&self, name: &str, directory: &str) {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sign/keys");
        for entry in fs::read_dir(from).unwrap() {
            let path = entry.unwrap().path();
            let file = path.file_name().unwrap().to_str().unwrap();
            let Some(rest) = file.strip_prefix("Kexample.+") else { continue };
            let text = fs::read_to_string(&path).unwrap().replace("example. ", &format!("{name}. "));
            let to = self.path(&format!("{directory}/K{name}.+{rest}"));
            fs::write(&to, text).unwrap();
            #[cfg(unix)]
            fs::set_permissions(&to, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_zoneseal"));
        command.current_dir(self.directory.path()).args(["--now", "20260201000000", "sign"]).args(arguments);
        command.stdin(Stdio::null()).output().unwrap()
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Each zone is signed as it would be alone, with keys from one directory or from its own.
#[test]
fn a_list_signs_as_single_runs_do() {
    let place = Place::new(&["a", "b", "c"]);
    fs::create_dir(place.path("own")).unwrap();
    place.add_keys("c", "own");
    place.write("zones/d.zone", &zone("@").replace("$ORIGIN @\n", ""));
    place.add_keys("d", "keys");
    place.write(
        "zones/list",
        "# zones\n\na.zone - - ../out/a\n  b.zone b. ../keys ../out/b\nc.zone c ../own ../out/c\nd.zone d - ../out/d\n",
    );
    let many = place.run(&["--zones", "zones/list", "-K", "keys", "--nsec3"]);
    let names = "zones/../out/a\nzones/../out/b\nzones/../out/c\nzones/../out/d\n";
    let talk = "zones       4: 4 signed, 0 unchanged, 0 failed, 0 failed the self-check\nsignatures  28 made, 0 kept\n";
    assert_eq!((many.status.code(), text(&many.stdout), text(&many.stderr)), (Some(0), names, talk));
    for name in ["a", "b", "c", "d"] {
        let zone = format!("zones/{name}.zone");
        let single = place.run(&[&zone, "-o", name, "-K", "keys", "--nsec3", "-f", "single"]);
        assert_eq!(single.status.code(), Some(0), "{}", text(&single.stderr));
        let many = fs::read(place.path(&format!("out/{name}"))).unwrap();
        assert_eq!(many, fs::read(place.path("single")).unwrap(), "{name}");
    }
}

#[test]
fn a_directory_signs_its_zone_files() {
    let place = Place::new(&["b", "a"]);
    place.write("zones/notes.txt", "not a zone");
    // As in a shell, what starts with a dot is not asked for; nor is what is no file.
    place.write("zones/._a.zone", "what an editor left");
    fs::create_dir(place.path("zones/old.zone")).unwrap();
    let beside = place.run(&["zones", "-K", "keys", "-q"]);
    assert_eq!((beside.status.code(), text(&beside.stderr)), (Some(0), ""));
    assert_eq!(text(&beside.stdout), "zones/a.zone.signed\nzones/b.zone.signed\n");
    let apart = place.run(&["zones", "-K", "keys", "-q", "-f", "out"]);
    assert_eq!(text(&apart.stdout), "out/a.zone.signed\nout/b.zone.signed\n");
    let signed = |path: &str| fs::read(place.path(path)).unwrap();
    assert_eq!(signed("out/a.zone.signed"), signed("zones/a.zone.signed"));
}

/// Broken, missing and keyless zones fail for themselves; all is told in the order of the list, with any threads.
#[test]
fn failures_do_not_stop_the_others() {
    let place = Place::new(&["a", "broken", "z"]);
    place.write("zones/broken.zone", "$TTL 60\nbroken. IN SOA a. b. 1 2 3 4\n");
    place.write("zones/keyless.zone", &zone("keyless."));
    place.write("out/broken", "old");
    place.write(
        "list",
        "zones/z.zone - - out/z\nzones/broken.zone - - out/broken\nzones/gone.zone - - out/gone\n\
         zones/keyless.zone - - out/keyless\nzones/a.zone - nowhere out/a\nzones/a.zone - - out/a2\n",
    );
    let mut first = None;
    for threads in ["1", "4", "16"] {
        let ran = place.run(&["--zones", "list", "-K", "keys", "--threads", threads]);
        assert_eq!(ran.status.code(), Some(2));
        assert_eq!(text(&ran.stdout), "out/z\nout/a2\n");
        let talk = text(&ran.stderr).to_owned();
        let places: Vec<usize> = [
            "zones/broken.zone: zones/broken.zone:2:29: error",
            "zones/gone.zone: error",
            "zones/keyless.zone: error",
            "zones/a.zone: error: nowhere",
        ]
        .iter()
        .map(|part| talk.find(part).unwrap_or_else(|| panic!("{part} in {talk}")))
        .collect();
        assert!(places.is_sorted(), "{talk}");
        assert!(
            talk.ends_with(
                "zones       6: 2 signed, 0 unchanged, 4 failed, 0 failed the self-check\nsignatures  12 made, 0 kept\n"
            ),
            "{talk}"
        );
        assert_eq!(first.get_or_insert_with(|| talk.clone()), &talk, "{threads} threads");
        assert_eq!(fs::read(place.path("out/broken")).unwrap(), b"old");
        let mut left: Vec<_> =
            fs::read_dir(place.path("out")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["a2", "broken", "z"]);
    }
}

/// Keys with the tag of another one: the 16-bit words of its public half in other orders, of which the tag is the sum.
fn namesakes(place: &Place, name: &str) -> String {
    let files = fs::read_dir(place.path("keys")).unwrap().map(|entry| entry.unwrap().path());
    let lines =
        files.filter(|path| path.to_str().unwrap().ends_with(".key")).map(|path| fs::read_to_string(path).unwrap());
    let zsk =
        lines.filter(|text| text.contains(&format!("{name}. "))).find(|text| text.contains(" 256 3 15 ")).unwrap();
    let public = STANDARD.decode(zsk.split_whitespace().last().unwrap()).unwrap();
    let swapped = |first: usize, second: usize| {
        let mut words: Vec<&[u8]> = public.chunks(2).collect();
        words.swap(first, second);
        words.concat()
    };
    let pairs = (0..16).flat_map(|first| (first + 1..16).map(move |second| (first, second)));
    let keys = pairs.map(|(first, second)| swapped(first, second)).filter(|key| *key < public);
    keys.map(|key| format!("@ IN DNSKEY 256 3 15 {}\n", STANDARD.encode(key))).collect()
}

/// A zone that would not validate is not published, and makes for an exit code of its own, unless another one could not
/// even be signed. Here validators would have too many keys of one tag to try.
#[test]
fn a_failed_self_check_exits_with_1() {
    let place = Place::new(&["a", "crowded"]);
    place.write("zones/crowded.zone", &(zone("crowded.") + &namesakes(&place, "crowded")));
    let crowded = "zones/crowded.zone - - out/crowded\n";
    place.write("list", &format!("{crowded}zones/a.zone - - out/a\n"));
    place.write("worse", &format!("{crowded}zones/gone.zone - - out/gone\n"));
    let ran = place.run(&["--zones", "list", "-K", "keys"]);
    let talk = text(&ran.stderr);
    assert_eq!((ran.status.code(), text(&ran.stdout)), (Some(1), "out/a\n"), "{talk}");
    assert!(talk.contains("zones/crowded.zone: signed zone:") && talk.contains("key-tag-tries"), "{talk}");
    assert!(talk.contains("2: 1 signed, 0 unchanged, 0 failed, 1 failed the self-check\n"), "{talk}");
    assert!(place.path("out/a").exists() && !place.path("out/crowded").exists());
    assert_eq!(place.run(&["--zones", "worse", "-K", "keys"]).status.code(), Some(2));
    let unchecked = place.run(&["--zones", "list", "-K", "keys", "--self-check", "off"]);
    assert_eq!((unchecked.status.code(), text(&unchecked.stdout)), (Some(0), "out/crowded\nout/a\n"));
}

/// `--previous` is each zone's own output.
#[test]
fn previous_is_each_zones_own_output() {
    let place = Place::new(&["a", "b", "c"]);
    let sign =
        |more: &[&str]| place.run(&[&["zones", "-K", "keys", "--previous", "--serial", "increment"], more].concat());
    let first = sign(&[]);
    assert_eq!(first.status.code(), Some(0), "{}", text(&first.stderr));
    place.write("zones/b.zone", &zone("b.").replace("192.0.2.1", "192.0.2.2"));
    let modified = || fs::metadata(place.path("zones/a.zone.signed")).unwrap().modified().unwrap();
    let before = modified();
    let talk = "zones       3: 1 signed, 2 unchanged, 0 failed, 0 failed the self-check\nsignatures  2 made, 16 kept\n";
    assert_eq!(text(&sign(&[]).stderr), talk);
    assert_eq!(modified(), before);
    let json: serde_json::Value = serde_json::from_str(text(&sign(&["--json"]).stdout)).unwrap();
    assert_eq!(json["schema"], "zoneseal.sign-zones/1");
    assert_eq!((&json["signed"], &json["unchanged"], &json["failed"]), (&0.into(), &3.into(), &0.into()));
    let zones = json["zones"].as_array().unwrap();
    assert_eq!(zones.len(), 3);
    assert_eq!((&zones[1]["zone"], &zones[1]["outcome"]), (&"b.".into(), &"unchanged".into()));
    assert_eq!(zones[1]["serial"]["after"], 3);
    // A single zone may leave its name out too.
    let single = place.run(&["zones/a.zone", "-K", "keys", "--serial", "increment", "--previous"]);
    assert!(text(&single.stderr).contains("unchanged, nothing due"), "{}", text(&single.stderr));
}

#[test]
fn lists_that_cannot_be_meant_are_refused_before_anything_is_signed() {
    let place = Place::new(&["a", "b"]);
    place.write("same", "zones/a.zone - - out/a\nzones/b.zone - - zones/../out/a\n");
    place.write("short", "zones/a.zone - - out/a\nzones/b.zone - out/b\n");
    place.write("origin", "zones/a.zone a..b - out/a\nzones/b.zone\n");
    place.write("over", "zones/a.zone - - out/a\nzones/b.zone - - ./zones/../zones/a.zone\n");
    place.write("good", "zones/a.zone - - out/a\n");
    place.write("stdout", "zones/a.zone - - -\n");
    place.write("itself", "zones/a.zone - - zones/../itself\n");
    place.write("record", "zones/a.zone - - out/x\nzones/b.zone - - out/x.record\n");
    place.write("over-record", "zones/b.zone - - zones/b\nzones/b.record - - out/b\n");
    #[cfg(unix)]
    std::os::unix::fs::symlink("out/fresh", place.path("link")).unwrap();
    place.write("links", "zones/a.zone - - link\nzones/b.zone - - out/fresh\n");
    for (arguments, part) in [
        (&["--zones", "same"][..], "zones/../out/a: the output of both zones/a.zone and zones/b.zone"),
        (&["--zones", "short"], "short:2: a line has 4 fields"),
        (&["--zones", "origin"], "origin:1: origin \"a..b\": "),
        (&["--zones", "origin"], "error: origin:2: a line has 4 fields"),
        (&["--zones", "over"], "zones/a.zone: a zone file, and the output of zones/b.zone"),
        (&["--zones", "nowhere"], "nowhere: "),
        (&["--zones", "stdout"], "stdout:1: an output has the name of a file"),
        (&["--zones", "itself"], "itself: the list, and the output of zones/a.zone"),
        (
            &["--zones", "record", "--previous"],
            "out/x.record: the output of zones/b.zone, and the record of the output of zones/a.zone",
        ),
        (
            &["--zones", "over-record", "--previous"],
            "zones/b.record: a zone file, and the record of the output of zones/b.zone",
        ),
        #[cfg(unix)]
        (&["--zones", "links"], "out/fresh: the output of both zones/a.zone and zones/b.zone"),
        (&["--zones", "good", "-f", "out"], "--output does not go with many zones"),
        (&["--zones", "good", "-o", "a"], "--origin does not go with many zones"),
        (&["--zones", "good", "--previous", "old"], "--previous SIGNED does not go with many zones"),
        (&["--zones", "good", "zones/a.zone"], "cannot be used with"),
        (&["zones", "Ka"], "KEY does not go with many zones"),
        (&["zones", "-f", "file"], "file: --output must be a directory"),
        (&["out"], "out: there is no file *.zone"),
    ] {
        let ran = place.run(&[arguments, &["-K", "keys"]].concat());
        let talk = text(&ran.stderr);
        assert_eq!((ran.status.code(), text(&ran.stdout)), (Some(2), ""), "{arguments:?}: {talk}");
        assert!(talk.contains(part), "{arguments:?}: {talk}");
        assert_eq!(fs::read_dir(place.path("out")).unwrap().count(), 0, "{arguments:?}");
    }
}

/// A list may start with a byte order mark, which editors leave.
#[test]
fn a_byte_order_mark_is_no_name() {
    let place = Place::new(&["a"]);
    for list in ["\u{feff}zones/a.zone - - out/a\n", "\u{feff}# zones\nzones/a.zone - - out/a\n"] {
        place.write("list", list);
        let ran = place.run(&["--zones", "list", "-K", "keys"]);
        assert_eq!((ran.status.code(), text(&ran.stdout)), (Some(0), "out/a\n"), "{}", text(&ran.stderr));
    }
}

/// What went wrong is in the results too.
#[test]
fn json_says_why_a_zone_failed() {
    let place = Place::new(&["a"]);
    place.write("list", "zones/gone.zone - - out/gone\nzones/a.zone - - out/a\n");
    let ran = place.run(&["--zones", "list", "-K", "keys", "--json"]);
    let json: serde_json::Value = serde_json::from_str(text(&ran.stdout)).unwrap();
    let failed = &json["zones"][0];
    assert_eq!((&failed["outcome"], &failed["output"]), (&"failed".into(), &"out/gone".into()));
    assert!(failed["messages"][0].as_str().unwrap().contains("zones/gone.zone"), "{failed}");
    assert_eq!((ran.status.code(), &json["zones"][1]["outcome"]), (Some(2), &"signed".into()));
}

/// A directory that can be written but not synced fails the zones that went there, and nothing else: all the others are
/// told of.
#[cfg(unix)]
#[test]
fn a_directory_that_cannot_be_synced_fails_its_own_zones() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    let place = Place::new(&["a", "b"]);
    place.write("list", "zones/a.zone - - shut/a\nzones/gone.zone - - out/gone\nzones/b.zone - - out/b\n");
    fs::create_dir(place.path("shut")).unwrap();
    let allow = |name: &str, mode| fs::set_permissions(place.path(name), PermissionsExt::from_mode(mode)).unwrap();
    [("", 0o755), ("out", 0o777), ("shut", 0o333)].into_iter().for_each(|(name, mode)| allow(name, mode));
    let program = place.path("zoneseal");
    fs::copy(env!("CARGO_BIN_EXE_zoneseal"), &program).unwrap();
    let mut command = Command::new(program);
    command.current_dir(place.directory.path()).args([
        "--now",
        "20260201000000",
        "sign",
        "--zones",
        "list",
        "-K",
        "keys",
    ]);
    // Nothing is shut to root, so somebody else signs.
    if fs::read_dir(place.path("shut")).is_ok() {
        const NOBODY: u32 = 65534;
        for entry in fs::read_dir(place.path("keys")).unwrap() {
            std::os::unix::fs::chown(entry.unwrap().path(), Some(NOBODY), None).unwrap();
        }
        command.uid(NOBODY);
    }
    let ran = command.output().unwrap();
    allow("shut", 0o755);
    let talk = text(&ran.stderr);
    assert_eq!((ran.status.code(), text(&ran.stdout)), (Some(2), "out/b\n"), "{talk}");
    assert!(talk.contains("zones/a.zone: error: ") && talk.contains("its directory cannot be synced"), "{talk}");
    assert!(talk.contains("zones/gone.zone: error: ") && talk.contains("3: 1 signed, 0 unchanged, 2 failed"), "{talk}");
    assert!(place.path("shut/a").exists());
}
