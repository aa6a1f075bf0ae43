//! Names of key files: `K<zone>+<algorithm>+<tag>` (BIND).

use crate::base::{Algorithm, Name};
use std::path::{Path, PathBuf};

/// The base name: the zone lowered, with octets other than letters, digits, `-` and `_` as `%XX`, then the algorithm in
/// three and the key tag in five digits.
///
/// ```
/// use zoneseal::base::{Algorithm, NameBuf};
/// use zoneseal::keys::name::base_name;
/// let zone: NameBuf = "0/25.Example".parse()?;
/// assert_eq!(base_name(zone.as_name(), Algorithm(13), 42), "K0%2F25.example.+013+00042");
/// # Ok::<(), zoneseal::base::NameError>(())
/// ```
#[must_use]
pub fn base_name(zone: Name<'_>, algorithm: Algorithm, key_tag: u16) -> String {
    format!("K{}+{:03}+{key_tag:05}", file_form(zone), algorithm.0)
}

/// A zone's name as it stands in the names of its key files.
#[must_use]
pub fn file_form(zone: Name<'_>) -> String {
    if zone.is_root() {
        return ".".into();
    }
    let mut text = String::new();
    for label in zone.labels() {
        for octet in label {
            match octet.to_ascii_lowercase() {
                octet @ (b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_') => text.push(char::from(octet)),
                octet => text.push_str(&format!("%{octet:02X}")),
            }
        }
        text.push('.');
    }
    text
}

/// The zone's name as the file name of a key's public half tells it; `None` for other files.
#[must_use]
pub fn zone_part(file_name: &str) -> Option<&str> {
    let (rest, tag) = file_name.strip_suffix(".key")?.rsplit_once('+')?;
    let (name, algorithm) = rest.rsplit_once('+')?;
    let are_digits = |text: &str, len| text.len() == len && text.bytes().all(|byte| byte.is_ascii_digit());
    name.strip_prefix('K').filter(|_| are_digits(tag, 5) && are_digits(algorithm, 3))
}

/// How the zone's name may stand in file names, lowered, for letters there compare without case: escaped, or as it is in
/// text, which ldns writes.
#[must_use]
pub fn lowered_forms(zone: Name<'_>) -> [String; 2] {
    [file_form(zone).to_ascii_lowercase(), zone.to_string().to_ascii_lowercase()]
}

/// Whether a file name is that of the public half of a key of the zone.
#[must_use]
pub fn is_public_half_of(file_name: &str, zone: Name<'_>) -> bool {
    zone_part(file_name).is_some_and(|name| lowered_forms(zone).contains(&name.to_ascii_lowercase()))
}

/// The two files of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPaths {
    /// The `.key` file.
    pub public: PathBuf,
    /// The `.private` file.
    pub private: PathBuf,
}

/// The files meant by an argument: base name, `.key` or `.private` file, also with the dot that completing a base name
/// leaves behind. A name without a directory is looked for in `directory`.
#[must_use]
pub fn paths_of(argument: &Path, directory: Option<&Path>) -> KeyPaths {
    let text = argument.as_os_str().as_encoded_bytes();
    let base = [&b".key"[..], b".private", b"."].iter().find_map(|ending| text.strip_suffix(*ending)).unwrap_or(text);
    let base = String::from_utf8_lossy(base);
    let has_directory = argument.parent().is_some_and(|parent| !parent.as_os_str().is_empty());
    let base = match directory {
        Some(directory) if !has_directory => directory.join(&*base),
        _ => PathBuf::from(&*base),
    };
    let with = |ending: &str| {
        let mut path = base.clone().into_os_string();
        path.push(ending);
        PathBuf::from(path)
    };
    KeyPaths { public: with(".key"), private: with(".private") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::NameBuf;

    /// Names that dnssec-keygen 9.18.49 gave to its files.
    #[test]
    fn base_names_as_bind() {
        for (zone, algorithm, tag, name) in [
            (".", 13, 52137, "K.+013+52137"),
            ("a/b.Ex\\.x.COM", 13, 35842, "Ka%2Fb.ex%2Ex.com.+013+35842"),
            ("0/25.2.0.192.in-addr.arpa", 13, 4325, "K0%2F25.2.0.192.in-addr.arpa.+013+04325"),
            ("sp\\032ace.x", 13, 47576, "Ksp%20ace.x.+013+47576"),
            ("*.x\\(@.y$\\;", 13, 60514, "K%2A.x%28%40.y%24%3B.+013+60514"),
            ("/", 13, 47401, "K%2F.+013+47401"),
        ] {
            let zone: NameBuf = zone.parse().unwrap();
            assert_eq!(base_name(zone.as_name(), Algorithm(algorithm), tag), name);
            assert!(is_public_half_of(&format!("{name}.key"), zone.as_name()));
            assert!(!is_public_half_of(&format!("{name}.private"), zone.as_name()));
        }
        let zone: NameBuf = "Example".parse().unwrap();
        assert!(is_public_half_of("KEXAMPLE.+008+00001.key", zone.as_name()));
        for other in ["Kexample.+8+00001.key", "Kexample.+008+1.key", "Ksub.example.+008+00001.key", "K+.key"] {
            assert!(!is_public_half_of(other, zone.as_name()), "{other}");
        }
    }

    #[test]
    fn arguments() {
        let directory = Some(Path::new("keys"));
        for (argument, public) in [
            ("Kx.+013+00001", "keys/Kx.+013+00001.key"),
            ("Kx.+013+00001.", "keys/Kx.+013+00001.key"),
            ("Kx.+013+00001.key", "keys/Kx.+013+00001.key"),
            ("Kx.+013+00001.private", "keys/Kx.+013+00001.key"),
            ("./Kx.+013+00001", "./Kx.+013+00001.key"),
            ("/a/Kx.+013+00001.key", "/a/Kx.+013+00001.key"),
        ] {
            assert_eq!(paths_of(Path::new(argument), directory).public, Path::new(public));
        }
        assert_eq!(paths_of(Path::new("K.+013+00001"), None).private, Path::new("K.+013+00001.private"));
    }
}
