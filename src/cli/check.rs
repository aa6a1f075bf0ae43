//! `zoneseal check`

use super::{Env, Failure, Outcome};

/// Parse and check a zone file
#[derive(Debug, clap::Args)]
pub(super) struct CheckArgs {}

pub(super) fn run(_args: &CheckArgs, _env: &mut Env<'_>) -> Result<Outcome, Failure> {
    Err(Failure::new("check: not built yet"))
}
