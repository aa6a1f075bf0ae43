//! From records in file order to a zone: apex, membership, canonical order, RRsets, node status.
//!
//! ```text
//! records ─▶ runs of one owner ─▶ sorted by (key prefix, key) ─▶ parts in parallel: group and collapse what is not
//!                                                                grouped yet, cut, fill in ENTs
//! ```

use super::cuts::{Cuts, missing_ancestors};
use super::group::{Grouper, OWN_PART, part_index};
use super::runs::{Membership, Run, RunLists};
use super::store::{RawRecord, RecordStore};
use super::{NodeEntry, NodeStatus, Part, TOUCHED_AT_ONCE, Zone};
use crate::base::{Class, Diagnostic, Diagnostics, Name, NameBuf, sort_key};
use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, IntoParallelRefIterator, ParallelIterator};
use std::hint::black_box;

/// How many runs of records, at least, are built as one part: enough for the cost of a part not to show, and few enough
/// for its records to stay in a processor's cache.
const PART_RUNS: usize = 1 << 13;

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
    build_in_parts(store, options, PART_RUNS, findings)
}

/// Builds a zone in parts of at least so many runs.
fn build_in_parts(
    mut store: RecordStore,
    options: &BuildOptions,
    part_runs: usize,
    findings: &mut Diagnostics,
) -> Option<Zone> {
    let apex = find_apex(&store, options, findings)?;
    let class = zone_class(&store, apex.as_name(), findings);
    store.ungroup_unless_for(apex.as_name(), class);
    let membership = Membership { apex: apex.as_name(), class, out_of_zone: options.out_of_zone };
    let lists = RunLists::collect(&store, membership, part_runs, findings);
    let build_part = |stretch: &[Run], cuts: &mut _| {
        BuiltPart::build(&store, apex.as_name(), stretch, options.mixed_ttl, cuts, findings.fresh())
    };
    // The apex, which may hide all other names.
    let first_runs = lists.stretch(0);
    let (apex_runs, first_runs) = first_runs.split_at(count_of_apex(&store, apex.as_name(), &first_runs));
    let mut cuts = Cuts::default();
    let first = build_part(apex_runs, &mut cuts);
    let build_parts = |parts: &[&[Run]]| -> Vec<BuiltPart> {
        parts.par_iter().map(|runs| build_part(runs, &mut cuts.clone())).collect()
    };
    let build_stretch = |runs: &[Run]| build_parts(&split(&store, apex.as_name(), runs, part_runs));
    let build_others = || -> Vec<Vec<BuiltPart>> {
        let others = (1..lists.stretch_count()).into_par_iter().with_max_len(1);
        others.map(|index| build_stretch(&lists.stretch(index))).collect()
    };
    let (second, others) = rayon::join(|| build_stretch(first_runs), build_others);
    let built = std::iter::once(first).chain(second).chain(others.into_iter().flatten()).collect();
    drop(lists);
    let (arena, files, mut parts) = store.into_parts();
    let nodes = join_parts(built, &mut parts, findings);
    Some(Zone { apex, class, arena, nodes, parts, has_apex_apart: false, files })
}

/// The nodes of all parts. What was grouped with them goes behind the parts that were grouped before.
fn join_parts(built: Vec<BuiltPart>, parts: &mut Vec<Part>, findings: &mut Diagnostics) -> Vec<NodeEntry> {
    let mut pieces = Vec::with_capacity(built.len());
    let mut count = 0;
    for built in built {
        pieces.push(Piece { start: count, nodes: built.nodes, own_part: part_index(parts.len()) });
        count += pieces[pieces.len() - 1].nodes.len();
        if !built.part.rrsets.is_empty() {
            parts.push(built.part);
        }
        findings.append(built.findings);
    }
    let mut places_before = 0;
    for part in parts {
        part.places_before = places_before;
        places_before += part.records.len();
    }
    let nodes = (0..count).into_par_iter().map_init(|| 0, |piece, index| Piece::node(&pieces, piece, index)).collect();
    pieces.into_par_iter().for_each(drop);
    nodes
}

/// Nodes as they were built, and where they stand among all.
struct Piece {
    start: usize,
    nodes: Vec<NodeEntry>,
    own_part: u16,
}

impl Piece {
    /// The node at an index of all; `near` is the piece of one that was asked for before.
    fn node(pieces: &[Self], near: &mut usize, index: usize) -> NodeEntry {
        let is_in = |piece: &Self| index.checked_sub(piece.start).is_some_and(|at| at < piece.nodes.len());
        if !is_in(&pieces[*near]) {
            *near = pieces.partition_point(|piece| piece.start <= index) - 1;
        }
        let Self { start, nodes, own_part } = &pieces[*near];
        let node = nodes[index - start];
        NodeEntry { part: if node.part == OWN_PART { *own_part } else { node.part }, ..node }
    }
}

/// How many of the first runs are the apex's.
fn count_of_apex(store: &RecordStore, apex: Name<'_>, runs: &[Run]) -> usize {
    runs.iter().take_while(|run| run.owner(store) == apex).count()
}

/// Cuts sorted runs where the label next to the apex changes: no name hides, or brings into being, a name beyond. All
/// parts but the last have at least so many runs, and it is worth to be cut off.
fn split<'o>(store: &RecordStore, apex: Name<'_>, runs: &'o [Run], part_runs: usize) -> Vec<&'o [Run]> {
    let top_label = |run: &Run| sort_key::top_label(run.labels(store, apex));
    let mut stretches = Vec::with_capacity(runs.len() / part_runs + 1);
    let mut rest = runs;
    while rest.len() > 2 * part_runs {
        let last_label = top_label(&rest[part_runs - 1]);
        let more = rest[part_runs..].iter().take_while(|run| top_label(run).eq_ignore_ascii_case(last_label)).count();
        let (stretch, after) = rest.split_at(part_runs + more);
        stretches.push(stretch);
        rest = after;
    }
    if !rest.is_empty() {
        stretches.push(rest);
    }
    stretches
}

/// A stretch of the zone's names.
struct BuiltPart {
    nodes: Vec<NodeEntry>,
    /// What had to be grouped.
    part: Part,
    findings: Diagnostics,
}

impl BuiltPart {
    /// Makes the nodes of `stretch`, which [`split`] made; `cuts` are as they were before its first name.
    fn build<'s>(
        store: &'s RecordStore,
        apex: Name<'_>,
        stretch: &[Run],
        mixed_ttl: MixedTtl,
        cuts: &mut Cuts<'s>,
        mut findings: Diagnostics,
    ) -> Self {
        let mut nodes = Vec::with_capacity(stretch.len());
        let mut grouper = Grouper::new(store, mixed_ttl);
        let mut previous: &[u8] = &[];
        let mut rest = stretch;
        let mut touched = 0;
        while let Some(first) = rest.first() {
            if touched == 0 {
                touched = rest.len().min(TOUCHED_AT_ONCE);
                touch(store, &rest[..touched]);
            }
            let count = 1 + rest[1..].iter().take_while(|run| run.is_of_name_of(*first, store)).count();
            let (group, after) = rest.split_at(count);
            rest = after;
            touched = touched.saturating_sub(count);

            let grouped = first.rrsets(store).filter(|_| count == 1);
            let part = if grouped.is_some() { part_index(first.segment as usize) } else { OWN_PART };
            let rrsets = grouped.unwrap_or_else(|| grouper.group(group, &mut findings));
            let labels = first.labels(store, apex);
            let status = cuts.status(labels, rrsets.has_ns, rrsets.has_dname);
            // The first record's spelling names the node.
            let owner = first.owner_span(store);
            let node = NodeEntry { owner, rrset_start: rrsets.start, rrset_count: rrsets.count, part, status };
            if status != NodeStatus::Occluded {
                nodes.extend(missing_ancestors(previous, labels).map(|start| empty_non_terminal(node, start)));
            }
            nodes.push(node);
            previous = labels;
        }
        Self { nodes, part: grouper.finish(), findings }
    }
}

/// Has the names of runs, which may be anywhere in the file, brought into the processor's cache: loads that do not depend
/// on each other are waited for together, where looking at one run after another would wait for each.
fn touch(store: &RecordStore, runs: &[Run]) {
    let ends = |run: &Run| store.arena.ends(run.owner_span(store));
    black_box(runs.iter().fold(0, |sum, run| sum ^ ends(run)));
}

/// The name above a node that owns nothing and has its labels from an octet on.
fn empty_non_terminal(below: NodeEntry, start: usize) -> NodeEntry {
    NodeEntry { owner: below.owner.suffix(start), rrset_count: 0, status: NodeStatus::EmptyNonTerminal, ..below }
}

/// The apex given, if it has a SOA record; else the one owner of SOA records.
fn find_apex(store: &RecordStore, options: &BuildOptions, findings: &mut Diagnostics) -> Option<NameBuf> {
    let mut soas = store.soas();
    if let Some(apex) = &options.apex {
        let Some(soa) = soas.clone().find(|soa| store.owner(soa) == apex.as_name()) else {
            findings.push(no_soa_at(store, apex.as_name(), soas.next()));
            return None;
        };
        return Some(store.owner(&soa).to_owned());
    }
    let Some(first) = soas.next() else {
        findings.push(
            Diagnostic::error("soa-missing", "there is no SOA record")
                .at(store.start())
                .because("RFC 1035 section 5.2")
                .help("a zone begins with the SOA record at its apex"),
        );
        return None;
    };
    let apex = store.owner(&first);
    if let Some(other) = soas.find(|soa| store.owner(soa) != apex) {
        let first_place = store.position(&first).map_or_else(String::new, |place| format!(" (line {})", place.line));
        findings.push(
            Diagnostic::error(
                "soa-at-several-names",
                format!(
                    "SOA records at \"{apex}\"{first_place} and at \"{}\": which is the apex?",
                    store.owner(&other)
                ),
            )
            .at(store.position(&other))
            .because("RFC 1035 section 5.2")
            .help("a zone has one SOA record; name the apex (-o) to have the others reported as out of place"),
        );
        return None;
    }
    Some(apex.to_owned())
}

/// The error for an apex given that has no SOA record.
#[cold]
fn no_soa_at(store: &RecordStore, apex: Name<'_>, other: Option<RawRecord>) -> Diagnostic {
    let message = format!("there is no SOA record at \"{apex}\"");
    let finding = Diagnostic::error("soa-missing", message).because("RFC 1035 section 5.2");
    match other {
        None => finding.at(store.start()).help("a zone begins with the SOA record at its apex"),
        Some(other) => finding
            .at(store.position(&other))
            .help(format!("the SOA record is at \"{}\"; was another zone meant?", store.owner(&other))),
    }
}

/// The class of the apex SOA, which must be IN.
fn zone_class(store: &RecordStore, apex: Name<'_>, findings: &mut Diagnostics) -> Class {
    let soa = store.soas().find(|soa| store.owner(soa) == apex).expect("the apex was found by its SOA record");
    if soa.class != Class::IN {
        findings.push(
            Diagnostic::error("class-not-in", format!("the zone \"{apex}\" is of class {}", soa.class))
                .at(store.position(&soa))
                .because("ZF-12")
                .help("only zones of class IN are served and signed here"),
        );
    }
    soa.class
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::sort_key::canonical_cmp;
    use crate::base::{Position, Rtype, Ttl};
    use crate::rdata::{self, Token};
    use crate::zone::{NodeRef, RawRecord, RrsetRef, check};
    use proptest::prelude::*;
    use std::collections::HashSet;

    /// Few labels and deep names, so that names share ancestors, hide each other and lie outside.
    fn owners() -> impl Strategy<Value = String> {
        let label = prop::sample::select(vec![
            "a.",
            "b.",
            "B.",
            "ab.",
            "*.",
            "\\000.",
            "\\001.",
            "z.",
            "samebeginning-1.",
            "SAMEBEGINNING-0.",
        ]);
        let labels = prop::collection::vec(label, 0..4).prop_map(|labels| labels.concat());
        (labels, prop::bool::weighted(0.95)).prop_map(|(labels, is_in)| labels + if is_in { "test." } else { "other." })
    }

    /// Some records, the SOA record first, with the lines they might have stood on.
    fn stores() -> impl Strategy<Value = Vec<(String, &'static str, u32)>> {
        let data = prop::sample::select(vec![
            "A 192.0.2.1",
            "A 192.0.2.2",
            "MX 1 A.test.",
            "MX 1 a.test.",
            "NS b.test.",
            "NS ns.z.test.",
            "CNAME a.test.",
            "DS 1 13 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            "DNAME z.test.",
            "TXT x",
        ]);
        let ttl = prop::sample::select(vec![60, 60, 60, 0]);
        prop::collection::vec((owners(), data, ttl), 0..60)
    }

    fn store(records: &[(String, &'static str, u32)]) -> RecordStore {
        let mut store = RecordStore::new();
        let file = store.add_file("t");
        let soa = ("test.".to_owned(), "SOA ns.test. h.test. 1 7200 900 1209600 900", 60);
        for (line, (owner, data, ttl)) in (1..).zip([soa].iter().chain(records)) {
            let owner = store.intern(NameBuf::from_text(owner.as_bytes(), None).unwrap().as_name().as_wire());
            let mut words = data.split(' ').map(|text| Token { text: text.as_bytes(), is_quoted: false, offset: 0 });
            let rtype = Rtype::from_text(words.next().unwrap().text).unwrap();
            let mut wire = Vec::new();
            rdata::push_wire_from_text(rtype, &words.collect::<Vec<_>>(), None, &mut wire).unwrap();
            let (rdata, ttl) = (store.intern(&wire), Ttl::new(*ttl).unwrap());
            store.push(RawRecord { owner, rdata, ttl, line, rtype, class: Class::IN, file });
        }
        store
    }

    type PlainRrset = (Rtype, Option<Rtype>, Ttl, Vec<(Vec<u8>, Ttl, Option<Position>)>);

    fn plain_rrset(rrset: RrsetRef<'_>) -> PlainRrset {
        let records = rrset.records().map(|record| (record.rdata().to_vec(), record.ttl(), record.position()));
        (rrset.rtype(), rrset.covered(), rrset.ttl(), records.collect())
    }

    fn plain_node(node: NodeRef<'_>) -> (Vec<u8>, NodeStatus, Vec<PlainRrset>) {
        (node.owner().as_wire().to_vec(), node.status(), node.rrsets().map(plain_rrset).collect())
    }

    proptest! {
        /// Zone and findings do not depend on where the work is cut.
        #[test]
        fn parts_make_the_same_zone(records in stores(), is_apex_hiding in prop::bool::weighted(0.1)) {
            let mut records = records;
            if is_apex_hiding {
                records.push(("test.".into(), "DNAME other.", 60));
            }
            let outcome = |part_len: usize| {
                let mut findings = Diagnostics::new(4);
                let mut zone =
                    build_in_parts(store(&records), &BuildOptions::default(), part_len, &mut findings).unwrap();
                check::check_in_parts(&zone, part_len, &mut findings);
                let nodes: Vec<_> = zone.nodes().map(plain_node).collect();
                let is_ascending = |(a, b): (NodeRef<'_>, NodeRef<'_>)| canonical_cmp(a.owner(), b.owner()).is_lt();
                assert!(zone.nodes().zip(zone.nodes().skip(1)).all(is_ascending));
                // The apex can be changed wherever its part is, and other places for records stay what they were.
                zone.set_soa_serial(7);
                zone.set_apex_rrset(Rtype::TXT, Ttl::ZERO, [vec![1, b'x'], vec![1, b'a']]);
                let nodes = (nodes, zone.nodes().map(plain_node).collect::<Vec<_>>());
                let places = zone.nodes().flat_map(NodeRef::rrsets).flat_map(RrsetRef::places).collect::<Vec<_>>();
                let distinct: HashSet<_> = places.iter().copied().collect();
                assert!(distinct.len() == places.len() && distinct.iter().all(|&place| place < zone.place_count()));
                (nodes, findings.list().to_vec(), findings.error_count(), findings.warning_count())
            };
            let whole = outcome(1000);
            for part_len in [1, 2, 3, 7] {
                prop_assert_eq!(outcome(part_len), whole.clone());
            }
        }
    }
}
