//! An output in memory, seen only after its commit.

use std::io::{self, Write};
use std::ops::Range;
use std::sync::{Arc, Mutex};
use zoneseal::output::Output;

/// The output.
#[derive(Default)]
pub(crate) struct Memory {
    bytes: Vec<u8>,
    committed: Committed,
}

/// What was committed of an output.
#[derive(Clone, Default)]
pub(crate) struct Committed(Arc<Mutex<Option<Vec<u8>>>>);

impl Committed {
    /// The text, if there was a commit.
    pub(crate) fn text(&self) -> Option<String> {
        self.0.lock().unwrap().take().map(|bytes| String::from_utf8(bytes).unwrap())
    }
}

impl Memory {
    /// An output and what will be seen of it.
    pub(crate) fn new() -> (Box<Self>, Committed) {
        let memory = Self::default();
        let committed = memory.committed.clone();
        (Box::new(memory), committed)
    }
}

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Output for Memory {
    fn patch(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let start = usize::try_from(offset).unwrap();
        self.bytes[start..start + bytes.len()].copy_from_slice(bytes);
        Ok(())
    }

    fn read_back(&mut self, octets: Range<u64>) -> io::Result<Vec<u8>> {
        let [start, end] = [octets.start, octets.end].map(|octet| usize::try_from(octet).unwrap());
        self.bytes.get(start..end).map(<[u8]>::to_vec).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    fn commit(self: Box<Self>) -> io::Result<()> {
        *self.committed.0.lock().unwrap() = Some(self.bytes);
        Ok(())
    }
}
