//! From keys and what is published to a state.

use super::bind::BindState;
use crate::base::{Algorithm, Diagnostic, Diagnostics, NameBuf, Octets, Seconds, UnixTime};
use crate::keys::{KeyId, ZoneKey};
use crate::policy::Policy;
use crate::rdata::dnskey::{FLAG_REVOKE, key_tag};
use crate::rollover::{Goal, KeyRecord, KeyTimes, LeaveCause, Observations, Role, SignerTag, ZoneState, ZoneView};

/// A key, and what its signer knew of it.
#[derive(Debug)]
pub struct Found {
    /// The key.
    pub key: ZoneKey,
    /// BIND's state of it.
    pub bind: Option<BindState>,
}

/// What a key was taken for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Its id.
    pub id: KeyId,
    /// Whether its DNSKEY is published.
    pub is_published: bool,
    /// Whether it signs the DNSKEY RRset.
    pub signs_dnskey: bool,
    /// Whether it signs the zone's data.
    pub signs_data: bool,
}

/// Makes a state from keys and from what is seen. Nothing is moved until no cache can have anything from before, as
/// nobody knows what that was; and with `is_kept` no key is replaced until somebody asks for it.
///
/// What the signed zone shows counts more than what files say; without it the files have to do. Keys that do nothing
/// are left alone. What was assumed is said in `findings`.
#[must_use]
pub fn take_over(
    zone: &NameBuf,
    found: &[Found],
    seen: &Observations,
    policy: &Policy,
    is_kept: bool,
    now: UnixTime,
    findings: &mut Diagnostics,
) -> (ZoneState, Vec<Taken>) {
    let mut state = ZoneState::new(zone.clone());
    state.is_kept_as_found = is_kept;
    let mut all = Vec::new();
    for one in found {
        let doing = doing(one, seen.zone.as_ref(), now);
        say_where_they_differ(one, &doing, seen.zone.is_some(), now, findings);
        if doing.is_published || doing.signs_dnskey || doing.signs_data {
            all.push((one, doing));
        } else {
            let message = format!("{}: does nothing in the zone now, so it is left alone", one.key.source.display());
            findings.push(Diagnostic::warning("key-left-alone", message));
        }
    }
    for (one, doing) in &all {
        let role = role(one, doing, &all);
        state.keys.push(record(one, doing, role, now));
    }
    link(&mut state, &all);
    match &seen.zone {
        Some(view) => {
            say_foreign_keys(&state, view, findings);
            state.confirm(view, now);
        }
        None => findings.push(
            Diagnostic::warning("no-signed-zone", "what is published is not known: no signed zone was given")
                .because("I-7")
                .help("name it with --signed; else nothing moves before the zone has been signed"),
        ),
    }
    state.hold_until = Some(now.plus(horizon(seen, policy)));
    (state, all.into_iter().map(|(_, doing)| doing).collect())
}

/// What a key does: as the zone shows, else as BIND knew, else by its times.
fn doing(one: &Found, view: Option<&ZoneView>, now: UnixTime) -> Taken {
    let key = &one.key;
    let id = id_of(key);
    if let Some(view) = view {
        let plain = Octets(key.dnskey_rdata.clone());
        let is_published = view.dnskeys.contains(&plain) || view.dnskeys.contains(&revoked(&plain));
        // A tag can be shared: then the key that is published is the one that signs.
        let others = |tag| !is_published && view.dnskeys_tagged(tag).next().is_some();
        let tags = [key.key_tag, key_tag(&revoked(&plain).0)].map(|tag| SignerTag(key.algorithm, tag));
        let signs = |tag: &SignerTag| !others(*tag) && view.dnskey_signers.contains(tag);
        let signs_data = !others(tags[0]) && view.data_signers.iter().any(|set| set.contains(&tags[0]));
        return Taken { id, is_published, signs_dnskey: tags.iter().any(signs), signs_data };
    }
    let is_active = key.timing.is_active(now);
    let known = |record: super::bind::BindRecord| record.state.map(super::bind::BindVisibility::is_published);
    let bind = one.bind.as_ref();
    Taken {
        is_published: bind.and_then(|bind| known(bind.dnskey)).unwrap_or_else(|| key.timing.is_published(now)),
        signs_dnskey: bind.and_then(|bind| known(bind.dnskey_rrsig)).unwrap_or_else(|| is_active && key.is_sep()),
        signs_data: bind.and_then(|bind| known(bind.zone_rrsig)).unwrap_or_else(|| is_active && !key.is_sep()),
        id,
    }
}

fn id_of(key: &ZoneKey) -> KeyId {
    KeyId(key.source.file_stem().unwrap_or_default().to_string_lossy().into_owned())
}

fn revoked(rdata: &Octets) -> Octets {
    let mut revoked = rdata.clone();
    let [_, low] = FLAG_REVOKE.to_be_bytes();
    if let Some(flags) = revoked.0.get_mut(1) {
        *flags |= low;
    }
    revoked
}

/// What a key is for: as BIND says, else by what it signs, else by its flag and what others there are (SIG-10).
fn role(one: &Found, doing: &Taken, all: &[(&Found, Taken)]) -> Role {
    if let Some(BindState { ksk: Some(is_ksk), zsk: Some(is_zsk), .. }) = one.bind {
        match (is_ksk, is_zsk) {
            (true, true) => return Role::Csk,
            (true, false) => return Role::Ksk,
            (false, true) => return Role::Zsk,
            (false, false) => {}
        }
    }
    let algorithm = one.key.algorithm;
    let has = |is_sep: bool| all.iter().any(|(other, _)| is_kind(other, algorithm, is_sep));
    match (doing.signs_dnskey, doing.signs_data) {
        (true, true) => Role::Csk,
        (true, false) if has(false) => Role::Ksk,
        (false, true) if has(true) => Role::Zsk,
        _ if has(true) && has(false) => {
            if one.key.is_sep() {
                Role::Ksk
            } else {
                Role::Zsk
            }
        }
        // The only kind there is signs everything.
        _ => Role::Csk,
    }
}

fn is_kind(one: &Found, algorithm: Algorithm, is_sep: bool) -> bool {
    one.key.algorithm == algorithm && one.key.is_sep() == is_sep
}

/// The key as the engine knows it.
fn record(one: &Found, doing: &Taken, role: Role, now: UnixTime) -> KeyRecord {
    let (key, timing) = (&one.key, &one.key.timing);
    let mut plain = key.dnskey_rdata.clone();
    if key.is_revoked() {
        let [_, low] = FLAG_REVOKE.to_be_bytes();
        plain[1] &= !low;
    }
    let mut record = KeyRecord::new(doing.id.clone(), role, plain, key.signer.is_some());
    let past = |time: Option<UnixTime>| time.filter(|time| *time <= now);
    let bind = one.bind.as_ref();
    let either = |of: fn(&BindState) -> Option<UnixTime>, time| past(bind.and_then(of)).or_else(|| past(time));
    record.bits = bind.and_then(|bind| bind.length).filter(|_| key.algorithm.is_rsa());
    let signs = doing.signs_dnskey || doing.signs_data;
    record.times = KeyTimes {
        generated: either(|bind| bind.generated, timing.created),
        published: either(|bind| bind.published, timing.publish.or(timing.activate)),
        active: either(|bind| bind.active, timing.activate).filter(|_| signs),
        submitted: either(|bind| bind.publish_cds, timing.sync_publish),
        retired: either(|bind| bind.retired, timing.inactive),
        revoked: either(|bind| bind.revoked, timing.revoke),
        ..KeyTimes::default()
    };
    let is_leaving = record.times.retired.is_some()
        || record.times.revoked.is_some()
        || bind.is_some_and(|bind| bind.goal.is_some_and(|goal| !goal.is_published()));
    (record.goal, record.leave_cause) = match (is_leaving, signs) {
        (true, _) => (Goal::Out, Some(LeaveCause::Replaced)),
        (false, true) => (Goal::In, None),
        (false, false) => (Goal::Standby, None),
    };
    record.reason = "taken over".to_owned();
    record
}

/// Which key follows which, as BIND knows it.
fn link(state: &mut ZoneState, all: &[(&Found, Taken)]) {
    let with_tag = |algorithm: Algorithm, tag: u16| {
        all.iter()
            .find(|(one, _)| one.key.algorithm == algorithm && one.key.key_tag == tag)
            .map(|(_, it)| it.id.clone())
    };
    for (one, doing) in all {
        let Some(bind) = &one.bind else { continue };
        let find = |tag: Option<u16>| tag.and_then(|tag| with_tag(one.key.algorithm, tag));
        let (predecessor, successor) = (find(bind.predecessor), find(bind.successor));
        if let Some(key) = state.key_mut(&doing.id) {
            key.predecessor = predecessor;
            key.successor = successor;
        }
    }
}

/// Where files and zone say two things, the zone counts; the operator should know.
fn say_where_they_differ(one: &Found, doing: &Taken, has_view: bool, now: UnixTime, findings: &mut Diagnostics) {
    if !has_view || one.key.timing.is_timeless || one.key.timing.is_published(now) == doing.is_published {
        return;
    }
    let (zone, times) = if doing.is_published { ("has", "are not for that") } else { ("does not have", "say it has") };
    let message = format!(
        "{}: the signed zone {zone} the key, though its times {times}; the zone counts",
        one.key.source.display()
    );
    findings.push(Diagnostic::warning("times-contradicted", message).because("I-7"));
}

/// Keys that are published and that nobody here has.
fn say_foreign_keys(state: &ZoneState, view: &ZoneView, findings: &mut Diagnostics) {
    let is_ours = |rdata: &Octets| {
        state.keys.iter().any(|key| key.dnskey_rdata == *rdata || revoked(&key.dnskey_rdata) == *rdata)
    };
    for rdata in view.dnskeys.iter().filter(|rdata| !is_ours(rdata)) {
        let message = format!("the signed zone has DNSKEY {}, of which there are no files here", key_tag(&rdata.0));
        let help =
            "another signer's key stays in the zone file; for one of this signer put its files into the directory";
        findings.push(Diagnostic::warning("foreign-key", message).help(help));
    }
}

/// How long caches may have something from before: the longest of all waits.
fn horizon(seen: &Observations, policy: &Policy) -> Seconds {
    let delays = &policy.delays;
    let view = seen.zone.as_ref();
    let ttls = view.into_iter().flat_map(|view| [view.dnskey_ttl, view.max_ttl, view.negative_ttl]);
    let zone_ttl = ttls.chain([policy.ttl.dnskey, policy.ttl.max_zone]).max().unwrap_or_default().to_seconds();
    let servers = seen.parent.iter().flat_map(|view| &view.servers);
    let observed = servers.filter_map(|server| server.answer.as_ref().ok()).map(|answer| answer.ttl);
    let ds_ttl = observed.chain([delays.parent_ds_ttl]).max().unwrap_or_default().to_seconds();
    let safety = delays.retire_safety.max(delays.publish_safety);
    let zone = delays.zone_propagation.0 + zone_ttl.0;
    let parent = delays.parent_propagation.0 + ds_ttl.0;
    Seconds(zone.max(parent) + safety.0)
}
