//! The picture: time from left to right, a lane a key with a band a record, today's line, a legend.

use super::{Band, Lane, Shade, Span, Timeline};
use crate::base::UnixTime;
use svg::Document;
use svg::node::element::{Definitions, Group, Line, Pattern, Rectangle, Style, Text, Title};

const WIDTH: i64 = 1200;
/// Room for names, left of the time axis.
const LEFT: i64 = 190;
const RIGHT: i64 = 24;
/// Room for title and axis.
const TOP: i64 = 72;
const BAND: i64 = 12;
const BAND_GAP: i64 = 4;
const LANE_GAP: i64 = 18;
const LEGEND: i64 = 64;
/// Marks on the axis, at most.
const TICKS_MAX: i64 = 12;

/// Colours are told apart without red and green, and by pattern: what is only coming is hatched, what is going is dotted.
const STYLE: &str = "\
svg { --paper: #ffffff; --ink: #1d2733; --faint: #c9d1da; --rumoured: #7fb2e5; --omnipresent: #1f5fa8; \
--unretentive: #e0a23c; --today: #b3261e; background: var(--paper); \
font-family: system-ui, sans-serif; font-size: 12px }
@media (prefers-color-scheme: dark) { svg { --paper: #14181d; --ink: #e4e9ee; --faint: #3a444f; --rumoured: #5b8fc4; \
--omnipresent: #8cc4ff; --unretentive: #d99a35; --today: #ff8a80 } }
text { fill: var(--ink) }
.title { font-size: 16px; font-weight: 600 }
.note, .tick { font-size: 11px; opacity: 0.8 }
.record { font-size: 10px; opacity: 0.8 }
.paper { fill: var(--paper) }
.grid { stroke: var(--faint); stroke-width: 1 }
.today { stroke: var(--today); stroke-width: 2 }
.event { stroke: var(--ink); stroke-width: 1; opacity: 0.45; stroke-dasharray: 2 3 }
.today-text { fill: var(--today) }
.rumoured { fill: url(#hatched) } .hatch { fill: var(--rumoured); fill-opacity: 0.45 } \
.hatch-line { stroke: var(--rumoured); stroke-width: 3 }
.omnipresent { fill: var(--omnipresent) }
.unretentive { fill: url(#dotted) } .dot-paper { fill: var(--unretentive); fill-opacity: 0.45 } \
.dot { fill: var(--unretentive) }
";

/// The timeline as SVG, readable on light and on dark paper.
#[must_use]
pub fn svg(timeline: &Timeline) -> String {
    let scale = Scale::new(timeline);
    let lanes_end = timeline.lanes.iter().fold(TOP, |y, lane| y + lane_height(lane));
    let height = lanes_end + LEGEND;
    let mut document = Document::new()
        .set("viewBox", (0, 0, WIDTH, height))
        .set("width", WIDTH)
        .set("height", height)
        .set("role", "img")
        .add(Title::new(format!("Keys of {} from {} to {}", timeline.zone, timeline.now, timeline.until)))
        .add(Style::new(STYLE))
        .add(patterns())
        .add(Rectangle::new().set("class", "paper").set("width", WIDTH).set("height", height))
        .add(text(16, 26, "title", &format!("Keys of {}", timeline.zone)))
        .add(text(16, 44, "note", &format!("{} to {}, UTC", timeline.now, timeline.until)))
        .add(axis(&scale, lanes_end));
    let mut y = TOP;
    for lane in &timeline.lanes {
        document = document.add(draw_lane(lane, y, &scale));
        y += lane_height(lane);
    }
    let mut marks = Group::new();
    for event in timeline.events.iter().filter(|event| event.is_duty) {
        let title = format!("{}: {}", event.at, event.words);
        marks = marks.add(vertical(scale.x(event.at), TOP, lanes_end, "event").add(Title::new(title)));
    }
    let today = scale.x(timeline.now);
    document
        .add(marks)
        .add(vertical(today, TOP - 8, lanes_end, "today").add(Title::new(format!("now: {}", timeline.now))))
        .add(text(today + 4, TOP - 12, "note today-text", "today"))
        .add(legend(lanes_end + 20))
        .to_string()
}

/// Where times lie.
struct Scale {
    from: UnixTime,
    to: UnixTime,
}

impl Scale {
    /// From the first time of interest, or now, to the end.
    fn new(timeline: &Timeline) -> Self {
        let spans = timeline.lanes.iter().flat_map(|lane| &lane.bands).flat_map(|band| &band.spans);
        let from = spans.map(|span| span.from).chain([timeline.now]).min().unwrap_or(timeline.now);
        // What is long past must not squeeze what is to come: a tenth of the picture is the past's at most.
        let past_max = timeline.until.since(timeline.now).0 / 9;
        let from = from.max(UnixTime(timeline.now.0 - past_max));
        Self { from, to: timeline.until.max(UnixTime(from.0 + 1)) }
    }

    fn x(&self, time: UnixTime) -> i64 {
        let time = time.clamp(self.from, self.to);
        LEFT + time.since(self.from).0 * (WIDTH - LEFT - RIGHT) / self.to.since(self.from).0
    }

    /// Marks of the axis with their texts: whole days, months or years, as many as fit.
    fn ticks(&self) -> Vec<(UnixTime, String)> {
        const DAY: i64 = 86_400;
        const STEPS: [i64; 8] = [DAY / 24, DAY / 4, DAY, 7 * DAY, 30 * DAY, 91 * DAY, 182 * DAY, 365 * DAY];
        let span = self.to.since(self.from).0;
        let step = STEPS.into_iter().find(|step| span / step <= TICKS_MAX).unwrap_or(span / TICKS_MAX + 1);
        let format = if step < DAY { "%m-%d %H:%M" } else { "%Y-%m-%d" };
        let first = (self.from.0 + step - 1).div_euclid(step) * step;
        (0..=TICKS_MAX)
            .map(|index| UnixTime(first + index * step))
            .take_while(|time| *time <= self.to)
            .map(|time| (time, time.format(format)))
            .collect()
    }
}

fn lane_height(lane: &Lane) -> i64 {
    let bands = i64::try_from(lane.bands.len()).unwrap_or(1).max(2);
    bands * (BAND + BAND_GAP) + LANE_GAP
}

fn text(x: i64, y: i64, class: &str, content: &str) -> Text {
    Text::new(content).set("x", x).set("y", y).set("class", class)
}

fn vertical(x: i64, from: i64, to: i64, class: &str) -> Line {
    Line::new().set("x1", x).set("x2", x).set("y1", from).set("y2", to).set("class", class)
}

fn axis(scale: &Scale, end: i64) -> Group {
    let mut group = Group::new();
    for (time, label) in scale.ticks() {
        let x = scale.x(time);
        group = group
            .add(vertical(x, TOP, end, "grid"))
            .add(text(x, end + 14, "tick", &label).set("text-anchor", "middle"));
    }
    group
}

fn draw_lane(lane: &Lane, y: i64, scale: &Scale) -> Group {
    let mut group = Group::new().add(text(16, y + 11, "key", &lane.label)).add(text(16, y + 26, "note", &lane.note));
    let mut top = y;
    for band in &lane.bands {
        group = group
            .add(text(LEFT - 8, top + BAND - 2, "record", &band.record).set("text-anchor", "end"))
            .add(draw_band(lane, band, top, scale));
        top += BAND + BAND_GAP;
    }
    group
}

fn draw_band(lane: &Lane, band: &Band, y: i64, scale: &Scale) -> Group {
    let is_shown = |span: &&Span| span.to.is_none_or(|to| to > scale.from) && span.from < scale.to;
    let mut group = Group::new();
    for span in band.spans.iter().filter(is_shown) {
        let (from, to) = (scale.x(span.from), span.to.map_or(WIDTH - RIGHT, |to| scale.x(to)));
        let end = span.to.map_or_else(String::new, |to| format!(" to {to}"));
        let title = format!("{} {}: {} from {}{end}", lane.label, band.record, span.shade.name(), span.from);
        group = group.add(
            Rectangle::new()
                .set("x", from)
                .set("y", y)
                // What is short is still there.
                .set("width", (to - from).max(1))
                .set("height", BAND)
                .set("class", span.shade.name())
                .add(Title::new(title)),
        );
    }
    group
}

fn legend(y: i64) -> Group {
    let mut group = Group::new();
    let mut x = LEFT;
    for shade in Shade::ALL {
        let swatch = Rectangle::new().set("x", x).set("y", y).set("width", 24).set("height", BAND);
        let words = format!("{}: {}", shade.name(), shade.words());
        group = group.add(swatch.set("class", shade.name())).add(text(x + 30, y + BAND - 2, "note", &words));
        x += 300;
    }
    group
}

fn patterns() -> Definitions {
    let tile = |id: &str| Pattern::new().set("id", id).set("width", 6).set("height", 6);
    let square = |class: &str| Rectangle::new().set("width", 6).set("height", 6).set("class", class);
    let hatched = tile("hatched")
        .set("patternUnits", "userSpaceOnUse")
        .set("patternTransform", "rotate(45)")
        .add(square("hatch"))
        .add(Line::new().set("x1", 0).set("x2", 0).set("y1", 0).set("y2", 6).set("class", "hatch-line"));
    let dotted = tile("dotted")
        .set("patternUnits", "userSpaceOnUse")
        .add(square("dot-paper"))
        .add(Rectangle::new().set("x", 2).set("y", 2).set("width", 3).set("height", 3).set("class", "dot"));
    Definitions::new().add(hatched).add(dotted)
}
