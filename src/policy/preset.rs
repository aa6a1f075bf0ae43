//! The policies that come with the program.

use super::model::{
    AlgorithmRoll, CdsPublication, Delays, Denial, DnssecGoal, KeySpec, KskMethod, Lifetime, Policy, PurgeDelay,
    Replacement, Roles, SerialMethod, SignaturePolicy, TtlPolicy, ZskMethod,
};
use crate::base::{Algorithm, DigestType, Seconds, Ttl};

/// A policy that comes with the program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Preset {
    /// Follows published accounts of SP 800-81r3 section 3.8.
    #[default]
    Nist81r3,
}

impl Preset {
    /// All of them.
    pub const ALL: [Self; 1] = [Self::Nist81r3];

    /// As policy files and the command line name it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nist81r3 => "nist-81r3",
        }
    }

    /// The preset with a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.name() == name)
    }
}

impl Policy {
    /// A policy that comes with the program.
    #[must_use]
    pub fn preset(preset: Preset) -> Self {
        let day = Seconds::DAY.0;
        let ttl = |seconds| Ttl::new(seconds).unwrap_or(Ttl::MAX);
        let algorithm = Algorithm::ECDSAP256SHA256;
        let year = Lifetime::Limited(Seconds(365 * day));
        let quarter = Lifetime::Limited(Seconds(90 * day));
        let ksk = KeySpec { algorithm, bits: None, lifetime: year, method: KskMethod::DoubleKsk, standby: 0 };
        Self {
            name: preset.name().to_owned(),
            dnssec: DnssecGoal::Signed,
            roles: Roles::KskZsk,
            ksk,
            zsk: KeySpec { algorithm, bits: None, lifetime: quarter, method: ZskMethod::PrePublication, standby: 0 },
            csk: ksk,
            algorithm_roll: AlgorithmRoll::Conservative,
            strict_algorithms: true,
            denial: Denial::Nsec,
            signatures: SignaturePolicy {
                validity: Seconds(7 * day),
                dnskey_validity: Seconds(7 * day),
                refresh: Seconds(3 * day),
                inception_offset: Seconds::HOUR,
                jitter: Seconds(day / 2),
                replacement: Replacement::Full,
            },
            ttl: TtlPolicy { dnskey: ttl(3600), max_zone: ttl(86_400) },
            delays: Delays {
                zone_propagation: Seconds::HOUR,
                parent_propagation: Seconds::HOUR,
                parent_ds_ttl: ttl(86_400),
                parent_registration: Seconds::DAY,
                publish_safety: Seconds::HOUR,
                retire_safety: Seconds::HOUR,
            },
            run_interval: Seconds(day / 2),
            cds: CdsPublication::Publish,
            cds_digests: vec![DigestType::SHA256],
            zonemd: Vec::new(),
            serial: SerialMethod::Increment,
            purge_delay: PurgeDelay::After(Seconds(90 * day)),
            rfc5011: false,
        }
    }
}

impl Default for Policy {
    /// The default preset.
    fn default() -> Self {
        Self::preset(Preset::default())
    }
}
