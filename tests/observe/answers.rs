//! One parent server, and what it does to a question.

use crate::server::{TestServer, Way, code, ds, observe_parents, record, reply, send, soa, with_ds};
use hickory_proto::op::{Message, ResponseCode};
use zoneseal::base::Rtype;
use zoneseal::observe::DsSeen;

/// What the one server said.
fn seen(server: &TestServer, tries: u32) -> Result<DsSeen, String> {
    let seen = observe_parents(&[server], tries);
    seen.parent.expect("the parent was asked").servers.remove(0).answer
}

#[track_caller]
fn assert_fails(behaviour: impl Fn(&Message, Way, usize) -> Vec<Vec<u8>> + Send + Sync + 'static, why: &str) {
    let server = TestServer::start(behaviour);
    let found = seen(&server, 1).expect_err("this is no answer");
    assert!(found.contains(why), "{found}");
}

#[test]
fn a_ds_rrset_is_read_with_its_ttl() {
    let server = TestServer::start(|question, _, _| with_ds(question, 1234, &[7, 5, 7]));
    let found = seen(&server, 1).unwrap();
    assert_eq!(found.ds, [ds(5), ds(7)], "sorted, each once");
    assert_eq!(found.ttl.seconds(), 1234);
}

#[test]
fn the_question_is_for_an_authoritative_server_and_wants_signatures() {
    let server = TestServer::start(|question, way, _| {
        let edns = question.edns.as_ref().expect("the question has EDNS");
        let is_right = way == Way::Udp
            && !question.metadata.recursion_desired
            && edns.flags().dnssec_ok
            && edns.max_payload() == 1232;
        if is_right { with_ds(question, 1, &[1]) } else { code(question, ResponseCode::FormErr) }
    });
    assert!(seen(&server, 1).is_ok());
}

#[test]
fn no_ds_is_an_answer_with_the_negative_ttl() {
    let server = TestServer::start(|question, _, _| {
        let mut message = reply(question);
        message.add_authority(soa("example.", 1, 600));
        send(&message)
    });
    let found = seen(&server, 1).unwrap();
    assert_eq!((found.ds.len(), found.ttl.seconds()), (0, 600), "RFC 2308 section 5: the lower of TTL and MINIMUM");
}

#[test]
fn a_name_that_does_not_exist_has_no_ds() {
    let server = TestServer::start(|question, _, _| {
        let mut message = reply(question);
        message.metadata.response_code = ResponseCode::NXDomain;
        message.add_authority(soa("example.", 1, 9999));
        send(&message)
    });
    assert_eq!(seen(&server, 1).unwrap().ttl.seconds(), 3600);
}

#[test]
fn answers_with_another_id_are_dropped() {
    let server = TestServer::start(|question, _, _| {
        let mut forged = question.clone();
        forged.metadata.id = question.metadata.id.wrapping_add(1);
        [with_ds(&forged, 1, &[666]), with_ds(question, 1, &[1])].concat()
    });
    assert_eq!(seen(&server, 1).unwrap().ds, [ds(1)]);
    assert_fails(
        |question, _, _| {
            let mut forged = question.clone();
            forged.metadata.id ^= 0x8000;
            with_ds(&forged, 1, &[666])
        },
        "1 of its messages did not fit the question",
    );
}

#[test]
fn answers_to_another_question_are_dropped() {
    let server = TestServer::start(|question, _, _| {
        let mut other = question.clone();
        other.queries[0].set_query_type(hickory_proto::rr::RecordType::TXT);
        let mut echo = question.clone();
        echo.metadata.id = question.metadata.id;
        // Another question, the question itself sent back, and then the answer.
        [with_ds(&other, 1, &[666]), send(&echo), with_ds(question, 1, &[1])].concat()
    });
    assert_eq!(seen(&server, 1).unwrap().ds, [ds(1)]);
}

#[test]
fn ids_are_not_guessable_by_counting() {
    let server = TestServer::start(|question, _, _| with_ds(question, 1, &[question.metadata.id]));
    let mut ids: Vec<_> = (0..12).map(|_| seen(&server, 1).unwrap().ds).collect();
    ids.dedup();
    assert!(ids.len() > 9, "{ids:?}");
}

#[test]
fn what_was_cut_short_is_asked_again_by_tcp() {
    let server = TestServer::start(|question, way, _| match way {
        Way::Udp => {
            let mut message = reply(question);
            message.metadata.truncation = true;
            send(&message)
        }
        Way::Tcp => with_ds(question, 1, &(0..100).collect::<Vec<_>>()),
    });
    assert_eq!(seen(&server, 1).unwrap().ds.len(), 100);
    assert_eq!(server.asked(), 2);
}

#[test]
fn tcp_that_ends_early_is_no_answer() {
    let truncated = |question: &Message| {
        let mut message = reply(question);
        message.metadata.truncation = true;
        send(&message)
    };
    assert_fails(
        move |question, way, _| if way == Way::Udp { truncated(question) } else { Vec::new() },
        "TCP connection ends",
    );
    assert_fails(move |question, _, _| truncated(question), "cut short even over TCP");
}

#[test]
fn a_lost_question_is_sent_again() {
    let server =
        TestServer::start(|question, _, asked| if asked < 2 { Vec::new() } else { with_ds(question, 1, &[1]) });
    assert_eq!(seen(&server, 3).unwrap().ds, [ds(1)]);
    assert_eq!(server.asked(), 3);
}

#[test]
fn silence_is_a_timeout_after_all_tries() {
    let server = TestServer::start(|_, _, _| Vec::new());
    assert_eq!(seen(&server, 2).unwrap_err(), "does not answer (timeout, 2 tries)");
    assert_eq!(server.asked(), 2);
}

#[test]
fn a_closed_port_is_said_to_be_closed() {
    let server = TestServer::start(|_, _, _| Vec::new());
    let address = server.address;
    drop(server);
    let plan = crate::server::plan(
        zoneseal::observe::Ask::Given(vec![zoneseal::observe::ServerName::Address(address)]),
        zoneseal::observe::Ask::Nobody,
        1,
    );
    let seen = zoneseal::observe::observe(&plan, crate::server::NOW);
    let why = seen.parent.unwrap().servers.remove(0).answer.unwrap_err();
    assert!(why.contains("nothing listens"), "{why}");
}

#[test]
fn refusals_and_failures_are_named() {
    for (response, why) in [
        (ResponseCode::Refused, "answers REFUSED"),
        (ResponseCode::ServFail, "answers SERVFAIL"),
        (ResponseCode::NotImp, "answers NOTIMP"),
        (ResponseCode::FormErr, "answers FORMERR"),
    ] {
        assert_fails(move |question, _, _| code(question, response), why);
    }
}

#[test]
fn a_cache_is_not_the_parent() {
    assert_fails(
        |question, _, _| {
            let mut message = reply(question);
            message.metadata.authoritative = false;
            message.add_answer(record(crate::server::ZONE, Rtype::DS, 17, ds(1)));
            send(&message)
        },
        "not authoritative",
    );
}

#[test]
fn a_referral_is_lame() {
    assert_fails(
        |question, _, _| {
            let mut message = reply(question);
            message.metadata.authoritative = false;
            message.add_authority(record(".", Rtype::NS, 1, b"\x01a\0".to_vec()));
            send(&message)
        },
        "is lame: it refers to the servers of .",
    );
}

/// A server of the zone alone answers the question for the DS from the zone, where none can be (RFC 4035 section 3.1.4.1).
/// Taken for the parent's word it would look as if the DS had gone.
#[test]
fn the_childs_own_server_is_not_the_parent() {
    assert_fails(
        |question, _, _| {
            let mut message = reply(question);
            message.add_authority(soa("child.example.", 1, 60));
            send(&message)
        },
        "it answers from child.example., which is not above child.example.",
    );
}

#[test]
fn a_negative_answer_without_soa_is_incomplete() {
    assert_fails(|question, _, _| send(&reply(question)), "has no SOA");
}

#[test]
fn garbage_is_malformed() {
    assert_fails(
        |question, _, _| vec![[&question.metadata.id.to_be_bytes()[..], &[0xff; 30]].concat()],
        "cannot be read",
    );
    // A DS without a digest.
    assert_fails(
        |question, _, _| {
            let mut message = reply(question);
            message.add_answer(record(crate::server::ZONE, Rtype::DS, 17, vec![0, 1, 13]));
            send(&message)
        },
        "cannot be read",
    );
}

#[test]
fn ipv6_servers_are_asked() {
    match TestServer::start_at("[::1]:0", |question, _, _| with_ds(question, 1, &[1])) {
        Ok(server) => assert!(seen(&server, 1).is_ok()),
        Err(error) => eprintln!("no IPv6 here: {error}"),
    }
}
