//! From records in file order to a zone: apex, membership, canonical order, RRsets, node status.
//!
//! ```text
//! records ─▶ runs of one owner ─▶ sorted by (key prefix, key) ─▶ parts in parallel: gather, group, collapse, cut,
//!                                                                fill in ENTs ─▶ moved together in order
//! ```

use super::cuts::{Cuts, missing_ancestors};
use super::group::{Grouper, index_u32};
use super::runs::{Runs, Sorted};
use super::store::RecordStore;
use super::{Arena, NodeEntry, NodeStatus, RecordEntry, RrsetEntry, Span, Zone};
use crate::base::{Class, Diagnostic, Diagnostics, Name, NameBuf, Rtype};
use memchr::memchr;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

/// How many runs of records, at least, are built as one part: enough for the cost of a part not to show, and few enough
/// for its records to stay in a processor's cache.
const PART_RUNS: usize = 1 << 13;
/// How many times as many records are looked at as one piece when runs are collected.
const PIECE_FACTOR: usize = 8;
/// How many parts a thread are built at once before they are moved into the zone.
const PARTS_PER_THREAD: usize = 4;

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
    store: RecordStore,
    options: &BuildOptions,
    part_runs: usize,
    findings: &mut Diagnostics,
) -> Option<Zone> {
    let apex = find_apex(&store, options, findings)?;
    let class = zone_class(&store, apex.as_name(), findings);
    let piece_len = part_runs * PIECE_FACTOR;
    let runs = Runs::collect(&store, apex.as_name(), class, options.out_of_zone, piece_len, findings);
    let order = runs.sorted();
    let mut zone = Zone {
        apex,
        class,
        arena: Arena::default(),
        nodes: Vec::with_capacity(runs.len()),
        rrsets: Vec::with_capacity(store.records().len()),
        records: Vec::with_capacity(store.records().len()),
        files: Vec::new(),
    };

    let stretches = split(&order, &runs, part_runs);
    let build_part = |stretch: &&[Sorted], cuts: Cuts, findings: Diagnostics| {
        Part::build(&store, &runs, stretch, options.mixed_ttl, cuts, findings)
    };
    // The first has the apex, which may hide all other names.
    let (first, rest) = stretches.split_first().expect("the SOA record is in a run");
    let first = build_part(first, Cuts::default(), findings.fresh());
    let cuts = first.cuts.clone();
    first.move_into(&mut zone, findings);
    // Few at a time, for what is moved is there twice meanwhile.
    for stretches in rest.chunks(PARTS_PER_THREAD * rayon::current_num_threads()) {
        let parts: Vec<Part> =
            stretches.par_iter().map(|stretch| build_part(stretch, cuts.clone(), findings.fresh())).collect();
        parts.into_iter().for_each(|part| part.move_into(&mut zone, findings));
    }
    zone.nodes.shrink_to_fit();
    zone.rrsets.shrink_to_fit();
    zone.records.shrink_to_fit();
    zone.files = store.into_files();
    Some(zone)
}

/// Cuts sorted runs where the label next to the apex changes: no name hides, or brings into being, a name beyond.
fn split<'o>(order: &'o [Sorted], runs: &Runs, part_runs: usize) -> Vec<&'o [Sorted]> {
    let top_label = |sorted: &Sorted| {
        let key = runs.key(sorted.run);
        &key[..memchr(0, key).unwrap_or(key.len())]
    };
    let mut stretches = Vec::with_capacity(order.len() / part_runs + 1);
    let mut rest = order;
    while rest.len() > part_runs {
        let last_label = top_label(&rest[part_runs - 1]);
        let more = rest[part_runs..].iter().take_while(|sorted| top_label(sorted) == last_label).count();
        let (stretch, after) = rest.split_at(part_runs + more);
        stretches.push(stretch);
        rest = after;
    }
    if !rest.is_empty() {
        stretches.push(rest);
    }
    stretches
}

/// A stretch of a zone's names built by itself; the indices in it count from its own start.
struct Part {
    arena: Arena,
    nodes: Vec<NodeEntry>,
    rrsets: Vec<RrsetEntry>,
    records: Vec<RecordEntry>,
    findings: Diagnostics,
    /// As they are behind its last name.
    cuts: Cuts,
}

impl Part {
    /// Groups the records of `stretch`, which [`split`] made.
    fn build(
        store: &RecordStore,
        runs: &Runs,
        stretch: &[Sorted],
        mixed_ttl: MixedTtl,
        mut cuts: Cuts,
        mut findings: Diagnostics,
    ) -> Self {
        // Records that were anywhere in the file are brought together first, in one tight loop: it is the only one that
        // waits for memory, here and in whatever walks the zone later.
        let store = store.gather(stretch.iter().flat_map(|sorted| runs.records(sorted.run)));
        let mut nodes = Vec::with_capacity(stretch.len());
        let mut grouper = Grouper::new(&store, mixed_ttl);
        let mut previous_key: &[u8] = &[];
        let mut record_start = 0;
        for group in
            stretch.chunk_by(|left, right| left.prefix == right.prefix && runs.key(left.run) == runs.key(right.run))
        {
            let key = runs.key(group[0].run);
            let record_end = record_start + group.iter().map(|sorted| runs.records(sorted.run).len()).sum::<usize>();
            let mut node = grouper.add_node(index_u32(record_start)..index_u32(record_end), &mut findings);
            record_start = record_end;
            let has = |rtype| grouper.has(&node, rtype);
            node.status = cuts.status(key, has(Rtype::NS), has(Rtype::DNAME));
            if node.status != NodeStatus::Occluded {
                push_empty_non_terminals(&store.arena, node, previous_key, key, &mut nodes);
            }
            nodes.push(node);
            previous_key = key;
        }
        let (rrsets, records) = grouper.finish();
        Self { arena: store.arena, nodes, rrsets, records, findings, cuts }
    }

    /// Adds it to the zone of the names before it.
    fn move_into(self, zone: &mut Zone, findings: &mut Diagnostics) {
        let shift = zone.arena.append(self.arena);
        let (rrsets_before, records_before) = (index_u32(zone.rrsets.len()), index_u32(zone.records.len()));
        zone.nodes.extend(self.nodes.into_iter().map(|node| NodeEntry {
            owner: node.owner.shifted(shift),
            rrset_start: node.rrset_start + rrsets_before,
            ..node
        }));
        let moved = |rrset: RrsetEntry| RrsetEntry { record_start: rrset.record_start + records_before, ..rrset };
        zone.rrsets.extend(self.rrsets.into_iter().map(moved));
        let moved = |record: RecordEntry| RecordEntry { rdata: record.rdata.shifted(shift), ..record };
        zone.records.extend(self.records.into_iter().map(moved));
        findings.append(self.findings);
    }
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
                .at(store.start())
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
            .help("a zone has one SOA record; name the apex (-o) to have the others reported as out of place"),
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
        None => finding.at(store.start()).help("a zone begins with the SOA record at its apex"),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Position, Ttl};
    use crate::rdata::{self, Token};
    use crate::zone::{NodeRef, RawRecord, RrsetRef, check};
    use proptest::prelude::*;

    /// Few labels and deep names, so that names share ancestors, hide each other and lie outside.
    fn owners() -> impl Strategy<Value = String> {
        let label = prop::sample::select(vec!["a.", "b.", "B.", "ab.", "*.", "\\000.", "\\001.", "z."]);
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
                let zone = build_in_parts(store(&records), &BuildOptions::default(), part_len, &mut findings).unwrap();
                check::check_in_parts(&zone, part_len, &mut findings);
                let nodes: Vec<_> = zone.nodes().map(plain_node).collect();
                (nodes, findings.list().to_vec(), findings.error_count(), findings.warning_count())
            };
            let whole = outcome(1000);
            for part_len in [1, 2, 3, 7] {
                prop_assert_eq!(outcome(part_len), whole.clone());
            }
        }
    }
}
