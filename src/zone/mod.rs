//! The zone in memory: nodes in canonical order, RRsets under them, bytes in arenas.
//!
//! ```text
//! RecordStore (segments) ── build ──▶ Zone: nodes ─▶ parts: RRsets ─▶ records ─▶ arena
//!                                       └ NodeStatus from one ordered pass (cuts)
//! ```

pub mod arena;
pub mod build;
pub mod changes;
pub mod check;
pub mod compare;
mod cursor;
mod cuts;
mod edit;
mod group;
mod runs;
mod segment;
pub mod store;

use arena::ChunkShift;
pub use arena::{Arena, Span};
pub use build::{BuildOptions, MixedTtl, OutOfZone, build};
pub(crate) use cursor::Cursor;
pub use store::{RawRecord, RecordStore};

use crate::base::{Class, Name, NameBuf, Position, Rtype, Ttl, sort_key};
use std::hint::black_box;
use std::ops::Range;
use std::sync::Arc;

/// How many names are brought into the cache at once.
const TOUCHED_AT_ONCE: usize = 64;

/// What a name is in its zone; decides what is signed and what has a place in the denial chain (SIG-2 to SIG-6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeStatus {
    /// The zone's own name.
    Apex,
    /// Authoritative data, not at the apex.
    Authoritative,
    /// A zone cut: NS below the apex. Of its RRsets only DS and NSEC are signed.
    Delegation,
    /// Below a cut or below a DNAME: glue and data nobody will see. Never signed, never in a chain.
    Occluded,
    /// Exists only through the names below it; owns nothing.
    EmptyNonTerminal,
}

/// One owner. 20 octets.
#[derive(Clone, Copy, Debug)]
struct NodeEntry {
    owner: Span,
    rrset_start: u32,
    rrset_count: u32,
    /// Index of the part that has its RRsets and their records.
    part: u16,
    status: NodeStatus,
}

/// One RRset. RRSIGs are grouped by the type they cover (RRSIGs form no RRset of their own, SIG-3).
#[derive(Clone, Copy, Debug)]
struct RrsetEntry {
    rtype: Rtype,
    /// For RRSIG the type covered, else 0.
    covered: Rtype,
    /// Lowest TTL of its records.
    ttl: Ttl,
    record_start: u32,
    record_count: u32,
}

impl RrsetEntry {
    /// The places of its records in its part.
    fn record_range(&self) -> Range<usize> {
        let start = self.record_start as usize;
        start..start + self.record_count as usize
    }
}

/// One record of an RRset.
#[derive(Clone, Copy, Debug)]
struct RecordEntry {
    rdata: Span,
    ttl: Ttl,
    line: u32,
    file: u16,
}

/// RRsets and records that were grouped together: those of a segment of the store, or of a stretch of the zone's names.
/// Indices, spans and lines count within it.
#[derive(Debug, Default)]
struct Part {
    rrsets: Vec<RrsetEntry>,
    records: Vec<RecordEntry>,
    /// By how much its spans move to those of the zone, and its lines to those of the file.
    shift: ChunkShift,
    lines_before: u32,
    /// How many places for records the parts before it have.
    places_before: usize,
}

/// A zone: nodes in canonical order of their owners, the apex first, empty non-terminals among them.
///
/// Within a node RRsets ascend by type number, RRSIGs among each other by the type covered; within an RRset records
/// ascend by canonical RDATA, without duplicates (RFC 4034 section 6.3, CAN-5, SIG-14). Spelling is as in the file.
#[derive(Debug)]
pub struct Zone {
    apex: NameBuf,
    class: Class,
    /// The bytes of all names and records.
    arena: Arena,
    nodes: Vec<NodeEntry>,
    parts: Vec<Part>,
    /// Whether the last part is the apex's own.
    has_apex_apart: bool,
    files: Vec<Arc<str>>,
}

impl Zone {
    /// The zone's name, spelled as at its SOA.
    #[must_use]
    pub fn apex(&self) -> Name<'_> {
        self.apex.as_name()
    }

    /// The class of all its records.
    #[must_use]
    pub const fn class(&self) -> Class {
        self.class
    }

    /// How many nodes, empty non-terminals included.
    #[must_use]
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// The node at an index; nodes are in canonical order, the apex at 0.
    #[must_use]
    pub fn node(&self, index: usize) -> NodeRef<'_> {
        NodeRef { zone: self, entry: &self.nodes[index], index }
    }

    /// The nodes in canonical order.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = NodeRef<'_>> + DoubleEndedIterator + Clone {
        (0..self.nodes.len()).map(|index| self.node(index))
    }

    /// Some of the nodes in canonical order, for who goes through all that belongs to them.
    fn walk(&self, indices: Range<usize>) -> impl Iterator<Item = NodeRef<'_>> {
        let Range { start, end } = indices;
        indices.map(move |index| {
            if (index - start).is_multiple_of(TOUCHED_AT_ONCE) {
                self.touch(index..end.min(index + TOUCHED_AT_ONCE));
            }
            self.node(index)
        })
    }

    /// Has what belongs to nodes brought into the processor's cache. It stands in as many places as the file had blocks:
    /// loads that do not depend on each other are waited for together, where one node after another would wait for each.
    pub(crate) fn touch(&self, nodes: impl Iterator<Item = usize> + Clone) {
        self.touch_rrsets(nodes.clone());
        let line = |(part, rrset): (&Part, &RrsetEntry)| part.records[rrset.record_start as usize].line;
        let records = nodes.clone().filter_map(|node| self.first_rrset(node)).fold(0, |sum, rrset| sum ^ line(rrset));
        let bytes = nodes.fold(0, |sum, node| sum ^ self.arena.touch(self.nodes[node].owner));
        black_box((records, bytes));
    }

    /// The same for who only wants to know which RRsets nodes have.
    pub(crate) fn touch_rrsets(&self, nodes: impl Iterator<Item = usize>) {
        let rrsets = nodes.filter_map(|node| self.first_rrset(node));
        black_box(rrsets.fold(0, |sum, (_, rrset)| sum ^ rrset.record_start));
    }

    /// The first RRset of a node, with its part.
    fn first_rrset(&self, node: usize) -> Option<(&Part, &RrsetEntry)> {
        let node = &self.nodes[node];
        let part = &self.parts[usize::from(node.part)];
        part.rrsets.get(node.rrset_start as usize).map(|rrset| (part, rrset))
    }

    /// The apex node.
    #[must_use]
    pub fn apex_node(&self) -> NodeRef<'_> {
        self.node(0)
    }

    /// The node of a name, found by binary search.
    #[must_use]
    pub fn find(&self, name: Name<'_>) -> Option<NodeRef<'_>> {
        let order = |entry: &NodeEntry| sort_key::canonical_cmp(self.owner(entry), name);
        self.nodes.binary_search_by(order).ok().map(|index| self.node(index))
    }

    /// The index of the first node that is not before a name in canonical order; [`Self::node_count`] if all are.
    #[must_use]
    pub fn lower_bound(&self, name: Name<'_>) -> usize {
        self.nodes.partition_point(|entry| sort_key::canonical_cmp(self.owner(entry), name).is_lt())
    }

    /// The name of a node.
    fn owner(&self, entry: &NodeEntry) -> Name<'_> {
        Name::from_wire_trusted(self.arena.get(entry.owner))
    }

    /// One more than the last place of a record; see [`RrsetRef::places`].
    #[must_use]
    pub fn place_count(&self) -> usize {
        self.parts.last().map_or(0, |part| part.places_before + part.records.len())
    }

    /// How many records, duplicates not counted.
    #[must_use]
    pub fn record_count(&self) -> usize {
        self.nodes().flat_map(NodeRef::rrsets).map(RrsetRef::len).sum()
    }
}

/// A node of a zone.
#[derive(Clone, Copy, Debug)]
pub struct NodeRef<'z> {
    zone: &'z Zone,
    entry: &'z NodeEntry,
    index: usize,
}

impl<'z> NodeRef<'z> {
    /// Its place among the zone's nodes.
    #[must_use]
    pub const fn index(self) -> usize {
        self.index
    }

    /// Its name as spelled in the file.
    #[must_use]
    pub fn owner(self) -> Name<'z> {
        self.zone.owner(self.entry)
    }

    /// What it is.
    #[must_use]
    pub const fn status(self) -> NodeStatus {
        self.entry.status
    }

    /// Its RRsets, ascending by type.
    pub fn rrsets(self) -> impl ExactSizeIterator<Item = RrsetRef<'z>> + DoubleEndedIterator + Clone {
        let start = self.entry.rrset_start as usize;
        let (zone, part) = (self.zone, &self.zone.parts[usize::from(self.entry.part)]);
        let entries = &part.rrsets[start..start + self.entry.rrset_count as usize];
        entries.iter().map(move |entry| RrsetRef { zone, part, entry })
    }

    /// Its RRset of a type. For RRSIG use [`Self::rrsigs_covering`].
    #[must_use]
    pub fn rrset(self, rtype: Rtype) -> Option<RrsetRef<'z>> {
        self.rrsets().find(|rrset| rrset.rtype() == rtype)
    }

    /// Its RRSIGs over a type.
    #[must_use]
    pub fn rrsigs_covering(self, covered: Rtype) -> Option<RrsetRef<'z>> {
        self.rrsets().find(|rrset| rrset.rtype() == Rtype::RRSIG && rrset.entry.covered == covered)
    }

    /// Whether it has an RRset of a type.
    #[must_use]
    pub fn has(self, rtype: Rtype) -> bool {
        self.rrset(rtype).is_some()
    }
}

/// An RRset of a node, or the RRSIGs of a node over one type.
#[derive(Clone, Copy, Debug)]
pub struct RrsetRef<'z> {
    zone: &'z Zone,
    part: &'z Part,
    entry: &'z RrsetEntry,
}

impl<'z> RrsetRef<'z> {
    /// Its type.
    #[must_use]
    pub const fn rtype(self) -> Rtype {
        self.entry.rtype
    }

    /// For RRSIG the type covered.
    #[must_use]
    pub fn covered(self) -> Option<Rtype> {
        (self.entry.rtype == Rtype::RRSIG).then_some(self.entry.covered)
    }

    /// Its TTL: the lowest among its records, which a signable zone has made equal (SIG-15).
    #[must_use]
    pub const fn ttl(self) -> Ttl {
        self.entry.ttl
    }

    /// How many records.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "an RRset is never empty")]
    pub const fn len(self) -> usize {
        self.entry.record_count as usize
    }

    /// The places of its records: a number for each record of the zone, for tables about them.
    #[must_use]
    pub fn places(self) -> Range<usize> {
        let start = self.part.places_before + self.entry.record_start as usize;
        start..start + self.len()
    }

    /// Its records, ascending by canonical RDATA.
    pub fn records(self) -> impl ExactSizeIterator<Item = RecordRef<'z>> + DoubleEndedIterator + Clone {
        let Self { zone, part, entry } = self;
        part.records[entry.record_range()].iter().map(move |entry| RecordRef { zone, part, entry })
    }

    /// Its first record.
    #[must_use]
    pub fn first(self) -> RecordRef<'z> {
        let Self { zone, part, entry } = self;
        RecordRef { zone, part, entry: &part.records[entry.record_start as usize] }
    }
}

/// A record of an RRset.
#[derive(Clone, Copy, Debug)]
pub struct RecordRef<'z> {
    zone: &'z Zone,
    part: &'z Part,
    entry: &'z RecordEntry,
}

impl<'z> RecordRef<'z> {
    /// RDATA in wire form, spelled as in the file. For the form that is signed see [`crate::rdata::push_canonical`].
    #[must_use]
    pub fn rdata(self) -> &'z [u8] {
        self.zone.arena.get(self.entry.rdata.shifted(self.part.shift))
    }

    /// How many octets its RDATA has.
    pub(crate) const fn rdata_len(self) -> usize {
        self.entry.rdata.len()
    }

    /// Its own TTL.
    #[must_use]
    pub const fn ttl(self) -> Ttl {
        self.entry.ttl
    }

    /// Where it stands; `None` for a record that no file holds.
    #[must_use]
    pub fn position(self) -> Option<Position> {
        store::position(&self.zone.files, self.entry.file, self.line())
    }

    /// The line in its file; 0 for a record that no file holds.
    pub(crate) const fn line(self) -> u32 {
        self.entry.line.saturating_add(self.part.lines_before)
    }
}
