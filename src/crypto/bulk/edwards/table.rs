//! Multiples of a point, so that a scalar times the point is a sum of table entries without a doubling.

use super::point::{Affine, Extended, Multiple, to_affine};
use crate::crypto::bulk::limbs::{signed_digits, window_count};

/// Bits of the order of B, and so of all scalars.
const SCALAR_BITS: usize = 253;

/// For each window of the scalar the multiples 1 to 2^(width-1) of 2^(width * window) * P.
#[derive(Debug)]
pub(super) struct Table {
    width: usize,
    multiples: Vec<Multiple>,
}

impl Table {
    /// Makes the table; `width` is the bits of a window, 2 to 16.
    pub(super) fn new(point: Affine, width: usize) -> Self {
        let half = 1 << (width - 1);
        let windows = window_count(SCALAR_BITS, width);
        let mut multiples = Vec::with_capacity(half * windows);
        let (mut first, mut sums, mut affine) = (Multiple::new(&point), Vec::with_capacity(half), Vec::new());
        for _ in 0..windows {
            sums.clear();
            let mut sum = Extended::NEUTRAL;
            for _ in 0..half {
                sum = sum.add(&first);
                sums.push(sum);
            }
            to_affine(&sums, &mut affine);
            multiples.extend(affine.iter().map(Multiple::new));
            // The next window begins with twice the last of this one.
            let last = multiples[multiples.len() - 1];
            to_affine(&[sum.add(&last)], &mut affine);
            first = Multiple::new(&affine[0]);
        }
        Self { width, multiples }
    }

    /// Appends the entries whose sum is `scalar` times the point: at most one a window, none for scalar 0.
    #[inline]
    pub(super) fn push_terms(&self, scalar: &[u64; 4], out: &mut Vec<Multiple>) {
        let windows = self.multiples.chunks_exact(1 << (self.width - 1));
        for (multiples, (magnitude, is_negative)) in windows.zip(signed_digits(scalar, SCALAR_BITS, self.width)) {
            if magnitude != 0 {
                out.push(multiples[magnitude - 1].negate_if(is_negative));
            }
        }
    }
}
