//! `zoneseal print`

use super::{Env, Failure, Outcome};

/// Print a zone, one record a line
#[derive(Debug, clap::Args)]
pub(super) struct PrintArgs {}

pub(super) fn run(_args: &PrintArgs, _env: &mut Env<'_>) -> Result<Outcome, Failure> {
    Err(Failure::new("print: not built yet"))
}
