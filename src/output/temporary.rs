//! The file under way to its place.
//!
//! On Linux it has no name until it is finished, so that the system removes it with its process however that ends.
//! Where a file system cannot do that, and elsewhere, it has a dotted name from the start, which stays if the process
//! is killed.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::Path;
use tempfile::{Builder, NamedTempFile};

/// A file that goes unless it is put in place.
#[derive(Debug)]
pub(super) enum Temporary {
    /// A file without a name.
    #[cfg(target_os = "linux")]
    Unnamed(File),
    /// A file with a name of its own.
    Named(NamedTempFile),
}

impl Temporary {
    /// Makes the file in a directory, readable as the umask lets a new file be.
    ///
    /// # Errors
    /// From the system.
    pub(super) fn create(directory: &Path, prefix: &OsString) -> io::Result<Self> {
        #[cfg(target_os = "linux")]
        if let Some(file) = linux::create(directory) {
            return Ok(Self::Unnamed(file));
        }
        let mut builder = builder(prefix);
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        // Its message has the name that was tried, which says nothing to anybody.
        builder.tempfile_in(directory).map(Self::Named).map_err(|error| error.kind().into())
    }

    pub(super) fn file(&self) -> &File {
        match self {
            #[cfg(target_os = "linux")]
            Self::Unnamed(file) => file,
            Self::Named(file) => file.as_file(),
        }
    }

    pub(super) fn file_mut(&mut self) -> &mut File {
        match self {
            #[cfg(target_os = "linux")]
            Self::Unnamed(file) => file,
            Self::Named(file) => file.as_file_mut(),
        }
    }

    /// Puts the file in the place of `target`, which stands in the same directory.
    ///
    /// # Errors
    /// From the system; the file is gone then.
    pub(super) fn persist(self, directory: &Path, prefix: &OsString, target: &Path) -> io::Result<()> {
        match self {
            // A file can be linked to a free name only; where there is an old file, a rename takes its place.
            #[cfg(target_os = "linux")]
            Self::Unnamed(file) if linux::link(&file, target).is_ok() => Ok(()),
            #[cfg(target_os = "linux")]
            Self::Unnamed(file) => builder(prefix)
                .make_in(directory, |path| linux::link(&file, path))?
                .persist(target)
                .map_err(|error| error.error),
            Self::Named(file) => file.persist(target).map(drop).map_err(|error| error.error),
        }
    }
}

/// Names for files under way.
fn builder(prefix: &OsString) -> Builder<'_, 'static> {
    let mut builder = Builder::new();
    builder.prefix(prefix).suffix(".tmp");
    builder
}

/// Files without a name.
#[cfg(target_os = "linux")]
mod linux {
    use rustix::fs::{AtFlags, CWD, Mode, OFlags, linkat, openat};
    use std::fs::File;
    use std::io;
    use std::os::fd::AsRawFd;
    use std::path::{Path, PathBuf};

    /// `None` if the file system has no such files, or they could not be given a name in the end.
    pub(super) fn create(directory: &Path) -> Option<File> {
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        let file = File::from(openat(CWD, directory, flags, Mode::from_raw_mode(0o666)).ok()?);
        handle(&file).exists().then_some(file)
    }

    /// Gives the file a name that is free.
    pub(super) fn link(file: &File, path: &Path) -> io::Result<()> {
        Ok(linkat(CWD, handle(file), CWD, path, AtFlags::SYMLINK_FOLLOW)?)
    }

    /// The path by which a process reaches its open file.
    fn handle(file: &File) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()))
    }
}
