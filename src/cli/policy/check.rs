//! `zoneseal policy check`

use crate::base::{Diagnostic, Severity};
use crate::cli::{Env, Failure, Outcome};
use crate::policy::load::{self, LoadError};
use crate::policy::{Policy, PolicyFile, Preset};
use serde::Serialize;

/// Check the policies of a file
///
/// Finds unknown fields, values of the wrong form, and what is wrong or doubtful across fields. Exit code 0: no errors; 1:
/// errors; 2: the file could not be read.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct CheckArgs {
    /// Print findings only, no summary
    #[arg(short, long)]
    quiet: bool,
    /// Take warnings for errors
    #[arg(long)]
    strict: bool,
    /// Check the change from this policy too: the name of a preset, a policy file, or FILE:NAME
    #[arg(long, value_name = "POLICY")]
    from: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// The policy file, or the name of a preset
    #[arg(value_name = "FILE")]
    file: String,
}

/// The result as `--json` prints it.
#[derive(Serialize)]
struct CheckJson<'a> {
    schema: &'static str,
    file: &'a str,
    ok: bool,
    policies: Vec<&'a str>,
    errors: usize,
    warnings: usize,
    findings: &'a [Diagnostic],
}

pub(super) fn run(args: &CheckArgs, env: &mut Env<'_>) -> Result<Outcome, Failure> {
    let from = match args.from.as_deref().map(load::find).transpose() {
        Ok(from) => from.map(|named| named.policy()),
        Err(error) => return super::refuse(error, env),
    };
    let read = match Preset::from_name(&args.file) {
        Some(preset) => PolicyFile::of_preset(preset).map_err(LoadError::Invalid),
        None => load::read_file(&args.file),
    };
    let (names, mut findings) = match read {
        Ok(file) => {
            (file.policies().iter().map(|policy| policy.policy.name.clone()).collect(), check(&file, from.as_ref()))
        }
        Err(LoadError::Invalid(findings)) => (Vec::new(), findings),
        Err(error) => return super::refuse(error, env),
    };
    if args.strict {
        findings.iter_mut().for_each(|finding| finding.severity = Severity::Error);
    }
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    let warnings = findings.len() - errors;
    if args.json {
        let policies = names.iter().map(String::as_str).collect();
        let (schema, file, ok) = ("zoneseal.policy-check/1", args.file.as_str(), errors == 0);
        let result = CheckJson { schema, file, ok, policies, errors, warnings, findings: &findings };
        let text = serde_json::to_string_pretty(&result).map_err(Failure::new)?;
        writeln!(env.stdout, "{text}")?;
    } else {
        super::write_findings(&findings, &mut env.stdout)?;
        if !args.quiet {
            let verdict = match (errors, warnings) {
                (0, 0) => "OK".to_owned(),
                (0, warnings) => format!("OK, {}", counted(warnings, "warning")),
                (errors, 0) => counted(errors, "error"),
                (errors, warnings) => format!("{}, {}", counted(errors, "error"), counted(warnings, "warning")),
            };
            let policies = if names.is_empty() { String::new() } else { format!("policy {}: ", names.join(", ")) };
            writeln!(env.stdout, "{}: {policies}{verdict}", args.file)?;
        }
    }
    Ok(if errors > 0 { Outcome::Finding } else { Outcome::Done })
}

/// The findings of all policies of a file, and of the change to them.
fn check(file: &PolicyFile, from: Option<&Policy>) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    for policy in file.policies() {
        findings.extend(policy.check());
        let changes = from.map(|from| policy.policy.check_change(from)).unwrap_or_default();
        findings.extend(changes.into_iter().map(|finding| finding.at(Some(policy.position.clone()))));
    }
    findings
}

fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
