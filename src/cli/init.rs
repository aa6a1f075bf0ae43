//! `zoneseal init`

use super::key_show::print_json;
use super::{Env, Failure, Outcome};
use crate::fleet::init::{Piece, make, pieces};
use serde_json::json;
use std::io;
use std::path::{Path, PathBuf};

/// Make a configuration in the current folder that signs all zone files of a directory
///
/// Makes zoneseal.toml, policy.toml, keys/ and state/ for their owner only, signed/, and in examples/ systemd units and a
/// cron line. Nothing that is there is ever overwritten: then nothing at all is made. After that, `zoneseal run` here signs
/// every NAME.zone to signed/NAME.zone.signed and makes the keys it needs.
#[derive(Debug, clap::Args)]
pub(super) struct InitArgs {
    /// Directory of zone files, NAME.zone
    #[arg(value_name = "ZONES-DIR")]
    zones: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &InitArgs, env: &mut Env<'_>) -> Result<Outcome, Failure> {
    let fail = |path: &Path, error: &io::Error| Failure::new(format_args!("{}: {error}", path.display()));
    let listed = std::fs::read_dir(&args.zones).map_err(|error| fail(&args.zones, &error))?;
    let is_zone = |entry: &std::fs::DirEntry| {
        entry.path().extension().is_some_and(|ending| ending == "zone") && !entry.path().is_dir()
    };
    let count = listed.filter_map(Result::ok).filter(is_zone).count();
    let zones = args.zones.to_str().ok_or_else(|| Failure::new("the directory's name is not UTF-8"))?;
    let zones = zones.strip_suffix('/').filter(|rest| !rest.is_empty()).unwrap_or(zones);
    let here = std::env::current_dir().map_err(|error| fail(Path::new("."), &error))?;
    let program = std::env::current_exe().map_or_else(|_| "zoneseal".into(), |path| path.display().to_string());
    let pieces = pieces(Path::new(""), zones, &here.display().to_string(), &program);
    let taken: Vec<String> = pieces
        .iter()
        .filter(|piece| piece.path().symlink_metadata().is_ok())
        .map(|piece| piece.path().display().to_string())
        .collect();
    if !taken.is_empty() {
        return Err(Failure::new(format_args!(
            "there is already: {}; nothing was made\n   = help: init never overwrites; run it in an empty folder, or move \
             these away",
            taken.join(", ")
        )));
    }
    let mut made = Vec::new();
    for piece in &pieces {
        make(piece).map_err(|error| fail(piece.path(), &error))?;
        let (path, ending) = (piece.path().display(), if matches!(piece, Piece::Directory { .. }) { "/" } else { "" });
        if !args.json {
            // At once: what was made before a failure has been said.
            writeln!(env.stdout, "made {path}{ending}")?;
        }
        made.push(format!("{path}{ending}"));
    }
    if args.json {
        print_json(&json!({ "schema": "zoneseal.init/1", "made": made, "zone_files": count }), env)?;
    }
    let noun = if count == 1 { "zone file" } else { "zone files" };
    env.say(format_args!(
        "{zones} has {count} {noun}. Look at zoneseal.toml and policy.toml, try zoneseal config check, then zoneseal run."
    ));
    Ok(Outcome::Done)
}
