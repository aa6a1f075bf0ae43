//! From the records of a file to a zone that may be signed.

use super::options::is_dropped_from_input;
use super::previous::Previous;
use crate::base::{Diagnostics, NameBuf};
use crate::zone::{BuildOptions, RecordStore, Zone, build, check};

/// A zone to be signed.
#[derive(Debug)]
pub struct Loaded {
    /// The zone, without what an earlier signing made.
    pub zone: Zone,
    /// How many records an earlier signing had made.
    pub dropped: u64,
    /// The zone as it was signed the last time, to keep what still stands.
    pub previous: Option<Previous>,
    /// The last serial that is known to have been published, by other word than that of `previous`: what is signed gets no
    /// earlier one.
    pub published: Option<u32>,
}

/// Builds and checks a zone to be signed: records that signing makes are dropped first. `None`, with errors in
/// `findings`, if there is no zone that could be signed; a zone with errors in `findings` must not be.
#[must_use]
pub fn load(mut store: RecordStore, options: &BuildOptions, findings: &mut Diagnostics) -> Option<Loaded> {
    let dropped = drop_signed(&mut store, options.apex.as_ref());
    let zone = build(store, options, findings)?;
    check::check(&zone, findings);
    Some(Loaded { zone, dropped, previous: None, published: None })
}

/// Drops what an earlier signing made (SIG-16); returns how many records. Without a name for the apex it is the owner
/// of the first SOA.
pub fn drop_signed(store: &mut RecordStore, apex: Option<&NameBuf>) -> u64 {
    let apex = apex.cloned().or_else(|| soa_owner(store));
    let count = store.len();
    store.retain(|arena, record| {
        let is_apex = || {
            let owner = arena.get(record.owner);
            apex.as_ref().is_some_and(|apex| apex.as_name().as_wire().eq_ignore_ascii_case(owner))
        };
        // Only two types need the comparison.
        let is_dropped =
            is_dropped_from_input(record.rtype, false) || (is_dropped_from_input(record.rtype, true) && is_apex());
        !is_dropped
    });
    (count - store.len()) as u64
}

fn soa_owner(store: &RecordStore) -> Option<NameBuf> {
    let soa = store.soas().next()?;
    Some(store.owner(&soa).to_owned())
}
