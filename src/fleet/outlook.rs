//! What lies ahead of a zone after a run: what is due when, what is waited for, and what somebody has to look at.

use super::advance::next_words;
use super::eyes::Sight;
use super::ledger::{HookPending, Ledger, NextEvent, ParentWish, WaitingNote};
use crate::base::{Octets, Seconds, UnixTime};
use crate::observe::advice::ds_line;
use crate::policy::Policy;
use crate::rollover::{Action, Gate, Step, Waiting};
use crate::sign::{Expirations, Summary};

/// Takes down what the engine does next, waits for, and asks of the parent; `asked` is what was asked before.
pub(super) fn note_engine(
    policy: &Policy,
    ledger: &mut Ledger,
    step: &Step,
    asked: Option<&ParentWish>,
    now: UnixTime,
) {
    let note = |waiting: &Waiting| WaitingNote {
        what: waiting.what.clone(),
        gate: waiting.gate,
        rule: waiting.rule.to_owned(),
        reason: waiting.reason.clone(),
        until: waiting.until,
        help: waiting.help.clone(),
    };
    ledger.waiting = step.waiting.iter().map(note).collect();
    ledger.next_event = step.next_event.map(|at| {
        let what = next_words(policy, step, now);
        NextEvent { at, what: if what.is_empty() { "the states of keys are looked at".into() } else { what } }
    });
    let mut wish = ParentWish::default();
    for action in &step.actions {
        let lines = |ds: &[Octets]| ds.iter().map(|ds| ds_line(step.state.zone.as_name(), &ds.0)).collect::<Vec<_>>();
        match action {
            Action::SubmitDs { ds, .. } => wish.add.extend(lines(ds)),
            Action::WithdrawDs { ds, .. } => wish.remove.extend(lines(ds)),
            _ => {}
        }
    }
    let is_same = |asked: &&ParentWish| (&asked.add, &asked.remove) == (&wish.add, &wish.remove);
    wish.since = asked.filter(is_same).and_then(|asked| asked.since).or(Some(now));
    ledger.parent = Some(wish).filter(|wish| !wish.add.is_empty() || !wish.remove.is_empty());
}

/// When the next run has something to do, and what.
pub(super) fn next_due(
    policy: &Policy,
    ledger: &Ledger,
    step: &Step,
    summary: &Summary,
    sight: &Sight,
    now: UnixTime,
) -> Option<NextEvent> {
    let refresh = policy.signatures.refresh;
    let Expirations { key_set, data } = summary.expirations;
    let due = |range: Option<(UnixTime, UnixTime)>, what: &str| {
        range.map(|(first, _)| NextEvent { at: first.minus(refresh), what: what.to_owned() })
    };
    let is_to_sign = step.actions.iter().any(|action| matches!(action, Action::Sign { .. }));
    let sign = is_to_sign.then(|| NextEvent { at: now, what: "the zone is signed as its keys have it".to_owned() });
    let look = sight.next.map(|at| NextEvent { at, what: "its servers are looked at".to_owned() });
    let events = [
        due(key_set, "signatures of its keys fall due"),
        due(data, "signatures fall due"),
        ledger.next_event.clone(),
        sign,
        look,
    ];
    events.into_iter().flatten().min_by_key(|event| event.at)
}

/// What somebody has to look at.
pub(super) fn attention(policy: &Policy, ledger: &Ledger, step: &Step, sight: &Sight, now: UnixTime) -> Vec<String> {
    let mut attention = sight.faults.clone();
    if let Some(HookPending { since, attempts, error: Some(error) }) = &ledger.hook_pending {
        let tries = if *attempts == 1 { "1 try".to_owned() } else { format!("{attempts} tries") };
        attention.push(format!(
            "the hook did not succeed, {tries} since {since}; it is tried again in the next run: {error}"
        ));
    }
    for action in &step.actions {
        if let Action::Notify { message } = action {
            attention.push(message.clone());
        }
    }
    for waiting in step.waiting.iter().filter(|waiting| waiting.gate == Gate::Clock) {
        attention.push(format!("{}: {} ({})", waiting.reason, waiting.help, waiting.rule));
    }
    // The first DS of a zone may take its time: without it nothing is wrong.
    let is_delegated = step.state.ds.current().is_some_and(|version| !version.value.is_empty());
    let overdue = |since: UnixTime| now.since(since) > policy.delays.parent_registration;
    if let Some(since) =
        ledger.parent.as_ref().and_then(|wish| wish.since).filter(|since| is_delegated && overdue(*since))
    {
        attention.push(format!("the DS at the parent was to change since {since}, and has not: the roll is overdue"));
    }
    let left = ledger.earliest_expiration.map(|ends| ends.since(now));
    if let Some(left) = left.filter(|left| *left < Seconds(policy.signatures.refresh.0)) {
        attention.push(format!(
            "a signature has only {left} left, less than the refresh of {} (TIM-6)",
            policy.signatures.refresh
        ));
    }
    attention
}
