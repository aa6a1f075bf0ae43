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
    /// As `Auto`, for a run of few signatures: see [`Self::for_signatures`].
    AutoForFew,
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

/// The signatures from which aws-lc's P-256 makes up for its start: its first random number takes 30 ms of gathering
/// the processor's jitter, in each process, and a signature then takes about 1.3 microseconds less of a whole run. With
/// RSA and P-384 a hundred signatures make up for it; Ed25519 needs no random numbers.
const P256_START_PAYS_FROM: usize = 25_000;

impl Backend {
    /// What to sign with in a run of about so many signatures. Only `Auto` gives way: a zone of a dozen records should
    /// take 3 ms, not 33.
    #[must_use]
    pub const fn for_signatures(self, expected_count: usize) -> Self {
        match self {
            Self::Auto if expected_count < P256_START_PAYS_FROM => Self::AutoForFew,
            _ => self,
        }
    }

    /// The libraries to try in order: a later one only where the one before does not take the key.
    pub(super) const fn libraries(self, algorithm: Algorithm, work: Work) -> &'static [Library] {
        match (self, faster(algorithm, work)) {
            (_, Library::Ed448) => &[Library::Ed448],
            (Self::Ring, _) => &[Library::Ring],
            (Self::AwsLc, _) => &[Library::AwsLc],
            (Self::AutoForFew, _) if is_p256_signing(algorithm, work) => &[Library::Ring, Library::AwsLc],
            (Self::Auto | Self::AutoForFew, Library::Ring) => &[Library::Ring, Library::AwsLc],
            (Self::Auto | Self::AutoForFew, _) => &[Library::AwsLc, Library::Ring],
        }
    }
}

const fn is_p256_signing(algorithm: Algorithm, work: Work) -> bool {
    matches!((algorithm, work), (Algorithm::ECDSAP256SHA256, Work::Sign))
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
        for backend in [Backend::Auto, Backend::AutoForFew, Backend::Ring, Backend::AwsLc] {
            assert_eq!(backend.libraries(Algorithm::ED448, Work::Sign), [Library::Ed448]);
        }
    }

    /// A short run signs P-256 with ring and all else as a long one does; a library that is named stays.
    #[test]
    fn few_signatures_spare_the_start_of_aws_lc() {
        let few = Backend::Auto.for_signatures(P256_START_PAYS_FROM - 1);
        assert_eq!(Backend::Auto.for_signatures(P256_START_PAYS_FROM), Backend::Auto);
        assert_eq!(few.libraries(Algorithm::ECDSAP256SHA256, Work::Sign)[0], Library::Ring);
        assert_eq!(few.libraries(Algorithm::ECDSAP256SHA256, Work::Verify)[0], Library::AwsLc);
        for number in [8, 10, 14, 15] {
            assert_eq!(
                few.libraries(Algorithm(number), Work::Sign),
                Backend::Auto.libraries(Algorithm(number), Work::Sign)
            );
        }
        for named in [Backend::Ring, Backend::AwsLc] {
            assert_eq!(named.for_signatures(1), named);
        }
    }
}
