//! What a verification finds: findings in zone order, three verdicts, counts.

use super::rules::Rule;
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
    /// Signatures that were verified before; see [`super::verify_changes`].
    pub known: u64,
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
        self.known += other.known;
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
