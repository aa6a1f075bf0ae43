//! Numbers of several 64-bit limbs, least significant first.
//!
//! Not constant-time, and need not be: only public data passes through.

/// `a + b * c + carry` as low limb and carry; never overflows.
#[inline(always)]
pub(super) const fn mac(a: u64, b: u64, c: u64, carry: u64) -> (u64, u64) {
    let wide = a as u128 + b as u128 * c as u128 + carry as u128;
    (wide as u64, (wide >> 64) as u64)
}

/// `a + b + carry` as limb and carry of 0 or 1.
#[inline(always)]
pub(super) const fn adc(a: u64, b: u64, carry: u64) -> (u64, u64) {
    let wide = a as u128 + b as u128 + carry as u128;
    (wide as u64, (wide >> 64) as u64)
}

/// `a - b - borrow` as limb and borrow of 0 or 1.
#[inline(always)]
pub(super) const fn sbb(a: u64, b: u64, borrow: u64) -> (u64, u64) {
    let wide = (a as u128).wrapping_sub(b as u128).wrapping_sub(borrow as u128);
    (wide as u64, (wide >> 127) as u64)
}

/// `a + b` and the carry.
#[inline(always)]
pub(super) const fn add<const L: usize>(a: &[u64; L], b: &[u64; L]) -> ([u64; L], u64) {
    let (mut sum, mut carry, mut i) = ([0; L], 0, 0);
    while i < L {
        (sum[i], carry) = adc(a[i], b[i], carry);
        i += 1;
    }
    (sum, carry)
}

/// `a - b` and the borrow.
#[inline(always)]
pub(super) const fn subtract<const L: usize>(a: &[u64; L], b: &[u64; L]) -> ([u64; L], u64) {
    let (mut difference, mut borrow, mut i) = ([0; L], 0, 0);
    while i < L {
        (difference[i], borrow) = sbb(a[i], b[i], borrow);
        i += 1;
    }
    (difference, borrow)
}

/// `high` and `a` after it, known to be below twice the modulus, brought below it.
#[inline(always)]
pub(super) const fn subtract_once<const L: usize>(a: &[u64; L], high: u64, modulus: &[u64; L]) -> [u64; L] {
    let (mut reduced, borrow) = subtract(a, modulus);
    let keep = if high < borrow { u64::MAX } else { 0 };
    let mut i = 0;
    while i < L {
        reduced[i] = (a[i] & keep) | (reduced[i] & !keep);
        i += 1;
    }
    reduced
}

/// A small number.
pub(super) const fn small<const L: usize>(number: u64) -> [u64; L] {
    let mut limbs = [0; L];
    limbs[0] = number;
    limbs
}

/// `width` bits, at most 32, from bit `from` on; zero beyond the last limb.
#[inline(always)]
pub(super) const fn bits<const L: usize>(limbs: &[u64; L], from: usize, width: usize) -> u64 {
    let (limb, shift) = (from / 64, from % 64);
    if limb >= L {
        return 0;
    }
    let mut value = limbs[limb] >> shift;
    if shift + width > 64 && limb + 1 < L {
        value |= limbs[limb + 1] << (64 - shift);
    }
    value & ((1 << width) - 1)
}

/// How many windows of so many bits hold a number of `bit_len` bits and the last carry of its signed digits.
pub(super) const fn window_count(bit_len: usize, width: usize) -> usize {
    (bit_len + 1).div_ceil(width)
}

/// The digits of a number of at most `bit_len` bits, the lowest first: their magnitude, at most half of 2^width, and whether
/// they are negative. Digits above half become negative and carry one into the next window.
#[inline(always)]
pub(super) fn signed_digits<const L: usize>(
    limbs: &[u64; L],
    bit_len: usize,
    width: usize,
) -> impl Iterator<Item = (usize, bool)> {
    let half = 1u64 << (width - 1);
    let mut carry = 0;
    (0..window_count(bit_len, width)).map(move |window| {
        let digit = bits(limbs, window * width, width) + carry;
        let is_negative = digit > half;
        carry = u64::from(is_negative);
        let magnitude = if is_negative { 2 * half - digit } else { digit };
        (usize::try_from(magnitude).expect("digits have at most 16 bits"), is_negative)
    })
}

/// A number from octets, most significant first; `None` unless they fill the limbs.
pub(super) fn from_bytes<const L: usize>(bytes: &[u8]) -> Option<[u64; L]> {
    if bytes.len() != 8 * L {
        return None;
    }
    let mut limbs = [0; L];
    for (limb, chunk) in limbs.iter_mut().rev().zip(bytes.chunks_exact(8)) {
        *limb = u64::from_be_bytes(chunk.try_into().expect("chunks of eight"));
    }
    Some(limbs)
}
