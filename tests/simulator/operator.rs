//! What operators do: ask for rolls, change their mind about the policy, panic.

use super::random::Random;
use super::scenario::{DAY, HOUR, Trust, denial, set_algorithm, set_lifetimes, set_methods, set_ttls, toggle_goal};
use super::signer::Signer;
use super::world::{Failure, World};
use zoneseal::base::{Octets, Seconds, Ttl};
use zoneseal::policy::{AlgorithmRoll, DnssecGoal, Lifetime, Policy, Replacement, Roles};
use zoneseal::rollover::{Asked, DenialView, Goal, KeyKind, KeyRecord, Nsec3View, Request, RequestKind, Role};

/// Something at random. Emergencies are remembered by the caller.
pub(crate) fn act(world: &mut World, signer: &mut Signer<'_>) -> Result<(), Failure> {
    if world.scenario.asks && world.random.percent(30) {
        return ask(world, signer);
    }
    if world.random.percent(45) {
        return request(world, signer);
    }
    if world.scenario.trust != Trust::Nobody && world.random.percent(30) {
        return revoke(world, signer);
    }
    let trust = world.scenario.trust;
    let goal = signer.policy.dnssec;
    let words = change_policy(&mut signer.policy, &mut world.random);
    if trust != Trust::Nobody {
        // Who trusts a key of a zone cannot be told that it is not signed any more.
        signer.policy.dnssec = goal;
    }
    world.is_strict &= signer.policy.strict_algorithms;
    // What is published follows the policy's largest TTL.
    world.scenario.max_ttl = world.scenario.max_ttl.min(super::scenario::ttl(signer.policy.ttl.max_zone));
    world.say(|_| format!("the policy changes: {words}"));
    Ok(())
}

/// Something in the place of what the policy says, or that it is taken back.
fn ask(world: &mut World, signer: &mut Signer<'_>) -> Result<(), Failure> {
    let mut other = signer.policy.clone();
    set_algorithm(&mut other, &mut world.random);
    let salt = vec![u8::try_from(world.random.below(256)).unwrap_or(0), 1];
    let nsec3 = DenialView::Nsec3(Nsec3View { salt: Octets(salt), ..Nsec3View::default() });
    let (choice, count) = (world.random.below(6), u8::try_from(world.random.below(3)).unwrap_or(0));
    let role = if other.roles == Roles::Csk { Role::Csk } else { Role::Zsk };
    let may_be_insecure = world.scenario.trust == Trust::Nobody;
    world.say(|_| format!("the operator asks for change {choice} in the place of the policy"));
    signer.command(world, |state, at| {
        let overrides = &mut state.overrides;
        let reason = String::new;
        match choice {
            0 => {
                let value = KeyKind { algorithm: other.csk.algorithm, bits: other.csk.bits };
                overrides.algorithm = Some(Asked { value, at, reason: reason() });
            }
            1 => overrides.denial = Some(Asked { value: nsec3, at, reason: reason() }),
            2 => overrides.denial = Some(Asked { value: DenialView::Nsec, at, reason: reason() }),
            3 => _ = overrides.standby.insert(role, Asked { value: count, at, reason: reason() }),
            4 if may_be_insecure => {
                overrides.dnssec = Some(Asked { value: DnssecGoal::Insecure, at, reason: reason() });
            }
            _ => *overrides = Default::default(),
        }
    })
}

/// A key that signs keys is to be revoked.
fn revoke(world: &mut World, signer: &mut Signer<'_>) -> Result<(), Failure> {
    let state = signer.load();
    let is_meant = |key: &&KeyRecord| key.role != Role::Zsk && key.goal == Goal::In && !key.is_compromised();
    let Some(id) = state.keys.iter().find(is_meant).map(|key| key.id.clone()) else { return Ok(()) };
    world.say(|_| format!("the operator asks for {id} to be revoked"));
    signer.command(world, |state, at| state.revoke(&id, at, "asked for"))
}

/// A roll of a role in use, perhaps in an emergency.
fn request(world: &mut World, signer: &mut Signer<'_>) -> Result<(), Failure> {
    let role = match signer.policy.roles {
        Roles::Csk => Role::Csk,
        Roles::KskZsk => world.random.pick(&[Role::Ksk, Role::Zsk]),
    };
    let kind = world.random.pick(&[
        RequestKind::Roll,
        RequestKind::Roll,
        RequestKind::Roll,
        RequestKind::EmergencyKeepChain,
        RequestKind::EmergencyBreakChain,
    ]);
    world.say(|_| format!("the operator asks for {kind:?} of {role}"));
    signer.command(world, |state, at| {
        state.request(Request { kind, role, key: None, at, reason: "asked for".to_owned() });
    })
}

/// Changes a policy in one way and says which.
fn change_policy(policy: &mut Policy, random: &mut Random) -> &'static str {
    match random.below(11) {
        0 => {
            set_methods(policy, random);
            "methods and standby keys"
        }
        1 => {
            set_lifetimes(policy, random);
            "lifetimes"
        }
        2 | 3 => {
            set_algorithm(policy, random);
            "algorithm"
        }
        4 => {
            policy.roles = if policy.roles == Roles::Csk { Roles::KskZsk } else { Roles::Csk };
            "roles"
        }
        5 => {
            policy.denial = denial(random);
            "denial"
        }
        6 => {
            toggle_goal(policy);
            "signed or not"
        }
        7 => {
            set_ttls(policy, random);
            "TTLs"
        }
        8 => {
            policy.signatures.replacement = random.pick(&[Replacement::Full, Replacement::Gradual]);
            "replacement of signatures"
        }
        9 => {
            policy.algorithm_roll = random.pick(&[AlgorithmRoll::Conservative, AlgorithmRoll::Liberal]);
            policy.strict_algorithms &= policy.algorithm_roll == AlgorithmRoll::Conservative;
            "order of algorithm rolls"
        }
        _ => {
            // What is configured for the world may grow, but not below what is true.
            policy.delays.zone_propagation = Seconds(policy.delays.zone_propagation.0 + HOUR);
            policy.delays.parent_ds_ttl = policy.delays.parent_ds_ttl.max(Ttl::new(86_400).unwrap_or(Ttl::MAX));
            policy.signatures.jitter = Seconds(DAY / 4);
            "delays"
        }
    }
}

/// Makes a policy one under which nothing more is due, so that what is under way can end.
pub(crate) fn make_peace(policy: &mut Policy, random: &mut Random, trust: Trust) {
    policy.ksk.lifetime = Lifetime::Unlimited;
    policy.zsk.lifetime = Lifetime::Unlimited;
    policy.csk.lifetime = Lifetime::Unlimited;
    if policy.dnssec == DnssecGoal::Insecure && (random.percent(50) || trust != Trust::Nobody) {
        policy.dnssec = DnssecGoal::Signed;
    }
}
