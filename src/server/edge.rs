//! What stands before every route: limits of address, number and size; counts; plain headers.

use std::{
    io::ErrorKind,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::Result;
use bytes::Bytes;
use futures_util::{Stream, StreamExt, future, stream};
use poem::{
    Body, Endpoint, IntoResponse, Middleware, Request, Response,
    http::{
        HeaderValue, Method, StatusCode,
        header::{CONTENT_LENGTH, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS},
    },
};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio_util::sync::CancellationToken;

use super::frames;
use crate::{
    app::App,
    compat::Dialects,
    error::Error,
    http::address::TrustedProxies,
    identity::door::Door,
    quota::{Quota, Share},
    telemetry::Metrics,
};

/// Bytes of a body that is no upload at most.
const BODY_BYTES_MAX: u64 = 1 << 20;
/// Bytes that a multipart body may have around its file.
const MULTIPART_BYTES_SPARE: u64 = 64 << 10;
/// How the paths end that take files.
const UPLOADS: [&str; 4] = [
    "/documents",
    "/documents/batch",
    "/versions",
    "/knowledge_base/upload_docs",
];
/// A body that comes more slowly is given up, after some seconds for its way.
const BODY_BYTES_PER_SECOND_MIN: u64 = 1_000;
const BODY_SECONDS_SPARE: u64 = 75;

/// The middleware.
#[derive(Clone)]
pub struct Edge(Arc<Limits>);

struct Limits {
    proxies: TrustedProxies,
    quota: Arc<Quota>,
    slots: Semaphore,
    upload_bytes_max: u64,
    metrics: Metrics,
    dialects: Dialects,
}

impl Edge {
    /// Reads the limits.
    pub fn new(app: &App, quota: Arc<Quota>) -> Result<Self> {
        let config = &app.config;
        Ok(Self(Arc::new(Limits {
            proxies: TrustedProxies::parse(&config.list("server", "trusted_proxies"))?,
            quota,
            slots: Semaphore::new(config.number("server", "requests_max", 1..=1_000_000)? as usize),
            upload_bytes_max: config.number("knowledge", "upload_bytes_max", 1..=1 << 40)?,
            metrics: app.metrics.clone(),
            dialects: Dialects::new(config)?,
        })))
    }
}

impl<E: Endpoint> Middleware<E> for Edge {
    type Output = EdgeEndpoint<E>;

    fn transform(&self, inner: E) -> Self::Output {
        EdgeEndpoint {
            inner,
            limits: self.0.clone(),
        }
    }
}

/// See [`Edge`].
pub struct EdgeEndpoint<E> {
    inner: E,
    limits: Arc<Limits>,
}

impl<E: Endpoint> Endpoint for EdgeEndpoint<E> {
    type Output = Response;

    // no `async fn`: its future would hold the request once more than the inner one does
    fn call(&self, mut request: Request) -> impl Future<Output = poem::Result<Response>> + Send {
        let (started, method) = (Instant::now(), request.method().clone());
        let entry = match self.limits.check_address(&request) {
            Some(Err(error)) => Entry::Refused(error),
            Some(Ok(())) => match self.limits.admit(&mut request) {
                Ok(admission) => Entry::In(admission, self.inner.call(request)),
                Err(error) => Entry::Refused(error),
            },
            None => Entry::Waits(Box::new(request)),
        };
        async move {
            let answered = match entry {
                Entry::In(admission, inner) => admission.answer(inner.await),
                Entry::Refused(error) => Err(error.into()),
                Entry::Waits(request) => Box::pin(self.later(request)).await,
            };
            let status = match &answered {
                Ok(response) => response.status(),
                Err(error) => error.status(),
            };
            self.limits.count(&method, status, started);
            answered
        }
    }
}

enum Entry<'a, Inner> {
    In(Admission<'a>, Inner),
    Refused(Error),
    /// The other processes have to be asked how much its address has left.
    Waits(Box<Request>),
}

impl<E: Endpoint> EdgeEndpoint<E> {
    async fn later(&self, mut request: Box<Request>) -> poem::Result<Response> {
        self.limits.wait_for_address(&request).await?;
        let admission = self.limits.admit(&mut request)?;
        admission.answer(self.inner.call(*request).await)
    }
}

/// A request that may go on, as long as it is at work.
struct Admission<'a> {
    limits: &'a Limits,
    _slot: SemaphorePermit<'a>,
    /// Set once the body turns out to be longer than it may.
    too_large: Option<Arc<AtomicBool>>,
}

impl Admission<'_> {
    fn answer(self, answered: poem::Result<impl IntoResponse>) -> poem::Result<Response> {
        let too_large = self.too_large.as_ref();
        if too_large.is_some_and(|too_large| too_large.load(Ordering::Relaxed)) {
            return Err(self.limits.too_large().into());
        }
        let mut response = answered?.into_response();
        let headers = response.headers_mut();
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers
            .entry(REFERRER_POLICY)
            .or_insert(HeaderValue::from_static("no-referrer"));
        Ok(response)
    }
}

impl Limits {
    fn admit(&self, request: &mut Request) -> Result<Admission<'_>, Error> {
        let Ok(slot) = self.slots.try_acquire() else {
            return Err(Error::Unavailable(anyhow::anyhow!(
                "too many requests at once"
            )));
        };
        Ok(Admission {
            limits: self,
            _slot: slot,
            too_large: self.bound_body(request)?,
        })
    }

    fn count(&self, method: &Method, status: StatusCode, started: Instant) {
        let class = match status.as_u16() / 100 {
            1 => "1xx",
            2 => "2xx",
            3 => "3xx",
            4 => "4xx",
            _ => "5xx",
        };
        let labels = [method.as_str(), class];
        self.metrics.requests.with_label_values(&labels).inc();
        let seconds = started.elapsed().as_secs_f64();
        self.metrics.request_seconds.observe(seconds);
    }

    /// What the limit of the request's address says; `None` when that has to be asked for.
    fn check_address(&self, request: &Request) -> Option<Result<(), Error>> {
        let Some(share) = self.share(request) else {
            return Some(Ok(()));
        };
        let taken = self.quota.take_now(&share)?;
        Some(taken.inspect_err(|_| note(request, share)))
    }

    async fn wait_for_address(&self, request: &Request) -> Result<(), Error> {
        let Some(share) = self.share(request) else {
            return Ok(());
        };
        let taken = self.quota.take(&share).await;
        taken.inspect_err(|_| note(request, share))
    }

    fn share(&self, request: &Request) -> Option<Arc<Share>> {
        let (path, query) = (request.uri().path(), request.uri().query());
        let counts = path.starts_with("/api/")
            || path.starts_with("/admin/v1/")
            || path == "/demo"
            // a page costs nothing, at the root as elsewhere
            || (self.dialects.serve(path) && (path != "/" || request.method() != Method::GET))
            // a page whose address names a client is looked up, wherever it stands
            || query.and_then(frames::client).is_some();
        counts
            .then(|| self.quota.address(self.proxies.caller(request)))
            .flatten()
    }

    /// Bounds the body, also one that does not say how long it is, in length and in time. What is
    /// returned tells whether it was longer.
    fn bound_body(&self, request: &mut Request) -> Result<Option<Arc<AtomicBool>>, Error> {
        let announced = request.headers().get(CONTENT_LENGTH);
        let announced = announced.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        if announced.is_none() && request.method() == Method::GET {
            return Ok(None);
        }
        let bytes_max = self.body_bytes_max(request);
        if announced.is_some_and(|announced| announced > bytes_max) {
            return Err(self.too_large());
        }
        let too_large = Arc::new(AtomicBool::new(false));
        let flag = announced.is_none().then(|| too_large.clone());
        let mut received = 0;
        let bytes = request.take_body().into_bytes_stream().map(move |piece| {
            let piece: Bytes = piece?;
            received += piece.len() as u64;
            if let Some(flag) = &flag
                && received > bytes_max
            {
                flag.store(true, Ordering::Relaxed);
                return Err(std::io::Error::other("the body is too large"));
            }
            Ok(piece)
        });
        let bytes = in_time(bytes, announced.unwrap_or(bytes_max));
        request.set_body(Body::from_bytes_stream(bytes));
        Ok(Some(too_large))
    }

    fn body_bytes_max(&self, request: &Request) -> u64 {
        let multipart = request
            .content_type()
            .is_some_and(|kind| kind.starts_with("multipart/"));
        let path = request.uri().path();
        if multipart && UPLOADS.iter().any(|upload| path.ends_with(upload)) {
            self.upload_bytes_max + MULTIPART_BYTES_SPARE
        } else {
            BODY_BYTES_MAX
        }
    }

    fn too_large(&self) -> Error {
        Error::TooLarge(format!(
            "A document may have at most {} bytes, any other body {BODY_BYTES_MAX}.",
            self.upload_bytes_max
        ))
    }
}

/// For the head of the answer.
fn note(request: &Request, share: Arc<Share>) {
    if let Some(door) = request.data::<Door>() {
        door.noted.refused.get_or_init(|| share);
    }
}

/// A body that has to come at [`BODY_BYTES_PER_SECOND_MIN`] at least: whoever drips one would keep a
/// place among the requests at work.
fn in_time(
    bytes: impl Stream<Item = std::io::Result<Bytes>> + Send + 'static,
    bytes_max: u64,
) -> impl Stream<Item = std::io::Result<Bytes>> + Send + 'static {
    let seconds = BODY_SECONDS_SPARE + bytes_max / BODY_BYTES_PER_SECOND_MIN;
    let end = tokio::time::Instant::now() + Duration::from_secs(seconds);
    stream::unfold(Some(Box::pin(bytes)), move |bytes| async move {
        let mut bytes = bytes?;
        match tokio::time::timeout_at(end, bytes.next()).await {
            Ok(piece) => Some((piece?, Some(bytes))),
            Err(_) => {
                let late = std::io::Error::new(ErrorKind::TimedOut, "the body comes too slowly");
                Some((Err(late), None))
            }
        }
    })
}

/// `GET /readyz`: whether requests should come here.
pub struct Ready {
    /// Handles to the world.
    pub app: App,
    /// Fires when the server is going away.
    pub draining: CancellationToken,
}

impl Endpoint for Ready {
    type Output = Response;

    async fn call(&self, _: Request) -> poem::Result<Response> {
        if self.draining.is_cancelled() {
            return Err(Error::Unavailable(anyhow::anyhow!("the server is shutting down")).into());
        }
        let ping = tokio::time::timeout(Duration::from_secs(2), self.app.db.ping());
        match ping.await {
            Ok(Ok(())) => Ok("ready".into_response()),
            Ok(Err(error)) => Err(error.into()),
            Err(_) => {
                Err(Error::Unavailable(anyhow::anyhow!("the database does not answer")).into())
            }
        }
    }
}

/// `GET /metrics`, on a listener of its own.
pub struct MetricsPage(pub Metrics);

impl Endpoint for MetricsPage {
    type Output = Response;

    fn call(&self, _: Request) -> impl Future<Output = poem::Result<Response>> + Send {
        let text = self.0.text().map_err(Error::Internal);
        future::ready(text.map(IntoResponse::into_response).map_err(Into::into))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of these pieces come through, and whether all did, when one comes every so often.
    async fn through(pieces: usize, seconds: u64, bytes_max: u64) -> (usize, bool) {
        let dripping = stream::iter(0..pieces).then(move |_| async move {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            Ok(Bytes::from_static(b"a"))
        });
        let came: Vec<_> = in_time(dripping, bytes_max).collect().await;
        let well = came.iter().filter(|piece| piece.is_ok()).count();
        (well, came.len() == well)
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_drips_is_given_up_and_a_slow_one_is_not() {
        assert_eq!(through(10, 7, 10).await, (10, true));
        assert_eq!(through(100, 10, 100).await, (7, false));
        assert_eq!(through(100, 10, 1_000_000).await, (100, true));
        assert_eq!(through(0, 0, 0).await, (0, true));
    }
}
