//! The apex: who signs the DNSKEY RRset, and what CDS and CDNSKEY tell the parent.

use super::context::Context;
use super::coverage::ApexSigners;
use super::findings::{Findings, Note};
use super::keyset::ZoneKey;
use super::rules::Rule;
use crate::base::{Algorithm, Rtype};
use crate::crypto::digest::ds_digest;
use crate::rdata::dnskey::{self, Dnskey};
use crate::rdata::ds::Ds;
use crate::zone::{RecordRef, RrsetRef};

/// `CDS 0 0 0 00` (RFC 8078 section 4, CDS-6).
const CDS_DELETE: &[u8] = &[0, 0, 0, 0, 0];
/// `CDNSKEY 0 3 0 AA==`.
const CDNSKEY_DELETE: &[u8] = &[0, 0, 3, 0, 0];

/// Checks the apex, given the places of the keys that a given anchor leads to; empty without an anchor.
pub(super) fn check(context: &Context<'_>, signers: &ApexSigners, anchored: &[usize], findings: &mut Findings) {
    note_signers(context, signers, anchored, findings);
    let apex = context.zone.apex_node();
    let sets = [(Rtype::CDS, &signers.cds), (Rtype::CDNSKEY, &signers.cdnskey)];
    for (rtype, set_signers) in sets {
        if apex.has(rtype) {
            note_cds_signer(context, rtype, set_signers, signers, anchored, findings);
        }
    }
    match (apex.rrset(Rtype::CDS), apex.rrset(Rtype::CDNSKEY)) {
        (None, None) => {}
        (cds, cdnskey) => check_cds(context, cds, cdnskey, signers, findings),
    }
}

/// Reports a DNSKEY RRset that no SEP key signs, and revoked keys that do not sign it.
fn note_signers(context: &Context<'_>, signers: &ApexSigners, anchored: &[usize], findings: &mut Findings) {
    let apex = context.zone.apex_node();
    let keys = context.keys.keys();
    let trusted = signers.trusted(context);
    if anchored.is_empty() && !trusted.is_empty() && !trusted.iter().any(|&index| keys[index].has_sep) {
        let found = "the DNSKEY RRset is signed, but by no key with the SEP flag";
        let asked = "a signature by the key that the parent's DS names";
        findings.push(Note::new(Rule::DnskeySep, apex, found, asked).of(Rtype::DNSKEY));
    }
    for (index, key) in keys.iter().enumerate() {
        if key.is_revoked && !signers.dnskey.contains(&index) && context.has_signatures {
            let found = format!("{} is revoked and does not sign the DNSKEY RRset", key.describe());
            let note = Note::new(Rule::RevokedUnsigned, apex, found, "a signature by the revoked key");
            findings.push(note.of(Rtype::DNSKEY).at(key.record));
        }
    }
}

/// CDS and CDNSKEY must be signed by a key that the parent's DS can name (SIG-12): one that signs the DNSKEY RRset, and
/// if we know the parent's DS, one of those.
fn note_cds_signer(
    context: &Context<'_>,
    rtype: Rtype,
    set_signers: &[usize],
    signers: &ApexSigners,
    anchored: &[usize],
    findings: &mut Findings,
) {
    let trusted = signers.trusted(context);
    let allowed = if anchored.is_empty() { &trusted } else { anchored };
    // Without any good signature that has been said already.
    if set_signers.is_empty() || allowed.is_empty() {
        return;
    }
    let keys = context.keys.keys();
    let is_allowed = set_signers.iter().any(|index| allowed.contains(index));
    let is_sep = |index: &usize| keys[*index].has_sep;
    let is_doubtful = anchored.is_empty() && allowed.iter().any(is_sep) && !set_signers.iter().any(is_sep);
    if is_allowed && !is_doubtful {
        return;
    }
    let names: Vec<String> = set_signers.iter().map(|&index| keys[index].describe()).collect();
    let found = format!("signed by {}", names.join(", "));
    let asked = "a signature by the key that the parent's DS names";
    let note = Note::new(Rule::CdsSigner, context.zone.apex_node(), found, asked).of(rtype);
    findings.push(if is_allowed { note.milder() } else { note });
}

fn check_cds(
    context: &Context<'_>,
    cds: Option<RrsetRef<'_>>,
    cdnskey: Option<RrsetRef<'_>>,
    signers: &ApexSigners,
    findings: &mut Findings,
) {
    let apex = context.zone.apex_node();
    let cds_deletes = cds.map(|rrset| check_delete(context, rrset, CDS_DELETE, findings));
    let cdnskey_deletes = cdnskey.map(|rrset| check_delete(context, rrset, CDNSKEY_DELETE, findings));
    if cds.is_none() || cdnskey.is_none() {
        let (there, lacking) = if cds.is_some() { (Rtype::CDS, Rtype::CDNSKEY) } else { (Rtype::CDNSKEY, Rtype::CDS) };
        findings.push(Note::new(Rule::CdsAlone, apex, format!("{there} without {lacking}"), "both").of(there));
    }
    if let (Some(one), Some(other)) = (cds_deletes, cdnskey_deletes)
        && one != other
    {
        let found = "one of CDS and CDNSKEY asks for deletion, the other does not";
        findings.push(Note::new(Rule::CdsDiffer, apex, found, "the same wish in both").of(Rtype::CDS));
        return;
    }
    if let (Some(rrset), Some(false)) = (cds, cds_deletes) {
        check_set(context, rrset, signers, findings, |record| cds_keys(context, record));
    }
    if let (Some(rrset), Some(false)) = (cdnskey, cdnskey_deletes) {
        check_set(context, rrset, signers, findings, |record| cdnskey_keys(context, record));
    }
    if let (Some(cds), Some(cdnskey), Some(false)) = (cds, cdnskey, cds_deletes) {
        note_differences(context, cds, cdnskey, findings);
    }
}

/// Whether an RRset asks for the DS to be deleted; reports one that does not do it the one right way.
fn check_delete(context: &Context<'_>, rrset: RrsetRef<'_>, delete: &[u8], findings: &mut Findings) -> bool {
    // The algorithm stands at the fourth octet of a CDNSKEY and at the third of a CDS.
    let algorithm_at = if rrset.rtype() == Rtype::CDS { 2 } else { 3 };
    let is_delete = |record: &RecordRef<'_>| record.rdata().get(algorithm_at) == Some(&0);
    let Some(first) = rrset.records().find(is_delete) else { return false };
    let is_right = rrset.len() == 1 && first.rdata() == delete;
    if !is_right {
        let found = if rrset.len() > 1 { "a delete record among others" } else { "a malformed delete record" };
        let asked = if rrset.rtype() == Rtype::CDS { "CDS 0 0 0 00 alone" } else { "CDNSKEY 0 3 0 AA== alone" };
        let note = Note::new(Rule::CdsDelete, context.zone.apex_node(), found, asked);
        findings.push(note.of(rrset.rtype()).at(first));
    }
    true
}

/// What a CDS or CDNSKEY leads to.
enum Target {
    /// Keys of the DNSKEY RRset.
    Keys(Vec<usize>),
    /// No key of the DNSKEY RRset; the text says which is meant.
    Absent(String),
    /// A key of the DNSKEY RRset whose digest is another.
    WrongDigest(String),
    /// A digest type that is not known here.
    Unknown,
}

/// Checks the records of a CDS or CDNSKEY set, and that following the set keeps the chain of trust (CDS-3).
fn check_set<'z>(
    context: &Context<'z>,
    rrset: RrsetRef<'z>,
    signers: &ApexSigners,
    findings: &mut Findings,
    target: impl Fn(RecordRef<'z>) -> Target,
) {
    let apex = context.zone.apex_node();
    let (mut leads, mut known) = (false, false);
    let standing = signers.standing(context);
    for record in rrset.records() {
        let (rule, found, asked) = match target(record) {
            Target::Unknown => continue,
            Target::Keys(keys) => {
                known = true;
                leads |= keys.iter().any(|key| standing.contains(key));
                continue;
            }
            Target::Absent(found) => (Rule::CdsNoDnskey, found, "a key of the DNSKEY RRset"),
            Target::WrongDigest(found) => (Rule::CdsDigest, found, "the digest of the DNSKEY"),
        };
        known = true;
        findings.push(Note::new(rule, apex, found, asked).of(rrset.rtype()).at(record));
    }
    if known && !leads && !standing.is_empty() {
        let found = "no record of the set leads to a key that signs the DNSKEY RRset";
        let note = Note::new(Rule::CdsBreaksChain, apex, found, "at least one that does").of(rrset.rtype());
        findings.push(note.at(rrset.first()));
    }
}

/// Whether a DS names a DNSKEY by tag, algorithm and digest; `None` if its digest type is unknown.
pub(super) fn ds_matches(context: &Context<'_>, ds: &Ds<'_>, dnskey_rdata: &[u8]) -> Option<bool> {
    let apex = context.zone.apex().to_canonical();
    let digest = ds_digest(ds.digest_type, apex.as_name().as_wire(), dnskey_rdata)?;
    let algorithm = Dnskey::parse(dnskey_rdata)?.algorithm;
    Some(digest == ds.digest && algorithm == ds.algorithm && dnskey::key_tag(dnskey_rdata) == ds.key_tag)
}

fn cds_keys(context: &Context<'_>, record: RecordRef<'_>) -> Target {
    let Some(ds) = Ds::parse(record.rdata()) else { return Target::Unknown };
    let candidates = context.keys.matching(ds.algorithm, ds.key_tag);
    if candidates.is_empty() {
        return Target::Absent(absent(ds.key_tag, ds.algorithm));
    }
    let keys: &[ZoneKey<'_>] = context.keys.keys();
    let results: Vec<(usize, Option<bool>)> =
        candidates.map(|index| (index, ds_matches(context, &ds, keys[index].rdata))).collect();
    if results.iter().any(|(_, result)| result.is_none()) {
        return Target::Unknown;
    }
    let fitting: Vec<usize> =
        results.iter().filter(|(_, result)| *result == Some(true)).map(|&(index, _)| index).collect();
    if fitting.is_empty() {
        let found = format!("the digest is not that of key {} of algorithm {}", ds.key_tag, ds.algorithm);
        return Target::WrongDigest(found);
    }
    Target::Keys(fitting)
}

fn cdnskey_keys(context: &Context<'_>, record: RecordRef<'_>) -> Target {
    let keys = context.keys.keys();
    let fitting: Vec<usize> = (0..keys.len()).filter(|&index| keys[index].rdata == record.rdata()).collect();
    if !fitting.is_empty() {
        return Target::Keys(fitting);
    }
    match Dnskey::parse(record.rdata()) {
        Some(key) => Target::Absent(absent(dnskey::key_tag(record.rdata()), key.algorithm)),
        None => Target::Unknown,
    }
}

fn absent(key_tag: u16, algorithm: Algorithm) -> String {
    format!("key {key_tag} of algorithm {algorithm} is not in the DNSKEY RRset")
}

/// Both sets must describe the same keys (CDS-2).
fn note_differences(context: &Context<'_>, cds: RrsetRef<'_>, cdnskey: RrsetRef<'_>, findings: &mut Findings) {
    let apex = context.zone.apex_node();
    let fits = |cds: RecordRef<'_>, cdnskey: RecordRef<'_>| {
        // A digest that cannot be computed here cannot show a difference.
        Ds::parse(cds.rdata()).is_none_or(|ds| ds_matches(context, &ds, cdnskey.rdata()).unwrap_or(true))
    };
    let mut note = |rtype: Rtype, record: RecordRef<'_>, found: &str| {
        findings.push(Note::new(Rule::CdsDiffer, apex, found, "the same keys in both").of(rtype).at(record));
    };
    for one in cds.records().filter(|&one| !cdnskey.records().any(|other| fits(one, other))) {
        note(Rtype::CDS, one, "a CDS whose key has no CDNSKEY");
    }
    for other in cdnskey.records().filter(|&other| !cds.records().any(|one| fits(one, other))) {
        note(Rtype::CDNSKEY, other, "a CDNSKEY whose key has no CDS");
    }
}
