//! What the fuzz targets run, and their twins in `tests/fuzz_twins.rs`: any bytes in, no panic, and what was understood
//! survives being printed and read again.

mod bulk;
pub mod ecdsa;
pub mod ed25519;

use std::path::Path;
use zoneseal::base::{Class, Diagnostics, Name, NameBuf, Rtype, Ttl};
use zoneseal::crypto::Pkcs8Key;
use zoneseal::denial::{Nsec3Chain, Nsec3Params, NsecChain};
use zoneseal::keys::private_file::PrivateFile;
use zoneseal::keys::public_file::PublicFile;
use zoneseal::output::text::push_record;
use zoneseal::policy::import::{Format, import};
use zoneseal::policy::{PolicyFile, to_toml};
use zoneseal::rdata;
use zoneseal::zone::build::{BuildOptions, build};
use zoneseal::zone::check::check;
use zoneseal::zone::{RawRecord, RecordStore};
use zoneseal::zonefile::{self, Input, ReadOptions};

/// Reads bytes as a zone file. Without errors, its records come back from their text; with an SOA, the zone is built,
/// checked and chained.
pub fn zone_file(data: &[u8]) {
    let mut findings = Diagnostics::new(20);
    let store = read(data, &mut findings);
    if findings.has_errors() {
        return;
    }
    let mut printed = Vec::new();
    for record in store.records() {
        push_record(store.owner(&record), record.ttl, record.class, record.rtype, store.rdata(&record), &mut printed);
    }
    let mut findings = Diagnostics::new(20);
    let again = read(&printed, &mut findings);
    assert!(!findings.has_errors(), "does not read its own text: {:?}", String::from_utf8_lossy(&printed));
    assert!(is_same(&store, &again), "changed by printing: {:?}", String::from_utf8_lossy(&printed));
    let Some(zone) = build(store, &BuildOptions::default(), &mut findings) else { return };
    check(&zone, &mut findings);
    let mut out = Vec::new();
    let nsec = NsecChain::build(&zone);
    for link in 0..nsec.links().len() {
        nsec.push_rdata(&zone, link, &mut out);
    }
    let params = Nsec3Params { iterations: 0, salt: Vec::new(), opt_out: data.len().is_multiple_of(2) };
    if let Ok(nsec3) = Nsec3Chain::build(&zone, params) {
        for link in 0..nsec3.links().len() {
            nsec3.push_rdata(&zone, link, &mut out);
        }
    }
}

/// Takes two bytes as a type and the rest first as its wire form, then as its text.
pub fn rdata(data: &[u8]) {
    let Some((rtype, rest)) = data.split_first_chunk::<2>() else { return };
    let rtype = Rtype(u16::from_be_bytes(*rtype));
    let mut text = Vec::new();
    // Text there must be for any octets, valid or not.
    rdata::push_text(rtype, rest, &mut text);
    if rest.len() <= rdata::RDATA_LEN_MAX && rdata::check_wire(rtype, rest).is_ok() {
        round_trip(rtype, rest);
    }
    let mut line = b"@ 0 IN ".to_vec();
    line.extend_from_slice(rtype.to_string().as_bytes());
    line.push(b' ');
    line.extend(rest.iter().filter(|byte| **byte != b'\n'));
    let mut findings = Diagnostics::new(20);
    let store = read(&line, &mut findings);
    if !findings.has_errors() {
        for record in store.records() {
            let wire = store.rdata(&record);
            assert!(rdata::check_wire(record.rtype, wire).is_ok(), "made wrong wire form: {line:?}");
            round_trip(record.rtype, wire);
        }
    }
}

/// Valid wire form comes back from its text; canonical form is stable and known when seen.
fn round_trip(rtype: Rtype, wire: &[u8]) {
    let mut line = Vec::new();
    push_record(Name::ROOT, Ttl::ZERO, Class::IN, rtype, wire, &mut line);
    let mut findings = Diagnostics::new(20);
    let store = read(&line, &mut findings);
    let shown = String::from_utf8_lossy(&line);
    assert!(!findings.has_errors(), "does not read its own text: {shown}: {:?}", findings.list());
    assert_eq!(store.len(), 1, "{shown}");
    assert_eq!(store.rdata(&store.records().next().unwrap()), wire, "{shown}");
    let mut canonical = Vec::new();
    rdata::push_canonical(rtype, wire, &mut canonical);
    assert_eq!(rdata::is_canonical(rtype, wire), canonical == wire, "{shown}");
    assert!(rdata::is_canonical(rtype, &canonical), "{shown}");
    for name in rdata::names(rtype, wire) {
        assert!(name.as_wire().len() <= 255, "{shown}");
    }
}

/// Reads bytes as each kind of key file. What is read survives being written.
pub fn key_file(data: &[u8]) {
    let path = Path::new("K");
    if let Ok(public) = PublicFile::parse(path, data) {
        let again = PublicFile::parse(path, public.to_text().as_bytes()).expect("reads its own text");
        assert_eq!((&again.owner, again.ttl, &again.dnskey_rdata), (&public.owner, public.ttl, &public.dnskey_rdata));
    }
    if let Ok(private) = PrivateFile::parse(path, data) {
        let text = private.to_text();
        let again = PrivateFile::parse(path, &text).expect("reads its own text");
        assert_eq!(*again.to_text(), *text);
    }
    // Only that it ends: the parts of a key are secret and have no text here.
    let _ = Pkcs8Key::from_der(data);
}

/// Reads bytes as a policy file and as the policies of other signers. What is read survives being printed.
pub fn policy(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(file) = PolicyFile::from_toml(&text, "policy.toml") {
        for policy in file.policies() {
            let _ = policy.check();
            let printed = to_toml(&policy.policy, |_| None);
            let again = PolicyFile::from_toml(&printed, "printed").expect("reads its own text");
            assert_eq!(again.policies()[0].policy, policy.policy, "{printed}");
        }
    }
    for format in [Format::Bind, Format::Knot, Format::OpenDnssec] {
        for policy in import(&text, "fuzz", format).map(|imported| imported.policies).unwrap_or_default() {
            let _ = policy.policy.check();
            let printed = policy.to_toml();
            let again = PolicyFile::from_toml(&printed, "printed").expect("reads its own text");
            assert_eq!(again.policies()[0].policy, policy.policy, "{printed}");
        }
    }
}

fn read(text: &[u8], findings: &mut Diagnostics) -> RecordStore {
    let options = ReadOptions { origin: NameBuf::from_text(b"example.", None).ok(), ..ReadOptions::default() };
    zonefile::read(Input::Bytes { name: "fuzz", text }, &options, findings).expect("bytes can always be read")
}

/// Whether two stores hold the same records: owners and RDATA octet for octet.
fn is_same(left: &RecordStore, right: &RecordStore) -> bool {
    let same = |(a, b): (RawRecord, RawRecord)| {
        (a.rtype, a.class, a.ttl) == (b.rtype, b.class, b.ttl)
            && left.owner(&a).as_wire() == right.owner(&b).as_wire()
            && left.rdata(&a) == right.rdata(&b)
    };
    left.len() == right.len() && left.records().zip(right.records()).all(same)
}
