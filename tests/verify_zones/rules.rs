//! One rule broken at a time in zones that are right otherwise, and signed again so that nothing else is wrong: the
//! verifier names that rule and no other.

use super::support::{AT, Record, Records, TestKey, covered_by, name};
use zoneseal::base::{Name, Rtype, Severity, Timestamp, text};
use zoneseal::crypto::digest::nsec3_hash;
use zoneseal::rdata::bitmap::{TypeBitmap, push_bitmap};
use zoneseal::rdata::nsec3::Nsec3Param;
use zoneseal::verify::{Anchor, Rule, Scope, Trust, VerifyOptions, verify_zone};

pub(super) const NSEC: &str = "verify/bind-nsec.zone";
const NSEC3: &str = "verify/bind-nsec3.zone";
const OPT_OUT: &str = "verify/bind-opt-out.zone";

/// A way to break a zone.
type Mutation = fn(&mut Records, &TestKey);

fn key() -> TestKey {
    TestKey::new(1, 257)
}

/// The zone of a file, signed by the tests' key.
pub(super) fn adopted(path: &str, key: &TestKey) -> Records {
    let mut zone = Records::load(path);
    key.adopt(&mut zone);
    zone
}

#[track_caller]
fn check(path: &str, cases: &[(&str, &[Rule], Mutation)]) {
    let key = key();
    let zone = adopted(path, &key);
    assert_eq!(zone.rules(), [], "{path} is right to begin with");
    let mut wrong = String::new();
    for (what, rules, mutate) in cases {
        let mut broken = zone.clone();
        mutate(&mut broken, &key);
        let found = broken.rules();
        if found != *rules {
            wrong += &format!("{what}: {found:?} instead of {rules:?}\n");
        }
    }
    assert!(wrong.is_empty(), "{path}:\n{wrong}");
}

const MAIL: &str = "mail.example.";

#[test]
fn signatures() {
    check(
        NSEC,
        &[
            ("no signature", &[Rule::SignatureMissing], |zone, _| zone.unsign(MAIL, Rtype::A)),
            ("NSEC unsigned", &[Rule::SignatureMissing], |zone, _| zone.unsign(MAIL, Rtype::NSEC)),
            ("DS unsigned", &[Rule::SignatureMissing], |zone, _| zone.unsign("sec.example.", Rtype::DS)),
            ("unpublished key", &[Rule::SignatureKeyMissing], |zone, _| {
                TestKey::new(2, 256).sign(zone, MAIL, Rtype::A)
            }),
            ("altered", &[Rule::SignatureBogus], |zone, _| *zone.one(MAIL, Rtype::A).rdata.last_mut().unwrap() ^= 1),
            ("signer", &[Rule::SignatureSigner], |zone, key| {
                key.sign_with(zone, MAIL, Rtype::A, |rrsig| rrsig.signer = Name::ROOT);
            }),
            ("labels", &[Rule::SignatureLabels], |zone, key| {
                key.sign_with(zone, MAIL, Rtype::A, |rrsig| rrsig.labels = 3);
            }),
            ("expanded wildcard", &[Rule::SignatureWildcard], |zone, key| {
                key.sign_with(zone, MAIL, Rtype::A, |rrsig| rrsig.labels = 1);
            }),
            ("the asterisk counted", &[Rule::SignatureLabels], |zone, key| {
                key.sign_with(zone, "*.wild.example.", Rtype::TXT, |rrsig| rrsig.labels = 3);
            }),
            ("original TTL", &[Rule::SignatureOriginalTtl], |zone, key| {
                key.sign_with(zone, MAIL, Rtype::A, |rrsig| rrsig.original_ttl = 7200);
            }),
            ("RRSIG TTL", &[Rule::SignatureTtl], |zone, _| {
                let owner = name(MAIL);
                let is_it = |record: &&mut Record| {
                    record.owner.as_name() == owner.as_name() && covered_by(record) == Some(Rtype::A)
                };
                zone.0.iter_mut().find(is_it).unwrap().ttl = 60;
            }),
            ("expired", &[Rule::SignatureExpired], |zone, key| {
                key.sign_with(zone, MAIL, Rtype::A, |rrsig| rrsig.expiration = before(1));
            }),
            ("expires just now", &[], |zone, key| {
                key.sign_with(zone, MAIL, Rtype::A, |rrsig| rrsig.expiration = before(0));
            }),
            ("from the future", &[Rule::SignatureNotYetValid], |zone, key| {
                key.sign_with(zone, MAIL, Rtype::A, |rrsig| rrsig.inception = before(-1));
            }),
            ("begins just now", &[], |zone, key| {
                key.sign_with(zone, MAIL, Rtype::A, |rrsig| rrsig.inception = before(0));
            }),
            ("window reversed", &[Rule::SignatureWindow], |zone, key| {
                key.sign_with(zone, MAIL, Rtype::A, |rrsig| {
                    (rrsig.inception, rrsig.expiration) = (rrsig.expiration, rrsig.inception);
                });
            }),
            ("signed twice", &[Rule::SignatureDuplicate], |zone, key| {
                key.add_signature(zone, MAIL, Rtype::A, |rrsig| rrsig.inception = before(60));
            }),
            ("covers what is not there", &[Rule::SignatureCoversNothing], |zone, key| {
                key.add_signature(zone, MAIL, Rtype::A, |rrsig| rrsig.covered = Rtype::TXT);
            }),
            ("covers RRSIG", &[Rule::SignatureOverRrsig], |zone, key| {
                key.add_signature(zone, MAIL, Rtype::A, |rrsig| rrsig.covered = Rtype::RRSIG);
            }),
            ("delegation NS", &[Rule::SignatureUnexpected], |zone, key| key.sign(zone, "sub.example.", Rtype::NS)),
            ("secure delegation NS", &[Rule::SignatureUnexpected], |zone, key| {
                key.sign(zone, "sec.example.", Rtype::NS)
            }),
            ("glue", &[Rule::SignatureUnexpected], |zone, key| key.sign(zone, "ns2.sub.example.", Rtype::A)),
            ("below a cut", &[Rule::SignatureUnexpected], |zone, key| {
                key.sign(zone, "hidden.sub.example.", Rtype::TXT)
            }),
            ("below a DNAME", &[Rule::SignatureUnexpected], |zone, key| {
                key.sign(zone, "under.dn.example.", Rtype::TXT)
            }),
            ("mixed TTLs", &[Rule::TtlMixed], |zone, _| {
                let ns = zone
                    .0
                    .iter_mut()
                    .find(|record| record.owner.as_name() == name("example.").as_name() && record.rtype == Rtype::NS);
                ns.unwrap().ttl += 1;
            }),
            ("no signatures at all", &[Rule::SignaturesMissing], |zone, _| {
                zone.0.retain(|record| record.rtype != Rtype::RRSIG);
            }),
        ],
    );
}

/// So many seconds before the time verified for.
pub(super) fn before(seconds: i64) -> Timestamp {
    AT.minus(zoneseal::base::Seconds(seconds)).to_timestamp()
}

/// A spare signature beside a good one is worth a warning, unless its mathematics are wrong.
#[test]
fn spare_signatures() {
    let key = key();
    let zone = adopted(NSEC, &key);
    let mut spare = zone.clone();
    key.add_signature(&mut spare, MAIL, Rtype::A, |rrsig| rrsig.expiration = before(1));
    TestKey::new(2, 256).add_signature(&mut spare, MAIL, Rtype::A, |_| ());
    let report = spare.verify().unwrap();
    assert!(report.counts_by_rule.keys().eq(&[
        Rule::SignatureKeyMissing,
        Rule::SignatureExpired,
        Rule::SignatureDuplicate
    ]));
    assert!(report.is_valid() && report.verdicts.is_valid_at);
    let mut bogus = zone;
    key.add_signature(&mut bogus, MAIL, Rtype::A, |rrsig| rrsig.expiration = before(-60));
    *bogus.0.last_mut().unwrap().rdata.last_mut().unwrap() ^= 1;
    assert!(!bogus.verify().unwrap().is_valid());
}

/// The DNSKEY of a seed and flags, added and the RRset signed again.
fn add_dnskey(zone: &mut Records, key: &TestKey, rdata: Vec<u8>) {
    zone.0.push(Record { owner: name("example."), ttl: 3600, rtype: Rtype::DNSKEY, rdata });
    key.sign(zone, "example.", Rtype::DNSKEY);
}

#[test]
fn keys() {
    check(
        NSEC,
        &[
            ("no zone flag", &[Rule::DnskeyMissing, Rule::DnskeyZoneFlag], |zone, _| TestKey::new(1, 1).adopt(zone)),
            ("no SEP", &[Rule::DnskeySep], |zone, _| TestKey::new(1, 256).adopt(zone)),
            ("reserved flags", &[Rule::DnskeyFlags], |zone, _| TestKey::new(1, 259).adopt(zone)),
            ("protocol", &[Rule::DnskeyMissing, Rule::DnskeyProtocol], |zone, _| {
                let mut key = key();
                key.dnskey[2] = 4;
                key.adopt(zone);
            }),
            ("another algorithm", &[Rule::SignatureAlgorithmMissing], |zone, key| {
                let other = Records::load(NSEC3).0.into_iter().find(|record| record.rtype == Rtype::DNSKEY).unwrap();
                add_dnskey(zone, key, other.rdata);
            }),
            ("malformed", &[Rule::DnskeyMalformed, Rule::SignatureAlgorithmMissing], |zone, key| {
                add_dnskey(zone, key, vec![1, 0, 3, 13, 1, 2, 3, 4]);
            }),
            ("unknown algorithm", &[Rule::AlgorithmUnsupported, Rule::SignatureAlgorithmMissing], |zone, key| {
                add_dnskey(zone, key, vec![1, 0, 3, 200, 1, 2, 3, 4]);
            }),
            ("revoked, not signing itself", &[Rule::RevokedUnsigned], |zone, key| {
                add_dnskey(zone, key, TestKey::new(3, 385).dnskey);
            }),
            ("revoked, signing itself", &[], |zone, key| {
                let revoked = TestKey::new(3, 385);
                add_dnskey(zone, key, revoked.dnskey.clone());
                revoked.add_signature(zone, "example.", Rtype::DNSKEY, |_| ());
            }),
            ("revoked, signing the keys alone", &[Rule::SignatureKeyRevoked], |zone, key| {
                let revoked = TestKey::new(3, 385);
                add_dnskey(zone, key, revoked.dnskey.clone());
                revoked.sign(zone, "example.", Rtype::DNSKEY);
            }),
            ("the SEP key revoked", &[Rule::DnskeySep], |zone, _| {
                let (zsk, revoked) = (TestKey::new(1, 256), TestKey::new(3, 385));
                zsk.adopt(zone);
                add_dnskey(zone, &zsk, revoked.dnskey.clone());
                revoked.add_signature(zone, "example.", Rtype::DNSKEY, |_| ());
            }),
            ("revoked, signing data", &[Rule::SignatureKeyRevoked], |zone, key| {
                let revoked = TestKey::new(3, 385);
                add_dnskey(zone, key, revoked.dnskey.clone());
                revoked.add_signature(zone, "example.", Rtype::DNSKEY, |_| ());
                revoked.sign(zone, MAIL, Rtype::A);
            }),
            ("signed by a key without zone flag", &[Rule::DnskeyZoneFlag, Rule::SignatureKeyUnusable], |zone, key| {
                let other = TestKey::new(5, 0);
                add_dnskey(zone, key, other.dnskey.clone());
                other.sign(zone, MAIL, Rtype::A);
            }),
            ("two keys of one tag", &[Rule::KeyTagCollision], |zone, key| {
                let [twin, ..] = twins(key);
                add_dnskey(zone, key, twin);
            }),
            ("many keys of one tag", &[Rule::KeyTagCollision, Rule::KeyTagTries], |zone, key| {
                for twin in twins(key) {
                    add_dnskey(zone, key, twin);
                }
            }),
            ("no DNSKEY", &[Rule::DnskeyMissing, Rule::NsecBitmap, Rule::CdsNoDnskey], |zone, _| {
                zone.remove("example.", Rtype::DNSKEY);
            }),
        ],
    );
}

/// Keys of the same tag that sort before the real one: a tag is a sum of 16-bit words, so swapped words keep it.
fn twins(key: &TestKey) -> [Vec<u8>; 6] {
    let mut found = Vec::new();
    for left in (4..36).step_by(2) {
        for right in (left + 2..36).step_by(2) {
            let mut twin = key.dnskey.clone();
            twin.swap(left, right);
            twin.swap(left + 1, right + 1);
            if twin < key.dnskey {
                found.push(twin);
            }
        }
    }
    found.truncate(6);
    found.try_into().expect("the key has six such twins")
}

/// Replaces the NSEC at a name and signs it.
fn set_nsec(zone: &mut Records, key: &TestKey, owner: &str, rdata: &str) {
    zone.0.retain(|record| record.owner.as_name() != name(owner).as_name() || record.rtype != Rtype::NSEC);
    zone.add(&format!("{owner} 900 IN NSEC {rdata}"));
    key.sign(zone, owner, Rtype::NSEC);
}

#[test]
fn nsec() {
    check(
        NSEC,
        &[
            ("missing", &[Rule::NsecMissing], |zone, _| {
                zone.remove(MAIL, Rtype::NSEC);
                zone.unsign(MAIL, Rtype::NSEC);
            }),
            ("missing at the apex", &[Rule::NsecMissing], |zone, _| {
                zone.remove("example.", Rtype::NSEC);
                zone.unsign("example.", Rtype::NSEC);
            }),
            ("at an empty non-terminal", &[Rule::NsecUnexpected], |zone, key| {
                set_nsec(zone, key, "b.c.example.", "a.b.c.example. RRSIG NSEC");
            }),
            ("at glue", &[Rule::NsecUnexpected], |zone, _| {
                zone.add("ns2.sub.example. 900 IN NSEC under.dn.example. A RRSIG NSEC");
            }),
            ("below a DNAME", &[Rule::NsecUnexpected], |zone, _| {
                zone.add("under.dn.example. 900 IN NSEC mail.example. TXT RRSIG NSEC");
            }),
            ("at a name without data", &[Rule::NsecUnexpected], |zone, key| {
                set_nsec(zone, key, "zzz.example.", "example. RRSIG NSEC");
            }),
            ("skips a name", &[Rule::NsecNext], |zone, key| {
                set_nsec(zone, key, MAIL, "sec.example. A RRSIG NSEC");
            }),
            ("closes early", &[Rule::NsecNext], |zone, key| set_nsec(zone, key, MAIL, "example. A RRSIG NSEC")),
            ("points to itself", &[Rule::NsecNext], |zone, key| {
                set_nsec(zone, key, MAIL, "mail.example. A RRSIG NSEC")
            }),
            ("next name in capitals", &[], |zone, key| set_nsec(zone, key, MAIL, "NS1.EXAMPLE. A RRSIG NSEC")),
            ("a type too many", &[Rule::NsecBitmap], |zone, key| {
                set_nsec(zone, key, MAIL, "ns1.example. A MX RRSIG NSEC");
            }),
            ("a type too few", &[Rule::NsecBitmap], |zone, key| set_nsec(zone, key, MAIL, "ns1.example. RRSIG NSEC")),
            ("without its own bits", &[Rule::NsecBitmap], |zone, key| set_nsec(zone, key, MAIL, "ns1.example. A")),
            ("a delegation with DS denied", &[Rule::NsecBitmap], |zone, key| {
                set_nsec(zone, key, "sec.example.", "sub.example. NS RRSIG NSEC");
            }),
            ("two", &[Rule::NsecDuplicate, Rule::NsecNext], |zone, key| {
                zone.add("mail.example. 900 IN NSEC sub.example. A RRSIG NSEC");
                key.sign(zone, MAIL, Rtype::NSEC);
            }),
            ("TTL", &[Rule::DenialTtl], |zone, key| {
                zone.one(MAIL, Rtype::NSEC).ttl = 3600;
                key.sign(zone, MAIL, Rtype::NSEC);
            }),
            ("none at all", &[Rule::DenialMissing], |zone, _| {
                zone.0.retain(|record| record.rtype != Rtype::NSEC && covered_by(record) != Some(Rtype::NSEC));
            }),
            ("a stray NSEC3 beside it", &[Rule::Nsec3OtherParameters], |zone, key| {
                let owner = "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.example.";
                zone.add(&format!("{owner} 900 IN NSEC3 1 0 0 - 0p9mhaveqvm6t7vbl5lop2u3t2rp3tom A RRSIG"));
                key.sign(zone, owner, Rtype::NSEC3);
            }),
        ],
    );
}

/// The owner of the NSEC3 for a name, by the zone's NSEC3PARAM.
fn nsec3_owner(zone: &Records, of: &str) -> String {
    let param = zone.0.iter().find(|record| record.rtype == Rtype::NSEC3PARAM).unwrap();
    let param = Nsec3Param::parse(&param.rdata).unwrap();
    let canonical = name(of).as_name().to_canonical();
    let hash = nsec3_hash(canonical.as_name().as_wire(), param.iterations, param.salt);
    let mut label = Vec::new();
    text::push_base32hex(&hash, &mut label);
    format!("{}.example.", String::from_utf8(label).unwrap())
}

/// Where the flags of an NSEC3 stand in its RDATA.
const FLAGS_AT: usize = 1;

/// Changes the NSEC3 of a name and signs it again.
fn change_nsec3(zone: &mut Records, key: &TestKey, of: &str, change: impl FnOnce(&mut Vec<u8>)) {
    let owner = nsec3_owner(zone, of);
    change(&mut zone.one(&owner, Rtype::NSEC3).rdata);
    key.sign(zone, &owner, Rtype::NSEC3);
}

/// Takes the NSEC3 of a name out of the chain; `relink`: and lets the one before point over the gap.
fn remove_nsec3(zone: &mut Records, key: &TestKey, of: &str, relink: bool) {
    let owner = nsec3_owner(zone, of);
    let removed = zone.one(&owner, Rtype::NSEC3).rdata.clone();
    zone.remove(&owner, Rtype::NSEC3);
    zone.unsign(&owner, Rtype::NSEC3);
    if !relink {
        return;
    }
    let salt_len = usize::from(removed[4]);
    let next = 6 + salt_len..26 + salt_len;
    let mut hash = Vec::new();
    assert!(text::decode_base32hex(&owner.as_bytes()[..32], &mut hash));
    let before = zone.0.iter_mut().find(|one| one.rtype == Rtype::NSEC3 && one.rdata[next.clone()] == hash).unwrap();
    before.rdata[next.clone()].copy_from_slice(&removed[next]);
    let before = before.owner.to_string();
    key.sign(zone, &before, Rtype::NSEC3);
}

fn set_param(zone: &mut Records, key: &TestKey, rdata: &[u8]) {
    zone.one("example.", Rtype::NSEC3PARAM).rdata = rdata.to_vec();
    key.sign(zone, "example.", Rtype::NSEC3PARAM);
}

#[test]
fn nsec3() {
    check(
        NSEC3,
        &[
            ("of a name missing", &[Rule::Nsec3Missing], |zone, key| remove_nsec3(zone, key, MAIL, false)),
            ("of a name missing, the gap closed", &[Rule::Nsec3Missing], |zone, key| {
                remove_nsec3(zone, key, MAIL, true)
            }),
            ("of an empty non-terminal", &[Rule::Nsec3Missing], |zone, key| {
                remove_nsec3(zone, key, "b.c.example.", true);
            }),
            ("of an insecure delegation", &[Rule::Nsec3Missing], |zone, key| {
                remove_nsec3(zone, key, "sub.example.", true);
            }),
            ("of the apex", &[Rule::Nsec3Missing], |zone, key| remove_nsec3(zone, key, "example.", true)),
            ("next hash", &[Rule::Nsec3Next], |zone, key| change_nsec3(zone, key, MAIL, |data| data[20] ^= 1)),
            ("flags", &[Rule::Nsec3Flags], |zone, key| change_nsec3(zone, key, MAIL, |data| data[FLAGS_AT] = 2)),
            ("bitmap", &[Rule::Nsec3Bitmap], |zone, key| change_nsec3(zone, key, MAIL, |data| data[28] ^= 0x20)),
            ("an RRSIG bit at an unsigned delegation", &[Rule::Nsec3Bitmap], |zone, key| {
                change_nsec3(zone, key, "sub.example.", |data| {
                    data.truncate(26);
                    data.extend_from_slice(&[0, 6, 0x20, 0, 0, 0, 0, 2]);
                });
            }),
            ("types at an empty non-terminal", &[Rule::Nsec3Bitmap], |zone, key| {
                change_nsec3(zone, key, "b.c.example.", |data| data.extend_from_slice(&[0, 1, 0x40]));
            }),
            ("for no name", &[Rule::Nsec3Unexpected, Rule::Nsec3Next], |zone, key| {
                let owner = nsec3_owner(zone, "nobody.example.");
                zone.add(&format!("{owner} 900 IN NSEC3 1 0 0 - 00000000000000000000000000000000 A RRSIG"));
                key.sign(zone, &owner, Rtype::NSEC3);
            }),
            ("for glue", &[Rule::Nsec3Unexpected, Rule::Nsec3Next], |zone, key| {
                let owner = nsec3_owner(zone, "ns2.sub.example.");
                zone.add(&format!("{owner} 900 IN NSEC3 1 0 0 - 00000000000000000000000000000000 A RRSIG"));
                key.sign(zone, &owner, Rtype::NSEC3);
            }),
            ("twice", &[Rule::Nsec3Duplicate, Rule::Nsec3Next], |zone, key| {
                let owner = nsec3_owner(zone, MAIL);
                let mut twin = zone.one(&owner, Rtype::NSEC3).clone();
                twin.rdata[20] ^= 1;
                zone.0.push(twin);
                key.sign(zone, &owner, Rtype::NSEC3);
            }),
            ("not at a hash", &[Rule::Nsec3Owner], |zone, key| {
                zone.add("nohash.example. 900 IN NSEC3 1 0 0 - 00000000000000000000000000000000 A RRSIG");
                key.sign(zone, "nohash.example.", Rtype::NSEC3);
            }),
            ("other salt", &[Rule::Nsec3OtherParameters, Rule::Nsec3Missing], |zone, key| {
                change_nsec3(zone, key, MAIL, |data| {
                    data[4] = 1;
                    data.insert(5, 0xaa);
                });
            }),
            ("TTL", &[Rule::DenialTtl], |zone, key| {
                let owner = nsec3_owner(zone, MAIL);
                zone.one(&owner, Rtype::NSEC3).ttl = 3600;
                key.sign(zone, &owner, Rtype::NSEC3);
            }),
            ("a stray NSEC", &[Rule::NsecUnexpected], |zone, key| {
                set_nsec(zone, key, MAIL, "ns1.example. A RRSIG NSEC");
            }),
            ("NSEC3PARAM missing", &[Rule::Nsec3ParamMissing, Rule::Nsec3Bitmap], |zone, _| {
                zone.remove("example.", Rtype::NSEC3PARAM);
                zone.unsign("example.", Rtype::NSEC3PARAM);
            }),
            ("NSEC3PARAM with flags", &[Rule::Nsec3ParamFlags], |zone, key| set_param(zone, key, &[1, 1, 0, 0, 0])),
            ("NSEC3PARAM of another hash", &[Rule::Nsec3ParamMissing, Rule::Nsec3ParamAlgorithm], |zone, key| {
                set_param(zone, key, &[2, 0, 0, 0, 0]);
            }),
            ("NSEC3PARAM of another chain", &[Rule::Nsec3ParamAlone, Rule::Nsec3OtherParameters], |zone, key| {
                set_param(zone, key, &[1, 0, 0, 0, 1, 0xaa]);
            }),
            ("two NSEC3PARAM", &[Rule::Nsec3ParamSeveral, Rule::Nsec3ParamAlone], |zone, key| {
                zone.add("example. 0 IN NSEC3PARAM 1 0 0 aa");
                key.sign(zone, "example.", Rtype::NSEC3PARAM);
            }),
            ("opt-out said and nothing left out", &[], |zone, key| {
                change_nsec3(zone, key, MAIL, |data| data[FLAGS_AT] = 1);
            }),
        ],
    );
}

#[test]
fn opt_out() {
    check(
        OPT_OUT,
        &[
            ("over a secure delegation", &[Rule::Nsec3Missing], |zone, key| {
                remove_nsec3(zone, key, "sec.example.", true);
            }),
            ("over a name with data", &[Rule::Nsec3Missing], |zone, key| remove_nsec3(zone, key, MAIL, true)),
            ("over an empty non-terminal above signed data", &[Rule::Nsec3Missing], |zone, key| {
                remove_nsec3(zone, key, "b.c.example.", true);
            }),
            ("over one above a secure delegation", &[Rule::Nsec3Missing], |zone, key| {
                remove_nsec3(zone, key, "z.deeper.example.", true);
            }),
            ("flag missing where delegations are left out", &[Rule::Nsec3OptOutSpan], |zone, key| {
                let gap = nsec3_owner(zone, "sub.example.");
                let mut owners: Vec<String> = zone
                    .0
                    .iter()
                    .filter(|record| record.rtype == Rtype::NSEC3)
                    .map(|record| record.owner.to_string().to_lowercase())
                    .collect();
                owners.sort();
                let before = owners.iter().rfind(|owner| **owner < gap).or_else(|| owners.last()).unwrap().clone();
                zone.one(&before, Rtype::NSEC3).rdata[FLAGS_AT] = 0;
                key.sign(zone, &before, Rtype::NSEC3);
            }),
            ("flag missing everywhere", &[Rule::Nsec3Missing], |zone, key| {
                for record in zone.0.iter_mut().filter(|record| record.rtype == Rtype::NSEC3) {
                    record.rdata[FLAGS_AT] = 0;
                }
                key.adopt(zone);
            }),
        ],
    );
}

const APEX: &str = "example.";

#[test]
fn cds() {
    check(
        NSEC,
        &[
            ("digest", &[Rule::CdsDigest, Rule::CdsBreaksChain, Rule::CdsDiffer], |zone, key| {
                zone.one(APEX, Rtype::CDS).rdata[9] ^= 1;
                key.sign(zone, APEX, Rtype::CDS);
            }),
            ("of another key", &[Rule::CdsNoDnskey, Rule::CdsBreaksChain, Rule::CdsDiffer], |zone, key| {
                zone.one(APEX, Rtype::CDS).rdata = TestKey::new(2, 257).ds(name(APEX).as_name());
                key.sign(zone, APEX, Rtype::CDS);
            }),
            ("both of another key", &[Rule::CdsNoDnskey, Rule::CdsBreaksChain], |zone, key| {
                let other = TestKey::new(2, 257);
                zone.one(APEX, Rtype::CDS).rdata = other.ds(name(APEX).as_name());
                zone.one(APEX, Rtype::CDNSKEY).rdata = other.dnskey;
                key.sign(zone, APEX, Rtype::CDS);
                key.sign(zone, APEX, Rtype::CDNSKEY);
            }),
            ("a CDNSKEY more", &[Rule::CdsNoDnskey, Rule::CdsDiffer], |zone, key| {
                let mut more = zone.one(APEX, Rtype::CDNSKEY).clone();
                more.rdata = TestKey::new(2, 257).dnskey;
                zone.0.push(more);
                key.sign(zone, APEX, Rtype::CDNSKEY);
            }),
            ("delete", &[], |zone, key| set_delete(zone, key, &[0; 5], &[0, 0, 3, 0, 0])),
            ("delete in CDS only", &[Rule::CdsDiffer], |zone, key| {
                let kept = zone.one(APEX, Rtype::CDNSKEY).rdata.clone();
                set_delete(zone, key, &[0; 5], &kept);
            }),
            ("malformed delete", &[Rule::CdsDelete], |zone, key| {
                set_delete(zone, key, &[0, 0, 0, 2, 0], &[0, 0, 3, 0, 0]);
            }),
            ("delete among others", &[Rule::CdsDelete], |zone, key| {
                set_delete(zone, key, &[0; 5], &[0, 0, 3, 0, 0]);
                let mut more = zone.one(APEX, Rtype::CDS).clone();
                more.rdata = key.ds(name(APEX).as_name());
                zone.0.push(more);
                key.sign(zone, APEX, Rtype::CDS);
            }),
            ("signed by a ZSK", &[Rule::CdsSigner], |zone, key| {
                let zsk = TestKey::new(4, 256);
                add_dnskey(zone, key, zsk.dnskey.clone());
                zsk.sign(zone, APEX, Rtype::CDS);
            }),
            ("CDS without CDNSKEY", &[Rule::NsecBitmap, Rule::CdsAlone], |zone, _| {
                zone.remove(APEX, Rtype::CDNSKEY);
                zone.unsign(APEX, Rtype::CDNSKEY);
            }),
        ],
    );
}

fn set_delete(zone: &mut Records, key: &TestKey, cds: &[u8], cdnskey: &[u8]) {
    for (rtype, rdata) in [(Rtype::CDS, cds), (Rtype::CDNSKEY, cdnskey)] {
        zone.one(APEX, rtype).rdata = rdata.to_vec();
        key.sign(zone, APEX, rtype);
    }
}

/// ZONEMD records bent one way or another; the signature over them is the old one, so it is bogus too.
#[test]
fn zonemd() {
    let zone = Records::load("verify/ldns-nsec-zonemd.zone");
    let cases: &[(&str, &[Rule], Mutation)] = &[
        ("digest", &[Rule::SignatureBogus, Rule::ZonemdDigest], |zone, _| zone.one(APEX, Rtype::ZONEMD).rdata[30] ^= 1),
        ("serial", &[Rule::SignatureBogus, Rule::ZonemdSerial], |zone, _| zone.one(APEX, Rtype::ZONEMD).rdata[3] ^= 1),
        ("hash", &[Rule::SignatureBogus, Rule::ZonemdUnsupported], |zone, _| {
            zone.one(APEX, Rtype::ZONEMD).rdata[5] = 240;
        }),
        ("twice", &[Rule::SignatureBogus, Rule::ZonemdDuplicate], |zone, _| {
            let mut twin = zone.one(APEX, Rtype::ZONEMD).clone();
            twin.rdata[30] ^= 1;
            zone.0.push(twin);
        }),
        ("glue changed", &[Rule::ZonemdDigest], |zone, _| zone.one("ns2.sub.example.", Rtype::A).rdata[3] ^= 1),
        ("glue TTL changed", &[Rule::ZonemdDigest], |zone, _| zone.one("ns2.sub.example.", Rtype::A).ttl = 1),
    ];
    for (what, rules, mutate) in cases {
        let mut broken = zone.clone();
        mutate(&mut broken, &key());
        assert_eq!(broken.rules(), *rules, "{what}");
    }
}

#[test]
fn an_unsigned_zone_is_one_finding() {
    let zone = Records::load("verify/example.unsigned.zone");
    let report = zone.verify().unwrap();
    assert_eq!(report.findings.len(), 1);
    assert_eq!(report.findings[0].rule, Rule::ZoneUnsigned);
}

/// In a transition both chains are out, and each is checked (RFC 5155 section 10.4).
#[test]
fn both_chains() {
    let key = key();
    let mut zone = adopted(NSEC3, &key);
    let nsec = adopted(NSEC, &key);
    let is_nsec = |record: &&Record| record.rtype == Rtype::NSEC;
    let owners: Vec<String> = nsec.0.iter().filter(is_nsec).map(|record| record.owner.to_string()).collect();
    zone.0.extend(nsec.0.iter().filter(is_nsec).cloned());
    // NSEC3PARAM joins the apex's types.
    let apex = zone.one(APEX, Rtype::NSEC);
    let (next, bitmap) = Name::parse_wire(&apex.rdata).unwrap();
    let types: Vec<Rtype> = TypeBitmap::parse(bitmap).unwrap().iter().chain([Rtype::NSEC3PARAM]).collect();
    let mut rdata = next.as_wire().to_vec();
    push_bitmap(types, &mut rdata);
    apex.rdata = rdata;
    for owner in owners {
        key.sign(&mut zone, &owner, Rtype::NSEC);
    }
    assert_eq!(zone.rules(), []);
}

/// One ZONEMD that matches is enough (RFC 8976 section 4, ZMD-4): what is wrong with others is a warning then.
#[test]
fn one_zonemd_that_matches_is_enough() {
    let zone = Records::load("verify/ldns-nsec-zonemd.zone");
    let other = |serial: u32, first: u8| {
        let mut zonemd = zone.clone().one(APEX, Rtype::ZONEMD).clone();
        assert_eq!(zonemd.rdata[4..6], [1, 1], "scheme 1 and SHA-384");
        zonemd.rdata.truncate(5);
        zonemd.rdata[..4].copy_from_slice(&serial.to_be_bytes());
        zonemd.rdata.push(2);
        zonemd.rdata.extend_from_slice(&[first; 64]);
        zonemd
    };
    let serial = zone.build().unwrap().soa().serial;
    for (others, rule) in [
        (vec![other(serial - 1, 0)], Rule::ZonemdSerial),
        (vec![other(serial, 0), other(serial, 1)], Rule::ZonemdDuplicate),
    ] {
        let options = VerifyOptions { scope: Scope::ZonemdOnly, ..VerifyOptions::new(AT) };
        let mut zone = zone.clone();
        zone.0.extend(others);
        let report = verify_zone(&zone.build().unwrap(), &options);
        assert!(report.counts_by_rule.keys().eq(&[rule]) && report.is_valid(), "{:?}", report.findings);
        zone.one("ns2.sub.example.", Rtype::A).rdata[3] ^= 1;
        let report = verify_zone(&zone.build().unwrap(), &options);
        assert!(report.counts_by_rule.contains_key(&rule) && !report.is_valid());
        let errors = report.findings.iter().filter(|finding| finding.severity == Severity::Error).count();
        assert_eq!(errors, report.findings.len(), "{:?}", report.findings);
    }
}

/// Without the ZONEMD that was asked for.
#[test]
fn zonemd_asked_for() {
    let zone = Records::load(NSEC).build().unwrap();
    let options = VerifyOptions { scope: Scope::ZonemdOnly, ..VerifyOptions::new(AT) };
    assert!(verify_zone(&zone, &options).counts_by_rule.keys().eq(&[Rule::ZonemdMissing]));
}

/// A SHA-1 DS still leads to the key, with a warning (RFC 9905).
#[test]
fn sha1_anchor() {
    let key = key();
    let zone = adopted(NSEC, &key).build().unwrap();
    let input = [name(APEX).as_name().as_wire(), &key.dnskey].concat();
    let digest = ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, &input);
    let ds = [&key.tag().to_be_bytes()[..], &[15, 1], digest.as_ref()].concat();
    let report = verify_zone(&zone, &VerifyOptions { anchors: vec![Anchor::Ds(ds)], ..VerifyOptions::new(AT) });
    assert!(report.counts_by_rule.keys().eq(&[Rule::AnchorSha1]));
    assert_eq!((report.is_valid(), report.verdicts.trust), (true, Trust::Anchored));
}

/// With the parent's DS known, CDS must be signed by the key it names, not by another that signs the DNSKEY RRset too.
#[test]
fn cds_by_the_anchored_key() {
    let key = key();
    let mut zone = adopted(NSEC, &key);
    let second = TestKey::new(6, 257);
    add_dnskey(&mut zone, &key, second.dnskey.clone());
    second.add_signature(&mut zone, APEX, Rtype::DNSKEY, |_| ());
    second.sign(&mut zone, APEX, Rtype::CDS);
    assert_eq!(zone.rules(), [], "without the parent's DS either will do");
    let anchors = vec![Anchor::Ds(key.ds(name(APEX).as_name()))];
    let report = verify_zone(&zone.build().unwrap(), &VerifyOptions { anchors, ..VerifyOptions::new(AT) });
    assert!(report.counts_by_rule.keys().eq(&[Rule::CdsSigner]) && !report.is_valid());
}
