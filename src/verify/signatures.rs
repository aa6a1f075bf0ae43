//! Signatures of a run of nodes: their fields, then their mathematics in batches. Coverage follows in `coverage`.

use super::CryptoScope;
use super::ahead::{ProofCursor, Proofs};
use super::context::Context;
use super::findings::{Findings, Note};
use super::keyset::KeyUse;
use super::known::{self, Known};
use super::rules::Rule;
use super::verifier::SignatureJob;
use crate::base::{Class, Name, Rtype};
use crate::rdata::{self, rrsig::Rrsig};
use crate::zone::{Cursor, NodeRef, RecordRef, RrsetRef};
use std::ops::Range;

/// Most keys tried for an RRset beyond the first of each signature: equal key tags must not multiply the work
/// (KeyTrap, SIG-17). Honest zones have at most two keys of one tag for a short while.
const EXTRA_TRIES_MAX: u8 = 4;

/// What is known about a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// A field rules it out, and that has been said.
    Unusable,
    /// No DNSKEY has its algorithm and tag.
    NoKey,
    /// Those that have must not verify anything.
    KeyUnusable,
    /// Its key cannot be used here; neither right nor wrong.
    Unverifiable,
    /// Left out by sampling; taken as good.
    Skipped,
    /// Verified before, and nothing has changed.
    Known,
    /// To be tried with the key at this place.
    Pending(usize),
    /// Verified by the key at this place.
    Good(usize),
    /// Verified by a key that the caller knows and the zone does not publish.
    GoodUnpublished,
    /// Verified by no key.
    Bogus,
    /// Not verified by the keys tried, and there are more.
    NotTried,
}

impl State {
    /// Whether the signature counts for its RRset, time aside.
    pub(super) const fn is_usable(self) -> bool {
        matches!(self, Self::Good(_) | Self::Known | Self::Skipped | Self::Unverifiable)
    }
}

/// Where the time verified for lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Window {
    /// Inside.
    Open,
    /// After the expiration.
    Expired,
    /// Before the inception.
    NotYet,
}

/// A signature over an RRset that must be signed.
#[derive(Clone, Debug)]
pub(super) struct Signature<'z> {
    pub(super) rrsig: Rrsig<'z>,
    pub(super) record: RecordRef<'z>,
    pub(super) state: State,
    pub(super) window: Window,
    /// The signed octets, in the run's buffer.
    message: Range<usize>,
    /// Index of its RRset in the run.
    rrset: usize,
}

/// An RRset that must be signed, with its signatures.
#[derive(Clone, Debug)]
pub(super) struct SignedRrset<'z> {
    pub(super) node: NodeRef<'z>,
    pub(super) rtype: Rtype,
    pub(super) signatures: Range<usize>,
    extra_tries: u8,
}

/// The signatures of a run of nodes.
#[derive(Debug)]
pub(super) struct Run<'c, 'z> {
    pub(super) context: &'c Context<'z>,
    pub(super) rrsets: Vec<SignedRrset<'z>>,
    pub(super) signatures: Vec<Signature<'z>>,
    pub(super) findings: Findings,
    messages: Vec<u8>,
    /// Where the names are in what was verified before.
    known: Option<Cursor<'z>>,
    /// Where the signatures are in what was verified ahead.
    proofs: Option<ProofCursor<'z>>,
}

impl<'c, 'z> Run<'c, 'z> {
    /// An empty run.
    pub(super) fn new(context: &'c Context<'z>) -> Self {
        Self {
            context,
            rrsets: Vec::new(),
            signatures: Vec::new(),
            findings: Findings::new(context.options.findings_max),
            messages: Vec::new(),
            known: context.known.as_ref().map(Known::cursor),
            proofs: context.proofs.map(Proofs::cursor),
        }
    }

    /// Takes in a node: signatures that belong to an RRset are kept for [`Self::verify`], others are findings.
    pub(super) fn add_node(&mut self, node: NodeRef<'z>) {
        let before = self.known.as_mut().and_then(|known| known.node_at(node.owner()));
        // All trust begins at the apex.
        let before = before.filter(|_| node.index() > 0);
        // RRSIGs ascend by the type covered as the RRsets do by their own, so one walk along both pairs them.
        let mut rrsigs = node.rrsets().filter(|rrset| rrset.rtype() == Rtype::RRSIG).peekable();
        for rrset in node.rrsets().filter(|rrset| rrset.rtype() != Rtype::RRSIG) {
            while let Some(stray) = rrsigs.next_if(|rrsig| rrsig.covered() < Some(rrset.rtype())) {
                self.note_stray(node, stray);
            }
            let own = rrsigs.next_if(|rrsig| rrsig.covered() == Some(rrset.rtype()));
            if self.context.is_signed_type(node, rrset.rtype()) {
                self.add_rrset(node, rrset, own, before);
            } else if let Some(unexpected) = own {
                self.note_unexpected(node, unexpected);
            }
        }
        for stray in rrsigs {
            self.note_stray(node, stray);
        }
    }

    #[cold]
    fn note_unexpected(&mut self, node: NodeRef<'_>, rrsigs: RrsetRef<'_>) {
        let covered = rrsigs.covered().unwrap_or(Rtype::RRSIG);
        let found =
            format!("{} over data at {}", count(rrsigs.len()), self.context.model.role(node.index()).describe());
        let note = Note::new(Rule::SignatureUnexpected, node, found, "no signature: the data is not authoritative");
        self.findings.push(note.of(covered).at(rrsigs.first()));
    }

    #[cold]
    fn note_stray(&mut self, node: NodeRef<'_>, rrsigs: RrsetRef<'_>) {
        let covered = rrsigs.covered().unwrap_or(Rtype::RRSIG);
        let rule = if covered == Rtype::RRSIG { Rule::SignatureOverRrsig } else { Rule::SignatureCoversNothing };
        let found = format!("{} over {covered}, which is not there to be signed", count(rrsigs.len()));
        let note = Note::new(rule, node, found, "signatures over RRsets of the name only");
        self.findings.push(note.of(covered).at(rrsigs.first()));
    }

    fn add_rrset(
        &mut self,
        node: NodeRef<'z>,
        rrset: RrsetRef<'z>,
        rrsigs: Option<RrsetRef<'z>>,
        before: Option<NodeRef<'z>>,
    ) {
        let start = self.signatures.len();
        let known = before.and_then(|before| known::signatures_of(before, rrset));
        let is_sampled = is_sampled(self.context.options.crypto, node.owner(), rrset.rtype(), node.index() == 0);
        for record in rrsigs.into_iter().flat_map(|rrsigs| rrsigs.records()) {
            // What does not parse was refused by the reader.
            let Some(rrsig) = Rrsig::parse(record.rdata()) else { continue };
            let state = if self.note_fields(node, rrset, record, &rrsig) {
                self.first_state(node, record, &rrsig)
            } else {
                State::Unusable
            };
            let mut signature = Signature {
                rrsig,
                record,
                state,
                window: self.window(&rrsig),
                message: 0..0,
                rrset: self.rrsets.len(),
            };
            if let State::Pending(key) = state {
                if known.is_some_and(|known| self.is_known(known, record, key)) {
                    signature.state = State::Known;
                } else if self.is_proved(rrset, record, key) {
                    signature.state = State::Good(key);
                } else if is_sampled || self.context.keys.is_unpublished(key) {
                    // What no validator can use must not be taken as good unseen.
                    let from = self.messages.len();
                    let rdatas = rrset.records().map(RecordRef::rdata);
                    let (owner, class) = (node.owner(), self.context.zone.class());
                    push_message(&rrsig, owner, class, rrset.rtype(), rdatas, &mut self.messages);
                    signature.message = from..self.messages.len();
                } else {
                    signature.state = State::Skipped;
                }
            }
            self.signatures.push(signature);
        }
        let signatures = start..self.signatures.len();
        self.rrsets.push(SignedRrset { node, rtype: rrset.rtype(), signatures, extra_tries: 0 });
    }

    /// Whether a signature stands among those known over the RRset, by the key it was verified by.
    fn is_known(&self, known: RrsetRef<'_>, record: RecordRef<'_>, key: usize) -> bool {
        known.records().any(|other| other.rdata() == record.rdata())
            && self.context.known.as_ref().is_some_and(|known| known.is_same_key(key))
    }

    /// Whether a signature was proved ahead to verify over the RRset by a key.
    fn is_proved(&mut self, rrset: RrsetRef<'_>, record: RecordRef<'_>, key: usize) -> bool {
        let proved = self.proofs.as_mut().and_then(|proofs| proofs.key_of(rrset, record));
        proved.is_some_and(|place| self.context.proof_keys[place] == Some(key))
    }

    /// Reports fields that are wrong; false if they make the signature unusable.
    fn note_fields(
        &mut self,
        node: NodeRef<'_>,
        rrset: RrsetRef<'_>,
        record: RecordRef<'_>,
        rrsig: &Rrsig<'_>,
    ) -> bool {
        let mut usable = true;
        let ttl = rrset.ttl().seconds();
        let labels = node.owner().rrsig_labels();
        let by = by_key(rrsig);
        let mut note = |rule, found: String, asked: String| {
            self.findings.push(Note::new(rule, node, found, asked).of(rrset.rtype()).at(record));
        };
        if rrsig.original_ttl != ttl {
            let found = format!("the signature {by} has original TTL {}", rrsig.original_ttl);
            note(Rule::SignatureOriginalTtl, found, format!("the RRset's TTL {ttl}"));
        }
        if record.ttl().seconds() != ttl {
            let found = format!("the signature {by} has TTL {}", record.ttl());
            note(Rule::SignatureTtl, found, format!("the RRset's TTL {ttl}"));
        }
        if rrsig.signer != self.context.zone.apex() {
            let found = format!("the signature {by} has signer {}", rrsig.signer);
            note(Rule::SignatureSigner, found, format!("the apex {}", self.context.zone.apex()));
            usable = false;
        }
        if rrsig.labels != labels {
            let is_expanded = rrsig.labels < labels;
            let rule = if is_expanded { Rule::SignatureWildcard } else { Rule::SignatureLabels };
            note(rule, format!("the signature {by} has labels {}", rrsig.labels), format!("the owner's {labels}"));
            usable = false;
        }
        if !rrsig.inception.is_at_or_before(rrsig.expiration) {
            let found = format!("the signature {by} runs from {} to {}", rrsig.inception, rrsig.expiration);
            note(Rule::SignatureWindow, found, "an expiration after the inception".into());
            usable = false;
        }
        usable
    }

    /// What can be said of a signature by looking for its key.
    fn first_state(&mut self, node: NodeRef<'_>, record: RecordRef<'_>, rrsig: &Rrsig<'_>) -> State {
        let keys = &self.context.keys;
        let matching = keys.matching(rrsig.algorithm, rrsig.key_tag);
        if matching.is_empty() {
            return keys.unpublished(rrsig.algorithm, rrsig.key_tag).map_or(State::NoKey, State::Pending);
        }
        if let Some(key) = self.candidate(rrsig, matching.start) {
            return State::Pending(key);
        }
        let matching = &keys.keys()[matching];
        if matching.iter().any(|key| matches!(key.usage, KeyUse::UnknownAlgorithm | KeyUse::NotTaken)) {
            return State::Unverifiable;
        }
        if matching.iter().any(|key| key.is_revoked && matches!(key.usage, KeyUse::Verifies(_))) {
            let found = format!("the signature {} is by a revoked key", by_key(rrsig));
            let note = Note::new(Rule::SignatureKeyRevoked, node, found, "a key that is not revoked");
            self.findings.push(note.of(rrsig.covered).at(record));
            return State::Unusable;
        }
        State::KeyUnusable
    }

    /// The first key from a place on that may verify the signature: a revoked one only signs the DNSKEY RRset.
    fn candidate(&self, rrsig: &Rrsig<'_>, from: usize) -> Option<usize> {
        let keys = &self.context.keys;
        let end = keys.matching(rrsig.algorithm, rrsig.key_tag).end;
        (from..end).find(|&index| {
            let key = &keys.keys()[index];
            matches!(key.usage, KeyUse::Verifies(_)) && (!key.is_revoked || rrsig.covered == Rtype::DNSKEY)
        })
    }

    fn window(&self, rrsig: &Rrsig<'_>) -> Window {
        let at = self.context.at;
        if !rrsig.inception.is_at_or_before(at) {
            Window::NotYet
        } else if at.is_at_or_before(rrsig.expiration) {
            Window::Open
        } else {
            Window::Expired
        }
    }

    /// Decides all pending signatures, a batch a key.
    pub(super) fn verify(&mut self) {
        let is_pending = |(index, signature): (usize, &Signature<'_>)| match signature.state {
            State::Pending(key) => Some((key, index)),
            _ => None,
        };
        let mut pending: Vec<(usize, usize)> = self.signatures.iter().enumerate().filter_map(is_pending).collect();
        let mut results = Vec::new();
        while !pending.is_empty() {
            pending.sort_unstable();
            let mut again = Vec::new();
            for batch in pending.chunk_by(|left, right| left.0 == right.0) {
                self.verify_batch(batch, &mut results);
                for (&(key, index), &is_right) in batch.iter().zip(&results) {
                    self.decide(index, key, is_right);
                    if let State::Pending(key) = self.signatures[index].state {
                        again.push((key, index));
                    }
                }
            }
            pending = again;
        }
    }

    /// Tries a batch of signatures with their common key.
    fn verify_batch(&self, batch: &[(usize, usize)], results: &mut Vec<bool>) {
        results.clear();
        let Some(&(key, _)) = batch.first() else { return };
        let jobs: Vec<SignatureJob<'_>> = batch
            .iter()
            .map(|&(_, index)| {
                let signature = &self.signatures[index];
                let message = &self.messages[signature.message.clone()];
                SignatureJob { message, signature: signature.rrsig.signature }
            })
            .collect();
        match self.context.keys.verifier(key) {
            Some(verifier) => verifier.verify_batch(&jobs, results),
            None => results.resize(jobs.len(), false),
        }
        assert_eq!(results.len(), jobs.len(), "a verifier answers for every job");
    }

    /// Takes a result; if the key did not fit, the next of the same tag is up, as far as the limit goes.
    fn decide(&mut self, index: usize, key: usize, is_right: bool) {
        let next = self.candidate(&self.signatures[index].rrsig, key + 1);
        let is_unpublished = self.context.keys.is_unpublished(key);
        let signature = &mut self.signatures[index];
        let tries = &mut self.rrsets[signature.rrset].extra_tries;
        signature.state = match next {
            _ if is_right && is_unpublished => State::GoodUnpublished,
            _ if is_right => State::Good(key),
            None => State::Bogus,
            Some(_) if *tries >= EXTRA_TRIES_MAX => State::NotTried,
            Some(next) => {
                *tries += 1;
                State::Pending(next)
            }
        };
    }
}

/// For messages: `by key 12345 (algorithm 13 (…))`.
pub(super) fn by_key(rrsig: &Rrsig<'_>) -> String {
    format!("by key {} of algorithm {}", rrsig.key_tag, rrsig.algorithm)
}

fn count(signatures: usize) -> String {
    if signatures == 1 { "a signature".into() } else { format!("{signatures} signatures") }
}

/// Whether the signatures of an RRset are verified by cryptography. The apex always is: all trust begins there.
pub(super) fn is_sampled(crypto: CryptoScope, owner: Name<'_>, rtype: Rtype, is_apex: bool) -> bool {
    match crypto {
        CryptoScope::Sample { one_in } if one_in > 1 && !is_apex => {
            hash_of(owner, rtype).is_multiple_of(u64::from(one_in))
        }
        CryptoScope::Sample { .. } | CryptoScope::Full => true,
    }
}

/// FNV-1a over the lowered owner and the type: which RRsets a sample holds must not change from run to run.
fn hash_of(owner: Name<'_>, rtype: Rtype) -> u64 {
    let lowered = owner.as_wire().iter().map(u8::to_ascii_lowercase);
    let octets = lowered.chain(rtype.0.to_be_bytes());
    let hash = octets
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, octet| (hash ^ u64::from(octet)).wrapping_mul(0x0000_0100_0000_01b3));
    // The low bits of FNV are its weakest.
    hash ^ (hash >> 32)
}

/// Appends what a signature signs (RFC 4034 section 3.1.8.1, SIG-13): its header, and the RRset's records in canonical
/// order. The Labels field is that of the owner, or the signature is not used, so the owner stands as it is.
pub(super) fn push_message<'r>(
    rrsig: &Rrsig<'_>,
    owner: Name<'_>,
    class: Class,
    rtype: Rtype,
    rdatas: impl Iterator<Item = &'r [u8]>,
    out: &mut Vec<u8>,
) {
    rrsig.push_header(out);
    for rdata in rdatas {
        owner.push_canonical(out);
        out.extend_from_slice(&rtype.0.to_be_bytes());
        out.extend_from_slice(&class.0.to_be_bytes());
        out.extend_from_slice(&rrsig.original_ttl.to_be_bytes());
        push_counted_rdata(rtype, rdata, out);
    }
}

/// Appends canonical RDATA with its length in front.
pub(super) fn push_counted_rdata(rtype: Rtype, data: &[u8], out: &mut Vec<u8>) {
    let length_at = out.len();
    out.extend_from_slice(&[0, 0]);
    rdata::push_canonical(rtype, data, out);
    let len = u16::try_from(out.len() - length_at - 2).expect("canonical RDATA is as long as the RDATA");
    out[length_at..length_at + 2].copy_from_slice(&len.to_be_bytes());
}
