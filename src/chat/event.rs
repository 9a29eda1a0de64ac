//! What happens in an answer, as server-sent events: made once, stored and sent as the same bytes.

use bytes::Bytes;
use poem_openapi::{
    Enum, Object, Union,
    types::{ParseFromJSON, ToJSON},
};

use crate::{
    error::Code,
    ids::{ChunkId, DocumentId, MessageId, SessionId},
    knowledge::search::Passage,
};

/// The answer begins.
#[derive(Object, Clone, Debug)]
#[oai(example)]
pub struct Start {
    /// The conversation.
    pub session_id: SessionId,
    /// The question, as a message.
    pub question_id: MessageId,
    /// The answer, as a message: stop it and resume its stream by this id.
    pub message_id: MessageId,
    /// The model that answers.
    pub model: String,
}

/// What was found for the question; `[n]` in the answer refers to it.
#[derive(Object, Clone, Debug)]
#[oai(example)]
pub struct Passages {
    /// In the order of their numbers.
    pub passages: Vec<FoundPassage>,
}

/// A passage given to the model.
#[derive(Object, Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct FoundPassage {
    /// Its number in this answer, from 1.
    pub n: u32,
    /// The document.
    pub document_id: DocumentId,
    /// The document's name.
    pub document_name: String,
    /// The version of the document.
    pub version: i32,
    /// The chunk.
    pub chunk_id: ChunkId,
    /// Where the passage begins in the text of that version, in Unicode code points.
    pub start: i32,
    /// Where it ends.
    pub end: i32,
    /// The page it begins on.
    pub page: Option<i32>,
    /// Its text.
    pub text: String,
}

impl FoundPassage {
    /// Passages with their numbers.
    pub fn numbered(passages: &[Passage]) -> Vec<Self> {
        let numbered = passages.iter().zip(1..).map(|(passage, n)| Self {
            n,
            document_id: passage.document,
            document_name: passage.document_name.clone(),
            version: passage.version,
            chunk_id: passage.chunk,
            start: passage.span.start,
            end: passage.span.end,
            page: passage.page,
            text: passage.text.clone(),
        });
        numbered.collect()
    }
}

/// The next piece of the answer. A marker `[n]` is never split over two pieces.
#[derive(Object, Clone, Debug)]
#[oai(example)]
pub struct Delta {
    /// The piece.
    pub text: String,
}

/// Where the sentences of the answer come from, checked.
#[derive(Object, Clone, Debug)]
#[oai(example)]
pub struct Citations {
    /// By their first place in the answer.
    pub citations: Vec<Citation>,
}

/// The sentence of a document that bears out a sentence of the answer.
#[derive(Object, Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Citation {
    /// The number in the answer.
    pub n: u32,
    /// The document.
    pub document_id: DocumentId,
    /// The document's name.
    pub document_name: String,
    /// The version of the document.
    pub version: i32,
    /// The chunk.
    pub chunk_id: ChunkId,
    /// Where the quote begins in the text of that version, in Unicode code points.
    pub start: i32,
    /// Where it ends.
    pub end: i32,
    /// The sentence, word for word.
    pub quote: String,
    /// The page of the passage.
    pub page: Option<i32>,
}

/// Who counted tokens.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[oai(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum CountedBy {
    /// Whoever runs the model.
    Vendor,
    /// This server, by an estimate.
    Server,
}

/// What the answer used.
#[derive(Object, Clone, Debug)]
#[oai(example)]
pub struct Usage {
    /// Tokens read.
    pub input_tokens: u32,
    /// Tokens written.
    pub output_tokens: u32,
    /// Whose count it is.
    pub counted_by: CountedBy,
}

/// Replaces all text shown so far.
#[derive(Object, Clone, Debug)]
#[oai(example)]
pub struct Reset {
    /// The text that stands instead.
    pub text: String,
}

/// How an answer ended that did not break off.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[oai(rename = "AnswerEnd", rename_all = "snake_case")]
pub enum End {
    /// It is whole.
    Done,
    /// The user stopped it.
    Stopped,
}

/// The answer has ended.
#[derive(Object, Clone, Debug)]
#[oai(example)]
pub struct Done {
    /// Whether it is whole.
    pub state: End,
}

/// The answer broke off; what came so far is kept.
#[derive(Object, Clone, Debug)]
#[oai(example)]
pub struct Failed {
    /// For machines.
    pub code: Code,
    /// For people.
    pub detail: String,
}

/// The data of one event; the field `event` of the stream names which it is: `start`, `passages`,
/// `delta`, `citations`, `usage`, `reset`, `done` or `error`. The last is `done` or `error`.
#[derive(Union, Clone, Debug)]
pub enum Event {
    /// `start`
    Start(Start),
    /// `passages`
    Passages(Passages),
    /// `delta`
    Delta(Delta),
    /// `citations`
    Citations(Citations),
    /// `usage`
    Usage(Usage),
    /// `reset`
    Reset(Reset),
    /// `done`
    Done(Done),
    /// `error`
    Error(Failed),
}

impl Event {
    /// The next piece of the answer.
    pub fn delta(text: String) -> Self {
        Self::Delta(Delta { text })
    }

    /// The passages, numbered.
    pub fn passages(passages: &[Passage]) -> Self {
        Self::Passages(Passages {
            passages: FoundPassage::numbered(passages),
        })
    }

    /// The word in the field `event`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Start(_) => "start",
            Self::Passages(_) => "passages",
            Self::Delta(_) => "delta",
            Self::Citations(_) => "citations",
            Self::Usage(_) => "usage",
            Self::Reset(_) => "reset",
            Self::Done(_) => "done",
            Self::Error(_) => "error",
        }
    }

    /// The event as it goes over the wire (WHATWG HTML, server-sent events), with its number as id.
    pub fn frame(&self, seq: u32) -> Bytes {
        let data = self.to_json_string();
        Bytes::from(format!(
            "id: {seq}\nevent: {}\ndata: {data}\n\n",
            self.name()
        ))
    }
}

/// The events in frames, in order.
pub fn read(frames: &[u8]) -> Vec<Event> {
    let text = String::from_utf8_lossy(frames);
    let field = |frame: &str, name: &str| {
        let line = frame.lines().find_map(|line| line.strip_prefix(name));
        line.map(str::to_owned)
    };
    let events = text.split("\n\n").filter_map(|frame| {
        let data = serde_json::from_str(&field(frame, "data: ")?).ok();
        Event::named(&field(frame, "event: ")?, data)
    });
    events.collect()
}

impl Event {
    fn named(name: &str, data: Option<serde_json::Value>) -> Option<Self> {
        Some(match name {
            "start" => Self::Start(Start::parse_from_json(data).ok()?),
            "passages" => Self::Passages(Passages::parse_from_json(data).ok()?),
            "delta" => Self::Delta(Delta::parse_from_json(data).ok()?),
            "citations" => Self::Citations(Citations::parse_from_json(data).ok()?),
            "usage" => Self::Usage(Usage::parse_from_json(data).ok()?),
            "reset" => Self::Reset(Reset::parse_from_json(data).ok()?),
            "done" => Self::Done(Done::parse_from_json(data).ok()?),
            "error" => Self::Error(Failed::parse_from_json(data).ok()?),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_framed_is_read() {
        let events = [
            Event::delta("a\n\nid: 9\ndata: \u{2028}晨 \r\n".into()),
            Event::passages(&[]),
            Event::Done(Done { state: End::Done }),
        ];
        let frames: Vec<u8> = events
            .iter()
            .zip(1..)
            .flat_map(|(e, n)| e.frame(n))
            .collect();
        let read = read(&frames);
        assert_eq!(format!("{read:?}"), format!("{events:?}"));
    }

    #[test]
    fn a_frame_is_one_event_whatever_is_in_it() {
        let frame = Event::delta("a\n\nid: 9\ndata: \u{2028}晨 \r\n".into()).frame(7);
        let text = std::str::from_utf8(&frame).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "id: 7");
        assert_eq!(lines[1], "event: delta");
        assert!(lines[2].starts_with("data: {\"text\":"), "{text}");
        assert_eq!(lines.len(), 4);
        assert!(text.ends_with("\n\n") && !text.contains('\r'));
    }
}
