//! Points of P-256 in affine form, added many at a time with one shared inversion.

use super::field::{Fe, limbs_from_bytes};

/// A point other than infinity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Affine {
    pub(super) x: Fe,
    pub(super) y: Fe,
}

/// The coefficient b of y^2 = x^3 - 3x + b.
const B: [u8; 32] = [
    0x5a, 0xc6, 0x35, 0xd8, 0xaa, 0x3a, 0x93, 0xe7, 0xb3, 0xeb, 0xbd, 0x55, 0x76, 0x98, 0x86, 0xbc, 0x65, 0x1d, 0x06,
    0xb0, 0xcc, 0x53, 0xb0, 0xf6, 0x3b, 0xce, 0x3c, 0x3e, 0x27, 0xd2, 0x60, 0x4b,
];

/// The base point G, x then y.
pub(super) const G: [u8; 64] = [
    0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d,
    0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a,
    0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb,
    0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5,
];

impl Affine {
    /// From x and y of 32 octets each, as a DNSKEY carries them; `None` if they are no point of the curve.
    pub(super) fn from_bytes(bytes: &[u8; 64]) -> Option<Self> {
        let (x, y) = bytes.split_at(32);
        let x = Fe::from_limbs(limbs_from_bytes(x.try_into().expect("half of 64")))?;
        let y = Fe::from_limbs(limbs_from_bytes(y.try_into().expect("half of 64")))?;
        let b = Fe::from_limbs(limbs_from_bytes(&B)).expect("b is below p");
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
pub(super) struct Pending {
    /// Product of all denominators before this one.
    before: Fe,
    denominator: Fe,
}

/// Adds pairs of points with one inversion for all (Montgomery's trick): about six multiplications a pair.
#[derive(Debug, Default)]
pub(super) struct BatchAdder {
    pending: Vec<Pending>,
}

impl BatchAdder {
    /// `points[at] += points[other]` for each `(at, other)` of `pairs`, of which no slot occurs twice.
    ///
    /// Equal points are doubled. A sum that is infinity cannot be held: its slot is reported through `infinite` and
    /// left as it was.
    pub(super) fn add_pairs(&mut self, points: &mut [Affine], pairs: &[(u32, u32)], mut infinite: impl FnMut(u32)) {
        self.pending.clear();
        let mut product = Fe::ONE;
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
fn denominator(p: &Affine, q: &Affine) -> Fe {
    let dx = q.x.sub(p.x);
    if !dx.is_zero() {
        return dx;
    }
    // Equal x: the same point (2y, never zero on a curve of odd order) or opposite ones (0).
    if p.y == q.y { p.y.add(p.y) } else { Fe::ZERO }
}

/// The sum of two points whose sum is finite, given one over [`denominator`].
#[inline(always)]
fn finish(p: &Affine, q: &Affine, one_over_denominator: Fe) -> Affine {
    let numerator = if p.x == q.x {
        // The tangent: 3x^2 - 3.
        let x2_minus_1 = p.x.square().sub(Fe::ONE);
        x2_minus_1.add(x2_minus_1).add(x2_minus_1)
    } else {
        q.y.sub(p.y)
    };
    let slope = numerator.mul(one_over_denominator);
    let x = slope.square().sub(p.x).sub(q.x);
    let y = slope.mul(p.x.sub(x)).sub(p.y);
    Affine { x, y }
}
