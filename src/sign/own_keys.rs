//! The keys of a run: those that are published, and those whose time has not come or has passed.

use crate::base::text::push_hex;
use crate::base::{Diagnostics, Name, UnixTime};
use crate::crypto::digest::sha256;
use crate::keys::{KeySet, KeyUse, ZoneKey};
use crate::rdata::dnskey::{Dnskey, FLAG_REVOKE};
use std::path::PathBuf;

/// The keys of a zone at a time, with what is needed to tell them from those of another signer.
#[derive(Debug)]
pub struct OwnKeys {
    set: KeySet,
    withheld: Vec<WithheldKey>,
}

/// A key of ours that is not to be published at the time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WithheldKey {
    /// Its DNSKEY.
    pub dnskey_rdata: Vec<u8>,
    /// Its file.
    pub source: PathBuf,
}

impl OwnKeys {
    /// Sorts out loaded keys. Errors in `findings` mean that no zone must be signed with them.
    #[must_use]
    pub fn new(zone: Name<'_>, keys: Vec<ZoneKey>, now: UnixTime, findings: &mut Diagnostics) -> Self {
        Self::sorted(keys, |keys| KeySet::new(zone, keys, now, findings))
    }

    /// Sorts out loaded keys by what each is to do; see [`KeySet::by_uses`].
    #[must_use]
    pub fn by_uses(zone: Name<'_>, keys: Vec<ZoneKey>, uses: &[KeyUse], findings: &mut Diagnostics) -> Self {
        Self::sorted(keys, |keys| KeySet::by_uses(zone, keys, uses, findings))
    }

    /// No key: the zone is not to be signed.
    #[must_use]
    pub const fn unsigned() -> Self {
        Self { set: KeySet::unsigned(), withheld: Vec::new() }
    }

    fn sorted(keys: Vec<ZoneKey>, sort: impl FnOnce(Vec<ZoneKey>) -> KeySet) -> Self {
        let mut withheld: Vec<WithheldKey> = keys
            .iter()
            .map(|key| WithheldKey { dnskey_rdata: key.dnskey_rdata.clone(), source: key.source.clone() })
            .collect();
        let set = sort(keys);
        withheld.retain(|key| !set.published().iter().any(|other| is_same_key(&other.dnskey_rdata, &key.dnskey_rdata)));
        Self { set, withheld }
    }

    /// The published keys.
    #[must_use]
    pub const fn set(&self) -> &KeySet {
        &self.set
    }

    /// SHA-256, in hex, of all that they mean for a signed zone: which are published, what each signs, which the parent
    /// should have, which are held back. What is added to the meaning of a key belongs in here.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut text = format!("{:?}\n", self.set.ttl());
        for (index, key) in self.set.all().iter().enumerate() {
            let is_published = index < self.set.published().len();
            let in_sync = self.set.in_sync().any(|other| other.dnskey_rdata == key.dnskey_rdata);
            let (role, keeps_old, signs) = (self.set.role(index), self.set.keeps_old(index), key.signer.is_some());
            text += &format!("{:?} {is_published} {role:?} {keeps_old} {in_sync} {signs}\n", key.dnskey_rdata);
        }
        for key in &self.withheld {
            text += &format!("withheld {:?} {}\n", key.dnskey_rdata, key.source.display());
        }
        let mut hex = Vec::with_capacity(64);
        push_hex(&sha256(&[text.as_bytes()]), &mut hex);
        String::from_utf8_lossy(&hex).into_owned()
    }

    /// Whether a DNSKEY is one of ours that is published.
    #[must_use]
    pub fn is_published(&self, dnskey_rdata: &[u8]) -> bool {
        self.set.published().iter().any(|key| is_same_key(&key.dnskey_rdata, dnskey_rdata))
    }

    /// The key of ours that a DNSKEY is, if it is not to be published.
    #[must_use]
    pub fn withheld(&self, dnskey_rdata: &[u8]) -> Option<&WithheldKey> {
        self.withheld.iter().find(|key| is_same_key(&key.dnskey_rdata, dnskey_rdata))
    }
}

/// Whether two DNSKEYs are one key, revoked or not.
fn is_same_key(left: &[u8], right: &[u8]) -> bool {
    match (Dnskey::parse(left), Dnskey::parse(right)) {
        (Some(left), Some(right)) => {
            (left.flags | FLAG_REVOKE, left.algorithm, left.public_key)
                == (right.flags | FLAG_REVOKE, right.algorithm, right.public_key)
        }
        _ => false,
    }
}
