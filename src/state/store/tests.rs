//! The store under failures: each step is made to fail at each place, and what a later run finds is checked.

use super::*;
use crate::base::{NameBuf, UnixTime};
use crate::state::Who;
use std::path::PathBuf;
use tempfile::TempDir;

const NOW: UnixTime = UnixTime(1_800_000_000);

/// A disk that fails in one of its steps.
#[derive(Debug)]
struct FailingDisk {
    fails_to_replace: bool,
    /// How many octets of an addition reach the disk before it fails.
    append_len_max: Option<usize>,
}

impl Disk for FailingDisk {
    fn replace(&mut self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        if self.fails_to_replace {
            return Err(io::ErrorKind::StorageFull.into());
        }
        FileSystem.replace(path, bytes)
    }

    fn append(&mut self, path: &Path, keep: u64, bytes: &[u8]) -> io::Result<()> {
        let Some(len) = self.append_len_max else { return FileSystem.append(path, keep, bytes) };
        FileSystem.append(path, keep, &bytes[..len.min(bytes.len())])?;
        Err(io::ErrorKind::StorageFull.into())
    }
}

/// A key directory and a zone.
struct Fixture {
    directory: TempDir,
    zone: NameBuf,
    who: Who,
}

impl Fixture {
    fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
            zone: "example.com.".parse().unwrap(),
            who: Who { user: Some("root".into()), program: "zoneseal 0".into(), ..Who::default() },
        }
    }

    fn lock(&self) -> Guard {
        let options = LockOptions { who: &self.who, at: NOW, timeout: Duration::ZERO };
        StateFile::lock(self.directory.path(), self.zone.as_name(), &options).unwrap()
    }

    /// Saves a state on a disk.
    fn save_on(&self, disk: impl Disk + 'static, number: i64, what: &str) -> Result<(), StateError> {
        let mut guard = self.lock();
        guard.disk = Box::new(disk);
        guard.save(&state(number), &LogEntry { at: NOW, who: &self.who, what, why: "I-4" })
    }

    #[track_caller]
    fn save(&self, number: i64, what: &str) {
        self.save_on(FileSystem, number, what).unwrap();
    }

    /// What a run finds, and the codes of what it says about it.
    #[track_caller]
    fn load(&self) -> (Option<ZoneState>, Vec<&'static str>) {
        let mut findings = Diagnostics::new(10);
        let state = self.lock().load(&mut findings).unwrap();
        (state, findings.list().iter().map(|finding| finding.code).collect())
    }

    fn load_error(&self) -> String {
        self.lock().load(&mut Diagnostics::new(10)).unwrap_err().to_string()
    }

    /// The entries' texts, and the codes of what `log --verify` finds.
    fn log(&self) -> (Vec<String>, Vec<&'static str>) {
        let (lines, findings) =
            StateFile::read_log(self.directory.path(), self.zone.as_name(), Duration::ZERO, true).unwrap();
        let texts = lines.into_iter().map(|line| line.entry.map_or_else(|_| "garbled".into(), |entry| entry.what));
        (texts.collect(), findings.iter().map(|finding| finding.code).collect())
    }

    fn path(&self, ending: &str) -> PathBuf {
        self.directory.path().join(format!("example.com.zoneseal.{ending}"))
    }

    fn text(&self, ending: &str) -> String {
        fs::read_to_string(self.path(ending)).unwrap()
    }

    fn write(&self, ending: &str, text: &str) {
        fs::write(self.path(ending), text).unwrap();
    }
}

/// States that differ.
fn state(number: i64) -> ZoneState {
    let mut state = ZoneState::new("example.com.".parse().unwrap());
    state.hold_until = Some(UnixTime(number));
    state
}

#[test]
fn what_is_saved_is_loaded_and_logged() {
    let fixture = Fixture::new();
    assert_eq!(fixture.load(), (None, vec![]));
    assert_eq!(fixture.log(), (vec![], vec![]));
    for number in 1..=3 {
        fixture.save(number, &format!("change {number}"));
        assert_eq!(fixture.load(), (Some(state(number)), vec![]));
    }
    let texts = ["change 1", "change 2", "change 3"].map(str::to_owned).to_vec();
    assert_eq!(fixture.log(), (texts, vec![]));
    let mut findings = Diagnostics::new(10);
    let read = StateFile::read(fixture.directory.path(), fixture.zone.as_name(), Duration::ZERO, &mut findings);
    assert_eq!((read.unwrap(), findings.list().len()), (Some(state(3)), 0));
}

#[cfg(unix)]
#[test]
fn the_files_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let fixture = Fixture::new();
    fixture.save(1, "one");
    for ending in ["json", "log", "lock"] {
        let mode = fs::metadata(fixture.path(ending)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{ending}");
    }
}

#[test]
fn a_state_that_cannot_be_written_leaves_the_old_one() {
    let fixture = Fixture::new();
    fixture.save(1, "one");
    let before = (fixture.text("json"), fixture.text("log"));
    let disk = FailingDisk { fails_to_replace: true, append_len_max: None };
    let error = fixture.save_on(disk, 2, "two").unwrap_err().to_string();
    assert!(error.contains("example.com.zoneseal.json: cannot be written"), "{error}");
    assert_eq!((fixture.text("json"), fixture.text("log")), before);
    assert_eq!(fixture.load(), (Some(state(1)), vec![]));
}

/// A crash, or a full disk, after the state was replaced and within the log's line: before it, in it, and at its end.
#[test]
fn a_log_that_cannot_be_written_is_completed_by_the_next_run() {
    let line_len = {
        let fixture = Fixture::new();
        fixture.save(1, "one");
        fixture.save(2, "two");
        fixture.text("log").lines().nth(1).unwrap().len()
    };
    let lengths = (0..line_len).step_by(29).chain([1, line_len - 1, line_len]);
    for (len, is_loaded_first) in lengths.flat_map(|len| [(len, true), (len, false)]) {
        let fixture = Fixture::new();
        fixture.save(1, "one");
        let disk = FailingDisk { fails_to_replace: false, append_len_max: Some(len) };
        let error = fixture.save_on(disk, 2, "two").unwrap_err().to_string();
        assert!(error.contains("the change itself is saved"), "{error}");
        let (texts, findings) = fixture.log();
        assert!(!findings.is_empty() && texts.len() <= 2, "{len}: nothing was found: {findings:?}");
        if is_loaded_first {
            assert_eq!(fixture.load(), (Some(state(2)), vec!["log-repaired"]), "{len}");
            assert_eq!(fixture.log(), (vec!["one".into(), "two".into()], vec![]), "{len}");
        }
        fixture.save(3, "three");
        assert_eq!(fixture.log(), (vec!["one".into(), "two".into(), "three".into()], vec![]), "{len}");
        assert_eq!(fixture.load(), (Some(state(3)), vec![]), "{len}");
    }
}

/// Cut off anywhere, the file is kept aside, and the log goes on.
#[test]
fn a_state_cut_off_is_kept_aside() {
    let whole = {
        let fixture = Fixture::new();
        fixture.save(1, "one");
        fixture.text("json")
    };
    // Without its last line's end it is whole.
    for len in (0..whole.len() - 2).step_by(31).chain([1, whole.len() - 2]) {
        let fixture = Fixture::new();
        fixture.save(1, "one");
        fixture.write("json", &whole[..len]);
        assert_eq!(fixture.log().1, ["log-without-state", "state-garbled"], "{len}");
        assert_eq!(fixture.load(), (None, vec!["state-garbled", "state-missing"]), "{len}");
        assert_eq!(fixture.text("json.bad-1"), whole[..len]);
        fixture.save(2, "two");
        assert_eq!(fixture.log(), (vec!["one".into(), "two".into()], vec![]), "{len}");
    }
}

#[test]
fn a_save_without_a_load_keeps_aside_too() {
    let fixture = Fixture::new();
    fixture.save(1, "one");
    fixture.write("json", "{");
    fixture.save(2, "two");
    assert_eq!(fixture.text("json.bad-1"), "{");
    assert_eq!(fixture.log(), (vec!["one".into(), "two".into()], vec![]));
}

/// What would be lost or misread is refused, and left as it is.
#[test]
fn states_that_are_not_ours_are_refused() {
    let fixture = Fixture::new();
    fixture.save(1, "one");
    let good = fixture.text("json");
    for (from, to, part) in [
        ("\"schema\": 1", "\"schema\": 2", "schema 2, this program knows schemas up to 1"),
        ("\"schema\": 1", "\"schema\": 9, \"of\": \"the future\"", "schema 9"),
        (
            "\"zone\": \"example.com.\",\n  \"entry\"",
            "\"zone\": \"example.net.\",\n  \"entry\"",
            "the state of example.net.",
        ),
        ("\"schema\": 1", "\"schema\": 1, \"more\": 1", "the field more is unknown"),
        ("\"hold_until\"", "\"hodl\": 7, \"hold_until\"", "the field state.hodl is unknown"),
    ] {
        let changed = good.replacen(from, to, 1);
        assert_ne!(changed, good, "{from} is not in the file");
        fixture.write("json", &changed);
        let error = fixture.load_error();
        assert!(error.contains(part), "{error}");
        let saved = fixture.save_on(FileSystem, 2, "two").unwrap_err().to_string();
        assert!(saved.contains(part), "{saved}");
        assert_eq!(fixture.text("json"), changed);
        assert!(!fixture.path("json.bad-1").exists());
    }
}

#[test]
fn an_edited_state_is_said_and_logged() {
    let fixture = Fixture::new();
    fixture.save(1, "one");
    fixture.save(2, "two");
    let edited = fixture
        .text("json")
        .replace(&serde_json::to_string(&UnixTime(2)).unwrap(), &serde_json::to_string(&UnixTime(7)).unwrap());
    fixture.write("json", &edited);
    assert_eq!(fixture.load(), (Some(state(7)), vec!["state-edited"]));
    assert_eq!(fixture.log().1, ["state-edited"]);
    fixture.save(3, "three");
    let last = fixture.text("log").lines().last().unwrap().to_owned();
    assert!(last.contains("\"found\":\""), "{last}");
    assert_eq!((fixture.log().1, fixture.load().1), (vec![], vec![]));
}

/// White space and the order of fields are nobody's edit.
#[test]
fn only_content_counts() {
    let fixture = Fixture::new();
    fixture.save(1, "one");
    let value: Value = serde_json::from_str(&fixture.text("json")).unwrap();
    fixture.write("json", &value.to_string());
    assert_eq!((fixture.load(), fixture.log().1), ((Some(state(1)), vec![]), vec![]));
}

#[test]
fn an_older_state_put_back_is_said() {
    let fixture = Fixture::new();
    fixture.save(1, "one");
    let backup = fixture.text("json");
    fixture.save(2, "two");
    fixture.write("json", &backup);
    assert_eq!(fixture.load(), (Some(state(1)), vec!["state-older-than-log"]));
    assert_eq!(fixture.log().1, ["state-older-than-log"]);
    fixture.save(3, "three");
    assert_eq!(fixture.log(), (vec!["one".into(), "two".into(), "three".into()], vec![]));
    assert!(fixture.text("log").lines().last().unwrap().contains("\"found\""));
}

#[test]
fn a_log_or_a_state_that_is_gone_is_said() {
    let fixture = Fixture::new();
    fixture.save(1, "one");
    fixture.save(2, "two");
    fs::remove_file(fixture.path("log")).unwrap();
    assert_eq!(fixture.log().1, ["log-cut"]);
    assert_eq!(fixture.load(), (Some(state(2)), vec!["log-repaired"]));
    assert_eq!(fixture.log(), (vec!["two".into()], vec!["log-line-missing"]));
    fs::remove_file(fixture.path("json")).unwrap();
    assert_eq!(fixture.load(), (None, vec!["state-missing"]));
    fixture.save(3, "three");
    assert_eq!(fixture.log(), (vec!["two".into(), "three".into()], vec!["log-line-missing"]));
}

/// An end that is no part of our entry is evidence: it stays, named by its line.
#[test]
fn a_strange_end_of_the_log_stays() {
    let fixture = Fixture::new();
    fixture.save(1, "one");
    fixture.write("log", &format!("{}{{\"seq\":2,\"at\"", fixture.text("log")));
    fixture.save(2, "two");
    assert_eq!(fixture.log(), (vec!["one".into(), "garbled".into(), "two".into()], vec!["log-line-garbled"]));
}

/// A digest that others can check: `jq -jcS .state FILE | sha256sum`.
#[test]
fn digests_go_by_sorted_fields() {
    let digest_of = |text: &str| digest(&serde_json::from_str(text).unwrap());
    assert_eq!(
        digest_of("{\"b\": [{\"d\": 1, \"c\": 2}], \"a\": null}"),
        digest_of("{\"a\":null,\"b\":[{\"c\":2,\"d\":1}]}")
    );
    assert_eq!(digest_of("{ }"), "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
}

#[test]
fn fields_that_would_be_lost_are_named() {
    let lost = |found: &str, kept: &str| {
        lost_field(&serde_json::from_str(found).unwrap(), &serde_json::from_str(kept).unwrap())
    };
    assert_eq!(lost("{\"a\":[{\"b\":1}]}", "{\"a\":[{\"b\":1,\"new\":2}]}"), None);
    assert_eq!(lost("{\"a\":[{\"b\":1,\"c\":2}]}", "{\"a\":[{\"b\":1}]}").unwrap(), ".a[0].c");
    assert_eq!(lost("{\"a\":null}", "{}"), None);
    assert_eq!(lost("{\"a\":1}", "{\"a\":2}").unwrap(), ".a");
    assert_eq!(lost("{\"a\":[1]}", "{\"a\":[]}").unwrap(), ".a");
}
