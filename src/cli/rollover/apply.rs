//! `zoneseal rollover apply`

use super::context::ZoneArgs;
use super::status::{self, Shown};
use super::words::Turn;
use crate::cli::{Env, Failure, Outcome};

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
        let advanced = context.engine(&args.zone).try_out(&context.state, env.now)?;
        return status::print(
            &args.zone,
            &context,
            &advanced,
            &Shown { turn: status::turn_ahead(&args.zone, &context, env.now), is_verbose: args.verbose, to_come: None },
            env,
        );
    }
    let who = args.zone.who.who();
    let (mut guard, context) = args.zone.take(env)?;
    let advanced = context.carry_out(&args.zone, &mut guard, &who, None, env.now)?;
    for change in &advanced.changes {
        env.say(change);
    }
    status::print(
        &args.zone,
        &context,
        &advanced,
        &Shown { turn: Turn::Signer, is_verbose: args.verbose, to_come: None },
        env,
    )
}
