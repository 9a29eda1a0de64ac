//! Pages: the landing page, the API's documentation, the chat page.

use std::sync::Arc;

use anyhow::Result;
use poem::{
    Body, Endpoint, EndpointExt, IntoResponse, Request, Response, Route,
    endpoint::{StaticFilesEndpoint, make_sync},
    get,
    http::StatusCode,
    middleware::{Compression, SetHeader},
    web::Redirect,
};
use utoipa_swagger_ui::Url;

use super::frames::{self, Framed};
use crate::{config::Config, error::Error, identity::Gatekeeper};

/// Scripts and styles of our own only. Who may frame the page is added (`frames.rs`).
const H5_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; manifest-src 'self'; \
    base-uri 'none'; form-action 'none'";

/// The page of the API's documentation writes its own styles.
const DOCS_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const LANDING_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

const LANDING: &str = include_str!("landing.html");

/// `/`: the links.
pub fn landing(config: &Config) -> Result<impl Endpoint + use<>> {
    let demo = config.secret("demo", "code")?.is_some();
    let page = LANDING.replace("{demo}", if demo { "block" } else { "none" });
    Ok(
        make_sync(move |_| page.clone().with_content_type("text/html; charset=utf-8"))
            .with(SetHeader::new().overriding("content-security-policy", LANDING_POLICY)),
    )
}

/// A document that is there from the start.
pub fn json(text: String) -> impl Endpoint {
    let text: Arc<str> = text.into();
    make_sync(move |_| text.to_string().with_content_type("application/json"))
        .with(Compression::new())
}

/// From here to there.
pub fn redirect(to: &'static str) -> impl Endpoint {
    make_sync(move |_| Redirect::permanent(to))
}

/// `/h5/`: the chat page. The names of its assets carry their hash, so they never change; everything
/// else is asked for anew.
pub fn h5(config: &Config, gatekeeper: &Arc<Gatekeeper>) -> Result<impl Endpoint + use<>> {
    let folder = config
        .path("server", "h5_dir")
        .unwrap_or_else(|| config.folder().join("h5/dist"));
    if !folder.join("index.html").is_file() {
        let folder = folder.display();
        tracing::warn!(%folder, "the chat page is not built: `make pages` builds it");
    }
    let kept = |cache: &'static str| {
        SetHeader::new()
            .overriding("cache-control", cache)
            .overriding("vary", "accept-encoding")
    };
    let assets = StaticFilesEndpoint::new(folder.join("assets"));
    let files = StaticFilesEndpoint::new(folder).index_file("index.html");
    let files = Framed {
        page: get(files).with(kept("no-cache")),
        gatekeeper: gatekeeper.clone(),
        without_list: frames::without_list(config)?,
        policy: H5_POLICY,
    };
    Ok(Route::new()
        .nest(
            "/assets",
            get(assets).with(kept("public, max-age=31536000, immutable")),
        )
        .nest("/", files)
        .with(Compression::new()))
}

/// `/docs/…`: Swagger UI, out of the binary, for these documents: what each is called, where it is.
pub fn swagger(documents: &[(&'static str, &'static str)]) -> Result<impl Endpoint + use<>> {
    let urls = documents.iter().map(|(name, at)| Url::new(name, at));
    let config = Arc::new(utoipa_swagger_ui::Config::new(urls));
    let pages = make_sync(move |request: Request| swagger_file(&request, config.clone()));
    Ok(pages
        .with(SetHeader::new().overriding("content-security-policy", DOCS_POLICY))
        .with(Compression::new()))
}

fn swagger_file(
    request: &Request,
    config: Arc<utoipa_swagger_ui::Config<'static>>,
) -> poem::Result<Response> {
    let path = request.raw_path_param("path").unwrap_or_default();
    match utoipa_swagger_ui::serve(path, config) {
        Ok(Some(file)) => Ok(Response::builder()
            .content_type(&file.content_type)
            .body(Body::from(file.bytes.into_owned()))),
        Ok(None) => Err(Error::NotFound("page").into()),
        Err(error) => Err(poem::Error::from_string(
            error.to_string(),
            StatusCode::INTERNAL_SERVER_ERROR,
        )),
    }
}
