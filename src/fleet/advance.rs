//! Stepping until nothing more can be done now: keys are made, files of purged keys moved, the state follows.

use crate::base::{Seconds, UnixTime};
use crate::crypto::PrivateKey;
use crate::keys::generate::{KeySpec, generate, generate_beside, tags_of};
use crate::keys::{KeyDirectory, KeyError, KeyId, KeyTiming};
use crate::policy::Policy;
use crate::rdata::dnskey::{FLAG_SEP, FLAG_ZONE};
use crate::rollover::{Action, Assumptions, Event, KeyOrder, Observations, Role, Step, ZoneState, forecast, step};
use crate::state::trash::{TrashReason, trash};
use crate::state::{Guard, LogEntry, StateError, StateErrorKind, Who};
use std::fmt;
use std::io;
use std::path::Path;

/// Steps in one run; keys of a few roles and algorithms need a few.
const STEPS_MAX: usize = 64;

/// What steps go by.
#[derive(Clone, Copy, Debug)]
pub struct Engine<'a> {
    /// The directory of the keys.
    pub directory: &'a Path,
    /// What is wanted.
    pub policy: &'a Policy,
    /// What was seen of the world.
    pub observations: &'a Observations,
    /// The directory as it was listed for many zones; else it is listed for each new key.
    pub listed: Option<&'a KeyDirectory>,
}

/// What came of a run of steps.
#[derive(Debug)]
pub struct Advanced {
    /// The last step: what is left to do.
    pub step: Step,
    /// What was done, in sentences.
    pub changes: Vec<String>,
    /// Whether keys were made: anything else that was done makes no difference to anybody outside.
    pub has_made_keys: bool,
    /// Keys that stand for such as would be made, by title and id.
    pub imagined: Vec<(String, KeyId)>,
}

/// Whether things are done or only said.
#[derive(Clone, Copy, Debug)]
pub enum Mode<'a> {
    /// Nothing outside of memory changes. Keys that would be made are made in this directory, which goes afterwards.
    DryRun(&'a Path),
    /// Keys are made and moved, by somebody.
    Real(&'a Who),
}

/// Why steps could not be made.
#[derive(Debug)]
#[non_exhaustive]
pub enum AdvanceError {
    /// There is no place for trial keys.
    Place(io::Error),
    /// A key could not be made.
    Key(KeyError),
    /// Files could not be moved, or the state not be saved.
    State(StateError),
    /// The engine does not come to rest.
    Restless,
}

impl fmt::Display for AdvanceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Place(error) => write!(f, "a place for trial keys: {error}"),
            Self::Key(error) => error.fmt(f),
            Self::State(error) => error.fmt(f),
            Self::Restless => f.write_str(
                "the steps do not come to rest; nothing more was done, and this is a mistake in the program",
            ),
        }
    }
}

impl std::error::Error for AdvanceError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Place(error) => Some(error),
            Self::Key(error) => Some(error),
            Self::State(error) => Some(error),
            Self::Restless => None,
        }
    }
}

impl From<StateError> for AdvanceError {
    fn from(error: StateError) -> Self {
        Self::State(error)
    }
}

impl Engine<'_> {
    /// Steps in memory, to see what would be done.
    ///
    /// # Errors
    /// See [`AdvanceError`].
    pub fn try_out(&self, state: &ZoneState, now: UnixTime) -> Result<Advanced, AdvanceError> {
        // Keys that are imagined are made in a place of their own, which goes with this run.
        let elsewhere = tempfile::tempdir().map_err(AdvanceError::Place)?;
        self.advance(state, Mode::DryRun(elsewhere.path()), now)
    }

    /// Whether all that there is to do for keys and signatures has come up since the last run but one: the next run, which
    /// comes within the run interval, does it in time.
    #[must_use]
    pub fn is_for_next_run(&self, saved: &ZoneState, now: UnixTime) -> bool {
        // A run that was interrupted, a zone that is new, keys in other hands: these wait for no run.
        if !saved.unconfirmed.is_empty() || saved.confirmed.at.is_none() || saved.is_pressing() {
            return false;
        }
        let before = now.minus(self.policy.run_interval);
        // What was seen of the world meanwhile is news.
        let step = step(self.policy, saved, &Observations::default(), before);
        !step.actions.iter().any(|action| matches!(action, Action::GenerateKey(_) | Action::Sign { .. }))
    }

    /// Steps for real and saves the state with a log entry. `word` is what an operator said, and why; `saved` is the state
    /// on disk, if there is one.
    ///
    /// # Errors
    /// See [`AdvanceError`].
    pub fn carry_out(
        &self,
        guard: &mut Guard,
        state: &ZoneState,
        saved: Option<&ZoneState>,
        who: &Who,
        word: Option<(&str, &str)>,
        now: UnixTime,
    ) -> Result<Advanced, AdvanceError> {
        let advanced = self.advance(state, Mode::Real(who), now)?;
        if Some(&advanced.step.state) == saved && word.is_none() {
            return Ok(advanced);
        }
        let mut what: Vec<&str> = word.iter().map(|(what, _)| *what).collect();
        what.extend(advanced.changes.iter().map(String::as_str));
        let what = if what.is_empty() { "Decided what the next signing does.".to_owned() } else { what.join("; ") };
        let by_policy = format!("policy {}", self.policy.name);
        let why = word.map_or(by_policy.as_str(), |(_, why)| why);
        guard.save(&advanced.step.state, &LogEntry { at: now, who, what: &what, why })?;
        Ok(advanced)
    }

    /// Steps until there is nothing more that the program can do by itself.
    ///
    /// # Errors
    /// See [`AdvanceError`].
    pub fn advance(&self, state: &ZoneState, mode: Mode<'_>, now: UnixTime) -> Result<Advanced, AdvanceError> {
        let mut state = state.clone();
        let (mut changes, mut imagined, mut has_made_keys) = (Vec::new(), Vec::new(), false);
        for _ in 0..STEPS_MAX {
            let step = step(self.policy, &state, self.observations, now);
            for change in &step.transitions {
                let title = step.state.key(&change.key).map_or_else(|| change.key.to_string(), |key| key.title());
                let (record, from, to) = (change.record, change.from, change.to);
                changes.push(format!("{title}, {record}: {from}, now {to} ({}: {})", change.rule, change.why));
            }
            state = step.state.clone();
            let mut is_more = false;
            for action in &step.actions {
                match action {
                    Action::GenerateKey(order) => {
                        let directory = match mode {
                            Mode::DryRun(elsewhere) => elsewhere,
                            Mode::Real(_) => self.directory,
                        };
                        let id = self.make_key(order, &mut state, directory, now)?;
                        let title = state.key(&id).map_or_else(|| id.to_string(), |key| key.title());
                        changes.push(format!("made {title} ({id}), algorithm {}: {}", order.algorithm, order.reason));
                        if let Mode::DryRun(_) = mode {
                            imagined.push((title, id));
                        }
                        (is_more, has_made_keys) = (true, true);
                    }
                    Action::TrashKey { key } => {
                        if let Mode::Real(who) = mode {
                            put_in_trash(self.directory, key, who, now)?;
                        }
                        changes.push(format!("moved the files of {key} to the trash"));
                        state.forget_key(key);
                        is_more = true;
                    }
                    Action::Sign { .. }
                    | Action::SubmitDs { .. }
                    | Action::WithdrawDs { .. }
                    | Action::Notify { .. } => {}
                }
            }
            if !is_more {
                return Ok(Advanced { step: Step { state, ..step }, changes, has_made_keys, imagined });
            }
        }
        Err(AdvanceError::Restless)
    }

    /// Makes the key of an order and takes it into the state.
    fn make_key(
        &self,
        order: &KeyOrder,
        state: &mut ZoneState,
        directory: &Path,
        now: UnixTime,
    ) -> Result<KeyId, AdvanceError> {
        let spec = KeySpec {
            zone: state.zone.clone(),
            algorithm: order.algorithm,
            bits: order.bits.map(usize::from),
            flags: FLAG_ZONE | if order.role.signs_dnskey() { FLAG_SEP } else { 0 },
            ttl: Some(self.policy.ttl.dnskey),
            // Only the state says what the key does; a signer that ignores it must not take the key for one in use.
            timing: KeyTiming { created: Some(now), ..KeyTiming::default() },
        };
        let key = match self.listed {
            None => generate(&spec, directory, PrivateKey::generate),
            Some(listed) => generate_beside(&spec, directory, &taken_tags(listed, state), PrivateKey::generate),
        };
        let key = key.map_err(AdvanceError::Key)?;
        let id = KeyId(key.base_name);
        state.add_key(order, id.clone(), key.public.dnskey_rdata, now);
        Ok(id)
    }
}

/// The tags of a zone's keys, by its state and by the names of its files.
fn taken_tags(listed: &KeyDirectory, state: &ZoneState) -> Vec<u16> {
    let mut taken: Vec<u16> = state.keys.iter().flat_map(|key| tags_of(&key.dnskey_rdata.0)).collect();
    for file in listed.files_of(state.zone.as_name()) {
        let tag = file.file_stem().and_then(|stem| stem.to_str()?.rsplit_once('+')?.1.parse::<u16>().ok());
        taken.extend(tag);
    }
    taken
}

fn put_in_trash(directory: &Path, key: &KeyId, who: &Who, now: UnixTime) -> Result<(), AdvanceError> {
    let reason = TrashReason { at: now, who, why: "no cache needs the key, and the purge delay of the policy is over" };
    match trash(directory, key.as_str(), &reason) {
        // They were moved by a run that died before it could say so.
        Err(error) if matches!(error.kind, StateErrorKind::NotFound(_)) => Ok(()),
        other => other.map(drop).map_err(AdvanceError::from),
    }
}

impl Advanced {
    /// A text as it is for keys that are only imagined: without their made-up tags, and as something to come.
    #[must_use]
    pub fn told(&self, text: &str) -> String {
        self.imagined.iter().fold(text.to_owned(), |text, (title, id)| {
            let role = title.split(' ').next().unwrap_or("key");
            let text = text.replace(&format!("made {title} ({})", id.as_str()), &format!("make a new {role}"));
            text.replace(title, &format!("a new {role}")).replace(id.as_str(), "not made yet")
        })
    }
}

/// What happens at the next event, if nobody does anything before.
#[must_use]
pub fn next_words(policy: &Policy, step: &Step, now: UnixTime) -> String {
    let Some(at) = step.next_event else { return String::new() };
    let events =
        forecast(policy, &step.state, now, at, &Assumptions { run_interval: Seconds(0), ..Assumptions::of(policy) });
    let words: Vec<String> =
        events.into_iter().filter(|event| event.at == at).map(|event| told_of_new_keys(event, &step.state)).collect();
    match (words.is_empty(), step.waiting.iter().find(|one| one.until == Some(at))) {
        (true, Some(waiting)) => waiting.what.clone(),
        _ => words.join("; "),
    }
}

/// The words of an event with no made-up tag: a key that does not exist yet has none.
fn told_of_new_keys(event: Event, state: &ZoneState) -> String {
    let Some(id) = event.key.filter(|id| state.key(id).is_none()) else { return event.words };
    let tag = id.as_str().rsplit('+').next().map_or("", |tag| tag.trim_start_matches('0'));
    [Role::Ksk, Role::Zsk, Role::Csk].iter().fold(event.words, |words, role| {
        let told = words.replace(&format!("{role} {tag} "), &format!("the new {role} "));
        told.replace(&format!("{role} {tag}:"), &format!("the new {role}:"))
    })
}

/// In how long something is.
#[must_use]
pub fn span_words(span: Seconds) -> String {
    if span.0 <= 0 { "now".into() } else { format!("in {span}") }
}
