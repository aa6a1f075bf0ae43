//! RSA verification for keys of 512 to 1023 bits, which the protocol allows (RFC 5702 section 2) and the library does
//! not take. Weak as they are, whether a signature by one is right should not be a matter of the library.

use super::rsa::RsaPublic;
use crate::base::Algorithm;
use num_bigint::BigUint;
use ring::digest;

/// Least bits of a modulus (RFC 5702 section 2, ENC-1).
pub(super) const MODULUS_BITS_MIN: usize = 512;

/// What stands in front of the digest, by algorithm (RFC 8017 section 9.2, RFC 5702 section 3).
const SHA1_INFO: [u8; 15] = [0x30, 0x21, 0x30, 9, 6, 5, 0x2b, 0x0e, 3, 2, 0x1a, 5, 0, 4, 20];
const SHA256_INFO: [u8; 19] = [0x30, 0x31, 0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 4, 32];
const SHA512_INFO: [u8; 19] = [0x30, 0x51, 0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3, 5, 0, 4, 64];

/// A small RSA key.
#[derive(Clone, Debug)]
pub(super) struct PlainRsaKey {
    algorithm: Algorithm,
    exponent: BigUint,
    modulus: BigUint,
    modulus_len: usize,
}

impl PlainRsaKey {
    /// From a key whose shape was checked.
    pub(super) fn new(algorithm: Algorithm, key: &RsaPublic<'_>) -> Self {
        Self {
            algorithm,
            exponent: BigUint::from_bytes_be(key.exponent),
            modulus: BigUint::from_bytes_be(key.modulus),
            modulus_len: key.modulus.len(),
        }
    }

    /// Whether the signature, raised to the exponent, is the padded digest of the message (RFC 8017 section 8.2.2).
    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        let number = BigUint::from_bytes_be(signature);
        if signature.len() != self.modulus_len || number >= self.modulus {
            return false;
        }
        // Comparing what should be there, octet for octet, leaves no padding to be misread.
        self.encoded(message)
            .is_some_and(|encoded| number.modpow(&self.exponent, &self.modulus) == BigUint::from_bytes_be(&encoded))
    }

    /// 00 01 ff … ff 00, digest info, digest; `None` if they do not fit.
    fn encoded(&self, message: &[u8]) -> Option<Vec<u8>> {
        let (info, hash): (&[u8], _) = match self.algorithm {
            Algorithm::RSASHA256 => (&SHA256_INFO, &digest::SHA256),
            Algorithm::RSASHA512 => (&SHA512_INFO, &digest::SHA512),
            _ => (&SHA1_INFO, &digest::SHA1_FOR_LEGACY_USE_ONLY),
        };
        let tail = [&[0], info, digest::digest(hash, message).as_ref()].concat();
        // At least eight octets of padding (RFC 8017 section 9.2).
        let padding = self.modulus_len.checked_sub(2 + tail.len()).filter(|&len| len >= 8)?;
        Some([&[0, 1], vec![0xff; padding].as_slice(), &tail].concat())
    }
}
