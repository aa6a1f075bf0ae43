//! Reading zone files, against what named-compilezone reads from the same files, and against itself.

use proptest::prelude::*;
use std::path::Path;
use zoneseal::base::{Class, Diagnostics, Name, NameBuf, Rtype, Ttl};
use zoneseal::output::text::{push_record, push_record_generic};
use zoneseal::rdata::push_canonical;
use zoneseal::zone::RecordStore;
use zoneseal::zonefile::{Includes, Input, ReadOptions, read};

fn read_text(text: &[u8]) -> (RecordStore, Diagnostics) {
    let mut findings = Diagnostics::new(20);
    let options = ReadOptions { generated_max: 1000, ..ReadOptions::default() };
    let store = read(Input::Bytes { name: "-", text }, &options, &mut findings).expect("bytes can be read");
    (store, findings)
}

#[track_caller]
fn read_zone(path: &Path) -> RecordStore {
    let mut findings = Diagnostics::new(20);
    let options = ReadOptions::trusted(Some("example.com".parse().expect("a name")));
    let store = read(Input::Path(path), &options, &mut findings).expect("the file can be read");
    assert!(!findings.has_errors(), "{:?}", findings.list());
    store
}

/// The records as owner, TTL, class, type and canonical RDATA in the generic form, sorted, without duplicates.
fn canonical_lines(store: &RecordStore) -> Vec<String> {
    let mut lines: Vec<String> = store
        .records()
        .map(|record| {
            let mut rdata = Vec::new();
            push_canonical(record.rtype, store.rdata(&record), &mut rdata);
            let mut line = Vec::new();
            push_record_generic(store.owner(&record), record.ttl, record.class, record.rtype, &rdata, &mut line);
            String::from_utf8(line).expect("printed records are ASCII")
        })
        .collect();
    lines.sort();
    lines.dedup();
    lines
}

/// `NAME.zone` must hold the records that named-compilezone wrote to `NAME.golden`; the README there has the command.
#[track_caller]
fn check_against_golden(name: &str) {
    let directory = Path::new("tests/data/zonefile");
    let ours = canonical_lines(&read_zone(&directory.join(name).with_extension("zone")));
    let theirs = canonical_lines(&read_zone(&directory.join(name).with_extension("golden")));
    assert_eq!(ours, theirs);
}

#[test]
fn legal_forms_read_as_in_bind() {
    check_against_golden("forms");
}

#[test]
fn crlf_reads_as_in_bind() {
    check_against_golden("crlf");
}

#[test]
fn generate_makes_the_records_of_bind() {
    check_against_golden("generate");
}

/// ZF-8: afterwards origin and owner are as they were before; a TTL set in the file goes on, as in BIND and NSD.
#[test]
fn include_restores_origin_and_owner_but_not_the_ttl() {
    let store = read_zone(Path::new("tests/data/zonefile/include.zone"));
    let lines: Vec<String> = store
        .records()
        .map(|record| {
            format!("{} {} {:?}", store.owner(&record), record.ttl, store.position(&record).map(|at| at.line))
        })
        .collect();
    assert_eq!(
        lines,
        [
            "example.com. 3600 Some(3)",
            "www.example.com. 3600 Some(4)",
            "inside.sub.example.com. 3600 Some(2)",
            "inside.other.example. 60 Some(5)",
            "www.example.com. 60 Some(6)",
            "after.example.com. 60 Some(7)",
        ]
    );
}

#[test]
fn includes_are_refused_unless_allowed() {
    let (store, findings) = read_text(b"$INCLUDE tests/data/zonefile/sub.inc\n");
    assert_eq!(store.len(), 0);
    assert_eq!(findings.list()[0].code, "include-refused");
}

/// Twenty levels of files are read, the twenty-first is refused.
#[test]
fn include_depth_is_limited() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    for level in 0..=21 {
        let text = format!("level{level}.example. 60 TXT x\n$INCLUDE {}.inc\n", level + 1);
        std::fs::write(directory.path().join(format!("{level}.inc")), text).expect("the file can be written");
    }
    let mut findings = Diagnostics::new(20);
    let first = directory.path().join("0.inc");
    let store = read(Input::Path(&first), &ReadOptions::trusted(None), &mut findings).expect("the file can be read");
    assert_eq!(store.len(), 21);
    assert_eq!(findings.list()[0].code, "include-refused");
    assert_eq!(findings.list()[0].notes.len(), 20);
}

#[test]
fn includes_stay_within_their_root() {
    let file = Path::new("tests/data/zonefile/include.zone");
    for (root, error_count) in [("tests/data", 0), ("tests/data/bad", 1), ("no/such/directory", 1)] {
        let options = ReadOptions { includes: Includes::Within(root.into()), ..ReadOptions::default() };
        let mut findings = Diagnostics::new(20);
        read(Input::Path(file), &options, &mut findings).expect("the file can be read");
        assert_eq!(findings.error_count(), error_count, "{root}: {:?}", findings.list());
    }
}

#[test]
fn what_strangers_can_generate_is_capped() {
    let (store, findings) = read_text(b"$ORIGIN a.\n$TTL 1\n$GENERATE 1-900 a$ TXT x\n$GENERATE 1-200 b$ TXT x\n");
    assert_eq!(store.len(), 900);
    assert_eq!(findings.list()[0].code, "generate-too-many");
}

/// Wire form of any name of up to four labels, every octet possible.
fn any_name() -> impl Strategy<Value = NameBuf> {
    let label = proptest::collection::vec(any::<u8>(), 1..12);
    proptest::collection::vec(label, 0..4).prop_map(|labels| {
        let mut wire = Vec::new();
        for label in labels {
            wire.push(u8::try_from(label.len()).expect("short labels"));
            wire.extend(label);
        }
        wire.push(0);
        Name::from_wire(&wire).expect("a name").to_owned()
    })
}

/// Data of types whose text form has names, strings, numbers, hex, and nothing known.
fn any_data() -> impl Strategy<Value = (Rtype, Vec<u8>)> {
    let string = proptest::collection::vec(any::<u8>(), 0..40);
    let octets = proptest::collection::vec(any::<u8>(), 0..40);
    prop_oneof![
        any::<[u8; 4]>().prop_map(|octets| (Rtype::A, octets.to_vec())),
        any::<[u8; 16]>().prop_map(|octets| (Rtype::AAAA, octets.to_vec())),
        any_name().prop_map(|name| (Rtype::CNAME, name.as_name().as_wire().to_vec())),
        (any::<u16>(), any_name()).prop_map(|(preference, name)| {
            (Rtype::MX, [&preference.to_be_bytes(), name.as_name().as_wire()].concat())
        }),
        proptest::collection::vec(string, 1..4).prop_map(|strings| {
            let wire = strings.iter().flat_map(|string| [&[string.len() as u8], &string[..]].concat());
            (Rtype::TXT, wire.collect())
        }),
        (any::<u16>(), octets.clone())
            .prop_map(|(tag, digest)| { (Rtype::DS, [&tag.to_be_bytes(), &[13, 99], &digest[..], &[0]].concat()) }),
        (65_280u16..65_535, octets).prop_map(|(number, octets)| (Rtype(number), octets)),
    ]
}

proptest! {
    /// What is printed reads back the same, in both forms.
    #[test]
    fn printed_records_read_back(owner in any_name(), ttl in 0u32..=0x7fff_ffff, (rtype, rdata) in any_data()) {
        let ttl = Ttl::new(ttl).expect("in range");
        for push in [push_record, push_record_generic] {
            let mut text = Vec::new();
            push(owner.as_name(), ttl, Class::IN, rtype, &rdata, &mut text);
            let (store, findings) = read_text(&text);
            prop_assert_eq!(findings.error_count(), 0, "{:?} {:?}", String::from_utf8_lossy(&text), findings.list());
            let record = store.records().next().unwrap();
            prop_assert_eq!(store.owner(&record).as_wire(), owner.as_name().as_wire());
            prop_assert_eq!((record.ttl, record.class, record.rtype), (ttl, Class::IN, rtype));
            prop_assert_eq!(store.rdata(&record), &rdata[..]);
        }
    }

    /// No octets make the parser panic or run away; the twin of the fuzz target.
    #[test]
    fn any_octets_can_be_read(text in proptest::collection::vec(any::<u8>(), 0..400)) {
        read_text(&text);
    }

    /// The same with octets that mean something in zone files, so that more than the first line is reached.
    #[test]
    fn any_words_can_be_read(words in proptest::collection::vec(prop_oneof![
        Just("\n"), Just(" "), Just("\t"), Just("("), Just(")"), Just("\""), Just("\\"), Just(";"), Just("$"), Just("@"),
        Just("."), Just("a"), Just("3600"), Just("IN "), Just("A 192.0.2.1\n"), Just("TXT "), Just("\r\n"), Just("\0"),
        Just("\n$ORIGIN a.\n"), Just("\n$TTL 1h\n"), Just("\n$GENERATE 1-3 a$ A 10.0.0.$\n"), Just("${1,2,n}"),
        Just("\n$INCLUDE x\n"), Just("@ SOA a b 1 2 3 4 5\n"), Just("\\# 1 00"), Just("\u{feff}"), Just("HTTPS 1 . alpn=\"h2\""),
    ], 0..60)) {
        let text = words.concat();
        let (store, findings) = read_text(text.as_bytes());
        // Every finding has a place in the text.
        let line_count = u32::try_from(text.split('\n').count()).expect("few lines");
        for finding in findings.list() {
            let position = finding.position.as_ref().expect("parse errors have a place");
            prop_assert!(position.line <= line_count && position.column >= 1);
        }
        for record in store.records() {
            prop_assert!(store.position(&record).is_some_and(|at| at.line <= line_count));
        }
    }
}
