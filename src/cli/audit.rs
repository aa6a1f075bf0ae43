//! `zoneseal audit`

use super::input::{FINDINGS_MAX, read_zone};
use super::{ClockArg, Env, Failure, Outcome, sarif};
use crate::audit::{Finding, KeyFiles, Report, Subject, audit, rules};
use crate::base::{NameBuf, Position, Severity};
use crate::policy::load;
use crate::zone::Zone;
use crate::zone::build::{BuildOptions, MixedTtl, OutOfZone};
use serde::Serialize;
use std::fmt::Write as _;
use std::path::PathBuf;

/// Audit a signed zone and its key files against a policy
///
/// Each finding names the rule it rests on (docs/rules.md), what is there, what is asked, and what to do. Rules that a zone
/// and its key files cannot show are listed with -v and in JSON. Exit code 0: no errors; 1: errors, with --strict also
/// warnings; 2: something could not be read.
#[derive(Debug, clap::Args)]
pub(super) struct AuditArgs {
    #[command(flatten)]
    pub(super) clock: ClockArg,
    /// The policy: a preset (nist-81r3, rfc-current, stig, tld), a policy file, or FILE:NAME
    #[arg(long, value_name = "POLICY", default_value = "nist-81r3")]
    policy: String,
    /// The signed zone; - is standard input
    #[arg(long, value_name = "SIGNED-ZONE")]
    zone: PathBuf,
    /// The directory with the zone's key files
    #[arg(short = 'K', long, value_name = "DIRECTORY")]
    keys: Option<PathBuf>,
    /// The origin until the first $ORIGIN, and the zone's name [default: the owner of the SOA]
    #[arg(short, long, value_name = "ORIGIN")]
    origin: Option<NameBuf>,
    /// Take warnings for errors
    #[arg(long)]
    strict: bool,
    /// Print findings only, no summary
    #[arg(short, long)]
    quiet: bool,
    /// List the rules that were not checked too, and why
    #[arg(short, long)]
    verbose: bool,
    /// Print one JSON object
    #[arg(long, conflicts_with = "sarif")]
    json: bool,
    /// Print a SARIF 2.1.0 log, as code scanning pipelines take it
    #[arg(long)]
    sarif: bool,
}

/// The result as `--json` prints it.
#[derive(Serialize)]
struct AuditJson<'a> {
    schema: &'static str,
    zone: String,
    policy: &'a str,
    profile: &'static str,
    at: String,
    ok: bool,
    errors: usize,
    warnings: usize,
    findings: Vec<FindingJson<'a>>,
    not_checked: Vec<NotCheckedJson>,
}

/// A finding.
#[derive(Serialize)]
struct FindingJson<'a> {
    id: &'static str,
    code: &'static str,
    severity: Severity,
    subject: &'a str,
    found: &'a str,
    asked: &'a str,
    fix: &'a str,
    count: u64,
    #[serde(flatten)]
    position: Option<&'a Position>,
}

impl<'a> FindingJson<'a> {
    const fn new(finding: &'a Finding) -> Self {
        // Spelled out, so that a new field is not forgotten here.
        let Finding { id, code, severity, subject, position, found, asked, fix, count } = finding;
        let (severity, count, position) = (*severity, *count, position.as_ref());
        Self {
            id,
            code,
            severity,
            subject: subject.as_str(),
            found: found.as_str(),
            asked: asked.as_str(),
            fix: fix.as_str(),
            count,
            position,
        }
    }
}

/// A rule that was not checked.
#[derive(Serialize)]
struct NotCheckedJson {
    id: &'static str,
    why: &'static str,
}

pub(super) fn run(args: &AuditArgs, env: &mut Env<'_>) -> Result<Outcome, Failure> {
    let policy = match load::find(&args.policy) {
        Ok(named) => named.policy(),
        Err(error) => return super::policy::refuse(error, env),
    };
    let Some(zone) = load_zone(args, env)? else { return Ok(Outcome::Failed) };
    let read_keys = |directory: &PathBuf| KeyFiles::read(zone.apex(), directory).map_err(Failure::new);
    let keys = args.keys.as_ref().map(read_keys).transpose()?;
    if let (Some(keys), Some(directory)) = (&keys, &args.keys)
        && keys.count() == 0
    {
        let directory = directory.display();
        return Err(Failure::new(format_args!("{directory}: no key files of {}", zone.apex())));
    }
    let mut report = audit(&Subject { zone: &zone, keys: keys.as_ref(), policy: &policy, now: env.now });
    if args.strict {
        report.findings.iter_mut().for_each(|finding| finding.severity = Severity::Error);
    }
    let errors = report.count(Severity::Error);
    if args.sarif {
        let items: Vec<_> = report.findings.iter().map(sarif_item).collect();
        sarif::write(&items, &mut env.stdout)?;
    } else if args.json {
        write_json(&report, &zone, &policy, env)?;
    } else {
        write_text(args, &report, &zone, &policy, env)?;
    }
    Ok(if errors > 0 { Outcome::Finding } else { Outcome::Done })
}

/// Reads the zone with its TTLs as they are; `None` if it cannot be read, which is said.
fn load_zone(args: &AuditArgs, env: &mut Env<'_>) -> Result<Option<Zone>, Failure> {
    let options = BuildOptions { apex: args.origin.clone(), out_of_zone: OutOfZone::Drop, mixed_ttl: MixedTtl::Keep };
    Ok(read_zone(&args.zone, &options, FINDINGS_MAX, env)?.map(|(zone, _)| zone))
}

/// A finding for a SARIF log.
fn sarif_item(finding: &Finding) -> sarif::Item<'_> {
    let mut message = format!("{}: {}. Asked: {}.", finding.subject, finding.found, finding.asked);
    if !finding.fix.is_empty() {
        let _ = write!(message, " To do: {}.", finding.fix);
    }
    sarif::Item {
        rule: finding.id,
        rule_text: rules::text(finding.id).unwrap_or(finding.id).into(),
        code: finding.code,
        severity: finding.severity,
        subject: &finding.subject,
        position: finding.position.as_ref(),
        message,
        count: finding.count,
        accepted: None,
    }
}

fn write_text(
    args: &AuditArgs,
    report: &Report,
    zone: &Zone,
    policy: &crate::policy::Policy,
    env: &mut Env<'_>,
) -> Result<(), Failure> {
    for finding in &report.findings {
        writeln!(env.stdout, "{finding}")?;
    }
    if args.verbose {
        for (id, why) in &report.not_checked {
            writeln!(env.stdout, "not checked: {id}: {why}")?;
        }
    }
    if !args.quiet {
        let (errors, warnings) = (report.count(Severity::Error), report.count(Severity::Warning));
        let count = |count: usize, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
        writeln!(
            env.stdout,
            "{}: audited against {} at {}: {}, {}; {} rules not checked{}",
            zone.apex(),
            policy.name,
            env.now,
            count(errors, "error"),
            count(warnings, "warning"),
            report.not_checked.len(),
            if args.verbose { "" } else { " (-v lists them)" },
        )?;
    }
    Ok(())
}

fn write_json(report: &Report, zone: &Zone, policy: &crate::policy::Policy, env: &mut Env<'_>) -> Result<(), Failure> {
    let errors = report.count(Severity::Error);
    let result = AuditJson {
        schema: "zoneseal.audit/1",
        zone: zone.apex().to_string(),
        policy: &policy.name,
        profile: policy.base.name(),
        at: env.now.to_iso_text(),
        ok: errors == 0,
        errors,
        warnings: report.count(Severity::Warning),
        findings: report.findings.iter().map(FindingJson::new).collect(),
        not_checked: report.not_checked.iter().map(|&(id, why)| NotCheckedJson { id, why }).collect(),
    };
    let text = serde_json::to_string_pretty(&result).map_err(Failure::new)?;
    writeln!(env.stdout, "{text}")?;
    Ok(())
}
