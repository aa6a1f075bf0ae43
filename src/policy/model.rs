//! What a policy says, field by field.

use super::preset::Preset;
use crate::base::{Algorithm, DigestType, Seconds, Ttl};
use serde::{Deserialize, Serialize};

/// How a zone is to be signed, and how its keys are to be rolled.
///
/// Every interval of a rollover follows from these fields and from what is observed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// What it is called: the name of a preset, or `NAME` of `[policy.NAME]`.
    pub name: String,
    /// The preset it builds upon, whose limits it is held to.
    pub base: Preset,
    /// Whether the zone is to be signed at all.
    pub dnssec: DnssecGoal,
    /// Which kinds of keys the zone has.
    pub roles: Roles,
    /// Key-signing keys; of use if `roles` has them.
    pub ksk: KeySpec<KskMethod>,
    /// Zone-signing keys; of use if `roles` has them.
    pub zsk: KeySpec<ZskMethod>,
    /// Keys that sign everything; of use if `roles` has them. Their part for the zone's data rolls by pre-publication.
    pub csk: KeySpec<KskMethod>,
    /// The order of steps when the algorithm changes.
    pub algorithm_roll: AlgorithmRoll,
    /// Whether every algorithm among the published keys must sign everything in every cache (SIG-9). Validators must
    /// not insist on it, but some do.
    pub strict_algorithms: bool,
    /// Proof of non-existence.
    pub denial: Denial,
    /// Signatures: how long they last, when they are replaced.
    pub signatures: SignaturePolicy,
    /// TTLs.
    pub ttl: TtlPolicy,
    /// How long changes take to be seen, and margins.
    pub delays: Delays,
    /// How often the signer runs (the period of its cron job or timer).
    pub run_interval: Seconds,
    /// Whether CDS and CDNSKEY tell the parent what to do.
    pub cds: CdsPublication,
    /// The digest types of CDS records, and of DS records shown.
    pub cds_digests: Vec<DigestType>,
    /// The digests over the zone to publish.
    pub zonemd: Vec<ZonemdDigest>,
    /// How the SOA serial moves on.
    pub serial: SerialMethod,
    /// How long the files of a removed key are kept before they go to the trash.
    pub purge_delay: PurgeDelay,
    /// Whether somebody trusts the zone's keys directly by RFC 5011, so that new keys are held back and old ones revoked.
    pub rfc5011: bool,
}

impl Policy {
    /// The algorithms of the roles in use, each once.
    #[must_use]
    pub fn algorithms(&self) -> Vec<Algorithm> {
        match self.roles {
            Roles::Csk => vec![self.csk.algorithm],
            Roles::KskZsk if self.ksk.algorithm == self.zsk.algorithm => vec![self.ksk.algorithm],
            Roles::KskZsk => vec![self.ksk.algorithm, self.zsk.algorithm],
        }
    }
}

/// Whether the zone is to be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DnssecGoal {
    /// It is, or becomes so.
    Signed,
    /// It is not, or ceases to be: first the DS goes, then, when no cache can hold it, the signatures (E-1).
    Insecure,
}

/// Which kinds of keys a zone has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Roles {
    /// One kind, that signs everything.
    Csk,
    /// Key-signing keys for the DNSKEY RRset, zone-signing keys for the rest.
    KskZsk,
}

/// Keys of one role; `M` are the methods by which it can be rolled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeySpec<M> {
    /// Algorithm.
    pub algorithm: Algorithm,
    /// Bits of an RSA modulus; `None` for the algorithms whose keys have one size.
    pub bits: Option<u16>,
    /// How long a key is used.
    pub lifetime: Lifetime,
    /// How it is rolled.
    pub method: M,
    /// How many published keys wait as spares.
    pub standby: u8,
}

/// How long a key is used before its successor takes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// So long.
    Limited(Seconds),
    /// Until somebody asks for a roll.
    Unlimited,
}

impl Lifetime {
    /// The span, if there is an end.
    #[must_use]
    pub const fn limit(self) -> Option<Seconds> {
        match self {
            Self::Limited(span) => Some(span),
            Self::Unlimited => None,
        }
    }
}

/// How a KSK, or the KSK part of a CSK, is rolled (RFC 7583 section 3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KskMethod {
    /// Both keys sign the DNSKEY RRset, then the DS is swapped.
    DoubleKsk,
    /// Both DS are at the parent, then the key is swapped.
    DoubleDs,
    /// Both at once: the fastest.
    DoubleRrset,
}

/// How a ZSK is rolled (RFC 7583 section 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZskMethod {
    /// The new key is published first, then signs: one signature an RRset throughout.
    PrePublication,
    /// The new key is published and signs at once, beside the old one.
    DoubleSignature,
}

/// The order of steps of an algorithm roll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlgorithmRoll {
    /// Signatures of the new algorithm are everywhere before its keys are published, and outlive them.
    Conservative,
    /// Keys and signatures come and go together, as RFC 6840 section 5.11 allows validators to take it.
    Liberal,
}

/// Proof of non-existence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// NSEC.
    Nsec,
    /// NSEC3.
    Nsec3(Nsec3Policy),
}

/// The parameters of NSEC3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Nsec3Policy {
    /// Extra rounds of the hash; RFC 9276 wants none.
    pub iterations: u16,
    /// Octets of random salt; RFC 9276 wants none.
    pub salt_length: u8,
    /// Whether insecure delegations are left out of the chain.
    pub opt_out: bool,
}

/// Signatures: how long they last, when they are replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignaturePolicy {
    /// Expiration minus inception of signatures over the zone's data, the inception offset included (TIM-3).
    pub validity: Seconds,
    /// The same of signatures over DNSKEY, CDS and CDNSKEY.
    pub dnskey_validity: Seconds,
    /// A signature with no more than this left is replaced.
    pub refresh: Seconds,
    /// How far before the time of signing a signature begins, for validators whose clocks are behind.
    pub inception_offset: Seconds,
    /// Signatures over the zone's data are shortened by up to this, so that not all are due in one run.
    pub jitter: Seconds,
    /// What happens to signatures of a key that ceases to sign.
    pub replacement: Replacement,
}

/// What happens to the signatures of a ZSK when its successor takes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replacement {
    /// All are replaced in the run in which the new key becomes active: `Dsgn` is one run.
    Full,
    /// Each is replaced when it is due: `Dsgn` is validity minus refresh plus a run.
    Gradual,
}

/// TTLs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TtlPolicy {
    /// Of the DNSKEY, CDS and CDNSKEY RRsets: `TTLkey`.
    pub dnskey: Ttl,
    /// The largest that the zone's data may have: `TTLsig`.
    pub max_zone: Ttl,
}

/// How long changes take to be seen, and margins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delays {
    /// Until all servers of the zone have a new version: `Dprp`, `DprpC`.
    pub zone_propagation: Seconds,
    /// Until all servers of the parent have a new version: `DprpP`.
    pub parent_propagation: Seconds,
    /// TTL of the DS RRset at the parent, where none has been observed: `TTLds`.
    pub parent_ds_ttl: Ttl,
    /// From handing in a DS to seeing it at the parent: `Dreg`. For forecasts only: nothing is done because it is over (I-4).
    pub parent_registration: Seconds,
    /// Margin added to every `Ipub`.
    pub publish_safety: Seconds,
    /// Margin added to every `Iret`.
    pub retire_safety: Seconds,
}

/// Whether CDS and CDNSKEY tell the parent what to do (RFC 7344, RFC 8078).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CdsPublication {
    /// They do not; the operator carries the DS.
    Off,
    /// They always show the DS RRset that is wanted.
    Publish,
}

/// A digest over the zone (RFC 8976).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ZonemdDigest {
    /// SHA-384, which every verifier must have.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// How the SOA serial moves on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SerialMethod {
    /// As in the zone file.
    Keep,
    /// One more.
    Increment,
    /// Seconds since 1970.
    UnixTime,
    /// `YYYYMMDDnn`.
    Date,
}

/// How long the files of a removed key are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PurgeDelay {
    /// So long.
    After(Seconds),
    /// They are never taken away.
    Never,
}

/// RSA keys of a size that was left out.
pub(super) const RSA_BITS: u16 = 2048;

/// Gives RSA keys without a size the usual one.
pub(super) fn settle_bits(policy: &mut Policy) {
    for (algorithm, bits) in [
        (policy.ksk.algorithm, &mut policy.ksk.bits),
        (policy.zsk.algorithm, &mut policy.zsk.bits),
        (policy.csk.algorithm, &mut policy.csk.bits),
    ] {
        if algorithm.is_rsa() && bits.is_none() {
            *bits = Some(RSA_BITS);
        }
    }
}
