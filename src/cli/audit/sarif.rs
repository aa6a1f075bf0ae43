//! The result of `audit` as SARIF 2.1.0 (OASIS), the form code scanning pipelines take.

use crate::audit::{Finding, Report, rules};
use crate::base::Severity;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

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
    tool: Tool,
    column_kind: &'static str,
    results: Vec<Outcome<'a>>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    semantic_version: &'static str,
    rules: Vec<Rule>,
}

/// A rule that a result names: SARIF's `reportingDescriptor`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: &'static str,
    short_description: Text<'static>,
}

#[derive(Serialize)]
struct Text<'a> {
    text: std::borrow::Cow<'a, str>,
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
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut ids: Vec<&'static str> = report.findings.iter().map(|finding| finding.id).collect();
    ids.sort_unstable();
    ids.dedup();
    let rule = |id: &&'static str| Rule { id, short_description: Text { text: rules::text(id).unwrap_or(id).into() } };
    let driver =
        Driver { name: "zoneseal", semantic_version: env!("CARGO_PKG_VERSION"), rules: ids.iter().map(rule).collect() };
    let run = Run {
        tool: Tool { driver },
        column_kind: "unicodeCodePoints",
        results: report.findings.iter().map(|finding| result(finding, &ids)).collect(),
    };
    let log = Log { version: "2.1.0", schema: "https://json.schemastore.org/sarif-2.1.0.json", runs: [run] };
    serde_json::to_writer_pretty(&mut *out, &log)?;
    writeln!(out)
}

fn result<'a>(finding: &'a Finding, ids: &[&'static str]) -> Outcome<'a> {
    let physical_location =
        finding.position.as_ref().filter(|position| position.line > 0).map(|position| PhysicalLocation {
            artifact_location: ArtifactLocation { uri: uri(&position.file) },
            region: Region { start_line: position.line, start_column: position.column.max(1) },
        });
    let logical_locations = [LogicalLocation { fully_qualified_name: &finding.subject }];
    let mut text = format!("{}: {}. Asked: {}.", finding.subject, finding.found, finding.asked);
    if !finding.fix.is_empty() {
        let _ = write!(text, " To do: {}.", finding.fix);
    }
    Outcome {
        rule_id: finding.id,
        rule_index: ids.binary_search(&finding.id).expect("the ids are those of the findings"),
        level: if finding.severity == Severity::Error { "error" } else { "warning" },
        message: Text { text: text.into() },
        locations: vec![Location { physical_location, logical_locations }],
        occurrence_count: finding.count.max(1),
        // What stays the same from run to run, so that pipelines know an old finding from a new one.
        partial_fingerprints: [("zoneseal/v1", format!("{}/{}/{}", finding.id, finding.code, finding.subject))].into(),
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
