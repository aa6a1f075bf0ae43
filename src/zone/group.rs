//! From the records of one owner to RRsets: by type, in canonical order, duplicates collapsed, one TTL.

use super::build::MixedTtl;
use super::store::{RawRecord, RecordStore};
use super::{NodeEntry, NodeStatus, RecordEntry, RrsetEntry};
use crate::base::{Diagnostic, Diagnostics, Rtype, Severity, Ttl};
use crate::rdata;

/// Grows the RRsets and records of a zone, node by node.
#[derive(Debug)]
pub(super) struct Grouper<'s> {
    store: &'s RecordStore,
    mixed_ttl: MixedTtl,
    rrsets: Vec<RrsetEntry>,
    records: Vec<RecordEntry>,
    /// Indices of the records of the node at hand.
    indices: Vec<u32>,
    sorter: RdataSorter,
}

/// The type of a record, and for RRSIG the type it covers, else 0: what RRsets are grouped and ordered by.
fn kind(store: &RecordStore, record: &RawRecord) -> (Rtype, Rtype) {
    let covered = match (record.rtype, store.rdata(record)) {
        (Rtype::RRSIG, &[high, low, ..]) => Rtype(u16::from_be_bytes([high, low])),
        _ => Rtype(0),
    };
    (record.rtype, covered)
}

impl<'s> Grouper<'s> {
    /// An empty one. Room is set aside for as many RRsets as there are records; what stays unused is given back.
    pub(super) fn new(store: &'s RecordStore, mixed_ttl: MixedTtl) -> Self {
        let count = store.records().len();
        Self {
            store,
            mixed_ttl,
            rrsets: Vec::with_capacity(count),
            records: Vec::with_capacity(count),
            indices: Vec::new(),
            sorter: RdataSorter::default(),
        }
    }

    /// Adds the records of one owner, given in file order; the first one's spelling names the node. The status is the
    /// caller's to set.
    pub(super) fn add_node(&mut self, records: impl Iterator<Item = u32>, findings: &mut Diagnostics) -> NodeEntry {
        let store = self.store;
        let mut indices = std::mem::take(&mut self.indices);
        indices.clear();
        indices.extend(records);
        let owner = store.records()[indices[0] as usize].owner;
        let rrset_start = index_u32(self.rrsets.len());
        let kind_of = |index: u32| kind(store, &store.records()[index as usize]);
        // Stable, so that records of one type stay in file order.
        indices.sort_by_key(|&index| kind_of(index));
        for rrset in indices.chunk_by_mut(|&left, &right| kind_of(left) == kind_of(right)) {
            self.add_rrset(rrset, findings);
        }
        self.indices = indices;
        let rrset_count = index_u32(self.rrsets.len()) - rrset_start;
        NodeEntry { owner, rrset_start, rrset_count, status: NodeStatus::Authoritative }
    }

    /// Whether the node added last has an RRset of a type.
    pub(super) fn has(&self, node: &NodeEntry, rtype: Rtype) -> bool {
        self.rrsets[node.rrset_start as usize..].iter().any(|rrset| rrset.rtype == rtype)
    }

    /// The RRsets and records, each in the order of the nodes.
    pub(super) fn finish(mut self) -> (Vec<RrsetEntry>, Vec<RecordEntry>) {
        self.rrsets.shrink_to_fit();
        self.records.shrink_to_fit();
        (self.rrsets, self.records)
    }

    /// Adds the records of one owner and type, given in file order.
    fn add_rrset(&mut self, indices: &mut [u32], findings: &mut Diagnostics) {
        let store = self.store;
        let record = |index: u32| &store.records()[index as usize];
        let (rtype, covered) = kind(store, record(indices[0]));
        let ttls = indices.iter().map(|&index| record(index).ttl);
        let ttl = ttls.clone().min().unwrap_or(Ttl::ZERO);
        // RRSIGs are no RRset: each has the TTL of what it covers (SIG-3).
        let is_mixed = rtype != Rtype::RRSIG && ttls.max() != Some(ttl);
        if is_mixed {
            self.report_mixed_ttl(indices, ttl, findings);
        }
        if indices.len() > 1 {
            self.sorter.sort(store, rtype, indices);
        }
        let record_start = index_u32(self.records.len());
        let mut kept: Option<u32> = None;
        for (place, &index) in indices.iter().enumerate() {
            let raw = record(index);
            if let Some(kept) = kept.filter(|_| self.sorter.is_repeat(place)) {
                findings.push_with(Severity::Warning, || duplicate(store, record(kept), raw));
                continue;
            }
            kept = Some(index);
            let ttl = if self.mixed_ttl == MixedTtl::Lowest && is_mixed { ttl } else { raw.ttl };
            self.records.push(RecordEntry { rdata: raw.rdata, ttl, line: raw.line, file: raw.file });
        }
        let record_count = index_u32(self.records.len()) - record_start;
        self.rrsets.push(RrsetEntry { rtype, covered, ttl, record_start, record_count });
    }

    /// Reports an RRset of several TTLs as the options want it.
    #[cold]
    fn report_mixed_ttl(&self, indices: &[u32], lowest: Ttl, findings: &mut Diagnostics) {
        let severity = match self.mixed_ttl {
            MixedTtl::Error => Severity::Error,
            MixedTtl::Lowest => Severity::Warning,
            MixedTtl::Keep => return,
        };
        findings.push_with(severity, || {
            let first = &self.store.records()[indices[0] as usize];
            let (owner, rtype) = (self.store.owner(first), first.rtype);
            let message = format!("the RRset \"{owner} {rtype}\" has several TTLs: {}", self.ttl_list(indices));
            let finding = match self.mixed_ttl {
                MixedTtl::Lowest => Diagnostic::warning("ttl-mixed", format!("{message}; all get {lowest}")),
                _ => Diagnostic::error("ttl-mixed", message)
                    .help("give all its records the same TTL, or have the lowest taken with --fix-ttl"),
            };
            finding.at(self.store.position(first)).because("RFC 2181 section 5.2")
        });
    }

    /// Where a record stands, as a message says it that stands at `beside`: ` (line 4)`, or ` (hosts.inc:4)`.
    fn place(&self, record: &RawRecord, beside: &RawRecord) -> String {
        match self.store.position(record) {
            Some(place) if place.file != self.store.files[usize::from(beside.file)] => {
                format!(" ({}:{})", place.file, place.line)
            }
            _ => in_line(record.line),
        }
    }

    /// Each TTL once, with the place that has it first: `3600 (line 4), 300 (line 9)`.
    fn ttl_list(&self, indices: &[u32]) -> String {
        let first = &self.store.records()[indices[0] as usize];
        let mut seen: Vec<Ttl> = Vec::new();
        let mut parts = Vec::new();
        for &index in indices {
            let record = &self.store.records()[index as usize];
            if !seen.contains(&record.ttl) {
                seen.push(record.ttl);
                parts.push(format!("{}{}", record.ttl, self.place(record, first)));
            }
        }
        parts.join(", ")
    }
}

/// The warning for a record that repeats another one (SIG-14).
#[cold]
fn duplicate(store: &RecordStore, kept: &RawRecord, dropped: &RawRecord) -> Diagnostic {
    let is_same_spelling = store.rdata(kept) == store.rdata(dropped);
    let how = if is_same_spelling { "repeats" } else { "differs only in the case of letters from" };
    let place = match store.position(kept) {
        None => "the one before".to_owned(),
        Some(place) if place.file != store.files[usize::from(dropped.file)] => {
            format!("the one at {}:{}", place.file, place.line)
        }
        // A `$GENERATE` makes many records, and a file may be included twice.
        Some(_) if kept.line == dropped.line => "another one from the same line".to_owned(),
        Some(place) => format!("the one at line {}", place.line),
    };
    let message = format!("this \"{} {}\" record {how} {place}; dropped", store.owner(dropped), dropped.rtype);
    Diagnostic::warning("duplicate-record", message).at(store.position(dropped)).because("RFC 4034 section 6.3")
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
    ranges: Vec<(usize, usize, u32)>,
}

impl RdataSorter {
    /// Sorts indices given in file order; records of equal RDATA stay in it.
    fn sort(&mut self, store: &RecordStore, rtype: Rtype, indices: &mut [u32]) {
        let rdata = |index: u32| store.rdata(&store.records()[index as usize]);
        self.is_repeat.clear();
        self.is_repeat.push(false);
        if indices.iter().all(|&index| rdata::is_canonical(rtype, rdata(index))) {
            indices.sort_by(|&left, &right| rdata(left).cmp(rdata(right)));
            self.is_repeat.extend(indices.windows(2).map(|pair| rdata(pair[0]) == rdata(pair[1])));
            return;
        }
        self.bytes.clear();
        self.ranges.clear();
        for &index in indices.iter() {
            let start = self.bytes.len();
            rdata::push_canonical(rtype, rdata(index), &mut self.bytes);
            self.ranges.push((start, self.bytes.len(), index));
        }
        let canonical = |&(start, end, _): &(usize, usize, u32)| &self.bytes[start..end];
        self.ranges.sort_by(|left, right| canonical(left).cmp(canonical(right)));
        self.is_repeat.extend(self.ranges.windows(2).map(|pair| canonical(&pair[0]) == canonical(&pair[1])));
        for (index, range) in indices.iter_mut().zip(&self.ranges) {
            *index = range.2;
        }
    }

    /// Whether the record at a place repeats the one before it; never so in an RRset of one record, which is not sorted.
    fn is_repeat(&self, place: usize) -> bool {
        place > 0 && self.is_repeat[place]
    }
}
