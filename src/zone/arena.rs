//! Bytes of names and RDATA, kept in large chunks and named by eight-byte spans.

use super::store::RawRecord;

/// Size of a chunk; one larger piece would get a chunk of its own.
const CHUNK_LEN: usize = 1 << 20;

/// Octets that come into a processor's cache together.
const CACHE_LINE: usize = 64;

/// Size of the largest chunk that is made to measure.
const CHUNK_MAX: usize = 1 << 24;

/// Where a piece of bytes stands in its [`Arena`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    chunk: u16,
    len: u16,
    start: u32,
}

impl Span {
    /// How many octets.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a span of RDATA may be empty, and nobody asks")]
    pub const fn len(self) -> usize {
        self.len as usize
    }

    /// The span without its first `count` octets.
    ///
    /// # Panics
    /// If there are not so many.
    #[must_use]
    pub fn suffix(self, count: usize) -> Self {
        let count = u16::try_from(count).expect("a span is at most 65,535 octets");
        let len = self.len.checked_sub(count).expect("a suffix is part of its span");
        Self { chunk: self.chunk, len, start: self.start + u32::from(count) }
    }

    /// The span in the arena that its own was appended to; see [`Arena::append`].
    #[must_use]
    pub(crate) const fn shifted(self, shift: ChunkShift) -> Self {
        Self { chunk: self.chunk + shift.0, ..self }
    }

    /// The span of both, if `next` stands right behind and both together are not too long for a span.
    pub(super) const fn joined(self, next: Self) -> Option<Self> {
        let is_behind = self.chunk == next.chunk && self.start + self.len as u32 == next.start;
        match self.len.checked_add(next.len) {
            Some(len) if is_behind => Some(Self { len, ..self }),
            _ => None,
        }
    }

    /// The span in the copy of a larger one that this one is part of.
    pub(super) const fn in_copy(self, original: Self, copy: Self) -> Self {
        Self { chunk: copy.chunk, start: copy.start + (self.start - original.start), ..self }
    }
}

/// By how many chunks the spans of an arena move when it is appended to another.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ChunkShift(u16);

impl ChunkShift {
    /// Both, one after the other.
    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

/// Append-only bytes. Pieces are at most 65,535 octets, as names and RDATA are.
#[derive(Debug, Default)]
pub struct Arena {
    chunks: Vec<Vec<u8>>,
}

impl Arena {
    /// Stores a copy of `bytes`.
    ///
    /// # Panics
    /// If `bytes` is longer than 65,535 octets, or the arena holds 65,536 chunks (64 GiB).
    #[inline]
    pub fn push(&mut self, bytes: &[u8]) -> Span {
        let has_room = self.chunks.last().is_some_and(|chunk| chunk.capacity() - chunk.len() >= bytes.len());
        if !has_room {
            self.add_chunk(bytes.len());
        }
        let index = self.chunks.len() - 1;
        let chunk = &mut self.chunks[index];
        let span = Span {
            chunk: u16::try_from(index).expect("fewer than 65,536 chunks"),
            len: u16::try_from(bytes.len()).expect("names and RDATA are at most 65,535 octets"),
            start: u32::try_from(chunk.len()).expect("a chunk is at most 16 MiB"),
        };
        chunk.extend_from_slice(bytes);
        span
    }

    #[cold]
    fn add_chunk(&mut self, least: usize) {
        self.chunks.push(Vec::with_capacity(CHUNK_LEN.max(least)));
    }

    /// An empty one with room for so many octets in a chunk.
    pub(super) fn with_room(len: usize) -> Self {
        Self { chunks: vec![Vec::with_capacity(len.min(CHUNK_MAX))] }
    }

    /// How many octets all pieces have.
    pub(super) fn len(&self) -> usize {
        self.chunks.iter().map(Vec::len).sum()
    }

    /// Stores copies of owner and RDATA of a run of records that have one owner, and has them name the copies. The bytes
    /// of a run mostly stand together, and are then copied in one piece.
    pub(super) fn push_run(&mut self, from: &Self, run: &mut [RawRecord]) {
        let Some(owner) = run.first().map(|record| record.owner) else { return };
        match run.iter().try_fold(owner, |piece, record| piece.joined(record.rdata)) {
            Some(piece) => {
                let copy = self.push(from.get(piece));
                for record in run {
                    record.owner = record.owner.in_copy(piece, copy);
                    record.rdata = record.rdata.in_copy(piece, copy);
                }
            }
            None => {
                let owner = self.push(from.get(owner));
                for record in run {
                    record.owner = owner;
                    record.rdata = self.push(from.get(record.rdata));
                }
            }
        }
    }

    /// Gives back the room that no piece has taken.
    pub(super) fn shrink_to_fit(&mut self) {
        if let Some(last) = self.chunks.last_mut() {
            last.shrink_to_fit();
        }
    }

    /// Takes over the chunks of an arena that was filled apart, without copying; its spans move by what is returned.
    ///
    /// # Panics
    /// If both together hold 65,536 chunks.
    pub(super) fn append(&mut self, mut other: Self) -> ChunkShift {
        let shift = ChunkShift(u16::try_from(self.chunks.len()).expect("fewer than 65,536 chunks"));
        u16::try_from(self.chunks.len() + other.chunks.len()).expect("fewer than 65,536 chunks");
        // Its last chunk is never filled further if others follow.
        other.shrink_to_fit();
        self.chunks.append(&mut other.chunks);
        shift
    }

    /// Looks at memory where a span starts, and a cache line further on, where what belongs to a name mostly goes on.
    pub(super) fn touch(&self, span: Span) -> u8 {
        let chunk = &self.chunks[usize::from(span.chunk)];
        let start = span.start as usize;
        chunk[start] ^ chunk[(start + CACHE_LINE).min(chunk.len() - 1)]
    }

    /// Looks at memory where a name starts and where it ends.
    pub(super) fn ends(&self, name: Span) -> u8 {
        let name = self.get(name);
        name[0] ^ name[name.len() - 1]
    }

    /// The bytes of a span that came from this arena.
    #[must_use]
    pub fn get(&self, span: Span) -> &[u8] {
        let start = span.start as usize;
        &self.chunks[usize::from(span.chunk)][start..start + usize::from(span.len)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_come_back_across_chunks() {
        let mut arena = Arena::default();
        let piece = |n: u16| vec![n.to_le_bytes()[0]; usize::from(n)];
        let spans: Vec<(u16, Span)> = (0..3000).map(|n| (n, arena.push(&piece(n)))).collect();
        let largest = arena.push(&piece(u16::MAX));
        assert!(arena.chunks.len() > 1);
        for (n, span) in spans {
            assert_eq!(arena.get(span), piece(n));
        }
        assert_eq!(arena.get(largest).len(), 65_535);
    }

    #[test]
    fn spans_next_to_each_other_are_copied_as_one() {
        let (mut arena, mut other) = (Arena::default(), Arena::default());
        let [one, two, three] = [&b"one"[..], b"", b"three"].map(|piece| arena.push(piece));
        let all = one.joined(two).and_then(|both| both.joined(three)).unwrap();
        assert_eq!((arena.get(all), one.joined(three), two.joined(one)), (&b"onethree"[..], Some(all), None));
        other.push(b"other");
        let copy = other.push(arena.get(all));
        assert_eq!([one, two, three].map(|span| other.get(span.in_copy(all, copy))), [&b"one"[..], b"", b"three"]);
        let long = arena.push(&[7; 65_531]);
        assert_eq!(three.joined(long), None);
    }

    #[test]
    fn spans_of_an_appended_arena_move() {
        let (mut first, mut second) = (Arena::default(), Arena::default());
        let before = first.push(b"before");
        let pieces = [second.push(b"one"), second.push(&[7; 60_000]), second.push(b"")];
        let shift = first.append(second);
        assert_eq!((first.get(before), first.get(pieces[0].shifted(shift))), (&b"before"[..], &b"one"[..]));
        assert_eq!(first.get(pieces[1].shifted(shift)), [7; 60_000]);
        let after = first.push(b"after");
        assert_eq!((first.get(after), first.get(pieces[2].shifted(shift))), (&b"after"[..], &b""[..]));
        let shift = first.append(Arena::default());
        assert_eq!(first.chunks.len(), usize::from(shift.0));
    }
}
