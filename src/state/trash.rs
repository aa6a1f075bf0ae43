//! Key files no longer needed: moved to `<KEYDIR>/trash/`, never deleted.
//!
//! ```text
//! trash/Kexample.com.+013+12345/Kexample.com.+013+12345.key, .private, …    as they were
//!                               why.json                                     when, by whom, and why they were moved
//! ```
//!
//! A key of the same name that is moved later goes to `Kexample.com.+013+12345.2/`.

use super::error::{StateError, StateErrorKind};
use super::who::Who;
use crate::base::UnixTime;
use crate::output::atomic::{AtomicFile, Output, sync_directory};
use serde::Serialize;
use std::fs::{self, DirBuilder};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The trash within a key directory.
pub const TRASH: &str = "trash";
/// What says why the files beside it were moved.
const MANIFEST: &str = "why.json";

/// Why a key goes to the trash.
#[derive(Clone, Debug)]
pub struct TrashReason<'a> {
    /// When.
    pub at: UnixTime,
    /// Who.
    pub who: &'a Who,
    /// Why, in a sentence.
    pub why: &'a str,
}

/// The manifest beside the files of a key.
#[derive(Debug, Serialize)]
struct Manifest<'a> {
    schema: &'static str,
    key: &'a str,
    at: String,
    who: &'a Who,
    why: &'a str,
    files: &'a [String],
    restore: &'static str,
}

/// Moves the files of a key (`Kexample.com.+013+12345`: every file of that name, whatever its ending) to the trash, the
/// private half first; returns the folder they are in. Calling it again after a crash moves the rest.
///
/// # Errors
/// [`StateErrorKind::NotFound`] if the key has no files, [`StateErrorKind::Io`] if they cannot be moved.
pub fn trash(directory: &Path, key: &str, reason: &TrashReason<'_>) -> Result<PathBuf, StateError> {
    let files = files_of(directory, key)?;
    if files.is_empty() {
        return Err(StateError::new(directory, StateErrorKind::NotFound(format!("file of the key {key}"))));
    }
    let trash = directory.join(TRASH);
    let folder = folder_for(&trash, key, &files);
    make_private(&trash)?;
    make_private(&folder)?;
    let manifest = Manifest {
        schema: "zoneseal.trash/1",
        key,
        at: reason.at.to_iso_text(),
        who: reason.who,
        why: reason.why,
        files: &files,
        restore: "zoneseal key restore, or move the files back",
    };
    let path = folder.join(MANIFEST);
    write_manifest(&path, &manifest).map_err(|error| StateError::io(&path, "be written", error))?;
    for file in &files {
        let from = directory.join(file);
        move_file(&from, &folder.join(file)).map_err(|error| StateError::io(&from, "be moved to the trash", error))?;
    }
    for directory in [&folder, &trash, directory] {
        sync_directory(directory).map_err(|error| StateError::io(directory, "be synced", error))?;
    }
    Ok(folder)
}

/// Moves the files of a key in the trash back to the key directory; `folder` is the name of its folder there. Returns the
/// files. The folder and its manifest stay.
///
/// # Errors
/// [`StateErrorKind::NotFound`] if there is no such folder, or no key in it, [`StateErrorKind::Exists`] if a file of the
/// same name is in the key directory: then nothing is moved.
pub fn restore(directory: &Path, folder: &str) -> Result<Vec<PathBuf>, StateError> {
    let from = directory.join(TRASH).join(folder);
    let is_one_name = Path::new(folder).components().count() == 1 && !folder.starts_with('.');
    let names = if is_one_name && from.is_dir() { list(&from)? } else { Vec::new() };
    let names: Vec<_> = names.into_iter().filter(|name| name != MANIFEST).collect();
    if names.is_empty() {
        let what = format!("key {folder} in the trash");
        return Err(StateError::new(&directory.join(TRASH), StateErrorKind::NotFound(what)));
    }
    let targets: Vec<_> = names.iter().map(|name| directory.join(name)).collect();
    if let Some(taken) = targets.iter().find(|target| target.exists()) {
        return Err(StateError::new(taken, StateErrorKind::Exists));
    }
    for (name, target) in names.iter().zip(&targets) {
        move_file(&from.join(name), target)
            .map_err(|error| StateError::io(&from.join(name), "be moved back", error))?;
    }
    for directory in [&from, directory] {
        sync_directory(directory).map_err(|error| StateError::io(directory, "be synced", error))?;
    }
    Ok(targets)
}

/// The files of a key, the private half first: without it the rest can do no harm.
fn files_of(directory: &Path, key: &str) -> Result<Vec<String>, StateError> {
    let is_of_key = |name: &String| {
        let ending = name.strip_prefix(key).and_then(|rest| rest.strip_prefix('.'));
        ending.is_some_and(|ending| !ending.is_empty() && !ending.contains('.'))
    };
    let mut names: Vec<String> = list(directory)?.into_iter().filter(is_of_key).collect();
    names.sort_by_key(|name| (!name.ends_with(".private"), name.clone()));
    Ok(names)
}

/// The names of the files in a directory.
fn list(directory: &Path) -> Result<Vec<String>, StateError> {
    let read = || -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            if let (false, Ok(name)) = (entry.file_type()?.is_dir(), entry.file_name().into_string()) {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    };
    read().map_err(|error| StateError::io(directory, "be listed", error))
}

/// The folder for a key: the first of its name that has none of the files yet.
fn folder_for(trash: &Path, key: &str, files: &[String]) -> PathBuf {
    let name = |number: u32| if number == 1 { trash.join(key) } else { trash.join(format!("{key}.{number}")) };
    let is_free = |folder: &PathBuf| !files.iter().any(|file| folder.join(file).exists());
    (1..).map(name).find(is_free).expect("a directory holds fewer folders than there are numbers")
}

/// Makes a directory that only its owner may look into; one that is there is left as it is.
fn make_private(directory: &Path) -> Result<(), StateError> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(directory) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(StateError::io(directory, "be made", error)),
        _ => Ok(()),
    }
}

fn write_manifest(path: &Path, manifest: &Manifest<'_>) -> io::Result<()> {
    let mut text = serde_json::to_vec_pretty(manifest)?;
    text.push(b'\n');
    let mut file = Box::new(AtomicFile::create(path).map_err(io::Error::other)?.private()?);
    file.write_all(&text)?;
    file.commit()
}

/// Moves a file, never over another: a second name is given first, which fails if it is taken.
fn move_file(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Ok(()) => fs::remove_file(from),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        // A file system without second names; both directories were looked at a moment ago.
        Err(_) => fs::rename(from, to),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    const KEY: &str = "Kexample.com.+013+12345";

    fn directory() -> TempDir {
        let directory = tempfile::tempdir().unwrap();
        for ending in ["key", "private", "state"] {
            fs::write(directory.path().join(format!("{KEY}.{ending}")), ending).unwrap();
        }
        fs::write(directory.path().join("Kexample.com.+013+12346.key"), "other").unwrap();
        fs::write(directory.path().join(format!("{KEY}6.key")), "longer").unwrap();
        directory
    }

    #[track_caller]
    fn trash_it(directory: &Path) -> Result<PathBuf, StateError> {
        let who = Who { user: Some("root".into()), program: "zoneseal 0".into(), ..Who::default() };
        trash(directory, KEY, &TrashReason { at: UnixTime(1_800_000_000), who: &who, why: "removed 30 days ago" })
    }

    #[test]
    fn a_key_goes_and_comes_back() {
        let directory = directory();
        let folder = trash_it(directory.path()).unwrap();
        assert_eq!(folder, directory.path().join("trash").join(KEY));
        assert_eq!(list(directory.path()).unwrap().len(), 2);
        let manifest = fs::read_to_string(folder.join(MANIFEST)).unwrap();
        for part in ["2027-01-15T08:00:00Z", "removed 30 days ago", "\"root\"", "12345.private"] {
            assert!(manifest.contains(part), "{manifest}");
        }
        assert!(trash_it(directory.path()).unwrap_err().to_string().contains("no file of the key"));
        assert_eq!(restore(directory.path(), KEY).unwrap().len(), 3);
        assert_eq!(fs::read_to_string(directory.path().join(format!("{KEY}.private"))).unwrap(), "private");
        assert!(restore(directory.path(), KEY).unwrap_err().to_string().contains("no key"));
        // Once more: the manifest of the first time is written over, for its files are gone.
        trash_it(directory.path()).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_looks_into_it() {
        use std::os::unix::fs::PermissionsExt;
        let directory = directory();
        let folder = trash_it(directory.path()).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(folder.parent().unwrap())), (0o700, 0o700));
        assert_eq!(mode(&folder.join(MANIFEST)), 0o600);
    }

    #[test]
    fn nothing_is_ever_written_over() {
        let directory = directory();
        trash_it(directory.path()).unwrap();
        fs::write(directory.path().join(format!("{KEY}.key")), "new").unwrap();
        let error = restore(directory.path(), KEY).unwrap_err().to_string();
        assert!(error.contains("never overwritten"), "{error}");
        assert!(!directory.path().join(format!("{KEY}.private")).exists());
        let folder = trash_it(directory.path()).unwrap();
        assert!(folder.ends_with(format!("{KEY}.2")));
        assert_eq!(
            fs::read_to_string(directory.path().join(TRASH).join(KEY).join(format!("{KEY}.key"))).unwrap(),
            "key"
        );
    }

    /// Killed after the private half was moved: the rest joins it.
    #[test]
    fn an_interrupted_move_is_finished() {
        let directory = directory();
        let folder = directory.path().join(TRASH).join(KEY);
        fs::create_dir_all(&folder).unwrap();
        let private = format!("{KEY}.private");
        fs::rename(directory.path().join(&private), folder.join(&private)).unwrap();
        assert_eq!(trash_it(directory.path()).unwrap(), folder);
        assert_eq!(list(&folder).unwrap().len(), 4);
        assert_eq!(restore(directory.path(), KEY).unwrap().len(), 3);
    }

    #[test]
    fn names_stay_within_the_trash() {
        let directory = directory();
        for name in ["..", "../trash", "", "missing", "a/b"] {
            assert!(restore(directory.path(), name).is_err(), "{name}");
        }
    }
}
