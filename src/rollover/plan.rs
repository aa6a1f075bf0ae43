//! The zone's keys and what each does, as it is and as it is to become: what moves change one by one.

use super::confirm::Shown;
use super::gate::{Blocker, Conflict, Proposal, World, end_of};
use super::model::{CdsTarget, Goal, KeyRecord, Role, Target, ZoneState};
use super::outcome::{Gate, Waiting};
use super::published::{DataSigners, DsSet, Keys, algorithm_of};
use super::timing::{Purpose, Timing, written_out};
use super::view::DenialView;
use crate::base::UnixTime;
use crate::keys::usage::{DataSigning, KeyId, KeyUse};
use crate::policy::Policy;

/// What each key does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// In the DNSKEY RRset, not revoked.
    pub(super) published: Keys,
    /// In the DNSKEY RRset, revoked.
    pub(super) revoked: Keys,
    /// Sign the DNSKEY RRset.
    pub(super) signers: Keys,
    /// Sign zone data.
    pub(super) makers: Keys,
    /// Have signatures over zone data that stay until they are due.
    pub(super) kept: Keys,
}

impl Plan {
    /// What the keys do now, by what is published.
    pub(super) fn current(state: &ZoneState) -> Self {
        let ours = |keys: &Keys| keys.iter().filter(|id| state.key(id).is_some()).cloned().collect::<Keys>();
        let (Some(dnskey), Some(data)) = (state.dnskey.current(), state.data.current()) else { return Self::default() };
        let makers = makers(state, &data.value);
        let kept = data.value.keys().difference(&makers).cloned().collect();
        Self {
            published: ours(&dnskey.value.keys),
            revoked: ours(&dnskey.value.revoked),
            signers: ours(&dnskey.value.signers),
            makers: ours(&makers),
            kept: ours(&kept),
        }
    }

    /// Takes a key out of everything.
    pub(super) fn remove(&mut self, key: &KeyId) {
        for keys in [&mut self.published, &mut self.revoked, &mut self.signers, &mut self.makers, &mut self.kept] {
            keys.remove(key);
        }
    }

    /// Takes a key out of the DNSKEY RRset; its signatures over data stay.
    pub(super) fn unpublish(&mut self, key: &KeyId) {
        for keys in [&mut self.published, &mut self.revoked, &mut self.signers] {
            keys.remove(key);
        }
    }

    /// Puts a key into the DNSKEY RRset, which it signs if that is its work.
    pub(super) fn publish(&mut self, key: &KeyRecord) {
        self.published.insert(key.id.clone());
        if key.role.signs_dnskey() && key.has_private {
            self.signers.insert(key.id.clone());
        }
    }

    /// As the next signing is told, with the keys that the parent's DS is to stand for.
    pub(super) fn to_target(&self, in_sync: &Keys, cds: CdsTarget, denial: DenialView) -> Target {
        let mut all: Keys =
            [&self.published, &self.revoked, &self.makers, &self.kept].into_iter().flatten().cloned().collect();
        if cds == CdsTarget::Keys {
            all.extend(in_sync.iter().cloned());
        }
        let key_use = |key: &KeyId| KeyUse {
            key: key.clone(),
            is_published: self.published.contains(key) || self.revoked.contains(key),
            signs_dnskey: self.signers.contains(key),
            signs_data: match (self.makers.contains(key), self.kept.contains(key)) {
                (true, _) => DataSigning::Yes,
                (false, true) => DataSigning::KeepOld,
                (false, false) => DataSigning::No,
            },
            is_in_sync: cds == CdsTarget::Keys && in_sync.contains(key),
            is_revoked: self.revoked.contains(key),
        };
        Target { keys: all.iter().map(key_use).collect(), cds, denial, ..Target::default() }
    }

    fn versions(&self, current: &DataSigners, foreign: &Keys) -> Shown {
        self.to_target(&Keys::new(), CdsTarget::None, DenialView::None).versions(current, foreign)
    }
}

/// Of the keys whose signatures are there, those that still make them. Where sets differ, what the signing was told
/// decides, then what it was not told to keep, then the largest set.
fn makers(state: &ZoneState, data: &DataSigners) -> Keys {
    if data.0.len() <= 1 {
        return data.keys();
    }
    let told = state.target.keys.iter().filter(|one| one.signs_data == DataSigning::Yes);
    let told: Keys = told.map(|one| one.key.clone()).collect();
    if data.0.contains(&told) {
        return told;
    }
    let is_kept =
        |id: &KeyId| state.target.keys.iter().any(|one| one.key == *id && one.signs_data == DataSigning::KeepOld);
    let unkept = data.0.iter().filter(|set| !set.iter().any(is_kept)).max_by_key(|set| set.len());
    unkept.or_else(|| data.0.iter().max_by_key(|set| set.len())).cloned().unwrap_or_default()
}

/// What helps where only a new look at the parent is missing.
const LOOK: &str =
    "look at the parent with zoneseal observe, and run again with --observations; or give your word again";

/// A plan in the making: moves are tried on it one after another, and each is kept if the gate lets it through.
#[derive(Debug)]
pub(super) struct Planner<'a> {
    pub(super) policy: &'a Policy,
    pub(super) state: &'a ZoneState,
    pub(super) timing: Timing,
    pub(super) now: UnixTime,
    pub(super) plan: Plan,
    pub(super) waiting: Vec<Waiting>,
    /// Whether a move waits for nothing but a new look at the parent.
    pub(super) needs_look: bool,
    /// Whether a move waits for the word that nobody trusts a key of the zone directly.
    pub(super) needs_word: bool,
    publish_world: World,
    retire_world: World,
    current_data: DataSigners,
    foreign: Keys,
}

/// A move, for messages.
#[derive(Clone, Copy, Debug)]
pub(super) struct Move<'k> {
    /// The key it is about.
    pub(super) key: &'k KeyRecord,
    /// What would be done, in words.
    pub(super) what: &'static str,
    /// Which margin counts.
    pub(super) purpose: Purpose,
}

impl<'a> Planner<'a> {
    pub(super) fn new(policy: &'a Policy, state: &'a ZoneState, timing: Timing, now: UnixTime) -> Self {
        Self {
            policy,
            state,
            timing,
            now,
            plan: Plan::current(state),
            waiting: Vec::new(),
            needs_look: false,
            needs_word: false,
            publish_world: World::of(policy, state, Purpose::Publish, now),
            retire_world: World::of(policy, state, Purpose::Retire, now),
            foreign: state.foreign_keys(),
            current_data: state.data.current().map(|version| version.value.clone()).unwrap_or_default(),
        }
    }

    pub(super) const fn world(&self, purpose: Purpose) -> &World {
        match purpose {
            Purpose::Publish => &self.publish_world,
            Purpose::Retire => &self.retire_world,
        }
    }

    /// The keys on their way in that do some work.
    pub(super) fn keys_in(&self, does: fn(Role) -> bool) -> impl Iterator<Item = &'a KeyRecord> + use<'a> {
        self.state.keys.iter().filter(move |key| key.goal == Goal::In && does(key.role))
    }

    /// Whether a key is in and signs the DNSKEY RRset by the plan.
    pub(super) fn is_entry(&self, key: &KeyId) -> bool {
        self.plan.published.contains(key) && self.plan.signers.contains(key)
    }

    /// Takes the plan if the gate lets it through; else says what is in the way.
    pub(super) fn refuse(&mut self, plan: Plan, purpose: Purpose) -> Vec<Conflict> {
        let world = self.world(purpose);
        let accepted = world.judge(&self.proposal(&self.plan));
        let mut conflicts = world.judge(&self.proposal(&plan));
        conflicts.retain(|conflict| !accepted.contains(conflict));
        if conflicts.is_empty() {
            self.plan = plan;
        }
        conflicts
    }

    /// Takes the plan if the gate lets it through, else takes note of what is in the way.
    pub(super) fn try_move(&mut self, plan: Plan, step: Move<'_>) -> bool {
        let conflicts = self.refuse(plan, step.purpose);
        self.note(step, &conflicts);
        conflicts.is_empty()
    }

    /// The versions a plan would make, as far as they differ from those published.
    pub(super) fn proposal(&self, plan: &Plan) -> Proposal {
        let shown = plan.versions(&self.current_data, &self.foreign);
        let is_new = |history: Option<&_>| history != Some(&shown.dnskey);
        let has_new_data = self.state.data.current().is_none_or(|version| version.value != shown.data);
        Proposal {
            ds: None,
            dnskey: is_new(self.state.dnskey.current().map(|version| &version.value)).then_some(shown.dnskey),
            data: has_new_data.then_some(shown.data),
        }
    }

    /// Takes note of what is in the way of a move.
    pub(super) fn note(&mut self, step: Move<'_>, conflicts: &[Conflict]) {
        let Some(last) = conflicts.iter().max_by_key(|conflict| conflict.until.unwrap_or(UnixTime(i64::MAX))) else {
            return;
        };
        let until = end_of(conflicts);
        let (gate, help) = match (until, last.blocker) {
            (Some(_), _) => (Gate::Time, "run again then; nothing is lost by running later"),
            (None, Blocker::Parent) => {
                (Gate::Parent, "have the parent changed as the actions say, then look at it with zoneseal observe")
            }
            (None, Blocker::Observer) => (Gate::Parent, LOOK),
            (None, Blocker::Nobody) => (Gate::Safety, "it goes on by itself when the moves before it are done"),
        };
        let unseen_only = |conflict: &Conflict| conflict.until.is_some() || conflict.blocker == Blocker::Observer;
        self.needs_look |= until.is_none() && conflicts.iter().all(unseen_only);
        self.wait(step.key, step.what, gate, last.rule, last.reason.clone(), until, help.to_owned());
    }

    /// Takes note of a move that waits until no cache has some DS RRsets that the parent had, and for a look at the parent
    /// after that.
    pub(super) fn wait_for_ds(
        &mut self,
        step: Move<'_>,
        rule: &'static str,
        what: &str,
        is_in_the_way: impl Fn(&DsSet) -> bool,
    ) {
        let reach = self.timing.ds_reach(step.purpose);
        let versions = self.state.ds.versions().iter().filter(|version| is_in_the_way(&version.value));
        let Some(until) = versions.filter_map(|version| version.leaves_caches(reach)).max() else { return };
        if until <= self.now {
            let reason = format!("{what}; their time is over, but nobody has looked at the parent since {until}");
            self.needs_look = true;
            return self.wait(step.key, step.what, Gate::Parent, "I-4", reason, None, LOOK.to_owned());
        }
        let (name, margin) = match step.purpose {
            Purpose::Publish => ("IpubP", ("publish-safety", self.timing.publish_safety)),
            Purpose::Retire => ("Iret", ("retire-safety", self.timing.retire_safety)),
        };
        let parts = [("DprpP", self.timing.parent_propagation), ("TTLds", self.timing.ds_ttl), margin];
        let reason = format!("{what}; {}", written_out(name, &parts));
        let help = "run again then, with a new look at the parent; nothing is lost by running later".to_owned();
        self.wait(step.key, step.what, Gate::Time, rule, reason, Some(until), help);
    }

    /// Takes note of a move that is not made.
    #[expect(clippy::too_many_arguments, reason = "the fields of one entry")]
    pub(super) fn wait(
        &mut self,
        key: &KeyRecord,
        what: &str,
        gate: Gate,
        rule: &'static str,
        reason: String,
        until: Option<UnixTime>,
        help: String,
    ) {
        let (key, what) = (Some(key.id.clone()), format!("{}: {what}", key.title()));
        self.waiting.push(Waiting { key, what, gate, rule, reason, until, help });
    }

    /// Whether an algorithm is one that zone data is signed with by the plan.
    pub(super) fn signs_with(&self, algorithm: crate::base::Algorithm) -> bool {
        self.plan.makers.iter().any(|maker| algorithm_of(maker) == algorithm)
    }
}
