//! The world around a signer: time, the zone's servers, the parent, and everybody's caches.
//!
//! What can be cached changes only when a server takes over a new version, so looking at all combinations after each such
//! event is looking at every instant.

use super::anchors::Anchors;
use super::cache::Caches;
use super::child::{Cds, RRSETS, Rrset, Servers, Version};
use super::judge::{Rules, judge};
use super::keys::{Keys, Mask, members};
use super::parent::{DsVersion, Parent};
use super::random::Random;
use super::scenario::{DAY, Eyes, HOUR, Scenario};
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::rc::Rc;
use zoneseal::base::{NameBuf, UnixTime};

/// Something that happens.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// A run of the signer; a doubled one does not plan the next.
    Run {
        plans_next: bool,
    },
    /// A server of the zone takes a version over.
    ChildAdopts(usize, Rc<Version>),
    /// A server of the parent takes a version over.
    ParentAdopts(usize, DsVersion),
    /// The parent looks at CDS.
    Scan,
    /// A human carries DS to the registrar.
    Carry,
    /// The registry carries out an order.
    Apply(Mask),
    /// An operator looks at the parent's servers.
    Look,
    Parent(ParentAct),
    Operator,
    /// The clock goes wrong, or right again.
    Clock {
        error: i64,
        is_back: bool,
    },
    /// From now on everybody does what he should.
    Peace,
    /// The state is lost, and made anew.
    Adopt,
    /// Somebody begins to trust the zone's keys directly.
    Trust,
    /// Who does looks at them.
    Poll(usize),
}

/// Trouble that the parent makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ParentAct {
    /// A DS that nobody asked for stands beside.
    AddStray,
    /// The DS is gone for a while.
    DropAll,
    /// One address stays as it is.
    Stick,
    Unstick,
    ChangeTtl,
    /// The DS RRset from before an order is back, while the order is this one.
    GoBack {
        old: Mask,
        order: Mask,
    },
    /// All is as ordered again.
    Settle,
}

/// What went wrong, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) at: i64,
    pub(crate) rule: &'static str,
    pub(crate) what: String,
}

#[derive(Debug)]
struct Scheduled {
    at: i64,
    number: u64,
    event: Event,
}

impl PartialEq for Scheduled {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Scheduled {}

impl PartialOrd for Scheduled {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Scheduled {
    /// The earliest is the greatest, as the heap wants it; events of one time in the order they were planned.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.number).cmp(&(self.at, self.number))
    }
}

/// Everything outside the signer.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) scenario: Scenario,
    pub(crate) random: Random,
    pub(crate) now: i64,
    pub(crate) keys: Keys,
    pub(crate) caches: Caches,
    /// Validators that trust the zone's keys directly.
    anchors: Vec<Anchors>,
    pub(crate) servers: Servers,
    pub(crate) parent: Parent,
    /// The newest version of the zone, which some servers may not have yet.
    pub(crate) newest: Rc<Version>,
    /// When a TTL was last changed.
    pub(crate) ttls_changed: i64,
    /// Keys whose DS was ever asked for.
    pub(crate) asked: Mask,
    pub(crate) is_strict: bool,
    pub(crate) is_peace: bool,
    /// Whether the parent must change nothing before the engine has seen what there is.
    pub(crate) is_unseen: bool,
    queue: BinaryHeap<Scheduled>,
    planned: u64,
    /// Orders are carried out one after the other.
    last_apply: i64,
    /// Whether somebody is told to have all DS taken out. A parent that loses them just then does as it is asked.
    pub(crate) is_withdrawal_asked: bool,
    /// Orders that are not carried out yet.
    pub(crate) pending_orders: usize,
    /// The last order carried out.
    applied: Mask,
    /// What happened, in words, if anybody wants to know.
    log: Option<Vec<String>>,
}

/// How many validators follow the zone's keys.
const VALIDATORS: usize = 4;

/// 2030-01-01.
pub(crate) const START: i64 = 1_893_456_000;

impl World {
    pub(crate) fn new(scenario: Scenario, mut random: Random, is_logged: bool) -> Self {
        let mut caches = Caches::default();
        let ttls: [i64; RRSETS] = std::array::from_fn(|index| (scenario.max_ttl >> index).max(60));
        let newest = Rc::new(Version {
            serial: 1,
            dnskey: super::cache::Dnskeys::default(),
            dnskey_ttl: 0,
            dnskey_expires: 0,
            rrsets: ttls.map(|ttl| Rrset { signatures: Vec::new(), ttl }),
            negative_ttl: scenario.negative_ttl,
            cds: Cds::Absent,
            denial: zoneseal::rollover::DenialView::None,
        });
        let zone = NameBuf::from_text(b"example.", None).expect("a name");
        let servers = Servers::new(scenario.servers, &newest, &mut caches, START);
        let parent = Parent::new(scenario.parent_addresses, &mut random, scenario.parent_ttl, &mut caches, START);
        Self {
            now: START,
            keys: Keys::new(zone),
            caches,
            anchors: Vec::new(),
            servers,
            parent,
            newest,
            ttls_changed: START,
            asked: 0,
            is_strict: scenario.policy.strict_algorithms,
            is_peace: false,
            is_unseen: false,
            queue: BinaryHeap::new(),
            planned: 0,
            last_apply: START,
            is_withdrawal_asked: false,
            pending_orders: 0,
            applied: 0,
            log: is_logged.then(Vec::new),
            scenario,
            random,
        }
    }

    pub(crate) fn plan(&mut self, at: i64, event: Event) {
        self.planned += 1;
        self.queue.push(Scheduled { at, number: self.planned, event });
    }

    /// The next thing that happens; time goes on to it.
    pub(crate) fn next(&mut self) -> Option<Event> {
        let next = self.queue.pop()?;
        self.now = self.now.max(next.at);
        Some(next.event)
    }

    pub(crate) fn say(&mut self, words: impl FnOnce(&Self) -> String) {
        if self.log.is_some() {
            let line = format!("{} {}", UnixTime(self.now).to_iso_text(), words(self));
            self.log.iter_mut().for_each(|log| log.push(line.clone()));
        }
    }

    pub(crate) fn take_log(&mut self) -> Vec<String> {
        self.log.take().unwrap_or_default()
    }

    pub(crate) fn fail(&self, rule: &'static str, what: impl Into<String>) -> Failure {
        Failure { at: self.now, rule, what: what.into() }
    }

    /// Puts a signed zone out; the servers take it over in their own time, within the propagation delay.
    pub(crate) fn publish(&mut self, mut version: Version) -> Rc<Version> {
        version.serial = self.newest.serial + 1;
        if (version.dnskey_ttl, version.max_ttl()) != (self.newest.dnskey_ttl, self.newest.max_ttl()) {
            self.ttls_changed = self.now;
        }
        let version = Rc::new(version);
        self.say(|world| format!("published {}", version.words(&world.keys)));
        self.newest = Rc::clone(&version);
        if version.cds == Cds::Delete && self.parent.registry.ds == 0 {
            // Nobody can tell a parent that lost the DS from one that did as it was asked: it does not find it again.
            if self.pending_orders > 0 {
                self.order(0);
            } else {
                (self.parent.ordered, self.applied) = (0, 0);
            }
        }
        for server in 0..self.servers.count() {
            let delay = self.delay(self.scenario.zone_propagation);
            self.plan(self.now + delay, Event::ChildAdopts(server, Rc::clone(&version)));
        }
        version
    }

    /// A delay up to the longest, which is the likeliest.
    fn delay(&mut self, longest: i64) -> i64 {
        if self.random.percent(30) { longest } else { self.random.span(0, longest) }
    }

    /// A server of the zone takes a version over.
    pub(crate) fn child_adopts(&mut self, server: usize, version: &Rc<Version>) -> Result<(), Failure> {
        if self.servers.expires() <= self.now {
            return Err(self.fail("expired", "a server served a signature that has expired"));
        }
        let is_new = self.servers.adopt(server, version, &mut self.caches, self.now);
        if is_new {
            self.say(|_| format!("server {server} has serial {}", version.serial));
            self.judge()?;
        }
        Ok(())
    }

    /// A server of the parent takes a version over.
    pub(crate) fn parent_adopts(&mut self, instance: usize, version: DsVersion) -> Result<(), Failure> {
        if self.parent.adopt(instance, version, &mut self.caches, self.now) {
            self.say(|world| format!("parent server {instance} has DS {}", world.keys.words(version.ds)));
            self.judge()?;
        }
        Ok(())
    }

    /// Every combination that can be cached must validate.
    pub(crate) fn judge(&self) -> Result<(), Failure> {
        let rules = Rules { is_strict: self.is_strict, asked: self.asked };
        judge(&self.caches, &self.keys, rules, self.now).map_err(|bogus| self.fail("bogus", bogus.0))?;
        let mut anchored = self.anchors.iter().map(|anchors| anchors.judge(&self.caches, &self.keys, self.now));
        anchored.find_map(Result::err).map_or(Ok(()), |what| Err(self.fail("bogus", what)))
    }

    /// Humans configure validators with the keys that sign the DNSKEY RRset.
    pub(crate) fn begin_trust(&mut self) {
        let dnskey = self.newest.dnskey;
        for index in 0..VALIDATORS {
            self.anchors.push(Anchors::configured(&self.keys, dnskey));
            let at = self.now + self.random.span(0, HOUR);
            self.plan(at, Event::Poll(index));
        }
        self.say(|world| format!("validators trust {}", world.keys.words(world.anchors[0].trusted)));
    }

    /// A validator that follows the keys looks at some server's.
    pub(crate) fn poll(&mut self, index: usize) {
        let server = self.random.below(self.servers.count());
        let version = Rc::clone(self.servers.version(server));
        let before = self.anchors[index].trusted;
        let next = self.anchors[index].poll(&self.keys, version.dnskey, version.dnskey_ttl, self.now);
        if self.anchors[index].trusted != before {
            self.say(|world| format!("validator {index} trusts {}", world.keys.words(world.anchors[index].trusted)));
        }
        self.plan(next, Event::Poll(index));
    }

    /// Somebody tells the registry what the DS RRset is to be.
    pub(crate) fn order(&mut self, ds: Mask) {
        if ds == self.parent.ordered {
            return;
        }
        self.parent.ordered = ds;
        self.asked |= ds;
        let slowest = if self.is_peace { 2 * DAY } else { self.scenario.registration_max };
        let delay = self.random.span(0, slowest);
        self.last_apply = self.last_apply.max(self.now + delay);
        self.say(|world| format!("the registry is told to have DS {}", world.keys.words(ds)));
        self.pending_orders += 1;
        self.plan(self.last_apply, Event::Apply(ds));
    }

    /// The parent reads CDS from every server of the zone, and takes it over if they agree and it does not break the chain.
    pub(crate) fn scan(&mut self) {
        let versions: Vec<_> =
            (0..self.servers.count()).map(|server| Rc::clone(self.servers.version(server))).collect();
        let cds = versions[0].cds;
        let agree = versions.iter().all(|version| version.cds == cds);
        match cds {
            Cds::Delete if agree => self.order(0),
            Cds::Keys(keys)
                if agree && versions.iter().all(|version| version.dnskey.signers & version.dnskey.keys & keys != 0) =>
            {
                self.order(keys);
            }
            _ => {}
        }
    }

    /// The registry carries out an order, more or less.
    pub(crate) fn apply(&mut self, ds: Mask) {
        if self.is_unseen {
            self.last_apply = self.last_apply.max(self.now + 6 * HOUR);
            return self.plan(self.now + 6 * HOUR, Event::Apply(ds));
        }
        let old = self.parent.registry;
        self.applied = ds;
        self.pending_orders -= 1;
        let faults = self.scenario.faults;
        if !self.is_peace && ds != 0 && self.random.percent(faults.keeps_old) {
            self.registry(old.ds | ds, old.ttl);
            let days = self.random.span(1, 20);
            return self.plan(self.now + days * DAY, Event::Parent(ParentAct::Settle));
        }
        self.registry(ds, old.ttl);
        let is_watched = self.scenario.eyes == Eyes::Observes;
        if !self.is_peace && is_watched && old.ds & self.asked != 0 && self.random.percent(faults.goes_back) {
            // No engine can survive a parent that goes back once the old key may have left, so it goes back before.
            let at = self.now + self.random.span(0, old.ttl);
            self.plan(at, Event::Parent(ParentAct::GoBack { old: old.ds, order: ds }));
        }
    }

    /// The parent makes trouble, or ceases to.
    pub(crate) fn parent_acts(&mut self, act: ParentAct) {
        let is_quiet = self.is_unseen || (self.is_peace && act != ParentAct::Settle && act != ParentAct::Unstick);
        let soon = self.now + self.random.span(1, 15) * DAY;
        let registry = self.parent.registry;
        match act {
            ParentAct::Settle if self.is_unseen => self.plan(self.now + 12 * HOUR, Event::Parent(act)),
            ParentAct::Settle if registry.ds != self.applied => self.registry(self.applied, registry.ttl),
            ParentAct::Settle => {}
            ParentAct::Unstick => self.unstick(),
            _ if is_quiet => {}
            ParentAct::AddStray if registry.ds & self.asked != 0 => {
                let mut rdata = vec![1, 1, 3, 10];
                rdata.extend_from_slice(&self.random.next().to_be_bytes());
                let stray = self.keys.mask_of(&rdata);
                self.registry(registry.ds | stray, registry.ttl);
                self.plan(soon, Event::Parent(ParentAct::Settle));
            }
            ParentAct::DropAll if registry.ds != 0 && self.newest.cds != Cds::Delete && !self.is_withdrawal_asked => {
                self.registry(0, registry.ttl);
                self.plan(soon, Event::Parent(ParentAct::Settle));
            }
            ParentAct::Stick => {
                let address = self.random.below(self.parent.addresses());
                // Of servers behind one address nobody could see that one is stuck with something older than the others.
                if !self.parent.is_uniform(address) {
                    return;
                }
                self.parent.stuck = Some(address);
                self.say(|world| format!("parent address {:?} is stuck", world.parent.stuck));
                self.plan(soon, Event::Parent(ParentAct::Unstick));
            }
            ParentAct::ChangeTtl => {
                let ttl = self.random.pick(&[300, HOUR, DAY, 3 * DAY]).min(self.scenario.parent_ttl_max);
                // A TTL larger than the engine counts with must be seen before it can matter.
                self.is_unseen |= ttl > super::scenario::ttl(self.scenario.policy.delays.parent_ds_ttl);
                self.registry(registry.ds, ttl);
            }
            ParentAct::GoBack { old, order } if registry.ds == order && self.applied == order => {
                self.registry(old, registry.ttl);
                self.is_unseen = true;
                self.plan(soon, Event::Parent(ParentAct::Settle));
            }
            _ => {}
        }
    }

    pub(crate) fn unstick(&mut self) {
        if self.parent.stuck.take().is_some() {
            let registry = self.parent.registry;
            self.registry(registry.ds, registry.ttl);
        }
    }

    /// The registry publishes; the parent's servers follow within the propagation delay.
    fn registry(&mut self, ds: Mask, ttl: i64) {
        if ttl != self.parent.registry.ttl {
            self.ttls_changed = self.now;
        }
        let version = self.parent.publish(ds, ttl);
        self.say(|world| format!("the parent publishes DS {} (TTL {ttl})", world.keys.words(ds)));
        for instance in 0..self.parent.instances() {
            let delay = self.delay(self.scenario.parent_propagation);
            self.plan(self.now + delay, Event::ParentAdopts(instance, version));
        }
    }

    /// Keys that must keep their numbers.
    pub(crate) fn keys_in_use(&self) -> Mask {
        let queued = self.queue.iter().fold(0, |all, one| all | keys_of(&one.event));
        let served =
            (0..self.servers.count()).fold(self.newest.keys(), |all, one| all | self.servers.version(one).keys());
        let trusted = self.anchors.iter().fold(0, |all, anchors| all | anchors.keys());
        queued
            | served
            | trusted
            | self.caches.keys(self.now)
            | self.parent.shown()
            | self.parent.ordered
            | self.applied
    }

    /// Numbers of keys that nobody knows any more may be given to others.
    pub(crate) fn forget_keys_except(&mut self, used: Mask) {
        let used = used | self.keys_in_use();
        self.keys.keep(used);
        self.asked &= used;
    }

    /// Whether no order is on its way and the parent shows what it was told.
    pub(crate) fn is_parent_settled(&self) -> bool {
        self.parent.is_settled() && self.parent.registry.ds == self.parent.ordered
    }

    /// The RDATA of the DS of some keys.
    pub(crate) fn ds_rdata(&self, ds: Mask) -> Vec<Vec<u8>> {
        members(ds).flat_map(|index| self.keys.of(1 << index)).map(|key| key.ds.clone()).collect()
    }
}

fn keys_of(event: &Event) -> Mask {
    match event {
        Event::Apply(ds) => *ds,
        Event::ChildAdopts(_, version) => version.keys(),
        Event::ParentAdopts(_, version) => version.ds,
        Event::Parent(ParentAct::GoBack { old, order }) => old | order,
        _ => 0,
    }
}
