//! `zoneseal policy`

mod check;
mod explain;
mod import;
mod show;

use super::{Env, Failure, Outcome};
use crate::base::Diagnostic;
use crate::policy::load::LoadError;
use std::io::{self, Write};

/// Show, check, explain and import policies
///
/// A policy says how a zone is signed and how its keys are rolled. It is a preset, or stands in a file as [policy.NAME] with
/// a preset as its base and fields of its own over it. POLICY is the name of a preset, a file with one policy, or FILE:NAME.
#[derive(Debug, clap::Subcommand)]
pub(super) enum PolicyCommand {
    Show(show::ShowArgs),
    Check(check::CheckArgs),
    Explain(explain::ExplainArgs),
    Import(import::ImportArgs),
}

pub(super) fn run(command: &PolicyCommand, env: &mut Env<'_>) -> Result<Outcome, Failure> {
    match command {
        PolicyCommand::Show(args) => show::run(args, env),
        PolicyCommand::Check(args) => check::run(args, env),
        PolicyCommand::Explain(args) => explain::run(args, env),
        PolicyCommand::Import(args) => import::run(args, env),
    }
}

/// Says why there is no policy: findings on standard error, or one message.
pub(super) fn refuse(error: LoadError, env: &mut Env<'_>) -> Result<Outcome, Failure> {
    match error {
        LoadError::Unusable(message) => Err(Failure::Message(message)),
        LoadError::Invalid(findings) => {
            write_findings(&findings, &mut env.stderr)?;
            Ok(Outcome::Failed)
        }
    }
}

/// Prints findings, all of them: a policy has few.
pub(super) fn write_findings(findings: &[Diagnostic], out: &mut dyn Write) -> io::Result<()> {
    findings.iter().try_for_each(|finding| writeln!(out, "{finding}"))
}

/// A value that is TOML, as JSON; null for none.
fn json_value(value: Option<&str>) -> serde_json::Value {
    let table = value.and_then(|value| format!("v = {value}").parse::<toml::Table>().ok());
    table.and_then(|table| serde_json::to_value(&table["v"]).ok()).unwrap_or_default()
}
