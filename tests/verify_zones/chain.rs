//! Where trust begins: the key that the parent's DS names, and its signature's window (RFC 4035 sections 5.2 and 5.3.1).

use super::rules::{NSEC, adopted, before};
use super::support::{AT, EXPIRATION, INCEPTION, Record, Records, TestKey, name};
use zoneseal::base::{Rtype, Seconds, Timestamp};
use zoneseal::verify::{Anchor, Report, Rule, Trust, VerifyOptions, verify_zone};

const APEX: &str = "example.";
/// Inception and expiration of a signature.
type Span = (Timestamp, Timestamp);
const LONG: Span = (Timestamp(INCEPTION), Timestamp(EXPIRATION));

fn expired() -> Span {
    (Timestamp(INCEPTION), before(3600))
}

fn not_yet() -> Span {
    (before(-3600), Timestamp(EXPIRATION))
}

fn ends_in_an_hour() -> Span {
    (Timestamp(INCEPTION), before(-3600))
}

/// A key, and what of the signatures over the DNSKEY RRset is its.
type Signer<'k> = (&'k TestKey, Span);

/// The zone of the first key, whose DNSKEY RRset has all the keys and is signed by each.
fn zone_of(signers: &[Signer<'_>]) -> Records {
    let mut zone = adopted(NSEC, signers[0].0);
    for (key, _) in &signers[1..] {
        zone.0.push(Record { owner: name(APEX), ttl: 3600, rtype: Rtype::DNSKEY, rdata: key.dnskey.clone() });
    }
    sign_by(&mut zone, Rtype::DNSKEY, signers);
    zone
}

/// Replaces the signatures over an RRset of the apex.
fn sign_by(zone: &mut Records, rtype: Rtype, signers: &[Signer<'_>]) {
    zone.unsign(APEX, rtype);
    for (key, span) in signers {
        key.add_signature(zone, APEX, rtype, |rrsig| (rrsig.inception, rrsig.expiration) = *span);
    }
}

fn verify(zone: &Records, anchored: &[&TestKey]) -> Report {
    let anchors = anchored.iter().map(|key| Anchor::Ds(key.ds(name(APEX).as_name()))).collect();
    let options = VerifyOptions { anchors, expires_within: Some(Seconds(1800)), ..VerifyOptions::new(AT) };
    verify_zone(&zone.build().unwrap(), &options)
}

#[track_caller]
fn assert_report(report: &Report, rules: &[Rule], is_valid: bool) {
    let found: Vec<Rule> = report.counts_by_rule.keys().copied().collect();
    assert_eq!((found.as_slice(), report.is_valid()), (rules, is_valid), "{:#?}", report.findings);
}

#[test]
fn an_open_signature_of_a_zsk_does_not_stand_in_for_the_ksk() {
    let (ksk, zsk) = (TestKey::new(1, 257), TestKey::new(4, 256));
    for anchored in [&[][..], &[&ksk][..]] {
        for (span, rule) in [(expired(), Rule::SignatureExpired), (not_yet(), Rule::SignatureNotYetValid)] {
            let report = verify(&zone_of(&[(&ksk, span), (&zsk, LONG)]), anchored);
            assert_report(&report, &[rule], false);
            let verdicts = report.verdicts;
            assert!(verdicts.is_cryptographically_valid && !verdicts.is_valid_at, "{verdicts:?}");
            let report = verify(&zone_of(&[(&ksk, LONG), (&zsk, span)]), anchored);
            assert_report(&report, &[rule], true);
        }
    }
}

#[test]
fn the_ksk_decides_how_long_the_keys_are_good() {
    let (ksk, zsk) = (TestKey::new(1, 257), TestKey::new(4, 256));
    let zone = zone_of(&[(&ksk, ends_in_an_hour()), (&zsk, LONG)]);
    for anchors in [vec![], vec![Anchor::Ds(ksk.ds(name(APEX).as_name()))]] {
        let within = |seconds| {
            let expires_within = Some(Seconds(seconds));
            let options = VerifyOptions { anchors: anchors.clone(), expires_within, ..VerifyOptions::new(AT) };
            verify_zone(&zone.build().unwrap(), &options)
        };
        assert_report(&within(3600), &[], true);
        let report = within(3601);
        assert_report(&report, &[Rule::SignatureExpiresSoon], false);
        let until = report.verdicts.valid_until.unwrap();
        assert_eq!((until.time, until.covered, until.key_tag), (AT.plus(Seconds(3600)), Rtype::DNSKEY, ksk.tag()));
    }
}

/// In a roll both KSKs sign: one open signature of a key that the parent names is enough.
#[test]
fn of_two_ksks_those_count_that_the_parent_names() {
    let (old, new) = (TestKey::new(1, 257), TestKey::new(6, 257));
    let zone = zone_of(&[(&new, LONG), (&old, expired())]);
    let (spare, all) = (&[Rule::SignatureExpired][..], &[Rule::SignatureExpired, Rule::CdsSigner][..]);
    for (anchored, rules) in [(&[&new][..], spare), (&[&old, &new], spare), (&[], spare), (&[&old], all)] {
        let report = verify(&zone, anchored);
        assert_report(&report, rules, rules == spare);
        assert_eq!(report.verdicts.is_valid_at, rules == spare);
        let trust = if anchored.is_empty() { Trust::SelfConsistent } else { Trust::Anchored };
        assert_eq!(report.verdicts.trust, trust);
    }
}

/// SEP is a hint (SIG-10): the DS has the last word.
#[test]
fn a_key_without_sep_may_be_the_one_that_the_parent_names() {
    let (sep, named) = (TestKey::new(1, 257), TestKey::new(4, 256));
    let zone = zone_of(&[(&named, LONG), (&sep, expired())]);
    let report = verify(&zone, &[&named]);
    assert_report(&report, &[Rule::SignatureExpired], true);
    assert_eq!(report.verdicts.trust, Trust::Anchored);
    assert_report(&verify(&zone, &[]), &[Rule::SignatureExpired, Rule::CdsSigner], false);
}

/// A signature that has ended does not count for CDS either (SIG-12), nor does a key whose own has (CDS-3).
#[test]
fn cds_goes_by_open_signatures() {
    let (ksk, zsk) = (TestKey::new(1, 257), TestKey::new(4, 256));
    let mut zone = zone_of(&[(&ksk, LONG), (&zsk, LONG)]);
    for anchored in [&[][..], &[&ksk][..]] {
        sign_by(&mut zone, Rtype::CDS, &[(&ksk, expired()), (&zsk, LONG)]);
        assert_report(&verify(&zone, anchored), &[Rule::SignatureExpired], false);
        sign_by(&mut zone, Rtype::CDS, &[(&ksk, LONG), (&zsk, expired())]);
        assert_report(&verify(&zone, anchored), &[Rule::SignatureExpired], true);
    }
    let next = TestKey::new(6, 257);
    let zone_in_a_roll = zone_of(&[(&next, LONG), (&ksk, LONG)]);
    assert_report(&verify(&zone_in_a_roll, &[&next]), &[], true);
    let zone = zone_of(&[(&next, expired()), (&ksk, LONG)]);
    assert_report(&verify(&zone, &[]), &[Rule::SignatureExpired, Rule::CdsBreaksChain], false);
}

/// A revoked key's signature says that it is revoked, and no more (RFC 5011 section 2.1).
#[test]
fn a_revoked_key_makes_no_rrset_good() {
    let (ksk, zsk, revoked) = (TestKey::new(1, 257), TestKey::new(4, 256), TestKey::new(3, 385));
    let mut zone = zone_of(&[(&ksk, LONG), (&zsk, LONG), (&revoked, LONG)]);
    assert_report(&verify(&zone, &[&ksk]), &[], true);
    sign_by(&mut zone, Rtype::DNSKEY, &[(&revoked, ends_in_an_hour())]);
    let report = verify(&zone, &[]);
    assert_report(&report, &[Rule::SignatureKeyRevoked], false);
    assert!(!report.verdicts.is_cryptographically_valid);
    assert_ne!(report.verdicts.valid_until.unwrap().covered, Rtype::DNSKEY, "it ends nobody's validity");
    assert_report(
        &verify(&zone, &[&ksk]),
        &[Rule::SignatureKeyRevoked, Rule::AnchorUnmatched, Rule::AnchorAlgorithm],
        false,
    );
    assert_eq!(verify(&zone, &[&revoked]).verdicts.trust, Trust::Broken);
    sign_by(&mut zone, Rtype::DNSKEY, &[(&revoked, LONG), (&ksk, expired())]);
    assert_report(&verify(&zone, &[&ksk]), &[Rule::SignatureExpired], false);
    sign_by(&mut zone, Rtype::DNSKEY, &[(&ksk, LONG), (&revoked, expired())]);
    assert_report(&verify(&zone, &[&ksk]), &[Rule::SignatureExpired], true);
}
