//! A zone's state on disk, changed by one process at a time.
//!
//! The state file holds the state *and the log entry it was written with*; it is replaced first, in one step, and the
//! entry goes into the log second. A crash between the two leaves a state file whose entry the log lacks, and the next
//! process that takes the lock adds it: a change is never in one of the two only for longer than that.

use super::disk::{Disk, FileSystem};
use super::error::{StateError, StateErrorKind};
use super::lock::{Lock, LockOptions};
use super::log::{self, Anchor, LogEntry, LogLine, LoggedEntry};
use super::paths::StatePaths;
use crate::base::{Diagnostic, Diagnostics, Name};
use crate::rollover::ZoneState;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

/// The schema written. It goes up with every field that an older program would lose.
pub const SCHEMA: u64 = 1;

/// What the state file holds.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Document {
    schema: u64,
    zone: String,
    /// The log entry the state was written with.
    entry: LoggedEntry,
    state: Value,
}

/// A state file as it was read.
#[derive(Debug)]
struct Stored {
    entry: LoggedEntry,
    /// Digest of the state that stands there, whatever the entry says.
    digest: String,
    state: ZoneState,
}

impl Stored {
    fn anchor(&self) -> Anchor<'_> {
        Anchor { entry: &self.entry, digest: &self.digest }
    }
}

/// The state of a zone on disk.
#[derive(Debug)]
pub struct StateFile;

impl StateFile {
    /// Whether a state of the zone is kept in a key directory, or was: a log without a state is of one that was lost.
    #[must_use]
    pub fn exists(directory: &Path, zone: Name<'_>) -> bool {
        let paths = StatePaths::new(directory, zone);
        paths.state.exists() || paths.log.exists()
    }

    /// Takes the zone for this process, to change its state.
    ///
    /// # Errors
    /// [`StateErrorKind::Locked`] if another process has it for too long, [`StateErrorKind::Io`] if there can be no lock.
    pub fn lock(directory: &Path, zone: Name<'_>, options: &LockOptions<'_>) -> Result<Guard, StateError> {
        let paths = StatePaths::new(directory, zone);
        let lock = Lock::exclusive(&paths.lock, options)?;
        Ok(Guard { paths, disk: Box::new(FileSystem), _lock: lock })
    }

    /// Reads the state without changing anything, not even repairing it; `None` if there is none. Waits for a process that
    /// is about to change it. What is not right with the files is said in `findings`.
    ///
    /// # Errors
    /// As [`Guard::load`]; a file that is garbled is an error here, for it is left where it is.
    pub fn read(
        directory: &Path,
        zone: Name<'_>,
        timeout: Duration,
        findings: &mut Diagnostics,
    ) -> Result<Option<ZoneState>, StateError> {
        let paths = StatePaths::new(directory, zone);
        let _lock = Lock::shared(&paths.lock, timeout)?;
        let Some(stored) = read_document(&paths)? else { return Ok(None) };
        warn_of_edits(&paths, &stored, findings);
        Ok(Some(stored.state))
    }

    /// Reads the log, and checks it if asked to.
    ///
    /// # Errors
    /// If a file cannot be read, or another process has the zone for too long.
    pub fn read_log(
        directory: &Path,
        zone: Name<'_>,
        timeout: Duration,
        is_verified: bool,
    ) -> Result<(Vec<LogLine>, Vec<Diagnostic>), StateError> {
        let paths = StatePaths::new(directory, zone);
        let _lock = Lock::shared(&paths.lock, timeout)?;
        let lines = read_lines(&paths.log)?;
        if !is_verified {
            return Ok((lines, Vec::new()));
        }
        let findings = match read_document(&paths) {
            Ok(stored) => log::verify(&paths.log, &lines, stored.as_ref().map(Stored::anchor).as_ref()),
            Err(StateError { kind: StateErrorKind::Garbled(what), path }) => {
                let mut findings = log::verify(&paths.log, &lines, None);
                let message = format!("{}: not a state file: {what}", path.display());
                findings.push(Diagnostic::error("state-garbled", message));
                findings
            }
            Err(error) => return Err(error),
        };
        Ok((lines, findings))
    }
}

/// The right to change a zone's state, until it is dropped.
#[derive(Debug)]
pub struct Guard {
    paths: StatePaths,
    disk: Box<dyn Disk>,
    _lock: Lock,
}

impl Guard {
    /// Where the zone's files are.
    #[must_use]
    pub const fn paths(&self) -> &StatePaths {
        &self.paths
    }

    /// Reads the state; `None` if there is none. First puts right what a crash left: a log that lacks the last entry gets
    /// it, a file that is cut off or garbled is kept aside under another name. Both are said in `findings`.
    ///
    /// # Errors
    /// If a file cannot be read, is of a newer schema, has fields that would be lost, or belongs to another zone: then
    /// nothing is changed.
    pub fn load(&mut self, findings: &mut Diagnostics) -> Result<Option<ZoneState>, StateError> {
        let stored = match read_document(&self.paths) {
            Err(StateError { kind: StateErrorKind::Garbled(what), path }) => {
                self.set_aside(&path, &what, findings)?;
                None
            }
            stored => stored?,
        };
        match stored {
            Some(stored) => {
                self.settle(&stored, findings)?;
                warn_of_edits(&self.paths, &stored, findings);
                Ok(Some(stored.state))
            }
            None => {
                if let Some(seq) = read_lines(&self.paths.log)?.iter().rev().find_map(seq_of) {
                    let message = format!(
                        "{}: there is no state, though its log ends with entry {seq}",
                        self.paths.state.display()
                    );
                    findings.push(
                        Diagnostic::warning("state-missing", message)
                            .help("it is made anew from the keys and the signed zone"),
                    );
                }
                Ok(None)
            }
        }
    }

    /// Replaces the state and logs the change. When it returns, both are on disk.
    ///
    /// # Errors
    /// If the state file cannot be replaced: the old one stands, and nothing is logged. If the log cannot be written: the
    /// new state stands, and [`Self::load`] adds the entry to the log as soon as that can be written.
    pub fn save(&mut self, state: &ZoneState, entry: &LogEntry<'_>) -> Result<(), StateError> {
        let stored = match read_document(&self.paths) {
            // `load` keeps it aside; who never loads must not write over it either.
            Err(StateError { kind: StateErrorKind::Garbled(what), path }) => {
                self.set_aside(&path, &what, &mut Diagnostics::new(0))?;
                None
            }
            stored => stored?,
        };
        if let Some(stored) = &stored {
            self.settle(stored, &mut Diagnostics::new(0))?;
        }
        let value = serde_json::to_value(state).expect("a state is made of what JSON has");
        let lines = read_lines(&self.paths.log)?;
        let entry = next_entry(&lines, stored.as_ref(), digest(&value), entry);
        let line = entry.to_line();
        let document = Document { schema: SCHEMA, zone: self.paths.zone.clone(), entry, state: value };
        let mut text = serde_json::to_vec_pretty(&document).expect("a state is made of what JSON has");
        text.push(b'\n');
        let paths = &self.paths;
        self.disk.replace(&paths.state, &text).map_err(|error| StateError::io(&paths.state, "be written", error))?;
        self.append(None, &line)
    }

    /// Brings the log up to the state file: after a crash between the two it lacks the last entry, or has part of it.
    fn settle(&mut self, stored: &Stored, findings: &mut Diagnostics) -> Result<(), StateError> {
        let lines = read_lines(&self.paths.log)?;
        let newest = lines.iter().rev().find_map(seq_of).unwrap_or(0);
        if newest >= stored.entry.seq {
            return Ok(());
        }
        let message = format!(
            "{}: entry {} was missing{}; it was added from the state file",
            self.paths.log.display(),
            stored.entry.seq,
            if newest + 1 == stored.entry.seq { ", as after a crash" } else { ", and others before it" },
        );
        findings.push(Diagnostic::warning("log-repaired", message).help("see zoneseal log --verify"));
        let line = stored.entry.to_line();
        // Part of the same line, left by a crash, is written over.
        let torn = lines.last().filter(|last| !last.is_whole && line.starts_with(&last.text));
        self.append(torn.map(|torn| torn.offset), &line)
    }

    /// Adds a line to the log, in the place of what stands from `offset` on, or behind all of it. An end without a line's
    /// end stays, as a line that `log --verify` names.
    fn append(&mut self, offset: Option<u64>, line: &str) -> Result<(), StateError> {
        let path = &self.paths.log;
        let failed =
            |error| StateError::io(path, "be written; the change itself is saved, and logged by the next run", error);
        let (keep, text) = match offset {
            Some(offset) => (offset, line.to_owned()),
            None => {
                let old = read_lines(path)?;
                let is_whole = old.last().is_none_or(|last| last.is_whole);
                let len = fs::metadata(path).map_or(0, |metadata| metadata.len());
                (len, if is_whole { line.to_owned() } else { format!("\n{line}") })
            }
        };
        self.disk.append(path, keep, text.as_bytes()).map_err(failed)
    }

    /// Moves a file that cannot be used to a free name.
    fn set_aside(&self, path: &Path, what: &str, findings: &mut Diagnostics) -> Result<(), StateError> {
        let aside = StatePaths::aside(path);
        fs::rename(path, &aside)
            .and_then(|()| crate::output::atomic::sync_directory(&self.paths.directory))
            .map_err(|error| StateError::io(path, "be kept aside", error))?;
        let message = format!("{}: not a state file: {what}; it is kept as {}", path.display(), aside.display());
        findings.push(
            Diagnostic::warning("state-garbled", message)
                .help("the state is made anew from the keys and the signed zone"),
        );
        Ok(())
    }
}

fn seq_of(line: &LogLine) -> Option<u64> {
    line.entry.as_ref().ok().filter(|_| line.is_whole).map(|entry| entry.seq)
}

/// The entry that follows.
fn next_entry(lines: &[LogLine], stored: Option<&Stored>, state: String, entry: &LogEntry<'_>) -> LoggedEntry {
    let newest = lines.iter().rev().find_map(seq_of).max(stored.map(|stored| stored.entry.seq)).unwrap_or(0);
    // What the log says last was the state; anything else found there came from outside.
    let logged = lines.iter().rev().find_map(|line| line.entry.as_ref().ok()).map(|entry| &entry.state);
    let found = stored.map(|stored| &stored.digest).filter(|digest| logged.is_some_and(|logged| logged != *digest));
    LoggedEntry {
        seq: newest + 1,
        at: entry.at,
        who: entry.who.clone(),
        what: entry.what.to_owned(),
        why: entry.why.to_owned(),
        found: found.cloned(),
        state,
        previous: lines.last().map(|line| line.hash.clone()),
    }
}

/// Warns of a state that is not the one its entry tells, and of one older than the log's last entry.
fn warn_of_edits(paths: &StatePaths, stored: &Stored, findings: &mut Diagnostics) {
    let file = paths.state.display();
    if stored.digest != stored.entry.state {
        let message = format!("{file}: changed by hand after entry {} of the log", stored.entry.seq);
        findings.push(
            Diagnostic::warning("state-edited", message)
                .help("it is checked against the keys and the signed zone before it is used"),
        );
    }
    let Ok(lines) = read_lines(&paths.log) else { return };
    if let Some(seq) = lines.iter().rev().find_map(seq_of).filter(|&seq| seq > stored.entry.seq) {
        let message = format!(
            "{file}: an older state: it is that of entry {}, and the log goes on to entry {seq}",
            stored.entry.seq
        );
        findings.push(Diagnostic::warning("state-older-than-log", message).help(
            "was it put back from a backup? it is checked against the keys and the signed zone before it is used",
        ));
    }
}

fn read_lines(path: &Path) -> Result<Vec<LogLine>, StateError> {
    match fs::read(path) {
        Ok(text) => Ok(log::parse(&text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(StateError::io(path, "be read", error)),
    }
}

/// Reads and checks the state file.
fn read_document(paths: &StatePaths) -> Result<Option<Stored>, StateError> {
    let path = &paths.state;
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StateError::io(path, "be read", error)),
    };
    parse_document(&text, &paths.zone).map(Some).map_err(|kind| StateError::new(path, kind))
}

fn parse_document(text: &[u8], zone: &str) -> Result<Stored, StateErrorKind> {
    let garbled = |error: serde_json::Error| StateErrorKind::Garbled(error.to_string());
    let value: Value = serde_json::from_slice(text).map_err(garbled)?;
    // Before all else: a newer schema may look different in every other way.
    let schema = value.get("schema").and_then(Value::as_u64);
    match schema {
        Some(SCHEMA) => {}
        Some(newer) if newer > SCHEMA => return Err(StateErrorKind::NewerSchema(newer, SCHEMA)),
        _ => return Err(StateErrorKind::Garbled("it has no schema number".into())),
    }
    if let Some(field) = unknown_of_document(&value) {
        return Err(StateErrorKind::UnknownField(field));
    }
    let document: Document = serde_json::from_value(value).map_err(garbled)?;
    if document.zone != zone {
        return Err(StateErrorKind::OtherZone(document.zone));
    }
    let state: ZoneState = serde_json::from_value(document.state.clone()).map_err(garbled)?;
    // A field that is read and not written again would be lost with the next change.
    let kept = serde_json::to_value(&state).map_err(garbled)?;
    if let Some(field) = lost_field(&document.state, &kept) {
        return Err(StateErrorKind::UnknownField(format!("state{field}")));
    }
    Ok(Stored { digest: digest(&document.state), entry: document.entry, state })
}

/// A field beside those of a document.
fn unknown_of_document(value: &Value) -> Option<String> {
    let known = ["schema", "zone", "entry", "state"];
    value.as_object()?.keys().find(|name| !known.contains(&name.as_str())).cloned()
}

/// The path of the first part of `found` that `kept` lacks. What is null may be left out.
fn lost_field(found: &Value, kept: &Value) -> Option<String> {
    match (found, kept) {
        (Value::Object(found), Value::Object(kept)) => found.iter().find_map(|(name, value)| match kept.get(name) {
            Some(kept) => lost_field(value, kept).map(|rest| format!(".{name}{rest}")),
            None if value.is_null() => None,
            None => Some(format!(".{name}")),
        }),
        (Value::Array(found), Value::Array(kept)) if found.len() == kept.len() => {
            let pairs = found.iter().zip(kept).enumerate();
            pairs
                .into_iter()
                .find_map(|(at, (found, kept))| lost_field(found, kept).map(|rest| format!("[{at}]{rest}")))
        }
        (found, kept) => (found != kept).then(String::new),
    }
}

/// SHA-256 over the state as compact JSON with its fields sorted: `jq -jcS .state FILE | sha256sum`.
fn digest(state: &Value) -> String {
    let mut sorted = state.clone();
    sorted.sort_all_objects();
    log::hash(sorted.to_string().as_bytes())
}

#[cfg(test)]
mod tests;
