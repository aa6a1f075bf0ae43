//! What all subcommands need: policy, state, observations.

use crate::base::{Diagnostics, NameBuf, UnixTime};
use crate::cli::input::{FINDINGS_MAX, write_findings};
use crate::cli::who::WhoArgs;
use crate::cli::{ClockArg, Env, Failure};
use crate::fleet::advance::{Advanced, Engine};
use crate::keys::file::list_directory;
use crate::observe;
use crate::policy::load::{self, LoadError};
use crate::policy::{Policy, PolicyMark};
use crate::rollover::{Observations, ZoneState, ZoneView};
use crate::state::{Guard, LockOptions, StateFile, StatePaths, Who};
use crate::zone::{BuildOptions, MixedTtl, build};
use crate::zonefile::{self, Input, ReadOptions};
use std::path::{Path, PathBuf};

/// The policy of a key directory, where none is named.
const POLICY_FILE: &str = "policy.toml";
/// The policy where there is no such file.
const DEFAULT_POLICY: &str = "nist-81r3";

/// The zone, its directory, and what is known of the world.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ZoneArgs {
    #[command(flatten)]
    pub(in crate::cli) clock: ClockArg,
    /// Zone
    pub(in crate::cli) zone: NameBuf,
    /// Directory of its keys and its state
    #[arg(short = 'K', long, value_name = "DIR", default_value = ".")]
    pub(in crate::cli) directory: PathBuf,
    /// Policy: a preset, FILE, or FILE:NAME [default: the one it was run under, else DIR/policy.toml, else nist-81r3]
    #[arg(long, value_name = "POLICY")]
    policy: Option<String>,
    /// The signed zone as it is published; what is in it counts, whatever the state says
    #[arg(long, value_name = "FILE")]
    signed: Option<PathBuf>,
    /// What zoneseal observe --json saw of parent and child servers
    #[arg(long, value_name = "FILE")]
    observations: Option<PathBuf>,
    /// Print as JSON
    #[arg(long)]
    pub(in crate::cli) json: bool,
    #[command(flatten)]
    pub(in crate::cli) who: WhoArgs,
}

/// The zone's state, read.
#[derive(Debug)]
pub(in crate::cli) struct Context {
    pub(in crate::cli) policy: Policy,
    pub(in crate::cli) observations: Observations,
    /// The state with the policy it is run under from now on.
    pub(in crate::cli) state: ZoneState,
    /// The state as it is on disk, if there is one.
    saved: Option<ZoneState>,
    /// How the policy is another one than before, in words.
    policy_change: Option<String>,
}

impl Context {
    /// The engine by which the zone's keys move.
    pub(super) fn engine<'a>(&'a self, args: &'a ZoneArgs) -> Engine<'a> {
        Engine { directory: &args.directory, policy: &self.policy, observations: &self.observations, listed: None }
    }

    /// Whether the next run does in time what there is to do.
    pub(super) fn is_for_next_run(&self, args: &ZoneArgs, now: UnixTime) -> bool {
        self.saved.as_ref().is_some_and(|saved| self.engine(args).is_for_next_run(saved, now))
    }

    /// Steps for real and saves the state with a log entry. `word` is what an operator said, and why.
    pub(super) fn carry_out(
        &self,
        args: &ZoneArgs,
        guard: &mut Guard,
        who: &Who,
        word: Option<(&str, &str)>,
        now: UnixTime,
    ) -> Result<Advanced, Failure> {
        let of_policy = self.policy_change.as_deref().map(|change| (change, "the policy that was named"));
        let word = word.or(of_policy);
        Ok(self.engine(args).carry_out(guard, &self.state, self.saved.as_ref(), who, word, now)?)
    }
}

/// From steps.
impl From<crate::fleet::advance::AdvanceError> for Failure {
    fn from(error: crate::fleet::advance::AdvanceError) -> Self {
        Self::new(error)
    }
}

impl ZoneArgs {
    /// The zone's name with its final dot.
    pub(super) fn zone_name(&self) -> String {
        self.zone.to_string()
    }

    /// Reads everything to look at.
    pub(super) fn look(&self, env: &mut Env<'_>) -> Result<Context, Failure> {
        let mut findings = Diagnostics::new(FINDINGS_MAX);
        let state = StateFile::read(&self.directory, self.zone.as_name(), self.who.timeout(), &mut findings)?;
        self.context(state, findings, env)
    }

    /// Takes the state's lock and reads everything, to change the state.
    pub(super) fn take(&self, env: &mut Env<'_>) -> Result<(Guard, Context), Failure> {
        let who = self.who.who();
        let options = self.who.lock_options(&who, env);
        let mut guard = StateFile::lock(&self.directory, self.zone.as_name(), &options)?;
        let mut findings = Diagnostics::new(FINDINGS_MAX);
        let state = guard.load(&mut findings)?;
        let context = self.context(state, findings, env)?;
        Ok((guard, context))
    }

    /// Takes the state's lock.
    pub(in crate::cli) fn lock(&self, options: &LockOptions<'_>) -> Result<Guard, Failure> {
        Ok(StateFile::lock(&self.directory, self.zone.as_name(), options)?)
    }

    /// The world around a state that is about to be made anew.
    pub(in crate::cli) fn context_of_new(&self, env: &mut Env<'_>) -> Result<Context, Failure> {
        self.around(ZoneState::new(self.zone.clone()), None, env)
    }

    fn context(&self, saved: Option<ZoneState>, findings: Diagnostics, env: &mut Env<'_>) -> Result<Context, Failure> {
        // As with all talk: nobody reading it is no reason to fail.
        let _ = write_findings(&findings, &mut env.stderr);
        let state = match &saved {
            Some(state) => state.clone(),
            None => self.first_state()?,
        };
        self.around(state, saved, env)
    }

    /// The world around a state.
    fn around(&self, mut state: ZoneState, saved: Option<ZoneState>, env: &mut Env<'_>) -> Result<Context, Failure> {
        let (policy, mark) = self.load_policy(state.policy.as_ref(), env)?;
        let policy_change = state.policy.as_ref().and_then(|before| mark.change_since(before));
        if let Some(change) = &policy_change {
            env.say(format_args!("{}: {change}", self.zone));
        }
        state.policy = Some(mark);
        Ok(Context { policy, observations: self.observe()?, state, saved, policy_change })
    }

    /// A state to begin with, where nothing is there to be taken over.
    fn first_state(&self) -> Result<ZoneState, Failure> {
        let zone = self.zone.as_name();
        let keys = list_directory(zone, &self.directory).map_err(Failure::new)?;
        if let Some(key) = keys.first() {
            let path = StatePaths::new(&self.directory, zone).state;
            return Err(Failure::new(format_args!(
                "{}: there is no state of {zone}, and it has keys ({})\n   = help: take them over with zoneseal adopt",
                path.display(),
                key.display()
            )));
        }
        Ok(ZoneState::new(self.zone.clone()))
    }

    /// The policy that is named, or else the one the zone was run under before: whoever forgets to name it must not begin
    /// a roll.
    fn load_policy(&self, remembered: Option<&PolicyMark>, env: &mut Env<'_>) -> Result<(Policy, PolicyMark), Failure> {
        let beside = self.directory.join(POLICY_FILE);
        let (argument, is_named) = match (&self.policy, remembered) {
            (Some(argument), _) => (argument.clone(), true),
            (None, Some(mark)) if mark.is_named || !beside.exists() => {
                if beside.exists() && !mark.argument.starts_with(POLICY_FILE) {
                    let path = beside.display();
                    env.say(format_args!(
                        "{}: {path} is not used, for the zone is run under {}; --policy changes that",
                        self.zone,
                        mark.title()
                    ));
                }
                (mark.find_in(&self.directory), mark.is_named)
            }
            (None, _) if beside.exists() => (beside.display().to_string(), true),
            (None, _) => (DEFAULT_POLICY.to_owned(), false),
        };
        match load::load(&argument) {
            Ok(loaded) => {
                loaded.warnings.iter().for_each(|warning| env.say(warning));
                let mark = PolicyMark::of(&loaded.policy, &argument, is_named, &self.directory);
                Ok((loaded.policy, mark))
            }
            Err(LoadError::Unusable(message)) if self.policy.is_none() && remembered.is_some() => Err(Failure::new(
                format_args!("{message}\n   = help: the zone was run under this policy; name another with --policy"),
            )),
            Err(LoadError::Unusable(message)) => Err(Failure::new(message)),
            Err(LoadError::Invalid(findings)) => {
                findings.iter().for_each(|finding| env.say(finding));
                Err(Failure::new(format_args!("{argument}: the policy cannot be used")))
            }
        }
    }

    fn observe(&self) -> Result<Observations, Failure> {
        let mut observations = match &self.observations {
            Some(path) => observe::file::read(path, self.zone.as_name()).map_err(Failure::new)?.views(),
            None => Observations::default(),
        };
        if let Some(path) = &self.signed {
            observations.zone = Some(self.view(path)?);
        }
        Ok(observations)
    }

    /// The signed zone as the engine looks at it.
    fn view(&self, path: &Path) -> Result<ZoneView, Failure> {
        let mut findings = Diagnostics::new(1);
        let read = ReadOptions { origin: Some(self.zone.clone()), ..ReadOptions::default() };
        let store = zonefile::read(Input::Path(path), &read, &mut findings).map_err(Failure::new)?;
        let options =
            BuildOptions { apex: Some(self.zone.clone()), mixed_ttl: MixedTtl::Keep, ..BuildOptions::default() };
        let zone = build(store, &options, &mut findings).filter(|_| !findings.has_errors());
        let why = || findings.list().first().map(ToString::to_string).unwrap_or_default();
        zone.map(|zone| ZoneView::of(&zone)).ok_or_else(|| Failure::new(why()))
    }
}
