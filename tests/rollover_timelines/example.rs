//! The worked example that all timelines are of, and how they are told.

use zoneseal::base::{Algorithm, Seconds, Ttl, UnixTime};
use zoneseal::policy::{Lifetime, Policy, Preset, PurgeDelay, Replacement};
use zoneseal::rollover::{Assumptions, Event, Future, Request, RequestKind, Role, ZoneState, forecast};

pub(crate) const HOUR: i64 = 3600;
/// Hours until the zone of [`settled`] is signed, its DS is seen and everything is in every cache.
pub(crate) const SETTLED: i64 = 200;
pub(crate) const PROMPT: Assumptions = Assumptions { registration_delay: Seconds::DAY, run_interval: Seconds(0) };
pub(crate) const ED25519: Algorithm = Algorithm(15);

/// The worked example, without lifetimes, so that only what is asked for happens.
pub(crate) fn policy() -> Policy {
    let mut policy = Policy::preset(Preset::Nist81r3);
    policy.ttl.dnskey = Ttl::new(3600).unwrap();
    policy.ttl.max_zone = Ttl::new(86_400).unwrap();
    policy.delays.zone_propagation = Seconds::HOUR;
    policy.delays.parent_propagation = Seconds::HOUR;
    policy.delays.parent_ds_ttl = Ttl::new(86_400).unwrap();
    policy.delays.parent_registration = Seconds::DAY;
    policy.delays.publish_safety = Seconds::HOUR;
    policy.delays.retire_safety = Seconds::HOUR;
    policy.signatures.validity = Seconds(7 * 24 * HOUR);
    policy.signatures.refresh = Seconds(3 * 24 * HOUR);
    policy.signatures.replacement = Replacement::Full;
    policy.run_interval = Seconds(0);
    policy.purge_delay = PurgeDelay::Never;
    policy.ksk.lifetime = Lifetime::Unlimited;
    policy.zsk.lifetime = Lifetime::Unlimited;
    policy.csk.lifetime = Lifetime::Unlimited;
    policy
}

/// The worked example, changed.
pub(crate) fn policy_with(change: impl FnOnce(&mut Policy)) -> Policy {
    let mut policy = policy();
    change(&mut policy);
    policy
}

pub(crate) fn at(hours: i64) -> UnixTime {
    UnixTime(hours * HOUR)
}

/// A zone that has been signed by a policy for long.
pub(crate) fn settled(policy: &Policy) -> ZoneState {
    let state = ZoneState::new("example.".parse().unwrap());
    let mut future = Future::new(policy, &state, at(0), &PROMPT);
    future.run_until(at(SETTLED));
    future.state().clone()
}

pub(crate) fn request(kind: RequestKind, role: Role) -> Request {
    Request { kind, role, key: None, at: at(SETTLED), reason: String::new() }
}

/// A settled zone of which a roll is asked.
pub(crate) fn rolling(policy: &Policy, role: Role) -> ZoneState {
    let mut state = settled(policy);
    state.request(request(RequestKind::Roll, role));
    state
}

/// What happens from then on, each event as hours after, name in RFC 7583, role and algorithm.
#[track_caller]
pub(crate) fn expect(policy: &Policy, state: &ZoneState, expected: &[&str]) {
    same(&forecast(policy, state, at(SETTLED), at(SETTLED + 4000), &PROMPT), expected);
}

#[track_caller]
pub(crate) fn same(events: &[Event], expected: &[&str]) {
    let found: Vec<String> = events.iter().map(line).collect();
    assert_eq!(found, expected, "\n{}", found.iter().map(|line| format!("\"{line}\",\n")).collect::<String>());
}

pub(crate) fn line(event: &Event) -> String {
    let seconds = event.at.since(at(SETTLED)).0;
    assert_eq!(seconds % HOUR, 0, "the quantities are whole hours: {event:?}");
    let role = event.words.split(' ').find(|word| ["KSK", "ZSK", "CSK"].contains(word)).unwrap_or_default();
    let algorithm = event.key.as_ref().and_then(|key| key.as_str().split('+').nth(1)).unwrap_or_default();
    format!("{} {} {role}/{}", seconds / HOUR, event.what, algorithm.trim_start_matches('0'))
}
