//! A large file window by window, so that its text is never in memory as a whole.
//!
//! ```text
//! file ─▶ window: whole lines up to the last that starts with an owner ─ read in blocks ─▶ the next, from that line on
//!           │     └ an entry that may go on behind it ─▶ from that entry on the file is read as a whole
//!           └ meanwhile the next one comes into memory
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

/// A part of the file that is in memory.
struct Window {
    text: Vec<u8>,
    /// Where in it the next window starts: at its last line that starts with an owner. `None` if there is none.
    next: Option<usize>,
    /// Whether the file ends with it.
    is_last: bool,
    /// Where in the file it ends.
    file_end: u64,
}

impl Reader<'_> {
    /// Reads a file in windows of so many octets; `source` is what it is but for its text.
    pub(in crate::zonefile) fn read_windows(
        &mut self,
        source: &Source<'_>,
        file: &File,
        window_len: usize,
    ) -> io::Result<()> {
        let mut window = Window::load(file, &[], 0, vec![0; window_len])?;
        let mut buffer = vec![0; window_len];
        // Where the window's text starts, but for a byte order mark.
        let mut from = None;
        loop {
            if window.is_last {
                self.read_part(&source.with_text(&window.text), from, false);
                return Ok(());
            }
            let Some(end) = window.next else { return self.read_as_a_whole(source, file, &window, from) };
            let (front, tail) = window.text.split_at(end);
            let (stopped, next) = rayon::join(
                || self.read_part(&source.with_text(front), from, true),
                || Window::load(file, tail, window.file_end, buffer),
            );
            let Some((at, line)) = stopped else { return Ok(()) };
            if at != end {
                return self.read_as_a_whole(source, file, &window, Some((at, line)));
            }
            from = Some((0, line));
            buffer = std::mem::replace(&mut window, next?).text;
        }
    }

    /// Reads all from a place in a window to the end of the file.
    fn read_as_a_whole(
        &mut self,
        source: &Source<'_>,
        file: &File,
        window: &Window,
        from: Option<(usize, u32)>,
    ) -> io::Result<()> {
        // A first line stays whole, for columns count from its start.
        let (start, from) = match from {
            Some((at, line)) if line > 1 => (at, Some((0, line))),
            _ => (0, from),
        };
        let mut text = window.text[start..].to_vec();
        read_rest(file, window.file_end, &mut text)?;
        self.read_part(&source.with_text(&text), from, false);
        Ok(())
    }
}

impl Window {
    /// Fills a buffer with the tail of the window before and what follows in the file from an offset on.
    fn load(file: &File, tail: &[u8], offset: u64, buffer: Vec<u8>) -> io::Result<Self> {
        let mut text = buffer;
        text[..tail.len()].copy_from_slice(tail);
        let room = text.len() - tail.len();
        // It may have been cut short, or have grown, since it was opened.
        let left = usize::try_from(file.metadata()?.len().saturating_sub(offset)).unwrap_or(usize::MAX);
        let wanted = room.min(left);
        let read = match read_exact_at(file, &mut text[tail.len()..][..wanted], offset, PIECE_LEN) {
            Ok(()) => wanted,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => 0,
            Err(error) => return Err(error),
        };
        let mut file_end = offset + read as u64;
        let is_last = read < room;
        if is_last {
            text.truncate(tail.len() + read);
            file_end += read_rest(file, file_end, &mut text)?;
        }
        let next = if is_last { None } else { last_owner_line(&text) };
        Ok(Self { text, next, is_last, file_end })
    }
}

/// Adds all from an offset to the end of a file; returns how much that is.
fn read_rest(mut file: &File, offset: u64, text: &mut Vec<u8>) -> io::Result<u64> {
    file.seek(SeekFrom::Start(offset))?;
    Ok(file.read_to_end(text)? as u64)
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
        // A byte order mark counts as the columns it takes, and one behind it is no mark.
        for text in [
            &b"\xef\xbb\xbfx (\nb A 192.0.2.1\nc A 192.0.2.2\n"[..],
            b"\xef\xbb\xbf\xff\xfe (\nb A 192.0.2.1\nc 1 A x\n",
        ] {
            (8..text.len()).for_each(|window_len| check(text, window_len));
        }
        check(b"", 10);
    }
}
