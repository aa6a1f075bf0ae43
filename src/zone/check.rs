//! What is wrong or doubtful in a zone, before it is signed or served (ZF-15, SIG-7, SIG-8).
//!
//! Errors are what the common servers refuse, or what a standard forbids and would make the signed zone fail. All that
//! an operator may have reasons for is a warning; occluded data is, for many zones have some.

mod soa;
mod targets;

use super::{NodeRef, NodeStatus, RrsetRef, Zone};
use crate::base::{Diagnostic, Diagnostics, Rtype, Severity, Ttl};
use rayon::iter::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};
use std::ops::Range;

/// How many nodes are checked as one piece of work.
const PART_NODES: usize = 1 << 13;

/// Checks a zone, signed or not. Findings come in canonical order of the names, those about the zone as a whole at the
/// ends.
pub fn check(zone: &Zone, findings: &mut Diagnostics) {
    check_in_parts(zone, PART_NODES, findings);
}

/// Checks a zone, so many nodes as one piece of work.
pub(super) fn check_in_parts(zone: &Zone, part_nodes: usize, findings: &mut Diagnostics) {
    soa::check(zone, findings);
    check_apex(zone, findings);
    let starts: Vec<usize> = (0..zone.node_count()).step_by(part_nodes).collect();
    let check_part = |&start: &usize| {
        let mut findings = findings.fresh();
        let ds_ttls = check_nodes(zone, start..zone.node_count().min(start + part_nodes), &mut findings);
        (findings, ds_ttls)
    };
    let parts: Vec<(Diagnostics, DsTtls<'_>)> = starts.par_iter().with_max_len(1).map(check_part).collect();
    let mut ds_ttls = DsTtls::default();
    for (part_findings, part) in parts {
        findings.append(part_findings);
        ds_ttls.append(&part);
    }
    ds_ttls.report(findings);
}

/// Checks some of the nodes, one by one.
fn check_nodes<'z>(zone: &'z Zone, indices: Range<usize>, findings: &mut Diagnostics) -> DsTtls<'z> {
    // Occluded names follow the name that hides them.
    let mut hidden_by = (0..indices.start)
        .rev()
        .map(|index| zone.node(index))
        .find(|node| node.status() != NodeStatus::Occluded)
        .unwrap_or_else(|| zone.apex_node());
    let mut ds_ttls = DsTtls::default();
    for node in zone.walk(indices) {
        let seen = Seen::of(node);
        if seen.has(Seen::ALIAS) {
            check_singletons(node, findings);
        }
        if seen.has(Seen::APEX_TYPE) && node.index() > 0 {
            check_misplaced(node, findings);
        }
        if node.status() == NodeStatus::Occluded {
            if node.owner().is_below(hidden_by.owner()) && hides_by_dname(hidden_by) {
                report_below_dname(node, hidden_by, findings);
            }
        } else {
            if node.status() == NodeStatus::Delegation || seen.has(Seen::DNAME) {
                hidden_by = node;
            }
            if seen.has(Seen::DS) {
                check_delegation(node, &mut ds_ttls, findings);
            }
            check_wildcard(node, findings);
            if seen.has(Seen::TARGET) {
                targets::check(zone, node, findings);
            }
        }
        if seen.has(Seen::ZERO_TTL) {
            check_zero_ttl(node, findings);
        }
        check_size(node, findings);
    }
    ds_ttls
}

/// What a node has of that which checks are about: most nodes have little, and need few of them.
#[derive(Clone, Copy, Debug)]
struct Seen(u8);

impl Seen {
    const ALIAS: Self = Self(1);
    const DNAME: Self = Self(1 << 1);
    const DS: Self = Self(1 << 2);
    const APEX_TYPE: Self = Self(1 << 3);
    /// Records that point to servers.
    const TARGET: Self = Self(1 << 4);
    const ZERO_TTL: Self = Self(1 << 5);

    fn of(node: NodeRef<'_>) -> Self {
        let ttl = |ttl| if ttl == Ttl::ZERO { Self::ZERO_TTL.0 } else { 0 };
        Self(node.rrsets().fold(0, |seen, rrset| seen | Self::of_type(rrset.rtype()) | ttl(rrset.ttl())))
    }

    const fn of_type(rtype: Rtype) -> u8 {
        match rtype {
            Rtype::CNAME => Self::ALIAS.0,
            Rtype::DNAME => Self::ALIAS.0 | Self::DNAME.0,
            Rtype::DS => Self::DS.0,
            Rtype::NS | Rtype::MX | Rtype::SRV => Self::TARGET.0,
            Rtype::SOA | Rtype::DNSKEY | Rtype::NSEC3PARAM | Rtype::ZONEMD | Rtype::CDS | Rtype::CDNSKEY => {
                Self::APEX_TYPE.0
            }
            _ => 0,
        }
    }

    const fn has(self, wanted: Self) -> bool {
        self.0 & wanted.0 != 0
    }
}

/// Delegations whose DS TTL is not their NS TTL: reported once a zone, for where it is so it is the registry's way.
#[derive(Debug, Default)]
struct DsTtls<'z> {
    first: Option<(NodeRef<'z>, RrsetRef<'z>, Ttl)>,
    count: usize,
}

impl DsTtls<'_> {
    /// Adds those of the names that follow.
    fn append(&mut self, part: &Self) {
        self.first = self.first.or(part.first);
        self.count += part.count;
    }

    fn report(&self, findings: &mut Diagnostics) {
        let Some((node, ds, ns_ttl)) = self.first else { return };
        let others = match self.count {
            1 => String::new(),
            count => format!("; so at {count} delegations"),
        };
        let message = format!("\"{}\": the DS TTL {} differs from the NS TTL {ns_ttl}{others}", node.owner(), ds.ttl());
        findings.push(
            Diagnostic::warning("ds-ttl", message)
                .at(ds.first().position())
                .because("RFC 4035 section 2.4")
                .help("give the DS records the TTL of the NS records, unless the two differ on purpose"),
        );
    }
}

/// Whether a name hides those below it because it has a DNAME, and not because it is a zone cut.
fn hides_by_dname(node: NodeRef<'_>) -> bool {
    node.status() != NodeStatus::Delegation && node.has(Rtype::DNAME)
}

/// NS there must be, DS there must not be.
fn check_apex(zone: &Zone, findings: &mut Diagnostics) {
    let apex = zone.apex_node();
    if !apex.has(Rtype::NS) {
        let soa = apex.rrset(Rtype::SOA).and_then(|soa| soa.first().position());
        findings.push(
            Diagnostic::error("apex-ns-missing", format!("\"{}\" has no NS records", zone.apex()))
                .at(soa)
                .because("RFC 1035 section 5.2")
                .help("name the servers of the zone with NS records at its apex"),
        );
    }
    if let Some(ds) = apex.rrset(Rtype::DS) {
        findings.push(
            Diagnostic::error("ds-at-apex", format!("\"{}\" has DS records at its own apex", zone.apex()))
                .at(ds.first().position())
                .because("RFC 4035 section 2.4")
                .help("DS records stand in the parent zone; remove them here"),
        );
    }
}

/// The first RRset of a node for which `is_wanted` holds.
fn first_rrset<'z>(node: NodeRef<'z>, is_wanted: impl Fn(Rtype) -> bool) -> Option<RrsetRef<'z>> {
    node.rrsets().find(|rrset| is_wanted(rrset.rtype()))
}

/// `, A at line 97`, or without the line for a record that no file holds.
fn named_place(rrset: RrsetRef<'_>) -> String {
    let line = rrset.first().position().map_or_else(String::new, |place| format!(" at line {}", place.line));
    format!("{}{line}", rrset.rtype())
}

/// Types of which a name has at most one record, and what may stand beside them (SIG-8).
fn check_singletons(node: NodeRef<'_>, findings: &mut Diagnostics) {
    for (rtype, reference) in [(Rtype::CNAME, "RFC 1034 section 3.6.2"), (Rtype::DNAME, "RFC 6672 section 2.4")] {
        let Some(rrset) = node.rrset(rtype).filter(|rrset| rrset.len() > 1) else { continue };
        let second = rrset.records().nth(1).and_then(|record| record.position());
        findings.push_with(Severity::Error, || {
            let message = format!("\"{}\" has {} {rtype} records", node.owner(), rrset.len());
            Diagnostic::error("several-aliases", message).at(second).because(reference).help("keep one of them")
        });
    }
    if let Some(cname) = node.rrset(Rtype::CNAME) {
        // RFC 4035 section 2.5; KEY and its kin are older than DNSSEC as it is now.
        let may_stand = [Rtype::CNAME, Rtype::RRSIG, Rtype::NSEC, Rtype::KEY, Rtype::SIG, Rtype::NXT];
        if let Some(other) = first_rrset(node, |rtype| !may_stand.contains(&rtype)) {
            findings.push_with(Severity::Error, || {
                let message = format!("\"{}\" has a CNAME and other data, {}", node.owner(), named_place(other));
                Diagnostic::error("cname-and-other-data", message)
                    .at(cname.first().position())
                    .because("RFC 1034 section 3.6.2")
                    .help("an alias stands alone; remove it, or the other data")
            });
        }
    }
    if let Some(dname) = node.rrset(Rtype::DNAME).filter(|_| node.index() > 0)
        && let Some(ns) = node.rrset(Rtype::NS)
    {
        findings.push_with(Severity::Error, || {
            let message = format!("\"{}\" has a DNAME and NS records, {}", node.owner(), named_place(ns));
            Diagnostic::error("dname-and-ns", message)
                .at(dname.first().position())
                .because("RFC 6672 section 2.3")
                .help("a name is delegated or redirected, not both; remove one")
        });
    }
}

/// Types that mean something at the apex alone.
fn check_misplaced(node: NodeRef<'_>, findings: &mut Diagnostics) {
    for rrset in node.rrsets() {
        let (rtype, owner) = (rrset.rtype(), node.owner());
        if rtype == Rtype::SOA {
            findings.push_with(Severity::Error, || {
                Diagnostic::error("soa-below-apex", format!("\"{owner}\" has a SOA record and is not the apex"))
                    .at(rrset.first().position())
                    .because("RFC 1035 section 5.2")
                    .help("a zone has one SOA record, at its apex; data of another zone belongs in that zone's file")
            });
        }
        // Bootstrapping puts CDS and CDNSKEY at names of its own (RFC 9615 section 4.1).
        let is_signal = || owner.labels().next().is_some_and(|label| label.eq_ignore_ascii_case(b"_dsboot"));
        let is_apex_type = match rtype {
            Rtype::DNSKEY | Rtype::NSEC3PARAM | Rtype::ZONEMD => true,
            Rtype::CDS | Rtype::CDNSKEY => !is_signal(),
            _ => false,
        };
        if is_apex_type {
            findings.push_with(Severity::Warning, || {
                Diagnostic::warning("apex-type-below-apex", format!("\"{owner} {rtype}\" means nothing below the apex"))
                    .at(rrset.first().position())
                    .because("SIG-7")
                    .help("move it to the apex, or remove it")
            });
        }
    }
}

/// DS stands at zone cuts, and lives as long as the NS records beside it (SIG-7).
fn check_delegation<'z>(node: NodeRef<'z>, ds_ttls: &mut DsTtls<'z>, findings: &mut Diagnostics) {
    let Some(ds) = node.rrset(Rtype::DS).filter(|_| node.index() > 0) else { return };
    let owner = node.owner();
    let Some(ns) = node.rrset(Rtype::NS) else {
        findings.push_with(Severity::Error, || {
            Diagnostic::error("ds-without-ns", format!("\"{owner}\" has DS records and no NS records"))
                .at(ds.first().position())
                .because("RFC 4035 section 2.4")
                .help("DS records stand beside the NS records of a delegation; add those, or remove these")
        });
        return;
    };
    if ds.ttl() != ns.ttl() {
        ds_ttls.first = ds_ttls.first.or_else(|| Some((node, ds, ns.ttl())));
        ds_ttls.count += 1;
    }
}

/// Types that have no clear meaning at a wildcard.
fn check_wildcard(node: NodeRef<'_>, findings: &mut Diagnostics) {
    if !node.owner().is_wildcard() {
        return;
    }
    for (rtype, reference) in [
        (Rtype::NS, "RFC 4592 section 4.2"),
        (Rtype::DS, "RFC 4592 section 4.6"),
        (Rtype::DNAME, "RFC 6672 section 3.3"),
    ] {
        let Some(rrset) = node.rrset(rtype) else { continue };
        findings.push_with(Severity::Warning, || {
            let refusal = if rtype == Rtype::NS { "; BIND refuses to load such a zone" } else { "" };
            let message =
                format!("\"{} {rtype}\" is at a wildcard, where it has no defined meaning{refusal}", node.owner());
            Diagnostic::warning("wildcard-type", message)
                .at(rrset.first().position())
                .because(reference)
                .help("name each delegation or redirection by itself")
        });
    }
}

/// Data below a DNAME, which resolvers never see.
fn report_below_dname(node: NodeRef<'_>, dname: NodeRef<'_>, findings: &mut Diagnostics) {
    // What a signer made there is the verifier's to report.
    let Some(rrset) = first_rrset(node, |rtype| !rtype.is_made_by_signer()) else { return };
    findings.push_with(Severity::Warning, || {
        let message = format!("\"{}\" is below the DNAME at \"{}\", and so invisible", node.owner(), dname.owner());
        Diagnostic::warning("below-dname", message)
            .at(rrset.first().position())
            .because("RFC 6672 section 2.4")
            .help("remove the data, or the DNAME; it is served unsigned at best, and some servers refuse the zone")
    });
}

/// Octets of a DNS message beside its records: header, and a question with its type and class.
const MESSAGE_OVERHEAD: usize = 12 + 4;
/// Octets of a record beside owner and RDATA, and the owner as a pointer to the question.
const RECORD_OVERHEAD: usize = 10 + 2;

/// An RRset must fit a message of 65,535 octets, or nobody ever sees it.
fn check_size(node: NodeRef<'_>, findings: &mut Diagnostics) {
    for rrset in node.rrsets() {
        let records: usize = rrset.records().map(|record| RECORD_OVERHEAD + record.rdata_len()).sum();
        let octets = MESSAGE_OVERHEAD + node.owner().as_wire().len() + records;
        if octets > usize::from(u16::MAX) {
            findings.push_with(Severity::Warning, || {
                let (owner, rtype, count) = (node.owner(), rrset.rtype(), rrset.len());
                let message = format!("\"{owner} {rtype}\" needs {octets} octets in an answer ({count} records)");
                Diagnostic::warning("rrset-too-large", message)
                    .at(rrset.first().position())
                    .because("RFC 1035 section 4.2.2")
                    .help(
                        "a DNS message holds 65535 octets, signatures included: servers cannot answer with this RRset",
                    )
            });
        }
    }
}

/// TTL 0 (N-21). What a signer makes is left out: NSEC3PARAM has it by custom.
fn check_zero_ttl(node: NodeRef<'_>, findings: &mut Diagnostics) {
    for rrset in node.rrsets().filter(|rrset| rrset.ttl() == Ttl::ZERO && !rrset.rtype().is_made_by_signer()) {
        findings.push_with(Severity::Warning, || {
            Diagnostic::warning("ttl-zero", format!("\"{} {}\" has TTL 0", node.owner(), rrset.rtype()))
                .at(rrset.first().position())
                .because("N-21")
                .help("answers that nobody may cache load servers and validators; use 1800 to 86400 seconds")
        });
    }
}
