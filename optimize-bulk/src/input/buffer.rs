//! Bytes that are looked at before they are taken.

use std::io::{self, Read};

/// A longer row is none, such as one of a file without line breaks.
pub(super) const LONGEST_ROW: usize = 16 << 20;

const CHUNK: usize = 1 << 16;

pub(super) struct Buffer<R> {
    input: R,
    bytes: Vec<u8>,
    start: usize,
    is_ended: bool,
}

impl<R: Read> Buffer<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, bytes: Vec::new(), start: 0, is_ended: false }
    }

    /// What was read and not taken.
    pub(super) fn here(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// Reads more. False at the end of the input.
    pub(super) fn more(&mut self) -> io::Result<bool> {
        if self.is_ended {
            return Ok(false);
        }
        if self.start > self.bytes.len() / 2 {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
        let filled = self.bytes.len();
        self.bytes.resize(filled + CHUNK, 0);
        let read = loop {
            match self.input.read(&mut self.bytes[filled..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        self.bytes.truncate(filled + *read.as_ref().unwrap_or(&0));
        self.is_ended = read? == 0;
        Ok(!self.is_ended)
    }

    pub(super) fn take(&mut self, count: usize) {
        self.start += count;
    }

    /// Where the line that `from` stands in ends, its line break included; `None` if there is nothing from there on. A line may be
    /// longer than a row may be: then the end is wherever that was noticed.
    pub(super) fn line_end(&mut self, from: usize) -> io::Result<Option<usize>> {
        let mut looked = from;
        loop {
            let here = self.here();
            if let Some(place) = memchr::memchr(b'\n', &here[looked..]) {
                return Ok(Some(looked + place + 1));
            }
            looked = here.len();
            if looked - from > LONGEST_ROW || !self.more()? {
                let end = self.here().len();
                return Ok((end > from).then_some(end));
            }
        }
    }

    /// Takes the rest of a line that is too long.
    pub(super) fn take_line(&mut self) -> io::Result<()> {
        loop {
            let here = self.here();
            if let Some(place) = memchr::memchr(b'\n', here) {
                self.take(place + 1);
                return Ok(());
            }
            self.take(here.len());
            if !self.more()? {
                return Ok(());
            }
        }
    }
}
