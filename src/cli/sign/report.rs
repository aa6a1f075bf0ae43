//! The summary of a run, as text and as JSON.

use super::args::SignArgs;
use super::floor::Floor;
use super::job::{Destination, Signed};
use super::record::RecordUse;
use super::watch::{Watch, peak_memory};
use super::{Env, Failure};
use crate::base::UnixTime;
use crate::crypto::Library;
use crate::keys::KeyRole;
use crate::sign::{DenialOptions, KeySummary, ReuseCounts, ReuseSummary, SelfCheck, Summary};
use serde_json::{Value, json};
use std::fmt::Write;
use std::time::Duration;

/// Prints what was asked for: on standard error the summary and the statistics, on standard output the JSON or the
/// name of the output, so that scripts can capture it.
pub(super) fn print(
    args: &SignArgs,
    destination: &Destination,
    signed: &Signed,
    watch: &Watch,
    floor: Option<Floor>,
    env: &mut Env<'_>,
) -> Result<(), Failure> {
    let stats = args.run.stats.then(|| Stats::new(&signed.summary, watch, floor));
    if args.run.json {
        let mut value = summary_json(destination, signed);
        if let Some(stats) = &stats {
            value["stats"] = stats_json(stats);
        }
        let text = format!("{value:#}");
        match destination {
            Destination::StandardOutput => env.say(text),
            Destination::File(_) => writeln!(env.stdout, "{text}")?,
        }
        return Ok(());
    }
    if !args.run.quiet {
        env.say(summary_text(signed).trim_end());
        if let Some(state) = &signed.state {
            env.say(format_args!("{:<12}{state}", "state"));
        }
    }
    // Statistics were asked for by name, so -q leaves them.
    if let Some(stats) = &stats {
        env.say(stats_text(stats).trim_end());
    }
    if let Destination::File(path) = destination {
        writeln!(env.stdout, "{}", path.display())?;
    }
    Ok(())
}

/// The summary, a line a subject.
fn summary_text(signed: &Signed) -> String {
    let summary = &signed.summary;
    let mut out = String::new();
    let mut line = |name: &str, text: String| {
        let _ = writeln!(out, "{name:<12}{text}");
    };
    line("zone", summary.zone.to_string());
    line(
        "serial",
        match summary.serial_before == summary.serial {
            true => format!("{} (kept)", summary.serial),
            false => format!("{} (was {})", summary.serial, summary.serial_before),
        },
    );
    if let Some(previous) = &summary.reuse {
        line("previous", previous_text(previous));
    }
    if let Some(path) = &signed.missing_previous {
        line("previous", format!("no previous output at {}: everything is signed", path.display()));
    }
    if signed.record != RecordUse::None {
        line("record", signed.record.to_string());
    }
    let dropped = match summary.records_dropped {
        0 => String::new(),
        count => format!(", {count} more of an earlier signing dropped"),
    };
    let written = match summary.records_written {
        0 => "none written: the output is left as it was".into(),
        count => format!("{count} written"),
    };
    line("records", format!("{} read{dropped}; {written}", summary.records_read));
    for key in &summary.keys {
        line("key", key_text(key));
    }
    match (summary.foreign_dnskeys_kept, summary.foreign_dnskeys_dropped) {
        (0, 0) => {}
        (kept, 0) => line("keys", format!("{kept} of other signers kept in the DNSKEY RRset")),
        (_, dropped) => line("keys", format!("{dropped} of other signers dropped")),
    }
    line("denial", format!("{}, {} records", denial_text(&summary.denial), summary.chain_records));
    let expirations = match summary.expirations.whole() {
        None => String::new(),
        Some((first, last)) if first == last => format!("; expire {first}"),
        Some((first, last)) => format!("; expire {first} to {last}"),
    };
    let kept = summary.reuse.map_or_else(String::new, |previous| format!(" made, {} kept", previous.counts.kept));
    line("signatures", format!("{}{kept}{expirations}", summary.signatures));
    line("self-check", self_check_text(summary));
    out
}

/// What became of the previous signed zone, with the reasons that occurred.
fn previous_text(previous: &ReuseSummary) -> String {
    let serial = previous.serial;
    if previous.is_unchanged {
        return format!("serial {serial}: unchanged, nothing due");
    }
    let reasons: Vec<String> = reasons(&previous.counts)
        .into_iter()
        .filter(|(_, _, count)| *count > 0)
        .map(|(_, words, count)| format!("{count} {words}"))
        .collect();
    match reasons.is_empty() {
        true => format!("serial {serial}: every signature stands"),
        false => format!("serial {serial}: {}", reasons.join(", ")),
    }
}

/// Why signatures were made or dropped: name, words, count.
const fn reasons(counts: &ReuseCounts) -> [(&'static str, &'static str, u64); 6] {
    [
        ("new", "new", counts.new),
        ("changed", "changed", counts.changed),
        ("due", "due", counts.due),
        ("bad", "bad", counts.bad),
        ("key_gone", "dropped with their key", counts.key_gone),
        ("rrset_gone", "dropped with their records", counts.rrset_gone),
    ]
}

fn key_text(key: &KeySummary) -> String {
    let mut does = match key.role {
        None if !key.is_published => "not published".into(),
        None => "published only".into(),
        Some(role) => {
            let noun = if key.signatures == 1 { "signature" } else { "signatures" };
            format!("{}, {} {noun}{}", role_name(role), key.signatures, by(key.library))
        }
    };
    if key.role.is_some() && !key.is_published {
        does.push_str(", not published");
    }
    if key.keeps_old {
        does.push_str("; its old signatures over data stay until they are due");
    }
    format!("{} algorithm {}: {does}", key.key_tag, key.algorithm)
}

/// Who signed.
fn by(library: Option<Library>) -> String {
    library.map_or_else(String::new, |library| format!(" by {library}"))
}

const fn role_name(role: KeyRole) -> &'static str {
    match role {
        KeyRole::Ksk => "KSK",
        KeyRole::Zsk => "ZSK",
        KeyRole::Csk => "CSK",
        KeyRole::Revoked => "revoked KSK",
    }
}

fn denial_text(denial: &DenialOptions) -> String {
    match denial {
        DenialOptions::Nsec => "NSEC".into(),
        DenialOptions::Unsigned => "none, for the zone is unsigned".into(),
        DenialOptions::Nsec3(params) => {
            let opt_out = if params.opt_out { " with opt-out" } else { "" };
            let mut salt = Vec::new();
            crate::base::text::push_hex(&params.salt, &mut salt);
            let salt = if salt.is_empty() { "-".into() } else { String::from_utf8_lossy(&salt).into_owned() };
            format!("NSEC3{opt_out}, iterations {}, salt {salt}", params.iterations)
        }
    }
}

fn self_check_text(summary: &Summary) -> String {
    let checked = &summary.checked;
    if summary.reuse.is_some_and(|previous| previous.is_unchanged) && summary.records_written == 0 {
        let (count, when) = match checked.known {
            0 => (checked.verified, "before they were kept"),
            known => (known, "by an earlier run"),
        };
        return format!("nothing to check: not written; {count} signatures verified {when}");
    }
    let pair = |(signed, verified): &(Library, Library)| match signed == verified {
        true => format!("{verified} for its own"),
        false => format!("{verified} for {signed}'s"),
    };
    let libraries = checked.libraries.iter().map(pair).collect::<Vec<_>>().join(", ");
    match summary.self_check {
        SelfCheck::Full | SelfCheck::Sample if summary.denial == DenialOptions::Unsigned => {
            "passed: the zone is what it was to be, and unsigned".into()
        }
        SelfCheck::Full => {
            let known = match checked.known {
                0 => String::new(),
                known => format!(", {known} by an earlier run"),
            };
            format!("full: passed, {} signatures verified, with {libraries}{known}", checked.verified)
        }
        SelfCheck::Sample => {
            let (verified, signatures) = (checked.verified, checked.signatures);
            format!("sample: passed, {verified} of {signatures} signatures verified, with {libraries}")
        }
        SelfCheck::Off => "off: nothing was checked".into(),
    }
}

const fn self_check_name(scope: SelfCheck) -> &'static str {
    match scope {
        SelfCheck::Full => "full",
        SelfCheck::Sample => "sample",
        SelfCheck::Off => "off",
    }
}

/// How fast a run was.
#[derive(Debug)]
struct Stats {
    has_self_check: bool,
    /// Of all threads together, beside signing.
    checked_ahead: Duration,
    stages: Vec<(&'static str, Duration)>,
    whole: Duration,
    records: u64,
    signatures: u64,
    /// Of the stage that signs, which formats and writes too.
    signatures_per_second: Option<f64>,
    peak_memory: Option<u64>,
    floor: Option<Floor>,
}

impl Stats {
    fn new(summary: &Summary, watch: &Watch, floor: Option<Floor>) -> Self {
        let (stages, whole) = watch.times();
        let sign_time = stages.iter().find(|(name, _)| *name == "sign").map(|(_, time)| *time);
        Self {
            has_self_check: summary.self_check != SelfCheck::Off,
            checked_ahead: watch.checked_ahead(),
            signatures_per_second: sign_time.and_then(|time| rate(summary.signatures, time)),
            stages,
            whole,
            records: summary.records_written,
            signatures: summary.signatures,
            peak_memory: peak_memory(),
            floor,
        }
    }
}

impl Stats {
    /// The whole run's ratio to the floor, and the ratio of all but the self-check where there was one.
    fn ratios(&self, floor: &Floor) -> (f64, Option<f64>) {
        let check = self.stages.iter().find(|(name, _)| *name == "self-check").map(|(_, time)| *time);
        let check = check.filter(|_| self.has_self_check).map(|rest| rest + floor.share(self.checked_ahead));
        (floor.ratio(self.whole), check.map(|check| floor.ratio(self.whole.saturating_sub(check))))
    }
}

/// Things a second; none for a time of zero.
#[expect(clippy::cast_precision_loss, reason = "counts beyond 2^53 do not occur, and it is a figure for people")]
fn rate(count: u64, time: Duration) -> Option<f64> {
    (!time.is_zero()).then(|| count as f64 / time.as_secs_f64())
}

fn stats_text(stats: &Stats) -> String {
    let mut out = String::new();
    for (name, time) in &stats.stages {
        let _ = write!(out, "{:<12}{:>9.3} s", format!("  {name}"), time.as_secs_f64());
        if *name == "self-check" && !stats.checked_ahead.is_zero() {
            let _ = write!(out, ", and {:.3} s of a thread beside signing", stats.checked_ahead.as_secs_f64());
        }
        out.push('\n');
    }
    let _ = writeln!(out, "{:<12}{:>9.3} s", "  whole run", stats.whole.as_secs_f64());
    let _ = write!(out, "  {} records, {} signatures", stats.records, stats.signatures);
    if let Some(rate) = stats.signatures_per_second {
        let _ = write!(out, ", {rate:.0} signatures/s");
    }
    if let Some(octets) = stats.peak_memory {
        let _ = write!(out, ", peak memory {} MiB", octets >> 20);
    }
    out.push('\n');
    if let Some(floor) = &stats.floor {
        let (whole, unchecked) = stats.ratios(floor);
        let _ = write!(out, "  floor {floor}; whole run {whole:.2} x floor");
        if let Some(unchecked) = unchecked {
            let _ = write!(out, ", {unchecked:.2} x without the self-check");
        }
        out.push('\n');
    }
    out
}

/// The JSON form: one object.
pub(super) fn summary_json(destination: &Destination, signed: &Signed) -> Value {
    let summary = &signed.summary;
    let output = match destination {
        Destination::File(path) => path.display().to_string(),
        Destination::StandardOutput => "-".into(),
    };
    let time = |time: UnixTime| time.to_iso_text();
    let mut value = json!({
        "schema": "zoneseal.sign/1",
        "zone": summary.zone.to_string(),
        "output": output,
        "serial": { "before": summary.serial_before, "after": summary.serial },
        "records": {
            "read": summary.records_read,
            "dropped": summary.records_dropped,
            "written": summary.records_written,
        },
        "octets": summary.octets,
        "keys": summary.keys.iter().map(key_json).collect::<Vec<_>>(),
        "foreign_dnskeys": { "kept": summary.foreign_dnskeys_kept, "dropped": summary.foreign_dnskeys_dropped },
        "denial": denial_json(&summary.denial, summary.chain_records),
        "signatures": summary.signatures,
        "earliest_expiration": summary.expirations.whole().map(|(first, _)| time(first)),
        "latest_expiration": summary.expirations.whole().map(|(_, last)| time(last)),
        "self_check": {
            "scope": self_check_name(summary.self_check),
            "signatures": summary.checked.signatures,
            "verified": summary.checked.verified,
            "known": summary.checked.known,
            "libraries": summary.checked.libraries.iter().map(pair_json).collect::<Vec<_>>(),
        },
    });
    if let Some(previous) = &summary.reuse {
        value["previous"] = previous_json(previous);
    }
    if let Some(path) = &signed.missing_previous {
        value["missing_previous"] = path.display().to_string().into();
    }
    if signed.record != RecordUse::None {
        value["record"] = signed.record.to_string().into();
    }
    if let Some(state) = &signed.state {
        value["state"] = state.as_str().into();
    }
    value
}

fn key_json(key: &KeySummary) -> Value {
    json!({
        "key_tag": key.key_tag,
        "algorithm": key.algorithm.0,
        "role": key.role.map(role_name),
        "published": key.is_published,
        "keeps_old_signatures": key.keeps_old,
        "file": key.source.display().to_string(),
        "signatures": key.signatures,
        "library": key.library.map(|library| library.to_string()),
    })
}

fn pair_json((signed, verified): &(Library, Library)) -> Value {
    json!({ "signed": signed.to_string(), "verified": verified.to_string() })
}

fn denial_json(denial: &DenialOptions, records: u64) -> Value {
    match denial {
        DenialOptions::Nsec => json!({ "kind": "nsec", "records": records }),
        DenialOptions::Unsigned => json!({ "kind": "none", "records": records }),
        DenialOptions::Nsec3(params) => {
            let mut salt = Vec::new();
            crate::base::text::push_hex(&params.salt, &mut salt);
            json!({
                "kind": "nsec3",
                "opt_out": params.opt_out,
                "iterations": params.iterations,
                "salt": String::from_utf8_lossy(&salt),
                "records": records,
            })
        }
    }
}

fn previous_json(previous: &ReuseSummary) -> Value {
    let mut signatures = json!({ "kept": previous.counts.kept });
    for (name, _, count) in reasons(&previous.counts) {
        signatures[name] = count.into();
    }
    json!({ "serial": previous.serial, "unchanged": previous.is_unchanged, "signatures": signatures })
}

fn stats_json(stats: &Stats) -> Value {
    let stage = |(name, time): &(&str, Duration)| json!({ "stage": name, "seconds": time.as_secs_f64() });
    let floor_json = |floor: &Floor| {
        let (whole, unchecked) = stats.ratios(floor);
        let mut value = floor.to_json();
        value["ratio"] = json!(whole);
        value["ratio_without_self_check"] = json!(unchecked);
        value
    };
    json!({
        "floor": stats.floor.as_ref().map(floor_json),
        "stages": stats.stages.iter().map(stage).collect::<Vec<_>>(),
        "self_check_thread_seconds_beside_signing": stats.checked_ahead.as_secs_f64(),
        "seconds": stats.whole.as_secs_f64(),
        "signatures_per_second": stats.signatures_per_second,
        "peak_memory_octets": stats.peak_memory,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_counts_by_time() {
        assert_eq!(rate(500, Duration::from_millis(250)), Some(2000.0));
        assert_eq!(rate(0, Duration::from_secs(1)), Some(0.0));
        assert_eq!(rate(7, Duration::ZERO), None);
    }
}
