//! `zoneseal rollover status`

use super::context::{Context, ZoneArgs};
use super::plan;
use super::words::{self, Duty, News, Turn};
use crate::base::UnixTime;
use crate::cli::{Env, Failure, Outcome};
use crate::fleet::advance::{Advanced, next_words};
use crate::rollover::published;
use crate::timeline::{self, Timeline};
use serde_json::{Value, json};

/// Say how the keys of a zone stand, what they wait for, and what is to be done
///
/// Changes nothing. Exit code 1 if somebody has to do something.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct StatusArgs {
    #[command(flatten)]
    pub(super) zone: ZoneArgs,
    /// Show the four states of each key's records
    #[arg(short, long)]
    verbose: bool,
}

pub(super) fn run(args: &StatusArgs, env: &mut Env<'_>) -> Result<Outcome, Failure> {
    let context = args.zone.look(env)?;
    let advanced = context.engine(&args.zone).try_out(&context.state, env.now)?;
    let turn = turn_ahead(&args.zone, &context, env.now);
    print(&args.zone, &context, &advanced, &Shown { turn, is_verbose: args.verbose, ..Shown::default() }, env)
}

/// Whose turn it is where the steps are tried out and nobody asked for anything.
pub(super) fn turn_ahead(args: &ZoneArgs, context: &Context, now: UnixTime) -> Turn {
    if context.is_for_next_run(args, now) { Turn::NextRun } else { Turn::Somebody }
}

/// What a status shows beside how the zone stands.
#[derive(Debug, Default)]
pub(super) struct Shown {
    /// Who does what there is to do; whether the steps were saved.
    pub(super) turn: Turn,
    /// Whether the four states of each key's records and the histories are shown.
    pub(super) is_verbose: bool,
    /// What would come of a change that is only tried out.
    pub(super) to_come: Option<Timeline>,
}

/// Prints how a zone stands after steps.
pub(super) fn print(
    args: &ZoneArgs,
    context: &Context,
    advanced: &Advanced,
    shown: &Shown,
    env: &mut Env<'_>,
) -> Result<Outcome, Failure> {
    let zone = args.zone_name();
    let news = News {
        duties: words::duties(&zone, advanced, shown.turn),
        left_to_run: words::left_to_run(advanced, shown.turn),
        next: next_words(&context.policy, &advanced.step, env.now),
    };
    if args.json {
        let mut value = to_json(&zone, context, advanced, &news, shown.turn == Turn::Signer, env.now);
        if let Some(timeline) = &shown.to_come {
            value["to_come"] = plan::events_to_json(timeline);
        }
        writeln!(env.stdout, "{value:#}")?;
    } else {
        if let Some(timeline) = &shown.to_come {
            writeln!(env.stdout, "What would come of it: {}", timeline::table(timeline))?;
        }
        let text = words::status(&zone, &context.policy, advanced, &news, shown.is_verbose, env.now);
        write!(env.stdout, "{text}")?;
    }
    Ok(if news.duties.is_empty() { Outcome::Done } else { Outcome::Finding })
}

fn to_json(zone: &str, context: &Context, advanced: &Advanced, news: &News, is_saved: bool, now: UnixTime) -> Value {
    let step = &advanced.step;
    let duty = |duty: &Duty| json!({ "headline": duty.headline, "lines": duty.lines });
    json!({
        "schema": "zoneseal.rollover-status/1",
        "zone": zone,
        "policy": context.policy.name,
        "policy_source": step.state.policy.as_ref().map(|mark| &mark.argument),
        "now": now,
        "saved": is_saved,
        "changes": advanced.changes.iter().map(|change| advanced.told(change)).collect::<Vec<_>>(),
        "duties": news.duties.iter().map(duty).collect::<Vec<_>>(),
        "left_to_run": news.left_to_run,
        "keys": step.state.keys,
        "actions": step.actions,
        "waiting": step.waiting,
        "foreign_keys": step.state.foreign_keys(),
        "published": published(&context.policy, &step.state, now),
        "asked_for": step.state.overrides,
        "requests": step.state.requests,
        "next_event": step.next_event,
    })
}
