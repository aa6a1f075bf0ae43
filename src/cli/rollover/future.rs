//! From the engine's forecast to a timeline to draw.

use crate::base::UnixTime;
use crate::keys::KeyId;
use crate::policy::Policy;
use crate::rollover::{Assumptions, Event, Future, KeyRecord, RecordKind, RecordState, WITHDRAWAL, ZoneState};
use crate::timeline::{Band, Entry, Lane, Shade, Span, Timeline};
use std::collections::BTreeMap;

/// Keys by id, with what people are to call them.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Title with a made-up tag, and the name in its place.
    by_id: BTreeMap<KeyId, (String, String)>,
}

impl Names {
    /// Takes in the keys of a state; those not `known` do not exist yet, and have no tag.
    fn learn(&mut self, keys: &[KeyRecord], known: &[KeyRecord]) {
        for key in keys {
            if self.by_id.contains_key(&key.id) {
                continue;
            }
            let title = key.title();
            let name = match known.iter().any(|one| one.id == key.id) {
                true => title.clone(),
                false => self.new_name(key),
            };
            self.by_id.insert(key.id.clone(), (title, name));
        }
    }

    /// A name for a key to come: by the day it is made, and a number where there are several.
    fn new_name(&self, key: &KeyRecord) -> String {
        let day = key.times.generated.map_or_else(String::new, |time| time.format(" of %Y-%m-%d"));
        let name = format!("{}{day}", key.role);
        let is_taken = |name: &str| self.by_id.values().any(|(_, other)| other == name);
        if !is_taken(&name) {
            return name;
        }
        (2..).map(|number| format!("{name} no. {number}")).find(|name| !is_taken(name)).unwrap_or(name)
    }

    fn name(&self, id: &KeyId) -> String {
        self.by_id.get(id).map_or_else(|| id.to_string(), |(_, name)| name.clone())
    }

    /// A sentence with the names people know in place of made-up tags.
    fn told(&self, words: &str) -> String {
        self.by_id.values().fold(words.to_owned(), |words, (title, name)| words.replace(title, name))
    }
}

/// The future of a zone, with how the records of each key fare.
pub(super) fn timeline(
    zone: &str,
    policy: &Policy,
    state: &ZoneState,
    now: UnixTime,
    until: UnixTime,
    events: &[Event],
) -> Timeline {
    let assumptions = Assumptions::of(policy);
    let mut times: Vec<UnixTime> = events.iter().map(|event| event.at).collect();
    times.insert(0, now);
    times.dedup();
    let (mut names, mut lanes) = (Names::default(), Lanes::default());
    let mut future = Future::new(policy, state, now, &assumptions);
    for time in times {
        future.run_until(time);
        names.learn(&future.state().keys, &state.keys);
        lanes.see(&future.state().keys, time);
    }
    let entry = |event: &Event| Entry {
        at: event.at,
        key: event.key.as_ref().map(|id| names.name(id)),
        what: event.what.to_owned(),
        words: names.told(&event.words),
        is_duty: event.what == "Tsbm" || event.what == WITHDRAWAL,
    };
    Timeline {
        zone: zone.to_owned(),
        now,
        until,
        events: events.iter().map(entry).collect(),
        lanes: lanes.into_lanes(&names),
        assumptions: vec![format!(
            "If the signer runs every {} and the parent takes {} for a DS; (!) is for you to do.",
            assumptions.run_interval, assumptions.registration_delay
        )],
    }
}

/// The states of keys' records over time.
#[derive(Debug, Default)]
struct Lanes {
    /// In the order in which the keys come up.
    keys: Vec<(KeyId, String, BTreeMap<RecordKind, Vec<Span>>)>,
}

impl Lanes {
    /// Takes in the states at a time.
    fn see(&mut self, keys: &[KeyRecord], time: UnixTime) {
        for key in keys {
            let known = self.keys.iter().position(|(id, ..)| *id == key.id);
            let index = known.unwrap_or_else(|| {
                self.keys.push((key.id.clone(), format!("algorithm {}", key.algorithm), BTreeMap::new()));
                self.keys.len() - 1
            });
            for (kind, state) in key.states.each() {
                see_state(self.keys[index].2.entry(kind).or_default(), shade(state), time);
            }
        }
        // Keys whose files are gone have nothing in any cache.
        for (id, _, bands) in &mut self.keys {
            if !keys.iter().any(|key| key.id == *id) {
                bands.values_mut().for_each(|spans| see_state(spans, None, time));
            }
        }
    }

    fn into_lanes(self, names: &Names) -> Vec<Lane> {
        let band = |(kind, spans): (RecordKind, Vec<Span>)| {
            (!spans.is_empty()).then(|| Band { record: kind.to_string(), spans })
        };
        let lane = |(id, note, bands): (KeyId, String, BTreeMap<RecordKind, Vec<Span>>)| Lane {
            label: names.name(&id),
            note,
            bands: bands.into_iter().filter_map(band).collect(),
        };
        self.keys.into_iter().map(lane).collect()
    }
}

/// Ends the last span if the state is another one, and begins the next.
fn see_state(spans: &mut Vec<Span>, shade: Option<Shade>, time: UnixTime) {
    let open = spans.last_mut().filter(|span| span.to.is_none());
    if open.as_ref().map(|span| span.shade) == shade {
        return;
    }
    if let Some(span) = open {
        span.to = Some(time);
    }
    spans.extend(shade.map(|shade| Span { from: time, to: None, shade }));
}

const fn shade(state: RecordState) -> Option<Shade> {
    match state {
        RecordState::Hidden => None,
        RecordState::Rumoured => Some(Shade::Rumoured),
        RecordState::Omnipresent => Some(Shade::Omnipresent),
        RecordState::Unretentive => Some(Shade::Unretentive),
    }
}
