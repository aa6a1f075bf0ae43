//! The table.

use super::Timeline;
use std::fmt::Write;

/// The timeline as lines of text: when, in how long, whose, what, in words.
#[must_use]
pub fn table(timeline: &Timeline) -> String {
    let mut out = String::new();
    let Timeline { zone, now, until, events, assumptions, .. } = timeline;
    let _ = writeln!(out, "{zone} from {now} to {until}");
    if events.is_empty() {
        let _ = writeln!(out, "Nothing will happen.");
    }
    let rows: Vec<[String; 4]> = events
        .iter()
        .map(|event| {
            let span = event.at.since(*now);
            let when = if span.0 <= 0 { "now".to_owned() } else { format!("in {span}") };
            [event.at.to_string(), when, event.key.clone().unwrap_or_else(|| "zone".into()), event.what.clone()]
        })
        .collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..4).map(width).collect();
    for (row, event) in rows.iter().zip(events) {
        for (cell, width) in row.iter().zip(&widths) {
            let _ = write!(out, "{cell:<width$}  ");
        }
        let mark = if event.is_duty { "(!) " } else { "" };
        let _ = writeln!(out, "{mark}{}", event.words);
    }
    for assumption in assumptions {
        let _ = writeln!(out, "{assumption}");
    }
    out
}
