//! The last run over all zones, whatever was due: a small file in the state directory, by which it is seen that no run comes
//! any more.
//!
//! A run with nothing due leaves it alone as long as it is not older than half of the interval in which runs should come:
//! runs every minute do not write every minute.

use super::ledger::RunResult;
use crate::base::{Seconds, UnixTime};
use crate::output::atomic::{AtomicFile, Output};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What the file calls its form.
const SCHEMA: &str = "zoneseal.last-run/1";
/// Its name in the state directory.
const FILE: &str = "last-run.json";

/// A run over all zones of a configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastRun {
    schema: String,
    /// When.
    pub at: UnixTime,
    /// How it ended.
    pub result: RunResult,
    /// How many zones there were.
    pub zones: usize,
}

impl LastRun {
    /// A run that is over.
    #[must_use]
    pub fn new(at: UnixTime, result: RunResult, zones: usize) -> Self {
        Self { schema: SCHEMA.into(), at, result, zones }
    }

    /// Where it stands in a state directory.
    #[must_use]
    pub fn path(directory: &Path) -> PathBuf {
        directory.join(FILE)
    }

    /// The last run, if there was one that a file tells of. A file that is garbled tells nothing; the next run replaces it.
    #[must_use]
    pub fn read(directory: &Path) -> Option<Self> {
        let text = fs::read(Self::path(directory)).ok()?;
        serde_json::from_slice::<Self>(&text).ok().filter(|last| last.schema == SCHEMA)
    }

    /// Keeps it. Where nothing was done the file stays as it is, if it is not older than half of the interval of runs and
    /// says the same, or that the run before changed something.
    ///
    /// # Errors
    /// From writing.
    pub fn keep(&self, directory: &Path, interval: Seconds) -> io::Result<()> {
        let is_told = |before: &Self| {
            let age = self.at.since(before.at).0;
            let is_news = match self.result {
                RunResult::NothingDue => ![RunResult::NothingDue, RunResult::Changed].contains(&before.result),
                RunResult::Attention => before.result != RunResult::Attention,
                RunResult::Changed | RunResult::Refused | RunResult::Failed => true,
            };
            !is_news && before.zones == self.zones && (0..=interval.0 / 2).contains(&age)
        };
        if Self::read(directory).as_ref().is_some_and(is_told) {
            return Ok(());
        }
        let text = serde_json::to_string_pretty(self).map_err(io::Error::other)?;
        let mut file = Box::new(AtomicFile::create(&Self::path(directory)).map_err(io::Error::other)?.private()?);
        file.write_all(text.as_bytes())?;
        file.write_all(b"\n")?;
        file.commit()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_when_it_is_news() {
        let folder = tempfile::tempdir().unwrap();
        let at = |seconds: i64| LastRun::new(UnixTime(1_800_000_000 + seconds), RunResult::NothingDue, 3);
        let keep = |last: LastRun| {
            last.keep(folder.path(), Seconds(3600)).unwrap();
            LastRun::read(folder.path()).unwrap()
        };
        assert_eq!(LastRun::read(folder.path()), None);
        for (last, expected) in [
            (at(0), at(0)),
            (at(60), at(0)),
            (at(1800), at(0)),
            (at(1801), at(1801)),
            (LastRun { result: RunResult::Failed, ..at(1802) }, LastRun { result: RunResult::Failed, ..at(1802) }),
            (LastRun { zones: 4, ..at(1803) }, LastRun { zones: 4, ..at(1803) }),
            (LastRun { result: RunResult::Changed, ..at(1804) }, LastRun { result: RunResult::Changed, ..at(1804) }),
            (at(1805), LastRun { result: RunResult::Changed, ..at(1804) }),
            // A clock that was ahead is put right.
            (at(0), at(0)),
        ] {
            assert_eq!(keep(last), expected);
        }
        fs::write(LastRun::path(folder.path()), "{").unwrap();
        assert_eq!(keep(at(5)), at(5));
    }
}
