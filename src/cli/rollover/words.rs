//! How a zone stands, in plain words.

use super::wish;
use crate::base::{Name, Octets, UnixTime};
use crate::fleet::advance::{Advanced, span_words};
use crate::observe::advice::ds_line;
use crate::policy::Policy;
use crate::rollover::{Action, Gate, KeyRecord, Waiting, ZoneState, published};
use std::fmt::Write;

/// What somebody has to do.
#[derive(Debug)]
pub(super) struct Duty {
    /// In one sentence.
    pub(super) headline: String,
    /// Lines to go with it: DS records.
    pub(super) lines: Vec<String>,
}

/// Who does what there is to do for keys and signatures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Turn {
    /// Somebody, now; the steps were not saved.
    #[default]
    Somebody,
    /// Somebody, now; the steps were saved, and the signing is left.
    Signer,
    /// The next run, for it comes in time.
    NextRun,
}

/// What somebody has to do now, the most pressing first.
pub(super) fn duties(zone: &str, advanced: &Advanced, turn: Turn) -> Vec<Duty> {
    let mut duties = Vec::new();
    let apex = advanced.step.state.zone.as_name();
    for waiting in advanced.step.waiting.iter().filter(|waiting| waiting.gate == Gate::Clock) {
        let headline = format!("Nothing is done, for {}:", waiting.reason);
        duties.push(Duty { headline, lines: vec![waiting.help.clone()] });
    }
    if needs_apply(advanced, turn) {
        let headline = format!("Run zoneseal rollover apply {zone}: it will do this:");
        duties.push(Duty { headline, lines: changes(advanced) });
    }
    for action in &advanced.step.actions {
        match action {
            Action::Sign { .. } if turn == Turn::NextRun => {}
            Action::Sign { changes, .. } => duties.push(Duty {
                headline: "Sign the zone with zoneseal sign, and put it on its servers:".into(),
                lines: changes.iter().map(|change| advanced.told(change)).collect(),
            }),
            Action::SubmitDs { ds, whole, .. } => duties.push(publish_ds(apex, ds, whole)),
            Action::WithdrawDs { ds, whole, .. } => {
                let lines = ds.iter().map(|ds| ds_line(apex, &ds.0)).collect();
                duties.push(Duty { headline: "Waiting for the parent: remove this DS:".into(), lines });
                let is_said = advanced.step.actions.iter().any(|one| matches!(one, Action::SubmitDs { .. }));
                if !is_said && !whole.is_empty() {
                    let lines = whole.iter().map(|ds| ds_line(apex, &ds.0)).collect();
                    duties.push(Duty { headline: "Waiting for the parent: keep this DS, and no other:".into(), lines });
                }
            }
            Action::Notify { message } => duties.push(Duty { headline: advanced.told(message), lines: Vec::new() }),
            Action::GenerateKey(_) | Action::TrashKey { .. } => {}
        }
    }
    duties
}

/// Whether somebody has to save the steps: what the state notes for itself has time.
fn needs_apply(advanced: &Advanced, turn: Turn) -> bool {
    let signs = advanced.step.actions.iter().any(|action| matches!(action, Action::Sign { .. }));
    turn == Turn::Somebody && (advanced.has_made_keys || signs)
}

/// What the steps changed, in sentences.
fn changes(advanced: &Advanced) -> Vec<String> {
    advanced.changes.iter().map(|change| advanced.told(change)).collect()
}

/// What the next run does by itself, if that comes in time or makes no difference to anybody outside.
pub(super) fn left_to_run(advanced: &Advanced, turn: Turn) -> Vec<String> {
    let is_said = turn == Turn::Signer || needs_apply(advanced, turn);
    let mut lines = if is_said { Vec::new() } else { changes(advanced) };
    for action in &advanced.step.actions {
        if let (Action::Sign { changes, .. }, Turn::NextRun) = (action, turn) {
            lines.extend(changes.iter().map(|change| format!("signs anew; {}", advanced.told(change))));
        }
    }
    lines
}

/// The DS RRset as it is to be: records that the parent has must stay, and it may have lost them since it was last seen.
fn publish_ds(apex: Name<'_>, new: &[Octets], whole: &[Octets]) -> Duty {
    if whole.iter().all(|ds| new.contains(ds)) {
        let lines = whole.iter().map(|ds| ds_line(apex, &ds.0)).collect();
        return Duty { headline: "Waiting for the parent: publish this DS, and no other:".into(), lines };
    }
    let line = |ds: &Octets| {
        let note = if new.contains(ds) { "new" } else { "stays" };
        format!("{} ; {note}", ds_line(apex, &ds.0))
    };
    Duty {
        headline: "Waiting for the parent: publish all of this DS RRset, and no other DS:".into(),
        lines: whole.iter().map(line).collect(),
    }
}

/// What a status tells first.
#[derive(Debug)]
pub(super) struct News {
    /// What somebody has to do.
    pub(super) duties: Vec<Duty>,
    /// What the next run does by itself.
    pub(super) left_to_run: Vec<String>,
    /// What the next event is; empty if nobody can say.
    pub(super) next: String,
}

/// The whole status.
pub(super) fn status(
    zone: &str,
    policy: &Policy,
    advanced: &Advanced,
    news: &News,
    is_verbose: bool,
    now: UnixTime,
) -> String {
    let mut out = String::new();
    push_news(news, advanced.step.next_event, now, &mut out);
    push_wishes(zone, &advanced.step.state, &mut out);
    let _ = writeln!(out, "\nKeys of {zone}");
    for key in &advanced.step.state.keys {
        push_key(key, is_verbose, &mut out);
    }
    for id in advanced.step.state.foreign_keys() {
        let _ = writeln!(out, "  {id} of another signer: stays as the zone file has it, and is not rolled here");
    }
    if is_verbose {
        push_histories(policy, &advanced.step.state, now, &mut out);
    }
    if !advanced.step.waiting.is_empty() {
        let _ = writeln!(out, "\nWaiting");
    }
    for waiting in &advanced.step.waiting {
        push_waiting(waiting, advanced, now, &mut out);
    }
    advanced.told(&out)
}

/// What is to be done and by whom, or else what comes next.
fn push_news(news: &News, next_event: Option<UnixTime>, now: UnixTime, out: &mut String) {
    for duty in &news.duties {
        let _ = writeln!(out, "{}", duty.headline);
        for line in &duty.lines {
            let _ = writeln!(out, "    {line}");
        }
    }
    let next = match (next_event, news.next.is_empty()) {
        (Some(at), true) => format!(" Next event: {at} ({})", span_words(at.since(now))),
        (Some(at), false) => format!(" Next event: {at} ({}): {}", span_words(at.since(now)), news.next),
        (None, _) => String::new(),
    };
    let _ = match (news.duties.is_empty(), news.left_to_run.is_empty()) {
        (true, true) if next.is_empty() => writeln!(out, "Nothing to do, and nothing to come."),
        (true, true) => writeln!(out, "Nothing to do.{next}"),
        (true, false) => writeln!(out, "Nothing to do.{next}\nThe next run (rollover apply, then sign) does this:"),
        (false, true) => Ok(()),
        (false, false) => writeln!(out, "The next zoneseal rollover apply does this:"),
    };
    for line in &news.left_to_run {
        let _ = writeln!(out, "    {line}");
    }
}

/// What is published, and what caches may have beside it.
fn push_histories(policy: &Policy, state: &ZoneState, now: UnixTime, out: &mut String) {
    let all = published(policy, state, now);
    if !all.is_empty() {
        let _ = writeln!(out, "\nPublished, and in caches");
    }
    for one in &all {
        let time = match (one.until, one.leaves_caches) {
            (Some(until), Some(leaves)) => format!("until {until}, in caches until {leaves}"),
            _ => format!("since {}", one.from),
        };
        let _ = writeln!(out, "  {}  {time}: {}", one.what, one.words);
    }
}

/// What is asked for and not done, or in force in the place of what the policy says.
fn push_wishes(zone: &str, state: &ZoneState, out: &mut String) {
    let rolls = state.requests.iter().map(|request| {
        let key = request.key.as_ref().map_or_else(String::new, |id| format!(" {id}"));
        format!("A roll of the {}{key}, since {}", request.role, request.at)
    });
    let is_marked = |key: &&KeyRecord| key.is_to_be_revoked && key.times.revoked.is_none();
    let revoked = state.keys.iter().filter(is_marked).map(|key| {
        let take_back = format!("zoneseal rollover start {zone} revoke {} --cancel", key.tag);
        format!("{} to be revoked when its successor has taken over; to take it back: {take_back}", key.title())
    });
    let lines: Vec<String> = rolls.chain(wish::standing(zone, &state.overrides)).chain(revoked).collect();
    if !lines.is_empty() {
        let _ = writeln!(out, "\nAsked for");
    }
    for line in lines {
        let _ = writeln!(out, "  {line}");
    }
}

fn push_key(key: &KeyRecord, is_verbose: bool, out: &mut String) {
    let times = &key.times;
    let since = |what: &str, time: Option<UnixTime>| time.map(|time| format!("{what} since {time}"));
    let does = since("removed", times.removed)
        .or_else(|| since("revoked", times.revoked))
        .or_else(|| since("retired", times.retired))
        .or_else(|| since("active", times.active))
        .or_else(|| since("published", times.published))
        .unwrap_or_else(|| "not published".into());
    let private = if key.has_private { "" } else { ", private half elsewhere" };
    let _ = writeln!(out, "  {}  algorithm {}  {does}{private}  {}", key.title(), key.algorithm, key.id);
    if is_verbose {
        let states: Vec<String> = key.states.each().iter().map(|(kind, state)| format!("{kind} {state}")).collect();
        let _ = writeln!(out, "      {}", states.join(", "));
        if !key.reason.is_empty() {
            let _ = writeln!(out, "      {}", key.reason);
        }
    }
}

fn push_waiting(waiting: &Waiting, advanced: &Advanced, now: UnixTime, out: &mut String) {
    let state = &advanced.step.state;
    let key = waiting.key.as_ref().and_then(|id| state.key(id)).map(KeyRecord::title).unwrap_or_default();
    // Most moves name their key.
    let key = if waiting.what.contains(&key) { String::new() } else { key + ": " };
    let until = match waiting.until {
        Some(until) => format!(" until {until} ({})", span_words(until.since(now))),
        None => String::new(),
    };
    let _ = writeln!(out, "  {key}{}{until}", waiting.what);
    let _ = writeln!(out, "      {} ({})", waiting.reason, waiting.rule);
    if !waiting.help.is_empty() {
        let _ = writeln!(out, "      = help: {}", waiting.help);
    }
}
