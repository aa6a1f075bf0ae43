//! Stepping until nothing more can be done now: keys are made, files of purged keys moved, the state follows.

use super::context::{Context, ZoneArgs};
use crate::base::{Seconds, UnixTime};
use crate::cli::Failure;
use crate::crypto::PrivateKey;
use crate::keys::generate::{KeySpec, generate};
use crate::keys::{KeyId, KeyTiming};
use crate::policy::Policy;
use crate::rdata::dnskey::{FLAG_SEP, FLAG_ZONE};
use crate::rollover::{Action, KeyOrder, Step, ZoneState, step};
use crate::state::trash::{TrashReason, trash};
use crate::state::{StateErrorKind, Who};
use std::path::Path;

/// Steps in one run; keys of a few roles and algorithms need a few.
const STEPS_MAX: usize = 64;

/// What came of a run of steps.
#[derive(Debug)]
pub(super) struct Advanced {
    /// The last step: what is left to do.
    pub(super) step: Step,
    /// What was done, in sentences.
    pub(super) changes: Vec<String>,
    /// Keys that stand for such as would be made, by title and id.
    pub(super) imagined: Vec<(String, KeyId)>,
}

/// Whether things are done or only said.
#[derive(Clone, Copy, Debug)]
pub(super) enum Mode<'a> {
    /// Nothing outside of memory changes.
    DryRun,
    /// Keys are made and moved, by somebody.
    Real(&'a Who),
}

/// Steps until there is nothing more that the program can do by itself.
pub(super) fn advance(args: &ZoneArgs, context: &Context, mode: Mode<'_>, now: UnixTime) -> Result<Advanced, Failure> {
    let mut state = context.state.clone();
    let (mut changes, mut imagined) = (Vec::new(), Vec::new());
    // Keys that are imagined are made in a place of their own, which goes with this run.
    let elsewhere =
        tempfile::tempdir().map_err(|error| Failure::new(format_args!("a place for trial keys: {error}")))?;
    for _ in 0..STEPS_MAX {
        let step = step(&context.policy, &state, &context.observations, now);
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
                        Mode::DryRun => elsewhere.path(),
                        Mode::Real(_) => &args.directory,
                    };
                    let id = make_key(order, &mut state, directory, &context.policy, now)?;
                    let title = state.key(&id).map_or_else(|| id.to_string(), |key| key.title());
                    changes.push(format!("made {title} ({id}), algorithm {}: {}", order.algorithm, order.reason));
                    if let Mode::DryRun = mode {
                        imagined.push((title, id));
                    }
                    is_more = true;
                }
                Action::TrashKey { key } => {
                    if let Mode::Real(who) = mode {
                        put_in_trash(&args.directory, key, who, now)?;
                    }
                    changes.push(format!("moved the files of {key} to the trash"));
                    state.forget_key(key);
                    is_more = true;
                }
                Action::Sign { .. } | Action::SubmitDs { .. } | Action::WithdrawDs { .. } | Action::Notify { .. } => {}
            }
        }
        if !is_more {
            return Ok(Advanced { step: Step { state, ..step }, changes, imagined });
        }
    }
    Err(Failure::new("the steps do not come to rest; nothing more was done, and this is a mistake in the program"))
}

/// Makes the key of an order and takes it into the state.
fn make_key(
    order: &KeyOrder,
    state: &mut ZoneState,
    directory: &Path,
    policy: &Policy,
    now: UnixTime,
) -> Result<KeyId, Failure> {
    let spec = KeySpec {
        zone: state.zone.clone(),
        algorithm: order.algorithm,
        bits: order.bits.map(usize::from),
        flags: FLAG_ZONE | if order.role.signs_dnskey() { FLAG_SEP } else { 0 },
        ttl: Some(policy.ttl.dnskey),
        // Only the state says what the key does; a signer that ignores it must not take the key for one in use.
        timing: KeyTiming { created: Some(now), ..KeyTiming::default() },
    };
    let key = generate(&spec, directory, PrivateKey::generate).map_err(Failure::new)?;
    let id = KeyId(key.base_name);
    state.add_key(order, id.clone(), key.public.dnskey_rdata, now);
    Ok(id)
}

fn put_in_trash(directory: &Path, key: &KeyId, who: &Who, now: UnixTime) -> Result<(), Failure> {
    let reason = TrashReason { at: now, who, why: "no cache needs the key, and the purge delay of the policy is over" };
    match trash(directory, key.as_str(), &reason) {
        // They were moved by a run that died before it could say so.
        Err(error) if matches!(error.kind, StateErrorKind::NotFound(_)) => Ok(()),
        other => other.map(drop).map_err(Failure::from),
    }
}

impl Advanced {
    /// A text with made-up tags of keys that are not made yet replaced.
    pub(super) fn told(&self, text: &str) -> String {
        self.imagined.iter().fold(text.to_owned(), |text, (title, id)| {
            let role = title.split(' ').next().unwrap_or("key");
            text.replace(title, &format!("a new {role}")).replace(id.as_str(), "not made yet")
        })
    }
}

/// In how long something is.
pub(super) fn span_words(span: Seconds) -> String {
    if span.0 <= 0 { "now".into() } else { format!("in {span}") }
}
