//! `zoneseal key show`

use super::{Env, Failure, Outcome};

/// Work with key files
#[derive(Debug, clap::Subcommand)]
pub(super) enum KeyCommand {
    /// Show what key files hold, and whether their halves fit
    Show {},
}

pub(super) fn run(_args: &KeyCommand, _env: &mut Env<'_>) -> Result<Outcome, Failure> {
    Err(Failure::new("key show: not built yet"))
}
