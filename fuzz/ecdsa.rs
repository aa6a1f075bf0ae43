//! The batch verifier against ring: bytes become signatures, whole and damaged, and both must say the same of each.

use super::bulk::{Case, judge};
use std::sync::LazyLock;
use zoneseal::base::{Algorithm, text};
use zoneseal::crypto::bulk::BatchVerifier;
use zoneseal::crypto::digest::sha384;
use zoneseal::crypto::{Backend, PrivateKey, PublicKey};

/// A curve by its algorithm.
struct Curve {
    algorithm: Algorithm,
    /// The number of its points.
    order: Vec<u8>,
    /// The prime of its field.
    prime: Vec<u8>,
}

static CURVES: LazyLock<[Curve; 2]> = LazyLock::new(|| {
    [
        Curve {
            algorithm: Algorithm::ECDSAP256SHA256,
            order: hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"),
            prime: hex("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"),
        },
        Curve {
            algorithm: Algorithm::ECDSAP384SHA384,
            order: hex(
                "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
            ),
            prime: hex(
                "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff",
            ),
        },
    ]
});

/// How many messages each key has signed.
const MESSAGES: u8 = 8;
/// Octets of input that make one signature.
const CASE_LEN: usize = 4;

/// A key, both its verifiers, and what it has signed.
struct Signed {
    curve: &'static Curve,
    public: Vec<u8>,
    ring: PublicKey,
    batch: BatchVerifier,
    signatures: Vec<Vec<u8>>,
}

/// Private numbers 1 and 2, whose points meet those of G in the sums, n - 1, which is -G, and two without a pattern; with
/// tables of several widths.
static KEYS: LazyLock<Vec<Signed>> = LazyLock::new(|| CURVES.iter().flat_map(keys_on).collect());

fn keys_on(curve: &'static Curve) -> Vec<Signed> {
    let plain = |seed: &str| sha384(seed.as_bytes())[..curve.len()].to_vec();
    let last = difference(&curve.order, &curve.number(1));
    let keys = [
        (curve.number(1), 0),
        (curve.number(2), 2_000),
        (last, 0),
        (plain("a private number"), 10_000),
        (plain("another one"), 100_000),
    ];
    keys.iter().map(|(private, expected_count)| sign_all(curve, private, *expected_count)).collect()
}

fn sign_all(curve: &'static Curve, private: &[u8], expected_count: usize) -> Signed {
    let key = PrivateKey::from_octets(curve.algorithm, private).expect("below n");
    let public = key.public_field().expect("every private number has a point");
    let signer = key.open_with(Backend::Ring, &public).expect("ring takes it");
    let sign = |message: u8| {
        let mut signature = Vec::new();
        signer.sign(&[message], &mut signature).expect("ring signs");
        signature
    };
    Signed {
        ring: curve.ring_key(&public).expect("ring takes the key"),
        batch: BatchVerifier::new(curve.algorithm, &public, expected_count).expect("it is on the curve"),
        signatures: (0..MESSAGES).map(sign).collect(),
        curve,
        public,
    }
}

impl Curve {
    /// Octets of a coordinate.
    fn len(&self) -> usize {
        self.order.len()
    }

    fn number(&self, value: u8) -> Vec<u8> {
        let mut octets = vec![0; self.len()];
        octets[self.len() - 1] = value;
        octets
    }

    fn ring_key(&self, public: &[u8]) -> Option<PublicKey> {
        PublicKey::from_dnskey_with(Backend::Ring, self.algorithm, public).ok()
    }

    /// Numbers around those where something changes.
    fn edge(&self, index: u8) -> Vec<u8> {
        let around = match index >> 4 & 3 {
            0 => return self.number(index & 15),
            1 => &self.order,
            2 => &self.prime,
            _ => return vec![0xff; self.len()],
        };
        (0..index & 15).fold(difference(around, &self.number(8)), |value, _| successor(value))
    }

    /// n - half, in place; of a number that is no smaller than n, what is left.
    fn negate(&self, half: &mut [u8]) {
        let negative = difference(&self.order, half);
        half.copy_from_slice(&negative);
    }
}

/// Takes the first octet for a key and every four after it for a signature, and has both judge.
pub fn agrees(data: &[u8]) {
    let Some((&first, cases)) = data.split_first() else { return };
    let key = &KEYS[usize::from(first & 15) % KEYS.len()];
    let cases: Vec<Case> = cases.chunks_exact(CASE_LEN).map(|case| damaged(key, case)).collect();
    judge(key.curve.algorithm, &key.public, &key.ring, &key.batch, &cases);
    if first >= 0x80 {
        other_key(key, first, data.get(1).copied().unwrap_or_default(), &cases);
    }
}

/// The same signatures by a key that is another point, mostly -Q, or none at all.
fn other_key(key: &Signed, how: u8, at: u8, cases: &[Case]) {
    let mut public = key.public.clone();
    if how & 0x40 == 0 {
        let y = &mut public[key.curve.len()..];
        let negative = difference(&key.curve.prime, y);
        y.copy_from_slice(&negative);
    } else {
        let place = usize::from(at) % public.len();
        public[place] ^= 1 << (how >> 3 & 7);
    }
    let (ring, batch) = (key.curve.ring_key(&public), BatchVerifier::new(key.curve.algorithm, &public, 0));
    assert_eq!(ring.is_some(), batch.is_some(), "key {public:02x?}");
    if let (Some(ring), Some(batch)) = (ring, batch) {
        judge(key.curve.algorithm, &public, &ring, &batch, cases);
    }
}

/// A message and a signature made from four octets: what is done, to which signature, where, with what.
fn damaged(key: &Signed, case: &[u8]) -> Case {
    let [how, which, at, with] = *case else { unreachable!("chunks of {CASE_LEN}") };
    let message = which % MESSAGES;
    let mut signature = key.signatures[usize::from(message)].clone();
    let (curve, half) = (key.curve, key.curve.len());
    let place = usize::from(at) % signature.len();
    match how % 12 {
        0 => {}
        1 => signature[place] ^= 1 << (with & 7),
        2 => signature[place] = with,
        3 => return (vec![message, with], signature),
        4 => signature[..half].copy_from_slice(&curve.edge(with)),
        5 => signature[half..].copy_from_slice(&curve.edge(with)),
        6 => {
            signature[..half].copy_from_slice(&curve.edge(at));
            signature[half..].copy_from_slice(&curve.edge(with));
        }
        // As valid as before: ECDSA has no way to tell s from n - s.
        7 => curve.negate(&mut signature[half..]),
        8 => curve.negate(&mut signature[..half]),
        9 => signature.rotate_left(half),
        10 => signature.truncate(place),
        _ => signature.extend(std::iter::repeat_n(with, 1 + place)),
    }
    (vec![message], signature)
}

/// One more, modulo a power of 256.
fn successor(mut value: Vec<u8>) -> Vec<u8> {
    for octet in value.iter_mut().rev() {
        *octet = octet.wrapping_add(1);
        if *octet != 0 {
            break;
        }
    }
    value
}

/// a - b modulo a power of 256.
fn difference(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut out = vec![0; a.len()];
    let mut borrow = false;
    for at in (0..a.len()).rev() {
        let (once, first) = a[at].overflowing_sub(b[at]);
        let (twice, second) = once.overflowing_sub(u8::from(borrow));
        (out[at], borrow) = (twice, first || second);
    }
    out
}

fn hex(digits: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    assert!(text::decode_hex(digits.as_bytes(), &mut octets), "hex digits");
    octets
}
