//! Algorithms, sizes, lifetimes, methods.

use super::{Problems, Terms, at_least};
use crate::base::algorithm::AlgorithmUse;
use crate::base::{Algorithm, Diagnostic, Seconds};
use crate::policy::Intervals;
use crate::policy::model::{AlgorithmRoll, KeySpec, Lifetime, Policy, Roles};
use crate::policy::value::span_word;

/// What a role's keys are, its method left out.
struct RoleKeys {
    /// Where its fields are: `keys.zsk`.
    path: &'static str,
    fields: &'static RoleFields,
    algorithm: Algorithm,
    bits: Option<u16>,
    lifetime: Lifetime,
    standby: u8,
}

/// The names of a role's fields, for places.
struct RoleFields {
    algorithm: [&'static str; 1],
    bits: [&'static str; 2],
    lifetime: [&'static str; 1],
    standby: [&'static str; 1],
}

macro_rules! role_fields {
    ($path:literal) => {
        RoleFields {
            algorithm: [concat!($path, ".algorithm")],
            bits: [concat!($path, ".bits"), concat!($path, ".algorithm")],
            lifetime: [concat!($path, ".lifetime")],
            standby: [concat!($path, ".standby")],
        }
    };
}

static KSK_FIELDS: RoleFields = role_fields!("keys.ksk");
static ZSK_FIELDS: RoleFields = role_fields!("keys.zsk");
static CSK_FIELDS: RoleFields = role_fields!("keys.csk");

impl RoleKeys {
    const fn new<M: Copy>(path: &'static str, fields: &'static RoleFields, spec: &KeySpec<M>) -> Self {
        let KeySpec { algorithm, bits, lifetime, standby, .. } = *spec;
        Self { path, fields, algorithm, bits, lifetime, standby }
    }

    /// The roles in use.
    fn of(policy: &Policy) -> Vec<Self> {
        match policy.roles {
            Roles::Csk => vec![Self::new("keys.csk", &CSK_FIELDS, &policy.csk)],
            Roles::KskZsk => {
                vec![Self::new("keys.ksk", &KSK_FIELDS, &policy.ksk), Self::new("keys.zsk", &ZSK_FIELDS, &policy.zsk)]
            }
        }
    }

    const fn is_zsk(&self) -> bool {
        matches!(self.path.as_bytes(), b"keys.zsk")
    }
}

impl Problems<'_> {
    /// The roles in use, and what they have in common.
    pub(super) fn check_keys(&mut self) {
        for keys in RoleKeys::of(self.policy) {
            self.check_algorithm(&keys);
            self.check_bits(&keys);
            self.check_lifetime_limit(&keys);
            self.check_roll_fits(&keys);
            if keys.standby > 1 {
                let message =
                    format!("{}.standby = {}: each spare makes the DNSKEY answer longer", keys.path, keys.standby);
                self.push(&keys.fields.standby, Diagnostic::warning("policy-standby", message).help("one is enough"));
            }
        }
        self.check_one_algorithm();
        if self.policy.algorithm_roll == AlgorithmRoll::Liberal && self.policy.strict_algorithms {
            let message = "algorithm-roll = \"liberal\" with strict-algorithms = true: the liberal order publishes keys \
                           before their signatures are in all caches, which strict-algorithms forbids";
            let finding = Diagnostic::error("policy-algorithm-roll", message).because("RFC 6840 section 5.11, SIG-9");
            self.push(
                &["algorithm-roll", "strict-algorithms"],
                finding.help("use \"conservative\", or set strict-algorithms = false"),
            );
        }
    }

    fn check_algorithm(&mut self, keys: &RoleKeys) {
        let (path, algorithm) = (keys.path, keys.algorithm);
        let found = match algorithm.usage() {
            AlgorithmUse::Refuse(why) => {
                Diagnostic::error("policy-algorithm", format!("{path}.algorithm {algorithm}: {why}"))
                    .because("RFC 9904")
            }
            AlgorithmUse::VerifyOnly => {
                let message = format!("{path}.algorithm {algorithm}: SHA-1 must not be used to sign");
                Diagnostic::error("policy-algorithm", message).because("RFC 9905, N-3")
            }
            AlgorithmUse::Sign if algorithm == Algorithm::RSASHA512 => {
                let message = format!("{path}.algorithm {algorithm} is not recommended for signing");
                Diagnostic::warning("policy-algorithm", message).because("RFC 9904")
            }
            AlgorithmUse::Sign if algorithm.is_rsa() && self.limits.prefers_elliptic => {
                let message =
                    format!("{path}.algorithm {algorithm}: acceptable until the end of 2030; its answers are large");
                Diagnostic::warning("policy-algorithm", message).because("N-1, N-2")
            }
            AlgorithmUse::Sign => return,
        };
        self.push(&keys.fields.algorithm, found.help("use \"ECDSAP256SHA256\" (13) or \"ED25519\" (15)"));
        if algorithm == Algorithm::RSASHA1 && self.policy.denial != crate::policy::Denial::Nsec {
            let message = format!("{path}.algorithm {algorithm} does not know NSEC3");
            let finding = Diagnostic::error("policy-algorithm-nsec3", message).because("RFC 5155 section 2, N3-12");
            self.push(&["denial"], finding.help("use denial = \"nsec\", or an algorithm from 8 on"));
        }
    }

    fn check_bits(&mut self, keys: &RoleKeys) {
        let path = keys.path;
        let found = match (keys.algorithm.is_rsa(), keys.bits) {
            (true, Some(bits)) if bits < 2048 => {
                let message = format!("{path}.bits {bits} is less than 2048: weak");
                Diagnostic::error("policy-bits", message).because("N-2, N-3").help("set 2048")
            }
            (true, Some(bits)) if bits > 4096 => {
                let message = format!("{path}.bits {bits} is more than 4096, the most that DNSSEC has");
                Diagnostic::error("policy-bits", message).because("RFC 3110 section 2, ENC-1").help("set 4096 or less")
            }
            (true, None) => Diagnostic::error("policy-bits", format!("{path}.bits is missing")).help("set 2048"),
            (false, Some(bits)) => {
                let message = format!("{path}.bits {bits}: keys of algorithm {} have one size", keys.algorithm);
                Diagnostic::error("policy-bits", message).help("remove it")
            }
            (true, Some(_)) | (false, None) => return,
        };
        self.push(&keys.fields.bits, found);
    }

    /// What the profile says of lifetimes.
    fn check_lifetime_limit(&mut self, keys: &RoleKeys) {
        let limits = if keys.is_zsk() { self.limits.zsk_lifetime } else { self.limits.ksk_lifetime };
        let Some((good, allowed)) = limits else { return };
        let (path, profile) = (keys.path, self.policy.base.name());
        let is_over = |limit: Seconds| keys.lifetime.limit().is_none_or(|lifetime| lifetime > limit);
        let shown = keys.lifetime.limit().map_or_else(|| "unlimited".to_owned(), span_word);
        let (severity, limit) = if is_over(allowed) {
            (crate::base::Severity::Error, allowed)
        } else if is_over(good) {
            (crate::base::Severity::Warning, good)
        } else {
            return;
        };
        let message = format!("{path}.lifetime ({shown}) is longer than {}, the limit of {profile}", span_word(limit));
        let reference = if keys.is_zsk() { "N-13, SP 800-57 part 1" } else { "N-12, SP 800-57 part 1" };
        let help = format!("set at most {}, or base the policy on rfc-current", span_word(limit));
        self.push(
            &keys.fields.lifetime,
            super::finding(severity, "policy-lifetime", message).because(reference).help(help),
        );
    }

    /// A key must not end before its roll can.
    fn check_roll_fits(&mut self, keys: &RoleKeys) {
        let Some(lifetime) = keys.lifetime.limit() else { return };
        let intervals = Intervals::of(self.policy);
        let registration = self.policy.delays.parent_registration;
        let run = ("run-interval", self.policy.run_interval);
        let (terms, reference): (Vec<(&str, Seconds)>, &'static str) = match keys.path {
            "keys.zsk" => {
                (vec![("Ipub", intervals.zsk_publish), ("Iret", intervals.zsk_retire), run], "RFC 7583 section 3.2")
            }
            path => {
                let (roll, retire) = match path {
                    "keys.csk" => (intervals.csk_roll, intervals.csk_retire),
                    _ => (intervals.ksk_roll, intervals.ksk_retire),
                };
                let before = Seconds((roll.0 - retire.0 - registration.0).max(0));
                let terms = vec![("Ipub", before), ("parent-registration-delay", registration), ("Iret", retire), run];
                (terms, "RFC 7583 section 3.3")
            }
        };
        let terms = Terms(&terms);
        if lifetime > terms.total() {
            return;
        }
        let message = format!(
            "{}.lifetime ({}) is not longer than {}: the next roll would begin before this one has ended",
            keys.path,
            span_word(lifetime),
            terms.text()
        );
        let least = Seconds(terms.total().0.saturating_add(1));
        let finding = Diagnostic::error("policy-lifetime-short", message).because(reference);
        self.push(&keys.fields.lifetime, finding.help(at_least(&format!("{}.lifetime", keys.path), least)));
    }

    /// KSK and ZSK of different algorithms would each have to do the other's work (SIG-9).
    fn check_one_algorithm(&mut self) {
        let policy = self.policy;
        if policy.roles == Roles::KskZsk && policy.ksk.algorithm != policy.zsk.algorithm {
            let message = format!(
                "keys.ksk.algorithm ({}) and keys.zsk.algorithm ({}) differ: each algorithm must sign everything",
                policy.ksk.algorithm, policy.zsk.algorithm
            );
            let finding = Diagnostic::error("policy-algorithms-differ", message).because("RFC 4035 section 2.2, SIG-9");
            self.push(&["keys.ksk.algorithm", "keys.zsk.algorithm"], finding.help("give both the same"));
        }
    }
}
