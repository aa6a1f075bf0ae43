//! Records as they come out of a parser: in file order, nothing decided yet.

use super::arena::{Arena, ChunkShift, Span};
use crate::base::{Class, Name, Position, Rtype, Ttl};
use std::hint::black_box;
use std::path::PathBuf;
use std::sync::Arc;

/// How many records are brought together at once.
const GATHERED_AT_ONCE: usize = 64;

/// A record in a [`RecordStore`]. Owner and RDATA are uncompressed wire form with their case kept.
#[derive(Clone, Copy, Debug)]
pub struct RawRecord {
    /// Owner name.
    pub owner: Span,
    /// RDATA without its length.
    pub rdata: Span,
    /// Time to live.
    pub ttl: Ttl,
    /// Line in its file; 0 for a record that no file holds.
    pub line: u32,
    /// Type.
    pub rtype: Rtype,
    /// Class.
    pub class: Class,
    /// Index of its file.
    pub file: u16,
}

/// Records in file order, with the arena that holds their bytes.
#[derive(Debug, Default)]
pub struct RecordStore {
    pub(super) arena: Arena,
    pub(super) records: Vec<RawRecord>,
    pub(super) files: Vec<Arc<str>>,
    /// Files included, with their text.
    included: Vec<(PathBuf, Vec<u8>)>,
}

impl RecordStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Registers a file by the name the user knows; records refer to it by the index returned.
    ///
    /// # Panics
    /// Beyond 65,536 files.
    pub fn add_file(&mut self, name: &str) -> u16 {
        self.files.push(name.into());
        u16::try_from(self.files.len() - 1).expect("fewer than 65,536 files")
    }

    /// Keeps the text of a file that was included, for [`Self::take_included`].
    pub(crate) fn keep_included(&mut self, path: PathBuf, text: Vec<u8>) {
        self.included.push((path, text));
    }

    /// The files that were included and their text, in the order in which they ended, if the reader was asked to keep
    /// them. One that was included twice is there twice.
    pub fn take_included(&mut self) -> Vec<(PathBuf, Vec<u8>)> {
        std::mem::take(&mut self.included)
    }

    /// Stores bytes for use in [`Self::push`]; an owner that many records share is stored once.
    pub fn intern(&mut self, bytes: &[u8]) -> Span {
        self.arena.push(bytes)
    }

    /// Adds a record whose spans came from [`Self::intern`].
    pub fn push(&mut self, record: RawRecord) {
        self.records.push(record);
    }

    /// Adds the records of a store that was filled apart, as if they had been pushed here, their lines counted from
    /// behind `lines_before`. Both mean the same files by the same indices. Returns how the spans of `other` move.
    pub(crate) fn append(&mut self, other: Self, lines_before: u32) -> ChunkShift {
        let shift = self.arena.append(other.arena);
        self.records.extend(other.records.iter().map(|record| RawRecord {
            owner: record.owner.shifted(shift),
            rdata: record.rdata.shifted(shift),
            line: record.line.saturating_add(lines_before),
            ..*record
        }));
        shift
    }

    /// Makes room for so many more records.
    pub(crate) fn reserve(&mut self, count: usize) {
        self.records.reserve(count);
    }

    /// Drops the records from an index on; what they hold stays in the arena.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.records.truncate(len);
    }

    /// The records in file order.
    #[must_use]
    pub fn records(&self) -> &[RawRecord] {
        &self.records
    }

    /// A store of some of the records, by their indices, with copies of their bytes next to each other in that order.
    pub(super) fn gather(&self, indices: impl Iterator<Item = u32> + Clone) -> Self {
        let mut gathered = Self { files: self.files.clone(), ..Self::default() };
        gathered.records.reserve(indices.clone().count());
        gathered.records.extend(indices.map(|index| self.records[index as usize]));
        let mut last_owner: Option<(Span, Span)> = None;
        for records in gathered.records.chunks_mut(GATHERED_AT_ONCE) {
            self.touch(records);
            for record in records {
                let owner = match last_owner {
                    Some((from, to)) if from == record.owner => to,
                    _ => gathered.arena.push(self.arena.get(record.owner)),
                };
                last_owner = Some((record.owner, owner));
                record.owner = owner;
                record.rdata = gathered.arena.push(self.arena.get(record.rdata));
            }
        }
        gathered
    }

    /// Has the bytes of records brought into the processor's cache: loads that do not depend on each other are waited for
    /// together, where copying one piece after another would wait for each.
    fn touch(&self, records: &[RawRecord]) {
        let first = |span: Span| self.arena.get(span).first().copied().unwrap_or(0);
        black_box(records.iter().fold(0, |sum, record| sum ^ first(record.owner) ^ first(record.rdata)));
    }

    /// The files, for records that have gone elsewhere.
    pub(super) fn into_files(self) -> Vec<Arc<str>> {
        self.files
    }

    /// Keeps the records for which `keep` holds, in order.
    pub fn retain(&mut self, mut keep: impl FnMut(&Arena, &RawRecord) -> bool) {
        let arena = &self.arena;
        self.records.retain(|record| keep(arena, record));
    }

    /// A record's owner.
    #[must_use]
    pub fn owner(&self, record: &RawRecord) -> Name<'_> {
        Name::from_wire_trusted(self.arena.get(record.owner))
    }

    /// A record's RDATA in wire form.
    #[must_use]
    pub fn rdata(&self, record: &RawRecord) -> &[u8] {
        self.arena.get(record.rdata)
    }

    /// Where the zone starts: what is missing from it as a whole is missing there.
    #[must_use]
    pub fn start(&self) -> Option<Position> {
        let file = self.files.first()?;
        Some(Position { file: Arc::clone(file), line: 1, column: 1 })
    }

    /// Where a record stands.
    #[must_use]
    pub fn position(&self, record: &RawRecord) -> Option<Position> {
        position(&self.files, record.file, record.line)
    }
}

/// A place at the start of a line; `None` for line 0, which no file holds.
pub(super) fn position(files: &[Arc<str>], file: u16, line: u32) -> Option<Position> {
    (line > 0).then(|| Position { file: Arc::clone(&files[usize::from(file)]), line, column: 1 })
}
