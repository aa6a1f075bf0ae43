//! Character-strings (RFC 1035 section 3.3).

use super::super::error::{self, Fault};
use super::super::token::{Words, push_unescaped};
use super::counted;
use crate::base::text::push_quoted;

/// Reads one character-string, quoted or not.
pub(super) fn parse(words: &mut Words<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let text = words.string()?;
    let length_at = out.len();
    out.push(0);
    push_unescaped(text, out).map_err(|fault| fault.at(words.index()))?;
    let len = out.len() - length_at - 1;
    out[length_at] = u8::try_from(len).map_err(|_| {
        words.fault(
            error::STRING,
            format!("a string of {len} octets; a character-string has at most 255"),
            "split it into several strings, each in quotes",
        )
    })?;
    Ok(())
}

/// Reads character-strings to the end, at least one.
pub(super) fn parse_all(words: &mut Words<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    parse(words, out)?;
    while !words.is_at_end() {
        parse(words, out)?;
    }
    Ok(())
}

/// Measures character-strings to the end, at least one.
pub(super) fn measure_all(rest: &[u8]) -> Result<usize, Fault> {
    let mut at = counted(rest)?;
    while at < rest.len() {
        at += counted(&rest[at..])?;
    }
    Ok(at)
}

/// Prints one character-string, always in quotes.
pub(super) fn print(wire: &[u8], out: &mut Vec<u8>) {
    push_quoted(&wire[1..], out);
}

/// Prints character-strings with spaces between.
pub(super) fn print_all(wire: &[u8], out: &mut Vec<u8>) {
    let mut rest = wire;
    while let Some((&len, after)) = rest.split_first() {
        let (string, after) = after.split_at(usize::from(len));
        push_quoted(string, out);
        rest = after;
        if !rest.is_empty() {
            out.push(b' ');
        }
    }
}
