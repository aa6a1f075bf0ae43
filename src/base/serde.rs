//! How base types stand in files of ours: times as people read them, names as text, octets as base64, numbers as numbers.

use super::text::{decode_base64, push_base64};
use super::{Algorithm, DigestType, NameBuf, Seconds, Ttl, UnixTime};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;

impl Serialize for UnixTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for UnixTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        // Times beyond the years a date has stand as seconds.
        Self::from_iso_text(&text)
            .or_else(|| text.parse().ok().map(Self))
            .ok_or_else(|| D::Error::custom(format!("\"{text}\" is not a time such as 2027-03-02T10:15:00Z")))
    }
}

impl Serialize for NameBuf {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for NameBuf {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        Self::from_text(text.as_bytes(), None).map_err(|error| D::Error::custom(format!("\"{text}\": {error}")))
    }
}

impl Serialize for Ttl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(self.seconds())
    }
}

impl<'de> Deserialize<'de> for Ttl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = u32::deserialize(deserializer)?;
        Self::new(seconds).ok_or_else(|| D::Error::custom(format!("{seconds} seconds are more than a TTL can have")))
    }
}

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0)
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        i64::deserialize(deserializer).map(Self)
    }
}

impl Serialize for Algorithm {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.0)
    }
}

impl<'de> Deserialize<'de> for Algorithm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        u8::deserialize(deserializer).map(Self)
    }
}

impl Serialize for DigestType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.0)
    }
}

impl<'de> Deserialize<'de> for DigestType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        u8::deserialize(deserializer).map(Self)
    }
}

/// Octets that stand as base64, for instance RDATA.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Octets(pub Vec<u8>);

impl Serialize for Octets {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = Vec::new();
        push_base64(&self.0, &mut text);
        serializer.collect_str(&String::from_utf8_lossy(&text))
    }
}

impl<'de> Deserialize<'de> for Octets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        let mut octets = Vec::new();
        if decode_base64(text.as_bytes(), &mut octets) { Ok(Self(octets)) } else { Err(D::Error::custom("not base64")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Debug;

    #[track_caller]
    fn comes_back<T: Serialize + for<'de> Deserialize<'de> + PartialEq + Debug>(value: T, json: &str) {
        assert_eq!(serde_json::to_string(&value).unwrap(), json);
        assert_eq!(serde_json::from_str::<T>(json).unwrap(), value);
    }

    #[test]
    fn values_come_back() {
        comes_back(UnixTime(1_704_067_200), "\"2024-01-01T00:00:00Z\"");
        comes_back(UnixTime(i64::MAX), "\"9223372036854775807\"");
        comes_back("a\\.b.example.".parse::<NameBuf>().unwrap(), "\"a\\\\.b.example.\"");
        comes_back(Ttl::MAX, "2147483647");
        comes_back(Seconds(-5), "-5");
        comes_back(Algorithm::ED25519, "15");
        comes_back(DigestType::SHA384, "4");
        comes_back(Octets(vec![1, 2, 3, 4]), "\"AQIDBA==\"");
    }

    #[test]
    fn what_is_not_a_value_is_refused() {
        assert!(serde_json::from_str::<UnixTime>("\"soon\"").is_err());
        assert!(serde_json::from_str::<NameBuf>("\"a..b.\"").is_err());
        assert!(serde_json::from_str::<Ttl>("2147483648").is_err());
        assert!(serde_json::from_str::<Octets>("\"?\"").is_err());
    }
}
