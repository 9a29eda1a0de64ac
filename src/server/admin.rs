//! `/admin`: the operations of the console, and the console itself.

use std::sync::Arc;

use anyhow::Result;
use poem::{
    Endpoint, EndpointExt, IntoResponse, Route,
    endpoint::{StaticFilesEndpoint, make_sync},
    get,
    middleware::{Compression, SetHeader},
};

use super::{
    document::{admin_document, describe_admin},
    pages,
};
use crate::{
    admin::{Console, api},
    app::App,
    billing::stripe::Stripe,
    config::Config,
    identity::Gatekeeper,
    knowledge::api::Library,
};

/// Nothing but our own; `unsafe-inline` for styles, which Ant Design writes at run time.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    connect-src 'self'; img-src 'self' data:; font-src 'self'; manifest-src 'self'; \
    frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

const ABSENT: &str = "<!doctype html><meta charset=utf-8><title>Concierge</title>\
    <p>The console is not built: <code>make pages</code> builds it. \
    Its operations are at <a href=\"/admin/v1/openapi.json\">/admin/v1</a>.\
    <p lang=zh>控制台尚未构建：请运行 <code>make pages</code>。";

/// Everything below `/admin`.
pub fn routes(
    app: &App,
    gatekeeper: &Arc<Gatekeeper>,
    library: Arc<Library>,
    stripe: Option<Arc<Stripe>>,
) -> Result<impl Endpoint + use<>> {
    let console = Arc::new(Console::new(app.clone(), gatekeeper.clone())?);
    let operations = describe_admin(api::apis(&console, library, stripe)).data(console);
    let operations = operations.with(SetHeader::new().overriding("cache-control", "no-store"));
    Ok(Route::new()
        .at("/v1/openapi.json", pages::json(admin_document()))
        .nest("/v1", operations)
        .nest("/", self::pages(&app.config)))
}

/// The names of the assets carry their hash, so they never change.
fn pages(config: &Config) -> impl Endpoint + use<> {
    let folder = config
        .path("server", "admin_dir")
        .unwrap_or_else(|| config.folder().join("admin/dist"));
    let kept = |cache: &'static str| {
        SetHeader::new()
            .overriding("content-security-policy", POLICY)
            .overriding("cache-control", cache)
            .overriding("vary", "accept-encoding")
    };
    let page = if folder.join("index.html").is_file() {
        let files = StaticFilesEndpoint::new(folder.clone());
        get(files.index_file("index.html").fallback_to_index()).boxed()
    } else {
        tracing::warn!(folder = %folder.display(), "the console is not built: `make pages` builds it");
        get(make_sync(|_| {
            ABSENT.with_content_type("text/html; charset=utf-8")
        }))
        .boxed()
    };
    let assets = StaticFilesEndpoint::new(folder.join("assets"));
    Route::new()
        .nest(
            "/assets",
            get(assets).with(kept("public, max-age=31536000, immutable")),
        )
        .nest("/", page.with(kept("no-cache")))
        .with(Compression::new())
}
