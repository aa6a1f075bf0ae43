//! Pieces of a record store: records as they stand in the file, or grouped to RRsets while they were at hand.

use super::arena::{Arena, ChunkShift, Span};
use super::group::{RdataSorter, index_u32, kind, lowest_ttl, rrsets};
use super::store::RawRecord;
use super::{Part, RecordEntry, RrsetEntry, TOUCHED_AT_ONCE};
use crate::base::{Class, Name, NameBuf, Rtype, sort_key};
use std::hint::black_box;
use std::ops::Range;

/// Records that were pushed one after another, or taken over from another store as they are there: their spans and lines
/// move when they are looked at.
#[derive(Debug, Default)]
pub(super) struct Segment {
    /// In file order; none if they are grouped.
    records: Vec<RawRecord>,
    grouped: Option<Grouped>,
    /// The SOA records in file order, of which everybody wants to know first.
    soas: Vec<RawRecord>,
    shift: ChunkShift,
    lines_before: u32,
}

/// Records grouped to RRsets, as a zone has them: it takes them over as a part of its own. File order is that of their
/// lines.
#[derive(Debug)]
struct Grouped {
    /// All owners are at or below this name.
    apex: NameBuf,
    /// All records have this class.
    class: Class,
    /// In canonical order as far as their prefixes tell: who merges several segments walks along each.
    names: Vec<GroupedName>,
    part: Part,
}

/// A run of records of one owner. Its RRsets end where those of the next one start. 24 octets.
#[derive(Clone, Copy, Debug)]
pub(super) struct GroupedName {
    /// See [`sort_key::labels_prefix`].
    pub(super) prefix: u64,
    owner: Span,
    rrset_start: u32,
    /// Whether there is something to be said of its RRsets: a record that is there twice, or several TTLs.
    is_odd: bool,
    has_ns: bool,
    has_dname: bool,
}

/// What a node depends on, so that its RRsets need not be looked at once more.
#[derive(Clone, Copy, Debug)]
pub(super) struct NodeRrsets {
    /// The place of the first in its part.
    pub(super) start: u32,
    pub(super) count: u32,
    pub(super) has_ns: bool,
    pub(super) has_dname: bool,
}

impl NodeRrsets {
    /// Some of the RRsets of a part: those of one node.
    pub(super) fn of(rrsets: &[RrsetEntry], range: Range<usize>) -> Self {
        let (start, count) = (index_u32(range.start), index_u32(range.len()));
        let (mut has_ns, mut has_dname) = (false, false);
        for rrset in &rrsets[range] {
            has_ns |= rrset.rtype == Rtype::NS;
            has_dname |= rrset.rtype == Rtype::DNAME;
        }
        Self { start, count, has_ns, has_dname }
    }
}

/// A run of records of one owner as they were pushed.
#[derive(Clone, Copy, Debug)]
struct PushedRun {
    /// See [`sort_key::labels_prefix`].
    prefix: u64,
    start: u32,
    count: u32,
}

impl PushedRun {
    fn range(&self) -> Range<usize> {
        let start = self.start as usize;
        start..start + self.count as usize
    }
}

/// How far behind its first record more of a run is brought into the cache: a line of it.
const RECORDS_TOUCHED: usize = 2;

/// Room for owners to inherit that are stored once more.
const ROOM_FOR_OWNERS: usize = 2 * 255;

impl Segment {
    /// How many records.
    pub(super) fn len(&self) -> usize {
        self.grouped.as_ref().map_or(self.records.len(), |grouped| grouped.part.records.len())
    }

    /// Some of the records that were pushed, as the whole store has them.
    pub(super) fn pushed(&self, range: Range<usize>) -> impl Iterator<Item = RawRecord> + Clone {
        self.records[range].iter().map(|record| self.moved(record))
    }

    /// The records in file order.
    pub(super) fn in_file_order(&self) -> impl Iterator<Item = RawRecord> {
        let by_line = self.grouped.as_ref().map(Grouped::by_line).unwrap_or_default();
        self.pushed(0..self.records.len()).chain(by_line.into_iter().map(|record| self.moved(&record)))
    }

    /// The SOA records in file order.
    pub(super) fn soas(&self) -> impl Iterator<Item = RawRecord> + Clone {
        self.soas.iter().map(|soa| self.moved(soa))
    }

    /// The names of its RRsets, if the records were grouped for this apex.
    pub(super) fn names(&self, apex: Name<'_>, class: Class) -> Option<&[GroupedName]> {
        let grouped =
            self.grouped.as_ref().filter(|grouped| grouped.apex.as_name() == apex && grouped.class == class)?;
        Some(&grouped.names)
    }

    /// The owner of the run that starts at an index: that of a name if the records are grouped, else that of a record.
    pub(super) fn owner(&self, start: usize) -> Span {
        let owner = match &self.grouped {
            Some(grouped) => grouped.names[start].owner,
            None => self.records[start].owner,
        };
        owner.shifted(self.shift)
    }

    /// Adds the records of the run that starts at an index, in file order.
    pub(super) fn push_run(&self, start: usize, out: &mut Vec<RawRecord>) {
        if let Some(grouped) = &self.grouped {
            let first = out.len();
            out.extend(grouped.records_of(start).map(|record| self.moved(&record)));
            out[first..].sort_unstable_by_key(|record| record.line);
        } else {
            let rest = &self.records[start..];
            let len = rest.iter().take_while(|record| is_continued(&rest[0], record)).count();
            out.extend(rest[..len].iter().map(|record| self.moved(record)));
        }
    }

    /// The RRsets of the run that starts at an index in the part that the segment becomes, if nothing is left to be done
    /// about them.
    pub(super) fn rrsets(&self, start: usize) -> Option<NodeRrsets> {
        let grouped = self.grouped.as_ref()?;
        let GroupedName { is_odd, has_ns, has_dname, .. } = grouped.names[start];
        let range = grouped.rrset_range(start);
        let (start, count) = (index_u32(range.start), index_u32(range.len()));
        (!is_odd).then_some(NodeRrsets { start, count, has_ns, has_dname })
    }

    /// The part of the zone that it becomes; what was not grouped is in other parts.
    pub(super) fn into_part(self) -> Part {
        let part = self.grouped.map(|grouped| grouped.part).unwrap_or_default();
        Part { shift: self.shift, lines_before: self.lines_before, ..part }
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
            self.soas.push(record);
        }
        self.records.push(record);
    }

    /// Drops the record pushed last.
    pub(super) fn pop(&mut self) {
        let record = self.records.pop().expect("a record was pushed");
        if record.rtype == Rtype::SOA {
            self.soas.pop();
        }
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
    pub(super) fn retain(&mut self, keep: impl Fn(&RawRecord) -> bool) {
        let mut this = std::mem::take(self);
        let (mut records, mut soas, mut grouped) =
            (std::mem::take(&mut this.records), std::mem::take(&mut this.soas), this.grouped.take());
        let is_kept = |record: &RawRecord| keep(&this.moved(record));
        records.retain(is_kept);
        soas.retain(is_kept);
        if let Some(grouped) = &mut grouped {
            grouped.retain(is_kept);
        }
        *self = Self { records, soas, grouped, ..this };
    }

    /// Has records that were grouped for another zone stand in file order again.
    pub(super) fn ungroup_unless_for(&mut self, apex: Name<'_>, class: Class) {
        if self.names(apex, class).is_none()
            && let Some(grouped) = self.grouped.take()
        {
            self.records = grouped.by_line();
        }
    }

    /// The runs as they stand; `None` if not all records belong to a zone of this name and class.
    fn find_runs(&self, arena: &Arena, apex: Name<'_>, class: Class) -> Option<Vec<PushedRun>> {
        let mut runs: Vec<PushedRun> = Vec::with_capacity(self.records.len() / 2);
        let mut owner = None;
        for (start, record) in (0..).zip(&self.records) {
            if record.class != class {
                return None;
            }
            match runs.last_mut().filter(|_| owner == Some(record.owner)) {
                Some(run) => run.count += 1,
                None => {
                    owner = Some(record.owner);
                    let labels = Name::from_wire_trusted(arena.get(record.owner)).strip_suffix(apex)?;
                    runs.push(PushedRun { prefix: sort_key::labels_prefix(labels), start, count: 1 });
                }
            }
        }
        Some(runs)
    }

    /// Copies and groups the records, which were pushed here and whose lines are ascending and of one file. `None` if not
    /// all belong to a zone of this name and class.
    pub(super) fn grouped(&self, arena: &Arena, apex: &NameBuf, class: Class) -> Option<(Self, Arena)> {
        let mut runs = self.find_runs(arena, apex.as_name(), class)?;
        // By prefix, then in file order: one number is compared without a branch to guess.
        runs.sort_unstable_by_key(|run| u128::from(run.prefix) << 64 | u128::from(run.start));
        let mut copied = Arena::with_room(arena.len() + ROOM_FOR_OWNERS);
        let (names, part) = (Vec::with_capacity(runs.len()), Part::with_room(self.len()));
        let mut grouped = Grouped { apex: apex.clone(), class, names, part };
        let (mut sorter, mut node) = (RdataSorter::default(), Vec::new());
        let mut soas: Vec<RawRecord> = Vec::new();
        for runs in runs.chunks(TOUCHED_AT_ONCE) {
            self.touch(arena, runs);
            for run in runs {
                node.clear();
                node.extend_from_slice(&self.records[run.range()]);
                copied.push_run(arena, &mut node);
                soas.extend(node.iter().filter(|record| record.rtype == Rtype::SOA));
                grouped.push_run(run.prefix, &copied, &mut node, &mut sorter);
            }
        }
        grouped.part.shrink_to_fit();
        soas.sort_by_key(|soa| soa.line);
        Some((Self { grouped: Some(grouped), soas, ..Self::default() }, copied))
    }

    /// Has what was pushed for runs brought into the processor's nearest cache, which holds less than a block's records:
    /// loads that do not depend on each other are waited for together.
    fn touch(&self, arena: &Arena, runs: &[PushedRun]) {
        let line = |index: usize| self.records[index.min(self.records.len() - 1)].line;
        let starts = || runs.iter().map(|run| run.start as usize);
        let records = starts().fold(0, |sum, start| sum ^ line(start) ^ line(start + RECORDS_TOUCHED));
        let bytes = starts().fold(0, |sum, start| sum ^ arena.touch(self.records[start].owner));
        black_box((records, bytes));
    }
}

/// Whether a record belongs to the run of the record before it.
pub(super) fn is_continued(before: &RawRecord, record: &RawRecord) -> bool {
    before.owner == record.owner && before.class == record.class
}

impl Grouped {
    /// Adds a run of records, given in file order.
    fn push_run(&mut self, prefix: u64, arena: &Arena, run: &mut [RawRecord], sorter: &mut RdataSorter) {
        let (owner, rrset_start) = (run[0].owner, index_u32(self.part.rrsets.len()));
        let mut is_odd = false;
        for rrset in rrsets(arena, run) {
            let (ttl, is_mixed) = lowest_ttl(rrset);
            sorter.sort(arena, rrset);
            is_odd |= is_mixed || sorter.has_repeats();
            self.part.push_rrset(kind(arena, &rrset[0]), ttl, rrset.iter().map(RecordEntry::from));
        }
        self.push_name(GroupedName { prefix, owner, rrset_start, is_odd, has_ns: false, has_dname: false });
    }

    /// Adds a name whose RRsets are the last ones.
    fn push_name(&mut self, name: GroupedName) {
        let range = name.rrset_start as usize..self.part.rrsets.len();
        let NodeRrsets { has_ns, has_dname, .. } = NodeRrsets::of(&self.part.rrsets, range);
        self.names.push(GroupedName { has_ns, has_dname, ..name });
    }

    fn rrset_range(&self, name: usize) -> Range<usize> {
        let end = self.names.get(name + 1).map_or(self.part.rrsets.len(), |next| next.rrset_start as usize);
        self.names[name].rrset_start as usize..end
    }

    /// The records of a name as they were pushed, but for their order.
    fn records_of(&self, name: usize) -> impl Iterator<Item = RawRecord> {
        let owner = self.names[name].owner;
        self.part.rrsets[self.rrset_range(name)].iter().flat_map(move |rrset| {
            let records = &self.part.records[rrset.record_range()];
            records.iter().map(move |record| self.raw(owner, rrset, record))
        })
    }

    fn raw(&self, owner: Span, rrset: &RrsetEntry, record: &RecordEntry) -> RawRecord {
        let RecordEntry { rdata, ttl, line, file } = *record;
        RawRecord { owner, rdata, ttl, line, rtype: rrset.rtype, class: self.class, file }
    }

    /// The records as they were pushed.
    fn by_line(&self) -> Vec<RawRecord> {
        let mut records: Vec<RawRecord> = (0..self.names.len()).flat_map(|name| self.records_of(name)).collect();
        records.sort_unstable_by_key(|record| record.line);
        records
    }

    /// Keeps the records for which `is_kept` holds, and the RRsets and names that have one.
    fn retain(&mut self, is_kept: impl Fn(&RawRecord) -> bool) {
        if (0..self.names.len()).all(|name| self.records_of(name).all(|record| is_kept(&record))) {
            return;
        }
        let mut kept = Self {
            apex: self.apex.clone(),
            class: self.class,
            names: Vec::with_capacity(self.names.len()),
            part: Part::with_room(self.part.records.len()),
        };
        for (index, name) in self.names.iter().enumerate() {
            let rrset_start = index_u32(kept.part.rrsets.len());
            for rrset in &self.part.rrsets[self.rrset_range(index)] {
                let records = self.part.records[rrset.record_range()].iter().copied();
                let records = records.filter(|record| is_kept(&self.raw(name.owner, rrset, record)));
                if let Some(ttl) = records.clone().map(|record| record.ttl).min() {
                    kept.part.push_rrset((rrset.rtype, rrset.covered), ttl, records);
                }
            }
            if kept.part.rrsets.len() > rrset_start as usize {
                kept.push_name(GroupedName { rrset_start, ..*name });
            }
        }
        kept.part.shrink_to_fit();
        *self = kept;
    }
}
