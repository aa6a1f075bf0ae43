//! A signed zone and its key files against a policy: findings, each with the rule it rests on.
//!
//! ```text
//! zone ─ verify ─▶ SIG, NSEC, CDS …   ┐
//! zone ─ signatures, apex, content ─▶ ├─▶ Report: findings, and the rules that a file cannot show
//! key files ─ keys ─▶                 ┘
//! ```
//! What is the same at many names is one finding with an example and a count.

mod apex;
mod content;
mod keys;
pub mod rules;
mod signatures;
mod tally;

pub use keys::KeyFiles;

use crate::base::{Position, Severity, UnixTime};
use crate::policy::Policy;
use crate::policy::check::Limits;
use crate::verify::{Rule, VerifyOptions, verify_zone};
use crate::zone::Zone;
use std::fmt;

/// What is looked at, and what it is held against.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The signed zone, its TTLs kept as they are.
    pub zone: &'a Zone,
    /// The zone's key files, if they are at hand.
    pub keys: Option<&'a KeyFiles>,
    /// What it is to be like.
    pub policy: &'a Policy,
    /// The time of the audit.
    pub now: UnixTime,
}

/// Something that is not as the policy, its profile or a standard asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule, explained in `docs/rules.md`.
    pub id: &'static str,
    /// Stable short name in kebab case.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What it is about: a name and type, a key, a file.
    pub subject: String,
    /// Where it stands, if a file holds it.
    pub position: Option<Position>,
    /// What is there.
    pub found: String,
    /// What is asked.
    pub asked: String,
    /// What to do.
    pub fix: String,
    /// At how many places it is so; `subject` is one of them.
    pub count: u64,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(position) = &self.position {
            write!(f, "{position}: ")?;
        }
        let severity = if self.severity == Severity::Error { "error" } else { "warning" };
        write!(f, "{severity}: [{}] {}: {}", self.id, self.subject, self.found)?;
        match self.count {
            0 | 1 => {}
            2 => f.write_str(" (and 1 more like it)")?,
            count => write!(f, " (and {} more like it)", count - 1)?,
        }
        write!(f, "\n   = asked: {}", self.asked)?;
        if self.fix.is_empty() { Ok(()) } else { write!(f, "\n   = help: {}", self.fix) }
    }
}

/// The result of an audit.
#[derive(Clone, Debug)]
pub struct Report {
    /// Errors first.
    pub findings: Vec<Finding>,
    /// The rules that could not be checked, and why.
    pub not_checked: Vec<(&'static str, &'static str)>,
}

impl Report {
    /// How many findings there are of a severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }
}

/// The work in progress.
struct Audit<'a> {
    subject: Subject<'a>,
    limits: Limits,
    findings: Vec<Finding>,
}

/// Audits a zone.
#[must_use]
pub fn audit(subject: &Subject<'_>) -> Report {
    let mut audit = Audit { subject: *subject, limits: Limits::of(subject.policy.base), findings: Vec::new() };
    let is_signed = audit.check_apex();
    if is_signed {
        audit.verify();
        audit.check_signatures();
    }
    audit.check_soa();
    audit.check_content();
    if let Some(keys) = subject.keys {
        audit.check_key_files(keys);
    }
    audit.findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    Report { findings: audit.findings, not_checked: rules::not_checked(subject.keys.is_some()) }
}

impl Audit<'_> {
    fn push(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// What the verifier finds, but for what is judged by the profile here.
    fn verify(&mut self) {
        let report = verify_zone(self.subject.zone, &VerifyOptions::new(self.subject.now));
        for found in report.findings {
            if matches!(found.rule, Rule::Nsec3Iterations | Rule::KeyWeak | Rule::AlgorithmDeprecated) {
                continue;
            }
            let subject = match found.rtype {
                Some(rtype) => format!("{} {rtype}", found.owner),
                None => found.owner.to_string(),
            };
            self.push(Finding {
                id: rules::id_in(found.rule.reference()),
                code: found.rule.code(),
                severity: found.severity,
                subject,
                position: found.position,
                found: found.found,
                asked: found.asked,
                fix: found.rule.help().to_owned(),
                count: 1,
            });
        }
    }
}
