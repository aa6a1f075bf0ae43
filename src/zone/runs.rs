//! Runs of records with one owner, and their canonical order.

use super::arena::{Arena, Span};
use super::build::OutOfZone;
use super::group::index_u32;
use super::store::{RawRecord, RecordStore};
use crate::base::{Class, Diagnostic, Diagnostics, Name, Severity, sort_key};
use rayon::iter::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};
use rayon::slice::{ParallelSlice, ParallelSliceMut};
use std::ops::Range;

/// Records that follow each other in the file with the same owner: what is sorted, so that it happens once an owner
/// and not once a record.
#[derive(Clone, Copy, Debug)]
struct Run {
    key: Span,
    start: u32,
    end: u32,
}

/// The runs of a store, with the sort keys of their owners relative to the apex.
#[derive(Debug, Default)]
pub(super) struct Runs {
    runs: Vec<Run>,
    keys: Arena,
}

/// A run in canonical order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sorted {
    /// First eight octets of the run's key.
    pub(super) prefix: u64,
    /// Index of the run, which counts in file order.
    pub(super) run: u32,
}

impl Runs {
    /// Collects the runs of the records that belong to the zone, and reports the others; `piece_len` records as one piece
    /// of work. A run that goes on in the next piece becomes two, which are sorted next to each other.
    pub(super) fn collect(
        store: &RecordStore,
        apex: Name<'_>,
        class: Class,
        out_of_zone: OutOfZone,
        piece_len: usize,
        findings: &mut Diagnostics,
    ) -> Self {
        let pieces: Vec<(Self, Diagnostics)> = store
            .records()
            .par_chunks(piece_len)
            .enumerate()
            .map(|(piece, records)| {
                let mut findings = findings.fresh();
                let start = index_u32(piece * piece_len);
                (Self::collect_piece(store, start, records, apex, class, out_of_zone, &mut findings), findings)
            })
            .collect();
        let mut collected = Self::default();
        collected.runs.reserve(pieces.iter().map(|(piece, _)| piece.runs.len()).sum());
        for (piece, piece_findings) in pieces {
            let shift = collected.keys.append(piece.keys);
            collected.runs.extend(piece.runs.iter().map(|run| Run { key: run.key.shifted(shift), ..*run }));
            findings.append(piece_findings);
        }
        collected
    }

    /// Collects the runs of `records`, of which the first has the index `start` in the store.
    fn collect_piece(
        store: &RecordStore,
        start: u32,
        records: &[RawRecord],
        apex: Name<'_>,
        class: Class,
        out_of_zone: OutOfZone,
        findings: &mut Diagnostics,
    ) -> Self {
        let mut collected = Self::default();
        let mut scratch = Vec::new();
        let mut owner = Name::ROOT;
        let mut owner_span = None;
        // Whether the record before belongs to the last run; false after one that is left out.
        let mut is_open = false;
        for (index, record) in (start..).zip(records) {
            if record.class != class {
                findings.push_with(Severity::Error, || wrong_class(store, record, class));
                is_open = false;
                continue;
            }
            // Mostly the owner was stored once, and need not be compared.
            let is_same = || owner_span == Some(record.owner) || store.owner(record).as_wire() == owner.as_wire();
            if is_open && is_same() {
                if let Some(run) = collected.runs.last_mut() {
                    run.end = index + 1;
                }
                continue;
            }
            owner = store.owner(record);
            owner_span = Some(record.owner);
            let Some(labels) = owner.strip_suffix(apex) else {
                report_outside(store, record, apex, out_of_zone, findings);
                is_open = false;
                continue;
            };
            scratch.clear();
            sort_key::push_labels_key(labels, &mut scratch);
            let key = collected.keys.push(&scratch);
            collected.runs.push(Run { key, start: index, end: index + 1 });
            is_open = true;
        }
        collected
    }

    /// How many.
    pub(super) const fn len(&self) -> usize {
        self.runs.len()
    }

    /// The sort key of a run's owner, relative to the apex.
    pub(super) fn key(&self, run: u32) -> &[u8] {
        self.keys.get(self.runs[run as usize].key)
    }

    /// The indices of a run's records in the store.
    pub(super) fn records(&self, run: u32) -> Range<u32> {
        let run = self.runs[run as usize];
        run.start..run.end
    }

    /// The runs in canonical order of their owners, those of one owner in file order.
    pub(super) fn sorted(&self) -> Vec<Sorted> {
        let prefix = |run: &Run| sort_key::key_prefix(self.keys.get(run.key));
        let numbered = self.runs.par_iter().enumerate();
        let mut order: Vec<Sorted> =
            numbered.map(|(index, run)| Sorted { prefix: prefix(run), run: index_u32(index) }).collect();
        order.par_sort_unstable_by(|left, right| {
            left.prefix
                .cmp(&right.prefix)
                .then_with(|| self.key(left.run).cmp(self.key(right.run)))
                .then_with(|| left.run.cmp(&right.run))
        });
        order
    }
}

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
