//! Questions and answers in our own types; hickory-proto reads and writes the messages.

use crate::base::{Name, NameBuf, Rtype, Ttl};
use crate::rdata;
use hickory_proto::ProtoError;
use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query};
use hickory_proto::rr as hickory;
use hickory_proto::serialize::binary::{BinEncodable, BinEncoder, NameEncoding};

/// The size of UDP answers asked for: fits every path without fragments (DNS flag day 2020).
pub(super) const UDP_SIZE: u16 = 1232;

/// What to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The name.
    pub name: NameBuf,
    /// The type.
    pub rtype: Rtype,
    /// Whether a resolver is asked, which then follows referrals and leaves the checking to us (RFC 4035 section 3.2.2).
    pub is_recursive: bool,
}

impl Question {
    /// For an authoritative server.
    #[must_use]
    pub fn new(name: Name<'_>, rtype: Rtype) -> Self {
        Self { name: name.to_owned(), rtype, is_recursive: false }
    }

    /// For a resolver.
    #[must_use]
    pub fn recursive(name: Name<'_>, rtype: Rtype) -> Self {
        Self { name: name.to_owned(), rtype, is_recursive: true }
    }

    /// The query, with EDNS and the DO bit.
    ///
    /// # Errors
    /// Never for names that are names; hickory's encoder could say so.
    pub(super) fn to_wire(&self, id: u16) -> Result<Vec<u8>, ProtoError> {
        let mut message = Message::new(id, MessageType::Query, OpCode::Query);
        message.metadata.recursion_desired = self.is_recursive;
        message.metadata.checking_disabled = self.is_recursive;
        let name = hickory::Name::from_labels(self.name.as_name().labels())?;
        message.add_query(Query::query(name, hickory::RecordType::from(self.rtype.0)));
        let mut edns = Edns::new();
        edns.set_dnssec_ok(true).set_max_payload(UDP_SIZE);
        message.set_edns(edns);
        message.to_vec()
    }

    /// Whether a message answers this question, asked with this id.
    fn is_answered_by(&self, id: u16, message: &Message) -> bool {
        let metadata = &message.metadata;
        let has_head =
            metadata.id == id && metadata.message_type == MessageType::Response && metadata.op_code == OpCode::Query;
        let [query] = message.queries.as_slice() else {
            // A server that cannot read the question may leave it out; an answer with content must repeat it.
            return has_head
                && message.queries.is_empty()
                && message.answers.is_empty()
                && message.authorities.is_empty();
        };
        has_head
            && u16::from(query.query_type()) == self.rtype.0
            && u16::from(query.query_class()) == 1
            && name_of(query.name()).is_some_and(|name| name == self.name)
    }
}

/// A record of an answer, class IN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Owner.
    pub owner: NameBuf,
    /// Type.
    pub rtype: Rtype,
    /// TTL; one above 2^31 - 1 reads as 0 (RFC 2181 section 8).
    pub ttl: Ttl,
    /// RDATA, names uncompressed.
    pub rdata: Vec<u8>,
}

/// An answer to the question that was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Response code, EDNS bits included.
    pub rcode: u16,
    /// The AA bit.
    pub is_authoritative: bool,
    /// The TC bit.
    pub is_truncated: bool,
    /// Answer section.
    pub answers: Vec<Record>,
    /// Authority section.
    pub authorities: Vec<Record>,
}

/// What octets from the server's address are.
#[derive(Debug)]
pub(super) enum Received {
    /// The answer.
    Answer(Answer),
    /// Something else, perhaps forged: not to be looked at further.
    Stranger,
    /// It has the id, but cannot be read.
    Malformed(String),
}

impl Answer {
    /// Reads a message as the answer to a question asked with an id.
    pub(super) fn receive(octets: &[u8], id: u16, question: &Question) -> Received {
        if !octets.starts_with(&id.to_be_bytes()) {
            return Received::Stranger;
        }
        let message = match Message::from_vec(octets) {
            Ok(message) => message,
            Err(error) => return Received::Malformed(error.to_string()),
        };
        if !question.is_answered_by(id, &message) {
            return Received::Stranger;
        }
        match (records(&message.answers), records(&message.authorities)) {
            (Ok(answers), Ok(authorities)) => Received::Answer(Self {
                rcode: u16::from(message.metadata.response_code),
                is_authoritative: message.metadata.authoritative,
                is_truncated: message.metadata.truncation,
                answers,
                authorities,
            }),
            (Err(error), _) | (_, Err(error)) => Received::Malformed(error),
        }
    }
}

fn records(section: &[hickory::Record]) -> Result<Vec<Record>, String> {
    let is_in = |record: &&hickory::Record| u16::from(record.dns_class) == 1;
    section.iter().filter(is_in).map(record).collect()
}

fn record(record: &hickory::Record) -> Result<Record, String> {
    let owner = name_of(&record.name).ok_or("a record has an owner that is no name")?;
    let rtype = Rtype(u16::from(record.record_type()));
    let mut data = Vec::new();
    let mut encoder = BinEncoder::new(&mut data);
    encoder.set_name_encoding(NameEncoding::Uncompressed);
    record.data.emit(&mut encoder).map_err(|error| error.to_string())?;
    rdata::check_wire(rtype, &data).map_err(|error| format!("{owner} {rtype}: {}", error.message))?;
    Ok(Record { owner, rtype, ttl: Ttl::new(record.ttl).unwrap_or(Ttl::ZERO), rdata: data })
}

/// Our form of a name of hickory's.
fn name_of(name: &hickory::Name) -> Option<NameBuf> {
    let mut wire = Vec::with_capacity(name.len() + 1);
    for label in name.iter() {
        wire.push(u8::try_from(label.len()).ok()?);
        wire.extend_from_slice(label);
    }
    wire.push(0);
    Name::from_wire(&wire).ok().map(Name::to_owned)
}

/// The name of a response code.
#[must_use]
pub(super) fn rcode_text(rcode: u16) -> String {
    let names = [
        "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH",
    ];
    match (names.get(usize::from(rcode)), rcode) {
        (Some(name), _) => (*name).into(),
        (None, 16) => "BADVERS".into(),
        (None, _) => format!("response code {rcode}"),
    }
}

/// No error.
pub(super) const NOERROR: u16 = 0;
/// The name does not exist.
pub(super) const NXDOMAIN: u16 = 3;
