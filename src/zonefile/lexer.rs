//! Zone text to tokens: one entry at a time, the tokens borrowing from the text.
//!
//! An entry is a record or a directive: a line, or several joined by parentheses. Nothing is unescaped here, because
//! `\.` and `.` must stay different. Differences from BIND's lexer: nested parentheses are refused (ZF-2), and a carriage
//! return that no line feed follows is an error instead of a line end (ZF-17).

use crate::base::octets;
use crate::rdata::Token;
use memchr::{memchr, memchr3};

/// Where an entry stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    /// Offset of the first octet of its first line.
    pub start: usize,
    /// Line number of its first line, from 1.
    pub line: u32,
    /// Whether its first line starts with a blank: it continues the previous owner.
    pub is_blank_led: bool,
}

/// What makes an entry unreadable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub kind: FaultKind,
    /// Offset of the octet at fault.
    pub offset: usize,
    /// Whether something in the entry is not closed, be it behind the fault: more text might make it a longer entry.
    pub is_open_end: bool,
}

/// The kinds of [`Fault`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FaultKind {
    /// A `"` whose partner is not on its line.
    UnclosedQuote,
    /// A `(` without its `)`.
    UnclosedParenthesis,
    /// A `(` inside parentheses.
    NestedParenthesis,
    /// A `)` outside parentheses.
    StrayClosing,
    /// A NUL octet outside quotes: the file is probably not text.
    Nul,
    /// A carriage return that is not followed by a line feed.
    StrayCarriageReturn,
}

impl FaultKind {
    /// Whether more text might mend it.
    const fn is_open_end(self) -> bool {
        matches!(self, Self::UnclosedQuote | Self::UnclosedParenthesis)
    }
}

/// Classes of octets outside quotes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Plain,
    Blank,
    LineFeed,
    CarriageReturn,
    Semicolon,
    Quote,
    Open,
    Close,
    Backslash,
    Nul,
}

static CLASS: [Class; 256] = {
    let mut table = [Class::Plain; 256];
    table[b' ' as usize] = Class::Blank;
    table[b'\t' as usize] = Class::Blank;
    table[b'\n' as usize] = Class::LineFeed;
    table[b'\r' as usize] = Class::CarriageReturn;
    table[b';' as usize] = Class::Semicolon;
    table[b'"' as usize] = Class::Quote;
    table[b'(' as usize] = Class::Open;
    table[b')' as usize] = Class::Close;
    table[b'\\' as usize] = Class::Backslash;
    table[0] = Class::Nul;
    table
};

const fn class_of(byte: u8) -> Class {
    CLASS[byte as usize]
}

/// How often reading goes back to the line after an unclosed parenthesis. Each time may cost a walk to the end of the
/// text, so a file of nothing but open parentheses must not do it once a line.
const REWINDS_MAX: u32 = 100;

/// Splits zone text into entries.
pub(super) struct Lexer<'a> {
    text: &'a [u8],
    at: usize,
    line: u32,
    /// No entry that starts here or further on is read.
    stop: usize,
    rewinds_left: u32,
}

/// The entry being read.
struct Progress {
    entry: Entry,
    /// Start of the line being read.
    line_start: usize,
    /// Offset of the first `(` that is open, and its line.
    open: Option<(usize, u32)>,
    depth: u32,
    fault: Option<Fault>,
}

impl Progress {
    fn fail(&mut self, kind: FaultKind, offset: usize) {
        let fault = self.fault.get_or_insert(Fault { kind, offset, is_open_end: false });
        fault.is_open_end |= kind.is_open_end();
    }

    /// Whether a parenthesis is open from an earlier line, and the line being read starts like a record of its own.
    /// Another `(` there is a sign that the first was never meant to reach this far.
    fn is_on_a_later_owner_line(&self, text: &[u8]) -> bool {
        self.depth > 0
            && self.open.is_some_and(|(offset, _)| offset < self.line_start)
            && class_of(text[self.line_start]) == Class::Plain
    }
}

impl<'a> Lexer<'a> {
    /// Starts at an offset in the first line of `text`.
    pub(super) const fn new(text: &'a [u8], at: usize) -> Self {
        Self { text, at, line: 1, stop: text.len(), rewinds_left: REWINDS_MAX }
    }

    /// The same, with `text` starting at this line of what it is a part of.
    pub(super) const fn at_line(self, line: u32) -> Self {
        Self { line, ..self }
    }

    /// Where reading stands: between two entries, at the start of a line or at the end.
    pub(super) const fn at(&self) -> usize {
        self.at
    }

    /// The line it stands in, from 1.
    pub(super) const fn line(&self) -> u32 {
        self.line
    }

    /// Where the next entry may start; `None` at the stop.
    pub(super) fn next_start(&self) -> Option<usize> {
        (self.at < self.stop).then_some(self.at)
    }

    /// Makes entries that start at `stop` or further on wait for a later stop.
    pub(super) const fn stop_at(&mut self, stop: usize) {
        self.stop = stop;
    }

    /// Goes on at an entry further on, `lines` lines down, which somebody else has read up to.
    pub(super) const fn skip(&mut self, to: usize, lines: u32) {
        self.at = to;
        self.line = self.line.saturating_add(lines);
    }

    /// Reads the next entry that has tokens, into `tokens`; `None` at the stop or the end of the text.
    ///
    /// With a fault, `tokens` holds what was read of the entry, and the next call starts after it. After an unclosed
    /// parenthesis that is the next line which starts with an owner name: what it swallowed is then read again.
    pub(super) fn next_entry(&mut self, tokens: &mut Vec<Token<'a>>) -> Option<(Entry, Result<(), Fault>)> {
        tokens.clear();
        if self.at >= self.stop {
            return None;
        }
        let text = self.text;
        let mut at = self.at;
        let mut progress = self.start_entry(at);
        loop {
            let Some(&byte) = text.get(at) else {
                self.at = at;
                return self.finish_at_end(progress, tokens);
            };
            match class_of(byte) {
                Class::Plain | Class::Backslash => {
                    let end = token_end(text, at);
                    tokens.push(Token { text: &text[at..end], is_quoted: false, offset: at });
                    at = end;
                }
                Class::Blank => at += 1,
                Class::LineFeed => {
                    at += 1;
                    self.line = self.line.saturating_add(1);
                    if progress.depth == 0 {
                        if !tokens.is_empty() || progress.fault.is_some() {
                            break;
                        }
                        if at >= self.stop {
                            self.at = at;
                            return None;
                        }
                        progress = self.start_entry(at);
                    }
                    progress.line_start = at;
                }
                Class::Semicolon => at = memchr(b'\n', &text[at..]).map_or(text.len(), |len| at + len),
                Class::Quote => at = self.quoted(at, &mut progress, tokens),
                Class::Open => {
                    if progress.is_on_a_later_owner_line(text) {
                        return Some(self.unclosed(progress, tokens));
                    }
                    open(&mut progress, at, self.line);
                    at += 1;
                }
                Class::Close => {
                    close(&mut progress, at);
                    at += 1;
                }
                Class::CarriageReturn => {
                    if !matches!(text.get(at + 1), Some(b'\n') | None) {
                        progress.fail(FaultKind::StrayCarriageReturn, at);
                    }
                    at += 1;
                }
                Class::Nul => {
                    progress.fail(FaultKind::Nul, at);
                    at += 1;
                }
            }
        }
        self.at = at;
        Some((progress.entry, progress.fault.map_or(Ok(()), Err)))
    }

    fn start_entry(&self, at: usize) -> Progress {
        let is_blank_led = self.text.get(at).is_some_and(|&byte| class_of(byte) == Class::Blank);
        let entry = Entry { start: at, line: self.line, is_blank_led };
        Progress { entry, line_start: at, open: None, depth: 0, fault: None }
    }

    /// Reads a quoted string whose `"` stands at `at`; returns the offset to go on at. It ends on its line, but for a
    /// line feed after a backslash, as BIND has it.
    fn quoted(&mut self, at: usize, progress: &mut Progress, tokens: &mut Vec<Token<'a>>) -> usize {
        let start = at + 1;
        let mut end = start;
        let mut line = self.line;
        while let Some(len) = memchr3(b'"', b'\\', b'\n', &self.text[end..]) {
            end += len;
            match self.text[end] {
                b'"' => {
                    tokens.push(Token { text: &self.text[start..end], is_quoted: true, offset: start });
                    self.line = line;
                    return end + 1;
                }
                b'\\' if end + 1 < self.text.len() => {
                    if self.text[end + 1] == b'\n' {
                        line = line.saturating_add(1);
                    }
                    end += 2;
                }
                _ => break,
            }
        }
        progress.fail(FaultKind::UnclosedQuote, at);
        // What stands on the line is taken for the string; lines joined by a backslash are read again on their own.
        memchr(b'\n', &self.text[start..]).map_or(self.text.len(), |len| start + len)
    }

    #[cold]
    fn finish_at_end(&mut self, progress: Progress, tokens: &mut Vec<Token<'a>>) -> Option<(Entry, Result<(), Fault>)> {
        if progress.depth > 0 {
            return Some(self.unclosed(progress, tokens));
        }
        if tokens.is_empty() && progress.fault.is_none() {
            return None;
        }
        Some((progress.entry, progress.fault.map_or(Ok(()), Err)))
    }

    /// Ends an entry whose parenthesis nobody closes, and goes back to the first line after it that starts with a name.
    /// A fault that came before the parenthesis is the one reported.
    #[cold]
    fn unclosed(&mut self, progress: Progress, tokens: &mut Vec<Token<'a>>) -> (Entry, Result<(), Fault>) {
        let (offset, line) = progress.open.expect("depth counts from the first open parenthesis");
        let mut fault = Fault { kind: FaultKind::UnclosedParenthesis, offset, is_open_end: true };
        if let Some(earlier) = progress.fault.filter(|earlier| earlier.offset < offset) {
            fault = Fault { is_open_end: true, ..earlier };
        }
        if self.rewinds_left == 0 {
            (self.at, self.line) = (self.text.len(), self.line);
            return (progress.entry, Err(fault));
        }
        self.rewinds_left -= 1;
        let mut at = offset;
        let mut at_line = line;
        while let Some(len) = memchr(b'\n', &self.text[at..]) {
            at += len + 1;
            at_line = at_line.saturating_add(1);
            if self.text.get(at).is_some_and(|&byte| class_of(byte) == Class::Plain) {
                tokens.retain(|token| token.offset < at);
                (self.at, self.line) = (at, at_line);
                return (progress.entry, Err(fault));
            }
        }
        self.at = self.text.len();
        (progress.entry, Err(fault))
    }
}

fn open(progress: &mut Progress, at: usize, line: u32) {
    if progress.depth > 0 {
        progress.fail(FaultKind::NestedParenthesis, at);
    } else {
        progress.open = Some((at, line));
    }
    progress.depth = progress.depth.saturating_add(1);
}

fn close(progress: &mut Progress, at: usize) {
    match progress.depth.checked_sub(1) {
        Some(depth) => progress.depth = depth,
        None => progress.fail(FaultKind::StrayClosing, at),
    }
}

/// Whether an octet is a blank.
pub(super) fn is_blank(octet: &u8) -> bool {
    class_of(*octet) == Class::Blank
}

/// Whether text has nothing but blanks and words without escapes, on one line.
pub(super) fn is_plain_text(text: &[u8]) -> bool {
    text.iter().all(|&octet| matches!(class_of(octet), Class::Plain | Class::Blank))
}

/// The end of the plain octets that stand at `at`.
pub(super) fn plain_end(text: &[u8], at: usize) -> usize {
    let mut end = at;
    while let Some(len) = octets::position(&text[end..], distance_to_end) {
        end += len;
        // Some control characters are plain.
        if class_of(text[end]) != Class::Plain {
            return end;
        }
        end += 1;
    }
    text.len()
}

/// 0 for octets that are not plain, and for control characters.
#[inline(always)]
fn distance_to_end(octet: u8) -> u8 {
    let parenthesis = (octet | 1) ^ b')';
    let mark = (octet ^ b'"').min(octet ^ b';').min(octet ^ b'\\');
    octet.saturating_sub(b' ').min(parenthesis).min(mark)
}

/// Splits the rest of a line into `tokens` and gives the offset behind it; `None` if it has anything but words and quoted
/// strings without escapes, or none of them, or does not end. What the tokens are otherwise, [`Lexer::next_entry`] tells.
pub(super) fn push_plain_words<'a>(text: &'a [u8], mut at: usize, tokens: &mut Vec<Token<'a>>) -> Option<usize> {
    tokens.clear();
    loop {
        match class_of(*text.get(at)?) {
            Class::Plain => {
                let end = plain_end(text, at);
                tokens.push(Token { text: &text[at..end], is_quoted: false, offset: at });
                at = end;
            }
            Class::Blank => at += 1,
            Class::Quote => {
                let start = at + 1;
                let end = start + memchr3(b'"', b'\\', b'\n', &text[start..])?;
                if text[end] != b'"' {
                    return None;
                }
                tokens.push(Token { text: &text[start..end], is_quoted: true, offset: start });
                at = end + 1;
            }
            Class::CarriageReturn if text.get(at + 1) == Some(&b'\n') => at += 1,
            Class::LineFeed => return (!tokens.is_empty()).then_some(at + 1),
            _ => return None,
        }
    }
}

/// The end of the unquoted token that starts at `at`. A backslash takes the next octet with it, but not a line end.
fn token_end(text: &[u8], mut at: usize) -> usize {
    while let Some(&byte) = text.get(at) {
        match class_of(byte) {
            Class::Plain => at += 1,
            Class::Backslash => {
                at += 1;
                if text.get(at).is_some_and(|&next| !matches!(next, b'\n' | b'\r')) {
                    at += 1;
                }
            }
            _ => break,
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Entries as `line[ blank]: token token …`, quoted tokens in quotes; faults as `kind@offset`.
    fn lex(text: &[u8]) -> Vec<String> {
        let mut lexer = Lexer::new(text, 0);
        let mut tokens = Vec::new();
        let mut out = Vec::new();
        while let Some((entry, result)) = lexer.next_entry(&mut tokens) {
            let mut shown = format!("{}{}:", entry.line, if entry.is_blank_led { "_" } else { "" });
            for token in &tokens {
                assert_eq!(&text[token.offset..token.offset + token.text.len()], token.text);
                let word = token.text.escape_ascii().to_string();
                shown += &if token.is_quoted { format!(" \"{word}\"") } else { format!(" {word}") };
            }
            if let Err(Fault { kind, offset, .. }) = result {
                shown += &format!(" {kind:?}@{offset}");
            }
            out.push(shown);
        }
        out
    }

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        assert_eq!(lex(text.as_bytes()), expected, "{text:?}");
    }

    /// Words end where the table says that they do.
    #[test]
    fn plain_octets_end_at_any_other() {
        for octet in 0..=u8::MAX {
            for at in [0, 1, 15, 16, 40] {
                let mut text = [b'x'; 50];
                text[at] = octet;
                let end = if class_of(octet) == Class::Plain { 50 } else { at };
                assert_eq!(plain_end(&text, 0), end, "{octet}");
                assert!(class_of(octet) == Class::Plain || distance_to_end(octet) == 0);
            }
        }
    }

    #[test]
    fn lines() {
        check("", &[]);
        check("\n\n; only a comment\n   \n\t; and blanks\n", &[]);
        check("a b", &["1: a b"]);
        check("a b\nc d\n", &["1: a b", "2: c d"]);
        check("a b\r\n c d\r\n\r\ne\r\n", &["1: a b", "2_: c d", "4: e"]);
        check("\ta\n b\n", &["1_: a", "2_: b"]);
        check("a;comment ( \" \nb ; x", &["1: a", "2: b"]);
        check("a\r", &["1: a"]);
    }

    #[test]
    fn escapes_stay_in_tokens() {
        check("a\\ b\\;c\\(d\\)e\\\"f", &["1: a\\\\ b\\\\;c\\\\(d\\\\)e\\\\\\\"f"]);
        check("\\\\ b", &["1: \\\\\\\\ b"]);
        // A backslash does not take a line end with it outside quotes; the parser finds the escape bad.
        check("a\\\nb", &["1: a\\\\", "2: b"]);
        check("a\\", &["1: a\\\\"]);
    }

    #[test]
    fn quotes() {
        check("a \"b c\"", &["1: a \"b c\""]);
        check("a \"\" \"\"", &["1: a \"\" \"\""]);
        check("a \"(;)\" b", &["1: a \"(;)\" b"]);
        check("a \"x\\\"y\\\\\" b", &["1: a \"x\\\\\\\"y\\\\\\\\\" b"]);
        // A quote ends a word and starts another, as in BIND.
        check("a b=\"c\"d\"e\"\"f\"", &["1: a b= \"c\" d \"e\" \"f\""]);
        check("a \"x\\\ny\" z\nb", &["1: a \"x\\\\\\ny\" z", "3: b"]);
    }

    #[test]
    fn parentheses() {
        check("a ( b\n c ; x )\n\n d ) e\nf", &["1: a b c d e", "5: f"]);
        check("a (b) (c)d", &["1: a b c d"]);
        check(" ( a\nb )\nc", &["1_: a b", "3: c"]);
        check("(a b)", &["1: a b"]);
        check("a (\r\nb\r\n)\r\nc", &["1: a b", "4: c"]);
    }

    #[test]
    fn faults_leave_the_rest_readable() {
        check("a \"b\nc d", &["1: a UnclosedQuote@2", "2: c d"]);
        check("a \"b", &["1: a UnclosedQuote@2"]);
        check("a \"b\\\nc d\n e", &["1: a UnclosedQuote@2", "2: c d", "3_: e"]);
        check("a \"b\\", &["1: a UnclosedQuote@2"]);
        check("a ( \"b\nc ) d\ne", &["1: a c d UnclosedQuote@4", "3: e"]);
        check("a ) b\nc", &["1: a b StrayClosing@2", "2: c"]);
        check(")\nc", &["1: StrayClosing@0", "2: c"]);
        check("a ( ( b ) )\nc", &["1: a b NestedParenthesis@4", "2: c"]);
        check("a (\n ( b )\n )\nc", &["1: a b NestedParenthesis@5", "4: c"]);
        check("a \0b\nc", &["1: a b Nul@2", "2: c"]);
        check("a\rb\nc", &["1: a b StrayCarriageReturn@1", "2: c"]);
        check("a b\\\0", &["1: a b\\\\\\x00"]);
    }

    #[test]
    fn what_an_unclosed_parenthesis_swallows_is_read_again() {
        check("a ( b\n c\nd e\n f\n", &["1: a b c UnclosedParenthesis@2", "3: d e", "4_: f"]);
        check("a ( b\nd ( e )\nf", &["1: a b UnclosedParenthesis@2", "2: d e", "3: f"]);
        check("a ( b\n c\n ( d\n", &["1: a b c d UnclosedParenthesis@2"]);
        check("a (", &["1: a UnclosedParenthesis@2"]);
        check("(\n(\n", &["1: UnclosedParenthesis@0"]);
        // The quote came first, and is the one to mend.
        check("a \"b\nc", &["1: a UnclosedQuote@2", "2: c"]);
        check("a ) ( b\nc", &["1: a b StrayClosing@2", "2: c"]);
    }

    /// Going back is capped: without that, this would take a walk to the end for each of its lines.
    #[test]
    fn a_file_of_open_parentheses_ends() {
        let text = "a\n (\n".repeat(20_000);
        let faults = lex(text.as_bytes()).iter().filter(|entry| entry.contains("Unclosed")).count();
        assert_eq!(faults, REWINDS_MAX as usize + 1);
    }
}
