//! `zoneseal run`

mod output;

use super::who::WhoArgs;
use super::{BackendArg, ClockArg, Env, Failure, Outcome};
use crate::base::NameBuf;
use crate::fleet::config::Config;
use crate::fleet::last_run::LastRun;
use crate::fleet::ledger::RunResult;
use crate::fleet::metrics;
use crate::fleet::overrides::{Override, Overrides};
use crate::fleet::run::{RunError, RunMode, Setting, run as run_zones};
use crate::fleet::status::{Thresholds, of_config};
use crate::observe::Client;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Threads for each processor while zones are worked on: most of them wait for the disk.
const THREADS_A_CORE: usize = 4;

/// Sign all configured zones: what is new, what is due, and the keys that go with it
///
/// For cron: run it every minute or every day. Reads the zones, rolls keys by policy and by what the parent has, makes keys
/// that are due, signs what changed or falls due, verifies the result, puts it in place as a whole and runs the hook. Where
/// nothing is due nothing is written. One zone's failure does not keep the others from being signed.
#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct RunArgs {
    #[command(flatten)]
    pub(super) clock: ClockArg,
    /// What to sign, and how
    #[arg(short, long, value_name = "FILE", default_value = Config::FILE_NAME)]
    config: PathBuf,
    /// These zones only
    #[arg(value_name = "ZONE")]
    zones: Vec<NameBuf>,
    /// Print what would be done, with reasons and the plan's hash; nothing is written
    #[arg(long)]
    dry_run: bool,
    /// Do what a dry run has printed, or nothing: refuses if its hash is another one now
    #[arg(long, value_name = "HASH", conflicts_with = "dry_run")]
    apply: Option<String>,
    /// Let pass what a guard refuses, once: GUARD, or GUARD=ZONE; may be given several times
    #[arg(long = "override", value_name = "GUARD", requires = "reason")]
    overrides: Vec<Override>,
    /// Why; it is logged
    #[arg(long, value_name = "TEXT", requires = "overrides", value_parser = parse_reason)]
    reason: Option<String>,
    /// Write metrics to this file, in the text format of Prometheus [default: what the configuration says]
    #[arg(long, value_name = "FILE")]
    metrics: Option<PathBuf>,
    /// The cryptographic library that signs
    #[arg(long, value_enum, value_name = "LIBRARY", default_value_t)]
    backend: BackendArg,
    /// Threads that sign [default: one for each processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Seconds to wait for the answer of a server that is observed, for example 3 or 0.5
    #[arg(long, value_name = "SECONDS", default_value = "3", value_parser = super::observe::parse_timeout)]
    observe_timeout: Duration,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Print only what needs attention
    #[arg(short, long, conflicts_with = "json")]
    quiet: bool,
    #[command(flatten)]
    who: WhoArgs,
}

/// Exit code of a run that published something.
const CHANGED: u8 = 3;
/// Exit code of a run that a guard stopped for some zone.
const REFUSED: u8 = 4;

const EXIT_CODES: &str = "\
Exit codes, the worst of all zones: 0 nothing was due; 3 zones were signed and published; 1 somebody has to look (a hook
failed, a roll is overdue, a guard was overridden); 4 a guard refused to publish, or --apply found another plan; 2 something
failed, or another run is under way. A dry run ends as the run would.";

fn parse_reason(text: &str) -> Result<String, String> {
    if text.trim().is_empty() { Err("a reason is needed, for the log".into()) } else { Ok(text.to_owned()) }
}

pub(super) fn run(args: &RunArgs, env: &mut Env<'_>) -> Result<Outcome, Failure> {
    let config = Config::read(&args.config).map_err(Failure::new)?;
    let who = args.who.who();
    let overrides = Overrides { list: args.overrides.clone(), reason: args.reason.clone().unwrap_or_default() };
    let setting = Setting {
        who: &who,
        now: env.now,
        lock_timeout: args.who.timeout(),
        overrides: &overrides,
        backend: args.backend.backend(),
        client: Client { timeout: args.observe_timeout, ..Client::default() },
    };
    let mode = match (&args.apply, args.dry_run) {
        (Some(hash), _) => RunMode::Apply(hash.clone()),
        (None, true) => RunMode::DryRun,
        (None, false) => RunMode::Real,
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = args.threads.map_or(cores * THREADS_A_CORE, usize::from);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().map_err(Failure::new)?;
    let report = match pool.install(|| run_zones(&config, &args.zones, setting, &mode)) {
        Ok(report) => report,
        Err(RunError::OtherPlan(hash, report)) => {
            output::write_plan(&report, args.json, env)?;
            env.say(format_args!("error: the plan is another one now, {hash}: nothing was done"));
            return Ok(Outcome::Exit(REFUSED));
        }
        Err(error) => return Err(Failure::new(error)),
    };
    // Every minute would be too often for what is no news.
    if !args.quiet && report.result() != RunResult::NothingDue {
        report.warnings.iter().for_each(|warning| env.say(warning));
    }
    if mode == RunMode::DryRun {
        output::write_plan(&report, args.json, env)?;
        return Ok(outcome(report.result()));
    }
    let metrics = args.metrics.as_deref().or(config.metrics.as_deref());
    let last_run = args.zones.is_empty().then(|| LastRun::new(env.now, report.result(), report.zones.len()));
    let is_written = metrics.is_none_or(|path| keep_metrics(path, &config, last_run, env));
    output::write_report(&report, args.json, args.quiet, env)?;
    let at_least = if is_written { RunResult::NothingDue } else { RunResult::Attention };
    Ok(outcome(report.result().max(at_least)))
}

const fn outcome(result: RunResult) -> Outcome {
    match result {
        RunResult::NothingDue => Outcome::Done,
        RunResult::Changed => Outcome::Exit(CHANGED),
        RunResult::Attention => Outcome::Finding,
        RunResult::Refused => Outcome::Exit(REFUSED),
        RunResult::Failed => Outcome::Failed,
    }
}

/// Writes the metrics of all zones; says why if they cannot be written, for no zone is the worse for it.
fn keep_metrics(path: &Path, config: &Config, last_run: Option<LastRun>, env: &mut Env<'_>) -> bool {
    let mut status = of_config(config, Thresholds::default(), env.now);
    // The file of the last run is not written every time.
    status.last_run = last_run.or(status.last_run);
    let written = metrics::write(path, &status, env.now);
    if let Err(error) = &written {
        env.say(format_args!("error: {}: the metrics cannot be written: {error}", path.display()));
    }
    written.is_ok()
}
