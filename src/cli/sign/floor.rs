//! The floor of a run: the time that its signatures alone take in the libraries, spread evenly over the cores. Nothing
//! can be faster; what a run takes beyond it is our overhead.
//!
//! A signature is timed during the run (see [`super::samples`]). Where too few were made, it is timed behind the run while
//! all threads sign: cores that share a clock or a unit are slower together than one of them is alone.

use super::samples::{Kind, Samples, kind};
use crate::cli::measure::seconds_per_call;
use crate::crypto::Signer;
use crate::sign::{KeySummary, OwnKeys, Summary};
use serde_json::{Value, json};
use std::fmt;
use std::time::Duration;

/// How long each key is measured: long enough for a machine whose speed changes from moment to moment.
const BUDGET: Duration = Duration::from_millis(100);
/// Octets that are signed: about what an RRset of one record and the header of its RRSIG come to.
const MESSAGE_LEN: usize = 120;

/// The floor.
#[derive(Debug)]
pub(super) struct Floor {
    keys: Vec<KeyTime>,
    cores: usize,
}

/// A key that signed.
#[derive(Debug)]
struct KeyTime {
    key_tag: u16,
    kind: Kind,
    signatures: u64,
    seconds_per_signature: f64,
}

impl KeyTime {
    /// How long a key takes that has signed. `None` if it does not sign any more.
    fn measure(key: &KeySummary, signer: &dyn Signer, samples: &Samples) -> Option<Self> {
        let kind = kind(signer);
        let sampled = samples.seconds_per_signature(kind);
        let seconds_per_signature = sampled.or_else(|| seconds_per_signature(signer))?;
        Some(Self { key_tag: key.key_tag, kind, signatures: key.signatures, seconds_per_signature })
    }
}

impl Floor {
    /// The floor of a run. `None` if no key signed.
    pub(super) fn measure(summary: &Summary, keys: &OwnKeys, samples: &Samples) -> Option<Self> {
        let measure = |(key, signer)| KeyTime::measure(key, signer, samples);
        Self::of_keys(Self::signers(summary, keys).filter_map(measure).collect())
    }

    /// The floor of many zones: one key of each kind is measured for all.
    pub(super) fn of_zones<'z>(
        zones: impl Iterator<Item = (&'z Summary, &'z OwnKeys)>,
        samples: &Samples,
    ) -> Option<Self> {
        let mut sums: Vec<KeyTime> = Vec::new();
        for (summary, keys) in zones {
            for (key, signer) in Self::signers(summary, keys) {
                match sums.iter_mut().find(|sum| sum.kind == kind(signer)) {
                    Some(sum) => sum.signatures += key.signatures,
                    None => sums.extend(KeyTime::measure(key, signer, samples)),
                }
            }
        }
        Self::of_keys(sums)
    }

    fn of_keys(keys: Vec<KeyTime>) -> Option<Self> {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let cores = rayon::current_num_threads().min(processors);
        (!keys.is_empty()).then_some(Self { keys, cores })
    }

    /// The keys that have signed.
    fn signers<'z>(summary: &'z Summary, keys: &'z OwnKeys) -> impl Iterator<Item = (&'z KeySummary, &'z dyn Signer)> {
        let keys = summary.keys.iter().zip(keys.set().all());
        keys.filter(|(summary, _)| summary.signatures > 0)
            .filter_map(|(summary, key)| Some((summary, key.signer.as_deref()?)))
    }

    /// Seconds.
    #[expect(clippy::cast_precision_loss, reason = "counts beyond 2^53 do not occur, and it is a figure for people")]
    fn seconds(&self) -> f64 {
        let work = self.keys.iter().map(|key| key.signatures as f64 * key.seconds_per_signature);
        work.sum::<f64>() / self.cores as f64
    }

    /// How many times the floor a run took.
    pub(super) fn ratio(&self, time: Duration) -> f64 {
        time.as_secs_f64() / self.seconds()
    }

    /// What each core has of the time of all threads together.
    #[expect(clippy::cast_precision_loss, reason = "no machine has 2^53 cores")]
    pub(super) fn share(&self, threads_time: Duration) -> Duration {
        threads_time.div_f64(self.cores as f64)
    }

    /// As JSON.
    pub(super) fn to_json(&self) -> Value {
        let key = |key: &KeyTime| {
            json!({
                "key_tag": key.key_tag,
                "algorithm": key.kind.0.0,
                "library": key.kind.1.to_string(),
                "signatures": key.signatures,
                "seconds_per_signature": key.seconds_per_signature,
            })
        };
        json!({
            "seconds": self.seconds(),
            "cores": self.cores,
            "keys": self.keys.iter().map(key).collect::<Vec<_>>(),
        })
    }
}

/// How long a signature takes while all threads of the pool make some, in the mean of the threads. `None` if one fails.
fn seconds_per_signature(signer: &dyn Signer) -> Option<f64> {
    let times = rayon::broadcast(|_| {
        let mut signature = Vec::with_capacity(signer.signature_len());
        let mut failed = false;
        let seconds = seconds_per_call(BUDGET, || {
            signature.clear();
            failed |= signer.sign(&[0x5a; MESSAGE_LEN], &mut signature).is_err();
        });
        (!failed).then_some(seconds)
    });
    #[expect(clippy::cast_precision_loss, reason = "no machine has 2^53 threads")]
    let threads = times.len() as f64;
    times.into_iter().sum::<Option<f64>>().map(|sum| sum / threads)
}

/// `0.145 s on 2 cores (13: 16.4 us a signature by aws-lc)`
impl fmt::Display for Floor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cores = if self.cores == 1 { "core" } else { "cores" };
        write!(f, "{:.3} s on {} {cores} (", self.seconds(), self.cores)?;
        for (index, key) in self.keys.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            let microseconds = key.seconds_per_signature * 1e6;
            write!(f, "{comma}key {}: {microseconds:.1} us a signature by {}", key.key_tag, key.kind.1)?;
        }
        f.write_str(")")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Algorithm;
    use crate::crypto::Library;

    /// signatures × time of one / cores, summed over the keys.
    #[test]
    fn the_floor_is_the_signatures_time_by_cores() {
        let key = |signatures, seconds_per_signature| KeyTime {
            key_tag: 1,
            kind: (Algorithm(13), Library::AwsLc, 64),
            signatures,
            seconds_per_signature,
        };
        let floor = Floor { keys: vec![key(3000, 1e-3), key(1, 2.0)], cores: 2 };
        assert!((floor.seconds() - 2.5).abs() < 1e-9);
        assert!((floor.ratio(Duration::from_secs(5)) - 2.0).abs() < 1e-9);
        assert_eq!(floor.to_json()["keys"][0]["signatures"], 3000);
        assert!(floor.to_string().starts_with("2.500 s on 2 cores (key 1: 1000.0 us a signature by aws-lc, "));
    }
}
