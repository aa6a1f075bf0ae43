//! What changed from one version of a zone to the next, record by record.

use super::compare::merge;
use super::{RecordRef, RrsetRef, Zone};
use crate::base::{Name, Rtype, Ttl, sort_key};
use crate::rdata;
use std::borrow::Cow;

/// A record that only one of two zones has.
#[derive(Clone, Copy, Debug)]
pub struct Change<'z> {
    /// Whether the new zone has it, else the old one.
    pub is_added: bool,
    /// Its owner, as that zone spells it.
    pub owner: Name<'z>,
    /// Its type.
    pub rtype: Rtype,
    /// Its TTL.
    pub ttl: Ttl,
    /// Its RDATA in wire form.
    pub rdata: &'z [u8],
    /// The record itself, for where it stands.
    pub record: RecordRef<'z>,
}

/// The records that differ between two zones of one name, in canonical order; of an RRset those that go before those
/// that come. Names compare without case, in RDATA where its canonical form has none (CAN-2); a record with another TTL
/// is another record. `counts` says which types matter, at the apex or elsewhere.
pub fn changes<'z>(
    old: &'z Zone,
    new: &'z Zone,
    counts: impl Fn(Rtype, bool) -> bool + Copy + 'z,
) -> impl Iterator<Item = Change<'z>> {
    let nodes = merge(old.nodes(), new.nodes(), |a, b| sort_key::canonical_cmp(a.owner(), b.owner()));
    nodes.flat_map(move |(old, new)| {
        let is_apex = old.or(new).is_some_and(|node| node.index() == 0);
        let of = move |node: Option<super::NodeRef<'z>>| {
            let rrsets = node.into_iter().flat_map(|node| node.rrsets().map(move |rrset| (node.owner(), rrset)));
            rrsets.filter(move |(_, rrset)| counts(rrset.rtype(), is_apex))
        };
        let order = |rrset: &RrsetRef<'_>| (rrset.rtype(), rrset.covered());
        merge(of(old), of(new), move |a, b| order(&a.1).cmp(&order(&b.1))).flat_map(|(old, new)| of_rrset(old, new))
    })
}

/// An RRset with the name it belongs to.
type Owned<'z> = (Name<'z>, RrsetRef<'z>);

/// What changed in one RRset: what goes, then what comes.
fn of_rrset<'z>(old: Option<Owned<'z>>, new: Option<Owned<'z>>) -> Vec<Change<'z>> {
    let both = old.zip(new).map(|((_, old), (_, new))| (old, new));
    if both.is_some_and(|(old, new)| is_same(old, new)) {
        return Vec::new();
    }
    let (mut removed, mut added) = (Vec::new(), Vec::new());
    let records = |owned: Option<Owned<'z>>| {
        owned.into_iter().flat_map(|(owner, rrset)| rrset.records().map(move |record| (owner, rrset.rtype(), record)))
    };
    let order = |a: &(_, _, _), b: &(_, _, _)| key(a.1, a.2).cmp(&key(b.1, b.2));
    for pair in merge(records(old), records(new), order) {
        match pair {
            (Some(record), None) => removed.push(change(record, false)),
            (None, Some(record)) => added.push(change(record, true)),
            _ => {}
        }
    }
    removed.append(&mut added);
    removed
}

/// Whether two RRsets are the same octet for octet, as nearly all are.
fn is_same(old: RrsetRef<'_>, new: RrsetRef<'_>) -> bool {
    let same = |(old, new): (RecordRef<'_>, RecordRef<'_>)| old.rdata() == new.rdata() && old.ttl() == new.ttl();
    old.len() == new.len() && old.records().zip(new.records()).all(same)
}

/// What makes a record of an RRset the same as another; ascends as records of an RRset do.
fn key(rtype: Rtype, record: RecordRef<'_>) -> (Cow<'_, [u8]>, Ttl) {
    let rdata = record.rdata();
    let canonical = if rdata::is_canonical(rtype, rdata) {
        Cow::Borrowed(rdata)
    } else {
        let mut lowered = Vec::with_capacity(rdata.len());
        rdata::push_canonical(rtype, rdata, &mut lowered);
        Cow::Owned(lowered)
    };
    (canonical, record.ttl())
}

fn change<'z>((owner, rtype, record): (Name<'z>, Rtype, RecordRef<'z>), is_added: bool) -> Change<'z> {
    Change { is_added, owner, rtype, ttl: record.ttl(), rdata: record.rdata(), record }
}
