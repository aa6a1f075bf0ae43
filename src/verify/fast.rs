//! Verification with our own arithmetic where a key has made many signatures and the algorithm has it: P-256, P-384 and
//! Ed25519.
//!
//! A library takes the signatures one by one and forgets the key in between; see [`crate::crypto::bulk`] for what is
//! gained by not doing so. The library keeps the last word: it is asked again before a signature is called bad, and it
//! checks a sample of those called good.

use super::verifier::{LibraryVerifiers, SignatureJob, SignatureVerifier, VerifierSource};
use crate::base::Algorithm;
use crate::crypto::bulk::{self, BATCH_LEN, BatchVerifier, Item, MessageDigest, Scratch, WORTHWHILE_MIN};
use crate::crypto::{CryptoError, PublicKey};
use std::cell::RefCell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

/// One good signature in so many is shown to the library as well, chosen by its message's digest.
const LIBRARY_SAMPLE: u8 = 128;

/// Who verifies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VerifierChoice {
    /// [`FastVerifiers`].
    #[default]
    Fast,
    /// [`LibraryVerifiers`].
    Library,
}

impl VerifierChoice {
    /// The verifiers for a zone with about so many signatures, with these libraries.
    #[must_use]
    pub fn source(self, expected_count: usize, libraries: LibraryVerifiers) -> Arc<dyn VerifierSource> {
        match self {
            Self::Fast => Arc::new(FastVerifiers { expected_count, libraries }),
            Self::Library => Arc::new(libraries),
        }
    }
}

/// The fast verifier for algorithms that have it, and the library for all else.
#[derive(Clone, Debug)]
pub struct FastVerifiers {
    /// Signatures in all, about; more of them pay for larger tables.
    pub expected_count: usize,
    /// The libraries.
    pub libraries: LibraryVerifiers,
}

impl VerifierSource for FastVerifiers {
    fn open(&self, algorithm: Algorithm, public_key: &[u8]) -> Result<Box<dyn SignatureVerifier>, CryptoError> {
        let library = self.libraries.prepare(algorithm, public_key)?;
        if !bulk::has(algorithm) || self.expected_count < WORTHWHILE_MIN {
            return Ok(Box::new(library));
        }
        Ok(Box::new(FastKey {
            algorithm,
            library,
            public_key: public_key.to_vec(),
            expected_count: self.expected_count,
            seen: AtomicUsize::new(0),
            tables: OnceLock::new(),
        }))
    }
}

/// A key whose tables are made once it has turned out to sign a lot, which a KSK never does.
#[derive(Debug)]
struct FastKey {
    algorithm: Algorithm,
    library: PublicKey,
    public_key: Vec<u8>,
    expected_count: usize,
    seen: AtomicUsize,
    tables: OnceLock<Option<BatchVerifier>>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

impl SignatureVerifier for FastKey {
    fn verify_batch(&self, jobs: &[SignatureJob<'_>], results: &mut Vec<bool>) {
        let seen = self.seen.fetch_add(jobs.len(), Ordering::Relaxed) + jobs.len();
        let make = || BatchVerifier::new(self.algorithm, &self.public_key, self.expected_count);
        let tables = (seen >= WORTHWHILE_MIN).then(|| self.tables.get_or_init(make).as_ref());
        let Some(Some(tables)) = tables else { return self.library.verify_batch(jobs, results) };
        SCRATCH.with_borrow_mut(|scratch| {
            let mut valid = Vec::with_capacity(BATCH_LEN);
            for batch in jobs.chunks(BATCH_LEN) {
                let digests: Vec<MessageDigest> = batch.iter().map(|job| self.digest(job)).collect();
                let items = digests.iter().zip(batch);
                let items: Vec<Item<'_>> =
                    items.map(|(digest, job)| Item { digest: digest.octets(), signature: job.signature }).collect();
                tables.verify(&items, scratch, &mut valid);
                let checked = batch.iter().zip(&items).zip(&valid);
                results.extend(checked.map(|((job, item), &valid)| self.confirm(job, item, valid)));
            }
        });
    }
}

impl FastKey {
    fn digest(&self, job: &SignatureJob<'_>) -> MessageDigest {
        MessageDigest::of(self.algorithm, &self.public_key, job.message, job.signature)
    }

    /// The final answer for a signature that our arithmetic has found valid, or has not.
    fn confirm(&self, job: &SignatureJob<'_>, item: &Item<'_>, valid: bool) -> bool {
        if !valid {
            return self.library.verify(job.message, job.signature);
        }
        if item.digest[0].is_multiple_of(LIBRARY_SAMPLE) {
            // A zone must not be published on the word of arithmetic that is wrong.
            assert!(
                self.library.verify(job.message, job.signature),
                "the fast verifier accepts a signature that the library refuses: please report it, and use the library"
            );
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::rand::SystemRandom;
    use ring::signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
        Ed25519KeyPair, KeyPair,
    };

    /// Batches below and above the size where tables are made, every fifth signature broken: the library's answers.
    #[test]
    fn answers_are_the_librarys() {
        answers_for_ecdsa(Algorithm::ECDSAP256SHA256, &ECDSA_P256_SHA256_FIXED_SIGNING);
        answers_for_ecdsa(Algorithm::ECDSAP384SHA384, &ECDSA_P384_SHA384_FIXED_SIGNING);
        let pair = Ed25519KeyPair::from_seed_unchecked(&[1; 32]).unwrap();
        answers_for(Algorithm::ED25519, pair.public_key().as_ref(), |message| pair.sign(message).as_ref().to_vec());
    }

    fn answers_for_ecdsa(algorithm: Algorithm, signing: &'static EcdsaSigningAlgorithm) {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(signing, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(signing, pkcs8.as_ref(), &random).unwrap();
        let public_key = &pair.public_key().as_ref()[1..];
        answers_for(algorithm, public_key, |message| pair.sign(&random, message).unwrap().as_ref().to_vec());
    }

    fn answers_for(algorithm: Algorithm, public_key: &[u8], sign: impl Fn(&[u8]) -> Vec<u8>) {
        let signed: Vec<([u8; 4], Vec<u8>)> = (0..2 * WORTHWHILE_MIN)
            .map(|n| {
                let message = u32::try_from(n).unwrap().to_be_bytes();
                let mut signature = sign(&message);
                match n % 10 {
                    0 => signature[n % 64] ^= 1,
                    5 => signature.truncate(n % 64),
                    _ => {}
                }
                (message, signature)
            })
            .collect();
        let jobs: Vec<SignatureJob<'_>> =
            signed.iter().map(|(message, signature)| SignatureJob { message, signature }).collect();
        let mut expected = Vec::new();
        LibraryVerifiers::default().open(algorithm, public_key).unwrap().verify_batch(&jobs, &mut expected);
        assert_eq!(expected.iter().filter(|&&is_right| !is_right).count(), jobs.len() / 5);
        for batch_len in [7, 100, jobs.len()] {
            let verifier = FastVerifiers { expected_count: jobs.len(), libraries: LibraryVerifiers::default() }
                .open(algorithm, public_key)
                .unwrap();
            let mut results = Vec::new();
            for batch in jobs.chunks(batch_len) {
                verifier.verify_batch(batch, &mut results);
            }
            assert_eq!(results, expected, "batches of {batch_len}");
        }
    }

    #[test]
    fn keys_off_the_curve_are_the_librarys_to_refuse() {
        let source = FastVerifiers { expected_count: 1000, libraries: LibraryVerifiers::default() };
        assert!(source.open(Algorithm::ECDSAP256SHA256, &[1; 64]).is_err());
    }
}
