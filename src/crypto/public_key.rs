//! Public keys, prepared once and then used for many signatures.

use super::backend::{Work, first_that_takes};
use super::rsa::{EXPONENT_BITS_MAX, RsaPublic, VERIFYING_BITS_MIN, bits};
use super::rsa_plain::{self, PlainRsaKey};
use super::{Backend, CryptoError, Library, check_verifies};
use crate::base::Algorithm;
use aws_lc_rs::signature as aws_lc;
use aws_lc_rs::signature::ParsedPublicKey;
use ring::signature as ring_signature;
use ring::signature::{RsaPublicKeyComponents, UnparsedPublicKey};

/// A public key that verifies signatures.
#[derive(Clone, Debug)]
pub struct PublicKey {
    algorithm: Algorithm,
    verifier: Verifier,
}

/// The back end's form of the key.
#[derive(Clone, Debug)]
enum Verifier {
    RingRsa {
        key: RsaPublicKeyComponents<Vec<u8>>,
        parameters: &'static ring_signature::RsaParameters,
    },
    PlainRsa(PlainRsaKey),
    /// ring keeps the octets and parses them with every signature; it offers no other way.
    Ring(UnparsedPublicKey<Vec<u8>>),
    AwsLc(ParsedPublicKey),
    #[cfg(feature = "ed448")]
    Ed448(super::ed448::Ed448PublicKey),
}

impl PublicKey {
    /// Prepares the public key field of a DNSKEY in the faster library.
    ///
    /// # Errors
    /// As [`Self::from_dnskey_with`].
    pub fn from_dnskey(algorithm: Algorithm, public_key: &[u8]) -> Result<Self, CryptoError> {
        Self::from_dnskey_with(Backend::Auto, algorithm, public_key)
    }

    /// Prepares the public key field of a DNSKEY.
    ///
    /// # Errors
    /// [`CryptoError::Refused`] for the algorithm, `BadPublicKey` for a malformed field, `TooSmall` and
    /// `Unsupported` for keys that may be legal but that no library here takes.
    pub fn from_dnskey_with(backend: Backend, algorithm: Algorithm, public_key: &[u8]) -> Result<Self, CryptoError> {
        check_verifies(algorithm)?;
        let verifier = first_that_takes(backend.libraries(algorithm, Work::Verify), |library| match algorithm {
            Algorithm::ECDSAP256SHA256 | Algorithm::ECDSAP384SHA384 => ecdsa(library, algorithm, public_key),
            Algorithm::ED25519 => ed25519(library, public_key),
            #[cfg(feature = "ed448")]
            Algorithm::ED448 => super::ed448::Ed448PublicKey::new(public_key).map(Verifier::Ed448),
            _ => rsa(library, algorithm, public_key),
        })?;
        Ok(Self { algorithm, verifier })
    }

    /// Its algorithm.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The library that verifies.
    #[must_use]
    pub const fn library(&self) -> Library {
        match &self.verifier {
            Verifier::RingRsa { .. } | Verifier::Ring(_) => Library::Ring,
            Verifier::AwsLc(_) => Library::AwsLc,
            Verifier::PlainRsa(_) => Library::Own,
            #[cfg(feature = "ed448")]
            Verifier::Ed448(_) => Library::Ed448,
        }
    }

    /// Whether `signature` is this key's signature over `message`.
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.verifier {
            Verifier::RingRsa { key, parameters } => key.verify(parameters, message, signature).is_ok(),
            Verifier::PlainRsa(key) => key.verify(message, signature),
            Verifier::Ring(key) => key.verify(message, signature).is_ok(),
            Verifier::AwsLc(key) => key.verify_sig(message, signature).is_ok(),
            #[cfg(feature = "ed448")]
            Verifier::Ed448(key) => key.verify(message, signature),
        }
    }
}

/// A key on a NIST curve: X and Y without the 0x04 in front (RFC 6605 section 4, ENC-2).
fn ecdsa(library: Library, algorithm: Algorithm, field: &[u8]) -> Result<Verifier, CryptoError> {
    let malformed = |what| CryptoError::BadPublicKey(algorithm, what);
    let (len, what): (_, _) = match algorithm {
        Algorithm::ECDSAP256SHA256 => (64, "it must have 64 octets"),
        _ => (96, "it must have 96 octets"),
    };
    if field.len() != len {
        return Err(malformed(what));
    }
    let (ring_curve, aws_lc_curve): (&'static dyn ring_signature::VerificationAlgorithm, _) = match algorithm {
        Algorithm::ECDSAP256SHA256 => (&ring_signature::ECDSA_P256_SHA256_FIXED, &aws_lc::ECDSA_P256_SHA256_FIXED),
        _ => (&ring_signature::ECDSA_P384_SHA384_FIXED, &aws_lc::ECDSA_P384_SHA384_FIXED),
    };
    let mut point = Vec::with_capacity(1 + len);
    point.push(4);
    point.extend_from_slice(field);
    // ring looks at the point only with a signature at hand; asked here, a bad key is told from a bad signature.
    let parsed = ParsedPublicKey::new(aws_lc_curve, &point).map_err(|_| malformed("its point is not on the curve"))?;
    Ok(match library {
        Library::Ring => Verifier::Ring(UnparsedPublicKey::new(ring_curve, point)),
        _ => Verifier::AwsLc(parsed),
    })
}

/// An Ed25519 key. Whether its octets are a point shows with the first signature: neither library asks before.
fn ed25519(library: Library, field: &[u8]) -> Result<Verifier, CryptoError> {
    let malformed = |_| CryptoError::BadPublicKey(Algorithm::ED25519, "it must have 32 octets (RFC 8080 section 3)");
    // aws-lc takes a whole SubjectPublicKeyInfo too, so the length is ours to ask.
    let field: &[u8; 32] = field.try_into().map_err(malformed)?;
    Ok(match library {
        Library::Ring => Verifier::Ring(UnparsedPublicKey::new(&ring_signature::ED25519, field.to_vec())),
        _ => Verifier::AwsLc(
            ParsedPublicKey::new(&aws_lc::ED25519, field)
                .map_err(|_| CryptoError::BadPublicKey(Algorithm::ED25519, "its point is not on the curve"))?,
        ),
    })
}

/// An RSA key, within limits that are the same in both libraries.
fn rsa(library: Library, algorithm: Algorithm, field: &[u8]) -> Result<Verifier, CryptoError> {
    let (ring_parameters, aws_lc_parameters) = match algorithm {
        Algorithm::RSASHA256 => (
            &ring_signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
            &aws_lc::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        ),
        Algorithm::RSASHA512 => (
            &ring_signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
            &aws_lc::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
        ),
        Algorithm::RSASHA1 | Algorithm::RSASHA1_NSEC3_SHA1 => (
            &ring_signature::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
            &aws_lc::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
        ),
        _ => return Err(CryptoError::Refused(algorithm, "this algorithm is not implemented")),
    };
    let key = RsaPublic::parse(field).map_err(|what| CryptoError::BadPublicKey(algorithm, what))?;
    check_rsa(algorithm, &key)?;
    Ok(match library {
        _ if key.modulus_bits() < VERIFYING_BITS_MIN => Verifier::PlainRsa(PlainRsaKey::new(algorithm, &key)),
        Library::Ring => Verifier::RingRsa {
            key: RsaPublicKeyComponents { n: key.modulus.to_vec(), e: key.exponent.to_vec() },
            parameters: ring_parameters,
        },
        _ => aws_lc::RsaPublicKeyComponents { n: key.modulus, e: key.exponent }
            .to_parsed_public_key(aws_lc_parameters)
            .map(Verifier::AwsLc)
            .map_err(|_| CryptoError::Unsupported(algorithm, "aws-lc rejects it"))?,
    })
}

/// Whether the libraries take an RSA key, and if not, whether it is the key's fault.
fn check_rsa(algorithm: Algorithm, key: &RsaPublic<'_>) -> Result<(), CryptoError> {
    let is_odd = |number: &[u8]| number.last().is_some_and(|octet| octet % 2 == 1);
    let modulus_bits = key.modulus_bits();
    if modulus_bits < rsa_plain::MODULUS_BITS_MIN {
        return Err(CryptoError::TooSmall(algorithm, modulus_bits));
    }
    if !is_odd(key.modulus) {
        return Err(CryptoError::BadPublicKey(algorithm, "its modulus is even"));
    }
    if !is_odd(key.exponent) || key.exponent == [1] {
        return Err(CryptoError::BadPublicKey(algorithm, "its exponent is even or below 3"));
    }
    match bits(key.exponent) {
        0..=EXPONENT_BITS_MAX => Ok(()),
        _ => Err(CryptoError::Unsupported(algorithm, "its exponent has more than 33 bits")),
    }
}
