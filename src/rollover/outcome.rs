//! What a step finds out: transitions, actions, and what it waits for.

use super::model::{KeyOrder, RecordKind, RecordState, Target, ZoneState};
use crate::base::{Octets, UnixTime};
use crate::keys::usage::KeyId;
use serde::{Deserialize, Serialize};

/// What a step finds out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The state from now on, to be stored before anything is done.
    pub state: ZoneState,
    /// What became of records since the state that was given.
    pub transitions: Vec<Transition>,
    /// What is to be done, until it is done and the state says so.
    pub actions: Vec<Action>,
    /// What is not done yet, and why.
    pub waiting: Vec<Waiting>,
    /// When the next step has something to do, if nobody does anything before.
    pub next_event: Option<UnixTime>,
}

/// A record that came to another state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Transition {
    /// Whose record.
    pub key: KeyId,
    /// Which.
    pub record: RecordKind,
    /// State before.
    pub from: RecordState,
    /// State now.
    pub to: RecordState,
    /// The rule that allowed it.
    pub rule: &'static str,
    /// Why, in words.
    pub why: String,
}

/// Something for the caller to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Make a key, give it to [`ZoneState::add_key`] and step again.
    GenerateKey(KeyOrder),
    /// Sign the zone by the target, then [`ZoneState::confirm`] what is published.
    Sign {
        /// What the next signing must do.
        target: Target,
        /// What changes, in words.
        changes: Vec<String>,
    },
    /// Have these DS records added at the parent.
    SubmitDs {
        /// The keys.
        keys: Vec<KeyId>,
        /// DS RDATA to add.
        ds: Vec<Octets>,
        /// The DS RRset as it is to be in the end. The parent may have lost something since it was last seen, so this is
        /// what is to be handed in.
        whole: Vec<Octets>,
    },
    /// Have these DS records taken out at the parent.
    WithdrawDs {
        /// The keys that are ours; other records may be among those to go.
        keys: Vec<KeyId>,
        /// DS RDATA to take out.
        ds: Vec<Octets>,
        /// The DS RRset as it is to be in the end.
        whole: Vec<Octets>,
    },
    /// Move the key's files to the trash, then [`ZoneState::forget_key`].
    TrashKey {
        /// The key.
        key: KeyId,
    },
    /// Tell somebody.
    Notify {
        /// What, in words.
        message: String,
    },
}

/// What stands in the way of a move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gate {
    /// The method, or the lifetime, says not yet.
    Policy,
    /// Some cache would fail to validate, and no time is known at which that ends.
    Safety,
    /// Some cache would fail to validate until a known time.
    Time,
    /// The parent.
    Parent,
    /// The clock.
    Clock,
    /// The past is not known.
    Hold,
    /// The zone must be signed first, or a key be made.
    Signing,
}

/// A move that is not made yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Waiting {
    /// The key concerned.
    pub key: Option<KeyId>,
    /// The move, in words.
    pub what: String,
    /// What stands in the way.
    pub gate: Gate,
    /// The rule: an id of `docs/rules.md`, or an RFC and section.
    pub rule: &'static str,
    /// Why, in words, with the interval written out.
    pub reason: String,
    /// Until when, if a time is known.
    pub until: Option<UnixTime>,
    /// What the operator can do.
    pub help: String,
}
