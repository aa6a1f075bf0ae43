//! The fields of each type, in wire order.

use crate::base::Rtype;

/// What a type's data is made of.
#[derive(Debug)]
pub(super) struct Layout {
    /// In wire order.
    pub(super) fields: &'static [Field],
    /// The section that defines the type.
    pub(super) reference: &'static str,
}

/// One field.
#[derive(Debug)]
pub(super) struct Field {
    /// As the defining section calls it.
    pub(super) name: &'static str,
    /// How it looks.
    pub(super) kind: Kind,
}

/// How a field looks in wire form and in text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// 8 bits, decimal.
    U8,
    /// 16 bits, decimal.
    U16,
    /// 32 bits, decimal.
    U32,
    /// 32 bits of seconds; text may have units such as `1h`.
    Seconds,
    /// RRSIG time: `YYYYMMDDHHMMSS` or seconds.
    Time,
    /// A type: mnemonic or `TYPEnnn`.
    Type,
    /// 8 bits, decimal; text may be the mnemonic of a DNSSEC algorithm.
    Algorithm,
    /// 8 bits, decimal; text may be the mnemonic of a digest type.
    DigestType,
    /// 16 bits, decimal; text may be names of KEY flags.
    KeyFlags,
    /// 8 bits, decimal; text may be the name of a KEY protocol.
    KeyProtocol,
    /// 4 octets, dotted.
    Ipv4,
    /// 16 octets, RFC 5952.
    Ipv6,
    /// A name, case kept in canonical form (CAN-3).
    Name,
    /// A name, lowered in canonical form (CAN-2).
    LowerName,
    /// A character-string.
    String,
    /// Character-strings to the end, at least one.
    Strings,
    /// Hex to the end, at least so many octets.
    Hex(u16),
    /// Base64 to the end; the flag says whether it may be empty.
    Base64(MayBeEmpty),
    /// A length octet and so much hex in one word; `-` if empty.
    Salt,
    /// A length octet and so much base32hex in one word, never empty.
    NextHash,
    /// Type bitmap to the end.
    Bitmap(MayBeEmpty),
}

/// Whether a field may have no octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MayBeEmpty {
    /// It may.
    Yes,
    /// It may not.
    No,
}

impl Layout {
    /// Whether canonical form lowers any name.
    pub(super) fn lowers_names(&self) -> bool {
        self.fields.iter().any(|field| field.kind.is_lowered())
    }
}

impl Kind {
    /// Whether the field is a name that canonical form lowers.
    pub(super) const fn is_lowered(self) -> bool {
        matches!(self, Self::LowerName)
    }

    /// Whether the field is a name or a list of names in this data.
    pub(super) const fn holds_names(self, _rdata: &[u8]) -> bool {
        matches!(self, Self::Name | Self::LowerName)
    }
}

/// Makes layouts: `reference, "field" Kind, …`.
macro_rules! layout {
    ($reference:literal $(, $name:literal $kind:expr)* $(,)?) => {{
        const LAYOUT: &Layout = &Layout { fields: &[$(Field { name: $name, kind: $kind }),*], reference: $reference };
        Some(LAYOUT)
    }};
}

/// The layout of a type; `None` if it is unknown or has only the generic text form.
#[inline]
pub(super) fn layout(rtype: Rtype) -> Option<&'static Layout> {
    use Kind as K;
    use MayBeEmpty::{No, Yes};
    match rtype {
        Rtype::A => layout!("RFC 1035 section 3.4.1", "address" K::Ipv4),
        Rtype::NS => layout!("RFC 1035 section 3.3.11", "nsdname" K::LowerName),
        Rtype::MD => layout!("RFC 1035 section 3.3.4", "madname" K::LowerName),
        Rtype::MF => layout!("RFC 1035 section 3.3.5", "madname" K::LowerName),
        Rtype::CNAME => layout!("RFC 1035 section 3.3.1", "cname" K::LowerName),
        Rtype::SOA => layout!(
            "RFC 1035 section 3.3.13",
            "mname" K::LowerName,
            "rname" K::LowerName,
            "serial" K::U32,
            "refresh" K::Seconds,
            "retry" K::Seconds,
            "expire" K::Seconds,
            "minimum" K::Seconds,
        ),
        Rtype::MB => layout!("RFC 1035 section 3.3.3", "madname" K::LowerName),
        Rtype::MG => layout!("RFC 1035 section 3.3.6", "mgmname" K::LowerName),
        Rtype::MR => layout!("RFC 1035 section 3.3.8", "newname" K::LowerName),
        Rtype::PTR => layout!("RFC 1035 section 3.3.12", "ptrdname" K::LowerName),
        Rtype::MINFO => layout!("RFC 1035 section 3.3.7", "rmailbx" K::LowerName, "emailbx" K::LowerName),
        Rtype::MX => layout!("RFC 1035 section 3.3.9", "preference" K::U16, "exchange" K::LowerName),
        Rtype::TXT => layout!("RFC 1035 section 3.3.14", "text" K::Strings),
        Rtype::RP => layout!("RFC 1183 section 2.2", "mbox-dname" K::LowerName, "txt-dname" K::LowerName),
        Rtype::AFSDB => layout!("RFC 1183 section 1", "subtype" K::U16, "hostname" K::LowerName),
        Rtype::RT => layout!("RFC 1183 section 3.3", "preference" K::U16, "intermediate-host" K::LowerName),
        Rtype::AAAA => layout!("RFC 3596 section 2.2", "address" K::Ipv6),
        Rtype::SRV => layout!(
            "RFC 2782",
            "priority" K::U16,
            "weight" K::U16,
            "port" K::U16,
            "target" K::LowerName,
        ),
        Rtype::NAPTR => layout!(
            "RFC 3403 section 4.1",
            "order" K::U16,
            "preference" K::U16,
            "flags" K::String,
            "services" K::String,
            "regexp" K::String,
            "replacement" K::LowerName,
        ),
        Rtype::KX => layout!("RFC 2230 section 3.1", "preference" K::U16, "exchanger" K::LowerName),
        Rtype::DNAME => layout!("RFC 6672 section 2.1", "target" K::LowerName),
        Rtype::DS | Rtype::CDS | Rtype::TA | Rtype::DLV => layout!(
            "RFC 4034 section 5.1",
            "key tag" K::U16,
            "algorithm" K::Algorithm,
            "digest type" K::DigestType,
            "digest" K::Hex(1),
        ),
        Rtype::RRSIG | Rtype::SIG => layout!(
            "RFC 4034 section 3.1",
            "type covered" K::Type,
            "algorithm" K::Algorithm,
            "labels" K::U8,
            "original TTL" K::Seconds,
            "expiration" K::Time,
            "inception" K::Time,
            "key tag" K::U16,
            "signer's name" K::LowerName,
            "signature" K::Base64(No),
        ),
        Rtype::NSEC => layout!("RFC 4034 section 4.1", "next name" K::Name, "types" K::Bitmap(No)),
        Rtype::DNSKEY | Rtype::CDNSKEY => layout!(
            "RFC 4034 section 2.1",
            "flags" K::KeyFlags,
            "protocol" K::KeyProtocol,
            "algorithm" K::Algorithm,
            "public key" K::Base64(No),
        ),
        Rtype::NSEC3 => layout!(
            "RFC 5155 section 3.2",
            "hash algorithm" K::U8,
            "flags" K::U8,
            "iterations" K::U16,
            "salt" K::Salt,
            "next hashed owner" K::NextHash,
            "types" K::Bitmap(Yes),
        ),
        Rtype::NSEC3PARAM => layout!(
            "RFC 5155 section 4.2",
            "hash algorithm" K::U8,
            "flags" K::U8,
            "iterations" K::U16,
            "salt" K::Salt,
        ),
        Rtype::TLSA | Rtype::SMIMEA => layout!(
            "RFC 6698 section 2.1",
            "usage" K::U8,
            "selector" K::U8,
            "matching type" K::U8,
            "data" K::Hex(1),
        ),
        Rtype::ZONEMD => layout!(
            "RFC 8976 section 2.2",
            "serial" K::U32,
            "scheme" K::U8,
            "hash algorithm" K::U8,
            "digest" K::Hex(12),
        ),
        Rtype::NINFO | Rtype::SPF | Rtype::AVC | Rtype::RESINFO | Rtype::WALLET | Rtype::CLA => {
            layout!("RFC 1035 section 3.3.14", "text" K::Strings)
        }
        _ => None,
    }
}
