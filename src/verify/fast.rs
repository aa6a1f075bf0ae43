//! Verification with our own arithmetic where a key has made many signatures and the algorithm has it: P-256, P-384 and
//! Ed25519.
//!
//! A library takes the signatures one by one and forgets the key in between; see [`crate::crypto::bulk`] for what is
//! gained by not doing so. The library keeps the last word: it is asked again before a signature is called bad, and it
//! checks a sample of those called good. Where it refuses one of the sample, it is to verify all, and the zone is not good.

use super::verifier::{LibraryVerifiers, SignatureJob, SignatureVerifier, VerifierSource};
use crate::base::Algorithm;
use crate::crypto::bulk::{self, BATCH_LEN, BatchVerifier, Item, MessageDigest, Scratch, WORTHWHILE_MIN};
use crate::crypto::{CryptoError, PublicKey};
use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

/// One good signature in so many is shown to the library as well, chosen by its message's digest; and the first of each
/// batch, or few signatures would have no sample.
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
            is_in_doubt: AtomicBool::new(false),
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
    /// Whether the library refused a signature that our arithmetic found valid.
    is_in_doubt: AtomicBool,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

impl SignatureVerifier for FastKey {
    fn verify_batch(&self, jobs: &[SignatureJob<'_>], results: &mut Vec<bool>) {
        let start = results.len();
        if let Some(tables) = self.tables_for(jobs.len()) {
            self.verify_with(tables, jobs, results);
            if !self.is_in_doubt() {
                return;
            }
            // No answer of this arithmetic is worth anything then.
            results.truncate(start);
        }
        self.library.verify_batch(jobs, results);
    }

    fn is_in_doubt(&self) -> bool {
        self.is_in_doubt.load(Ordering::Relaxed)
    }
}

impl FastKey {
    /// The tables, if the key has signed enough with what is at hand.
    fn tables_for(&self, job_count: usize) -> Option<&BatchVerifier> {
        let seen = self.seen.fetch_add(job_count, Ordering::Relaxed) + job_count;
        let make = || BatchVerifier::new(self.algorithm, &self.public_key, self.expected_count);
        (seen >= WORTHWHILE_MIN && !self.is_in_doubt()).then(|| self.tables.get_or_init(make).as_ref()).flatten()
    }

    /// Verifies with tables; the library has a part in it.
    fn verify_with(&self, tables: &BatchVerifier, jobs: &[SignatureJob<'_>], results: &mut Vec<bool>) {
        SCRATCH.with_borrow_mut(|scratch| {
            let mut valid = Vec::with_capacity(BATCH_LEN);
            let mut is_first = true;
            for batch in jobs.chunks(BATCH_LEN) {
                let digests: Vec<MessageDigest> = batch.iter().map(|job| self.digest(job)).collect();
                let items = digests.iter().zip(batch);
                let items: Vec<Item<'_>> =
                    items.map(|(digest, job)| Item { digest: digest.octets(), signature: job.signature }).collect();
                tables.verify(&items, scratch, &mut valid);
                let checked = batch.iter().zip(&items).zip(&valid);
                results.extend(checked.map(|((job, item), &valid)| self.confirm(job, item, valid, &mut is_first)));
            }
        });
    }

    fn digest(&self, job: &SignatureJob<'_>) -> MessageDigest {
        MessageDigest::of(self.algorithm, &self.public_key, job.message, job.signature)
    }

    /// The final answer for a signature that our arithmetic has found valid, or has not. `is_first`: no valid one was shown to
    /// the library yet.
    fn confirm(&self, job: &SignatureJob<'_>, item: &Item<'_>, valid: bool, is_first: &mut bool) -> bool {
        let is_sample = (valid && std::mem::take(is_first)) || item.digest[0].is_multiple_of(LIBRARY_SAMPLE);
        if valid && !is_sample {
            return true;
        }
        let is_right = self.library.verify(job.message, job.signature);
        if valid && !is_right {
            // A zone must not be published on the word of arithmetic that is wrong.
            self.is_in_doubt.store(true, Ordering::Relaxed);
        }
        is_right
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

    /// A key whose arithmetic is another's finds signatures valid that the library refuses: the library's answers are given,
    /// from the first batch on, though no digest may fall into the sample, and the key says that it is in doubt.
    #[test]
    fn arithmetic_that_the_library_contradicts_is_not_believed() {
        let (wrong, right) =
            (Ed25519KeyPair::from_seed_unchecked(&[1; 32]), Ed25519KeyPair::from_seed_unchecked(&[2; 32]));
        let (wrong, right) = (wrong.unwrap(), right.unwrap());
        let algorithm = Algorithm::ED25519;
        let key = FastKey {
            algorithm,
            library: LibraryVerifiers::default().prepare(algorithm, right.public_key().as_ref()).unwrap(),
            public_key: wrong.public_key().as_ref().to_vec(),
            expected_count: 1000,
            seen: AtomicUsize::new(WORTHWHILE_MIN),
            tables: OnceLock::new(),
            is_in_doubt: AtomicBool::new(false),
        };
        let (of_wrong, of_right) = (wrong.sign(b"message"), right.sign(b"message"));
        let (of_wrong, of_right) = (of_wrong.as_ref(), of_right.as_ref());
        let verify = |signatures: &[&[u8]]| {
            let jobs: Vec<SignatureJob<'_>> =
                signatures.iter().map(|signature| SignatureJob { message: b"message", signature }).collect();
            let mut results = Vec::new();
            key.verify_batch(&jobs, &mut results);
            results
        };
        assert_eq!(verify(&[of_right]), [true]);
        assert!(!key.is_in_doubt(), "what the library alone accepts is as it should be");
        assert_eq!(verify(&[of_right, of_wrong, of_wrong]), [true, false, false]);
        assert!(key.is_in_doubt());
        assert_eq!(verify(&[of_wrong, of_right]), [false, true]);
    }

    #[test]
    fn keys_off_the_curve_are_the_librarys_to_refuse() {
        let source = FastVerifiers { expected_count: 1000, libraries: LibraryVerifiers::default() };
        assert!(source.open(Algorithm::ECDSAP256SHA256, &[1; 64]).is_err());
    }
}
