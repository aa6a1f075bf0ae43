//! `zoneseal config`

use super::{Env, Failure, Outcome};
use crate::base::{Diagnostic, Severity};
use crate::fleet::check::check;
use crate::fleet::config::Config;
use serde_json::json;
use std::path::PathBuf;

/// Look after the configuration of zoneseal run
#[derive(Debug, clap::Subcommand)]
pub(super) enum ConfigCommand {
    Check(CheckArgs),
}

/// Look for everything that is wrong with a configuration
///
/// Policies load, files and directories are there, keys are for their owner only, zones can be read, each is there once,
/// and the times of policy and zone go together (TIM-4 to TIM-7). Changes nothing. Exit code 0: nothing wrong, or only
/// warnings; 1: errors; 2: the configuration cannot be read.
#[derive(Debug, clap::Args)]
pub(super) struct CheckArgs {
    /// The configuration
    #[arg(short, long, value_name = "FILE", default_value = Config::FILE_NAME)]
    config: PathBuf,
    /// Warnings count as errors
    #[arg(long)]
    strict: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Print findings only
    #[arg(short, long)]
    quiet: bool,
}

pub(super) fn run(command: &ConfigCommand, env: &mut Env<'_>) -> Result<Outcome, Failure> {
    let ConfigCommand::Check(args) = command;
    let config = Config::read(&args.config).map_err(Failure::new)?;
    let findings = check(&config);
    let count = |severity| findings.iter().filter(|finding: &&Diagnostic| finding.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    if args.json {
        let value = json!({
            "schema": "zoneseal.config-check/1",
            "config": config.path.display().to_string(),
            "zones": config.zones.len(),
            "errors": errors,
            "warnings": warnings,
            "findings": findings,
        });
        writeln!(env.stdout, "{value:#}")?;
    } else {
        for finding in &findings {
            writeln!(env.stdout, "{finding}")?;
        }
        if !args.quiet {
            let path = config.path.display();
            writeln!(env.stdout, "{path}: {} zones, {errors} errors, {warnings} warnings", config.zones.len())?;
        }
    }
    Ok(if errors > 0 || (args.strict && warnings > 0) { Outcome::Finding } else { Outcome::Done })
}
