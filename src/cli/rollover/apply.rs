//! `zoneseal rollover apply`

use super::advance::{Advanced, Mode, advance};
use super::context::{Context, ZoneArgs};
use super::status;
use crate::base::UnixTime;
use crate::cli::{Env, Failure, Outcome};
use crate::state::{Guard, LogEntry, Who};

/// Carry on with what the policy wants: make keys, decide what the next signing does, move files of purged keys
///
/// Signs nothing itself: says what is to be done next, such as signing, or a DS for the parent. Doing it twice, late or
/// not at all is safe. Exit code 1 if somebody has to do something.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ApplyArgs {
    #[command(flatten)]
    pub(super) zone: ZoneArgs,
    /// Only show what would be done
    #[arg(long)]
    dry_run: bool,
    /// Show the four states of each key's records
    #[arg(short, long)]
    verbose: bool,
}

pub(super) fn run(args: &ApplyArgs, env: &mut Env<'_>) -> Result<Outcome, Failure> {
    if args.dry_run {
        let context = args.zone.look(env)?;
        let advanced = advance(&args.zone, &context, Mode::DryRun, env.now)?;
        return status::print(&args.zone, &context, &advanced, false, args.verbose, env);
    }
    let who = args.zone.who.who();
    let (mut guard, context) = args.zone.take(env)?;
    let advanced = carry_out(&args.zone, &mut guard, &context, &who, None, env.now)?;
    for change in &advanced.changes {
        env.say(change);
    }
    status::print(&args.zone, &context, &advanced, true, args.verbose, env)
}

/// Steps for real and saves the state with a log entry. `word` is what an operator said, and why.
pub(super) fn carry_out(
    args: &ZoneArgs,
    guard: &mut Guard,
    context: &Context,
    who: &Who,
    word: Option<(&str, &str)>,
    now: UnixTime,
) -> Result<Advanced, Failure> {
    let advanced = advance(args, context, Mode::Real(who), now)?;
    if advanced.step.state == context.state && word.is_none() && !context.is_new {
        return Ok(advanced);
    }
    let mut what: Vec<&str> = word.iter().map(|(what, _)| *what).collect();
    what.extend(advanced.changes.iter().map(String::as_str));
    let what = if what.is_empty() { "Decided what the next signing does.".to_owned() } else { what.join("; ") };
    let by_policy = format!("policy {}", context.policy.name);
    let why = word.map_or(by_policy.as_str(), |(_, why)| why);
    guard.save(&advanced.step.state, &LogEntry { at: now, who, what: &what, why })?;
    Ok(advanced)
}
