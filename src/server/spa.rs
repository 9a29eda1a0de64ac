//! A page that was built elsewhere, at the root: its files, and its index for the addresses that only
//! the page itself knows. What an API answers is never answered by the page.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Result;
use percent_encoding::percent_decode_str;
use poem::{
    Endpoint, EndpointExt, FromRequest, IntoResponse, Request, Response,
    endpoint::{BoxEndpoint, DynEndpoint},
    http::{
        HeaderValue, Method,
        header::{ACCEPT, CACHE_CONTROL, VARY},
    },
    middleware::Compression,
    web::StaticFileRequest,
};

use super::frames::{self, Framed};
use crate::{
    config::{Config, wrong},
    error::Error,
    identity::Gatekeeper,
};

/// Scripts of its own only: such pages put questions into their HTML as they were typed.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; media-src 'self'; \
    manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; object-src 'none'";

const INDEX: &str = "index.html";

/// Where the server's own addresses begin.
const OURS: [&str; 8] = [
    "/admin", "/api", "/demo", "/docs", "/h5", "/healthz", "/readyz", "/v1",
];

/// The page before everything else that stands at the root.
pub struct Spa {
    folder: PathBuf,
    /// The addresses of foreign contracts.
    api: BTreeSet<String>,
    page: BoxEndpoint<'static, Response>,
    rest: BoxEndpoint<'static, Response>,
}

/// The file that answers a request.
#[derive(Clone)]
struct Found(PathBuf);

/// Answers with it.
struct Files;

impl Spa {
    /// The page of `[dialects] h5_dir` before `rest`, or only that when there is none.
    pub fn before(
        rest: BoxEndpoint<'static, Response>,
        api: impl IntoIterator<Item = String>,
        config: &Config,
        gatekeeper: &Arc<Gatekeeper>,
    ) -> Result<BoxEndpoint<'static, Response>> {
        let Some(folder) = config.path("dialects", "h5_dir") else {
            return Ok(rest);
        };
        let shown = folder.display();
        let nothing = || {
            wrong(format!(
                "[dialects] h5_dir = {shown}: there is no {INDEX} in it"
            ))
        };
        let folder = folder.canonicalize().map_err(|_| nothing())?;
        if !folder.join(INDEX).is_file() {
            return Err(nothing());
        }
        let page = Framed {
            page: Files.with(Compression::new()),
            gatekeeper: gatekeeper.clone(),
            without_list: frames::without_list(config)?,
            policy: POLICY,
        };
        Ok(Self {
            folder,
            api: api.into_iter().collect(),
            page: page.boxed(),
            rest,
        }
        .boxed())
    }

    fn find(&self, request: &Request) -> Option<PathBuf> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return None;
        }
        let path = request.uri().path();
        let index = || Some(self.folder.join(INDEX));
        if path == "/" {
            return index();
        }
        let ours = |own: &&str| path.strip_prefix(*own).is_some_and(ends_or_goes_on);
        if OURS.iter().any(ours) {
            return None;
        }
        // the page that takes a token in, at the address at which another one gives it out
        if path == "/sso" && brings_token(request) {
            return index();
        }
        if self.api.contains(path) {
            return None;
        }
        if let Some(file) = file(&self.folder, path) {
            return Some(file);
        }
        let is_file = path
            .rsplit('/')
            .next()
            .is_some_and(|last| last.contains('.'));
        (!is_file && wants_page(request)).then(index).flatten()
    }
}

impl Endpoint for Spa {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let Some(file) = self.find(&request) else {
            return DynEndpoint::call(self.rest.as_ref(), request).await;
        };
        let cache = cache(&self.folder, &file);
        request.set_data(Found(file));
        let mut answer = DynEndpoint::call(self.page.as_ref(), request).await?;
        let headers = answer.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
        headers.append(VARY, HeaderValue::from_static("accept-encoding"));
        Ok(answer)
    }
}

impl Endpoint for Files {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let Some(Found(file)) = request.data::<Found>().cloned() else {
            return Err(Error::NotFound("page").into());
        };
        let asked = StaticFileRequest::from_request_without_body(&request).await?;
        Ok(asked.create_response(file, true, false)?.into_response())
    }
}

/// What is left of a path behind one of ours.
fn ends_or_goes_on(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with('/')
}

fn brings_token(request: &Request) -> bool {
    let query = request.uri().query().unwrap_or_default();
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.any(|(key, value)| key == "token" && !value.is_empty())
}

/// A browser that goes to an address says so; a script that calls an API does not.
fn wants_page(request: &Request) -> bool {
    let accept = request.headers().get(ACCEPT);
    let accept = accept.and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

/// The file that a path names, if it lies in the folder, also after links were followed. What is
/// hidden there stays hidden.
fn file(folder: &Path, path: &str) -> Option<PathBuf> {
    let path = percent_decode_str(path).decode_utf8().ok()?;
    let mut file = folder.to_owned();
    for part in path.split('/').filter(|part| !part.is_empty()) {
        if part.starts_with('.') || part.contains(['\\', '\0', ':']) {
            return None;
        }
        file.push(part);
    }
    let file = file.canonicalize().ok()?;
    (file.starts_with(folder) && file.is_file()).then_some(file)
}

/// Builds put what never changes into `assets`, with a hash in its name.
fn cache(folder: &Path, file: &Path) -> &'static str {
    let name = file.file_stem().and_then(|name| name.to_str());
    let hash = name.and_then(|name| name.rsplit(['-', '.']).next());
    let hashed = hash.is_some_and(|hash| {
        let of_hash = |c: char| c.is_ascii_alphanumeric() || c == '_';
        hash.len() >= 8 && hash.chars().all(of_hash) && hash.contains(|c: char| c.is_ascii_digit())
    });
    if hashed && file.starts_with(folder.join("assets")) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_a_file_in_the_folder_or_none() {
        let outer = tempfile::tempdir().unwrap();
        let outer = outer.path().canonicalize().unwrap();
        let folder = outer.join("build");
        std::fs::create_dir_all(folder.join("js")).unwrap();
        for name in ["secret.txt", "build/a b.js", "build/.env", "build/js/x.js"] {
            std::fs::write(outer.join(name), "x").unwrap();
        }
        std::os::unix::fs::symlink(outer.join("secret.txt"), folder.join("link.txt")).unwrap();
        let found = |path: &str| file(&folder, path).is_some();
        for path in ["/a%20b.js", "/js/x.js", "//js//x.js"] {
            assert!(found(path), "{path}");
        }
        for path in [
            "/../secret.txt",
            "/%2e%2e/secret.txt",
            "/js/..%2f..%2fsecret.txt",
            "/..%5csecret.txt",
            "/link.txt",
            "/.env",
            "/js",
            "/js/",
            "/x%00.js",
            "/%ff",
            "/none.js",
            "/js/x.js/y",
        ] {
            assert!(!found(path), "{path}");
        }
    }

    #[test]
    fn what_carries_a_hash_is_kept() {
        let folder = Path::new("/b");
        for (file, kept) in [
            ("/b/assets/index-4f3a2b1c.js", true),
            ("/b/assets/index.DhP5x_9Q.css", true),
            ("/b/assets/background-picture.png", false),
            ("/b/assets/logo.png", false),
            ("/b/js/app.4f3a2b1c.js", false),
            ("/b/index.html", false),
        ] {
            let kept_now = cache(folder, Path::new(file)) != "no-cache";
            assert_eq!(kept_now, kept, "{file}");
        }
    }
}
