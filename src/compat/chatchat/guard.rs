//! Who is asking, the way of this dialect: a token, else the cookie, else the client to which the
//! operator bound callers without one.
//!
//! Pages of Chat2LLM send their token with everything but questions. So whoever brings one is given
//! a cookie, with which the same browser may ask. It holds the bearer of a session, never the token.
//!
//! A browser adds a cookie to what other pages make it send, too. `SameSite=Lax` keeps it from other
//! sites, not from other hosts of the same one; so a cookie counts for what writes only with a JSON
//! body, which a form cannot send and a script elsewhere must ask for first, or when the browser says
//! that the request comes from a page of this very origin (`Sec-Fetch-Site`, else `Origin`): the raw
//! body with which those pages remove a session needs that.

use std::{sync::atomic::Ordering, time::Duration};

use moka::future::Cache;
use poem::{
    Request, Response,
    http::{HeaderValue, Method, header},
};

use super::envelope::{BAD_TOKEN, OLD_TOKEN, plain_refusal};
use crate::{
    app::App,
    compat::{Call, Fault, fastapi::detail},
    error::{Error, Result},
    identity::{
        Member,
        api_key::hash,
        door::Door,
        gatekeeper::Credential,
        guard::{door, token},
        session,
    },
    secret::Secret,
};

/// The cookie's name.
const COOKIE: &str = "concierge_session";
/// Tokens for which a session is open at most; one more opens another session.
const SESSIONS_MAX: u64 = 10_000;
/// Seconds for which one session serves all requests with the same token.
const SESSION_SHARED_SECONDS: u64 = 600;

/// The guard.
pub struct Guard {
    app: App,
    /// The client of callers without a token.
    bound: Option<String>,
    session_lasts: time::Duration,
    /// Whether the cookie travels over TLS only.
    secure: bool,
    /// The session that was opened for a token, by its hash.
    opened: Cache<[u8; 32], Secret>,
}

/// What a caller brought.
pub struct Shown {
    /// The hash of the token, if it was one.
    token: Option<[u8; 32]>,
    cookie: Option<String>,
}

/// The cookie to be set on an answer, if any.
pub struct Kept(Option<HeaderValue>);

impl Kept {
    /// Sets it.
    pub fn set_on(self, mut answer: Response) -> Response {
        if let Some(cookie) = self.0 {
            answer.headers_mut().append(header::SET_COOKIE, cookie);
        }
        answer
    }
}

impl Guard {
    /// Reads who is bound.
    pub fn new(app: &App) -> anyhow::Result<Self> {
        let config = &app.config;
        let bound = config.text("dialects", "chatchat_client");
        let hours = config.number("identity", "session_hours", 1..=720)?;
        let tls = config.path("server", "tls_cert").is_some();
        Ok(Self {
            app: app.clone(),
            bound: (!bound.is_empty()).then(|| bound.to_owned()),
            session_lasts: time::Duration::hours(hours as i64),
            secure: tls || config.text("server", "public_url").starts_with("https:"),
            opened: Cache::builder()
                .max_capacity(SESSIONS_MAX)
                .time_to_live(Duration::from_secs(SESSION_SHARED_SECONDS))
                .build(),
        })
    }

    /// Lets a caller in.
    ///
    /// # Errors
    /// 401 in the words of the original, and what [`Door::admit`] refuses.
    pub async fn admit(&self, call: &Call) -> Result<(Member, Shown), Fault> {
        let (request, cookie) = (&call.request, cookie(&call.request));
        let door = door(request)?;
        if let Some(token) = token(request).filter(|token| !token.is_empty()) {
            let member = by_token(door, request, token).await?;
            let token = Some(hash(token));
            return Ok((member, Shown { token, cookie }));
        }
        if let Some(bearer) = cookie.as_deref().filter(|_| may_write(call)) {
            match door.admit(request, Credential::Bearer, bearer).await {
                Ok(proof) => return Ok((Member::of(proof)?, Shown::none())),
                // one that has ended is none
                Err(Error::Unauthenticated) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let bound = self.bound.as_deref().ok_or(Error::Unauthenticated)?;
        let proof = door.admit(request, Credential::Bound, bound).await?;
        Ok((Member::of(proof)?, Shown::none()))
    }

    /// The cookie for whoever brought a token and has none yet.
    pub async fn keeps(&self, member: &Member, shown: Shown) -> Result<Kept> {
        let Some(token) = shown.token else {
            return Ok(Kept(None));
        };
        let opening = self.open(member);
        // all who bring the same token at once get one session
        let bearer = self.opened.try_get_with(token, opening).await;
        let bearer = bearer.map_err(|error| Error::Unavailable(anyhow::anyhow!("{error:?}")))?;
        if shown.cookie.as_deref() == Some(bearer.expose()) {
            return Ok(Kept(None));
        }
        Ok(Kept(Some(self.cookie(&bearer)?)))
    }

    /// A session for a member, no longer than what was shown counts.
    pub async fn open(&self, member: &Member) -> Result<Secret> {
        let now = self.app.clock.now();
        let lasts = self.session_lasts.min(member.until - now);
        let mut tx = self.app.db.client(member.client).await?;
        let user = member.user().user_id;
        let opened = session::open(&mut tx, member, user, None, lasts, now).await?;
        tx.commit().await?;
        Ok(opened.bearer)
    }

    /// A cookie with this bearer. It has no end of its own: the session does.
    pub fn cookie(&self, bearer: &Secret) -> Result<HeaderValue> {
        let secure = if self.secure { "; Secure" } else { "" };
        let text = format!(
            "{COOKIE}={}; Path=/; HttpOnly; SameSite=Lax{secure}",
            bearer.expose()
        );
        let mut cookie = HeaderValue::try_from(text).map_err(Error::internal)?;
        cookie.set_sensitive(true);
        Ok(cookie)
    }
}

impl Shown {
    fn none() -> Self {
        Self {
            token: None,
            cookie: None,
        }
    }
}

/// A v1 token, or the bearer of a session in its place: what `/sso` gives to a page.
async fn by_token(door: &Door, request: &Request, token: &str) -> Result<Member, Fault> {
    let kind = if token.starts_with("cs_") {
        Credential::Bearer
    } else {
        Credential::Token
    };
    let proof = match door.admit(request, kind, token).await {
        Ok(proof) => proof,
        Err(Error::Unauthenticated) => {
            let expired = door.noted.expired.load(Ordering::Relaxed);
            let text = if expired { OLD_TOKEN } else { BAD_TOKEN };
            return Err(plain_refusal(text).into());
        }
        Err(error) => return Err(error.into()),
    };
    // a token that opens one session does nothing else
    Member::of(proof).map_err(|error| match error {
        Error::Unauthenticated => detail(error.status(), BAD_TOKEN).into(),
        error => error.into(),
    })
}

fn cookie(request: &Request) -> Option<String> {
    let cookies = request.headers().get_all(header::COOKIE).iter();
    let mut pairs = cookies
        .filter_map(|cookies| cookies.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    pairs.find_map(|(name, value)| (name == COOKIE).then(|| value.to_owned()))
}

/// Whether a cookie counts for this request.
fn may_write(call: &Call) -> bool {
    let request = &call.request;
    if request.method() == Method::GET || request.method() == Method::HEAD {
        return true;
    }
    let says_json = request.headers().contains_key(header::CONTENT_TYPE) && call.is_json();
    match request.header("sec-fetch-site") {
        Some(site) => site == "same-origin" || (says_json && site == "none"),
        None => says_json || is_of_this_origin(request),
    }
}

fn is_of_this_origin(request: &Request) -> bool {
    let origin = request
        .header("origin")
        .and_then(|own| own.split_once("://"));
    let host = request.header("host");
    origin.is_some_and(|(_, origin)| Some(origin) == host)
}
