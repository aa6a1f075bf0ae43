//! SvcParams of SVCB and HTTPS (RFC 9460 sections 2.1, 2.2, 7 and 8, ZF-13).
//!
//! Text is `key`, `key=value` or `key="value"` in any order; wire form is `key, length, value` with keys ascending.

use super::super::error::{self, Fault, shown};
use super::super::token::{Words, push_unescaped};
use super::{address, fixed, number};
use crate::base::text::{decode_base64, push_base64, push_decimal, push_quoted};
use std::borrow::Cow;

const MANDATORY: u16 = 0;
const ALPN: u16 = 1;
const NO_DEFAULT_ALPN: u16 = 2;
const PORT: u16 = 3;
const IPV4HINT: u16 = 4;
const ECH: u16 = 5;
const IPV6HINT: u16 = 6;
const DOHPATH: u16 = 7;
const OHTTP: u16 = 8;
const TLS_SUPPORTED_GROUPS: u16 = 9;

/// Names of keys (IANA registry "DNS SVCB Service Parameter Keys"), each at its number.
const KEYS: [&str; 10] = [
    "mandatory",
    "alpn",
    "no-default-alpn",
    "port",
    "ipv4hint",
    "ech",
    "ipv6hint",
    "dohpath",
    "ohttp",
    "tls-supported-groups",
];

/// Keys up to this print by name; released name servers do not all read the later ones.
const PRINTED_BY_NAME_MAX: u16 = IPV6HINT;

/// Octets before the value of a parameter.
const HEAD_LEN: usize = 4;

/// Reads parameters to the end and puts them in order.
pub(super) fn parse(words: &mut Words<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let start = out.len();
    while !words.is_at_end() {
        let param_at = out.len();
        parse_param(words, out)?;
        sort_in(start, param_at, out)
            .ok_or_else(|| words.fault(error::VALUE, "a key that is there already", "each key may be given once"))?;
    }
    // What remains to check is about the parameters together, so there is no one token to blame.
    measure(&out[start..]).map(|_| ())
}

/// Moves the parameter at `param_at`, the last one, to its place among those from `start`; `None` for a key twice.
fn sort_in(start: usize, param_at: usize, out: &mut [u8]) -> Option<()> {
    let key = number::read_u16(&out[param_at..param_at + 2]);
    let mut at = start;
    while at < param_at {
        let other = number::read_u16(&out[at..at + 2]);
        if other == key {
            return None;
        }
        if other > key {
            let param_len = out.len() - param_at;
            out[at..].rotate_right(param_len);
            return Some(());
        }
        at += HEAD_LEN + usize::from(number::read_u16(&out[at + 2..at + 4]));
    }
    Some(())
}

/// Reads one parameter.
fn parse_param(words: &mut Words<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let word = words.word()?;
    let (name, value) = match memchr::memchr(b'=', word) {
        None => (word, None),
        Some(at) => (&word[..at], Some(value_after(&word[at + 1..], words)?)),
    };
    let (key, is_numbered) = key_from_text(name).ok_or_else(|| {
        words.fault(
            error::MNEMONIC,
            format!("{} is not a parameter key", shown(name)),
            "write a registered key, or key and its number without leading zeros, in lower case",
        )
    })?;
    let head_at = out.len();
    out.extend_from_slice(&key.to_be_bytes());
    out.extend_from_slice(&[0, 0]);
    // An empty value is the same as none (RFC 9460 section 2.1).
    let value = value.unwrap_or_default();
    let pushed = if is_numbered || value.is_empty() { push_unescaped(value, out) } else { push_value(key, value, out) };
    pushed.and_then(|()| close_param(key, head_at, out)).map_err(|fault| fault.at(words.index()))
}

/// Fills in the length of the parameter that reaches to the end of `out`, and checks its value.
fn close_param(key: u16, head_at: usize, out: &mut [u8]) -> Result<(), Fault> {
    let value_at = head_at + HEAD_LEN;
    let len = u16::try_from(out.len() - value_at)
        .map_err(|_| Fault::new(error::VALUE, "a value of more than 65535 octets", ""))?;
    out[head_at + 2..value_at].copy_from_slice(&len.to_be_bytes());
    check_value(key, &out[value_at..])
}

/// The value after `=`: bare, in quotes within the word, or a quoted token that follows without a gap.
fn value_after<'t>(text: &'t [u8], words: &mut Words<'t>) -> Result<&'t [u8], Fault> {
    if text.is_empty()
        && let Some(quoted) = words.quoted_without_gap()
    {
        return Ok(quoted);
    }
    match text {
        [b'"', value @ .., b'"'] => Ok(value),
        [b'"', ..] => Err(words.fault(error::STRING, "a value with an opening quote only", "close the quotes")),
        _ => Ok(text),
    }
}

/// The number of a key, and whether it is given as `keyNNNNN`.
fn key_from_text(text: &[u8]) -> Option<(u16, bool)> {
    if let Some(digits) = text.strip_prefix(b"key") {
        let is_plain = digits == b"0" || !digits.starts_with(b"0");
        let key = number::from_text(digits, u64::from(u16::MAX)).filter(|_| is_plain)?;
        return Some((key as u16, true));
    }
    let key = KEYS.iter().position(|name| name.as_bytes() == text)?;
    Some((key as u16, false))
}

/// Appends the wire form of a value given in the text form of its key; never empty.
fn push_value(key: u16, text: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
    if key == ALPN {
        return push_alpn(text, out);
    }
    let text = unescaped(text)?;
    let bad = |expected: &str| Fault::new(error::VALUE, format!("{} is not {expected}", shown(&text)), "");
    match key {
        MANDATORY => push_mandatory(&text, out).ok_or_else(|| bad("a list of keys, each once")),
        PORT => push_u16(&text, out).ok_or_else(|| bad("a port from 0 to 65535")),
        IPV4HINT => push_list(&text, |item| {
            out.extend_from_slice(&address::ipv4_from_text(item)?.octets());
            Some(())
        })
        .ok_or_else(|| bad("a list of IPv4 addresses")),
        IPV6HINT => push_list(&text, |item| {
            out.extend_from_slice(&address::ipv6_from_text(item)?.octets());
            Some(())
        })
        .ok_or_else(|| bad("a list of IPv6 addresses")),
        ECH => decode_base64(&text, out).then_some(()).ok_or_else(|| bad("base64")),
        TLS_SUPPORTED_GROUPS => {
            push_list(&text, |item| push_u16(item, out)).ok_or_else(|| bad("a list of numbers from 0 to 65535"))
        }
        _ => {
            out.extend_from_slice(&text);
            Ok(())
        }
    }
}

/// Text with its escapes resolved; borrowed if there are none.
fn unescaped(text: &[u8]) -> Result<Cow<'_, [u8]>, Fault> {
    if !text.contains(&b'\\') {
        return Ok(Cow::Borrowed(text));
    }
    let mut plain = Vec::with_capacity(text.len());
    push_unescaped(text, &mut plain)?;
    Ok(Cow::Owned(plain))
}

/// Runs `push` on each item of a list with commas.
fn push_list(text: &[u8], push: impl FnMut(&[u8]) -> Option<()>) -> Option<()> {
    text.split(|&byte| byte == b',').try_for_each(push)
}

/// Appends 16 bits.
fn push_u16(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    out.extend_from_slice(&(number::from_text(text, u64::from(u16::MAX))? as u16).to_be_bytes());
    Some(())
}

/// Appends a list of keys in ascending order; `None` for a key unknown or twice.
fn push_mandatory(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let start = out.len();
    push_list(text, |item| {
        let (key, _) = key_from_text(item)?;
        let (keys, _) = out[start..].as_chunks::<2>();
        let place = keys.binary_search(&key.to_be_bytes()).err()?;
        out.extend_from_slice(&key.to_be_bytes());
        out[start + place * 2..].rotate_right(2);
        Some(())
    })
}

/// Appends a list of protocol ids: escaped once as a list and once as a character-string (RFC 9460 appendix A.1).
fn push_alpn(text: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
    let list = unescaped(text)?;
    let mut rest = &list[..];
    loop {
        let length_at = out.len();
        out.push(0);
        let is_last = push_alpn_id(&mut rest, out)?;
        let len = out.len() - length_at - 1;
        out[length_at] = u8::try_from(len).ok().filter(|&len| len > 0).ok_or_else(|| {
            Fault::new(
                error::VALUE,
                format!("a protocol id of {len} octets in {}", shown(&list)),
                "an id has 1 to 255 octets",
            )
        })?;
        if is_last {
            return Ok(());
        }
    }
}

/// Appends one protocol id and takes it and its comma from the list; true if it was the last.
fn push_alpn_id(rest: &mut &[u8], out: &mut Vec<u8>) -> Result<bool, Fault> {
    loop {
        match **rest {
            [] => return Ok(true),
            [b',', ref after @ ..] => {
                *rest = after;
                return Ok(false);
            }
            [b'\\', octet @ (b',' | b'\\'), ref after @ ..] => {
                out.push(octet);
                *rest = after;
            }
            [b'\\', ..] => {
                return Err(Fault::new(
                    error::STRING,
                    "a backslash in a protocol id that escapes nothing",
                    r"write `\\\\` for a backslash and `\\,` for a comma in a protocol id",
                ));
            }
            [octet, ref after @ ..] => {
                out.push(octet);
                *rest = after;
            }
        }
    }
}

/// The first parameter, and what follows it.
fn split_param(wire: &[u8]) -> Result<(u16, &[u8], &[u8]), Fault> {
    fixed(HEAD_LEN, wire)?;
    let (head, rest) = wire.split_at(HEAD_LEN);
    let len = fixed(usize::from(number::read_u16(&head[2..])), rest)?;
    let (value, rest) = rest.split_at(len);
    Ok((number::read_u16(&head[..2]), value, rest))
}

/// The parameters of well-formed wire bytes.
fn params(wire: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let mut rest = wire;
    std::iter::from_fn(move || {
        let (key, value, after) = split_param(rest).ok()?;
        rest = after;
        Some((key, value))
    })
}

/// Measures parameters to the end: order, each value, and what they ask of each other.
pub(super) fn measure(wire: &[u8]) -> Result<usize, Fault> {
    let mut rest = wire;
    let mut last = None;
    while !rest.is_empty() {
        let (key, value, after) = split_param(rest)?;
        if last >= Some(key) {
            return Err(Fault::wire(format!("key {key} is not above the one before it")));
        }
        check_value(key, value)?;
        last = Some(key);
        rest = after;
    }
    let find = |wanted| params(wire).find(|&(key, _)| key == wanted).map(|(_, value)| value);
    if find(NO_DEFAULT_ALPN).is_some() && find(ALPN).is_none() {
        return Err(Fault::new(error::VALUE, "no-default-alpn without alpn", "add alpn (RFC 9460 section 7.1.1)"));
    }
    if let Some(mandatory) = find(MANDATORY) {
        check_mandatory(mandatory, wire)?;
    }
    Ok(wire.len())
}

/// Refuses a mandatory key without its parameter. Both lists ascend, so one walk is enough.
fn check_mandatory(mandatory: &[u8], wire: &[u8]) -> Result<(), Fault> {
    let mut params = params(wire);
    let (keys, _) = mandatory.as_chunks::<2>();
    for key in keys.iter().map(|&key| u16::from_be_bytes(key)) {
        if !params.any(|(present, _)| present == key) {
            let what = format!("mandatory lists {}, which is not there", key_name(key));
            return Err(Fault::new(
                error::VALUE,
                what,
                "add the parameter, or take it off the list (RFC 9460 section 8)",
            ));
        }
    }
    Ok(())
}

/// Refuses a value its key does not allow.
fn check_value(key: u16, value: &[u8]) -> Result<(), Fault> {
    let expected = match key {
        MANDATORY if !is_key_list(value) => "a list of ascending keys without mandatory itself",
        ALPN if !is_alpn(value) => "a list of protocol ids of 1 to 255 octets",
        NO_DEFAULT_ALPN | OHTTP if !value.is_empty() => "empty",
        PORT if value.len() != 2 => "a port",
        IPV4HINT if value.is_empty() || !value.len().is_multiple_of(4) => "a list of IPv4 addresses",
        IPV6HINT if value.is_empty() || !value.len().is_multiple_of(16) => "a list of IPv6 addresses",
        DOHPATH if !is_dohpath(value) => {
            "what RFC 9461 section 5 asks for, a URI template that begins with / and has the variable dns"
        }
        TLS_SUPPORTED_GROUPS if value.is_empty() || !value.len().is_multiple_of(2) => "a list of group numbers",
        _ => return Ok(()),
    };
    Err(Fault::new(error::VALUE, format!("the value of {} is not {expected}", key_name(key)), ""))
}

/// Whether this is a list of ascending keys without 0.
fn is_key_list(value: &[u8]) -> bool {
    let (keys, odd) = value.as_chunks::<2>();
    odd.is_empty()
        && keys.first().is_some_and(|&first| first != [0, 0])
        && keys.is_sorted_by(|left, right| left < right)
}

/// Whether this is a list of counted strings, none of them empty.
fn is_alpn(value: &[u8]) -> bool {
    let mut rest = value;
    while let [len @ 1..=255, after @ ..] = rest {
        match after.split_at_checked(usize::from(*len)) {
            Some((_, [])) => return true,
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    false
}

/// Whether this is a relative URI template with the variable `dns`.
fn is_dohpath(value: &[u8]) -> bool {
    let Ok(template) = std::str::from_utf8(value) else { return false };
    let mut expressions = template.split('{').skip(1).filter_map(|part| part.split_once('}'));
    template.starts_with('/')
        && expressions.any(|(expression, _)| {
            expression
                .trim_start_matches(['+', '#', '.', '/', ';', '?', '&'])
                .split(',')
                .any(|name| name.trim_end_matches('*') == "dns")
        })
}

/// The name of a key.
fn key_name(key: u16) -> Cow<'static, str> {
    match KEYS.get(usize::from(key)) {
        Some(&name) => Cow::Borrowed(name),
        None => Cow::Owned(format!("key{key}")),
    }
}

/// Prints the name of a key as most name servers read it.
fn print_key(key: u16, out: &mut Vec<u8>) {
    match KEYS.get(usize::from(key)) {
        Some(name) if key <= PRINTED_BY_NAME_MAX => out.extend_from_slice(name.as_bytes()),
        _ => {
            out.extend_from_slice(b"key");
            push_decimal(u64::from(key), out);
        }
    }
}

/// Prints parameters with spaces between.
pub(super) fn print(wire: &[u8], out: &mut Vec<u8>) {
    for (index, (key, value)) in params(wire).enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        print_key(key, out);
        if value.is_empty() {
            continue;
        }
        out.push(b'=');
        match key {
            MANDATORY => print_list::<2>(value, |key, out| print_key(u16::from_be_bytes(*key), out), out),
            ALPN => print_alpn(value, out),
            PORT => number::print(value, out),
            IPV4HINT => print_list::<4>(value, |octets, out| address::print_ipv4(octets, out), out),
            IPV6HINT => print_list::<16>(value, |octets, out| address::print_ipv6(octets, out), out),
            ECH => push_base64(value, out),
            _ => push_quoted(value, out),
        }
    }
}

/// Prints items of one size with commas between.
fn print_list<const LEN: usize>(value: &[u8], print_item: impl Fn(&[u8; LEN], &mut Vec<u8>), out: &mut Vec<u8>) {
    let (items, _) = value.as_chunks::<LEN>();
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        print_item(item, out);
    }
}

/// Prints protocol ids, escaped as a list and then as a character-string.
fn print_alpn(value: &[u8], out: &mut Vec<u8>) {
    let mut list = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some((&len, after)) = rest.split_first() {
        let (id, after) = after.split_at(usize::from(len));
        if !list.is_empty() {
            list.push(b',');
        }
        for &octet in id {
            if matches!(octet, b',' | b'\\') {
                list.push(b'\\');
            }
            list.push(octet);
        }
        rest = after;
    }
    push_quoted(&list, out);
}
