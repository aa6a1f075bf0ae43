//! DNSKEY data (RFC 4034 section 2.1); CDNSKEY and KEY have the same form.

use crate::base::Algorithm;

/// The key may sign the zone (RFC 4034 section 2.1.1).
pub const FLAG_ZONE: u16 = 0x0100;
/// The key is revoked (RFC 5011 section 3).
pub const FLAG_REVOKE: u16 = 0x0080;
/// The key is meant to be pointed at from outside (RFC 4034 section 2.1.1).
pub const FLAG_SEP: u16 = 0x0001;

/// A view of DNSKEY data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dnskey<'a> {
    /// Flags; see the constants.
    pub flags: u16,
    /// Always 3 in a key that counts.
    pub protocol: u8,
    /// Algorithm of the key.
    pub algorithm: Algorithm,
    /// The key in the form of its algorithm.
    pub public_key: &'a [u8],
}

impl<'a> Dnskey<'a> {
    /// Reads RDATA in wire form; `None` if it is shorter than its fixed part.
    #[must_use]
    pub const fn parse(rdata: &'a [u8]) -> Option<Self> {
        let Some((&[f0, f1, protocol, algorithm], public_key)) = rdata.split_first_chunk::<4>() else { return None };
        Some(Self { flags: u16::from_be_bytes([f0, f1]), protocol, algorithm: Algorithm(algorithm), public_key })
    }

    /// Whether it may sign the zone: the zone flag is set and the protocol is 3 (RFC 4034 section 2.1.1, 2.1.2).
    #[must_use]
    pub const fn is_zone_key(&self) -> bool {
        self.flags & FLAG_ZONE != 0 && self.protocol == 3
    }

    /// Whether the SEP flag is set.
    #[must_use]
    pub const fn has_sep_flag(&self) -> bool {
        self.flags & FLAG_SEP != 0
    }

    /// Whether the revoke flag is set.
    #[must_use]
    pub const fn is_revoked(&self) -> bool {
        self.flags & FLAG_REVOKE != 0
    }
}

/// The key tag of DNSKEY RDATA (RFC 4034 appendix B). Tags are not unique.
///
/// Algorithm 1 has its own rule (appendix B.1): the 16 bits above the lowest 8 of the modulus.
#[must_use]
pub fn key_tag(rdata: &[u8]) -> u16 {
    if let [_, _, _, 1, ..] = rdata {
        return match rdata {
            [_, _, _, _, .., high, low, _] => u16::from_be_bytes([*high, *low]),
            _ => 0,
        };
    }
    let (pairs, odd) = rdata.as_chunks::<2>();
    let mut sum: u64 = pairs.iter().map(|&pair| u64::from(u16::from_be_bytes(pair))).sum();
    if let [last] = odd {
        sum += u64::from(*last) << 8;
    }
    sum += sum >> 16 & 0xffff;
    (sum & 0xffff) as u16
}
