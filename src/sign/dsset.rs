//! The `dsset-ZONE.` file: the DS records for the parent, as dnssec-signzone writes them.

use crate::base::text::{push_decimal, push_hex};
use crate::base::{DigestType, Name};
use crate::keys::ds::{ds_rdata, may_have_ds};
use crate::keys::{KeyRole, KeySet};
use crate::rdata::ds::Ds;

/// Octets of the digest before the space that dnssec-signzone puts into it.
const DIGEST_GROUP_LEN: usize = 28;

/// Where dnssec-signzone puts the class after a short name.
const CLASS_COLUMN: usize = 24;

/// Columns from one tab stop to the next.
const TAB_WIDTH: usize = 8;

/// The text of the file: a SHA-256 DS for every published key-signing key, active or not, and for keys that sign all.
#[must_use]
pub fn text(keys: &KeySet) -> Vec<u8> {
    let mut out = Vec::new();
    for (index, key) in keys.published().iter().enumerate() {
        let is_entry_point = key.is_sep() || matches!(keys.role(index), Some(KeyRole::Ksk | KeyRole::Csk));
        if !is_entry_point || !may_have_ds(&key.dnskey()) {
            continue;
        }
        if let Some(rdata) = ds_rdata(DigestType::SHA256, key.zone.as_name(), &key.dnskey_rdata) {
            push_line(key.zone.as_name(), &rdata, &mut out);
        }
    }
    out
}

/// Goes on to a column of the line that begins at `start`, and by one column at least: with tabs where they fit.
fn push_gap(start: usize, column: usize, out: &mut Vec<u8>) {
    // No tab stands before the first gap, which is why octets are columns; after it only the remainder of 8 matters,
    // and a tab ends on a multiple of 8.
    let at = match out[start..].iter().rposition(|&octet| octet == b'\t') {
        Some(tab) => out.len() - start - tab - 1,
        None => out.len() - start,
    };
    let to = column.max(at + 1);
    let tabs = to / TAB_WIDTH - at / TAB_WIDTH;
    let spaces = if tabs > 0 { to % TAB_WIDTH } else { to - at };
    out.resize(out.len() + tabs, b'\t');
    out.resize(out.len() + spaces, b' ');
}

fn push_line(zone: Name<'_>, rdata: &[u8], out: &mut Vec<u8>) {
    let ds = Ds::parse(rdata).expect("it was just made");
    let start = out.len();
    zone.push_text(out);
    push_gap(start, CLASS_COLUMN, out);
    out.extend_from_slice(b"IN");
    push_gap(start, 0, out);
    out.extend_from_slice(b"DS");
    push_gap(start, 0, out);
    for number in [u64::from(ds.key_tag), u64::from(ds.algorithm.0), u64::from(ds.digest_type.0)] {
        push_decimal(number, out);
        out.push(b' ');
    }
    for (index, group) in ds.digest.chunks(DIGEST_GROUP_LEN).enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        push_hex(group, out);
    }
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::NameBuf;

    /// As written by dnssec-signzone for names of these lengths.
    #[test]
    fn columns_are_those_of_dnssec_signzone() {
        let rdata = [&[0, 7, 15, 2][..], &[0xAB; 32]].concat();
        for (zone, head) in [
            (".", ".\t\t\tIN DS 7 "),
            ("abcdef.", "abcdef.\t\t\tIN DS 7 "),
            ("abcdefg.", "abcdefg.\t\tIN DS 7 "),
            ("abcde.abcdefgh.", "abcde.abcdefgh.\t\tIN DS 7 "),
            ("abcde.abcdefghi.", "abcde.abcdefghi.\tIN DS 7 "),
            ("abcdefghijklm.abcdefghi.", "abcdefghijklm.abcdefghi. IN DS 7 "),
            ("abcdefghijklm.abcdefghij.", "abcdefghijklm.abcdefghij. IN DS\t7 "),
            ("abcdefghijklm.abcdefghijklmnopq.", "abcdefghijklm.abcdefghijklmnopq. IN DS 7 "),
        ] {
            let mut out = Vec::new();
            push_line(zone.parse::<NameBuf>().unwrap().as_name(), &rdata, &mut out);
            let line = String::from_utf8(out).unwrap();
            assert_eq!(line, format!("{head}15 2 {} {}\n", "AB".repeat(28), "AB".repeat(4)), "{zone}");
        }
    }
}
