//! One process a zone: a lock that goes with its process, and says who holds it.
//!
//! The lock is on an open file, not in the file being there, so nothing stale is ever left behind. What stands in the
//! file is only for the message to those who wait.

use super::error::{StateError, StateErrorKind};
use super::who::Who;
use crate::base::UnixTime;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;
use std::thread;
use std::time::Duration;

/// How often a waiting process tries again.
const PAUSE: Duration = Duration::from_millis(50);
/// Longest note about a holder that is read.
const NOTE_LEN_MAX: u64 = 1 << 12;

/// How to wait for a lock, and what to leave in it for others.
#[derive(Clone, Debug)]
pub struct LockOptions<'a> {
    /// Who asks.
    pub who: &'a Who,
    /// When.
    pub at: UnixTime,
    /// How long to wait for another process to finish.
    pub timeout: Duration,
}

/// What a holder leaves in the lock file.
#[derive(Debug, Deserialize, Serialize)]
struct Note {
    pid: u32,
    command: String,
    since: String,
}

/// A lock that is held until it is dropped.
#[derive(Debug)]
pub struct Lock {
    file: File,
    is_exclusive: bool,
}

impl Lock {
    /// Takes the lock for changing things.
    ///
    /// # Errors
    /// [`StateErrorKind::Locked`] if another process has it for too long, [`StateErrorKind::Io`] if there can be no lock.
    pub fn exclusive(path: &Path, options: &LockOptions<'_>) -> Result<Self, StateError> {
        let mut open = OpenOptions::new();
        open.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut open, super::FILE_MODE);
        let file = open.open(path).map_err(|error| StateError::io(path, "be opened as a lock", error))?;
        wait(path, options.timeout, &file, File::try_lock)?;
        let mut lock = Self { file, is_exclusive: true };
        lock.write_note(options).map_err(|error| StateError::io(path, "be written", error))?;
        Ok(lock)
    }

    /// Takes the lock for reading, together with other readers; `None` where nobody ever wrote or it cannot be opened.
    pub(super) fn shared(path: &Path, timeout: Duration) -> Result<Option<Self>, StateError> {
        let Ok(file) = File::open(path) else { return Ok(None) };
        wait(path, timeout, &file, File::try_lock_shared)?;
        Ok(Some(Self { file, is_exclusive: false }))
    }

    /// Says who holds it.
    fn write_note(&mut self, options: &LockOptions<'_>) -> io::Result<()> {
        let who = options.who;
        let note = Note { pid: who.pid, command: who.command.clone(), since: options.at.to_iso_text() };
        let mut text = serde_json::to_vec(&note)?;
        text.push(b'\n');
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.file.write_all(&text)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // What stands there is of no consequence once the lock is open; a reader must not wipe another's note.
        if self.is_exclusive {
            let _ = self.file.set_len(0);
        }
        let _ = self.file.unlock();
    }
}

/// Tries until the lock is ours or the time is up.
fn wait(
    path: &Path,
    timeout: Duration,
    file: &File,
    try_lock: impl Fn(&File) -> Result<(), TryLockError>,
) -> Result<(), StateError> {
    let mut waited = Duration::ZERO;
    loop {
        match try_lock(file) {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if waited < timeout => {
                thread::sleep(PAUSE);
                waited += PAUSE;
            }
            Err(TryLockError::WouldBlock) => {
                return Err(StateError::new(path, StateErrorKind::Locked(holder(path), waited.as_secs())));
            }
            Err(TryLockError::Error(error)) => return Err(StateError::io(path, "be locked", error)),
        }
    }
}

/// Who holds a lock, in words.
fn holder(path: &Path) -> String {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(NOTE_LEN_MAX).read_to_string(&mut text));
    match read.ok().and_then(|_| serde_json::from_str::<Note>(&text).ok()) {
        Some(note) => format!("process {} ({}) since {}", note.pid, note.command, note.since),
        // A reader leaves no note, and a writer that was killed leaves half of one.
        None => "another process, which did not leave its name".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime(1_800_000_000);

    fn who() -> Who {
        Who { pid: 4321, command: "zoneseal rollover apply example.com.".into(), ..Who::default() }
    }

    fn options(who: &Who) -> LockOptions<'_> {
        LockOptions { who, at: NOW, timeout: Duration::from_millis(100) }
    }

    #[test]
    fn the_second_is_told_who_holds_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x.lock");
        let who = who();
        let held = Lock::exclusive(&path, &options(&who)).unwrap();
        let error = Lock::exclusive(&path, &options(&who)).unwrap_err();
        assert!(error.is_locked());
        let message = error.to_string();
        for part in ["process 4321", "rollover apply example.com.", "since 2027-01-15T08:00:00Z", "--lock-timeout"] {
            assert!(message.contains(part), "{message}");
        }
        assert!(Lock::shared(&path, Duration::ZERO).unwrap_err().is_locked());
        drop(held);
        drop(Lock::exclusive(&path, &options(&who)).unwrap());
        assert_eq!(std::fs::read(&path).unwrap(), b"");
    }

    #[test]
    fn readers_share() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x.lock");
        assert!(Lock::shared(&path, Duration::ZERO).unwrap().is_none());
        drop(Lock::exclusive(&path, &options(&who())).unwrap());
        let first = Lock::shared(&path, Duration::ZERO).unwrap();
        let second = Lock::shared(&path, Duration::ZERO).unwrap();
        assert!(first.is_some() && second.is_some());
        let message = Lock::exclusive(&path, &options(&who())).unwrap_err().to_string();
        assert!(message.contains("did not leave its name"), "{message}");
    }

    /// What a killed holder left behind keeps nobody out.
    #[test]
    fn a_stale_note_is_no_lock() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x.lock");
        std::fs::write(&path, "{\"pid\":1,\"command\":\"gone\",\"since\":\"2020").unwrap();
        Lock::exclusive(&path, &options(&who())).unwrap();
    }

    #[test]
    fn a_waiting_process_gets_its_turn() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x.lock");
        let who = who();
        let held = Lock::exclusive(&path, &options(&who)).unwrap();
        thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                Lock::exclusive(&path, &LockOptions { timeout: Duration::from_secs(30), ..options(&who) }).map(drop)
            });
            thread::sleep(Duration::from_millis(120));
            drop(held);
            waiting.join().expect("the waiting thread does not panic").unwrap();
        });
    }
}
