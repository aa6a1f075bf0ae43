//! Pieces of a record store: records as they stand in the file, or put in canonical order while they were at hand.

use super::arena::{Arena, ChunkShift};
use super::group::index_u32;
use super::runs::Run;
use super::store::RawRecord;
use crate::base::{Class, Name, NameBuf, Rtype, sort_key};
use std::ops::Range;

/// Records that were pushed one after another, or taken over from another store as they are there: their spans and lines
/// move when they are looked at.
#[derive(Debug, Default)]
pub(super) struct Segment {
    records: Vec<RawRecord>,
    /// Indices of the SOA records in file order, of which everybody wants to know first.
    soas: Vec<u32>,
    shift: ChunkShift,
    lines_before: u32,
    /// If the records do not stand in file order.
    order: Option<Order>,
}

/// Runs of records in canonical order, as far as their prefixes tell: who merges several such segments walks along each,
/// where runs in file order are anywhere in memory. File order is that of their lines.
#[derive(Debug)]
struct Order {
    /// All owners are at or below this name.
    apex: NameBuf,
    /// All records have this class.
    class: Class,
    /// The number of the segment is left to who knows it.
    runs: Vec<Run>,
}

/// Room for owners to inherit that are stored once more.
const ROOM_FOR_OWNERS: usize = 2 * 255;

impl Segment {
    /// How many records.
    pub(super) const fn len(&self) -> usize {
        self.records.len()
    }

    /// A record, as the whole store has it.
    pub(super) fn record(&self, index: usize) -> RawRecord {
        self.moved(&self.records[index])
    }

    /// Some of the records, as the whole store has them.
    pub(super) fn records(&self, range: Range<usize>) -> impl Iterator<Item = RawRecord> + Clone {
        self.records[range].iter().map(|record| self.moved(record))
    }

    /// The records in file order.
    pub(super) fn in_file_order(&self) -> impl Iterator<Item = RawRecord> {
        let by_line = self.order.as_ref().map(|_| {
            let mut records: Vec<RawRecord> = self.records(0..self.len()).collect();
            records.sort_by_key(|record| record.line);
            records
        });
        let as_is = if by_line.is_some() { 0..0 } else { 0..self.len() };
        self.records(as_is).chain(by_line.into_iter().flatten())
    }

    /// The SOA records in file order.
    pub(super) fn soas(&self) -> impl Iterator<Item = RawRecord> + Clone {
        self.soas.iter().map(|&soa| self.record(soa as usize))
    }

    /// The runs in canonical order as far as their prefixes tell, if the records were put in order for this apex.
    pub(super) fn runs(&self, apex: Name<'_>, class: Class) -> Option<&[Run]> {
        let order = self.order.as_ref().filter(|order| order.apex.as_name() == apex && order.class == class)?;
        Some(&order.runs)
    }

    fn moved(&self, record: &RawRecord) -> RawRecord {
        RawRecord {
            owner: record.owner.shifted(self.shift),
            rdata: record.rdata.shifted(self.shift),
            line: record.line.saturating_add(self.lines_before),
            ..*record
        }
    }

    /// Adds a record.
    pub(super) fn push(&mut self, record: RawRecord) {
        if record.rtype == Rtype::SOA {
            self.soas.push(index_u32(self.records.len()));
        }
        self.records.push(record);
    }

    /// Drops the record pushed last.
    pub(super) fn pop(&mut self) {
        self.records.pop().expect("a record was pushed");
        let len = self.records.len();
        self.soas.retain(|&soa| (soa as usize) < len);
    }

    /// Makes room for so many more records.
    pub(super) fn reserve(&mut self, count: usize) {
        self.records.reserve(count);
    }

    /// The segment in a store that its own was appended to.
    pub(super) fn taken_over(self, shift: ChunkShift, lines_before: u32) -> Self {
        Self { shift: self.shift.and(shift), lines_before: self.lines_before.saturating_add(lines_before), ..self }
    }

    /// Keeps the records for which `keep` holds.
    pub(super) fn retain(&mut self, arena: &Arena, mut keep: impl FnMut(&Arena, &RawRecord) -> bool) {
        let mut records = std::mem::take(&mut self.records);
        let count = records.len();
        records.retain(|record| keep(arena, &self.moved(record)));
        self.records = records;
        if self.len() == count {
            return;
        }
        self.find_soas();
        if let Some(order) = self.order.take() {
            let runs = self.find_runs(arena, order.apex.as_name(), order.class);
            self.order = Some(Order { runs: runs.expect("what holds for all records holds for some"), ..order });
        }
    }

    /// Has records that were put in order for another zone stand in file order again.
    pub(super) fn restore_order_unless_for(&mut self, apex: Name<'_>, class: Class) {
        if self.runs(apex, class).is_none() && self.order.take().is_some() {
            self.records.sort_by_key(|record| record.line);
            self.find_soas();
        }
    }

    fn find_soas(&mut self) {
        self.soas =
            (0..).zip(&self.records).filter(|(_, record)| record.rtype == Rtype::SOA).map(|(at, _)| at).collect();
        self.soas.sort_by_key(|&soa| self.records[soa as usize].line);
    }

    /// The runs as they stand; `None` if not all records belong to a zone of this name and class.
    fn find_runs(&self, arena: &Arena, apex: Name<'_>, class: Class) -> Option<Vec<Run>> {
        let mut runs = Vec::new();
        let mut owner = None;
        for (index, record) in self.records(0..self.len()).enumerate() {
            if record.class != class {
                return None;
            }
            if owner.replace(record.owner) != Some(record.owner) {
                let labels = Name::from_wire_trusted(arena.get(record.owner)).strip_suffix(apex)?;
                runs.push(Run { prefix: sort_key::labels_prefix(labels), segment: 0, start: index_u32(index) });
            }
        }
        Some(runs)
    }

    /// Copies the records, whose lines are ascending and of one file, in canonical order. `None` if not all belong to a
    /// zone of this name and class.
    pub(super) fn ordered(&self, arena: &Arena, apex: &NameBuf, class: Class) -> Option<(Self, Arena)> {
        let mut runs = self.find_runs(arena, apex.as_name(), class)?;
        runs.sort_unstable_by_key(|run| (run.prefix, run.start));
        let mut copy = Self { records: Vec::with_capacity(self.len()), ..Self::default() };
        let mut copied = Arena::with_room(arena.len() + ROOM_FOR_OWNERS);
        for run in &mut runs {
            let start = copy.len();
            let owner = self.records[run.start as usize].owner;
            let records = self.records[run.start as usize..].iter();
            copy.records.extend(records.take_while(|record| record.owner == owner));
            copied.push_run(arena, &mut copy.records[start..]);
            run.start = index_u32(start);
        }
        copy.find_soas();
        copy.order = Some(Order { apex: apex.clone(), class, runs });
        Some((copy, copied))
    }
}
