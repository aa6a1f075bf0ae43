//! The intervals of RFC 7583 that follow from a policy: what a roll takes at least. Where TTLs or the parent turn out
//! otherwise, what is observed counts.

use super::model::{KskMethod, Policy, Replacement, ZskMethod};
use crate::base::Seconds;

/// The hold-down of RFC 5011 section 2.4.1, in which trust in a new key grows, and for revoked ones (section 6.2).
const HOLD_DOWN: Seconds = Seconds(30 * Seconds::DAY.0);

/// What a roll takes at least, waits not rounded up to the next run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Intervals {
    /// `Dsgn`: until every RRset carries a signature of the new key.
    pub signing: Seconds,
    /// `Ipub` of the ZSK: from publication until it may sign.
    pub zsk_publish: Seconds,
    /// `Iret` of the ZSK: from its last signature until its DNSKEY may go.
    pub zsk_retire: Seconds,
    /// `IpubC` of the KSK: from publication until its DS may be handed in.
    pub ksk_publish: Seconds,
    /// `IpubP`: from the DS at the parent until all caches have it, with the methods that publish it first.
    pub ds_publish: Seconds,
    /// `Iret` of the KSK: from the successor's turn until the old key and DS may go.
    pub ksk_retire: Seconds,
    /// `Iret` of the CSK: the longer of its two parts.
    pub csk_retire: Seconds,
    /// The roll of a ZSK from publication to removal.
    pub zsk_roll: Seconds,
    /// The roll of a KSK from publication to removal, with the estimate of `Dreg`.
    pub ksk_roll: Seconds,
    /// The roll of a CSK from publication to removal, with the estimate of `Dreg`.
    pub csk_roll: Seconds,
    /// An algorithm roll in the conservative order, with the estimate of `Dreg`.
    pub algorithm_roll: Seconds,
}

impl Intervals {
    /// The intervals of a policy.
    #[must_use]
    pub fn of(policy: &Policy) -> Self {
        let delays = &policy.delays;
        let (key_ttl, zone_ttl) = (policy.ttl.dnskey.to_seconds(), policy.ttl.max_zone.to_seconds());
        let at_child = |ttl: Seconds| sum(&[delays.zone_propagation, ttl]);
        let at_parent = sum(&[delays.parent_propagation, delays.parent_ds_ttl.to_seconds()]);
        let signing = match policy.signatures.replacement {
            Replacement::Full => Seconds(0),
            Replacement::Gradual => {
                let signatures = &policy.signatures;
                Seconds(signatures.validity.0.saturating_sub(signatures.refresh.0).max(0) + policy.run_interval.0)
            }
        };
        // Validators that follow RFC 5011 accept a key a hold-down and two queries after they have first seen it.
        let trust = if policy.rfc5011 {
            sum(&[HOLD_DOWN, query_interval(key_ttl), query_interval(key_ttl)])
        } else {
            Seconds(0)
        };
        let revoked = if policy.rfc5011 { HOLD_DOWN } else { Seconds(0) };
        let safe_publish = |parts: Seconds| sum(&[parts, delays.publish_safety]);
        let safe_retire = |parts: Seconds| sum(&[parts, delays.retire_safety]);

        let zsk_publish = match policy.zsk.method {
            ZskMethod::PrePublication => safe_publish(at_child(key_ttl)),
            ZskMethod::DoubleSignature => Seconds(0),
        };
        let data_retire = safe_retire(sum(&[signing, at_child(zone_ttl)]));
        let zsk_retire = match policy.zsk.method {
            ZskMethod::PrePublication => data_retire,
            ZskMethod::DoubleSignature => safe_retire(sum(&[signing, at_child(key_ttl.max(zone_ttl))])),
        };
        let ksk_publish = safe_publish(at_child(key_ttl.max(trust)));
        let ds_publish = safe_publish(at_parent);
        let (ksk_wait, ksk_retire) = ksk_waits(policy.ksk.method, ksk_publish, ds_publish, policy);
        let ksk_retire = ksk_retire.max(revoked);
        let (csk_wait, csk_retire) = ksk_waits(policy.csk.method, ksk_publish, ds_publish, policy);
        let csk_retire = csk_retire.max(revoked).max(data_retire);
        Self {
            signing,
            zsk_publish,
            zsk_retire,
            ksk_publish,
            ds_publish,
            ksk_retire,
            csk_retire,
            zsk_roll: sum(&[zsk_publish, zsk_retire]),
            ksk_roll: sum(&[ksk_wait, ksk_retire]),
            csk_roll: sum(&[csk_wait, csk_retire]),
            algorithm_roll: sum(&[
                safe_publish(sum(&[signing, at_child(zone_ttl)])),
                ksk_publish,
                delays.parent_registration,
                safe_retire(at_parent),
                safe_retire(at_child(key_ttl)),
            ]),
        }
    }
}

/// What a KSK waits before its turn, and its predecessor after it (RFC 7583 sections 3.3.1 to 3.3.3).
fn ksk_waits(method: KskMethod, key_publish: Seconds, ds_publish: Seconds, policy: &Policy) -> (Seconds, Seconds) {
    let delays = &policy.delays;
    let registration = delays.parent_registration;
    match method {
        KskMethod::DoubleKsk => {
            let ds_gone = sum(&[delays.parent_propagation, delays.parent_ds_ttl.to_seconds(), delays.retire_safety]);
            (sum(&[key_publish, registration]), ds_gone)
        }
        KskMethod::DoubleDs => {
            let key_gone = sum(&[delays.zone_propagation, policy.ttl.dnskey.to_seconds(), delays.retire_safety]);
            (sum(&[registration, ds_publish]), key_gone)
        }
        KskMethod::DoubleRrset => (key_publish.max(sum(&[registration, ds_publish])), Seconds(0)),
    }
}

/// How often a validator asks for the keys it follows (RFC 5011 section 2.3, by the TTL alone).
fn query_interval(key_ttl: Seconds) -> Seconds {
    Seconds((key_ttl.0 / 2).clamp(Seconds::HOUR.0, 15 * Seconds::DAY.0))
}

fn sum(parts: &[Seconds]) -> Seconds {
    Seconds(parts.iter().fold(0, |total, part| total.saturating_add(part.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Preset;

    const HOUR: i64 = 3600;

    /// A day's TTLs, an hour's delays and margins, a daily run, gradual replacement.
    fn example() -> Policy {
        let mut policy = Policy::preset(Preset::Nist81r3);
        policy.run_interval = Seconds::DAY;
        policy.signatures.replacement = Replacement::Gradual;
        policy
    }

    #[test]
    fn worked_example() {
        let intervals = Intervals::of(&example());
        assert_eq!(intervals.zsk_publish, Seconds(3 * HOUR));
        assert_eq!(intervals.signing, Seconds(5 * 24 * HOUR));
        assert_eq!(intervals.zsk_retire, Seconds(146 * HOUR));
        assert_eq!(intervals.ksk_publish, Seconds(3 * HOUR));
        assert_eq!(intervals.ksk_retire, Seconds(26 * HOUR));
        let full = Intervals::of(&Policy::preset(Preset::Nist81r3));
        assert_eq!(full.zsk_retire, Seconds(26 * HOUR));
        // 26 h + 3 h + Dreg + 26 h + 3 h, Dreg estimated at a day.
        assert_eq!(full.algorithm_roll, Seconds((58 + 24) * HOUR));
    }

    #[test]
    fn ksk_methods() {
        let mut policy = example();
        for (method, roll) in
            [(KskMethod::DoubleKsk, 3 + 24 + 26), (KskMethod::DoubleDs, 24 + 26 + 3), (KskMethod::DoubleRrset, 24 + 26)]
        {
            policy.ksk.method = method;
            assert_eq!(Intervals::of(&policy).ksk_roll, Seconds(roll * HOUR), "{method:?}");
        }
    }

    /// RFC 5011: thirty days and two queries an hour apart before the turn, thirty days revoked after it.
    #[test]
    fn rfc5011_holds_keys_back() {
        let mut policy = example();
        policy.rfc5011 = true;
        let intervals = Intervals::of(&policy);
        assert_eq!(intervals.ksk_publish, Seconds((30 * 24 + 2 + 1 + 1) * HOUR));
        assert_eq!(intervals.ksk_retire, Seconds(30 * 24 * HOUR));
    }
}
