//! How long versions stay in caches: the quantities of the policy, and what was observed where that is more (I-6).
//!
//! Nothing is done because an interval of RFC 7583 is over: moves wait for versions to leave the caches, which comes to the
//! same where nothing went wrong. The formulas plan ahead (when must a successor be made?) and explain.

use super::history::Reach;
use super::model::ZoneState;
use crate::base::Seconds;
use crate::policy::Policy;

pub use crate::policy::timing::{ADD_HOLD_DOWN, REMOVE_HOLD_DOWN, Timing, signing_delay};

/// How long the parent may still act on a request that was withdrawn.
pub const REQUEST_LAPSE: Seconds = Seconds(30 * Seconds::DAY.0);

/// What a wait is for, which decides its margin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Something new must be in every cache (`Ipub`).
    Publish,
    /// Something old must be in no cache (`Iret`).
    Retire,
}

impl Timing {
    /// The quantities for a zone.
    #[must_use]
    pub fn of(policy: &Policy, state: &ZoneState) -> Self {
        let configured = Self::configured(policy);
        let larger =
            |configured: Seconds, observed: Option<Seconds>| observed.map_or(configured, |o| o.max(configured));
        Self {
            dnskey_ttl: larger(configured.dnskey_ttl, state.dnskey.current().map(|version| version.ttl)),
            rrsig_ttl: larger(configured.rrsig_ttl, state.data.current().map(|version| version.ttl)),
            ds_ttl: larger(configured.ds_ttl, state.ds.open().map(|version| version.ttl).max()),
            ..configured
        }
    }

    /// The quantities for those who follow the keys by RFC 5011: they look again after half the TTL they last saw, which may
    /// be one of before (I-6).
    pub(super) fn for_followers(&self, state: &ZoneState) -> Self {
        let seen = state.dnskey.versions().iter().map(|version| version.ttl);
        Self { dnskey_ttl: seen.fold(self.dnskey_ttl, Seconds::max), ..*self }
    }

    /// How a version of the DNSKEY RRset leaves the caches.
    pub(super) const fn dnskey_reach(&self, purpose: Purpose) -> Reach {
        Reach { propagation: self.zone_propagation, ttl: self.dnskey_ttl, safety: self.safety(purpose) }
    }

    /// How signatures over zone data leave the caches.
    pub(super) const fn data_reach(&self, purpose: Purpose) -> Reach {
        Reach { propagation: self.zone_propagation, ttl: self.rrsig_ttl, safety: self.safety(purpose) }
    }

    /// How a DS RRset leaves the caches.
    pub(super) const fn ds_reach(&self, purpose: Purpose) -> Reach {
        Reach { propagation: self.parent_propagation, ttl: self.ds_ttl, safety: self.safety(purpose) }
    }

    const fn safety(&self, purpose: Purpose) -> Seconds {
        match purpose {
            Purpose::Publish => self.publish_safety,
            Purpose::Retire => self.retire_safety,
        }
    }
}

/// An interval written out: `Iret = Dprp + TTLsig + retire-safety = 1h + 1d + 1h = 1d 2h`.
pub(super) fn written_out(name: &str, parts: &[(&str, Seconds)]) -> String {
    let names: Vec<_> = parts.iter().map(|(name, _)| *name).collect();
    let lengths: Vec<_> = parts.iter().map(|(_, length)| length.to_string()).collect();
    let sum = Seconds(parts.iter().map(|(_, length)| length.0).sum());
    format!("{name} = {} = {} = {sum}", names.join(" + "), lengths.join(" + "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_written_out() {
        let parts = [("Dprp", Seconds::HOUR), ("TTLsig", Seconds::DAY), ("retire-safety", Seconds(60))];
        assert_eq!(written_out("Iret", &parts), "Iret = Dprp + TTLsig + retire-safety = 1h + 1d + 1m = 1d 1h 1m");
    }
}
