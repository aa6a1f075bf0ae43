//! What a verification finds: findings in zone order, three verdicts, counts.

use super::rules::{Category, Rule};
use crate::base::{Algorithm, NameBuf, Position, Rtype, Severity, UnixTime};
use std::collections::BTreeMap;
use std::fmt;

/// One rule broken at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// How bad it is here: a spare expired signature beside a good one is a warning.
    pub severity: Severity,
    /// The name concerned.
    pub owner: NameBuf,
    /// The type concerned; for a signature the type it covers.
    pub rtype: Option<Rtype>,
    /// What is there.
    pub found: String,
    /// What is asked for.
    pub asked: String,
    /// Where the record concerned stands, if a file holds it.
    pub position: Option<Position>,
    /// Index of the node it belongs to: the order of findings.
    pub(super) order: u32,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(position) = &self.position {
            write!(f, "{position}: ")?;
        }
        let severity = if self.severity == Severity::Error { "error" } else { "warning" };
        write!(f, "{severity}: {}", self.owner)?;
        if let Some(rtype) = self.rtype {
            write!(f, " {rtype}")?;
        }
        write!(f, ": {}; asked: {} ({})", self.found, self.asked, self.rule.reference())?;
        write!(f, "\n   = rule: {}\n   = help: {}", self.rule.code(), self.rule.help())
    }
}

/// What the zone's trust rests on (V-6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// No anchor was given: the zone agrees with its own DNSKEY RRset, which proves nothing about who made it.
    SelfConsistent,
    /// An anchor that was given leads to a key that signs the DNSKEY RRset.
    Anchored,
    /// Anchors were given and none leads to the zone's keys.
    Broken,
}

/// The signature that ends the zone's validity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidUntil {
    /// Its expiration.
    pub time: UnixTime,
    /// The name it stands at.
    pub owner: NameBuf,
    /// The type it covers.
    pub covered: Rtype,
    /// Its key's tag.
    pub key_tag: u16,
    /// Its key's algorithm.
    pub algorithm: Algorithm,
}

/// The three verdicts (V-5) and what they rest on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdicts {
    /// No error that does not come from the clock: every signature, chain, key and digest is right.
    pub is_cryptographically_valid: bool,
    /// The time verified for.
    pub at: UnixTime,
    /// Every RRset has signatures whose windows hold that time, and the zone is cryptographically valid.
    pub is_valid_at: bool,
    /// The earliest time at which an RRset loses its last good signature of an algorithm; `None` without signatures.
    pub valid_until: Option<ValidUntil>,
    /// What the trust rests on.
    pub trust: Trust,
}

/// Which proof of non-existence the zone has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainKind {
    /// None.
    None,
    /// NSEC.
    Nsec,
    /// NSEC3.
    Nsec3 {
        /// Whether any record has the opt-out flag.
        opt_out: bool,
    },
    /// Both, as in a transition.
    Both,
}

impl fmt::Display for ChainKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Nsec => "NSEC",
            Self::Nsec3 { opt_out: false } => "NSEC3",
            Self::Nsec3 { opt_out: true } => "NSEC3 with opt-out",
            Self::Both => "NSEC and NSEC3",
        })
    }
}

/// How much there was, and how much was verified.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records, duplicates not counted.
    pub records: u64,
    /// RRsets, RRSIGs not counted.
    pub rrsets: u64,
    /// RRSIG records.
    pub signatures: u64,
    /// Signatures that their keys verified, whatever the time.
    pub verified: u64,
    /// Signatures left out by sampling.
    pub skipped: u64,
    /// Signatures verified, by algorithm number.
    pub verified_by_algorithm: BTreeMap<u8, u64>,
    /// ZONEMD digests that matched.
    pub zonemd_matched: u64,
}

impl Counts {
    /// Adds another part's counts.
    pub(super) fn add(&mut self, other: &Self) {
        self.records += other.records;
        self.rrsets += other.rrsets;
        self.signatures += other.signatures;
        self.verified += other.verified;
        self.skipped += other.skipped;
        self.zonemd_matched += other.zonemd_matched;
        for (&algorithm, count) in &other.verified_by_algorithm {
            *self.verified_by_algorithm.entry(algorithm).or_default() += count;
        }
    }
}

/// The result of a verification.
#[derive(Clone, Debug)]
pub struct Report {
    /// The findings kept, in zone order.
    pub findings: Vec<Finding>,
    /// All findings by rule, those not kept too.
    pub counts_by_rule: BTreeMap<Rule, u64>,
    /// All errors, those not kept too.
    pub error_count: u64,
    /// All warnings, those not kept too.
    pub warning_count: u64,
    /// The verdicts.
    pub verdicts: Verdicts,
    /// The counts.
    pub counts: Counts,
    /// The chain found.
    pub chain: ChainKind,
}

impl Report {
    /// Whether nothing of severity error was found.
    #[must_use]
    pub const fn is_valid(&self) -> bool {
        self.error_count == 0
    }

    /// How many findings a rule has that are not in `findings`.
    #[must_use]
    pub fn suppressed(&self) -> BTreeMap<Rule, u64> {
        let mut rest = self.counts_by_rule.clone();
        for finding in &self.findings {
            if let Some(count) = rest.get_mut(&finding.rule) {
                *count -= 1;
            }
        }
        rest.retain(|_, count| *count > 0);
        rest
    }
}

/// Collects findings up to a limit and counts the rest.
///
/// Errors and warnings have a limit each, so that a flood of warnings hides no error. Parts of the work that ran apart
/// are joined with [`Self::merge`]; what is kept does not depend on how the work was cut.
#[derive(Clone, Debug)]
pub(super) struct Findings {
    list: Vec<Finding>,
    kept_max: usize,
    counts_by_rule: BTreeMap<Rule, u64>,
    error_count: u64,
    warning_count: u64,
    validity_error_count: u64,
    time_error_count: u64,
}

impl Findings {
    /// Keeps at most `kept_max` errors and as many warnings.
    pub(super) const fn new(kept_max: usize) -> Self {
        Self {
            list: Vec::new(),
            kept_max,
            counts_by_rule: BTreeMap::new(),
            error_count: 0,
            warning_count: 0,
            validity_error_count: 0,
            time_error_count: 0,
        }
    }

    /// Adds a finding. Within one collector findings come in zone order.
    #[cold]
    pub(super) fn push(&mut self, finding: Finding) {
        *self.counts_by_rule.entry(finding.rule).or_default() += 1;
        let kept = match finding.severity {
            Severity::Error => {
                match finding.rule.category() {
                    Category::Time => self.time_error_count += 1,
                    Category::Expiry => {}
                    Category::Validity | Category::Policy => self.validity_error_count += 1,
                }
                &mut self.error_count
            }
            Severity::Warning => &mut self.warning_count,
        };
        *kept += 1;
        if *kept <= self.kept_max as u64 {
            self.list.push(finding);
        }
    }

    /// Joins another collector's findings.
    pub(super) fn merge(mut self, other: Self) -> Self {
        for (rule, count) in other.counts_by_rule {
            *self.counts_by_rule.entry(rule).or_default() += count;
        }
        self.error_count += other.error_count;
        self.warning_count += other.warning_count;
        self.validity_error_count += other.validity_error_count;
        self.time_error_count += other.time_error_count;
        if !other.list.is_empty() {
            self.list.extend(other.list);
            self.trim();
        }
        self
    }

    /// Puts the kept findings in zone order and drops those beyond the limits.
    fn trim(&mut self) {
        self.list.sort_by_key(|finding| finding.order);
        let (mut errors, mut warnings) = (0, 0);
        let kept_max = self.kept_max;
        self.list.retain(|finding| {
            let kept = if finding.severity == Severity::Error { &mut errors } else { &mut warnings };
            *kept += 1;
            *kept <= kept_max
        });
    }

    /// Makes the report.
    pub(super) fn into_report(mut self, at: UnixTime, rest: ReportParts) -> Report {
        self.trim();
        let is_cryptographically_valid = self.validity_error_count == 0;
        Report {
            verdicts: Verdicts {
                is_cryptographically_valid,
                at,
                is_valid_at: is_cryptographically_valid && self.time_error_count == 0,
                valid_until: rest.valid_until,
                trust: rest.trust,
            },
            findings: self.list,
            counts_by_rule: self.counts_by_rule,
            error_count: self.error_count,
            warning_count: self.warning_count,
            counts: rest.counts,
            chain: rest.chain,
        }
    }
}

/// What a report holds besides findings.
#[derive(Debug)]
pub(super) struct ReportParts {
    pub(super) valid_until: Option<ValidUntil>,
    pub(super) trust: Trust,
    pub(super) counts: Counts,
    pub(super) chain: ChainKind,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(rule: Rule, order: u32) -> Finding {
        Finding {
            rule,
            severity: rule.severity(),
            owner: NameBuf::root(),
            rtype: None,
            found: String::new(),
            asked: String::new(),
            position: None,
            order,
        }
    }

    /// However the work is cut, the first findings in zone order are kept, and errors are not crowded out by warnings.
    #[test]
    fn merging_keeps_the_first_in_zone_order() {
        let mut first = Findings::new(2);
        let mut second = Findings::new(2);
        for order in [5, 6, 7] {
            first.push(finding(Rule::DenialTtl, order));
        }
        first.push(finding(Rule::NsecNext, 7));
        for order in [1, 2, 8] {
            second.push(finding(Rule::SignatureExpired, order));
        }
        let parts = ReportParts {
            valid_until: None,
            trust: Trust::SelfConsistent,
            counts: Counts::default(),
            chain: ChainKind::Nsec,
        };
        let report = first.merge(second).into_report(UnixTime(0), parts);
        let kept: Vec<(u32, Rule)> = report.findings.iter().map(|finding| (finding.order, finding.rule)).collect();
        let expected =
            [(1, Rule::SignatureExpired), (2, Rule::SignatureExpired), (5, Rule::DenialTtl), (6, Rule::DenialTtl)];
        assert_eq!(kept, expected);
        assert_eq!((report.error_count, report.warning_count), (4, 3));
        let suppressed: Vec<(Rule, u64)> = report.suppressed().into_iter().collect();
        assert_eq!(suppressed, [(Rule::SignatureExpired, 1), (Rule::DenialTtl, 1), (Rule::NsecNext, 1)]);
        assert!(!report.verdicts.is_cryptographically_valid && !report.verdicts.is_valid_at);
    }
}
