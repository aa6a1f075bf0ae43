//! What we print for other programs, checked against the schema they go by.

use crate::peer;
use libtest_mimic::{Failed, Trial};
use std::path::Path;
use tempfile::TempDir;

pub fn trials() -> Vec<Trial> {
    vec![
        peer::trial("sarif::jsonschema::audit", &["jsonschema"], audit_log_fits),
        peer::trial("sarif::jsonschema::release-check", &["jsonschema"], release_check_log_fits),
    ]
}

/// A zone of which there is something to find, signed.
fn signed_zone() -> Result<TempDir, Failed> {
    let folder = peer::folder();
    let text = "$ORIGIN example.\n$TTL 3600\n@ SOA ns1 host 1 7200 900 172800 900\n@ NS ns1\nns1 A 192.0.2.1\nzero 0 A 10.0.0.1\n";
    let zone = peer::write(folder.path(), "example.zone", text);
    peer::make_keys(folder.path(), 13, "example.")?;
    peer::sign(&zone, folder.path(), &folder.path().join("signed"), &["--nsec3"])?;
    Ok(folder)
}

/// `results` is what the log must have at least, so that not only an empty one is seen to fit.
fn fits(folder: &Path, log: &str, results: usize) -> Result<(), Failed> {
    let parsed: serde_json::Value = serde_json::from_str(log)?;
    let found = parsed["runs"][0]["results"].as_array().map_or(0, Vec::len);
    if found < results {
        return Err(format!("{found} results, at least {results} wanted: {log}").into());
    }
    let log = peer::write(folder, "log.sarif", log);
    let schema = peer::project().join("tests/data/sarif/sarif-schema-2.1.0.json");
    peer::run(peer::program("jsonschema").arg("-i").args([&log, &schema]))?;
    Ok(())
}

fn audit_log_fits() -> Result<(), Failed> {
    let folder = signed_zone()?;
    let arguments = ["audit", "--zone", "signed", "--keys", ".", "--sarif"];
    let log = peer::run_for_codes(peer::zoneseal().current_dir(folder.path()).args(arguments), &[0, 1])?;
    fits(folder.path(), &log, 2)
}

fn release_check_log_fits() -> Result<(), Failed> {
    let folder = signed_zone()?;
    // A record that was never signed.
    let signed = peer::read(&folder.path().join("signed"))?;
    peer::write(folder.path(), "signed", signed + "stray.example. 3600 IN A 192.0.2.9\n");
    let arguments = ["release-check", "signed", "--sarif"];
    let log = peer::run_for_codes(peer::zoneseal().current_dir(folder.path()).args(arguments), &[0, 1])?;
    fits(folder.path(), &log, 1)
}
