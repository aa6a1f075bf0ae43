//! What each key of a zone is to do, decided elsewhere: the other way to a [`KeySet`] than the times in the key files.
//!
//! [`KeySet`]: super::KeySet

use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::Path;

/// A key, by the base name of its files: `Kexample.org.+013+12345`. Unlike the key tag it is the key's alone, and stays
/// when the key is revoked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyId(pub String);

impl KeyId {
    /// The key whose public or private half a file holds.
    #[must_use]
    pub fn of_file(path: &Path) -> Self {
        Self(path.file_stem().unwrap_or_default().to_string_lossy().into_owned())
    }

    /// The base name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How far a key signs zone data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DataSigning {
    /// Not: signatures it made go.
    #[default]
    No,
    /// It makes none, but those it made stay until they are due (gradual replacement). A signing that keeps nothing of
    /// the one before has none of its.
    KeepOld,
    /// Every RRset.
    Yes,
}

/// What one key is to do at the next signing. A key without a use does nothing and is not published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyUse {
    /// The key.
    pub key: KeyId,
    /// Whether it is in the DNSKEY RRset. One that is not may still sign: a conservative algorithm roll has signatures
    /// before their DNSKEY and after it (RFC 6781 section 4.1.4, SIG-9).
    pub is_published: bool,
    /// Whether it signs DNSKEY, CDS and CDNSKEY.
    pub signs_dnskey: bool,
    /// How far it signs all else.
    pub signs_data: DataSigning,
    /// Whether CDS and CDNSKEY name it, if the zone has them.
    pub is_in_sync: bool,
    /// Whether it has the REVOKE flag (RFC 5011).
    pub is_revoked: bool,
}
