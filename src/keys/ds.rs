//! What a zone tells its parent: DS, CDS and CDNSKEY.

use super::{KeySet, ZoneKey};
use crate::base::{Algorithm, DigestType, Name};
use crate::crypto::digest::ds_digest;
use crate::rdata::dnskey::{Dnskey, key_tag};
use crate::rdata::ds::Ds;

/// The CDS that asks for all DS to go (RFC 8078 section 4, CDS-6).
pub const CDS_DELETE: [u8; 5] = [0, 0, 0, 0, 0];
/// The CDNSKEY that asks for all DS to go (RFC 8078 section 4, CDS-6).
pub const CDNSKEY_DELETE: [u8; 5] = [0, 0, 3, 0, 0];

/// DS or CDS RDATA for a DNSKEY; `None` for a digest type we do not have, or for RDATA too short to be a key.
/// SHA-1 is computed, for comparing with what stands at a parent; it is for callers not to publish it.
#[must_use]
pub fn ds_rdata(digest_type: DigestType, zone: Name<'_>, dnskey_rdata: &[u8]) -> Option<Vec<u8>> {
    let algorithm = Dnskey::parse(dnskey_rdata)?.algorithm;
    let mut owner = Vec::new();
    zone.push_canonical(&mut owner);
    let digest = ds_digest(digest_type, &owner, dnskey_rdata)?;
    let mut out = Vec::with_capacity(4 + digest.len());
    Ds { key_tag: key_tag(dnskey_rdata), algorithm, digest_type, digest: &digest }.push_wire(&mut out);
    Some(out)
}

/// Whether DS RDATA names a DNSKEY: tag, algorithm and digest are that key's. False for digest types we do not have.
#[must_use]
pub fn names_key(ds: &[u8], zone: Name<'_>, dnskey_rdata: &[u8]) -> bool {
    let Some(fields) = Ds::parse(ds) else { return false };
    let is_key = fields.key_tag == key_tag(dnskey_rdata)
        && Dnskey::parse(dnskey_rdata).is_some_and(|key| key.algorithm == fields.algorithm);
    // The digest is made only where the cheap fields fit.
    is_key && ds_rdata(fields.digest_type, zone, dnskey_rdata).as_deref() == Some(ds)
}

/// RDATA of the CDS and of the CDNSKEY RRset, which describe the same keys (CDS-1, CDS-2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SyncRecords {
    /// CDS, one per key and digest.
    pub cds: Vec<Vec<u8>>,
    /// CDNSKEY, one per key.
    pub cdnskey: Vec<Vec<u8>>,
}

impl SyncRecords {
    /// For the keys that should be in the parent.
    #[must_use]
    pub fn for_keys<'k>(keys: impl IntoIterator<Item = &'k ZoneKey>, digests: &[DigestType]) -> Self {
        let mut records = Self::default();
        for key in keys {
            records.push(key.zone.as_name(), &key.dnskey_rdata, digests);
        }
        records
    }

    /// For DNSKEY RDATA of a zone.
    #[must_use]
    pub fn of(zone: Name<'_>, dnskeys: &[&[u8]], digests: &[DigestType]) -> Self {
        let mut records = Self::default();
        dnskeys.iter().for_each(|rdata| records.push(zone, rdata, digests));
        records
    }

    fn push(&mut self, zone: Name<'_>, dnskey_rdata: &[u8], digests: &[DigestType]) {
        self.cds.extend(digests.iter().filter_map(|&digest| ds_rdata(digest, zone, dnskey_rdata)));
        self.cdnskey.push(dnskey_rdata.to_vec());
    }

    /// For a set of keys at its time.
    #[must_use]
    pub fn for_set(keys: &KeySet, digests: &[DigestType]) -> Self {
        Self::for_keys(keys.in_sync(), digests)
    }

    /// The request to delete all DS.
    #[must_use]
    pub fn delete() -> Self {
        Self { cds: vec![CDS_DELETE.to_vec()], cdnskey: vec![CDNSKEY_DELETE.to_vec()] }
    }
}

/// Why a digest type makes no DS here; `None` if it does (RFC 9904, RFC 9905, RFC 9906).
#[must_use]
pub const fn refuse_digest(digest_type: DigestType) -> Option<&'static str> {
    match digest_type.0 {
        2 | 4 => None,
        1 => Some("SHA-1 must not be used for delegation (RFC 9905)"),
        3 => Some("GOST R 34.11-94 must not be used (RFC 9906)"),
        _ => Some("this digest type is not implemented"),
    }
}

/// The digest of a name or number: `sha256`, `SHA-384`, `2`.
#[must_use]
pub fn digest_type_from_text(text: &str) -> Option<DigestType> {
    match text.to_ascii_lowercase().replace('-', "").as_str() {
        "sha1" => Some(DigestType::SHA1),
        "sha256" => Some(DigestType::SHA256),
        "sha384" => Some(DigestType::SHA384),
        number => number.parse().ok().map(DigestType),
    }
}

/// Whether a key is one the parent may point at in the delegation: a zone key, not revoked, of an algorithm that counts.
#[must_use]
pub fn may_have_ds(dnskey: &Dnskey<'_>) -> bool {
    dnskey.is_zone_key() && !dnskey.is_revoked() && dnskey.algorithm != Algorithm(0)
}
