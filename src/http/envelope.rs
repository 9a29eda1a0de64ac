//! The one face of errors: RFC 9457 problem+json, with a code for machines and a sentence for people.

use std::sync::Arc;

use poem::{
    Endpoint, IntoResponse, Middleware, Request, Response,
    error::ResponseError,
    http::{HeaderName, HeaderValue, StatusCode},
};
use poem_openapi::{
    ApiResponse, Object,
    registry::{MetaHeader, MetaMediaType, MetaResponse, MetaResponses, MetaSchemaRef, Registry},
    types::{Example, ToJSON, Type},
};
use tracing::Instrument;
use uuid::fmt::Simple;

use super::example;
use crate::error::{Code, Error};

/// The media type of a problem.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// The header that carries the id of a request, in and out.
static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Why a request failed (RFC 9457).
#[derive(Object, Debug)]
#[oai(example)]
pub struct Problem {
    /// Always `about:blank`: the code says what it is.
    #[oai(rename = "type")]
    kind: String,
    /// The status in words.
    title: String,
    /// The HTTP status.
    status: u16,
    /// For machines.
    code: Code,
    /// For people.
    detail: String,
    /// Names this request in the server's log.
    request_id: Option<String>,
}

impl Example for Problem {
    fn example() -> Self {
        let request_id = example::id(2).simple().to_string();
        Self::new(&Error::NotFound("session"), Some(request_id))
    }
}

impl Problem {
    fn new(error: &Error, request_id: Option<String>) -> Self {
        Self {
            kind: "about:blank".into(),
            title: error.status().canonical_reason().unwrap_or_default().into(),
            status: error.status().as_u16(),
            code: error.kind(),
            detail: error.to_string(),
            request_id,
        }
    }

    fn response(error: &Error, request_id: Option<String>) -> Response {
        let mut response = Response::builder()
            .status(error.status())
            .content_type(PROBLEM_JSON);
        if let Error::Throttled(wait) | Error::OverQuota(_, wait) = error {
            response = response.header("retry-after", wait.as_secs().max(1));
        }
        if matches!(error, Error::Unauthenticated) {
            response = response.header("www-authenticate", "Bearer");
        }
        response.body(Self::new(error, request_id).to_json_string())
    }
}

impl ResponseError for Error {
    fn status(&self) -> StatusCode {
        self.status()
    }

    fn as_response(&self) -> Response {
        Problem::response(self, None)
    }
}

/// The documented failures: every operation can answer with each of these.
impl ApiResponse for Error {
    fn meta() -> MetaResponses {
        let statuses = [
            (401, "unauthenticated"),
            (402, "out_of_credit"),
            (403, "forbidden"),
            (404, "not_found: not there, or not yours to see"),
            (409, "taken or conflict"),
            (412, "stale"),
            (413, "too_large"),
            (415, "unsupported"),
            (422, "invalid"),
            (429, "throttled: see Retry-After"),
            (500, "internal"),
            (502, "upstream"),
            (503, "unavailable"),
        ];
        let responses = statuses.map(|(status, description)| MetaResponse {
            description,
            status: Some(status),
            status_range: None,
            content: vec![MetaMediaType {
                content_type: PROBLEM_JSON,
                schema: Problem::schema_ref(),
            }],
            headers: retry_after(status),
        });
        MetaResponses {
            responses: responses.into(),
        }
    }

    fn register(registry: &mut Registry) {
        Problem::register(registry);
    }
}

fn retry_after(status: u16) -> Vec<MetaHeader> {
    if status != 429 {
        return Vec::new();
    }
    vec![MetaHeader {
        name: "Retry-After".into(),
        description: Some("Seconds to wait.".into()),
        required: true,
        deprecated: false,
        schema: MetaSchemaRef::Inline(Box::new(poem_openapi::registry::MetaSchema::new("integer"))),
    }]
}

/// How failures look on the paths of a foreign contract; `None` elsewhere.
pub type ForeignFace = Arc<dyn Fn(&str, &Error) -> Option<Response> + Send + Sync>;

/// Gives each request an id, a log line and a count, and each failure the face of a problem or of
/// the contract to which its path belongs.
pub struct Envelope {
    /// The faces of other contracts.
    pub foreign: ForeignFace,
}

impl<E: Endpoint> Middleware<E> for Envelope {
    type Output = EnvelopeEndpoint<E>;

    fn transform(&self, inner: E) -> Self::Output {
        EnvelopeEndpoint {
            inner,
            foreign: self.foreign.clone(),
        }
    }
}

/// See [`Envelope`].
pub struct EnvelopeEndpoint<E> {
    inner: E,
    foreign: ForeignFace,
}

impl<E: Endpoint> Endpoint for EnvelopeEndpoint<E> {
    type Output = Response;

    // no `async fn`: its future would hold the request once more than the inner one does
    fn call(&self, request: Request) -> impl Future<Output = poem::Result<Response>> + Send {
        let (id, uri) = (request_id(&request), request.uri().clone());
        let span = tracing::info_span!(
            "request",
            id = text(&id),
            method = %request.method(),
            // never the query: it may carry a token
            path = request.uri().path()
        );
        let inner = span.in_scope(|| self.inner.call(request));
        let inner = inner.instrument(span.clone());
        async move {
            let mut response = match inner.await {
                Ok(response) => response.into_response(),
                Err(error) => span.in_scope(|| {
                    let foreign = |error: &Error| (self.foreign)(uri.path(), error);
                    face(error, text(&id), foreign)
                }),
            };
            span.in_scope(|| tracing::info!(status = response.status().as_u16(), "answered"));
            response.headers_mut().insert(&REQUEST_ID, id);
            Ok(response)
        }
    }
}

/// The caller's id when it is short and plain, else a new one.
fn request_id(request: &Request) -> HeaderValue {
    let plain = |id: &&HeaderValue| {
        let mut bytes = id.as_bytes().iter();
        (8..=64).contains(&id.len()) && bytes.all(|&b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let given = request.headers().get(&REQUEST_ID).filter(plain);
    given.cloned().unwrap_or_else(new_id)
}

/// Not `Uuid::new_v4`, which asks the system for random bytes each time.
fn new_id() -> HeaderValue {
    let id = uuid::Builder::from_random_bytes(rand::random()).into_uuid();
    let mut text = [0; Simple::LENGTH];
    let text = id.simple().encode_lower(&mut text);
    HeaderValue::from_str(text).expect("hexadecimal digits are fit for a header")
}

fn text(id: &HeaderValue) -> &str {
    id.to_str().unwrap_or_default()
}

fn face(
    error: poem::Error,
    id: &str,
    foreign: impl FnOnce(&Error) -> Option<Response>,
) -> Response {
    let error = match error.downcast::<Error>() {
        Ok(error) => error,
        // an endpoint that has a face of its own
        Err(error) if error.is_from_response() => return error.into_response(),
        Err(error) => of_poem(&error),
    };
    if error.status().is_server_error() {
        let cause = std::error::Error::source(&error).map(|cause| format!("{cause:?}"));
        tracing::error!(code = error.code(), cause, "a request failed");
    }
    foreign(&error).unwrap_or_else(|| Problem::response(&error, Some(id.to_owned())))
}

/// What poem says about a request that never reached a handler, in our words.
fn of_poem(error: &poem::Error) -> Error {
    match error.status() {
        StatusCode::UNAUTHORIZED => Error::Unauthenticated,
        StatusCode::FORBIDDEN => Error::Forbidden("This is not allowed.".into()),
        StatusCode::NOT_FOUND => Error::NotFound("address"),
        StatusCode::PAYLOAD_TOO_LARGE => Error::TooLarge("The body is too large.".into()),
        StatusCode::METHOD_NOT_ALLOWED | StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            Error::Unsupported(format!("{error}."))
        }
        status if status.is_client_error() => {
            Error::Invalid(format!("The request cannot be read: {error}."))
        }
        _ => Error::Internal(anyhow::anyhow!("{error:?}")),
    }
}
