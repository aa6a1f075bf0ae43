//! The command line: reads arguments, calls the library, prints results. One file a command.
//!
//! Results go to standard output, talk and progress to standard error. Exit codes: 0 done, 1 a finding (invalid,
//! expiring, policy violation), 2 usage or failure.

mod adopt;
mod audit;
mod check;
mod config;
mod diff;
mod ds;
pub mod env;
mod init;
mod input;
mod key_restore;
mod key_show;
mod keygen;
mod log;
mod measure;
mod nsec3_hash;
mod observe;
mod policy;
mod print;
mod release_check;
mod rollover;
mod run;
mod sarif;
mod shell;
mod sign;
mod speed;
mod status;
mod verify;
mod who;

pub use env::Env;

use crate::base::UnixTime;
use clap::{Parser, Subcommand};
use std::ffi::OsString;
use std::fmt;
use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Exit code 0.
    Done,
    /// Exit code 1: the command did its work and found something wrong.
    Finding,
    /// Exit code 2: the command could not do its work, and has said why.
    Failed,
    /// Another exit code, which the command's help explains.
    Exit(u8),
}

/// Why a command could not do its work. Exit code 2.
#[derive(Debug)]
pub enum Failure {
    /// Printed as `error: …`.
    Message(String),
    /// As that: somebody else has a zone's state.
    Locked(String),
    /// Nobody reads the results any more; nothing is printed.
    BrokenPipe,
}

impl Failure {
    /// From anything that prints as one message.
    #[cold]
    pub fn new(message: impl fmt::Display) -> Self {
        Self::Message(message.to_string())
    }
}

/// From writing results; errors of other files deserve a message with their path.
impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Self::BrokenPipe,
            _ => Self::Message(format!("standard output: {error}")),
        }
    }
}

/// `--verifier`, of every command that verifies.
#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum VerifierArg {
    /// Our own arithmetic for ECDSA and Ed25519, the library for other algorithms, for a sample, and before anything is
    /// called bad
    #[default]
    Fast,
    /// The library for everything
    Library,
}

impl VerifierArg {
    const fn choice(self) -> crate::verify::VerifierChoice {
        match self {
            Self::Fast => crate::verify::VerifierChoice::Fast,
            Self::Library => crate::verify::VerifierChoice::Library,
        }
    }
}

/// `--backend`, of every command that signs or verifies.
#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum BackendArg {
    /// The faster one for each algorithm, and the other one for keys that it does not take
    #[default]
    Auto,
    /// ring
    Ring,
    /// aws-lc
    AwsLc,
}

impl BackendArg {
    const fn backend(self) -> crate::crypto::Backend {
        match self {
            Self::Auto => crate::crypto::Backend::Auto,
            Self::Ring => crate::crypto::Backend::Ring,
            Self::AwsLc => crate::crypto::Backend::AwsLc,
        }
    }
}

/// `--now`, in front of the commands and of every command that asks for the time.
#[derive(Clone, Copy, Debug, clap::Args)]
struct ClockArg {
    /// Take this as the current time: YYYYMMDDHHMMSS (UTC) or seconds since 1970
    #[arg(long, value_name = "TIME", value_parser = env::parse_now)]
    now: Option<UnixTime>,
}

#[derive(Debug, Parser)]
#[command(name = "zoneseal", version, about = "Sign and verify DNS zones", max_term_width = 100)]
struct Arguments {
    #[command(flatten)]
    clock: ClockArg,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Sign(Box<sign::SignArgs>),
    Verify(verify::VerifyArgs),
    Check(check::CheckArgs),
    Print(print::PrintArgs),
    Diff(diff::DiffArgs),
    ReleaseCheck(Box<release_check::ReleaseCheckArgs>),
    Keygen(keygen::KeygenArgs),
    #[command(subcommand)]
    Key(key_show::KeyCommand),
    Ds(ds::DsArgs),
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
    Audit(audit::AuditArgs),
    Observe(Box<observe::ObserveArgs>),
    Status(status::StatusArgs),
    Nsec3Hash(nsec3_hash::Nsec3HashArgs),
    Speed(speed::SpeedArgs),
    #[command(subcommand)]
    Rollover(Box<rollover::RolloverCommand>),
    Init(init::InitArgs),
    #[command(subcommand)]
    Config(config::ConfigCommand),
    Run(Box<run::RunArgs>),
    Log(log::LogArgs),
    Adopt(Box<adopt::AdoptArgs>),
    Completions(shell::CompletionsArgs),
    Manpages(shell::ManpagesArgs),
}

impl Command {
    /// The `--now` given behind the command.
    fn clock(&self) -> Option<ClockArg> {
        match self {
            Self::Sign(args) => Some(args.clock),
            Self::Verify(args) => Some(args.clock),
            Self::ReleaseCheck(args) => Some(args.clock),
            Self::Audit(args) => Some(args.clock),
            Self::Status(args) => Some(args.clock),
            Self::Keygen(args) => Some(args.clock),
            Self::Log(args) => Some(args.clock),
            Self::Adopt(args) => Some(args.zone.clock),
            Self::Observe(args) => Some(args.clock),
            Self::Rollover(command) => Some(command.clock()),
            Self::Run(args) => Some(args.clock),
            Self::Key(key_show::KeyCommand::Show(args)) => Some(args.clock),
            _ => None,
        }
    }
}

/// Runs the program: `arguments` with the program's name first.
pub fn run(arguments: impl IntoIterator<Item = OsString>, env: &mut Env<'_>) -> ExitCode {
    let words: Vec<OsString> = arguments.into_iter().collect();
    let arguments = match Arguments::try_parse_from(&words) {
        Ok(arguments) => arguments,
        Err(error) if error.use_stderr() && words.iter().any(|word| word == "--nagios") => {
            return status::print_usage_unknown(&error, env);
        }
        Err(error) => return env.print_usage(&error),
    };
    if let Some(now) = arguments.command.clock().and_then(|clock| clock.now).or(arguments.clock.now) {
        env.now = now;
    }
    let result = match &arguments.command {
        Command::Sign(args) => sign::run(args, env),
        Command::Verify(args) => verify::run(args, env),
        Command::Check(args) => check::run(args, env),
        Command::Print(args) => print::run(args, env),
        Command::Diff(args) => diff::run(args, env),
        Command::ReleaseCheck(args) => release_check::run(args, env),
        Command::Keygen(args) => keygen::run(args, env),
        Command::Key(args) => key_show::run(args, env),
        Command::Ds(args) => ds::run(args, env),
        Command::Policy(command) => policy::run(command, env),
        Command::Audit(args) => audit::run(args, env),
        Command::Observe(args) => observe::run(args, env),
        Command::Status(args) => status::run(args, env),
        Command::Nsec3Hash(args) => nsec3_hash::run(args, env),
        Command::Speed(args) => speed::run(args, env),
        Command::Rollover(command) => rollover::run(command, env),
        Command::Init(args) => init::run(args, env),
        Command::Config(command) => config::run(command, env),
        Command::Run(args) => run::run(args, env),
        Command::Log(args) => log::run(args, env),
        Command::Adopt(args) => adopt::run(args, env),
        Command::Completions(args) => shell::completions(args, env),
        Command::Manpages(args) => shell::manpages(args, env),
    };
    env.finish(result)
}
