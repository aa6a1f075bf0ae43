//! What stands of the previous signed zone as text: owners whose lines would be written again octet for octet.
//!
//! What is to be published is formatted and compared with the lines that are there; of a signature, all but its times and
//! its octets, and the times are looked at. So of text that is known to be ours and right nothing has to be read, but for
//! the owners where something is new.

use super::lines::Lines;
use super::previous::is_due;
use super::render::{Job, Owner, Set, Tally};
use super::times::Expirations;
use crate::base::{Name, Rtype, Seconds, Timestamp, UnixTime};
use crate::denial::OwnerItem;
use crate::output::text::push_after_owner;
use crate::rdata::{self, rrsig::push_signer_text};
use crate::zone::{NodeRef, NodeStatus};
use memchr::memchr;
use rayon::iter::{IndexedParallelIterator, ParallelIterator};
use rayon::slice::ParallelSlice;
use std::cmp::Ordering;
use std::convert::Infallible;
use std::ops::Range;

/// Owners compared at a stretch.
const CHUNK_OWNERS: usize = 256;
/// Chunks compared before their results are put together.
const WINDOW_CHUNKS: usize = 64;
/// Octets of a time in an RRSIG.
const TIME_LEN: usize = 14;

/// The owners that stand.
#[derive(Debug, Default)]
pub(super) struct Standing {
    /// By place in the walk along the signed zone: where the owner's lines are; empty if it does not stand.
    spans: Vec<Range<usize>>,
    /// How many signatures stand with them.
    pub(super) signatures: u64,
    /// Their records, and when their signatures end.
    pub(super) tally: Tally,
}

impl Standing {
    /// Where the lines of an owner are, if it stands.
    pub(super) fn span(&self, place: usize) -> Option<Range<usize>> {
        self.spans.get(place).filter(|span| !span.is_empty()).cloned()
    }
}

/// What all threads of a search share.
#[derive(Debug)]
pub(super) struct Search<'s> {
    job: Job<'s>,
    before: &'s Lines<Vec<u8>>,
    refresh: Option<Seconds>,
    /// By index of the plan's keys: what stands in an RRSIG between times and signature.
    signers: Vec<Vec<u8>>,
}

/// What a chunk of owners came to.
#[derive(Debug, Default)]
struct Piece {
    spans: Vec<Range<usize>>,
    /// The blocks that stand.
    blocks: Vec<usize>,
    records: u64,
    signatures: u64,
    expirations: Expirations,
}

/// Buffers used again for every owner of a chunk.
#[derive(Debug, Default)]
struct Scratch {
    owner: Vec<u8>,
    line: Vec<u8>,
    records: u64,
    /// Types covered by the owner's signatures, and when these end.
    ends: Vec<(Rtype, UnixTime)>,
}

impl<'s> Search<'s> {
    /// Prepares the comparison with text that is known to be ours.
    pub(super) fn new(job: Job<'s>, before: &'s Lines<Vec<u8>>, refresh: Option<Seconds>) -> Self {
        let signer = |key_tag: u16| {
            let mut text = Vec::new();
            push_signer_text(key_tag, job.zone.apex(), &mut text);
            text
        };
        let signers = job.plan.keys().iter().map(|key| signer(key.key_tag)).collect();
        Self { job, before, refresh, signers }
    }

    /// Compares all owners but the apex, on the current rayon pool. Gives what stands, and the text of all else.
    pub(super) fn run(&self) -> (Standing, Vec<u8>) {
        let mut standing = Standing::default();
        let mut is_standing = vec![false; self.before.len()];
        let mut walk = self.job.denial.walk(self.job.zone);
        let mut pieces = Vec::new();
        loop {
            let items: Vec<OwnerItem> = walk.by_ref().take(CHUNK_OWNERS * WINDOW_CHUNKS).collect();
            if items.is_empty() {
                break;
            }
            items.par_chunks(CHUNK_OWNERS).map(|chunk| self.compare(chunk)).collect_into_vec(&mut pieces);
            for piece in pieces.drain(..) {
                standing.spans.extend(piece.spans);
                piece.blocks.into_iter().for_each(|block| is_standing[block] = true);
                standing.signatures += piece.signatures;
                standing.tally.records += piece.records;
                standing.tally.expirations.add(&piece.expirations);
            }
        }
        let others = is_standing.iter().enumerate().filter(|(_, is_standing)| !**is_standing);
        let others: Vec<&[u8]> = others.map(|(block, _)| self.before.block(block)).collect();
        (standing, others.concat())
    }

    /// Compares a chunk of owners.
    fn compare(&self, items: &[OwnerItem]) -> Piece {
        let mut piece = Piece::default();
        let mut scratch = Scratch::default();
        let mut next = None;
        let compared = self.job.try_for_each_owner(items, |owner| {
            scratch.begin(owner.name);
            let block = self.block_of(owner.name, &scratch.owner, &mut next);
            match block.filter(|&block| self.stands(owner, self.before.block(block), &mut scratch).is_some()) {
                Some(block) => piece.add(self.before.range(block), block, &scratch),
                None => piece.spans.push(0..0),
            }
            Ok::<(), Infallible>(())
        });
        compared.unwrap_or_else(|never| match never {});
        piece
    }

    /// The block of a name, spelled as it is to be published, which is after the one asked for before: `next` is the
    /// first that may be it.
    fn block_of(&self, name: Name<'_>, text: &[u8], next: &mut Option<usize>) -> Option<usize> {
        let mut at = next.unwrap_or_else(|| self.before.lower_bound(name));
        let found = loop {
            if at >= self.before.len() {
                break None;
            }
            if self.before.owner(at) == text {
                break Some(at);
            }
            match self.before.cmp_owner(at, name) {
                Some(Ordering::Less) => at += 1,
                _ => break None,
            }
        };
        *next = Some(at + usize::from(found.is_some()));
        found
    }

    /// Whether the lines of an owner are those to be published, its signatures among them and not due.
    fn stands(&self, owner: Owner<'_>, block: &[u8], scratch: &mut Scratch) -> Option<()> {
        // What stands at the apex changes with the serial.
        if owner.node.map(NodeRef::status) == Some(NodeStatus::Apex) {
            return None;
        }
        let mut rest = block;
        for set in owner.sets() {
            for rdata in set.rdatas() {
                scratch.line.clear();
                push_after_owner(set.ttl, self.job.zone.class(), set.rtype, &mut scratch.line);
                rdata::push_text(set.rtype, rdata, &mut scratch.line);
                scratch.line.push(b'\n');
                rest = rest.strip_prefix(&scratch.owner[..])?.strip_prefix(&scratch.line[..])?;
                scratch.records += 1;
            }
            for &key in self.job.signers(owner, set).keys {
                rest = self.behind_signature(owner, set, key, rest, scratch)?;
            }
        }
        rest.is_empty().then_some(())
    }

    /// What stands behind the signature of a key over an RRset, if that is what `text` begins with and it need not be
    /// made again.
    fn behind_signature<'t>(
        &self,
        owner: Owner<'_>,
        set: Set<'_>,
        key: usize,
        text: &'t [u8],
        scratch: &mut Scratch,
    ) -> Option<&'t [u8]> {
        let line = &mut scratch.line;
        line.clear();
        push_after_owner(set.ttl, self.job.zone.class(), Rtype::RRSIG, line);
        let anytime = (Timestamp(0), Timestamp(0));
        self.job.header(owner, set, self.job.plan.keys()[key].name(), anytime).push_front_text(line);
        let rest = text.strip_prefix(&scratch.owner[..])?.strip_prefix(&line[..])?;
        let (expiration, rest) = rest.split_at_checked(TIME_LEN)?;
        let (inception, rest) = rest.strip_prefix(b" ")?.split_at_checked(TIME_LEN)?;
        let rest = rest.strip_prefix(b" ")?.strip_prefix(&self.signers[key][..])?;
        let window = (Timestamp::from_text(inception)?, Timestamp::from_text(expiration)?);
        let times = self.job.plan.times();
        if is_due(times, window, set.rtype, self.refresh) {
            return None;
        }
        scratch.ends.push((set.rtype, window.1.to_unix_near(times.now())));
        scratch.records += 1;
        Some(&rest[memchr(b'\n', rest)? + 1..])
    }
}

impl Scratch {
    /// Turns to the next owner.
    fn begin(&mut self, owner: Name<'_>) {
        self.owner.clear();
        owner.push_text(&mut self.owner);
        self.records = 0;
        self.ends.clear();
    }
}

impl Piece {
    /// Takes in an owner that stands.
    fn add(&mut self, span: Range<usize>, block: usize, found: &Scratch) {
        self.spans.push(span);
        self.blocks.push(block);
        self.records += found.records;
        self.signatures += found.ends.len() as u64;
        found.ends.iter().for_each(|&(covered, end)| self.expirations.see(covered, end));
    }
}
