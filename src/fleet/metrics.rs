//! Metrics of all zones in the text format of Prometheus, for node_exporter's textfile collector.
//!
//! Names follow its conventions: base units, `_timestamp_seconds` for moments. What is not known has no sample, so that no
//! zero is taken for a time.

use super::ledger::{Ledger, RunResult};
use super::status::{Level, Status, ZoneStatus};
use crate::base::UnixTime;
use crate::output::atomic::{AtomicFile, Output};
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::Path;

/// Puts the metrics in place as a whole: a collector sees the old file or the new one.
///
/// # Errors
/// If the file cannot be written: the old one stands.
pub fn write(path: &Path, status: &Status, now: UnixTime) -> io::Result<()> {
    let mut file = Box::new(AtomicFile::create(path).map_err(io::Error::other)?);
    file.write_all(text(status, now).as_bytes())?;
    file.commit()
}

/// The metrics of a configuration at a time.
#[must_use]
pub fn text(status: &Status, now: UnixTime) -> String {
    let zones = &status.zones;
    let mut page = Page::default();
    page.family("zoneseal_build_info", "The program that wrote this; always 1.");
    page.sample("zoneseal_build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1);
    page.family("zoneseal_metrics_timestamp_seconds", "When this was written.");
    page.sample("zoneseal_metrics_timestamp_seconds", &[], now.0);
    page.family("zoneseal_status", "How all stands: 0 ok, 1 warning, 2 critical, 3 unknown.");
    page.sample("zoneseal_status", &[], status.level().nagios());
    page.family("zoneseal_last_run_timestamp_seconds", "When the last run over all zones left word.");
    if let Some(last) = &status.last_run {
        page.sample("zoneseal_last_run_timestamp_seconds", &[], last.at.0);
    }
    page.family("zoneseal_zones", "Zones by how they stand.");
    for level in Level::ALL {
        let count = zones.iter().filter(|zone| zone.level == level).count();
        page.sample("zoneseal_zones", &[("status", level.name())], count);
    }
    page.family("zoneseal_earliest_expiration_timestamp_seconds", "When the first signature of all zones ends.");
    if let Some(end) = zones.iter().filter_map(ZoneStatus::earliest_expiration).min() {
        page.sample("zoneseal_earliest_expiration_timestamp_seconds", &[], end.0);
    }
    // By name, so that a file differs from the last one only in what changed.
    let mut zones: Vec<(String, &ZoneStatus)> = zones.iter().map(|zone| (zone.title(), zone)).collect();
    zones.sort_by(|a, b| a.0.cmp(&b.0));
    page.of_zones(&zones, "status", "How the zone stands: 0 ok, 1 warning, 2 critical, 3 unknown.", |zone| {
        Some(i64::from(zone.level.nagios()))
    });
    page.family("zoneseal_zone_result", "How the last run ended for the zone: 1 for that result.");
    for (title, ledger) in zones.iter().filter_map(|(title, zone)| Some((title, zone.ledger.as_ref()?))) {
        for result in RunResult::ALL {
            let is_it = i64::from(ledger.result == result);
            page.sample("zoneseal_zone_result", &[("zone", title), ("result", result.name())], is_it);
        }
    }
    for (name, help, value) in FAMILIES {
        page.of_zones(&zones, name, help, |zone| value(zone.ledger.as_ref()?));
    }
    page.family("zoneseal_zone_last_duration_seconds", "How long the last run took for the zone.");
    for (title, ledger) in zones.iter().filter_map(|(title, zone)| Some((title, zone.ledger.as_ref()?))) {
        let (seconds, rest) = (ledger.duration_ms / 1000, ledger.duration_ms % 1000);
        page.sample("zoneseal_zone_last_duration_seconds", &[("zone", title)], format_args!("{seconds}.{rest:03}"));
    }
    page.0
}

/// What a ledger gives for a family.
type Value = fn(&Ledger) -> Option<i64>;

/// The families that are one number of the ledger: name behind `zoneseal_zone_`, help, value.
const FAMILIES: &[(&str, &str, Value)] = &[
    ("last_run_timestamp_seconds", "When a run last had something to do or to say for the zone.", |ledger| {
        Some(ledger.finished_at.0)
    }),
    ("last_change_timestamp_seconds", "When the signed zone changed last.", |ledger| Some(ledger.last_changed_at?.0)),
    ("earliest_expiration_timestamp_seconds", "When the first signature of the zone ends.", |ledger| {
        Some(ledger.earliest_expiration?.0)
    }),
    ("next_due_timestamp_seconds", "When a run has something to do for the zone.", |ledger| {
        Some(ledger.next_due.as_ref()?.at.0)
    }),
    ("serial", "The SOA serial that is published.", |ledger| ledger.serial.map(i64::from)),
    ("names", "Names with records of their own.", |ledger| i64::try_from(ledger.counts.names).ok()),
    ("signatures", "Signatures in the published zone.", |ledger| i64::try_from(ledger.counts.signatures).ok()),
    ("signatures_last_made", "Signatures made in the last change.", |ledger| i64::try_from(ledger.counts.made).ok()),
    ("consecutive_failures", "Runs since one that neither failed nor was refused.", |ledger| {
        Some(i64::from(ledger.consecutive_failures))
    }),
    ("hook_pending", "Whether the hook has not succeeded yet.", |ledger| {
        Some(i64::from(ledger.hook_pending.is_some()))
    }),
    ("moves_waiting", "Moves of rollovers that wait.", |ledger| i64::try_from(ledger.waiting.len()).ok()),
    ("parent_waiting", "Whether the parent is waited for.", |ledger| Some(i64::from(ledger.parent.is_some()))),
];

/// Families and samples, as they are written.
#[derive(Default)]
struct Page(String);

impl Page {
    /// Begins a family; all are gauges.
    fn family(&mut self, name: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} gauge");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        self.0.push_str(name);
        for (index, (label, value)) in labels.iter().enumerate() {
            let _ = write!(self.0, "{}{label}=\"", if index == 0 { '{' } else { ',' });
            push_escaped(value, &mut self.0);
            self.0.push('"');
        }
        let _ = writeln!(self.0, "{} {value}", if labels.is_empty() { "" } else { "}" });
    }

    /// A family of a sample a zone that has the value.
    fn of_zones(
        &mut self,
        zones: &[(String, &ZoneStatus)],
        name: &str,
        help: &str,
        value: impl Fn(&ZoneStatus) -> Option<i64>,
    ) {
        let name = format!("zoneseal_zone_{name}");
        self.family(&name, help);
        for (title, value) in zones.iter().filter_map(|(title, zone)| Some((title, value(zone)?))) {
            self.sample(&name, &[("zone", title)], value);
        }
    }
}

/// A label's value: names of zones may hold backslashes, those of files anything.
fn push_escaped(value: &str, out: &mut String) {
    for character in value.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped() {
        let mut page = Page::default();
        page.sample("a", &[("zone", "x\\032\"y\nz")], 1);
        page.sample("b", &[], 2);
        assert_eq!(page.0, "a{zone=\"x\\\\032\\\"y\\nz\"} 1\nb 2\n");
    }
}
