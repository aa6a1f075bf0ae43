//! Incremental signing: what an earlier signing made and still stands.
//!
//! ```text
//! previous zone ─┐
//! new zone ──────┴─ survey: one walk along both, chunk by chunk ─▶ Reuse: which signatures are kept ─▶ run
//! ```
//!
//! A signature is kept if it is by a key that signs the RRset now, has enough time left, and verifies over the RRset as
//! it is to be published, with the header as it is to be published, or is known to verify over the same RRset. So nothing is kept on the word of the old file:
//! content, owner, TTL, labels and signer are what was signed, or the mathematics fails. Content is compared before
//! only to tell the reasons apart and to verify nothing in vain. Chain records are made anew every time, and are to the
//! survey RRsets like others.
//!
//! Of text that a record knows to be ours and right, only what does not stand octet for octet is read (see `standing`).

use super::SignOptions;
use super::lines::Lines;
use super::plan::{KeyName, OldKey, Plan, Signers};
use super::render::{Job, Owner, Set};
use super::serial::later;
use super::standing::{Search, Standing};
use super::summary::TextDigest;
use super::tbs::push_canonical_rrset;
use super::times::{Expirations, SignatureTimes};
use crate::base::{Algorithm, Diagnostic, Diagnostics, Name, Rtype, Seconds, Timestamp, Ttl};
use crate::crypto::CryptoError;
use crate::denial::OwnerItem;
use crate::keys::KeySet;
use crate::rdata::dnskey::{Dnskey, key_tag};
use crate::rdata::rrsig::Rrsig;
use crate::rdata::soa::Soa;
use crate::verify::{SignatureJob, SignatureVerifier, VerifierSource};
use crate::zone::{BuildOptions, Cursor, MixedTtl, NodeRef, RecordRef, RecordStore, RrsetRef, Zone, build};
use crate::zonefile::{self, Input, ReadOptions};
use rayon::iter::{IndexedParallelIterator, ParallelIterator};
use rayon::slice::ParallelSlice;
use std::convert::Infallible;
use std::ops::Range;

/// Owners surveyed at a stretch: enough signatures for a batch of the fast verifier.
const CHUNK_OWNERS: usize = 256;
/// Chunks surveyed before their results are put together.
const WINDOW_CHUNKS: usize = 64;

/// The text of a zone as it was signed the last time.
#[derive(Clone, Debug)]
pub struct SignedText {
    /// What findings call it.
    pub name: String,
    /// The text.
    pub text: Vec<u8>,
    /// Its digest.
    pub digest: TextDigest,
    /// Whether it stands where the output goes, so that an output that would be the same need not be written.
    pub is_in_place: bool,
    /// Whether all its signatures are known to verify, by the record of the run that wrote it.
    pub is_verified: bool,
    /// Whether, beyond that, this version of the program wrote it and checked it in full: it is the text that would be
    /// written again.
    pub is_own: bool,
}

impl SignedText {
    /// A text that stands elsewhere than where the output goes.
    #[must_use]
    pub fn new(name: impl Into<String>, text: Vec<u8>) -> Self {
        let digest = TextDigest::of(&text);
        Self { name: name.into(), text, digest, is_in_place: false, is_verified: false, is_own: false }
    }
}

/// A zone as it was signed the last time.
#[derive(Debug)]
pub struct Previous {
    /// The signed zone: all of it, or its apex and what does not stand in `lines`.
    pub(super) zone: Zone,
    /// Whether its text has a record more than once, of which `zone` has one.
    has_repeats: bool,
    name: String,
    /// Its text, if it is our own and right.
    lines: Option<Lines<Vec<u8>>>,
    /// The digest of its text.
    pub(super) text: TextDigest,
    /// Whether it stands where the output goes, so that an output that would be the same need not be written.
    pub(super) is_in_place: bool,
    /// Whether all its signatures are known to verify.
    is_verified: bool,
}

/// What is known to be right before the self-check.
#[derive(Clone, Copy, Debug)]
pub enum Known<'p> {
    /// Nothing.
    Nothing,
    /// The signatures of this zone.
    Signatures(&'p Zone),
    /// This text of ours, in every respect, at the time it was written.
    Text(OwnText<'p>),
}

/// Text of ours that is known to be right.
#[derive(Clone, Copy, Debug)]
pub struct OwnText<'p>(pub(super) &'p Lines<Vec<u8>>);

impl Previous {
    /// Reads the text of the zone at `apex` as it was signed.
    ///
    /// # Errors
    /// If it is no zone, with a warning in `findings`: then everything is signed anew.
    pub fn parse(signed: SignedText, apex: Name<'_>, findings: &mut Diagnostics) -> Result<Self, Unusable> {
        let SignedText { name, text, digest, is_in_place, is_verified, is_own } = signed;
        let lines = if is_own && is_verified { Lines::of(text) } else { Err(text) };
        let is_fit = |first: &ReadZone| !first.zone.apex_node().has(Rtype::ZONEMD);
        let first = lines.as_ref().ok().and_then(|lines| read_zone(&name, lines.block(0), apex).ok()).filter(is_fit);
        let (ReadZone { zone, has_repeats }, lines) = match (first, lines) {
            (Some(first), Ok(lines)) => (first, Some(lines)),
            (_, lines) => {
                let text = lines.map_or_else(|text| text, Lines::into_text);
                let read = read_zone(&name, &text, apex).map_err(|no_zone| {
                    findings.push(unusable(&no_zone));
                    Unusable { serial: no_zone.serial }
                })?;
                (read, None)
            }
        };
        Ok(Self { zone, has_repeats, name, lines, text: digest, is_in_place, is_verified })
    }

    /// The signed zone; of a text that is our own perhaps its apex alone.
    #[must_use]
    pub const fn zone(&self) -> &Zone {
        &self.zone
    }

    /// Whether all its signatures are known to verify.
    #[must_use]
    pub const fn is_verified(&self) -> bool {
        self.is_verified
    }

    /// Finds what stands as text, and reads the rest of it; all of it if that cannot be. False, with a warning in
    /// `findings`, if it is no zone.
    pub(super) fn find_standing(
        &mut self,
        job: &Job<'_>,
        keys: &KeySet,
        options: &SignOptions,
        findings: &mut Diagnostics,
    ) -> Option<Standing> {
        let lines = self.lines.take()?;
        if self.may_stand(job, keys, options) {
            let (standing, rest) = Search::new(*job, &lines, options.refresh).run();
            if let Ok(read) = read_zone(&self.name, &rest, job.zone.apex()) {
                (self.zone, self.has_repeats, self.lines) = (read.zone, read.has_repeats, Some(lines));
                return Some(standing);
            }
        }
        match read_zone(&self.name, lines.text(), job.zone.apex()) {
            Ok(read) => (self.zone, self.has_repeats) = (read.zone, read.has_repeats),
            // What is there of it is its apex: all else is signed anew.
            Err(no_zone) => findings.push(unusable(&no_zone)),
        }
        None
    }

    /// Whether the keys, and what is asked for, are such that owners may stand as text.
    fn may_stand(&self, job: &Job<'_>, keys: &KeySet, options: &SignOptions) -> bool {
        let dnskeys = |zone: &Zone| -> Vec<Vec<u8>> {
            let rrset = zone.apex_node().rrset(Rtype::DNSKEY);
            rrset.into_iter().flat_map(|rrset| rrset.records()).map(|record| record.rdata().to_vec()).collect()
        };
        let plan: &Plan<'_> = job.plan;
        let is_known = |key: &super::SigningKey<'_>| is_only_one(&self.zone, key.name(), key.public_key);
        !plan.keys().is_empty()
            && plan.keys().iter().all(is_known)
            && plan.old_keys().is_empty()
            && !keys.is_by_uses()
            && keys.unpublished().is_empty()
            && options.zonemd.is_empty()
            && dnskeys(job.zone) == dnskeys(&self.zone)
    }

    /// What is known to be right of it.
    pub(super) const fn known(&self) -> Known<'_> {
        match &self.lines {
            Some(lines) => Known::Text(OwnText(lines)),
            None if self.is_verified => Known::Signatures(&self.zone),
            None => Known::Nothing,
        }
    }

    /// Refuses the signed form of another zone.
    pub(super) fn check_apex(&self, apex: Name<'_>) -> Result<(), Box<Diagnostic>> {
        if self.zone.apex() == apex {
            return Ok(());
        }
        let message = format!("the previous signed zone is \"{}\", not \"{apex}\"", self.zone.apex());
        Err(Diagnostic::error("previous-zone", message).help("give the last output for this zone").into())
    }
}

/// The text of a previous signed zone that is no zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unusable {
    /// The serial of its SOA record, if that can be read: it has been published.
    pub serial: Option<u32>,
}

/// Zone text as it was read.
struct ReadZone {
    zone: Zone,
    /// Whether the text has a record more than once.
    has_repeats: bool,
}

/// What there is to say of zone text that is no zone.
struct NoZone {
    defects: Diagnostics,
    /// The serial of the SOA record, if that was read.
    serial: Option<u32>,
}

/// Reads the text of the zone at `apex`, or says what is wrong with it.
fn read_zone(name: &str, text: &[u8], apex: Name<'_>) -> Result<ReadZone, NoZone> {
    let mut defects = Diagnostics::new(1);
    // Another program, or a person, may have written relative names.
    let options = ReadOptions { origin: Some(apex.to_owned()), ..ReadOptions::default() };
    let Ok(store) = zonefile::read(Input::Bytes { name, text }, &options, &mut defects) else {
        return Err(NoZone { defects, serial: None });
    };
    let serial = serial_of(&store, apex);
    if defects.has_errors() {
        return Err(NoZone { defects, serial });
    }
    let count = store.len();
    let options = BuildOptions { mixed_ttl: MixedTtl::Keep, ..BuildOptions::default() };
    match build(store, &options, &mut defects).filter(|_| !defects.has_errors()) {
        Some(zone) => Ok(ReadZone { has_repeats: zone.record_count() != count, zone }),
        None => Err(NoZone { defects, serial }),
    }
}

/// The serial of the zone at `apex`; of several SOA records the latest.
fn serial_of(store: &RecordStore, apex: Name<'_>) -> Option<u32> {
    let soas = store.soas().filter(|soa| store.owner(soa) == apex);
    soas.filter_map(|soa| Soa::parse(store.rdata(&soa)).map(|soa| soa.serial)).reduce(later)
}

#[cold]
fn unusable(no_zone: &NoZone) -> Diagnostic {
    let serial = match no_zone.serial {
        Some(serial) => format!("its SOA record can be read, so that serials go on from {serial}"),
        None => "its serial is not known".to_owned(),
    };
    let message = format!("the previous signed zone cannot be used: everything is signed anew, and {serial}");
    let mut finding = Diagnostic::warning("previous-unusable", message);
    finding.notes.extend(no_zone.defects.list().iter().map(|defect| defect.message.clone()));
    finding
}

/// What became of signatures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReuseCounts {
    /// Kept.
    pub kept: u64,
    /// Made because the RRset, or its signature by the key, is new.
    pub new: u64,
    /// Made because the records, their TTL or the fields of the signature are other ones.
    pub changed: u64,
    /// Made because the old one would expire too soon, or does not yet hold.
    pub due: u64,
    /// Made because the old one does not verify.
    pub bad: u64,
    /// Dropped because their key does not sign the RRset any more.
    pub key_gone: u64,
    /// Dropped because the RRset is gone, or not signed any more.
    pub rrset_gone: u64,
}

impl ReuseCounts {
    fn add(&mut self, other: &Self) {
        self.kept += other.kept;
        self.new += other.new;
        self.changed += other.changed;
        self.due += other.due;
        self.bad += other.bad;
        self.key_gone += other.key_gone;
    }

    const fn add_found(&mut self, found: Found) {
        match found {
            Found::Nothing => self.new += 1,
            Found::Changed => self.changed += 1,
            Found::Due => self.due += 1,
            // Counted when it is verified.
            Found::Candidate => {}
        }
    }
}

/// Which signatures of an earlier signing stand.
#[derive(Debug)]
pub(super) struct Reuse<'p> {
    zone: &'p Zone,
    /// What stands as text, and the text.
    standing: Option<(Standing, &'p [u8])>,
    /// A bit for each record of `zone`, by its place.
    kept: Vec<u64>,
    counts: ReuseCounts,
    is_unchanged: bool,
    expirations: Expirations,
}

impl<'p> Reuse<'p> {
    /// The zone as it was signed.
    pub(super) const fn zone(&self) -> &'p Zone {
        self.zone
    }

    /// What stands as text.
    pub(super) fn standing(&self) -> Option<&Standing> {
        self.standing.as_ref().map(|(standing, _)| standing)
    }

    /// The lines of the owner at a place of the walk, if they stand.
    pub(super) fn standing_lines(&self, place: usize) -> Option<&'p [u8]> {
        let (standing, text) = self.standing.as_ref()?;
        standing.span(place).map(|span| &text[span])
    }

    /// What became of the signatures.
    pub(super) const fn counts(&self) -> ReuseCounts {
        self.counts
    }

    /// Whether signing would give what is there, octet for octet.
    pub(super) const fn is_unchanged(&self) -> bool {
        self.is_unchanged
    }

    /// Takes the answer of [`Self::is_unchanged`] back: something was found that the survey does not look at.
    pub(super) const fn set_changed(&mut self) {
        self.is_unchanged = false;
    }

    /// Of what is kept.
    pub(super) const fn expirations(&self) -> Expirations {
        self.expirations
    }

    /// The signature of a key over an RRset of a node of the earlier zone, if it stands.
    pub(super) fn kept(&self, before: NodeRef<'p>, rtype: Rtype, key: KeyName) -> Option<Rrsig<'p>> {
        let rrsigs = before.rrsigs_covering(rtype)?;
        let standing = rrsigs.places().zip(rrsigs.records()).filter(|(place, _)| self.is_kept(*place));
        standing.filter_map(|(_, record)| Rrsig::parse(record.rdata())).find(|rrsig| is_by(rrsig, key))
    }

    fn is_kept(&self, place: usize) -> bool {
        self.kept[place / 64] >> (place % 64) & 1 == 1
    }

    /// Drops what is kept over an apex RRset that has changed since the survey.
    pub(super) fn forget_apex(&mut self, rtype: Rtype) {
        let places = self.zone.apex_node().rrsigs_covering(rtype).map_or(0..0, RrsetRef::places);
        for place in places {
            if self.is_kept(place) {
                self.kept[place / 64] &= !(1 << (place % 64));
                self.counts.kept -= 1;
                self.counts.changed += 1;
            }
        }
    }
}

fn is_by(rrsig: &Rrsig<'_>, key: KeyName) -> bool {
    (rrsig.algorithm, rrsig.key_tag) == key
}

/// What all threads of a survey share.
#[derive(Debug)]
pub(super) struct Survey<'j, 'p> {
    previous: &'p Previous,
    job: Job<'j>,
    before: &'p Zone,
    /// By index of the plan's keys, then of its old keys.
    verifiers: Vec<Box<dyn SignatureVerifier>>,
    /// By the same index: whether what the key has signed in the earlier zone is known to verify.
    is_known: Vec<bool>,
    refresh: Option<Seconds>,
}

/// What a chunk of owners came to.
#[derive(Debug, Default)]
struct Surveyed {
    /// Places of the signatures that are kept.
    kept: Vec<usize>,
    counts: ReuseCounts,
    /// Records to publish.
    records: u64,
    /// Of them those that stand in the earlier zone, octet for octet.
    same: u64,
    expirations: Expirations,
    findings: Vec<Diagnostic>,
}

/// An RRset to publish, and what is there of it and its signatures.
#[derive(Clone, Copy, Debug)]
struct Against<'s, 'p> {
    owner: Owner<'s>,
    set: Set<'s>,
    before: NodeRef<'p>,
    rrsigs: RrsetRef<'p>,
    /// Whether the RRset is the one that was signed.
    is_equal: bool,
    is_spelled_alike: bool,
}

/// What became of the search for a key's signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    Nothing,
    Changed,
    Due,
    Candidate,
}

/// A signature that may stand if it verifies.
#[derive(Debug)]
struct Candidate<'z> {
    /// Index of its key in the plan, old keys after the others.
    key: usize,
    place: usize,
    record: RecordRef<'z>,
    rrsig: Rrsig<'z>,
    owner: NodeRef<'z>,
    /// The octets that it must sign, in the chunk's buffer.
    message: Range<usize>,
    /// Whether the record would be published as it stands.
    is_same: bool,
}

/// Candidates of a chunk with their messages.
#[derive(Debug, Default)]
struct Candidates<'z> {
    list: Vec<Candidate<'z>>,
    messages: Vec<u8>,
    /// The owner in canonical form.
    owner: Vec<u8>,
}

impl<'j, 'p> Survey<'j, 'p> {
    /// Prepares the keys of the plan for verifying.
    pub(super) fn new(
        job: Job<'j>,
        previous: &'p Previous,
        verifiers: &dyn VerifierSource,
        refresh: Option<Seconds>,
    ) -> Result<Self, CryptoError> {
        let before = &previous.zone;
        let is_known = |(name, public_key)| previous.is_verified && is_only_one(before, name, public_key);
        let keys = job.plan.keys().iter().map(|key| (key.name(), key.public_key));
        let old_keys = job.plan.old_keys().iter().map(|key| (key.name(), key.public_key));
        let all = keys.chain(old_keys);
        let is_known = all.clone().map(is_known).collect();
        let verifiers = all.map(|((algorithm, _), public_key)| verifiers.open(algorithm, public_key));
        Ok(Self { previous, verifiers: verifiers.collect::<Result<_, _>>()?, is_known, job, before, refresh })
    }

    /// Looks at every RRset that is to be published, but for those that stand as text, on the current rayon pool.
    /// Signatures that are bad get a warning each.
    pub(super) fn run(&self, standing: Option<Standing>, findings: &mut Diagnostics) -> Reuse<'p> {
        let mut reuse = Reuse {
            zone: self.before,
            standing: standing.zip(self.previous.lines.as_ref().map(Lines::text)),
            kept: vec![0; self.before.place_count().div_ceil(64)],
            counts: ReuseCounts::default(),
            is_unchanged: false,
            expirations: Expirations::default(),
        };
        let (mut records, mut same) = (0, 0);
        let mut walk = self.job.denial.walk(self.job.zone).enumerate();
        let mut surveyed = Vec::new();
        loop {
            let others = walk.by_ref().filter(|(place, _)| reuse.standing_lines(*place).is_none());
            let items: Vec<OwnerItem> = others.map(|(_, item)| item).take(CHUNK_OWNERS * WINDOW_CHUNKS).collect();
            if items.is_empty() {
                break;
            }
            items.par_chunks(CHUNK_OWNERS).map(|chunk| self.survey(chunk)).collect_into_vec(&mut surveyed);
            for chunk in surveyed.drain(..) {
                for place in chunk.kept {
                    reuse.kept[place / 64] |= 1 << (place % 64);
                }
                reuse.counts.add(&chunk.counts);
                reuse.expirations.add(&chunk.expirations);
                records += chunk.records;
                same += chunk.same;
                chunk.findings.into_iter().for_each(|finding| findings.push(finding));
            }
        }
        let counts = &mut reuse.counts;
        let looked_at = counts.kept + counts.changed + counts.due + counts.bad + counts.key_gone;
        counts.rrset_gone = signature_count(self.before).saturating_sub(looked_at);
        // As many records as before, each equal to one of those before: the same records. One that stands twice is out
        // twice, and perhaps with two TTLs, which makes its RRset bogus.
        let is_same = same == records && records == self.before.record_count() as u64;
        reuse.is_unchanged = is_same && !self.previous.has_repeats;
        if let Some((standing, _)) = &reuse.standing {
            reuse.counts.kept += standing.signatures;
            reuse.expirations.add(&standing.tally.expirations);
        }
        reuse
    }

    /// Surveys a chunk of owners.
    fn survey(&self, items: &[OwnerItem]) -> Surveyed {
        let mut out = Surveyed::default();
        let mut candidates = Candidates::default();
        let mut cursor = Cursor::new(self.before);
        let surveyed = self.job.try_for_each_owner(items, |owner| {
            candidates.owner.clear();
            owner.name.push_canonical(&mut candidates.owner);
            let before = cursor.node_at(owner.name);
            for set in owner.sets() {
                self.survey_set(owner, set, before, &mut candidates, &mut out);
            }
            Ok::<(), Infallible>(())
        });
        surveyed.unwrap_or_else(|never| match never {});
        self.decide(&candidates, &mut out);
        out
    }

    /// Compares an RRset with what it was, and looks for its signatures.
    fn survey_set(
        &self,
        owner: Owner<'_>,
        set: Set<'_>,
        before: Option<NodeRef<'p>>,
        candidates: &mut Candidates<'p>,
        out: &mut Surveyed,
    ) {
        let Signers { keys, old_keys, .. } = self.job.signers(owner, set);
        out.records += (set.rdatas().count() + keys.len()) as u64;
        let Some(before) = before else {
            out.counts.new += keys.len() as u64;
            return;
        };
        let is_spelled_alike = before.owner().as_wire() == owner.name.as_wire();
        let rrset = before.rrset(set.rtype);
        let is_identical = rrset.is_some_and(|rrset| is_identical(rrset, set));
        if is_identical && is_spelled_alike {
            out.same += set.rdatas().count() as u64;
        }
        let is_equal = is_identical || rrset.is_some_and(|rrset| self.is_equal(rrset, set, &candidates.owner));
        let Some(rrsigs) = before.rrsigs_covering(set.rtype) else {
            out.counts.new += keys.len() as u64;
            return;
        };
        let against = Against { owner, set, before, rrsigs, is_equal, is_spelled_alike };
        let mut matched = 0;
        let mut missing = 0;
        let first = candidates.list.len();
        for &index in keys {
            match self.look_for(&against, self.job.plan.keys()[index].name(), index, candidates) {
                Found::Nothing => missing += 1,
                found => {
                    matched += 1;
                    out.counts.add_found(found);
                }
            }
        }
        if !old_keys.is_empty() {
            let stands_in = self.look_for_old(&against, old_keys, first, candidates);
            // Of the algorithms with old signatures no others are made.
            let spared = keys.iter().filter(|&&index| stands_in.contains(&self.job.plan.keys()[index].algorithm()));
            let spared = spared.count() as u64;
            let made = keys.len() as u64 - spared;
            out.records = out.records - keys.len() as u64 + made + stands_in.len() as u64;
            missing -= spared.min(missing);
            matched += stands_in.len() as u64;
        }
        out.counts.new += missing;
        if !keys.is_empty() || !old_keys.is_empty() {
            out.counts.key_gone += rrsigs.len() as u64 - matched;
        }
    }

    /// Looks for a signature of a key; one that may stand becomes a candidate.
    fn look_for(&self, against: &Against<'_, 'p>, name: KeyName, key: usize, candidates: &mut Candidates<'p>) -> Found {
        let Against { owner, set, before, rrsigs, .. } = *against;
        let Some((place, record, rrsig)) = find_by(rrsigs, name) else { return Found::Nothing };
        let header = self.job.header(owner, set, name, (rrsig.inception, rrsig.expiration));
        let is_fit =
            against.is_equal && record.ttl() == set.ttl && rrsig == Rrsig { signature: rrsig.signature, ..header };
        if !is_fit {
            return Found::Changed;
        }
        let window = (rrsig.inception, rrsig.expiration);
        if is_due(self.job.plan.times(), window, rrsig.covered, self.refresh) {
            return Found::Due;
        }
        let from = candidates.messages.len();
        header.push_header(&mut candidates.messages);
        let is_same = against.is_spelled_alike && record.rdata().starts_with(&candidates.messages[from..]);
        if self.is_known[key] {
            candidates.messages.truncate(from);
        } else {
            let (class, rdatas) = (self.job.zone.class(), set.rdatas());
            push_canonical_rrset(&candidates.owner, set.rtype, class, set.ttl, rdatas, &mut candidates.messages);
        }
        let message = from..candidates.messages.len();
        candidates.list.push(Candidate { key, place, record, rrsig, owner: before, message, is_same });
        Found::Candidate
    }

    /// Looks for signatures of old keys, of algorithms with no other candidate from `first` on: those of the present
    /// keys have replaced them. Gives the algorithm of each found.
    fn look_for_old(
        &self,
        against: &Against<'_, 'p>,
        old_keys: &[OldKey<'_>],
        first: usize,
        candidates: &mut Candidates<'p>,
    ) -> Vec<Algorithm> {
        let replaced: Vec<Algorithm> = candidates.list[first..].iter().map(|one| one.rrsig.algorithm).collect();
        let count = self.job.plan.keys().len();
        let mut found = Vec::new();
        for (index, old) in old_keys.iter().enumerate().filter(|(_, old)| !replaced.contains(&old.algorithm)) {
            if let Found::Candidate = self.look_for(against, old.name(), count + index, candidates) {
                found.push(old.algorithm);
            }
        }
        found
    }

    /// Whether an RRset is the same but for spelling that does not count.
    fn is_equal(&self, rrset: RrsetRef<'_>, set: Set<'_>, owner: &[u8]) -> bool {
        let (mut was, mut is) = (Vec::new(), Vec::new());
        let class = self.job.zone.class();
        let rdatas = rrset.records().map(RecordRef::rdata);
        push_canonical_rrset(owner, set.rtype, class, set.ttl, rdatas, &mut was);
        push_canonical_rrset(owner, set.rtype, class, set.ttl, set.rdatas(), &mut is);
        was == is && has_ttl(rrset, set.ttl)
    }

    /// Verifies the candidates of a chunk, a batch a key.
    fn decide(&self, candidates: &Candidates<'p>, out: &mut Surveyed) {
        let mut results = Vec::new();
        for (index, verifier) in self.verifiers.iter().enumerate() {
            let batch = || candidates.list.iter().filter(|candidate| candidate.key == index);
            let job = |candidate: &Candidate<'p>| SignatureJob {
                message: &candidates.messages[candidate.message.clone()],
                signature: candidate.rrsig.signature,
            };
            results.clear();
            if self.is_known[index] {
                results.resize(batch().count(), true);
            } else {
                let jobs: Vec<SignatureJob<'_>> = batch().map(job).collect();
                verifier.verify_batch(&jobs, &mut results);
            }
            for (candidate, &is_right) in batch().zip(&results) {
                if is_right {
                    out.counts.kept += 1;
                    out.kept.push(candidate.place);
                    out.same += u64::from(candidate.is_same);
                    let expiration = candidate.rrsig.expiration.to_unix_near(self.job.plan.times().now());
                    out.expirations.see(candidate.rrsig.covered, expiration);
                } else {
                    out.counts.bad += 1;
                    out.findings.push(bad_signature(candidate));
                }
            }
        }
    }
}

/// Whether a signature over a type, from one time to another, has too little time left, or does not hold yet.
pub(super) fn is_due(
    times: &SignatureTimes,
    (inception, expiration): (Timestamp, Timestamp),
    covered: Rtype,
    refresh: Option<Seconds>,
) -> bool {
    let holds = inception.is_at_or_before(times.now().to_timestamp());
    !holds || times.is_due(expiration.to_unix_near(times.now()), covered, refresh)
}

/// Whether a zone publishes this key and no other of its algorithm and tag, so that signatures that name it are its own.
fn is_only_one(zone: &Zone, name: KeyName, public_key: &[u8]) -> bool {
    let records = zone.apex_node().rrset(Rtype::DNSKEY).into_iter().flat_map(|rrset| rrset.records());
    let keys = records.filter_map(|record| Some((key_tag(record.rdata()), Dnskey::parse(record.rdata())?)));
    let mut named = keys.filter(|(tag, key)| (key.algorithm, *tag) == name);
    matches!((named.next(), named.next()), (Some((_, key)), None) if key.public_key == public_key)
}

#[cold]
fn bad_signature(candidate: &Candidate<'_>) -> Diagnostic {
    let (owner, rrsig) = (candidate.owner.owner(), &candidate.rrsig);
    let message = format!(
        "the previous signature over \"{owner} {}\" by key {} does not verify; it is made again",
        rrsig.covered, rrsig.key_tag
    );
    Diagnostic::warning("previous-signature", message).at(candidate.record.position())
}

/// Whether an RRset is the same octet for octet.
fn is_identical(rrset: RrsetRef<'_>, set: Set<'_>) -> bool {
    rrset.records().map(RecordRef::rdata).eq(set.rdatas()) && has_ttl(rrset, set.ttl)
}

/// Whether an RRset has this TTL throughout. Its own is the lowest, also among repeats that no record is left of.
fn has_ttl(rrset: RrsetRef<'_>, ttl: Ttl) -> bool {
    rrset.ttl() == ttl && rrset.records().all(|record| record.ttl() == ttl)
}

/// The first signature by a key.
fn find_by<'z>(rrsigs: RrsetRef<'z>, key: KeyName) -> Option<(usize, RecordRef<'z>, Rrsig<'z>)> {
    rrsigs.places().zip(rrsigs.records()).find_map(|(place, record)| {
        let rrsig = Rrsig::parse(record.rdata()).filter(|rrsig| is_by(rrsig, key))?;
        Some((place, record, rrsig))
    })
}

fn signature_count(zone: &Zone) -> u64 {
    let rrsigs = zone.nodes().flat_map(NodeRef::rrsets).filter(|rrset| rrset.rtype() == Rtype::RRSIG);
    rrsigs.map(|rrset| rrset.len() as u64).sum()
}
