//! Reads server-sent events as they come, byte by byte.

use std::time::Duration;

use reqwest::{Response, StatusCode};

use crate::world::{Event, events};

/// How long a test waits for the next event.
const PATIENCE: Duration = Duration::from_secs(20);

/// A stream that is being read.
pub struct Reader {
    response: Response,
    /// Bytes that are not a whole frame yet.
    rest: Vec<u8>,
    /// Frames read so far, comments left out.
    pub read: Vec<u8>,
    /// Comments read so far.
    pub comments: usize,
}

impl Reader {
    /// Of an answer that is a stream.
    pub fn new(response: Response) -> Self {
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-store");
        let (rest, read) = (Vec::new(), Vec::new());
        Self {
            response,
            rest,
            read,
            comments: 0,
        }
    }

    /// The next event; `None` at the end. Each event must name its id first.
    pub async fn event(&mut self) -> Option<Event> {
        // heartbeats alone are no progress
        let next = tokio::time::timeout(PATIENCE, self.next());
        next.await.expect("an event in time")
    }

    async fn next(&mut self) -> Option<Event> {
        loop {
            let frame = self.frame().await?;
            if frame.starts_with(b":") {
                self.comments += 1;
                continue;
            }
            let text = String::from_utf8(frame).unwrap();
            let lines: Vec<&str> = text.lines().collect();
            let [id, name, data, ""] = lines[..] else {
                panic!("no event of three lines: {text}")
            };
            assert!(
                id.starts_with("id: ") && name.starts_with("event: "),
                "{text}"
            );
            assert!(data.starts_with("data: {"), "{text}");
            self.read.extend_from_slice(text.as_bytes());
            return events(&text).pop();
        }
    }

    /// Reads to the next event of this name.
    pub async fn until(&mut self, name: &str) -> Event {
        loop {
            let event = self
                .event()
                .await
                .unwrap_or_else(|| panic!("the stream ends before {name}"));
            if event.name == name {
                return event;
            }
        }
    }

    /// Reads to the first comment.
    pub async fn until_comment(&mut self) {
        let comment = async {
            while self.comments == 0 {
                let frame = self.frame().await.expect("a comment before the end");
                self.comments += usize::from(frame.starts_with(b":"));
            }
        };
        let comment = tokio::time::timeout(PATIENCE, comment);
        comment.await.expect("a comment in time");
    }

    /// The events that are left, to the end of the stream.
    pub async fn rest(&mut self) -> Vec<Event> {
        let mut all = Vec::new();
        while let Some(event) = self.event().await {
            all.push(event);
        }
        all
    }

    /// A frame with its empty line.
    async fn frame(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(at) = self.rest.windows(2).position(|pair| pair == b"\n\n") {
                return Some(self.rest.drain(..at + 2).collect());
            }
            match self.response.chunk().await.expect("the stream is read") {
                Some(piece) => self.rest.extend_from_slice(&piece),
                None => {
                    assert!(self.rest.is_empty(), "the stream ends inside a frame");
                    return None;
                }
            }
        }
    }
}

/// The text that a reader of these events sees at the end.
pub fn shown(events: &[Event]) -> String {
    events.iter().fold(String::new(), |text, event| {
        let piece = event.data["text"].as_str();
        match event.name.as_str() {
            "delta" => text + piece.unwrap(),
            "reset" => piece.unwrap().to_owned(),
            _ => text,
        }
    })
}

/// The names of events, repeated ones once.
pub fn names(events: &[Event]) -> Vec<&str> {
    let mut names: Vec<&str> = events.iter().map(|event| event.name.as_str()).collect();
    names.dedup();
    names
}
