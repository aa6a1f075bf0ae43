//! Numbers modulo a prime, in Montgomery form with R = 2^(64 L).

use super::limbs::{adc, add, bits, mac, small, subtract, subtract_once};
use std::fmt::Debug;
use std::marker::PhantomData;

/// An odd prime of L limbs.
pub(super) trait Modulus<const L: usize>: Copy + Debug + PartialEq + Eq {
    /// The prime.
    const PRIME: [u64; L];
    /// R modulo the prime: one in Montgomery form.
    const ONE: [u64; L];
    /// R^2 modulo the prime, which takes a number into Montgomery form.
    const R2: [u64; L];
    /// -1/prime modulo 2^64.
    const NEGATIVE_INVERSE: u64;

    /// `(high, t)` plus that multiple of the prime which makes the last limb zero, without that limb. The result is
    /// below 2^(64 (L+1)), as is what is given. Primes of a special form do it with less work.
    #[inline(always)]
    fn reduce_limb(t: [u64; L], high: u64) -> ([u64; L], u64) {
        let multiple = t[0].wrapping_mul(Self::NEGATIVE_INVERSE);
        let (_, mut carry) = mac(t[0], multiple, Self::PRIME[0], 0);
        let mut out = [0; L];
        for i in 1..L {
            (out[i - 1], carry) = mac(t[i], multiple, Self::PRIME[i], carry);
        }
        let (last, high) = adc(high, carry, 0);
        out[L - 1] = last;
        (out, high)
    }
}

/// A number below the prime in Montgomery form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Residue<M, const L: usize>([u64; L], PhantomData<M>);

impl<M: Modulus<L>, const L: usize> Residue<M, L> {
    pub(super) const ZERO: Self = Self::of([0; L]);
    pub(super) const ONE: Self = Self::of(M::ONE);

    const fn of(limbs: [u64; L]) -> Self {
        Self(limbs, PhantomData)
    }

    /// From a number below the prime; `None` otherwise.
    pub(super) fn from_limbs(limbs: [u64; L]) -> Option<Self> {
        let (_, borrow) = subtract(&limbs, &M::PRIME);
        (borrow == 1).then(|| Self::of(limbs).mul(Self::of(M::R2)))
    }

    /// From any number, reduced: it is enough for a product that one of the factors is below the prime.
    pub(super) fn from_any_limbs(limbs: [u64; L]) -> Self {
        Self::of(limbs).mul(Self::of(M::R2))
    }

    /// The number itself, out of Montgomery form.
    pub(super) fn to_limbs(self) -> [u64; L] {
        self.mul(Self::of(small(1))).0
    }

    #[inline(always)]
    pub(super) fn is_zero(self) -> bool {
        self.0 == [0; L]
    }

    #[inline(always)]
    pub(super) fn add(self, other: Self) -> Self {
        let (sum, carry) = add(&self.0, &other.0);
        Self::of(subtract_once(&sum, carry, &M::PRIME))
    }

    #[inline(always)]
    pub(super) fn sub(self, other: Self) -> Self {
        let (mut difference, borrow) = subtract(&self.0, &other.0);
        let (mask, mut carry) = (0u64.wrapping_sub(borrow), 0);
        for (limb, prime) in difference.iter_mut().zip(M::PRIME) {
            (*limb, carry) = adc(*limb, prime & mask, carry);
        }
        Self::of(difference)
    }

    #[inline(always)]
    pub(super) fn neg(self) -> Self {
        Self::ZERO.sub(self)
    }

    #[inline(always)]
    pub(super) fn mul(self, other: Self) -> Self {
        let (mut t, mut high) = ([0u64; L], 0u64);
        for factor in other.0 {
            let mut carry = 0;
            for (sum, limb) in t.iter_mut().zip(self.0) {
                (*sum, carry) = mac(*sum, limb, factor, carry);
            }
            let (limb, top) = adc(high, carry, 0);
            let reduced;
            (t, reduced) = M::reduce_limb(t, limb);
            // The whole stays below twice R, so this is 0 or 1.
            high = top + reduced;
        }
        Self::of(subtract_once(&t, high, &M::PRIME))
    }

    #[inline(always)]
    pub(super) fn square(self) -> Self {
        self.mul(self)
    }

    /// 1/self by Fermat, self^(prime-2), four bits of the exponent at a time. Zero gives zero.
    pub(super) fn invert(self) -> Self {
        let (exponent, _) = subtract(&M::PRIME, &small(2));
        let mut powers = [Self::ONE; 16];
        for i in 1..16 {
            powers[i] = powers[i - 1].mul(self);
        }
        (0..64 * L).step_by(4).rev().fold(Self::ONE, |power, from| {
            let power = power.square().square().square().square();
            match bits(&exponent, from, 4) {
                0 => power,
                digit => power.mul(powers[digit as usize]),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::edwards;
    use super::super::weierstrass::{Curve, P256, P384};
    use super::*;
    use num_bigint::BigUint;
    use proptest::prelude::*;

    fn big<const L: usize>(limbs: [u64; L]) -> BigUint {
        BigUint::from_bytes_le(&limbs.iter().flat_map(|limb| limb.to_le_bytes()).collect::<Vec<_>>())
    }

    /// Six limbs with many carries: each zero, all ones, near those of the primes, or anything.
    fn any_limbs() -> impl Strategy<Value = [u64; 6]> {
        let edges = vec![0, 1, u64::MAX, u64::MAX - 1, 0xffff_ffff, 0xffff_ffff_0000_0000, 0xffff_ffff_0000_0001];
        let limb = prop_oneof![proptest::sample::select(edges), any::<u64>()];
        proptest::array::uniform6(limb)
    }

    /// Sums, differences, products and inverses are those of plain arithmetic.
    fn agrees<M: Modulus<L>, const L: usize>(a: [u64; L], b: [u64; L]) {
        let p = big(M::PRIME);
        let (ra, rb) = (Residue::<M, L>::from_any_limbs(a), Residue::<M, L>::from_any_limbs(b));
        let is_reduced = big(a) < p;
        assert_eq!(Residue::<M, L>::from_limbs(a), is_reduced.then_some(ra));
        let (a, b) = (big(a) % &p, big(b) % &p);
        assert_eq!(big(ra.to_limbs()), a);
        assert_eq!(big(ra.add(rb).to_limbs()), (&a + &b) % &p);
        assert_eq!(big(ra.sub(rb).to_limbs()), (&a + &p - &b) % &p);
        assert_eq!(big(ra.mul(rb).to_limbs()), (&a * &b) % &p);
        assert_eq!(big(ra.neg().to_limbs()), (&p - &a) % &p);
        assert_eq!(ra.is_zero(), ra == Residue::ZERO);
        assert_eq!(ra.mul(ra.invert()), if ra.is_zero() { Residue::ZERO } else { Residue::ONE });
    }

    proptest! {
        #[test]
        fn arithmetic_is_that_of_big_integers(a in any_limbs(), b in any_limbs()) {
            let four = |limbs: [u64; 6]| <[u64; 4]>::try_from(&limbs[..4]).unwrap();
            agrees::<<P256 as Curve<4>>::Field, 4>(four(a), four(b));
            agrees::<<P256 as Curve<4>>::Order, 4>(four(a), four(b));
            agrees::<<P384 as Curve<6>>::Field, 6>(a, b);
            agrees::<<P384 as Curve<6>>::Order, 6>(a, b);
            agrees::<edwards::Order, 4>(four(a), four(b));
        }
    }

    /// The constants of a prime follow from it.
    fn constants<M: Modulus<L>, const L: usize>() {
        let (p, r) = (big(M::PRIME), BigUint::from(1u8) << (64 * L));
        assert_eq!(big(M::ONE), &r % &p);
        assert_eq!(big(M::R2), (&r * &r) % &p);
        assert_eq!(M::PRIME[0].wrapping_mul(M::NEGATIVE_INVERSE), u64::MAX);
        assert_eq!(Residue::<M, L>::from_limbs(M::PRIME), None);
        assert_eq!(Residue::<M, L>::from_limbs([u64::MAX; L]), None);
        assert_eq!(Residue::<M, L>::from_limbs(small(1)), Some(Residue::ONE));
    }

    #[test]
    fn constants_are_right() {
        constants::<<P256 as Curve<4>>::Field, 4>();
        constants::<<P256 as Curve<4>>::Order, 4>();
        constants::<<P384 as Curve<6>>::Field, 6>();
        constants::<<P384 as Curve<6>>::Order, 6>();
        constants::<edwards::Order, 4>();
    }
}
