//! Processes that want the same zone at once. Aim: one works, the others wait or are told who does, and no change is lost.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use zoneseal::base::{Diagnostics, NameBuf, UnixTime};
use zoneseal::rollover::ZoneState;
use zoneseal::state::{LockOptions, LogEntry, StateFile, Who};

const NOW: UnixTime = UnixTime(1_800_000_000);

fn zone() -> NameBuf {
    "example.com.".parse().unwrap()
}

fn adopt(directory: &Path, timeout: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zoneseal"));
    command.args(["adopt", "example.com.", "--now", "20270201", "--write", "--roll", "--lock-timeout", timeout, "-K"]);
    command.arg(directory).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A directory with a state, and who made it.
fn place() -> (TempDir, Who) {
    let directory = TempDir::new().unwrap();
    let who =
        Who { program: "test".into(), pid: std::process::id(), command: "the test itself".into(), ..Who::default() };
    let options = LockOptions { who: &who, at: NOW, timeout: Duration::ZERO };
    let mut guard = StateFile::lock(directory.path(), zone().as_name(), &options).unwrap();
    let entry = LogEntry { at: NOW, who: &who, what: "Began.", why: "a test" };
    guard.save(&ZoneState::new(zone()), &entry).unwrap();
    drop(guard);
    (directory, who)
}

#[test]
fn the_second_process_is_told_who_works() {
    let (directory, who) = place();
    let options = LockOptions { who: &who, at: NOW, timeout: Duration::ZERO };
    let guard = StateFile::lock(directory.path(), zone().as_name(), &options).unwrap();
    let before = fs::read(directory.path().join("example.com.zoneseal.json")).unwrap();
    let output = adopt(directory.path(), "0s").output().unwrap();
    let talk = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{talk}");
    let holder = format!("process {} (the test itself) since 2027-01-15T08:00:00Z", std::process::id());
    assert!(talk.contains(&holder), "{talk}");
    assert_eq!(fs::read(directory.path().join("example.com.zoneseal.json")).unwrap(), before);
    drop(guard);
    assert!(adopt(directory.path(), "0s").output().unwrap().status.success());
}

#[test]
fn readers_wait_for_the_writer() {
    let (directory, who) = place();
    let options = LockOptions { who: &who, at: NOW, timeout: Duration::ZERO };
    let guard = StateFile::lock(directory.path(), zone().as_name(), &options).unwrap();
    let log = |timeout: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_zoneseal"));
        command.args(["log", "example.com.", "--verify", "--lock-timeout", timeout, "-K"]).arg(directory.path());
        command.output().unwrap()
    };
    let output = log("0s");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("the test itself"));
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| log("1m"));
        std::thread::sleep(Duration::from_millis(200));
        drop(guard);
        let output = waiting.join().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    });
}

/// Many at once: each waits its turn, and the chain has all of them.
#[test]
fn no_change_is_lost() {
    let (directory, _) = place();
    let children: Vec<_> = (0..8).map(|_| adopt(directory.path(), "1m").spawn().unwrap()).collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let (lines, findings) = StateFile::read_log(directory.path(), zone().as_name(), Duration::ZERO, true).unwrap();
    assert_eq!((lines.len(), findings.len()), (9, 0), "{findings:?}");
}

/// A process killed at any time leaves a lock that is free, and files that are whole after the next run.
#[test]
fn killed_processes_leave_nothing_half_done() {
    let (directory, _) = place();
    for pause in 0..12 {
        let mut child = adopt(directory.path(), "1m").spawn().unwrap();
        std::thread::sleep(Duration::from_millis(pause));
        child.kill().unwrap();
        child.wait().unwrap();
        let mut findings = Diagnostics::new(10);
        let who = Who { program: "test".into(), ..Who::default() };
        let options = LockOptions { who: &who, at: NOW, timeout: Duration::ZERO };
        let mut guard = StateFile::lock(directory.path(), zone().as_name(), &options).unwrap();
        assert!(guard.load(&mut findings).unwrap().is_some());
        let repaired = findings.list().iter().all(|finding| finding.code == "log-repaired");
        assert!(repaired, "killed after {pause} ms: {findings:?}");
        drop(guard);
        let (_, findings) = StateFile::read_log(directory.path(), zone().as_name(), Duration::ZERO, true).unwrap();
        assert_eq!(findings, [], "killed after {pause} ms");
    }
}
