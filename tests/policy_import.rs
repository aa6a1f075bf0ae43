//! Policies of other signers: what is carried over, what is said not to be, and what cannot be read. The example files
//! are imported in the transcripts too.

use zoneseal::base::{Algorithm, DigestType, Seconds, Ttl};
use zoneseal::policy::import::{Format, Imported, import};
use zoneseal::policy::{
    CdsPublication, Denial, KskMethod, Lifetime, Policy, PolicyFile, PurgeDelay, Roles, SerialMethod,
};

const DAY: i64 = 86_400;

fn example(name: &str, format: Format) -> Imported {
    let path = format!("{}/tests/data/policy/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("the example is there");
    assert_eq!(Format::guess(&text), Some(format));
    import(&text, name, format).expect("the example is read")
}

#[track_caller]
fn policy(imported: &Imported, name: &str) -> Policy {
    let found = imported.policies.iter().find(|policy| policy.policy.name == name);
    let found = found.unwrap_or_else(|| panic!("no policy {name}"));
    // What is printed is the policy.
    let file = PolicyFile::from_toml(&found.to_toml(), "printed").expect("what is printed is read");
    assert_eq!(file.policies()[0].policy, found.policy);
    found.policy.clone()
}

/// The one policy of a text, and the notes about it.
#[track_caller]
fn only(text: &str, format: Format) -> (Policy, Vec<String>) {
    let imported = import(text, "f", format).expect("is read");
    assert_eq!(imported.policies.len(), 1);
    (imported.policies[0].policy.clone(), imported.notes.iter().map(|note| note.to_string()).collect())
}

fn ttl(seconds: u32) -> Ttl {
    Ttl::new(seconds).expect("a TTL")
}

#[test]
fn bind() {
    let imported = example("named.conf", Format::Bind);
    assert_eq!(imported.policies.len(), 2);
    let shop = policy(&imported, "shop");
    assert_eq!((shop.roles, shop.ksk.algorithm, shop.ksk.bits), (Roles::KskZsk, Algorithm::RSASHA256, Some(3072)));
    assert_eq!((shop.zsk.bits, shop.zsk.lifetime), (Some(2048), Lifetime::Limited(Seconds(60 * DAY))));
    assert_eq!((shop.signatures.validity, shop.signatures.dnskey_validity), (Seconds(10 * DAY), Seconds(9 * DAY)));
    assert_eq!((shop.ttl.dnskey, shop.ttl.max_zone, shop.delays.parent_ds_ttl), (ttl(7200), ttl(43_200), ttl(172_800)));
    assert_eq!((shop.cds_digests, shop.purge_delay), (vec![DigestType::SHA256, DigestType::SHA384], PurgeDelay::Never));
    assert!(
        matches!(shop.denial, Denial::Nsec3(params) if params.iterations == 0 && params.salt_length == 8 && params.opt_out)
    );
    let one = policy(&imported, "one");
    assert_eq!((one.roles, one.csk.algorithm, one.csk.lifetime), (Roles::Csk, Algorithm::ED25519, Lifetime::Unlimited));
    assert_eq!((one.cds, one.signatures.validity), (CdsPublication::Off, Seconds(14 * DAY)));
    let lines: Vec<u32> =
        imported.notes.iter().filter_map(|note| note.position.as_ref()).map(|place| place.line).collect();
    assert_eq!(lines, [8, 15, 16, 23, 24, 35, 39, 40]);
}

#[test]
fn knot() {
    let imported = example("knot.conf", Format::Knot);
    let shop = policy(&imported, "shop");
    assert_eq!((shop.ksk.bits, shop.zsk.lifetime), (Some(3072), Lifetime::Limited(Seconds(60 * DAY))));
    assert_eq!(shop.cds_digests, [DigestType::SHA384]);
    // A tenth of ten days, two hours, half a day.
    assert_eq!(shop.signatures.refresh, Seconds(DAY + 7200 + 43_200));
    let one = policy(&imported, "one");
    assert_eq!((one.roles, one.csk.lifetime, one.cds), (Roles::Csk, Lifetime::Unlimited, CdsPublication::Off));
    assert_eq!(one.signatures.refresh, Seconds(5 * DAY));
    let lines: Vec<u32> =
        imported.notes.iter().filter_map(|note| note.position.as_ref()).map(|place| place.line).collect();
    assert_eq!(lines, [25, 27, 28, 29, 31, 41]);
}

#[test]
fn opendnssec() {
    let imported = example("kasp.xml", Format::OpenDnssec);
    let shop = policy(&imported, "shop");
    assert_eq!((shop.ksk.method, shop.ksk.standby, shop.run_interval), (KskMethod::DoubleDs, 1, Seconds(7200)));
    assert_eq!((shop.signatures.validity, shop.signatures.dnskey_validity), (Seconds(14 * DAY), Seconds(10 * DAY)));
    // Months have 31 days there.
    assert_eq!((shop.zsk.lifetime, shop.serial), (Lifetime::Limited(Seconds(93 * DAY)), SerialMethod::Date));
    let one = policy(&imported, "one");
    assert_eq!((one.roles, one.csk.algorithm, one.denial), (Roles::Csk, Algorithm::ED25519, Denial::Nsec));
}

/// Each of these is no policy to go by, and the message has the line.
#[test]
fn what_cannot_be_read_has_a_line() {
    for (text, format, expected) in [
        ("dnssec-policy a {\n keys { };\n", Format::Bind, "f:3:1: error: a closing brace is missing"),
        ("dnssec-policy a;\n", Format::Bind, "error: f: there is no BIND policy in it"),
        ("policy:\n  - id: [a\n", Format::Knot, "f:"),
        ("zone:\n  - domain: a\n", Format::Knot, "error: f: there is no Knot policy in it"),
        ("<KASP>\n<Policy>\n</KASP>", Format::OpenDnssec, "f:3:1: error: "),
        ("<KASP/>", Format::OpenDnssec, "error: f: there is no OpenDNSSEC policy in it"),
        ("<!DOCTYPE a [<!ENTITY b \"c\">]><KASP/>", Format::OpenDnssec, "f:1:1: error: "),
    ] {
        let error = import(text, "f", format).expect_err("is not read").to_string();
        assert!(error.starts_with(expected), "{text}: {error}");
    }
}

/// Sections of Knot's configuration that are no YAML do not matter.
#[test]
fn only_knots_policy_section_is_yaml() {
    let text =
        "server:\n    user: @knot:{\nacl:\n  - id: [\npolicy:\n- id: a\n  algorithm: ed25519\n# end\nmod-x:\n  - \"\n";
    let (policy, notes) = only(text, Format::Knot);
    assert_eq!((policy.name.as_str(), policy.ksk.algorithm), ("a", Algorithm::ED25519));
    assert_eq!(notes, Vec::<String>::new());
}

/// A value that does not fit is a note, and the rest is carried over.
#[test]
fn values_that_do_not_fit_are_noted() {
    let (policy, notes) = only("dnssec-policy a { dnskey-ttl soon; parent-ds-ttl 2h; };", Format::Bind);
    assert_eq!(policy.delays.parent_ds_ttl, ttl(7200));
    assert_eq!(notes, ["f:1:1: warning: \"soon\" is no length of time"]);
    let (_, notes) = only("policy:\n  - id: a\n    algorithm: rot13\n", Format::Knot);
    assert_eq!(notes.len(), 3, "one for each role: {notes:?}");
    let (_, notes) = only(
        "<KASP><Policy name='a'><Zone><SOA><Serial>tomorrow</Serial></SOA></Zone></Policy></KASP>",
        Format::OpenDnssec,
    );
    assert_eq!(notes, ["f:1:1: warning: <Serial> tomorrow is not known here"]);
}

/// A policy of BIND that says nothing is what BIND makes of it: one key without an end.
#[test]
fn defaults_are_the_other_signers() {
    let (policy, _) = only("dnssec-policy a { };", Format::Bind);
    assert_eq!(
        (policy.roles, policy.csk.lifetime, policy.signatures.refresh),
        (Roles::Csk, Lifetime::Unlimited, Seconds(5 * DAY))
    );
    let (policy, _) = only("policy:\n  - id: a\n", Format::Knot);
    assert_eq!((policy.roles, policy.zsk.lifetime), (Roles::KskZsk, Lifetime::Limited(Seconds(30 * DAY))));
}
