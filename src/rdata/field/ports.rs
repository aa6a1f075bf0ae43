//! Bitmaps of WKS (RFC 1035 section 3.4.2) and NXT (RFC 2535 section 5.2).

use super::super::error::{self, Fault, shown};
use super::super::token::Words;
use super::{mnemonic, types};
use crate::base::text::push_decimal;

/// Protocols by name (RFC 1010 and its successors).
const PROTOCOLS: [(&str, u8); 16] = [
    ("ICMP", 1),
    ("IGMP", 2),
    ("GGP", 3),
    ("IPENCAP", 4),
    ("ST", 5),
    ("TCP", 6),
    ("EGP", 8),
    ("IGP", 9),
    ("PUP", 12),
    ("UDP", 17),
    ("HMP", 20),
    ("XNS-IDP", 22),
    ("RDP", 27),
    ("ISO-TP4", 29),
    ("ESP", 50),
    ("AH", 51),
];

/// Services by name, those WKS was used for (RFC 1010; IANA registry "Service Name and Transport Protocol Port Number").
const SERVICES: [(&str, u16); 57] = [
    ("TCPMUX", 1),
    ("RJE", 5),
    ("ECHO", 7),
    ("DISCARD", 9),
    ("SYSTAT", 11),
    ("DAYTIME", 13),
    ("NETSTAT", 15),
    ("QOTD", 17),
    ("CHARGEN", 19),
    ("FTP-DATA", 20),
    ("FTP", 21),
    ("SSH", 22),
    ("TELNET", 23),
    ("SMTP", 25),
    ("TIME", 37),
    ("RLP", 39),
    ("NAMESERVER", 42),
    ("WHOIS", 43),
    ("NICNAME", 43),
    ("TACACS", 49),
    ("DOMAIN", 53),
    ("BOOTPS", 67),
    ("BOOTPC", 68),
    ("TFTP", 69),
    ("GOPHER", 70),
    ("FINGER", 79),
    ("HTTP", 80),
    ("WWW", 80),
    ("LINK", 87),
    ("KERBEROS", 88),
    ("SUPDUP", 95),
    ("HOSTNAMES", 101),
    ("ISO-TSAP", 102),
    ("X400", 103),
    ("CSNET-NS", 105),
    ("RTELNET", 107),
    ("POP2", 109),
    ("POP3", 110),
    ("SUNRPC", 111),
    ("AUTH", 113),
    ("SFTP", 115),
    ("UUCP-PATH", 117),
    ("NNTP", 119),
    ("NTP", 123),
    ("NETBIOS-NS", 137),
    ("NETBIOS-DGM", 138),
    ("NETBIOS-SSN", 139),
    ("IMAP", 143),
    ("IMAP2", 143),
    ("SNMP", 161),
    ("SNMP-TRAP", 162),
    ("XDMCP", 177),
    ("BGP", 179),
    ("IRC", 194),
    ("LDAP", 389),
    ("HTTPS", 443),
    ("SYSLOG", 514),
];

/// Octets of a WKS bitmap with all ports.
const PORTS_LEN_MAX: usize = 8192;
/// Octets of an NXT bitmap with types 0 to 127.
const NXT_LEN_MAX: usize = 16;

/// Reads a protocol as a number or by name.
pub(super) fn parse_protocol(words: &mut Words<'_>) -> Result<u8, Fault> {
    mnemonic::parse_u8(&PROTOCOLS, words)
}

/// Reads ports to the end, as numbers or by name, in any order.
pub(super) fn parse_ports(words: &mut Words<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let start = out.len();
    while !words.is_at_end() {
        set_bit(usize::from(mnemonic::parse_u16(&SERVICES, words)?), start, out);
    }
    Ok(())
}

/// Sets a bit of the bitmap from `start` to the end of `out`, made longer as needed.
fn set_bit(bit: usize, start: usize, out: &mut Vec<u8>) {
    let at = start + bit / 8;
    if out.len() <= at {
        out.resize(at + 1, 0);
    }
    out[at] |= 0x80 >> (bit % 8);
}

/// The bits that are set, ascending.
fn bits(wire: &[u8]) -> impl Iterator<Item = usize> {
    (0..wire.len() * 8).filter(|bit| wire[bit / 8] & 0x80 >> (bit % 8) != 0)
}

/// Measures a bitmap of ports to the end.
pub(super) fn measure_ports(rest: &[u8]) -> Result<usize, Fault> {
    measure(rest, PORTS_LEN_MAX)
}

/// Measures a bitmap that has no zero octet last.
fn measure(rest: &[u8], len_max: usize) -> Result<usize, Fault> {
    if rest.len() > len_max {
        return Err(Fault::wire(format!("a bitmap of more than {len_max} octets")));
    }
    if rest.last() == Some(&0) {
        return Err(Fault::wire("a bitmap with a zero octet last"));
    }
    Ok(rest.len())
}

/// Prints ports with spaces between.
pub(super) fn print_ports(wire: &[u8], out: &mut Vec<u8>) {
    for (index, port) in bits(wire).enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        push_decimal(port as u64, out);
    }
}

/// Reads the types of an NXT to the end, in any order: 1 to 127.
pub(super) fn parse_nxt(words: &mut Words<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let start = out.len();
    while !words.is_at_end() {
        let rtype = types::parse(words)?;
        if !(1..=127).contains(&rtype.0) {
            let what = format!("{} cannot be in the bitmap", shown(rtype.to_string().as_bytes()));
            return Err(words.fault(error::VALUE, what, "an NXT holds types 1 to 127"));
        }
        set_bit(usize::from(rtype.0), start, out);
    }
    Ok(())
}

/// Measures an NXT bitmap to the end.
pub(super) fn measure_nxt(rest: &[u8]) -> Result<usize, Fault> {
    if rest.first().is_some_and(|octet| octet & 0x80 != 0) {
        return Err(Fault::wire("a bitmap of another format"));
    }
    measure(rest, NXT_LEN_MAX)
}

/// Prints the types of an NXT with spaces between.
pub(super) fn print_nxt(wire: &[u8], out: &mut Vec<u8>) {
    for (index, number) in bits(wire).enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        types::print(number as u16, out);
    }
}
