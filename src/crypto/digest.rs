//! Digests: NSEC3 owner hashes, DS, ZONEMD.

use crate::base::DigestType;
use crate::base::name::NAME_LEN_MAX;
use aws_lc_rs::digest as aws_lc_digest;
use ring::digest as ring_digest;

/// Longest NSEC3 salt: its length is one octet (RFC 5155 section 3.2).
const SALT_LEN_MAX: usize = 255;
/// Octets of a SHA-1 hash.
const SHA1_LEN: usize = aws_lc_digest::SHA1_OUTPUT_LEN;

/// The NSEC3 hash of a name (RFC 5155 section 5, N3-1): SHA-1 over name and salt, then `iterations` more rounds.
///
/// `canonical_wire_name` is the wire form, lowered, root label included. Allocates nothing.
///
/// # Panics
/// For a name or a salt of more than 255 octets, which no record can hold.
#[must_use]
pub fn nsec3_hash(canonical_wire_name: &[u8], iterations: u16, salt: &[u8]) -> [u8; SHA1_LEN] {
    assert!(canonical_wire_name.len() <= NAME_LEN_MAX && salt.len() <= SALT_LEN_MAX, "not a name, or not a salt");
    let mut buffer = [0; NAME_LEN_MAX + SALT_LEN_MAX];
    let mut hash = sha1_salted(&mut buffer, canonical_wire_name, salt);
    for _ in 0..iterations {
        hash = sha1_salted(&mut buffer, &hash, salt);
    }
    hash
}

/// SHA-1 over `data` and `salt`, put together in `buffer`. aws-lc uses the processor's SHA instructions, ring does not:
/// 0.06 against 0.21 microseconds a hash, and a big zone needs millions.
fn sha1_salted(buffer: &mut [u8], data: &[u8], salt: &[u8]) -> [u8; SHA1_LEN] {
    let len = data.len() + salt.len();
    buffer[..data.len()].copy_from_slice(data);
    buffer[data.len()..len].copy_from_slice(salt);
    let digest = aws_lc_digest::digest(&aws_lc_digest::SHA1_FOR_LEGACY_USE_ONLY, &buffer[..len]);
    digest.as_ref().try_into().expect("SHA-1 gives 20 octets")
}

/// SHA-256 of a message in pieces.
#[must_use]
pub fn sha256(pieces: &[&[u8]]) -> [u8; 32] {
    let mut context = ring_digest::Context::new(&ring_digest::SHA256);
    for piece in pieces {
        context.update(piece);
    }
    context.finish().as_ref().try_into().expect("SHA-256 gives 32 octets")
}

/// SHA-384 of a message.
#[must_use]
pub fn sha384(message: &[u8]) -> [u8; 48] {
    let digest = ring_digest::digest(&ring_digest::SHA384, message);
    digest.as_ref().try_into().expect("SHA-384 gives 48 octets")
}

/// SHA-512 of a message in pieces.
#[must_use]
pub fn sha512(pieces: &[&[u8]]) -> [u8; 64] {
    let mut context = ring_digest::Context::new(&ring_digest::SHA512);
    for piece in pieces {
        context.update(piece);
    }
    context.finish().as_ref().try_into().expect("SHA-512 gives 64 octets")
}

/// The digest of a DS (RFC 4034 section 5.1.4, ENC-5) over the owner in canonical wire form and the DNSKEY RDATA.
/// `None` for digest types other than SHA-1 (to verify with; never to make a DS), SHA-256 and SHA-384.
#[must_use]
pub fn ds_digest(digest_type: DigestType, owner_canonical: &[u8], dnskey_rdata: &[u8]) -> Option<Vec<u8>> {
    let algorithm = match digest_type {
        DigestType::SHA1 => &ring_digest::SHA1_FOR_LEGACY_USE_ONLY,
        DigestType::SHA256 => &ring_digest::SHA256,
        DigestType::SHA384 => &ring_digest::SHA384,
        _ => return None,
    };
    let mut context = ring_digest::Context::new(algorithm);
    context.update(owner_canonical);
    context.update(dnskey_rdata);
    Some(context.finish().as_ref().to_vec())
}

/// A digest fed piece by piece, as for ZONEMD (RFC 8976 section 3).
#[derive(Clone)]
pub struct Hasher(ring_digest::Context);

impl Hasher {
    /// SHA-256.
    #[must_use]
    pub fn sha256() -> Self {
        Self(ring_digest::Context::new(&ring_digest::SHA256))
    }

    /// SHA-384, ZONEMD hash algorithm 1.
    #[must_use]
    pub fn sha384() -> Self {
        Self(ring_digest::Context::new(&ring_digest::SHA384))
    }

    /// SHA-512, ZONEMD hash algorithm 2.
    #[must_use]
    pub fn sha512() -> Self {
        Self(ring_digest::Context::new(&ring_digest::SHA512))
    }

    /// Takes in more octets.
    pub fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    /// The digest: 32, 48 or 64 octets.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.0.finish().as_ref().to_vec()
    }
}

impl std::fmt::Debug for Hasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Hasher({:?})", self.0.algorithm())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::text::push_hex;

    /// FIPS 180-4 example "abc", in two pieces.
    #[test]
    fn fips180_streamed() {
        for (mut hasher, start) in [
            (Hasher::sha256(), "BA7816BF8F01CFEA"),
            (Hasher::sha384(), "CB00753F45A35E8B"),
            (Hasher::sha512(), "DDAF35A193617ABA"),
        ] {
            hasher.update(b"a");
            hasher.update(b"bc");
            let mut hex = Vec::new();
            push_hex(&hasher.finish(), &mut hex);
            assert!(hex.starts_with(start.as_bytes()));
        }
    }

    #[test]
    fn longest_name_and_salt_fit() {
        let once = nsec3_hash(&[0; NAME_LEN_MAX], 0, &[1; SALT_LEN_MAX]);
        assert_ne!(once, nsec3_hash(&[0; NAME_LEN_MAX], 1, &[1; SALT_LEN_MAX]));
    }

    #[test]
    fn unknown_digest_types_have_no_digest() {
        for number in [0, 3, 5, 6, 255] {
            assert_eq!(ds_digest(DigestType(number), b"\0", b""), None);
        }
    }
}
