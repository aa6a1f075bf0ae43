//! What BIND and ldns sign passes `zoneseal verify`.

use crate::odd_zone::OddZone;
use crate::peer::{self, ALGORITHMS, Denial};
use libtest_mimic::{Failed, Trial};
use std::path::{Path, PathBuf};

pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for (number, algorithm) in ALGORITHMS {
        for denial in Denial::ALL {
            let tag = format!("algorithm_{number}::{}", denial.name());
            trials.push(peer::trial(
                format!("verify::dnssec-signzone::{tag}"),
                &["dnssec-signzone", "dnssec-keygen"],
                move || {
                    let (folder, zone, keys) = prepare(algorithm)?;
                    verify(&dnssec_signzone("odd.example", &zone, &keys, folder.path(), denial)?)
                },
            ));
            let needs = ["ldns-signzone", "dnssec-keygen"];
            trials.push(peer::trial(format!("verify::ldns-signzone::{tag}"), &needs, move || {
                let (folder, zone, keys) = prepare(algorithm)?;
                // ldns writes a quote in a name bare, and then nobody reads the file.
                let text = peer::read(&zone)?;
                let kept = text.lines().filter(|line| !line.starts_with("quote"));
                std::fs::write(&zone, kept.fold(String::new(), |text, line| text + line + "\n"))?;
                verify(&ldns_signzone("odd.example", &zone, &keys, folder.path(), denial)?)
            }));
        }
    }
    trials
}

/// The odd zone and BIND's keys for it, in a folder.
pub fn prepare(algorithm: &str) -> Result<(tempfile::TempDir, PathBuf, Vec<PathBuf>), String> {
    let folder = peer::folder();
    let zone = peer::write(folder.path(), "zone", OddZone::new("odd.example.").text());
    let keys = peer::make_bind_keys(folder.path(), algorithm, "odd.example")?;
    Ok((folder, zone, keys))
}

fn verify(signed: &Path) -> Result<(), Failed> {
    Ok(peer::run(peer::zoneseal().args(["verify", "-q"]).arg(signed)).map(drop)?)
}

/// Signs with BIND and gives the signed file.
pub fn dnssec_signzone(
    apex: &str,
    zone: &Path,
    keys: &[PathBuf],
    folder: &Path,
    denial: Denial,
) -> Result<PathBuf, String> {
    let output = folder.join(format!("bind-{}", denial.name()));
    let arguments: &[&str] = match denial {
        Denial::Nsec => &[],
        Denial::Nsec3 => &["-3", "-", "-H", "0"],
        Denial::OptOut => &["-3", "-", "-H", "0", "-A"],
    };
    let mut command = peer::program("dnssec-signzone");
    command.args(["-q", "-x", "-P", "-N", "keep", "-o", apex]).args(arguments).arg("-d").arg(folder);
    command.arg("-f").arg(&output);
    for key in keys {
        // Keys named on the command line must be in the zone; with -S they are put there.
        command.args(["-S", "-K"]).arg(key.parent().unwrap_or(folder));
    }
    peer::run(command.arg(zone))?;
    Ok(output)
}

/// Signs with ldns and gives the signed file.
pub fn ldns_signzone(
    apex: &str,
    zone: &Path,
    keys: &[PathBuf],
    folder: &Path,
    denial: Denial,
) -> Result<PathBuf, String> {
    let output = folder.join(format!("ldns-{}", denial.name()));
    let arguments: &[&str] = match denial {
        Denial::Nsec => &[],
        Denial::Nsec3 => &["-n", "-t", "0"],
        Denial::OptOut => &["-n", "-t", "0", "-p"],
    };
    let mut command = peer::program("ldns-signzone");
    command.args(["-o", apex]).args(arguments).arg("-f").arg(&output).arg(zone).args(keys);
    peer::run(&mut command)?;
    Ok(output)
}
