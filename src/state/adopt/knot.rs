//! Keys of Knot DNS: what `keymgr -j ZONE list` prints (or `list -e`), and the PEM files in its key store.
//!
//! Knot keeps private keys as PKCS#8 in `<KASP directory>/keys/<key id>.pem` and all else in a database of its own, of
//! which the list is the export.

use crate::base::{Algorithm, Name, Ttl, UnixTime};
use crate::crypto::{Backend, Pkcs8Key, PrivateKey};
use crate::keys::private_file::PrivateFile;
use crate::keys::public_file::PublicFile;
use crate::keys::{KeyError, KeyErrorKind, KeyTiming, ZoneKey, dnskey_rdata, inspect, name, write};
use crate::rdata::dnskey::{FLAG_REVOKE, FLAG_SEP, FLAG_ZONE, key_tag};
use serde_json::{Map, Value};
use std::path::Path;

/// A key as the list gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnotEntry {
    /// Id: 40 hex digits, the name of its PEM file.
    pub id: String,
    /// Whether it signs the DNSKEY RRset.
    pub is_ksk: bool,
    /// Whether it signs zone data.
    pub is_zsk: bool,
    /// Key tag.
    pub tag: u16,
    /// Algorithm.
    pub algorithm: Algorithm,
    /// Whether its private half is elsewhere.
    pub is_public_only: bool,
    /// Signs before it is published: the first step of an algorithm roll.
    pub pre_active: Option<UnixTime>,
    /// Into the DNSKEY RRset.
    pub publish: Option<UnixTime>,
    /// A KSK whose DS may be submitted.
    pub ready: Option<UnixTime>,
    /// Signs.
    pub active: Option<UnixTime>,
    /// Still signs, while its successor does already.
    pub retire_active: Option<UnixTime>,
    /// Ceases to sign.
    pub retire: Option<UnixTime>,
    /// Still signs, out of the DNSKEY RRset: the last step of an algorithm roll.
    pub post_active: Option<UnixTime>,
    /// Gets the REVOKE flag.
    pub revoke: Option<UnixTime>,
    /// Gone.
    pub remove: Option<UnixTime>,
}

/// Reads a list: JSON, or the extended text form.
///
/// # Errors
/// [`KeyError`] with the key or line, and the field.
pub fn read_list(path: &Path, zone: Name<'_>) -> Result<Vec<KnotEntry>, KeyError> {
    let content = crate::keys::file::read_file(path)?;
    parse_list(path, &content, zone)
}

fn parse_list(path: &Path, content: &[u8], zone: Name<'_>) -> Result<Vec<KnotEntry>, KeyError> {
    let bad = |line, message: String| KeyError { path: path.into(), line, kind: KeyErrorKind::Syntax(message) };
    let text = std::str::from_utf8(content).map_err(|_| bad(None, "not a list of keys: it is not text".into()))?;
    if !text.trim_start().starts_with('[') {
        let lines = text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty());
        return lines
            .map(|(line, number)| {
                extended_line(line).and_then(|fields| entry(&fields)).map_err(|what| bad(Some(number), what))
            })
            .collect();
    }
    let keys: Vec<Map<String, Value>> =
        serde_json::from_str(text).map_err(|error| bad(None, format!("not a list of keys: {error}")))?;
    let mut entries = Vec::new();
    for key in &keys {
        let id = key.get("id").and_then(Value::as_str).unwrap_or("without an id");
        if let Some(other) = key.get("zone").and_then(Value::as_str)
            && other.parse::<crate::base::NameBuf>().is_ok_and(|other| other.as_name() != zone)
        {
            return Err(bad(None, format!("key {id} is of {other}, not of {zone}")));
        }
        entries.push(entry(key).map_err(|what| bad(None, format!("key {id}: {what}")))?);
    }
    Ok(entries)
}

/// `<id> ksk=yes zsk=no tag=58719 algorithm=13 … publish=1795462809 …`, as the fields of JSON.
fn extended_line(line: &str) -> Result<Map<String, Value>, String> {
    let mut words = line.split_whitespace();
    let mut fields = Map::new();
    fields.insert("id".into(), words.next().unwrap_or_default().into());
    for word in words {
        let (name, value) = word.split_once('=').ok_or_else(|| {
            format!("\"{word}\" is not a field; give what \"keymgr -j ZONE list\" prints, or \"keymgr -e ZONE list\"")
        })?;
        let value = match (value, value.parse::<i64>()) {
            ("yes", _) => Value::Bool(true),
            ("no", _) => Value::Bool(false),
            (_, Ok(number)) => number.into(),
            (text, _) => text.into(),
        };
        fields.insert(name.into(), value);
    }
    Ok(fields)
}

fn entry(fields: &Map<String, Value>) -> Result<KnotEntry, String> {
    let missing = |name: &str| format!("field {name} is missing, or not what Knot DNS writes");
    let flag = |name: &str| fields.get(name).and_then(Value::as_bool).ok_or_else(|| missing(name));
    let number = |name: &str| fields.get(name).and_then(Value::as_u64).ok_or_else(|| missing(name));
    let id = fields.get("id").and_then(Value::as_str).unwrap_or_default();
    // It becomes part of a path.
    if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(missing("id"));
    }
    let time = |name: &str| match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            let time = match value {
                Value::Number(number) => number.as_i64().map(UnixTime),
                Value::String(text) => UnixTime::from_iso_text(text),
                _ => None,
            };
            // Zero is a time that is not set.
            time.map(|time| Some(time).filter(|time| time.0 != 0)).ok_or_else(|| missing(name))
        }
    };
    Ok(KnotEntry {
        id: id.to_owned(),
        is_ksk: flag("ksk")?,
        is_zsk: flag("zsk")?,
        tag: u16::try_from(number("tag")?).map_err(|_| missing("tag"))?,
        algorithm: Algorithm(u8::try_from(number("algorithm")?).map_err(|_| missing("algorithm"))?),
        is_public_only: fields.get("public-only").and_then(Value::as_bool).unwrap_or(false),
        pre_active: time("pre-active")?,
        publish: time("publish")?,
        ready: time("ready")?,
        active: time("active")?,
        retire_active: time("retire-active")?,
        retire: time("retire")?,
        post_active: time("post-active")?,
        revoke: time("revoke")?,
        remove: time("remove")?,
    })
}

/// A key of Knot's on its way into a pair of key files.
#[derive(Debug)]
pub struct KnotKey {
    public: PublicFile,
    private: PrivateFile,
    id: String,
}

impl KnotEntry {
    /// Whether a time is reached.
    fn is_reached(time: Option<UnixTime>, now: UnixTime) -> bool {
        time.is_some_and(|time| time <= now)
    }

    /// The key's times, as key files have them.
    #[must_use]
    pub fn timing(&self) -> KeyTiming {
        KeyTiming {
            publish: self.publish,
            activate: self.active.or_else(|| self.ready.filter(|_| self.is_ksk)),
            inactive: self.retire,
            revoke: self.revoke,
            delete: self.remove,
            sync_publish: self.ready.or(self.active).filter(|_| self.is_ksk),
            ..KeyTiming::default()
        }
    }

    /// Reads the key's PEM file and works out its DNSKEY, whose tag must be the one in the list.
    ///
    /// # Errors
    /// [`KeyError`] if the file cannot be read, or holds another key than the list says.
    pub fn load(&self, zone: Name<'_>, store: &Path, ttl: Option<Ttl>, now: UnixTime) -> Result<KnotKey, KeyError> {
        let path = store.join(format!("{}.pem", self.id));
        let crypto = |error| KeyError::new(&path, KeyErrorKind::Crypto(error));
        let differs = |what: String| KeyError::new(&path, KeyErrorKind::Syntax(what));
        let key = match inspect::read_pem(&path)? {
            Pkcs8Key::Rsa(parts) => PrivateKey::from_rsa(self.algorithm, parts).map_err(crypto)?,
            Pkcs8Key::Other(key) => key,
        };
        if key.algorithm() != self.algorithm {
            return Err(differs(format!(
                "a key of algorithm {}, but the list says {}",
                key.algorithm(),
                self.algorithm
            )));
        }
        let revoke = if Self::is_reached(self.revoke, now) { FLAG_REVOKE } else { 0 };
        let flags = FLAG_ZONE | if self.is_ksk { FLAG_SEP | revoke } else { 0 };
        let dnskey_rdata = dnskey_rdata(flags, self.algorithm, &key.public_field().map_err(crypto)?);
        let tag = key_tag(&dnskey_rdata);
        if tag != self.tag {
            return Err(differs(format!("a key with tag {tag} (flags {flags}), but the list says {}", self.tag)));
        }
        let timing = self.timing();
        Ok(KnotKey {
            public: PublicFile { owner: zone.to_owned(), ttl, dnskey_rdata, timing },
            private: PrivateFile { key, timing, minor_version: 3 },
            id: self.id.clone(),
        })
    }
}

impl KnotKey {
    /// Base name of the files it becomes.
    #[must_use]
    pub fn base_name(&self) -> String {
        let rdata = &self.public.dnskey_rdata;
        name::base_name(self.public.owner.as_name(), self.private.key.algorithm(), key_tag(rdata))
    }

    /// Id in Knot.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The key as if it had been loaded from its files.
    ///
    /// # Errors
    /// [`KeyError`] if it cannot sign.
    pub fn to_zone_key(&self, directory: &Path) -> Result<ZoneKey, KeyError> {
        let path = directory.join(format!("{}.key", self.base_name()));
        let dnskey = crate::rdata::dnskey::Dnskey::parse(&self.public.dnskey_rdata).expect("it was put together whole");
        let signer = self.private.key.open_with(Backend::AutoForFew, dnskey.public_key);
        Ok(ZoneKey {
            zone: self.public.owner.clone(),
            key_tag: key_tag(&self.public.dnskey_rdata),
            algorithm: dnskey.algorithm,
            signer: Some(signer.map_err(|error| KeyError::new(&path, KeyErrorKind::Crypto(error)))?),
            refusal: None,
            timing: self.public.timing,
            ttl: self.public.ttl,
            is_named: false,
            dnskey_rdata: self.public.dnskey_rdata.clone(),
            source: path,
        })
    }

    /// Writes the pair of key files; returns whether there is anything new. A pair of the same key is left as it is.
    ///
    /// # Errors
    /// [`KeyError`] if they cannot be written, or another key has the name.
    pub fn write(&self, directory: &Path) -> Result<bool, KeyError> {
        match write::write_pair(directory, &self.public, &self.private) {
            Ok(_) => Ok(true),
            Err(KeyError { kind: KeyErrorKind::Exists, path, .. }) => {
                let (_, found) = inspect::read_dnskey(&path)?;
                if found == self.public.dnskey_rdata {
                    Ok(false)
                } else {
                    Err(KeyError::new(&path, KeyErrorKind::Exists))
                }
            }
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::NameBuf;

    const JSON: &str = r#"[ { "zone": "example.com.", "id": "7046689c4a5f9942fc17863f78099feec9ad7a69", "ksk": true, "zsk": false,
        "tag": 58719, "algorithm": 13, "size": 256, "public-only": false, "pre-active": 0, "publish": 1795462809,
        "ready": 1795462810, "active": 1795462811, "retire-active": 0, "retire": 0, "post-active": 0, "revoke": 0,
        "remove": 0 } ]"#;
    const EXTENDED: &str = "7046689c4a5f9942fc17863f78099feec9ad7a69 ksk=yes zsk=no  tag=58719 algorithm=13 size=256  \
        public-only=no  pre-active=0 publish=1795462809 ready=1795462810 active=1795462811 retire-active=0 retire=0 \
        post-active=0 revoke=0 remove=0\n";

    fn parse(text: &str) -> Result<Vec<KnotEntry>, String> {
        let zone: NameBuf = "example.com.".parse().unwrap();
        parse_list(Path::new("list"), text.as_bytes(), zone.as_name()).map_err(|error| error.to_string())
    }

    #[test]
    fn every_form_gives_the_same() {
        let entries = parse(JSON).unwrap();
        assert_eq!((entries.len(), entries[0].tag, entries[0].is_ksk), (1, 58719, true));
        assert_eq!((entries[0].ready, entries[0].remove), (Some(UnixTime(1_795_462_810)), None));
        assert_eq!(parse(EXTENDED).unwrap(), entries);
        let iso = JSON
            .replace("1795462809", "\"2026-11-23T19:40:09Z\"")
            .replace("1795462810", "\"2026-11-23T19:40:10Z\"")
            .replace("1795462811", "\"2026-11-23T19:40:11Z\"")
            .replace("\"remove\": 0", "\"remove\": \"1970-01-01T00:00:00Z\"");
        assert_eq!(parse(&iso).unwrap(), entries);
        assert_eq!(parse("[]").unwrap(), []);
    }

    #[test]
    fn errors_name_the_key_and_the_field() {
        for (from, to, message) in [
            ("\"tag\": 58719", "\"tag\": 658719", "list: key 7046689c4a5f9942fc17863f78099feec9ad7a69: field tag"),
            ("\"ksk\": true", "\"ksk\": 1", "list: key 7046689c4a5f9942fc17863f78099feec9ad7a69: field ksk"),
            (
                "\"publish\": 17",
                "\"publish\": -0.17",
                "list: key 7046689c4a5f9942fc17863f78099feec9ad7a69: field publish",
            ),
            ("example.com.", "example.net.", "list: key 7046689c4a5f9942fc17863f78099feec9ad7a69 is of example.net."),
            ("\"7046689c", "\"../7046689c", "list: key ../7046689c4a5f9942fc17863f78099feec9ad7a69: field id"),
        ] {
            let error = parse(&JSON.replace(from, to)).unwrap_err();
            assert!(error.starts_with(message), "{error}");
        }
        let brief = "7046689c4a5f9942fc17863f78099feec9ad7a69 58719 KSK ECDSAP256SHA256 publish=1795462809\n";
        assert!(parse(brief).unwrap_err().contains("keymgr -j ZONE list"));
        assert!(parse("[ {").unwrap_err().contains("not a list of keys"));
    }
}
