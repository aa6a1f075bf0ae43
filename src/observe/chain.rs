//! From the operator's trust anchors to the zones asked: DNSKEY and DS, one zone after the other (RFC 4035 section 5).

use super::client::Client;
use super::message::{Answer, NOERROR, Question};
use super::signed::{rrset, trusted_keys};
use crate::base::{Name, NameBuf, Rtype, UnixTime};
use crate::verify::Anchor;
use std::net::SocketAddr;

/// What is trusted for a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trust {
    /// The zone.
    pub zone: NameBuf,
    /// DS or DNSKEY records of it.
    pub anchors: Vec<Anchor>,
}

impl Trust {
    /// The keys of the zone, if a server's DNSKEY RRset goes back to the anchors.
    ///
    /// # Errors
    /// The reason, as a sentence without its full stop.
    pub(super) fn keys_of(&self, answer: &Answer, now: UnixTime) -> Result<Vec<Vec<u8>>, String> {
        let zone = self.zone.as_name();
        let dnskeys =
            rrset(&answer.answers, zone, Rtype::DNSKEY).ok_or_else(|| format!("there is no DNSKEY at {zone}"))?;
        trusted_keys(&dnskeys, zone, &self.anchors, now).map_err(|why| format!("the DNSKEY RRset of {zone} {why}"))
    }
}

/// Among the trusted zones the one that is `zone` or nearest above it.
#[must_use]
pub fn nearest<'t>(trusted: &'t [Trust], zone: Name<'_>) -> Option<&'t Trust> {
    let above = trusted.iter().filter(|trust| zone.is_at_or_below(trust.zone.as_name()));
    above.max_by_key(|trust| trust.zone.as_name().label_count())
}

/// A resolver to ask, and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walker<'a> {
    pub(super) client: &'a Client,
    pub(super) resolver: Option<SocketAddr>,
    pub(super) now: UnixTime,
}

impl Walker<'_> {
    /// What is trusted for `zone`: given, or reached from a zone above it by asking the resolver.
    ///
    /// # Errors
    /// The reason the chain does not reach it.
    pub(super) fn reach(&self, trusted: &[Trust], zone: Name<'_>) -> Result<Trust, String> {
        let start =
            nearest(trusted, zone).ok_or_else(|| format!("no trust anchor is given for {zone} or a zone above it"))?;
        let mut trust = start.clone();
        // The names between, from the top: each may be a zone.
        let mut below: Vec<Name<'_>> = std::iter::successors(Some(zone), |name| name.parent())
            .take_while(|name| name.is_below(start.zone.as_name()))
            .collect();
        below.reverse();
        for name in below {
            if let Some(next) = self.step(&trust, name, zone)? {
                trust = next;
            }
        }
        Ok(trust)
    }

    /// From a trusted zone to a name below it; `None` if there is no zone of that name.
    fn step(&self, trust: &Trust, name: Name<'_>, goal: Name<'_>) -> Result<Option<Trust>, String> {
        let dnskeys = self.ask(trust.zone.as_name(), Rtype::DNSKEY)?;
        let keys = trust.keys_of(&dnskeys, self.now)?;
        let answer = self.ask(name, Rtype::DS)?;
        if let Some(ds) = rrset(&answer.answers, name, Rtype::DS) {
            ds.verify(trust.zone.as_name(), &keys, self.now).map_err(|why| format!("the DS RRset of {name} {why}"))?;
            let anchors = ds.rdatas.into_iter().map(Anchor::Ds).collect();
            return Ok(Some(Trust { zone: name.to_owned(), anchors }));
        }
        let is_zone = name == goal || {
            let soa = self.ask(name, Rtype::SOA)?;
            rrset(&soa.answers, name, Rtype::SOA).is_some()
        };
        match is_zone {
            true => Err(format!("{} has no DS for {name}, so nothing below can be validated", trust.zone)),
            false => Ok(None),
        }
    }

    fn ask(&self, name: Name<'_>, rtype: Rtype) -> Result<Answer, String> {
        let resolver = self.resolver.ok_or_else(|| {
            format!(
                "the way from the trust anchor leads by {name} {rtype}, and no resolver is known to ask (--resolver)"
            )
        })?;
        let answer = self.client.ask(resolver, &Question::recursive(name, rtype));
        let answer = answer.map_err(|problem| format!("the resolver {resolver} {problem} ({name} {rtype})"))?;
        match answer.rcode {
            NOERROR | super::message::NXDOMAIN => Ok(answer),
            rcode => {
                Err(format!("the resolver {resolver} answers {} ({name} {rtype})", super::message::rcode_text(rcode)))
            }
        }
    }
}
