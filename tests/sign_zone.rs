//! Signing through the library: goldens, vectors, apex rules, and what happens when something fails.
//! Aim: byte-exact output and no output at all on any failure. Method: Ed25519 keys, whose signatures are deterministic,
//! a fixed time, and outputs in memory or in temporary directories.
//!
//! `ZONESEAL_UPDATE_GOLDENS=1 cargo test --test sign_zone` rewrites `tests/data/sign/*.signed`; read the diff.

#[path = "support/memory.rs"]
mod memory;

use memory::Memory;
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use zoneseal::base::{Algorithm, Diagnostics, NameBuf, Seconds, TimeSpec, Timestamp, Ttl, UnixTime, text};
use zoneseal::base::{Class, Rtype};
use zoneseal::crypto::{CryptoError, Library, Signer};
use zoneseal::denial::Nsec3Params;
use zoneseal::keys::{self, LoadOptions, ZoneKey};
use zoneseal::output::{AtomicFile, Output};
use zoneseal::rdata::rrsig::Rrsig;
use zoneseal::sign::tbs::push_canonical_rrset;
use zoneseal::sign::{
    self, CdsPolicy, DenialOptions, End, ForeignDnskeys, OwnKeys, SelfCheck, SerialPolicy, SignError, SignOptions,
    Summary, TimeOptions, Unobserved, ZonemdHash,
};
use zoneseal::zone::BuildOptions;
use zoneseal::zonefile::{self, Input, ReadOptions};

/// 2026-02-01 00:00:00 UTC.
const NOW: UnixTime = UnixTime(1_769_904_000);

fn data(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(path)
}

fn read(path: &str) -> String {
    fs::read_to_string(data(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The keys of a zone in a directory.
fn load_keys(zone: &str, directory: &Path) -> Vec<ZoneKey> {
    let zone: NameBuf = zone.parse().unwrap();
    let options = LoadOptions { named: Vec::new(), directory: Some(directory.to_owned()), ..LoadOptions::default() };
    keys::load(zone.as_name(), &options, &mut Diagnostics::new(10)).unwrap()
}

/// The Ed25519 KSK and ZSK of `example.`.
fn example_keys() -> Vec<ZoneKey> {
    load_keys("example.", &data("sign/keys"))
}

/// What came of a run.
#[derive(Debug)]
struct Ran {
    result: Result<Summary, SignError>,
    text: Option<String>,
    findings: Diagnostics,
}

impl Ran {
    /// Records of the output: owner, TTL, type, RDATA.
    #[track_caller]
    fn records(&self) -> Vec<(&str, &str, &str, &str)> {
        let text = self.text.as_ref().unwrap_or_else(|| panic!("not signed: {:?} {:?}", self.result, self.findings));
        text.lines()
            .map(|line| {
                let mut fields = line.splitn(5, '\t');
                let mut next = || fields.next().unwrap_or_else(|| panic!("a short line: {line}"));
                let (owner, ttl, _class, rtype, rdata) = (next(), next(), next(), next(), next());
                (owner, ttl, rtype, rdata)
            })
            .collect()
    }

    /// RDATA of all records of a type at an owner.
    #[track_caller]
    fn rdatas(&self, owner: &str, rtype: &str) -> Vec<&str> {
        let records = self.records();
        records.into_iter().filter(|record| (record.0, record.2) == (owner, rtype)).map(|record| record.3).collect()
    }

    fn codes(&self) -> Vec<&str> {
        self.findings.list().iter().map(|finding| finding.code).collect()
    }
}

/// Signs zone text with keys into any output.
fn sign_to(
    zone: &str,
    keys: Vec<ZoneKey>,
    options: &SignOptions,
    now: UnixTime,
    output: Box<dyn Output + '_>,
) -> (Result<Summary, SignError>, Diagnostics) {
    let mut findings = Diagnostics::new(50);
    let read_options = ReadOptions { origin: Some("example.".parse().unwrap()), ..ReadOptions::default() };
    let input = Input::Bytes { name: "test.zone", text: zone.as_bytes() };
    let store = zonefile::read(input, &read_options, &mut findings).unwrap();
    let loaded = sign::load(store, &BuildOptions::default(), &mut findings).expect("there is a zone");
    assert!(!findings.has_errors(), "{:?}", findings.list());
    let own_keys = OwnKeys::new(loaded.zone.apex(), keys, now, &mut findings);
    let result = sign::sign_zone(loaded, &own_keys, options, now, output, &Unobserved, &mut findings);
    (result, findings)
}

/// Signs zone text with keys.
fn sign_with(zone: &str, keys: Vec<ZoneKey>, options: &SignOptions, now: UnixTime) -> Ran {
    let (output, committed) = Memory::new();
    let (result, findings) = sign_to(zone, keys, options, now, output);
    Ran { result, findings, text: committed.text() }
}

/// Signs zone text with the keys of `example.` at the usual time.
fn sign_example(zone: &str, options: &SignOptions) -> Ran {
    sign_with(zone, example_keys(), options, NOW)
}

const SMALL: &str = "\
$TTL 3600
@ IN SOA ns1 hostmaster 1 7200 900 172800 900
@ IN NS ns1
ns1 IN A 192.0.2.1
";

fn nsec3(opt_out: bool) -> DenialOptions {
    DenialOptions::Nsec3(Nsec3Params { opt_out, ..Nsec3Params::default() })
}

// ---- vectors ----

/// The value after a key word, within one block of a vector file.
#[track_caller]
fn field<'a>(block: &'a str, name: &str) -> &'a str {
    let line = block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name} in {block}"))
}

/// The blocks of a vector file, one a key.
fn blocks(file: &str) -> Vec<String> {
    let blocks = read(file);
    blocks.split("\nalgorithm ").skip(1).map(|block| format!("algorithm {block}")).collect()
}

#[track_caller]
fn assert_signed_data(block: &str, owner: &str, signer: &str, rtype: Rtype, rdata: &[u8], times: (u32, u32)) {
    let (owner, signer): (NameBuf, NameBuf) = (owner.parse().unwrap(), signer.parse().unwrap());
    let ttl = Ttl::new(3600).unwrap();
    let mut octets = Vec::new();
    Rrsig {
        covered: rtype,
        algorithm: Algorithm(field(block, "algorithm").parse().unwrap()),
        labels: owner.as_name().rrsig_labels(),
        original_ttl: ttl.seconds(),
        inception: Timestamp(times.0),
        expiration: Timestamp(times.1),
        key_tag: field(block, "keytag").parse().unwrap(),
        signer: signer.as_name(),
        signature: &[],
    }
    .push_header(&mut octets);
    let canonical = owner.as_name().to_canonical();
    push_canonical_rrset(canonical.as_name().as_wire(), rtype, Class::IN, ttl, std::iter::once(rdata), &mut octets);
    let mut expected = Vec::new();
    let name = if block.contains("signed-data-labels2-hex") { "signed-data-labels2-hex" } else { "signed-data-hex" };
    assert!(text::decode_hex(field(block, name).as_bytes(), &mut expected));
    assert_eq!(octets, expected, "{block}");
}

/// SIG-13 against the octets that the published signatures are over; mixed case in the names must not matter.
#[test]
fn rfc5702_rfc6605_rfc8080_signed_octets() {
    let date = |text: &str| Timestamp::from_text(text.as_bytes()).unwrap().0;
    let long = (date("20000101000000"), date("20300101000000"));
    for block in blocks("vectors/rfc5702-rsa.txt") {
        assert_signed_data(&block, "WWW.example.net.", "Example.net.", Rtype::A, &[192, 0, 2, 91], long);
    }
    for block in blocks("vectors/rfc6605-ecdsa.txt") {
        let times = (date(field(&block, "inception")), date(field(&block, "expiration")));
        assert_signed_data(&block, "www.EXAMPLE.net.", "example.NET.", Rtype::A, &[192, 0, 2, 1], times);
    }
    for block in blocks("vectors/rfc8080-eddsa.txt") {
        let rdata = b"\x00\x0a\x04Mail\x07example\x03COM\x00";
        let times = (1_438_207_200, 1_440_021_600);
        assert_signed_data(&block, "example.com.", "example.com.", Rtype::MX, rdata, times);
    }
}

/// Whole runs with the keys of RFC 8080 section 6 give the corrected signatures (guidance 8.2).
#[test]
fn rfc8080_signatures() {
    let zone = "example.com. 3600 IN SOA ns1 h 1 7200 900 86400 900\nexample.com. 3600 IN NS ns.example.net.\n\
                example.com. 3600 IN MX 10 mail.example.com.\nmail.example.com. 3600 IN A 192.0.2.1\n";
    let at = |time| TimeSpec::At(UnixTime(time));
    let times =
        TimeOptions { inception: at(1_438_207_200), end: End::Expiration(at(1_440_021_600)), ..TimeOptions::default() };
    let options = SignOptions { times, ..SignOptions::default() };
    let mut count = 0;
    for block in blocks("vectors/rfc8080-eddsa.txt") {
        let algorithm = field(&block, "algorithm");
        if algorithm == "16" && !cfg!(feature = "ed448") {
            continue;
        }
        let directory = tempfile::tempdir().unwrap();
        let tag = field(&block, "keytag");
        let base = directory.path().join(format!("Kexample.com.+0{algorithm}+{tag:0>5}"));
        let path = |ending: &str| PathBuf::from(format!("{}.{ending}", base.display()));
        fs::write(path("key"), format!("example.com. IN DNSKEY {}\n", field(&block, "dnskey"))).unwrap();
        let private = field(&block, "private-base64");
        let name = if algorithm == "15" { "ED25519" } else { "ED448" };
        let private = format!("Private-key-format: v1.2\nAlgorithm: {algorithm} ({name})\nPrivateKey: {private}\n");
        fs::write(path("private"), private).unwrap();
        let keys = load_keys("example.com.", directory.path());
        assert_eq!(keys.len(), 1);
        let ran = sign_with(zone, keys, &options, UnixTime(1_439_000_000));
        let expected = format!(
            "MX {algorithm} 2 3600 20150819220000 20150729220000 {tag} example.com. {}",
            field(&block, "sig-labels2")
        );
        assert!(ran.rdatas("example.com.", "RRSIG").contains(&expected.as_str()), "{expected}\n{:?}", ran.text);
        count += 1;
    }
    assert!(count >= 2);
}

// ---- goldens ----

/// The derived traps zone has the chains and the signed RRsets that its table says, which BIND and ldns agree with.
#[test]
fn traps_chains_and_signed_set() {
    let zone = read("vectors/derived-traps.zone");
    let table = read("vectors/derived-traps.chains.tsv");
    for (kind, denial) in [("NSEC", DenialOptions::Nsec), ("NSEC3", nsec3(false)), ("OPTOUT", nsec3(true))] {
        let ran = sign_example(&zone, &SignOptions { denial, ..SignOptions::default() });
        let flag = u8::from(kind == "OPTOUT");
        let expected: BTreeSet<String> = table
            .lines()
            .map(|line| line.split('\t').collect::<Vec<_>>())
            .filter(|fields| fields[0] == kind)
            .map(|fields| match kind {
                "NSEC" => format!("{} {} {}", fields[1].to_lowercase(), fields[2], fields[3]),
                _ => {
                    let types = if fields[3] == "-" { String::new() } else { format!(" {}", fields[3]) };
                    format!("{}.example. 1 {flag} 0 - {}{types}", fields[1], fields[2].to_uppercase())
                }
            })
            .collect();
        let rtype = if kind == "NSEC" { "NSEC" } else { "NSEC3" };
        let found: BTreeSet<String> = ran
            .records()
            .into_iter()
            .filter(|record| record.2 == rtype)
            .map(|(owner, ttl, _, rdata)| {
                assert_eq!(ttl, "900", "NSEC-5");
                format!("{} {rdata}", owner.to_lowercase())
            })
            .collect();
        assert_eq!(found, expected, "{kind}");
        if kind == "NSEC" {
            assert_signed_set(&ran, &table);
        }
    }
}

/// Exactly the RRsets of the table have signatures, each one by the right key with the right Labels field.
#[track_caller]
fn assert_signed_set(ran: &Ran, table: &str) {
    let expected: BTreeSet<String> =
        table.lines().filter_map(|line| line.strip_prefix("SIGNED\t")).map(|line| line.replace('\t', " ")).collect();
    let mut found = BTreeSet::new();
    for (owner, ttl, _, rdata) in ran.records().into_iter().filter(|record| record.2 == "RRSIG") {
        let fields: Vec<&str> = rdata.split(' ').collect();
        assert!(found.insert(format!("{owner} {} {}", fields[0], fields[2])), "signed twice: {owner} {rdata}");
        assert_eq!((fields[3], fields[7]), (ttl, "example."), "SIG-2: {owner} {rdata}");
        assert_eq!(fields[6], if fields[0] == "DNSKEY" { "33535" } else { "49620" }, "{owner} {rdata}");
    }
    assert_eq!(found, expected);
}

/// Whole outputs octet for octet: order, format, signatures, ZONEMD.
#[test]
fn traps_goldens() {
    let zone = read("vectors/derived-traps.zone");
    for (name, denial) in [("nsec", DenialOptions::Nsec), ("nsec3", nsec3(false)), ("opt-out", nsec3(true))] {
        let options = SignOptions {
            denial,
            cds: CdsPolicy::Publish,
            zonemd: vec![ZonemdHash::Sha384],
            times: TimeOptions { jitter: Seconds::DAY, ..TimeOptions::default() },
            ..SignOptions::default()
        };
        let ran = sign_example(&zone, &options);
        let text = ran.text.as_deref().unwrap_or_else(|| panic!("{ran:?}"));
        let path = format!("sign/traps.{name}.signed");
        if std::env::var_os("ZONESEAL_UPDATE_GOLDENS").is_some() {
            fs::write(data(&path), text).unwrap();
        }
        assert_eq!(text, read(&path), "{path}");
    }
}

/// The order of the output: the apex first with its SOA first, RRSIGs behind what they cover, the chain in its place.
#[test]
fn order_of_output() {
    let ran = sign_example(SMALL, &SignOptions::default());
    let found: Vec<String> = ran
        .records()
        .into_iter()
        .map(|(owner, _, rtype, rdata)| match rtype {
            "RRSIG" => format!("{owner} RRSIG {}", rdata.split(' ').next().unwrap_or("")),
            _ => format!("{owner} {rtype}"),
        })
        .collect();
    let expected = "example. SOA|example. RRSIG SOA|example. NS|example. RRSIG NS|example. NSEC|example. RRSIG NSEC|\
                    example. DNSKEY|example. DNSKEY|example. RRSIG DNSKEY|\
                    ns1.example. A|ns1.example. RRSIG A|ns1.example. NSEC|ns1.example. RRSIG NSEC";
    assert_eq!(found.join("|"), expected);
}

/// A zone of a few thousand names: wildcards, delegations with and without DS, empty non-terminals.
fn generated_zone(names: u32) -> String {
    let mut zone = SMALL.to_owned();
    for number in 0..names {
        zone.push_str(&match number % 5 {
            0 => format!("d{number} IN NS ns.d{number}\nns.d{number} IN A 192.0.2.7\n"),
            1 => format!("s{number} IN NS ns1\ns{number} IN DS 1 13 2 {:064X}\n", number),
            2 => format!("*.w{number} IN TXT \"x\" \"{number}\"\n"),
            3 => format!("deep.n{number}.Tree IN MX 10 Mail\n"),
            _ => format!("host{number} IN A 192.0.2.9\nhost{number} IN AAAA 2001:db8::{number:x}\n"),
        });
    }
    zone + "mail IN A 192.0.2.2\n"
}

#[test]
fn one_thread_and_many_write_the_same() {
    let zone = generated_zone(3000);
    for denial in [DenialOptions::Nsec, nsec3(true)] {
        let options = SignOptions {
            denial,
            zonemd: vec![ZonemdHash::Sha384, ZonemdHash::Sha512],
            times: TimeOptions { jitter: Seconds::DAY, ..TimeOptions::default() },
            ..SignOptions::default()
        };
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| sign_example(&zone, &options))
        };
        let one = run(1);
        assert!(one.text.is_some(), "{:?}", one.result);
        assert_eq!(one.text, run(5).text);
    }
}

/// Names whose data is more than is kept until it is signed: all signatures are there, and right by the self-check.
#[test]
fn names_with_much_data_are_signed_like_others() {
    let line = |number: u32, record: u32| format!("n{number} IN TXT {record}{}\n", " aaaaaaaaaaaaaaaaaaa".repeat(50));
    let records = (0..40).flat_map(|number| (0..10).map(move |record| line(number, record)));
    let zone = SMALL.to_owned() + &records.collect::<String>();
    let plain = sign_example(&zone, &SignOptions::default());
    let with_digest = sign_example(&zone, &SignOptions { zonemd: vec![ZonemdHash::Sha384], ..SignOptions::default() });
    for number in 0..40 {
        let owner = format!("n{number}.example.");
        let rrsigs = plain.rdatas(&owner, "RRSIG");
        assert_eq!((plain.rdatas(&owner, "TXT").len(), rrsigs.len()), (10, 2), "{owner}");
        assert_eq!(with_digest.rdatas(&owner, "RRSIG"), rrsigs, "{owner}");
    }
}

/// RFC 6840 section 5.1: however the apex is spelled, the signer's name in an RRSIG is lowered.
#[test]
fn the_signers_name_is_lowered() {
    let zone = SMALL.replace("@ IN SOA", "EXAMPLE. IN SOA");
    let ran = sign_example(&zone, &SignOptions::default());
    assert!(ran.records().iter().any(|record| record.0 == "EXAMPLE."), "the spelling is kept elsewhere");
    let rrsigs: Vec<_> = ran.records().into_iter().filter(|record| record.2 == "RRSIG").collect();
    assert!(rrsigs.len() > 5 && rrsigs.iter().all(|record| record.3.contains(" example. ")), "{rrsigs:?}");
}

/// TIM-7 in the output: no signature ends later than without jitter, none earlier than by the whole of it.
#[test]
fn jitter_in_the_output() {
    let jitter = Seconds(6 * 3600);
    let options = SignOptions { times: TimeOptions { jitter, ..TimeOptions::default() }, ..SignOptions::default() };
    let ran = sign_example(&generated_zone(200), &options);
    let latest = UnixTime(NOW.0 - 3600 + 7 * 86_400);
    let mut seen = BTreeSet::new();
    for (owner, _, _, rdata) in ran.records().into_iter().filter(|record| record.2 == "RRSIG") {
        let fields: Vec<&str> = rdata.split(' ').collect();
        let expiration = UnixTime::from_text(fields[4]).unwrap();
        assert!(expiration <= latest && expiration >= latest.minus(jitter), "{owner} {rdata}");
        if matches!(fields[0], "SOA" | "DNSKEY") {
            assert_eq!(expiration, latest, "{owner} {rdata}");
        }
        seen.insert(expiration);
    }
    assert!(seen.len() > 100, "{} different expirations", seen.len());
    let summary = ran.result.as_ref().unwrap();
    let (first, last) = (*seen.first().unwrap(), *seen.last().unwrap());
    assert_eq!(summary.expirations.whole(), Some((first, last)));
}

// ---- input cleaning and the apex ----

/// SIG-16: signing what was signed gives the same again, whatever chain it had.
#[test]
fn signing_again_changes_nothing() {
    let zone = read("vectors/derived-traps.zone");
    let signed =
        |denial, zonemd| sign_example(&zone, &SignOptions { denial, zonemd, ..SignOptions::default() }).text.unwrap();
    let plain = signed(DenialOptions::Nsec, Vec::new());
    let rich = signed(nsec3(false), vec![ZonemdHash::Sha384]);
    for input in [&plain, &rich] {
        let again = sign_example(input, &SignOptions::default());
        assert_eq!(again.text.as_ref(), Some(&plain));
        let dropped = input.lines().filter(|line| {
            let rtype = line.split('\t').nth(3).unwrap();
            ["RRSIG", "NSEC", "NSEC3", "NSEC3PARAM", "ZONEMD"].contains(&rtype)
        });
        assert_eq!(again.result.unwrap().records_dropped, dropped.count() as u64);
    }
}

/// ZONEMD and NSEC3PARAM away from the apex are data like any other (RFC 8976 section 2.1).
#[test]
fn zone_level_types_elsewhere_are_kept() {
    let zone = format!("{SMALL}sub IN ZONEMD 1 1 1 {}\n", "AB".repeat(48));
    let ran = sign_example(&zone, &SignOptions { zonemd: vec![ZonemdHash::Sha384], ..SignOptions::default() });
    assert_eq!(ran.rdatas("sub.example.", "ZONEMD"), [format!("1 1 1 {}", "AB".repeat(48))]);
    assert_eq!(ran.rdatas("example.", "ZONEMD").len(), 1);
}

#[test]
fn foreign_dnskeys() {
    let foreign = "example. 1800 IN DNSKEY 256 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=\n";
    let zone = format!("{SMALL}{foreign}");
    let kept = sign_example(&zone, &SignOptions::default());
    assert_eq!(kept.rdatas("example.", "DNSKEY").len(), 3);
    assert_eq!(kept.result.as_ref().unwrap().foreign_dnskeys_kept, 1);
    let dropped = sign_example(&zone, &SignOptions { foreign_dnskeys: ForeignDnskeys::Drop, ..SignOptions::default() });
    assert_eq!(dropped.rdatas("example.", "DNSKEY").len(), 2);
    assert_eq!(dropped.result.as_ref().unwrap().foreign_dnskeys_dropped, 1);
    // SIG-9: an algorithm nobody here can sign with.
    let zone = format!(
        "{SMALL}@ IN DNSKEY 257 3 13 IB9CucMRCtwZUB21bJLrHFrfDmsuR0lolBE4t/kcAHRYXWfQVQ9fO4sB8nRD7FiCpb2et09HYpR1XqIQkYpkAQ==\n"
    );
    let refused = sign_example(&zone, &SignOptions::default());
    assert!(matches!(refused.result, Err(SignError::Refused)) && refused.text.is_none());
    let finding = refused.findings.list().iter().find(|finding| finding.code == "foreign-algorithm").unwrap();
    assert!(finding.position.is_some(), "{finding}");
}

/// A DNSKEY that no validator takes is bad input, named by its line, not a failure of the self-check.
#[test]
fn foreign_dnskeys_that_are_none() {
    for (record, part) in [
        ("DNSKEY 256 4 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=", "protocol 4"),
        ("DNSKEY 256 3 15 AQEX1SxZJA4=", "is no key"),
    ] {
        let refused = sign_example(&format!("{SMALL}@ IN {record}\n"), &SignOptions::default());
        assert!(matches!(refused.result, Err(SignError::Refused)) && refused.text.is_none(), "{record}");
        let finding = refused.findings.list().iter().find(|finding| finding.code == "foreign-dnskey").unwrap();
        let line = SMALL.lines().count() + 1;
        assert!(finding.message.contains(part), "{finding}");
        assert_eq!(finding.position.as_ref().map(|position| position.line as usize), Some(line), "{finding}");
    }
}

/// CDS and CDNSKEY of the zone file that would break the zone if a parent followed them are bad input, named by their
/// line; those made by the signer pass as data.
#[test]
fn cds_of_the_input() {
    let stale = "CDS 12345 15 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    let stale_key = "CDNSKEY 257 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=";
    for (records, part) in [
        (stale.to_owned(), "name no key"),
        (stale_key.to_owned(), "name no key"),
        (format!("CDS 0 0 0 00\n@ IN {stale}"), "deletion"),
    ] {
        let refused = sign_example(&format!("{SMALL}@ IN {records}\n"), &SignOptions::default());
        assert!(matches!(refused.result, Err(SignError::Refused)) && refused.text.is_none(), "{records}");
        let finding = refused.findings.list().iter().find(|finding| finding.code == "cds-in-zone").unwrap();
        assert!(finding.message.contains(part) && finding.position.is_some(), "{finding}");
    }
    let made = sign_example(SMALL, &SignOptions { cds: CdsPolicy::Publish, ..SignOptions::default() });
    let mut zone = SMALL.to_owned();
    for rtype in ["CDS", "CDNSKEY"] {
        zone.extend(made.rdatas("example.", rtype).iter().map(|rdata| format!("@ IN {rtype} {rdata}\n")));
    }
    assert!(sign_example(&zone, &SignOptions::default()).result.is_ok());
    let deletion = format!("{SMALL}@ IN CDS 0 0 0 00\n@ IN CDNSKEY 0 3 0 AA==\n");
    assert!(sign_example(&deletion, &SignOptions::default()).result.is_ok());
}

/// A TTL that forbids caching the keys is said.
#[test]
fn dnskey_ttl_of_zero_is_warned_of() {
    let ran = sign_example(SMALL, &SignOptions { dnskey_ttl: Some(Ttl::ZERO), ..SignOptions::default() });
    assert!(ran.result.is_ok());
    assert!(ran.findings.list().iter().any(|finding| finding.code == "ttl-zero"));
}

/// A DNSKEY in the zone file whose key file says "not published" goes, with a warning.
#[test]
fn timing_wins_over_the_zone_file() {
    let mut keys = example_keys();
    let extra =
        ZoneKey { timing: keys::KeyTiming::default(), ..load_keys("example.org.", &data("sign/keys")).remove(1) };
    let rdata = extra.dnskey_rdata.clone();
    keys.push(ZoneKey { zone: "example.".parse().unwrap(), ..extra });
    let mut key = Vec::new();
    text::push_base64(&rdata[4..], &mut key);
    let zone = format!("{SMALL}@ IN DNSKEY 257 3 {} {}\n", rdata[3], String::from_utf8(key).unwrap());
    let ran = sign_with(&zone, keys, &SignOptions::default(), NOW);
    assert_eq!(ran.rdatas("example.", "DNSKEY").len(), 2);
    assert!(ran.codes().contains(&"dnskey-timing"), "{:?}", ran.findings);
}

#[test]
fn dnskey_ttl_comes_from_option_zone_key_file_or_soa() {
    let ttl = |zone: &str, key_ttl: Option<u32>, option: Option<u32>| {
        let mut keys = example_keys();
        keys[0].ttl = key_ttl.and_then(Ttl::new);
        let options = SignOptions { dnskey_ttl: option.and_then(Ttl::new), ..SignOptions::default() };
        let ran = sign_with(zone, keys, &options, NOW);
        let records = ran.records();
        let ttls: BTreeSet<&str> =
            records.iter().filter(|record| record.2 == "DNSKEY").map(|record| record.1).collect();
        assert_eq!(ttls.len(), 1);
        ttls.first().unwrap().parse::<u32>().unwrap()
    };
    let with_dnskey = format!("{SMALL}@ 1800 IN DNSKEY 256 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=\n");
    assert_eq!(ttl(SMALL, None, None), 3600);
    assert_eq!(ttl(SMALL, Some(600), None), 600);
    assert_eq!(ttl(&with_dnskey, Some(600), None), 1800);
    assert_eq!(ttl(&with_dnskey, Some(600), Some(300)), 300);
}

/// CDS-2: CDS and CDNSKEY describe the KSK, and the KSK alone signs them (SIG-12).
#[test]
fn cds_and_cdnskey() {
    let publish = sign_example(SMALL, &SignOptions { cds: CdsPolicy::Publish, ..SignOptions::default() });
    let cds = publish.rdatas("example.", "CDS");
    assert!(cds.len() == 1 && cds[0].starts_with("33535 15 2 "), "{cds:?}");
    assert_eq!(publish.rdatas("example.", "CDNSKEY"), ["257 3 15 v9pFnwWl+DC4qYuaErCznhI/D7dlVDF8Wp5HB4lFjVo="]);
    for rrsig in publish.rdatas("example.", "RRSIG").iter().filter(|rdata| rdata.starts_with("CD")) {
        assert_eq!(rrsig.split(' ').nth(6), Some("33535"), "{rrsig}");
    }
    let delete = sign_example(SMALL, &SignOptions { cds: CdsPolicy::Delete, ..SignOptions::default() });
    assert_eq!(delete.rdatas("example.", "CDS"), ["0 0 0 00"]);
    assert_eq!(delete.rdatas("example.", "CDNSKEY"), ["0 3 0 AA=="]);
    // What the input says stays if nothing else is asked for.
    let zone = delete.text.as_ref().unwrap();
    let kept = sign_example(zone, &SignOptions::default());
    assert_eq!(kept.rdatas("example.", "CDS"), ["0 0 0 00"]);
    // A set that would be empty is refused.
    let mut keys = example_keys();
    for key in &mut keys {
        key.timing.sync_delete = Some(NOW);
    }
    let refused = sign_with(SMALL, keys, &SignOptions { cds: CdsPolicy::Publish, ..SignOptions::default() }, NOW);
    assert!(refused.codes().contains(&"no-cds") && refused.text.is_none(), "{refused:?}");
}

#[test]
fn serials_in_the_output() {
    let serial = |policy| {
        let ran = sign_example(SMALL, &SignOptions { serial: policy, ..SignOptions::default() });
        ran.rdatas("example.", "SOA")[0].split(' ').nth(2).unwrap().to_owned()
    };
    assert_eq!(serial(SerialPolicy::Keep), "1");
    assert_eq!(serial(SerialPolicy::Increment), "2");
    assert_eq!(serial(SerialPolicy::UnixTime), NOW.0.to_string());
    assert_eq!(serial(SerialPolicy::Date), "2026020100");
    let zone = SMALL.replace("hostmaster 1 ", "hostmaster 2100000000 ");
    let refused = sign_example(&zone, &SignOptions { serial: SerialPolicy::UnixTime, ..SignOptions::default() });
    assert!(refused.codes().contains(&"serial-backwards") && refused.text.is_none());
}

/// TIM-4 and TIM-5 warn, and do not stop.
#[test]
fn times_that_do_not_fit_are_warned_about() {
    let fine = sign_example(SMALL, &SignOptions::default());
    assert!(fine.codes().is_empty(), "{:?}", fine.findings);
    let zone = SMALL.replace("172800", "2419200") + "old 864000 IN A 192.0.2.5\n";
    let ran = sign_example(&zone, &SignOptions::default());
    assert!(ran.text.is_some());
    assert!(ran.codes().contains(&"soa-expire") && ran.codes().contains(&"ttl-and-validity"), "{:?}", ran.findings);
}

// ---- failures ----

/// A signer that goes wrong at its n-th signature.
#[derive(Debug)]
struct Faulty {
    inner: Box<dyn Signer>,
    count: std::sync::atomic::AtomicU32,
    at: u32,
    fault: Fault,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    WrongSignature,
    ShortSignature,
    Failure,
}

impl Signer for Faulty {
    fn algorithm(&self) -> Algorithm {
        self.inner.algorithm()
    }

    fn library(&self) -> Library {
        self.inner.library()
    }

    fn signature_len(&self) -> usize {
        self.inner.signature_len()
    }

    fn is_deterministic(&self) -> bool {
        false
    }

    fn sign(&self, message: &[u8], out: &mut Vec<u8>) -> Result<(), CryptoError> {
        let is_due = self.count.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == self.at;
        match self.fault {
            Fault::Failure if is_due => Err(CryptoError::SigningFailed(self.algorithm())),
            _ => {
                self.inner.sign(message, out)?;
                match self.fault {
                    Fault::ShortSignature if is_due => drop(out.pop()),
                    _ if is_due => out.last_mut().into_iter().for_each(|last| *last ^= 1),
                    _ => {}
                }
                Ok(())
            }
        }
    }
}

fn faulty_keys(at: u32, fault: Fault) -> Vec<ZoneKey> {
    let mut keys = example_keys();
    let zsk = keys.iter_mut().find(|key| !key.is_sep()).unwrap();
    let inner = zsk.signer.take().unwrap();
    zsk.signer = Some(Box::new(Faulty { inner, count: 0.into(), at, fault }));
    keys
}

/// SIG-18: one wrong signature anywhere, and nothing is published. It is named.
#[test]
fn a_wrong_signature_is_found_before_the_commit() {
    let zone = generated_zone(30);
    let count = sign_example(&zone, &SignOptions::default()).result.unwrap().signatures - 1;
    for at in 0..u32::try_from(count).unwrap() {
        let ran = sign_with(&zone, faulty_keys(at, Fault::WrongSignature), &SignOptions::default(), NOW);
        assert!(ran.text.is_none());
        let Err(SignError::SelfCheck(failure)) = &ran.result else { panic!("{at}: {:?}", ran.result) };
        assert!(failure.findings()[0].contains("example."), "{failure}");
    }
    // Without the check it goes unseen: this is what `off` means.
    let off = SignOptions { self_check: SelfCheck::Off, ..SignOptions::default() };
    assert!(sign_with(&zone, faulty_keys(3, Fault::WrongSignature), &off, NOW).text.is_some());
    // A sample holds all of the apex.
    let sample = SignOptions { self_check: SelfCheck::Sample, ..SignOptions::default() };
    // On one thread, so that the first signature is the apex's.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let ran = pool.install(|| sign_with(&zone, faulty_keys(0, Fault::WrongSignature), &sample, NOW));
    assert!(matches!(ran.result, Err(SignError::SelfCheck(_))), "{:?}", ran.result);
    let checked = sign_with(&generated_zone(600), example_keys(), &sample, NOW).result.unwrap().checked;
    assert!(checked.verified > 10 && checked.verified * 8 < checked.signatures, "{checked:?}");
}

/// A key whose signer is another key's: the published DNSKEY does not verify its signatures.
#[test]
fn a_signer_that_does_not_fit_its_dnskey_is_found() {
    let mut keys = example_keys();
    let other =
        load_keys("example.org.", &data("sign/keys")).into_iter().find(|key| key.algorithm == Algorithm::ED25519);
    keys[0].signer = other.unwrap().signer;
    let ran = sign_with(SMALL, keys, &SignOptions::default(), NOW);
    assert!(matches!(ran.result, Err(SignError::SelfCheck(_))) && ran.text.is_none());
}

#[test]
fn a_signer_that_fails_stops_the_run() {
    for (at, fault) in [0, 1, 40].into_iter().flat_map(|at| [(at, Fault::Failure), (at, Fault::ShortSignature)]) {
        let ran = sign_with(&generated_zone(30), faulty_keys(at, fault), &SignOptions::default(), NOW);
        assert!(matches!(ran.result, Err(SignError::Crypto(_))) && ran.text.is_none(), "{:?}", ran.result);
    }
}

/// An output that takes so many octets and then fails, as a full disk does.
struct Limited {
    inner: Box<AtomicFile>,
    left: usize,
}

impl Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let count = self.inner.write(&bytes[..bytes.len().min(self.left)])?;
        self.left -= count;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl Output for Limited {
    fn patch(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        if self.left < bytes.len() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.inner.patch(offset, bytes)
    }

    fn read_back(&mut self, octets: Range<u64>) -> io::Result<Vec<u8>> {
        self.inner.read_back(octets)
    }

    fn commit(self: Box<Self>) -> io::Result<()> {
        self.inner.commit()
    }
}

/// Wherever writing fails, the old file stays and nothing else is left.
#[test]
fn a_writer_that_fails_at_any_octet_leaves_the_old_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("zone.signed");
    fs::write(&path, "old").unwrap();
    let options =
        SignOptions { zonemd: vec![ZonemdHash::Sha384], self_check: SelfCheck::Off, ..SignOptions::default() };
    let run = |left: usize| {
        let inner = Box::new(AtomicFile::create(&path).unwrap());
        sign_to(SMALL, example_keys(), &options, NOW, Box::new(Limited { inner, left })).0
    };
    let names = || fs::read_dir(directory.path()).unwrap().count();
    // The text is written first, then ZONEMD and its signature are written over a part of it.
    let whole = usize::try_from(sign_example(SMALL, &options).result.unwrap().octets).unwrap();
    for left in 0..=whole {
        let result = run(left);
        assert!(
            matches!(&result, Err(SignError::Output(error)) if error.kind() == io::ErrorKind::StorageFull),
            "{left}"
        );
        assert_eq!((fs::read(&path).unwrap(), names()), (b"old".to_vec(), 1), "{left}");
    }
    run(2 * whole).unwrap();
    assert_eq!((fs::read(&path).unwrap().len(), names()), (whole, 1));
}
