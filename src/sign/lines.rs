//! Our own signed text, taken by its octets: a record a line, each with its owner, fields parted by tabs, the lines of an
//! owner together, owners in canonical order.

use crate::base::{Name, name, sort_key};
use memchr::{memchr, memchr_iter};
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use std::cmp::Ordering;
use std::ops::Range;

/// How much text is looked through as one piece of work.
const PIECE_LEN: usize = 1 << 20;

/// Text, and where in it the lines of each owner start. All lines of an owner are a block.
#[derive(Debug)]
pub(super) struct Lines<T> {
    text: T,
    starts: Vec<usize>,
}

impl<T: AsRef<[u8]>> Lines<T> {
    /// Looks for the owners; gives the text back if a line does not start with one, or is cut off.
    pub(super) fn of(text: T) -> Result<Self, T> {
        match find_blocks(text.as_ref()) {
            Some(starts) => Ok(Self { text, starts }),
            None => Err(text),
        }
    }

    /// All of it.
    pub(super) fn text(&self) -> &[u8] {
        self.text.as_ref()
    }

    /// The text alone.
    pub(super) fn into_text(self) -> T {
        self.text
    }

    /// How many blocks.
    pub(super) const fn len(&self) -> usize {
        self.starts.len()
    }

    /// Where a block stands.
    pub(super) fn range(&self, block: usize) -> Range<usize> {
        self.starts[block]..self.starts.get(block + 1).copied().unwrap_or_else(|| self.text().len())
    }

    /// A block.
    pub(super) fn block(&self, block: usize) -> &[u8] {
        &self.text()[self.range(block)]
    }

    /// The owner of a block, as it is spelled.
    pub(super) fn owner(&self, block: usize) -> &[u8] {
        owner_of(self.block(block))
    }

    /// The owner of a block in wire form; `None` if it is no name.
    pub(super) fn owner_wire(&self, block: usize) -> Option<Vec<u8>> {
        let mut wire = Vec::new();
        name::push_wire_from_text(self.owner(block), None, &mut wire).ok()?;
        Some(wire)
    }

    /// How the owner of a block compares with a name; `None` if it is no name itself.
    pub(super) fn cmp_owner(&self, block: usize, with: Name<'_>) -> Option<Ordering> {
        let wire = self.owner_wire(block)?;
        Some(sort_key::canonical_cmp(Name::from_wire_trusted(&wire), with))
    }

    /// The first block whose owner is not before a name.
    pub(super) fn lower_bound(&self, name: Name<'_>) -> usize {
        let (mut from, mut to) = (0, self.len());
        while from < to {
            let middle = usize::midpoint(from, to);
            match self.cmp_owner(middle, name) {
                Some(Ordering::Less) => from = middle + 1,
                _ => to = middle,
            }
        }
        from
    }
}

/// The owner of a line or a block.
fn owner_of(line: &[u8]) -> &[u8] {
    &line[..memchr(b'\t', line).unwrap_or(line.len())]
}

/// The type field of a line without its end, and what stands behind it.
pub(super) fn type_and_rdata(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut rest = line;
    for _ in 0..3 {
        rest = &rest[memchr(b'\t', rest)? + 1..];
    }
    let len = memchr(b'\t', rest)?;
    Some((&rest[..len], &rest[len + 1..]))
}

/// The lines of a block, without their ends.
pub(super) fn lines(block: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut start = 0;
    memchr_iter(b'\n', block).map(move |end| &block[std::mem::replace(&mut start, end + 1)..end])
}

/// Where the blocks start.
fn find_blocks(text: &[u8]) -> Option<Vec<usize>> {
    if text.last() != Some(&b'\n') {
        return None;
    }
    let line_at = |at: usize| match at {
        0 => Some(0),
        _ => memchr(b'\n', &text[at - 1..]).map(|len| at + len).filter(|&at| at < text.len()),
    };
    let mut bounds: Vec<usize> = (0..text.len()).step_by(PIECE_LEN).filter_map(line_at).collect();
    bounds.dedup();
    bounds.push(text.len());
    let pieces = (1..bounds.len()).into_par_iter().map(|piece| find_in_piece(text, bounds[piece - 1]..bounds[piece]));
    let pieces: Vec<Vec<usize>> = pieces.collect::<Option<_>>()?;
    let mut starts: Vec<usize> = Vec::with_capacity(pieces.iter().map(Vec::len).sum());
    for piece in pieces {
        // The lines of an owner may go on from one piece to the next.
        let goes_on = |&last: &usize| owner_of(&text[last..]) == owner_of(&text[piece[0]..]);
        let skipped = usize::from(starts.last().is_some_and(goes_on));
        starts.extend_from_slice(&piece[skipped..]);
    }
    Some(starts)
}

/// The same for a piece of whole lines.
fn find_in_piece(text: &[u8], piece: Range<usize>) -> Option<Vec<usize>> {
    let mut starts = Vec::new();
    // With the tab behind it.
    let mut owner: &[u8] = b"\n";
    let mut start = piece.start;
    for len in memchr_iter(b'\n', &text[piece.clone()]) {
        let end = piece.start + len;
        let line = &text[start..end];
        if !line.starts_with(owner) {
            let is_owner = |octet: &u8| octet.is_ascii_alphanumeric() || b"\\.*-_/".contains(octet);
            line.first().filter(|octet| is_owner(octet))?;
            owner = &line[..=memchr(b'\t', line)?];
            starts.push(start);
        }
        start = end + 1;
    }
    Some(starts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_an_owner_are_a_block() {
        let text = "a.\t1\tIN\tA\tx\na.\t1\tIN\tRRSIG\tA y\nab.\t1\tIN\tA\tz\n";
        let lines = Lines::of(text).unwrap();
        assert_eq!((lines.len(), lines.owner(0), lines.owner(1)), (2, &b"a."[..], &b"ab."[..]));
        assert_eq!(lines.block(1), b"ab.\t1\tIN\tA\tz\n");
        let fields: Vec<_> = super::lines(lines.block(0)).filter_map(type_and_rdata).collect();
        assert_eq!(fields, [(&b"A"[..], &b"x"[..]), (b"RRSIG", b"A y")]);
        let wire = lines.owner_wire(1).unwrap();
        assert_eq!(lines.lower_bound(Name::from_wire(&wire).unwrap()), 1);
    }

    /// Pieces are cut anywhere, and blocks go on across the cuts.
    #[test]
    fn long_texts_are_cut_at_lines() {
        let line = |owner: usize| format!("{owner:04}.\t3600\tIN\tTXT\t\"{}\"\n", "x".repeat(owner % 300));
        let text: String = (0..3000).flat_map(|owner| std::iter::repeat_n(line(owner), 1 + owner % 5)).collect();
        assert!(text.len() > PIECE_LEN);
        let lines = Lines::of(&text).unwrap();
        assert_eq!(lines.len(), 3000);
        let is_right = |owner: usize| lines.block(owner) == line(owner).repeat(1 + owner % 5).as_bytes();
        assert!((0..3000).all(is_right));
    }

    #[test]
    fn other_text_is_not_taken() {
        for text in ["", "a.\t1\tIN\tA\tx", "a. 1 IN A x\n", "\t1\tIN\tA\tx\n", "$TTL\t5\n", "a.\tA\tx\n\n", ")\tx\n"] {
            assert!(Lines::of(text).is_err(), "{text:?}");
        }
    }
}
