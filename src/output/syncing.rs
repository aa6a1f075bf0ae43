//! Bringing what a file has so far to the device while more is written to it.
//!
//! Who syncs a file at the end waits for all of it, and no processor works meanwhile. A thread that does nothing but wait
//! has most of it there by then.

use std::fs::File;
use std::io;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};

/// A thread that syncs a file again and again.
#[derive(Debug)]
pub(super) struct Syncing {
    /// Asks for one more sync.
    asks: SyncSender<()>,
    /// Whether nobody waits for another one.
    is_over: Arc<AtomicBool>,
    thread: JoinHandle<io::Result<()>>,
}

impl Syncing {
    /// Starts the thread.
    ///
    /// # Errors
    /// If the system has none left, or no more open files.
    pub(super) fn start(file: &File) -> io::Result<Self> {
        let file = file.try_clone()?;
        // While one sync is under way, one more can be asked for: it takes all that is written until it begins.
        let (asks, asked) = sync_channel(1);
        let is_over = Arc::new(AtomicBool::new(false));
        let is_done = Arc::clone(&is_over);
        let is_wanted = move || !is_done.load(Relaxed);
        let sync = move || asked.iter().take_while(|()| is_wanted()).try_for_each(|()| file.sync_data());
        Ok(Self { asks, is_over, thread: Builder::new().name("sync".into()).spawn(sync)? })
    }

    /// Has what is written by now synced soon.
    pub(super) fn ask(&self) {
        // If one is asked for already, that will do; if the thread has failed, `finish` tells.
        let _ = self.asks.try_send(());
    }

    /// Waits for the sync that is under way. One that was asked for and has not begun is left to the caller, who syncs the
    /// file anyhow: two would take twice as long.
    ///
    /// # Errors
    /// From the file: the system tells of what could not be written once, so this must not be lost.
    pub(super) fn finish(self) -> io::Result<()> {
        self.is_over.store(true, Relaxed);
        drop(self.asks);
        self.thread.join().unwrap_or_else(|panic| resume_unwind(panic))
    }
}
