//! RRSIG data (RFC 4034 section 3.1); SIG has the same form.

use super::field::types;
use crate::base::text::{push_base64, push_decimal};
use crate::base::{Algorithm, Name, Rtype, Timestamp};

/// A view of RRSIG data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rrsig<'a> {
    /// Type of the RRset it covers.
    pub covered: Rtype,
    /// Algorithm of the key.
    pub algorithm: Algorithm,
    /// Labels of the owner, root and a leftmost `*` not counted.
    pub labels: u8,
    /// TTL of the covered RRset as it was signed, in seconds.
    pub original_ttl: u32,
    /// Valid until this time.
    pub expiration: Timestamp,
    /// Valid from this time.
    pub inception: Timestamp,
    /// Tag of the key.
    pub key_tag: u16,
    /// Apex of the zone of the key.
    pub signer: Name<'a>,
    /// The signature.
    pub signature: &'a [u8],
}

impl<'a> Rrsig<'a> {
    /// Reads RDATA in wire form; `None` if it is malformed or has no signature.
    #[must_use]
    pub fn parse(rdata: &'a [u8]) -> Option<Self> {
        let (fixed, rest) = rdata.split_first_chunk::<18>()?;
        let (signer, signature) = Name::parse_wire(rest).ok()?;
        if signature.is_empty() {
            return None;
        }
        let [c0, c1, algorithm, labels, t0, t1, t2, t3, e0, e1, e2, e3, i0, i1, i2, i3, k0, k1] = *fixed;
        Some(Self {
            covered: Rtype(u16::from_be_bytes([c0, c1])),
            algorithm: Algorithm(algorithm),
            labels,
            original_ttl: u32::from_be_bytes([t0, t1, t2, t3]),
            expiration: Timestamp(u32::from_be_bytes([e0, e1, e2, e3])),
            inception: Timestamp(u32::from_be_bytes([i0, i1, i2, i3])),
            key_tag: u16::from_be_bytes([k0, k1]),
            signer,
            signature,
        })
    }

    /// Appends the RDATA without the signature, the signer's name lowered: the head of what is signed
    /// (RFC 4034 section 3.1.8.1), and of the record made (RFC 6840 section 5.1).
    pub fn push_header(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.covered.0.to_be_bytes());
        out.extend_from_slice(&[self.algorithm.0, self.labels]);
        out.extend_from_slice(&self.original_ttl.to_be_bytes());
        out.extend_from_slice(&self.expiration.0.to_be_bytes());
        out.extend_from_slice(&self.inception.0.to_be_bytes());
        out.extend_from_slice(&self.key_tag.to_be_bytes());
        self.signer.push_canonical(out);
    }

    /// Appends it as text: what going by the table of fields gives, in about half the time, for half the records of a
    /// signed zone.
    pub(super) fn push_text(&self, out: &mut Vec<u8>) {
        self.push_front_text(out);
        self.push_times_text(out);
        push_decimal(u64::from(self.key_tag), out);
        out.push(b' ');
        self.signer.push_text(out);
        out.push(b' ');
        push_base64(self.signature, out);
    }

    /// Appends the text in front of the signature's, of a record that is made.
    pub fn push_header_text(&self, out: &mut Vec<u8>) {
        self.push_front_text(out);
        self.push_times_text(out);
        push_signer_text(self.key_tag, self.signer, out);
    }

    /// Appends the text in front of the times, with the space behind it.
    pub fn push_front_text(&self, out: &mut Vec<u8>) {
        types::print(self.covered.0, out);
        for number in [u32::from(self.algorithm.0), u32::from(self.labels), self.original_ttl] {
            out.push(b' ');
            push_decimal(u64::from(number), out);
        }
        out.push(b' ');
    }

    fn push_times_text(&self, out: &mut Vec<u8>) {
        for time in [self.expiration, self.inception] {
            time.push_text(out);
            out.push(b' ');
        }
    }
}

/// Appends the text between the times and the signature, of a record that is made: the signer's name lowered, as in
/// [`Rrsig::push_header`].
pub fn push_signer_text(key_tag: u16, signer: Name<'_>, out: &mut Vec<u8>) {
    push_decimal(u64::from(key_tag), out);
    out.push(b' ');
    let start = out.len();
    signer.push_text(out);
    out[start..].make_ascii_lowercase();
    out.push(b' ');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_and_parse_agree() {
        let rrsig = Rrsig {
            covered: Rtype::MX,
            algorithm: Algorithm::ED25519,
            labels: 2,
            original_ttl: 3600,
            expiration: Timestamp(20),
            inception: Timestamp(10),
            key_tag: 0xabcd,
            signer: Name::from_wire(b"\x07Example\0").unwrap(),
            signature: b"sig",
        };
        let mut rdata = Vec::new();
        rrsig.push_header(&mut rdata);
        assert!(rdata.ends_with(b"\x07example\0"), "CAN-2: the signer's name is lowered");
        assert_eq!(Rrsig::parse(&rdata), None, "no signature");
        rdata.extend_from_slice(b"sig");
        assert_eq!(Rrsig::parse(&rdata), Some(rrsig));
        assert_eq!(Rrsig::parse(&rdata[..17]), None);
    }
}
