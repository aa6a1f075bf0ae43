//! The words of a record's data, and a cursor over them.

use super::error::{self, Fault, shown};
use crate::base::Name;
use crate::base::text::unescape;

/// One word of a record's data.
#[derive(Clone, Copy, Debug)]
pub struct Token<'a> {
    /// As written: escapes still in, the quotes around it taken off.
    pub text: &'a [u8],
    /// Whether it stood in quotes.
    pub is_quoted: bool,
    /// Where the first octet of `text` stands in the parser's buffer.
    pub offset: usize,
}

impl Token<'_> {
    /// Whether this is a quoted token that starts right where the unquoted `previous` ends. A quote always starts a new
    /// token, as in BIND: `alpn="h2,h3"` comes as `alpn=` and, joined to it, `h2,h3`.
    #[must_use]
    pub const fn is_joined_to(&self, previous: &Token<'_>) -> bool {
        // The octet between the two is the opening quote.
        self.is_quoted && !previous.is_quoted && self.offset == previous.offset + previous.text.len() + 1
    }
}

/// A cursor over the tokens of one record.
#[derive(Debug)]
pub(super) struct Words<'t> {
    tokens: &'t [Token<'t>],
    at: usize,
    /// Completes relative names.
    pub(super) origin: Option<Name<'t>>,
}

impl<'t> Words<'t> {
    /// A cursor at the first token.
    pub(super) const fn new(tokens: &'t [Token<'t>], origin: Option<Name<'t>>) -> Self {
        Self { tokens, at: 0, origin }
    }

    /// The next token, quoted or not; `None` at the end.
    pub(super) fn next_token(&mut self) -> Option<Token<'t>> {
        let token = self.tokens.get(self.at).copied()?;
        self.at += 1;
        Some(token)
    }

    /// Whether all tokens are taken.
    pub(super) const fn is_at_end(&self) -> bool {
        self.at >= self.tokens.len()
    }

    /// The tokens not taken yet.
    pub(super) fn remaining(&self) -> &'t [Token<'t>] {
        &self.tokens[self.at..]
    }

    /// Index of the token taken last.
    pub(super) const fn index(&self) -> Option<usize> {
        self.at.checked_sub(1)
    }

    /// The next token as a string, quoted or not.
    pub(super) fn string(&mut self) -> Result<&'t [u8], Fault> {
        Ok(self.next_token().ok_or_else(missing)?.text)
    }

    /// The next token, which must not be quoted.
    #[inline]
    pub(super) fn word(&mut self) -> Result<&'t [u8], Fault> {
        let token = self.next_token().ok_or_else(missing)?;
        if token.is_quoted { Err(self.quoted()) } else { Ok(token.text) }
    }

    /// Takes the next token if it is quoted and stands right behind the last one, as in `key="value"`.
    pub(super) fn quoted_without_gap(&mut self) -> Option<&'t [u8]> {
        let last = self.tokens.get(self.index()?)?;
        let next = self.tokens.get(self.at)?;
        // Its offset may be that of the quote or of what follows the quote.
        let gap = next.offset.checked_sub(last.offset + last.text.len())?;
        (next.is_quoted && gap <= 1).then(|| {
            self.at += 1;
            next.text
        })
    }

    #[cold]
    fn quoted(&self) -> Fault {
        Fault::new(error::VALUE, "must not be in quotes", "take the quotes away").at(self.index())
    }

    /// A fault at the token taken last.
    #[cold]
    pub(super) fn fault(&self, code: &'static str, what: impl Into<String>, help: &'static str) -> Fault {
        Fault::new(code, what, help).at(self.index())
    }
}

/// The record ends before the field.
#[cold]
fn missing() -> Fault {
    Fault::new(error::MISSING, "is missing", "")
}

/// Appends the octets that text with escapes stands for.
pub(super) fn push_unescaped(text: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        out.extend_from_slice(&rest[..at]);
        let (octet, after) = unescape(&rest[at + 1..]).ok_or_else(|| bad_escape(text))?;
        out.push(octet);
        rest = after;
    }
    out.extend_from_slice(rest);
    Ok(())
}

#[cold]
fn bad_escape(text: &[u8]) -> Fault {
    Fault::new(
        error::STRING,
        format!("{} has a bad escape", shown(text)),
        "a backslash is followed by three digits up to 255, or by one character that is no digit",
    )
}
