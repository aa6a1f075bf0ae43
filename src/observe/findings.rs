//! What is not as it should be in an observation.

use super::advice::{Change, KnownKey, advise, ds_line};
use super::model::{ChildSeen, Observation, ParentSeen, Seen, ZoneSeen};
use crate::base::time::serial_cmp;
use crate::base::{Diagnostic, DigestType, Name, Ttl};
use crate::keys::ds::names_key;
use crate::rdata::dnskey::{Dnskey, key_tag};
use std::cmp::Ordering;

/// What the keys at hand ask of the parent.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The keys of the zone.
    pub keys: &'a [KnownKey],
    /// The digests of DS records to add.
    pub digests: &'a [DigestType],
    /// Whether others sign the zone too (RFC 8901): a DS that fits none of these keys may be theirs.
    pub has_other_signers: bool,
}

/// Everything found, and the changes to the DS RRset that it asks for. Errors are what has to change; warnings need not.
#[must_use]
pub fn find(seen: &Observation, wanted: Option<Wanted<'_>>) -> (Vec<Diagnostic>, Vec<Change>) {
    let zone = seen.zone.as_name();
    let mut findings: Vec<Diagnostic> =
        seen.faults.iter().map(|fault| Diagnostic::error("servers-unknown", fault.trim_end_matches('.'))).collect();
    let mut changes = Vec::new();
    if let Some(parent) = &seen.parent {
        check_parent(parent, &mut findings);
        if let (Some(wanted), Some(at_parent)) = (wanted, parent.ds()) {
            let published = seen.child.as_ref().and_then(ChildSeen::dnskeys);
            changes = advise(zone, wanted, &at_parent, published.as_deref());
            findings.extend(changes.iter().map(|change| change.finding(zone)));
            if wanted.has_other_signers {
                findings.extend(of_others(zone, wanted.keys, &at_parent));
            }
        }
    }
    if let Some(child) = &seen.child {
        check_child(child, &mut findings);
        check_chain(zone, seen.parent.as_ref(), child, &mut findings);
        if let Some(wanted) = wanted {
            check_published(child, wanted.keys, &mut findings);
        }
    }
    findings.extend(seen.notes.iter().map(|note| Diagnostic::warning("server-left-out", note.trim_end_matches('.'))));
    (findings, changes)
}

/// Each DS that fits no key of ours where others sign the zone too.
fn of_others(zone: Name<'_>, keys: &[KnownKey], at_parent: &[Vec<u8>]) -> impl Iterator<Item = Diagnostic> {
    let is_ours = move |ds: &[u8]| keys.iter().any(|key| names_key(ds, zone, &key.dnskey_rdata));
    at_parent.iter().filter(move |ds| !is_ours(ds)).map(move |ds| {
        let message = format!("the parent has a DS that fits no key here: {}", ds_line(zone, ds));
        let help = "others sign the zone too, so it may be theirs: ask them before it goes, and keep it in every change you hand in";
        Diagnostic::warning("ds-of-others", message).because("RFC 8901 section 4").help(help)
    })
}

impl ParentSeen {
    /// The DS records that any server has, each once; `None` if no server's answer counts.
    #[must_use]
    pub fn ds(&self) -> Option<Vec<Vec<u8>>> {
        let mut sets = self.servers.iter().filter_map(|seen| seen.taken().ok()).peekable();
        sets.peek()?;
        let mut all: Vec<Vec<u8>> = sets.flat_map(|seen| seen.ds.iter().cloned()).collect();
        all.sort_unstable();
        all.dedup();
        Some(all)
    }

    /// The largest TTL of the DS RRset at any server.
    #[must_use]
    pub fn ttl(&self) -> Option<Ttl> {
        self.servers.iter().filter_map(|seen| seen.taken().ok()).map(|seen| seen.ttl).max()
    }
}

impl ChildSeen {
    /// The DNSKEYs that any server has, each once; `None` if no server's answer counts.
    #[must_use]
    pub fn dnskeys(&self) -> Option<Vec<Vec<u8>>> {
        let mut sets = self.servers.iter().filter_map(|seen| seen.taken().ok()).peekable();
        sets.peek()?;
        let mut all: Vec<Vec<u8>> = sets.flat_map(|seen| seen.dnskeys.iter().cloned()).collect();
        all.sort_unstable();
        all.dedup();
        Some(all)
    }
}

/// Each server whose answer does not count.
fn check_servers<T>(side: &str, code: &'static str, servers: &[Seen<T>], findings: &mut Vec<Diagnostic>) {
    for seen in servers {
        if let Err(why) = seen.taken() {
            findings.push(Diagnostic::error(code, format!("the {side} server {} {why}", seen.server)));
        }
    }
}

fn check_parent(parent: &ParentSeen, findings: &mut Vec<Diagnostic>) {
    check_servers("parent", "parent-server", &parent.servers, findings);
    let mut taken = parent.servers.iter().filter_map(|seen| Some((&seen.server, seen.taken().ok()?)));
    let Some((first_server, first)) = taken.next() else { return };
    for (server, other) in taken {
        if other.ds != first.ds {
            let tags = |set: &[Vec<u8>]| match set.is_empty() {
                true => "no DS".to_owned(),
                false => set
                    .iter()
                    .map(|ds| super::advice::rdata_text(crate::base::Rtype::DS, ds))
                    .collect::<Vec<_>>()
                    .join(", "),
            };
            let message = format!(
                "the parent's servers disagree about the DS: {first_server} has {}, {server} has {}",
                tags(&first.ds),
                tags(&other.ds)
            );
            let help = "wait until all of them are up to date: until then both sets count as published";
            findings.push(Diagnostic::error("parent-disagrees", message).because("I-4").help(help));
        } else if other.ttl != first.ttl {
            let message = format!(
                "the TTL of the DS is {} at {first_server} and {} at {server}; the larger one counts",
                first.ttl, other.ttl
            );
            findings.push(Diagnostic::warning("parent-ttl", message).because("I-6"));
        }
    }
}

fn check_child(child: &ChildSeen, findings: &mut Vec<Diagnostic>) {
    check_servers("zone's", "child-server", &child.servers, findings);
    let taken: Vec<_> = child.servers.iter().filter_map(|seen| Some((&seen.server, seen.taken().ok()?))).collect();
    let is_newer = |left: u32, right: u32| serial_cmp(left, right) == Some(Ordering::Greater);
    let newest = taken
        .iter()
        .map(|(_, seen)| seen.serial)
        .reduce(|best, serial| if is_newer(serial, best) { serial } else { best });
    let Some(newest) = newest else { return };
    let leader = taken.iter().find(|(_, seen)| seen.serial == newest);
    for (server, seen) in &taken {
        if seen.serial != newest {
            let message =
                format!("the zone's server {server} is behind: it has serial {}, the newest is {newest}", seen.serial);
            let help = "wait for its zone transfer, or see why it has none";
            findings.push(Diagnostic::error("child-behind", message).help(help));
        } else if leader.is_some_and(|(_, first)| first.dnskeys != seen.dnskeys) {
            let message = format!(
                "the zone's server {server} has other DNSKEYs than another server with the same serial {newest}"
            );
            findings.push(Diagnostic::error("child-dnskey-differs", message));
        }
    }
}

/// The chain from DS to DNSKEY, as any validator follows it: one DS must name a key that signs the DNSKEY RRset.
fn check_chain(zone: Name<'_>, parent: Option<&ParentSeen>, child: &ChildSeen, findings: &mut Vec<Diagnostic>) {
    let Some(at_parent) = parent.and_then(ParentSeen::ds).filter(|ds| !ds.is_empty()) else { return };
    for seen in &child.servers {
        let Ok(answer) = seen.taken() else { continue };
        let is_anchored = answer
            .dnskeys
            .iter()
            .any(|key| is_signer(answer, key) && at_parent.iter().any(|ds| names_key(ds, zone, key)));
        if !is_anchored {
            let message = format!(
                "the chain is broken at {}: no DS of the parent names a key that signs the DNSKEY RRset; validating resolvers refuse the zone",
                seen.server
            );
            findings.push(Diagnostic::error("chain-broken", message).because("I-2"));
        }
    }
}

/// Whether a key is one that signs the DNSKEY RRset.
fn is_signer(answer: &ZoneSeen, key: &[u8]) -> bool {
    Dnskey::parse(key).is_some_and(|fields| answer.dnskey_signers.contains(&(fields.algorithm, key_tag(key))))
}

/// Keys to be pointed at must be published (CDS-3).
fn check_published(child: &ChildSeen, keys: &[KnownKey], findings: &mut Vec<Diagnostic>) {
    let Some(published) = child.dnskeys() else { return };
    for key in keys.iter().filter(|key| key.wish == super::advice::Wish::In) {
        if !published.contains(&key.dnskey_rdata) {
            let message = format!("{} is to have a DS, but no server of the zone publishes it", key.describe());
            findings.push(
                Diagnostic::error("key-unpublished", message).because("CDS-3").help("publish the zone signed with it"),
            );
        }
    }
}
