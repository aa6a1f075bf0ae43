//! The zone's DNSKEY RRset as a verifier sees it.

use super::findings::{Findings, Note};
use super::rules::Rule;
use super::verifier::{SignatureVerifier, VerifierSource};
use crate::base::{Algorithm, Rtype};
use crate::crypto::CryptoError;
use crate::crypto::rsa::RsaPublic;
use crate::rdata::dnskey::{self, Dnskey};
use crate::zone::{NodeRef, RecordRef, Zone};
use std::ops::Range;

/// RSA keys of fewer bits are weak (N-3).
const RSA_BITS_MIN: usize = 2048;

/// What a key can do for a signature.
#[derive(Debug)]
pub(super) enum KeyUse {
    /// Verifies.
    Verifies(Box<dyn SignatureVerifier>),
    /// Is no zone key, has another protocol, or is malformed: must not verify anything.
    Never,
    /// Its algorithm is unknown here: neither right nor wrong (ALG-4).
    UnknownAlgorithm,
    /// Legal perhaps, but the library does not take it.
    NotTaken,
}

/// A DNSKEY.
#[derive(Debug)]
pub(super) struct ZoneKey<'z> {
    pub(super) rdata: &'z [u8],
    pub(super) record: RecordRef<'z>,
    pub(super) algorithm: Algorithm,
    pub(super) key_tag: u16,
    pub(super) has_sep: bool,
    pub(super) is_revoked: bool,
    pub(super) usage: KeyUse,
}

impl ZoneKey<'_> {
    /// For messages: `key 12345 of algorithm 13 (ECDSAP256SHA256)`.
    pub(super) fn describe(&self) -> String {
        format!("key {} of algorithm {}", self.key_tag, self.algorithm)
    }
}

/// A key that the caller knows and the zone does not publish.
#[derive(Debug)]
struct UnpublishedKey {
    algorithm: Algorithm,
    key_tag: u16,
    verifier: Box<dyn SignatureVerifier>,
}

/// The keys, sorted by algorithm and tag.
#[derive(Debug)]
pub(super) struct KeySet<'z> {
    keys: Vec<ZoneKey<'z>>,
    /// Their places come after those of the others.
    unpublished: Vec<UnpublishedKey>,
    /// The algorithms that must sign every RRset (SIG-9): those of zone keys that are not revoked. Ascending.
    required: Vec<Algorithm>,
}

impl<'z> KeySet<'z> {
    /// Prepares the keys and reports what is wrong with each. `unpublished` is DNSKEY RDATA of keys to know besides.
    pub(super) fn new(
        zone: &'z Zone,
        unpublished: &[Vec<u8>],
        source: &dyn VerifierSource,
        findings: &mut Findings,
    ) -> Self {
        let apex = zone.apex_node();
        let records = apex.rrset(Rtype::DNSKEY).into_iter().flat_map(|rrset| rrset.records());
        let unpublished = unpublished.iter().filter_map(|rdata| open_unpublished(rdata, source)).collect();
        let mut set = Self { keys: Vec::new(), unpublished, required: Vec::new() };
        for record in records {
            let Some(dnskey) = Dnskey::parse(record.rdata()) else { continue };
            let problem = note_fields(apex, record, &dnskey, findings);
            let usage = if problem { KeyUse::Never } else { open(apex, record, &dnskey, source, findings) };
            if dnskey.is_zone_key() && dnskey.protocol == 3 && !dnskey.is_revoked() {
                set.required.push(dnskey.algorithm);
            }
            set.keys.push(ZoneKey {
                rdata: record.rdata(),
                record,
                algorithm: dnskey.algorithm,
                key_tag: dnskey::key_tag(record.rdata()),
                has_sep: dnskey.has_sep_flag(),
                is_revoked: dnskey.is_revoked(),
                usage,
            });
        }
        set.required.sort_unstable();
        set.required.dedup();
        set.keys.sort_by_key(|key| (key.algorithm, key.key_tag));
        set.note_collisions(apex, findings);
        set.note_algorithms(apex, findings);
        set
    }

    /// All keys.
    pub(super) fn keys(&self) -> &[ZoneKey<'z>] {
        &self.keys
    }

    /// The algorithms that must sign every RRset, ascending.
    pub(super) fn required(&self) -> &[Algorithm] {
        &self.required
    }

    /// The places of the keys with an algorithm and a tag: usually one, by design perhaps more (SIG-17).
    pub(super) fn matching(&self, algorithm: Algorithm, key_tag: u16) -> Range<usize> {
        let wanted = (algorithm, key_tag);
        let start = self.keys.partition_point(|key| (key.algorithm, key.key_tag) < wanted);
        let len = self.keys[start..].partition_point(|key| (key.algorithm, key.key_tag) == wanted);
        start..start + len
    }

    /// The place of the unpublished key with an algorithm and a tag.
    pub(super) fn unpublished(&self, algorithm: Algorithm, key_tag: u16) -> Option<usize> {
        let is_it = |key: &UnpublishedKey| (key.algorithm, key.key_tag) == (algorithm, key_tag);
        self.unpublished.iter().position(is_it).map(|index| self.keys.len() + index)
    }

    /// Whether a place is that of an unpublished key.
    pub(super) const fn is_unpublished(&self, index: usize) -> bool {
        index >= self.keys.len()
    }

    /// What checks signatures of the key at a place; `None` if nothing does.
    pub(super) fn verifier(&self, index: usize) -> Option<&dyn SignatureVerifier> {
        if self.is_unpublished(index) {
            return self.unpublished.get(index - self.keys.len()).map(|key| &*key.verifier);
        }
        match &self.keys[index].usage {
            KeyUse::Verifies(verifier) => Some(&**verifier),
            KeyUse::Never | KeyUse::UnknownAlgorithm | KeyUse::NotTaken => None,
        }
    }

    /// Reports keys whose verifiers do not stand by their answers any more.
    pub(super) fn note_doubts(&self, apex: NodeRef<'_>, findings: &mut Findings) {
        for key in &self.keys {
            if matches!(&key.usage, KeyUse::Verifies(verifier) if verifier.is_in_doubt()) {
                let found =
                    format!("our arithmetic accepts a signature by {} that the library refuses", key.describe());
                let note = Note::new(Rule::VerifierDoubt, apex, found, "the same answer of both").of(Rtype::DNSKEY);
                findings.push(note.at(key.record));
            }
        }
    }

    fn note_collisions(&self, apex: NodeRef<'_>, findings: &mut Findings) {
        for pair in self.keys.windows(2) {
            if (pair[0].algorithm, pair[0].key_tag) == (pair[1].algorithm, pair[1].key_tag) {
                let found = format!("two keys are {}", pair[0].describe());
                let note = Note::new(Rule::KeyTagCollision, apex, found, "tags that differ").of(Rtype::DNSKEY);
                findings.push(note.at(pair[1].record));
            }
        }
    }

    /// Says which algorithms are deprecated, which unknown; if all are unknown, nothing can be verified.
    fn note_algorithms(&self, apex: NodeRef<'_>, findings: &mut Findings) {
        let is_known = |algorithm: Algorithm| {
            self.keys.iter().any(|key| key.algorithm == algorithm && !matches!(key.usage, KeyUse::UnknownAlgorithm))
        };
        let none_known = !self.required.iter().any(|&algorithm| is_known(algorithm));
        for &algorithm in &self.required {
            if !is_known(algorithm) {
                let found = format!("algorithm {algorithm} cannot be verified here");
                let asked = "at least one algorithm that can be verified";
                let note = Note::new(Rule::AlgorithmUnsupported, apex, found, asked).of(Rtype::DNSKEY);
                findings.push(if none_known { note.worse() } else { note });
            }
            if matches!(algorithm, Algorithm::RSASHA1 | Algorithm::RSASHA1_NSEC3_SHA1) {
                let found = format!(
                    "algorithm {algorithm} signs the zone, which would be insecure at validators following RFC 9905"
                );
                findings
                    .push(Note::new(Rule::AlgorithmDeprecated, apex, found, "no SHA-1 signatures").of(Rtype::DNSKEY));
            }
        }
    }
}

/// Reports what is wrong with a key's fields; true if it must not verify anything.
fn note_fields(apex: NodeRef<'_>, record: RecordRef<'_>, key: &Dnskey<'_>, findings: &mut Findings) -> bool {
    let tag = dnskey::key_tag(record.rdata());
    let mut note = |rule, found: String, asked: &str| {
        findings.push(Note::new(rule, apex, found, asked).of(Rtype::DNSKEY).at(record));
    };
    if key.protocol != 3 {
        note(Rule::DnskeyProtocol, format!("key {tag} has protocol {}", key.protocol), "protocol 3");
    }
    let known_flags = dnskey::FLAG_ZONE | dnskey::FLAG_REVOKE | dnskey::FLAG_SEP;
    if key.flags & !known_flags != 0 {
        note(Rule::DnskeyFlags, format!("key {tag} has flags {}", key.flags), "reserved flags that are zero");
    }
    let is_zone_key = key.flags & dnskey::FLAG_ZONE != 0;
    if !is_zone_key {
        let found = format!("key {tag} has flags {}: it is no zone key and must not verify signatures", key.flags);
        note(Rule::DnskeyZoneFlag, found, "the zone flag (256)");
    }
    if key.algorithm.is_rsa() {
        let bits = RsaPublic::parse(key.public_key).map_or(0, |key| key.modulus_bits());
        if (1..RSA_BITS_MIN).contains(&bits) {
            note(Rule::KeyWeak, format!("key {tag} has {bits} bits"), "2048 bits or more");
        }
    }
    key.protocol != 3 || !is_zone_key
}

/// Prepares a key that is not in the zone. One that cannot be used leaves its signatures to the rule for keys nobody knows.
fn open_unpublished(rdata: &[u8], source: &dyn VerifierSource) -> Option<UnpublishedKey> {
    let key = Dnskey::parse(rdata).filter(|key| key.is_zone_key() && key.protocol == 3)?;
    let verifier = source.open(key.algorithm, key.public_key).ok()?;
    Some(UnpublishedKey { algorithm: key.algorithm, key_tag: dnskey::key_tag(rdata), verifier })
}

/// Prepares a key, and reports why it cannot be.
fn open(
    apex: NodeRef<'_>,
    record: RecordRef<'_>,
    key: &Dnskey<'_>,
    source: &dyn VerifierSource,
    findings: &mut Findings,
) -> KeyUse {
    let error = match source.open(key.algorithm, key.public_key) {
        Ok(verifier) => return KeyUse::Verifies(verifier),
        Err(CryptoError::Refused(..)) => return KeyUse::UnknownAlgorithm,
        Err(error) => error,
    };
    let is_malformed = matches!(error, CryptoError::BadPublicKey(..));
    let rule = if is_malformed { Rule::DnskeyMalformed } else { Rule::AlgorithmUnsupported };
    let found = format!("key {}: {error}", dnskey::key_tag(record.rdata()));
    let note = Note::new(rule, apex, found, "a key that verifies signatures").of(Rtype::DNSKEY).at(record);
    findings.push(note.worse());
    if is_malformed { KeyUse::Never } else { KeyUse::NotTaken }
}
