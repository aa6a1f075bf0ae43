//! The NSEC chain (RFC 4034 section 4, RFC 4035 section 2.3).

use crate::base::{Name, Rtype};
use crate::zone::Zone;

/// The owners of NSEC records, in canonical order.
#[derive(Clone, Debug)]
pub struct NsecChain {
    links: Vec<u32>,
}

impl NsecChain {
    /// The chain of a zone: every name with authoritative data or a delegation; no empty non-terminals, no glue, nothing
    /// occluded (NSEC-1).
    #[must_use]
    pub fn build(zone: &Zone) -> Self {
        let owners = (0u32..).zip(zone.nodes()).filter(|(_, node)| super::is_chain_owner(node.status()));
        Self { links: owners.map(|(index, _)| index).collect() }
    }

    /// No chain: a zone that is not signed has nothing to prove with.
    #[must_use]
    pub const fn none() -> Self {
        Self { links: Vec::new() }
    }

    /// Node indices, ascending.
    #[must_use]
    pub fn links(&self) -> &[u32] {
        &self.links
    }

    /// The owner of a link.
    #[must_use]
    pub fn owner<'z>(&self, zone: &'z Zone, link: usize) -> Name<'z> {
        zone.node(self.links[link] as usize).owner()
    }

    /// Appends the RDATA of a link: the next owner, spelled as in the file, for it is not lowered when signed (RFC 6840
    /// section 5.1, CAN-3), and the types at this one. The last link points to the first, the apex (NSEC-2).
    pub fn push_rdata(&self, zone: &Zone, link: usize, out: &mut Vec<u8>) {
        let next = (link + 1) % self.links.len();
        out.extend_from_slice(self.owner(zone, next).as_wire());
        // The NSEC record itself is signed, so both bits are always there (NSEC-3).
        super::push_bitmap(zone.node(self.links[link] as usize), &[Rtype::RRSIG, Rtype::NSEC], out);
    }
}
