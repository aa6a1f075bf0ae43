//! One zone, one run: from its files to a published version, or to the reason why there is none.
//!
//! ```text
//! lock ─ zone file, last output ─ state ─ observe ─ engine ─▶ target ─ keys ─ guards ─ sign, self-check
//!                                                                │                        │
//!      ledger ◀─ hook ◀─ engine again ◀─ state hears ◀─ rename ◀─┴── promise in ledger ◀──┘
//! ```
//!
//! Whatever fails before the rename leaves the old output as it was; whatever fails after it is made good by the next run,
//! which finds the promise in the ledger and believes the output, not the state.

use super::advance::{Advanced, Engine, Mode};
use super::by_state;
use super::config::ZoneConfig;
use super::eyes::{self, How, Sight};
use super::fingerprint;
use super::guard::{self, Guard, Refusal};
use super::hook;
use super::ledger::{HookPending, Ledger, LedgerErrorKind, OverrideNote, RunResult};
use super::look::{Look, PlanLine, ds_leads_nowhere, is_stop};
use super::options::sign_options;
use super::outlook;
use super::run::{Setting, ZoneReport, own_files};
use crate::base::{Diagnostic, Diagnostics, Name, NameBuf, Rtype, Severity};
use crate::keys::{KeyDirectory, ZoneKey, load_files};
use crate::output::{AtomicFile, Output};
use crate::policy::{Policy, PolicyMark};
use crate::rollover::{Action, Gate, Observations, ZoneState, ZoneView, next_look};
use crate::sign::record::FileDigest;
use crate::sign::serial::later;
use crate::sign::{
    DenialOptions, Loaded, OwnKeys, Previous, SerialPolicy, SignError, SignOptions, SignedText, Summary, TextDigest,
    load, sign_zone,
};
use crate::state::{Guard as StateGuard, LockOptions, LogEntry, StateFile, StatePaths};
use crate::zone::BuildOptions;
use crate::zonefile::{self, Input, ReadOptions};
use std::io::{self, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Findings kept of each zone.
const FINDINGS_MAX: usize = 20;
/// Ends the names of zone files that tell the zone.
const ZONE_ENDING: &str = ".zone";

/// Why a zone is not published.
pub(super) enum Stop {
    /// It could not be done.
    Failed(String),
    /// A guard refuses.
    Refused(Vec<Refusal>),
}

impl Stop {
    fn failed(error: impl std::fmt::Display) -> Self {
        Self::Failed(error.to_string())
    }

    fn refused(guard: Guard, message: String, help: &str) -> Self {
        Self::Refused(vec![Refusal { guard, message, help: help.to_owned() }])
    }
}

/// A zone of a run.
pub(super) struct ZoneRun<'a> {
    pub(super) setting: &'a Setting<'a>,
    pub(super) zone: &'a ZoneConfig,
    pub(super) policy: &'a Policy,
    /// The policy as the command line would name it.
    pub(super) policy_argument: &'a str,
    /// The directory of its keys.
    pub(super) listed: &'a KeyDirectory,
    /// Whether nothing is to be done, only planned.
    pub(super) is_dry: bool,
    /// The files that a plan was made for.
    pub(super) planned_inputs: Option<&'a [FileDigest]>,
    /// Takes a file for this zone alone; the other zone's file if that has it.
    pub(super) claim: &'a (dyn Fn(&Path, &ZoneConfig) -> Option<PathBuf> + Sync),
}

/// What was read of the unsigned zone.
struct Source {
    loaded: Loaded,
    inputs: Vec<FileDigest>,
}

/// The zone's state while it is worked on.
struct Held {
    /// None in a dry run.
    guard: Option<StateGuard>,
    state: ZoneState,
    /// As it is on disk.
    saved: Option<ZoneState>,
    /// Keys that are only imagined.
    elsewhere: Option<TempDir>,
}

/// What came of signing.
struct Done {
    summary: Summary,
    is_changed: bool,
    overridden: Vec<OverrideNote>,
    names: u64,
    ledger: Ledger,
}

impl ZoneRun<'_> {
    /// Does all that is due.
    pub(super) fn run(&self) -> ZoneReport {
        let mut report = ZoneReport::new(self.zone);
        let mut findings = Diagnostics::new(FINDINGS_MAX);
        let outcome = self.work(&mut report, &mut findings);
        let warnings = findings.list().iter().filter(|finding| finding.severity == Severity::Warning);
        report.warnings.extend(warnings.map(ToString::to_string));
        if let Err(stop) = outcome {
            self.stopped(stop, &mut report);
        }
        report
    }

    /// Takes note of what went wrong.
    fn stopped(&self, stop: Stop, report: &mut ZoneReport) {
        match stop {
            Stop::Failed(message) => {
                report.result = RunResult::Failed;
                report.messages.push(message);
            }
            Stop::Refused(refusals) => {
                report.result = RunResult::Refused;
                report.messages.extend(refusals.iter().map(ToString::to_string));
                report.refusals = refusals;
            }
        }
        if let (None, Some(ledger)) = (&report.name, &report.ledger) {
            report.name = Some(ledger.zone.clone());
        }
        if !self.is_dry {
            report.note_stop(&self.zone.state, self.setting.now);
        }
    }

    fn work(&self, report: &mut ZoneReport, findings: &mut Diagnostics) -> Result<(), Stop> {
        let now = self.setting.now;
        report.ledger = self.known_ledger();
        report.rules = fingerprint::rules(self.zone, self.policy);
        let source = self.read(findings)?;
        let name = source.loaded.zone.apex().to_owned();
        report.name = Some(name.clone());
        let own = report.ledger.take();
        self.claim_files(name.as_name())?;
        report.ledger = own;
        let guard = self.lock(name.as_name())?;
        report.ledger = self.read_ledger(name.as_name(), findings)?;
        let before = report.ledger.clone();
        let mut overridden = Vec::new();
        self.pass(
            guard::clock_backwards(before.as_ref().map(|ledger| ledger.finished_at), now),
            &name,
            &mut overridden,
        )?;
        let signed = self.read_previous(before.as_ref())?;
        let (previous, published) = match signed.map(|signed| Previous::parse(signed, name.as_name(), findings)) {
            Some(Ok(previous)) => (Some(previous), None),
            Some(Err(unusable)) => (None, unusable.serial),
            None => (None, None),
        };
        let mut held =
            self.hold(guard, name.as_name(), before.as_ref(), previous.as_ref(), findings, &mut overridden)?;

        let sight = self.observe(name.as_name(), &held.state, before.as_ref())?;
        let view = previous.as_ref().map(|previous| ZoneView::of(previous.zone()));
        let observations = Observations { zone: view, ..sight.views.clone() };
        let mut advanced = self.step(&mut held, &observations)?;
        report.changes.extend(advanced.changes.iter().map(|change| advanced.told(change)));
        report.plan.extend(report.changes.iter().cloned().map(PlanLine::new));
        for action in &advanced.step.actions {
            if let Action::Sign { changes, .. } = action {
                report.plan.extend(changes.iter().map(|change| PlanLine::new(advanced.told(change))));
            }
        }
        self.pass(ds_leads_nowhere(name.as_name(), &held.state), &name, &mut overridden)?;

        let ledger = before.clone().unwrap_or_else(|| self.new_ledger(name.clone()));
        let Source { loaded, inputs } = source;
        report.inputs.clone_from(&inputs);
        let loaded = Loaded { previous, published, ..loaded };
        let done = self.sign(loaded, &held, ledger, overridden, report, findings)?;
        let Some(done) = done else { return Ok(()) };
        report.is_changed = done.is_changed;
        if let Some(line) = change_line(&done) {
            report.changes.push(line);
        }
        if self.is_dry {
            return Ok(());
        }
        self.confirm(&mut held, &done.summary)?;
        let after = Observations { zone: None, ..observations };
        let again = self.step(&mut held, &after)?;
        report.changes.extend(again.changes.iter().cloned());
        advanced = again;
        self.finish(done, held, &advanced, &sight, inputs, before.as_ref(), report)
    }

    /// Lets a refusal pass that is overridden.
    fn pass(&self, refusal: Option<Refusal>, zone: &NameBuf, overridden: &mut Vec<OverrideNote>) -> Result<(), Stop> {
        let refusals = refusal.into_iter().collect();
        let (refused, notes) = self.setting.overrides.sort(refusals, zone.as_name(), self.setting.now);
        overridden.extend(notes);
        if refused.is_empty() { Ok(()) } else { Err(Stop::Refused(refused)) }
    }

    /// Reads the unsigned zone and checks it.
    fn read(&self, findings: &mut Diagnostics) -> Result<Source, Stop> {
        let path = &self.zone.file;
        let text = zonefile::read_file(path).map_err(Stop::failed)?;
        let origin = self.zone.name.clone().or_else(|| name_of_file(path));
        let options = ReadOptions { keeps_included: true, ..ReadOptions::trusted(origin) };
        let input = Input::Read { path, text: &text };
        let (records, digest) =
            rayon::join(|| zonefile::read(input, &options, findings), || FileDigest::of(path, &text));
        let mut records = records.map_err(Stop::failed)?;
        drop(text);
        let mut inputs = vec![digest];
        inputs.extend(records.take_included().iter().map(|(path, text)| FileDigest::of(path, text)));
        if self.planned_inputs.is_some_and(|planned| planned != inputs) {
            return Err(Stop::Failed(format!("{}: it has changed since the plan was made", path.display())));
        }
        let build = BuildOptions { apex: self.zone.name.clone(), ..BuildOptions::default() };
        let loaded = match findings.has_errors() {
            true => None,
            false => load(records, &build, findings),
        };
        let loaded = loaded.filter(|_| !findings.has_errors());
        loaded.map(|loaded| Source { loaded, inputs }).ok_or_else(|| Stop::Failed(errors_of(findings)))
    }

    /// Sees that no other zone of the configuration has the same ledger or state.
    fn claim_files(&self, name: Name<'_>) -> Result<(), Stop> {
        for path in own_files(self.zone, name) {
            if let Some(other) = (self.claim)(&path, self.zone) {
                return Err(Stop::Failed(format!(
                    "{}: {name} is configured twice, with {} too, and both would write {}\n   = help: give each its own keys \
                     and state",
                    self.zone.file.display(),
                    other.display(),
                    path.display()
                )));
            }
        }
        Ok(())
    }

    /// Takes the zone for this process; nobody's files change in a dry run.
    fn lock(&self, name: Name<'_>) -> Result<Option<StateGuard>, Stop> {
        if self.is_dry {
            return Ok(None);
        }
        let Setting { who, now, lock_timeout, .. } = *self.setting;
        let options = LockOptions { who, at: now, timeout: lock_timeout };
        StateFile::lock(&self.zone.keys, name, &options).map(Some).map_err(Stop::failed)
    }

    /// The ledger of what the zone is likely to be, before its file is read: for saying what became of it.
    fn known_ledger(&self) -> Option<Ledger> {
        let name = self.zone.name.clone().or_else(|| name_of_file(&self.zone.file))?;
        let ledger = Ledger::read(&Ledger::path(&self.zone.state, name.as_name())).ok()?;
        match ledger {
            Some(ledger) => Some(ledger).filter(|ledger| ledger.file == self.zone.file),
            None => Some(self.new_ledger(name)),
        }
    }

    fn new_ledger(&self, name: NameBuf) -> Ledger {
        let (file, output) = (self.zone.file.clone(), self.zone.output.clone());
        Ledger::new(name, file, output, self.policy.name.clone(), self.setting.now)
    }

    /// What the last run left.
    fn read_ledger(&self, name: Name<'_>, findings: &mut Diagnostics) -> Result<Option<Ledger>, Stop> {
        let path = Ledger::path(&self.zone.state, name);
        match Ledger::read(&path) {
            Err(error) if error.is_garbled() => {
                let message = format!("{error}; it is begun anew");
                findings.push(Diagnostic::warning("ledger-garbled", message).help(
                    "serials go on from the signed zone and the state of its keys; nothing else is lost but the history",
                ));
                Ok(None)
            }
            Err(error) => {
                // It must not be written over either.
                debug_assert!(!matches!(error.kind, LedgerErrorKind::Garbled(_)));
                Err(Stop::failed(error))
            }
            Ok(ledger) => Ok(ledger),
        }
    }

    /// The signed zone of before, as text.
    fn read_previous(&self, before: Option<&Ledger>) -> Result<Option<SignedText>, Stop> {
        let path = &self.zone.output;
        if !path.exists() {
            return Ok(None);
        }
        let text = zonefile::read_file(path).map_err(Stop::failed)?;
        let mut signed = SignedText::new(path.display().to_string(), text);
        signed.is_in_place = true;
        let digest = FileDigest::with_digest(path, &signed.digest);
        signed.is_verified = before
            .is_some_and(|ledger| ledger.is_output_verified && ledger.fingerprint.output.as_ref() == Some(&digest));
        Ok(Some(signed))
    }

    /// The state of the zone's keys; a new one for a new zone.
    fn hold(
        &self,
        guard: Option<StateGuard>,
        name: Name<'_>,
        before: Option<&Ledger>,
        previous: Option<&Previous>,
        findings: &mut Diagnostics,
        overridden: &mut Vec<OverrideNote>,
    ) -> Result<Held, Stop> {
        let mut guard = guard;
        let stored = match &mut guard {
            Some(guard) => guard.load(findings),
            None => StateFile::read(&self.zone.keys, name, self.setting.lock_timeout, findings),
        };
        if let Some(state) = stored.map_err(Stop::failed)? {
            return Ok(Held { guard, saved: Some(state.clone()), state, elsewhere: None });
        }
        let path = StatePaths::new(&self.zone.keys, name).state;
        let files = self.listed.files_of(name);
        if let Some(key) = files.first() {
            return Err(Stop::Failed(format!(
                "{}: there is no state of {name}, and it has keys ({})\n   = help: take them over: zoneseal adopt {name} -K {} \
                 --signed {} --write",
                path.display(),
                key.display(),
                self.zone.keys.display(),
                self.zone.output.display()
            )));
        }
        let was_signed = previous.is_some_and(|previous| previous.zone().apex_node().has(Rtype::DNSKEY))
            || before.is_some_and(|ledger| ledger.serial.is_some());
        if was_signed {
            let refusal = Refusal {
                guard: Guard::NoActiveKey,
                message: format!(
                    "{name} was signed before, and {} has neither its keys nor their state: with new keys it would be bogus \
                     under the DS it may have (I-1)",
                    self.zone.keys.display()
                ),
                help: "put the keys back from a backup; to begin anew, have the parent remove the DS, wait until it is gone \
                       from caches, and override the guard once"
                    .into(),
            };
            self.pass(Some(refusal), &name.to_owned(), overridden)?;
        }
        let state = ZoneState::new(name.to_owned());
        let mut saved = None;
        if let Some(guard) = &mut guard {
            // Before its keys are made: a crash between must not leave keys that nobody knows.
            let why = format!("policy {}", self.policy.name);
            let entry =
                LogEntry { at: self.setting.now, who: self.setting.who, what: "Began to keep the state.", why: &why };
            guard.save(&state, &entry).map_err(Stop::failed)?;
            saved = Some(state.clone());
        }
        Ok(Held { guard, state, saved, elsewhere: None })
    }

    fn observe(&self, name: Name<'_>, state: &ZoneState, before: Option<&Ledger>) -> Result<Sight, Stop> {
        let is_waiting = before.is_none_or(|ledger| {
            ledger.parent.is_some() || ledger.waiting.iter().any(|waiting| waiting.gate == Gate::Parent)
        }) || state.ds_requests.iter().any(|request| request.withdrawn.is_none());
        let wait_ends = |last| next_look(self.policy, state, last);
        let how = How { is_waiting, wait_ends: &wait_ends, is_kept: !self.is_dry };
        let Setting { client, now, .. } = *self.setting;
        eyes::look(&self.zone.servers, &self.zone.state, name, client, &how, now).map_err(Stop::Failed)
    }

    /// Steps the engine, for real or in memory.
    fn step(&self, held: &mut Held, observations: &Observations) -> Result<Advanced, Stop> {
        // A command by hand that names no policy must find the same.
        held.state.policy = Some(PolicyMark::of(self.policy, self.policy_argument, true, &self.zone.keys));
        let engine =
            Engine { directory: &self.zone.keys, policy: self.policy, observations, listed: Some(self.listed) };
        let advanced = match &mut held.guard {
            Some(guard) => {
                engine.carry_out(guard, &held.state, held.saved.as_ref(), self.setting.who, None, self.setting.now)
            }
            None => {
                let place = tempfile::tempdir().map_err(Stop::failed)?;
                let advanced = engine.advance(&held.state, Mode::DryRun(place.path()), self.setting.now);
                held.elsewhere = Some(place);
                advanced
            }
        };
        let advanced = advanced.map_err(Stop::failed)?;
        held.state = advanced.step.state.clone();
        if held.guard.is_some() {
            held.saved = Some(held.state.clone());
        }
        Ok(advanced)
    }

    /// The files of the zone's keys.
    fn key_files(&self, held: &Held) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> = Vec::new();
        for key in &held.state.keys {
            let file = format!("{}.key", key.id);
            let places = [Some(self.zone.keys.as_path()), held.elsewhere.as_ref().map(TempDir::path)];
            files.extend(places.into_iter().flatten().map(|place| place.join(&file)).find(|path| path.exists()));
        }
        files.sort();
        files
    }

    /// Loads the keys and sorts them out by the target.
    fn own_keys(
        &self,
        name: Name<'_>,
        held: &Held,
        expected_signatures: usize,
        overridden: &mut Vec<OverrideNote>,
        findings: &mut Diagnostics,
    ) -> Result<OwnKeys, Stop> {
        let backend = self.setting.backend.for_signatures(expected_signatures);
        let files = self.key_files(held);
        let loaded = match load_files(name, files.clone(), backend, findings) {
            Ok(keys) => keys,
            Err(error) => {
                let refusal = Refusal {
                    guard: Guard::KeysUnusable,
                    message: error.to_string(),
                    help: "mend the file or put it back from a backup; overridden, the key is left out".into(),
                };
                self.pass(Some(refusal), &name.to_owned(), overridden)?;
                let load = |path: PathBuf| load_files(name, vec![path], backend, findings).ok();
                files.into_iter().filter_map(load).flatten().collect::<Vec<ZoneKey>>()
            }
        };
        let keys = by_state::own_keys(&held.state.target, name, loaded, findings);
        if findings.has_errors() {
            let help = "put the key's files back, from the trash or a backup: without them nothing can be signed";
            return Err(Stop::refused(Guard::NoActiveKey, errors_of(findings), help));
        }
        Ok(keys)
    }

    /// How the zone is signed.
    fn options(&self, held: &Held, name: Name<'_>, before: &Ledger, is_first: bool) -> SignOptions {
        let mut options = by_state::options(&held.state.target, &sign_options(self.policy, is_first));
        let confirmed = held.state.confirmed.at.map(|_| held.state.confirmed.serial);
        options.serial_floor = [before.serial_highest, before.serial, confirmed].into_iter().flatten().reduce(later);
        if self.setting.overrides.covers(Guard::SerialBackwards, name) && !(is_first && options.serial_floor.is_none())
        {
            options.serial = SerialPolicy::Published;
        }
        options
    }

    /// Signs and publishes; `None` in a dry run that found something to do.
    fn sign(
        &self,
        loaded: Loaded,
        held: &Held,
        ledger: Ledger,
        mut overridden: Vec<OverrideNote>,
        report: &mut ZoneReport,
        findings: &mut Diagnostics,
    ) -> Result<Option<Done>, Stop> {
        let name = loaded.zone.apex().to_owned();
        let expected = match loaded.previous.as_ref().is_some_and(Previous::is_verified) {
            true => 0,
            false => loaded.zone.record_count() + loaded.zone.node_count(),
        };
        let keys = self.own_keys(name.as_name(), held, expected, &mut overridden, findings)?;
        let is_first = loaded.previous.is_none();
        let options = self.options(held, name.as_name(), &ledger, is_first);
        // What can be read of a damaged signed zone is believed where neither ledger nor state tells more.
        let published = loaded.published.filter(|_| options.serial_floor.is_none());
        let loaded = Loaded { published, ..loaded };
        let output: Box<dyn Output> = match self.is_dry {
            true => Box::new(Nowhere::beside(&self.zone.output)?),
            false => Box::new(AtomicFile::create(&self.zone.output).map_err(Stop::failed)?),
        };
        let Setting { overrides, now, .. } = *self.setting;
        let look = Look::new(self.zone, self.policy, overrides, now, self.is_dry, ledger);
        let result = sign_zone(loaded, &keys, &options, now, output, &look, findings);
        let seen = look.into_seen();
        // Whatever comes of it: what was promised before is not forgotten.
        if let Some(promised) = seen.ledger.as_ref().filter(|ledger| ledger.intended.is_some()) {
            report.ledger = Some(promised.clone());
        }
        report.warnings.extend(seen.warnings.iter().map(ToString::to_string));
        report
            .budget
            .extend(seen.warnings.iter().filter(|warning| warning.code == "validity-budget").map(ToString::to_string));
        overridden.extend(seen.overridden);
        match result {
            Ok(summary) => {
                let is_changed = !summary.reuse.is_some_and(|reuse| reuse.is_unchanged && summary.records_written == 0);
                let ledger = seen.ledger.expect("it was given when the look began");
                Ok(Some(Done { summary, is_changed, overridden, names: seen.names, ledger }))
            }
            Err(_) if !seen.refusals.is_empty() => Err(Stop::Refused(seen.refusals)),
            Err(SignError::Refused) if self.is_dry && findings.list().iter().any(is_stop) => {
                report.is_changed = true;
                report.result = RunResult::Changed;
                report.plan.extend(seen.plan.unwrap_or_default());
                let notes = overridden.iter().map(|note| format!("override {}: {}", note.guard, note.refused));
                report.plan.extend(notes.map(PlanLine::new));
                Ok(None)
            }
            Err(SignError::Refused) => match findings.list().iter().find(|one| one.code == "serial-backwards") {
                Some(finding) => Err(Stop::refused(Guard::SerialBackwards, finding.message.clone(), &finding.help)),
                None => Err(Stop::Failed(errors_of(findings))),
            },
            Err(error) => Err(Stop::failed(error)),
        }
    }

    /// Tells the state what is out.
    fn confirm(&self, held: &mut Held, summary: &Summary) -> Result<(), Stop> {
        let (Some(guard), Some(published)) = (&mut held.guard, &summary.published) else { return Ok(()) };
        let by = (self.setting.who, "zoneseal run put it in place");
        by_state::confirm(guard, &mut held.state, (summary, published), by, self.setting.now).map_err(|error| {
            Stop::Failed(format!(
                "{error}\n   = help: the signed zone is in place, but its state does not know; the next run tells it"
            ))
        })?;
        // What is new about it is saved; the rest is of no consequence.
        held.saved = Some(held.state.clone());
        Ok(())
    }

    /// Runs the hook, and leaves the ledger for the next run.
    #[expect(clippy::too_many_arguments, reason = "all that a run found out")]
    fn finish(
        &self,
        done: Done,
        held: Held,
        advanced: &Advanced,
        sight: &Sight,
        inputs: Vec<FileDigest>,
        before: Option<&Ledger>,
        report: &mut ZoneReport,
    ) -> Result<(), Stop> {
        let now = self.setting.now;
        let Done { summary, is_changed, overridden, names, mut ledger } = done;
        let was_intended = before.and_then(|ledger| ledger.intended.as_ref()).is_some_and(|intended| {
            summary.verified_text.as_ref().is_some_and(|text| fingerprint::hex(&text.sha256) == intended.sha256)
        });
        let key_files = self.key_files_of_run(&held);
        let Held { mut guard, state, .. } = held;
        self.log_overrides(guard.as_mut(), &state, &overridden)?;
        // A hook may ask zoneseal about the zone.
        drop(guard);

        ledger.zone = state.zone.clone();
        ledger.file.clone_from(&self.zone.file);
        ledger.output.clone_from(&self.zone.output);
        ledger.policy.clone_from(&self.policy.name);
        ledger.finished_at = now;
        ledger.serial = Some(summary.serial);
        ledger.promise(summary.serial);
        if is_changed || was_intended {
            ledger.last_changed_at = Some(now);
        }
        if is_changed {
            ledger.overridden.clone_from(&overridden);
            ledger.counts.made = summary.signatures;
            ledger.counts.names = names;
        }
        ledger.counts.signatures = summary.signatures + summary.reuse.map_or(0, |reuse| reuse.counts.kept);
        ledger.is_output_verified = summary.verified_text.is_some();
        ledger.earliest_expiration = summary.expirations.whole().map(|(first, _)| first);
        ledger.fingerprint = fingerprint::surroundings(self.zone, state.zone.as_name(), &key_files, self.policy);
        ledger.fingerprint.inputs = inputs;
        ledger.fingerprint.output = self.output_digest(summary.verified_text.as_ref());
        let asked = before.and_then(|ledger| ledger.parent.as_ref());
        outlook::note_engine(self.policy, &mut ledger, &advanced.step, asked, now);
        ledger.next_due = outlook::next_due(self.policy, &ledger, &advanced.step, &summary, sight, now);
        if is_changed || was_intended {
            ledger.hook_pending = Some(HookPending { since: now, attempts: 0, error: None });
        }
        self.run_hook(&mut ledger, summary.serial);

        let mut attention = outlook::attention(self.policy, &ledger, &advanced.step, sight, now);
        attention.append(&mut report.budget);
        ledger.attention = attention;
        // What was let pass is told once, not by every run from now on.
        let note = |note: &OverrideNote| {
            format!("the guard {} was overridden ({}): {}", note.guard, note.reason, note.refused)
        };
        report.messages.extend(overridden.iter().map(note));
        report.result = match (ledger.attention.is_empty() && overridden.is_empty(), is_changed) {
            (false, _) => RunResult::Attention,
            (true, true) => RunResult::Changed,
            (true, false) => RunResult::NothingDue,
        };
        report.messages.extend(ledger.attention.iter().cloned());
        ledger.result = report.result;
        ledger.messages = [report.changes.as_slice(), report.messages.as_slice()].concat();
        ledger.consecutive_failures = 0;
        ledger.intended = None;
        ledger.duration_ms = report.elapsed_ms();
        ledger.write(&self.zone.state).map_err(Stop::failed)?;
        report.ledger = Some(ledger);
        Ok(())
    }

    /// All key files that the next run will find.
    fn key_files_of_run(&self, held: &Held) -> Vec<PathBuf> {
        let mut files = self.key_files(held);
        files.extend(self.listed.files_of(held.state.zone.as_name()).into_iter().filter(|path| path.exists()));
        files.sort();
        files.dedup();
        files
    }

    fn output_digest(&self, text: Option<&TextDigest>) -> Option<FileDigest> {
        match text {
            Some(text) => Some(FileDigest::with_digest(&self.zone.output, text)),
            None => fingerprint::file(&self.zone.output),
        }
    }

    /// Tells whoever serves the zone, if there is something to tell.
    fn run_hook(&self, ledger: &mut Ledger, serial: u32) {
        let Some(mut pending) = ledger.hook_pending.take() else { return };
        let Some(hook) = &self.zone.hook else { return };
        let command = hook.command_for(&ledger.zone.to_string(), &self.zone.output, serial);
        let run = hook::run(&command, hook.timeout);
        if !run.is_success() {
            pending.attempts += 1;
            pending.error = Some(format!("{}: {run}", command.join(" ")));
            ledger.hook_pending = Some(pending);
        }
    }

    /// Leaves what was overridden in the log of the zone's keys, where nobody can take it out unseen.
    fn log_overrides(
        &self,
        guard: Option<&mut StateGuard>,
        state: &ZoneState,
        overridden: &[OverrideNote],
    ) -> Result<(), Stop> {
        let Some(guard) = guard.filter(|_| !overridden.is_empty()) else { return Ok(()) };
        let words = overridden.iter().map(|note| format!("overrode {}: {}", note.guard, note.refused));
        let (what, why) = (words.collect::<Vec<_>>().join("; "), &self.setting.overrides.reason);
        let entry = LogEntry { at: self.setting.now, who: self.setting.who, what: &what, why };
        guard.save(state, &entry).map_err(Stop::failed)
    }
}

/// What was done, in a line.
fn change_line(done: &Done) -> Option<String> {
    if !done.is_changed {
        return None;
    }
    let summary = &done.summary;
    let kept = summary.reuse.map_or(0, |reuse| reuse.counts.kept);
    let what = if summary.denial == DenialOptions::Unsigned { "unsigned, ".to_owned() } else { String::new() };
    Some(format!("published serial {}: {what}{} signatures made, {kept} kept", summary.serial, summary.signatures))
}

/// The errors among findings.
fn errors_of(findings: &Diagnostics) -> String {
    let errors = findings.list().iter().filter(|finding| finding.severity == Severity::Error);
    let mut lines: Vec<String> = errors.filter(|finding| !is_stop(finding)).map(ToString::to_string).collect();
    let more = findings.error_count().saturating_sub(lines.len() as u64);
    if more > 0 {
        lines.push(format!("… and {more} more"));
    }
    lines.join("\n")
}

/// The zone that a file is of by its name, `NAME.zone`: the origin for records before any `$ORIGIN`.
pub(super) fn name_of_file(path: &Path) -> Option<NameBuf> {
    let name = path.file_name()?.to_str()?.strip_suffix(ZONE_ENDING)?;
    match name {
        "" => None,
        "root" => Some(NameBuf::root()),
        name => name.parse().ok(),
    }
}

/// An output for runs that stop before anything is written.
#[derive(Debug)]
struct Nowhere;

impl Nowhere {
    /// If there is a directory where the output would be.
    fn beside(path: &Path) -> Result<Self, Stop> {
        let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty());
        match directory.map(std::fs::metadata) {
            None => Ok(Self),
            Some(Ok(metadata)) if metadata.is_dir() => Ok(Self),
            Some(Ok(_)) => Err(Stop::Failed(format!("{}: it would not be in a directory", path.display()))),
            Some(Err(error)) => Err(Stop::Failed(format!("{}: cannot be written: {error}", path.display()))),
        }
    }
}

impl Write for Nowhere {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Output for Nowhere {
    fn patch(&mut self, _: u64, _: &[u8]) -> io::Result<()> {
        Ok(())
    }

    fn read_back(&mut self, _: Range<u64>) -> io::Result<Vec<u8>> {
        Err(io::Error::other("a dry run writes nothing"))
    }

    fn commit(self: Box<Self>) -> io::Result<()> {
        Err(io::Error::other("a dry run publishes nothing"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files() {
        for (file, name) in [
            ("zones/example.com.zone", Some("example.com.")),
            ("example.com.db", None),
            (".zone", None),
            ("a..b.zone", None),
            ("root.zone", Some(".")),
        ] {
            assert_eq!(name_of_file(Path::new(file)).map(|name| name.to_string()).as_deref(), name, "{file}");
        }
    }

    #[test]
    fn the_later_serial_by_rfc_1982() {
        assert_eq!(later(5, 4), 5);
        assert_eq!(later(u32::MAX, 1), 1);
    }
}
