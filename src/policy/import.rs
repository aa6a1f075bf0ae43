//! Policies of other signers: BIND's `dnssec-policy` blocks, Knot's `policy:` sections, OpenDNSSEC's kasp.xml.
//!
//! What is read is put over the preset `rfc-current`, after what the other signer has by default. Nothing is dropped in
//! silence: what cannot be carried over is a note with its line.

mod bind;
mod bind_syntax;
mod knot;
mod knot_yaml;
mod opendnssec;

use super::field::{self, SetError};
use super::model::{Policy, settle_bits};
use super::preset::Preset;
use super::print::{toml_key, toml_string};
use super::value::FieldValue;
use crate::base::{Diagnostic, Position, Seconds};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use toml::de::DeValue;

/// Whose policies they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// named.conf.
    Bind,
    /// knot.conf.
    Knot,
    /// kasp.xml.
    OpenDnssec,
}

impl Format {
    /// What a text looks like.
    #[must_use]
    pub fn guess(text: &str) -> Option<Self> {
        if text.trim_start().starts_with('<') {
            Some(Self::OpenDnssec)
        } else if text.lines().any(|line| line.trim_end() == "policy:" || line.starts_with("policy: ")) {
            Some(Self::Knot)
        } else {
            text.contains("dnssec-policy").then_some(Self::Bind)
        }
    }

    /// For messages.
    #[must_use]
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Bind => "BIND",
            Self::Knot => "Knot",
            Self::OpenDnssec => "OpenDNSSEC",
        }
    }
}

/// What was imported.
#[derive(Clone, Debug, Default)]
pub struct Imported {
    /// The policies, in the order of the file.
    pub policies: Vec<ImportedPolicy>,
    /// What could not be carried over, or means something else here.
    pub notes: Vec<Diagnostic>,
}

/// A policy that was imported.
#[derive(Clone, Debug)]
pub struct ImportedPolicy {
    /// The policy.
    pub policy: Policy,
    /// Where each field comes from that is not left to the base: `named.conf:7`.
    origins: BTreeMap<&'static str, String>,
}

impl ImportedPolicy {
    /// The policy as policy.toml: the fields that were set, each with where it comes from.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut out = format!("[policy.{}]\nbase = \"{}\"\n", toml_key(&self.policy.name), self.policy.base.name());
        for field in field::all() {
            let (Some(origin), Some(value)) = (self.origins.get(field.name), field.get(&self.policy)) else { continue };
            let setting = format!("{} = {value}", field.name);
            let _ = writeln!(out, "{setting:<48} # {origin}");
        }
        out
    }
}

/// Reads policies of another signer. `file` is what notes call the text.
///
/// # Errors
/// What makes the text unreadable, or that there is no policy in it.
pub fn import(text: &str, file: &str, format: Format) -> Result<Imported, Box<Diagnostic>> {
    let mut source = Source { file: file.into(), format, imported: Imported::default() };
    match format {
        Format::Bind => bind::read(text, &mut source)?,
        Format::Knot => knot::read(text, &mut source)?,
        Format::OpenDnssec => opendnssec::read(text, &mut source)?,
    }
    if source.imported.policies.is_empty() {
        let message = format!("{file}: there is no {} policy in it", format.describe());
        return Err(Box::new(Diagnostic::error("import-empty", message)));
    }
    Ok(source.imported)
}

/// The text being imported, and what has come of it.
struct Source {
    file: Arc<str>,
    format: Format,
    imported: Imported,
}

impl Source {
    /// The text cannot be read.
    #[cold]
    fn unreadable(&self, line: usize, message: impl Into<String>) -> Box<Diagnostic> {
        Box::new(Diagnostic::error("import-syntax", message).at(Some(self.position(line))))
    }

    /// Something is not carried over, or not as it was.
    fn note(&mut self, line: usize, message: impl Into<String>) {
        let note = Diagnostic::warning("import-not-carried", message).at(Some(self.position(line)));
        self.imported.notes.push(note);
    }

    fn position(&self, line: usize) -> Position {
        Position { file: self.file.clone(), line: u32::try_from(line).unwrap_or(u32::MAX), column: 1 }
    }

    /// A policy to be filled, with what the other signer has by default.
    fn draft(&self, name: &str, defaults: &[(&'static str, &str)]) -> Draft {
        let policy = Policy { name: name.to_owned(), ..Policy::preset(Preset::RfcCurrent) };
        let mut draft = Draft { imported: ImportedPolicy { policy, origins: BTreeMap::new() } };
        for &(field, toml) in defaults {
            draft.put(field, toml, format!("default of {}", self.format.describe()));
        }
        draft
    }

    /// Sets a field of a draft from a line; a value that does not fit is noted.
    fn set(&mut self, draft: &mut Draft, field: &'static str, toml: &str, line: usize) {
        if !draft.put(field, toml, format!("{}:{line}", self.file)) {
            self.note(line, format!("{toml} is no value for {field}"));
        }
    }

    /// Sets a field to a span; text that is none is noted.
    fn set_span(&mut self, draft: &mut Draft, field: &'static str, text: &str, line: usize) {
        match span(text, self.format) {
            Some(span) => self.set(draft, field, &span.write(), line),
            None => self.note(line, format!("\"{text}\" is no length of time")),
        }
    }

    /// NSEC3 iterations: none, whatever the policy had.
    fn set_iterations(&mut self, draft: &mut Draft, count: &str, line: usize) {
        self.set(draft, "nsec3param.iterations", "0", line);
        if count != "0" {
            self.note(line, format!("{count} NSEC3 iterations become 0, as RFC 9276 section 3.1 asks (N-10)"));
        }
    }

    /// The end of a policy.
    fn finish(&mut self, mut draft: Draft) {
        settle_bits(&mut draft.imported.policy);
        self.imported.policies.push(draft.imported);
    }
}

/// A policy being filled.
struct Draft {
    imported: ImportedPolicy,
}

impl Draft {
    /// Sets a field; whether the value fits.
    fn put(&mut self, field: &'static str, toml: &str, origin: String) -> bool {
        let known = field::by_name(field).expect("importers name fields of the table");
        let set = |policy: &mut Policy| -> Result<(), SetError> {
            let value = DeValue::parse(toml).map_err(|_| SetError::Form)?;
            known.set(value.get_ref(), policy)
        };
        let fits = set(&mut self.imported.policy).is_ok();
        if fits {
            self.imported.origins.insert(known.name, origin);
        }
        fits
    }
}

/// A length of time as the other signers write it.
///
/// BIND and OpenDNSSEC count 31 days a month in ISO 8601 durations; Knot has `M` for months, of 30 days.
fn span(text: &str, format: Format) -> Option<Seconds> {
    if format == Format::Knot {
        if let Some(months) = text.strip_suffix('M') {
            return Some(Seconds(months.parse::<u32>().ok().map(i64::from)? * 30 * Seconds::DAY.0));
        }
        return Seconds::from_text(text);
    }
    let span = Seconds::from_text(text)?;
    let Some(date) = text.strip_prefix(['P', 'p']) else { return Some(span) };
    let date = date.split(['T', 't']).next().unwrap_or_default();
    let before_months = date.split(['M', 'm']).next().filter(|before| before.len() < date.len()).unwrap_or_default();
    let months = before_months.rsplit(|sign: char| !sign.is_ascii_digit()).next().unwrap_or_default();
    let months: i64 = if months.is_empty() { 0 } else { months.parse().ok()? };
    months.checked_mul(Seconds::DAY.0).and_then(|more| span.0.checked_add(more)).map(Seconds)
}

/// An algorithm by name or number as TOML.
fn algorithm(word: &str) -> String {
    if word.bytes().all(|byte| byte.is_ascii_digit()) { word.to_owned() } else { toml_string(word) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_of_each_signer() {
        let day = Seconds::DAY.0;
        for (text, format, expected) in [
            ("P1Y", Format::Bind, Some(365 * day)),
            ("P3M", Format::Bind, Some(93 * day)),
            ("P1Y2MT5M", Format::OpenDnssec, Some((365 + 62) * day + 300)),
            ("PT5M", Format::Bind, Some(300)),
            ("1w", Format::Bind, Some(7 * day)),
            ("3600", Format::Bind, Some(3600)),
            ("2M", Format::Knot, Some(60 * day)),
            ("2m", Format::Knot, Some(120)),
            ("14d", Format::Knot, Some(14 * day)),
            ("soon", Format::Knot, None),
            ("éM", Format::Knot, None),
            ("P", Format::Bind, None),
        ] {
            assert_eq!(span(text, format), expected.map(Seconds), "{text}");
        }
    }

    #[test]
    fn formats_are_guessed() {
        assert_eq!(Format::guess("\n<?xml version=\"1.0\"?><KASP/>"), Some(Format::OpenDnssec));
        assert_eq!(Format::guess("server:\n  x: y\npolicy:\n  - id: a\n"), Some(Format::Knot));
        assert_eq!(Format::guess("dnssec-policy a { };"), Some(Format::Bind));
        assert_eq!(Format::guess("[policy.a]\n"), None);
    }
}
