//! Examples from RFCs.

use crate::tokens::{hex, rtype, text, wire};
use zoneseal::base::{DigestType, Rtype};
use zoneseal::rdata::bitmap::TypeBitmap;
use zoneseal::rdata::check_wire;
use zoneseal::rdata::dnskey::{Dnskey, key_tag};
use zoneseal::rdata::ds::Ds;

/// RFC 9460 appendix D: valid cases by their wire form, and cases that must fail (ZF-13).
#[test]
fn rfc9460_appendix_d() {
    let mut seen = (0, 0);
    for line in include_str!("../data/vectors/rfc9460-svcb.tsv").lines().filter(|line| !line.starts_with('#')) {
        let [mnemonic, given, octets] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let rtype = rtype(mnemonic);
        let result = wire(rtype, given.as_bytes());
        if octets == "REJECT" {
            seen.1 += 1;
            let error = result.expect_err(given);
            assert!(error.message.starts_with("SVCB parameters: "), "{error}");
            continue;
        }
        seen.0 += 1;
        let rdata = result.unwrap_or_else(|error| panic!("{given}: {error}"));
        assert_eq!(hex(&rdata), octets.to_ascii_uppercase(), "{given}");
        assert_eq!(wire(rtype, text(rtype, &rdata).as_bytes()), Ok(rdata), "{given}");
    }
    assert_eq!(seen, (10, 10));
}

/// RFC 3597 section 5: the generic form of unknown and known types.
#[test]
fn rfc3597_generic_form() {
    let rdata = wire(Rtype(731), br"\# 6 abcd ef 01 23 45").unwrap();
    assert_eq!(rdata, [0xab, 0xcd, 0xef, 1, 0x23, 0x45]);
    assert_eq!(text(Rtype(731), &rdata), r"\# 6 ABCDEF012345");
    assert_eq!(wire(Rtype(62347), br"\# 0"), Ok(Vec::new()));
    assert_eq!(text(Rtype(62347), &[]), r"\# 0");
    let address = wire(Rtype::A, br"\# 4 0A000001").unwrap();
    assert_eq!(text(Rtype::A, &address), "10.0.0.1");
    for (number, bad, message) in [
        (731, r"\# 5 abcdef", "TYPE731 data: 3 octets of hex follow, and the length says 5"),
        (731, r"\# 0 00", "TYPE731 data: 1 octets of hex follow, and the length says 0"),
        (731, r"\#", "TYPE731 data: is missing"),
        (731, r"\# 65536 00", "TYPE731 data: \"65536\" is not a number from 0 to 65535"),
        (731, r"\# 1 0", "TYPE731 data: has an odd number of hex digits"),
        (731, "abcd", "TYPE731 data: the type has no text form of its own"),
        (1, r"\# 3 0A0000", "A address: needs 4 octets, and 3 are left"),
        (1, r"\# 5 0A00000100", "A: 1 octet too many after the last field"),
        (2, r"\# 2 c000", "NS nsdname: the octets are not an uncompressed name"),
        (48, r"\# 2 0100", "DNSKEY protocol: needs 1 octet, and 0 are left"),
    ] {
        assert_eq!(wire(Rtype(number), bad.as_bytes()).unwrap_err().message, message, "{bad}");
    }
}

/// RFC 4034 section 4.3.
#[test]
fn rfc4034_nsec_bitmap() {
    let file = include_str!("../data/vectors/rfc4034-nsec-bitmap.txt");
    let field = |name: &str| file.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim();
    let given = field("presentation NSEC").replace(['(', ')'], " ");
    let rdata = wire(Rtype::NSEC, given.as_bytes()).unwrap();
    assert_eq!(hex(&rdata).to_ascii_lowercase(), field("rdata-hex"));
    assert_eq!(text(Rtype::NSEC, &rdata), "host.example.com. A MX RRSIG NSEC TYPE1234");
    let types = TypeBitmap::parse(&rdata[18..]).unwrap();
    assert!(types.iter().eq([1, 15, 46, 47, 1234].map(Rtype)));
}

/// RFC 4034 section 5.4 and appendix B: the key tag, and how flags change it.
#[test]
fn rfc4034_key_tags() {
    let file = include_str!("../data/vectors/rfc4034-keytag-ds.txt");
    let field = |name: &str| file.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim();
    let mut rdata = wire(Rtype::DNSKEY, field("dnskey").as_bytes()).unwrap();
    for (flags, tag) in [(256, 60485), (257, 60486), (384, 60613), (385, 60614)] {
        rdata[..2].copy_from_slice(&u16::to_be_bytes(flags));
        assert_eq!(key_tag(&rdata), tag);
        let key = Dnskey::parse(&rdata).unwrap();
        assert_eq!((key.has_sep_flag(), key.is_revoked()), (flags & 1 != 0, flags & 128 != 0));
        assert!(key.is_zone_key());
    }
    let ds = wire(Rtype::DS, field("ds ").as_bytes()).unwrap();
    let ds = Ds::parse(&ds).unwrap();
    assert_eq!((ds.key_tag, ds.algorithm.0, ds.digest_type, ds.digest.len()), (60485, 5, DigestType::SHA1, 20));
}

/// The root's keys have the tags its DS records say.
#[test]
fn root_key_tags() {
    let file = include_str!("../data/vectors/root-ksk-keytag-ds.txt");
    let of_type = |mnemonic: &'static str| {
        file.lines().filter_map(move |line| line.split_once(mnemonic)).map(|(_, data)| data.trim().as_bytes())
    };
    let tags = of_type(" IN DNSKEY ").map(|data| key_tag(&wire(Rtype::DNSKEY, data).unwrap()));
    let pointed_at = of_type(" IN DS ").map(|data| Ds::parse(&wire(Rtype::DS, data).unwrap()).unwrap().key_tag);
    assert_eq!(tags.collect::<Vec<_>>(), [20326, 38696]);
    assert_eq!(pointed_at.collect::<Vec<_>>(), [20326, 38696]);
}

/// RFC 8078 section 4: the deletion signals.
#[test]
fn rfc8078_delete() {
    let mut seen = 0;
    for line in include_str!("../data/vectors/rfc8078-delete.txt").lines().filter(|line| !line.starts_with('#')) {
        let (record, octets) = line.split_once("\trdata-hex ").unwrap();
        let (mnemonic, given) = record.split_once(' ').unwrap();
        let rdata = wire(rtype(mnemonic), given.as_bytes()).unwrap();
        assert_eq!(hex(&rdata), octets, "{record}");
        assert_eq!(text(rtype(mnemonic), &rdata), given);
        assert_eq!(check_wire(rtype(mnemonic), &rdata), Ok(()));
        seen += 1;
    }
    assert_eq!(seen, 2);
}

/// RFC 4034 appendix B.1: tags of algorithm 1 come from the modulus.
#[test]
fn rfc4034_key_tag_of_algorithm_1() {
    assert_eq!(key_tag(&[1, 0, 3, 1, 1, 3, 0xaa, 0xbb, 0xcc, 0xdd]), 0xbbcc);
    assert_eq!(key_tag(&[1, 0, 3, 1]), 0);
}
