//! The kinds of fields: each with text to wire, wire to text, and its length in wire form.

pub(super) mod address;
pub(super) mod encoded;
pub(super) mod mnemonic;
pub(super) mod number;
pub(super) mod string;
pub(super) mod types;

use super::error::{self, Fault, shown};
use super::table::{Kind, MayBeEmpty};
use super::token::Words;
use crate::base::{Name, NameError, Timestamp, name};
use std::ops::Range;

/// Reads one field from text and appends its wire form. The record's data begins at `start` in `out`.
pub(super) fn parse(kind: Kind, words: &mut Words<'_>, start: usize, out: &mut Vec<u8>) -> Result<(), Fault> {
    let _ = start;
    match kind {
        Kind::U8 => out.push(number::parse_u8(words)?),
        Kind::U16 => out.extend_from_slice(&number::parse_u16(words)?.to_be_bytes()),
        Kind::U32 => out.extend_from_slice(&number::parse_u32(words)?.to_be_bytes()),
        Kind::Seconds => out.extend_from_slice(&number::parse_seconds(words)?.to_be_bytes()),
        Kind::Time => out.extend_from_slice(&parse_time(words)?.to_be_bytes()),
        Kind::Type => out.extend_from_slice(&types::parse(words)?.0.to_be_bytes()),
        Kind::Algorithm => out.push(mnemonic::parse_algorithm(words)?),
        Kind::DigestType => out.push(mnemonic::parse_u8(&mnemonic::DIGEST_TYPES, words)?),
        Kind::KeyFlags => out.extend_from_slice(&mnemonic::parse_key_flags(words)?.to_be_bytes()),
        Kind::KeyProtocol => out.push(mnemonic::parse_u8(&mnemonic::KEY_PROTOCOLS, words)?),
        Kind::Ipv4 => out.extend_from_slice(&address::parse_ipv4(words)?.octets()),
        Kind::Ipv6 => out.extend_from_slice(&address::parse_ipv6(words)?.octets()),
        Kind::Name | Kind::LowerName => parse_name(words, out)?,
        Kind::String => string::parse(words, out)?,
        Kind::Strings => string::parse_all(words, out)?,
        Kind::Hex(min) => {
            let from = out.len();
            encoded::parse_hex(words, out)?;
            need_octets(out.len() - from, usize::from(min))?;
        }
        Kind::Base64(empty) => {
            let from = out.len();
            encoded::parse_base64(words, out)?;
            need_octets(out.len() - from, usize::from(empty == MayBeEmpty::No))?;
        }
        Kind::Salt => encoded::parse_salt(words, out)?,
        Kind::NextHash => encoded::parse_next_hash(words, out)?,
        Kind::Bitmap(empty) => types::parse_bitmap(words, empty, out)?,
    }
    Ok(())
}

/// The octets of the field that begins at `at`, by what the data says; `at` is within it.
pub(super) fn measure(kind: Kind, rdata: &[u8], at: usize) -> Result<usize, Fault> {
    let rest = &rdata[at..];
    match kind {
        Kind::U8 | Kind::Algorithm | Kind::DigestType | Kind::KeyProtocol => fixed(1, rest),
        Kind::U16 | Kind::Type | Kind::KeyFlags => fixed(2, rest),
        Kind::U32 | Kind::Seconds | Kind::Time | Kind::Ipv4 => fixed(4, rest),
        Kind::Ipv6 => fixed(16, rest),
        Kind::Name | Kind::LowerName => measure_name(rest),
        Kind::String => counted(rest),
        Kind::Strings => string::measure_all(rest),
        Kind::Hex(min) => need_octets(rest.len(), usize::from(min)).map(|()| rest.len()),
        Kind::Base64(empty) => need_octets(rest.len(), usize::from(empty == MayBeEmpty::No)).map(|()| rest.len()),
        Kind::Salt => counted(rest),
        Kind::NextHash => match counted(rest)? {
            1 => Err(Fault::wire("is empty")),
            len => Ok(len),
        },
        Kind::Bitmap(empty) => types::measure_bitmap(rest, empty),
    }
}

/// Appends the text of the field at `range`, which [`measure`] has given.
pub(super) fn print(kind: Kind, rdata: &[u8], range: Range<usize>, out: &mut Vec<u8>) {
    let wire = &rdata[range];
    match kind {
        Kind::U8
        | Kind::U16
        | Kind::U32
        | Kind::Seconds
        | Kind::Algorithm
        | Kind::DigestType
        | Kind::KeyFlags
        | Kind::KeyProtocol => number::print(wire, out),
        Kind::Time => Timestamp(number::read_u32(wire)).push_text(out),
        Kind::Type => types::print(number::read_u16(wire), out),
        Kind::Ipv4 => address::print_ipv4(wire, out),
        Kind::Ipv6 => address::print_ipv6(wire, out),
        Kind::Name | Kind::LowerName => print_name(wire, out),
        Kind::String => string::print(wire, out),
        Kind::Strings => string::print_all(wire, out),
        Kind::Hex(_) => crate::base::text::push_hex(wire, out),
        Kind::Base64(_) => crate::base::text::push_base64(wire, out),
        Kind::Salt => encoded::print_salt(&wire[1..], out),
        Kind::NextHash => encoded::print_next_hash(&wire[1..], out),
        Kind::Bitmap(_) => types::print_bitmap(wire, out),
    }
}

/// A field of so many octets.
#[inline]
fn fixed(len: usize, rest: &[u8]) -> Result<usize, Fault> {
    if rest.len() < len { Err(too_short(len, rest.len())) } else { Ok(len) }
}

#[cold]
fn too_short(needed: usize, found: usize) -> Fault {
    Fault::wire(format!("needs {needed} octets, and {found} are left"))
}

/// A field of a length octet and so many octets.
#[inline]
fn counted(rest: &[u8]) -> Result<usize, Fault> {
    let len = *rest.first().ok_or_else(|| too_short(1, 0))?;
    fixed(1 + usize::from(len), rest)
}

/// Refuses a field that is shorter than its type allows.
fn need_octets(found: usize, min: usize) -> Result<(), Fault> {
    match (found >= min, min) {
        (true, _) => Ok(()),
        (false, 1) => Err(Fault::new(error::MISSING, "is missing", "")),
        (false, _) => Err(Fault::new(error::VALUE, format!("has {found} octets, and at least {min} are needed"), "")),
    }
}

/// Reads a domain name.
fn parse_name(words: &mut Words<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let text = words.word()?;
    name::push_wire_from_text(text, words.origin, out).map_err(|error| bad_name(words, text, error))
}

#[cold]
fn bad_name(words: &Words<'_>, text: &[u8], error: NameError) -> Fault {
    words.fault(error::NAME, format!("{} is not a domain name: {error}", shown(text)), "")
}

/// The octets of a name in wire form.
fn measure_name(rest: &[u8]) -> Result<usize, Fault> {
    match Name::parse_wire(rest) {
        Ok((name, _)) => Ok(name.as_wire().len()),
        Err(error) => Err(Fault::wire(error.to_string())),
    }
}

/// Prints a name in wire form.
fn print_name(wire: &[u8], out: &mut Vec<u8>) {
    Name::from_wire_trusted(wire).push_text(out);
}

/// Reads an RRSIG time.
fn parse_time(words: &mut Words<'_>) -> Result<u32, Fault> {
    let text = words.word()?;
    match Timestamp::from_text(text) {
        Some(time) => Ok(time.0),
        None => Err(words.fault(
            error::NUMBER,
            format!("{} is not a time", shown(text)),
            "write YYYYMMDDHHMMSS in UTC, or seconds since 1970 (RFC 4034 section 3.2)",
        )),
    }
}
