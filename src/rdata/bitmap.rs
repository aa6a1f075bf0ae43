//! Type bitmaps of NSEC, NSEC3 and CSYNC (RFC 4034 section 4.1.2).
//!
//! Blocks of `window, length, octets`: bit 0 of octet 0 of a window is its first type. Windows ascend, empty blocks and
//! trailing zero octets are left out.

use crate::base::Rtype;

/// A view of a bitmap that is known to be well formed; empty if it has no types.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TypeBitmap<'a> {
    wire: &'a [u8],
}

impl<'a> TypeBitmap<'a> {
    /// Takes bytes as a bitmap; `None` unless windows ascend, and each has 1 to 32 octets the last of which is not zero.
    #[must_use]
    pub fn parse(wire: &'a [u8]) -> Option<Self> {
        let mut rest = wire;
        let mut last_window = None;
        while let [window, len @ 1..=32, after @ ..] = rest {
            let (octets, after) = after.split_at_checked(usize::from(*len))?;
            if last_window >= Some(*window) || octets.last() == Some(&0) {
                return None;
            }
            last_window = Some(*window);
            rest = after;
        }
        rest.is_empty().then_some(Self { wire })
    }

    /// The wire form.
    #[must_use]
    pub const fn as_wire(self) -> &'a [u8] {
        self.wire
    }

    /// The types, ascending.
    pub fn iter(self) -> impl Iterator<Item = Rtype> + 'a {
        blocks(self.wire).flat_map(|(window, octets)| {
            (0..).zip(octets).flat_map(move |(index, &octet)| {
                set_bits(octet).map(move |bit| Rtype(u16::from(window) << 8 | index << 3 | bit))
            })
        })
    }

    /// Whether a type is in it.
    #[must_use]
    pub fn contains(self, rtype: Rtype) -> bool {
        let [window, low] = rtype.0.to_be_bytes();
        blocks(self.wire)
            .find(|(number, _)| *number == window)
            .and_then(|(_, octets)| octets.get(usize::from(low >> 3)))
            .is_some_and(|octet| octet & 0x80 >> (low & 7) != 0)
    }
}

impl std::fmt::Debug for TypeBitmap<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// The bits that are set in an octet, counted from the highest.
fn set_bits(octet: u8) -> impl Iterator<Item = u16> {
    let mut rest = octet;
    std::iter::from_fn(move || {
        let bit = rest.leading_zeros() as u16;
        rest &= 0x7f_u8.checked_shr(bit.into())?;
        Some(bit)
    })
}

/// The blocks of a well-formed bitmap: window number and octets.
fn blocks(wire: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut rest = wire;
    std::iter::from_fn(move || {
        let (&[window, len], after) = rest.split_first_chunk::<2>()?;
        let (octets, after) = after.split_at_checked(usize::from(len))?;
        rest = after;
        Some((window, octets))
    })
}

/// Appends a bitmap with these types, given in any order. Ascending order is fastest.
pub fn push_bitmap(types: impl IntoIterator<Item = Rtype>, out: &mut Vec<u8>) {
    let start = out.len();
    for rtype in types {
        insert(rtype, start, out);
    }
}

/// Adds a type to the bitmap that reaches from `start` to the end of `out`.
pub(super) fn insert(rtype: Rtype, start: usize, out: &mut Vec<u8>) {
    let [window, low] = rtype.0.to_be_bytes();
    let octets_needed = usize::from(low >> 3) + 1;
    let mut at = start;
    while at < out.len() && out[at] < window {
        at += 2 + usize::from(out[at + 1]);
    }
    if at == out.len() || out[at] != window {
        insert_zeros(at, 2 + octets_needed, out);
        out[at] = window;
    } else {
        let len = usize::from(out[at + 1]);
        insert_zeros(at + 2 + len, octets_needed.saturating_sub(len), out);
    }
    out[at + 1] = out[at + 1].max((low >> 3) + 1);
    out[at + 1 + octets_needed] |= 0x80 >> (low & 7);
}

/// Makes room of zeros at a place in `out`.
fn insert_zeros(at: usize, count: usize, out: &mut Vec<u8>) {
    if count == 0 {
        return;
    }
    let end = out.len();
    out.resize(end + count, 0);
    out.copy_within(at..end, at + count);
    out[at..at + count].fill(0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// RFC 4034 section 4.3: A MX RRSIG NSEC TYPE1234.
    #[test]
    fn rfc4034_example() {
        let mut wire = b"before".to_vec();
        push_bitmap([Rtype(1234), Rtype::NSEC, Rtype::A, Rtype::RRSIG, Rtype::MX, Rtype::A], &mut wire);
        let mut expected = b"before\x00\x06\x40\x01\x00\x00\x00\x03\x04\x1b".to_vec();
        expected.extend_from_slice(&[0; 26]);
        expected.push(0x20);
        assert_eq!(wire, expected);
        let bitmap = TypeBitmap::parse(&wire[6..]).unwrap();
        assert!(bitmap.iter().eq([Rtype::A, Rtype::MX, Rtype::RRSIG, Rtype::NSEC, Rtype(1234)]));
        assert!(bitmap.contains(Rtype(1234)) && !bitmap.contains(Rtype(1235)) && !bitmap.contains(Rtype(0x8000)));
    }

    #[test]
    fn malformed() {
        for bad in [
            &[0][..],
            &[0, 0],
            &[0, 1],
            &[0, 2, 1, 0],
            &[0, 33],
            &[1, 1, 1, 0, 1, 1],
            &[1, 1, 1, 1, 1, 1],
            &[0, 1, 1, 9],
        ] {
            assert_eq!(TypeBitmap::parse(bad), None, "{bad:?}");
        }
        assert_eq!(TypeBitmap::parse(&[]).map(|bitmap| bitmap.iter().count()), Some(0));
    }

    proptest! {
        /// Any set in any order gives the one well-formed bitmap that reads back as that set.
        #[test]
        fn sets_round_trip(types in proptest::collection::vec(prop_oneof![0..70_u16, any::<u16>()], 0..40)) {
            let mut wire = Vec::new();
            push_bitmap(types.iter().map(|&number| Rtype(number)), &mut wire);
            let bitmap = TypeBitmap::parse(&wire).unwrap();
            let set: std::collections::BTreeSet<_> = types.iter().map(|&number| Rtype(number)).collect();
            prop_assert!(bitmap.iter().eq(set.iter().copied()));
            prop_assert!(set.iter().all(|&rtype| bitmap.contains(rtype)));
        }
    }
}
