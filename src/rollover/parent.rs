//! What the parent's servers say, taken into the history of DS RRsets.

use super::model::{DsRequest, ZoneState};
use super::outcome::{Gate, Waiting};
use super::published::DsSet;
use super::timing::REQUEST_LAPSE;
use super::view::{ParentServer, ParentView, Source};
use crate::base::{DigestType, Octets, Seconds, UnixTime};
use crate::keys::ds::ds_rdata;
use crate::keys::usage::KeyId;
use crate::rdata::ds::Ds;

/// Takes in what the parent's servers say. A server that did not answer may have anything: then nothing is taken for
/// gone (I-4).
pub(super) fn take_in(state: &mut ZoneState, view: &ParentView) -> Vec<Waiting> {
    if state.ds_observed.is_some_and(|observed| view.at < observed) {
        return Vec::new();
    }
    if let Some(trouble) = untrusted(view) {
        return vec![trouble];
    }
    let sets = sets_of(state, view);
    state.was_delegated |= sets.iter().any(|(set, _)| !set.is_empty());
    let silent: Vec<&ParentServer> = view.servers.iter().filter(|server| server.answer.is_err()).collect();
    if !silent.is_empty() {
        state.ds.add(&sets, view.at);
        return silent.into_iter().map(silence).collect();
    }
    let is_change = match &sets[..] {
        [(set, _)] => state.ds.open().any(|version| version.value != *set),
        _ => false,
    };
    let before: Vec<DsSet> = state.ds.open().map(|version| version.value.clone()).collect();
    state.ds.publish(&sets, view.at);
    state.ds_observed = Some(view.at);
    let at = view.at;
    state.is_ds_word = view.source == Source::OperatorWord;
    let asked = state.ds_requests.clone();
    let has_lapsed = |withdrawn: UnixTime| withdrawn.plus(REQUEST_LAPSE) <= at;
    state.ds_requests.retain(|request| !request.withdrawn.is_some_and(has_lapsed));
    if state.is_ds_word {
        // Their word is about what the parent has from then on, whatever it was asked before.
        state.ds_requests.retain(|request| request.withdrawn.is_none_or(|withdrawn| withdrawn >= view.at));
    }
    if let [(set, _)] = &sets[..] {
        let is_asked = state.ds_requests.iter().any(|request| request.keys == set.keys);
        settle_requests(state, set, is_change);
        if is_change && !is_asked && view.source == Source::Observed {
            expect_return(state, &before, set, view.at);
        }
    }
    let ttl = sets.iter().map(|(_, ttl)| *ttl).max().unwrap_or_default();
    suspect_passed_over(state, &asked, ttl, at);
    if sets.len() > 1 { vec![disagreement(sets.len())] } else { Vec::new() }
}

/// What the parent was asked for and will not do any more, it may have done between two looks: caches may have it.
fn suspect_passed_over(state: &mut ZoneState, asked: &[DsRequest], ttl: Seconds, at: UnixTime) {
    for request in asked.iter().filter(|request| !state.ds_requests.contains(request)) {
        let set = DsSet::of(request.keys.clone());
        let is_known = state.ds.open().any(|version| version.value == set)
            || state.ds.versions().iter().any(|version| version.value == set && version.until == Some(at));
        if !is_known {
            state.ds.add_closed(set, ttl, at);
        }
    }
}

/// A parent that lost a DS without being asked may find it again: what it had counts like a request withdrawn now.
fn expect_return(state: &mut ZoneState, before: &[DsSet], set: &DsSet, at: UnixTime) {
    for lost in before.iter().filter(|old| !old.keys.is_subset(&set.keys)) {
        state.ds_requests.push(DsRequest { keys: lost.keys.clone(), at, withdrawn: Some(at) });
    }
}

/// Takes note of the requests that the parent has done. If it changed to what was asked, it has passed over those before.
/// If it did not change, it has not even begun with any after the oldest.
fn settle_requests(state: &mut ZoneState, set: &DsSet, is_change: bool) {
    if !set.unknown.is_empty() && state.foreign_keys().is_empty() {
        return;
    }
    let done = state.ds_requests.iter().position(|request| request.keys == set.keys);
    if let Some(index) = done.filter(|_| is_change) {
        state.ds_requests.drain(..=index);
    }
    while state.ds_requests.first().is_some_and(|request| request.keys == set.keys) {
        state.ds_requests.remove(0);
    }
}

/// The DS RRsets that servers have, each with the largest TTL it was seen with.
fn sets_of(state: &ZoneState, view: &ParentView) -> Vec<(DsSet, Seconds)> {
    let mut sets: Vec<(DsSet, Seconds)> = Vec::new();
    for answer in view.servers.iter().filter_map(|server| server.answer.as_ref().ok()) {
        let set = ds_set(state, &answer.ds);
        let ttl = answer.ttl.to_seconds();
        match sets.iter_mut().find(|(known, _)| *known == set) {
            Some((_, largest)) => *largest = ttl.max(*largest),
            None => sets.push((set, ttl)),
        }
    }
    sets
}

/// Our keys that DS records stand for. A validator passes over SHA-1 where there is a better digest (RFC 4509 section 3).
pub(super) fn ds_set(state: &ZoneState, records: &[Octets]) -> DsSet {
    let digest_of = |rdata: &Octets| Ds::parse(&rdata.0).map(|ds| ds.digest_type);
    let has_better = records.iter().any(|rdata| matches!(digest_of(rdata), Some(DigestType(2 | 4))));
    let mut set = DsSet::default();
    for rdata in records {
        let is_passed_over = has_better && digest_of(rdata) == Some(DigestType::SHA1);
        match key_of_ds(state, rdata) {
            Some(key) if !is_passed_over => set.keys.insert(key),
            // A second digest of a key that counts by its better one is no stranger.
            Some(key) if records.iter().any(|other| other != rdata && counts_for(state, other, &key)) => false,
            _ => set.unknown.insert(rdata.clone()),
        };
    }
    set
}

fn counts_for(state: &ZoneState, rdata: &Octets, key: &KeyId) -> bool {
    Ds::parse(&rdata.0).is_some_and(|ds| ds.digest_type != DigestType::SHA1)
        && key_of_ds(state, rdata).as_ref() == Some(key)
}

/// The key whose digest a DS record has.
pub(super) fn key_of_ds(state: &ZoneState, rdata: &Octets) -> Option<KeyId> {
    let ds = Ds::parse(&rdata.0)?;
    let fits = |dnskey: &[u8]| ds_rdata(ds.digest_type, state.zone.as_name(), dnskey).as_ref() == Some(&rdata.0);
    let key = state
        .keys
        .iter()
        .filter(|key| key.tag == ds.key_tag && key.algorithm == ds.algorithm)
        .find(|key| fits(&key.dnskey_rdata.0))?;
    Some(key.id.clone())
}

fn untrusted(view: &ParentView) -> Option<Waiting> {
    let (reason, help) = if view.servers.is_empty() {
        ("no server of the parent was asked", "look at the parent with zoneseal observe")
    } else if view.validated == Some(false) {
        (
            "the answers of the parent did not validate, so they may come from anybody",
            "find out why the parent's answers are bogus; nothing is taken from them until they validate",
        )
    } else {
        return None;
    };
    Some(waiting(reason.to_owned(), help.to_owned()))
}

fn silence(server: &ParentServer) -> Waiting {
    let why = server.answer.as_ref().err().map_or("", String::as_str);
    let reason = format!("the parent's server {} did not answer ({why}), so it may still have any DS", server.name);
    waiting(reason, "look again later; or give your word with zoneseal rollover ds-seen".to_owned())
}

fn disagreement(count: usize) -> Waiting {
    let reason = format!("the parent's servers have {count} different DS RRsets; caches may have any of them");
    waiting(reason, "wait until all servers of the parent have the same, and look again".to_owned())
}

fn waiting(reason: String, help: String) -> Waiting {
    Waiting {
        key: None,
        what: "take in the DS RRset at the parent".to_owned(),
        gate: Gate::Parent,
        rule: "I-4",
        reason,
        until: None,
        help,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Ttl;
    use crate::rollover::model::{KeyRecord, Role};
    use crate::rollover::published::Keys;
    use crate::rollover::view::DsAnswer;

    fn key(number: u8) -> KeyRecord {
        let rdata = vec![1, 1, 3, 13, number, 2, 3, 4];
        let tag = crate::rdata::dnskey::key_tag(&rdata);
        KeyRecord::new(KeyId(format!("Kexample.+013+{tag:05}")), Role::Ksk, rdata, true)
    }

    fn state() -> ZoneState {
        let mut state = ZoneState::new("example.".parse().unwrap());
        state.keys = vec![key(1), key(2)];
        state
    }

    fn ds(state: &ZoneState, index: usize, digest: u8) -> Octets {
        let rdata = &state.keys[index].dnskey_rdata.0;
        Octets(ds_rdata(DigestType(digest), state.zone.as_name(), rdata).unwrap())
    }

    fn view(at: i64, answers: &[Option<Vec<Octets>>]) -> ParentView {
        let server = |ds: &Option<Vec<Octets>>| ParentServer {
            name: "ns".to_owned(),
            answer: ds
                .clone()
                .map(|ds| DsAnswer { ds, ttl: Ttl::new(3600).unwrap() })
                .ok_or_else(|| "timeout".to_owned()),
        };
        let servers = answers.iter().map(server).collect();
        ParentView { at: UnixTime(at), source: Source::Observed, servers, validated: None }
    }

    fn ids(state: &ZoneState, indices: &[usize]) -> Keys {
        indices.iter().map(|&index| state.keys[index].id.clone()).collect()
    }

    #[test]
    fn records_are_matched_by_digest() {
        let state = state();
        let set = ds_set(&state, &[ds(&state, 0, 2), ds(&state, 0, 4), Octets(vec![0, 1, 13, 2, 9])]);
        assert_eq!((set.keys, set.unknown.len()), (ids(&state, &[0]), 1));
    }

    /// RFC 4509 section 3: SHA-1 counts only where nothing better is there.
    #[test]
    fn sha1_is_passed_over_beside_sha256() {
        let state = state();
        assert_eq!(ds_set(&state, &[ds(&state, 0, 1)]).keys, ids(&state, &[0]));
        let set = ds_set(&state, &[ds(&state, 0, 1), ds(&state, 1, 2)]);
        assert_eq!((set.keys, set.unknown.len()), (ids(&state, &[1]), 1));
        let set = ds_set(&state, &[ds(&state, 0, 1), ds(&state, 0, 2)]);
        assert_eq!((set.keys, set.unknown.len()), (ids(&state, &[0]), 0));
    }

    /// I-4: what a silent server has is not known, so nothing is over.
    #[test]
    fn a_silent_server_keeps_the_old_ds_open() {
        let mut state = state();
        let (old, new) = (ds(&state, 0, 2), ds(&state, 1, 2));
        take_in(&mut state, &view(10, &[Some(vec![old.clone()]), Some(vec![old.clone()])]));
        let waiting = take_in(&mut state, &view(20, &[Some(vec![new.clone()]), None]));
        assert_eq!((state.ds.open().count(), waiting.len()), (2, 1));
        let waiting = take_in(&mut state, &view(30, &[Some(vec![new.clone()]), Some(vec![old])]));
        assert_eq!((state.ds.open().count(), waiting.len()), (2, 1), "servers disagree");
        take_in(&mut state, &view(40, &[Some(vec![new.clone()]), Some(vec![new])]));
        assert_eq!((state.ds.open().count(), state.ds.versions()[0].until), (1, Some(UnixTime(40))));
        let before = state.clone();
        take_in(&mut state, &view(35, &[Some(vec![])]));
        assert_eq!(state, before, "an older observation says nothing new");
    }

    /// A parent that changed to what was asked has passed over what was asked before; one that did not may still act.
    #[test]
    fn requests_are_settled() {
        let mut state = state();
        let (first, second) = (ds(&state, 0, 2), ds(&state, 1, 2));
        let request = |state: &ZoneState, index, withdrawn: Option<i64>| DsRequest {
            keys: ids(state, &[index]),
            at: UnixTime(5),
            withdrawn: withdrawn.map(UnixTime),
        };
        take_in(&mut state, &view(10, &[Some(vec![first.clone()])]));
        state.ds_requests = vec![request(&state, 1, Some(12)), request(&state, 0, None)];
        let asked = state.ds_requests.clone();
        take_in(&mut state, &view(20, &[Some(vec![first])]));
        assert_eq!(state.ds_requests, asked, "the parent may still act on the first, and then on the second");
        state.ds_requests.truncate(1);
        take_in(&mut state, &view(30, &[Some(vec![second])]));
        assert_eq!(state.ds_requests, []);
    }

    /// The parent may have done what it passed over, between two looks: caches may have it for as long as any DS.
    #[test]
    fn requests_passed_over_may_be_in_caches() {
        let mut state = state();
        let (first, second) = (ds(&state, 0, 2), ds(&state, 1, 2));
        take_in(&mut state, &view(10, &[Some(vec![first])]));
        let both = DsRequest { keys: ids(&state, &[0, 1]), at: UnixTime(11), withdrawn: Some(UnixTime(12)) };
        let new = DsRequest { keys: ids(&state, &[1]), at: UnixTime(12), withdrawn: None };
        state.ds_requests = vec![both.clone(), new];
        take_in(&mut state, &view(30, &[Some(vec![second.clone()])]));
        assert_eq!(state.ds_requests, []);
        let passed = state.ds.versions().iter().find(|version| version.value.keys == both.keys);
        assert_eq!(passed.map(|version| (version.until, version.ttl)), Some((Some(UnixTime(30)), Seconds(3600))));
        assert_eq!(state.ds.versions().len(), 3, "what was there, what may have been, what is");
        let before = state.clone();
        take_in(&mut state, &view(30, &[Some(vec![second])]));
        assert_eq!(state, before);
    }

    /// A DS that went without anybody asking may come back as it went.
    #[test]
    fn a_ds_lost_unasked_may_return() {
        let mut state = state();
        let first = ds(&state, 0, 2);
        take_in(&mut state, &view(10, &[Some(vec![first.clone()])]));
        take_in(&mut state, &view(20, &[Some(vec![])]));
        let lost = DsRequest { keys: ids(&state, &[0]), at: UnixTime(20), withdrawn: Some(UnixTime(20)) };
        assert_eq!(state.ds_requests, [lost]);
        take_in(&mut state, &view(30, &[Some(vec![first])]));
        assert_eq!(state.ds_requests, []);
    }
}
