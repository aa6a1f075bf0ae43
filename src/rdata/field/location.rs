//! Places on earth: LOC (RFC 1876) and GPOS (RFC 1712).

use super::super::error::{self, Fault, shown};
use super::super::token::Words;
use super::{counted, fixed, number};
use crate::base::text::push_decimal;
use std::io::Write;

/// Octets of LOC data of version 0.
const LOC_LEN: usize = 16;
/// The equator and the prime meridian in wire form, thousandths of a second of arc.
const MERIDIAN: u32 = 1 << 31;
/// The reference altitude: so many centimetres below the spheroid is 0 in wire form.
const ALTITUDE_BASE: i64 = 10_000_000;
/// Thousandths of a second of arc in a degree.
const DEGREE: u32 = 3_600_000;
/// Size, horizontal and vertical precision when text leaves them out: 1 m, 10 km, 10 m (RFC 1876 section 3).
const DEFAULT_PRECISIONS: [u8; 3] = [0x12, 0x16, 0x13];
/// Largest size or precision: 9e9 centimetres.
const PRECISION_MAX: i64 = 9_000_000_000;

/// Reads `d [m [s]] N|S d [m [s]] E|W altitude [size [horizontal [vertical]]]`.
pub(super) fn parse_loc(words: &mut Words<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let latitude = parse_angle(90, *b"NS", words)?;
    let longitude = parse_angle(180, *b"EW", words)?;
    let altitude = parse_centimetres(-ALTITUDE_BASE, i64::from(u32::MAX) - ALTITUDE_BASE, words)?;
    let mut precisions = DEFAULT_PRECISIONS;
    for precision in &mut precisions {
        if words.is_at_end() {
            break;
        }
        *precision = to_precision(parse_centimetres(0, PRECISION_MAX, words)?);
    }
    out.push(0);
    out.extend_from_slice(&precisions);
    out.extend_from_slice(&latitude.to_be_bytes());
    out.extend_from_slice(&longitude.to_be_bytes());
    out.extend_from_slice(&((altitude + ALTITUDE_BASE) as u32).to_be_bytes());
    Ok(())
}

/// Reads degrees, minutes and seconds up to a hemisphere, the first of which counts up.
fn parse_angle(degrees_max: u32, hemispheres: [u8; 2], words: &mut Words<'_>) -> Result<u32, Fault> {
    let [up, down] = hemispheres;
    let mut angle = number::parse(words, u64::from(degrees_max))? as u32 * DEGREE;
    let mut text = words.word()?;
    // Minutes, then seconds with up to three decimals; either may be left out.
    for part in [minutes, seconds] {
        if text == [up] || text == [down] {
            break;
        }
        angle += part(text).ok_or_else(|| bad_angle(hemispheres, words, text))?;
        text = words.word()?;
    }
    if angle > degrees_max * DEGREE {
        return Err(words.fault(error::NUMBER, format!("an angle of more than {degrees_max} degrees"), ""));
    }
    match text {
        [letter] if *letter == up => Ok(MERIDIAN + angle),
        [letter] if *letter == down => Ok(MERIDIAN - angle),
        _ => Err(bad_angle(hemispheres, words, text)),
    }
}

/// Minutes below 60, as thousandths of a second.
fn minutes(text: &[u8]) -> Option<u32> {
    number::from_text(text, 59).map(|minutes| minutes as u32 * 60_000)
}

/// Seconds below 60 with up to three decimals, as thousandths of a second.
fn seconds(text: &[u8]) -> Option<u32> {
    decimals(text, 3).filter(|&thousandths| thousandths < 60_000).map(|thousandths| thousandths as u32)
}

#[cold]
fn bad_angle([up, down]: [u8; 2], words: &Words<'_>, text: &[u8]) -> Fault {
    let what = format!(
        "{} where minutes below 60, seconds below 60 or {} or {} are needed",
        shown(text),
        char::from(up),
        char::from(down)
    );
    words.fault(error::NUMBER, what, "for example 42 21 54.000 N 71 6 18.000 W -24.00m 30m")
}

/// Reads metres with up to two decimals and perhaps an `m`.
fn parse_centimetres(min: i64, max: i64, words: &mut Words<'_>) -> Result<i64, Fault> {
    let text = words.word()?;
    let metres = text.strip_suffix(b"m").unwrap_or(text);
    let (sign, magnitude) = metres.strip_prefix(b"-").map_or((1, metres), |magnitude| (-1, magnitude));
    decimals(magnitude, 2).map(|value| sign * value).filter(|value| (min..=max).contains(value)).ok_or_else(|| {
        let what = format!("{} is not a number of metres from {} to {}", shown(text), Metres(min), Metres(max));
        words.fault(error::NUMBER, what, "write at most two decimals, for example 10.50m")
    })
}

/// Digits and perhaps a point and up to `places` decimals, as a whole number of the last place.
fn decimals(text: &[u8], places: usize) -> Option<i64> {
    let point = text.iter().position(|&byte| byte == b'.').unwrap_or(text.len());
    let (whole, fraction) = (&text[..point], text.get(point + 1..).unwrap_or_default());
    if fraction.len() > places {
        return None;
    }
    let mut value = number::from_text(whole, u64::from(u32::MAX))? as i64;
    for place in 0..places {
        let digit = fraction.get(place).map_or(Some(0), |&byte| char::from(byte).to_digit(10))?;
        value = value * 10 + i64::from(digit);
    }
    Some(value)
}

/// Centimetres as one digit and a power of ten, rounded down.
fn to_precision(centimetres: i64) -> u8 {
    let mut mantissa = centimetres;
    let mut exponent = 0;
    while mantissa > 9 {
        mantissa /= 10;
        exponent += 1;
    }
    (mantissa as u8) << 4 | exponent
}

/// Measures LOC data; of other versions than 0 nothing is known (RFC 1876 section 2).
pub(super) fn measure_loc(rest: &[u8]) -> Result<usize, Fault> {
    fixed(1, rest)?;
    if rest[0] != 0 {
        return Ok(rest.len());
    }
    fixed(LOC_LEN, rest)?;
    for &precision in &rest[1..4] {
        let (mantissa, exponent) = (precision >> 4, precision & 15);
        if mantissa > 9 || exponent > 9 || (mantissa == 0 && exponent > 0) {
            return Err(Fault::wire(format!("size or precision {precision:#04x} is not one digit and a power of ten")));
        }
    }
    for (at, degrees, name) in [(4, 90, "latitude"), (8, 180, "longitude")] {
        if number::read_u32(&rest[at..at + 4]).abs_diff(MERIDIAN) > degrees * DEGREE {
            return Err(Fault::wire(format!("a {name} of more than {degrees} degrees")));
        }
    }
    Ok(LOC_LEN)
}

/// Whether LOC data is of the version that has text.
pub(super) fn loc_has_text(wire: &[u8]) -> bool {
    wire.first() == Some(&0)
}

/// Prints LOC data of version 0.
pub(super) fn print_loc(wire: &[u8], out: &mut Vec<u8>) {
    print_angle(number::read_u32(&wire[4..8]), *b"NS", out);
    print_angle(number::read_u32(&wire[8..12]), *b"EW", out);
    let altitude = i64::from(number::read_u32(&wire[12..16])) - ALTITUDE_BASE;
    write!(out, "{}m", Metres(altitude)).expect("writing to a buffer does not fail");
    for precision in &wire[1..4] {
        let centimetres = i64::from(precision >> 4) * 10_i64.pow(u32::from(precision & 15));
        out.push(b' ');
        if centimetres >= 100 {
            push_decimal(centimetres.unsigned_abs() / 100, out);
        } else {
            write!(out, "{}", Metres(centimetres)).expect("writing to a buffer does not fail");
        }
        out.push(b'm');
    }
}

/// Prints an angle and a space.
fn print_angle(wire: u32, [up, down]: [u8; 2], out: &mut Vec<u8>) {
    let angle = wire.abs_diff(MERIDIAN);
    let letter = char::from(if wire >= MERIDIAN { up } else { down });
    let (degrees, minutes) = (angle / DEGREE, angle / 60_000 % 60);
    let (seconds, thousandths) = (angle / 1000 % 60, angle % 1000);
    write!(out, "{degrees} {minutes} {seconds}.{thousandths:03} {letter} ").expect("writing to a buffer does not fail");
}

/// Centimetres, shown as metres with two decimals.
struct Metres(i64);

impl std::fmt::Display for Metres {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{}.{:02}", self.0.unsigned_abs() / 100, self.0.unsigned_abs() % 100)
    }
}

/// Measures a GPOS number: a string with a decimal number from `-limit` to `limit`.
pub(super) fn measure_gpos(limit: u16, rest: &[u8]) -> Result<usize, Fault> {
    let len = counted(rest)?;
    let text = &rest[1..len];
    if gpos_is_valid(limit, text) {
        Ok(len)
    } else {
        let what = format!("{} is not a decimal number from -{limit} to {limit}", shown(text));
        Err(Fault::new(error::NUMBER, what, "for example -32.6882"))
    }
}

/// Whether text is digits with at most one point and a sign, and within the limit.
fn gpos_is_valid(limit: u16, text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
    let point = digits.iter().position(|&byte| byte == b'.').unwrap_or(digits.len());
    let (whole, fraction) = (&digits[..point], digits.get(point + 1..).unwrap_or_default());
    let Some(value) = number::from_text(whole, u64::from(limit)) else { return false };
    fraction.iter().all(u8::is_ascii_digit) && (value < u64::from(limit) || fraction.iter().all(|&digit| digit == b'0'))
}
