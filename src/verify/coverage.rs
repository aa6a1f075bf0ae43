//! Whether every RRset that must be signed is, by each algorithm and at the time (SIG-2, SIG-9, TIM-3).

use super::context::Context;
use super::entry::Entry;
use super::findings::{Findings, Note};
use super::report::{Counts, ValidUntil};
use super::rules::Rule;
use super::signatures::{Run, Signature, SignedRrset, State, Window, by_key};
use crate::base::{Algorithm, Rtype, UnixTime};

/// Keys whose signatures over RRsets of the apex are good, time aside; places in the key set.
#[derive(Clone, Debug, Default)]
pub(super) struct ApexSigners {
    /// Revoked ones too.
    pub(super) dnskey: Vec<usize>,
    /// Of those in `dnskey` the ones whose signatures are good at the time.
    dnskey_open: Vec<usize>,
    /// Whether one of `dnskey_open` is a key by which a validator takes the RRset; see [`Entry`].
    is_entry_open: bool,
    pub(super) cds: Vec<usize>,
    pub(super) cdnskey: Vec<usize>,
}

impl ApexSigners {
    /// The keys that sign the DNSKEY RRset so that a validator can take it from them: a revoked key's signature only proves
    /// that it is revoked (RFC 5011 section 2.1).
    pub(super) fn trusted(&self, context: &Context<'_>) -> Vec<usize> {
        let keys = context.keys.keys();
        self.dnskey.iter().copied().filter(|&index| !keys[index].is_revoked).collect()
    }

    /// Of [`Self::trusted`] those whose signatures are open at the time. Where the RRset is not good at the time, all: that
    /// has been said, and is no fault of what rests on the keys.
    pub(super) fn standing(&self, context: &Context<'_>) -> Vec<usize> {
        let trusted = self.trusted(context);
        trusted.into_iter().filter(|index| !self.is_entry_open || self.dnskey_open.contains(index)).collect()
    }
}

/// What the signatures of a run of nodes come to.
#[derive(Debug)]
pub(super) struct Coverage {
    pub(super) findings: Findings,
    pub(super) counts: Counts,
    pub(super) valid_until: Option<ValidUntil>,
    pub(super) apex_signers: ApexSigners,
}

impl Coverage {
    /// Draws the conclusions of a run whose signatures have been verified.
    pub(super) fn of(run: Run<'_, '_>) -> Self {
        let mut coverage = Self {
            findings: Findings::new(run.context.options.findings_max),
            counts: Counts::default(),
            valid_until: None,
            apex_signers: ApexSigners::default(),
        };
        for rrset in &run.rrsets {
            coverage.add_rrset(&run, rrset);
        }
        coverage.findings = run.findings.merge(coverage.findings);
        coverage
    }

    /// Joins the conclusions of a later run.
    pub(super) fn merge(mut self, later: Self) -> Self {
        self.findings = self.findings.merge(later.findings);
        self.counts.add(&later.counts);
        self.take_earlier(later.valid_until);
        // Only the first run holds the apex.
        self
    }

    /// Keeps the earlier end of validity; of equal ones the first in zone order.
    fn take_earlier(&mut self, other: Option<ValidUntil>) {
        let is_earlier = |other: &ValidUntil| self.valid_until.as_ref().is_none_or(|until| other.time < until.time);
        if other.as_ref().is_some_and(is_earlier) {
            self.valid_until = other;
        }
    }

    fn add_rrset(&mut self, run: &Run<'_, '_>, rrset: &SignedRrset<'_>) {
        let signatures = &run.signatures[rrset.signatures.clone()];
        let entry = Entry::of(run.context, rrset, signatures);
        self.count(run, rrset, signatures, &entry);
        let required = run.context.keys.required();
        let mut uncovered = Vec::new();
        for &algorithm in required {
            let is_of_use = |one: &&Signature<'_>| one.rrsig.algorithm == algorithm && entry.counts(run.context, one);
            let usable = signatures.iter().filter(is_of_use);
            let best = |open_only: bool| {
                let at = run.context.options.at;
                usable
                    .clone()
                    .filter(|one| !open_only || one.window == Window::Open)
                    .max_by_key(|one| one.rrsig.expiration.to_unix_near(at))
            };
            if let Some(last) = best(false) {
                self.note_end(run, rrset, last);
            }
            match best(true) {
                Some(open) => self.note_expiring(run, rrset, open),
                None => uncovered.push(algorithm),
            }
        }
        self.note_missing(rrset, signatures, &uncovered);
        self.note_revoked(run, rrset, signatures, &entry, &uncovered);
        for signature in signatures {
            let is_spare = match required.contains(&signature.rrsig.algorithm) {
                true => !uncovered.contains(&signature.rrsig.algorithm),
                false => uncovered.is_empty(),
            };
            self.note_signature(run, rrset, signature, is_spare);
        }
        self.note_duplicates(rrset, signatures);
    }

    fn count(&mut self, run: &Run<'_, '_>, rrset: &SignedRrset<'_>, signatures: &[Signature<'_>], entry: &Entry) {
        for signature in signatures {
            match signature.state {
                State::Good(key) => {
                    self.counts.verified += 1;
                    *self.counts.verified_by_algorithm.entry(signature.rrsig.algorithm.0).or_default() += 1;
                    if rrset.node.index() == 0 {
                        let is_open = signature.window == Window::Open;
                        self.add_apex_signer(rrset.rtype, key, is_open);
                        let is_entry = rrset.rtype == Rtype::DNSKEY && entry.counts(run.context, signature);
                        self.apex_signers.is_entry_open |= is_open && is_entry;
                    }
                }
                State::GoodUnpublished => {
                    self.counts.verified += 1;
                    *self.counts.verified_by_algorithm.entry(signature.rrsig.algorithm.0).or_default() += 1;
                }
                State::Known => self.counts.known += 1,
                State::Skipped => self.counts.skipped += 1,
                _ => {}
            }
        }
        debug_assert!(signatures.iter().all(|one| !matches!(one.state, State::Pending(_))), "{:?}", run.context.at);
    }

    fn add_apex_signer(&mut self, rtype: Rtype, key: usize, is_open: bool) {
        match rtype {
            Rtype::DNSKEY => {
                self.apex_signers.dnskey.push(key);
                self.apex_signers.dnskey_open.extend(is_open.then_some(key));
            }
            Rtype::CDS => self.apex_signers.cds.push(key),
            Rtype::CDNSKEY => self.apex_signers.cdnskey.push(key),
            _ => {}
        }
    }

    /// The RRset loses this algorithm when its last good signature expires.
    fn note_end(&mut self, run: &Run<'_, '_>, rrset: &SignedRrset<'_>, last: &Signature<'_>) {
        let time = last.rrsig.expiration.to_unix_near(run.context.options.at);
        if self.valid_until.as_ref().is_some_and(|until| until.time <= time) {
            return;
        }
        self.valid_until = Some(ValidUntil {
            time,
            owner: rrset.node.owner().to_owned(),
            covered: rrset.rtype,
            key_tag: last.rrsig.key_tag,
            algorithm: last.rrsig.algorithm,
        });
    }

    fn note_expiring(&mut self, run: &Run<'_, '_>, rrset: &SignedRrset<'_>, open: &Signature<'_>) {
        let options = run.context.options;
        let Some(within) = options.expires_within else { return };
        let left = open.rrsig.expiration.to_unix_near(options.at).since(options.at);
        if left < within {
            let found = format!("the signature {} expires in {left}", by_key(&open.rrsig));
            let note = Note::new(Rule::SignatureExpiresSoon, rrset.node, found, format!("at least {within}"));
            self.findings.push(note.of(rrset.rtype).at(open.record));
        }
    }

    /// Reports algorithms with no signature at all; bad signatures speak for themselves.
    fn note_missing(&mut self, rrset: &SignedRrset<'_>, signatures: &[Signature<'_>], uncovered: &[Algorithm]) {
        if uncovered.is_empty() {
            return;
        }
        if signatures.is_empty() {
            let asked = "a signature by each algorithm of the DNSKEY RRset";
            let note = Note::new(Rule::SignatureMissing, rrset.node, "no signature", asked);
            self.findings.push(note.of(rrset.rtype));
            return;
        }
        for &algorithm in uncovered {
            let mut of_algorithm = signatures.iter().filter(|signature| signature.rrsig.algorithm == algorithm);
            // What a key signs that is not published helps nobody, and nothing is wrong with its signature by itself.
            if of_algorithm.all(|signature| matches!(signature.state, State::GoodUnpublished)) {
                let found = format!("no signature of algorithm {algorithm} by a published key");
                let asked = "a signature by each algorithm of the DNSKEY RRset";
                let note = Note::new(Rule::SignatureAlgorithmMissing, rrset.node, found, asked);
                self.findings.push(note.of(rrset.rtype));
            }
        }
    }

    /// Reports signatures over the DNSKEY RRset by revoked keys, where an algorithm has none that counts beside them.
    fn note_revoked(
        &mut self,
        run: &Run<'_, '_>,
        rrset: &SignedRrset<'_>,
        signatures: &[Signature<'_>],
        entry: &Entry,
        uncovered: &[Algorithm],
    ) {
        // Of an algorithm without any signature that counts, the usable ones are by revoked keys.
        let is_revoked = |one: &Signature<'_>| one.state.is_usable() && !entry.counts(run.context, one);
        for &algorithm in uncovered {
            let mut of_algorithm = signatures.iter().filter(|one| one.rrsig.algorithm == algorithm).peekable();
            // What is wrong with signatures by other keys is said of each.
            let Some(first) = of_algorithm.peek().copied().filter(|_| of_algorithm.all(is_revoked)) else { continue };
            let found = format!("the signature {} is by a revoked key, and no other key signs", by_key(&first.rrsig));
            let note = Note::new(Rule::SignatureKeyRevoked, rrset.node, found, "a key that is not revoked");
            self.findings.push(note.of(rrset.rtype).at(first.record));
        }
    }

    /// Reports what is wrong with one signature; less loud if the RRset does not need it.
    fn note_signature(
        &mut self,
        run: &Run<'_, '_>,
        rrset: &SignedRrset<'_>,
        signature: &Signature<'_>,
        is_spare: bool,
    ) {
        let at = run.context.options.at;
        let by = by_key(&signature.rrsig);
        let text = |time: UnixTime| format!("{time}");
        let (rule, found, asked) = match (signature.state, signature.window) {
            (State::NoKey, _) => (
                Rule::SignatureKeyMissing,
                format!("a signature {by}, which is not at the apex"),
                "a key at the apex".into(),
            ),
            (State::KeyUnusable, _) => {
                let found = format!("a signature {by}, which must not verify signatures");
                (Rule::SignatureKeyUnusable, found, "a zone key of protocol 3".into())
            }
            (State::Bogus, _) => {
                let found = format!("the signature {by} does not verify");
                (Rule::SignatureBogus, found, "a signature of this RRset by that key".into())
            }
            (State::NotTried, _) => {
                let found = format!("the signature {by} fits more keys than are tried");
                (Rule::KeyTagTries, found, "keys with tags of their own".into())
            }
            (State::Unusable, _) | (_, Window::Open) => return,
            (_, Window::Expired) => {
                let end = signature.rrsig.expiration.to_unix_near(at);
                let found = format!("the signature {by} expired at {end}, {} ago", at.since(end));
                (Rule::SignatureExpired, found, format!("valid at {}", text(at)))
            }
            (_, Window::NotYet) => {
                let start = signature.rrsig.inception.to_unix_near(at);
                let found = format!("the signature {by} is not valid before {start}, in {}", start.since(at));
                (Rule::SignatureNotYetValid, found, format!("valid at {}", text(at)))
            }
        };
        let note = Note::new(rule, rrset.node, found, asked).of(rrset.rtype).at(signature.record);
        let is_harmless = is_spare && !matches!(signature.state, State::Bogus | State::NotTried);
        self.findings.push(if is_harmless { note.milder() } else { note });
    }

    /// Reports keys that signed the RRset more than once.
    fn note_duplicates(&mut self, rrset: &SignedRrset<'_>, signatures: &[Signature<'_>]) {
        if signatures.len() < 2 {
            return;
        }
        let mut by_signer: Vec<(usize, &Signature<'_>)> = signatures
            .iter()
            .filter_map(|signature| match signature.state {
                State::Good(key) => Some((key, signature)),
                _ => None,
            })
            .collect();
        by_signer.sort_by_key(|&(key, _)| key);
        for pair in by_signer.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
            let found = format!("more than one signature {}", by_key(&pair[1].1.rrsig));
            let note = Note::new(Rule::SignatureDuplicate, rrset.node, found, "one signature a key");
            self.findings.push(note.of(rrset.rtype).at(pair[1].1.record));
        }
    }
}
