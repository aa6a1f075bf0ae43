//! Character-strings (RFC 1035 section 3.3).

use super::super::error::{self, Fault, shown};
use super::super::token::{Words, push_unescaped};
use super::encoded::push_counted;
use super::{counted, require};
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

/// Prints character-strings with spaces between, always in quotes.
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

/// Reads one string of any length, quoted or not.
pub(super) fn parse_text(words: &mut Words<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let text = words.string()?;
    push_unescaped(text, out).map_err(|fault| fault.at(words.index()))
}

/// Reads the tag of a CAA, which stands without quotes.
pub(super) fn parse_tag(words: &mut Words<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let text = words.word()?;
    let fits = push_counted(out, |out| {
        out.extend_from_slice(text);
        true
    });
    fits.ok_or_else(|| words.fault(error::VALUE, "has more than 255 octets", ""))
}

/// Measures the tag of a CAA: letters and digits, at least one (RFC 8659 section 4.1).
pub(super) fn measure_tag(rest: &[u8]) -> Result<usize, Fault> {
    let len = counted(rest)?;
    let tag = &rest[1..len];
    let is_valid = !tag.is_empty() && tag.iter().all(u8::is_ascii_alphanumeric);
    require(is_valid, || format!("{} is not letters and digits only", shown(tag))).map(|()| len)
}
