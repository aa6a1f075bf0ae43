//! The batch verifier against ring: bytes become Ed25519 signatures, whole and damaged, and both must say the same of each.

use super::bulk::{Case, judge};
use std::sync::LazyLock;
use zoneseal::base::Algorithm;
use zoneseal::crypto::bulk::BatchVerifier;
use zoneseal::crypto::{Backend, PrivateKey, PublicKey};

/// How many messages each key has signed.
const MESSAGES: u8 = 8;
/// Octets of input that make one signature.
const CASE_LEN: usize = 4;

/// A key, both its verifiers, and what it has signed.
struct Signed {
    public: Vec<u8>,
    ring: PublicKey,
    batch: BatchVerifier,
    signatures: Vec<Vec<u8>>,
}

/// With tables of several widths.
static KEYS: LazyLock<Vec<Signed>> = LazyLock::new(|| {
    let keys = [(1, 0), (2, 2_000), (3, 10_000), (4, 100_000)];
    keys.map(|(seed, expected_count)| sign_all(seed, expected_count)).into()
});

/// Numbers where something changes, least significant octet first.
static EDGES: LazyLock<Vec<[u8; 32]>> = LazyLock::new(|| {
    let filled = |low: &[u8], between: u8, last: u8| {
        let mut octets = [between; 32];
        octets[..low.len()].copy_from_slice(low);
        octets[31] = last;
        octets
    };
    // The order of B, its neighbours, 2^252, and the prime and its neighbours.
    const ORDER: [u8; 16] =
        [0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14];
    let around = |low: u8| filled(&[&[low], &ORDER[1..]].concat(), 0, 0x10);
    let mut edges = vec![around(0xec), around(0xed), around(0xee), filled(&[], 0, 0x10)];
    edges.extend([0xec, 0xed, 0xee, 0xff].map(|low| filled(&[low], 0xff, 0x7f)));
    edges.extend([(0, 0), (1, 0), (2, 0), (1, 0x80), (0, 0x80)].map(|(low, last)| filled(&[low], 0, last)));
    edges.push([0xff; 32]);
    edges
});

fn sign_all(seed: u8, expected_count: usize) -> Signed {
    let key = PrivateKey::from_octets(Algorithm::ED25519, &[seed; 32]).expect("any octets are a key");
    let public = key.public_field().expect("every private key has a point");
    let signer = key.open_with(Backend::Ring, &public).expect("ring takes it");
    let sign = |message: u8| {
        let mut signature = Vec::new();
        signer.sign(&[message], &mut signature).expect("ring signs");
        signature
    };
    Signed {
        ring: ring_key(&public).expect("ring takes the key"),
        batch: BatchVerifier::new(Algorithm::ED25519, &public, expected_count).expect("it is on the curve"),
        signatures: (0..MESSAGES).map(sign).collect(),
        public,
    }
}

fn ring_key(public: &[u8]) -> Option<PublicKey> {
    PublicKey::from_dnskey_with(Backend::Ring, Algorithm::ED25519, public).ok()
}

/// Takes the first octet for a key and every four after it for a signature, and has both judge.
pub fn agrees(data: &[u8]) {
    let Some((&first, cases)) = data.split_first() else { return };
    let key = &KEYS[usize::from(first) % KEYS.len()];
    let cases: Vec<Case> = cases.chunks_exact(CASE_LEN).map(|case| damaged(key, case)).collect();
    judge(Algorithm::ED25519, &key.public, &key.ring, &key.batch, &cases);
    if first >= 0x80 {
        other_key(key, first, data.get(1).copied().unwrap_or_default(), &cases);
    }
}

/// The same signatures by a key that is another point, an odd one, or none at all.
fn other_key(key: &Signed, how: u8, at: u8, cases: &[Case]) {
    let mut public = key.public.clone();
    match how >> 4 & 3 {
        0 => public[31] ^= 0x80,
        1 => public = EDGES[usize::from(at) % EDGES.len()].to_vec(),
        2 => public.truncate(usize::from(at) % 32),
        _ => public[usize::from(at) % 32] ^= 1 << (how >> 1 & 7),
    }
    let batch = BatchVerifier::new(Algorithm::ED25519, &public, 0);
    // Points that can be written in two ways are left to the library.
    if let Some(batch) = batch {
        let ring = ring_key(&public).expect("ring takes every point");
        judge(Algorithm::ED25519, &public, &ring, &batch, cases);
    }
}

/// A message and a signature made from four octets: what is done, to which signature, where, with what.
fn damaged(key: &Signed, case: &[u8]) -> Case {
    let [how, which, at, with] = *case else { unreachable!("chunks of {CASE_LEN}") };
    let message = which % MESSAGES;
    let mut signature = key.signatures[usize::from(message)].clone();
    let place = usize::from(at) % signature.len();
    let edge = |index: u8| &EDGES[usize::from(index) % EDGES.len()];
    match how % 9 {
        0 => {}
        1 => signature[place] ^= 1 << (with & 7),
        2 => signature[place] = with,
        3 => return (vec![message, with], signature),
        4 => signature[..32].copy_from_slice(edge(with)),
        5 => signature[32..].copy_from_slice(edge(with)),
        6 => {
            signature[..32].copy_from_slice(edge(at));
            signature[32..].copy_from_slice(edge(with));
        }
        7 => signature.truncate(place),
        _ => signature.extend(std::iter::repeat_n(with, 1 + place)),
    }
    (vec![message], signature)
}
