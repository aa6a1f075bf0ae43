//! What resolvers may hold: of each RRset every version that some server serves or served within the last TTL.
//!
//! No single resolver is modelled. A resolver asks for each RRset when it likes and from any server, so any member of one
//! set may meet any member of another: the sets stand for all resolvers there can be.

use super::keys::Mask;

/// A DNSKEY RRset: who is in it and who signed it. No keys: the answer that there is no such RRset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Dnskeys {
    pub(crate) keys: Mask,
    pub(crate) signers: Mask,
}

/// One version, and how long it may be cached.
#[derive(Clone, Copy, Debug)]
struct Entry<T> {
    content: T,
    /// How many RRsets on servers have it now.
    serving: u32,
    /// When the last cache has dropped what servers no longer serve.
    until: i64,
}

/// The versions of one kind of RRset that may be cached.
#[derive(Clone, Debug)]
pub(crate) struct Cached<T> {
    entries: Vec<Entry<T>>,
}

impl<T> Default for Cached<T> {
    fn default() -> Self {
        Self { entries: Vec::new() }
    }
}

impl<T: Copy + PartialEq> Cached<T> {
    /// A server begins to serve a version; says whether no cache could hold it before.
    pub(crate) fn start(&mut self, content: T, now: i64) -> bool {
        self.entries.retain(|entry| entry.serving > 0 || entry.until > now);
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.content == content) {
            entry.serving += 1;
            return false;
        }
        self.entries.push(Entry { content, serving: 1, until: now });
        true
    }

    /// A server ceases to serve a version, which the last resolver that asked drops at `until`.
    pub(crate) fn stop(&mut self, content: T, until: i64) {
        let entry = self.entries.iter_mut().find(|entry| entry.content == content).expect("started before");
        entry.serving -= 1;
        entry.until = entry.until.max(until);
    }

    /// All that a cache may hold.
    pub(crate) fn contents(&self, now: i64) -> impl Iterator<Item = T> + Clone + '_ {
        self.entries.iter().filter(move |entry| entry.serving > 0 || entry.until > now).map(|entry| entry.content)
    }
}

/// Everything a validator needs of a zone, as caches may hold it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Caches {
    /// DS RRsets by the keys they point at; none: the proof that there is no DS.
    pub(crate) ds: Cached<Mask>,
    pub(crate) dnskey: Cached<Dnskeys>,
    /// RRsets of zone data by the keys that signed them; none: unsigned.
    pub(crate) data: Cached<Mask>,
}

impl Caches {
    /// Keys that a cache may need.
    pub(crate) fn keys(&self, now: i64) -> Mask {
        let dnskey = self.dnskey.contents(now).fold(0, |all, set| all | set.keys | set.signers);
        self.data.contents(now).chain(self.ds.contents(now)).fold(dnskey, |all, keys| all | keys)
    }
}
