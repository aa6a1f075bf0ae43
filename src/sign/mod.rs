//! Signing a zone: from records to a signed file that is known to be right.
//!
//! ```text
//! RecordStore ─ load ─▶ Zone ─ apex ─▶ Zone with serial, keys, CDS, NSEC3PARAM, ZONEMD of zeros ─ denial ─▶ chain
//!                                                                                                             │
//!     commit ◀─ self_check ◀─ ZONEMD filled in ◀─ run: chunks signed and formatted in parallel, written in order, and
//!                                                 read back and their signatures verified by check_ahead
//! ```
//!
//! Steps follow SER-2. Nothing becomes visible before the last one.

mod apex;
mod check_ahead;
pub mod dsset;
mod lines;
pub mod load;
pub mod options;
pub mod own_keys;
pub mod plan;
pub mod previous;
pub mod published;
mod recheck;
pub mod record;
mod render;
mod run;
pub mod self_check;
pub mod serial;
mod standing;
pub mod summary;
pub mod tbs;
pub mod times;
mod warnings;
mod zonemd;

pub use load::{Loaded, load};
pub use options::{
    CdsPolicy, DenialOptions, ForeignDnskeys, SelfCheck, SignOptions, ZonemdHash, is_dropped_from_input,
};
pub use own_keys::OwnKeys;
pub use plan::{KeyName, OldKey, Plan, Signers, SigningKey};
pub use previous::{Known, OwnText, Previous, ReuseCounts, SignedText, Unusable};
pub use published::Published;
pub use self_check::{Checked, SelfCheckFailure};
pub use serial::SerialPolicy;
pub use summary::{KeySummary, ReuseSummary, Summary, TextDigest};
pub use times::{End, Expirations, SignatureTimes, TimeOptions};

use crate::base::{Diagnostic, Diagnostics, Rtype, UnixTime};
use crate::crypto::CryptoError;
use crate::denial::{Denial, Nsec3Chain, NsecChain};
use crate::output::Output;
use crate::zone::Zone;
use check_ahead::CheckAhead;
use previous::{Reuse, Survey};
use render::Job;
use run::Totals;
use serial::Serials;
use standing::Standing;
use std::fmt;
use std::io;

/// A step of [`sign_zone`], for who measures or shows progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The apex is made ready.
    Apex,
    /// The denial chain is built.
    Denial,
    /// What an earlier signing made is compared and verified.
    Previous,
    /// Everything is signed, formatted and written.
    Sign,
    /// ZONEMD is filled in.
    Zonemd,
    /// The output is read back and verified.
    SelfCheck,
    /// The output is synced and put in place.
    Commit,
}

/// Is told how far a run has come, and may stop it.
pub trait Observer: Sync {
    /// A stage begins; the one before, if any, has ended.
    fn begin(&self, stage: Stage);

    /// So many of so many owners are written, about.
    fn progress(&self, done: u64, total: u64);

    /// Is shown what is about to be signed. Errors that it puts among the findings stop the run.
    fn look(&self, _: &Proposal<'_>, _: &mut Diagnostics) {}

    /// Runs a piece of the self-check that is done while the zone is still being signed, perhaps beside others: for who
    /// measures it.
    fn check_ahead(&self, work: &mut dyn FnMut()) {
        work();
    }

    /// Hears that a finished text is about to be put in place, with its digest if it was read back.
    ///
    /// # Errors
    /// Whatever stops the run.
    fn before_commit(&self, _serial: u32, _text: Option<&TextDigest>) -> io::Result<()> {
        Ok(())
    }
}

/// What is about to be signed.
#[derive(Clone, Copy, Debug)]
pub struct Proposal<'a> {
    /// The zone with its final apex, without chain and signatures.
    pub zone: &'a Zone,
    /// The zone as it was signed the last time; of a text of our own only what does not stand as text.
    pub previous: Option<&'a Zone>,
    /// What becomes of the signatures there are.
    pub reuse: Option<ReuseSummary>,
}

/// An observer that looks away.
#[derive(Clone, Copy, Debug)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn begin(&self, _: Stage) {}
    fn progress(&self, _: u64, _: u64) {}
}

/// Why a zone was not signed. The output is as it was, but for a failure of [`Stage::Commit`] to sync the directory.
#[derive(Debug)]
#[non_exhaustive]
pub enum SignError {
    /// What is asked for must not be signed; the findings say why.
    Refused,
    /// A key could not sign.
    Crypto(CryptoError),
    /// The output could not be written.
    Output(io::Error),
    /// The signed zone is wrong.
    SelfCheck(SelfCheckFailure),
}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused => f.write_str("the zone was not signed"),
            Self::Crypto(error) => error.fmt(f),
            Self::Output(error) => write!(f, "writing the signed zone: {error}"),
            Self::SelfCheck(failure) => failure.fmt(f),
        }
    }
}

impl std::error::Error for SignError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Refused => None,
            Self::Crypto(error) => Some(error),
            Self::Output(error) => Some(error),
            Self::SelfCheck(failure) => Some(failure),
        }
    }
}

impl From<CryptoError> for SignError {
    fn from(error: CryptoError) -> Self {
        Self::Crypto(error)
    }
}

/// Signs a zone and puts the result in place, on the current rayon pool. What is worth saying goes to `findings`.
///
/// The output does not depend on the number of threads, and with algorithms that are deterministic on nothing but the
/// arguments.
///
/// # Errors
/// See [`SignError`]; the output is dropped without a trace.
pub fn sign_zone(
    loaded: Loaded,
    keys: &OwnKeys,
    options: &SignOptions,
    now: UnixTime,
    mut output: Box<dyn Output + '_>,
    observer: &dyn Observer,
    findings: &mut Diagnostics,
) -> Result<Summary, SignError> {
    observer.begin(Stage::Apex);
    let Loaded { mut zone, dropped, mut previous, published } = loaded;
    let serial_before = zone.soa().serial;
    let records_read = zone.record_count() as u64;
    let prepared = prepare(&mut zone, previous.as_ref(), published, keys, options, now, findings);
    let Prepared { times, serials, dnskeys } = refuse(prepared, findings)?;
    if options.denial != DenialOptions::Unsigned {
        warnings::warn_of_times(&zone, &times, findings);
    }
    if findings.has_errors() {
        return Err(SignError::Refused);
    }

    observer.begin(Stage::Denial);
    let denial = refuse(build_denial(&zone, &options.denial), findings)?;

    let counts = summary::Counts { serial_before, records_read, dropped, dnskeys, chain_records: denial.len() as u64 };
    let plan = Plan::of_set(keys.set(), times);
    let job = Job::new(&zone, &denial, &plan, false);
    if previous.is_some() {
        observer.begin(Stage::Previous);
    }
    let standing = previous.as_mut().and_then(|previous| previous.find_standing(&job, keys.set(), options, findings));
    let mut reuse = survey(&job, previous.as_ref(), standing, keys, options, findings)?;
    if let (Some(reuse), Some(previous)) = (&mut reuse, &previous) {
        if reuse.is_unchanged() && previous.is_in_place {
            let summary = Summary::unchanged(&zone, keys.set(), &plan, options, &counts, reuse);
            return Ok(Summary { verified_text: Some(previous.text), ..summary });
        }
        settle(&mut zone, reuse, serials, options, findings);
    }
    let proposal = Proposal {
        zone: &zone,
        previous: previous.as_ref().map(|previous| &previous.zone),
        reuse: reuse.as_ref().map(ReuseSummary::of),
    };
    observer.look(&proposal, findings);
    if findings.has_errors() {
        return Err(SignError::Refused);
    }

    observer.begin(Stage::Sign);
    // Where nothing is new the digests are those of before, and so are the signatures over them.
    let is_unchanged = reuse.as_ref().is_some_and(Reuse::is_unchanged);
    let hashes = if is_unchanged { &[][..] } else { &options.zonemd };
    let mut hashers = zonemd::hashers(hashes);
    let job = Job::new(&zone, &denial, &plan, !hashers.is_empty()).reusing(reuse.as_ref());
    let mut check = if previous.is_none() { CheckAhead::begin(&job, keys.set(), options) } else { None };
    let totals = run::run(&job, &mut *output, &mut hashers, check.as_mut(), observer)?;
    let proved = check.and_then(CheckAhead::finish);

    observer.begin(Stage::Zonemd);
    if !hashers.is_empty() {
        let digests: Vec<Vec<u8>> = hashers.into_iter().map(|hasher| hasher.finish()).collect();
        zonemd::fill(&mut zone, hashes, &digests);
        patch_zonemd(&Job::new(&zone, &denial, &plan, false), &mut *output, &totals)?;
    }
    drop(denial);
    let reused = reuse.map(|reuse| ReuseSummary::of(&reuse));
    let known = previous.as_ref().map_or(Known::Nothing, Previous::known);

    observer.begin(Stage::SelfCheck);
    if totals.octets >= SYNCED_EARLY_MIN {
        output.begin_sync();
    }
    let (checked, verified_text) =
        match proved.and_then(|proved| self_check::check_proved(proved, &zone, options, keys.set(), now)) {
            Some(checked) => checked,
            None => check_output(&mut *output, totals.octets, &zone, known, keys, options, now)?,
        };

    observer.begin(Stage::Commit);
    observer.before_commit(zone.soa().serial, verified_text.as_ref()).map_err(SignError::Output)?;
    output.commit().map_err(SignError::Output)?;
    let summary = Summary::new(&zone, keys.set(), &plan, options, &counts, totals, checked);
    Ok(Summary { verified_text, reuse: reused, ..summary })
}

/// Output of so many octets is brought to the device while work goes on; less is there in no time.
const SYNCED_EARLY_MIN: u64 = 1 << 20;

/// Checks what was written, as far as that is asked for; gives its digest if it was checked in full.
fn check_output(
    output: &mut dyn Output,
    octets: u64,
    zone: &Zone,
    known: Known<'_>,
    keys: &OwnKeys,
    options: &SignOptions,
    now: UnixTime,
) -> Result<(Checked, Option<TextDigest>), SignError> {
    if options.self_check == SelfCheck::Off {
        return Ok((Checked::default(), None));
    }
    let text = output.read_back(0..octets).map_err(SignError::Output)?;
    let check = || self_check::self_check(&text, zone, known, options, keys.set(), now);
    let digest = || (options.self_check == SelfCheck::Full).then(|| TextDigest::of(&text));
    let (checked, digest) = rayon::join(check, digest);
    Ok((checked.map_err(SignError::SelfCheck)?, digest))
}

/// What is decided before anything is signed.
struct Prepared {
    times: SignatureTimes,
    serials: Serials,
    dnskeys: apex::Dnskeys,
}

/// Checks what is asked for and makes the apex ready, with the serial it has if nothing in the zone is new.
fn prepare(
    zone: &mut Zone,
    previous: Option<&Previous>,
    published: Option<u32>,
    keys: &OwnKeys,
    options: &SignOptions,
    now: UnixTime,
    findings: &mut Diagnostics,
) -> Result<Prepared, Box<Diagnostic>> {
    let times = SignatureTimes::resolve(&options.times, now)?;
    if let Some(previous) = previous {
        previous.check_apex(zone.apex())?;
        times.check_refresh(options.refresh)?;
    }
    let serial_before = previous.map(|previous| previous.zone.soa().serial);
    let published = [serial_before, published].into_iter().flatten().reduce(serial::later);
    let serials = serial::next_serials(options.serial, zone.soa().serial, published, options.serial_floor, now)?;
    // Without a previous zone all is new.
    let serial = if previous.is_some() { serials.unchanged } else { serials.changed };
    let dnskeys = apex::prepare(zone, keys, options, serial, findings)?;
    match previous {
        Some(previous) => zonemd::place_previous(zone, &options.zonemd, &previous.zone),
        None if serials.is_same() => findings.push(warnings::same_serial(serial)),
        None => {}
    }
    Ok(Prepared { times, serials, dnskeys })
}

/// Finds out what stands of the previous signed zone, if there is one, beside what stands as text.
fn survey<'p>(
    job: &Job<'_>,
    previous: Option<&'p Previous>,
    standing: Option<Standing>,
    keys: &OwnKeys,
    options: &SignOptions,
    findings: &mut Diagnostics,
) -> Result<Option<Reuse<'p>>, CryptoError> {
    let Some(previous) = previous else { return Ok(None) };
    let libraries = self_check::other_libraries(keys.set());
    let verifiers = options.verifier.source(previous.zone.record_count(), libraries);
    let mut reuse = Survey::new(*job, previous, &*verifiers, options.refresh)?.run(standing, findings);
    if reuse.is_unchanged() && !zonemd::is_right(&previous.zone, &options.zonemd) {
        reuse.set_changed();
    }
    Ok(Some(reuse))
}

/// Gives a zone in which something is new its serial, and drops what was kept over records that change with it.
fn settle(zone: &mut Zone, reuse: &mut Reuse<'_>, serials: Serials, options: &SignOptions, findings: &mut Diagnostics) {
    if reuse.is_unchanged() {
        return;
    }
    reuse.forget_apex(Rtype::ZONEMD);
    if serials.is_same() {
        findings.push(warnings::same_serial(serials.changed));
    }
    if serials.changed != serials.unchanged {
        zone.set_soa_serial(serials.changed);
        reuse.forget_apex(Rtype::SOA);
    }
    zonemd::place(zone, &options.zonemd);
}

/// Turns the finding that forbids signing into one among the others.
fn refuse<T>(result: Result<T, Box<Diagnostic>>, findings: &mut Diagnostics) -> Result<T, SignError> {
    result.map_err(|finding| {
        findings.push(*finding);
        SignError::Refused
    })
}

/// The chain that is asked for.
fn build_denial(zone: &Zone, options: &DenialOptions) -> Result<Denial, Box<Diagnostic>> {
    match options {
        DenialOptions::Nsec => Ok(Denial::Nsec(NsecChain::build(zone))),
        DenialOptions::Unsigned => Ok(Denial::Nsec(NsecChain::none())),
        DenialOptions::Nsec3(params) => Nsec3Chain::build(zone, params.clone())
            .map(Denial::Nsec3)
            .map_err(|error| Diagnostic::error("nsec3", error.to_string()).into()),
    }
}

/// Writes the ZONEMD RRset with its digests over the one with zeros. Only its own signatures change (ZMD-2).
fn patch_zonemd(job: &Job<'_>, output: &mut dyn Output, totals: &Totals) -> Result<(), SignError> {
    let text = job.render_zonemd()?;
    let place = &totals.zonemd_text;
    assert_eq!(text.len() as u64, place.end - place.start, "digests and signatures of one key have one length");
    output.patch(place.start, &text).map_err(SignError::Output)
}
