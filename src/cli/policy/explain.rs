//! `zoneseal policy explain`

use super::json_value;
use crate::base::Seconds;
use crate::cli::{Env, Failure, Outcome};
use crate::policy::field::{self, Field, GROUPS};
use crate::policy::load;
use crate::policy::{Intervals, Policy, Preset, Roles};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Explain what the fields of a policy do, and what follows from them
///
/// With a field: what it does, what bounds it, its value in each preset with source and confidence. Without: all fields in
/// short, and the intervals of RFC 7583 that follow from the policy.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ExplainArgs {
    /// The policy whose values and intervals are shown: a preset, a policy file, or FILE:NAME
    #[arg(long, value_name = "POLICY", default_value = "nist-81r3")]
    policy: String,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// A field such as keys.zsk.lifetime, or what several begin with, such as keys.zsk
    #[arg(value_name = "FIELD")]
    field: Option<String>,
}

/// The result as `--json` prints it.
#[derive(Serialize)]
struct ExplainJson<'a> {
    schema: &'static str,
    policy: &'a str,
    fields: Vec<FieldJson>,
    /// In seconds.
    intervals: BTreeMap<&'static str, i64>,
}

/// All there is to know of a field.
#[derive(Serialize)]
struct FieldJson {
    field: &'static str,
    summary: &'static str,
    form: &'static str,
    bounds: &'static str,
    value: serde_json::Value,
    presets: BTreeMap<&'static str, OriginJson>,
}

/// A preset's value.
#[derive(Serialize)]
struct OriginJson {
    value: serde_json::Value,
    source: &'static str,
    confidence: &'static str,
}

pub(super) fn run(args: &ExplainArgs, env: &mut Env<'_>) -> Result<Outcome, Failure> {
    let policy = match load::find(&args.policy) {
        Ok(named) => named.policy(),
        Err(error) => return super::refuse(error, env),
    };
    let fields = chosen(args.field.as_deref())?;
    if args.json {
        let result = ExplainJson {
            schema: "zoneseal.policy-explain/1",
            policy: &policy.name,
            fields: fields.iter().map(|field| field_json(field, &policy)).collect(),
            intervals: interval_rows(&policy).into_iter().map(|row| (row.key, row.span.0)).collect(),
        };
        let text = serde_json::to_string_pretty(&result).map_err(Failure::new)?;
        writeln!(env.stdout, "{text}")?;
    } else if args.field.is_some() {
        for (index, field) in fields.iter().enumerate() {
            if index > 0 {
                writeln!(env.stdout)?;
            }
            write_field(field, &policy, &mut env.stdout)?;
        }
    } else {
        write_overview(&policy, &mut env.stdout)?;
    }
    Ok(Outcome::Done)
}

/// The fields with a name, or below one; all without.
fn chosen(name: Option<&str>) -> Result<Vec<&'static Field>, Failure> {
    let Some(name) = name else { return Ok(field::all().collect()) };
    let is_chosen = |field: &&Field| {
        field.name == name
            || field.name.strip_prefix(name).is_some_and(|rest| rest.starts_with('.') || name.ends_with('.'))
    };
    let fields: Vec<_> = field::all().filter(is_chosen).collect();
    if fields.is_empty() {
        let near = field::nearest(name, field::all().map(|field| field.name));
        let help = match near {
            Some(near) => format!("; did you mean \"{near}\"?"),
            None if Preset::from_name(name).is_some() => format!("; a policy is named by --policy {name}"),
            None => String::new(),
        };
        return Err(Failure::new(format_args!("there is no field \"{name}\"{help}")));
    }
    Ok(fields)
}

fn field_json(field: &Field, policy: &Policy) -> FieldJson {
    let origin = |preset: Preset| {
        let origin = field.origin(preset);
        let value = json_value(Some(origin.value).filter(|value| !value.is_empty()));
        (preset.name(), OriginJson { value, source: origin.source, confidence: origin.confidence.as_str() })
    };
    FieldJson {
        field: field.name,
        summary: field.summary,
        form: field.form(),
        bounds: field.bounds,
        value: json_value(field.get(policy).as_deref()),
        presets: Preset::ALL.map(origin).into(),
    }
}

fn write_field(field: &Field, policy: &Policy, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", field.name)?;
    let mut text = String::new();
    crate::policy::push_comment(&mut text, "  ", field.summary);
    crate::policy::push_comment(&mut text, "  ", &format!("Takes {}.", field.form()));
    crate::policy::push_comment(&mut text, "  ", &format!("Bounds: {}.", field.bounds));
    write!(out, "{text}")?;
    for preset in Preset::ALL {
        let origin = field.origin(preset);
        let value = if origin.value.is_empty() { "left out" } else { origin.value };
        writeln!(out, "  {:<12} {value}", preset.name())?;
        writeln!(out, "  {:<12}   {} [{}]", "", origin.source, origin.confidence.describe())?;
    }
    if Preset::from_name(&policy.name).is_none() {
        writeln!(out, "  {:<12} {}", policy.name, field.get(policy).as_deref().unwrap_or("left out"))?;
    }
    Ok(())
}

fn write_overview(policy: &Policy, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "Policy {} (base {})", policy.name, policy.base.name())?;
    for group in GROUPS {
        writeln!(out, "\n{}", group.title)?;
        for field in group.fields {
            writeln!(out, "  {:<28} {}", field.name, field.get(policy).as_deref().unwrap_or("left out"))?;
        }
    }
    writeln!(out, "\nIntervals that follow (RFC 7583; each wait ends with the next run after it)")?;
    for row in interval_rows(policy) {
        writeln!(out, "  {:<10} {:<10} {}", row.symbol, row.span.to_string().replace(' ', ""), row.words)?;
    }
    Ok(())
}

/// An interval for people and for JSON.
struct Row {
    key: &'static str,
    symbol: &'static str,
    span: Seconds,
    words: &'static str,
}

/// The intervals of the roles in use.
fn interval_rows(policy: &Policy) -> Vec<Row> {
    let intervals = Intervals::of(policy);
    let row = |key, symbol, span, words| Row { key, symbol, span, words };
    let mut rows = vec![row("signing", "Dsgn", intervals.signing, "until all signatures are the new key's")];
    match policy.roles {
        Roles::KskZsk => rows.extend([
            row("zsk_publish", "Ipub", intervals.zsk_publish, "a new ZSK is published before it signs"),
            row("zsk_retire", "Iret", intervals.zsk_retire, "an old ZSK stays after its last signature"),
            row("zsk_roll", "", intervals.zsk_roll, "a ZSK roll in all"),
            row("ksk_publish", "IpubC", intervals.ksk_publish, "a new KSK is published before its DS is handed in"),
            row("ds_publish", "IpubP", intervals.ds_publish, "a new DS is at the parent before it is relied upon"),
            row("ksk_retire", "Iret", intervals.ksk_retire, "an old KSK stays after its DS is replaced"),
            row("ksk_roll", "", intervals.ksk_roll, "a KSK roll in all, with parent-registration-delay"),
        ]),
        Roles::Csk => rows.extend([
            row(
                "csk_publish",
                "IpubC",
                intervals.ksk_publish,
                "a new key is published before it signs and its DS is handed in",
            ),
            row("ds_publish", "IpubP", intervals.ds_publish, "a new DS is at the parent before it is relied upon"),
            row("csk_retire", "Iret", intervals.csk_retire, "an old key stays after signatures and DS are replaced"),
            row("csk_roll", "", intervals.csk_roll, "a roll in all, with parent-registration-delay"),
        ]),
    }
    rows.push(row(
        "algorithm_roll",
        "",
        intervals.algorithm_roll,
        "a change of the algorithm in all, conservative, with parent-registration-delay",
    ));
    rows
}
