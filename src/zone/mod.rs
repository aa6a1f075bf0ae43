//! The zone in memory: nodes in canonical order, RRsets under them, bytes in arenas.
//!
//! ```text
//! RecordStore (file order) ── build ──▶ Zone: nodes ─▶ parts: RRsets ─▶ records ─▶ arena
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

pub use arena::{Arena, Span};
pub use build::{BuildOptions, MixedTtl, OutOfZone, build};
pub(crate) use cursor::Cursor;
pub use store::{RawRecord, RecordStore};

use crate::base::{Class, Name, NameBuf, Position, Rtype, Ttl, sort_key};
use std::sync::Arc;

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
    /// Index of the part that has its bytes, its RRsets and their records.
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

/// One record of an RRset.
#[derive(Clone, Copy, Debug)]
struct RecordEntry {
    rdata: Span,
    ttl: Ttl,
    line: u32,
    file: u16,
}

/// What belongs to a stretch of the zone's names. Spans and indices count within it.
#[derive(Debug, Default)]
struct Part {
    arena: Arena,
    rrsets: Vec<RrsetEntry>,
    records: Vec<RecordEntry>,
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
    nodes: Vec<NodeEntry>,
    /// At least one.
    parts: Vec<Part>,
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
        Name::from_wire_trusted(self.parts[usize::from(entry.part)].arena.get(entry.owner))
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
    pub fn places(self) -> std::ops::Range<usize> {
        let start = self.part.places_before + self.entry.record_start as usize;
        start..start + self.len()
    }

    /// Its records, ascending by canonical RDATA.
    pub fn records(self) -> impl ExactSizeIterator<Item = RecordRef<'z>> + DoubleEndedIterator + Clone {
        let start = self.entry.record_start as usize;
        let Self { zone, part, .. } = self;
        part.records[start..start + self.len()].iter().map(move |entry| RecordRef { zone, part, entry })
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
        self.part.arena.get(self.entry.rdata)
    }

    /// Its own TTL.
    #[must_use]
    pub const fn ttl(self) -> Ttl {
        self.entry.ttl
    }

    /// Its line in its file; 0 for a record that no file holds.
    pub(crate) const fn line(self) -> u32 {
        self.entry.line
    }

    /// Where it stands; `None` for a record that no file holds.
    #[must_use]
    pub fn position(self) -> Option<Position> {
        store::position(&self.zone.files, self.entry.file, self.entry.line)
    }
}
