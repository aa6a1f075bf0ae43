//! What is shipped beside the program: the package's list of files is what there is, and the examples are what cron and the
//! program itself take.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn example(name: &str) -> String {
    fs::read_to_string(root().join("docs/examples").join(name)).unwrap()
}

/// The package's files: source pattern and place.
fn assets() -> Vec<(String, String)> {
    let manifest: toml::Table = fs::read_to_string(root().join("Cargo.toml")).unwrap().parse().unwrap();
    let list = manifest["package"]["metadata"]["deb"]["assets"].as_array().unwrap();
    let text = |value: &toml::Value| value.as_str().unwrap().to_owned();
    list.iter().map(|asset| (text(&asset[0]), text(&asset[1]))).collect()
}

/// Every pattern of the package finds files, those of scripts/package among them, and everything that it makes is shipped.
#[test]
fn the_package_has_what_is_made_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("assets");
    let output = Command::new(root().join("scripts/package"))
        .args(["--assets", env!("CARGO_BIN_EXE_zoneseal"), made.to_str().unwrap()])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let mut shipped = Vec::new();
    for (source, place) in assets() {
        if source == "target/release/zoneseal" {
            assert_eq!(place, "usr/bin/");
            continue;
        }
        let pattern = match source.strip_prefix("target/assets/") {
            Some(rest) => made.join(rest),
            None => root().join(&source),
        };
        let found: Vec<PathBuf> = glob::glob(pattern.to_str().unwrap())
            .unwrap()
            .map(|path| path.unwrap())
            .filter(|path| path.is_file())
            .collect();
        assert!(!found.is_empty(), "nothing to ship as {place}: {source}");
        assert!(place.ends_with('/') || found.len() == 1, "{source} has one place for many files");
        shipped.extend(found);
    }
    let made: Vec<_> = glob::glob(&format!("{}/*/*", made.display())).unwrap().map(|path| path.unwrap()).collect();
    assert!(made.len() > 20, "{made:?}");
    for file in made {
        assert!(shipped.contains(&file), "{} is made and not shipped", file.display());
        assert_ne!(fs::metadata(&file).unwrap().len(), 0, "{} is empty", file.display());
    }
}

/// The package's own changelog is of this version: `dpkg` shows it beside the one for all.
#[test]
fn the_changelog_of_the_package_is_of_this_version() {
    let text = fs::read_to_string(root().join("scripts/debian/changelog")).unwrap();
    let version = concat!("zoneseal (", env!("CARGO_PKG_VERSION"), "-1) ");
    assert!(text.starts_with(version), "{text}");
    assert!(
        fs::read_to_string(root().join("scripts/debian/copyright")).unwrap().contains("common-licenses/Apache-2.0")
    );
}

/// The values of a setting in a unit file.
fn settings<'u>(unit: &'u str, name: &str) -> Vec<&'u str> {
    let value = |line: &'u str| line.strip_prefix(name)?.strip_prefix('=');
    unit.lines().filter_map(value).collect()
}

/// Arguments of the examples are arguments of the program.
#[test]
fn examples_run_what_there_is() {
    let service = example("zoneseal.service");
    let command = settings(&service, "ExecStart")[0].strip_prefix("/usr/bin/zoneseal ").unwrap();
    assert!(example("zoneseal.cron").contains(&format!("zoneseal {command} ")), "cron and systemd run the same");
    // That signed zones are a success is what runs say with 3.
    assert_eq!(settings(&service, "SuccessExitStatus"), ["3"]);
    let words: Vec<&str> = command.split(' ').collect();
    let help = Command::new(env!("CARGO_BIN_EXE_zoneseal")).args([words[0], "--help"]).output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    for option in words.iter().filter(|word| word.starts_with("--")) {
        assert!(help.contains(option), "{option} is no option of {}", words[0]);
    }
}

/// Cron's line: five fields of time, a user, and a command that the shell takes; without % which cron takes for itself.
#[test]
fn cron_takes_the_line() {
    let text = example("zoneseal.cron");
    let is_job =
        |line: &&str| !line.starts_with('#') && !line.is_empty() && !line.split(' ').next().unwrap().contains('=');
    let lines: Vec<_> = text.lines().filter(is_job).collect();
    assert_eq!(lines.len(), 1);
    let mut fields = lines[0].splitn(7, ' ');
    for (field, max) in fields.by_ref().take(5).zip([59, 23, 31, 12, 7]) {
        assert!(field == "*" || field.parse::<u32>().unwrap() <= max, "{field}");
    }
    assert_eq!(fields.next(), Some("zoneseal"));
    let command = fields.next().unwrap();
    assert!(!command.contains('%'));
    // What is mailed: nothing for 0 and 3, a line for all else.
    for code in 0..5 {
        let (log, program) =
            (tempfile::NamedTempFile::new().unwrap(), format!("zoneseal() {{ echo ran; return {code}; }}; "));
        let script = program + &command.replace("/var/log/zoneseal/run.log", log.path().to_str().unwrap());
        let output = Command::new("/bin/sh").args(["-c", &script]).output().unwrap();
        let is_quiet = output.stdout.is_empty() && output.stderr.is_empty();
        assert_eq!(is_quiet, code == 0 || code == 3, "{code}: {output:?}");
        assert_eq!(fs::read_to_string(log.path()).unwrap(), "ran\n");
    }
}
