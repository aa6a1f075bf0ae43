//! Many zones in one run: which they are, and signing them on one pool of threads.
//!
//! Zones are signed side by side and large ones in parallel within, by work stealing: no thread waits while any zone
//! has work. One zone's failure is its own. Messages and results come in the order of the list, however the work went.

mod list;

use super::super::{Env, Failure, Outcome};
use super::args::SignArgs;
use super::floor::Floor;
use super::job::{Destination, Job, Signed};
use super::record::RecordPlace;
use super::report;
use super::samples::Samples;
use super::watch::{Watch, peak_memory};
use crate::base::{Diagnostic, Diagnostics, UnixTime};
use crate::cli::input::{FINDINGS_MAX, ZoneText, write_findings};
use crate::keys::{KeyDirectory, KeySource};
use crate::output::atomic::{parent_of, sync_outputs};
use crate::output::{Committer, Outcome as Written};
use crate::sign::{SignError, SignOptions};
use crate::state::Who;
use list::Entry;
use rayon::iter::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// What became of a zone.
enum Fate {
    Signed(Box<Signed>),
    /// The self-check failed.
    Bogus,
    Failed,
    /// Its state was in other hands. Those may be of this run, which has another view of the zone to sign: who waited for
    /// them might be who they wait for.
    Busy,
}

/// What is to be said of a zone.
struct Done {
    fate: Fate,
    /// Findings and errors.
    talk: Vec<u8>,
}

impl Done {
    /// Takes note of what came of an output that was put in place after its zone was signed.
    fn settle(&mut self, entry: &Entry) {
        let Fate::Signed(signed) = &self.fate else { return };
        if let Some(Err(error)) = signed.outcome.as_ref().map(Written::get) {
            self.fail(&format!("writing the signed zone {}: {error}", entry.output.display()));
        }
    }

    fn fail(&mut self, error: &str) {
        self.talk.extend_from_slice(format!("error: {error}\n").as_bytes());
        self.fate = Fate::Failed;
    }

    /// What is to be said, a line each.
    fn lines(&self) -> Vec<String> {
        String::from_utf8_lossy(&self.talk).lines().map(str::to_owned).collect()
    }
}

/// Whether the arguments ask for many zones.
pub(super) fn is_asked(args: &SignArgs) -> bool {
    args.zones.is_some() || args.zone_file.as_deref().is_some_and(Path::is_dir)
}

/// Signs all zones that are asked for, on the current rayon pool.
pub(super) fn run(
    args: &SignArgs,
    options: &SignOptions,
    warnings: &[Diagnostic],
    env: &mut Env<'_>,
) -> Result<Outcome, Failure> {
    let start = Instant::now();
    let entries = list::entries(args, env)?;
    let directories = list_key_directories(&entries);
    warnings.iter().for_each(|warning| env.say(warning));
    let committer = Committer::start().map_err(Failure::new)?;
    let run = Run { args, options, committer, who: args.run.who.who(), now: env.now, samples: Samples::default() };
    let sign = |entry: &Entry, timeout| run.sign(entry, &directories[&entry.key_directory], timeout);
    // A zone is a job: the next one waiting goes to whoever is free.
    let sign_unless_busy = |entry| sign(entry, None);
    let mut done: Vec<Done> = entries.par_iter().with_max_len(1).map(sign_unless_busy).collect();
    for (entry, done) in entries.iter().zip(&mut done).filter(|(_, done)| matches!(done.fate, Fate::Busy)) {
        *done = sign(entry, Some(args.run.who.timeout()));
    }
    let Run { committer, samples, .. } = run;
    committer.finish();
    entries.iter().zip(&mut done).for_each(|(entry, done)| done.settle(entry));
    sync_directories(&entries, &mut done);
    for (entry, done) in entries.iter().zip(&done) {
        for line in done.lines() {
            env.say(format_args!("{}: {line}", entry.zone_file.display()));
        }
    }
    print(args, &entries, &done, start, &samples, env)?;
    let counts = Counts::of(&done);
    Ok(match (counts.failed, counts.bogus) {
        (0, 0) => Outcome::Done,
        (0, _) => Outcome::Finding,
        _ => Outcome::Failed,
    })
}

/// Makes the renames of all outputs last, a directory once: the files themselves are synced already.
fn sync_directories(entries: &[Entry], done: &mut [Done]) {
    let mut synced: HashMap<PathBuf, Option<String>> = HashMap::new();
    for (entry, done) in entries.iter().zip(done).filter(|(_, done)| matches!(done.fate, Fate::Signed(_))) {
        let directory = parent_of(&entry.target);
        let sync = || sync_outputs(&directory).err().map(|error| error.to_string());
        if let Some(error) = synced.entry(directory.clone()).or_insert_with(sync) {
            done.fail(error);
        }
    }
}

/// What all zones have in common.
struct Run<'a> {
    args: &'a SignArgs,
    options: &'a SignOptions,
    committer: Committer,
    who: Who,
    now: UnixTime,
    samples: Samples,
}

impl Run<'_> {
    /// Signs one of the zones, waiting so long if its state is in other hands. Without a time to wait it is left for later.
    fn sign(&self, entry: &Entry, keys: &Result<KeyDirectory, String>, timeout: Option<Duration>) -> Done {
        let mut findings = Diagnostics::new(FINDINGS_MAX);
        let result = keys.as_ref().map_err(Failure::new).and_then(|keys| {
            let job = self.job(entry, keys, timeout.unwrap_or_default());
            job.run(self.options, self.now, &mut io::sink(), &Watch::start(false), &mut findings)
        });
        let mut talk = Vec::new();
        if let Ok(Ok(signed)) = &result {
            signed.repeated.iter().for_each(|line| talk.extend_from_slice(format!("{line}\n").as_bytes()));
        }
        // Writing to memory does not fail.
        let _ = write_findings(&findings, &mut talk);
        let mut say = |text: String| talk.extend_from_slice(text.as_bytes());
        let fate = match result {
            Ok(Ok(signed)) => Fate::Signed(Box::new(signed)),
            // The findings said why.
            Ok(Err(SignError::Refused)) => Fate::Failed,
            Ok(Err(SignError::SelfCheck(failure))) => {
                say(format!("{failure}\n"));
                Fate::Bogus
            }
            Ok(Err(error)) => {
                say(format!("error: {error}\n"));
                Fate::Failed
            }
            Err(Failure::Locked(_)) if timeout.is_none() => Fate::Busy,
            Err(Failure::Message(message) | Failure::Locked(message)) => {
                say(format!("error: {message}\n"));
                Fate::Failed
            }
            Err(Failure::BrokenPipe) => Fate::Failed,
        };
        Done { fate, talk }
    }

    fn job<'a>(&'a self, entry: &'a Entry, keys: &'a KeyDirectory, timeout: Duration) -> Job<'a> {
        let Self { args, committer, who, samples, .. } = self;
        Job {
            text: ZoneText::File(&entry.zone_file),
            build: args.build_options(entry.origin.clone()),
            samples: args.run.stats.then_some(samples),
            keys: KeySource::Listed(keys),
            backend: args.run.backend.backend(),
            destination: Destination::File(entry.output.clone()),
            previous: args.previous.is_some().then(|| entry.output.clone()),
            // Records are for those who sign again; for the others thousands of files would be a burden.
            record: args.previous.as_ref().map_or(RecordPlace::Nowhere, |_| args.record_place()),
            committer: Some(committer),
            dsset: args.keys_section.dsset.as_deref(),
            state: args.state_source(who, Some(&entry.key_directory), timeout, true),
        }
    }
}

/// Lists each directory of keys once, however many zones have theirs there.
fn list_key_directories(entries: &[Entry]) -> HashMap<PathBuf, Result<KeyDirectory, String>> {
    let mut directories = HashMap::new();
    for entry in entries {
        if !directories.contains_key(&entry.key_directory) {
            let listed = KeyDirectory::list(&entry.key_directory).map_err(|error| error.to_string());
            directories.insert(entry.key_directory.clone(), listed);
        }
    }
    directories
}

/// How the zones fared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    signed: u64,
    unchanged: u64,
    failed: u64,
    bogus: u64,
    signatures: u64,
    kept: u64,
}

impl Counts {
    fn of(done: &[Done]) -> Self {
        let mut counts = Self::default();
        for done in done {
            match &done.fate {
                Fate::Signed(signed) => {
                    let summary = &signed.summary;
                    let reuse = summary.reuse.unwrap_or_default();
                    *(if reuse.is_unchanged { &mut counts.unchanged } else { &mut counts.signed }) += 1;
                    counts.signatures += summary.signatures;
                    counts.kept += reuse.counts.kept;
                }
                Fate::Bogus => counts.bogus += 1,
                Fate::Failed | Fate::Busy => counts.failed += 1,
            }
        }
        counts
    }
}

/// Prints the names of the outputs, and the summary of all zones, or the JSON of each.
fn print(
    args: &SignArgs,
    entries: &[Entry],
    done: &[Done],
    start: Instant,
    samples: &Samples,
    env: &mut Env<'_>,
) -> Result<(), Failure> {
    let counts = Counts::of(done);
    let elapsed = start.elapsed();
    let signed = done.iter().filter_map(|done| match &done.fate {
        Fate::Signed(signed) => Some((&signed.summary, &signed.keys)),
        _ => None,
    });
    let floor = args.run.stats.then(|| Floor::of_zones(signed, samples)).flatten();
    if args.run.json {
        let zones: Vec<Value> = entries.iter().zip(done).map(|(entry, done)| zone_json(entry, done)).collect();
        let mut value = json!({
            "schema": "zoneseal.sign-zones/1",
            "zones": zones,
            "signed": counts.signed,
            "unchanged": counts.unchanged,
            "failed": counts.failed,
            "self_check_failed": counts.bogus,
        });
        if args.run.stats {
            value["stats"] = json!({ "seconds": elapsed.as_secs_f64(), "peak_memory_octets": peak_memory() });
            if let Some(floor) = &floor {
                value["stats"]["floor"] = floor.to_json();
                value["stats"]["floor"]["ratio"] = floor.ratio(elapsed).into();
            }
        }
        writeln!(env.stdout, "{value:#}")?;
        return Ok(());
    }
    if !args.run.quiet {
        let Counts { signed, unchanged, failed, bogus, signatures, kept } = counts;
        env.say(format_args!(
            "zones       {}: {signed} signed, {unchanged} unchanged, {failed} failed, {bogus} failed the self-check",
            done.len()
        ));
        env.say(format_args!("signatures  {signatures} made, {kept} kept"));
    }
    if args.run.stats {
        env.say(format_args!("  whole run {:>9.3} s", elapsed.as_secs_f64()));
        if let Some(floor) = &floor {
            env.say(format_args!("  floor {floor}; whole run {:.2} x floor", floor.ratio(elapsed)));
        }
        if let Some(octets) = peak_memory() {
            env.say(format_args!("  peak memory {} MiB", octets >> 20));
        }
    }
    for (entry, done) in entries.iter().zip(done) {
        if let Fate::Signed(_) = done.fate {
            writeln!(env.stdout, "{}", entry.output.display())?;
        }
    }
    Ok(())
}

fn zone_json(entry: &Entry, done: &Done) -> Value {
    let zone_file = entry.zone_file.display().to_string();
    let failed = |outcome: &str| {
        let output = entry.output.display().to_string();
        json!({ "zone_file": zone_file, "output": output, "outcome": outcome, "messages": done.lines() })
    };
    match &done.fate {
        Fate::Failed | Fate::Busy => failed("failed"),
        Fate::Bogus => failed("self-check failed"),
        Fate::Signed(signed) => {
            let mut value = report::summary_json(&Destination::File(entry.output.clone()), signed);
            value["zone_file"] = zone_file.into();
            let is_unchanged = signed.summary.reuse.is_some_and(|reuse| reuse.is_unchanged);
            value["outcome"] = if is_unchanged { "unchanged" } else { "signed" }.into();
            value
        }
    }
}
