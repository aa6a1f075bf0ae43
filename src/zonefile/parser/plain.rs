//! The fast way to read a line that differs from one before it in owner and data only, as most lines of a large zone do.
//!
//! ```text
//! example.  3600 IN NS  ns.example.
//! └ owner ┘└ lead ────┘└ words ───┘
//! ```
//!
//! The owner is the one before, a word without escapes, or left out; the lead is the same octets as in a line that was
//! read entry by entry, and so means the same TTL, class and type; then come words without escapes, and strings. Whatever
//! is not so, or gives reason to say something, is left as it is for [`Reader::read_entry`], which then reads it from its
//! start: this way knows no findings of its own.

use super::super::header::Header;
use super::super::lexer::{is_blank, is_plain_text, plain_end, push_plain_words};
use super::super::source::Source;
use super::{Cursor, Entry, Owner, Reader, ends_in_origin_twice};
use crate::base::{NameBuf, Rtype, name};
use crate::rdata::{self, Token};
use crate::zone::arena::Span;

/// How many leads are remembered: the types of a zone, and some TTLs.
const LEADS_MAX: usize = 8;

/// What stood between owner and data in lines that were read, the one met last first.
#[derive(Debug, Default)]
pub(super) struct Leads<'a> {
    seen: Vec<(&'a [u8], Header)>,
}

impl<'a> Leads<'a> {
    /// Remembers the lead of an entry that became a record.
    pub(super) fn note(&mut self, text: &'a [u8], entry: Entry, tokens: &[Token<'a>], header: Header) {
        let (Some(data), owner) = (tokens.get(header.rdata_at), tokens.first().filter(|_| !entry.is_blank_led)) else {
            return;
        };
        let start = owner.map_or(entry.start, |owner| owner.offset + owner.text.len());
        let end = data.offset - usize::from(data.is_quoted);
        let lead = &text[start..end];
        // A quote may follow the type without a blank; a word that does is the end of another type's name.
        let has_blanks = lead.first().is_some_and(is_blank) && lead.last().is_some_and(is_blank);
        if has_blanks && is_plain_text(lead) && self.find(lead).is_none() {
            self.seen.truncate(LEADS_MAX - 1);
            self.seen.insert(0, (lead, header));
        }
    }

    /// The lead that a text starts with, and what it means.
    fn find(&mut self, text: &[u8]) -> Option<(usize, Header)> {
        let at = self.seen.iter().position(|(lead, _)| text.starts_with(lead))?;
        self.seen.swap(0, at);
        let (lead, header) = &self.seen[0];
        Some((lead.len(), *header))
    }
}

/// The owner of a line.
enum Found<'a> {
    /// The one in the state.
    Same,
    /// Another text.
    Other(&'a [u8]),
}

impl Reader<'_> {
    /// Reads a line if it can be read in the fast way; false, and nothing has changed, if not.
    pub(super) fn read_plain_line<'a>(&mut self, source: &Source<'a>, cursor: &mut Cursor<'a>) -> bool {
        self.try_plain_line(source, cursor).is_some()
    }

    fn try_plain_line<'a>(&mut self, source: &Source<'a>, cursor: &mut Cursor<'a>) -> Option<()> {
        let start = cursor.lexer.next_start()?;
        let line = &source.text[start..];
        let (owner, owner_len) = find_owner(line, cursor.owner_text)?;
        let (lead_len, header) = cursor.leads.find(&line[owner_len..])?;
        let words_at = start + owner_len + lead_len;
        let end = push_plain_words(source.text, words_at, &mut cursor.tokens)?;
        self.read_plain_rdata(&cursor.tokens, header.rtype)?;
        // The lead was once that of a record, which had the zone's class.
        let (class, ttl) = (self.zone_class?, self.inherit_ttl(&header)?);
        let entry = Entry { start, line: cursor.lexer.line(), is_blank_led: owner_len == 0 };
        let owner = match (owner, self.state.owner) {
            (Found::Same, Owner::Known(owner)) => owner,
            (Found::Same, _) => return None,
            (Found::Other(text), _) => {
                let owner = self.read_plain_owner(text)?;
                cursor.owner_text = Some(text);
                owner
            }
        };
        self.state.last_ttl = header.ttl.or(self.state.last_ttl);
        self.push_record(source, entry, owner, ttl, class, header.rtype);
        cursor.lexer.skip(end, 1);
        Some(())
    }

    /// Reads the data into `self.rdata`, if nothing is to be said of it.
    fn read_plain_rdata(&mut self, words: &[Token<'_>], rtype: Rtype) -> Option<()> {
        self.rdata.clear();
        let origin = self.state.origin.as_ref().map(NameBuf::as_name);
        rdata::push_wire_from_text(rtype, words, origin, &mut self.rdata).ok()?;
        self.rdata_warning(words, rtype).is_none().then_some(())
    }

    /// Reads an owner into the state, if nothing is to be said of it.
    fn read_plain_owner(&mut self, text: &[u8]) -> Option<Span> {
        let mut wire = std::mem::take(&mut self.scratch);
        wire.clear();
        let origin = self.state.origin.as_ref().map(NameBuf::as_name);
        let is_plain = name::push_wire_from_text(text, origin, &mut wire).is_ok()
            && (text.ends_with(b".") || origin.is_none_or(|origin| !ends_in_origin_twice(&wire, origin)));
        let owner = is_plain.then(|| self.intern_owner(&mut wire));
        self.scratch = wire;
        self.state.owner = Owner::Known(owner?);
        owner
    }
}

/// The owner a line starts with, and how long its text is; `None` if it is not plain. `before` is the text of the owner in
/// the state.
fn find_owner<'a>(line: &'a [u8], before: Option<&[u8]>) -> Option<(Found<'a>, usize)> {
    match before {
        Some(before) if line.starts_with(before) && line.get(before.len()).is_some_and(is_blank) => {
            Some((Found::Same, before.len()))
        }
        _ => match line.first()? {
            first if is_blank(first) => Some((Found::Same, 0)),
            b'$' => None,
            _ => {
                let len = plain_end(line, 0);
                (len > 0).then(|| (Found::Other(&line[..len]), len))
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::blocks::tests::outcome;
    use super::*;
    use crate::base::Diagnostics;
    use crate::zonefile::ReadOptions;
    use crate::zonefile::lexer::Lexer;
    use crate::zonefile::source::Parent;
    use proptest::prelude::*;
    use std::path::Path;

    const OWNERS: &[&str] = &[
        "",
        "",
        "",
        "a",
        "a",
        "A",
        "b",
        "@",
        "a.zone.example.",
        "sub.a",
        "x\\.y",
        "\"q\"",
        "\"@\"",
        "$x",
        "\\$x",
        "x..y",
        "www.zone.example",
        "zone.example",
        ".",
        "*",
        "_sip._tcp",
        "a\u{e4}",
    ];
    const LEADS: &[&str] = &[
        " A ",
        " A ",
        "\tA\t",
        " 60 IN A ",
        " IN 60 A ",
        " in a ",
        "  A ",
        " 1h A ",
        " 60 60 A ",
        " CH A ",
        " (A ",
        " \"A\" ",
        " TXT ",
        " 60 TXT ",
        " MX ",
        " NS ",
        " 60 NS ",
        " HTTPS ",
        " SOA ",
        " AXFR ",
        " NOTHING ",
        " ; A ",
        " 99999999999 A ",
        " TXT",
        " TYPE16",
        " TYPE16 ",
        " A",
    ];
    const DATA: &[&str] = &[
        "192.0.2.1",
        "192.0.2.1",
        "192.0.2.2 ",
        "192.0.2.256",
        "192.0.2.1 192.0.2.2",
        "( 192.0.2.1 )",
        "192.0.2.1)",
        "\\# 4 c0000201",
        "x",
        "\"x y\" z",
        "\"x;y\"z\"\"",
        "\"x\\\"y\"",
        "x\\ y",
        "10 mail",
        "10 mail.zone.example",
        "mail.zone.example",
        "ns",
        "0 . alpn=h2",
        "1 . alpn=\"h2,h3\"",
        "ns host 1 7200 900 1209600 900",
        "",
        "x\0y",
        "\"0\"",
        "0 \"x\"",
        "\"x\"y",
    ];

    /// A line that may be plain, and may be anything else that ends where it ends.
    fn lines() -> impl Strategy<Value = String> {
        let part = |of: &'static [&'static str]| prop_oneof![2 => prop::sample::select(&of[..6]), 1 => prop::sample::select(of)];
        (part(OWNERS), part(LEADS), part(DATA)).prop_map(|(owner, lead, data)| format!("{owner}{lead}{data}"))
    }

    proptest! {
        /// A comment behind it keeps a line from being read in the fast way, and changes nothing else: records, positions
        /// and findings are the same.
        #[test]
        fn plain_lines_are_read_as_entries(
            head in prop::sample::select(vec!["", "$TTL 60\n", "a 60 A 192.0.2.1\n"]),
            lines in prop::collection::vec(lines(), 0..40),
            has_origin: bool,
            block_len in prop::sample::select(vec![usize::MAX, 40, 200]),
            line_end in prop::sample::select(vec!["\n", "\r\n"]),
        ) {
            let origin = NameBuf::from_text(b"zone.example.", None).unwrap();
            let origin = has_origin.then_some(&origin);
            let plain = lines.iter().fold(head.to_owned(), |text, line| text + line + line_end);
            let commented = lines.iter().fold(head.to_owned(), |text, line| text + line + " ;\n");
            let outcome = |text: &str, block_len| {
                let mut outcome = outcome(text.as_bytes(), origin, 50, block_len);
                outcome.1.iter_mut().for_each(|finding| finding.source_line = None);
                outcome
            };
            prop_assert_eq!(outcome(&plain, block_len), outcome(&commented, usize::MAX));
        }
    }

    /// Which of the lines are read in the fast way.
    fn read_fast(text: &str) -> Vec<bool> {
        let origin = Some(NameBuf::from_text(b"zone.example.", None).unwrap());
        let options = ReadOptions { origin, ..ReadOptions::default() };
        let mut findings = Diagnostics::new(3);
        let mut reader = Reader::new(&options, &mut findings);
        let (directory, parent) = (Path::new(""), Parent::Nobody);
        let source = Source { text: text.as_bytes(), name: "-".into(), file: 0, directory, identity: None, parent };
        let mut cursor = Cursor::new(Lexer::new(source.text, 0), false);
        let mut is_fast = Vec::new();
        while cursor.lexer.at() < text.len() {
            is_fast.push(reader.read_plain_line(&source, &mut cursor));
            if is_fast.last() == Some(&false) {
                let (entry, lexed) = cursor.lexer.next_entry(&mut cursor.tokens).unwrap();
                lexed.unwrap();
                assert!(reader.read_entry(&source, entry, &mut cursor).is_ok());
            }
        }
        is_fast
    }

    /// Guards the test above against lines that are all read in the slow way, which would make it say nothing.
    #[test]
    fn lines_like_one_before_are_read_fast() {
        let (fast, slow) = (true, false);
        let text = "a 60 IN A 192.0.2.1\nb 60 IN A 192.0.2.2\n 60 IN A 192.0.2.3\nb 60 IN A 192.0.2.4\n";
        assert_eq!(read_fast(text), [slow, fast, fast, fast]);
        assert_eq!(read_fast(&text.replace('\n', "\r\n")), [slow, fast, fast, fast]);
        assert_eq!(read_fast("a 60 TXT x\na 60 TXT \"y z\" \"\"\nb\t60 TXT x\n"), [slow, fast, slow]);
        // What stands directly behind a type is only data if it is quoted.
        assert_eq!(read_fast("a 60 TXT\"x\"\nb 60 TXT\"y\"\nc 60 TXT \"y\"\n"), [slow; 3]);
        assert_eq!(read_fast("a 60 A 192.0.2.1\n\\a 60 A 192.0.2.1\nb 60 A 192.0.2.1 ;\n"), [slow; 3]);
        let many = |count: u32| (0..count).map(|ttl| format!("a {ttl} A 192.0.2.1\n")).collect::<String>();
        assert_eq!(read_fast(&many(8).repeat(2))[8..], [fast; 8]);
        assert_eq!(read_fast(&many(9).repeat(2))[9..], [slow; 9]);
    }
}
