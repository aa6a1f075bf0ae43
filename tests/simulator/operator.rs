//! What operators do: ask for rolls, change their mind about the policy, panic.

use super::random::Random;
use super::scenario::{DAY, HOUR, denial, set_algorithm, set_lifetimes, set_methods, set_ttls, toggle_goal};
use super::signer::Signer;
use super::world::{Failure, World};
use zoneseal::base::{Seconds, Ttl};
use zoneseal::policy::{AlgorithmRoll, DnssecGoal, Lifetime, Policy, Replacement, Roles};
use zoneseal::rollover::{Request, RequestKind, Role};

/// Something at random. Emergencies are remembered by the caller.
pub(crate) fn act(world: &mut World, signer: &mut Signer<'_>) -> Result<(), Failure> {
    if world.random.percent(45) {
        return request(world, signer);
    }
    let words = change_policy(&mut signer.policy, &mut world.random);
    world.is_strict &= signer.policy.strict_algorithms;
    // What is published follows the policy's largest TTL.
    world.scenario.max_ttl = world.scenario.max_ttl.min(super::scenario::ttl(signer.policy.ttl.max_zone));
    world.say(|_| format!("the policy changes: {words}"));
    Ok(())
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
pub(crate) fn make_peace(policy: &mut Policy, random: &mut Random) {
    policy.ksk.lifetime = Lifetime::Unlimited;
    policy.zsk.lifetime = Lifetime::Unlimited;
    policy.csk.lifetime = Lifetime::Unlimited;
    if policy.dnssec == DnssecGoal::Insecure && random.percent(50) {
        policy.dnssec = DnssecGoal::Signed;
    }
}
