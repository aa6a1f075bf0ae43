//! What a signature takes in its library at the speed the machine has during a run.
//!
//! Machines change their speed from moment to moment, some by a third, so what is measured before or after a run says
//! little about it. Here one call in many makes its signature some more times, one right behind the other as in a loop of
//! nothing else, and these are timed.

use crate::base::Algorithm;
use crate::crypto::{CryptoError, Library, Signer};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Of so many signatures one is made again: what that costs does not show.
const INTERVAL: u64 = 512;
/// How many times: the middle one of three counts, for a thread may be interrupted.
const REPEATS: usize = 3;
/// Fewer samples say less than measuring after the run.
const SAMPLES_MIN: u64 = 32;

/// The samples of a run.
#[derive(Debug, Default)]
pub(super) struct Samples(Mutex<Vec<Arc<Sample>>>);

/// What the time of a signature depends on: algorithm, library, and octets of the signature, which tell the size of an RSA
/// key.
pub(super) type Kind = (Algorithm, Library, usize);

/// The kind of a signer's signatures.
pub(super) fn kind(signer: &dyn Signer) -> Kind {
    (signer.algorithm(), signer.library(), signer.signature_len())
}

/// The samples of one kind.
#[derive(Debug)]
struct Sample {
    of: Kind,
    calls: AtomicU64,
    count: AtomicU64,
    nanoseconds: AtomicU64,
}

impl Samples {
    /// A signer that is the same, and samples now and then.
    pub(super) fn watch(&self, signer: Box<dyn Signer>) -> Box<dyn Signer> {
        let sample = self.sample(kind(&*signer));
        Box::new(Sampled { signer, sample })
    }

    /// Seconds of a signature, in the mean of the samples; `None` if they are few.
    pub(super) fn seconds_per_signature(&self, kind: Kind) -> Option<f64> {
        let sample = self.sample(kind);
        let count = sample.count.load(Relaxed);
        #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
        let mean = || sample.nanoseconds.load(Relaxed) as f64 / count as f64 / 1e9;
        (count >= SAMPLES_MIN).then(mean)
    }

    fn sample(&self, of: Kind) -> Arc<Sample> {
        // A thread that panicked while it held the list left it whole: it is only appended to.
        let mut samples = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sample) = samples.iter().find(|sample| sample.of == of) {
            return Arc::clone(sample);
        }
        let [calls, count, nanoseconds] = [0; 3].map(AtomicU64::new);
        let sample = Arc::new(Sample { of, calls, count, nanoseconds });
        samples.push(Arc::clone(&sample));
        sample
    }
}

/// A signer whose signatures are sampled.
#[derive(Debug)]
struct Sampled {
    signer: Box<dyn Signer>,
    sample: Arc<Sample>,
}

impl Sampled {
    /// Makes a signature some more times. If one fails there is no sample, and nothing is lost by it.
    #[cold]
    fn take_sample(&self, message: &[u8]) -> Result<(), CryptoError> {
        let mut signature = Vec::with_capacity(self.signer.signature_len());
        let mut times = [0; REPEATS];
        for time in &mut times {
            signature.clear();
            let start = Instant::now();
            self.signer.sign(message, &mut signature)?;
            *time = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        }
        times.sort_unstable();
        self.sample.nanoseconds.fetch_add(times[REPEATS / 2], Relaxed);
        self.sample.count.fetch_add(1, Relaxed);
        Ok(())
    }
}

impl Signer for Sampled {
    fn algorithm(&self) -> Algorithm {
        self.signer.algorithm()
    }

    fn library(&self) -> Library {
        self.signer.library()
    }

    fn signature_len(&self) -> usize {
        self.signer.signature_len()
    }

    fn is_deterministic(&self) -> bool {
        self.signer.is_deterministic()
    }

    fn sign(&self, message: &[u8], out: &mut Vec<u8>) -> Result<(), CryptoError> {
        self.signer.sign(message, out)?;
        if self.sample.calls.fetch_add(1, Relaxed) % INTERVAL == INTERVAL - 1 {
            let _ = self.take_sample(message);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// Signs with the message itself as often as it is long, and takes its time; fails when it has signed so often.
    #[derive(Debug)]
    struct Slow {
        signature_len: usize,
        calls_left: AtomicU64,
    }

    impl Slow {
        fn boxed(signature_len: usize, calls: u64) -> Box<dyn Signer> {
            Box::new(Self { signature_len, calls_left: calls.into() })
        }
    }

    impl Signer for Slow {
        fn algorithm(&self) -> Algorithm {
            Algorithm(15)
        }

        fn library(&self) -> Library {
            Library::Ring
        }

        fn signature_len(&self) -> usize {
            self.signature_len
        }

        fn is_deterministic(&self) -> bool {
            true
        }

        fn sign(&self, message: &[u8], out: &mut Vec<u8>) -> Result<(), CryptoError> {
            if self.calls_left.fetch_sub(1, Relaxed) == 0 {
                return Err(CryptoError::SigningFailed(Algorithm(15)));
            }
            std::thread::sleep(Duration::from_micros(20));
            out.extend_from_slice(message);
            Ok(())
        }
    }

    const KIND: Kind = (Algorithm(15), Library::Ring, 1);

    /// Not how long, which no test can know, but that the signatures are the signer's and that one in many is sampled.
    #[test]
    fn one_signature_in_many_is_sampled() {
        let samples = Samples::default();
        let signers = [1, 1].map(|len| samples.watch(Slow::boxed(len, u64::MAX)));
        let other = samples.watch(Slow::boxed(2, u64::MAX));
        let mut out = Vec::new();
        for call in 0..SAMPLES_MIN * INTERVAL {
            assert_eq!(samples.seconds_per_signature(KIND), None, "{call} calls");
            signers[usize::from(call % 2 == 0)].sign(b"x", &mut out).unwrap();
        }
        assert_eq!(out.len() as u64, SAMPLES_MIN * INTERVAL);
        assert!(samples.seconds_per_signature(KIND).unwrap() >= 20e-6);
        // Keys of another size or library are others.
        other.sign(b"xy", &mut out).unwrap();
        assert_eq!(samples.seconds_per_signature(kind(&*other)), None);
        assert_eq!(samples.seconds_per_signature((Algorithm(15), Library::AwsLc, 1)), None);
    }

    /// A run fails by the signatures it needs, and by no other.
    #[test]
    fn a_sample_that_fails_fails_nothing() {
        let samples = Samples::default();
        let signer = samples.watch(Slow::boxed(1, INTERVAL));
        let mut out = Vec::new();
        for _ in 0..INTERVAL {
            signer.sign(b"x", &mut out).unwrap();
        }
        assert_eq!(out.len() as u64, INTERVAL);
        assert_eq!(samples.sample(KIND).count.load(Relaxed), 0);
    }
}
