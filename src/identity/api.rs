//! Sessions and who one is, over HTTP.

use poem_openapi::{Object, OpenApi, payload::Json, types::Example};
use time::Duration;

use super::{Member, MembersMay, Realm, Role, guard::Exchange, session};
use crate::{
    app::App,
    error::{Error, Result},
    http::{Tags, example},
    ids::UserId,
};

/// Operations about who is asking.
pub struct IdentityApi {
    app: App,
    session_lasts: Duration,
}

/// A session.
#[derive(Object)]
#[oai(example)]
struct Session {
    /// Send it as `Authorization: Bearer …`. Never put it into an address.
    access_token: String,
    /// Always `Bearer`.
    token_type: String,
    /// Seconds until the session ends.
    expires_in: u32,
    /// The client.
    client_id: String,
    /// The user.
    user: SessionUser,
    /// Where to send the user for a new token when the session has ended.
    reentry_url: Option<String>,
}

/// The user of a session.
#[derive(Object)]
struct SessionUser {
    /// Our id of the user.
    id: UserId,
    /// The name for people.
    username: String,
}

impl Example for Session {
    fn example() -> Self {
        Self {
            access_token: "cs_demo_7f…".into(),
            token_type: "Bearer".into(),
            expires_in: 28_800,
            client_id: "demo".into(),
            user: SessionUser {
                id: UserId(example::id(1)),
                username: "visitor".into(),
            },
            reentry_url: None,
        }
    }
}

/// Who the credential proves you to be.
#[derive(Object)]
#[oai(example)]
struct Me {
    /// Our id of the user.
    id: UserId,
    /// The client.
    client_id: String,
    /// The name for people.
    username: String,
    /// Where the user's id comes from.
    realm: Realm,
    /// What the user may do.
    role: Role,
    /// What ordinary users of the client may do with its knowledge.
    members_may: MembersMay,
}

impl Example for Me {
    fn example() -> Self {
        Self {
            id: UserId(example::id(1)),
            client_id: "demo".into(),
            username: "visitor".into(),
            realm: Realm::Demo,
            role: Role::Member,
            members_may: MembersMay::Own,
        }
    }
}

impl IdentityApi {
    /// Reads how long a session lasts.
    pub fn new(app: App) -> anyhow::Result<Self> {
        let hours = app.config.number("identity", "session_hours", 1..=720)?;
        Ok(Self {
            app,
            session_lasts: Duration::hours(hours as i64),
        })
    }
}

#[OpenApi(tag = "Tags::Identity")]
impl IdentityApi {
    /// Exchange a token for a session
    ///
    /// Opens a session for the user that the v1 token names. For a client set to `exchange_once`
    /// this works once, within minutes of the token's timestamp.
    #[oai(
        path = "/token-exchange",
        method = "post",
        operation_id = "exchangeToken"
    )]
    async fn exchange(&self, who: Exchange) -> Result<Json<Session>> {
        let now = self.app.clock.now();
        if who
            .proof
            .exchange_once_until
            .is_some_and(|until| until < now)
        {
            return Err(Error::Unauthenticated);
        }
        let burn = who.proof.exchange_once_until.map(|_| who.token_hash);
        let mut tx = self.app.db.client(who.proof.who.client).await?;
        let user = &who.user;
        let opened = session::open(
            &mut tx,
            &who.proof.who,
            user.user_id,
            burn,
            self.session_lasts,
            now,
        )
        .await?;
        tx.commit().await?;
        Ok(Json(Session {
            access_token: opened.bearer.expose().to_owned(),
            token_type: "Bearer".into(),
            expires_in: u32::try_from(opened.lasts.whole_seconds()).unwrap_or(u32::MAX),
            client_id: who.proof.who.client_id.to_string(),
            user: SessionUser {
                id: user.user_id,
                username: user.username.clone(),
            },
            reentry_url: who.proof.who.reentry_url.as_deref().map(Into::into),
        }))
    }

    /// Who am I
    #[oai(path = "/me", method = "get", operation_id = "getMe")]
    async fn me(&self, who: Member) -> Result<Json<Me>> {
        let user = who.user();
        Ok(Json(Me {
            id: user.user_id,
            client_id: who.client_id.to_string(),
            username: user.username.clone(),
            realm: user.realm,
            role: user.role,
            members_may: who.members_may,
        }))
    }
}
