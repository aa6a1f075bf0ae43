//! What somebody tells of a key: the program that managed it, or the times in its files.

use super::adopt::bind::{BindState, BindVisibility};
use super::adopt::knot::KnotEntry;
use crate::base::UnixTime;
use crate::keys::{KeyId, KeyTiming};
use crate::rollover::{Goal, KeyTimes, RecordState, RecordStates, Role};
use std::collections::BTreeMap;

/// What is told of the keys of a zone. None of it counts against what is published.
pub type ToldKeys = BTreeMap<KeyId, Told>;

/// What is told of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Who tells it.
    pub source: &'static str,
    /// What it is for.
    pub role: Option<Role>,
    /// When what happened to it; times to come are no facts and are left out.
    pub times: KeyTimes,
    /// Where it is going.
    pub goal: Goal,
    /// How far its records are seen, where the source knows.
    pub states: Option<RecordStates>,
    /// When its source meant it to cease to sign or to go, if that is to come.
    pub leaves_at: Option<UnixTime>,
    /// The key that follows it, by its tag.
    pub successor: Option<u16>,
    /// Whether it is in the zone, as far as the source knows.
    pub is_published: bool,
    /// Whether it signs.
    pub is_active: bool,
}

/// A time that has come.
fn past(time: Option<UnixTime>, now: UnixTime) -> Option<UnixTime> {
    time.filter(|time| *time <= now)
}

/// A time to come.
fn future(time: Option<UnixTime>, now: UnixTime) -> Option<UnixTime> {
    time.filter(|time| *time > now)
}

impl Told {
    /// By the times in its files.
    #[must_use]
    pub fn by_timing(timing: &KeyTiming, now: UnixTime) -> Self {
        let leaves = [timing.inactive, timing.delete, timing.revoke];
        Self {
            source: if timing.is_timeless { "key files without times" } else { "the times in its files" },
            role: None,
            times: KeyTimes {
                generated: past(timing.created, now),
                published: past(timing.publish, now),
                active: past(timing.activate, now),
                retired: past(timing.inactive, now),
                removed: past(timing.delete, now),
                revoked: past(timing.revoke, now),
                ..KeyTimes::default()
            },
            goal: if leaves.iter().any(|time| past(*time, now).is_some()) { Goal::Out } else { Goal::In },
            states: None,
            leaves_at: leaves.iter().filter_map(|time| future(*time, now)).min(),
            successor: None,
            is_published: timing.is_published(now),
            is_active: timing.is_active(now),
        }
    }

    /// By BIND's `.state` file.
    #[must_use]
    pub fn by_bind(state: &BindState, now: UnixTime) -> Self {
        let leaves = [state.retired, state.removed];
        let goal = match state.goal {
            Some(BindVisibility::Hidden) => Goal::Out,
            Some(_) => Goal::In,
            // `named` never managed it: its times tell.
            None if leaves.iter().any(|time| past(*time, now).is_some()) => Goal::Out,
            None => Goal::In,
        };
        let seen = |record: Option<BindVisibility>| record.map(record_state).unwrap_or_default();
        let has_states = state.dnskey.state.is_some();
        let is_published = match state.dnskey.state {
            Some(dnskey) => dnskey.is_published(),
            None => past(state.published, now).is_some() && past(state.removed, now).is_none(),
        };
        let signs = [state.zone_rrsig.state, state.dnskey_rrsig.state].into_iter().flatten();
        Self {
            source: "BIND's .state file",
            role: role(state.ksk.unwrap_or(false), state.zsk.unwrap_or(false)),
            times: KeyTimes {
                generated: past(state.generated, now),
                published: past(state.published, now).filter(|_| is_published),
                active: past(state.active, now),
                submitted: past(state.publish_cds, now),
                retired: past(state.retired, now).filter(|_| goal == Goal::Out),
                removed: past(state.removed, now).filter(|_| !is_published),
                revoked: past(state.revoked, now),
                ..KeyTimes::default()
            },
            goal,
            states: has_states.then(|| RecordStates {
                dnskey: seen(state.dnskey.state),
                zone_rrsig: seen(state.zone_rrsig.state),
                dnskey_rrsig: seen(state.dnskey_rrsig.state),
                ds: seen(state.ds.state),
            }),
            leaves_at: leaves.iter().filter_map(|time| future(*time, now)).min(),
            successor: state.successor,
            is_published,
            is_active: if has_states {
                signs.into_iter().any(BindVisibility::is_published)
            } else {
                past(state.active, now).is_some()
            },
        }
    }

    /// By Knot's list.
    #[must_use]
    pub fn by_knot(entry: &KnotEntry, now: UnixTime) -> Self {
        let timing = entry.timing();
        let leaves = [entry.retire_active, entry.retire, entry.post_active, entry.remove];
        let is_leaving = leaves.iter().any(|time| past(*time, now).is_some());
        let active = [entry.active, entry.ready, entry.pre_active].iter().find_map(|time| past(*time, now));
        Self {
            source: "Knot's list of keys",
            role: role(entry.is_ksk, entry.is_zsk),
            times: KeyTimes {
                published: past(entry.publish, now),
                ready: past(entry.ready, now),
                active: past(entry.active, now),
                retired: past(entry.retire, now),
                removed: past(entry.remove, now),
                revoked: past(entry.revoke, now),
                ..KeyTimes::default()
            },
            goal: if is_leaving { Goal::Out } else { Goal::In },
            states: None,
            leaves_at: leaves.into_iter().filter_map(|time| future(time, now)).min(),
            successor: None,
            is_published: timing.is_published(now) && past(entry.post_active, now).is_none(),
            is_active: active.is_some() && past(entry.retire, now).is_none(),
        }
    }
}

const fn role(is_ksk: bool, is_zsk: bool) -> Option<Role> {
    match (is_ksk, is_zsk) {
        (true, true) => Some(Role::Csk),
        (true, false) => Some(Role::Ksk),
        (false, true) => Some(Role::Zsk),
        (false, false) => None,
    }
}

const fn record_state(visibility: BindVisibility) -> RecordState {
    match visibility {
        BindVisibility::Hidden => RecordState::Hidden,
        BindVisibility::Rumoured => RecordState::Rumoured,
        BindVisibility::Omnipresent => RecordState::Omnipresent,
        BindVisibility::Unretentive => RecordState::Unretentive,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::adopt::bind::BindRecord;

    const NOW: UnixTime = UnixTime(1_000);

    #[test]
    fn times_to_come_are_no_facts() {
        let at = |offset: i64| Some(UnixTime(NOW.0 + offset));
        let timing =
            KeyTiming { publish: at(-9), activate: at(-9), inactive: at(9), delete: at(19), ..KeyTiming::default() };
        let told = Told::by_timing(&timing, NOW);
        assert_eq!((told.goal, told.leaves_at, told.times.retired), (Goal::In, at(9), None));
        let told = Told::by_timing(&timing, UnixTime(NOW.0 + 10));
        assert_eq!((told.goal, told.leaves_at, told.times.retired), (Goal::Out, at(19), at(9)));
    }

    /// What `named` says of its records counts more than its times, which are plans.
    #[test]
    fn bind_states_before_bind_times() {
        let at = |offset: i64| Some(UnixTime(NOW.0 + offset));
        let record = |state| BindRecord { state: Some(state), change: at(-5) };
        let state = BindState {
            ksk: Some(true),
            zsk: Some(false),
            published: at(-9),
            retired: at(-1),
            removed: at(-1),
            dnskey: record(BindVisibility::Omnipresent),
            dnskey_rrsig: record(BindVisibility::Omnipresent),
            ds: record(BindVisibility::Unretentive),
            goal: Some(BindVisibility::Omnipresent),
            ..BindState::default()
        };
        let told = Told::by_bind(&state, NOW);
        assert_eq!((told.role, told.goal, told.is_published, told.is_active), (Some(Role::Ksk), Goal::In, true, true));
        assert_eq!((told.times.retired, told.times.removed), (None, None));
        assert_eq!(told.states.unwrap().ds, RecordState::Unretentive);
        let told = Told::by_bind(&BindState { goal: Some(BindVisibility::Hidden), ..state }, NOW);
        assert_eq!((told.goal, told.times.retired), (Goal::Out, at(-1)));
    }
}
