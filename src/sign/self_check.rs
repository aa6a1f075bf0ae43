//! The check of the finished text before it becomes visible (SIG-18): read back, verified with the keys it publishes
//! (and with those of ours that sign unpublished), and compared with the zone that was to be signed.

use super::check_ahead::Proved;
use super::options::{SelfCheck, SignOptions};
use super::previous::{Known, OwnText};
use super::recheck;
use super::summary::TextDigest;
use crate::base::{Diagnostic, Diagnostics, Name, Rtype, Severity, UnixTime};
use crate::crypto::Library;
use crate::keys::{KeySet, ZoneKey};
use crate::verify::{
    Counts, CryptoScope, LibraryVerifiers, Report, Scope, VerifyOptions, verify_changes, verify_proved, verify_rest,
    verify_zone,
};
use crate::zone::{BuildOptions, MixedTtl, RecordStore, Zone, build, compare};
use crate::zonefile::{self, Input, ReadOptions};
use std::fmt;

/// Findings that are kept and shown.
const FINDINGS_MAX: usize = 20;

/// What a self-check that passed has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Signatures in the output.
    pub signatures: u64,
    /// Of them verified by cryptography.
    pub verified: u64,
    /// Of them verified by an earlier run, and octet for octet as they were.
    pub known: u64,
    /// Each library that signed, with the one that verified what it signed (or had the last word, where our own
    /// arithmetic went first). Ascending.
    pub libraries: Vec<(Library, Library)>,
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

/// Checks zone text that was made of `zone`, which has its final apex, with the keys of `keys`. Of two libraries the one
/// verifies what the other signed. What is known already is not verified again, as far as it is the same.
///
/// # Errors
/// What is wrong with it.
pub fn self_check(
    text: &[u8],
    zone: &Zone,
    known: Known<'_>,
    options: &SignOptions,
    keys: &KeySet,
    now: UnixTime,
) -> Result<Checked, SelfCheckFailure> {
    let Some(crypto) = crypto_scope(options.self_check) else { return Ok(Checked::default()) };
    let libraries = library_pairs(keys);
    let verify_for = |count: usize| verify_options(crypto, count, options, keys, now);
    if let Known::Text(before) = known
        && let Some(checked) = check_rest(text, zone, before, now, verify_for)
    {
        return Ok(Checked { libraries, ..checked });
    }
    let signed = read_zone(text, zone.apex())?;
    if keys.all().is_empty() {
        return check_unsigned(zone, &signed, now);
    }
    let verify = verify_for(signed.record_count());
    let report = match known {
        Known::Signatures(known) => verify_changes(&signed, known, &verify),
        Known::Nothing | Known::Text(_) => verify_zone(&signed, &verify),
    };
    if !report.is_valid() {
        return Err(SelfCheckFailure::of_report(&report));
    }
    check_content(zone, &signed)?;
    let Counts { signatures, verified, known, .. } = report.counts;
    Ok(Checked { signatures, verified, known, libraries })
}

/// The rest of the check of text whose signatures were verified while it was written, and its digest if they all were.
/// `None` if it is not found to be right in this way.
pub(super) fn check_proved(
    proved: Proved,
    zone: &Zone,
    options: &SignOptions,
    keys: &KeySet,
    now: UnixTime,
) -> Option<(Checked, Option<TextDigest>)> {
    let Proved { records, proofs, text } = proved;
    let signed = build_zone(records, zone.apex(), &mut Diagnostics::new(0)).ok()?;
    let crypto = crypto_scope(options.self_check)?;
    let report = verify_proved(&signed, &proofs, &verify_options(crypto, signed.record_count(), options, keys, now));
    check_content(zone, &signed).ok().filter(|()| report.is_valid())?;
    let Counts { signatures, verified, known, .. } = report.counts;
    Some((Checked { signatures, verified, known, libraries: library_pairs(keys) }, text))
}

/// How many signatures are verified; `None` if nothing is checked.
pub(super) const fn crypto_scope(self_check: SelfCheck) -> Option<CryptoScope> {
    match self_check {
        SelfCheck::Off => None,
        SelfCheck::Full => Some(CryptoScope::Full),
        SelfCheck::Sample => Some(CryptoScope::Sample { one_in: SelfCheck::SAMPLE_ONE_IN }),
    }
}

/// How a zone with about so many signatures is verified.
fn verify_options(
    crypto: CryptoScope,
    count: usize,
    options: &SignOptions,
    keys: &KeySet,
    now: UnixTime,
) -> VerifyOptions {
    let unpublished = keys.unpublished().iter().map(|key| key.dnskey_rdata.clone()).collect();
    let verifiers = options.verifier.source(count, other_libraries(keys));
    VerifyOptions { crypto, unpublished, findings_max: FINDINGS_MAX, verifiers, ..VerifyOptions::new(now) }
}

/// Checks text beside which other text is known to be right. `None` if it is not found to be right in this way.
fn check_rest(
    text: &[u8],
    zone: &Zone,
    before: OwnText<'_>,
    now: UnixTime,
    verify_for: impl FnOnce(usize) -> VerifyOptions,
) -> Option<Checked> {
    let rest = recheck::rest(text, before.0, zone.apex(), now)?;
    // A digest over the zone is over all its signatures.
    if rest.zone.apex_node().has(Rtype::ZONEMD) {
        return None;
    }
    let rrsets = rest.zone.nodes().flat_map(|node| node.rrsets());
    let signature_count = rrsets.filter(|rrset| rrset.rtype() == Rtype::RRSIG).map(|rrset| rrset.len()).sum();
    let report = verify_rest(&rest.zone, &rest.is_standing, &verify_for(signature_count));
    check_content(zone, &rest.zone).ok().filter(|()| report.is_valid())?;
    let Counts { signatures, verified, .. } = report.counts;
    Some(Checked { signatures: signatures + rest.signatures, verified, known: rest.signatures, libraries: Vec::new() })
}

/// Checks a zone that was not to be signed: its content, and its digest if it has one.
fn check_unsigned(zone: &Zone, written: &Zone, now: UnixTime) -> Result<Checked, SelfCheckFailure> {
    if written.apex_node().has(Rtype::ZONEMD) {
        let options = VerifyOptions { scope: Scope::ZonemdOnly, ..VerifyOptions::new(now) };
        let report = verify_zone(written, &options);
        if !report.is_valid() {
            return Err(SelfCheckFailure::of_report(&report));
        }
    }
    check_content(zone, written)?;
    Ok(Checked::default())
}

/// Compares what was written with what was to be signed.
fn check_content(zone: &Zone, written: &Zone) -> Result<(), SelfCheckFailure> {
    let differences = compare::differences(zone, written, &[], FINDINGS_MAX);
    if differences.is_empty() {
        return Ok(());
    }
    let findings = differences.into_iter().map(|line| format!("error: the signed zone differs: {line}")).collect();
    Err(SelfCheckFailure::new(findings))
}

/// For each key that signs, the library that it does not sign with.
pub(super) fn other_libraries(keys: &KeySet) -> LibraryVerifiers {
    let other = |key: &ZoneKey| {
        let signer = key.signer.as_ref()?;
        Some((key.algorithm, key.dnskey().public_key.to_vec(), signer.library().other()))
    };
    LibraryVerifiers { by_key: keys.all().iter().filter_map(other).collect(), ..LibraryVerifiers::default() }
}

/// Which library verifies what which signed.
fn library_pairs(keys: &KeySet) -> Vec<(Library, Library)> {
    let verifiers = other_libraries(keys);
    let signing = keys.all().iter().enumerate().filter(|(index, _)| keys.role(*index).is_some());
    let pair = |(_, key): (usize, &ZoneKey)| {
        let public = verifiers.prepare(key.algorithm, key.dnskey().public_key).ok()?;
        Some((key.signer.as_ref()?.library(), public.library()))
    };
    let mut pairs: Vec<_> = signing.filter_map(pair).collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

/// Reads the text as `zoneseal verify` would.
pub(super) fn read_zone(text: &[u8], apex: Name<'_>) -> Result<Zone, SelfCheckFailure> {
    let mut findings = Diagnostics::new(FINDINGS_MAX);
    let input = Input::Bytes { name: "signed zone", text };
    let store = zonefile::read(input, &ReadOptions::default(), &mut findings)
        .map_err(|error| SelfCheckFailure::new(vec![error.to_string()]))?;
    build_zone(store, apex, &mut findings)
}

/// Builds the zone of what was read.
fn build_zone(records: RecordStore, apex: Name<'_>, findings: &mut Diagnostics) -> Result<Zone, SelfCheckFailure> {
    let options = BuildOptions { apex: Some(apex.to_owned()), mixed_ttl: MixedTtl::Keep, ..BuildOptions::default() };
    let signed = build(records, &options, findings);
    signed.filter(|_| !findings.has_errors()).ok_or_else(|| SelfCheckFailure::of_diagnostics(findings))
}
