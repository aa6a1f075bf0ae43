//! zoneseal.toml: which zones a configuration names, and what it says of wrong ones.

use std::fs;
use std::path::Path;
use tempfile::TempDir;
use zoneseal::base::{Rtype, Seconds};
use zoneseal::fleet::config::Config;

/// A folder with a configuration and empty files.
fn folder(config: &str, files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("zoneseal.toml"), config).unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn read(folder: &TempDir) -> Result<Config, String> {
    Config::read(&folder.path().join("zoneseal.toml")).map_err(|error| error.to_string())
}

#[track_caller]
fn assert_refused(config: &str, expected: &str) {
    let folder = folder(config, &[("zones/a.zone", "")]);
    let message = read(&folder).unwrap_err();
    assert!(message.contains(expected), "{message}");
    assert!(message.contains("zoneseal.toml"), "{message}");
}

const CATALOG: &str = "$ORIGIN catalog.\n@ 0 SOA invalid. invalid. 1 60 60 60 60\n@ 0 NS invalid.\nversion 0 TXT \"2\"\n\
                       b.zones 0 PTR Example.ORG.\na.zones 0 PTR 0/25.2.0.192.in-addr.arpa.\nx.a.zones 0 PTR no.member.\n";

#[test]
fn zones_come_from_names_patterns_and_catalogs() {
    let folder = folder(
        "policy-file = 'p.toml'\n[defaults]\nkeys = 'k'\nhook = ['rndc', 'reload', '{zone}']\n\
         [[zones]]\nfiles = 'zones/*.zone'\n\
         [[zones]]\nfile = 'one.db'\nname = 'one.example'\nkeys = 'own'\npolicy = 'tld'\nhook = []\noutput = 'out/{zone}'\n\
         [[zones]]\ncatalog = 'catalog.zone'\nfile = 'members/{zone}.db'\nkept-types = ['MX']\nhook-timeout = '2m'\n",
        &[("zones/b.zone", ""), ("zones/a.zone", ""), ("zones/c.txt", ""), ("catalog.zone", CATALOG)],
    );
    let config = read(&folder).unwrap();
    let base = folder.path();
    assert_eq!(config.policy_file.as_deref(), Some(&*base.join("p.toml")));
    let names: Vec<_> = config.zones.iter().map(|zone| zone.file.strip_prefix(base).unwrap().to_owned()).collect();
    let expected =
        ["zones/a.zone", "zones/b.zone", "one.db", "members/0%2F25.2.0.192.in-addr.arpa.db", "members/example.org.db"];
    assert_eq!(names, expected.map(Path::new));
    let [a, _, one, _, member] = config.zones.as_slice() else { panic!("five zones") };
    assert_eq!(a.output, base.join("signed/a.zone.signed"));
    assert_eq!((a.keys.clone(), a.state.clone()), (base.join("k"), base.join("state")));
    let hook = a.hook.as_ref().unwrap();
    assert_eq!(hook.command_for("example.org.", &a.output, 7), ["rndc", "reload", "example.org"]);
    assert_eq!(hook.timeout, Seconds(30));
    assert_eq!((one.output.clone(), one.keys.clone()), (base.join("out/one.example"), base.join("own")));
    assert_eq!((one.policy.as_deref(), one.hook.is_none()), (Some("tld"), true));
    assert_eq!(member.limits.kept_types, [Rtype::MX]);
    assert_eq!(member.hook.as_ref().unwrap().timeout, Seconds(120));
    assert_eq!(member.name.as_ref().unwrap().to_string(), "Example.ORG.");
}

/// An operator finds the word that is wrong.
#[test]
fn wrong_configurations_are_refused() {
    assert_refused("zoness = 1", "unknown field `zoness`");
    assert_refused("[defaults]\nkey = 'x'", "unknown field `key`");
    assert_refused("[[zones]]\nfile = 'a'\nhok = []", "unknown field `hok`");
    assert_refused("[[zones]]\nfile = 'a'\nhok = []", "entry 1");
    assert_refused("[[zones]]\nname = 'a'", "either file");
    assert_refused("[[zones]]\nfile = 'a'\nfiles = 'b'", "either file");
    assert_refused("[[zones]]\ncatalog = 'c'\nfile = 'a'", "{zone}");
    assert_refused("[[zones]]\nfile = 'a'\nname = 'a..b'", "a..b");
    assert_refused("[[zones]]\nfile = 'a'\nkept-types = ['MY']", "no type \"MY\"");
    assert_refused("[[zones]]\nfile = 'a'\nnames-vanished-percent = 101", "at most 100");
    assert_refused("[[zones]]\nfile = 'a'\nhook = ['x']\nhook-timeout = 'soon'", "soon");
    assert_refused("[[zones]]\nfile = 'a'\noutput = '{zone}'", "{file}");
    assert_refused("[[zones]]\nfiles = 'a***'", "a***");
}

/// What may come about by a new file is no reason to leave the other zones: those that clash stay as they are.
#[test]
fn clashes_are_of_their_zones_alone() {
    for (config, expected) in [
        ("[[zones]]\nfile = 'a'\noutput = './a'", [("a", "its own signed zone")].as_slice()),
        (
            "[[zones]]\nfile = 'a'\noutput = 'x'\n[[zones]]\nfile = 'c'\n[[zones]]\nfile = 'b'\noutput = 'x'",
            &[("a", "the output of both"), ("b", "the output of both")],
        ),
        (
            "[[zones]]\nfiles = 'zones/*'\n[[zones]]\nfiles = './zones/a*'",
            &[("zones/a.zone", "the output of both"), ("zones/a.zone", "the output of both")],
        ),
    ] {
        let folder = folder(config, &[("zones/a.zone", ""), ("zones/b.zone", "")]);
        let zones = read(&folder).unwrap().zones;
        let faulty: Vec<_> = zones.iter().filter_map(|zone| Some((&zone.file, zone.fault.as_ref()?))).collect();
        assert_eq!(faulty.len(), expected.len(), "{faulty:?}");
        for ((file, fault), (name, part)) in faulty.iter().zip(expected) {
            assert!(file.ends_with(name) && fault.contains(part), "{faulty:?}");
        }
    }
}

/// A file with an entry of its own is what that says, whatever patterns have it too.
#[test]
fn single_files_are_not_those_of_patterns() {
    let folder = folder(
        "[[zones]]\nfiles = 'zones/*.zone'\npolicy = 'nist-81r3'\n[[zones]]\nfile = './zones/a.zone'\npolicy = 'tld'\n",
        &[("zones/a.zone", ""), ("zones/b.zone", "")],
    );
    let zones = read(&folder).unwrap().zones;
    let policies: Vec<_> = zones.iter().map(|zone| (zone.file.file_name().unwrap(), zone.policy.as_deref())).collect();
    assert_eq!(policies, [("b.zone".as_ref(), Some("nist-81r3")), ("a.zone".as_ref(), Some("tld"))]);
}

/// No file of a pattern is left out unseen: not a link that leads nowhere, not a name that is not UTF-8; what is no file is.
#[cfg(target_os = "linux")]
#[test]
fn odd_files_of_patterns() {
    use std::os::unix::ffi::OsStrExt;
    let folder = folder("[[zones]]\nfiles = 'zones/*.zone'\n", &[("zones/a.zone", "")]);
    let zones = folder.path().join("zones");
    std::os::unix::fs::symlink("nowhere", zones.join("b.zone")).unwrap();
    std::os::unix::fs::symlink("a.zone", zones.join("c.zone")).unwrap();
    fs::create_dir(zones.join("d.zone")).unwrap();
    fs::write(zones.join(std::ffi::OsStr::from_bytes(b"caf\xe9.zone")), "").unwrap();
    let config = read(&folder).unwrap();
    let found: Vec<_> =
        config.zones.iter().map(|zone| (zone.file.file_name().unwrap().as_bytes(), zone.fault.is_some())).collect();
    assert_eq!(found, [(&b"a.zone"[..], false), (b"b.zone", false), (b"c.zone", false), (b"caf\xe9.zone", true)]);
}

/// A catalog that is not one, or not whole, gives no zones at all rather than some; the other entries do not mind.
#[test]
fn broken_catalogs() {
    for (catalog, expected) in [
        (CATALOG.replace("\"2\"", "\"1\""), "version TXT"),
        (CATALOG.replace("version", "ver"), "version TXT"),
        (CATALOG.replace("0/25.2.0.192.in-addr.arpa.", "example.org."), "twice"),
        (CATALOG.replace("a.zones", "b.zones"), "more than one PTR"),
        (CATALOG.replace("PTR Ex", "PTR ("), ":5:"),
        (String::new(), "catalog.zone"),
    ] {
        let config = "[[zones]]\ncatalog = 'catalog.zone'\nfile = '{zone}'\n[[zones]]\nfile = 'other'\n";
        let folder = folder(config, &[("catalog.zone", catalog.as_str())]);
        let config = read(&folder).unwrap();
        let [message] = config.faults.as_slice() else { panic!("{:?}", config.faults) };
        assert!(message.contains(expected) && message.contains("catalog.zone"), "{expected}: {message}");
        assert!(message.ends_with("(entry 1 of [[zones]])"), "{message}");
        assert_eq!(config.zones.len(), 1);
    }
}
