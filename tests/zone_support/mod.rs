//! Zones for tests: read from text, built, with what was found on the way.
#![allow(dead_code, reason = "each test file uses its part")]

use std::path::PathBuf;
use zoneseal::base::{Diagnostics, Name, NameBuf, Rtype, Ttl};
use zoneseal::rdata::{self, Token};
use zoneseal::zone::{self, BuildOptions, MixedTtl, OutOfZone, RecordStore, Zone};
use zoneseal::zonefile::{self, Input, ReadOptions};

/// A DNSKEY as a signer would put at the apex; its key is not one.
pub(crate) const DNSKEY: &str = "257 3 13 AAECAwQFBgcICQoLDA0ODw==";

/// Text of a zone `example.` that nothing is wrong with, to which tests add.
pub(crate) const GOOD: &str = "\
$ORIGIN example.
$TTL 3600
@ SOA ns1 hostmaster 1 7200 900 1209600 900
@ NS ns1
ns1 A 192.0.2.1
";

/// A file of `tests/data/vectors`.
#[track_caller]
pub(crate) fn vector(file: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/vectors").join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A name given as text.
#[track_caller]
pub(crate) fn name(text: &str) -> NameBuf {
    NameBuf::from_text(text.as_bytes(), Some(Name::ROOT)).unwrap()
}

/// The records of a zone text, which must have no mistake.
#[track_caller]
pub(crate) fn store(text: &str) -> RecordStore {
    let mut findings = Diagnostics::new(100);
    let input = Input::Bytes { name: "test.zone", text: text.as_bytes() };
    let store = zonefile::read(input, &ReadOptions::default(), &mut findings).unwrap();
    assert!(!findings.has_errors(), "{:#?}", findings.list());
    store
}

/// Builds a zone and returns what was found, each finding as one text.
#[track_caller]
pub(crate) fn build_with(text: &str, options: &BuildOptions) -> (Option<Zone>, Vec<String>) {
    let mut findings = Diagnostics::new(100);
    let zone = zone::build(store(text), options, &mut findings);
    (zone, findings.list().iter().map(ToString::to_string).collect())
}

/// Builds a zone that may have warnings, and no errors.
#[track_caller]
pub(crate) fn zone(text: &str) -> Zone {
    let mut findings = Diagnostics::new(100);
    let zone = zone::build(store(text), &BuildOptions::default(), &mut findings);
    assert!(!findings.has_errors(), "{:#?}", findings.list());
    zone.unwrap()
}

/// Options that take everything as it comes.
pub(crate) fn lenient() -> BuildOptions {
    BuildOptions { apex: None, out_of_zone: OutOfZone::Drop, mixed_ttl: MixedTtl::Keep }
}

/// RDATA given as text; names are absolute.
#[track_caller]
pub(crate) fn rdata_of(rtype: Rtype, text: &str) -> Vec<u8> {
    let tokens: Vec<Token<'_>> = text
        .split_ascii_whitespace()
        .map(|word| Token { text: word.as_bytes(), is_quoted: false, offset: 0 })
        .collect();
    let mut out = Vec::new();
    rdata::push_wire_from_text(rtype, &tokens, None, &mut out).unwrap();
    out
}

/// Puts one record at the apex.
#[track_caller]
pub(crate) fn add_at_apex(zone: &mut Zone, rtype: Rtype, text: &str) {
    zone.set_apex_rrset(rtype, Ttl::new(3600).unwrap(), [rdata_of(rtype, text)]);
}

/// The types of a bitmap, as text separated by spaces.
#[track_caller]
pub(crate) fn types_text(bitmap: &[u8]) -> String {
    let types = rdata::bitmap::TypeBitmap::parse(bitmap).expect("a well-formed bitmap").iter();
    types.map(|rtype| rtype.to_string()).collect::<Vec<_>>().join(" ")
}

/// Bytes as lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
