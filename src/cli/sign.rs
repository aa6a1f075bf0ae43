//! `zoneseal sign`

mod args;
mod by_state;
mod floor;
mod job;
mod record;
mod report;
mod samples;
mod watch;
mod zones;

pub(super) use args::SignArgs;

use super::input::{FINDINGS_MAX, ZoneText, write_findings};
use super::{Env, Failure, Outcome};
use crate::base::{Diagnostic, Diagnostics};
use crate::keys::{KeySource, LoadOptions};
use crate::sign::{SignError, SignOptions};
use floor::Floor;
use job::{Destination, Job};
use samples::Samples;
use std::path::{Path, PathBuf};
use watch::Watch;

pub(super) fn run(args: &SignArgs, env: &mut Env<'_>) -> Result<Outcome, Failure> {
    let (options, warnings) = match args.options() {
        Ok(options) => options,
        Err(finding) => {
            env.say(finding);
            return Ok(Outcome::Failed);
        }
    };
    let mut run = || match zones::is_asked(args) {
        true => zones::run(args, &options, &warnings, env),
        false => sign(args, &options, &warnings, env),
    };
    match args.run.threads {
        None => run(),
        Some(count) => {
            rayon::ThreadPoolBuilder::new().num_threads(usize::from(count)).build().map_err(Failure::new)?.install(run)
        }
    }
}

/// Where the signed zone goes: as asked, or beside the zone file.
fn destination(args: &SignArgs, zone_file: &Path) -> Result<Destination, Failure> {
    match &args.output {
        Some(path) if path.as_os_str() == "-" => Ok(Destination::StandardOutput),
        Some(path) => Ok(Destination::File(path.clone())),
        None if zone_file.as_os_str() == "-" => Err(Failure::new(
            "the zone comes from standard input, so there is no name for the output\n   = help: name it with -f FILE, or -f - for standard output",
        )),
        None => {
            let mut path = zone_file.as_os_str().to_owned();
            path.push(".signed");
            Ok(Destination::File(path.into()))
        }
    }
}

/// The previous signed zone: the one named, or the output itself.
fn previous(args: &SignArgs, destination: &Destination) -> Result<Option<PathBuf>, Failure> {
    match (&args.previous, destination) {
        (None, _) => Ok(None),
        (Some(Some(path)), _) => Ok(Some(path.clone())),
        (Some(None), Destination::File(path)) => Ok(Some(path.clone())),
        (Some(None), Destination::StandardOutput) => {
            Err(Failure::new("--previous: the output is standard output, so name the previous signed zone"))
        }
    }
}

/// One zone, on the pool of threads it is to use.
fn sign(
    args: &SignArgs,
    options: &SignOptions,
    warnings: &[Diagnostic],
    env: &mut Env<'_>,
) -> Result<Outcome, Failure> {
    let zone_file =
        args.zone_file.as_deref().ok_or_else(|| Failure::new("name a zone file, or a list with --zones"))?;
    let destination = destination(args, zone_file)?;
    let who = args.run.who.who();
    let watch = Watch::start(env.is_interactive && !args.run.quiet);
    let mut findings = Diagnostics::new(FINDINGS_MAX);
    warnings.iter().for_each(|warning| findings.push(warning.clone()));
    let samples = Samples::default();
    let job = Job {
        text: ZoneText::open(zone_file, env)?,
        build: args.build_options(args.origin.clone()),
        samples: args.run.stats.then_some(&samples),
        keys: KeySource::Options(LoadOptions {
            named: args.keys.clone(),
            directory: args.keys_section.key_directory.clone(),
            ..LoadOptions::default()
        }),
        backend: args.run.backend.backend(),
        destination: destination.clone(),
        previous: previous(args, &destination)?,
        record: args.record_place(),
        committer: None,
        dsset: args.keys_section.dsset.as_deref(),
        state: args.state_source(
            &who,
            args.keys_section.key_directory.as_deref(),
            args.run.who.timeout(),
            destination != Destination::StandardOutput,
        ),
    };
    let result = job.run(options, env.now, &mut *env.stdout, &watch, &mut findings);
    watch.finish();
    // As with all talk: nobody reading it is no reason to fail.
    if let Ok(Ok(signed)) = &result {
        signed.repeated.iter().for_each(|line| env.say(line));
    }
    let _ = write_findings(&findings, &mut env.stderr);
    match result? {
        Ok(signed) => {
            let floor = args.run.stats.then(|| Floor::measure(&signed.summary, &signed.keys, &samples)).flatten();
            report::print(args, &destination, &signed, &watch, floor, env)?;
            Ok(Outcome::Done)
        }
        // The findings said why.
        Err(SignError::Refused) => Ok(Outcome::Failed),
        Err(SignError::SelfCheck(failure)) => {
            env.say(format_args!("{failure}"));
            Ok(Outcome::Finding)
        }
        Err(SignError::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => Err(Failure::BrokenPipe),
        Err(error) => Err(Failure::new(error)),
    }
}
