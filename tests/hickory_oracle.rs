//! An independent implementation of DNS agrees: hickory-proto reads every record of the zones we sign, writes the same
//! octets back, and verifies every signature with its own idea of what was signed.

use hickory_proto::dnssec::Verifier;
use hickory_proto::dnssec::rdata::{DNSKEY, DNSSECRData};
use hickory_proto::rr::{DNSClass, RData, Record};
use hickory_proto::serialize::binary::{BinDecodable, BinEncodable, BinEncoder, NameEncoding};
use std::process::Command;
use zoneseal::base::{Diagnostics, Name, Rtype};
use zoneseal::zone::{BuildOptions, NodeRef, RecordRef, RrsetRef, Zone, build};
use zoneseal::zonefile::{self, Input, ReadOptions};

/// The zone of a file, signed by the program with the example keys.
fn signed(zone_file: &str, options: &[&str]) -> Zone {
    let output = Command::new(env!("CARGO_BIN_EXE_zoneseal"))
        .args(["sign", zone_file, "-K", "keys-example", "-f", "-", "-q"])
        .args(options)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("the program runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut findings = Diagnostics::new(10);
    let input = Input::Bytes { name: zone_file, text: &output.stdout };
    let store = zonefile::read(input, &ReadOptions::default(), &mut findings).expect("bytes can be read");
    build(store, &BuildOptions::default(), &mut findings).expect("what we sign can be read")
}

/// A record as a message carries it, without compression.
fn wire(owner: Name<'_>, rtype: Rtype, record: RecordRef<'_>) -> Vec<u8> {
    let rdata = record.rdata();
    let len = u16::try_from(rdata.len()).unwrap();
    let ttl = record.ttl().seconds().to_be_bytes();
    [owner.as_wire(), &rtype.0.to_be_bytes(), &[0, 1], &ttl, &len.to_be_bytes(), rdata].concat()
}

fn records(node: NodeRef<'_>, rrset: RrsetRef<'_>) -> Vec<Record> {
    rrset
        .records()
        .map(|record| {
            let wire = wire(node.owner(), rrset.rtype(), record);
            let read =
                Record::from_bytes(&wire).unwrap_or_else(|error| panic!("{} {}: {error}", node.owner(), rrset.rtype()));
            // hickory keeps names and data as they are, so nothing may change on the way.
            let mut back = Vec::new();
            let mut encoder = BinEncoder::new(&mut back);
            encoder.set_name_encoding(NameEncoding::Uncompressed);
            read.emit(&mut encoder).unwrap();
            assert_eq!(back, wire, "{} {}", node.owner(), rrset.rtype());
            read
        })
        .collect()
}

fn dnskeys(zone: &Zone) -> Vec<DNSKEY> {
    let apex = zone.apex_node();
    let records = records(apex, apex.rrset(Rtype::DNSKEY).expect("a signed zone has keys"));
    records
        .into_iter()
        .map(|record| match record.data {
            RData::DNSSEC(DNSSECRData::DNSKEY(key)) => key,
            other => panic!("{other:?} is no DNSKEY"),
        })
        .collect()
}

/// Reads all records and verifies all signatures; gives how many.
fn verified(zone: &Zone) -> usize {
    let keys = dnskeys(zone);
    let mut count = 0;
    for node in zone.nodes() {
        for rrset in node.rrsets() {
            let covered = records(node, rrset);
            let Some(rrsigs) = node.rrsigs_covering(rrset.rtype()) else { continue };
            for rrsig in records(node, rrsigs) {
                let RData::DNSSEC(DNSSECRData::RRSIG(rrsig)) = rrsig.data else { panic!("no RRSIG") };
                let is_right = keys
                    .iter()
                    .any(|key| key.verify_rrsig(&covered[0].name, DNSClass::IN, &rrsig, covered.iter()).is_ok());
                assert!(is_right, "{} {}", node.owner(), rrset.rtype());
                count += 1;
            }
        }
    }
    count
}

#[test]
fn every_signature_is_right() {
    for (zone_file, options) in [
        ("zones/example.com.zone", &["--zonemd", "sha384", "--cds"][..]),
        ("zones/example.com.zone", &["--nsec3"]),
        ("zones/registry.example.zone", &["--nsec3", "--opt-out"]),
        ("zones/2.0.192.in-addr.arpa.zone", &["--jitter", "1d"]),
        ("zones/example.net.zone", &[]),
    ] {
        let zone = signed(zone_file, options);
        let count = verified(&zone);
        assert!(count > 10, "{zone_file}: {count} signatures");
    }
}
