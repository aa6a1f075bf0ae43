//! A run over all zones of a configuration.
//!
//! First every zone's files are hashed, without a lock and without a write: where nothing has changed and nothing is due,
//! that is all. The rest is done under the run's lock, zones side by side; one zone's failure is its own.

use super::config::{Config, ZoneConfig};
use super::fingerprint;
use super::guard::Refusal;
use super::last_run::LastRun;
use super::ledger::{Ledger, NextEvent, RunResult};
use super::look::PlanLine;
use super::overrides::Overrides;
use super::zone::{ZoneRun, name_of_file};
use crate::base::{Diagnostic, Name, NameBuf, Seconds, UnixTime};
use crate::crypto::Backend;
use crate::keys::KeyDirectory;
use crate::observe::Client;
use crate::policy::load::{LoadError, load};
use crate::policy::{Policy, Preset};
use crate::sign::record::FileDigest;
use crate::state::{Lock, LockOptions, StateError, StateErrorKind, StatePaths, Who};
use rayon::iter::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The run's lock in each state directory.
const LOCK_FILE: &str = "zoneseal.run.lock";

/// Zone files of more octets than this are worked on one at a time.
const LARGE_OCTETS: u64 = 8 << 20;

/// What a run goes by besides its configuration.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    /// Who runs it.
    pub who: &'a Who,
    /// When.
    pub now: UnixTime,
    /// How long to wait for other processes.
    pub lock_timeout: Duration,
    /// Guards that are overridden.
    pub overrides: &'a Overrides,
    /// The library that signs.
    pub backend: Backend,
    /// How patiently servers are asked.
    pub client: Client,
}

/// What became of a zone.
#[derive(Clone, Debug)]
pub struct ZoneReport {
    /// The zone, if its name is known.
    pub name: Option<NameBuf>,
    /// The unsigned zone.
    pub file: PathBuf,
    /// The signed zone.
    pub output: PathBuf,
    /// How it ended.
    pub result: RunResult,
    /// Whether a new version was published, or would be.
    pub is_changed: bool,
    /// What was done.
    pub changes: Vec<String>,
    /// What needs attention, was refused or failed.
    pub messages: Vec<String>,
    /// What guards refused.
    pub refusals: Vec<Refusal>,
    /// What was found in passing.
    pub warnings: Vec<String>,
    /// What would be done, in a dry run.
    pub plan: Vec<PlanLine>,
    /// Policy and configuration that the plan was made by, as a digest.
    pub(super) rules: String,
    /// Margins that are thin.
    pub(super) budget: Vec<String>,
    /// The unsigned zone with what it includes, as it was read.
    pub(super) inputs: Vec<FileDigest>,
    /// The ledger as it is now.
    pub ledger: Option<Ledger>,
    began: Instant,
}

impl ZoneReport {
    pub(super) fn new(zone: &ZoneConfig) -> Self {
        Self {
            name: zone.name.clone(),
            file: zone.file.clone(),
            output: zone.output.clone(),
            result: RunResult::NothingDue,
            is_changed: false,
            changes: Vec::new(),
            messages: Vec::new(),
            refusals: Vec::new(),
            warnings: Vec::new(),
            plan: Vec::new(),
            rules: String::new(),
            budget: Vec::new(),
            inputs: Vec::new(),
            ledger: None,
            began: Instant::now(),
        }
    }

    fn failed(zone: &ZoneConfig, message: String) -> Self {
        Self { result: RunResult::Failed, messages: vec![message], ..Self::new(zone) }
    }

    /// Leaves word in the ledger, if there is one, that the zone was not published, and says what stands instead.
    pub(super) fn note_stop(&mut self, state: &Path, now: UnixTime) {
        let Some(ledger) = &mut self.ledger else { return };
        if let Some(ends) = ledger.earliest_expiration {
            self.messages.push(format!("the signed zone of before stands; its first signature ends at {ends}"));
        }
        ledger.result = self.result;
        ledger.messages.clone_from(&self.messages);
        ledger.consecutive_failures = ledger.consecutive_failures.saturating_add(1);
        // A clock that is behind is not to be written down as the time of the last run.
        ledger.finished_at = ledger.finished_at.max(now);
        if let Err(error) = ledger.write(state) {
            self.messages.push(error.to_string());
        }
    }

    /// A zone with nothing due: what needed attention still does.
    fn idle(zone: &ZoneConfig, ledger: Ledger) -> Self {
        let result = if ledger.attention.is_empty() { RunResult::NothingDue } else { RunResult::Attention };
        let messages = ledger.attention.clone();
        Self { name: Some(ledger.zone.clone()), result, messages, ledger: Some(ledger), ..Self::new(zone) }
    }

    pub(super) fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// The zone as messages name it: by its name, else by its file.
    #[must_use]
    pub fn title(&self) -> String {
        self.name.as_ref().map_or_else(|| self.file.display().to_string(), NameBuf::to_string)
    }
}

/// A run that is over.
#[derive(Clone, Debug)]
pub struct RunReport {
    /// The zones, in the order of the configuration.
    pub zones: Vec<ZoneReport>,
    /// What is doubtful about policies.
    pub warnings: Vec<Diagnostic>,
    /// What is wrong with the configuration beyond single zones, and how bad that is.
    pub troubles: Vec<(RunResult, String)>,
}

impl RunReport {
    /// How the worst zone ended, or worse.
    #[must_use]
    pub fn result(&self) -> RunResult {
        let troubles = self.troubles.iter().map(|(result, _)| *result);
        self.zones.iter().map(|zone| zone.result).chain(troubles).max().unwrap_or_default()
    }

    /// How many zones ended in a way.
    #[must_use]
    pub fn count(&self, result: RunResult) -> usize {
        self.zones.iter().filter(|zone| zone.result == result).count()
    }

    /// What is due next of all zones.
    #[must_use]
    pub fn next_due(&self) -> Option<(&NameBuf, &NextEvent)> {
        let due = self.zones.iter().filter_map(|zone| {
            let ledger = zone.ledger.as_ref()?;
            Some((&ledger.zone, ledger.next_due.as_ref()?))
        });
        due.min_by_key(|(_, event)| event.at)
    }

    /// The hash of what is planned: over the configuration and the files it was made from, and every change, not over the
    /// time.
    #[must_use]
    pub fn plan_hash(&self) -> String {
        let mut text = String::new();
        for zone in &self.zones {
            let (file, output, result) = (zone.file.display(), zone.output.display(), zone.result);
            text += &format!("zone {} {file} {output} {result}\n", zone.title());
            if zone.plan.is_empty() && zone.result == RunResult::NothingDue {
                continue;
            }
            text += &format!("  by {}\n", zone.rules);
            for file in &zone.inputs {
                text += &format!("  {} {}\n", file.sha256, file.path);
            }
            for line in &zone.plan {
                text += &format!("  {}\n", line.fixed);
            }
            for refusal in &zone.refusals {
                text += &format!("  refused by {}\n", refusal.guard.name());
            }
        }
        fingerprint::hash(text.as_bytes()).to_ascii_lowercase()
    }
}

/// Why there was no run.
#[derive(Debug)]
pub enum RunError {
    /// A zone was named that is not configured.
    NoSuchZone(String),
    /// Another run is under way, or the lock cannot be had.
    Lock(StateError),
    /// What is planned now is not what was agreed to.
    OtherPlan(String, Box<RunReport>),
}

impl std::fmt::Display for RunError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoSuchZone(zone) => write!(f, "{zone}: no such zone is configured"),
            Self::Lock(StateError { kind: StateErrorKind::Locked(holder, waited), path }) => write!(
                f,
                "{}: another run is under way: {holder}; waited {waited} s\n   = help: let it finish; wait longer with \
                 --lock-timeout; the lock goes with its process, the file need not be removed",
                path.display()
            ),
            Self::Lock(error) => error.fmt(f),
            Self::OtherPlan(hash, _) => write!(f, "the plan is another one now: {hash}; nothing was done"),
        }
    }
}

impl std::error::Error for RunError {}

/// How a run is carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunMode {
    /// What is due is done.
    Real,
    /// Nothing is written.
    DryRun,
    /// What is due is done if it is what was planned, by the plan's hash.
    Apply(String),
}

/// Everything zones share.
struct Shared<'a> {
    setting: Setting<'a>,
    policies: BTreeMap<Option<String>, Result<Policy, String>>,
    /// As the command line would name them.
    policy_arguments: BTreeMap<Option<String>, String>,
    keys: HashMap<PathBuf, Result<KeyDirectory, String>>,
    names: Names,
    closed: Closed,
}

/// The names of zones by their files, as the ledgers of a state directory have them.
type Names = HashMap<PathBuf, HashMap<PathBuf, NameBuf>>;

/// Runs over zones of a configuration; all, if none is named.
///
/// # Errors
/// See [`RunError`]: then nothing was done. What goes wrong with a zone stands in its report.
pub fn run(config: &Config, named: &[NameBuf], setting: Setting<'_>, mode: &RunMode) -> Result<RunReport, RunError> {
    let zones = chosen(config, named)?;
    let (policies, warnings) = load_policies(config, &zones);
    let policy_arguments =
        policies.keys().map(|name| (name.clone(), policy_argument(config, name.as_deref()))).collect();
    let mut shared = Shared {
        setting,
        policies,
        policy_arguments,
        keys: list_keys(&zones),
        names: names_of(&zones),
        closed: Closed::new(),
    };
    let idle = |shared: &Shared<'_>, zones: &[&ZoneConfig]| in_turn(zones, |zone| *zone, |_, zone| shared.idle(zone));
    let mut ledgers = idle(&shared, &zones);
    let _locks = match mode {
        // Reading needs none, and a dry run leaves no file behind.
        RunMode::DryRun => {
            shared.closed = closed_directories(&zones);
            Vec::new()
        }
        RunMode::Real if ledgers.iter().all(Option::is_some) => Vec::new(),
        RunMode::Real | RunMode::Apply(_) => {
            let (locks, closed) = lock(&zones, &setting)?;
            shared.closed = closed;
            // Another run may have done it meanwhile.
            shared.keys = list_keys(&zones);
            ledgers = idle(&shared, &zones);
            locks
        }
    };
    let zones: Vec<(&ZoneConfig, Option<Ledger>)> = zones.into_iter().zip(ledgers).collect();
    let troubles = if named.is_empty() { troubles_of(config) } else { Vec::new() };
    let report = |zones| RunReport { zones, warnings: warnings.clone(), troubles: troubles.clone() };
    let mut report = match mode {
        RunMode::DryRun => return Ok(report(shared.run(&zones, None, true))),
        RunMode::Real => report(shared.run(&zones, None, false)),
        RunMode::Apply(hash) => {
            let planned = report(shared.run(&zones, None, true));
            let now = planned.plan_hash();
            if !now.eq_ignore_ascii_case(hash) {
                return Err(RunError::OtherPlan(now, Box::new(planned)));
            }
            report(shared.run(&zones, Some(&planned.zones), false))
        }
    };
    if named.is_empty() {
        shared.keep_catalogs(config, &mut report);
        shared.keep_last_run(&zones, &mut report);
    }
    Ok(report)
}

/// What is wrong with a configuration beyond single zones.
fn troubles_of(config: &Config) -> Vec<(RunResult, String)> {
    let mut troubles: Vec<_> = config.faults.iter().map(|fault| (RunResult::Failed, fault.clone())).collect();
    if config.zones.is_empty() && troubles.is_empty() {
        let message = format!(
            "{}: there are no zones\n   = help: see whether the directories of its patterns are there, or add an entry of \
             [[zones]]",
            config.path.display()
        );
        troubles.push((RunResult::Attention, message));
    }
    troubles
}

/// The zones that are asked for.
fn chosen<'c>(config: &'c Config, named: &[NameBuf]) -> Result<Vec<&'c ZoneConfig>, RunError> {
    if named.is_empty() {
        return Ok(config.zones.iter().collect());
    }
    let known = names_of(&config.zones.iter().collect::<Vec<_>>());
    let mut names = BTreeMap::new();
    for zone in &config.zones {
        if let Some(name) = name_of(zone, &known) {
            names.entry(name.to_string().to_ascii_lowercase()).or_insert(zone);
        }
    }
    let find = |name: &NameBuf| {
        let zone = names.get(&name.to_string().to_ascii_lowercase()).copied();
        zone.ok_or_else(|| RunError::NoSuchZone(name.to_string()))
    };
    let mut found: Vec<&ZoneConfig> = named.iter().map(find).collect::<Result<_, _>>()?;
    let mut seen = BTreeSet::new();
    found.retain(|zone| seen.insert(zone.output.clone()));
    Ok(found)
}

/// What is known of the names of zones whose files and configuration do not tell them.
fn names_of(zones: &[&ZoneConfig]) -> Names {
    let mut names = Names::new();
    for zone in zones {
        let told = zone.name.clone().or_else(|| name_of_file(&zone.file));
        if told.is_some_and(|name| Ledger::path(&zone.state, name.as_name()).exists()) {
            continue;
        }
        names.entry(zone.state.clone()).or_insert_with(|| {
            let ledgers = Ledger::read_all(&zone.state).unwrap_or_default();
            ledgers.into_iter().filter_map(Result::ok).map(|ledger| (ledger.file, ledger.zone)).collect()
        });
    }
    names
}

/// The name of a zone, as far as it is known before its file is read: by the configuration, by the last run, by the file.
fn name_of(zone: &ZoneConfig, names: &Names) -> Option<NameBuf> {
    let seen = || names.get(&zone.state)?.get(&zone.file).cloned();
    zone.name.clone().or_else(seen).or_else(|| name_of_file(&zone.file))
}

/// The policy a zone is under: a preset or one of the policy file; without a name the file's own, else the first preset.
///
/// # Errors
/// What is wrong with it, in words.
pub fn policy_of(config: &Config, name: Option<&str>) -> Result<(Policy, Vec<Diagnostic>), String> {
    let argument = policy_argument(config, name);
    match load(&argument) {
        Ok(loaded) => Ok((loaded.policy, loaded.warnings)),
        Err(LoadError::Unusable(message)) => Err(message),
        Err(LoadError::Invalid(findings)) => {
            let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
            Err(format!("{argument}: the policy cannot be used\n{}", lines.join("\n")))
        }
    }
}

/// The policy a zone is under as the command line would name it.
fn policy_argument(config: &Config, name: Option<&str>) -> String {
    let file = config.policy_file.as_ref().map(|file| file.display().to_string());
    match (name, file) {
        (Some(name), _) if Preset::from_name(name).is_some() => name.to_owned(),
        (Some(name), Some(file)) => format!("{file}:{name}"),
        (Some(name), None) => name.to_owned(),
        (None, Some(file)) => file,
        (None, None) => Preset::default().name().to_owned(),
    }
}

type Policies = BTreeMap<Option<String>, Result<Policy, String>>;

fn load_policies(config: &Config, zones: &[&ZoneConfig]) -> (Policies, Vec<Diagnostic>) {
    let mut policies = Policies::new();
    let mut all_warnings: Vec<Diagnostic> = Vec::new();
    for zone in zones {
        if !policies.contains_key(&zone.policy) {
            let policy = policy_of(config, zone.policy.as_deref()).map(|(policy, warnings)| {
                all_warnings.extend(warnings.into_iter().filter(|one| one.code != "policy-serial-keep"));
                policy
            });
            policies.insert(zone.policy.clone(), policy);
        }
    }
    (policies, all_warnings)
}

/// Lists each key directory once: thousands of zones may share one.
fn list_keys(zones: &[&ZoneConfig]) -> HashMap<PathBuf, Result<KeyDirectory, String>> {
    let directories: BTreeSet<&Path> = zones.iter().map(|zone| zone.keys.as_path()).collect();
    let list = |path: &Path| (path.to_owned(), KeyDirectory::list(path).map_err(|error| error.to_string()));
    directories.into_iter().map(list).collect()
}

/// Directories that zones cannot be worked on without, and why.
type Closed = BTreeMap<PathBuf, String>;

fn state_directories<'z>(zones: &[&'z ZoneConfig]) -> BTreeSet<&'z Path> {
    zones.iter().map(|zone| zone.state.as_path()).collect()
}

/// Takes the lock of every state directory, always in the same order. Where there can be none, the directory's zones fail and
/// the others are none the worse.
fn lock(zones: &[&ZoneConfig], setting: &Setting<'_>) -> Result<(Vec<Lock>, Closed), RunError> {
    let options = LockOptions { who: setting.who, at: setting.now, timeout: setting.lock_timeout };
    let (mut locks, mut closed) = (Vec::new(), Closed::new());
    for directory in state_directories(zones) {
        match Lock::exclusive(&directory.join(LOCK_FILE), &options) {
            Ok(lock) => locks.push(lock),
            Err(error @ StateError { kind: StateErrorKind::Locked(..), .. }) => return Err(RunError::Lock(error)),
            Err(error) => drop(closed.insert(directory.to_owned(), error.to_string())),
        }
    }
    Ok((locks, closed))
}

/// State directories that are none.
fn closed_directories(zones: &[&ZoneConfig]) -> Closed {
    let closed = |directory: &Path| match fs::metadata(directory) {
        Ok(metadata) if metadata.is_dir() => None,
        Ok(_) => Some((directory.to_owned(), format!("{}: not a directory", directory.display()))),
        Err(error) => Some((directory.to_owned(), format!("{}: {error}", directory.display()))),
    };
    state_directories(zones).into_iter().filter_map(closed).collect()
}

/// Works on small zones side by side, and on each large one by itself, with all threads within it: several at once could
/// take more memory than there is. Results are in the order of the zones.
fn in_turn<T: Sync, R: Send>(
    zones: &[T],
    config: impl Fn(&T) -> &ZoneConfig + Sync,
    work: impl Fn(usize, &T) -> R + Sync,
) -> Vec<R> {
    let is_large = |zone: &T| fs::metadata(&config(zone).file).is_ok_and(|metadata| metadata.len() > LARGE_OCTETS);
    let side_by_side = |(index, zone): (usize, &T)| if is_large(zone) { Err(index) } else { Ok(work(index, zone)) };
    let results: Vec<Result<R, usize>> = zones.par_iter().with_max_len(1).enumerate().map(side_by_side).collect();
    results.into_iter().map(|result| result.unwrap_or_else(|index| work(index, &zones[index]))).collect()
}

/// By whom a file is taken.
struct Taken {
    file: PathBuf,
    output: PathBuf,
}

impl Taken {
    fn by(zone: &ZoneConfig) -> Self {
        Self { file: zone.file.clone(), output: zone.output.clone() }
    }
}

/// The files that only one zone may have.
pub(super) fn own_files(zone: &ZoneConfig, name: Name<'_>) -> [PathBuf; 2] {
    [Ledger::path(&zone.state, name), StatePaths::new(&zone.keys, name).state]
}

/// Whether a ledger is that of a zone, wherever the run was started that wrote it.
fn is_of(ledger: &Ledger, zone: &ZoneConfig) -> bool {
    let fingerprint = &ledger.fingerprint;
    let is_same = |known: Option<&FileDigest>, written: &Path, path: &Path| {
        written == path
            || known.is_some_and(|known| std::path::absolute(path).is_ok_and(|path| path == Path::new(&known.path)))
    };
    is_same(fingerprint.inputs.first(), &ledger.file, &zone.file)
        && is_same(fingerprint.output.as_ref(), &ledger.output, &zone.output)
}

impl Shared<'_> {
    /// The ledger of a zone with nothing due.
    fn idle(&self, zone: &ZoneConfig) -> Option<Ledger> {
        if zone.fault.is_some() {
            return None;
        }
        let name = name_of(zone, &self.names)?;
        let ledger = Ledger::read(&Ledger::path(&zone.state, name.as_name())).ok().flatten()?;
        let policy = self.policies.get(&zone.policy)?.as_ref().ok()?;
        let listed = self.keys.get(&zone.keys)?.as_ref().ok()?;
        let now = self.setting.now;
        let is_settled = ledger.file == zone.file
            && ledger.result < RunResult::Refused
            && ledger.hook_pending.is_none()
            && ledger.intended.is_none();
        let is_due = now < ledger.finished_at || ledger.next_due.as_ref().is_some_and(|due| due.at <= now);
        let is_idle = is_settled
            && !is_due
            && fingerprint::is_same(&ledger, zone, &listed.files_of(ledger.zone.as_name()), policy);
        is_idle.then_some(ledger)
    }

    /// Runs over the zones side by side; reports come in their order.
    fn run(
        &self,
        zones: &[(&ZoneConfig, Option<Ledger>)],
        planned: Option<&[ZoneReport]>,
        is_dry: bool,
    ) -> Vec<ZoneReport> {
        let taken = Mutex::new(self.taken(zones));
        let claim = |path: &Path, zone: &ZoneConfig| {
            let mut taken = taken.lock().unwrap_or_else(PoisonError::into_inner);
            let other = taken.get(path).filter(|other| other.output != zone.output);
            let other = other.map(|other| other.file.clone());
            if other.is_none() {
                taken.insert(path.to_owned(), Taken::by(zone));
            }
            other
        };
        let run = |index: usize, (zone, idle): &(&ZoneConfig, Option<Ledger>)| {
            let zone = *zone;
            if let Some(ledger) = idle {
                return ZoneReport::idle(zone, ledger.clone());
            }
            let (policy, listed) = match self.means(zone) {
                Ok(means) => means,
                Err(message) => return self.failed(zone, message, is_dry),
            };
            let inputs = planned.map(|planned| planned[index].inputs.as_slice());
            let setting = &self.setting;
            let policy_argument = &self.policy_arguments[&zone.policy];
            ZoneRun { setting, zone, policy, policy_argument, listed, is_dry, planned_inputs: inputs, claim: &claim }
                .run()
        };
        in_turn(zones, |(zone, _)| *zone, run)
    }

    /// What is a zone's own by its ledger: where two are the same, it stays with the one that had it.
    fn taken(&self, zones: &[(&ZoneConfig, Option<Ledger>)]) -> HashMap<PathBuf, Taken> {
        let mut taken = HashMap::new();
        for (zone, idle) in zones {
            let read = |name: NameBuf| Ledger::read(&Ledger::path(&zone.state, name.as_name())).ok().flatten();
            let ledger = idle.clone().or_else(|| name_of(zone, &self.names).and_then(read));
            let Some(ledger) = ledger.filter(|ledger| ledger.serial.is_some() && is_of(ledger, zone)) else { continue };
            for path in own_files(zone, ledger.zone.as_name()) {
                taken.entry(path).or_insert_with(|| Taken::by(zone));
            }
        }
        taken
    }

    /// What a zone cannot be worked on without; else why it is not there.
    fn means(&self, zone: &ZoneConfig) -> Result<(&Policy, &KeyDirectory), String> {
        let closed = self.closed.get(&zone.state);
        if let Some(fault) = zone.fault.as_ref().or(closed) {
            return Err(fault.clone());
        }
        let policy = self.policies[&zone.policy].as_ref().map_err(Clone::clone)?;
        let listed = self.keys[&zone.keys].as_ref().map_err(Clone::clone)?;
        Ok((policy, listed))
    }

    /// A zone that cannot even be begun with; its ledger says so.
    fn failed(&self, zone: &ZoneConfig, message: String, is_dry: bool) -> ZoneReport {
        let mut report = ZoneReport::failed(zone, message);
        report.name = name_of(zone, &self.names);
        let read = |name: &NameBuf| Ledger::read(&Ledger::path(&zone.state, name.as_name())).ok().flatten();
        report.ledger = report.name.as_ref().and_then(read).filter(|ledger| ledger.file == zone.file);
        if !is_dry {
            report.note_stop(&zone.state, self.setting.now);
        }
        report
    }

    /// Keeps what catalogs list, for runs that find them broken.
    fn keep_catalogs(&self, config: &Config, report: &mut RunReport) {
        for (directory, last) in config.catalogs.iter().filter(|(directory, _)| !self.closed.contains_key(directory)) {
            if let Err(error) = last.keep(directory) {
                let message = format!("{}: the members of a catalog cannot be kept: {error}", directory.display());
                report.troubles.push((RunResult::Attention, message));
            }
        }
    }

    /// Leaves word of the run, whatever was due.
    fn keep_last_run(&self, zones: &[(&ZoneConfig, Option<Ledger>)], report: &mut RunReport) {
        let last = LastRun::new(self.setting.now, report.result(), report.zones.len());
        let intervals = self.policies.values().filter_map(|policy| Some(policy.as_ref().ok()?.run_interval));
        let interval = intervals.min().unwrap_or(Seconds::HOUR);
        let zones: Vec<&ZoneConfig> = zones.iter().map(|(zone, _)| *zone).collect();
        for directory in state_directories(&zones).into_iter().filter(|directory| !self.closed.contains_key(*directory))
        {
            if let Err(error) = last.keep(directory, interval) {
                let message = format!("{}: word of the run cannot be left: {error}", directory.display());
                report.troubles.push((RunResult::Attention, message));
            }
        }
    }
}
