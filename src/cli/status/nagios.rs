//! The result of `status` as a Nagios plugin gives it: a line for people, `|`, performance data, and the exit code.

use super::output::{counts, totals};
use crate::base::UnixTime;
use crate::cli::{Env, Failure, Outcome};
use crate::fleet::status::{Level, Status, ZoneStatus};
use std::fmt::Write as _;

/// Characters of the line that old monitors take.
const TEXT_MAX: usize = 1000;

/// Writes the line; the exit code is that of the worst.
pub(super) fn write(status: &Status, env: &mut Env<'_>) -> Result<Outcome, Failure> {
    let (level, zones) = (status.level(), status.zones.as_slice());
    let mut text = format!("ZONESEAL {} - {}", level.name().to_uppercase(), totals(zones));
    let soonest = zones.iter().filter_map(|zone| Some((zone, zone.earliest_expiration()?))).min_by_key(|(_, end)| *end);
    if let Some((zone, end)) = soonest {
        let _ = write!(text, ", first expiry {end} ({})", zone.title());
    }
    for trouble in &status.troubles {
        let _ = write!(text, "; {}", trouble.message);
    }
    for zone in zones.iter().filter(|zone| zone.level > Level::Ok) {
        if let Some(worst) = zone.troubles.first() {
            let _ = write!(text, "; {}: {}", zone.title(), worst.message);
        }
    }
    writeln!(env.stdout, "{} | {}", plain(&text), performance(zones, soonest, env.now))?;
    Ok(Outcome::Exit(level.nagios()))
}

/// Says that nothing is known.
pub(super) fn write_unknown(message: &str, env: &mut Env<'_>) -> Result<Outcome, Failure> {
    writeln!(env.stdout, "ZONESEAL UNKNOWN - {}", plain(message))?;
    Ok(Outcome::Exit(Level::Unknown.nagios()))
}

/// One line without the sign that begins performance data, cut to a length.
fn plain(text: &str) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "/");
    match line.char_indices().nth(TEXT_MAX) {
        Some((end, _)) => format!("{} …", &line[..end]),
        None => line,
    }
}

/// `label=value[unit];warning;critical;minimum`: time to the first expiry, and zones by how they stand. A threshold `N:` means
/// that less than N is bad.
fn performance(zones: &[ZoneStatus], soonest: Option<(&ZoneStatus, UnixTime)>, now: UnixTime) -> String {
    let mut text = String::new();
    if let Some((zone, end)) = soonest {
        let (left, limits) = (end.since(now), &zone.limits);
        let _ = write!(text, "first_expiry={}s;{}:;{}: ", left.0, limits.warning.0, limits.critical.0);
    }
    let _ = write!(text, "zones={};;;0", zones.len());
    for (level, count) in counts(zones) {
        let _ = write!(text, " {}={count};;;0", level.name());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_line_and_has_no_bar() {
        assert_eq!(plain("a\n  b | c"), "a b / c");
        let long = plain(&"ä".repeat(2000));
        assert_eq!(long.chars().count(), TEXT_MAX + 2);
    }
}
