//! What was seen: per server an answer, or the reason there is none, and whether the answer is to be believed.

use super::address::Server;
use super::signed::SignerId;
use crate::base::{NameBuf, Rtype, Ttl, UnixTime};
use std::collections::BTreeSet;

/// What the servers of a zone and of its parent said at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// The zone.
    pub zone: NameBuf,
    /// When the first question was sent.
    pub at: UnixTime,
    /// The parent's servers; `None` if they were not asked or not found.
    pub parent: Option<ParentSeen>,
    /// The zone's own servers; `None` if they were not asked or not found.
    pub child: Option<ChildSeen>,
    /// What could not be asked apart from single servers, in whole sentences.
    pub faults: Vec<String>,
    /// What was left out for a harmless reason, in whole sentences.
    pub notes: Vec<String>,
}

/// The parent's side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParentSeen {
    /// The parent zone, where answers or the search for servers told it.
    pub zone: Option<NameBuf>,
    /// Its servers, in the order asked.
    pub servers: Vec<Seen<DsSeen>>,
}

/// The child's side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChildSeen {
    /// Its servers, in the order asked.
    pub servers: Vec<Seen<ZoneSeen>>,
}

/// One server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen<T> {
    /// The server.
    pub server: Server,
    /// What it holds; else why that is not known, as the end of "the server …".
    pub answer: Result<T, String>,
    /// Whether DNSSEC says the answer is true.
    pub trust: Trustworthiness,
}

/// Whether DNSSEC says an answer is true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trustworthiness {
    /// No trust anchor to go by, or nothing there is to check.
    Unchecked,
    /// Its signatures lead back to a trust anchor.
    Validated,
    /// It was to be validated and could not be; the text says why. Such an answer is no observation.
    Refused(String),
}

impl<T> Seen<T> {
    /// The answer, if it may be acted on.
    ///
    /// # Errors
    /// The reason, as the end of "the server …".
    pub fn taken(&self) -> Result<&T, String> {
        match (&self.answer, &self.trust) {
            (Err(why), _) => Err(why.clone()),
            (Ok(_), Trustworthiness::Refused(why)) => Err(format!("gives an answer that is not validated: {why}")),
            (Ok(answer), _) => Ok(answer),
        }
    }
}

/// The DS RRset as one parent server has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DsSeen {
    /// RDATA in canonical order; empty if there is no DS.
    pub ds: Vec<Vec<u8>>,
    /// TTL of the RRset; without DS the time caches keep that there is none (RFC 2308 section 5).
    pub ttl: Ttl,
}

/// The zone as one of its servers has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneSeen {
    /// SOA serial.
    pub serial: u32,
    /// The time caches keep that something is not there.
    pub negative_ttl: Ttl,
    /// DNSKEY RDATA in canonical order.
    pub dnskeys: Vec<Vec<u8>>,
    /// TTL of the DNSKEY RRset; without keys the negative TTL.
    pub dnskey_ttl: Ttl,
    /// The keys that sign the DNSKEY RRset: those whose signatures are right, and those that are not published, whose
    /// signatures nobody can check.
    pub dnskey_signers: BTreeSet<SignerId>,
    /// Some of the other RRsets.
    pub samples: Vec<Sample>,
}

/// An RRset of the zone's data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Owner.
    pub owner: NameBuf,
    /// Type.
    pub rtype: Rtype,
    /// TTL.
    pub ttl: Ttl,
    /// The keys that sign it, as for the DNSKEY RRset.
    pub signers: BTreeSet<SignerId>,
    /// When the first of its signatures ends.
    pub expires: Option<UnixTime>,
}

impl Observation {
    /// Whether any server gave an answer that may be acted on.
    #[must_use]
    pub fn has_answers(&self) -> bool {
        let parent = self.parent.iter().flat_map(|parent| &parent.servers).any(|seen| seen.taken().is_ok());
        parent || self.child.iter().flat_map(|child| &child.servers).any(|seen| seen.taken().is_ok())
    }
}
