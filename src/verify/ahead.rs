//! Signatures that are verified before the whole zone is there.
//!
//! ```text
//! text of whole names ─ read ─▶ records ─ those of one owner and type, the RRSIGs over them behind ─▶ proofs ─┐
//! text of the next names ─ … ─────────────────────────────────────────────────────────────────────────────────┤
//!                                                  the whole zone, built of all the records ─ verify_proved ◀─┘
//! ```
//!
//! A proof says that the signature in a line verifies, by a key, over the records in some lines. That these are the RRset,
//! that its fields and times are right, and that the key is in the zone, is seen when the zone is verified; only then does
//! the proof count, and a signature without one is verified then. So nothing here can make a zone good that is not, and
//! nothing has to be said here.

use super::CryptoScope;
use super::findings::Findings;
use super::keyset::{KeySet, KeyUse};
use super::signatures::{is_sampled, push_message};
use super::verifier::{SignatureJob, VerifierSource};
use crate::base::{Class, Diagnostics, NameBuf, Rtype};
use crate::rdata::{self, rrsig::Rrsig};
use crate::zone::{RawRecord, RecordRef, RecordStore, RrsetRef, Zone};
use crate::zonefile::{self, Input, ReadOptions};
use memchr::memchr_iter;
use std::ops::Range;

/// Verifies signatures of a zone part by part, by the keys that it is to publish.
#[derive(Debug)]
pub struct Ahead<'z> {
    apex: NameBuf,
    class: Class,
    keys: KeySet<'z>,
    crypto: CryptoScope,
}

/// A part of a zone's text, read.
#[derive(Debug)]
pub struct Part {
    records: RecordStore,
    line_count: u32,
    proofs: Vec<Proof>,
}

/// A signature that verifies.
#[derive(Clone, Debug)]
struct Proof {
    /// The line of the RRSIG.
    line: u32,
    /// The lines of the records it is over.
    covered: Range<u32>,
    /// The place of the key.
    key: usize,
}

/// Signatures that verify.
#[derive(Debug)]
pub struct Proofs {
    /// RDATA of the keys.
    keys: Vec<Vec<u8>>,
    /// Ascending by line.
    list: Vec<Proof>,
}

/// Messages and signatures by one key, until they are verified together.
#[derive(Default)]
struct Pending<'r> {
    messages: Vec<u8>,
    /// Where its message ends, the signature, and what it would prove.
    signatures: Vec<(usize, &'r [u8], Proof)>,
}

impl<'z> Ahead<'z> {
    /// For text of a zone whose apex is that of `zone`.
    #[must_use]
    pub fn new(zone: &'z Zone, crypto: CryptoScope, source: &dyn VerifierSource) -> Self {
        // What is wrong with the keys is found when the zone is verified.
        let keys = KeySet::new(zone, &[], source, &mut Findings::new(0));
        Self { apex: zone.apex().to_owned(), class: zone.class(), keys, crypto }
    }

    /// Reads the text of some names, and verifies the signatures over records that stand right before them. `None` if it
    /// is no zone text of one record a line.
    #[must_use]
    pub fn read(&self, text: &[u8]) -> Option<Part> {
        let mut findings = Diagnostics::new(0);
        let input = Input::Bytes { name: "", text };
        let records = zonefile::read(input, &ReadOptions::default(), &mut findings).ok()?;
        let is_a_line_each = records.records().is_sorted_by(|before, record| before.line < record.line);
        if findings.has_errors() || !is_a_line_each || !text.ends_with(b"\n") {
            return None;
        }
        let line_count = u32::try_from(memchr_iter(b'\n', text).count()).ok()?;
        let proofs = self.prove(&records);
        let records = records.grouped(&self.apex, self.class).unwrap_or(records);
        Some(Part { records, line_count, proofs })
    }

    /// The records of all parts, as if they had been read at once, and what was proved of them.
    #[must_use]
    pub fn join(&self, name: &str, parts: Vec<Part>) -> (RecordStore, Proofs) {
        let mut records = RecordStore::new();
        records.add_file(name);
        let keys = self.keys.keys().iter().map(|key| key.rdata.to_vec()).collect();
        let mut list = Vec::with_capacity(parts.iter().map(|part| part.proofs.len()).sum());
        let mut lines_before = 0_u32;
        for part in parts {
            list.extend(part.proofs.into_iter().map(|proof| proof.behind(lines_before)));
            records.append(part.records, lines_before);
            lines_before = lines_before.saturating_add(part.line_count);
        }
        (records, Proofs { keys, list })
    }

    /// Verifies all signatures that it can.
    fn prove(&self, records: &RecordStore) -> Vec<Proof> {
        let mut by_key: Vec<Pending<'_>> = self.keys.keys().iter().map(|_| Pending::default()).collect();
        let list: Vec<RawRecord> = records.records().collect();
        let mut rest = &list[..];
        while let Some(first) = rest.first() {
            let is_of_rrset = |record: &&RawRecord| is_together(record, first) && record.rtype == first.rtype;
            let (rrset, behind) = rest.split_at(rest.iter().take_while(is_of_rrset).count());
            let is_over_it = |record: &&RawRecord| is_together(record, first) && record.rtype == Rtype::RRSIG;
            let (rrsigs, behind) = behind.split_at(behind.iter().take_while(is_over_it).count());
            self.add_rrset(records, rrset, rrsigs, &mut by_key);
            rest = behind;
        }
        let mut proofs = Vec::new();
        let verifiers = self.keys.keys().iter().map(|key| &key.usage);
        for (usage, pending) in verifiers.zip(by_key) {
            if let KeyUse::Verifies(verifier) = usage {
                pending.verify(|jobs, results| verifier.verify_batch(jobs, results), &mut proofs);
            }
        }
        proofs.sort_unstable_by_key(|proof| proof.line);
        proofs
    }

    /// Takes in records of one owner and type, and what may be the signatures over them.
    fn add_rrset<'r>(
        &self,
        store: &'r RecordStore,
        rrset: &[RawRecord],
        rrsigs: &[RawRecord],
        by_key: &mut [Pending<'r>],
    ) {
        let (Some(first), Some(last)) = (rrset.first(), rrset.last()) else { return };
        let (owner, rtype) = (store.owner(first), first.rtype);
        let is_apex = owner == self.apex.as_name();
        let has_gaps = (last.line - first.line) as usize >= rrset.len();
        if has_gaps || !is_ascending(store, rrset) || !is_sampled(self.crypto, owner, rtype, is_apex) {
            return;
        }
        for record in rrsigs {
            let Some(rrsig) = Rrsig::parse(store.rdata(record)).filter(|rrsig| rrsig.covered == rtype) else {
                continue;
            };
            let matching = self.keys.matching(rrsig.algorithm, rrsig.key_tag);
            // Where keys share a tag, which to try is left to who says what comes of it.
            if matching.len() != 1 {
                continue;
            }
            let (key, pending) = (matching.start, &mut by_key[matching.start]);
            let rdatas = rrset.iter().map(|record| store.rdata(record));
            push_message(&rrsig, owner, first.class, rtype, rdatas, &mut pending.messages);
            let proof = Proof { line: record.line, covered: first.line..last.line + 1, key };
            pending.signatures.push((pending.messages.len(), rrsig.signature, proof));
        }
    }
}

/// Whether a record is of the name and class of another that stands before it.
fn is_together(record: &RawRecord, before: &RawRecord) -> bool {
    record.owner == before.owner && record.class == before.class
}

/// Whether records stand in canonical order, each once: so they are signed, and so the zone will have them.
fn is_ascending(store: &RecordStore, rrset: &[RawRecord]) -> bool {
    let (mut left, mut right) = (Vec::new(), Vec::new());
    rrset.windows(2).all(|pair| {
        for (record, canonical) in pair.iter().zip([&mut left, &mut right]) {
            canonical.clear();
            rdata::push_canonical(record.rtype, store.rdata(record), canonical);
        }
        left < right
    })
}

impl Pending<'_> {
    /// Verifies all at once, and keeps what is proved.
    fn verify(self, verify_batch: impl FnOnce(&[SignatureJob<'_>], &mut Vec<bool>), proofs: &mut Vec<Proof>) {
        let starts = std::iter::once(0).chain(self.signatures.iter().map(|(end, ..)| *end));
        let jobs: Vec<SignatureJob<'_>> = starts
            .zip(&self.signatures)
            .map(|(start, (end, signature, _))| SignatureJob { message: &self.messages[start..*end], signature })
            .collect();
        let mut results = Vec::with_capacity(jobs.len());
        verify_batch(&jobs, &mut results);
        let proved = self.signatures.iter().zip(results).filter(|(_, is_right)| *is_right);
        proofs.extend(proved.map(|((.., proof), _)| proof.clone()));
    }
}

impl Proof {
    /// The same in a text in which so many lines stand before.
    const fn behind(self, lines: u32) -> Self {
        let Range { start, end } = self.covered;
        let covered = start.saturating_add(lines)..end.saturating_add(lines);
        Self { line: self.line.saturating_add(lines), covered, ..self }
    }
}

impl Proofs {
    /// A walk along them.
    pub(super) const fn cursor(&self) -> ProofCursor<'_> {
        ProofCursor { proofs: self, at: 0 }
    }

    /// For each key its place among those of a zone.
    pub(super) fn places(&self, keys: &KeySet<'_>) -> Vec<Option<usize>> {
        let place = |rdata: &Vec<u8>| keys.keys().iter().position(|key| key.rdata == rdata.as_slice());
        self.keys.iter().map(place).collect()
    }
}

/// A walk along proofs with the signatures of a zone, most of which stand in the same order.
#[derive(Debug)]
pub(super) struct ProofCursor<'p> {
    proofs: &'p Proofs,
    at: usize,
}

impl ProofCursor<'_> {
    /// The place among the proofs' keys of the one by which a signature over exactly this RRset is proved to verify.
    pub(super) fn key_of(&mut self, rrset: RrsetRef<'_>, rrsig: RecordRef<'_>) -> Option<usize> {
        let Proofs { list, .. } = self.proofs;
        if list.get(self.at).is_none_or(|proof| proof.line != rrsig.line()) {
            self.at = list.partition_point(|proof| proof.line < rrsig.line());
        }
        let proof = list.get(self.at).filter(|proof| proof.line == rrsig.line())?;
        self.at += 1;
        // As many different lines as there are, all among them: these lines and no others.
        let is_it =
            proof.covered.len() == rrset.len() && rrset.records().all(|record| proof.covered.contains(&record.line()));
        is_it.then_some(proof.key)
    }
}
