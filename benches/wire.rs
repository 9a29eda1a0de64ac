//! HTTP/1.1 as cheap as it gets: the load must not be what is measured.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};

/// A silence after which a server is given up.
const SILENCE_SECONDS: u64 = 120;
/// The same for who never sleeps: about a minute.
const ASKED_MAX: u32 = 100_000_000;
const READ_BYTES: usize = 64 << 10;

/// One connection that is kept.
pub struct Wire {
    stream: TcpStream,
    sleeps: bool,
    /// Received and not consumed yet.
    unread: Vec<u8>,
    room: Box<[u8]>,
}

/// A whole answer.
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its body, out of its chunks.
    pub body: Vec<u8>,
}

/// When the parts of a stream came.
#[derive(Clone, Copy, Debug)]
pub struct Heard {
    /// The first byte of the body.
    pub first: Instant,
    /// The piece that was waited for.
    pub piece: Instant,
}

/// A request as bytes. Header lines end with `\r\n`.
pub fn request(method: &str, path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n{headers}");
    if method != "GET" {
        head.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    [head.as_bytes(), b"\r\n", body].concat()
}

impl Wire {
    /// Connects to a port of this machine.
    pub fn connect(port: u16) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(SILENCE_SECONDS)))?;
        Ok(Self {
            stream,
            sleeps: true,
            unread: Vec::new(),
            room: vec![0; READ_BYTES].into(),
        })
    }

    /// From now on waits by asking again and again: who sleeps has to be woken, and the server
    /// would pay for that.
    pub fn never_sleep(&mut self) -> Result<()> {
        self.sleeps = false;
        Ok(self.stream.set_nonblocking(true)?)
    }

    /// Sends bytes.
    pub fn send(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.stream.write_all(bytes)?)
    }

    /// Reads an answer of known length and forgets it.
    ///
    /// # Errors
    /// For every status but 2xx.
    pub fn skip(&mut self) -> Result<()> {
        let head = self.head()?;
        let bytes = head.bytes + head.length.context("an answer without a length")?;
        while self.unread.len() < bytes {
            self.more()?;
        }
        if !(200..300).contains(&head.status) {
            bail!("{}", String::from_utf8_lossy(&self.unread));
        }
        self.unread.drain(..bytes);
        Ok(())
    }

    /// Reads a whole answer.
    pub fn answer(&mut self) -> Result<Answer> {
        let head = self.head()?;
        self.unread.drain(..head.bytes);
        let body = match head.length {
            Some(length) => {
                while self.unread.len() < length {
                    self.more()?;
                }
                self.unread.drain(..length).collect()
            }
            None => self.chunks()?,
        };
        Ok(Answer {
            status: head.status,
            body,
        })
    }

    /// Reads a stream to its end, and says when `piece` stood in it for the first time.
    ///
    /// # Errors
    /// For every status but 2xx, and when the piece never came.
    pub fn stream(&mut self, piece: &[u8]) -> Result<Heard> {
        const END: &[u8] = b"\r\n0\r\n\r\n";
        let head = self.head()?;
        if !(200..300).contains(&head.status) {
            bail!("status {}", head.status);
        }
        while self.unread.len() == head.bytes {
            self.more()?;
        }
        let first = Instant::now();
        let mut heard = None;
        loop {
            if heard.is_none() && find(&self.unread, piece).is_some() {
                heard = Some(Instant::now());
            }
            if self.unread.ends_with(END) {
                break;
            }
            self.more()?;
        }
        let text = String::from_utf8_lossy(&self.unread).into_owned();
        self.unread.clear();
        let piece = heard.with_context(|| format!("what was waited for never came: {text}"))?;
        ensure!(!text.contains("event: error"), "{text}");
        Ok(Heard { first, piece })
    }

    fn chunks(&mut self) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = loop {
                match find(&self.unread, b"\r\n") {
                    Some(at) => break at,
                    None => self.more()?,
                }
            };
            let size = usize::from_str_radix(std::str::from_utf8(&self.unread[..line])?, 16)?;
            while self.unread.len() < line + size + 4 {
                self.more()?;
            }
            body.extend_from_slice(&self.unread[line + 2..line + 2 + size]);
            self.unread.drain(..line + size + 4);
            if size == 0 {
                return Ok(body);
            }
        }
    }

    fn head(&mut self) -> Result<Head> {
        let end = loop {
            match find(&self.unread, b"\r\n\r\n") {
                Some(at) => break at + 4,
                None => self.more()?,
            }
        };
        Head::parse(&self.unread[..end])
    }

    fn more(&mut self) -> Result<()> {
        let mut asked = 0_u32;
        let count = loop {
            match self.stream.read(&mut self.room) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    asked += 1;
                    ensure!(!self.sleeps && asked < ASKED_MAX, "the server is silent");
                }
                read => break read?,
            }
        };
        ensure!(count > 0, "the server closed the connection");
        self.unread.extend_from_slice(&self.room[..count]);
        Ok(())
    }
}

struct Head {
    status: u16,
    length: Option<usize>,
    bytes: usize,
}

impl Head {
    fn parse(head: &[u8]) -> Result<Self> {
        const LENGTH: &[u8] = b"\r\ncontent-length: ";
        let digits = |from: usize| {
            let digits = head[from..].iter().take_while(|byte| byte.is_ascii_digit());
            digits.fold(0_usize, |number, digit| {
                number * 10 + usize::from(digit - b'0')
            })
        };
        let status = digits("HTTP/1.1 ".len()) as u16;
        ensure!(
            (100..600).contains(&status),
            "{}",
            String::from_utf8_lossy(head)
        );
        Ok(Self {
            status,
            length: find(head, LENGTH).map(|at| digits(at + LENGTH.len())),
            bytes: head.len(),
        })
    }
}

fn find(text: &[u8], piece: &[u8]) -> Option<usize> {
    text.windows(piece.len()).position(|window| window == piece)
}
