//! Multiples of a point, so that a scalar times the point is a sum of table entries without a doubling.

use super::curve::Curve;
use super::point::{Affine, BatchAdder};
use crate::crypto::bulk::limbs::{signed_digits, window_count};

/// For each window of the scalar the multiples 1 to 2^(width-1) of 2^(width * window) * P.
///
/// Digits are signed, which halves the table; digit 0 adds nothing.
#[derive(Debug)]
pub(super) struct Table<C: Curve<L>, const L: usize> {
    width: usize,
    entries: Vec<Affine<C, L>>,
}

impl<C: Curve<L>, const L: usize> Table<C, L> {
    /// Makes the table; `width` is the bits of a window, 2 to 16.
    pub(super) fn new(point: Affine<C, L>, width: usize) -> Self {
        let half = 1usize << (width - 1);
        let windows = window_count(64 * L, width);
        let mut entries = vec![point; half * windows];
        let mut adder = BatchAdder::default();
        let never = |_| unreachable!("a multiple below the order is not infinity");
        // The first entry of each window: 2^width times that of the window before.
        for window in 1..windows {
            let at = window * half;
            entries[at] = entries[at - half];
            for _ in 0..width {
                let doubled = entries[at];
                let mut pair = [doubled, doubled];
                adder.add_pairs(&mut pair, &[(0, 1)], never);
                entries[at] = pair[0];
            }
        }
        // Entries known..2*known are entry known-1 (known times the base) plus the entries before, all windows at once.
        let mut known = 1;
        let mut pairs = Vec::new();
        while known < half {
            pairs.clear();
            for window in 0..windows {
                let base = window * half;
                for offset in 0..known {
                    // The slot takes known * base first, then the smaller multiple is added.
                    entries[base + known + offset] = entries[base + known - 1];
                    pairs.push((slot(base + known + offset), slot(base + offset)));
                }
            }
            adder.add_pairs(&mut entries, &pairs, never);
            known *= 2;
        }
        Self { width, entries }
    }

    /// Appends the entries whose sum is `scalar` times the point: at most one a window, none for scalar 0.
    #[inline]
    pub(super) fn push_terms(&self, scalar: &[u64; L], out: &mut Vec<Affine<C, L>>) {
        let windows = self.entries.chunks_exact(1 << (self.width - 1));
        for (multiples, (magnitude, is_negative)) in windows.zip(signed_digits(scalar, 64 * L, self.width)) {
            if magnitude != 0 {
                out.push(multiples[magnitude - 1].negate_if(is_negative));
            }
        }
    }
}

/// A place in the table in 32 bits, which halve the pair lists.
fn slot(at: usize) -> u32 {
    u32::try_from(at).expect("a table has at most 2^22 entries")
}
