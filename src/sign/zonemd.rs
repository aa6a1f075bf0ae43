//! The digest over the zone (RFC 8976, ZMD-1 to ZMD-3): a placeholder first, so that the denial chain lists the type
//! and the text has its place; the digest itself when everything else is signed.

use super::options::ZonemdHash;
use crate::base::Rtype;
use crate::crypto::digest::Hasher;
use crate::rdata::zonemd::{SCHEME_SIMPLE, Zonemd};
use crate::zone::Zone;

/// Puts a ZONEMD RRset at the apex with digests of zeros. Its TTL is the SOA's, with which it is published.
pub(super) fn place(zone: &mut Zone, hashes: &[ZonemdHash]) {
    let digests: Vec<Vec<u8>> = hashes.iter().map(|hash| vec![0; hash.digest_len()]).collect();
    fill(zone, hashes, &digests);
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
