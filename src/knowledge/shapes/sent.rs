//! Chunks as a part of a form: read up to their limits, whatever else was sent.

use std::{borrow::Cow, fmt};

use poem::web::Field;
use poem_openapi::{
    Object,
    registry::{MetaSchemaRef, Registry},
    types::{ParseError, ParseFromMultipartField, ParseResult, Type},
};
use serde::{
    Deserialize, Deserializer,
    de::{self, IgnoredAny, SeqAccess, Visitor},
};
use serde_json::value::RawValue;
use tokio::io::AsyncReadExt;

use crate::{
    error::{Error, Result},
    knowledge::custom::{CHUNKS_MAX, CustomChunk},
};

/// Bytes of all chunks of a form, as JSON.
const JSON_BYTES_MAX: usize = 16 << 20;
/// Bytes of what is said about one chunk as it was sent, blanks and escapes included.
const METADATA_SENT_BYTES_MAX: usize = 16 << 10;

/// A chunk as the sender of a document cut it.
#[derive(Object)]
pub struct SentChunk {
    /// Its text, 1 to 8,000 characters.
    pub text: String,
    /// What is said about it: an object of at most 4,096 bytes, given back with what is found.
    pub metadata: Option<serde_json::Value>,
}

impl From<SentChunk> for CustomChunk {
    fn from(sent: SentChunk) -> Self {
        Self {
            text: sent.text,
            metadata: sent.metadata,
        }
    }
}

/// The chunks of a form, or why they are too much.
pub struct SentChunks(Result<Vec<CustomChunk>>);

impl SentChunks {
    /// The chunks, one more than there may be when there are too many.
    ///
    /// # Errors
    /// `TooLarge` past 16 MiB.
    pub fn taken(self) -> Result<Vec<CustomChunk>> {
        self.0
    }
}

impl Type for SentChunks {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        Vec::<SentChunk>::name()
    }

    fn schema_ref() -> MetaSchemaRef {
        Vec::<SentChunk>::schema_ref()
    }

    fn register(registry: &mut Registry) {
        Vec::<SentChunk>::register(registry);
    }

    fn as_raw_value(&self) -> Option<&Self::RawValueType> {
        Some(self)
    }

    fn raw_element_iter<'a>(
        &'a self,
    ) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
        Box::new(self.as_raw_value().into_iter())
    }
}

impl ParseFromMultipartField for SentChunks {
    async fn parse_from_multipart(field: Option<Field>) -> ParseResult<Self> {
        let field = field.ok_or_else(ParseError::expected_input)?;
        let mut json = Vec::new();
        let mut sent = std::pin::pin!(field.into_async_read().take(JSON_BYTES_MAX as u64 + 1));
        let received = sent.read_to_end(&mut json).await;
        received.map_err(ParseError::custom)?;
        if json.len() > JSON_BYTES_MAX {
            // the rest of the form is passed over, so that its sender hears of it
            return Ok(Self(Err(Error::TooLarge(format!(
                "The chunks of a document have at most {JSON_BYTES_MAX} bytes as JSON."
            )))));
        }
        let chunks = read(&json).map_err(ParseError::custom)?;
        Ok(Self(Ok(chunks)))
    }
}

/// The chunks in this JSON, one more than there may be at most: what follows is not kept.
fn read(json: &[u8]) -> serde_json::Result<Vec<CustomChunk>> {
    let Chunks(chunks) = serde_json::from_slice(json)?;
    Ok(chunks)
}

struct Chunks(Vec<CustomChunk>);

impl<'de> Deserialize<'de> for Chunks {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_seq(List)
    }
}

struct List;

impl<'de> Visitor<'de> for List {
    type Value = Chunks;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of chunks")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Chunks, A::Error> {
        let mut chunks = Vec::new();
        while chunks.len() <= CHUNKS_MAX {
            let Some(one) = list.next_element::<One<'de>>()? else {
                return Ok(Chunks(chunks));
            };
            chunks.push(one.chunk()?);
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Chunks(chunks))
    }
}

#[derive(Deserialize)]
struct One<'a> {
    text: String,
    #[serde(borrow, default)]
    metadata: Option<&'a RawValue>,
}

impl One<'_> {
    fn chunk<E: de::Error>(self) -> Result<CustomChunk, E> {
        let raw = self.metadata.map(RawValue::get);
        if raw.is_some_and(|raw| raw.len() > METADATA_SENT_BYTES_MAX) {
            let most =
                format!("the metadata of a chunk has at most {METADATA_SENT_BYTES_MAX} bytes");
            return Err(E::custom(most));
        }
        let metadata = raw.map(serde_json::from_str).transpose();
        Ok(CustomChunk {
            text: self.text,
            metadata: metadata.map_err(E::custom)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn chunks_are_read_as_they_were_sent() {
        let sent = r#" [{"text": "a", "metadata": {"page": 7}}, {"metadata": null, "text": "b", "more": []}] "#;
        let chunks = read(sent.as_bytes()).unwrap();
        let parts = chunks.into_iter().map(|chunk| (chunk.text, chunk.metadata));
        let expected = [
            ("a".to_owned(), Some(json!({"page": 7}))),
            ("b".to_owned(), None),
        ];
        assert_eq!(parts.collect::<Vec<_>>(), expected);
        for broken in ["", "{}", "[", "[1]", r#"[{"text": 1}]"#, "[{}]", "[]]"] {
            assert!(read(broken.as_bytes()).is_err(), "{broken}");
        }
    }

    #[test]
    fn no_more_is_kept_than_can_be_taken() {
        let one = r#"{"text":"a"},"#;
        let sent = format!("[{}[[[]]]]", one.repeat(CHUNKS_MAX + 1));
        assert_eq!(read(sent.as_bytes()).unwrap().len(), CHUNKS_MAX + 1);
        let long = "[0]".repeat(METADATA_SENT_BYTES_MAX);
        let long = format!(r#"[{{"text":"a","metadata":"{long}"}}]"#);
        let refused = read(long.as_bytes()).unwrap_err().to_string();
        assert!(refused.contains("at most 16384 bytes"), "{refused}");
    }
}
