//! Comparing what two zones say, apart from what a signer adds.

use super::{NodeRef, RecordRef, RrsetRef, Zone};
use crate::base::{Name, Rtype, sort_key};
use crate::rdata;
use std::cmp::Ordering;

/// How `right` differs from `left`, one line a difference, at most `lines_max` of them; empty if the zones say the same.
///
/// RRSIG, NSEC and NSEC3 records do not count, nor do RRsets of `apex_types` at the apex. Owners compare without case,
/// RDATA octet for octet.
#[must_use]
pub fn differences(left: &Zone, right: &Zone, apex_types: &[Rtype], lines_max: usize) -> Vec<String> {
    let mut lines = Vec::new();
    if left.apex() != right.apex() {
        lines.push(format!("the zone is \"{}\", not \"{}\"", right.apex(), left.apex()));
        return lines;
    }
    let owner_order = |left: &NodeRef<'_>, right: &NodeRef<'_>| sort_key::canonical_cmp(left.owner(), right.owner());
    let type_order = |left: &RrsetRef<'_>, right: &RrsetRef<'_>| left.rtype().cmp(&right.rtype());
    let has_content = |node: &NodeRef<'_>| content(Some(*node), apex_types).next().is_some();
    for (left, right) in merge(left.nodes().filter(has_content), right.nodes().filter(has_content), owner_order) {
        let Some(owner) = left.or(right).map(NodeRef::owner) else { continue };
        for (left, right) in merge(content(left, apex_types), content(right, apex_types), type_order) {
            if lines.len() >= lines_max {
                return lines;
            }
            lines.extend(rrset_difference(owner, left, right));
        }
    }
    lines
}

/// The RRsets of a node that count.
fn content<'a>(node: Option<NodeRef<'a>>, apex_types: &'a [Rtype]) -> impl Iterator<Item = RrsetRef<'a>> {
    let skipped_at_apex = if node.is_some_and(|node| node.index() == 0) { apex_types } else { &[] };
    let is_chain = |rtype| matches!(rtype, Rtype::RRSIG | Rtype::NSEC | Rtype::NSEC3);
    node.into_iter()
        .flat_map(NodeRef::rrsets)
        .filter(move |rrset| !is_chain(rrset.rtype()) && !skipped_at_apex.contains(&rrset.rtype()))
}

/// Pairs up what two ascending sequences share.
pub(crate) fn merge<T>(
    left: impl Iterator<Item = T>,
    right: impl Iterator<Item = T>,
    compare: impl Fn(&T, &T) -> Ordering,
) -> impl Iterator<Item = (Option<T>, Option<T>)> {
    let (mut left, mut right) = (left.peekable(), right.peekable());
    std::iter::from_fn(move || {
        let order = match (left.peek(), right.peek()) {
            (None, None) => return None,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(left), Some(right)) => compare(left, right),
        };
        Some(match order {
            Ordering::Less => (left.next(), None),
            Ordering::Equal => (left.next(), right.next()),
            Ordering::Greater => (None, right.next()),
        })
    })
}

/// What differs between two RRsets of one owner and type, if anything does.
fn rrset_difference(owner: Name<'_>, left: Option<RrsetRef<'_>>, right: Option<RrsetRef<'_>>) -> Option<String> {
    let (left, right) = match (left, right) {
        (Some(left), Some(right)) => (left, right),
        (Some(left), None) => return Some(format!("\"{owner} {}\" is missing", left.rtype())),
        (None, Some(right)) => return Some(format!("\"{owner} {}\" is new", right.rtype())),
        (None, None) => return None,
    };
    if left.ttl() != right.ttl() {
        return Some(format!("\"{owner} {}\" has TTL {}, not {}", left.rtype(), right.ttl(), left.ttl()));
    }
    let text = |record: RecordRef<'_>| {
        let mut out = Vec::new();
        rdata::push_text(left.rtype(), record.rdata(), &mut out);
        String::from_utf8_lossy(&out).into_owned()
    };
    let rtype = left.rtype();
    let (mut was, mut is) = (left.records(), right.records());
    loop {
        return match (was.next(), is.next()) {
            (None, None) => None,
            (Some(was), None) => Some(format!("\"{owner} {rtype}\" lacks the record {}", text(was))),
            (None, Some(is)) => Some(format!("\"{owner} {rtype}\" has a new record {}", text(is))),
            (Some(was), Some(is)) if was.rdata() == is.rdata() => continue,
            (Some(was), Some(is)) => {
                Some(format!("\"{owner} {rtype}\" has the record {} in place of {}", text(is), text(was)))
            }
        };
    }
}
