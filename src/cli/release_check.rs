//! `zoneseal release-check`

mod junit;
mod output;

use super::input::read_zone;
use super::observe::{parse_timeout, system_resolver};
use super::{ClockArg, Env, Failure, Outcome, VerifierArg, policy, sarif};
use crate::base::{NameBuf, Seconds};
use crate::fleet::anchor;
use crate::fleet::guard::Limits;
use crate::observe::{Ask, Client, Observation, Plan, ServerName, observe};
use crate::policy::load;
use crate::release::{self, FINDINGS_MAX, Finding, Override, Report, Subject, Version, overridable};
use crate::verify::LibraryVerifiers;
use crate::zone::Zone;
use crate::zone::build::{BuildOptions, MixedTtl, OutOfZone};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Say whether a signed zone may be published: the gate of a release script
///
/// Verifies the zone as `verify` does, and checks all that can be known besides: that it says what the unsigned zone says,
/// that the step from the last version is plausible, that it is newer than what is served, that caches can go on with its
/// keys, that every DS leads to a key that signs, that a policy's time budget holds. What there is nothing to judge by is
/// skipped, and said to be. Exit code 0: may be published; 1: must not be; 2: usage, or something could not be read or asked.
#[derive(Debug, clap::Args)]
pub(super) struct ReleaseCheckArgs {
    #[command(flatten)]
    pub(super) clock: ClockArg,
    /// The zone it was signed from: nothing of it may be missing, and nothing may be added but what signing makes
    #[arg(long, value_name = "ZONE")]
    unsigned: Option<PathBuf>,
    /// The version published before: guards against losses, serials that go back and keys that caches do not know
    #[arg(long, value_name = "SIGNED")]
    previous: Option<PathBuf>,
    /// A server of the zone that is to be older: 192.0.2.1, 192.0.2.1@5300, [2001:db8::1]:53 or a host name
    #[arg(long, value_name = "SERVER")]
    live: Vec<ServerName>,
    /// A server of the parent, asked for the DS records
    #[arg(long, value_name = "SERVER")]
    parent_server: Vec<ServerName>,
    /// DS or DNSKEY records each of which must lead to a key that signs, for example a dsset file
    #[arg(long, visible_alias = "anchor", value_name = "DS-FILE")]
    ds: Option<PathBuf>,
    /// The policy whose TTLs and time budget it must keep to: a preset, a policy file, or FILE:NAME
    #[arg(long, value_name = "POLICY")]
    policy: Option<String>,
    /// Signatures that expire within this time are errors [default: with --policy what TTLs, propagation and run interval
    /// need]
    #[arg(long, value_name = "DURATION", value_parser = super::verify::parse_duration)]
    expires_within: Option<Seconds>,
    /// How many percent of the names may go from --previous
    #[arg(long, value_name = "N", requires = "previous", value_parser = clap::value_parser!(u8).range(0..=100))]
    names_vanished_percent: Option<u8>,
    /// Let findings of this code pass: a guard, anchor-stale, keys-too-new or keys-gone
    #[arg(long = "override", value_name = "CODE", requires = "reason", value_parser = parse_code)]
    overrides: Vec<&'static str>,
    /// Why they may pass; it is part of the result
    #[arg(long, value_name = "TEXT", requires = "overrides", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    reason: Option<String>,
    /// Take warnings for errors
    #[arg(long)]
    strict: bool,
    /// The origin until the first $ORIGIN, and the zone's name [default: the owner of the SOA]
    #[arg(short, long, value_name = "ORIGIN")]
    origin: Option<NameBuf>,
    /// Seconds to wait for a server's answer, for example 3 or 0.5
    #[arg(long, value_name = "SECONDS", default_value = "3", value_parser = parse_timeout)]
    timeout: Duration,
    /// Print findings and the verdict only
    #[arg(short, long, conflicts_with = "form")]
    quiet: bool,
    /// Print one JSON object
    #[arg(long, group = "form")]
    json: bool,
    /// Print a JUnit report with a test case for each check
    #[arg(long, group = "form")]
    junit: bool,
    /// Print a SARIF 2.1.0 log, as code scanning pipelines take it
    #[arg(long, group = "form")]
    sarif: bool,
    /// Who verifies signatures
    #[arg(long, value_enum, value_name = "WHO", default_value_t)]
    verifier: VerifierArg,
    /// The signed zone; - is standard input
    #[arg(value_name = "SIGNED")]
    signed: PathBuf,
}

fn parse_code(text: &str) -> Result<&'static str, String> {
    let codes = overridable();
    let found = codes.iter().find(|code| **code == text).copied();
    found.ok_or_else(|| format!("this cannot be overridden; what can be: {}", codes.join(", ")))
}

/// The zones by the options that name them.
struct Zones {
    signed: Zone,
    unsigned: Option<Zone>,
    previous: Option<Zone>,
}

pub(super) fn run(args: &ReleaseCheckArgs, env: &mut Env<'_>) -> Result<Outcome, Failure> {
    let policy = match args.policy.as_deref().map(load::load).transpose() {
        Ok(loaded) => loaded.map(|loaded| loaded.policy),
        Err(error) => return policy::refuse(error, env),
    };
    let Some(zones) = read_zones(args, env)? else { return Ok(Outcome::Failed) };
    let apex = zones.signed.apex();
    let anchors =
        args.ds.as_deref().map(|path| anchor::read(path, apex)).transpose().map_err(Failure::new)?.unwrap_or_default();
    let live = ask(args, &zones.signed, env)?;
    let names =
        [&args.signed, args.unsigned.as_ref().unwrap_or(&args.signed), args.previous.as_ref().unwrap_or(&args.signed)];
    let [signed, unsigned, previous] = names.map(|path| path.display().to_string());
    let standard = Limits::default();
    let percent = args.names_vanished_percent.unwrap_or(standard.names_vanished_percent);
    let limits = Limits { names_vanished_percent: percent, ..standard };
    let subject = Subject {
        signed: Version { name: &signed, zone: &zones.signed },
        unsigned: zones.unsigned.as_ref().map(|zone| Version { name: &unsigned, zone }),
        previous: zones.previous.as_ref().map(|zone| Version { name: &previous, zone }),
        live: live.as_ref(),
        anchors: &anchors,
        policy: policy.as_ref(),
        limits: &limits,
        at: env.now,
        expires_within: args.expires_within,
        is_strict: args.strict,
        verifiers: args.verifier.choice().source(zones.signed.record_count(), LibraryVerifiers::default()),
    };
    let reason = args.reason.clone().unwrap_or_default();
    let overrides: Vec<_> = args.overrides.iter().map(|&code| Override { code, reason: reason.clone() }).collect();
    let report = release::check(&subject, &overrides);
    print(args, &subject, &report, env)?;
    Ok(if report.is_publishable() { Outcome::Done } else { Outcome::Finding })
}

fn print(args: &ReleaseCheckArgs, subject: &Subject<'_>, report: &Report, env: &mut Env<'_>) -> Result<(), Failure> {
    let out = &mut env.stdout;
    if args.json {
        output::write_json(subject, report, out)
    } else if args.junit {
        junit::write(subject, report, out)
    } else if args.sarif {
        let items: Vec<_> = report.findings.iter().map(sarif_item).collect();
        Ok(sarif::write(&items, out)?)
    } else {
        Ok(output::write_text(subject, report, args.quiet, out)?)
    }
}

/// Reads the zones; `None` if one of them cannot be read, which is said.
fn read_zones(args: &ReleaseCheckArgs, env: &mut Env<'_>) -> Result<Option<Zones>, Failure> {
    let all = [Some(&args.signed), args.unsigned.as_ref(), args.previous.as_ref()];
    if all.iter().flatten().filter(|path| path.as_path() == Path::new("-")).count() > 1 {
        return Err(Failure::new("only one of the zones can be standard input"));
    }
    let mut read = |path: &Path, out_of_zone, mixed_ttl| {
        let options = BuildOptions { apex: args.origin.clone(), out_of_zone, mixed_ttl };
        Ok::<_, Failure>(read_zone(path, &options, FINDINGS_MAX, env)?.map(|(zone, _)| zone))
    };
    let Some(signed) = read(&args.signed, OutOfZone::Drop, MixedTtl::Keep)? else { return Ok(None) };
    let mut zones = Zones { signed, unsigned: None, previous: None };
    if let Some(path) = &args.unsigned {
        // What `sign --fix-ttl` makes of it is right, and without that nothing is signed that has mixed TTLs.
        let Some(zone) = read(path, OutOfZone::Drop, MixedTtl::Lowest)? else { return Ok(None) };
        zones.unsigned = Some(zone);
    }
    if let Some(path) = &args.previous {
        let Some(zone) = read(path, OutOfZone::Drop, MixedTtl::Keep)? else { return Ok(None) };
        zones.previous = Some(zone);
    }
    let others = [(&args.unsigned, &zones.unsigned), (&args.previous, &zones.previous)];
    for (path, zone) in others.into_iter().filter_map(|(path, zone)| Some((path.as_ref()?, zone.as_ref()?))) {
        if zone.apex() != zones.signed.apex() {
            return Err(Failure::new(format_args!(
                "these are two zones: {} is {}, {} is {}",
                args.signed.display(),
                zones.signed.apex(),
                path.display(),
                zone.apex()
            )));
        }
    }
    Ok(Some(zones))
}

/// Asks the servers named; `None` if there are none. Every one of them must answer, or nobody knows.
fn ask(args: &ReleaseCheckArgs, zone: &Zone, env: &Env<'_>) -> Result<Option<Observation>, Failure> {
    if args.live.is_empty() && args.parent_server.is_empty() {
        return Ok(None);
    }
    let given = |servers: &[ServerName]| if servers.is_empty() { Ask::Nobody } else { Ask::Given(servers.to_vec()) };
    let plan = Plan {
        zone: zone.apex().to_owned(),
        parent: given(&args.parent_server),
        child: given(&args.live),
        resolver: system_resolver(),
        trusted: Vec::new(),
        client: Client { timeout: args.timeout, ..Client::default() },
    };
    let seen = observe(&plan, env.now);
    let silent = |server: &dyn std::fmt::Display, why: &str| format!("the server {server} {why}");
    let child = seen.child.iter().flat_map(|child| &child.servers);
    let parent = seen.parent.iter().flat_map(|parent| &parent.servers);
    let faults = seen.faults.iter().map(|fault| fault.trim_end_matches('.').to_owned());
    let faults = faults
        .chain(child.filter_map(|seen| Some(silent(&seen.server, seen.answer.as_ref().err()?))))
        .chain(parent.filter_map(|seen| Some(silent(&seen.server, seen.answer.as_ref().err()?))));
    let faults: Vec<_> = faults.collect();
    match faults.is_empty() {
        true => Ok(Some(seen)),
        false => Err(Failure::new(format_args!("{}: so nobody knows whether the zone may follow", faults.join("; ")))),
    }
}

/// A finding for a SARIF log.
fn sarif_item(finding: &Finding) -> sarif::Item<'_> {
    let mut message = format!("{}: {}.", finding.subject, finding.message);
    for (what, text) in [("Rule", finding.reference), ("To do", &finding.help)] {
        if !text.is_empty() {
            let _ = write!(message, " {what}: {text}.");
        }
    }
    sarif::Item {
        rule: finding.code,
        rule_text: finding.code.replace('-', " ").into(),
        code: finding.check.name(),
        severity: finding.severity,
        subject: &finding.subject,
        position: finding.position.as_ref(),
        message,
        count: 1,
        accepted: finding.overridden.as_deref(),
    }
}
