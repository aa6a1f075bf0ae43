//! Octets written as hex, base64 or base32hex.

use super::super::error::{self, Fault, shown};
use super::super::nsec3::HASH_SHA1;
use super::super::table::DigestOf;
use super::super::token::Words;
use super::{at_least, counted, require};
use crate::base::text::{decode_base32hex, decode_base64, decode_hex, push_base32hex, push_base64, push_hex};

/// Reads hex from all words to the end. A word may end in the middle of an octet.
pub(in super::super) fn parse_hex(words: &mut Words<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let mut half: Option<u8> = None;
    while !words.is_at_end() {
        let text = words.word()?;
        let mut rest = text;
        if let (Some(high), [low, after @ ..]) = (half, text) {
            if !decode_hex(&[high, *low], out) {
                return Err(bad_hex(words, text));
            }
            half = None;
            rest = after;
        }
        let (pairs, odd) = rest.split_at(rest.len() & !1);
        if !decode_hex(pairs, out) {
            return Err(bad_hex(words, text));
        }
        half = odd.first().copied().or(half);
    }
    match half {
        None => Ok(()),
        Some(_) => Err(words.fault(error::ENCODING, "has an odd number of hex digits", "two digits make an octet")),
    }
}

#[cold]
fn bad_hex(words: &Words<'_>, text: &[u8]) -> Fault {
    words.fault(error::ENCODING, format!("{} is not hex", shown(text)), "use the digits 0-9 and a-f")
}

/// Reads base64 with padding from all words to the end. A word may end anywhere in a group of four.
pub(super) fn parse_base64(words: &mut Words<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let mut group = [0_u8; 4];
    let mut held = 0;
    let mut is_padded = false;
    while !words.is_at_end() {
        let text = words.word()?;
        if is_padded {
            return Err(bad_base64(words, text));
        }
        let taken = if held == 0 { 0 } else { text.len().min(4 - held) };
        group[held..held + taken].copy_from_slice(&text[..taken]);
        held += taken;
        if held == 4 {
            if !decode_base64(&group, out) {
                return Err(bad_base64(words, text));
            }
            held = 0;
        }
        let rest = &text[taken..];
        let (groups, tail) = rest.split_at(rest.len() & !3);
        if !decode_base64(groups, out) {
            return Err(bad_base64(words, text));
        }
        if !tail.is_empty() {
            group[..tail.len()].copy_from_slice(tail);
            held = tail.len();
        }
        is_padded = held == 0 && text.ends_with(b"=");
    }
    if held > 0 {
        return Err(words.fault(
            error::ENCODING,
            "ends in the middle of a base64 group",
            "four characters make a group; `=` fills up the last one",
        ));
    }
    Ok(())
}

#[cold]
fn bad_base64(words: &Words<'_>, text: &[u8]) -> Fault {
    words.fault(
        error::ENCODING,
        format!("{} is not base64", shown(text)),
        "it may be cut off, or hold a character too many",
    )
}

/// Reads base64 to the end, or `-` for no octets.
pub(super) fn parse_base64_or_hyphen(words: &mut Words<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    match words.remaining() {
        [token] if token.text == b"-" && !token.is_quoted => words.word().map(|_| ()),
        [] => words.word().map(|_| ()),
        _ => parse_base64(words, out),
    }
}

/// Prints base64, or `-` for no octets.
pub(super) fn print_base64_or_hyphen(wire: &[u8], out: &mut Vec<u8>) {
    if wire.is_empty() { out.push(b'-') } else { push_base64(wire, out) }
}

/// Measures a digest to the end, after the fields `before` it: of the length its type has, if that is known.
pub(super) fn measure_digest(whose: DigestOf, before: &[u8], rest: &[u8]) -> Result<usize, Fault> {
    match whose.len(before) {
        Ok(len) if rest.len() == len => Ok(len),
        Ok(len) => {
            let digest_type = before.last().copied().unwrap_or_default();
            let what = format!("has {} octets, and type {digest_type} has {len}", rest.len());
            Err(Fault::new(error::VALUE, what, "it may be cut off, or the type is wrong"))
        }
        Err(min) => at_least(min, rest),
    }
}

/// The flags of a KEY without a key (RFC 2535 section 3.1.2).
const NO_KEY: u16 = 0xc000;

/// Measures the key of a KEY with these flags.
pub(super) fn measure_key(flags: u16, rest: &[u8]) -> Result<usize, Fault> {
    if flags & NO_KEY != NO_KEY {
        return at_least(1, rest);
    }
    require(rest.is_empty(), || "is there, and the flags say there is none".to_owned()).map(|()| 0)
}

/// Octets of a SHA-1 hash.
const SHA1_LEN: usize = 20;

/// Measures the next hashed owner, of the length its hash algorithm has if that is known.
pub(super) fn measure_next_hash(hash_algorithm: u8, rest: &[u8]) -> Result<usize, Fault> {
    let len = counted(rest)?;
    require(len > 1, || "is empty".to_owned())?;
    let is_sized = hash_algorithm != HASH_SHA1 || len == 1 + SHA1_LEN;
    require(is_sized, || format!("has {} octets, and SHA-1 has {SHA1_LEN}", len - 1)).map(|()| len)
}

/// Reads a salt: hex in one word, or `-` for none (RFC 5155 section 3.3).
pub(super) fn parse_salt(words: &mut Words<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let text = words.word()?;
    push_counted(out, |out| text == b"-" || (!text.is_empty() && decode_hex(text, out))).ok_or_else(|| {
        words.fault(
            error::ENCODING,
            format!("{} is not a salt", shown(text)),
            "write up to 255 octets of hex in one word, or `-` for none",
        )
    })
}

/// Prints a salt.
pub(super) fn print_salt(salt: &[u8], out: &mut Vec<u8>) {
    if salt.is_empty() { out.push(b'-') } else { push_hex(salt, out) }
}

/// Reads a hashed owner name in base32hex, in one word without padding (RFC 5155 section 3.3).
pub(super) fn parse_next_hash(words: &mut Words<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let text = words.word()?;
    push_counted(out, |out| !text.is_empty() && decode_base32hex(text, out)).ok_or_else(|| {
        words.fault(
            error::ENCODING,
            format!("{} is not base32hex", shown(text)),
            "use the digits 0-9 and a-v, in one word without padding",
        )
    })
}

/// Prints a hashed owner name in capitals, as BIND does.
pub(super) fn print_next_hash(hash: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    push_base32hex(hash, out);
    out[start..].make_ascii_uppercase();
}

/// Appends a length octet and what `fill` appends; `None` if `fill` fails or appends more than 255 octets.
pub(super) fn push_counted(out: &mut Vec<u8>, fill: impl FnOnce(&mut Vec<u8>) -> bool) -> Option<()> {
    let length_at = out.len();
    out.push(0);
    if !fill(out) {
        return None;
    }
    out[length_at] = u8::try_from(out.len() - length_at - 1).ok()?;
    Some(())
}
