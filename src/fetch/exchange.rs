//! One question and its answer.

use futures_util::future::{Either, select};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::Empty;
use hyper::{
    body::{Bytes, Incoming},
    client::conn::http1,
};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use super::{Policy, body, target::Target};
use crate::error::{Error, Result};

/// Bytes of the head of an answer.
const HEAD_BYTES_MAX: usize = 64 << 10;
/// Headers of an answer.
const HEADERS_MAX: usize = 100;
/// Bytes of a media type that are kept.
const MEDIA_TYPE_BYTES_MAX: usize = 200;
/// Who asks.
const USER_AGENT: &str = concat!("Concierge/", env!("CARGO_PKG_VERSION"));

/// What a server says.
pub enum Answer {
    /// It is somewhere else.
    Moved(String),
    /// It is not there.
    Failed(StatusCode),
    /// Here it is.
    Found {
        /// With these headers.
        headers: HeaderMap,
        /// The document.
        bytes: Vec<u8>,
    },
}

/// Asks for a document on a fresh connection.
pub async fn ask<S>(stream: S, target: &Target, policy: &Policy) -> Result<Answer>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = http1::Builder::new()
        .max_buf_size(HEAD_BYTES_MAX)
        .max_headers(HEADERS_MAX)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(upstream)?;
    let exchange = std::pin::pin!(converse(sender, target, policy));
    // the connection does its work while it is polled; it may end before its last bytes are read
    match select(exchange, std::pin::pin!(connection)).await {
        Either::Left((answer, _)) => answer,
        Either::Right((_, exchange)) => exchange.await,
    }
}

async fn converse(
    mut sender: http1::SendRequest<Empty<Bytes>>,
    target: &Target,
    policy: &Policy,
) -> Result<Answer> {
    let request = request(target, policy)?;
    let response = sender.send_request(request).await.map_err(upstream)?;
    let (head, content) = response.into_parts();
    if let Some(place) = moved(head.status, &head.headers)? {
        return Ok(Answer::Moved(place));
    }
    if !matches!(
        head.status,
        StatusCode::OK | StatusCode::NON_AUTHORITATIVE_INFORMATION
    ) {
        return Ok(Answer::Failed(head.status));
    }
    check_type(&head.headers, policy)?;
    let bytes = read(&head.headers, content, policy).await?;
    Ok(Answer::Found {
        headers: head.headers,
        bytes,
    })
}

fn request(target: &Target, policy: &Policy) -> Result<Request<Empty<Bytes>>> {
    let mut request = Request::builder();
    if let Some(headers) = request.headers_mut() {
        headers.extend(policy.headers.clone());
    }
    request
        .method(Method::GET)
        .uri(target.path_and_query())
        .header(header::HOST, target.authority())
        .header(header::USER_AGENT, USER_AGENT)
        .header(header::ACCEPT, policy.media_types.join(", "))
        .header(header::ACCEPT_ENCODING, "gzip")
        .header(header::CONNECTION, "close")
        .body(Empty::new())
        .map_err(|_| Error::invalid("The address contains characters that cannot be sent."))
}

fn moved(status: StatusCode, headers: &HeaderMap) -> Result<Option<String>> {
    if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let place = headers.get(header::LOCATION).map(HeaderValue::as_bytes);
    match place.map(std::str::from_utf8) {
        Some(Ok(place)) => Ok(Some(place.to_owned())),
        _ => Err(Error::Upstream(anyhow::anyhow!(
            "the server redirects without saying where"
        ))),
    }
}

fn check_type(headers: &HeaderMap, policy: &Policy) -> Result<()> {
    let media_type = media_type(headers);
    let essence = media_type.split(';').next().unwrap_or("").trim();
    let known = |known: &String| known.eq_ignore_ascii_case(essence);
    if policy.media_types.iter().any(known) {
        return Ok(());
    }
    let shown: String = essence
        .chars()
        .filter(|c| !c.is_control())
        .take(80)
        .collect();
    Err(Error::Unsupported(format!(
        "The address delivers {shown}. What is taken: {}.",
        policy.media_types.join(", ")
    )))
}

/// The media type of an answer, with its parameters.
pub fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE);
    value
        .and_then(|value| value.to_str().ok())
        .filter(|value| !value.trim().is_empty() && value.len() <= MEDIA_TYPE_BYTES_MAX)
        .unwrap_or("application/octet-stream")
        .trim()
        .to_owned()
}

async fn read(headers: &HeaderMap, content: Incoming, policy: &Policy) -> Result<Vec<u8>> {
    let encodings: Vec<&[u8]> = headers
        .get_all(header::CONTENT_ENCODING)
        .iter()
        .map(HeaderValue::as_bytes)
        .filter(|encoding| !encoding.eq_ignore_ascii_case(b"identity") && !encoding.is_empty())
        .collect();
    match encodings.as_slice() {
        [] => body::read(content, policy.bytes_max).await,
        [one] if one.eq_ignore_ascii_case(b"gzip") || one.eq_ignore_ascii_case(b"x-gzip") => {
            body::read_gzip(content, policy.bytes_max).await
        }
        _ => Err(Error::Unsupported(
            "The address delivers its document packed in a way that was not asked for.".to_owned(),
        )),
    }
}

fn upstream(error: hyper::Error) -> Error {
    Error::Upstream(anyhow::Error::new(error).context("ask the server of a document"))
}
