//! Bytes of names and RDATA, kept in large chunks and named by eight-byte spans.

/// Size of a chunk; one larger piece would get a chunk of its own.
const CHUNK_LEN: usize = 1 << 20;

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
    pub fn push(&mut self, bytes: &[u8]) -> Span {
        let has_room = self.chunks.last().is_some_and(|chunk| chunk.capacity() - chunk.len() >= bytes.len());
        if !has_room {
            self.chunks.push(Vec::with_capacity(CHUNK_LEN.max(bytes.len())));
        }
        let index = self.chunks.len() - 1;
        let chunk = &mut self.chunks[index];
        let span = Span {
            chunk: u16::try_from(index).expect("fewer than 65,536 chunks"),
            len: u16::try_from(bytes.len()).expect("names and RDATA are at most 65,535 octets"),
            start: u32::try_from(chunk.len()).expect("a chunk is at most 1 MiB"),
        };
        chunk.extend_from_slice(bytes);
        span
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
}
