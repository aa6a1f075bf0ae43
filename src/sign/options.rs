//! What a run is asked to do.

use super::serial::SerialPolicy;
use super::times::TimeOptions;
use crate::base::{DigestType, Rtype, Seconds, Ttl};
use crate::denial::Nsec3Params;
use crate::rdata::zonemd::{HASH_SHA384, HASH_SHA512};
use crate::verify::VerifierChoice;

/// Which proof of non-existence the zone gets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum DenialOptions {
    /// NSEC, the more prudent choice (N-9).
    #[default]
    Nsec,
    /// NSEC3.
    Nsec3(Nsec3Params),
    /// None, for the zone is not to be signed: keys and signatures of an earlier signing go.
    Unsigned,
}

/// What becomes of DNSKEYs in the input that belong to none of our key files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ForeignDnskeys {
    /// They stay and are published, as several signers of one zone need it (RFC 8901).
    #[default]
    Keep,
    /// They go.
    Drop,
}

/// Which CDS and CDNSKEY records the zone gets (RFC 7344, RFC 8078).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CdsPolicy {
    /// Those of the input, as data.
    #[default]
    AsInInput,
    /// Those of the key-signing keys that should be in the parent.
    Publish,
    /// The request to delete the DS RRset (CDS-6).
    Delete,
    /// None; those of the input go, with a warning.
    Drop,
}

/// A digest over the zone (RFC 8976).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ZonemdHash {
    /// SHA-384, which every verifier must have.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl ZonemdHash {
    /// Its number in a ZONEMD record.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Sha384 => HASH_SHA384,
            Self::Sha512 => HASH_SHA512,
        }
    }

    /// Octets of the digest.
    #[must_use]
    pub const fn digest_len(self) -> usize {
        match self {
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

/// How much of the signed zone is read back and verified before it replaces the old one (SIG-18).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SelfCheck {
    /// Everything.
    #[default]
    Full,
    /// Content, chain and coverage in full; of the signatures those at the apex and one RRset in sixteen.
    Sample,
    /// Nothing.
    Off,
}

impl SelfCheck {
    /// With [`Self::Sample`], one RRset in this many is verified by cryptography.
    pub const SAMPLE_ONE_IN: u32 = 16;
}

/// What a run is asked to do. The defaults are those of the command line.
#[derive(Clone, Debug, Default)]
pub struct SignOptions {
    /// When signatures begin and end.
    pub times: TimeOptions,
    /// Signatures of an earlier signing with no more than this left are made again; by default three sevenths of the
    /// span of new ones.
    pub refresh: Option<Seconds>,
    /// The denial chain.
    pub denial: DenialOptions,
    /// The SOA serial.
    pub serial: SerialPolicy,
    /// A serial that was promised to the world before, whatever the previous signed zone says: a zone that changes gets a
    /// later one.
    pub serial_floor: Option<u32>,
    /// TTL of the DNSKEY RRset, if not the one that is found (see the module `apex`).
    pub dnskey_ttl: Option<Ttl>,
    /// DNSKEYs of others.
    pub foreign_dnskeys: ForeignDnskeys,
    /// CDS and CDNSKEY.
    pub cds: CdsPolicy,
    /// The digests of the CDS records that are made; SHA-256 if there are none.
    pub cds_digests: Vec<DigestType>,
    /// The ZONEMD digests to publish; none by default.
    pub zonemd: Vec<ZonemdHash>,
    /// The check before the output becomes visible.
    pub self_check: SelfCheck,
    /// Who verifies in it.
    pub verifier: VerifierChoice,
}

/// Whether the signer makes records of this type itself and drops those of its input (SIG-16): anywhere the records
/// that hold a signed zone together, at the apex those that speak of the whole zone.
#[must_use]
pub const fn is_dropped_from_input(rtype: Rtype, is_apex: bool) -> bool {
    match rtype {
        Rtype::RRSIG | Rtype::NSEC | Rtype::NSEC3 => true,
        // Elsewhere these are data like any other (RFC 5155 section 4, RFC 8976 section 2.1).
        Rtype::NSEC3PARAM | Rtype::ZONEMD => is_apex,
        _ => false,
    }
}
