//! The four states of a key's records, derived from the histories, and the times that follow from them.

use super::history::{History, Reach};
use super::model::{Goal, KeyRecord, RecordKind, RecordState, RecordStates, ZoneState};
use super::outcome::Transition;
use super::timing::{Purpose, Timing};
use crate::base::UnixTime;
use crate::keys::usage::KeyId;
use crate::policy::Policy;

/// The states of a key's records.
pub(super) fn states_of(state: &ZoneState, timing: &Timing, key: &KeyId, now: UnixTime) -> RecordStates {
    let reaches =
        |reach: fn(&Timing, Purpose) -> Reach| [reach(timing, Purpose::Publish), reach(timing, Purpose::Retire)];
    let [dnskey, data, ds] = [Timing::dnskey_reach, Timing::data_reach, Timing::ds_reach].map(reaches);
    RecordStates {
        dnskey: presence(&state.dnskey, dnskey, now, |set| set.keys.contains(key) || set.revoked.contains(key)),
        zone_rrsig: presence(&state.data, data, now, |sets| sets.0.iter().any(|set| set.contains(key))),
        dnskey_rrsig: presence(&state.dnskey, dnskey, now, |set| set.signers.contains(key)),
        ds: presence(&state.ds, ds, state.parent_known(now), |set| set.keys.contains(key)),
    }
}

/// Where something stands that some versions have: published or not, in all caches, in some, in none.
fn presence<T: Clone + PartialEq>(
    history: &History<T>,
    [publish, retire]: [Reach; 2],
    now: UnixTime,
    has: impl Fn(&T) -> bool,
) -> RecordState {
    let is_published = history.open().any(|version| has(&version.value));
    let is_everywhere = history.cached(publish, now).all(|version| has(&version.value));
    let is_somewhere = history.cached(retire, now).any(|version| has(&version.value));
    match (is_published, is_everywhere, is_somewhere) {
        (true, true, _) => RecordState::Omnipresent,
        (true, false, _) => RecordState::Rumoured,
        (false, _, true) => RecordState::Unretentive,
        (false, _, false) => RecordState::Hidden,
    }
}

/// When each closed version leaves the caches: the times at which states change by themselves.
pub(super) fn departures(state: &ZoneState, timing: &Timing) -> Vec<UnixTime> {
    let of = |purpose| {
        let dnskey = state.dnskey.versions().iter().filter_map(move |v| v.leaves_caches(timing.dnskey_reach(purpose)));
        let data = state.data.versions().iter().filter_map(move |v| v.leaves_caches(timing.data_reach(purpose)));
        let ds = state.ds.versions().iter().filter_map(move |v| v.leaves_caches(timing.ds_reach(purpose)));
        dnskey.chain(data).chain(ds)
    };
    of(Purpose::Publish).chain(of(Purpose::Retire)).collect()
}

/// When somebody should look at the parent who last did so at a time: what ends then with a DS out of all caches counts only
/// if it is seen not to have come back (I-4).
#[must_use]
pub fn next_look(policy: &Policy, state: &ZoneState, last: UnixTime) -> Option<UnixTime> {
    let timing = Timing::of(state.overrides.in_force(policy).as_ref(), state);
    let of = |purpose| state.ds.versions().iter().filter_map(move |v| v.leaves_caches(timing.ds_reach(purpose)));
    of(Purpose::Publish).chain(of(Purpose::Retire)).filter(|leaves| last < *leaves).min()
}

/// Writes the states and times of all keys down, and says what changed.
pub(super) fn write_down(state: &mut ZoneState, timing: &Timing, now: UnixTime) -> Vec<Transition> {
    let mut transitions = Vec::new();
    for index in 0..state.keys.len() {
        let id = state.keys[index].id.clone();
        let states = states_of(state, timing, &id, now);
        let facts = Facts::of(state, timing, &id);
        let successor = state.keys[index].successor.as_ref().and_then(|id| state.key(id));
        let taken_over = successor.and_then(|successor| successor.times.active);
        let key = &mut state.keys[index];
        for ((record, from), (_, to)) in key.states.each().into_iter().zip(states.each()) {
            if from != to {
                let (rule, why) = explain(record, to);
                transitions.push(Transition { key: id.clone(), record, from, to, rule, why: why.to_owned() });
            }
        }
        key.states = states;
        stamp(key, &facts, taken_over);
    }
    transitions
}

/// When what is published of a key began, and when the rest left the caches.
struct Facts {
    published: Option<UnixTime>,
    revoked: Option<UnixTime>,
    ready: Option<UnixTime>,
    data_from: Option<UnixTime>,
    data_gone: Option<UnixTime>,
    ds_from: Option<UnixTime>,
    ds_gone: Option<UnixTime>,
    dnskey_gone: Option<UnixTime>,
    caches_free: Option<UnixTime>,
}

impl Facts {
    fn of(state: &ZoneState, timing: &Timing, key: &KeyId) -> Self {
        let lacking = state.dnskey.versions().iter().filter(|version| !version.value.keys.contains(key));
        let published = since(&state.dnskey, |set| set.keys.contains(key));
        let ready = lacking.filter_map(|version| version.leaves_caches(timing.dnskey_reach(Purpose::Publish))).max();
        let free_of_data = gone(&state.data, timing.data_reach(Purpose::Retire), |sets| sets.keys().contains(key));
        let free_of_ds = gone(&state.ds, timing.ds_reach(Purpose::Retire), |set| set.keys.contains(key));
        Self {
            published,
            revoked: since(&state.dnskey, |set| set.revoked.contains(key)),
            ready: published.map(|published| ready.map_or(published, |ready| ready.max(published))),
            data_from: since(&state.data, |sets| sets.keys().contains(key)),
            data_gone: until(&state.data, |sets| sets.keys().contains(key)),
            ds_from: since(&state.ds, |set| set.keys.contains(key)),
            ds_gone: until(&state.ds, |set| set.keys.contains(key)),
            dnskey_gone: until(&state.dnskey, |set| set.keys.contains(key) || set.revoked.contains(key)),
            caches_free: free_of_data.max(free_of_ds),
        }
    }
}

/// Since when something has been published without a break; `None` if it is not.
fn since<T: Clone + PartialEq>(history: &History<T>, has: impl Fn(&T) -> bool) -> Option<UnixTime> {
    if !history.open().any(|version| has(&version.value)) {
        return None;
    }
    let mut since = None;
    for version in history.versions().iter().rev().filter(|version| version.until != Some(version.from)) {
        if has(&version.value) {
            since = Some(version.from);
        } else if version.until.is_some() {
            break;
        }
    }
    since
}

/// When something ceased to be published; `None` if it is published, or never was as far as is known.
fn until<T: Clone + PartialEq>(history: &History<T>, has: impl Fn(&T) -> bool) -> Option<UnixTime> {
    if history.open().any(|version| has(&version.value)) {
        return None;
    }
    history.versions().iter().filter(|version| has(&version.value)).filter_map(|version| version.until).max()
}

/// When the last cache dropped something that is not published any more.
fn gone<T: Clone + PartialEq>(history: &History<T>, reach: Reach, has: impl Fn(&T) -> bool) -> Option<UnixTime> {
    if history.open().any(|version| has(&version.value)) {
        return None;
    }
    let had = history.versions().iter().filter(|version| has(&version.value));
    had.filter_map(|version| version.leaves_caches(reach)).max()
}

/// Sets the times of RFC 7583. Earlier stamps stay: versions are forgotten, times are not.
fn stamp(key: &mut KeyRecord, facts: &Facts, taken_over: Option<UnixTime>) {
    let is_published = key.states.dnskey == RecordState::Rumoured || key.states.dnskey == RecordState::Omnipresent;
    let times = &mut key.times;
    if facts.published.is_some() {
        times.published = times.published.or(facts.published);
        times.removed = None;
    }
    if key.states.dnskey == RecordState::Omnipresent {
        times.ready = times.ready.or(facts.ready);
    }
    let from_data = if key.role.signs_data() { facts.data_from } else { None };
    let from_ds = if key.role.signs_dnskey() { facts.ds_from.zip(times.published) } else { None };
    let active = [from_data, from_ds.map(|(ds, published)| ds.max(published))].into_iter().flatten().min();
    times.active = times.active.or(active);
    if key.goal == Goal::Out && times.active.is_some() {
        // Tret(N) = Tact(N+1); without a successor when it ceased to work.
        let ceased = || facts.data_gone.max(facts.ds_gone);
        times.retired = times.retired.or(taken_over).or_else(|| if active.is_none() { ceased() } else { None });
        if key.states.zone_rrsig == RecordState::Hidden && key.states.ds == RecordState::Hidden {
            times.dead = times.dead.or(facts.caches_free);
        }
        if !is_published {
            // What is left of it in caches, nobody needs: else it would not have been taken out.
            times.dead = times.dead.or(facts.dnskey_gone);
        }
    } else {
        (times.retired, times.dead) = (None, None);
    }
    times.revoked = times.revoked.or(facts.revoked);
    if !is_published {
        times.removed = times.removed.or(facts.dnskey_gone);
        if key.states.dnskey == RecordState::Hidden && key.goal != Goal::Out {
            // Trust by RFC 5011 and readiness begin anew when it is published again.
            (times.published, times.ready) = (None, None);
        }
    }
}

/// The rule by which a record came to a state, and why.
const fn explain(record: RecordKind, to: RecordState) -> (&'static str, &'static str) {
    match (record, to) {
        (RecordKind::Ds, RecordState::Rumoured) => ("I-4", "the parent was seen with it"),
        (RecordKind::Ds, RecordState::Unretentive) => ("I-4", "the parent was seen without it"),
        (_, RecordState::Rumoured) => ("I-2", "it was confirmed to be published"),
        (_, RecordState::Unretentive) => ("I-2", "what is published was confirmed to be without it"),
        (_, RecordState::Omnipresent) => ("I-6", "every version without it has left the caches"),
        (_, RecordState::Hidden) => ("I-6", "every version with it has left the caches"),
    }
}
