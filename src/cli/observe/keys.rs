//! What the keys in a directory ask of the parent.

use crate::base::{Diagnostics, Name, UnixTime};
use crate::cli::{Env, Failure};
use crate::keys::{KeySet, LoadOptions, ZoneKey, load};
use crate::observe::advice::{KnownKey, Wish};
use crate::rollover::ZoneState;
use crate::state::StateFile;
use std::path::Path;
use std::time::Duration;

/// How long a rollover that is just writing the state is waited for.
const STATE_WAIT: Duration = Duration::from_secs(10);

/// What a directory says of a zone's keys.
pub(super) struct Known {
    /// The keys.
    pub(super) keys: Vec<KnownKey>,
    /// Whether others sign the zone too (RFC 8901). Only a state knows.
    pub(super) has_other_signers: bool,
}

/// The keys of a zone in a directory, and whether each is to have a DS now: by the state of its rollovers if there is one,
/// else by the times in the key files.
pub(super) fn known(directory: &Path, zone: Name<'_>, env: &mut Env<'_>) -> Result<Known, Failure> {
    let mut findings = Diagnostics::new(20);
    if StateFile::exists(directory, zone) {
        let state = StateFile::read(directory, zone, STATE_WAIT, &mut findings).map_err(Failure::new)?;
        for finding in findings.list() {
            env.say(finding);
        }
        // One without keys is of a zone that went insecure: then no DS is to be there.
        if let Some(state) = state {
            let has_other_signers = !state.foreign_keys().is_empty();
            return Ok(Known { keys: by_state(&state), has_other_signers });
        }
    }
    let options = LoadOptions { directory: Some(directory.to_owned()), ..LoadOptions::default() };
    let keys = load(zone, &options, &mut findings).map_err(Failure::new)?;
    for finding in findings.list() {
        env.say(finding);
    }
    if keys.is_empty() {
        return Err(Failure::new(format_args!("{}: there is no key of {zone} in it", directory.display())));
    }
    Ok(Known { keys: by_times(zone, keys, env.now), has_other_signers: false })
}

/// By what the engine last asked of the parent; if that is done, by what the parent was last seen with.
fn by_state(state: &ZoneState) -> Vec<KnownKey> {
    let asked = state.ds_requests.iter().rev().find(|request| request.withdrawn.is_none()).map(|request| &request.keys);
    let wanted = asked.or_else(|| state.ds.current().map(|version| &version.value.keys));
    let wish = |key| match wanted {
        Some(wanted) if wanted.contains(key) => Wish::In,
        Some(_) => Wish::Out,
        // Nobody has looked at the parent yet, so nothing can be asked of it.
        None => Wish::Either,
    };
    let known = state.keys.iter().map(|key| KnownKey { dnskey_rdata: key.dnskey_rdata.0.clone(), wish: wish(&key.id) });
    known.collect()
}

/// By the times in the key files, as `sign` without a state takes them: whom CDS would name is to have a DS (CDS-1).
fn by_times(zone: Name<'_>, keys: Vec<ZoneKey>, now: UnixTime) -> Vec<KnownKey> {
    // Double-DS has the DS before the key (RFC 7583 section 3.3.2), so one that is still to be published may have it.
    let early = |key: &ZoneKey| !key.timing.is_published(now) && !key.timing.is_deleted(now);
    let of_all: Vec<(Vec<u8>, Wish)> =
        keys.iter().map(|key| (key.dnskey_rdata.clone(), if early(key) { Wish::Either } else { Wish::Out })).collect();
    // What is wrong with the set is for the signer to say; here only its answer counts.
    let set = KeySet::new(zone, keys, now, &mut Diagnostics::new(0));
    let in_sync: Vec<&[u8]> = set.in_sync().map(|key| key.dnskey_rdata.as_slice()).collect();
    let wish = |(dnskey_rdata, wish): (Vec<u8>, Wish)| {
        let wish = if in_sync.contains(&dnskey_rdata.as_slice()) { Wish::In } else { wish };
        KnownKey { dnskey_rdata, wish }
    };
    of_all.into_iter().map(wish).collect()
}
