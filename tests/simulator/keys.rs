//! Keys by small numbers, so that sets of keys are bits of one word. They are placeholders: nobody computes with them.

use zoneseal::base::{Algorithm, DigestType, NameBuf};
use zoneseal::rdata::dnskey::key_tag;

/// A set of keys by their numbers.
pub(crate) type Mask = u64;

/// What is known of a key.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) rdata: Vec<u8>,
    pub(crate) algorithm: Algorithm,
    pub(crate) tag: u16,
    /// RDATA of its DS.
    pub(crate) ds: Vec<u8>,
}

/// The keys of a run. Numbers are used again when no cache and no state knows the key any more.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    zone: NameBuf,
    slots: Vec<Option<Key>>,
}

/// The numbers in a set.
pub(crate) fn members(mask: Mask) -> impl Iterator<Item = usize> {
    (0..64).filter(move |index| mask >> index & 1 == 1)
}

impl Keys {
    pub(crate) fn new(zone: NameBuf) -> Self {
        Self { zone, slots: Vec::new() }
    }

    /// The key with a DNSKEY RDATA as a set of one; it is taken in if it is new.
    pub(crate) fn mask_of(&mut self, rdata: &[u8]) -> Mask {
        if let Some(index) = self.find(|key| key.rdata == rdata) {
            return 1 << index;
        }
        let algorithm = Algorithm(rdata[3]);
        let ds = ds_of(&self.zone, rdata);
        let key = Key { rdata: rdata.to_vec(), algorithm, tag: key_tag(rdata), ds };
        let free = self.slots.iter().position(Option::is_none);
        let index = free.unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        assert!(index < 64, "more than 64 keys in use at once");
        self.slots[index] = Some(key);
        1 << index
    }

    /// The key with a DNSKEY RDATA, if it was taken in.
    pub(crate) fn known(&self, rdata: &[u8]) -> Mask {
        self.find(|key| key.rdata == rdata).map_or(0, |index| 1 << index)
    }

    /// The key a DS points at, if any.
    pub(crate) fn mask_of_ds(&self, ds: &[u8]) -> Mask {
        self.find(|key| key.ds == ds).map_or(0, |index| 1 << index)
    }

    fn find(&self, is_it: impl Fn(&Key) -> bool) -> Option<usize> {
        self.slots.iter().position(|slot| slot.as_ref().is_some_and(&is_it))
    }

    pub(crate) fn of(&self, mask: Mask) -> impl Iterator<Item = &Key> {
        members(mask).map(|index| self.slots[index].as_ref().expect("sets name keys that are there"))
    }

    /// The algorithms in a set, as bits.
    pub(crate) fn algorithms(&self, mask: Mask) -> u32 {
        self.of(mask).fold(0, |all, key| all | 1 << key.algorithm.0)
    }

    /// Those of a set that are not revoked.
    pub(crate) fn unrevoked(&self, mask: Mask) -> Mask {
        members(mask)
            .filter(|&index| self.slots[index].as_ref().is_some_and(|key| key.rdata[1] & 0x80 == 0))
            .fold(0, |all, index| all | 1 << index)
    }

    /// How many numbers are taken.
    pub(crate) fn count(&self) -> usize {
        self.slots.iter().flatten().count()
    }

    /// Forgets all keys but these.
    pub(crate) fn keep(&mut self, used: Mask) {
        for (index, slot) in self.slots.iter_mut().enumerate() {
            if used >> index & 1 == 0 {
                *slot = None;
            }
        }
    }

    /// A set in words.
    pub(crate) fn words(&self, mask: Mask) -> String {
        let words: Vec<_> = self.of(mask).map(|key| format!("{}/{}", key.tag, key.algorithm.0)).collect();
        format!("{{{}}}", words.join(" "))
    }
}

/// RDATA of the DS of a key, computed apart from the library's way to it.
pub(crate) fn ds_of(zone: &NameBuf, rdata: &[u8]) -> Vec<u8> {
    let mut input = zone.as_name().as_wire().to_vec();
    input.make_ascii_lowercase();
    input.extend_from_slice(rdata);
    let digest = ring::digest::digest(&ring::digest::SHA256, &input);
    let mut ds = key_tag(rdata).to_be_bytes().to_vec();
    ds.extend_from_slice(&[rdata[3], DigestType::SHA256.0]);
    ds.extend_from_slice(digest.as_ref());
    ds
}
