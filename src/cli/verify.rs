//! `zoneseal verify`

mod output;

use super::input::read_zone;
use super::{BackendArg, ClockArg, Env, Failure, Outcome, VerifierArg};
use crate::base::{Diagnostic, Diagnostics, NameBuf, Seconds, Severity, TimeSpec};
use crate::fleet::anchor;
use crate::verify::{LibraryVerifiers, Report, Scope, VerifyOptions, verify_zone};
use crate::zone::build::{BuildOptions, MixedTtl, OutOfZone};
use crate::zone::{Zone, check};
use std::path::PathBuf;

/// How many errors, and how many warnings, are printed; the rest are counted by rule.
const FINDINGS_MAX: usize = 100;

/// Verify a signed zone
///
/// Checks every signature, the NSEC or NSEC3 chain, keys, CDS and ZONEMD, and says whether the zone is valid, valid at the
/// given time, and until when. Exit code 0: valid; 1: findings of severity error; 2: the zone could not be read.
#[derive(Debug, clap::Args)]
pub(super) struct VerifyArgs {
    #[command(flatten)]
    pub(super) clock: ClockArg,
    /// Print findings only, no verdicts and counts
    #[arg(short, long)]
    quiet: bool,
    /// The origin until the first $ORIGIN, and the zone's name [default: the owner of the SOA]
    #[arg(short, long, value_name = "ORIGIN")]
    origin: Option<NameBuf>,
    /// DS or DNSKEY records to trust, for example a dsset file; without it the zone is only shown to agree with itself
    #[arg(long, value_name = "DS-FILE")]
    anchor: Option<PathBuf>,
    /// Verify for this time: YYYYMMDDHHMMSS, seconds since 1970, or relative such as +2d
    #[arg(long, value_name = "TIME", default_value = "now", allow_hyphen_values = true)]
    at: TimeSpec,
    /// Signatures that expire within this time are findings, for example 3d
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    expires_within: Option<Seconds>,
    /// Check only the ZONEMD digests; the zone need not be signed
    #[arg(long, conflicts_with_all = ["anchor", "expires_within"])]
    zonemd_only: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Who verifies signatures
    #[arg(long, value_enum, value_name = "WHO", default_value_t)]
    verifier: VerifierArg,
    /// The cryptographic library; algorithm 16 has its own
    #[arg(long, value_enum, value_name = "LIBRARY", default_value_t)]
    backend: BackendArg,
    /// Threads to use [default: one a core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// The signed zone; - is standard input
    #[arg(value_name = "SIGNED-ZONE")]
    zone_file: PathBuf,
}

pub(super) fn parse_duration(text: &str) -> Result<Seconds, String> {
    Seconds::from_text(text).ok_or_else(|| format!("\"{text}\" is not a duration: use seconds, 3d, 1h30m or P3D"))
}

pub(super) fn run(args: &VerifyArgs, env: &mut Env<'_>) -> Result<Outcome, Failure> {
    let Some((zone, content)) = load(args, env)? else { return Ok(Outcome::Failed) };
    let mut options = VerifyOptions::new(args.at.resolve(env.now));
    options.expires_within = args.expires_within;
    options.findings_max = FINDINGS_MAX;
    let libraries = LibraryVerifiers::new(args.backend.backend());
    options.verifiers = args.verifier.choice().source(zone.record_count(), libraries);
    options.scope = if args.zonemd_only { Scope::ZonemdOnly } else { Scope::All };
    if let Some(path) = &args.anchor {
        options.anchors = anchor::read(path, zone.apex()).map_err(Failure::new)?;
    }
    let report = in_pool(args.threads, || verify_zone(&zone, &options))?;
    let result = output::Result { zone: &zone, options: &options, content: &content, report: &report };
    if args.json {
        result.write_json(&mut env.stdout)?;
    } else {
        result.write_text(args.quiet, &mut env.stdout)?;
    }
    Ok(if report.is_valid() { Outcome::Done } else { Outcome::Finding })
}

/// Runs the verification on so many threads, or on the common pool.
fn in_pool(threads: Option<u16>, verify: impl FnOnce() -> Report + Send) -> Result<Report, Failure> {
    let Some(threads) = threads else { return Ok(verify()) };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(usize::from(threads)).build();
    Ok(pool.map_err(|error| Failure::new(format_args!("threads: {error}")))?.install(verify))
}

/// Reads and builds the zone, and gives what is wrong with its content: what building it had to say, and the errors that
/// `check` sees, as warnings. Whether the content makes sense is for `check`; it must not colour the verdict on the
/// signatures. `None` if the zone cannot be read, which is said.
fn load(args: &VerifyArgs, env: &mut Env<'_>) -> Result<Option<(Zone, Diagnostics)>, Failure> {
    let options = BuildOptions { apex: args.origin.clone(), out_of_zone: OutOfZone::Drop, mixed_ttl: MixedTtl::Keep };
    let Some((zone, mut content)) = read_zone(&args.zone_file, &options, FINDINGS_MAX, env)? else { return Ok(None) };
    if !args.zonemd_only {
        let mut findings = Diagnostics::new(FINDINGS_MAX);
        check::check(&zone, &mut findings);
        for finding in findings.list().iter().filter(|finding| finding.severity == Severity::Error) {
            content.push(Diagnostic { severity: Severity::Warning, ..finding.clone() });
        }
    }
    Ok(Some((zone, content)))
}
