//! NSEC3 and NSEC3PARAM data (RFC 5155 sections 3.2 and 4.2).

use super::bitmap::TypeBitmap;

/// SHA-1, the only hash algorithm (RFC 5155 section 11).
pub const HASH_SHA1: u8 = 1;
/// The Opt-Out flag (RFC 5155 section 3.1.2.1).
pub const FLAG_OPT_OUT: u8 = 1;

/// A view of NSEC3 data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nsec3<'a> {
    /// The hash function.
    pub hash_algorithm: u8,
    /// Flags; only opt-out is defined.
    pub flags: u8,
    /// Additional rounds of the hash.
    pub iterations: u16,
    /// Appended to what is hashed, in each round.
    pub salt: &'a [u8],
    /// Hash of the next name in hash order, not encoded.
    pub next_hashed: &'a [u8],
    /// The types at the original name.
    pub types: TypeBitmap<'a>,
}

/// A view of NSEC3PARAM data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nsec3Param<'a> {
    /// The hash function.
    pub hash_algorithm: u8,
    /// Flags; zero in a set that counts (RFC 5155 section 4.1.2).
    pub flags: u8,
    /// Additional rounds of the hash.
    pub iterations: u16,
    /// Appended to what is hashed, in each round.
    pub salt: &'a [u8],
}

/// The fields both types begin with, and what follows.
fn parse_head(rdata: &[u8]) -> Option<(Nsec3Param<'_>, &[u8])> {
    let (&[hash_algorithm, flags, i0, i1, salt_len], rest) = rdata.split_first_chunk::<5>()?;
    let (salt, rest) = rest.split_at_checked(usize::from(salt_len))?;
    Some((Nsec3Param { hash_algorithm, flags, iterations: u16::from_be_bytes([i0, i1]), salt }, rest))
}

impl<'a> Nsec3<'a> {
    /// Reads RDATA in wire form; `None` if it is malformed.
    #[must_use]
    pub fn parse(rdata: &'a [u8]) -> Option<Self> {
        let (Nsec3Param { hash_algorithm, flags, iterations, salt }, rest) = parse_head(rdata)?;
        let (&hash_len, rest) = rest.split_first()?;
        let (next_hashed, types) = rest.split_at_checked(usize::from(hash_len))?;
        if next_hashed.is_empty() {
            return None;
        }
        Some(Self { hash_algorithm, flags, iterations, salt, next_hashed, types: TypeBitmap::parse(types)? })
    }

    /// Whether the Opt-Out flag is set.
    #[must_use]
    pub const fn is_opt_out(&self) -> bool {
        self.flags & FLAG_OPT_OUT != 0
    }
}

impl<'a> Nsec3Param<'a> {
    /// Reads RDATA in wire form; `None` if it is malformed.
    #[must_use]
    pub fn parse(rdata: &'a [u8]) -> Option<Self> {
        match parse_head(rdata)? {
            (param, []) => Some(param),
            _ => None,
        }
    }

    /// Appends hash algorithm, flags, iterations and salt: all of NSEC3PARAM, and the head of NSEC3.
    ///
    /// # Panics
    /// If the salt is longer than 255 octets.
    pub fn push_wire(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[self.hash_algorithm, self.flags]);
        out.extend_from_slice(&self.iterations.to_be_bytes());
        out.push(u8::try_from(self.salt.len()).expect("a salt has at most 255 octets (RFC 5155 section 3.1.4)"));
        out.extend_from_slice(self.salt);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Rtype;

    #[test]
    fn parse_and_push() {
        let param = Nsec3Param { hash_algorithm: 1, flags: 0, iterations: 12, salt: &[0xaa, 0xbb] };
        let mut rdata = Vec::new();
        param.push_wire(&mut rdata);
        assert_eq!(rdata, [1, 0, 0, 12, 2, 0xaa, 0xbb]);
        assert_eq!(Nsec3Param::parse(&rdata), Some(param));
        rdata.extend_from_slice(&[2, 9, 8, 0, 1, 0x40]);
        assert_eq!(Nsec3Param::parse(&rdata), None);
        rdata[1] = FLAG_OPT_OUT;
        let nsec3 = Nsec3::parse(&rdata).unwrap();
        assert!(nsec3.is_opt_out());
        assert_eq!((nsec3.iterations, nsec3.salt, nsec3.next_hashed), (12, param.salt, &[9, 8][..]));
        assert!(nsec3.types.iter().eq([Rtype::A]));
        for len in 0..rdata.len() - 3 {
            assert_eq!(Nsec3::parse(&rdata[..len]), None);
        }
    }
}
