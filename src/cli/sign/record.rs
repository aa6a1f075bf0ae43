//! The file that a run's record is kept in, and what the next run makes of it.

use crate::base::UnixTime;
use crate::sign::TextDigest;
use crate::sign::record::{FileDigest, Record, Unfit};
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Ends the names of records.
const ENDING: &str = ".record";

/// Where records are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RecordPlace {
    /// Nowhere: none is read or written.
    Nowhere,
    /// Beside the signed zone.
    Beside,
    /// In a directory.
    Directory(PathBuf),
}

impl RecordPlace {
    /// The record of a signed zone.
    pub(super) fn path_for(&self, signed: &Path) -> Option<PathBuf> {
        match self {
            Self::Nowhere => None,
            Self::Beside => Some(with_ending(signed.as_os_str().to_owned())),
            // Zones of one file name may have their outputs in several directories, so the name is the whole path.
            Self::Directory(directory) => {
                let path = std::path::absolute(signed).unwrap_or_else(|_| signed.to_owned());
                let name = path.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "%");
                Some(directory.join(with_ending(name.into())))
            }
        }
    }
}

fn with_ending(mut name: OsString) -> PathBuf {
    name.push(ENDING);
    name.into()
}

/// What became of a record, for the summary.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum RecordUse {
    /// Nobody asked: there is no previous signed zone, or no record is kept.
    #[default]
    None,
    /// There was none.
    Missing,
    /// Nothing is due, by the record alone.
    NothingDue,
    /// The signatures of the previous zone are known to be right; something else is as said.
    Known(Unfit),
    /// It did not help.
    Unfit(Unfit),
    /// It could not be read.
    Unreadable(String),
}

impl fmt::Display for RecordUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Missing => f.write_str("none yet: the previous signatures are verified"),
            Self::NothingDue => f.write_str("input, output, keys and options are the same, and nothing is due"),
            Self::Known(why) => write!(f, "the previous signatures were verified before; {why}"),
            Self::Unfit(why) => write!(f, "not used, the previous signatures are verified: {why}"),
            Self::Unreadable(why) => write!(f, "not used, the previous signatures are verified: {why}"),
        }
    }
}

/// Reads the record of a signed zone with this text and sees whether it speaks of it.
pub(super) fn find(path: &Path, signed: &FileDigest, now: UnixTime) -> Result<Record, RecordUse> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(RecordUse::Missing),
        Err(error) => return Err(RecordUse::Unreadable(format!("{}: {error}", path.display()))),
    };
    let record = Record::parse(&text).map_err(RecordUse::Unfit)?;
    record.check_output(signed, now).map_err(RecordUse::Unfit)?;
    Ok(record)
}

/// The digest of a file as it is now, if it can be read.
pub(super) fn digest_of(path: &Path) -> Option<FileDigest> {
    Some(FileDigest::with_digest(path, &TextDigest::of(&fs::read(path).ok()?)))
}

/// Writes a record, or without one removes that of the run before, which no longer speaks of the output.
///
/// A record need not survive a crash: one that is lost or torn costs the next run time and nothing else. So it is written
/// in its place and not synced.
pub(super) fn replace(path: &Path, record: Option<&Record>) -> io::Result<()> {
    match record {
        Some(record) => fs::write(path, record.to_text()),
        None => match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        },
    }
}
