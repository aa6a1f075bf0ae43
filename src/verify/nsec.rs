//! The NSEC chain, a node at a time (NSEC-1 to NSEC-5).

use super::context::Context;
use super::findings::{Findings, Note};
use super::model::{self, Role};
use super::rules::Rule;
use crate::base::{Name, Rtype};
use crate::rdata::bitmap::TypeBitmap;
use crate::zone::{NodeRef, RecordRef};

/// Chain records with a TTL of their own making: one finding a zone, not one a record.
#[derive(Clone, Debug, Default)]
pub(super) struct ChainTtls {
    /// How many differ from min(SOA TTL, MINIMUM).
    wrong: u64,
    /// The first of them: node, type, TTL.
    first: Option<(usize, Rtype, u32)>,
}

impl ChainTtls {
    /// Looks at a chain record.
    pub(super) fn add(&mut self, context: &Context<'_>, node: NodeRef<'_>, rtype: Rtype, record: RecordRef<'_>) {
        if record.ttl().seconds() != context.chain_ttl {
            self.wrong += 1;
            self.first.get_or_insert_with(|| (node.index(), rtype, record.ttl().seconds()));
        }
    }

    /// Joins those of later nodes.
    pub(super) fn merge(mut self, later: Self) -> Self {
        self.wrong += later.wrong;
        self.first = self.first.or(later.first);
        self
    }

    /// Reports them.
    pub(super) fn report(&self, context: &Context<'_>, findings: &mut Findings) {
        let Some((index, rtype, ttl)) = self.first else { return };
        let others =
            if self.wrong > 1 { format!(", and {} more records differ", self.wrong - 1) } else { String::new() };
        let asked = format!("TTL {}, the lower of the SOA's TTL and MINIMUM", context.chain_ttl);
        let note = Note::new(Rule::DenialTtl, context.zone.node(index), format!("TTL {ttl}{others}"), asked);
        findings.push(note.of(rtype));
    }
}

/// Checks the NSEC of a node, or that it has none.
pub(super) fn check_node(
    context: &Context<'_>,
    node: NodeRef<'_>,
    ttls: &mut ChainTtls,
    types: &mut Vec<Rtype>,
    findings: &mut Findings,
) {
    let role = context.model.role(node.index());
    let rrset = node.rrset(Rtype::NSEC);
    let next = context.next_nsec.as_ref().filter(|_| role.needs_nsec());
    match (rrset, next) {
        (None, None) => {}
        (None, Some(_)) => {
            let found = format!("{} has no NSEC", role.describe());
            findings.push(Note::new(Rule::NsecMissing, node, found, "an NSEC").of(Rtype::NSEC));
        }
        (Some(rrset), None) => {
            let found = format!("an NSEC at {}", describe_unexpected(context, role));
            let note = Note::new(Rule::NsecUnexpected, node, found, "no NSEC here").of(Rtype::NSEC);
            findings.push(note.at(rrset.first()));
        }
        (Some(rrset), Some(next)) => {
            if rrset.len() > 1 {
                let found = format!("{} NSEC records", rrset.len());
                let note = Note::new(Rule::NsecDuplicate, node, found, "one NSEC").of(Rtype::NSEC);
                findings.push(note.at(rrset.first()));
            }
            for record in rrset.records() {
                ttls.add(context, node, Rtype::NSEC, record);
                let next = context.zone.node(next[node.index()] as usize);
                check_record(node, role, record, next.owner(), types, findings);
            }
        }
    }
}

fn describe_unexpected(context: &Context<'_>, role: Role) -> &'static str {
    if context.next_nsec.is_none() { "a name of a zone whose chain is NSEC3" } else { role.describe() }
}

fn check_record(
    node: NodeRef<'_>,
    role: Role,
    record: RecordRef<'_>,
    next: Name<'_>,
    types: &mut Vec<Rtype>,
    findings: &mut Findings,
) {
    let parsed = Name::parse_wire(record.rdata()).ok();
    let Some((name, bitmap)) = parsed.and_then(|(name, rest)| Some((name, TypeBitmap::parse(rest)?))) else {
        let note = Note::new(Rule::NsecBitmap, node, "a malformed NSEC", "a name and a type bitmap").of(Rtype::NSEC);
        findings.push(note.at(record));
        return;
    };
    if name != next {
        let found = format!("the next name is {name}");
        findings.push(Note::new(Rule::NsecNext, node, found, format!("{next}")).of(Rtype::NSEC).at(record));
    }
    model::expected_types(node, role, true, types);
    // While both kinds of chain are out, a name that is also an NSEC3's owner may say so or not.
    let ignored: &[Rtype] = if node.has(Rtype::NSEC3) { &[Rtype::NSEC3] } else { &[] };
    if let Some(found) = model::bitmap_difference(|| bitmap.iter(), types, ignored) {
        let asked = format!("the types of {}", role.describe());
        findings.push(Note::new(Rule::NsecBitmap, node, found, asked).of(Rtype::NSEC).at(record));
    }
}
