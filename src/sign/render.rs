//! Signs and formats one owner of the signed zone after the other: the work of one thread on one chunk.

use super::plan::{KeyName, Plan, Signers};
use super::previous::Reuse;
use super::tbs::push_canonical_rrset;
use super::times::Expirations;
use crate::base::text::{base64_len, fill_base64};
use crate::base::{Name, Rtype, Timestamp, Ttl};
use crate::crypto::CryptoError;
use crate::denial::{Denial, OwnerItem, chain_ttl};
use crate::output::text::push_after_owner;
use crate::rdata::{self, rrsig::Rrsig};
use crate::zone::{Cursor, NodeRef, NodeStatus, RecordRef, RrsetRef, Zone};
use std::collections::BTreeSet;
use std::ops::Range;

/// What all threads of a run share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Job<'a> {
    pub(super) zone: &'a Zone,
    pub(super) denial: &'a Denial,
    pub(super) plan: &'a Plan<'a>,
    /// What an earlier signing made that still stands.
    reuse: Option<&'a Reuse<'a>>,
    /// TTL of the chain's records.
    chain_ttl: Ttl,
    /// Whether the records are also wanted as a ZONEMD digest takes them.
    wants_wire: bool,
}

/// A finished chunk, or several in a row.
#[derive(Debug, Default)]
pub(super) struct Rendered {
    /// Zone text.
    pub(super) text: Vec<u8>,
    /// Canonical wire form, in the order of RFC 8976 section 3.3.1, if asked for.
    pub(super) wire: Vec<u8>,
    /// Where in `text` the apex ZONEMD RRset stands with its signatures; empty if not there.
    pub(super) zonemd_text: Range<usize>,
    pub(super) tally: Tally,
}

/// How much was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) owners: u64,
    pub(super) records: u64,
    /// Signatures made, by key, in the order of the plan.
    pub(super) signatures: Vec<u64>,
    /// Which keys have signed RRsets of zone data together.
    pub(super) data_signers: BTreeSet<Vec<KeyName>>,
    /// Of all signatures, made or kept.
    pub(super) expirations: Expirations,
}

impl Tally {
    pub(super) fn add(&mut self, other: &Self) {
        self.owners += other.owners;
        self.records += other.records;
        self.signatures.resize(self.signatures.len().max(other.signatures.len()), 0);
        for (sum, count) in self.signatures.iter_mut().zip(&other.signatures) {
            *sum += count;
        }
        self.expirations.add(&other.expirations);
        other.data_signers.iter().for_each(|signers| self.see_data_signers(signers));
    }

    /// Notes the keys that have signed an RRset.
    fn see_data_signers(&mut self, signers: &[KeyName]) {
        if !self.data_signers.contains(signers) {
            self.data_signers.insert(signers.to_vec());
        }
    }
}

/// An RRset to write: of the zone, or a record of the chain.
#[derive(Clone, Copy, Debug)]
pub(super) struct Set<'s> {
    pub(super) rtype: Rtype,
    pub(super) ttl: Ttl,
    rrset: Option<RrsetRef<'s>>,
    chain_rdata: Option<&'s [u8]>,
}

impl<'s> Set<'s> {
    fn of_zone(rrset: RrsetRef<'s>) -> Self {
        Self { rtype: rrset.rtype(), ttl: rrset.ttl(), rrset: Some(rrset), chain_rdata: None }
    }

    pub(super) fn rdatas(self) -> impl Iterator<Item = &'s [u8]> {
        let (mut records, mut chain_rdata) = (self.rrset.map(RrsetRef::records), self.chain_rdata);
        std::iter::from_fn(move || match &mut records {
            Some(records) => records.next().map(RecordRef::rdata),
            None => chain_rdata.take(),
        })
    }
}

/// An owner of the signed zone with all that is to stand at it but signatures.
#[derive(Clone, Copy, Debug)]
pub(super) struct Owner<'s> {
    pub(super) name: Name<'s>,
    pub(super) node: Option<NodeRef<'s>>,
    pub(super) chain: Option<Set<'s>>,
}

impl<'s> Owner<'s> {
    /// Its RRsets, ascending by type.
    pub(super) fn sets(self) -> impl Iterator<Item = Set<'s>> {
        let mut rrsets = self.node.map(NodeRef::rrsets);
        let mut next_of_zone = move || rrsets.as_mut()?.next().map(Set::of_zone);
        let (mut of_zone, mut chain) = (next_of_zone(), self.chain);
        std::iter::from_fn(move || {
            let comes_first = |link: &mut Set<'_>| of_zone.is_none_or(|set| link.rtype < set.rtype);
            chain.take_if(comes_first).or_else(|| std::mem::replace(&mut of_zone, next_of_zone()))
        })
    }
}

/// Buffers used again for every owner of a chunk.
#[derive(Debug, Default)]
struct Scratch {
    /// The owner in text.
    owner_text: Vec<u8>,
    /// The owner in canonical form.
    owner: Vec<u8>,
    /// What is yet to be signed: of each the RRSIG header, then the RRset.
    messages: Vec<u8>,
    unsigned: Vec<Unsigned>,
    signature: Vec<u8>,
    /// RDATA of all RRSIGs of the owner, if records are wanted in wire form.
    rrsigs: Vec<u8>,
    made: Vec<Made>,
    /// Who signed the RRset.
    signers: Vec<KeyName>,
}

/// An RRSIG that is written but for its signature.
#[derive(Clone, Debug)]
struct Unsigned {
    /// Index of the key in the plan.
    key: usize,
    /// What is to be signed, in [`Scratch::messages`].
    message: Range<usize>,
    /// Where room was left for the signature: in the text, and in [`Scratch::rrsigs`].
    text: Range<usize>,
    rdata: Range<usize>,
}

/// An RRSIG that was made, or kept.
#[derive(Clone, Debug)]
struct Made {
    covered: Rtype,
    ttl: Ttl,
    /// Its RDATA in [`Scratch::rrsigs`].
    rdata: Range<usize>,
}

/// How many octets wait to be signed before that is done.
const MESSAGES_MAX: usize = 1 << 16;

impl<'a> Job<'a> {
    pub(super) fn new(zone: &'a Zone, denial: &'a Denial, plan: &'a Plan<'a>, wants_wire: bool) -> Self {
        Self { zone, denial, plan, reuse: None, chain_ttl: chain_ttl(zone), wants_wire }
    }

    /// The same work, less what stands already.
    pub(super) const fn reusing(self, reuse: Option<&'a Reuse<'a>>) -> Self {
        Self { reuse, ..self }
    }

    /// How many owners there are, or a few more: of an NSEC3 chain each may be one of its own.
    pub(super) fn owner_count(&self) -> usize {
        match self.denial {
            Denial::Nsec(_) => self.zone.node_count(),
            Denial::Nsec3(_) => self.zone.node_count() + self.denial.len(),
        }
    }

    /// Signs and formats a chunk of owners, the first of which is at a place of the walk; those that stand as text are
    /// copied.
    pub(super) fn render(&self, items: &[OwnerItem], place: usize) -> Result<Rendered, CryptoError> {
        let mut out = Rendered::default();
        out.tally.signatures = vec![0; self.plan.keys().len()];
        let mut scratch = Scratch::default();
        let mut cursor = self.reuse.map(|reuse| Cursor::new(reuse.zone()));
        let mut at = 0;
        while at < items.len() {
            if let Some(lines) = self.standing_lines(place + at) {
                out.text.extend_from_slice(lines);
                out.tally.owners += 1;
                at += 1;
                continue;
            }
            let new = (at..items.len()).take_while(|at| self.standing_lines(place + at).is_none()).count();
            self.touch(&items[at..at + new]);
            self.try_for_each_owner(&items[at..at + new], |owner| {
                scratch.begin(owner.name);
                let before = cursor.as_mut().and_then(|cursor| cursor.node_at(owner.name));
                self.render_owner(owner, before, &mut scratch, &mut out)?;
                out.tally.owners += 1;
                Ok(())
            })?;
            at += new;
        }
        self.sign_all(&mut scratch, &mut out.text)?;
        Ok(out)
    }

    /// Has what is needed of some owners brought into the processor's cache; links of NSEC3 are about names anywhere.
    fn touch(&self, items: &[OwnerItem]) {
        self.zone.touch(items.iter().filter_map(|item| item.node).map(|node| node as usize));
        if let Denial::Nsec3(chain) = self.denial {
            let links = items.iter().filter_map(|item| item.link);
            self.zone.touch_rrsets(links.map(|link| chain.links()[link as usize].node as usize));
        }
    }

    /// What there is to say of the owners that stand as text, but how many they are.
    pub(super) fn standing_tally(&self) -> Tally {
        self.reuse.and_then(Reuse::standing).map_or_else(Tally::default, |standing| standing.tally.clone())
    }

    /// The lines of the owner at a place of the walk, if they stand.
    fn standing_lines(&self, place: usize) -> Option<&'a [u8]> {
        self.reuse?.standing_lines(place)
    }

    /// Calls `act` with the owners of a chunk, one after the other.
    pub(super) fn try_for_each_owner<E>(
        &self,
        items: &[OwnerItem],
        mut act: impl FnMut(Owner<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let (mut link_owner, mut chain_rdata) = (Vec::new(), Vec::new());
        for item in items {
            let node = item.node.map(|index| self.zone.node(index as usize));
            chain_rdata.clear();
            link_owner.clear();
            if let Some(link) = item.link {
                self.denial.push_rdata(self.zone, link as usize, &mut chain_rdata);
                self.denial.push_owner(self.zone, link as usize, &mut link_owner);
            }
            let name = node.map_or_else(|| Name::from_wire_trusted(&link_owner), NodeRef::owner);
            act(Owner { name, node, chain: item.link.map(|_| self.chain_set(&chain_rdata)) })?;
        }
        Ok(())
    }

    /// Formats the apex ZONEMD RRset with fresh signatures, as [`Rendered::zonemd_text`] holds it.
    pub(super) fn render_zonemd(&self) -> Result<Vec<u8>, CryptoError> {
        let mut out = Rendered::default();
        out.tally.signatures = vec![0; self.plan.keys().len()];
        let mut scratch = Scratch::default();
        let apex = self.zone.apex_node();
        scratch.begin(apex.owner());
        if let Some(rrset) = apex.rrset(Rtype::ZONEMD) {
            let set = Set::of_zone(rrset);
            let owner = Owner { name: apex.owner(), node: Some(apex), chain: None };
            self.render_set(owner, None, set, &mut scratch, &mut out);
        }
        self.sign_all(&mut scratch, &mut out.text)?;
        Ok(out.text)
    }

    const fn chain_set<'s>(&self, rdata: &'s [u8]) -> Set<'s> {
        Set { rtype: self.denial.rtype(), ttl: self.chain_ttl, rrset: None, chain_rdata: Some(rdata) }
    }

    /// The keys that sign an RRset.
    pub(super) fn signers(&self, owner: Owner<'_>, set: Set<'_>) -> Signers<'a> {
        match owner.node {
            Some(node) if set.rrset.is_some() => self.plan.signers(node.status(), set.rtype),
            _ => self.plan.data_signers(),
        }
    }

    /// Writes the RRsets of an owner, ascending by type with the SOA in front, each with its signatures behind it.
    fn render_owner(
        &self,
        owner: Owner<'_>,
        before: Option<NodeRef<'_>>,
        scratch: &mut Scratch,
        out: &mut Rendered,
    ) -> Result<(), CryptoError> {
        let soa = owner.node.and_then(|node| node.rrset(Rtype::SOA)).map(Set::of_zone);
        let rest = owner.sets().filter(|set| set.rtype != Rtype::SOA);
        for set in soa.into_iter().chain(rest) {
            let start = out.text.len();
            self.render_set(owner, before, set, scratch, out);
            if is_apex_zonemd(owner.node, set.rtype) {
                out.zonemd_text = start..out.text.len();
            }
        }
        if self.wants_wire || scratch.messages.len() > MESSAGES_MAX {
            self.sign_all(scratch, &mut out.text)?;
        }
        if self.wants_wire {
            self.push_wire(owner, scratch, &mut out.wire);
        }
        Ok(())
    }

    /// Writes an RRset and its RRSIGs, with room for the signatures that are to be made.
    fn render_set(
        &self,
        owner: Owner<'_>,
        before: Option<NodeRef<'_>>,
        set: Set<'_>,
        scratch: &mut Scratch,
        out: &mut Rendered,
    ) {
        let class = self.zone.class();
        for rdata in set.rdatas() {
            out.text.extend_from_slice(&scratch.owner_text);
            push_after_owner(set.ttl, class, set.rtype, &mut out.text);
            rdata::push_text(set.rtype, rdata, &mut out.text);
            out.text.push(b'\n');
            out.tally.records += 1;
        }
        self.render_rrsigs(owner, before, set, scratch, out);
    }

    /// The RRSIG of a key over an RRset, without the signature.
    pub(super) fn header(
        &self,
        owner: Owner<'_>,
        set: Set<'_>,
        (algorithm, key_tag): KeyName,
        times: (Timestamp, Timestamp),
    ) -> Rrsig<'a> {
        Rrsig {
            covered: set.rtype,
            algorithm,
            labels: owner.name.rrsig_labels(),
            original_ttl: set.ttl.seconds(),
            expiration: times.1,
            inception: times.0,
            key_tag,
            signer: self.zone.apex(),
            signature: &[],
        }
    }

    /// Writes the RRSIGs over an RRset (SIG-2, SIG-13): those that still stand as they are, those to be made with room for
    /// the signature. None is made where one of an old key stands in for it.
    fn render_rrsigs(
        &self,
        owner: Owner<'_>,
        before: Option<NodeRef<'_>>,
        set: Set<'_>,
        scratch: &mut Scratch,
        out: &mut Rendered,
    ) {
        let times = self.plan.times();
        let Signers { keys, old_keys, is_data } = self.signers(owner, set);
        scratch.signers.clear();
        let kept = |key| self.reuse.zip(before).and_then(|(reuse, before)| reuse.kept(before, set.rtype, key));
        for (old, rrsig) in old_keys.iter().filter_map(|old| Some((old, kept(old.name())?))) {
            scratch.signers.push(old.name());
            out.tally.expirations.see(set.rtype, rrsig.expiration.to_unix_near(times.now()));
            self.push_rrsig(&rrsig, set, rrsig.signature.len(), scratch, out);
        }
        // Each key signs the same RRset.
        let mut records: Option<Range<usize>> = None;
        for &index in keys {
            let key = &self.plan.keys()[index];
            if old_keys.iter().any(|old| old.algorithm == key.algorithm() && kept(old.name()).is_some()) {
                continue;
            }
            scratch.signers.push(key.name());
            if let Some(rrsig) = kept(key.name()) {
                let expiration = rrsig.expiration.to_unix_near(times.now());
                out.tally.expirations.see(set.rtype, expiration);
                let dates = (rrsig.inception, expiration.to_timestamp());
                let header = self.header(owner, set, key.name(), dates);
                self.push_rrsig(
                    &Rrsig { signature: rrsig.signature, ..header },
                    set,
                    rrsig.signature.len(),
                    scratch,
                    out,
                );
                continue;
            }
            let expiration = times.expiration(&scratch.owner, set.rtype);
            out.tally.expirations.see(set.rtype, expiration);
            let header = self.header(owner, set, key.name(), (times.inception(), expiration.to_timestamp()));
            let message = scratch.messages.len();
            header.push_header(&mut scratch.messages);
            let start = scratch.messages.len();
            match &records {
                Some(records) => scratch.messages.extend_from_within(records.clone()),
                None => {
                    let Scratch { owner, messages, .. } = &mut *scratch;
                    push_canonical_rrset(owner, set.rtype, self.zone.class(), set.ttl, set.rdatas(), messages);
                    records = Some(start..messages.len());
                }
            }
            let message = message..scratch.messages.len();
            let (text, rdata) = self.push_rrsig(&header, set, key.signer.signature_len(), scratch, out);
            scratch.unsigned.push(Unsigned { key: index, message, text, rdata });
            out.tally.signatures[index] += 1;
        }
        if is_data {
            scratch.signers.sort_unstable();
            out.tally.see_data_signers(&scratch.signers);
        }
    }

    /// Writes an RRSIG. If it has no signature, room for one of so many octets is left, which is returned: in the text, and
    /// in [`Scratch::rrsigs`].
    fn push_rrsig(
        &self,
        rrsig: &Rrsig<'_>,
        set: Set<'_>,
        signature_len: usize,
        scratch: &mut Scratch,
        out: &mut Rendered,
    ) -> (Range<usize>, Range<usize>) {
        out.text.extend_from_slice(&scratch.owner_text);
        push_after_owner(set.ttl, self.zone.class(), Rtype::RRSIG, &mut out.text);
        rrsig.push_header_text(&mut out.text);
        let text = out.text.len()..out.text.len() + base64_len(signature_len);
        out.text.resize(text.end, 0);
        if !rrsig.signature.is_empty() {
            fill_base64(rrsig.signature, &mut out.text[text.clone()]);
        }
        out.text.push(b'\n');
        out.tally.records += 1;
        if !self.wants_wire {
            return (text, 0..0);
        }
        let start = scratch.rrsigs.len();
        rrsig.push_header(&mut scratch.rrsigs);
        let rdata = scratch.rrsigs.len()..scratch.rrsigs.len() + signature_len;
        scratch.rrsigs.extend_from_slice(rrsig.signature);
        scratch.rrsigs.resize(rdata.end, 0);
        scratch.made.push(Made { covered: set.rtype, ttl: set.ttl, rdata: start..rdata.end });
        (text, rdata)
    }

    /// Makes the signatures for which room was left: one behind the other, for what a library needs to sign fills the
    /// processor's nearest cache, as does what it takes to write records.
    fn sign_all(&self, scratch: &mut Scratch, out: &mut [u8]) -> Result<(), CryptoError> {
        let Scratch { messages, unsigned, signature, rrsigs, .. } = scratch;
        for Unsigned { key, message, text, rdata } in unsigned.drain(..) {
            let signer = self.plan.keys()[key].signer;
            signature.clear();
            signer.sign(&messages[message], signature)?;
            if signature.len() != signer.signature_len() {
                return Err(CryptoError::SigningFailed(signer.algorithm()));
            }
            fill_base64(signature, &mut out[text]);
            if self.wants_wire {
                rrsigs[rdata].copy_from_slice(signature);
            }
        }
        messages.clear();
        Ok(())
    }

    /// Appends the records of an owner as a ZONEMD digest takes them: ascending by type number, then by RDATA, without
    /// the apex ZONEMD and the signatures over it (RFC 8976 section 3.3.1, ZMD-3).
    fn push_wire(&self, owner: Owner<'_>, scratch: &mut Scratch, out: &mut Vec<u8>) {
        let class = self.zone.class();
        scratch.sort_made();
        let push_set = |set: Set<'_>, out: &mut Vec<u8>| {
            push_canonical_rrset(&scratch.owner, set.rtype, class, set.ttl, set.rdatas(), out);
        };
        owner.sets().filter(|set| set.rtype < Rtype::RRSIG).for_each(|set| push_set(set, out));
        for made in &scratch.made {
            if !is_apex_zonemd(owner.node, made.covered) {
                let rdata = std::iter::once(&scratch.rrsigs[made.rdata.clone()]);
                push_canonical_rrset(&scratch.owner, Rtype::RRSIG, class, made.ttl, rdata, out);
            }
        }
        owner
            .sets()
            .filter(|set| set.rtype > Rtype::RRSIG)
            .filter(|set| !is_apex_zonemd(owner.node, set.rtype))
            .for_each(|set| push_set(set, out));
    }
}

impl Scratch {
    /// Turns to the next owner.
    fn begin(&mut self, owner: Name<'_>) {
        self.owner_text.clear();
        owner.push_text(&mut self.owner_text);
        self.owner.clear();
        owner.push_canonical(&mut self.owner);
        self.rrsigs.clear();
        self.made.clear();
    }

    /// Puts the owner's RRSIGs in canonical order.
    fn sort_made(&mut self) {
        let rrsigs = &self.rrsigs;
        self.made.sort_unstable_by(|left, right| rrsigs[left.rdata.clone()].cmp(&rrsigs[right.rdata.clone()]));
    }
}

fn is_apex_zonemd(node: Option<NodeRef<'_>>, rtype: Rtype) -> bool {
    rtype == Rtype::ZONEMD && node.is_some_and(|node| node.status() == NodeStatus::Apex)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Diagnostics, NameBuf, UnixTime, text::push_hex};
    use crate::crypto::digest::Hasher;
    use crate::denial::NsecChain;
    use crate::sign::{SignatureTimes, TimeOptions};
    use crate::zone::{BuildOptions, MixedTtl, OutOfZone};
    use crate::zonefile::{self, Input, ReadOptions};

    /// The digests over the octets that a run hands to ZONEMD, for a zone as it stands: no keys, no chain.
    fn digests(text: &str) -> (Zone, [String; 2]) {
        let origin: NameBuf = "example.".parse().unwrap();
        let mut findings = Diagnostics::new(20);
        let options = ReadOptions { origin: Some(origin), ..ReadOptions::default() };
        let store =
            zonefile::read(Input::Bytes { name: "test", text: text.as_bytes() }, &options, &mut findings).unwrap();
        let options = BuildOptions { apex: None, out_of_zone: OutOfZone::Drop, mixed_ttl: MixedTtl::Keep };
        let zone = crate::zone::build(store, &options, &mut findings).unwrap();
        assert!(!findings.has_errors(), "{:?}", findings.list());
        let denial = Denial::Nsec(NsecChain::build(&zone));
        let times = SignatureTimes::resolve(&TimeOptions::default(), UnixTime(1_700_000_000)).unwrap();
        let plan = Plan::new(Vec::new(), times);
        let items: Vec<OwnerItem> =
            (0..).take(zone.node_count()).map(|node| OwnerItem { node: Some(node), link: None }).collect();
        let rendered = Job::new(&zone, &denial, &plan, true).render(&items, 0).unwrap();
        let digest = |mut hasher: Hasher| {
            hasher.update(&rendered.wire);
            let mut hex = Vec::new();
            push_hex(&hasher.finish(), &mut hex);
            String::from_utf8(hex).unwrap()
        };
        let digests = [digest(Hasher::sha384()), digest(Hasher::sha512())];
        (zone, digests)
    }

    /// ZMD-3: duplicates, occluded data, data outside the zone, mixed case, ZONEMD elsewhere, private-use digests.
    #[test]
    fn rfc8976_appendix_a_digests() {
        for text in [
            include_str!("../../tests/data/vectors/rfc8976-a1-simple.zone"),
            include_str!("../../tests/data/vectors/rfc8976-a2-complex.zone"),
            include_str!("../../tests/data/vectors/rfc8976-a3-multidigest.zone"),
        ] {
            let (zone, [sha384, sha512]) = digests(text);
            let mut compared = 0;
            for record in zone.apex_node().rrset(Rtype::ZONEMD).unwrap().records() {
                let zonemd = rdata::zonemd::Zonemd::parse(record.rdata()).unwrap();
                let expected = match (zonemd.scheme, zonemd.hash_algorithm) {
                    (1, 1) => &sha384,
                    (1, 2) => &sha512,
                    _ => continue,
                };
                let mut found = Vec::new();
                push_hex(zonemd.digest, &mut found);
                assert_eq!(String::from_utf8(found).unwrap(), *expected);
                compared += 1;
            }
            assert!(compared > 0);
        }
    }
}
