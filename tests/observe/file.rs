//! The observation file: it comes back as it was written, and what is no observation is refused with the reason.

use crate::server::{NOW, TestServer, ZONE, code, ds, observe_parents, with_ds};
use hickory_proto::op::ResponseCode;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use zoneseal::base::{Algorithm, NameBuf, Rtype, Ttl};
use zoneseal::observe::file::{from_json, read, to_json};
use zoneseal::observe::{ChildSeen, DsSeen, Observation, ParentSeen, Sample, Seen, Server, Trustworthiness, ZoneSeen};

fn name(text: &str) -> NameBuf {
    text.parse().unwrap()
}

/// An observation with every field in use.
fn full() -> Observation {
    let ttl = |seconds| Ttl::new(seconds).unwrap();
    let host = |address: &str| Server { host: Some(name("ns1.example.")), address: address.parse().unwrap() };
    let signers = BTreeSet::from([(Algorithm(13), 12345), (Algorithm(8), 1)]);
    let zone_seen = ZoneSeen {
        serial: 4_294_967_295,
        negative_ttl: ttl(0),
        dnskeys: vec![[&[1, 1, 3, 13][..], &[7; 64]].concat()],
        dnskey_ttl: Ttl::MAX,
        dnskey_signers: signers.clone(),
        samples: vec![Sample {
            owner: name("www.child.example."),
            rtype: Rtype(65_280),
            ttl: ttl(5),
            signers,
            expires: Some(NOW),
        }],
    };
    Observation {
        zone: name(ZONE),
        at: NOW,
        parent: Some(ParentSeen {
            zone: Some(name("example.")),
            servers: vec![
                Seen {
                    server: host("192.0.2.1:53"),
                    answer: Ok(DsSeen { ds: vec![ds(1), ds(2)], ttl: ttl(60) }),
                    trust: Trustworthiness::Validated,
                },
                Seen {
                    server: host("[2001:db8::1]:5353"),
                    answer: Ok(DsSeen { ds: vec![], ttl: ttl(7) }),
                    trust: Trustworthiness::Refused("no proof".into()),
                },
                Seen {
                    server: Server::at("192.0.2.2:53".parse().unwrap()),
                    answer: Err("does not answer".into()),
                    trust: Trustworthiness::Unchecked,
                },
            ],
        }),
        child: Some(ChildSeen {
            servers: vec![Seen {
                server: host("192.0.2.1:53"),
                answer: Ok(zone_seen),
                trust: Trustworthiness::Unchecked,
            }],
        }),
        faults: vec!["One fault.".into()],
        notes: vec!["One note.".into()],
    }
}

fn value() -> Value {
    serde_json::from_str(&to_json(&full(), &[], &[]).unwrap()).unwrap()
}

#[test]
fn an_observation_comes_back_as_it_was() {
    let text = to_json(&full(), &[], &[]).unwrap();
    assert_eq!(from_json(&text), Ok(full()));
    assert!(text.contains("\"at\": \"2027-01-15T08:00:00Z\""), "{text}");
}

#[test]
fn answers_that_do_not_count_reach_the_engine_as_reasons() {
    let views = full().views();
    let parent = views.parent.unwrap();
    assert_eq!(parent.validated, Some(false));
    assert_eq!(parent.at, NOW);
    let answers: Vec<_> =
        parent.servers.iter().map(|server| server.answer.as_ref().map(|answer| answer.ds.len())).collect();
    assert_eq!(answers[0], Ok(2));
    assert!(answers[1].as_ref().unwrap_err().contains("not validated: no proof"));
    assert_eq!(answers[2].as_ref().unwrap_err().as_str(), "does not answer");
    let children = views.children.unwrap();
    let answer = children.servers[0].answer.as_ref().unwrap();
    assert_eq!((answer.serial, answer.dnskeys.len(), answer.data_signers.len()), (4_294_967_295, 1, 1));
}

#[test]
fn what_a_server_said_is_in_the_file() {
    let good = TestServer::start(|question, _, _| with_ds(question, 60, &[1]));
    let bad = TestServer::start(|question, _, _| code(question, ResponseCode::Refused));
    let seen = observe_parents(&[&good, &bad], 1);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("seen.json");
    std::fs::write(&path, to_json(&seen, &[], &[]).unwrap()).unwrap();
    assert_eq!(read(&path, name(ZONE).as_name()), Ok(seen));
    let other = read(&path, name("other.example.").as_name()).unwrap_err().to_string();
    assert!(other.contains("it is an observation of child.example., not of other.example."), "{other}");
    assert!(read(&folder.path().join("none"), name(ZONE).as_name()).unwrap_err().to_string().contains("none: "));
}

#[test]
fn what_is_no_observation_is_refused() {
    let cases: [(&str, Value, &str); 14] = [
        ("/schema", json!("zoneseal.observe/2"), "this program reads zoneseal.observe/1"),
        ("/schema", json!("zoneseal.verify/1"), "not an observation: its schema is"),
        ("/zone", json!("a..b"), "is no name"),
        ("/at", json!("yesterday"), "is no time"),
        ("/at", json!(5), "not an observation"),
        ("/parent/zone", json!("other."), "is not above"),
        ("/parent/servers/0/server", json!("ns1"), "is no server address"),
        ("/parent/servers/0/answer/ds/0", json!("1 13 2 ABC"), "DS"),
        ("/parent/servers/0/answer/ttl", json!(2_147_483_648_u32), "is no TTL"),
        ("/parent/servers/0/error", json!("both"), "either an answer or an error"),
        ("/parent/servers/0/refusal", json!("but why"), "do not fit"),
        ("/parent/servers/2/trust", json!("validated"), "do not fit"),
        ("/child/servers/0/answer/samples/0/owner", json!("www.example."), "is not in"),
        ("/parent/servers/0/extra", json!(1), "unknown field"),
    ];
    for (pointer, new, why) in cases {
        let mut value = value();
        let (folder, field) = pointer.rsplit_once('/').unwrap();
        match value.pointer_mut(folder).unwrap() {
            Value::Array(items) => items[field.parse::<usize>().unwrap()] = new,
            other => other[field] = new,
        }
        let found = from_json(&value.to_string()).expect_err(pointer);
        assert!(found.contains(why), "{pointer}: {found}");
    }
    for text in ["", "[]", "{}", "{\"schema\":\"zoneseal.observe/1\"}"] {
        assert!(from_json(text).unwrap_err().starts_with("not an observation"), "{text}");
    }
}
