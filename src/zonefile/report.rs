//! Findings about zone text: where they stand, the line they stand on, and how octets are shown.

use super::lexer::{Entry, Fault, FaultKind};
use super::source::{Parent, Source};
pub(super) use crate::base::text::{quote, shown};
use crate::base::{Diagnostic, Position, Severity};
use crate::rdata::Token;
use memchr::{memchr, memchr_iter, memrchr};

/// Longest part of a source line that is shown, in octets.
const SHOWN_MAX: usize = 120;
/// How much of it stands in front of the octet at fault, if the line is longer.
const SHOWN_BEFORE: usize = 60;

/// A finding, and the offset in the source that it is about. Small, because it travels in `Result`s.
pub(super) struct Problem {
    offset: usize,
    finding: Box<Diagnostic>,
}

impl Problem {
    /// An error at an offset.
    #[cold]
    pub(super) fn error(offset: usize, code: &'static str, message: impl Into<String>) -> Self {
        Self { offset, finding: Box::new(Diagnostic::error(code, message)) }
    }

    /// A warning at an offset.
    #[cold]
    pub(super) fn warning(offset: usize, code: &'static str, message: impl Into<String>) -> Self {
        Self { offset, finding: Box::new(Diagnostic::warning(code, message)) }
    }

    /// Adds the reason.
    pub(super) fn because(mut self, reference: &'static str) -> Self {
        self.finding.reference = reference;
        self
    }

    /// Adds what to do.
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.finding.help = help.into();
        self
    }

    /// Adds to what to do.
    pub(super) fn more_help(mut self, help: &str) -> Self {
        self.finding.help.push_str(help);
        self
    }

    /// How bad it is.
    pub(super) const fn severity(&self) -> Severity {
        self.finding.severity
    }

    /// The finding with its place in the source, the source line, and where the source comes from.
    #[cold]
    pub(super) fn locate(self, source: &Source<'_>, entry: Entry) -> Diagnostic {
        let mut finding = *self.finding;
        let (mut source, mut entry, mut offset) = (source, entry, self.offset);
        if let Parent::Generated { by, directive } = source.parent {
            finding.notes.push(format!("generated record: {}", line_at(source.text, offset).shown()));
            (source, entry, offset) = (by, directive, directive.start);
        }
        let line = line_at(source.text, offset);
        let breaks = memchr_iter(b'\n', &source.text[entry.start..offset]).count();
        finding.position = Some(Position {
            file: source.name.clone(),
            line: entry.line.saturating_add(u32::try_from(breaks).unwrap_or(u32::MAX)),
            column: u32::try_from(line.column + 1).unwrap_or(u32::MAX),
        });
        finding.source_line = Some(line.shown());
        while let Some((by, line)) = source.includer() {
            finding.notes.push(format!("included from {}:{line}", by.name));
            source = by;
        }
        finding
    }
}

/// Where a token starts, its quote included.
pub(super) const fn start_of(token: &Token<'_>) -> usize {
    token.offset - token.is_quoted as usize
}

/// Just behind a token, its quote included.
pub(super) const fn end_of(token: &Token<'_>) -> usize {
    token.offset + token.text.len() + token.is_quoted as usize
}

/// A line of text, and a place in it.
struct Line<'a> {
    text: &'a [u8],
    /// Octets in front of the place.
    column: usize,
}

/// A whole line of a zone file as findings show it.
#[must_use]
pub fn shown_line(line: &[u8]) -> String {
    Line { text: line.strip_suffix(b"\r").unwrap_or(line), column: 0 }.shown()
}

/// The line that holds an offset, without its end.
fn line_at(text: &[u8], offset: usize) -> Line<'_> {
    let start = memrchr(b'\n', &text[..offset]).map_or(0, |at| at + 1);
    let end = memchr(b'\n', &text[offset..]).map_or(text.len(), |len| offset + len);
    let line = &text[start..end];
    Line { text: line.strip_suffix(b"\r").unwrap_or(line), column: offset - start }
}

impl Line<'_> {
    /// The line as it can be printed; of a long line the part around the place.
    fn shown(&self) -> String {
        if self.text.len() <= SHOWN_MAX {
            return shown(self.text);
        }
        let start = self.column.saturating_sub(SHOWN_BEFORE).min(self.text.len() - SHOWN_MAX);
        let end = start + SHOWN_MAX;
        let head = if start > 0 { "…" } else { "" };
        let tail = if end < self.text.len() { "…" } else { "" };
        format!("{head}{}{tail}", shown(&self.text[start..end]))
    }
}

/// The finding for an entry that cannot be split into tokens.
#[cold]
pub(super) fn fault_problem(fault: Fault) -> Problem {
    let Fault { kind, offset, .. } = fault;
    match kind {
        FaultKind::UnclosedQuote => {
            Problem::error(offset, "unclosed-quote", "the quote opened here is not closed on its line")
                .because("RFC 1035 section 5.1")
                .help("close it with \", or put a backslash in front of a \" or a line end that belongs to the string")
        }
        FaultKind::UnclosedParenthesis => {
            Problem::error(offset, "unclosed-parenthesis", "the parenthesis opened here is never closed")
                .because("RFC 1035 section 5.1")
                .help("close it with ) behind the last field of the record")
        }
        FaultKind::NestedParenthesis => {
            Problem::error(offset, "nested-parenthesis", "parentheses cannot stand inside parentheses")
                .because("ZF-2")
                .help("remove the inner pair; if the text is meant, put it in quotes or write \\( and \\)")
        }
        FaultKind::StrayClosing => {
            Problem::error(offset, "stray-parenthesis", "a parenthesis is closed here that was never opened")
                .because("RFC 1035 section 5.1")
                .help("remove it; if the text is meant, put it in quotes or write \\)")
        }
        FaultKind::Nul => Problem::error(offset, "nul-octet", "a NUL octet stands outside quotes")
            .because("ZF-17")
            .help("write \\000 if it is meant; a file full of them is not text, or is UTF-16"),
        FaultKind::StrayCarriageReturn => {
            Problem::error(offset, "stray-carriage-return", "a carriage return stands here without a line feed")
                .because("ZF-17")
                .help("end lines with LF or CRLF; write \\013 if the octet is meant")
        }
    }
}
