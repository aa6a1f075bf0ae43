//! The result of `verify`, for people and as JSON.

use crate::base::{Algorithm, Diagnostics, Position, Severity};
use crate::verify::{ChainKind, Finding, Report, Scope, Trust, ValidUntil, VerifyOptions};
use crate::zone::Zone;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// What there is to print.
pub(super) struct Result<'a> {
    pub(super) zone: &'a Zone,
    pub(super) options: &'a VerifyOptions,
    /// What `check` has to say, as warnings.
    pub(super) content: &'a Diagnostics,
    pub(super) report: &'a Report,
}

impl Result<'_> {
    /// Findings, then verdicts and counts unless `quiet`.
    pub(super) fn write_text(&self, quiet: bool, out: &mut dyn Write) -> io::Result<()> {
        crate::cli::input::write_findings(self.content, out)?;
        for finding in &self.report.findings {
            writeln!(out, "{finding}")?;
        }
        for (rule, count) in self.report.suppressed() {
            writeln!(out, "… and {count} more of {}", rule.code())?;
        }
        match (quiet, self.options.scope) {
            (true, _) => Ok(()),
            (false, Scope::All) => self.write_verdicts(out),
            (false, Scope::ZonemdOnly) => self.write_zonemd_verdict(out),
        }
    }

    fn write_verdicts(&self, out: &mut dyn Write) -> io::Result<()> {
        let verdicts = &self.report.verdicts;
        let trust = match verdicts.trust {
            Trust::SelfConsistent => "self-consistent: no anchor was given",
            Trust::Anchored => "anchored",
            Trust::Broken => "the anchor does not lead to the zone's keys",
        };
        writeln!(out, "cryptographically valid: {} ({trust})", yes(verdicts.is_cryptographically_valid))?;
        writeln!(out, "valid at {}: {}", verdicts.at, yes(verdicts.is_valid_at))?;
        match &verdicts.valid_until {
            None => writeln!(out, "valid until: no signature to go by")?,
            Some(until) => writeln!(
                out,
                "valid until {}: {} {}, key {} of algorithm {}",
                until.time, until.owner, until.covered, until.key_tag, until.algorithm
            )?,
        }
        self.write_counts(out)
    }

    fn write_counts(&self, out: &mut dyn Write) -> io::Result<()> {
        let (report, counts) = (self.report, &self.report.counts);
        let algorithms: Vec<String> = counts
            .verified_by_algorithm
            .iter()
            .map(|(&number, count)| format!("{count} of algorithm {}", Algorithm(number)))
            .collect();
        let by_algorithm = if algorithms.is_empty() { String::new() } else { format!(" ({})", algorithms.join(", ")) };
        writeln!(
            out,
            "{}: {} records, {} RRsets, {} signatures, {} verified{by_algorithm}; chain: {}; {} errors, {} warnings",
            self.zone.apex(),
            counts.records,
            counts.rrsets,
            counts.signatures,
            counts.verified,
            report.chain,
            report.error_count,
            report.warning_count + self.content.warning_count(),
        )
    }

    fn write_zonemd_verdict(&self, out: &mut dyn Write) -> io::Result<()> {
        let valid = yes(self.report.is_valid());
        let matched = self.report.counts.zonemd_matched;
        writeln!(out, "ZONEMD valid: {valid} (digests that match: {matched}; signatures were not looked at)")
    }

    /// One JSON object on a line of its own.
    pub(super) fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        let report = self.report;
        let content = self.content.list().iter().map(JsonFinding::of_content);
        let document = Json {
            schema: "zoneseal.verify/1",
            zone: self.zone.apex().to_string(),
            scope: if self.options.scope == Scope::All { "all" } else { "zonemd" },
            valid: report.is_valid(),
            verdicts: JsonVerdicts::new(report),
            counts: JsonCounts {
                records: report.counts.records,
                rrsets: report.counts.rrsets,
                signatures: report.counts.signatures,
                verified: report.counts.verified,
                verified_by_algorithm: &report.counts.verified_by_algorithm,
                zonemd_matched: report.counts.zonemd_matched,
                errors: report.error_count,
                warnings: report.warning_count + self.content.warning_count(),
            },
            chain: match report.chain {
                ChainKind::None => "none",
                ChainKind::Nsec => "nsec",
                ChainKind::Nsec3 { opt_out: false } => "nsec3",
                ChainKind::Nsec3 { opt_out: true } => "nsec3-opt-out",
                ChainKind::Both => "both",
            },
            findings: content.chain(report.findings.iter().map(JsonFinding::of_report)).collect(),
            not_listed: report.suppressed().into_iter().map(|(rule, count)| (rule.code(), count)).collect(),
            content_not_listed: self.content.suppressed_count(),
        };
        serde_json::to_writer_pretty(&mut *out, &document)?;
        writeln!(out)
    }
}

const fn yes(answer: bool) -> &'static str {
    if answer { "yes" } else { "no" }
}

/// The document, schema `zoneseal.verify/1`.
#[derive(Serialize)]
struct Json<'a> {
    schema: &'static str,
    zone: String,
    scope: &'static str,
    valid: bool,
    verdicts: JsonVerdicts,
    counts: JsonCounts<'a>,
    chain: &'static str,
    findings: Vec<JsonFinding<'a>>,
    /// Findings beyond the limit, by rule.
    not_listed: BTreeMap<&'static str, u64>,
    content_not_listed: u64,
}

#[derive(Serialize)]
struct JsonVerdicts {
    cryptographically_valid: bool,
    trust: &'static str,
    at: String,
    valid_at: bool,
    valid_until: Option<JsonUntil>,
}

impl JsonVerdicts {
    fn new(report: &Report) -> Self {
        let verdicts = &report.verdicts;
        Self {
            cryptographically_valid: verdicts.is_cryptographically_valid,
            trust: match verdicts.trust {
                Trust::SelfConsistent => "self-consistent",
                Trust::Anchored => "anchored",
                Trust::Broken => "broken",
            },
            at: verdicts.at.to_iso_text(),
            valid_at: verdicts.is_valid_at,
            valid_until: verdicts.valid_until.as_ref().map(JsonUntil::new),
        }
    }
}

#[derive(Serialize)]
struct JsonUntil {
    time: String,
    owner: String,
    #[serde(rename = "type")]
    rtype: String,
    key_tag: u16,
    algorithm: u8,
}

impl JsonUntil {
    fn new(until: &ValidUntil) -> Self {
        Self {
            time: until.time.to_iso_text(),
            owner: until.owner.to_string(),
            rtype: until.covered.to_string(),
            key_tag: until.key_tag,
            algorithm: until.algorithm.0,
        }
    }
}

#[derive(Serialize)]
struct JsonCounts<'a> {
    records: u64,
    rrsets: u64,
    signatures: u64,
    verified: u64,
    verified_by_algorithm: &'a BTreeMap<u8, u64>,
    zonemd_matched: u64,
    errors: u64,
    warnings: u64,
}

/// A finding of the verifier, or of the check of the content; those have no owner and type of their own.
#[derive(Serialize)]
struct JsonFinding<'a> {
    rule: &'static str,
    severity: Severity,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    rtype: Option<String>,
    found: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    asked: &'a str,
    reference: &'static str,
    help: &'a str,
    #[serde(flatten)]
    position: Option<&'a Position>,
}

impl<'a> JsonFinding<'a> {
    fn of_report(finding: &'a Finding) -> Self {
        Self {
            rule: finding.rule.code(),
            severity: finding.severity,
            owner: Some(finding.owner.to_string()),
            rtype: finding.rtype.map(|rtype| rtype.to_string()),
            found: &finding.found,
            asked: &finding.asked,
            reference: finding.rule.reference(),
            help: finding.rule.help(),
            position: finding.position.as_ref(),
        }
    }

    fn of_content(finding: &'a crate::base::Diagnostic) -> Self {
        Self {
            rule: finding.code,
            severity: finding.severity,
            owner: None,
            rtype: None,
            found: &finding.message,
            asked: "",
            reference: finding.reference,
            help: &finding.help,
            position: finding.position.as_ref(),
        }
    }
}
