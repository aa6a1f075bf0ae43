//! The kinds of fields: each with text to wire, wire to text, and its length in wire form.

mod address;
mod apl;
pub(super) mod encoded;
pub(super) mod gateway;
mod grouped;
mod location;
mod mnemonic;
mod naptr;
pub(super) mod number;
mod ports;
mod string;
mod svcb;
mod telecom;
pub(super) mod types;

use super::error::{self, Fault, octets, shown};
use super::table::{Kind, MayBeEmpty};
use super::token::Words;
use crate::base::text::{push_base64, push_hex, push_quoted};
use crate::base::{Name, NameError, Timestamp, name};
use std::ops::Range;

/// Reads one field from text and appends its wire form. The record's data begins at `start` in `out`.
pub(super) fn parse(kind: Kind, words: &mut Words<'_>, start: usize, out: &mut Vec<u8>) -> Result<(), Fault> {
    let from = out.len();
    match kind {
        Kind::U8 => out.push(number::parse_u8(words)?),
        Kind::U16 => out.extend_from_slice(&number::parse_u16(words)?.to_be_bytes()),
        Kind::U32 => out.extend_from_slice(&number::parse_u32(words)?.to_be_bytes()),
        Kind::U64 => out.extend_from_slice(&number::parse_u64(words)?.to_be_bytes()),
        Kind::Seconds => out.extend_from_slice(&number::parse_seconds(words)?.to_be_bytes()),
        Kind::Time => out.extend_from_slice(&parse_time(words)?.to_be_bytes()),
        Kind::Type => out.extend_from_slice(&types::parse(words)?.0.to_be_bytes()),
        Kind::Algorithm | Kind::CertAlgorithm => out.push(mnemonic::parse_algorithm(words)?),
        Kind::DigestType => out.push(mnemonic::parse_u8(&mnemonic::DIGEST_TYPES, words)?),
        Kind::KeyFlags => out.extend_from_slice(&mnemonic::parse_key_flags(words)?.to_be_bytes()),
        Kind::KeyProtocol => out.push(mnemonic::parse_u8(&mnemonic::KEY_PROTOCOLS, words)?),
        Kind::CertType => out.extend_from_slice(&mnemonic::parse_cert_type(words)?.to_be_bytes()),
        Kind::DsyncScheme => out.push(mnemonic::parse_u8(&mnemonic::DSYNC_SCHEMES, words)?),
        Kind::Protocol => out.push(ports::parse_protocol(words)?),
        Kind::Ipv4 => out.extend_from_slice(&address::parse_ipv4(words)?.octets()),
        Kind::Ipv6 => out.extend_from_slice(&address::parse_ipv6(words)?.octets()),
        Kind::Name | Kind::LowerName => parse_name(words, out)?,
        Kind::Names => {
            while !words.is_at_end() {
                parse_name(words, out)?;
            }
        }
        Kind::String | Kind::X25 | Kind::Gpos(_) | Kind::Regexp => string::parse(words, out)?,
        Kind::StringOrEmpty if words.is_at_end() => out.push(0),
        Kind::OptionalString if words.is_at_end() => {}
        Kind::StringOrEmpty | Kind::OptionalString => string::parse(words, out)?,
        Kind::Strings => string::parse_all(words, out)?,
        Kind::Text => string::parse_text(words, out)?,
        Kind::CaaTag => string::parse_tag(words, out)?,
        Kind::Hex(_) | Kind::Digest(_) => encoded::parse_hex(words, out)?,
        Kind::Base64(_) | Kind::KeyData | Kind::IpsecKey => encoded::parse_base64(words, out)?,
        Kind::DoaData => encoded::parse_base64_or_hyphen(words, out)?,
        Kind::Salt => encoded::parse_salt(words, out)?,
        Kind::NextHash => encoded::parse_next_hash(words, out)?,
        Kind::Bitmap(empty) => types::parse_bitmap(words, empty, out)?,
        Kind::Zero | Kind::GatewayType | Kind::RelayType | Kind::PrefixLen => parse_small(kind, words, out)?,
        Kind::Gateway => gateway::parse(out[start + 1], words, out)?,
        Kind::HostIdentity => gateway::parse_hip(words, out)?,
        Kind::AddressSuffix => gateway::parse_suffix(out[start], words, out)?,
        Kind::PrefixName if out[start] == 0 => {}
        Kind::PrefixName => parse_name(words, out)?,
        Kind::Eui(len) => grouped::parse_eui(usize::from(len), words, out)?,
        Kind::Locator => grouped::parse_locator(words, out)?,
        Kind::Nsap => telecom::parse_nsap(words, out)?,
        Kind::Atma => telecom::parse_atma(words, out)?,
        Kind::Loc => location::parse_loc(words, out)?,
        Kind::AddressPrefixes => apl::parse(words, out)?,
        Kind::Ports => ports::parse_ports(words, out)?,
        Kind::NxtBitmap => ports::parse_nxt(words, out)?,
        Kind::SvcParams => svcb::parse(words, out)?,
    }
    if kind.is_checked_after_parsing() {
        measure(kind, &out[start..], from - start).map_err(|fault| fault.at_last_of(words))?;
    }
    Ok(())
}

/// Reads a number that [`measure`] checks afterwards.
fn parse_small(kind: Kind, words: &mut Words<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    match kind {
        Kind::Zero => out.extend_from_slice(&number::parse_u16(words)?.to_be_bytes()),
        Kind::RelayType => out.push(gateway::parse_relay_type(words)?),
        _ => out.push(number::parse_u8(words)?),
    }
    Ok(())
}

/// The octets of the field that begins at `at`, by what the data says; `at` is within it.
pub(super) fn measure(kind: Kind, rdata: &[u8], at: usize) -> Result<usize, Fault> {
    let rest = &rdata[at..];
    match kind {
        Kind::U8 | Kind::Algorithm | Kind::DigestType | Kind::KeyProtocol => fixed(1, rest),
        Kind::CertAlgorithm | Kind::DsyncScheme | Kind::Protocol | Kind::RelayType => fixed(1, rest),
        Kind::U16 | Kind::Type | Kind::KeyFlags | Kind::CertType => fixed(2, rest),
        Kind::U32 | Kind::Seconds | Kind::Time | Kind::Ipv4 => fixed(4, rest),
        Kind::U64 | Kind::Locator => fixed(8, rest),
        Kind::Ipv6 => fixed(16, rest),
        Kind::Eui(len) => fixed(usize::from(len), rest),
        Kind::Zero => fixed(2, rest).and_then(|len| require(rest[..2] == [0, 0], || "is not 0".into()).map(|()| len)),
        Kind::GatewayType => fixed(1, rest).and_then(|len| gateway::check_type(rest[0]).map(|()| len)),
        Kind::PrefixLen => fixed(1, rest).and_then(|len| gateway::check_prefix_len(rest[0]).map(|()| len)),
        Kind::Name | Kind::LowerName => measure_name(rest),
        Kind::PrefixName if rdata[0] == 0 => Ok(0),
        Kind::PrefixName => measure_name(rest),
        Kind::Names => measure_names(rest),
        Kind::String | Kind::StringOrEmpty | Kind::Salt => counted(rest),
        Kind::OptionalString if rest.is_empty() => Ok(0),
        Kind::OptionalString => counted(rest),
        Kind::Strings => string::measure_all(rest),
        Kind::CaaTag => string::measure_tag(rest),
        Kind::Regexp => naptr::measure_regexp(rest),
        Kind::Text | Kind::DoaData | Kind::Base64(MayBeEmpty::Yes) => Ok(rest.len()),
        Kind::Hex(min) => at_least(usize::from(min), rest),
        Kind::Digest(whose) => encoded::measure_digest(whose, &rdata[..at], rest),
        Kind::Base64(MayBeEmpty::No) | Kind::Nsap => at_least(1, rest),
        Kind::KeyData => encoded::measure_key(number::read_u16(&rdata[..2]), rest),
        Kind::IpsecKey => at_least(usize::from(rdata[2] != 0), rest),
        Kind::NextHash => encoded::measure_next_hash(rdata[0], rest),
        Kind::Bitmap(empty) => types::measure_bitmap(rest, empty),
        Kind::Gateway => gateway::measure(rdata, at),
        Kind::HostIdentity => gateway::measure_hip(rest),
        Kind::AddressSuffix => gateway::measure_suffix(rdata, at),
        Kind::X25 => telecom::measure_x25(rest),
        Kind::Atma => telecom::measure_atma(rest),
        Kind::Gpos(limit) => location::measure_gpos(limit, rest),
        Kind::Loc => location::measure_loc(rest),
        Kind::AddressPrefixes => apl::measure(rest),
        Kind::Ports => ports::measure_ports(rest),
        Kind::NxtBitmap => ports::measure_nxt(rest),
        Kind::SvcParams => svcb::measure(rest),
    }
}

/// Whether the field at `range`, which [`measure`] has given, has a text form that reads back the same.
#[inline]
pub(super) fn has_text(kind: Kind, rdata: &[u8], range: Range<usize>) -> bool {
    match kind {
        // NSD does not read an SSHFP without a fingerprint in any other form.
        Kind::Digest(_) => !range.is_empty(),
        Kind::Gateway => gateway::has_text(rdata),
        Kind::Atma => telecom::atma_has_text(&rdata[range]),
        Kind::Loc => location::loc_has_text(&rdata[range]),
        Kind::AddressPrefixes => apl::has_text(&rdata[range]),
        _ => true,
    }
}

/// Appends the text of the field at `range`, for which [`has_text`] holds.
pub(super) fn print(kind: Kind, rdata: &[u8], range: Range<usize>, out: &mut Vec<u8>) {
    let wire = &rdata[range];
    match kind {
        Kind::U8 | Kind::U16 | Kind::U32 | Kind::U64 | Kind::Zero | Kind::Seconds => number::print(wire, out),
        Kind::Algorithm | Kind::DigestType | Kind::KeyFlags | Kind::KeyProtocol => number::print(wire, out),
        Kind::Protocol | Kind::GatewayType | Kind::PrefixLen => number::print(wire, out),
        Kind::CertType => mnemonic::print_cert_type(number::read_u16(wire), out),
        Kind::CertAlgorithm => mnemonic::print_cert_algorithm(wire[0], out),
        Kind::DsyncScheme => mnemonic::print_dsync_scheme(wire[0], out),
        Kind::RelayType => gateway::print_relay_type(wire[0], out),
        Kind::Time => Timestamp(number::read_u32(wire)).push_text(out),
        Kind::Type => types::print(number::read_u16(wire), out),
        Kind::Ipv4 => address::print_ipv4(wire, out),
        Kind::Ipv6 => address::print_ipv6(wire, out),
        Kind::Name | Kind::LowerName | Kind::PrefixName | Kind::Names => print_names(wire, out),
        Kind::String | Kind::StringOrEmpty | Kind::X25 | Kind::Gpos(_) | Kind::Regexp => string::print_all(wire, out),
        Kind::OptionalString | Kind::Strings => string::print_all(wire, out),
        Kind::CaaTag => out.extend_from_slice(&wire[1..]),
        Kind::Text => push_quoted(wire, out),
        Kind::Hex(_) | Kind::Digest(_) => push_hex(wire, out),
        Kind::Base64(_) | Kind::KeyData | Kind::IpsecKey => push_base64(wire, out),
        Kind::DoaData => encoded::print_base64_or_hyphen(wire, out),
        Kind::Salt => encoded::print_salt(&wire[1..], out),
        Kind::NextHash => encoded::print_next_hash(&wire[1..], out),
        Kind::Bitmap(_) => types::print_bitmap(wire, out),
        Kind::Gateway => gateway::print(rdata, wire, out),
        Kind::HostIdentity => gateway::print_hip(wire, out),
        Kind::AddressSuffix => gateway::print_suffix(wire, out),
        Kind::Eui(_) => grouped::print_eui(wire, out),
        Kind::Locator => grouped::print_locator(wire, out),
        Kind::Nsap => telecom::print_nsap(wire, out),
        Kind::Atma => telecom::print_atma(wire, out),
        Kind::Loc => location::print_loc(wire, out),
        Kind::AddressPrefixes => apl::print(wire, out),
        Kind::Ports => ports::print_ports(wire, out),
        Kind::NxtBitmap => ports::print_nxt(wire, out),
        Kind::SvcParams => svcb::print(wire, out),
    }
}

/// A field of so many octets.
#[inline]
fn fixed(len: usize, rest: &[u8]) -> Result<usize, Fault> {
    if rest.len() < len { Err(too_short(len, rest.len())) } else { Ok(len) }
}

#[cold]
fn too_short(needed: usize, found: usize) -> Fault {
    Fault::wire(format!("needs {}, and {found} {} left", octets(needed), if found == 1 { "is" } else { "are" }))
}

/// A field of a length octet and so many octets.
#[inline]
fn counted(rest: &[u8]) -> Result<usize, Fault> {
    let len = *rest.first().ok_or_else(|| too_short(1, 0))?;
    fixed(1 + usize::from(len), rest)
}

/// A field to the end of at least so many octets.
fn at_least(min: usize, rest: &[u8]) -> Result<usize, Fault> {
    match (rest.len() >= min, min) {
        (true, _) => Ok(rest.len()),
        (false, 1) => Err(Fault::new(error::MISSING, "is missing", "")),
        (false, _) => {
            Err(Fault::new(error::VALUE, format!("has {}, and at least {min} are needed", octets(rest.len())), ""))
        }
    }
}

/// Refuses a value that does not hold what its type asks.
fn require(holds: bool, what: impl FnOnce() -> String) -> Result<(), Fault> {
    if holds { Ok(()) } else { Err(Fault::new(error::VALUE, what(), "")) }
}

/// Reads a domain name.
fn parse_name(words: &mut Words<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let text = words.word()?;
    name::push_wire_from_text(text, words.origin, out).map_err(|error| bad_name(words, text, error))
}

#[cold]
fn bad_name(words: &Words<'_>, text: &[u8], error: NameError) -> Fault {
    words.fault(error::NAME, format!("{} is not a domain name: {error}", shown(text)), error.help())
}

/// The octets of a name in wire form.
fn measure_name(rest: &[u8]) -> Result<usize, Fault> {
    match Name::parse_wire(rest) {
        Ok((name, _)) => Ok(name.as_wire().len()),
        Err(error) => Err(Fault::wire(error.to_string())),
    }
}

/// The octets of names to the end.
fn measure_names(rest: &[u8]) -> Result<usize, Fault> {
    let mut at = 0;
    while at < rest.len() {
        at += measure_name(&rest[at..])?;
    }
    Ok(at)
}

/// Prints names in wire form with spaces between.
fn print_names(wire: &[u8], out: &mut Vec<u8>) {
    let mut rest = wire;
    while let Ok((name, after)) = Name::parse_wire(rest) {
        name.push_text(out);
        rest = after;
        if !rest.is_empty() {
            out.push(b' ');
        }
    }
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
