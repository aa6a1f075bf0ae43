//! Hex in groups of one width: EUI-48, EUI-64 (RFC 7043) and 64-bit locators (RFC 6742).

use super::super::error::{self, Fault, shown};
use super::super::token::Words;
use crate::base::text::decode_hex;
use std::io::Write;

/// Groups of a 64-bit locator or identifier.
const LOCATOR_GROUPS: usize = 4;

/// Reads an extended unique identifier of `len` octets: pairs of hex digits with hyphens between.
pub(super) fn parse_eui(len: usize, words: &mut Words<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let text = words.word()?;
    let start = out.len();
    let is_valid = text.split(|&byte| byte == b'-').all(|pair| pair.len() == 2 && decode_hex(pair, out));
    if is_valid && out.len() - start == len { Ok(()) } else { Err(bad_eui(len, words, text)) }
}

#[cold]
fn bad_eui(len: usize, words: &Words<'_>, text: &[u8]) -> Fault {
    words.fault(
        error::ADDRESS,
        format!("{} is not {len} pairs of hex digits with hyphens between", shown(text)),
        "for example 00-00-5e-00-53-2a",
    )
}

/// Prints an identifier in lower case, as BIND does.
pub(super) fn print_eui(wire: &[u8], out: &mut Vec<u8>) {
    for (index, octet) in wire.iter().enumerate() {
        let hyphen = if index > 0 { "-" } else { "" };
        write!(out, "{hyphen}{octet:02x}").expect("writing to a buffer does not fail");
    }
}

/// Reads a 64-bit locator or identifier: four groups of one to four hex digits with colons between.
pub(super) fn parse_locator(words: &mut Words<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let text = words.word()?;
    let mut groups = 0;
    for group in text.split(|&byte| byte == b':') {
        groups += 1;
        let value = hex_u16(group).filter(|_| groups <= LOCATOR_GROUPS).ok_or_else(|| bad_locator(words, text))?;
        out.extend_from_slice(&value.to_be_bytes());
    }
    if groups == LOCATOR_GROUPS { Ok(()) } else { Err(bad_locator(words, text)) }
}

/// The value of one to four hex digits.
fn hex_u16(text: &[u8]) -> Option<u16> {
    if !(1..=4).contains(&text.len()) {
        return None;
    }
    text.iter().try_fold(0, |value, &digit| Some(value << 4 | char::from(digit).to_digit(16)? as u16))
}

#[cold]
fn bad_locator(words: &Words<'_>, text: &[u8]) -> Fault {
    words.fault(
        error::ADDRESS,
        format!("{} is not four groups of hex digits", shown(text)),
        "for example 14:4fff:ff20:ee64",
    )
}

/// Prints a 64-bit locator or identifier, with the leading zeros that Knot asks for.
pub(super) fn print_locator(wire: &[u8], out: &mut Vec<u8>) {
    let (groups, _) = wire.as_chunks::<2>();
    for (index, &group) in groups.iter().enumerate() {
        let colon = if index > 0 { ":" } else { "" };
        write!(out, "{colon}{:04x}", u16::from_be_bytes(group)).expect("writing to a buffer does not fail");
    }
}
