//! Chunks that the sender of a document cut: taken as they are, in the place of what splitting gives.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    chunk::Chunk,
    extract::{self, Extracted},
};
use crate::error::{Error, Result};

/// Chunks of one document at most.
pub const CHUNKS_MAX: usize = 10_000;
/// Characters of one chunk.
pub const CHUNK_CHARS_MAX: usize = 8_000;
/// Characters of all chunks of a document.
const ALL_CHARS_MAX: usize = 5_000_000;
/// Bytes of what is said about one chunk, as JSON.
const METADATA_BYTES_MAX: usize = 4_096;

/// Between two chunks in the text of the document.
const BETWEEN: &str = "\n\n";

/// A chunk as its sender cut it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomChunk {
    /// Its text.
    pub text: String,
    /// What its sender says about it: an object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Value>,
}

/// The chunks as they are kept.
///
/// # Errors
/// `Invalid` when there are none or one of them cannot be, `TooLarge` when they are too many or too
/// long.
pub fn checked(chunks: Vec<CustomChunk>) -> Result<Vec<CustomChunk>> {
    if chunks.is_empty() {
        return Err(Error::invalid("A document that was cut has a chunk."));
    }
    if chunks.len() > CHUNKS_MAX {
        return Err(Error::TooLarge(format!(
            "A document has at most {CHUNKS_MAX} chunks of its sender's."
        )));
    }
    let chunks: Vec<CustomChunk> = chunks.into_iter().map(one).collect::<Result<_>>()?;
    let chars = chunks.iter().map(|chunk| chunk.text.chars().count());
    if chars.sum::<usize>() > ALL_CHARS_MAX {
        return Err(Error::TooLarge(format!(
            "The chunks of a document have at most {ALL_CHARS_MAX} characters together."
        )));
    }
    Ok(chunks)
}

fn one(chunk: CustomChunk) -> Result<CustomChunk> {
    let text = extract::clean_text(&chunk.text).trim().to_owned();
    let chars = text.chars().count();
    if chars == 0 || chars > CHUNK_CHARS_MAX {
        return Err(Error::invalid(format!(
            "The text of a chunk has 1 to {CHUNK_CHARS_MAX} characters, this one has {chars}."
        )));
    }
    let metadata = chunk.metadata.filter(|value| !value.is_null());
    if let Some(value) = &metadata {
        let said = value.to_string();
        // the database keeps no NUL
        if !value.is_object() || said.len() > METADATA_BYTES_MAX || said.contains("\\u0000") {
            return Err(Error::invalid(format!(
                "The metadata of a chunk is a JSON object of at most {METADATA_BYTES_MAX} bytes, without NUL."
            )));
        }
    }
    Ok(CustomChunk { text, metadata })
}

/// The text that these chunks make up, and where each stands in it.
pub fn laid_out(custom: Vec<CustomChunk>) -> (Extracted, Vec<Chunk>) {
    let mut text = String::new();
    let mut chunks = Vec::with_capacity(custom.len());
    let mut at = 0_u32;
    for (ordinal, one) in (0..).zip(custom) {
        if ordinal > 0 {
            text.push_str(BETWEEN);
            at += BETWEEN.len() as u32;
        }
        let end = at + one.text.chars().count() as u32;
        text.push_str(&one.text);
        chunks.push(Chunk {
            ordinal,
            start: at,
            end,
            text: one.text,
            context: String::new(),
            page: None,
            metadata: one.metadata,
        });
        at = end;
    }
    let extracted = Extracted {
        text,
        ..Extracted::default()
    };
    (extracted, chunks)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn chunk(text: &str, metadata: Option<Value>) -> CustomChunk {
        let text = text.to_owned();
        CustomChunk { text, metadata }
    }

    #[test]
    fn a_chunk_stands_where_it_says() {
        let about = Some(json!({"page": 3}));
        let custom = checked(vec![
            chunk(" 😀甲 ", about.clone()),
            chunk("乙\r\n丙", None),
        ])
        .unwrap();
        let (extracted, chunks) = laid_out(custom);
        assert_eq!(extracted.text, "😀甲\n\n乙\n丙");
        let letters: Vec<char> = extracted.text.chars().collect();
        for chunk in &chunks {
            let place: String = letters[chunk.start as usize..chunk.end as usize]
                .iter()
                .collect();
            assert_eq!(place, chunk.text);
        }
        assert_eq!(chunks[0].metadata, about);
        assert_eq!((chunks[1].ordinal, &chunks[1].metadata), (1, &None));
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let long = "字".repeat(CHUNK_CHARS_MAX + 1);
        for bad in [
            vec![],
            vec![chunk(" ", None)],
            vec![chunk(&long, None)],
            vec![chunk("a", Some(json!([1])))],
            vec![chunk("a", Some(json!({"a": "\0"})))],
            vec![chunk(
                "a",
                Some(json!({"a": "b".repeat(METADATA_BYTES_MAX)})),
            )],
        ] {
            assert_eq!(checked(bad).unwrap_err().code(), "invalid");
        }
        let many = vec![chunk("a", None); CHUNKS_MAX + 1];
        assert_eq!(checked(many).unwrap_err().code(), "too_large");
        let heavy = vec![chunk(&"a".repeat(CHUNK_CHARS_MAX), None); 700];
        assert_eq!(checked(heavy).unwrap_err().code(), "too_large");
    }
}
