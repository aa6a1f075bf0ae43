//! The digest over the zone (RFC 8976, ZMD-1 to ZMD-3): a placeholder first, so that the denial chain lists the type
//! and the text has its place; the digest itself when everything else is signed.

use super::options::ZonemdHash;
use crate::base::{Rtype, UnixTime};
use crate::crypto::digest::Hasher;
use crate::rdata::zonemd::{SCHEME_SIMPLE, Zonemd};
use crate::verify::{Scope, VerifyOptions, verify_zone};
use crate::zone::Zone;

/// Puts a ZONEMD RRset at the apex with digests of zeros. Its TTL is the SOA's, with which it is published.
pub(super) fn place(zone: &mut Zone, hashes: &[ZonemdHash]) {
    let digests: Vec<Vec<u8>> = hashes.iter().map(|hash| vec![0; hash.digest_len()]).collect();
    fill(zone, hashes, &digests);
}

/// Puts the digests of the previous signed zone in place of the zeros, if it has one for each hash: they are right if
/// nothing else is new.
pub(super) fn place_previous(zone: &mut Zone, hashes: &[ZonemdHash], previous: &Zone) {
    let Some(rrset) = previous.apex_node().rrset(Rtype::ZONEMD) else { return };
    let digest_of = |hash: &ZonemdHash| {
        let parsed = rrset.records().filter_map(|record| Zonemd::parse(record.rdata()));
        let mut fitting = parsed.filter(|zonemd| zonemd.hash_algorithm == hash.number());
        fitting.find(|zonemd| zonemd.digest.len() == hash.digest_len()).map(|zonemd| zonemd.digest.to_vec())
    };
    if let Some(digests) = hashes.iter().map(digest_of).collect::<Option<Vec<_>>>()
        && !hashes.is_empty()
    {
        fill(zone, hashes, &digests);
    }
}

/// Whether a signed zone has a right digest for each hash.
pub(super) fn is_right(zone: &Zone, hashes: &[ZonemdHash]) -> bool {
    if hashes.is_empty() {
        return true;
    }
    // The digest does not depend on the time.
    let options = VerifyOptions { scope: Scope::ZonemdOnly, ..VerifyOptions::new(UnixTime(0)) };
    verify_zone(zone, &options).counts.zonemd_matched == hashes.len() as u64
}

/// The running digests, in the order of `hashes`.
pub(super) fn hashers(hashes: &[ZonemdHash]) -> Vec<Hasher> {
    let hasher = |hash: &ZonemdHash| match hash {
        ZonemdHash::Sha384 => Hasher::sha384(),
        ZonemdHash::Sha512 => Hasher::sha512(),
    };
    hashes.iter().map(hasher).collect()
}

/// Puts the ZONEMD RRset at the apex with these digests.
pub(super) fn fill(zone: &mut Zone, hashes: &[ZonemdHash], digests: &[Vec<u8>]) {
    let serial = zone.soa().serial;
    let ttl = zone.apex_node().rrset(Rtype::SOA).expect("a zone has an SOA").ttl();
    let rdatas: Vec<Vec<u8>> = hashes
        .iter()
        .zip(digests)
        .map(|(hash, digest)| {
            let mut rdata = Vec::new();
            Zonemd { serial, scheme: SCHEME_SIMPLE, hash_algorithm: hash.number(), digest }.push_wire(&mut rdata);
            rdata
        })
        .collect();
    zone.set_apex_rrset(Rtype::ZONEMD, ttl, rdatas);
}
