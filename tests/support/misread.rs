//! An output of which one octet is read back as another one than was written.

use crate::memory::Memory;
use std::io::{self, Write};
use std::ops::Range;
use zoneseal::output::Output;

/// The output.
pub(crate) struct Misread {
    pub(crate) inner: Box<Memory>,
    /// Which octet, if any.
    pub(crate) place: Option<u64>,
}

impl Write for Misread {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Output for Misread {
    fn patch(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.inner.patch(offset, bytes)
    }

    fn read_back(&mut self, octets: Range<u64>) -> io::Result<Vec<u8>> {
        let mut bytes = self.inner.read_back(octets.clone())?;
        if let Some(place) = self.place.filter(|place| octets.contains(place)) {
            bytes[usize::try_from(place - octets.start).unwrap()] ^= 1;
        }
        Ok(bytes)
    }

    fn commit(self: Box<Self>) -> io::Result<()> {
        self.inner.commit()
    }
}
