//! Findings as SARIF 2.1.0 (OASIS), the form code scanning pipelines take.

use crate::base::{Position, Severity};
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

/// A finding, whichever command it is of.
#[derive(Debug)]
pub(super) struct Item<'a> {
    /// Id of the rule it rests on.
    pub(super) rule: &'static str,
    /// What that rule says.
    pub(super) rule_text: Cow<'static, str>,
    /// Stable short name.
    pub(super) code: &'static str,
    /// How bad it is.
    pub(super) severity: Severity,
    /// What it is about.
    pub(super) subject: &'a str,
    /// Where it stands, if a file holds it.
    pub(super) position: Option<&'a Position>,
    /// What is wrong, and what to do.
    pub(super) message: String,
    /// At how many places it is so.
    pub(super) count: u64,
    /// Why it does not count, if somebody said so.
    pub(super) accepted: Option<&'a str>,
}

/// A log with one run.
#[derive(Serialize)]
struct Log<'a> {
    version: &'static str,
    #[serde(rename = "$schema")]
    schema: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool<'a>,
    column_kind: &'static str,
    results: Vec<Outcome<'a>>,
}

#[derive(Serialize)]
struct Tool<'a> {
    driver: Driver<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver<'a> {
    name: &'static str,
    semantic_version: &'static str,
    rules: Vec<Rule<'a>>,
}

/// A rule that a result names: SARIF's `reportingDescriptor`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule<'a> {
    id: &'static str,
    short_description: Text<'a>,
}

#[derive(Serialize)]
struct Text<'a> {
    text: Cow<'a, str>,
}

/// A result.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome<'a> {
    rule_id: &'static str,
    rule_index: usize,
    level: &'static str,
    message: Text<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locations: Vec<Location<'a>>,
    occurrence_count: u64,
    partial_fingerprints: BTreeMap<&'static str, String>,
    /// Empty of what counts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suppressions: Vec<Suppression<'a>>,
}

/// That somebody accepted a result.
#[derive(Serialize)]
struct Suppression<'a> {
    /// Said outside the file that the result is in.
    kind: &'static str,
    status: &'static str,
    justification: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    physical_location: Option<PhysicalLocation>,
    logical_locations: [LogicalLocation<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: Region,
}

#[derive(Serialize)]
struct ArtifactLocation {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    start_column: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation<'a> {
    fully_qualified_name: &'a str,
}

/// Writes the log.
pub(super) fn write(items: &[Item<'_>], out: &mut dyn Write) -> io::Result<()> {
    let texts: BTreeMap<&'static str, &str> = items.iter().map(|item| (item.rule, &*item.rule_text)).collect();
    let ids: Vec<&'static str> = texts.keys().copied().collect();
    let rules = texts.iter().map(|(id, text)| Rule { id, short_description: text_of(text) }).collect();
    let driver = Driver { name: "zoneseal", semantic_version: env!("CARGO_PKG_VERSION"), rules };
    let run = Run {
        tool: Tool { driver },
        column_kind: "unicodeCodePoints",
        results: items.iter().map(|item| result(item, &ids)).collect(),
    };
    let log = Log { version: "2.1.0", schema: "https://json.schemastore.org/sarif-2.1.0.json", runs: [run] };
    serde_json::to_writer_pretty(&mut *out, &log)?;
    writeln!(out)
}

fn text_of(text: &str) -> Text<'_> {
    Text { text: text.into() }
}

fn result<'a>(item: &'a Item<'_>, ids: &[&'static str]) -> Outcome<'a> {
    let position = item.position.filter(|position| position.line > 0);
    let physical_location = position.map(|position| PhysicalLocation {
        artifact_location: ArtifactLocation { uri: uri(&position.file) },
        region: Region { start_line: position.line, start_column: position.column.max(1) },
    });
    let logical_locations = [LogicalLocation { fully_qualified_name: item.subject }];
    let suppression = |justification| Suppression { kind: "external", status: "accepted", justification };
    Outcome {
        rule_id: item.rule,
        rule_index: ids.binary_search(&item.rule).expect("the ids are those of the items"),
        level: if item.severity == Severity::Error { "error" } else { "warning" },
        message: text_of(&item.message),
        locations: vec![Location { physical_location, logical_locations }],
        occurrence_count: item.count.max(1),
        // What stays the same from run to run, so that pipelines know an old finding from a new one.
        partial_fingerprints: [("zoneseal/v1", format!("{}/{}/{}", item.rule, item.code, item.subject))].into(),
        suppressions: item.accepted.map(suppression).into_iter().collect(),
    }
}

/// A path as a URI reference (RFC 3986): relative ones stay relative to where the program ran.
fn uri(path: &str) -> String {
    let mut uri = String::new();
    if path.starts_with('/') {
        uri.push_str("file://");
    }
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_as_uris() {
        for (path, expected) in [
            ("zones/a.zone", "zones/a.zone"),
            ("/etc/bind/a b.zone", "file:///etc/bind/a%20b.zone"),
            ("ä:1.zone", "%C3%A4%3A1.zone"),
        ] {
            assert_eq!(uri(path), expected);
        }
    }
}
