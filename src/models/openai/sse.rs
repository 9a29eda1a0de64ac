//! Server-sent events out of bytes that arrive cut anywhere.

use anyhow::{Result, bail};

/// A line, or the data lines of one event together.
pub const EVENT_BYTES_MAX: usize = 1024 * 1024;

/// Collects bytes and gives back the data of whole events. Works on bytes, so that a character cut
/// in two is whole again before it is read.
#[derive(Default)]
pub struct Decoder {
    bytes: Vec<u8>,
    /// Bytes before this index are used up.
    start: usize,
    /// Bytes before this index hold no line end.
    seen: usize,
    data: Option<String>,
    begun: bool,
    after_cr: bool,
}

impl Decoder {
    /// Takes the next bytes of the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.start);
        self.seen -= self.start;
        self.start = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// The data of the next whole event; `None` until more bytes come.
    ///
    /// # Errors
    /// When a line or an event is longer than [`EVENT_BYTES_MAX`], or data is not UTF-8.
    pub fn event(&mut self) -> Result<Option<String>> {
        while let Some((from, to)) = self.line() {
            if from == to {
                if let Some(data) = self.data.take() {
                    return Ok(Some(data));
                }
            } else {
                self.take(from, to)?;
            }
        }
        if self.bytes.len() - self.start > EVENT_BYTES_MAX {
            bail!("a line of the stream is longer than {EVENT_BYTES_MAX} bytes");
        }
        Ok(None)
    }

    /// The data of an event that the end of the stream cut before its empty line.
    ///
    /// # Errors
    /// As [`Decoder::event`].
    pub fn rest(&mut self) -> Result<Option<String>> {
        self.push(b"\n\n");
        self.event()
    }

    /// The next whole line as indexes, without its end. Ends are LF, CRLF and CR.
    fn line(&mut self) -> Option<(usize, usize)> {
        if self.after_cr && self.start < self.bytes.len() {
            self.after_cr = false;
            if self.bytes[self.start] == b'\n' {
                self.start += 1;
                self.seen = self.seen.max(self.start);
            }
        }
        let fresh = &self.bytes[self.seen..];
        let Some(length) = fresh.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
            self.seen = self.bytes.len();
            return None;
        };
        let (from, to) = (self.start, self.seen + length);
        self.after_cr = self.bytes[to] == b'\r';
        self.start = to + 1;
        self.seen = self.start;
        Some((from, to))
    }

    fn take(&mut self, from: usize, to: usize) -> Result<()> {
        let mut line = &self.bytes[from..to];
        if !std::mem::replace(&mut self.begun, true) {
            line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
        }
        // other fields and comments mean nothing to a chat stream
        let Some(value) = line.strip_prefix(b"data") else {
            return Ok(());
        };
        let value = match value {
            [] => value,
            [b':', value @ ..] => value.strip_prefix(b" ").unwrap_or(value),
            _ => return Ok(()),
        };
        let value = std::str::from_utf8(value)?;
        match &mut self.data {
            None => self.data = Some(value.to_owned()),
            Some(data) => {
                data.push('\n');
                data.push_str(value);
            }
        }
        if self
            .data
            .as_ref()
            .is_some_and(|data| data.len() > EVENT_BYTES_MAX)
        {
            bail!("an event of the stream is longer than {EVENT_BYTES_MAX} bytes");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(pieces: &[&[u8]]) -> Vec<String> {
        let mut decoder = Decoder::default();
        let mut events = Vec::new();
        for piece in pieces {
            decoder.push(piece);
            while let Some(event) = decoder.event().unwrap() {
                events.push(event);
            }
        }
        events
    }

    const CASES: [(&str, &[&str]); 13] = [
        ("data: a\r\ndata: b\r\n\r\n", &["a\nb"]),
        ("data: a\n\ndata: b\n\n", &["a", "b"]),
        ("data:a\n\n", &["a"]),
        ("data:  a\n\n", &[" a"]),
        ("data: a\r\n\r\ndata: b\r\n\r\n", &["a", "b"]),
        ("data: a\r\rdata: b\r\r", &["a", "b"]),
        (": waiting\n\ndata: a\n: more\n\n", &["a"]),
        ("data: a\ndata: b\n\n", &["a\nb"]),
        ("data\ndata: b\n\n", &["\nb"]),
        ("event: x\nid: 7\nretry: 3\ndata: a\n\n", &["a"]),
        ("database: a\n\n\n\n", &[]),
        ("\u{feff}data: 电池🔋\n\n", &["电池🔋"]),
        ("data: cut", &[]),
    ];

    #[test]
    fn every_form_reads_the_same_however_it_is_cut() {
        for (wire, wanted) in CASES {
            let bytes = wire.as_bytes();
            assert_eq!(all(&[bytes]), wanted, "{wire:?} whole");
            for at in 0..bytes.len() {
                assert_eq!(
                    all(&[&bytes[..at], &bytes[at..]]),
                    wanted,
                    "{wire:?} cut at {at}"
                );
            }
            let single: Vec<&[u8]> = bytes.chunks(1).collect();
            assert_eq!(all(&single), wanted, "{wire:?} byte by byte");
        }
    }

    #[test]
    fn the_end_of_the_stream_ends_an_event() {
        let mut decoder = Decoder::default();
        decoder.push(b"data: a\n\ndata: cut");
        assert_eq!(decoder.event().unwrap().as_deref(), Some("a"));
        assert_eq!(decoder.event().unwrap(), None);
        assert_eq!(decoder.rest().unwrap().as_deref(), Some("cut"));
        assert_eq!(decoder.rest().unwrap(), None);
    }

    #[test]
    fn lines_and_events_have_an_end() {
        let mut decoder = Decoder::default();
        decoder.push(&vec![b'x'; EVENT_BYTES_MAX]);
        assert_eq!(decoder.event().unwrap(), None);
        decoder.push(b"x");
        assert!(decoder.event().unwrap_err().to_string().contains("line"));

        let mut decoder = Decoder::default();
        let line = format!("data: {}\n", "x".repeat(EVENT_BYTES_MAX / 2));
        decoder.push(line.as_bytes());
        decoder.push(line.as_bytes());
        assert!(decoder.event().unwrap_err().to_string().contains("event"));
    }

    #[test]
    fn data_that_is_not_text_is_refused() {
        let mut decoder = Decoder::default();
        decoder.push(b"data: \xff\n\n");
        assert!(decoder.event().is_err());
    }
}
