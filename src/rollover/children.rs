//! What the zone's own servers say: one that is behind keeps an old version alive.

use super::history::{History, Version};
use super::model::ZoneState;
use super::outcome::{Gate, Waiting};
use super::published::{DataSigners, DnskeySet};
use super::view::{ChildAnswer, ChildServer, ChildView, ZoneView};
use crate::base::UnixTime;

/// Takes in what the zone's servers say: the old version that one of them still serves ends only now.
pub(super) fn take_in(state: &mut ZoneState, view: &ChildView) -> Vec<Waiting> {
    let mut waiting = Vec::new();
    for server in &view.servers {
        if let Ok(answer) = &server.answer
            && prolong(state, answer, view.at)
        {
            waiting.push(is_behind(server));
        }
    }
    waiting
}

/// Prolongs the versions that an answer is from; false if it is from the current ones.
fn prolong(state: &mut ZoneState, answer: &ChildAnswer, at: UnixTime) -> bool {
    let seen =
        ZoneView { dnskeys: answer.dnskeys.clone(), data_signers: answer.data_signers.clone(), ..ZoneView::default() };
    let shown = state.read(&seen);
    let same_keys = |version: &Version<DnskeySet>| {
        (&version.value.keys, &version.value.revoked) == (&shown.dnskey.keys, &shown.dnskey.revoked)
    };
    let has_sample = |version: &Version<DataSigners>| shown.data.0.is_subset(&version.value.0);
    let dnskey = prolong_version(&mut state.dnskey, at, same_keys);
    let data = !shown.data.0.is_empty() && prolong_version(&mut state.data, at, has_sample);
    dnskey || data
}

/// Prolongs the newest version that fits, if it is not the current one.
fn prolong_version<T: Clone + PartialEq>(
    history: &mut History<T>,
    at: UnixTime,
    fits: impl Fn(&Version<T>) -> bool,
) -> bool {
    if history.current().is_some_and(&fits) {
        return false;
    }
    history.prolong(at, fits)
}

fn is_behind(server: &ChildServer) -> Waiting {
    Waiting {
        key: None,
        what: "count on the new version of the zone".to_owned(),
        gate: Gate::Time,
        rule: "I-2",
        reason: format!(
            "the server {} still has an old version of the zone, so caches may take it from there",
            server.name
        ),
        until: None,
        help: "find out why the server does not follow (transfers, NOTIFY), then look again with zoneseal observe"
            .to_owned(),
    }
}
