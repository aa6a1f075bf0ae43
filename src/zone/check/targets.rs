//! Names that records point to: glue that must be there, servers without addresses, servers that are aliases.

use crate::base::{Diagnostic, Diagnostics, Name, Rtype, Severity};
use crate::zone::{NodeRef, NodeStatus, RecordRef, RrsetRef, Zone};

/// How many names behind a zone cut are looked through for glue before the zone is searched; most cuts have fewer.
const NEAR_MAX: usize = 8;

/// What stands at a name that should have addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target<'z> {
    /// Not in this zone, so not ours to know.
    Outside,
    /// Has A or AAAA, by a wildcard perhaps.
    Address,
    /// Is an alias.
    Alias,
    /// No addresses, and it is this zone that would have them.
    NoAddress,
    /// Below a DNAME at this name: another name is meant by it.
    Redirected(Name<'z>),
    /// At or below this zone cut, and no glue.
    NoGlue(Name<'z>),
}

/// Checks the NS, MX and SRV targets of a node that is not occluded.
pub(super) fn check(zone: &Zone, node: NodeRef<'_>, findings: &mut Diagnostics) {
    // At a cut only NS is ours.
    let is_delegation = node.status() == NodeStatus::Delegation;
    for rrset in node.rrsets().filter(|rrset| !is_delegation || rrset.rtype() == Rtype::NS) {
        if matches!(rrset.rtype(), Rtype::NS | Rtype::MX | Rtype::SRV) {
            check_rrset(zone, node, rrset, findings);
        }
    }
}

/// Checks the targets of an NS, MX or SRV RRset.
fn check_rrset(zone: &Zone, node: NodeRef<'_>, rrset: RrsetRef<'_>, findings: &mut Diagnostics) {
    for record in rrset.records() {
        let Some(name) = target_of(rrset.rtype(), record.rdata()) else { continue };
        // A root target says that there is no such service (RFC 7505, RFC 2782).
        if name.is_root() && rrset.rtype() != Rtype::NS {
            continue;
        }
        match find_target(zone, node, name) {
            Target::Outside | Target::Address => {}
            target => report(zone, node, rrset.rtype(), record, name, target, findings),
        }
    }
}

/// The name that the data of an NS, MX or SRV record ends with.
fn target_of(rtype: Rtype, rdata: &[u8]) -> Option<Name<'_>> {
    let start = match rtype {
        Rtype::MX => 2,
        Rtype::SRV => 6,
        _ => 0,
    };
    Some(Name::parse_wire(rdata.get(start..)?).ok()?.0)
}

/// What stands at the target of a record of `node`.
fn find_target<'z>(zone: &'z Zone, node: NodeRef<'z>, name: Name<'_>) -> Target<'z> {
    if !name.is_at_or_below(zone.apex()) {
        return Target::Outside;
    }
    // Glue mostly stands right behind its cut.
    if node.status() == NodeStatus::Delegation && name.is_at_or_below(node.owner()) {
        let last = zone.node_count().min(node.index() + NEAR_MAX);
        let mut near = (node.index()..last).map(|index| zone.node(index));
        if let Some(found) = near.find(|near| near.owner() == name) {
            return if has_address(found) { Target::Address } else { Target::NoGlue(node.owner()) };
        }
    }
    let found = zone.find(name);
    // An occluded address is glue below a cut, and nothing below a DNAME.
    if found.is_some_and(|found| has_address(found) && found.status() != NodeStatus::Occluded) {
        return Target::Address;
    }
    // The topmost name above the target that hides it, or is a cut at it, and the nearest name that exists.
    let mut hiding: Option<NodeRef<'z>> = None;
    let mut encloser: Option<NodeRef<'z>> = None;
    let mut at = Some(name);
    while let Some(ancestor) = at.filter(|ancestor| ancestor.is_at_or_below(zone.apex())) {
        if let Some(above) = zone.find(ancestor) {
            encloser = encloser.or(Some(above));
            let is_cut = above.status() == NodeStatus::Delegation;
            if is_cut || (above.status() != NodeStatus::Occluded && above.has(Rtype::DNAME) && ancestor != name) {
                hiding = Some(above);
            }
        }
        at = ancestor.parent();
    }
    match (hiding, found) {
        (Some(cut), Some(glue)) if cut.status() == NodeStatus::Delegation && has_address(glue) => Target::Address,
        (Some(cut), _) if cut.status() == NodeStatus::Delegation => Target::NoGlue(cut.owner()),
        (Some(dname), _) => Target::Redirected(dname.owner()),
        (None, Some(node)) if node.has(Rtype::CNAME) => Target::Alias,
        (None, Some(_)) => Target::NoAddress,
        (None, None) => encloser.map_or(Target::NoAddress, |encloser| by_wildcard(zone, encloser)),
    }
}

/// Whether a node has A or AAAA records.
fn has_address(node: NodeRef<'_>) -> bool {
    node.rrsets().any(|rrset| matches!(rrset.rtype(), Rtype::A | Rtype::AAAA))
}

/// What a name that does not exist gets from the wildcard below its closest encloser.
fn by_wildcard<'z>(zone: &'z Zone, encloser: NodeRef<'z>) -> Target<'z> {
    let mut wildcard = b"\x01*".to_vec();
    wildcard.extend_from_slice(encloser.owner().as_wire());
    let node = Name::from_wire(&wildcard).ok().and_then(|name| zone.find(name));
    match node {
        Some(node) if has_address(node) => Target::Address,
        Some(node) if node.has(Rtype::CNAME) => Target::Alias,
        _ => Target::NoAddress,
    }
}

/// Reports a target that does not lead to an address.
fn report(
    zone: &Zone,
    node: NodeRef<'_>,
    rtype: Rtype,
    record: RecordRef<'_>,
    name: Name<'_>,
    target: Target<'_>,
    findings: &mut Diagnostics,
) {
    let is_apex_ns = rtype == Rtype::NS && node.index() == 0;
    let is_own_glue = |cut: Name<'_>| rtype == Rtype::NS && cut == node.owner();
    let owner = node.owner();
    let (code, severity, message, reference) = match target {
        Target::Outside | Target::Address => return,
        // A server of the zone, or of a delegation, that lies below the cut can be found through glue alone.
        Target::NoGlue(cut) if is_own_glue(cut) => (
            "glue-missing",
            Severity::Error,
            format!("\"{owner} NS\" names \"{name}\", which has no glue: it cannot be found"),
            "RFC 1034 section 4.2.1",
        ),
        Target::NoGlue(cut) if rtype == Rtype::NS => (
            "sibling-glue-missing",
            Severity::Warning,
            format!("\"{owner} NS\" names \"{name}\" below the cut at \"{cut}\", which has no glue"),
            "RFC 9471 section 2.2",
        ),
        // Addresses of mail and other servers below a cut are the child's.
        Target::NoGlue(_) => return,
        Target::NoAddress => (
            "target-without-address",
            if is_apex_ns { Severity::Error } else { Severity::Warning },
            format!("\"{owner} {rtype}\" names \"{name}\", which has no A or AAAA records"),
            "RFC 1912 section 2.4",
        ),
        Target::Alias => (
            "target-is-alias",
            if is_apex_ns { Severity::Error } else { Severity::Warning },
            format!("\"{owner} {rtype}\" names \"{name}\", which is an alias (CNAME)"),
            "RFC 2181 section 10.3",
        ),
        Target::Redirected(dname) => (
            "target-is-alias",
            if is_apex_ns { Severity::Error } else { Severity::Warning },
            format!("\"{owner} {rtype}\" names \"{name}\", which is below the DNAME at \"{dname}\""),
            "RFC 2181 section 10.3",
        ),
    };
    findings.push_with(severity, || {
        let finding = match severity {
            Severity::Error => Diagnostic::error(code, message),
            Severity::Warning => Diagnostic::warning(code, message),
        };
        finding.at(record.position()).because(reference).help(help(zone, name, target))
    });
}

/// What to do about a target.
fn help(zone: &Zone, name: Name<'_>, target: Target<'_>) -> String {
    if !matches!(target, Target::NoAddress | Target::NoGlue(_)) {
        return "name a host that has addresses itself".into();
    }
    // "ns1.example.com" without the final dot gives "ns1.example.com.example.com.".
    let doubled = name.strip_suffix(zone.apex()).and_then(|labels| {
        let mut wire = labels.to_vec();
        wire.push(0);
        let front = Name::from_wire(&wire).ok()?;
        (!zone.apex().is_root() && front.is_below(zone.apex())).then(|| front.to_owned())
    });
    match doubled {
        Some(meant) => format!("end the name with a dot if \"{meant}\" was meant"),
        None => "add an A or AAAA record for it, or correct the name".into(),
    }
}
