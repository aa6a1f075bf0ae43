//! Whether resolvers that hold keys or data of the last version can go on with the new one (RFC 7583 section 3.2).
//!
//! A resolver may hold the old DNSKEY RRset and fetch new data, or hold old data and fetch the new DNSKEY RRset. In both
//! cases one signature over each RRset must be by a key that both versions publish. The DNSKEY RRset itself comes with
//! the signatures that the DS leads to, and is not looked at.

use super::report::{Check, Finding, Gate, KEYS_GONE, KEYS_TOO_NEW};
use super::{answers, subject_of};
use crate::base::{Rtype, Ttl};
use crate::observe::SignerId;
use crate::rdata::dnskey::{Dnskey, key_tag};
use crate::rdata::rrsig::Rrsig;
use crate::zone::{RrsetRef, Zone};
use std::collections::BTreeSet;

/// The keys of a DNSKEY RRset that may sign data, and how long caches keep it.
struct Published {
    keys: BTreeSet<SignerId>,
    ttl: Ttl,
}

impl Published {
    fn new<'r>(dnskeys: impl Iterator<Item = &'r [u8]>, ttl: Ttl) -> Self {
        let id = |rdata: &'r [u8]| {
            let key = Dnskey::parse(rdata).filter(|key| key.is_zone_key() && !key.is_revoked())?;
            Some((key.algorithm, key_tag(rdata)))
        };
        Self { keys: dnskeys.filter_map(id).collect(), ttl }
    }

    fn of_zone(zone: &Zone) -> Self {
        let rrset = zone.apex_node().rrset(Rtype::DNSKEY);
        let ttl = rrset.map_or(Ttl::ZERO, RrsetRef::ttl);
        Self::new(rrset.into_iter().flat_map(RrsetRef::records).map(|record| record.rdata()), ttl)
    }
}

/// The RRsets of a zone that none of some keys signs.
struct Orphans {
    count: u64,
    /// The first of them.
    first: String,
    /// The keys that sign it.
    signers: String,
    ttl: Ttl,
}

impl Orphans {
    /// `None` if each signed RRset is signed by one of the keys.
    fn find(zone: &Zone, keys: &BTreeSet<SignerId>) -> Option<Self> {
        let mut found: Option<Self> = None;
        for node in zone.nodes() {
            let covered = node.rrsets().filter_map(|rrset| Some((rrset, rrset.covered()?)));
            for (rrset, covered) in covered.filter(|(_, covered)| *covered != Rtype::DNSKEY) {
                if signers(rrset).any(|signer| keys.contains(&signer)) {
                    continue;
                }
                let orphans = found.get_or_insert_with(|| Self {
                    count: 0,
                    first: subject_of(node, covered),
                    signers: names(signers(rrset)),
                    ttl: Ttl::ZERO,
                });
                orphans.count += 1;
                orphans.ttl = orphans.ttl.max(rrset.ttl());
            }
        }
        found
    }

    /// `www.example.com. A` or that and how many more.
    fn text(&self) -> String {
        match self.count {
            1 => format!("\"{}\" is signed only by {}", self.first, self.signers),
            count => format!(
                "{count} RRsets, the first \"{}\", are signed only by keys such as {}",
                self.first, self.signers
            ),
        }
    }
}

fn signers(rrset: RrsetRef<'_>) -> impl Iterator<Item = SignerId> {
    let parsed = rrset.records().filter_map(|record| Rrsig::parse(record.rdata()));
    parsed.map(|rrsig| (rrsig.algorithm, rrsig.key_tag))
}

/// `12345 (algorithm 13), 23456 (algorithm 13)`.
fn names(signers: impl Iterator<Item = SignerId>) -> String {
    let names: Vec<_> = signers.map(|(algorithm, tag)| format!("{tag} (algorithm {algorithm})")).collect();
    names.join(", ")
}

impl Gate<'_> {
    /// Against the last version and against what is served.
    pub(super) fn check_keys(&mut self) {
        let (previous, live) = (self.subject.previous, self.subject.live.filter(|live| live.child.is_some()));
        if previous.is_none() && live.is_none() {
            return self.skips(Check::Keys, "neither --previous nor --live");
        }
        let signed = self.subject.signed.zone;
        let new = Published::of_zone(signed);
        if let Some(previous) = previous {
            self.check_new_data(previous.name, &Published::of_zone(previous.zone));
            if let Some(orphans) = Orphans::find(previous.zone, &new.keys).filter(|_| !new.keys.is_empty()) {
                self.push_gone(previous.name, &orphans.text(), orphans.ttl);
            }
        }
        for (seen, answer) in live.into_iter().flat_map(answers) {
            let server = seen.server.to_string();
            self.check_new_data(&server, &Published::new(answer.dnskeys.iter().map(Vec::as_slice), answer.dnskey_ttl));
            let is_lost = |signers: &BTreeSet<SignerId>| !signers.is_empty() && signers.is_disjoint(&new.keys);
            let lost = answer.samples.iter().find(|sample| is_lost(&sample.signers) && !new.keys.is_empty());
            if let Some(sample) = lost {
                let signers = names(sample.signers.iter().copied());
                let text = format!("\"{} {}\" is signed only by {signers}", sample.owner, sample.rtype);
                self.push_gone(&server, &text, sample.ttl);
            }
        }
        self.says(Check::Keys, "every signature is by a key that caches know, and the other way round".into());
    }

    /// New data must be signed by a key that an older DNSKEY RRset has.
    fn check_new_data(&mut self, older: &str, old: &Published) {
        let zone = self.subject.signed.zone;
        // Who holds no keys validates nothing.
        let Some(orphans) = Orphans::find(zone, &old.keys).filter(|_| !old.keys.is_empty()) else { return };
        self.push(Finding {
            reference: "RFC 7583 section 3.2, I-3",
            help: format!(
                "publish the key, and let it sign no earlier than {} after that; if the old key must not be used any more, override {KEYS_TOO_NEW}",
                old.ttl
            ),
            ..Finding::error(
                Check::Keys,
                KEYS_TOO_NEW,
                orphans.first.clone(),
                format!(
                    "{}, which {older} does not publish: resolvers that hold its DNSKEY RRset, for up to {}, would find that bogus",
                    orphans.text(),
                    old.ttl
                ),
            )
        });
    }

    fn push_gone(&mut self, older: &str, what: &str, ttl: Ttl) {
        let zone = self.subject.signed.zone.apex();
        self.push(Finding {
            reference: "RFC 7583 section 3.2, I-3",
            help: format!(
                "keep the key in the DNSKEY RRset for {ttl} after it ceased to sign; if it must go at once, override {KEYS_GONE}"
            ),
            ..Finding::error(
                Check::Keys,
                KEYS_GONE,
                format!("{zone} DNSKEY"),
                format!(
                    "in {older} {what}, which is gone: resolvers that hold that, for up to {ttl}, and fetch the new keys would find it bogus"
                ),
            )
        });
    }
}
