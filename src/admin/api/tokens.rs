//! Tokens over HTTP: why one fails, how one is made, and one to try.

use std::{collections::BTreeMap, sync::Arc};

use poem_openapi::{
    Enum, Object, OpenApi,
    param::{Path, Query},
    payload::Json,
    types::Example,
};

use super::{Tags, named};
use crate::{
    admin::{
        Console,
        guard::{Librarian, Operator},
        snippets::{self, Language},
        trial,
    },
    error::Result,
    identity::debug::{self, Examination, Finding, Step, StepName},
};

/// Operations on tokens.
pub struct TokensApi(pub(super) Arc<Console>);

/// A token that does not work.
#[derive(Object)]
#[oai(example)]
struct TokenToDebug {
    /// The token. It is neither kept nor logged.
    token: String,
}

/// Why a token is refused, or that it is not.
#[derive(Object)]
#[oai(example)]
struct TokenDebugged {
    /// What a request with it would meet.
    verdict: Verdict,
    /// The steps of the check, in order.
    steps: Vec<TokenStep>,
    /// The client that it names.
    client_id: Option<String>,
    /// The partner's id of the user, once a key has opened it.
    user: Option<String>,
}

/// What a request with a token would meet.
#[derive(Enum)]
#[oai(rename = "TokenVerdict", rename_all = "snake_case")]
enum Verdict {
    /// It counts.
    Accepted,
    /// It does not.
    Refused,
}

/// A step of the check.
#[derive(Object)]
struct TokenStep {
    /// Which one.
    step: StepName,
    /// Whether it is passed.
    ok: bool,
    /// What was found.
    detail_code: Finding,
    /// What was measured, by name.
    values: BTreeMap<String, String>,
}

/// How a partner's server makes tokens, in a language.
#[derive(Object)]
#[oai(example)]
struct Snippets {
    /// The files. There is no secret in them.
    files: Vec<Snippet>,
}

/// A file.
#[derive(Object)]
struct Snippet {
    /// Its name.
    name: String,
    /// What is in it.
    text: String,
}

/// Whom to try a client as.
#[derive(Object)]
#[oai(example)]
struct Trial {
    /// The name of the test user; `console-try` unless said otherwise.
    username: Option<String>,
    /// The language of the page: `zh` or `en`.
    lang: Option<PageLanguage>,
}

/// A language of the chat page.
#[derive(Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
enum PageLanguage {
    /// Chinese.
    Zh,
    /// English.
    En,
}

/// Where a client can be tried.
#[derive(Object)]
#[oai(example)]
struct TrialBody {
    /// The chat page, signed in as the test user: path and query, for minutes.
    url: String,
}

impl From<Step> for TokenStep {
    fn from(step: Step) -> Self {
        Self {
            ok: step.found.is_well(),
            step: step.name,
            detail_code: step.found,
            values: step.values,
        }
    }
}

impl From<Examination> for TokenDebugged {
    fn from(found: Examination) -> Self {
        Self {
            verdict: if found.accepted() {
                Verdict::Accepted
            } else {
                Verdict::Refused
            },
            steps: found.steps.into_iter().map(Into::into).collect(),
            client_id: found.client_id,
            user: found.user,
        }
    }
}

#[OpenApi]
impl TokensApi {
    /// Tell why a token fails
    ///
    /// Goes the way of the real check and changes nothing; the token is neither kept nor logged.
    #[oai(
        path = "/token-debug",
        method = "post",
        operation_id = "debugToken",
        tag = "Tags::Keys"
    )]
    async fn debug(&self, _who: Operator, body: Json<TokenToDebug>) -> Result<Json<TokenDebugged>> {
        let _slot = self
            .0
            .keys
            .acquire()
            .await
            .map_err(crate::error::Error::internal)?;
        let found = debug::examine(&self.0.gatekeeper, body.0.token.trim()).await?;
        Ok(Json(found.into()))
    }

    /// How a partner makes tokens
    #[oai(
        path = "/clients/:client/snippets",
        method = "get",
        operation_id = "getSnippets",
        tag = "Tags::Clients"
    )]
    async fn snippets(
        &self,
        _who: Operator,
        /// The client's id.
        client: Path<String>,
        /// The language.
        lang: Query<Language>,
        /// The server's address as partners reach it; left open when absent.
        address: Query<Option<String>>,
    ) -> Result<Json<Snippets>> {
        let client = named(&self.0, &client.0).await?;
        let files = snippets::of(lang.0, &client.client_id, address.0.as_deref())?;
        let files = files.into_iter().map(|(name, text)| Snippet { name, text });
        Ok(Json(Snippets {
            files: files.collect(),
        }))
    }

    /// Try a client
    ///
    /// Makes a token for a test user, as the partner would, and tells where the chat page opens.
    #[oai(
        path = "/clients/:client/try",
        method = "post",
        operation_id = "tryClient",
        tag = "Tags::Clients"
    )]
    async fn try_out(
        &self,
        who: Librarian,
        /// The client's id.
        client: Path<String>,
        body: Json<Trial>,
    ) -> Result<Json<TrialBody>> {
        let client = named(&self.0, &client.0).await?;
        let lang = body.0.lang.map(|lang| match lang {
            PageLanguage::Zh => "zh",
            PageLanguage::En => "en",
        });
        let username = body.0.username.as_deref();
        let url = trial::open(&self.0, &who.by, &client, username, lang).await?;
        Ok(Json(TrialBody { url }))
    }
}

impl Example for TokenToDebug {
    fn example() -> Self {
        Self {
            token: "bW9ybmluZ3N0YXJ8…".into(),
        }
    }
}

impl Example for TokenDebugged {
    fn example() -> Self {
        let values = [("age_seconds", "30000"), ("age_seconds_max", "28800")];
        let pair = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Self {
            verdict: Verdict::Refused,
            steps: vec![TokenStep {
                step: StepName::Time,
                ok: false,
                detail_code: Finding::TooOld,
                values: values.into_iter().map(pair).collect(),
            }],
            client_id: Some("morningstar".into()),
            user: Some("42".into()),
        }
    }
}

impl Example for Snippets {
    fn example() -> Self {
        Self {
            files: vec![Snippet {
                name: "api_token.ts".into(),
                text: "…".into(),
            }],
        }
    }
}

impl Example for Trial {
    fn example() -> Self {
        Self {
            username: None,
            lang: Some(PageLanguage::Zh),
        }
    }
}

impl Example for TrialBody {
    fn example() -> Self {
        Self {
            url: "/h5/?api_token=…&lang=zh".into(),
        }
    }
}
