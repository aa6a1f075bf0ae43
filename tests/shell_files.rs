//! Completions and manual pages: every shell gets one, every command has a page.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

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
