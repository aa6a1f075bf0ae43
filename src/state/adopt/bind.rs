//! BIND's `.state` files: what `named` with `dnssec-policy`, and `dnssec-settime -s`, know of a key.
//!
//! ```text
//! ; This is the state of key 44580, for example.com.
//! Algorithm: 13
//! Lifetime: 0
//! KSK: yes
//! DNSKEYChange: 20261123195026 (Mon Nov 23 19:50:26 2026)
//! DNSKEYState: rumoured
//! GoalState: omnipresent
//! ```

use crate::base::{Algorithm, UnixTime};
use crate::keys::file::read_file;
use crate::keys::{KeyError, KeyErrorKind};
use std::io;
use std::path::Path;

/// How far a record is seen, in BIND's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BindVisibility {
    /// No cache has it.
    Hidden,
    /// Some caches may have it.
    Rumoured,
    /// Every cache that has the RRset has it.
    Omnipresent,
    /// Gone from the servers; some caches may have it.
    Unretentive,
}

impl BindVisibility {
    fn from_text(text: &str) -> Option<Self> {
        Some(match text.to_ascii_lowercase().as_str() {
            "hidden" => Self::Hidden,
            "rumoured" => Self::Rumoured,
            "omnipresent" => Self::Omnipresent,
            "unretentive" => Self::Unretentive,
            _ => return None,
        })
    }

    /// Whether it is on the servers.
    #[must_use]
    pub const fn is_published(self) -> bool {
        matches!(self, Self::Rumoured | Self::Omnipresent)
    }

    /// One word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hidden => "hidden",
            Self::Rumoured => "rumoured",
            Self::Omnipresent => "omnipresent",
            Self::Unretentive => "unretentive",
        }
    }
}

/// A record's visibility, and since when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BindRecord {
    /// Visibility; `None` for records the key does not have, and for keys that `named` never managed.
    pub state: Option<BindVisibility>,
    /// Since when.
    pub change: Option<UnixTime>,
}

/// What a `.state` file says. Every field is optional, as in BIND.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BindState {
    /// Algorithm.
    pub algorithm: Option<Algorithm>,
    /// Bits.
    pub length: Option<u16>,
    /// Seconds the key is to be used; 0 is unlimited.
    pub lifetime: Option<u32>,
    /// Tag of the key before it.
    pub predecessor: Option<u16>,
    /// Tag of the key after it.
    pub successor: Option<u16>,
    /// Whether it signs the DNSKEY RRset.
    pub ksk: Option<bool>,
    /// Whether it signs zone data.
    pub zsk: Option<bool>,
    /// Made.
    pub generated: Option<UnixTime>,
    /// Into the DNSKEY RRset.
    pub published: Option<UnixTime>,
    /// Begins to sign.
    pub active: Option<UnixTime>,
    /// Ceases to sign.
    pub retired: Option<UnixTime>,
    /// Gets the REVOKE flag.
    pub revoked: Option<UnixTime>,
    /// Out of the DNSKEY RRset.
    pub removed: Option<UnixTime>,
    /// The DS was seen at the parent: `rndc dnssec -checkds published`, or `parental-agents`.
    pub ds_publish: Option<UnixTime>,
    /// The DS was seen to be gone.
    pub ds_removed: Option<UnixTime>,
    /// CDS and CDNSKEY appear.
    pub publish_cds: Option<UnixTime>,
    /// CDS and CDNSKEY go.
    pub delete_cds: Option<UnixTime>,
    /// DNSKEY.
    pub dnskey: BindRecord,
    /// Signatures over zone data.
    pub zone_rrsig: BindRecord,
    /// Signatures over the DNSKEY RRset.
    pub dnskey_rrsig: BindRecord,
    /// DS.
    pub ds: BindRecord,
    /// Where the key is going: omnipresent or hidden.
    pub goal: Option<BindVisibility>,
}

impl BindState {
    /// Reads the file; `None` if there is none.
    ///
    /// # Errors
    /// As [`Self::parse`], or if it cannot be read.
    pub fn read(path: &Path) -> Result<Option<Self>, KeyError> {
        match read_file(path) {
            Ok(content) => Self::parse(path, &content).map(Some),
            Err(KeyError { kind: KeyErrorKind::Io(error), .. }) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Reads the text of a `.state` file; `path` is for messages. Fields it does not know are passed over, as BIND does.
    ///
    /// # Errors
    /// [`KeyError`] with the line and the field.
    pub fn parse(path: &Path, content: &[u8]) -> Result<Self, KeyError> {
        let bad = |line, message: String| KeyError { path: path.into(), line, kind: KeyErrorKind::Syntax(message) };
        let content =
            std::str::from_utf8(content).map_err(|_| bad(None, "not a key state file: it is not text".into()))?;
        let mut state = Self::default();
        let mut seen = Vec::new();
        for (line, number) in content.lines().zip(1..) {
            let line = line.trim();
            if line.is_empty() || line.starts_with(';') {
                continue;
            }
            let number = Some(number);
            let (name, value) = line.split_once(':').ok_or_else(|| bad(number, "not \"Field: value\"".into()))?;
            if seen.contains(&name) {
                return Err(bad(number, format!("field {name} stands here a second time")));
            }
            seen.push(name);
            // The date in words behind a time is for people.
            let value = value.split_whitespace().next().unwrap_or_default();
            state
                .set(name, value)
                .ok_or_else(|| bad(number, format!("field {name}: \"{value}\" is not a value of it")))?;
        }
        Ok(state)
    }

    /// Sets a field; `None` if the value is none of it.
    fn set(&mut self, name: &str, value: &str) -> Option<()> {
        if let Some(field) = self.time_mut(name) {
            *field = Some(Some(value).filter(|value| value.len() == 14).and_then(UnixTime::from_text)?);
        } else if let Some(field) = self.visibility_mut(name) {
            *field = Some(BindVisibility::from_text(value)?);
        } else {
            match name {
                "Algorithm" => self.algorithm = Some(Algorithm(value.parse().ok()?)),
                "Length" => self.length = Some(value.parse().ok()?),
                "Lifetime" => self.lifetime = Some(value.parse().ok()?),
                "Predecessor" => self.predecessor = Some(value.parse().ok()?),
                "Successor" => self.successor = Some(value.parse().ok()?),
                "KSK" => self.ksk = Some(yes_or_no(value)?),
                "ZSK" => self.zsk = Some(yes_or_no(value)?),
                _ => {}
            }
        }
        Some(())
    }

    fn time_mut(&mut self, name: &str) -> Option<&mut Option<UnixTime>> {
        Some(match name {
            "Generated" => &mut self.generated,
            "Published" => &mut self.published,
            "Active" => &mut self.active,
            "Retired" => &mut self.retired,
            "Revoked" => &mut self.revoked,
            "Removed" => &mut self.removed,
            "DSPublish" => &mut self.ds_publish,
            "DSRemoved" => &mut self.ds_removed,
            "PublishCDS" => &mut self.publish_cds,
            "DeleteCDS" => &mut self.delete_cds,
            "DNSKEYChange" => &mut self.dnskey.change,
            "ZRRSIGChange" => &mut self.zone_rrsig.change,
            "KRRSIGChange" => &mut self.dnskey_rrsig.change,
            "DSChange" => &mut self.ds.change,
            _ => return None,
        })
    }

    fn visibility_mut(&mut self, name: &str) -> Option<&mut Option<BindVisibility>> {
        Some(match name {
            "DNSKEYState" => &mut self.dnskey.state,
            "ZRRSIGState" => &mut self.zone_rrsig.state,
            "KRRSIGState" => &mut self.dnskey_rrsig.state,
            "DSState" => &mut self.ds.state,
            "GoalState" => &mut self.goal,
            _ => return None,
        })
    }
}

fn yes_or_no(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every field that BIND 9.18 has; no key has them all.
    const ALL: &str = "; This is the state of key 44580, for example.com.\n\
        Algorithm: 13\nLength: 256\nLifetime: 5184000\nPredecessor: 11282\nSuccessor: 4711\nKSK: yes\nZSK: no\n\
        Generated: 20261123195026 (Mon Nov 23 19:50:26 2026)\nPublished: 20261123195026 (Mon Nov 23 19:50:26 2026)\n\
        Active: 20261123195026\nRetired: 20261223195026\nRevoked: 20261224195026\nRemoved: 20270102205526\n\
        DSPublish: 20261125000000\nDSRemoved: 20261226000000\nPublishCDS: 20261124205526\nDeleteCDS: 20261226000001\n\
        DNSKEYChange: 20261124205526\nZRRSIGChange: 20261124205527\nKRRSIGChange: 20261124205528\n\
        DSChange: 20261125000000\nDNSKEYState: omnipresent\nZRRSIGState: hidden\nKRRSIGState: OMNIPRESENT\n\
        DSState: unretentive\nGoalState: hidden\nFutureField: whatever\n";

    #[test]
    fn every_field_is_read() {
        let state = BindState::parse(Path::new("K.state"), ALL.as_bytes()).unwrap();
        let debug = format!("{state:?}");
        assert!(!debug.contains("None"), "a field of the example was not read: {debug}");
        assert_eq!((state.lifetime, state.predecessor, state.successor), (Some(5_184_000), Some(11_282), Some(4711)));
        assert_eq!((state.ksk, state.zsk), (Some(true), Some(false)));
        assert_eq!(state.ds_publish, UnixTime::from_text("20261125000000"));
        assert_eq!(state.ds.state, Some(BindVisibility::Unretentive));
        assert_eq!(state.dnskey_rrsig.state, Some(BindVisibility::Omnipresent));
        let crlf = ALL.replace('\n', "\r\n");
        assert_eq!(BindState::parse(Path::new("K.state"), crlf.as_bytes()).unwrap(), state);
        assert_eq!(BindState::parse(Path::new("K.state"), b"").unwrap(), BindState::default());
    }

    #[test]
    fn errors_name_the_line_and_the_field() {
        for (from, to, message) in [
            ("KSK: yes", "KSK: maybe", "K.state:7: field KSK: \"maybe\""),
            ("Lifetime: 5184000", "Lifetime: -1", "K.state:4: field Lifetime"),
            ("Active: 20261123195026", "Active: 2026", "K.state:11: field Active"),
            ("Active: 20261123195026", "Active: 20261323195026", "K.state:11: field Active"),
            ("GoalState: hidden", "GoalState: gone", "K.state:27: field GoalState"),
            ("ZSK: no", "KSK: no", "K.state:8: field KSK stands here a second time"),
            ("ZSK: no", "ZSK no", "K.state:8: not \"Field: value\""),
        ] {
            let error =
                BindState::parse(Path::new("K.state"), ALL.replace(from, to).as_bytes()).unwrap_err().to_string();
            assert!(error.starts_with(message), "{error}");
        }
    }
}
