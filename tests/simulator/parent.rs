//! The parent: its registry, which applies what it is told in its own time, and the servers that show it.

use super::cache::Caches;
use super::keys::Mask;
use super::random::Random;

/// The DS RRset as it is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DsVersion {
    pub(crate) serial: u32,
    pub(crate) ds: Mask,
    /// Of the DS RRset, or of the proof that there is none.
    pub(crate) ttl: i64,
}

/// A server behind one of the parent's name server addresses; several may share an address.
#[derive(Clone, Copy, Debug)]
struct Instance {
    address: usize,
    serving: DsVersion,
}

/// The parent of the zone.
#[derive(Debug)]
pub(crate) struct Parent {
    instances: Vec<Instance>,
    addresses: usize,
    /// What the registry has.
    pub(crate) registry: DsVersion,
    /// What it was last told and is to have in the end.
    pub(crate) ordered: Mask,
    /// An address whose servers take nothing new over.
    pub(crate) stuck: Option<usize>,
}

impl Parent {
    pub(crate) fn new(addresses: usize, random: &mut Random, ttl: i64, caches: &mut Caches, now: i64) -> Self {
        let registry = DsVersion { serial: 1, ds: 0, ttl };
        let shared = (0..addresses).flat_map(|address| vec![address; 1 + random.below(2)]);
        let instances: Vec<_> = shared.map(|address| Instance { address, serving: registry }).collect();
        for _ in &instances {
            caches.ds.start(0, now);
        }
        Self { instances, addresses, registry, ordered: 0, stuck: None }
    }

    pub(crate) fn addresses(&self) -> usize {
        self.addresses
    }

    pub(crate) fn instances(&self) -> usize {
        self.instances.len()
    }

    /// The registry changes; the servers follow.
    pub(crate) fn publish(&mut self, ds: Mask, ttl: i64) -> DsVersion {
        self.registry = DsVersion { serial: self.registry.serial + 1, ds, ttl };
        self.registry
    }

    /// A server takes a version over, unless it has a newer one or is stuck; says whether caches may now hold something
    /// new.
    pub(crate) fn adopt(&mut self, instance: usize, version: DsVersion, caches: &mut Caches, now: i64) -> bool {
        let server = &mut self.instances[instance];
        if version.serial <= server.serving.serial || self.stuck == Some(server.address) {
            return false;
        }
        let old = std::mem::replace(&mut server.serving, version);
        let is_new = caches.ds.start(version.ds, now);
        caches.ds.stop(old.ds, now + old.ttl);
        is_new
    }

    /// What somebody who asks an address sees.
    pub(crate) fn ask(&self, address: usize, random: &mut Random) -> DsVersion {
        let there: Vec<_> = self.instances.iter().filter(|instance| instance.address == address).collect();
        there[random.below(there.len())].serving
    }

    /// Whether all servers behind an address show the same.
    pub(crate) fn is_uniform(&self, address: usize) -> bool {
        let mut there = self.instances.iter().filter(|instance| instance.address == address);
        let first = there.next().map(|instance| instance.serving);
        there.all(|instance| Some(instance.serving) == first)
    }

    /// Whether all servers show what the registry has.
    pub(crate) fn is_settled(&self) -> bool {
        self.instances.iter().all(|instance| instance.serving == self.registry)
    }

    /// Every key some server's DS points at.
    pub(crate) fn shown(&self) -> Mask {
        self.instances.iter().fold(self.registry.ds, |all, instance| all | instance.serving.ds)
    }
}
