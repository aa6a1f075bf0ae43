//! Loading keys: one by name, or all of a zone in a directory.

use super::name::{KeyPaths, lowered_forms, paths_of, zone_part};
use super::private_file::{FILE_LEN_MAX, PrivateFile};
use super::public_file::PublicFile;
use super::{KeyError, KeyErrorKind, ZoneKey};
use crate::base::{Diagnostic, Diagnostics, Name};
use crate::crypto::{Backend, CryptoError};
use crate::rdata::dnskey::{Dnskey, key_tag};
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Where keys come from.
#[derive(Clone, Debug, Default)]
pub struct LoadOptions {
    /// Keys named by the user: base names, `.key` or `.private` files. If there are none, all keys of the zone in
    /// `directory` are taken.
    pub named: Vec<PathBuf>,
    /// The directory; the working directory if not given.
    pub directory: Option<PathBuf>,
    /// The library that signs.
    pub backend: Backend,
}

/// Loads the keys of a zone, in order of their file names (named ones as named). Warnings go to `findings`.
///
/// # Errors
/// The first [`KeyError`]: a file that cannot be read, is malformed, or whose halves do not fit. A missing private half
/// is none: that key is kept elsewhere.
pub fn load(zone: Name<'_>, options: &LoadOptions, findings: &mut Diagnostics) -> Result<Vec<ZoneKey>, KeyError> {
    if !options.named.is_empty() {
        let load = |argument: &PathBuf| load_named(argument, options, findings);
        return options.named.iter().map(load).collect();
    }
    let directory = options.directory.as_deref().unwrap_or_else(|| Path::new("."));
    load_files(zone, list_directory(zone, directory)?, options.backend, findings)
}

/// The key files of a directory, listed once for many zones.
#[derive(Debug)]
pub struct KeyDirectory {
    /// Public halves by the zone's name as their file names tell it, lowered.
    by_zone: HashMap<String, Vec<PathBuf>>,
}

impl KeyDirectory {
    /// Lists a directory.
    ///
    /// # Errors
    /// [`KeyErrorKind::Io`] if it cannot be read.
    pub fn list(directory: &Path) -> Result<Self, KeyError> {
        let mut by_zone: HashMap<String, Vec<PathBuf>> = HashMap::new();
        for entry in fs::read_dir(directory).map_err(|error| KeyError::io(directory, error))? {
            let entry = entry.map_err(|error| KeyError::io(directory, error))?;
            if let Some(zone) = entry.file_name().to_str().and_then(zone_part) {
                by_zone.entry(zone.to_ascii_lowercase()).or_default().push(entry.path());
            }
        }
        Ok(Self { by_zone })
    }

    /// The `.key` files of a zone, sorted.
    #[must_use]
    pub fn files_of(&self, zone: Name<'_>) -> Vec<PathBuf> {
        let files = |form: &String| self.by_zone.get(form).into_iter().flatten().cloned();
        let mut paths: Vec<PathBuf> = lowered_forms(zone).iter().flat_map(files).collect();
        paths.sort();
        // The two forms are mostly one.
        paths.dedup();
        paths
    }
}

/// Where the keys of one zone among several come from.
#[derive(Clone, Debug)]
pub enum KeySource<'a> {
    /// As for a single zone.
    Options(LoadOptions),
    /// A directory that was listed before.
    Listed(&'a KeyDirectory),
}

impl KeySource<'_> {
    /// Loads the keys of a zone, to sign with a library; see [`load`].
    ///
    /// # Errors
    /// As [`load`].
    pub fn load(&self, zone: Name<'_>, backend: Backend, findings: &mut Diagnostics) -> Result<Vec<ZoneKey>, KeyError> {
        match self {
            Self::Options(options) => load(zone, &LoadOptions { backend, ..options.clone() }, findings),
            Self::Listed(directory) => load_files(zone, directory.files_of(zone), backend, findings),
        }
    }
}

/// Loads the keys of a zone from files that have its name; those of other zones among them are left out.
///
/// # Errors
/// As [`load`].
pub fn load_files(
    zone: Name<'_>,
    paths: Vec<PathBuf>,
    backend: Backend,
    findings: &mut Diagnostics,
) -> Result<Vec<ZoneKey>, KeyError> {
    let load = |path: PathBuf| load_pair(&paths_of(&path, None), backend, findings);
    let mut keys = paths.into_iter().map(load).collect::<Result<Vec<_>, _>>()?;
    // A file name tells the zone only almost: the record in it does.
    keys.retain(|key| key.zone.as_name() == zone);
    Ok(keys)
}

/// Loads one key named by the user.
///
/// # Errors
/// As [`load`].
pub fn load_named(argument: &Path, options: &LoadOptions, findings: &mut Diagnostics) -> Result<ZoneKey, KeyError> {
    let paths = paths_of(argument, options.directory.as_deref());
    let mut key = load_pair(&paths, options.backend, findings)?;
    key.is_named = true;
    Ok(key)
}

/// The `.key` files of a zone in a directory, sorted.
///
/// # Errors
/// [`KeyErrorKind::Io`] if the directory cannot be read.
pub fn list_directory(zone: Name<'_>, directory: &Path) -> Result<Vec<PathBuf>, KeyError> {
    Ok(KeyDirectory::list(directory)?.files_of(zone))
}

/// Loads both halves and checks that they fit.
fn load_pair(paths: &KeyPaths, backend: Backend, findings: &mut Diagnostics) -> Result<ZoneKey, KeyError> {
    let public = PublicFile::parse(&paths.public, &read_file(&paths.public)?)?;
    let dnskey = Dnskey::parse(&public.dnskey_rdata).expect("a key file holds whole DNSKEY RDATA");
    let algorithm = dnskey.algorithm;
    crate::crypto::check_verifies(algorithm)
        .map_err(|error| KeyError::new(&paths.public, KeyErrorKind::Crypto(error)))?;
    warn_of_file_name(&paths.public, &dnskey, key_tag(&public.dnskey_rdata), findings);
    let private = match read_file(&paths.private) {
        Ok(content) => Some(PrivateFile::parse(&paths.private, &content)?),
        Err(KeyError { kind: KeyErrorKind::Io(error), .. }) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let (signer, refusal, timing) = match &private {
        None => (None, None, public.timing),
        Some(private) => {
            warn_of_permissions(&paths.private, findings);
            let (signer, refusal) = open(paths, private, &dnskey, backend)?;
            (signer, refusal, private.timing)
        }
    };
    Ok(ZoneKey {
        zone: public.owner,
        key_tag: key_tag(&public.dnskey_rdata),
        dnskey_rdata: public.dnskey_rdata,
        algorithm,
        signer,
        refusal,
        timing,
        ttl: public.ttl,
        source: paths.public.clone(),
        is_named: false,
    })
}

/// A signer, or why the key may not sign.
type Opened = (Option<Box<dyn crate::crypto::Signer>>, Option<CryptoError>);

/// Checks the private half against the public one and opens it.
fn open(paths: &KeyPaths, private: &PrivateFile, dnskey: &Dnskey<'_>, backend: Backend) -> Result<Opened, KeyError> {
    let differ = |what: String| KeyError::new(&paths.private, KeyErrorKind::HalvesDiffer(paths.public.clone(), what));
    if private.key.algorithm() != dnskey.algorithm {
        return Err(differ(format!("the algorithms differ: {} and {}", private.key.algorithm(), dnskey.algorithm)));
    }
    match private.key.open_with(backend, dnskey.public_key) {
        Ok(signer) => Ok((Some(signer), None)),
        Err(error @ CryptoError::HalvesDiffer(_)) => Err(differ(error.to_string())),
        Err(
            refusal @ (CryptoError::VerifyOnly(_) | CryptoError::TooSmallToSign(..) | CryptoError::Unsupported(..)),
        ) => Ok((None, Some(refusal))),
        Err(error) => Err(KeyError::new(&paths.private, KeyErrorKind::Crypto(error))),
    }
}

/// Reads a key file into a buffer that is wiped when dropped.
pub(crate) fn read_file(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let file = File::open(path).map_err(|error| KeyError::io(path, error))?;
    // Room for all of it, so that no copy stays behind when the buffer grows.
    let mut content = Zeroizing::new(Vec::with_capacity(FILE_LEN_MAX + 1));
    file.take(FILE_LEN_MAX as u64 + 1).read_to_end(&mut content).map_err(|error| KeyError::io(path, error))?;
    if content.len() > FILE_LEN_MAX {
        return Err(KeyError::syntax(path, "not a key file: it is too large"));
    }
    Ok(content)
}

/// Warns when others than the owner can read a private key (N-18).
fn warn_of_permissions(path: &Path, findings: &mut Diagnostics) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let Ok(metadata) = fs::metadata(path) else { return };
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o044 != 0 {
            let message =
                format!("{}: the private key can be read by others than its owner (mode {mode:04o})", path.display());
            findings.push(
                Diagnostic::warning("key-file-permissions", message)
                    .because("N-18")
                    .help(format!("chmod 600 {}", path.display())),
            );
        }
    }
    #[cfg(not(unix))]
    let _ = (path, findings);
}

/// Warns when a file's name tells another algorithm or tag than its record does: other tools go by the name.
fn warn_of_file_name(path: &Path, dnskey: &Dnskey<'_>, tag: u16, findings: &mut Diagnostics) {
    let ending = format!("+{:03}+{tag:05}.key", dnskey.algorithm.0);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if name.starts_with('K') && name.contains('+') && !name.ends_with(&ending) {
        let message = format!("{}: the name says otherwise, but this key would end in \"{ending}\"", path.display());
        findings.push(Diagnostic::warning("key-file-name", message));
    }
}
