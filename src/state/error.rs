//! Why the state of a zone cannot be read or kept.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// An error with the file it is about.
#[derive(Debug)]
pub struct StateError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong.
    pub kind: StateErrorKind,
}

/// What is wrong with a file of the state.
#[derive(Debug)]
#[non_exhaustive]
pub enum StateErrorKind {
    /// The system refused: what was to be done, and its reason.
    Io(&'static str, io::Error),
    /// Another process works on the zone; who, as far as the lock tells, and how many seconds were waited.
    Locked(String, u64),
    /// The schema is newer than the program knows: the one found, and the newest known.
    NewerSchema(u64, u64),
    /// There is a field that the program would lose; its path.
    UnknownField(String),
    /// It is the state of another zone, which is named.
    OtherZone(String),
    /// It does not hold what it should: cut off, or edited by hand.
    Garbled(String),
    /// A file that would be overwritten.
    Exists,
    /// There is nothing of this name.
    NotFound(String),
}

impl StateError {
    /// About a file.
    #[cold]
    pub fn new(path: &Path, kind: StateErrorKind) -> Self {
        Self { path: path.to_owned(), kind }
    }

    /// From a failed operation, which `doing` names: `be read`.
    #[cold]
    pub(super) fn io(path: &Path, doing: &'static str, error: io::Error) -> Self {
        Self::new(path, StateErrorKind::Io(doing, error))
    }

    /// Whether the reason is that another process works on the zone.
    #[must_use]
    pub const fn is_locked(&self) -> bool {
        matches!(self.kind, StateErrorKind::Locked(..))
    }
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.path.display())?;
        match &self.kind {
            StateErrorKind::Io(doing, error) => write!(f, "cannot {doing}: {error}"),
            StateErrorKind::Locked(holder, waited) => write!(
                f,
                "the zone is being worked on by {holder}; waited {waited} s\n   = help: let it finish and run again, or \
                 wait longer with --lock-timeout; the lock goes with its process, the file need not be removed"
            ),
            StateErrorKind::NewerSchema(found, known) => write!(
                f,
                "the state has schema {found}, this program knows schemas up to {known}\n   = help: use the version of \
                 zoneseal that wrote it, or a later one; nothing was changed"
            ),
            StateErrorKind::UnknownField(field) => write!(
                f,
                "the field {field} is unknown and would be lost\n   = help: it was misspelt in an edit, or written by \
                 another version of zoneseal; take it out or use that version; nothing was changed"
            ),
            StateErrorKind::OtherZone(zone) => write!(f, "this is the state of {zone}"),
            StateErrorKind::Garbled(what) => write!(f, "not a state file: {what}"),
            StateErrorKind::Exists => f.write_str("exists already and is never overwritten"),
            StateErrorKind::NotFound(what) => write!(f, "there is no {what}"),
        }
    }
}

impl std::error::Error for StateError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            StateErrorKind::Io(_, error) => Some(error),
            _ => None,
        }
    }
}
