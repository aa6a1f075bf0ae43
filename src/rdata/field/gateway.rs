//! Fields whose form depends on earlier ones: gateways of IPSECKEY and AMTRELAY, HIP, A6.

use super::super::error::{self, Fault, shown};
use super::super::token::{Token, Words};
use super::{address, encoded, fixed, measure_name, number, parse_name, print_names, require};
use crate::base::text::{push_base64, push_decimal, push_hex};

/// Place of the gateway type in IPSECKEY and in AMTRELAY data.
const TYPE_AT: usize = 1;
/// The Discovery Optional bit beside the relay type of AMTRELAY (RFC 8777 section 4.2.2).
const DISCOVERY_OPTIONAL: u8 = 0x80;
/// The gateway is absent.
pub(super) const NONE: u8 = 0;
/// The gateway is an IPv4 address.
const IPV4: u8 = 1;
/// The gateway is an IPv6 address.
const IPV6: u8 = 2;
/// The gateway is a name.
const NAME: u8 = 3;

/// The gateway type in the data, the bit beside it taken off.
fn gateway_type(rdata: &[u8]) -> u8 {
    rdata[TYPE_AT] & !DISCOVERY_OPTIONAL
}

/// Whether the gateway in this data is a name.
pub(in super::super) fn is_name(rdata: &[u8]) -> bool {
    gateway_type(rdata) == NAME
}

/// Whether the gateway in this data is of a type with text.
pub(super) fn has_text(rdata: &[u8]) -> bool {
    gateway_type(rdata) <= NAME
}

/// Reads the gateway that the type already in `rdata` asks for.
pub(super) fn parse(gateway_type_octet: u8, words: &mut Words<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    match gateway_type_octet & !DISCOVERY_OPTIONAL {
        NONE => match words.word()? {
            b"." => {}
            text => {
                let what = format!("{} follows a type that says there is none", shown(text));
                return Err(words.fault(error::VALUE, what, "write `.`"));
            }
        },
        IPV4 => out.extend_from_slice(&address::parse_ipv4(words)?.octets()),
        IPV6 => out.extend_from_slice(&address::parse_ipv6(words)?.octets()),
        NAME => parse_name(words, out)?,
        other => {
            let help = r"write the record as `\# length hex`";
            return Err(words.fault(error::VALUE, format!("type {other} has no text form"), help));
        }
    }
    Ok(())
}

/// Measures the gateway at `at`. Types above 3 may hold anything; IPSECKEY has none.
pub(super) fn measure(rdata: &[u8], at: usize) -> Result<usize, Fault> {
    let rest = &rdata[at..];
    match gateway_type(rdata) {
        NONE => Ok(0),
        IPV4 => fixed(4, rest),
        IPV6 => fixed(16, rest),
        NAME => measure_name(rest),
        _ => Ok(rest.len()),
    }
}

/// Prints a gateway of a type with text.
pub(super) fn print(rdata: &[u8], wire: &[u8], out: &mut Vec<u8>) {
    match gateway_type(rdata) {
        IPV4 => address::print_ipv4(wire, out),
        IPV6 => address::print_ipv6(wire, out),
        NAME => print_names(wire, out),
        _ => out.push(b'.'),
    }
}

/// Refuses gateway types above 3 (RFC 4025 section 2.3).
pub(super) fn check_type(gateway_type: u8) -> Result<(), Fault> {
    if gateway_type <= NAME {
        return Ok(());
    }
    Err(Fault::new(error::VALUE, format!("{gateway_type} is not a gateway type"), "0 none, 1 IPv4, 2 IPv6, 3 name"))
}

/// Reads the Discovery Optional bit and the relay type, which share an octet.
pub(super) fn parse_relay_type(words: &mut Words<'_>) -> Result<u8, Fault> {
    let discovery = number::parse(words, 1)? as u8;
    let relay_type = number::parse(words, u64::from(!DISCOVERY_OPTIONAL))? as u8;
    Ok(discovery << 7 | relay_type)
}

/// Prints the Discovery Optional bit and the relay type.
pub(super) fn print_relay_type(octet: u8, out: &mut Vec<u8>) {
    push_decimal(u64::from(octet >> 7), out);
    out.push(b' ');
    push_decimal(u64::from(octet & !DISCOVERY_OPTIONAL), out);
}

/// Octets before the HIT of HIP data: its length, the algorithm, the length of the key (RFC 8005 section 5).
const HIP_HEAD_LEN: usize = 4;

/// Reads algorithm, HIT in hex and key in base64, each one word.
pub(super) fn parse_hip(words: &mut Words<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let head_at = out.len();
    let algorithm = number::parse_u8(words)?;
    out.extend_from_slice(&[0, algorithm, 0, 0]);
    let hit_len = parse_one(encoded::parse_hex, words, out)?;
    let hit_len = u8::try_from(hit_len).map_err(|_| words.fault(error::VALUE, "a HIT has at most 255 octets", ""))?;
    let key_len = parse_one(encoded::parse_base64, words, out)?;
    let key_len =
        u16::try_from(key_len).map_err(|_| words.fault(error::VALUE, "a key has at most 65535 octets", ""))?;
    out[head_at] = hit_len;
    out[head_at + 2..head_at + 4].copy_from_slice(&key_len.to_be_bytes());
    Ok(())
}

/// Runs a codec that reads to the end on one word only; returns how many octets it appended.
fn parse_one(
    codec: fn(&mut Words<'_>, &mut Vec<u8>) -> Result<(), Fault>,
    words: &mut Words<'_>,
    out: &mut Vec<u8>,
) -> Result<usize, Fault> {
    let start = out.len();
    let text = words.word()?;
    let word = [Token { text, is_quoted: false, offset: 0 }];
    // The index of the fault is that of the word here, not in the list of one.
    codec(&mut Words::new(&word, None), out).map_err(|fault| fault.moved_to(words.index()))?;
    Ok(out.len() - start)
}

/// Measures head, HIT and key of HIP data; neither may be empty.
pub(super) fn measure_hip(rest: &[u8]) -> Result<usize, Fault> {
    fixed(HIP_HEAD_LEN, rest)?;
    let (hit_len, key_len) = (usize::from(rest[0]), usize::from(number::read_u16(&rest[2..4])));
    if hit_len == 0 || key_len == 0 {
        return Err(Fault::new(error::VALUE, "HIT or public key is empty", ""));
    }
    fixed(HIP_HEAD_LEN + hit_len + key_len, rest)
}

/// Prints algorithm, HIT and key.
pub(super) fn print_hip(wire: &[u8], out: &mut Vec<u8>) {
    let (hit, key) = wire[HIP_HEAD_LEN..].split_at(usize::from(wire[0]));
    push_decimal(u64::from(wire[1]), out);
    out.push(b' ');
    push_hex(hit, out);
    out.push(b' ');
    push_base64(key, out);
}

/// Bits of an IPv6 address.
const ADDRESS_BITS: u8 = 128;

/// Octets of the suffix of A6 data with this prefix length (RFC 2874 section 3.1).
fn suffix_len(prefix_len: u8) -> usize {
    usize::from(ADDRESS_BITS.saturating_sub(prefix_len)).div_ceil(8)
}

/// Refuses a prefix longer than an address.
pub(super) fn check_prefix_len(prefix_len: u8) -> Result<(), Fault> {
    require(prefix_len <= ADDRESS_BITS, || format!("{prefix_len} is more than {ADDRESS_BITS}"))
}

/// Reads the suffix of an address, unless the prefix is all of it. Bits of the prefix are taken as zero.
pub(super) fn parse_suffix(prefix_len: u8, words: &mut Words<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let len = suffix_len(prefix_len);
    if len == 0 {
        return Ok(());
    }
    let octets = address::parse_ipv6(words)?.octets();
    let start = out.len();
    out.extend_from_slice(&octets[16 - len..]);
    out[start] &= 0xff >> (prefix_len % 8);
    Ok(())
}

/// Measures the suffix: its bits that belong to the prefix must be zero.
pub(super) fn measure_suffix(rdata: &[u8], at: usize) -> Result<usize, Fault> {
    let prefix_len = rdata[0];
    let len = fixed(suffix_len(prefix_len), &rdata[at..])?;
    let is_padded = len == 0 || rdata[at] & !(0xff >> (prefix_len % 8)) == 0;
    require(is_padded, || "has bits set that belong to the prefix".to_owned()).map(|()| len)
}

/// Prints the suffix as an address; nothing if it is empty.
pub(super) fn print_suffix(wire: &[u8], out: &mut Vec<u8>) {
    if !wire.is_empty() {
        let mut octets = [0; 16];
        octets[16 - wire.len()..].copy_from_slice(wire);
        address::print_ipv6(&octets, out);
    }
}
