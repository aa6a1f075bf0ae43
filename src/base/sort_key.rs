//! Bytes whose plain comparison is canonical name order (RFC 4034 section 6.1, CAN-6).
//!
//! Labels run from right to left, ASCII lowered, each closed by 0x00; inside a label 0x00 becomes 01 01 and 0x01
//! becomes 01 02. Then comparing keys as bytes is comparing names canonically, and `starts_with` is "at or below".

use super::Name;
use std::cmp::Ordering;

/// Appends the sort key of `labels`, the wire form of the labels in front of some suffix (without a root label needed),
/// as [`Name::strip_suffix`] gives them. An empty slice gives an empty key: the suffix itself.
pub fn push_labels_key(labels: &[u8], out: &mut Vec<u8>) {
    let (starts, count) = label_starts(labels);
    for &start in starts[..count].iter().rev() {
        for &byte in label_at(labels, start) {
            match byte {
                0 => out.extend_from_slice(&[1, 1]),
                1 => out.extend_from_slice(&[1, 2]),
                _ => out.push(byte.to_ascii_lowercase()),
            }
        }
        out.push(0);
    }
}

/// Appends the sort key of a whole name.
pub fn push_name_key(name: Name<'_>, out: &mut Vec<u8>) {
    push_labels_key(name.as_wire(), out);
}

/// The first eight bytes of a key as a big-endian number, zero-filled: compares like the key as far as it goes.
#[must_use]
pub fn key_prefix(key: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    let len = key.len().min(8);
    bytes[..len].copy_from_slice(&key[..len]);
    u64::from_be_bytes(bytes)
}

/// Compares two names in canonical order without building keys: label by label from the right, as RFC 4034 section 6.1
/// words it. For single comparisons, and as the oracle of the keys.
#[must_use]
pub fn canonical_cmp(left: Name<'_>, right: Name<'_>) -> Ordering {
    let (left_starts, left_count) = label_starts(left.as_wire());
    let (right_starts, right_count) = label_starts(right.as_wire());
    let left_labels = left_starts[..left_count].iter().rev().map(|&start| label_at(left.as_wire(), start));
    let right_labels = right_starts[..right_count].iter().rev().map(|&start| label_at(right.as_wire(), start));
    for (a, b) in left_labels.zip(right_labels) {
        let order = a.iter().map(u8::to_ascii_lowercase).cmp(b.iter().map(u8::to_ascii_lowercase));
        if order != Ordering::Equal {
            return order;
        }
    }
    left_count.cmp(&right_count)
}

/// Where the labels of a name start, and how many there are; the root label, if it is there, not counted.
fn label_starts(wire: &[u8]) -> ([u8; 128], usize) {
    // At most 127 labels fit a name, so their starts fit a fixed array.
    let mut starts = [0u8; 128];
    let mut count = 0;
    let mut at = 0;
    while at < wire.len() && wire[at] != 0 {
        starts[count] = u8::try_from(at).expect("names are at most 255 octets");
        count += 1;
        at += 1 + usize::from(wire[at]);
    }
    (starts, count)
}

/// The label whose length octet is at `start`.
fn label_at(wire: &[u8], start: u8) -> &[u8] {
    let start = usize::from(start);
    &wire[start + 1..start + 1 + usize::from(wire[start])]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::NameBuf;
    use proptest::prelude::*;

    /// RFC 4034 section 6.1, the example of the section.
    #[test]
    fn rfc4034_6_1_order() {
        let names = [
            "example",
            "a.example",
            "yljkjljk.a.example",
            "Z.a.example",
            "zABC.a.EXAMPLE",
            "z.example",
            "\\001.z.example",
            "*.z.example",
            "\\200.z.example",
        ];
        let keys: Vec<Vec<u8>> = names.iter().map(|text| key(&text.parse().unwrap())).collect();
        assert!(keys.is_sorted());
    }

    fn key(name: &NameBuf) -> Vec<u8> {
        let mut out = Vec::new();
        push_name_key(name.as_name(), &mut out);
        out
    }

    /// Names of few labels over few octets, so that prefixes and equal labels are common.
    fn any_name() -> impl Strategy<Value = NameBuf> {
        let octet = prop_oneof![Just(0u8), Just(1), Just(2), Just(b'a'), Just(b'A'), Just(b'*'), Just(255)];
        let label = proptest::collection::vec(octet, 1..4);
        proptest::collection::vec(label, 0..5).prop_map(|labels| {
            let mut wire = Vec::new();
            for label in labels {
                wire.push(u8::try_from(label.len()).unwrap());
                wire.extend(label);
            }
            wire.push(0);
            Name::from_wire(&wire).unwrap().to_owned()
        })
    }

    proptest! {
        /// Comparing keys is RFC 4034 order, and a key that starts with another belongs to a name at or below.
        #[test]
        fn key_order_is_canonical_order(a in any_name(), b in any_name()) {
            let (key_a, key_b) = (key(&a), key(&b));
            prop_assert_eq!(key_a.cmp(&key_b), canonical_cmp(a.as_name(), b.as_name()));
            prop_assert_eq!(key_a.starts_with(&key_b), a.as_name().is_at_or_below(b.as_name()));
            if key_prefix(&key_a) != key_prefix(&key_b) {
                prop_assert_eq!(key_prefix(&key_a).cmp(&key_prefix(&key_b)), key_a.cmp(&key_b));
            }
        }
    }
}
