//! PKCS#8 private keys (RFC 5208, RFC 5958): RSA, the NIST curves, Ed25519 and Ed448.
//!
//! A reader of its own, because no library here gives back the numbers of an RSA key, which key files hold.

use super::private_key::{PrivateKey, RsaParts};
use crate::base::Algorithm;
use std::fmt;
use zeroize::Zeroizing;

/// A key as PKCS#8 holds it: an RSA key does not say whether it is for algorithm 8 or 10.
#[derive(Debug)]
pub enum Pkcs8Key {
    /// RSA.
    Rsa(RsaParts),
    /// A key whose kind gives the DNSSEC algorithm.
    Other(PrivateKey),
}

/// Why octets are not a PKCS#8 key we know.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pkcs8Error {
    /// Not DER, or cut off; the text names the part.
    Malformed(&'static str),
    /// A kind of key without a DNSSEC algorithm here.
    UnknownKind,
    /// A key that the algorithm cannot have.
    BadKey(super::CryptoError),
}

impl fmt::Display for Pkcs8Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(part) => write!(f, "malformed PKCS#8: {part}"),
            Self::UnknownKind => f.write_str("PKCS#8 key of a kind other than RSA, P-256, P-384, Ed25519, Ed448"),
            Self::BadKey(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Pkcs8Error {}

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const OBJECT_ID: u8 = 0x06;

const OID_RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const OID_EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const OID_P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const OID_P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
const OID_ED25519: &[u8] = &[0x2b, 0x65, 0x70];
const OID_ED448: &[u8] = &[0x2b, 0x65, 0x71];

impl Pkcs8Key {
    /// Reads DER.
    ///
    /// # Errors
    /// See [`Pkcs8Error`].
    pub fn from_der(der: &[u8]) -> Result<Self, Pkcs8Error> {
        parse(der)
    }
}

pub(super) fn parse(der: &[u8]) -> Result<Pkcs8Key, Pkcs8Error> {
    let mut info = Der { rest: der }.take(SEQUENCE, "the outer sequence")?;
    info.take(INTEGER, "the version")?;
    let mut kind = info.take(SEQUENCE, "the algorithm")?;
    let key = info.take(OCTET_STRING, "the private key")?;
    let oid = kind.take(OBJECT_ID, "the algorithm's identifier")?.rest;
    let algorithm = match oid {
        OID_RSA => return rsa(key).map(Pkcs8Key::Rsa),
        OID_EC => match kind.take(OBJECT_ID, "the curve")?.rest {
            OID_P256 => Algorithm::ECDSAP256SHA256,
            OID_P384 => Algorithm::ECDSAP384SHA384,
            _ => return Err(Pkcs8Error::UnknownKind),
        },
        OID_ED25519 => Algorithm::ED25519,
        OID_ED448 => Algorithm::ED448,
        _ => return Err(Pkcs8Error::UnknownKind),
    };
    let octets = if oid == OID_EC { ec_scalar(key)? } else { { key }.take(OCTET_STRING, "the EdDSA seed")? };
    PrivateKey::from_octets(algorithm, octets.rest).map(Pkcs8Key::Other).map_err(Pkcs8Error::BadKey)
}

/// `ECPrivateKey` (RFC 5915): version, scalar, and parts we have no need of.
fn ec_scalar(mut key: Der<'_>) -> Result<Der<'_>, Pkcs8Error> {
    let mut fields = key.take(SEQUENCE, "the EC key")?;
    fields.take(INTEGER, "the EC key's version")?;
    fields.take(OCTET_STRING, "the EC key's number")
}

/// `RSAPrivateKey` (RFC 8017 appendix A.1.2): version and eight numbers.
fn rsa(mut key: Der<'_>) -> Result<RsaParts, Pkcs8Error> {
    let mut fields = key.take(SEQUENCE, "the RSA key")?;
    if fields.take(INTEGER, "the RSA key's version")?.rest != [0] {
        return Err(Pkcs8Error::Malformed("an RSA key of two primes is version 0"));
    }
    let mut number = |part| fields.take(INTEGER, part).map(|der| super::rsa::strip_zeros(der.rest));
    let secret = |octets: &[u8]| Zeroizing::new(octets.to_vec());
    Ok(RsaParts {
        modulus: number("the modulus")?.to_vec(),
        public_exponent: number("the public exponent")?.to_vec(),
        private_exponent: secret(number("the private exponent")?),
        prime1: secret(number("the first prime")?),
        prime2: secret(number("the second prime")?),
        exponent1: secret(number("the first exponent")?),
        exponent2: secret(number("the second exponent")?),
        coefficient: secret(number("the coefficient")?),
    })
}

/// What is left of a DER value.
#[derive(Clone, Copy)]
struct Der<'a> {
    rest: &'a [u8],
}

impl<'a> Der<'a> {
    /// Takes the next value, which must have the given tag; `part` names it in errors.
    fn take(&mut self, tag: u8, part: &'static str) -> Result<Self, Pkcs8Error> {
        let malformed = || Pkcs8Error::Malformed(part);
        let [found, len, rest @ ..] = self.rest else { return Err(malformed()) };
        if *found != tag {
            return Err(malformed());
        }
        let (len, rest) = match *len {
            short @ 0..=0x7f => (usize::from(short), rest),
            0x81 => rest.split_first().map(|(&len, rest)| (usize::from(len), rest)).ok_or_else(malformed)?,
            0x82 => match rest {
                [high, low, rest @ ..] => (usize::from(u16::from_be_bytes([*high, *low])), rest),
                _ => return Err(malformed()),
            },
            _ => return Err(malformed()),
        };
        let (value, rest) = rest.split_at_checked(len).ok_or_else(malformed)?;
        self.rest = rest;
        Ok(Self { rest: value })
    }
}
