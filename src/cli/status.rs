//! `zoneseal status`

mod nagios;
mod output;

use super::{ClockArg, Env, Failure, Outcome};
use crate::base::{NameBuf, Seconds};
use crate::fleet::config::Config;
use crate::fleet::metrics;
use crate::fleet::status::{Level, Status, Thresholds, of_config};
use std::path::PathBuf;
use std::process::ExitCode;

/// Say how all zones of a configuration stand, the worst first
///
/// Goes by what the last runs left, so it is quick for thousands of zones and reads no zone: first expiry, last result, what
/// comes next, what is waited for and which DS the parent is to be asked for. Zones that were never run or are not
/// configured any more, runs that did not come and ledgers that cannot be read are said. Exit code 0: all is as it should be; 1: somebody has to look; 2: the
/// configuration could not be read. With --nagios 0 ok, 1 warning, 2 critical, 3 unknown.
#[derive(Debug, clap::Args)]
pub(super) struct StatusArgs {
    #[command(flatten)]
    pub(super) clock: ClockArg,
    /// The configuration
    #[arg(short, long, value_name = "FILE", default_value = Config::FILE_NAME)]
    config: PathBuf,
    /// Signatures with less time left are a warning [default: the policy's refresh less two runs, at least two thirds of it]
    #[arg(long, value_name = "DURATION", value_parser = super::verify::parse_duration)]
    warning: Option<Seconds>,
    /// Signatures with less time left are critical [default: a third of the policy's refresh]
    #[arg(long, value_name = "DURATION", value_parser = super::verify::parse_duration)]
    critical: Option<Seconds>,
    /// List only the zones that somebody has to look at
    #[arg(short, long, conflicts_with_all = ["json", "nagios"])]
    quiet: bool,
    /// Print one JSON object
    #[arg(long, conflicts_with = "nagios")]
    json: bool,
    /// Print one line as Nagios plugins do, with performance data
    #[arg(long)]
    nagios: bool,
    /// Write metrics to this file too, in the text format of Prometheus
    #[arg(long, value_name = "FILE")]
    metrics: Option<PathBuf>,
    /// The zones [default: all]
    #[arg(value_name = "ZONE")]
    zones: Vec<NameBuf>,
}

pub(super) fn run(args: &StatusArgs, env: &mut Env<'_>) -> Result<Outcome, Failure> {
    match status(args, env) {
        Ok(status) if args.nagios => nagios::write(&status, env),
        Ok(status) => {
            if args.json {
                output::write_json(&status, env)?;
            } else {
                output::write_text(&status, args.quiet, env)?;
            }
            Ok(if status.level() == Level::Ok { Outcome::Done } else { Outcome::Finding })
        }
        // For Nagios exit code 2 would mean that the zones are in a bad way, and its word goes to standard output.
        Err(Failure::Message(message) | Failure::Locked(message)) if args.nagios => {
            nagios::write_unknown(&message, env)
        }
        Err(failure) => Err(failure),
    }
}

/// What is wrong with the arguments, for whoever reads it as a Nagios plugin's.
pub(super) fn print_usage_unknown(error: &clap::Error, env: &mut Env<'_>) -> ExitCode {
    let text = error.to_string();
    let message = text.lines().next().unwrap_or_default();
    match nagios::write_unknown(message.trim_start_matches("error: "), env) {
        Ok(Outcome::Exit(code)) => code.into(),
        _ => env.print_usage(error),
    }
}

/// How the zones asked for stand. Metrics are of all zones, whichever were asked for: a file has one truth.
fn status(args: &StatusArgs, env: &Env<'_>) -> Result<Status, Failure> {
    if let (Some(warning), Some(critical)) = (args.warning, args.critical)
        && critical > warning
    {
        return Err(Failure::new(format_args!("--critical {critical} is longer than --warning {warning}")));
    }
    let config = Config::read(&args.config).map_err(Failure::new)?;
    let thresholds = Thresholds { warning: args.warning, critical: args.critical };
    let mut status = of_config(&config, thresholds, env.now);
    if let Some(path) = &args.metrics {
        metrics::write(path, &status, env.now)
            .map_err(|error| Failure::new(format_args!("{}: {error}", path.display())))?;
    }
    let is_known = |name: &&NameBuf| status.zones.iter().any(|zone| zone.name.as_ref() == Some(*name));
    if let Some(missing) = args.zones.iter().find(|name| !is_known(name)) {
        return Err(Failure::new(format_args!(
            "{missing}: no such zone is known in {}\n   = help: a zone without a name there is known by it after its first run",
            args.config.display()
        )));
    }
    if !args.zones.is_empty() {
        status.keep_zones(&args.zones);
    }
    Ok(status)
}
