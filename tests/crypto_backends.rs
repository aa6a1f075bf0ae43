//! The two libraries against each other. Aim: whichever of them a run takes, the zone is the same. Method: keys of every
//! algorithm, opened in both; what one signs the other verifies, and both refuse what is wrong.

use std::fs;
use zoneseal::base::{Algorithm, text};
use zoneseal::crypto::{Backend, CryptoError, Library, Pkcs8Key, PrivateKey, PublicKey, RsaParts, Signer};
use zoneseal::keys::private_file::PrivateFile;
use zoneseal::keys::public_file::PublicFile;

const BOTH: [Backend; 2] = [Backend::Ring, Backend::AwsLc];
const SIGNING: [u8; 5] = [8, 10, 13, 14, 15];

const fn library(backend: Backend) -> Library {
    match backend {
        Backend::Ring => Library::Ring,
        _ => Library::AwsLc,
    }
}

fn sign(signer: &dyn Signer, message: &[u8]) -> Vec<u8> {
    let mut out = b"kept".to_vec();
    signer.sign(message, &mut out).unwrap();
    assert_eq!(out.len(), 4 + signer.signature_len());
    assert!(out.starts_with(b"kept"));
    out.split_off(4)
}

/// Messages of lengths about the block sizes of the hashes, and a large one.
fn messages() -> Vec<Vec<u8>> {
    let lens = [0, 1, 55, 56, 63, 64, 65, 111, 112, 127, 128, 129, 4096, 65_535];
    lens.iter().map(|&len| (0..len).map(|at: usize| (at * 7 + len) as u8).collect()).collect()
}

/// A key made by the library's own generator, with its public key field.
fn made(algorithm: u8) -> (PrivateKey, Vec<u8>) {
    let key = PrivateKey::generate(Algorithm(algorithm), None).unwrap();
    let field = key.public_field().unwrap();
    (key, field)
}

/// The RSA key of a PEM file.
fn rsa_of_pem(name: &str) -> RsaParts {
    let path = format!("{}/tests/data/keys/openssl/{name}", env!("CARGO_MANIFEST_DIR"));
    let content = fs::read_to_string(path).unwrap();
    let base64: String = content.lines().filter(|line| !line.starts_with("-----")).collect();
    let mut der = Vec::new();
    assert!(text::decode_base64(base64.as_bytes(), &mut der));
    match Pkcs8Key::from_der(&der).unwrap() {
        Pkcs8Key::Rsa(parts) => parts,
        Pkcs8Key::Other(key) => panic!("{key:?}"),
    }
}

#[track_caller]
fn check_signature(public: &PublicKey, message: &[u8], signature: &[u8]) {
    assert!(public.verify(message, signature), "{public:?}");
    let mut broken = signature.to_vec();
    for at in (0..broken.len()).step_by(broken.len() / 8) {
        broken[at] ^= 0x10;
        assert!(!public.verify(message, &broken), "octet {at}: {public:?}");
        broken[at] ^= 0x10;
    }
    assert!(!public.verify(&[message, b"."].concat(), signature));
    assert!(!public.verify(message, &signature[..signature.len() - 1]));
    assert!(!public.verify(message, &[&[0], signature].concat()));
    assert!(!public.verify(message, b""));
}

/// Both directions and each with itself; deterministic algorithms give the same octets.
#[track_caller]
fn check_pair(key: &PrivateKey, field: &[u8]) {
    let signers = BOTH.map(|backend| key.open_with(backend, field).unwrap());
    let publics = BOTH.map(|backend| PublicKey::from_dnskey_with(backend, key.algorithm(), field).unwrap());
    for (at, backend) in BOTH.into_iter().enumerate() {
        assert_eq!((signers[at].library(), publics[at].library()), (library(backend), library(backend)));
    }
    for message in messages() {
        let signatures = signers.each_ref().map(|signer| sign(signer.as_ref(), &message));
        for signature in &signatures {
            publics.iter().for_each(|public| check_signature(public, &message, signature));
        }
        assert_eq!(signatures[0] == signatures[1], signers[0].is_deterministic(), "{}", key.algorithm());
    }
    assert_eq!(signers[0].is_deterministic(), signers[1].is_deterministic());
    assert_eq!(signers[0].signature_len(), signers[1].signature_len());
}

#[test]
fn what_one_signs_the_other_verifies() {
    for algorithm in SIGNING {
        let (key, field) = made(algorithm);
        check_pair(&key, &field);
    }
}

/// Keys of other makers, RSA of 3072 bits among them, and P-256 scalars with leading zeros.
#[test]
fn other_makers_keys() {
    let (key, _) = made(8);
    let parts = key.rsa_parts().unwrap();
    // Leading zeros, as some writers leave them before a high bit.
    let zero = |octets: &[u8]| [&[0], octets].concat();
    let padded = RsaParts {
        modulus: zero(&parts.modulus),
        public_exponent: zero(&parts.public_exponent),
        private_exponent: zero(&parts.private_exponent).into(),
        prime1: zero(&parts.prime1).into(),
        prime2: zero(&parts.prime2).into(),
        exponent1: zero(&parts.exponent1).into(),
        exponent2: zero(&parts.exponent2).into(),
        coefficient: zero(&parts.coefficient).into(),
    };
    let padded = PrivateKey::from_rsa(Algorithm(8), padded).unwrap();
    check_pair(&padded, &padded.public_field().unwrap());

    for algorithm in [13, 14] {
        let small = PrivateKey::from_octets(Algorithm(algorithm), &[0, 1, 2]).unwrap();
        check_pair(&small, &small.public_field().unwrap());
    }

    let directory = format!("{}/tests/data/keys/bind", env!("CARGO_MANIFEST_DIR"));
    let mut seen = 0;
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "private") {
            continue;
        }
        let private = PrivateFile::parse(&path, &fs::read(&path).unwrap()).unwrap();
        let public_path = path.with_extension("key");
        let public = PublicFile::parse(&public_path, &fs::read(&public_path).unwrap()).unwrap();
        if SIGNING.contains(&private.key.algorithm().0) && !public_path.to_string_lossy().contains("Ksmall") {
            check_pair(&private.key, &public.dnskey_rdata[4..]);
            seen += 1;
        }
    }
    assert!(seen > 10);
}

/// Algorithm 16 has one library whatever is asked for.
#[cfg(feature = "ed448")]
#[test]
fn ed448_keeps_its_library() {
    let (key, field) = made(16);
    for backend in [Backend::Auto, Backend::Ring, Backend::AwsLc] {
        let signer = key.open_with(backend, &field).unwrap();
        let public = PublicKey::from_dnskey_with(backend, Algorithm::ED448, &field).unwrap();
        assert_eq!((signer.library(), public.library()), (Library::Ed448, Library::Ed448));
        check_signature(&public, b"message", &sign(signer.as_ref(), b"message"));
    }
}

/// Exponent 3 and primes of 1280 bits: legal, but not for ring; `auto` gets by, and both verify.
#[test]
fn keys_that_only_aws_lc_signs_with() {
    for (name, exponent) in [("rsa2048-e3.pem", &[3][..]), ("rsa2560.pem", &[1, 0, 1])] {
        for algorithm in [8, 10].map(Algorithm) {
            let key = PrivateKey::from_rsa(algorithm, rsa_of_pem(name)).unwrap();
            assert!(key.rsa_parts().unwrap().public_exponent.ends_with(exponent));
            let field = key.public_field().unwrap();
            let refusal = key.open_with(Backend::Ring, &field).unwrap_err();
            assert!(matches!(refusal, CryptoError::Unsupported(..)), "{refusal}");
            assert!(refusal.to_string().contains("ring"), "{refusal}");
            let signers = [Backend::Auto, Backend::AwsLc].map(|backend| key.open_with(backend, &field).unwrap());
            for backend in BOTH {
                let public = PublicKey::from_dnskey_with(backend, algorithm, &field).unwrap();
                for signer in &signers {
                    check_signature(&public, b"message", &sign(signer.as_ref(), b"message"));
                }
            }
        }
    }
}

/// aws-lc would sign with more than 4096 bits; DNSSEC does not know such keys (RFC 3110 section 2).
#[test]
fn longer_than_dnssec_allows() {
    let key = PrivateKey::from_rsa(Algorithm(8), rsa_of_pem("rsa4104.pem")).unwrap();
    let field = key.public_field().unwrap();
    for backend in [Backend::Auto, Backend::Ring, Backend::AwsLc] {
        for error in [
            key.open_with(backend, &field).map(drop).unwrap_err(),
            PublicKey::from_dnskey_with(backend, Algorithm(8), &field).map(drop).unwrap_err(),
        ] {
            assert!(matches!(error, CryptoError::BadPublicKey(..)), "{error}");
            assert!(error.to_string().contains("4096 bits (RFC 3110 section 2)"), "{error}");
        }
    }
}

/// Halves of different keys, and signatures of another key.
#[test]
fn halves_that_differ() {
    for algorithm in SIGNING {
        let ((key, field), (_, other)) = (made(algorithm), made(algorithm));
        for backend in BOTH {
            let error = key.open_with(backend, &other).unwrap_err();
            assert_eq!(error, CryptoError::HalvesDiffer(Algorithm(algorithm)));
            let signature = sign(key.open_with(backend, &field).unwrap().as_ref(), b"message");
            for public in BOTH.map(|back| PublicKey::from_dnskey_with(back, Algorithm(algorithm), &other).unwrap()) {
                assert!(!public.verify(b"message", &signature));
            }
        }
    }
}

/// Each part of an RSA key damaged in turn.
#[test]
fn damaged_rsa_parts() {
    let (key, field) = made(8);
    let parts = key.rsa_parts().unwrap();
    let part = |parts: &mut RsaParts, at: usize| {
        let part: &mut Vec<u8> = match at {
            0 => &mut parts.private_exponent,
            1 => &mut parts.prime1,
            2 => &mut parts.prime2,
            3 => &mut parts.exponent1,
            4 => &mut parts.exponent2,
            _ => &mut parts.coefficient,
        };
        part[100] ^= 4;
    };
    for at in 0..6 {
        let mut damaged = parts.clone();
        part(&mut damaged, at);
        let damaged = PrivateKey::from_rsa(Algorithm(8), damaged).unwrap();
        for backend in [Backend::Auto, Backend::Ring, Backend::AwsLc] {
            let opened = damaged.open_with(backend, &field);
            // ring signs without the private exponent, so it cannot know (and its signatures are right).
            match (at, backend) {
                (0, Backend::Ring) => assert!(opened.is_ok_and(|signer| signer.library() == Library::Ring)),
                _ => assert!(matches!(opened.unwrap_err(), CryptoError::BadPrivateKey(..)), "part {at}, {backend:?}"),
            }
        }
    }
}

/// Public keys wrong in one way each, refused alike; an Ed25519 key that is no point verifies nothing.
#[test]
fn bad_public_keys() {
    let odd = [&[0xff][..], &[1; 127]].concat();
    for (algorithm, field) in [
        (13, vec![0; 64]),
        (13, vec![2; 65]),
        (14, vec![0; 96]),
        (14, vec![0xff; 96]),
        (15, vec![1; 33]),
        (15, vec![1; 44]),
        (8, vec![]),
        (8, [&[1, 1][..], &odd].concat()),
        (8, [&[1, 4][..], &odd].concat()),
        (10, [&[1, 3][..], &odd[..127], &[2]].concat()),
    ] {
        for backend in BOTH {
            let result = PublicKey::from_dnskey_with(backend, Algorithm(algorithm), &field);
            assert!(matches!(result, Err(CryptoError::BadPublicKey(..))), "{algorithm} {field:?}: {result:?}");
        }
    }
    for backend in BOTH {
        let small = PublicKey::from_dnskey_with(backend, Algorithm(8), &[&[1, 3][..], &odd[..63]].concat());
        assert!(matches!(small, Err(CryptoError::TooSmall(..))), "{small:?}");
        let long_exponent = [&[5, 2, 0, 0, 0, 1][..], &odd].concat();
        let long_exponent = PublicKey::from_dnskey_with(backend, Algorithm(8), &long_exponent);
        assert!(matches!(long_exponent, Err(CryptoError::Unsupported(..))), "{long_exponent:?}");
        // y = 2 has no x on the curve.
        let no_point = [&[2][..], &[0; 31]].concat();
        let no_point = PublicKey::from_dnskey_with(backend, Algorithm(15), &no_point);
        assert!(no_point.is_err() || no_point.is_ok_and(|key| !key.verify(b"message", &[0; 64])));
    }
}

/// Signatures whose numbers are out of range: zero, the group's order, and a good one with the order added.
#[test]
fn signatures_out_of_range() {
    let p256_order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    let mut order = Vec::new();
    assert!(text::decode_hex(p256_order.as_bytes(), &mut order));
    let (key, field) = made(13);
    let good = sign(key.open(&field).unwrap().as_ref(), b"message");
    for backend in BOTH {
        let public = PublicKey::from_dnskey_with(backend, Algorithm(13), &field).unwrap();
        assert!(public.verify(b"message", &good));
        for (r, s) in
            [(&[0; 32][..], &good[32..]), (&good[..32], &[0; 32]), (&order, &good[32..]), (&good[..32], &order)]
        {
            assert!(!public.verify(b"message", &[r, s].concat()));
        }
    }

    // S of Ed25519 must be below the order (RFC 8032 section 5.1.7), or one signature has many forms.
    let (key, field) = made(15);
    let good = sign(key.open(&field).unwrap().as_ref(), b"message");
    let mut order = Vec::new();
    assert!(text::decode_hex(b"edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010", &mut order));
    let mut carry = 0;
    let mut high = good.clone();
    for (octet, add) in high[32..].iter_mut().zip(&order) {
        let sum = u16::from(*octet) + u16::from(*add) + carry;
        *octet = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    for backend in BOTH {
        let public = PublicKey::from_dnskey_with(backend, Algorithm(15), &field).unwrap();
        assert!(public.verify(b"message", &good));
        assert!(!public.verify(b"message", &high));
    }
}
