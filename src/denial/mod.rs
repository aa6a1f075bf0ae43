//! Denial of existence: the NSEC or NSEC3 chain of a zone. No keys, no clock.
//!
//! ```text
//! Zone (apex complete) ── build ──▶ chain: links ── walk ──▶ owners of the signed zone in canonical order
//!                                             └── push_rdata: one record at a time, into the caller's buffer
//! ```
//!
//! Bitmaps tell what the zone holds when they are written, so whatever the signer adds to the apex (DNSKEY, CDS,
//! CDNSKEY, NSEC3PARAM, a ZONEMD placeholder) must be there by then, and RRSIG, NSEC and NSEC3 records of an earlier
//! signing must be gone before the zone is built (SIG-16).

pub mod nsec;
pub mod nsec3;
mod walk;

pub use nsec::NsecChain;
pub use nsec3::{Nsec3Chain, Nsec3Error, Nsec3Link, Nsec3Params};
pub use walk::{OwnerItem, Walk};

use crate::base::{Rtype, Ttl};
use crate::zone::{NodeRef, NodeStatus, Zone};

/// The chain of a zone, of either kind.
#[derive(Clone, Debug)]
pub enum Denial {
    /// NSEC records (RFC 4034 section 4).
    Nsec(NsecChain),
    /// NSEC3 records (RFC 5155).
    Nsec3(Nsec3Chain),
}

impl Denial {
    /// The type of the chain's records.
    #[must_use]
    pub const fn rtype(&self) -> Rtype {
        match self {
            Self::Nsec(_) => Rtype::NSEC,
            Self::Nsec3(_) => Rtype::NSEC3,
        }
    }

    /// How many records the chain has.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Nsec(chain) => chain.links().len(),
            Self::Nsec3(chain) => chain.links().len(),
        }
    }

    /// Whether the chain has no record; never so for one that was built, which holds at least the apex.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends the owner of a link in wire form.
    pub fn push_owner(&self, zone: &Zone, link: usize, out: &mut Vec<u8>) {
        match self {
            Self::Nsec(chain) => out.extend_from_slice(chain.owner(zone, link).as_wire()),
            Self::Nsec3(chain) => chain.push_owner(zone, link, out),
        }
    }

    /// Appends the RDATA of a link.
    pub fn push_rdata(&self, zone: &Zone, link: usize, out: &mut Vec<u8>) {
        match self {
            Self::Nsec(chain) => chain.push_rdata(zone, link, out),
            Self::Nsec3(chain) => chain.push_rdata(zone, link, out),
        }
    }

    /// The owners of the signed zone in canonical order: the zone's nodes that own records, with the chain's records at
    /// them or between them.
    #[must_use]
    pub fn walk<'a>(&'a self, zone: &'a Zone) -> Walk<'a> {
        Walk::new(zone, self)
    }
}

/// The TTL of NSEC and NSEC3 records: the lesser of the SOA record's TTL and its MINIMUM field (RFC 9077 section 3,
/// NSEC-5).
#[must_use]
pub fn chain_ttl(zone: &Zone) -> Ttl {
    let soa_ttl = zone.apex_node().rrset(Rtype::SOA).map_or(Ttl::MAX, |soa| soa.ttl());
    // A MINIMUM beyond the range of TTLs is above every SOA TTL.
    Ttl::new(zone.soa().minimum).map_or(soa_ttl, |minimum| minimum.min(soa_ttl))
}

/// Whether a node has data that a chain of either kind must account for (NSEC-1, N3-3); empty non-terminals, which only
/// NSEC3 counts, apart.
const fn is_chain_owner(status: NodeStatus) -> bool {
    match status {
        NodeStatus::Apex | NodeStatus::Authoritative | NodeStatus::Delegation => true,
        NodeStatus::Occluded | NodeStatus::EmptyNonTerminal => false,
    }
}

/// The types at a node that the parent side of a chain speaks of, ascending, without RRSIG, NSEC and NSEC3: at a
/// delegation NS and DS alone, for the rest of what stands there belongs to the child (RFC 4035 section 2.3, NSEC-3).
fn listed_types(node: NodeRef<'_>) -> impl Iterator<Item = Rtype> {
    let is_delegation = node.status() == NodeStatus::Delegation;
    node.rrsets().map(|rrset| rrset.rtype()).filter(move |&rtype| {
        let is_ours = matches!(rtype, Rtype::RRSIG | Rtype::NSEC | Rtype::NSEC3);
        !is_ours && (!is_delegation || matches!(rtype, Rtype::NS | Rtype::DS))
    })
}

/// Appends the bitmap of a node: its listed types, and those added.
fn push_bitmap(node: NodeRef<'_>, added: &[Rtype], out: &mut Vec<u8>) {
    crate::rdata::bitmap::push_bitmap(listed_types(node).chain(added.iter().copied()), out);
}
