//! Which RRset is signed by which keys (SIG-1 to SIG-12).

use super::times::SignatureTimes;
use crate::base::{Algorithm, Rtype};
use crate::crypto::Signer;
use crate::keys::{KeyRole, KeySet};
use crate::zone::NodeStatus;

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
}

/// The keys and times of a run.
#[derive(Clone, Debug)]
pub struct Plan<'k> {
    keys: Vec<SigningKey<'k>>,
    dnskey_signers: Vec<usize>,
    cds_signers: Vec<usize>,
    zone_signers: Vec<usize>,
    times: SignatureTimes,
}

impl<'k> Plan<'k> {
    /// A plan with the keys of a set that sign.
    #[must_use]
    pub fn of_set(set: &'k KeySet, times: SignatureTimes) -> Self {
        let keys = set.published().iter().enumerate().filter_map(|(index, key)| {
            let (role, signer) = (set.role(index)?, key.signer.as_deref()?);
            Some(SigningKey { signer, public_key: key.dnskey().public_key, key_tag: key.key_tag, role })
        });
        Self::new(keys.collect(), times)
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
            times,
        }
    }

    /// The keys, by algorithm and tag.
    #[must_use]
    pub fn keys(&self) -> &[SigningKey<'k>] {
        &self.keys
    }

    /// The times.
    #[must_use]
    pub const fn times(&self) -> &SignatureTimes {
        &self.times
    }

    /// Indices of the keys that sign an RRset of the zone; none if it is not to be signed.
    #[must_use]
    pub fn signers(&self, status: NodeStatus, rtype: Rtype) -> &[usize] {
        let is_signed = match status {
            NodeStatus::Apex | NodeStatus::Authoritative => rtype != Rtype::RRSIG,
            // NS, glue and whatever else stands at a cut belong to the child (SIG-4).
            NodeStatus::Delegation => rtype == Rtype::DS,
            NodeStatus::Occluded | NodeStatus::EmptyNonTerminal => false,
        };
        match rtype {
            _ if !is_signed => &[],
            Rtype::DNSKEY if status == NodeStatus::Apex => &self.dnskey_signers,
            Rtype::CDS | Rtype::CDNSKEY if status == NodeStatus::Apex => &self.cds_signers,
            _ => &self.zone_signers,
        }
    }

    /// Indices of the keys that sign the records of the denial chain.
    #[must_use]
    pub fn chain_signers(&self) -> &[usize] {
        &self.zone_signers
    }
}
