//! A policy as policy.toml, complete, with where each value comes from. What is printed reads back to the same policy.

use super::field::{Field, GROUPS};
use super::model::Policy;
use std::fmt::Write as _;

/// The width of comments.
const WIDTH: usize = 100;

/// Prints a policy. `place` tells where a field was set, if not in the preset: `zones/policy.toml:7`.
#[must_use]
pub fn to_toml(policy: &Policy, place: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::new();
    push_comment(&mut out, "# ", policy.base.summary());
    let _ = writeln!(out, "[policy.{}]", toml_key(&policy.name));
    let _ = writeln!(out, "base = \"{}\"", policy.base.name());
    for group in GROUPS {
        let _ = writeln!(out, "\n## {}", group.title);
        for field in group.fields {
            out.push('\n');
            push_field(&mut out, policy, field, place(field.name));
        }
    }
    out
}

fn push_field(out: &mut String, policy: &Policy, field: &Field, place: Option<String>) {
    push_comment(out, "# ", field.summary);
    let bounds = format!("Bounds: {}.", field.bounds);
    push_comment(out, "# ", &bounds);
    push_comment(out, "# ", &source_sentence(policy, field, place.as_deref()));
    match field.get(policy) {
        Some(value) => {
            let _ = writeln!(out, "{} = {value}", field.name);
        }
        None => {
            let _ = writeln!(out, "# {} is left out: {}", field.name, why_left_out(field));
        }
    }
}

/// `Source: … [how sure]`, or where the value was set instead of the preset's.
fn source_sentence(policy: &Policy, field: &Field, place: Option<&str>) -> String {
    let origin = field.origin(policy.base);
    let value = field.get(policy).unwrap_or_default();
    let profile = policy.base.name();
    let source = format!("{} [{}]", origin.source, origin.confidence.describe());
    match (place, value == origin.value, origin.value.is_empty()) {
        (Some(place), true, _) => format!("Set at {place}, as in {profile}: {source}"),
        (Some(place), false, false) => format!("Set at {place}; {profile} has {}: {source}", origin.value),
        (Some(place), false, true) => format!("Set at {place}; {profile} leaves it out."),
        (None, true, _) => format!("Source: {source}"),
        (None, false, false) => format!("Set here; {profile} has {}: {source}", origin.value),
        (None, false, true) => format!("Set here; {profile} leaves it out."),
    }
}

fn why_left_out(field: &Field) -> &'static str {
    if field.name.ends_with(".bits") { "the algorithm's keys have one size" } else { "the zone has NSEC" }
}

/// Appends text wrapped at 100 columns, each line with a prefix.
pub fn push_comment(out: &mut String, prefix: &str, text: &str) {
    let mut line = String::from(prefix);
    for word in text.split_whitespace() {
        if line.len() > prefix.len() && line.chars().count() + 1 + word.chars().count() > WIDTH {
            out.push_str(line.trim_end());
            out.push('\n');
            line = String::from(prefix);
        }
        if line.len() > prefix.len() {
            line.push(' ');
        }
        line.push_str(word);
    }
    out.push_str(line.trim_end());
    out.push('\n');
}

/// A key as TOML wants it: bare where it can be.
pub(super) fn toml_key(name: &str) -> String {
    let is_bare = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if is_bare { name.to_owned() } else { toml_string(name) }
}

/// A text as a TOML string on one line, as keys must be.
pub(super) fn toml_string(text: &str) -> String {
    let mut out = String::from("\"");
    for sign in text.chars() {
        match sign {
            '"' | '\\' => out.extend(['\\', sign]),
            sign if sign.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(sign));
            }
            sign => out.push(sign),
        }
    }
    out.push('"');
    out
}
