//! Numbers that text may give by name.

use super::super::error::{self, Fault, shown};
use super::super::token::Words;
use super::number;
use crate::base::Algorithm;
use crate::base::text::push_decimal;

/// Names of digest types (IANA registry "DS RR Type Digest Algorithms").
pub(super) const DIGEST_TYPES: [(&str, u8); 9] = [
    ("SHA-1", 1),
    ("SHA1", 1),
    ("SHA-256", 2),
    ("SHA256", 2),
    ("GOST", 3),
    ("SHA-384", 4),
    ("SHA384", 4),
    ("SM3", 6),
    ("GOST12", 5),
];

/// Names of CERT types (IANA registry "CERT Resource Record (RR) Certificate Types").
const CERT_TYPES: [(&str, u16); 10] = [
    ("PKIX", 1),
    ("SPKI", 2),
    ("PGP", 3),
    ("IPKIX", 4),
    ("ISPKI", 5),
    ("IPGP", 6),
    ("ACPKIX", 7),
    ("IACPKIX", 8),
    ("URI", 253),
    ("OID", 254),
];

/// Names CERT prints for algorithms: those that BIND, Knot and NSD all read.
const CERT_ALGORITHMS: [(&str, u8); 13] = [
    ("RSAMD5", 1),
    ("DH", 2),
    ("DSA", 3),
    ("RSASHA1", 5),
    ("RSASHA256", 8),
    ("RSASHA512", 10),
    ("ECDSAP256SHA256", 13),
    ("ECDSAP384SHA384", 14),
    ("ED25519", 15),
    ("ED448", 16),
    ("INDIRECT", 252),
    ("PRIVATEDNS", 253),
    ("PRIVATEOID", 254),
];

/// Names of DSYNC schemes (RFC 9859 section 2.1).
pub(super) const DSYNC_SCHEMES: [(&str, u8); 1] = [("NOTIFY", 1)];

/// Names of KEY protocols (RFC 2535 section 3.1.3).
pub(super) const KEY_PROTOCOLS: [(&str, u8); 6] =
    [("NONE", 0), ("TLS", 1), ("EMAIL", 2), ("DNSSEC", 3), ("IPSEC", 4), ("ALL", 255)];

/// Names of KEY flags (RFC 2535 section 3.1.2); they may be joined by `|`.
const KEY_FLAGS: [(&str, u16); 12] = [
    ("NOCONF", 0x4000),
    ("NOAUTH", 0x8000),
    ("NOKEY", 0xc000),
    ("EXTEND", 0x1000),
    ("USER", 0x0000),
    ("ZONE", 0x0100),
    ("HOST", 0x0200),
    ("NTYP3", 0x0300),
    ("REVOKE", 0x0080),
    ("KSK", 0x0001),
    ("SEP", 0x0001),
    ("SIGNATORY", 0x000f),
];

/// The number of a name in a table, in any case.
fn find<T: Copy>(names: &[(&str, T)], text: &[u8]) -> Option<T> {
    names.iter().find(|(name, _)| name.as_bytes().eq_ignore_ascii_case(text)).map(|&(_, number)| number)
}

/// Reads 8 bits as a number or by name.
pub(super) fn parse_u8(names: &[(&str, u8)], words: &mut Words<'_>) -> Result<u8, Fault> {
    let text = words.word()?;
    match number::from_text(text, u64::from(u8::MAX)) {
        Some(value) => Ok(value as u8),
        None => find(names, text).ok_or_else(|| unknown(words, text, "255")),
    }
}

/// Reads 16 bits as a number or by name.
pub(super) fn parse_u16(names: &[(&str, u16)], words: &mut Words<'_>) -> Result<u16, Fault> {
    let text = words.word()?;
    match number::from_text(text, u64::from(u16::MAX)) {
        Some(value) => Ok(value as u16),
        None => find(names, text).ok_or_else(|| unknown(words, text, "65535")),
    }
}

/// Prints a number by name if it has one.
fn print<T: Copy + PartialEq + Into<u64>>(names: &[(&str, T)], value: T, out: &mut Vec<u8>) {
    match names.iter().find(|&&(_, number)| number == value) {
        Some((name, _)) => out.extend_from_slice(name.as_bytes()),
        None => push_decimal(value.into(), out),
    }
}

/// Reads the type of a CERT.
pub(super) fn parse_cert_type(words: &mut Words<'_>) -> Result<u16, Fault> {
    parse_u16(&CERT_TYPES, words)
}

/// Prints the type of a CERT.
pub(super) fn print_cert_type(value: u16, out: &mut Vec<u8>) {
    print(&CERT_TYPES, value, out);
}

/// Prints the algorithm of a CERT.
pub(super) fn print_cert_algorithm(value: u8, out: &mut Vec<u8>) {
    print(&CERT_ALGORITHMS, value, out);
}

/// Prints the scheme of a DSYNC.
pub(super) fn print_dsync_scheme(value: u8, out: &mut Vec<u8>) {
    print(&DSYNC_SCHEMES, value, out);
}

/// Reads a DNSSEC algorithm as a number or by name.
pub(super) fn parse_algorithm(words: &mut Words<'_>) -> Result<u8, Fault> {
    let text = words.word()?;
    Algorithm::from_text(text).map(|algorithm| algorithm.0).ok_or_else(|| unknown(words, text, "255"))
}

/// Reads KEY flags: a number, decimal or `0x` hex, or names joined by `|`.
pub(super) fn parse_key_flags(words: &mut Words<'_>) -> Result<u16, Fault> {
    let text = words.word()?;
    let named = || text.split(|&byte| byte == b'|').try_fold(0, |flags, name| Some(flags | find(&KEY_FLAGS, name)?));
    number::from_text(text, u64::from(u16::MAX))
        .map(|value| value as u16)
        .or_else(|| hex_from_text(text))
        .or_else(named)
        .ok_or_else(|| unknown(words, text, "65535"))
}

/// The value of `0x` and hex digits.
fn hex_from_text(text: &[u8]) -> Option<u16> {
    let digits = text.strip_prefix(b"0x").or_else(|| text.strip_prefix(b"0X"))?;
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cold]
fn unknown(words: &Words<'_>, text: &[u8], max: &str) -> Fault {
    words.fault(error::MNEMONIC, format!("{} is neither a number from 0 to {max} nor a known name", shown(text)), "")
}
