//! Records as text: one a line, absolute owner, TTL, class, type, RDATA, parted by tabs. The only formatter of records.

use crate::base::text::push_decimal;
use crate::base::{Class, Name, Rtype, Ttl};
use crate::rdata;

/// Appends a record as BIND prints it, with its line end.
pub fn push_record(owner: Name<'_>, ttl: Ttl, class: Class, rtype: Rtype, rdata: &[u8], out: &mut Vec<u8>) {
    owner.push_text(out);
    push_after_owner(ttl, class, rtype, out);
    rdata::push_text(rtype, rdata, out);
    out.push(b'\n');
}

/// Appends a record in the form for unknown types, whatever its type: `TYPEnnn \# len hex` (RFC 3597 section 5).
pub fn push_record_generic(owner: Name<'_>, ttl: Ttl, class: Class, rtype: Rtype, rdata: &[u8], out: &mut Vec<u8>) {
    owner.push_text(out);
    push_ttl_and_class(ttl, class, out);
    push_type_number(rtype, out);
    out.push(b'\t');
    rdata::push_generic(rdata, out);
    out.push(b'\n');
}

/// Appends what stands between a record's owner and its RDATA, for callers that keep the text of an owner.
pub fn push_after_owner(ttl: Ttl, class: Class, rtype: Rtype, out: &mut Vec<u8>) {
    push_ttl_and_class(ttl, class, out);
    push_type(rtype, out);
    out.push(b'\t');
}

/// Appends a type: its mnemonic, or `TYPEnnn`.
pub fn push_type(rtype: Rtype, out: &mut Vec<u8>) {
    match rtype.mnemonic() {
        Some(mnemonic) => out.extend_from_slice(mnemonic.as_bytes()),
        None => push_type_number(rtype, out),
    }
}

fn push_type_number(rtype: Rtype, out: &mut Vec<u8>) {
    out.extend_from_slice(b"TYPE");
    push_decimal(u64::from(rtype.0), out);
}

fn push_ttl_and_class(ttl: Ttl, class: Class, out: &mut Vec<u8>) {
    out.push(b'\t');
    push_decimal(u64::from(ttl.seconds()), out);
    match class {
        Class::IN => out.extend_from_slice(b"\tIN\t"),
        other => out.extend_from_slice(format!("\t{other}\t").as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::NameBuf;

    #[test]
    fn a_record_a_line() {
        let owner = NameBuf::from_text(b"a\\.B.example.", None).unwrap();
        let ttl = Ttl::new(3600).unwrap();
        for (class, rtype, rdata, text, generic) in [
            (Class::IN, Rtype::A, &[192, 0, 2, 1][..], "IN\tA\t192.0.2.1", "IN\tTYPE1\t\\# 4 C0000201"),
            (Class::CH, Rtype::TXT, b"\x01x", "CH\tTXT\t\"x\"", "CH\tTYPE16\t\\# 2 0178"),
            (Class(5), Rtype(65_280), b"", "CLASS5\tTYPE65280\t\\# 0", "CLASS5\tTYPE65280\t\\# 0"),
        ] {
            let mut out = Vec::new();
            push_record(owner.as_name(), ttl, class, rtype, rdata, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), format!("a\\.B.example.\t3600\t{text}\n"));
            let mut out = Vec::new();
            push_record_generic(owner.as_name(), ttl, class, rtype, rdata, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), format!("a\\.B.example.\t3600\t{generic}\n"));
        }
    }
}
