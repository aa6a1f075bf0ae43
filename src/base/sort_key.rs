//! Bytes whose plain comparison is canonical name order (RFC 4034 section 6.1, CAN-6).
//!
//! Labels run from right to left, ASCII lowered, each closed by 0x00; inside a label 0x00 becomes 01 01 and 0x01
//! becomes 01 02. Then comparing keys as bytes is comparing names canonically, and `starts_with` is "at or below".

use super::Name;
use std::cmp::Ordering;

/// Appends the sort key of `labels`, the wire form of the labels in front of some suffix (without a root label needed),
/// as [`Name::strip_suffix`] gives them. An empty slice gives an empty key: the suffix itself.
pub fn push_labels_key(labels: &[u8], out: &mut Vec<u8>) {
    if let Some((&len, label)) = labels.split_first()
        && len > 0
        && usize::from(len) == label.len()
        && label.iter().all(|&octet| octet > 1)
    {
        // The commonest name: one label, nothing to escape.
        let start = out.len();
        out.extend_from_slice(label);
        out[start..].make_ascii_lowercase();
        out.push(0);
        return;
    }
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

/// The last of `labels`, which is the first in their key; empty if there is none.
#[must_use]
pub fn top_label(mut labels: &[u8]) -> &[u8] {
    let mut top: &[u8] = &[];
    while let Some((&len, rest)) = labels.split_first() {
        (top, labels) = rest.split_at(usize::from(len));
    }
    top
}

/// The start of a key in a number: names whose numbers differ are in the numbers' order; of names with the same number
/// nothing is known. Of names made of letters, digits and hyphens it holds eleven octets, where plain octets would be
/// eight: each octet becomes a digit of base 44.
#[must_use]
pub fn labels_prefix(labels: &[u8]) -> u64 {
    let mut prefix = Prefix { digits: 0, left: PREFIX_LEN };
    match labels.first() {
        // The commonest name has one label.
        Some(&len) if usize::from(len) + 1 == labels.len() => prefix.push_label(&labels[1..]),
        _ => {
            let (starts, count) = label_starts(labels);
            for &start in starts[..count].iter().rev() {
                prefix.push_label(label_at(labels, start));
            }
        }
    }
    prefix.finish()
}

/// The prefix of the label next to the apex, of the prefix of a name below it. It is the least prefix below that label, and
/// all prefixes below an earlier label are smaller, if they are not the same.
#[must_use]
pub fn top_prefix(prefix: u64) -> u64 {
    let mut rest = prefix;
    let mut unit = 44_u64.pow(PREFIX_LEN - 1);
    // The end of a label has the digit 0.
    while unit > 0 && rest / unit > 0 {
        rest %= unit;
        unit /= 44;
    }
    prefix - rest
}

/// How many octets of a key a prefix holds: 44^11 is below 2^64.
const PREFIX_LEN: u32 = 11;

/// For each octet of a label, case folded, its digit: ascending, but several that are rare in names share one. The end of
/// a label has the digit 0, as what lies behind the end of a name has.
static DIGITS: [u8; 256] = {
    let mut table = [0; 256];
    let mut digit = 1;
    let mut octet = 0;
    while octet < 256 {
        let is_common = is_common(octet);
        if octet > 0 && (is_common || is_common_before(octet)) {
            digit += 1;
        }
        table[octet] = digit;
        octet += 1;
    }
    let mut letter = b'A' as usize;
    while letter <= b'Z' as usize {
        table[letter] = table[letter + 32];
        letter += 1;
    }
    table
};

/// Whether an octet, case folded, has a digit of its own.
const fn is_common(octet: usize) -> bool {
    matches!(octet as u8, b'-' | b'0'..=b'9' | b'_' | b'a'..=b'z')
}

const fn is_common_before(octet: usize) -> bool {
    octet > 0 && is_common(octet - 1)
}

/// The digits that several octets share, as bits.
const SHARED_DIGITS: u64 = {
    let mut bits = 0;
    let mut octet = 0;
    while octet < 256 {
        let is_letter = (octet as u8).is_ascii_uppercase();
        if !is_letter && !is_common(octet) {
            bits |= 1 << DIGITS[octet];
        }
        octet += 1;
    }
    bits
};

/// A prefix being made.
struct Prefix {
    digits: u64,
    /// How many more fit.
    left: u32,
}

impl Prefix {
    fn push_label(&mut self, label: &[u8]) {
        let before = Self { ..*self };
        let mut seen = 0_u64;
        for &octet in label.iter().take(self.left as usize) {
            let digit = DIGITS[usize::from(octet)];
            seen |= 1 << digit;
            self.push(digit);
        }
        if seen & SHARED_DIGITS != 0 {
            *self = before;
            return self.push_until_shared(label);
        }
        if self.left > 0 {
            self.push(0);
        }
    }

    /// Adds the digits of a label up to the first that several octets share: they may differ there, and must not be told
    /// apart by what follows.
    fn push_until_shared(&mut self, label: &[u8]) {
        for &octet in label {
            let digit = DIGITS[usize::from(octet)];
            self.push(digit);
            if SHARED_DIGITS >> digit & 1 == 1 {
                break;
            }
        }
        self.digits *= 44_u64.pow(self.left);
        self.left = 0;
    }

    const fn push(&mut self, digit: u8) {
        self.digits = self.digits * 44 + digit as u64;
        self.left -= 1;
    }

    /// What is left is filled with zeros.
    const fn finish(self) -> u64 {
        self.digits * 44_u64.pow(self.left)
    }
}

/// Compares two names in canonical order without building keys: label by label from the right, as RFC 4034 section 6.1
/// words it. For single comparisons, and as the oracle of the keys.
#[must_use]
pub fn canonical_cmp(left: Name<'_>, right: Name<'_>) -> Ordering {
    labels_cmp(left.as_wire(), right.as_wire())
}

/// As [`canonical_cmp`], of labels of which those that all names share may be left out.
pub(crate) fn labels_cmp(left: &[u8], right: &[u8]) -> Ordering {
    let (left_starts, left_count) = label_starts(left);
    let (right_starts, right_count) = label_starts(right);
    let left_labels = left_starts[..left_count].iter().rev().map(|&start| label_at(left, start));
    let right_labels = right_starts[..right_count].iter().rev().map(|&start| label_at(right, start));
    for (a, b) in left_labels.zip(right_labels) {
        let order = a.iter().map(u8::to_ascii_lowercase).cmp(b.iter().map(u8::to_ascii_lowercase));
        if order != Ordering::Equal {
            return order;
        }
    }
    left_count.cmp(&right_count)
}

/// Where the labels of a name start, and how many there are; the root label, if it is there, not counted.
pub(crate) fn label_starts(wire: &[u8]) -> ([u8; 128], usize) {
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
pub(crate) fn label_at(wire: &[u8], start: u8) -> &[u8] {
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
            let (prefix_a, prefix_b) = (labels_prefix(a.as_name().as_wire()), labels_prefix(b.as_name().as_wire()));
            if prefix_a != prefix_b {
                prop_assert_eq!(prefix_a.cmp(&prefix_b), key_a.cmp(&key_b));
            }
            let label = a.as_name().labels().last().unwrap_or_default();
            prop_assert_eq!(top_prefix(prefix_a), labels_prefix(&[&[u8::try_from(label.len()).unwrap()], label].concat()));
        }
    }

    #[test]
    fn prefixes_hold_eleven_octets_of_hostnames() {
        let prefix = |text: &[u8]| labels_prefix(NameBuf::from_text(text, None).unwrap().as_name().as_wire());
        let ascending =
            [&b"."[..], b"aaaaaaaaaa.", b"aaaaaaaaaa-.", b"aaaaaaaaaa0.", b"aaaaaaaaaaa.", b"aaaaaaaaab.", b"a.b."];
        for pair in ascending.windows(2) {
            assert!(prefix(pair[0]) < prefix(pair[1]), "{pair:?}");
        }
        assert_eq!(prefix(b"zzzzzzzzzzzz."), prefix(b"ZZZZZZZZZZZ."));
        // Digits are shared where octets are rare, and then nothing behind them counts.
        assert_eq!(prefix(b"a*b."), prefix(b"a+a."));
        assert!(*DIGITS.iter().max().unwrap() < 44);
    }
}
