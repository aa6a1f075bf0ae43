//! Public keys, prepared once and then used for many signatures.

use super::rsa::RsaPublic;
use super::rsa_plain::{self, PlainRsaKey};
use super::{CryptoError, check_verifies};
use crate::base::Algorithm;
use ring::signature as ring_signature;
use ring::signature::{RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey};

/// Least bits of an RSA modulus ring verifies with.
const RSA_BITS_MIN: usize = 1024;
/// Largest RSA exponent ring verifies with: 33 bits.
const RSA_EXPONENT_MAX: u64 = (1 << 33) - 1;

/// A public key that verifies signatures.
#[derive(Clone, Debug)]
pub struct PublicKey {
    algorithm: Algorithm,
    verifier: Verifier,
}

/// The back end's form of the key.
#[derive(Clone, Debug)]
enum Verifier {
    Rsa {
        key: RsaPublicKeyComponents<Vec<u8>>,
        parameters: &'static RsaParameters,
    },
    PlainRsa(PlainRsaKey),
    Ring(UnparsedPublicKey<Vec<u8>>),
    #[cfg(feature = "ed448")]
    Ed448(super::ed448::Ed448PublicKey),
}

impl PublicKey {
    /// Prepares the public key field of a DNSKEY.
    ///
    /// # Errors
    /// [`CryptoError::Refused`] for the algorithm, `BadPublicKey` for a malformed field, `TooSmall` and
    /// `Unsupported` for keys that may be legal but that no library here takes.
    pub fn from_dnskey(algorithm: Algorithm, public_key: &[u8]) -> Result<Self, CryptoError> {
        check_verifies(algorithm)?;
        let verifier = match algorithm {
            Algorithm::ECDSAP256SHA256 => ecdsa(
                algorithm,
                public_key,
                64,
                &ring_signature::ECDSA_P256_SHA256_FIXED,
                &aws_lc_rs::signature::ECDSA_P256_SHA256_FIXED,
            )?,
            Algorithm::ECDSAP384SHA384 => ecdsa(
                algorithm,
                public_key,
                96,
                &ring_signature::ECDSA_P384_SHA384_FIXED,
                &aws_lc_rs::signature::ECDSA_P384_SHA384_FIXED,
            )?,
            Algorithm::ED25519 if public_key.len() == 32 => {
                Verifier::Ring(UnparsedPublicKey::new(&ring_signature::ED25519, public_key.to_vec()))
            }
            Algorithm::ED25519 => {
                return Err(CryptoError::BadPublicKey(algorithm, "it must have 32 octets (RFC 8080 section 3)"));
            }
            #[cfg(feature = "ed448")]
            Algorithm::ED448 => Verifier::Ed448(super::ed448::Ed448PublicKey::new(public_key)?),
            _ => rsa(algorithm, public_key)?,
        };
        Ok(Self { algorithm, verifier })
    }

    /// Its algorithm.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether `signature` is this key's signature over `message`.
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.verifier {
            Verifier::Rsa { key, parameters } => key.verify(parameters, message, signature).is_ok(),
            Verifier::PlainRsa(key) => key.verify(message, signature),
            Verifier::Ring(key) => key.verify(message, signature).is_ok(),
            #[cfg(feature = "ed448")]
            Verifier::Ed448(key) => key.verify(message, signature),
        }
    }
}

/// A key on a NIST curve: X and Y without the 0x04 in front (RFC 6605 section 4, ENC-2).
fn ecdsa(
    algorithm: Algorithm,
    field: &[u8],
    len: usize,
    ring_curve: &'static dyn ring_signature::VerificationAlgorithm,
    aws_curve: &'static aws_lc_rs::signature::EcdsaVerificationAlgorithm,
) -> Result<Verifier, CryptoError> {
    if field.len() != len {
        let what = if len == 64 { "it must have 64 octets" } else { "it must have 96 octets" };
        return Err(CryptoError::BadPublicKey(algorithm, what));
    }
    let mut point = Vec::with_capacity(1 + len);
    point.push(4);
    point.extend_from_slice(field);
    // ring looks at the point only with a signature at hand; asked here, a bad key is told from a bad signature.
    if aws_lc_rs::signature::ParsedPublicKey::new(aws_curve, &point).is_err() {
        return Err(CryptoError::BadPublicKey(algorithm, "its point is not on the curve"));
    }
    Ok(Verifier::Ring(UnparsedPublicKey::new(ring_curve, point)))
}

/// An RSA key, within the limits of ring.
fn rsa(algorithm: Algorithm, field: &[u8]) -> Result<Verifier, CryptoError> {
    let parameters = match algorithm {
        Algorithm::RSASHA256 => &ring_signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        Algorithm::RSASHA512 => &ring_signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
        Algorithm::RSASHA1 | Algorithm::RSASHA1_NSEC3_SHA1 => {
            &ring_signature::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY
        }
        _ => return Err(CryptoError::Refused(algorithm, "this algorithm is not implemented")),
    };
    let key = RsaPublic::parse(field).map_err(|what| CryptoError::BadPublicKey(algorithm, what))?;
    let bits = key.modulus_bits();
    if bits < rsa_plain::MODULUS_BITS_MIN {
        return Err(CryptoError::TooSmall(algorithm, bits));
    }
    if key.modulus.last().is_some_and(|octet| octet % 2 == 0) {
        return Err(CryptoError::BadPublicKey(algorithm, "its modulus is even"));
    }
    check_exponent(key.exponent).map_err(|is_legal| match is_legal {
        true => CryptoError::Unsupported(algorithm, "its exponent has more than 33 bits"),
        false => CryptoError::BadPublicKey(algorithm, "its exponent is even or below 3"),
    })?;
    if bits < RSA_BITS_MIN {
        return Ok(Verifier::PlainRsa(PlainRsaKey::new(algorithm, &key)));
    }
    let key = RsaPublicKeyComponents { n: key.modulus.to_vec(), e: key.exponent.to_vec() };
    Ok(Verifier::Rsa { key, parameters })
}

/// Whether ring takes the exponent; the error says whether it would be legal all the same.
fn check_exponent(exponent: &[u8]) -> Result<(), bool> {
    let is_odd = exponent.last().is_some_and(|octet| octet % 2 == 1);
    let value = exponent.iter().fold(0_u64, |value, &octet| value.saturating_mul(256).saturating_add(u64::from(octet)));
    match value {
        _ if !is_odd => Err(false),
        3..=RSA_EXPONENT_MAX => Ok(()),
        0..3 => Err(false),
        _ => Err(true),
    }
}
