//! Times and durations: four types, no bare integers. Nothing here reads a clock.

use chrono::{DateTime, NaiveDateTime};
use std::cmp::Ordering;
use std::fmt;

/// Seconds since 1970-01-01 00:00:00 UTC, leap seconds ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime(pub i64);

/// A 32-bit time as RRSIG carries it: seconds since 1970 modulo 2^32, compared by RFC 1982 (RFC 4034 section 3.1.5, TIM-1).
/// No `Ord`: its order is not total.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Timestamp(pub u32);

/// A record's time to live in seconds, at most 2^31 - 1 (RFC 2181 section 8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ttl(u32);

/// A span of seconds, negative towards the past.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seconds(pub i64);

impl UnixTime {
    /// The time as an RRSIG field: the low 32 bits.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the field is defined modulo 2^32")]
    pub const fn to_timestamp(self) -> Timestamp {
        Timestamp(self.0 as u32)
    }

    /// Later by `span`, held at the ends of the range.
    #[must_use]
    pub const fn plus(self, span: Seconds) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// Earlier by `span`, held at the ends of the range.
    #[must_use]
    pub const fn minus(self, span: Seconds) -> Self {
        Self(self.0.saturating_sub(span.0))
    }

    /// The span from `earlier` to this.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Seconds {
        Seconds(self.0.saturating_sub(earlier.0))
    }

    /// Reads `YYYYMMDDHHMMSS` (UTC), `YYYYMMDD` or seconds since 1970 of any other length up to 11 digits.
    ///
    /// Eight digits are a date, as the BIND tools take them; an epoch of eight digits would lie before 1973-03-03.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        match text.len() {
            14 => parse_date(text.as_bytes().first_chunk()?),
            8 => parse_date(format!("{text}000000").as_bytes().first_chunk()?),
            1..=11 => text.parse().ok().map(Self),
            _ => None,
        }
    }

    /// `YYYYMMDDHHMMSS` in UTC, the form of key files and of RRSIG text.
    #[must_use]
    pub fn to_date_text(self) -> String {
        self.format("%Y%m%d%H%M%S")
    }

    /// `YYYY-MM-DDTHH:MM:SSZ`, for people.
    #[must_use]
    pub fn to_iso_text(self) -> String {
        self.format("%Y-%m-%dT%H:%M:%SZ")
    }

    /// Reads what [`Self::to_iso_text`] writes.
    #[must_use]
    pub fn from_iso_text(text: &str) -> Option<Self> {
        let date = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%SZ").ok()?;
        let time = Self(date.and_utc().timestamp());
        // chrono also takes other widths and signs; only one text is a time's.
        (time.to_iso_text() == text).then_some(time)
    }

    /// By a chrono format; times outside chrono's years print as seconds.
    #[must_use]
    pub fn format(self, format: &str) -> String {
        DateTime::from_timestamp(self.0, 0).map_or_else(|| self.0.to_string(), |date| date.format(format).to_string())
    }
}

impl fmt::Display for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_iso_text())
    }
}

/// Reads `YYYYMMDDHHMMSS`. By hand, because a signed zone has two dates a signature, and chrono takes 0.3 microseconds
/// for each. There is no second 60 (RFC 4034 section 3.2).
fn parse_date(text: &[u8; 14]) -> Option<UnixTime> {
    if !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = |digits: &[u8]| digits.iter().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
    let (year, month, day) = (number(&text[..4]), number(&text[4..6]), number(&text[6..8]));
    let (hour, minute, second) = (number(&text[8..10]), number(&text[10..12]), number(&text[12..]));
    let is_leap_year = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let month_len = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(is_leap_year),
        _ => return None,
    };
    if !(1..=month_len).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    Some(UnixTime(((days_since_1970(year, month, day) * 24 + hour) * 60 + minute) * 60 + second))
}

/// The inverse of [`civil_date`], for any year from 0.
const fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    // Years that begin in March, counted from 400 before the common era, so that nothing is negative.
    let (year, month) = if month > 2 { (year + 400, month - 3) } else { (year + 399, month + 9) };
    let year_day = (153 * month + 2) / 5 + day - 1;
    365 * year + year / 4 - year / 100 + year / 400 + year_day - 719_468 - 146_097
}

impl Timestamp {
    /// Order by RFC 1982; `None` for two times exactly 2^31 apart, where it is undefined.
    #[must_use]
    pub const fn serial_cmp(self, other: Self) -> Option<Ordering> {
        serial_cmp(self.0, other.0)
    }

    /// Whether this is before `other` or the same, by RFC 1982; false where undefined.
    #[must_use]
    pub const fn is_at_or_before(self, other: Self) -> bool {
        matches!(self.serial_cmp(other), Some(Ordering::Less | Ordering::Equal))
    }

    /// The one time within 2^31 seconds of `near` that this field can mean.
    #[must_use]
    #[expect(clippy::cast_possible_wrap, reason = "the distance modulo 2^32 is meant as signed")]
    pub fn to_unix_near(self, near: UnixTime) -> UnixTime {
        let distance = self.0.wrapping_sub(near.to_timestamp().0) as i32;
        near.plus(Seconds(i64::from(distance)))
    }

    /// Reads RRSIG text: exactly 14 digits are a UTC date, up to 10 digits are seconds (RFC 4034 section 3.2, TIM-2).
    #[must_use]
    pub fn from_text(text: &[u8]) -> Option<Self> {
        if let Ok(date) = text.try_into() {
            return parse_date(date).map(UnixTime::to_timestamp);
        }
        let is_number = (1..=10).contains(&text.len()) && text.iter().all(u8::is_ascii_digit);
        std::str::from_utf8(text).ok().filter(|_| is_number)?.parse().ok().map(Self)
    }

    /// Appends `YYYYMMDDHHMMSS`, the field read as seconds since 1970 without wrapping.
    pub fn push_text(self, out: &mut Vec<u8>) {
        let (year, month, day) = civil_date(self.0 / 86_400);
        let [hour, minute, second] = [self.0 / 3600 % 24, self.0 / 60 % 60, self.0 % 60];
        // Years have four digits from 1970 to 2106.
        let pairs = [year / 100, year % 100, month, day, hour, minute, second];
        let digits = pairs.map(|pair| super::text::DIGIT_PAIRS[pair as usize]);
        out.extend_from_slice(digits.as_flattened());
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&UnixTime(i64::from(self.0)).to_date_text())
    }
}

/// Year, month and day of so many days after 1970-01-01.
///
/// Counts from 1600-03-01, so that a leap day ends its year and every 400-year cycle is alike.
const fn civil_date(days_since_1970: u32) -> (u32, u32, u32) {
    let days = days_since_1970 + 135_080;
    let cycle_day = days % 146_097;
    let cycle_year = (cycle_day - cycle_day / 1460 + cycle_day / 36_524 - cycle_day / 146_096) / 365;
    let year_day = cycle_day - (365 * cycle_year + cycle_year / 4 - cycle_year / 100);
    let month_from_march = (5 * year_day + 2) / 153;
    let day = year_day - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = 1600 + days / 146_097 * 400 + cycle_year + (month <= 2) as u32;
    (year, month, day)
}

/// Serial number comparison (RFC 1982 section 3.2); `None` for numbers exactly 2^31 apart.
#[must_use]
pub const fn serial_cmp(left: u32, right: u32) -> Option<Ordering> {
    match left.wrapping_sub(right) {
        0 => Some(Ordering::Equal),
        0x8000_0000 => None,
        difference if difference < 0x8000_0000 => Some(Ordering::Greater),
        _ => Some(Ordering::Less),
    }
}

impl Ttl {
    /// The largest, 2^31 - 1.
    pub const MAX: Self = Self(0x7fff_ffff);
    /// Zero.
    pub const ZERO: Self = Self(0);

    /// A TTL of so many seconds; `None` above [`Self::MAX`].
    #[must_use]
    pub const fn new(seconds: u32) -> Option<Self> {
        if seconds <= Self::MAX.0 { Some(Self(seconds)) } else { None }
    }

    /// The seconds.
    #[must_use]
    pub const fn seconds(self) -> u32 {
        self.0
    }

    /// As a span.
    #[must_use]
    pub fn to_seconds(self) -> Seconds {
        Seconds(i64::from(self.0))
    }

    /// Reads seconds, or numbers with units `w d h m s` in any case such as `1h30m` (ZF-6).
    ///
    /// # Errors
    /// See [`TtlError`].
    pub fn from_text(text: &[u8]) -> Result<Self, TtlError> {
        let seconds = parse_units(text)?;
        u32::try_from(seconds).ok().and_then(Self::new).ok_or(TtlError::TooLarge)
    }
}

impl fmt::Display for Ttl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Why text is not a TTL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TtlError {
    /// Not a number, nor numbers with units.
    NotATtl,
    /// Above 2^31 - 1 seconds.
    TooLarge,
}

/// Sums `<number><unit>…`; a lone number counts seconds.
fn parse_units(text: &[u8]) -> Result<u64, TtlError> {
    let mut total: u64 = 0;
    let mut number: Option<u64> = None;
    let mut has_units = false;
    for &byte in text {
        if byte.is_ascii_digit() {
            let digit = u64::from(byte - b'0');
            number =
                Some(number.unwrap_or(0).checked_mul(10).and_then(|n| n.checked_add(digit)).ok_or(TtlError::TooLarge)?);
            continue;
        }
        let unit = match byte.to_ascii_lowercase() {
            b'w' => 604_800,
            b'd' => 86_400,
            b'h' => 3_600,
            b'm' => 60,
            b's' => 1,
            _ => return Err(TtlError::NotATtl),
        };
        let part = number.take().ok_or(TtlError::NotATtl)?.checked_mul(unit).ok_or(TtlError::TooLarge)?;
        total = total.checked_add(part).ok_or(TtlError::TooLarge)?;
        has_units = true;
    }
    match (number, has_units) {
        (Some(seconds), false) => Ok(seconds),
        (None, true) => Ok(total),
        _ => Err(TtlError::NotATtl),
    }
}

impl Seconds {
    /// An hour.
    pub const HOUR: Self = Self(3600);
    /// A day.
    pub const DAY: Self = Self(86_400);

    /// Reads a duration: seconds, units `y mo w d h m mi s` (`1h30m`), or ISO 8601 (`P7DT12H`). Never negative.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let lower = text.to_ascii_lowercase();
        if let Some(iso) = lower.strip_prefix('p') {
            let (date, time) = iso.split_once('t').map_or((iso, None), |(date, time)| (date, Some(time)));
            if time == Some("") || (date.is_empty() && time.is_none()) {
                return None;
            }
            let date = sum_units(date, &[("y", 31_536_000), ("m", 2_592_000), ("w", 604_800), ("d", 86_400)])?;
            let time = sum_units(time.unwrap_or(""), &[("h", 3600), ("m", 60), ("s", 1)])?;
            return date.checked_add(time).map(Self);
        }
        if lower.is_empty() {
            return None;
        }
        if lower.bytes().all(|byte| byte.is_ascii_digit()) {
            return lower.parse().ok().map(Self);
        }
        let units = [
            ("mo", 2_592_000),
            ("mi", 60),
            ("y", 31_536_000),
            ("w", 604_800),
            ("d", 86_400),
            ("h", 3600),
            ("m", 60),
            ("s", 1),
        ];
        sum_units(&lower, &units).map(Self)
    }
}

/// Sums numbers with units from a list, in which longer names come before their prefixes.
fn sum_units(text: &str, units: &[(&str, i64)]) -> Option<i64> {
    let mut total: i64 = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: i64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let (name, seconds) = units.iter().find(|(name, _)| rest.starts_with(name))?;
        rest = &rest[name.len()..];
        total = total.checked_add(number.checked_mul(*seconds)?)?;
    }
    Some(total)
}

impl fmt::Display for Seconds {
    /// As people write it: `7d`, `1h 30m`, `0s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 0 {
            f.write_str("-")?;
        }
        let mut rest = self.0.unsigned_abs();
        let mut is_first = true;
        for (unit, seconds) in [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)] {
            let count = rest / seconds;
            rest %= seconds;
            if count > 0 {
                write!(f, "{}{count}{unit}", if is_first { "" } else { " " })?;
                is_first = false;
            }
        }
        if is_first { f.write_str("0s") } else { Ok(()) }
    }
}

/// A time as given on the command line: absolute, or relative to now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeSpec {
    /// `YYYYMMDDHHMMSS`, `YYYYMMDD`, `YYYY-MM-DDTHH:MM:SSZ` or seconds since 1970.
    At(UnixTime),
    /// `now`, `now+D`, `now-D`, `+D` or `-D`.
    FromNow(Seconds),
}

impl TimeSpec {
    /// The time meant when it is `now`.
    #[must_use]
    pub const fn resolve(self, now: UnixTime) -> UnixTime {
        match self {
            Self::At(time) => time,
            Self::FromNow(span) => now.plus(span),
        }
    }
}

impl std::str::FromStr for TimeSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let relative = text.strip_prefix("now").unwrap_or(text);
        let spec = match relative.as_bytes() {
            [] if text == "now" => Some(Self::FromNow(Seconds(0))),
            [b'+', ..] => Seconds::from_text(&relative[1..]).map(Self::FromNow),
            [b'-', ..] => Seconds::from_text(&relative[1..]).map(|span| Self::FromNow(Seconds(-span.0))),
            // Times as they are printed come back.
            _ if relative.len() == text.len() => {
                UnixTime::from_text(text).or_else(|| UnixTime::from_iso_text(text)).map(Self::At)
            }
            _ => None,
        };
        spec.ok_or_else(|| format!("\"{text}\" is not a time: use YYYYMMDDHHMMSS (UTC), YYYYMMDD, YYYY-MM-DDTHH:MM:SSZ, seconds since 1970, or a span from now such as +7d or now-1h"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 1982 section 3.2 and 5.
    #[test]
    fn rfc1982_serial_order() {
        for (left, right, order) in [
            (1, 0, Some(Ordering::Greater)),
            (44, 0, Some(Ordering::Greater)),
            (0, u32::MAX, Some(Ordering::Greater)),
            (u32::MAX, 0, Some(Ordering::Less)),
            (7, 7, Some(Ordering::Equal)),
            (0x8000_0000, 0, None),
            (0, 0x8000_0000, None),
        ] {
            assert_eq!(serial_cmp(left, right), order, "{left} {right}");
        }
    }

    #[test]
    fn iso_text_comes_back() {
        for time in [0, 1_704_067_200, -1, 253_402_300_799] {
            assert_eq!(UnixTime::from_iso_text(&UnixTime(time).to_iso_text()), Some(UnixTime(time)));
        }
        for bad in ["2024-1-01T00:00:00Z", "2024-01-01T00:00:00", "2024-01-01 00:00:00Z", "2024-01-01T00:00:60Z", ""] {
            assert_eq!(UnixTime::from_iso_text(bad), None, "{bad}");
        }
    }

    #[test]
    fn rrsig_time_text() {
        for (text, value) in [
            ("20240101000000", Some(1_704_067_200)),
            ("1704067200", Some(1_704_067_200)),
            ("0", Some(0)),
            ("4294967295", Some(u32::MAX)),
            ("21060207062815", Some(u32::MAX)),
        ] {
            assert_eq!(Timestamp::from_text(text.as_bytes()).map(|time| time.0), value, "{text}");
        }
        for bad in [
            "20240230000000",
            "20240101000060",
            "4294967296",
            "12345678901",
            "2024010100000",
            "",
            "+1",
            "20241301000000",
        ] {
            assert_eq!(Timestamp::from_text(bad.as_bytes()), None, "{bad}");
        }
        let mut out = Vec::new();
        Timestamp(1_704_067_200).push_text(&mut out);
        assert_eq!(out, b"20240101000000");
    }

    /// Every day the field can hold, and its last second, print as the calendar has them.
    #[test]
    fn timestamp_text_follows_the_calendar() {
        let first_seconds = (0..=u32::MAX / 86_400).map(|day| day * 86_400);
        for seconds in first_seconds.chain([u32::MAX, 951_827_696, 4_107_542_399]) {
            let mut out = Vec::new();
            Timestamp(seconds).push_text(&mut out);
            assert_eq!(String::from_utf8(out).unwrap(), UnixTime(i64::from(seconds)).to_date_text());
        }
    }

    /// A time before and one after 2106-02-07, when the field wraps.
    #[test]
    fn timestamps_near_the_wrap() {
        let now = UnixTime((1 << 32) - 10);
        let later = now.plus(Seconds(20));
        assert_eq!(later.to_timestamp(), Timestamp(10));
        assert!(now.to_timestamp().is_at_or_before(later.to_timestamp()));
        assert_eq!(later.to_timestamp().to_unix_near(now), later);
    }

    #[test]
    fn ttl_text() {
        for (text, value) in [
            ("3600", 3600),
            ("1h30m", 5400),
            ("1W", 604_800),
            ("2147483647", 2_147_483_647),
            ("0", 0),
            ("1d1s", 86_401),
        ] {
            assert_eq!(Ttl::from_text(text.as_bytes()).map(Ttl::seconds), Ok(value), "{text}");
        }
        for (text, error) in [
            ("2147483648", TtlError::TooLarge),
            ("99999999999999999999999", TtlError::TooLarge),
            ("1h30", TtlError::NotATtl),
            ("h", TtlError::NotATtl),
            ("", TtlError::NotATtl),
            ("1x", TtlError::NotATtl),
        ] {
            assert_eq!(Ttl::from_text(text.as_bytes()), Err(error), "{text}");
        }
    }

    #[test]
    fn durations() {
        for (text, value) in [
            ("90", 90),
            ("7d", 604_800),
            ("1h30m", 5400),
            ("1mo", 2_592_000),
            ("5mi", 300),
            ("P7D", 604_800),
            ("PT1H", 3600),
            ("P1DT12H", 129_600),
            ("P1M", 2_592_000),
            ("PT1M", 60),
        ] {
            assert_eq!(Seconds::from_text(text), Some(Seconds(value)), "{text}");
        }
        for bad in ["", "P", "PT", "7x", "d", "-1d", "1h30", "99999999999999999999y"] {
            assert_eq!(Seconds::from_text(bad), None, "{bad}");
        }
        assert_eq!(Seconds(5400).to_string(), "1h 30m");
        assert_eq!(Seconds(-86_400).to_string(), "-1d");
    }

    #[test]
    fn time_specs() {
        let now = UnixTime(1_000_000_000);
        for (text, value) in [
            ("now", now.0),
            ("+7d", now.0 + 604_800),
            ("2024-01-01T00:00:00Z", 1_704_067_200),
            ("now-1h", now.0 - 3600),
            ("-90", now.0 - 90),
            ("20240101", 1_704_067_200),
            ("20240101000000", 1_704_067_200),
            ("1704067200", 1_704_067_200),
        ] {
            assert_eq!(text.parse::<TimeSpec>().map(|spec| spec.resolve(now).0), Ok(value), "{text}");
        }
        for bad in ["", "now7d", "tomorrow", "+", "2024-01-01", "nownow", "123456789012"] {
            assert!(bad.parse::<TimeSpec>().is_err(), "{bad}");
        }
    }

    /// Dates of every year, and what is nearly a date.
    #[test]
    fn dates_are_read_as_chrono_does() {
        let by_chrono = |text: &str| {
            let date = NaiveDateTime::parse_from_str(text, "%Y%m%d%H%M%S").ok();
            date.filter(|_| !text.ends_with("60")).map(|date| UnixTime(date.and_utc().timestamp()))
        };
        for year in 0..10_000 {
            for rest in ["0101000000", "0228235959", "0229120000", "0230000000", "0301000001", "1231235959"] {
                let text = format!("{year:04}{rest}");
                assert_eq!(UnixTime::from_text(&text), by_chrono(&text), "{text}");
            }
        }
        for number in 0..=9999 {
            for text in
                [format!("2024{number:04}101112"), format!("20240315{number:04}12"), format!("2023{number:04}235960")]
            {
                assert_eq!(UnixTime::from_text(&text), by_chrono(&text), "{text}");
            }
        }
    }
}
