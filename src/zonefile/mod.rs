//! Zone files (RFC 1035 section 5, with `$TTL`, `$INCLUDE`, `$GENERATE`): text in, records in file order out.
//!
//! ```text
//! bytes ─ lexer ─▶ entry: tokens that borrow from the bytes ─ parser ─▶ owner, TTL, class, type ─ rdata ─▶ RecordStore
//!                                                              └ $INCLUDE: another source; $GENERATE: generated text
//! ```

mod directive;
mod generate;
mod header;
mod lexer;
mod parser;
mod problem;
mod report;
mod source;

pub use report::shown_line;
pub use source::{Input, ReadError, read_file};

use crate::base::{Diagnostics, NameBuf};
use crate::zone::RecordStore;
use parser::Reader;
use source::{Parent, Source, io_failed, open_file, read_all};
use std::path::{Path, PathBuf};

/// What `$INCLUDE` may open.
#[derive(Clone, Debug, Default)]
pub enum Includes {
    /// Nothing: for zone text from strangers.
    #[default]
    Refuse,
    /// Files below this directory, symbolic links resolved.
    Within(PathBuf),
    /// Any file the process can read: for the operator's own zones.
    Follow,
}

/// How to read a zone. The default is for zone text from strangers.
#[derive(Clone, Debug)]
pub struct ReadOptions {
    /// The origin until the first `$ORIGIN`. Without one, relative names before an `$ORIGIN` are errors.
    pub origin: Option<NameBuf>,
    /// What `$INCLUDE` may open.
    pub includes: Includes,
    /// How many records all `$GENERATE`s together may make.
    pub generated_max: u64,
    /// Whether [`RecordStore::take_included`] is to have the text of every file included.
    pub keeps_included: bool,
}

impl Default for ReadOptions {
    fn default() -> Self {
        // Enough for a reverse zone of 16 bits; a line of text should not cost a stranger's host more memory than that.
        Self { origin: None, includes: Includes::Refuse, generated_max: 1 << 16, keeps_included: false }
    }
}

impl ReadOptions {
    /// For the operator's own zones: follows `$INCLUDE`, and generates up to the records of a reverse zone of 24 bits.
    #[must_use]
    pub const fn trusted(origin: Option<NameBuf>) -> Self {
        Self { origin, includes: Includes::Follow, generated_max: 1 << 24, keeps_included: false }
    }
}

/// Reads zone text into records, in file order. What is wrong goes to `findings`, and reading goes on at the next record;
/// so if `findings` has errors, the records are not the whole zone (ZF-16).
///
/// # Errors
/// Only if the input itself cannot be read. An included file that cannot be read is a finding.
pub fn read(input: Input<'_>, options: &ReadOptions, findings: &mut Diagnostics) -> Result<RecordStore, ReadError> {
    read_in_blocks(input, options, BLOCK_LEN, findings)
}

/// How long the blocks of a text are that are read in parallel: long enough for what a block costs by itself not to show.
const BLOCK_LEN: usize = 1 << 20;

/// How many such blocks a window of a large file has, for each thread. Two windows are in memory at once: one is read while
/// the other is parsed.
const WINDOW_BLOCKS: usize = 4;

/// Reads zone text, sources longer than a block in blocks.
fn read_in_blocks(
    input: Input<'_>,
    options: &ReadOptions,
    block_len: usize,
    findings: &mut Diagnostics,
) -> Result<RecordStore, ReadError> {
    let mut reader = Reader::new(options, findings);
    reader.block_len = block_len;
    match input {
        Input::Path(path) => reader.read_first_path(path, WINDOW_BLOCKS * BLOCK_LEN)?,
        Input::Read { path, text } => reader.read_first_file(path, text),
        Input::Bytes { name, text } => reader.read_first(name, text, Path::new(""), None),
    }
    Ok(reader.store)
}

impl Reader<'_> {
    /// Reads the file that was asked for, a large one in windows of so many octets a thread.
    fn read_first_path(&mut self, path: &Path, window_len: usize) -> Result<(), ReadError> {
        let window_len = window_len * rayon::current_num_threads();
        let file = open_file(path)?;
        let len = file.metadata().map_err(|error| io_failed(path, error))?.len();
        if usize::try_from(len).is_ok_and(|len| len <= 2 * window_len) {
            self.read_first_file(path, &read_all(file).map_err(|error| io_failed(path, error))?);
            return Ok(());
        }
        let name = path.display().to_string();
        let source = Source {
            text: &[],
            file: self.store.add_file(&name),
            name: name.into(),
            directory: path.parent().unwrap_or_else(|| Path::new("")),
            identity: path.canonicalize().ok(),
            parent: Parent::Nobody,
        };
        self.read_windows(&source, &file, window_len).map_err(|error| io_failed(path, error))
    }

    /// Reads the file that was asked for.
    fn read_first_file(&mut self, path: &Path, text: &[u8]) {
        let directory = path.parent().unwrap_or_else(|| Path::new(""));
        self.read_first(&path.display().to_string(), text, directory, path.canonicalize().ok());
    }

    /// Reads the source that was asked for.
    fn read_first(&mut self, name: &str, text: &[u8], directory: &Path, identity: Option<PathBuf>) {
        let file = self.store.add_file(name);
        self.read_source(&Source { text, name: name.into(), file, directory, identity, parent: Parent::Nobody });
    }
}
