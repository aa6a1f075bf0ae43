//! Changes at the apex: the records a signer adds, replaces and takes away there.
//!
//! The apex moves to a part of its own, the last one, which may grow, and gets a fresh range of RRsets in it; what it had
//! before stays behind unused. There are a handful of such changes a run.

use super::group::{index_u32, part_index};
use super::{Part, RecordEntry, RrsetEntry, Zone};
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
        let first = rrset.first();
        let (ttl, line, file, mut rdata) = (first.ttl(), first.line(), first.entry.file, first.rdata().to_vec());
        let is_set = soa::set_serial(&mut rdata, serial);
        assert!(is_set, "the RDATA of a zone is well formed");
        self.replace_apex_rrset(Rtype::SOA, &[NewRecord { rdata, ttl, line, file }]);
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
        let records = sorted.into_iter().map(|(_, rdata)| NewRecord { rdata, ttl, line: 0, file: 0 });
        self.replace_apex_rrset(rtype, &records.collect::<Vec<_>>());
    }

    /// Takes the RRset of a type away from the apex; for RRSIG all signatures that stand there.
    ///
    /// # Panics
    /// For SOA, without which there is no zone.
    pub fn remove_apex_rrset(&mut self, rtype: Rtype) {
        self.replace_apex_rrset(rtype, &[]);
    }

    /// Gives the apex a new range of RRsets, in which `records` are those of a type.
    fn replace_apex_rrset(&mut self, rtype: Rtype, records: &[NewRecord]) {
        assert!(rtype != Rtype::SOA || !records.is_empty(), "a zone has a SOA record at its apex");
        self.move_apex_behind();
        let mut rrsets: Vec<RrsetEntry> = self.apex_node().rrsets().map(|rrset| *rrset.entry).collect();
        rrsets.retain(|rrset| rrset.rtype != rtype);
        let part = self.parts.last_mut().expect("the apex moved to the last part");
        if let Some(ttl) = records.iter().map(|record| record.ttl).min() {
            let place = rrsets.partition_point(|rrset| rrset.rtype < rtype);
            let (record_start, record_count) = (index_u32(part.records.len()), index_u32(records.len()));
            rrsets.insert(place, RrsetEntry { rtype, covered: Rtype(0), ttl, record_start, record_count });
            for &NewRecord { ref rdata, ttl, line, file } in records {
                part.records.push(RecordEntry { rdata: self.arena.push(rdata), ttl, line, file });
            }
        }
        self.nodes[0].rrset_start = index_u32(part.rrsets.len());
        self.nodes[0].rrset_count = index_u32(rrsets.len());
        part.rrsets.append(&mut rrsets);
    }

    /// Moves the apex to a part of its own behind the others, if it is not there.
    fn move_apex_behind(&mut self) {
        if std::mem::replace(&mut self.has_apex_apart, true) {
            return;
        }
        let mut part = Part { places_before: self.place_count(), ..Part::default() };
        for rrset in self.apex_node().rrsets() {
            part.rrsets.push(RrsetEntry { record_start: index_u32(part.records.len()), ..*rrset.entry });
            part.records.extend(rrset.records().map(|record| RecordEntry {
                rdata: record.entry.rdata.shifted(record.part.shift),
                line: record.line(),
                ..*record.entry
            }));
        }
        self.nodes[0].part = part_index(self.parts.len());
        self.nodes[0].rrset_start = 0;
        self.parts.push(part);
    }
}

/// A record that is put at the apex.
struct NewRecord {
    rdata: Vec<u8>,
    ttl: Ttl,
    line: u32,
    file: u16,
}
