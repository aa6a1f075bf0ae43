//! `zoneseal rollover status`

use super::context::{Context, ZoneArgs};
use super::words::{self, Duty};
use crate::base::UnixTime;
use crate::cli::{Env, Failure, Outcome};
use crate::fleet::advance::{Advanced, next_words};
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
    print(&args.zone, &context, &advanced, false, args.verbose, env)
}

/// Prints how a zone stands after steps, which are saved or not.
pub(super) fn print(
    args: &ZoneArgs,
    context: &Context,
    advanced: &Advanced,
    is_saved: bool,
    is_verbose: bool,
    env: &mut Env<'_>,
) -> Result<Outcome, Failure> {
    let zone = args.zone_name();
    let duties = words::duties(&zone, advanced, is_saved);
    if args.json {
        let value = to_json(&zone, context, advanced, &duties, is_saved, env.now);
        writeln!(env.stdout, "{value:#}")?;
    } else {
        let next = next_words(&context.policy, &advanced.step, env.now);
        let text = words::status(&zone, advanced, &duties, &next, is_verbose, env.now);
        write!(env.stdout, "{text}")?;
    }
    Ok(if duties.is_empty() { Outcome::Done } else { Outcome::Finding })
}

fn to_json(
    zone: &str,
    context: &Context,
    advanced: &Advanced,
    duties: &[Duty],
    is_saved: bool,
    now: UnixTime,
) -> Value {
    let step = &advanced.step;
    let duty = |duty: &Duty| json!({ "headline": duty.headline, "lines": duty.lines });
    json!({
        "schema": "zoneseal.rollover-status/1",
        "zone": zone,
        "policy": context.policy.name,
        "now": now,
        "saved": is_saved,
        "changes": advanced.changes.iter().map(|change| advanced.told(change)).collect::<Vec<_>>(),
        "duties": duties.iter().map(duty).collect::<Vec<_>>(),
        "keys": step.state.keys,
        "actions": step.actions,
        "waiting": step.waiting,
        "next_event": step.next_event,
    })
}
