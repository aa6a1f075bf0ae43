//! Completions and manual pages: every shell gets one, every command has a page, and what reads them finds no fault.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn zoneseal(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_zoneseal")).args(arguments).output().expect("the program runs")
}

fn completions(shell: &str) -> String {
    let output = zoneseal(&["completions", shell]);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("completions are text")
}

fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, text).expect("a temporary folder can be written");
    path.display().to_string()
}

/// The names of the pages, sorted.
fn pages(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the folder was made");
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("listed").file_name().into_string().expect("ASCII")).collect();
    names.sort();
    names
}

/// The commands that a help text lists.
fn commands(arguments: &[&str]) -> Vec<String> {
    let output = zoneseal(&[arguments, &["--help"]].concat());
    let text = String::from_utf8(output.stdout).expect("help is text");
    let list = text.split_once("\nCommands:\n").map_or("", |(_, rest)| rest.split("\n\n").next().unwrap_or_default());
    // Names stand two columns in, the rest of a long description further.
    let names = list.lines().filter_map(|line| line.strip_prefix("  ")).filter(|line| !line.starts_with(' '));
    names.map(|line| line.split(' ').next().unwrap_or_default().to_owned()).filter(|name| name != "help").collect()
}

#[test]
fn every_shell_completes_every_command() {
    let top = commands(&[]);
    assert!(top.len() > 10, "{top:?}");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let text = completions(shell);
        for command in &top {
            assert!(text.contains(command.as_str()), "{shell} does not know {command}");
        }
        assert!(text.contains("dnskey-validity"), "{shell} does not know the options of sign");
    }
}

/// The shell itself reads the completions and offers what fits.
#[test]
fn bash_completes() {
    if Command::new("bash").arg("-c").arg("exit 0").status().is_err() {
        eprintln!("no bash here: only the other tests looked at its completions");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = write(folder.path(), "zoneseal.bash", &completions("bash"));
    let script = "source \"$1\"; COMP_WORDS=(zoneseal ver); COMP_CWORD=1; _zoneseal zoneseal ver zoneseal; echo \"${COMPREPLY[@]}\"";
    let output = Command::new("bash").args(["-c", script, "bash", &file]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "verify", "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}

#[test]
fn every_command_has_a_page() {
    let folder = tempfile::tempdir().unwrap();
    let pages_folder = folder.path().join("not/yet/there");
    let output = zoneseal(&["manpages", pages_folder.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    let mut expected = vec!["zoneseal.1".to_owned()];
    for command in commands(&[]) {
        expected.extend(commands(&[&command]).iter().map(|sub| format!("zoneseal-{command}-{sub}.1")));
        expected.push(format!("zoneseal-{command}.1"));
    }
    expected.sort();
    assert_eq!(pages(&pages_folder), expected);
    for name in &expected {
        let text = fs::read_to_string(pages_folder.join(name)).unwrap();
        assert!(text.contains(".SH NAME") && text.contains(".SH SYNOPSIS"), "{name}");
        check_with_groff(&pages_folder.join(name));
    }
}

/// groff formats the page without a warning, where it is installed.
fn check_with_groff(page: &Path) {
    let run = Command::new("groff").args(["-man", "-Tutf8", "-ww", "-z"]).arg(page).stdin(Stdio::null()).output();
    match run {
        Ok(output) => assert!(
            output.status.success() && output.stderr.is_empty(),
            "{}: {}",
            page.display(),
            String::from_utf8_lossy(&output.stderr)
        ),
        Err(error) => eprintln!("groff did not read {}: {error}", page.display()),
    }
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = write(folder.path(), "file", "");
    let output = zoneseal(&["manpages", &format!("{file}/pages")]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("file/pages: "), "{output:?}");
}
