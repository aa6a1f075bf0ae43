//! The signer: state file, keys, runs by cron, and what goes wrong with them.

use super::child::{Cds, DataUse, Times, Use, Version, only, sign};
use super::engine::Engine;
use super::keys::Mask;
use super::scenario::{Eyes, MINUTE, ttl};
use super::world::{Event, Failure, World};
use std::collections::BTreeSet;
use zoneseal::base::{NameBuf, Octets, Ttl, UnixTime};
use zoneseal::keys::usage::{DataSigning, KeyId, KeyUse};
use zoneseal::policy::Policy;
use zoneseal::rollover::{
    Action, CdsTarget, ChildAnswer, ChildServer, ChildView, DsAnswer, Gate, KeyOrder, Observations, ParentServer,
    ParentView, Role, SignerTag, Source, Step, Target, ZoneState, ZoneView,
};

/// How many rounds of making keys and stepping again a run may take.
const ROUNDS_MAX: usize = 12;

/// One state file in so many is written and read back.
const READ_BACK: u64 = 3;

/// One step in so many is made twice.
const CHECKED_AGAIN: u64 = 4;

/// The signer and what it keeps.
pub(crate) struct Signer<'e> {
    engine: &'e dyn Engine,
    pub(crate) policy: Policy,
    /// The state file as it was read back last.
    file: ZoneState,
    /// How far its clock is ahead of true time.
    pub(crate) clock_error: i64,
    /// Whether the clock is so far back that the engine must notice.
    pub(crate) is_clock_back: bool,
    /// The last true time of a run.
    pub(crate) last_run: i64,
    /// The last true time of a signing.
    last_signing: i64,
    /// What the operator saw at the parent, for the next run.
    pub(crate) word: Option<ParentView>,
    /// The DS RRset that the last step asked for at the parent, if it asked for anything.
    pub(crate) advice: Option<Mask>,
    /// What the last step waited for, for the report of a roll that does not end.
    pub(crate) waiting: Vec<String>,
    pub(crate) steps: u64,
    saves: u64,
    /// Keys made so far.
    pub(crate) keys_made: usize,
}

impl<'e> Signer<'e> {
    pub(crate) fn new(engine: &'e dyn Engine, policy: Policy, zone: NameBuf) -> Self {
        let state = ZoneState::new(zone);
        Self {
            engine,
            policy,
            file: state,
            clock_error: 0,
            is_clock_back: false,
            last_run: 0,
            last_signing: 0,
            word: None,
            advice: None,
            waiting: Vec::new(),
            steps: 0,
            saves: 0,
            keys_made: 0,
        }
    }

    /// The state file read.
    pub(crate) fn load(&self) -> ZoneState {
        self.file.clone()
    }

    /// Writes the state file, and every so often reads it: nothing goes on but what it holds.
    fn save(&mut self, state: &ZoneState, world: &World) -> Result<(), Failure> {
        self.saves += 1;
        if !self.saves.is_multiple_of(READ_BACK) {
            self.file = state.clone();
            return Ok(());
        }
        self.file = serde_json::from_str(&to_json(state)).expect("the state file can be read back");
        if self.file == *state {
            return Ok(());
        }
        Err(world.fail("state-file", "the state file does not hold all of the state"))
    }

    /// Changes the state file by what an operator does.
    pub(crate) fn command(
        &mut self,
        world: &World,
        change: impl FnOnce(&mut ZoneState, UnixTime),
    ) -> Result<(), Failure> {
        let mut state = self.load();
        change(&mut state, self.clock(world));
        self.save(&state, world)
    }

    pub(crate) fn clock(&self, world: &World) -> UnixTime {
        UnixTime(world.now + self.clock_error)
    }

    /// A run: apply, then sign, unless something goes wrong.
    pub(crate) fn run(&mut self, world: &mut World) -> Result<(), Failure> {
        let faults = if world.is_peace { Default::default() } else { world.scenario.faults };
        let applies = !world.random.percent(faults.sign_only) || world.newest.serial == 1;
        // Whoever does not sign for days has signatures that expire, whatever the engine does.
        let must_sign = world.now >= self.last_signing + world.scenario.outage_max;
        let signs = !world.random.percent(faults.apply_only) || must_sign;
        if applies && !self.apply(world, if must_sign { 0 } else { faults.crash_before_save })? {
            return Ok(());
        }
        if signs {
            let is_fresh = world.random.percent(faults.fresh_signing);
            let crashes = world.random.percent(faults.crash_after_publication);
            self.sign(world, is_fresh, crashes)?;
            self.last_signing = world.now;
        }
        self.last_run = world.now;
        if world.keys.count() > 40 {
            self.forget_keys(world);
        }
        Ok(())
    }

    /// Steps and carries out what a step asks for; false if the run died on the way.
    fn apply(&mut self, world: &mut World, crash: u64) -> Result<bool, Failure> {
        let state = self.load();
        let seen = self.look(world);
        let now = self.clock(world);
        let step = self.settle(world, state.clone(), &seen, now)?;
        if world.random.percent(crash) {
            world.say(|_| "the run dies before it saves the state".to_owned());
            return Ok(false);
        }
        self.check_clock(world, &state, &step)?;
        self.say_step(world, &state, &step);
        let mut state = step.state;
        for action in &step.actions {
            if let Action::TrashKey { key } = action {
                self.trash(world, &mut state, key)?;
            }
        }
        self.take_advice(world, &state, &step.actions);
        self.waiting = step
            .waiting
            .iter()
            .map(|one| {
                format!(
                    "{:?}: {} ({:?} {}: {}, until {:?})",
                    one.key, one.what, one.gate, one.rule, one.reason, one.until
                )
            })
            .collect();
        self.save(&state, world)?;
        self.word = None;
        let is_complete = seen.parent.is_some_and(|view| {
            view.source == Source::Observed && view.servers.iter().all(|server| server.answer.is_ok())
        });
        if is_complete && world.parent.is_settled() && !self.is_clock_back {
            world.is_unseen = false;
        }
        Ok(true)
    }

    /// Steps until no key is to be made, then once more: nothing must come of that.
    fn settle(
        &mut self,
        world: &mut World,
        state: ZoneState,
        seen: &Observations,
        now: UnixTime,
    ) -> Result<Step, Failure> {
        let mut state = state;
        for _ in 0..ROUNDS_MAX {
            let step = self.engine.step(&self.policy, &state, seen, now);
            self.steps += 1;
            let orders: Vec<KeyOrder> = step
                .actions
                .iter()
                .filter_map(|action| if let Action::GenerateKey(order) = action { Some(order.clone()) } else { None })
                .collect();
            if orders.is_empty() {
                return self.check_again(world, step, seen, now);
            }
            state = step.state;
            for order in orders {
                let (id, rdata) = make_key(world, &state, &order);
                self.keys_made += 1;
                world.say(|_| format!("made {id}: {}", order.reason));
                state.add_key(&order, id, rdata, now);
            }
        }
        Err(world.fail("endless", "steps ask for more and more keys"))
    }

    /// A step of what a step left has nothing to do.
    fn check_again(&self, world: &World, step: Step, seen: &Observations, now: UnixTime) -> Result<Step, Failure> {
        // Not every time: it costs as much as everything else.
        if !self.engine.is_honest() || !self.steps.is_multiple_of(CHECKED_AGAIN) {
            return Ok(step);
        }
        let again = self.engine.step(&self.policy, &step.state, seen, now);
        if again.state != step.state {
            let (was, is) = (to_json(&step.state), to_json(&again.state));
            return Err(world.fail("idempotent", format!("a second step changes the state:\n{was}\n{is}")));
        }
        // What is said once need not be said twice.
        let lasting = |step: &Step| -> Vec<Action> {
            step.actions.iter().filter(|action| !matches!(action, Action::Notify { .. })).cloned().collect()
        };
        if !again.transitions.is_empty() || lasting(&again) != lasting(&step) {
            let what =
                format!("a second step finds {:?} {:?} after {:?}", again.transitions, again.actions, step.actions);
            return Err(world.fail("idempotent", what));
        }
        Ok(step)
    }

    /// With a clock before what is known nothing moves (I-7).
    fn check_clock(&self, world: &World, before: &ZoneState, step: &Step) -> Result<(), Failure> {
        if !self.is_clock_back || !self.engine.is_honest() {
            return Ok(());
        }
        let is_said = step.waiting.iter().any(|one| one.gate == Gate::Clock);
        if step.state.target != before.target || !is_said {
            return Err(world.fail("clock", "moved, or did not say why not, while the clock is before what is known"));
        }
        Ok(())
    }

    fn say_step(&self, world: &mut World, before: &ZoneState, step: &Step) {
        let lines = step
            .transitions
            .iter()
            .map(|one| format!("  {}: {} {} -> {} ({})", one.key, one.record, one.from, one.to, one.rule));
        for line in lines.collect::<Vec<_>>() {
            world.say(|_| line);
        }
        if step.state.target != before.target {
            world.say(|_| format!("  target: {}", target_words(&step.state.target)));
        }
    }

    /// What a run sees of the world.
    fn look(&self, world: &mut World) -> Observations {
        let at = self.clock(world);
        let first = world.newest.serial == 1;
        let sees_zone = world.scenario.sees_zone || first;
        let zone = sees_zone.then(|| view_of(world, &world.newest));
        let children = world.scenario.sees_children.then(|| self.ask_children(world, at));
        let parent = match world.scenario.eyes {
            Eyes::Observes => self.ask_parent(world, at),
            Eyes::Word => self.word.clone(),
        };
        Observations { parent, children, zone }
    }

    /// The signed zone as it is published.
    pub(crate) fn see_zone(&self, world: &World) -> ZoneView {
        view_of(world, &world.newest)
    }

    /// What all servers of the parent say.
    pub(crate) fn see_parent(&self, world: &mut World) -> ParentView {
        let version = world.parent.ask(0, &mut world.random);
        let answer = Ok(DsAnswer { ds: octets(world.ds_rdata(version.ds)), ttl: to_ttl(version.ttl) });
        let servers = vec![ParentServer { name: "parent".to_owned(), answer }];
        ParentView { at: self.clock(world), source: Source::Observed, servers, validated: None }
    }

    fn ask_parent(&self, world: &mut World, at: UnixTime) -> Option<ParentView> {
        let failing = if world.is_peace { 0 } else { world.scenario.faults.failing_observation };
        if world.random.percent(failing) {
            return None;
        }
        let mut servers = Vec::new();
        for address in 0..world.parent.addresses() {
            let version = world.parent.ask(address, &mut world.random);
            let answer = if world.random.percent(failing) {
                Err("timed out".to_owned())
            } else {
                Ok(DsAnswer { ds: octets(world.ds_rdata(version.ds)), ttl: to_ttl(version.ttl) })
            };
            servers.push(ParentServer { name: format!("parent{address}"), answer });
        }
        Some(ParentView { at, source: Source::Observed, servers, validated: None })
    }

    /// An operator looks at the parent, and gives his word if its servers agree and nothing he ordered is under way: his
    /// word is about what the parent has from now on.
    pub(crate) fn look_for_word(&mut self, world: &mut World) {
        let mut seen = (0..world.parent.addresses()).map(|address| world.parent.ask(address, &mut world.random));
        let first = seen.next();
        let ordered = (world.pending_orders == 0).then_some(world.parent.ordered);
        let agreed = first.filter(|first| Some(first.ds) == ordered && seen.all(|other| other.ds == first.ds));
        if let Some(version) = agreed {
            let ds = octets(world.ds_rdata(version.ds));
            self.word = Some(ParentView::word(ds, to_ttl(version.ttl), self.clock(world)));
            world.say(|world| format!("the operator says that the parent has DS {}", world.keys.words(version.ds)));
        }
    }

    fn ask_children(&self, world: &World, at: UnixTime) -> ChildView {
        let servers = (0..world.servers.count()).map(|server| {
            let view = view_of(world, world.servers.version(server));
            let answer = ChildAnswer {
                serial: view.serial,
                negative_ttl: view.negative_ttl,
                dnskeys: view.dnskeys,
                dnskey_ttl: view.dnskey_ttl,
                data_signers: view.data_signers,
            };
            ChildServer { name: format!("ns{server}"), answer: Ok(answer) }
        });
        ChildView { at, servers: servers.collect() }
    }

    fn take_advice(&mut self, world: &mut World, state: &ZoneState, actions: &[Action]) {
        // A DS may be asked for before its key is in the zone.
        for action in actions {
            if let Action::SubmitDs { keys, .. } = action {
                let named = keys.iter().filter_map(|id| state.key(id)).map(|key| key.dnskey_rdata.0.clone());
                for rdata in named.collect::<Vec<_>>() {
                    world.keys.mask_of(&rdata);
                }
            }
        }
        let mask = |list: &[Octets]| list.iter().fold(0, |all, ds| all | world.keys.mask_of_ds(&ds.0));
        self.advice = actions.iter().find_map(|action| match action {
            Action::SubmitDs { whole, .. } | Action::WithdrawDs { whole, .. } => Some(mask(whole)),
            _ => None,
        });
        world.is_withdrawal_asked = self.advice == Some(0);
    }

    /// The files of a key go: no cache, no server and no order may need it.
    fn trash(&self, world: &mut World, state: &mut ZoneState, id: &KeyId) -> Result<(), Failure> {
        let key = state.key(id).ok_or_else(|| world.fail("trash", format!("{id} is not there to be trashed")))?;
        let mask = masks_of(world, &key.dnskey_rdata.0);
        if mask & world.keys_in_use() != 0 {
            return Err(world.fail("trash", format!("{id} goes to the trash, but a cache or a server may have it")));
        }
        world.say(|_| format!("{id} goes to the trash"));
        state.forget_key(id);
        Ok(())
    }

    /// Signs by the target, publishes, and confirms.
    fn sign(&mut self, world: &mut World, is_fresh: bool, crashes: bool) -> Result<(), Failure> {
        if world.newest.expires() <= world.now {
            return Err(world.fail("expired", "signatures expired before a run replaced them"));
        }
        let mut state = self.load();
        let version = self.signed(world, &state, is_fresh);
        if version != *world.newest {
            world.publish(version);
        }
        if crashes {
            world.say(|_| "the run dies before it confirms".to_owned());
            return Ok(());
        }
        let view = view_of(world, &world.newest);
        self.engine.confirm(&mut state, &view, self.clock(world));
        self.save(&state, world)
    }

    /// The zone signed by the state's target.
    pub(crate) fn signed(&self, world: &mut World, state: &ZoneState, is_fresh: bool) -> Version {
        let uses = uses_of(world, state);
        let mut before = (*world.newest).clone();
        for (index, rrset) in before.rrsets.iter_mut().enumerate() {
            let ttl = (world.scenario.max_ttl >> index).max(60);
            if is_fresh || rrset.ttl != ttl {
                // Another TTL makes another signature.
                *rrset = super::child::Rrset { signatures: Vec::new(), ttl };
            }
        }
        // A clock that is days behind would make signatures that have expired; that is the operator's, not the engine's.
        let now = if self.is_clock_back { world.now } else { world.now + self.clock_error };
        let policy = &self.policy.signatures;
        let times = Times {
            data_expires: now + policy.validity.0,
            dnskey_expires: now + policy.dnskey_validity.0,
            due: now + policy.refresh.0,
            jitter: policy.jitter.0,
        };
        let dnskey_ttl = ttl(self.policy.ttl.dnskey);
        if before.dnskey_ttl != dnskey_ttl {
            before.dnskey_expires = 0;
        }
        let mut version = sign(&before, &uses, times, &world.keys, &mut world.random);
        version.dnskey_ttl = dnskey_ttl;
        version.negative_ttl = world.scenario.negative_ttl;
        version.denial = state.target.denial.clone();
        version.cds = match state.target.cds {
            CdsTarget::None => Cds::Absent,
            CdsTarget::Delete => Cds::Delete,
            CdsTarget::Keys => {
                let in_sync = state.target.keys.iter().filter(|one| one.is_in_sync);
                Cds::Keys(in_sync.fold(0, |all, one| all | mask_of_use(world, state, one)))
            }
        };
        version
    }

    fn forget_keys(&self, world: &mut World) {
        world.forget_keys_except(self.advice.unwrap_or_default());
    }

    /// When the next runs are.
    pub(crate) fn plan_runs(&self, world: &mut World) {
        let faults = if world.is_peace { Default::default() } else { world.scenario.faults };
        let period = world.scenario.run_interval;
        let mut next = world.now + period + world.random.span(-period / 10, period / 10);
        while world.random.percent(faults.missed_run) && next + period < self.last_run + world.scenario.outage_max {
            next += period;
        }
        world.plan(next, Event::Run { plans_next: true });
        if world.random.percent(faults.doubled_run) {
            let after = world.random.pick(&[0, 1, MINUTE]);
            world.plan(next + after, Event::Run { plans_next: false });
        }
    }
}

/// What a key is told to do, by the numbers of the world.
fn uses_of(world: &mut World, state: &ZoneState) -> Vec<Use> {
    let mut uses: Vec<Use> = state
        .target
        .keys
        .iter()
        .map(|one| Use {
            key: only(mask_of_use(world, state, one)),
            is_published: one.is_published,
            signs_dnskey: one.signs_dnskey,
            data: match one.signs_data {
                DataSigning::No => DataUse::No,
                DataSigning::KeepOld => DataUse::KeepOld,
                DataSigning::Yes => DataUse::Yes,
            },
        })
        .collect();
    uses.sort_by_key(|one| one.key);
    uses
}

fn mask_of_use(world: &mut World, state: &ZoneState, one: &KeyUse) -> Mask {
    let key = state.key(&one.key).expect("a target names keys of its state");
    let mut rdata = key.dnskey_rdata.0.clone();
    if one.is_revoked {
        rdata[1] |= 0x80;
    }
    world.keys.mask_of(&rdata)
}

/// A key and the same key revoked, as far as the world has met them.
pub(crate) fn masks_of(world: &World, rdata: &[u8]) -> Mask {
    let mut revoked = rdata.to_vec();
    revoked[1] |= 0x80;
    world.keys.known(rdata) | world.keys.known(&revoked)
}

/// A key that nobody can sign with. Tags are the caller's to keep apart.
fn make_key(world: &mut World, state: &ZoneState, order: &KeyOrder) -> (KeyId, Vec<u8>) {
    loop {
        let flags = if order.role == Role::Zsk { 0 } else { 1 };
        let mut rdata = vec![1, flags, 3, order.algorithm.0];
        for _ in 0..4 {
            rdata.extend_from_slice(&world.random.next().to_be_bytes());
        }
        let tag = zoneseal::rdata::dnskey::key_tag(&rdata);
        if state.keys.iter().all(|key| key.tag.abs_diff(tag) > 128) {
            return (KeyId(format!("Kexample.+{:03}+{tag:05}", order.algorithm.0)), rdata);
        }
    }
}

/// A version as the engine is shown it.
fn view_of(world: &World, version: &Version) -> ZoneView {
    let tags = |mask: Mask| world.keys.of(mask).map(|key| SignerTag(key.algorithm, key.tag)).collect::<BTreeSet<_>>();
    let rdata = |mask: Mask| world.keys.of(mask).map(|key| Octets(key.rdata.clone()));
    let (cds, cdnskey) = match version.cds {
        Cds::Absent => Default::default(),
        Cds::Delete => (BTreeSet::from([Octets(vec![0; 5])]), BTreeSet::from([Octets(vec![0, 0, 3, 0, 0])])),
        Cds::Keys(keys) => (octets(world.ds_rdata(keys)).into_iter().collect(), rdata(keys).collect()),
    };
    ZoneView {
        serial: version.serial,
        dnskeys: rdata(version.dnskey.keys).collect(),
        dnskey_signers: tags(version.dnskey.signers),
        data_signers: version.data_signers().into_iter().map(tags).collect(),
        dnskey_ttl: to_ttl(if version.dnskey.keys == 0 { 0 } else { version.dnskey_ttl }),
        max_ttl: to_ttl(version.max_ttl()),
        negative_ttl: to_ttl(version.negative_ttl),
        denial: version.denial.clone(),
        cds,
        cdnskey,
    }
}

fn octets(list: Vec<Vec<u8>>) -> Vec<Octets> {
    list.into_iter().map(Octets).collect()
}

fn to_ttl(seconds: i64) -> Ttl {
    u32::try_from(seconds).ok().and_then(Ttl::new).expect("TTLs here are small")
}

fn to_json(state: &ZoneState) -> String {
    serde_json::to_string(state).expect("a state is JSON")
}

/// A target in a line.
pub(crate) fn target_words(target: &Target) -> String {
    let keys: Vec<_> = target
        .keys
        .iter()
        .map(|one| {
            let data = match one.signs_data {
                DataSigning::No => "",
                DataSigning::KeepOld => " keeps-data",
                DataSigning::Yes => " data",
            };
            format!(
                "{}{}{}{data}{}{}",
                one.key.as_str().rsplit('+').next().unwrap_or_default(),
                if one.is_published { " pub" } else { "" },
                if one.signs_dnskey { " dnskey" } else { "" },
                if one.is_in_sync { " cds" } else { "" },
                if one.is_revoked { " revoked" } else { "" },
            )
        })
        .collect();
    format!("[{}] CDS {:?}", keys.join(", "), target.cds)
}
