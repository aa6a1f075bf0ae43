//! The calendar (RFC 5545).

use super::{Entry, Timeline};
use crate::base::UnixTime;
use crate::crypto::digest::sha256;
use icalendar::{Alarm, Calendar, Component, Event, EventLike, Property};
use std::collections::BTreeMap;

/// How long before a duty the calendar reminds of it.
const REMINDER: i64 = 86_400;

/// The timeline as a calendar. An event has the same UID each time the calendar is made, as long as it is the first, the
/// second … of its kind for its key, so that an importing program moves it rather than doubles it.
#[must_use]
pub fn ics(timeline: &Timeline) -> String {
    let mut calendar = Calendar::empty();
    let head = [("VERSION", "2.0"), ("PRODID", "-//zoneseal//rollover plan//EN"), ("CALSCALE", "GREGORIAN")];
    for (name, value) in head {
        calendar.append_property(Property::new(name, value));
    }
    calendar.name(&format!("DNSSEC of {}", timeline.zone));
    let mut counts: BTreeMap<(Option<&str>, &str), u32> = BTreeMap::new();
    for entry in &timeline.events {
        let count = counts.entry((entry.key.as_deref(), &entry.what)).or_default();
        *count += 1;
        calendar.push(event(timeline, entry, *count));
    }
    calendar.to_string()
}

fn event(timeline: &Timeline, entry: &Entry, count: u32) -> Event {
    let zone = &timeline.zone;
    let whose = entry.key.as_deref().unwrap_or("zone");
    let mut event = Event::new();
    event
        .uid(&uid(&[zone, whose, &entry.what, &count.to_string()]))
        .add_property("DTSTAMP", form(timeline.now))
        .add_property("DTSTART", form(entry.at))
        .add_property("DURATION", "PT0S")
        .add_property("TRANSP", "TRANSPARENT")
        .summary(&format!("{zone} {whose}: {}", entry.what))
        .description(&entry.words);
    if entry.is_duty {
        event.add_property("CATEGORIES", "DUTY");
        let trigger = chrono::Duration::seconds(-REMINDER);
        let mut alarm = Alarm::display(&format!("{zone}: {}", entry.words), trigger);
        // The library would take the clock's time and a random number.
        alarm
            .uid(&uid(&[zone, whose, &entry.what, &count.to_string(), "alarm"]))
            .add_property("DTSTAMP", form(timeline.now));
        event.alarm(alarm);
    }
    event.done()
}

/// UTC in the basic form.
fn form(time: UnixTime) -> String {
    time.format("%Y%m%dT%H%M%SZ")
}

fn uid(parts: &[&str]) -> String {
    let digest = sha256(&[parts.join("\n").as_bytes()]);
    let hex: String = digest[..12].iter().map(|octet| format!("{octet:02x}")).collect();
    format!("{hex}@zoneseal")
}
