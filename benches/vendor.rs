//! An OpenAI-compatible vendor that costs next to nothing: answers at once, vectors out of words.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    thread,
};

use anyhow::{Context, Result};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

/// Length of its vectors.
pub const DIMENSIONS: usize = 384;
/// The first piece of each answer.
pub const PIECE: &str = "Certainly";
/// Pieces of an answer after the first one.
const MORE_PIECES: usize = 8;

/// A vendor on a port of its own, until the process ends.
pub struct Vendor {
    /// Where it listens.
    pub port: u16,
}

impl Vendor {
    /// Starts it on the core of the caller.
    pub fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // ends when the client leaves
                thread::spawn(move || drop(serve(stream)));
            }
        });
        Ok(Self { port })
    }

    /// Its base address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/v1", self.port)
    }
}

/// What the vectors of all texts have in common, by what sets them apart: as with real models, no
/// two of them are strangers.
const COMMON: f32 = 0.7;

/// The vector of a text: its words, so that texts that share some are nearer than others.
pub fn vector(text: &str) -> Vec<f32> {
    let mut sum = vec![0.0; DIMENSIONS];
    for word in words(text) {
        add(&mut sum, &direction(&word));
    }
    let mut vector = unit(sum);
    let common: Vec<f32> = direction("").iter().map(|value| value * COMMON).collect();
    add(&mut vector, &common);
    unit(vector)
}

/// A direction for each word.
fn direction(word: &str) -> Vec<f32> {
    let seed = word.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    });
    let mut dice = StdRng::seed_from_u64(seed);
    unit(
        (0..DIMENSIONS)
            .map(|_| dice.random_range(-1.0..1.0))
            .collect(),
    )
}

fn add(sum: &mut [f32], other: &[f32]) {
    sum.iter_mut()
        .zip(other)
        .for_each(|(sum, other)| *sum += other);
}

fn unit(mut vector: Vec<f32>) -> Vec<f32> {
    let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    let length = length.max(f32::EPSILON);
    vector.iter_mut().for_each(|value| *value /= length);
    vector
}

/// English words, and pairs of Chinese characters.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = text
        .split(|c: char| !c.is_ascii_alphabetic())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    let han: Vec<char> = text
        .chars()
        .filter(|c| ('\u{4e00}'..='\u{9fff}').contains(c))
        .collect();
    words.extend(han.chunks(2).map(|pair| pair.iter().collect::<String>()));
    words
}

fn serve(mut stream: TcpStream) -> Result<()> {
    stream.set_nodelay(true)?;
    let parts = answer();
    loop {
        let Some((target, body)) = request(&mut stream)? else {
            return Ok(());
        };
        if target.ends_with("/embeddings") {
            stream.write_all(&embeddings(&body)?)?;
            continue;
        }
        for part in &parts {
            stream.write_all(part)?;
        }
    }
}

/// Path and body of the next request; none when the client has left.
fn request(stream: &mut TcpStream) -> Result<Option<(String, Vec<u8>)>> {
    let (mut bytes, mut room) = (Vec::new(), [0; 64 << 10]);
    let head_bytes = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        match stream.read(&mut room)? {
            0 => return Ok(None),
            count => bytes.extend_from_slice(&room[..count]),
        }
    };
    let head = String::from_utf8(bytes[..head_bytes].to_vec())?.to_lowercase();
    let target = head
        .split(' ')
        .nth(1)
        .context("a request without a path")?
        .to_owned();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length
        .context("a request without a length")?
        .trim()
        .parse()?;
    let mut body = bytes.split_off(head_bytes);
    while body.len() < length {
        let count = stream.read(&mut room)?;
        anyhow::ensure!(count > 0, "a request broke off");
        body.extend_from_slice(&room[..count]);
    }
    Ok(Some((target, body)))
}

/// A stream: head and role, the first piece, the rest.
fn answer() -> [Vec<u8>; 3] {
    let frame = |delta: Value, finish: Value| {
        let choice = json!({"index": 0, "delta": delta, "finish_reason": finish});
        let data = json!({
            "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1,
            "model": "mock", "choices": [choice],
        });
        chunk(&format!("data: {data}\n\n"))
    };
    let piece = |text: &str| frame(json!({"content": text}), Value::Null);
    let head =
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    let role = frame(json!({"role": "assistant", "content": ""}), Value::Null);
    let rest: String = (0..MORE_PIECES)
        .map(|n| piece(&format!(" piece {n}")))
        .collect();
    let end = [
        frame(json!({}), "stop".into()),
        chunk("data: [DONE]\n\n"),
        "0\r\n\r\n".into(),
    ];
    [
        format!("{head}{role}"),
        piece(PIECE),
        format!("{rest}{}", end.concat()),
    ]
    .map(String::into_bytes)
}

fn chunk(text: &str) -> String {
    format!("{:x}\r\n{text}\r\n", text.len())
}

fn embeddings(body: &[u8]) -> Result<Vec<u8>> {
    let body: Value = serde_json::from_slice(body)?;
    let inputs = body["input"].as_array().context("input is no list")?;
    let data: Vec<Value> = inputs
        .iter()
        .zip(0..)
        .map(|(input, index): (&Value, usize)| {
            let embedding = vector(input.as_str().unwrap_or_default());
            json!({"object": "embedding", "index": index, "embedding": embedding})
        })
        .collect();
    let usage = json!({"prompt_tokens": 1, "total_tokens": 1});
    let body = json!({"object": "list", "model": "mock", "data": data, "usage": usage}).to_string();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    Ok([head.as_bytes(), body.as_bytes()].concat())
}
