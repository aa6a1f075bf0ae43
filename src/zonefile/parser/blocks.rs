//! Large sources in parallel: blocks of the text are read ahead by workers, and their records taken over in order.
//!
//! ```text
//! text ─ stretch without directives ─▶ blocks, each from a line that starts with an owner ─▶ read by workers, each into a
//!        store of its own, up to the first entry that is anything but a plain record ─▶ taken over if reading in order
//!        arrives exactly at the block's start; what the worker left over is read in order
//! ```
//!
//! A worker guesses that its block starts between two entries. It never has to guess anything else: origin and `$TTL` do
//! not change in the stretch, the first line brings the owner, and an entry that needs or changes more than that, or has a
//! finding, is left to reading in order. So the result is that of reading in order, positions and findings included.

use super::super::lexer::Lexer;
use super::super::source::Source;
use super::{Cursor, Owner, ReadOptions, Reader, State, is_directive};
use crate::base::{Class, Diagnostics, NameBuf, Ttl};
use crate::zone::RecordStore;
use crate::zone::arena::Span;
use memchr::{memchr, memmem, memrchr};
use rayon::iter::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};
use rayon::slice::ParallelSlice;
use std::ops::Range;

/// How much text a thread is read ahead at once, in blocks of full length. Bounds the memory for records that are there
/// twice while they are taken over.
const BLOCKS_PER_THREAD: usize = 8;

/// How many times shorter the last blocks are.
const SHORTER_MAX: usize = 4;

/// How much text is searched for directives at first, and by each thread at a time.
const PIECE_LEN: usize = 1 << 17;

/// Octets of text for each of which room for a record is set aside: few records are shorter.
const RECORD_LEN_MIN: usize = 32;

/// What a worker made of a block.
struct Block<'a> {
    /// Where it starts.
    start: usize,
    /// Where its worker stopped, and how many line feeds stand before that: its end, or the entry it left to others.
    end: usize,
    lines: u32,
    store: RecordStore,
    /// What the entries read have changed of the state; the owner is `Nobody` if there were none.
    owner: Owner,
    last_ttl: Option<Ttl>,
    owner_text: Option<&'a [u8]>,
    owner_wire: Vec<u8>,
    owner_span: Option<Span>,
}

/// Reads a source from the cursor to its end.
pub(super) fn read<'a>(reader: &mut Reader<'_>, source: &Source<'a>, cursor: &mut Cursor<'a>) {
    let text = source.text;
    let block_len = reader.block_len;
    while cursor.lexer.at() < text.len() {
        let at = cursor.lexer.at();
        let (Some(class), true) = (reader.zone_class, text.len() - at > block_len) else {
            // The end of the text is not worth the trouble; else the first record is missing, which gives the class.
            let stop = if text.len() - at > block_len { at + 1 } else { text.len() };
            reader.read_entries(source, cursor, stop);
            continue;
        };
        if text[at] == b'$' {
            reader.read_entries(source, cursor, at + 1);
            continue;
        }
        let blocks = split(text, at, block_len, rayon::current_num_threads());
        let end = blocks.last().map_or(at, |block| block.end);
        if end - at > block_len {
            read_ahead(reader, source, cursor, class, &blocks);
        } else {
            reader.read_entries(source, cursor, end);
        }
    }
}

/// Cuts the text from `at` up to the next line that starts with `$`, or a part of it, into blocks for so many threads. All
/// but the first start with a line whose first octet is that of a name.
fn split(text: &[u8], at: usize, block_len: usize, threads: usize) -> Vec<Range<usize>> {
    let limit = text.len().min(at.saturating_add(block_len.saturating_mul(BLOCKS_PER_THREAD * threads)));
    let directive = find_directive(&text[at..limit], PIECE_LEN).map(|len| at + len);
    let stretch = &text[..directive.unwrap_or(text.len())];
    let limit = directive.unwrap_or(limit);
    let mut blocks = Vec::new();
    let mut start = at;
    while start < limit {
        let next = start.saturating_add(next_len(limit - start, block_len, threads));
        let next = if next < stretch.len() { owner_line(stretch, next) } else { stretch.len() };
        blocks.push(start..next);
        start = next;
    }
    blocks
}

/// How long the next block is if so much is left: towards the end they become shorter, for who is done first waits.
fn next_len(left: usize, block_len: usize, threads: usize) -> usize {
    (left / (2 * threads)).clamp(block_len.div_ceil(SHORTER_MAX), block_len)
}

/// The start of the first line that starts with `$` and is not the first line. Each piece searched is twice as long as the
/// one before, and all threads search the long ones: where one directive follows another, little is looked at that is not
/// wanted.
fn find_directive(text: &[u8], first_len: usize) -> Option<usize> {
    let (mut start, mut len) = (0, first_len);
    while start < text.len() {
        let end = text.len().min(start + len);
        // One octet more, so that a line's end and the next line's start are seen together.
        if let Some(at) = find_line_of(&text[start..text.len().min(end + 1)], first_len) {
            return Some(start + at);
        }
        (start, len) = (end, 2 * len);
    }
    None
}

/// The start of the first line but the first that starts with `$`; all threads look through pieces of so many octets.
fn find_line_of(text: &[u8], piece_len: usize) -> Option<usize> {
    let find = |start: usize, end: usize| memmem::find(&text[start..end], b"\n$").map(|at| start + at + 1);
    if text.len() <= piece_len + 1 {
        return find(0, text.len());
    }
    let pieces = text.par_chunks(piece_len).enumerate();
    pieces.find_map_first(|(index, piece)| {
        let start = index * piece_len;
        find(start, text.len().min(start + piece.len() + 1))
    })
}

/// The last line that starts with an owner, if there is one that is not the first.
pub(super) fn last_owner_line(text: &[u8]) -> Option<usize> {
    let mut end = text.len();
    while let Some(at) = memrchr(b'\n', &text[..end]) {
        if text.get(at + 1).is_some_and(is_owner_start) {
            return Some(at + 1);
        }
        end = at;
    }
    None
}

/// Whether a line that starts with this octet most likely starts with an owner.
const fn is_owner_start(octet: &u8) -> bool {
    octet.is_ascii_alphanumeric() || matches!(octet, b'*' | b'_' | b'-' | b'@')
}

/// The first line behind the octet before `at` that starts with an owner, or the end of the text.
fn owner_line(text: &[u8], at: usize) -> usize {
    let mut at = at - 1;
    while let Some(len) = memchr(b'\n', &text[at..]) {
        at += len + 1;
        if text.get(at).is_some_and(is_owner_start) {
            return at;
        }
    }
    text.len()
}

/// Reads blocks in parallel and takes them over in order, each if reading arrives at its start in the state it was read
/// with.
fn read_ahead<'a>(
    reader: &mut Reader<'_>,
    source: &Source<'a>,
    cursor: &mut Cursor<'a>,
    class: Class,
    ranges: &[Range<usize>],
) {
    let options = reader.options;
    let state = State { last_ttl: None, owner: Owner::Nobody, ..reader.state.clone() };
    let apex = reader.store.soas().next().map(|soa| reader.store.owner(&soa).to_owned());
    let read = |range: &Range<usize>| {
        let block = read_block(options, source, state.clone(), class, range.clone());
        match &apex {
            Some(apex) => block.grouped(apex, class),
            None => block,
        }
    };
    let blocks: Vec<Block<'a>> = ranges.par_iter().with_max_len(1).map(read).collect();
    for (block, range) in blocks.into_iter().zip(ranges) {
        reader.read_entries(source, cursor, range.start);
        if !state.is_like(&reader.state) {
            return;
        }
        if cursor.lexer.at() == block.start {
            reader.take_over(block, cursor);
        }
        reader.read_entries(source, cursor, range.end);
    }
}

/// Reads the plain records at the front of a block.
fn read_block<'a>(
    options: &ReadOptions,
    source: &Source<'a>,
    state: State,
    class: Class,
    range: Range<usize>,
) -> Block<'a> {
    let mut findings = Diagnostics::new(0);
    let mut reader = Reader::new(options, &mut findings);
    reader.state = state;
    reader.zone_class = Some(class);
    // An entry that goes on behind the block looks cut off, and so is left to others.
    let source = source.with_text(&source.text[..range.end]);
    let mut cursor = Cursor::new(Lexer::new(source.text, range.start), false);
    // A vector that grew would leave holes in the heap, block after block; room that is not used is never in memory.
    reader.store.reserve(range.len() / RECORD_LEN_MIN);
    let mut left_over = None;
    loop {
        if reader.read_plain_line(&source, &mut cursor) {
            continue;
        }
        let Some((entry, lexed)) = cursor.lexer.next_entry(&mut cursor.tokens) else { break };
        let before = (reader.store.len(), reader.state.owner, reader.state.last_ttl, cursor.owner_text);
        let is_plain = lexed.is_ok()
            && !is_directive(entry, &cursor.tokens)
            && reader.read_entry(&source, entry, &mut cursor).is_ok()
            && reader.findings.is_empty();
        if !is_plain {
            if reader.store.len() > before.0 {
                reader.store.pop();
            }
            (reader.state.owner, reader.state.last_ttl, cursor.owner_text) = (before.1, before.2, before.3);
            left_over = Some((entry.start, entry.line));
            break;
        }
    }
    let (end, line) = left_over.unwrap_or_else(|| (range.end, cursor.lexer.line()));
    Block {
        start: range.start,
        end,
        lines: line - 1,
        owner: reader.state.owner,
        last_ttl: reader.state.last_ttl,
        owner_text: cursor.owner_text,
        owner_wire: reader.owner_wire,
        owner_span: reader.owner_span,
        store: reader.store,
    }
}

impl Block<'_> {
    /// The block with its records grouped to RRsets, if they are likely to be of a zone of this name.
    fn grouped(mut self, apex: &NameBuf, class: Class) -> Self {
        let Some(mut store) = self.store.grouped(apex, class) else { return self };
        if let Owner::Known(span) = self.owner {
            let copy = store.intern(self.store.bytes(span));
            self.owner = Owner::Known(copy);
            // Another one may have been read behind the last record; the same one stays the same.
            let copy_of_last = |last| if last == span { copy } else { store.intern(&self.owner_wire) };
            self.owner_span = self.owner_span.map(copy_of_last);
        }
        Self { store, ..self }
    }
}

impl State {
    /// Whether what a block inherits without saying so is the same, spelling included.
    fn is_like(&self, other: &Self) -> bool {
        self.origin_wire() == other.origin_wire() && self.default_ttl == other.default_ttl
    }

    fn origin_wire(&self) -> Option<&[u8]> {
        self.origin.as_ref().map(|origin| origin.as_name().as_wire())
    }
}

impl Reader<'_> {
    /// Takes over what a worker read, and goes on behind it.
    fn take_over<'a>(&mut self, block: Block<'a>, cursor: &mut Cursor<'a>) {
        let shift = self.store.append(block.store, cursor.lexer.line() - 1);
        match block.owner {
            Owner::Known(span) => self.state.owner = Owner::Known(span.shifted(shift)),
            // Not one entry was read: all is as it was.
            Owner::Nobody | Owner::Malformed => return cursor.lexer.skip(block.end, block.lines),
        }
        self.state.last_ttl = block.last_ttl.or(self.state.last_ttl);
        self.owner_span = block.owner_span.map(|span| span.shifted(shift));
        self.owner_wire = block.owner_wire;
        cursor.owner_text = block.owner_text;
        cursor.lexer.skip(block.end, block.lines);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::base::{Diagnostic, NameBuf, Position, Rtype};
    use crate::zone::{self, BuildOptions, NodeRef};
    use crate::zonefile::source::Parent;
    use crate::zonefile::{Input, read_in_blocks};
    use proptest::prelude::*;

    #[test]
    fn directives_are_found_across_pieces() {
        let text = b"$a\nb $\n$c\n\n$";
        for piece_len in 1..20 {
            for len in 0..=text.len() {
                let expected = (1..len).find(|&at| text[at - 1..=at] == *b"\n$");
                assert_eq!(find_directive(&text[..len], piece_len), expected, "{len} in pieces of {piece_len}");
            }
        }
    }

    /// Blocks lie one behind the other and cover the text up to the next directive, whatever their lengths.
    #[test]
    fn blocks_become_shorter_and_leave_nothing_out() {
        let text = "a 60 A 192.0.2.1\n".repeat(400) + "$TTL 5\nb A 192.0.2.1\n";
        for (block_len, threads) in [(100, 2), (1000, 1), (1, 8), (1 << 20, 2)] {
            let mut at = 17;
            while at < 400 * 17 {
                let blocks = split(text.as_bytes(), at, block_len, threads);
                assert_eq!(blocks[0].start, at);
                assert!(blocks.windows(2).all(|pair| pair[0].end == pair[1].start));
                assert!(blocks.iter().all(|block| block.start.is_multiple_of(17) && block.len() < block_len + 34));
                at = blocks[blocks.len() - 1].end;
            }
            assert_eq!(at, 400 * 17, "{block_len}");
        }
        let lengths: Vec<usize> = split(text.as_bytes(), 0, 1000, 2).iter().map(Range::len).collect();
        assert!(lengths[0] >= 1000 && lengths[lengths.len() - 1] <= 250 + 17, "{lengths:?}");
    }

    const SOA: &str = "@ 60 SOA ns hostmaster 1 7200 900 1209600 900\n";

    /// Lines of which zones can be built, and some that are warned of or refused.
    const ZONE_PIECES: &[&str] = &[
        "a 60 A 192.0.2.1\n",
        "A 60 A 192.0.2.1\n",
        "a 50 TXT second\n",
        "b 60 NS ns.b\n",
        "ns.b 60 A 192.0.2.2\n",
        "a.longer-than-a-prefix 60 A 192.0.2.3\n",
        "longer-than-a-prefix 60 A 192.0.2.3\n\t60 TXT x\n\t60 A 192.0.2.3\n",
        "sub 60 SOA ns hostmaster 2 7200 900 1209600 900\n",
        "x.sub 60 TXT ( in\nlines )\n",
        "y.example. 60 A 192.0.2.4\n",
        "@ 60 NS a\n",
        "c 60 DNAME a\n",
        "d.c 60 A 192.0.2.5\n",
        "a 50 A 192.0.2.6\n",
        "a 60 RRSIG TXT 13 3 60 20260101000000 20250101000000 1 zone.example. AAAA\n",
        "a 50 RRSIG A 13 3 60 20260101000000 20250101000000 1 zone.example. AAAA\n",
    ];

    /// The nodes of a zone before and after its SOA record is changed, and all that is said of it.
    type ZoneOutcome = (Option<[Vec<String>; 2]>, Vec<Diagnostic>, u64, u64);

    /// The zone built of what is read in blocks of some length, but for the records of a type.
    fn zone_outcome(text: &[u8], apex: Option<&NameBuf>, dropped: Option<Rtype>, block_len: usize) -> ZoneOutcome {
        let mut findings = Diagnostics::new(3);
        let origin = NameBuf::from_text(b"zone.example.", None).unwrap();
        let options = ReadOptions { origin: Some(origin), ..ReadOptions::default() };
        let mut store = read_in_blocks(Input::Bytes { name: "-", text }, &options, block_len, &mut findings).unwrap();
        store.retain(|_, record| Some(record.rtype) != dropped);
        assert_eq!(store.len(), store.records().count());
        let options = BuildOptions { apex: apex.cloned(), ..BuildOptions::default() };
        let zone = zone::build(store, &options, &mut findings);
        let shown = |node: NodeRef<'_>| {
            let records = node.rrsets().flat_map(|rrset| rrset.records().map(move |record| (rrset.rtype(), record)));
            let records: Vec<_> = records
                .map(|(rtype, record)| (rtype, record.ttl(), record.rdata(), record.position()))
                .map(|record| format!("{record:?}"))
                .collect();
            format!("{} {:?} {records:?}", node.owner(), node.status())
        };
        let nodes = zone.map(|mut zone| {
            let before = zone.nodes().map(shown).collect();
            zone.set_soa_serial(7);
            [before, zone.nodes().map(shown).collect()]
        });
        (nodes, findings.list().to_vec(), findings.error_count(), findings.warning_count())
    }

    /// Pieces of zone text that belong to a line, or are several, whole or broken.
    pub(in super::super) const PIECES: &[&str] = &[
        "a A 192.0.2.1\n",
        "a 60 IN A 192.0.2.1\n",
        "b\tNS ns.example.net.\n",
        "@ MX 10 mail\n",
        "\tAAAA 2001:db8::1\n",
        " 60 TXT \"one; two\"\n",
        "A TXT a\n",
        "\n",
        "\r\n",
        "; nothing but ( \" this\n",
        "c TXT ( one\n two )\n",
        "c TXT ( one\nd A 192.0.2.1\n )\n",
        "d TXT \"a\\\nd A 192.0.2.1\" x\n",
        "d TXT \"never closed\n",
        "e TXT ( never closed\n",
        "( ( f ) )\n",
        ") A\n",
        "x..y A 192.0.2.1\n",
        "www.zone.example A 192.0.2.1\n",
        "bad A 192.0.2.256\n",
        "bad 99999999999 A 192.0.2.1\n",
        "odd CH A 192.0.2.1\n",
        "$ORIGIN sub\n",
        "$ORIGIN zone.example.\n",
        "$ORIGIN ZONE.example.\n",
        "$TTL 300\n",
        "$TTL x\n",
        " $TTL 5\n",
        "$GENERATE 1-3 g$ A 192.0.2.$\n",
        "$NOTHING\n",
        "\\$x A 192.0.2.1\n",
        "\"q\" A 192.0.2.1\n",
        "@ SOA ns hostmaster 1 7200 900 1209600 900\n",
        "s 60 SOA ns hostmaster 1 7200 900 1209600 900\n",
        "\0",
        "cut off",
    ];

    type Plain = (Vec<u8>, Vec<u8>, u32, Option<Position>, Rtype, Class);
    pub(in super::super) type Outcome = (Vec<Plain>, Vec<Diagnostic>, u64, u64);

    /// All that reading gives, with blocks of some length.
    pub(in super::super) fn outcome(
        text: &[u8],
        origin: Option<&NameBuf>,
        kept_max: usize,
        block_len: usize,
    ) -> Outcome {
        let mut findings = Diagnostics::new(kept_max);
        let options = ReadOptions { origin: origin.cloned(), ..ReadOptions::default() };
        let input = Input::Bytes { name: "-", text };
        let store = read_in_blocks(input, &options, block_len, &mut findings).unwrap();
        outcome_of(&store, &findings)
    }

    /// All that was read, and said of it.
    pub(in super::super) fn outcome_of(store: &RecordStore, findings: &Diagnostics) -> Outcome {
        let plain = store.records().map(|record| {
            let (owner, rdata) = (store.owner(&record).as_wire().to_vec(), store.rdata(&record).to_vec());
            (owner, rdata, record.ttl.seconds(), store.position(&record), record.rtype, record.class)
        });
        (plain.collect(), findings.list().to_vec(), findings.error_count(), findings.warning_count())
    }

    #[track_caller]
    fn check_all_lengths(text: &str, origin: Option<&NameBuf>, lengths: impl Iterator<Item = usize>) {
        let in_order = outcome(text.as_bytes(), origin, 3, usize::MAX);
        for block_len in lengths {
            assert_eq!(outcome(text.as_bytes(), origin, 3, block_len), in_order, "blocks of {block_len} of {text:?}");
        }
    }

    proptest! {
        /// Reading in blocks of any length is reading in order: records, positions, findings.
        #[test]
        fn blocks_are_read_as_in_order(
            head in prop::sample::select(vec!["", "$TTL 60\n", "\u{feff}$TTL 60\n", "a 60 A 192.0.2.1\n", SOA]),
            pieces in prop::collection::vec(prop_oneof![
                3 => prop::sample::select(&PIECES[..12]), 1 => prop::sample::select(PIECES)
            ], 0..40),
            has_origin: bool,
            block_len in 1_usize..200,
        ) {
            let origin = NameBuf::from_text(b"zone.example.", None).unwrap();
            let text = head.to_owned() + &pieces.concat();
            check_all_lengths(&text, has_origin.then_some(&origin), [block_len, 1, 40].into_iter());
        }

        /// Grouping the records of a block shows neither in the zone nor in what is said of it.
        #[test]
        fn zone_of_blocks_is_that_of_reading_in_order(
            pieces in prop::collection::vec(prop::sample::select(ZONE_PIECES), 0..40),
            apex in prop::sample::select(vec![None, Some(&b"zone.example."[..]), Some(b"sub.zone.example.")]),
            dropped in prop::sample::select(vec![None, None, Some(Rtype::A), Some(Rtype::RRSIG), Some(Rtype::SOA)]),
            block_len in 1_usize..200,
        ) {
            let text = SOA.to_owned() + &pieces.concat();
            let apex = apex.map(|apex| NameBuf::from_text(apex, None).unwrap());
            let in_order = zone_outcome(text.as_bytes(), apex.as_ref(), dropped, usize::MAX);
            for block_len in [block_len, 40, 150] {
                prop_assert_eq!(zone_outcome(text.as_bytes(), apex.as_ref(), dropped, block_len), in_order.clone());
            }
        }
    }

    /// Each piece among plain records, cut everywhere.
    #[test]
    fn every_piece_between_plain_records() {
        let origin = NameBuf::from_text(b"zone.example.", None).unwrap();
        for piece in PIECES {
            let plain = "a 60 A 192.0.2.1\n\tTXT b\nb 60 A 192.0.2.2\n";
            check_all_lengths(&format!("{plain}{plain}{piece}{plain}{piece}{plain}"), Some(&origin), 1..150);
        }
    }

    /// Guards the tests above against reading everything in order, which would make them say nothing.
    #[test]
    fn plain_records_are_read_by_workers() {
        let text = "a 60 A 192.0.2.1\n".repeat(100);
        let (directory, parent) = (std::path::Path::new(""), Parent::Nobody);
        let source = Source { text: text.as_bytes(), name: "-".into(), file: 0, directory, identity: None, parent };
        let ranges = split(source.text, 17, 100, 5);
        assert_eq!(ranges[..2], [17..119, 119..221]);
        let state = State { origin: Some(NameBuf::root()), default_ttl: None, last_ttl: None, owner: Owner::Nobody };
        let block = read_block(&ReadOptions::default(), &source, state, Class::IN, 17..119);
        assert_eq!((block.store.len(), block.end, block.lines), (6, 119, 6));
    }
}
