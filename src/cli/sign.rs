//! `zoneseal sign`

use super::{Env, Failure, Outcome};

/// Sign a zone
#[derive(Debug, clap::Args)]
pub(super) struct SignArgs {}

pub(super) fn run(_args: &SignArgs, _env: &mut Env<'_>) -> Result<Outcome, Failure> {
    Err(Failure::new("sign: not built yet"))
}
