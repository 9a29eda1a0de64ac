//! A stream of JSON objects, one in each chunk of the body: readers take a chunk for an object.

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use poem::{Body, Response};
use serde::Serialize;
use serde_json::Value;

/// These clients read it as text, and Python takes text without a charset for Latin.
const KIND: &str = "text/event-stream; charset=utf-8";

/// An answer of these objects. Its head goes out at once.
pub fn response(objects: impl Stream<Item = Value> + Send + 'static) -> Response {
    response_of_frames(objects.map(|object| frame(&object)))
}

/// An answer of objects that are framed already.
pub fn response_of_frames(frames: impl Stream<Item = Bytes> + Send + 'static) -> Response {
    let frames = frames.map(Ok::<_, std::io::Error>);
    Response::builder()
        .content_type(KIND)
        .header("cache-control", "no-store")
        // nginx would hold objects back and send them together
        .header("x-accel-buffering", "no")
        .body(Body::from_bytes_stream(frames))
}

/// Readers who get two objects at once part them at `}{`, so no text has that inside.
pub fn frame(object: &impl Serialize) -> Bytes {
    let text = serde_json::to_string(object).unwrap_or_default();
    Bytes::from(text.replace("}{", "}\\u007b"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_parts_objects_is_in_none() {
        let object = json!({"msg": "a}{b", "电": {}});
        let frame = frame(&object);
        assert!(!frame.windows(2).any(|two| two == b"}{"));
        assert_eq!(serde_json::from_slice::<Value>(&frame).unwrap(), object);
    }
}
