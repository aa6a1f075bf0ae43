//! Findings about input: where, what, why, what to do.

use serde::Serialize;
use std::fmt;
use std::sync::Arc;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Said, and goes on.
    Warning,
    /// Nothing is signed or published.
    Error,
}

/// A place in a file. Lines and columns count from 1; columns count octets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Position {
    /// As the user named the file; `-` for standard input.
    pub file: Arc<str>,
    /// Line.
    pub line: u32,
    /// Column.
    pub column: u32,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// One finding.
///
/// Its text form is `file:line:column: error: what (why)`, then the source line, `= note:` lines,
/// and `= help: what to do`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Stable short name in kebab case, for scripts: `ttl-too-large`.
    pub code: &'static str,
    /// Where, if it belongs to a place in a file.
    #[serde(flatten)]
    pub position: Option<Position>,
    /// What is wrong, with the names and values concerned.
    pub message: String,
    /// Why: the RFC and section or the guidance id; empty if there is none.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub reference: &'static str,
    /// What to do; empty if the message says it all.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub help: String,
    /// What else helps to find it: where the file was included from, the text a directive generated.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The line of the file, if at hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_line: Option<String>,
}

impl Diagnostic {
    /// An error without a place yet.
    #[cold]
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, message.into())
    }

    /// A warning without a place yet.
    #[cold]
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message.into())
    }

    const fn new(severity: Severity, code: &'static str, message: String) -> Self {
        Self {
            severity,
            code,
            position: None,
            message,
            reference: "",
            help: String::new(),
            notes: Vec::new(),
            source_line: None,
        }
    }

    /// Adds the place.
    #[must_use]
    pub fn at(mut self, position: Option<Position>) -> Self {
        self.position = position;
        self
    }

    /// Adds the reason: an RFC and section, a guidance id.
    #[must_use]
    pub const fn because(mut self, reference: &'static str) -> Self {
        self.reference = reference;
        self
    }

    /// Adds what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(position) = &self.position {
            write!(f, "{position}: ")?;
        }
        let severity = if self.severity == Severity::Error { "error" } else { "warning" };
        write!(f, "{severity}: {}", self.message)?;
        if !self.reference.is_empty() {
            write!(f, " ({})", self.reference)?;
        }
        if let Some(line) = &self.source_line {
            write!(f, "\n   | {line}")?;
        }
        for note in &self.notes {
            write!(f, "\n   = note: {note}")?;
        }
        if !self.help.is_empty() {
            write!(f, "\n   = help: {}", self.help)?;
        }
        Ok(())
    }
}

/// The findings of a run, kept up to a limit and counted beyond it.
#[derive(Clone, Debug)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
    kept_max: usize,
    error_count: u64,
    warning_count: u64,
}

impl Diagnostics {
    /// Keeps at most `kept_max` errors and as many warnings.
    #[must_use]
    pub const fn new(kept_max: usize) -> Self {
        Self { list: Vec::new(), kept_max, error_count: 0, warning_count: 0 }
    }

    /// No findings, and the same limit: for a part of the work done apart, see [`Self::append`].
    #[must_use]
    pub const fn fresh(&self) -> Self {
        Self::new(self.kept_max)
    }

    /// Adds the findings of the part of the work that follows, as if they had been found here one after another.
    pub fn append(&mut self, part: Self) {
        let (mut errors, mut warnings) = (part.error_count, part.warning_count);
        for finding in part.list {
            match finding.severity {
                Severity::Error => errors -= 1,
                Severity::Warning => warnings -= 1,
            }
            self.push(finding);
        }
        // Those the part did not keep came after as many as the limit allows, so none of them is kept here either.
        self.error_count += errors;
        self.warning_count += warnings;
    }

    /// Adds a finding; beyond the limit it is counted only.
    pub fn push(&mut self, finding: Diagnostic) {
        self.push_with(finding.severity, || finding);
    }

    /// Adds the finding, of this severity, that `make` gives; beyond the limit it is counted and never made. For
    /// findings that a large zone may have millions of.
    pub fn push_with(&mut self, severity: Severity, make: impl FnOnce() -> Diagnostic) {
        let count = match severity {
            Severity::Error => &mut self.error_count,
            Severity::Warning => &mut self.warning_count,
        };
        *count += 1;
        if *count <= self.kept_max as u64 {
            let finding = make();
            debug_assert_eq!(finding.severity, severity);
            self.list.push(finding);
        }
    }

    /// The findings kept, in the order they were found.
    #[must_use]
    pub fn list(&self) -> &[Diagnostic] {
        &self.list
    }

    /// The findings kept, to add to them what is known later.
    pub fn list_mut(&mut self) -> &mut [Diagnostic] {
        &mut self.list
    }

    /// Makes every warning an error.
    pub fn promote_warnings(&mut self) {
        for finding in &mut self.list {
            finding.severity = Severity::Error;
        }
        self.error_count += std::mem::take(&mut self.warning_count);
    }

    /// All errors, those not kept too.
    #[must_use]
    pub const fn error_count(&self) -> u64 {
        self.error_count
    }

    /// All warnings, those not kept too.
    #[must_use]
    pub const fn warning_count(&self) -> u64 {
        self.warning_count
    }

    /// Whether there was nothing to find.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.error_count == 0 && self.warning_count == 0
    }

    /// Whether there was an error.
    #[must_use]
    pub const fn has_errors(&self) -> bool {
        self.error_count > 0
    }

    /// How many findings were counted but not kept.
    #[must_use]
    pub const fn suppressed_count(&self) -> u64 {
        self.error_count + self.warning_count - self.list.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form() {
        let mut finding = Diagnostic::error("ttl-too-large", "TTL 4294967296 is larger than 2147483647 seconds")
            .because("RFC 2181 section 8")
            .help("a TTL is 0 to 2147483647 seconds, for example 3600 or 1h")
            .at(Some(Position { file: "shop.zone".into(), line: 41, column: 9 }));
        finding.source_line = Some("www     4294967296 IN A 192.0.2.1".into());
        assert_eq!(
            finding.to_string(),
            "shop.zone:41:9: error: TTL 4294967296 is larger than 2147483647 seconds (RFC 2181 section 8)\n   \
             | www     4294967296 IN A 192.0.2.1\n   = help: a TTL is 0 to 2147483647 seconds, for example 3600 or 1h"
        );
    }

    #[test]
    fn findings_beyond_the_limit_are_counted() {
        let mut findings = Diagnostics::new(2);
        for _ in 0..5 {
            findings.push(Diagnostic::error("x", "x"));
        }
        findings.push(Diagnostic::warning("w", "w"));
        assert_eq!((findings.list().len(), findings.error_count(), findings.suppressed_count()), (3, 5, 3));
    }

    /// Wherever the work is cut, what is kept and counted is the same.
    #[test]
    fn parts_add_up_to_the_whole() {
        let all = ["e1", "w1", "e2", "e3", "w2", "w3", "e4", "w4"];
        let push_all = |findings: &mut Diagnostics, some: &[&'static str]| {
            for &code in some {
                let is_error = code.starts_with('e');
                findings.push(if is_error { Diagnostic::error(code, "") } else { Diagnostic::warning(code, "") });
            }
        };
        for kept_max in 0..5 {
            let mut whole = Diagnostics::new(kept_max);
            push_all(&mut whole, &all);
            for cut in 0..=all.len() {
                let mut parts = Diagnostics::new(kept_max);
                push_all(&mut parts, &all[..cut]);
                let mut rest = parts.fresh();
                push_all(&mut rest, &all[cut..]);
                parts.append(rest);
                assert_eq!(parts.list(), whole.list(), "limit {kept_max}, cut at {cut}");
                assert_eq!(
                    (parts.error_count(), parts.warning_count()),
                    (whole.error_count(), whole.warning_count()),
                    "limit {kept_max}, cut at {cut}"
                );
            }
        }
    }
}
