//! Where findings are collected, apart in parallel work and then joined.

use super::report::ChainKind;
use super::report::{Counts, Finding, Report, Trust, ValidUntil, Verdicts};
use super::rules::{Category, Rule};
use crate::base::{Rtype, Severity, UnixTime};
use crate::zone::{NodeRef, RecordRef};
use std::collections::BTreeMap;

/// A finding being put together.
#[derive(Debug)]
pub(super) struct Note(Finding);

impl Note {
    /// What is at a node, and what is asked for.
    #[cold]
    pub(super) fn new(rule: Rule, node: NodeRef<'_>, found: impl Into<String>, asked: impl Into<String>) -> Self {
        Self(Finding {
            rule,
            severity: rule.severity(),
            owner: node.owner().to_owned(),
            rtype: None,
            found: found.into(),
            asked: asked.into(),
            position: None,
            order: u32::try_from(node.index()).expect("nodes fit 32 bits"),
        })
    }

    /// The type concerned.
    pub(super) const fn of(mut self, rtype: Rtype) -> Self {
        self.0.rtype = Some(rtype);
        self
    }

    /// The record concerned.
    pub(super) fn at(mut self, record: RecordRef<'_>) -> Self {
        self.0.position = record.position();
        self
    }

    /// Worse than usual for its rule.
    pub(super) const fn worse(mut self) -> Self {
        self.0.severity = Severity::Error;
        self
    }

    /// Less bad than usual for its rule.
    pub(super) const fn milder(mut self) -> Self {
        self.0.severity = Severity::Warning;
        self
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
    pub(super) fn push(&mut self, note: Note) {
        let finding = note.0;
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
    use crate::base::NameBuf;

    fn finding(rule: Rule, order: u32) -> Note {
        Note(Finding {
            rule,
            severity: rule.severity(),
            owner: NameBuf::root(),
            rtype: None,
            found: String::new(),
            asked: String::new(),
            position: None,
            order,
        })
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
