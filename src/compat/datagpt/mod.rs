//! Custom Data GPT: bases trained from files and asked in one call, as both generations of its
//! clients do it, and the route of the server before them.

mod chat;
mod envelope;
mod fields;
mod files;
mod guard;
mod prompt;
mod train;

use std::{path::PathBuf, sync::Arc, time::Duration};

use poem::{
    Response,
    http::{Method, StatusCode},
};

use self::guard::Guard;
use super::{Handles, Route, told_when};
use crate::{app::App, chat::turn::Chat, error::Error, fetch::Policy, knowledge::api::Library};

/// Its paths.
const PATHS: [&str; 4] = ["/", "/chat", "/train", "/upload_prompt"];
/// Bytes of the file of a prompt at most.
const PROMPT_BYTES_MAX: u64 = 64 << 10;

/// What its handlers hold.
pub struct DataGpt {
    app: App,
    chat: Arc<Chat>,
    library: Arc<Library>,
    guard: Guard,
    /// Where files by path are.
    folder: Option<PathBuf>,
    /// How long `/train` fetches and waits.
    train_max: Duration,
    /// How prompts are fetched.
    prompt_policy: Policy,
}

/// Whether a path is one of this dialect.
pub fn serves(path: &str) -> bool {
    PATHS.contains(&path)
}

/// How an error of any layer looks here.
pub fn face(path: &str, error: &Error) -> Response {
    if path != "/" {
        return envelope::face(error);
    }
    match error {
        Error::Unauthenticated => envelope::no_legacy(StatusCode::OK, "Unauthorised"),
        Error::Throttled(_) | Error::OverQuota(..) | Error::TooLarge(_) | Error::Unavailable(_) => {
            told_when(envelope::no_legacy(error.status(), "Error"), error)
        }
        _ => envelope::no_legacy(StatusCode::BAD_REQUEST, "Error"),
    }
}

/// All routes.
pub fn routes(handles: &Handles) -> anyhow::Result<Vec<Route>> {
    let config = &handles.app.config;
    let seconds = config.number("dialects", "datagpt_train_seconds", 1..=86_400)?;
    let state = Arc::new(DataGpt {
        guard: Guard::new(config)?,
        folder: config.path("dialects", "datagpt_dir"),
        train_max: Duration::from_secs(seconds),
        prompt_policy: Policy {
            bytes_max: PROMPT_BYTES_MAX,
            ..handles.library.policy.clone()
        },
        app: handles.app.clone(),
        chat: handles.chat.clone(),
        library: handles.library.clone(),
    });
    let post = Method::POST;
    Ok(vec![
        Route::new(post.clone(), "/train", &state, train::train),
        Route::new(post.clone(), "/chat", &state, chat::chat),
        Route::new(post.clone(), "/", &state, chat::before),
        Route::new(post, "/upload_prompt", &state, prompt::upload),
    ])
}
