//! What is asked of a parent's servers: the DS RRset of the zone, or the proof that there is none.

use super::chain::Trust;
use super::client::{Client, Problem};
use super::denial::prove_no_ds;
use super::message::{Answer, NOERROR, NXDOMAIN, Question};
use super::model::{DsSeen, Trustworthiness};
use super::signed::rrset;
use crate::base::{Name, NameBuf, Rtype, Ttl, UnixTime};
use crate::rdata::soa::Soa;
use std::net::SocketAddr;

/// A parent server's answer about the DS, not validated yet.
#[derive(Clone, Debug)]
pub(super) struct DsAnswer {
    pub(super) seen: DsSeen,
    /// The zone the answer comes from, where it tells: by the signature's signer, or by the SOA of a negative answer.
    pub(super) parent: Option<NameBuf>,
    answer: Answer,
}

/// Asks for the DS RRset.
pub(super) fn ask_ds(client: &Client, server: SocketAddr, zone: Name<'_>) -> Result<DsAnswer, Problem> {
    let answer = client.ask(server, &Question::new(zone, Rtype::DS))?;
    if !matches!(answer.rcode, NOERROR | NXDOMAIN) {
        return Err(Problem::Rcode(answer.rcode));
    }
    if !answer.is_authoritative {
        return Err(not_authoritative(&answer));
    }
    if let Some(ds) = rrset(&answer.answers, zone, Rtype::DS) {
        let parent = ds.signatures.first().map(|rrsig| rrsig.signer.to_owned());
        let seen = DsSeen { ds: ds.rdatas, ttl: ds.ttl };
        return Ok(DsAnswer { seen, parent, answer });
    }
    let (apex, ttl) = negative(&answer)?;
    if !zone.is_below(apex.as_name()) {
        return Err(Problem::Lame(format!("it answers from {apex}, which is not above {zone}")));
    }
    Ok(DsAnswer { seen: DsSeen { ds: Vec::new(), ttl }, parent: Some(apex), answer })
}

/// Why an answer without the AA bit is none.
pub(super) fn not_authoritative(answer: &Answer) -> Problem {
    let referral = answer.authorities.iter().find(|record| record.rtype == Rtype::NS);
    match referral {
        Some(record) if answer.answers.is_empty() => {
            Problem::Lame(format!("it refers to the servers of {}", record.owner))
        }
        _ => Problem::NotAuthoritative,
    }
}

/// The zone that says that something is not there, and for how long caches keep it (RFC 2308 section 5).
pub(super) fn negative(answer: &Answer) -> Result<(NameBuf, Ttl), Problem> {
    let soa = answer.authorities.iter().find(|record| record.rtype == Rtype::SOA);
    let soa = soa
        .ok_or_else(|| Problem::Incomplete("a negative one has no SOA, so nobody knows how long it is kept".into()))?;
    let fields = Soa::parse(&soa.rdata).ok_or_else(|| Problem::Malformed("its SOA".into()))?;
    // A MINIMUM above the largest TTL bounds nothing.
    let minimum = Ttl::new(fields.minimum).unwrap_or(Ttl::MAX);
    Ok((soa.owner.clone(), soa.ttl.min(minimum)))
}

/// Whether the answer goes back to what is trusted for the parent zone, by the server's own DNSKEY RRset.
pub(super) fn validate(
    client: &Client,
    server: SocketAddr,
    zone: Name<'_>,
    found: &DsAnswer,
    trust: &Trust,
    now: UnixTime,
) -> Trustworthiness {
    let parent = trust.zone.as_name();
    let check = || -> Result<(), String> {
        let dnskeys = client.ask(server, &Question::new(parent, Rtype::DNSKEY));
        let dnskeys = dnskeys.map_err(|problem| format!("asked for the DNSKEY of {parent}, the server {problem}"))?;
        let keys = trust.keys_of(&dnskeys, now)?;
        match rrset(&found.answer.answers, zone, Rtype::DS) {
            Some(ds) => ds.verify(parent, &keys, now).map(drop).map_err(|why| format!("the DS RRset of {zone} {why}")),
            None => prove_no_ds(&found.answer.authorities, zone, parent, &keys, now),
        }
    };
    check().map_or_else(Trustworthiness::Refused, |()| Trustworthiness::Validated)
}
