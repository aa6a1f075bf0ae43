//! What is asked of a zone's own servers: SOA, DNSKEY, and a sample of signed data.

use super::chain::Trust;
use super::client::{Client, Problem};
use super::message::{Answer, NOERROR, NXDOMAIN, Question, Record};
use super::model::{Sample, Trustworthiness, ZoneSeen};
use super::parent::{negative, not_authoritative};
use super::signed::{Signed, rrset, rrsets};
use crate::base::text::push_hex;
use crate::base::{Name, NameBuf, Rtype, Ttl, UnixTime};
use crate::rdata::soa::Soa;
use ring::rand::{SecureRandom, SystemRandom};
use std::net::SocketAddr;

/// Most names of the zone that are asked for beside the apex.
const NAMES_MAX: usize = 6;

/// A server's answers, their signatures not looked at yet.
#[derive(Clone, Debug)]
pub(super) struct ChildAnswers {
    soa: Answer,
    dnskey: Answer,
    /// Of the sample: each question's answer.
    others: Vec<Answer>,
}

/// Asks for everything.
pub(super) fn ask_all(client: &Client, server: SocketAddr, zone: Name<'_>) -> Result<ChildAnswers, Problem> {
    let ask = |name: Name<'_>, rtype| ask_authority(client, server, zone, name, rtype);
    let soa = ask(zone, Rtype::SOA)?;
    if rrset(&soa.answers, zone, Rtype::SOA).is_none() {
        return Err(Problem::Lame(format!("it has no SOA for {zone}")));
    }
    let dnskey = ask(zone, Rtype::DNSKEY)?;
    let mut others = vec![ask(zone, Rtype::NS)?];
    for (name, rtype) in names_to_ask(&others[0], zone) {
        others.push(ask(name.as_name(), rtype)?);
    }
    others.push(ask(random_name(zone)?.as_name(), Rtype::A)?);
    Ok(ChildAnswers { soa, dnskey, others })
}

/// Asks a question that only an authoritative answer of the zone itself answers.
fn ask_authority(
    client: &Client,
    server: SocketAddr,
    zone: Name<'_>,
    name: Name<'_>,
    rtype: Rtype,
) -> Result<Answer, Problem> {
    let answer = client.ask(server, &Question::new(name, rtype))?;
    match answer.rcode {
        NOERROR | NXDOMAIN if answer.is_authoritative => Ok(answer),
        // A name server's own name may be in a delegation: the referral tells nothing, and is no fault.
        NOERROR if name != zone => Ok(Answer { answers: Vec::new(), authorities: Vec::new(), ..answer }),
        NOERROR | NXDOMAIN => Err(not_authoritative(&answer)),
        rcode => Err(Problem::Rcode(rcode)),
    }
}

/// The addresses of the zone's name servers with names in it: names that every zone has, and that are known here.
fn names_to_ask(ns: &Answer, zone: Name<'_>) -> Vec<(NameBuf, Rtype)> {
    let hosts = ns.answers.iter().filter(|record| record.rtype == Rtype::NS);
    let hosts = hosts.filter_map(|record| Name::from_wire(&record.rdata).ok()).filter(|host| host.is_below(zone));
    hosts.flat_map(|host| [Rtype::A, Rtype::AAAA].map(|rtype| (host.to_owned(), rtype))).take(NAMES_MAX).collect()
}

/// A name that no zone has, to see a negative answer: nobody can have prepared for it.
fn random_name(zone: Name<'_>) -> Result<NameBuf, Problem> {
    let mut octets = [0; 8];
    SystemRandom::new().fill(&mut octets).map_err(|_| Problem::Io("the system gives no random numbers".into()))?;
    let mut label = b"zoneseal-".to_vec();
    push_hex(&octets, &mut label);
    // Of a zone whose name is too long for it, the apex answers as well.
    Ok(NameBuf::from_text(&label, Some(zone)).unwrap_or_else(|_| zone.to_owned()))
}

impl ChildAnswers {
    /// What the zone is by these answers, and whether its signatures are right: by the keys that come with them, and if
    /// there is something to trust in, by that.
    pub(super) fn judge(
        &self,
        zone: Name<'_>,
        trust: Option<&Trust>,
        now: UnixTime,
    ) -> Result<(ZoneSeen, Trustworthiness), Problem> {
        let soa = rrset(&self.soa.answers, zone, Rtype::SOA)
            .ok_or_else(|| Problem::Lame(format!("it has no SOA for {zone}")))?;
        let fields = soa
            .rdatas
            .first()
            .and_then(|rdata| Soa::parse(rdata))
            .ok_or_else(|| Problem::Malformed("its SOA".into()))?;
        let negative_ttl = soa.ttl.min(Ttl::new(fields.minimum).unwrap_or(Ttl::MAX));
        let dnskeys = rrset(&self.dnskey.answers, zone, Rtype::DNSKEY);
        let keys = dnskeys.as_ref().map(|dnskeys| dnskeys.rdatas.clone()).unwrap_or_default();
        let sampled = self.sampled(zone);
        // An unsigned zone may show keys already, or still; without any key there is nothing to check with.
        let is_signed = sampled.iter().chain(&dnskeys).any(|rrset| !rrset.signatures.is_empty()) && !keys.is_empty();
        let mut judge = Judge { zone, keys: &keys, now, is_signed, fault: None };
        let dnskey_signers = dnskeys.as_ref().map(|dnskeys| judge.look_at(dnskeys).signers).unwrap_or_default();
        let samples = sampled.iter().map(|rrset| judge.look_at(rrset)).collect();
        let trustworthiness = match (judge.fault, trust, &dnskeys) {
            (Some(fault), ..) => Trustworthiness::Refused(fault),
            (None, Some(trust), _) => {
                trust.keys_of(&self.dnskey, now).map_or_else(Trustworthiness::Refused, |_| Trustworthiness::Validated)
            }
            (None, None, _) => Trustworthiness::Unchecked,
        };
        let dnskey_ttl = match &dnskeys {
            Some(dnskeys) => dnskeys.ttl,
            None => negative(&self.dnskey).map_or(negative_ttl, |(_, ttl)| ttl),
        };
        let seen = ZoneSeen {
            serial: fields.serial,
            negative_ttl,
            dnskeys: keys.clone(),
            dnskey_ttl,
            dnskey_signers,
            samples,
        };
        Ok((seen, trustworthiness))
    }

    /// The zone's own signed RRsets in all answers but DNSKEY, each once.
    fn sampled(&self, zone: Name<'_>) -> Vec<Signed<'_>> {
        let mut found: Vec<Signed<'_>> = Vec::new();
        let sections =
            std::iter::once(&self.soa).chain(&self.others).flat_map(|answer| [&answer.answers, &answer.authorities]);
        for rrset in sections.flat_map(|section: &Vec<Record>| rrsets(section)) {
            let is_new = !found.iter().any(|other| other.rtype == rrset.rtype && other.owner == rrset.owner);
            // Another zone's data tells nothing about this one, and DNSKEY is looked at on its own.
            if is_new && rrset.owner.is_at_or_below(zone) && rrset.rtype != Rtype::DNSKEY {
                found.push(rrset);
            }
        }
        found
    }
}

/// Looks at RRsets one by one and keeps the first fault.
struct Judge<'a> {
    zone: Name<'a>,
    keys: &'a [Vec<u8>],
    now: UnixTime,
    is_signed: bool,
    fault: Option<String>,
}

impl Judge<'_> {
    /// The RRset as a sample; its signers are those whose signatures are right, or that nobody can check.
    fn look_at(&mut self, rrset: &Signed<'_>) -> Sample {
        let verified = rrset.verify(self.zone, self.keys, self.now);
        if let (Err(why), true, None) = (&verified, self.is_signed, &self.fault) {
            self.fault = Some(format!("the {} RRset of {} {why}", rrset.rtype, rrset.owner));
        }
        let mut signers = verified.unwrap_or_default();
        signers.extend(rrset.unpublished_signers(self.zone, self.keys, self.now));
        let ends = rrset.signatures.iter().map(|rrsig| rrsig.expiration.to_unix_near(self.now));
        Sample { owner: rrset.owner.to_owned(), rtype: rrset.rtype, ttl: rrset.ttl, signers, expires: ends.min() }
    }
}
