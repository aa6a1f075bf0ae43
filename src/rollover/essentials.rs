//! The histories in words, for people who want to know what caches may have.

use super::history::{History, Reach};
use super::model::{KeyRecord, ZoneState};
use super::published::Keys;
use super::timing::{Purpose, Timing};
use crate::base::UnixTime;
use crate::policy::Policy;
use serde::Serialize;

/// A version of something published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Published {
    /// Of what: `DS RRset`, `DNSKEY RRset`, `signatures`.
    pub what: &'static str,
    /// What it was, in words.
    pub words: String,
    /// Since when.
    pub from: UnixTime,
    /// Until when; `None` while it is published.
    pub until: Option<UnixTime>,
    /// When the last cache drops it, if it is not published any more.
    pub leaves_caches: Option<UnixTime>,
}

/// What is published, and what caches may have beside it, oldest first.
#[must_use]
pub fn published(policy: &Policy, state: &ZoneState, now: UnixTime) -> Vec<Published> {
    let timing = Timing::of(policy, state);
    let [ds, dnskey, data] =
        [Timing::ds_reach, Timing::dnskey_reach, Timing::data_reach].map(|reach| reach(&timing, Purpose::Retire));
    let names = |keys: &Keys| match keys.is_empty() {
        true => "none".to_owned(),
        false => keys.iter().map(|id| title(state, id)).collect::<Vec<_>>().join(", "),
    };
    let mut all = versions("DS RRset", &state.ds, ds, state.parent_known(now), |set| match set.unknown.len() {
        0 => names(&set.keys),
        count => format!("{}, and {count} that fit no key", names(&set.keys)),
    });
    all.extend(versions("DNSKEY RRset", &state.dnskey, dnskey, now, |set| {
        let revoked = if set.revoked.is_empty() { String::new() } else { format!(", revoked {}", names(&set.revoked)) };
        format!("{}{revoked}, signed by {}", names(&set.keys), names(&set.signers))
    }));
    all.extend(versions("signatures", &state.data, data, now, |sets| {
        sets.0.iter().map(names).collect::<Vec<_>>().join("; or ")
    }));
    all
}

fn title(state: &ZoneState, id: &crate::keys::usage::KeyId) -> String {
    state.key(id).map_or_else(|| id.to_string(), KeyRecord::title)
}

fn versions<T: Clone + PartialEq>(
    what: &'static str,
    history: &History<T>,
    reach: Reach,
    now: UnixTime,
    words: impl Fn(&T) -> String,
) -> Vec<Published> {
    let published = |version: &super::history::Version<T>| Published {
        what,
        words: words(&version.value),
        from: version.from,
        until: version.until,
        leaves_caches: version.leaves_caches(reach),
    };
    history.cached(reach, now).map(published).collect()
}
