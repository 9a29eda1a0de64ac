//! Server-sent events as a body: bytes made elsewhere, with heartbeats in the silences.

use std::{convert::Infallible, marker::PhantomData, time::Duration};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use poem::{Body, IntoResponse, Response};
use poem_openapi::{
    ApiResponse,
    payload::Payload,
    registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry},
    types::Type,
};

/// The media type.
pub const EVENT_STREAM: &str = "text/event-stream";

/// A comment: hyper notices that a reader is gone only when something is sent to it.
const HEARTBEAT: Bytes = Bytes::from_static(b": \n\n");

/// A stream whose events carry a `T` each.
pub struct Sse<T> {
    body: Body,
    data: PhantomData<fn() -> T>,
}

impl<T> Sse<T> {
    /// Sends frames as they come, and a comment after each `heartbeat` of silence.
    pub fn new(frames: impl Stream<Item = Bytes> + Send + 'static, heartbeat: Duration) -> Self {
        let bytes = with_heartbeat(frames, heartbeat).map(Ok::<_, Infallible>);
        Self {
            body: Body::from_bytes_stream(bytes.map(|piece| piece.map_err(std::io::Error::other))),
            data: PhantomData,
        }
    }
}

fn with_heartbeat(
    frames: impl Stream<Item = Bytes> + Send + 'static,
    heartbeat: Duration,
) -> impl Stream<Item = Bytes> + Send + 'static {
    stream::unfold(Box::pin(frames), move |mut frames| async move {
        match tokio::time::timeout(heartbeat, frames.next()).await {
            Ok(Some(frame)) => Some((frame, frames)),
            Ok(None) => None,
            Err(_) => Some((HEARTBEAT, frames)),
        }
    })
}

impl<T: Type> Payload for Sse<T> {
    const CONTENT_TYPE: &'static str = EVENT_STREAM;

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema {
            items: Some(Box::new(T::schema_ref())),
            ..MetaSchema::new_with_format("array", "event-stream")
        }))
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: Send> IntoResponse for Sse<T> {
    fn into_response(self) -> Response {
        Response::builder()
            .content_type(EVENT_STREAM)
            .header("cache-control", "no-store")
            // nginx would hold events back
            .header("x-accel-buffering", "no")
            .body(self.body)
    }
}

impl<T: Type + Send> ApiResponse for Sse<T> {
    fn meta() -> MetaResponses {
        MetaResponses {
            responses: vec![MetaResponse {
                description: "A stream of server-sent events.",
                status: Some(200),
                status_range: None,
                content: vec![MetaMediaType {
                    content_type: EVENT_STREAM,
                    schema: Self::schema_ref(),
                }],
                headers: vec![],
            }],
        }
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn silence_is_filled() {
        let frames = stream::once(async {
            tokio::time::sleep(Duration::from_secs(7)).await;
            Bytes::from_static(b"x")
        });
        let all: Vec<Bytes> = with_heartbeat(frames, Duration::from_secs(3))
            .collect()
            .await;
        assert_eq!(all, [&b": \n\n"[..], b": \n\n", b"x"]);
    }
}
