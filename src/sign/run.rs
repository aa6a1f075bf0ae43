//! The parallel part: chunks of owners are signed and formatted by all threads of the current rayon pool and written in
//! order.
//!
//! Windows of chunks bound the memory: while one window is signed, the owners of the next are gathered, the window before
//! is written, and the one before that is checked. The size of a chunk does not depend on the number of threads, so neither
//! does the output.

use super::check_ahead::{CheckAhead, Written};
use super::render::{Job, Rendered, Tally};
use super::{Observer, SYNCED_EARLY_MIN, SignError};
use crate::crypto::CryptoError;
use crate::crypto::digest::Hasher;
use crate::denial::OwnerItem;
use crate::output::Output;
use rayon::iter::{IndexedParallelIterator, ParallelIterator};
use rayon::slice::ParallelSlice;
use std::ops::Range;

/// Owners signed at a stretch with one set of buffers: a millisecond or two of work.
const CHUNK_OWNERS: usize = 32;
/// Owners signed between two writes, at most: enough to keep many threads busy, some 6 MB of text with small signatures.
pub(super) const WINDOW_OWNERS: usize = 1 << 13;
/// And at least: towards the end of a zone windows become short, for nothing is signed while the last one goes out.
const WINDOW_OWNERS_MIN: usize = 1 << 10;

/// What a run made.
#[derive(Debug, Default)]
pub(super) struct Totals {
    pub(super) tally: Tally,
    /// Octets of zone text.
    pub(super) octets: u64,
    /// Where the apex ZONEMD RRset and its signatures stand in the output.
    pub(super) zonemd_text: Range<u64>,
}

/// Signs everything and writes it to `output`; `digests` are fed with what a ZONEMD covers, `check` is shown what was
/// written.
///
/// # Errors
/// The first in zone order of a signer's failure, or the output's.
pub(super) fn run(
    job: &Job<'_>,
    output: &mut dyn Output,
    digests: &mut [Hasher],
    mut check: Option<&mut CheckAhead<'_>>,
    observer: &dyn Observer,
) -> Result<Totals, SignError> {
    let mut walk = job.denial.walk(job.zone);
    let total = job.owner_count();
    let mut totals = Totals::default();
    let mut finished: Vec<Rendered> = Vec::new();
    let mut unchecked: Option<Written> = None;
    let mut place = 0;
    let mut items: Vec<OwnerItem> = walk.by_ref().take(window_len(total)).collect();
    loop {
        let left = total.saturating_sub(place + items.len());
        let mut gather = || walk.by_ref().take(window_len(left)).collect();
        let is_checking = check.is_some();
        let mut write = || {
            let start = totals.octets;
            write(&finished, output, digests, &mut totals)?;
            if is_checking { read_back(&finished, start, output) } else { Ok(None) }
        };
        let check = || check.iter_mut().zip(&unchecked).for_each(|(check, written)| check.take(written, observer));
        let aside = || rayon::join(|| (write(), gather()), check);
        let (((written, next_items), ()), rendered) = rayon::join(aside, || render_window(job, &items, place));
        place += std::mem::replace(&mut items, next_items).len();
        unchecked = written?;
        finished = rendered?;
        if finished.is_empty() && unchecked.is_none() {
            totals.tally.add(&job.standing_tally());
            return Ok(totals);
        }
        if totals.octets >= SYNCED_EARLY_MIN {
            output.begin_sync();
        }
        observer.progress(totals.tally.owners, total as u64);
    }
}

/// How many owners are signed next if about so many are left.
fn window_len(left: usize) -> usize {
    (left / 4).clamp(WINDOW_OWNERS_MIN, WINDOW_OWNERS).next_multiple_of(CHUNK_OWNERS)
}

/// Finished chunks as the output has them from an octet on; `None` if there are none.
fn read_back(finished: &[Rendered], start: u64, output: &mut dyn Output) -> Result<Option<Written>, SignError> {
    let end = |end: &mut usize, chunk: &Rendered| {
        *end += chunk.text.len();
        Some(*end)
    };
    let ends: Vec<usize> = finished.iter().scan(0, end).collect();
    let Some(&len) = ends.last() else { return Ok(None) };
    let text = output.read_back(start..start + len as u64).map_err(SignError::Output)?;
    Ok(Some(Written { text, ends }))
}

/// Signs a window of owners from a place of the walk on; the first error in zone order wins.
fn render_window(job: &Job<'_>, items: &[OwnerItem], place: usize) -> Result<Vec<Rendered>, CryptoError> {
    let mut results = Vec::new();
    let chunks = items.par_chunks(CHUNK_OWNERS).enumerate();
    chunks.map(|(index, chunk)| job.render(chunk, place + index * CHUNK_OWNERS)).collect_into_vec(&mut results);
    results.into_iter().collect()
}

/// Writes finished chunks in order.
fn write(
    finished: &[Rendered],
    output: &mut dyn Output,
    digests: &mut [Hasher],
    totals: &mut Totals,
) -> Result<(), SignError> {
    for chunk in finished {
        if !chunk.zonemd_text.is_empty() {
            let Range { start, end } = chunk.zonemd_text;
            totals.zonemd_text = totals.octets + start as u64..totals.octets + end as u64;
        }
        output.write_all(&chunk.text).map_err(SignError::Output)?;
        for digest in &mut *digests {
            digest.update(&chunk.wire);
        }
        totals.octets += chunk.text.len() as u64;
        totals.tally.add(&chunk.tally);
    }
    Ok(())
}
