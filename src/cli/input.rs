//! What the commands that read zones share: from a path or standard input to a checked zone, and findings to a stream.

use super::{Env, Failure};
use crate::base::{Diagnostics, NameBuf};
use crate::zone::RecordStore;
use crate::zonefile::{self, Input, ReadOptions};
use std::io::{self, Read, Write};
use std::path::Path;

/// How many errors, and how many warnings, are printed; the rest are counted.
pub(super) const FINDINGS_MAX: usize = 20;

/// Reads the records of a zone file; `-` is standard input. `$INCLUDE` is followed: the zone is the operator's own.
pub(super) fn read_records(
    path: &Path,
    origin: Option<&NameBuf>,
    env: &mut Env<'_>,
    findings: &mut Diagnostics,
) -> Result<RecordStore, Failure> {
    let options = ReadOptions::trusted(origin.cloned());
    if path != Path::new("-") {
        return zonefile::read(Input::Path(path), &options, findings).map_err(Failure::new);
    }
    let mut text = Vec::new();
    env.stdin.read_to_end(&mut text).map_err(|error| Failure::new(format_args!("standard input: {error}")))?;
    zonefile::read(Input::Bytes { name: "-", text: &text }, &options, findings).map_err(Failure::new)
}

/// Prints the findings kept, and how many more there were.
pub(super) fn write_findings(findings: &Diagnostics, out: &mut dyn Write) -> io::Result<()> {
    for finding in findings.list() {
        writeln!(out, "{finding}")?;
    }
    match findings.suppressed_count() {
        0 => Ok(()),
        count => writeln!(out, "… and {count} more"),
    }
}
