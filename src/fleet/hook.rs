//! Running what an operator wants run after a change: a reload, most of the time.

use crate::base::Seconds;
use std::fmt;
use std::io::{self, Read};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;
use wait_timeout::ChildExt;

/// How a hook ended.
#[derive(Debug)]
pub enum HookEnd {
    /// With this exit status.
    Exited(ExitStatus),
    /// It took too long and was killed.
    TimedOut(Seconds),
    /// It could not be run.
    Failed(io::Error),
}

/// What a hook did.
#[derive(Debug)]
pub struct HookRun {
    /// How it ended.
    pub end: HookEnd,
    /// The beginning of what it said, on both streams.
    pub said: String,
}

impl HookRun {
    /// Whether it did what it should.
    #[must_use]
    pub fn is_success(&self) -> bool {
        matches!(&self.end, HookEnd::Exited(status) if status.success())
    }
}

impl fmt::Display for HookRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.end {
            HookEnd::Exited(status) if status.success() => f.write_str("done")?,
            HookEnd::Exited(status) => write!(f, "failed with {status}")?,
            HookEnd::TimedOut(limit) => write!(f, "killed, as it took longer than {limit}")?,
            HookEnd::Failed(error) => write!(f, "could not be run: {error}")?,
        }
        match self.said.trim() {
            "" => Ok(()),
            said => write!(f, "; it said: {said}"),
        }
    }
}

/// Octets of a hook's words that are kept.
const SAID_OCTETS_MAX: u64 = 2_000;

/// How long words of a hook are waited for after its end: a daemon it left behind may hold the stream open.
const SAID_WAIT: Duration = Duration::from_millis(200);

/// Runs a command, without a shell and without standard input, in a process group of its own; all of the group is killed
/// when its time is over.
#[must_use]
pub fn run(command: &[String], timeout: Seconds) -> HookRun {
    let Some((program, arguments)) = command.split_first() else {
        return failed(io::Error::new(io::ErrorKind::InvalidInput, "the command is empty"));
    };
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    own_group(&mut command);
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return failed(io::Error::new(error.kind(), format!("{program}: {error}"))),
    };
    let (sender, receiver) = std::sync::mpsc::channel();
    let readers: [Option<Box<dyn Read + Send>>; 2] =
        [child.stdout.take().map(|pipe| Box::new(pipe) as _), child.stderr.take().map(|pipe| Box::new(pipe) as _)];
    for pipe in readers.into_iter().flatten() {
        let sender = sender.clone();
        thread::spawn(move || {
            let mut said = Vec::new();
            let mut pipe = pipe;
            // Words lost to a broken pipe are no loss.
            let _ = pipe.by_ref().take(SAID_OCTETS_MAX).read_to_end(&mut said);
            let _ = sender.send(said);
            let _ = io::copy(&mut pipe, &mut io::sink());
        });
    }
    drop(sender);
    let limit = Duration::from_secs(u64::try_from(timeout.0).unwrap_or(0));
    let end = match child.wait_timeout(limit) {
        Ok(Some(status)) => HookEnd::Exited(status),
        Ok(None) => {
            kill_group(&mut child);
            let _ = child.wait();
            HookEnd::TimedOut(timeout)
        }
        Err(error) => HookEnd::Failed(error),
    };
    let mut said = Vec::new();
    while let Ok(words) = receiver.recv_timeout(SAID_WAIT) {
        said.extend_from_slice(&words);
    }
    HookRun { end, said: String::from_utf8_lossy(&said).trim().to_owned() }
}

fn failed(error: io::Error) -> HookRun {
    HookRun { end: HookEnd::Failed(error), said: String::new() }
}

#[cfg(unix)]
fn own_group(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

#[cfg(not(unix))]
fn own_group(_: &mut Command) {}

/// Kills a child and what it started.
fn kill_group(child: &mut std::process::Child) {
    #[cfg(target_os = "linux")]
    if let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = child.kill();
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::time::Instant;

    fn shell(script: &str, timeout: Seconds) -> HookRun {
        run(&["/bin/sh", "-c", script].map(str::to_owned), timeout)
    }

    #[test]
    fn ends_are_told_apart() {
        assert!(shell("exit 0", Seconds(20)).is_success());
        let failed = shell("echo no such zone >&2; exit 3", Seconds(20));
        assert_eq!(failed.to_string(), "failed with exit status: 3; it said: no such zone");
        let missing = run(&["/nonexistent/rndc".to_owned()], Seconds(20));
        assert!(missing.to_string().starts_with("could not be run: /nonexistent/rndc"), "{missing}");
        assert!(!run(&[], Seconds(20)).is_success());
    }

    /// A hook that hangs, and whatever it started, is killed.
    #[test]
    fn a_hook_that_hangs_is_killed_with_its_children() {
        let folder = tempfile::tempdir().unwrap();
        let flag = folder.path().join("flag");
        let began = Instant::now();
        let script = format!("(sleep 3; touch {}) & sleep 100", flag.display());
        let run = shell(&script, Seconds(1));
        assert!(matches!(run.end, HookEnd::TimedOut(_)), "{run}");
        assert!(began.elapsed() < Duration::from_secs(60));
        thread::sleep(Duration::from_secs(4));
        assert!(!flag.exists(), "a child of the hook outlived it");
    }

    /// A hook that starts a daemon is over when the hook is.
    #[test]
    fn a_daemon_left_behind_is_not_waited_for() {
        let began = Instant::now();
        assert!(shell("sleep 300 & echo started", Seconds(100)).is_success());
        assert!(began.elapsed() < Duration::from_secs(60));
    }

    #[test]
    fn a_talkative_hook_does_not_block() {
        let run = shell("i=0; while [ $i -lt 20000 ]; do echo line of talk; i=$((i+1)); done", Seconds(60));
        assert!(run.is_success(), "{run}");
        assert!(run.said.len() <= 4_000);
    }
}
