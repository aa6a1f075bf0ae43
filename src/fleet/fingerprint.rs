//! Fingerprints: whether anything a run depends on is other than it was.

use super::config::ZoneConfig;
use super::ledger::{Fingerprint, Ledger};
use crate::base::Name;
use crate::base::text::push_hex;
use crate::crypto::digest::sha256;
use crate::keys::file::read_file;
use crate::keys::name::{file_form, paths_of};
use crate::policy::Policy;
use crate::sign::TextDigest;
use crate::sign::record::FileDigest;
use crate::state::StatePaths;
use crate::zonefile;
use std::fs;
use std::path::{Path, PathBuf};

/// A new version of the program looks at every zone once.
const PROGRAM: &str = concat!("zoneseal ", env!("CARGO_PKG_VERSION"));

/// SHA-256 in hex.
#[must_use]
pub fn hash(octets: &[u8]) -> String {
    hex(&sha256(&[octets]))
}

/// Octets in hex.
#[must_use]
pub fn hex(octets: &[u8]) -> String {
    let mut out = Vec::with_capacity(2 * octets.len());
    push_hex(octets, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// A file as it is now; `None` if it cannot be read.
#[must_use]
pub fn file(path: &Path) -> Option<FileDigest> {
    Some(FileDigest::with_digest(path, &TextDigest::of(&zonefile::read_file(path).ok()?)))
}

/// The digest of a small file, empty if there is none.
#[must_use]
pub fn small_file(path: &Path) -> String {
    fs::read(path).map_or_else(|_| String::new(), |text| hash(&text))
}

/// The digest of key files, both halves, with their names.
#[must_use]
pub fn keys(public: &[PathBuf]) -> String {
    let mut digests = Vec::new();
    for path in public {
        let paths = paths_of(path, None);
        for half in [&paths.public, &paths.private] {
            digests.extend_from_slice(half.as_os_str().as_encoded_bytes());
            digests.push(0);
            digests.extend(read_file(half).map_or([0; 32], |content| sha256(&[&content])));
        }
    }
    hash(&digests)
}

/// The digest of a policy.
#[must_use]
pub fn policy(policy: &Policy) -> String {
    // The debug form names every field; one that is added is in it.
    hash(format!("{policy:?}").as_bytes())
}

/// The digest of what is configured for a zone.
#[must_use]
pub fn config(zone: &ZoneConfig) -> String {
    hash(format!("{PROGRAM} {zone:?}").as_bytes())
}

/// The digest of what says how a zone is signed and published.
#[must_use]
pub fn rules(zone: &ZoneConfig, of_policy: &Policy) -> String {
    hash(format!("{} {}", config(zone), policy(of_policy)).as_bytes())
}

/// Where what was seen of a zone's servers is kept.
#[must_use]
pub fn observation_path(directory: &Path, zone: Name<'_>) -> PathBuf {
    directory.join(format!("{}observation.json", file_form(zone)))
}

/// All but the zone's own files.
#[must_use]
pub fn surroundings(zone: &ZoneConfig, name: Name<'_>, public_keys: &[PathBuf], of_policy: &Policy) -> Fingerprint {
    Fingerprint {
        inputs: Vec::new(),
        output: None,
        keys: keys(public_keys),
        state: small_file(&StatePaths::new(&zone.keys, name).state),
        observation: small_file(&observation_path(&zone.state, name)),
        policy: policy(of_policy),
        config: config(zone),
    }
}

/// Whether everything is as a ledger has it. What is cheap is looked at first.
#[must_use]
pub fn is_same(ledger: &Ledger, zone: &ZoneConfig, public_keys: &[PathBuf], policy: &Policy) -> bool {
    let before = &ledger.fingerprint;
    let now = surroundings(zone, ledger.zone.as_name(), public_keys, policy);
    let around = Fingerprint { inputs: before.inputs.clone(), output: before.output.clone(), ..now };
    if around != *before || before.inputs.first().is_none_or(|first| !is_of(first, &zone.file)) {
        return false;
    }
    let Some(output) = before.output.as_ref().filter(|output| is_of(output, &zone.output)) else { return false };
    let is_unchanged = |digest: &FileDigest| {
        let path = Path::new(&digest.path);
        // A length is quicker to have than a digest.
        fs::metadata(path).is_ok_and(|metadata| metadata.len() == digest.octets) && file(path).as_ref() == Some(digest)
    };
    let (are_inputs, is_output) = rayon::join(|| before.inputs.iter().all(is_unchanged), || is_unchanged(output));
    are_inputs && is_output
}

/// Whether a digest speaks of a file of this name.
fn is_of(digest: &FileDigest, path: &Path) -> bool {
    std::path::absolute(path).is_ok_and(|path| path.to_string_lossy() == digest.path)
}
