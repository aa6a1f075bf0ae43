//! The result of `release-check` as a JUnit report: a test suite for the zone, a test case for each check.

use crate::base::Severity;
use crate::cli::Failure;
use crate::release::{CheckResult, Checked, Finding, Report, Subject};
use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};
use std::io::Write;

/// Writes the report.
pub(super) fn write(subject: &Subject<'_>, report: &Report, out: &mut dyn Write) -> Result<(), Failure> {
    let mut suite = TestSuite::new(subject.signed.zone.apex().to_string());
    suite.add_test_cases(report.checks.iter().map(|checked| case(subject, report, checked)));
    let mut junit = quick_junit::Report::new("zoneseal release-check");
    junit.add_test_suite(suite);
    let text = junit.to_string().map_err(Failure::new)?;
    // A line of its own, whoever ended the last one.
    writeln!(out, "{}", text.trim_end())?;
    Ok(())
}

fn case(subject: &Subject<'_>, report: &Report, checked: &Checked) -> TestCase {
    let findings: Vec<&Finding> = report.findings_of(checked.check).collect();
    let mut status = match checked.result {
        CheckResult::Passed => TestCaseStatus::success(),
        CheckResult::Failed => TestCaseStatus::non_success(NonSuccessKind::Failure),
        CheckResult::Skipped => TestCaseStatus::skipped(),
    };
    if checked.result != CheckResult::Passed {
        status.set_message(checked.says.clone());
    }
    if let Some(first) = findings.iter().find(|finding| finding.counts()) {
        status.set_type(first.code);
        status.set_description(lines(findings.iter().filter(|finding| finding.counts()), report));
    }
    let mut case = TestCase::new(checked.check.name(), status);
    case.set_classname(format!("zoneseal.release-check.{}", subject.signed.name));
    // What does not fail the case is worth reading all the same.
    let rest: Vec<_> = findings.iter().filter(|finding| !finding.counts()).collect();
    match (rest.is_empty(), checked.result) {
        (false, _) => {
            case.set_system_out(lines(rest.into_iter(), report));
        }
        (true, CheckResult::Passed) => {
            case.set_system_out(checked.says.clone());
        }
        (true, _) => {}
    }
    case
}

/// A line for each finding, and how many more there are of its code.
fn lines<'f>(findings: impl Iterator<Item = &'f &'f Finding>, report: &Report) -> String {
    let mut codes = Vec::new();
    let mut lines = Vec::new();
    for finding in findings {
        let severity = match (&finding.overridden, finding.severity) {
            (Some(reason), _) => format!("overridden ({reason})"),
            (None, Severity::Error) => "error".to_owned(),
            (None, Severity::Warning) => "warning".to_owned(),
        };
        let place = finding.position.as_ref().map(|position| format!("{position}: ")).unwrap_or_default();
        lines.push(format!("{place}{severity}: [{}] {}: {}", finding.code, finding.subject, finding.message));
        if !codes.contains(&finding.code) {
            codes.push(finding.code);
        }
    }
    let more = |code: &&str| Some(format!("… and {} more of {code}", report.not_listed.get(code)?));
    lines.extend(codes.iter().filter_map(more));
    lines.join("\n")
}
