//! HTTP/1.1 as it goes over the wire: heads as they are, bodies chunk by chunk.

use std::time::Duration;

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

use crate::world::World;

/// How long a test waits for the next bytes.
const PATIENCE: Duration = Duration::from_secs(20);

/// An answer on a connection of its own.
pub struct Wire {
    stream: BufReader<TcpStream>,
    /// The status line and the headers, in small letters.
    pub head: Vec<String>,
}

impl Wire {
    /// Posts JSON and reads the head of the answer.
    pub async fn post(world: &World, path: &str, token: &str, body: &Value) -> Self {
        let address = world.base.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).await.unwrap();
        let body = body.to_string();
        let token = if token.is_empty() {
            String::new()
        } else {
            format!("api-token: {token}\r\n")
        };
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: chat.example\r\naccept-encoding: gzip, br\r\n{token}content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut wire = Self {
            stream: BufReader::new(stream),
            head: Vec::new(),
        };
        loop {
            let line = wire.line().await;
            if line.is_empty() {
                return wire;
            }
            wire.head.push(line.to_lowercase());
        }
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.head.iter().filter_map(|line| line.split_once(": "));
        values.find_map(|(own, value)| (own == name).then_some(value))
    }

    /// The next chunk; `None` behind the last.
    pub async fn chunk(&mut self) -> Option<String> {
        let line = self.line().await;
        let bytes = usize::from_str_radix(&line, 16).unwrap_or_else(|_| panic!("a length: {line}"));
        let mut chunk = vec![0; bytes + 2];
        let read = self.stream.read_exact(&mut chunk);
        tokio::time::timeout(PATIENCE, read).await.unwrap().unwrap();
        assert_eq!(&chunk[bytes..], b"\r\n");
        chunk.truncate(bytes);
        (bytes > 0).then(|| String::from_utf8(chunk).expect("no character is split"))
    }

    /// All chunks that are left.
    pub async fn chunks(&mut self) -> Vec<String> {
        let mut all = Vec::new();
        while let Some(chunk) = self.chunk().await {
            all.push(chunk);
        }
        all
    }

    async fn line(&mut self) -> String {
        let mut line = String::new();
        let read = self.stream.read_line(&mut line);
        tokio::time::timeout(PATIENCE, read).await.unwrap().unwrap();
        line.trim_end_matches("\r\n").to_owned()
    }
}
