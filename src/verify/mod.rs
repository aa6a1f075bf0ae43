//! Checks a finished zone on its own: every signature, every chain record, keys, digests, times.
//!
//! Shares names, RDATA, the zone and the cryptography with the rest, and nothing with the code that signs, so that one
//! mistake is not made twice.

pub mod ahead;
mod apex;
mod context;
mod coverage;
mod entry;
mod fast;
mod findings;
mod keyset;
mod known;
mod model;
mod nsec;
mod nsec3;
pub mod report;
pub mod rules;
mod signatures;
mod trust;
pub mod verifier;
mod zonemd;

pub use ahead::{Ahead, Proofs};
pub use fast::{FastVerifiers, VerifierChoice};
pub use report::{ChainKind, Counts, Finding, Report, Trust, ValidUntil, Verdicts};
pub use rules::{Category, Rule};
pub use verifier::{LibraryVerifiers, SignatureJob, SignatureVerifier, VerifierSource};

use crate::base::{Rtype, Seconds, UnixTime};
use crate::zone::{NodeRef, RrsetRef, Zone};
use context::Context;
use coverage::Coverage;
use findings::{Findings, Note, ReportParts};
use keyset::KeySet;
use known::Known;
use model::Model;
use nsec::ChainTtls;
use rayon::prelude::*;
use signatures::Run;
use std::ops::Range;
use std::sync::Arc;

/// Nodes handled by one job. Fixed, so that batches do not depend on the number of threads; some hundreds of
/// signatures let a batch verifier share its work.
const CHUNK_LEN: usize = 256;

/// What is verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everything.
    All,
    /// Only the ZONEMD digests, for zones that need not be signed.
    ZonemdOnly,
}

/// How many signatures are verified by cryptography. Their fields are checked in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CryptoScope {
    /// All.
    Full,
    /// Those at the apex, and elsewhere the RRsets whose hash of owner and type falls into one of so many parts.
    Sample {
        /// One RRset in this many; 0 and 1 are all.
        one_in: u32,
    },
}

/// A record that the caller trusts for the zone's apex.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// RDATA of a DS.
    Ds(Vec<u8>),
    /// RDATA of a DNSKEY.
    Dnskey(Vec<u8>),
}

/// What to verify, and for when.
#[derive(Clone, Debug)]
pub struct VerifyOptions {
    /// The time for which signatures must be valid.
    pub at: UnixTime,
    /// Trusted records of the apex; empty: the zone is only shown to agree with itself (V-6).
    pub anchors: Vec<Anchor>,
    /// DNSKEY RDATA of keys whose signatures may stand in the zone though it does not publish them, as in the first and
    /// last step of a conservative algorithm roll. Their signatures are verified, and count for nothing: no validator can.
    pub unpublished: Vec<Vec<u8>>,
    /// Signatures that expire within this time after `at` are findings.
    pub expires_within: Option<Seconds>,
    /// What is verified.
    pub scope: Scope,
    /// How many signatures are verified.
    pub crypto: CryptoScope,
    /// How many errors, and how many warnings, are kept; the rest are counted.
    pub findings_max: usize,
    /// What checks the signatures.
    pub verifiers: Arc<dyn VerifierSource>,
}

impl VerifyOptions {
    /// Verifies everything for a time, keeps 100 findings.
    #[must_use]
    pub fn new(at: UnixTime) -> Self {
        Self {
            at,
            anchors: Vec::new(),
            unpublished: Vec::new(),
            expires_within: None,
            scope: Scope::All,
            crypto: CryptoScope::Full,
            findings_max: 100,
            verifiers: Arc::new(LibraryVerifiers::default()),
        }
    }
}

/// Verifies a zone, in parallel on the current rayon pool. The report does not depend on the number of threads.
///
/// The zone is to be built with its TTLs kept (`MixedTtl::Keep`), or mixed TTLs cannot be seen.
#[must_use]
pub fn verify_zone(zone: &Zone, options: &VerifyOptions) -> Report {
    verify_beside(zone, Beside::Nothing, options)
}

/// Verifies a zone that has much in common with one whose signatures are all known to verify: signatures that are the
/// same over the same RRset by the same key are not verified again. Everything else is, and those at the apex are in any
/// case.
#[must_use]
pub fn verify_changes(zone: &Zone, known: &Zone, options: &VerifyOptions) -> Report {
    verify_beside(zone, Beside::Zone(known), options)
}

/// Verifies a zone of whose nodes some are known to be signed as they must be: the caller has seen that records and
/// signatures there, and what the nodes are in their zone, are what they were when they were verified with the same keys.
/// Signatures are neither asked for nor looked at there, and may be left out; all else is verified.
///
/// `is_standing` says so for each node; the apex must not be among them.
///
/// # Panics
/// If `is_standing` does not fit the zone.
#[must_use]
pub fn verify_rest(zone: &Zone, is_standing: &[bool], options: &VerifyOptions) -> Report {
    assert!(is_standing.len() == zone.node_count() && !is_standing[0], "all trust begins at the apex");
    verify_beside(zone, Beside::Nodes(is_standing), options)
}

/// Verifies a zone of whose signatures some were verified ahead, while it was written. All else is verified as ever.
///
/// The zone is to be built of the records that came with the proofs.
#[must_use]
pub fn verify_proved(zone: &Zone, proofs: &Proofs, options: &VerifyOptions) -> Report {
    verify_beside(zone, Beside::Proofs(proofs), options)
}

/// What is known of a zone's signatures.
#[derive(Clone, Copy, Debug)]
enum Beside<'z> {
    Nothing,
    /// Those of this zone were all verified.
    Zone(&'z Zone),
    /// For each node, whether its own were.
    Nodes(&'z [bool]),
    /// Some verify, as was found when parts of the zone were there.
    Proofs(&'z Proofs),
}

fn verify_beside(zone: &Zone, beside: Beside<'_>, options: &VerifyOptions) -> Report {
    let mut findings = Findings::new(options.findings_max);
    let mut parts = ReportParts {
        valid_until: None,
        trust: if options.anchors.is_empty() { Trust::SelfConsistent } else { Trust::Broken },
        counts: count(zone),
        chain: ChainKind::None,
    };
    if options.scope == Scope::ZonemdOnly {
        parts.counts.zonemd_matched = zonemd::check(zone, true, &mut findings);
        return findings.into_report(options.at, parts);
    }
    let mut zonemd_findings = Findings::new(options.findings_max);
    let (matched, findings) = rayon::join(
        || zonemd::check(zone, false, &mut zonemd_findings),
        || verify_signed(zone, beside, options, findings, &mut parts),
    );
    parts.counts.zonemd_matched = matched;
    zonemd_findings.merge(findings).into_report(options.at, parts)
}

/// Everything but ZONEMD.
fn verify_signed(
    zone: &Zone,
    beside: Beside<'_>,
    options: &VerifyOptions,
    mut findings: Findings,
    parts: &mut ReportParts,
) -> Findings {
    let model = Model::new(zone);
    let apex = zone.apex_node();
    let has_keys = apex.has(Rtype::DNSKEY);
    let has_denial = model.has_nsec || !model.nsec3_nodes.is_empty();
    if !has_keys && !model.has_rrsig && !has_denial {
        let found = "neither keys nor signatures nor denial records";
        findings.push(Note::new(Rule::ZoneUnsigned, apex, found, "a signed zone"));
        return findings;
    }
    let keys = KeySet::new(zone, &options.unpublished, options.verifiers.as_ref(), &mut findings);
    note_missing_parts(zone, &model, &keys, &mut findings);
    let soa = zone.soa();
    let soa_ttl = apex.rrset(Rtype::SOA).map_or(0, |rrset| rrset.ttl().seconds());
    // A stray NSEC in a zone whose chain is NSEC3 does not make an NSEC chain.
    let uses_nsec = apex.has(Rtype::NSEC) || (model.has_nsec && model.nsec3_nodes.is_empty());
    let proofs = if let Beside::Proofs(proofs) = beside { Some(proofs) } else { None };
    let mut context = Context {
        zone,
        options,
        at: options.at.to_timestamp(),
        chain_ttl: soa.minimum.min(soa_ttl),
        has_signatures: model.has_rrsig && !keys.required().is_empty(),
        next_nsec: uses_nsec.then(|| model.next_nsec_nodes()),
        model,
        known: if let Beside::Zone(known) = beside { Some(Known::new(known, &keys)) } else { None },
        proofs,
        proof_keys: proofs.map_or_else(Vec::new, |proofs| proofs.places(&keys)),
        is_standing: if let Beside::Nodes(nodes) = beside { nodes } else { &[] },
        keys,
        anchored: Vec::new(),
    };
    context.anchored = trust::named_keys(&context);
    let (nodes, chain) = rayon::join(|| walk(&context), || nsec3::check(&context));
    parts.chain = match (uses_nsec, chain.has_chain) {
        (false, false) => ChainKind::None,
        (true, false) => ChainKind::Nsec,
        (false, true) => ChainKind::Nsec3 { opt_out: chain.is_opt_out },
        (true, true) => ChainKind::Both,
    };
    // A doubt of the part that is verified ahead needs no word: a signature refused there is refused again here.
    context.keys.note_doubts(apex, &mut findings);
    nodes.ttls.merge(chain.ttls).report(&context, &mut findings);
    if chain.has_chain && context.keys.required().iter().any(|algorithm| matches!(algorithm.0, 3 | 5)) {
        let found = "NSEC3 with an algorithm that does not imply it";
        findings.push(Note::new(Rule::Nsec3Algorithm, apex, found, "algorithm 8 or later").of(Rtype::DNSKEY));
    }
    let signers = &nodes.coverage.apex_signers;
    let (trust, anchored) = trust::check(&context, signers, &mut findings);
    apex::check(&context, signers, &anchored, &mut findings);
    parts.trust = trust;
    parts.valid_until = nodes.coverage.valid_until;
    parts.counts.add(&nodes.coverage.counts);
    findings.merge(nodes.coverage.findings).merge(nodes.findings).merge(chain.findings)
}

/// Says once what the whole zone lacks, so that not every name has to.
fn note_missing_parts(zone: &Zone, model: &Model, keys: &KeySet<'_>, findings: &mut Findings) {
    let apex = zone.apex_node();
    if keys.required().is_empty() {
        let found = if keys.keys().is_empty() { "no DNSKEY" } else { "no DNSKEY that may sign the zone" };
        findings.push(Note::new(Rule::DnskeyMissing, apex, found, "the keys that sign the zone").of(Rtype::DNSKEY));
    }
    if !model.has_rrsig {
        findings.push(Note::new(Rule::SignaturesMissing, apex, "no RRSIG in the zone", "a signature over every RRset"));
    }
    if !model.has_nsec && model.nsec3_nodes.is_empty() {
        findings.push(Note::new(Rule::DenialMissing, apex, "neither NSEC nor NSEC3 in the zone", "one of them"));
    }
}

/// What the nodes come to, one by one.
struct Walk {
    coverage: Coverage,
    findings: Findings,
    ttls: ChainTtls,
}

/// Checks every node for itself, a fixed number of nodes a job.
fn walk(context: &Context<'_>) -> Walk {
    let nodes = context.zone.node_count();
    (0..nodes.div_ceil(CHUNK_LEN))
        .into_par_iter()
        .map(|chunk| walk_chunk(context, chunk * CHUNK_LEN..nodes.min((chunk + 1) * CHUNK_LEN)))
        .reduce_with(|left, right| Walk {
            coverage: left.coverage.merge(right.coverage),
            findings: left.findings.merge(right.findings),
            ttls: left.ttls.merge(right.ttls),
        })
        .expect("a zone has an apex")
}

fn walk_chunk(context: &Context<'_>, nodes: Range<usize>) -> Walk {
    let mut findings = Findings::new(context.options.findings_max);
    let mut ttls = ChainTtls::default();
    let mut types = Vec::new();
    let mut run = Run::new(context);
    for node in nodes.map(|index| context.zone.node(index)) {
        for rrset in node.rrsets() {
            note_mixed_ttl(node, rrset, &mut findings);
        }
        nsec::check_node(context, node, &mut ttls, &mut types, &mut findings);
        if context.has_signatures && !context.is_standing(node) {
            run.add_node(node);
        }
    }
    run.verify();
    Walk { coverage: Coverage::of(run), findings, ttls }
}

fn note_mixed_ttl(node: NodeRef<'_>, rrset: RrsetRef<'_>, findings: &mut Findings) {
    // RRSIGs form no RRset (SIG-3); each has the TTL of what it covers.
    if rrset.rtype() == Rtype::RRSIG || rrset.records().all(|record| record.ttl() == rrset.ttl()) {
        return;
    }
    let highest = rrset.records().map(|record| record.ttl()).max().unwrap_or_default();
    let found = format!("TTLs from {} to {highest} in one RRset", rrset.ttl());
    let note = Note::new(Rule::TtlMixed, node, found, "one TTL").of(rrset.rtype());
    findings.push(note.at(rrset.first()));
}

fn count(zone: &Zone) -> Counts {
    let mut counts = Counts::default();
    for rrset in zone.nodes().flat_map(|node| node.rrsets()) {
        counts.records += rrset.len() as u64;
        match rrset.rtype() {
            Rtype::RRSIG => counts.signatures += rrset.len() as u64,
            _ => counts.rrsets += 1,
        }
    }
    counts
}
