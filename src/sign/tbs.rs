//! The octets that are signed and digested (RFC 4034 sections 3.1.8.1 and 6.2, SIG-13; RFC 8976 section 3.3).

use crate::base::{Class, Rtype, Ttl};
use crate::rdata;

/// Appends the records of an RRset in canonical form: owner, type, class, TTL, length, RDATA.
///
/// `owner` is in canonical form and `rdatas` are in canonical order, as a [`crate::zone::Zone`] keeps them; their
/// names are lowered here where CAN-2 asks for it. In: `\x01a\0`, A, IN, 3600, one address of four octets. Out:
/// `01 61 00 | 0001 | 0001 | 00000e10 | 0004 | c0000201`.
pub fn push_canonical_rrset<'a>(
    owner: &[u8],
    rtype: Rtype,
    class: Class,
    ttl: Ttl,
    rdatas: impl Iterator<Item = &'a [u8]>,
    out: &mut Vec<u8>,
) {
    for rdata in rdatas {
        out.extend_from_slice(owner);
        out.extend_from_slice(&rtype.0.to_be_bytes());
        out.extend_from_slice(&class.0.to_be_bytes());
        out.extend_from_slice(&ttl.seconds().to_be_bytes());
        let len = u16::try_from(rdata.len()).expect("at most 65,535 octets, and lowering keeps the length");
        out.extend_from_slice(&len.to_be_bytes());
        rdata::push_canonical(rtype, rdata, out);
    }
}
