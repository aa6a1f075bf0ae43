//! Proofs that a name has no DS: what a parent's authority section must hold for an empty DS set to be believed
//! (RFC 4035 section 5.4, RFC 5155 sections 8.4 to 8.6, RFC 6840 section 4.1).

use super::message::Record;
use super::signed::rrsets;
use crate::base::sort_key::canonical_cmp;
use crate::base::text::decode_base32hex;
use crate::base::{Name, Rtype, UnixTime};
use crate::crypto::digest::nsec3_hash;
use crate::rdata::bitmap::TypeBitmap;
use crate::rdata::nsec3::{HASH_SHA1, Nsec3};
use std::cmp::Ordering;

/// More rounds are not followed: RFC 9276 asks for none, and they cost the one who checks.
const ITERATIONS_MAX: u16 = 150;

/// Whether verified records of an authority section prove that `child` has no DS in the zone `parent`.
///
/// # Errors
/// The reason if they do not.
pub(super) fn prove_no_ds(
    authority: &[Record],
    child: Name<'_>,
    parent: Name<'_>,
    keys: &[Vec<u8>],
    now: UnixTime,
) -> Result<(), String> {
    let mut nsec3s = Vec::new();
    let mut faults = Vec::new();
    let rrsets = rrsets(authority);
    for rrset in rrsets.iter().filter(|rrset| matches!(rrset.rtype, Rtype::NSEC | Rtype::NSEC3)) {
        if let Err(why) = rrset.verify(parent, keys, now) {
            faults.push(format!("the {} RRset of {} {why}", rrset.rtype, rrset.owner));
            continue;
        }
        for rdata in &rrset.rdatas {
            if rrset.rtype == Rtype::NSEC {
                if nsec_proves(rrset.owner, rdata, child) {
                    return Ok(());
                }
            } else {
                nsec3s.extend(Link::new(rrset.owner, rdata, parent));
            }
        }
    }
    if nsec3_proves(&nsec3s, child, parent) {
        return Ok(());
    }
    faults.push(format!("no signed NSEC or NSEC3 record proves that {child} has no DS"));
    Err(faults.join("; "))
}

/// Whether types at the child's own name say that the parent has no DS for it: those of the child's apex say nothing.
fn types_deny(types: TypeBitmap<'_>) -> bool {
    ![Rtype::DS, Rtype::SOA, Rtype::CNAME].iter().any(|&rtype| types.contains(rtype))
}

/// Whether records below a name with these types belong to another zone, or to another place in the tree.
fn is_cut(types: TypeBitmap<'_>) -> bool {
    types.contains(Rtype::DNAME) || (types.contains(Rtype::NS) && !types.contains(Rtype::SOA))
}

/// An NSEC at the child's name, or one that shows there is no such name.
fn nsec_proves(owner: Name<'_>, rdata: &[u8], child: Name<'_>) -> bool {
    let Ok((next, types)) = Name::parse_wire(rdata) else { return false };
    let Some(types) = TypeBitmap::parse(types) else { return false };
    if owner == child {
        return types_deny(types);
    }
    // A name with children exists: its NSEC's neighbour lies below it, and it has no DS as an empty non-terminal.
    let is_before = |left: Name<'_>, right: Name<'_>| canonical_cmp(left, right) == Ordering::Less;
    let covers = match is_before(owner, next) {
        true => is_before(owner, child) && is_before(child, next),
        // The last one points back to the apex.
        false => is_before(owner, child) && child.is_below(next),
    };
    covers && !(child.is_below(owner) && is_cut(types))
}

/// An NSEC3 with its owner's hash.
struct Link<'a> {
    hash: Vec<u8>,
    nsec3: Nsec3<'a>,
}

impl<'a> Link<'a> {
    /// `None` for records that say nothing here: of another zone, malformed, or of a hash that is not followed.
    fn new(owner: Name<'_>, rdata: &'a [u8], parent: Name<'_>) -> Option<Self> {
        let nsec3 = Nsec3::parse(rdata)?;
        let mut hash = Vec::new();
        let is_direct_child = owner.parent().is_some_and(|zone| zone == parent);
        let is_hash = owner.labels().next().is_some_and(|label| decode_base32hex(label, &mut hash));
        let is_followed = nsec3.hash_algorithm == HASH_SHA1 && nsec3.iterations <= ITERATIONS_MAX;
        (is_direct_child && is_hash && is_followed).then_some(Self { hash, nsec3 })
    }

    fn hash_of(&self, name: Name<'_>) -> [u8; 20] {
        let mut canonical = Vec::new();
        name.push_canonical(&mut canonical);
        nsec3_hash(&canonical, self.nsec3.iterations, self.nsec3.salt)
    }

    fn matches(&self, name: Name<'_>) -> bool {
        self.hash == self.hash_of(name)
    }

    fn covers(&self, name: Name<'_>) -> bool {
        let hash = self.hash_of(name);
        let (hash, owner, next) = (hash.as_slice(), self.hash.as_slice(), self.nsec3.next_hashed);
        match owner < next {
            true => owner < hash && hash < next,
            false => owner < hash || hash < next,
        }
    }
}

/// An NSEC3 at the child's name; or a closest encloser and a record that covers the next closer name, which with opt-out
/// hides a delegation without DS, and without it shows that there is no such name.
fn nsec3_proves(links: &[Link<'_>], child: Name<'_>, parent: Name<'_>) -> bool {
    if let Some(link) = links.iter().find(|link| link.matches(child)) {
        return types_deny(link.nsec3.types);
    }
    let mut next_closer = child;
    while let Some(encloser) = next_closer.parent().filter(|encloser| encloser.is_at_or_below(parent)) {
        if let Some(link) = links.iter().find(|link| link.matches(encloser)) {
            return !is_cut(link.nsec3.types) && links.iter().any(|link| link.covers(next_closer));
        }
        next_closer = encloser;
    }
    false
}
