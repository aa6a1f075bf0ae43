//! Verification of many signatures by one public key: ECDSA on P-256 and P-384 (RFC 6605, algorithms 13 and 14) and
//! Ed25519 (RFC 8080, algorithm 15).
//!
//! A zone's signatures are all by a few fixed keys, and everything here is public, so time may depend on the data and
//! tables pay: of multiples of the curve's base point and of the key, so that both scalars of a signature become sums of
//! table entries without a doubling.
//!
//! The answer is one-sided: [`BatchVerifier::verify`] says "valid" or "not shown to be valid". What is not shown to be
//! valid goes to a library before anybody calls it bad, so nothing here can make a good zone look broken.

mod edwards;
mod limbs;
mod residue;
mod weierstrass;

use super::digest;
use crate::base::Algorithm;
use edwards::{EdwardsScratch, EdwardsVerifier};
use std::fmt;
use weierstrass::{CurveScratch, CurveVerifier, P256, P384};

/// A signature to check.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    /// [`MessageDigest`] of the signed data.
    pub digest: &'a [u8],
    /// As the RRSIG carries it (RFC 6605 section 4, RFC 8080 section 4); other lengths are not valid.
    pub signature: &'a [u8],
}

/// Tables for one public key.
pub struct BatchVerifier(Key);

enum Key {
    P256(CurveVerifier<P256, 4>),
    P384(CurveVerifier<P384, 6>),
    Ed25519(EdwardsVerifier),
}

/// Buffers that one thread uses again from batch to batch.
#[derive(Debug, Default)]
pub struct Scratch {
    p256: CurveScratch<P256, 4>,
    p384: CurveScratch<P384, 6>,
    ed25519: EdwardsScratch,
}

/// Fewer signatures than this by one key are a library's job: the tables would cost more than they save.
pub const WORTHWHILE_MIN: usize = 150;

/// A good number of items for one call: enough to share an inversion, few enough to stay in a core's own cache.
pub const BATCH_LEN: usize = 128;

/// Whether signatures of an algorithm can be checked here.
#[must_use]
pub const fn has(algorithm: Algorithm) -> bool {
    matches!(algorithm, Algorithm::ECDSAP256SHA256 | Algorithm::ECDSAP384SHA384 | Algorithm::ED25519)
}

/// What stands for the message in a signature's equation.
#[derive(Clone, Copy, Debug)]
pub enum MessageDigest {
    /// SHA-256 of the message, for algorithm 13.
    Sha256([u8; 32]),
    /// SHA-384 of the message, for algorithm 14.
    Sha384([u8; 48]),
    /// SHA-512 of the signature's first half, the key and the message, for algorithm 15.
    Sha512([u8; 64]),
}

impl MessageDigest {
    /// The digest for an algorithm that [`has`] knows.
    #[must_use]
    pub fn of(algorithm: Algorithm, public_key: &[u8], message: &[u8], signature: &[u8]) -> Self {
        match algorithm {
            Algorithm::ECDSAP384SHA384 => Self::Sha384(digest::sha384(message)),
            Algorithm::ED25519 => {
                let first_half = &signature[..signature.len().min(32)];
                Self::Sha512(digest::sha512(&[first_half, public_key, message]))
            }
            _ => Self::Sha256(digest::sha256(&[message])),
        }
    }

    /// Its octets.
    #[must_use]
    pub const fn octets(&self) -> &[u8] {
        match self {
            Self::Sha256(octets) => octets,
            Self::Sha384(octets) => octets,
            Self::Sha512(octets) => octets,
        }
    }
}

impl fmt::Debug for BatchVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchVerifier").finish_non_exhaustive()
    }
}

impl BatchVerifier {
    /// Makes the tables for the public key field of a DNSKEY; wider windows the more signatures are expected.
    /// `None` if the key is no point of the algorithm's curve.
    #[must_use]
    pub fn new(algorithm: Algorithm, public_key: &[u8], expected_count: usize) -> Option<Self> {
        let width = match expected_count {
            0..2_000 => 7,
            2_000..10_000 => 9,
            10_000..100_000 => 11,
            _ => 13,
        };
        Some(Self(match algorithm {
            Algorithm::ECDSAP256SHA256 => Key::P256(CurveVerifier::new(public_key, width)?),
            Algorithm::ECDSAP384SHA384 => Key::P384(CurveVerifier::new(public_key, width)?),
            Algorithm::ED25519 => Key::Ed25519(EdwardsVerifier::new(public_key, width)?),
            _ => return None,
        }))
    }

    /// Fills `valid` with one answer for each item: true if it is valid; false if that was not shown.
    pub fn verify(&self, items: &[Item<'_>], scratch: &mut Scratch, valid: &mut Vec<bool>) {
        valid.clear();
        valid.resize(items.len(), false);
        match &self.0 {
            Key::P256(key) => key.verify(items, &mut scratch.p256, valid),
            Key::P384(key) => key.verify(items, &mut scratch.p384, valid),
            Key::Ed25519(key) => key.verify(items, &mut scratch.ed25519, valid),
        }
    }
}
