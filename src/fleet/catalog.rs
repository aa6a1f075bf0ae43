//! Catalog zones (RFC 9432): a zone that lists zones.
//!
//! What a catalog lists is kept in the state directory, so that its zones go on while it is broken: a zone that nobody signs
//! any more goes bogus, and one that has left the catalog meanwhile is signed for nothing.

use super::fingerprint;
use crate::base::{Diagnostics, NameBuf, Rtype};
use crate::output::atomic::{AtomicFile, Output};
use crate::rdata;
use crate::zone::{BuildOptions, Zone, build};
use crate::zonefile::{self, Input, ReadOptions};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The only version of catalogs (RFC 9432 section 4.2.1).
const VERSION_RDATA: &[u8] = b"\x012";

/// What the file of a catalog's last members calls its form.
const SCHEMA: &str = "zoneseal.catalog/1";

/// The members that a catalog had when it was last whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastMembers {
    schema: String,
    /// The file of the catalog.
    catalog: PathBuf,
    /// In its order.
    pub members: Vec<NameBuf>,
}

impl LastMembers {
    /// Those of a catalog that is whole.
    #[must_use]
    pub fn new(catalog: &Path, members: Vec<NameBuf>) -> Self {
        Self { schema: SCHEMA.into(), catalog: full(catalog), members }
    }

    /// Where they stand in a state directory.
    fn path(directory: &Path, catalog: &Path) -> PathBuf {
        let digest = fingerprint::hash(full(catalog).as_os_str().as_encoded_bytes());
        directory.join(format!("catalog-{}.json", &digest[..16]))
    }

    /// Those of a catalog, if a file tells of them.
    #[must_use]
    pub fn read(directory: &Path, catalog: &Path) -> Option<Self> {
        let text = fs::read(Self::path(directory, catalog)).ok()?;
        let last: Self = serde_json::from_slice(&text).ok()?;
        (last.schema == SCHEMA && last.catalog == full(catalog)).then_some(last)
    }

    /// Keeps them, if they are not what is kept already.
    ///
    /// # Errors
    /// From writing.
    pub fn keep(&self, directory: &Path) -> io::Result<()> {
        if Self::read(directory, &self.catalog).as_ref() == Some(self) {
            return Ok(());
        }
        let text = serde_json::to_string_pretty(self).map_err(io::Error::other)?;
        let path = Self::path(directory, &self.catalog);
        let mut file = Box::new(AtomicFile::create(&path).map_err(io::Error::other)?.private()?);
        file.write_all(text.as_bytes())?;
        file.write_all(b"\n")?;
        file.commit()
    }
}

/// A path that means the same file wherever it is read from.
fn full(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

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
