//! Writing a new key: both files or neither, never over an old one, on disk when it returns.

use super::name::base_name;
use super::private_file::PrivateFile;
use super::public_file::PublicFile;
use super::{KeyError, KeyErrorKind};
use crate::rdata::dnskey::{Dnskey, key_tag};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Mode of `.private` files (N-18), whatever the umask.
const PRIVATE_MODE: u32 = 0o600;
/// Mode of `.key` files, less the umask.
const PUBLIC_MODE: u32 = 0o644;

/// Writes the files of a key into a directory; returns their base name.
///
/// # Errors
/// [`KeyErrorKind::Exists`] if either file is there already, [`KeyErrorKind::Io`] if one cannot be written. Then
/// neither file is left behind.
pub fn write_pair(directory: &Path, public: &PublicFile, private: &PrivateFile) -> Result<String, KeyError> {
    let dnskey = Dnskey::parse(&public.dnskey_rdata).expect("a key holds whole DNSKEY RDATA");
    let base = base_name(public.owner.as_name(), dnskey.algorithm, key_tag(&public.dnskey_rdata));
    let private_file = NewFile::write(directory.join(format!("{base}.private")), PRIVATE_MODE, &private.to_text())?;
    let public_file = NewFile::write(directory.join(format!("{base}.key")), PUBLIC_MODE, public.to_text().as_bytes())?;
    // The names are on disk only once the directory is.
    File::open(directory).and_then(|directory| directory.sync_all()).map_err(|error| KeyError::io(directory, error))?;
    private_file.keep();
    public_file.keep();
    Ok(base)
}

/// A file just made, removed again unless kept.
struct NewFile {
    path: PathBuf,
    is_kept: bool,
}

impl NewFile {
    /// Makes the file, writes and syncs it.
    fn write(path: PathBuf, mode: u32, content: &[u8]) -> Result<Self, KeyError> {
        let mut file = open_new(&path, mode).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => KeyError::new(&path, KeyErrorKind::Exists),
            _ => KeyError::io(&path, error),
        })?;
        let new = Self { path, is_kept: false };
        set_mode(&file, mode)
            .and_then(|()| file.write_all(content))
            .and_then(|()| file.sync_all())
            .map_err(|error| KeyError::io(&new.path, error))?;
        Ok(new)
    }

    fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.is_kept {
            // Nothing more can be done if this fails too; the error that led here is the one to report.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Opens a file that must not exist yet.
fn open_new(path: &Path, mode: u32) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    options.open(path)
}

/// Gives a private file its mode also where the umask took more than that away.
fn set_mode(file: &File, mode: u32) -> io::Result<()> {
    #[cfg(unix)]
    if mode == PRIVATE_MODE {
        use std::os::unix::fs::PermissionsExt;
        file.set_permissions(fs::Permissions::from_mode(mode))?;
    }
    #[cfg(not(unix))]
    let _ = (file, mode);
    Ok(())
}
