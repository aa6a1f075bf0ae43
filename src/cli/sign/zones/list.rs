//! Which zones a run is to sign: those of a list, or of a directory.

use super::super::args::SignArgs;
use crate::base::NameBuf;
use crate::cli::{Env, Failure};
use crate::output::atomic::target_of;
use rayon::iter::{IntoParallelRefIterator, IntoParallelRefMutIterator, ParallelIterator};
use std::collections::HashMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Ends the names of zone files in a directory.
const ZONE_ENDING: &str = "zone";

/// A zone of the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) zone_file: PathBuf,
    pub(super) origin: Option<NameBuf>,
    pub(super) key_directory: PathBuf,
    pub(super) output: PathBuf,
    /// The file that the output becomes, symbolic links followed.
    pub(super) target: PathBuf,
}

impl Entry {
    /// A zone whose output has no links to follow.
    fn new(zone_file: PathBuf, origin: Option<NameBuf>, key_directory: PathBuf, output: PathBuf) -> Self {
        Self { zone_file, origin, key_directory, target: output.clone(), output }
    }
}

/// The zones of the list or the directory.
///
/// # Errors
/// If the list cannot be read or cannot be meant: all that is wrong with it.
pub(super) fn entries(args: &SignArgs, env: &mut Env<'_>) -> Result<Vec<Entry>, Failure> {
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
    let mut entries = match (&args.zones, &args.zone_file) {
        (Some(_), _) if args.output.is_some() => return refuse("--output", "outputs stand in the list"),
        (Some(list), _) => read_list(list, args, env)?,
        (None, Some(directory)) => list_directory(directory, args)?,
        (None, None) => Vec::new(),
    };
    // A few system calls each, of tens of thousands perhaps.
    entries.par_iter_mut().for_each(|entry| entry.target = target_of(&entry.output));
    refuse_clashes(&entries, args)?;
    Ok(entries)
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
    // Editors may leave a byte order mark.
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
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
    if output == "-" {
        return Err("an output has the name of a file: standard output has room for one zone".into());
    }
    let key_directory = if keys == "-" { default_keys(args) } else { base.join(keys) };
    Ok(Entry::new(base.join(zone_file), origin, key_directory, base.join(output)))
}

/// A value, or all that is wrong: nothing is signed by half a list.
fn all_or<T>(wrong: Vec<String>, value: T) -> Result<T, Failure> {
    if wrong.is_empty() { Ok(value) } else { Err(Failure::new(wrong.join("\nerror: "))) }
}

/// The zone files of a directory, by name; as in a shell not those whose names start with a dot, which editors leave.
/// Their outputs go beside them or into the directory of `-f`.
fn list_directory(directory: &Path, args: &SignArgs) -> Result<Vec<Entry>, Failure> {
    let fail = |path: &Path, error: io::Error| Failure::new(format_args!("{}: {error}", path.display()));
    let target = args.output.as_deref().unwrap_or(directory);
    if !target.is_dir() {
        return Err(Failure::new(format_args!("{}: --output must be a directory, as ZONEFILE is", target.display())));
    }
    let mut entries = Vec::new();
    for entry in fs::read_dir(directory).map_err(|error| fail(directory, error))? {
        let zone_file = entry.map_err(|error| fail(directory, error))?.path();
        let Some(name) = zone_file.file_name().filter(|name| !name.as_encoded_bytes().starts_with(b".")) else {
            continue;
        };
        if zone_file.extension().is_none_or(|end| end != ZONE_ENDING) || zone_file.is_dir() {
            continue;
        }
        let mut name = name.to_owned();
        name.push(".signed");
        let output = target.join(name);
        entries.push(Entry::new(zone_file, None, default_keys(args), output));
    }
    if entries.is_empty() {
        return Err(Failure::new(format_args!("{}: there is no file *.{ZONE_ENDING}", directory.display())));
    }
    entries.sort_by(|left, right| left.zone_file.cmp(&right.zone_file));
    Ok(entries)
}

/// What a run writes for a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Written {
    Output,
    Record,
}

impl Written {
    /// What it is of a zone.
    fn of(self, entry: &Entry) -> String {
        let zone_file = entry.zone_file.display();
        match self {
            Self::Output => format!("the output of {zone_file}"),
            Self::Record => format!("the record of the output of {zone_file}"),
        }
    }
}

/// Refuses a list by which something of one zone would be written over what is another's, or over the list.
fn refuse_clashes(entries: &[Entry], args: &SignArgs) -> Result<(), Failure> {
    let place = args.previous.as_ref().map(|_| args.record_place());
    let record_of = |entry: &Entry| Some(target_of(&place.as_ref()?.path_for(&entry.output)?));
    let sources_and_records: Vec<(PathBuf, Option<PathBuf>)> =
        entries.par_iter().map(|entry| (target_of(&entry.zone_file), record_of(entry))).collect();
    let mut wrong = Vec::new();
    let mut written: HashMap<&Path, (Written, &Entry)> = HashMap::with_capacity(entries.len());
    for (entry, (_, record)) in entries.iter().zip(&sources_and_records) {
        for (what, path) in [(Written::Output, Some(&entry.target)), (Written::Record, record.as_ref())] {
            let Some(path) = path else { continue };
            if let Some((other_what, other)) = written.insert(path, (what, entry)) {
                wrong.push(clash(what, entry, other_what, other));
            }
        }
    }
    for (entry, (zone_file, _)) in entries.iter().zip(&sources_and_records) {
        // In place, each zone has its own say.
        let is_in_place = |what: Written, writer: &Entry| what == Written::Output && std::ptr::eq(writer, entry);
        if let Some(&(what, writer)) = written.get(&**zone_file)
            && !is_in_place(what, writer)
        {
            wrong.push(format!("{}: a zone file, and {}", entry.zone_file.display(), what.of(writer)));
        }
    }
    if let Some(list) = &args.zones
        && let Some((what, writer)) = written.get(&*target_of(list))
    {
        wrong.push(format!("{}: the list, and {}", list.display(), what.of(writer)));
    }
    all_or(wrong, ())
}

/// What is written to one file for two zones.
fn clash(what: Written, entry: &Entry, other_what: Written, other: &Entry) -> String {
    let (one, two) = (other.zone_file.display(), entry.zone_file.display());
    match (what, other_what) {
        (Written::Output, Written::Output) => format!("{}: the output of both {one} and {two}", entry.output.display()),
        (Written::Output, _) => format!("{}: {}, and {}", entry.output.display(), what.of(entry), other_what.of(other)),
        (_, Written::Output) => format!("{}: {}, and {}", other.output.display(), what.of(entry), other_what.of(other)),
        (Written::Record, Written::Record) => format!("the records of the outputs of {one} and {two} are one file"),
    }
}
