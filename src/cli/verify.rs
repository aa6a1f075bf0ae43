//! `zoneseal verify`

use super::{Env, Failure, Outcome};

/// Verify a signed zone
#[derive(Debug, clap::Args)]
pub(super) struct VerifyArgs {}

pub(super) fn run(_args: &VerifyArgs, _env: &mut Env<'_>) -> Result<Outcome, Failure> {
    Err(Failure::new("verify: not built yet"))
}
