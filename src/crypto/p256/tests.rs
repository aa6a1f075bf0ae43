use super::*;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, UnparsedPublicKey};

/// A key pair from a private number, with the public point computed by our own arithmetic.
fn key_pair(private: u64) -> (EcdsaKeyPair, [u8; 64]) {
    let mut secret = [0; 32];
    secret[24..].copy_from_slice(&private.to_be_bytes());
    let table = Table::new(Affine::from_bytes(&point::G).unwrap(), 4);
    let mut scratch = Scratch::default();
    table.push_terms(&[private, 0, 0, 0], &mut scratch.points);
    scratch.starts = vec![0, scratch.points.len()];
    scratch.sum_points();
    let mut public = [4; 65];
    for (half, value) in public[1..].chunks_exact_mut(32).zip([scratch.points[0].x, scratch.points[0].y]) {
        for (chunk, limb) in half.chunks_exact_mut(8).zip(value.to_limbs().iter().rev()) {
            chunk.copy_from_slice(&limb.to_be_bytes());
        }
    }
    let rng = SystemRandom::new();
    let pair = EcdsaKeyPair::from_private_key_and_public_key(&ECDSA_P256_SHA256_FIXED_SIGNING, &secret, &public, &rng)
        .expect("ring computes the same public point");
    (pair, public[1..].try_into().unwrap())
}

fn digest(message: &[u8]) -> [u8; 32] {
    ring::digest::digest(&ring::digest::SHA256, message).as_ref().try_into().unwrap()
}

/// ring computes the same public points; what it signs is valid here, for keys whose tables equal those of G
/// (equal points meet and are doubled) and for ordinary ones, with every window width.
#[test]
fn signatures_of_a_library_are_valid() {
    let rng = SystemRandom::new();
    for (private, expected_count) in [(1, 0), (2, 0), (3, 2_000), (0xdead_beef_1234_5678, 10_000), (7, 100_000)] {
        let (pair, public) = key_pair(private);
        let signed: Vec<([u8; 32], Vec<u8>)> = (0..300u32)
            .map(|n| (digest(&n.to_be_bytes()), pair.sign(&rng, &n.to_be_bytes()).unwrap().as_ref().to_vec()))
            .collect();
        let items: Vec<Item<'_>> =
            signed.iter().map(|(digest, sig)| Item { digest: *digest, signature: sig }).collect();
        let verifier = BatchVerifier::new(&public, expected_count).unwrap();
        let mut valid = Vec::new();
        verifier.verify(&items, &mut Scratch::default(), &mut valid);
        assert!(valid.iter().all(|&valid| valid), "private key {private}");
    }
}

/// One bit of the signature or of the digest changed, anywhere: never valid, and the neighbours stay valid.
#[test]
fn changed_signatures_are_not_valid() {
    let rng = SystemRandom::new();
    let (pair, public) = key_pair(0x1234_5678_9abc_def1);
    let good = digest(b"m");
    let signature = pair.sign(&rng, b"m").unwrap();
    let mut cases = Vec::new();
    for bit in 0..512 {
        let mut changed = signature.as_ref().to_vec();
        changed[bit / 8] ^= 1 << (bit % 8);
        cases.push((good, changed));
        cases.push((good, signature.as_ref().to_vec()));
    }
    for bit in 0..256 {
        let mut changed = good;
        changed[bit / 8] ^= 1 << (bit % 8);
        cases.push((changed, signature.as_ref().to_vec()));
        cases.push((good, signature.as_ref().to_vec()));
    }
    let items: Vec<Item<'_>> = cases.iter().map(|(digest, sig)| Item { digest: *digest, signature: sig }).collect();
    let mut valid = Vec::new();
    BatchVerifier::new(&public, 0).unwrap().verify(&items, &mut Scratch::default(), &mut valid);
    for (index, valid) in valid.into_iter().enumerate() {
        assert_eq!(valid, index % 2 == 1, "case {index}");
    }
}

/// r or s zero, n, n + 1 or all ones; wrong lengths; and digests of zero and n, where u1 is zero.
#[test]
fn numbers_at_the_edges() {
    let (_, public) = key_pair(5);
    let n: Vec<u8> = N.iter().rev().flat_map(|limb| limb.to_be_bytes()).collect();
    let mut n_plus_1 = n.clone();
    n_plus_1[31] += 1;
    let mut one = vec![0; 32];
    one[31] = 1;
    let edges = [vec![0; 32], one, n.clone(), n_plus_1, vec![0xff; 32]];
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, [&[4], &public[..]].concat());
    let verifier = BatchVerifier::new(&public, 0).unwrap();
    let (mut scratch, mut valid) = (Scratch::default(), Vec::new());
    for r in &edges {
        for s in &edges {
            let signature = [r.as_slice(), s.as_slice()].concat();
            assert!(key.verify(b"m", &signature).is_err());
            for digest in [digest(b"m"), [0; 32], n.clone().try_into().unwrap()] {
                verifier.verify(&[Item { digest, signature: &signature }], &mut scratch, &mut valid);
                assert_eq!(valid, [false], "{signature:02x?}");
            }
        }
    }
    for len in [0, 63, 65, 128] {
        verifier.verify(&[Item { digest: [1; 32], signature: &vec![1; len] }], &mut scratch, &mut valid);
        assert_eq!(valid, [false]);
    }
    verifier.verify(&[], &mut scratch, &mut valid);
    assert!(valid.is_empty());
}

/// The key -G with e = r: u1 G + u2 Q is infinity. Then e = -r: the sum is 2 u1 G, a doubling at the end.
#[test]
fn opposite_and_equal_points() {
    let g = Affine::from_bytes(&point::G).unwrap();
    let negative = g.negate_if(true);
    for (key, is_same) in [(negative, false), (g, true)] {
        let mut public = [0; 64];
        for (half, value) in public.chunks_exact_mut(32).zip([key.x, key.y]) {
            for (chunk, limb) in half.chunks_exact_mut(8).zip(value.to_limbs().iter().rev()) {
                chunk.copy_from_slice(&limb.to_be_bytes());
            }
        }
        let verifier = BatchVerifier::new(&public, 0).unwrap();
        let mut r = [0; 32];
        r[31] = 9;
        let signature = [r, r].concat();
        let item = Item { digest: r, signature: &signature };
        let mut scratch = Scratch::default();
        let mut valid = Vec::new();
        verifier.verify(&[item], &mut scratch, &mut valid);
        // u1 = u2 = 1: the sum is infinity for -G, and 2G for G, whose x is not 9.
        assert_eq!(valid, [false]);
        assert_eq!(scratch.live[0].is_infinite, !is_same);
    }
}

#[test]
fn keys_off_the_curve_are_refused() {
    assert!(BatchVerifier::new(&[0; 64], 0).is_none());
    assert!(BatchVerifier::new(&[0xff; 64], 0).is_none());
    assert!(BatchVerifier::new(&point::G[..63], 0).is_none());
    let mut changed = point::G;
    changed[63] ^= 1;
    assert!(BatchVerifier::new(&changed, 0).is_none());
}

/// Wycheproof's vectors for ECDSA P-256 with SHA-256 and signatures of r and s in full width: what they call valid is
/// valid here, what they call invalid is not.
#[test]
fn wycheproof() {
    use wycheproof::TestResult;
    use wycheproof::ecdsa::{TestName, TestSet};
    let set = TestSet::load(TestName::EcdsaSecp256r1Sha256P1363).unwrap();
    let (mut tried, mut scratch, mut valid) = (0, Scratch::default(), Vec::new());
    for group in set.test_groups {
        let verifier = BatchVerifier::new(&group.key.key[1..], 0).expect("the keys are points of the curve");
        for test in &group.tests {
            let digest = digest(&test.msg);
            verifier.verify(&[Item { digest, signature: &test.sig }], &mut scratch, &mut valid);
            assert_eq!(valid, [test.result == TestResult::Valid], "{} {}", test.tc_id, test.comment);
            tried += 1;
        }
    }
    assert!(tried > 200, "{tried}");
}
