//! The safety gate: a proposed version is held against every version that a cache may have.
//!
//! | pair | fits if |
//! |---|---|
//! | DS d, DNSKEY k | d is empty, or a key of each algorithm of d is in k and signs it (I-2, RFC 6840 section 5.11) |
//! | DNSKEY k, data z | k is empty, or each set of z has a key of k, one for each algorithm of every d; strict: one for each algorithm of k (I-3, SIG-9) |
//! | DS d, data z | d is empty, or z has no unsigned RRset (I-1) |
//!
//! Where a pair with the version published now is broken already, by a wrong DS for instance, a proposal need only not
//! be worse: else nothing could ever be mended.

use super::model::ZoneState;
use super::published::{DataSigners, DnskeySet, DsSet, Keys, algorithm_of, algorithms_of};
use super::timing::{Purpose, Timing, written_out};
use crate::base::{Algorithm, Seconds, UnixTime};
use crate::policy::Policy;
use crate::rdata::ds::Ds;
use std::collections::BTreeSet;

/// Algorithms of keys.
type Algorithms = BTreeSet<Algorithm>;

/// How well two versions go together, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// Every validator is content.
    Good,
    /// Validators that insist on every algorithm fail.
    Lax,
    /// Validators fail that know one algorithm of the DS and not the other.
    Narrow,
    /// Validators fail.
    Broken,
}

impl Fit {
    const fn of(works: bool, works_for_each_of_ds: bool, works_strictly: bool) -> Self {
        match (works, works_for_each_of_ds, works_strictly) {
            (true, true, true) => Self::Good,
            (true, true, false) => Self::Lax,
            (true, false, _) => Self::Narrow,
            (false, ..) => Self::Broken,
        }
    }

    const fn lenient(self, is_strict: bool) -> Self {
        match self {
            Self::Lax if !is_strict => Self::Good,
            fit => fit,
        }
    }
}

/// DS and DNSKEY RRset.
pub(super) fn ds_dnskey(ds: &DsSet, dnskey: &DnskeySet) -> Fit {
    if ds.is_empty() {
        return Fit::Good;
    }
    let entries: Keys = ds.keys.iter().filter(|key| dnskey.is_entered_by(key)).cloned().collect();
    let entered = algorithms_of(&entries);
    Fit::of(!entries.is_empty(), algorithms_of(&ds.keys).is_subset(&entered), true)
}

/// DNSKEY RRset and signatures over data, where these are the algorithms of the DS.
pub(super) fn dnskey_data(dnskey: &DnskeySet, data: &DataSigners, promised: &Algorithms) -> Fit {
    if dnskey.is_empty() {
        return Fit::Good;
    }
    let algorithms = algorithms_of(&dnskey.keys);
    let sets = || data.0.iter().filter(|set| !set.is_empty());
    let works = sets().all(|set| !set.is_disjoint(&dnskey.keys));
    let signed_with = |set: &Keys, all| algorithms_of(set.intersection(&dnskey.keys)).is_superset(all);
    let works_for_each_of_ds = sets().all(|set| signed_with(set, promised));
    Fit::of(works, works_for_each_of_ds, sets().all(|set| signed_with(set, &algorithms)))
}

/// DS and signatures over data.
pub(super) fn ds_data(ds: &DsSet, data: &DataSigners) -> Fit {
    let fits = ds.is_empty() || !data.has_unsigned();
    Fit::of(fits, fits, fits)
}

/// Whether each algorithm of a DNSKEY RRset signs it (RFC 4035 section 2.2).
fn dnskey_alone(dnskey: &DnskeySet) -> Fit {
    let signed = algorithms_of(dnskey.signers.intersection(&dnskey.keys));
    Fit::of(true, true, signed.is_superset(&algorithms_of(&dnskey.keys)))
}

/// A version that a cache may have.
#[derive(Clone, Debug)]
struct Held<T> {
    value: T,
    /// When the last cache has dropped it, if that is known.
    leaves: Option<UnixTime>,
    origin: Origin,
    /// Its own TTL, for the words.
    ttl: Seconds,
}

/// Where a version comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    /// Published before.
    Past,
    /// Published now.
    Published,
    /// Asked of the parent.
    Requested,
    /// Perhaps published by a run that could not say so.
    Unconfirmed,
    /// Nobody has looked at the parent.
    Unknown,
    /// At the parent before. By the clock no cache has it any more, but nobody has looked since: the parent may have gone
    /// back to it.
    Unseen,
}

/// All versions that a cache may have.
#[derive(Clone, Debug)]
pub(super) struct World {
    ds: Vec<Held<DsSet>>,
    dnskey: Vec<Held<DnskeySet>>,
    data: Vec<Held<DataSigners>>,
    /// The algorithms of every DS that a cache may have.
    promised: Algorithms,
    timing: Timing,
    purpose: Purpose,
    is_strict: bool,
    is_anchored: bool,
}

/// A version to come, or several at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Proposal {
    pub(super) ds: Option<DsSet>,
    pub(super) dnskey: Option<DnskeySet>,
    pub(super) data: Option<DataSigners>,
}

/// Why a proposal is refused: it does not go with something a cache may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Conflict {
    pub(super) rule: &'static str,
    /// When that has left the last cache; `None` if something must happen first.
    pub(super) until: Option<UnixTime>,
    /// What is in the way, in words.
    pub(super) reason: String,
    /// Who must do something first, if there is no such end.
    pub(super) blocker: Blocker,
}

/// Who must do something before a conflict is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blocker {
    /// Nobody: time, or another move.
    Nobody,
    /// The parent.
    Parent,
    /// Whoever looks at the parent.
    Observer,
}

impl World {
    /// What caches may have at a time.
    pub(super) fn of(policy: &Policy, state: &ZoneState, purpose: Purpose, now: UnixTime) -> Self {
        let timing = Timing::of(policy, state);
        let mut world = Self {
            ds: held(&state.ds, timing.ds_reach(purpose), state.parent_known(now)),
            dnskey: held(&state.dnskey, timing.dnskey_reach(purpose), now),
            data: held(&state.data, timing.data_reach(purpose), now),
            promised: Algorithms::new(),
            timing,
            purpose,
            is_strict: is_strict(policy),
            is_anchored: policy.rfc5011
                || state.keys.iter().any(|key| key.is_to_be_revoked && key.times.revoked.is_none()),
        };
        for ds in world.ds.iter_mut().filter(|ds| ds.leaves.is_some_and(|leaves| leaves <= now)) {
            (ds.leaves, ds.origin) = (None, Origin::Unseen);
        }
        world.add_possible_ds(state);
        world.promised = algorithms_of(world.ds.iter().flat_map(|held| &held.value.keys));
        if !state.foreign_keys().is_empty() {
            // A DS that another signer stands for promises as much as one of ours; one that the parent made up does not.
            let others = world.ds.iter().flat_map(|held| &held.value.unknown);
            world.promised.extend(others.filter_map(|rdata| Ds::parse(&rdata.0)).map(|ds| ds.algorithm));
        }
        for maybe in state.unconfirmed_versions() {
            world.dnskey.push(Held::possible(maybe.dnskey, Origin::Unconfirmed));
            world.data.push(Held::possible(maybe.data, Origin::Unconfirmed));
        }
        if state.dnskey.is_empty() {
            world.dnskey.push(Held::possible(DnskeySet::default(), Origin::Published));
            world.data.push(Held::possible(DataSigners::unsigned(), Origin::Published));
        }
        world
    }

    /// DS RRsets that nobody has seen and that may be there all the same.
    fn add_possible_ds(&mut self, state: &ZoneState) {
        for request in &state.ds_requests {
            self.ds.push(Held::possible(DsSet::of(request.keys.clone()), Origin::Requested));
        }
        if state.ds.is_empty() {
            let published = state.dnskey.current().map(|version| &version.value);
            for key in published.into_iter().flat_map(|dnskey| &dnskey.signers) {
                self.ds.push(Held::possible(DsSet::of(Keys::from([key.clone()])), Origin::Unknown));
            }
        }
    }

    /// Whether some cache may have a DS.
    pub(super) fn may_have_ds(&self) -> bool {
        self.ds.iter().any(|held| !held.value.is_empty())
    }

    /// Whether somebody validates: by a DS, or because they trust a key directly.
    pub(super) fn is_secure(&self) -> bool {
        self.is_anchored || self.may_have_ds()
    }

    /// What the proposal does not go with; nothing if it may be published.
    pub(super) fn judge(&self, proposal: &Proposal) -> Vec<Conflict> {
        let is_secure = self.is_secure() || proposal.ds.as_ref().is_some_and(|ds| !ds.is_empty());
        let mut found = Vec::new();
        if let Some(dnskey) = &proposal.dnskey {
            self.judge_dnskey(dnskey, is_secure, &mut found);
        }
        if let Some(data) = &proposal.data {
            self.judge_data(data, is_secure, &mut found);
        }
        if let (Some(dnskey), Some(data)) = (&proposal.dnskey, &proposal.data)
            && is_secure
            && self.pair(dnskey, data) > self.published_pair()
        {
            found.push(Conflict::own("the keys and the signatures proposed do not go together", "I-3"));
        }
        if let Some(ds) = &proposal.ds {
            self.judge_ds(ds, proposal, &mut found);
        }
        found
    }

    fn judge_dnskey(&self, dnskey: &DnskeySet, is_secure: bool, found: &mut Vec<Conflict>) {
        let strict = self.is_strict;
        for ds in &self.ds {
            let now = best(&self.dnskey, |held| ds_dnskey(&ds.value, held));
            if ds_dnskey(&ds.value, dnskey).lenient(strict) > now.lenient(strict) {
                found.push(self.ds_conflict(ds, "I-2", "names no key that would be published and sign"));
            }
        }
        for data in self.data.iter().filter(|_| is_secure) {
            let now = best(&self.dnskey, |held| self.pair(held, &data.value));
            let fit = self.pair(dnskey, &data.value);
            if fit > now {
                let what =
                    if fit < Fit::Broken { "lack one of the algorithms" } else { "need a key that would be gone" };
                found.push(self.data_conflict(data, what));
            }
        }
        let now = best(&self.dnskey, dnskey_alone);
        if is_secure && dnskey_alone(dnskey).lenient(strict) > now.lenient(strict) {
            found.push(Conflict::own("not every algorithm of the DNSKEY RRset would sign it", "SIG-9"));
        }
    }

    fn judge_data(&self, data: &DataSigners, is_secure: bool, found: &mut Vec<Conflict>) {
        for dnskey in self.dnskey.iter().filter(|_| is_secure) {
            let now = best(&self.data, |held| self.pair(&dnskey.value, held));
            let fit = self.pair(&dnskey.value, data);
            if fit > now {
                let what = if fit < Fit::Broken { "has an algorithm that would not sign" } else { "lacks the new key" };
                found.push(self.dnskey_conflict(dnskey, "I-3", what));
            }
        }
        for ds in &self.ds {
            let now = best(&self.data, |held| ds_data(&ds.value, held));
            if ds_data(&ds.value, data) > now {
                found.push(self.ds_conflict(ds, "I-1", "asks for a signed zone"));
            }
        }
    }

    /// A DS RRset must go with everything there is, and make nothing of it wrong.
    fn judge_ds(&self, ds: &DsSet, proposal: &Proposal, found: &mut Vec<Conflict>) {
        if ds.is_empty() {
            return;
        }
        let proposed = proposal.dnskey.iter().any(|dnskey| ds_dnskey(ds, dnskey).lenient(self.is_strict) > Fit::Good);
        if proposed {
            found.push(Conflict::own("the keys proposed do not go with the DS", "I-2"));
        }
        for dnskey in &self.dnskey {
            if ds_dnskey(ds, &dnskey.value).lenient(self.is_strict) > Fit::Good {
                found.push(self.dnskey_conflict(dnskey, "I-2", "lacks a key the DS would name"));
            }
        }
        for data in self.data.iter().filter(|data| ds_data(ds, &data.value) > Fit::Good) {
            found.push(self.data_conflict(data, "are missing"));
        }
        self.judge_promise(ds, found);
    }

    /// A DS promises signatures of its algorithms everywhere. The first one makes validators mind pairs that do not go
    /// together, which nobody minded before.
    fn judge_promise(&self, ds: &DsSet, found: &mut Vec<Conflict>) {
        let promised = algorithms_of(&ds.keys);
        let worst = if self.may_have_ds() { Fit::Lax } else { Fit::Good };
        for data in &self.data {
            let unfit = |held: &&Held<DnskeySet>| {
                dnskey_data(&held.value, &data.value, &promised).lenient(self.is_strict) > worst
            };
            for dnskey in self.dnskey.iter().filter(unfit) {
                let first = if dnskey.leaves.is_some_and(|leaves| data.leaves.is_none_or(|other| leaves < other)) {
                    self.dnskey_conflict(dnskey, "I-3", "does not go with the signatures")
                } else {
                    self.data_conflict(data, "do not go with the DNSKEY RRset")
                };
                found.push(first);
            }
        }
    }

    /// How a DNSKEY RRset and signatures go together under every DS there may be.
    fn pair(&self, dnskey: &DnskeySet, data: &DataSigners) -> Fit {
        dnskey_data(dnskey, data, &self.promised).lenient(self.is_strict)
    }

    /// How what is published goes together.
    fn published_pair(&self) -> Fit {
        best(&self.data, |data| best(&self.dnskey, |dnskey| self.pair(dnskey, data)))
    }

    fn ds_conflict(&self, held: &Held<DsSet>, rule: &'static str, what: &str) -> Conflict {
        let names = names(&held.value.keys);
        let reason = match held.origin {
            Origin::Past => {
                let parts = [
                    ("DprpP", self.timing.parent_propagation),
                    ("TTLds", self.timing.ds_ttl.max(held.ttl)),
                    self.margin(),
                ];
                let interval = written_out(self.name("IpubP", "Iret"), &parts);
                format!("caches may still have the DS RRset ({names}), which {what}; {interval}")
            }
            Origin::Published => format!("the DS RRset at the parent ({names}) {what}"),
            Origin::Requested => {
                format!("the parent was asked for the DS RRset ({names}), which {what}, and has not been seen with it")
            }
            Origin::Unconfirmed | Origin::Unknown => {
                format!("nobody has looked at the parent: it may have a DS ({names}), which {what}")
            }
            Origin::Unseen => format!(
                "the parent had the DS RRset ({names}), which {what}; its time in caches is over, but nobody has looked \
                 at the parent since, and it may have gone back"
            ),
        };
        let blocker = match (held.leaves, held.origin) {
            (Some(_), _) => Blocker::Nobody,
            (None, Origin::Unseen) => Blocker::Observer,
            (None, _) => Blocker::Parent,
        };
        Conflict { rule, until: held.leaves, reason, blocker }
    }

    fn dnskey_conflict(&self, held: &Held<DnskeySet>, rule: &'static str, what: &str) -> Conflict {
        let parts =
            [("Dprp", self.timing.zone_propagation), ("TTLkey", self.timing.dnskey_ttl.max(held.ttl)), self.margin()];
        let interval = written_out(self.name("Ipub", "Iret"), &parts);
        let reason = match held.origin {
            Origin::Past => format!("caches may still have a DNSKEY RRset that {what}; {interval}"),
            _ => format!("the DNSKEY RRset that is published {what}; then {interval}"),
        };
        Conflict { rule, until: held.leaves, reason, blocker: Blocker::Nobody }
    }

    fn data_conflict(&self, held: &Held<DataSigners>, what: &str) -> Conflict {
        let parts =
            [("Dprp", self.timing.zone_propagation), ("TTLsig", self.timing.rrsig_ttl.max(held.ttl)), self.margin()];
        let reason = match held.origin {
            Origin::Past => {
                let parts = [&[("Dsgn (over)", Seconds(0))][..], &parts].concat();
                let interval = written_out(self.name("IpubG", "Iret"), &parts);
                format!("caches may still have data whose signatures {what}; {interval}")
            }
            _ => {
                let parts = [&[("Dsgn", self.timing.signing_delay)][..], &parts].concat();
                let interval = written_out(self.name("IpubG", "Iret"), &parts);
                format!("data is published whose signatures {what}; {interval}")
            }
        };
        Conflict { rule: "I-3", until: held.leaves, reason, blocker: Blocker::Nobody }
    }

    const fn name(&self, publish: &'static str, retire: &'static str) -> &'static str {
        match self.purpose {
            Purpose::Publish => publish,
            Purpose::Retire => retire,
        }
    }

    const fn margin(&self) -> (&'static str, Seconds) {
        match self.purpose {
            Purpose::Publish => ("publish-safety", self.timing.publish_safety),
            Purpose::Retire => ("retire-safety", self.timing.retire_safety),
        }
    }
}

impl<T> Held<T> {
    const fn possible(value: T, origin: Origin) -> Self {
        Self { value, leaves: None, origin, ttl: Seconds(0) }
    }
}

impl Conflict {
    fn own(reason: &str, rule: &'static str) -> Self {
        Self { rule, until: None, reason: reason.to_owned(), blocker: Blocker::Nobody }
    }
}

/// When the last of some conflicts is over; `None` if one of them has no known end.
pub(super) fn end_of(conflicts: &[Conflict]) -> Option<UnixTime> {
    conflicts.iter().map(|conflict| conflict.until).try_fold(UnixTime(i64::MIN), |end, until| Some(end.max(until?)))
}

/// Whether every algorithm must sign everything, in every cache (SIG-9).
pub(super) fn is_strict(policy: &Policy) -> bool {
    policy.strict_algorithms || policy.algorithm_roll == crate::policy::AlgorithmRoll::Conservative
}

/// How well the best of the versions published now does.
fn best<T>(versions: &[Held<T>], fit: impl Fn(&T) -> Fit) -> Fit {
    versions
        .iter()
        .filter(|held| held.origin == Origin::Published)
        .map(|held| fit(&held.value))
        .min()
        .unwrap_or(Fit::Good)
}

fn held<T: Clone + PartialEq>(
    history: &super::history::History<T>,
    reach: super::history::Reach,
    now: UnixTime,
) -> Vec<Held<T>> {
    history
        .cached(reach, now)
        .map(|version| Held {
            value: version.value.clone(),
            leaves: version.leaves_caches(reach),
            origin: if version.until.is_none() { Origin::Published } else { Origin::Past },
            ttl: version.ttl,
        })
        .collect()
}

/// Keys by tag and algorithm, as they end in their ids.
fn names(keys: &Keys) -> String {
    let tag = |id: &crate::keys::usage::KeyId| {
        let tag = id.as_str().rsplit('+').next().unwrap_or_default().to_owned();
        format!("key {tag} algorithm {}", algorithm_of(id).0)
    };
    if keys.is_empty() { "no key of ours".to_owned() } else { keys.iter().map(tag).collect::<Vec<_>>().join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::usage::KeyId;

    fn keys(list: &[&str]) -> Keys {
        list.iter().map(|name| KeyId(format!("K.+{name}"))).collect()
    }

    fn dnskey(all: &[&str], signers: &[&str]) -> DnskeySet {
        DnskeySet { keys: keys(all), signers: keys(signers), revoked: Keys::new() }
    }

    fn data(sets: &[&[&str]]) -> DataSigners {
        DataSigners(sets.iter().map(|set| keys(set)).collect())
    }

    const A8: &str = "008+00001";
    const B8: &str = "008+00002";
    const C13: &str = "013+00003";

    #[test]
    fn ds_and_dnskey() {
        for (ds, published, signers, fit) in [
            (&[][..], &[][..], &[][..], Fit::Good),
            (&[A8], &[], &[], Fit::Broken),
            (&[A8], &[A8], &[A8], Fit::Good),
            (&[A8], &[A8], &[], Fit::Broken),
            (&[A8], &[B8], &[B8], Fit::Broken),
            (&[A8, B8], &[B8], &[B8], Fit::Good),
            (&[A8, C13], &[A8], &[A8], Fit::Narrow),
            (&[A8, C13], &[A8, C13], &[A8], Fit::Narrow),
            (&[A8, C13], &[A8, C13], &[A8, C13], Fit::Good),
        ] {
            let found = ds_dnskey(&DsSet::of(keys(ds)), &dnskey(published, signers));
            assert_eq!(found, fit, "{ds:?} {published:?} {signers:?}");
        }
        let unknown = DsSet { keys: Keys::new(), unknown: [crate::base::Octets(vec![1])].into() };
        assert_eq!(ds_dnskey(&unknown, &dnskey(&[A8], &[A8])), Fit::Broken, "a DS that fits no key");
    }

    #[test]
    fn dnskey_and_data() {
        for (published, sets, fit) in [
            (&[][..], &[&[A8][..]][..], Fit::Good),
            (&[A8], &[&[A8]], Fit::Good),
            (&[A8], &[&[A8], &[B8]], Fit::Broken),
            (&[A8, B8], &[&[A8], &[B8]], Fit::Good),
            (&[A8], &[&[A8, C13]], Fit::Good),
            (&[A8, C13], &[&[A8, C13]], Fit::Good),
            (&[A8, C13], &[&[A8]], Fit::Lax),
            (&[C13], &[&[A8]], Fit::Broken),
            (&[A8], &[&[]], Fit::Good),
        ] {
            let found = dnskey_data(&dnskey(published, &[]), &data(sets), &Algorithms::new());
            assert_eq!(found, fit, "{published:?} {sets:?}");
        }
    }

    /// RFC 6840 section 5.11: a validator may know only one of the algorithms in the DS.
    #[test]
    fn the_algorithms_of_the_ds_must_sign_data() {
        let promised = Algorithms::from([Algorithm(8), Algorithm(13)]);
        for (sets, fit) in [
            (&[&[A8, C13][..]][..], Fit::Good),
            (&[&[A8]], Fit::Narrow),
            (&[&[A8, C13], &[C13]], Fit::Narrow),
            (&[&[B8]], Fit::Broken),
        ] {
            let found = dnskey_data(&dnskey(&[A8, C13], &[]), &data(sets), &promised);
            assert_eq!(found, fit, "{sets:?}");
        }
    }

    #[test]
    fn ds_and_unsigned_data() {
        assert_eq!(ds_data(&DsSet::of(keys(&[A8])), &DataSigners::unsigned()), Fit::Broken);
        assert_eq!(ds_data(&DsSet::default(), &DataSigners::unsigned()), Fit::Good);
        assert_eq!(ds_data(&DsSet::of(keys(&[A8])), &data(&[&[A8]])), Fit::Good);
    }

    #[test]
    fn the_end_of_conflicts_is_that_of_the_last() {
        let conflict = |until| Conflict { until, ..Conflict::own("", "I-2") };
        assert_eq!(end_of(&[conflict(Some(UnixTime(5))), conflict(Some(UnixTime(9)))]), Some(UnixTime(9)));
        assert_eq!(end_of(&[conflict(Some(UnixTime(5))), conflict(None)]), None);
    }
}
