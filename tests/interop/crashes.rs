//! Crashes of `zoneseal run`: it is killed at every system call that writes, renames, syncs or removes, one after another,
//! by strace. After each the published zone is the old or the new one, whole and valid; the next run makes it good; and no
//! serial ever stands for two contents. And a directory that is mounted so that nobody can write.

use crate::peer::{folder, program, run, run_for_codes, trial, write, zoneseal};
use libtest_mimic::{Failed, Trial};
use std::collections::HashMap;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// The system calls at which it is killed.
const CALLS: [&str; 11] = [
    "write",
    "pwrite64",
    "renameat,renameat2,rename",
    "fsync",
    "fdatasync",
    "unlink,unlinkat",
    "linkat,link",
    "ftruncate",
    "fchmod,chmod",
    "fchown,fchownat",
    "mkdir,mkdirat",
];
/// The time of everything: 2027-01-01.
const NOW: &str = "20270101000000";
const LATER: &str = "20270103000000";
const ZONE: &str =
    "$ORIGIN a.example.\n$TTL 3600\n@ IN SOA ns1 h 1 7200 900 172800 900\n@ IN NS ns1\nns1 IN A 192.0.2.1\n";
const POLICY: &str = "[policy.default]\nbase = \"nist-81r3\"\nserial = \"increment\"\nroles = \"ksk+zsk\"\n";

pub fn trials() -> Vec<Trial> {
    vec![
        trial("crash::first_run", &["strace"], || crash_everywhere(&Scene { is_signed: false }, "signal=KILL")),
        trial("crash::change_and_roll", &["strace"], || crash_everywhere(&Scene { is_signed: true }, "signal=KILL")),
        trial("crash::calls_fail", &["strace"], || crash_everywhere(&Scene { is_signed: true }, "error=EIO")),
        trial("crash::read_only", &["unshare", "mount"], read_only),
    ]
}

/// What is there before the run that is killed.
struct Scene {
    /// Whether the zone was signed before, and has changed since.
    is_signed: bool,
}

impl Scene {
    /// Makes it in a folder.
    fn make(&self) -> Result<TempDir, String> {
        let place = folder();
        let at = place.path();
        fs::create_dir(at.join("zones")).map_err(|error| error.to_string())?;
        write(at, "zones/a.example.zone", ZONE);
        run(zoneseal().current_dir(at).args(["init", "zones"]))?;
        write(at, "policy.toml", POLICY);
        let config = fs::read_to_string(at.join("zoneseal.toml")).map_err(|error| error.to_string())?;
        write(
            at,
            "zoneseal.toml",
            config.replace("[defaults]\n", "[defaults]\nhook = ['/bin/sh', '-c', 'echo {serial} >> hooked']\n"),
        );
        if self.is_signed {
            run_for_codes(zoneseal().current_dir(at).args(["run", "--now", NOW]), &[3])?;
            write(at, "zones/a.example.zone", format!("{ZONE}new IN TXT \"new\"\n"));
            run(zoneseal().current_dir(at).args([
                "rollover",
                "start",
                "a.example",
                "zsk",
                "-K",
                "keys",
                "--policy",
                "policy.toml",
                "--now",
                LATER,
            ]))
            .or_else(|why| if why.contains("exit status: 1") { Ok(String::new()) } else { Err(why) })?;
        }
        Ok(place)
    }
}

/// Goes through all the calls, one life of the zone for each.
fn crash_everywhere(scene: &Scene, fault: &str) -> Result<(), Failed> {
    let base = scene.make()?;
    let mut kills = 0;
    for calls in CALLS {
        for count in 1.. {
            let place = copy(base.path())?;
            if !crash(place.path(), calls, count, fault)? {
                break;
            }
            kills += 1;
            let what = format!("{fault} at {calls} no. {count}");
            recover(base.path(), place.path()).map_err(|why| format!("{what}: {why}"))?;
        }
    }
    if kills < 20 {
        return Err(format!("only {kills} kills: strace does not do what is asked of it").into());
    }
    Ok(())
}

/// Copies a folder with all there is in it.
fn copy(from: &Path) -> Result<TempDir, String> {
    let to = folder();
    run(Command::new("cp").arg("-a").arg(from.join(".")).arg(to.path()))?;
    Ok(to)
}

/// Runs with a fault at a system call; false if there were not so many.
fn crash(at: &Path, calls: &str, count: u32, fault: &str) -> Result<bool, String> {
    let log = at.join("strace.log");
    let mut strace = program("strace");
    strace.current_dir(at).args(["-f", "-qq", "-e", &format!("trace={calls}"), "-o"]).arg(&log);
    strace.args(["-e", &format!("inject={calls}:{fault}:when={count}")]);
    strace.arg(env!("CARGO_BIN_EXE_zoneseal")).args(["run", "--quiet", "--threads", "1", "--now", LATER]);
    let status = strace.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let status = status.map_err(|error| format!("strace: {error}"))?;
    let is_injected = fs::read_to_string(&log).unwrap_or_default().contains("(INJECTED)");
    match (status.signal(), status.code()) {
        (Some(9), _) | (None, Some(137)) => Ok(true),
        (None, Some(0..=4)) => Ok(is_injected),
        _ => Err(format!("at {calls} no. {count}: {status}")),
    }
}

/// What is published is the old or the new version, whole; the next run makes it good.
fn recover(before: &Path, at: &Path) -> Result<(), String> {
    let output = "signed/a.example.zone.signed";
    let mut contents: HashMap<String, Vec<u8>> = HashMap::new();
    for place in [before, at] {
        note(&place.join(output), &mut contents)?;
    }
    let codes = [0, 1, 3];
    run_for_codes(zoneseal().current_dir(at).args(["run", "--now", LATER]), &codes)?;
    note(&at.join(output), &mut contents)?;
    let text = fs::read_to_string(at.join(output)).map_err(|error| error.to_string())?;
    let is_new = !before.join(output).exists() || text.contains("\"new\"");
    if !is_new {
        return Err("the next run did not publish the change".into());
    }
    // Whoever serves the zone has heard of the version that is out.
    let serial = contents.keys().max_by_key(|serial| serial.parse::<u32>().unwrap_or(0)).cloned().unwrap_or_default();
    let hooked = fs::read_to_string(at.join("hooked")).unwrap_or_default();
    if hooked.lines().last() != Some(serial.as_str()) {
        return Err(format!("serial {serial} is out, and the hook heard of {hooked:?}"));
    }
    // And then there is nothing left to do, and no file under way left behind.
    run_for_codes(zoneseal().current_dir(at).args(["run", "--now", LATER]), &[0])?;
    note(&at.join(output), &mut contents)?;
    run(zoneseal().current_dir(at).args(["log", "a.example", "-K", "keys", "--verify"]))?;
    Ok(())
}

/// Verifies a published zone, if there is one, and remembers its serial and text.
fn note(path: &Path, contents: &mut HashMap<String, Vec<u8>>) -> Result<(), String> {
    if !path.exists() {
        return Ok(());
    }
    run(zoneseal().args(["verify", "-q", "--now", LATER]).arg(path))?;
    let text = fs::read(path).map_err(|error| error.to_string())?;
    let shown = String::from_utf8_lossy(&text);
    let soa = shown.lines().find(|line| line.contains("\tSOA\t") || line.contains(" SOA ")).unwrap_or_default();
    let serial = soa.split_ascii_whitespace().nth(6).ok_or("there is no SOA")?.to_owned();
    match contents.insert(serial.clone(), text.clone()) {
        Some(before) if before != text => Err(format!("serial {serial} stands for two contents")),
        _ => Ok(()),
    }
}

/// The output's directory, and that of the ledger, where nobody can write: root included.
fn read_only() -> Result<(), Failed> {
    for directory in ["signed", "state", "keys"] {
        let place = Scene { is_signed: true }.make()?;
        let at = place.path();
        let output = at.join("signed/a.example.zone.signed");
        let before = fs::read(&output)?;
        let script = format!(
            "mount --bind {directory} {directory} && mount -o remount,ro,bind {directory} && exec \"$0\" run --now {LATER}"
        );
        let mut unshare = program("unshare");
        unshare
            .current_dir(at)
            .args(["--user", "--map-root-user", "--mount", "sh", "-c", &script])
            .arg(env!("CARGO_BIN_EXE_zoneseal"));
        // Where users may not do this it is no failure of ours, but then the run would have ended well or not begun.
        run_for_codes(&mut unshare, &[2])?;
        if fs::read(&output)? != before {
            return Err(format!("{directory} read-only: the output has changed").into());
        }
        run_for_codes(zoneseal().current_dir(at).args(["run", "--now", LATER]), &[1, 3])?;
        let mut contents = HashMap::new();
        note(&output, &mut contents)?;
    }
    Ok(())
}
