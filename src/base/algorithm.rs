//! DNSSEC algorithm and digest numbers (IANA registries; use per RFC 9904 to 9906, guidance section 2).

use std::fmt;

/// A DNSSEC algorithm number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Algorithm(pub u8);

/// What this program does with an algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlgorithmUse {
    /// Signs and verifies.
    Sign,
    /// Verifies existing signatures, never makes one.
    VerifyOnly,
    /// Neither; the text says why.
    Refuse(&'static str),
}

impl Algorithm {
    /// RSA/SHA-1 (RFC 3110).
    pub const RSASHA1: Self = Self(5);
    /// RSA/SHA-1, alias that implies NSEC3 (RFC 5155).
    pub const RSASHA1_NSEC3_SHA1: Self = Self(7);
    /// RSA/SHA-256 (RFC 5702).
    pub const RSASHA256: Self = Self(8);
    /// RSA/SHA-512 (RFC 5702).
    pub const RSASHA512: Self = Self(10);
    /// ECDSA P-256 with SHA-256 (RFC 6605).
    pub const ECDSAP256SHA256: Self = Self(13);
    /// ECDSA P-384 with SHA-384 (RFC 6605).
    pub const ECDSAP384SHA384: Self = Self(14);
    /// Ed25519 (RFC 8080).
    pub const ED25519: Self = Self(15);
    /// Ed448 (RFC 8080).
    pub const ED448: Self = Self(16);

    /// The registered mnemonic, if there is one.
    #[must_use]
    pub const fn mnemonic(self) -> Option<&'static str> {
        Some(match self.0 {
            0 => "DELETE",
            1 => "RSAMD5",
            2 => "DH",
            3 => "DSA",
            5 => "RSASHA1",
            6 => "DSA-NSEC3-SHA1",
            7 => "RSASHA1-NSEC3-SHA1",
            8 => "RSASHA256",
            10 => "RSASHA512",
            12 => "ECC-GOST",
            13 => "ECDSAP256SHA256",
            14 => "ECDSAP384SHA384",
            15 => "ED25519",
            16 => "ED448",
            17 => "SM2SM3",
            23 => "ECC-GOST12",
            252 => "INDIRECT",
            253 => "PRIVATEDNS",
            254 => "PRIVATEOID",
            _ => return None,
        })
    }

    /// Reads a number or a mnemonic in any case; `ECDSA256`, `ECDSA384`, `NSEC3RSASHA1` and `NSEC3DSA` too.
    #[must_use]
    pub fn from_text(text: &[u8]) -> Option<Self> {
        if !text.is_empty() && text.iter().all(u8::is_ascii_digit) {
            return std::str::from_utf8(text).ok()?.parse().ok().map(Self);
        }
        let short = [("ECDSA256", 13), ("ECDSA384", 14), ("NSEC3RSASHA1", 7), ("NSEC3DSA", 6), ("ECCGOST", 12)];
        (0..=u8::MAX)
            .map(Self)
            .find(|number| number.mnemonic().is_some_and(|name| name.as_bytes().eq_ignore_ascii_case(text)))
            .or_else(|| {
                short
                    .iter()
                    .find(|(name, _)| name.as_bytes().eq_ignore_ascii_case(text))
                    .map(|&(_, number)| Self(number))
            })
    }

    /// What this program does with the algorithm (guidance section 2, N-3).
    #[must_use]
    pub const fn usage(self) -> AlgorithmUse {
        match self.0 {
            8 | 10 | 13..=15 => AlgorithmUse::Sign,
            16 if cfg!(feature = "ed448") => AlgorithmUse::Sign,
            16 => AlgorithmUse::Refuse("this build leaves out the ed448 feature"),
            5 | 7 => AlgorithmUse::VerifyOnly,
            1 => AlgorithmUse::Refuse("RSA/MD5 must not be used (RFC 6725, RFC 9904)"),
            3 | 6 => AlgorithmUse::Refuse("DSA must not be used (RFC 9904)"),
            12 => AlgorithmUse::Refuse("ECC-GOST must not be used (RFC 9906)"),
            253 | 254 => AlgorithmUse::Refuse("private algorithms have no place in public zones"),
            0 | 2 | 4 | 9 | 11 | 252 | 255 => AlgorithmUse::Refuse("this is not a zone-signing algorithm"),
            _ => AlgorithmUse::Refuse("this algorithm is not implemented"),
        }
    }

    /// Whether keys are RSA (RFC 3110 encoding).
    #[must_use]
    pub const fn is_rsa(self) -> bool {
        matches!(self.0, 1 | 5 | 7 | 8 | 10)
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.mnemonic() {
            Some(name) => write!(f, "{} ({name})", self.0),
            None => write!(f, "{}", self.0),
        }
    }
}

/// A DS digest type number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DigestType(pub u8);

impl DigestType {
    /// SHA-1; verified, never made.
    pub const SHA1: Self = Self(1);
    /// SHA-256 (RFC 4509).
    pub const SHA256: Self = Self(2);
    /// SHA-384 (RFC 6605).
    pub const SHA384: Self = Self(4);

    /// Octets of the digest, for the types we know.
    #[must_use]
    pub const fn digest_len(self) -> Option<usize> {
        match self.0 {
            1 => Some(20),
            2 | 3 | 5 | 6 => Some(32),
            4 => Some(48),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text() {
        for (text, number) in [
            ("13", 13),
            ("ecdsap256sha256", 13),
            ("ECDSA256", 13),
            ("RSASHA1-NSEC3-SHA1", 7),
            ("nsec3rsasha1", 7),
            ("ed25519", 15),
        ] {
            assert_eq!(Algorithm::from_text(text.as_bytes()), Some(Algorithm(number)), "{text}");
        }
        for bad in ["256", "", "-1", "RSA"] {
            assert_eq!(Algorithm::from_text(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn refused_algorithms_say_why() {
        for number in [1, 3, 6, 12] {
            assert!(matches!(Algorithm(number).usage(), AlgorithmUse::Refuse(why) if why.contains("must not be used")));
        }
        assert_eq!(Algorithm::RSASHA1.usage(), AlgorithmUse::VerifyOnly);
    }
}
