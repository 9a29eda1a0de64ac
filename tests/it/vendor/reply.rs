//! What a vendor answers, made into bytes once so that sending it costs nothing.

use std::{ops::Range, sync::Arc, time::Duration};

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

/// One answer, ready to be sent part by part.
pub struct Reply {
    /// The head, then a part for each piece, then what comes after them.
    pub(super) parts: Vec<Bytes>,
    /// Which parts wait for pace and gate.
    pub(super) paced: Range<usize>,
    pub(super) pace: Duration,
    pub(super) gate: Option<Arc<Semaphore>>,
    pub(super) fault: Option<Fault>,
    pub(super) closes: bool,
}

/// What goes wrong with the connection. Parts are counted with the head: `CutAfter(0)` closes
/// without a word, `CutAfter(1)` after the head.
#[derive(Clone, Copy)]
pub enum Fault {
    CutAfter(usize),
    HangAfter(usize),
}

/// The vendor's count.
#[derive(Clone, Copy)]
pub enum Usage {
    Never,
    Once(u32, u32),
    /// First a smaller one, then this one.
    Twice(u32, u32),
}

/// How frames are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    Plain,
    NoSpace,
    Crlf,
    /// A comment line before every frame.
    Comments,
    /// The JSON of a frame over several data lines.
    ManyLines,
    /// Every byte in a chunk of its own.
    ByteByByte,
    /// Without `[DONE]`.
    NoDone,
    /// Without a length: the end of the connection is the end of the answer.
    UntilClose,
}

pub const WIRES: [Wire; 8] = [
    Wire::Plain,
    Wire::NoSpace,
    Wire::Crlf,
    Wire::Comments,
    Wire::ManyLines,
    Wire::ByteByByte,
    Wire::NoDone,
    Wire::UntilClose,
];

impl Reply {
    /// A stream of these pieces that ends well, with a count.
    pub fn saying(pieces: &[&str]) -> Self {
        Self::stream(pieces, "stop", Usage::Once(12, 5), Wire::Plain)
    }

    /// A stream of these pieces.
    pub fn stream(pieces: &[&str], finish: &str, usage: Usage, wire: Wire) -> Self {
        let mut frames = vec![chunk(&json!({"role": "assistant", "content": ""}), None)];
        frames.extend(
            pieces
                .iter()
                .map(|piece| chunk(&json!({"content": piece}), None)),
        );
        frames.push(chunk(&json!({}), Some(finish)));
        match usage {
            Usage::Never => {}
            Usage::Once(input, output) => frames.push(count(input, output)),
            Usage::Twice(input, output) => {
                frames.push(count(input, output / 2));
                frames.push(count(input, output));
            }
        }
        let done = (wire != Wire::NoDone).then(|| "[DONE]".to_owned());
        let texts = frames.iter().map(Value::to_string).chain(done);
        let texts: Vec<String> = texts.map(|data| written(&data, wire)).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        // the head and the frame with the role come at once
        Self {
            paced: 2..2 + pieces.len(),
            ..Self::chunked(&texts, wire)
        }
    }

    /// A stream of exactly this text, in one part for each of `texts`; a pace counts for the end of
    /// the body too.
    pub fn raw(texts: &[&str]) -> Self {
        let paced = 1..texts.len() + 2;
        Self {
            paced,
            ..Self::chunked(texts, Wire::Plain)
        }
    }

    /// An answer that is no stream.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::plain(
            status,
            &[("Content-Type", "application/json")],
            &body.to_string(),
        )
    }

    /// An answer with headers of its own.
    pub fn plain(status: u16, headers: &[(&str, &str)], body: &str) -> Self {
        let mut head = format!("HTTP/1.1 {status} x\r\nContent-Length: {}\r\n", body.len());
        headers
            .iter()
            .for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
        Self::of(vec![format!("{head}\r\n{body}").into()])
    }

    /// Sends a piece every `pace`, by the clock of the whole answer.
    pub fn every(self, pace: Duration) -> Self {
        Self { pace, ..self }
    }

    /// Sends a piece for each permit.
    pub fn behind(self, gate: &Arc<Semaphore>) -> Self {
        Self {
            gate: Some(gate.clone()),
            ..self
        }
    }

    /// Lets the connection fail.
    pub fn with(self, fault: Fault) -> Self {
        Self {
            fault: Some(fault),
            ..self
        }
    }

    fn of(parts: Vec<Bytes>) -> Self {
        Self {
            parts,
            paced: 0..0,
            pace: Duration::ZERO,
            gate: None,
            fault: None,
            closes: false,
        }
    }

    fn chunked(texts: &[&str], wire: Wire) -> Self {
        let until_close = wire == Wire::UntilClose;
        let framing = if until_close {
            "Connection: close"
        } else {
            "Transfer-Encoding: chunked"
        };
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n{framing}\r\n\r\n");
        let chunk_bytes = if wire == Wire::ByteByByte {
            1
        } else {
            usize::MAX
        };
        let mut parts: Vec<Bytes> = vec![head.into()];
        for text in texts {
            parts.push(if until_close {
                Bytes::copy_from_slice(text.as_bytes())
            } else {
                in_chunks(text.as_bytes(), chunk_bytes).into()
            });
        }
        if !until_close {
            parts.push(Bytes::from_static(b"0\r\n\r\n"));
        }
        Self {
            closes: until_close,
            ..Self::of(parts)
        }
    }
}

fn in_chunks(bytes: &[u8], chunk_bytes: usize) -> Vec<u8> {
    let mut framed = Vec::new();
    for chunk in bytes.chunks(chunk_bytes) {
        framed.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        framed.extend_from_slice(chunk);
        framed.extend_from_slice(b"\r\n");
    }
    framed
}

fn chunk(delta: &Value, finish: Option<&str>) -> Value {
    json!({
        "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "mock",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], "usage": null,
    })
}

fn count(input: u32, output: u32) -> Value {
    let total = input + output;
    json!({
        "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "mock",
        "choices": [],
        "usage": {"prompt_tokens": input, "completion_tokens": output, "total_tokens": total},
    })
}

fn written(data: &str, wire: Wire) -> String {
    match wire {
        Wire::NoSpace => format!("data:{data}\n\n"),
        Wire::Crlf => format!("data: {data}\r\n\r\n"),
        Wire::Comments => format!(": PROCESSING\n\nevent: chunk\ndata: {data}\nid: 1\n\n"),
        Wire::ManyLines => format!("data: {}\n\n", data.replace(",\"", ",\ndata: \"")),
        _ => format!("data: {data}\n\n"),
    }
}
