//! Several servers, and the findings about them together.

use crate::server::{TestServer, ZONE, code, observe_children, observe_parents, record, reply, send, soa, with_ds};
use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::RecordType;
use zoneseal::base::{Rtype, Severity};
use zoneseal::observe::findings::find;
use zoneseal::observe::{Ask, Observation, observe};

/// The codes of the findings.
fn codes(seen: &Observation) -> Vec<&'static str> {
    find(seen, None).0.iter().map(|finding| finding.code).collect()
}

/// A server of an unsigned zone with a serial.
fn unsigned(serial: u32) -> TestServer {
    TestServer::start(move |question, _, _| {
        let mut message = reply(question);
        match question.queries[0].query_type() {
            RecordType::SOA => message.add_answer(soa(ZONE, serial, 60)),
            RecordType::NS => message.add_answer(record(ZONE, Rtype::NS, 60, b"\x02ns\x07example\0".to_vec())),
            _ => message.add_authority(soa(ZONE, serial, 60)),
        };
        send(&message)
    })
}

#[test]
fn servers_that_agree_are_no_finding() {
    let servers = [(); 3].map(|()| TestServer::start(|question, _, _| with_ds(question, 60, &[1, 2])));
    let seen = observe_parents(&servers.each_ref(), 1);
    assert_eq!(codes(&seen), [""; 0]);
    assert_eq!(seen.parent.unwrap().ds().unwrap().len(), 2);
}

#[test]
fn parent_servers_that_disagree_are_named() {
    let old = TestServer::start(|question, _, _| with_ds(question, 60, &[1]));
    let new = TestServer::start(|question, _, _| with_ds(question, 600, &[2]));
    let seen = observe_parents(&[&old, &new], 1);
    let (findings, _) = find(&seen, None);
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!(findings[0].code, "parent-disagrees");
    for address in [old.address, new.address] {
        assert!(findings[0].message.contains(&format!("127.0.0.1@{}", address.port())), "{}", findings[0].message);
    }
    let parent = seen.parent.unwrap();
    assert_eq!(parent.ds().unwrap().len(), 2, "both sets count as published");
    assert_eq!(parent.ttl().unwrap().seconds(), 600, "the larger TTL counts");
}

#[test]
fn ttls_that_differ_are_only_a_warning() {
    let short = TestServer::start(|question, _, _| with_ds(question, 60, &[1]));
    let long = TestServer::start(|question, _, _| with_ds(question, 600, &[1]));
    let (findings, _) = find(&observe_parents(&[&short, &long], 1), None);
    assert_eq!(
        findings.iter().map(|finding| (finding.code, finding.severity)).collect::<Vec<_>>(),
        [("parent-ttl", Severity::Warning)]
    );
}

#[test]
fn a_silent_server_beside_a_good_one_is_a_finding() {
    let good = TestServer::start(|question, _, _| with_ds(question, 60, &[1]));
    let bad = TestServer::start(|question, _, _| code(question, ResponseCode::Refused));
    let seen = observe_parents(&[&good, &bad], 1);
    assert_eq!(codes(&seen), ["parent-server"]);
    assert!(seen.has_answers());
}

#[test]
fn many_silent_servers_take_as_long_as_one() {
    let servers: Vec<_> = (0..12).map(|_| TestServer::start(|_, _, _| Vec::new())).collect();
    let start = std::time::Instant::now();
    let seen = observe_parents(&servers.iter().collect::<Vec<_>>(), 1);
    assert!(start.elapsed().as_secs_f64() < 2.0, "12 times 0.3 seconds, all at once: {:?}", start.elapsed());
    assert!(!seen.has_answers());
    assert_eq!(codes(&seen), ["parent-server"; 12]);
}

#[test]
fn a_server_of_the_zone_that_is_behind_is_named() {
    // Serial numbers wrap: 3 is newer than 4294967290 (RFC 1982).
    let (old, new) = (unsigned(4_294_967_290), unsigned(3));
    let seen = observe_children(&[&old, &new]);
    let (findings, _) = find(&seen, None);
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!(findings[0].code, "child-behind");
    assert!(findings[0].message.contains(&old.address.port().to_string()), "{}", findings[0].message);
}

#[test]
fn an_unsigned_zone_is_seen_as_it_is() {
    let server = unsigned(7);
    let seen = observe_children(&[&server]);
    let answer = seen.child.unwrap().servers.remove(0).answer.unwrap();
    assert_eq!((answer.serial, answer.negative_ttl.seconds(), answer.dnskey_ttl.seconds()), (7, 60, 60));
    assert!(answer.dnskeys.is_empty() && answer.dnskey_signers.is_empty());
    assert!(answer.samples.iter().any(|sample| sample.rtype == Rtype::NS));
    assert!(answer.samples.iter().all(|sample| sample.signers.is_empty()));
}

#[test]
fn signatures_that_do_not_verify_are_no_observation() {
    let key = [&257_u16.to_be_bytes()[..], &[3, 13], &[7; 64]].concat();
    let server = TestServer::start(move |question: &Message, _, _| {
        let mut message = reply(question);
        let signature = |covered: Rtype| {
            let fixed =
                [&covered.0.to_be_bytes()[..], &[13, 2, 0, 0, 0, 60], &u32::MAX.to_be_bytes(), &[0; 4], &[0, 1]]
                    .concat();
            record(ZONE, Rtype::RRSIG, 60, [&fixed[..], b"\x05child\x07example\0", &[9; 64]].concat())
        };
        match question.queries[0].query_type() {
            RecordType::SOA => message.add_answer(soa(ZONE, 1, 60)).add_answer(signature(Rtype::SOA)),
            RecordType::DNSKEY => message.add_answer(record(ZONE, Rtype::DNSKEY, 60, key.clone())),
            _ => message.add_authority(soa(ZONE, 1, 60)),
        };
        send(&message)
    });
    let seen = observe_children(&[&server]);
    assert!(!seen.has_answers());
    let (findings, _) = find(&seen, None);
    assert_eq!(findings[0].code, "child-server");
    assert!(findings[0].message.contains("not validated"), "{}", findings[0].message);
}

#[test]
fn without_a_resolver_servers_must_be_given() {
    let seen = observe(&crate::server::plan(Ask::Found, Ask::Found, 1), crate::server::NOW);
    assert!(seen.parent.is_none() && seen.child.is_none());
    assert_eq!(codes(&seen), ["servers-unknown"; 2]);
}

/// A resolver that knows `example.` and the zone; the name between them is no zone.
fn resolver() -> TestServer {
    TestServer::start(|question: &Message, _, _| {
        let mut message = reply(question);
        let asked = &question.queries[0];
        assert!(question.metadata.recursion_desired && question.metadata.checking_disabled, "it is a resolver");
        let name = asked.name().to_ascii();
        match (name.as_str(), asked.query_type()) {
            ("example.", RecordType::SOA) => message.add_answer(soa("example.", 1, 60)),
            ("example.", RecordType::NS) => message.add_answer(record("example.", Rtype::NS, 60, b"\x02ns\0".to_vec())),
            ("deep.child.example.", RecordType::NS) => {
                message.add_answer(record(&name, Rtype::NS, 60, b"\x05other\0".to_vec()))
            }
            ("ns.", RecordType::A) => message.add_answer(record("ns.", Rtype::A, 60, vec![127, 0, 0, 9])),
            ("other.", RecordType::AAAA) => {
                message.add_answer(record("other.", Rtype::AAAA, 60, [[0; 15].as_slice(), &[1]].concat()))
            }
            _ => message.add_authority(soa("example.", 1, 60)),
        };
        send(&message)
    })
}

#[test]
fn servers_are_found_by_a_resolver() {
    let resolver = resolver();
    let mut plan = crate::server::plan(Ask::Found, Ask::Found, 1);
    plan.zone = "deep.child.example.".parse().unwrap();
    plan.resolver = Some(resolver.address);
    let seen = observe(&plan, crate::server::NOW);
    let parent = seen.parent.expect("the parent was found");
    assert_eq!(parent.zone, Some("example.".parse().unwrap()), "child.example. has no SOA, so it is no zone");
    let shown = |server: &zoneseal::observe::Server| server.to_string();
    assert_eq!(parent.servers.iter().map(|seen| shown(&seen.server)).collect::<Vec<_>>(), ["ns. (127.0.0.9)"]);
    let child = seen.child.expect("the zone's servers were found");
    assert_eq!(child.servers.iter().map(|seen| shown(&seen.server)).collect::<Vec<_>>(), ["other. (::1)"]);
}
