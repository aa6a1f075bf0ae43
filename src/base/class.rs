//! DNS classes.

use std::fmt;

/// A class number (RFC 1035 section 3.2.4). Zones here are of class IN; the others parse and print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Class(pub u16);

impl Class {
    /// Internet.
    pub const IN: Self = Self(1);
    /// Chaos.
    pub const CH: Self = Self(3);
    /// Hesiod.
    pub const HS: Self = Self(4);

    /// Reads `IN`, `CH`, `HS` or `CLASSnnn` (RFC 3597 section 5), in any case.
    #[must_use]
    pub fn from_text(text: &[u8]) -> Option<Self> {
        match text {
            [b'I' | b'i', b'N' | b'n'] => Some(Self::IN),
            [b'C' | b'c', b'H' | b'h'] => Some(Self::CH),
            [b'H' | b'h', b'S' | b's'] => Some(Self::HS),
            _ => super::rtype::number_after(text, b"CLASS").map(Self),
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::IN => f.write_str("IN"),
            Self::CH => f.write_str("CH"),
            Self::HS => f.write_str("HS"),
            Self(number) => write!(f, "CLASS{number}"),
        }
    }
}
