//! Scanning of octets, many at a time: most names and words are too short for a library's scan to pay.

/// The place of the first octet whose distance is 0.
///
/// Sixteen octets are looked at together: a distance made of differences and minima, and no comparisons, becomes a few
/// vector instructions wherever there are some.
#[inline]
pub(crate) fn position(octets: &[u8], distance: impl Fn(u8) -> u8 + Copy) -> Option<usize> {
    let (chunks, rest) = octets.as_chunks::<16>();
    for (index, chunk) in chunks.iter().enumerate() {
        let mut marks = [0; 16];
        for (mark, &octet) in marks.iter_mut().zip(chunk) {
            *mark = if distance(octet) == 0 { u8::MAX } else { 0 };
        }
        let marks = u128::from_le_bytes(marks);
        if marks != 0 {
            return Some(index * 16 + marks.trailing_zeros() as usize / 8);
        }
    }
    rest.iter().position(|&octet| distance(octet) == 0).map(|at| chunks.len() * 16 + at)
}

/// Calls `found` with the place of each octet that is one of two, in order, until it says false; returns whether it never
/// did.
#[inline]
pub(crate) fn all_places(octets: &[u8], [one, other]: [u8; 2], mut found: impl FnMut(usize) -> bool) -> bool {
    let (words, rest) = octets.as_chunks::<8>();
    let marks = |word: &[u8; 8]| {
        let word = u64::from_le_bytes(*word);
        zero_octets(word ^ every(one)) | zero_octets(word ^ every(other))
    };
    for (index, word) in words.iter().enumerate() {
        if !Places(marks(word)).all(|at| found(8 * index + at)) {
            return false;
        }
    }
    match octets.last_chunk::<8>() {
        // Those of the last eight that were not looked at yet.
        Some(word) if !rest.is_empty() => {
            let seen = 8 - rest.len();
            Places(marks(word) & u64::MAX << (8 * seen)).all(|at| found(octets.len() - 8 + at))
        }
        _ => rest.iter().zip(8 * words.len()..).all(|(&octet, at)| (octet != one && octet != other) || found(at)),
    }
}

/// The octets whose high bit is set, from the lowest on.
struct Places(u64);

impl Iterator for Places {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        if self.0 == 0 {
            return None;
        }
        let place = self.0.trailing_zeros() as usize / 8;
        self.0 &= self.0 - 1;
        Some(place)
    }
}

/// The high bit of each octet of a word that is 0, and of no other.
const fn zero_octets(word: u64) -> u64 {
    // Adding makes 128 or more of what is not 0 but for its high bit, and never carries into the next octet.
    !(((word & !HIGH) + !HIGH) | word) & HIGH
}

/// The high bit of each octet of a word.
const HIGH: u64 = every(0x80);

/// A word of one octet eight times.
const fn every(octet: u8) -> u64 {
    u64::from_le_bytes([octet; 8])
}

/// Whether any octet is an ASCII capital.
#[inline]
pub(crate) fn has_capital(octets: &[u8]) -> bool {
    let (words, rest) = octets.as_chunks::<8>();
    words.iter().any(|word| word_has_capital(u64::from_le_bytes(*word))) || rest.iter().any(u8::is_ascii_uppercase)
}

/// Whether any octet of a word is an ASCII capital.
const fn word_has_capital(word: u64) -> bool {
    // The high bit of an octet tells whether adding made it 128 or more.
    let low = word & !HIGH;
    let from_a = low + every(0x80 - b'A');
    let behind_z = low + every(0x80 - b'Z' - 1);
    from_a & !behind_z & !word & HIGH != 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Chunks or not, the places are those that looking at one octet after another gives.
        #[test]
        fn places_are_found_in_order(octets in prop::collection::vec(prop::sample::select(&b".\\aAZ[@\xc1\xff"[..]), 0..70)) {
            let distance = |octet: u8| (octet ^ b'.').min(octet ^ 0xff);
            let expected: Vec<usize> = (0..octets.len()).filter(|&at| matches!(octets[at], b'.' | 0xff)).collect();
            prop_assert_eq!(position(&octets, distance), expected.first().copied());
            for stop in 0..=expected.len() {
                let mut found = Vec::new();
                let went_on = all_places(&octets, [b'.', 0xff], |at| {
                    found.push(at);
                    found.len() <= stop
                });
                prop_assert_eq!(&found[..], &expected[..expected.len().min(stop + 1)]);
                prop_assert_eq!(went_on, stop == expected.len());
            }
        }
    }

    #[test]
    fn capitals_are_found_wherever_they_stand() {
        for (len, octet) in (1..20).flat_map(|len| (0..=u8::MAX).map(move |octet| (len, octet))) {
            for at in 0..len {
                let mut octets = vec![b'a'; len];
                octets[at] = octet;
                assert_eq!(has_capital(&octets), octet.is_ascii_uppercase(), "{octets:?}");
            }
        }
    }
}
