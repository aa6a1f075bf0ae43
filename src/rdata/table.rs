//! The fields of each type, in wire order.

use super::field::gateway;
use super::zonemd::{DIGEST_LEN_MIN, SCHEME_SIMPLE, Zonemd};
use crate::base::{DigestType, Rtype};

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
    /// 64 bits, decimal.
    U64,
    /// 16 bits that are zero.
    Zero,
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
    /// 16 bits; the name of a CERT type where there is one.
    CertType,
    /// 8 bits; the name of an algorithm where there is one.
    CertAlgorithm,
    /// 8 bits; the name of a DSYNC scheme where there is one.
    DsyncScheme,
    /// 8 bits, decimal; text may be the name of an IP protocol.
    Protocol,
    /// 4 octets, dotted.
    Ipv4,
    /// 16 octets, RFC 5952.
    Ipv6,
    /// A name, case kept in canonical form (CAN-3).
    Name,
    /// A name, lowered in canonical form (CAN-2).
    LowerName,
    /// Names to the end, perhaps none; case kept.
    Names,
    /// A character-string.
    String,
    /// A character-string: the substitution expression of a NAPTR, or empty.
    Regexp,
    /// A character-string; text may leave it out, and means an empty one.
    StringOrEmpty,
    /// A character-string that may be absent, as the last field.
    OptionalString,
    /// Octets to the end, in text one string of any length.
    Text,
    /// The tag of a CAA: letters and digits.
    CaaTag,
    /// Character-strings to the end, at least one.
    Strings,
    /// Hex to the end, at least so many octets.
    Hex(u16),
    /// Hex to the end, as long as the type in the octet before it asks for.
    Digest(DigestOf),
    /// Base64 to the end; the flag says whether it may be empty.
    Base64(MayBeEmpty),
    /// A length octet and so much hex in one word; `-` if empty.
    Salt,
    /// A length octet and so much base32hex in one word, never empty.
    NextHash,
    /// Type bitmap to the end.
    Bitmap(MayBeEmpty),
    /// Base64 to the end, `-` if empty.
    DoaData,
    /// Base64 to the end; empty if the KEY flags say there is no key, else not.
    KeyData,
    /// Base64 to the end; empty only if the IPSECKEY algorithm is 0.
    IpsecKey,
    /// 8 bits: IPSECKEY gateway type, 0 to 3.
    GatewayType,
    /// AMTRELAY discovery bit and relay type in one octet, two words in text.
    RelayType,
    /// A gateway of the type in the second octet of the data.
    Gateway,
    /// HIP lengths, algorithm, HIT and public key.
    HostIdentity,
    /// 8 bits: A6 prefix length, 0 to 128.
    PrefixLen,
    /// The bits of an IPv6 address behind the A6 prefix.
    AddressSuffix,
    /// A name, lowered in canonical form; absent if the A6 prefix length is 0.
    PrefixName,
    /// So many octets of hex with hyphens.
    Eui(u8),
    /// 8 octets in four groups of hex.
    Locator,
    /// A character-string of digits.
    X25,
    /// `0x` and hex to the end.
    Nsap,
    /// ATM address to the end.
    Atma,
    /// A character-string with a number up to this limit on either side.
    Gpos(u16),
    /// LOC, all of it.
    Loc,
    /// APL, all of it.
    AddressPrefixes,
    /// WKS bitmap to the end.
    Ports,
    /// NXT bitmap to the end.
    NxtBitmap,
    /// SvcParams to the end.
    SvcParams,
}

/// Whose digest a field is, which tells how long it must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DigestOf {
    /// DS and its like.
    Ds,
    /// SSHFP.
    Sshfp,
    /// ZONEMD.
    Zonemd,
}

impl DigestOf {
    /// Octets of the digest after these fields, the last of which is its type, if they are known; else the fewest allowed.
    pub(super) fn len(self, before: &[u8]) -> Result<usize, usize> {
        let digest_type = before.last().copied().unwrap_or_default();
        match self {
            // Delegations in the wild have digests of other types of any length, and name servers load them.
            Self::Ds => match DigestType(digest_type) {
                known @ (DigestType::SHA1 | DigestType::SHA256 | DigestType::SHA384) => known.digest_len().ok_or(1),
                _ => Err(1),
            },
            Self::Sshfp => match digest_type {
                1 => Ok(20),
                2 => Ok(32),
                _ => Err(0),
            },
            // Another scheme may make something else of the hash, as the private one of RFC 8976 appendix A.3 does.
            Self::Zonemd if !before.ends_with(&[SCHEME_SIMPLE, digest_type]) => Err(DIGEST_LEN_MIN),
            Self::Zonemd => Zonemd::digest_len(digest_type).ok_or(DIGEST_LEN_MIN),
        }
    }
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
        matches!(self, Self::LowerName | Self::PrefixName)
    }

    /// Whether text that reads well may still be a value the field does not allow.
    pub(super) const fn is_checked_after_parsing(self) -> bool {
        matches!(
            self,
            Self::Hex(_)
                | Self::Digest(_)
                | Self::Base64(MayBeEmpty::No)
                | Self::KeyData
                | Self::IpsecKey
                | Self::Zero
                | Self::GatewayType
                | Self::PrefixLen
                | Self::NextHash
                | Self::X25
                | Self::Gpos(_)
                | Self::CaaTag
                | Self::Regexp
                | Self::HostIdentity
        )
    }

    /// Whether the field is a name or a list of names in this data.
    pub(super) fn holds_names(self, rdata: &[u8]) -> bool {
        match self {
            Self::Name | Self::LowerName | Self::PrefixName | Self::Names => true,
            Self::Gateway => gateway::is_name(rdata),
            _ => false,
        }
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
        Rtype::WKS => layout!(
            "RFC 1035 section 3.4.2",
            "address" K::Ipv4,
            "protocol" K::Protocol,
            "services" K::Ports,
        ),
        Rtype::PTR => layout!("RFC 1035 section 3.3.12", "ptrdname" K::LowerName),
        Rtype::HINFO => layout!("RFC 1035 section 3.3.2", "cpu" K::String, "os" K::StringOrEmpty),
        Rtype::MINFO => layout!("RFC 1035 section 3.3.7", "rmailbx" K::LowerName, "emailbx" K::LowerName),
        Rtype::MX => layout!("RFC 1035 section 3.3.9", "preference" K::U16, "exchange" K::LowerName),
        Rtype::TXT => layout!("RFC 1035 section 3.3.14", "text" K::Strings),
        Rtype::RP => layout!("RFC 1183 section 2.2", "mbox-dname" K::LowerName, "txt-dname" K::LowerName),
        Rtype::AFSDB => layout!("RFC 1183 section 1", "subtype" K::U16, "hostname" K::LowerName),
        Rtype::X25 => layout!("RFC 1183 section 3.1", "PSDN address" K::X25),
        Rtype::ISDN => layout!("RFC 1183 section 3.2", "ISDN address" K::String, "subaddress" K::OptionalString),
        Rtype::RT => layout!("RFC 1183 section 3.3", "preference" K::U16, "intermediate host" K::LowerName),
        Rtype::NSAP => layout!("RFC 1706 section 5", "NSAP" K::Nsap),
        Rtype::NSAP_PTR => layout!("RFC 1348", "owner" K::Name),
        Rtype::KEY => layout!(
            "RFC 2535 section 3.1",
            "flags" K::KeyFlags,
            "protocol" K::KeyProtocol,
            "algorithm" K::Algorithm,
            "public key" K::KeyData,
        ),
        Rtype::PX => layout!(
            "RFC 2163 section 4",
            "preference" K::U16,
            "map822" K::LowerName,
            "mapx400" K::LowerName,
        ),
        // RFC 1712 gives longitude the range of latitude and the other way round; files have both orders.
        Rtype::GPOS => layout!(
            "RFC 1712 section 3",
            "longitude" K::Gpos(180),
            "latitude" K::Gpos(180),
            "altitude" K::Gpos(u16::MAX),
        ),
        Rtype::AAAA => layout!("RFC 3596 section 2.2", "address" K::Ipv6),
        Rtype::LOC => layout!("RFC 1876 section 3", "location" K::Loc),
        Rtype::NXT => layout!("RFC 2535 section 5.2", "next name" K::LowerName, "types" K::NxtBitmap),
        Rtype::EID => layout!("draft-ietf-nimrod-dns-00 section 3.1", "endpoint identifier" K::Hex(1)),
        Rtype::NIMLOC => layout!("draft-ietf-nimrod-dns-00 section 3.2", "locator" K::Hex(1)),
        Rtype::SRV => layout!(
            "RFC 2782",
            "priority" K::U16,
            "weight" K::U16,
            "port" K::U16,
            "target" K::LowerName,
        ),
        Rtype::ATMA => layout!("ATM Forum af-dans-0152 section 5", "ATM address" K::Atma),
        Rtype::NAPTR => layout!(
            "RFC 3403 section 4.1",
            "order" K::U16,
            "preference" K::U16,
            "flags" K::String,
            "services" K::String,
            "regexp" K::Regexp,
            "replacement" K::LowerName,
        ),
        Rtype::KX => layout!("RFC 2230 section 3.1", "preference" K::U16, "exchanger" K::LowerName),
        Rtype::CERT => layout!(
            "RFC 4398 section 2",
            "type" K::CertType,
            "key tag" K::U16,
            "algorithm" K::CertAlgorithm,
            "certificate" K::Base64(No),
        ),
        Rtype::A6 => layout!(
            "RFC 2874 section 3.1",
            "prefix length" K::PrefixLen,
            "address suffix" K::AddressSuffix,
            "prefix name" K::PrefixName,
        ),
        Rtype::DNAME => layout!("RFC 6672 section 2.1", "target" K::LowerName),
        Rtype::SINK => layout!(
            "draft-eastlake-kitchen-sink-02 section 2",
            "meaning" K::U8,
            "coding" K::U8,
            "subcoding" K::U8,
            "data" K::Base64(Yes),
        ),
        Rtype::APL => layout!("RFC 3123 section 4", "prefixes" K::AddressPrefixes),
        _ => layout_of_newer(rtype),
    }
}

/// The layouts of types from DS on, in the order of their numbers.
fn layout_of_newer(rtype: Rtype) -> Option<&'static Layout> {
    use Kind as K;
    use MayBeEmpty::{No, Yes};
    match rtype {
        Rtype::DS | Rtype::CDS | Rtype::TA | Rtype::DLV => layout!(
            "RFC 4034 section 5.1",
            "key tag" K::U16,
            "algorithm" K::Algorithm,
            "digest type" K::DigestType,
            "digest" K::Digest(DigestOf::Ds),
        ),
        Rtype::SSHFP => layout!(
            "RFC 4255 section 3.1",
            "algorithm" K::U8,
            "fingerprint type" K::U8,
            "fingerprint" K::Digest(DigestOf::Sshfp),
        ),
        Rtype::IPSECKEY => layout!(
            "RFC 4025 section 2",
            "precedence" K::U8,
            "gateway type" K::GatewayType,
            "algorithm" K::U8,
            "gateway" K::Gateway,
            "public key" K::IpsecKey,
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
        Rtype::DHCID => layout!("RFC 4701 section 3.1", "data" K::Base64(No)),
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
        Rtype::HIP => layout!("RFC 8005 section 5", "host identity" K::HostIdentity, "rendezvous servers" K::Names),
        Rtype::NINFO | Rtype::SPF | Rtype::AVC | Rtype::RESINFO | Rtype::WALLET | Rtype::CLA => {
            layout!("RFC 1035 section 3.3.14", "text" K::Strings)
        }
        Rtype::RKEY => layout!(
            "draft-reid-dnsext-rkey-00 section 3",
            "flags" K::Zero,
            "protocol" K::KeyProtocol,
            "algorithm" K::Algorithm,
            "public key" K::Base64(No),
        ),
        Rtype::TALINK => layout!("draft-ietf-dnsop-dnssec-trust-history-01", "previous" K::Name, "next" K::Name),
        Rtype::OPENPGPKEY => layout!("RFC 7929 section 2.1", "public key" K::Base64(No)),
        Rtype::CSYNC => layout!(
            "RFC 7477 section 2.1.1",
            "serial" K::U32,
            "flags" K::U16,
            "types" K::Bitmap(Yes),
        ),
        Rtype::ZONEMD => layout!(
            "RFC 8976 section 2.2",
            "serial" K::U32,
            "scheme" K::U8,
            "hash algorithm" K::U8,
            "digest" K::Digest(DigestOf::Zonemd),
        ),
        Rtype::SVCB | Rtype::HTTPS => layout!(
            "RFC 9460 section 2",
            "priority" K::U16,
            "target" K::Name,
            "parameters" K::SvcParams,
        ),
        Rtype::DSYNC => layout!(
            "RFC 9859 section 2.1",
            "type" K::Type,
            "scheme" K::DsyncScheme,
            "port" K::U16,
            "target" K::Name,
        ),
        Rtype::HHIT | Rtype::BRID => layout!("RFC 9886 section 5", "data" K::Base64(No)),
        Rtype::NID => layout!("RFC 6742 section 2.1", "preference" K::U16, "node id" K::Locator),
        Rtype::L32 => layout!("RFC 6742 section 2.2", "preference" K::U16, "locator" K::Ipv4),
        Rtype::L64 => layout!("RFC 6742 section 2.3", "preference" K::U16, "locator" K::Locator),
        Rtype::LP => layout!("RFC 6742 section 2.4", "preference" K::U16, "fqdn" K::Name),
        Rtype::EUI48 => layout!("RFC 7043 section 3.1", "address" K::Eui(6)),
        Rtype::EUI64 => layout!("RFC 7043 section 4.1", "address" K::Eui(8)),
        Rtype::URI => layout!("RFC 7553 section 4.5", "priority" K::U16, "weight" K::U16, "target" K::Text),
        Rtype::CAA => layout!("RFC 8659 section 4.1", "flags" K::U8, "tag" K::CaaTag, "value" K::Text),
        Rtype::DOA => layout!(
            "draft-durand-doa-over-dns-03 section 3.1",
            "enterprise" K::U32,
            "type" K::U32,
            "location" K::U8,
            "media type" K::String,
            "data" K::DoaData,
        ),
        Rtype::AMTRELAY => layout!(
            "RFC 8777 section 4.2",
            "precedence" K::U8,
            "relay type" K::RelayType,
            "relay" K::Gateway,
        ),
        Rtype::IPN => layout!("draft-johnson-dns-ipn-cla-07 section 2.1", "node number" K::U64),
        _ => None,
    }
}
