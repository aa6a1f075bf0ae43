//! `zoneseal adopt`

use super::input::{FINDINGS_MAX, write_findings};
use super::rollover::{Context, ZoneArgs};
use super::{Env, Failure, Outcome};
use crate::base::{Diagnostic, Diagnostics, Severity, UnixTime};
use crate::keys::KeyId;
use crate::policy::Policy;
use crate::rollover::{Action, Goal, KeyRecord, Observations, RecordStates, Role, Step, Waiting, ZoneState};
use crate::state::adopt::knot::KnotKey;
use crate::state::adopt::{AdoptPlan, Gathered, Source, gather, plan};
use crate::state::reconstruct::Content;
use crate::state::{Guard, LogEntry, StateFile};
use serde::Serialize;
use std::fmt::Write as _;
use std::path::PathBuf;

/// Take over the keys of a zone that another signer made, without moving any
///
/// Shows what each key is taken for and what comes next; with --write the state is written, and zoneseal goes by it from
/// then on. Nothing moves before all caches have dropped what was published earlier, and no key is replaced until
/// somebody asks for it, unless --roll says otherwise. Exit code 1 if the keys cannot be taken over as they are.
#[derive(Debug, clap::Args)]
pub(super) struct AdoptArgs {
    #[command(flatten)]
    pub(super) zone: ZoneArgs,
    /// Where the keys come from
    #[arg(long, value_enum, default_value_t)]
    from: FromArg,
    /// What `keymgr -j ZONE list` of Knot DNS prints
    #[arg(long, value_name = "FILE", requires = "knot_keys")]
    knot_list: Option<PathBuf>,
    /// The directory of Knot's PEM files; with --write its keys become key files in DIR
    #[arg(long, value_name = "DIR", requires = "knot_list")]
    knot_keys: Option<PathBuf>,
    /// Let the policy replace keys that are too old or of another kind, once caches have dropped what was before; of a zone
    /// taken over already, only this changes
    #[arg(long)]
    roll: bool,
    /// Write the state
    #[arg(long)]
    write: bool,
    /// Only show what would be taken over: the default
    #[arg(long, conflicts_with = "write")]
    dry_run: bool,
    /// Replace a state that is there; the log keeps what it was
    #[arg(long)]
    replace: bool,
    /// Keys in the zone that no files are for are another signer's, and stay in the zone file
    #[arg(long)]
    foreign_keys: bool,
}

/// `--from`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum FromArg {
    /// By what there is: a .state file beside the key, times in it, or neither
    #[default]
    Auto,
    /// BIND with dnssec-policy: each key has a .state file
    Bind,
    /// ldns: the files have no times, all keys are in use
    Ldns,
    /// Knot DNS: see --knot-list and --knot-keys
    Knot,
}

/// The plan as JSON.
#[derive(Debug, Serialize)]
struct Shown<'a> {
    schema: &'static str,
    zone: String,
    source: &'static str,
    policy: &'a str,
    keys: Vec<ShownKey<'a>>,
    /// Nothing moves before.
    hold_until: Option<UnixTime>,
    waiting: &'a [Waiting],
    findings: &'a [Diagnostic],
    assumptions: &'a [Diagnostic],
    /// What is to be done when the hold is over.
    after_hold: &'a [Action],
    /// Whether a roll would begin that nobody asked for.
    causes_roll: bool,
    /// Whether the state was written.
    written: bool,
}

/// A key as JSON.
#[derive(Debug, Serialize)]
struct ShownKey<'a> {
    id: &'a KeyId,
    role: Role,
    tag: u16,
    algorithm: u8,
    goal: Goal,
    published: bool,
    signs_dnskey: bool,
    signs_data: bool,
    states: RecordStates,
}

impl<'a> ShownKey<'a> {
    fn of(key: &'a KeyRecord) -> Self {
        Self {
            id: &key.id,
            role: key.role,
            tag: key.tag,
            algorithm: key.algorithm.0,
            goal: key.goal,
            published: key.states.dnskey.is_published(),
            signs_dnskey: key.states.dnskey_rrsig.is_published(),
            signs_data: key.states.zone_rrsig.is_published(),
            states: key.states,
        }
    }
}

pub(super) fn run(args: &AdoptArgs, env: &mut Env<'_>) -> Result<Outcome, Failure> {
    let zone = &args.zone;
    let who = zone.who.who();
    if !args.write {
        let mut talk = Diagnostics::new(FINDINGS_MAX);
        let old = StateFile::read(&zone.directory, zone.zone.as_name(), zone.who.timeout(), &mut talk)?;
        let _ = write_findings(&talk, &mut env.stderr);
        args.refuse_second(old.is_some())?;
        let (prepared, plan) = args.prepare(env)?;
        return args.show(&prepared, &plan, false, env);
    }
    let options = zone.who.lock_options(&who, env);
    let mut guard = zone.lock(&options)?;
    let mut talk = Diagnostics::new(FINDINGS_MAX);
    let old = guard.load(&mut talk)?;
    let _ = write_findings(&talk, &mut env.stderr);
    if let (Some(mut state), true, false) = (old.clone(), args.roll, args.replace) {
        state.is_kept_as_found = false;
        let entry = LogEntry { at: env.now, who: &who, what: "Left the keys to the policy.", why: "adopt --roll" };
        guard.save(&state, &entry)?;
        env.say("The keys are left to the policy: see zoneseal rollover plan.");
        return Ok(Outcome::Done);
    }
    args.refuse_second(old.is_some())?;
    let (prepared, plan) = args.prepare(env)?;
    if has_errors(&plan) {
        args.show(&prepared, &plan, false, env)?;
        env.say("error: nothing was written: the keys cannot be taken over as they are");
        return Ok(Outcome::Failed);
    }
    write(args, &mut guard, &prepared, &plan, &who, env.now)?;
    args.show(&prepared, &plan, true, env)
}

/// Writes Knot's keys, then the state. Whatever fails, what is written can stay: the next run takes it in.
fn write(
    args: &AdoptArgs,
    guard: &mut Guard,
    prepared: &Prepared,
    plan: &AdoptPlan,
    who: &crate::state::Who,
    now: UnixTime,
) -> Result<(), Failure> {
    for key in &prepared.to_write {
        key.write(&args.zone.directory).map_err(Failure::new)?;
    }
    let keys: Vec<String> = plan.made.state.keys.iter().map(KeyRecord::title).collect();
    let what = format!("Took over {} from {}.", keys.join(", "), prepared.source.as_str());
    let why =
        if args.roll { "adopt --roll: the policy may replace them" } else { "adopt: they stay as they are found" };
    guard.save(&plan.first.state, &LogEntry { at: now, who, what: &what, why })?;
    Ok(())
}

/// What a plan is made from.
struct Prepared {
    source: Source,
    policy: Policy,
    to_write: Vec<KnotKey>,
}

impl AdoptArgs {
    fn refuse_second(&self, has_state: bool) -> Result<(), Failure> {
        if has_state && !self.replace && !self.roll {
            return Err(Failure::new(format_args!(
                "{}: the zone is taken over already\n   = help: see zoneseal rollover status; --replace makes it anew, --roll leaves the \
                 keys to the policy",
                self.zone.zone
            )));
        }
        Ok(())
    }

    /// Reads everything and works out the plan.
    fn prepare(&self, env: &mut Env<'_>) -> Result<(Prepared, AdoptPlan), Failure> {
        let Context { policy, observations, state: ZoneState { policy: mark, .. }, .. } =
            self.zone.context_of_new(env)?;
        let Observations { parent, zone: signed, .. } = observations;
        let mut talk = Diagnostics::new(FINDINGS_MAX);
        let (source, gathered) = self.gather(signed.as_ref().map(|view| view.dnskey_ttl), env.now, &mut talk)?;
        let _ = write_findings(&talk, &mut env.stderr);
        if talk.has_errors() {
            return Err(Failure::new("the keys cannot be taken over as they are"));
        }
        let Gathered { keys, told, to_write } = gathered;
        if keys.is_empty() {
            return Err(Failure::new(format_args!(
                "{}: there is no key to take over of {}\n   = help: for a zone that is to be signed for the first time run zoneseal \
                 rollover apply",
                self.zone.directory.display(),
                self.zone.zone
            )));
        }
        let content = Content {
            zone: &self.zone.zone,
            keys: &keys,
            told: &told,
            signed: signed.as_ref(),
            parent: parent.as_ref(),
        };
        let mut plan = plan(&content, &policy, self.roll, env.now);
        plan.first.state.policy = mark;
        if self.foreign_keys {
            for finding in plan.made.findings.iter_mut().filter(|finding| finding.code == "foreign-key") {
                finding.severity = Severity::Warning;
            }
        }
        Ok((Prepared { source, policy, to_write }, plan))
    }

    fn gather(
        &self,
        ttl: Option<crate::base::Ttl>,
        now: UnixTime,
        talk: &mut Diagnostics,
    ) -> Result<(Source, Gathered), Failure> {
        let directory = &self.zone.directory;
        let source = match (self.from, &self.knot_list, &self.knot_keys) {
            (FromArg::Auto | FromArg::Knot, Some(list), Some(store)) => {
                Source::Knot { list: list.clone(), store: store.clone() }
            }
            (FromArg::Knot, ..) => {
                return Err(Failure::new("keys of Knot DNS are named with --knot-list and --knot-keys"));
            }
            (_, Some(_), _) | (_, _, Some(_)) => return Err(Failure::new("--knot-list is for --from knot")),
            (FromArg::Ldns, None, None) => Source::Ldns,
            (FromArg::Bind, None, None) => Source::Bind,
            (FromArg::Auto, None, None) => Source::Files,
        };
        let gathered = gather(&source, &self.zone.zone, directory, ttl, now, talk).map_err(Failure::new)?;
        Ok((source, gathered))
    }

    /// Prints the plan.
    fn show(
        &self,
        prepared: &Prepared,
        plan: &AdoptPlan,
        is_written: bool,
        env: &mut Env<'_>,
    ) -> Result<Outcome, Failure> {
        if self.zone.json {
            let shown = Shown {
                schema: "zoneseal.adopt/1",
                zone: self.zone.zone.to_string(),
                source: prepared.source.as_str(),
                policy: &prepared.policy.name,
                keys: plan.first.state.keys.iter().map(ShownKey::of).collect(),
                hold_until: plan.made.state.hold_until,
                waiting: &plan.first.waiting,
                findings: &plan.made.findings,
                assumptions: &plan.made.assumptions,
                after_hold: &plan.after_hold.actions,
                causes_roll: causes_roll(plan),
                written: is_written,
            };
            serde_json::to_writer_pretty(&mut env.stdout, &shown).map_err(std::io::Error::from)?;
            writeln!(env.stdout)?;
        } else {
            let words = words(&self.zone.zone.to_string(), prepared, plan);
            write!(env.stdout, "{words}")?;
            let end = match (is_written, has_errors(plan)) {
                (true, _) => {
                    "The state is written. Sign with zoneseal sign from now on, and let nothing else sign the zone."
                }
                (false, true) => "The keys cannot be taken over as they are.",
                (false, false) => "Nothing was changed. With --write the state is written.",
            };
            writeln!(env.stdout, "\n{end}")?;
        }
        Ok(if has_errors(plan) { Outcome::Finding } else { Outcome::Done })
    }
}

fn has_errors(plan: &AdoptPlan) -> bool {
    plan.made.findings.iter().any(|finding| finding.severity == Severity::Error)
}

/// Whether something begins that was not under way: a key is made, or one that was to stay is to leave.
fn causes_roll(plan: &AdoptPlan) -> bool {
    let Step { state, actions, .. } = &plan.after_hold;
    let leaves = |key: &KeyRecord| {
        key.goal == Goal::Out && plan.made.state.key(&key.id).is_some_and(|before| before.goal != Goal::Out)
    };
    actions.iter().any(|action| matches!(action, Action::GenerateKey(_))) || state.keys.iter().any(leaves)
}

/// The plan in plain words.
fn words(zone: &str, prepared: &Prepared, plan: &AdoptPlan) -> String {
    let state = &plan.first.state;
    let mut out = format!("Keys of {zone} (from {}, policy {})\n", prepared.source.as_str(), prepared.policy.name);
    for key in &state.keys {
        let goal = match key.goal {
            Goal::In => "in use, stays",
            Goal::Standby => "stands by",
            Goal::Out => "on its way out",
        };
        let _ = writeln!(out, "  {}  algorithm {}  {goal}  {}", key.title(), key.algorithm, key.id);
        let states: Vec<String> = key.states.each().iter().map(|(kind, state)| format!("{kind} {state}")).collect();
        let _ = writeln!(out, "      {}", states.join(", "));
    }
    for key in &prepared.to_write {
        let _ = writeln!(out, "  {} is made of Knot's key {}", key.base_name(), key.id());
    }
    let _ = writeln!(out);
    for finding in plan.made.findings.iter().chain(&plan.made.assumptions) {
        let _ = writeln!(out, "{finding}");
    }
    if let Some(until) = plan.made.state.hold_until {
        let _ = writeln!(out, "\nUntil {until} nothing is moved. Then:");
    }
    for action in &plan.after_hold.actions {
        let _ = writeln!(out, "  {}", action_words(action, state));
    }
    if plan.after_hold.actions.is_empty() {
        let _ = writeln!(out, "  nothing is to be done");
    }
    let roll = match causes_roll(plan) {
        true => "This begins a roll, by the policy.",
        false => "This begins no roll.",
    };
    let _ = writeln!(out, "{roll}");
    out
}

/// What is to be done, in a sentence.
fn action_words(action: &Action, state: &crate::rollover::ZoneState) -> String {
    let title = |id: &KeyId| state.key(id).map_or_else(|| id.to_string(), KeyRecord::title);
    let titles = |ids: &[KeyId]| ids.iter().map(title).collect::<Vec<_>>().join(", ");
    match action {
        Action::GenerateKey(order) => {
            format!("make a {} of algorithm {}: {}", order.role, order.algorithm, order.reason)
        }
        Action::Sign { changes, .. } => format!("sign the zone: {}", changes.join("; ")),
        Action::SubmitDs { keys, .. } => format!("have the parent publish the DS of {}", titles(keys)),
        Action::WithdrawDs { keys, ds, .. } if keys.is_empty() => {
            format!("have the parent remove {} DS that fit no key", ds.len())
        }
        Action::WithdrawDs { keys, .. } => format!("have the parent remove the DS of {}", titles(keys)),
        Action::TrashKey { key } => format!("move the files of {} to the trash", title(key)),
        Action::Notify { message } => message.clone(),
    }
}
