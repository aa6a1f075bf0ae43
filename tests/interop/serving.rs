//! What zoneseal signs loads in named, knotd and nsd, and the answers validate in unbound with the zone's DS as anchor.

use crate::odd_zone::OddZone;
use crate::peer::{self, Denial};
use crate::server::{self, Authority, Question, Served, Server};
use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::RecordType;
use libtest_mimic::{Failed, Trial};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use tempfile::TempDir;

/// The zones served: name, algorithm of its keys, denial.
const ZONES: [(&str, u8, Denial); 6] = [
    ("nsec.example", 13, Denial::Nsec),
    ("nsec3.example", 15, Denial::Nsec3),
    ("opt-out.example", 8, Denial::OptOut),
    ("nsec-b.example", 16, Denial::Nsec),
    ("nsec3-b.example", 14, Denial::Nsec3),
    ("opt-out-b.example", 10, Denial::OptOut),
];

/// The signed zones, their DS records, and an unsigned child of each.
struct Fixture {
    served: Vec<Served>,
    anchors: Vec<String>,
    _folder: TempDir,
}

pub fn trials() -> Vec<Trial> {
    let fixture = Arc::new(OnceLock::<Result<Fixture, String>>::new());
    Authority::ALL
        .iter()
        .map(|&authority| {
            let fixture = Arc::clone(&fixture);
            let name = format!("serve::{}::unbound", authority.program());
            peer::trial(name, &[authority.program(), "unbound"], move || {
                let fixture = fixture.get_or_init(make_fixture).as_ref().map_err(Clone::clone)?;
                serve(authority, fixture)
            })
        })
        .collect()
}

fn make_fixture() -> Result<Fixture, String> {
    let folder = peer::folder();
    let mut fixture = Fixture { served: Vec::new(), anchors: Vec::new(), _folder: peer::folder() };
    for (zone, algorithm, denial) in ZONES {
        let apex = format!("{zone}.");
        let keys = folder.path().join(zone);
        std::fs::create_dir(&keys).map_err(|error| error.to_string())?;
        peer::make_keys(&keys, algorithm, zone)?;
        let file = peer::write(folder.path(), &format!("{zone}.zone"), OddZone::new(&apex).text());
        let signed = folder.path().join(format!("{zone}.signed"));
        peer::sign(&file, &keys, &signed, &[denial.arguments(), &["--zonemd", "sha384"]].concat())?;
        fixture.anchors.extend(anchors(&signed)?);
        fixture.served.push(Served { apex: apex.clone(), file: signed });
        // The child that the zone delegates without DS, served beside it.
        let child = format!("insecure.{zone}.");
        let text = format!(
            "$ORIGIN {child}\n$TTL 300\n@ IN SOA ns h 1 2 3 4 5\n@ IN NS ns\nns IN A 127.0.0.1\nwww IN A 192.0.2.99\n"
        );
        fixture.served.push(Served { file: peer::write(folder.path(), &format!("{child}zone"), text), apex: child });
    }
    fixture._folder = folder;
    Ok(fixture)
}

/// The zone's DS records, as `zoneseal ds` reads them from the signed zone.
fn anchors(signed: &Path) -> Result<Vec<String>, String> {
    let text = peer::run(peer::zoneseal().arg("ds").arg(signed))?;
    let lines: Vec<_> = text.lines().filter(|line| line.contains("DS")).map(str::to_owned).collect();
    if lines.is_empty() { Err(format!("no DS record in: {text}")) } else { Ok(lines) }
}

fn serve(authority: Authority, fixture: &Fixture) -> Result<(), Failed> {
    let authority = authority.start(&fixture.served)?;
    let zones: Vec<_> = fixture.served.iter().map(|zone| zone.apex.clone()).collect();
    let resolver = server::start_unbound(authority.address, &zones, &fixture.anchors)?;
    let mut failures = Vec::new();
    for (zone, _, denial) in ZONES {
        let raw = authority.ask(&Question::new(&format!("{zone}."), RecordType::SOA))?;
        if !raw.metadata.authoritative {
            failures.push(format!("{zone}: not loaded"));
        }
        for expected in expectations(&format!("{zone}."), denial) {
            let answer = resolver.ask(&expected.question)?;
            if let Err(wrong) = expected.check(&answer) {
                failures.push(format!("{zone}: {}: {wrong}", expected.what));
            }
        }
    }
    if failures.is_empty() { Ok(()) } else { Err(explain(&failures, &authority, &resolver).into()) }
}

fn explain(failures: &[String], authority: &Server, resolver: &Server) -> String {
    format!("{}\n--- authority\n{}\n--- resolver\n{}", failures.join("\n"), authority.log(), resolver.log())
}

/// A question and what a validating resolver must say to it.
struct Expectation {
    what: &'static str,
    question: Question,
    code: ResponseCode,
    answers: usize,
    /// Whether the answer must be marked as authenticated.
    is_authentic: bool,
}

impl Expectation {
    fn check(&self, answer: &Message) -> Result<(), String> {
        let count = answer.answers.iter().filter(|record| record.record_type() != RecordType::RRSIG).count();
        let found = (answer.metadata.response_code, count, answer.metadata.authentic_data);
        let wanted = (self.code, self.answers, self.is_authentic);
        if found == wanted {
            return Ok(());
        }
        Err(format!("(code, answers, authentic) is {found:?}, not {wanted:?}, for {:?}", self.question))
    }
}

/// Every kind of answer. An opt-out record proves nothing about names that may be unsigned delegations, so where the
/// proof rests on one, the answer stands but is not authentic (RFC 5155 section 9.2).
fn expectations(zone: &str, denial: Denial) -> Vec<Expectation> {
    use RecordType::{A, AAAA, CNAME, DNAME, DNSKEY, DS, MX, NS, SOA, TXT};
    let covered = denial != Denial::OptOut;
    let ask = |name: &str, rtype| Question::new(&format!("{name}.{zone}"), rtype);
    let octets = |label: &[u8], rtype| Question::with_label(label, zone, rtype);
    let apex = |rtype| Question::new(zone, rtype);
    let yes = ResponseCode::NoError;
    let no_name = ResponseCode::NXDomain;
    let zonemd = RecordType::Unknown(63);
    [
        ("apex SOA", apex(SOA), yes, 1, true),
        ("apex NS", apex(NS), yes, 2, true),
        ("apex DNSKEY", apex(DNSKEY), yes, 2, true),
        ("apex ZONEMD", apex(zonemd), yes, 1, true),
        ("no data at the apex", apex(AAAA), yes, 0, true),
        ("positive, mixed case", ask("miXED", A), yes, 1, true),
        ("no data", ask("mixed", TXT), yes, 0, true),
        ("no such name", ask("nothing", A), no_name, 0, covered),
        ("no such name, deep", ask("a.b.c.nothing", A), no_name, 0, covered),
        ("no such name below a name", ask("nothing.mixed", A), no_name, 0, covered),
        ("empty non-terminal", ask("ent.deep", A), yes, 0, true),
        ("empty non-terminal above it", ask("deep", A), yes, 0, true),
        ("wildcard", ask("any.wild", A), yes, 1, covered),
        ("wildcard, deep", ask("x.y.z.wild", TXT), yes, 1, covered),
        ("wildcard without the type", ask("any.wild", MX), yes, 0, covered),
        ("name beside a wildcard", ask("there.wild", TXT), yes, 0, true),
        ("wildcard itself", ask("*.wild", A), yes, 1, true),
        ("wildcard alias", ask("x.aliases", CNAME), yes, 1, covered),
        ("alias followed", ask("alias", A), yes, 2, true),
        ("DNAME", ask("tree", DNAME), yes, 1, true),
        ("alias made from a DNAME, followed", ask("leaf.moved", A), yes, 3, true),
        ("secure delegation's DS", ask("secure", DS), yes, 2, true),
        ("insecure delegation has no DS", ask("insecure", DS), yes, 0, covered),
        ("insecure delegation below an empty non-terminal", ask("only.here.cut", DS), yes, 0, covered),
        ("answer of the insecure child", ask("www.insecure", A), yes, 1, false),
        ("secure one of two below an empty non-terminal", ask("two.both", DS), yes, 1, true),
        ("dot in a label", octets(b"a.b", TXT), yes, 1, true),
        ("zero octet in a label", octets(b"\0a", TXT), yes, 1, true),
        ("high octet in a label", octets(&[200], TXT), yes, 1, true),
        ("backslash in a label", octets(b"back\\slash", TXT), yes, 1, true),
        ("type by number", ask("num", RecordType::Unknown(65_280)), yes, 1, true),
        ("type by number, no data", ask("num", RecordType::Unknown(65_281)), yes, 0, true),
    ]
    .into_iter()
    .map(|(what, question, code, answers, is_authentic)| Expectation { what, question, code, answers, is_authentic })
    .collect()
}
