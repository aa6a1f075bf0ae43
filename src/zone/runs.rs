//! Runs of records with one owner, and their canonical order.

use super::build::OutOfZone;
use super::group::index_u32;
use super::store::{RawRecord, RecordStore, Segment};
use crate::base::{Class, Diagnostic, Diagnostics, Name, Severity, sort_key};
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use rayon::slice::ParallelSliceMut;
use std::cmp::Ordering;
use std::ops::Range;

/// Records that follow each other in a segment of the store with the same owner, stored once, and the class of the zone:
/// what is sorted, so that it happens once an owner and not once a record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    /// The start of the owner's sort key relative to the apex; see [`sort_key::labels_prefix`].
    prefix: u64,
    segment: u32,
    /// Index of the first record in the segment.
    start: u32,
}

impl Run {
    /// Its records.
    pub(super) fn records(self, store: &RecordStore) -> impl Iterator<Item = RawRecord> + Clone {
        let segment = &store.segments()[self.segment as usize];
        let start = self.start as usize;
        let first = segment.record(start);
        segment.records(start..segment.len()).take_while(move |record| is_continued(&first, record))
    }

    /// Its first record.
    pub(super) fn first(self, store: &RecordStore) -> RawRecord {
        store.segments()[self.segment as usize].record(self.start as usize)
    }

    /// The name of its records.
    pub(super) fn owner(self, store: &RecordStore) -> Name<'_> {
        store.owner(&self.first(store))
    }

    /// Whether it is of the same name as another, which stands next to it in canonical order.
    pub(super) fn is_of_name_of(self, other: Self, store: &RecordStore) -> bool {
        self.prefix == other.prefix && self.owner(store) == other.owner(store)
    }
}

/// Whether a record belongs to the run of the record before it.
fn is_continued(before: &RawRecord, record: &RawRecord) -> bool {
    before.owner == record.owner && before.class == record.class
}

/// What records must be to belong to the zone, and what to do with those that are not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Membership<'a> {
    pub(super) apex: Name<'a>,
    pub(super) class: Class,
    pub(super) out_of_zone: OutOfZone,
}

/// The runs of the records that belong to the zone, in canonical order of their owners, those of one owner in file order.
/// The other records are reported. So many records are looked at as one piece of work.
pub(super) fn sorted_runs(
    store: &RecordStore,
    membership: Membership<'_>,
    piece_len: usize,
    findings: &mut Diagnostics,
) -> Vec<Run> {
    let piece_of = |(index, segment): (usize, &Segment)| {
        let len = segment.len();
        (0..len).step_by(piece_len).map(move |start| (index, start..len.min(start + piece_len))).collect::<Vec<_>>()
    };
    let pieces: Vec<(usize, Range<usize>)> = store.segments().iter().enumerate().flat_map(piece_of).collect();
    let collected: Vec<(Vec<Run>, Diagnostics)> = pieces
        .par_iter()
        .map(|(segment, range)| {
            let mut findings = findings.fresh();
            (collect_piece(store, *segment, range.clone(), membership, &mut findings), findings)
        })
        .collect();
    let mut runs = Vec::with_capacity(collected.iter().map(|(runs, _)| runs.len()).sum());
    for (piece, piece_findings) in collected {
        runs.extend(piece);
        findings.append(piece_findings);
    }
    runs.par_sort_unstable_by_key(|run| (run.prefix, run.segment, run.start));
    sort_ties(store, membership.apex, &mut runs);
    runs
}

/// Collects the runs that start among some records of a segment.
fn collect_piece(
    store: &RecordStore,
    segment_index: usize,
    range: Range<usize>,
    Membership { apex, class, out_of_zone }: Membership<'_>,
    findings: &mut Diagnostics,
) -> Vec<Run> {
    let segment = &store.segments()[segment_index];
    let mut runs = Vec::with_capacity(range.len());
    let mut before = range.start.checked_sub(1).map(|before| segment.record(before));
    let mut is_first = true;
    let mut is_inside = true;
    for (index, record) in range.clone().zip(segment.records(range)) {
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
    runs
}

/// Brings runs of the same prefix, which stand together in file order, into the order of their whole keys.
fn sort_ties(store: &RecordStore, apex: Name<'_>, runs: &mut [Run]) {
    runs.par_chunk_by_mut(|left, right| left.prefix == right.prefix).filter(|tied| tied.len() > 1).for_each(|tied| {
        let mut keys = Vec::new();
        let mut keyed = Vec::with_capacity(tied.len());
        for &run in tied.iter() {
            let start = keys.len();
            let labels = run.owner(store).strip_suffix(apex).expect("runs belong to the zone");
            sort_key::push_labels_key(labels, &mut keys);
            keyed.push((start, keys.len(), run));
        }
        let by_key = |left: &(usize, usize, Run), right: &(usize, usize, Run)| -> Ordering {
            keys[left.0..left.1].cmp(&keys[right.0..right.1])
        };
        // Stable, so that runs of one owner stay in file order.
        if tied.len() < TIES_AT_ONCE {
            keyed.sort_by(by_key);
        } else {
            keyed.par_sort_by(by_key);
        }
        tied.iter_mut().zip(keyed).for_each(|(run, (_, _, sorted))| *run = sorted);
    });
}

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
