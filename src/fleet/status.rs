//! How all zones stand, from what the last runs left: no zone, key or signature is read.
//!
//! ```text
//! zoneseal.toml ─ zones ┐
//! ledgers ──────────────┴─▶ ZoneStatus: level, problems, ledger ─▶ table, JSON, Nagios, metrics
//! ```
//! Silence is a finding too: a zone that was never run, a run that did not come, a ledger that cannot be read.

use super::config::{Config, ZoneConfig};
use super::last_run::LastRun;
use super::ledger::{Ledger, LedgerError, RunResult};
use super::run::policy_of;
use super::zone::name_of_file;
use crate::base::{NameBuf, Seconds, UnixTime};
use crate::policy::{Policy, Preset};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

/// How a zone stands, the worse later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should.
    #[default]
    Ok,
    /// Somebody has to look.
    Warning,
    /// Nobody knows.
    Unknown,
    /// Signatures have ended or soon will, or runs fail again and again.
    Critical,
}

impl Level {
    /// All of them, the worst last.
    pub const ALL: [Self; 4] = [Self::Ok, Self::Warning, Self::Unknown, Self::Critical];

    /// As results name it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Unknown => "unknown",
            Self::Critical => "critical",
        }
    }

    /// The exit code of a Nagios plugin.
    #[must_use]
    pub const fn nagios(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Warning => 1,
            Self::Critical => 2,
            Self::Unknown => 3,
        }
    }
}

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Trouble {
    /// How bad it is.
    pub level: Level,
    /// Stable short name in kebab case.
    pub code: &'static str,
    /// What is wrong, and what to do.
    pub message: String,
}

/// How little time signatures may have left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Thresholds {
    /// Less is a warning; else the policy decides, see [`Limits`].
    pub warning: Option<Seconds>,
    /// Less is critical; else the policy decides.
    pub critical: Option<Seconds>,
}

/// What a zone is held to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Signatures with less time left are a warning: two runs that should have replaced them did not.
    pub warning: Seconds,
    /// Signatures with less time left are critical.
    pub critical: Seconds,
    /// How often runs should come.
    pub run_interval: Seconds,
}

impl Limits {
    /// Signatures are replaced when no more than the refresh is left, so where two runs less than that is left they were
    /// missed: a warning, if runs are rare from two thirds of the refresh on. A third of it left is critical.
    fn new(policy: &Policy, thresholds: Thresholds) -> Self {
        let refresh = policy.signatures.refresh.0;
        let late = (refresh - 2 * policy.run_interval.0).max(refresh * 2 / 3);
        Self {
            warning: thresholds.warning.unwrap_or(Seconds(late)),
            critical: thresholds.critical.unwrap_or(Seconds(refresh / 3)),
            run_interval: policy.run_interval,
        }
    }
}

/// How a zone stands.
#[derive(Clone, Debug)]
pub struct ZoneStatus {
    /// The zone, if its name is known.
    pub name: Option<NameBuf>,
    /// The unsigned zone.
    pub file: PathBuf,
    /// The signed zone.
    pub output: PathBuf,
    /// The worst of its troubles.
    pub level: Level,
    /// The worst first.
    pub troubles: Vec<Trouble>,
    /// What the zone is held to.
    pub limits: Limits,
    /// What the last run left, if that can be read.
    pub ledger: Option<Ledger>,
}

impl ZoneStatus {
    /// The zone as people know it: by its name, else by its file.
    #[must_use]
    pub fn title(&self) -> String {
        self.name.as_ref().map_or_else(|| self.file.display().to_string(), NameBuf::to_string)
    }

    /// When the first signature ends.
    #[must_use]
    pub fn earliest_expiration(&self) -> Option<UnixTime> {
        self.ledger.as_ref()?.earliest_expiration
    }

    fn new(zone: &ZoneConfig, limits: Limits, found: Found, now: UnixTime) -> Self {
        let (ledger, mut troubles) = match found {
            Found::Ledger(ledger) => {
                let troubles = Judge { ledger: &ledger, limits, now }.troubles();
                (Some(*ledger), troubles)
            }
            Found::Unreadable(message) => (None, vec![trouble(Level::Unknown, "ledger-unreadable", message)]),
            Found::Nothing => {
                let message = "no run has seen this zone; zoneseal run signs it".to_owned();
                (None, vec![trouble(Level::Warning, "never-run", message)])
            }
        };
        troubles.sort_by_key(|trouble| std::cmp::Reverse(trouble.level));
        Self {
            name: ledger.as_ref().map(|ledger| ledger.zone.clone()).or_else(|| zone.name.clone()),
            file: zone.file.clone(),
            output: zone.output.clone(),
            level: troubles.first().map_or(Level::Ok, |trouble| trouble.level),
            troubles,
            limits,
            ledger,
        }
    }

    /// Makes a trouble known that is not of the ledger.
    fn add(&mut self, trouble: Trouble) {
        self.level = self.level.max(trouble.level);
        self.troubles.push(trouble);
        self.troubles.sort_by_key(|trouble| std::cmp::Reverse(trouble.level));
    }
}

fn trouble(level: Level, code: &'static str, message: String) -> Trouble {
    Trouble { level, code, message }
}

/// How a configuration stands.
#[derive(Clone, Debug)]
pub struct Status {
    /// Its zones, the worst first, and of equal ones that whose signatures end first.
    pub zones: Vec<ZoneStatus>,
    /// What is wrong beyond single zones.
    pub troubles: Vec<Trouble>,
    /// The last run over all zones, if it left word.
    pub last_run: Option<LastRun>,
}

impl Status {
    /// The worst of all.
    #[must_use]
    pub fn level(&self) -> Level {
        let troubles = self.troubles.iter().map(|trouble| trouble.level);
        self.zones.iter().map(|zone| zone.level).chain(troubles).max().unwrap_or_default()
    }

    /// Leaves the zones of some names, and what is wrong with those alone.
    pub fn keep_zones(&mut self, names: &[NameBuf]) {
        self.zones.retain(|zone| zone.name.as_ref().is_some_and(|name| names.contains(name)));
        self.troubles.clear();
    }
}

/// How all zones of a configuration stand.
#[must_use]
pub fn of_config(config: &Config, thresholds: Thresholds, now: UnixTime) -> Status {
    let mut ledgers = Ledgers::of(config);
    let mut policies: BTreeMap<Option<&str>, Result<Limits, String>> = BTreeMap::new();
    let mut zones: Vec<ZoneStatus> = config
        .zones
        .iter()
        .map(|zone| {
            let limits = policies.entry(zone.policy.as_deref()).or_insert_with(|| {
                policy_of(config, zone.policy.as_deref()).map(|(policy, _)| Limits::new(&policy, thresholds))
            });
            let found = ledgers.take(zone);
            match limits {
                Ok(limits) => ZoneStatus::new(zone, *limits, found, now),
                Err(message) => {
                    let limits = Limits::new(&Policy::preset(Preset::default()), thresholds);
                    let mut status = ZoneStatus::new(zone, limits, found, now);
                    status.add(trouble(Level::Warning, "policy-unusable", message.clone()));
                    status
                }
            }
        })
        .collect();
    let never = UnixTime(i64::MAX);
    zones.sort_by_cached_key(|zone| {
        (std::cmp::Reverse(zone.level), zone.earliest_expiration().unwrap_or(never), zone.title())
    });
    let interval = zones.iter().map(|zone| zone.limits.run_interval).min();
    let last_run = config.state_directories().into_iter().filter_map(LastRun::read).max_by_key(|last| last.at);
    let mut troubles: Vec<Trouble> =
        config.faults.iter().map(|fault| trouble(Level::Unknown, "entry-unusable", fault.clone())).collect();
    if config.zones.is_empty() && troubles.is_empty() {
        let message = "there are no zones; are the directories of the configuration's patterns there?";
        troubles.push(trouble(Level::Warning, "no-zones", message.into()));
    }
    troubles.extend(last_run.as_ref().zip(interval).and_then(|(last, interval)| stopped(last, interval, now)));
    // As long as an entry is broken nobody knows whose zones are gone.
    if config.faults.is_empty() {
        troubles.extend(ledgers.left_over());
    }
    Status { zones, troubles, last_run }
}

/// Runs that do not come any more, whether something is due or not.
fn stopped(last: &LastRun, interval: Seconds, now: UnixTime) -> Option<Trouble> {
    let since = now.since(last.at);
    (since.0 > 2 * interval.0).then(|| {
        let message =
            format!("no run since {}, {since} ago; they are to come every {interval}: is cron there?", last.at);
        trouble(Level::Warning, "stopped", message)
    })
}

/// What there is of a zone.
enum Found {
    Ledger(Box<Ledger>),
    Unreadable(String),
    Nothing,
}

/// All ledgers of the state directories of some zones.
#[derive(Default)]
struct Ledgers {
    /// By the ledger's file.
    readable: HashMap<PathBuf, Ledger>,
    /// The ledger's file by the signed zone.
    by_output: HashMap<PathBuf, PathBuf>,
    unreadable: HashMap<PathBuf, LedgerError>,
    /// State directories that cannot be listed.
    closed: HashMap<PathBuf, String>,
}

impl Ledgers {
    fn of(config: &Config) -> Self {
        let mut all = Self::default();
        for directory in config.state_directories() {
            match Ledger::read_all(directory) {
                Err(error) => drop(all.closed.insert(directory.to_owned(), error.to_string())),
                Ok(ledgers) => ledgers.into_iter().for_each(|ledger| all.add(directory, ledger)),
            }
        }
        all
    }

    fn add(&mut self, directory: &Path, ledger: Result<Ledger, LedgerError>) {
        match ledger {
            Ok(ledger) => {
                let path = Ledger::path(directory, ledger.zone.as_name());
                self.by_output.insert(ledger.output.clone(), path.clone());
                self.readable.insert(path, ledger);
            }
            Err(error) => drop(self.unreadable.insert(error.path.clone(), error)),
        }
    }

    /// The ledger of a zone: by its name, or by the signed zone, or by what the name of its file says. Paths in ledgers are
    /// as the run saw them, which may have been started in another directory.
    fn take(&mut self, zone: &ZoneConfig) -> Found {
        if let Some(fault) = &zone.fault {
            return Found::Unreadable(fault.clone());
        }
        if let Some(message) = self.closed.get(&zone.state) {
            return Found::Unreadable(message.clone());
        }
        let path_of = |name: NameBuf| Ledger::path(&zone.state, name.as_name());
        let path = zone.name.clone().map(path_of).or_else(|| self.by_output.get(&zone.output).cloned());
        let by_file = || name_of_file(&zone.file).map(path_of).filter(|path| self.may_be_of(path, zone));
        let Some(path) = path.or_else(by_file) else { return Found::Nothing };
        match (self.readable.remove(&path), self.unreadable.remove(&path)) {
            (Some(ledger), _) => Found::Ledger(Box::new(ledger)),
            (None, Some(error)) => Found::Unreadable(error.to_string()),
            (None, None) => Found::Nothing,
        }
    }

    /// Whether a ledger is not that of a zone with another file.
    fn may_be_of(&self, path: &Path, zone: &ZoneConfig) -> bool {
        self.readable.get(path).is_none_or(|ledger| ledger.file.file_name() == zone.file.file_name())
    }

    /// Zones that nobody signs any more, and whose signed zones are there all the same: until their signatures end.
    fn left_over(&self) -> Vec<Trouble> {
        let mut left: Vec<&Ledger> = self.readable.values().collect();
        left.sort_by_key(|ledger| ledger.zone.to_string());
        let output_of = |ledger: &Ledger| {
            ledger
                .fingerprint
                .output
                .as_ref()
                .map_or_else(|| ledger.output.clone(), |output| PathBuf::from(&output.path))
        };
        let left = left.into_iter().filter(|ledger| ledger.serial.is_some() && output_of(ledger).exists());
        left.map(|ledger| {
            let ends = ledger.earliest_expiration.map_or_else(String::new, |end| format!("; its signatures end from {end} on"));
            let message = format!(
                "{} is not configured any more, so nobody signs {} again{ends}; its file was {}. If it is to go, remove the \
                 signed zone",
                ledger.zone,
                output_of(ledger).display(),
                ledger.file.display()
            );
            trouble(Level::Warning, "not-configured", message)
        })
        .collect()
    }
}

/// Looks at a ledger.
struct Judge<'a> {
    ledger: &'a Ledger,
    limits: Limits,
    now: UnixTime,
}

/// So many failures in a row are critical: whatever it is, it does not pass by itself.
const FAILURES_MAX: u32 = 3;

impl Judge<'_> {
    fn troubles(&self) -> Vec<Trouble> {
        let mut troubles = Vec::new();
        troubles.extend(self.expiry());
        troubles.extend(self.result());
        troubles.extend(self.missed());
        let ledger = self.ledger;
        troubles.extend(ledger.attention.iter().map(|message| trouble(Level::Warning, "attention", message.clone())));
        if let Some(hook) = &ledger.hook_pending {
            let error = hook.error.as_deref().unwrap_or("not tried yet");
            let message = format!(
                "the hook has not succeeded since {} ({} attempts): {error}; what is served may be older than what is signed",
                hook.since, hook.attempts
            );
            troubles.push(trouble(Level::Warning, "hook-pending", message));
        }
        if ledger.intended.is_some() {
            let message = "the last run was cut off; the next one sees what it left".to_owned();
            troubles.push(trouble(Level::Warning, "cut-off", message));
        }
        troubles
    }

    fn expiry(&self) -> Option<Trouble> {
        let end = self.ledger.earliest_expiration?;
        let left = end.since(self.now);
        let (level, limit) = match left {
            left if left.0 <= 0 => {
                let message =
                    format!("signatures ended at {end}, {} ago: validators refuse the zone", Seconds(-left.0));
                return Some(trouble(Level::Critical, "expired", message));
            }
            left if left < self.limits.critical => (Level::Critical, self.limits.critical),
            left if left < self.limits.warning => (Level::Warning, self.limits.warning),
            _ => return None,
        };
        let message =
            format!("the first signature ends in {left}, at {end}: less than {limit}; they should be new by now");
        Some(trouble(level, "expires-soon", message))
    }

    fn result(&self) -> Option<Trouble> {
        let ledger = self.ledger;
        let level = if ledger.consecutive_failures >= FAILURES_MAX { Level::Critical } else { Level::Warning };
        let times = match ledger.consecutive_failures {
            0 | 1 => String::new(),
            count => format!(" {count} times in a row"),
        };
        let said = if ledger.messages.is_empty() { "it said nothing".to_owned() } else { ledger.messages.join("; ") };
        match ledger.result {
            RunResult::Failed => Some(trouble(level, "failed", format!("the run failed{times}: {said}"))),
            RunResult::Refused => Some(trouble(level, "refused", format!("guards refused to publish{times}: {said}"))),
            // What needs attention as long as nothing changes stands for itself.
            RunResult::Attention if ledger.attention.is_empty() && ledger.hook_pending.is_none() => {
                Some(trouble(Level::Warning, "attention", said))
            }
            RunResult::Attention | RunResult::Changed | RunResult::NothingDue => None,
        }
    }

    /// What was due, and no run did it.
    fn missed(&self) -> Option<Trouble> {
        let ledger = self.ledger;
        if ledger.finished_at > self.now {
            let message =
                format!("the last run was at {}, which is yet to come: one of the clocks is wrong", ledger.finished_at);
            return Some(trouble(Level::Warning, "clock", message));
        }
        let due = ledger.next_due.as_ref()?;
        let late = self.now.since(due.at);
        let patience = Seconds(2 * self.limits.run_interval.0);
        (late > patience).then(|| {
            let message = format!(
                "no run came for what was due {late} ago ({}); runs should come every {}: see that cron or the timer is alive",
                due.what, self.limits.run_interval
            );
            trouble(Level::Warning, "overdue", message)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::ledger::{HookPending, Intended, NextEvent};

    const NOW: UnixTime = UnixTime(1_800_000_000);

    /// A ledger of a zone that stands as it should, an hour after a run.
    fn ledger() -> Ledger {
        let mut ledger = Ledger::new(
            "example.org.".parse().unwrap(),
            "example.org.zone".into(),
            "example.org.zone.signed".into(),
            "p".into(),
            NOW.minus(Seconds::HOUR),
        );
        ledger.earliest_expiration = Some(NOW.plus(Seconds(5 * 86_400)));
        ledger.next_due = Some(NextEvent { at: NOW.plus(Seconds::DAY), what: "signatures".into() });
        ledger
    }

    fn limits() -> Limits {
        Limits { warning: Seconds(2 * 86_400), critical: Seconds(86_400), run_interval: Seconds::HOUR }
    }

    #[track_caller]
    fn assert_troubles(change: impl FnOnce(&mut Ledger), expected: &[(&str, Level)]) {
        let mut ledger = ledger();
        change(&mut ledger);
        let found = Judge { ledger: &ledger, limits: limits(), now: NOW }.troubles();
        let found: Vec<_> = found.iter().map(|trouble| (trouble.code, trouble.level)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn each_trouble_is_seen_alone() {
        let ends =
            |seconds: i64| move |ledger: &mut Ledger| ledger.earliest_expiration = Some(NOW.plus(Seconds(seconds)));
        assert_troubles(|_| {}, &[]);
        assert_troubles(ends(0), &[("expired", Level::Critical)]);
        assert_troubles(ends(-5), &[("expired", Level::Critical)]);
        assert_troubles(ends(86_399), &[("expires-soon", Level::Critical)]);
        assert_troubles(ends(86_400), &[("expires-soon", Level::Warning)]);
        assert_troubles(ends(2 * 86_400 - 1), &[("expires-soon", Level::Warning)]);
        assert_troubles(ends(2 * 86_400), &[]);
        assert_troubles(|ledger| ledger.earliest_expiration = None, &[]);
        let fails = |result, times| {
            move |ledger: &mut Ledger| {
                ledger.result = result;
                ledger.consecutive_failures = times;
            }
        };
        assert_troubles(fails(RunResult::Failed, 1), &[("failed", Level::Warning)]);
        assert_troubles(fails(RunResult::Failed, 3), &[("failed", Level::Critical)]);
        assert_troubles(fails(RunResult::Refused, 2), &[("refused", Level::Warning)]);
        assert_troubles(fails(RunResult::Attention, 0), &[("attention", Level::Warning)]);
        assert_troubles(fails(RunResult::Changed, 0), &[]);
        let due = |seconds: i64| {
            move |ledger: &mut Ledger| {
                ledger.next_due = Some(NextEvent { at: NOW.minus(Seconds(seconds)), what: String::new() })
            }
        };
        assert_troubles(due(7200), &[]);
        assert_troubles(due(7201), &[("overdue", Level::Warning)]);
        assert_troubles(|ledger| ledger.finished_at = NOW.plus(Seconds(1)), &[("clock", Level::Warning)]);
        assert_troubles(
            |ledger| ledger.intended = Some(Intended { serial: 1, sha256: String::new() }),
            &[("cut-off", Level::Warning)],
        );
        let pending = HookPending { since: NOW, attempts: 2, error: Some("exit 1".into()) };
        assert_troubles(
            |ledger| {
                ledger.hook_pending = Some(pending);
                ledger.result = RunResult::Attention;
            },
            &[("hook-pending", Level::Warning)],
        );
        assert_troubles(
            |ledger| {
                ledger.attention = vec!["a".into(), "b".into()];
                ledger.result = RunResult::Attention;
            },
            &[("attention", Level::Warning), ("attention", Level::Warning)],
        );
    }

    #[test]
    fn limits_follow_from_the_policy() {
        let mut policy = Policy::preset(Preset::default());
        policy.signatures.refresh = Seconds(3 * 86_400);
        for (interval, warning) in [(3600, 3 * 86_400 - 7200), (86_400, 2 * 86_400)] {
            policy.run_interval = Seconds(interval);
            let found = Limits::new(&policy, Thresholds::default());
            assert_eq!((found.warning, found.critical), (Seconds(warning), Seconds(86_400)));
        }
        let given = Thresholds { warning: Some(Seconds(9)), critical: Some(Seconds(5)) };
        let found = Limits::new(&policy, given);
        assert_eq!((found.warning, found.critical), (Seconds(9), Seconds(5)));
    }

    #[test]
    fn levels_are_those_of_nagios() {
        assert!(Level::ALL.is_sorted());
        assert_eq!(Level::ALL.map(Level::nagios), [0, 1, 3, 2]);
    }
}
