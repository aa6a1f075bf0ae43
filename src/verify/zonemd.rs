//! ZONEMD: the digest over the whole zone, computed again (RFC 8976, ZMD-3, ZMD-4).

use super::findings::{Findings, Note};
use super::rules::Rule;
use super::signatures::push_counted_rdata;
use crate::base::{Rtype, text};
use crate::crypto::digest::Hasher;
use crate::rdata::zonemd::{HASH_SHA384, HASH_SHA512, SCHEME_SIMPLE, Zonemd};
use crate::zone::{NodeRef, RecordRef, RrsetRef, Zone};

/// Octets collected before they are fed to the hashers.
const BUFFER_LEN: usize = 1 << 16;

/// Checks the ZONEMD records of the apex; gives how many digests matched.
pub(super) fn check(zone: &Zone, is_required: bool, findings: &mut Findings) -> u64 {
    let apex = zone.apex_node();
    let Some(rrset) = apex.rrset(Rtype::ZONEMD) else {
        if is_required {
            findings.push(Note::new(Rule::ZonemdMissing, apex, "no ZONEMD", "a ZONEMD at the apex").of(Rtype::ZONEMD));
        }
        return 0;
    };
    let (usable, faulty) = sort_records(zone, rrset, is_required, findings);
    let wants = |hash| usable.iter().any(|(_, zonemd)| zonemd.hash_algorithm == hash);
    let digests = match usable.is_empty() {
        true => (None, None),
        false => digest(zone, wants(HASH_SHA384), wants(HASH_SHA512)),
    };
    let is_right = |zonemd: &Zonemd<'_>| {
        let digest = if zonemd.hash_algorithm == HASH_SHA384 { &digests.0 } else { &digests.1 };
        digest.as_deref() == Some(zonemd.digest)
    };
    let matched = usable.iter().filter(|(_, zonemd)| is_right(zonemd)).count() as u64;
    // One match is enough for whoever checks (ZMD-4).
    let by_matched = |note: Note| if matched > 0 { note.milder() } else { note };
    for note in faulty {
        findings.push(by_matched(note));
    }
    for (record, zonemd) in usable.iter().filter(|(_, zonemd)| !is_right(zonemd)) {
        let digest = if zonemd.hash_algorithm == HASH_SHA384 { &digests.0 } else { &digests.1 };
        let found = format!("digest {}", shown(zonemd.digest));
        let asked = format!("the zone's digest {}", shown(digest.as_deref().unwrap_or_default()));
        let note = Note::new(Rule::ZonemdDigest, apex, found, asked).of(Rtype::ZONEMD).at(*record);
        findings.push(by_matched(note));
    }
    matched
}

/// The records that can be checked, and what is to be said of those that must not count. Those of kinds that are not known
/// here are reported.
fn sort_records<'z>(
    zone: &'z Zone,
    rrset: RrsetRef<'z>,
    is_required: bool,
    findings: &mut Findings,
) -> (Vec<(RecordRef<'z>, Zonemd<'z>)>, Vec<Note>) {
    let apex = zone.apex_node();
    let serial = zone.soa().serial;
    let parsed: Vec<(RecordRef<'z>, Zonemd<'z>)> =
        rrset.records().filter_map(|record| Some((record, Zonemd::parse(record.rdata())?))).collect();
    let mut usable = Vec::new();
    let mut faulty = Vec::new();
    let mut unsupported = Vec::new();
    for &(record, zonemd) in &parsed {
        let is_same = |other: &&(RecordRef<'_>, Zonemd<'_>)| {
            (other.1.scheme, other.1.hash_algorithm) == (zonemd.scheme, zonemd.hash_algorithm)
        };
        let pair = format!("scheme {} and hash {}", zonemd.scheme, zonemd.hash_algorithm);
        let mut note = |rule, found: String, asked: String| {
            faulty.push(Note::new(rule, apex, found, asked).of(Rtype::ZONEMD).at(record));
        };
        if zonemd.serial != serial {
            note(Rule::ZonemdSerial, format!("serial {}", zonemd.serial), format!("the SOA's serial {serial}"));
        } else if parsed.iter().filter(is_same).count() > 1 {
            note(Rule::ZonemdDuplicate, format!("more than one record of {pair}"), "one".into());
        } else if zonemd.scheme == SCHEME_SIMPLE && matches!(zonemd.hash_algorithm, HASH_SHA384 | HASH_SHA512) {
            usable.push((record, zonemd));
        } else {
            unsupported.push((record, pair));
        }
    }
    let is_unverifiable = is_required && usable.is_empty();
    for (record, pair) in unsupported {
        let note = Note::new(Rule::ZonemdUnsupported, apex, format!("{pair}, not checked"), "scheme 1 and hash 1 or 2");
        let note = note.of(Rtype::ZONEMD).at(record);
        findings.push(if is_unverifiable { note.worse() } else { note });
    }
    (usable, faulty)
}

fn shown(digest: &[u8]) -> String {
    let mut hex = Vec::new();
    text::push_hex(digest, &mut hex);
    String::from_utf8_lossy(&hex).to_ascii_lowercase()
}

/// The SHA-384 and SHA-512 digests over the zone without the apex ZONEMD and the RRSIGs over it.
///
/// The zone's own order is the digest's: owners, then types by number, then RDATA; RRSIG data begins with the type
/// covered, by which the zone groups it (RFC 8976 section 3.3.1).
fn digest(zone: &Zone, wants_sha384: bool, wants_sha512: bool) -> (Option<Vec<u8>>, Option<Vec<u8>>) {
    let mut sha384 = wants_sha384.then(Hasher::sha384);
    let mut sha512 = wants_sha512.then(Hasher::sha512);
    let mut buffer = Vec::with_capacity(2 * BUFFER_LEN);
    let mut feed = |buffer: &mut Vec<u8>| {
        for hasher in [&mut sha384, &mut sha512].into_iter().flatten() {
            hasher.update(buffer);
        }
        buffer.clear();
    };
    for node in zone.nodes() {
        for rrset in node.rrsets() {
            let is_own = rrset.rtype() == Rtype::ZONEMD || rrset.covered() == Some(Rtype::ZONEMD);
            if is_own && node.index() == 0 {
                continue;
            }
            for record in rrset.records() {
                push_record(zone, node, rrset, record, &mut buffer);
                if buffer.len() >= BUFFER_LEN {
                    feed(&mut buffer);
                }
            }
        }
    }
    feed(&mut buffer);
    (sha384.map(Hasher::finish), sha512.map(Hasher::finish))
}

/// Appends a record in canonical form with its own TTL (RFC 8976 section 3.3.2).
fn push_record(zone: &Zone, node: NodeRef<'_>, rrset: RrsetRef<'_>, record: RecordRef<'_>, out: &mut Vec<u8>) {
    node.owner().push_canonical(out);
    out.extend_from_slice(&rrset.rtype().0.to_be_bytes());
    out.extend_from_slice(&zone.class().0.to_be_bytes());
    out.extend_from_slice(&record.ttl().seconds().to_be_bytes());
    push_counted_rdata(rrset.rtype(), record.rdata(), out);
}
