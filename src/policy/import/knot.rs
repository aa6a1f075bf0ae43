//! Knot's `policy:` sections.

use super::knot_yaml::{Node, Value, policies};
use super::{Draft, Source, algorithm, span};
use crate::base::{Diagnostic, Seconds};
use crate::policy::value::FieldValue;

/// What a policy has where it says nothing (Knot 3.2 to 3.5), and where this differs from the base.
const DEFAULTS: &[(&str, &str)] = &[
    ("roles", "\"ksk+zsk\""),
    ("keys.ksk.lifetime", "\"unlimited\""),
    ("keys.zsk.lifetime", "\"30d\""),
    ("signatures-validity", "\"14d\""),
    ("signatures-validity-dnskey", "\"14d\""),
    ("signatures-inception-offset", "\"90m\""),
    ("signatures-jitter", "0"),
    ("zone-propagation-delay", "\"1h\""),
    ("serial", "\"increment\""),
];

/// Settings that say nothing here: how Knot works, or the way it is here anyhow.
const MEANINGLESS: &[&str] = &["id", "comment", "signing-threads", "unsafe-operation"];

/// Reads the policies of a configuration.
pub(super) fn read(text: &str, source: &mut Source) -> Result<(), Box<Diagnostic>> {
    let nodes = policies(text).map_err(|(line, message)| source.unreadable(line, message))?;
    for node in &nodes {
        let Value::Map(settings) = &node.value else {
            source.note(node.line, "a policy is a list of settings");
            continue;
        };
        let policy = KnotPolicy { settings };
        let name = policy.get("id").map_or("default", Node::text);
        let mut draft = source.draft(name, DEFAULTS);
        policy.read(&mut draft, source);
        source.finish(draft);
    }
    Ok(())
}

/// A policy as Knot has it.
struct KnotPolicy<'n> {
    settings: &'n [(Node, Node)],
}

impl KnotPolicy<'_> {
    fn get(&self, name: &str) -> Option<&Node> {
        self.settings.iter().find(|(key, _)| key.text() == name).map(|(_, value)| value)
    }

    fn is_on(&self, name: &str) -> bool {
        self.get(name).is_some_and(is_on)
    }

    fn read(&self, draft: &mut Draft, source: &mut Source) {
        let is_single = self.is_on("single-type-signing");
        // What other settings depend upon comes first.
        if let Some(node) = self.get("nsec3") {
            source.set(draft, "denial", if is_on(node) { "\"nsec3\"" } else { "\"nsec\"" }, node.line);
        }
        for (key, value) in self.settings {
            self.read_setting(key.text(), value, is_single, draft, source);
        }
        self.set_refresh(draft, source);
    }

    fn read_setting(&self, name: &str, node: &Node, is_single: bool, draft: &mut Draft, source: &mut Source) {
        let (text, line) = (node.text(), node.line);
        let mut each = |fields: &[&'static str], value: &str| {
            fields.iter().for_each(|field| source.set(draft, field, value, line))
        };
        match name {
            _ if MEANINGLESS.contains(&name) => {}
            "single-type-signing" => each(&["roles"], if is_single { "\"csk\"" } else { "\"ksk+zsk\"" }),
            "algorithm" => {
                each(&["keys.ksk.algorithm", "keys.zsk.algorithm", "keys.csk.algorithm"], &algorithm(text));
            }
            "ksk-size" | "zsk-size" if !self.is_rsa() => {}
            "ksk-size" => each(&["keys.ksk.bits", "keys.csk.bits"], text),
            "zsk-size" => each(&["keys.zsk.bits"], text),
            "ksk-lifetime" => set_lifetime(&["keys.ksk.lifetime", "keys.csk.lifetime"], node, draft, source),
            "zsk-lifetime" if is_single => {}
            "zsk-lifetime" => set_lifetime(&["keys.zsk.lifetime"], node, draft, source),
            "dnskey-ttl" | "zone-max-ttl" | "propagation-delay" | "delete-delay" | "rrsig-lifetime"
            | "dnssec-jitter" => {
                set_spans(name, node, draft, source);
            }
            // Together with what it depends upon, in `set_refresh`.
            "rrsig-refresh" | "nsec3" => {}
            "nsec3-iterations" if self.is_on("nsec3") => source.set_iterations(draft, text, line),
            "nsec3-salt-length" if self.is_on("nsec3") => each(&["nsec3param.salt-length"], text),
            "nsec3-opt-out" if self.is_on("nsec3") => each(&["nsec3param.optout"], &is_on(node).to_string()),
            "nsec3-iterations" | "nsec3-salt-length" | "nsec3-opt-out" | "nsec3-salt-lifetime"
                if !self.is_on("nsec3") => {}
            "cds-cdnskey-publish" => set_cds(node, draft, source),
            "cds-digest-type" => {
                let digests: Vec<String> = node.texts().into_iter().map(algorithm).collect();
                each(&["cds-digest-types"], &format!("[{}]", digests.join(", ")));
            }
            "reproducible-signing" | "manual" | "ksk-shared" | "offline-ksk" if !is_on(node) => {}
            "keytag-modulo" if text == "0/1" => {}
            "dnskey-management" if text == "full" => {}
            "keystore" => source.note(line, "keystore: keys are files in the key directory"),
            "ksk-submission" | "ds-push" => {
                source.note(line, format!("{name}: the parent is looked at by `zoneseal observe`"));
            }
            _ => source.note(line, format!("{name}: {} is not carried over", shown(node))),
        }
    }

    fn is_rsa(&self) -> bool {
        let number = self.get("algorithm").and_then(|node| crate::base::Algorithm::from_text(node.text().as_bytes()));
        number.is_some_and(crate::base::Algorithm::is_rsa)
    }

    /// `rrsig-refresh` says how long before the end signatures are replaced; left out, it is a tenth of their lifetime
    /// and what caches need.
    fn set_refresh(&self, draft: &mut Draft, source: &mut Source) {
        if let Some(node) = self.get("rrsig-refresh") {
            return source.set_span(draft, "signatures-refresh", node.text(), node.line);
        }
        let policy = &draft.imported.policy;
        let refresh =
            policy.signatures.validity.0 / 10 + policy.delays.zone_propagation.0 + policy.ttl.max_zone.to_seconds().0;
        let refresh = Seconds(refresh).write();
        draft.put("signatures-refresh", &refresh, "default of Knot: validity / 10 + propagation + largest TTL".into());
    }
}

fn is_on(node: &Node) -> bool {
    matches!(node.text(), "on" | "true" | "yes" | "1")
}

/// 0 is for ever.
fn set_lifetime(fields: &[&'static str], node: &Node, draft: &mut Draft, source: &mut Source) {
    for field in fields {
        if span(node.text(), source.format) == Some(Seconds(0)) {
            source.set(draft, field, "\"unlimited\"", node.line);
        } else {
            source.set_span(draft, field, node.text(), node.line);
        }
    }
}

fn set_spans(name: &str, node: &Node, draft: &mut Draft, source: &mut Source) {
    let fields: &[&'static str] = match name {
        "dnskey-ttl" => &["dnskey-ttl"],
        "zone-max-ttl" => &["max-zone-ttl"],
        "propagation-delay" => &["zone-propagation-delay"],
        "rrsig-lifetime" => &["signatures-validity", "signatures-validity-dnskey"],
        "dnssec-jitter" => &["signatures-jitter"],
        // At once, which is not to be had here, or after a while.
        _ if span(node.text(), source.format) == Some(Seconds(0)) => &[],
        _ => &["purge-keys"],
    };
    for field in fields {
        source.set_span(draft, field, node.text(), node.line);
    }
}

fn set_cds(node: &Node, draft: &mut Draft, source: &mut Source) {
    let (value, note) = match node.text() {
        "none" => ("\"off\"", None),
        "always" => ("\"publish\"", None),
        "rollover" => ("\"publish\"", Some("CDS and CDNSKEY stay after a roll too (CDS-4)")),
        "delete-dnssec" => ("\"publish\"", Some("to go insecure, set dnssec = \"insecure\"")),
        _ => ("\"publish\"", Some("the method of the KSK says when DS overlap")),
    };
    source.set(draft, "cds", value, node.line);
    if let Some(note) = note {
        source.note(node.line, format!("cds-cdnskey-publish: {}: {note}", node.text()));
    }
}

fn shown(node: &Node) -> String {
    match &node.value {
        Value::Scalar(text) => text.clone(),
        Value::List(_) => format!("[{}]", node.texts().join(", ")),
        Value::Map(_) => "{…}".to_owned(),
    }
}
