//! The batch verifier against ring: bytes become signatures, whole and damaged, and both must say the same of each.

use std::sync::LazyLock;
use zoneseal::base::Algorithm;
use zoneseal::crypto::digest::sha256;
use zoneseal::crypto::p256::{BatchVerifier, Item, Scratch};
use zoneseal::crypto::{Backend, PrivateKey, PublicKey};

/// The order of the curve's group.
const N: [u8; 32] = hex(b"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
/// The prime of its field.
const P: [u8; 32] = hex(b"ffffffff00000001000000000000000000000000ffffffffffffffffffffffff");
/// How many messages each key has signed.
const MESSAGES: u8 = 8;
/// Octets of input that make one signature.
const CASE_LEN: usize = 4;

/// A key, both its verifiers, and what it has signed.
struct Signed {
    public: Vec<u8>,
    ring: PublicKey,
    batch: BatchVerifier,
    signatures: Vec<[u8; 64]>,
}

/// Private numbers 1 and 2, whose points meet those of G in the sums, n - 1, which is -G, and two without a pattern; with
/// tables of several widths.
static KEYS: LazyLock<Vec<Signed>> = LazyLock::new(|| {
    let [one, two, mut last] = [number(1), number(2), N];
    last[31] -= 1;
    let plain = sha256(&[b"a private number"]);
    let other = sha256(&[b"another one"]);
    let keys = [(one, 0), (two, 2_000), (last, 0), (plain, 10_000), (other, 100_000)];
    keys.iter().map(|(private, expected_count)| sign_all(private, *expected_count)).collect()
});

fn sign_all(private: &[u8; 32], expected_count: usize) -> Signed {
    let key = PrivateKey::from_octets(Algorithm::ECDSAP256SHA256, private).expect("below n");
    let public = key.public_field().expect("every private number has a point");
    let signer = key.open_with(Backend::Ring, &public).expect("ring takes it");
    let sign = |message: u8| {
        let mut signature = Vec::new();
        signer.sign(&[message], &mut signature).expect("ring signs");
        signature.try_into().expect("64 octets")
    };
    Signed {
        ring: ring_key(&public).expect("ring takes the key"),
        batch: BatchVerifier::new(&public, expected_count).expect("it is on the curve"),
        signatures: (0..MESSAGES).map(sign).collect(),
        public,
    }
}

/// Takes the first octet for a key and every four after it for a signature, and has both judge.
pub fn agrees(data: &[u8]) {
    let Some((&first, cases)) = data.split_first() else { return };
    let key = &KEYS[usize::from(first & 7) % KEYS.len()];
    let cases: Vec<(Vec<u8>, Vec<u8>)> = cases.chunks_exact(CASE_LEN).map(|case| damaged(key, case)).collect();
    judge(&key.ring, &key.batch, &cases);
    if first >= 0x80 {
        other_key(key, first, data.get(1).copied().unwrap_or_default(), &cases);
    }
}

/// The same signatures by a key that is another point, mostly -Q, or none at all.
fn other_key(key: &Signed, how: u8, at: u8, cases: &[(Vec<u8>, Vec<u8>)]) {
    let mut public = key.public.clone();
    if how & 0x40 == 0 {
        let y: [u8; 32] = public[32..].try_into().expect("64 octets");
        public[32..].copy_from_slice(&difference(&P, &y));
    } else {
        public[usize::from(at) % 64] ^= 1 << (how >> 3 & 7);
    }
    let (ring, batch) = (ring_key(&public), BatchVerifier::new(&public, 0));
    assert_eq!(ring.is_some(), batch.is_some(), "key {public:02x?}");
    if let (Some(ring), Some(batch)) = (ring, batch) {
        judge(&ring, &batch, cases);
    }
}

fn judge(ring: &PublicKey, batch: &BatchVerifier, cases: &[(Vec<u8>, Vec<u8>)]) {
    let item = |(message, signature): &'_ (Vec<u8>, Vec<u8>)| (sha256(&[message]), signature.clone());
    let digested: Vec<([u8; 32], Vec<u8>)> = cases.iter().map(item).collect();
    let items: Vec<Item<'_>> = digested.iter().map(|(digest, signature)| Item { digest: *digest, signature }).collect();
    let mut valid = Vec::new();
    batch.verify(&items, &mut Scratch::default(), &mut valid);
    for ((message, signature), valid) in cases.iter().zip(valid) {
        let expected = ring.verify(message, signature);
        assert_eq!(valid, expected, "message {message:02x?}, signature {signature:02x?}, key {ring:02x?}");
    }
}

/// A message and a signature made from four octets: what is done, to which signature, where, with what.
fn damaged(key: &Signed, case: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let [how, which, at, with] = *case else { unreachable!("chunks of {CASE_LEN}") };
    let message = which % MESSAGES;
    let mut signature = key.signatures[usize::from(message)].to_vec();
    let place = usize::from(at) % 64;
    match how % 12 {
        0 => {}
        1 => signature[place] ^= 1 << (with & 7),
        2 => signature[place] = with,
        3 => return (vec![message, with], signature),
        4 => signature[..32].copy_from_slice(&edge(with)),
        5 => signature[32..].copy_from_slice(&edge(with)),
        6 => {
            signature[..32].copy_from_slice(&edge(at));
            signature[32..].copy_from_slice(&edge(with));
        }
        // As valid as before: ECDSA has no way to tell s from n - s.
        7 => negate(&mut signature[32..]),
        8 => negate(&mut signature[..32]),
        9 => signature.rotate_left(32),
        10 => signature.truncate(place),
        _ => signature.extend(std::iter::repeat_n(with, 1 + place)),
    }
    (vec![message], signature)
}

/// Numbers around those where something changes.
fn edge(index: u8) -> [u8; 32] {
    let around = match index >> 4 & 3 {
        0 => return number(index & 15),
        1 => N,
        2 => P,
        _ => return [0xff; 32],
    };
    let mut value = difference(&around, &number(8));
    for _ in 0..index & 15 {
        value = successor(value);
    }
    value
}

/// n - half, in place; of a number that is no smaller than n, what is left.
fn negate(half: &mut [u8]) {
    let value = <[u8; 32]>::try_from(&*half).expect("half of 64");
    half.copy_from_slice(&difference(&N, &value));
}

const fn number(value: u8) -> [u8; 32] {
    let mut octets = [0; 32];
    octets[31] = value;
    octets
}

/// One more, modulo 2^256.
fn successor(mut value: [u8; 32]) -> [u8; 32] {
    for octet in value.iter_mut().rev() {
        *octet = octet.wrapping_add(1);
        if *octet != 0 {
            break;
        }
    }
    value
}

/// a - b modulo 2^256.
fn difference(a: &[u8; 32], b: &[u8; 32]) -> [u8; 32] {
    let mut out = [0; 32];
    let mut borrow = false;
    for at in (0..32).rev() {
        let (once, first) = a[at].overflowing_sub(b[at]);
        let (twice, second) = once.overflowing_sub(u8::from(borrow));
        (out[at], borrow) = (twice, first || second);
    }
    out
}

fn ring_key(public: &[u8]) -> Option<PublicKey> {
    PublicKey::from_dnskey_with(Backend::Ring, Algorithm::ECDSAP256SHA256, public).ok()
}

const fn hex(digits: &[u8; 64]) -> [u8; 32] {
    const fn value(digit: u8) -> u8 {
        if digit.is_ascii_digit() { digit - b'0' } else { digit - b'a' + 10 }
    }
    let mut octets = [0; 32];
    let mut at = 0;
    while at < 32 {
        octets[at] = value(digits[2 * at]) << 4 | value(digits[2 * at + 1]);
        at += 1;
    }
    octets
}
