//! Address prefix lists (RFC 3123).

use super::super::error::{self, Fault, shown};
use super::super::token::Words;
use super::{address, fixed, number};
use crate::base::text::push_decimal;

/// Address family of IPv4 (IANA registry "Address Family Numbers").
const IPV4: u16 = 1;
/// Address family of IPv6.
const IPV6: u16 = 2;
/// Octets before the address of an item.
const HEAD_LEN: usize = 4;
/// The bit that turns an item into an exception.
const NEGATION: u8 = 0x80;

/// One item in wire form.
struct Item<'a> {
    family: u16,
    prefix: u8,
    is_negated: bool,
    /// Trailing zero octets left out.
    address: &'a [u8],
}

/// Bits and octets of an address of a family, if it is known.
const fn address_size(family: u16) -> Option<(u8, usize)> {
    match family {
        IPV4 => Some((32, 4)),
        IPV6 => Some((128, 16)),
        _ => None,
    }
}

/// Reads items `[!]family:address/prefix` to the end.
pub(super) fn parse(words: &mut Words<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    while !words.is_at_end() {
        let text = words.word()?;
        push_item(text, out).ok_or_else(|| {
            words.fault(
                error::ADDRESS,
                format!("{} is not an address prefix", shown(text)),
                "write [!]family:address/prefix, the family 1 for IPv4 or 2 for IPv6, for example !1:192.0.2.0/24",
            )
        })?;
    }
    Ok(())
}

/// Appends one item; `None` if it is malformed.
fn push_item(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let positive = text.strip_prefix(b"!");
    let item = positive.unwrap_or(text);
    let colon = item.iter().position(|&byte| byte == b':')?;
    let slash = item.iter().position(|&byte| byte == b'/').filter(|&slash| slash > colon)?;
    let family = number::from_text(&item[..colon], u64::from(u16::MAX))? as u16;
    let (bits_max, _) = address_size(family)?;
    let prefix = number::from_text(&item[slash + 1..], u64::from(bits_max))? as u8;
    let address = &item[colon + 1..slash];
    out.extend_from_slice(&family.to_be_bytes());
    out.extend_from_slice(&[prefix, 0]);
    let start = out.len();
    if family == IPV4 {
        out.extend_from_slice(&address::ipv4_from_text(address)?.octets());
    } else {
        out.extend_from_slice(&address::ipv6_from_text(address)?.octets());
    }
    while out.len() > start && out.last() == Some(&0) {
        out.pop();
    }
    out[start - 1] = (out.len() - start) as u8 | if positive.is_some() { NEGATION } else { 0 };
    Some(())
}

/// The first item and what follows it.
fn split_item(wire: &[u8]) -> Result<(Item<'_>, &[u8]), Fault> {
    fixed(HEAD_LEN, wire)?;
    let (head, rest) = wire.split_at(HEAD_LEN);
    let len = usize::from(head[3] & !NEGATION);
    fixed(len, rest)?;
    let (address, rest) = rest.split_at(len);
    let family = number::read_u16(&head[..2]);
    Ok((Item { family, prefix: head[2], is_negated: head[3] & NEGATION != 0, address }, rest))
}

/// Measures items to the end. Of unknown families only the form is known.
pub(super) fn measure(wire: &[u8]) -> Result<usize, Fault> {
    let mut rest = wire;
    while !rest.is_empty() {
        let (item, after) = split_item(rest)?;
        rest = after;
        if item.address.last() == Some(&0) {
            return Err(Fault::wire("an address ends in a zero octet, which is to be left out"));
        }
        let Some((bits_max, octets_max)) = address_size(item.family) else { continue };
        if item.prefix > bits_max || item.address.len() > octets_max {
            return Err(Fault::wire(format!("an item is longer than an address of family {}", item.family)));
        }
    }
    Ok(wire.len())
}

/// Whether all items are of families with text.
pub(super) fn has_text(wire: &[u8]) -> bool {
    let mut rest = wire;
    while let Ok((item, after)) = split_item(rest) {
        if address_size(item.family).is_none() {
            return false;
        }
        rest = after;
    }
    true
}

/// Prints items with spaces between.
pub(super) fn print(wire: &[u8], out: &mut Vec<u8>) {
    let mut rest = wire;
    while let Ok((item, after)) = split_item(rest) {
        if rest.len() < wire.len() {
            out.push(b' ');
        }
        rest = after;
        if item.is_negated {
            out.push(b'!');
        }
        push_decimal(u64::from(item.family), out);
        out.push(b':');
        let mut octets = [0; 16];
        octets[..item.address.len()].copy_from_slice(item.address);
        if item.family == IPV4 {
            address::print_ipv4(&octets[..4], out);
        } else {
            address::print_ipv6(&octets, out);
        }
        out.push(b'/');
        push_decimal(u64::from(item.prefix), out);
    }
}
