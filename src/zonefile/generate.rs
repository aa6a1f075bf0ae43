//! `$GENERATE start-stop[/step] owner [ttl] [class] type data`: one record for each value, as BIND makes them (ZF-9).
//!
//! Owner and data are templates: `$` is the value, `$$` and `\$` a dollar sign, `${offset[,width[,base]]}` the value plus
//! `offset`, filled with zeros to `width`, in base `d`, `o`, `x`, `X`, or as nibbles `n`, `N`: hex digits as labels in
//! reverse order. Data of several fields is put in quotes, which are taken off; fields without quotes work as well.

use super::header::Header;
use super::lexer::Entry;
use super::parser::Reader;
use super::report::{Problem, end_of, quote, start_of};
use super::source::{Parent, Source};
use crate::base::text::push_decimal;
use crate::rdata::Token;
use std::io::Write;

/// How many octets of generated text are made before they are read.
const BATCH_LEN: usize = 1 << 16;
/// Widest value: longer than any label or number needs.
const WIDTH_MAX: usize = 127;

/// The values of a directive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Range {
    start: u32,
    stop: u32,
    step: u32,
}

impl Range {
    /// Reads `start-stop` or `start-stop/step`, numbers up to 2^31 - 1.
    fn from_text(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let (values, step) = text.split_once('/').unwrap_or((text, "1"));
        let (start, stop) = values.split_once('-')?;
        let range = Self { start: number(start)?, stop: number(stop)?, step: number(step)? };
        (range.start <= range.stop && range.step > 0).then_some(range)
    }

    /// How many values it has.
    fn count(self) -> u64 {
        u64::from((self.stop - self.start) / self.step) + 1
    }
}

/// Digits alone, up to 2^31 - 1.
fn number(text: &str) -> Option<u32> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|&value| is_number && value <= i32::MAX as u32)
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Base {
    Decimal,
    Octal,
    LowerHex,
    UpperHex,
    LowerNibbles,
    UpperNibbles,
}

/// A part of a template.
#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Literal(Vec<u8>),
    Value { offset: i32, width: usize, base: Base },
}

/// Why a template or a value is not usable.
#[derive(Debug, PartialEq, Eq)]
enum TemplateError {
    /// `${…}` is not `${offset[,width[,base]]}`.
    BadModifier,
    /// A value plus its offset leaves the 32-bit range.
    OutOfRange,
}

/// Text with places for a value.
#[derive(Debug, Default)]
struct Template {
    pieces: Vec<Piece>,
}

impl Template {
    fn push_literal(&mut self, octets: &[u8]) {
        match self.pieces.last_mut() {
            Some(Piece::Literal(literal)) => literal.extend_from_slice(octets),
            _ => self.pieces.push(Piece::Literal(octets.to_vec())),
        }
    }

    /// Adds text with `$` in it.
    fn push_text(&mut self, text: &[u8]) -> Result<(), TemplateError> {
        let mut rest = text;
        loop {
            rest = match rest {
                [] => return Ok(()),
                [b'$', b'$', after @ ..] => {
                    self.push_literal(b"$");
                    after
                }
                [b'$', b'{', after @ ..] => {
                    let len = memchr::memchr(b'}', after).ok_or(TemplateError::BadModifier)?;
                    self.pieces.push(modifier(&after[..len]).ok_or(TemplateError::BadModifier)?);
                    &after[len + 1..]
                }
                [b'$', after @ ..] => {
                    self.pieces.push(Piece::Value { offset: 0, width: 0, base: Base::Decimal });
                    after
                }
                // The backslash stays for whoever reads the generated record.
                [b'\\', _, after @ ..] => {
                    self.push_literal(&rest[..2]);
                    after
                }
                [octet, after @ ..] => {
                    self.push_literal(&[*octet]);
                    after
                }
            };
        }
    }

    /// Appends the text for a value.
    fn expand(&self, value: u32, out: &mut Vec<u8>) -> Result<(), TemplateError> {
        for piece in &self.pieces {
            match *piece {
                Piece::Literal(ref literal) => out.extend_from_slice(literal),
                Piece::Value { offset, width, base } => {
                    let sum = i64::from(value) + i64::from(offset);
                    let sum = i32::try_from(sum).map_err(|_| TemplateError::OutOfRange)?;
                    push_value(sum, width, base, out);
                }
            }
        }
        Ok(())
    }
}

/// Reads what stands between the braces of `${…}`.
fn modifier(text: &[u8]) -> Option<Piece> {
    let mut parts = std::str::from_utf8(text).ok()?.split(',');
    let offset = parts.next()?.parse().ok()?;
    let width = parts.next().map_or(Some(0), |width| number(width).map(|width| width as usize))?;
    let base = match parts.next() {
        None | Some("d") => Base::Decimal,
        Some("o") => Base::Octal,
        Some("x") => Base::LowerHex,
        Some("X") => Base::UpperHex,
        Some("n") => Base::LowerNibbles,
        Some("N") => Base::UpperNibbles,
        Some(_) => return None,
    };
    (parts.next().is_none() && width <= WIDTH_MAX).then_some(Piece::Value { offset, width, base })
}

/// Appends a value. Negative values keep their sign in decimal; elsewhere they are their 32 bits, as in BIND.
#[expect(clippy::cast_sign_loss, reason = "the bits are meant")]
fn push_value(value: i32, width: usize, base: Base, out: &mut Vec<u8>) {
    let bits = value as u32;
    let written = match base {
        Base::Decimal if width == 0 && value >= 0 => return push_decimal(u64::from(bits), out),
        Base::Decimal => write!(out, "{value:0width$}"),
        Base::Octal => write!(out, "{bits:0width$o}"),
        Base::LowerHex => write!(out, "{bits:0width$x}"),
        Base::UpperHex => write!(out, "{bits:0width$X}"),
        Base::LowerNibbles => return push_nibbles(bits, width, b"0123456789abcdef", out),
        Base::UpperNibbles => return push_nibbles(bits, width, b"0123456789ABCDEF", out),
    };
    written.expect("a Vec takes everything");
}

/// Appends hex digits from the lowest up with dots between, at least `width` octets of both. An even width ends in a dot.
fn push_nibbles(mut bits: u32, mut width: usize, digits: &[u8; 16], out: &mut Vec<u8>) {
    loop {
        out.push(digits[(bits & 15) as usize]);
        bits >>= 4;
        width = width.saturating_sub(1);
        if width > 0 || bits != 0 {
            out.push(b'.');
            width = width.saturating_sub(1);
        }
        if width == 0 && bits == 0 {
            return;
        }
    }
}

/// Carries out a `$GENERATE`. Blank-led records after it continue the owner before it.
pub(super) fn generate(
    reader: &mut Reader<'_>,
    source: &Source<'_>,
    entry: Entry,
    tokens: &[Token<'_>],
) -> Result<(), Problem> {
    let [_, range_token, owner, ..] = tokens else {
        return Err(too_short(tokens));
    };
    let range = Range::from_text(range_token.text).ok_or_else(|| bad_range(range_token))?;
    let header = Header::read(tokens, 3)?;
    let data = &tokens[header.rdata_at..];
    if data.is_empty() {
        return Err(too_short(tokens));
    }
    reader.generated_count += range.count();
    if reader.generated_count > reader.options.generated_max {
        return Err(too_many(range_token, reader.options.generated_max));
    }
    let template = record_template(owner, &tokens[3..header.rdata_at], data)?;
    let owner_before = reader.state.owner;
    let result =
        read_generated(reader, source, entry, range, &template).map_err(|error| template_problem(owner, &error));
    reader.state.owner = owner_before;
    result
}

/// The template of a whole record and its line end.
fn record_template(owner: &Token<'_>, header: &[Token<'_>], data: &[Token<'_>]) -> Result<Template, Problem> {
    let mut template = Template::default();
    push_token(&mut template, owner)?;
    for token in header {
        template.push_literal(b" ");
        template.push_literal(token.text);
    }
    if let [only] = data
        && only.is_quoted
    {
        template.push_literal(b" ");
        let text = without_quote_escapes(only.text);
        template.push_text(&text).map_err(|error| template_problem(only, &error))?;
    } else {
        for token in data {
            template.push_literal(b" ");
            push_token(&mut template, token)?;
        }
    }
    template.push_literal(b"\n");
    Ok(template)
}

/// Adds a token as it was written, its quotes included.
fn push_token(template: &mut Template, token: &Token<'_>) -> Result<(), Problem> {
    let mark: &[u8] = if token.is_quoted { b"\"" } else { b"" };
    template.push_literal(mark);
    template.push_text(token.text).map_err(|error| template_problem(token, &error))?;
    template.push_literal(mark);
    Ok(())
}

/// Text out of quotes: `\"` becomes `"`, other escapes stay.
fn without_quote_escapes(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [octet, after @ ..] = rest {
        rest = match (octet, after) {
            (b'\\', [b'"', after @ ..]) => {
                out.push(b'"');
                after
            }
            (b'\\', [escaped, after @ ..]) => {
                out.extend_from_slice(&[b'\\', *escaped]);
                after
            }
            _ => {
                out.push(*octet);
                after
            }
        };
    }
    out
}

/// Makes the text of the records batch by batch and reads it; ends early at the first record with an error.
fn read_generated(
    reader: &mut Reader<'_>,
    source: &Source<'_>,
    entry: Entry,
    range: Range,
    template: &Template,
) -> Result<(), TemplateError> {
    let errors_before = reader.findings.error_count();
    let mut text = Vec::with_capacity(BATCH_LEN);
    let mut next = Some(range.start);
    while let Some(value) = next {
        template.expand(value, &mut text)?;
        next = value.checked_add(range.step).filter(|&value| value <= range.stop);
        if next.is_some() && text.len() < BATCH_LEN {
            continue;
        }
        reader.read_source(&Source {
            text: &text,
            name: source.name.clone(),
            file: source.file,
            directory: source.directory,
            identity: None,
            parent: Parent::Generated { by: source, directive: entry },
        });
        if reader.findings.error_count() > errors_before {
            return Ok(());
        }
        text.clear();
    }
    Ok(())
}

const REFERENCE: &str = "ZF-9";

#[cold]
fn too_short(tokens: &[Token<'_>]) -> Problem {
    Problem::error(tokens.last().map_or(0, end_of), "generate-too-short", "$GENERATE ends too early")
        .because(REFERENCE)
        .help("write $GENERATE START-STOP[/STEP] OWNER [TTL] [CLASS] TYPE DATA")
}

#[cold]
fn bad_range(token: &Token<'_>) -> Problem {
    Problem::error(start_of(token), "generate-bad-range", format!("{} is not a range", quote(token.text)))
        .because(REFERENCE)
        .help("write START-STOP or START-STOP/STEP, START not above STOP, STEP at least 1, all at most 2147483647")
}

#[cold]
fn too_many(token: &Token<'_>, generated_max: u64) -> Problem {
    let message = format!("the zone generates more than {generated_max} records");
    Problem::error(start_of(token), "generate-too-many", message).because(REFERENCE).help("make the range smaller")
}

#[cold]
fn template_problem(token: &Token<'_>, error: &TemplateError) -> Problem {
    let problem = match error {
        TemplateError::BadModifier => {
            Problem::error(start_of(token), "generate-bad-modifier", format!("{} has a bad ${{…}}", quote(token.text)))
                .help(format!("write ${{OFFSET[,WIDTH[,BASE]]}}, WIDTH at most {WIDTH_MAX}, BASE one of d o x X n N"))
        }
        TemplateError::OutOfRange => {
            Problem::error(start_of(token), "generate-out-of-range", "a value plus its offset leaves the 32-bit range")
                .help("make range or offset smaller")
        }
    };
    problem.because(REFERENCE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        for (text, expected, count) in [
            ("1-3", (1, 3, 1), 3),
            ("0-0", (0, 0, 1), 1),
            ("0-10/4", (0, 10, 4), 3),
            ("7-2147483647", (7, 0x7fff_ffff, 1), 0x7fff_fff9),
        ] {
            let range = Range::from_text(text.as_bytes()).unwrap();
            assert_eq!((range.start, range.stop, range.step), expected, "{text}");
            assert_eq!(range.count(), count, "{text}");
        }
        for bad in
            ["", "1", "1-", "-1", "3-1", "1-3/0", "1-3/", "1-2147483648", "+1-3", "1-3-5", "1-3/1/1", "a-b", "1 -3"]
        {
            assert_eq!(Range::from_text(bad.as_bytes()), None, "{bad}");
        }
    }

    #[track_caller]
    fn expand(template: &str, value: u32) -> Result<String, TemplateError> {
        let mut made = Template::default();
        made.push_text(template.as_bytes())?;
        let mut out = Vec::new();
        made.expand(value, &mut out)?;
        Ok(String::from_utf8(out).unwrap())
    }

    /// The values are those of named-compilezone 9.18.
    #[test]
    fn templates() {
        for (template, value, expected) in [
            ("host$", 7, "host7"),
            ("$$", 7, "$"),
            ("$$$", 7, "$7"),
            ("\\$", 7, "\\$"),
            ("a\\\\$", 7, "a\\\\7"),
            ("a\\", 7, "a\\"),
            ("${0}", 7, "7"),
            ("${-5}", 1, "-4"),
            ("${+5}", 1, "6"),
            ("${-5,4,d}", 1, "-004"),
            ("${1,3}", 7, "008"),
            ("${-5,4,x}", 1, "fffffffc"),
            ("${0,3,o}", 8, "010"),
            ("${200,3,X}", 1, "0C9"),
            ("${-5,0,n}", 1, "c.f.f.f.f.f.f.f"),
            ("${0,1,n}", 1, "1"),
            ("${0,2,n}", 1, "1."),
            ("${0,7,n}", 16, "0.1.0.0"),
            ("${300,4,N}", 1, "D.2.1"),
            ("${300,5,n}", 1, "d.2.1"),
            ("a${0}b${1,2,x}c$d", 9, "a9b0ac9d"),
        ] {
            assert_eq!(expand(template, value).as_deref(), Ok(expected), "{template}");
        }
    }

    #[test]
    fn bad_templates() {
        for template in [
            "${",
            "${}",
            "${x}",
            "${1,}",
            "${1,2,}",
            "${1,2,q}",
            "${1,2,d,4}",
            "${1,128}",
            "${1,-2}",
            "${ 1}",
            "${9999999999}",
        ] {
            assert_eq!(expand(template, 1), Err(TemplateError::BadModifier), "{template}");
        }
        assert_eq!(expand("${1}", 0x7fff_ffff), Err(TemplateError::OutOfRange));
        assert_eq!(expand("${-2147483648}", 0).as_deref(), Ok("-2147483648"));
    }

    #[test]
    fn quotes_taken_off() {
        assert_eq!(without_quote_escapes(br#"\"x\\\" \$ \065"#), br#""x\\" \$ \065"#);
    }
}
