//! Records as they come out of a parser: in file order, nothing decided yet.

use super::Part;
use super::arena::{Arena, ChunkShift, Span};
use super::segment::Segment;
use crate::base::{Class, Name, NameBuf, Position, Rtype, Ttl};
use rayon::iter::{IntoParallelRefMutIterator, ParallelIterator};
use std::path::PathBuf;
use std::sync::Arc;

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
    segments: Vec<Segment>,
    /// Whether the last segment is one to push to, and not one taken over.
    is_open: bool,
    count: usize,
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
        self.open_segment().push(record);
        self.count += 1;
    }

    /// The segment to push to.
    fn open_segment(&mut self) -> &mut Segment {
        if !self.is_open {
            self.segments.push(Segment::default());
            self.is_open = true;
        }
        self.segments.last_mut().expect("one was just pushed if there was none")
    }

    /// Adds the records of a store that was filled apart, as if they had been pushed here, their lines counted from
    /// behind `lines_before`. Both mean the same files by the same indices. Returns how the spans of `other` move.
    pub(crate) fn append(&mut self, other: Self, lines_before: u32) -> ChunkShift {
        let shift = self.arena.append(other.arena);
        self.count += other.count;
        let filled = other.segments.into_iter().filter(|segment| segment.len() > 0);
        self.segments.extend(filled.map(|segment| segment.taken_over(shift, lines_before)));
        self.is_open = false;
        shift
    }

    /// Makes room for so many more records.
    pub(crate) fn reserve(&mut self, count: usize) {
        self.open_segment().reserve(count);
    }

    /// Drops the record pushed last; what it holds stays in the arena.
    pub(crate) fn pop(&mut self) {
        self.open_segment().pop();
        self.count -= 1;
    }

    /// The same records, if they are of consecutive lines of one file and all belong to a zone of this name and class:
    /// grouped to RRsets in canonical order, which the zone takes over as they are, and who walks it finds what belongs
    /// together one behind the other.
    pub(crate) fn grouped(&self, apex: &NameBuf, class: Class) -> Option<Self> {
        let [segment] = &self.segments[..] else { return None };
        let (segment, arena) = segment.grouped(&self.arena, apex, class)?;
        Some(Self { arena, count: segment.len(), segments: vec![segment], ..Self::default() })
    }

    /// Has records that were grouped for another zone stand in file order again.
    pub(super) fn ungroup_unless_for(&mut self, apex: Name<'_>, class: Class) {
        self.segments.iter_mut().for_each(|segment| segment.ungroup_unless_for(apex, class));
    }

    /// How many records.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "nobody asks")]
    pub const fn len(&self) -> usize {
        self.count
    }

    /// The records in file order.
    pub fn records(&self) -> impl Iterator<Item = RawRecord> {
        self.segments.iter().flat_map(Segment::in_file_order)
    }

    /// The SOA records in file order.
    pub fn soas(&self) -> impl Iterator<Item = RawRecord> + Clone {
        self.segments.iter().flat_map(Segment::soas)
    }

    /// The records in pieces.
    pub(super) fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// What a zone goes on with: the bytes, the files, and each segment as a part.
    pub(super) fn into_parts(self) -> (Arena, Vec<Arc<str>>, Vec<Part>) {
        (self.arena, self.files, self.segments.into_iter().map(Segment::into_part).collect())
    }

    /// Keeps the records for which `keep` holds, in order.
    pub fn retain(&mut self, keep: impl Fn(&Arena, &RawRecord) -> bool + Sync) {
        let arena = &self.arena;
        self.segments.par_iter_mut().for_each(|segment| segment.retain(|record| keep(arena, record)));
        self.count = self.segments.iter().map(Segment::len).sum();
    }

    /// What [`Self::intern`] stored.
    pub(crate) fn bytes(&self, span: Span) -> &[u8] {
        self.arena.get(span)
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
