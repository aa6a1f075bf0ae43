//! From a signed zone to versions: what is confirmed to be published.

use super::model::{Confirmed, Target, ZoneState};
use super::published::{DataSigners, DnskeySet, Keys, foreign_key};
use super::view::{SignerTag, ZoneView, tag_of};
use crate::base::{Octets, UnixTime};
use crate::keys::usage::{DataSigning, KeyId};
use crate::rdata::dnskey::FLAG_REVOKE;

/// What a view shows, in terms of the state's keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) dnskey: DnskeySet,
    pub(super) data: DataSigners,
}

impl ZoneState {
    /// Takes note that a version of the zone is published: to be called after the output is in place, never before.
    ///
    /// The first time, what was there before is not known. Then caches are taken to hold the unsigned zone as well.
    pub fn confirm(&mut self, view: &ZoneView, at: UnixTime) {
        // With a clock that went back nobody can say when this was published. The target stays among those that may have
        // been, and the next signing at a sound time confirms it (I-7).
        if self.last_known().is_some_and(|known| at < known) {
            return;
        }
        let shown = self.read(view);
        let ttl = view.max_ttl.max(view.negative_ttl).to_seconds();
        let dnskey_ttl = if view.dnskeys.is_empty() { view.negative_ttl } else { view.dnskey_ttl }.to_seconds();
        if self.dnskey.is_empty() && !shown.dnskey.is_empty() {
            self.dnskey.add_closed(DnskeySet::default(), view.negative_ttl.to_seconds(), at);
            self.data.add_closed(DataSigners::unsigned(), ttl, at);
        }
        for maybe in self.unconfirmed_versions() {
            if maybe.dnskey != shown.dnskey && !self.dnskey.open().any(|open| open.value == maybe.dnskey) {
                self.dnskey.add_closed(maybe.dnskey, dnskey_ttl, at);
            }
            // Of a set that is being replaced one RRset at a time, what is left of it is less than was foreseen.
            if !shown.data.0.is_subset(&maybe.data.0) && !self.data.open().any(|open| open.value == maybe.data) {
                self.data.add_closed(maybe.data, ttl, at);
            }
        }
        self.unconfirmed.clear();
        self.dnskey.publish(&[(shown.dnskey, dnskey_ttl)], at);
        self.data.publish(&[(shown.data, ttl)], at);
        self.confirmed = Confirmed {
            at: Some(at),
            serial: view.serial,
            denial: view.denial.clone(),
            cds: view.cds.clone(),
            cdnskey: view.cdnskey.clone(),
        };
    }

    /// The latest time at which anything is known to have happened.
    pub(super) fn last_known(&self) -> Option<UnixTime> {
        let known = [
            self.ds.newest(),
            self.dnskey.newest(),
            self.data.newest(),
            self.confirmed.at,
            self.ds_observed,
            self.keys.iter().filter_map(|key| key.times.generated).max(),
        ];
        known.into_iter().flatten().max()
    }

    /// What a view shows, in terms of our keys.
    pub(super) fn read(&self, view: &ZoneView) -> Shown {
        let mut dnskey = DnskeySet::default();
        for rdata in &view.dnskeys {
            let id = self.key_of_dnskey(rdata);
            if is_revoked(rdata) {
                dnskey.revoked.insert(id)
            } else {
                dnskey.keys.insert(id)
            };
        }
        dnskey.signers = view.dnskey_signers.iter().map(|&tag| self.signer(view, tag)).collect();
        let sets = view.data_signers.iter();
        let data = sets.map(|set| set.iter().map(|&tag| self.signer(view, tag)).collect::<Keys>()).collect();
        Shown { dnskey, data: DataSigners(data) }
    }

    /// The versions that targets not confirmed would have made.
    pub(super) fn unconfirmed_versions(&self) -> Vec<Shown> {
        self.unconfirmed.iter().map(|target| self.made_by(target)).collect()
    }

    /// The versions that signing by a target makes of the zone as it is published.
    pub(super) fn made_by(&self, target: &Target) -> Shown {
        let current = self.data.current().map(|version| version.value.clone()).unwrap_or_default();
        target.versions(&current, &self.foreign_keys())
    }

    /// The key with some DNSKEY RDATA, revoked or not; one that is not ours under an id made for it.
    fn key_of_dnskey(&self, rdata: &Octets) -> KeyId {
        let mut plain = rdata.clone();
        if is_revoked(rdata) {
            let [_, low] = (!FLAG_REVOKE).to_be_bytes();
            plain.0[1] &= low;
        }
        let ours = self.keys.iter().find(|key| key.dnskey_rdata == plain);
        let SignerTag(algorithm, tag) = tag_of(&plain);
        ours.map_or_else(|| foreign_key(algorithm, tag), |key| key.id.clone())
    }

    /// The key an RRSIG means: tags are not unique, so published keys come first, and of those the ones that sign.
    fn signer(&self, view: &ZoneView, tag: SignerTag) -> KeyId {
        let published: Vec<KeyId> = view.dnskeys_tagged(tag).map(|rdata| self.key_of_dnskey(rdata)).collect();
        let signs = |id: &&KeyId| {
            let signs = |one: &&crate::keys::usage::KeyUse| one.signs_dnskey || one.signs_data == DataSigning::Yes;
            self.target.keys.iter().filter(signs).any(|one| one.key == **id)
        };
        if let Some(id) = published.iter().find(signs).or_else(|| published.first()) {
            return id.clone();
        }
        let ours = self.keys.iter().find(|key| SignerTag(key.algorithm, key.tag) == tag);
        ours.map_or_else(|| foreign_key(tag.0, tag.1), |key| key.id.clone())
    }
}

impl Target {
    /// The versions that signing by it makes of a zone whose data is signed as given, with keys of others among its own.
    pub(super) fn versions(&self, current: &DataSigners, foreign: &Keys) -> Shown {
        let ids = |is: fn(&crate::keys::usage::KeyUse) -> bool| -> Keys {
            self.keys.iter().filter(|one| is(one)).map(|one| one.key.clone()).collect()
        };
        let mut keys = ids(|one| one.is_published && !one.is_revoked);
        if self.is_signed() {
            keys.extend(foreign.iter().cloned());
        }
        let dnskey = DnskeySet {
            keys,
            signers: ids(|one| one.is_published && one.signs_dnskey),
            revoked: ids(|one| one.is_published && one.is_revoked),
        };
        let makers = ids(|one| one.signs_data == DataSigning::Yes);
        let kept = ids(|one| one.signs_data == DataSigning::KeepOld);
        let stays = current.0.iter().map(|set| set.intersection(&kept).cloned().collect::<Keys>());
        let mut data: std::collections::BTreeSet<Keys> = stays.filter(|set| !set.is_empty()).collect();
        data.insert(makers);
        Shown { dnskey, data: DataSigners(data) }
    }
}

fn is_revoked(rdata: &Octets) -> bool {
    rdata.0.get(1).is_some_and(|low| u16::from(*low) & FLAG_REVOKE != 0)
}
