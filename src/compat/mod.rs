//! Foreign contracts on the verbs of the native API: handlers, shapes, envelopes and guards, no SQL
//! and no rules.
//!
//! A dialect exports a list of [`Route`]s; the server mounts them flat. A handler takes the state of
//! its dialect and a [`Call`], and answers or fails with a [`Fault`].

pub mod chatchat;
pub mod datagpt;
pub mod fastapi;

use std::{collections::BTreeMap, sync::Arc};

use poem::{
    Endpoint, EndpointExt, Request, Response,
    endpoint::{BoxEndpoint, DynEndpoint},
    http::{
        HeaderValue, Method, StatusCode,
        header::{ALLOW, RETRY_AFTER},
    },
};

pub use self::fastapi::{Call, Fields, Rule};
use crate::{
    app::App,
    chat::turn::Chat,
    config::Config,
    error::{Error, Result},
    identity::Who,
    knowledge::{
        api::Library,
        base::{NewBase, NoAnswer},
    },
};

/// What dialects hold.
#[derive(Clone)]
pub struct Handles {
    /// Handles to the world.
    pub app: App,
    /// The turns of this process.
    pub chat: Arc<Chat>,
    /// What the knowledge operations hold.
    pub library: Arc<Library>,
}

/// A path of a dialect, a method and what answers it.
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path, from the root.
    pub path: String,
    /// What answers.
    pub handler: BoxEndpoint<'static, Response>,
}

impl Route {
    /// A route that `act` answers, with the state of its dialect.
    pub fn new<S, F, Answer>(method: Method, path: &str, state: &Arc<S>, act: F) -> Self
    where
        S: Send + Sync + 'static,
        F: Fn(Arc<S>, Call) -> Answer + Send + Sync + 'static,
        Answer: Future<Output = Result<Response, Fault>> + Send + 'static,
    {
        let state = state.clone();
        Self {
            method,
            path: path.to_owned(),
            handler: Acting { state, act }.boxed(),
        }
    }
}

struct Acting<S, F> {
    state: Arc<S>,
    act: F,
}

impl<S, F, Answer> Endpoint for Acting<S, F>
where
    S: Send + Sync,
    F: Fn(Arc<S>, Call) -> Answer + Send + Sync,
    Answer: Future<Output = Result<Response, Fault>> + Send,
{
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let answer = (self.act)(self.state.clone(), Call::new(request)).await;
        answer.map_err(Into::into)
    }
}

/// Why a handler of a dialect did not answer as it would.
#[derive(Debug)]
pub enum Fault {
    /// An error of a verb, which gets the face of its dialect (see [`Dialects::face`]).
    Error(Error),
    /// An answer that has its face already.
    Answer(Box<Response>),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<Response> for Fault {
    fn from(answer: Response) -> Self {
        Self::Answer(Box::new(answer))
    }
}

impl From<Fault> for poem::Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Error(error) => error.into(),
            Fault::Answer(answer) => Self::from_response(*answer),
        }
    }
}

/// Which dialects this server speaks.
#[derive(Clone, Copy, Debug)]
pub struct Dialects {
    /// Langchain-Chatchat 0.2.7 with the additions of Chat2LLM.
    pub chatchat: bool,
    /// Custom Data GPT.
    pub datagpt: bool,
}

impl Dialects {
    /// Reads the switches.
    pub fn new(config: &Config) -> anyhow::Result<Self> {
        Ok(Self {
            chatchat: config.flag("dialects", "chatchat")?,
            datagpt: config.flag("dialects", "datagpt")?,
        })
    }

    /// Whether a path belongs to one of them.
    pub fn serve(self, path: &str) -> bool {
        (self.chatchat && chatchat::serves(path)) || (self.datagpt && datagpt::serves(path))
    }

    /// How an error looks on this path; `None` where it is not one of a dialect's. That goes for
    /// errors of shared layers too: limits, sizes, unknown paths.
    pub fn face(self, path: &str, error: &Error) -> Option<Response> {
        if self.chatchat && chatchat::serves(path) {
            return Some(chatchat::envelope::face(error));
        }
        (self.datagpt && datagpt::serves(path)).then(|| datagpt::face(path, error))
    }

    /// All routes of the dialects that are on.
    pub fn routes(self, handles: &Handles) -> anyhow::Result<Vec<Route>> {
        let mut routes = Vec::new();
        if self.chatchat {
            routes.extend(chatchat::routes(handles)?);
        }
        if self.datagpt {
            routes.extend(datagpt::routes(handles)?);
        }
        Ok(routes)
    }
}

/// An answer to too much, with when to come again.
fn told_when(mut answer: Response, error: &Error) -> Response {
    if let Error::Throttled(wait) | Error::OverQuota(_, wait) = error {
        let seconds = HeaderValue::from(wait.as_secs().max(1));
        answer.headers_mut().insert(RETRY_AFTER, seconds);
    }
    answer
}

/// A base as callers of these contracts make them: the client's when they may do that, else their
/// own. Where nothing is found the model says what it knows, as it did there.
fn new_base(who: &Who, name: &str) -> NewBase {
    NewBase {
        name: name.to_owned(),
        title: String::new(),
        description: String::new(),
        no_answer: NoAnswer::Model,
        shared: who.may_manage(),
    }
}

/// Routes by their path, for `Route::at`, which takes each path once.
pub fn by_path(routes: Vec<Route>) -> BTreeMap<String, Methods> {
    let mut paths = BTreeMap::<String, Methods>::new();
    for route in routes {
        let methods = paths.entry(route.path).or_default();
        methods.0.push((route.method, route.handler));
    }
    paths
}

impl Methods {
    /// Has something else answer a method here.
    #[must_use]
    pub fn and(mut self, method: Method, handler: BoxEndpoint<'static, Response>) -> Self {
        self.0.push((method, handler));
        self
    }
}

/// What answers at one path, by method.
#[derive(Default)]
pub struct Methods(Vec<(Method, BoxEndpoint<'static, Response>)>);

impl Endpoint for Methods {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let own = self.0.iter().find(|(own, _)| own == request.method());
        if let Some((_, handler)) = own {
            return DynEndpoint::call(handler.as_ref(), request).await;
        }
        let allowed: Vec<&str> = self.0.iter().map(|(method, _)| method.as_str()).collect();
        let mut answer = fastapi::detail(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed");
        if let Ok(allowed) = allowed.join(", ").parse() {
            answer.headers_mut().insert(ALLOW, allowed);
        }
        Err(poem::Error::from_response(answer))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_quota_that_is_used_up_is_told_with_its_end() {
        let dialects = Dialects {
            chatchat: true,
            datagpt: true,
        };
        let wait = Duration::from_secs(60);
        for error in [
            Error::Throttled(wait),
            Error::OverQuota("used up".into(), wait),
        ] {
            for path in ["/chat/chat", "/api/chat/chat", "/chat", "/"] {
                let answer = dialects.face(path, &error).unwrap();
                assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS, "{path}");
                assert_eq!(answer.headers()[RETRY_AFTER], "60", "{path}");
            }
        }
    }
}
