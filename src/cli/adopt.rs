//! `zoneseal adopt`

use super::input::{FINDINGS_MAX, write_findings};
use super::rollover::{Context, ZoneArgs};
use super::{Env, Failure, Outcome};
use crate::base::{Diagnostic, Diagnostics, Ttl, UnixTime};
use crate::keys::{self, KeyId, KeyTiming, LoadOptions};
use crate::rollover::{Goal, KeyRecord, Role, Step, Waiting, step};
use crate::state::adopt::bind::BindState;
use crate::state::adopt::knot::{self, KnotKey};
use crate::state::adopt::{Found, Taken, take_over};
use crate::state::{LogEntry, StatePaths};
use serde::Serialize;
use std::path::PathBuf;

/// Take over the keys of a zone that another signer made, without moving any
///
/// Shows what each key is taken for and what comes next; with --write the state is written, and zoneseal goes by it from
/// then on. Nothing moves before all caches have dropped what was published earlier, and no key is replaced until
/// somebody asks for it, unless --roll says otherwise.
#[derive(Debug, clap::Args)]
pub(super) struct AdoptArgs {
    #[command(flatten)]
    pub(super) zone: ZoneArgs,
    /// Where the keys come from
    #[arg(long, value_enum, default_value_t)]
    from: Origin,
    /// What `keymgr -j ZONE list` of Knot DNS prints
    #[arg(long, value_name = "FILE", requires = "knot_keys")]
    knot_list: Option<PathBuf>,
    /// The directory of Knot's PEM files; with --write its keys become key files in DIR
    #[arg(long, value_name = "DIR", requires = "knot_list")]
    knot_keys: Option<PathBuf>,
    /// Let the policy replace keys that are too old or of another kind, once caches have dropped what was before
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
}

/// Whose keys they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Origin {
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

/// The result as `--json` prints it.
#[derive(Serialize)]
struct AdoptJson<'a> {
    schema: &'static str,
    zone: String,
    keys: Vec<KeyJson<'a>>,
    /// Nothing moves before.
    hold_until: Option<String>,
    waiting: &'a [Waiting],
    findings: &'a [Diagnostic],
    /// Whether the state was written.
    written: bool,
}

/// A key as `--json` prints it.
#[derive(Serialize)]
struct KeyJson<'a> {
    id: &'a KeyId,
    role: Role,
    tag: u16,
    algorithm: u8,
    goal: Goal,
    published: bool,
    signs_dnskey: bool,
    signs_data: bool,
}

pub(super) fn run(args: &AdoptArgs, env: &mut Env<'_>) -> Result<Outcome, Failure> {
    let who = args.zone.who.who();
    let options = args.zone.who.lock_options(&who, env);
    let mut guard = args.write.then(|| args.zone.lock(&options)).transpose()?;
    let context = args.zone.context_of_new(env)?;
    if !context.is_new && !args.replace {
        let path = StatePaths::new(&args.zone.directory, args.zone.zone.as_name()).state;
        return Err(Failure::new(format_args!(
            "{}: the zone is taken over already\n   = help: see zoneseal rollover status; --replace begins again",
            path.display()
        )));
    }
    let mut findings = Diagnostics::new(FINDINGS_MAX);
    let (found, foreign) = find_keys(args, env.now, &mut findings)?;
    if findings.has_errors() {
        let _ = write_findings(&findings, &mut env.stderr);
        return Ok(Outcome::Failed);
    }
    let Context { policy, observations, .. } = &context;
    let (state, taken) = take_over(&args.zone.zone, &found, observations, policy, !args.roll, env.now, &mut findings);
    if state.keys.is_empty() {
        let _ = write_findings(&findings, &mut env.stderr);
        return Err(Failure::new(format_args!("{}: there is no key to take over", args.zone.directory.display())));
    }
    let step = step(policy, &state, observations, env.now);
    if let Some(guard) = &mut guard {
        for key in &foreign {
            key.write(&args.zone.directory).map_err(Failure::new)?;
        }
        let what = format!("Took over {}.", titles(&step.state.keys));
        let why = if args.roll { "asked for by adopt --roll" } else { "asked for by adopt" };
        guard.save(&step.state, &LogEntry { at: env.now, who: &who, what: &what, why })?;
    }
    print(args, &step, &taken, &findings, env)?;
    Ok(Outcome::Done)
}

/// The keys: those of the directory, or those of Knot with the pairs they become.
fn find_keys(
    args: &AdoptArgs,
    now: UnixTime,
    findings: &mut Diagnostics,
) -> Result<(Vec<Found>, Vec<KnotKey>), Failure> {
    let zone = args.zone.zone.as_name();
    if let (Some(list), Some(store)) = (&args.knot_list, &args.knot_keys) {
        let (mut found, mut foreign) = (Vec::new(), Vec::new());
        for entry in knot::read_list(list, zone).map_err(Failure::new)? {
            if entry.is_public_only {
                let message =
                    format!("key {} ({}) has its private half elsewhere; it is left out", entry.tag, entry.id);
                findings.push(Diagnostic::warning("key-left-alone", message));
                continue;
            }
            let ttl: Option<Ttl> = None;
            let key = entry.load(zone, store, ttl, now).map_err(Failure::new)?;
            found.push(Found { key: key.to_zone_key(&args.zone.directory).map_err(Failure::new)?, bind: None });
            foreign.push(key);
        }
        return Ok((found, foreign));
    }
    if args.from == Origin::Knot {
        return Err(Failure::new("keys of Knot DNS are named with --knot-list and --knot-keys"));
    }
    let options = LoadOptions { directory: Some(args.zone.directory.clone()), ..LoadOptions::default() };
    let keys = keys::load(zone, &options, findings).map_err(Failure::new)?;
    let mut found = Vec::with_capacity(keys.len());
    for mut key in keys {
        let bind = match args.from {
            Origin::Ldns => None,
            _ => BindState::read(&key.source.with_extension("state")).map_err(Failure::new)?,
        };
        if args.from == Origin::Bind && bind.is_none() {
            let message = format!("{}: there is no .state file beside the key", key.source.display());
            findings
                .push(Diagnostic::error("no-bind-state", message).help("--from auto goes by the times in key files"));
        }
        if args.from == Origin::Ldns {
            key.timing = KeyTiming { is_timeless: true, ..KeyTiming::default() };
        }
        found.push(Found { key, bind });
    }
    Ok((found, Vec::new()))
}

fn titles(keys: &[KeyRecord]) -> String {
    keys.iter().map(KeyRecord::title).collect::<Vec<_>>().join(", ")
}

fn print(
    args: &AdoptArgs,
    step: &Step,
    taken: &[Taken],
    findings: &Diagnostics,
    env: &mut Env<'_>,
) -> Result<(), Failure> {
    let state = &step.state;
    if args.zone.json {
        let keys = state.keys.iter().zip(taken).map(|(key, taken)| KeyJson {
            id: &key.id,
            role: key.role,
            tag: key.tag,
            algorithm: key.algorithm.0,
            goal: key.goal,
            published: taken.is_published,
            signs_dnskey: taken.signs_dnskey,
            signs_data: taken.signs_data,
        });
        let result = AdoptJson {
            schema: "zoneseal.adopt/1",
            zone: args.zone.zone.to_string(),
            keys: keys.collect(),
            hold_until: state.hold_until.map(UnixTime::to_iso_text),
            waiting: &step.waiting,
            findings: findings.list(),
            written: args.write,
        };
        writeln!(env.stdout, "{}", serde_json::to_string_pretty(&result).map_err(Failure::new)?)?;
        return Ok(());
    }
    let _ = write_findings(findings, &mut env.stderr);
    let count = state.keys.len();
    writeln!(env.stdout, "{}: {count} key{} taken over", args.zone.zone, if count == 1 { "" } else { "s" })?;
    for (key, taken) in state.keys.iter().zip(taken) {
        let goal = match key.goal {
            Goal::In => "in use",
            Goal::Standby => "a spare",
            Goal::Out => "on its way out",
        };
        let does = doing_words(taken);
        writeln!(env.stdout, "  {:9} algorithm {:2}  {}: {does}; {goal}", key.title(), key.algorithm.0, key.id)?;
    }
    for waiting in &step.waiting {
        let until = waiting.until.map_or_else(String::new, |until| format!(" until {}", until.to_iso_text()));
        writeln!(env.stdout, "waits to {}{until}: {}", waiting.what, waiting.reason)?;
    }
    let end = if args.write { "The state is written." } else { "Nothing was written; --write does it." };
    writeln!(env.stdout, "{end}")?;
    Ok(())
}

/// What a key does, in words.
fn doing_words(taken: &Taken) -> String {
    let words =
        [(taken.is_published, "published"), (taken.signs_dnskey, "signs DNSKEY"), (taken.signs_data, "signs data")];
    words.iter().filter(|(is, _)| *is).map(|(_, word)| *word).collect::<Vec<_>>().join(", ")
}
