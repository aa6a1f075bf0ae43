//! From the anchors given to the keys of the zone (V-4, V-6).

use super::Anchor;
use super::apex::ds_matches;
use super::context::Context;
use super::coverage::ApexSigners;
use super::findings::{Findings, Note};
use super::report::Trust;
use super::rules::Rule;
use crate::base::{Algorithm, DigestType, Rtype};
use crate::crypto::digest::ds_digest;
use crate::rdata::dnskey::{self, Dnskey};
use crate::rdata::ds::Ds;

/// An anchor as far as it can be used.
struct Lead {
    /// For messages.
    name: String,
    algorithm: Algorithm,
    /// Keys of the zone it names.
    keys: Vec<usize>,
}

/// Follows the anchors; gives the trust they make and the places of the keys they lead to that sign the DNSKEY RRset.
pub(super) fn check(context: &Context<'_>, signers: &ApexSigners, findings: &mut Findings) -> (Trust, Vec<usize>) {
    if context.options.anchors.is_empty() {
        return (Trust::SelfConsistent, Vec::new());
    }
    let apex = context.zone.apex_node();
    let leads: Vec<Lead> =
        context.options.anchors.iter().filter_map(|anchor| follow(context, anchor, findings)).collect();
    if leads.is_empty() {
        let found = "none of the anchors can be used";
        let asked = "a DS of a known digest type, or a DNSKEY";
        findings.push(Note::new(Rule::AnchorUnusable, apex, found, asked).of(Rtype::DS));
        return (Trust::Broken, Vec::new());
    }
    // Whether their signatures are open is another verdict's; see `Entry`.
    let trusted = signers.trusted(context);
    let signs = |index: &usize| trusted.contains(index);
    let anchored: Vec<usize> = leads.iter().flat_map(|lead| lead.keys.iter().copied()).filter(signs).collect();
    let is_anchored = !anchored.is_empty();
    for lead in leads.iter().filter(|lead| !lead.keys.iter().any(signs)) {
        let found = match lead.keys.is_empty() {
            true => format!("{} names no key of the zone", lead.name),
            false => format!("{} names a key that does not sign the DNSKEY RRset", lead.name),
        };
        let rule = if is_anchored { Rule::AnchorStale } else { Rule::AnchorUnmatched };
        findings.push(Note::new(rule, apex, found, "a key that signs the DNSKEY RRset").of(Rtype::DS));
    }
    note_algorithms(context, &leads, &trusted, findings);
    (if is_anchored { Trust::Anchored } else { Trust::Broken }, anchored)
}

/// The keys of the zone that the anchors name and that are not revoked.
pub(super) fn named_keys(context: &Context<'_>) -> Vec<usize> {
    let keys = context.keys.keys();
    let named = context.options.anchors.iter().flat_map(|anchor| keys_of(context, anchor));
    named.filter(|&index| !keys[index].is_revoked).collect()
}

/// The keys of the zone that an anchor names.
fn keys_of(context: &Context<'_>, anchor: &Anchor) -> Vec<usize> {
    let keys = context.keys.keys();
    match anchor {
        Anchor::Dnskey(rdata) => (0..keys.len()).filter(|&index| keys[index].rdata == rdata).collect(),
        Anchor::Ds(rdata) => {
            let Some(ds) = Ds::parse(rdata) else { return Vec::new() };
            let matching = context.keys.matching(ds.algorithm, ds.key_tag);
            matching.filter(|&index| ds_matches(context, &ds, keys[index].rdata) == Some(true)).collect()
        }
    }
}

/// Finds the keys an anchor names; `None` and a finding if it cannot be used.
fn follow(context: &Context<'_>, anchor: &Anchor, findings: &mut Findings) -> Option<Lead> {
    let keys = keys_of(context, anchor);
    match anchor {
        Anchor::Dnskey(rdata) => {
            let algorithm = Dnskey::parse(rdata)?.algorithm;
            let name = format!("DNSKEY {} of algorithm {algorithm}", dnskey::key_tag(rdata));
            Some(Lead { name, algorithm, keys })
        }
        Anchor::Ds(rdata) => {
            let ds = Ds::parse(rdata)?;
            let name = format!("DS {} of algorithm {} and digest type {}", ds.key_tag, ds.algorithm, ds.digest_type.0);
            let mut note = |rule, asked: &str| {
                findings.push(Note::new(rule, context.zone.apex_node(), name.clone(), asked).of(Rtype::DS));
            };
            if ds_digest(ds.digest_type, &[], &[]).is_none() {
                note(Rule::AnchorDigest, "a digest type that is known");
                return None;
            }
            if ds.digest_type == DigestType::SHA1 {
                note(Rule::AnchorSha1, "SHA-256");
            }
            Some(Lead { name, algorithm: ds.algorithm, keys })
        }
    }
}

/// The DNSKEY RRset must be signed with every algorithm of the DS RRset (SIG-9).
fn note_algorithms(context: &Context<'_>, leads: &[Lead], trusted: &[usize], findings: &mut Findings) {
    let keys = context.keys.keys();
    let mut algorithms: Vec<Algorithm> = leads.iter().map(|lead| lead.algorithm).collect();
    algorithms.sort_unstable();
    algorithms.dedup();
    for algorithm in algorithms {
        let is_verifiable = crate::crypto::check_verifies(algorithm).is_ok();
        let is_there = if is_verifiable {
            trusted.iter().any(|&index| keys[index].algorithm == algorithm)
        } else {
            context.keys.required().contains(&algorithm)
        };
        if !is_there {
            let found = format!("the DNSKEY RRset is not signed with algorithm {algorithm}");
            let asked = "a signature of each algorithm of the DS RRset";
            findings.push(Note::new(Rule::AnchorAlgorithm, context.zone.apex_node(), found, asked).of(Rtype::DNSKEY));
        }
    }
}
