//! The chains of published and derived zones, octet for octet.
//!
//! Sources and their checking: `tests/data/vectors/README.md`.

mod zone_support;

use zone_support::{DNSKEY, add_at_apex, hex, name, types_text, vector, zone};
use zoneseal::base::{Name, Rtype, text};
use zoneseal::crypto::digest::nsec3_hash;
use zoneseal::denial::{Nsec3Chain, Nsec3Params, NsecChain};
use zoneseal::rdata;
use zoneseal::zone::Zone;

/// The lines of a table that begin with a word, each as its fields after that word; all lines for the empty word.
fn rows<'t>(table: &'t str, word: &str) -> Vec<Vec<&'t str>> {
    let lines = table.lines().filter(|line| !line.starts_with('#'));
    let fields = lines.map(|line| line.split('\t').collect::<Vec<_>>());
    if word.is_empty() {
        return fields.collect();
    }
    fields.filter(|fields| fields[0] == word).map(|fields| fields[1..].to_vec()).collect()
}

/// A chain of NSEC records as text: owner, next, types.
fn nsec_lines(zone: &Zone) -> Vec<Vec<String>> {
    let chain = NsecChain::build(zone);
    (0..chain.links().len())
        .map(|link| {
            let mut rdata = Vec::new();
            chain.push_rdata(zone, link, &mut rdata);
            let (next, bitmap) = Name::parse_wire(&rdata).unwrap();
            vec![chain.owner(zone, link).to_string(), next.to_string(), types_text(bitmap)]
        })
        .collect()
}

/// A chain of NSEC3 records as text: hash, next hash, types, original name.
fn nsec3_lines(zone: &Zone, params: Nsec3Params) -> Vec<Vec<String>> {
    let chain = Nsec3Chain::build(zone, params).unwrap();
    (0..chain.links().len())
        .map(|link| {
            let mut rdata = Vec::new();
            chain.push_rdata(zone, link, &mut rdata);
            let nsec3 = rdata::nsec3::Nsec3::parse(&rdata).unwrap();
            let original = zone.node(chain.links()[link].node as usize).owner().to_string();
            let types = match types_text(&rdata[5 + nsec3.salt.len() + 1 + 20..]) {
                none if none.is_empty() => "-".to_owned(),
                types => types,
            };
            vec![base32(&chain.links()[link].hash), base32(nsec3.next_hashed), types, original]
        })
        .collect()
}

fn base32(hash: &[u8]) -> String {
    let mut out = Vec::new();
    text::push_base32hex(hash, &mut out);
    String::from_utf8(out).unwrap()
}

/// The traps zone with what a signer puts at the apex.
fn traps(with_nsec3param: bool) -> Zone {
    let mut zone = zone(&vector("derived-traps.zone"));
    add_at_apex(&mut zone, Rtype::DNSKEY, DNSKEY);
    if with_nsec3param {
        add_at_apex(&mut zone, Rtype::NSEC3PARAM, "1 0 0 -");
    }
    zone
}

#[test]
fn derived_traps_nsec() {
    let expected = vector("derived-traps.chains.tsv");
    assert_eq!(nsec_lines(&traps(false)), rows(&expected, "NSEC"));
}

#[test]
fn derived_traps_nsec3() {
    let expected = vector("derived-traps.chains.tsv");
    assert_eq!(nsec3_lines(&traps(true), Nsec3Params::default()), rows(&expected, "NSEC3"));
}

#[test]
fn derived_traps_opt_out() {
    let expected = vector("derived-traps.chains.tsv");
    let params = Nsec3Params { opt_out: true, ..Nsec3Params::default() };
    assert_eq!(nsec3_lines(&traps(true), params), rows(&expected, "OPTOUT"));
}

#[test]
fn rfc4035_appendix_a_nsec() {
    let mut zone = zone(&vector("rfc4035-appendix-a.unsigned.zone"));
    add_at_apex(&mut zone, Rtype::DNSKEY, DNSKEY);
    let chain = NsecChain::build(&zone);
    let expected = vector("rfc4035-appendix-a.nsec.tsv");
    let expected = rows(&expected, "");
    assert_eq!(chain.links().len(), expected.len());
    for (link, fields) in expected.iter().enumerate() {
        let mut rdata = Vec::new();
        chain.push_rdata(&zone, link, &mut rdata);
        assert_eq!(chain.owner(&zone, link), name(fields[0]).as_name());
        assert_eq!(hex(&rdata), fields[3], "{}", fields[0]);
    }
}

#[test]
fn rfc5155_appendix_a_nsec3() {
    let mut zone = zone(&vector("rfc5155-appendix-a.unsigned.zone"));
    add_at_apex(&mut zone, Rtype::DNSKEY, DNSKEY);
    add_at_apex(&mut zone, Rtype::NSEC3PARAM, "1 0 12 aabbccdd");
    let params = Nsec3Params { iterations: 12, salt: vec![0xaa, 0xbb, 0xcc, 0xdd], opt_out: true };
    let mut nsec3param = Vec::new();
    params.push_nsec3param(&mut nsec3param);
    assert_eq!(hex(&nsec3param), "0100000c04aabbccdd", "flags are 0 in NSEC3PARAM (N3-5)");

    let chain = Nsec3Chain::build(&zone, params).unwrap();
    let expected = vector("rfc5155-appendix-a.nsec3.tsv");
    let expected = rows(&expected, "");
    assert_eq!(chain.links().len(), expected.len());
    for (link, fields) in expected.iter().enumerate() {
        let (mut owner, mut rdata) = (Vec::new(), Vec::new());
        chain.push_owner(&zone, link, &mut owner);
        chain.push_rdata(&zone, link, &mut rdata);
        assert_eq!(Name::from_wire(&owner).unwrap().to_string(), format!("{}.example.", fields[0]));
        assert_eq!(hex(&rdata), fields[4], "{}", fields[0]);
    }
}

/// The hashes of RFC 5155 appendix A and derived ones, through the chain of a zone that holds just the name.
#[test]
fn nsec3_hashes() {
    let table = vector("nsec3-hashes.tsv");
    for fields in rows(&table, "") {
        let [owner, salt, iterations, expected, _] = fields[..] else { panic!("{fields:?}") };
        let mut octets = Vec::new();
        assert!(salt == "-" || text::decode_hex(salt.as_bytes(), &mut octets));
        let canonical = name(owner).as_name().to_canonical();
        let hash = nsec3_hash(canonical.as_name().as_wire(), iterations.parse().unwrap(), &octets);
        assert_eq!(base32(&hash), expected, "{owner}");

        let text = format!("{}. 60 IN SOA . . 1 7200 900 1209600 900\n", owner.trim_end_matches('.'));
        let zone = zone(&text);
        let params = Nsec3Params { iterations: iterations.parse().unwrap(), salt: octets, opt_out: false };
        let chain = Nsec3Chain::build(&zone, params).unwrap();
        assert_eq!(base32(&chain.links()[0].hash), expected, "{owner}");
    }
}
