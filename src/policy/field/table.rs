//! The table itself: what each field does, and each preset's value with its source.

use super::{Access, Field, Group, Origin, SetError};
use crate::policy::model::{Denial, Nsec3Policy, Policy};
use crate::policy::preset::Confidence::{Account, Draft, Ours, Practice, Recalled, Rfc, Stig};
use crate::policy::preset::{Confidence, Preset};
use crate::policy::value::FieldValue;
use toml::de::DeValue;

/// A field that every policy has.
macro_rules! at {
    ($($part:ident).+ : $type:ty) => {
        Access {
            form: <$type as FieldValue>::FORM,
            set: |policy: &mut Policy, value: &DeValue<'_>| {
                policy.$($part).+ = <$type>::read(value).ok_or(SetError::Form)?;
                Ok(())
            },
            get: |policy: &Policy| Some(policy.$($part).+.write()).filter(|text| !text.is_empty()),
        }
    };
}

/// A field that only policies with NSEC3 have.
macro_rules! nsec3 {
    ($part:ident : $type:ty) => {
        Access {
            form: <$type as FieldValue>::FORM,
            set: |policy: &mut Policy, value: &DeValue<'_>| {
                let Denial::Nsec3(params) = &mut policy.denial else { return Err(SetError::NeedsNsec3) };
                params.$part = <$type>::read(value).ok_or(SetError::Form)?;
                Ok(())
            },
            get: |policy: &Policy| match &policy.denial {
                Denial::Nsec => None,
                Denial::Nsec3(params) => Some(params.$part.write()),
            },
        }
    };
}

/// `denial` is one word here, and carries its parameters in [`Policy`].
const DENIAL: Access = Access {
    form: "\"nsec\" or \"nsec3\"",
    set: |policy, value| {
        policy.denial = match (value.as_str(), policy.denial) {
            (Some("nsec"), _) => Denial::Nsec,
            (Some("nsec3"), Denial::Nsec3(params)) => Denial::Nsec3(params),
            (Some("nsec3"), Denial::Nsec) => Denial::Nsec3(Nsec3Policy::default()),
            _ => return Err(SetError::Form),
        };
        Ok(())
    },
    get: |policy| Some(if policy.denial == Denial::Nsec { "\"nsec\"" } else { "\"nsec3\"" }.to_owned()),
};

const fn from(value: &'static str, source: &'static str, confidence: Confidence) -> Origin {
    Origin { value, source, confidence }
}

const RFC_CURRENT: Preset = Preset::RfcCurrent;
const STIG: Preset = Preset::Stig;
const TLD: Preset = Preset::Tld;

const KSK_YEAR: Origin = from(
    "\"365d\"",
    "a year, within the 3 years of SP 800-57 part 1; a figure of SP 800-81r3 is not known (N-12)",
    Ours,
);
const KSK_FOREVER: Origin =
    from("\"unlimited\"", "RFC 6781 section 3.2.3: no need to roll a sound key on a schedule", Recalled);
const ZSK_QUARTER: Origin =
    from("\"90d\"", "SP 800-81-2: one to three months; a figure of SP 800-81r3 is not known (N-13)", Recalled);
const P256: Origin =
    from("\"ECDSAP256SHA256\"", "SP 800-81r3 section 3.8.1: ECDSA and EdDSA before RSA (N-1)", Account);
const P256_RFC: Origin =
    from("\"ECDSAP256SHA256\"", "RFC 9904: recommended, and every implementation must have it", Draft);
const NO_BITS: Origin = from("", "keys of this algorithm have one size", Rfc);
const BITS: &str = "Bits of the modulus, for RSA only; 2048 if left out.";
const BITS_BOUNDS: &str = "2048 to 4096 with RSA (N-2, ENC-1); not at all with other algorithms";
const NO_STANDBY: Origin = from("0", "spares are published keys that must be guarded too", Ours);
const ALGORITHM_BOUNDS: &str =
    "8, 10, 13 to 16; KSK and ZSK have the same (SIG-9); RSA is warned of (N-1, N-2), SHA-1 refused (N-3)";
const DOUBLE_KSK: Origin =
    from("\"double-ksk\"", "SP 800-81-2 and RFC 7583 section 3.3.1: one change at the parent a roll", Draft);
const KSK_METHOD: &str = "How it is rolled: double-ksk signs the keys with both and then swaps the DS; double-ds has both \
                          DS first and then swaps the key; double-rrset does both at once.";

/// All fields under their headings.
pub const GROUPS: &[Group] = &[
    Group { title: "Goal and keys", fields: GOAL },
    Group { title: "Key-signing keys (roles = \"ksk+zsk\")", fields: KSK },
    Group { title: "Zone-signing keys (roles = \"ksk+zsk\")", fields: ZSK },
    Group { title: "Keys that sign everything (roles = \"csk\")", fields: CSK },
    Group { title: "Proof of non-existence", fields: DENIAL_FIELDS },
    Group { title: "Signatures", fields: SIGNATURES },
    Group { title: "TTLs", fields: TTLS },
    Group { title: "Delays and margins", fields: DELAYS },
    Group { title: "Publication", fields: PUBLICATION },
];

const GOAL: &[Field] = &[
    Field {
        name: "dnssec",
        summary: "Whether the zone is to be signed. With \"insecure\" a signed zone is led out: first the DS goes, then, \
                  when no cache can hold it, the signatures.",
        bounds: "none",
        common: from("\"signed\"", "SP 800-81r3 section 3.8.6: internal zones too (N-28)", Account),
        own: &[(RFC_CURRENT, from("\"signed\"", "what a signer is for", Ours))],
        access: at!(dnssec: crate::policy::DnssecGoal),
    },
    Field {
        name: "roles",
        summary: "Which keys the zone has: a key-signing and a zone-signing key, or one kind that signs everything.",
        bounds: "none",
        common: from(
            "\"ksk+zsk\"",
            "SP 800-81-2 has the two; accounts of SP 800-81r3 say nothing of one key (N-14)",
            Recalled,
        ),
        own: &[(
            RFC_CURRENT,
            from("\"csk\"", "RFC 6781 section 3.1: one key is enough where nothing keeps the KSK apart", Recalled),
        )],
        access: at!(roles: crate::policy::Roles),
    },
    Field {
        name: "algorithm-roll",
        summary: "The order of steps when the algorithm changes. Conservative: signatures of the new algorithm are \
                  everywhere before its keys appear. Liberal: keys and signatures come and go together.",
        bounds: "liberal needs strict-algorithms = false",
        common: from("\"conservative\"", "RFC 6781 section 4.1.4 and RFC 6840 section 5.11", Recalled),
        own: &[],
        access: at!(algorithm_roll: crate::policy::AlgorithmRoll),
    },
    Field {
        name: "strict-algorithms",
        summary: "Whether in every cache each algorithm of the keys must sign everything. Validators must not insist on \
                  it, but some do.",
        bounds: "none",
        common: from("true", "RFC 4035 section 2.2 (SIG-9); strict validators exist", Rfc),
        own: &[],
        access: at!(strict_algorithms: bool),
    },
];

const KSK: &[Field] = &[
    Field {
        name: "keys.ksk.algorithm",
        summary: "Algorithm.",
        bounds: ALGORITHM_BOUNDS,
        common: P256,
        own: &[(RFC_CURRENT, P256_RFC), (TLD, P256_RFC)],
        access: at!(ksk.algorithm: crate::base::Algorithm),
    },
    Field {
        name: "keys.ksk.bits",
        summary: BITS,
        bounds: BITS_BOUNDS,
        common: NO_BITS,
        own: &[],
        access: at!(ksk.bits: Option<u16>),
    },
    Field {
        name: "keys.ksk.lifetime",
        summary: "How long a key is used before its successor takes over; \"unlimited\" is until somebody asks.",
        bounds: "longer than its roll takes; nist-81r3, stig: over 2 years is warned of, over 3 refused (N-12)",
        common: KSK_YEAR,
        own: &[
            (RFC_CURRENT, KSK_FOREVER),
            (STIG, from("\"365d\"", "a DISA STIG asks for one year (N-12)", Stig)),
            (
                TLD,
                from(
                    "\"1095d\"",
                    "three years: the ceiling of SP 800-57 part 1, for a change at the root is work",
                    Ours,
                ),
            ),
        ],
        access: at!(ksk.lifetime: crate::policy::Lifetime),
    },
    Field {
        name: "keys.ksk.method",
        summary: KSK_METHOD,
        bounds: "none",
        common: DOUBLE_KSK,
        own: &[],
        access: at!(ksk.method: crate::policy::KskMethod),
    },
    Field {
        name: "keys.ksk.standby",
        summary: "How many published spares wait. A spare KSK helps only if it signs the keys too (E-4).",
        bounds: "more than 1 is warned of: each makes the DNSKEY answer longer",
        common: NO_STANDBY,
        own: &[],
        access: at!(ksk.standby: u8),
    },
];

const ZSK: &[Field] = &[
    Field {
        name: "keys.zsk.algorithm",
        summary: "Algorithm.",
        bounds: ALGORITHM_BOUNDS,
        common: P256,
        own: &[(RFC_CURRENT, P256_RFC), (TLD, P256_RFC)],
        access: at!(zsk.algorithm: crate::base::Algorithm),
    },
    Field {
        name: "keys.zsk.bits",
        summary: BITS,
        bounds: BITS_BOUNDS,
        common: NO_BITS,
        own: &[],
        access: at!(zsk.bits: Option<u16>),
    },
    Field {
        name: "keys.zsk.lifetime",
        summary: "How long a key is used before its successor takes over; \"unlimited\" is until somebody asks.",
        bounds: "longer than its roll takes; nist-81r3, stig: over 1 year is warned of, over 3 refused (N-13)",
        common: ZSK_QUARTER,
        own: &[
            (
                RFC_CURRENT,
                from("\"90d\"", "RFC 6781 section 3.2.3 leaves it open; a quarter keeps rolls in practice", Ours),
            ),
            (TLD, from("\"90d\"", "what large zones do", Practice)),
        ],
        access: at!(zsk.lifetime: crate::policy::Lifetime),
    },
    Field {
        name: "keys.zsk.method",
        summary: "How it is rolled: pre-publication has one signature an RRset throughout; double-signature two meanwhile.",
        bounds: "none",
        common: from("\"pre-publication\"", "SP 800-81-2 and RFC 7583 section 3.2.1, which prefers it", Draft),
        own: &[],
        access: at!(zsk.method: crate::policy::ZskMethod),
    },
    Field {
        name: "keys.zsk.standby",
        summary: "How many published spares wait, to take over at once when the key is stolen (E-2).",
        bounds: "more than 1 is warned of: each makes the DNSKEY answer longer",
        common: NO_STANDBY,
        own: &[],
        access: at!(zsk.standby: u8),
    },
];

const CSK: &[Field] = &[
    Field {
        name: "keys.csk.algorithm",
        summary: "Algorithm.",
        bounds: ALGORITHM_BOUNDS,
        common: P256,
        own: &[(RFC_CURRENT, P256_RFC), (TLD, P256_RFC)],
        access: at!(csk.algorithm: crate::base::Algorithm),
    },
    Field {
        name: "keys.csk.bits",
        summary: BITS,
        bounds: BITS_BOUNDS,
        common: NO_BITS,
        own: &[],
        access: at!(csk.bits: Option<u16>),
    },
    Field {
        name: "keys.csk.lifetime",
        summary: "How long a key is used before its successor takes over; \"unlimited\" is until somebody asks.",
        bounds: "longer than its roll takes; nist-81r3, stig: over 2 years is warned of, over 3 refused (N-12)",
        common: KSK_YEAR,
        own: &[(RFC_CURRENT, KSK_FOREVER)],
        access: at!(csk.lifetime: crate::policy::Lifetime),
    },
    Field {
        name: "keys.csk.method",
        summary: KSK_METHOD,
        bounds: "none",
        common: DOUBLE_KSK,
        own: &[],
        access: at!(csk.method: crate::policy::KskMethod),
    },
    Field {
        name: "keys.csk.standby",
        summary: "How many published spares wait; each signs the keys too.",
        bounds: "more than 1 is warned of: each makes the DNSKEY answer longer",
        common: NO_STANDBY,
        own: &[],
        access: at!(csk.standby: u8),
    },
];

const DENIAL_FIELDS: &[Field] = &[
    Field {
        name: "denial",
        summary: "NSEC or NSEC3.",
        bounds: "nist-81r3, stig: nsec3 is warned of (N-9)",
        common: from("\"nsec\"", "SP 800-81r3 section 3.8.3: NSEC is the more prudent choice (N-9)", Account),
        own: &[
            (RFC_CURRENT, from("\"nsec\"", "RFC 9276 section 3.1: NSEC should be preferred", Rfc)),
            (
                STIG,
                from("\"nsec\"", "the check of a DISA STIG looks for NSEC, though its title says NSEC3 (N-11)", Stig),
            ),
            (TLD, from("\"nsec3\"", "RFC 5155: opt-out is what keeps a zone of delegations small", Rfc)),
        ],
        access: DENIAL,
    },
    Field {
        name: "nsec3param.iterations",
        summary: "Extra rounds of the NSEC3 hash.",
        bounds: "0; more is refused (RFC 9276 section 3.1, N-10)",
        common: from("", "only with denial = \"nsec3\"", Ours),
        own: &[(TLD, from("0", "RFC 9276 section 3.1: must be 0", Rfc))],
        access: nsec3!(iterations: u16),
    },
    Field {
        name: "nsec3param.salt-length",
        summary: "Octets of random salt of the NSEC3 hash.",
        bounds: "0; nist-81r3, stig: more is refused, elsewhere warned of (RFC 9276 section 3.1, N-10)",
        common: from("", "only with denial = \"nsec3\"", Ours),
        own: &[(TLD, from("0", "RFC 9276 section 3.1: should be empty", Rfc))],
        access: nsec3!(salt_length: u8),
    },
    Field {
        name: "nsec3param.optout",
        summary: "Whether insecure delegations are left out of the NSEC3 chain.",
        bounds: "warned of but in tld: not recommended for small zones (RFC 9276 section 3.1)",
        common: from("", "only with denial = \"nsec3\"", Ours),
        own: &[(TLD, from("true", "RFC 9276 section 3.1: for very large, sparsely signed zones", Rfc))],
        access: nsec3!(opt_out: bool),
    },
];

const SIGNATURES: &[Field] = &[
    Field {
        name: "signatures-validity",
        summary: "From inception to expiration of signatures over the zone's data, the inception offset included.",
        bounds: "nist-81r3, stig: 5 to 7 days, else warned of, below 2 or above 30 refused (N-5); less than 2^31 s (TIM-1)",
        common: from("\"7d\"", "SP 800-81r3 section 3.8.2: 5 to 7 days (N-5)", Account),
        own: &[
            (
                RFC_CURRENT,
                from("\"14d\"", "what other signers do by default; RFC 6781 section 4.4.2 gives no figure", Practice),
            ),
            (TLD, from("\"14d\"", "what large zones do: time for a long weekend and a repair", Practice)),
        ],
        access: at!(signatures.validity: crate::base::Seconds),
    },
    Field {
        name: "signatures-validity-dnskey",
        summary: "The same of signatures over DNSKEY, CDS and CDNSKEY: how long a stolen zone-signing key is of use.",
        bounds: "nist-81r3: 2 to 7 days, else warned of; stig: more than 7 days refused (N-6)",
        common: from("\"7d\"", "SP 800-81-2: 2 to 7 days (N-6), and 5 to 7 of SP 800-81r3 (N-5)", Stig),
        own: &[
            (RFC_CURRENT, from("\"14d\"", "what other signers do by default", Practice)),
            (TLD, from("\"14d\"", "what large zones do", Practice)),
        ],
        access: at!(signatures.dnskey_validity: crate::base::Seconds),
    },
    Field {
        name: "signatures-refresh",
        summary: "A signature with no more than this left is made again.",
        bounds: "at least max-zone-ttl + zone-propagation-delay + run-interval, better two runs (TIM-6); less than what a \
                 new signature has left (TIM-7)",
        common: from("\"3d\"", "a weekend without a run is survived (TIM-6)", Ours),
        own: &[
            (RFC_CURRENT, from("\"5d\"", "what other signers do by default", Practice)),
            (TLD, from("\"7d\"", "a week for a repair", Ours)),
        ],
        access: at!(signatures.refresh: crate::base::Seconds),
    },
    Field {
        name: "signatures-inception-offset",
        summary: "How far back a signature begins, for validators whose clocks are slow.",
        bounds: "0 is warned of, more than 1 day refused (TIM-3)",
        common: from("\"1h\"", "what other signers do: 60 to 90 minutes (TIM-3)", Practice),
        own: &[],
        access: at!(signatures.inception_offset: crate::base::Seconds),
    },
    Field {
        name: "signatures-jitter",
        summary: "Signatures over the zone's data are shortened by up to this, so that not all are due in one run.",
        bounds: "less than what is between a new signature and its refresh, better less than half of it (TIM-7)",
        common: from("\"12h\"", "what other signers do by default (TIM-7)", Practice),
        own: &[(TLD, from("\"3d\"", "spreads the work of a large zone over days", Ours))],
        access: at!(signatures.jitter: crate::base::Seconds),
    },
    Field {
        name: "signatures-replacement",
        summary: "What happens to the signatures of a key that ceases to sign: \"full\" makes all of them again at once, \
                  \"gradual\" each when it is due, which lengthens the roll by validity minus refresh.",
        bounds: "none",
        common: from("\"full\"", "the old key is done with soonest", Ours),
        own: &[(TLD, from("\"gradual\"", "secondaries of a large zone would have to transfer all of it", Ours))],
        access: at!(signatures.replacement: crate::policy::Replacement),
    },
];

const TTLS: &[Field] = &[
    Field {
        name: "dnskey-ttl",
        summary: "TTL of the DNSKEY, CDS and CDNSKEY RRsets (TTLkey).",
        bounds: "above 1 day is warned of, above half of signatures-validity-dnskey refused (TIM-5); not 0 (N-21)",
        common: from("\"1h\"", "what other signers do by default; within the 30 minutes to 1 day of N-21", Practice),
        own: &[],
        access: at!(ttl.dnskey: crate::base::Ttl),
    },
    Field {
        name: "max-zone-ttl",
        summary: "The largest TTL in the zone (TTLsig). Zones with a larger one are held to that one.",
        bounds: "nist-81r3, stig: above 1 day is warned of (N-21); see signatures-refresh (TIM-6)",
        common: from("\"1d\"", "SP 800-81r3 section 3.7.1: 30 minutes to 1 day (N-21)", Account),
        own: &[
            (RFC_CURRENT, from("\"1d\"", "what other signers do by default", Practice)),
            (TLD, from("\"2d\"", "what large zones have at delegations", Practice)),
        ],
        access: at!(ttl.max_zone: crate::base::Ttl),
    },
];

const DELAYS: &[Field] = &[
    Field {
        name: "zone-propagation-delay",
        summary: "Until all servers of the zone have a new version (Dprp, DprpC).",
        bounds: "0 is warned of",
        common: from(
            "\"1h\"",
            "an hour for secondaries that miss a NOTIFY; set it to your SOA refresh if that is longer",
            Ours,
        ),
        own: &[],
        access: at!(delays.zone_propagation: crate::base::Seconds),
    },
    Field {
        name: "parent-propagation-delay",
        summary: "Until all servers of the parent have a new version (DprpP).",
        bounds: "0 is warned of",
        common: from("\"1h\"", "what other signers do by default", Practice),
        own: &[(TLD, from("\"12h\"", "the root zone is published twice a day", Ours))],
        access: at!(delays.parent_propagation: crate::base::Seconds),
    },
    Field {
        name: "parent-ds-ttl",
        summary: "TTL of the DS RRset at the parent (TTLds), where none has been observed.",
        bounds: "not 0",
        common: from("\"1d\"", "what other signers do by default, and many parents have", Practice),
        own: &[],
        access: at!(delays.parent_ds_ttl: crate::base::Ttl),
    },
    Field {
        name: "parent-registration-delay",
        summary: "From handing in a DS to seeing it at the parent (Dreg). For forecasts only: the DS is waited for, however \
                  long it takes (I-4).",
        bounds: "none",
        common: from("\"1d\"", "an estimate; no standard has a figure", Ours),
        own: &[(TLD, from("\"7d\"", "an estimate of what a change at the root takes", Ours))],
        access: at!(delays.parent_registration: crate::base::Seconds),
    },
    Field {
        name: "publish-safety",
        summary: "Margin added to the time a new key is published before it is relied upon.",
        bounds: "0 is warned of",
        common: from("\"1h\"", "what other signers do by default", Practice),
        own: &[],
        access: at!(delays.publish_safety: crate::base::Seconds),
    },
    Field {
        name: "retire-safety",
        summary: "Margin added to the time an old key stays after it is no longer relied upon.",
        bounds: "0 is warned of",
        common: from("\"1h\"", "what other signers do by default", Practice),
        own: &[],
        access: at!(delays.retire_safety: crate::base::Seconds),
    },
    Field {
        name: "run-interval",
        summary: "How often the signer runs: the period of its cron job or timer.",
        bounds: "not 0; more than 1 day is warned of, more than half of signatures-refresh refused (TIM-6)",
        common: from("\"12h\"", "twice a day, so that refresh leaves room for missed runs (TIM-6)", Ours),
        own: &[(TLD, from("\"1h\"", "large zones change all the time", Ours))],
        access: at!(run_interval: crate::base::Seconds),
    },
];

const PUBLICATION: &[Field] = &[
    Field {
        name: "cds",
        summary: "Whether CDS and CDNSKEY records show the parent the DS RRset that is wanted.",
        bounds: "none",
        common: from("\"publish\"", "RFC 7344: parents that look act upon it, others do not mind (CDS-4)", Recalled),
        own: &[],
        access: at!(cds: crate::policy::CdsPublication),
    },
    Field {
        name: "cds-digest-types",
        summary: "The digest types of CDS records, and of DS records shown. Change them and the key in two steps (ALG-2).",
        bounds: "2 and 4; 4 alone is warned of, 1 and 3 refused (RFC 9904, RFC 9906)",
        common: from("[2]", "RFC 9904: SHA-256 is recommended, and every implementation must have it (N-26)", Draft),
        own: &[],
        access: at!(cds_digests: Vec<crate::base::DigestType>),
    },
    Field {
        name: "zonemd",
        summary: "The digests over the whole zone to publish (RFC 8976).",
        bounds: "each once",
        common: from(
            "[]",
            "SP 800-81r3 section 3.1 names it (N-29); it costs a pass over the zone and is of use to few",
            Ours,
        ),
        own: &[(TLD, from("[\"sha384\"]", "RFC 8976 section 2.2.3: verifiers must have SHA-384", Rfc))],
        access: at!(zonemd: Vec<crate::policy::ZonemdDigest>),
    },
    Field {
        name: "serial",
        summary: "How the SOA serial moves on when the signed zone changes.",
        bounds: "keep is warned of: secondaries do not notice new signatures (SER-1)",
        common: from("\"increment\"", "goes on from any serial there is (SER-1)", Ours),
        own: &[],
        access: at!(serial: crate::policy::SerialMethod),
    },
    Field {
        name: "purge-keys",
        summary: "How long the files of a key that is no longer published are kept before they go to the trash.",
        bounds: "shorter than signatures last is warned of",
        common: from("\"90d\"", "what other signers do by default", Practice),
        own: &[],
        access: at!(purge_delay: crate::policy::PurgeDelay),
    },
    Field {
        name: "rfc5011",
        summary: "Whether somebody trusts this zone's keys directly and follows them by RFC 5011: new keys are held back a \
                  month, old ones revoked and shown a month.",
        bounds: "none",
        common: from("false", "only the root and islands of trust need it", Rfc),
        own: &[],
        access: at!(rfc5011: bool),
    },
];
