//! Points of Curve25519 in Edwards form, -x^2 + y^2 = 1 + d x^2 y^2. Its addition knows no exceptions: d is not a square.

use super::field::{Coordinate, limbs_of};

/// -121665/121666.
const D: Coordinate = Coordinate::from_limbs([
    0x75eb_4dca_1359_78a3,
    0x0070_0a4d_4141_d8ab,
    0x8cc7_4079_7779_e898,
    0x5203_6cee_2b6f_fe73,
]);

/// A point by its coordinates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Affine {
    x: Coordinate,
    y: Coordinate,
}

impl Affine {
    /// B: y = 4/5, and the even x (RFC 8032 section 5.1).
    pub(super) fn base() -> Self {
        let mut octets = [0x66; 32];
        octets[0] = 0x58;
        Self::from_octets(&octets).expect("B is on the curve")
    }

    /// From y with the parity of x in the highest bit; `None` if that is no point, or if it is one that could be written
    /// in another way, where libraries differ.
    pub(super) fn from_octets(octets: &[u8; 32]) -> Option<Self> {
        let mut limbs = limbs_of(octets);
        let is_odd = limbs[3] >> 63 == 1;
        limbs[3] &= u64::MAX >> 1;
        let y = Coordinate::from_limbs(limbs);
        let square = y.square();
        let (numerator, denominator) = (square.sub(Coordinate::ONE), D.mul(square).add(Coordinate::ONE));
        let root = numerator.root_of_ratio(denominator)?;
        let x = if root.is_odd() == is_odd { root } else { root.neg() };
        let point = Self { x, y };
        (point.to_octets() == *octets).then_some(point)
    }

    /// The one encoding of the point.
    pub(super) fn to_octets(self) -> [u8; 32] {
        let mut limbs = self.y.to_limbs();
        limbs[3] |= u64::from(self.x.is_odd()) << 63;
        let mut octets = [0; 32];
        for (chunk, limb) in octets.chunks_exact_mut(8).zip(limbs) {
            chunk.copy_from_slice(&limb.to_le_bytes());
        }
        octets
    }

    pub(super) fn negate(self) -> Self {
        Self { x: self.x.neg(), y: self.y }
    }
}

/// What adding a point needs of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Multiple {
    /// y + x
    sum: Coordinate,
    /// y - x
    difference: Coordinate,
    /// 2 d x y
    product: Coordinate,
}

impl Multiple {
    pub(super) fn new(point: &Affine) -> Self {
        let Affine { x, y } = *point;
        let product = x.mul(y).mul(D);
        Self { sum: y.add(x), difference: y.sub(x), product: product.add(product) }
    }

    #[inline(always)]
    pub(super) fn negate_if(self, negative: bool) -> Self {
        if negative { Self { sum: self.difference, difference: self.sum, product: self.product.neg() } } else { self }
    }
}

/// A point as x = X/Z, y = Y/Z, x y = T/Z.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extended {
    x: Coordinate,
    y: Coordinate,
    z: Coordinate,
    t: Coordinate,
}

impl Extended {
    pub(super) const NEUTRAL: Self =
        Self { x: Coordinate::ZERO, y: Coordinate::ONE, z: Coordinate::ONE, t: Coordinate::ZERO };

    /// The sum, also where both are the same or opposite: seven multiplications (Hisil, Wong, Carter, Dawson 2008,
    /// section 3.1).
    #[inline(always)]
    pub(super) fn add(self, other: &Multiple) -> Self {
        let a = self.y.sub(self.x).mul(other.difference);
        let b = self.y.add(self.x).mul(other.sum);
        let c = self.t.mul(other.product);
        let d = self.z.add(self.z);
        let (e, f, g, h) = (b.sub(a), d.sub(c), d.add(c), b.add(a));
        Self { x: e.mul(f), y: g.mul(h), z: f.mul(g), t: e.mul(h) }
    }
}

/// Fills `out` with the coordinates of points, by one inversion for all (Montgomery's trick). No Z is zero.
pub(super) fn to_affine(points: &[Extended], out: &mut Vec<Affine>) {
    out.clear();
    let mut product = Coordinate::ONE;
    for point in points {
        // Until its inverse is there, x holds the product of the Z before.
        out.push(Affine { x: product, y: Coordinate::ZERO });
        product = product.mul(point.z);
    }
    let mut inverse = product.invert();
    for (point, slot) in points.iter().zip(out).rev() {
        let one_over_z = inverse.mul(slot.x);
        inverse = inverse.mul(point.z);
        *slot = Affine { x: point.x.mul(one_over_z), y: point.y.mul(one_over_z) };
    }
}
