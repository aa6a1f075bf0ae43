//! The log of a zone's state: one JSON object a line, each with the SHA-256 of the line before it.
//!
//! ```text
//! {"seq":1,"at":"…","who":{…},"what":"…","why":"…","state":"<sha256>","previous":null}
//! {"seq":2,"at":"…",…,"state":"<sha256>","previous":"<sha256 of line 1>"}
//! ```
//!
//! The chain shows that a line was edited, taken out, moved or cut off, unless all lines after it were made anew. Whoever
//! can write the file can do that; the last entry's hash, printed by `log --verify`, kept elsewhere shows that too.

use super::who::Who;
use crate::base::{Diagnostic, Position, UnixTime};
use crate::crypto::digest::sha256;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// A change to be logged.
#[derive(Clone, Debug)]
pub struct LogEntry<'a> {
    /// When.
    pub at: UnixTime,
    /// Who.
    pub who: &'a Who,
    /// What changed, in a sentence.
    pub what: &'a str,
    /// Why, in a sentence: a rule, an observation, the operator's word.
    pub why: &'a str,
}

/// A change as it stands in the log.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct LoggedEntry {
    /// Number from 1.
    pub seq: u64,
    /// When.
    pub at: UnixTime,
    /// Who.
    pub who: Who,
    /// What changed.
    pub what: String,
    /// Why.
    pub why: String,
    /// SHA-256 of the state that was found, where it was not the one of the entry before: changed by hand, or put back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// SHA-256 of the state since then.
    pub state: String,
    /// SHA-256 of the line before, without its end; null in the first.
    pub previous: Option<String>,
}

impl LoggedEntry {
    /// Its line, with its end.
    #[must_use]
    pub fn to_line(&self) -> String {
        let mut line = serde_json::to_string(self).expect("strings and numbers are JSON");
        line.push('\n');
        line
    }

    /// In plain words, on two or three lines.
    #[must_use]
    pub fn words(&self) -> String {
        let mut words = format!("{:>5}  {}  {}\n       {}", self.seq, self.at, self.who.words(), self.what);
        if !self.why.is_empty() {
            words.push_str(&format!("\n       because {}", self.why));
        }
        if self.found.is_some() {
            words.push_str("\n       the state before it had been changed outside of zoneseal");
        }
        words
    }
}

/// SHA-256 in hex.
#[must_use]
pub(super) fn hash(bytes: &[u8]) -> String {
    let mut hex = Vec::with_capacity(64);
    crate::base::text::push_hex(&sha256(&[bytes]), &mut hex);
    hex.make_ascii_lowercase();
    String::from_utf8(hex).expect("hex is ASCII")
}

/// A line of a log.
#[derive(Clone, Debug)]
pub struct LogLine {
    /// Its number in the file, from 1.
    pub number: u32,
    /// SHA-256 of its octets without the line's end.
    pub hash: String,
    /// What it says, or why it is none.
    pub entry: Result<LoggedEntry, String>,
    /// Whether it has its end.
    pub is_whole: bool,
    /// Its text, as far as it is text.
    pub(super) text: String,
    /// Where it begins in the file, in octets.
    pub(super) offset: u64,
}

/// All lines of a log.
#[must_use]
pub fn parse(text: &[u8]) -> Vec<LogLine> {
    let mut offset = 0;
    text.split_inclusive(|&byte| byte == b'\n')
        .zip(1..)
        .map(|(line, number)| {
            let content = line.strip_suffix(b"\n").unwrap_or(line);
            let parsed = LogLine {
                number,
                hash: hash(content),
                entry: serde_json::from_slice(content).map_err(|error| error.to_string()),
                is_whole: content.len() != line.len(),
                text: String::from_utf8_lossy(content).into_owned(),
                offset,
            };
            offset += line.len() as u64;
            parsed
        })
        .collect()
}

/// What the state file says about its place in the log.
#[derive(Clone, Debug)]
pub(super) struct Anchor<'a> {
    /// The entry it was written with.
    pub(super) entry: &'a LoggedEntry,
    /// SHA-256 of the state that stands in it.
    pub(super) digest: &'a str,
}

/// Checks the chain, and that its end is the state file's. Each finding names a line.
pub(super) fn verify(path: &Path, lines: &[LogLine], anchor: Option<&Anchor<'_>>) -> Vec<Diagnostic> {
    let mut check = Check { file: path.display().to_string().into(), findings: Vec::new() };
    let all: BTreeSet<u64> = lines.iter().filter_map(|line| line.entry.as_ref().ok().map(|entry| entry.seq)).collect();
    let mut by_seq: BTreeMap<u64, (&LogLine, &LoggedEntry)> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    let mut garbled_before = 0;
    for line in lines {
        match &line.entry {
            Ok(entry) if line.is_whole => {
                check.order(line, entry.seq, &seen, &all, garbled_before);
                by_seq.entry(entry.seq).or_insert((line, entry));
                seen.insert(entry.seq);
                garbled_before = 0;
                continue;
            }
            Ok(_) => check.push(line.number, "log-line-cut", "the line has no end: the log was cut off here".into()),
            Err(why) => {
                check.push(line.number, "log-line-garbled", format!("not an entry: cut off or edited ({why})"));
            }
        }
        garbled_before += 1;
    }
    for (line, entry) in by_seq.values() {
        let before = entry.seq.checked_sub(1).and_then(|seq| by_seq.get(&seq));
        check.link(line, entry, before.map(|(line, _)| *line), lines);
    }
    check.end(by_seq.last_key_value().map(|(_, &(line, entry))| (line, entry)), anchor);
    check.findings.sort_by_key(|finding| finding.position.as_ref().map_or(u32::MAX, |position| position.line));
    check.findings
}

/// A verification under way.
struct Check {
    file: Arc<str>,
    findings: Vec<Diagnostic>,
}

impl Check {
    fn push(&mut self, line: u32, code: &'static str, message: String) {
        let position = Position { file: self.file.clone(), line, column: 1 };
        self.findings.push(Diagnostic::error(code, message).at(Some(position)));
    }

    /// Whether an entry stands where its number puts it; `seen` are the numbers before it.
    fn order(&mut self, line: &LogLine, seq: u64, seen: &BTreeSet<u64>, all: &BTreeSet<u64>, garbled_before: u64) {
        let expected = seen.last().map_or(1, |newest| newest.saturating_add(1));
        if seq < expected {
            let (code, message) = if seen.contains(&seq) {
                ("log-line-repeated", format!("entry {seq} stands here a second time"))
            } else {
                ("log-line-moved", format!("entry {seq} stands behind entry {}: lines were reordered", expected - 1))
            };
            return self.push(line.number, code, message);
        }
        // Numbers of lines that were garbled are not missed: those lines have been named.
        let Some(first) = (expected..seq).find(|seq| !all.contains(seq)).filter(|_| seq - expected > garbled_before)
        else {
            return;
        };
        let last = all.range(first..).next().map_or(seq, |&next| next.min(seq)) - 1;
        let which = match first == last {
            true => format!("entry {first} is"),
            false => format!("entries {first} to {last} are"),
        };
        let message = format!("{which} missing before this line: deleted, or the log was cut at its front");
        self.push(line.number, "log-line-missing", message);
    }

    /// Whether an entry's hash is that of the line before it, which may have been garbled already when it was written.
    fn link(&mut self, line: &LogLine, entry: &LoggedEntry, before: Option<&LogLine>, lines: &[LogLine]) {
        let garbled = lines.iter().find(|other| other.number + 1 == line.number && other.entry.is_err());
        let previous = entry.previous.as_ref();
        if [before, garbled].iter().flatten().any(|before| Some(&before.hash) == previous) {
            return;
        }
        if let Some(before) = before.or(garbled) {
            let message = format!("edited after it was written: line {} goes by another text of it", line.number);
            self.push(before.number, "log-line-edited", message);
        } else if previous.is_some() != (entry.seq > 1) {
            let message = format!("entry {} was edited: its hash of the line before cannot be", entry.seq);
            self.push(line.number, "log-line-edited", message);
        }
    }

    /// Whether the last entry is the one the state file was written with, and tells its state.
    fn end(&mut self, last: Option<(&LogLine, &LoggedEntry)>, anchor: Option<&Anchor<'_>>) {
        let number = last.map_or(1, |(line, _)| line.number);
        let Some(anchor) = anchor else {
            if last.is_some() {
                self.push(number, "log-without-state", "there is no state file that this log ends with".into());
            }
            return;
        };
        let written = anchor.entry.seq;
        match last {
            None => self.push(
                number,
                "log-cut",
                format!("the log is gone; the state file was written with entry {written}"),
            ),
            Some((_, entry)) if entry.seq < written => {
                let message = format!(
                    "the log ends with entry {}, but the state file was written with entry {written}",
                    entry.seq
                );
                self.push(number, "log-cut", message);
                if entry.seq + 1 == written
                    && let Some(finding) = self.findings.last_mut()
                {
                    finding.help = "if a run was interrupted, the next command that changes the state adds the entry; \
                                    else the last line was taken out"
                        .into();
                }
            }
            Some((_, entry)) if entry.seq > written => {
                let message = format!(
                    "the log ends with entry {}, but the state file is that of entry {written}: an older one was put back",
                    entry.seq
                );
                self.push(number, "state-older-than-log", message);
            }
            Some((_, entry)) if entry != anchor.entry => {
                self.push(
                    number,
                    "log-line-edited",
                    format!("entry {written} was edited: the state file has another text of it"),
                );
            }
            Some(_) => {}
        }
        if anchor.entry.state != anchor.digest {
            let message = format!(
                "the state file was changed after entry {written}: its digest is {}, not {}",
                anchor.digest, anchor.entry.state
            );
            self.push(number, "state-edited", message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A log of so many entries, and its lines.
    fn log(count: u64) -> Vec<String> {
        let mut previous = None;
        let who = Who { user: Some("root".into()), program: "zoneseal 0".into(), ..Who::default() };
        let entry = |seq, previous| LoggedEntry {
            seq,
            at: UnixTime(1_800_000_000),
            who: who.clone(),
            what: format!("change {seq}"),
            why: "I-4".into(),
            found: None,
            state: hash(seq.to_string().as_bytes()),
            previous,
        };
        (1..=count)
            .map(|seq| {
                let line = entry(seq, previous.take()).to_line();
                previous = Some(hash(line.trim_end().as_bytes()));
                line
            })
            .collect()
    }

    /// `line: code` of each finding, the state file being the one of entry `written`, whose text is `anchor`.
    fn findings_of(text: &str, anchor: &str) -> Vec<String> {
        let entry: LoggedEntry = serde_json::from_str(anchor).unwrap();
        let digest = hash(entry.seq.to_string().as_bytes());
        let anchor = Anchor { entry: &entry, digest: &digest };
        verify(Path::new("x.log"), &parse(text.as_bytes()), Some(&anchor))
            .iter()
            .map(|finding| format!("{}: {}", finding.position.as_ref().unwrap().line, finding.code))
            .collect()
    }

    #[track_caller]
    fn assert_findings(lines: &[String], written: usize, expected: &[&str]) {
        assert_eq!(findings_of(&lines.concat(), &log(5)[written - 1]), expected);
    }

    #[test]
    fn a_log_as_it_was_written_has_no_findings() {
        assert_findings(&log(5), 5, &[]);
        assert_findings(&log(1), 1, &[]);
    }

    #[test]
    fn each_change_is_named_by_its_line() {
        let lines = log(5);
        let edited = |at: usize| {
            let mut lines = lines.clone();
            lines[at] = lines[at].replace("change", "nothing");
            lines
        };
        for at in 0..5 {
            assert_findings(&edited(at), 5, &[&format!("{}: log-line-edited", at + 1)]);
        }
        let without = |range: std::ops::Range<usize>| {
            let mut lines = lines.clone();
            lines.drain(range);
            lines
        };
        assert_findings(&without(0..1), 5, &["1: log-line-missing"]);
        assert_findings(&without(1..2), 5, &["2: log-line-missing"]);
        assert_findings(&without(1..4), 5, &["2: log-line-missing"]);
        assert_findings(&without(4..5), 5, &["4: log-cut"]);
        assert_findings(&without(2..5), 5, &["2: log-cut"]);
        assert_findings(&[], 5, &["1: log-cut"]);
        let mut swapped = lines.clone();
        swapped.swap(1, 2);
        assert_findings(&swapped, 5, &["3: log-line-moved"]);
        let mut repeated = lines.clone();
        repeated.insert(3, lines[1].clone());
        assert_findings(&repeated, 5, &["4: log-line-repeated"]);
        assert_findings(&lines, 3, &["5: state-older-than-log"]);
    }

    #[test]
    fn cut_and_garbled_lines_are_named() {
        let lines = log(5);
        let whole = lines.concat();
        assert_eq!(findings_of(whole.trim_end(), &lines[4]), ["4: log-cut", "5: log-line-cut"]);
        assert_eq!(findings_of(&whole[..whole.len() - 40], &lines[4]), ["4: log-cut", "5: log-line-garbled"]);
        let mut garbled = lines;
        garbled[2] = "{\"seq\":3,\n".into();
        // Line 4 was written after another line 3.
        assert_findings(&garbled, 5, &["3: log-line-garbled", "3: log-line-edited"]);
    }

    /// A number out of all bounds is one more finding, not a long wait.
    #[test]
    fn absurd_numbers() {
        let mut lines = log(3);
        lines[1] = lines[1].replace("\"seq\":2", &format!("\"seq\":{}", u64::MAX));
        let found = findings_of(&lines.concat(), &log(3)[2]);
        assert!(found.contains(&"2: log-line-missing".to_owned()), "{found:?}");
    }

    /// Whoever changes a line must change all that follow, and then the state file tells.
    #[test]
    fn a_chain_made_anew_ends_differently() {
        let mut forged = log(2);
        forged[1] = forged[1].replace("change 2", "change two");
        let found = findings_of(&forged.concat(), &log(2)[1]);
        assert_eq!(found, ["2: log-line-edited"]);
    }

    #[test]
    fn lines_come_back() {
        let line = log(2).remove(1);
        let parsed = parse(line.as_bytes()).remove(0);
        assert_eq!(parsed.entry.unwrap().to_line(), line);
        assert!(serde_json::from_str::<LoggedEntry>(&line.replace("\"seq\"", "\"new\":1,\"seq\"")).is_err());
    }
}
