//! What all subcommands need: policy, state, observations.

use crate::base::{Diagnostics, NameBuf, UnixTime};
use crate::cli::input::{FINDINGS_MAX, write_findings};
use crate::cli::who::WhoArgs;
use crate::cli::{ClockArg, Env, Failure};
use crate::fleet::advance::{Advanced, Engine};
use crate::keys::file::list_directory;
use crate::observe;
use crate::policy::Policy;
use crate::policy::load::{self, LoadError};
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
    /// Policy: a preset, FILE, or FILE:NAME [default: DIR/policy.toml, else nist-81r3]
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
    pub(super) state: ZoneState,
    /// Whether there was no state before.
    pub(in crate::cli) is_new: bool,
}

impl Context {
    /// The engine by which the zone's keys move.
    pub(super) fn engine<'a>(&'a self, args: &'a ZoneArgs) -> Engine<'a> {
        Engine { directory: &args.directory, policy: &self.policy, observations: &self.observations, listed: None }
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
        let saved = (!self.is_new).then_some(&self.state);
        Ok(self.engine(args).carry_out(guard, &self.state, saved, who, word, now)?)
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

    /// The world around a state that is about to be made anew; `is_new` tells whether there is none yet.
    pub(in crate::cli) fn context_of_new(&self, env: &mut Env<'_>) -> Result<Context, Failure> {
        let is_new = !StateFile::exists(&self.directory, self.zone.as_name());
        let state = ZoneState::new(self.zone.clone());
        Ok(Context { policy: self.load_policy(env)?, observations: self.observe()?, state, is_new })
    }

    fn context(&self, state: Option<ZoneState>, findings: Diagnostics, env: &mut Env<'_>) -> Result<Context, Failure> {
        // As with all talk: nobody reading it is no reason to fail.
        let _ = write_findings(&findings, &mut env.stderr);
        let is_new = state.is_none();
        let state = match state {
            Some(state) => state,
            None => self.first_state()?,
        };
        Ok(Context { policy: self.load_policy(env)?, observations: self.observe()?, state, is_new })
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

    fn load_policy(&self, env: &mut Env<'_>) -> Result<Policy, Failure> {
        let beside = self.directory.join(POLICY_FILE);
        let argument = match &self.policy {
            Some(argument) => argument.clone(),
            None if beside.exists() => beside.display().to_string(),
            None => DEFAULT_POLICY.to_owned(),
        };
        match load::load(&argument) {
            Ok(loaded) => {
                loaded.warnings.iter().for_each(|warning| env.say(warning));
                Ok(loaded.policy)
            }
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
