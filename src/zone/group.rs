//! From the records of one owner to RRsets: by type, in canonical order, duplicates collapsed, one TTL.

use super::build::MixedTtl;
use super::runs::Run;
use super::segment::NodeRrsets;
use super::store::{RawRecord, RecordStore};
use super::{Arena, Part, RecordEntry, RrsetEntry};
use crate::base::{Diagnostic, Diagnostics, Name, Position, Rtype, Severity, Ttl};
use crate::rdata;
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// The records of one owner, given in file order, by RRsets; the records of each stay in file order.
pub(super) fn rrsets<'r>(arena: &'r Arena, records: &'r mut [RawRecord]) -> impl Iterator<Item = &'r mut [RawRecord]> {
    let is_in_order =
        |left: &RawRecord, right: &RawRecord| left.rtype < right.rtype || kind(arena, left) <= kind(arena, right);
    if !records.is_sorted_by(is_in_order) {
        records.sort_by_key(|record| kind(arena, record));
    }
    records.chunk_by_mut(|left, right| left.rtype == right.rtype && kind(arena, left) == kind(arena, right))
}

/// The type of a record, and for RRSIG the type it covers, else 0: what RRsets are grouped and ordered by.
#[inline]
pub(super) fn kind(arena: &Arena, record: &RawRecord) -> (Rtype, Rtype) {
    (record.rtype, if record.rtype == Rtype::RRSIG { covered(arena, record) } else { Rtype(0) })
}

/// The type that an RRSIG covers.
fn covered(arena: &Arena, rrsig: &RawRecord) -> Rtype {
    match *arena.get(rrsig.rdata) {
        [high, low, ..] => Rtype(u16::from_be_bytes([high, low])),
        _ => Rtype(0),
    }
}

/// The lowest TTL of an RRset, and whether another one is higher.
pub(super) fn lowest_ttl(rrset: &[RawRecord]) -> (Ttl, bool) {
    let first = rrset[0].ttl;
    let lowest = rrset.iter().fold(first, |lowest, record| lowest.min(record.ttl));
    // RRSIGs are no RRset: each has the TTL of what it covers (SIG-3).
    (lowest, rrset[0].rtype != Rtype::RRSIG && rrset.iter().any(|record| record.ttl != first))
}

impl From<&RawRecord> for RecordEntry {
    fn from(&RawRecord { rdata, ttl, line, file, .. }: &RawRecord) -> Self {
        Self { rdata, ttl, line, file }
    }
}

impl Part {
    /// An empty one for about so many records. Room is set aside for as many RRsets.
    pub(super) fn with_room(count: usize) -> Self {
        Self { rrsets: Vec::with_capacity(count), records: Vec::with_capacity(count), ..Self::default() }
    }

    /// Adds an RRset with its records in canonical order.
    pub(super) fn push_rrset(
        &mut self,
        (rtype, covered): (Rtype, Rtype),
        ttl: Ttl,
        records: impl Iterator<Item = RecordEntry>,
    ) {
        let record_start = index_u32(self.records.len());
        self.records.extend(records);
        let record_count = index_u32(self.records.len()) - record_start;
        self.rrsets.push(RrsetEntry { rtype, covered, ttl, record_start, record_count });
    }

    /// Gives back the room that was not needed.
    pub(super) fn shrink_to_fit(&mut self) {
        self.rrsets.shrink_to_fit();
        self.records.shrink_to_fit();
    }
}

/// How many TTLs of an RRset a message names.
const TTLS_SHOWN: usize = 8;

/// Groups the records of nodes for which that was not done when they were read, and says what is to be said of them.
#[derive(Debug)]
pub(super) struct Grouper<'s> {
    store: &'s RecordStore,
    mixed_ttl: MixedTtl,
    part: Part,
    /// The records of the node at hand.
    node: Vec<RawRecord>,
    sorter: RdataSorter,
}

impl<'s> Grouper<'s> {
    pub(super) fn new(store: &'s RecordStore, mixed_ttl: MixedTtl) -> Self {
        Self { store, mixed_ttl, part: Part::default(), node: Vec::new(), sorter: RdataSorter::default() }
    }

    /// Groups the records of runs of one owner, which are in file order, and says what they make.
    pub(super) fn group(&mut self, runs: &[Run], findings: &mut Diagnostics) -> NodeRrsets {
        let mut records = std::mem::take(&mut self.node);
        runs.iter().for_each(|run| run.push_records(self.store, &mut records));
        let start = self.part.rrsets.len();
        rrsets(&self.store.arena, &mut records).for_each(|rrset| self.add_rrset(rrset, findings));
        records.clear();
        self.node = records;
        NodeRrsets::of(&self.part.rrsets, start..self.part.rrsets.len())
    }

    /// The part with all that was grouped.
    pub(super) fn finish(mut self) -> Part {
        self.part.shrink_to_fit();
        self.part
    }

    /// Adds the records of one owner and type, given in file order.
    fn add_rrset(&mut self, rrset: &mut [RawRecord], findings: &mut Diagnostics) {
        let (ttl, is_mixed) = lowest_ttl(rrset);
        if is_mixed {
            self.report_mixed_ttl(rrset, ttl, findings);
        }
        self.sorter.sort(&self.store.arena, rrset);
        let mut before: Option<&RawRecord> = None;
        let mut kept = Vec::with_capacity(rrset.len());
        for (raw, &is_repeat) in rrset.iter().zip(&self.sorter.is_repeat) {
            if let Some(before) = before.filter(|_| is_repeat) {
                findings.push_with(Severity::Warning, || self.duplicate(before, raw));
                continue;
            }
            before = Some(raw);
            let lowest = (self.mixed_ttl == MixedTtl::Lowest && is_mixed).then_some(ttl);
            kept.push(RecordEntry { ttl: lowest.unwrap_or(raw.ttl), ..raw.into() });
        }
        self.part.push_rrset(kind(&self.store.arena, &rrset[0]), ttl, kept.into_iter());
    }

    /// Reports an RRset of several TTLs as the options want it.
    #[cold]
    fn report_mixed_ttl(&self, rrset: &[RawRecord], lowest: Ttl, findings: &mut Diagnostics) {
        let severity = match self.mixed_ttl {
            MixedTtl::Error => Severity::Error,
            MixedTtl::Lowest => Severity::Warning,
            MixedTtl::Keep => return,
        };
        findings.push_with(severity, || {
            let first = &rrset[0];
            let (owner, rtype) = (self.owner_of(first), first.rtype);
            let message = format!("the RRset \"{owner} {rtype}\" has several TTLs: {}", self.ttl_list(rrset));
            let finding = match self.mixed_ttl {
                MixedTtl::Lowest => Diagnostic::warning("ttl-mixed", format!("{message}; all get {lowest}")),
                _ => Diagnostic::error("ttl-mixed", message)
                    .help("give all its records the same TTL, or have the lowest taken with --fix-ttl"),
            };
            finding.at(self.position(first)).because("RFC 2181 section 5.2")
        });
    }

    /// Where a record stands, as a message says it that stands at `beside`: ` (line 4)`, or ` (hosts.inc:4)`.
    fn place(&self, record: &RawRecord, beside: &RawRecord) -> String {
        match self.position(record) {
            Some(place) if place.file != self.store.files[usize::from(beside.file)] => {
                format!(" ({}:{})", place.file, place.line)
            }
            _ => in_line(record.line),
        }
    }

    /// Each TTL once, with the place that has it first: `3600 (line 4), 300 (line 9)`; of many TTLs the first.
    fn ttl_list(&self, rrset: &[RawRecord]) -> String {
        let mut seen = BTreeSet::new();
        let firsts: Vec<&RawRecord> = rrset.iter().filter(|record| seen.insert(record.ttl)).collect();
        let shown = |record: &&RawRecord| format!("{}{}", record.ttl, self.place(record, &rrset[0]));
        let mut parts: Vec<String> = firsts.iter().take(TTLS_SHOWN).map(shown).collect();
        if firsts.len() > TTLS_SHOWN {
            parts.push(format!("and {} more", firsts.len() - TTLS_SHOWN));
        }
        parts.join(", ")
    }

    /// The warning for a record that repeats another one (SIG-14).
    #[cold]
    fn duplicate(&self, kept: &RawRecord, dropped: &RawRecord) -> Diagnostic {
        let is_same_spelling = self.store.rdata(kept) == self.store.rdata(dropped);
        let how = if is_same_spelling { "repeats" } else { "differs only in the case of letters from" };
        let place = match self.position(kept) {
            None => "the one before".to_owned(),
            Some(place) if place.file != self.store.files[usize::from(dropped.file)] => {
                format!("the one at {}:{}", place.file, place.line)
            }
            // A `$GENERATE` makes many records, and a file may be included twice.
            Some(_) if kept.line == dropped.line => "another one from the same line".to_owned(),
            Some(place) => format!("the one at line {}", place.line),
        };
        let message = format!("this \"{} {}\" record {how} {place}; dropped", self.owner_of(dropped), dropped.rtype);
        Diagnostic::warning("duplicate-record", message).at(self.position(dropped)).because("RFC 4034 section 6.3")
    }

    fn owner_of(&self, record: &RawRecord) -> Name<'_> {
        self.store.owner(record)
    }

    fn position(&self, record: &RawRecord) -> Option<Position> {
        self.store.position(record)
    }
}

/// ` (line 4)`; nothing for a record that no file holds.
pub(super) fn in_line(line: u32) -> String {
    if line > 0 { format!(" (line {line})") } else { String::new() }
}

/// An index that fits 32 bits, as all of them do: a store holds fewer than 2^32 records.
pub(super) fn index_u32(index: usize) -> u32 {
    u32::try_from(index).expect("a zone holds fewer than 2^32 records")
}

/// Stands for the index of the part that is built with a node, known when all are.
pub(super) const OWN_PART: u16 = u16::MAX;

/// The index of a part, of which there are fewer than 65,535: each but a few is of a quarter of a mebibyte of text, or more.
pub(super) fn part_index(index: usize) -> u16 {
    let index = u16::try_from(index).ok().filter(|&index| index != OWN_PART);
    index.expect("a zone has fewer than 65,535 parts")
}

/// The order of two RDATA as they are, if their canonical forms have the same: these differ from them in capitals alone.
fn plain_order(left: &[u8], right: &[u8]) -> Option<Ordering> {
    match left.iter().zip(right).find(|(left, right)| left != right) {
        Some((left, right)) => {
            let has_capital = left.is_ascii_uppercase() || right.is_ascii_uppercase();
            (!has_capital).then(|| left.cmp(right))
        }
        None => Some(left.len().cmp(&right.len())),
    }
}

/// Sorts the records of an RRset by canonical RDATA (CAN-5).
#[derive(Debug, Default)]
pub(super) struct RdataSorter {
    /// For each place of the RRset sorted last, whether its record has the RDATA of the one before.
    is_repeat: Vec<bool>,
    /// Canonical RDATA one after another, where spelling and canonical form differ.
    bytes: Vec<u8>,
    /// The records with the ranges of their RDATA in `bytes`.
    ranges: Vec<(usize, usize, RawRecord)>,
}

impl RdataSorter {
    /// Sorts records given in file order; records of equal RDATA stay in it.
    pub(super) fn sort(&mut self, arena: &Arena, records: &mut [RawRecord]) {
        let rdata = |record: &RawRecord| arena.get(record.rdata);
        self.is_repeat.clear();
        self.is_repeat.push(false);
        let [RawRecord { rtype, .. }, _, ..] = *records else { return };
        // Most RRsets of several records have two.
        if let [first, second] = records
            && let Some(order) = plain_order(rdata(first), rdata(second))
        {
            if order.is_gt() {
                std::mem::swap(first, second);
            }
            self.is_repeat.push(order.is_eq());
            return;
        }
        if records.iter().all(|record| rdata::is_canonical(rtype, rdata(record))) {
            records.sort_by(|left, right| rdata(left).cmp(rdata(right)));
            self.is_repeat.extend(records.windows(2).map(|pair| rdata(&pair[0]) == rdata(&pair[1])));
            return;
        }
        self.bytes.clear();
        self.ranges.clear();
        for record in records.iter() {
            let start = self.bytes.len();
            rdata::push_canonical(rtype, rdata(record), &mut self.bytes);
            self.ranges.push((start, self.bytes.len(), *record));
        }
        let canonical = |&(start, end, _): &(usize, usize, RawRecord)| &self.bytes[start..end];
        self.ranges.sort_by(|left, right| canonical(left).cmp(canonical(right)));
        self.is_repeat.extend(self.ranges.windows(2).map(|pair| canonical(&pair[0]) == canonical(&pair[1])));
        for (record, range) in records.iter_mut().zip(&self.ranges) {
            *record = range.2;
        }
    }

    /// Whether any record of the RRset sorted last repeats the one before it.
    pub(super) fn has_repeats(&self) -> bool {
        self.is_repeat.contains(&true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CAN-5: where the order can be told without lowering anything, it is that of the canonical forms.
    #[test]
    fn a_plain_order_is_the_canonical_one() {
        let parts =
            ["\x01a\0", "\x01A\0", "\x01B\0", "\x01b\0", "\x02aB\0", "\x02ab\0", "\x02Ab\x01a\0", "\x02ab\x01A\0"];
        let mut told = 0;
        for (left, right) in parts.iter().flat_map(|left| parts.iter().map(move |right| (left, right))) {
            if let Some(order) = plain_order(left.as_bytes(), right.as_bytes()) {
                assert_eq!(order, left.to_ascii_lowercase().cmp(&right.to_ascii_lowercase()), "{left:?} {right:?}");
                told += 1;
            }
        }
        assert!(told > parts.len(), "{told}");
    }
}
