//! What will happen if all goes well: the step run forward, with a parent that obliges and keys made up on the way.

use super::model::{KeyOrder, KeyRecord, KeyTimes, Request, RequestKind, Role, Target, ZoneState};
use super::outcome::{Action, Step, Waiting};
use super::published::{Keys, algorithm_of};
use super::step::step;
use super::timing::signing_delay;
use super::view::{DenialView, DsAnswer, Observations, ParentServer, ParentView, SignerTag, Source, ZoneView, tag_of};
use crate::base::{Octets, Seconds, Ttl, UnixTime};
use crate::keys::ds::{SyncRecords, ds_rdata};
use crate::keys::name::base_name;
use crate::keys::usage::{DataSigning, KeyId};
use crate::policy::{Lifetime, Policy, Replacement};
use crate::rdata::dnskey::{FLAG_REVOKE, FLAG_SEP, FLAG_ZONE, key_tag};
use serde::Serialize;

/// What a forecast takes for granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assumptions {
    /// From handing in a DS to seeing it at the parent (`Dreg`).
    pub registration_delay: Seconds,
    /// How often the signer runs, beginning now; 0: whenever there is something to do.
    pub run_interval: Seconds,
}

impl Assumptions {
    /// Those of a policy.
    #[must_use]
    pub const fn of(policy: &Policy) -> Self {
        Self { registration_delay: policy.delays.parent_registration, run_interval: policy.run_interval }
    }
}

/// Something that will happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Event {
    /// When.
    pub at: UnixTime,
    /// To which key, if to one.
    pub key: Option<KeyId>,
    /// What, by its name in RFC 7583.
    pub what: &'static str,
    /// What, in words.
    pub words: String,
}

/// Both ways through an emergency; the choice is the operator's (E-3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EmergencyTimelines {
    /// The zone stays secure throughout; the stolen key counts for longer.
    pub keep_chain: Vec<Event>,
    /// The DS goes first; the zone is insecure until the new one is there.
    pub break_chain: Vec<Event>,
}

/// How many steps a forecast takes at most: years of a busy zone.
const STEPS_MAX: usize = 20_000;

/// What happens from now to `until`, in order of time.
#[must_use]
pub fn forecast(
    policy: &Policy,
    state: &ZoneState,
    now: UnixTime,
    until: UnixTime,
    assumptions: &Assumptions,
) -> Vec<Event> {
    let mut future = Future::new(policy, state, now, assumptions);
    future.run_until(until);
    let mut events = future.events;
    events.retain(|event| now <= event.at && event.at <= until);
    events.sort_by_key(|event| (event.at, ORDER.iter().position(|what| *what == event.what)));
    events
}

/// The order of events of one time: that of a key's life, so that a successor takes over before its predecessor retires.
const ORDER: [&str; 14] = [
    "Tgen", "Tpub", "Trdy", WITHDRAWAL, NO_DS, "Tsbm", DS_AGAIN, "Tact", "Tret", "Tdea", "Trev", "Trem", "Tpurge",
    "chain",
];

/// Somebody is to have all DS taken out; RFC 7583 has no name for it.
pub const WITHDRAWAL: &str = "withdraw";
/// The parent has no DS any more.
const NO_DS: &str = "no-DS";
/// The parent has a DS again.
const DS_AGAIN: &str = "DS";

/// What an emergency roll of a role's keys, or of one of them, would be, by either way, before anything is done.
#[must_use]
pub fn emergency(
    policy: &Policy,
    state: &ZoneState,
    (role, key): (Role, Option<&KeyId>),
    now: UnixTime,
) -> EmergencyTimelines {
    let mut policy = policy.clone();
    // Rolls at the end of a lifetime would only be noise here.
    policy.ksk.lifetime = Lifetime::Unlimited;
    policy.zsk.lifetime = Lifetime::Unlimited;
    policy.csk.lifetime = Lifetime::Unlimited;
    let timeline = |kind| {
        let mut state = state.clone();
        state.request(Request { kind, role, key: key.cloned(), at: now, reason: String::new() });
        forecast(&policy, &state, now, now.plus(Seconds(366 * Seconds::DAY.0)), &Assumptions::of(&policy))
    };
    EmergencyTimelines {
        keep_chain: timeline(RequestKind::EmergencyKeepChain),
        break_chain: timeline(RequestKind::EmergencyBreakChain),
    }
}

/// A future in the making: a zone, its signer, and a parent that obliges.
#[derive(Clone, Debug)]
pub struct Future<'a> {
    policy: &'a Policy,
    state: ZoneState,
    start: UnixTime,
    now: UnixTime,
    assumptions: Assumptions,
    events: Vec<Event>,
    /// What the parent has.
    ds: Keys,
    /// Whether it ever had a DS.
    was_delegated: bool,
    /// What the parent will have, and when.
    ds_to_come: Option<(UnixTime, Keys)>,
    /// When the last signature of a key that ceased to sign has been replaced.
    replaced_at: Option<UnixTime>,
    next_event: Option<UnixTime>,
    waiting: Vec<Waiting>,
    keys_made: u16,
}

impl<'a> Future<'a> {
    /// A future that begins with a state as it is.
    #[must_use]
    pub fn new(policy: &'a Policy, state: &ZoneState, now: UnixTime, assumptions: &Assumptions) -> Self {
        // Where nobody has looked at the parent: a zone taken over has a DS, one that was never asked for there is not.
        let signers = || state.dnskey.current().map(|version| version.value.signers.clone()).unwrap_or_default();
        let unseen = || if state.is_kept_as_found { signers() } else { Keys::new() };
        let ds = state.ds.current().map_or_else(unseen, |version| version.value.keys.clone());
        let ds_to_come = state.ds_requests.iter().rev().find(|request| request.withdrawn.is_none());
        let due = |at: UnixTime| at.plus(assumptions.registration_delay).max(now);
        Self {
            policy,
            state: state.clone(),
            start: now,
            now,
            assumptions: *assumptions,
            events: Vec::new(),
            was_delegated: state.was_delegated || !ds.is_empty(),
            ds,
            ds_to_come: ds_to_come.map(|request| (due(request.at), request.keys.clone())),
            replaced_at: None,
            next_event: None,
            waiting: Vec::new(),
            keys_made: 0,
        }
    }

    /// Runs the signer at its times up to and including `until`.
    pub fn run_until(&mut self, until: UnixTime) {
        for _ in 0..STEPS_MAX {
            self.run();
            match self.next_run() {
                Some(next) if next <= until => self.now = next,
                _ => break,
            }
        }
    }

    /// The state it has come to.
    #[must_use]
    pub const fn state(&self) -> &ZoneState {
        &self.state
    }

    /// What has happened, in the order it was found out.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// What the last step waited for.
    #[must_use]
    pub fn last_waiting(&self) -> &[Waiting] {
        &self.waiting
    }

    /// One run of the signer: steps until there is nothing more to do now.
    fn run(&mut self) {
        if let Some((_, keys)) = self.ds_to_come.take_if(|(due, _)| *due <= self.now) {
            match (self.ds.is_empty(), keys.is_empty()) {
                (false, true) => self.event_of_zone(NO_DS, "the parent has no DS any more".to_owned()),
                (true, false) if self.was_delegated => {
                    self.event_of_zone(DS_AGAIN, "the parent has a DS again".to_owned());
                }
                _ => {}
            }
            self.was_delegated |= !keys.is_empty();
            self.ds = keys;
        }
        self.replace_signatures();
        // Making keys, signing and asking the parent each call for another step; more than a few in one run would be
        // a step that never comes to rest.
        for _ in 0..16 {
            let step = step(self.policy, &self.state, &self.observe(), self.now);
            self.tell(&step.state);
            let is_at_rest = !self.carry_out(step);
            if is_at_rest {
                break;
            }
        }
    }

    /// Carries out the actions; true if that calls for another step.
    fn carry_out(&mut self, step: Step) -> bool {
        self.state = step.state;
        self.next_event = step.next_event;
        self.waiting = step.waiting;
        let mut is_more = false;
        let mut has_asked = false;
        for action in step.actions {
            match action {
                Action::GenerateKey(order) => {
                    self.make_key(&order);
                    is_more = true;
                }
                Action::Sign { target, .. } if !is_more => {
                    self.sign(&target);
                    is_more = true;
                }
                Action::SubmitDs { .. } | Action::WithdrawDs { .. } => has_asked = true,
                Action::TrashKey { key } => {
                    self.event(self.now, &key, "Tpurge", "its files go to the trash");
                    self.state.forget_key(&key);
                    is_more = true;
                }
                Action::Sign { .. } | Action::Notify { .. } => {}
            }
        }
        if has_asked {
            self.ask_parent();
        }
        is_more
    }

    fn ask_parent(&mut self) {
        let asked = self.state.ds_requests.iter().rev().find(|request| request.withdrawn.is_none());
        let Some(keys) = asked.map(|request| request.keys.clone()) else { return };
        if self.ds_to_come.as_ref().is_none_or(|(_, coming)| *coming != keys) {
            self.tell_of_request(&keys);
            self.ds_to_come = Some((self.now.plus(self.assumptions.registration_delay), keys));
        }
    }

    /// What somebody has to hand in and no time of a key tells: that all DS go, or that of a key comes back.
    fn tell_of_request(&mut self, keys: &Keys) {
        if keys.is_empty() && !self.ds.is_empty() {
            self.event_of_zone(WITHDRAWAL, "the parent is asked to take the DS out".to_owned());
        }
        if self.ds.is_empty() {
            let is_again = |key: &&KeyRecord| key.times.submitted.is_some_and(|submitted| submitted < self.now);
            let again: Vec<(KeyId, String)> = keys
                .iter()
                .filter_map(|id| self.state.key(id))
                .filter(is_again)
                .map(|key| (key.id.clone(), format!("{} has its DS handed in again", key.title())))
                .collect();
            for (id, words) in again {
                self.events.push(Event { at: self.now, key: Some(id), what: "Tsbm", words });
            }
        }
    }

    fn event_of_zone(&mut self, what: &'static str, words: String) {
        self.events.push(Event { at: self.now, key: None, what, words });
    }

    /// When the signer runs next.
    fn next_run(&self) -> Option<UnixTime> {
        let parent = self.ds_to_come.as_ref().map(|(due, _)| *due);
        let next =
            [self.next_event, parent, self.replaced_at].into_iter().flatten().filter(|time| self.now < *time).min()?;
        let interval = self.assumptions.run_interval.0;
        if interval <= 0 {
            return Some(next);
        }
        let runs = next.since(self.start).0.div_euclid(interval);
        let run = self.start.plus(Seconds(runs * interval));
        Some(if run < next { run.plus(Seconds(interval)) } else { run })
    }

    /// What the parent's one server says.
    fn observe(&self) -> Observations {
        let zone = self.state.zone.as_name();
        let ds = |key: &KeyId| {
            let key = self.state.key(key)?;
            ds_rdata(crate::base::DigestType::SHA256, zone, &key.dnskey_rdata.0).map(Octets)
        };
        let answer = DsAnswer { ds: self.ds.iter().filter_map(ds).collect(), ttl: self.policy.delays.parent_ds_ttl };
        let server = ParentServer { name: "parent".to_owned(), answer: Ok(answer) };
        let (at, source) = (self.now, Source::Observed);
        let parent = ParentView { at, source, servers: vec![server], validated: None };
        Observations { parent: Some(parent), ..Observations::default() }
    }

    /// Signs by a target: a version of the zone is published.
    fn sign(&mut self, target: &Target) {
        let before = &self.state.confirmed.denial;
        if *before != target.denial && *before != DenialView::None && target.denial != DenialView::None {
            let words = format!("denial of existence: {} in the place of {before}", target.denial);
            self.event_of_zone("chain", words);
        }
        let view = view_of(self.policy, &self.state, target, false);
        self.state.confirm(&view, self.now);
        let keeps_old = target.keys.iter().any(|one| one.signs_data == DataSigning::KeepOld);
        let is_gradual = self.policy.signatures.replacement == Replacement::Gradual;
        if keeps_old && is_gradual && self.replaced_at.is_none() {
            self.replaced_at = Some(self.now.plus(signing_delay(self.policy)));
        }
    }

    /// When they were all due, no signature of a key that ceased to sign is left.
    fn replace_signatures(&mut self) {
        if self.replaced_at.take_if(|time| *time <= self.now).is_some() {
            let view = view_of(self.policy, &self.state, &self.state.target, true);
            self.state.confirm(&view, self.now);
        }
    }

    /// A key that stands for the one that will be made.
    fn make_key(&mut self, order: &KeyOrder) {
        let flags = FLAG_ZONE | if order.role.signs_dnskey() { FLAG_SEP } else { 0 };
        let rdata = loop {
            self.keys_made += 1;
            let public_key = [b"to be made ", &self.keys_made.to_be_bytes()[..]].concat();
            let rdata = crate::keys::dnskey_rdata(flags, order.algorithm, &public_key);
            let is_taken = |key: &KeyRecord| key.tag == key_tag(&rdata);
            if !self.state.keys.iter().any(is_taken) {
                break rdata;
            }
        };
        let id = KeyId(base_name(self.state.zone.as_name(), order.algorithm, key_tag(&rdata)));
        self.state.add_key(order, id.clone(), rdata, self.now);
        let words = format!("a {} is made: {}", order.role, order.reason);
        self.events.push(Event { at: self.now, key: Some(id), what: "Tgen", words });
    }

    /// Takes the times that a step found for events.
    fn tell(&mut self, after: &ZoneState) {
        for key in &after.keys {
            let before = self.state.key(&key.id).map(|key| key.times.clone()).unwrap_or_default();
            let title = key.title();
            for ((what, words, then), (.., earlier)) in named(&key.times).into_iter().zip(named(&before)) {
                if let Some(at) = then.filter(|_| then != earlier) {
                    let words = format!("{title} {words}");
                    self.events.push(Event { at, key: Some(key.id.clone()), what, words });
                }
            }
        }
    }

    fn event(&mut self, at: UnixTime, key: &KeyId, what: &'static str, words: &str) {
        let title = self.state.key(key).map_or_else(|| key.to_string(), KeyRecord::title);
        self.events.push(Event { at, key: Some(key.clone()), what, words: format!("{title}: {words}") });
    }
}

/// The times of a key with their names.
fn named(times: &KeyTimes) -> [(&'static str, &'static str, Option<UnixTime>); 8] {
    [
        ("Tpub", "is published", times.published),
        ("Trdy", "is in every cache that has the DNSKEY RRset", times.ready),
        ("Tact", "takes over", times.active),
        ("Tsbm", "has its DS handed in", times.submitted),
        ("Tret", "retires", times.retired),
        ("Tdea", "is needed by no cache", times.dead),
        ("Trem", "is taken out", times.removed),
        ("Trev", "is revoked", times.revoked),
    ]
}

/// A DNSKEY with the algorithm and tag of a key that is not ours, which is all the state knows of it.
fn stand_in(id: &KeyId) -> Option<Octets> {
    let (algorithm, tag) = (algorithm_of(id), id.as_str().rsplit('+').next()?.parse::<u16>().ok()?);
    let rdata = |filler: u16| crate::keys::dnskey_rdata(FLAG_ZONE, algorithm, &filler.to_be_bytes());
    (0..=u16::MAX).map(rdata).find(|rdata| key_tag(rdata) == tag).map(Octets)
}

/// The zone as signing by a target makes it; `is_replaced`: with no signature left that was to stay until due.
pub(super) fn view_of(policy: &Policy, state: &ZoneState, target: &Target, is_replaced: bool) -> ZoneView {
    let shown = state.made_by(target);
    let tag = |id: &KeyId| state.key(id).map(|key| SignerTag(key.algorithm, key.tag));
    let rdata = |id: &KeyId, is_revoked: bool| {
        let mut rdata = match state.key(id) {
            Some(key) => key.dnskey_rdata.clone(),
            None => stand_in(id)?,
        };
        if is_revoked && let Some(low) = rdata.0.get_mut(1) {
            *low |= FLAG_REVOKE.to_be_bytes()[1];
        }
        Some(rdata)
    };
    let dnskeys = shown.dnskey.keys.iter().filter_map(|id| rdata(id, false));
    let revoked = shown.dnskey.revoked.iter().filter_map(|id| rdata(id, true));
    let is_revoked = |id: &KeyId| shown.dnskey.revoked.contains(id);
    let makers = target.keys.iter().filter(|one| one.signs_data == DataSigning::Yes);
    let makers: Keys = makers.map(|one| one.key.clone()).collect();
    let sets = shown.data.0.iter().filter(|set| !is_replaced || **set == makers);
    let SyncRecords { cds, cdnskey } = state.sync_records(target);
    ZoneView {
        serial: state.confirmed.serial.wrapping_add(1),
        dnskeys: dnskeys.chain(revoked).collect(),
        dnskey_signers: shown
            .dnskey
            .signers
            .iter()
            .filter_map(|id| if is_revoked(id) { rdata(id, true).map(|rdata| tag_of(&rdata)) } else { tag(id) })
            .collect(),
        data_signers: sets.map(|set| set.iter().filter_map(tag).collect()).collect(),
        dnskey_ttl: policy.ttl.dnskey,
        max_ttl: policy.ttl.max_zone,
        negative_ttl: Ttl::new(3600).unwrap_or(Ttl::MAX).min(policy.ttl.max_zone),
        denial: target.denial.clone(),
        cds: cds.into_iter().map(Octets).collect(),
        cdnskey: cdnskey.into_iter().map(Octets).collect(),
    }
}
