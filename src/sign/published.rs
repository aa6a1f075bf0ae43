//! What a signing puts out, for whoever keeps a record of what the world may have seen.

use super::plan::{KeyName, Plan, is_zone_data};
use crate::base::{Rtype, Ttl};
use crate::denial::chain_ttl;
use crate::rdata::rrsig::Rrsig;
use crate::zone::{NodeRef, NodeStatus, RrsetRef, Zone};
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
    /// The largest TTL of zone data.
    pub max_ttl: Ttl,
    /// How long caches remember that something does not exist: min(SOA TTL, SOA MINIMUM).
    pub negative_ttl: Ttl,
    /// RDATA of the CDS RRset.
    pub cds: Vec<Vec<u8>>,
    /// RDATA of the CDNSKEY RRset.
    pub cdnskey: Vec<Vec<u8>>,
}

impl Published {
    /// Of a zone with its final apex, whose data was signed by these keys together.
    pub(super) fn new(zone: &Zone, plan: &Plan<'_>, data_signers: BTreeSet<Vec<KeyName>>) -> Self {
        Self {
            dnskeys: rdatas(zone, Rtype::DNSKEY),
            dnskey_ttl: zone.apex_node().rrset(Rtype::DNSKEY).map_or(Ttl::ZERO, |rrset| rrset.ttl()),
            dnskey_signers: plan.dnskey_signers().map(|key| (key.algorithm(), key.key_tag)).collect(),
            data_signers: data_signers.into_iter().map(|set| set.into_iter().collect()).collect(),
            max_ttl: zone.nodes().flat_map(data_ttls).max().unwrap_or_default(),
            negative_ttl: chain_ttl(zone),
            cds: rdatas(zone, Rtype::CDS),
            cdnskey: rdatas(zone, Rtype::CDNSKEY),
        }
    }
}

/// RDATA of an apex RRset.
fn rdatas(zone: &Zone, rtype: Rtype) -> Vec<Vec<u8>> {
    let rrset = zone.apex_node().rrset(rtype);
    rrset.iter().flat_map(|rrset| rrset.records()).map(|record| record.rdata().to_vec()).collect()
}

/// The TTLs of the zone data at a node.
fn data_ttls(node: NodeRef<'_>) -> impl Iterator<Item = Ttl> {
    let is_data = move |rrset: &RrsetRef<'_>| is_zone_data(node.status(), rrset.rtype());
    node.rrsets().filter(is_data).map(|rrset| rrset.ttl())
}

/// Which keys have signed zone data together in a zone as it stands; nobody if there is no signature.
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
    if sets.is_empty() {
        sets.insert(Vec::new());
    }
    sets
}
