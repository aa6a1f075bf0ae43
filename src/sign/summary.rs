//! What a run did, for people and for scripts.

use super::apex::Dnskeys;
use super::options::{DenialOptions, SelfCheck, SignOptions};
use super::plan::Plan;
use super::previous::{Reuse, ReuseCounts};
use super::published::{Published, data_signers_of};
use super::render::Tally;
use super::run::Totals;
use super::self_check::Checked;
use super::times::Expirations;
use crate::base::{Algorithm, NameBuf};
use crate::crypto::Library;
use crate::crypto::digest::{Hasher, sha256};
use crate::keys::{KeyRole, KeySet};
use crate::zone::Zone;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// A key of ours that is published or signs, and what it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySummary {
    /// Whether it is in the DNSKEY RRset.
    pub is_published: bool,
    /// Whether its signatures over zone data stay until they are due.
    pub keeps_old: bool,
    /// Its tag.
    pub key_tag: u16,
    /// Its algorithm.
    pub algorithm: Algorithm,
    /// What it signs; `None` if it is only published.
    pub role: Option<KeyRole>,
    /// Its file.
    pub source: PathBuf,
    /// Signatures it made.
    pub signatures: u64,
    /// The library it signs with; `None` if it does not.
    pub library: Option<Library>,
}

/// What a run did.
#[derive(Clone, Debug)]
pub struct Summary {
    /// The zone.
    pub zone: NameBuf,
    /// Serial in the input.
    pub serial_before: u32,
    /// Serial in the output.
    pub serial: u32,
    /// Records of the input that were signed or carried over.
    pub records_read: u64,
    /// Records of an earlier signing that were dropped from the input.
    pub records_dropped: u64,
    /// Records in the output.
    pub records_written: u64,
    /// Octets of the output.
    pub octets: u64,
    /// Our keys that are published or sign.
    pub keys: Vec<KeySummary>,
    /// DNSKEYs of other signers in the output.
    pub foreign_dnskeys_kept: usize,
    /// DNSKEYs of other signers left out.
    pub foreign_dnskeys_dropped: usize,
    /// The denial chain's parameters.
    pub denial: DenialOptions,
    /// Its records.
    pub chain_records: u64,
    /// Signatures made, a ZONEMD signed twice counted once.
    pub signatures: u64,
    /// First and last expiration of those in the output, made or kept.
    pub expirations: Expirations,
    /// How much was checked.
    pub self_check: SelfCheck,
    /// What the check did.
    pub checked: Checked,
    /// The signed zone's text if it was verified in full: by the check, or because it is the previous one and all its
    /// signatures were.
    pub verified_text: Option<TextDigest>,
    /// What became of the previous signed zone, if there was one.
    pub reuse: Option<ReuseSummary>,
    /// What is out now; only with keys that were sorted out by uses, for others nobody keeps a record.
    pub published: Option<Published>,
}

/// A text by its digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextDigest {
    /// How long it is.
    pub octets: u64,
    /// SHA-256.
    pub sha256: [u8; 32],
}

impl TextDigest {
    /// Of a text.
    #[must_use]
    pub fn of(text: &[u8]) -> Self {
        Self { octets: text.len() as u64, sha256: sha256(&[text]) }
    }

    /// Of so many octets that a hasher for SHA-256 was fed.
    pub(super) fn of_hasher(octets: u64, hasher: Hasher) -> Self {
        Self { octets, sha256: hasher.finish().try_into().expect("SHA-256 gives 32 octets") }
    }
}

/// What became of the previous signed zone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReuseSummary {
    /// Its serial.
    pub serial: u32,
    /// What became of its signatures.
    pub counts: ReuseCounts,
    /// Whether nothing was to be done.
    pub is_unchanged: bool,
}

impl ReuseSummary {
    pub(super) fn of(reuse: &Reuse<'_>) -> Self {
        Self { serial: reuse.zone().soa().serial, counts: reuse.counts(), is_unchanged: reuse.is_unchanged() }
    }
}

/// What is counted before signing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counts {
    pub(super) serial_before: u32,
    pub(super) records_read: u64,
    pub(super) dropped: u64,
    pub(super) dnskeys: Dnskeys,
    pub(super) chain_records: u64,
}

impl Summary {
    pub(super) fn new(
        zone: &Zone,
        keys: &KeySet,
        plan: &Plan<'_>,
        options: &SignOptions,
        counts: &Counts,
        mut totals: Totals,
        checked: Checked,
    ) -> Self {
        let signature_counts = totals.tally.signatures.clone();
        let signatures_of = |algorithm, key_tag| {
            let keys = plan.keys().iter().zip(&signature_counts);
            keys.filter(|(key, _)| (key.algorithm(), key.key_tag) == (algorithm, key_tag)).map(|(_, count)| count).sum()
        };
        let mut key_summaries = Self::idle_keys(keys);
        for key in &mut key_summaries {
            key.signatures = signatures_of(key.algorithm, key.key_tag);
        }
        let data_signers = std::mem::take(&mut totals.tally.data_signers);
        let published = keys.is_by_uses().then(|| Published::new(zone, plan, data_signers));
        let Totals { tally, octets, .. } = totals;
        Self {
            zone: zone.apex().to_owned(),
            serial_before: counts.serial_before,
            serial: zone.soa().serial,
            records_read: counts.records_read,
            records_dropped: counts.dropped,
            records_written: tally.records,
            octets,
            keys: key_summaries,
            foreign_dnskeys_kept: counts.dnskeys.foreign_kept,
            foreign_dnskeys_dropped: counts.dnskeys.foreign_dropped,
            denial: options.denial.clone(),
            chain_records: counts.chain_records,
            signatures: tally.signatures.iter().sum(),
            expirations: tally.expirations,
            self_check: options.self_check,
            checked,
            verified_text: None,
            reuse: None,
            published,
        }
    }

    /// The keys, with no signatures.
    pub(super) fn idle_keys(keys: &KeySet) -> Vec<KeySummary> {
        let summary = |(index, key): (usize, &crate::keys::ZoneKey)| KeySummary {
            is_published: index < keys.published().len(),
            keeps_old: keys.keeps_old(index),
            key_tag: key.key_tag,
            algorithm: key.algorithm,
            role: keys.role(index),
            source: key.source.clone(),
            signatures: 0,
            library: keys.role(index).and(key.signer.as_ref()).map(|signer| signer.library()),
        };
        keys.all().iter().enumerate().map(summary).collect()
    }

    /// The summary of a run that had nothing to do: the zone was compared and all its signatures were verified.
    pub(super) fn unchanged(
        zone: &Zone,
        keys: &KeySet,
        plan: &Plan<'_>,
        options: &SignOptions,
        counts: &Counts,
        reuse: &Reuse<'_>,
    ) -> Self {
        let data_signers = if keys.is_by_uses() { data_signers_of(reuse.zone()) } else { BTreeSet::new() };
        let tally = Tally { expirations: reuse.expirations(), data_signers, ..Tally::default() };
        let signatures = reuse.counts().kept;
        let checked = Checked { signatures, verified: signatures, ..Checked::default() };
        let totals = Totals { tally, ..Totals::default() };
        let summary = Self::new(zone, keys, plan, options, counts, totals, checked);
        Self { reuse: Some(ReuseSummary::of(reuse)), ..summary }
    }
}
