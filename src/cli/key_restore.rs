//! `zoneseal key restore`

use super::{Env, Failure, Outcome};
use crate::state::trash::{TRASH, restore};
use std::path::{Path, PathBuf};

/// Bring the files of a key back from the trash of its directory
///
/// Prints the files. A zone with a state takes the key in again only when adopt is run; one without goes by the times
/// in the key's files.
#[derive(Debug, clap::Args)]
pub(super) struct KeyRestoreArgs {
    /// Folder of the key in the trash: DIR/trash/Kexample.com.+013+12345, or its name
    #[arg(value_name = "KEY")]
    key: PathBuf,
    /// Directory the key was in; need not be given if KEY is a path
    #[arg(short = 'K', long, value_name = "DIR")]
    directory: Option<PathBuf>,
}

pub(super) fn run(args: &KeyRestoreArgs, env: &mut Env<'_>) -> Result<Outcome, Failure> {
    let name = args.key.file_name().unwrap_or_default().to_string_lossy();
    let trash = args.key.parent().filter(|parent| parent.file_name().is_some_and(|name| name == TRASH));
    let directory = match (&args.directory, trash.and_then(Path::parent)) {
        (Some(directory), _) => directory.clone(),
        (None, Some(parent)) if parent.as_os_str().is_empty() => PathBuf::from("."),
        (None, Some(parent)) => parent.to_owned(),
        (None, None) => PathBuf::from("."),
    };
    for file in restore(&directory, &name)? {
        writeln!(env.stdout, "{}", file.display())?;
    }
    Ok(Outcome::Done)
}
