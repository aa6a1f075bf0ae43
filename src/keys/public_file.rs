//! The public half of a key: a DNSKEY record in a file of its own, with comments before it.
//!
//! It is read here and not as a zone file, because a zone file gives every record a TTL, and a key file need not have
//! one; nor are directives wanted in it.

use super::KeyError;
use super::timing::KeyTiming;
use crate::base::{Algorithm, Class, NameBuf, Rtype, Ttl, UnixTime, text};
use crate::rdata::dnskey::{Dnskey, FLAG_REVOKE, FLAG_SEP, FLAG_ZONE, key_tag};
use std::path::Path;

/// What a `.key` file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicFile {
    /// Owner of the record, spelled as in the file.
    pub owner: NameBuf,
    /// TTL, if given.
    pub ttl: Option<Ttl>,
    /// DNSKEY RDATA in wire form.
    pub dnskey_rdata: Vec<u8>,
    /// Times out of the comments BIND writes; they count only where there is no private half.
    pub timing: KeyTiming,
}

impl PublicFile {
    /// Reads the text of a `.key` file; `path` is for messages.
    ///
    /// # Errors
    /// [`KeyError`] with the line and the field.
    pub fn parse(path: &Path, content: &[u8]) -> Result<Self, KeyError> {
        let mut record: Option<Vec<(u32, &[u8])>> = None;
        let mut current = Vec::new();
        let mut depth = 0_u32;
        for (line, number) in content.split(|&byte| byte == b'\n').zip(1_u32..) {
            push_tokens(path, number, line, &mut depth, &mut current)?;
            if depth > 0 || current.is_empty() {
                continue;
            }
            if record.is_some() {
                return Err(KeyError::at_line(path, number, "a key file holds one record, this is the second"));
            }
            record = Some(std::mem::take(&mut current));
        }
        if let Some((line, _)) = current.first() {
            return Err(KeyError::at_line(path, *line, "the record's parenthesis is never closed"));
        }
        let tokens = record.ok_or_else(|| KeyError::syntax(path, "there is no DNSKEY record in it"))?;
        let mut file = parse_record(path, &tokens)?;
        file.timing = comment_timing(content);
        Ok(file)
    }

    /// The file's text, with the comments BIND writes.
    #[must_use]
    pub fn to_text(&self) -> String {
        let dnskey = Dnskey::parse(&self.dnskey_rdata).expect("a key holds whole DNSKEY RDATA");
        let kind = match dnskey.flags & (FLAG_SEP | FLAG_REVOKE) {
            0 => "zone-signing",
            FLAG_SEP => "key-signing",
            _ => "revoked",
        };
        let mut out = format!("; This is a {kind} key, keyid {}, for {}\n", key_tag(&self.dnskey_rdata), self.owner);
        for (name, time) in self.timing.fields() {
            if let Some(time) = time {
                out.push_str(&format!("; {name}: {} ({})\n", time.to_date_text(), time.format("%a %b %e %H:%M:%S %Y")));
            }
        }
        let ttl = self.ttl.map(|ttl| format!("{ttl} ")).unwrap_or_default();
        let mut key = Vec::new();
        text::push_base64(dnskey.public_key, &mut key);
        let key = String::from_utf8(key).expect("base64 is ASCII");
        out.push_str(&format!(
            "{} {ttl}IN DNSKEY {} {} {} {key}\n",
            self.owner, dnskey.flags, dnskey.protocol, dnskey.algorithm.0
        ));
        out
    }
}

/// Splits a line into fields, up to its comment. Parentheses join lines (RFC 1035 section 5.1).
fn push_tokens<'a>(
    path: &Path,
    number: u32,
    line: &'a [u8],
    depth: &mut u32,
    tokens: &mut Vec<(u32, &'a [u8])>,
) -> Result<(), KeyError> {
    let mut at = 0;
    while let Some(&byte) = line.get(at) {
        match byte {
            b';' => break,
            b' ' | b'\t' | b'\r' => at += 1,
            b'(' => {
                *depth += 1;
                at += 1;
            }
            b')' => {
                *depth = depth.checked_sub(1).ok_or_else(|| KeyError::at_line(path, number, "a \")\" too many"))?;
                at += 1;
            }
            _ => {
                let start = at;
                while at < line.len() && !b" \t\r();".contains(&line[at]) {
                    // What follows a backslash is part of the name, whatever it is.
                    at += if line[at] == b'\\' { 2 } else { 1 };
                }
                at = at.min(line.len());
                tokens.push((number, &line[start..at]));
            }
        }
    }
    Ok(())
}

/// `owner [ttl] [class] DNSKEY flags protocol algorithm key…`, TTL and class in either order.
fn parse_record(path: &Path, tokens: &[(u32, &[u8])]) -> Result<PublicFile, KeyError> {
    let (&(first_line, owner), mut rest) = tokens.split_first().expect("a record has a first field");
    let bad = |line, message: String| KeyError::at_line(path, line, message);
    let owner = NameBuf::from_text(owner, None)
        .map_err(|error| bad(first_line, format!("owner \"{}\": {error}", owner.escape_ascii())))?;
    let mut ttl = None;
    while let [(_, field), after @ ..] = rest {
        if Class::from_text(field) == Some(Class::IN) {
            rest = after;
        } else if field.first().is_some_and(u8::is_ascii_digit) && ttl.is_none() {
            let value = Ttl::from_text(field);
            ttl = Some(value.map_err(|_| bad(first_line, format!("TTL \"{}\" is not one", field.escape_ascii())))?);
            rest = after;
        } else {
            break;
        }
    }
    let names = ["type", "flags field", "protocol", "algorithm"];
    let &[(_, rtype), (l1, flags), (l2, protocol), (l3, algorithm), ref key @ ..] = rest else {
        return Err(bad(first_line, format!("there is no {} in the record", names[rest.len().min(3)])));
    };
    if Rtype::from_text(rtype) != Some(Rtype::DNSKEY) {
        let found = rtype.escape_ascii();
        return Err(bad(first_line, format!("type \"{found}\" where a key file has IN DNSKEY")));
    }
    let flags: u16 = parse_number(flags).ok_or_else(|| bad(l1, "flags: not a number up to 65535".into()))?;
    let protocol: u8 = parse_number(protocol).ok_or_else(|| bad(l2, "protocol: not a number up to 255".into()))?;
    let algorithm = Algorithm::from_text(algorithm)
        .ok_or_else(|| bad(l3, format!("algorithm \"{}\" is unknown", algorithm.escape_ascii())))?;
    if flags & FLAG_ZONE == 0 {
        return Err(bad(
            l1,
            format!("flags {flags} do not make a zone key: 256 must be among them (RFC 4034 section 2.1.1)"),
        ));
    }
    if protocol != 3 {
        return Err(bad(l2, format!("protocol {protocol} must be 3 (RFC 4034 section 2.1.2)")));
    }
    let key: Vec<u8> = key.iter().flat_map(|(_, part)| part.iter().copied()).collect();
    let mut dnskey_rdata = super::dnskey_rdata(flags, algorithm, &[]);
    if key.is_empty() {
        return Err(bad(l3, "there is no public key in the record".into()));
    }
    if !text::decode_base64(&key, &mut dnskey_rdata) {
        return Err(bad(l3, "public key: not base64".into()));
    }
    Ok(PublicFile { owner, ttl, dnskey_rdata, timing: KeyTiming::default() })
}

/// A decimal number without sign.
fn parse_number<T: std::str::FromStr>(text: &[u8]) -> Option<T> {
    text.first().filter(|byte| byte.is_ascii_digit())?;
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// Times from comments such as `; Publish: 20260101000000 (Thu Jan …)`; a file without any is timeless.
fn comment_timing(content: &[u8]) -> KeyTiming {
    let mut timing = KeyTiming::default();
    let mut has_any = false;
    for line in content.split(|&byte| byte == b'\n') {
        let Some(comment) = line.strip_prefix(b";").and_then(|line| std::str::from_utf8(line).ok()) else { continue };
        let Some((name, value)) = comment.trim().split_once(": ") else { continue };
        let time = value.split_whitespace().next().filter(|time| time.len() == 14).and_then(UnixTime::from_text);
        if let (Some(field), Some(time)) = (timing.field_mut(name), time) {
            *field = Some(time);
            has_any = true;
        }
    }
    timing.is_timeless = !has_any;
    timing
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=";

    #[track_caller]
    fn parse(content: &str) -> Result<PublicFile, String> {
        PublicFile::parse(Path::new("K.key"), content.as_bytes()).map_err(|error| error.to_string())
    }

    #[test]
    fn all_forms_give_the_same_record() {
        let plain = parse(&format!("example.com. IN DNSKEY 257 3 15 {KEY}\n")).unwrap();
        assert_eq!(plain.dnskey_rdata[..4], [1, 1, 3, 15]);
        assert_eq!(key_tag(&plain.dnskey_rdata), 3613);
        let (head, tail) = KEY.split_at(20);
        for form in [
            format!("EXAMPLE.com. in dnskey 257 3 ed25519 {head} {tail}"),
            format!("; comment\r\n\r\nexample.com. IN DNSKEY 257 3 15 (\r\n {head} ; half\r\n\t{tail} )\r\n"),
            format!("example.com.\tCLASS1\tTYPE48 257 3 15 {KEY} ;{{id = 3613}}"),
            format!("example.com. DNSKEY 257 3 15 {KEY}"),
        ] {
            let file = parse(&form).unwrap();
            assert_eq!(
                (file.owner.as_name(), file.ttl, &file.dnskey_rdata),
                (plain.owner.as_name(), None, &plain.dnskey_rdata),
                "{form}"
            );
        }
        for form in ["1h IN", "IN 3600", "3600"] {
            let file = parse(&format!("example.com. {form} DNSKEY 257 3 15 {KEY}")).unwrap();
            assert_eq!(file.ttl, Ttl::new(3600), "{form}");
        }
    }

    #[test]
    fn errors_name_line_and_field() {
        for (content, message) in [
            ("", "K.key: there is no DNSKEY record in it"),
            ("; only a comment", "K.key: there is no DNSKEY record in it"),
            ("\nexample.com", "K.key:2: owner \"example.com\": the name is relative"),
            ("a. IN", "K.key:1: there is no type"),
            ("a. IN DNSKEY", "K.key:1: there is no flags"),
            ("a. IN DNSKEY 257 3", "K.key:1: there is no algorithm"),
            ("a. IN DNSKEY 257 3 15", "K.key:1: there is no public key"),
            ("a. IN DNSKEY 65536 3 15 AA==", "K.key:1: flags: not a number"),
            ("a. IN DNSKEY 257 +3 15 AA==", "K.key:1: protocol: not a number"),
            ("a. IN DNSKEY 257 2 15 AA==", "K.key:1: protocol 2 must be 3"),
            ("a. IN DNSKEY 1 3 15 AA==", "K.key:1: flags 1 do not make a zone key"),
            ("a. IN DNSKEY 257 3 RSA AA==", "K.key:1: algorithm \"RSA\" is unknown"),
            ("a. IN DNSKEY 257 3 15 A", "K.key:1: public key: not base64"),
            ("a. IN KEY 257 3 15 AA==", "K.key:1: type \"KEY\" where a key file has IN DNSKEY"),
            ("a. CH DNSKEY 257 3 15 AA==", "K.key:1: type \"CH\""),
            ("a. IN DNSKEY ( 257 3 15 AA==", "K.key:1: the record's parenthesis is never closed"),
            ("a. IN DNSKEY 257 3 15 AA== )", "K.key:1: a \")\" too many"),
            ("a. 4294967296 IN DNSKEY 257 3 15 AA==", "K.key:1: TTL \"4294967296\" is not one"),
            ("a. IN DNSKEY 257 3 15 AA==\na. IN DNSKEY 257 3 15 AA==", "K.key:2: a key file holds one record"),
            ("a\\", "K.key:1: owner"),
        ] {
            let error = parse(content).unwrap_err();
            assert!(error.starts_with(message), "{content:?}: {error}");
        }
    }

    #[test]
    fn text_round_trip() {
        let timing = KeyTiming {
            created: Some(UnixTime(1_704_067_200)),
            delete: Some(UnixTime(1_704_153_600)),
            ..KeyTiming::default()
        };
        let file = PublicFile {
            owner: "Ex\\.ample.".parse().unwrap(),
            ttl: Ttl::new(300),
            dnskey_rdata: crate::keys::dnskey_rdata(257, Algorithm::ED25519, &[7; 32]),
            timing,
        };
        let text = file.to_text();
        assert!(text.contains("; Created: 20240101000000 (Mon Jan  1 00:00:00 2024)\n"), "{text}");
        assert_eq!(parse(&text).unwrap(), file);
    }
}
