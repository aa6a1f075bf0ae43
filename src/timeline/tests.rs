use super::*;
use icalendar::{Calendar, Component};

/// 2027-01-01 00:00:00 UTC.
const NOW: UnixTime = UnixTime(1_798_761_600);

fn days(count: i64) -> UnixTime {
    UnixTime(NOW.0 + count * 86_400)
}

fn timeline() -> Timeline {
    let entry = |at, key: Option<&str>, what: &str, is_duty| Entry {
        at,
        key: key.map(Into::into),
        what: what.into(),
        words: format!("{what}, <as> \"said\"; and & so on, in words that are long enough to be folded by a calendar"),
        is_duty,
    };
    let span = |from, to, shade| Span { from, to, shade };
    let band = |record: &str, spans| Band { record: record.into(), spans };
    Timeline {
        zone: "a&b.example.".into(),
        now: NOW,
        until: days(730),
        events: vec![
            entry(NOW, Some("ZSK 1"), "Tpub", false),
            entry(days(2), Some("ZSK 1"), "Trdy", false),
            entry(days(3), None, "sign", false),
            entry(days(9), Some("KSK 2"), "Tsbm", true),
            entry(days(90), Some("ZSK 1"), "Tpub", false),
        ],
        lanes: vec![
            Lane {
                label: "ZSK 1".into(),
                note: "algorithm 13".into(),
                bands: vec![
                    band(
                        "DNSKEY",
                        vec![
                            span(days(-900), Some(days(2)), Shade::Rumoured),
                            span(days(2), Some(days(60)), Shade::Omnipresent),
                            span(days(60), Some(days(61)), Shade::Unretentive),
                        ],
                    ),
                    band("signatures", vec![span(days(2), None, Shade::Omnipresent)]),
                ],
            },
            Lane { label: "<KSK> 2".into(), note: String::new(), bands: vec![band("DS", Vec::new())] },
        ],
        assumptions: vec!["The parent takes 1d.".into()],
    }
}

#[test]
fn table_lines_up() {
    let text = table(&timeline());
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], format!("a&b.example. from {NOW} to {}", days(730)));
    assert!(lines[1].contains("  now ") && lines[2].contains("  in 2d ") && lines[3].contains("  zone "), "{text}");
    assert!(lines[4].contains("(!) Tsbm"), "{text}");
    let column = lines[1].find("Tpub").unwrap();
    assert!(lines[2..=5].iter().all(|line| !line[column..].starts_with(' ')), "{text}");
    assert_eq!(lines[6], "The parent takes 1d.");
    let nothing = Timeline { events: Vec::new(), ..timeline() };
    assert!(table(&nothing).contains("Nothing will happen."));
}

#[test]
fn calendar_reads_back() {
    let timeline = timeline();
    let text = ics(&timeline);
    assert!(text.ends_with("END:VCALENDAR\r\n"));
    assert_eq!(text.matches("PRODID").count(), 1);
    assert!(text.lines().all(|line| line.len() <= 75), "folded as RFC 5545 section 3.1 asks");
    let calendar: Calendar = text.parse().unwrap();
    let events: Vec<_> = calendar.events().collect();
    assert_eq!(events.len(), timeline.events.len());
    for (event, entry) in events.iter().zip(&timeline.events) {
        assert_eq!(event.get_description(), Some(entry.words.as_str()));
        assert_eq!(event.property_value("DTSTART"), Some(entry.at.format("%Y%m%dT%H%M%SZ").as_str()));
        assert!(event.get_summary().unwrap().ends_with(&entry.what));
    }
    let mut uids: Vec<_> = events.iter().map(|event| event.get_uid().unwrap()).collect();
    uids.sort_unstable();
    uids.dedup();
    assert_eq!(uids.len(), events.len(), "the second Tpub of a key is another event");
    assert_eq!(text.matches("BEGIN:VALARM").count(), 1);
    assert_eq!(text, ics(&timeline), "the same each time");
    // An event that comes later is the same event.
    let mut later = timeline;
    later.events[3].at = days(12);
    let later: Calendar = ics(&later).parse().unwrap();
    assert_eq!(later.events().nth(3).unwrap().get_uid(), events[3].get_uid());
}

#[test]
fn picture_is_well_formed() {
    let text = svg(&timeline());
    let document = roxmltree::Document::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let of_class = |class: &str| {
        let is_it = move |node: &roxmltree::Node<'_, '_>| node.attribute("class") == Some(class);
        document
            .descendants()
            .filter(is_it)
            .map(|node| node.text().unwrap_or_default().trim().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(of_class("key"), ["ZSK 1", "<KSK> 2"]);
    // Each state once, and once in the legend; what ended before the picture begins is not drawn.
    assert_eq!(of_class("rumoured").len(), 2);
    assert_eq!(of_class("omnipresent").len(), 3);
    assert_eq!(of_class("unretentive").len(), 2);
    assert_eq!((of_class("today").len(), of_class("event").len()), (1, 1));
    let rectangles = document.descendants().filter(|node| node.has_tag_name("rect"));
    for rectangle in rectangles.filter(|one| one.attribute("class") == Some("omnipresent")) {
        let number = |name| rectangle.attribute(name).unwrap().parse::<i64>().unwrap();
        assert!(number("x") >= 190 && number("x") + number("width") <= 1200, "{rectangle:?}");
    }
    assert!(text.contains("prefers-color-scheme: dark"));
    assert!((2..=13).contains(&of_class("tick").len()), "{:?}", of_class("tick"));
}
