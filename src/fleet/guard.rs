//! Guards: what a signed zone must not do to the one before it.
//!
//! Each says what is there, what was expected and how to let it pass. They compare content only; whether the signatures
//! are right is for [`crate::verify`].

use crate::base::time::serial_cmp;
use crate::base::{Diagnostic, Name, Rtype, Seconds, Ttl, UnixTime, sort_key};
use crate::policy::Policy;
use crate::zone::changes::changes;
use crate::zone::compare::merge;
use crate::zone::{NodeRef, Zone};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::fmt;

/// What a guard watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Guard {
    /// Signatures go while the parent has a DS (I-1).
    UnsignedWithDs,
    /// The SOA serial does not rise though the content changed (SER-1).
    SerialBackwards,
    /// More names are gone than is plausible.
    NamesVanished,
    /// An RRset of a type that zones live by is gone.
    RrsetVanished,
    /// A TTL is larger than the waits of rollovers reckon with (TIM-5, I-6).
    TtlExplosion,
    /// Signatures would expire before they can be replaced (TIM-4 to TIM-7).
    ValidityBudget,
    /// No key may sign.
    NoActiveKey,
    /// Key files cannot be read, or their halves do not match.
    KeysUnusable,
    /// The clock is before the last run (I-7).
    ClockBackwards,
}

impl Guard {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::UnsignedWithDs,
        Self::SerialBackwards,
        Self::NamesVanished,
        Self::RrsetVanished,
        Self::TtlExplosion,
        Self::ValidityBudget,
        Self::NoActiveKey,
        Self::KeysUnusable,
        Self::ClockBackwards,
    ];

    /// As the command line and the configuration name it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnsignedWithDs => "unsigned-with-ds",
            Self::SerialBackwards => "serial-backwards",
            Self::NamesVanished => "names-vanished",
            Self::RrsetVanished => "rrset-vanished",
            Self::TtlExplosion => "ttl-explosion",
            Self::ValidityBudget => "validity-budget",
            Self::NoActiveKey => "no-active-key",
            Self::KeysUnusable => "keys-unusable",
            Self::ClockBackwards => "clock-backwards",
        }
    }
}

impl std::str::FromStr for Guard {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let names = || Self::ALL.map(Self::name).join(", ");
        Self::ALL
            .into_iter()
            .find(|guard| guard.name() == name)
            .ok_or_else(|| format!("no guard \"{name}\"; there are {}", names()))
    }
}

/// Why a zone is not published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The guard.
    pub guard: Guard,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refused by {}: {}\n   = help: {}", self.guard.name(), self.message, self.help)
    }
}

/// How much a zone may change from one run to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The share of names that may go, in percent. Fewer than [`Self::NAMES_FLOOR`] names may always go.
    pub names_vanished_percent: u8,
    /// The types whose RRsets must not go.
    pub kept_types: Vec<Rtype>,
}

impl Limits {
    /// So few names may go from a zone of any size: a share of a handful says nothing.
    pub const NAMES_FLOOR: usize = 3;
}

impl Default for Limits {
    fn default() -> Self {
        Self { names_vanished_percent: 10, kept_types: vec![Rtype::NS, Rtype::MX, Rtype::DS] }
    }
}

/// What happened to a zone between its last version and the next one.
///
/// Both may be signed or not; records that a signer makes do not count.
#[must_use]
pub fn content(previous: &Zone, next: &Zone, limits: &Limits) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    refusals.extend(serial(previous, next));
    let losses = Losses::between(previous, next, limits);
    refusals.extend(losses.names_refusal(limits));
    refusals.extend(losses.rrset_refusal());
    refusals
}

/// SER-1: what changes must have a larger serial, or secondaries keep the old content.
fn serial(previous: &Zone, next: &Zone) -> Option<Refusal> {
    let (old, new) = (previous.soa().serial, next.soa().serial);
    let what = match serial_cmp(old, new) {
        Some(Ordering::Less) => return None,
        Some(Ordering::Equal) if changes(previous, next, is_from_outside).next().is_none() => return None,
        Some(Ordering::Equal) => format!("the SOA serial stays {old} though the content changed"),
        Some(Ordering::Greater) => format!("the SOA serial goes from {old} back to {new}"),
        None => format!("the SOA serial goes from {old} to {new}, 2^31 away, which is neither up nor down"),
    };
    Some(Refusal {
        guard: Guard::SerialBackwards,
        message: format!("{what}, so secondaries would keep the old zone (SER-1)"),
        help: format!(
            "set the serial to {} or more in the zone file, or let the policy count it up",
            old.wrapping_add(1)
        ),
    })
}

/// Whether records of a type come from outside, not from the signer.
pub(super) const fn is_from_outside(rtype: Rtype, is_apex: bool) -> bool {
    match rtype {
        Rtype::RRSIG | Rtype::NSEC | Rtype::NSEC3 => false,
        Rtype::DNSKEY | Rtype::CDS | Rtype::CDNSKEY | Rtype::NSEC3PARAM | Rtype::ZONEMD => !is_apex,
        _ => true,
    }
}

/// What is gone.
struct Losses<'z> {
    names_before: usize,
    names: usize,
    /// The first of the names.
    first_name: Option<Name<'z>>,
    rrsets: usize,
    /// The first of the RRsets.
    first_rrset: Option<(Name<'z>, Rtype)>,
}

impl<'z> Losses<'z> {
    fn between(previous: &'z Zone, next: &'z Zone, limits: &Limits) -> Self {
        let mut losses = Self { names_before: 0, names: 0, first_name: None, rrsets: 0, first_rrset: None };
        let order = |a: &NodeRef<'_>, b: &NodeRef<'_>| sort_key::canonical_cmp(a.owner(), b.owner());
        for (old, new) in merge(previous.nodes().filter(has_content), next.nodes().filter(has_content), order) {
            let Some(old) = old else { continue };
            losses.names_before += 1;
            if new.is_none() {
                losses.names += 1;
                losses.first_name.get_or_insert_with(|| old.owner());
            }
            for &rtype in &limits.kept_types {
                if old.has(rtype) && !new.is_some_and(|new| new.has(rtype)) {
                    losses.rrsets += 1;
                    losses.first_rrset.get_or_insert_with(|| (old.owner(), rtype));
                }
            }
        }
        losses
    }

    fn names_refusal(&self, limits: &Limits) -> Option<Refusal> {
        let first = self.first_name?;
        let is_too_many = self.names * 100 > self.names_before * usize::from(limits.names_vanished_percent);
        if self.names < Limits::NAMES_FLOOR || !is_too_many {
            return None;
        }
        let percent = self.names * 100 / self.names_before;
        Some(Refusal {
            guard: Guard::NamesVanished,
            message: format!(
                "{} of {} names are gone, {percent} %, \"{first}\" the first of them; at most {} % may go at once",
                self.names, self.names_before, limits.names_vanished_percent
            ),
            help: "look whether the zone file is whole; if it is, override the guard once".into(),
        })
    }

    fn rrset_refusal(&self) -> Option<Refusal> {
        let (name, rtype) = self.first_rrset?;
        let more = match self.rrsets - 1 {
            0 => String::new(),
            1 => " and one more".into(),
            count => format!(" and {count} more"),
        };
        Some(Refusal {
            guard: Guard::RrsetVanished,
            message: format!("\"{name} {rtype}\" is gone{more}"),
            help: "look whether that is meant; if it is, override the guard once, or leave the type out of kept-types"
                .into(),
        })
    }
}

/// Whether a node owns anything but what a signer makes.
pub(super) fn has_content(node: &NodeRef<'_>) -> bool {
    node.rrsets().any(|rrset| !matches!(rrset.rtype(), Rtype::RRSIG | Rtype::NSEC | Rtype::NSEC3))
}

/// I-1: a zone without signatures under a DS is bogus for whoever validates.
#[must_use]
pub fn unsigned_with_ds(next_is_signed: bool, ds_count: usize) -> Option<Refusal> {
    if next_is_signed || ds_count == 0 {
        return None;
    }
    let records = if ds_count == 1 { "a DS record".into() } else { format!("{ds_count} DS records") };
    Some(Refusal {
        guard: Guard::UnsignedWithDs,
        message: format!(
            "the zone would be unsigned while the parent has {records}: bogus for every validator (I-1, E-1)"
        ),
        help: "have the parent remove the DS first; zoneseal rollover start insecure does it in the right order".into(),
    })
}

/// TIM-5, I-6: the waits of rollovers reckon with no TTL above the policy's.
#[must_use]
pub fn ttl_explosion(next: &Zone, max: Ttl) -> Option<Refusal> {
    let over = || next.nodes().flat_map(|node| node.rrsets().map(move |rrset| (node.owner(), rrset)));
    let (name, rrset) = over().max_by_key(|(_, rrset)| rrset.ttl()).filter(|(_, rrset)| rrset.ttl() > max)?;
    let count = over().filter(|(_, rrset)| rrset.ttl() > max).count();
    let sets = if count == 1 { "one RRset has".into() } else { format!("{count} RRsets have") };
    Some(Refusal {
        guard: Guard::TtlExplosion,
        message: format!(
            "{sets} a TTL above max-zone-ttl {max}, \"{name} {}\" the largest with {}: rollovers would not wait long enough (TIM-5)",
            rrset.rtype(),
            rrset.ttl()
        ),
        help: format!("lower the TTLs, or raise max-zone-ttl to {} in the policy", rrset.ttl()),
    })
}

/// I-7: who signs by a clock that is behind makes signatures that end early, or that were not yet valid when served.
#[must_use]
pub fn clock_backwards(last_run: Option<UnixTime>, now: UnixTime) -> Option<Refusal> {
    let last = last_run.filter(|last| now < *last)?;
    let behind = Seconds(last.0 - now.0);
    Some(Refusal {
        guard: Guard::ClockBackwards,
        message: format!("it is {now} by the clock, {behind} before the last run at {last} (I-7)"),
        help: "set the clock; if it was ahead in the last run, override the guard once".into(),
    })
}

/// The inequalities that a zone and its policy must hold together, so that no signature is served past its end: a
/// refusal where one could be, warnings where a margin is thin.
#[must_use]
pub fn validity_budget(next: &Zone, policy: &Policy, warnings: &mut Vec<Diagnostic>) -> Option<Refusal> {
    let refresh = policy.signatures.refresh;
    let ttl = largest_ttl(next).to_seconds();
    let (propagation, run) = (policy.delays.zone_propagation, policy.run_interval);
    let needed = Seconds(ttl.0 + propagation.0 + 2 * run.0);
    let refusal = (refresh < ttl).then(|| Refusal {
        guard: Guard::ValidityBudget,
        message: format!(
            "refresh {refresh} < largest TTL {ttl}: caches could hold signatures past their end (TIM-5, TIM-6)"
        ),
        help: format!("raise refresh to {ttl} or more, or lower the zone's TTLs"),
    });
    if refusal.is_none() && refresh < needed {
        let message = format!(
            "refresh {refresh} < largest TTL {ttl} + zone-propagation {propagation} + 2 x run-interval {run} = {needed}: a missed run could leave signatures that end in caches"
        );
        let help = format!("raise refresh to {needed}, lower the zone's TTLs, or run more often");
        warnings.push(Diagnostic::warning("validity-budget", message).because("TIM-6").help(help));
    }
    let expire = Seconds(i64::from(next.soa().expire));
    if expire > refresh {
        let message = format!(
            "SOA EXPIRE {expire} > refresh {refresh}: a secondary that lost its primary could serve signatures past their end"
        );
        let help = format!("lower EXPIRE to {refresh} or less, which every signature of a served zone outlasts");
        warnings.push(Diagnostic::warning("soa-expire", message).because("TIM-4").help(help));
    }
    refusal
}

/// The largest TTL of a zone.
#[must_use]
pub fn largest_ttl(zone: &Zone) -> Ttl {
    zone.nodes().flat_map(NodeRef::rrsets).map(|rrset| rrset.ttl()).max().unwrap_or(Ttl::ZERO)
}
