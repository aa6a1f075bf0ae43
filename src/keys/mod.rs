//! Zone keys: key files as BIND writes them, their timing, and which key signs what.
//!
//! ```text
//! K*.key, K*.private ─ file ─▶ ZoneKey (halves checked) ─ KeySet at `now` ─▶ DNSKEY RRset, signers per kind of RRset
//!                                                                └─ ds ─▶ DS, CDS, CDNSKEY, dsset- text
//! ```

pub mod ds;
pub mod error;
pub mod file;
pub mod generate;
pub mod inspect;
pub mod name;
pub mod private_file;
pub mod public_file;
pub mod role;
pub mod timing;
pub mod usage;
pub mod write;

pub use error::{KeyError, KeyErrorKind};
pub use file::{KeyDirectory, KeySource, LoadOptions, load, load_files};
pub use role::{KeyRole, KeySet};
pub use timing::{KeyState, KeyTiming};
pub use usage::{DataSigning, KeyId, KeyUse};

use crate::base::{Algorithm, NameBuf, Ttl, UnixTime};
use crate::crypto::{CryptoError, Signer};
use crate::rdata::dnskey::{Dnskey, FLAG_REVOKE, key_tag};
use std::path::PathBuf;

/// A key of a zone: its DNSKEY, and its signer if the private half is at hand and may sign.
#[derive(Debug)]
pub struct ZoneKey {
    /// The zone's name as the key file spells it.
    pub zone: NameBuf,
    /// DNSKEY RDATA in wire form.
    pub dnskey_rdata: Vec<u8>,
    /// Key tag of `dnskey_rdata`; not unique.
    pub key_tag: u16,
    /// Algorithm.
    pub algorithm: Algorithm,
    /// Signs; its key fits `dnskey_rdata`.
    pub signer: Option<Box<dyn Signer>>,
    /// Why there is a private half, but no signer: by policy, or because the library does not take the key.
    pub refusal: Option<CryptoError>,
    /// When it is published, signs, and goes.
    pub timing: KeyTiming,
    /// TTL in the key file, if there is one.
    pub ttl: Option<Ttl>,
    /// The `.key` file.
    pub source: PathBuf,
    /// Whether the user named it, so that it is used whatever its timing says, as dnssec-signzone does.
    pub is_named: bool,
}

impl ZoneKey {
    /// Its name for those who keep a record of keys.
    #[must_use]
    pub fn id(&self) -> KeyId {
        KeyId::of_file(&self.source)
    }

    /// The fields of its DNSKEY.
    ///
    /// # Panics
    /// Never: the RDATA was read from, or made with, all its fields.
    #[must_use]
    pub fn dnskey(&self) -> Dnskey<'_> {
        Dnskey::parse(&self.dnskey_rdata).expect("a key holds whole DNSKEY RDATA")
    }

    /// Flags of its DNSKEY.
    #[must_use]
    pub fn flags(&self) -> u16 {
        self.dnskey().flags
    }

    /// Whether the SEP flag is set.
    #[must_use]
    pub fn is_sep(&self) -> bool {
        self.dnskey().has_sep_flag()
    }

    /// Whether the REVOKE flag is set.
    #[must_use]
    pub fn is_revoked(&self) -> bool {
        self.dnskey().is_revoked()
    }

    /// What it is at a time.
    #[must_use]
    pub fn state(&self, now: UnixTime) -> KeyState {
        self.timing.state(now)
    }

    /// Sets the REVOKE flag, which changes the key tag (RFC 5011 section 3, ENC-6).
    pub fn revoke(&mut self) {
        let flags = self.flags() | FLAG_REVOKE;
        self.dnskey_rdata[..2].copy_from_slice(&flags.to_be_bytes());
        self.key_tag = key_tag(&self.dnskey_rdata);
    }
}

/// DNSKEY RDATA from its fields; the protocol is always 3 (SIG-11).
#[must_use]
pub fn dnskey_rdata(flags: u16, algorithm: Algorithm, public_field: &[u8]) -> Vec<u8> {
    let [high, low] = flags.to_be_bytes();
    [&[high, low, 3, algorithm.0], public_field].concat()
}
