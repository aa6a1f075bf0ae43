//! The batch verifier and ring over the same signatures: what both fuzz targets of it have in common.

use zoneseal::base::Algorithm;
use zoneseal::crypto::PublicKey;
use zoneseal::crypto::bulk::{BatchVerifier, Item, MessageDigest, Scratch};

/// A message and its signature.
pub type Case = (Vec<u8>, Vec<u8>);

/// Asserts that both say the same of each case.
pub fn judge(algorithm: Algorithm, public: &[u8], ring: &PublicKey, batch: &BatchVerifier, cases: &[Case]) {
    let digest = |(message, signature): &Case| MessageDigest::of(algorithm, public, message, signature);
    let digests: Vec<_> = cases.iter().map(digest).collect();
    let items = digests.iter().zip(cases);
    let items: Vec<_> = items.map(|(digest, (_, signature))| Item { digest: digest.octets(), signature }).collect();
    let mut valid = Vec::new();
    batch.verify(&items, &mut Scratch::default(), &mut valid);
    for ((message, signature), valid) in cases.iter().zip(valid) {
        let expected = ring.verify(message, signature);
        assert_eq!(valid, expected, "message {message:02x?}, signature {signature:02x?}, key {public:02x?}");
    }
}
