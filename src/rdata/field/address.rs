//! IPv4 and IPv6 addresses.

use super::super::error::{self, Fault, shown};
use super::super::token::Words;
use crate::base::text::push_decimal;
use std::io::Write;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Reads a dotted IPv4 address: four decimal numbers without leading zeros.
pub(super) fn parse_ipv4(words: &mut Words<'_>) -> Result<Ipv4Addr, Fault> {
    let text = words.word()?;
    ipv4_from_text(text)
        .ok_or_else(|| bad_address(words, text, "IPv4", "write four numbers up to 255, for example 192.0.2.1"))
}

/// Reads an IPv6 address.
pub(super) fn parse_ipv6(words: &mut Words<'_>) -> Result<Ipv6Addr, Fault> {
    let text = words.word()?;
    ipv6_from_text(text).ok_or_else(|| bad_address(words, text, "IPv6", "for example 2001:db8::1"))
}

#[cold]
fn bad_address(words: &Words<'_>, text: &[u8], family: &str, help: &'static str) -> Fault {
    words.fault(error::ADDRESS, format!("{} is not an {family} address", shown(text)), help)
}

/// The IPv4 address in text.
pub(super) fn ipv4_from_text(text: &[u8]) -> Option<Ipv4Addr> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// The IPv6 address in text.
pub(super) fn ipv6_from_text(text: &[u8]) -> Option<Ipv6Addr> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// Prints 4 octets dotted.
pub(super) fn print_ipv4(wire: &[u8], out: &mut Vec<u8>) {
    for (index, &octet) in wire.iter().enumerate() {
        if index > 0 {
            out.push(b'.');
        }
        push_decimal(u64::from(octet), out);
    }
}

/// Prints 16 octets as RFC 5952 says.
pub(super) fn print_ipv6(wire: &[u8], out: &mut Vec<u8>) {
    let octets: [u8; 16] = wire.try_into().expect("an IPv6 field has 16 octets");
    write!(out, "{}", Ipv6Addr::from(octets)).expect("writing to a buffer does not fail");
}
