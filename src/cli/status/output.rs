//! The result of `status`, for people and as JSON.

use crate::base::UnixTime;
use crate::cli::{Env, Failure};
use crate::fleet::ledger::{HookPending, Ledger, NextEvent, ParentWish, RunResult, WaitingNote};
use crate::fleet::status::{Level, Status, Trouble, ZoneStatus};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write;

/// What is wrong beyond zones; a line a zone with what is wrong and waited for below it; totals, the last run, what comes next.
pub(super) fn write_text(status: &Status, is_quiet: bool, env: &mut Env<'_>) -> Result<(), Failure> {
    let zones = &status.zones;
    for Trouble { level, code, message } in &status.troubles {
        writeln!(env.stdout, "{:<8} {code}: {}", level.name(), message.replace('\n', "\n  "))?;
    }
    let shown: Vec<&ZoneStatus> = zones.iter().filter(|zone| !is_quiet || zone.level > Level::Ok).collect();
    let width = shown.iter().map(|zone| zone.title().chars().count()).max().unwrap_or_default();
    for zone in shown {
        write_zone(zone, width, env)?;
    }
    writeln!(env.stdout, "{}", totals(zones))?;
    if let Some(last) = &status.last_run {
        writeln!(env.stdout, "Last run: {} ({}), {}", last.at, from_now(last.at, env.now), last.result)?;
    }
    if let Some((zone, event)) = next(zones) {
        writeln!(env.stdout, "Next: {zone} at {} ({})", event.at, event.what)?;
    }
    Ok(())
}

fn write_zone(zone: &ZoneStatus, width: usize, env: &mut Env<'_>) -> Result<(), Failure> {
    let out = &mut env.stdout;
    write!(out, "{:<8} {}", zone.level.name(), zone.title())?;
    if let Some(ledger) = &zone.ledger {
        let gap = width.saturating_sub(zone.title().chars().count());
        write!(out, "{:gap$}  {} {}", "", ledger.result, ledger.finished_at)?;
        if let Some(end) = ledger.earliest_expiration {
            write!(out, ", first expiry {end} ({})", from_now(end, env.now))?;
        }
        if let Some(next) = &ledger.next_due {
            write!(out, ", next {} ({})", next.at, next.what)?;
        }
    }
    writeln!(out)?;
    for trouble in &zone.troubles {
        writeln!(out, "  {}: {}", trouble.code, trouble.message.replace('\n', "\n  "))?;
    }
    zone.ledger.as_ref().map_or(Ok(()), |ledger| write_waiting(ledger, out))
}

/// What is waited for, with the DS records the parent is to be asked for.
fn write_waiting(ledger: &Ledger, out: &mut dyn Write) -> Result<(), Failure> {
    for waiting in &ledger.waiting {
        let until = waiting.until.map(|until| format!(" until {until}")).unwrap_or_default();
        writeln!(out, "  waiting{until}: {}: {} ({})", waiting.what, waiting.reason, waiting.rule)?;
    }
    let Some(parent) = &ledger.parent else { return Ok(()) };
    let since = parent.since.map(|since| format!(", asked since {since}")).unwrap_or_default();
    writeln!(out, "  at the parent{since}:")?;
    let lines = parent.add.iter().map(|line| ("add", line)).chain(parent.remove.iter().map(|line| ("remove", line)));
    for (what, line) in lines {
        writeln!(out, "    {what}: {line}")?;
    }
    Ok(())
}

/// `in 3d 4h`, `2h ago`.
fn from_now(time: UnixTime, now: UnixTime) -> String {
    match time.since(now) {
        left if left.0 > 0 => format!("in {left}"),
        _ => format!("{} ago", now.since(time)),
    }
}

/// `12 zones: 9 ok, 2 warning, 1 critical`.
pub(super) fn totals(zones: &[ZoneStatus]) -> String {
    let mut text = format!("{} zone{}", zones.len(), if zones.len() == 1 { "" } else { "s" });
    let counts = counts(zones);
    for (index, (level, count)) in counts.iter().filter(|(_, count)| **count > 0).enumerate() {
        let _ = write!(text, "{} {count} {}", if index == 0 { ":" } else { "," }, level.name());
    }
    text
}

/// How many zones there are of each level, the best first.
pub(super) fn counts(zones: &[ZoneStatus]) -> BTreeMap<Level, usize> {
    let count = |level| zones.iter().filter(|zone| zone.level == level).count();
    Level::ALL.into_iter().map(|level| (level, count(level))).collect()
}

/// What is due first of all zones.
fn next(zones: &[ZoneStatus]) -> Option<(String, &NextEvent)> {
    let due = zones.iter().filter_map(|zone| Some((zone, zone.ledger.as_ref()?.next_due.as_ref()?)));
    due.min_by_key(|(_, event)| event.at).map(|(zone, event)| (zone.title(), event))
}

/// The result, schema `zoneseal.status/1`.
#[derive(Serialize)]
struct Json<'a> {
    schema: &'static str,
    at: String,
    /// That of the worst zone.
    status: Level,
    counts: BTreeMap<&'static str, usize>,
    earliest_expiration: Option<String>,
    /// The last run over all zones; null if none left word.
    last_run: Option<JsonRun>,
    /// What is wrong beyond single zones.
    troubles: &'a [Trouble],
    zones: Vec<JsonZone<'a>>,
}

#[derive(Serialize)]
struct JsonRun {
    at: String,
    result: RunResult,
}

#[derive(Serialize)]
struct JsonZone<'a> {
    zone: Option<String>,
    file: String,
    output: String,
    status: Level,
    troubles: &'a [Trouble],
    /// What the last run left; null if there was none or it cannot be read.
    last: Option<JsonLast<'a>>,
}

#[derive(Serialize)]
struct JsonLast<'a> {
    finished_at: String,
    result: RunResult,
    messages: &'a [String],
    changed_at: Option<String>,
    serial: Option<u32>,
    policy: &'a str,
    earliest_expiration: Option<String>,
    next_due: Option<JsonEvent<'a>>,
    next_event: Option<JsonEvent<'a>>,
    waiting: Vec<JsonWaiting<'a>>,
    parent: Option<JsonParent<'a>>,
    hook_pending: Option<JsonHook<'a>>,
    signatures: u64,
    consecutive_failures: u32,
}

#[derive(Serialize)]
struct JsonEvent<'a> {
    at: String,
    what: &'a str,
}

#[derive(Serialize)]
struct JsonWaiting<'a> {
    what: &'a str,
    rule: &'a str,
    reason: &'a str,
    until: Option<String>,
    help: &'a str,
}

#[derive(Serialize)]
struct JsonParent<'a> {
    add: &'a [String],
    remove: &'a [String],
    since: Option<String>,
}

#[derive(Serialize)]
struct JsonHook<'a> {
    since: String,
    attempts: u32,
    error: Option<&'a str>,
}

impl<'a> JsonLast<'a> {
    fn new(ledger: &'a Ledger) -> Self {
        let event = |event: &'a NextEvent| JsonEvent { at: event.at.to_iso_text(), what: &event.what };
        let waiting = |note: &'a WaitingNote| JsonWaiting {
            what: &note.what,
            rule: &note.rule,
            reason: &note.reason,
            until: note.until.map(UnixTime::to_iso_text),
            help: &note.help,
        };
        let parent = |wish: &'a ParentWish| JsonParent {
            add: &wish.add,
            remove: &wish.remove,
            since: wish.since.map(UnixTime::to_iso_text),
        };
        let hook = |hook: &'a HookPending| JsonHook {
            since: hook.since.to_iso_text(),
            attempts: hook.attempts,
            error: hook.error.as_deref(),
        };
        Self {
            finished_at: ledger.finished_at.to_iso_text(),
            result: ledger.result,
            messages: &ledger.messages,
            changed_at: ledger.last_changed_at.map(UnixTime::to_iso_text),
            serial: ledger.serial,
            policy: &ledger.policy,
            earliest_expiration: ledger.earliest_expiration.map(UnixTime::to_iso_text),
            next_due: ledger.next_due.as_ref().map(event),
            next_event: ledger.next_event.as_ref().map(event),
            waiting: ledger.waiting.iter().map(waiting).collect(),
            parent: ledger.parent.as_ref().map(parent),
            hook_pending: ledger.hook_pending.as_ref().map(hook),
            signatures: ledger.counts.signatures,
            consecutive_failures: ledger.consecutive_failures,
        }
    }
}

/// One JSON object.
pub(super) fn write_json(status: &Status, env: &mut Env<'_>) -> Result<(), Failure> {
    let zones = status.zones.as_slice();
    let zone = |zone| {
        let ZoneStatus { name, file, output, level, troubles, ledger, limits: _ }: &ZoneStatus = zone;
        JsonZone {
            zone: name.as_ref().map(ToString::to_string),
            file: file.display().to_string(),
            output: output.display().to_string(),
            status: *level,
            troubles,
            last: ledger.as_ref().map(JsonLast::new),
        }
    };
    let document = Json {
        schema: "zoneseal.status/1",
        at: env.now.to_iso_text(),
        status: status.level(),
        counts: counts(zones).into_iter().map(|(level, count)| (level.name(), count)).collect(),
        earliest_expiration: zones.iter().filter_map(ZoneStatus::earliest_expiration).min().map(UnixTime::to_iso_text),
        last_run: status.last_run.as_ref().map(|last| JsonRun { at: last.at.to_iso_text(), result: last.result }),
        troubles: &status.troubles,
        zones: zones.iter().map(zone).collect(),
    };
    let text = serde_json::to_string_pretty(&document).map_err(Failure::new)?;
    writeln!(env.stdout, "{text}")?;
    Ok(())
}
