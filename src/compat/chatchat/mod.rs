//! Langchain-Chatchat 0.2.7 with the additions of Chat2LLM, at the root and below `/api`.

mod asked;
mod bases;
mod chat;
mod custom;
pub mod docs;
mod download;
pub mod engines;
pub mod envelope;
mod feedback;
mod files;
pub mod guard;
mod models;
mod objects;
pub mod place;
mod rebuild;
mod recommend;
mod search;
mod server;
mod session;
mod shelf;
mod sso;
pub mod stream;
mod upload;
mod user;

use std::sync::Arc;

use poem::{Response, http::Method};
use time::PrimitiveDateTime;

use self::{guard::Guard, sso::Ways};
use super::{Call, Fault, Handles, Route};
use crate::{app::App, chat::turn::Chat, error::Result, identity::Member, knowledge::api::Library};

/// The first parts of its paths.
const GROUPS: [&str; 8] = [
    "chat",
    "history",
    "knowledge_base",
    "llm_model",
    "other",
    "recommend",
    "server",
    "session",
];
/// Its paths that stand alone.
const ALONE: [&str; 3] = ["/user/info", "/sso", "/ent-wechat-sso"];

/// Where it describes itself, and how.
pub const DOCUMENT: (&str, &str) = (
    "/openapi.json",
    include_str!("../../../openapi/chatchat.json"),
);

/// What its handlers hold.
pub struct Chatchat {
    /// Handles to the world.
    pub app: App,
    /// The turns of this process.
    pub chat: Arc<Chat>,
    /// What the knowledge operations hold.
    pub library: Arc<Library>,
    /// Says who is asking.
    pub guard: Guard,
    /// The ways in without a token.
    pub ways: Ways,
    /// Seconds that an upload waits until its files are read.
    upload_seconds: u64,
}

/// Whether a path is one of this dialect, there or not. What is below `/api` is, but the native API.
pub fn serves(path: &str) -> bool {
    let path = match path.strip_prefix("/api") {
        Some(rest) if rest.starts_with('/') => {
            return !(rest.starts_with("/v1/") || rest == "/v1");
        }
        _ => path,
    };
    let mut parts = path.split('/').skip(1);
    let (group, rest) = (parts.next().unwrap_or_default(), parts.next());
    ALONE.contains(&path) || (rest.is_some() && GROUPS.contains(&group))
}

/// All routes.
pub fn routes(handles: &Handles) -> anyhow::Result<Vec<Route>> {
    let config = &handles.app.config;
    let state = Arc::new(Chatchat {
        guard: Guard::new(&handles.app)?,
        ways: Ways::new(&handles.app)?,
        app: handles.app.clone(),
        chat: handles.chat.clone(),
        library: handles.library.clone(),
        upload_seconds: config.number("dialects", "chatchat_upload_seconds", 0..=3_600)?,
    });
    let mut routes = Vec::new();
    for prefix in ["", "/api"] {
        let on = On {
            state: &state,
            prefix,
        };
        routes.extend(user::routes(&on));
        routes.extend(chat::routes(&on));
        routes.extend(session::routes(&on));
        routes.extend(sso::routes(&on));
        routes.extend(shelves(&on));
    }
    Ok(routes)
}

/// What is known, by which models, and how that is set up.
fn shelves(on: &On) -> Vec<Route> {
    [
        bases::routes(on),
        files::routes(on),
        upload::routes(on),
        search::routes(on),
        download::routes(on),
        rebuild::routes(on),
        models::routes(on),
        server::routes(on),
        recommend::routes(on),
        feedback::routes(on),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A time as these contracts write it: ISO 8601 to the second, without a zone.
pub fn naive(at: PrimitiveDateTime) -> String {
    let (date, time) = (at.date(), at.time());
    format!(
        "{date}T{:02}:{:02}:{:02}",
        time.hour(),
        time.minute(),
        time.second()
    )
}

/// Where and on what state routes are made.
pub struct On<'a> {
    state: &'a Arc<Chatchat>,
    prefix: &'static str,
}

impl On<'_> {
    /// A GET for members.
    pub fn get<F, Answer>(&self, path: &str, act: F) -> Route
    where
        F: Fn(Arc<Chatchat>, Member, Call) -> Answer + Clone + Send + Sync + 'static,
        Answer: Future<Output = Result<Response, Fault>> + Send + 'static,
    {
        self.guarded(Method::GET, path, act)
    }

    /// A POST for members.
    pub fn post<F, Answer>(&self, path: &str, act: F) -> Route
    where
        F: Fn(Arc<Chatchat>, Member, Call) -> Answer + Clone + Send + Sync + 'static,
        Answer: Future<Output = Result<Response, Fault>> + Send + 'static,
    {
        self.guarded(Method::POST, path, act)
    }

    /// A GET for anybody.
    pub fn open<F, Answer>(&self, path: &str, act: F) -> Route
    where
        F: Fn(Arc<Chatchat>, Call) -> Answer + Send + Sync + 'static,
        Answer: Future<Output = Result<Response, Fault>> + Send + 'static,
    {
        let path = format!("{}{path}", self.prefix);
        Route::new(Method::GET, &path, self.state, act)
    }

    fn guarded<F, Answer>(&self, method: Method, path: &str, act: F) -> Route
    where
        F: Fn(Arc<Chatchat>, Member, Call) -> Answer + Clone + Send + Sync + 'static,
        Answer: Future<Output = Result<Response, Fault>> + Send + 'static,
    {
        let path = format!("{}{path}", self.prefix);
        let act = move |state: Arc<Chatchat>, call: Call| {
            let act = act.clone();
            async move {
                let (member, shown) = state.guard.admit(&call).await?;
                let kept = state.guard.keeps(&member, shown).await?;
                let answer = act(state, member, call).await?;
                Ok(kept.set_on(answer))
            }
        };
        Route::new(method, &path, self.state, act)
    }
}

#[cfg(test)]
mod tests {
    use super::serves;

    #[test]
    fn its_paths_are_known_by_their_beginning() {
        for path in [
            "/chat/chat",
            "/chat/nothing",
            "/knowledge_base/list_files",
            "/user/info",
            "/sso",
            "/api/sso",
            "/api/chat/chat",
            "/api/nothing",
            "/api/v10",
            "/session/",
        ] {
            assert!(serves(path), "{path}");
        }
        for path in [
            "/",
            "/chat",
            "/train",
            "/docs/",
            "/api",
            "/api/v1",
            "/api/v1/me",
            "/user/other",
            "/h5/",
            "/healthz",
            "/apis/chat/chat",
            "",
        ] {
            assert!(!serves(path), "{path}");
        }
    }
}
