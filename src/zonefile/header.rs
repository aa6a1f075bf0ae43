//! What stands between the owner and the RDATA: TTL and class in either order, then the type (ZF-1).

use super::report::{Problem, end_of, quote, start_of};
use crate::base::time::TtlError;
use crate::base::{Class, Rtype, Ttl};
use crate::rdata::Token;

/// The fields in front of the RDATA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub ttl: Option<Ttl>,
    pub class: Option<Class>,
    pub rtype: Rtype,
    /// Index of the first token of the RDATA.
    pub rdata_at: usize,
}

/// What is often behind an odd field: a line without its owner.
const OWNER_FIRST: &str = "; a record that starts in the first column starts with its owner";

impl Header {
    /// Reads the fields from the token at index `at` on.
    pub(super) fn read(tokens: &[Token<'_>], mut at: usize) -> Result<Self, Problem> {
        let mut ttl = None;
        let mut class = None;
        loop {
            let token = tokens.get(at).ok_or_else(|| no_type(tokens))?;
            if token.is_quoted {
                return Err(quoted_field(token));
            }
            // No type and no class starts with a digit, so neither can be taken for a TTL.
            if token.text[0].is_ascii_digit() {
                let value = read_ttl(token).map_err(|problem| problem.more_help(OWNER_FIRST))?;
                if ttl.replace(value).is_some() {
                    return Err(given_twice(token, "TTL"));
                }
            } else if let Some(value) = Class::from_text(token.text) {
                if class.replace(value).is_some() {
                    return Err(given_twice(token, "class"));
                }
            } else {
                let rtype = Rtype::from_text(token.text).ok_or_else(|| unknown_type(token))?;
                return Ok(Self { ttl, class, rtype, rdata_at: at + 1 });
            }
            at += 1;
        }
    }
}

/// Reads a TTL field or the argument of `$TTL`.
pub(super) fn read_ttl(token: &Token<'_>) -> Result<Ttl, Problem> {
    Ttl::from_text(token.text).map_err(|error| ttl_problem(token, error))
}

#[cold]
fn ttl_problem(token: &Token<'_>, error: TtlError) -> Problem {
    let text = shown_ttl(token);
    match error {
        TtlError::TooLarge => {
            Problem::error(start_of(token), "ttl-too-large", format!("TTL {text} is larger than 2147483647 seconds"))
                .because("RFC 2181 section 8")
                .help("a TTL is 0 to 2147483647 seconds, for example 3600 or 1h")
        }
        TtlError::NotATtl => Problem::error(start_of(token), "bad-ttl", format!("{} is not a TTL", quote(token.text)))
            .because("RFC 1035 section 5.1")
            .help("a TTL is seconds or numbers with units, for example 3600 or 1h30m"),
    }
}

/// A TTL as messages show it: the digits alone, which need no quotes.
fn shown_ttl(token: &Token<'_>) -> String {
    quote(token.text).trim_matches('"').to_owned()
}

#[cold]
fn no_type(tokens: &[Token<'_>]) -> Problem {
    let offset = tokens.last().map_or(0, end_of);
    Problem::error(offset, "missing-type", "the record ends before its type")
        .because("RFC 1035 section 5.1")
        .help("a record is: owner, TTL and class if wanted, type, data; for example www 3600 IN A 192.0.2.1")
}

#[cold]
fn quoted_field(token: &Token<'_>) -> Problem {
    Problem::error(start_of(token), "quoted-field", "TTL, class and type cannot stand in quotes")
        .because("RFC 1035 section 5.1")
        .help("remove the quotes; if this is data, its type is missing in front of it")
}

#[cold]
fn given_twice(token: &Token<'_>, what: &str) -> Problem {
    Problem::error(start_of(token), "field-given-twice", format!("the {what} is given twice: {}", quote(token.text)))
        .because("RFC 1035 section 5.1")
        .help(format!("keep one {what}{OWNER_FIRST}"))
}

#[cold]
fn unknown_type(token: &Token<'_>) -> Problem {
    let problem =
        Problem::error(start_of(token), "unknown-type", format!("{} is not a record type", quote(token.text)));
    if token.text[0] == b'$' {
        return problem
            .because("RFC 1035 section 5.1")
            .help("if a directive is meant, start it in the first column of its line");
    }
    problem.because("RFC 3597 section 5").help(
        "a type without a name here is written TYPEnnn with its data as \\# LENGTH HEX; \
         if this is a name, start it in the first column",
    )
}
