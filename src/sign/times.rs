//! When signatures begin and end (RFC 4034 section 3.1.5, TIM-1 to TIM-7).

use crate::base::{Diagnostic, Rtype, Seconds, TimeSpec, Timestamp, UnixTime};

/// The span of a signature that RFC 1982 comparison can still order (TIM-1).
const SPAN_MAX: Seconds = Seconds(0x7fff_ffff);

/// Where signatures end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// At a time.
    Expiration(TimeSpec),
    /// This long after the inception: the figure that policies count (TIM-3), back-dating included.
    Validity(Seconds),
}

/// The times as they are asked for.
#[derive(Clone, Copy, Debug)]
pub struct TimeOptions {
    /// When signatures begin; an hour back by default, against clocks that are slow.
    pub inception: TimeSpec,
    /// When they end.
    pub end: End,
    /// The span of signatures by key-signing keys (DNSKEY, CDS, CDNSKEY), if another.
    pub dnskey_validity: Option<Seconds>,
    /// By how much expirations are spread, towards the earlier.
    pub jitter: Seconds,
    /// The same for what is not spread otherwise: all of a zone's SOA, DNSKEY, CDS and CDNSKEY by one amount, which
    /// differs from zone to zone.
    pub apex_jitter: Seconds,
}

impl Default for TimeOptions {
    fn default() -> Self {
        Self {
            inception: TimeSpec::FromNow(Seconds(-Seconds::HOUR.0)),
            end: End::Validity(Self::VALIDITY),
            dnskey_validity: None,
            jitter: Seconds(0),
            apex_jitter: Seconds(0),
        }
    }
}

impl TimeOptions {
    /// Seven days, the upper end of what N-5 asks for.
    pub const VALIDITY: Seconds = Seconds(7 * Seconds::DAY.0);

    /// Whether a time in them does not move with the clock.
    #[must_use]
    pub const fn is_fixed(&self) -> bool {
        matches!(self.inception, TimeSpec::At(_)) || matches!(self.end, End::Expiration(TimeSpec::At(_)))
    }
}

/// Whether RRsets of a type are signed by the keys that the parent knows, with times of their own.
const fn is_of_key_set(rtype: Rtype) -> bool {
    matches!(rtype, Rtype::DNSKEY | Rtype::CDS | Rtype::CDNSKEY)
}

/// First and last expiration of many signatures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expirations {
    /// Of those over DNSKEY, CDS and CDNSKEY.
    pub key_set: Option<(UnixTime, UnixTime)>,
    /// Of all others.
    pub data: Option<(UnixTime, UnixTime)>,
}

impl Expirations {
    /// Takes in a signature over a type.
    pub(super) fn see(&mut self, covered: Rtype, time: UnixTime) {
        widen(if is_of_key_set(covered) { &mut self.key_set } else { &mut self.data }, Some((time, time)));
    }

    /// Takes in what others have seen.
    pub(super) fn add(&mut self, other: &Self) {
        widen(&mut self.key_set, other.key_set);
        widen(&mut self.data, other.data);
    }

    /// First and last of all.
    #[must_use]
    pub fn whole(&self) -> Option<(UnixTime, UnixTime)> {
        let mut whole = self.data;
        widen(&mut whole, self.key_set);
        whole
    }
}

/// Widens a range of times to hold another.
fn widen(range: &mut Option<(UnixTime, UnixTime)>, other: Option<(UnixTime, UnixTime)>) {
    *range = match (*range, other) {
        (Some((first, last)), Some((from, to))) => Some((first.min(from), last.max(to))),
        (range, other) => range.or(other),
    };
}

/// The times of a run, checked: each window holds `now`, ends after it begins and spans less than 2^31 seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignatureTimes {
    now: UnixTime,
    inception: UnixTime,
    expiration: UnixTime,
    dnskey_expiration: UnixTime,
    jitter: Seconds,
    apex_jitter: Seconds,
}

impl SignatureTimes {
    /// Resolves and checks what was asked for.
    ///
    /// # Errors
    /// A finding for times that would make a bogus zone at once, or that RRSIG fields cannot hold.
    pub fn resolve(options: &TimeOptions, now: UnixTime) -> Result<Self, Box<Diagnostic>> {
        let inception = options.inception.resolve(now);
        let expiration = match options.end {
            End::Expiration(spec) => spec.resolve(now),
            End::Validity(span) => inception.plus(span),
        };
        let dnskey_expiration = options.dnskey_validity.map_or(expiration, |span| inception.plus(span));
        if inception.0 < 0 {
            return Err(bad_time(format!("the inception {inception} lies before 1970"), "TIM-1", ""));
        }
        if inception > now {
            let message = format!("the inception {inception} lies in the future: nothing would validate before it");
            return Err(bad_time(message, "TIM-3", "leave --inception out for an hour ago"));
        }
        for (what, end) in [("signatures", expiration), ("DNSKEY signatures", dnskey_expiration)] {
            check_window(what, inception, end, now)?;
        }
        let left = |end: UnixTime| Seconds(end.since(inception).0.min(end.since(now).0));
        let apex_left = left(expiration.min(dnskey_expiration));
        for (jitter, left) in [(options.jitter, left(expiration)), (options.apex_jitter, apex_left)] {
            if jitter >= left {
                let message = format!("a jitter of {jitter} is not shorter than the validity left, {left}");
                return Err(bad_time(message, "TIM-7", "a jitter may only shorten signatures, never to nothing"));
            }
        }
        let TimeOptions { jitter, apex_jitter, .. } = *options;
        Ok(Self { now, inception, expiration, dnskey_expiration, jitter, apex_jitter })
    }

    /// The inception of every signature.
    #[must_use]
    pub const fn inception(&self) -> Timestamp {
        self.inception.to_timestamp()
    }

    /// When the signatures over an RRset end. Apex keys and the SOA are not jittered among themselves, so that one figure
    /// tells how fresh they are; the rest is, by a hash of the owner in canonical form, which has the zone's name in it, and
    /// the type, and only to the earlier.
    #[must_use]
    pub fn expiration(&self, owner_canonical: &[u8], rtype: Rtype) -> UnixTime {
        match rtype {
            rtype if is_of_key_set(rtype) => self.dnskey_expiration.minus(self.apex_jitter_of(owner_canonical)),
            Rtype::SOA => self.expiration.minus(self.apex_jitter_of(owner_canonical)),
            _ => self.expiration.minus(jitter_of(self.jitter, owner_canonical, rtype)),
        }
    }

    /// How much a signature over a type must have left to be kept, if nothing else is asked for: three sevenths of its
    /// span, three days of seven (TIM-6).
    #[must_use]
    pub const fn default_refresh(&self, rtype: Rtype) -> Seconds {
        let end = if is_of_key_set(rtype) { self.dnskey_expiration } else { self.expiration };
        Seconds(end.since(self.inception).0 * 3 / 7)
    }

    /// Whether a signature over a type that ends then has too little time left to be kept.
    #[must_use]
    pub fn is_due(&self, expiration: UnixTime, rtype: Rtype, refresh: Option<Seconds>) -> bool {
        expiration.since(self.now) <= refresh.unwrap_or_else(|| self.default_refresh(rtype))
    }

    /// Refuses to call signatures due that were just made.
    pub(super) fn check_refresh(&self, refresh: Option<Seconds>) -> Result<(), Box<Diagnostic>> {
        let shortest =
            refresh.unwrap_or_else(|| self.default_refresh(Rtype::SOA).max(self.default_refresh(Rtype::DNSKEY)));
        let remaining = self.remaining();
        if (Seconds(0)..remaining).contains(&shortest) {
            return Ok(());
        }
        let message = format!(
            "signatures with {shortest} left or less are to be made again, but some new ones last only {remaining}"
        );
        Err(bad_time(message, "TIM-6", "give a shorter --refresh, a longer --validity or less --jitter"))
    }

    /// The time of the run.
    #[must_use]
    pub const fn now(&self) -> UnixTime {
        self.now
    }

    /// The same for all that stands for a zone.
    fn apex_jitter_of(&self, apex_canonical: &[u8]) -> Seconds {
        jitter_of(self.apex_jitter, apex_canonical, Rtype::SOA)
    }

    /// The earliest that any signature can end.
    #[must_use]
    pub fn earliest_expiration(&self) -> UnixTime {
        let data = self.expiration.minus(self.jitter);
        data.min(self.expiration.min(self.dnskey_expiration).minus(self.apex_jitter))
    }

    /// How long every signature will be valid from now, at least.
    #[must_use]
    pub fn remaining(&self) -> Seconds {
        self.earliest_expiration().since(self.now)
    }
}

/// From 0 to the jitter, both inclusive.
fn jitter_of(jitter: Seconds, owner_canonical: &[u8], rtype: Rtype) -> Seconds {
    if jitter.0 == 0 {
        return jitter;
    }
    let range = jitter.0.unsigned_abs() + 1;
    Seconds(i64::try_from(spread(owner_canonical, rtype) % range).expect("at most the jitter"))
}

/// Checks one window against the clock and the field.
fn check_window(what: &str, inception: UnixTime, expiration: UnixTime, now: UnixTime) -> Result<(), Box<Diagnostic>> {
    let help = "give --validity a length such as 7d, or --expiration a later time such as now+6d";
    if expiration <= inception {
        let message = format!("{what} would end ({expiration}) before they begin ({inception})");
        return Err(bad_time(message, "RFC 4034 section 3.1.5", help));
    }
    if expiration <= now {
        let message = format!("{what} would end at {expiration}, which is past: they would be bogus at once");
        return Err(bad_time(message, "TIM-3", help));
    }
    let span = expiration.since(inception);
    if span > SPAN_MAX {
        let message = format!("{what} would span {span}; an RRSIG spans less than 2147483648 seconds");
        return Err(bad_time(message, "RFC 4034 section 3.1.5, TIM-1", help));
    }
    Ok(())
}

#[cold]
fn bad_time(message: String, reference: &'static str, help: &str) -> Box<Diagnostic> {
    Diagnostic::error("signature-time", message).because(reference).help(help).into()
}

/// A 64-bit hash of an owner and a type: FNV-1a, with its bits mixed so that the remainder by any range is even.
/// It spreads load and hides nothing, so it needs no key.
fn spread(owner_canonical: &[u8], rtype: Rtype) -> u64 {
    let step = |hash: u64, &byte: &u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    let hash = owner_canonical.iter().fold(0xcbf2_9ce4_8422_2325, step);
    let hash = rtype.0.to_be_bytes().iter().fold(hash, step);
    let hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime(1_800_000_000);

    fn options() -> TimeOptions {
        TimeOptions::default()
    }

    #[test]
    fn the_default_span_is_seven_days_with_the_back_dating() {
        let times = SignatureTimes::resolve(&options(), NOW).unwrap();
        assert_eq!(times.inception(), NOW.minus(Seconds::HOUR).to_timestamp());
        let expiration = times.expiration(b"\0", Rtype::A);
        assert_eq!(expiration.since(NOW.minus(Seconds::HOUR)), Seconds(7 * 86_400));
        assert_eq!(times.expiration(b"\0", Rtype::DNSKEY), expiration);
    }

    #[test]
    fn the_dnskey_span_is_its_own() {
        let options = TimeOptions { dnskey_validity: Some(Seconds(2 * 86_400)), ..options() };
        let times = SignatureTimes::resolve(&options, NOW).unwrap();
        for rtype in [Rtype::DNSKEY, Rtype::CDS, Rtype::CDNSKEY] {
            assert_eq!(times.expiration(b"\0", rtype).since(NOW), Seconds(2 * 86_400 - 3600));
        }
        assert_eq!(times.expiration(b"\0", Rtype::SOA).since(NOW), Seconds(7 * 86_400 - 3600));
        assert_eq!(times.remaining(), Seconds(2 * 86_400 - 3600));
    }

    #[test]
    fn times_that_cannot_be_are_refused() {
        let at = |time: i64| TimeSpec::At(UnixTime(NOW.0 + time));
        for (options, part) in [
            (TimeOptions { inception: at(1), ..options() }, "in the future"),
            (TimeOptions { inception: TimeSpec::At(UnixTime(-1)), ..options() }, "before 1970"),
            (TimeOptions { end: End::Validity(Seconds(0)), ..options() }, "before they begin"),
            (TimeOptions { end: End::Expiration(at(-7200)), ..options() }, "before they begin"),
            (TimeOptions { end: End::Expiration(at(-1)), ..options() }, "bogus at once"),
            (TimeOptions { end: End::Expiration(at(0)), ..options() }, "bogus at once"),
            (TimeOptions { end: End::Validity(Seconds(0x8000_0000)), ..options() }, "2147483648 seconds"),
            (TimeOptions { dnskey_validity: Some(Seconds(1800)), ..options() }, "DNSKEY signatures would end"),
            (TimeOptions { jitter: Seconds(7 * 86_400), ..options() }, "a jitter of 7d"),
            (TimeOptions { jitter: Seconds(7 * 86_400 - 3600), ..options() }, "a jitter of 6d 23h"),
        ] {
            let finding = SignatureTimes::resolve(&options, NOW).unwrap_err();
            assert!(finding.message.contains(part), "{finding}");
        }
        let options = TimeOptions { end: End::Validity(Seconds(0x7fff_ffff)), ..options() };
        assert!(SignatureTimes::resolve(&options, NOW).is_ok());
    }

    /// TIM-7: only ever shorter, at most by the jitter, the same each time, and spread over the whole range.
    #[test]
    fn jitter_shortens_and_spreads() {
        let jitter = Seconds(12 * 3600);
        let times = SignatureTimes::resolve(&TimeOptions { jitter, ..options() }, NOW).unwrap();
        let plain = SignatureTimes::resolve(&options(), NOW).unwrap();
        let mut buckets = [0_u32; 12];
        for number in 0..12_000_u32 {
            let owner = number.to_be_bytes();
            let cut = plain.expiration(&owner, Rtype::A).since(times.expiration(&owner, Rtype::A));
            assert!((0..=jitter.0).contains(&cut.0));
            buckets[usize::try_from(cut.0 / 3601).unwrap()] += 1;
        }
        assert!(buckets.iter().all(|&count| (850..1150).contains(&count)), "{buckets:?}");
        for rtype in [Rtype::SOA, Rtype::DNSKEY, Rtype::CDS] {
            assert_eq!(times.expiration(b"\0", rtype), plain.expiration(b"\0", rtype));
        }
        assert_ne!(times.expiration(b"\x01a\0", Rtype::A), times.expiration(b"\x01a\0", Rtype::AAAA));
        assert_eq!(times.remaining(), Seconds(plain.remaining().0 - jitter.0));
    }

    /// Zones that are signed in one run must not all be due in one run again; SOA and keys of one zone go together.
    #[test]
    fn apex_jitter_spreads_over_zones() {
        let apex_jitter = Seconds(10 * 3600);
        let times = SignatureTimes::resolve(&TimeOptions { apex_jitter, ..options() }, NOW).unwrap();
        let plain = SignatureTimes::resolve(&options(), NOW).unwrap();
        let mut buckets = [0_u32; 10];
        for number in 0..10_000_u32 {
            let apex = format!("\x06z{number:05}\x07example\0");
            let cut = plain.expiration(b"", Rtype::SOA).since(times.expiration(apex.as_bytes(), Rtype::SOA));
            assert!((0..=apex_jitter.0).contains(&cut.0));
            for rtype in [Rtype::DNSKEY, Rtype::CDS, Rtype::CDNSKEY] {
                let end = times.expiration(apex.as_bytes(), rtype);
                assert_eq!(end, times.expiration(apex.as_bytes(), Rtype::SOA));
                assert!(end >= times.earliest_expiration());
            }
            buckets[usize::try_from(cut.0 / 3601).unwrap()] += 1;
        }
        assert!(buckets.iter().all(|&count| (850..1150).contains(&count)), "{buckets:?}");
    }

    #[test]
    fn the_shortest_jitter_uses_both_its_values() {
        let times = SignatureTimes::resolve(&TimeOptions { jitter: Seconds(1), ..options() }, NOW).unwrap();
        let ends: std::collections::BTreeSet<_> =
            (0..64_u8).map(|byte| times.expiration(&[byte], Rtype::TXT)).collect();
        assert_eq!(ends.len(), 2);
    }
}
