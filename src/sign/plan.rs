//! Which RRset is signed by which keys (SIG-1 to SIG-12).

use super::times::SignatureTimes;
use crate::base::{Algorithm, Rtype};
use crate::crypto::Signer;
use crate::keys::{KeyRole, KeySet, ZoneKey};
use crate::zone::NodeStatus;

/// How signatures name their key: algorithm and tag.
pub type KeyName = (Algorithm, u16);

/// A key that makes signatures in a run.
#[derive(Clone, Copy, Debug)]
pub struct SigningKey<'k> {
    /// Its private half.
    pub signer: &'k dyn Signer,
    /// The public key field of its DNSKEY.
    pub public_key: &'k [u8],
    /// Its tag.
    pub key_tag: u16,
    /// What it signs.
    pub role: KeyRole,
}

impl SigningKey<'_> {
    /// Its algorithm.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.signer.algorithm()
    }

    /// What its signatures say of it.
    pub(super) fn name(&self) -> KeyName {
        (self.algorithm(), self.key_tag)
    }
}

/// A key that makes no signatures over zone data any more, but whose signatures may stay until they are due.
#[derive(Clone, Copy, Debug)]
pub struct OldKey<'k> {
    /// Its algorithm.
    pub algorithm: Algorithm,
    /// The public key field of its DNSKEY.
    pub public_key: &'k [u8],
    /// Its tag.
    pub key_tag: u16,
}

impl OldKey<'_> {
    /// What its signatures say of it.
    pub(super) const fn name(&self) -> KeyName {
        (self.algorithm, self.key_tag)
    }
}

/// Whose signatures an RRset gets.
#[derive(Clone, Copy, Debug, Default)]
pub struct Signers<'p> {
    /// Indices of the keys that sign it.
    pub keys: &'p [usize],
    /// Keys whose signatures of an earlier signing may stand in for those of `keys` of the same algorithm.
    pub old_keys: &'p [OldKey<'p>],
    /// Whether it is zone data: not DNSKEY, CDS or CDNSKEY of the zone.
    pub is_data: bool,
}

/// Whether an RRset is the zone's own data, signed by the keys for that: all but DNSKEY, CDS and CDNSKEY at the apex, and
/// what belongs to the child at a cut (SIG-4).
pub(super) const fn is_zone_data(status: NodeStatus, rtype: Rtype) -> bool {
    match status {
        NodeStatus::Apex => !matches!(rtype, Rtype::RRSIG | Rtype::DNSKEY | Rtype::CDS | Rtype::CDNSKEY),
        NodeStatus::Authoritative => !matches!(rtype, Rtype::RRSIG),
        NodeStatus::Delegation => matches!(rtype, Rtype::DS),
        NodeStatus::Occluded | NodeStatus::EmptyNonTerminal => false,
    }
}

/// The keys and times of a run.
#[derive(Clone, Debug)]
pub struct Plan<'k> {
    keys: Vec<SigningKey<'k>>,
    old_keys: Vec<OldKey<'k>>,
    dnskey_signers: Vec<usize>,
    cds_signers: Vec<usize>,
    zone_signers: Vec<usize>,
    times: SignatureTimes,
}

impl<'k> Plan<'k> {
    /// A plan with the keys of a set that sign.
    #[must_use]
    pub fn of_set(set: &'k KeySet, times: SignatureTimes) -> Self {
        let keys = set.all().iter().enumerate().filter_map(|(index, key)| {
            let (role, signer) = (set.role(index)?, key.signer.as_deref()?);
            Some(SigningKey { signer, public_key: key.dnskey().public_key, key_tag: key.key_tag, role })
        });
        let old_keys = set.all().iter().enumerate().filter(|(index, _)| set.keeps_old(*index));
        let old_key = |(_, key): (usize, &'k ZoneKey)| OldKey {
            algorithm: key.algorithm,
            public_key: key.dnskey().public_key,
            key_tag: key.key_tag,
        };
        let mut plan = Self::new(keys.collect(), times);
        plan.old_keys = old_keys.map(old_key).collect();
        plan.old_keys.sort_by_key(|key| (key.algorithm, key.key_tag));
        plan
    }

    /// A plan with these keys.
    #[must_use]
    pub fn new(mut keys: Vec<SigningKey<'k>>, times: SignatureTimes) -> Self {
        use KeyRole::{Csk, Ksk, Revoked, Zsk};
        // In this order the RRSIGs of an RRset are in canonical order.
        keys.sort_by_key(|key| (key.algorithm(), key.key_tag));
        let indices = |roles: &[KeyRole]| (0..keys.len()).filter(|&index| roles.contains(&keys[index].role)).collect();
        Self {
            dnskey_signers: indices(&[Ksk, Csk, Revoked]),
            cds_signers: indices(&[Ksk, Csk]),
            zone_signers: indices(&[Zsk, Csk]),
            keys,
            old_keys: Vec::new(),
            times,
        }
    }

    /// The keys, by algorithm and tag.
    #[must_use]
    pub fn keys(&self) -> &[SigningKey<'k>] {
        &self.keys
    }

    /// The keys whose old signatures may stay, by algorithm and tag.
    #[must_use]
    pub fn old_keys(&self) -> &[OldKey<'k>] {
        &self.old_keys
    }

    /// The times.
    #[must_use]
    pub const fn times(&self) -> &SignatureTimes {
        &self.times
    }

    /// The keys that sign an RRset of the zone; none if it is not to be signed.
    #[must_use]
    pub fn signers(&self, status: NodeStatus, rtype: Rtype) -> Signers<'_> {
        match rtype {
            _ if is_zone_data(status, rtype) => self.data_signers(),
            Rtype::DNSKEY if status == NodeStatus::Apex => Signers { keys: &self.dnskey_signers, ..Signers::default() },
            Rtype::CDS | Rtype::CDNSKEY if status == NodeStatus::Apex => {
                Signers { keys: &self.cds_signers, ..Signers::default() }
            }
            _ => Signers::default(),
        }
    }

    /// The keys that sign zone data, the records of the denial chain among it.
    #[must_use]
    pub fn data_signers(&self) -> Signers<'_> {
        Signers { keys: &self.zone_signers, old_keys: &self.old_keys, is_data: true }
    }

    /// The keys that sign the DNSKEY RRset, by algorithm and tag.
    pub fn dnskey_signers(&self) -> impl Iterator<Item = &SigningKey<'k>> {
        self.dnskey_signers.iter().map(|&index| &self.keys[index])
    }
}
