//! Text codecs: base64, hex, base32hex and escapes, all into a caller's buffer.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fmt::Write;

/// Appends `\DDD`.
pub fn push_decimal_escape(byte: u8, out: &mut Vec<u8>) {
    out.extend_from_slice(&[b'\\', b'0' + byte / 100, b'0' + byte / 10 % 10, b'0' + byte % 10]);
}

/// Reads what follows a backslash: `DDD` up to 255, or one octet that is not a digit (RFC 1035 section 5.1, ZF-3).
/// Returns the octet meant and the rest; `None` if it is malformed.
#[must_use]
pub fn unescape(after_backslash: &[u8]) -> Option<(u8, &[u8])> {
    match after_backslash {
        [a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', rest @ ..] => {
            let value = u16::from(a - b'0') * 100 + u16::from(b - b'0') * 10 + u16::from(c - b'0');
            Some((u8::try_from(value).ok()?, rest))
        }
        [b'0'..=b'9', ..] | [] => None,
        [octet, rest @ ..] => Some((*octet, rest)),
    }
}

/// Appends the octets that text with escapes stands for; false at a malformed escape, with the octets before it appended.
#[must_use]
pub fn push_unescaped(text: &[u8], out: &mut Vec<u8>) -> bool {
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        out.extend_from_slice(&rest[..at]);
        let Some((octet, after)) = unescape(&rest[at + 1..]) else { return false };
        out.push(octet);
        rest = after;
    }
    out.extend_from_slice(rest);
    true
}

/// Appends standard base64 with padding.
pub fn push_base64(data: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + base64_len(data.len()), 0);
    fill_base64(data, &mut out[start..]);
}

/// How long the standard base64 of so many octets is.
#[must_use]
pub const fn base64_len(len: usize) -> usize {
    len.div_ceil(3) * 4
}

/// Writes standard base64 with padding to where it was left room.
///
/// # Panics
/// If the room is not [`base64_len`] of the data.
pub fn fill_base64(data: &[u8], room: &mut [u8]) {
    let written = STANDARD.encode_slice(data, room);
    assert!(written == Ok(room.len()), "the room is as long as the text");
}

/// Decodes standard base64 with padding and appends it; false if it is malformed (then `out` is unchanged).
#[must_use]
pub fn decode_base64(text: &[u8], out: &mut Vec<u8>) -> bool {
    let start = out.len();
    let decoded = STANDARD.decode_vec(text, out).is_ok();
    if !decoded {
        out.truncate(start);
    }
    decoded
}

/// Appends hex in capitals, as BIND prints it.
pub fn push_hex(data: &[u8], out: &mut Vec<u8>) {
    push_encoded(&data_encoding::HEXUPPER, data, out);
}

/// Appends base32hex in lower case without padding, the form of NSEC3 names (RFC 5155 section 3.3).
pub fn push_base32hex(data: &[u8], out: &mut Vec<u8>) {
    push_encoded(&data_encoding::BASE32_DNSSEC, data, out);
}

fn push_encoded(encoding: &data_encoding::Encoding, data: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + encoding.encode_len(data.len()), 0);
    encoding.encode_mut(data, &mut out[start..]);
}

/// Decodes hex of either case and appends it; false if it is malformed (then `out` is unchanged).
#[must_use]
pub fn decode_hex(text: &[u8], out: &mut Vec<u8>) -> bool {
    decode_into(&data_encoding::HEXLOWER_PERMISSIVE, text, out)
}

/// Decodes unpadded base32hex of either case and appends it; false if it is malformed (then `out` is unchanged).
#[must_use]
pub fn decode_base32hex(text: &[u8], out: &mut Vec<u8>) -> bool {
    decode_into(&data_encoding::BASE32_DNSSEC, text, out)
}

fn decode_into(encoding: &data_encoding::Encoding, text: &[u8], out: &mut Vec<u8>) -> bool {
    let start = out.len();
    let Ok(room) = encoding.decode_len(text.len()) else { return false };
    out.resize(start + room, 0);
    let written = encoding.decode_mut(text, &mut out[start..]);
    out.truncate(start + written.as_ref().copied().unwrap_or(0));
    written.is_ok()
}

/// Appends an unsigned number in decimal.
pub fn push_decimal(value: u64, out: &mut Vec<u8>) {
    match value {
        0..10 => out.push(b'0' + value as u8),
        10..100 => out.extend_from_slice(&DIGIT_PAIRS[value as usize]),
        _ => {
            push_decimal(value / 100, out);
            out.extend_from_slice(&DIGIT_PAIRS[(value % 100) as usize]);
        }
    }
}

/// The numbers below 100 in two digits each.
pub(super) static DIGIT_PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[b'0'; 2]; 100];
    let mut number = 0;
    while number < 100 {
        pairs[number] = [b'0' + number as u8 / 10, b'0' + number as u8 % 10];
        number += 1;
    }
    pairs
};

/// Appends a character-string in quotes, escaped so that it reads back the same (RFC 1035 section 5.1).
pub fn push_quoted(data: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    push_escaped(data, |byte| matches!(byte, 0x20..=0x7e) && !matches!(byte, b'"' | b'\\'), out);
    out.push(b'"');
}

/// Appends octets, the plain ones as they are in whole runs, the others with a backslash.
///
/// `[` comes as `\091`: in a name BIND takes `\[` for the start of a bit-string label (RFC 2673) and refuses it.
#[inline]
pub fn push_escaped(octets: &[u8], is_plain: impl Fn(u8) -> bool, out: &mut Vec<u8>) {
    let mut rest = octets;
    while let Some(at) = rest.iter().position(|&byte| !is_plain(byte)) {
        out.extend_from_slice(&rest[..at]);
        match rest[at] {
            byte @ 0x21..=0x7e if byte != b'[' => out.extend_from_slice(&[b'\\', byte]),
            byte => push_decimal_escape(byte, out),
        }
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
}

/// Octets as they can be printed: UTF-8 as it is, control octets and the rest as `\DDD`.
#[must_use]
pub fn shown(octets: &[u8]) -> String {
    let mut out = String::with_capacity(octets.len());
    for chunk in octets.utf8_chunks() {
        for character in chunk.valid().chars() {
            // U+FEFF, the byte order mark, cannot be seen either.
            if (character.is_control() && character != '\t') || character == '\u{feff}' {
                character.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| push_shown_escape(byte, &mut out));
            } else {
                out.push(character);
            }
        }
        chunk.invalid().iter().for_each(|&byte| push_shown_escape(byte, &mut out));
    }
    out
}

fn push_shown_escape(byte: u8, out: &mut String) {
    write!(out, "\\{byte:03}").expect("a String takes everything");
}

/// A token as messages quote it, shortened.
#[must_use]
pub fn quote(text: &[u8]) -> String {
    const QUOTED_MAX: usize = 60;
    match text.get(..QUOTED_MAX) {
        Some(head) if text.len() > QUOTED_MAX => format!("\"{}…\"", shown(head)),
        _ => format!("\"{}\"", shown(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codecs_round_trip() {
        for (data, base32) in [
            ("", ""),
            ("f", "co"),
            ("fo", "cpng"),
            ("foo", "cpnmu"),
            ("foob", "cpnmuog"),
            ("fooba", "cpnmuoj1"),
            ("foobar", "cpnmuoj1e8"),
        ] {
            let mut out = Vec::new();
            push_base32hex(data.as_bytes(), &mut out);
            assert_eq!(out, base32.as_bytes(), "RFC 4648 section 10, lowered and unpadded");
            let mut back = Vec::new();
            assert!(decode_base32hex(base32.to_ascii_uppercase().as_bytes(), &mut back));
            assert_eq!(back, data.as_bytes());
        }
        let mut out = Vec::new();
        push_base64(b"\x00\xff\x10", &mut out);
        push_hex(b"\x00\xff", &mut out);
        push_decimal(0, &mut out);
        push_decimal(u64::MAX, &mut out);
        push_quoted(b"a\"\\\x07", &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), "AP8Q00FF018446744073709551615\"a\\\"\\\\\\007\"");
    }

    #[test]
    fn escapes() {
        assert_eq!(unescape(b"046x"), Some((b'.', &b"x"[..])));
        assert_eq!(unescape(b"."), Some((b'.', &b""[..])));
        for bad in [&b"256"[..], b"25", b"1", b""] {
            assert_eq!(unescape(bad), None);
        }
    }

    #[test]
    fn malformed_text_leaves_the_buffer() {
        let mut out = b"keep".to_vec();
        assert!(!decode_base64(b"AAA", &mut out));
        assert!(!decode_hex(b"abc", &mut out));
        assert!(!decode_base32hex(b"wxyz", &mut out));
        assert_eq!(out, b"keep");
    }
}
