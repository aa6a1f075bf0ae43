//! The field of P-256: numbers modulo p = 2^256 - 2^224 + 2^192 + 2^96 - 1, in Montgomery form with R = 2^256.
//!
//! Not constant-time, and need not be: only public data passes through.

/// Four 64-bit limbs, least significant first.
pub(super) type Limbs = [u64; 4];

/// p.
pub(super) const P: Limbs = [0xffff_ffff_ffff_ffff, 0x0000_0000_ffff_ffff, 0, 0xffff_ffff_0000_0001];
/// R^2 modulo p, which takes a number into Montgomery form.
const R2: Limbs = [0x0000_0000_0000_0003, 0xffff_fffb_ffff_ffff, 0xffff_ffff_ffff_fffe, 0x0000_0004_ffff_fffd];

/// A field element in Montgomery form, always below p.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fe(Limbs);

/// `a + b * c + carry` as low limb and carry; never overflows.
#[inline(always)]
pub(super) const fn mac(a: u64, b: u64, c: u64, carry: u64) -> (u64, u64) {
    let wide = a as u128 + b as u128 * c as u128 + carry as u128;
    (wide as u64, (wide >> 64) as u64)
}

/// `a + b + carry` as limb and carry of 0 or 1.
#[inline(always)]
pub(super) const fn adc(a: u64, b: u64, carry: u64) -> (u64, u64) {
    let wide = a as u128 + b as u128 + carry as u128;
    (wide as u64, (wide >> 64) as u64)
}

/// `a - b - borrow` as limb and borrow of 0 or 1.
#[inline(always)]
pub(super) const fn sbb(a: u64, b: u64, borrow: u64) -> (u64, u64) {
    let wide = (a as u128).wrapping_sub(b as u128).wrapping_sub(borrow as u128);
    (wide as u64, (wide >> 127) as u64)
}

/// `a - b` and the borrow.
#[inline(always)]
pub(super) const fn sub_limbs(a: Limbs, b: Limbs) -> (Limbs, u64) {
    let (r0, borrow) = sbb(a[0], b[0], 0);
    let (r1, borrow) = sbb(a[1], b[1], borrow);
    let (r2, borrow) = sbb(a[2], b[2], borrow);
    let (r3, borrow) = sbb(a[3], b[3], borrow);
    ([r0, r1, r2, r3], borrow)
}

/// `high * 2^256 + a`, known to be below twice the modulus, brought below it.
#[inline(always)]
pub(super) const fn subtract_once(a: Limbs, high: u64, modulus: Limbs) -> Limbs {
    let (reduced, borrow) = sub_limbs(a, modulus);
    let keep = if high < borrow { u64::MAX } else { 0 };
    [
        (a[0] & keep) | (reduced[0] & !keep),
        (a[1] & keep) | (reduced[1] & !keep),
        (a[2] & keep) | (reduced[2] & !keep),
        (a[3] & keep) | (reduced[3] & !keep),
    ]
}

/// A number from 32 octets, most significant first.
pub(super) fn limbs_from_bytes(bytes: &[u8; 32]) -> Limbs {
    let mut limbs = [0; 4];
    for (limb, chunk) in limbs.iter_mut().rev().zip(bytes.chunks_exact(8)) {
        *limb = u64::from_be_bytes(chunk.try_into().expect("chunks of eight"));
    }
    limbs
}

impl Fe {
    pub(super) const ONE: Self = Self([1, 0xffff_ffff_0000_0000, 0xffff_ffff_ffff_ffff, 0x0000_0000_ffff_fffe]);
    pub(super) const ZERO: Self = Self([0; 4]);

    /// From a number below p; `None` otherwise.
    pub(super) fn from_limbs(limbs: Limbs) -> Option<Self> {
        let (_, borrow) = sub_limbs(limbs, P);
        (borrow == 1).then(|| Self(limbs).mul(Self(R2)))
    }

    /// The number itself, out of Montgomery form.
    pub(super) fn to_limbs(self) -> Limbs {
        self.mul(Self([1, 0, 0, 0])).0
    }

    #[inline(always)]
    pub(super) fn is_zero(self) -> bool {
        self.0 == [0; 4]
    }

    #[inline(always)]
    pub(super) fn add(self, other: Self) -> Self {
        let (a, b) = (self.0, other.0);
        let (r0, carry) = adc(a[0], b[0], 0);
        let (r1, carry) = adc(a[1], b[1], carry);
        let (r2, carry) = adc(a[2], b[2], carry);
        let (r3, carry) = adc(a[3], b[3], carry);
        Self(subtract_once([r0, r1, r2, r3], carry, P))
    }

    #[inline(always)]
    pub(super) fn sub(self, other: Self) -> Self {
        let (r, borrow) = sub_limbs(self.0, other.0);
        let mask = 0u64.wrapping_sub(borrow);
        let (r0, carry) = adc(r[0], P[0] & mask, 0);
        let (r1, carry) = adc(r[1], P[1] & mask, carry);
        let (r2, carry) = adc(r[2], P[2] & mask, carry);
        let (r3, _) = adc(r[3], P[3] & mask, carry);
        Self([r0, r1, r2, r3])
    }

    #[inline(always)]
    pub(super) fn neg(self) -> Self {
        Self::ZERO.sub(self)
    }

    #[inline(always)]
    pub(super) fn mul(self, other: Self) -> Self {
        let (a, b) = (self.0, other.0);
        let mut t = [0u64; 5];
        let mut i = 0;
        while i < 4 {
            let (t0, carry) = mac(t[0], a[0], b[i], 0);
            let (t1, carry) = mac(t[1], a[1], b[i], carry);
            let (t2, carry) = mac(t[2], a[2], b[i], carry);
            let (t3, carry) = mac(t[3], a[3], b[i], carry);
            let (t4, t5) = adc(t[4], carry, 0);
            // -1/p modulo 2^64 is 1, so the multiple of p to add is t0 itself: t0 * p + t = (…) * 2^64.
            // p = -1 + 2^96 + 2^192 * (2^64 - 2^32 + 1): t0 * 2^96 spans limbs 1 and 2.
            let (r0, carry) = adc(t1, t0 << 32, 0);
            let (r1, carry) = adc(t2, t0 >> 32, carry);
            let (r2, high) = mac(t3, t0, P[3], carry);
            let (r3, carry) = adc(t4, high, 0);
            t = [r0, r1, r2, r3, t5 + carry];
            i += 1;
        }
        Self(subtract_once([t[0], t[1], t[2], t[3]], t[4], P))
    }

    #[inline(always)]
    pub(super) fn square(self) -> Self {
        self.mul(self)
    }

    fn square_times(self, times: usize) -> Self {
        (0..times).fold(self, |value, _| value.square())
    }

    /// 1/self by Fermat: self^(p-2), with the addition chain of p - 2 = ffffffff 00000001 00000000 00000000 00000000
    /// ffffffff ffffffff fffffffd. Zero gives zero.
    pub(super) fn invert(self) -> Self {
        // x_k = self^(2^k - 1).
        let x2 = self.square().mul(self);
        let x4 = x2.square_times(2).mul(x2);
        let x8 = x4.square_times(4).mul(x4);
        let x16 = x8.square_times(8).mul(x8);
        let x32 = x16.square_times(16).mul(x16);
        let x24 = x16.square_times(8).mul(x8);
        let x28 = x24.square_times(4).mul(x4);
        let x30 = x28.square_times(2).mul(x2);
        let high = x32.square_times(32).mul(self);
        let middle = high.square_times(128).mul(x32).square_times(32).mul(x32);
        middle.square_times(30).mul(x30).square_times(2).mul(self)
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

    fn element(limbs: Limbs) -> Fe {
        Fe::from_limbs(subtract_once(limbs, 0, P)).unwrap()
    }

    /// Limbs with many carries: each zero, all ones, near p's own, or anything.
    fn any_limbs() -> impl Strategy<Value = Limbs> {
        let limb = prop_oneof![Just(0), Just(u64::MAX), Just(1), Just(P[1]), Just(P[3]), any::<u64>()];
        [limb.clone(), limb.clone(), limb.clone(), limb]
    }

    proptest! {
        /// Sums, differences, products and inverses are those of plain arithmetic modulo p.
        #[test]
        fn arithmetic_is_that_of_big_integers(a in any_limbs(), b in any_limbs()) {
            let p = big(P);
            let (fa, fb) = (element(a), element(b));
            let (a, b) = (big(a) % &p, big(b) % &p);
            prop_assert_eq!(&big(fa.to_limbs()), &a);
            prop_assert_eq!(big(fa.add(fb).to_limbs()), (&a + &b) % &p);
            prop_assert_eq!(big(fa.sub(fb).to_limbs()), (&a + &p - &b) % &p);
            prop_assert_eq!(big(fa.mul(fb).to_limbs()), (&a * &b) % &p);
            prop_assert_eq!(big(fa.neg().to_limbs()), (&p - &a) % &p);
            prop_assert_eq!(fa.is_zero(), fa == Fe::ZERO);
            let expected = if fa.is_zero() { Fe::ZERO } else { Fe::ONE };
            prop_assert_eq!(fa.mul(fa.invert()), expected);
        }
    }

    #[test]
    fn numbers_from_p_up_are_no_elements() {
        assert_eq!(Fe::from_limbs(P), None);
        assert_eq!(Fe::from_limbs([u64::MAX; 4]), None);
        assert_eq!(Fe::from_limbs([1, 0, 0, 0]), Some(Fe::ONE));
    }
}
