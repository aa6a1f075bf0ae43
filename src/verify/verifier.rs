//! The seam to whatever checks signatures: the library today, anything faster on public data later.

use crate::base::Algorithm;
use crate::crypto::{CryptoError, PublicKey};
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
}

/// Prepares public keys.
pub trait VerifierSource: Send + Sync + fmt::Debug {
    /// Prepares the public key field of a DNSKEY.
    ///
    /// # Errors
    /// As [`PublicKey::from_dnskey`].
    fn open(&self, algorithm: Algorithm, public_key: &[u8]) -> Result<Box<dyn SignatureVerifier>, CryptoError>;
}

/// The cryptographic library, one signature at a time.
#[derive(Clone, Copy, Debug, Default)]
pub struct LibraryVerifiers;

impl VerifierSource for LibraryVerifiers {
    fn open(&self, algorithm: Algorithm, public_key: &[u8]) -> Result<Box<dyn SignatureVerifier>, CryptoError> {
        Ok(Box::new(PublicKey::from_dnskey(algorithm, public_key)?))
    }
}

impl SignatureVerifier for PublicKey {
    fn verify_batch(&self, jobs: &[SignatureJob<'_>], results: &mut Vec<bool>) {
        results.extend(jobs.iter().map(|job| self.verify(job.message, job.signature)));
    }
}
