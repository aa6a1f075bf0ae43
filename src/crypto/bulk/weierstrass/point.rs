//! Points of a curve in affine form, added many at a time with one shared inversion.

use super::curve::Curve;
use crate::crypto::bulk::limbs::from_bytes;
use crate::crypto::bulk::residue::Residue;

/// A coordinate.
type Coordinate<C, const L: usize> = Residue<<C as Curve<L>>::Field, L>;

/// A point other than infinity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Affine<C: Curve<L>, const L: usize> {
    pub(super) x: Coordinate<C, L>,
    pub(super) y: Coordinate<C, L>,
}

impl<C: Curve<L>, const L: usize> Affine<C, L> {
    /// G.
    pub(super) fn base() -> Self {
        Self::new(C::G[0], C::G[1]).expect("G is on the curve")
    }

    /// From x and y in full width, as a DNSKEY carries them; `None` if they are no point of the curve.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (x, y) = bytes.split_at_checked(8 * L)?;
        Self::new(from_bytes(x)?, from_bytes(y)?)
    }

    fn new(x: [u64; L], y: [u64; L]) -> Option<Self> {
        let (x, y) = (Residue::from_limbs(x)?, Residue::from_limbs(y)?);
        let b = Coordinate::<C, L>::from_limbs(C::B).expect("b is below p");
        let three_x = x.add(x).add(x);
        (y.square() == x.square().mul(x).sub(three_x).add(b)).then_some(Self { x, y })
    }

    #[inline(always)]
    pub(super) fn negate_if(self, negative: bool) -> Self {
        if negative { Self { x: self.x, y: self.y.neg() } } else { self }
    }
}

/// Sum of two points on its way: the denominator of the slope has joined the shared product.
#[derive(Clone, Copy, Debug)]
struct Pending<C: Curve<L>, const L: usize> {
    /// Product of all denominators before this one.
    before: Coordinate<C, L>,
    denominator: Coordinate<C, L>,
}

/// Adds pairs of points with one inversion for all (Montgomery's trick): about six multiplications a pair.
#[derive(Debug)]
pub(super) struct BatchAdder<C: Curve<L>, const L: usize> {
    pending: Vec<Pending<C, L>>,
}

impl<C: Curve<L>, const L: usize> Default for BatchAdder<C, L> {
    fn default() -> Self {
        Self { pending: Vec::new() }
    }
}

impl<C: Curve<L>, const L: usize> BatchAdder<C, L> {
    /// `points[at] += points[other]` for each `(at, other)` of `pairs`, of which no slot occurs twice.
    ///
    /// Equal points are doubled. A sum that is infinity cannot be held: its slot is reported through `infinite` and
    /// left as it was.
    pub(super) fn add_pairs(
        &mut self,
        points: &mut [Affine<C, L>],
        pairs: &[(u32, u32)],
        mut infinite: impl FnMut(u32),
    ) {
        self.pending.clear();
        let mut product = Coordinate::<C, L>::ONE;
        for &(at, other) in pairs {
            let denominator = denominator(&points[at as usize], &points[other as usize]);
            self.pending.push(Pending { before: product, denominator });
            if !denominator.is_zero() {
                product = product.mul(denominator);
            }
        }
        let mut inverse = product.invert();
        for (&(at, other), pending) in pairs.iter().zip(&self.pending).rev() {
            if pending.denominator.is_zero() {
                infinite(at);
                continue;
            }
            let one_over = inverse.mul(pending.before);
            inverse = inverse.mul(pending.denominator);
            points[at as usize] = finish(&points[at as usize], &points[other as usize], one_over);
        }
    }
}

/// What the slope of the line through two points is divided by: zero only if their sum is infinity.
#[inline(always)]
fn denominator<C: Curve<L>, const L: usize>(p: &Affine<C, L>, q: &Affine<C, L>) -> Coordinate<C, L> {
    let dx = q.x.sub(p.x);
    if !dx.is_zero() {
        return dx;
    }
    // Equal x: the same point (2y, never zero on a curve of odd order) or opposite ones (0).
    if p.y == q.y { p.y.add(p.y) } else { Residue::ZERO }
}

/// The sum of two points whose sum is finite, given one over [`denominator`].
#[inline(always)]
fn finish<C: Curve<L>, const L: usize>(
    p: &Affine<C, L>,
    q: &Affine<C, L>,
    one_over_denominator: Coordinate<C, L>,
) -> Affine<C, L> {
    let numerator = if p.x == q.x {
        // The tangent: 3x^2 - 3.
        let x2_minus_1 = p.x.square().sub(Residue::ONE);
        x2_minus_1.add(x2_minus_1).add(x2_minus_1)
    } else {
        q.y.sub(p.y)
    };
    let slope = numerator.mul(one_over_denominator);
    let x = slope.square().sub(p.x).sub(q.x);
    let y = slope.mul(p.x.sub(x)).sub(p.y);
    Affine { x, y }
}
