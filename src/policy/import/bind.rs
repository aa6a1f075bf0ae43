//! BIND's `dnssec-policy` blocks.

use super::bind_syntax::{Statement, parse};
use super::{Draft, Source, algorithm};
use crate::base::Diagnostic;

/// What `dnssec-policy` has where a block says nothing (BIND 9.18 to 9.20), and where this differs from the base.
const DEFAULTS: &[(&str, &str)] = &[
    ("roles", "\"csk\""),
    ("signatures-validity", "\"14d\""),
    ("signatures-validity-dnskey", "\"14d\""),
    ("signatures-refresh", "\"5d\""),
    ("signatures-jitter", "\"12h\""),
    ("signatures-replacement", "\"gradual\""),
    ("max-zone-ttl", "\"1d\""),
    ("zone-propagation-delay", "\"5m\""),
    ("purge-keys", "\"90d\""),
];

/// Options whose values are spans and that are fields of ours by name.
const SPANS: &[(&str, &str)] = &[
    ("dnskey-ttl", "dnskey-ttl"),
    ("parent-ds-ttl", "parent-ds-ttl"),
    ("parent-propagation-delay", "parent-propagation-delay"),
    ("parent-registration-delay", "parent-registration-delay"),
    ("publish-safety", "publish-safety"),
    ("retire-safety", "retire-safety"),
    ("signatures-jitter", "signatures-jitter"),
    ("signatures-refresh", "signatures-refresh"),
    ("signatures-validity", "signatures-validity"),
    ("signatures-validity-dnskey", "signatures-validity-dnskey"),
    ("zone-propagation-delay", "zone-propagation-delay"),
];

/// Reads the policies at the top of a configuration.
pub(super) fn read(text: &str, source: &mut Source) -> Result<(), Box<Diagnostic>> {
    let statements = parse(text).map_err(|(line, message)| source.unreadable(line, message))?;
    for statement in &statements {
        match (statement.word(0), &statement.block) {
            ("dnssec-policy", Some(block)) => read_policy(statement, block, source),
            ("include", None) => source.note(statement.line, format!("{} is not followed", statement.text())),
            // The rest of a configuration is not about policies.
            _ => {}
        }
    }
    Ok(())
}

fn read_policy(statement: &Statement, block: &[Statement], source: &mut Source) {
    let mut draft = source.draft(statement.word(1), DEFAULTS);
    for option in block {
        read_option(option, &mut draft, source);
    }
    source.finish(draft);
}

fn read_option(option: &Statement, draft: &mut Draft, source: &mut Source) {
    let (name, value, line) = (option.word(0), option.word(1), option.line);
    let inner = option.block.as_deref().unwrap_or_default();
    if let Some(&(_, field)) = SPANS.iter().find(|(bind, _)| *bind == name) {
        return source.set_span(draft, field, value, line);
    }
    match name {
        "keys" => read_keys(inner, draft, source),
        "max-zone-ttl" if value == "unlimited" || value == "0" => {
            source.note(line, format!("max-zone-ttl {value}: a roll waits for the largest TTL, so there must be one"));
        }
        "max-zone-ttl" => source.set_span(draft, "max-zone-ttl", value, line),
        "purge-keys" if is_zero(value) => source.set(draft, "purge-keys", "\"never\"", line),
        "purge-keys" => source.set_span(draft, "purge-keys", value, line),
        "nsec3param" => read_nsec3(option, draft, source),
        "cds-digest-types" => {
            let digests: Vec<String> = inner.iter().map(|digest| algorithm(digest.word(0))).collect();
            let (field, value) = if digests.is_empty() {
                ("cds", "\"off\"".to_owned())
            } else {
                ("cds-digest-types", format!("[{}]", digests.join(", ")))
            };
            source.set(draft, field, &value, line);
        }
        "cdnskey" if value == "no" => {
            source.note(
                line,
                "cdnskey no: CDS and CDNSKEY are published together (CDS-2), or neither with cds = \"off\"",
            );
        }
        "inline-signing" if value == "no" => {
            source.note(line, "inline-signing no: the signed zone is always a file of its own");
        }
        "offline-ksk" | "manual-mode" if value == "yes" => source.note(line, format!("{name} is not carried over")),
        "cdnskey" | "inline-signing" | "offline-ksk" | "manual-mode" => {}
        _ => source.note(line, format!("{} is not known here", option.text())),
    }
}

fn is_zero(text: &str) -> bool {
    super::span(text, super::Format::Bind) == Some(crate::base::Seconds(0))
}

fn read_keys(keys: &[Statement], draft: &mut Draft, source: &mut Source) {
    let has = |role: &str| keys.iter().any(|key| key.word(0) == role);
    let is_split = has("ksk") || has("zsk");
    let mut seen: Vec<&str> = Vec::new();
    for key in keys {
        let role = key.word(0);
        let is_in_use = match role {
            "ksk" | "zsk" => true,
            "csk" => !is_split,
            _ => false,
        };
        if !is_in_use || seen.contains(&role) {
            let why = if seen.contains(&role) { "a second one of its role" } else { "not with KSK and ZSK" };
            source.note(key.line, format!("key \"{}\": {why}", key.text()));
            continue;
        }
        seen.push(role);
        read_key(key, draft, source);
    }
    if let Some(first) = keys.first() {
        source.set(draft, "roles", if is_split { "\"ksk+zsk\"" } else { "\"csk\"" }, first.line);
        if is_split && !(has("ksk") && has("zsk")) {
            source.note(first.line, "only one of KSK and ZSK: the other is as in the base");
        }
    }
}

/// `ROLE [key-directory | key-store NAME] [lifetime SPAN] algorithm NAME [tag-range FROM TO] [BITS]`.
fn read_key(key: &Statement, draft: &mut Draft, source: &mut Source) {
    let line = key.line;
    let (algorithm_field, bits_field, lifetime_field) = match key.word(0) {
        "ksk" => ("keys.ksk.algorithm", "keys.ksk.bits", "keys.ksk.lifetime"),
        "zsk" => ("keys.zsk.algorithm", "keys.zsk.bits", "keys.zsk.lifetime"),
        _ => ("keys.csk.algorithm", "keys.csk.bits", "keys.csk.lifetime"),
    };
    let mut words = key.words.iter().skip(1).map(String::as_str);
    let mut is_rsa = false;
    while let Some(word) = words.next() {
        match word {
            "key-directory" => {}
            "key-store" => {
                let store = words.next().unwrap_or_default();
                source.note(line, format!("key-store \"{store}\": keys are files in the key directory"));
            }
            "lifetime" => {
                let lifetime = words.next().unwrap_or_default();
                if lifetime == "unlimited" || is_zero(lifetime) {
                    source.set(draft, lifetime_field, "\"unlimited\"", line);
                } else {
                    source.set_span(draft, lifetime_field, lifetime, line);
                }
            }
            "algorithm" => {
                let name = words.next().unwrap_or_default();
                let number = crate::base::Algorithm::from_text(name.as_bytes());
                is_rsa = number.is_some_and(crate::base::Algorithm::is_rsa);
                source.set(draft, algorithm_field, &algorithm(name), line);
            }
            "tag-range" => {
                let range = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
                source.note(line, format!("tag-range {} {}: tags are not limited to a range", range.0, range.1));
            }
            // The size of keys that have one size may stand there and says nothing.
            bits if bits.bytes().all(|byte| byte.is_ascii_digit()) => {
                if is_rsa {
                    source.set(draft, bits_field, bits, line);
                }
            }
            other => source.note(line, format!("\"{other}\" of key \"{}\" is not known here", key.text())),
        }
    }
}

/// `nsec3param [iterations N] [optout BOOLEAN] [salt-length N]`.
fn read_nsec3(option: &Statement, draft: &mut Draft, source: &mut Source) {
    let line = option.line;
    source.set(draft, "denial", "\"nsec3\"", line);
    let mut words = option.words.iter().skip(1).map(String::as_str);
    while let Some(word) = words.next() {
        let value = words.next().unwrap_or_default();
        match word {
            "iterations" => source.set_iterations(draft, value, line),
            "salt-length" => source.set(draft, "nsec3param.salt-length", value, line),
            "optout" => {
                let is_on = matches!(value, "yes" | "true" | "1");
                source.set(draft, "nsec3param.optout", &is_on.to_string(), line);
            }
            _ => source.note(line, format!("nsec3param {word} is not known here")),
        }
    }
}
