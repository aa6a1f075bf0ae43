//! Reading policy.toml: several policies in one file, each a preset with fields of its own over it.

use super::field::{self, Field, SetError};
use super::model::Policy;
use super::preset::Preset;
use crate::base::{Diagnostic, Position, Severity};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use toml::de::{DeTable, DeValue};

/// A policy file. The policies in it are in the order of the file.
#[derive(Clone, Debug)]
pub struct PolicyFile {
    policies: Vec<FilePolicy>,
}

/// A policy of a file.
#[derive(Clone, Debug)]
pub struct FilePolicy {
    /// The policy.
    pub policy: Policy,
    /// Where it begins.
    pub position: Position,
    /// Where each field stands that the file sets.
    places: BTreeMap<&'static str, Place>,
}

/// Where a field stands.
#[derive(Clone, Debug)]
struct Place {
    position: Position,
    line: String,
}

impl PolicyFile {
    /// The file that says no more than the name of a preset.
    ///
    /// # Errors
    /// As [`Self::from_toml`]: none, for presets are their own bases.
    pub fn of_preset(preset: Preset) -> Result<Self, Vec<Diagnostic>> {
        let name = preset.name();
        Self::from_toml(&format!("[policy.{name}]\nbase = \"{name}\"\n"), name)
    }

    /// Reads the text of a policy file. `file` is what findings call it.
    ///
    /// # Errors
    /// All that is wrong with it: syntax, unknown fields, values of the wrong form. What is wrong across fields is for
    /// [`FilePolicy::check`].
    pub fn from_toml(text: &str, file: &str) -> Result<Self, Vec<Diagnostic>> {
        let mut reader = Reader { text, file: file.into(), findings: Vec::new() };
        let policies = reader.read();
        if reader.findings.is_empty() {
            return Ok(Self { policies });
        }
        let place = |finding: &Diagnostic| finding.position.as_ref().map(|position| (position.line, position.column));
        reader.findings.sort_by_key(place);
        Err(reader.findings)
    }

    /// The policies, at least one.
    #[must_use]
    pub fn policies(&self) -> &[FilePolicy] {
        &self.policies
    }

    /// The policy with a name; without one the only policy, or the one called `default`.
    ///
    /// # Errors
    /// A sentence that names the policies there are.
    pub fn select(&self, name: Option<&str>) -> Result<&FilePolicy, String> {
        let called = |name: &str| self.policies.iter().find(|policy| policy.policy.name == name);
        let names = self.policies.iter().map(|policy| policy.policy.name.as_str()).collect::<Vec<_>>().join(", ");
        match (name, &self.policies[..]) {
            (Some(name), _) => called(name).ok_or_else(|| format!("no policy \"{name}\", but {names}")),
            (None, [only]) => Ok(only),
            (None, _) => {
                called("default").ok_or_else(|| format!("several policies and none called default, but {names}"))
            }
        }
    }
}

impl FilePolicy {
    /// Where a field stands, if the file sets it.
    #[must_use]
    pub fn position_of(&self, field: &str) -> Option<&Position> {
        self.places.get(field).map(|place| &place.position)
    }

    /// What is wrong or doubtful across its fields, each with the place of the first field concerned that the file sets.
    #[must_use]
    pub fn check(&self) -> Vec<Diagnostic> {
        let located = |(fields, mut finding): (&[&'static str], Diagnostic)| {
            let place = fields.iter().find_map(|field| self.places.get(field));
            finding.source_line = place.map(|place| place.line.clone());
            finding.at(Some(place.map_or_else(|| self.position.clone(), |place| place.position.clone())))
        };
        super::check::problems(&self.policy)
            .into_iter()
            .map(|problem| located((problem.fields, problem.finding)))
            .collect()
    }
}

impl Policy {
    /// Reads the policy in a file that has one, or the one called `default`. `file` is what findings call it.
    ///
    /// # Errors
    /// As [`PolicyFile::from_toml`]; also what [`Self::check`] finds to be errors.
    pub fn from_toml(text: &str, file: &str) -> Result<Self, Vec<Diagnostic>> {
        let policies = PolicyFile::from_toml(text, file)?;
        let policy = policies.select(None).map_err(|message| vec![no_such_policy(file, &message)])?;
        let errors: Vec<Diagnostic> =
            policy.check().into_iter().filter(|finding| finding.severity == Severity::Error).collect();
        if errors.is_empty() { Ok(policy.policy.clone()) } else { Err(errors) }
    }
}

/// A finding about a file as a whole.
pub(super) fn no_such_policy(file: &str, message: &str) -> Diagnostic {
    Diagnostic::error("policy-not-found", format!("{file}: {message}")).help("name one: FILE:NAME")
}

/// Reads a file, going on after each error.
struct Reader<'a> {
    text: &'a str,
    file: Arc<str>,
    findings: Vec<Diagnostic>,
}

/// A field as it stands in the file.
struct Entry<'t, 'i> {
    key: Range<usize>,
    span: Range<usize>,
    value: &'t DeValue<'i>,
}

impl<'a> Reader<'a> {
    fn read(&mut self) -> Vec<FilePolicy> {
        let (root, errors) = DeTable::parse_recoverable(self.text);
        for error in &errors {
            let message = error.message().trim().replace('\n', "; ");
            self.report(error.span(), Diagnostic::error("policy-syntax", message));
        }
        if !errors.is_empty() {
            return Vec::new();
        }
        let mut tables: Vec<(&str, Range<usize>, &DeTable<'_>)> = Vec::new();
        for (key, value) in root.get_ref() {
            match (key.get_ref().as_ref(), value.get_ref()) {
                ("policy", DeValue::Table(policies)) => {
                    for (name, policy) in policies {
                        match policy.get_ref() {
                            DeValue::Table(fields) => tables.push((name.get_ref(), name.span(), fields)),
                            _ => self.report_stray(name.get_ref(), name.span()),
                        }
                    }
                }
                (name, _) => self.report_stray(name, key.span()),
            }
        }
        if tables.is_empty() && self.findings.is_empty() {
            let finding = Diagnostic::error("policy-empty", "there is no policy in the file");
            self.report(Some(0..0), finding.help("begin one with [policy.default]"));
        }
        tables.sort_by_key(|(_, span, _)| span.start);
        tables.into_iter().map(|(name, span, fields)| self.read_policy(name, span, fields)).collect()
    }

    /// Something outside `[policy.NAME]`.
    fn report_stray(&mut self, name: &str, span: Range<usize>) {
        let help = match field::by_name(name) {
            Some(_) => "fields of a policy stand below a line [policy.NAME], such as [policy.default]".to_owned(),
            None => "a policy file has only tables [policy.NAME]".to_owned(),
        };
        self.report(
            Some(span),
            Diagnostic::error("policy-unknown-field", format!("\"{name}\" is no policy")).help(help),
        );
    }

    fn read_policy(&mut self, name: &str, span: Range<usize>, fields: &DeTable<'_>) -> FilePolicy {
        let mut entries = BTreeMap::new();
        let mut base = Preset::default();
        for (key, value) in fields {
            if key.get_ref() == "base" {
                base = value.get_ref().as_str().and_then(Preset::from_name).unwrap_or_else(|| {
                    self.report_form("base", value.span(), value.get_ref(), &preset_words());
                    base
                });
            } else {
                self.gather(key.get_ref().to_string(), key.span(), value.span(), value.get_ref(), &mut entries);
            }
        }
        let mut policy = Policy { name: name.to_owned(), ..Policy::preset(base) };
        // In the order of the table: `denial` comes before what depends on it.
        for field in field::all() {
            if let Some(entry) = entries.get(field.name) {
                self.set(field, entry, &mut policy);
            }
        }
        super::model::settle_bits(&mut policy);
        let places = entries.into_iter().map(|(name, entry)| (name, self.place(&entry.key))).collect();
        FilePolicy { policy, position: self.position(&span), places }
    }

    /// Puts fields into `entries` by their full names; tables within tables are dots in names.
    fn gather<'t, 'i>(
        &mut self,
        name: String,
        key: Range<usize>,
        span: Range<usize>,
        value: &'t DeValue<'i>,
        entries: &mut BTreeMap<&'static str, Entry<'t, 'i>>,
    ) {
        if let Some(field) = field::by_name(&name) {
            entries.insert(field.name, Entry { key, span, value });
            return;
        }
        match value {
            DeValue::Table(table) if is_prefix(&name) => {
                for (key, value) in table {
                    let name = format!("{name}.{}", key.get_ref());
                    self.gather(name, key.span(), value.span(), value.get_ref(), entries);
                }
            }
            _ => self.report_unknown(&name, key),
        }
    }

    fn set(&mut self, field: &'static Field, entry: &Entry<'_, '_>, policy: &mut Policy) {
        match field.set(entry.value, policy) {
            Ok(()) => {}
            Err(SetError::Form) => self.report_form(field.name, entry.span.clone(), entry.value, field.form()),
            Err(SetError::NeedsNsec3) => {
                let message = format!("{} is of no use: the zone has NSEC", field.name);
                let finding = Diagnostic::error("policy-field-unused", message);
                self.report(Some(entry.key.clone()), finding.help("remove it, or set denial = \"nsec3\""));
            }
        }
    }

    fn report_form(&mut self, name: &str, span: Range<usize>, value: &DeValue<'_>, form: &str) {
        let shown = self.text.get(span.clone()).map_or_else(|| value.type_str().to_owned(), first_line);
        let message = format!("{name} = {shown}: expected {form}");
        self.report(Some(span), Diagnostic::error("policy-value", message));
    }

    fn report_unknown(&mut self, name: &str, span: Range<usize>) {
        let known = field::all().map(|field| field.name).chain(["base"]);
        let help = field::nearest(name, known).map_or_else(
            || "`zoneseal policy explain` lists the fields".to_owned(),
            |known| format!("did you mean \"{known}\"?"),
        );
        let finding = Diagnostic::error("policy-unknown-field", format!("there is no field \"{name}\"")).help(help);
        self.report(Some(span), finding);
    }

    fn report(&mut self, span: Option<Range<usize>>, mut finding: Diagnostic) {
        if let Some(span) = span {
            let place = self.place(&span);
            finding.source_line = Some(place.line).filter(|line| !line.is_empty());
            finding.position = Some(place.position);
        }
        self.findings.push(finding);
    }

    fn place(&self, span: &Range<usize>) -> Place {
        let position = self.position(span);
        let line = self.text.lines().nth(position.line as usize - 1).unwrap_or_default();
        Place { position, line: line.trim_end().to_owned() }
    }

    fn position(&self, span: &Range<usize>) -> Position {
        super::text_position(&self.file, self.text, span.start)
    }
}

/// Whether fields lie below a name: `keys`, `keys.zsk`.
fn is_prefix(name: &str) -> bool {
    field::all().any(|field| field.name.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')))
}

/// The names of the presets, as a form.
fn preset_words() -> String {
    Preset::ALL.map(|preset| format!("\"{}\"", preset.name())).join(" or ")
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}
