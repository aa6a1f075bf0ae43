//! Signatures, key tags, DS digests and NSEC3 hashes against published values. Aim: our octets are those of the RFCs.
//! Method: the vectors in `tests/data/vectors`, and for RSA a second opinion by plain arithmetic.

use num_bigint::BigUint;
use std::collections::HashMap;
use zoneseal::base::{Algorithm, DigestType, NameBuf, text};
use zoneseal::crypto::digest::nsec3_hash;
use zoneseal::crypto::rsa::RsaPublic;
use zoneseal::crypto::{Backend, CryptoError, PrivateKey, PublicKey};
use zoneseal::keys::dnskey_rdata;
use zoneseal::keys::ds::{SyncRecords, ds_rdata};
use zoneseal::rdata::dnskey::key_tag;

fn read(name: &str) -> String {
    let path = format!("{}/tests/data/vectors/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The blocks of a file, split at lines with a first word; each a map from first words (colons dropped) to the rest.
fn blocks(content: &str, first: &str) -> Vec<HashMap<String, String>> {
    let mut blocks: Vec<HashMap<String, String>> = Vec::new();
    for line in content.lines().filter(|line| !line.starts_with('#')) {
        let Some((word, rest)) = line.split_once(' ') else { continue };
        if word == first {
            blocks.push(HashMap::new());
        }
        if let Some(block) = blocks.last_mut() {
            block.insert(word.trim_end_matches(':').into(), rest.into());
        }
    }
    assert!(!blocks.is_empty());
    blocks
}

#[track_caller]
fn base64(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    assert!(text::decode_base64(text.as_bytes(), &mut out), "{text}");
    out
}

#[track_caller]
fn hex(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    assert!(text::decode_hex(text.as_bytes(), &mut out), "{text}");
    out
}

/// `flags protocol algorithm base64` as RDATA, with its algorithm and public key field.
#[track_caller]
fn dnskey(fields: &str) -> (Vec<u8>, Algorithm, Vec<u8>) {
    let fields: Vec<_> = fields.split_whitespace().collect();
    let (algorithm, field) = (Algorithm(fields[2].parse().unwrap()), base64(&fields[3..].concat()));
    assert_eq!(fields[1], "3");
    (dnskey_rdata(fields[0].parse().unwrap(), algorithm, &field), algorithm, field)
}

/// `tag algorithm digest-type hex` as DS RDATA.
#[track_caller]
fn ds(fields: &str) -> (DigestType, Vec<u8>) {
    let fields: Vec<_> = fields.split_whitespace().collect();
    let number = |at: usize| fields[at].parse::<u8>().unwrap();
    let tag: u16 = fields[0].parse().unwrap();
    (DigestType(number(2)), [&tag.to_be_bytes()[..], &[number(1), number(2)], &hex(&fields[3..].concat())].concat())
}

#[track_caller]
fn assert_ds(zone: &str, dnskey_rdata: &[u8], fields: &str) {
    let zone: NameBuf = zone.parse().unwrap();
    let (digest_type, expected) = ds(fields);
    assert_eq!(ds_rdata(digest_type, zone.as_name(), dnskey_rdata), Some(expected), "{fields}");
}

#[test]
fn rfc4034_rfc4509_key_tags_and_ds() {
    let content = read("rfc4034-keytag-ds.txt");
    let line = |word: &str| content.lines().find_map(|line| line.strip_prefix(word)).unwrap();
    let (rdata, algorithm, field) = dnskey(line("dnskey "));
    assert_eq!(key_tag(&rdata).to_string(), line("keytag "));
    // The owner's case does not count.
    for owner in ["dskey.example.com.", "DSkey.EXAMPLE.com."] {
        for fields in
            content.lines().filter_map(|line| line.strip_prefix("ds ").or_else(|| line.strip_prefix("ds-derived ")))
        {
            assert_ds(owner, &rdata, fields);
        }
    }
    let mut seen = 0;
    for row in content.lines().filter(|line| line.starts_with(|first: char| first.is_ascii_digit())) {
        let fields: Vec<_> = row.split('\t').collect();
        let rdata = dnskey_rdata(fields[0].parse().unwrap(), algorithm, &field);
        assert_eq!(key_tag(&rdata).to_string(), fields[1], "{row}");
        seen += 1;
    }
    assert_eq!(seen, 4);
}

#[test]
fn root_ksk_tags_and_ds() {
    let content = read("root-ksk-keytag-ds.txt");
    let lines: Vec<_> = content.lines().filter(|line| !line.starts_with('#')).collect();
    for pair in lines.chunks(2) {
        let (rdata, algorithm, field) = dnskey(pair[0].strip_prefix(". IN DNSKEY ").unwrap());
        let fields = pair[1].strip_prefix(". IN DS ").unwrap();
        assert_eq!(Some(key_tag(&rdata).to_string().as_str()), fields.split(' ').next());
        assert_ds(".", &rdata, fields);
        assert!(PublicKey::from_dnskey(algorithm, &field).is_ok());
    }
}

/// EMSA-PKCS1-v1_5 with SHA-256 or SHA-512 (RFC 8017 section 9.2), the DigestInfo prefixes as printed there.
fn emsa(algorithm: Algorithm, message: &[u8], len: usize) -> Vec<u8> {
    let (prefix, digest) = match algorithm {
        Algorithm::RSASHA256 => ("3031300d060960864801650304020105000420", &ring::digest::SHA256),
        _ => ("3051300d060960864801650304020305000440", &ring::digest::SHA512),
    };
    let tail = [hex(prefix), ring::digest::digest(digest, message).as_ref().to_vec()].concat();
    let mut out = vec![0, 1];
    out.resize(len - tail.len() - 1, 0xff);
    out.push(0);
    out.extend(tail);
    out
}

/// The key of 512 bits, smaller than libraries take, and the one of 1024; plain arithmetic agrees on both.
#[test]
fn rfc5702_rsa() {
    for block in blocks(&read("rfc5702-rsa.txt"), "algorithm") {
        let (rdata, algorithm, field) = dnskey(&block["dnskey"]);
        assert_eq!(key_tag(&rdata).to_string(), block["keytag"]);
        let (message, signature) = (hex(&block["signed-data-hex"]), base64(&block["sig"]));
        let number = |octets: &[u8]| BigUint::from_bytes_be(octets);
        let public = RsaPublic::parse(&field).unwrap();
        assert_eq!(public.modulus, base64(&block["Modulus"]));
        let (n, e) = (number(public.modulus), number(public.exponent));
        let encoded = emsa(algorithm, &message, signature.len());
        assert_eq!(number(&signature).modpow(&e, &n), number(&encoded), "the signature verifies");
        let d = number(&base64(&block["PrivateExponent"]));
        assert_eq!(number(&encoded).modpow(&d, &n), number(&signature), "re-signing gives the same octets");

        assert_verifies(algorithm, &field, &message, &signature);
    }
}

/// The signature verifies in either library, and ceases to when any one of its octets, or the message, changes.
#[track_caller]
fn assert_verifies(algorithm: Algorithm, public_field: &[u8], message: &[u8], signature: &[u8]) {
    for backend in [Backend::Ring, Backend::AwsLc] {
        let key = PublicKey::from_dnskey_with(backend, algorithm, public_field).unwrap();
        assert_key_verifies(&key, message, signature);
    }
}

#[track_caller]
fn assert_key_verifies(key: &PublicKey, message: &[u8], signature: &[u8]) {
    assert!(key.verify(message, signature));
    for at in 0..signature.len() {
        let mut broken = signature.to_vec();
        broken[at] ^= 1;
        assert!(!key.verify(message, &broken), "octet {at}");
    }
    assert!(!key.verify(&[message, b"x"].concat(), signature));
    assert!(!key.verify(message, &signature[1..]));
    assert!(!key.verify(message, &[signature, &[0]].concat()));
    assert!(!key.verify(message, b""));
}

/// RFC 6605 signatures verify, and so do the deterministic ones of RFC 6979; the private key gives the DNSKEY.
#[test]
fn rfc6605_ecdsa() {
    for block in blocks(&read("rfc6605-ecdsa.txt"), "algorithm") {
        let (rdata, algorithm, field) = dnskey(&block["dnskey"]);
        assert_eq!(key_tag(&rdata).to_string(), block["keytag"]);
        assert_ds("example.net.", &rdata, &block["ds"]);
        let message = hex(&block["signed-data-hex"]);
        for signature in ["sig", "sig-rfc6979"] {
            assert_verifies(algorithm, &field, &message, &base64(&block[signature]));
        }
        let private = PrivateKey::from_octets(algorithm, &base64(&block["private-base64"])).unwrap();
        assert_eq!(private.public_field().unwrap(), field);
        let signer = private.open(&field).unwrap();
        assert!(!signer.is_deterministic());
        let mut signature = b"before".to_vec();
        signer.sign(&message, &mut signature).unwrap();
        assert_eq!(signature.len(), 6 + signer.signature_len());
        assert_verifies(algorithm, &field, &message, &signature[6..]);
    }
}

/// EdDSA is deterministic: signing gives the corrected signatures (Labels 2), octet for octet, for Ed448 too.
#[test]
fn rfc8080_eddsa() {
    let mut algorithms = Vec::new();
    for block in blocks(&read("rfc8080-eddsa.txt"), "algorithm") {
        let (rdata, algorithm, field) = dnskey(&block["dnskey"]);
        if algorithm == Algorithm::ED448 && !cfg!(feature = "ed448") {
            continue;
        }
        algorithms.push(algorithm.0);
        assert_eq!(key_tag(&rdata).to_string(), block["keytag"]);
        assert_ds("example.com.", &rdata, &block["ds"]);
        let message = hex(&block["signed-data-labels2-hex"]);
        let expected = base64(&block["sig-labels2"]);
        assert_verifies(algorithm, &field, &message, &expected);
        let private = PrivateKey::from_octets(algorithm, &base64(&block["private-base64"])).unwrap();
        assert_eq!(private.public_field().unwrap(), field);
        let signer = private.open(&field).unwrap();
        assert!(signer.is_deterministic());
        let mut signature = Vec::new();
        signer.sign(&message, &mut signature).unwrap();
        assert_eq!(signature, expected);
        assert_eq!(signature.len(), signer.signature_len());
    }
    assert!(algorithms.starts_with(&[15, 15]));
}

/// RFC 8032 section 7.4, "Blank" and "1 octet": the empty message, and what the library's own curve code makes of it.
#[cfg(feature = "ed448")]
#[test]
fn rfc8032_ed448() {
    for (seed, public, message, signature) in [
        (
            "6c82a562cb808d10d632be89c8513ebf6c929f34ddfa8c9f63c9960ef6e348a3528c8a3fcc2f044e39a3fc5b94492f8f032e7549a20098f95b",
            "5fd7449b59b461fd2ce787ec616ad46a1da1342485a70e1f8a0ea75d80e96778edf124769b46c7061bd6783df1e50f6cd1fa1abeafe8256180",
            "",
            "533a37f6bbe457251f023c0d88f976ae2dfb504a843e34d2074fd823d41a591f2b233f034f628281f2fd7a22ddd47d7828c59bd0a21bfd3980ff0d2028d4b18a9df63e006c5d1c2d345b925d8dc00b4104852db99ac5c7cdda8530a113a0f4dbb61149f05a7363268c71d95808ff2e652600",
        ),
        (
            "c4eab05d357007c632f3dbb48489924d552b08fe0c353a0d4a1f00acda2c463afbea67c5e8d2877c5e3bc397a659949ef8021e954e0a12274e",
            "43ba28f430cdff456ae531545f7ecd0ac834a55d9358c0372bfa0c6c6798c0866aea01eb00742802b8438ea4cb82169c235160627b4c3a9480",
            "03",
            "26b8f91727bd62897af15e41eb43c377efb9c610d48f2335cb0bd0087810f4352541b143c4b981b7e18f62de8ccdf633fc1bf037ab7cd779805e0dbcc0aae1cbcee1afb2e027df36bc04dcecbf154336c19f0af7e0a6472905e799f1953d2a0ff3348ab21aa4adafd1d234441cf807c03a00",
        ),
    ] {
        let (public, message, expected) = (hex(public), hex(message), hex(signature));
        let private = PrivateKey::from_octets(Algorithm::ED448, &hex(seed)).unwrap();
        assert_eq!(private.public_field().unwrap(), public);
        let mut signature = Vec::new();
        private.open(&public).unwrap().sign(&message, &mut signature).unwrap();
        assert_eq!(signature, expected);
        assert_verifies(Algorithm::ED448, &public, &message, &signature);
    }
}

/// Public keys from the private ones, and the printed signatures.
#[test]
fn rfc6979_public_keys() {
    let content = read("rfc6979-p256-p384.txt");
    for curve in content.split("\ncurve ").skip(1) {
        let algorithm =
            if curve.starts_with("NIST256p") { Algorithm::ECDSAP256SHA256 } else { Algorithm::ECDSAP384SHA384 };
        let value = |name: &str| curve.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        let public = [hex(value("Ux ")), hex(value("Uy "))].concat();
        let private = PrivateKey::from_octets(algorithm, &hex(value("x "))).unwrap();
        assert_eq!(private.public_field().unwrap(), public);
        for message in curve.split("\nmsg ").skip(1) {
            let value = |name: &str| message.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            let text = message.lines().next().unwrap();
            assert_verifies(algorithm, &public, text.as_bytes(), &[hex(value("r ")), hex(value("s "))].concat());
        }
    }
}

#[test]
fn rfc8078_delete() {
    let content = read("rfc8078-delete.txt");
    let rdata = |rtype: &str| {
        let line = content.lines().find(|line| line.starts_with(rtype)).unwrap();
        vec![hex(line.split("rdata-hex ").nth(1).unwrap())]
    };
    assert_eq!(SyncRecords::delete(), SyncRecords { cds: rdata("CDS "), cdnskey: rdata("CDNSKEY ") });
}

#[test]
fn rfc5155_nsec3_hashes() {
    let content = read("nsec3-hashes.tsv");
    let mut seen = 0;
    for row in content.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let fields: Vec<_> = row.split('\t').collect();
        let name: NameBuf = fields[0].parse().unwrap();
        let mut wire = Vec::new();
        name.as_name().push_canonical(&mut wire);
        let salt = if fields[1] == "-" { Vec::new() } else { hex(fields[1]) };
        let mut out = Vec::new();
        text::push_base32hex(&nsec3_hash(&wire, fields[2].parse().unwrap(), &salt), &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), fields[3], "{row}");
        seen += 1;
    }
    assert!(seen > 40);
}

/// Keys that are made sign, verify, and are each other's halves no more when mixed.
#[test]
fn made_keys_sign_and_verify() {
    for algorithm in [8, 10, 13, 14, 15, 16].map(Algorithm) {
        if algorithm == Algorithm::ED448 && !cfg!(feature = "ed448") {
            continue;
        }
        let (one, other) =
            (PrivateKey::generate(algorithm, None).unwrap(), PrivateKey::generate(algorithm, None).unwrap());
        let (field, other_field) = (one.public_field().unwrap(), other.public_field().unwrap());
        let signer = one.open(&field).unwrap();
        let mut signature = Vec::new();
        signer.sign(b"message", &mut signature).unwrap();
        assert_eq!(signature.len(), signer.signature_len());
        assert_verifies(algorithm, &field, b"message", &signature);
        assert!(!PublicKey::from_dnskey(algorithm, &other_field).unwrap().verify(b"message", &signature));
        assert_eq!(one.open(&other_field).unwrap_err(), CryptoError::HalvesDiffer(algorithm));
        let mut again = Vec::new();
        signer.sign(b"message", &mut again).unwrap();
        assert_eq!(signature == again, signer.is_deterministic(), "{algorithm}");
    }
}

#[test]
fn refused_keys_and_sizes() {
    for (algorithm, bits) in [(8, 1024), (8, 2049), (10, 8192), (13, 384), (15, 1)] {
        let algorithm = Algorithm(algorithm);
        assert_eq!(PrivateKey::generate(algorithm, Some(bits)).unwrap_err(), CryptoError::BadKeySize(algorithm, bits));
    }
    assert_eq!(PrivateKey::generate(Algorithm(7), None).unwrap_err(), CryptoError::VerifyOnly(Algorithm(7)));
    for number in [0, 1, 3, 6, 12, 17, 253] {
        let algorithm = Algorithm(number);
        assert!(matches!(PublicKey::from_dnskey(algorithm, &[0; 64]), Err(CryptoError::Refused(..))), "{number}");
        assert!(matches!(PrivateKey::generate(algorithm, None), Err(CryptoError::Refused(..))), "{number}");
    }
    // ENC-1, ENC-2, ENC-4: each wrong in one way.
    let odd_modulus = [&[0xff][..], &[1; 127]].concat();
    for (algorithm, field) in [
        (13, vec![1; 63]),
        (13, vec![1; 64]),
        (14, vec![1; 64]),
        (14, vec![1; 96]),
        (15, vec![1; 31]),
        (8, vec![]),
        (8, vec![3, 1, 0]),
        (8, [&[1, 1][..], &odd_modulus].concat()),
        (8, [&[1, 4][..], &odd_modulus].concat()),
        (8, [&[1, 3][..], &odd_modulus[..127], &[2]].concat()),
        (8, [&[1, 3][..], &[1; 513]].concat()),
    ] {
        let result = PublicKey::from_dnskey(Algorithm(algorithm), &field);
        assert!(matches!(result, Err(CryptoError::BadPublicKey(..))), "{algorithm} {field:?}: {result:?}");
    }
    // Legal, but beyond the library: an exponent of 34 bits, and one with the long form of its length.
    for field in [[&[5, 2, 0, 0, 0, 1][..], &odd_modulus].concat(), [&[0, 1, 0][..], &[1; 256], &odd_modulus].concat()]
    {
        assert!(matches!(PublicKey::from_dnskey(Algorithm(8), &field), Err(CryptoError::Unsupported(..))));
    }
    // 33 bits are taken, and so is 3.
    for field in [[&[5, 1, 0, 0, 0, 1][..], &odd_modulus].concat(), [&[1, 3][..], &odd_modulus].concat()] {
        assert!(PublicKey::from_dnskey(Algorithm(8), &field).is_ok());
    }
}
