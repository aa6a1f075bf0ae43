//! What `zoneseal run` prints.

use super::super::{Env, Failure};
use crate::fleet::advance::span_words;
use crate::fleet::ledger::RunResult;
use crate::fleet::run::{RunReport, ZoneReport};
use serde_json::{Value, json};
use std::io::Write;

/// The report of a run.
pub(super) fn write_report(
    report: &RunReport,
    is_json: bool,
    is_quiet: bool,
    env: &mut Env<'_>,
) -> Result<(), Failure> {
    if is_json {
        return write_json(report, None, env);
    }
    write_troubles(report, env)?;
    for zone in report.zones.iter().filter(|zone| zone.result != RunResult::NothingDue) {
        if !is_quiet || zone.result >= RunResult::Attention {
            write_zone(zone, env)?;
        }
    }
    if is_quiet {
        return Ok(());
    }
    let out = &mut env.stdout;
    for zone in &report.zones {
        let Some(wish) = zone.ledger.as_ref().and_then(|ledger| ledger.parent.as_ref()) else { continue };
        for line in &wish.add {
            writeln!(out, "Waiting for the parent of {}: publish this DS: {line}", zone.title())?;
        }
        for line in &wish.remove {
            writeln!(out, "Waiting for the parent of {}: remove this DS: {line}", zone.title())?;
        }
    }
    writeln!(out, "{}", totals(report))?;
    if let Some((zone, event)) = report.next_due() {
        writeln!(out, "Next: {zone} at {} ({}): {}", event.at, span_words(event.at.since(env.now)), event.what)?;
    }
    Ok(())
}

/// `3 zones: 1 changed, 2 with nothing due`
fn totals(report: &RunReport) -> String {
    let count = report.zones.len();
    let words = [
        (RunResult::Failed, "failed"),
        (RunResult::Refused, "refused by guards"),
        (RunResult::Attention, "need attention"),
        (RunResult::Changed, "changed"),
        (RunResult::NothingDue, "with nothing due"),
    ];
    let parts: Vec<String> = words
        .iter()
        .map(|(result, what)| (report.count(*result), what))
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    let noun = if count == 1 { "zone" } else { "zones" };
    if parts.is_empty() { format!("{count} {noun}") } else { format!("{count} {noun}: {}", parts.join(", ")) }
}

fn write_zone(zone: &ZoneReport, env: &mut Env<'_>) -> Result<(), Failure> {
    let out = &mut env.stdout;
    let (title, result) = (zone.title(), zone.result);
    let lines = || zone.changes.iter().chain(&zone.messages);
    let published = zone.changes.iter().rfind(|line| line.starts_with("published"));
    writeln!(out, "{title} {result}{}", published.map_or_else(String::new, |line| format!(": {line}")))?;
    for line in lines().filter(|line| Some(*line) != published) {
        write_indented(line, out)?;
    }
    for warning in zone.warnings.iter().filter(|warning| !zone.messages.contains(warning)) {
        write_indented(warning, out)?;
    }
    Ok(())
}

/// A text of several lines below its heading.
fn write_indented(text: &str, out: &mut dyn Write) -> Result<(), Failure> {
    for line in text.lines() {
        writeln!(out, "    {line}")?;
    }
    Ok(())
}

/// What is wrong with the configuration beyond zones.
fn write_troubles(report: &RunReport, env: &mut Env<'_>) -> Result<(), Failure> {
    for (result, message) in &report.troubles {
        writeln!(env.stdout, "{result}: {message}")?;
    }
    Ok(())
}

/// What a dry run found.
pub(super) fn write_plan(report: &RunReport, is_json: bool, env: &mut Env<'_>) -> Result<(), Failure> {
    let hash = report.plan_hash();
    if is_json {
        return write_json(report, Some(&hash), env);
    }
    write_troubles(report, env)?;
    let out = &mut env.stdout;
    for zone in &report.zones {
        if zone.result >= RunResult::Attention {
            writeln!(out, "{} {}", zone.title(), zone.result)?;
            for message in &zone.messages {
                write_indented(message, out)?;
            }
        } else if !zone.plan.is_empty() {
            writeln!(out, "{}", zone.title())?;
        }
        for line in &zone.plan {
            write_indented(&line.text, out)?;
        }
    }
    let count = report.zones.iter().filter(|zone| zone.is_changed).count();
    writeln!(out, "{count} of {} zones would be published", report.zones.len())?;
    writeln!(out, "plan: {hash}")?;
    Ok(())
}

fn write_json(report: &RunReport, plan: Option<&str>, env: &mut Env<'_>) -> Result<(), Failure> {
    let counts: serde_json::Map<String, Value> =
        RunResult::ALL.iter().map(|result| (result.name().into(), report.count(*result).into())).collect();
    let next = report.next_due().map(|(zone, event)| json!({ "zone": zone, "at": event.at, "what": event.what }));
    let value = json!({
        "schema": "zoneseal.run/1",
        "now": env.now,
        "result": report.result(),
        "plan": plan,
        "troubles": report.troubles.iter().map(|(result, message)| json!({ "result": result, "message": message })).collect::<Vec<_>>(),
        "zones": report.zones.iter().map(zone_json).collect::<Vec<_>>(),
        "counts": counts,
        "next": next,
    });
    writeln!(env.stdout, "{value:#}")?;
    Ok(())
}

fn zone_json(zone: &ZoneReport) -> Value {
    let ledger = zone.ledger.as_ref();
    json!({
        "zone": zone.title(),
        // As text: a path that is not UTF-8 has no other form here.
        "file": zone.file.display().to_string(),
        "output": zone.output.display().to_string(),
        "result": zone.result,
        "changed": zone.is_changed,
        "changes": zone.changes,
        "messages": zone.messages,
        "refusals": zone.refusals,
        "warnings": zone.warnings,
        "plan": zone.plan.iter().map(|line| &line.text).collect::<Vec<_>>(),
        "serial": ledger.and_then(|ledger| ledger.serial),
        "earliest_expiration": ledger.and_then(|ledger| ledger.earliest_expiration),
        "next_due": ledger.and_then(|ledger| ledger.next_due.clone()),
        "waiting": ledger.map(|ledger| ledger.waiting.clone()),
        "parent": ledger.and_then(|ledger| ledger.parent.clone()),
    })
}
