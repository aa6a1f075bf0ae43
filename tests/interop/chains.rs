//! The same zone signed by zoneseal, BIND and ldns has the same NSEC and NSEC3 records.

use crate::odd_zone::OddZone;
use crate::peer::{self, Denial};
use crate::signed_by_others::{dnssec_signzone, ldns_signzone};
use libtest_mimic::{Failed, Trial};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Who else signs.
#[derive(Clone, Copy)]
enum Signer {
    Bind,
    Ldns,
}

pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for denial in Denial::ALL {
        for (signer, program) in [(Signer::Bind, "dnssec-signzone"), (Signer::Ldns, "ldns-signzone")] {
            let name = format!("chain::{program}::{}", denial.name());
            let needs = [program, "dnssec-keygen", "named-compilezone"];
            if matches!((signer, denial), (Signer::Ldns, Denial::OptOut)) {
                let reason = "ldns keeps NSEC3 records for opted-out delegations, which RFC 5155 permits";
                trials.push(peer::cannot(name, reason));
                continue;
            }
            trials.push(peer::trial(name, &needs, move || same_chain(signer, denial)));
        }
    }
    trials
}

fn same_chain(signer: Signer, denial: Denial) -> Result<(), Failed> {
    let folder = peer::folder();
    let odd = OddZone { random_names: 300, has_data_below_dname: true, ..OddZone::new("odd.example.") };
    let cases = [
        ("odd.example", peer::write(folder.path(), "odd.zone", odd.text())),
        ("traps.example", traps(folder.path())?),
        ("registry.example", peer::project().join("zones/registry.example.zone")),
    ];
    for (apex, zone) in cases {
        let keys_folder = folder.path().join(format!("keys-{apex}"));
        std::fs::create_dir(&keys_folder)?;
        let keys = peer::make_bind_keys(&keys_folder, "ECDSAP256SHA256", apex)?;
        let ours = folder.path().join("ours");
        peer::sign(&zone, &keys_folder, &ours, denial.arguments())?;
        let theirs = match signer {
            Signer::Bind => dnssec_signzone(apex, &zone, &keys, folder.path(), denial)?,
            Signer::Ldns => ldns_signzone(apex, &zone, &keys, folder.path(), denial)?,
        };
        let (ours, theirs) = (chain(None, apex, &ours)?, chain(Some(signer), apex, &theirs)?);
        if ours.is_empty() {
            return Err(format!("{apex}: no chain found").into());
        }
        let only_ours: Vec<_> = ours.difference(&theirs).collect();
        let only_theirs: Vec<_> = theirs.difference(&ours).collect();
        if !only_ours.is_empty() || !only_theirs.is_empty() {
            return Err(format!("{apex}: only ours: {only_ours:#?}\nonly theirs: {only_theirs:#?}").into());
        }
    }
    Ok(())
}

/// A copy of the zone of traps among the vectors, in a form that ldns reads too.
fn traps(folder: &Path) -> Result<PathBuf, String> {
    let text =
        peer::run(peer::zoneseal().args(["print", "-q", "zones/example.com.zone"]).current_dir(peer::project()))?;
    // The company zone under another name, so that its keys are not needed.
    Ok(peer::write(folder, "traps.zone", text.replace("example.com.", "traps.example.")))
}

/// NSEC, NSEC3 and NSEC3PARAM records of a zone file, TTL included, case and escapes of printable octets not. BIND
/// breaks records over lines, so it has to write its file anew; what others write has one record a line, and ldns writes
/// some types so that BIND does not read them.
fn chain(signer: Option<Signer>, apex: &str, file: &Path) -> Result<BTreeSet<String>, String> {
    let text = if matches!(signer, Some(Signer::Bind)) {
        let mut command = peer::program("named-compilezone");
        command.args(["-q", "-k", "ignore", "-i", "none", "-s", "full", "-f", "text", "-F", "text", "-o", "-", apex]);
        peer::run(command.arg(file))?
    } else {
        peer::read(file)?
    };
    Ok(text.lines().filter_map(chain_record).collect())
}

fn chain_record(line: &str) -> Option<String> {
    let fields: Vec<_> = line.split_whitespace().collect();
    let kind = *fields.get(3)?;
    // BIND gives NSEC3PARAM a TTL of 0, others another: RFC 5155 does not say.
    let start = if kind == "NSEC3PARAM" { 2 } else { 0 };
    let is_chain = ["NSEC", "NSEC3", "NSEC3PARAM"].contains(&kind);
    is_chain.then(|| without_needless_escapes(&fields[start..].join(" ")).to_ascii_lowercase())
}

/// `\!` becomes `!`, `\033` stays.
fn without_needless_escapes(text: &str) -> String {
    let mut plain = String::new();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character != '\\' || characters.peek().is_none_or(char::is_ascii_digit) {
            plain.push(character);
        }
    }
    plain
}
