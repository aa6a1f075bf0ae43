//! When a key is published and signs.

use crate::base::UnixTime;

/// Times of a key, as its file gives them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyTiming {
    /// Made.
    pub created: Option<UnixTime>,
    /// Into the DNSKEY RRset.
    pub publish: Option<UnixTime>,
    /// Begins to sign.
    pub activate: Option<UnixTime>,
    /// Gets the REVOKE flag (RFC 5011).
    pub revoke: Option<UnixTime>,
    /// Ceases to sign.
    pub inactive: Option<UnixTime>,
    /// Out of the DNSKEY RRset.
    pub delete: Option<UnixTime>,
    /// CDS and CDNSKEY appear.
    pub sync_publish: Option<UnixTime>,
    /// CDS and CDNSKEY go.
    pub sync_delete: Option<UnixTime>,
    /// The file's format knows no times (v1.2, or a public half without any): published and signing always.
    pub is_timeless: bool,
}

/// What a key is at a time, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Not yet published.
    Future,
    /// In the DNSKEY RRset, not signing yet.
    Published,
    /// Signing.
    Active,
    /// In the DNSKEY RRset, signing no more.
    Inactive,
    /// In the DNSKEY RRset with the REVOKE flag, which it alone signs.
    Revoked,
    /// Gone.
    Deleted,
}

impl KeyState {
    /// One word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Future => "future",
            Self::Published => "published",
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Revoked => "revoked",
            Self::Deleted => "deleted",
        }
    }
}

/// All as `dnssec-signzone -S` of BIND 9.18 does, tried with each combination of times set and not set, but for one
/// point: a key with Activate reached and Publish still to come signs there, though its DNSKEY is not in the zone.
/// Here it waits, since a signature that no published key verifies proves nothing (SIG-1).
impl KeyTiming {
    /// Whether it is in the DNSKEY RRset: Publish reached (if it has none, Activate) and Delete not.
    #[must_use]
    pub fn is_published(&self, now: UnixTime) -> bool {
        (self.is_timeless || is_reached(self.publish.or(self.activate), now)) && !self.is_deleted(now)
    }

    /// Whether it signs: published, Activate reached, Inactive and Revoke not.
    #[must_use]
    pub fn is_active(&self, now: UnixTime) -> bool {
        self.is_published(now)
            && (self.is_timeless || is_reached(self.activate, now))
            && !is_reached(self.inactive, now)
            && !is_reached(self.revoke, now)
    }

    /// Whether Revoke is reached. A revoked key is published until Delete and signs the DNSKEY RRset, active or not.
    #[must_use]
    pub fn is_revoked(&self, now: UnixTime) -> bool {
        is_reached(self.revoke, now)
    }

    /// Whether Delete is reached.
    #[must_use]
    pub fn is_deleted(&self, now: UnixTime) -> bool {
        is_reached(self.delete, now)
    }

    /// Whether CDS and CDNSKEY stand for it: SyncPublish reached and SyncDelete not. Without SyncPublish a key that
    /// signs has them, so that `--cds` works for keys made without sync times; BIND would want SyncPublish set.
    #[must_use]
    pub fn is_in_sync(&self, now: UnixTime) -> bool {
        let begun = match self.sync_publish {
            Some(_) => is_reached(self.sync_publish, now) && self.is_published(now),
            None => self.is_active(now),
        };
        begun && !is_reached(self.sync_delete, now) && !self.is_revoked(now)
    }

    /// What it is.
    #[must_use]
    pub fn state(&self, now: UnixTime) -> KeyState {
        if self.is_deleted(now) {
            KeyState::Deleted
        } else if !self.is_published(now) {
            KeyState::Future
        } else if self.is_revoked(now) {
            KeyState::Revoked
        } else if self.is_active(now) {
            KeyState::Active
        } else if is_reached(self.inactive, now) {
            KeyState::Inactive
        } else {
            KeyState::Published
        }
    }

    /// The times with their names in key files, in the order BIND writes them.
    #[must_use]
    pub const fn fields(&self) -> [(&'static str, Option<UnixTime>); 8] {
        [
            ("Created", self.created),
            ("Publish", self.publish),
            ("Activate", self.activate),
            ("Revoke", self.revoke),
            ("Inactive", self.inactive),
            ("Delete", self.delete),
            ("SyncPublish", self.sync_publish),
            ("SyncDelete", self.sync_delete),
        ]
    }

    /// The time with a name, to be set.
    pub(super) fn field_mut(&mut self, name: &str) -> Option<&mut Option<UnixTime>> {
        Some(match name {
            "Created" => &mut self.created,
            "Publish" => &mut self.publish,
            "Activate" => &mut self.activate,
            "Revoke" => &mut self.revoke,
            "Inactive" => &mut self.inactive,
            "Delete" => &mut self.delete,
            "SyncPublish" => &mut self.sync_publish,
            "SyncDelete" => &mut self.sync_delete,
            _ => return None,
        })
    }
}

/// Whether a time is set and not in the future.
fn is_reached(time: Option<UnixTime>, now: UnixTime) -> bool {
    time.is_some_and(|time| time <= now)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime(1_000);

    #[track_caller]
    fn assert_timing(times: &[(&str, i64)], published: bool, active: bool, state: KeyState) {
        let mut timing = KeyTiming::default();
        for &(name, time) in times {
            *timing.field_mut(name).unwrap() = Some(UnixTime(NOW.0 + time));
        }
        assert_eq!(
            (timing.is_published(NOW), timing.is_active(NOW), timing.state(NOW)),
            (published, active, state),
            "{times:?}"
        );
    }

    /// What `dnssec-signzone -S` 9.18.49 did with a key of such times.
    #[test]
    fn as_dnssec_signzone_smart_signing() {
        assert_timing(&[("Publish", 0), ("Activate", 0)], true, true, KeyState::Active);
        assert_timing(&[], false, false, KeyState::Future);
        assert_timing(&[("Activate", 1)], false, false, KeyState::Future);
        assert_timing(&[("Activate", 0)], true, true, KeyState::Active);
        assert_timing(&[("Publish", 1), ("Activate", 2)], false, false, KeyState::Future);
        assert_timing(&[("Publish", -2), ("Activate", -2), ("Inactive", -1)], true, false, KeyState::Inactive);
        assert_timing(&[("Publish", -2), ("Activate", -2), ("Delete", 0)], false, false, KeyState::Deleted);
        assert_timing(&[("Publish", -1)], true, false, KeyState::Published);
        assert_timing(&[("Publish", 0), ("Activate", 1), ("Inactive", -1)], true, false, KeyState::Inactive);
        assert_timing(&[("Publish", -1), ("Activate", -1), ("Revoke", 0)], true, false, KeyState::Revoked);
        assert_timing(&[("Inactive", 1)], false, false, KeyState::Future);
        // The point where we wait.
        assert_timing(&[("Publish", 1), ("Activate", 0)], false, false, KeyState::Future);
    }

    #[test]
    fn timeless_keys_are_always_on() {
        let timing = KeyTiming { is_timeless: true, ..KeyTiming::default() };
        assert_eq!(timing.state(NOW), KeyState::Active);
        assert!(timing.is_in_sync(NOW));
    }

    #[test]
    fn sync_times() {
        let active = KeyTiming { publish: Some(NOW), activate: Some(NOW), ..KeyTiming::default() };
        let at = |seconds| Some(UnixTime(NOW.0 + seconds));
        for (sync_publish, sync_delete, revoke, is_in_sync) in [
            (None, None, None, true),
            (at(1), None, None, false),
            (at(0), None, None, true),
            (at(-1), at(0), None, false),
            (None, at(0), None, false),
            (at(-1), None, at(0), false),
        ] {
            let timing = KeyTiming { sync_publish, sync_delete, revoke, ..active };
            assert_eq!(timing.is_in_sync(NOW), is_in_sync, "{timing:?}");
        }
    }
}
