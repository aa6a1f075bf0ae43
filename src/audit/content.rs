//! The zone's own data: SOA timers, TTLs, types and addresses that tell too much, aliases to nothing (N-21 to N-25,
//! N-32, N-33).

use super::tally::{Tally, Words};
use super::{Audit, Finding};
use crate::base::{Name, Rtype, Seconds, Severity};
use crate::rdata;
use crate::rdata::ds::Ds;
use crate::zone::{NodeRef, NodeStatus, RrsetRef, Zone};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Below this the TTL of a signed record is loudly discouraged (N-21).
const TTL_TINY: i64 = 30;

/// What one pass over the data gathers.
#[derive(Default)]
struct Gathered {
    zero_ttl: Tally,
    tiny_ttl: Tally,
    short_ttl: Tally,
    long_ttl: Tally,
    telling: Tally,
    private: Tally,
    dangling: Tally,
    weak_ds: Tally,
}

impl Audit<'_> {
    /// REFRESH, RETRY and MINIMUM. EXPIRE is looked at beside the signatures.
    pub(super) fn check_soa(&mut self) {
        let zone = self.subject.zone;
        let position = zone.apex_node().rrset(Rtype::SOA).and_then(|soa| soa.first().position());
        let soa = zone.soa();
        let is_refresh_good = (1200..=43_200).contains(&soa.refresh);
        let checks = [
            (!is_refresh_good, "N-22", "soa-refresh", format!("REFRESH is {}", soa.refresh), "1200 to 43200 seconds"),
            (
                soa.retry >= soa.refresh,
                "N-23",
                "soa-retry",
                format!("RETRY is {}, REFRESH {}", soa.retry, soa.refresh),
                "a fraction of REFRESH",
            ),
            (
                soa.minimum > 86_400,
                "N-25",
                "soa-minimum",
                format!("MINIMUM is {}", soa.minimum),
                "1 to 3 hours, at most a day",
            ),
        ];
        for (is_wrong, id, code, found, asked) in checks {
            if is_wrong {
                let (subject, position) = (format!("{} SOA", zone.apex()), position.clone());
                let (severity, asked, fix) =
                    (Severity::Warning, asked.to_owned(), "change the SOA record in the zone file".to_owned());
                self.push(Finding { id, code, severity, subject, position, found, asked, fix, count: 1 });
            }
        }
    }

    pub(super) fn check_content(&mut self) {
        let zone = self.subject.zone;
        let mut gathered = Gathered::default();
        for node in zone.nodes().filter(|node| node.status() != NodeStatus::Occluded) {
            for rrset in node.rrsets().filter(|rrset| rrset.rtype() != Rtype::RRSIG) {
                self.check_ttl(node, rrset, &mut gathered);
                // At a cut only NS and DS are the zone's to say.
                if node.status() != NodeStatus::Delegation || rrset.rtype() == Rtype::DS {
                    check_rrset(zone, node, rrset, &mut gathered);
                }
            }
        }
        self.report_ttls(&mut gathered);
        self.report_content(gathered);
    }

    fn check_ttl(&self, node: NodeRef<'_>, rrset: RrsetRef<'_>, gathered: &mut Gathered) {
        // These follow the SOA (NSEC-5) or are of no use to caches.
        if matches!(rrset.rtype(), Rtype::NSEC | Rtype::NSEC3 | Rtype::NSEC3PARAM) {
            return;
        }
        let ttl = i64::from(rrset.ttl().seconds());
        let limits = self.limits.ttl.unwrap_or((Seconds(0), Seconds(i64::MAX)));
        let (tally, degree) = match ttl {
            0 => (&mut gathered.zero_ttl, 0),
            ttl if ttl < TTL_TINY => (&mut gathered.tiny_ttl, -ttl),
            ttl if ttl < limits.0.0 => (&mut gathered.short_ttl, -ttl),
            ttl if ttl > limits.1.0 => (&mut gathered.long_ttl, ttl),
            _ => return,
        };
        tally.add(degree, node, rrset.rtype(), rrset.first().position());
    }

    fn report_ttls(&mut self, gathered: &mut Gathered) {
        let asked = "1800 to 86400 seconds, never 0";
        let words = |code, severity| {
            move |degree: i64| Words {
                id: "N-21",
                code,
                severity,
                found: format!("its TTL is {}", degree.abs()),
                asked: asked.to_owned(),
                fix: "change the TTL in the zone file".to_owned(),
            }
        };
        let [zero, tiny, short, long] =
            [&mut gathered.zero_ttl, &mut gathered.tiny_ttl, &mut gathered.short_ttl, &mut gathered.long_ttl]
                .map(std::mem::take);
        self.findings.extend(zero.into_finding(words("ttl-zero", Severity::Error)));
        self.findings.extend(tiny.into_finding(words("ttl-tiny", Severity::Warning)));
        self.findings.extend(short.into_finding(words("ttl-short", Severity::Warning)));
        self.findings.extend(long.into_finding(words("ttl-long", Severity::Warning)));
    }

    fn report_content(&mut self, gathered: Gathered) {
        let warning = |id, code, found: &str, asked: &str, fix: &str| {
            let (found, asked, fix) = (found.to_owned(), asked.to_owned(), fix.to_owned());
            move |_: i64| Words { id, code, severity: Severity::Warning, found, asked, fix }
        };
        let telling = warning(
            "N-32",
            "telling-record",
            "it tells about machines, people or places",
            "no HINFO, RP, LOC in public zones",
            "remove it",
        );
        let private = warning(
            "N-32",
            "private-address",
            "an address of a private network",
            "no internal addresses in public zones",
            "keep it in an internal view",
        );
        let dangling = warning(
            "N-33",
            "dangling-cname",
            "its target is in this zone and does not exist",
            "no CNAME to nothing",
            "remove it, or make the target",
        );
        let weak = warning(
            "N-26",
            "ds-digest-weak",
            "a DS of SHA-1 alone",
            "SHA-256 (RFC 9904)",
            "ask the child for a DS of digest type 2",
        );
        self.findings.extend(gathered.telling.into_finding(telling));
        self.findings.extend(gathered.private.into_finding(private));
        self.findings.extend(gathered.dangling.into_finding(dangling));
        self.findings.extend(gathered.weak_ds.into_finding(weak));
    }
}

fn check_rrset(zone: &Zone, node: NodeRef<'_>, rrset: RrsetRef<'_>, gathered: &mut Gathered) {
    let (rtype, position) = (rrset.rtype(), rrset.first().position());
    match rtype {
        Rtype::HINFO | Rtype::RP | Rtype::LOC => gathered.telling.add(0, node, rtype, position),
        Rtype::A | Rtype::AAAA if rrset.records().filter_map(|record| address(record.rdata())).any(is_private) => {
            gathered.private.add(0, node, rtype, position);
        }
        Rtype::CNAME => {
            let target = rdata::names(rtype, rrset.first().rdata()).next();
            if target.is_some_and(|target| is_missing(zone, target)) {
                gathered.dangling.add(0, node, rtype, position);
            }
        }
        Rtype::DS => {
            let mut digests = rrset.records().filter_map(|record| Ds::parse(record.rdata()));
            if digests.all(|ds| ds.digest_type.0 == 1) {
                gathered.weak_ds.add(0, node, rtype, position);
            }
        }
        _ => {}
    }
}

/// The address of A or AAAA RDATA.
fn address(rdata: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(rdata).ok().map(|octets| IpAddr::V4(Ipv4Addr::from(octets)));
    v4.or_else(|| <[u8; 16]>::try_from(rdata).ok().map(|octets| IpAddr::V6(Ipv6Addr::from(octets))))
}

/// Whether an address means nothing, or something else, outside a network: RFC 1918, RFC 6598, RFC 4193, link-local and
/// loopback.
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            address.is_private()
                || address.is_loopback()
                || address.is_link_local()
                || (first == 100 && second & 0xc0 == 64)
        }
        IpAddr::V6(address) => address.is_unique_local() || address.is_unicast_link_local() || address.is_loopback(),
    }
}

/// Whether a name would be in this zone and is not: not below a cut, a DNAME or a wildcard.
fn is_missing(zone: &Zone, name: Name<'_>) -> bool {
    if !name.is_at_or_below(zone.apex()) || zone.find(name).is_some() {
        return false;
    }
    let mut has_encloser = false;
    let mut at = name.parent();
    while let Some(ancestor) = at.filter(|ancestor| ancestor.is_at_or_below(zone.apex())) {
        if let Some(node) = zone.find(ancestor) {
            if node.status() == NodeStatus::Delegation
                || node.status() == NodeStatus::Occluded
                || node.has(Rtype::DNAME)
            {
                return false;
            }
            if !std::mem::replace(&mut has_encloser, true) && has_wildcard(zone, ancestor) {
                return false;
            }
        }
        at = ancestor.parent();
    }
    true
}

fn has_wildcard(zone: &Zone, encloser: Name<'_>) -> bool {
    let mut wildcard = b"\x01*".to_vec();
    wildcard.extend_from_slice(encloser.as_wire());
    Name::from_wire(&wildcard).is_ok_and(|name| zone.find(name).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses() {
        for (text, expected) in [
            ("10.1.2.3", true),
            ("172.31.0.1", true),
            ("172.32.0.1", false),
            ("100.127.0.1", true),
            ("100.128.0.1", false),
            ("127.0.0.1", true),
            ("169.254.1.1", true),
            ("192.0.2.1", false),
            ("fd00::1", true),
            ("fe80::1", true),
            ("::1", true),
            ("2001:db8::1", false),
        ] {
            assert_eq!(is_private(text.parse().unwrap()), expected, "{text}");
        }
    }
}
