//! Times of the zone that do not fit its signatures (TIM-4, TIM-5).

use super::times::SignatureTimes;
use crate::base::{Diagnostic, Diagnostics, NameBuf, Rtype, Seconds, Ttl};
use crate::zone::Zone;

/// Warns where secondaries or caches could hold data longer than its signatures last.
pub(super) fn warn_of_times(zone: &Zone, times: &SignatureTimes, findings: &mut Diagnostics) {
    let remaining = times.remaining();
    let soa = zone.apex_node().rrset(Rtype::SOA).expect("a zone has an SOA").first();
    let expire = Seconds(i64::from(zone.soa().expire));
    if expire > remaining {
        let message = format!(
            "SOA EXPIRE is {expire}, but some signatures last only {remaining}: a secondary that is cut off would \
             serve expired ones"
        );
        let finding = Diagnostic::warning("soa-expire", message).at(soa.position());
        findings.push(
            finding.because("RFC 4641 section 4.1.1, TIM-4").help(format!(
                "set EXPIRE to a third of the signatures' validity, {} or less",
                Seconds(remaining.0 / 3)
            )),
        );
    }
    let (ttl, owner, rtype) = largest_ttl(zone);
    if ttl.to_seconds().0 > remaining.0 / 2 {
        let message = format!(
            "the TTL of {owner} {rtype} is {}, more than half of the {remaining} that some signatures last",
            ttl.to_seconds()
        );
        let help = "lower the TTL, or raise --validity; and sign again well before signatures expire";
        findings
            .push(Diagnostic::warning("ttl-and-validity", message).because("RFC 4641 section 4.1.1, TIM-5").help(help));
    }
}

/// The warning for a signed zone that is new, if only by its signatures, under a serial that is not (SER-1).
#[cold]
pub(super) fn same_serial(serial: u32) -> Diagnostic {
    let message = format!("the signed zone has changed, but its serial {serial} is that of the previous signed zone");
    Diagnostic::warning("serial-same", message)
        .because("RFC 1982, SER-1")
        .help("secondaries will not notice: use --serial increment, unixtime or date, or raise the serial in the file")
}

/// The first RRset with the largest TTL.
fn largest_ttl(zone: &Zone) -> (Ttl, NameBuf, Rtype) {
    let mut largest = (Ttl::ZERO, zone.apex_node(), Rtype::SOA);
    for node in zone.nodes() {
        for rrset in node.rrsets() {
            if rrset.ttl() > largest.0 {
                largest = (rrset.ttl(), node, rrset.rtype());
            }
        }
    }
    (largest.0, largest.1.owner().to_owned(), largest.2)
}
