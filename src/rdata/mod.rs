//! Data of records: one table of fields per type drives text to wire, wire to text, checks, canonical form and names.
//!
//! ```text
//! tokens ─ push_wire_from_text ─▶ RDATA ─ push_text ─▶ text
//!                                   │
//!                                   ├─ check_wire, names, push_canonical       (all from table.rs, field by field)
//!                                   └─ soa, rrsig, nsec3, dnskey, ds, zonemd    (views with named fields)
//! ```

pub mod bitmap;
pub mod dnskey;
pub mod ds;
mod error;
mod field;
pub mod nsec3;
pub mod rrsig;
pub mod soa;
mod table;
mod token;
pub mod zonemd;

pub use error::RdataError;
pub use token::Token;

use crate::base::text::{push_decimal, push_hex};
use crate::base::{Name, Rtype, name, octets};
use error::Fault;
use table::{Field, Kind, Layout};
use token::Words;

/// Longest RDATA: its length has 16 bits (RFC 1035 section 3.2.1).
pub const RDATA_LEN_MAX: usize = 65535;

const GENERIC_REFERENCE: &str = "RFC 3597 section 5";

/// Appends the wire form of a record's data given as text, or in the generic form `\# length hex` (RFC 3597 section 5).
///
/// # Errors
/// Says which field of which type is wrong; then `out` is as it was.
///
/// ```
/// use zoneseal::base::{Name, Rtype};
/// use zoneseal::rdata::{Token, push_wire_from_text};
/// let tokens = [&b"10"[..], b"mail"].map(|text| Token { text, is_quoted: false, offset: 0 });
/// let mut wire = Vec::new();
/// push_wire_from_text(Rtype::MX, &tokens, Some(Name::ROOT), &mut wire)?;
/// assert_eq!(wire, b"\x00\x0a\x04mail\x00");
/// # Ok::<(), zoneseal::rdata::RdataError>(())
/// ```
pub fn push_wire_from_text(
    rtype: Rtype,
    tokens: &[Token<'_>],
    origin: Option<Name<'_>>,
    out: &mut Vec<u8>,
) -> Result<(), RdataError> {
    let start = out.len();
    if push_single_name(rtype, tokens, origin, out).is_some() {
        return Ok(());
    }
    let result = parse(rtype, tokens, origin, start, out);
    if result.is_err() {
        out.truncate(start);
    }
    result
}

/// Data that is one name, as half the records of a registry's zone have: what going by the table of fields gives, in half
/// the time. `None`, and nothing is appended, if it is not that or there is something wrong with it.
fn push_single_name(rtype: Rtype, tokens: &[Token<'_>], origin: Option<Name<'_>>, out: &mut Vec<u8>) -> Option<()> {
    let &[Token { text, is_quoted: false, .. }] = tokens else { return None };
    let is_single_name = matches!(rtype, Rtype::NS | Rtype::CNAME | Rtype::PTR | Rtype::DNAME);
    if !is_single_name || text.contains(&b'\\') {
        return None;
    }
    let start = out.len();
    let pushed = name::push_wire_from_text(text, origin, out).ok();
    if pushed.is_none() {
        out.truncate(start);
    }
    pushed
}

fn parse(
    rtype: Rtype,
    tokens: &[Token<'_>],
    origin: Option<Name<'_>>,
    start: usize,
    out: &mut Vec<u8>,
) -> Result<(), RdataError> {
    let mut words = Words::new(tokens, origin);
    if tokens.first().is_some_and(|token| !token.is_quoted && token.text == b"\\#") {
        parse_generic(&mut words, out).map_err(|fault| fault.into_error(rtype, "data", GENERIC_REFERENCE))?;
        return check_wire(rtype, &out[start..]);
    }
    let layout = layout_of(rtype)?.ok_or_else(|| no_text_form(rtype))?;
    for field in layout.fields {
        field::parse(field.kind, &mut words, start, out)
            .map_err(|fault| fault.into_error(rtype, field.name, layout.reference))?;
    }
    if let Some(extra) = words.next_token() {
        let what = format!("{} follows the last field", error::shown(extra.text));
        return Err(words.fault(error::EXTRA, what, "remove it").into_error(rtype, "", layout.reference));
    }
    if out.len() - start > RDATA_LEN_MAX {
        return Err(too_long().into_error(rtype, "data", layout.reference));
    }
    Ok(())
}

/// Reads `\# length hex`, the first word not taken yet.
fn parse_generic(words: &mut Words<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    words.word()?;
    let length = field::number::parse(words, u64::from(u16::MAX))?;
    let start = out.len();
    field::encoded::parse_hex(words, out)?;
    let found = out.len() - start;
    if found as u64 != length {
        let what = format!("{found} octets of hex follow, and the length says {length}");
        return Err(Fault::new(error::GENERIC, what, "make the length that of the data in octets").at(Some(1)));
    }
    Ok(())
}

/// The layout of a type; `None` if it is unknown or has only the generic form.
fn layout_of(rtype: Rtype) -> Result<Option<&'static Layout>, RdataError> {
    if rtype.is_meta() { Err(meta_type(rtype)) } else { Ok(table::layout(rtype)) }
}

#[cold]
fn meta_type(rtype: Rtype) -> RdataError {
    Fault::new(error::META, "no record of a zone can have this type", "remove the record").into_error(
        rtype,
        "",
        "RFC 6895 section 3.1",
    )
}

#[cold]
fn no_text_form(rtype: Rtype) -> RdataError {
    let help = r"write the data as `\# length hex`, for example `\# 2 0a0b`";
    Fault::new(error::GENERIC, "the type has no text form of its own", help).at(Some(0)).into_error(
        rtype,
        "data",
        GENERIC_REFERENCE,
    )
}

#[cold]
fn too_long() -> Fault {
    Fault::new(error::GENERIC, "is longer than 65535 octets", "")
}

/// Whether bytes are valid data of a type in wire form, without compression. Unknown types take any bytes.
///
/// # Errors
/// Says which field of which type is wrong.
pub fn check_wire(rtype: Rtype, rdata: &[u8]) -> Result<(), RdataError> {
    let layout = layout_of(rtype)?;
    if rdata.len() > RDATA_LEN_MAX {
        return Err(too_long().into_error(rtype, "data", GENERIC_REFERENCE));
    }
    let Some(layout) = layout else { return Ok(()) };
    let mut at = 0;
    for field in layout.fields {
        at += field::measure(field.kind, rdata, at)
            .map_err(|fault| fault.into_error(rtype, field.name, layout.reference))?;
    }
    if at < rdata.len() {
        let what = format!("{} too many after the last field", error::octets(rdata.len() - at));
        return Err(Fault::wire(what).into_error(rtype, "", layout.reference));
    }
    Ok(())
}

/// Appends the data as text: one line, names absolute, numbers and not mnemonics where BIND prints them.
/// Data that is not valid for the type, and types without a text form, come in the generic form.
pub fn push_text(rtype: Rtype, rdata: &[u8], out: &mut Vec<u8>) {
    if rtype == Rtype::RRSIG
        && let Some(rrsig) = rrsig::Rrsig::parse(rdata)
    {
        return rrsig.push_text(out);
    }
    let start = out.len();
    let is_printed = table::layout(rtype).is_some_and(|layout| push_fields(layout, rdata, out));
    if !is_printed {
        out.truncate(start);
        push_generic(rdata, out);
    }
}

/// Appends all fields with spaces between; false if the data is not valid.
fn push_fields(layout: &Layout, rdata: &[u8], out: &mut Vec<u8>) -> bool {
    let start = out.len();
    let mut at = 0;
    for field in layout.fields {
        let Ok(len) = field::measure(field.kind, rdata, at) else { return false };
        if !field::has_text(field.kind, rdata, at..at + len) {
            return false;
        }
        let before = out.len();
        if before > start {
            out.push(b' ');
        }
        let printed_from = out.len();
        field::print(field.kind, rdata, at..at + len, out);
        if out.len() == printed_from {
            out.truncate(before);
        }
        at += len;
    }
    at == rdata.len()
}

/// Appends `\# length hex` (RFC 3597 section 5).
pub fn push_generic(rdata: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"\\# ");
    push_decimal(rdata.len() as u64, out);
    if !rdata.is_empty() {
        out.push(b' ');
        push_hex(rdata, out);
    }
}

/// Appends the canonical form: embedded names lowered for the types of RFC 4034 section 6.2 as amended by RFC 6840
/// section 5.1 (CAN-2), all else as it is (CAN-3).
pub fn push_canonical(rtype: Rtype, rdata: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(rdata);
    for name in lowered_names(rtype, rdata) {
        // Length octets are at most 63 and so never letters: lowering all bytes is safe.
        out[start..][name].make_ascii_lowercase();
    }
}

/// Whether the data is in canonical form already, so that [`push_canonical`] copies it.
#[must_use]
pub fn is_canonical(rtype: Rtype, rdata: &[u8]) -> bool {
    // Mostly there is no capital anywhere, and looking at all octets at once is faster than telling the fields apart.
    !octets::has_capital(rdata)
        || lowered_names(rtype, rdata).all(|name| !rdata[name].iter().any(u8::is_ascii_uppercase))
}

/// Places of the names that canonical form lowers; none for malformed data from the first bad field on.
fn lowered_names(rtype: Rtype, rdata: &[u8]) -> impl Iterator<Item = std::ops::Range<usize>> {
    let fields = table::layout(rtype).filter(|layout| layout.lowers_names()).map_or(&[][..], |layout| layout.fields);
    let mut at = 0;
    fields
        .iter()
        .map_while(move |field| {
            let start = at;
            at += field::measure(field.kind, rdata, at).ok()?;
            Some((field, start..at))
        })
        .filter_map(|(field, range)| field.kind.is_lowered().then_some(range))
}

/// The names in the data, in order, case as given; none from the first malformed field on.
#[must_use]
pub fn names(rtype: Rtype, rdata: &[u8]) -> Names<'_> {
    Names { fields: table::layout(rtype).map_or(&[], |layout| layout.fields), rdata, at: 0, list: &[] }
}

/// Iterator over the names in a record's data; see [`names`].
#[derive(Debug)]
pub struct Names<'a> {
    fields: &'static [Field],
    rdata: &'a [u8],
    at: usize,
    /// What is left of a field that is a list of names.
    list: &'a [u8],
}

impl<'a> Iterator for Names<'a> {
    type Item = Name<'a>;

    fn next(&mut self) -> Option<Name<'a>> {
        while self.list.is_empty() {
            let (field, rest) = self.fields.split_first()?;
            self.fields = rest;
            if matches!(field.kind, Kind::Name | Kind::LowerName) {
                let (name, _) = Name::parse_wire(&self.rdata[self.at..]).ok()?;
                self.at += name.as_wire().len();
                return Some(name);
            }
            let end = self.at + field::measure(field.kind, self.rdata, self.at).ok()?;
            if field.kind.holds_names(self.rdata) {
                self.list = &self.rdata[self.at..end];
            }
            self.at = end;
        }
        let (name, rest) = Name::parse_wire(self.list).ok()?;
        self.list = rest;
        Some(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Wire bytes of unquoted words separated by spaces.
    #[track_caller]
    fn wire(rtype: Rtype, text: &str) -> Result<Vec<u8>, RdataError> {
        let tokens: Vec<_> =
            text.split(' ').map(|word| Token { text: word.as_bytes(), is_quoted: false, offset: 0 }).collect();
        let mut out = b"kept".to_vec();
        let result = push_wire_from_text(rtype, &tokens, Some(Name::ROOT), &mut out);
        assert!(out.starts_with(b"kept") && (result.is_ok() || out.len() == 4), "nothing but data is appended");
        result.map(|()| out.split_off(4))
    }

    /// CAN-2 and CAN-3: which names canonical form lowers.
    #[test]
    fn canonical_form_lowers_only_the_listed_types() {
        for (rtype, text, lowered) in [
            (Rtype::NS, "A.B.", &b"\x01a\x01b\0"[..]),
            (Rtype::MX, "1 A.", b"\x00\x01\x01a\0"),
            (Rtype::NSEC, "A. NS", b"\x01A\0\x00\x01\x20"),
            (Rtype::TXT, "ABC", b"\x03ABC"),
            (Rtype(65280), r"\# 3 014100", b"\x01A\0"),
        ] {
            let rdata = wire(rtype, text).unwrap();
            let mut canonical = Vec::new();
            push_canonical(rtype, &rdata, &mut canonical);
            assert_eq!(canonical, lowered, "{rtype}");
            assert_eq!(is_canonical(rtype, &rdata), rdata == lowered, "{rtype}");
            assert!(is_canonical(rtype, &canonical), "{rtype}");
        }
    }

    /// RRSIGs are printed in a way of their own: it is the table's.
    #[test]
    fn rrsigs_print_as_the_table_has_them() {
        for text in [
            "A 15 0 0 20240101000000 20231231235959 1 . AA==",
            "TYPE65280 253 127 2147483647 21060207062815 19700101000000 65535 \\000A.x\\.y. AAECAwQFBgcICQ==",
            "NXNAME 8 2 3600 20260301000000 20251231000000 12345 Example.org. ////",
        ] {
            let rdata = wire(Rtype::RRSIG, text).unwrap();
            let (mut by_table, mut printed) = (Vec::new(), Vec::new());
            assert!(push_fields(table::layout(Rtype::RRSIG).unwrap(), &rdata, &mut by_table));
            push_text(Rtype::RRSIG, &rdata, &mut printed);
            assert_eq!(String::from_utf8(printed).unwrap(), String::from_utf8(by_table).unwrap());
            for len in 0..rdata.len() {
                let is_whole = push_fields(table::layout(Rtype::RRSIG).unwrap(), &rdata[..len], &mut Vec::new());
                assert_eq!(rrsig::Rrsig::parse(&rdata[..len]).is_some(), is_whole, "{text}, {len} octets");
            }
        }
    }

    #[test]
    fn names_in_data() {
        let soa = wire(Rtype::SOA, "ns.x. Mbox.x. 1 2 3 4 5").unwrap();
        let found: Vec<_> = names(Rtype::SOA, &soa).map(|name| name.to_string()).collect();
        assert_eq!(found, ["ns.x.", "Mbox.x."]);
        assert_eq!(names(Rtype::A, &[1, 2, 3, 4]).count(), 0);
        assert_eq!(names(Rtype::MX, &[0, 1, 5, b'x']).count(), 0, "malformed");
    }

    #[test]
    fn errors_name_type_field_and_token() {
        let error = wire(Rtype::MX, "65536 a.").unwrap_err();
        assert_eq!((error.code, error.token), ("rdata-bad-number", Some(0)));
        assert_eq!(
            error.to_string(),
            "MX preference: \"65536\" is not a number from 0 to 65535 (RFC 1035 section 3.3.9)"
        );
        let error = wire(Rtype::MX, "10").unwrap_err();
        assert_eq!((error.code, error.token), ("rdata-missing-field", None));
        let error = wire(Rtype::MX, "10 a. b.").unwrap_err();
        assert_eq!((error.code, error.token), ("rdata-extra-field", Some(2)));
        let error = wire(Rtype::A, r"\# 3 010203").unwrap_err();
        assert_eq!(error.message, "A address: needs 4 octets, and 3 are left");
        let error = wire(Rtype::OPT, r"\# 0").unwrap_err();
        assert_eq!(error.code, "rdata-meta-type");
    }
}
