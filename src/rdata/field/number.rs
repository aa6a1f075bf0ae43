//! Numbers.

use super::super::error::{self, Fault, shown};
use super::super::token::Words;
use crate::base::Ttl;
use crate::base::text::push_decimal;

/// Reads a decimal number up to `max`.
pub(in super::super) fn parse(words: &mut Words<'_>, max: u64) -> Result<u64, Fault> {
    let text = words.word()?;
    from_text(text, max).ok_or_else(|| out_of_range(words, text, max))
}

/// The value of decimal digits, up to `max`.
#[inline]
pub(super) fn from_text(text: &[u8], max: u64) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    let mut value: u64 = 0;
    for &byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value.checked_mul(10)?.checked_add(u64::from(digit))?;
    }
    (value <= max).then_some(value)
}

#[cold]
fn out_of_range(words: &Words<'_>, text: &[u8], max: u64) -> Fault {
    words.fault(error::NUMBER, format!("{} is not a number from 0 to {max}", shown(text)), "")
}

/// Reads 8 bits.
pub(super) fn parse_u8(words: &mut Words<'_>) -> Result<u8, Fault> {
    Ok(parse(words, u64::from(u8::MAX))? as u8)
}

/// Reads 16 bits.
pub(super) fn parse_u16(words: &mut Words<'_>) -> Result<u16, Fault> {
    Ok(parse(words, u64::from(u16::MAX))? as u16)
}

/// Reads 32 bits.
pub(super) fn parse_u32(words: &mut Words<'_>) -> Result<u32, Fault> {
    Ok(parse(words, u64::from(u32::MAX))? as u32)
}

/// Reads seconds, which may have units such as `1h30m` (ZF-6).
pub(super) fn parse_seconds(words: &mut Words<'_>) -> Result<u32, Fault> {
    let text = words.word()?;
    if let Some(seconds) = from_text(text, u64::from(u32::MAX)) {
        return Ok(seconds as u32);
    }
    match Ttl::from_text(text) {
        Ok(ttl) => Ok(ttl.seconds()),
        Err(_) => Err(words.fault(
            error::NUMBER,
            format!("{} is not a number of seconds from 0 to {}", shown(text), u32::MAX),
            "write seconds, or numbers with units, for example 3600 or 1h",
        )),
    }
}

/// Reads 64 bits.
pub(super) fn parse_u64(words: &mut Words<'_>) -> Result<u64, Fault> {
    parse(words, u64::MAX)
}

/// The value of up to 8 octets.
pub(super) fn read(wire: &[u8]) -> u64 {
    wire.iter().fold(0, |value, &octet| value << 8 | u64::from(octet))
}

/// The value of 2 octets.
pub(super) fn read_u16(wire: &[u8]) -> u16 {
    read(wire) as u16
}

/// The value of 4 octets.
pub(super) fn read_u32(wire: &[u8]) -> u32 {
    read(wire) as u32
}

/// Prints a number of any width in decimal.
pub(super) fn print(wire: &[u8], out: &mut Vec<u8>) {
    push_decimal(read(wire), out);
}
