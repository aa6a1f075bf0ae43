//! Which cryptographic library does the work, and which of two is the faster one.

use super::CryptoError;
use crate::base::Algorithm;
use std::fmt;

/// The back end that is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Backend {
    /// The faster library for each algorithm; the other one where that does not take a key.
    #[default]
    Auto,
    /// ring, for all that it does.
    Ring,
    /// aws-lc-rs, for all that it does.
    AwsLc,
}

/// A library that makes or verifies signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Library {
    /// ring.
    Ring,
    /// aws-lc-rs.
    AwsLc,
    /// ed448-goldilocks-plus, the only one with algorithm 16.
    Ed448,
    /// Our own plain arithmetic, which verifies with RSA keys too small for the others.
    Own,
}

impl fmt::Display for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ring => "ring",
            Self::AwsLc => "aws-lc",
            Self::Ed448 => "ed448-goldilocks-plus",
            Self::Own => "zoneseal",
        })
    }
}

/// What a library is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    Sign,
    Verify,
}

impl Backend {
    /// The libraries to try in order: a later one only where the one before does not take the key.
    pub(super) const fn libraries(self, algorithm: Algorithm, work: Work) -> &'static [Library] {
        match (self, faster(algorithm, work)) {
            (_, Library::Ed448) => &[Library::Ed448],
            (Self::Ring, _) => &[Library::Ring],
            (Self::AwsLc, _) => &[Library::AwsLc],
            (Self::Auto, Library::Ring) => &[Library::Ring, Library::AwsLc],
            (Self::Auto, _) => &[Library::AwsLc, Library::Ring],
        }
    }
}

impl Library {
    /// The back end that checks what this library signed: the other one, where there are two, so that one library's
    /// mistake is not made twice.
    #[must_use]
    pub const fn other(self) -> Backend {
        match self {
            Self::Ring => Backend::AwsLc,
            Self::AwsLc => Backend::Ring,
            Self::Ed448 | Self::Own => Backend::Auto,
        }
    }
}

/// Opens a key in the first of the libraries that takes it; what the last one says, if none does.
pub(super) fn first_that_takes<T>(
    libraries: &[Library],
    open: impl Fn(Library) -> Result<T, CryptoError>,
) -> Result<T, CryptoError> {
    let (last, before) = libraries.split_last().expect("every algorithm has a library");
    for library in before {
        match open(*library) {
            Err(CryptoError::Unsupported(..)) => {}
            opened => return opened,
        }
    }
    open(*last)
}

/// The table `auto` goes by: microseconds on one core of an AMD EPYC with AVX-512 and SHA extensions, ring 0.17.14 and
/// aws-lc-rs 1.19.0, the least of 200 batches, public keys prepared once (docs/performance.md; `zoneseal speed`
/// measures any other machine).
///
/// | algorithm           | sign: ring | aws-lc | verify: ring | aws-lc |
/// |---------------------|-----------:|-------:|-------------:|-------:|
/// | RSA, 2048 bits      |      631   |  263   |       24.2   |  17.4  |
/// | RSA, 3072 bits      |     1996   |  775   |       52.0   |  36.4  |
/// | RSA, 4096 bits      |     4618   | 1647   |       88.8   |  61.9  |
/// | ECDSA P-256         |       18.5 |   17.1 |       56.4   |  54.7  |
/// | ECDSA P-384         |      436   |   88.7 |      809     | 220    |
/// | Ed25519             |       25.9 |    9.9 |       51.5   |  40.6  |
const fn faster(algorithm: Algorithm, work: Work) -> Library {
    match (algorithm, work) {
        (Algorithm::ED448, _) => Library::Ed448,
        (_, Work::Sign | Work::Verify) => Library::AwsLc,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_back_end_is_the_only_one() {
        for number in [5, 7, 8, 10, 13, 14, 15] {
            for work in [Work::Sign, Work::Verify] {
                assert_eq!(Backend::Ring.libraries(Algorithm(number), work), [Library::Ring]);
                assert_eq!(Backend::AwsLc.libraries(Algorithm(number), work), [Library::AwsLc]);
                assert_eq!(Backend::Auto.libraries(Algorithm(number), work).len(), 2);
            }
        }
        for backend in [Backend::Auto, Backend::Ring, Backend::AwsLc] {
            assert_eq!(backend.libraries(Algorithm::ED448, Work::Sign), [Library::Ed448]);
        }
    }
}
