//! Ed448 (RFC 8080, RFC 8032 section 5.2): pure EdDSA with an empty context (ENC-4).

use super::{CryptoError, Library, Signer};
use crate::base::Algorithm;
use ed448_goldilocks_plus::{Signature, SigningKey, VerifyingKey};
use std::fmt;

/// Octets of private and public keys.
pub(super) const KEY_LEN: usize = 57;
/// Octets of a signature.
const SIGNATURE_LEN: usize = 114;

/// A public key whose point has been decoded.
#[derive(Clone, Debug)]
pub(super) struct Ed448PublicKey(Box<VerifyingKey>);

impl Ed448PublicKey {
    /// From the public key field of a DNSKEY.
    pub(super) fn new(field: &[u8]) -> Result<Self, CryptoError> {
        let malformed = |what| CryptoError::BadPublicKey(Algorithm::ED448, what);
        let field: &[u8; KEY_LEN] =
            field.try_into().map_err(|_| malformed("it must have 57 octets (RFC 8080 section 3)"))?;
        let key = VerifyingKey::from_bytes(field).map_err(|_| malformed("its point is not on the curve"))?;
        Ok(Self(Box::new(key)))
    }

    /// Whether the signature is this key's.
    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        <&[u8; SIGNATURE_LEN]>::try_from(signature)
            .ok()
            .and_then(|signature| Signature::from_bytes(signature).ok())
            .is_some_and(|signature| self.0.verify_raw(&signature, message).is_ok())
    }
}

/// Signs with a seed of 57 octets; the library wipes its copy when dropped.
pub(super) struct Ed448Signer(Box<SigningKey>);

impl fmt::Debug for Ed448Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ed448Signer")
    }
}

impl Ed448Signer {
    /// From the private key's octets.
    pub(super) fn new(seed: &[u8]) -> Result<Self, CryptoError> {
        SigningKey::try_from(seed)
            .map(|key| Self(Box::new(key)))
            .map_err(|_| CryptoError::BadPrivateKey(Algorithm::ED448, "it must have 57 octets"))
    }

    /// The public key field of its DNSKEY.
    pub(super) fn public_field(&self) -> Vec<u8> {
        self.0.verifying_key().to_bytes().to_vec()
    }
}

impl Signer for Ed448Signer {
    fn algorithm(&self) -> Algorithm {
        Algorithm::ED448
    }

    fn library(&self) -> Library {
        Library::Ed448
    }

    fn signature_len(&self) -> usize {
        SIGNATURE_LEN
    }

    fn is_deterministic(&self) -> bool {
        true
    }

    fn sign(&self, message: &[u8], out: &mut Vec<u8>) -> Result<(), CryptoError> {
        out.extend_from_slice(&self.0.sign_raw(message).to_bytes());
        Ok(())
    }
}
