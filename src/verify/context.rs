//! What every part of a verification looks at.

use super::VerifyOptions;
use super::ahead::Proofs;
use super::keyset::KeySet;
use super::known::Known;
use super::model::Model;
use crate::base::{Rtype, Timestamp};
use crate::zone::{NodeRef, NodeStatus, Zone};

/// The zone with what was found out about it before the parallel part.
#[derive(Debug)]
pub(super) struct Context<'z> {
    pub(super) zone: &'z Zone,
    pub(super) options: &'z VerifyOptions,
    pub(super) model: Model,
    pub(super) keys: KeySet<'z>,
    /// The places of the keys that anchors name, without revoked ones; empty without an anchor.
    pub(super) anchored: Vec<usize>,
    /// What was verified before.
    pub(super) known: Option<Known<'z>>,
    /// What was verified ahead.
    pub(super) proofs: Option<&'z Proofs>,
    /// For each key that proofs are by, its place among `keys`.
    pub(super) proof_keys: Vec<Option<usize>>,
    /// For each node whether its signatures are known to be what they must be; empty if that is known of none.
    pub(super) is_standing: &'z [bool],
    /// `options.at` as signatures carry times.
    pub(super) at: Timestamp,
    /// TTL of chain records: min(SOA TTL, SOA MINIMUM), in seconds (NSEC-5).
    pub(super) chain_ttl: u32,
    /// Whether there are keys and signatures to compare; if not, that has been said once.
    pub(super) has_signatures: bool,
    /// In a zone with an NSEC chain, for each node the next one in a right chain.
    pub(super) next_nsec: Option<Vec<u32>>,
}

impl Context<'_> {
    /// Whether the signatures of a node are known to be what they must be.
    pub(super) fn is_standing(&self, node: NodeRef<'_>) -> bool {
        self.is_standing.get(node.index()) == Some(&true)
    }

    /// Whether an RRset is the zone's own and so must be signed (SIG-4, SIG-5).
    pub(super) fn is_signed_type(&self, node: NodeRef<'_>, rtype: Rtype) -> bool {
        match node.status() {
            NodeStatus::Apex | NodeStatus::Authoritative | NodeStatus::EmptyNonTerminal => true,
            NodeStatus::Delegation => {
                matches!(rtype, Rtype::DS | Rtype::NSEC) || (rtype == Rtype::NSEC3 && self.is_hash_owner(node))
            }
            // A DNAME at the apex hides every name below it, but not the chain.
            NodeStatus::Occluded => rtype == Rtype::NSEC3 && self.is_hash_owner(node),
        }
    }

    /// Whether a name is where NSEC3 records stand: one label below the apex (N3-2).
    pub(super) fn is_hash_owner(&self, node: NodeRef<'_>) -> bool {
        node.owner().parent() == Some(self.zone.apex())
    }
}
