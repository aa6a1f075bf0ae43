//! `zoneseal check`

use super::input::{FINDINGS_MAX, count_text, load_zone, write_findings};
use super::{Env, Failure, Outcome};
use crate::base::{Diagnostic, Diagnostics, NameBuf};
use crate::zone::Zone;
use crate::zone::build::{BuildOptions, MixedTtl, OutOfZone};
use serde::Serialize;
use std::path::PathBuf;

/// Parse and check a zone file
#[derive(Debug, clap::Args)]
pub(super) struct CheckArgs {
    /// Print findings only, no summary
    #[arg(short, long)]
    quiet: bool,
    /// The zone's name, and the origin until the first $ORIGIN; else the zone's name is the owner of its SOA record
    #[arg(short, long, value_name = "ORIGIN")]
    origin: Option<NameBuf>,
    /// Take warnings for errors
    #[arg(long)]
    strict: bool,
    /// Print the result as one JSON object
    #[arg(long)]
    json: bool,
    /// Give the records of an RRset their lowest TTL where they differ, with a warning
    #[arg(long)]
    fix_ttl: bool,
    /// Leave out records that are not in the zone, with a warning
    #[arg(long)]
    drop_out_of_zone: bool,
    /// The zone file; - is standard input
    #[arg(value_name = "ZONEFILE")]
    zone_file: PathBuf,
}

/// The result as `--json` prints it.
#[derive(Serialize)]
struct CheckJson<'a> {
    schema: &'static str,
    file: String,
    /// Whether there are no errors.
    ok: bool,
    #[serde(flatten)]
    zone: Option<ZoneJson>,
    errors: u64,
    warnings: u64,
    /// The first of the findings; `errors` and `warnings` count all.
    findings: &'a [Diagnostic],
}

/// What there is to say about a zone that could be built.
#[derive(Serialize)]
struct ZoneJson {
    zone: String,
    records: usize,
    serial: u32,
}

impl ZoneJson {
    fn of(zone: &Zone) -> Self {
        Self { zone: zone.apex().to_string(), records: zone.record_count(), serial: zone.soa().serial }
    }
}

pub(super) fn run(args: &CheckArgs, env: &mut Env<'_>) -> Result<Outcome, Failure> {
    let options = BuildOptions {
        apex: args.origin.clone(),
        out_of_zone: if args.drop_out_of_zone { OutOfZone::Drop } else { OutOfZone::Error },
        mixed_ttl: if args.fix_ttl { MixedTtl::Lowest } else { MixedTtl::Error },
    };
    let mut findings = Diagnostics::new(FINDINGS_MAX);
    let zone = load_zone(&args.zone_file, &options, env, &mut findings, |_| ())?;
    if args.strict {
        findings.promote_warnings();
    }
    if args.json {
        write_json(args, zone.as_ref(), &findings, env)?;
    } else {
        write_findings(&findings, &mut env.stdout)?;
        if !args.quiet {
            writeln!(env.stdout, "{}", summary(args, zone.as_ref(), &findings))?;
        }
    }
    Ok(if findings.has_errors() { Outcome::Finding } else { Outcome::Done })
}

fn write_json(args: &CheckArgs, zone: Option<&Zone>, findings: &Diagnostics, env: &mut Env<'_>) -> Result<(), Failure> {
    let result = CheckJson {
        schema: "zoneseal.check/1",
        file: args.zone_file.display().to_string(),
        ok: !findings.has_errors(),
        zone: zone.map(ZoneJson::of),
        errors: findings.error_count(),
        warnings: findings.warning_count(),
        findings: findings.list(),
    };
    let text = serde_json::to_string_pretty(&result).map_err(Failure::new)?;
    writeln!(env.stdout, "{text}")?;
    Ok(())
}

/// The last line: the zone if it could be built, and how it stands.
fn summary(args: &CheckArgs, zone: Option<&Zone>, findings: &Diagnostics) -> String {
    let file = args.zone_file.display();
    let counts = count_text(findings);
    let verdict = match (findings.has_errors(), counts.is_empty()) {
        (true, _) => counts,
        (false, true) => "OK".to_owned(),
        (false, false) => format!("OK, {counts}"),
    };
    match zone.map(ZoneJson::of) {
        Some(ZoneJson { zone, records, serial }) => {
            let noun = if records == 1 { "record" } else { "records" };
            format!("{file}: zone {zone}, {records} {noun}, serial {serial}: {verdict}")
        }
        None => format!("{file}: {verdict}; the checks of the zone as a whole were left out"),
    }
}
