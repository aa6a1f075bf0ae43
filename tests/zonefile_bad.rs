//! Zones with one defect each: `tests/data/bad/NAME.zone` must give exactly the findings in `NAME.expected`, and the
//! record behind the defect must still be read. `REWRITE_EXPECTED=1 cargo test --test zonefile_bad` writes the expected
//! files anew; read the diff.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use zoneseal::base::Diagnostics;
use zoneseal::zone::build::{BuildOptions, build};
use zoneseal::zone::check::check;
use zoneseal::zonefile::{Input, ReadOptions, read};

/// Defects behind which nothing can be read: the text is not in a charset that zone files have.
const NOTHING_LEFT: &[&str] = &["utf-16"];

fn bad_zones() -> Vec<PathBuf> {
    let entries = fs::read_dir("tests/data/bad").expect("the test data are there");
    let paths = entries.map(|entry| entry.expect("the directory can be listed").path());
    let mut zones: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|end| end == "zone")).collect();
    zones.sort();
    zones
}

/// The findings about a zone as text, and whether the record behind the defect was read.
fn findings_of(path: &Path) -> (String, bool) {
    let mut findings = Diagnostics::new(20);
    let store = read(Input::Path(path), &ReadOptions::trusted(None), &mut findings).expect("the file can be read");
    let has_last = store.records().any(|record| store.owner(&record).to_string() == "last.example.com.");
    if !findings.has_errors()
        && let Some(zone) = build(store, &BuildOptions::default(), &mut findings)
    {
        check(&zone, &mut findings);
    }
    let text = findings.list().iter().fold(String::new(), |mut text, finding| {
        writeln!(text, "{finding}").expect("a String takes everything");
        text
    });
    (text, has_last)
}

#[test]
fn each_defect_has_its_finding() {
    let mut wrong = Vec::new();
    let zones = bad_zones();
    assert!(zones.len() >= 60, "only {} zones", zones.len());
    for path in zones {
        let name = path.file_stem().and_then(|name| name.to_str()).expect("names are ASCII");
        let (text, has_last) = findings_of(&path);
        let expected_path = path.with_extension("expected");
        if std::env::var_os("REWRITE_EXPECTED").is_some() {
            fs::write(&expected_path, &text).expect("the expected file can be written");
        }
        let expected = fs::read_to_string(&expected_path).unwrap_or_default();
        if text.is_empty() || text != expected {
            wrong.push(format!("{name}: found\n{text}but expected\n{expected}"));
        }
        if has_last == NOTHING_LEFT.contains(&name) {
            wrong.push(format!("{name}: the last record was {}", if has_last { "read" } else { "not read" }));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
