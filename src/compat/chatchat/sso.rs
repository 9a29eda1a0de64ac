//! `/sso` and `/ent-wechat-sso`: the ways into a page of Chat2LLM without a token of a partner.
//!
//! Where the original put a token into the address, a session's bearer stands: it ends with the
//! session, can be ended before, and is made by no key. The cookie with a session of its own comes
//! with it.

use std::{sync::Arc, time::Duration};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use moka::future::Cache;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use poem::{
    Response,
    http::{HeaderValue, StatusCode, header},
};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    Chatchat, On,
    docs::{QUERY, base_url},
};
use crate::{
    app::App,
    compat::{Call, Fault, Route, Rule},
    config::wrong,
    error::{Error, Result},
    fetch::Policy,
    identity::{
        Realm,
        demo::Visits,
        gatekeeper::ANYBODY,
        guard::door,
        session::{self, Opened},
        user,
    },
    secret::Secret,
};

const WRONG_SECRET: &str = "单点失败, 请提供正确口令";
const UNKNOWN_CLIENT: &str = "无效的客户端,无法单点登录,请重新进入";
const UNKNOWN_STATE: &str = "拒绝访问, 未知客户端";
/// Not in the contract: the original fails with an error of its own.
const NOT_LET_IN: &str = "企业微信登录失败, 请重新进入";
/// Bytes of an answer of WeCom at most.
const WECOM_BYTES_MAX: u64 = 64 << 10;
/// Seconds for which WeCom's access token is kept.
const WECOM_TOKEN_SECONDS: u64 = 7_000;
/// What WeCom says of an access token that is none, or none any more.
const OLD_TOKEN: [i64; 3] = [40001, 40014, 42001];
/// Characters of a code at most.
const CODE_CHARS_MAX: usize = 512;
/// What Python's `quote` leaves as it is in an address.
const ADDRESS: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// The ways in that are set up.
pub struct Ways {
    app: App,
    /// Where pages are.
    h5: String,
    demo: Option<Demo>,
    wecom: Option<WeCom>,
    lasts: time::Duration,
    visits: Visits,
}

struct Demo {
    client: String,
    secret: Secret,
}

struct WeCom {
    client: String,
    corp_id: String,
    agent_id: String,
    secret: Secret,
    api: String,
    policy: Policy,
    token: Cache<(), String>,
}

pub(super) fn routes(on: &On) -> Vec<Route> {
    vec![on.open("/sso", sso), on.open("/ent-wechat-sso", wecom)]
}

impl Ways {
    /// Reads them.
    pub fn new(app: &App) -> anyhow::Result<Self> {
        let config = &app.config;
        let hours = config.number("identity", "session_hours", 1..=720)?;
        let demo = config.secret("dialects", "sso_secret")?;
        Ok(Self {
            h5: config
                .text("dialects", "h5_address")
                .trim_end_matches('/')
                .to_owned(),
            demo: demo.map(|secret| Demo {
                client: config.text("dialects", "sso_client").to_owned(),
                secret,
            }),
            wecom: wecom_of(app)?,
            lasts: time::Duration::hours(hours as i64),
            visits: Visits::new(config)?,
            app: app.clone(),
        })
    }

    /// The page that says why not.
    fn refusal(&self, message: &str) -> Response {
        redirect(&format!("{}/401?message={message}", self.h5))
    }

    /// Lets a user of a client in.
    async fn enter(
        &self,
        chatchat: &Chatchat,
        call: &Call,
        client: &str,
        (realm, id, name): (Realm, &str, &str),
    ) -> Result<Option<Response>> {
        let gatekeeper = &door(&call.request)?.gatekeeper;
        let Some(client_no) = gatekeeper.number_of(client).await? else {
            return Ok(None);
        };
        let now = self.app.clock.now();
        let mut tx = self.app.db.client(client_no).await?;
        let user = user::at_first_sight(&mut tx, realm, id, name, now).await?;
        if !user.enabled {
            return Ok(None);
        }
        let (user, lasts) = (user.user_id, self.lasts);
        let shown = session::open_of(&mut tx, client, user, lasts, now).await?;
        let kept = session::open_of(&mut tx, client, user, lasts, now).await?;
        tx.commit().await?;
        Ok(Some(self.entered(chatchat, &shown, &kept)?))
    }

    fn entered(&self, chatchat: &Chatchat, shown: &Opened, kept: &Opened) -> Result<Response> {
        let address = format!("{}/sso?token={}", self.h5, shown.bearer.expose());
        let mut answer = redirect(&address);
        let cookie = chatchat.guard.cookie(&kept.bearer)?;
        answer.headers_mut().append(header::SET_COOKIE, cookie);
        Ok(answer)
    }
}

fn wecom_of(app: &App) -> anyhow::Result<Option<WeCom>> {
    let config = &app.config;
    let Some(secret) = config.secret("dialects", "wecom_secret")? else {
        return Ok(None);
    };
    let api = config.text("dialects", "wecom_api");
    let url = url::Url::parse(api)
        .map_err(|error| wrong(format!("[dialects] wecom_api = {api}: {error}")))?;
    let host = url.host_str().unwrap_or_default();
    // an address that the operator wrote is allowed, wherever it is
    let own = host.parse::<std::net::IpAddr>().is_ok().then_some(host);
    let mut policy = Policy::documents(WECOM_BYTES_MAX, own.as_slice())?;
    policy.media_types.push("application/json".into());
    policy.ports.extend(url.port());
    policy.redirects_max = 0;
    policy.seconds_max = 10;
    Ok(Some(WeCom {
        client: config.text("dialects", "wecom_client").to_owned(),
        corp_id: config.text("dialects", "wecom_corp_id").to_owned(),
        agent_id: config.text("dialects", "wecom_agent_id").to_owned(),
        secret,
        api: api.trim_end_matches('/').to_owned(),
        policy,
        token: Cache::builder()
            .time_to_live(Duration::from_secs(WECOM_TOKEN_SECONDS))
            .build(),
    }))
}

async fn sso(chatchat: Arc<Chatchat>, call: Call) -> Result<Response, Fault> {
    let mut query = call.query();
    let client = query.or("client", "0".to_owned(), Rule::ANY);
    let secret = query.or("secret", String::new(), Rule::ANY);
    query.done()?;
    let ways = &chatchat.ways;
    match client.as_str() {
        "0" => demo(&chatchat, &call, &secret).await,
        "1" => match &ways.wecom {
            Some(wecom) => Ok(redirect(&wecom.address(&base_url(&chatchat, &call)))),
            None => Ok(ways.refusal(UNKNOWN_CLIENT)),
        },
        _ => Ok(ways.refusal(UNKNOWN_CLIENT)),
    }
}

async fn demo(chatchat: &Chatchat, call: &Call, secret: &str) -> Result<Response, Fault> {
    let ways = &chatchat.ways;
    // tries are counted, right and wrong, so that secrets cannot be guessed
    ways.visits.count(&call.request)?;
    let right = ways.demo.as_ref().filter(|demo| {
        let own = demo.secret.expose().as_bytes();
        verify_slices_are_equal(secret.as_bytes(), own).is_ok()
    });
    let Some(demo) = right else {
        return Ok(ways.refusal(WRONG_SECRET));
    };
    // each visitor is a fresh user: people behind one address would read each other's conversations
    let visitor = Uuid::new_v4().simple().to_string();
    let name = format!("visitor-{}", &visitor[..6]);
    let user = (Realm::Demo, visitor.as_str(), name.as_str());
    let entered = ways.enter(chatchat, call, &demo.client, user).await?;
    Ok(entered.unwrap_or_else(|| ways.refusal(UNKNOWN_CLIENT)))
}

async fn wecom(chatchat: Arc<Chatchat>, call: Call) -> Result<Response, Fault> {
    let mut query = call.query();
    let code: String = query.required("code", Rule::chars_max(CODE_CHARS_MAX));
    let state: String = query.required("state", Rule::chars_max(CODE_CHARS_MAX));
    query.done()?;
    let ways = &chatchat.ways;
    let Some(wecom) = ways.wecom.as_ref().filter(|_| state == "1") else {
        return Ok(ways.refusal(&format!("{UNKNOWN_STATE}: {state}")));
    };
    // each try costs calls elsewhere, and codes could be guessed
    let visit = ways.visits.count(&call.request)?;
    let user = match wecom.user(&ways.app, &code).await {
        Ok(user) => user,
        Err(error) => {
            tracing::warn!(error = error.causes(), "WeCom let nobody in");
            return Ok(ways.refusal(NOT_LET_IN));
        }
    };
    let user = (Realm::Dialect, user.as_str(), user.as_str());
    let Some(entered) = ways.enter(&chatchat, &call, &wecom.client, user).await? else {
        return Ok(ways.refusal(UNKNOWN_CLIENT));
    };
    // the people of a company come from one address
    visit.forgive();
    Ok(entered)
}

#[derive(Deserialize)]
struct Token {
    #[serde(default)]
    access_token: String,
}

#[derive(Deserialize)]
struct Found {
    #[serde(default)]
    errcode: i64,
    #[serde(default, alias = "UserId")]
    userid: String,
    #[serde(default, alias = "OpenId")]
    openid: String,
}

impl WeCom {
    /// Where people say to WeCom that they want in.
    fn address(&self, base_url: &str) -> String {
        let back = format!("{base_url}ent-wechat-sso");
        let back = utf8_percent_encode(&back, QUERY);
        let (corp, agent) = (&self.corp_id, &self.agent_id);
        format!(
            "https://open.weixin.qq.com/connect/oauth2/authorize?appid={corp}&redirect_uri={back}&response_type=code&scope=snsapi_privateinfo&state=1&agentid={agent}#wechat_redirect"
        )
    }

    /// Whom a code names.
    async fn user(&self, app: &App, code: &str) -> Result<String> {
        let token = self
            .token
            .try_get_with((), self.fresh_token(app))
            .await
            .map_err(|error| Error::Upstream(anyhow::anyhow!("{error}")))?;
        let code = utf8_percent_encode(code, QUERY);
        let address = format!(
            "{}/cgi-bin/auth/getuserinfo?access_token={token}&code={code}",
            self.api
        );
        let found: Found = self.get(app, &address).await?;
        // who is not of the company has an open id only
        let user = [found.userid, found.openid];
        let user = user.into_iter().find(|id| is_id(id));
        user.ok_or_else(|| {
            // a token that has been taken back is not asked with again
            if OLD_TOKEN.contains(&found.errcode) {
                self.token.invalidate_all();
            }
            let code = found.errcode;
            Error::Upstream(anyhow::anyhow!("the answer names nobody: errcode {code}"))
        })
    }

    async fn fresh_token(&self, app: &App) -> Result<String> {
        let corp = utf8_percent_encode(&self.corp_id, QUERY);
        let secret = utf8_percent_encode(self.secret.expose(), QUERY);
        let address = format!(
            "{}/cgi-bin/gettoken?corpid={corp}&corpsecret={secret}",
            self.api
        );
        let Token { access_token } = self.get(app, &address).await?;
        if access_token.is_empty() {
            return Err(Error::Upstream(anyhow::anyhow!("no access token")));
        }
        Ok(utf8_percent_encode(&access_token, QUERY).to_string())
    }

    async fn get<T: serde::de::DeserializeOwned>(&self, app: &App, address: &str) -> Result<T> {
        let fetched = app.fetcher.get(address, &self.policy).await?;
        serde_json::from_slice(&fetched.bytes).map_err(|error| Error::Upstream(error.into()))
    }
}

/// What can be the id of a user.
fn is_id(id: &str) -> bool {
    (1..=200).contains(&id.chars().count()) && !id.contains(['|', '\0']) && id != ANYBODY
}

/// 307, the address quoted as Starlette quotes it.
fn redirect(address: &str) -> Response {
    let quoted = utf8_percent_encode(address, ADDRESS).to_string();
    let mut answer = Response::builder()
        .status(StatusCode::TEMPORARY_REDIRECT)
        .header(header::CACHE_CONTROL, "no-store")
        .header(header::REFERRER_POLICY, "no-referrer")
        .finish();
    if let Ok(place) = HeaderValue::try_from(quoted) {
        answer.headers_mut().insert(header::LOCATION, place);
    }
    answer
}
