//! What is wrong with the data of one record.

use super::token::Words;
use crate::base::Rtype;
pub(super) use crate::base::text::quote as shown;
use std::borrow::Cow;
use std::fmt;

/// Why text or wire bytes are not valid data of a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RdataError {
    /// Stable short name in kebab case, for scripts: `rdata-missing-field`.
    pub code: &'static str,
    /// Index of the token at fault; `None` for the end of the record, and for wire bytes.
    pub token: Option<usize>,
    /// What is wrong, with type and field.
    pub message: String,
    /// The section that defines the type.
    pub reference: &'static str,
    /// What to write instead; empty if the message says it all.
    pub help: String,
}

impl fmt::Display for RdataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if self.reference.is_empty() { Ok(()) } else { write!(f, " ({})", self.reference) }
    }
}

impl std::error::Error for RdataError {}

/// A field is absent.
pub(super) const MISSING: &str = "rdata-missing-field";
/// Something follows the last field.
pub(super) const EXTRA: &str = "rdata-extra-field";
/// Not a number where one is needed, or one outside its range.
pub(super) const NUMBER: &str = "rdata-bad-number";
/// Not a domain name.
pub(super) const NAME: &str = "rdata-bad-name";
/// Not an address of its family.
pub(super) const ADDRESS: &str = "rdata-bad-address";
/// Hex, base64 or base32hex that does not decode.
pub(super) const ENCODING: &str = "rdata-bad-encoding";
/// A character-string that is too long or has a bad escape.
pub(super) const STRING: &str = "rdata-bad-string";
/// A word that is not one of those the field knows.
pub(super) const MNEMONIC: &str = "rdata-unknown-mnemonic";
/// A value that is of the right form and still not allowed.
pub(super) const VALUE: &str = "rdata-bad-value";
/// Wire bytes that end too early or do not add up.
pub(super) const WIRE: &str = "rdata-bad-wire";
/// A type that no record can have.
pub(super) const META: &str = "rdata-meta-type";
/// A known type without a text form, or more than 65535 octets.
pub(super) const GENERIC: &str = "rdata-bad-generic";

/// A fault before type and field are known to it; [`Self::into_error`] adds them.
#[derive(Debug)]
pub(super) struct Fault {
    code: &'static str,
    token: Option<usize>,
    what: String,
    help: Cow<'static, str>,
}

impl Fault {
    /// A fault at no token yet.
    #[cold]
    pub(super) fn new(code: &'static str, what: impl Into<String>, help: impl Into<Cow<'static, str>>) -> Self {
        Self { code, token: None, what: what.into(), help: help.into() }
    }

    /// A fault in wire bytes.
    #[cold]
    pub(super) fn wire(what: impl Into<String>) -> Self {
        Self::new(WIRE, what, "")
    }

    /// Sets the token, unless a closer one is known.
    pub(super) fn at(mut self, token: Option<usize>) -> Self {
        self.token = self.token.or(token);
        self
    }

    /// Sets the last token taken as the one at fault, or the end of the record if it is a missing field.
    pub(super) fn at_last_of(self, words: &Words<'_>) -> Self {
        if self.code == MISSING { self } else { self.at(words.index()) }
    }

    /// Sets the token, whatever was known before.
    pub(super) const fn moved_to(mut self, token: Option<usize>) -> Self {
        self.token = token;
        self
    }

    /// Adds the type, the field (empty: the record as a whole) and the section that defines the type.
    #[cold]
    pub(super) fn into_error(self, rtype: Rtype, field: &str, reference: &'static str) -> RdataError {
        let gap = if field.is_empty() { "" } else { " " };
        RdataError {
            code: self.code,
            token: self.token,
            message: format!("{rtype}{gap}{field}: {}", self.what),
            reference,
            help: self.help.into_owned(),
        }
    }
}

/// `1 octet`, `2 octets`.
pub(super) fn octets(count: usize) -> String {
    format!("{count} octet{}", if count == 1 { "" } else { "s" })
}
