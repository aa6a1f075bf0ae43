//! From the records of one owner to RRsets: by type, in canonical order, duplicates collapsed, one TTL.

use super::build::MixedTtl;
use super::store::{self, RawRecord};
use super::{Arena, NodeEntry, NodeStatus, Part, RecordEntry, RrsetEntry};
use crate::base::{Diagnostic, Diagnostics, Name, Position, Rtype, Severity, Ttl};
use crate::rdata;
use std::sync::Arc;

/// Grows a part of a zone, node by node.
#[derive(Debug)]
pub(super) struct Grouper<'s> {
    files: &'s [Arc<str>],
    mixed_ttl: MixedTtl,
    /// The bytes of the part's names and records.
    arena: Arena,
    rrsets: Vec<RrsetEntry>,
    records: Vec<RecordEntry>,
    /// The records of the node at hand, in file order until it is finished.
    node: Vec<RawRecord>,
    sorter: RdataSorter,
}

/// The type of a record, and for RRSIG the type it covers, else 0: what RRsets are grouped and ordered by.
fn kind(arena: &Arena, record: &RawRecord) -> (Rtype, Rtype) {
    let covered = match record.rtype {
        Rtype::RRSIG => match *arena.get(record.rdata) {
            [high, low, ..] => Rtype(u16::from_be_bytes([high, low])),
            _ => Rtype(0),
        },
        _ => Rtype(0),
    };
    (record.rtype, covered)
}

impl<'s> Grouper<'s> {
    /// An empty one for about so many records. Room is set aside for as many RRsets; what stays unused is given back.
    pub(super) fn new(files: &'s [Arc<str>], mixed_ttl: MixedTtl, count: usize) -> Self {
        Self {
            files,
            mixed_ttl,
            arena: Arena::default(),
            rrsets: Vec::with_capacity(count),
            records: Vec::with_capacity(count),
            node: Vec::new(),
            sorter: RdataSorter::default(),
        }
    }

    /// Copies a run of records that have one owner to the node at hand.
    pub(super) fn add_run(&mut self, from: &Arena, run: impl Iterator<Item = RawRecord>) {
        let start = self.node.len();
        self.node.extend(run);
        self.arena.push_run(from, &mut self.node[start..]);
    }

    /// The owner of the node at hand: the first record's spelling names the node.
    pub(super) fn owner(&self) -> Name<'_> {
        Name::from_wire_trusted(self.arena.get(self.node[0].owner))
    }

    /// Finishes the node at hand. Part and status are the caller's to set.
    pub(super) fn finish_node(&mut self, findings: &mut Diagnostics) -> NodeEntry {
        let mut records = std::mem::take(&mut self.node);
        let owner = records[0].owner;
        let rrset_start = index_u32(self.rrsets.len());
        if !records.is_sorted_by_key(|record| kind(&self.arena, record)) {
            // Stable, so that records of one type stay in file order.
            records.sort_by_key(|record| kind(&self.arena, record));
        }
        let mut rest = &mut records[..];
        while let Some(first) = rest.first() {
            let first = kind(&self.arena, first);
            let len = rest.iter().take_while(|record| kind(&self.arena, record) == first).count();
            let (rrset, after) = rest.split_at_mut(len);
            self.add_rrset(first, rrset, findings);
            rest = after;
        }
        records.clear();
        self.node = records;
        let rrset_count = index_u32(self.rrsets.len()) - rrset_start;
        NodeEntry { owner, rrset_start, rrset_count, part: 0, status: NodeStatus::Authoritative }
    }

    /// Whether the node finished last has an RRset of a type.
    pub(super) fn has(&self, node: &NodeEntry, rtype: Rtype) -> bool {
        self.rrsets[node.rrset_start as usize..].iter().any(|rrset| rrset.rtype == rtype)
    }

    /// The bytes so far.
    pub(super) const fn arena(&self) -> &Arena {
        &self.arena
    }

    /// The part, all nodes being finished.
    pub(super) fn finish(mut self) -> Part {
        self.arena.shrink_to_fit();
        self.rrsets.shrink_to_fit();
        self.records.shrink_to_fit();
        Part { arena: self.arena, rrsets: self.rrsets, records: self.records, places_before: 0 }
    }

    /// Adds the records of one owner and type, given in file order.
    fn add_rrset(&mut self, (rtype, covered): (Rtype, Rtype), rrset: &mut [RawRecord], findings: &mut Diagnostics) {
        let ttls = rrset.iter().map(|record| record.ttl);
        let ttl = ttls.clone().min().unwrap_or(Ttl::ZERO);
        // RRSIGs are no RRset: each has the TTL of what it covers (SIG-3).
        let is_mixed = rtype != Rtype::RRSIG && ttls.max() != Some(ttl);
        if is_mixed {
            self.report_mixed_ttl(rrset, ttl, findings);
        }
        if rrset.len() > 1 {
            self.sorter.sort(&self.arena, rtype, rrset);
        }
        let record_start = index_u32(self.records.len());
        let mut kept: Option<&RawRecord> = None;
        for (place, raw) in rrset.iter().enumerate() {
            if let Some(kept) = kept.filter(|_| self.sorter.is_repeat(place)) {
                findings.push_with(Severity::Warning, || self.duplicate(kept, raw));
                continue;
            }
            kept = Some(raw);
            let ttl = if self.mixed_ttl == MixedTtl::Lowest && is_mixed { ttl } else { raw.ttl };
            self.records.push(RecordEntry { rdata: raw.rdata, ttl, line: raw.line, file: raw.file });
        }
        let record_count = index_u32(self.records.len()) - record_start;
        self.rrsets.push(RrsetEntry { rtype, covered, ttl, record_start, record_count });
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
            Some(place) if place.file != self.files[usize::from(beside.file)] => {
                format!(" ({}:{})", place.file, place.line)
            }
            _ => in_line(record.line),
        }
    }

    /// Each TTL once, with the place that has it first: `3600 (line 4), 300 (line 9)`.
    fn ttl_list(&self, rrset: &[RawRecord]) -> String {
        let mut seen: Vec<Ttl> = Vec::new();
        let mut parts = Vec::new();
        for record in rrset {
            if !seen.contains(&record.ttl) {
                seen.push(record.ttl);
                parts.push(format!("{}{}", record.ttl, self.place(record, &rrset[0])));
            }
        }
        parts.join(", ")
    }

    /// The warning for a record that repeats another one (SIG-14).
    #[cold]
    fn duplicate(&self, kept: &RawRecord, dropped: &RawRecord) -> Diagnostic {
        let is_same_spelling = self.arena.get(kept.rdata) == self.arena.get(dropped.rdata);
        let how = if is_same_spelling { "repeats" } else { "differs only in the case of letters from" };
        let place = match self.position(kept) {
            None => "the one before".to_owned(),
            Some(place) if place.file != self.files[usize::from(dropped.file)] => {
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
        Name::from_wire_trusted(self.arena.get(record.owner))
    }

    fn position(&self, record: &RawRecord) -> Option<Position> {
        store::position(self.files, record.file, record.line)
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

/// Sorts the records of an RRset by canonical RDATA (CAN-5).
#[derive(Debug, Default)]
struct RdataSorter {
    /// For each place of the RRset sorted last, whether its record has the RDATA of the one before.
    is_repeat: Vec<bool>,
    /// Canonical RDATA one after another, where spelling and canonical form differ.
    bytes: Vec<u8>,
    /// The records with the ranges of their RDATA in `bytes`.
    ranges: Vec<(usize, usize, RawRecord)>,
}

impl RdataSorter {
    /// Sorts records given in file order; records of equal RDATA stay in it.
    fn sort(&mut self, arena: &Arena, rtype: Rtype, records: &mut [RawRecord]) {
        let rdata = |record: &RawRecord| arena.get(record.rdata);
        self.is_repeat.clear();
        self.is_repeat.push(false);
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

    /// Whether the record at a place repeats the one before it; never so in an RRset of one record, which is not sorted.
    fn is_repeat(&self, place: usize) -> bool {
        place > 0 && self.is_repeat[place]
    }
}
