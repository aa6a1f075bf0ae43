//! Domain names in uncompressed wire form (RFC 1035 section 3.1), and their text form (section 5.1).

use super::octets;
use std::fmt;

/// Longest name in wire form, root label included (RFC 1035 section 2.3.4).
pub const NAME_LEN_MAX: usize = 255;
/// Longest label, without its length octet.
pub const LABEL_LEN_MAX: usize = 63;

/// A borrowed absolute name: valid uncompressed wire form, ending in the root label, case as given.
///
/// Equality is canonical: ASCII letters compare without case (RFC 4343).
#[derive(Clone, Copy)]
pub struct Name<'a> {
    wire: &'a [u8],
}

/// An owned absolute name; see [`NameBuf::as_name`]. Equality is canonical, as for [`Name`].
#[derive(Clone)]
pub struct NameBuf {
    wire: Box<[u8]>,
}

/// Why bytes or text are not a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameError {
    /// A label of more than 63 octets.
    LabelTooLong,
    /// More than 255 octets in wire form.
    NameTooLong,
    /// Two dots in a row, or a dot in front.
    EmptyLabel,
    /// No characters at all.
    Empty,
    /// `\` with fewer than three digits after its first, a value above 255, or nothing after it.
    BadEscape,
    /// A relative name, and no origin to complete it.
    NoOrigin,
    /// Wire form that ends before the root label, or holds a compression pointer.
    BadWire,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LabelTooLong => "a label is longer than 63 octets",
            Self::NameTooLong => "the name is longer than 255 octets",
            Self::EmptyLabel => "the name has an empty label",
            Self::Empty => "the name is empty",
            Self::BadEscape => "it has a bad escape",
            Self::NoOrigin => "the name is relative and there is no origin",
            Self::BadWire => "the octets are not an uncompressed name",
        })
    }
}

impl NameError {
    /// What to write instead; empty if there is nothing to add.
    #[must_use]
    pub const fn help(self) -> &'static str {
        match self {
            Self::LabelTooLong => "shorten the label, or split it with dots",
            Self::NameTooLong => "end it with a dot if it is complete already, or shorten it",
            Self::EmptyLabel => "remove the extra dot",
            Self::Empty => "write @ for the origin, or . for the root",
            Self::BadEscape => {
                "a backslash is followed by three digits up to 255, or by one character that is no digit"
            }
            Self::NoOrigin | Self::BadWire => "",
        }
    }
}

impl std::error::Error for NameError {}

impl<'a> Name<'a> {
    /// The root name.
    pub const ROOT: Name<'static> = Name { wire: &[0] };

    /// Reads a name from the front of `wire`; returns it and what follows.
    ///
    /// # Errors
    /// `BadWire` for a truncated or compressed name, `NameTooLong` above 255 octets.
    pub fn parse_wire(wire: &'a [u8]) -> Result<(Self, &'a [u8]), NameError> {
        let mut at = 0;
        loop {
            let len = usize::from(*wire.get(at).ok_or(NameError::BadWire)?);
            if len > LABEL_LEN_MAX {
                return Err(NameError::BadWire);
            }
            at += 1 + len;
            if at > NAME_LEN_MAX {
                return Err(NameError::NameTooLong);
            }
            if len == 0 {
                let (name, rest) = wire.split_at(at);
                return Ok((Self { wire: name }, rest));
            }
        }
    }

    /// Reads `wire` as one whole name.
    ///
    /// # Errors
    /// As [`Self::parse_wire`]; also `BadWire` if octets follow the name.
    pub fn from_wire(wire: &'a [u8]) -> Result<Self, NameError> {
        match Self::parse_wire(wire)? {
            (name, []) => Ok(name),
            _ => Err(NameError::BadWire),
        }
    }

    /// A name from bytes that are known to be one, for example out of the arena. Checked in debug builds only.
    pub(crate) fn from_wire_trusted(wire: &'a [u8]) -> Self {
        debug_assert!(Self::from_wire(wire).is_ok(), "not a name: {wire:?}");
        Self { wire }
    }

    /// The wire form, root label included, case as given.
    #[must_use]
    pub const fn as_wire(self) -> &'a [u8] {
        self.wire
    }

    /// Whether this is the root.
    #[must_use]
    pub const fn is_root(self) -> bool {
        self.wire.len() == 1
    }

    /// The labels from left to right, without the root label.
    #[must_use]
    pub const fn labels(self) -> Labels<'a> {
        Labels { rest: self.wire }
    }

    /// How many labels, the root label not counted.
    #[must_use]
    pub fn label_count(self) -> usize {
        self.labels().count()
    }

    /// The Labels field of an RRSIG over this owner: root and a leftmost `*` not counted (RFC 4034 section 3.1.3, CAN-7).
    #[must_use]
    pub fn rrsig_labels(self) -> u8 {
        let count = self.label_count() - usize::from(self.is_wildcard());
        u8::try_from(count).expect("a name of 255 octets has at most 127 labels")
    }

    /// Whether the leftmost label is the single octet `*` (RFC 4592 section 2.1.1).
    #[must_use]
    pub fn is_wildcard(self) -> bool {
        self.wire.starts_with(b"\x01*")
    }

    /// The name without its leftmost label; `None` at the root.
    #[must_use]
    pub fn parent(self) -> Option<Self> {
        let len = usize::from(self.wire[0]);
        (len > 0).then(|| Self { wire: &self.wire[1 + len..] })
    }

    /// Whether this name equals `other` or lies below it.
    #[must_use]
    pub fn is_at_or_below(self, other: Name<'_>) -> bool {
        self.strip_suffix(other).is_some()
    }

    /// Whether this name lies below `other`, and is not the same.
    #[must_use]
    pub fn is_below(self, other: Name<'_>) -> bool {
        self.strip_suffix(other).is_some_and(|labels| !labels.is_empty())
    }

    /// The wire bytes of the labels in front of `suffix` (empty if equal), if this name is at or below it.
    #[must_use]
    pub fn strip_suffix(self, suffix: Name<'_>) -> Option<&'a [u8]> {
        let cut = self.wire.len().checked_sub(suffix.wire.len())?;
        let (front, tail) = self.wire.split_at(cut);
        if !tail.eq_ignore_ascii_case(suffix.wire) {
            return None;
        }
        // The tail must begin where a label begins.
        let mut at = 0;
        while at < cut {
            at += 1 + usize::from(self.wire[at]);
        }
        (at == cut).then_some(front)
    }

    /// The wire bytes of the labels in front of `suffix`, if this name is known to be at or below it.
    pub(crate) fn labels_before(self, suffix: Name<'_>) -> &'a [u8] {
        debug_assert!(self.is_at_or_below(suffix));
        &self.wire[..self.wire.len() - suffix.wire.len()]
    }

    /// Appends the canonical form: ASCII letters lowered (RFC 4034 section 6.2, CAN-1).
    pub fn push_canonical(self, out: &mut Vec<u8>) {
        // Length octets are at most 63 and so never letters: lowering all bytes is safe.
        let start = out.len();
        out.extend_from_slice(self.wire);
        out[start..].make_ascii_lowercase();
    }

    /// Appends the absolute text form with a final dot, escaped as RFC 1035 section 5.1 needs; root is `.`.
    pub fn push_text(self, out: &mut Vec<u8>) {
        if self.is_root() {
            out.push(b'.');
            return;
        }
        for label in self.labels() {
            super::text::push_escaped(label, |byte| IS_PLAIN[usize::from(byte)], out);
            out.push(b'.');
        }
    }

    /// An owned copy.
    #[must_use]
    pub fn to_owned(self) -> NameBuf {
        NameBuf { wire: self.wire.into() }
    }

    /// An owned copy in canonical form.
    #[must_use]
    pub fn to_canonical(self) -> NameBuf {
        NameBuf { wire: self.wire.to_ascii_lowercase().into() }
    }
}

/// Whether an octet of a label stands in text as it is. Knot refuses a bare `!`, `~`, `{` and the like in a name, which
/// others read with and without a backslash: so all but what is usual in names gets one.
static IS_PLAIN: [bool; 256] = {
    let mut is_plain = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        is_plain[byte] = matches!(byte as u8, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'*' | b'/');
        byte += 1;
    }
    is_plain
};

impl PartialEq<Name<'_>> for Name<'_> {
    fn eq(&self, other: &Name<'_>) -> bool {
        self.wire.eq_ignore_ascii_case(other.wire)
    }
}

impl Eq for Name<'_> {}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::with_capacity(self.wire.len() + 1);
        self.push_text(&mut text);
        f.write_str(std::str::from_utf8(&text).expect("name text is ASCII"))
    }
}

impl fmt::Debug for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Name({self})")
    }
}

/// Iterator over the labels of a name, left to right; see [`Name::labels`].
#[derive(Clone, Debug)]
pub struct Labels<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Labels<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (&len, rest) = self.rest.split_first()?;
        if len == 0 {
            return None;
        }
        let (label, rest) = rest.split_at(usize::from(len));
        self.rest = rest;
        Some(label)
    }
}

impl NameBuf {
    /// The root name.
    #[must_use]
    pub fn root() -> Self {
        Name::ROOT.to_owned()
    }

    /// Reads a name in text form. A name without a final dot is completed with `origin`; `@` alone is the origin.
    ///
    /// # Errors
    /// Any [`NameError`] but `BadWire`.
    ///
    /// ```
    /// use zoneseal::base::NameBuf;
    /// let origin = NameBuf::from_text(b"example.com.", None)?;
    /// let name = NameBuf::from_text(b"www", Some(origin.as_name()))?;
    /// assert_eq!(name.to_string(), "www.example.com.");
    /// # Ok::<(), zoneseal::base::NameError>(())
    /// ```
    pub fn from_text(text: &[u8], origin: Option<Name<'_>>) -> Result<Self, NameError> {
        let mut wire = Vec::with_capacity(text.len() + 2);
        push_wire_from_text(text, origin, &mut wire)?;
        Ok(Self { wire: wire.into() })
    }

    /// The borrowed form.
    #[must_use]
    pub fn as_name(&self) -> Name<'_> {
        Name { wire: &self.wire }
    }
}

impl PartialEq for NameBuf {
    fn eq(&self, other: &Self) -> bool {
        self.as_name() == other.as_name()
    }
}

impl Eq for NameBuf {}

impl std::str::FromStr for NameBuf {
    type Err = NameError;

    /// Reads a name as given on a command line: taken as absolute, with or without its final dot.
    fn from_str(text: &str) -> Result<Self, NameError> {
        // There is no origin here that `@` could stand for; the root is `.`.
        if text == "@" { Err(NameError::NoOrigin) } else { Self::from_text(text.as_bytes(), Some(Name::ROOT)) }
    }
}

impl fmt::Display for NameBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_name().fmt(f)
    }
}

impl fmt::Debug for NameBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.as_name(), f)
    }
}

/// Appends the wire form of a name given as text; on an error `out` is left as it was.
///
/// # Errors
/// Any [`NameError`] but `BadWire`.
pub fn push_wire_from_text(text: &[u8], origin: Option<Name<'_>>, out: &mut Vec<u8>) -> Result<(), NameError> {
    let start = out.len();
    if push_plain(text, origin, out) {
        return Ok(());
    }
    out.truncate(start);
    let result = push_wire_inner(text, origin, out, start);
    if result.is_err() {
        out.truncate(start);
    }
    result
}

/// Appends the wire form of text without escapes. False for anything else or anything wrong, which is for
/// [`push_wire_inner`] to tell; then what `out` ends in is of no use.
///
/// Wire form is the text, moved on by one octet, with a length in the place of each dot and at the front.
fn push_plain(text: &[u8], origin: Option<Name<'_>>, out: &mut Vec<u8>) -> bool {
    let start = out.len();
    if matches!(text, b"" | b"." | b"@") || text.len() >= NAME_LEN_MAX {
        return false;
    }
    out.push(0);
    out.extend_from_slice(text);
    let wire = &mut out[start..];
    let mut length_at = 0;
    let is_plain = octets::all_places(text, *b".\\", |at| {
        let Some(len) = label_len(length_at, at + 1).filter(|_| text[at] == b'.') else { return false };
        wire[length_at] = len;
        length_at = at + 1;
        true
    });
    if !is_plain {
        return false;
    }
    if length_at + 1 == wire.len() {
        // It ended in a dot, whose place is the root label's.
        wire[length_at] = 0;
        return true;
    }
    let (Some(len), Some(origin)) = (label_len(length_at, wire.len()), origin) else { return false };
    wire[length_at] = len;
    out.extend_from_slice(origin.as_wire());
    out.len() - start <= NAME_LEN_MAX
}

/// The length of a label between its length octet and what follows it, if a label can be so long.
fn label_len(length_at: usize, end: usize) -> Option<u8> {
    let len = end - length_at - 1;
    (1..=LABEL_LEN_MAX).contains(&len).then(|| u8::try_from(len).expect("at most 63"))
}

fn push_wire_inner(text: &[u8], origin: Option<Name<'_>>, out: &mut Vec<u8>, start: usize) -> Result<(), NameError> {
    match text {
        b"" => return Err(NameError::Empty),
        b"." => {
            out.push(0);
            return Ok(());
        }
        b"@" => {
            out.extend_from_slice(origin.ok_or(NameError::NoOrigin)?.as_wire());
            return Ok(());
        }
        _ => {}
    }
    let mut length_at = out.len();
    out.push(0);
    let mut rest = text;
    let mut is_absolute = false;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte == b'.' {
            close_label(out, length_at)?;
            if rest.is_empty() {
                is_absolute = true;
                break;
            }
            length_at = out.len();
            out.push(0);
            continue;
        }
        let octet = if byte == b'\\' {
            let (octet, after) = super::text::unescape(rest).ok_or(NameError::BadEscape)?;
            rest = after;
            octet
        } else {
            byte
        };
        out.push(octet);
        if out.len() - start > NAME_LEN_MAX {
            return Err(if out.len() - length_at - 1 > LABEL_LEN_MAX {
                NameError::LabelTooLong
            } else {
                NameError::NameTooLong
            });
        }
    }
    if is_absolute {
        out.push(0);
    } else {
        close_label(out, length_at)?;
        out.extend_from_slice(origin.ok_or(NameError::NoOrigin)?.as_wire());
    }
    if out.len() - start > NAME_LEN_MAX {
        return Err(NameError::NameTooLong);
    }
    Ok(())
}

/// Fills in the length octet of the label that starts at `length_at` and ends at the end of `out`.
fn close_label(out: &mut [u8], length_at: usize) -> Result<(), NameError> {
    let len = out.len() - length_at - 1;
    if len == 0 {
        return Err(NameError::EmptyLabel);
    }
    if len > LABEL_LEN_MAX {
        return Err(NameError::LabelTooLong);
    }
    out[length_at] = u8::try_from(len).expect("at most 63");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn name(text: &str) -> NameBuf {
        NameBuf::from_text(text.as_bytes(), Some(Name::ROOT)).unwrap()
    }

    #[test]
    fn text_and_wire() {
        for (text, wire) in [
            (".", &b"\0"[..]),
            ("example.", b"\x07example\0"),
            ("a\\.b.c.", b"\x03a.b\x01c\0"),
            ("\\001\\255.", b"\x02\x01\xff\0"),
            ("\\042.x.", b"\x01*\x01x\0"),
        ] {
            let parsed = NameBuf::from_text(text.as_bytes(), None).unwrap();
            assert_eq!(parsed.as_name().as_wire(), wire, "{text}");
            assert_eq!(NameBuf::from_text(parsed.to_string().as_bytes(), None).unwrap(), parsed);
        }
    }

    proptest! {
        /// Text without escapes has a faster way to the same octets.
        #[test]
        fn plain_text_gives_what_any_text_gives(text in "[a@.\\\\0]{0,6}|([a-z]{1,70}\\.?){0,6}", has_origin: bool) {
            let origin = name("example.");
            let origin = has_origin.then(|| origin.as_name());
            let (mut plain, mut any) = (Vec::new(), Vec::new());
            let result = push_wire_inner(text.as_bytes(), origin, &mut any, 0);
            if push_plain(text.as_bytes(), origin, &mut plain) {
                prop_assert_eq!((result, plain), (Ok(()), any));
            } else {
                let is_special = matches!(&*text, "." | "@") || text.contains('\\');
                prop_assert!(is_special || result.is_err());
            }
        }
    }

    #[test]
    fn text_escapes_what_some_server_refuses() {
        for (text, printed) in [("a!b.", "a\\!b."), ("*._x-1.0/25.", "*._x-1.0/25."), ("{~}.", "\\{\\~\\}.")] {
            assert_eq!(name(text).to_string(), printed);
        }
    }

    /// BIND reads `\[` as the start of a bit-string label.
    #[test]
    fn an_opening_bracket_prints_as_a_number() {
        let bracket = Name::from_wire(b"\x03[s1\0").unwrap();
        assert_eq!(bracket.to_string(), "\\091s1.");
        assert_eq!(NameBuf::from_text(b"\\[s1.", None).unwrap().as_name(), bracket);
    }

    #[test]
    fn errors() {
        let long_label = "a".repeat(64);
        let long_name = "abcdefg.".repeat(32);
        for (text, error) in [
            ("", NameError::Empty),
            ("a..b.", NameError::EmptyLabel),
            (".a.", NameError::EmptyLabel),
            ("\\256.", NameError::BadEscape),
            ("\\12.", NameError::BadEscape),
            ("a\\", NameError::BadEscape),
            ("www", NameError::NoOrigin),
            (&long_label, NameError::LabelTooLong),
            (&long_name, NameError::NameTooLong),
        ] {
            assert_eq!(NameBuf::from_text(text.as_bytes(), None), Err(error), "{text}");
        }
        assert!(NameBuf::from_text("abcdefg.".repeat(31).as_bytes(), None).is_ok());
        assert_eq!("@".parse::<NameBuf>(), Err(NameError::NoOrigin), "no origin on a command line");
    }

    #[test]
    fn relations() {
        let apex = name("Example.COM");
        assert_eq!(apex, name("eXAMPLE.com"), "case does not matter (RFC 4343)");
        assert!(name("www.example.com").as_name().is_below(apex.as_name()));
        assert!(apex.as_name().is_at_or_below(name("example.com").as_name()));
        assert!(!apex.as_name().is_below(apex.as_name()));
        // "xexample.com" ends in the text of the apex, but not at a label boundary.
        assert!(!name("xexample.com").as_name().is_at_or_below(apex.as_name()));
        // The bytes of "\007example\003com" inside one label are not the name example.com.
        assert!(!name("a\\007example\\003com").as_name().is_at_or_below(apex.as_name()));
        assert_eq!(name("*.a.b").as_name().rrsig_labels(), 2);
        assert_eq!(name("a.*.b").as_name().rrsig_labels(), 3);
        assert_eq!(Name::ROOT.rrsig_labels(), 0);
    }
}
