//! The check of the finished text before it becomes visible (SIG-18): read back, verified with the keys it publishes,
//! and compared with the zone that was to be signed.

use super::options::SelfCheck;
use crate::base::{Diagnostic, Diagnostics, Name, Severity, UnixTime};
use crate::verify::{CryptoScope, Report, VerifierChoice, VerifyOptions, verify_zone};
use crate::zone::{BuildOptions, MixedTtl, Zone, build, compare};
use crate::zonefile::{self, Input, ReadOptions};
use std::fmt;

/// Findings that are kept and shown.
const FINDINGS_MAX: usize = 20;

/// What a self-check that passed has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Signatures in the output.
    pub signatures: u64,
    /// Of them verified by cryptography.
    pub verified: u64,
}

/// What the self-check found: the signed zone must not be published.
#[derive(Debug)]
pub struct SelfCheckFailure {
    findings: Vec<String>,
    error_count: u64,
}

impl SelfCheckFailure {
    /// The findings kept, each as text.
    #[must_use]
    pub fn findings(&self) -> &[String] {
        &self.findings
    }

    fn of_diagnostics(findings: &Diagnostics) -> Self {
        let is_error = |finding: &&Diagnostic| finding.severity == Severity::Error;
        Self {
            findings: findings.list().iter().filter(is_error).map(ToString::to_string).collect(),
            error_count: findings.error_count(),
        }
    }

    fn of_report(report: &Report) -> Self {
        Self { findings: report.findings.iter().map(ToString::to_string).collect(), error_count: report.error_count }
    }

    fn new(findings: Vec<String>) -> Self {
        Self { error_count: findings.len() as u64, findings }
    }
}

impl fmt::Display for SelfCheckFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            writeln!(f, "{finding}")?;
        }
        write!(f, "the self-check of the signed zone failed ({} errors): nothing was published", self.error_count)
    }
}

impl std::error::Error for SelfCheckFailure {}

/// Checks zone text that was made of `zone`, which has its final apex.
///
/// # Errors
/// What is wrong with it.
pub fn self_check(
    text: &[u8],
    zone: &Zone,
    scope: SelfCheck,
    verifier: VerifierChoice,
    now: UnixTime,
) -> Result<Checked, SelfCheckFailure> {
    let crypto = match scope {
        SelfCheck::Off => return Ok(Checked::default()),
        SelfCheck::Full => CryptoScope::Full,
        SelfCheck::Sample => CryptoScope::Sample { one_in: SelfCheck::SAMPLE_ONE_IN },
    };
    let signed = read_zone(text, zone.apex())?;
    let verifiers = verifier.source(signed.record_count());
    let options = VerifyOptions { crypto, findings_max: FINDINGS_MAX, verifiers, ..VerifyOptions::new(now) };
    let report = verify_zone(&signed, &options);
    if !report.is_valid() {
        return Err(SelfCheckFailure::of_report(&report));
    }
    let differences = compare::differences(zone, &signed, &[], FINDINGS_MAX);
    if !differences.is_empty() {
        let findings = differences.into_iter().map(|line| format!("error: the signed zone differs: {line}")).collect();
        return Err(SelfCheckFailure::new(findings));
    }
    Ok(Checked { signatures: report.counts.signatures, verified: report.counts.verified })
}

/// Reads the text as `zoneseal verify` would.
fn read_zone(text: &[u8], apex: Name<'_>) -> Result<Zone, SelfCheckFailure> {
    let mut findings = Diagnostics::new(FINDINGS_MAX);
    let input = Input::Bytes { name: "signed zone", text };
    let store = zonefile::read(input, &ReadOptions::default(), &mut findings)
        .map_err(|error| SelfCheckFailure::new(vec![error.to_string()]))?;
    let options = BuildOptions { apex: Some(apex.to_owned()), mixed_ttl: MixedTtl::Keep, ..BuildOptions::default() };
    let signed = build(store, &options, &mut findings);
    signed.filter(|_| !findings.has_errors()).ok_or_else(|| SelfCheckFailure::of_diagnostics(&findings))
}
