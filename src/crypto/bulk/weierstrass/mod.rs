//! ECDSA on P-256 and P-384: a batch of signatures by one key on one curve.
//!
//! With `u1 = e/s` and `u2 = r/s` modulo n, a signature is valid if the x of `u1 G + u2 Q` is r modulo n.
//!
//! ```text
//! digests, signatures ─ scalars (one shared inversion) ─▶ u1, u2 ─ tables of G and Q ─▶ about 2 · 257/w points each
//!     ─ pairwise sums, all signatures at once, one shared inversion a round ─▶ one point each ─▶ x = r ?
//! ```

mod curve;
mod point;
mod table;

use super::Item;
use super::limbs::from_bytes;
use super::residue::Residue;
use point::{Affine, BatchAdder};
use table::Table;

pub(super) use curve::{Curve, P256, P384};

/// A number modulo the number of points.
type Scalar<C, const L: usize> = Residue<<C as Curve<L>>::Order, L>;

/// Tables for one public key and for G.
pub(super) struct CurveVerifier<C: Curve<L>, const L: usize> {
    base: Table<C, L>,
    key: Table<C, L>,
}

/// Buffers.
#[derive(Debug)]
pub(super) struct CurveScratch<C: Curve<L>, const L: usize> {
    points: Vec<Affine<C, L>>,
    starts: Vec<usize>,
    pairs: Vec<(u32, u32)>,
    adder: BatchAdder<C, L>,
    live: Vec<Live<C, L>>,
}

impl<C: Curve<L>, const L: usize> Default for CurveScratch<C, L> {
    fn default() -> Self {
        let (points, starts, pairs, live) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { points, starts, pairs, adder: BatchAdder::default(), live }
    }
}

/// A signature whose r and s are in range.
#[derive(Debug)]
struct Live<C: Curve<L>, const L: usize> {
    item: usize,
    r: Scalar<C, L>,
    s: Scalar<C, L>,
    /// Product of the s before this one.
    before: Scalar<C, L>,
    is_infinite: bool,
}

impl<C: Curve<L>, const L: usize> CurveVerifier<C, L> {
    /// Makes the tables with windows of so many bits; `None` if the key is no point of the curve.
    pub(super) fn new(public_key: &[u8], width: usize) -> Option<Self> {
        let key = Affine::from_bytes(public_key)?;
        // Not on the thread pool: whoever waits for these tables may be a worker of it.
        Some(Self { base: Table::new(Affine::base(), width), key: Table::new(key, width) })
    }

    /// Sets `valid` of the items that are shown to be valid.
    pub(super) fn verify(&self, items: &[Item<'_>], scratch: &mut CurveScratch<C, L>, valid: &mut [bool]) {
        scratch.live.clear();
        let product = collect_live(items, &mut scratch.live);
        self.push_points(items, product, scratch);
        scratch.sum_points();
        for (live, &start) in scratch.live.iter().zip(&scratch.starts) {
            if !live.is_infinite {
                let x = Scalar::<C, L>::from_any_limbs(scratch.points[start].x.to_limbs());
                valid[live.item] = x == live.r;
            }
        }
    }

    /// Lays out the table entries whose sum is `u1 G + u2 Q` for each live signature, one after the other.
    fn push_points(&self, items: &[Item<'_>], product_of_s: Scalar<C, L>, scratch: &mut CurveScratch<C, L>) {
        scratch.points.clear();
        scratch.starts.clear();
        let mut inverse = product_of_s.invert();
        // Backwards, as Montgomery's trick gives the inverses.
        for live in scratch.live.iter().rev() {
            let one_over_s = inverse.mul(live.before);
            inverse = inverse.mul(live.s);
            scratch.starts.push(scratch.points.len());
            let digest = from_bytes(items[live.item].digest).expect("the live have a digest of this length");
            let u1 = Scalar::<C, L>::from_any_limbs(digest).mul(one_over_s);
            let u2 = live.r.mul(one_over_s);
            self.base.push_terms(&u1.to_limbs(), &mut scratch.points);
            self.key.push_terms(&u2.to_limbs(), &mut scratch.points);
        }
        scratch.live.reverse();
        scratch.starts.push(scratch.points.len());
    }
}

/// Reads r and s of the items that have them from 1 to n - 1, as signatures must; returns the product of all s.
fn collect_live<C: Curve<L>, const L: usize>(items: &[Item<'_>], out: &mut Vec<Live<C, L>>) -> Scalar<C, L> {
    let read = |half: &[u8]| Scalar::<C, L>::from_limbs(from_bytes(half)?).filter(|number| !number.is_zero());
    let mut product = Scalar::<C, L>::ONE;
    for (item, Item { digest, signature }) in items.iter().enumerate() {
        let Some((r, s)) = signature.split_at_checked(8 * L).filter(|_| digest.len() == 8 * L) else { continue };
        if let (Some(r), Some(s)) = (read(r), read(s)) {
            out.push(Live { item, r, s, before: product, is_infinite: false });
            product = product.mul(s);
        }
    }
    product
}

impl<C: Curve<L>, const L: usize> CurveScratch<C, L> {
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
