//! Why key files cannot be used.

use crate::crypto::CryptoError;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// An error with the file it is about. Its text is `file: what`, or `file:line: what`; it never holds key material.
#[derive(Debug)]
pub struct KeyError {
    /// The file.
    pub path: PathBuf,
    /// Line from 1, where the error belongs to one.
    pub line: Option<u32>,
    /// What is wrong.
    pub kind: KeyErrorKind,
}

/// What is wrong with a key file.
#[derive(Debug)]
#[non_exhaustive]
pub enum KeyErrorKind {
    /// It cannot be read, made or written.
    Io(io::Error),
    /// It does not hold what a key file holds; the text names the field.
    Syntax(String),
    /// The private half is kept by an HSM, which the file only points at.
    Hardware,
    /// The key itself cannot be used.
    Crypto(CryptoError),
    /// The two halves are of different keys: this is the other file, and what differs.
    HalvesDiffer(PathBuf, String),
    /// Making a key: the file exists already.
    Exists,
    /// Making a key: every key tag that came up belongs to a key of the zone.
    NoFreeTag,
}

impl KeyError {
    /// About a file as a whole.
    #[cold]
    pub fn new(path: &Path, kind: KeyErrorKind) -> Self {
        Self { path: path.to_owned(), line: None, kind }
    }

    /// A syntax error about a file as a whole.
    #[cold]
    pub(super) fn syntax(path: &Path, message: impl Into<String>) -> Self {
        Self::new(path, KeyErrorKind::Syntax(message.into()))
    }

    /// A syntax error in a line.
    #[cold]
    pub(super) fn at_line(path: &Path, line: u32, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line: Some(line), kind: KeyErrorKind::Syntax(message.into()) }
    }

    /// From a failed operation on a file.
    #[cold]
    pub(super) fn io(path: &Path, error: io::Error) -> Self {
        Self::new(path, KeyErrorKind::Io(error))
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.path.display())?;
        if let Some(line) = self.line {
            write!(f, "{line}:")?;
        }
        f.write_str(" ")?;
        match &self.kind {
            KeyErrorKind::Io(error) => error.fmt(f),
            KeyErrorKind::Syntax(message) => f.write_str(message),
            KeyErrorKind::Hardware => f.write_str(
                "the private key is in a hardware module (Engine or Label field), which is not supported; sign with a key kept in a file",
            ),
            KeyErrorKind::Crypto(error) => error.fmt(f),
            KeyErrorKind::HalvesDiffer(other, what) => write!(f, "does not belong to {}: {what}", other.display()),
            KeyErrorKind::Exists => f.write_str("exists already and is never overwritten"),
            KeyErrorKind::NoFreeTag => f.write_str("no key with a tag of its own came up; are there stale keys in the directory?"),
        }
    }
}

impl std::error::Error for KeyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            KeyErrorKind::Io(error) => Some(error),
            KeyErrorKind::Crypto(error) => Some(error),
            _ => None,
        }
    }
}
