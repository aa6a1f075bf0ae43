//! `zoneseal sign` as a program: streams, exit codes, files. Method: the built binary in temporary directories, with
//! the Ed25519 keys of the test data and a fixed time.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const ZONE: &str = "\
$ORIGIN example.
$TTL 3600
@ IN SOA ns1 hostmaster 1 7200 900 172800 900
@ IN NS ns1
ns1 IN A 192.0.2.1
";

/// A directory with the zone and its keys, which others cannot read whatever the checkout's umask was.
struct Place {
    directory: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let place = Self { directory: tempfile::tempdir().unwrap() };
        fs::write(place.path("example.zone"), ZONE).unwrap();
        fs::create_dir(place.path("keys")).unwrap();
        let keys = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sign/keys");
        for entry in fs::read_dir(keys).unwrap() {
            let from = entry.unwrap().path();
            let to = place.path("keys").join(from.file_name().unwrap());
            fs::write(&to, fs::read(&from).unwrap()).unwrap();
            #[cfg(unix)]
            fs::set_permissions(&to, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        }
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_zoneseal"));
        command.current_dir(self.directory.path()).args(["--now", "20260201000000", "sign"]).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Names in the directory, sorted.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.directory.path()).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Runs what must fail with exit code 2, leave the old output as it was, and say `part`.
    #[track_caller]
    fn assert_fails(&self, arguments: &[&str], part: &str) {
        fs::write(self.path("example.zone.signed"), "old").unwrap();
        let before = self.names();
        let output = self.run(arguments);
        let talk = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {talk}");
        assert!(talk.contains(part), "{arguments:?}: {talk}");
        assert_eq!(text(&output.stdout), "", "{arguments:?}");
        assert_eq!(fs::read(self.path("example.zone.signed")).unwrap(), b"old", "{arguments:?}");
        assert_eq!(self.names(), before, "{arguments:?}");
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

const SUMMARY: &str = "\
zone        example.
serial      1 (kept)
records     3 read; 13 written
key         33535 algorithm 15 (ED25519): KSK, 1 signature by aws-lc
key         49620 algorithm 15 (ED25519): ZSK, 5 signatures by aws-lc
denial      NSEC, 2 records
signatures  6; expire 2026-02-07T23:00:00Z
self-check  full: passed, 6 signatures verified, with ring for aws-lc's
";

#[test]
fn signs_into_the_default_place_and_says_so() {
    let place = Place::new();
    let output = place.run(&["example.zone", "-K", "keys"]);
    assert_eq!(
        (output.status.code(), text(&output.stdout), text(&output.stderr)),
        (Some(0), "example.zone.signed\n", SUMMARY)
    );
    assert_eq!(place.names(), ["example.zone", "example.zone.signed", "example.zone.signed.record", "keys"]);
    let quiet = place.run(&["-q", "example.zone", "-K", "keys"]);
    assert_eq!((text(&quiet.stdout), text(&quiet.stderr)), ("example.zone.signed\n", ""));
}

/// However the zone comes in and the keys are named, the signed zone is the same, with any number of threads.
#[test]
fn streams_key_names_and_threads_make_no_difference() {
    let place = Place::new();
    place.run(&["example.zone", "-K", "keys"]);
    let signed = fs::read(place.path("example.zone.signed")).unwrap();
    let standard = place.run(&["example.zone", "-K", "keys", "-f", "-"]);
    assert_eq!((&standard.stdout, text(&standard.stderr)), (&signed, SUMMARY));
    let mut child = place.command(&["-", "-K", "keys", "-f", "-"]).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(ZONE.as_bytes()).unwrap();
    assert_eq!(child.wait_with_output().unwrap().stdout, signed);
    for arguments in [
        ["Kexample.+015+33535", "Kexample.+015+49620.private", "-K", "keys"],
        ["keys/Kexample.+015+33535.key", "keys/Kexample.+015+49620", "--threads", "1"],
        ["-K", "keys", "--threads", "7"],
        ["-K", "keys", "--self-check", "off"],
    ] {
        let output = place.run(&[&["example.zone", "-f", "-"], &arguments[..]].concat());
        assert_eq!(output.stdout, signed, "{arguments:?}: {}", text(&output.stderr));
    }
}

#[test]
fn bad_input_and_usage_leave_the_old_output() {
    let place = Place::new();
    fs::write(place.path("broken.zone"), format!("{ZONE}www IN A 192.0.2.256\nmail IN MX ten x\n")).unwrap();
    fs::write(place.path("outside.zone"), format!("{ZONE}www.other. IN A 192.0.2.1\n")).unwrap();
    fs::write(place.path("mixed.zone"), format!("{ZONE}ns1 60 IN A 192.0.2.2\n")).unwrap();
    fs::create_dir(place.path("empty")).unwrap();
    let out = ["-f", "example.zone.signed", "-K", "keys"];
    let with = |arguments: &[&'static str]| [arguments, &out[..]].concat();
    place.assert_fails(&with(&["broken.zone"]), "broken.zone:6:10: error:");
    place.assert_fails(&with(&["broken.zone"]), "broken.zone:7:");
    place.assert_fails(&with(&["outside.zone"]), "www.other.");
    place.assert_fails(&with(&["mixed.zone"]), "TTL");
    place.assert_fails(&with(&["missing.zone"]), "missing.zone");
    place.assert_fails(&["example.zone", "-K", "empty"], "no key");
    place.assert_fails(&["example.zone", "-K", "nowhere"], "nowhere");
    place.assert_fails(&["example.zone", "Kexample.+015+00001"], "Kexample.+015+00001.key");
    place.assert_fails(&["-", "-K", "keys"], "-f FILE");
    for (arguments, part) in [
        (&["--nsec3", "--nsec3-iterations", "1"][..], "--allow-nsec3-iterations"),
        (&["--opt-out"], "--nsec3"),
        (&["--nsec3-salt", "ab"], "--nsec3"),
        (&["--nsec3", "--nsec3-salt", "abc"], "even number of hex digits"),
        (&["--nsec", "--nsec3"], "cannot be used with"),
        (&["--cds", "--cds-delete"], "cannot be used with"),
        (&["--validity", "7d", "--expiration", "+7d"], "cannot be used with"),
        (&["--validity", "0"], "before they begin"),
        (&["--validity", "30m"], "bogus at once"),
        (&["--validity", "69y"], "2147483648 seconds"),
        (&["--expiration", "now-1h30m"], "before they begin"),
        (&["--inception", "+1h"], "in the future"),
        (&["--jitter", "7d"], "jitter"),
        (&["--serial", "tomorrow"], "invalid value"),
        (&["--zonemd", "md5"], "invalid value"),
        (&["--threads", "0"], "invalid value"),
        (&["--dnskey-ttl", "2147483648"], "a TTL is"),
    ] {
        place.assert_fails(&[&["example.zone", "-K", "keys"], arguments].concat(), part);
    }
}

#[test]
fn overrides_and_fixes_work_and_warn() {
    let place = Place::new();
    fs::write(place.path("bad.zone"), format!("{ZONE}ns1 60 IN A 192.0.2.2\nwww.other. IN A 192.0.2.1\n")).unwrap();
    let output = place.run(&["bad.zone", "-K", "keys", "-f", "-", "--fix-ttl", "--drop-out-of-zone"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let signed = text(&output.stdout);
    assert!(signed.contains("ns1.example.\t60\tIN\tA\t192.0.2.1\n") && !signed.contains("other"), "{signed}");
    assert_eq!(text(&output.stderr).matches("warning:").count(), 2, "{}", text(&output.stderr));
    let salted = ["--nsec3", "--nsec3-iterations", "2", "--allow-nsec3-iterations", "--nsec3-salt", "AbCd"];
    let output = place.run(&[&["example.zone", "-K", "keys", "-f", "-"], &salted[..]].concat());
    assert!(text(&output.stdout).contains("\tNSEC3PARAM\t1 0 2 ABCD\n"), "{}", text(&output.stderr));
    assert_eq!(text(&output.stderr).matches("warning:").count(), 2, "{}", text(&output.stderr));
    let output = place.run(&["example.zone", "-K", "keys", "-f", "-", "--nsec3", "--opt-out"]);
    assert!(text(&output.stdout).contains("\tNSEC3\t1 1 0 - "), "{}", text(&output.stderr));
}

#[test]
fn times_are_taken_in_every_form() {
    let place = Place::new();
    for (arguments, expiration, inception) in [
        (&[][..], "20260207230000", "20260131230000"),
        (&["--inception", "-2h", "--validity", "P5D"], "20260205220000", "20260131220000"),
        (&["--inception", "20260101000000", "--expiration", "20260301000000"], "20260301000000", "20260101000000"),
        (&["--inception", "1767225600", "--expiration", "now+1d"], "20260202000000", "20260101000000"),
    ] {
        let output = place.run(&[&["example.zone", "-K", "keys", "-f", "-"], arguments].concat());
        let expected = format!("\tSOA 15 1 3600 {expiration} {inception} 49620 example. ");
        assert!(text(&output.stdout).contains(&expected), "{arguments:?}: {}", text(&output.stderr));
    }
    let output = place.run(&["example.zone", "-K", "keys", "-f", "-", "--dnskey-validity", "2d"]);
    assert!(text(&output.stdout).contains("\tDNSKEY 15 1 3600 20260202230000 20260131230000 33535 "));
    assert!(text(&output.stdout).contains("\tSOA 15 1 3600 20260207230000 20260131230000 49620 "));
}

#[test]
fn json_tells_what_the_summary_tells() {
    let place = Place::new();
    let arguments = ["example.zone", "-K", "keys", "--json", "--stats", "--serial", "increment", "--nsec3"];
    let output = place.run(&arguments);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(text(&output.stderr), "");
    for (pointer, value) in [
        ("/schema", "zoneseal.sign/1".into()),
        ("/zone", "example.".into()),
        ("/output", "example.zone.signed".into()),
        ("/serial/before", 1.into()),
        ("/serial/after", 2.into()),
        ("/denial/kind", "nsec3".into()),
        ("/keys/0/role", "KSK".into()),
        ("/keys/0/key_tag", 33535.into()),
        ("/keys/0/signatures", 1.into()),
        ("/keys/0/library", "aws-lc".into()),
        ("/self_check/libraries/0/signed", "aws-lc".into()),
        ("/self_check/libraries/0/verified", "ring".into()),
        ("/stats/floor/keys/1/signatures", json["keys"][1]["signatures"].clone()),
        ("/stats/floor/keys/1/key_tag", 49620.into()),
        ("/self_check/scope", "full".into()),
        ("/earliest_expiration", "2026-02-07T23:00:00Z".into()),
    ] {
        assert_eq!(json.pointer(pointer), Some(&value), "{pointer} in {json}");
    }
    let stages: Vec<_> = json["stats"]["stages"].as_array().unwrap().iter().map(|stage| &stage["stage"]).collect();
    let names = ["read", "build", "keys", "apex", "denial", "sign", "zonemd", "self-check", "commit"];
    assert_eq!(stages, names);
    assert_eq!(json["signatures"], json["self_check"]["verified"]);
    let floor = &json["stats"]["floor"];
    let number = |value: &serde_json::Value| value.as_f64().unwrap();
    let work = |key: &serde_json::Value| number(&key["signatures"]) * number(&key["seconds_per_signature"]);
    let expected = floor["keys"].as_array().unwrap().iter().map(work).sum::<f64>() / number(&floor["cores"]);
    assert!((number(&floor["seconds"]) - expected).abs() < 1e-9, "signatures x time of one / cores: {floor}");
    assert!((number(&floor["ratio"]) - number(&json["stats"]["seconds"]) / expected).abs() < 1e-6, "{floor}");
    assert!(number(&floor["ratio_without_self_check"]) < number(&floor["ratio"]), "{floor}");
    // With the zone on standard output the JSON goes to the other stream.
    let output = place.run(&["example.zone", "-K", "keys", "--json", "-f", "-"]);
    let json: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!(json["output"], "-");
    assert!(text(&output.stdout).starts_with("example.\t3600\tIN\tSOA\t"));
}

#[test]
fn stats_name_every_stage() {
    let place = Place::new();
    let output = place.run(&["-q", "example.zone", "-K", "keys", "--stats"]);
    let talk = text(&output.stderr);
    for part in ["read ", "build ", "sign ", "self-check ", "commit ", "whole run ", "13 records, 6 signatures"] {
        assert!(talk.contains(part), "{part} in {talk}");
    }
    for part in ["  floor ", "key 33535: ", " us a signature by aws-lc", " x floor", " x without the self-check\n"] {
        assert!(talk.contains(part), "{part} in {talk}");
    }
    let output = place.run(&["-q", "example.zone", "-K", "keys", "--stats", "--self-check", "off"]);
    assert!(!text(&output.stderr).contains("without the self-check"));
    if cfg!(target_os = "linux") {
        assert!(talk.contains("peak memory "), "{talk}");
    }
}

/// Either library signs the same octets (Ed25519 is deterministic) and has them verified by the other one; `verify`
/// accepts them with both.
#[test]
fn back_ends_sign_alike() {
    let place = Place::new();
    for (backend, key, check) in [
        ("auto", "KSK, 1 signature by aws-lc", "with ring for aws-lc's"),
        ("aws-lc", "KSK, 1 signature by aws-lc", "with ring for aws-lc's"),
        ("ring", "KSK, 1 signature by ring", "with aws-lc for ring's"),
    ] {
        let output = place.run(&["example.zone", "-K", "keys", "--backend", backend, "-f", backend]);
        let talk = text(&output.stderr);
        assert!(talk.contains(key) && talk.contains(check), "{backend}: {talk}");
        assert_eq!(fs::read(place.path(backend)).unwrap(), fs::read(place.path("auto")).unwrap(), "{backend}");
    }
    for backend in ["auto", "aws-lc", "ring"] {
        for verifier in ["fast", "library"] {
            let mut verify = Command::new(env!("CARGO_BIN_EXE_zoneseal"));
            verify.args(["--now", "20260201000000", "verify", "--backend", backend, "--verifier", verifier]);
            let output = verify.arg(place.path("ring")).output().unwrap();
            assert_eq!(output.status.code(), Some(0), "{backend}, {verifier}: {}", text(&output.stdout));
        }
    }
    place.assert_fails(&["example.zone", "-K", "keys", "--backend", "openssl"], "possible values: auto, ring, aws-lc");
}

/// The digest is the one `dnssec-dsfromkey -2` gives, the line has the form in which dnssec-signzone 9.18 writes it.
#[test]
fn dsset_holds_the_ds_of_the_ksk() {
    let place = Place::new();
    let output = place.run(&["example.zone", "-K", "keys", "--dsset", "."]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let dsset = fs::read_to_string(place.path("dsset-example.")).unwrap();
    assert_eq!(dsset, DSSET);
    place.assert_fails(&["example.zone", "-K", "keys", "--dsset", "nowhere"], "nowhere/dsset-example.");
}

const DSSET: &str = "example.\t\tIN DS 33535 15 2 FDDF6C3BA7548007ADF7D200781D1C83BFA73BE877AD5D64AE19149A 89679505\n";

#[test]
fn targets_that_cannot_be_written() {
    let place = Place::new();
    fs::create_dir(place.path("target")).unwrap();
    place.assert_fails(&["example.zone", "-K", "keys", "-f", "target"], "target: cannot be written: it is a directory");
    place.assert_fails(&["example.zone", "-K", "keys", "-f", "nowhere/zone"], "nowhere/zone: cannot be written");
    place.assert_fails(&["example.zone", "-K", "keys", "-f", "example.zone/x"], "example.zone/x: cannot be written");
    // A private half that cannot be read, for root either.
    let private = place.path("keys/Kexample.+015+49620.private");
    fs::remove_file(&private).unwrap();
    fs::create_dir(&private).unwrap();
    place.assert_fails(&["example.zone", "-K", "keys"], "Kexample.+015+49620.private");
}

/// What people wrote must not be lost; a zone that was signed before may be signed in its place.
#[test]
fn a_zone_file_is_not_replaced_by_its_signed_form() {
    let place = Place::new();
    let part = "example.zone is the unsigned zone, and would be replaced by its own signed form";
    place.assert_fails(&["example.zone", "-K", "keys", "-f", "./example.zone"], part);
    assert_eq!(fs::read_to_string(place.path("example.zone")).unwrap(), ZONE);
    for arguments in [["example.zone", "-K", "keys", "-f", "signed"], ["signed", "-K", "keys", "-f", "signed"]] {
        let output = place.run(&arguments);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    }
}

/// Nor what it includes, nor a key, be it by the zone or by the record of its signing: there is no other copy.
#[test]
fn what_cannot_be_had_again_is_not_replaced() {
    let place = Place::new();
    fs::write(place.path("hosts"), "www 3600 IN A 192.0.2.80\n").unwrap();
    for name in ["including.zone", "signed.record"] {
        fs::write(place.path(name), format!("{ZONE}$INCLUDE hosts\n")).unwrap();
    }
    fs::copy(place.path("hosts"), place.path("hosts.record")).unwrap();
    fs::write(place.path("other.zone"), format!("{ZONE}$INCLUDE hosts.record\n")).unwrap();
    let key = "keys/Kexample.+015+49620.private";
    for (zone, output, part) in [
        ("including.zone", "hosts", "hosts is included by the zone, and would be replaced"),
        ("other.zone", "hosts", "hosts.record is included by the zone, and would be replaced"),
        ("signed.record", "signed", "signed.record is the zone, and would be replaced by the record of its signing"),
        ("example.zone", key, "holds a private key, and would be replaced by the signed zone"),
    ] {
        let before = (fs::read(place.path(output)).ok(), fs::read(place.path(zone)).unwrap());
        let ran = place.run(&[zone, "-K", "keys", "-f", output]);
        assert_eq!(ran.status.code(), Some(2), "{zone} to {output}: {}", text(&ran.stderr));
        assert!(text(&ran.stderr).contains(part), "{zone} to {output}: {}", text(&ran.stderr));
        let after = (fs::read(place.path(output)).ok(), fs::read(place.path(zone)).unwrap());
        assert_eq!(after, before, "{zone} to {output}");
    }
}

/// Whether a process holds a file that has no name.
#[cfg(unix)]
fn has_unnamed_file(process: u32) -> bool {
    let files = fs::read_dir(format!("/proc/{process}/fd")).into_iter().flatten();
    files
        .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
        .any(|path| path.to_string_lossy().ends_with("(deleted)"))
}

/// Killed at any moment, a run leaves the old file or the whole new one; and of what it wrote nothing, if the file
/// system has files without a name.
#[cfg(unix)]
#[test]
fn a_killed_run_leaves_the_old_file() {
    let place = Place::new();
    let mut zone = ZONE.to_owned();
    for number in 0..6000 {
        zone.push_str(&format!("host{number} IN A 192.0.2.1\n"));
    }
    fs::write(place.path("example.zone"), zone).unwrap();
    let target = place.path("example.zone.signed");
    let begin = || -> Child { place.command(&["example.zone", "-K", "keys"]).spawn().unwrap() };
    let unfinished = || place.names().into_iter().find(|name| name.ends_with(".tmp"));
    let mut killed_while_writing = 0;
    for round in 0..4_u64 {
        fs::write(&target, "old").unwrap();
        let mut child = begin();
        let start = Instant::now();
        let mut is_unnamed = false;
        while !is_unnamed && unfinished().is_none() && child.try_wait().unwrap().is_none() {
            assert!(start.elapsed() < Duration::from_secs(120), "nothing was ever written");
            std::thread::sleep(Duration::from_millis(1));
            is_unnamed = has_unnamed_file(child.id());
        }
        std::thread::sleep(Duration::from_millis(round * 15));
        child.kill().unwrap();
        child.wait().unwrap();
        if fs::read(&target).unwrap() == b"old" {
            killed_while_writing += 1;
        } else {
            let text = fs::read_to_string(&target).unwrap();
            assert!(text.starts_with("example.\t3600\tIN\tSOA") && text.ends_with('\n'), "half a file");
        }
        if let Some(name) = unfinished() {
            assert!(!is_unnamed, "{name} stays");
            fs::remove_file(place.path(&name)).unwrap();
        }
    }
    assert!(killed_while_writing > 0, "no run was caught writing");
}

/// The shell's `<(command)` is a pipe with a name: it is read, and findings name its lines.
#[cfg(unix)]
#[test]
fn a_zone_may_come_from_a_named_pipe() {
    let place = Place::new();
    let pipe = place.path("zone.pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for (line, code, part) in [("", 0, "zone        example."), ("bad IN A 192.0.2.\n", 2, "zone.pipe:6:")] {
        let child = place.command(&["zone.pipe", "-K", "keys", "-f", "out"]).spawn().unwrap();
        fs::write(&pipe, format!("{ZONE}{line}")).unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains(part) && said.contains(line), "{said}");
    }
}

/// An unfinished file of a killed run does not disturb the next.
#[test]
fn leftovers_do_not_matter() {
    let place = Place::new();
    fs::write(place.path(".example.zone.signed.abc123.tmp"), "rest").unwrap();
    assert_eq!(place.run(&["example.zone", "-K", "keys"]).status.code(), Some(0));
    assert!(fs::read_to_string(place.path("example.zone.signed")).unwrap().starts_with("example.\t3600\tIN\tSOA"));
}

/// With nothing due the output is the file it was; a change replaces it; before the first run there is none.
#[cfg(unix)]
#[test]
fn previous_leaves_alone_what_stands() {
    use std::os::unix::fs::MetadataExt;
    let place = Place::new();
    let sign = |more: &[&str]| {
        let arguments = ["example.zone", "-K", "keys", "--previous", "example.zone.signed", "--serial", "increment"];
        place.run(&[&arguments, more].concat())
    };
    let identity = || {
        let metadata = fs::metadata(place.path("example.zone.signed")).unwrap();
        (metadata.ino(), metadata.mtime(), metadata.mtime_nsec())
    };
    let first = sign(&[]);
    assert_eq!((first.status.code(), text(&first.stdout)), (Some(0), "example.zone.signed\n"));
    let before = identity();
    let second = sign(&[]);
    assert_eq!((second.status.code(), text(&second.stdout)), (Some(0), "example.zone.signed\n"));
    assert!(text(&first.stderr).contains("no previous output at example.zone.signed: everything is signed\n"));
    let talk = text(&second.stderr);
    assert!(talk.contains("previous    serial 2: unchanged, nothing due\n"), "{talk}");
    assert!(talk.contains("none written: the output is left as it was\n"), "{talk}");
    assert!(text(&sign(&["--json"]).stdout).contains("\"unchanged\": true"));
    assert_eq!((identity(), place.names().len()), (before, 4));
    fs::write(place.path("example.zone"), ZONE.replace("192.0.2.1", "192.0.2.2")).unwrap();
    let third = sign(&[]);
    let talk = text(&third.stderr);
    assert!(talk.contains("serial      3 (was 1)\nprevious    serial 2: 2 changed\n"), "{talk}");
    assert!(talk.contains("signatures  2 made, 4 kept; "), "{talk}");
    assert_ne!(identity(), before);
}
