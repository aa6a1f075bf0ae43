//! Files of trust anchors: DS and DNSKEY records.

use crate::base::{Diagnostics, Name, NameBuf, Rtype};
use crate::observe::Trust;
use crate::verify::Anchor;
use crate::zonefile::{self, Input, ReadOptions};
use std::fs;
use std::path::Path;

/// The DS and DNSKEY records for `apex` in a file. Relative names are taken as below the root, so that `example.com` is
/// meant as the people write it who leave out the final dot; if that gives nothing, as below the apex, for `@`.
///
/// # Errors
/// Why there are none, in words that name the file.
pub fn read(path: &Path, apex: Name<'_>) -> Result<Vec<Anchor>, String> {
    let text = read_text(path)?;
    let mut others = Vec::new();
    for origin in [Name::ROOT, apex] {
        for trust in parse(path, &text, origin)? {
            if trust.zone.as_name() == apex {
                return Ok(trust.anchors);
            }
            if !others.contains(&trust.zone) {
                others.push(trust.zone);
            }
        }
    }
    let others: Vec<String> = others.iter().map(NameBuf::to_string).collect();
    let found = if others.is_empty() { "none at all".into() } else { format!("only for {}", others.join(", ")) };
    Err(format!("{}: no DS or DNSKEY record for {apex}, {found}", path.display()))
}

/// The DS and DNSKEY records of all zones in a file; relative names are taken as below the root.
///
/// # Errors
/// Why there are none, in words that name the file.
pub fn read_all(path: &Path) -> Result<Vec<Trust>, String> {
    let found = parse(path, &read_text(path)?, Name::ROOT)?;
    match found.is_empty() {
        true => Err(format!("{}: no DS or DNSKEY record in it", path.display())),
        false => Ok(found),
    }
}

fn read_text(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// The records by zone, in the order of the file.
fn parse(path: &Path, text: &[u8], origin: Name<'_>) -> Result<Vec<Trust>, String> {
    let name = path.display().to_string();
    // DS files as tools write them have no TTLs, and theirs do not matter.
    let mut with_ttl = b"$TTL 0\n".to_vec();
    with_ttl.extend_from_slice(text);
    let mut findings = Diagnostics::new(1);
    let options = ReadOptions { origin: Some(origin.to_owned()), ..ReadOptions::default() };
    let input = Input::Bytes { name: &name, text: &with_ttl };
    let store = zonefile::read(input, &options, &mut findings).map_err(|error| error.to_string())?;
    if let Some(error) = findings.list().first().filter(|_| findings.has_errors()) {
        // The line put in front must not be counted.
        let line = error.position.as_ref().map_or(0, |position| position.line.saturating_sub(1));
        return Err(format!("{name}:{line}: {}", error.message));
    }
    let mut found: Vec<Trust> = Vec::new();
    for record in store.records() {
        let anchor = match record.rtype {
            Rtype::DS | Rtype::CDS => Anchor::Ds(store.rdata(&record).to_vec()),
            Rtype::DNSKEY => Anchor::Dnskey(store.rdata(&record).to_vec()),
            _ => continue,
        };
        let owner = store.owner(&record);
        match found.iter_mut().find(|trust| trust.zone.as_name() == owner) {
            Some(trust) => trust.anchors.push(anchor),
            None => found.push(Trust { zone: owner.to_owned(), anchors: vec![anchor] }),
        }
    }
    Ok(found)
}
