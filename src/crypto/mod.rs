//! Signatures and digests behind one seam, so that a back end can be exchanged per algorithm.
//!
//! ```text
//! key file ─▶ PrivateKey ─ open ─▶ Box<dyn Signer> ── sign ──▶ signature octets as RRSIG carries them
//! DNSKEY public key field ───────▶ PublicKey ─ verify ◀───────┘
//! ```
//!
//! Back ends: ring and aws-lc both sign and verify 8, 10, 13, 14 and 15 and verify 5 and 7, and which one does is
//! [`Backend`]'s to say; `ed448-goldilocks-plus` does 16 (feature `ed448`). aws-lc makes RSA keys, which ring leaves
//! out, computes public keys on the NIST curves, and hashes for NSEC3.

mod aws_lc_signer;
mod backend;
pub mod bulk;
pub mod digest;
#[cfg(feature = "ed448")]
mod ed448;
mod pkcs8;
mod private_key;
mod public_key;
mod ring_signer;
pub mod rsa;
mod rsa_plain;

pub use backend::{Backend, Library};
pub use pkcs8::{Pkcs8Error, Pkcs8Key};
pub use private_key::{PrivateKey, RsaParts};
pub use public_key::PublicKey;

use crate::base::Algorithm;
use crate::base::algorithm::AlgorithmUse;
use std::fmt;

/// Signs messages with one private key, which was checked against its public half when opened: from then on signing
/// fails only where the device does. Never shows the key in `Debug`.
pub trait Signer: Send + Sync + fmt::Debug {
    /// The algorithm of its signatures.
    fn algorithm(&self) -> Algorithm;

    /// The library that makes them.
    fn library(&self) -> Library;

    /// Octets of each signature.
    fn signature_len(&self) -> usize;

    /// Whether the same message always gives the same octets. ECDSA here draws a random nonce (ENC-3), so it does not.
    fn is_deterministic(&self) -> bool;

    /// Appends the signature over `message`, in the form an RRSIG carries (ENC-1, ENC-2, ENC-4).
    ///
    /// # Errors
    /// [`CryptoError::SigningFailed`]; then `out` is as it was.
    fn sign(&self, message: &[u8], out: &mut Vec<u8>) -> Result<(), CryptoError>;
}

/// Why a key cannot be used. Never holds key material.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CryptoError {
    /// An algorithm that must not be used, or that this program does not have; the text says why.
    Refused(Algorithm, &'static str),
    /// An algorithm that is verified only: 5 and 7.
    VerifyOnly(Algorithm),
    /// The public key field is not what its algorithm demands.
    BadPublicKey(Algorithm, &'static str),
    /// An RSA key smaller than the protocol allows. Bits of the modulus.
    TooSmall(Algorithm, usize),
    /// A key that may be legal, but of a shape the library does not take; the text says which.
    Unsupported(Algorithm, &'static str),
    /// An RSA key with a modulus below 2048 bits was to sign (RFC 9904, guidance section 9). Bits of the modulus.
    TooSmallToSign(Algorithm, usize),
    /// The private key is damaged; the text names the part at fault.
    BadPrivateKey(Algorithm, &'static str),
    /// The private key belongs to another public key.
    HalvesDiffer(Algorithm),
    /// The library could not make a signature.
    SigningFailed(Algorithm),
    /// The library could not make a key.
    GenerationFailed(Algorithm),
    /// No keys of this size are made.
    BadKeySize(Algorithm, usize),
}

impl fmt::Display for CryptoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(algorithm, why) => write!(f, "algorithm {algorithm} is refused: {why}"),
            Self::VerifyOnly(algorithm) => {
                write!(f, "algorithm {algorithm} only verifies: SHA-1 must not sign (RFC 9905)")
            }
            Self::BadPublicKey(algorithm, what) => {
                write!(f, "the public key of algorithm {algorithm} is malformed: {what}")
            }
            Self::TooSmall(algorithm, bits) => {
                write!(f, "the {bits}-bit key of algorithm {algorithm} is too small: 512 bits are the least (RFC 5702)")
            }
            Self::Unsupported(algorithm, what) => {
                write!(f, "the library does not take this key of algorithm {algorithm}: {what}")
            }
            Self::TooSmallToSign(algorithm, bits) => {
                write!(
                    f,
                    "the {bits}-bit key of algorithm {algorithm} is too small to sign: 2048 bits are the least (RFC 9904)"
                )
            }
            Self::BadPrivateKey(algorithm, what) => {
                write!(f, "the private key of algorithm {algorithm} is damaged: {what}")
            }
            Self::HalvesDiffer(_) => f.write_str("the public keys differ"),
            Self::SigningFailed(algorithm) => write!(f, "signing with algorithm {algorithm} failed"),
            Self::GenerationFailed(algorithm) => write!(f, "making a key of algorithm {algorithm} failed"),
            Self::BadKeySize(algorithm, bits) => match algorithm.is_rsa() {
                true => write!(f, "RSA keys are made with 2048, 3072 or 4096 bits, not {bits}"),
                false => write!(f, "keys of algorithm {algorithm} have one size; {bits} bits is not it"),
            },
        }
    }
}

impl std::error::Error for CryptoError {}

/// Whether an algorithm verifies here.
///
/// # Errors
/// [`CryptoError::Refused`] with the reason.
pub const fn check_verifies(algorithm: Algorithm) -> Result<(), CryptoError> {
    match algorithm.usage() {
        AlgorithmUse::Sign | AlgorithmUse::VerifyOnly => Ok(()),
        AlgorithmUse::Refuse(why) => Err(CryptoError::Refused(algorithm, why)),
    }
}

/// Whether an algorithm signs here.
///
/// # Errors
/// [`CryptoError::Refused`] or [`CryptoError::VerifyOnly`].
pub const fn check_signs(algorithm: Algorithm) -> Result<(), CryptoError> {
    match algorithm.usage() {
        AlgorithmUse::Sign => Ok(()),
        AlgorithmUse::VerifyOnly => Err(CryptoError::VerifyOnly(algorithm)),
        AlgorithmUse::Refuse(why) => Err(CryptoError::Refused(algorithm, why)),
    }
}
