//! Answers as this dialect writes them: JSON objects one after another, each a chunk of its own.
//!
//! Its readers take what one read brings for one document. So an object is one frame of the body; no
//! heartbeat, no comment and no empty line comes between; and since some readers get two at once and
//! cut where they see `}{`, that never stands inside of one.

use bytes::Bytes;
use futures_util::{
    Stream, StreamExt,
    stream::{self, BoxStream},
};
use poem::Response;
use serde::Serialize;

use super::objects::{frame, response_of_frames};
use crate::chat::event::{self, Event, FoundPassage};

/// What is said instead when an answer broke off.
pub const SORRY: &str = "抱歉, 请换个问法，我可能没听清.";

/// Makes the entries of `docs` out of what was found.
pub type Docs = Box<dyn Fn(&[FoundPassage]) -> Vec<String> + Send + Sync>;

/// How a route says its answer.
pub enum Voice {
    /// `{"text", "chat_history_id"}`
    Chat,
    /// `{"answer"}`, at the end `{"docs"}`.
    Sourced(Docs),
    /// `{"answer"}`, at the end `{"final_answer"}`.
    Agent,
    /// The bare text, behind this one.
    Raw(String),
}

#[derive(Serialize)]
struct Text<'a> {
    text: &'a str,
    chat_history_id: &'a str,
}

#[derive(Serialize)]
struct Answer<'a> {
    answer: &'a str,
}

#[derive(Serialize)]
struct DocsOnly<'a> {
    docs: &'a [String],
}

#[derive(Serialize)]
struct Sourced<'a> {
    answer: &'a str,
    docs: &'a [String],
}

#[derive(Serialize)]
struct Final<'a> {
    final_answer: &'a str,
}

#[derive(Serialize)]
struct Agent<'a> {
    answer: &'a str,
    final_answer: &'a str,
}

/// An answer in pieces, or whole, from the frames of its events. The head goes out at once either way.
pub fn answer(frames: BoxStream<'static, Bytes>, voice: Voice, in_pieces: bool) -> Response {
    let teller = Teller {
        voice,
        in_pieces,
        id: String::new(),
        whole: String::new(),
        docs: Vec::new(),
        failed: false,
        ended: false,
    };
    response_of_frames(objects(frames, teller))
}

fn objects(
    frames: BoxStream<'static, Bytes>,
    teller: Teller,
) -> impl Stream<Item = Bytes> + Send + 'static {
    let told = stream::unfold(Some((frames, teller)), |state| async move {
        let (mut frames, mut teller) = state?;
        match frames.next().await {
            Some(bytes) => Some((teller.tell(&bytes), Some((frames, teller)))),
            None => Some((teller.close(), None)),
        }
    });
    told.flat_map(stream::iter)
}

struct Teller {
    voice: Voice,
    in_pieces: bool,
    /// Names question and answer together.
    id: String,
    whole: String,
    docs: Vec<String>,
    failed: bool,
    ended: bool,
}

impl Teller {
    /// The objects for these frames.
    fn tell(&mut self, frames: &[u8]) -> Vec<Bytes> {
        let mut objects = Vec::new();
        for event in event::read(frames) {
            match event {
                Event::Start(start) => {
                    self.id = start.question_id.0.simple().to_string();
                    objects.extend(self.before());
                }
                Event::Passages(found) => {
                    if let Voice::Sourced(docs) = &self.voice {
                        self.docs = docs(&found.passages);
                    }
                }
                Event::Delta(delta) => objects.extend(self.piece(&delta.text)),
                Event::Reset(reset) => objects.extend(self.replace(reset.text)),
                Event::Done(_) => self.ended = true,
                Event::Error(_) => {
                    self.ended = true;
                    self.failed = true;
                }
                Event::Citations(_) | Event::Usage(_) => {}
            }
        }
        objects
    }

    /// What is said before the first piece.
    fn before(&self) -> Option<Bytes> {
        match &self.voice {
            Voice::Raw(before) if self.in_pieces && !before.is_empty() => {
                Some(Bytes::copy_from_slice(before.as_bytes()))
            }
            _ => None,
        }
    }

    fn piece(&mut self, text: &str) -> Option<Bytes> {
        if text.is_empty() {
            return None;
        }
        self.whole.push_str(text);
        self.in_pieces.then(|| self.say(text))
    }

    /// What was sent cannot be taken back: only what is added is said.
    fn replace(&mut self, text: String) -> Option<Bytes> {
        let added = text.strip_prefix(self.whole.as_str()).map(str::to_owned);
        match added {
            Some(added) => self.piece(&added),
            None => {
                if !self.in_pieces {
                    self.whole = text;
                }
                None
            }
        }
    }

    fn say(&self, text: &str) -> Bytes {
        match &self.voice {
            Voice::Chat => frame(&Text {
                text,
                chat_history_id: &self.id,
            }),
            Voice::Sourced(_) | Voice::Agent => frame(&Answer { answer: text }),
            Voice::Raw(_) => Bytes::copy_from_slice(text.as_bytes()),
        }
    }

    /// What comes last.
    fn close(&mut self) -> Vec<Bytes> {
        // one that breaks off without an end is told like one that failed
        let failed = self.failed || !self.ended;
        if self.in_pieces {
            return self.close_pieces(failed);
        }
        let sorry = failed && self.whole.is_empty();
        let whole = if sorry { SORRY } else { self.whole.as_str() };
        vec![match &self.voice {
            Voice::Chat => frame(&Text {
                text: whole,
                chat_history_id: &self.id,
            }),
            Voice::Sourced(_) => frame(&Sourced {
                answer: whole,
                docs: &self.docs,
            }),
            Voice::Agent => frame(&Agent {
                answer: whole,
                final_answer: whole,
            }),
            Voice::Raw(before) => Bytes::from(format!("{before}{}", self.whole)),
        }]
    }

    fn close_pieces(&self, failed: bool) -> Vec<Bytes> {
        let sorry = failed.then(|| {
            frame(&Text {
                text: SORRY,
                chat_history_id: &self.id,
            })
        });
        match &self.voice {
            Voice::Chat => sorry.into_iter().collect(),
            Voice::Sourced(_) => {
                let docs = frame(&DocsOnly { docs: &self.docs });
                sorry.into_iter().chain([docs]).collect()
            }
            Voice::Agent => {
                let whole = if failed { SORRY } else { self.whole.as_str() };
                vec![frame(&Final {
                    final_answer: whole,
                })]
            }
            // the original's body just ends
            Voice::Raw(_) => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{
        chat::event::{Done, End, Failed, Start},
        error::Code,
        ids::{MessageId, SessionId},
    };

    async fn told(events: &[Event], voice: Voice, in_pieces: bool) -> Vec<String> {
        let frames: Vec<Bytes> = events
            .iter()
            .zip(1..)
            .map(|(event, n)| event.frame(n))
            .collect();
        // a reader that is late gets them all at once
        let frames = stream::iter([Bytes::from(frames.concat())]).boxed();
        let body = answer(frames, voice, in_pieces).into_body();
        let pieces = body.into_bytes_stream().map(|piece| piece.unwrap());
        let texts = pieces.map(|piece| String::from_utf8(piece.to_vec()).unwrap());
        texts.collect().await
    }

    fn start() -> Event {
        let id = MessageId(Uuid::from_u128(0xab));
        Event::Start(Start {
            session_id: SessionId(id.0),
            question_id: id,
            message_id: id,
            model: "x".into(),
        })
    }

    fn docs() -> Voice {
        Voice::Sourced(Box::new(|found| vec![format!("found {}", found.len())]))
    }

    const ID: &str = "000000000000000000000000000000ab";

    #[tokio::test]
    async fn each_piece_is_one_object() {
        let events = [
            start(),
            Event::passages(&[]),
            Event::delta("你}{好".into()),
            Event::delta(String::new()),
            Event::delta("\"\n".into()),
            Event::Done(Done { state: End::Done }),
        ];
        let first = format!(r#"{{"text":"你}}\u007b好","chat_history_id":"{ID}"}}"#);
        let second = format!(r#"{{"text":"\"\n","chat_history_id":"{ID}"}}"#);
        assert_eq!(told(&events, Voice::Chat, true).await, [first, second]);
        let whole = format!(r#"{{"text":"你}}\u007b好\"\n","chat_history_id":"{ID}"}}"#);
        assert_eq!(told(&events, Voice::Chat, false).await, [whole]);
        assert_eq!(
            told(&events, docs(), true).await,
            [
                r#"{"answer":"你}\u007b好"}"#,
                r#"{"answer":"\"\n"}"#,
                r#"{"docs":["found 0"]}"#
            ]
        );
        assert_eq!(
            told(&events, docs(), false).await,
            [r#"{"answer":"你}\u007b好\"\n","docs":["found 0"]}"#]
        );
        assert_eq!(
            told(&events, Voice::Agent, true).await.last().unwrap(),
            r#"{"final_answer":"你}\u007b好\"\n"}"#
        );
        assert_eq!(
            told(&events, Voice::Raw(String::new()), true).await,
            ["你}{好", "\"\n"]
        );
        assert_eq!(
            told(&events, Voice::Raw("q".into()), false).await,
            ["q你}{好\"\n"]
        );
        assert_eq!(
            told(&events, Voice::Raw("q".into()), true).await,
            ["q", "你}{好", "\"\n"]
        );
        let parsed: serde_json::Value =
            serde_json::from_str(&told(&events, Voice::Chat, false).await[0]).unwrap();
        assert_eq!(parsed["text"], "你}{好\"\n");
    }

    #[tokio::test]
    async fn an_answer_that_breaks_off_says_sorry() {
        let failed = Event::Error(Failed {
            code: Code::Upstream,
            detail: "x".into(),
        });
        let sorry = format!(r#"{{"text":"{SORRY}","chat_history_id":"{ID}"}}"#);
        let events = [start(), Event::delta("a".into()), failed];
        let pieces = told(&events, Voice::Chat, true).await;
        assert_eq!(pieces[1..], *std::slice::from_ref(&sorry));
        let pieces = told(&events, docs(), true).await;
        assert_eq!(pieces[1..], [sorry.clone(), r#"{"docs":[]}"#.to_owned()]);
        // one whose end never came, too
        assert_eq!(
            told(&events[..1], Voice::Chat, true).await,
            *std::slice::from_ref(&sorry)
        );
        assert_eq!(told(&events[..1], Voice::Chat, false).await, [sorry]);
        assert_eq!(
            told(&events[..1], Voice::Raw(String::new()), true).await,
            [""; 0]
        );
    }

    #[tokio::test]
    async fn what_was_sent_is_not_taken_back() {
        let reset = |text: &str| Event::Reset(event::Reset { text: text.into() });
        let done = Event::Done(Done { state: End::Done });
        let events = [
            start(),
            Event::delta("ab".into()),
            reset("abc"),
            done.clone(),
        ];
        let pieces = told(&events, Voice::Raw(String::new()), true).await;
        assert_eq!(pieces, ["ab", "c"]);
        let events = [start(), Event::delta("ab".into()), reset("x"), done];
        assert_eq!(told(&events, Voice::Raw(String::new()), true).await, ["ab"]);
        assert_eq!(told(&events, Voice::Raw(String::new()), false).await, ["x"]);
    }
}
