//! Changes at the apex: the records a signer adds, replaces and takes away there.
//!
//! The zone's vectors only grow: the apex gets a fresh range of RRsets behind all others, and what it had before stays
//! behind unused. There are a handful of such changes a run.

use super::group::index_u32;
use super::{RecordEntry, RrsetEntry, Zone};
use crate::base::{Rtype, Ttl};
use crate::rdata::{self, soa};

impl Zone {
    /// The SOA record.
    #[must_use]
    pub fn soa(&self) -> soa::Soa<'_> {
        let rrset = self.apex_node().rrset(Rtype::SOA).expect("a zone has a SOA record at its apex");
        soa::Soa::parse(rrset.first().rdata()).expect("the RDATA of a zone is well formed")
    }

    /// Changes the serial of the SOA record. Of several SOA records, which no checked zone has, the first stays.
    pub fn set_soa_serial(&mut self, serial: u32) {
        let rrset = self.apex_node().rrset(Rtype::SOA).expect("a zone has a SOA record at its apex");
        let mut entry = *rrset.first().entry;
        let mut rdata = rrset.first().rdata().to_vec();
        let is_set = soa::set_serial(&mut rdata, serial);
        assert!(is_set, "the RDATA of a zone is well formed");
        entry.rdata = self.arena.push(&rdata);
        self.replace_apex_rrset(Rtype::SOA, &[entry]);
    }

    /// Puts an RRset at the apex, in place of the one of that type if there is one. RDATA in wire form, in any order;
    /// duplicates are collapsed. Without RDATA the RRset goes away.
    ///
    /// # Panics
    /// For RRSIG, which forms no RRset, and if the SOA record would go away.
    pub fn set_apex_rrset(&mut self, rtype: Rtype, ttl: Ttl, rdatas: impl IntoIterator<Item = Vec<u8>>) {
        assert!(rtype != Rtype::RRSIG, "RRSIG records form no RRset");
        let mut sorted: Vec<(Vec<u8>, Vec<u8>)> = rdatas
            .into_iter()
            .map(|rdata| {
                let mut canonical = Vec::with_capacity(rdata.len());
                rdata::push_canonical(rtype, &rdata, &mut canonical);
                (canonical, rdata)
            })
            .collect();
        sorted.sort_by(|left, right| left.0.cmp(&right.0));
        sorted.dedup_by(|left, right| left.0 == right.0);
        let entry = |rdata: &[u8]| RecordEntry { rdata: self.arena.push(rdata), ttl, line: 0, file: 0 };
        let entries: Vec<RecordEntry> = sorted.iter().map(|(_, rdata)| rdata.as_slice()).map(entry).collect();
        self.replace_apex_rrset(rtype, &entries);
    }

    /// Takes the RRset of a type away from the apex; for RRSIG all signatures that stand there.
    ///
    /// # Panics
    /// For SOA, without which there is no zone.
    pub fn remove_apex_rrset(&mut self, rtype: Rtype) {
        self.replace_apex_rrset(rtype, &[]);
    }

    /// Gives the apex a new range of RRsets, in which `records` are those of a type.
    fn replace_apex_rrset(&mut self, rtype: Rtype, records: &[RecordEntry]) {
        assert!(rtype != Rtype::SOA || !records.is_empty(), "a zone has a SOA record at its apex");
        let mut rrsets: Vec<RrsetEntry> = self.apex_node().rrsets().map(|rrset| *rrset.entry).collect();
        rrsets.retain(|rrset| rrset.rtype != rtype);
        if let Some(ttl) = records.iter().map(|record| record.ttl).min() {
            let place = rrsets.partition_point(|rrset| rrset.rtype < rtype);
            let (record_start, record_count) = (index_u32(self.records.len()), index_u32(records.len()));
            rrsets.insert(place, RrsetEntry { rtype, covered: Rtype(0), ttl, record_start, record_count });
            self.records.extend_from_slice(records);
        }
        self.nodes[0].rrset_start = index_u32(self.rrsets.len());
        self.nodes[0].rrset_count = index_u32(rrsets.len());
        self.rrsets.append(&mut rrsets);
    }
}
