//! Runs of records with one owner, and their canonical order.

use super::Span;
use super::build::OutOfZone;
use super::group::index_u32;
use super::segment::{GroupedName, NodeRrsets, Segment, is_continued};
use super::store::{RawRecord, RecordStore};
use crate::base::{Class, Diagnostic, Diagnostics, Name, Severity, sort_key};
use rayon::iter::{IntoParallelRefIterator, IntoParallelRefMutIterator, ParallelIterator};
use rayon::slice::ParallelSliceMut;
use std::cmp::Ordering;
use std::ops::Range;

/// Records that follow each other in a segment of the store with the same owner, stored once, and the class of the zone:
/// what is sorted, so that it happens once an owner and not once a record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    /// The start of the owner's sort key relative to the apex; see [`sort_key::labels_prefix`].
    pub(super) prefix: u64,
    pub(super) segment: u32,
    /// Index of its name in the segment if that is grouped, else of its first record.
    pub(super) start: u32,
}

impl Run {
    fn segment(self, store: &RecordStore) -> &Segment {
        &store.segments()[self.segment as usize]
    }

    /// Adds its records in file order.
    pub(super) fn push_records(self, store: &RecordStore, out: &mut Vec<RawRecord>) {
        self.segment(store).push_run(self.start as usize, out);
    }

    /// Its RRsets in the segment's part, if nothing is left to be done about them.
    pub(super) fn rrsets(self, store: &RecordStore) -> Option<NodeRrsets> {
        self.segment(store).rrsets(self.start as usize)
    }

    /// Where the name of its records stands.
    pub(super) fn owner_span(self, store: &RecordStore) -> Span {
        self.segment(store).owner(self.start as usize)
    }

    /// The name of its records.
    pub(super) fn owner(self, store: &RecordStore) -> Name<'_> {
        Name::from_wire_trusted(store.bytes(self.owner_span(store)))
    }

    /// The labels in front of the apex, as in wire form.
    pub(super) fn labels<'s>(self, store: &'s RecordStore, apex: Name<'_>) -> &'s [u8] {
        self.owner(store).labels_before(apex)
    }

    /// Whether it is of the same name as another, which stands next to it in canonical order.
    pub(super) fn is_of_name_of(self, other: Self, store: &RecordStore) -> bool {
        self.prefix == other.prefix && self.owner(store) == other.owner(store)
    }
}

/// How many times as many records are looked at as one piece when runs are collected.
const PIECE_FACTOR: usize = 8;
/// How many runs, at least, are looked at to find where a stretch should end.
const SAMPLES_PER_STRETCH: usize = 64;

/// What records must be to belong to the zone, and what to do with those that are not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Membership<'a> {
    pub(super) apex: Name<'a>,
    pub(super) class: Class,
    pub(super) out_of_zone: OutOfZone,
}

/// The runs of some records that belong to the zone, sorted by prefixes, those of equal ones in file order.
#[derive(Debug)]
struct RunList<'s> {
    segment: u32,
    runs: Runs<'s>,
    /// Where each stretch starts among them, and their end.
    starts: Vec<u32>,
}

#[derive(Debug)]
enum Runs<'s> {
    /// Of a segment that is grouped, which knows them.
    Grouped(&'s [GroupedName]),
    Collected(Vec<Run>),
}

impl RunList<'_> {
    fn len(&self) -> usize {
        match &self.runs {
            Runs::Grouped(names) => names.len(),
            Runs::Collected(runs) => runs.len(),
        }
    }

    fn run(&self, index: usize) -> Run {
        match &self.runs {
            Runs::Grouped(names) => Run { prefix: names[index].prefix, segment: self.segment, start: index_u32(index) },
            Runs::Collected(runs) => runs[index],
        }
    }

    /// How many runs have a smaller prefix.
    fn count_before(&self, bound: u64) -> usize {
        match &self.runs {
            Runs::Grouped(names) => names.partition_point(|name| name.prefix < bound),
            Runs::Collected(runs) => runs.partition_point(|run| run.prefix < bound),
        }
    }
}

/// The runs of the records that belong to the zone, in lists: one for each segment of the store, or piece of one.
#[derive(Debug)]
pub(super) struct RunLists<'s> {
    store: &'s RecordStore,
    apex: Name<'s>,
    /// By segment and place in it.
    lists: Vec<RunList<'s>>,
    stretch_count: usize,
    stretch_len: usize,
}

impl<'s> RunLists<'s> {
    /// Collects the runs; stretches of them will have about so many. Records that do not belong to the zone are reported.
    pub(super) fn collect(
        store: &'s RecordStore,
        membership: Membership<'s>,
        stretch_len: usize,
        findings: &mut Diagnostics,
    ) -> Self {
        let Membership { apex, class, .. } = membership;
        let piece_len = stretch_len * PIECE_FACTOR;
        let pieces: Vec<(usize, &Segment, Range<usize>)> = (store.segments().iter().enumerate())
            .flat_map(|(index, segment)| {
                let len = segment.len();
                let step = if segment.names(apex, class).is_some() { len.max(1) } else { piece_len };
                (0..len).step_by(step).map(move |start| (index, segment, start..len.min(start + step)))
            })
            .collect();
        let collected: Vec<(Runs<'s>, Diagnostics)> = (pieces.par_iter())
            .map(|(index, segment, range)| {
                let mut findings = findings.fresh();
                let runs = match segment.names(apex, class) {
                    Some(names) => Runs::Grouped(names),
                    None => Runs::Collected(collect_piece(store, *index, range.clone(), membership, &mut findings)),
                };
                (runs, findings)
            })
            .collect();
        let mut lists = Vec::with_capacity(collected.len());
        for ((segment, ..), (runs, piece_findings)) in pieces.iter().zip(collected) {
            lists.push(RunList { segment: index_u32(*segment), runs, starts: Vec::new() });
            findings.append(piece_findings);
        }
        let bounds = bounds(&lists, stretch_len);
        lists.par_iter_mut().for_each(|list| {
            let starts = bounds.iter().map(|&bound| list.count_before(bound));
            list.starts = starts.chain([list.len()]).map(index_u32).collect();
        });
        Self { store, apex, lists, stretch_count: bounds.len(), stretch_len }
    }

    /// How many stretches there are; a name is in the one of the label next to the apex.
    pub(super) const fn stretch_count(&self) -> usize {
        self.stretch_count
    }

    /// The runs of a stretch in canonical order of their owners, those of one owner in file order.
    pub(super) fn stretch(&self, index: usize) -> Vec<Run> {
        let range = |list: &RunList<'_>| list.starts[index] as usize..list.starts[index + 1] as usize;
        let mut runs = Vec::with_capacity(self.lists.iter().map(|list| range(list).len()).sum());
        for list in &self.lists {
            runs.extend(range(list).map(|index| list.run(index)));
        }
        // Stable, so that runs of equal prefixes stay in file order.
        if runs.len() > 2 * self.stretch_len {
            runs.par_sort_by_key(|run| run.prefix);
        } else {
            runs.sort_by_key(|run| run.prefix);
        }
        sort_ties(self.store, self.apex, &mut runs);
        runs
    }
}

/// The least prefixes of stretches of about so many runs, such that the names below a label are all in one stretch.
fn bounds(lists: &[RunList<'_>], stretch_len: usize) -> Vec<u64> {
    let step = (stretch_len / SAMPLES_PER_STRETCH).max(1);
    let mut samples: Vec<u64> =
        (lists.iter()).flat_map(|list| (0..list.len()).step_by(step).map(|index| list.run(index).prefix)).collect();
    samples.sort_unstable();
    let between = samples.into_iter().step_by(stretch_len / step).skip(1).map(sort_key::top_prefix);
    let mut bounds: Vec<u64> = std::iter::once(0).chain(between).collect();
    bounds.dedup();
    bounds
}

/// Collects the runs that start among some records of a segment, sorted by prefixes.
fn collect_piece(
    store: &RecordStore,
    segment_index: usize,
    range: Range<usize>,
    Membership { apex, class, out_of_zone }: Membership<'_>,
    findings: &mut Diagnostics,
) -> Vec<Run> {
    let segment = &store.segments()[segment_index];
    let mut runs = Vec::with_capacity(range.len());
    let mut before = range.start.checked_sub(1).and_then(|before| segment.pushed(before..range.start).next());
    let mut is_first = true;
    let mut is_inside = true;
    for (index, record) in range.clone().zip(segment.pushed(range)) {
        let continues = before.replace(record).is_some_and(|before| is_continued(&before, &record));
        if record.class != class {
            findings.push_with(Severity::Error, || wrong_class(store, &record, class));
            continue;
        }
        if !continues || is_first {
            let labels = store.owner(&record).strip_suffix(apex);
            is_inside = labels.is_some();
            if let Some(labels) = labels.filter(|_| !continues) {
                let prefix = sort_key::labels_prefix(labels);
                runs.push(Run { prefix, segment: index_u32(segment_index), start: index_u32(index) });
            }
            is_first = false;
        }
        if !is_inside {
            report_outside(store, &record, apex, out_of_zone, findings);
        }
    }
    runs.sort_by_key(|run| run.prefix);
    runs
}

/// Brings runs of the same prefix, which stand together in file order, into the order of their whole names. Stable, so that
/// runs of one owner stay in file order.
fn sort_ties(store: &RecordStore, apex: Name<'_>, runs: &mut [Run]) {
    let tied = runs.chunk_by_mut(|left, right| left.prefix == right.prefix);
    tied.filter(|tied| tied.len() > 1).for_each(|tied| {
        if tied.len() <= TIES_WITHOUT_KEYS {
            tied.sort_by(|left, right| sort_key::labels_cmp(left.labels(store, apex), right.labels(store, apex)));
        } else {
            sort_by_keys(store, apex, tied);
        }
    });
}

/// Sorts runs by keys that are made for it.
fn sort_by_keys(store: &RecordStore, apex: Name<'_>, runs: &mut [Run]) {
    let mut keys = Vec::new();
    let mut keyed = Vec::with_capacity(runs.len());
    for &run in runs.iter() {
        let start = keys.len();
        sort_key::push_labels_key(run.labels(store, apex), &mut keys);
        keyed.push((start, keys.len(), run));
    }
    let by_key = |left: &(usize, usize, Run), right: &(usize, usize, Run)| -> Ordering {
        keys[left.0..left.1].cmp(&keys[right.0..right.1])
    };
    if runs.len() < TIES_AT_ONCE {
        keyed.sort_by(by_key);
    } else {
        keyed.par_sort_by(by_key);
    }
    runs.iter_mut().zip(keyed).for_each(|(run, (_, _, sorted))| *run = sorted);
}

/// Of so few runs of one prefix, a cut and its glue mostly, the names are compared as they are.
const TIES_WITHOUT_KEYS: usize = 4;
/// So many runs of one prefix are worth sorting in parallel.
const TIES_AT_ONCE: usize = 1 << 13;

/// The error for a record of another class than the SOA's.
#[cold]
fn wrong_class(store: &RecordStore, record: &RawRecord, class: Class) -> Diagnostic {
    let (owner, rtype) = (store.owner(record), record.rtype);
    Diagnostic::error(
        "class-mixed",
        format!("\"{owner} {rtype}\" is of class {}, the zone is of {class}", record.class),
    )
    .at(store.position(record))
    .because("RFC 1035 section 5.2")
    .help("all records of a zone have one class; leave the class out to get the zone's")
}

/// Reports a record outside the zone as the options want it.
#[cold]
fn report_outside(
    store: &RecordStore,
    record: &RawRecord,
    apex: Name<'_>,
    out_of_zone: OutOfZone,
    findings: &mut Diagnostics,
) {
    let severity = match out_of_zone {
        OutOfZone::Error => Severity::Error,
        OutOfZone::Drop => Severity::Warning,
    };
    findings.push_with(severity, || {
        let owner = store.owner(record);
        let message = format!("\"{owner}\" is outside the zone \"{apex}\"");
        let finding = match out_of_zone {
            OutOfZone::Error => Diagnostic::error("out-of-zone", message).help(outside_help(owner, apex)),
            OutOfZone::Drop => Diagnostic::warning("out-of-zone", format!("{message}; dropped")),
        };
        finding.at(store.position(record)).because("ZF-15")
    });
}

/// What to do about a name outside the zone.
fn outside_help(owner: Name<'_>, apex: Name<'_>) -> String {
    let apex = if apex.is_root() { String::new() } else { apex.to_string() };
    format!("remove it, or end the name without a dot if \"{owner}{apex}\" was meant")
}
