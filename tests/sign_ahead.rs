//! Verifying what is written while the rest is still being signed.
//! Aim: nothing passes that way that would not pass at the end, and what passes is the file. Method: signed zones with
//! something changed are verified part by part and as a whole, and the reports must be the same; a zone of several windows
//! is signed to an output that is read back wrongly at one octet.

#[path = "support/memory.rs"]
mod memory;
#[path = "support/misread.rs"]
mod misread;

use memory::{Committed, Memory};
use misread::Misread;
use proptest::prelude::*;
use std::path::Path;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use zoneseal::base::{Diagnostics, NameBuf, UnixTime};
use zoneseal::crypto::digest::sha256;
use zoneseal::denial::Nsec3Params;
use zoneseal::keys::{self, LoadOptions};
use zoneseal::sign::{
    self, DenialOptions, Observer, OwnKeys, SelfCheck, SignError, SignOptions, Stage, Summary, ZonemdHash,
};
use zoneseal::verify::{
    Ahead, CryptoScope, LibraryVerifiers, Report, VerifierChoice, VerifyOptions, verify_proved, verify_zone,
};
use zoneseal::zone::{BuildOptions, MixedTtl, RecordStore, Zone, build};
use zoneseal::zonefile::{self, Input, ReadOptions};

/// 2026-02-01 00:00:00 UTC.
const NOW: UnixTime = UnixTime(1_769_904_000);
/// Double-signed: this zone has a key of algorithm 13 and one of algorithm 15.
const SMALL: &str = "\
$TTL 3600
@ IN SOA ns1 hostmaster 1 7200 900 172800 900
@ IN NS ns1
ns1 IN A 192.0.2.1
ns1 IN A 192.0.2.2
Mixed IN MX 10 Ns1
Mixed IN MX 10 Case
sec IN NS ns1
sec IN DS 1 13 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
sub IN NS ns.sub
ns.sub IN A 192.0.2.3
x.y IN TXT \"a\" \"b\"
*.w IN A 192.0.2.4
";

/// Counts what is done ahead.
#[derive(Default)]
struct Counting(AtomicUsize);

impl Observer for Counting {
    fn begin(&self, _: Stage) {}

    fn progress(&self, _: u64, _: u64) {}

    fn check_ahead(&self, work: &mut dyn FnMut()) {
        self.0.fetch_add(1, Ordering::Relaxed);
        work();
    }
}

/// What came of signing: the result, the text, and how many parts were checked ahead.
struct Ran {
    result: Result<Summary, SignError>,
    committed: Committed,
    parts: usize,
}

fn sign_zone(apex: &str, text: &str, options: &SignOptions, place: Option<u64>) -> Ran {
    let mut findings = Diagnostics::new(50);
    let apex: NameBuf = apex.parse().unwrap();
    let directory = Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sign/keys"));
    let own = keys::load(apex.as_name(), &LoadOptions { directory, ..LoadOptions::default() }, &mut findings).unwrap();
    let read_options = ReadOptions { origin: Some(apex.clone()), ..ReadOptions::default() };
    let input = Input::Bytes { name: "test.zone", text: text.as_bytes() };
    let store = zonefile::read(input, &read_options, &mut findings).unwrap();
    let loaded = sign::load(store, &BuildOptions::default(), &mut findings).expect("there is a zone");
    let own = OwnKeys::new(apex.as_name(), own, NOW, &mut findings);
    assert!(!findings.has_errors(), "{:?}", findings.list());
    let (inner, committed) = Memory::new();
    let counting = Counting::default();
    let output = Box::new(Misread { inner, place });
    let result = sign::sign_zone(loaded, &own, options, NOW, output, &counting, &mut findings);
    Ran { result, committed, parts: counting.0.into_inner() }
}

fn nsec3(opt_out: bool) -> DenialOptions {
    DenialOptions::Nsec3(Nsec3Params { opt_out, ..Nsec3Params::default() })
}

// ---- parts and the whole ----

/// `SMALL` signed, with NSEC, NSEC3 and opt-out.
static SIGNED: LazyLock<Vec<String>> = LazyLock::new(|| {
    let text = |denial| {
        let options = SignOptions { denial, self_check: SelfCheck::Off, ..SignOptions::default() };
        sign_zone("example.org.", SMALL, &options, None).committed.text().unwrap()
    };
    [DenialOptions::Nsec, nsec3(false), nsec3(true)].map(text).to_vec()
});

fn zone_of(store: RecordStore) -> Option<Zone> {
    let apex = Some("example.org.".parse().unwrap());
    let options = BuildOptions { apex, mixed_ttl: MixedTtl::Keep, ..BuildOptions::default() };
    let mut findings = Diagnostics::new(50);
    build(store, &options, &mut findings).filter(|_| !findings.has_errors())
}

fn read_whole(text: &str) -> Option<Zone> {
    let mut findings = Diagnostics::new(50);
    let input = Input::Bytes { name: "signed zone", text: text.as_bytes() };
    let store = zonefile::read(input, &ReadOptions::default(), &mut findings).unwrap();
    if findings.has_errors() { None } else { zone_of(store) }
}

/// The text in parts of so many names.
fn parts(text: &str, names: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut at, mut seen, mut owner) = (0, 0, 0, "");
    for line in text.split_inclusive('\n') {
        let next = line.split('\t').next().unwrap();
        if next != std::mem::replace(&mut owner, next) {
            seen += 1;
            if seen > names {
                parts.push(&text[start..at]);
                (start, seen) = (at, 1);
            }
        }
        at += line.len();
    }
    parts.push(&text[start..]);
    parts
}

/// The report on text read part by part, by keys of another text; `None` if it is no zone.
fn report_in_parts(text: &str, names: usize, keys: &Zone, options: &VerifyOptions) -> Option<Report> {
    let ahead = Ahead::new(keys, options.crypto, options.verifiers.as_ref());
    let read = parts(text, names).iter().map(|part| ahead.read(part.as_bytes())).collect::<Option<Vec<_>>>()?;
    let (store, proofs) = ahead.join("signed zone", read);
    Some(verify_proved(&zone_of(store)?, &proofs, options))
}

/// A change of text of one record a line.
#[derive(Clone, Debug)]
enum Change {
    Nothing,
    Octet(prop::sample::Index, u8),
    Dropped(prop::sample::Index),
    Twice(prop::sample::Index),
    Moved(prop::sample::Index, prop::sample::Index),
    Lines(prop::sample::Index, &'static str),
}

fn changed(text: &str, change: &Change) -> Option<String> {
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    match change {
        Change::Nothing => {}
        Change::Octet(place, bit) => {
            let mut octets = text.as_bytes().to_vec();
            let place = place.index(octets.len());
            octets[place] ^= 1 << (bit % 7);
            return String::from_utf8(octets).ok();
        }
        Change::Dropped(line) => drop(lines.remove(line.index(text.lines().count()))),
        Change::Twice(line) => {
            let index = line.index(lines.len());
            lines.insert(index, lines[index].clone());
        }
        Change::Moved(from, to) => {
            let line = lines.remove(from.index(text.lines().count()));
            lines.insert(to.index(lines.len()), line);
        }
        Change::Lines(at, added) => lines.insert(at.index(lines.len()), (*added).to_owned()),
    }
    Some(lines.concat())
}

fn changes() -> impl Strategy<Value = Change> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        1 => Just(Change::Nothing),
        6 => (index(), any::<u8>()).prop_map(|(place, bit)| Change::Octet(place, bit)),
        1 => index().prop_map(Change::Dropped),
        1 => index().prop_map(Change::Twice),
        3 => (index(), index()).prop_map(|(from, to)| Change::Moved(from, to)),
        1 => (index(), prop::sample::select(vec![
            "ns1.example.org.\t3600\tIN\tA\t192.0.2.9\n",
            "mixed.example.org.\t3600\tIN\tMX\t10 ns1.example.org.\n",
            "ns1.example.org.\t60\tIN\tA\t192.0.2.1\n",
            "$GENERATE 1-2 ns$.example.org. 3600 A 192.0.2.$\n",
            "\n",
            "; nothing\n",
            "y.example.org.\t3600\tIN\tNS\tns1.example.org.\n",
        ])).prop_map(|(at, lines)| Change::Lines(at, lines)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    /// Whatever was changed, the report is the one on the whole text. Text that cannot be read in parts is no matter: it
    /// is checked as a whole then.
    #[test]
    fn reports_are_those_on_the_whole(
        which in 0_usize..3,
        change in changes(),
        names in prop::sample::select(vec![1, 2, 5, 100]),
        one_in in prop::sample::select(vec![1, 1, 3]),
    ) {
        let signed = &SIGNED[which];
        let keys = read_whole(signed).unwrap();
        let crypto = if one_in == 1 { CryptoScope::Full } else { CryptoScope::Sample { one_in } };
        let options = VerifyOptions { crypto, ..VerifyOptions::new(NOW) };
        let text = changed(signed, &change);
        let whole = text.as_ref().and_then(|text| read_whole(text)).map(|zone| verify_zone(&zone, &options));
        let in_parts = text.as_ref().and_then(|text| report_in_parts(text, names, &keys, &options));
        if let Some(in_parts) = in_parts {
            prop_assert_eq!(format!("{in_parts:?}"), format!("{:?}", whole.unwrap()));
        }
        if matches!(change, Change::Nothing) {
            prop_assert!(report_in_parts(signed, names, &keys, &options).is_some_and(|report| report.is_valid()));
        }
    }
}

/// Signatures that are proved are not verified again, which is what it is for.
#[test]
fn what_is_proved_is_not_verified_again() {
    let zone = read_whole(&SIGNED[0]).unwrap();
    let ahead = Ahead::new(&zone, CryptoScope::Full, &LibraryVerifiers::default());
    let (store, proofs) = ahead.join("signed zone", vec![ahead.read(SIGNED[0].as_bytes()).unwrap()]);
    let proved_zone = zone_of(store).unwrap();
    // No verifier would be right about anything.
    let no_verifier = VerifyOptions { verifiers: std::sync::Arc::new(Never), ..VerifyOptions::new(NOW) };
    assert!(verify_proved(&proved_zone, &proofs, &no_verifier).is_valid());
    assert!(!verify_zone(&zone, &no_verifier).is_valid());
}

/// A library that takes keys and finds every signature wrong.
#[derive(Debug)]
struct Never;

impl zoneseal::verify::VerifierSource for Never {
    fn open(
        &self,
        _: zoneseal::base::Algorithm,
        _: &[u8],
    ) -> Result<Box<dyn zoneseal::verify::SignatureVerifier>, zoneseal::crypto::CryptoError> {
        Ok(Box::new(Self))
    }
}

impl zoneseal::verify::SignatureVerifier for Never {
    fn verify_batch(&self, jobs: &[zoneseal::verify::SignatureJob<'_>], results: &mut Vec<bool>) {
        results.resize(jobs.len(), false);
    }
}

// ---- while it is signed ----

/// More names than are signed between two writes.
fn long_zone() -> String {
    let head = "$TTL 3600\n@ SOA ns hostmaster 1 7200 900 172800 900\n@ NS ns\nns A 192.0.2.1\n";
    (0..8_300).fold(head.to_owned(), |zone, number| zone + &format!("n{number} A 192.0.2.{}\n", number % 256))
}

/// It is checked ahead, with the result of a check at the end, and what is said to be verified is the file.
#[test]
fn long_zones_are_checked_while_they_are_signed() {
    let zone = long_zone();
    let plain = SignOptions { self_check: SelfCheck::Off, ..SignOptions::default() };
    let unchecked = sign_zone("example.", &zone, &plain, None);
    let expected = unchecked.committed.text().unwrap();
    let signatures = unchecked.result.unwrap().signatures;
    assert_eq!(unchecked.parts, 0);
    for verifier in [VerifierChoice::Fast, VerifierChoice::Library] {
        let ran = sign_zone("example.", &zone, &SignOptions { verifier, ..SignOptions::default() }, None);
        let summary = ran.result.unwrap();
        assert!(ran.parts > 3, "{}", ran.parts);
        assert_eq!((summary.checked.signatures, summary.checked.verified), (signatures, signatures));
        assert_eq!(summary.verified_text.unwrap().octets, expected.len() as u64);
        assert_eq!(summary.verified_text.unwrap().sha256, sha256(&[expected.as_bytes()]));
        assert_eq!(ran.committed.text().unwrap(), expected);
    }
    let sample = SignOptions { self_check: SelfCheck::Sample, ..SignOptions::default() };
    let ran = sign_zone("example.", &zone, &sample, None);
    let summary = ran.result.unwrap();
    assert!(ran.parts > 3 && summary.checked.verified < signatures / 8, "{summary:?}");
    assert_eq!((summary.checked.signatures, summary.verified_text), (signatures, None));
    assert_eq!(ran.committed.text().unwrap(), expected);
}

/// A ZONEMD is filled in at the end, so the text is checked then.
#[test]
fn what_will_be_changed_is_not_checked_ahead() {
    let options = SignOptions { zonemd: vec![ZonemdHash::Sha384], ..SignOptions::default() };
    let ran = sign_zone("example.", &long_zone(), &options, None);
    assert_eq!(ran.parts, 0);
    let text = ran.committed.text().unwrap();
    assert_eq!(ran.result.unwrap().verified_text.unwrap().sha256, sha256(&[text.as_bytes()]));
}

/// Wherever the output is not what was written, the check sees it, and nothing is published.
#[test]
fn no_octet_may_be_misread() {
    let zone = long_zone();
    let options = SignOptions::default();
    let text = sign_zone("example.", &zone, &options, None).committed.text().unwrap();
    let of_data =
        text.find("\nn7.example.\t3600\tIN\tA\t192.0.2.7\n").unwrap() + "\nn7.example.\t3600\tIN\tA\t192".len() - 1;
    let places = [0, 40, of_data, text.len() / 2, text.len() * 3 / 4, text.len() - 300, text.len() - 1];
    for place in places {
        let ran = sign_zone("example.", &zone, &options, Some(place as u64));
        assert!(matches!(ran.result, Err(SignError::SelfCheck(_))), "{place}: {:?}", ran.result);
        assert!(ran.committed.text().is_none() && ran.parts > 3);
    }
}
