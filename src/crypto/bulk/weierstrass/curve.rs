//! The curves: P-256 and P-384 (FIPS 186-5, SP 800-186), y^2 = x^3 - 3x + b over a field of prime order.

use crate::crypto::bulk::limbs::{adc, mac};
use crate::crypto::bulk::residue::Modulus;
use std::fmt::Debug;

/// A curve with numbers of L limbs, whose number of points is prime.
pub(in crate::crypto::bulk) trait Curve<const L: usize>: Copy + Debug + PartialEq + Eq {
    /// What coordinates are counted modulo.
    type Field: Modulus<L>;
    /// What multiples of points are counted modulo: the number of points, less than the field's prime and more than
    /// half of it.
    type Order: Modulus<L>;
    /// The coefficient b.
    const B: [u64; L];
    /// x and y of the base point G.
    const G: [[u64; L]; 2];
}

/// P-256, of algorithm 13 (RFC 6605).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::crypto::bulk) struct P256;

/// P-384, of algorithm 14 (RFC 6605).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::crypto::bulk) struct P384;

impl Curve<4> for P256 {
    type Field = P256Field;
    type Order = P256Order;
    const B: [u64; 4] = [0x3bce_3c3e_27d2_604b, 0x651d_06b0_cc53_b0f6, 0xb3eb_bd55_7698_86bc, 0x5ac6_35d8_aa3a_93e7];
    const G: [[u64; 4]; 2] = [
        [0xf4a1_3945_d898_c296, 0x7703_7d81_2deb_33a0, 0xf8bc_e6e5_63a4_40f2, 0x6b17_d1f2_e12c_4247],
        [0xcbb6_4068_37bf_51f5, 0x2bce_3357_6b31_5ece, 0x8ee7_eb4a_7c0f_9e16, 0x4fe3_42e2_fe1a_7f9b],
    ];
}

impl Curve<6> for P384 {
    type Field = P384Field;
    type Order = P384Order;
    const B: [u64; 6] = [
        0x2a85_c8ed_d3ec_2aef,
        0xc656_398d_8a2e_d19d,
        0x0314_088f_5013_875a,
        0x181d_9c6e_fe81_4112,
        0x988e_056b_e3f8_2d19,
        0xb331_2fa7_e23e_e7e4,
    ];
    const G: [[u64; 6]; 2] = [
        [
            0x3a54_5e38_7276_0ab7,
            0x5502_f25d_bf55_296c,
            0x59f7_41e0_8254_2a38,
            0x6e1d_3b62_8ba7_9b98,
            0x8eb1_c71e_f320_ad74,
            0xaa87_ca22_be8b_0537,
        ],
        [
            0x7a43_1d7c_90ea_0e5f,
            0x0a60_b1ce_1d7e_819d,
            0xe9da_3113_b5f0_b8c0,
            0xf8f4_1dbd_289a_147c,
            0x5d9e_98bf_9292_dc29,
            0x3617_de4a_9626_2c6f,
        ],
    ];
}

/// p = 2^256 - 2^224 + 2^192 + 2^96 - 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::crypto::bulk) struct P256Field;

impl Modulus<4> for P256Field {
    const PRIME: [u64; 4] = [0xffff_ffff_ffff_ffff, 0x0000_0000_ffff_ffff, 0, 0xffff_ffff_0000_0001];
    const ONE: [u64; 4] = [1, 0xffff_ffff_0000_0000, 0xffff_ffff_ffff_ffff, 0x0000_0000_ffff_fffe];
    const R2: [u64; 4] = [3, 0xffff_fffb_ffff_ffff, 0xffff_ffff_ffff_fffe, 0x0000_0004_ffff_fffd];
    const NEGATIVE_INVERSE: u64 = 1;

    #[inline(always)]
    fn reduce_limb([m, t1, t2, t3]: [u64; 4], high: u64) -> ([u64; 4], u64) {
        // The multiple is m itself, and p = -1 + 2^96 + 2^192 * (2^64 - 2^32 + 1): m * 2^96 spans limbs 1 and 2.
        let (r0, carry) = adc(t1, m << 32, 0);
        let (r1, carry) = adc(t2, m >> 32, carry);
        let (r2, carry) = mac(t3, m, Self::PRIME[3], carry);
        let (r3, high) = adc(high, carry, 0);
        ([r0, r1, r2, r3], high)
    }
}

/// The number of points of P-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::crypto::bulk) struct P256Order;

impl Modulus<4> for P256Order {
    const PRIME: [u64; 4] =
        [0xf3b9_cac2_fc63_2551, 0xbce6_faad_a717_9e84, 0xffff_ffff_ffff_ffff, 0xffff_ffff_0000_0000];
    const ONE: [u64; 4] = [0x0c46_353d_039c_daaf, 0x4319_0552_58e8_617b, 0, 0x0000_0000_ffff_ffff];
    const R2: [u64; 4] = [0x8324_4c95_be79_eea2, 0x4699_799c_49bd_6fa6, 0x2845_b239_2b6b_ec59, 0x66e1_2d94_f3d9_5620];
    const NEGATIVE_INVERSE: u64 = 0xccd1_c8aa_ee00_bc4f;
}

/// p = 2^384 - 2^128 - 2^96 + 2^32 - 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::crypto::bulk) struct P384Field;

impl Modulus<6> for P384Field {
    const PRIME: [u64; 6] =
        [0x0000_0000_ffff_ffff, 0xffff_ffff_0000_0000, 0xffff_ffff_ffff_fffe, u64::MAX, u64::MAX, u64::MAX];
    const ONE: [u64; 6] = [0xffff_ffff_0000_0001, 0x0000_0000_ffff_ffff, 1, 0, 0, 0];
    const R2: [u64; 6] =
        [0xffff_fffe_0000_0001, 0x0000_0002_0000_0000, 0xffff_fffe_0000_0000, 0x0000_0002_0000_0000, 1, 0];
    const NEGATIVE_INVERSE: u64 = 0x0000_0001_0000_0001;

    #[inline(always)]
    fn reduce_limb([t0, t1, t2, t3, t4, t5]: [u64; 6], high: u64) -> ([u64; 6], u64) {
        // m * p = m * 2^384 - m * (2^128 + 2^96) + m * (2^32 - 1): limb by limb with a carry that may be negative.
        let m = t0.wrapping_mul(Self::NEGATIVE_INVERSE);
        let (_, carry) = mac(t0, m, 0xffff_ffff, 0);
        let mut carry = i128::from(carry);
        let mut next = |sum: i128| {
            carry += sum;
            let limb = carry as u64;
            carry >>= 64;
            limb
        };
        let wide = |limb: u64| i128::from(limb);
        let limbs = [
            next(wide(t1) - wide(m << 32)),
            next(wide(t2) - wide(m >> 32) - wide(m)),
            next(wide(t3)),
            next(wide(t4)),
            next(wide(t5)),
            next(wide(high) + wide(m)),
        ];
        (limbs, carry as u64)
    }
}

/// The number of points of P-384.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::crypto::bulk) struct P384Order;

impl Modulus<6> for P384Order {
    const PRIME: [u64; 6] =
        [0xecec_196a_ccc5_2973, 0x581a_0db2_48b0_a77a, 0xc763_4d81_f437_2ddf, u64::MAX, u64::MAX, u64::MAX];
    const ONE: [u64; 6] = [0x1313_e695_333a_d68d, 0xa7e5_f24d_b74f_5885, 0x389c_b27e_0bc8_d220, 0, 0, 0];
    const R2: [u64; 6] = [
        0x2d31_9b24_19b4_09a9,
        0xff3d_81e5_df1a_a419,
        0xbc3e_483a_fcb8_2947,
        0xd40d_4917_4aab_1cc5,
        0x3fb0_5b7a_2826_6895,
        0x0c84_ee01_2b39_bf21,
    ];
    const NEGATIVE_INVERSE: u64 = 0x6ed4_6089_e88f_dc45;
}
