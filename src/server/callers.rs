//! What the head of an answer says about its caller: how much is left to ask, and which page of
//! another site may read it.

use std::sync::Arc;

use poem::{
    Endpoint, IntoResponse, Middleware, Request, Response,
    http::{
        HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
        header::{
            ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
            ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
            ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
        },
    },
};

use prometheus::IntCounterVec;

use super::native::PREFIX;
use crate::{
    compat::Dialects,
    error::Error,
    identity::{
        Gatekeeper,
        door::{Door, Noted},
    },
    quota::{Quota, Share},
};

/// draft-ietf-httpapi-ratelimit-headers: the policies by name, and what is left of them.
static RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
static RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE");
const HEADERS: HeaderValue = HeaderValue::from_static(
    "accept, api-token, api_token, authorization, content-type, if-match, if-none-match, \
     last-event-id, x-request-id",
);
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "content-disposition, etag, location, ratelimit, ratelimit-policy, retry-after, x-request-id",
);
/// Seconds for which a browser need not ask again whether it may ask.
const PREFLIGHT_SECONDS: HeaderValue = HeaderValue::from_static("600");

/// The middleware, around everything else.
pub struct Callers {
    /// Knows the origins of clients.
    pub gatekeeper: Arc<Gatekeeper>,
    /// Counts.
    pub quota: Arc<Quota>,
    /// Counts those that are refused.
    pub throttled: IntCounterVec,
    /// Their paths are part of the API.
    pub dialects: Dialects,
}

impl<E: Endpoint> Middleware<E> for Callers {
    type Output = CallersEndpoint<E>;

    fn transform(&self, inner: E) -> Self::Output {
        CallersEndpoint {
            inner,
            gatekeeper: self.gatekeeper.clone(),
            quota: self.quota.clone(),
            throttled: self.throttled.clone(),
            dialects: self.dialects,
        }
    }
}

/// See [`Callers`].
pub struct CallersEndpoint<E> {
    inner: E,
    gatekeeper: Arc<Gatekeeper>,
    quota: Arc<Quota>,
    throttled: IntCounterVec,
    dialects: Dialects,
}

impl<E: Endpoint> Endpoint for CallersEndpoint<E> {
    type Output = Response;

    // no `async fn`: its future would hold the request once more than the inner one does
    fn call(&self, mut request: Request) -> impl Future<Output = poem::Result<Response>> + Send {
        let path = request.uri().path();
        let api = path.starts_with(PREFIX) || self.dialects.serve(path);
        let origin = request.headers().get(ORIGIN).filter(|_| api).cloned();
        let preflight = origin.is_some() && is_preflight(&request);
        // a page may be counted too, though by its address only
        let noted = Arc::<Noted>::default();
        request.set_data(Door {
            gatekeeper: self.gatekeeper.clone(),
            quota: self.quota.clone(),
            noted: noted.clone(),
        });
        let inner = self.inner.call(request);
        async move {
            let mut response = inner.await?.into_response();
            let headers = response.headers_mut();
            self.tell_limit(&noted, headers);
            if let Some(origin) = origin {
                Box::pin(self.tell_origin(&noted, &origin, preflight, headers)).await;
            }
            Ok(response)
        }
    }
}

impl<E> CallersEndpoint<E> {
    fn tell_limit(&self, noted: &Noted, headers: &mut HeaderMap) {
        let own = || {
            let shares = &noted.proof.get()?.shares;
            // how much the client has left is not the users' business until it concerns them
            shares.user.as_ref().or(shares.client.as_ref())
        };
        if let Some(share) = noted.refused.get().or_else(own) {
            let refused = noted.refused.get().is_some();
            if refused {
                let limit = share.key.policy();
                self.throttled.with_label_values(&[limit]).inc();
            }
            tell(share, refused, self.quota.now_ms(), headers);
        }
    }

    /// A caller who is known is answered by the list of the client. Of others nothing is told but
    /// that they are not known, and that to the pages of any client.
    async fn tell_origin(
        &self,
        noted: &Noted,
        origin: &HeaderValue,
        preflight: bool,
        headers: &mut HeaderMap,
    ) {
        headers.append(VARY, HeaderValue::from_static("origin"));
        let text = origin.to_str().unwrap_or_default();
        let listed = match noted.proof.get() {
            Some(proof) => proof.origins.lists(text),
            None => self.gatekeeper.is_listed(text).await.unwrap_or(false),
        };
        if !listed {
            return;
        }
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        if preflight {
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
            headers.insert(ACCESS_CONTROL_MAX_AGE, PREFLIGHT_SECONDS);
        } else {
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        }
    }
}

fn tell(share: &Share, refused: bool, now_ms: i64, headers: &mut HeaderMap) {
    let (remaining, seconds) = share.remaining(now_ms);
    let remaining = if refused { 0 } else { remaining };
    let name = share.key.policy();
    headers.insert(&RATE_LIMIT_POLICY, share.policy.clone());
    let left = format!("\"{name}\";r={remaining};t={seconds}");
    if let Ok(left) = HeaderValue::try_from(left) {
        headers.insert(&RATE_LIMIT, left);
    }
}

/// Whether a browser asks if a page may ask.
pub fn is_preflight(request: &Request) -> bool {
    request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// The answer to that, whose head is written above. It cannot carry a token, so the pages of every
/// client get one answer; whose list counts is seen when the request itself comes.
pub struct Preflight(pub Arc<Gatekeeper>);

impl Endpoint for Preflight {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let origin = request.header("origin").unwrap_or_default();
        if self.0.is_listed(origin).await? {
            return Ok(StatusCode::NO_CONTENT.into_response());
        }
        Err(Error::Forbidden("No client lists the origin of this page.".into()).into())
    }
}
