//! A large file window by window, so that its text is never in memory as a whole.
//!
//! ```text
//! file ─▶ window: whole lines up to the last that starts with an owner ─ read in blocks ─▶ the next, from that line on
//!                 └ an entry that may go on behind it ─▶ from that entry on the file is read as a whole
//! ```
//!
//! That an entry goes on behind a line that starts with an owner is seldom more than a quote or parenthesis that nobody
//! closes; then all that follows may hang together, and findings about it are those of reading the file as a whole.

use super::Reader;
use super::blocks::last_owner_line;
use crate::zonefile::source::{Source, read_exact_at};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

/// How much of a window each thread fills at a time.
const PIECE_LEN: usize = 1 << 20;

/// A file, and the part of it that is in memory.
struct Window<'f> {
    file: &'f File,
    buffer: Vec<u8>,
    /// How much of the buffer holds text.
    len: usize,
    /// How much of the file was read.
    offset: usize,
}

impl Reader<'_> {
    /// Reads a file in windows of so many octets; `source` is what it is but for its text.
    pub(in crate::zonefile) fn read_windows(
        &mut self,
        source: &Source<'_>,
        file: &File,
        window_len: usize,
    ) -> io::Result<()> {
        let mut window = Window { file, buffer: vec![0; window_len], len: 0, offset: 0 };
        let mut line = 1;
        loop {
            let is_last = window.fill()?;
            let text = &window.buffer[..window.len];
            let end = if is_last { Some(text.len()) } else { last_owner_line(text) };
            let stopped = match end {
                Some(end) => self.read_part(&source.with_text(&text[..end]), line, !is_last),
                None => Some((0, line)),
            };
            let Some((at, next_line)) = stopped.filter(|_| !is_last) else { return Ok(()) };
            line = next_line;
            if end != Some(at) {
                self.read_part(&source.with_text(&window.into_rest(at)?), line, false);
                return Ok(());
            }
            window.drop_front(at);
        }
    }
}

impl Window<'_> {
    /// Fills the buffer; true if that was the rest of the file.
    fn fill(&mut self) -> io::Result<bool> {
        let room = &mut self.buffer[self.len..];
        match read_exact_at(self.file, room, self.offset, PIECE_LEN) {
            Ok(()) => {
                self.offset += room.len();
                self.len = self.buffer.len();
                Ok(false)
            }
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                self.read_rest()?;
                Ok(true)
            }
            Err(error) => Err(error),
        }
    }

    /// Reads what was not read yet.
    fn read_rest(&mut self) -> io::Result<()> {
        let mut file = self.file;
        file.seek(SeekFrom::Start(self.offset as u64))?;
        self.buffer.truncate(self.len);
        file.read_to_end(&mut self.buffer)?;
        self.len = self.buffer.len();
        Ok(())
    }

    /// All from a place in the buffer to the end of the file.
    fn into_rest(mut self, at: usize) -> io::Result<Vec<u8>> {
        self.read_rest()?;
        self.buffer.drain(..at);
        Ok(self.buffer)
    }

    /// Moves what stands from a place on to the front.
    fn drop_front(&mut self, at: usize) {
        self.buffer.copy_within(at..self.len, 0);
        self.len -= at;
    }
}

#[cfg(test)]
mod tests {
    use super::super::blocks::tests::{PIECES, outcome, outcome_of};
    use crate::base::{Diagnostics, NameBuf};
    use crate::zonefile::ReadOptions;
    use crate::zonefile::parser::Reader;
    use crate::zonefile::source::{Parent, Source};
    use proptest::prelude::*;
    use std::io::Write;
    use std::path::Path;

    /// Asserts that a file read in windows of some length gives what its text gives as a whole.
    #[track_caller]
    fn check(text: &[u8], window_len: usize) {
        let origin = NameBuf::from_text(b"zone.example.", None).unwrap();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text).unwrap();
        let options = ReadOptions { origin: Some(origin.clone()), ..ReadOptions::default() };
        let mut findings = Diagnostics::new(3);
        let mut reader = Reader::new(&options, &mut findings);
        reader.block_len = 40;
        let file_index = reader.store.add_file("-");
        let (directory, parent) = (Path::new(""), Parent::Nobody);
        let source = Source { text: b"", name: "-".into(), file: file_index, directory, identity: None, parent };
        reader.read_windows(&source, &file, window_len).unwrap();
        let store = std::mem::take(&mut reader.store);
        let expected = outcome(text, Some(&origin), 3, usize::MAX);
        assert_eq!(outcome_of(&store, &findings), expected, "{window_len} of {}", text.escape_ascii());
    }

    proptest! {
        /// Whatever the file and wherever windows end, it is read as if it were one.
        #[test]
        fn windows_are_read_as_a_whole(
            head in prop::sample::select(vec!["", "$TTL 60\n", "\u{feff}$TTL 60\n", "a 60 A 192.0.2.1\n"]),
            pieces in prop::collection::vec(prop_oneof![
                3 => prop::sample::select(&PIECES[..12]), 1 => prop::sample::select(PIECES)
            ], 0..40),
            window_len in 1_usize..300,
        ) {
            check((head.to_owned() + &pieces.concat()).as_bytes(), window_len);
        }
    }

    /// What is wrong first says nothing of where the entry ends.
    #[test]
    fn entries_with_another_fault_that_go_on_behind_the_window() {
        for faulty in
            ["\0c TXT ( one\nd A 192.0.2.1\n )\n", "c \0 TXT \"one\\\ntwo\" ( three\nfour )\n", ") TXT \"a\\\nb\"\n"]
        {
            let text = format!("a 60 A 192.0.2.1\n{faulty}b A 192.0.2.2\n");
            (17..text.len()).for_each(|window_len| check(text.as_bytes(), window_len));
        }
    }

    #[test]
    fn a_warning_about_an_owner_comes_once() {
        let record = "www.zone.example 60 A 192.0.2.1\n";
        check((record.to_owned() + record).as_bytes(), record.len() + 1);
    }

    #[test]
    fn every_piece_at_every_end() {
        for piece in PIECES {
            let plain = "a 60 A 192.0.2.1\n\tTXT b\nb 60 A 192.0.2.2\n";
            let text = format!("{plain}{piece}{plain}{piece}{plain}");
            (20..150).for_each(|window_len| check(text.as_bytes(), window_len));
        }
        check(b"\xff\xfea\0 \0A\0\n\0\nb A 192.0.2.1\nc A 192.0.2.2\n", 20);
        check(b"", 10);
    }
}
