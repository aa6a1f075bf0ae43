//! A folder with zones, and runs in it at any time.

use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tempfile::TempDir;
use zoneseal::base::{Diagnostics, NameBuf, Seconds, UnixTime};
use zoneseal::cli::{self, Env};
use zoneseal::fleet::ledger::Ledger;
use zoneseal::verify::{Anchor, Report, VerifyOptions, verify_zone};
use zoneseal::zone::{BuildOptions, MixedTtl, Zone, build};
use zoneseal::zonefile::{self, Input, ReadOptions};

/// 2027-01-01 00:00:00 UTC.
pub(crate) const NOW: UnixTime = UnixTime(1_798_761_600);
pub(crate) const HOUR: Seconds = Seconds(3600);
pub(crate) const DAY: Seconds = Seconds(86_400);

/// The ways a run ends.
pub(crate) const NOTHING_DUE: u8 = 0;
pub(crate) const ATTENTION: u8 = 1;
pub(crate) const FAILED: u8 = 2;
pub(crate) const CHANGED: u8 = 3;
pub(crate) const REFUSED: u8 = 4;

/// What a command said.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: ExitCode,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// Asserts the exit code.
    #[track_caller]
    pub(crate) fn ends(self, code: u8) -> Self {
        assert_eq!(self.code, ExitCode::from(code), "expected {code}\n{}{}", self.out, self.err);
        self
    }

    /// Asserts that something is said, on either stream.
    #[track_caller]
    pub(crate) fn says(self, part: &str) -> Self {
        assert!(self.out.contains(part) || self.err.contains(part), "\"{part}\" is not in\n{}{}", self.out, self.err);
        self
    }
}

/// A folder where `init` was run.
#[derive(Debug)]
pub(crate) struct Place {
    directory: TempDir,
}

/// The text of a small zone.
pub(crate) fn zone_text(name: &str, serial: u32, more: &str) -> String {
    format!(
        "$ORIGIN {name}.\n$TTL 3600\n@ IN SOA ns1 hostmaster {serial} 7200 900 172800 900\n@ IN NS ns1\n@ IN MX 10 mail\n\
         ns1 IN A 192.0.2.1\nmail IN A 192.0.2.2\nwww IN A 192.0.2.3\n{more}"
    )
}

/// A year of seconds, and more, in the policies of tests: rolls do not disturb.
pub(crate) const QUIET_POLICY: &str =
    "[policy.default]\nbase = \"nist-81r3\"\nserial = \"increment\"\nroles = \"csk\"\n";

/// A folder in memory where there is such a place: a year of runs waits for the disk many thousand times.
fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    TempDir::new_in(memory).or_else(|_| TempDir::new()).unwrap()
}

impl Place {
    /// A folder with zones of some names, after `init`.
    pub(crate) fn new(names: &[&str]) -> Self {
        let place = Self { directory: folder() };
        fs::create_dir(place.path("zones")).unwrap();
        for name in names {
            place.write_zone(name, 1, "");
        }
        place.init();
        place.write("policy.toml", QUIET_POLICY);
        place
    }

    /// Makes what `init` makes; in the current folder, so it is the built program that does it.
    fn init(&self) {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_zoneseal"))
            .current_dir(self.directory.path())
            .args(["init", "zones"])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// With what `init` makes, and nothing of our own.
    pub(crate) fn init_again(&self) {
        for name in ["keys", "state", "signed"] {
            fs::remove_dir(self.path(name)).unwrap();
        }
        fs::remove_dir_all(self.path("examples")).unwrap();
        fs::remove_file(self.path("zoneseal.toml")).unwrap();
        fs::remove_file(self.path("policy.toml")).unwrap();
        self.init();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn write_zone(&self, name: &str, serial: u32, more: &str) {
        self.write(&format!("zones/{name}.zone"), &zone_text(name, serial, more));
    }

    /// Adds to `[defaults]` of the configuration.
    pub(crate) fn configure(&self, lines: &str) {
        let text = fs::read_to_string(self.path("zoneseal.toml")).unwrap();
        self.write("zoneseal.toml", &text.replace("[defaults]\n", &format!("[defaults]\n{lines}\n")));
    }

    /// Runs any command at a time.
    pub(crate) fn command(&self, now: UnixTime, arguments: &[&str]) -> Ran {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut env = Env {
            now,
            stdin: Box::new(std::io::empty()),
            stdout: Box::new(&mut out),
            stderr: Box::new(&mut err),
            is_interactive: false,
        };
        let code = cli::run(std::iter::once("zoneseal").chain(arguments.iter().copied()).map(Into::into), &mut env);
        drop(env);
        Ran { code, out: String::from_utf8(out).unwrap(), err: String::from_utf8(err).unwrap() }
    }

    /// `zoneseal run`
    pub(crate) fn run(&self, now: UnixTime, more: &[&str]) -> Ran {
        let config = self.path("zoneseal.toml");
        let arguments =
            [&["run", "--config", config.to_str().unwrap(), "--threads", "2", "--lock-timeout", "1s"], more].concat();
        self.command(now, &arguments)
    }

    /// The same as JSON.
    pub(crate) fn run_json(&self, now: UnixTime, more: &[&str]) -> Value {
        let ran = self.run(now, &[&["--json"], more].concat());
        serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}\n{}{}", ran.out, ran.err))
    }

    pub(crate) fn signed_path(&self, name: &str) -> PathBuf {
        self.path(&format!("signed/{name}.zone.signed"))
    }

    pub(crate) fn signed(&self, name: &str) -> Vec<u8> {
        fs::read(self.signed_path(name)).unwrap()
    }

    pub(crate) fn published(&self, name: &str) -> Zone {
        read_zone(&self.signed_path(name))
    }

    pub(crate) fn serial(&self, name: &str) -> u32 {
        self.published(name).soa().serial
    }

    pub(crate) fn ledger(&self, name: &str) -> Ledger {
        let name: NameBuf = format!("{name}.").parse().unwrap();
        Ledger::read(&Ledger::path(&self.path("state"), name.as_name())).unwrap().unwrap()
    }

    /// Asserts that the published zone is valid, by anchors if there are any; gives the time its first signature ends.
    #[track_caller]
    pub(crate) fn assert_valid(&self, name: &str, now: UnixTime, anchors: Vec<Anchor>) {
        let report = verify(&self.published(name), now, anchors);
        let findings: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
        assert!(report.is_valid(), "{name} at {now}:\n{}", findings.join("\n"));
    }

    /// All files with what is in them and when they were written.
    pub(crate) fn snapshot(&self) -> BTreeMap<PathBuf, (Vec<u8>, std::time::SystemTime)> {
        let mut files = BTreeMap::new();
        let mut open = vec![self.directory.path().to_owned()];
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    open.push(path);
                } else {
                    let modified = fs::metadata(&path).unwrap().modified().unwrap();
                    files.insert(path.clone(), (fs::read(&path).unwrap(), modified));
                }
            }
        }
        files
    }
}

/// Reads a signed zone.
pub(crate) fn read_zone(path: &Path) -> Zone {
    let mut findings = Diagnostics::new(3);
    let store = zonefile::read(Input::Path(path), &ReadOptions::default(), &mut findings).unwrap();
    let options = BuildOptions { mixed_ttl: MixedTtl::Keep, ..BuildOptions::default() };
    let zone = build(store, &options, &mut findings);
    assert!(!findings.has_errors(), "{}: {findings:?}", path.display());
    zone.unwrap()
}

/// Verifies a zone.
pub(crate) fn verify(zone: &Zone, now: UnixTime, anchors: Vec<Anchor>) -> Report {
    verify_zone(zone, &VerifyOptions { anchors, ..VerifyOptions::new(now) })
}
