//! Incremental signing through the library: what is kept, what is made again and why, and when nothing is written.
//! Method: Ed25519 keys, whose signatures are deterministic, so that a zone signed again at the time of its first
//! signing must be a full signing to the octet, and later differs from one in the times of what was kept alone.

#[path = "support/memory.rs"]
mod memory;
#[path = "support/misread.rs"]
mod misread;

use memory::Memory;
use misread::Misread;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use zoneseal::base::{Diagnostics, NameBuf, Seconds, UnixTime};
use zoneseal::denial::Nsec3Params;
use zoneseal::keys::{self, KeyTiming, LoadOptions, ZoneKey};
use zoneseal::rdata::dnskey::key_tag;
use zoneseal::sign::{
    self, DenialOptions, End, OwnKeys, Previous, ReuseCounts, SerialPolicy, SignError, SignOptions, SignedText,
    Summary, TimeOptions, Unobserved, ZonemdHash,
};
use zoneseal::verify::{VerifyOptions, verify_changes};
use zoneseal::zone::{BuildOptions, MixedTtl, Zone, build};
use zoneseal::zonefile::{self, Input, ReadOptions};

/// 2026-02-01 00:00:00 UTC.
const NOW: UnixTime = UnixTime(1_769_904_000);
const LATER: UnixTime = UnixTime(NOW.0 + 3600);
const ZONE: &str = "\
$TTL 3600
@ IN SOA ns1 hostmaster 1 7200 900 172800 900
@ IN NS ns1
ns1 IN A 192.0.2.1
a IN A 192.0.2.2
a IN TXT \"x\"
b IN MX 10 a
sec IN NS ns1
sec IN DS 1 13 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
sub IN NS ns.sub
ns.sub IN A 192.0.2.3
";
/// Signatures in `ZONE` with NSEC: SOA, NS, DNSKEY, DS, four other RRsets, and the six of the chain.
const SIGNATURES: u64 = 14;

// ---- signing ----

/// The Ed25519 KSK and ZSK of `example.`, and more of the algorithm as ZSKs.
fn keys_and(extra: usize) -> Vec<ZoneKey> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sign/keys");
    let load = |zone: &str| {
        let zone: NameBuf = zone.parse().unwrap();
        let options = LoadOptions { directory: Some(directory.clone()), ..LoadOptions::default() };
        keys::load(zone.as_name(), &options, &mut Diagnostics::new(10)).unwrap()
    };
    let mut keys = load("example.");
    for mut key in load("example.org.").into_iter().filter(|key| key.algorithm.0 == 15).take(extra) {
        key.zone = "example.".parse().unwrap();
        key.dnskey_rdata[..2].copy_from_slice(&256_u16.to_be_bytes());
        key.key_tag = key_tag(&key.dnskey_rdata);
        key.timing = KeyTiming { is_timeless: true, ..KeyTiming::default() };
        keys.push(key);
    }
    keys
}

fn two_keys() -> Vec<ZoneKey> {
    keys_and(0)
}

/// What came of a run.
struct Ran {
    result: Result<Summary, SignError>,
    text: Option<String>,
    findings: Diagnostics,
}

impl Ran {
    #[track_caller]
    fn text(&self) -> &str {
        self.text.as_deref().unwrap_or_else(|| panic!("nothing was written: {:?} {:?}", self.result, self.findings))
    }

    #[track_caller]
    fn counts(&self) -> ReuseCounts {
        self.result.as_ref().unwrap().reuse.unwrap().counts
    }

    fn is_unchanged(&self) -> bool {
        self.result.as_ref().unwrap().reuse.unwrap().is_unchanged && self.text.is_none()
    }

    fn codes(&self) -> Vec<&str> {
        self.findings.list().iter().map(|finding| finding.code).collect()
    }
}

/// A run to be made; the defaults sign `ZONE` with the usual keys and options.
#[derive(Clone)]
struct Run<'a> {
    zone: &'a str,
    previous: Option<&'a str>,
    is_in_place: bool,
    is_verified: bool,
    /// Verified, and written by such a run as this one.
    is_own: bool,
    /// Which octet of the text that is read back is another one than was written.
    misread: Option<u64>,
    keys: fn() -> Vec<ZoneKey>,
    options: SignOptions,
    now: UnixTime,
}

impl Default for Run<'_> {
    fn default() -> Self {
        let options = SignOptions::default();
        Self {
            zone: ZONE,
            previous: None,
            is_in_place: true,
            is_verified: false,
            is_own: false,
            misread: None,
            keys: two_keys,
            options,
            now: NOW,
        }
    }
}

impl Run<'_> {
    fn run(self) -> Ran {
        let mut findings = Diagnostics::new(50);
        let read_options = ReadOptions { origin: Some("example.".parse().unwrap()), ..ReadOptions::default() };
        let input = Input::Bytes { name: "test.zone", text: self.zone.as_bytes() };
        let store = zonefile::read(input, &read_options, &mut findings).unwrap();
        let mut loaded = sign::load(store, &BuildOptions::default(), &mut findings).expect("there is a zone");
        assert!(!findings.has_errors(), "{:?}", findings.list());
        if let Some(previous) = self.previous {
            let mut signed = SignedText::new("previous", previous.as_bytes().to_vec());
            signed.is_in_place = self.is_in_place;
            signed.is_verified = self.is_verified || self.is_own;
            signed.is_own = self.is_own;
            match Previous::parse(signed, loaded.zone.apex(), &mut findings) {
                Ok(previous) => loaded.previous = Some(previous),
                Err(unusable) => loaded.published = unusable.serial,
            }
        }
        let own_keys = OwnKeys::new(loaded.zone.apex(), (self.keys)(), self.now, &mut findings);
        let (inner, committed) = Memory::new();
        let output = Box::new(Misread { inner, place: self.misread });
        let result = sign::sign_zone(loaded, &own_keys, &self.options, self.now, output, &Unobserved, &mut findings);
        Ran { result, findings, text: committed.text() }
    }
}

fn signed() -> String {
    Run::default().run().text().to_owned()
}

fn nsec3(opt_out: bool, salt: &[u8]) -> SignOptions {
    let params = Nsec3Params { opt_out, salt: salt.to_vec(), ..Nsec3Params::default() };
    SignOptions { denial: DenialOptions::Nsec3(params), ..SignOptions::default() }
}

/// The lines of a signed zone with the times and the octets of signatures left out.
fn without_times(text: &str) -> Vec<String> {
    let strip = |line: &str| match line.split_once("\tRRSIG\t") {
        None => line.to_owned(),
        Some((head, rdata)) => {
            let fields: Vec<&str> = rdata.split(' ').collect();
            format!("{head} RRSIG {} {}", fields[..4].join(" "), fields[6..8].join(" "))
        }
    };
    text.lines().map(strip).collect()
}

/// Signatures by owner, type covered and key; and what they are over.
type Rrsets = BTreeMap<(String, String), (BTreeSet<String>, BTreeSet<String>)>;

fn rrsets(text: &str) -> Rrsets {
    let mut rrsets = Rrsets::new();
    for line in text.lines() {
        let fields: Vec<&str> = line.splitn(5, '\t').collect();
        let covered = fields[4].split(' ').next().unwrap();
        let rtype = if fields[3] == "RRSIG" { covered } else { fields[3] };
        let entry = rrsets.entry((fields[0].to_owned(), rtype.to_owned())).or_default();
        if fields[3] == "RRSIG" { &mut entry.1 } else { &mut entry.0 }.insert(line.to_owned());
    }
    rrsets
}

// ---- nothing to do ----

#[test]
fn nothing_due_writes_nothing() {
    for options in [SignOptions::default(), nsec3(false, b""), nsec3(true, b"")] {
        for zonemd in [vec![], vec![ZonemdHash::Sha384, ZonemdHash::Sha512]] {
            for serial in [SerialPolicy::Keep, SerialPolicy::Increment, SerialPolicy::UnixTime, SerialPolicy::Date] {
                let options = SignOptions { zonemd: zonemd.clone(), serial, ..options.clone() };
                let first = Run { options: options.clone(), ..Run::default() }.run();
                let previous = Some(first.text());
                let again = Run { options: options.clone(), previous, now: LATER, ..Run::default() }.run();
                let summary = again.result.as_ref().unwrap();
                assert!(again.is_unchanged(), "{options:?}: {summary:?}");
                assert_eq!(again.counts().kept, first.result.as_ref().unwrap().signatures);
                assert_eq!(summary.serial, first.result.as_ref().unwrap().serial);
                assert_eq!((summary.signatures, summary.records_written), (0, 0));
                assert!(again.findings.list().is_empty(), "{:?}", again.findings);
                // To another place it is written all the same, octet for octet.
                let copy = Run { options, previous, is_in_place: false, now: LATER, ..Run::default() }.run();
                assert_eq!(copy.text(), first.text());
                assert_eq!((copy.counts(), copy.result.unwrap().signatures), (again.counts(), 0));
            }
        }
    }
}

/// A record that stands twice is published twice, and perhaps with two TTLs, though to a zone it is one record.
#[test]
fn repeated_records_are_written_away() {
    let previous = signed();
    let line = |part: &str| previous.lines().find(|line| line.contains(part)).unwrap().to_owned() + "\n";
    let (a, rrsig, nsec) = (line("a.example.\t3600\tIN\tA\t"), line("\tRRSIG\tA "), line("\tNSEC\t"));
    let other_ttl = |line: &str, ttl: &str| line.replacen("\t3600\t", ttl, 1);
    let with = |more: &str| format!("{previous}{more}");
    for (what, text) in [
        ("lower TTL", with(&other_ttl(&a, "\t17\t"))),
        ("lower TTL first", previous.replace(&a, &format!("{}{a}", other_ttl(&a, "\t17\t")))),
        ("higher TTL", with(&other_ttl(&a, "\t7200\t"))),
        ("higher TTL first", previous.replace(&a, &format!("{}{a}", other_ttl(&a, "\t7200\t")))),
        ("spelling", with(&line("\tMX\t").replace("10 a", "10 A"))),
        ("same record", with(&a)),
        ("RRSIG", with(&rrsig)),
        ("RRSIG with another TTL", with(&other_ttl(&rrsig, "\t17\t"))),
        ("chain", with(&nsec)),
        ("SOA", with(&line("\tSOA\t"))),
        ("all", previous.repeat(2)),
    ] {
        assert_ne!(text, previous, "{what}");
        let run = Run { previous: Some(&text), ..Run::default() };
        for run in [run.clone(), Run { is_verified: true, ..run }] {
            let ran = run.run();
            assert_eq!(ran.text(), previous, "{what}");
            assert_eq!(ran.codes(), ["serial-same"], "{what}");
            assert!(!ran.result.unwrap().reuse.unwrap().is_unchanged, "{what}");
        }
    }
}

/// The signature over an RRset that was out with another TTL beside its own is made again.
#[test]
fn an_rrset_with_a_lower_ttl_is_signed_again() {
    let text = format!("{}A.example.\t17\tIN\tA\t192.0.2.2\n", signed());
    assert_counts("TTL", &Run { previous: Some(&text), now: LATER, ..Run::default() }, [13, 0, 1, 0, 0, 0, 0]);
}

/// A change that no signature covers is a change. The spelling of a name is covered by the NSEC before it alone, whose
/// next name is signed as it stands (RFC 6840 section 5.1).
#[test]
fn glue_and_spelling_are_published_anew() {
    for (from, to, changed) in
        [("192.0.2.3\n", "192.0.2.3\nns.sub IN A 192.0.2.4\n", 0), ("a IN", "A IN", 1), ("MX 10 a", "MX 10 A", 0)]
    {
        let edited = ZONE.replace(from, to);
        for (before, after) in [(ZONE, edited.as_str()), (&edited, ZONE)] {
            let previous = Run { zone: before, ..Run::default() }.run();
            let run = Run { zone: after, previous: Some(previous.text()), now: LATER, ..Run::default() };
            let ran = assert_counts(to, &run, [SIGNATURES - changed, 0, changed, 0, 0, 0, 0]);
            assert_eq!(ran.codes(), ["serial-same"], "{to}");
        }
    }
}

// ---- reasons ----

/// Signs with `run` and asserts that what it gives is a full signing but for times, and what became of the signatures:
/// kept, new, changed, due, bad, key gone, RRset gone.
#[track_caller]
fn assert_counts(what: &str, run: &Run<'_>, counts: [u64; 7]) -> Ran {
    let [kept, new, changed, due, bad, key_gone, rrset_gone] = counts;
    let expected = ReuseCounts { kept, new, changed, due, bad, key_gone, rrset_gone };
    let again = run.clone().run();
    let full = Run { previous: None, ..run.clone() }.run();
    assert_eq!(again.counts(), expected, "{what}");
    assert_eq!(without_times(again.text()), without_times(full.text()), "{what}");
    let summary = again.result.as_ref().unwrap();
    assert_eq!(summary.signatures, new + changed + due + bad, "{what}");
    assert_eq!(summary.signatures + kept, full.result.unwrap().signatures, "{what}");
    again
}

#[test]
fn changes_in_the_zone() {
    let replaced = |from: &str, to: &str| ZONE.replacen(from, to, 1);
    let secured = ZONE.lines().find(|line| line.contains(" DS ")).unwrap().replace("sec", "sub");
    let previous = signed();
    for (what, zone, counts) in [
        ("record changed", replaced("192.0.2.2", "192.0.2.9"), [13, 0, 1, 0, 0, 0, 0]),
        ("record added", format!("{ZONE}a IN A 192.0.2.9\n"), [13, 0, 1, 0, 0, 0, 0]),
        ("TTL changed", replaced("a IN A", "a 60 IN A"), [13, 0, 1, 0, 0, 0, 0]),
        // The type is in the bitmap of the owner's NSEC.
        ("RRset added", format!("{ZONE}a IN AAAA 2001:db8::1\n"), [13, 1, 1, 0, 0, 0, 0]),
        ("RRset removed", replaced("a IN TXT \"x\"\n", ""), [12, 0, 1, 0, 0, 0, 1]),
        // The NSEC before it names it.
        ("name added", format!("{ZONE}aa IN A 192.0.2.9\n"), [13, 2, 1, 0, 0, 0, 0]),
        ("name removed", replaced("b IN MX 10 a\n", ""), [11, 0, 1, 0, 0, 0, 2]),
        ("delegation secured", format!("{ZONE}{secured}\n"), [13, 1, 1, 0, 0, 0, 0]),
        ("name made a delegation", format!("{ZONE}b IN NS ns1\n"), [12, 0, 1, 0, 0, 0, 1]),
        ("MINIMUM changed", replaced("172800 900", "172800 300"), [7, 0, 7, 0, 0, 0, 0]),
    ] {
        let run = Run { zone: &zone, previous: Some(&previous), now: LATER, ..Run::default() };
        assert_counts(what, &run, counts);
        // At the time of the first signing there are no times to differ in.
        let again = Run { now: NOW, ..run.clone() }.run();
        assert_eq!(again.text(), Run { previous: None, now: NOW, ..run }.run().text(), "{what}");
    }
}

/// A second ZSK is activated, or the only one retired in favour of another.
#[test]
fn changes_of_keys() {
    let more = || keys_and(1);
    let rolled = || {
        let mut keys = keys_and(1);
        let old = keys.iter_mut().find(|key| !key.is_sep()).unwrap();
        old.timing = KeyTiming { publish: Some(NOW), activate: Some(NOW), inactive: Some(LATER), ..old.timing };
        old.timing.is_timeless = false;
        keys
    };
    let published = || {
        let mut keys = keys_and(1);
        let new = keys.last_mut().unwrap();
        new.timing = KeyTiming { publish: Some(NOW), ..KeyTiming::default() };
        keys
    };
    let withdrawn = || {
        let mut keys = keys_and(1);
        keys.retain(|key| key.is_sep() || key.timing.is_timeless);
        keys
    };
    let previous = signed();
    type Keys = fn() -> Vec<ZoneKey>;
    let cases: [(&str, Keys, [u64; 7]); 4] = [
        // The DNSKEY RRset is another one in each.
        ("second ZSK", more, [13, 13, 1, 0, 0, 0, 0]),
        ("ZSK retired", rolled, [0, 13, 1, 0, 0, 13, 0]),
        ("ZSK published ahead", published, [13, 0, 1, 0, 0, 0, 0]),
        ("ZSK replaced", withdrawn, [0, 13, 1, 0, 0, 13, 0]),
    ];
    for (what, keys, counts) in cases {
        assert_counts(what, &Run { keys, previous: Some(&previous), now: LATER, ..Run::default() }, counts);
    }
}

#[test]
fn changes_of_the_chain() {
    let signed_with =
        |options: &SignOptions| Run { options: options.clone(), ..Run::default() }.run().text().to_owned();
    let nsec = SignOptions::default();
    for (what, from, to, counts) in [
        // NSEC3PARAM is new, and six hashes, for six NSEC.
        ("NSEC to NSEC3", &nsec, &nsec3(false, b""), [8, 7, 0, 0, 0, 0, 6]),
        ("NSEC3 to NSEC", &nsec3(false, b""), &nsec, [8, 6, 0, 0, 0, 0, 7]),
        ("salt", &nsec3(false, b""), &nsec3(false, b"\x01"), [8, 6, 1, 0, 0, 0, 6]),
    ] {
        let previous = signed_with(from);
        let run = Run { options: to.clone(), previous: Some(&previous), now: LATER, ..Run::default() };
        assert_counts(what, &run, counts);
    }
    // The flag is in every record of the chain, which leaves out the insecure delegation; NSEC3PARAM has none.
    let previous = signed_with(&nsec3(false, b""));
    let run = Run { options: nsec3(true, b""), previous: Some(&previous), now: LATER, ..Run::default() };
    assert_counts("opt-out", &run, [9, 0, 5, 0, 0, 0, 1]);
}

/// `--refresh`, by default three sevenths of the validity: a signature with that much left is due.
#[test]
fn time_makes_signatures_due() {
    let previous = signed();
    let days = |days: i64| Seconds(days * 86_400);
    // They end an hour before the seven days are over.
    let end = NOW.plus(days(7)).minus(Seconds::HOUR);
    for (refresh, left, is_due) in [
        (None, days(3), true),
        (None, Seconds(days(3).0 + 1), false),
        (Some(days(1)), days(1), true),
        (Some(days(1)), Seconds(days(1).0 + 1), false),
        (Some(Seconds(0)), Seconds(1), false),
        // An expired zone is signed anew, and one from the future, whose signatures do not hold yet.
        (Some(Seconds(0)), Seconds(-1), true),
        (None, days(-40), true),
        (None, days(8), true),
    ] {
        let options = SignOptions { refresh, ..SignOptions::default() };
        let run = Run { options, previous: Some(&previous), now: end.minus(left), ..Run::default() };
        if is_due {
            assert_counts("due", &run, [0, 0, 0, SIGNATURES, 0, 0, 0]);
        } else {
            assert!(run.run().is_unchanged(), "{refresh:?} {left:?}");
        }
    }
    let refused = SignOptions { refresh: Some(days(7)), ..SignOptions::default() };
    let ran = Run { options: refused, previous: Some(&previous), ..Run::default() }.run();
    assert!(matches!(ran.result, Err(SignError::Refused)) && ran.codes().contains(&"signature-time"));
}

/// Other settings of times are for new signatures only, and the DNSKEY RRset has a refresh of its own.
#[test]
fn settings_of_times_do_not_make_signatures_due() {
    let previous = signed();
    let times =
        TimeOptions { end: End::Validity(Seconds(8 * 86_400)), jitter: Seconds(3600), ..TimeOptions::default() };
    let options = SignOptions { times, ..SignOptions::default() };
    assert!(Run { options, previous: Some(&previous), now: LATER, ..Run::default() }.run().is_unchanged());
    let times = TimeOptions { dnskey_validity: Some(Seconds(15 * 86_400)), ..TimeOptions::default() };
    let options = SignOptions { times, ..SignOptions::default() };
    let now = NOW.plus(Seconds(86_400));
    let run = Run { options, previous: Some(&previous), now, ..Run::default() };
    assert_counts("DNSKEY", &run, [13, 0, 0, 1, 0, 0, 0]);
}

/// Whatever stands in the old file, what is published verifies: the run's self-check is a full one.
#[test]
fn corrupted_signatures_are_made_again() {
    let previous = signed();
    for line in previous.lines().filter(|line| line.contains("\tRRSIG\t")) {
        let (head, signature) = line.rsplit_once(' ').unwrap();
        let first = if signature.starts_with('A') { "B" } else { "A" };
        let corrupted = previous.replace(line, &format!("{head} {first}{}", &signature[1..]));
        let run = Run { previous: Some(&corrupted), now: LATER, ..Run::default() };
        let ran = assert_counts(line, &run, [13, 0, 0, 0, 1, 0, 0]);
        assert_eq!(ran.codes(), ["previous-signature", "serial-same"]);
        // A time that was changed is not what was signed either.
        let corrupted = previous.replace(line, &line.replace(" 20260207230000 ", " 20260208230000 "));
        let run = Run { previous: Some(&corrupted), now: LATER, ..Run::default() };
        assert_counts(line, &run, [13, 0, 0, 0, 1, 0, 0]);
    }
}

/// Data that changed in the old file alone makes its signature one over something else: no use, however it got there.
#[test]
fn fields_that_were_changed_are_not_kept() {
    let previous = signed();
    for (from, to) in [
        ("192.0.2.2", "192.0.2.7"),
        ("a.example.\t3600\tIN\tA\t", "a.example.\t60\tIN\tA\t"),
        ("RRSIG\tA 15 2 3600", "RRSIG\tA 15 2 60"),
        ("RRSIG\tA 15 2 3600", "RRSIG\tA 15 1 3600"),
    ] {
        let changed = previous.replace(from, to);
        assert_ne!(changed, previous);
        let ran = Run { previous: Some(&changed), now: NOW, ..Run::default() }.run();
        assert_eq!(ran.text(), previous, "{from}");
    }
}

#[test]
fn a_wrong_zonemd_is_replaced() {
    let options = SignOptions { zonemd: vec![ZonemdHash::Sha384], ..SignOptions::default() };
    let first = Run { options: options.clone(), ..Run::default() }.run();
    // Glue that was changed in both files: no signature notices.
    let (zone, previous) = (ZONE.replace("192.0.2.3", "192.0.2.4"), first.text().replace("192.0.2.3", "192.0.2.4"));
    let run = Run { zone: &zone, options, previous: Some(&previous), ..Run::default() };
    assert_eq!(run.clone().run().text(), Run { previous: None, ..run }.run().text());
}

// ---- files that are no help ----

#[test]
fn unusable_and_foreign_files() {
    for text in ["", "example. 3600 IN SOA", "a. 1 IN A 192.0.2.1\n"] {
        let ran = Run { previous: Some(text), ..Run::default() }.run();
        assert_eq!(ran.text(), signed());
        assert_eq!(ran.codes(), ["previous-unusable"], "{text}");
        assert!(ran.result.unwrap().reuse.is_none());
    }
    let other = ZONE.replace("@", "other.");
    let ran = Run { previous: Some(&other), ..Run::default() }.run();
    // Its other names are outside the zone of its SOA.
    assert_eq!(ran.codes(), ["previous-unusable"]);
    let other = "other. 60 IN SOA ns1.other. x.other. 1 2 3 4 5\n";
    let ran = Run { previous: Some(other), ..Run::default() }.run();
    assert!(matches!(ran.result, Err(SignError::Refused)) && ran.codes() == ["previous-zone"], "{:?}", ran.findings);
    assert!(ran.text.is_none());
}

/// An unsigned zone is a previous zone without signatures.
#[test]
fn the_unsigned_zone_as_the_previous_one() {
    let ran =
        assert_counts("unsigned", &Run { previous: Some(ZONE), ..Run::default() }, [0, SIGNATURES, 0, 0, 0, 0, 0]);
    assert_eq!(ran.codes(), ["serial-same"]);
    let finding = &ran.findings.list()[0];
    assert!(finding.message.starts_with("the signed zone has changed, but its serial 1 is"), "{finding}");
}

/// Names that another program wrote relative to the zone are the same names.
#[test]
fn a_previous_zone_with_relative_names() {
    let relative = signed().replace(".example.\t", "\t").replace("example.\t", "@\t");
    let ran = Run { previous: Some(&relative), now: LATER, ..Run::default() }.run();
    assert!(ran.is_unchanged() && ran.findings.list().is_empty(), "{:?}", ran.findings);
}

// ---- signatures that were verified before ----

fn parsed(text: &str) -> Zone {
    let mut findings = Diagnostics::new(10);
    let input = Input::Bytes { name: "signed", text: text.as_bytes() };
    let store = zonefile::read(input, &ReadOptions::default(), &mut findings).unwrap();
    let options = BuildOptions { mixed_ttl: MixedTtl::Keep, ..BuildOptions::default() };
    build(store, &options, &mut findings).unwrap_or_else(|| panic!("{findings:?}"))
}

/// A signature is known by the octets of itself, of its RRset and of its key. A changed one is verified, and so is one
/// over what has changed.
#[test]
fn only_what_is_the_same_is_known() {
    let text = signed();
    let known = parsed(&text);
    let options = VerifyOptions::new(NOW);
    let report = verify_changes(&known, &known, &options);
    assert!(report.is_valid());
    // SOA, NS, DNSKEY and NSEC of the apex are verified in any case.
    assert_eq!((report.counts.verified, report.counts.known), (4, SIGNATURES - 4));
    for line in text.lines().filter(|line| line.contains("\tRRSIG\t")) {
        let (head, signature) = line.rsplit_once(' ').unwrap();
        let first = if signature.starts_with('A') { "B" } else { "A" };
        let corrupted = parsed(&text.replace(line, &format!("{head} {first}{}", &signature[1..])));
        assert!(!verify_changes(&corrupted, &known, &options).is_valid(), "{line}");
        // What was wrong before is no help either: its signature is another one.
        let report = verify_changes(&known, &corrupted, &options);
        assert!(report.is_valid() && report.counts.known <= SIGNATURES - 4, "{line}");
    }
    for (from, to) in
        [("192.0.2.2", "192.0.2.7"), ("\"x\"", "\"y\""), ("MX\t10 a", "MX\t20 a"), (" 1 13 2 ", " 2 13 2 ")]
    {
        assert!(text.contains(from) || from == " 1 13 2 ", "{from}");
        let changed = text.replace(from, to);
        if changed != text {
            assert!(!verify_changes(&parsed(&changed), &known, &options).is_valid(), "{from}");
        }
    }
    // Times are checked whatever is known.
    let late = VerifyOptions::new(NOW.plus(Seconds(8 * 86_400)));
    assert!(!verify_changes(&known, &known, &late).is_valid());
    // Signatures by a key that was not published before are verified.
    let other_keys = parsed(Run { keys: || keys_and(1), ..Run::default() }.run().text());
    let report = verify_changes(&other_keys, &known, &options);
    assert!(report.is_valid() && report.counts.verified > SIGNATURES - 4, "{:?}", report.counts);
}

// ---- text of our own ----

/// What was changed, the zone, and how many signatures are not verified again.
fn changed_zones() -> Vec<(&'static str, String, u64)> {
    let replaced = |from: &str, to: &str| ZONE.replacen(from, to, 1);
    vec![
        // All but the owner's two and a TXT, and the four at the apex.
        ("record", replaced("192.0.2.2", "192.0.2.9"), SIGNATURES - 4 - 3),
        // And the one of the NSEC before it, with those beside it.
        ("name added", format!("{ZONE}aa IN A 192.0.2.9\n"), SIGNATURES - 4 - 3),
        ("name removed", replaced("b IN MX 10 a\n", ""), SIGNATURES - 4 - 3 - 2),
        ("glue", replaced("192.0.2.3", "192.0.2.9"), SIGNATURES - 4),
        ("delegation", format!("{ZONE}a IN NS ns1\n").replace("a IN TXT \"x\"\n", ""), SIGNATURES - 4 - 3),
        ("spelling", replaced("a IN A", "A IN A"), SIGNATURES - 4 - 3),
    ]
}

/// Of text that is known to be ours, only what is new is read, and only that is verified; what comes out is the same.
#[test]
fn own_text_stands() {
    let previous = signed();
    for (what, zone, known) in changed_zones() {
        let run = Run { zone: &zone, previous: Some(&previous), now: LATER, ..Run::default() };
        let (plain, own) = (run.clone().run(), Run { is_own: true, ..run }.run());
        assert_eq!(own.text(), plain.text(), "{what}");
        let (plain, own) = (plain.result.unwrap(), own.result.unwrap());
        assert_eq!((own.records_written, own.octets), (plain.records_written, plain.octets), "{what}");
        assert_eq!((own.expirations, own.verified_text), (plain.expirations, plain.verified_text), "{what}");
        assert_eq!(own.checked.signatures, plain.checked.signatures, "{what}");
        assert_eq!((own.checked.known, own.checked.verified), (known, plain.checked.signatures - known), "{what}");
    }
}

/// Whatever octet is another one than was written, the check sees it, though most of the text is known.
#[test]
fn no_octet_may_change_beside_own_text() {
    let previous = signed();
    for (_, zone, _) in changed_zones() {
        let run = Run { zone: &zone, previous: Some(&previous), is_own: true, now: LATER, ..Run::default() };
        let text = run.clone().run().text().to_owned();
        for place in (0..text.len()).step_by(5) {
            let ran = Run { misread: Some(place as u64), ..run.clone() }.run();
            assert!(matches!(ran.result, Err(SignError::SelfCheck(_))), "{place}: {:?}", &text[..place]);
        }
    }
}

/// Chains, keys and settings that leave no line as it was, or no line to be trusted.
#[test]
fn own_text_of_another_kind_is_read() {
    let later = UnixTime(NOW.0 + 5 * 86_400);
    for (first, then, keys, now) in [
        (SignOptions::default(), nsec3(false, b""), two_keys as fn() -> _, LATER),
        (nsec3(true, b""), nsec3(false, b""), two_keys, LATER),
        (SignOptions::default(), SignOptions::default(), || keys_and(1), LATER),
        (SignOptions::default(), SignOptions::default(), two_keys, later),
        (
            SignOptions::default(),
            SignOptions { zonemd: vec![ZonemdHash::Sha384], ..SignOptions::default() },
            two_keys,
            LATER,
        ),
        (
            SignOptions { zonemd: vec![ZonemdHash::Sha384], ..SignOptions::default() },
            SignOptions::default(),
            two_keys,
            LATER,
        ),
    ] {
        let previous = Run { options: first, ..Run::default() }.run();
        let run = Run { previous: Some(previous.text()), options: then, keys, now, ..Run::default() };
        let (plain, own) = (run.clone().run(), Run { is_own: true, ..run }.run());
        assert_eq!((own.text(), own.counts()), (plain.text(), plain.counts()));
    }
}

// ---- serials ----

#[test]
fn serials_go_on_from_the_later_one() {
    use SerialPolicy::{Date, Increment, Keep, UnixTime};
    const DATE: u32 = 2_026_020_100;
    let now = u32::try_from(NOW.0).unwrap();
    for (policy, published, in_file, is_changed, expected) in [
        (Keep, 5, 5, false, Some(5)),
        (Keep, 5, 5, true, Some(5)),
        (Keep, 5, 6, false, Some(6)),
        (Keep, 5, 4, false, None),
        (Keep, 5, 5 + 0x8000_0000, false, None),
        (Increment, 5, 5, false, Some(5)),
        (Increment, 5, 1, false, Some(5)),
        (Increment, 5, 1, true, Some(6)),
        (Increment, 5, 5, true, Some(6)),
        (Increment, 5, 8, false, Some(9)),
        (Increment, u32::MAX, 7, true, Some(8)),
        (Increment, 5, 5 + 0x8000_0000, true, None),
        (UnixTime, 5, 1, false, Some(5)),
        (UnixTime, 5, 1, true, Some(now)),
        (UnixTime, now, 1, true, Some(now + 1)),
        (UnixTime, now + 7, 1, true, None),
        (Date, DATE, 1, false, Some(DATE)),
        (Date, DATE, 1, true, Some(DATE + 1)),
        (Date, 5, 1, true, Some(DATE)),
    ] {
        let with_serial = |serial: u32| ZONE.replace("hostmaster 1 ", &format!("hostmaster {serial} "));
        let previous = Run { zone: &with_serial(published), ..Run::default() }.run();
        let zone = with_serial(in_file).replace("192.0.2.2", if is_changed { "192.0.2.9" } else { "192.0.2.2" });
        let options = SignOptions { serial: policy, ..SignOptions::default() };
        let ran = Run { zone: &zone, previous: Some(previous.text()), options, ..Run::default() }.run();
        let case = (policy, published, in_file, is_changed);
        match expected {
            None => assert_eq!(ran.codes(), ["serial-backwards"], "{case:?}"),
            Some(serial) => {
                assert_eq!(ran.result.as_ref().unwrap().serial, serial, "{case:?}");
                assert_eq!(ran.text.is_none(), serial == published && !is_changed, "{case:?}");
                let warns = ran.codes().contains(&"serial-same");
                assert_eq!(warns, serial == published && is_changed, "{case:?}");
            }
        }
    }
}

// ---- any edit ----

/// Records of a random zone: names from a few, some of them cuts.
fn zone() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["a", "A", "b", "x.a", "y.x.a", "c", "*.c", "d.b"]);
    let data = prop::sample::select(vec![
        "A 192.0.2.1",
        "A 192.0.2.2",
        "TXT x",
        "TXT y",
        "NS ns.elsewhere.",
        "MX 10 a",
        "MX 10 A",
        "AAAA 2001:db8::1",
        "DS 1 13 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    ]);
    prop::collection::btree_set((name, data), 0..16).prop_map(|records| {
        let cuts: BTreeSet<&str> = records.iter().filter(|(_, data)| data.starts_with("NS")).map(|r| r.0).collect();
        let cuts: BTreeSet<String> = cuts.iter().map(|name| name.to_ascii_lowercase()).collect();
        let mut text =
            String::from("$TTL 3600\n@ IN SOA ns1 hostmaster 1 7200 900 172800 900\n@ IN NS ns1\nns1 IN A 192.0.2.1\n");
        for (name, data) in records {
            // DS stands at cuts only.
            if !data.starts_with("DS") || cuts.contains(&name.to_ascii_lowercase()) {
                text.push_str(&format!("{name} IN {data}\n"));
            }
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// From any zone to any other, and from any chain to any other: the result is a full signing, it verifies (the
    /// self-check is on), and every RRset that is as it was keeps its signatures.
    #[test]
    fn any_edit(from in zone(), to in zone(), chains in (0..3_usize, 0..3_usize)) {
        let options = [SignOptions::default(), nsec3(false, b""), nsec3(true, b"")];
        let first = Run { zone: &from, options: options[chains.0].clone(), ..Run::default() }.run();
        let run = Run { zone: &to, options: options[chains.1].clone(), now: LATER, ..Run::default() };
        let again = Run { previous: Some(first.text()), ..run.clone() }.run();
        let Some(text) = &again.text else {
            prop_assert!(again.is_unchanged());
            let own = Run { previous: Some(first.text()), is_own: true, ..run.clone() }.run();
            prop_assert!(own.is_unchanged());
            prop_assert_eq!(own.counts(), again.counts());
            prop_assert_eq!(without_times(first.text()), without_times(run.run().text()));
            return Ok(());
        };
        let known = Run { previous: Some(first.text()), is_verified: true, ..run.clone() }.run();
        let own = Run { previous: Some(first.text()), is_own: true, ..run.clone() }.run();
        for known in [known, own] {
            prop_assert_eq!(known.text(), text);
            prop_assert_eq!(known.counts(), again.counts());
            let checked = &known.result.as_ref().unwrap().checked;
            prop_assert_eq!(checked.known + checked.verified, checked.signatures);
        }
        prop_assert_eq!(without_times(text), without_times(run.run().text()));
        let (before, after) = (rrsets(first.text()), rrsets(text));
        let mut kept = 0;
        for (name, (records, signatures)) in &after {
            if let Some((_, old)) = before.get(name).filter(|old| old.0 == *records) {
                prop_assert!(old.is_empty() || signatures.is_empty() || old == signatures, "{:?}", name);
                kept += signatures.intersection(old).count() as u64;
            }
        }
        // Spelling does not count for a signature, but it does for this comparison.
        prop_assert!(again.counts().kept >= kept && kept >= 3);
    }
}
