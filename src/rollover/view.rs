//! What was seen of the world: parent servers, child servers, the signed zone.

use crate::base::{Algorithm, Octets, Rtype, Ttl, UnixTime};
use crate::policy::Nsec3Policy;
use crate::rdata::dnskey::key_tag;
use crate::rdata::nsec3::Nsec3;
use crate::rdata::rrsig::Rrsig;
use crate::zone::{NodeRef, NodeStatus, RrsetRef, Zone};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// All that is known from outside at a step. What is `None` was not looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Observations {
    /// The DS RRset as the parent's servers have it.
    pub parent: Option<ParentView>,
    /// The zone as its own servers have it.
    pub children: Option<ChildView>,
    /// The signed zone as it is published.
    pub zone: Option<ZoneView>,
}

/// The DS RRset at the parent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParentView {
    /// When it was looked at.
    pub at: UnixTime,
    /// Who says so.
    pub source: Source,
    /// Every server of the parent.
    pub servers: Vec<ParentServer>,
    /// Whether the answers were validated, if somebody tried.
    #[serde(default)]
    pub validated: Option<bool>,
}

/// Who says what the parent has (I-4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The servers were asked.
    Observed,
    /// The operator gave their word.
    OperatorWord,
}

/// A server of the parent and its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParentServer {
    /// Name or address.
    pub name: String,
    /// The DS RRset, or why there is no answer.
    pub answer: Result<DsAnswer, String>,
}

/// A DS RRset as a server has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DsAnswer {
    /// RDATA; none if there is no DS.
    pub ds: Vec<Octets>,
    /// Its TTL, or that of the denial.
    pub ttl: Ttl,
}

impl Nsec3View {
    /// Whether a policy's parameters are these, whatever the salt.
    #[must_use]
    pub fn fits(&self, wanted: Nsec3Policy) -> bool {
        (self.iterations, self.opt_out, self.salt.0.len())
            == (wanted.iterations, wanted.opt_out, usize::from(wanted.salt_length))
    }
}

impl ParentView {
    /// The operator's word that the parent has exactly these DS records.
    #[must_use]
    pub fn word(ds: Vec<Octets>, ttl: Ttl, at: UnixTime) -> Self {
        let answer = Ok(DsAnswer { ds, ttl });
        let server = ParentServer { name: "operator".to_owned(), answer };
        Self { at, source: Source::OperatorWord, servers: vec![server], validated: None }
    }
}

/// The zone as its own servers have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildView {
    /// When it was looked at.
    pub at: UnixTime,
    /// Every server of the zone.
    pub servers: Vec<ChildServer>,
}

/// A server of the zone and its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildServer {
    /// Name or address.
    pub name: String,
    /// What it has, or why there is no answer.
    pub answer: Result<ChildAnswer, String>,
}

/// A zone as a server of it has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildAnswer {
    /// SOA serial.
    pub serial: u32,
    /// Negative-cache time: the smaller of the SOA's TTL and MINIMUM (`Ingc`).
    pub negative_ttl: Ttl,
    /// DNSKEY RDATA.
    pub dnskeys: Vec<Octets>,
    /// TTL of the DNSKEY RRset.
    pub dnskey_ttl: Ttl,
    /// Who signed the RRsets asked for as a sample.
    pub data_signers: BTreeSet<BTreeSet<SignerTag>>,
}

/// What an RRSIG says of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SignerTag(pub Algorithm, pub u16);

/// How a zone denies existence.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DenialView {
    /// It has no chain.
    #[default]
    None,
    /// NSEC.
    Nsec,
    /// NSEC3.
    Nsec3(Nsec3View),
}

impl fmt::Display for DenialView {
    /// `NSEC3 with salt abcd`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("no chain"),
            Self::Nsec => f.write_str("NSEC"),
            Self::Nsec3(view) => {
                f.write_str(if view.salt.0.is_empty() { "NSEC3 without salt" } else { "NSEC3 with salt " })?;
                view.salt.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))?;
                f.write_str(if view.opt_out { ", with opt-out" } else { "" })
            }
        }
    }
}

/// The parameters of an NSEC3 chain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nsec3View {
    /// Extra rounds.
    pub iterations: u16,
    /// Salt.
    pub salt: Octets,
    /// Whether insecure delegations are left out.
    pub opt_out: bool,
}

/// The signed zone as it is published: all that a rollover needs to know of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneView {
    /// SOA serial.
    pub serial: u32,
    /// DNSKEY RDATA.
    pub dnskeys: Vec<Octets>,
    /// Who signed the DNSKEY RRset.
    pub dnskey_signers: BTreeSet<SignerTag>,
    /// Who signed the rest: each RRset was signed by one of these sets; the empty one if it was not signed.
    pub data_signers: BTreeSet<BTreeSet<SignerTag>>,
    /// TTL of the DNSKEY RRset; zero without one.
    pub dnskey_ttl: Ttl,
    /// The largest TTL of anything signed, or to be signed.
    pub max_ttl: Ttl,
    /// Negative-cache time: the smaller of the SOA's TTL and MINIMUM (`Ingc`).
    pub negative_ttl: Ttl,
    /// How it denies existence.
    pub denial: DenialView,
    /// CDS RDATA.
    #[serde(default)]
    pub cds: BTreeSet<Octets>,
    /// CDNSKEY RDATA.
    #[serde(default)]
    pub cdnskey: BTreeSet<Octets>,
}

impl ZoneView {
    /// Looks through a zone, signed or not. Signatures are taken at their word, not verified.
    #[must_use]
    pub fn of(zone: &Zone) -> Self {
        let apex = zone.apex_node();
        let soa = apex.rrset(Rtype::SOA).map_or(Ttl::ZERO, RrsetRef::ttl);
        let minimum = Ttl::new(zone.soa().minimum).unwrap_or(Ttl::MAX);
        let octets = |rtype| apex.rrset(rtype).into_iter().flat_map(rdatas);
        let mut view = Self {
            serial: zone.soa().serial,
            dnskeys: octets(Rtype::DNSKEY).collect(),
            dnskey_signers: signers(apex, Rtype::DNSKEY).into_iter().collect(),
            dnskey_ttl: apex.rrset(Rtype::DNSKEY).map_or(Ttl::ZERO, RrsetRef::ttl),
            negative_ttl: soa.min(minimum),
            denial: denial_of(zone),
            cds: octets(Rtype::CDS).collect(),
            cdnskey: octets(Rtype::CDNSKEY).collect(),
            ..Self::default()
        };
        for node in zone.nodes() {
            view.look_at(node);
        }
        view
    }

    /// The DNSKEY RDATA with a tag and algorithm.
    pub fn dnskeys_tagged(&self, tag: SignerTag) -> impl Iterator<Item = &Octets> {
        self.dnskeys.iter().filter(move |rdata| tag_of(rdata) == tag)
    }

    /// Takes in the TTLs and signers of what is signed at a node.
    fn look_at(&mut self, node: NodeRef<'_>) {
        for rrset in node.rrsets().filter(|rrset| is_data(node, rrset.rtype())) {
            self.max_ttl = self.max_ttl.max(rrset.ttl());
            let signers = signers(node, rrset.rtype());
            // Few sets differ among many RRsets: compare before making another.
            if !self.data_signers.iter().any(|known| known.iter().copied().eq(signers.iter().copied())) {
                self.data_signers.insert(signers.into_iter().collect());
            }
        }
    }
}

/// What an RRSIG made by a key says of it.
pub(super) fn tag_of(dnskey: &Octets) -> SignerTag {
    SignerTag(Algorithm(dnskey.0.get(3).copied().unwrap_or_default()), key_tag(&dnskey.0))
}

/// Whether the keys that sign zone data sign an RRset (SIG-2 to SIG-6, SIG-12).
fn is_data(node: NodeRef<'_>, rtype: Rtype) -> bool {
    match node.status() {
        NodeStatus::Apex => !matches!(rtype, Rtype::RRSIG | Rtype::DNSKEY | Rtype::CDS | Rtype::CDNSKEY),
        NodeStatus::Authoritative => rtype != Rtype::RRSIG,
        NodeStatus::Delegation => matches!(rtype, Rtype::DS | Rtype::NSEC),
        NodeStatus::Occluded | NodeStatus::EmptyNonTerminal => false,
    }
}

/// Who signed an RRset, in order, each once.
fn signers(node: NodeRef<'_>, covered: Rtype) -> Vec<SignerTag> {
    let records = node.rrsigs_covering(covered).into_iter().flat_map(RrsetRef::records);
    let mut signers: Vec<_> = records
        .filter_map(|record| Rrsig::parse(record.rdata()).map(|rrsig| SignerTag(rrsig.algorithm, rrsig.key_tag)))
        .collect();
    signers.sort_unstable();
    signers.dedup();
    signers
}

fn rdatas(rrset: RrsetRef<'_>) -> impl Iterator<Item = Octets> {
    rrset.records().map(|record| Octets(record.rdata().to_vec()))
}

fn denial_of(zone: &Zone) -> DenialView {
    if zone.apex_node().has(Rtype::NSEC) {
        return DenialView::Nsec;
    }
    let Some(rrset) = zone.nodes().find_map(|node| node.rrset(Rtype::NSEC3)) else { return DenialView::None };
    Nsec3::parse(rrset.first().rdata()).map_or(DenialView::None, |nsec3| {
        DenialView::Nsec3(Nsec3View {
            iterations: nsec3.iterations,
            salt: Octets(nsec3.salt.to_vec()),
            opt_out: nsec3.flags & 1 != 0,
        })
    })
}
