//! Zones as lists of records that tests can break, and a signer of a few lines that shares nothing with the real one.

use ring::signature::{Ed25519KeyPair, KeyPair};
use std::path::{Path, PathBuf};
use zoneseal::base::{Algorithm, Class, Diagnostics, Name, NameBuf, Rtype, Ttl, UnixTime};
use zoneseal::rdata::{self, rrsig::Rrsig};
use zoneseal::verify::{Report, Rule, VerifyOptions, verify_zone};
use zoneseal::zone::build::{BuildOptions, MixedTtl, OutOfZone, build};
use zoneseal::zone::{RawRecord, RecordStore, Zone};
use zoneseal::zonefile::{self, Input, ReadOptions};

/// Inside the windows of the zones in `tests/data/verify`.
pub(crate) const AT: UnixTime = UnixTime(1_796_000_000);
/// 2026-01-01 and 2036-01-01, as those zones have them.
pub(crate) const INCEPTION: u32 = 1_767_225_600;
pub(crate) const EXPIRATION: u32 = 2_082_758_400;

pub(crate) fn data(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(path)
}

pub(crate) fn name(text: &str) -> NameBuf {
    NameBuf::from_text(text.as_bytes(), None).expect("names in tests are right")
}

/// A record on its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) owner: NameBuf,
    pub(crate) ttl: u32,
    pub(crate) rtype: Rtype,
    pub(crate) rdata: Vec<u8>,
}

impl Record {
    /// For messages.
    pub(crate) fn describe(&self) -> String {
        let mut text = Vec::new();
        rdata::push_text(self.rtype, &self.rdata, &mut text);
        format!("{} {} {}", self.owner, self.rtype, String::from_utf8_lossy(&text))
    }
}

/// A zone as a list of records.
#[derive(Clone, Debug)]
pub(crate) struct Records(pub(crate) Vec<Record>);

impl Records {
    #[track_caller]
    pub(crate) fn load(path: &str) -> Self {
        Self::load_at(path, None)
    }

    /// Reads a file whose relative names need an origin.
    #[track_caller]
    pub(crate) fn load_at(path: &str, origin: Option<&str>) -> Self {
        let mut findings = Diagnostics::new(10);
        let options = ReadOptions { origin: origin.map(name), ..ReadOptions::default() };
        let store = zonefile::read(Input::Path(&data(path)), &options, &mut findings).unwrap();
        assert!(!findings.has_errors(), "{:?}", findings.list());
        let record = |raw: &RawRecord| Record {
            owner: store.owner(raw).to_owned(),
            ttl: raw.ttl.seconds(),
            rtype: raw.rtype,
            rdata: store.rdata(raw).to_vec(),
        };
        Self(store.records().map(|raw| record(&raw)).collect())
    }

    /// The zone of these records, if there is one.
    pub(crate) fn build(&self) -> Option<Zone> {
        let mut store = RecordStore::new();
        let file = store.add_file("test");
        for (line, record) in (1..).zip(&self.0) {
            let owner = store.intern(record.owner.as_name().as_wire());
            let rdata = store.intern(&record.rdata);
            let ttl = Ttl::new(record.ttl).unwrap();
            store.push(RawRecord { owner, rdata, ttl, line, rtype: record.rtype, class: Class::IN, file });
        }
        let options = BuildOptions { apex: None, out_of_zone: OutOfZone::Drop, mixed_ttl: MixedTtl::Keep };
        build(store, &options, &mut Diagnostics::new(10))
    }

    /// What the verifier says; `None` if there is no zone to verify.
    pub(crate) fn verify(&self) -> Option<Report> {
        Some(verify_zone(&self.build()?, &VerifyOptions::new(AT)))
    }

    /// The rules broken, errors and warnings.
    #[track_caller]
    pub(crate) fn rules(&self) -> Vec<Rule> {
        self.verify().expect("a zone").counts_by_rule.into_keys().collect()
    }

    /// The one record of a type at a name.
    #[track_caller]
    pub(crate) fn one(&mut self, owner: &str, rtype: Rtype) -> &mut Record {
        let owner = name(owner);
        let mut found =
            self.0.iter_mut().filter(|record| record.owner.as_name() == owner.as_name() && record.rtype == rtype);
        let one = found.next().unwrap_or_else(|| panic!("no {rtype} at {owner}"));
        assert!(found.next().is_none(), "several {rtype} at {owner}");
        one
    }

    pub(crate) fn remove(&mut self, owner: &str, rtype: Rtype) {
        let owner = name(owner);
        let before = self.0.len();
        self.0.retain(|record| record.owner.as_name() != owner.as_name() || record.rtype != rtype);
        assert!(self.0.len() < before, "no {rtype} at {owner} to remove");
    }

    /// Adds a record given as text.
    #[track_caller]
    pub(crate) fn add(&mut self, text: &str) {
        let mut findings = Diagnostics::new(10);
        let input = Input::Bytes { name: "added", text: text.as_bytes() };
        let store = zonefile::read(input, &ReadOptions::default(), &mut findings).unwrap();
        assert!(!findings.has_errors(), "{:?}", findings.list());
        for raw in store.records() {
            self.0.push(Record {
                owner: store.owner(&raw).to_owned(),
                ttl: raw.ttl.seconds(),
                rtype: raw.rtype,
                rdata: store.rdata(&raw).to_vec(),
            });
        }
    }

    /// Removes the signatures over a type at a name.
    pub(crate) fn unsign(&mut self, owner: &str, covered: Rtype) {
        let owner = name(owner);
        self.0.retain(|record| !(record.owner.as_name() == owner.as_name() && covered_by(record) == Some(covered)));
    }
}

/// The type an RRSIG covers.
pub(crate) fn covered_by(record: &Record) -> Option<Rtype> {
    (record.rtype == Rtype::RRSIG).then(|| Rtype(u16::from_be_bytes([record.rdata[0], record.rdata[1]])))
}

/// A key known to the tests, and what it signs.
pub(crate) struct TestKey {
    pair: Ed25519KeyPair,
    pub(crate) dnskey: Vec<u8>,
}

impl TestKey {
    pub(crate) fn new(seed: u8, flags: u16) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap();
        let mut dnskey = flags.to_be_bytes().to_vec();
        dnskey.extend_from_slice(&[3, 15]);
        dnskey.extend_from_slice(pair.public_key().as_ref());
        Self { pair, dnskey }
    }

    pub(crate) fn tag(&self) -> u16 {
        rdata::dnskey::key_tag(&self.dnskey)
    }

    /// The RRSIG header this key would make for an RRset.
    pub(crate) fn header<'a>(&self, owner: Name<'_>, rtype: Rtype, ttl: u32, apex: Name<'a>) -> Rrsig<'a> {
        Rrsig {
            covered: rtype,
            algorithm: Algorithm::ED25519,
            labels: owner.rrsig_labels(),
            original_ttl: ttl,
            expiration: zoneseal::base::Timestamp(EXPIRATION),
            inception: zoneseal::base::Timestamp(INCEPTION),
            key_tag: self.tag(),
            signer: apex,
            signature: &[],
        }
    }

    /// Replaces all signatures over an RRset by one of this key, whose header `change` may bend before it is signed.
    #[track_caller]
    pub(crate) fn sign_with(&self, zone: &mut Records, owner: &str, rtype: Rtype, change: impl FnOnce(&mut Rrsig<'_>)) {
        zone.unsign(owner, rtype);
        self.add_signature(zone, owner, rtype, change);
    }

    /// Adds a signature of this key to an RRset.
    #[track_caller]
    pub(crate) fn add_signature(
        &self,
        zone: &mut Records,
        owner: &str,
        rtype: Rtype,
        change: impl FnOnce(&mut Rrsig<'_>),
    ) {
        let owner = name(owner);
        let apex = zone.0.iter().find(|record| record.rtype == Rtype::SOA).unwrap().owner.clone();
        let rrset: Vec<&Record> =
            zone.0.iter().filter(|record| record.owner.as_name() == owner.as_name() && record.rtype == rtype).collect();
        let ttl = rrset.first().unwrap_or_else(|| panic!("no {rtype} at {owner} to sign")).ttl;
        let mut rrsig = self.header(owner.as_name(), rtype, ttl, apex.as_name());
        change(&mut rrsig);
        let mut data = Vec::new();
        rrsig.push_header(&mut data);
        let mut message = data.clone();
        let mut sorted: Vec<Vec<u8>> = rrset.iter().map(|record| canonical(record)).collect();
        sorted.sort();
        sorted.dedup();
        for rdata in sorted {
            push_signed_owner(owner.as_name(), rrsig.labels, &mut message);
            message.extend_from_slice(&rtype.0.to_be_bytes());
            message.extend_from_slice(&[0, 1]);
            message.extend_from_slice(&rrsig.original_ttl.to_be_bytes());
            message.extend_from_slice(&u16::try_from(rdata.len()).unwrap().to_be_bytes());
            message.extend_from_slice(&rdata);
        }
        data.extend_from_slice(self.pair.sign(&message).as_ref());
        zone.0.push(Record { owner, ttl, rtype: Rtype::RRSIG, rdata: data });
    }

    #[track_caller]
    pub(crate) fn sign(&self, zone: &mut Records, owner: &str, rtype: Rtype) {
        self.sign_with(zone, owner, rtype, |_| ());
    }

    /// Makes the zone this key's: its DNSKEY alone at the apex, CDS and CDNSKEY for it, and its signatures wherever there
    /// were any.
    pub(crate) fn adopt(&self, zone: &mut Records) {
        for record in &mut zone.0 {
            if matches!(record.rtype, Rtype::DNSKEY | Rtype::CDNSKEY) {
                record.rdata.clone_from(&self.dnskey);
            } else if record.rtype == Rtype::CDS {
                record.rdata = self.ds(record.owner.as_name());
            }
        }
        let mut seen = Vec::new();
        zone.0.retain(|record| {
            let is_new = record.rtype != Rtype::DNSKEY || !seen.contains(&record.rdata);
            seen.push(record.rdata.clone());
            is_new
        });
        let mut signed: Vec<(String, Rtype)> =
            zone.0.iter().filter_map(|record| Some((record.owner.to_string(), covered_by(record)?))).collect();
        signed.dedup();
        for (owner, rtype) in signed {
            self.sign(zone, &owner, rtype);
        }
    }

    /// Its DS with SHA-256.
    pub(crate) fn ds(&self, apex: Name<'_>) -> Vec<u8> {
        let mut input = apex.to_canonical().as_name().as_wire().to_vec();
        input.extend_from_slice(&self.dnskey);
        let mut ds = self.tag().to_be_bytes().to_vec();
        ds.extend_from_slice(&[15, 2]);
        ds.extend_from_slice(ring::digest::digest(&ring::digest::SHA256, &input).as_ref());
        ds
    }
}

fn canonical(record: &Record) -> Vec<u8> {
    let mut out = Vec::new();
    rdata::push_canonical(record.rtype, &record.rdata, &mut out);
    out
}

/// The owner as signed: with fewer labels than it has, the wildcard it would have been expanded from.
fn push_signed_owner(owner: Name<'_>, labels: u8, out: &mut Vec<u8>) {
    let mut suffix = owner;
    let mut is_cut = false;
    while suffix.rrsig_labels() > labels {
        suffix = suffix.parent().unwrap();
        is_cut = true;
    }
    if is_cut {
        out.extend_from_slice(b"\x01*");
    }
    suffix.push_canonical(out);
}
