//! Signatures that were verified before.
//!
//! Cryptography says the same about the same octets every time. So a signature is known to be right if it stands, octet
//! for octet, in a zone whose signatures were all verified, over the same RRset and by the same key. Its fields, its
//! times, and whether it is where it must be are checked all the same.

use super::keyset::KeySet;
use crate::base::Rtype;
use crate::rdata::dnskey::{Dnskey, key_tag};
use crate::zone::{Cursor, NodeRef, RecordRef, RrsetRef, Zone};

/// A zone that was verified before, as far as it helps with another.
#[derive(Debug)]
pub(super) struct Known<'z> {
    zone: &'z Zone,
    /// By place in the key set: whether the key is the one it was.
    keys: Vec<bool>,
}

impl<'z> Known<'z> {
    /// For a zone with these keys.
    pub(super) fn new(zone: &'z Zone, keys: &KeySet<'_>) -> Self {
        let before = zone.apex_node().rrset(Rtype::DNSKEY);
        let has_before = |rdata: &[u8]| before.is_some_and(|keys| keys.records().any(|key| key.rdata() == rdata));
        // Where two keys share a tag, which of them a signature was verified by is not known.
        let has_namesake = |rdata: &[u8]| {
            let is_namesake = |key: RecordRef<'_>| {
                let algorithm = |rdata| Dnskey::parse(rdata).map(|key| key.algorithm);
                key_tag(key.rdata()) == key_tag(rdata) && algorithm(key.rdata()) == algorithm(rdata)
            };
            before.map_or(0, |keys| keys.records().filter(|key| is_namesake(*key)).count()) > 1
        };
        let is_same = |place: usize| {
            let key = &keys.keys()[place];
            keys.matching(key.algorithm, key.key_tag).len() == 1 && has_before(key.rdata) && !has_namesake(key.rdata)
        };
        Self { zone, keys: (0..keys.keys().len()).map(is_same).collect() }
    }

    /// A walk along it with the nodes of the other zone.
    pub(super) const fn cursor(&self) -> Cursor<'z> {
        Cursor::new(self.zone)
    }

    /// Whether the key at a place is the one it was.
    pub(super) fn is_same_key(&self, place: usize) -> bool {
        self.keys.get(place) == Some(&true)
    }
}

/// The signatures known over an RRset: those it had at its node before, if it is the same.
pub(super) fn signatures_of<'z>(before: NodeRef<'z>, rrset: RrsetRef<'_>) -> Option<RrsetRef<'z>> {
    let same = before.rrset(rrset.rtype()).filter(|same| {
        let mut pairs = same.records().zip(rrset.records());
        same.len() == rrset.len() && pairs.all(|(was, is)| was.ttl() == is.ttl() && was.rdata() == is.rdata())
    });
    same.and_then(|same| before.rrsigs_covering(same.rtype()))
}
