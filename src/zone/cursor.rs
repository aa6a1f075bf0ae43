//! Walking along two zones at once.

use super::{NodeRef, Zone};
use crate::base::{Name, sort_key};
use std::cmp::Ordering;

/// Walks along the nodes of a zone with names in canonical order.
#[derive(Debug)]
pub(crate) struct Cursor<'z> {
    zone: &'z Zone,
    next: Option<usize>,
}

impl<'z> Cursor<'z> {
    pub(crate) const fn new(zone: &'z Zone) -> Self {
        Self { zone, next: None }
    }

    /// The node of a name, which is after the one asked for before.
    pub(crate) fn node_at(&mut self, name: Name<'_>) -> Option<NodeRef<'z>> {
        // The first name may be anywhere; from there it is a walk.
        let mut next = self.next.unwrap_or_else(|| self.zone.lower_bound(name));
        let found = loop {
            if next >= self.zone.node_count() {
                break None;
            }
            let node = self.zone.node(next);
            match sort_key::canonical_cmp(node.owner(), name) {
                Ordering::Less => next += 1,
                Ordering::Equal => break Some(node),
                Ordering::Greater => break None,
            }
        };
        self.next = Some(next);
        found
    }
}
