//! `zoneseal status`: from the ledgers to levels, exit codes and metrics. Method: the built binary on a configuration and
//! ledgers that a case writes; see tests/cmd/status*.toml for what is printed.

use std::fs;
use std::process::{Command, Output};
use tempfile::TempDir;
use zoneseal::base::{Seconds, UnixTime};
use zoneseal::fleet::config::Config;
use zoneseal::fleet::last_run::LastRun;
use zoneseal::fleet::ledger::{HookPending, Ledger, NextEvent, RunResult};
use zoneseal::fleet::metrics;
use zoneseal::fleet::status::{Level, Thresholds, of_config};

const NOW: UnixTime = UnixTime(1_800_000_000);

/// A folder with a configuration for `*.zone`, under a policy with 3 days refresh and runs every 12 hours.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(TempDir::new().unwrap());
        fs::write(place.path("zoneseal.toml"), "[[zones]]\nfiles = \"*.zone\"\n").unwrap();
        place
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    /// A zone with a ledger that says all is well, changed by the case.
    fn zone(&self, name: &str, change: impl FnOnce(&mut Ledger)) {
        let file = self.path(&format!("{name}.zone"));
        fs::write(&file, "").unwrap();
        fs::create_dir_all(self.path("state")).unwrap();
        let output = self.path(&format!("signed/{name}.zone.signed"));
        let finished = NOW.minus(Seconds::HOUR);
        let mut ledger = Ledger::new(format!("{name}.").parse().unwrap(), file, output, "nist-81r3".into(), finished);
        ledger.result = RunResult::Changed;
        ledger.serial = Some(7);
        ledger.last_changed_at = Some(finished);
        ledger.earliest_expiration = Some(NOW.plus(Seconds(5 * 86_400)));
        ledger.next_due = Some(NextEvent { at: NOW.plus(Seconds(2 * 86_400)), what: "signatures".into() });
        change(&mut ledger);
        ledger.write(&self.path("state")).unwrap();
    }

    fn status(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_zoneseal"));
        let now = NOW.0.to_string();
        command.args(["--now", &now, "status"]).args(arguments).current_dir(self.0.path()).output().unwrap()
    }

    #[track_caller]
    fn assert_exit(&self, arguments: &[&str], code: i32) -> String {
        let output = self.status(arguments);
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn config(&self) -> Config {
        Config::read(&self.path("zoneseal.toml")).unwrap()
    }
}

#[test]
fn nothing_wrong_is_zero_everywhere() {
    let place = Place::new();
    place.zone("a.example", |_| {});
    place.zone("b.example", |_| {});
    place.assert_exit(&[], 0);
    place.assert_exit(&["--json"], 0);
    let line = place.assert_exit(&["--nagios"], 0);
    assert!(line.starts_with("ZONESEAL OK - 2 zones: 2 ok, first expiry "), "{line}");
    assert!(line.contains(" | first_expiry=432000s;172800:;86400: zones=2;;;0 ok=2;;;0 "), "{line}");
    let quiet = place.assert_exit(&["-q"], 0);
    assert!(quiet.starts_with("2 zones: 2 ok\n"), "{quiet}");
}

/// Each level gives its exit code, and thresholds of the command line go before the policy's.
#[test]
fn levels_and_thresholds() {
    let place = Place::new();
    place.zone("a.example", |_| {});
    place.assert_exit(&["--nagios", "--warning", "5d"], 0);
    place.assert_exit(&["--nagios", "--warning", "6d"], 1);
    place.assert_exit(&["--nagios", "--critical", "6d"], 2);
    place.assert_exit(&["--warning", "6d"], 1);
    place.zone("b.example", |ledger| ledger.earliest_expiration = Some(NOW.minus(Seconds(1))));
    let text = place.assert_exit(&[], 1);
    assert!(text.starts_with("critical b.example."), "{text}");
    assert!(text.contains("signatures ended at") && text.contains("1s ago"), "{text}");
    place.assert_exit(&["--nagios"], 2);
    place.assert_exit(&["--nagios", "a.example"], 0);
}

/// Silence is told: no run yet, no run any more, a ledger cut off, a ledger of a later version.
#[test]
fn silence_is_told() {
    let place = Place::new();
    fs::write(place.path("new.example.zone"), "").unwrap();
    let text = place.assert_exit(&[], 1);
    assert!(text.contains("never-run: no run has seen this zone"), "{text}");
    place.assert_exit(&["--nagios"], 1);
    place.zone("new.example", |ledger| {
        ledger.next_due = Some(NextEvent { at: NOW.minus(Seconds(86_401)), what: "ZSK signatures".into() });
    });
    let text = place.assert_exit(&[], 1);
    assert!(text.contains("overdue: no run came for what was due 1d 1s ago (ZSK signatures)"), "{text}");
    let ledger = place.path("state/new.example.run.json");
    let whole = fs::read_to_string(&ledger).unwrap();
    for broken in [&whole[..whole.len() / 2], &whole.replace("zoneseal.run/1", "zoneseal.run/9")] {
        fs::write(&ledger, broken).unwrap();
        let text = place.assert_exit(&["--nagios"], 3);
        assert!(
            text.contains("ZONESEAL UNKNOWN - 1 zone: 1 unknown; ") && text.contains("new.example.run.json: "),
            "{text}"
        );
    }
}

/// The last run over all zones is known though nothing was due in it, and so is that it is long ago.
#[test]
fn runs_that_stopped_are_told() {
    let place = Place::new();
    place.zone("a.example", |_| {});
    let ran = |ago: i64| {
        let last = LastRun::new(NOW.minus(Seconds(ago)), RunResult::NothingDue, 1);
        last.keep(&place.path("state"), Seconds(0)).unwrap();
    };
    ran(3600);
    let text = place.assert_exit(&[], 0);
    assert!(text.contains("Last run: 2027-01-15T07:00:00Z (1h ago), nothing-due"), "{text}");
    let json: serde_json::Value = serde_json::from_str(&place.assert_exit(&["--json"], 0)).unwrap();
    assert_eq!(json["last_run"], serde_json::json!({ "at": "2027-01-15T07:00:00Z", "result": "nothing-due" }));
    // Under a policy with runs every 12 hours.
    ran(24 * 3600);
    place.assert_exit(&[], 0);
    ran(24 * 3600 + 1);
    let text = place.assert_exit(&[], 1);
    assert!(text.contains("warning  stopped: no run since 2027-01-14T07:59:59Z, 1d 1s ago"), "{text}");
    assert!(place.assert_exit(&["--nagios"], 1).starts_with("ZONESEAL WARNING - 1 zone: 1 ok, "));
    let json: serde_json::Value = serde_json::from_str(&place.assert_exit(&["--json"], 1)).unwrap();
    assert_eq!((&json["status"], &json["troubles"][0]["code"]), (&"warning".into(), &"stopped".into()));
    let metrics = metrics::text(&of_config(&place.config(), Thresholds::default(), NOW), NOW);
    assert!(metrics.contains("\nzoneseal_last_run_timestamp_seconds 1799913599\n"), "{metrics}");
    assert!(metrics.contains("\nzoneseal_status 1\n"), "{metrics}");
    place.assert_exit(&["a.example"], 0);
}

/// A zone whose file is gone is not forgotten for as long as its signed zone is there.
#[test]
fn zones_that_are_not_configured_any_more_are_told() {
    let place = Place::new();
    place.zone("a.example", |_| {});
    place.zone("b.example", |_| {});
    fs::remove_file(place.path("b.example.zone")).unwrap();
    place.assert_exit(&[], 0);
    fs::create_dir(place.path("signed")).unwrap();
    fs::write(place.path("signed/b.example.zone.signed"), "").unwrap();
    let text = place.assert_exit(&[], 1);
    assert!(text.contains("warning  not-configured: b.example. is not configured any more"), "{text}");
    assert!(text.contains("its signatures end from 2027-01-20T08:00:00Z on"), "{text}");
    fs::remove_file(place.path("a.example.zone")).unwrap();
    let text = place.assert_exit(&[], 1);
    assert!(text.contains("no-zones: there are no zones"), "{text}");
    assert!(text.contains("not-configured: b.example. is not configured any more"), "{text}");
    place.assert_exit(&["--nagios"], 1);
    // Of a catalog that is broken nobody knows the members: they are not gone.
    fs::write(place.path("zoneseal.toml"), "[[zones]]\ncatalog = 'none'\nfile = '{zone}'\n").unwrap();
    let text = place.assert_exit(&[], 1);
    assert!(text.contains("unknown  entry-unusable: none: No such file"), "{text}");
    assert!(!text.contains("not-configured"), "{text}");
    place.assert_exit(&["--nagios"], 3);
}

#[test]
fn without_a_configuration_nothing_is_known() {
    let place = Place::new();
    fs::write(place.path("zoneseal.toml"), "zone = 1").unwrap();
    let output = place.status(&[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("zoneseal.toml"), "{output:?}");
    let text = place.assert_exit(&["--nagios"], 3);
    assert!(text.starts_with("ZONESEAL UNKNOWN - zoneseal.toml"), "{text}");
    // To a monitor 2 would say that the zones are in a bad way.
    let text = place.assert_exit(&["--nagios", "--no-such"], 3);
    assert_eq!(text, "ZONESEAL UNKNOWN - unexpected argument '--no-such' found\n");
    fs::remove_file(place.path("zoneseal.toml")).unwrap();
    let said = place.status(&[]).stderr;
    assert!(String::from_utf8_lossy(&said).contains("= help: begin one here with zoneseal init ZONES-DIR, or say"));
}

/// A policy that went away is said, and the rest is told all the same.
#[test]
fn a_policy_that_cannot_be_used_is_a_warning() {
    let place = Place::new();
    place.zone("a.example", |_| {});
    fs::write(place.path("zoneseal.toml"), "[[zones]]\nfiles = \"*.zone\"\npolicy = \"none.toml\"\n").unwrap();
    let text = place.assert_exit(&[], 1);
    assert!(text.contains("policy-unusable: none.toml"), "{text}");
}

/// A sample of the metrics: name, labels as they are written, value.
fn parse(line: &str) -> (String, String, f64) {
    let (name, rest) = line.split_at(line.find(['{', ' ']).unwrap());
    let (labels, value) = match rest.strip_prefix('{') {
        Some(rest) => rest.rsplit_once("} ").unwrap(),
        None => ("", rest.trim_start()),
    };
    assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{line}");
    (name.to_owned(), labels.to_owned(), value.parse().unwrap())
}

/// Every family has HELP and TYPE in front of its samples, every sample once, and what is unknown has none.
#[test]
fn metrics_are_what_prometheus_takes() {
    let place = Place::new();
    place.zone("a.example", |ledger| {
        ledger.hook_pending = Some(HookPending { since: NOW, attempts: 1, error: None });
        ledger.duration_ms = 1203;
    });
    place.zone("\\\"b.example", |ledger| ledger.earliest_expiration = None);
    fs::write(place.path("never.example.zone"), "").unwrap();
    let file = place.path("metrics.prom");
    place.assert_exit(&["--metrics", file.to_str().unwrap()], 1);
    let text = fs::read_to_string(&file).unwrap();
    let mut family = String::new();
    let mut seen = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            family = help.split(' ').next().unwrap().to_owned();
            assert_eq!(lines.next(), Some(format!("# TYPE {family} gauge").as_str()));
            continue;
        }
        let (name, labels, value) = parse(line);
        assert_eq!(name, family);
        assert!(!seen.iter().any(|(other, known, _)| *other == name && *known == labels), "twice: {line}");
        seen.push((name, labels, value));
    }
    let of = |name: &str, labels: &str| {
        seen.iter().find(|(other, known, _)| other == name && known == labels).map(|(_, _, value)| *value)
    };
    let a = "zone=\"a.example.\"";
    assert_eq!(of("zoneseal_metrics_timestamp_seconds", ""), Some(1_800_000_000.0));
    assert_eq!(of("zoneseal_zones", "status=\"warning\""), Some(2.0), "{text}");
    assert_eq!(of("zoneseal_zones", "status=\"ok\""), Some(1.0));
    assert_eq!(of("zoneseal_zone_status", a), Some(1.0));
    assert_eq!(of("zoneseal_zone_hook_pending", a), Some(1.0));
    assert_eq!(of("zoneseal_zone_serial", a), Some(7.0));
    assert_eq!(of("zoneseal_zone_last_duration_seconds", a), Some(1.203));
    assert_eq!(of("zoneseal_zone_result", "zone=\"a.example.\",result=\"changed\""), Some(1.0));
    assert_eq!(of("zoneseal_zone_result", "zone=\"a.example.\",result=\"failed\""), Some(0.0));
    assert_eq!(of("zoneseal_zone_earliest_expiration_timestamp_seconds", a), Some(1_800_432_000.0));
    let odd = "zone=\"\\\\\\\"b.example.\"";
    assert_eq!(of("zoneseal_zone_serial", odd), Some(7.0), "{text}");
    assert_eq!(of("zoneseal_zone_earliest_expiration_timestamp_seconds", odd), None);
    // A zone that was never run is counted, and has no figures.
    assert_eq!(seen.iter().filter(|(_, labels, _)| labels.contains("never.example")).count(), 1);
    assert!(text.ends_with('\n'));
}

#[test]
fn metrics_that_cannot_be_written_are_a_failure() {
    let place = Place::new();
    place.zone("a.example", |_| {});
    let output = place.status(&["--metrics", "no/such/folder/metrics.prom"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no/such/folder/metrics.prom"), "{output:?}");
}

/// From ledgers alone: the zone files are not there, and thousands take no time.
#[test]
fn thousands_of_zones_are_told_at_once() {
    let place = Place::new();
    let count = 2000;
    let entries: String = (0..count)
        .map(|number| format!("[[zones]]\nname = \"z{number}.example\"\nfile = \"z{number}.zone\"\n"))
        .collect();
    fs::write(place.path("zoneseal.toml"), entries).unwrap();
    place.zone("z0.example", |_| {});
    let sample = fs::read_to_string(place.path("state/z0.example.run.json")).unwrap();
    for number in 0..count {
        let text = sample.replace("z0.example", &format!("z{number}.example"));
        let text = text.replace(&format!("z{number}.example.zone"), &format!("z{number}.zone"));
        fs::write(place.path(&format!("state/z{number}.example.run.json")), text).unwrap();
    }
    let began = std::time::Instant::now();
    let status = of_config(&place.config(), Thresholds::default(), NOW);
    let took = began.elapsed();
    let zones = &status.zones;
    assert_eq!(zones.len(), count);
    let bad: Vec<_> = zones.iter().filter(|zone| zone.level != Level::Ok).map(|zone| &zone.troubles).collect();
    assert!(bad.is_empty(), "{:?}", bad.first());
    assert!(took.as_secs() < 20, "{took:?}");
    assert!(metrics::text(&status, NOW).contains("zoneseal_zones{status=\"ok\"} 2000\n"));
}

/// Two zones of which one is worse, and of equal ones the one whose signatures end first.
#[test]
fn the_worst_comes_first() {
    let place = Place::new();
    place.zone("a.example", |_| {});
    place.zone("b.example", |ledger| ledger.earliest_expiration = Some(NOW.plus(Seconds(4 * 86_400))));
    place.zone("c.example", |ledger| ledger.result = RunResult::Failed);
    let zones = of_config(&place.config(), Thresholds::default(), NOW).zones;
    let titles: Vec<_> = zones.iter().map(|zone| zone.title()).collect();
    assert_eq!(titles, ["c.example.", "b.example.", "a.example."]);
}
