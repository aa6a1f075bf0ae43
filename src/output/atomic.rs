//! Outputs that appear whole or not at all.
//!
//! A file is written in its target's directory, synced, and renamed over the target; then the directory is synced.
//! Whatever fails before the rename leaves the old file as it was and removes the new one; so does a process that is
//! killed, where files without a name are to be had (see `temporary.rs`). Standard output cannot be taken back,
//! so what goes there is first spooled to a file without a name.

use super::replaced::Replaced;
use super::syncing::Syncing;
use super::temporary::Temporary;
use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Something to write that can be read back and changed before it becomes visible.
///
/// Dropping it without [`Output::commit`] leaves no trace.
pub trait Output: Write + Send {
    /// Writes over bytes written before, which begin at `offset`. What is written next still goes to the end.
    ///
    /// # Errors
    /// From the file.
    fn patch(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Some of the octets that were written.
    ///
    /// # Errors
    /// From the file, or if there are not so many.
    fn read_back(&mut self, octets: Range<u64>) -> io::Result<Vec<u8>>;

    /// Begins to bring what was written to the device, where that takes time, and does not wait: so [`Output::commit`],
    /// which tells if it fails, has less to wait for.
    fn begin_sync(&mut self) {}

    /// Makes it visible: the last step.
    ///
    /// # Errors
    /// From syncing, renaming or copying. If syncing the directory fails, the new file stands already.
    fn commit(self: Box<Self>) -> io::Result<()>;
}

/// Why an output file cannot be made: its path and the reason.
#[derive(Debug)]
pub struct OutputError {
    path: PathBuf,
    kind: OutputErrorKind,
}

/// What is wrong with an output file's path.
#[derive(Debug)]
enum OutputErrorKind {
    /// It names a directory.
    Directory,
    /// It names a device, a pipe or a socket, which a rename would replace.
    NotRegular,
    /// It stands for a file that a process has open, as `/dev/stdout` does: others may be writing to that.
    OpenFile,
    /// It names no file: it is empty or ends in `..`.
    NoFileName,
    /// The system refused.
    Io(io::Error),
}

impl fmt::Display for OutputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: cannot be written: ", self.path.display())?;
        match &self.kind {
            OutputErrorKind::Directory => f.write_str("it is a directory"),
            OutputErrorKind::NotRegular => f.write_str(
                "it is not a regular file\n   = help: for standard output give `-`, for a pipe use `-f - > PIPE`",
            ),
            OutputErrorKind::OpenFile => f.write_str(
                "it stands for an open file, which would be replaced with all that is written there\n   = help: for \
                 standard output give `-`",
            ),
            OutputErrorKind::NoFileName => f.write_str("this names no file"),
            OutputErrorKind::Io(error) => write!(f, "{error}"),
        }
    }
}

impl From<io::Error> for OutputErrorKind {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl std::error::Error for OutputError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            OutputErrorKind::Io(error) => Some(error),
            _ => None,
        }
    }
}

/// A file that replaces its target in one step.
#[derive(Debug)]
pub struct AtomicFile {
    temporary: Temporary,
    target: PathBuf,
    directory: PathBuf,
    /// Of the names the file may have until it is in place.
    prefix: OsString,
    /// Of the file that stands there, 0 if there is none.
    old_octets: u64,
    syncs_directory: bool,
    syncing: Option<Syncing>,
}

impl AtomicFile {
    /// Begins a file that will stand at `path`. If `path` is a symbolic link, the file it points to is replaced and
    /// the link stays. The permissions of a file that stands there are kept, and its owner and group as far as the system
    /// lets this user; a new file gets 0666 less the umask.
    ///
    /// # Errors
    /// If `path` is not a place for a regular file, or the file beside it cannot be made.
    pub fn create(path: &Path) -> Result<Self, OutputError> {
        Self::create_kind(path).map_err(|kind| OutputError { path: path.to_owned(), kind })
    }

    /// Leaves syncing the directory to the caller, who writes many files there: [`sync_outputs`] once at the end
    /// makes all their renames last.
    #[must_use]
    pub fn without_directory_sync(self) -> Self {
        Self { syncs_directory: false, ..self }
    }

    /// Lets nobody but its owner read or write the file (mode 0600), whatever the old file's mode and the umask say.
    ///
    /// # Errors
    /// If the mode cannot be set.
    pub fn private(self) -> io::Result<Self> {
        #[cfg(unix)]
        self.temporary.file().set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        Ok(self)
    }

    fn create_kind(path: &Path) -> Result<Self, OutputErrorKind> {
        // Asked of the path itself: a link such as /dev/stdout may lead to a pipe that has no path of its own.
        if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir()) {
            return Err(OutputErrorKind::NotRegular);
        }
        let target = follow_links(path)?;
        let old = match fs::metadata(&target) {
            Ok(metadata) if metadata.is_dir() => return Err(OutputErrorKind::Directory),
            Ok(metadata) => Some(metadata),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error.into()),
        };
        let name = target.file_name().ok_or(OutputErrorKind::NoFileName)?;
        let directory = parent_of(&target);
        let mut prefix = OsString::from(".");
        prefix.push(name);
        prefix.push(".");
        let temporary = Temporary::create(&directory, &prefix)?;
        let old_octets = old.as_ref().map_or(0, fs::Metadata::len);
        if let Some(old) = old {
            keep_owner(temporary.file(), &old);
            // After the owner, whose change may clear bits of the mode.
            temporary.file().set_permissions(old.permissions())?;
        }
        Ok(Self { temporary, target, directory, prefix, old_octets, syncs_directory: true, syncing: None })
    }
}

/// Gives a file the owner and group of another, or the group alone: a name server that reads mode 0640 by its group must
/// be able to read the next file too. Not every user may, and then the file is theirs as any new one.
fn keep_owner(file: &File, old: &fs::Metadata) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, fchown};
        if fchown(file, Some(old.uid()), Some(old.gid())).is_err() {
            let _ = fchown(file, None, Some(old.gid()));
        }
    }
    #[cfg(not(unix))]
    let _ = (file, old);
}

/// The path a chain of symbolic links ends at, which need not exist. At most 40 links, as Linux follows.
fn follow_links(path: &Path) -> Result<PathBuf, OutputErrorKind> {
    let mut at = path.to_owned();
    for _ in 0..40 {
        match fs::symlink_metadata(&at) {
            Ok(metadata) if metadata.is_symlink() => {
                if is_handle(&at) {
                    return Err(OutputErrorKind::OpenFile);
                }
                let to = fs::read_link(&at)?;
                at = at.parent().map_or_else(|| to.clone(), |parent| parent.join(&to));
            }
            _ => return Ok(at),
        }
    }
    Err(io::Error::other("too many levels of symbolic links").into())
}

/// Whether a link is one of those by which a process reaches its open files.
fn is_handle(link: &Path) -> bool {
    cfg!(target_os = "linux")
        && fs::canonicalize(parent_of(link)).is_ok_and(|parent| parent.starts_with("/proc") && parent.ends_with("fd"))
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.temporary.file_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.temporary.file_mut().flush()
    }
}

impl Output for AtomicFile {
    fn patch(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        patch_file(self.temporary.file_mut(), offset, bytes)
    }

    fn read_back(&mut self, octets: Range<u64>) -> io::Result<Vec<u8>> {
        read_file(self.temporary.file_mut(), octets)
    }

    fn begin_sync(&mut self) {
        if self.syncing.is_none() {
            // Without a thread for it there is more to wait for at the end.
            self.syncing = Syncing::start(self.temporary.file()).ok();
        }
        self.syncing.iter().for_each(Syncing::ask);
    }

    fn commit(self: Box<Self>) -> io::Result<()> {
        let Self { temporary, target, directory, prefix, old_octets, syncs_directory, syncing } = *self;
        syncing.map_or(Ok(()), Syncing::finish)?;
        temporary.file().sync_all()?;
        let _replaced = Replaced::hold(&target, old_octets);
        temporary.persist(&directory, &prefix, &target)?;
        if syncs_directory { sync_outputs(&directory) } else { Ok(()) }
    }
}

/// The file that an output at a path becomes, symbolic links followed: in one form for all paths that lead there, if its
/// directory is there.
#[must_use]
pub fn target_of(path: &Path) -> PathBuf {
    let target = follow_links(path).unwrap_or_else(|_| path.to_owned());
    let directory = fs::canonicalize(parent_of(&target)).unwrap_or_else(|_| parent_of(&target));
    target.file_name().map_or_else(|| target.clone(), |name| directory.join(name))
}

/// The directory of a file.
pub fn parent_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Makes the rename itself last: without it a crash may bring the old name back.
///
/// # Errors
/// From the directory.
pub fn sync_directory(directory: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(directory)?.sync_all() } else { Ok(()) }
}

/// As [`sync_directory`], of a directory where outputs were put in place.
///
/// # Errors
/// From the directory; the message says what that means for the outputs.
pub fn sync_outputs(directory: &Path) -> io::Result<()> {
    sync_directory(directory).map_err(|error| {
        let directory = directory.display();
        let message = "the new file is in place, but a crash may undo that: its directory cannot be synced";
        io::Error::new(error.kind(), format!("{directory}: {message}: {error}"))
    })
}

/// Collects in a file without a name what goes to a stream at the end.
pub struct Spool<'a> {
    file: File,
    stream: &'a mut (dyn Write + Send),
}

impl fmt::Debug for Spool<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spool").field("file", &self.file).finish_non_exhaustive()
    }
}

impl<'a> Spool<'a> {
    /// Begins a spool in the directory for temporary files.
    ///
    /// # Errors
    /// If no file can be made there.
    pub fn create(stream: &'a mut (dyn Write + Send)) -> io::Result<Self> {
        Ok(Self { file: tempfile::tempfile()?, stream })
    }
}

impl Write for Spool<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Output for Spool<'_> {
    fn patch(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        patch_file(&mut self.file, offset, bytes)
    }

    fn read_back(&mut self, octets: Range<u64>) -> io::Result<Vec<u8>> {
        read_file(&mut self.file, octets)
    }

    fn commit(mut self: Box<Self>) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(0))?;
        io::copy(&mut self.file, self.stream)?;
        self.stream.flush()
    }
}

fn patch_file(file: &mut File, offset: u64, bytes: &[u8]) -> io::Result<()> {
    file.seek(SeekFrom::Start(offset))?;
    file.write_all(bytes)?;
    file.seek(SeekFrom::End(0)).map(drop)
}

fn read_file(file: &mut File, octets: Range<u64>) -> io::Result<Vec<u8>> {
    let len = octets.end - octets.start;
    let mut bytes = Vec::with_capacity(usize::try_from(len).unwrap_or(0));
    file.seek(SeekFrom::Start(octets.start))?;
    file.take(len).read_to_end(&mut bytes)?;
    file.seek(SeekFrom::End(0))?;
    if bytes.len() as u64 == len { Ok(bytes) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn file_names(directory: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_appears_whole_at_the_commit() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("zone.signed");
        fs::write(&path, "old").unwrap();
        let mut output = Box::new(AtomicFile::create(&path).unwrap());
        output.write_all(b"one two three").unwrap();
        output.patch(4, b"TWO").unwrap();
        output.write_all(b"!").unwrap();
        assert_eq!(output.read_back(0..14).unwrap(), b"one TWO three!");
        assert_eq!(output.read_back(4..7).unwrap(), b"TWO");
        assert_eq!(output.read_back(0..15).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        output.write_all(b"!").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        output.commit().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"one TWO three!!");
        assert_eq!(file_names(directory.path()), ["zone.signed"]);
    }

    /// A file that is synced while it grows is the same file in the end, committed or not.
    #[test]
    fn a_file_is_synced_while_it_is_written() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("zone.signed");
        for is_committed in [false, true] {
            let mut output = Box::new(AtomicFile::create(&path).unwrap());
            for number in 0..50 {
                writeln!(output, "{number}").unwrap();
                output.begin_sync();
            }
            output.patch(0, b"X").unwrap();
            if is_committed {
                output.commit().unwrap()
            } else {
                drop(output)
            }
            assert_eq!(file_names(directory.path()).len(), usize::from(is_committed));
        }
        let expected = (0..50).map(|number| format!("{number}\n")).collect::<String>().replacen('0', "X", 1);
        assert_eq!(fs::read_to_string(&path).unwrap(), expected);
    }

    #[test]
    fn without_a_commit_nothing_stays() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("zone.signed");
        fs::write(&path, "old").unwrap();
        let mut output = AtomicFile::create(&path).unwrap();
        output.write_all(b"new").unwrap();
        drop(output);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(file_names(directory.path()), ["zone.signed"]);
    }

    #[cfg(unix)]
    #[test]
    fn links_and_permissions_stay() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let inner = directory.path().join("inner");
        fs::create_dir(&inner).unwrap();
        let (file, link) = (inner.join("real"), directory.path().join("link"));
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink("inner/real", &link).unwrap();
        let mut output = Box::new(AtomicFile::create(&link).unwrap());
        output.write_all(b"new").unwrap();
        output.commit().unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"new");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
        // A link to nothing yet: the file it points to comes into being.
        let dangling = directory.path().join("dangling");
        std::os::unix::fs::symlink("inner/fresh", &dangling).unwrap();
        Box::new(AtomicFile::create(&dangling).unwrap()).commit().unwrap();
        assert_eq!(file_names(&inner), ["fresh", "real"]);
        // A ring of links ends in an error, not in a loop.
        std::os::unix::fs::symlink("ring", directory.path().join("ring")).unwrap();
        assert!(AtomicFile::create(&directory.path().join("ring")).unwrap_err().to_string().contains("symbolic links"));
    }

    #[cfg(unix)]
    #[test]
    fn a_private_file_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        Box::new(AtomicFile::create(&path).unwrap().private().unwrap()).commit().unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[cfg(unix)]
    #[test]
    fn the_owner_stays() {
        use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("zone.signed");
        fs::write(&path, "old").unwrap();
        // Only root may give files away; others see their own owner stay.
        let _ = chown(&path, Some(4321), Some(4321));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let before = fs::metadata(&path).unwrap();
        let mut output = Box::new(AtomicFile::create(&path).unwrap());
        output.write_all(b"new").unwrap();
        output.commit().unwrap();
        let after = fs::metadata(&path).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!((after.uid(), after.gid(), after.mode()), (before.uid(), before.gid(), before.mode()));
    }

    #[test]
    fn bad_targets_are_named() {
        let directory = tempfile::tempdir().unwrap();
        for (path, part) in [
            (directory.path().to_owned(), "it is a directory"),
            (directory.path().join("missing/zone"), "cannot be written"),
            (PathBuf::from(""), "cannot be written"),
            #[cfg(unix)]
            (PathBuf::from("/dev/null"), "not a regular file"),
        ] {
            let message = AtomicFile::create(&path).unwrap_err().to_string();
            assert!(message.starts_with(&path.display().to_string()) && message.contains(part), "{message}");
        }
        assert_eq!(file_names(directory.path()), [""; 0]);
    }

    /// As `/dev/stdout` is: behind it stands a file to which others write too, or one that has no name.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_link_to_an_open_file_is_no_place_for_a_file() {
        use std::os::fd::AsRawFd;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        fs::write(&path, "head").unwrap();
        let file = File::open(&path).unwrap();
        let handle = format!("fd/{}", file.as_raw_fd());
        let link = directory.path().join("link");
        std::os::unix::fs::symlink(Path::new("/proc/self").join(&handle), &link).unwrap();
        for path in [Path::new("/proc/self").join(&handle), Path::new("/dev").join(&handle), link] {
            let message = AtomicFile::create(&path).unwrap_err().to_string();
            assert!(message.contains("an open file") && message.contains("`-`"), "{message}");
        }
        assert_eq!(fs::read(&path).unwrap(), b"head");
    }

    /// All ways to a file have one name, whether it is there or not.
    #[cfg(unix)]
    #[test]
    fn paths_to_one_file_have_one_target() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        fs::create_dir(at("sub")).unwrap();
        std::os::unix::fs::symlink("sub/zone.signed", at("link")).unwrap();
        for path in ["sub/zone.signed", "link", "sub/../link", "sub/../sub/zone.signed"] {
            assert_eq!(target_of(&at(path)), fs::canonicalize(at("sub")).unwrap().join("zone.signed"), "{path}");
        }
        assert_eq!(target_of(&at("gone/zone")), at("gone/zone"));
    }

    /// As `/dev/stdout` is when it goes into a pipe: a link to what has no path.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_link_to_a_pipe_is_no_place_for_a_file() {
        use std::os::fd::AsRawFd;
        let (reader, _writer) = io::pipe().unwrap();
        let path = PathBuf::from(format!("/proc/self/fd/{}", reader.as_raw_fd()));
        let message = AtomicFile::create(&path).unwrap_err().to_string();
        assert!(message.contains("not a regular file") && message.contains("`-`"), "{message}");
    }

    #[test]
    fn a_spool_is_silent_until_the_commit() {
        let mut stream = Vec::new();
        {
            let mut spool = Box::new(Spool::create(&mut stream).unwrap());
            spool.write_all(b"abcdef").unwrap();
            spool.patch(2, b"C").unwrap();
            assert_eq!(spool.read_back(0..6).unwrap(), b"abCdef");
        }
        assert!(stream.is_empty());
        let mut spool = Box::new(Spool::create(&mut stream).unwrap());
        spool.write_all(b"whole").unwrap();
        spool.commit().unwrap();
        assert_eq!(stream, b"whole");
    }
}
