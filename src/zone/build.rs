//! From records in file order to a zone: apex, membership, canonical order, RRsets, node status.
//!
//! ```text
//! records ─▶ runs of one owner ─▶ sorted by (key prefix, key) ─▶ one pass: group, collapse, cut, fill in ENTs
//! ```

use super::cuts::{Cuts, missing_ancestors};
use super::group::Grouper;
use super::runs::Runs;
use super::store::RecordStore;
use super::{Arena, NodeEntry, NodeStatus, Span, Zone};
use crate::base::{Class, Diagnostic, Diagnostics, Name, NameBuf, Rtype};

/// What to do with records that are not at or below the apex.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OutOfZone {
    /// An error each.
    #[default]
    Error,
    /// Left out, with a warning each.
    Drop,
}

/// What to do with an RRset whose records differ in TTL (SIG-15).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MixedTtl {
    /// An error each: signed as they stand they would be bogus.
    #[default]
    Error,
    /// All get the lowest, with a warning each.
    Lowest,
    /// Left as they are, for who reports on them.
    Keep,
}

/// How to build a zone.
#[derive(Clone, Debug, Default)]
pub struct BuildOptions {
    /// The zone's name; else it is the owner of the SOA record.
    pub apex: Option<NameBuf>,
    /// Records outside the zone.
    pub out_of_zone: OutOfZone,
    /// RRsets of several TTLs.
    pub mixed_ttl: MixedTtl,
}

/// Builds the zone of the records in `store`.
///
/// `None`, with errors among the findings, if there is no zone to build: no SOA record at the apex, or SOA records at
/// several names with no apex given. Other errors are reported and the zone is built as far as it goes, so that
/// [`super::check::check`] can report the rest. The apex node of a zone built has at least one SOA record.
#[must_use]
pub fn build(store: RecordStore, options: &BuildOptions, findings: &mut Diagnostics) -> Option<Zone> {
    let apex = find_apex(&store, options, findings)?;
    let class = zone_class(&store, apex.as_name(), findings);
    let runs = Runs::collect(&store, apex.as_name(), class, options.out_of_zone, findings);
    let order = runs.sorted();

    let mut nodes = Vec::with_capacity(runs.len());
    let mut cuts = Cuts::default();
    let mut grouper = Grouper::new(&store, options.mixed_ttl);
    let mut previous_key: &[u8] = &[];
    for group in order.chunk_by(|left, right| left.prefix == right.prefix && runs.key(left.run) == runs.key(right.run))
    {
        let key = runs.key(group[0].run);
        let records = group.iter().flat_map(|entry| runs.records(entry.run));
        let mut node = grouper.add_node(records, findings);
        let has = |rtype| grouper.has(&node, rtype);
        node.status = cuts.status(key, has(Rtype::NS), has(Rtype::DNAME));
        if node.status != NodeStatus::Occluded {
            push_empty_non_terminals(&store.arena, node, previous_key, key, &mut nodes);
        }
        nodes.push(node);
        previous_key = key;
    }
    let (rrsets, records) = grouper.finish();
    nodes.shrink_to_fit();
    let RecordStore { arena, files, .. } = store;
    Some(Zone { apex, class, arena, nodes, rrsets, records, files })
}

/// Adds the names above a new node that own nothing and that no earlier node has brought into being.
fn push_empty_non_terminals(arena: &Arena, below: NodeEntry, previous: &[u8], key: &[u8], nodes: &mut Vec<NodeEntry>) {
    let label_count = |key: &[u8]| key.iter().filter(|&&byte| byte == 0).count();
    for ancestor in missing_ancestors(previous, key) {
        let owner = without_labels(arena, below.owner, label_count(&key[ancestor.len()..]));
        let (rrset_start, rrset_count) = (below.rrset_start, 0);
        nodes.push(NodeEntry { owner, rrset_start, rrset_count, status: NodeStatus::EmptyNonTerminal });
    }
}

/// The name without its first `count` labels: the same bytes in the arena, later start.
fn without_labels(arena: &Arena, owner: Span, count: usize) -> Span {
    let labels = Name::from_wire_trusted(arena.get(owner)).labels().take(count);
    owner.suffix(labels.map(|label| 1 + label.len()).sum())
}

/// The apex given, if it has a SOA record; else the one owner of SOA records.
fn find_apex(store: &RecordStore, options: &BuildOptions, findings: &mut Diagnostics) -> Option<NameBuf> {
    let mut soas = store.records().iter().filter(|record| record.rtype == Rtype::SOA);
    if let Some(apex) = &options.apex {
        let Some(soa) = soas.clone().find(|soa| store.owner(soa) == apex.as_name()) else {
            findings.push(no_soa_at(store, apex.as_name(), soas.next()));
            return None;
        };
        return Some(store.owner(soa).to_owned());
    }
    let Some(first) = soas.next() else {
        findings.push(
            Diagnostic::error("soa-missing", "there is no SOA record")
                .because("RFC 1035 section 5.2")
                .help("a zone begins with the SOA record at its apex"),
        );
        return None;
    };
    let apex = store.owner(first);
    if let Some(other) = soas.find(|soa| store.owner(soa) != apex) {
        let first_place = store.position(first).map_or_else(String::new, |place| format!(" (line {})", place.line));
        findings.push(
            Diagnostic::error(
                "soa-at-several-names",
                format!("SOA records at \"{apex}\"{first_place} and at \"{}\": which is the apex?", store.owner(other)),
            )
            .at(store.position(other))
            .because("RFC 1035 section 5.2")
            .help("a zone has one SOA record; name the apex if the others are to be reported as out of place"),
        );
        return None;
    }
    Some(apex.to_owned())
}

/// The error for an apex given that has no SOA record.
#[cold]
fn no_soa_at(store: &RecordStore, apex: Name<'_>, other: Option<&super::RawRecord>) -> Diagnostic {
    let message = format!("there is no SOA record at \"{apex}\"");
    let finding = Diagnostic::error("soa-missing", message).because("RFC 1035 section 5.2");
    match other {
        None => finding.help("a zone begins with the SOA record at its apex"),
        Some(other) => finding
            .at(store.position(other))
            .help(format!("the SOA record is at \"{}\"; was another zone meant?", store.owner(other))),
    }
}

/// The class of the apex SOA, which must be IN.
fn zone_class(store: &RecordStore, apex: Name<'_>, findings: &mut Diagnostics) -> Class {
    let is_apex_soa = |record: &&super::RawRecord| record.rtype == Rtype::SOA && store.owner(record) == apex;
    let soa = store.records().iter().find(is_apex_soa).expect("the apex was found by its SOA record");
    if soa.class != Class::IN {
        findings.push(
            Diagnostic::error("class-not-in", format!("the zone \"{apex}\" is of class {}", soa.class))
                .at(store.position(soa))
                .because("ZF-12")
                .help("only zones of class IN are served and signed here"),
        );
    }
    soa.class
}
