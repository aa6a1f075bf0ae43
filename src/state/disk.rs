//! The two ways the state's files are written, in one place so that tests can let each fail.

use crate::output::atomic::{AtomicFile, Output, sync_directory};
use std::fmt::Debug;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

/// What is done to files.
pub(super) trait Disk: Debug + Send {
    /// Puts a file in the place of another, whole or not at all, on disk when it returns.
    fn replace(&mut self, path: &Path, bytes: &[u8]) -> io::Result<()>;

    /// Cuts a file to a length and adds to its end, on disk when it returns. Makes the file if it is not there.
    fn append(&mut self, path: &Path, keep: u64, bytes: &[u8]) -> io::Result<()>;
}

/// The file system.
#[derive(Debug)]
pub(super) struct FileSystem;

impl Disk for FileSystem {
    fn replace(&mut self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = Box::new(AtomicFile::create(path).map_err(io::Error::other)?.private()?);
        file.write_all(bytes)?;
        file.commit()
    }

    fn append(&mut self, path: &Path, keep: u64, bytes: &[u8]) -> io::Result<()> {
        let is_new = !path.exists();
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, super::FILE_MODE);
        let mut file = options.open(path)?;
        if file.metadata()?.len() != keep {
            file.set_len(keep)?;
        }
        file.write_all(bytes)?;
        file.sync_all()?;
        match path.parent() {
            Some(directory) if is_new => sync_directory(directory),
            _ => Ok(()),
        }
    }
}
