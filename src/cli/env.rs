//! The process as the commands see it: clock, streams, terminal. The only place that reads the clock.

use super::{Failure, Outcome};
use crate::base::{TimeSpec, UnixTime};
use std::fmt;
use std::io::{self, BufWriter, IsTerminal, Read, Write};
use std::process::ExitCode;

/// What a command may use of the outside world besides files.
pub struct Env<'a> {
    /// The current time, or what `--now` says.
    pub now: UnixTime,
    /// Standard input.
    pub stdin: Box<dyn Read + Send + 'a>,
    /// Results.
    pub stdout: Box<dyn Write + Send + 'a>,
    /// Talk, findings, progress.
    pub stderr: Box<dyn Write + Send + 'a>,
    /// Whether standard error is a terminal: only then progress is drawn.
    pub is_interactive: bool,
}

impl fmt::Debug for Env<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Env")
            .field("now", &self.now)
            .field("is_interactive", &self.is_interactive)
            .finish_non_exhaustive()
    }
}

impl Env<'static> {
    /// The real process.
    #[must_use]
    pub fn of_process() -> Self {
        Self {
            now: read_clock(),
            stdin: Box::new(io::stdin()),
            stdout: Box::new(BufWriter::new(io::stdout())),
            stderr: Box::new(io::stderr()),
            is_interactive: io::stderr().is_terminal(),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
fn read_clock() -> UnixTime {
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    UnixTime(since_epoch.map_or(0, |span| i64::try_from(span.as_secs()).unwrap_or(i64::MAX)))
}

/// Reads the argument of `--now`.
pub(super) fn parse_now(text: &str) -> Result<UnixTime, String> {
    match text.parse::<TimeSpec>()? {
        TimeSpec::At(time) => Ok(time),
        TimeSpec::FromNow(_) => Err("--now takes an absolute time".into()),
    }
}

impl Env<'_> {
    /// Writes a line of talk to standard error. A closed standard error is no reason to stop.
    pub fn say(&mut self, line: impl fmt::Display) {
        let _ = writeln!(self.stderr, "{line}");
    }

    /// Prints clap's message where it belongs and gives its exit code: help and version are results, errors are 2.
    pub(super) fn print_usage(&mut self, error: &clap::Error) -> ExitCode {
        let text = error.render();
        if error.use_stderr() {
            let _ = write!(self.stderr, "{text}");
            return ExitCode::from(2);
        }
        let printed = write!(self.stdout, "{text}");
        self.finish(printed.map(|()| Outcome::Done).map_err(Failure::from))
    }

    /// Flushes the results, prints a failure once, and gives the exit code.
    pub(super) fn finish(&mut self, result: Result<Outcome, Failure>) -> ExitCode {
        let result = result.and_then(|outcome| {
            self.stdout.flush()?;
            Ok(outcome)
        });
        match result {
            Ok(Outcome::Done) => ExitCode::SUCCESS,
            Ok(Outcome::Finding) => ExitCode::from(1),
            Ok(Outcome::Failed) => ExitCode::from(2),
            Ok(Outcome::Exit(code)) => ExitCode::from(code),
            // The reader has seen enough (`| head`): nothing to say, but nothing is known to be right either.
            Err(Failure::BrokenPipe) => ExitCode::from(2),
            Err(Failure::Message(message) | Failure::Locked(message)) => {
                self.say(format_args!("error: {message}"));
                ExitCode::from(2)
            }
        }
    }
}
