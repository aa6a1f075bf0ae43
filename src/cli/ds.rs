//! `zoneseal ds`

use super::{Env, Failure, Outcome};

/// Print DS records
#[derive(Debug, clap::Args)]
pub(super) struct DsArgs {}

pub(super) fn run(_args: &DsArgs, _env: &mut Env<'_>) -> Result<Outcome, Failure> {
    Err(Failure::new("ds: not built yet"))
}
