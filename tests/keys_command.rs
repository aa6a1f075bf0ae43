//! `keygen`, `key show`, `ds` and `nsec3-hash` as programs: output, exit codes, modes of files. Method: the binary is run
//! in a directory of its own, at a fixed time.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_zoneseal");
const NOW: &str = "20270101000000";

fn run(directory: &Path, arguments: &[&str]) -> Output {
    let command = Command::new(BINARY).args(["--now", NOW]).args(arguments).current_dir(directory).output();
    command.expect("the binary runs")
}

#[track_caller]
fn stdout(directory: &Path, arguments: &[&str]) -> String {
    let output = run(directory, arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[track_caller]
fn assert_fails(directory: &Path, arguments: &[&str], code: i32, message: &str) {
    let output = run(directory, arguments);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {stderr}");
    assert!(stderr.contains(message), "{arguments:?}: {stderr}");
}

fn data(name: &str) -> String {
    format!("{}/tests/data/keys/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// Both files, by the base name printed; read-write for the owner alone though the umask would let all in, and though
/// it would keep the owner out.
#[cfg(unix)]
#[test]
fn keygen_mode_is_0600_under_any_umask() {
    use std::os::unix::fs::PermissionsExt;
    for umask in ["000", "077", "777"] {
        let directory = TempDir::new().unwrap();
        let script = format!("umask {umask}; exec \"$0\" keygen -q example.com");
        let output = Command::new("sh").args(["-c", &script, BINARY]).current_dir(directory.path()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let base = String::from_utf8(output.stdout).unwrap();
        let path = directory.path().join(format!("{}.private", base.trim_end()));
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600, "umask {umask}");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2);
    }
}

#[test]
fn keygen_defaults_and_times() {
    let directory = TempDir::new().unwrap();
    let base = stdout(directory.path(), &["keygen", "Example.com"]);
    let (base, end) = base.split_at(base.len() - 1);
    assert!(base.starts_with("Kexample.com.+013+") && end == "\n", "{base}");
    let public = fs::read_to_string(directory.path().join(format!("{base}.key"))).unwrap();
    let expected = "; Created: 20270101000000 (Fri Jan  1 00:00:00 2027)\n; Publish: 20270101000000 (Fri Jan  1 00:00:00 2027)\n; Activate: 20270101000000 (Fri Jan  1 00:00:00 2027)\nExample.com. IN DNSKEY 256 3 13 ";
    assert!(public.starts_with("; This is a zone-signing key, keyid ") && public.contains(expected), "{public}");

    let times = [
        ("--publish", "20270102000000", "Publish: 20270102000000"),
        ("--activate", "+2d", "Activate: 20270103000000"),
        ("--revoke", "now+3d", "Revoke: 20270104000000"),
        ("--inactive", "20270105", "Inactive: 20270105000000"),
        ("--delete", "1799107200", "Delete: 20270105000000"),
        ("--sync-publish", "-1d", "SyncPublish: 20261231000000"),
        ("--sync-delete", "20270101000000", "SyncDelete: 20270101000000"),
    ];
    let mut arguments = vec!["keygen", "-q", "--ksk", "-a", "ed25519", "--ttl", "1h", "x"];
    arguments.extend(times.iter().flat_map(|(option, time, _)| [*option, *time]));
    let base = stdout(directory.path(), &arguments);
    let read =
        |ending: &str| fs::read_to_string(directory.path().join(format!("{}{ending}", base.trim_end()))).unwrap();
    assert!(read(".key").contains("\nx. 3600 IN DNSKEY 257 3 15 "), "{}", read(".key"));
    for (_, _, line) in times {
        assert!(read(".private").contains(&format!("\n{line}\n")), "{line}: {}", read(".private"));
        assert!(read(".key").contains(&format!("\n; {line} (")), "{line}");
    }
    let none = stdout(directory.path(), &["keygen", "-q", "--publish", "none", "--activate", "none", "y"]);
    let private = fs::read_to_string(directory.path().join(format!("{}.private", none.trim_end()))).unwrap();
    assert!(!private.contains("Publish") && !private.contains("Activate") && private.contains("v1.3"), "{private}");
}

#[test]
fn keygen_json_and_failures() {
    let directory = TempDir::new().unwrap();
    let shown = stdout(directory.path(), &["keygen", "-q", "--json", "--csk", "-a", "14", "x"]);
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(
        (&shown["schema"], &shown["role"], &shown["algorithm"]),
        (&"zoneseal.keygen/1".into(), &"CSK".into(), &14.into())
    );
    assert!(directory.path().join(shown["files"][1].as_str().unwrap()).is_file());
    for (arguments, message) in [
        (&["-a", "5", "x"][..], "SHA-1 must not sign"),
        (&["-a", "1", "x"], "RSA/MD5 must not be used"),
        (&["-a", "12", "x"], "ECC-GOST must not be used"),
        (&["-a", "nine", "x"], "no such algorithm"),
        (&["-a", "8", "-b", "1024", "x"], "2048, 3072 or 4096 bits, not 1024"),
        (&["-a", "13", "-b", "384", "x"], "have one size"),
        (&["-K", "nowhere", "x"], "nowhere: No such file or directory"),
        (&["--ksk", "--csk", "x"], "cannot be used with"),
        (&["--activate", "soon", "x"], "is not a time"),
        (&["a..b"], "empty label"),
        (&[], "<ZONE>"),
    ] {
        assert_fails(directory.path(), &[&["keygen"], arguments].concat(), 2, message);
    }
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2, "failures leave nothing behind");
}

#[test]
fn key_show_says_it_all() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/keys");
    let expected = "\
bind/Ktimed.test.+015+59424.key, bind/Ktimed.test.+015+59424.private
  form         BIND key pair
  zone         timed.test.
  role         ZSK (flags 256)
  algorithm    15 (ED25519)
  bits         256
  key tag      59424
  state        deleted at 2027-01-01T00:00:00Z
  Created      2026-11-23T17:07:41Z
  Publish      2026-01-01T00:00:00Z
  Activate     2026-01-02T00:00:00Z
  Inactive     2026-01-03T00:00:00Z
  Delete       2026-01-04T00:00:00Z
  SyncPublish  2026-01-02T00:00:00Z
  SyncDelete   2026-01-03T00:00:00Z
  halves       fit
";
    for argument in ["", ".key", ".private"] {
        assert_eq!(stdout(&here, &["key", "show", &format!("bind/Ktimed.test.+015+59424{argument}")]), expected);
    }
    let old = stdout(&here, &["key", "show", "bind/Kold.test.+005+31983"]);
    assert!(old.contains("signs        no: algorithm 5 (RSASHA1) only verifies"), "{old}");
    let pem = stdout(&here, &["key", "show", "openssl/rsa2048.pem"]);
    assert!(pem.contains("algorithm    8 (RSASHA256) or 10 (RSASHA512)\n  bits         2048\n"), "{pem}");
    assert!(pem.contains(" as KSK or CSK (flags 257) of algorithm 10\n"), "{pem}");
}

#[test]
fn key_show_exit_codes() {
    let directory = TempDir::new().unwrap();
    let here = directory.path();
    let copy = |from: &str, to: &str| fs::copy(data(from), here.join(to)).map(drop).unwrap();
    copy("bind/Kbind.test.+013+17083.key", "Kbad.+013+00001.key");
    copy("bind/Kbind.test.+013+61665.private", "Kbad.+013+00001.private");
    copy("bind/Kbind.test.+013+17083.key", "lone.key");
    copy("bind/Kbind.test.+013+17083.private", "alone.private");
    fs::write(here.join("refused.key"), "x. IN DNSKEY 256 3 3 AAAA\n").unwrap();
    fs::write(here.join("empty.private"), "").unwrap();
    let output = run(here, &["key", "show", "Kbad.+013+00001"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("halves       DO NOT FIT: the public keys differ"));
    assert!(stdout(here, &["key", "show", "lone"]).contains("public only"));
    assert!(stdout(here, &["key", "show", "alone.private"]).contains("private only"));
    assert_fails(
        here,
        &["key", "show", "refused.key"],
        2,
        "refused.key: algorithm 3 (DSA) is refused: DSA must not be used",
    );
    assert_fails(here, &["key", "show", "none.key"], 2, "none.key: No such file");
    assert_fails(here, &["key", "show", "empty.private"], 2, "empty.private: field Private-key-format is missing");
    // The others are shown all the same, and the worst decides.
    let output = run(here, &["key", "show", "--json", "none.key", "Kbad.+013+00001", "lone.key"]);
    assert_eq!(output.status.code(), Some(2));
    let shown: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&shown["schema"], &shown["keys"][0]["halves_fit"]), (&"zoneseal.key-show/1".into(), &false.into()));
    assert_eq!(shown["keys"][1]["halves_fit"], serde_json::Value::Null);
    assert_eq!(shown["errors"].as_array().unwrap().len(), 1);
}

/// The DS that `dnssec-dsfromkey` 9.18.49 gave for the same keys.
#[test]
fn ds_of_key_files() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/keys/bind");
    let recorded = fs::read_to_string(here.join("dsfromkey.txt")).unwrap();
    let mut seen = 0;
    for line in recorded.lines() {
        let fields: Vec<_> = line.split(' ').collect();
        let digest = if fields[5] == "2" { "sha256" } else { "SHA-384" };
        let base =
            format!("Kbind.test.+{:03}+{:05}", fields[4].parse::<u8>().unwrap(), fields[3].parse::<u16>().unwrap());
        if fields[4] == "16" && !cfg!(feature = "ed448") {
            continue;
        }
        assert_eq!(stdout(&here, &["ds", "--digest", digest, &base]), format!("{line}\n"));
        seen += 1;
    }
    assert!(seen >= 20);
    // Of several, the KSKs; both digests; TTL.
    let both = stdout(
        &here,
        &["ds", "--digest", "sha256,sha384", "--ttl", "1h", "Kbind.test.+013+17083", "Kbind.test.+013+61665"],
    );
    assert_eq!(both.lines().count(), 2, "{both}");
    assert!(both.lines().all(|line| line.starts_with("bind.test. 3600 IN DS ")), "{both}");
    let all = stdout(&here, &["ds", "--all", "Kbind.test.+013+17083", "Kbind.test.+013+61665"]);
    assert_eq!(all.lines().count(), 2, "{all}");
    let cds = stdout(&here, &["ds", "--cds", "Kbind.test.+013+17083"]);
    let types: Vec<_> = cds.lines().map(|line| line.split(' ').nth(2).unwrap()).collect();
    assert_eq!(types, ["CDS", "CDNSKEY"]);
    assert_fails(
        &here,
        &["ds", "--digest", "sha1", "Kbind.test.+013+17083"],
        2,
        "SHA-1 must not be used for delegation",
    );
    assert_fails(&here, &["ds", "--digest", "3", "Kbind.test.+013+17083"], 2, "RFC 9906");
    assert_fails(&here, &["ds", "Krevoked.test.+013+32684"], 2, "no key with the SEP flag");
    let json: serde_json::Value =
        serde_json::from_str(&stdout(&here, &["ds", "--json", "Kbind.test.+013+17083"])).unwrap();
    assert_eq!((&json["schema"], &json["records"][0]["key_tag"]), (&"zoneseal.ds/1".into(), &17083.into()));
}

#[test]
fn ds_of_zones() {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/vectors");
    let root = fs::read_to_string(vectors.join("root-ksk-keytag-ds.txt")).unwrap();
    let keys: String = root
        .lines()
        .filter(|line| line.contains("DNSKEY"))
        .map(|line| format!("{}\n", line.replace(". IN", ". 60 IN")))
        .collect();
    let expected: String =
        root.lines().filter(|line| line.starts_with(". IN DS ")).map(|line| format!("{line}\n")).collect();
    let mut child = Command::new(BINARY)
        .args(["ds", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    child.stdin.take().unwrap().write_all(keys.as_bytes()).unwrap();
    assert_eq!(String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap(), expected);

    let directory = TempDir::new().unwrap();
    let key = "DNSKEY 256 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=";
    let zone = format!("$ORIGIN x.\n$TTL 60\n@ SOA a b 1 2 3 4 5\n@ {key}\nsub {key}\n");
    fs::write(directory.path().join("x.zone"), zone).unwrap();
    assert_fails(directory.path(), &["ds", "x.zone"], 2, "--all takes the others");
    let all = stdout(directory.path(), &["ds", "--all", "x.zone"]);
    assert!(all.starts_with("x. IN DS 3612 15 2 ") && all.lines().count() == 1, "only the apex: {all}");
    assert_fails(directory.path(), &["ds", "-o", "y.", "x.zone"], 2, "x.zone: there is no DNSKEY in it");
    assert_fails(directory.path(), &["ds", "none.zone"], 2, "none.zone");
}

#[test]
fn nsec3_hash_lines() {
    let here = Path::new(".");
    // RFC 5155 appendix A.
    let lines = stdout(here, &["nsec3-hash", "--salt", "AABBccdd", "--iterations", "12", "example", "A.example."]);
    assert_eq!(lines, "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom example.\n35mthgpgcu1qg68fab165klnsnk3dpvl A.example.\n");
    assert_eq!(stdout(here, &["nsec3-hash", "com"]), "ck0pojmg874ljref7efn8430qvit8bsm com.\n");
    let json: serde_json::Value = serde_json::from_str(&stdout(here, &["nsec3-hash", "--json", "."])).unwrap();
    assert_eq!(json["hashes"][0]["hash"], "bekjp7dgpvsjukll47bk43i3urmq4u2f");
    for (arguments, message) in [
        (&["--salt", "abc", "x"][..], "not hex"),
        (&["--salt", "", "x"], "not hex"),
        (&["--iterations", "65536", "x"], "65536"),
        (&["a..b"], "empty label"),
        (&[], "<NAME>"),
    ] {
        assert_fails(here, &[&["nsec3-hash"], arguments].concat(), 2, message);
    }
}
