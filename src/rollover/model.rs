//! The state of a zone's keys: what the engine remembers between steps.

use super::asked::Overrides;
use super::history::History;
use super::published::{DataSigners, DnskeySet, DsSet, Keys, is_foreign};
use super::view::DenialView;
use crate::base::{Algorithm, DigestType, NameBuf, Octets, UnixTime};
use crate::crypto::digest::sha256;
use crate::keys::ds::SyncRecords;
use crate::keys::usage::{KeyId, KeyUse};
use crate::policy::PolicyMark;
use crate::rdata::dnskey::key_tag;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Signs the DNSKEY RRset; the parent's DS points at it.
    Ksk,
    /// Signs the zone's data.
    Zsk,
    /// Signs everything; the parent's DS points at it.
    Csk,
}

impl Role {
    /// Whether such a key signs the DNSKEY RRset and has a DS.
    #[must_use]
    pub const fn signs_dnskey(self) -> bool {
        matches!(self, Self::Ksk | Self::Csk)
    }

    /// Whether such a key signs the zone's data.
    #[must_use]
    pub const fn signs_data(self) -> bool {
        matches!(self, Self::Zsk | Self::Csk)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ksk => "KSK",
            Self::Zsk => "ZSK",
            Self::Csk => "CSK",
        })
    }
}

/// Where a key is going.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Goal {
    /// Into use, and to stay there.
    In,
    /// Published and waiting, to take over when needed.
    Standby,
    /// Out of the zone.
    Out,
}

/// Why a key is to leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeaveCause {
    /// A successor of its own role and algorithm takes over.
    Replaced,
    /// The policy wants keys of another kind, or none.
    Policy,
    /// Somebody else may have its private half.
    Compromised,
}

/// When what happened to a key; the names of RFC 7583 in brackets. Each is the time of what was confirmed or observed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KeyTimes {
    /// It was made (`Tgen`).
    pub generated: Option<UnixTime>,
    /// Its DNSKEY was published (`Tpub`).
    pub published: Option<UnixTime>,
    /// Every cache that has the DNSKEY RRset has it with this key (`Trdy`).
    pub ready: Option<UnixTime>,
    /// It began to do its work: to sign zone data, or to be pointed at by the DS (`Tact`).
    pub active: Option<UnixTime>,
    /// Its DS was asked for (`Tsbm`).
    pub submitted: Option<UnixTime>,
    /// Its work was taken over: it makes no signatures of zone data, the parent has no DS (`Tret`).
    pub retired: Option<UnixTime>,
    /// No cache needs it any more (`Tdea`).
    pub dead: Option<UnixTime>,
    /// Its DNSKEY was taken out (`Trem`).
    pub removed: Option<UnixTime>,
    /// It was published with the REVOKE flag (`Trev`).
    pub revoked: Option<UnixTime>,
}

/// How far something has got into, or out of, the caches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordState {
    /// No cache has it.
    #[default]
    Hidden,
    /// It is published; some caches may not have it yet.
    Rumoured,
    /// It is published, and every cache that has anything has it.
    Omnipresent,
    /// It is not published any more; some caches may still have it.
    Unretentive,
}

impl RecordState {
    /// Whether it is on the servers.
    #[must_use]
    pub const fn is_published(self) -> bool {
        matches!(self, Self::Rumoured | Self::Omnipresent)
    }
}

impl fmt::Display for RecordState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hidden => "hidden",
            Self::Rumoured => "rumoured",
            Self::Omnipresent => "omnipresent",
            Self::Unretentive => "unretentive",
        })
    }
}

/// A record of a key that has a [`RecordState`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordKind {
    /// The DNSKEY.
    Dnskey,
    /// Its signatures over zone data.
    ZoneRrsig,
    /// Its signature over the DNSKEY RRset.
    DnskeyRrsig,
    /// Its DS at the parent.
    Ds,
}

impl fmt::Display for RecordKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dnskey => "DNSKEY",
            Self::ZoneRrsig => "zone signatures",
            Self::DnskeyRrsig => "DNSKEY signature",
            Self::Ds => "DS",
        })
    }
}

/// The states of a key's four records. They follow from the histories; what is kept is what was last reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RecordStates {
    /// The DNSKEY.
    pub dnskey: RecordState,
    /// Its signatures over zone data.
    pub zone_rrsig: RecordState,
    /// Its signature over the DNSKEY RRset.
    pub dnskey_rrsig: RecordState,
    /// Its DS at the parent.
    pub ds: RecordState,
}

impl RecordStates {
    /// Each record with its state.
    #[must_use]
    pub const fn each(self) -> [(RecordKind, RecordState); 4] {
        [
            (RecordKind::Dnskey, self.dnskey),
            (RecordKind::ZoneRrsig, self.zone_rrsig),
            (RecordKind::DnskeyRrsig, self.dnskey_rrsig),
            (RecordKind::Ds, self.ds),
        ]
    }

    /// Whether no cache has anything of the key.
    #[must_use]
    pub fn are_hidden(self) -> bool {
        self == Self::default()
    }
}

/// A key and all that is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRecord {
    /// Base name of its files.
    pub id: KeyId,
    /// What it is for.
    pub role: Role,
    /// Algorithm.
    pub algorithm: Algorithm,
    /// Key tag, of the key not revoked.
    pub tag: u16,
    /// Bits of an RSA modulus.
    #[serde(default)]
    pub bits: Option<u16>,
    /// DNSKEY RDATA, without the REVOKE flag.
    pub dnskey_rdata: Octets,
    /// Whether the private half is at hand.
    pub has_private: bool,
    /// When what happened to it.
    #[serde(default)]
    pub times: KeyTimes,
    /// States of its records as last reported.
    #[serde(default)]
    pub states: RecordStates,
    /// Where it is going.
    pub goal: Goal,
    /// Why it leaves, if it does.
    #[serde(default)]
    pub leave_cause: Option<LeaveCause>,
    /// When it is to take over at the earliest.
    #[serde(default)]
    pub not_before: Option<UnixTime>,
    /// Whether it leaves by way of revocation, whatever the policy says of RFC 5011.
    #[serde(default)]
    pub is_to_be_revoked: bool,
    /// The key it follows.
    #[serde(default)]
    pub predecessor: Option<KeyId>,
    /// The key that follows it.
    #[serde(default)]
    pub successor: Option<KeyId>,
    /// Why it is here, in words.
    #[serde(default)]
    pub reason: String,
}

impl KeyRecord {
    /// A key that exists, on its way in; nothing is known of its past.
    #[must_use]
    pub fn new(id: KeyId, role: Role, dnskey_rdata: Vec<u8>, has_private: bool) -> Self {
        Self {
            id,
            role,
            algorithm: Algorithm(dnskey_rdata.get(3).copied().unwrap_or_default()),
            tag: key_tag(&dnskey_rdata),
            bits: None,
            dnskey_rdata: Octets(dnskey_rdata),
            has_private,
            times: KeyTimes::default(),
            states: RecordStates::default(),
            goal: Goal::In,
            leave_cause: None,
            not_before: None,
            is_to_be_revoked: false,
            predecessor: None,
            successor: None,
            reason: String::new(),
        }
    }

    /// Whether somebody else may have its private half.
    #[must_use]
    pub fn is_compromised(&self) -> bool {
        self.leave_cause == Some(LeaveCause::Compromised)
    }

    /// The key as messages name it: `ZSK 12345`.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} {}", self.role, self.tag)
    }
}

/// An order for a key; see [`super::Action::GenerateKey`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyOrder {
    /// What it is for.
    pub role: Role,
    /// Algorithm.
    pub algorithm: Algorithm,
    /// Bits of an RSA modulus.
    pub bits: Option<u16>,
    /// Into use, or to stand by.
    pub goal: Goal,
    /// The key it is to follow.
    pub predecessor: Option<KeyId>,
    /// When it is to take over at the earliest.
    pub not_before: Option<UnixTime>,
    /// Why, in words.
    pub reason: String,
}

/// What CDS and CDNSKEY are to say at the next signing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CdsTarget {
    /// There are none.
    #[default]
    None,
    /// They stand for the keys that are in sync.
    Keys,
    /// They ask for all DS to go (CDS-6).
    Delete,
}

/// What the next signing must do. Signing again by the same target is always right.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Target {
    /// What each key does; a key without a line does nothing. Empty: the zone is not signed.
    pub keys: Vec<KeyUse>,
    /// What CDS and CDNSKEY say.
    pub cds: CdsTarget,
    /// The digest types of the CDS; without any, SHA-256.
    pub cds_digests: Vec<DigestType>,
    /// The chain; `None` if the zone is not signed.
    pub denial: DenialView,
}

impl Target {
    /// Whether the zone is to be signed.
    #[must_use]
    pub fn is_signed(&self) -> bool {
        self.keys.iter().any(|one| one.is_published)
    }
}

/// What an operator can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RequestKind {
    /// Replace the keys of the role now, in order.
    Roll,
    /// The key is in other hands: replace it as fast as the chain of trust allows.
    EmergencyKeepChain,
    /// The key is in other hands: take the DS away, and replace the key when no cache can have a DS.
    EmergencyBreakChain,
}

/// Something an operator asked for and that is not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// What.
    pub kind: RequestKind,
    /// For keys of this role.
    pub role: Role,
    /// For this one of them; all, if none is named.
    #[serde(default)]
    pub key: Option<KeyId>,
    /// When it was asked for.
    pub at: UnixTime,
    /// Why, in the operator's words.
    #[serde(default)]
    pub reason: String,
}

impl Request {
    /// Whether a key is in other hands.
    pub(super) fn is_emergency(&self) -> bool {
        self.kind != RequestKind::Roll
    }
}

/// A DS RRset the parent was asked to have, and which it has not been seen with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DsRequest {
    /// The keys whose DS it is to have, and no others.
    pub keys: Keys,
    /// When it was asked.
    pub at: UnixTime,
    /// When something else was asked in its place. The parent may still act on it.
    #[serde(default)]
    pub withdrawn: Option<UnixTime>,
}

/// What the last confirmed zone has beside keys and signatures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Confirmed {
    /// When it was last confirmed.
    pub at: Option<UnixTime>,
    /// SOA serial.
    pub serial: u32,
    /// The chain.
    pub denial: DenialView,
    /// CDS RDATA.
    pub cds: BTreeSet<Octets>,
    /// CDNSKEY RDATA.
    pub cdnskey: BTreeSet<Octets>,
}

/// The state of a zone's keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneState {
    /// The zone.
    pub zone: NameBuf,
    /// The policy it was last run under.
    #[serde(default)]
    pub policy: Option<PolicyMark>,
    /// Its keys, oldest first.
    pub keys: Vec<KeyRecord>,
    /// DS RRsets at the parent. Without a version nobody has looked.
    pub ds: History<DsSet>,
    /// DNSKEY RRsets. Without a version nothing is known of the zone.
    pub dnskey: History<DnskeySet>,
    /// Signatures over the zone's data.
    pub data: History<DataSigners>,
    /// What the next signing must do.
    pub target: Target,
    /// Targets handed out since the last confirmed signing: any of them may have been published by a run that died
    /// before it could say so.
    #[serde(default)]
    pub unconfirmed: Vec<Target>,
    /// The zone as last confirmed, keys and signatures apart.
    #[serde(default)]
    pub confirmed: Confirmed,
    /// Whether the parent was ever seen with a DS. A trust anchor without one is an island, and stays so.
    #[serde(default)]
    pub was_delegated: bool,
    /// When the parent was last seen, all its servers answering.
    #[serde(default)]
    pub ds_observed: Option<UnixTime>,
    /// Whether that was an operator's word, which holds until somebody looks.
    #[serde(default)]
    pub is_ds_word: bool,
    /// What the parent was asked for, oldest first.
    #[serde(default)]
    pub ds_requests: Vec<DsRequest>,
    /// What operators asked for.
    #[serde(default)]
    pub requests: Vec<Request>,
    /// What operators asked for in the place of what the policy says.
    #[serde(default, skip_serializing_if = "Overrides::is_empty")]
    pub overrides: Overrides,
    /// Set while the chain of trust is broken on purpose: no DS is asked for until the keys are replaced.
    #[serde(default)]
    pub is_chain_broken: bool,
    /// Set for keys taken over from elsewhere: the keys in use are the ones wanted, whatever roles, algorithms and
    /// lifetimes the policy has. They are replaced when an operator asks, not before.
    #[serde(default)]
    pub is_kept_as_found: bool,
    /// Until then nothing is moved, because what came before is not known.
    #[serde(default)]
    pub hold_until: Option<UnixTime>,
}

impl ZoneState {
    /// A zone of which nothing is known yet.
    #[must_use]
    pub fn new(zone: NameBuf) -> Self {
        Self {
            zone,
            policy: None,
            keys: Vec::new(),
            ds: History::default(),
            dnskey: History::default(),
            data: History::default(),
            target: Target::default(),
            unconfirmed: Vec::new(),
            confirmed: Confirmed::default(),
            ds_observed: None,
            was_delegated: false,
            is_ds_word: false,
            ds_requests: Vec::new(),
            requests: Vec::new(),
            overrides: Overrides::default(),
            is_chain_broken: false,
            is_kept_as_found: false,
            hold_until: None,
        }
    }

    /// A key by its id.
    #[must_use]
    pub fn key(&self, id: &KeyId) -> Option<&KeyRecord> {
        self.keys.iter().find(|key| key.id == *id)
    }

    /// A key by its id, to change it.
    pub fn key_mut(&mut self, id: &KeyId) -> Option<&mut KeyRecord> {
        self.keys.iter_mut().find(|key| key.id == *id)
    }

    /// The time up to which the parent is known. What it had before is in no cache any more only if a look after that
    /// time shows that it did not go back; an operator's word holds until somebody looks (I-4).
    pub(super) fn parent_known(&self, now: UnixTime) -> UnixTime {
        if self.is_ds_word { now } else { self.ds_observed.map_or(now, |observed| observed.min(now)) }
    }

    /// Adds a key made for an order. The key it follows is on its way out from then on.
    pub fn add_key(&mut self, order: &KeyOrder, id: KeyId, dnskey_rdata: Vec<u8>, at: UnixTime) {
        let mut key = KeyRecord::new(id.clone(), order.role, dnskey_rdata, true);
        key.bits = order.bits;
        key.times.generated = Some(at);
        key.goal = order.goal;
        key.not_before = order.not_before;
        key.reason.clone_from(&order.reason);
        self.keys.push(key);
        if let Some(old) = order.predecessor.as_ref().filter(|_| order.goal == Goal::In) {
            self.link(old, &id);
        }
    }

    /// Makes one key the successor of another, which is to leave.
    pub(super) fn link(&mut self, old: &KeyId, new: &KeyId) {
        if let Some(key) = self.key_mut(new) {
            key.predecessor = Some(old.clone());
        }
        if let Some(key) = self.key_mut(old) {
            key.successor = Some(new.clone());
            key.goal = Goal::Out;
            key.leave_cause.get_or_insert(LeaveCause::Replaced);
        }
    }

    /// Takes note of what an operator asks for. The same again is not noted twice.
    pub fn request(&mut self, request: Request) {
        let is_same = |one: &Request| (one.kind, one.role, &one.key) == (request.kind, request.role, &request.key);
        if !self.requests.iter().any(is_same) {
            self.requests.push(request);
        }
    }

    /// Takes note that a key is to leave by way of revocation: somebody trusts it directly (RFC 5011). A key in use is rolled,
    /// a spare goes.
    pub fn revoke(&mut self, id: &KeyId, at: UnixTime, reason: &str) {
        let Some(key) = self.key_mut(id) else { return };
        key.is_to_be_revoked = true;
        let (role, goal) = (key.role, key.goal);
        if goal == Goal::Standby {
            key.goal = Goal::Out;
            key.leave_cause = Some(LeaveCause::Replaced);
        } else if goal == Goal::In {
            let reason = reason.to_owned();
            self.request(Request { kind: RequestKind::Roll, role, key: Some(id.clone()), at, reason });
        }
    }

    /// Takes back that a key is to be revoked, and the roll asked for with it if that has not begun; false if nothing was
    /// asked for.
    pub fn take_back_revocation(&mut self, id: &KeyId) -> bool {
        let Some(key) = self.key_mut(id) else { return false };
        let was_asked = std::mem::take(&mut key.is_to_be_revoked);
        self.requests.retain(|request| !was_asked || request.key.as_ref() != Some(id));
        was_asked
    }

    /// A salt of its own for a chain to come. A salt is no secret: it only has to be another one each time.
    #[must_use]
    pub fn new_salt(&self, length: usize, now: UnixTime) -> Vec<u8> {
        let zone = self.zone.as_name().to_canonical();
        let mut salt = Vec::new();
        let mut counter: u32 = 0;
        while salt.len() < length {
            salt.extend(sha256(&[zone.as_name().as_wire(), &now.0.to_be_bytes(), &counter.to_be_bytes()]));
            counter += 1;
        }
        salt.truncate(length);
        salt
    }

    /// The CDS and CDNSKEY records that signing by a target makes.
    pub(super) fn sync_records(&self, target: &Target) -> SyncRecords {
        match target.cds {
            CdsTarget::None => SyncRecords::default(),
            CdsTarget::Delete => SyncRecords::delete(),
            CdsTarget::Keys => {
                let in_sync = target.keys.iter().filter(|one| one.is_in_sync).filter_map(|one| self.key(&one.key));
                let rdatas: Vec<&[u8]> = in_sync.map(|key| &key.dnskey_rdata.0[..]).collect();
                let digests =
                    if target.cds_digests.is_empty() { &[DigestType::SHA256][..] } else { &target.cds_digests };
                SyncRecords::of(self.zone.as_name(), &rdatas, digests)
            }
        }
    }

    /// The keys of other signers in the zone's DNSKEY RRset, as it is published (RFC 8901). Signing leaves them there.
    #[must_use]
    pub fn foreign_keys(&self) -> Keys {
        let Some(current) = self.dnskey.current() else { return Keys::new() };
        current.value.keys.iter().filter(|id| is_foreign(id)).cloned().collect()
    }

    /// Forgets a key whose files are in the trash.
    pub fn forget_key(&mut self, id: &KeyId) {
        self.keys.retain(|key| key.id != *id);
    }
}
