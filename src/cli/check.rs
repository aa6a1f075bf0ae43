//! `zoneseal check`

use super::input::{FINDINGS_MAX, read_records, write_findings};
use super::{Env, Failure, Outcome};
use crate::base::{Diagnostics, NameBuf};
use std::path::PathBuf;

/// Parse and check a zone file
#[derive(Debug, clap::Args)]
pub(super) struct CheckArgs {
    /// The origin until the first $ORIGIN, and the zone's name
    #[arg(short, long, value_name = "ORIGIN")]
    origin: Option<NameBuf>,
    /// The zone file; - is standard input
    #[arg(value_name = "ZONEFILE")]
    zone_file: PathBuf,
}

pub(super) fn run(args: &CheckArgs, env: &mut Env<'_>) -> Result<Outcome, Failure> {
    let mut findings = Diagnostics::new(FINDINGS_MAX);
    read_records(&args.zone_file, args.origin.as_ref(), env, &mut findings)?;
    write_findings(&findings, &mut env.stdout)?;
    Ok(if findings.has_errors() { Outcome::Finding } else { Outcome::Done })
}
