//! One connection to the vendor, byte by byte, so that it can go wrong at any of them.

use std::{collections::HashMap, io};

use bytes::{Bytes, BytesMut};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    time::Instant,
};

use super::{Fault, Reply, Request};

const HEAD_BYTES_MAX: usize = 64 * 1024;

/// A client at the other end.
pub struct Connection {
    reader: OwnedReadHalf,
    writer: OwnedWriteHalf,
    unread: BytesMut,
}

impl Connection {
    pub fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        let (reader, writer) = stream.into_split();
        Ok(Self {
            reader,
            writer,
            unread: BytesMut::new(),
        })
    }

    /// The next request; `None` when the client is done.
    pub async fn request(&mut self) -> io::Result<Option<Request>> {
        let head_bytes = loop {
            if let Some(at) = self
                .unread
                .windows(4)
                .position(|bytes| bytes == b"\r\n\r\n")
            {
                break at + 4;
            }
            assert!(self.unread.len() < HEAD_BYTES_MAX, "a head without end");
            // a client that leaves between two requests leaves in peace
            match self.reader.read_buf(&mut self.unread).await {
                Ok(0) | Err(_) => return Ok(None),
                Ok(_) => {}
            }
        };
        let head = String::from_utf8(self.unread.split_to(head_bytes).to_vec()).unwrap();
        let mut lines = head.lines();
        let target = lines
            .next()
            .and_then(|line| line.split(' ').nth(1))
            .unwrap()
            .to_owned();
        let headers: HashMap<String, String> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
            .collect();
        let body_bytes = headers
            .get("content-length")
            .map_or(0, |value| value.parse().unwrap());
        while self.unread.len() < body_bytes {
            if self.reader.read_buf(&mut self.unread).await? == 0 {
                return Err(io::ErrorKind::ConnectionReset.into());
            }
        }
        let body = self.unread.split_to(body_bytes);
        let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
        Ok(Some(Request {
            target,
            headers,
            body,
        }))
    }

    /// Sends an answer; tells whether the connection goes on after it.
    pub async fn answer(&mut self, reply: &Reply) -> io::Result<bool> {
        let start = Instant::now();
        for (at, part) in reply.parts.iter().enumerate() {
            match reply.fault {
                Some(Fault::CutAfter(count)) if count == at => return Ok(false),
                Some(Fault::HangAfter(count)) if count == at => self.until_gone().await?,
                _ => {}
            }
            if reply.paced.contains(&at) {
                let turn = at - reply.paced.start;
                self.wait(turn_of(reply, start, turn)).await?;
            }
            self.send(part).await?;
        }
        Ok(!reply.closes)
    }

    async fn wait(&mut self, turn: impl Future<Output = ()>) -> io::Result<()> {
        tokio::select! {
            biased;
            () = turn => Ok(()),
            gone = gone(&mut self.reader) => Err(gone),
        }
    }

    async fn send(&mut self, part: &Bytes) -> io::Result<()> {
        tokio::select! {
            biased;
            sent = self.writer.write_all(part) => sent,
            gone = gone(&mut self.reader) => Err(gone),
        }
    }

    async fn until_gone(&mut self) -> io::Result<()> {
        Err(gone(&mut self.reader).await)
    }
}

/// A client has nothing to say during an answer; whatever can be read means that it left.
async fn gone(reader: &mut OwnedReadHalf) -> io::Error {
    let mut byte = [0];
    match reader.read(&mut byte).await {
        Ok(_) => io::ErrorKind::ConnectionReset.into(),
        Err(error) => error,
    }
}

/// Paces are kept by the clock of the whole answer, so that delays do not add up.
async fn turn_of(reply: &Reply, start: Instant, turn: usize) {
    if let Some(gate) = &reply.gate {
        gate.acquire().await.unwrap().forget();
    }
    if !reply.pace.is_zero() {
        let turns = u32::try_from(turn + 1).unwrap();
        tokio::time::sleep_until(start + reply.pace * turns).await;
    }
}
