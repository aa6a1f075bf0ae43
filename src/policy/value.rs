//! What stands behind a field in policy.toml: from TOML and back.

use super::model::{
    AlgorithmRoll, CdsPublication, DnssecGoal, KskMethod, Lifetime, PurgeDelay, Replacement, Roles, SerialMethod,
    ZonemdDigest, ZskMethod,
};
use crate::base::{Algorithm, DigestType, Seconds, Ttl};
use toml::de::DeValue;

/// The longest span a policy may have: what RFC 1982 can order in a signature's times (TIM-1), some 68 years.
const SPAN_MAX: Seconds = Seconds(0x7fff_ffff);

/// A value of a field.
pub(super) trait FieldValue: Sized {
    /// What is expected, for messages.
    const FORM: &'static str;
    /// Reads it; `None` if it is none.
    fn read(value: &DeValue<'_>) -> Option<Self>;
    /// As TOML.
    fn write(&self) -> String;
}

/// A whole number without a sign.
fn number<N: TryFrom<i64>>(value: &DeValue<'_>) -> Option<N> {
    let integer = value.as_integer()?;
    i64::from_str_radix(integer.as_str(), integer.radix()).ok()?.try_into().ok()
}

/// A span as one word: `1h30m`.
pub(super) fn span_word(span: Seconds) -> String {
    span.to_string().replace(' ', "")
}

impl FieldValue for Seconds {
    const FORM: &'static str = "a length of time of at most 68 years: \"7d\", \"1h30m\", \"PT1H\" or seconds";

    fn read(value: &DeValue<'_>) -> Option<Self> {
        let span = match value.as_str() {
            Some(text) => Self::from_text(text)?,
            None => Self(number(value)?),
        };
        (Self(0)..=SPAN_MAX).contains(&span).then_some(span)
    }

    fn write(&self) -> String {
        format!("\"{}\"", span_word(*self))
    }
}

impl FieldValue for Ttl {
    const FORM: &'static str = "a TTL of at most 2147483647 seconds: \"1h\", \"PT1H\" or 3600";

    fn read(value: &DeValue<'_>) -> Option<Self> {
        Seconds::read(value).and_then(|span| Self::new(span.0.try_into().ok()?))
    }

    fn write(&self) -> String {
        self.to_seconds().write()
    }
}

impl FieldValue for Lifetime {
    const FORM: &'static str = "a length of time such as \"90d\", or \"unlimited\"";

    fn read(value: &DeValue<'_>) -> Option<Self> {
        if value.as_str() == Some("unlimited") {
            return Some(Self::Unlimited);
        }
        Seconds::read(value).filter(|span| span.0 > 0).map(Self::Limited)
    }

    fn write(&self) -> String {
        self.limit().map_or_else(|| "\"unlimited\"".to_owned(), |span| span.write())
    }
}

impl FieldValue for PurgeDelay {
    // 0 means "never" to some and "at once" to others.
    const FORM: &'static str = "a length of time such as \"90d\", not 0, or \"never\"";

    fn read(value: &DeValue<'_>) -> Option<Self> {
        if value.as_str() == Some("never") {
            return Some(Self::Never);
        }
        Seconds::read(value).filter(|span| span.0 > 0).map(Self::After)
    }

    fn write(&self) -> String {
        match self {
            Self::After(span) => span.write(),
            Self::Never => "\"never\"".to_owned(),
        }
    }
}

impl FieldValue for bool {
    const FORM: &'static str = "true or false";

    fn read(value: &DeValue<'_>) -> Option<Self> {
        value.as_bool()
    }

    fn write(&self) -> String {
        self.to_string()
    }
}

impl FieldValue for u8 {
    const FORM: &'static str = "a number from 0 to 255";

    fn read(value: &DeValue<'_>) -> Option<Self> {
        number(value)
    }

    fn write(&self) -> String {
        self.to_string()
    }
}

impl FieldValue for u16 {
    const FORM: &'static str = "a number from 0 to 65535";

    fn read(value: &DeValue<'_>) -> Option<Self> {
        number(value)
    }

    fn write(&self) -> String {
        self.to_string()
    }
}

/// Written as `None` only by being left out.
impl FieldValue for Option<u16> {
    const FORM: &'static str = "the bits of an RSA modulus, such as 2048";

    fn read(value: &DeValue<'_>) -> Option<Self> {
        u16::read(value).map(Some)
    }

    fn write(&self) -> String {
        self.as_ref().map_or_else(String::new, FieldValue::write)
    }
}

impl FieldValue for Algorithm {
    const FORM: &'static str = "an algorithm by its name or number, such as \"ECDSAP256SHA256\" or 13";

    fn read(value: &DeValue<'_>) -> Option<Self> {
        match value.as_str() {
            Some(text) => Self::from_text(text.as_bytes()),
            None => number(value).map(Self),
        }
    }

    fn write(&self) -> String {
        self.mnemonic().map_or_else(|| self.0.to_string(), |name| format!("\"{name}\""))
    }
}

/// The names digest types go by, without hyphens.
const DIGEST_NAMES: [(&str, DigestType); 3] =
    [("sha1", DigestType::SHA1), ("sha256", DigestType::SHA256), ("sha384", DigestType::SHA384)];

impl FieldValue for DigestType {
    const FORM: &'static str = "a digest type by its number or name, such as 2 or \"SHA-256\"";

    fn read(value: &DeValue<'_>) -> Option<Self> {
        match value.as_str() {
            Some(text) => {
                let plain = text.replace('-', "").to_ascii_lowercase();
                DIGEST_NAMES.iter().find(|(name, _)| *name == plain).map(|&(_, digest)| digest)
            }
            None => number(value).map(Self),
        }
    }

    fn write(&self) -> String {
        self.0.to_string()
    }
}

impl FieldValue for Vec<DigestType> {
    const FORM: &'static str = "a list of digest types, such as [2] or [\"SHA-256\", \"SHA-384\"]";

    fn read(value: &DeValue<'_>) -> Option<Self> {
        value.as_array()?.iter().map(|item| DigestType::read(item.get_ref())).collect()
    }

    fn write(&self) -> String {
        format!("[{}]", self.iter().map(FieldValue::write).collect::<Vec<_>>().join(", "))
    }
}

impl FieldValue for Vec<ZonemdDigest> {
    const FORM: &'static str = "a list of \"sha384\" and \"sha512\"; [] for no ZONEMD";

    fn read(value: &DeValue<'_>) -> Option<Self> {
        value.as_array()?.iter().map(|item| ZonemdDigest::read(item.get_ref())).collect()
    }

    fn write(&self) -> String {
        format!("[{}]", self.iter().map(FieldValue::write).collect::<Vec<_>>().join(", "))
    }
}

/// Values that are one word of a few.
macro_rules! words {
    ($type:ident: $first:literal => $first_variant:ident $(, $word:literal => $variant:ident)+) => {
        impl FieldValue for $type {
            const FORM: &'static str = concat!("\"", $first, "\"" $(, " or \"", $word, "\"")+);

            fn read(value: &DeValue<'_>) -> Option<Self> {
                match value.as_str()? {
                    $first => Some(Self::$first_variant),
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }

            fn write(&self) -> String {
                let word = match self {
                    Self::$first_variant => $first,
                    $(Self::$variant => $word,)+
                };
                format!("\"{word}\"")
            }
        }
    };
}

words!(DnssecGoal: "signed" => Signed, "insecure" => Insecure);
words!(Roles: "ksk+zsk" => KskZsk, "csk" => Csk);
words!(KskMethod: "double-ksk" => DoubleKsk, "double-ds" => DoubleDs, "double-rrset" => DoubleRrset);
words!(ZskMethod: "pre-publication" => PrePublication, "double-signature" => DoubleSignature);
words!(AlgorithmRoll: "conservative" => Conservative, "liberal" => Liberal);
words!(Replacement: "full" => Full, "gradual" => Gradual);
words!(CdsPublication: "publish" => Publish, "off" => Off);
words!(ZonemdDigest: "sha384" => Sha384, "sha512" => Sha512);
words!(SerialMethod: "increment" => Increment, "unixtime" => UnixTime, "date" => Date, "keep" => Keep);

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Debug;

    #[track_caller]
    fn assert_reads<V: FieldValue + PartialEq + Debug>(toml: &str, value: Option<V>) {
        let parsed = DeValue::parse(toml).expect("the test has TOML");
        assert_eq!(V::read(parsed.get_ref()), value, "{toml}");
        if let Some(value) = value {
            let written = value.write();
            let again = DeValue::parse(&written).expect("what is written is TOML");
            assert_eq!(V::read(again.get_ref()), Some(value), "{toml} -> {written}");
        }
    }

    #[test]
    fn spans_and_ttls() {
        for (toml, seconds) in
            [("\"7d\"", 604_800), ("\"1h30m\"", 5400), ("\"PT1H\"", 3600), ("3600", 3600), ("0x10", 16), ("0", 0)]
        {
            assert_reads(toml, Some(Seconds(seconds)));
            assert_reads(toml, Ttl::new(u32::try_from(seconds).unwrap()));
        }
        for bad in ["\"soon\"", "-1", "1.5", "true", "\"\"", "\"100y\"", "[1]", "99999999999999999999"] {
            assert_reads::<Seconds>(bad, None);
            assert_reads::<Ttl>(bad, None);
        }
        assert_reads("\"unlimited\"", Some(Lifetime::Unlimited));
        assert_reads("\"P90D\"", Some(Lifetime::Limited(Seconds(7_776_000))));
        assert_reads::<Lifetime>("0", None);
        assert_reads("\"never\"", Some(PurgeDelay::Never));
        assert_reads::<PurgeDelay>("0", None);
    }

    #[test]
    fn words_and_lists() {
        assert_reads("\"csk\"", Some(Roles::Csk));
        assert_reads::<Roles>("\"zsk\"", None);
        assert_reads("[\"sha384\", \"sha512\"]", Some(vec![ZonemdDigest::Sha384, ZonemdDigest::Sha512]));
        assert_reads("[2, \"SHA-384\"]", Some(vec![DigestType::SHA256, DigestType::SHA384]));
        assert_reads::<Vec<DigestType>>("[\"md5\"]", None);
        assert_reads::<Vec<DigestType>>("2", None);
        assert_reads("\"ecdsa256\"", Some(Algorithm::ECDSAP256SHA256));
        assert_reads("8", Some(Algorithm::RSASHA256));
        assert_reads::<Algorithm>("256", None);
        assert_eq!(Replacement::FORM, "\"full\" or \"gradual\"");
    }
}
