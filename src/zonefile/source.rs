//! Zone text and where it comes from: files, and bytes already in memory.

use super::lexer::Entry;
use rayon::iter::{IndexedParallelIterator, ParallelIterator};
use rayon::slice::ParallelSliceMut;
use std::fmt;
use std::fs::{File, FileType};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What to read a zone from.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// A regular file. Its `$INCLUDE`s are relative to its directory.
    Path(&'a Path),
    /// A regular file that has been read already, as [`read_file`] does.
    Read {
        /// The file; its `$INCLUDE`s are relative to its directory.
        path: &'a Path,
        /// What it holds.
        text: &'a [u8],
    },
    /// Bytes in memory; `$INCLUDE`s are relative to the working directory.
    Bytes {
        /// What findings call it: `-` for standard input.
        name: &'a str,
        /// The zone text.
        text: &'a [u8],
    },
}

/// Why a file could not be read. Its message names the file.
#[derive(Debug)]
pub struct ReadError {
    path: PathBuf,
    reason: Reason,
}

#[derive(Debug)]
enum Reason {
    /// Opening or reading failed.
    Io(io::Error),
    /// It is something other than a regular file, named here.
    Irregular(&'static str),
}

impl ReadError {
    /// The file, as it was named.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The reason without the file's name.
    #[must_use]
    pub fn reason(&self) -> String {
        match &self.reason {
            Reason::Io(error) => error.to_string(),
            Reason::Irregular(kind) => format!("is {kind}, not a regular file"),
        }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.reason())
    }
}

impl std::error::Error for ReadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.reason {
            Reason::Io(error) => Some(error),
            Reason::Irregular(_) => None,
        }
    }
}

/// Reads a whole regular file.
///
/// # Errors
/// If it cannot be read or is no regular file: opening a FIFO could wait forever, a device could never end.
pub fn read_file(path: &Path) -> Result<Vec<u8>, ReadError> {
    open_file(path).and_then(|file| read_all(file).map_err(|error| io_failed(path, error)))
}

/// Why reading a file failed.
pub(super) fn io_failed(path: &Path, error: io::Error) -> ReadError {
    ReadError { path: path.to_path_buf(), reason: Reason::Io(error) }
}

/// Opens a regular file.
pub(super) fn open_file(path: &Path) -> Result<File, ReadError> {
    let io_failed = |error| io_failed(path, error);
    // Asked before opening, because opening a FIFO waits for its other end.
    let kind = std::fs::metadata(path).map_err(io_failed)?.file_type();
    if let Some(name) = irregular_kind(kind) {
        return Err(ReadError { path: path.to_path_buf(), reason: Reason::Irregular(name) });
    }
    File::open(path).map_err(io_failed)
}

/// How much of a large file each thread reads at a time.
const PIECE_LEN: usize = 1 << 22;

/// Reads an open file to its end. Of a large one all threads read pieces, for most of the time goes into giving the
/// process the memory.
pub(super) fn read_all(mut file: File) -> io::Result<Vec<u8>> {
    let len = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    let mut text = Vec::new();
    if len > PIECE_LEN && len < isize::MAX as usize && rayon::current_num_threads() > 1 {
        text = vec![0; len];
        match read_exact_at(&file, &mut text, 0, PIECE_LEN) {
            Ok(()) => drop(file.seek(SeekFrom::Start(len as u64))?),
            // It has been cut short since it was opened.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => text.clear(),
            Err(error) => return Err(error),
        }
    }
    file.read_to_end(&mut text)?;
    Ok(text)
}

/// Fills a buffer from a place in a file, all threads reading pieces.
pub(super) fn read_exact_at(file: &File, buffer: &mut [u8], offset: u64, piece_len: usize) -> io::Result<()> {
    let pieces = buffer.par_chunks_mut(piece_len).enumerate();
    pieces.try_for_each(|(index, piece)| file.read_exact_at(piece, offset + (index * piece_len) as u64))
}

/// What a thing that is no regular file is called.
fn irregular_kind(kind: FileType) -> Option<&'static str> {
    if kind.is_file() {
        return None;
    }
    Some(if kind.is_dir() { "a directory" } else { "a pipe or a device" })
}

/// Zone text being read, and what led to it.
pub(super) struct Source<'a> {
    pub text: &'a [u8],
    /// What findings call it.
    pub name: Arc<str>,
    /// Its index in the record store.
    pub file: u16,
    /// What its `$INCLUDE`s are relative to.
    pub directory: &'a Path,
    /// The file with symbolic links resolved, to find cycles; `None` for bytes in memory.
    pub identity: Option<PathBuf>,
    pub parent: Parent<'a>,
}

/// What led to a source.
pub(super) enum Parent<'a> {
    /// Nothing: it is what was asked for.
    Nobody,
    /// An `$INCLUDE` on this line.
    Included { by: &'a Source<'a>, line: u32 },
    /// A `$GENERATE`: the text is made up of its records.
    Generated { by: &'a Source<'a>, directive: Entry },
}

impl<'a> Source<'a> {
    /// The same with other text: a part of it.
    pub(super) fn with_text<'t>(&self, text: &'t [u8]) -> Source<'t>
    where
        'a: 't,
    {
        Source {
            text,
            name: self.name.clone(),
            file: self.file,
            directory: self.directory,
            identity: self.identity.clone(),
            parent: Parent::Nobody,
        }
    }

    /// The source and the line this one was included from.
    pub(super) const fn includer(&self) -> Option<(&'a Self, u32)> {
        match self.parent {
            Parent::Included { by, line } => Some((by, line)),
            Parent::Nobody | Parent::Generated { .. } => None,
        }
    }

    /// Whether a `$GENERATE` made the text.
    pub(super) const fn is_generated(&self) -> bool {
        matches!(self.parent, Parent::Generated { .. })
    }

    /// The line that findings about the records of an entry name.
    pub(super) const fn record_line(&self, entry: Entry) -> u32 {
        match self.parent {
            Parent::Generated { directive, .. } => directive.line,
            Parent::Nobody | Parent::Included { .. } => entry.line,
        }
    }
}
