//! What a key file of any kind holds, for people: BIND's two halves, together or alone, and PKCS#8 in PEM.

use super::file::read_file;
use super::name::paths_of;
use super::private_file::{FORMAT, PrivateFile};
use super::public_file::PublicFile;
use super::timing::KeyTiming;
use super::{KeyError, KeyErrorKind, dnskey_rdata};
use crate::base::{Algorithm, NameBuf, Ttl, text};
use crate::crypto::rsa::RsaPublic;
use crate::crypto::{Backend, CryptoError, Pkcs8Key, PrivateKey};
use crate::rdata::dnskey::{Dnskey, key_tag};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// What was found.
#[derive(Clone, Debug)]
pub struct KeyInfo {
    /// The file or files, public half first.
    pub files: Vec<PathBuf>,
    /// The form they have.
    pub form: KeyForm,
    /// Zone, where a public half tells.
    pub zone: Option<NameBuf>,
    /// Algorithm; two for an RSA key in PEM.
    pub algorithms: Vec<Algorithm>,
    /// Bits: of the modulus, or of the curve.
    pub bits: usize,
    /// DNSKEY flags, where a public half tells.
    pub flags: Option<u16>,
    /// Flags, algorithm and key tag: one entry with a public half, else one for each the key may be used with.
    pub tags: Vec<(u16, Algorithm, u16)>,
    /// TTL in the public half.
    pub ttl: Option<Ttl>,
    /// Times, where the file can tell them.
    pub timing: Option<KeyTiming>,
    /// Whether the halves fit; `None` if there is but one.
    pub halves: Option<Result<(), String>>,
    /// Why it cannot sign, though it has a private half.
    pub refusal: Option<CryptoError>,
}

/// The form of a key file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyForm {
    /// `.key` and `.private`.
    Pair,
    /// `.key` alone.
    Public,
    /// `.private` alone.
    Private,
    /// PKCS#8 in PEM.
    Pkcs8,
}

impl KeyForm {
    /// In words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pair => "pair",
            Self::Public => "public",
            Self::Private => "private",
            Self::Pkcs8 => "pkcs8",
        }
    }
}

/// Looks into the key an argument names: a file of any kind, or a base name.
///
/// # Errors
/// [`KeyError`] for files that cannot be read, are malformed, or are of a refused algorithm.
pub fn inspect(argument: &Path) -> Result<KeyInfo, KeyError> {
    let paths = paths_of(argument, None);
    if argument.is_file() {
        let content = read_file(argument)?;
        let starts = |with: &[u8]| content.trim_ascii_start().starts_with(with);
        if starts(b"-----BEGIN") {
            return inspect_pem(argument, &content);
        }
        if starts(FORMAT) || argument.extension().is_some_and(|ending| ending == "private") {
            let private = PrivateFile::parse(argument, &content)?;
            return if paths.public.is_file() && paths.public != argument {
                let public = PublicFile::parse(&paths.public, &read_file(&paths.public)?)?;
                inspect_pair(vec![paths.public, argument.to_owned()], public, Some(private))
            } else {
                inspect_private(argument, &private)
            };
        }
        if argument != paths.public {
            return inspect_pair(vec![argument.to_owned()], PublicFile::parse(argument, &content)?, None);
        }
    }
    if !paths.public.exists() && paths.private.is_file() {
        return inspect_private(&paths.private, &PrivateFile::parse(&paths.private, &read_file(&paths.private)?)?);
    }
    let public = PublicFile::parse(&paths.public, &read_file(&paths.public)?)?;
    if !paths.private.exists() {
        return inspect_pair(vec![paths.public], public, None);
    }
    let private = PrivateFile::parse(&paths.private, &read_file(&paths.private)?)?;
    inspect_pair(vec![paths.public, paths.private], public, Some(private))
}

/// The public half, with the private one if it is there.
fn inspect_pair(files: Vec<PathBuf>, public: PublicFile, private: Option<PrivateFile>) -> Result<KeyInfo, KeyError> {
    let dnskey = Dnskey::parse(&public.dnskey_rdata).expect("a key file holds whole DNSKEY RDATA");
    let algorithm = dnskey.algorithm;
    let crypto = |error| KeyError::new(&files[0], KeyErrorKind::Crypto(error));
    crate::crypto::check_verifies(algorithm).map_err(crypto)?;
    let (mut halves, mut refusal) = (None, None);
    if let Some(private) = &private {
        match private.key.algorithm() == algorithm {
            false => halves = Some(Err(format!("the algorithms differ: {} and {algorithm}", private.key.algorithm()))),
            true => (halves, refusal) = judge(private.key.open_with(Backend::AutoForFew, dnskey.public_key).map(drop)),
        }
    }
    Ok(KeyInfo {
        form: if private.is_some() { KeyForm::Pair } else { KeyForm::Public },
        bits: bits_of(algorithm, dnskey.public_key).map_err(crypto)?,
        algorithms: vec![algorithm],
        flags: Some(dnskey.flags),
        tags: vec![(dnskey.flags, algorithm, key_tag(&public.dnskey_rdata))],
        ttl: public.ttl,
        timing: Some(private.map_or(public.timing, |private| private.timing)),
        zone: Some(public.owner),
        files,
        halves,
        refusal,
    })
}

/// Tells apart halves that do not fit, and keys that fit but must not sign.
fn judge(opened: Result<(), CryptoError>) -> (Option<Result<(), String>>, Option<CryptoError>) {
    match opened {
        Ok(()) => (Some(Ok(())), None),
        Err(
            refusal @ (CryptoError::VerifyOnly(_) | CryptoError::TooSmallToSign(..) | CryptoError::Unsupported(..)),
        ) => (Some(Ok(())), Some(refusal)),
        Err(error) => (Some(Err(error.to_string())), None),
    }
}

fn inspect_private(path: &Path, private: &PrivateFile) -> Result<KeyInfo, KeyError> {
    let info = inspect_keys(path, std::slice::from_ref(&private.key))?;
    Ok(KeyInfo { form: KeyForm::Private, timing: Some(private.timing), ..info })
}

/// A private key alone, under each algorithm it may be for; its tag depends on flags no such file tells.
fn inspect_keys(path: &Path, keys: &[PrivateKey]) -> Result<KeyInfo, KeyError> {
    let crypto = |error| KeyError::new(path, KeyErrorKind::Crypto(error));
    let field = keys[0].public_field().map_err(crypto)?;
    let algorithms: Vec<_> = keys.iter().map(PrivateKey::algorithm).collect();
    let tag = |flags, algorithm| (flags, algorithm, key_tag(&dnskey_rdata(flags, algorithm, &field)));
    let tags = algorithms.iter().flat_map(|&algorithm| [tag(256, algorithm), tag(257, algorithm)]).collect();
    let refusal = match keys[0].open_with(Backend::AutoForFew, &field).map(drop) {
        Ok(()) => None,
        Err(error @ CryptoError::BadPrivateKey(..)) => return Err(crypto(error)),
        Err(error) => Some(error),
    };
    Ok(KeyInfo {
        files: vec![path.to_owned()],
        form: KeyForm::Pkcs8,
        zone: None,
        bits: bits_of(algorithms[0], &field).map_err(crypto)?,
        algorithms,
        flags: None,
        tags,
        ttl: None,
        timing: None,
        halves: None,
        refusal,
    })
}

/// Reads the PKCS#8 key in a PEM file.
///
/// # Errors
/// [`KeyError`] if it cannot be read, is malformed, or holds no kind of key we know.
pub fn read_pem(path: &Path) -> Result<Pkcs8Key, KeyError> {
    parse_pem(path, &read_file(path)?)
}

fn parse_pem(path: &Path, content: &[u8]) -> Result<Pkcs8Key, KeyError> {
    let der = decode_pem(path, content)?;
    Pkcs8Key::from_der(&der).map_err(|error| KeyError::syntax(path, error.to_string()))
}

fn inspect_pem(path: &Path, content: &[u8]) -> Result<KeyInfo, KeyError> {
    let key = parse_pem(path, content)?;
    let crypto = |error| KeyError::new(path, KeyErrorKind::Crypto(error));
    match key {
        Pkcs8Key::Other(key) => inspect_keys(path, &[key]),
        Pkcs8Key::Rsa(parts) => {
            let keys = [Algorithm::RSASHA256, Algorithm::RSASHA512]
                .map(|algorithm| PrivateKey::from_rsa(algorithm, parts.clone()).map_err(crypto));
            let [first, second] = keys;
            inspect_keys(path, &[first?, second?])
        }
    }
}

/// The octets of the first `PRIVATE KEY` block (RFC 7468).
fn decode_pem(path: &Path, content: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let bad = |message: String| KeyError::syntax(path, message);
    let content = std::str::from_utf8(content).map_err(|_| bad("not PEM: it is not text".into()))?;
    let mut lines = content.lines().map(str::trim).skip_while(|line| !line.starts_with("-----BEGIN "));
    let label = lines.next().unwrap_or_default().trim_start_matches("-----BEGIN ").trim_end_matches("-----");
    if label != "PRIVATE KEY" {
        return Err(bad(format!(
            "a PEM block of \"{label}\": only PKCS#8, \"PRIVATE KEY\", without a password is read"
        )));
    }
    let mut base64 = Zeroizing::new(Vec::with_capacity(content.len()));
    for line in lines {
        if line == "-----END PRIVATE KEY-----" {
            let mut der = Zeroizing::new(Vec::with_capacity(base64.len()));
            return match text::decode_base64(&base64, &mut der) {
                true => Ok(der),
                false => Err(bad("the PEM block is not base64".into())),
            };
        }
        base64.extend_from_slice(line.as_bytes());
    }
    Err(bad("the PEM block has no end".into()))
}

/// The size of a key as people give it.
fn bits_of(algorithm: Algorithm, public_field: &[u8]) -> Result<usize, CryptoError> {
    if algorithm.is_rsa() {
        let key = RsaPublic::parse(public_field).map_err(|what| CryptoError::BadPublicKey(algorithm, what))?;
        return Ok(key.modulus_bits());
    }
    crate::crypto::PublicKey::from_dnskey(algorithm, public_field)?;
    Ok(match algorithm {
        Algorithm::ECDSAP384SHA384 => 384,
        Algorithm::ED448 => 456,
        _ => 256,
    })
}

/// The owner and DNSKEY RDATA in the `.key` file an argument names: itself, its private half, or their base name.
///
/// # Errors
/// [`KeyError`] if it cannot be read or is malformed.
pub fn read_dnskey(argument: &Path) -> Result<(NameBuf, Vec<u8>), KeyError> {
    let path = paths_of(argument, None).public;
    let public = PublicFile::parse(&path, &read_file(&path)?)?;
    Ok((public.owner, public.dnskey_rdata))
}
