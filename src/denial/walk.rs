//! The owners of the signed zone in canonical order.

use super::Denial;
use crate::base::{Name, text};
use crate::zone::{NodeStatus, Zone};
use std::cmp::Ordering;

/// An owner of the signed zone: a node of the zone, a record of the chain, or both at one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnerItem {
    /// The node whose records stand here; `None` for a name that exists only as an NSEC3 owner.
    pub node: Option<u32>,
    /// The chain's record that stands here. With NSEC3 that is seldom the one about the node's own name: an ordinary
    /// name may happen to be some other name's hash (N3-8).
    pub link: Option<u32>,
}

/// Iterator over the owners of the signed zone in canonical order; see [`Denial::walk`].
///
/// Empty non-terminals own nothing in the signed zone and do not appear, unless an NSEC3 record stands at one.
#[derive(Clone, Debug)]
pub struct Walk<'a> {
    zone: &'a Zone,
    denial: &'a Denial,
    node: u32,
    link: u32,
    /// With NSEC3 the label of the next link, in lower case.
    hash_label: Vec<u8>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(zone: &'a Zone, denial: &'a Denial) -> Self {
        let mut walk = Self { zone, denial, node: 0, link: 0, hash_label: Vec::new() };
        walk.read_hash_label();
        walk
    }

    /// Keeps `hash_label` true after `link` has moved.
    fn read_hash_label(&mut self) {
        if let Denial::Nsec3(chain) = self.denial
            && let Some(link) = chain.links().get(self.link as usize)
        {
            self.hash_label.clear();
            text::push_base32hex(&link.hash, &mut self.hash_label);
        }
    }

    /// How the next link's owner compares with the next node's; a side that has run out is the greater.
    fn compare(&self) -> Ordering {
        let has_link = (self.link as usize) < self.denial.len();
        let has_node = (self.node as usize) < self.zone.node_count();
        match (has_link, has_node) {
            (true, false) => return Ordering::Less,
            (false, _) => return Ordering::Greater,
            (true, true) => {}
        }
        match self.denial {
            Denial::Nsec(chain) => chain.links()[self.link as usize].cmp(&self.node),
            Denial::Nsec3(_) => self.compare_hash(self.zone.node(self.node as usize).owner()),
        }
    }

    /// How the next NSEC3 owner compares with a name in the zone: by the label next to the apex, and if that is the
    /// same, the NSEC3 owner is the name or above it.
    fn compare_hash(&self, name: Name<'_>) -> Ordering {
        let mut labels = &name.as_wire()[..name.as_wire().len() - self.zone.apex().as_wire().len()];
        let mut top: &[u8] = &[];
        let mut count = 0;
        while let Some((&len, rest)) = labels.split_first() {
            (top, labels) = rest.split_at(usize::from(len));
            count += 1;
        }
        if count == 0 {
            return Ordering::Greater;
        }
        let lowered = top.iter().map(u8::to_ascii_lowercase);
        self.hash_label.iter().copied().cmp(lowered).then(1.cmp(&count))
    }
}

impl Iterator for Walk<'_> {
    type Item = OwnerItem;

    fn next(&mut self) -> Option<OwnerItem> {
        loop {
            let order = self.compare();
            let mut item = OwnerItem { node: None, link: None };
            if order != Ordering::Greater {
                item.link = Some(self.link);
                self.link += 1;
                self.read_hash_label();
            }
            if order != Ordering::Less {
                if self.node as usize >= self.zone.node_count() {
                    return None;
                }
                item.node = Some(self.node);
                self.node += 1;
            }
            let is_empty = |node: u32| self.zone.node(node as usize).status() == NodeStatus::EmptyNonTerminal;
            if item.link.is_none() && item.node.is_some_and(is_empty) {
                continue;
            }
            return Some(item);
        }
    }
}
