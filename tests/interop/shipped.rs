//! What is shipped beside the program, read by those it is for: shells, groff, systemd, logrotate.

use crate::peer;
use libtest_mimic::{Failed, Trial};
use std::fs;
use std::process::Command;

pub fn trials() -> Vec<Trial> {
    vec![
        peer::trial("shipped::bash::completions", &["bash"], bash_completes),
        peer::trial("shipped::groff::pages", &["groff"], groff_formats_the_pages),
        peer::trial("shipped::systemd-analyze::units", &["systemd-analyze"], systemd_takes_the_units),
        peer::trial("shipped::logrotate::file", &["logrotate"], logrotate_takes_its_file),
    ]
}

fn example(name: &str) -> Result<String, String> {
    peer::read(&peer::project().join("docs/examples").join(name))
}

/// Runs a command that must succeed and have nothing to say of us on standard error; gives what it prints.
fn says_nothing_of(what: &str, command: &mut Command) -> Result<String, Failed> {
    let output = command.output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    let is_fine = output.status.success() && !said.lines().any(|line| line.contains(what));
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    if is_fine { Ok(printed) } else { Err(format!("{command:?}: {}\n{said}{printed}", output.status).into()) }
}

/// The shell itself reads the completions and offers what fits.
fn bash_completes() -> Result<(), Failed> {
    let folder = peer::folder();
    let completions = peer::run(peer::zoneseal().args(["completions", "bash"]))?;
    let file = peer::write(folder.path(), "zoneseal.bash", completions);
    let script = "source \"$1\"; COMP_WORDS=(zoneseal ver); COMP_CWORD=1; _zoneseal zoneseal ver zoneseal; \
                  echo \"${COMPREPLY[@]}\"";
    let offered = says_nothing_of("", peer::program("bash").args(["-c", script, "bash"]).arg(&file))?;
    if offered.trim() == "verify" { Ok(()) } else { Err(format!("it offers {offered:?}").into()) }
}

/// Every page is formatted without a warning.
fn groff_formats_the_pages() -> Result<(), Failed> {
    let folder = peer::folder();
    peer::run(peer::zoneseal().arg("manpages").arg(folder.path()))?;
    for page in fs::read_dir(folder.path())? {
        says_nothing_of("", peer::program("groff").args(["-man", "-Tutf8", "-ww", "-z"]).arg(page?.path()))?;
    }
    Ok(())
}

/// systemd finds no fault with the units.
fn systemd_takes_the_units() -> Result<(), Failed> {
    let folder = peer::folder();
    let mut units = Vec::new();
    for name in ["zoneseal.service", "zoneseal.timer"] {
        // The program is not installed here.
        let text = example(name)?.replace("/usr/bin/zoneseal", env!("CARGO_BIN_EXE_zoneseal"));
        units.push(peer::write(folder.path(), name, text));
    }
    says_nothing_of("zoneseal.", peer::program("systemd-analyze").args(["verify", "--man=no"]).args(&units))?;
    Ok(())
}

/// logrotate understands its file.
fn logrotate_takes_its_file() -> Result<(), Failed> {
    let folder = peer::folder();
    // A folder that is there, and no user that is not.
    let text = example("zoneseal.logrotate")?.replace("/var/log/zoneseal", &folder.path().display().to_string());
    let text = text.replace("    su zoneseal zoneseal\n", "").replace("create 0640 zoneseal zoneseal", "create 0640");
    let file = peer::write(folder.path(), "zoneseal.logrotate", text);
    peer::write(folder.path(), "run.log", "a run\n");
    let state = folder.path().join("state");
    says_nothing_of("error", peer::program("logrotate").args(["-v", "-d", "-s"]).args([&state, &file]))?;
    Ok(())
}
