//! Types, alone and in bitmaps.

use super::super::bitmap::{self, TypeBitmap};
use super::super::error::{self, Fault, shown};
use super::super::table::MayBeEmpty;
use super::super::token::Words;
use crate::base::Rtype;
use crate::base::text::push_decimal;

/// Reads a type: mnemonic or `TYPEnnn`.
pub(super) fn parse(words: &mut Words<'_>) -> Result<Rtype, Fault> {
    let text = words.word()?;
    Rtype::from_text(text).ok_or_else(|| {
        words.fault(
            error::MNEMONIC,
            format!("{} is not a type", shown(text)),
            "write a mnemonic, or TYPE and its number (RFC 3597 section 5)",
        )
    })
}

/// Prints a type. Mnemonics that released name servers do not read yet come as `TYPEnnn`.
pub(in super::super) fn print(number: u16, out: &mut Vec<u8>) {
    let rtype = Rtype(number);
    let is_new = matches!(rtype, Rtype::NXNAME | Rtype::CLA | Rtype::IPN);
    match rtype.mnemonic().filter(|_| !is_new) {
        Some(name) => out.extend_from_slice(name.as_bytes()),
        None => {
            out.extend_from_slice(b"TYPE");
            push_decimal(u64::from(number), out);
        }
    }
}

/// Reads types to the end, in any order.
pub(super) fn parse_bitmap(words: &mut Words<'_>, empty: MayBeEmpty, out: &mut Vec<u8>) -> Result<(), Fault> {
    let start = out.len();
    if words.is_at_end() && empty == MayBeEmpty::No {
        words.word()?;
    }
    while !words.is_at_end() {
        bitmap::insert(parse(words)?, start, out);
    }
    Ok(())
}

/// Measures a bitmap to the end.
pub(super) fn measure_bitmap(rest: &[u8], empty: MayBeEmpty) -> Result<usize, Fault> {
    match TypeBitmap::parse(rest) {
        None => Err(Fault::wire(
            "is not a type bitmap: windows must ascend, each with 1 to 32 octets and no zero octet last",
        )),
        Some(_) if rest.is_empty() && empty == MayBeEmpty::No => Err(Fault::wire("is empty")),
        Some(_) => Ok(rest.len()),
    }
}

/// Prints the types of a bitmap with spaces between.
pub(super) fn print_bitmap(wire: &[u8], out: &mut Vec<u8>) {
    let types = TypeBitmap::parse(wire).into_iter().flat_map(TypeBitmap::iter);
    for (index, rtype) in types.enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        print(rtype.0, out);
    }
}
