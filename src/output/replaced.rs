//! The file that an output takes the place of.
//!
//! With its last name a file goes too, and the system frees its blocks before the rename returns. That takes the longer
//! the larger the file is, most of all where the device is told of every block. The new file need not wait for it.

use std::path::Path;

/// How many octets a file must have to be worth a thread.
const OCTETS_MIN: u64 = 1 << 20;

/// A file that outlives its name for as long as this is held. Then it goes, on a thread of its own.
#[cfg(target_os = "linux")]
#[derive(Debug)]
pub(super) struct Replaced(Option<rustix::fd::OwnedFd>);

#[cfg(target_os = "linux")]
impl Replaced {
    /// Holds the file of so many octets at a path, if that is worth while. It is not opened to be read, which might not be
    /// allowed.
    pub(super) fn hold(path: &Path, octets: u64) -> Self {
        use rustix::fs::{CWD, Mode, OFlags, openat};
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Self((octets >= OCTETS_MIN).then(|| openat(CWD, path, flags, Mode::empty()).ok()).flatten())
    }
}

#[cfg(target_os = "linux")]
impl Drop for Replaced {
    fn drop(&mut self) {
        if let Some(file) = self.0.take() {
            // If there is no thread to be had, the file goes here.
            let _ = std::thread::Builder::new().name("free".into()).spawn(move || drop(file));
        }
    }
}

/// Elsewhere an open file may be in the way of the one that replaces it, so none is held.
#[cfg(not(target_os = "linux"))]
#[derive(Debug)]
pub(super) struct Replaced;

#[cfg(not(target_os = "linux"))]
impl Replaced {
    pub(super) const fn hold(_: &Path, _: u64) -> Self {
        Self
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use rustix::fs::fstat;
    use std::fs;

    /// A large file is there until it is let go, though it has no name any more; a small one is not worth it.
    #[test]
    fn a_large_file_outlives_its_name() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("zone.signed");
        for octets in [OCTETS_MIN - 1, OCTETS_MIN] {
            fs::File::create(&path).unwrap().set_len(octets).unwrap();
            let replaced = Replaced::hold(&path, octets);
            fs::remove_file(&path).unwrap();
            let stat = replaced.0.as_ref().map(|file| fstat(file).unwrap());
            let found = stat.map(|stat| (stat.st_nlink == 0, u64::try_from(stat.st_size).unwrap()));
            assert_eq!(found, (octets >= OCTETS_MIN).then_some((true, octets)));
        }
    }

    /// A file that went meanwhile is no failure, and a pipe that came instead is not waited for.
    #[test]
    fn what_changed_meanwhile_does_no_harm() {
        let directory = tempfile::tempdir().unwrap();
        assert!(Replaced::hold(&directory.path().join("gone"), OCTETS_MIN).0.is_none());
        let pipe = directory.path().join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::from_raw_mode(0o600)).unwrap();
        assert!(Replaced::hold(&pipe, OCTETS_MIN).0.is_some());
    }
}
