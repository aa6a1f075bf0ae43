//! A zone's state made anew from its content: keys, signed zone, parent.
//!
//! What is published counts. What others tell of the keys (their times, BIND's `.state`, Knot's list) says only what the
//! content cannot: why a key is there and where it was going. What was published *before* is not known, so nothing is
//! moved until the longest time that anything can have stayed in a cache is over. All that is assumed is said.

use super::told::{Told, ToldKeys};
use crate::base::{Algorithm, Diagnostic, NameBuf, Octets, Seconds, Ttl, UnixTime};
use crate::keys::ds::{CDNSKEY_DELETE, names_key};
use crate::keys::{KeyId, ZoneKey};
use crate::policy::{Denial, Policy};
use crate::rdata::dnskey::{FLAG_REVOKE, key_tag};
use crate::rollover::timing::Timing;
use crate::rollover::{
    DenialView, DsRequest, Goal, KeyRecord, Keys, LeaveCause, Nsec3View, Observations, ParentView, Role, SignerTag,
    ZoneState, ZoneView, step,
};
use std::collections::BTreeSet;

/// What a state is made from.
#[derive(Clone, Copy, Debug)]
pub struct Content<'a> {
    /// The zone.
    pub zone: &'a NameBuf,
    /// Its keys.
    pub keys: &'a [ZoneKey],
    /// What is told of them; for keys not in it, their times tell.
    pub told: &'a ToldKeys,
    /// The signed zone; without it, what is told is taken for what is published.
    pub signed: Option<&'a ZoneView>,
    /// The parent; without it nothing is known of the DS.
    pub parent: Option<&'a ParentView>,
}

/// A state made anew.
#[derive(Clone, Debug)]
pub struct Reconstructed {
    /// The state.
    pub state: ZoneState,
    /// What is doubtful, and what contradicts what. With an error among them the state must not be used.
    pub findings: Vec<Diagnostic>,
    /// What was assumed because nobody can know it.
    pub assumptions: Vec<Diagnostic>,
}

/// Makes the state. Its keys are to stay as they are found until somebody asks for a roll, see
/// [`ZoneState::is_kept_as_found`].
#[must_use]
pub fn reconstruct(content: &Content<'_>, policy: &Policy, now: UnixTime) -> Reconstructed {
    let (mut findings, mut assumptions) = (Vec::new(), Vec::new());
    let found: Vec<Found<'_>> = content.keys.iter().map(|key| Found::of(key, content, now)).collect();
    let assumed;
    let view = match content.signed {
        Some(view) => view,
        None => {
            assumed = assumed_view(&found, policy);
            let message = "the signed zone is not given: what the keys' files tell is taken for what is published";
            findings.push(Diagnostic::warning("no-signed-zone", message).help("name the signed zone with --signed"));
            &assumed
        }
    };
    let mut state = ZoneState::new(content.zone.clone());
    state.is_kept_as_found = true;
    let roles = Roles::of(&found, view, content);
    for one in &found {
        if content.signed.is_some() {
            one.compare_times(view, &mut findings);
        }
        match one.reason_to_leave_alone(view, content) {
            Some(why) => {
                findings.push(Diagnostic::warning("key-left-alone", format!("{} is left alone: {why}", one.id)))
            }
            None => state.keys.push(one.record(roles.of_key(one), view, now, &mut findings)),
        }
    }
    state.keys.sort_by_key(|key| (key.role, key.times.published, key.times.generated, key.tag));
    set_goals(&mut state, &found, view, &mut findings);
    report_strangers(&found, view, &mut findings);
    state.confirm(view, now);
    if content.parent.is_none() {
        let message =
            "the parent was not looked at: what DS it has is not known, and no key that may have one is moved";
        assumptions.push(Diagnostic::warning("parent-not-seen", message).because("I-4").help(
            "run zoneseal observe --json and name what it writes with --observations, now or at a later rollover apply",
        ));
    }
    let observations = Observations { parent: content.parent.cloned(), ..Observations::default() };
    state.hold_until = Some(now.plus(Seconds(1)));
    // Taking the parent in tells the TTL of its DS; the states are those of this moment, so that no step after it has
    // anything to report.
    state = step(policy, &state, &observations, now).state;
    take_in_cds(&mut state, view, now, &mut assumptions);
    let hold = horizon(policy, &state, content.keys);
    state.hold_until = Some(now.plus(hold));
    let message =
        format!("what was published before is not known: nothing is moved until {}, {hold} from now", now.plus(hold));
    assumptions.push(Diagnostic::warning("past-not-known", message).because("I-6"));
    compare_with_told(&state, &found, &mut findings);
    Reconstructed { state, findings, assumptions }
}

/// What CDS and CDNSKEY ask for counts as asked: a parent that reads them may do it at any time.
fn take_in_cds(state: &mut ZoneState, view: &ZoneView, now: UnixTime, assumptions: &mut Vec<Diagnostic>) {
    let is_delete = view.cdnskey.iter().any(|rdata| rdata.0 == CDNSKEY_DELETE);
    let named = state.keys.iter().filter(|key| view.cdnskey.contains(&key.dnskey_rdata));
    let keys: Keys = named.map(|key| key.id.clone()).collect();
    let is_known = state.ds.current().is_some_and(|version| version.value.keys == keys);
    if (keys.is_empty() && !is_delete) || is_known {
        return;
    }
    let message =
        "CDNSKEY ask the parent for another DS RRset than it was seen with: it may do as they say at any time";
    assumptions.push(Diagnostic::warning("cds-pending", message).because("CDS-1, I-4"));
    state.ds_requests.push(DsRequest { keys, at: now, withdrawn: None });
}

/// The longest time that anything published before now can stay in a cache.
fn horizon(policy: &Policy, state: &ZoneState, keys: &[ZoneKey]) -> Seconds {
    let timing = Timing::of(policy, state);
    let of_files = keys.iter().filter_map(|key| key.ttl).max().unwrap_or(Ttl::ZERO).to_seconds();
    let zone_ttl = timing.dnskey_ttl.max(timing.rrsig_ttl).max(of_files);
    let child = timing.zone_propagation.0 + zone_ttl.0;
    let parent = timing.parent_propagation.0 + timing.ds_ttl.0;
    Seconds(child.max(parent) + timing.publish_safety.max(timing.retire_safety).0)
}

/// A key, what is told of it, and how records name it.
#[derive(Debug)]
struct Found<'a> {
    id: KeyId,
    key: &'a ZoneKey,
    /// DNSKEY RDATA without the REVOKE flag.
    plain: Vec<u8>,
    /// As signatures name it: not revoked, and revoked.
    tags: [SignerTag; 2],
    told: Told,
}

impl<'a> Found<'a> {
    fn of(key: &'a ZoneKey, content: &Content<'_>, now: UnixTime) -> Self {
        let id = KeyId::of_file(&key.source);
        let with_revoke = |is_revoked: bool| {
            let mut rdata = key.dnskey_rdata.clone();
            let [_, bit] = FLAG_REVOKE.to_be_bytes();
            rdata[1] = if is_revoked { rdata[1] | bit } else { rdata[1] & !bit };
            rdata
        };
        let tags = [false, true].map(|is_revoked| SignerTag(key.algorithm, key_tag(&with_revoke(is_revoked))));
        let told = content.told.get(&id).cloned().unwrap_or_else(|| Told::by_timing(&key.timing, now));
        Self { id, key, plain: with_revoke(false), tags, told }
    }

    fn has_tag(&self, tag: &SignerTag) -> bool {
        self.tags.contains(tag)
    }

    /// Whether it is in the DNSKEY RRset, revoked or not.
    fn is_published(&self, view: &ZoneView) -> bool {
        let [_, bit] = FLAG_REVOKE.to_be_bytes();
        view.dnskeys.iter().any(|rdata| {
            let mut plain = rdata.0.clone();
            plain[1] &= !bit;
            plain == self.plain
        })
    }

    /// Whether signatures with a tag are its own: two keys may share a tag, and then it is the published one that signs.
    fn signs_as(&self, tag: &SignerTag, view: &ZoneView) -> bool {
        self.has_tag(tag) && (self.is_published(view) || view.dnskeys_tagged(*tag).next().is_none())
    }

    fn signs_dnskey(&self, view: &ZoneView) -> bool {
        view.dnskey_signers.iter().any(|tag| self.signs_as(tag, view))
    }

    fn signs_data(&self, view: &ZoneView) -> bool {
        view.data_signers.iter().flatten().any(|tag| self.signs_as(tag, view))
    }

    /// Says where the times of its files are not what is in the zone.
    fn compare_times(&self, view: &ZoneView, findings: &mut Vec<Diagnostic>) {
        let (is, told) = (self.is_published(view), &self.told);
        if told.states.is_none() && !self.key.timing.is_timeless && told.is_published != is {
            let (zone, tells) = if is { ("has", "it should not") } else { ("does not have", "it should") };
            let message =
                format!("the signed zone {zone} {}, and by {} {tells}; the zone counts", self.id, told.source);
            findings.push(Diagnostic::warning("times-contradicted", message));
        }
    }

    /// Whether a server of the parent has a DS of it.
    fn has_ds(&self, content: &Content<'_>) -> bool {
        let answers = content
            .parent
            .into_iter()
            .flat_map(|parent| &parent.servers)
            .filter_map(|server| server.answer.as_ref().ok());
        answers.flat_map(|answer| &answer.ds).any(|ds| names_key(&ds.0, content.zone.as_name(), &self.plain))
    }

    /// Why a key has no part in the zone.
    fn reason_to_leave_alone(&self, view: &ZoneView, content: &Content<'_>) -> Option<String> {
        if self.is_published(view) || self.signs_data(view) || self.has_ds(content) {
            return None;
        }
        let times = &self.told.times;
        Some(match times.removed {
            Some(removed) => {
                format!("it is not in the zone any more; by {} it was removed {removed}", self.told.source)
            }
            None if self.told.is_published => {
                format!("it is not in the zone, though by {} it is published", self.told.source)
            }
            None => format!("it is not in the zone, and by {} not yet published", self.told.source),
        })
    }

    /// The key as the state has it.
    fn record(&self, role: Role, view: &ZoneView, now: UnixTime, findings: &mut Vec<Diagnostic>) -> KeyRecord {
        let has_private = self.key.signer.is_some();
        let mut record = KeyRecord::new(self.id.clone(), role, self.plain.clone(), has_private);
        record.bits = bits(self.key);
        record.times = self.told.times.clone();
        record.reason = format!("taken over at {now} from {}", self.told.source);
        let title = record.title();
        if let Some(told) = self.told.role.filter(|told| *told != role) {
            let message =
                format!("{title}: by {} it is a {told}, but by what it signs it is a {role}", self.told.source);
            findings.push(Diagnostic::warning("role-contradicted", message));
        }
        let is_signing = self.signs_data(view) || self.signs_dnskey(view);
        if is_signing && record.times.active.is_none() {
            record.times.active = Some(now);
            let message = format!("{title}: when it began to sign is not known; taken to be now");
            findings.push(Diagnostic::warning("time-not-known", message));
        }
        if is_signing && !has_private {
            let why = self
                .key
                .refusal
                .as_ref()
                .map_or_else(|| "its private half is not here".to_owned(), ToString::to_string);
            let message = format!("{title} signs the zone and cannot sign here: {why}");
            findings.push(Diagnostic::warning("no-private-half", message).because("I-5"));
        }
        record
    }
}

/// Bits of an RSA modulus.
fn bits(key: &ZoneKey) -> Option<u16> {
    if !key.algorithm.is_rsa() {
        return None;
    }
    let public = crate::crypto::rsa::RsaPublic::parse(key.dnskey().public_key).ok()?;
    u16::try_from(public.modulus_bits()).ok()
}

/// What the zone shows of who does what, by algorithm.
#[derive(Debug)]
struct Roles<'a> {
    view: &'a ZoneView,
    /// Algorithms with a key that signs the DNSKEY RRset and no data.
    with_ksk: BTreeSet<Algorithm>,
    /// Algorithms with a key that signs data and has no SEP flag.
    with_zsk: BTreeSet<Algorithm>,
    /// Keys with a DS at the parent.
    with_ds: BTreeSet<KeyId>,
}

impl<'a> Roles<'a> {
    fn of(found: &[Found<'_>], view: &'a ZoneView, content: &Content<'_>) -> Self {
        let algorithms =
            |is: &dyn Fn(&&Found<'_>) -> bool| found.iter().filter(is).map(|one| one.key.algorithm).collect();
        Self {
            view,
            with_ksk: algorithms(&|one| one.signs_dnskey(view) && !one.signs_data(view)),
            with_zsk: algorithms(&|one| one.signs_data(view) && !one.key.is_sep()),
            with_ds: found.iter().filter(|one| one.has_ds(content)).map(|one| one.id.clone()).collect(),
        }
    }

    /// What a key is for: by what it signs, and where that leaves it open, by what is told and by its SEP flag, which is
    /// but a hint (SIG-10).
    fn of_key(&self, one: &Found<'_>) -> Role {
        let algorithm = one.key.algorithm;
        match (one.signs_dnskey(self.view), one.signs_data(self.view)) {
            // Some signers let ZSKs sign the DNSKEY RRset beside the KSK.
            (true, true) => {
                match self.with_ksk.contains(&algorithm) && !one.key.is_sep() && !self.with_ds.contains(&one.id) {
                    true => Role::Zsk,
                    false => Role::Csk,
                }
            }
            (true, false) => Role::Ksk,
            (false, true) => Role::Zsk,
            (false, false) => {
                one.told.role.unwrap_or_else(|| match (one.key.is_sep(), self.with_zsk.contains(&algorithm)) {
                    (false, _) => Role::Zsk,
                    (true, true) => Role::Ksk,
                    (true, false) => Role::Csk,
                })
            }
        }
    }
}

/// Says of each key where it is going. A key that does a job nobody else does stays, whatever is told; one that does none
/// and is not leaving stands by.
fn set_goals(state: &mut ZoneState, found: &[Found<'_>], view: &ZoneView, findings: &mut Vec<Diagnostic>) {
    let of = |id: &KeyId| found.iter().find(|one| one.id == *id).expect("every record was made of a key found");
    let works = |one: &Found<'_>| one.signs_data(view) || one.signs_dnskey(view);
    let leaves = |one: &Found<'_>| one.told.goal == Goal::Out;
    let stays: Vec<(Role, Algorithm)> = state
        .keys
        .iter()
        .filter(|key| works(of(&key.id)) && !leaves(of(&key.id)) && key.times.revoked.is_none())
        .map(|key| (key.role, key.algorithm))
        .collect();
    let takes_over = |key: &KeyRecord, (role, _): &(Role, Algorithm)| {
        (!key.role.signs_data() || role.signs_data()) && (!key.role.signs_dnskey() || role.signs_dnskey())
    };
    let heirs = heirs(state, found, view);
    for index in 0..state.keys.len() {
        let key = &state.keys[index];
        if heirs.iter().any(|heir| heir.old == key.id || heir.new == key.id) {
            continue;
        }
        let (one, title) = (of(&key.id), key.title());
        let has_heir = stays.iter().any(|other| takes_over(key, other));
        let is_same_kind = stays.contains(&(key.role, key.algorithm));
        let is_revoked = key.times.revoked.is_some();
        let (goal, cause, note) = match (leaves(one) || is_revoked, works(one), has_heir) {
            (true, _, true) if is_same_kind => {
                (Goal::Out, Some(LeaveCause::Replaced), "is on its way out: its roll goes on")
            }
            (true, _, true) => (Goal::Out, Some(LeaveCause::Policy), "is on its way out: its roll goes on"),
            (true, true, false) => (Goal::In, None, "was to leave, but no other key does its work: it stays"),
            (true, false, false) => (Goal::Out, Some(LeaveCause::Policy), "does nothing any more: it leaves"),
            (false, true, _) => (Goal::In, None, ""),
            (false, false, _) => (Goal::Standby, None, "signs nothing: it stands by until a roll is asked for"),
        };
        if !note.is_empty() {
            findings.push(Diagnostic::warning("key-moving", format!("{title} {note}")));
        }
        if let Some(leaves_at) = one.told.leaves_at.filter(|_| goal == Goal::In) {
            let message = format!(
                "{title} was to leave at {leaves_at} by {}; it stays until a roll is asked for",
                one.told.source
            );
            findings.push(
                Diagnostic::warning("plan-dropped", message)
                    .help("zoneseal rollover start begins a roll; adopt --roll leaves it to the policy"),
            );
        }
        let key = &mut state.keys[index];
        (key.goal, key.leave_cause) = (goal, cause);
    }
    for heir in heirs {
        heir.take_over(state, findings);
    }
    link_successors(state, found);
}

/// A key that was to take over and does not sign yet: the roll that its source began goes on.
#[derive(Debug)]
struct Heir {
    old: KeyId,
    new: KeyId,
    /// When its source meant the old key to go, if that is to come.
    not_before: Option<UnixTime>,
}

/// The keys told to follow one that works and is told to leave, where they are published and do not work yet.
fn heirs(state: &ZoneState, found: &[Found<'_>], view: &ZoneView) -> Vec<Heir> {
    let works = |one: &Found<'_>| one.signs_data(view) || one.signs_dnskey(view);
    let is_there = |one: &Found<'_>| state.key(&one.id).is_some_and(|key| key.times.revoked.is_none());
    let mut heirs = Vec::new();
    for old in found.iter().filter(|one| is_there(one) && works(one)) {
        let Some(tag) = old.told.successor else { continue };
        if old.told.goal != Goal::Out && old.told.leaves_at.is_none() {
            continue;
        }
        let takes_over = |one: &&Found<'_>| {
            one.id != old.id
                && (one.key.algorithm, one.key.key_tag) == (old.key.algorithm, tag)
                && is_there(one)
                && one.told.goal == Goal::In
                && one.key.signer.is_some()
                && state.key(&one.id).map(|key| key.role) == state.key(&old.id).map(|key| key.role)
        };
        let new = found.iter().find(takes_over).filter(|one| !works(one) && one.is_published(view));
        let not_before = old.told.leaves_at;
        heirs.extend(new.map(|new| Heir { old: old.id.clone(), new: new.id.clone(), not_before }));
    }
    heirs
}

impl Heir {
    fn take_over(self, state: &mut ZoneState, findings: &mut Vec<Diagnostic>) {
        let title = |id: &KeyId| state.key(id).map(KeyRecord::title).unwrap_or_default();
        let message = format!("{} takes over from {}: their roll goes on", title(&self.new), title(&self.old));
        findings.push(Diagnostic::warning("key-moving", message));
        if let Some(old) = state.key_mut(&self.old) {
            (old.goal, old.leave_cause) = (Goal::Out, Some(LeaveCause::Replaced));
        }
        if let Some(new) = state.key_mut(&self.new) {
            (new.goal, new.leave_cause, new.not_before) = (Goal::In, None, self.not_before);
        }
    }
}

/// Sets who follows whom, where that is told.
fn link_successors(state: &mut ZoneState, found: &[Found<'_>]) {
    for one in found {
        let Some(tag) = one.told.successor else { continue };
        let algorithm = one.key.algorithm;
        let is_meant = |key: &&KeyRecord| (key.algorithm, key.tag) == (algorithm, tag) && key.id != one.id;
        let Some(new) = state.keys.iter().find(is_meant).map(|key| key.id.clone()) else { continue };
        if let Some(old) = state.key_mut(&one.id) {
            old.successor = Some(new.clone());
        } else {
            continue;
        }
        if let Some(new) = state.key_mut(&new) {
            new.predecessor = Some(one.id.clone());
        }
    }
}

/// Names keys and signatures in the zone that no key file is for: signing without them would break what caches hold.
fn report_strangers(found: &[Found<'_>], view: &ZoneView, findings: &mut Vec<Diagnostic>) {
    let help = "put its .key file beside the others, with .private if it is to sign here";
    for rdata in &view.dnskeys {
        let algorithm = Algorithm(rdata.0.get(3).copied().unwrap_or_default());
        let tag = SignerTag(algorithm, key_tag(&rdata.0));
        if !found.iter().any(|one| one.has_tag(&tag)) {
            let message = format!("the zone has a DNSKEY {} of algorithm {algorithm} that no key file is for", tag.1);
            findings.push(Diagnostic::error("foreign-key", message).because("SIG-1").help(help));
        }
    }
    let published = |tag: &SignerTag| view.dnskeys.iter().any(|rdata| key_tag(&rdata.0) == tag.1);
    let signers: BTreeSet<&SignerTag> = view.data_signers.iter().flatten().chain(&view.dnskey_signers).collect();
    for tag in signers {
        if !found.iter().any(|one| one.has_tag(tag)) && !published(tag) {
            let message =
                format!("the zone has signatures of a key {} of algorithm {} that no key file is for", tag.1, tag.0);
            findings.push(Diagnostic::error("foreign-key", message).because("SIG-9").help(help));
        }
    }
}

/// Says where the content contradicts what was told.
fn compare_with_told(state: &ZoneState, found: &[Found<'_>], findings: &mut Vec<Diagnostic>) {
    let has_parent = !state.ds.is_empty();
    for one in found {
        let (Some(key), Some(told)) = (state.key(&one.id), one.told.states) else { continue };
        for ((record, told), (_, is)) in told.each().into_iter().zip(key.states.each()) {
            let is_ds = record == crate::rollover::RecordKind::Ds;
            if told.is_published() != is.is_published() && (has_parent || !is_ds) {
                let message = format!(
                    "{}: by {} its {record} is {told}, by what was seen it is {is}",
                    key.title(),
                    one.told.source
                );
                findings.push(Diagnostic::warning("told-contradicted", message).help("what was seen counts"));
            }
        }
    }
}

/// What would be published if all that is told were so.
fn assumed_view(found: &[Found<'_>], policy: &Policy) -> ZoneView {
    let published: Vec<&Found<'_>> = found.iter().filter(|one| one.told.is_published).collect();
    let signing = |one: &&&Found<'_>| one.told.is_active && one.key.signer.is_some();
    let has_zsk = published.iter().filter(signing).any(|one| !one.key.is_sep());
    let has_ksk = published.iter().filter(signing).any(|one| one.key.is_sep());
    let role = |one: &Found<'_>| {
        one.told.role.unwrap_or_else(|| match (one.key.is_sep(), has_ksk && has_zsk) {
            (true, true) => Role::Ksk,
            (false, true) => Role::Zsk,
            (_, false) => Role::Csk,
        })
    };
    let signers = |does: fn(Role) -> bool| -> BTreeSet<SignerTag> {
        published.iter().filter(signing).filter(|one| does(role(one))).map(|one| one.tags[0]).collect()
    };
    let ttl = found.iter().filter_map(|one| one.key.ttl).max().unwrap_or(policy.ttl.dnskey);
    ZoneView {
        dnskeys: published.iter().map(|one| Octets(one.key.dnskey_rdata.clone())).collect(),
        dnskey_signers: signers(Role::signs_dnskey),
        data_signers: BTreeSet::from([signers(Role::signs_data)]),
        dnskey_ttl: ttl.max(policy.ttl.dnskey),
        max_ttl: policy.ttl.max_zone,
        negative_ttl: policy.ttl.max_zone,
        denial: match policy.denial {
            Denial::Nsec => DenialView::Nsec,
            Denial::Nsec3(wanted) => DenialView::Nsec3(Nsec3View {
                iterations: wanted.iterations,
                salt: Octets::default(),
                opt_out: wanted.opt_out,
            }),
        },
        ..ZoneView::default()
    }
}
