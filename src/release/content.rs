//! Whether a signed zone says what the unsigned one says: nothing missing, nothing added, no TTL changed.

use super::report::{Check, Finding, Gate, line};
use crate::base::{Rtype, Ttl};
use crate::rdata::{self, soa};
use crate::zone::Zone;
use crate::zone::changes::{Change, changes};

/// Types that signing makes, anywhere or at the apex. The SOA is compared apart, but for its serial.
const fn is_of_signer(rtype: Rtype, is_apex: bool) -> bool {
    match rtype {
        Rtype::RRSIG | Rtype::NSEC | Rtype::NSEC3 => true,
        Rtype::SOA | Rtype::DNSKEY | Rtype::CDS | Rtype::CDNSKEY | Rtype::NSEC3PARAM | Rtype::ZONEMD => is_apex,
        _ => false,
    }
}

/// The SOA's TTL and RDATA in canonical form with a serial of 0.
pub(super) fn soa_without_serial(zone: &Zone) -> Option<(Ttl, Vec<u8>)> {
    let rrset = zone.apex_node().rrset(Rtype::SOA)?;
    let mut canonical = Vec::new();
    rdata::push_canonical(Rtype::SOA, rrset.first().rdata(), &mut canonical);
    soa::set_serial(&mut canonical, 0).then(|| (rrset.ttl(), canonical))
}

impl Gate<'_> {
    /// Compares with the unsigned zone.
    pub(super) fn check_content(&mut self) {
        let Some(unsigned) = self.subject.unsigned else { return self.skips(Check::Content, "no --unsigned") };
        let signed = self.subject.signed;
        if soa_without_serial(unsigned.zone) != soa_without_serial(signed.zone) {
            let apex = signed.zone.apex();
            let record = signed.zone.apex_node().rrset(Rtype::SOA).map(|rrset| rrset.first());
            self.push(Finding {
                position: record.and_then(|record| record.position()),
                help: "sign the zone file again; of the SOA only the serial may differ".into(),
                ..Finding::error(
                    Check::Content,
                    "soa-changed",
                    format!("{apex} SOA"),
                    format!("the SOA is not that of {}, its serial apart", unsigned.name),
                )
            });
        }
        let all: Vec<Change<'_>> =
            changes(unsigned.zone, signed.zone, |rtype, is_apex| !is_of_signer(rtype, is_apex)).collect();
        // What differs in an RRset stands together.
        for rrset in all.chunk_by(|a, b| a.owner == b.owner && a.rtype == b.rtype) {
            self.check_rrset(rrset);
        }
        let count = unsigned.zone.record_count();
        self.says(Check::Content, format!("says what {} says, {count} records", unsigned.name));
    }

    /// What differs in one RRset: those that go come first, then those that come.
    fn check_rrset(&mut self, rrset: &[Change<'_>]) {
        let (gone, come) = rrset.split_at(rrset.partition_point(|change| !change.is_added));
        let is_same = |a: &Change<'_>, b: &Change<'_>| a.rdata == b.rdata;
        let moved = |change: &Change<'_>| gone.iter().find(|other| is_same(other, change));
        for change in gone.iter().filter(|change| !come.iter().any(|other| is_same(other, change))) {
            self.push_difference("record-missing", change, "is not in the signed zone".into());
        }
        for change in come {
            match moved(change) {
                Some(old) => {
                    let what = format!("has a TTL of {} instead of {}", change.ttl.seconds(), old.ttl.seconds());
                    self.push_difference("ttl-changed", change, what);
                }
                None => self.push_difference("record-added", change, "is not in the zone file".into()),
            }
        }
    }

    fn push_difference(&mut self, code: &'static str, change: &Change<'_>, what: String) {
        let zone = self.subject.signed.zone;
        self.push(Finding {
            position: change.record.position(),
            help: "sign the zone file again, and see who changed the signed zone or the zone file meanwhile".into(),
            ..Finding::error(
                Check::Content,
                code,
                format!("{} {}", change.owner, change.rtype),
                format!("\"{}\" {what}", line(change, zone)),
            )
        });
    }
}
