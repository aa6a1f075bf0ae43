//! Putting many files in place side by side.
//!
//! Whoever syncs a file waits for the device, not for the processor. Threads that do nothing else wait for many files at
//! once, and the file system writes what they wait for together; meanwhile those that sign go on.

use super::atomic::{AtomicFile, Output};
use std::io::{self, Write};
use std::ops::Range;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;

/// Files synced at once. More bring nothing: the journal is written once for all that wait.
const THREADS: usize = 32;
/// Files finished and waiting for a thread; each is an open file.
const WAITING_MAX: usize = 64;
/// One in so many of the files that this process may have open may be finished and waiting, and as many may be in the
/// threads' hands.
const OPEN_FILES_SHARE: u64 = 8;

/// Threads that put files in place. The directories are left for the caller to sync; see
/// [`AtomicFile::without_directory_sync`].
#[derive(Debug)]
pub struct Committer {
    queue: SyncSender<Task>,
    threads: Vec<JoinHandle<()>>,
}

/// A file to put in place.
#[derive(Debug)]
struct Task {
    file: AtomicFile,
    outcome: Arc<OnceLock<io::Result<()>>>,
}

impl Committer {
    /// Starts the threads, fewer if the system has no more, or has few open files for this process.
    ///
    /// # Errors
    /// If the system has not one.
    pub fn start() -> io::Result<Self> {
        let share =
            open_files_max().map_or(usize::MAX, |max| usize::try_from(max / OPEN_FILES_SHARE).unwrap_or(usize::MAX));
        let (queue, tasks) = sync_channel(WAITING_MAX.min(share));
        let tasks = Arc::new(Mutex::new(tasks));
        let spawn = || {
            let tasks = Arc::clone(&tasks);
            std::thread::Builder::new().name("commit".into()).spawn(move || work(&tasks))
        };
        let mut threads =
            vec![spawn().map_err(|error| io::Error::new(error.kind(), format!("no thread to be had: {error}")))?];
        threads.extend((1..THREADS.min(share)).map_while(|_| spawn().ok()));
        Ok(Self { queue, threads })
    }

    /// An output that these threads put in place some time after its commit, and what came of it.
    #[must_use]
    pub fn defer(&self, file: AtomicFile) -> (Deferred, Outcome) {
        let outcome = Arc::new(OnceLock::new());
        let task = Task { file: file.without_directory_sync(), outcome: Arc::clone(&outcome) };
        (Deferred { task, queue: self.queue.clone() }, Outcome(outcome))
    }

    /// Waits until every file whose output was committed is in place, or could not be put there.
    pub fn finish(self) {
        let Self { queue, threads } = self;
        drop(queue);
        for thread in threads {
            // A thread that panicked leaves outcomes open, which count as failures.
            let _ = thread.join();
        }
    }
}

/// How many files this process may have open; `None` if nothing bounds that.
fn open_files_max() -> Option<u64> {
    #[cfg(target_os = "linux")]
    return rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    #[cfg(not(target_os = "linux"))]
    None
}

/// Puts files in place until there are no more.
fn work(tasks: &Mutex<Receiver<Task>>) {
    loop {
        let task = tasks.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Task { file, outcome }) = task else { return };
        // Nobody else has this task, so the outcome is open.
        let _ = outcome.set(Box::new(file).commit());
    }
}

/// What came of a file whose commit was deferred.
#[derive(Debug)]
pub struct Outcome(Arc<OnceLock<io::Result<()>>>);

impl Outcome {
    /// Asked after [`Committer::finish`].
    ///
    /// # Errors
    /// As the commit of the file itself, or if it was never committed.
    pub fn get(&self) -> Result<(), String> {
        match self.0.get() {
            Some(Ok(())) => Ok(()),
            Some(Err(error)) => Err(error.to_string()),
            None => Err("it was not put in place".into()),
        }
    }
}

/// A file that is put in place by a [`Committer`].
#[derive(Debug)]
pub struct Deferred {
    task: Task,
    queue: SyncSender<Task>,
}

impl Write for Deferred {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.task.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.task.file.flush()
    }
}

impl Output for Deferred {
    fn patch(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.task.file.patch(offset, bytes)
    }

    fn read_back(&mut self, octets: Range<u64>) -> io::Result<Vec<u8>> {
        self.task.file.read_back(octets)
    }

    fn begin_sync(&mut self) {
        self.task.file.begin_sync();
    }

    /// Hands the file over; see [`Outcome`] for what came of it.
    fn commit(self: Box<Self>) -> io::Result<()> {
        let Self { task, queue } = *self;
        queue.send(task).map_err(|_| io::Error::other("the threads that put files in place are gone"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// More files than threads and places in the queue; some are dropped, some cannot be put in place.
    #[test]
    fn files_appear_or_fail_each_for_itself() {
        let directory = tempfile::tempdir().unwrap();
        let committer = Committer::start().unwrap();
        let mut outcomes = Vec::new();
        for number in 0..300 {
            let path = directory.path().join(number.to_string());
            let (mut output, outcome) = committer.defer(AtomicFile::create(&path).unwrap());
            output.write_all(format!("text {number}").as_bytes()).unwrap();
            match number % 10 {
                0 => drop(output),
                1 => {
                    fs::create_dir(&path).unwrap();
                    Box::new(output).commit().unwrap();
                }
                _ => Box::new(output).commit().unwrap(),
            }
            outcomes.push((number, path, outcome));
        }
        committer.finish();
        for (number, path, outcome) in outcomes {
            assert_eq!(outcome.get().is_ok(), number % 10 > 1, "{number}: {:?}", outcome.get());
            if number % 10 > 1 {
                assert_eq!(fs::read_to_string(path).unwrap(), format!("text {number}"));
            }
        }
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 270);
    }
}
