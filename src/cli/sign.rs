//! `zoneseal sign`

mod args;
mod floor;
mod report;
mod watch;

pub(super) use args::SignArgs;

use super::input::{FINDINGS_MAX, load_zone, write_findings};
use super::{Env, Failure, Outcome};
use crate::base::{Diagnostic, Diagnostics, Name, UnixTime};
use crate::keys;
use crate::output::{AtomicFile, Output, Spool};
use crate::sign::{self, Loaded, OwnKeys, SignError, SignOptions, Summary};
use crate::zone::{BuildOptions, MixedTtl, OutOfZone};
use floor::Floor;
use std::io::Write;
use std::path::{Path, PathBuf};
use watch::Watch;

/// Where the signed zone goes.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Destination {
    File(PathBuf),
    StandardOutput,
}

pub(super) fn run(args: &SignArgs, env: &mut Env<'_>) -> Result<Outcome, Failure> {
    let (options, warnings) = match args.options() {
        Ok(options) => options,
        Err(finding) => {
            env.say(finding);
            return Ok(Outcome::Failed);
        }
    };
    let destination = destination(args)?;
    let mut run = || sign(args, &options, &warnings, &destination, env);
    match args.run.threads {
        None => run(),
        Some(count) => {
            rayon::ThreadPoolBuilder::new().num_threads(usize::from(count)).build().map_err(Failure::new)?.install(run)
        }
    }
}

/// Where the signed zone goes: as asked, or beside the zone file.
fn destination(args: &SignArgs) -> Result<Destination, Failure> {
    match &args.output {
        Some(path) if path.as_os_str() == "-" => Ok(Destination::StandardOutput),
        Some(path) => Ok(Destination::File(path.clone())),
        None if args.zone_file.as_os_str() == "-" => Err(Failure::new(
            "the zone comes from standard input, so there is no name for the output\n   = help: name it with -f FILE, or -f - for standard output",
        )),
        None => {
            let mut path = args.zone_file.clone().into_os_string();
            path.push(".signed");
            Ok(Destination::File(path.into()))
        }
    }
}

/// The whole command, on the pool of threads it is to use.
fn sign(
    args: &SignArgs,
    options: &SignOptions,
    warnings: &[Diagnostic],
    destination: &Destination,
    env: &mut Env<'_>,
) -> Result<Outcome, Failure> {
    let watch = Watch::start(env.is_interactive && !args.run.quiet);
    let mut findings = Diagnostics::new(FINDINGS_MAX);
    warnings.iter().for_each(|warning| findings.push(warning.clone()));
    let result = sign_into(args, options, destination, env, &watch, &mut findings);
    watch.finish();
    // As with all talk: nobody reading it is no reason to fail.
    let _ = write_findings(&findings, &mut env.stderr);
    match result? {
        Ok((summary, floor)) => {
            report::print(args, destination, &summary, &watch, floor, env)?;
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

/// From the zone file to the signed zone in its place, with its dsset file.
fn sign_into(
    args: &SignArgs,
    options: &SignOptions,
    destination: &Destination,
    env: &mut Env<'_>,
    watch: &Watch,
    findings: &mut Diagnostics,
) -> Result<Result<(Summary, Option<Floor>), SignError>, Failure> {
    watch.begin("read");
    let build_options = BuildOptions {
        apex: args.origin.clone(),
        out_of_zone: if args.zone.drop_out_of_zone { OutOfZone::Drop } else { OutOfZone::Error },
        mixed_ttl: if args.zone.fix_ttl { MixedTtl::Lowest } else { MixedTtl::Error },
    };
    let mut dropped = 0;
    let zone = load_zone(&args.zone_file, &build_options, env, findings, |store| {
        watch.begin("build");
        dropped = sign::load::drop_signed(store, args.origin.as_ref());
    })?;
    let Some(zone) = zone.filter(|_| !findings.has_errors()) else { return Ok(Err(SignError::Refused)) };
    let loaded = Loaded { zone, dropped };
    watch.begin("keys");
    let own_keys = load_keys(args, &loaded, env.now, findings)?;
    if findings.has_errors() {
        return Ok(Err(SignError::Refused));
    }
    let dsset = args.keys_section.dsset.as_deref().map(|directory| Dsset::begin(directory, loaded.zone.apex()));
    let dsset = dsset.transpose()?;
    let output: Box<dyn Output + '_> = match destination {
        Destination::File(path) => Box::new(AtomicFile::create(path).map_err(Failure::new)?),
        Destination::StandardOutput => {
            Box::new(Spool::create(&mut *env.stdout).map_err(|error| Failure::new(format!("spooling: {error}")))?)
        }
    };
    let signed = sign::sign_zone(loaded, &own_keys, options, env.now, output, watch, findings);
    if let (Ok(_), Some(dsset)) = (&signed, dsset) {
        dsset.write(&own_keys)?;
    }
    // The run is over; what comes now must not count.
    watch.finish();
    Ok(signed.map(|summary| {
        let floor = args.run.stats.then(|| Floor::measure(&summary, &own_keys));
        (summary, floor.flatten())
    }))
}

/// The keys that are named, or all of the zone's in their directory.
fn load_keys(args: &SignArgs, loaded: &Loaded, now: UnixTime, findings: &mut Diagnostics) -> Result<OwnKeys, Failure> {
    // Each record may be an RRset of its own, each name has one more in the chain.
    let expected_count = loaded.zone.record_count() + loaded.zone.node_count();
    let options = keys::LoadOptions {
        named: args.keys.clone(),
        directory: args.keys_section.key_directory.clone(),
        backend: args.run.backend.backend().for_signatures(expected_count),
    };
    let loaded_keys = keys::load(loaded.zone.apex(), &options, findings).map_err(Failure::new)?;
    Ok(OwnKeys::new(loaded.zone.apex(), loaded_keys, now, findings))
}

/// The `dsset-` file, begun before signing so that a bad directory is known early.
struct Dsset {
    path: PathBuf,
    file: Box<AtomicFile>,
}

impl Dsset {
    fn begin(directory: &Path, apex: Name<'_>) -> Result<Self, Failure> {
        let path = directory.join(format!("dsset-{}", keys::name::file_form(apex)));
        let file = Box::new(AtomicFile::create(&path).map_err(Failure::new)?);
        Ok(Self { path, file })
    }

    fn write(mut self, keys: &OwnKeys) -> Result<(), Failure> {
        let written = self.file.write_all(&sign::dsset::text(keys.set())).and_then(|()| self.file.commit());
        written.map_err(|error| Failure::new(format!("{}: {error} (the zone is signed)", self.path.display())))
    }
}
