//! DS data (RFC 4034 section 5.1); CDS, DLV and TA have the same form.

use crate::base::{Algorithm, DigestType};

/// A view of DS data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ds<'a> {
    /// Tag of the key.
    pub key_tag: u16,
    /// Algorithm of the key.
    pub algorithm: Algorithm,
    /// How the digest was made.
    pub digest_type: DigestType,
    /// Digest of owner name and DNSKEY data.
    pub digest: &'a [u8],
}

impl<'a> Ds<'a> {
    /// Reads RDATA in wire form; `None` if it is shorter than its fixed part.
    #[must_use]
    pub const fn parse(rdata: &'a [u8]) -> Option<Self> {
        let Some((&[t0, t1, algorithm, digest_type], digest)) = rdata.split_first_chunk::<4>() else { return None };
        Some(Self {
            key_tag: u16::from_be_bytes([t0, t1]),
            algorithm: Algorithm(algorithm),
            digest_type: DigestType(digest_type),
            digest,
        })
    }

    /// Appends the RDATA in wire form.
    pub fn push_wire(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.key_tag.to_be_bytes());
        out.extend_from_slice(&[self.algorithm.0, self.digest_type.0]);
        out.extend_from_slice(self.digest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_and_push() {
        let rdata = [0xec, 0x45, 5, 1, 0x2b, 0xb1];
        let ds = Ds::parse(&rdata).unwrap();
        assert_eq!((ds.key_tag, ds.algorithm.0, ds.digest_type, ds.digest), (60485, 5, DigestType::SHA1, &rdata[4..]));
        let mut out = Vec::new();
        ds.push_wire(&mut out);
        assert_eq!(out, rdata);
        assert_eq!(Ds::parse(&rdata[..3]), None);
    }
}
