//! What was published, when, and how long caches may still hold it.

use crate::base::{Seconds, UnixTime};
use serde::{Deserialize, Serialize};

/// One version of something published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version<T> {
    /// What was published.
    pub value: T,
    /// When it was confirmed to be published, not when that was decided.
    pub from: UnixTime,
    /// When something else was confirmed in its place; `None` while it is published.
    pub until: Option<UnixTime>,
    /// The largest TTL it was served with. A smaller TTL opens a version of its own, so an old TTL counts until it is
    /// over (I-6).
    pub ttl: Seconds,
}

/// The versions that may still be in a cache, oldest first, and those published now.
///
/// More than one is open while the servers of the parent disagree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct History<T> {
    versions: Vec<Version<T>>,
}

impl<T> Default for History<T> {
    fn default() -> Self {
        Self { versions: Vec::new() }
    }
}

/// How long something stays in caches after the last server ceased to serve it, its TTL apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Until the last server has the next version: `Dprp`.
    pub propagation: Seconds,
    /// A TTL as configured; the larger of it and the one observed counts.
    pub ttl: Seconds,
    /// Margin.
    pub safety: Seconds,
}

impl<T> Version<T> {
    /// When the last cache has dropped it; `None` while it is published.
    #[must_use]
    pub fn leaves_caches(&self, reach: Reach) -> Option<UnixTime> {
        let stay = reach.propagation.0 + self.ttl.max(reach.ttl).0 + reach.safety.0;
        self.until.map(|until| until.plus(Seconds(stay)))
    }

    /// Whether a cache may hold it.
    #[must_use]
    pub fn may_be_cached(&self, reach: Reach, now: UnixTime) -> bool {
        self.leaves_caches(reach).is_none_or(|leaves| now < leaves)
    }
}

impl<T: Clone + PartialEq> History<T> {
    /// All versions kept, oldest first.
    #[must_use]
    pub fn versions(&self) -> &[Version<T>] {
        &self.versions
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.versions.is_empty()
    }

    /// The versions published now.
    pub fn open(&self) -> impl Iterator<Item = &Version<T>> {
        self.versions.iter().filter(|version| version.until.is_none())
    }

    /// The version published now; the newest if several are.
    #[must_use]
    pub fn current(&self) -> Option<&Version<T>> {
        self.versions.iter().rev().find(|version| version.until.is_none())
    }

    /// The versions a cache may hold, those published now among them.
    pub fn cached(&self, reach: Reach, now: UnixTime) -> impl Iterator<Item = &Version<T>> {
        self.versions.iter().filter(move |version| version.may_be_cached(reach, now))
    }

    /// The last time anything changed.
    #[must_use]
    pub fn newest(&self) -> Option<UnixTime> {
        self.versions.iter().flat_map(|version| [Some(version.from), version.until]).flatten().max()
    }

    /// Takes exactly these for what is published at `at`; says whether that is news. What was published and no longer is
    /// ends at `at`; a lower TTL begins a version of its own.
    pub fn publish(&mut self, current: &[(T, Seconds)], at: UnixTime) -> bool {
        let mut is_news = self.add(current, at);
        for version in &mut self.versions {
            let stays = current.iter().any(|(value, ttl)| *value == version.value && *ttl == version.ttl);
            if version.until.is_none() && !stays {
                version.until = Some(at);
                is_news = true;
            }
        }
        is_news
    }

    /// Takes these for published besides what is; says whether that is news.
    pub fn add(&mut self, more: &[(T, Seconds)], at: UnixTime) -> bool {
        let mut is_news = false;
        for (value, ttl) in more {
            if !self.open().any(|version| version.value == *value && version.ttl == *ttl) {
                self.versions.push(Version { value: value.clone(), from: at, until: None, ttl: *ttl });
                is_news = true;
            }
        }
        is_news
    }

    /// Adds something that may have been published and is not any more.
    pub fn add_closed(&mut self, value: T, ttl: Seconds, at: UnixTime) {
        self.versions.push(Version { value, from: at, until: Some(at), ttl });
    }

    /// Moves the end of the newest closed version that fits to `at`: it was still served then. False if none fits.
    pub fn prolong(&mut self, at: UnixTime, fits: impl Fn(&Version<T>) -> bool) -> bool {
        let closed = self.versions.iter_mut().rev().find(|version| version.until.is_some() && fits(version));
        let Some(version) = closed else { return false };
        version.until = version.until.max(Some(at));
        true
    }

    /// Forgets what no cache can hold any more.
    pub fn prune(&mut self, reach: Reach, now: UnixTime) {
        self.versions.retain(|version| version.may_be_cached(reach, now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3600;

    fn at(hours: i64) -> UnixTime {
        UnixTime(hours * HOUR)
    }

    fn hours(count: i64) -> Seconds {
        Seconds(count * HOUR)
    }

    const REACH: Reach = Reach { propagation: Seconds(HOUR), ttl: Seconds(0), safety: Seconds(HOUR) };

    /// A version leaves the caches at `until + Dprp + its own TTL + safety`, and not a second before.
    #[test]
    fn a_version_stays_for_its_own_ttl() {
        let mut history = History::default();
        assert!(history.publish(&[("a", hours(24))], at(0)));
        assert!(!history.publish(&[("a", hours(24))], at(5)), "the same again is no news");
        assert!(history.publish(&[("b", hours(1))], at(10)));
        let old = &history.versions()[0];
        assert_eq!((old.until, old.leaves_caches(REACH)), (Some(at(10)), Some(at(10 + 1 + 24 + 1))));
        assert!(old.may_be_cached(REACH, UnixTime(at(36).0 - 1)) && !old.may_be_cached(REACH, at(36)));
        assert_eq!(history.current().map(|version| version.value), Some("b"));
    }

    /// I-6: the old TTL counts until it is over, and the new one after that.
    #[test]
    fn a_lower_ttl_takes_effect_when_the_old_one_is_over() {
        let mut history = History::default();
        history.publish(&[("a", hours(24))], at(0));
        history.publish(&[("a", hours(1))], at(10));
        history.publish(&[("b", hours(1))], at(11));
        let leaves = |history: &History<&str>| {
            history.versions().iter().filter_map(|version| version.leaves_caches(REACH)).max()
        };
        assert_eq!(leaves(&history), Some(at(36)), "the version with the long TTL ended at hour 10");
        history.prune(REACH, at(14));
        assert_eq!(history.versions().len(), 2, "a with the short TTL left at hour 14");
    }

    #[test]
    fn several_versions_may_be_open() {
        let mut history = History::default();
        history.publish(&[("old", hours(1)), ("new", hours(1))], at(0));
        assert_eq!(history.open().count(), 2);
        history.publish(&[("new", hours(1))], at(3));
        assert_eq!(history.open().count(), 1);
        assert_eq!(history.newest(), Some(at(3)));
        assert_eq!(history.cached(REACH, at(4)).count(), 2);
    }
}
