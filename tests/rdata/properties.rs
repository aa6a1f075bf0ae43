//! Properties that hold for every type.

use crate::tokens::{text, wire};
use proptest::prelude::*;
use zoneseal::base::Rtype;
use zoneseal::rdata::{check_wire, is_canonical, names, push_canonical, push_generic};

/// Any type with a mnemonic, and now and then one without.
fn any_type() -> impl Strategy<Value = Rtype> {
    prop_oneof![9 => proptest::sample::select(Rtype::KNOWN), 1 => any::<u16>().prop_map(Rtype)]
}

/// Octets that look like data: random ones between short names, strings, zeros and the fixed parts of common types.
fn any_octets() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..24),
        proptest::collection::vec(0..4_u8, 0..8),
        Just(b"\x03www\x07Example\0".to_vec()),
        Just(b"\x04 \"\\;\x02\xff.\0".to_vec()),
        Just(b"\0".to_vec()),
        Just(b"\x0512345".to_vec()),
        Just(b"\x00\x06\x40\x01\0\0\0\x03".to_vec()),
        Just(b"\x00\x03\x00\x02\x00\x35".to_vec()),
        Just(b"\x00\x01\x00\x03\x02h2".to_vec()),
        Just(b"\x00\x01\x18\x03\x0a\x01\x02".to_vec()),
    ];
    proptest::collection::vec(part, 0..5).prop_map(|parts| parts.concat())
}

/// What must hold for any octets as data of any type.
fn check(rtype: Rtype, rdata: &[u8]) {
    let printed = text(rtype, rdata);
    if check_wire(rtype, rdata).is_ok() {
        assert_eq!(wire(rtype, printed.as_bytes()).as_deref(), Ok(rdata), "{rtype} {printed}");
        let mut generic = Vec::new();
        push_generic(rdata, &mut generic);
        assert_eq!(wire(rtype, &generic).as_deref(), Ok(rdata), "{rtype}");
    } else {
        assert!(printed.starts_with("\\# "), "{rtype} {printed}: malformed data prints in the generic form");
    }
    let mut canonical = Vec::new();
    push_canonical(rtype, rdata, &mut canonical);
    assert!(canonical.eq_ignore_ascii_case(rdata), "{rtype}: only case may change");
    assert_eq!(is_canonical(rtype, rdata), canonical == rdata, "{rtype}");
    let mut twice = Vec::new();
    push_canonical(rtype, &canonical, &mut twice);
    assert_eq!(twice, canonical, "{rtype}: canonical form is canonical");
    assert!(names(rtype, rdata).map(|name| name.as_wire().len()).sum::<usize>() <= rdata.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    /// Octets at random: nothing panics, valid data survives printing, and only valid data has a text form of its own.
    #[test]
    fn any_octets_as_any_type(rtype in any_type(), rdata in any_octets()) {
        check(rtype, &rdata);
    }

    /// Valid data with one octet changed, or cut: near misses reach deeper than octets at random.
    #[test]
    fn valid_data_with_a_defect(line in 0..VALID_LINES, place in any::<prop::sample::Index>(), octet in any::<u8>(), cut in any::<bool>()) {
        let (rtype, mut rdata) = valid(line);
        check(rtype, &rdata);
        if !rdata.is_empty() {
            let at = place.index(rdata.len());
            if cut { rdata.truncate(at) } else { rdata[at] = octet }
            check(rtype, &rdata);
        }
    }

    /// Words at random: no text makes the reader panic, and what it reads is valid.
    #[test]
    fn any_text_as_any_type(rtype in any_type(), words in proptest::collection::vec("[ -~]{0,12}", 0..8)) {
        if let Ok(rdata) = wire(rtype, words.join(" ").as_bytes()) {
            prop_assert_eq!(check_wire(rtype, &rdata), Ok(()));
            check(rtype, &rdata);
        }
    }

    /// Valid text with one character changed.
    #[test]
    fn valid_text_with_a_defect(line in 0..VALID_LINES, place in any::<prop::sample::Index>(), octet in b' '..b'~') {
        let (rtype, rdata) = valid(line);
        let mut given = text(rtype, &rdata).into_bytes();
        let at = place.index(given.len().max(1));
        if let Some(character) = given.get_mut(at) {
            *character = octet;
        }
        if let Ok(rdata) = wire(rtype, &given) {
            prop_assert_eq!(check_wire(rtype, &rdata), Ok(()), "{} {}", rtype, String::from_utf8_lossy(&given));
            check(rtype, &rdata);
        }
    }
}

/// How many lines of valid data there are.
const VALID_LINES: usize = 200;

/// Type and wire form of a line of valid data.
fn valid(line: usize) -> (Rtype, Vec<u8>) {
    let fields = include_str!("../data/rdata/valid.tsv").lines().nth(line + 1).map(|line| line.split('\t'));
    let fields: Vec<_> = fields.into_iter().flatten().collect();
    (crate::tokens::rtype(fields[0]), data_encoding::HEXUPPER.decode(fields[3].as_bytes()).unwrap())
}
