//! Catalog zones (RFC 9432): a zone that lists zones.

use crate::base::{Diagnostics, NameBuf, Rtype};
use crate::rdata;
use crate::zone::{BuildOptions, Zone, build};
use crate::zonefile::{self, Input, ReadOptions};
use std::collections::HashSet;
use std::path::Path;

/// The only version of catalogs (RFC 9432 section 4.2.1).
const VERSION_RDATA: &[u8] = b"\x012";

/// The member zones of a catalog, in the order of their unique labels.
///
/// # Errors
/// What is wrong with the file, in words. A catalog that is not whole has no members at all (RFC 9432 section 5.1).
pub fn members(path: &Path) -> Result<Vec<NameBuf>, String> {
    let mut findings = Diagnostics::new(1);
    let records = zonefile::read(Input::Path(path), &ReadOptions::trusted(None), &mut findings)
        .map_err(|error| error.to_string())?;
    let zone = if findings.has_errors() { None } else { build(records, &BuildOptions::default(), &mut findings) };
    match (zone, findings.list().first()) {
        (Some(zone), _) if !findings.has_errors() => {
            members_of(&zone).map_err(|message| format!("{}: {message}", path.display()))
        }
        (_, Some(finding)) => Err(finding.to_string()),
        (_, None) => Err(format!("{}: there is no zone in it", path.display())),
    }
}

fn members_of(zone: &Zone) -> Result<Vec<NameBuf>, String> {
    let below = |label: &str| -> Result<NameBuf, String> {
        let apex = zone.apex().to_string();
        let name = if apex == "." { format!("{label}.") } else { format!("{label}.{apex}") };
        name.parse().map_err(|error| format!("{label}: {error}"))
    };
    let version = zone.find(below("version")?.as_name()).and_then(|node| node.rrset(Rtype::TXT));
    if version.is_none_or(|rrset| rrset.len() != 1 || rrset.first().rdata() != VERSION_RDATA) {
        return Err(
            "not a catalog of version 2: there must be one record version TXT \"2\" (RFC 9432 section 4.2.1, CAT-1)"
                .into(),
        );
    }
    let zones = below("zones")?;
    let depth = zones.as_name().label_count() + 1;
    let (mut members, mut seen) = (Vec::new(), HashSet::new());
    for node in zone.nodes() {
        let owner = node.owner();
        let Some(rrset) = node.rrset(Rtype::PTR) else { continue };
        if owner.label_count() != depth || !owner.is_at_or_below(zones.as_name()) {
            continue;
        }
        if rrset.len() != 1 {
            return Err(format!("\"{owner}\" has more than one PTR record (RFC 9432 section 4.1)"));
        }
        let member = rdata::names(Rtype::PTR, rrset.first().rdata()).next().map(|name| name.to_owned());
        let Some(member) = member else { continue };
        if !seen.insert(member.as_name().to_canonical().as_name().as_wire().to_vec()) {
            return Err(format!("{member} is in it twice (RFC 9432 section 4.1)"));
        }
        members.push(member);
    }
    Ok(members)
}
