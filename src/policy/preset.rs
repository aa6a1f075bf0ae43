//! The policies that come with the program: names, and how sure each value is. The values stand in [`super::field`].

use super::field;
use super::model::{
    AlgorithmRoll, CdsPublication, Delays, Denial, DnssecGoal, KeySpec, KskMethod, Lifetime, Policy, PurgeDelay,
    Replacement, Roles, SerialMethod, SignaturePolicy, TtlPolicy, ZskMethod,
};
use crate::base::{Algorithm, Seconds, Ttl};

/// A policy that comes with the program. It is the base of policies in files, and the profile whose limits they are
/// held to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Preset {
    /// Follows published accounts of SP 800-81r3 section 3.8.
    #[default]
    Nist81r3,
    /// What the RFCs ask for, and no more.
    RfcCurrent,
    /// What the DISA STIGs check.
    Stig,
    /// For large zones that are mostly delegations.
    Tld,
}

impl Preset {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Nist81r3, Self::RfcCurrent, Self::Stig, Self::Tld];

    /// As policy files and the command line name it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nist81r3 => "nist-81r3",
            Self::RfcCurrent => "rfc-current",
            Self::Stig => "stig",
            Self::Tld => "tld",
        }
    }

    /// The preset with a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.name() == name)
    }

    /// What it is, in a sentence or two.
    #[must_use]
    pub const fn summary(self) -> &'static str {
        match self {
            Self::Nist81r3 => {
                "Follows published accounts of SP 800-81r3 section 3.8 (short signatures, NSEC, ECDSA). The document \
                 itself was not at hand; figures it may give for key lifetimes are not known."
            }
            Self::RfcCurrent => {
                "What RFC 9904, RFC 9276, RFC 6781 and RFC 7583 ask for, with the timing other signers have by default: \
                 one key that signs everything, rolled when somebody wants it to."
            }
            Self::Stig => {
                "As nist-81r3, with the limits that DISA STIG checks of SP 800-81-2 measure as errors: signatures over \
                 DNSKEY of at most 7 days, a KSK of at most a year."
            }
            Self::Tld => {
                "For large zones that are mostly delegations: NSEC3 with opt-out, signatures replaced gradually, a \
                 ZONEMD digest, a parent that takes days."
            }
        }
    }
}

/// How sure a value's source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confidence {
    /// The RFC's text was read.
    Rfc,
    /// A late draft of the RFC was read, or the RFC was seen as quotations.
    Draft,
    /// Published accounts of SP 800-81r3 were read, not the document.
    Account,
    /// SP 800-81-2 as the text of DISA STIGs repeats it.
    Stig,
    /// Recalled, without the text at hand.
    Recalled,
    /// What other signers do; no standard says so.
    Practice,
    /// Our own choice or derivation.
    Ours,
}

impl Confidence {
    /// One word, for JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rfc => "rfc",
            Self::Draft => "draft",
            Self::Account => "account",
            Self::Stig => "stig",
            Self::Recalled => "recalled",
            Self::Practice => "practice",
            Self::Ours => "ours",
        }
    }

    /// For people.
    #[must_use]
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Rfc => "RFC text read",
            Self::Draft => "draft of the RFC, or quotations of it, read",
            Self::Account => "published accounts read, not the document",
            Self::Stig => "DISA STIG text read",
            Self::Recalled => "recalled, text not at hand",
            Self::Practice => "practice of other signers",
            Self::Ours => "our choice",
        }
    }
}

impl Policy {
    /// A policy that comes with the program.
    #[must_use]
    pub fn preset(preset: Preset) -> Self {
        let mut policy = Self::blank(preset);
        for field in field::all() {
            field.set_to_preset(preset, &mut policy);
        }
        policy
    }

    /// Something to set the fields in; each of them is.
    fn blank(preset: Preset) -> Self {
        let algorithm = Algorithm::ECDSAP256SHA256;
        let (bits, lifetime, standby) = (None, Lifetime::Unlimited, 0);
        let ksk = KeySpec { algorithm, bits, lifetime, method: KskMethod::DoubleKsk, standby };
        let (zero, no_ttl) = (Seconds(0), Ttl::ZERO);
        Self {
            name: preset.name().to_owned(),
            base: preset,
            dnssec: DnssecGoal::Signed,
            roles: Roles::KskZsk,
            ksk,
            zsk: KeySpec { algorithm, bits, lifetime, method: ZskMethod::PrePublication, standby },
            csk: ksk,
            algorithm_roll: AlgorithmRoll::Conservative,
            strict_algorithms: true,
            denial: Denial::Nsec,
            signatures: SignaturePolicy {
                validity: zero,
                dnskey_validity: zero,
                refresh: zero,
                inception_offset: zero,
                jitter: zero,
                replacement: Replacement::Full,
            },
            ttl: TtlPolicy { dnskey: no_ttl, max_zone: no_ttl },
            delays: Delays {
                zone_propagation: zero,
                parent_propagation: zero,
                parent_ds_ttl: no_ttl,
                parent_registration: zero,
                publish_safety: zero,
                retire_safety: zero,
            },
            run_interval: zero,
            cds: CdsPublication::Off,
            cds_digests: Vec::new(),
            zonemd: Vec::new(),
            serial: SerialMethod::Keep,
            purge_delay: PurgeDelay::Never,
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
