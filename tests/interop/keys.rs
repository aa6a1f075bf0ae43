//! Keys, DS records and hashes: zoneseal and BIND read each other's keys and compute the same.

use crate::odd_zone::OddZone;
use crate::peer::{self, ALGORITHMS, Denial};
use crate::signed_by_others::dnssec_signzone;
use libtest_mimic::{Failed, Trial};
use std::path::{Path, PathBuf};

pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for (number, name) in ALGORITHMS {
        trials.push(peer::trial(
            format!("keys::ours_in_bind::algorithm_{number}"),
            &["dnssec-signzone", "dnssec-settime", "dnssec-dsfromkey", "dnssec-verify"],
            move || ours_in_bind(number),
        ));
        trials.push(peer::trial(
            format!("keys::bind_in_ours::algorithm_{number}"),
            &["dnssec-keygen", "dnssec-settime", "dnssec-dsfromkey", "dnssec-verify"],
            move || bind_in_ours(name),
        ));
    }
    trials.push(peer::trial("keys::timing_as_dnssec-signzone_S", &["dnssec-keygen", "dnssec-signzone"], timing));
    trials.push(peer::trial("nsec3-hash::nsec3hash", &["nsec3hash"], nsec3_hash));
    trials
}

/// Key pairs of a folder, without ending, sorted.
fn pairs(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = std::fs::read_dir(folder).map_err(|error| error.to_string())?;
    let mut keys: Vec<_> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "key"))
        .map(|path| path.with_extension(""))
        .collect();
    keys.sort();
    Ok(keys)
}

fn ours_in_bind(algorithm: u8) -> Result<(), Failed> {
    let folder = peer::folder();
    peer::make_keys(folder.path(), algorithm, "odd.example")?;
    let keys = pairs(folder.path())?;
    assert_eq!(keys.len(), 2, "a KSK and a ZSK");
    for key in &keys {
        peer::run(peer::program("dnssec-settime").args(["-p", "all"]).arg(peer::key_file(key, ".key")))?;
        peer::run(peer::program("dnssec-settime").args(["-I", "+30d"]).arg(peer::key_file(key, ".key")))?;
        same_ds(key)?;
    }
    let zone = peer::write(folder.path(), "zone", OddZone::new("odd.example.").text());
    let signed = dnssec_signzone("odd.example", &zone, &keys, folder.path(), Denial::Nsec)?;
    peer::run(peer::program("dnssec-verify").args(["-q", "-o", "odd.example"]).arg(signed))?;
    Ok(())
}

fn bind_in_ours(algorithm: &str) -> Result<(), Failed> {
    let folder = peer::folder();
    let keys = peer::make_bind_keys(folder.path(), algorithm, "odd.example")?;
    for key in &keys {
        peer::run(peer::zoneseal().args(["key", "show"]).arg(peer::key_file(key, ".key")))?;
        peer::run(peer::zoneseal().args(["key", "show"]).arg(peer::key_file(key, ".private")))?;
        same_ds(key)?;
    }
    let zone = peer::write(folder.path(), "zone", OddZone::new("odd.example.").text());
    let signed = folder.path().join("signed");
    peer::sign(&zone, folder.path(), &signed, &[])?;
    peer::run(peer::program("dnssec-verify").args(["-q", "-o", "odd.example"]).arg(signed))?;
    Ok(())
}

/// `zoneseal ds` prints what `dnssec-dsfromkey` does, spaces in the digest and the order of lines aside.
fn same_ds(key: &Path) -> Result<(), Failed> {
    let key_file = peer::key_file(key, ".key");
    let ours = peer::run(peer::zoneseal().args(["ds", "--digest", "sha256,sha384"]).arg(&key_file))?;
    let theirs = peer::run(peer::program("dnssec-dsfromkey").args(["-a", "SHA-256", "-a", "SHA-384"]).arg(&key_file))?;
    let (ours, theirs) = (ds_lines(&ours), ds_lines(&theirs));
    if ours != theirs || ours.len() != 2 {
        return Err(format!("ours: {ours:#?}\ntheirs: {theirs:#?}").into());
    }
    Ok(())
}

/// DS records as owner and RDATA, sorted.
fn ds_lines(text: &str) -> Vec<String> {
    let mut lines: Vec<_> = text
        .lines()
        .filter_map(|line| {
            let (before, rdata) = line.split_once(" DS ").or_else(|| line.split_once("\tDS\t"))?;
            let fields: Vec<_> = rdata.split_whitespace().collect();
            let digest = fields.get(3..)?.concat();
            let owner = before.split_whitespace().next()?;
            Some(format!("{owner} {} {digest}", fields[..3].join(" ")).to_ascii_lowercase())
        })
        .collect();
    lines.sort();
    lines
}

/// Keys to come, in use, gone by and deleted: the same DNSKEYs are published and the same keys sign.
fn timing() -> Result<(), Failed> {
    let folder = peer::folder();
    let zone = peer::write(folder.path(), "zone", OddZone { random_names: 0, ..OddZone::new("odd.example.") }.text());
    for times in [
        &["-f", "KSK"][..],
        &["-P", "now-40d", "-A", "now-30d"],
        &["-P", "now-1d", "-A", "now+30d"],
        &["-P", "now+10d", "-A", "now+30d"],
        &["-P", "now-90d", "-A", "now-80d", "-I", "now-10d", "-D", "now+10d"],
        &["-P", "now-90d", "-A", "now-80d", "-I", "now-40d", "-D", "now-10d"],
    ] {
        let mut keygen = peer::program("dnssec-keygen");
        peer::run(keygen.args(["-q", "-a", "13"]).args(times).arg("-K").arg(folder.path()).arg("odd.example"))?;
    }
    let ours = folder.path().join("ours");
    peer::sign(&zone, folder.path(), &ours, &[])?;
    let theirs = dnssec_signzone("odd.example", &zone, &pairs(folder.path())?, folder.path(), Denial::Nsec)?;
    let (ours, theirs) = (key_use(&ours)?, key_use(&theirs)?);
    if ours != theirs {
        return Err(format!("ours: {ours:#?}\ntheirs: {theirs:#?}").into());
    }
    Ok(())
}

/// Of a signed zone: the DNSKEY records, and which key signed which RRset.
fn key_use(signed: &Path) -> Result<Vec<String>, String> {
    let text = peer::run(peer::zoneseal().args(["print", "-q", "--sorted"]).arg(signed))?;
    let mut uses: Vec<_> = text
        .lines()
        .filter_map(|line| {
            let fields: Vec<_> = line.split_whitespace().collect();
            match *fields.get(3)? {
                "DNSKEY" => Some(format!("DNSKEY {}", fields[4..].concat())),
                "RRSIG" => Some(format!("{} {} by {}", fields[0], fields[4], fields.get(10)?)),
                _ => None,
            }
        })
        .collect();
    uses.sort();
    Ok(uses)
}

fn nsec3_hash() -> Result<(), Failed> {
    for (salt, iterations, name) in [
        ("-", "0", "example.com"),
        ("-", "0", "."),
        ("aabbccdd", "12", "*.Example"),
        ("00", "1", r"a\.b.example"),
        ("-", "2500", r"\000\255.example"),
    ] {
        let ours = peer::run(peer::zoneseal().args(["nsec3-hash", "--salt", salt, "--iterations", iterations, name]))?;
        let theirs = peer::run(peer::program("nsec3hash").args([salt, "1", iterations, name]))?;
        let hash = |text: &str| text.split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
        if hash(&ours) != hash(&theirs) || hash(&ours).len() != 32 {
            return Err(format!("{name}: ours {ours}, theirs {theirs}").into());
        }
    }
    Ok(())
}
