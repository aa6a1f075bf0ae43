//! Signing with ring: RSA, ECDSA, Ed25519.

use super::private_key::RsaParts;
use super::rsa::strip_zeros;
use super::{CryptoError, Library, Signer};
use crate::base::Algorithm;
use ring::rand::SystemRandom;
use ring::rsa::{KeyPair as RsaKeyPair, KeyPairComponents, PublicKeyComponents};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256,
    RSA_PKCS1_SHA512, RsaEncoding,
};
use std::fmt;

/// A key pair of ring.
pub(super) struct RingSigner {
    algorithm: Algorithm,
    signature_len: usize,
    pair: Pair,
    random: SystemRandom,
}

/// The pair by kind of algorithm.
enum Pair {
    Rsa(Box<RsaKeyPair>, &'static dyn RsaEncoding),
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl fmt::Debug for RingSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RingSigner({})", self.algorithm)
    }
}

impl RingSigner {
    /// An RSA pair for algorithm 8 or 10. ring checks that the parts belong together.
    pub(super) fn rsa(algorithm: Algorithm, parts: &RsaParts) -> Result<Self, CryptoError> {
        let encoding: &'static dyn RsaEncoding = match algorithm {
            Algorithm::RSASHA256 => &RSA_PKCS1_SHA256,
            Algorithm::RSASHA512 => &RSA_PKCS1_SHA512,
            _ => return Err(CryptoError::VerifyOnly(algorithm)),
        };
        let pair = RsaKeyPair::from_components(&KeyPairComponents {
            public_key: PublicKeyComponents { n: strip_zeros(&parts.modulus), e: strip_zeros(&parts.public_exponent) },
            d: strip_zeros(&parts.private_exponent),
            p: strip_zeros(&parts.prime1),
            q: strip_zeros(&parts.prime2),
            dP: strip_zeros(&parts.exponent1),
            dQ: strip_zeros(&parts.exponent2),
            qInv: strip_zeros(&parts.coefficient),
        })
        .map_err(|error| {
            let what = match error.to_string().as_str() {
                "TooLarge" => "its exponent has more than 33 bits",
                "TooSmall" => "its exponent is below 65537, the least that ring takes",
                "PrivateModulusLenNotMultipleOf512Bits" => {
                    "its primes are not a multiple of 512 bits long, as ring wants"
                }
                _ => return CryptoError::BadPrivateKey(algorithm, "its parts do not belong together"),
            };
            CryptoError::Unsupported(algorithm, what)
        })?;
        let signature_len = pair.public().modulus_len();
        Ok(Self::new(algorithm, signature_len, Pair::Rsa(Box::new(pair), encoding)))
    }

    /// A pair on a NIST curve; `public_field` is X and Y without the 0x04 in front.
    pub(super) fn ecdsa(algorithm: Algorithm, private: &[u8], public_field: &[u8]) -> Result<Self, CryptoError> {
        let curve = match algorithm {
            Algorithm::ECDSAP256SHA256 => &ECDSA_P256_SHA256_FIXED_SIGNING,
            _ => &ECDSA_P384_SHA384_FIXED_SIGNING,
        };
        let point = [&[4], public_field].concat();
        let pair = EcdsaKeyPair::from_private_key_and_public_key(curve, private, &point, &SystemRandom::new())
            .map_err(|_| CryptoError::HalvesDiffer(algorithm))?;
        Ok(Self::new(algorithm, public_field.len(), Pair::Ecdsa(pair)))
    }

    /// An Ed25519 pair from its seed of 32 octets.
    pub(super) fn ed25519(seed: &[u8]) -> Result<Self, CryptoError> {
        let algorithm = Algorithm::ED25519;
        let pair = Ed25519KeyPair::from_seed_unchecked(seed)
            .map_err(|_| CryptoError::BadPrivateKey(algorithm, "it must have 32 octets"))?;
        Ok(Self::new(algorithm, 64, Pair::Ed25519(pair)))
    }

    fn new(algorithm: Algorithm, signature_len: usize, pair: Pair) -> Self {
        Self { algorithm, signature_len, pair, random: SystemRandom::new() }
    }
}

impl Signer for RingSigner {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    fn library(&self) -> Library {
        Library::Ring
    }

    fn signature_len(&self) -> usize {
        self.signature_len
    }

    fn is_deterministic(&self) -> bool {
        !matches!(self.pair, Pair::Ecdsa(_))
    }

    fn sign(&self, message: &[u8], out: &mut Vec<u8>) -> Result<(), CryptoError> {
        let failed = |_| CryptoError::SigningFailed(self.algorithm);
        match &self.pair {
            Pair::Rsa(pair, encoding) => {
                let start = out.len();
                out.resize(start + self.signature_len, 0);
                pair.sign(*encoding, &self.random, message, &mut out[start..]).map_err(|error| {
                    out.truncate(start);
                    failed(error)
                })?;
            }
            Pair::Ecdsa(pair) => {
                out.extend_from_slice(pair.sign(&self.random, message).map_err(failed)?.as_ref());
            }
            Pair::Ed25519(pair) => out.extend_from_slice(pair.sign(message).as_ref()),
        }
        Ok(())
    }
}
