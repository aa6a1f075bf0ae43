//! RRsets of an answer with their signatures, and whether keys verify them (RFC 4035 section 5.3).

use super::message::Record;
use crate::base::{Algorithm, Class, Name, NameBuf, Rtype, Timestamp, Ttl, UnixTime};
use crate::crypto::{PublicKey, check_verifies};
use crate::rdata::dnskey::{Dnskey, key_tag};
use crate::rdata::rrsig::Rrsig;
use crate::rdata::{self};
use crate::verify::Anchor;
use std::collections::BTreeSet;

/// Most verifications for one RRset: an answer must not make the work explode (KeyTrap, SIG-17).
const TRIES_MAX: usize = 16;

/// Algorithm and tag: how a signature names its key.
pub type SignerId = (Algorithm, u16);

/// An RRset with the signatures that came with it.
#[derive(Clone, Debug)]
pub(super) struct Signed<'a> {
    pub(super) owner: Name<'a>,
    pub(super) rtype: Rtype,
    /// The lowest of its records.
    pub(super) ttl: Ttl,
    /// Canonical RDATA, in canonical order, each once (SIG-14).
    pub(super) rdatas: Vec<Vec<u8>>,
    pub(super) signatures: Vec<Rrsig<'a>>,
}

/// The RRset of a name and type in a section.
pub(super) fn rrset<'a>(section: &'a [Record], owner: Name<'_>, rtype: Rtype) -> Option<Signed<'a>> {
    let is_member = |record: &&Record| record.rtype == rtype && record.owner.as_name() == owner;
    let first = section.iter().find(is_member)?;
    let members = || section.iter().filter(is_member);
    let mut rdatas: Vec<Vec<u8>> = members()
        .map(|record| {
            let mut canonical = Vec::with_capacity(record.rdata.len());
            rdata::push_canonical(rtype, &record.rdata, &mut canonical);
            canonical
        })
        .collect();
    rdatas.sort_unstable();
    rdatas.dedup();
    let signatures = section
        .iter()
        .filter(|record| record.rtype == Rtype::RRSIG && record.owner.as_name() == owner)
        .filter_map(|record| Rrsig::parse(&record.rdata))
        .filter(|rrsig| rrsig.covered == rtype)
        .collect();
    let ttl = members().map(|record| record.ttl).min().unwrap_or(first.ttl);
    Some(Signed { owner: first.owner.as_name(), rtype, ttl, rdatas, signatures })
}

/// All RRsets of a section that can be signed, in the order of their first records.
pub(super) fn rrsets(section: &[Record]) -> Vec<Signed<'_>> {
    let mut found: Vec<Signed<'_>> = Vec::new();
    for record in section.iter().filter(|record| record.rtype != Rtype::RRSIG) {
        let owner = record.owner.as_name();
        if !found.iter().any(|other| other.rtype == record.rtype && other.owner == owner) {
            found.extend(rrset(section, owner, record.rtype));
        }
    }
    found
}

impl Signed<'_> {
    /// The keys of a zone that verify the RRset at a time.
    ///
    /// # Errors
    /// The reason if none does, in words that follow "the … RRset".
    pub(super) fn verify(&self, zone: Name<'_>, keys: &[Vec<u8>], now: UnixTime) -> Result<BTreeSet<SignerId>, String> {
        if self.signatures.is_empty() {
            return Err("has no signature".into());
        }
        let mut good = BTreeSet::new();
        let mut faults = Vec::new();
        let mut tries_left = TRIES_MAX;
        for rrsig in &self.signatures {
            match self.verify_one(rrsig, zone, keys, now, &mut tries_left) {
                Ok(()) => {
                    good.insert((rrsig.algorithm, rrsig.key_tag));
                }
                Err(fault) => faults.push(fault),
            }
        }
        faults.dedup();
        if good.is_empty() { Err(faults.join("; ")) } else { Ok(good) }
    }

    /// Who else signs it at a time: keys that are not published, so that nobody can check. A conservative algorithm roll
    /// begins and ends with such signatures (RFC 6781 section 4.1.4), and whoever carries it out must see them.
    pub(super) fn unpublished_signers(
        &self,
        zone: Name<'_>,
        keys: &[Vec<u8>],
        now: UnixTime,
    ) -> impl Iterator<Item = SignerId> {
        let is_good = move |rrsig: &&Rrsig<'_>| {
            rrsig.signer == zone
                && check_window(rrsig, now.to_timestamp()).is_ok()
                && !keys.iter().any(|key| self.may_verify(rrsig, key))
        };
        self.signatures.iter().filter(is_good).map(|rrsig| (rrsig.algorithm, rrsig.key_tag))
    }

    /// Checks one signature; the reason if it is not good.
    fn verify_one(
        &self,
        rrsig: &Rrsig<'_>,
        zone: Name<'_>,
        keys: &[Vec<u8>],
        now: UnixTime,
        tries_left: &mut usize,
    ) -> Result<(), String> {
        let by = format!("key {} of algorithm {}", rrsig.key_tag, rrsig.algorithm);
        if rrsig.signer != zone {
            return Err(format!("is signed in the name of {}, not {zone}", rrsig.signer));
        }
        check_window(rrsig, now.to_timestamp()).map_err(|fault| format!("has a signature by {by} that {fault}"))?;
        check_verifies(rrsig.algorithm).map_err(|error| format!("has a signature that cannot be checked: {error}"))?;
        let message = self.message(rrsig).ok_or_else(|| format!("has a signature by {by} with too many labels"))?;
        let mut is_there = false;
        for key in keys.iter().filter(|key| self.may_verify(rrsig, key)) {
            is_there = true;
            *tries_left = tries_left.checked_sub(1).ok_or("has more signatures than are checked")?;
            let field = Dnskey::parse(key).map_or(&[][..], |dnskey| dnskey.public_key);
            if PublicKey::from_dnskey(rrsig.algorithm, field).is_ok_and(|key| key.verify(&message, rrsig.signature)) {
                return Ok(());
            }
        }
        match is_there {
            true => Err(format!("has a signature by {by} that is wrong")),
            false => Err(format!("is signed by {by}, which is none of the keys that may sign it")),
        }
    }

    /// Whether a DNSKEY is one a signature names: a zone key, and unless it signs the DNSKEY RRset not revoked.
    fn may_verify(&self, rrsig: &Rrsig<'_>, key: &[u8]) -> bool {
        Dnskey::parse(key).is_some_and(|dnskey| {
            dnskey.is_zone_key()
                && dnskey.algorithm == rrsig.algorithm
                && key_tag(key) == rrsig.key_tag
                && (!dnskey.is_revoked() || self.rtype == Rtype::DNSKEY)
        })
    }

    /// What a signature signs (RFC 4034 section 3.1.8.1, SIG-13); `None` if it names more labels than the owner has.
    fn message(&self, rrsig: &Rrsig<'_>) -> Option<Vec<u8>> {
        let owner = signed_owner(self.owner, rrsig.labels)?;
        let mut out = Vec::new();
        rrsig.push_header(&mut out);
        for data in &self.rdatas {
            owner.as_name().push_canonical(&mut out);
            out.extend_from_slice(&self.rtype.0.to_be_bytes());
            out.extend_from_slice(&Class::IN.0.to_be_bytes());
            out.extend_from_slice(&rrsig.original_ttl.to_be_bytes());
            out.extend_from_slice(&u16::try_from(data.len()).ok()?.to_be_bytes());
            out.extend_from_slice(data);
        }
        Some(out)
    }
}

/// Whether a time lies inside a signature's validity (TIM-3).
fn check_window(rrsig: &Rrsig<'_>, now: Timestamp) -> Result<(), String> {
    if !rrsig.inception.is_at_or_before(now) {
        return Err(format!("is not valid before {}", rrsig.inception));
    }
    if !now.is_at_or_before(rrsig.expiration) {
        return Err(format!("expired at {}", rrsig.expiration));
    }
    Ok(())
}

/// The owner as it was signed: the wildcard, where the answer was made from one (RFC 4035 section 5.3.2).
fn signed_owner(owner: Name<'_>, labels: u8) -> Option<NameBuf> {
    let excess = usize::from(owner.rrsig_labels()).checked_sub(usize::from(labels))?;
    if excess == 0 {
        return Some(owner.to_owned());
    }
    let mut suffix = owner;
    for _ in 0..excess {
        suffix = suffix.parent()?;
    }
    let wire = [b"\x01*", suffix.as_wire()].concat();
    Name::from_wire(&wire).ok().map(Name::to_owned)
}

/// The keys of a zone, if an anchor leads to one that signs the DNSKEY RRset (RFC 4035 section 5.2).
///
/// # Errors
/// The reason, in words that follow "the DNSKEY RRset".
pub(super) fn trusted_keys(
    dnskeys: &Signed<'_>,
    zone: Name<'_>,
    anchors: &[Anchor],
    now: UnixTime,
) -> Result<Vec<Vec<u8>>, String> {
    let is_anchored = |key: &&Vec<u8>| anchors.iter().any(|anchor| leads_to(anchor, zone, key));
    let anchored: Vec<Vec<u8>> = dnskeys.rdatas.iter().filter(is_anchored).cloned().collect();
    if anchored.is_empty() {
        return Err("holds none of the keys that the trust anchor or the DS RRset names".into());
    }
    dnskeys.verify(zone, &anchored, now)?;
    Ok(dnskeys.rdatas.clone())
}

/// Whether an anchor names a key.
fn leads_to(anchor: &Anchor, zone: Name<'_>, key: &[u8]) -> bool {
    match anchor {
        Anchor::Dnskey(rdata) => rdata == key,
        Anchor::Ds(ds) => crate::keys::ds::names_key(ds, zone, key),
    }
}
