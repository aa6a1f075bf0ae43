//! What is wrong or doubtful across the fields of a policy: each broken inequality with its numbers and the smallest
//! fix.
//!
//! Errors are what breaks zones, what a standard forbids, and what the profile (the policy's base) refuses; all else is
//! a warning.

mod denial;
mod keys;
mod profile;
mod signatures;
mod timing;

pub use profile::{Limits, Range};

use super::model::{CdsPublication, DnssecGoal, Policy, Roles, SerialMethod};
use super::value::span_word;
use crate::base::{Diagnostic, DigestType, Seconds, Severity};

/// A finding and the fields it is about, that whose change is the smallest fix first.
pub(super) struct Problem {
    pub(super) fields: &'static [&'static str],
    pub(super) finding: Diagnostic,
}

/// Gathers problems.
pub(super) struct Problems<'p> {
    policy: &'p Policy,
    limits: Limits,
    list: Vec<Problem>,
}

/// All problems of a policy.
pub(super) fn problems(policy: &Policy) -> Vec<Problem> {
    let mut problems = Problems { policy, limits: Limits::of(policy.base), list: Vec::new() };
    problems.check_keys();
    problems.check_denial();
    problems.check_signatures();
    problems.check_timing();
    problems.check_publication();
    problems.list.sort_by_key(|problem| std::cmp::Reverse(problem.finding.severity));
    problems.list
}

impl Policy {
    /// What is wrong or doubtful across its fields, errors first. Of a policy in a file [`super::FilePolicy::check`]
    /// knows the places too.
    #[must_use]
    pub fn check(&self) -> Vec<Diagnostic> {
        problems(self).into_iter().map(|problem| problem.finding).collect()
    }

    /// What is wrong with going over to this policy from another one, for a zone that lives by that (ALG-2).
    #[must_use]
    pub fn check_change(&self, from: &Self) -> Vec<Diagnostic> {
        let algorithms = |policy: &Self| match policy.roles {
            Roles::Csk => policy.csk.algorithm,
            Roles::KskZsk => policy.ksk.algorithm,
        };
        let (old, new) = (algorithms(from), algorithms(self));
        if from.dnssec == DnssecGoal::Insecure || old == new || digest_set(from) == digest_set(self) {
            return Vec::new();
        }
        let message = format!(
            "the algorithm changes from {old} to {new} and cds-digest-types from {} to {} in one step",
            digest_list(&from.cds_digests),
            digest_list(&self.cds_digests)
        );
        vec![
            Diagnostic::error("policy-two-changes", message)
                .because("RFC 9904 section 6, ALG-2")
                .help("change cds-digest-types first; when the parent has the new DS, change the algorithm"),
        ]
    }
}

fn digest_set(policy: &Policy) -> Vec<DigestType> {
    let mut set = policy.cds_digests.clone();
    set.sort_unstable();
    set.dedup();
    set
}

fn digest_list(digests: &[DigestType]) -> String {
    format!("[{}]", digests.iter().map(|digest| digest.0.to_string()).collect::<Vec<_>>().join(", "))
}

impl Problems<'_> {
    /// Adds one, about fields.
    fn push(&mut self, fields: &'static [&'static str], finding: Diagnostic) {
        self.list.push(Problem { fields, finding });
    }

    /// CDS digests, ZONEMD, serial, purging.
    fn check_publication(&mut self) {
        self.check_digests();
        let zonemd = &self.policy.zonemd;
        if zonemd.iter().enumerate().any(|(index, digest)| zonemd[..index].contains(digest)) {
            let finding = Diagnostic::error("policy-zonemd", "zonemd names a digest twice");
            self.push(&["zonemd"], finding.because("RFC 8976 section 2.1, ZMD-1").help("name each once"));
        }
        if self.policy.serial == SerialMethod::Keep {
            let message = "serial = \"keep\": secondaries do not fetch new signatures under an old serial";
            let finding = Diagnostic::warning("policy-serial-keep", message).because("SER-1");
            self.push(&["serial"], finding.help("use \"increment\", unless something else raises the serial"));
        }
        if let super::PurgeDelay::After(delay) = self.policy.purge_delay
            && delay < self.policy.signatures.validity
        {
            let validity = self.policy.signatures.validity;
            let message = format!(
                "purge-keys ({}) is shorter than signatures-validity ({}): a key could be gone while zones signed with \
                 it are still valid",
                span_word(delay),
                span_word(validity)
            );
            let finding = Diagnostic::warning("policy-purge", message);
            self.push(&["purge-keys", "signatures-validity"], finding.help(at_least("purge-keys", validity)));
        }
    }

    fn check_digests(&mut self) {
        let digests = &self.policy.cds_digests;
        if digests.is_empty() && self.policy.cds == CdsPublication::Publish {
            let finding = Diagnostic::error("policy-digests", "cds = \"publish\" without any of cds-digest-types");
            self.push(&["cds-digest-types", "cds"], finding.help("set cds-digest-types = [2]"));
        }
        for (index, digest) in digests.iter().enumerate() {
            let (code, why, reference) = match digest.0 {
                2 | 4 if digests[..index].contains(digest) => ("policy-digests", "stands there twice", ""),
                2 | 4 => continue,
                0 => ("policy-digests", "is only for the request to delete a DS", "RFC 8078 section 4, CDS-6"),
                1 => ("policy-digest-weak", "is SHA-1, which must not be used for new DS records", "RFC 9905"),
                3 => ("policy-digest-weak", "is GOST R 34.11-94, which must not be used", "RFC 9906"),
                _ => ("policy-digests", "is not implemented", "RFC 9904"),
            };
            let message = format!("cds-digest-types: {} {why}", digest.0);
            let finding = Diagnostic::error(code, message).because(reference).help("use 2 (SHA-256), or 2 and 4");
            self.push(&["cds-digest-types"], finding);
        }
        if digests.as_slice() == [DigestType::SHA384] {
            let message = "cds-digest-types: 4 (SHA-384) alone; not every parent and validator must have it";
            let finding = Diagnostic::warning("policy-digests", message).because("RFC 9904");
            self.push(&["cds-digest-types"], finding.help("use 2 (SHA-256), or 2 and 4"));
        }
    }
}

/// A finding of a severity.
fn finding(severity: Severity, code: &'static str, message: String) -> Diagnostic {
    match severity {
        Severity::Error => Diagnostic::error(code, message),
        Severity::Warning => Diagnostic::warning(code, message),
    }
}

/// `set FIELD to at least SPAN`.
fn at_least(field: &str, span: Seconds) -> String {
    format!("set {field} to at least {}", span_word(span))
}

/// Spans by the names of their fields, to be added.
#[derive(Clone, Copy)]
struct Terms<'t>(&'t [(&'t str, Seconds)]);

impl Terms<'_> {
    fn total(self) -> Seconds {
        Seconds(self.0.iter().fold(0, |total, (_, span)| total.saturating_add(span.0)))
    }

    /// `a + b (1h + 2h = 3h)`.
    fn text(self) -> String {
        let join = |parts: Vec<String>| parts.join(" + ");
        let names = join(self.0.iter().map(|(name, _)| (*name).to_owned()).collect());
        match self.0 {
            [(_, span)] => format!("{names} ({})", span_word(*span)),
            terms => {
                let spans = join(terms.iter().map(|(_, span)| span_word(*span)).collect());
                format!("{names} ({spans} = {})", span_word(self.total()))
            }
        }
    }
}

#[cfg(test)]
mod tests;
