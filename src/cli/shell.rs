//! `zoneseal completions` and `zoneseal manpages`: what packages ship beside the program, made from its own arguments.

use super::{Arguments, Env, Failure, Outcome};
use clap::CommandFactory;
use std::path::PathBuf;

/// Print the completions of a shell
#[derive(Debug, clap::Args)]
pub(super) struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: clap_complete::Shell,
}

/// Write the manual pages, one for the program and one for each command
#[derive(Debug, clap::Args)]
pub(super) struct ManpagesArgs {
    /// The directory they go to; it is made if it is missing
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

/// The name of the program, in whatever file it is.
const PROGRAM: &str = "zoneseal";

pub(super) fn completions(args: &CompletionsArgs, env: &mut Env<'_>) -> Result<Outcome, Failure> {
    // To memory first: the generator does not survive a reader that goes away.
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Arguments::command(), PROGRAM, &mut text);
    env.stdout.write_all(&text)?;
    Ok(Outcome::Done)
}

pub(super) fn manpages(args: &ManpagesArgs, env: &mut Env<'_>) -> Result<Outcome, Failure> {
    let directory = &args.directory;
    // Without pages for `help`, which would double them all.
    let command = Arguments::command().disable_help_subcommand(true);
    std::fs::create_dir_all(directory)
        .and_then(|()| clap_mangen::generate_to(command, directory))
        .map_err(|error| Failure::new(format_args!("{}: {error}", directory.display())))?;
    writeln!(env.stdout, "{}", directory.display())?;
    Ok(Outcome::Done)
}
