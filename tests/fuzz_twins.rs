//! The fuzz targets' entry functions under proptest: random bytes, random words of the languages they read, and our own
//! example files with random damage. `fuzz/` runs the same functions for as long as one likes.

#[path = "../fuzz/entry.rs"]
#[expect(unreachable_pub, reason = "public to the fuzz targets")]
mod entry;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use std::fs;
use std::path::Path;

/// Words of zone files and of records' data.
const WORDS: &[&str] = &[
    "@",
    "a",
    "*",
    "www.example.",
    "\\065",
    "\\",
    "\"",
    "\"x;y\"",
    ";",
    "(",
    ")",
    "\n",
    "\n ",
    "\r\n",
    "\t",
    "$TTL",
    "$ORIGIN",
    "$INCLUDE",
    "$GENERATE",
    "1-3",
    "${0,3,x}",
    "$",
    "0",
    "1",
    "255",
    "65536",
    "4294967296",
    "1h30m",
    "IN",
    "CH",
    "SOA",
    "NS",
    "A",
    "AAAA",
    "MX",
    "TXT",
    "CNAME",
    "DNAME",
    "NSEC",
    "NSEC3",
    "NSEC3PARAM",
    "RRSIG",
    "DNSKEY",
    "DS",
    "SVCB",
    "HTTPS",
    "NAPTR",
    "LOC",
    "APL",
    "CAA",
    "TYPE65280",
    "TYPE1",
    "\\#",
    "4",
    "c0000201",
    "192.0.2.1",
    "2001:db8::1",
    "alpn=h2",
    "mandatory=alpn",
    "20260101000000",
    "AQID",
    "-",
    "aabbccdd",
    "2t7b4g4vsa5smi47k61mv5bv1a22bojr",
    "!1:192.0.2.0/24",
];

/// Words of policy files, of named.conf, knot.conf and kasp.xml.
const POLICY_WORDS: &[&str] = &[
    "[policy.a]",
    "base = \"tld\"",
    "denial = \"nsec3\"",
    "nsec3param.optout = true",
    "signatures-validity = \"7d\"",
    "keys.zsk.lifetime = 1",
    "[policy.a.keys.ksk]",
    "bits = 4096",
    "\n",
    "\n  ",
    "\n- ",
    "dnssec-policy",
    "a",
    "\"b\"",
    "{",
    "}",
    "};",
    ";",
    "keys {",
    "csk lifetime P1Y algorithm 13;",
    "max-zone-ttl PT99999999999999M;",
    "purge-keys 0;",
    "//",
    "/*",
    "*/",
    "policy:",
    "\npolicy:\n  - id: x\n    ",
    "zsk-lifetime: 99999999999M",
    "nsec3: on",
    "cds-digest-type: [1, 2]",
    "<KASP>",
    "<Policy name=\"x\">",
    "<Keys><CSK><Lifetime>P1M</Lifetime></CSK></Keys>",
    "</Policy></KASP>",
    "é",
];

/// A valid beginning, so that random records stand in a zone.
const HEAD: &str = "$TTL 60\n@ IN SOA ns h 1 2 3 4 5\n@ IN NS ns\nns IN A 192.0.2.1\n";

fn words() -> impl Strategy<Value = Vec<u8>> {
    vec(select(WORDS), 0..40).prop_map(|words| (HEAD.to_owned() + &words.join(" ") + "\n").into_bytes())
}

/// Files of a folder of the project, with some octets changed and the end cut off.
fn damaged(folder: &str, ending: &'static str) -> impl Strategy<Value = Vec<u8>> + use<> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files: Vec<_> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("the folder can be listed").path())
        .filter(|path| path.to_string_lossy().ends_with(ending))
        .collect();
    files.sort();
    let contents: Vec<_> = files
        .iter()
        .map(|path| fs::read(path).expect("the file can be read"))
        .filter(|content| content.len() < 16_384)
        .collect();
    assert!(!contents.is_empty(), "no *{ending} in {}", folder.display());
    (select(contents), vec((any::<Index>(), any::<u8>()), 0..6), any::<Index>()).prop_map(
        |(mut content, changes, end)| {
            for (place, byte) in changes {
                let at = place.index(content.len());
                content[at] = byte;
            }
            let kept = content.len() - end.index(content.len()) / 8;
            content.truncate(kept);
            content
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn zone_file_of_words(text in words()) {
        entry::zone_file(&text);
    }

    #[test]
    fn zone_file_of_any_bytes(bytes in vec(any::<u8>(), 0..300)) {
        entry::zone_file(&bytes);
    }

    #[test]
    fn zone_file_damaged(text in damaged("zones", ".zone")) {
        entry::zone_file(&text);
    }

    #[test]
    fn rdata_of_any_bytes(rtype in 0_u16..270, bytes in vec(any::<u8>(), 0..80)) {
        entry::rdata(&[&rtype.to_be_bytes()[..], &bytes].concat());
    }

    #[test]
    fn rdata_of_words(rtype in 0_u16..270, words in vec(select(WORDS), 0..8)) {
        entry::rdata(&[&rtype.to_be_bytes()[..], words.join(" ").as_bytes()].concat());
    }

    /// The batch verifier and ring agree on whole, damaged and made-up signatures and keys.
    #[test]
    fn ecdsa_of_any_bytes(bytes in vec(any::<u8>(), 0..66)) {
        entry::ecdsa::agrees(&bytes);
    }

    /// The same of Ed25519.
    #[test]
    fn ed25519_of_any_bytes(bytes in vec(any::<u8>(), 0..66)) {
        entry::ed25519::agrees(&bytes);
    }

    #[test]
    fn key_file_of_any_bytes(bytes in vec(any::<u8>(), 0..300)) {
        entry::key_file(&bytes);
    }

    #[test]
    fn public_key_file_damaged(text in damaged("keys-example", ".key")) {
        entry::key_file(&text);
    }

    #[test]
    fn policy_of_words(words in vec(select(POLICY_WORDS), 0..30)) {
        entry::policy(words.join(" ").as_bytes());
    }

    #[test]
    fn policy_damaged(text in damaged("tests/data/policy", "")) {
        entry::policy(&text);
    }

    #[test]
    fn private_key_file_damaged(text in damaged("keys-example", ".private")) {
        entry::key_file(&text);
    }
}

/// The files as they are: what the damaged ones start from is understood.
#[test]
fn undamaged_files_pass() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (folder, run) in [("zones", entry::zone_file as fn(&[u8])), ("keys-example", entry::key_file)] {
        for entry in fs::read_dir(root.join(folder)).expect("the folder can be listed") {
            run(&fs::read(entry.expect("the folder can be listed").path()).expect("the file can be read"));
        }
    }
}
