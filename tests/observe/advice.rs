//! What to change at the parent.

use zoneseal::base::{DigestType, NameBuf};
use zoneseal::keys::ds::ds_rdata;
use zoneseal::observe::advice::{Change, Deed, KnownKey, Wish, advise};
use zoneseal::observe::findings::Wanted;

fn zone() -> NameBuf {
    "child.example.".parse().unwrap()
}

/// A DNSKEY that differs by its number.
fn dnskey(number: u8, flags: u16) -> Vec<u8> {
    [&flags.to_be_bytes()[..], &[3, 13], &[number; 64]].concat()
}

fn known(number: u8, wish: Wish) -> KnownKey {
    KnownKey { dnskey_rdata: dnskey(number, 257), wish }
}

fn ds(number: u8, digest: DigestType) -> Vec<u8> {
    ds_rdata(digest, zone().as_name(), &dnskey(number, 257)).unwrap()
}

fn wanted(keys: &[KnownKey]) -> Wanted<'_> {
    Wanted { keys, digests: &[DigestType::SHA256], has_other_signers: false }
}

/// Code, deed and DS of each change.
fn changes(keys: &[KnownKey], at_parent: Vec<Vec<u8>>) -> Vec<(&'static str, Deed, Vec<u8>)> {
    let changes = advise(zone().as_name(), wanted(keys), &at_parent, None);
    changes.into_iter().map(|Change { code, deed, ds, .. }| (code, deed, ds)).collect()
}

#[test]
fn nothing_to_do() {
    for digest in [DigestType::SHA256, DigestType::SHA384] {
        assert_eq!(changes(&[known(1, Wish::In)], vec![ds(1, digest)]), [], "either digest is good");
    }
    assert_eq!(changes(&[known(1, Wish::Out)], vec![]), []);
    assert_eq!(changes(&[known(1, Wish::Either)], vec![]), []);
    assert_eq!(changes(&[known(1, Wish::Either)], vec![ds(1, DigestType::SHA256)]), []);
}

#[test]
fn a_missing_ds_is_added_before_an_extra_one_is_removed() {
    let (old, new) = (ds(1, DigestType::SHA256), ds(2, DigestType::SHA256));
    let keys = [known(1, Wish::Out), known(2, Wish::In)];
    assert_eq!(changes(&keys, vec![old.clone()]), [("ds-missing", Deed::Add, new), ("ds-extra", Deed::Remove, old)]);
}

#[test]
fn a_ds_of_a_key_nobody_has_is_stale() {
    let stale = ds(9, DigestType::SHA256);
    assert_eq!(changes(&[known(1, Wish::Either)], vec![stale.clone()]), [("ds-stale", Deed::Remove, stale)]);
}

/// The tag is right and the digest is not, as when the registrar's form took the DS of another name.
#[test]
fn a_damaged_ds_is_told_from_a_stale_one() {
    let mut wrong = ds(1, DigestType::SHA256);
    *wrong.last_mut().unwrap() ^= 1;
    let right = ds(1, DigestType::SHA256);
    assert_eq!(
        changes(&[known(1, Wish::In)], vec![wrong.clone()]),
        [("ds-missing", Deed::Add, right), ("ds-wrong", Deed::Remove, wrong)]
    );
}

#[test]
fn sha1_alone_does_not_count_and_beside_another_may_go() {
    let (sha1, sha256) = (ds(1, DigestType::SHA1), ds(1, DigestType::SHA256));
    let keys = [known(1, Wish::In)];
    assert_eq!(
        changes(&keys, vec![sha1.clone()]),
        [("ds-missing", Deed::Add, sha256.clone()), ("ds-sha1", Deed::Remove, sha1.clone())]
    );
    assert_eq!(changes(&keys, vec![sha1.clone(), sha256]), [("ds-sha1", Deed::Remove, sha1)]);
}

#[test]
fn a_key_that_others_publish_is_only_remarked_on() {
    let foreign = ds(7, DigestType::SHA256);
    let published = [dnskey(7, 257)];
    let found =
        advise(zone().as_name(), wanted(&[known(1, Wish::Either)]), std::slice::from_ref(&foreign), Some(&published));
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].code, found[0].is_optional), ("ds-unknown", true));
}

#[test]
fn revoked_keys_have_no_ds() {
    let revoked = KnownKey { dnskey_rdata: dnskey(1, 385), wish: Wish::In };
    assert_eq!(changes(std::slice::from_ref(&revoked), vec![]), []);
    let ds = ds_rdata(DigestType::SHA256, zone().as_name(), &revoked.dnskey_rdata).unwrap();
    assert_eq!(changes(&[revoked], vec![ds.clone()]), [("ds-extra", Deed::Remove, ds)]);
}

#[test]
fn findings_hold_the_exact_record() {
    let change = advise(zone().as_name(), wanted(&[known(1, Wish::In)]), &[], None).remove(0);
    let text = change.finding(zone().as_name()).to_string();
    let record = zoneseal::observe::advice::ds_line(zone().as_name(), &change.ds);
    assert!(record.starts_with("child.example. IN DS ") && record.contains(" 13 2 "), "{record}");
    assert!(text.ends_with(&format!("= help: have the parent add: {record}")), "{text}");
}

/// RFC 8901: what fits no key of ours is for the other signers to change; what fits one of ours is ours as ever.
#[test]
fn the_ds_of_other_signers_stays() {
    let (theirs, old) = (ds(9, DigestType::SHA256), ds(2, DigestType::SHA256));
    let keys = [known(1, Wish::In), known(2, Wish::Out)];
    let shared = Wanted { has_other_signers: true, ..wanted(&keys) };
    let changes = advise(zone().as_name(), shared, &[theirs, old.clone()], None);
    let changes: Vec<_> = changes.into_iter().map(|Change { code, deed, ds, .. }| (code, deed, ds)).collect();
    assert_eq!(changes, [("ds-missing", Deed::Add, ds(1, DigestType::SHA256)), ("ds-extra", Deed::Remove, old)]);
}
