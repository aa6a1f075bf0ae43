//! Building zones: apex, membership, order, duplicates, TTLs, and what is said about each.

mod zone_support;

use zone_support::{GOOD, add_at_apex, build_with, lenient, name, rdata_of, store, vector, zone};
use zoneseal::base::{Class, Diagnostics, Rtype, Ttl};
use zoneseal::zone::compare::differences;
use zoneseal::zone::{self, BuildOptions, MixedTtl, NodeStatus, OutOfZone, RawRecord, Zone};

/// Every node as `owner status types`, relative to `example.`.
fn outline(zone: &Zone) -> Vec<String> {
    zone.nodes()
        .map(|node| {
            let types: Vec<String> = node.rrsets().map(|rrset| rrset.rtype().to_string()).collect();
            format!("{} {:?} {}", node.owner(), node.status(), types.join(",")).trim_end().to_owned()
        })
        .collect()
}

/// SIG-4 to SIG-6 and the empty non-terminals, on the traps zone.
#[test]
fn derived_traps_outline() {
    assert_eq!(
        outline(&zone(&vector("derived-traps.zone"))),
        [
            "example. Apex NS,SOA,MX",
            "a\\.b.example. Authoritative TXT",
            "c.example. EmptyNonTerminal",
            "b.c.example. EmptyNonTerminal",
            "a.b.c.example. Authoritative A",
            "d.example. Authoritative DNAME",
            "ent2.example. EmptyNonTerminal",
            "s.ent2.example. Delegation NS,DS",
            "ent3.example. EmptyNonTerminal",
            "i.ent3.example. Delegation NS",
            "mail.example. Authoritative A",
            "ns1.example. Authoritative A",
            "srv.example. Authoritative SRV",
            "sub.example. Delegation A,NS",
            "n.sub.example. Occluded NS",
            "ns.sub.example. Occluded A",
            "deep.x.sub.example. Occluded TXT",
            "svc.example. Authoritative HTTPS",
            "u.example. Authoritative TYPE65280",
            "UPPER.example. Authoritative TXT",
            "w.example. EmptyNonTerminal",
            "*.w.example. Authoritative TXT",
            "x.w.example. Authoritative TXT",
            "z.example. EmptyNonTerminal",
            "\\001.z.example. Authoritative TXT",
            "*.z.example. Authoritative TXT",
            "\\200.z.example. Authoritative TXT",
        ]
    );
}

/// RFC 6672 section 2.4: a DNAME at the apex hides all names below, and leaves what is at the apex.
#[test]
fn dname_at_the_apex() {
    let text = GOOD.replace("NS ns1", "NS ns1.test.") + "@ DNAME t.test.\nx.y A 192.0.2.2\n";
    assert_eq!(
        outline(&zone(&text)),
        ["example. Apex NS,SOA,DNAME", "ns1.example. Occluded A", "x.y.example. Occluded A"]
    );
}

/// A cut inside a DNAME's shadow and a DNAME inside a cut's are hidden, not cuts of their own (SIG-6).
#[test]
fn shadows_do_not_end_early() {
    let zone = zone(&format!(
        "{GOOD}d DNAME t.test.\nb.d NS ns1\nc.b.d TXT x\ne.d TXT x\n\
         s NS ns1\nb.s DNAME t.test.\nc.b.s TXT x\ne.s TXT x\nt TXT x\n"
    ));
    for (owner, status) in [
        ("d", NodeStatus::Authoritative),
        ("b.d", NodeStatus::Occluded),
        ("c.b.d", NodeStatus::Occluded),
        ("e.d", NodeStatus::Occluded),
        ("s", NodeStatus::Delegation),
        ("b.s", NodeStatus::Occluded),
        ("c.b.s", NodeStatus::Occluded),
        ("e.s", NodeStatus::Occluded),
        ("t", NodeStatus::Authoritative),
    ] {
        let owner = name(&format!("{owner}.example"));
        assert_eq!(zone.find(owner.as_name()).unwrap().status(), status, "{owner}");
    }
}

/// The text that says where and what, for each thing that can be wrong while a zone is built.
#[test]
fn messages() {
    let strict = BuildOptions::default();
    let dropping = BuildOptions { out_of_zone: OutOfZone::Drop, ..BuildOptions::default() };
    let fixing = BuildOptions { mixed_ttl: MixedTtl::Lowest, ..BuildOptions::default() };
    let apex = BuildOptions { apex: Some(name("example.net")), ..BuildOptions::default() };
    for (text, options, expected) in [
        (
            "$ORIGIN example.\na 60 A 192.0.2.1\n",
            &strict,
            "test.zone:1:1: error: there is no SOA record (RFC 1035 section 5.2)\n   \
             = help: a zone begins with the SOA record at its apex",
        ),
        (
            GOOD,
            &apex,
            "test.zone:3:1: error: there is no SOA record at \"example.net.\" (RFC 1035 section 5.2)\n   \
             = help: the SOA record is at \"example.\"; was another zone meant?",
        ),
        (
            &format!("{GOOD}b SOA ns1 hostmaster 1 7200 900 1209600 900\n"),
            &strict,
            "test.zone:6:1: error: SOA records at \"example.\" (line 3) and at \"b.example.\": which is the apex? \
             (RFC 1035 section 5.2)\n   \
             = help: a zone has one SOA record; name the apex (-o) to have the others reported as out of place",
        ),
        (
            &format!("{GOOD}www.example.net. A 192.0.2.1\n"),
            &strict,
            "test.zone:6:1: error: \"www.example.net.\" is outside the zone \"example.\" (ZF-15)\n   \
             = help: remove it, or end the name without a dot if \"www.example.net.example.\" was meant",
        ),
        (
            &format!("{GOOD}www.example.net. A 192.0.2.1\n"),
            &dropping,
            "test.zone:6:1: warning: \"www.example.net.\" is outside the zone \"example.\"; dropped (ZF-15)",
        ),
        (
            &format!("{GOOD}ns1 A 192.0.2.1\n"),
            &strict,
            "test.zone:6:1: warning: this \"ns1.example. A\" record repeats the one at line 5; dropped \
             (RFC 4034 section 6.3)",
        ),
        (
            &format!("{GOOD}m MX 1 mail.Test.\nM MX 1 MAIL.test.\n"),
            &strict,
            "test.zone:7:1: warning: this \"M.example. MX\" record differs only in the case of letters from the one at \
             line 6; dropped (RFC 4034 section 6.3)",
        ),
        (
            &format!("{GOOD}a 300 A 192.0.2.2\na 60 A 192.0.2.1\na 300 A 192.0.2.3\n"),
            &strict,
            "test.zone:6:1: error: the RRset \"a.example. A\" has several TTLs: 300 (line 6), 60 (line 7) \
             (RFC 2181 section 5.2)\n   \
             = help: give all its records the same TTL, or have the lowest taken with --fix-ttl",
        ),
        (
            &format!("{GOOD}a 300 A 192.0.2.2\na 60 A 192.0.2.1\n"),
            &fixing,
            "test.zone:6:1: warning: the RRset \"a.example. A\" has several TTLs: 300 (line 6), 60 (line 7); all get 60 \
             (RFC 2181 section 5.2)",
        ),
        (
            "example. 60 CH SOA . . 1 7200 900 1209600 900\n",
            &strict,
            "test.zone:1:1: error: the zone \"example.\" is of class CH (ZF-12)\n   \
             = help: only zones of class IN are served and signed here",
        ),
    ] {
        assert_eq!(build_with(text, options).1, [expected]);
    }
}

/// ZF-12: a record of another class than the SOA's. Zone files with one do not get this far, records from elsewhere may.
#[test]
fn mixed_classes() {
    let mut records = store(GOOD);
    let soa = records.records().next().unwrap();
    records.push(RawRecord { class: Class::CH, ..soa });
    let mut findings = Diagnostics::new(9);
    let zone = zone::build(records, &BuildOptions::default(), &mut findings).unwrap();
    assert_eq!(zone.record_count(), 3, "the record is left out");
    let texts: Vec<String> = findings.list().iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        ["test.zone:3:1: error: \"example. SOA\" is of class CH, the zone is of IN (RFC 1035 section 5.2)\n   \
          = help: all records of a zone have one class; leave the class out to get the zone's"]
    );
}

/// A zone comes out only where there is an apex with a SOA record.
#[test]
fn zones_without_an_apex_are_not_built() {
    let build = |text: &str, options: &BuildOptions| build_with(text, options).0.map(|zone| zone.apex().to_string());
    let two = format!("{GOOD}b SOA ns1 hostmaster 1 7200 900 1209600 900\n");
    assert_eq!(build("a.example. 60 A 192.0.2.1\n", &BuildOptions::default()), None);
    assert_eq!(build(&two, &BuildOptions::default()), None);
    let apex = |apex: &str| BuildOptions { apex: Some(name(apex)), ..BuildOptions::default() };
    assert_eq!(build(&two, &apex("EXAMPLE")).as_deref(), Some("example."), "spelled as at the SOA");
    assert_eq!(build(&two, &apex("example.net")), None);
}

/// What a node, an RRset and a record hold: first spelling, canonical RDATA order, duplicates gone, positions.
#[test]
fn grouping() {
    let zone = zone(&format!(
        "{GOOD}HOST TXT b\nz A 192.0.2.7\nhost A 192.0.2.10\nhost A 192.0.2.9\nhost TXT a\nhost A 192.0.2.10\n\
         h2 MX 5 B.test.\nh2 MX 5 a.test.\n"
    ));
    let host = zone.find(name("host.example").as_name()).unwrap();
    assert_eq!(host.owner().to_string(), "HOST.example.", "the first record's spelling");
    let records: Vec<(String, u32, u32)> = host
        .rrsets()
        .flat_map(|rrset| rrset.records().map(move |record| (rrset, record)))
        .map(|(rrset, record)| {
            (format!("{} {:?}", rrset.rtype(), record.rdata()), record.ttl().seconds(), record.position().unwrap().line)
        })
        .collect();
    let a = |last: u8| format!("A {:?}", [192, 0, 2, last]);
    let txt = |byte: u8| format!("TXT {:?}", [1, byte]);
    assert_eq!(records, [(a(9), 3600, 9), (a(10), 3600, 8), (txt(b'a'), 3600, 10), (txt(b'b'), 3600, 6)]);
    let mx = zone.find(name("h2.example").as_name()).unwrap().rrset(Rtype::MX).unwrap();
    let lines: Vec<u32> = mx.records().map(|record| record.position().unwrap().line).collect();
    assert_eq!(lines, [13, 12], "a.test before B.test: order is of the lowered names");
    assert_eq!(mx.records().nth(1).unwrap().rdata(), b"\x00\x05\x01B\x04test\x00", "spelling is kept");
    assert_eq!(zone.record_count(), 10);
}

/// `MixedTtl::Keep` leaves records as they are and says nothing; the RRset has the lowest.
#[test]
fn mixed_ttls_kept() {
    let text = format!("{GOOD}a 300 A 192.0.2.2\na 60 A 192.0.2.1\n");
    let (zone, findings) = build_with(&text, &lenient());
    assert_eq!(findings, [""; 0]);
    let zone = zone.unwrap();
    let a = zone.find(name("a.example").as_name()).unwrap().rrset(Rtype::A).unwrap();
    assert_eq!(a.ttl().seconds(), 60);
    assert_eq!(a.records().map(|record| record.ttl().seconds()).collect::<Vec<_>>(), [60, 300]);
}

/// RRSIGs are grouped by the type they cover and form no RRset, so their TTLs may differ (SIG-3).
#[test]
fn rfc4035_appendix_a_signed() {
    let zone = zone(&vector("rfc4035-appendix-a.signed.zone"));
    let apex = zone.apex_node();
    let covered: Vec<String> =
        apex.rrsets().filter_map(|rrset| rrset.covered()).map(|rtype| rtype.to_string()).collect();
    assert_eq!(covered, ["NS", "SOA", "MX", "NSEC", "DNSKEY"]);
    assert_eq!(apex.rrsigs_covering(Rtype::DNSKEY).unwrap().len(), 2);
    assert!(apex.rrsigs_covering(Rtype::A).is_none());
}

/// RRsets put at the apex, replaced and taken away are seen in order, without duplicates.
#[test]
fn changes_at_the_apex() {
    let mut zone = zone(GOOD);
    let count = zone.record_count();
    add_at_apex(&mut zone, Rtype::NSEC3PARAM, "1 0 0 -");
    let keys = ["257 3 13 BBBB", "256 3 13 AAAA", "257 3 13 BBBB"].map(|text| rdata_of(Rtype::DNSKEY, text));
    zone.set_apex_rrset(Rtype::DNSKEY, Ttl::new(60).unwrap(), keys);
    assert_eq!(outline(&zone)[0], "example. Apex NS,SOA,DNSKEY,NSEC3PARAM");
    assert_eq!(zone.record_count(), count + 3);
    let dnskey = zone.apex_node().rrset(Rtype::DNSKEY).unwrap();
    assert_eq!(dnskey.ttl().seconds(), 60);
    assert_eq!(dnskey.first().rdata(), rdata_of(Rtype::DNSKEY, "256 3 13 AAAA"));
    assert_eq!(dnskey.first().position(), None);

    zone.set_soa_serial(4_000_000_000);
    assert_eq!(zone.soa().serial, 4_000_000_000);
    assert_eq!((zone.soa().refresh, zone.soa().minimum), (7200, 900));
    assert_eq!(zone.apex_node().rrset(Rtype::SOA).unwrap().first().position().unwrap().line, 3);

    zone.remove_apex_rrset(Rtype::NSEC3PARAM);
    zone.remove_apex_rrset(Rtype::CDS);
    zone.set_apex_rrset(Rtype::DNSKEY, Ttl::ZERO, []);
    assert_eq!(outline(&zone)[0], "example. Apex NS,SOA");
    assert_eq!(zone.record_count(), count);
}

#[test]
#[should_panic(expected = "a zone has a SOA record at its apex")]
fn the_soa_record_stays() {
    zone(GOOD).remove_apex_rrset(Rtype::SOA);
}

/// What a signer adds does not count, all else does and is named.
#[test]
fn comparing_zones() {
    let plain = zone(&format!("{GOOD}a A 192.0.2.2\n"));
    let signed = zone(&format!(
        "{GOOD}a A 192.0.2.2\na NSEC example. A RRSIG NSEC\n@ DNSKEY 257 3 13 AAAA\n\
         hash NSEC3 1 0 0 - 0p9mhaveqvm6t7vbl5lop2u3t2rp3tom A\n\
         a RRSIG A 13 2 3600 20300101000000 20200101000000 1 example. AAAA\n"
    ));
    assert_eq!(differences(&plain, &signed, &[Rtype::DNSKEY], 9), [""; 0]);
    assert_eq!(differences(&plain, &signed, &[], 9), ["\"example. DNSKEY\" is new"]);
    for (records, expected) in [
        ("", "\"a.example. A\" is missing"),
        ("a A 192.0.2.2\nb A 192.0.2.2\n", "\"b.example. A\" is new"),
        ("a 60 A 192.0.2.2\n", "\"a.example. A\" has TTL 60, not 3600"),
        ("a A 192.0.2.2\na A 192.0.2.3\n", "\"a.example. A\" has a new record 192.0.2.3"),
        ("a A 192.0.2.3\n", "\"a.example. A\" has the record 192.0.2.3 in place of 192.0.2.2"),
        ("A A 192.0.2.2\n", ""),
    ] {
        let other = zone(&format!("{GOOD}{records}"));
        assert_eq!(differences(&plain, &other, &[], 9).join(" "), expected, "{records}");
    }
    let two = zone(&format!("{GOOD}a A 192.0.2.2\na A 192.0.2.3\n"));
    assert_eq!(differences(&two, &plain, &[], 9), ["\"a.example. A\" lacks the record 192.0.2.3"]);
    let many = zone(&format!("{GOOD}b A 192.0.2.2\nc A 192.0.2.2\n"));
    assert_eq!(differences(&many, &plain, &[], 2).len(), 2, "no more than asked for");
    let other_zone = zone(&GOOD.replace("example.", "test."));
    assert_eq!(differences(&plain, &other_zone, &[], 9), ["the zone is \"test.\", not \"example.\""]);
}
