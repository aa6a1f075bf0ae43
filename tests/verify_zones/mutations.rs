//! Every record of good zones removed or altered, every field of every signature bent: all of it is found.

use super::support::{Records, covered_by};
use zoneseal::base::Rtype;
use zoneseal::rdata;
use zoneseal::verify::Rule;

/// Zones with the records whose loss no signature can show: those below cuts and a second NS at a cut. A ZONEMD shows all.
const ZONES: &[(&str, bool)] = &[
    ("verify/bind-nsec.zone", false),
    ("verify/bind-nsec3.zone", false),
    ("verify/ldns-opt-out.zone", false),
    ("verify/ldns-nsec-zonemd.zone", true),
];

/// What only a ZONEMD covers in these zones: owner, type.
const UNSIGNED: &[(&str, Rtype)] = &[
    ("hidden.sub.example.", Rtype::TXT),
    ("ns2.sub.example.", Rtype::A),
    ("sub.example.", Rtype::NS),
    ("under.dn.example.", Rtype::TXT),
];
/// As [`UNSIGNED`], when records are altered or get another TTL: the delegations with one NS too.
const UNSIGNED_DELEGATIONS: &[&str] = &["sec.example.", "x.deep.example.", "y.z.deeper.example."];

fn is_unsigned(zone: &Records, index: usize, counts_delegations: bool) -> bool {
    let record = &zone.0[index];
    let owner = record.owner.to_string();
    UNSIGNED.iter().any(|&(name, rtype)| name == owner && rtype == record.rtype)
        || (counts_delegations && record.rtype == Rtype::NS && UNSIGNED_DELEGATIONS.contains(&owner.as_str()))
}

#[test]
fn no_removed_record_goes_unnoticed() {
    for &(path, has_zonemd) in ZONES {
        let zone = Records::load(path);
        for index in 0..zone.0.len() {
            let mut broken = zone.clone();
            let removed = broken.0.remove(index);
            let is_found = broken.verify().is_none_or(|report| !report.is_valid());
            let is_expected = has_zonemd || !is_unsigned(&zone, index, false);
            assert_eq!(is_found, is_expected, "{path}: without {}", removed.describe());
        }
    }
}

#[test]
fn no_altered_record_goes_unnoticed() {
    for &(path, has_zonemd) in ZONES {
        let zone = Records::load(path);
        for index in 0..zone.0.len() {
            let Some(broken) = altered(&zone, index) else { continue };
            let is_found = broken.verify().is_none_or(|report| !report.is_valid());
            let is_expected = has_zonemd || !is_unsigned(&zone, index, true);
            assert_eq!(is_found, is_expected, "{path}: {}", broken.0[index].describe());
        }
    }
}

/// The zone with one bit of a record's data turned, at the last octet where that leaves valid data.
fn altered(zone: &Records, index: usize) -> Option<Records> {
    (0..zone.0[index].rdata.len()).rev().find_map(|at| {
        let mut broken = zone.clone();
        let record = &mut broken.0[index];
        record.rdata[at] ^= 1;
        rdata::check_wire(record.rtype, &record.rdata).is_ok().then_some(broken)
    })
}

#[test]
fn no_altered_ttl_goes_unnoticed() {
    for &(path, has_zonemd) in ZONES {
        let zone = Records::load(path);
        for index in 0..zone.0.len() {
            let mut broken = zone.clone();
            broken.0[index].ttl += 1;
            let is_found = broken.verify().is_none_or(|report| !report.is_valid());
            // Two TTLs at the delegation with two NS are two TTLs in an RRset, signed or not.
            let is_mixed = zone.0[index].owner.to_string() == "sub.example.";
            let is_expected = has_zonemd || is_mixed || !is_unsigned(&zone, index, true);
            assert_eq!(is_found, is_expected, "{path}: {}", zone.0[index].describe());
        }
    }
}

/// Each field of each signature, one bit turned: octet, bit, and the rule that must be named.
#[test]
fn every_field_of_every_signature_counts() {
    let fields: &[(usize, u8, &[Rule])] = &[
        (1, 0x80, &[Rule::SignatureCoversNothing]),
        (2, 1, &[Rule::SignatureKeyMissing]),
        (3, 0x10, &[Rule::SignatureLabels]),
        (7, 1, &[Rule::SignatureOriginalTtl]),
        (11, 1, &[Rule::SignatureBogus]),
        (8, 0x40, &[Rule::SignatureExpired, Rule::SignatureWindow]),
        (15, 1, &[Rule::SignatureBogus]),
        (12, 0x10, &[Rule::SignatureNotYetValid, Rule::SignatureWindow, Rule::SignatureBogus]),
        (17, 1, &[Rule::SignatureKeyMissing]),
        (19, 1, &[Rule::SignatureSigner]),
        (40, 1, &[Rule::SignatureBogus]),
    ];
    let zone = Records::load("verify/bind-nsec3.zone");
    for index in (0..zone.0.len()).filter(|&index| covered_by(&zone.0[index]).is_some()) {
        for &(at, bit, rules) in fields {
            let mut broken = zone.clone();
            broken.0[index].rdata[at] ^= bit;
            let report = broken.verify().expect("the SOA is untouched");
            let is_named = rules.iter().any(|rule| report.counts_by_rule.contains_key(rule));
            assert!(
                !report.is_valid() && is_named,
                "octet {at} of {}: {:?}",
                zone.0[index].describe(),
                report.findings
            );
        }
    }
}
