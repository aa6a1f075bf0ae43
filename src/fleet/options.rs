//! From a policy to how a zone is signed.

use crate::base::{Seconds, TimeSpec};
use crate::policy::{Policy, SerialMethod, ZonemdDigest};
use crate::sign::{End, SerialPolicy, SignOptions, TimeOptions, ZonemdHash};

/// The options by which a zone under a policy is signed; chain and CDS are for the target of its state to say. `is_first`
/// tells that nothing was signed before.
///
/// Signatures made in one run would fall due in one run. So those of a zone signed for the first time are spread over nearly
/// all of what lies between a new signature and its refresh, by zone and by name, as they lie when runs have gone on for
/// ever; after that the policy's jitter keeps them apart.
#[must_use]
pub fn sign_options(policy: &Policy, is_first: bool) -> SignOptions {
    let signatures = &policy.signatures;
    let room =
        |validity: Seconds| Seconds((validity.0 - signatures.inception_offset.0 - signatures.refresh.0).max(0) * 7 / 8);
    let (data_room, key_room) = (room(signatures.validity), room(signatures.dnskey_validity));
    let jitter = if is_first { signatures.jitter.max(data_room) } else { signatures.jitter };
    SignOptions {
        times: TimeOptions {
            inception: TimeSpec::FromNow(Seconds(-signatures.inception_offset.0)),
            end: End::Validity(signatures.validity),
            dnskey_validity: Some(signatures.dnskey_validity),
            jitter,
            apex_jitter: jitter.min(data_room).min(key_room),
        },
        refresh: Some(signatures.refresh),
        serial: match policy.serial {
            // Under an old serial nobody would fetch the new signatures (SER-1).
            SerialMethod::Keep => SerialPolicy::FileOrIncrement,
            SerialMethod::Increment => SerialPolicy::Increment,
            SerialMethod::UnixTime => SerialPolicy::UnixTime,
            SerialMethod::Date => SerialPolicy::Date,
        },
        dnskey_ttl: Some(policy.ttl.dnskey),
        cds_digests: policy.cds_digests.clone(),
        zonemd: policy
            .zonemd
            .iter()
            .map(|digest| match digest {
                ZonemdDigest::Sha384 => ZonemdHash::Sha384,
                ZonemdDigest::Sha512 => ZonemdHash::Sha512,
            })
            .collect(),
        ..SignOptions::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::UnixTime;
    use crate::policy::Preset;
    use crate::sign::SignatureTimes;

    /// TIM-6: whatever the preset, no signature is due as soon as it is made: an eighth of the room is left of the shortest
    /// of a first signing, and days of the others.
    #[test]
    fn new_signatures_last_in_every_preset() {
        let now = UnixTime(1_800_000_000);
        for preset in Preset::ALL {
            let policy = Policy::preset(preset);
            for is_first in [false, true] {
                let options = sign_options(&policy, is_first);
                let times = SignatureTimes::resolve(&options.times, now).unwrap();
                let spare = times.remaining().0 - policy.signatures.refresh.0;
                let least = if is_first { 6 * Seconds::HOUR.0 - 600 } else { Seconds::DAY.0 };
                assert!(spare > least, "{preset:?} {is_first}: {spare}");
            }
        }
    }
}
