//! Ed25519 (RFC 8032 section 5.1, RFC 8080): a batch of signatures by one key.
//!
//! With `k = SHA-512(R, A, M)` modulo the order of B, a signature of R and S is valid if `S B - k A` is R, octet for octet.
//! That is the equation without the cofactor, for each signature by itself, which is what ring and aws-lc look at; sums over
//! many signatures with random factors would be faster, but take others than these.
//!
//! ```text
//! digests, signatures ─▶ S, k ─ tables of B and -A ─▶ about 2 · 253/w points each ─ sum ─▶ one point each
//!     ─ one shared inversion ─▶ octets = R ?
//! ```

mod field;
mod point;
mod table;

use super::Item;
use super::residue::{Modulus, Residue};
use field::limbs_of;
use point::{Affine, Extended, Multiple};
use table::Table;

/// The order of B: 2^252 and something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Order;

impl Modulus<4> for Order {
    const PRIME: [u64; 4] = [0x5812_631a_5cf5_d3ed, 0x14de_f9de_a2f7_9cd6, 0, 0x1000_0000_0000_0000];
    const ONE: [u64; 4] = [0xd6ec_3174_8d98_951d, 0xc6ef_5bf4_737d_cf70, 0xffff_ffff_ffff_fffe, 0x0fff_ffff_ffff_ffff];
    const R2: [u64; 4] = [0xa406_11e3_449c_0f01, 0xd00e_1ba7_6885_9347, 0xceec_73d2_17f5_be65, 0x0399_411b_7c30_9a3d];
    const NEGATIVE_INVERSE: u64 = 0xd2b5_1da3_1254_7e1b;
}

/// A number modulo the order of B.
type Scalar = Residue<Order, 4>;

/// Tables for one public key and for B.
#[derive(Debug)]
pub(super) struct EdwardsVerifier {
    base: Table,
    /// Of -A, so that nothing is subtracted later.
    negative_key: Table,
}

/// Buffers.
#[derive(Debug, Default)]
pub(super) struct EdwardsScratch {
    multiples: Vec<Multiple>,
    /// One sum for each signature whose S is in range, and which item that is.
    sums: Vec<Extended>,
    live: Vec<usize>,
    affine: Vec<Affine>,
}

impl EdwardsVerifier {
    /// Makes the tables with windows of so many bits; `None` if the key is not the encoding of a point.
    pub(super) fn new(public_key: &[u8], width: usize) -> Option<Self> {
        let key = Affine::from_octets(public_key.try_into().ok()?)?;
        Some(Self { base: Table::new(Affine::base(), width), negative_key: Table::new(key.negate(), width) })
    }

    /// Sets `valid` of the items that are shown to be valid.
    pub(super) fn verify(&self, items: &[Item<'_>], scratch: &mut EdwardsScratch, valid: &mut [bool]) {
        let EdwardsScratch { multiples, sums, live, affine } = scratch;
        sums.clear();
        live.clear();
        for (index, item) in items.iter().enumerate() {
            let Some((s, k)) = scalars(item) else { continue };
            // All are fetched before the first is used: the tables are larger than a cache, and fetches can overlap.
            multiples.clear();
            self.base.push_terms(&s, multiples);
            self.negative_key.push_terms(&k, multiples);
            sums.push(multiples.iter().fold(Extended::NEUTRAL, |sum, multiple| sum.add(multiple)));
            live.push(index);
        }
        point::to_affine(sums, affine);
        for (&index, point) in live.iter().zip(&*affine) {
            valid[index] = point.to_octets() == items[index].signature[..32];
        }
    }
}

/// S and k; `None` if lengths are wrong, or S is not below the order, as it must be (RFC 8032 section 5.1.7).
fn scalars(item: &Item<'_>) -> Option<([u64; 4], [u64; 4])> {
    let (_, s) = item.signature.split_first_chunk::<32>()?;
    let s = Scalar::from_limbs(limbs_of(s.try_into().ok()?))?;
    let (low, high) = item.digest.split_first_chunk::<32>()?;
    let high: &[u8; 32] = high.try_into().ok()?;
    // The digest is low + 2^256 high.
    let shift = Scalar::from_limbs(Order::ONE)?;
    let k = Scalar::from_any_limbs(limbs_of(low)).add(Scalar::from_any_limbs(limbs_of(high)).mul(shift));
    Some((s.to_limbs(), k.to_limbs()))
}

#[cfg(test)]
mod tests;
