//! The SOA serial of a signed zone (RFC 1982, SER-1): never backwards.

use crate::base::time::serial_cmp;
use crate::base::{Diagnostic, UnixTime};
use std::cmp::Ordering;

/// How the serial of the signed zone comes from the one in the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SerialPolicy {
    /// As in the file.
    #[default]
    Keep,
    /// One more.
    Increment,
    /// Seconds since 1970.
    UnixTime,
    /// Today in UTC as `YYYYMMDDnn`.
    Date,
    /// As in the file where that is later than what is published; else one more than what is published.
    FileOrIncrement,
    /// One more than what is published, whatever the file has.
    Published,
}

/// How far ahead of today's `YYYYMMDD99` a serial may be and still count as a date serial whose range was used up.
/// No standard says: 10,000 are a hundred days of a hundred serials, and a mistyped month or year lies beyond.
const DATE_LEAD_MAX: u32 = 10_000;

/// The serial to publish.
///
/// `Increment` skips 0, which some secondaries take for "no serial". `UnixTime` and `Date` go on by one where the
/// number of this second, or of today, is already in use.
///
/// # Errors
/// A finding if the policy would take the serial backwards, or to where RFC 1982 defines no order.
pub fn next_serial(policy: SerialPolicy, old: u32, now: UnixTime) -> Result<u32, Box<Diagnostic>> {
    let (fresh, lead_max) = match policy {
        SerialPolicy::Keep | SerialPolicy::FileOrIncrement => return Ok(old),
        SerialPolicy::Increment | SerialPolicy::Published => return Ok(increment(old)),
        SerialPolicy::UnixTime => (now.to_timestamp().0, 0),
        SerialPolicy::Date => (date_serial(now)?, 99 + DATE_LEAD_MAX),
    };
    match serial_cmp(fresh, old) {
        Some(Ordering::Greater) => Ok(fresh),
        Some(Ordering::Less | Ordering::Equal) if old.wrapping_sub(fresh) <= lead_max => Ok(increment(old)),
        _ => Err(backwards(policy, old, fresh)),
    }
}

/// The later of two serials; the first if neither is.
#[must_use]
pub fn later(left: u32, right: u32) -> u32 {
    if serial_cmp(left, right) == Some(Ordering::Less) { right } else { left }
}

/// The serials that a zone signed before may get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Serials {
    /// If it is as it was.
    pub unchanged: u32,
    /// If anything in it is new.
    pub changed: u32,
    /// The one that is out.
    pub published: Option<u32>,
}

impl Serials {
    /// Whether what is new gets the serial that is out already, so that no secondary notices.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.published == Some(self.changed)
    }
}

/// The serials to publish: what is published goes on from the later one of the file's and the published zone's. `floor` is
/// a serial that must not be used again, for it may have been published.
///
/// # Errors
/// As [`next_serial`], and if `Keep` would take secondaries backwards.
pub fn next_serials(
    policy: SerialPolicy,
    in_file: u32,
    published: Option<u32>,
    floor: Option<u32>,
    now: UnixTime,
) -> Result<Serials, Box<Diagnostic>> {
    let Some(last) = published else {
        let serial = match floor {
            None => next_serial(policy, in_file, now)?,
            Some(floor) => next_after(policy, in_file, floor, now)?,
        };
        return Ok(Serials { unchanged: serial, changed: serial, published });
    };
    let unchanged = match serial_cmp(in_file, last) {
        _ if policy == SerialPolicy::Published => last,
        None => return Err(behind_published(in_file, last)),
        Some(Ordering::Less) if policy == SerialPolicy::Keep => return Err(behind_published(in_file, last)),
        Some(Ordering::Less) => last,
        Some(Ordering::Equal | Ordering::Greater) => in_file,
    };
    let changed = match floor.filter(|floor| serial_cmp(*floor, unchanged) == Some(Ordering::Greater)) {
        None if policy == SerialPolicy::FileOrIncrement => next_after(policy, unchanged, last, now)?,
        None => next_serial(policy, unchanged, now)?,
        Some(floor) => next_after(policy, unchanged, floor, now)?,
    };
    Ok(Serials { unchanged, changed, published })
}

/// A serial later than one that is taken.
fn next_after(policy: SerialPolicy, in_file: u32, taken: u32, now: UnixTime) -> Result<u32, Box<Diagnostic>> {
    let is_free = serial_cmp(in_file, taken) == Some(Ordering::Greater);
    match policy {
        SerialPolicy::Keep if is_free => Ok(in_file),
        SerialPolicy::Keep => Err(behind_published(in_file, taken)),
        SerialPolicy::FileOrIncrement if is_free => Ok(in_file),
        SerialPolicy::FileOrIncrement | SerialPolicy::Published => Ok(increment(taken)),
        _ if is_free => next_serial(policy, in_file, now),
        _ => next_serial(policy, taken, now),
    }
}

#[cold]
fn behind_published(in_file: u32, published: u32) -> Box<Diagnostic> {
    let why = match serial_cmp(in_file, published) {
        None => "neither is later: they are 2147483648 apart",
        _ => "the serial would go backwards",
    };
    let help = match serial_cmp(in_file, published) {
        // No policy helps, for it would have to know which is the later one.
        None => format!(
            "set the serial in the zone file to {} first and, once all secondaries have it, to {in_file}",
            stepping_stone(published)
        ),
        _ => {
            "use --serial increment, which goes on from the later one, or raise the serial in the zone file".to_owned()
        }
    };
    let message = format!("the previous signed zone has serial {published}, the zone file {in_file}: {why}");
    Diagnostic::error("serial-backwards", message).because("RFC 1982 section 3.2, SER-1").help(help).into()
}

/// The largest step forward that every secondary follows (RFC 1982 section 7).
const fn stepping_stone(old: u32) -> u32 {
    old.wrapping_add(0x7fff_ffff)
}

const fn increment(old: u32) -> u32 {
    let next = old.wrapping_add(1);
    if next == 0 { 1 } else { next }
}

/// `YYYYMMDD00`; from the year 4295 on it no longer fits.
fn date_serial(now: UnixTime) -> Result<u32, Box<Diagnostic>> {
    now.format("%Y%m%d00").parse().map_err(|_| {
        Diagnostic::error("serial-date", format!("the date {now} does not fit a serial")).because("RFC 1982").into()
    })
}

#[cold]
fn backwards(policy: SerialPolicy, old: u32, fresh: u32) -> Box<Diagnostic> {
    let name = if policy == SerialPolicy::Date { "date" } else { "unixtime" };
    let why = match serial_cmp(fresh, old) {
        None => "neither is later: they are 2147483648 apart",
        _ => "the serial would go backwards",
    };
    let stepping_stone = stepping_stone(old);
    Diagnostic::error("serial-backwards", format!("serial {old} cannot become {fresh} (--serial {name}): {why}"))
        .because("RFC 1982 section 3.2, SER-1")
        .help(format!(
            "use --serial increment; or publish {stepping_stone} first and, once all secondaries have it, change over"
        ))
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-23 12:00:00 UTC.
    const NOW: UnixTime = UnixTime(1_795_435_200);

    #[test]
    fn each_policy_moves_forward() {
        use SerialPolicy::{Date, Increment, Keep, UnixTime};
        for (policy, old, new) in [
            (Keep, 7, 7),
            (Increment, 7, 8),
            (Increment, u32::MAX, 1),
            (UnixTime, 7, 1_795_435_200),
            (UnixTime, 1_795_435_199, 1_795_435_200),
            (UnixTime, 1_795_435_200, 1_795_435_201),
            (UnixTime, 4_000_000_000, 1_795_435_200),
            (Date, 0, 2_026_112_300),
            (Date, 2_026_112_299, 2_026_112_300),
            (Date, 2_026_112_300, 2_026_112_301),
            (Date, 2_026_112_399, 2_026_112_400),
            (Date, 2_026_112_471, 2_026_112_472),
            (Date, 4_200_000_000, 2_026_112_300),
        ] {
            assert_eq!(next_serial(policy, old, NOW), Ok(new), "{policy:?} from {old}");
        }
    }

    #[test]
    fn backwards_and_undefined_are_refused() {
        use SerialPolicy::{Date, UnixTime};
        for (policy, old, part) in [
            (UnixTime, 1_795_435_201, "would go backwards"),
            (UnixTime, 2_026_112_300, "would go backwards"),
            (UnixTime, 1_795_435_200 + 0x8000_0000, "2147483648 apart"),
            (Date, 2_027_112_300, "would go backwards"),
            (Date, 2_026_112_300 + 0x8000_0000, "2147483648 apart"),
        ] {
            let finding = next_serial(policy, old, NOW).unwrap_err();
            assert!(finding.message.contains(part), "{policy:?} from {old}: {finding}");
            assert_eq!(finding.code, "serial-backwards");
        }
        let help = next_serial(UnixTime, 2_026_112_300, NOW).unwrap_err().help;
        assert!(help.contains("publish 4173595947 first"), "{help}");
    }

    /// `Increment` is no way out where it was asked for already: the way is in two steps.
    #[test]
    fn a_serial_half_the_circle_away_is_reached_in_two_steps() {
        for policy in [SerialPolicy::Keep, SerialPolicy::Increment] {
            let finding = next_serials(policy, 10 + 0x8000_0000, Some(10), None, NOW).unwrap_err();
            assert!(finding.message.contains("2147483648 apart"), "{finding}");
            assert!(finding.help.contains("2147483657 first") && !finding.help.contains("increment"), "{finding}");
        }
        let finding = next_serials(SerialPolicy::Keep, 9, Some(10), None, NOW).unwrap_err();
        assert!(finding.help.contains("--serial increment"), "{finding}");
    }

    #[test]
    fn a_new_serial_is_always_later() {
        for old in (0..=u32::MAX).step_by(99_991) {
            for policy in [SerialPolicy::Increment, SerialPolicy::UnixTime, SerialPolicy::Date] {
                if let Ok(new) = next_serial(policy, old, NOW) {
                    assert_eq!(serial_cmp(new, old), Some(Ordering::Greater), "{policy:?} from {old}");
                }
            }
        }
    }
}
