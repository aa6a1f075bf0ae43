//! The ledger of a zone: what the last run found and did, kept from run to run in the state directory.
//!
//! ```text
//! run ─ intended: serial, digest ─▶ ledger ─▶ rename of the output ─▶ hook ─▶ ledger: result, fingerprint, next due
//! next run: fingerprint the same, nothing due ─▶ nothing to do, and only files were hashed
//! ```
//!
//! It is never trusted over content: a fingerprint speaks of files by their SHA-256 and of nothing else. What it alone
//! knows is which serials were promised to the world, so that none is used for two contents.

use crate::base::time::serial_cmp;
use crate::base::{Name, NameBuf, UnixTime};
use crate::keys::name::file_form;
use crate::output::atomic::{AtomicFile, Output};
use crate::rollover::Gate;
use crate::sign::record::FileDigest;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::cmp::Ordering;
use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What ledgers of this form call themselves.
pub const SCHEMA: &str = "zoneseal.run/1";
/// What ledgers of any form call themselves in front of their number.
const SCHEMA_FAMILY: &str = "zoneseal.run/";
/// Ends the names of ledgers, behind the final dot of the zone's name.
const ENDING: &str = "run.json";

/// How a run ended for a zone, the worse later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunResult {
    /// Nothing was due.
    #[default]
    NothingDue,
    /// A new signed zone was published.
    Changed,
    /// Somebody has to look; what could be done was done.
    Attention,
    /// A guard refused to publish; the old signed zone stands.
    Refused,
    /// It could not be done; the old signed zone stands.
    Failed,
}

impl RunResult {
    /// All of them, the worst last.
    pub const ALL: [Self; 5] = [Self::NothingDue, Self::Changed, Self::Attention, Self::Refused, Self::Failed];

    /// As ledgers, JSON and metrics name it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NothingDue => "nothing-due",
            Self::Changed => "changed",
            Self::Attention => "attention",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

impl fmt::Display for RunResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A version that is about to be put in place, noted before it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intended {
    /// Its serial.
    pub serial: u32,
    /// SHA-256 of its text, in hex.
    pub sha256: String,
}

/// Something that comes by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextEvent {
    /// When.
    pub at: UnixTime,
    /// What, in words.
    pub what: String,
}

/// A move of the rollover engine that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingNote {
    /// The move, in words.
    pub what: String,
    /// What stands in the way.
    pub gate: Gate,
    /// The rule: an id of `docs/rules.md`, or an RFC and section.
    pub rule: String,
    /// Why, in words.
    pub reason: String,
    /// Until when, if a time is known.
    pub until: Option<UnixTime>,
    /// What the operator can do.
    pub help: String,
}

/// What the parent is to be asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ParentWish {
    /// DS records to add, as lines of a zone file.
    pub add: Vec<String>,
    /// DS records to take out.
    pub remove: Vec<String>,
    /// Since when it is waited for.
    pub since: Option<UnixTime>,
}

/// A hook that is still to succeed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HookPending {
    /// When the change was that it is to tell of.
    pub since: UnixTime,
    /// How often it was tried.
    pub attempts: u32,
    /// How the last attempt ended; `None` before the first.
    pub error: Option<String>,
}

/// A guard that was overridden.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverrideNote {
    /// When.
    pub at: UnixTime,
    /// Which guard, by name.
    pub guard: String,
    /// What it had refused.
    pub refused: String,
    /// Why it was overridden, in the operator's words.
    pub reason: String,
}

/// Everything a run depends on, by SHA-256 in hex; what is not there has the empty text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Fingerprint {
    /// The zone file, then what it includes.
    pub inputs: Vec<FileDigest>,
    /// The signed zone.
    pub output: Option<FileDigest>,
    /// The key files.
    pub keys: String,
    /// The state of the keys.
    pub state: String,
    /// What was seen of the world.
    pub observation: String,
    /// The policy.
    pub policy: String,
    /// The zone's part of the configuration, and the program's version.
    pub config: String,
}

/// Figures of a zone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Names with records of the zone's own.
    pub names: u64,
    /// Signatures in the published zone.
    pub signatures: u64,
    /// Of them made in the last change.
    pub made: u64,
}

/// What the last run found and did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// The zone.
    pub zone: NameBuf,
    /// The unsigned zone.
    pub file: PathBuf,
    /// The signed zone.
    pub output: PathBuf,
    /// The policy's name.
    pub policy: String,
    /// When the last run that wrote this ended, by the time it went by. A run with nothing due writes nothing.
    pub finished_at: UnixTime,
    /// How it ended.
    pub result: RunResult,
    /// What there is to say: changes, refusals, failures, what needs attention.
    #[serde(default)]
    pub messages: Vec<String>,
    /// What needs attention as long as nothing changes.
    #[serde(default)]
    pub attention: Vec<String>,
    /// When the signed zone changed last.
    #[serde(default)]
    pub last_changed_at: Option<UnixTime>,
    /// The serial that is published.
    #[serde(default)]
    pub serial: Option<u32>,
    /// The highest serial that was ever promised: never used again for anything else.
    #[serde(default)]
    pub serial_highest: Option<u32>,
    /// A version that may have been put in place; cleared when the run that wrote it is through.
    #[serde(default)]
    pub intended: Option<Intended>,
    /// Whether the published text was verified as a whole when it was published.
    #[serde(default)]
    pub is_output_verified: bool,
    /// When the first signature ends.
    #[serde(default)]
    pub earliest_expiration: Option<UnixTime>,
    /// Before then nothing is due, if nothing changes.
    #[serde(default)]
    pub next_due: Option<NextEvent>,
    /// What the rollover engine does next.
    #[serde(default)]
    pub next_event: Option<NextEvent>,
    /// What the rollover engine waits for.
    #[serde(default)]
    pub waiting: Vec<WaitingNote>,
    /// What is asked of the parent, if anything is.
    #[serde(default)]
    pub parent: Option<ParentWish>,
    /// A hook that did not succeed yet.
    #[serde(default)]
    pub hook_pending: Option<HookPending>,
    /// Guards overridden in the last change.
    #[serde(default)]
    pub overridden: Vec<OverrideNote>,
    /// What all this speaks of.
    #[serde(default)]
    pub fingerprint: Fingerprint,
    /// Figures.
    #[serde(default)]
    pub counts: Counts,
    /// How long the zone took in the last run that wrote this.
    #[serde(default)]
    pub duration_ms: u64,
    /// Runs since one that neither failed nor was refused.
    #[serde(default)]
    pub consecutive_failures: u32,
}

/// A ledger as it stands in its file.
#[derive(Serialize)]
struct Envelope<'a> {
    schema: &'static str,
    #[serde(flatten)]
    ledger: &'a Ledger,
}

/// Why a ledger cannot be read.
#[derive(Debug)]
pub struct LedgerError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong.
    pub kind: LedgerErrorKind,
}

/// What is wrong with a ledger's file.
#[derive(Debug)]
#[non_exhaustive]
pub enum LedgerErrorKind {
    /// It cannot be read or written.
    Io(io::Error),
    /// Another version of the program wrote it, in a form that this one would spoil.
    OtherForm(String),
    /// It is cut off or no ledger.
    Garbled(String),
}

impl LedgerError {
    fn new(path: &Path, kind: LedgerErrorKind) -> Self {
        Self { path: path.to_owned(), kind }
    }

    /// Whether the file may be written over: nothing in it is of use to anybody.
    #[must_use]
    pub const fn is_garbled(&self) -> bool {
        matches!(self.kind, LedgerErrorKind::Garbled(_))
    }
}

impl fmt::Display for LedgerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.path.display())?;
        match &self.kind {
            LedgerErrorKind::Io(error) => write!(f, "{error}"),
            LedgerErrorKind::OtherForm(form) => write!(
                f,
                "the ledger has the form {form}, this program knows {SCHEMA}\n   = help: use the version of zoneseal that \
                 wrote it, or a later one; nothing was changed"
            ),
            LedgerErrorKind::Garbled(what) => write!(f, "not a ledger: {what}"),
        }
    }
}

impl std::error::Error for LedgerError {}

impl Ledger {
    /// A ledger to begin with: nothing has happened.
    #[must_use]
    pub fn new(zone: NameBuf, file: PathBuf, output: PathBuf, policy: String, at: UnixTime) -> Self {
        Self {
            zone,
            file,
            output,
            policy,
            finished_at: at,
            result: RunResult::NothingDue,
            messages: Vec::new(),
            attention: Vec::new(),
            last_changed_at: None,
            serial: None,
            serial_highest: None,
            intended: None,
            is_output_verified: false,
            earliest_expiration: None,
            next_due: None,
            next_event: None,
            waiting: Vec::new(),
            parent: None,
            hook_pending: None,
            overridden: Vec::new(),
            fingerprint: Fingerprint::default(),
            counts: Counts::default(),
            duration_ms: 0,
            consecutive_failures: 0,
        }
    }

    /// Where the ledger of a zone stands: `STATE_DIR/example.com.run.json`.
    #[must_use]
    pub fn path(directory: &Path, zone: Name<'_>) -> PathBuf {
        directory.join(format!("{}{ENDING}", file_form(zone)))
    }

    /// Takes note of a serial that is about to be promised.
    pub fn promise(&mut self, serial: u32) {
        let is_higher = |highest: u32| serial_cmp(highest, serial) != Some(Ordering::Greater);
        if self.serial_highest.is_none_or(is_higher) {
            self.serial_highest = Some(serial);
        }
    }

    /// Reads a ledger; `None` if there is none.
    ///
    /// # Errors
    /// See [`LedgerErrorKind`].
    pub fn read(path: &Path) -> Result<Option<Self>, LedgerError> {
        match fs::read(path) {
            Ok(text) => Self::parse(&text).map(Some).map_err(|kind| LedgerError::new(path, kind)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(LedgerError::new(path, LedgerErrorKind::Io(error))),
        }
    }

    /// Reads all ledgers of a directory, by the names of their files; none if there is no such directory.
    ///
    /// # Errors
    /// If the directory cannot be listed. What is wrong with a single ledger stands in its place.
    pub fn read_all(directory: &Path) -> Result<Vec<Result<Self, LedgerError>>, LedgerError> {
        let fail = |error| LedgerError::new(directory, LedgerErrorKind::Io(error));
        let entries = match fs::read_dir(directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(fail)?,
        };
        let mut paths = Vec::new();
        for entry in entries {
            let path = entry.map_err(fail)?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if name.strip_suffix(ENDING).is_some_and(|zone| zone.ends_with('.')) {
                paths.push(path);
            }
        }
        paths.sort();
        // One that went away meanwhile is none.
        Ok(paths.par_iter().filter_map(|path| Self::read(path).transpose()).collect())
    }

    /// Reads what [`Self::to_text`] wrote.
    fn parse(text: &[u8]) -> Result<Self, LedgerErrorKind> {
        let garbled = |error: serde_json::Error| LedgerErrorKind::Garbled(error.to_string());
        let mut value: Value = serde_json::from_slice(text).map_err(garbled)?;
        let fields = value.as_object_mut().ok_or_else(|| LedgerErrorKind::Garbled("not an object".into()))?;
        match fields.remove("schema").as_ref().and_then(Value::as_str) {
            Some(SCHEMA) => {}
            Some(other) if other.starts_with(SCHEMA_FAMILY) => return Err(LedgerErrorKind::OtherForm(other.into())),
            _ => return Err(LedgerErrorKind::Garbled(format!("its schema is not {SCHEMA}"))),
        }
        serde_json::from_value(value).map_err(garbled)
    }

    /// As it is written.
    fn to_text(&self) -> String {
        let envelope = Envelope { schema: SCHEMA, ledger: self };
        serde_json::to_string_pretty(&envelope).expect("a ledger has string keys and finite numbers") + "\n"
    }

    /// Puts the ledger in its place, for its owner only. It is on disk when this returns.
    ///
    /// # Errors
    /// If it cannot be written: the old one stands.
    pub fn write(&self, directory: &Path) -> Result<(), LedgerError> {
        let path = Self::path(directory, self.zone.as_name());
        let write = || -> io::Result<()> {
            let mut file = Box::new(AtomicFile::create(&path).map_err(io::Error::other)?.private()?);
            file.write_all(self.to_text().as_bytes())?;
            file.commit()
        };
        write().map_err(|error| LedgerError::new(&path, LedgerErrorKind::Io(error)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sign::TextDigest;

    const NOW: UnixTime = UnixTime(1_800_000_000);

    fn ledger(zone: &str) -> Ledger {
        let mut ledger = Ledger::new(zone.parse().unwrap(), "a.zone".into(), "a.signed".into(), "p".into(), NOW);
        ledger.intended = Some(Intended { serial: 7, sha256: "ab".into() });
        ledger.waiting.push(WaitingNote {
            what: "KSK 1: be used".into(),
            gate: Gate::Parent,
            rule: "I-4".into(),
            reason: "no DS".into(),
            until: None,
            help: "ask".into(),
        });
        ledger.fingerprint.inputs.push(FileDigest::with_digest(Path::new("/z"), &TextDigest::of(b"text")));
        ledger
    }

    #[test]
    fn a_ledger_comes_back() {
        let directory = tempfile::tempdir().unwrap();
        let ledger = ledger("0/25.Example.");
        ledger.write(directory.path()).unwrap();
        let path = directory.path().join("0%2F25.example.run.json");
        assert_eq!(Ledger::path(directory.path(), ledger.zone.as_name()), path);
        assert_eq!(Ledger::read(&path).unwrap().unwrap(), ledger);
        assert_eq!(Ledger::read(&directory.path().join("b.run.json")).unwrap(), None);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn all_of_a_directory_are_found() {
        let directory = tempfile::tempdir().unwrap();
        assert!(Ledger::read_all(&directory.path().join("none")).unwrap().is_empty());
        for zone in ["b.example.", ".", "a.example."] {
            ledger(zone).write(directory.path()).unwrap();
        }
        fs::write(directory.path().join("bad.example.run.json"), "{").unwrap();
        fs::write(directory.path().join("other.json"), "{").unwrap();
        let all = Ledger::read_all(directory.path()).unwrap();
        let zones: Vec<_> =
            all.iter().map(|ledger| ledger.as_ref().map(|ledger| ledger.zone.to_string()).ok()).collect();
        let some = |zone: &str| Some(zone.to_owned());
        assert_eq!(zones, [some("."), some("a.example."), some("b.example."), None]);
    }

    #[test]
    fn what_is_no_ledger_is_told_apart() {
        let text = ledger("a.").to_text();
        for (text, is_garbled) in [
            (text[..text.len() / 2].to_owned(), true),
            ("[]".into(), true),
            ("{\"schema\": \"zoneseal.record/1\"}".into(), true),
            (text.replace("\"serial\": 7", "\"serial\": -7"), true),
            (text.replace("zoneseal.run/1", "zoneseal.run/2"), false),
        ] {
            let kind = Ledger::parse(text.as_bytes()).unwrap_err();
            let error = LedgerError::new(Path::new("x"), kind);
            assert_eq!(error.is_garbled(), is_garbled, "{error}");
        }
    }

    /// By RFC 1982, across the wrap too.
    #[test]
    fn promised_serials_never_go_down() {
        let mut ledger = ledger("a.");
        for (serial, highest) in [(5, 5), (4, 5), (6, 6), (u32::MAX - 2, 6), (0x7000_0000, 0x7000_0000)] {
            ledger.promise(serial);
            assert_eq!(ledger.serial_highest, Some(highest), "{serial}");
        }
        ledger.serial_highest = Some(u32::MAX);
        ledger.promise(1);
        assert_eq!(ledger.serial_highest, Some(1));
    }

    #[test]
    fn the_worst_comes_last() {
        assert!(RunResult::ALL.is_sorted());
        for result in RunResult::ALL {
            assert_eq!(serde_json::to_value(result).unwrap(), result.name());
        }
    }
}
