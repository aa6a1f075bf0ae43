//! The zone and its servers: what a signing puts out, and which server has which version.

use super::cache::{Caches, Dnskeys};
use super::keys::{Keys, Mask, members};
use super::random::Random;
use std::rc::Rc;
use zoneseal::rollover::DenialView;

/// How many RRsets stand for the zone's data. Each has its own signatures, which are due at its own time.
pub(crate) const RRSETS: usize = 4;

/// A signature over zone data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Signature {
    pub(crate) key: usize,
    /// True time at which it expires.
    pub(crate) expires: i64,
}

/// An RRset of zone data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rrset {
    pub(crate) signatures: Vec<Signature>,
    pub(crate) ttl: i64,
}

impl Rrset {
    pub(crate) fn signers(&self) -> Mask {
        self.signatures.iter().fold(0, |all, signature| all | 1 << signature.key)
    }

    fn cached_until(&self, now: i64) -> i64 {
        // A validator keeps no RRset past the end of its signatures (RFC 4035 section 5.3.3).
        self.signatures.iter().map(|signature| signature.expires).fold(now + self.ttl, i64::min)
    }
}

/// What CDS and CDNSKEY say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cds {
    Absent,
    Keys(Mask),
    Delete,
}

/// A signed zone as it is put out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    pub(crate) serial: u32,
    pub(crate) dnskey: Dnskeys,
    pub(crate) dnskey_ttl: i64,
    pub(crate) dnskey_expires: i64,
    pub(crate) rrsets: [Rrset; RRSETS],
    pub(crate) negative_ttl: i64,
    pub(crate) cds: Cds,
    /// The denial chain; it breaks nothing, but must become what the policy says.
    pub(crate) denial: DenialView,
}

/// How a key is to sign zone data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DataUse {
    No,
    KeepOld,
    Yes,
}

/// What the signer was told of a key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Use {
    pub(crate) key: usize,
    pub(crate) is_published: bool,
    pub(crate) signs_dnskey: bool,
    pub(crate) data: DataUse,
}

/// The times of one signing, true times.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    /// When signatures made now expire.
    pub(crate) data_expires: i64,
    pub(crate) dnskey_expires: i64,
    /// Signatures that expire before this are made anew.
    pub(crate) due: i64,
    pub(crate) jitter: i64,
}

/// A signing that keeps what signatures it may. `algorithm_of` are the bits of a key's algorithm.
pub(crate) fn sign(before: &Version, uses: &[Use], times: Times, keys: &Keys, random: &mut Random) -> Version {
    let mut version = before.clone();
    version.dnskey = Dnskeys::default();
    for one in uses {
        version.dnskey.keys |= u64::from(one.is_published) << one.key;
        version.dnskey.signers |= u64::from(one.signs_dnskey) << one.key;
    }
    if version.dnskey.keys != 0 && (version.dnskey != before.dnskey || before.dnskey_expires < times.due) {
        version.dnskey_expires = times.dnskey_expires;
    }
    for rrset in &mut version.rrsets {
        sign_rrset(rrset, uses, times, keys, random);
    }
    version
}

/// Signatures of the present keys stay until they are due; those of keys that keep old ones stand in for those of their
/// algorithm.
fn sign_rrset(rrset: &mut Rrset, uses: &[Use], times: Times, keys: &Keys, random: &mut Random) {
    let fresh: Vec<Signature> =
        rrset.signatures.iter().copied().filter(|signature| signature.expires >= times.due).collect();
    let of = |wanted| uses.iter().filter(move |one| one.data == wanted).map(|one| one.key);
    let mut kept: Vec<Signature> =
        fresh.iter().copied().filter(|signature| of(DataUse::Yes).any(|key| key == signature.key)).collect();
    let replaced = keys.algorithms(mask(&kept));
    let old = fresh.iter().filter(|signature| {
        keys.algorithms(1 << signature.key) & replaced == 0 && of(DataUse::KeepOld).any(|key| key == signature.key)
    });
    let old: Vec<Signature> = old.copied().collect();
    let spared = keys.algorithms(mask(&old));
    for key in of(DataUse::Yes) {
        let is_there = kept.iter().any(|signature| signature.key == key);
        if !is_there && keys.algorithms(1 << key) & spared == 0 {
            kept.push(Signature { key, expires: times.data_expires - random.span(0, times.jitter) });
        }
    }
    kept.extend(old);
    kept.sort_by_key(|signature| signature.key);
    rrset.signatures = kept;
}

fn mask(signatures: &[Signature]) -> Mask {
    signatures.iter().fold(0, |all, signature| all | 1 << signature.key)
}

/// The servers of the zone; each may stand for several that share its address.
#[derive(Debug)]
pub(crate) struct Servers {
    serving: Vec<Rc<Version>>,
}

impl Servers {
    pub(crate) fn new(count: usize, version: &Rc<Version>, caches: &mut Caches, now: i64) -> Self {
        for _ in 0..count {
            start(version, caches, now);
        }
        Self { serving: vec![Rc::clone(version); count] }
    }

    pub(crate) fn count(&self) -> usize {
        self.serving.len()
    }

    pub(crate) fn version(&self, server: usize) -> &Rc<Version> {
        &self.serving[server]
    }

    /// A server takes a version over, unless it has a newer one; says whether caches may now hold something new.
    pub(crate) fn adopt(&mut self, server: usize, version: &Rc<Version>, caches: &mut Caches, now: i64) -> bool {
        if version.serial <= self.serving[server].serial {
            return false;
        }
        let old = std::mem::replace(&mut self.serving[server], Rc::clone(version));
        let is_new = start(version, caches, now);
        stop(&old, caches, now);
        is_new
    }

    /// The earliest end of a signature that some server serves.
    pub(crate) fn expires(&self) -> i64 {
        self.serving.iter().map(|version| version.expires()).min().unwrap_or(i64::MAX)
    }
}

impl Version {
    /// The earliest end of its signatures.
    pub(crate) fn expires(&self) -> i64 {
        let data = self.rrsets.iter().flat_map(|rrset| &rrset.signatures).map(|signature| signature.expires);
        let dnskey = if self.dnskey.keys == 0 { i64::MAX } else { self.dnskey_expires };
        data.fold(dnskey, i64::min)
    }

    /// The sets of keys that sign RRsets of its data together.
    pub(crate) fn data_signers(&self) -> Vec<Mask> {
        let mut sets: Vec<_> = self.rrsets.iter().map(Rrset::signers).collect();
        sets.sort_unstable();
        sets.dedup();
        sets
    }

    pub(crate) fn max_ttl(&self) -> i64 {
        self.rrsets.iter().map(|rrset| rrset.ttl).max().unwrap_or(0)
    }

    /// Every key it names.
    pub(crate) fn keys(&self) -> Mask {
        let data = self.rrsets.iter().fold(0, |all, rrset| all | rrset.signers());
        let cds = if let Cds::Keys(keys) = self.cds { keys } else { 0 };
        data | cds | self.dnskey.keys | self.dnskey.signers
    }

    pub(crate) fn words(&self, keys: &Keys) -> String {
        let data: Vec<_> = self.data_signers().into_iter().map(|set| keys.words(set)).collect();
        let cds = match self.cds {
            Cds::Absent => "none".to_owned(),
            Cds::Keys(mask) => keys.words(mask),
            Cds::Delete => "delete".to_owned(),
        };
        format!(
            "serial {} DNSKEY {} by {} (TTL {}), data by {} (TTL {}), CDS {cds}, {:?}",
            self.serial,
            keys.words(self.dnskey.keys),
            keys.words(self.dnskey.signers),
            self.dnskey_ttl,
            data.join(" or "),
            self.max_ttl(),
            self.denial
        )
    }
}

fn start(version: &Version, caches: &mut Caches, now: i64) -> bool {
    let mut is_new = caches.dnskey.start(version.dnskey, now);
    for rrset in &version.rrsets {
        is_new |= caches.data.start(rrset.signers(), now);
    }
    is_new
}

fn stop(version: &Version, caches: &mut Caches, now: i64) {
    let until = if version.dnskey.keys == 0 {
        now + version.negative_ttl
    } else {
        (now + version.dnskey_ttl).min(version.dnskey_expires)
    };
    caches.dnskey.stop(version.dnskey, until);
    for rrset in &version.rrsets {
        caches.data.stop(rrset.signers(), rrset.cached_until(now));
    }
}

/// The number of the one key in a set.
pub(crate) fn only(mask: Mask) -> usize {
    members(mask).next().expect("a set of one key")
}
