//! How long signatures last and how much of them is left, by kind of RRset (N-5 to N-7, TIM-4 to TIM-7).

use super::tally::{Tally, Words};
use super::{Audit, Finding};
use crate::base::{Rtype, Seconds, Severity, Timestamp};
use crate::policy::check::Range;
use crate::rdata::rrsig::Rrsig;
use crate::zone::{NodeRef, NodeStatus, RecordRef};

/// With fewer signatures there is nothing to spread.
const SPREAD_MIN: u64 = 50;

/// What signatures of one kind of RRset have in common.
#[derive(Default)]
struct Kind {
    /// By their spans: the longest, and (negative) the shortest.
    longest: Tally,
    shortest: Tally,
}

/// What one pass over the signatures gathers.
#[derive(Default)]
struct Gathered {
    data: Kind,
    dnskey: Kind,
    ds: Kind,
    /// By how much less is left than caches need.
    too_late: Tally,
    /// By how much less is left than after a run there would be.
    overdue: Tally,
    /// By (negative) what is left.
    left: Tally,
    /// Signatures over data other than the SOA, and their one expiration if they have one.
    spread_count: u64,
    expiration: Option<Timestamp>,
    is_spread: bool,
}

impl Audit<'_> {
    pub(super) fn check_signatures(&mut self) {
        let mut gathered = Gathered::default();
        for node in self.subject.zone.nodes().filter(|node| node.status() != NodeStatus::Occluded) {
            for rrsigs in node.rrsets().filter(|rrset| rrset.rtype() == Rtype::RRSIG) {
                for record in rrsigs.records() {
                    self.gather(node, record, &mut gathered);
                }
            }
        }
        let shortest = gathered.data.shortest.degree().map(|degree| Seconds(-degree));
        let left = gathered.left.degree().map(|degree| Seconds(-degree));
        self.check_left(gathered.too_late, gathered.overdue);
        self.check_spread(gathered.spread_count, gathered.is_spread);
        let policy = self.subject.policy.signatures;
        let one_week = (Seconds::DAY, Seconds(7 * Seconds::DAY.0));
        let ds = self.limits.validity.map(|_| Range {
            good: one_week,
            allowed: (Seconds(0), Seconds(i64::MAX)),
            reference: "N-7",
        });
        self.check_kind("zone data", gathered.data, self.limits.validity, policy.jitter, policy.validity);
        self.check_kind(
            "DNSKEY, CDS and CDNSKEY",
            gathered.dnskey,
            self.limits.dnskey_validity,
            Seconds(0),
            policy.dnskey_validity,
        );
        self.check_kind("DS", gathered.ds, ds, policy.jitter, policy.validity);
        self.check_against_zone(left, shortest);
    }

    fn gather(&self, node: NodeRef<'_>, record: RecordRef<'_>, gathered: &mut Gathered) {
        let Some(rrsig) = Rrsig::parse(record.rdata()) else { return };
        let (covered, position) = (rrsig.covered, record.position());
        let span = i64::from(rrsig.expiration.0.wrapping_sub(rrsig.inception.0));
        let left = rrsig.expiration.to_unix_near(self.subject.now).since(self.subject.now).0;
        // A window that ends before it begins, and one that has ended, are the verifier's to report.
        if span >= 1 << 31 || left < 0 {
            return;
        }
        let kind = match covered {
            Rtype::DNSKEY | Rtype::CDS | Rtype::CDNSKEY => &mut gathered.dnskey,
            Rtype::DS => &mut gathered.ds,
            _ => &mut gathered.data,
        };
        kind.longest.add(span, node, covered, position.clone());
        kind.shortest.add(-span, node, covered, position.clone());
        gathered.left.add(-left, node, covered, position.clone());
        let policy = self.subject.policy;
        let needed = i64::from(rrsig.original_ttl) + policy.delays.zone_propagation.0;
        let usual = policy.signatures.refresh.0 - policy.run_interval.0;
        if left < needed {
            gathered.too_late.add(needed - left, node, covered, position);
        } else if left < usual {
            gathered.overdue.add(usual - left, node, covered, position);
        }
        if !matches!(covered, Rtype::DNSKEY | Rtype::CDS | Rtype::CDNSKEY | Rtype::SOA) {
            gathered.spread_count += 1;
            gathered.is_spread |= *gathered.expiration.get_or_insert(rrsig.expiration) != rrsig.expiration;
        }
    }

    /// What is left of signatures (TIM-6).
    fn check_left(&mut self, too_late: Tally, overdue: Tally) {
        let policy = self.subject.policy;
        let (propagation, refresh, run) =
            (policy.delays.zone_propagation, policy.signatures.refresh, policy.run_interval);
        let late = too_late.into_finding(|lacking| Words {
            id: "TIM-6",
            code: "signature-too-late",
            severity: Severity::Error,
            found: format!("{} less is left of the signature than caches may hold it", Seconds(lacking)),
            asked: format!("at least TTL + zone-propagation-delay ({propagation}) left"),
            fix: "sign the zone at once".into(),
        });
        let due = overdue.into_finding(|lacking| Words {
            id: "TIM-6",
            code: "signature-overdue",
            severity: Severity::Warning,
            found: format!("{} less is left of the signature than after a run", Seconds(lacking)),
            asked: format!("signatures-refresh ({refresh}) - run-interval ({run}) left at any time"),
            fix: "see why the signer has not run".into(),
        });
        self.findings.extend(late.into_iter().chain(due));
    }

    fn check_spread(&mut self, count: u64, is_spread: bool) {
        let jitter = self.subject.policy.signatures.jitter;
        if count < SPREAD_MIN || is_spread || jitter.0 == 0 {
            return;
        }
        self.push(Finding {
            id: "TIM-7",
            code: "expirations-equal",
            severity: Severity::Warning,
            subject: self.subject.zone.apex().to_string(),
            position: None,
            found: format!("all {count} signatures over its data expire in the same second"),
            asked: format!("signatures-jitter ({jitter})"),
            fix: "sign with a jitter, so that not all are due in one run".into(),
            count: 1,
        });
    }

    /// The spans of one kind against the profile, or where it has none against the policy.
    fn check_kind(&mut self, what: &str, kind: Kind, range: Option<Range>, jitter: Seconds, validity: Seconds) {
        let (Some(longest), Some(shortest)) = (kind.longest.degree(), kind.shortest.degree()) else { return };
        let (longest, shortest) = (Seconds(longest), Seconds(-shortest));
        let profile = self.subject.policy.base.name();
        let asked = match range {
            Some(Range { good: (from, to), .. }) => {
                format!("from {from} to {to} for signatures over {what} ({profile})")
            }
            None => format!("at most {validity} for signatures over {what} (policy {})", self.subject.policy.name),
        };
        let Range { good, allowed, reference } = range.unwrap_or(Range {
            good: (Seconds(0), validity),
            allowed: (Seconds(0), Seconds(i64::MAX)),
            reference: "TIM-6",
        });
        let words = |span: Seconds, is_refused: bool, found: &str| Words {
            id: reference,
            code: if found == "longer" { "signature-span-long" } else { "signature-span-short" },
            severity: if is_refused { Severity::Error } else { Severity::Warning },
            found: format!("from inception to expiration {span}"),
            asked: asked.clone(),
            fix: format!("sign with a validity within that; {span} is {found}"),
        };
        if longest > good.1 {
            let finding = kind.longest.into_finding(|_| words(longest, longest > allowed.1, "longer"));
            self.findings.extend(finding.map(one));
        }
        if shortest < Seconds(good.0.0 - jitter.0) {
            let is_refused = shortest < Seconds(allowed.0.0 - jitter.0);
            let finding = kind.shortest.into_finding(|_| words(shortest, is_refused, "shorter"));
            self.findings.extend(finding.map(one));
        }
    }

    /// SOA EXPIRE and TTLs against what signatures last (TIM-4, TIM-5).
    fn check_against_zone(&mut self, left: Option<Seconds>, shortest: Option<Seconds>) {
        let zone = self.subject.zone;
        let soa = zone.apex_node().rrset(Rtype::SOA).and_then(|soa| soa.first().position());
        let expire = Seconds(i64::from(zone.soa().expire));
        if let Some(left) = left.filter(|left| expire > *left) {
            self.push(Finding {
                id: "TIM-4",
                code: "soa-expire-long",
                severity: Severity::Warning,
                subject: format!("{} SOA", zone.apex()),
                position: soa,
                found: format!("EXPIRE is {expire}, but the signature that ends first has {left} left"),
                asked: "secondaries stop answering before signatures end".into(),
                fix: format!(
                    "set EXPIRE to a third of signatures-validity, {}",
                    Seconds(self.subject.policy.signatures.validity.0 / 3)
                ),
                count: 1,
            });
        }
        let Some(half) = shortest.map(|shortest| Seconds(shortest.0 / 2)) else { return };
        let mut tally = Tally::default();
        for node in zone.nodes().filter(|node| node.status() != NodeStatus::Occluded) {
            for rrset in node.rrsets().filter(|rrset| rrset.rtype() != Rtype::RRSIG) {
                let ttl = rrset.ttl().to_seconds();
                if ttl > half {
                    tally.add(ttl.0, node, rrset.rtype(), rrset.first().position());
                }
            }
        }
        let finding = tally.into_finding(|ttl| Words {
            id: "TIM-5",
            code: "ttl-and-validity",
            severity: Severity::Warning,
            found: format!("its TTL is {}", Seconds(ttl)),
            asked: format!("at most half of what signatures last ({half})"),
            fix: "lower the TTL, or sign for longer".into(),
        });
        self.findings.extend(finding);
    }
}

/// Of a finding about a longest or shortest, that it is one: the others were not compared.
fn one(finding: Finding) -> Finding {
    Finding { count: 1, ..finding }
}
