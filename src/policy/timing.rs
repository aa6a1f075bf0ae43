//! The intervals of RFC 7583, by their names there, with the margins of the policy added to every `Ipub` and `Iret`.
//!
//! The one home of the formulas: what a policy comes to at least, what the rollover engine plans ahead with, and what it
//! explains. The engine puts the TTLs it has observed in place of smaller configured ones.

use super::model::{Policy, Replacement};
use crate::base::Seconds;

/// RFC 5011 section 2.4.1: the add hold-down is 30 days, or the TTL if that is longer.
pub const ADD_HOLD_DOWN: Seconds = Seconds(30 * Seconds::DAY.0);
/// RFC 5011 section 6.2: a revoked key stays for the remove hold-down.
pub const REMOVE_HOLD_DOWN: Seconds = Seconds(30 * Seconds::DAY.0);
/// The quantities that the formulas are made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// `Dprp`, `DprpC`: until every server of the zone has a change.
    pub zone_propagation: Seconds,
    /// `DprpP`: the same at the parent.
    pub parent_propagation: Seconds,
    /// `TTLkey`.
    pub dnskey_ttl: Seconds,
    /// `TTLsig`: the largest TTL of the zone's data.
    pub rrsig_ttl: Seconds,
    /// `TTLds`.
    pub ds_ttl: Seconds,
    /// `Dsgn`: until every RRset has a signature of the new key.
    pub signing_delay: Seconds,
    /// `Dreg`: from handing in a DS to seeing it. Only for planning ahead.
    pub registration_delay: Seconds,
    /// Margin of every `Ipub`.
    pub publish_safety: Seconds,
    /// Margin of every `Iret`.
    pub retire_safety: Seconds,
}

impl Timing {
    /// The quantities as a policy has them.
    #[must_use]
    pub fn configured(policy: &Policy) -> Self {
        Self {
            zone_propagation: policy.delays.zone_propagation,
            parent_propagation: policy.delays.parent_propagation,
            dnskey_ttl: policy.ttl.dnskey.to_seconds(),
            rrsig_ttl: policy.ttl.max_zone.to_seconds(),
            ds_ttl: policy.delays.parent_ds_ttl.to_seconds(),
            signing_delay: signing_delay(policy),
            registration_delay: policy.delays.parent_registration,
            publish_safety: policy.delays.publish_safety,
            retire_safety: policy.delays.retire_safety,
        }
    }

    /// `Ipub = Dprp + TTLkey`: until a new DNSKEY is in every cache (RFC 7583 section 3.2.1; `IpubC` in 3.3.1).
    #[must_use]
    pub const fn publish_interval(&self) -> Seconds {
        sum(&[self.zone_propagation, self.dnskey_ttl, self.publish_safety])
    }

    /// `IpubP = DprpP + TTLds`: until a new DS, seen at the parent, is in every cache (RFC 7583 section 3.3.2).
    #[must_use]
    pub const fn parent_publish_interval(&self) -> Seconds {
        sum(&[self.parent_propagation, self.ds_ttl, self.publish_safety])
    }

    /// `Iret = Dsgn + Dprp + TTLsig`: until no cache has a signature of the old ZSK (RFC 7583 section 3.2.1).
    #[must_use]
    pub const fn zsk_retire_interval(&self) -> Seconds {
        sum(&[self.signing_delay, self.zone_propagation, self.rrsig_ttl, self.retire_safety])
    }

    /// `Iret = Dsgn + Dprp + max(TTLkey, TTLsig)`: double-signature (RFC 7583 section 3.2.2).
    #[must_use]
    pub fn double_signature_retire_interval(&self) -> Seconds {
        let ttl = self.dnskey_ttl.max(self.rrsig_ttl);
        sum(&[self.signing_delay, self.zone_propagation, ttl, self.retire_safety])
    }

    /// `IpubG = Dsgn + Dprp + TTLsig`: until signatures of a new key are in every cache (RFC 7583 section 3.2.3).
    #[must_use]
    pub const fn signature_publish_interval(&self) -> Seconds {
        sum(&[self.signing_delay, self.zone_propagation, self.rrsig_ttl, self.publish_safety])
    }

    /// `Iret = DprpP + TTLds`: until no cache has the old DS (RFC 7583 section 3.3.1).
    #[must_use]
    pub const fn ds_retire_interval(&self) -> Seconds {
        sum(&[self.parent_propagation, self.ds_ttl, self.retire_safety])
    }

    /// `Iret = DprpC + TTLkey`: until no cache has the old DNSKEY RRset (RFC 7583 section 3.3.2).
    #[must_use]
    pub const fn dnskey_retire_interval(&self) -> Seconds {
        sum(&[self.zone_propagation, self.dnskey_ttl, self.retire_safety])
    }

    /// `Ipub = max(IpubC, Dreg + IpubP)`: double-RRset (RFC 7583 section 3.3.3).
    #[must_use]
    pub fn double_rrset_interval(&self) -> Seconds {
        let parent = sum(&[self.registration_delay, self.parent_publish_interval()]);
        self.publish_interval().max(parent)
    }

    /// `Iret` of a CSK: the larger of both swaps (RFC 6781 section 4.1.3).
    #[must_use]
    pub fn csk_retire_interval(&self) -> Seconds {
        self.zsk_retire_interval().max(self.ds_retire_interval())
    }

    /// `modifiedQueryInterval = max(1 h, min(15 d, TTLkey / 2))` (RFC 7583 section 3.3.4, R-1).
    #[must_use]
    pub fn query_interval(&self) -> Seconds {
        Seconds((self.dnskey_ttl.0 / 2).clamp(Seconds::HOUR.0, 15 * Seconds::DAY.0))
    }

    /// `Itrp = 2 * modifiedQueryInterval + add hold-down`: until RFC 5011 resolvers trust a new key.
    #[must_use]
    pub fn trust_point_interval(&self) -> Seconds {
        sum(&[self.query_interval(), self.query_interval(), ADD_HOLD_DOWN.max(self.dnskey_ttl)])
    }

    /// `Ipub >= Dprp + max(Itrp, TTLkey)`: before a new trust anchor is relied on (RFC 7583 section 3.3.4, R-3).
    #[must_use]
    pub fn trust_anchor_publish_interval(&self) -> Seconds {
        let trusted = self.trust_point_interval().max(self.dnskey_ttl);
        sum(&[self.zone_propagation, trusted, self.publish_safety])
    }
}

/// `Dsgn`: at once if all signatures are replaced in the run of the swap; else a signature may stay until it is due, and
/// is replaced by the run after that: validity minus refresh plus a run.
#[must_use]
pub fn signing_delay(policy: &Policy) -> Seconds {
    match policy.signatures.replacement {
        Replacement::Full => Seconds(0),
        Replacement::Gradual => {
            let signatures = &policy.signatures;
            let due = Seconds(signatures.validity.0.saturating_sub(signatures.refresh.0).max(0));
            sum(&[due, policy.run_interval])
        }
    }
}

/// A sum of spans. A policy that is still to be checked may have any.
pub(super) const fn sum(parts: &[Seconds]) -> Seconds {
    let (mut total, mut index) = (0_i64, 0);
    while index < parts.len() {
        total = total.saturating_add(parts[index].0);
        index += 1;
    }
    Seconds(total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Ttl;
    use crate::policy::Preset;

    const HOUR: i64 = 3600;

    /// The figures of the worked example: TTLs 1 d, TTLkey 1 h, TTLds 1 d, delays and margins 1 h, a run a day.
    fn example(replacement: Replacement) -> Timing {
        let mut policy = Policy::preset(Preset::Nist81r3);
        policy.signatures.validity = Seconds(7 * 24 * HOUR);
        policy.signatures.refresh = Seconds(3 * 24 * HOUR);
        policy.signatures.replacement = replacement;
        policy.run_interval = Seconds::DAY;
        policy.ttl.dnskey = Ttl::new(3600).unwrap();
        policy.ttl.max_zone = Ttl::new(86_400).unwrap();
        policy.delays.zone_propagation = Seconds::HOUR;
        policy.delays.parent_propagation = Seconds::HOUR;
        policy.delays.parent_ds_ttl = Ttl::new(86_400).unwrap();
        policy.delays.parent_registration = Seconds::DAY;
        policy.delays.publish_safety = Seconds::HOUR;
        policy.delays.retire_safety = Seconds::HOUR;
        Timing::configured(&policy)
    }

    #[test]
    fn worked_example() {
        let gradual = example(Replacement::Gradual);
        let full = example(Replacement::Full);
        for (what, interval, hours) in [
            ("ZSK Ipub", full.publish_interval(), 1 + 1 + 1),
            ("Dsgn, gradual", gradual.signing_delay, 5 * 24),
            ("ZSK Iret, gradual", gradual.zsk_retire_interval(), 146),
            ("ZSK Iret, full", full.zsk_retire_interval(), 26),
            ("double signature", full.double_signature_retire_interval(), 26),
            ("signatures first", full.signature_publish_interval(), 26),
            ("KSK Iret", full.ds_retire_interval(), 26),
            ("IpubP", full.parent_publish_interval(), 26),
            ("double-DS Iret", full.dnskey_retire_interval(), 3),
            ("double-RRset", full.double_rrset_interval(), 24 + 26),
            ("CSK Iret, gradual", gradual.csk_retire_interval(), 146),
            ("Itrp", full.trust_point_interval(), 30 * 24 + 2),
            ("RFC 5011 Ipub", full.trust_anchor_publish_interval(), 1 + 30 * 24 + 2 + 1),
        ] {
            assert_eq!(interval, Seconds(hours * HOUR), "{what}");
        }
    }
}
