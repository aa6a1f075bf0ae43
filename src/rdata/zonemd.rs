//! ZONEMD data (RFC 8976 section 2.2).

/// Hash algorithm SHA-384 (RFC 8976 section 2.2.3).
pub const HASH_SHA384: u8 = 1;
/// Hash algorithm SHA-512.
pub const HASH_SHA512: u8 = 2;
/// Scheme SIMPLE (RFC 8976 section 2.2.2).
pub const SCHEME_SIMPLE: u8 = 1;
/// Shortest digest allowed (RFC 8976 section 2.2.4).
pub const DIGEST_LEN_MIN: usize = 12;

/// A view of ZONEMD data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zonemd<'a> {
    /// Serial of the SOA it belongs to.
    pub serial: u32,
    /// How the zone's data is collected.
    pub scheme: u8,
    /// How the digest is made.
    pub hash_algorithm: u8,
    /// The digest.
    pub digest: &'a [u8],
}

impl<'a> Zonemd<'a> {
    /// Reads RDATA in wire form; `None` if the digest is shorter than 12 octets.
    #[must_use]
    pub const fn parse(rdata: &'a [u8]) -> Option<Self> {
        let Some((&[s0, s1, s2, s3, scheme, hash_algorithm], digest)) = rdata.split_first_chunk::<6>() else {
            return None;
        };
        if digest.len() < DIGEST_LEN_MIN {
            return None;
        }
        Some(Self { serial: u32::from_be_bytes([s0, s1, s2, s3]), scheme, hash_algorithm, digest })
    }

    /// Octets of the digest of a hash algorithm we know.
    #[must_use]
    pub const fn digest_len(hash_algorithm: u8) -> Option<usize> {
        match hash_algorithm {
            HASH_SHA384 => Some(48),
            HASH_SHA512 => Some(64),
            _ => None,
        }
    }

    /// Appends the RDATA in wire form.
    pub fn push_wire(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.serial.to_be_bytes());
        out.extend_from_slice(&[self.scheme, self.hash_algorithm]);
        out.extend_from_slice(self.digest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_and_push() {
        let mut rdata = vec![0, 0, 0, 9, 1, 240];
        rdata.extend_from_slice(&[7; 11]);
        assert_eq!(Zonemd::parse(&rdata), None, "ZMD: a digest has at least 12 octets");
        rdata.push(7);
        let zonemd = Zonemd::parse(&rdata).unwrap();
        assert_eq!((zonemd.serial, zonemd.scheme, zonemd.hash_algorithm), (9, SCHEME_SIMPLE, 240));
        let mut out = Vec::new();
        zonemd.push_wire(&mut out);
        assert_eq!(out, rdata);
    }
}
