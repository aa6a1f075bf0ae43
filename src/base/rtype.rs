//! Resource record types: numbers and mnemonics (IANA registry "Resource Record (RR) TYPEs").

use std::fmt;

/// A type number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rtype(pub u16);

macro_rules! rtypes {
    ($($(#[$meta:meta])* $ident:ident $mnemonic:literal = $number:literal;)*) => {
        impl Rtype {
            $(#[doc = concat!("`", $mnemonic, "`.")] pub const $ident: Self = Self($number);)*

            /// The registered mnemonic in capitals, if there is one.
            #[must_use]
            pub const fn mnemonic(self) -> Option<&'static str> {
                match self.0 {
                    $($number => Some($mnemonic),)*
                    _ => None,
                }
            }

            /// All types that have a mnemonic, ascending.
            pub const KNOWN: &'static [Self] = &[$(Self($number)),*];
        }
    };
}

rtypes! {
    A "A" = 1; NS "NS" = 2; MD "MD" = 3; MF "MF" = 4; CNAME "CNAME" = 5; SOA "SOA" = 6; MB "MB" = 7; MG "MG" = 8;
    MR "MR" = 9; NULL "NULL" = 10; WKS "WKS" = 11; PTR "PTR" = 12; HINFO "HINFO" = 13; MINFO "MINFO" = 14; MX "MX" = 15;
    TXT "TXT" = 16; RP "RP" = 17; AFSDB "AFSDB" = 18; X25 "X25" = 19; ISDN "ISDN" = 20; RT "RT" = 21; NSAP "NSAP" = 22;
    NSAP_PTR "NSAP-PTR" = 23; SIG "SIG" = 24; KEY "KEY" = 25; PX "PX" = 26; GPOS "GPOS" = 27; AAAA "AAAA" = 28;
    LOC "LOC" = 29; NXT "NXT" = 30; EID "EID" = 31; NIMLOC "NIMLOC" = 32; SRV "SRV" = 33; ATMA "ATMA" = 34;
    NAPTR "NAPTR" = 35; KX "KX" = 36; CERT "CERT" = 37; A6 "A6" = 38; DNAME "DNAME" = 39; SINK "SINK" = 40;
    OPT "OPT" = 41; APL "APL" = 42; DS "DS" = 43; SSHFP "SSHFP" = 44; IPSECKEY "IPSECKEY" = 45; RRSIG "RRSIG" = 46;
    NSEC "NSEC" = 47; DNSKEY "DNSKEY" = 48; DHCID "DHCID" = 49; NSEC3 "NSEC3" = 50; NSEC3PARAM "NSEC3PARAM" = 51;
    TLSA "TLSA" = 52; SMIMEA "SMIMEA" = 53; HIP "HIP" = 55; NINFO "NINFO" = 56; RKEY "RKEY" = 57; TALINK "TALINK" = 58;
    CDS "CDS" = 59; CDNSKEY "CDNSKEY" = 60; OPENPGPKEY "OPENPGPKEY" = 61; CSYNC "CSYNC" = 62; ZONEMD "ZONEMD" = 63;
    SVCB "SVCB" = 64; HTTPS "HTTPS" = 65; DSYNC "DSYNC" = 66; HHIT "HHIT" = 67; BRID "BRID" = 68; SPF "SPF" = 99;
    UINFO "UINFO" = 100; UID "UID" = 101; GID "GID" = 102; UNSPEC "UNSPEC" = 103; NID "NID" = 104; L32 "L32" = 105;
    L64 "L64" = 106; LP "LP" = 107; EUI48 "EUI48" = 108; EUI64 "EUI64" = 109; NXNAME "NXNAME" = 128; TKEY "TKEY" = 249;
    TSIG "TSIG" = 250; IXFR "IXFR" = 251; AXFR "AXFR" = 252; MAILB "MAILB" = 253; MAILA "MAILA" = 254; ANY "ANY" = 255;
    URI "URI" = 256; CAA "CAA" = 257; AVC "AVC" = 258; DOA "DOA" = 259; AMTRELAY "AMTRELAY" = 260;
    RESINFO "RESINFO" = 261; WALLET "WALLET" = 262; CLA "CLA" = 263; IPN "IPN" = 264; TA "TA" = 32768; DLV "DLV" = 32769;
}

impl Rtype {
    /// Reads a mnemonic or `TYPEnnn` (RFC 3597 section 5), in any case.
    #[must_use]
    pub fn from_text(text: &[u8]) -> Option<Self> {
        if text.len() <= MNEMONIC_LEN_MAX {
            let mut slot = slot_of(text);
            while let Some(name) = BY_MNEMONIC[slot].mnemonic() {
                if name.as_bytes().eq_ignore_ascii_case(text) {
                    return Some(BY_MNEMONIC[slot]);
                }
                slot = (slot + 1) % SLOTS;
            }
        }
        number_after(text, b"TYPE").map(Self)
    }

    /// Whether no record of this type can stand in a zone: type 0, OPT, NXNAME and the meta and query types 128 to 255
    /// (RFC 6895 section 3.1).
    #[must_use]
    pub const fn is_meta(self) -> bool {
        matches!(self.0, 0 | 41 | 128..=255)
    }

    /// Whether the signer makes records of this type itself and drops those in its input (SIG-16, ZMD-2).
    #[must_use]
    pub const fn is_made_by_signer(self) -> bool {
        matches!(self, Self::RRSIG | Self::NSEC | Self::NSEC3 | Self::NSEC3PARAM | Self::ZONEMD)
    }
}

impl fmt::Display for Rtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.mnemonic() {
            Some(name) => f.write_str(name),
            None => write!(f, "TYPE{}", self.0),
        }
    }
}

/// Longest mnemonic.
const MNEMONIC_LEN_MAX: usize = 10;
/// Slots of [`BY_MNEMONIC`], most of them free.
const SLOTS: usize = 512;

/// The slot where the search for a mnemonic starts, the same in any case.
const fn slot_of(text: &[u8]) -> usize {
    let mut hash = 0;
    let mut at = 0;
    while at < text.len() {
        hash = (hash * 33 + (text[at] & 0xdf) as usize) % (1 << 24);
        at += 1;
    }
    (hash ^ (hash >> 9)) % SLOTS
}

/// The types with a mnemonic, each at its slot or at the next free one; type 0, which has none, where it is free. Every
/// record of a zone file asks for its type.
static BY_MNEMONIC: [Rtype; SLOTS] = {
    let mut table = [Rtype(0); SLOTS];
    let mut index = 0;
    while index < Rtype::KNOWN.len() {
        let name = match Rtype::KNOWN[index].mnemonic() {
            Some(name) => name.as_bytes(),
            None => panic!("KNOWN has types with mnemonics only"),
        };
        assert!(name.len() <= MNEMONIC_LEN_MAX);
        let mut slot = slot_of(name);
        while table[slot].0 != 0 {
            slot = (slot + 1) % SLOTS;
        }
        table[slot] = Rtype::KNOWN[index];
        index += 1;
    }
    table
};

/// The 16-bit number after a prefix such as `TYPE` or `CLASS`, the prefix in any case.
pub(super) fn number_after(text: &[u8], prefix: &[u8]) -> Option<u16> {
    let (head, digits) = text.split_at_checked(prefix.len())?;
    if !head.eq_ignore_ascii_case(prefix) || digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_round_trip() {
        assert!(Rtype::KNOWN.is_sorted());
        for number in 0..=u16::MAX {
            let rtype = Rtype(number);
            assert_eq!(Rtype::from_text(rtype.to_string().as_bytes()), Some(rtype));
        }
        assert_eq!(Rtype::from_text(b"type65280"), Some(Rtype(65280)));
        assert_eq!(Rtype::from_text(b"nsap-ptr"), Some(Rtype::NSAP_PTR));
        assert_eq!(Rtype::from_text(b"NSEC3param"), Some(Rtype::NSEC3PARAM));
        for bad in [&b"TYPE"[..], b"TYPE65536", b"TYPE+1", b"FOO", b"", b"NSAP\rPTR", b"NSEC3PARAMS"] {
            assert_eq!(Rtype::from_text(bad), None);
        }
    }
}
