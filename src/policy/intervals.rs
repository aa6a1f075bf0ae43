//! The intervals of RFC 7583 that follow from a policy: what a roll takes at least. Where TTLs or the parent turn out
//! otherwise, what is observed counts.

use super::model::{KskMethod, Policy, ZskMethod};
use super::timing::{REMOVE_HOLD_DOWN, Timing, sum};
use crate::base::Seconds;

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
        let timing = Timing::configured(policy);
        let (zsk_publish, zsk_retire) = match policy.zsk.method {
            ZskMethod::PrePublication => (timing.publish_interval(), timing.zsk_retire_interval()),
            ZskMethod::DoubleSignature => (Seconds(0), timing.double_signature_retire_interval()),
        };
        // Validators that follow RFC 5011 accept a key a hold-down and two queries after they have first seen it.
        let (ksk_publish, revoked) = match policy.rfc5011 {
            true => (timing.trust_anchor_publish_interval(), REMOVE_HOLD_DOWN),
            false => (timing.publish_interval(), Seconds(0)),
        };
        let (ksk_wait, ksk_retire) = ksk_waits(policy.ksk.method, ksk_publish, &timing);
        let ksk_retire = ksk_retire.max(revoked);
        let (csk_wait, csk_retire) = ksk_waits(policy.csk.method, ksk_publish, &timing);
        let csk_retire = csk_retire.max(revoked).max(timing.zsk_retire_interval());
        Self {
            signing: timing.signing_delay,
            zsk_publish,
            zsk_retire,
            ksk_publish,
            ds_publish: timing.parent_publish_interval(),
            ksk_retire,
            csk_retire,
            zsk_roll: sum(&[zsk_publish, zsk_retire]),
            ksk_roll: sum(&[ksk_wait, ksk_retire]),
            csk_roll: sum(&[csk_wait, csk_retire]),
            algorithm_roll: sum(&[
                timing.signature_publish_interval(),
                ksk_publish,
                timing.registration_delay,
                timing.ds_retire_interval(),
                timing.dnskey_retire_interval(),
            ]),
        }
    }
}

/// What a KSK waits before its turn, and its predecessor after it (RFC 7583 sections 3.3.1 to 3.3.3).
fn ksk_waits(method: KskMethod, key_publish: Seconds, timing: &Timing) -> (Seconds, Seconds) {
    let registration = timing.registration_delay;
    match method {
        KskMethod::DoubleKsk => (sum(&[key_publish, registration]), timing.ds_retire_interval()),
        KskMethod::DoubleDs => {
            (sum(&[registration, timing.parent_publish_interval()]), timing.dnskey_retire_interval())
        }
        KskMethod::DoubleRrset => (key_publish.max(timing.double_rrset_interval()), Seconds(0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Preset, Replacement};

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
