//! What a seed stands for: a policy, a world, and how much goes wrong in it.

use super::random::Random;
use zoneseal::base::{Algorithm, Seconds, Ttl};
use zoneseal::policy::{
    AlgorithmRoll, CdsPublication, Delays, Denial, DnssecGoal, KskMethod, Lifetime, Nsec3Policy, Policy, PurgeDelay,
    Replacement, Roles, SignaturePolicy, TtlPolicy, ZskMethod,
};

pub(crate) const MINUTE: i64 = 60;
pub(crate) const HOUR: i64 = 3600;
pub(crate) const DAY: i64 = 86_400;

/// How the engine comes to know of the parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Eyes {
    /// Every run asks the servers.
    Observes,
    /// An operator looks and gives his word.
    Word,
}

/// How what is wanted gets to the parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Courier {
    /// The parent reads CDS from the zone's servers.
    Cds,
    /// A human copies the DS that the tool asks for.
    Human,
}

/// What a seed stands for.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) policy: Policy,
    /// The zone's own largest TTL, at most the policy's.
    pub(crate) max_ttl: i64,
    pub(crate) negative_ttl: i64,
    /// True delays: at most what the policy says of them.
    pub(crate) zone_propagation: i64,
    pub(crate) parent_propagation: i64,
    pub(crate) parent_ttl: i64,
    /// The largest TTL of the DS RRset there will be.
    pub(crate) parent_ttl_max: i64,
    pub(crate) servers: usize,
    pub(crate) parent_addresses: usize,
    pub(crate) eyes: Eyes,
    pub(crate) courier: Courier,
    /// Whether an observation of the signed zone and of its servers is handed to the engine.
    pub(crate) sees_zone: bool,
    pub(crate) sees_children: bool,
    /// Slowest registration of an order.
    pub(crate) registration_max: i64,
    pub(crate) run_interval: i64,
    /// Longest time without a run.
    pub(crate) outage_max: i64,
    /// In a hundred runs.
    pub(crate) faults: Faults,
    /// Days with trouble, and days of peace after them.
    pub(crate) trouble: i64,
    /// How many things operators do in the time of trouble.
    pub(crate) operator_acts: usize,
    pub(crate) parent_acts: usize,
    pub(crate) clock_acts: usize,
    /// Who trusts the zone's keys directly.
    pub(crate) trust: Trust,
    /// Whether operators also ask for what is the policy's.
    pub(crate) asks: bool,
    /// How often the state is lost and made anew.
    pub(crate) adoptions: usize,
}

/// Who trusts the zone's keys directly and follows them by RFC 5011.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    Nobody,
    /// Validators; the zone has no DS and never gets one.
    Island,
    /// Validators, from some day on, beside those that come by the DS.
    BesideDs,
}

/// How often things go wrong, in a hundred cases.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Faults {
    pub(crate) missed_run: u64,
    pub(crate) doubled_run: u64,
    pub(crate) apply_only: u64,
    pub(crate) sign_only: u64,
    /// The zone is published, but the state does not hear of it.
    pub(crate) crash_after_publication: u64,
    /// Keys were made and the run ended before the state was saved.
    pub(crate) crash_before_save: u64,
    pub(crate) failing_observation: u64,
    pub(crate) fresh_signing: u64,
    pub(crate) goes_back: u64,
    pub(crate) keeps_old: u64,
}

const ALGORITHMS: [Algorithm; 3] = [Algorithm::ECDSAP256SHA256, Algorithm::RSASHA256, Algorithm::ED25519];

impl Scenario {
    pub(crate) fn new(random: &mut Random) -> Self {
        let policy = policy(random);
        let delays = policy.delays;
        let (eyes, courier) = random.pick(&[
            (Eyes::Observes, Courier::Cds),
            (Eyes::Observes, Courier::Human),
            (Eyes::Observes, Courier::Cds),
            (Eyes::Word, Courier::Human),
        ]);
        let parent_ttl = random.pick(&[300, HOUR, 4 * HOUR, DAY]).min(ttl(delays.parent_ds_ttl));
        let long_ttl = eyes == Eyes::Observes && random.percent(30);
        let is_calm = random.percent(10);
        let share = |chance| if is_calm { 0 } else { chance };
        let sees_zone = random.percent(60);
        Self {
            max_ttl: (ttl(policy.ttl.max_zone) / random.span(1, 3)).max(60),
            negative_ttl: random.pick(&[300, HOUR, DAY]).min(ttl(policy.ttl.max_zone)),
            zone_propagation: delays.zone_propagation.0,
            parent_propagation: delays.parent_propagation.0,
            parent_ttl,
            parent_ttl_max: if long_ttl { 3 * DAY } else { ttl(delays.parent_ds_ttl) },
            servers: 1 + random.below(4),
            parent_addresses: 1 + random.below(3),
            eyes,
            courier,
            sees_zone,
            sees_children: random.percent(40),
            registration_max: random.pick(&[10 * MINUTE, DAY, 5 * DAY, 15 * DAY]),
            run_interval: policy.run_interval.0,
            outage_max: 3 * DAY,
            faults: Faults {
                missed_run: share(random.pick(&[0, 5, 30])),
                doubled_run: share(random.pick(&[0, 5, 20])),
                apply_only: share(random.pick(&[0, 10, 30])),
                sign_only: share(random.pick(&[0, 10, 30])),
                crash_after_publication: if sees_zone { share(random.pick(&[0, 3, 10])) } else { 0 },
                crash_before_save: share(random.pick(&[0, 3])),
                failing_observation: share(random.pick(&[0, 5, 40])),
                fresh_signing: share(random.pick(&[0, 5])),
                goes_back: share(random.pick(&[0, 0, 30])),
                keeps_old: share(random.pick(&[0, 0, 30])),
            },
            trouble: random.span(300, 800) * DAY,
            operator_acts: random.below(9),
            parent_acts: if is_calm { 0 } else { random.below(9) },
            clock_acts: if is_calm { 0 } else { random.below(5) },
            trust: Trust::Nobody,
            asks: false,
            adoptions: 0,
            policy,
        }
    }

    /// Adds what the worlds below [`super::EXTENDED`] do not have; they stay as they were when engines failed in them.
    pub(crate) fn extend(&mut self, random: &mut Random) {
        self.trust = random.pick(&[Trust::Nobody, Trust::Island, Trust::BesideDs]);
        self.asks = random.percent(60);
        if random.percent(40) {
            self.policy.cds = CdsPublication::Off;
            self.courier = Courier::Human;
        }
        self.policy.rfc5011 = self.trust == Trust::Island;
        if self.trust == Trust::Nobody {
            self.adoptions = random.below(4);
        }
        if self.trust != Trust::Nobody {
            // Trust takes a month to grow.
            self.trouble += 300 * DAY;
        }
    }

    /// How long the longest roll may take once everybody does what he should.
    pub(crate) fn peace(&self, policy: &Policy) -> i64 {
        let delays = policy.delays;
        let safety = delays.publish_safety.0.max(delays.retire_safety.0);
        let signing = policy.signatures.validity.0;
        let ttl_max = ttl(policy.ttl.dnskey).max(ttl(policy.ttl.max_zone)).max(2 * DAY);
        let zone = delays.zone_propagation.0 + ttl_max + safety + signing + 2 * self.run_interval;
        let registration = 3 * DAY;
        let parent = registration + delays.parent_propagation.0 + self.parent_ttl_max + safety + 2 * self.run_interval;
        let holds = if policy.rfc5011 { 400 * DAY } else { 0 };
        4 * (4 * zone + 2 * parent) + holds
    }

    /// How far the clock may be off unseen: two errors may meet in one wait, and the margins must cover both.
    pub(crate) fn clock_error_max(&self) -> i64 {
        let delays = self.policy.delays;
        delays.publish_safety.0.min(delays.retire_safety.0) / 2
    }
}

/// A TTL as a number.
pub(crate) fn ttl(ttl: Ttl) -> i64 {
    i64::from(ttl.seconds())
}

fn to_ttl(seconds: i64) -> Ttl {
    Ttl::new(u32::try_from(seconds).expect("TTLs here are small")).expect("TTLs here are small")
}

/// Any policy worth a test. Its times leave room for `outage_max` without a run.
fn policy(random: &mut Random) -> Policy {
    let mut policy = Policy { roles: random.pick(&[Roles::Csk, Roles::KskZsk]), ..Policy::default() };
    set_algorithm(&mut policy, random);
    set_methods(&mut policy, random);
    set_lifetimes(&mut policy, random);
    policy.algorithm_roll = random.pick(&[AlgorithmRoll::Conservative, AlgorithmRoll::Liberal]);
    policy.strict_algorithms = policy.algorithm_roll == AlgorithmRoll::Conservative && random.percent(75);
    policy.denial = denial(random);
    let day = Seconds(DAY);
    policy.signatures = SignaturePolicy {
        validity: Seconds(14 * day.0),
        dnskey_validity: Seconds(14 * day.0),
        refresh: Seconds(7 * day.0),
        inception_offset: Seconds(HOUR),
        jitter: Seconds(random.pick(&[0, DAY / 2, 2 * DAY])),
        replacement: random.pick(&[Replacement::Full, Replacement::Gradual]),
    };
    set_ttls(&mut policy, random);
    policy.delays = Delays {
        zone_propagation: Seconds(random.pick(&[5 * MINUTE, HOUR, 6 * HOUR])),
        parent_propagation: Seconds(random.pick(&[5 * MINUTE, HOUR, 12 * HOUR])),
        parent_ds_ttl: to_ttl(random.pick(&[HOUR, DAY, 2 * DAY])),
        parent_registration: Seconds(DAY),
        publish_safety: Seconds(random.pick(&[0, HOUR])),
        retire_safety: Seconds(random.pick(&[0, HOUR])),
    };
    policy.run_interval = Seconds(random.pick(&[6 * HOUR, 12 * HOUR, DAY, DAY]));
    policy.cds = CdsPublication::Publish;
    policy.purge_delay =
        random.pick(&[PurgeDelay::After(Seconds(0)), PurgeDelay::After(Seconds(10 * DAY)), PurgeDelay::Never]);
    policy
}

/// One algorithm for all roles.
pub(crate) fn set_algorithm(policy: &mut Policy, random: &mut Random) {
    let algorithm = random.pick(&ALGORITHMS);
    let bits = (algorithm == Algorithm::RSASHA256).then_some(2048);
    (policy.ksk.algorithm, policy.zsk.algorithm, policy.csk.algorithm) = (algorithm, algorithm, algorithm);
    (policy.ksk.bits, policy.zsk.bits, policy.csk.bits) = (bits, bits, bits);
}

pub(crate) fn set_methods(policy: &mut Policy, random: &mut Random) {
    let of_ksk = [KskMethod::DoubleKsk, KskMethod::DoubleDs, KskMethod::DoubleRrset];
    policy.ksk.method = random.pick(&of_ksk);
    policy.csk.method = random.pick(&of_ksk);
    policy.zsk.method = random.pick(&[ZskMethod::PrePublication, ZskMethod::DoubleSignature]);
    policy.ksk.standby = u8::from(random.percent(15));
    policy.zsk.standby = u8::from(random.percent(15));
    policy.csk.standby = u8::from(random.percent(10));
}

pub(crate) fn set_lifetimes(policy: &mut Policy, random: &mut Random) {
    let limited = |days| Lifetime::Limited(Seconds(days * DAY));
    policy.zsk.lifetime = random.pick(&[limited(40), limited(60), limited(90), Lifetime::Unlimited]);
    policy.ksk.lifetime = random.pick(&[limited(90), limited(150), limited(365), Lifetime::Unlimited]);
    policy.csk.lifetime = random.pick(&[limited(80), limited(150), limited(365), Lifetime::Unlimited]);
}

pub(crate) fn set_ttls(policy: &mut Policy, random: &mut Random) {
    policy.ttl = TtlPolicy {
        dnskey: to_ttl(random.pick(&[300, HOUR, DAY, 2 * DAY])),
        max_zone: to_ttl(random.pick(&[300, HOUR, DAY, 2 * DAY])),
    };
}

pub(crate) fn denial(random: &mut Random) -> Denial {
    let salted = Nsec3Policy { iterations: 0, salt_length: 8, opt_out: false };
    random.pick(&[Denial::Nsec, Denial::Nsec3(Nsec3Policy::default()), Denial::Nsec3(salted)])
}

/// A zone that is to be unsigned, or signed again.
pub(crate) fn toggle_goal(policy: &mut Policy) {
    policy.dnssec = match policy.dnssec {
        DnssecGoal::Signed => DnssecGoal::Insecure,
        DnssecGoal::Insecure => DnssecGoal::Signed,
    };
}
