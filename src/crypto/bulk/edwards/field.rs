//! Numbers modulo 2^255 - 19, the coordinates of Curve25519's points.

use crate::crypto::bulk::limbs::{adc, add, bits, mac, small, subtract, subtract_once};

/// 2^255 - 19.
pub(super) const PRIME: [u64; 4] = [0xffff_ffff_ffff_ffed, u64::MAX, u64::MAX, 0x7fff_ffff_ffff_ffff];

/// Any of the numbers below 2^256 that stand for it: 2^256 counts as 38, and reducing further can wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Coordinate([u64; 4]);

impl PartialEq for Coordinate {
    fn eq(&self, other: &Self) -> bool {
        self.to_limbs() == other.to_limbs()
    }
}

impl Coordinate {
    pub(super) const ZERO: Self = Self([0; 4]);
    pub(super) const ONE: Self = Self(small(1));

    /// From any number below 2^256.
    pub(super) const fn from_limbs(limbs: [u64; 4]) -> Self {
        Self(limbs)
    }

    /// The number that is below the prime.
    pub(super) fn to_limbs(self) -> [u64; 4] {
        let [a, b, c, d] = self.0;
        let (folded, _) = add(&[a, b, c, d & PRIME[3]], &small(19 * (d >> 63)));
        subtract_once(&folded, 0, &PRIME)
    }

    pub(super) fn is_odd(self) -> bool {
        self.to_limbs()[0] & 1 == 1
    }

    #[inline(always)]
    pub(super) fn add(self, other: Self) -> Self {
        let (sum, carry) = add(&self.0, &other.0);
        Self::fold(sum, carry)
    }

    #[inline(always)]
    pub(super) fn sub(self, other: Self) -> Self {
        let (difference, borrow) = subtract(&self.0, &other.0);
        let (mut limbs, borrow) = subtract(&difference, &small(38 * borrow));
        // Borrowed again, it is near 2^256, and has 38 to give.
        limbs[0] = limbs[0].wrapping_sub(38 * borrow);
        Self(limbs)
    }

    #[inline(always)]
    pub(super) fn neg(self) -> Self {
        Self::ZERO.sub(self)
    }

    #[inline(always)]
    pub(super) fn mul(self, other: Self) -> Self {
        let mut wide = [0u64; 8];
        for (i, factor) in other.0.into_iter().enumerate() {
            let mut carry = 0;
            for (j, limb) in self.0.into_iter().enumerate() {
                (wide[i + j], carry) = mac(wide[i + j], limb, factor, carry);
            }
            wide[i + 4] = carry;
        }
        let (mut folded, mut carry) = ([0; 4], 0);
        for (i, limb) in folded.iter_mut().enumerate() {
            (*limb, carry) = mac(wide[i], wide[i + 4], 38, carry);
        }
        Self::fold(folded, carry)
    }

    /// What stands above 2^256, less than 39, comes in below.
    #[inline(always)]
    fn fold(limbs: [u64; 4], high: u64) -> Self {
        let (mut limbs, carry) = add(&limbs, &small(38 * high));
        // Carried again, it is small.
        (limbs[0], _) = adc(limbs[0], 38 * carry, 0);
        Self(limbs)
    }

    #[inline(always)]
    pub(super) fn square(self) -> Self {
        self.mul(self)
    }

    /// A power, four bits of the exponent at a time.
    fn power(self, exponent: &[u64; 4]) -> Self {
        let mut powers = [Self::ONE; 16];
        for i in 1..16 {
            powers[i] = powers[i - 1].mul(self);
        }
        (0..256).step_by(4).rev().fold(Self::ONE, |power, from| {
            let power = power.square().square().square().square();
            power.mul(powers[bits(exponent, from, 4) as usize])
        })
    }

    /// 1/self by Fermat, self^(prime-2). Zero gives zero.
    pub(super) fn invert(self) -> Self {
        let (exponent, _) = subtract(&PRIME, &small(2));
        self.power(&exponent)
    }

    /// A square root of `self / divisor`, which is not zero; `None` if there is none (RFC 8032 section 5.1.3).
    pub(super) fn root_of_ratio(self, divisor: Self) -> Option<Self> {
        /// (prime - 5) / 8
        const EXPONENT: [u64; 4] = [0xffff_ffff_ffff_fffd, u64::MAX, u64::MAX, 0x0fff_ffff_ffff_ffff];
        /// 2^((prime - 1) / 4), a square root of -1.
        const ROOT_OF_MINUS_ONE: Coordinate =
            Coordinate([0xc4ee_1b27_4a0e_a0b0, 0x2f43_1806_ad2f_e478, 0x2b4d_0099_3dfb_d7a7, 0x2b83_2480_4fc1_df0b]);
        let cube = divisor.square().mul(divisor);
        let seventh = cube.square().mul(divisor);
        let root = self.mul(cube).mul(self.mul(seventh).power(&EXPONENT));
        [root, root.mul(ROOT_OF_MINUS_ONE)].into_iter().find(|root| root.square().mul(divisor) == self)
    }
}

/// A number from octets, least significant first.
pub(super) fn limbs_of(octets: &[u8; 32]) -> [u64; 4] {
    let mut limbs = [0; 4];
    for (limb, chunk) in limbs.iter_mut().zip(octets.chunks_exact(8)) {
        *limb = u64::from_le_bytes(chunk.try_into().expect("chunks of eight"));
    }
    limbs
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_bigint::BigUint;
    use proptest::prelude::*;

    fn big(limbs: [u64; 4]) -> BigUint {
        BigUint::from_bytes_le(&limbs.iter().flat_map(|limb| limb.to_le_bytes()).collect::<Vec<_>>())
    }

    /// Limbs with many carries: each zero, all ones, near those of the prime, or anything.
    fn any_limbs() -> impl Strategy<Value = [u64; 4]> {
        let edges =
            vec![0, 1, 18, 19, 37, 38, 39, u64::MAX, u64::MAX - 18, u64::MAX - 37, u64::MAX - 38, 1 << 63, !(1 << 63)];
        proptest::array::uniform4(prop_oneof![proptest::sample::select(edges), any::<u64>()])
    }

    proptest! {
        #[test]
        fn arithmetic_is_that_of_big_integers(a in any_limbs(), b in any_limbs()) {
            let p = big(PRIME);
            let (ca, cb) = (Coordinate(a), Coordinate(b));
            let (a, b) = (big(a) % &p, big(b) % &p);
            prop_assert_eq!(&big(ca.to_limbs()), &a);
            prop_assert_eq!(big(ca.add(cb).to_limbs()), (&a + &b) % &p);
            prop_assert_eq!(big(ca.sub(cb).to_limbs()), (&a + &p - &b) % &p);
            prop_assert_eq!(big(ca.mul(cb).to_limbs()), (&a * &b) % &p);
            prop_assert_eq!(big(ca.neg().to_limbs()), (&p - &a) % &p);
            prop_assert_eq!(ca == cb, a == b);
            let is_zero = ca == Coordinate::ZERO;
            prop_assert_eq!(ca.mul(ca.invert()), if is_zero { Coordinate::ZERO } else { Coordinate::ONE });
            if cb != Coordinate::ZERO {
                let root = ca.square().mul(cb).root_of_ratio(cb).expect("a^2 b / b has a root");
                prop_assert!(root == ca || root == ca.neg());
                // 2 has no root, so of x and 2x one has none.
                prop_assert!(is_zero || ca.square().add(ca.square()).root_of_ratio(Coordinate::ONE).is_none());
            }
        }
    }

    #[test]
    fn the_prime_is_what_it_is_said_to_be() {
        assert_eq!(big(PRIME), (BigUint::from(1u8) << 255) - BigUint::from(19u8));
    }
}
