//! The three things a rollover publishes: DS RRset, DNSKEY RRset, signatures over zone data.
//!
//! Keys are named by [`KeyId`]. Keys that are not ours stand under an id made of algorithm and tag, see [`foreign_key`].

use crate::base::{Algorithm, Octets};
use crate::keys::usage::KeyId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A set of keys.
pub type Keys = BTreeSet<KeyId>;

/// A DS RRset at the parent; empty if there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DsSet {
    /// Our keys that a validator can reach by it.
    pub keys: Keys,
    /// DS records that fit no key of ours, or only by a digest that validators pass over.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub unknown: BTreeSet<Octets>,
}

/// A DNSKEY RRset; empty if there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DnskeySet {
    /// Its keys, revoked ones not counted.
    pub keys: Keys,
    /// Those of them that sign it.
    pub signers: Keys,
    /// Its revoked keys, under the ids they had before.
    #[serde(default, skip_serializing_if = "Keys::is_empty")]
    pub revoked: Keys,
}

/// Who signs the zone's data: each RRset carries signatures of one of these sets of keys.
///
/// `{{A}}` is the usual case, `{{A}, {B}}` while signatures of A are replaced by those of B one by one, `{{A, B}}` in
/// a conservative algorithm roll. An unsigned zone is `{{}}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DataSigners(pub BTreeSet<Keys>);

impl DsSet {
    /// The DS of these keys and nothing else.
    #[must_use]
    pub fn of(keys: Keys) -> Self {
        Self { keys, unknown: BTreeSet::new() }
    }

    /// Whether there is no DS, so that the zone is insecure.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.unknown.is_empty()
    }
}

impl DnskeySet {
    /// Whether there is no DNSKEY.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.revoked.is_empty()
    }

    /// Whether a key is in it and signs it, so that a DS of the key leads into the zone.
    #[must_use]
    pub fn is_entered_by(&self, key: &KeyId) -> bool {
        self.keys.contains(key) && self.signers.contains(key)
    }
}

impl DataSigners {
    /// Every RRset is signed by all of these keys.
    #[must_use]
    pub fn all_by(keys: Keys) -> Self {
        Self(BTreeSet::from([keys]))
    }

    /// Nothing is signed.
    #[must_use]
    pub fn unsigned() -> Self {
        Self::all_by(Keys::new())
    }

    /// Whether some RRset has no signature.
    #[must_use]
    pub fn has_unsigned(&self) -> bool {
        self.0.contains(&Keys::new())
    }

    /// The keys of which some RRset has a signature.
    #[must_use]
    pub fn keys(&self) -> Keys {
        self.0.iter().flatten().cloned().collect()
    }
}

/// The id under which a key that is not ours stands.
#[must_use]
pub fn foreign_key(algorithm: Algorithm, tag: u16) -> KeyId {
    KeyId(format!("?+{:03}+{tag:05}", algorithm.0))
}

/// Whether an id stands for a key that is not ours.
pub(super) fn is_foreign(key: &KeyId) -> bool {
    key.as_str().starts_with('?')
}

/// The algorithm in a key's id, which ends in `+013+12345`; 0 if it does not.
#[must_use]
pub fn algorithm_of(key: &KeyId) -> Algorithm {
    let number = key.as_str().rsplit('+').nth(1).and_then(|digits| digits.parse().ok());
    Algorithm(number.unwrap_or_default())
}

/// The algorithms of some keys.
pub fn algorithms_of<'k>(keys: impl IntoIterator<Item = &'k KeyId>) -> BTreeSet<Algorithm> {
    keys.into_iter().map(algorithm_of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn algorithm_from_the_id() {
        for (id, algorithm) in [("Kexample.org.+013+12345", 13), ("K.+008+00001", 8), ("odd", 0)] {
            assert_eq!(algorithm_of(&KeyId(id.to_owned())), Algorithm(algorithm), "{id}");
        }
        assert_eq!(algorithm_of(&foreign_key(Algorithm(15), 7)), Algorithm(15));
    }
}
