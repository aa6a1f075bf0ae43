//! One seed from its beginning to its end.

use super::adoption;
use super::child::Version;
use super::engine::Engine;
use super::operator;
use super::random::Random;
use super::scenario::{Courier, DAY, Eyes, HOUR, Scenario, Trust};
use super::signer::{Signer, masks_of, target_words};
use super::world::{Event, Failure, ParentAct, START, World};
use std::collections::BTreeSet;
use zoneseal::keys::usage::KeyId;
use zoneseal::policy::{Denial, DnssecGoal, Roles};
use zoneseal::rollover::{DenialView, Goal, KeyRecord, Role, ZoneState};

/// How a seed ended.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) failure: Option<Failure>,
    /// What happened, if it was asked for.
    pub(crate) log: Vec<String>,
    /// Days of virtual time.
    pub(crate) days: i64,
    pub(crate) steps: u64,
    /// Keys that were made.
    pub(crate) keys: usize,
}

/// Runs a seed. The same seed ends in the same way, logged or not.
pub(crate) fn simulate(seed: u64, engine: &dyn Engine, is_logged: bool) -> Outcome {
    let mut random = Random::new(seed);
    let mut scenario = Scenario::new(&mut random);
    if seed >= super::EXTENDED {
        scenario.extend(&mut random);
    }
    simulate_scenario(scenario, random, engine, is_logged)
}

/// Runs a scenario.
pub(crate) fn simulate_scenario(scenario: Scenario, random: Random, engine: &dyn Engine, is_logged: bool) -> Outcome {
    let mut world = World::new(scenario, random, is_logged);
    let zone = zoneseal::base::NameBuf::from_text(b"example.", None).expect("a name");
    let signer = Signer::new(engine, world.scenario.policy.clone(), zone);
    world.say(|world| format!("{:?}", world.scenario));
    plan(&mut world);
    let mut simulation = Simulation { world, signer, compromised: BTreeSet::new(), quiet_since: None, end: i64::MAX };
    let failure = simulation.go().err();
    Outcome {
        failure,
        log: simulation.world.take_log(),
        days: (simulation.world.now - START) / DAY,
        steps: simulation.signer.steps,
        keys: simulation.signer.keys_made,
    }
}

/// All that was decided to happen before it begins.
fn plan(world: &mut World) {
    world.plan(START + 60, Event::Run { plans_next: true });
    match world.scenario.courier {
        Courier::Cds => world.plan(START + HOUR, Event::Scan),
        Courier::Human => world.plan(START + HOUR, Event::Carry),
    }
    if world.scenario.eyes == Eyes::Word {
        world.plan(START + HOUR, Event::Look);
    }
    let trouble = world.scenario.trouble;
    let sometime = |world: &mut World| START + world.random.span(0, trouble);
    for _ in 0..world.scenario.operator_acts {
        let at = sometime(world);
        world.plan(at, Event::Operator);
    }
    let all = [ParentAct::AddStray, ParentAct::DropAll, ParentAct::Stick, ParentAct::ChangeTtl, ParentAct::ChangeTtl];
    for _ in 0..world.scenario.parent_acts {
        let (at, act) = (sometime(world), world.random.pick(&all));
        world.plan(at, Event::Parent(act));
    }
    for _ in 0..world.scenario.clock_acts {
        let at = sometime(world);
        plan_clock(world, at);
    }
    for _ in 0..world.scenario.adoptions {
        let at = sometime(world);
        world.plan(at, Event::Adopt);
    }
    if world.scenario.trust != Trust::Nobody {
        let at = START + world.random.span(40, 100) * DAY;
        world.plan(at, Event::Trust);
    }
    world.plan(START + trouble, Event::Peace);
}

/// A clock that is off, a little either way or far back. More than a little forward no engine survives: it would take
/// waits for over that are not.
fn plan_clock(world: &mut World, at: i64) {
    let until = at + world.random.span(HOUR, 3 * DAY);
    if world.random.percent(50) {
        let most = world.scenario.clock_error_max();
        let error = world.random.span(-most, most);
        world.plan(at, Event::Clock { error, is_back: false });
    } else {
        // So far back that it stays before the last run until it is set right.
        let error = -(4 * DAY + world.scenario.outage_max + world.random.span(0, 5 * DAY));
        world.plan(at, Event::Clock { error, is_back: true });
    }
    world.plan(until, Event::Clock { error: 0, is_back: false });
}

struct Simulation<'e> {
    world: World,
    signer: Signer<'e>,
    /// Keys that others may have.
    compromised: BTreeSet<KeyId>,
    /// Since when all is as the policy wants it.
    quiet_since: Option<i64>,
    end: i64,
}

impl Simulation<'_> {
    fn go(&mut self) -> Result<(), Failure> {
        while let Some(event) = self.world.next() {
            if self.world.now > self.end {
                return self.late();
            }
            self.happen(event)?;
            if self.quiet_since.is_some_and(|since| self.world.now > since + 12 * DAY) {
                return Ok(());
            }
        }
        Ok(())
    }

    fn happen(&mut self, event: Event) -> Result<(), Failure> {
        let Self { world, signer, .. } = self;
        match event {
            Event::ChildAdopts(server, version) => world.child_adopts(server, &version)?,
            Event::ParentAdopts(instance, version) => world.parent_adopts(instance, version)?,
            Event::Run { plans_next } => {
                signer.run(world)?;
                if plans_next {
                    signer.plan_runs(world);
                }
                self.after_run()?;
            }
            Event::Scan => {
                world.scan();
                let next = world.random.span(HOUR, if world.is_peace { DAY } else { 3 * DAY });
                world.plan(world.now + next, Event::Scan);
            }
            Event::Carry => {
                if let Some(wanted) = signer.advice {
                    world.order(wanted);
                }
                let next = world.random.span(HOUR, if world.is_peace { DAY } else { 6 * DAY });
                world.plan(world.now + next, Event::Carry);
            }
            Event::Apply(ds) => world.apply(ds),
            Event::Look => {
                signer.look_for_word(world);
                let next = world.random.span(HOUR, if world.is_peace { DAY } else { 10 * DAY });
                world.plan(world.now + next, Event::Look);
            }
            Event::Parent(act) => world.parent_acts(act),
            Event::Operator => operator::act(world, signer)?,
            Event::Clock { error, is_back } => {
                // In peace the clock is right.
                signer.clock_error = if world.is_peace { 0 } else { error };
                signer.is_clock_back = is_back && !world.is_peace;
                let error = signer.clock_error;
                world.say(|_| format!("the clock is off by {error} s"));
            }
            Event::Peace => self.make_peace()?,
            Event::Trust => {
                signer.policy.rfc5011 = true;
                world.begin_trust();
            }
            Event::Poll(index) => world.poll(index),
            // Once all must end well there is no time to lose the past.
            Event::Adopt if world.is_peace => {}
            Event::Adopt if adoption::is_possible(world, signer) => {
                adoption::adopt(world, signer)?;
                // Nobody remembers which keys were stolen.
                self.compromised.clear();
            }
            Event::Adopt => world.plan(world.now + DAY, Event::Adopt),
        }
        Ok(())
    }

    /// From now on everybody does what he should, and all must come to rest.
    fn make_peace(&mut self) -> Result<(), Failure> {
        let Self { world, signer, .. } = self;
        world.is_peace = true;
        world.unstick();
        world.parent_acts(ParentAct::Settle);
        signer.clock_error = 0;
        signer.is_clock_back = false;
        operator::make_peace(&mut signer.policy, &mut world.random, world.scenario.trust);
        signer.command(world, |state, _| state.overrides = Default::default())?;
        let peace = world.scenario.peace(&signer.policy);
        self.end = world.now + peace;
        world.say(|_| format!("from now on all goes well, and all must be done within {} days", peace / DAY));
        Ok(())
    }

    fn after_run(&mut self) -> Result<(), Failure> {
        let state = self.signer.load();
        self.compromised.extend(state.keys.iter().filter(|key| key.is_compromised()).map(|key| key.id.clone()));
        if !self.world.is_peace {
            return Ok(());
        }
        let quiet = self.unrest(&state).is_none();
        match (quiet, self.quiet_since) {
            (true, None) => {
                self.quiet_since = Some(self.world.now);
                self.world.say(|_| "all is done".to_owned());
            }
            (false, Some(_)) => {
                let why = self.unrest(&state).unwrap_or_default();
                return Err(self.world.fail("restless", format!("all was done, and then not: {why}")));
            }
            _ => {}
        }
        Ok(())
    }

    /// The time is over.
    fn late(&mut self) -> Result<(), Failure> {
        let state = self.signer.load();
        let why = self.unrest(&state).unwrap_or_default();
        let waiting = self.signer.waiting.join("\n  ");
        let what = format!("not done: {why}; target {}; waiting:\n  {waiting}", target_words(&state.target));
        Err(self.world.fail("endless", what))
    }

    /// What is not yet as the policy wants it.
    fn unrest(&mut self, state: &ZoneState) -> Option<String> {
        let Self { world, signer, compromised, .. } = self;
        let signed: Version = signer.signed(world, state, false);
        if (signed.dnskey, signed.cds, &signed.denial, signed.data_signers())
            != (world.newest.dnskey, world.newest.cds, &world.newest.denial, world.newest.data_signers())
        {
            return Some("the zone is not signed by the target".to_owned());
        }
        if !state.requests.is_empty() {
            return Some(format!("asked for and not done: {:?}", state.requests));
        }
        let in_use = |id: &KeyId| state.target.keys.iter().any(|one| one.key == *id);
        if let Some(id) = compromised.iter().find(|id| in_use(id)) {
            return Some(format!("{id} is compromised and still used"));
        }
        let is_on_its_way = |key: &&KeyRecord| key.goal == Goal::In && !in_use(&key.id);
        if let Some(key) = state.keys.iter().find(is_on_its_way) {
            return Some(format!("{} is on its way in", key.id));
        }
        let is_to_be_revoked = |key: &&KeyRecord| {
            let times = &key.times;
            key.is_to_be_revoked && key.goal == Goal::Out && times.published.is_some() && times.revoked.is_none()
        };
        if let Some(key) = state.keys.iter().find(is_to_be_revoked) {
            return Some(format!("{} is to be revoked", key.id));
        }
        if world.pending_orders > 0 {
            return Some("the registry has orders to carry out".to_owned());
        }
        let asked = state.ds_requests.iter().rfind(|request| request.withdrawn.is_none());
        if asked.is_some_and(|asked| state.ds.current().is_none_or(|there| there.value.keys != asked.keys)) {
            return Some("the parent is asked for something".to_owned());
        }
        let policy = &signer.policy;
        if policy.dnssec == DnssecGoal::Insecure {
            let is_gone = world.newest.keys() == 0 && world.parent.shown() == 0 && state.target.keys.is_empty();
            return (!is_gone).then(|| "the zone is to be insecure and is not".to_owned());
        }
        let used: Vec<&KeyRecord> = state.keys.iter().filter(|key| in_use(&key.id)).collect();
        let entry = if policy.roles == Roles::Csk { Role::Csk } else { Role::Ksk };
        let wanted: &[(Role, _, u8)] = &match policy.roles {
            Roles::Csk => vec![(Role::Csk, policy.csk.algorithm, policy.csk.standby)],
            Roles::KskZsk => vec![
                (Role::Ksk, policy.ksk.algorithm, policy.ksk.standby),
                (Role::Zsk, policy.zsk.algorithm, policy.zsk.standby),
            ],
        };
        for (role, algorithm, standby) in wanted {
            let count = used.iter().filter(|key| (key.role, key.algorithm) == (*role, *algorithm)).count();
            if count != 1 + usize::from(*standby) {
                return Some(format!(
                    "{count} keys of role {role} and algorithm {algorithm}, wanted 1 and {standby} standing by"
                ));
            }
        }
        if let Some(key) = used
            .iter()
            .find(|key| !wanted.iter().any(|(role, algorithm, _)| (key.role, key.algorithm) == (*role, *algorithm)))
        {
            return Some(format!("{} has a role or an algorithm that is not wanted", key.id));
        }
        let entries =
            used.iter().filter(|key| key.role == entry).fold(0, |all, key| all | masks_of(world, &key.dnskey_rdata.0));
        let shown = world.parent.registry.ds;
        let is_island = world.scenario.trust == Trust::Island;
        if is_island && shown != 0 {
            return Some("an island has a DS".to_owned());
        }
        if is_island {
            // Nobody is asked for a DS.
        } else if shown == 0 || shown & !entries != 0 || !world.is_parent_settled() {
            return Some(format!("the parent has DS {}", world.keys.words(world.parent.shown())));
        }
        let has_chain = match (policy.denial, &world.newest.denial) {
            (Denial::Nsec, DenialView::Nsec) => true,
            (Denial::Nsec3(wanted), DenialView::Nsec3(is)) => usize::from(wanted.salt_length) == is.salt.0.len(),
            _ => false,
        };
        (!has_chain).then(|| format!("the chain is {:?}", world.newest.denial))
    }
}
