//! `zoneseal keygen`

use super::{Env, Failure, Outcome};

/// Make a key pair
#[derive(Debug, clap::Args)]
pub(super) struct KeygenArgs {}

pub(super) fn run(_args: &KeygenArgs, _env: &mut Env<'_>) -> Result<Outcome, Failure> {
    Err(Failure::new("keygen: not built yet"))
}
