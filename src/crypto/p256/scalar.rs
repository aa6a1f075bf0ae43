//! Numbers modulo n, the order of P-256, in Montgomery form with R = 2^256.

use super::field::{Limbs, adc, limbs_from_bytes, mac, sub_limbs, subtract_once};

/// n.
pub(super) const N: Limbs =
    [0xf3b9_cac2_fc63_2551, 0xbce6_faad_a717_9e84, 0xffff_ffff_ffff_ffff, 0xffff_ffff_0000_0000];
/// -1/n modulo 2^64.
const N_NEGATIVE_INVERSE: u64 = 0xccd1_c8aa_ee00_bc4f;
/// R^2 modulo n.
const R2: Limbs = [0x8324_4c95_be79_eea2, 0x4699_799c_49bd_6fa6, 0x2845_b239_2b6b_ec59, 0x66e1_2d94_f3d9_5620];

/// A number below n in Montgomery form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scalar(Limbs);

impl Scalar {
    /// From 32 octets that spell a number from 1 to n - 1, as r and s of a signature must be; `None` otherwise.
    pub(super) fn from_signature_half(bytes: &[u8; 32]) -> Option<Self> {
        let limbs = limbs_from_bytes(bytes);
        let (_, borrow) = sub_limbs(limbs, N);
        (borrow == 1 && limbs != [0; 4]).then(|| Self(limbs).mul(Self(R2)))
    }

    /// From a message digest, reduced modulo n.
    pub(super) fn from_digest(bytes: &[u8; 32]) -> Self {
        // 2^256 < 2n, so one subtraction reduces.
        Self(subtract_once(limbs_from_bytes(bytes), 0, N)).mul(Self(R2))
    }

    /// One, in Montgomery form.
    pub(super) fn one() -> Self {
        Self([1, 0, 0, 0]).mul(Self(R2))
    }

    /// The number itself, out of Montgomery form.
    pub(super) fn to_limbs(self) -> Limbs {
        self.mul(Self([1, 0, 0, 0])).0
    }

    pub(super) fn mul(self, other: Self) -> Self {
        let (a, b) = (self.0, other.0);
        let mut t = [0u64; 5];
        for &factor in &b {
            let (t0, carry) = mac(t[0], a[0], factor, 0);
            let (t1, carry) = mac(t[1], a[1], factor, carry);
            let (t2, carry) = mac(t[2], a[2], factor, carry);
            let (t3, carry) = mac(t[3], a[3], factor, carry);
            let (t4, t5) = adc(t[4], carry, 0);
            let multiple = t0.wrapping_mul(N_NEGATIVE_INVERSE);
            let (_, carry) = mac(t0, multiple, N[0], 0);
            let (r0, carry) = mac(t1, multiple, N[1], carry);
            let (r1, carry) = mac(t2, multiple, N[2], carry);
            let (r2, carry) = mac(t3, multiple, N[3], carry);
            let (r3, carry) = adc(t4, carry, 0);
            t = [r0, r1, r2, r3, t5 + carry];
        }
        Self(subtract_once([t[0], t[1], t[2], t[3]], t[4], N))
    }

    /// 1/self by Fermat, self^(n-2).
    pub(super) fn invert(self) -> Self {
        let (exponent, _) = sub_limbs(N, [2, 0, 0, 0]);
        let mut power = Self::one();
        for bit in (0..256).rev() {
            power = power.mul(power);
            if exponent[bit / 64] >> (bit % 64) & 1 == 1 {
                power = power.mul(self);
            }
        }
        power
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_bigint::BigUint;
    use proptest::prelude::*;

    fn big(limbs: Limbs) -> BigUint {
        BigUint::from_bytes_le(&limbs.iter().flat_map(|limb| limb.to_le_bytes()).collect::<Vec<_>>())
    }

    proptest! {
        /// Reduction, products and inverses are those of plain arithmetic modulo n.
        #[test]
        fn arithmetic_is_that_of_big_integers(a in any::<[u8; 32]>(), b in any::<[u8; 32]>()) {
            let n = big(N);
            let (sa, sb) = (Scalar::from_digest(&a), Scalar::from_digest(&b));
            let (a, b) = (BigUint::from_bytes_be(&a) % &n, BigUint::from_bytes_be(&b) % &n);
            prop_assert_eq!(&big(sa.to_limbs()), &a);
            prop_assert_eq!(big(sa.mul(sb).to_limbs()), (&a * &b) % &n);
            prop_assert_eq!(sa.mul(sa.invert()), Scalar::one());
        }
    }

    /// r and s of a signature are 1 to n - 1.
    #[test]
    fn halves_out_of_range_are_refused() {
        let octets = |limbs: Limbs| -> [u8; 32] {
            limbs.iter().rev().flat_map(|limb| limb.to_be_bytes()).collect::<Vec<_>>().try_into().unwrap()
        };
        let below = [N[0] - 1, N[1], N[2], N[3]];
        for (limbs, is_taken) in
            [([0; 4], false), ([1, 0, 0, 0], true), (below, true), (N, false), ([u64::MAX; 4], false)]
        {
            let half = Scalar::from_signature_half(&octets(limbs));
            assert_eq!(half.map(Scalar::to_limbs), is_taken.then_some(limbs));
        }
    }
}
