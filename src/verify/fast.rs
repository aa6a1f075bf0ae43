//! Verification with our own arithmetic where a key has made many signatures and the algorithm has it: P-256.
//!
//! A library takes the signatures one by one and forgets the key in between; see [`crate::crypto::p256`] for what is
//! gained by not doing so. The library keeps the last word: it is asked again before a signature is called bad, and it
//! checks a sample of those called good.

use super::verifier::{SignatureJob, SignatureVerifier, VerifierSource};
use crate::base::Algorithm;
use crate::crypto::p256::{BATCH_LEN, BatchVerifier, Item, Scratch, WORTHWHILE_MIN};
use crate::crypto::{CryptoError, PublicKey, digest};
use std::cell::RefCell;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// One good signature in so many is shown to the library as well, chosen by its message's digest.
const LIBRARY_SAMPLE: u8 = 128;

/// The fast verifier for P-256 and the library for all else.
#[derive(Clone, Copy, Debug)]
pub struct FastVerifiers {
    expected_count: usize,
}

impl FastVerifiers {
    /// For about so many signatures in all; more of them pay for larger tables.
    #[must_use]
    pub const fn new(expected_count: usize) -> Self {
        Self { expected_count }
    }
}

impl VerifierSource for FastVerifiers {
    fn open(&self, algorithm: Algorithm, public_key: &[u8]) -> Result<Box<dyn SignatureVerifier>, CryptoError> {
        let library = PublicKey::from_dnskey(algorithm, public_key)?;
        if algorithm != Algorithm::ECDSAP256SHA256 || self.expected_count < WORTHWHILE_MIN {
            return Ok(Box::new(library));
        }
        Ok(Box::new(FastKey {
            library,
            public_key: public_key.to_vec(),
            expected_count: self.expected_count,
            seen: AtomicUsize::new(0),
            tables: OnceLock::new(),
        }))
    }
}

/// A P-256 key whose tables are made once it has turned out to sign a lot, which a KSK never does.
#[derive(Debug)]
struct FastKey {
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
        let tables = (seen >= WORTHWHILE_MIN).then(|| {
            self.tables.get_or_init(|| BatchVerifier::new(&self.public_key, self.expected_count)).as_ref()
        });
        let Some(Some(tables)) = tables else { return self.library.verify_batch(jobs, results) };
        SCRATCH.with_borrow_mut(|scratch| {
            let mut valid = Vec::with_capacity(BATCH_LEN);
            for batch in jobs.chunks(BATCH_LEN) {
                let item =
                    |job: &SignatureJob<'_>| Item { digest: digest::sha256(&[job.message]), signature: job.signature };
                let items: Vec<Item<'_>> = batch.iter().map(item).collect();
                tables.verify(&items, scratch, &mut valid);
                let checked = batch.iter().zip(&items).zip(&valid);
                results.extend(checked.map(|((job, item), &valid)| self.confirm(job, item, valid)));
            }
        });
    }
}

impl FastKey {
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
