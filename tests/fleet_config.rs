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
    assert_refused("[[zones]]\nfile = 'a'\noutput = 'a'", "its own signed zone");
    assert_refused("[[zones]]\nfile = 'a'\noutput = 'x'\n[[zones]]\nfile = 'b'\noutput = 'x'", "the output of both");
    assert_refused("[[zones]]\nfiles = 'a***'", "a***");
}

/// A catalog that is not one, or not whole, gives no zones at all rather than some.
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
        let config = "[[zones]]\ncatalog = 'catalog.zone'\nfile = '{zone}'\n";
        let folder = folder(config, &[("catalog.zone", catalog.as_str())]);
        let message = read(&folder).unwrap_err();
        assert!(message.contains(expected), "{expected}: {message}");
    }
}
