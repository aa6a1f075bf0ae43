//! `zoneseal policy show`

use super::json_value;
use crate::cli::{Env, Failure, Outcome};
use crate::policy::load::{self, Named};
use crate::policy::{Policy, field, to_toml};
use serde::Serialize;

/// Print a policy in full, with where each value comes from
///
/// What is printed is a policy file that reads back to the same policy.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ShowArgs {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// The name of a preset (nist-81r3, rfc-current, stig, tld), a policy file, or FILE:NAME
    #[arg(value_name = "POLICY", default_value = "nist-81r3")]
    policy: String,
}

/// The result as `--json` prints it.
#[derive(Serialize)]
struct ShowJson<'a> {
    schema: &'static str,
    name: &'a str,
    base: &'static str,
    fields: Vec<FieldJson>,
}

/// A field and its value.
#[derive(Serialize)]
struct FieldJson {
    field: &'static str,
    /// Null if the policy has no such field.
    value: serde_json::Value,
    /// What the base has.
    base_value: serde_json::Value,
    /// Where the file sets it.
    #[serde(skip_serializing_if = "Option::is_none")]
    set_at: Option<String>,
    /// Of the base's value.
    source: &'static str,
    confidence: &'static str,
}

pub(super) fn run(args: &ShowArgs, env: &mut Env<'_>) -> Result<Outcome, Failure> {
    let named = match load::find(&args.policy) {
        Ok(named) => named,
        Err(error) => return super::refuse(error, env),
    };
    let place = |field: &str| match &named {
        Named::Preset(_) => None,
        Named::File(file) => file.position_of(field).map(|position| format!("{}:{}", position.file, position.line)),
    };
    let policy = named.policy();
    if args.json {
        let text = serde_json::to_string_pretty(&json(&policy, place)).map_err(Failure::new)?;
        writeln!(env.stdout, "{text}")?;
    } else {
        write!(env.stdout, "{}", to_toml(&policy, place))?;
    }
    Ok(Outcome::Done)
}

fn json(policy: &Policy, place: impl Fn(&str) -> Option<String>) -> ShowJson<'_> {
    let fields = field::all().map(|field| {
        let origin = field.origin(policy.base);
        FieldJson {
            field: field.name,
            value: json_value(field.get(policy).as_deref()),
            base_value: json_value(Some(origin.value).filter(|value| !value.is_empty())),
            set_at: place(field.name),
            source: origin.source,
            confidence: origin.confidence.as_str(),
        }
    });
    ShowJson {
        schema: "zoneseal.policy-show/1",
        name: &policy.name,
        base: policy.base.name(),
        fields: fields.collect(),
    }
}
