//! Private keys: made, taken from key files, and opened as signers. Their octets are wiped when dropped.

use super::aws_lc_signer::AwsLcSigner;
use super::backend::Work;
use super::ring_signer::RingSigner;
use super::rsa::{RsaPublic, SIGNING_BITS_MIN, strip_zeros};
use super::{Backend, CryptoError, Library, Pkcs8Key, PublicKey, Signer, check_signs};
use crate::base::Algorithm;
use aws_lc_rs::agreement;
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::KeySize;
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use std::fmt;
use zeroize::Zeroizing;

/// Octets that are wiped when dropped.
pub(crate) type Secret = Zeroizing<Vec<u8>>;

/// The numbers of an RSA key, big-endian; names as in key files (PKCS#1 in parentheses).
#[derive(Clone, PartialEq, Eq)]
pub struct RsaParts {
    /// Modulus (n).
    pub modulus: Vec<u8>,
    /// Public exponent (e).
    pub public_exponent: Vec<u8>,
    /// Private exponent (d).
    pub private_exponent: Secret,
    /// First prime (p).
    pub prime1: Secret,
    /// Second prime (q).
    pub prime2: Secret,
    /// d mod p-1 (dP).
    pub exponent1: Secret,
    /// d mod q-1 (dQ).
    pub exponent2: Secret,
    /// q^-1 mod p (qInv).
    pub coefficient: Secret,
}

/// A private key that fits the form of its algorithm. Shows nothing of itself in `Debug`.
#[derive(Clone)]
pub struct PrivateKey {
    algorithm: Algorithm,
    material: Material,
}

/// The key's octets.
#[derive(Clone)]
enum Material {
    Rsa(Box<RsaParts>),
    /// Scalar of a NIST curve, padded to the curve's width, or EdDSA seed.
    Octets(Secret),
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({})", self.algorithm)
    }
}

impl fmt::Debug for RsaParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RsaParts")
    }
}

impl PrivateKey {
    /// An RSA key.
    ///
    /// # Errors
    /// `Refused` for another algorithm, `BadPrivateKey` where a part is missing.
    pub fn from_rsa(algorithm: Algorithm, parts: RsaParts) -> Result<Self, CryptoError> {
        super::check_verifies(algorithm)?;
        if !algorithm.is_rsa() {
            return Err(CryptoError::BadPrivateKey(algorithm, "it is an RSA key"));
        }
        if strip_zeros(&parts.modulus).is_empty() || strip_zeros(&parts.public_exponent).is_empty() {
            return Err(CryptoError::BadPrivateKey(algorithm, "its modulus or public exponent is zero"));
        }
        Ok(Self { algorithm, material: Material::Rsa(Box::new(parts)) })
    }

    /// A key of octets: scalar of a NIST curve, left-padded where zeros were dropped, or EdDSA seed.
    ///
    /// # Errors
    /// `Refused` for the algorithm, `BadPrivateKey` for a wrong length.
    pub fn from_octets(algorithm: Algorithm, octets: &[u8]) -> Result<Self, CryptoError> {
        super::check_verifies(algorithm)?;
        let malformed = |what| Err(CryptoError::BadPrivateKey(algorithm, what));
        let len = match algorithm {
            Algorithm::ECDSAP256SHA256 | Algorithm::ED25519 => 32,
            Algorithm::ECDSAP384SHA384 => 48,
            Algorithm::ED448 => 57,
            _ => return malformed("it must be an RSA key"),
        };
        // Some writers drop leading zeros of the scalar: it is a number. A seed is not.
        let is_number = matches!(algorithm, Algorithm::ECDSAP256SHA256 | Algorithm::ECDSAP384SHA384);
        let octets = if is_number { strip_zeros(octets) } else { octets };
        if octets.len() > len || octets.is_empty() || (octets.len() < len && !is_number) {
            return malformed(match len {
                32 => "it must have 32 octets",
                48 => "it must have 48 octets",
                _ => "it must have 57 octets",
            });
        }
        let mut padded = Zeroizing::new(vec![0; len]);
        padded[len - octets.len()..].copy_from_slice(octets);
        Ok(Self { algorithm, material: Material::Octets(padded) })
    }

    /// Makes a key. `bits` is for RSA: 2048, 3072 or 4096, by default 2048; other algorithms have one size.
    ///
    /// # Errors
    /// `Refused`, `VerifyOnly`, `BadKeySize`, or `GenerationFailed` if the library fails.
    pub fn generate(algorithm: Algorithm, bits: Option<usize>) -> Result<Self, CryptoError> {
        check_signs(algorithm)?;
        if algorithm.is_rsa() {
            return generate_rsa(algorithm, bits.unwrap_or(2048));
        }
        let (len, size) = match algorithm {
            Algorithm::ECDSAP384SHA384 => (48, 384),
            Algorithm::ED448 => (57, 456),
            _ => (32, 256),
        };
        if let Some(bits) = bits.filter(|&bits| bits != size) {
            return Err(CryptoError::BadKeySize(algorithm, bits));
        }
        let mut octets = Zeroizing::new(vec![0; len]);
        // A random scalar is out of range about once in 2^32 (P-256) or 2^192 (P-384) draws.
        for _ in 0..16 {
            SystemRandom::new().fill(&mut octets).map_err(|_| CryptoError::GenerationFailed(algorithm))?;
            let key = Self { algorithm, material: Material::Octets(octets.clone()) };
            if key.public_field().is_ok() {
                return Ok(key);
            }
        }
        Err(CryptoError::GenerationFailed(algorithm))
    }

    /// Its algorithm.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The numbers, if it is an RSA key.
    #[must_use]
    pub fn rsa_parts(&self) -> Option<&RsaParts> {
        match &self.material {
            Material::Rsa(parts) => Some(parts),
            Material::Octets(_) => None,
        }
    }

    /// The scalar or seed, if it is not an RSA key.
    #[must_use]
    pub fn octets(&self) -> Option<&[u8]> {
        match &self.material {
            Material::Rsa(_) => None,
            Material::Octets(octets) => Some(octets),
        }
    }

    /// The public key field of its DNSKEY, computed from the private key (for RSA, taken from beside it).
    ///
    /// # Errors
    /// `BadPrivateKey` for a scalar out of range.
    pub fn public_field(&self) -> Result<Vec<u8>, CryptoError> {
        let algorithm = self.algorithm;
        let octets = match &self.material {
            Material::Rsa(parts) => {
                let mut field = Vec::new();
                let public =
                    RsaPublic { exponent: strip_zeros(&parts.public_exponent), modulus: strip_zeros(&parts.modulus) };
                public.push_field(&mut field);
                return Ok(field);
            }
            Material::Octets(octets) => octets,
        };
        match algorithm {
            Algorithm::ED25519 => Ed25519KeyPair::from_seed_unchecked(octets)
                .map(|pair| pair.public_key().as_ref().to_vec())
                .map_err(|_| CryptoError::BadPrivateKey(algorithm, "it must have 32 octets")),
            #[cfg(feature = "ed448")]
            Algorithm::ED448 => Ok(super::ed448::Ed448Signer::new(octets)?.public_field()),
            _ => ecdsa_public_field(algorithm, octets),
        }
    }

    /// Opens the key for signing with the faster library, see [`Self::open_with`].
    ///
    /// # Errors
    /// As [`Self::open_with`].
    pub fn open(&self, dnskey_public_field: &[u8]) -> Result<Box<dyn Signer>, CryptoError> {
        self.open_with(Backend::Auto, dnskey_public_field)
    }

    /// Opens the key for signing, after checking it against the public key field of its DNSKEY: the public key that
    /// the private one has must be that one. With RSA, where the private key does not give the public one but has it
    /// beside it, a trial signature must verify too.
    ///
    /// # Errors
    /// `HalvesDiffer`; `VerifyOnly`, `TooSmallToSign` by policy; `BadPublicKey` for a malformed field; `BadPrivateKey`
    /// or `Unsupported` if the library does not take the key.
    pub fn open_with(&self, backend: Backend, dnskey_public_field: &[u8]) -> Result<Box<dyn Signer>, CryptoError> {
        self.check_fits(dnskey_public_field)?;
        check_signs(self.algorithm)?;
        if let Material::Rsa(parts) = &self.material {
            let bits = super::rsa::bits(strip_zeros(&parts.modulus));
            if bits < SIGNING_BITS_MIN {
                return Err(CryptoError::TooSmallToSign(self.algorithm, bits));
            }
        }
        let signer = super::backend::first_that_takes(backend.libraries(self.algorithm, Work::Sign), |library| {
            self.open_in(library, dnskey_public_field)
        })?;
        if self.algorithm.is_rsa() {
            self.try_out(&*signer, dnskey_public_field)?;
        }
        Ok(signer)
    }

    /// Makes a signature: a damaged RSA exponent may show only there. The other library looks, where there is one.
    fn try_out(&self, signer: &dyn Signer, dnskey_public_field: &[u8]) -> Result<(), CryptoError> {
        let trial = b"trial";
        let mut signature = Vec::with_capacity(signer.signature_len());
        signer
            .sign(trial, &mut signature)
            .map_err(|_| CryptoError::BadPrivateKey(self.algorithm, "its parts do not belong together"))?;
        let public = PublicKey::from_dnskey_with(signer.library().other(), self.algorithm, dnskey_public_field)?;
        if !public.verify(trial, &signature) {
            return Err(CryptoError::HalvesDiffer(self.algorithm));
        }
        Ok(())
    }

    /// A signer of one library.
    fn open_in(&self, library: Library, public_field: &[u8]) -> Result<Box<dyn Signer>, CryptoError> {
        use Library::{AwsLc, Ring};
        let algorithm = self.algorithm;
        Ok(match (&self.material, library) {
            (Material::Rsa(parts), Ring) => Box::new(RingSigner::rsa(algorithm, parts)?),
            (Material::Rsa(parts), _) => Box::new(AwsLcSigner::rsa(algorithm, parts)?),
            (Material::Octets(seed), Ring) if algorithm == Algorithm::ED25519 => Box::new(RingSigner::ed25519(seed)?),
            (Material::Octets(seed), AwsLc) if algorithm == Algorithm::ED25519 => Box::new(AwsLcSigner::ed25519(seed)?),
            #[cfg(feature = "ed448")]
            (Material::Octets(seed), Library::Ed448) => Box::new(super::ed448::Ed448Signer::new(seed)?),
            (Material::Octets(scalar), Ring) => Box::new(RingSigner::ecdsa(algorithm, scalar, public_field)?),
            (Material::Octets(scalar), _) => Box::new(AwsLcSigner::ecdsa(algorithm, scalar, public_field)?),
        })
    }

    /// Whether the public key of this private key is the given one.
    ///
    /// # Errors
    /// `HalvesDiffer`, `BadPublicKey` for a malformed field, or `BadPrivateKey` if it has none.
    pub fn check_fits(&self, dnskey_public_field: &[u8]) -> Result<(), CryptoError> {
        let fits = if self.algorithm.is_rsa() {
            // Compared as numbers: a DNSKEY with leading zeros is the same key.
            let theirs = RsaPublic::parse(dnskey_public_field)
                .map_err(|what| CryptoError::BadPublicKey(self.algorithm, what))?;
            RsaPublic::parse(&self.public_field()?) == Ok(theirs)
        } else {
            self.public_field()? == dnskey_public_field
        };
        if fits { Ok(()) } else { Err(CryptoError::HalvesDiffer(self.algorithm)) }
    }
}

/// X and Y of a scalar's point. ring has no way to compute them.
fn ecdsa_public_field(algorithm: Algorithm, scalar: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let curve = if algorithm == Algorithm::ECDSAP256SHA256 { &agreement::ECDH_P256 } else { &agreement::ECDH_P384 };
    let damaged = |_| CryptoError::BadPrivateKey(algorithm, "its number is out of the curve's range");
    let key = agreement::PrivateKey::from_private_key(curve, scalar)
        .map_err(|_| CryptoError::BadPrivateKey(algorithm, "its number is out of the curve's range"))?;
    let public = key.compute_public_key().map_err(damaged)?;
    // Uncompressed: 0x04 comes first.
    Ok(public.as_ref()[1..].to_vec())
}

/// Makes an RSA key with exponent 65537.
fn generate_rsa(algorithm: Algorithm, bits: usize) -> Result<PrivateKey, CryptoError> {
    let size = match bits {
        2048 => KeySize::Rsa2048,
        3072 => KeySize::Rsa3072,
        4096 => KeySize::Rsa4096,
        _ => return Err(CryptoError::BadKeySize(algorithm, bits)),
    };
    let failed = |_| CryptoError::GenerationFailed(algorithm);
    let pair = aws_lc_rs::rsa::KeyPair::generate(size).map_err(failed)?;
    let der = pair.as_der().map_err(failed)?;
    match super::pkcs8::parse(der.as_ref()) {
        Ok(Pkcs8Key::Rsa(parts)) => PrivateKey::from_rsa(algorithm, parts),
        _ => Err(CryptoError::GenerationFailed(algorithm)),
    }
}
