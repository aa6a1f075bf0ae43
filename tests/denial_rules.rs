//! Rules of the chains, each in a zone made for it.

mod zone_support;

use zone_support::{GOOD, add_at_apex, name, types_text, vector, zone};
use zoneseal::base::{Name, Rtype, sort_key};
use zoneseal::denial::{Denial, Nsec3Chain, Nsec3Error, Nsec3Params, NsecChain, OwnerItem, chain_ttl};
use zoneseal::zone::Zone;

/// NSEC-5: the lesser of SOA TTL and MINIMUM, whichever it is.
#[test]
fn rfc9077_ttl_is_the_lesser_of_soa_ttl_and_minimum() {
    for (soa_ttl, minimum, expected) in
        [(239u32, 238u32, 238), (238, 239, 238), (7200, 900, 900), (300, 300, 300), (60, u32::MAX, 60)]
    {
        let text = format!("example. {soa_ttl} IN SOA . . 1 7200 900 1209600 {minimum}\n");
        assert_eq!(chain_ttl(&zone(&text)).seconds(), expected, "{soa_ttl} {minimum}");
    }
}

/// The names with an NSEC3 record, relative to the apex.
fn nsec3_names(zone: &Zone, opt_out: bool) -> Vec<String> {
    let chain = Nsec3Chain::build(zone, Nsec3Params { opt_out, ..Nsec3Params::default() }).unwrap();
    let mut nodes: Vec<u32> = chain.links().iter().map(|link| link.node).collect();
    nodes.sort_unstable();
    let relative = |node: u32| zone.node(node as usize).owner().to_string().replace("example.", "");
    nodes.into_iter().map(relative).map(|name| name.trim_end_matches('.').to_owned()).collect()
}

/// N3-3: which empty non-terminals have a record, with and without opt-out.
#[test]
fn rfc5155_7_1_empty_non_terminals() {
    const DS: &str = "DS 1 13 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    for (records, all, opted_out) in [
        // Only an insecure delegation below: with opt-out neither it nor the names above it.
        ("i.b.c NS ns1", "@ c b.c i.b.c ns1", "@ ns1"),
        // A secure one brings the names above it.
        (&format!("s.b.c NS ns1\ns.b.c {DS}"), "@ c b.c s.b.c ns1", "@ c b.c s.b.c ns1"),
        // An insecure and a secure one: the upper name is needed, the lower one is not.
        (&format!("i.b.c NS ns1\ns.c NS ns1\ns.c {DS}"), "@ c b.c i.b.c s.c ns1", "@ c s.c ns1"),
        // The same, the secure one first in order.
        (&format!("a.c NS ns1\na.c {DS}\ni.d.c NS ns1"), "@ c a.c d.c i.d.c ns1", "@ c a.c ns1"),
        // Data below, after an insecure delegation.
        ("i.b.c NS ns1\nz.b.c A 192.0.2.2", "@ c b.c i.b.c z.b.c ns1", "@ c b.c z.b.c ns1"),
        // Data at the upper name: it is no empty non-terminal.
        ("c TXT x\ni.b.c NS ns1", "@ c b.c i.b.c ns1", "@ c ns1"),
        // Glue and what else is below a cut brings nothing, whatever lies between (SIG-5).
        ("c NS x.y.c\nx.y.c A 192.0.2.2", "@ c ns1", "@ ns1"),
        // Nothing below a DNAME either.
        ("d DNAME t.test.\nx.y.d A 192.0.2.2", "@ d ns1", "@ d ns1"),
    ] {
        let zone = zone(&format!("{GOOD}{records}\n"));
        let names = |list: &str| list.split(' ').map(|name| name.trim_matches('@').to_owned()).collect::<Vec<_>>();
        assert_eq!(nsec3_names(&zone, false), names(all), "{records}");
        assert_eq!(nsec3_names(&zone, true), names(opted_out), "{records}, opt-out");
    }
}

/// The NSEC and NSEC3 types of a name.
fn types_at(zone: &Zone, owner: &str) -> [String; 2] {
    let node = zone.find(name(owner).as_name()).unwrap().index();
    let nsec = NsecChain::build(zone);
    let nsec_types = nsec.links().iter().position(|&link| link as usize == node).map(|link| {
        let mut rdata = Vec::new();
        nsec.push_rdata(zone, link, &mut rdata);
        types_text(Name::parse_wire(&rdata).unwrap().1)
    });
    let nsec3 = Nsec3Chain::build(zone, Nsec3Params::default()).unwrap();
    let link = nsec3.links().iter().position(|link| link.node as usize == node).unwrap();
    let mut rdata = Vec::new();
    nsec3.push_rdata(zone, link, &mut rdata);
    [nsec_types.unwrap_or_else(|| "no record".into()), types_text(&rdata[26..])]
}

/// NSEC-3 and N3-4: what the bitmaps say.
#[test]
fn bitmaps() {
    let mut zone = zone(&format!(
        "{GOOD}\
        s NS ns1\ns DS 1 13 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\ns A 192.0.2.9\ns TXT x\n\
        i NS ns1\ni A 192.0.2.9\n\
        d DNAME t.test.\nd TXT x\n\
        big TYPE65280 \\# 0\nbig CAA 0 issue \"x\"\nbig A 192.0.2.3\n\
        x.ent A 192.0.2.4\n"
    ));
    add_at_apex(&mut zone, Rtype::NSEC3PARAM, "1 0 0 -");
    add_at_apex(
        &mut zone,
        Rtype::ZONEMD,
        "1 1 1 000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000",
    );
    for (owner, nsec, nsec3) in [
        ("example", "NS SOA RRSIG NSEC NSEC3PARAM ZONEMD", "NS SOA RRSIG NSEC3PARAM ZONEMD"),
        ("s.example", "NS DS RRSIG NSEC", "NS DS RRSIG"),
        ("i.example", "NS RRSIG NSEC", "NS"),
        ("d.example", "TXT DNAME RRSIG NSEC", "TXT DNAME RRSIG"),
        ("big.example", "A RRSIG NSEC CAA TYPE65280", "A RRSIG CAA TYPE65280"),
        ("ent.example", "no record", ""),
    ] {
        assert_eq!(types_at(&zone, owner), [nsec, nsec3], "{owner}");
    }
}

/// NSEC-2 and N3-6: a zone of one name points to itself.
#[test]
fn a_zone_of_one_name() {
    let zone = zone("Example. 60 IN SOA . . 1 7200 900 1209600 900\n");
    let mut rdata = Vec::new();
    NsecChain::build(&zone).push_rdata(&zone, 0, &mut rdata);
    assert_eq!(Name::parse_wire(&rdata).unwrap().0.as_wire(), b"\x07Example\0", "spelled as in the file (CAN-3)");
    let chain = Nsec3Chain::build(&zone, Nsec3Params::default()).unwrap();
    rdata.clear();
    chain.push_rdata(&zone, 0, &mut rdata);
    assert_eq!(rdata[6..26], chain.links()[0].hash);
}

/// N3-2: no room for a hash label.
#[test]
fn rfc5155_10_1_zone_name_too_long() {
    // 3 labels of 64 octets, one of `rest` octets, and the root label.
    let apex = |rest: usize| format!("{0}.{0}.{0}.{1}.", "a".repeat(63), "b".repeat(rest));
    for (rest, fits) in [(28, true), (29, false)] {
        let zone = zone(&format!("{} 60 IN SOA . . 1 7200 900 1209600 900\n", apex(rest)));
        assert_eq!(zone.apex().as_wire().len(), 194 + rest);
        match Nsec3Chain::build(&zone, Nsec3Params::default()) {
            Ok(chain) => {
                assert!(fits);
                let mut owner = Vec::new();
                chain.push_owner(&zone, 0, &mut owner);
                assert_eq!(Name::from_wire(&owner).unwrap().as_wire().len(), 255);
            }
            Err(error) => {
                assert!(!fits);
                assert!(matches!(error, Nsec3Error::ZoneNameTooLong { .. }));
                assert!(error.to_string().contains("has 223 octets"), "{error}");
            }
        }
    }
}

#[test]
fn salt_too_long() {
    let zone = zone(GOOD);
    for (octets, fits) in [(255, true), (256, false)] {
        let params = Nsec3Params { salt: vec![7; octets], ..Nsec3Params::default() };
        assert_eq!(Nsec3Chain::build(&zone, params).is_ok(), fits);
    }
}

/// The walk of a chain, as owner names with what stands there.
fn walked(zone: &Zone, denial: &Denial) -> Vec<(Vec<u8>, OwnerItem)> {
    let owner = |item: OwnerItem| match (item.node, item.link) {
        (Some(node), _) => zone.node(node as usize).owner().as_wire().to_vec(),
        (None, Some(link)) => {
            let mut owner = Vec::new();
            denial.push_owner(zone, link as usize, &mut owner);
            owner
        }
        (None, None) => panic!("an item of nothing"),
    };
    denial.walk(zone).map(|item| (owner(item), item)).collect()
}

/// The walk visits each link and each node that owns records once, in strictly ascending order.
#[track_caller]
fn check_walk(zone: &Zone, denial: &Denial) {
    let items = walked(zone, denial);
    for pair in items.windows(2) {
        let [left, right] = [&pair[0].0, &pair[1].0].map(|wire| Name::from_wire(wire).unwrap());
        assert!(sort_key::canonical_cmp(left, right).is_lt(), "{left} {right}");
    }
    let links: Vec<usize> = items.iter().filter_map(|(_, item)| item.link).map(|link| link as usize).collect();
    assert_eq!(links, (0..denial.len()).collect::<Vec<_>>());
    let nodes: Vec<u32> = items.iter().filter_map(|(_, item)| item.node).collect();
    assert!(nodes.is_sorted());
    let with_records = (0u32..).zip(zone.nodes()).filter(|(_, node)| node.rrsets().len() > 0).map(|(index, _)| index);
    assert!(with_records.eq(nodes.iter().copied().filter(|&node| zone.node(node as usize).rrsets().len() > 0)));
    for (owner, item) in items {
        let Some(link) = item.link else { continue };
        let mut link_owner = Vec::new();
        denial.push_owner(zone, link as usize, &mut link_owner);
        assert_eq!(Name::from_wire(&link_owner).unwrap(), Name::from_wire(&owner).unwrap());
    }
}

#[test]
fn walks_are_in_canonical_order() {
    for file in ["derived-traps.zone", "rfc4035-appendix-a.unsigned.zone", "rfc5155-appendix-a.unsigned.zone"] {
        let zone = zone(&vector(file));
        check_walk(&zone, &Denial::Nsec(NsecChain::build(&zone)));
        for opt_out in [false, true] {
            let params = Nsec3Params { opt_out, ..Nsec3Params::default() };
            check_walk(&zone, &Denial::Nsec3(Nsec3Chain::build(&zone, params).unwrap()));
        }
    }
}

/// N3-8: the zone of RFC 5155 appendix A has an ordinary name that is the hash of ns1.example. The NSEC3 record about
/// ns1 stands at it, and the name has one of its own elsewhere.
#[test]
fn rfc5155_appendix_a_name_that_is_a_hash() {
    const HASHED: &str = "2t7b4g4vsa5smi47k61mv5bv1a22bojr.example";
    for below in ["", "x.y."] {
        // Also with the name as an empty non-terminal, which then appears in the walk for the record's sake.
        let text = vector("rfc5155-appendix-a.unsigned.zone").replace(HASHED, &format!("{below}{HASHED}"));
        let zone = zone(&text);
        let params = Nsec3Params { iterations: 12, salt: vec![0xaa, 0xbb, 0xcc, 0xdd], opt_out: true };
        let chain = Nsec3Chain::build(&zone, params).unwrap();
        let node_of = |owner: &str| u32::try_from(zone.find(name(owner).as_name()).unwrap().index()).unwrap();
        let link_of = |node| chain.links().iter().position(|link| link.node == node).unwrap();
        let (hashed, ns1) = (node_of(HASHED), node_of("ns1.example"));
        let (own_link, link_there) = (link_of(hashed), u32::try_from(link_of(ns1)).unwrap());
        assert_ne!(own_link, link_there as usize);
        let denial = Denial::Nsec3(chain);
        check_walk(&zone, &denial);
        let there = denial.walk(&zone).find(|item| item.node == Some(hashed)).unwrap();
        assert_eq!(there.link, Some(link_there));
    }
}
