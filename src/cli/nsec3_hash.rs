//! `zoneseal nsec3-hash`

use super::{Env, Failure, Outcome};

/// Print NSEC3 hashes
#[derive(Debug, clap::Args)]
pub(super) struct Nsec3HashArgs {}

pub(super) fn run(_args: &Nsec3HashArgs, _env: &mut Env<'_>) -> Result<Outcome, Failure> {
    Err(Failure::new("nsec3-hash: not built yet"))
}
