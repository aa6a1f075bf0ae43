//! The private half of a key: `Private-key-format` v1.2 and v1.3, one field a line.
//!
//! ```text
//! Private-key-format: v1.3
//! Algorithm: 13 (ECDSAP256SHA256)
//! PrivateKey: <base64>          RSA: Modulus, PublicExponent, PrivateExponent, Prime1, Prime2,
//! Created: 20260101000000            Exponent1, Exponent2, Coefficient
//! ```

use super::timing::KeyTiming;
use super::{KeyError, KeyErrorKind};
use crate::base::{Algorithm, UnixTime, text};
use crate::crypto::{PrivateKey, RsaParts};
use memchr::memmem;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use zeroize::Zeroizing;

/// What a `.private` file says. Shows nothing of the key in `Debug`.
#[derive(Clone, Debug)]
pub struct PrivateFile {
    /// The key.
    pub key: PrivateKey,
    /// Its times. `is_timeless` for v1.2, which has none.
    pub timing: KeyTiming,
    /// Minor version of the format: 2 or 3, or a later one, read as 3.
    pub minor_version: u32,
}

/// How a file of this form starts.
pub(super) const FORMAT: &[u8] = b"Private-key-format";

/// Octets that tell of what form a file of a key is; all of them stand before the key.
const HEAD_LEN: u64 = 40;

/// Whether there is a file at a path that holds a private key, by how it starts: in this form, or as PEM.
#[must_use]
pub fn is_at(path: &Path) -> bool {
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(HEAD_LEN).read_to_end(&mut head));
    let is_pem = || head.starts_with(b"-----BEGIN") && memmem::find(&head, b"PRIVATE KEY").is_some();
    read.is_ok() && (head.starts_with(FORMAT) || is_pem())
}

/// Fields that hold parts of keys.
const KEY_FIELDS: [&str; 9] = [
    "Modulus",
    "PublicExponent",
    "PrivateExponent",
    "Prime1",
    "Prime2",
    "Exponent1",
    "Exponent2",
    "Coefficient",
    "PrivateKey",
];

impl PrivateFile {
    /// Reads the text of a `.private` file; `path` is for messages. Fields it does not know are passed over.
    ///
    /// # Errors
    /// [`KeyError`] with the field, and never with its value where that is secret.
    pub fn parse(path: &Path, content: &[u8]) -> Result<Self, KeyError> {
        let fields = Fields::parse(path, content)?;
        let minor_version = fields.minor_version()?;
        if fields.find("Engine").or_else(|| fields.find("Label")).is_some() {
            return Err(KeyError::new(path, KeyErrorKind::Hardware));
        }
        let algorithm = fields.algorithm()?;
        let crypto = |error| KeyError::new(path, KeyErrorKind::Crypto(error));
        crate::crypto::check_verifies(algorithm).map_err(crypto)?;
        let key = if algorithm.is_rsa() {
            PrivateKey::from_rsa(algorithm, fields.rsa_parts()?).map_err(crypto)?
        } else {
            PrivateKey::from_octets(algorithm, &fields.secret("PrivateKey")?).map_err(crypto)?
        };
        let timing = fields.timing(minor_version)?;
        Ok(Self { key, timing, minor_version })
    }

    /// The file's text in format v1.3. Wiped when dropped.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<Vec<u8>> {
        // Room for the largest key, so that no copy stays behind when the buffer grows.
        let mut out = Zeroizing::new(Vec::with_capacity(FILE_LEN_MAX));
        let algorithm = self.key.algorithm();
        let mnemonic = algorithm.mnemonic().unwrap_or_default();
        out.extend_from_slice(
            format!("Private-key-format: v1.3\nAlgorithm: {} ({mnemonic})\n", algorithm.0).as_bytes(),
        );
        let mut push = |name: &str, value: &[u8]| {
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b": ");
            text::push_base64(value, &mut out);
            out.push(b'\n');
        };
        match self.key.rsa_parts() {
            Some(parts) => {
                let values: [&[u8]; 8] = [
                    &parts.modulus,
                    &parts.public_exponent,
                    &parts.private_exponent,
                    &parts.prime1,
                    &parts.prime2,
                    &parts.exponent1,
                    &parts.exponent2,
                    &parts.coefficient,
                ];
                KEY_FIELDS.iter().zip(values).for_each(|(name, value)| push(name, value));
            }
            None => push("PrivateKey", self.key.octets().expect("a key is RSA or octets")),
        }
        for (name, time) in self.timing.fields() {
            if let Some(time) = time {
                out.extend_from_slice(format!("{name}: {}\n", time.to_date_text()).as_bytes());
            }
        }
        out
    }
}

/// Largest key file that is read; one for 4096-bit RSA has about 3,500 octets.
pub(super) const FILE_LEN_MAX: usize = 1 << 16;

/// The fields of a file, each with its line.
struct Fields<'a> {
    path: &'a Path,
    list: Vec<(u32, &'a str, &'a str)>,
}

impl<'a> Fields<'a> {
    /// Splits lines at their first `:`. Blank lines and comments (`;`, `#`) are passed over.
    fn parse(path: &'a Path, content: &'a [u8]) -> Result<Self, KeyError> {
        let content = std::str::from_utf8(content)
            .map_err(|_| KeyError::syntax(path, "not a private key file: it is not text"))?;
        let mut list: Vec<(u32, &str, &str)> = Vec::new();
        for (line, number) in content.lines().zip(1..) {
            let line = line.trim();
            if line.is_empty() || line.starts_with([';', '#']) {
                continue;
            }
            let Some((name, value)) = line.split_once(':') else {
                let message = match list.is_empty() {
                    true => "not a private key file: the first line must be \"Private-key-format: v1.3\" or v1.2",
                    false => "not \"Field: value\"",
                };
                return Err(KeyError::at_line(path, number, message));
            };
            let name = name.trim_end();
            if list.iter().any(|&(_, other, _)| other == name) {
                return Err(KeyError::at_line(path, number, format!("field {name} stands here a second time")));
            }
            list.push((number, name, value.trim()));
        }
        Ok(Self { path, list })
    }

    fn find(&self, name: &str) -> Option<(u32, &'a str)> {
        self.list.iter().find(|&&(_, other, _)| other == name).map(|&(line, _, value)| (line, value))
    }

    fn required(&self, name: &str) -> Result<(u32, &'a str), KeyError> {
        self.find(name).ok_or_else(|| KeyError::syntax(self.path, format!("field {name} is missing")))
    }

    /// The minor version, from `v1.2` on; the major one must be 1.
    fn minor_version(&self) -> Result<u32, KeyError> {
        let (line, value) = self.required("Private-key-format")?;
        let version = value.strip_prefix('v').and_then(|version| version.split_once('.'));
        let parsed = version.and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
        match parsed {
            Some((1_u32, minor @ 2..)) => Ok(minor),
            Some(_) => Err(KeyError::at_line(
                self.path,
                line,
                format!("Private-key-format {value} is not supported: v1.2 and v1.3 are"),
            )),
            None => Err(KeyError::at_line(self.path, line, "Private-key-format: the value must be v1.2 or v1.3")),
        }
    }

    /// `13 (ECDSAP256SHA256)`: the number counts.
    fn algorithm(&self) -> Result<Algorithm, KeyError> {
        let (line, value) = self.required("Algorithm")?;
        let number = value.split_whitespace().next().unwrap_or_default();
        Algorithm::from_text(number.as_bytes())
            .ok_or_else(|| KeyError::at_line(self.path, line, "Algorithm: the value is not an algorithm's number"))
    }

    /// A base64 value, wiped when dropped.
    fn secret(&self, name: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let (line, value) = self.required(name)?;
        // Room for all of it, so that no copy stays behind when the buffer grows.
        let mut out = Zeroizing::new(Vec::with_capacity(value.len()));
        if value.is_empty() || !text::decode_base64(value.as_bytes(), &mut out) {
            return Err(KeyError::at_line(self.path, line, format!("field {name} is not base64")));
        }
        Ok(out)
    }

    fn rsa_parts(&self) -> Result<RsaParts, KeyError> {
        Ok(RsaParts {
            modulus: self.secret("Modulus")?.to_vec(),
            public_exponent: self.secret("PublicExponent")?.to_vec(),
            private_exponent: self.secret("PrivateExponent")?,
            prime1: self.secret("Prime1")?,
            prime2: self.secret("Prime2")?,
            exponent1: self.secret("Exponent1")?,
            exponent2: self.secret("Exponent2")?,
            coefficient: self.secret("Coefficient")?,
        })
    }

    fn timing(&self, minor_version: u32) -> Result<KeyTiming, KeyError> {
        let mut timing = KeyTiming::default();
        let mut has_any = false;
        for &(line, name, value) in &self.list {
            let Some(field) = timing.field_mut(name) else { continue };
            let digits = value.split_whitespace().next().unwrap_or_default();
            let time = Some(digits).filter(|digits| digits.len() == 14).and_then(UnixTime::from_text);
            *field = Some(time.ok_or_else(|| {
                KeyError::at_line(self.path, line, format!("field {name} is not a time of the form YYYYMMDDHHMMSS"))
            })?);
            has_any = true;
        }
        timing.is_timeless = minor_version < 3 && !has_any;
        Ok(timing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Not by the name of the file, and not only in this form.
    #[test]
    fn private_keys_are_known_by_how_they_start() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("output");
        assert!(!is_at(&path));
        for (text, is_private) in [
            (ED25519, true),
            ("-----BEGIN PRIVATE KEY-----\nAAAA\n", true),
            ("-----BEGIN EC PRIVATE KEY-----\nAAAA\n", true),
            ("-----BEGIN PUBLIC KEY-----\nAAAA\n", false),
            ("example. 3600 IN SOA a. b. 1 2 3 4 5\n", false),
            ("", false),
        ] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(is_at(&path), is_private, "{text}");
        }
    }

    const ED25519: &str = "Private-key-format: v1.3\nAlgorithm: 15 (ED25519)\n\
        PrivateKey: ODIyNjAzODQ2MjgwODAxMjI2NDUxOTAyMDQxNDIyNjI=\nCreated: 20240101000000\nActivate: 20240102000000\n";

    #[track_caller]
    fn error_of(content: &str) -> String {
        PrivateFile::parse(Path::new("K.private"), content.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn reads_and_writes() {
        let file = PrivateFile::parse(Path::new("K.private"), ED25519.as_bytes()).unwrap();
        assert_eq!(file.timing.activate, Some(UnixTime(1_704_153_600)));
        assert_eq!(*file.to_text(), ED25519.as_bytes());
        let with_more = format!(
            "{}DSPublish: 20240101000000\nPredecessor: 1\nNewField: x\n\n; end\n",
            ED25519.replace('\n', "\r\n")
        );
        assert_eq!(PrivateFile::parse(Path::new("K"), with_more.as_bytes()).unwrap().timing, file.timing);
        let old = "Private-key-format: v1.2\nAlgorithm: 15\nPrivateKey: ODIyNjAzODQ2MjgwODAxMjI2NDUxOTAyMDQxNDIyNjI=";
        assert!(PrivateFile::parse(Path::new("K"), old.as_bytes()).unwrap().timing.is_timeless);
    }

    #[test]
    fn debug_and_errors_keep_secrets() {
        let file = PrivateFile::parse(Path::new("K.private"), ED25519.as_bytes()).unwrap();
        let shown = format!("{file:?} {:?}", file.key);
        assert!(!shown.contains("ODIy") && !shown.contains("[56"), "{shown}");
        let error = error_of(&ED25519.replace("NjI=", "Nj!="));
        assert!(!error.contains("ODIy"), "{error}");
    }

    #[test]
    fn errors_name_the_field() {
        for (from, to, message) in [
            ("v1.3", "v1.1", "K.private:1: Private-key-format v1.1 is not supported"),
            ("v1.3", "v2.0", "K.private:1: Private-key-format v2.0 is not supported"),
            ("v1.3", "one", "K.private:1: Private-key-format: the value must be"),
            ("15 (ED25519)", "x", "K.private:2: Algorithm: the value is not"),
            ("15 (ED25519)", "3 (DSA)", "K.private: algorithm 3 (DSA) is refused"),
            ("15 (ED25519)", "8 (RSASHA256)", "K.private: field Modulus is missing"),
            ("PrivateKey: O", "PrivateKey: ", "K.private:3: field PrivateKey is not base64"),
            (
                "PrivateKey: ODIy",
                "PrivateKey: ",
                "K.private: the private key of algorithm 15 (ED25519) is damaged: it must have 32",
            ),
            ("Activate: 2", "Activate: x", "K.private:5: field Activate is not a time"),
            ("Activate: 20240102", "Activate: 20241302", "K.private:5: field Activate is not a time"),
            ("Activate", "Created", "K.private:5: field Created stands here a second time"),
            ("Activate", "Label", "K.private: the private key is in a hardware module"),
            ("Activate: ", "Activate ", "K.private:5: not \"Field: value\""),
            ("Private-key-format: v1.3", "-----BEGIN PRIVATE KEY-----", "K.private:1: not a private key file"),
        ] {
            let error = error_of(&ED25519.replace(from, to));
            assert!(error.starts_with(message), "{to}: {error}");
        }
        assert!(error_of("").contains("Private-key-format is missing"));
    }
}
