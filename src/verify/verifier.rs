//! The seam to whatever checks signatures: the library today, anything faster on public data later.

use crate::base::Algorithm;
use crate::crypto::{Backend, CryptoError, PublicKey};
use std::fmt;

/// One signature to check.
#[derive(Clone, Copy, Debug)]
pub struct SignatureJob<'a> {
    /// The octets that were signed (RFC 4034 section 3.1.8.1).
    pub message: &'a [u8],
    /// The signature field.
    pub signature: &'a [u8],
}

/// Checks signatures of one public key, prepared once.
pub trait SignatureVerifier: Send + Sync + fmt::Debug {
    /// Appends, for each job in order, whether its signature is right. Whole batches are handed over, so that an
    /// implementation can share work among them.
    fn verify_batch(&self, jobs: &[SignatureJob<'_>], results: &mut Vec<bool>);

    /// Whether answers that were given may be wrong, as it has turned out since.
    fn is_in_doubt(&self) -> bool {
        false
    }
}

/// Prepares public keys.
pub trait VerifierSource: Send + Sync + fmt::Debug {
    /// Prepares the public key field of a DNSKEY.
    ///
    /// # Errors
    /// As [`PublicKey::from_dnskey`].
    fn open(&self, algorithm: Algorithm, public_key: &[u8]) -> Result<Box<dyn SignatureVerifier>, CryptoError>;
}

/// The cryptographic libraries, one signature at a time.
#[derive(Clone, Debug, Default)]
pub struct LibraryVerifiers {
    /// For all keys but those in `by_key`.
    pub backend: Backend,
    /// Keys, with the public key field of their DNSKEYs, that are verified by a back end of their own.
    pub by_key: Vec<(Algorithm, Vec<u8>, Backend)>,
}

impl LibraryVerifiers {
    /// One back end for every key.
    #[must_use]
    pub const fn new(backend: Backend) -> Self {
        Self { backend, by_key: Vec::new() }
    }

    /// The key in the library it is to be verified by.
    ///
    /// # Errors
    /// As [`PublicKey::from_dnskey_with`].
    pub fn prepare(&self, algorithm: Algorithm, public_key: &[u8]) -> Result<PublicKey, CryptoError> {
        let own = self.by_key.iter().find(|(own, field, _)| (*own, field.as_slice()) == (algorithm, public_key));
        PublicKey::from_dnskey_with(own.map_or(self.backend, |(_, _, backend)| *backend), algorithm, public_key)
    }
}

impl VerifierSource for LibraryVerifiers {
    fn open(&self, algorithm: Algorithm, public_key: &[u8]) -> Result<Box<dyn SignatureVerifier>, CryptoError> {
        Ok(Box::new(self.prepare(algorithm, public_key)?))
    }
}

impl SignatureVerifier for PublicKey {
    fn verify_batch(&self, jobs: &[SignatureJob<'_>], results: &mut Vec<bool>) {
        results.extend(jobs.iter().map(|job| self.verify(job.message, job.signature)));
    }
}
