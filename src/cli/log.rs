//! `zoneseal log`

use super::who::LockArg;
use super::{ClockArg, Env, Failure, Outcome};
use crate::base::{Diagnostic, NameBuf, TimeSpec, UnixTime};
use crate::state::{LogLine, LoggedEntry, StateFile, StatePaths};
use serde::Serialize;
use std::path::PathBuf;

/// Print who changed the state of a zone's keys, when and why; check that the log is whole
///
/// Exit code 1 if --verify finds that the log was changed, or does not end with the state file.
#[derive(Debug, clap::Args)]
pub(super) struct LogArgs {
    #[command(flatten)]
    pub(super) clock: ClockArg,
    /// Zone
    zone: NameBuf,
    /// Directory of its keys and its state
    #[arg(short = 'K', long, value_name = "DIR", default_value = ".")]
    directory: PathBuf,
    /// Check the chain of the log, and that it ends with the state file; prints the findings instead of the entries
    #[arg(long)]
    verify: bool,
    /// Entries from then on: a time, or a span such as -7d
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    since: Option<TimeSpec>,
    /// The last so many entries
    #[arg(short = 'n', long, value_name = "COUNT")]
    last: Option<usize>,
    /// Print as JSON: the entries, and with --verify the findings
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    lock: LockArg,
}

/// The result as JSON.
#[derive(Debug, Serialize)]
struct Shown<'a> {
    schema: &'static str,
    zone: &'a str,
    file: &'a PathBuf,
    /// Lines of the log.
    lines: usize,
    /// SHA-256 of the last line.
    last_hash: Option<&'a str>,
    entries: Vec<ShownEntry<'a>>,
    /// Whether the log is whole; null if it was not checked.
    is_whole: Option<bool>,
    findings: &'a [Diagnostic],
}

/// An entry and its line.
#[derive(Debug, Serialize)]
struct ShownEntry<'a> {
    line: u32,
    hash: &'a str,
    #[serde(flatten)]
    entry: &'a LoggedEntry,
}

pub(super) fn run(args: &LogArgs, env: &mut Env<'_>) -> Result<Outcome, Failure> {
    let zone = args.zone.as_name();
    let paths = StatePaths::new(&args.directory, zone);
    let (lines, findings) = StateFile::read_log(&args.directory, zone, args.lock.timeout(), args.verify)?;
    if lines.is_empty() && findings.is_empty() {
        let message = format!("{}: there is no log of {}", paths.log.display(), paths.zone);
        return Err(Failure::new(format_args!("{message}\n   = help: zoneseal adopt begins one")));
    }
    let entries = args.select(&lines, env.now);
    let last_hash = lines.last().map(|line| line.hash.as_str());
    if args.json {
        let shown = Shown {
            schema: "zoneseal.log/1",
            zone: &paths.zone,
            file: &paths.log,
            lines: lines.len(),
            last_hash,
            entries,
            is_whole: args.verify.then_some(findings.is_empty()),
            findings: &findings,
        };
        serde_json::to_writer_pretty(&mut env.stdout, &shown).map_err(std::io::Error::from)?;
        writeln!(env.stdout)?;
    } else if args.verify {
        for finding in &findings {
            writeln!(env.stdout, "{finding}")?;
        }
        if let (true, Some(hash)) = (findings.is_empty(), last_hash) {
            let noun = if lines.len() == 1 { "entry" } else { "entries" };
            let count = lines.len();
            writeln!(env.stdout, "{}: whole: {count} {noun}, the last is the state file's", paths.log.display())?;
            writeln!(env.stdout, "sha256 of the last line: {hash}")?;
        }
    } else {
        for entry in &entries {
            writeln!(env.stdout, "{}", entry.entry.words())?;
        }
        for line in lines.iter().filter(|line| line.entry.is_err()) {
            env.say(format_args!("{}:{}: not an entry; see --verify", paths.log.display(), line.number));
        }
    }
    Ok(if findings.is_empty() { Outcome::Done } else { Outcome::Finding })
}

impl LogArgs {
    /// The entries asked for.
    fn select<'a>(&self, lines: &'a [LogLine], now: UnixTime) -> Vec<ShownEntry<'a>> {
        let since = self.since.map(|since| since.resolve(now));
        let entries = lines.iter().filter_map(|line| {
            let entry = line.entry.as_ref().ok()?;
            since.is_none_or(|since| entry.at >= since).then_some(ShownEntry {
                line: line.number,
                hash: &line.hash,
                entry,
            })
        });
        let mut entries: Vec<_> = entries.collect();
        let surplus = entries.len().saturating_sub(self.last.unwrap_or(usize::MAX));
        entries.drain(..surplus);
        entries
    }
}
