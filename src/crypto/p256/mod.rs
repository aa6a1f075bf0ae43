//! ECDSA P-256 verification (RFC 6605, algorithm 13) of many signatures by one public key.
//!
//! A zone's signatures are all by a few fixed keys, and everything here is public, so time may depend on the data and
//! tables pay. With `u1 = e/s` and `u2 = r/s` modulo n, a signature is valid if the x of `u1 G + u2 Q` is r modulo n.
//!
//! ```text
//! digests, signatures ─ scalars (one shared inversion) ─▶ u1, u2 ─ tables of G and Q ─▶ about 2 · 257/w points each
//!     ─ pairwise sums, all signatures at once, one shared inversion a round ─▶ one point each ─▶ x = r ?
//! ```
//!
//! The answer is one-sided: [`BatchVerifier::verify`] says "valid" or "not shown to be valid". What is not shown to be
//! valid goes to a library before anybody calls it bad, so nothing here can make a good zone look broken.

mod field;
mod point;
mod scalar;
mod table;

use field::subtract_once;
use point::{Affine, BatchAdder};
use scalar::{N, Scalar};
use std::fmt;
use table::Table;

/// A signature to check.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    /// SHA-256 of the signed data.
    pub digest: [u8; 32],
    /// r and s as RFC 6605 section 4 has them, 32 octets each; other lengths are not valid.
    pub signature: &'a [u8],
}

/// Tables for one public key.
pub struct BatchVerifier {
    base: Table,
    key: Table,
}

/// Buffers that one thread uses again from batch to batch.
#[derive(Debug, Default)]
pub struct Scratch {
    points: Vec<Affine>,
    starts: Vec<usize>,
    pairs: Vec<(u32, u32)>,
    adder: BatchAdder,
    live: Vec<Live>,
}

/// A signature whose r and s are in range.
#[derive(Debug)]
struct Live {
    item: usize,
    r: Scalar,
    s: Scalar,
    /// Product of the s before this one.
    before: Scalar,
    is_infinite: bool,
}

/// Fewer signatures than this by one key are a library's job: the tables would cost more than they save.
pub const WORTHWHILE_MIN: usize = 150;

/// A good number of items for one call: enough to share an inversion, few enough to stay in a core's own cache.
pub const BATCH_LEN: usize = 128;

impl fmt::Debug for BatchVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchVerifier").finish_non_exhaustive()
    }
}

impl BatchVerifier {
    /// Makes the tables for a key of 64 octets, x then y; wider windows the more signatures are expected.
    /// `None` if the key is no point of the curve.
    #[must_use]
    pub fn new(public_key: &[u8], expected_count: usize) -> Option<Self> {
        let key = Affine::from_bytes(public_key.try_into().ok()?)?;
        let base = Affine::from_bytes(&point::G).expect("G is on the curve");
        let bits = match expected_count {
            0..2_000 => 7,
            2_000..10_000 => 9,
            10_000..100_000 => 11,
            _ => 13,
        };
        // Not on the thread pool: whoever waits for these tables may be a worker of it.
        Some(Self { base: Table::new(base, bits), key: Table::new(key, bits) })
    }

    /// Fills `valid` with one answer for each item: true if it is valid; false if that was not shown.
    pub fn verify(&self, items: &[Item<'_>], scratch: &mut Scratch, valid: &mut Vec<bool>) {
        valid.clear();
        valid.resize(items.len(), false);
        scratch.live.clear();
        let total = collect_live(items, &mut scratch.live);
        self.push_points(items, total, scratch);
        scratch.sum_points();
        for (live, &start) in scratch.live.iter().zip(&scratch.starts) {
            if !live.is_infinite {
                // x < p < 2n: one subtraction reduces it modulo n.
                let x = subtract_once(scratch.points[start].x.to_limbs(), 0, N);
                valid[live.item] = x == live.r.to_limbs();
            }
        }
    }

    /// Lays out the table entries whose sum is `u1 G + u2 Q` for each live signature, one after the other.
    fn push_points(&self, items: &[Item<'_>], product_of_s: Scalar, scratch: &mut Scratch) {
        scratch.points.clear();
        scratch.starts.clear();
        let mut inverse = product_of_s.invert();
        // Backwards, as Montgomery's trick gives the inverses.
        for live in scratch.live.iter().rev() {
            let one_over_s = inverse.mul(live.before);
            inverse = inverse.mul(live.s);
            scratch.starts.push(scratch.points.len());
            let u1 = Scalar::from_digest(&items[live.item].digest).mul(one_over_s);
            let u2 = live.r.mul(one_over_s);
            self.base.push_terms(&u1.to_limbs(), &mut scratch.points);
            self.key.push_terms(&u2.to_limbs(), &mut scratch.points);
        }
        scratch.live.reverse();
        scratch.starts.push(scratch.points.len());
    }
}

/// Reads r and s of the items that have them in range; returns the product of all s.
fn collect_live(items: &[Item<'_>], out: &mut Vec<Live>) -> Scalar {
    let mut product = Scalar::one();
    for (item, Item { signature, .. }) in items.iter().enumerate() {
        let Ok(signature) = <&[u8; 64]>::try_from(*signature) else { continue };
        let (r, s) = signature.split_at(32);
        let read = |half: &[u8]| Scalar::from_signature_half(half.try_into().expect("half of 64"));
        if let (Some(r), Some(s)) = (read(r), read(s)) {
            out.push(Live { item, r, s, before: product, is_infinite: false });
            product = product.mul(s);
        }
    }
    product
}

impl Scratch {
    /// Sums each signature's run of points into its first slot, in rounds of pairs: neighbours, then every second …
    fn sum_points(&mut self) {
        let mut step = 1;
        loop {
            self.pairs.clear();
            for run in self.starts.windows(2) {
                let slots = (run[0]..run[1].saturating_sub(step)).step_by(2 * step);
                self.pairs.extend(slots.map(|at| (index(at), index(at + step))));
            }
            if self.pairs.is_empty() {
                return;
            }
            let (starts, live) = (&self.starts, &mut self.live);
            self.adder.add_pairs(&mut self.points, &self.pairs, |at| {
                // Infinity cannot be held, so the signature is left to the library. Only made-up signatures get here.
                let run = starts.partition_point(|&start| start <= at as usize) - 1;
                live[run].is_infinite = true;
            });
            step *= 2;
        }
    }
}

/// A slot number in 32 bits, which halve the pair list.
fn index(at: usize) -> u32 {
    u32::try_from(at).expect("a batch has far fewer than 2^32 points")
}

#[cfg(test)]
mod tests;
