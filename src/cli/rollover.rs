//! `zoneseal rollover`: what the keys of a zone do, what they wait for, what comes next. One file a subcommand.

mod apply;
mod context;
mod ds_word;
mod future;
mod plan;
mod start;
mod status;
mod wish;
mod words;

pub(super) use context::{Context, ZoneArgs};

use super::{ClockArg, Env, Failure, Outcome};

/// Roll the keys of a zone: see how it stands, plan, begin, carry on
#[derive(Debug, clap::Subcommand)]
pub(super) enum RolloverCommand {
    Status(status::StatusArgs),
    Plan(plan::PlanArgs),
    Start(start::StartArgs),
    DsSeen(ds_word::DsSeenArgs),
    DsGone(ds_word::DsGoneArgs),
    Apply(apply::ApplyArgs),
}

impl RolloverCommand {
    /// The `--now` given behind the subcommand.
    pub(super) const fn clock(&self) -> ClockArg {
        match self {
            Self::Status(args) => args.zone.clock,
            Self::Plan(args) => args.zone.clock,
            Self::Start(args) => args.zone.clock,
            Self::DsSeen(args) => args.word.zone.clock,
            Self::DsGone(args) => args.word.zone.clock,
            Self::Apply(args) => args.zone.clock,
        }
    }
}

pub(super) fn run(command: &RolloverCommand, env: &mut Env<'_>) -> Result<Outcome, Failure> {
    match command {
        RolloverCommand::Status(args) => status::run(args, env),
        RolloverCommand::Plan(args) => plan::run(args, env),
        RolloverCommand::Start(args) => start::run(args, env),
        RolloverCommand::DsSeen(args) => ds_word::seen(args, env),
        RolloverCommand::DsGone(args) => ds_word::gone(args, env),
        RolloverCommand::Apply(args) => apply::run(args, env),
    }
}
