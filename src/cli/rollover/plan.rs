//! `zoneseal rollover plan`

use super::context::ZoneArgs;
use super::future::timeline;
use crate::base::{TimeSpec, UnixTime};
use crate::cli::{Env, Failure, Outcome};
use crate::output::atomic::{AtomicFile, Output};
use crate::rollover::{Assumptions, forecast};
use crate::timeline::{self, Entry, Timeline};
use serde_json::{Value, json};
use std::io::Write;
use std::path::PathBuf;

/// Print what will happen to the keys of a zone, if the parent obliges
///
/// Changes nothing. As a table, as JSON, as a calendar to import, or as a picture.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct PlanArgs {
    #[command(flatten)]
    pub(super) zone: ZoneArgs,
    /// Until when: a time, or a span such as +2y
    #[arg(long, value_name = "TIME", default_value = "+1y", allow_hyphen_values = true, value_parser = parse_until)]
    until: TimeSpec,
    /// Print an iCalendar file
    #[arg(long, conflicts_with_all = ["json", "svg"])]
    ics: bool,
    /// Print a picture
    #[arg(long, conflicts_with = "json")]
    svg: bool,
    /// Where it goes [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Times, and spans of years as people plan.
fn parse_until(text: &str) -> Result<TimeSpec, String> {
    let years =
        text.strip_prefix('+').and_then(|rest| rest.strip_suffix('y')).and_then(|count| count.parse::<u16>().ok());
    match years {
        Some(years) => format!("+{}d", u32::from(years) * 365).parse(),
        None => text.parse(),
    }
}

pub(super) fn run(args: &PlanArgs, env: &mut Env<'_>) -> Result<Outcome, Failure> {
    let context = args.zone.look(env)?;
    let now = env.now;
    let until: UnixTime = args.until.resolve(now);
    if until <= now {
        return Err(Failure::new(format_args!("--until {until} is not after now, {now}")));
    }
    let policy = &context.policy;
    let events = forecast(policy, &context.state, now, until, &Assumptions::of(policy));
    let timeline = timeline(&args.zone.zone_name(), policy, &context.state, now, until, &events);
    let text = match (args.ics, args.svg, args.zone.json) {
        (true, ..) => timeline::ics(&timeline),
        (_, true, _) => timeline::svg(&timeline),
        (_, _, true) => format!("{:#}\n", to_json(&timeline, &policy.name)),
        _ => timeline::table(&timeline),
    };
    match &args.output {
        None => env.stdout.write_all(text.as_bytes())?,
        Some(path) => {
            let mut file = Box::new(AtomicFile::create(path).map_err(Failure::new)?);
            let written = file.write_all(text.as_bytes()).and_then(|()| file.commit());
            written.map_err(|error| Failure::new(format_args!("{}: {error}", path.display())))?;
        }
    }
    Ok(Outcome::Done)
}

/// The events of a timeline.
pub(super) fn events_to_json(timeline: &Timeline) -> Value {
    let event = |event: &Entry| {
        json!({
            "at": event.at,
            "key": event.key,
            "what": event.what,
            "words": event.words,
            "duty": event.is_duty,
        })
    };
    timeline.events.iter().map(event).collect()
}

fn to_json(timeline: &Timeline, policy: &str) -> Value {
    json!({
        "schema": "zoneseal.rollover-plan/1",
        "zone": timeline.zone,
        "policy": policy,
        "from": timeline.now,
        "until": timeline.until,
        "events": events_to_json(timeline),
        "assumptions": timeline.assumptions,
    })
}
