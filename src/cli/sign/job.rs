//! One zone to sign: what the single form of the command and the list have in common.

use super::super::Failure;
use super::super::input::{ZoneText, build_records};
use super::by_state::{HeldState, StateSource};
use super::record::{self as record_file, RecordFile, RecordPlace, RecordUse};
use super::samples::Samples;
use super::watch::Watch;
use crate::base::{Diagnostic, Diagnostics, Name, UnixTime};
use crate::crypto::Backend;
use crate::keys::{self, KeySource};
use crate::output::{AtomicFile, Committer, Outcome, Output, Spool};
use crate::sign::record::{self, FileDigest, Made, Record, Unfit, Verified};
use crate::sign::serial::later;
use crate::sign::{self, Loaded, OwnKeys, Previous, SignError, SignOptions, SignedText, Summary, TextDigest};
use crate::zone::{BuildOptions, Zone};
use crate::zonefile::{self, Input, ReadOptions};
use std::borrow::Cow;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Where the signed zone goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Destination {
    File(PathBuf),
    StandardOutput,
}

/// A zone to sign.
#[derive(Debug)]
pub(super) struct Job<'a> {
    pub(super) text: ZoneText<'a>,
    pub(super) build: BuildOptions,
    pub(super) keys: KeySource<'a>,
    /// Where signatures are sampled, if it is to be known what they take.
    pub(super) samples: Option<&'a Samples>,
    /// The library that signs.
    pub(super) backend: Backend,
    pub(super) destination: Destination,
    /// The previous signed zone.
    pub(super) previous: Option<PathBuf>,
    /// Where its record is kept.
    pub(super) record: RecordPlace,
    /// Who puts the output in place, for many zones at once; the caller syncs its directory.
    pub(super) committer: Option<&'a Committer>,
    /// Where the `dsset-` file goes.
    pub(super) dsset: Option<&'a Path>,
    /// Where the zone's state is looked for; not at all if keys go by their times.
    pub(super) state: Option<StateSource<'a>>,
}

/// What came of a zone that was signed.
#[derive(Debug)]
pub(super) struct Signed {
    pub(super) summary: Summary,
    /// The keys, as they were used.
    pub(super) keys: OwnKeys,
    pub(super) record: RecordUse,
    /// The previous signed zone, if it was asked for and is not there yet.
    pub(super) missing_previous: Option<PathBuf>,
    /// Findings of the run that was recorded, which stand.
    pub(super) repeated: Vec<String>,
    /// What comes of the output, if it is put in place later.
    pub(super) outcome: Option<Outcome>,
    /// What there is to say of the state it was signed by.
    pub(super) state: Option<String>,
}

/// The previous signed zone, read.
struct Read {
    path: PathBuf,
    signed: SignedText,
}

impl Read {
    fn file_digest(&self) -> FileDigest {
        FileDigest::with_digest(&self.path, &self.signed.digest)
    }
}

/// The inputs of a run, and what it is asked for, by their digests.
struct Inputs {
    /// The zone file, then what it includes.
    files: Vec<FileDigest>,
    options: String,
}

impl Job<'_> {
    /// From the zone file to the signed zone in its place, with its dsset file.
    pub(super) fn run(
        &self,
        options: &SignOptions,
        now: UnixTime,
        stdout: &mut (dyn Write + Send),
        watch: &Watch,
        findings: &mut Diagnostics,
    ) -> Result<Result<Signed, SignError>, Failure> {
        if self.is_record(self.text.path()) {
            return Err(lost(self.text.path(), "is the zone", "the record of its signing"));
        }
        watch.begin("read");
        let (zone_text, previous) = rayon::join(|| self.text.octets(), || self.read_previous());
        let (zone_text, mut previous) = (zone_text?, previous?);
        let mut inputs = Inputs { files: Vec::new(), options: record::options_digest(options, &self.build) };
        let mut record_use = RecordUse::None;
        let record = self.previous.as_ref().and_then(|path| self.record.path_for(path)).map(RecordFile::read);
        if let (Some(previous), Some(record)) = (&mut previous, &record) {
            record_use = match record.of(&previous.file_digest(), now) {
                Err(record_use) => record_use,
                Ok(record) => {
                    previous.signed.is_verified = true;
                    previous.signed.is_own = record.verified() == Verified::SelfCheck;
                    inputs.files.push(FileDigest::of(self.text.path(), &zone_text));
                    match self.try_record(record, &inputs, previous, options, now, findings)? {
                        Ok(signed) => return Ok(Ok(signed)),
                        Err(why) => RecordUse::Known(why),
                    }
                }
            };
        }
        let missing_previous = self.previous.clone().filter(|_| previous.is_none());

        let mut dropped = 0;
        let zone = self.build_zone(zone_text, &mut dropped, &mut inputs, watch, findings)?;
        let Some(zone) = zone.filter(|_| !findings.has_errors()) else { return Ok(Err(SignError::Refused)) };
        if dropped == 0 && self.is_in_place(self.text.path()) {
            return Err(lost(self.text.path(), "is the unsigned zone", "its own signed form"));
        }
        watch.begin("keys");
        let held = self.state.as_ref().map(|source| source.hold(zone.apex(), now, findings)).transpose()?.flatten();
        if findings.has_errors() {
            return Ok(Err(SignError::Refused));
        }
        let before_keys = findings.list().len();
        // A key that signs anew by its use may have all to sign.
        let is_known = previous.as_ref().is_some_and(|previous| previous.signed.is_verified);
        let mostly_stands = is_known && held.is_none();
        let keys = self.load_keys(&zone, held.as_ref(), mostly_stands, now, findings)?;
        let about_keys = before_keys..findings.list().len();
        if findings.has_errors() {
            return Ok(Err(SignError::Refused));
        }
        if previous.is_some() {
            watch.begin("read-previous");
        }
        let told = record.as_ref().and_then(|record| record.last_serial(zone.apex()));
        let told = [told, held.as_ref().and_then(HeldState::last_serial)];
        let (previous, published) = self.parse_previous(previous, zone.apex(), told, findings);
        let dsset = self.dsset.map(|directory| Dsset::begin(directory, zone.apex())).transpose()?;
        let loaded = Loaded { zone, dropped, previous, published };
        let state_options = held.as_ref().map(|held| held.options(options));
        let options = state_options.as_ref().unwrap_or(options);
        let (output, outcome) = self.output(stdout, held.is_some())?;
        let summary = match sign::sign_zone(loaded, &keys, options, now, output, watch, findings) {
            Ok(summary) => summary,
            Err(error) => return Ok(Err(error)),
        };
        let state = held.map(|held| held.confirm(&summary, now)).transpose()?;
        dsset.map_or(Ok(()), |dsset| dsset.write(&keys))?;
        let is_written = !summary.reuse.is_some_and(|reuse| reuse.is_unchanged && summary.records_written == 0);
        let outcome = outcome.filter(|_| is_written);
        let repeated = Vec::new();
        let signed = Signed { summary, keys, record: record_use, missing_previous, repeated, outcome, state };
        let lasting = record::lasting_findings(findings, |index| about_keys.contains(&index));
        self.keep_record(&signed, &inputs, &lasting, now, findings);
        Ok(Ok(signed))
    }

    /// Does nothing, if the record of the previous run shows that there is nothing to do.
    fn try_record(
        &self,
        record: &Record,
        inputs: &Inputs,
        previous: &Read,
        options: &SignOptions,
        now: UnixTime,
        findings: &mut Diagnostics,
    ) -> Result<Result<Signed, Unfit>, Failure> {
        if let Err(why) = record.check_inputs(&inputs.files[0], &inputs.options, record_file::digest_of) {
            return Ok(Err(why));
        }
        let Some(zone) = record.zone().filter(|_| previous.signed.is_in_place) else {
            return Ok(Err(Unfit::OutputChanged));
        };
        // A record does not tell what a state wants to hear.
        if self.state.as_ref().is_some_and(|source| source.has_state(zone.as_name())) {
            return Ok(Err(Unfit::KeysChanged));
        }
        let mut about_keys = findings.fresh();
        // Nothing will be signed, so the library that is quick to start.
        let loaded = self.keys.load(zone.as_name(), self.backend.for_signatures(0), &mut about_keys);
        let Ok(loaded) = loaded else { return Ok(Err(Unfit::KeysChanged)) };
        let keys = OwnKeys::new(zone.as_name(), loaded, now, &mut about_keys);
        if about_keys.has_errors() {
            return Ok(Err(Unfit::KeysChanged));
        }
        if let Err(why) = record.check_due(&keys, options, now) {
            return Ok(Err(why));
        }
        findings.append(about_keys);
        if let Some(directory) = self.dsset {
            Dsset::begin(directory, zone.as_name())?.write(&keys)?;
        }
        let summary = record.summary(zone, &keys, options);
        let repeated = record.findings().to_vec();
        let record = RecordUse::NothingDue;
        Ok(Ok(Signed { summary, keys, record, missing_previous: None, repeated, outcome: None, state: None }))
    }

    /// The previous signed zone; none if there is no such file, as before the first run.
    fn read_previous(&self) -> Result<Option<Read>, Failure> {
        let Some(path) = &self.previous else { return Ok(None) };
        if matches!(fs::metadata(path), Err(error) if error.kind() == std::io::ErrorKind::NotFound) {
            return Ok(None);
        }
        let text = zonefile::read_file(path).map_err(Failure::new)?;
        let mut signed = SignedText::new(path.display().to_string(), text);
        signed.is_in_place = self.is_in_place(path);
        Ok(Some(Read { path: path.clone(), signed }))
    }

    /// The previous signed zone for its signatures, and the last serial published, by it or by those who tell of one: a
    /// previous zone may be lost, or one of long ago.
    fn parse_previous(
        &self,
        previous: Option<Read>,
        apex: Name<'_>,
        told: [Option<(u32, String)>; 2],
        findings: &mut Diagnostics,
    ) -> (Option<Previous>, Option<u32>) {
        if self.previous.is_none() {
            return (None, None);
        }
        let parsed = previous.map(|previous| Previous::parse(previous.signed, apex, findings));
        let mut published = match &parsed {
            Some(Ok(previous)) => Some(previous.zone().soa().serial),
            Some(Err(unusable)) => unusable.serial,
            None => None,
        };
        for (serial, source) in told.into_iter().flatten() {
            if published.is_none_or(|last| last != later(last, serial)) {
                findings.push(last_serial(serial, &source));
                published = Some(serial);
            }
        }
        (parsed.and_then(Result::ok), published)
    }

    /// The zone without what an earlier signing made. The digests of what it includes go to `inputs`.
    fn build_zone(
        &self,
        text: Cow<'_, [u8]>,
        dropped: &mut u64,
        inputs: &mut Inputs,
        watch: &Watch,
        findings: &mut Diagnostics,
    ) -> Result<Option<Zone>, Failure> {
        let options = ReadOptions { keeps_included: true, ..ReadOptions::trusted(self.build.apex.clone()) };
        let input = match &self.text {
            ZoneText::File(path) => Input::Read { path, text: &text },
            ZoneText::Stream { name, .. } => Input::Bytes { name, text: &text },
        };
        let digest = || (inputs.files.is_empty() && self.record != RecordPlace::Nowhere).then(|| TextDigest::of(&text));
        let (records, digest) = rayon::join(|| zonefile::read(input, &options, findings), digest);
        let mut records = records.map_err(Failure::new)?;
        inputs.files.extend(digest.map(|digest| FileDigest::with_digest(self.text.path(), &digest)));
        drop(text);
        if findings.has_errors() {
            return Ok(None);
        }
        let included = records.take_included();
        if let Some((path, _)) = included.iter().find(|(path, _)| self.is_in_place(path) || self.is_record(path)) {
            return Err(lost(path, "is included by the zone", "what comes of its signing"));
        }
        inputs.files.extend(included.iter().map(|(path, text)| FileDigest::of(path, text)));
        watch.begin("build");
        *dropped = sign::load::drop_signed(&mut records, self.build.apex.as_ref());
        Ok(build_records(&self.text, records, &self.build, findings))
    }

    fn load_keys(
        &self,
        zone: &Zone,
        held: Option<&HeldState<'_>>,
        mostly_stands: bool,
        now: UnixTime,
        findings: &mut Diagnostics,
    ) -> Result<OwnKeys, Failure> {
        // Each record may be an RRset of its own, each name has one more in the chain.
        let expected_count = if mostly_stands { 0 } else { zone.record_count() + zone.node_count() };
        let backend = self.backend.for_signatures(expected_count);
        let mut loaded = self.keys.load(zone.apex(), backend, findings).map_err(Failure::new)?;
        if let Some(samples) = self.samples {
            for key in &mut loaded {
                key.signer = key.signer.take().map(|signer| samples.watch(signer));
            }
        }
        Ok(match held {
            Some(held) => held.own_keys(zone.apex(), loaded, findings),
            None => OwnKeys::new(zone.apex(), loaded, now, findings),
        })
    }

    /// The output, and what comes of it if it is put in place later. One that a state hears of is on disk for good
    /// before, so it is not left for later.
    fn output<'o>(
        &self,
        stdout: &'o mut (dyn Write + Send),
        has_state: bool,
    ) -> Result<(Box<dyn Output + 'o>, Option<Outcome>), Failure> {
        Ok(match &self.destination {
            Destination::File(path) => {
                let file = AtomicFile::create(path).map_err(Failure::new)?;
                if keys::private_file::is_at(path) {
                    return Err(lost(path, "holds a private key", "the signed zone"));
                }
                match self.committer.filter(|_| !has_state) {
                    None => (Box::new(file), None),
                    Some(committer) => {
                        let (output, outcome) = committer.defer(file);
                        (Box::new(output), Some(outcome))
                    }
                }
            }
            Destination::StandardOutput => {
                let spool = Spool::create(stdout).map_err(|error| Failure::new(format!("spooling: {error}")))?;
                (Box::new(spool), None)
            }
        })
    }

    /// Whether a file is the output.
    fn is_in_place(&self, path: &Path) -> bool {
        match &self.destination {
            Destination::File(output) => is_same_file(path, output),
            Destination::StandardOutput => false,
        }
    }

    /// Whether a file is where the record of the run goes.
    fn is_record(&self, path: &Path) -> bool {
        let Destination::File(output) = &self.destination else { return false };
        self.record.path_for(output).is_some_and(|record| is_same_file(path, &record))
    }

    /// Leaves a record of the run for the next.
    fn keep_record(
        &self,
        signed: &Signed,
        inputs: &Inputs,
        lasting: &[String],
        now: UnixTime,
        findings: &mut Diagnostics,
    ) {
        let Destination::File(output) = &self.destination else { return };
        let Some(path) = self.record.path_for(output) else { return };
        // Who signs by a state takes no record's word, so there is none to leave.
        let record = (!signed.keys.set().is_by_uses()).then(|| {
            Record::of(Made {
                summary: &signed.summary,
                inputs: &inputs.files,
                output,
                options: &inputs.options,
                keys: &signed.keys,
                now,
                findings: lasting,
            })
        });
        let record = record.flatten();
        if let Err(error) = record_file::replace(&path, record.as_ref()) {
            let message = format!("{}: the record of this run cannot be written: {error}", path.display());
            let help = "signing again will verify all signatures; name another place with --record-directory";
            findings.push(Diagnostic::warning("record", message).help(help));
        }
    }
}

/// Refuses an output by which something would be lost that cannot be had again: comments and directives, or a key.
fn lost(path: &Path, what: &str, by: &str) -> Failure {
    Failure::new(format_args!(
        "{} {what}, and would be replaced by {by}\n   = help: name another output",
        path.display()
    ))
}

/// The warning for a serial that the previous signed zone does not tell of.
#[cold]
fn last_serial(serial: u32, source: &str) -> Diagnostic {
    let message = format!(
        "{source}: serial {serial} was published, which the previous signed zone does not show; serials go on from it"
    );
    Diagnostic::warning("previous-serial", message).because("SER-1")
}

/// Whether two paths lead to one file.
fn is_same_file(left: &Path, right: &Path) -> bool {
    matches!((fs::canonicalize(left), fs::canonicalize(right)), (Ok(left), Ok(right)) if left == right)
}

/// The `dsset-` file, begun before signing so that a bad directory is known early.
struct Dsset {
    path: PathBuf,
    file: Box<AtomicFile>,
}

impl Dsset {
    fn begin(directory: &Path, apex: Name<'_>) -> Result<Self, Failure> {
        let path = directory.join(format!("dsset-{}", keys::name::file_form(apex)));
        let file = Box::new(AtomicFile::create(&path).map_err(Failure::new)?);
        Ok(Self { path, file })
    }

    fn write(mut self, keys: &OwnKeys) -> Result<(), Failure> {
        let written = self.file.write_all(&sign::dsset::text(keys.set())).and_then(|()| self.file.commit());
        written.map_err(|error| Failure::new(format!("{}: {error} (the zone is signed)", self.path.display())))
    }
}
