//! The short way to the native API. It is what most requests want, and each step of a general
//! router on the way there would copy the request once more.

use std::sync::Arc;

use poem::{
    Endpoint, EndpointExt, IntoEndpoint, Request, Response,
    endpoint::{BoxEndpoint, DynEndpoint},
    http::{Uri, uri::PathAndQuery},
};

use super::callers::{Preflight, is_preflight};
use crate::{compat::Dialects, identity::Gatekeeper};

/// Where the native API is.
pub const PREFIX: &str = "/api/v1";
/// Its document is a page like others.
pub const DOCUMENT: &str = "/api/v1/openapi.json";

/// The native API, and everything else.
pub struct Native {
    api: BoxEndpoint<'static>,
    rest: BoxEndpoint<'static>,
    preflight: BoxEndpoint<'static>,
    dialects: Dialects,
}

impl Native {
    /// Hands what is below [`PREFIX`] to `api`, and the rest to `rest`.
    pub fn new(
        api: impl IntoEndpoint<Endpoint = BoxEndpoint<'static>>,
        rest: BoxEndpoint<'static, Response>,
        gatekeeper: Arc<Gatekeeper>,
        dialects: Dialects,
    ) -> Self {
        Self {
            api: api.into_endpoint(),
            rest,
            preflight: Preflight(gatekeeper).boxed(),
            dialects,
        }
    }
}

impl Endpoint for Native {
    type Output = Response;

    fn call(&self, mut request: Request) -> impl Future<Output = poem::Result<Response>> + Send {
        let endpoint = match below(request.uri()) {
            Some(_) if is_preflight(&request) => &self.preflight,
            Some(uri) => {
                *request.uri_mut() = uri;
                &self.api
            }
            None if is_preflight(&request) && self.dialects.serve(request.uri().path()) => {
                &self.preflight
            }
            None => &self.rest,
        };
        DynEndpoint::call(endpoint.as_ref(), request)
    }
}

/// The address without the prefix, if it is one of the API.
fn below(uri: &Uri) -> Option<Uri> {
    if uri.path() == DOCUMENT {
        return None;
    }
    let rest = uri.path_and_query()?.as_str().strip_prefix(PREFIX)?;
    let rest = rest
        .starts_with('/')
        .then(|| PathAndQuery::try_from(rest))?;
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(rest.ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_below_the_prefix_goes_to_the_api() {
        for (address, inside) in [
            ("/api/v1/me", Some("/me")),
            ("/api/v1/a/b?c=d%20e", Some("/a/b?c=d%20e")),
            ("http://host:1/api/v1/me", Some("http://host:1/me")),
            ("/api/v1/", Some("/")),
            ("/api/v1", None),
            ("/api/v12/me", None),
            ("/api/v1?x", None),
            ("/api/v1/openapi.json", None),
            ("/api/v1/openapi.json?x", None),
            ("/", None),
            ("*", None),
        ] {
            let uri: Uri = address.parse().unwrap();
            let found = below(&uri).map(|uri| uri.to_string());
            assert_eq!(found.as_deref(), inside, "{address}");
        }
    }
}
