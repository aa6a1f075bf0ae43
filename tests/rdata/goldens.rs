//! Text and wire forms as BIND has them; `tests/data/rdata/make-goldens.sh` makes the file.

use crate::tokens::{hex, rtype, text, wire};
use zoneseal::rdata::{check_wire, names};

/// Without spaces: BIND breaks long hex and base64, and prints two of them for an A6 without an address.
fn squeezed(text: &str) -> String {
    text.replace(' ', "")
}

/// The text BIND prints, but for `key7` onwards in SvcParams, which newer versions know by name.
#[test]
fn text_and_wire_are_those_of_bind() {
    let mut failures = Vec::new();
    let file = include_str!("../data/rdata/valid.tsv");
    let mut seen = 0;
    for line in file.lines().filter(|line| !line.starts_with('#')) {
        let [mnemonic, given, printed, octets] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("four fields in {line:?}");
        };
        seen += 1;
        let rtype = rtype(mnemonic);
        match wire(rtype, given.as_bytes()) {
            Err(error) => failures.push(format!("{mnemonic} {given}: {error}")),
            Ok(rdata) => {
                let ours = text(rtype, &rdata);
                if hex(&rdata) != octets || squeezed(&ours) != squeezed(printed) {
                    failures.push(format!("{mnemonic} {given}:\n  {ours}\n  {printed}\n  {}\n  {octets}", hex(&rdata)));
                }
                if let Err(error) = check_wire(rtype, &rdata) {
                    failures.push(format!("{mnemonic} {given}: {error}"));
                }
                if wire(rtype, ours.as_bytes()).as_ref() != Ok(&rdata) {
                    failures.push(format!("{mnemonic} {ours} does not read back"));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(seen > 200, "the file has all its lines");
}

/// Data that BIND refuses or does not know and which is right all the same, and data BIND prints in a way that Knot or
/// NSD do not read.
#[test]
fn text_beyond_bind() {
    for (mnemonic, given, printed) in [
        ("HINFO", "PC", r#""PC" """#),
        ("URI", "10 1 ftp://ftp1.example.com/public", r#"10 1 "ftp://ftp1.example.com/public""#),
        ("IPSECKEY", "10 1 0 192.0.2.1", "10 1 0 192.0.2.1"),
        ("SVCB", "1 . ohttp", "1 . key8"),
        ("SVCB", "1 . tls-supported-groups=29,23", r#"1 . key9="\000\029\000\023""#),
        ("NSEC", "a. NSEC NXNAME", "a. NSEC TYPE128"),
        ("RRSIG", "A 8 1 1h 0 0 1 . AA==", "A 8 1 3600 19700101000000 19700101000000 1 . AA=="),
        ("CLA", "\"TCP-v4-v6\"", "\"TCP-v4-v6\""),
        ("IPN", "18446744073709551615", "18446744073709551615"),
        ("APL", "", ""),
        ("SSHFP", "2 9", r"\# 2 0209"),
        ("CERT", "PGP 1 NSEC3RSASHA1 AQ==", "PGP 1 7 AQ=="),
        ("NID", "10 14:4fff:ff20:ee64", "10 0014:4fff:ff20:ee64"),
        ("L64", "10 2001:DB8:0:1000", "10 2001:0db8:0000:1000"),
        ("DS", "1 12 3 AABB", "1 12 3 AABB"),
        ("RP", r"\[a. \091b.", r"\091a. \091b."),
    ] {
        let rtype = rtype(mnemonic);
        let rdata = wire(rtype, given.as_bytes()).unwrap_or_else(|error| panic!("{mnemonic} {given}: {error}"));
        assert_eq!(text(rtype, &rdata), printed, "{mnemonic}");
        assert_eq!(check_wire(rtype, &rdata), Ok(()), "{mnemonic}");
        assert_eq!(wire(rtype, printed.as_bytes()), Ok(rdata), "{mnemonic}");
    }
}

/// Every name in every type is found, and no others.
#[test]
fn embedded_names() {
    for (mnemonic, given, found) in [
        ("SOA", "a. B. 1 2 3 4 5", "a. B."),
        ("RP", "a. b.", "a. b."),
        ("SRV", "1 2 3 t.", "t."),
        ("NAPTR", "1 2 a b !c!d! r.", "r."),
        ("IPSECKEY", "1 3 1 g. AA==", "g."),
        ("IPSECKEY", "1 1 1 1.2.3.4 AA==", ""),
        ("AMTRELAY", "1 1 3 r.", "r."),
        ("AMTRELAY", "1 1 0 .", ""),
        ("HIP", "2 2001 AwEA a. b.", "a. b."),
        ("A6", "64 ::1 p.", "p."),
        ("A6", "0 ::1", ""),
        ("SVCB", "1 t. port=1", "t."),
        ("NSEC", "n. A", "n."),
        ("RRSIG", "A 8 1 1 0 0 1 s. AA==", "s."),
        ("TXT", "a.", ""),
        ("DSYNC", "CDS NOTIFY 1 d.", "d."),
        ("TALINK", "a. b.", "a. b."),
    ] {
        let rtype = rtype(mnemonic);
        let rdata = wire(rtype, given.as_bytes()).unwrap();
        let names: Vec<_> = names(rtype, &rdata).map(|name| name.to_string()).collect();
        assert_eq!(names.join(" "), found, "{mnemonic} {given}");
    }
}
