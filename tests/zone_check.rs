//! What is said about zones that are wrong or doubtful, one defect a zone.

mod zone_support;

use zone_support::{GOOD, lenient, name, store, vector};
use zoneseal::base::{Diagnostic, Diagnostics, Severity};
use zoneseal::zone::{self, BuildOptions, check};

/// What the check finds in a zone of `apex`.
#[track_caller]
fn findings_of(text: &str, options: &BuildOptions) -> Vec<Diagnostic> {
    let mut findings = Diagnostics::new(1000);
    let zone = zone::build(store(text), options, &mut findings).expect("there is an apex");
    assert_eq!(findings.list(), [], "built without findings");
    check::check(&zone, &mut findings);
    findings.list().to_vec()
}

/// Findings as `severity code line`, the line 0 if there is none.
#[track_caller]
fn found(records: &str) -> Vec<String> {
    let options = BuildOptions { apex: Some(name("example")), ..BuildOptions::default() };
    findings_of(&format!("{GOOD}{records}\n"), &options).iter().map(short).collect()
}

fn short(finding: &Diagnostic) -> String {
    let severity = if finding.severity == Severity::Error { "error" } else { "warning" };
    assert!(!finding.reference.is_empty(), "every check says why: {finding}");
    format!("{severity} {} {}", finding.code, finding.position.as_ref().map_or(0, |position| position.line))
}

const DS: &str = "DS 1 13 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const KEY: &str = "257 3 13 AAECAwQFBgcICQoLDA0ODw==";

/// 5,000 A records need 80,000 octets and more, 4,000 fit.
#[test]
fn rrsets_too_large_for_an_answer() {
    let addresses = |count: u32| {
        let address = |n: u32| format!("big A 10.0.{}.{}", n / 256, n % 256);
        (0..count).map(address).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(found(&addresses(4000)), [""; 0]);
    assert_eq!(found(&addresses(5000)), ["warning rrset-too-large 6"]);
}

/// One defect at a time. `GOOD` ends at line 5.
#[test]
fn defects() {
    for (records, expected) in [
        ("", &[][..]),
        // The apex.
        ("@ SOA ns1 hostmaster 2 7200 900 1209600 900", &["error several-soas 6"]),
        ("x SOA ns1 hostmaster 2 7200 900 1209600 900", &["error soa-below-apex 6"]),
        (&format!("@ {DS}"), &["error ds-at-apex 6"]),
        // Aliases (SIG-8).
        ("c CNAME ns1\nc A 192.0.2.2", &["error cname-and-other-data 6"]),
        ("c CNAME ns1\nc CNAME ns2", &["error several-aliases 7"]),
        ("d DNAME a.test.\nd DNAME b.test.", &["error several-aliases 7"]),
        ("d DNAME a.test.\nd CNAME b.test.", &["error cname-and-other-data 7"]),
        ("d DNAME a.test.\nd NS ns1", &["error dname-and-ns 6"]),
        ("c CNAME ns1\nc NSEC d CNAME RRSIG NSEC", &[]),
        (&format!("c CNAME ns1\nc KEY {KEY}"), &[]),
        ("d NS ns1\nc.d CNAME x.test.\nc.d A 192.0.2.2", &["error cname-and-other-data 7"]),
        ("d DNAME a.test.\nx.d A 192.0.2.2\ny.d A 192.0.2.2", &["warning below-dname 7", "warning below-dname 8"]),
        ("d DNAME a.test.\nd TXT x", &[]),
        // An address below a DNAME is none: servers refuse a zone whose own server is there.
        ("d DNAME a.test.\n@ NS ns.d\nns.d A 192.0.2.2", &["error target-is-alias 7", "warning below-dname 8"]),
        ("d DNAME a.test.\nm MX 1 mx.d\nmx.d A 192.0.2.2", &["warning below-dname 8", "warning target-is-alias 7"]),
        ("d NS ns.d\nns.d A 192.0.2.2\nm MX 1 ns.d\n@ NS ns.d\nf NS ns.d", &[]),
        // Delegations (SIG-7).
        (&format!("d NS ns1\nd {DS}"), &[]),
        (&format!("d {DS}"), &["error ds-without-ns 6"]),
        (&format!("d NS ns1\nd 300 {DS}"), &["warning ds-ttl 7"]),
        (&format!("d NS ns1\nd 300 {DS}\ne NS ns1\ne 300 {DS}"), &["warning ds-ttl 7"]),
        (&format!("d NS ns1\nx.d {DS}"), &[]),
        (&format!("d DNSKEY {KEY}"), &["warning apex-type-below-apex 6"]),
        (&format!("d CDNSKEY {KEY}"), &["warning apex-type-below-apex 6"]),
        (&format!("d C{DS}"), &["warning apex-type-below-apex 6"]),
        (&format!("_dsboot.d._signal C{DS}"), &[]),
        ("d NSEC3PARAM 1 0 0 -", &["warning apex-type-below-apex 6"]),
        // Wildcards.
        ("*.w A 192.0.2.2", &[]),
        ("*.w NS ns1", &["warning wildcard-type 6"]),
        (&format!("*.w NS ns1\n*.w {DS}"), &["warning wildcard-type 6", "warning wildcard-type 7"]),
        ("*.w DNAME a.test.", &["warning wildcard-type 6"]),
        // Glue and other targets.
        ("d NS ns.d\nns.d A 192.0.2.2", &[]),
        ("d NS ns.d\nns.d AAAA 2001:db8::1", &[]),
        ("d NS d\nd A 192.0.2.2", &[]),
        ("d NS ns.d", &["error glue-missing 6"]),
        ("d NS d", &["error glue-missing 6"]),
        ("d NS ns.d\nns.d TXT x", &["error glue-missing 6"]),
        ("d NS ns.e\ne NS ns1", &["warning sibling-glue-missing 6"]),
        ("d NS ns.e\ne NS ns1\nns.e A 192.0.2.2", &[]),
        ("d NS nowhere", &["warning target-without-address 6"]),
        ("d NS c\nc CNAME ns1", &["warning target-is-alias 6"]),
        ("e NS x.d\nd DNAME a.test.", &["warning target-is-alias 6"]),
        ("d NS ns.test.", &[]),
        ("@ NS nowhere", &["error target-without-address 6"]),
        ("@ NS c\nc CNAME ns1", &["error target-is-alias 6"]),
        ("@ NS x.d\nd NS ns1", &["warning sibling-glue-missing 6"]),
        ("@ NS x.d\nd NS ns1\nx.d A 192.0.2.9", &[]),
        ("@ MX 10 nowhere", &["warning target-without-address 6"]),
        ("@ MX 10 c\nc CNAME ns1", &["warning target-is-alias 6"]),
        ("@ MX 10 c\nc TXT x", &["warning target-without-address 6"]),
        ("@ MX 10 m.d\nd NS ns1", &[]),
        ("@ MX 0 .", &[]),
        ("_x._tcp SRV 0 0 1 nowhere", &["warning target-without-address 6"]),
        ("_x._tcp SRV 0 0 1 c\nc CNAME ns1", &["warning target-is-alias 6"]),
        ("_x._tcp SRV 0 0 0 .", &[]),
        ("@ MX 10 x.w\n*.w A 192.0.2.2", &[]),
        ("@ MX 10 x.w\n*.w TXT x", &["warning target-without-address 6"]),
        ("@ MX 10 x.w\n*.w CNAME ns1", &["warning target-is-alias 6"]),
        // A name that exists does not get the wildcard's records.
        ("@ MX 10 x.w\n*.w A 192.0.2.2\nx.w TXT x", &["warning target-without-address 6"]),
        ("@ MX 10 y.x.w\n*.w A 192.0.2.2\nx.w TXT x", &["warning target-without-address 6"]),
        // TTLs (N-21).
        ("z 0 A 192.0.2.3", &["warning ttl-zero 6"]),
        ("@ 0 NSEC3PARAM 1 0 0 -", &[]),
    ] {
        assert_eq!(found(records), expected, "{records}");
    }
}

/// Many occluded names behind a cut, so that the glue is looked up and not just looked around for.
#[test]
fn glue_far_behind_its_cut() {
    let many: String = (0..50).map(|n| format!("h{n:02}.d A 192.0.2.2\n")).collect();
    assert_eq!(found(&format!("d NS h49.d\n{many}")), [""; 0]);
    assert_eq!(found(&format!("d NS h50.d\n{many}")), ["error glue-missing 6"]);
}

#[test]
fn apex_without_ns() {
    let text = "example. 60 IN SOA . . 1 7200 900 1209600 900\n";
    let found: Vec<_> = findings_of(text, &BuildOptions::default()).iter().map(short).collect();
    assert_eq!(found, ["error apex-ns-missing 1"]);
}

/// N-22, N-23, RFC 1912, RFC 2308 and the mailbox.
#[test]
fn soa_numbers() {
    for (numbers, expected) in [
        ("hostmaster 1 7200 900 1209600 900", &[][..]),
        ("hostmaster 1 1200 900 1209600 900", &[]),
        ("hostmaster 1 1199 900 1209600 900", &["warning soa-refresh 3"]),
        ("hostmaster 1 43200 900 1209600 900", &[]),
        ("hostmaster 1 43201 900 1209600 900", &["warning soa-refresh 3"]),
        ("hostmaster 1 7200 7200 1209600 900", &["warning soa-retry 3"]),
        ("hostmaster 1 7200 900 8100 900", &["warning soa-expire 3"]),
        ("hostmaster 1 7200 900 8101 900", &[]),
        ("hostmaster 1 7200 4294967295 4294967295 900", &["warning soa-retry 3", "warning soa-expire 3"]),
        ("hostmaster 1 7200 900 1209600 86400", &[]),
        ("hostmaster 1 7200 900 1209600 86401", &["warning soa-minimum 3"]),
        ("hostmaster\\@example.com. 1 7200 900 1209600 900", &["warning soa-rname 3"]),
    ] {
        let text = GOOD.replace("hostmaster 1 7200 900 1209600 900", numbers);
        let found: Vec<_> = findings_of(&text, &BuildOptions::default()).iter().map(short).collect();
        assert_eq!(found, expected, "{numbers}");
    }
}

/// The text of findings: what, where, why, what to do.
#[test]
fn texts() {
    for (records, expected) in [
        (
            "c CNAME ns1\nc A 192.0.2.2",
            "test.zone:6:1: error: \"c.example.\" has a CNAME and other data, A at line 7 (RFC 1034 section 3.6.2)\n   \
             = help: an alias stands alone; remove it, or the other data",
        ),
        (
            "@ MX 10 mail.example\nmail A 192.0.2.2",
            "test.zone:6:1: warning: \"example. MX\" names \"mail.example.example.\", which has no A or AAAA records \
             (RFC 1912 section 2.4)\n   = help: end the name with a dot if \"mail.example.\" was meant",
        ),
        (
            "d NS ns.d",
            "test.zone:6:1: error: \"d.example. NS\" names \"ns.d.example.\", which has no glue: it cannot be found \
             (RFC 1034 section 4.2.1)\n   = help: add an A or AAAA record for it, or correct the name",
        ),
    ] {
        let found = findings_of(&format!("{GOOD}{records}\n"), &BuildOptions::default());
        assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), [expected]);
    }
}

/// Zones that may well be served pass: the traps zone, and signed zones, whose NSEC and NSEC3 owners are names like
/// others.
#[test]
fn served_zones_pass() {
    for file in [
        "derived-traps.zone",
        "rfc4035-appendix-a.unsigned.zone",
        "rfc4035-appendix-a.signed.zone",
        "rfc5155-appendix-a.unsigned.zone",
        "rfc5155-appendix-a.signed.zone",
    ] {
        let mut findings = Diagnostics::new(1000);
        let zone = zone::build(store(&vector(file)), &lenient(), &mut findings).unwrap();
        check::check(&zone, &mut findings);
        let mut checked = findings.list().iter().filter(|finding| finding.code != "duplicate-record");
        assert_eq!(checked.next(), None, "{file}");
    }
}
