//! Making keys whose tags, with REVOKE set and without, no other key of the zone has (SIG-17).

use super::private_file::PrivateFile;
use super::public_file::PublicFile;
use super::timing::KeyTiming;
use super::{KeyError, KeyErrorKind, dnskey_rdata, write};
use crate::base::{Algorithm, Name, NameBuf, Ttl};
use crate::crypto::{Backend, CryptoError, PrivateKey};
use crate::rdata::dnskey::{FLAG_REVOKE, key_tag};
use std::fs;
use std::path::Path;

/// How many keys are made in search of a free tag. With a hundred keys in the directory each try fails about once in 160.
const TRIES_MAX: u32 = 100;

/// What key to make.
#[derive(Clone, Debug)]
pub struct KeySpec {
    /// The zone.
    pub zone: NameBuf,
    /// Algorithm.
    pub algorithm: Algorithm,
    /// Bits of an RSA modulus.
    pub bits: Option<usize>,
    /// Flags of the DNSKEY: 256 for a ZSK, 257 for a KSK or CSK.
    pub flags: u16,
    /// TTL for the key file.
    pub ttl: Option<Ttl>,
    /// Times.
    pub timing: KeyTiming,
}

/// A key that was made and written.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// Base name of its files.
    pub base_name: String,
    /// Key tag.
    pub key_tag: u16,
    /// What its `.key` file says.
    pub public: PublicFile,
    /// How many keys were thrown away because their tags were taken.
    pub collisions: u32,
}

/// Makes a key and writes its files into a directory. `make` makes the private key: [`PrivateKey::generate`], or what a
/// test puts in its place.
///
/// # Errors
/// [`KeyErrorKind::Crypto`] if no such key can be made, [`KeyErrorKind::NoFreeTag`], or what [`write::write_pair`]
/// says.
pub fn generate(
    spec: &KeySpec,
    directory: &Path,
    make: impl FnMut(Algorithm, Option<usize>) -> Result<PrivateKey, CryptoError>,
) -> Result<NewKey, KeyError> {
    generate_beside(spec, directory, &taken_tags(spec.zone.as_name(), directory)?, make)
}

/// The same, for who knows which tags are taken: listing a directory with the keys of thousands of zones takes long.
///
/// # Errors
/// As [`generate`].
pub fn generate_beside(
    spec: &KeySpec,
    directory: &Path,
    taken: &[u16],
    mut make: impl FnMut(Algorithm, Option<usize>) -> Result<PrivateKey, CryptoError>,
) -> Result<NewKey, KeyError> {
    let crypto = |error| KeyError::new(directory, KeyErrorKind::Crypto(error));
    for collisions in 0..TRIES_MAX {
        let key = make(spec.algorithm, spec.bits).map_err(crypto)?;
        let public_field = key.public_field().map_err(crypto)?;
        let rdata = dnskey_rdata(spec.flags, spec.algorithm, &public_field);
        if tags_of(&rdata).iter().any(|tag| taken.contains(tag)) {
            continue;
        }
        // Checks the key once as it will be checked each time it is loaded.
        key.open_with(Backend::AutoForFew, &public_field).map_err(crypto)?;
        let public = PublicFile { owner: spec.zone.clone(), ttl: spec.ttl, dnskey_rdata: rdata, timing: spec.timing };
        let private = PrivateFile { key, timing: spec.timing, minor_version: 3 };
        let base_name = write::write_pair(directory, &public, &private)?;
        return Ok(NewKey { base_name, key_tag: key_tag(&public.dnskey_rdata), public, collisions });
    }
    Err(KeyError::new(directory, KeyErrorKind::NoFreeTag))
}

/// A key's tag, and the one it has with the REVOKE flag turned round.
#[must_use]
pub fn tags_of(dnskey_rdata: &[u8]) -> [u16; 2] {
    let mut turned = dnskey_rdata.to_vec();
    turned[1] ^= FLAG_REVOKE.to_be_bytes()[1];
    [key_tag(dnskey_rdata), key_tag(&turned)]
}

/// The tags of a zone's keys in a directory, of all algorithms: as their file names tell, and of both forms as their
/// records do.
fn taken_tags(zone: Name<'_>, directory: &Path) -> Result<Vec<u16>, KeyError> {
    let mut tags = Vec::new();
    for entry in fs::read_dir(directory).map_err(|error| KeyError::io(directory, error))? {
        let entry = entry.map_err(|error| KeyError::io(directory, error))?;
        let name = entry.file_name();
        let Some(base) =
            name.to_str().and_then(|name| name.strip_suffix(".key").or_else(|| name.strip_suffix(".private")))
        else {
            continue;
        };
        if !super::name::is_public_half_of(&format!("{base}.key"), zone) {
            continue;
        }
        tags.extend(base.rsplit_once('+').and_then(|(_, tag)| tag.parse::<u16>().ok()));
        // A file that cannot be read is not ours to judge here; its name has been counted.
        let path = super::name::paths_of(&entry.path(), None).public;
        let content = super::file::read_file(&path);
        if let Some(file) = content.ok().and_then(|content| PublicFile::parse(&path, &content).ok()) {
            tags.extend(tags_of(&file.dnskey_rdata));
        }
    }
    Ok(tags)
}
