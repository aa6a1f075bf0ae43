//! The SOA record: that there is one, and that its numbers make sense (N-22 to N-25).

use crate::base::{Diagnostic, Diagnostics, Rtype};
use crate::rdata::soa::Soa;
use crate::zone::Zone;

/// Bounds of REFRESH, in seconds (N-22).
const REFRESH_MIN: u32 = 1200;
const REFRESH_MAX: u32 = 43_200;
/// Bound of MINIMUM, in seconds; RFC 2308 section 5 calls more than a day problematic.
const MINIMUM_MAX: u32 = 86_400;

/// Checks the SOA record at the apex.
pub(super) fn check(zone: &Zone, findings: &mut Diagnostics) {
    let Some(rrset) = zone.apex_node().rrset(Rtype::SOA) else { return };
    if rrset.len() > 1 {
        findings.push(
            Diagnostic::error("several-soas", format!("\"{}\" has {} SOA records", zone.apex(), rrset.len()))
                .at(rrset.records().nth(1).and_then(|record| record.position()))
                .because("RFC 1035 section 5.2")
                .help("keep the one with the serial that is served"),
        );
    }
    for finding in doubts(&zone.soa()) {
        findings.push(finding.at(rrset.first().position()));
    }
}

/// What is odd about the numbers and names of a SOA record.
fn doubts(soa: &Soa<'_>) -> impl Iterator<Item = Diagnostic> {
    let refresh = (!(REFRESH_MIN..=REFRESH_MAX).contains(&soa.refresh)).then(|| {
        let message = format!("SOA refresh {} is not from {REFRESH_MIN} to {REFRESH_MAX} seconds", soa.refresh);
        Diagnostic::warning("soa-refresh", message).because("N-22")
    });
    let retry = (soa.retry >= soa.refresh).then(|| {
        let message = format!("SOA retry {} is not below refresh {}", soa.retry, soa.refresh);
        Diagnostic::warning("soa-retry", message)
            .because("N-23")
            .help("secondaries try again after retry seconds when a refresh failed; a tenth of refresh is common")
    });
    let expire = (u64::from(soa.expire) <= u64::from(soa.refresh) + u64::from(soa.retry)).then(|| {
        let message = format!("SOA expire {} is not above refresh {} + retry {}", soa.expire, soa.refresh, soa.retry);
        Diagnostic::warning("soa-expire", message)
            .because("RFC 1912 section 2.2")
            .help("a secondary would stop answering after one failed refresh")
    });
    let minimum = (soa.minimum > MINIMUM_MAX).then(|| {
        let message = format!("SOA minimum {} is above {MINIMUM_MAX} seconds", soa.minimum);
        Diagnostic::warning("soa-minimum", message)
            .because("RFC 2308 section 5")
            .help("it bounds how long resolvers remember that a name does not exist; 3600 is common")
    });
    let rname = soa.rname.labels().any(|label| label.contains(&b'@')).then(|| {
        Diagnostic::warning("soa-rname", format!("the SOA mailbox \"{}\" has an @ in it", soa.rname))
            .because("RFC 1035 section 8")
            .help("write the mailbox with a dot in place of the @")
    });
    [refresh, retry, expire, minimum, rname].into_iter().flatten()
}
