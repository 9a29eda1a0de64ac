//! Chunks that callers cut themselves: a map of file names, as JSON or as a text of it.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::{
    compat::{
        Rule,
        fastapi::{Loose, Reading},
    },
    knowledge::custom::CustomChunk,
};

/// Chunks by the name of their file.
#[derive(Default)]
pub struct Docs(pub BTreeMap<String, Vec<CustomChunk>>);

impl Loose for Docs {
    fn read(value: Value, _: Rule, reading: &mut Reading) -> Option<Self> {
        let parsed = match value {
            Value::String(text) if text.trim().is_empty() => Some(Value::Object(Map::new())),
            Value::String(text) => serde_json::from_str(&text).ok(),
            other => Some(other),
        };
        let Some(parsed) = parsed else {
            reading.complain("Invalid JSON", "value_error.json", None);
            return None;
        };
        let docs = match parsed {
            Value::Object(files) => files.into_iter().map(of_file).collect(),
            _ => None,
        };
        if docs.is_none() {
            reading.complain("value is not a valid dict", "type_error.dict", None);
        }
        docs.map(Self)
    }
}

fn of_file((name, chunks): (String, Value)) -> Option<(String, Vec<CustomChunk>)> {
    let Value::Array(chunks) = chunks else {
        return None;
    };
    let chunks: Option<Vec<CustomChunk>> = chunks.into_iter().map(chunk).collect();
    Some((name, chunks?))
}

fn chunk(value: Value) -> Option<CustomChunk> {
    let Value::Object(mut chunk) = value else {
        return None;
    };
    let Some(Value::String(text)) = chunk.remove("page_content") else {
        return None;
    };
    let metadata = chunk.remove("metadata");
    Some(CustomChunk { text, metadata })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::compat::Fields;

    fn read(docs: Value) -> Option<Docs> {
        let mut fields = Fields::of(json!({"docs": docs}));
        let docs = fields.or("docs", Docs::default(), Rule::ANY);
        fields.done().is_ok().then_some(docs)
    }

    #[test]
    fn a_map_is_read_as_text_and_as_it_is() {
        let map =
            json!({"a.txt": [{"page_content": "x", "metadata": {"k": 1}, "type": "Document"}]});
        for docs in [map.clone(), Value::String(map.to_string())] {
            let read = read(docs).unwrap().0;
            assert_eq!(read["a.txt"][0].text, "x");
            assert_eq!(read["a.txt"][0].metadata, Some(json!({"k": 1})));
        }
        for empty in [json!({}), json!("{}"), json!("")] {
            assert!(read(empty).unwrap().0.is_empty());
        }
        for bad in [
            json!("{"),
            json!([1]),
            json!({"a": 1}),
            json!({"a": [1]}),
            json!({"a": [{}]}),
        ] {
            assert!(read(bad.clone()).is_none(), "{bad}");
        }
    }
}
