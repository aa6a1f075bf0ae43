//! The result of `release-check`, for people and as JSON.

use crate::base::{Position, Severity};
use crate::cli::Failure;
use crate::release::{ChangesSince, Check, CheckResult, Checked, Finding, Report, Subject};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// A line for each check with its findings below it, what changed, and the verdict last.
pub(super) fn write_text(
    subject: &Subject<'_>,
    report: &Report,
    is_quiet: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    for checked in &report.checks {
        let has_findings = report.findings_of(checked.check).next().is_some();
        if !is_quiet || has_findings {
            writeln!(out, "{:<7} {:<11}{}", word(checked.result), checked.check.name(), checked.says)?;
        }
        for finding in report.findings_of(checked.check) {
            write_finding(finding, out)?;
        }
        if let (false, Check::Previous, Some(changes)) = (is_quiet, checked.check, &report.changes) {
            write_changes(changes, out)?;
        }
    }
    for (code, count) in &report.not_listed {
        writeln!(out, "… and {count} more of {code}")?;
    }
    for unneeded in &report.unneeded {
        writeln!(out, "note: nothing had to be overridden for {}", unneeded.code)?;
    }
    let zone = subject.signed.zone;
    let verdict = if report.is_publishable() { "may be published" } else { "must not be published" };
    // A yes is worth as much as what it rests on.
    let skipped = report.checks.iter().filter(|checked| checked.result == CheckResult::Skipped).count();
    let rest = match skipped {
        0 => String::new(),
        _ if !report.is_publishable() => String::new(),
        count => format!(", by {} of {} checks", report.checks.len() - count, report.checks.len()),
    };
    writeln!(out, "{} serial {}: {verdict}{rest}", zone.apex(), zone.soa().serial)
}

const fn word(result: CheckResult) -> &'static str {
    match result {
        CheckResult::Passed => "ok",
        CheckResult::Failed => "FAILED",
        CheckResult::Skipped => "skipped",
    }
}

fn write_finding(finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "  ")?;
    if let Some(position) = &finding.position {
        write!(out, "{position}: ")?;
    }
    let severity = match (&finding.overridden, finding.severity) {
        (Some(_), _) => "overridden",
        (None, Severity::Error) => "error",
        (None, Severity::Warning) => "warning",
    };
    write!(out, "{severity}: [{}] {}: {}", finding.code, finding.subject, finding.message)?;
    if !finding.reference.is_empty() {
        write!(out, " ({})", finding.reference)?;
    }
    if let Some(reason) = &finding.overridden {
        write!(out, "\n     = reason: {reason}")?;
    } else if !finding.help.is_empty() {
        write!(out, "\n     = help: {}", finding.help)?;
    }
    writeln!(out)
}

/// The first of the records that changed, for whoever decides.
fn write_changes(changes: &ChangesSince, out: &mut dyn Write) -> io::Result<()> {
    changes.first.iter().try_for_each(|line| writeln!(out, "  {line}"))?;
    let shown = changes.first.len() as u64;
    match (changes.removed + changes.added).saturating_sub(shown) {
        0 => Ok(()),
        more => writeln!(out, "  … and {more} more"),
    }
}

/// The result, schema `zoneseal.release-check/1`.
#[derive(Serialize)]
struct Json<'a> {
    schema: &'static str,
    zone: String,
    file: &'a str,
    serial: u32,
    at: String,
    publishable: bool,
    valid_until: Option<String>,
    checks: &'a [Checked],
    findings: Vec<JsonFinding<'a>>,
    /// Findings beyond the limit, by code.
    not_listed: &'a BTreeMap<&'static str, u64>,
    changes: Option<&'a ChangesSince>,
    /// Overrides that nothing asked for.
    overrides_unneeded: Vec<&'static str>,
}

#[derive(Serialize)]
struct JsonFinding<'a> {
    check: Check,
    code: &'static str,
    severity: Severity,
    subject: &'a str,
    message: &'a str,
    reference: &'static str,
    help: &'a str,
    /// The reason, if it was overridden.
    overridden: Option<&'a str>,
    #[serde(flatten)]
    position: Option<&'a Position>,
}

impl<'a> JsonFinding<'a> {
    fn new(finding: &'a Finding) -> Self {
        // Spelled out, so that a new field is not forgotten here.
        let Finding { check, code, severity, subject, position, message, reference, help, overridden } = finding;
        Self {
            check: *check,
            code,
            severity: *severity,
            subject,
            message,
            reference,
            help,
            overridden: overridden.as_deref(),
            position: position.as_ref(),
        }
    }
}

/// One JSON object.
pub(super) fn write_json(subject: &Subject<'_>, report: &Report, out: &mut dyn Write) -> Result<(), Failure> {
    let zone = subject.signed.zone;
    let document = Json {
        schema: "zoneseal.release-check/1",
        zone: zone.apex().to_string(),
        file: subject.signed.name,
        serial: zone.soa().serial,
        at: subject.at.to_iso_text(),
        publishable: report.is_publishable(),
        valid_until: report.valid_until.map(|time| time.to_iso_text()),
        checks: &report.checks,
        findings: report.findings.iter().map(JsonFinding::new).collect(),
        not_listed: &report.not_listed,
        changes: report.changes.as_ref(),
        overrides_unneeded: report.unneeded.iter().map(|unneeded| unneeded.code).collect(),
    };
    let text = serde_json::to_string_pretty(&document).map_err(Failure::new)?;
    writeln!(out, "{text}")?;
    Ok(())
}
