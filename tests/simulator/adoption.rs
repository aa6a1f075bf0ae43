//! A zone whose state is lost, and made anew from its keys, the signed zone and the parent.

use super::child::Cds;
use super::scenario::DAY;
use super::signer::Signer;
use super::world::{Failure, World};
use std::path::PathBuf;
use zoneseal::base::Algorithm;
use zoneseal::crypto::{self, CryptoError, Library};
use zoneseal::keys::{KeyTiming, ZoneKey};
use zoneseal::rdata::dnskey::key_tag;
use zoneseal::rollover::ZoneState;
use zoneseal::state::reconstruct::{Content, reconstruct};
use zoneseal::state::told::ToldKeys;

/// What stands for a private half: nobody signs with it here.
#[derive(Debug)]
struct Placeholder(Algorithm);

impl crypto::Signer for Placeholder {
    fn algorithm(&self) -> Algorithm {
        self.0
    }

    fn library(&self) -> Library {
        Library::Ring
    }

    fn signature_len(&self) -> usize {
        0
    }

    fn is_deterministic(&self) -> bool {
        true
    }

    fn sign(&self, _: &[u8], _: &mut Vec<u8>) -> Result<(), CryptoError> {
        Err(CryptoError::SigningFailed(self.0))
    }
}

/// Whether the past that nobody remembers afterwards can be outlived: what the parent was asked for is done, all show the
/// same, and no TTL was longer a short time ago.
pub(crate) fn is_possible(world: &World, signer: &Signer<'_>) -> bool {
    let registry = world.parent.registry.ds;
    let is_done = match world.newest.cds {
        Cds::Keys(keys) => keys == registry,
        Cds::Absent => true,
        Cds::Delete => false,
    };
    world.pending_orders == 0
        && world.is_parent_settled()
        && is_done
        && registry != 0
        && world.newest.keys() != 0
        && world.ttls_changed + 5 * DAY < world.now
        && signer.clock_error == 0
        && signer.advice.is_none()
}

/// Loses the state, and makes it anew. Its keys are left to the policy.
pub(crate) fn adopt(world: &mut World, signer: &mut Signer<'_>) -> Result<(), Failure> {
    let before = signer.load();
    let keys: Vec<ZoneKey> = before
        .keys
        .iter()
        .map(|key| ZoneKey {
            zone: before.zone.clone(),
            dnskey_rdata: key.dnskey_rdata.0.clone(),
            key_tag: key_tag(&key.dnskey_rdata.0),
            algorithm: key.algorithm,
            signer: Some(Box::new(Placeholder(key.algorithm))),
            refusal: None,
            timing: KeyTiming { is_timeless: true, ..KeyTiming::default() },
            ttl: None,
            source: PathBuf::from(format!("{}.key", key.id)),
            is_named: false,
        })
        .collect();
    let (view, parent, now) = (signer.see_zone(world), signer.see_parent(world), signer.clock(world));
    let told = ToldKeys::new();
    let content = Content { zone: &before.zone, keys: &keys, told: &told, signed: Some(&view), parent: Some(&parent) };
    let made = reconstruct(&content, &signer.policy, now);
    let state = ZoneState { is_kept_as_found: false, ..made.state };
    world.say(|_| format!("the state is lost, and made anew: {:?}", made.findings));
    signer.command(world, |old, _| *old = state)
}
