//! What a signing puts out, for whoever keeps a record of what the world may have seen.

use super::plan::{KeyName, Plan};
use crate::base::{Rtype, Ttl};
use crate::denial::chain_ttl;
use crate::rdata::rrsig::Rrsig;
use crate::zone::{NodeRef, NodeStatus, Zone};
use std::collections::BTreeSet;

/// The zone as it is out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Published {
    /// RDATA of the DNSKEY RRset.
    pub dnskeys: Vec<Vec<u8>>,
    /// Its TTL.
    pub dnskey_ttl: Ttl,
    /// The keys of ours that sign it, by algorithm and tag.
    pub dnskey_signers: Vec<KeyName>,
    /// Which keys sign RRsets of zone data together: a set for each combination that occurs.
    pub data_signers: BTreeSet<BTreeSet<KeyName>>,
    /// The largest TTL in the zone.
    pub max_ttl: Ttl,
    /// How long caches remember that something does not exist: min(SOA TTL, SOA MINIMUM).
    pub negative_ttl: Ttl,
}

impl Published {
    /// Of a zone with its final apex, whose data was signed by these keys together.
    pub(super) fn new(zone: &Zone, plan: &Plan<'_>, data_signers: BTreeSet<Vec<KeyName>>) -> Self {
        Self {
            dnskey_signers: plan.dnskey_signers().map(|key| (key.algorithm(), key.key_tag)).collect(),
            data_signers: data_signers.into_iter().map(|set| set.into_iter().collect()).collect(),
            ..Self::unsigned(zone)
        }
    }

    /// Of a zone that is put out without a signature.
    pub(super) fn unsigned(zone: &Zone) -> Self {
        let dnskeys = zone.apex_node().rrset(Rtype::DNSKEY);
        let ttls = zone.nodes().flat_map(NodeRef::rrsets).map(|rrset| rrset.ttl());
        Self {
            dnskeys: dnskeys.iter().flat_map(|rrset| rrset.records()).map(|one| one.rdata().to_vec()).collect(),
            dnskey_ttl: dnskeys.map_or(Ttl::ZERO, |rrset| rrset.ttl()),
            dnskey_signers: Vec::new(),
            data_signers: BTreeSet::from([BTreeSet::new()]),
            max_ttl: ttls.max().unwrap_or_default(),
            negative_ttl: chain_ttl(zone),
        }
    }
}

/// Which keys have signed zone data together in a signed zone.
pub(super) fn data_signers_of(zone: &Zone) -> BTreeSet<Vec<KeyName>> {
    let mut sets = BTreeSet::new();
    let mut signers = Vec::new();
    for node in zone.nodes() {
        let is_apex = node.status() == NodeStatus::Apex;
        for rrsigs in node.rrsets().filter(|rrset| rrset.rtype() == Rtype::RRSIG) {
            if is_apex && matches!(rrsigs.covered(), Some(Rtype::DNSKEY | Rtype::CDS | Rtype::CDNSKEY)) {
                continue;
            }
            signers.clear();
            let rrsigs = rrsigs.records().filter_map(|record| Rrsig::parse(record.rdata()));
            signers.extend(rrsigs.map(|rrsig| (rrsig.algorithm, rrsig.key_tag)));
            signers.sort_unstable();
            if !sets.contains(&signers) {
                sets.insert(signers.clone());
            }
        }
    }
    sets
}
