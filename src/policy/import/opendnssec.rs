//! OpenDNSSEC's kasp.xml.

use super::{Draft, Source};
use crate::base::{Diagnostic, Seconds};
use roxmltree::{Document, Node};

/// Elements whose texts are spans, by where they stand below a policy.
const SPANS: &[(&str, &[&str])] = &[
    ("Signatures/Resign", &["run-interval"]),
    ("Signatures/Refresh", &["signatures-refresh"]),
    ("Signatures/Validity/Default", &["signatures-validity"]),
    ("Signatures/Validity/Keyset", &["signatures-validity-dnskey"]),
    ("Signatures/Jitter", &["signatures-jitter"]),
    ("Signatures/InceptionOffset", &["signatures-inception-offset"]),
    ("Signatures/MaxZoneTTL", &["max-zone-ttl"]),
    ("Keys/TTL", &["dnskey-ttl"]),
    ("Keys/RetireSafety", &["retire-safety"]),
    ("Keys/PublishSafety", &["publish-safety"]),
    ("Keys/Purge", &["purge-keys"]),
    ("Zone/PropagationDelay", &["zone-propagation-delay"]),
    ("Parent/PropagationDelay", &["parent-propagation-delay"]),
    ("Parent/RegistrationDelay", &["parent-registration-delay"]),
    ("Parent/DS/TTL", &["parent-ds-ttl"]),
];

/// What a policy has that lets these out.
const DEFAULTS: &[(&str, &str)] = &[
    ("roles", "\"ksk+zsk\""),
    ("signatures-replacement", "\"gradual\""),
    ("cds", "\"off\""),
    ("purge-keys", "\"never\""),
];

/// Reads the policies of a kasp.xml.
pub(super) fn read(text: &str, source: &mut Source) -> Result<(), Box<Diagnostic>> {
    // The document type is one of the program's own; entities of it are of no use here.
    let options = roxmltree::ParsingOptions { allow_dtd: false, ..roxmltree::ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).map_err(|error| {
        let line = usize::try_from(error.pos().row).unwrap_or(usize::MAX);
        source.unreadable(line, error.to_string())
    })?;
    for policy in document.root_element().children().filter(|node| node.has_tag_name("Policy")) {
        let mut draft = source.draft(policy.attribute("name").unwrap_or("default"), DEFAULTS);
        let mut reader = Reader { document: &document, draft: &mut draft, source, lifetimes: [false; 3] };
        reader.read_keyset_first(policy);
        for part in elements(policy) {
            reader.read_part(part);
        }
        source.finish(draft);
    }
    Ok(())
}

fn elements<'a, 'i>(node: Node<'a, 'i>) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(Node::is_element)
}

fn text<'a>(node: Node<'a, '_>) -> &'a str {
    node.text().unwrap_or_default().trim()
}

struct Reader<'r, 'i> {
    document: &'r Document<'i>,
    draft: &'r mut Draft,
    source: &'r mut Source,
    /// Whether a KSK, a ZSK, a CSK was there.
    lifetimes: [bool; 3],
}

impl Reader<'_, '_> {
    fn line(&self, node: Node<'_, '_>) -> usize {
        usize::try_from(self.document.text_pos_at(node.range().start).row).unwrap_or(usize::MAX)
    }

    fn set(&mut self, field: &'static str, toml: &str, node: Node<'_, '_>) {
        let line = self.line(node);
        self.source.set(self.draft, field, toml, line);
    }

    fn note(&mut self, node: Node<'_, '_>, message: String) {
        let line = self.line(node);
        self.source.note(line, message);
    }

    /// The validity of all signatures, before that of some of them.
    fn read_keyset_first(&mut self, policy: Node<'_, '_>) {
        let default = policy.descendants().find(|node| node.has_tag_name("Default"));
        if let Some(node) = default {
            let line = self.line(node);
            self.source.set_span(self.draft, "signatures-validity-dnskey", text(node), line);
        }
    }

    fn read_part(&mut self, part: Node<'_, '_>) {
        match part.tag_name().name() {
            "Description" => {}
            "Denial" => self.read_denial(part),
            "Keys" => self.read_keys(part),
            name @ ("Signatures" | "Zone" | "Parent") => {
                for child in elements(part) {
                    self.read_element(name, child);
                }
            }
            other => self.note(part, format!("<{other}> is not carried over")),
        }
    }

    /// An element that is a field, or has such below it.
    fn read_element(&mut self, path: &str, node: Node<'_, '_>) {
        let path = format!("{path}/{}", node.tag_name().name());
        if let Some((_, fields)) = SPANS.iter().find(|(known, _)| *known == path) {
            let line = self.line(node);
            for field in *fields {
                self.source.set_span(self.draft, field, text(node), line);
            }
            return;
        }
        match path.as_str() {
            "Zone/SOA/Serial" => self.read_serial(node),
            "Zone/SOA/TTL" | "Zone/SOA/Minimum" => {
                self.note(node, format!("<{path}>: the SOA record of the zone file counts"));
            }
            // What negative answers at the parent last is not waited for: the DS is observed.
            "Parent/SOA/TTL" | "Parent/SOA/Minimum" => {}
            "Signatures/Validity/Denial" => {
                let default =
                    node.parent().and_then(|validity| elements(validity).find(|node| node.has_tag_name("Default")));
                if default.map(text) != Some(text(node)) {
                    self.note(node, "<Validity/Denial>: the chain's signatures last as long as the others".into());
                }
            }
            _ if elements(node).next().is_some() => {
                for child in elements(node) {
                    self.read_element(&path, child);
                }
            }
            _ => self.note(node, format!("<{path}> is not carried over")),
        }
    }

    fn read_serial(&mut self, node: Node<'_, '_>) {
        let value = match text(node) {
            "counter" => "\"increment\"",
            "datecounter" => "\"date\"",
            "unixtime" => "\"unixtime\"",
            "keep" => "\"keep\"",
            other => return self.note(node, format!("<Serial> {other} is not known here")),
        };
        self.set("serial", value, node);
    }

    fn read_denial(&mut self, denial: Node<'_, '_>) {
        let Some(nsec3) = elements(denial).find(|node| node.has_tag_name("NSEC3")) else {
            return self.set("denial", "\"nsec\"", denial);
        };
        self.set("denial", "\"nsec3\"", nsec3);
        for node in nsec3.descendants().filter(|node| node.is_element() && *node != nsec3) {
            match node.tag_name().name() {
                "OptOut" => self.set("nsec3param.optout", "true", node),
                "Iterations" => {
                    let line = self.line(node);
                    self.source.set_iterations(self.draft, text(node), line);
                }
                "Salt" => self.set("nsec3param.salt-length", node.attribute("length").unwrap_or("0"), node),
                "Algorithm" | "Hash" | "TTL" => {}
                other => self.note(node, format!("<{other}> is not carried over")),
            }
        }
    }

    fn read_keys(&mut self, keys: Node<'_, '_>) {
        for node in elements(keys) {
            match node.tag_name().name() {
                "KSK" => self.read_key(
                    node,
                    0,
                    ["keys.ksk.algorithm", "keys.ksk.bits", "keys.ksk.lifetime", "keys.ksk.standby"],
                ),
                "ZSK" => self.read_key(
                    node,
                    1,
                    ["keys.zsk.algorithm", "keys.zsk.bits", "keys.zsk.lifetime", "keys.zsk.standby"],
                ),
                "CSK" => self.read_key(
                    node,
                    2,
                    ["keys.csk.algorithm", "keys.csk.bits", "keys.csk.lifetime", "keys.csk.standby"],
                ),
                "ShareKeys" => self.note(node, "<ShareKeys>: each zone has its own keys".into()),
                _ => self.read_element("Keys", node),
            }
        }
        let role = match self.lifetimes {
            [false, false, true] => "\"csk\"",
            [_, _, true] => {
                self.note(keys, "a CSK beside KSK or ZSK is not carried over".into());
                "\"ksk+zsk\""
            }
            _ => "\"ksk+zsk\"",
        };
        self.set("roles", role, keys);
    }

    fn read_key(&mut self, key: Node<'_, '_>, role: usize, [algorithm, bits, lifetime, standby]: [&'static str; 4]) {
        if std::mem::replace(&mut self.lifetimes[role], true) {
            return self.note(key, format!("<{}>: a second one of its role", key.tag_name().name()));
        }
        for node in elements(key) {
            let value = text(node);
            match node.tag_name().name() {
                "Algorithm" => {
                    self.set(algorithm, value, node);
                    let is_rsa = value.parse().is_ok_and(|number| crate::base::Algorithm(number).is_rsa());
                    if let Some(length) = node.attribute("length").filter(|_| is_rsa) {
                        self.set(bits, length, node);
                    }
                }
                "Lifetime" if super::span(value, self.source.format) == Some(Seconds(0)) => {
                    self.set(lifetime, "\"unlimited\"", node);
                }
                "Lifetime" => {
                    let line = self.line(node);
                    self.source.set_span(self.draft, lifetime, value, line);
                }
                "Standby" => self.set(standby, value, node),
                "RFC5011" => self.set("rfc5011", "true", node),
                "Repository" => self.note(node, format!("<Repository> {value}: keys are files in the key directory")),
                "KskRollType" | "ZskRollType" | "CskRollType" => self.read_roll_type(node),
                other => self.note(node, format!("<{other}> of <{}> is not carried over", key.tag_name().name())),
            }
        }
    }

    fn read_roll_type(&mut self, node: Node<'_, '_>) {
        let (field, value) = match (node.tag_name().name(), text(node)) {
            ("KskRollType", "KskDoubleSignature" | "KskDoubleDNSKEY") => ("keys.ksk.method", "\"double-ksk\""),
            ("KskRollType", "KskDoubleDS") => ("keys.ksk.method", "\"double-ds\""),
            ("KskRollType", "KskDoubleRRset") => ("keys.ksk.method", "\"double-rrset\""),
            ("ZskRollType", "ZskPrePublication") => ("keys.zsk.method", "\"pre-publication\""),
            ("ZskRollType", "ZskDoubleSignature") => ("keys.zsk.method", "\"double-signature\""),
            ("CskRollType", "CskDoubleSignature" | "CskPrePublication") => ("keys.csk.method", "\"double-ksk\""),
            ("CskRollType", "CskDoubleDS") => ("keys.csk.method", "\"double-ds\""),
            ("CskRollType", "CskDoubleRRset") => ("keys.csk.method", "\"double-rrset\""),
            (name, other) => return self.note(node, format!("<{name}> {other} is not known here")),
        };
        self.set(field, value, node);
    }
}
