//! The NSEC3 chain (RFC 5155 section 7.1, N3-1 to N3-9).

use crate::base::{Name, NameBuf, Rtype, text};
use crate::crypto::digest::nsec3_hash;
use crate::zone::{NodeStatus, Zone};
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use rayon::slice::ParallelSliceMut;
use std::fmt;

/// Hash algorithm 1, SHA-1: the only one there is (ALG-1).
const HASH_SHA1: u8 = 1;
/// Octets of a hash.
const HASH_LEN: u8 = 20;
/// Characters of a hash in base32hex: one label.
const HASH_LABEL_LEN: u8 = 32;
/// The opt-out bit of the flags field.
const FLAG_OPT_OUT: u8 = 1;
/// Longest zone name that leaves room for a hash label in front (RFC 5155 section 10.1, N3-2).
pub const ZONE_NAME_LEN_MAX: usize = crate::base::name::NAME_LEN_MAX - 1 - HASH_LABEL_LEN as usize;

/// How names are hashed, and whether insecure delegations are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Nsec3Params {
    /// Hash rounds after the first; 0 is the only good value (RFC 9276 section 3.1, N3-10).
    pub iterations: u16,
    /// At most 255 octets; best none.
    pub salt: Vec<u8>,
    /// Leaves insecure delegations out, and sets the flag in every record of the chain.
    pub opt_out: bool,
}

impl Nsec3Params {
    /// Appends the RDATA of the NSEC3PARAM record. Its flags are 0 even with opt-out (RFC 5155 section 4.1.2, N3-5).
    pub fn push_nsec3param(&self, out: &mut Vec<u8>) {
        self.push_fields(0, out);
    }

    /// Appends what NSEC3 and NSEC3PARAM begin with.
    fn push_fields(&self, flags: u8, out: &mut Vec<u8>) {
        out.extend_from_slice(&[HASH_SHA1, flags]);
        out.extend_from_slice(&self.iterations.to_be_bytes());
        out.push(u8::try_from(self.salt.len()).expect("checked when the chain was built"));
        out.extend_from_slice(&self.salt);
    }
}

/// One NSEC3 record to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nsec3Link {
    /// Hash of the node's name.
    pub hash: [u8; 20],
    /// Index of the node.
    pub node: u32,
}

/// The NSEC3 records of a zone, ascending by hash (N3-6).
#[derive(Clone, Debug)]
pub struct Nsec3Chain {
    params: Nsec3Params,
    links: Vec<Nsec3Link>,
}

/// Why a zone has no NSEC3 chain.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Nsec3Error {
    /// Two names of one hash (RFC 5155 section 7.1, N3-7). Only somebody who looked for it long will see this.
    Collision {
        /// The one earlier in the zone.
        first: NameBuf,
        /// The other.
        second: NameBuf,
    },
    /// No room for a hash in front of the apex; usual cause: a zone deep in a generated tree.
    ZoneNameTooLong {
        /// The zone.
        apex: NameBuf,
    },
    /// A salt of more than 255 octets.
    SaltTooLong {
        /// How many it has.
        octets: usize,
    },
}

impl fmt::Display for Nsec3Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Collision { first, second } => write!(
                f,
                "\"{first}\" and \"{second}\" have the same NSEC3 hash; choose another salt (RFC 5155 section 7.1)"
            ),
            Self::ZoneNameTooLong { apex } => write!(
                f,
                "the zone name \"{apex}\" has {} octets, and NSEC3 leaves room for {ZONE_NAME_LEN_MAX}; use NSEC (RFC 5155 section 10.1)",
                apex.as_name().as_wire().len()
            ),
            Self::SaltTooLong { octets } => {
                write!(f, "the NSEC3 salt has {octets} octets, at most 255 fit; best use none (RFC 5155 section 3.1.5)")
            }
        }
    }
}

impl std::error::Error for Nsec3Error {}

impl Nsec3Chain {
    /// The chain of a zone.
    ///
    /// The hash of the wildcard that might stand below each name is not checked for collisions, which RFC 5155 section
    /// 7.1 leaves open: it would double the hashing, and a zone of 2^30 names meets one with a chance of 2^-100.
    ///
    /// # Errors
    /// See [`Nsec3Error`].
    pub fn build(zone: &Zone, params: Nsec3Params) -> Result<Self, Nsec3Error> {
        if zone.apex().as_wire().len() > ZONE_NAME_LEN_MAX {
            return Err(Nsec3Error::ZoneNameTooLong { apex: zone.apex().to_owned() });
        }
        if params.salt.len() > usize::from(u8::MAX) {
            return Err(Nsec3Error::SaltTooLong { octets: params.salt.len() });
        }
        let hash = |canonical: &mut Vec<u8>, &node: &u32| {
            canonical.clear();
            zone.node(node as usize).owner().push_canonical(canonical);
            Nsec3Link { hash: nsec3_hash(canonical, params.iterations, &params.salt), node }
        };
        let mut links: Vec<_> = hashed_nodes(zone, params.opt_out).par_iter().map_init(Vec::new, hash).collect();
        links.par_sort_unstable_by_key(|link| (link.hash, link.node));
        if let Some([first, second]) = collision(&links) {
            let name = |node: u32| zone.node(node as usize).owner().to_owned();
            return Err(Nsec3Error::Collision { first: name(first), second: name(second) });
        }
        Ok(Self { params, links })
    }

    /// How names were hashed.
    #[must_use]
    pub const fn params(&self) -> &Nsec3Params {
        &self.params
    }

    /// The links, ascending by hash.
    #[must_use]
    pub fn links(&self) -> &[Nsec3Link] {
        &self.links
    }

    /// Appends the owner of a link in wire form: the hash as one label in lower case, then the apex.
    pub fn push_owner(&self, zone: &Zone, link: usize, out: &mut Vec<u8>) {
        out.push(HASH_LABEL_LEN);
        text::push_base32hex(&self.links[link].hash, out);
        out.extend_from_slice(zone.apex().as_wire());
    }

    /// Appends the RDATA of a link. The last one points to the first.
    pub fn push_rdata(&self, zone: &Zone, link: usize, out: &mut Vec<u8>) {
        let flags = if self.params.opt_out { FLAG_OPT_OUT } else { 0 };
        self.params.push_fields(flags, out);
        out.push(HASH_LEN);
        out.extend_from_slice(&self.links[(link + 1) % self.links.len()].hash);
        let node = zone.node(self.links[link].node as usize);
        // RRSIG only where something is signed: not at an empty non-terminal, whose bitmap is empty, and not at an
        // insecure delegation (RFC 5155 section 7.1, N3-4).
        let is_signed = match node.status() {
            NodeStatus::EmptyNonTerminal => false,
            NodeStatus::Delegation => node.has(Rtype::DS),
            _ => true,
        };
        super::push_bitmap(node, if is_signed { &[Rtype::RRSIG] } else { &[] }, out);
    }
}

/// Two nodes of one hash, if there are; links ascend by hash, then by node.
fn collision(links: &[Nsec3Link]) -> Option<[u32; 2]> {
    let pair = links.windows(2).find(|pair| pair[0].hash == pair[1].hash)?;
    Some([pair[0].node, pair[1].node])
}

/// The nodes that get an NSEC3 record (N3-3): all but the occluded ones; with opt-out no insecure delegation, and no
/// empty non-terminal that has nothing but such delegations below it.
fn hashed_nodes(zone: &Zone, opt_out: bool) -> Vec<u32> {
    let nodes = (0u32..).zip(zone.nodes());
    if !opt_out {
        return nodes.filter(|(_, node)| node.status() != NodeStatus::Occluded).map(|(index, _)| index).collect();
    }
    let mut hashed = Vec::new();
    // Empty non-terminals above the name at hand, topmost first, that nothing below them has called for yet.
    let mut waiting: Vec<(u32, Name<'_>)> = Vec::new();
    for (index, node) in nodes {
        while waiting.last().is_some_and(|(_, above)| !node.owner().is_below(*above)) {
            waiting.pop();
        }
        match node.status() {
            NodeStatus::Occluded => {}
            NodeStatus::EmptyNonTerminal => waiting.push((index, node.owner())),
            NodeStatus::Delegation if !node.has(Rtype::DS) => {}
            NodeStatus::Apex | NodeStatus::Authoritative | NodeStatus::Delegation => {
                hashed.extend(waiting.drain(..).map(|(index, _)| index));
                hashed.push(index);
            }
        }
    }
    hashed
}

#[cfg(test)]
mod tests {
    use super::*;

    /// N3-7. Nobody has two names of one hash to make a zone of, so the search is tried on hashes alone.
    #[test]
    fn rfc5155_7_1_collisions_are_found() {
        let link = |first_octet: u8, node: u32| {
            let mut hash = [0xff; 20];
            hash[0] = first_octet;
            Nsec3Link { hash, node }
        };
        assert_eq!(collision(&[]), None);
        assert_eq!(collision(&[link(0, 5), link(1, 0), link(2, 7)]), None);
        assert_eq!(collision(&[link(0, 5), link(1, 0), link(1, 7)]), Some([0, 7]));
        let error = Nsec3Error::Collision { first: "a.example".parse().unwrap(), second: "b.example".parse().unwrap() };
        assert_eq!(
            error.to_string(),
            "\"a.example.\" and \"b.example.\" have the same NSEC3 hash; choose another salt (RFC 5155 section 7.1)"
        );
    }
}
