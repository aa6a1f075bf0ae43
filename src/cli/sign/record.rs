//! The file that a run's record is kept in, and what the next run makes of it.

use crate::base::{Name, UnixTime};
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

/// What the file of a record holds.
#[derive(Debug)]
pub(super) struct RecordFile {
    path: PathBuf,
    record: Result<Record, RecordUse>,
}

impl RecordFile {
    /// Reads it.
    pub(super) fn read(path: PathBuf) -> Self {
        let record = match fs::read(&path) {
            Ok(text) => Record::parse(&text).map_err(RecordUse::Unfit),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(RecordUse::Missing),
            Err(error) => Err(RecordUse::Unreadable(format!("{}: {error}", path.display()))),
        };
        Self { path, record }
    }

    /// The record, if it speaks of a signed zone with this text.
    pub(super) fn of(&self, signed: &FileDigest, now: UnixTime) -> Result<&Record, RecordUse> {
        let record = self.record.as_ref().map_err(Clone::clone)?;
        record.check_output(signed, now).map_err(RecordUse::Unfit)?;
        Ok(record)
    }

    /// The last serial of a zone that it knows of, whatever the signed zone is now; with its own name.
    pub(super) fn last_serial(&self, zone: Name<'_>) -> Option<(u32, String)> {
        let record = self.record.as_ref().ok().filter(|record| record.zone().is_some_and(|of| of.as_name() == zone))?;
        Some((record.serial(), self.path.display().to_string()))
    }
}

/// The digest of a file as it is now, if it can be read.
pub(super) fn digest_of(path: &Path) -> Option<FileDigest> {
    Some(FileDigest::with_digest(path, &TextDigest::of(&fs::read(path).ok()?)))
}

/// Writes a record, or without one removes that of the run before, which no longer speaks of the output.
///
/// A record need not survive a crash: one that is lost or torn costs the next run time and nothing else, for the signed zone
/// tells the serial. So it is written in its place and not synced.
pub(super) fn replace(path: &Path, record: Option<&Record>) -> io::Result<()> {
    match record {
        Some(record) => fs::write(path, record.to_text()),
        None => match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        },
    }
}
