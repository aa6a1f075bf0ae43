//! Many zones in one run: which they are, and signing them on one pool of threads.
//!
//! Zones are signed side by side and large ones in parallel within, by work stealing: no thread waits while any zone
//! has work. One zone's failure is its own. Messages and results come in the order of the list, however the work went.

use super::super::{Env, Failure, Outcome};
use super::args::SignArgs;
use super::floor::Floor;
use super::job::{Destination, Job, Signed};
use super::record::RecordPlace;
use super::report;
use super::samples::Samples;
use super::watch::{Watch, peak_memory};
use crate::base::{Diagnostic, Diagnostics, NameBuf, UnixTime};
use crate::cli::input::{FINDINGS_MAX, ZoneText, write_findings};
use crate::keys::{KeyDirectory, KeySource};
use crate::output::atomic::{directory_of, sync_directory};
use crate::output::{Committer, Outcome as Written};
use crate::sign::{SignError, SignOptions};
use crate::state::Who;
use rayon::iter::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Ends the names of zone files in a directory.
const ZONE_ENDING: &str = "zone";

/// A zone of the run.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    zone_file: PathBuf,
    origin: Option<NameBuf>,
    key_directory: PathBuf,
    output: PathBuf,
}

/// What became of a zone.
enum Fate {
    Signed(Box<Signed>),
    /// The self-check failed.
    Bogus,
    Failed,
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
            let error = format!("error: writing the signed zone {}: {error}\n", entry.output.display());
            self.talk.extend_from_slice(error.as_bytes());
            self.fate = Fate::Failed;
        }
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
    let entries = entries(args, env)?;
    refuse_clashes(&entries)?;
    let directories = list_key_directories(&entries);
    warnings.iter().for_each(|warning| env.say(warning));
    let committer = Committer::start().map_err(Failure::new)?;
    let run = Run { args, options, committer, who: args.run.who.who(), now: env.now, samples: Samples::default() };
    let sign = |entry: &Entry| run.sign(entry, &directories[&entry.key_directory]);
    // A zone is a job: the next one waiting goes to whoever is free.
    let mut done: Vec<Done> = entries.par_iter().with_max_len(1).map(sign).collect();
    let Run { committer, samples, .. } = run;
    committer.finish();
    entries.iter().zip(&mut done).for_each(|(entry, done)| done.settle(entry));
    sync_directories(&entries, &done)?;
    for (entry, done) in entries.iter().zip(&done) {
        for line in String::from_utf8_lossy(&done.talk).lines() {
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
fn sync_directories(entries: &[Entry], done: &[Done]) -> Result<(), Failure> {
    let fail = |path: &Path, error: io::Error| Failure::new(format_args!("{}: {error}", path.display()));
    let mut directories = BTreeSet::new();
    for (entry, _) in entries.iter().zip(done).filter(|(_, done)| matches!(done.fate, Fate::Signed(_))) {
        directories.insert(directory_of(&entry.output).map_err(|error| fail(&entry.output, error))?);
    }
    directories.iter().try_for_each(|path| sync_directory(path).map_err(|error| fail(path, error)))
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
    /// Signs one of the zones.
    fn sign(&self, entry: &Entry, keys: &Result<KeyDirectory, String>) -> Done {
        let mut findings = Diagnostics::new(FINDINGS_MAX);
        let result = keys.as_ref().map_err(Failure::new).and_then(|keys| {
            let job = self.job(entry, keys);
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
            Err(Failure::Message(message)) => {
                say(format!("error: {message}\n"));
                Fate::Failed
            }
            Err(Failure::BrokenPipe) => Fate::Failed,
        };
        Done { fate, talk }
    }

    fn job<'a>(&'a self, entry: &'a Entry, keys: &'a KeyDirectory) -> Job<'a> {
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
            state: args.state_source(who, Some(&entry.key_directory), true),
        }
    }
}

/// The zones of the list or the directory.
fn entries(args: &SignArgs, env: &mut Env<'_>) -> Result<Vec<Entry>, Failure> {
    let refuse = |what: &str, why: &str| Err(Failure::new(format_args!("{what} does not go with many zones: {why}")));
    if !args.keys.is_empty() {
        return refuse("KEY", "name the directory of their keys with -K, or in the list");
    }
    if args.origin.is_some() {
        return refuse("--origin", "it stands in the list given to --zones");
    }
    if args.previous.as_ref().is_some_and(Option::is_some) {
        return refuse("--previous SIGNED", "without a value it means each zone's own output");
    }
    match (&args.zones, &args.zone_file) {
        (Some(_), _) if args.output.is_some() => refuse("--output", "outputs stand in the list"),
        (Some(list), _) => read_list(list, args, env),
        (None, Some(directory)) => list_directory(directory, args),
        (None, None) => Ok(Vec::new()),
    }
}

/// The directory of keys for zones that have none of their own.
fn default_keys(args: &SignArgs) -> PathBuf {
    args.keys_section.key_directory.clone().unwrap_or_else(|| PathBuf::from("."))
}

/// Reads a list: a line a zone, with zone file, origin or `-`, key directory or `-` for that of `-K`, and output.
/// Relative paths start at the list's directory.
fn read_list(path: &Path, args: &SignArgs, env: &mut Env<'_>) -> Result<Vec<Entry>, Failure> {
    let mut text = String::new();
    let read = match path.as_os_str() == "-" {
        true => env.stdin.read_to_string(&mut text),
        false => fs::File::open(path).and_then(|mut file| file.read_to_string(&mut text)),
    };
    read.map_err(|error| Failure::new(format_args!("{}: {error}", path.display())))?;
    let base = path.parent().unwrap_or_else(|| Path::new(""));
    let (mut entries, mut wrong) = (Vec::new(), Vec::new());
    for (index, line) in text.lines().enumerate() {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        if fields.first().is_none_or(|field| field.starts_with('#')) {
            continue;
        }
        match read_line(&fields, base, args) {
            Ok(entry) => entries.push(entry),
            Err(what) => wrong.push(format!("{}:{}: {what}", path.display(), index + 1)),
        }
    }
    all_or(wrong, entries)
}

/// One line of the list.
fn read_line(fields: &[&str], base: &Path, args: &SignArgs) -> Result<Entry, String> {
    let &[zone_file, origin, keys, output] = fields else {
        let count = fields.len();
        return Err(format!("a line has 4 fields, zone file, origin or -, key directory or -, output; not {count}"));
    };
    let origin = match origin {
        "-" => None,
        name => Some(name.parse().map_err(|error| format!("origin \"{name}\": {error}"))?),
    };
    let key_directory = if keys == "-" { default_keys(args) } else { base.join(keys) };
    Ok(Entry { zone_file: base.join(zone_file), origin, key_directory, output: base.join(output) })
}

/// A value, or all that is wrong: nothing is signed by half a list.
fn all_or<T>(wrong: Vec<String>, value: T) -> Result<T, Failure> {
    if wrong.is_empty() { Ok(value) } else { Err(Failure::new(wrong.join("\nerror: "))) }
}

/// The zone files of a directory, by name. Their outputs go beside them or into the directory of `-f`.
fn list_directory(directory: &Path, args: &SignArgs) -> Result<Vec<Entry>, Failure> {
    let fail = |path: &Path, error: io::Error| Failure::new(format_args!("{}: {error}", path.display()));
    let target = args.output.as_deref().unwrap_or(directory);
    if !target.is_dir() {
        return Err(Failure::new(format_args!("{}: --output must be a directory, as ZONEFILE is", target.display())));
    }
    let mut entries = Vec::new();
    for entry in fs::read_dir(directory).map_err(|error| fail(directory, error))? {
        let zone_file = entry.map_err(|error| fail(directory, error))?.path();
        let Some(name) = zone_file.file_name().filter(|_| zone_file.extension().is_some_and(|end| end == ZONE_ENDING))
        else {
            continue;
        };
        let mut name = name.to_owned();
        name.push(".signed");
        let output = target.join(name);
        entries.push(Entry { zone_file, origin: None, key_directory: default_keys(args), output });
    }
    if entries.is_empty() {
        return Err(Failure::new(format_args!("{}: there is no file *.{ZONE_ENDING}", directory.display())));
    }
    entries.sort_by(|left, right| left.zone_file.cmp(&right.zone_file));
    Ok(entries)
}

/// Refuses a list in which one zone would overwrite another's output, or another's zone file.
fn refuse_clashes(entries: &[Entry]) -> Result<(), Failure> {
    let mut wrong = Vec::new();
    let identities: Vec<(PathBuf, PathBuf)> =
        entries.par_iter().map(|entry| (identity(&entry.zone_file), identity(&entry.output))).collect();
    let mut outputs: HashMap<&Path, &Entry> = HashMap::with_capacity(entries.len());
    for (entry, (_, output)) in entries.iter().zip(&identities) {
        if let Some(other) = outputs.insert(output, entry) {
            let (output, one, two) = (entry.output.display(), other.zone_file.display(), entry.zone_file.display());
            wrong.push(format!("{output}: the output of both {one} and {two}"));
        }
    }
    for (entry, (zone_file, output)) in entries.iter().zip(&identities) {
        // In place, each zone has its own say.
        if let Some(writer) = outputs.get(zone_file.as_path()).filter(|_| zone_file != output) {
            let (zone_file, other) = (entry.zone_file.display(), writer.zone_file.display());
            wrong.push(format!("{zone_file}: a zone file, and the output of {other}"));
        }
    }
    all_or(wrong, ())
}

/// One form for all paths to a file, which need not exist.
fn identity(path: &Path) -> PathBuf {
    let parent = || {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
        Some(fs::canonicalize(parent).ok()?.join(path.file_name()?))
    };
    fs::canonicalize(path).ok().or_else(parent).unwrap_or_else(|| path.to_owned())
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
                Fate::Failed => counts.failed += 1,
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
        let zones: Vec<Value> = entries.iter().zip(done).map(|(entry, done)| zone_json(entry, &done.fate)).collect();
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

fn zone_json(entry: &Entry, fate: &Fate) -> Value {
    let zone_file = entry.zone_file.display().to_string();
    let failed = |outcome: &str| json!({ "zone_file": zone_file, "outcome": outcome });
    match fate {
        Fate::Failed => failed("failed"),
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
