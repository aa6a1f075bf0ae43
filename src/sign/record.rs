//! The record of a signing: what was read, what came out, and that it was verified, kept from one run to the next.
//!
//! ```text
//! run ─ self-check passed ─▶ record: digests of input, output, keys, options; when signatures end
//!                              │
//! next run ────────────────────┴─ all the same, nothing due ─▶ nothing to do, and only two files were hashed
//!                                 output the same          ─▶ its signatures need not be verified again
//! ```
//!
//! The record is trusted as far as its digests go and no further: of a file whose octets have another digest it says no more
//! than the serial that was published before. Whatever is in doubt (no record, one of another version, one that was damaged, a clock that went back) leads
//! to the run that there would have been without it. It is no protection against somebody who can write both it and the
//! signed zone, who could as well publish what they like.

use super::own_keys::OwnKeys;
use super::previous::ReuseCounts;
use super::self_check::Checked;
use super::serial::next_serials;
use super::summary::{ReuseSummary, Summary, TextDigest};
use super::times::{Expirations, SignatureTimes};
use super::{SelfCheck, SignOptions};
use crate::base::text::push_hex;
use crate::base::{Diagnostics, NameBuf, Rtype, UnixTime};
use crate::crypto::digest::sha256;
use crate::zone::BuildOptions;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;
use std::path::Path;

/// What records of this form call themselves.
const SCHEMA: &str = "zoneseal.record/1";
/// What records of any form call themselves in front of their number.
const SCHEMA_PREFIX: &str = "zoneseal.record/";
/// The program that wrote a record. Another version may sign other than this one, so it has to do its own work once.
const PROGRAM: &str = concat!("zoneseal ", env!("CARGO_PKG_VERSION"));

/// The octets of a file by their digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileDigest {
    /// The file, from the root; for a stream `-` in the working directory, where its includes start.
    pub path: String,
    /// How long it is.
    pub octets: u64,
    /// SHA-256, in hex.
    pub sha256: String,
}

impl FileDigest {
    /// Of a file's text, read before.
    #[must_use]
    pub fn of(path: &Path, text: &[u8]) -> Self {
        Self::with_digest(path, &TextDigest::of(text))
    }

    /// The same, with the digest known already.
    #[must_use]
    pub fn with_digest(path: &Path, TextDigest { octets, sha256: digest }: &TextDigest) -> Self {
        // Only an empty path has no absolute form, and one without a working directory.
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Self { path: path.to_string_lossy().into_owned(), octets: *octets, sha256: hex(digest) }
    }

    /// Whether the octets are the same, wherever they stand.
    fn is_same_text(&self, other: &Self) -> bool {
        (self.octets, &self.sha256) == (other.octets, &other.sha256)
    }
}

fn hex(octets: &[u8]) -> String {
    let mut out = Vec::with_capacity(2 * octets.len());
    push_hex(octets, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// How the signed zone of a record was verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verified {
    /// By a full self-check.
    SelfCheck,
    /// All its signatures were, and its records are those that signing gives; it was not written by that run.
    Signatures,
}

/// First and last of some times, in seconds since 1970.
type Range = Option<(i64, i64)>;

/// What a run leaves for the next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    program: String,
    zone: String,
    /// The time of the run.
    made: i64,
    /// The same for people.
    made_at: String,
    verified: Verified,
    /// The zone file, then what it includes.
    inputs: Vec<FileDigest>,
    output: FileDigest,
    /// Digest of all options that matter for what is signed and how.
    options: String,
    /// Digest of the keys and what each does.
    keys: String,
    key_set_expirations: Range,
    data_expirations: Range,
    serial_in_file: u32,
    serial: u32,
    records_read: u64,
    records_dropped: u64,
    foreign_dnskeys_kept: usize,
    foreign_dnskeys_dropped: usize,
    chain_records: u64,
    signatures: u64,
    /// What was said of the zone and its signing, to be said again; what keys give cause to is found again.
    findings: Vec<String>,
}

/// A record as it stands in its file.
#[derive(Serialize)]
struct Envelope<'a> {
    schema: &'static str,
    /// Of the record in JSON without blanks, against damage.
    digest: String,
    record: &'a Record,
}

/// Why a record does not help.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unfit {
    /// It is damaged, or none.
    Damaged,
    /// It has another form.
    OtherForm,
    /// Another version of the program wrote it.
    OtherProgram(String),
    /// It is from the future.
    ClockWentBack(UnixTime),
    /// The signed zone has changed since.
    OutputChanged,
    /// This input has changed, or cannot be read.
    InputChanged(String),
    /// The options are other ones.
    OptionsChanged,
    /// The keys, or what they do, are other ones.
    KeysChanged,
    /// Signatures are due.
    Due,
    /// What is asked for must be looked at closely: times that are fixed, or that do not go together any more.
    Times,
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged => f.write_str("it is damaged"),
            Self::OtherForm => f.write_str("it has a form that this version does not know"),
            Self::OtherProgram(program) => write!(f, "{program} wrote it"),
            Self::ClockWentBack(made) => write!(f, "it is from {made}, which is in the future"),
            Self::OutputChanged => f.write_str("the signed zone is not the one it speaks of"),
            Self::InputChanged(path) => write!(f, "{path} has changed"),
            Self::OptionsChanged => f.write_str("the options have changed"),
            Self::KeysChanged => f.write_str("the keys have changed"),
            Self::Due => f.write_str("signatures are due"),
            Self::Times => f.write_str("the times asked for have to be looked at"),
        }
    }
}

/// What a run knows when it makes its record.
#[derive(Clone, Copy, Debug)]
pub struct Made<'a> {
    /// What it did.
    pub summary: &'a Summary,
    /// The zone file, then what it includes.
    pub inputs: &'a [FileDigest],
    /// The signed zone's file.
    pub output: &'a Path,
    /// See [`options_digest`].
    pub options: &'a str,
    /// The keys.
    pub keys: &'a OwnKeys,
    /// The time of the run.
    pub now: UnixTime,
    /// What was said of the zone and its signing.
    pub findings: &'a [String],
}

impl Record {
    /// The record of a run; `None` if its output was not verified in full.
    #[must_use]
    pub fn of(made: Made<'_>) -> Option<Self> {
        let summary = made.summary;
        let digest = summary.verified_text.as_ref()?;
        let reuse = summary.reuse.unwrap_or_default();
        let range = |range: Option<(UnixTime, UnixTime)>| range.map(|(first, last)| (first.0, last.0));
        Some(Self {
            program: PROGRAM.into(),
            zone: summary.zone.to_string(),
            made: made.now.0,
            made_at: made.now.to_iso_text(),
            verified: if reuse.is_unchanged { Verified::Signatures } else { Verified::SelfCheck },
            inputs: made.inputs.to_vec(),
            output: FileDigest::with_digest(made.output, digest),
            options: made.options.into(),
            keys: made.keys.digest(),
            key_set_expirations: range(summary.expirations.key_set),
            data_expirations: range(summary.expirations.data),
            serial_in_file: summary.serial_before,
            serial: summary.serial,
            records_read: summary.records_read,
            records_dropped: summary.records_dropped,
            foreign_dnskeys_kept: summary.foreign_dnskeys_kept,
            foreign_dnskeys_dropped: summary.foreign_dnskeys_dropped,
            chain_records: summary.chain_records,
            signatures: summary.signatures + reuse.counts.kept,
            findings: made.findings.to_vec(),
        })
    }

    /// As it is written.
    #[must_use]
    pub fn to_text(&self) -> String {
        let envelope = Envelope { schema: SCHEMA, digest: self.digest(), record: self };
        serde_json::to_string_pretty(&envelope).expect("a record has string keys and finite numbers") + "\n"
    }

    /// Reads what [`Self::to_text`] wrote.
    ///
    /// # Errors
    /// [`Unfit`] for anything else.
    pub fn parse(text: &[u8]) -> Result<Self, Unfit> {
        let mut value: Value = serde_json::from_slice(text).map_err(|_| Unfit::Damaged)?;
        match value["schema"].as_str() {
            Some(SCHEMA) => {}
            Some(other) if other.starts_with(SCHEMA_PREFIX) => return Err(Unfit::OtherForm),
            _ => return Err(Unfit::Damaged),
        }
        let record: Self = serde_json::from_value(value["record"].take()).map_err(|_| Unfit::Damaged)?;
        if value["digest"].as_str() != Some(&record.digest()) {
            return Err(Unfit::Damaged);
        }
        Ok(record)
    }

    fn digest(&self) -> String {
        let compact = serde_json::to_vec(self).expect("a record has string keys and finite numbers");
        hex(&sha256(&[&compact]))
    }

    /// The zone; `None` if it is no name.
    #[must_use]
    pub fn zone(&self) -> Option<NameBuf> {
        self.zone.parse().ok()
    }

    /// The serial of the signed zone. It was published, whatever has become of the signed zone and whoever wrote the record.
    #[must_use]
    pub const fn serial(&self) -> u32 {
        self.serial
    }

    /// What was said of the zone, in text.
    #[must_use]
    pub fn findings(&self) -> &[String] {
        &self.findings
    }

    /// How the signed zone was verified.
    #[must_use]
    pub const fn verified(&self) -> Verified {
        self.verified
    }

    /// When the first signature ends.
    #[must_use]
    pub fn first_expiration(&self) -> Option<UnixTime> {
        self.expirations().whole().map(|(first, _)| first)
    }

    /// Whether it speaks of this signed zone, so that the signatures in it are known to be right.
    ///
    /// # Errors
    /// Why not.
    pub fn check_output(&self, output: &FileDigest, now: UnixTime) -> Result<(), Unfit> {
        if self.program != PROGRAM {
            return Err(Unfit::OtherProgram(self.program.clone()));
        }
        if self.made > now.0 {
            return Err(Unfit::ClockWentBack(UnixTime(self.made)));
        }
        if self.output.is_same_text(output) { Ok(()) } else { Err(Unfit::OutputChanged) }
    }

    /// Whether the zone was made of this file and of what it includes, with these options. `read` gives the digest of
    /// an included file as it is now.
    ///
    /// # Errors
    /// Why not.
    pub fn check_inputs(
        &self,
        zone_file: &FileDigest,
        options: &str,
        read: impl Fn(&Path) -> Option<FileDigest>,
    ) -> Result<(), Unfit> {
        if self.options != options {
            return Err(Unfit::OptionsChanged);
        }
        let Some((first, included)) = self.inputs.split_first() else { return Err(Unfit::Damaged) };
        // The name counts too: what is included is looked for beside it.
        if first != zone_file {
            return Err(Unfit::InputChanged(zone_file.path.clone()));
        }
        let is_changed = |file: &&FileDigest| read(Path::new(&file.path)).as_ref() != Some(*file);
        match included.iter().find(is_changed) {
            Some(file) => Err(Unfit::InputChanged(file.path.clone())),
            None => Ok(()),
        }
    }

    /// Whether the keys are the same and nothing is due: then signing again would change nothing, provided that output
    /// and input were found to be the same.
    ///
    /// # Errors
    /// Why not.
    pub fn check_due(&self, keys: &OwnKeys, options: &SignOptions, now: UnixTime) -> Result<(), Unfit> {
        // Who sorts keys by uses asks for more than a record tells: who signed what.
        if self.keys != keys.digest() || keys.set().is_by_uses() {
            return Err(Unfit::KeysChanged);
        }
        let times = SignatureTimes::resolve(&options.times, now).map_err(|_| Unfit::Times)?;
        // What is said about fixed times changes as they draw near.
        if options.times.is_fixed() || times.check_refresh(options.refresh).is_err() {
            return Err(Unfit::Times);
        }
        let serials = next_serials(options.serial, self.serial_in_file, Some(self.serial), options.serial_floor, now);
        if !serials.is_ok_and(|serials| serials.unchanged == self.serial) {
            return Err(Unfit::Times);
        }
        let Expirations { key_set, data } = self.expirations();
        let is_due = |range: Option<(UnixTime, UnixTime)>, rtype| {
            range.is_some_and(|(first, _)| times.is_due(first, rtype, options.refresh))
        };
        match is_due(key_set, Rtype::DNSKEY) || is_due(data, Rtype::SOA) {
            true => Err(Unfit::Due),
            false => Ok(()),
        }
    }

    /// The summary of the run that has nothing to do.
    #[must_use]
    pub fn summary(&self, zone: NameBuf, keys: &OwnKeys, options: &SignOptions) -> Summary {
        let counts = ReuseCounts { kept: self.signatures, ..ReuseCounts::default() };
        Summary {
            zone,
            serial_before: self.serial_in_file,
            serial: self.serial,
            records_read: self.records_read,
            records_dropped: self.records_dropped,
            records_written: 0,
            octets: 0,
            keys: Summary::idle_keys(keys.set()),
            foreign_dnskeys_kept: self.foreign_dnskeys_kept,
            foreign_dnskeys_dropped: self.foreign_dnskeys_dropped,
            denial: options.denial.clone(),
            chain_records: self.chain_records,
            signatures: 0,
            expirations: self.expirations(),
            self_check: options.self_check,
            checked: Checked { signatures: self.signatures, known: self.signatures, ..Checked::default() },
            verified_text: None,
            reuse: Some(ReuseSummary { serial: self.serial, counts, is_unchanged: true }),
            published: None,
        }
    }

    fn expirations(&self) -> Expirations {
        let range = |range: Range| range.map(|(first, last)| (UnixTime(first), UnixTime(last)));
        Expirations { key_set: range(self.key_set_expirations), data: range(self.data_expirations) }
    }
}

/// The digest of all options that matter for what is signed and how. Who checks, and how much, does not.
#[must_use]
pub fn options_digest(options: &SignOptions, build: &BuildOptions) -> String {
    // Taken apart, so that an option that is added cannot be forgotten here.
    let SignOptions {
        times,
        refresh,
        denial,
        serial,
        serial_floor,
        dnskey_ttl,
        foreign_dnskeys,
        cds,
        cds_digests,
        zonemd,
        self_check: SelfCheck::Full | SelfCheck::Sample | SelfCheck::Off,
        verifier: _,
    } = options;
    let BuildOptions { apex, out_of_zone, mixed_ttl } = build;
    // The debug form is that of this version, and records of other versions are not used.
    let text = format!(
        "{times:?} {refresh:?} {denial:?} {serial:?} {serial_floor:?} {dnskey_ttl:?} {foreign_dnskeys:?} {cds:?} {cds_digests:?} {zonemd:?} {apex:?} \
         {out_of_zone:?} {mixed_ttl:?}"
    );
    hex(&sha256(&[text.as_bytes()]))
}

/// The findings that the next run would have too if nothing changed: those about what changed are not among them.
#[must_use]
pub fn lasting_findings(findings: &Diagnostics, is_about_keys: impl Fn(usize) -> bool) -> Vec<String> {
    let list = findings.list().iter().enumerate();
    let lasting = list.filter(|(index, finding)| {
        !is_about_keys(*index) && finding.code != "serial-same" && !finding.code.starts_with("previous-")
    });
    lasting.map(|(_, finding)| finding.to_string()).collect()
}
