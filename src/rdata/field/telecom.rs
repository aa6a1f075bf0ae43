//! Addresses of other networks: X25, NSAP and ATMA.

use super::super::error::{self, Fault, shown};
use super::super::token::Words;
use super::{counted, fixed};
use crate::base::text::{decode_hex, push_hex};

/// Format octet of an ATM address in hex, an AESA.
const ATMA_AESA: u8 = 0;
/// Format octet of an ATM address in digits (E.164).
const ATMA_E164: u8 = 1;

/// Fewest digits of a PSDN address (RFC 1183 section 3.1).
const X25_LEN_MIN: usize = 4;

/// Measures a PSDN address.
pub(super) fn measure_x25(rest: &[u8]) -> Result<usize, Fault> {
    let len = counted(rest)?;
    let digits = &rest[1..len];
    if digits.len() >= X25_LEN_MIN && digits.iter().all(u8::is_ascii_digit) {
        Ok(len)
    } else {
        Err(Fault::new(error::VALUE, format!("{} is not a PSDN address", shown(digits)), "write four digits or more"))
    }
}

/// Reads an NSAP: `0x`, then hex with dots anywhere (RFC 1706 section 7).
pub(super) fn parse_nsap(words: &mut Words<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let text = words.word()?;
    text.strip_prefix(b"0x")
        .or_else(|| text.strip_prefix(b"0X"))
        .and_then(|digits| push_dotted_hex(digits, out))
        .ok_or_else(|| bad_nsap(words, text))
}

#[cold]
fn bad_nsap(words: &Words<'_>, text: &[u8]) -> Fault {
    words.fault(
        error::ADDRESS,
        format!("{} is not an NSAP", shown(text)),
        "write 0x and an even number of hex digits; dots between them do not count",
    )
}

/// Appends at least one octet of hex digits, dots left out.
fn push_dotted_hex(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let start = out.len();
    let mut half = None;
    for &digit in text.iter().filter(|&&byte| byte != b'.') {
        match half.take() {
            None => half = Some(digit),
            Some(high) => decode_hex(&[high, digit], out).then_some(())?,
        }
    }
    (half.is_none() && out.len() > start).then_some(())
}

/// Prints an NSAP.
pub(super) fn print_nsap(wire: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"0x");
    print_lower_hex(wire, out);
}

/// Prints hex in lower case, as BIND does for these addresses.
fn print_lower_hex(wire: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    push_hex(wire, out);
    out[start..].make_ascii_lowercase();
}

/// Reads an ATM address: `+` and digits, or hex; dots do not count.
pub(super) fn parse_atma(words: &mut Words<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let text = words.word()?;
    let parsed = if let Some(digits) = text.strip_prefix(b"+") {
        out.push(ATMA_E164);
        out.extend(digits.iter().filter(|&&byte| byte != b'.'));
        let has_only_digits = digits.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
        (has_only_digits && digits.iter().any(u8::is_ascii_digit)).then_some(())
    } else {
        out.push(ATMA_AESA);
        push_dotted_hex(text, out)
    };
    parsed.ok_or_else(|| bad_atma(words, text))
}

#[cold]
fn bad_atma(words: &Words<'_>, text: &[u8]) -> Fault {
    words.fault(
        error::ADDRESS,
        format!("{} is not an ATM address", shown(text)),
        "write + and digits, or an even number of hex digits; dots between them do not count",
    )
}

/// Measures an ATM address. Formats other than the two known ones may hold anything.
pub(super) fn measure_atma(rest: &[u8]) -> Result<usize, Fault> {
    fixed(2, rest)?;
    if rest[0] == ATMA_E164 && !rest[1..].iter().all(u8::is_ascii_digit) {
        return Err(Fault::wire("an E.164 number has digits only"));
    }
    Ok(rest.len())
}

/// Whether an ATM address is of a format with text.
pub(super) fn atma_has_text(wire: &[u8]) -> bool {
    matches!(wire.first(), Some(&(ATMA_AESA | ATMA_E164)))
}

/// Prints an ATM address of a known format.
pub(super) fn print_atma(wire: &[u8], out: &mut Vec<u8>) {
    match wire {
        [ATMA_E164, digits @ ..] => {
            out.push(b'+');
            out.extend_from_slice(digits);
        }
        [_, octets @ ..] => print_lower_hex(octets, out),
        [] => {}
    }
}
