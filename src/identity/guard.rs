//! Guards: the first argument of a handler. Holding one is the check.

use std::{ops::Deref, sync::Arc};

use poem::{
    Request, RequestBody,
    http::{HeaderName, header::AUTHORIZATION},
};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaSecurityScheme, Registry},
};

use super::{
    Party, Who,
    door::Door,
    gatekeeper::{Credential, Proof},
    user::User,
};
use crate::error::{Error, Result};

const TOKEN: &str = "ApiToken";
const BEARER: &str = "Bearer";

static API_TOKEN: HeaderName = HeaderName::from_static("api-token");
static API_TOKEN_DOCUMENTED: HeaderName = HeaderName::from_static("api_token");

/// A user of a client, by the bearer of a session or by a v1 token.
pub struct Member {
    proof: Arc<Proof>,
    user: Arc<User>,
}

/// A user or a program of a client.
pub struct Caller(Arc<Proof>);

/// The bearer of a v1 token who wants a session for it.
pub struct Exchange {
    /// What the token proved.
    pub proof: Arc<Proof>,
    /// The user it names.
    pub user: Arc<User>,
    /// SHA-256 of the token.
    pub token_hash: [u8; 32],
}

impl Member {
    /// The user whom a credential proved.
    ///
    /// # Errors
    /// `Unauthenticated` for a token that only opens a session, `Forbidden` for a program.
    pub fn of(proof: Arc<Proof>) -> Result<Self> {
        if proof.exchange_once_until.is_some() {
            return Err(Error::Unauthenticated);
        }
        match &proof.who.party {
            Party::User(user) => Ok(Self {
                user: user.clone(),
                proof,
            }),
            Party::Machine(..) => Err(Error::Forbidden(
                "This needs a user: an API key speaks for none.".into(),
            )),
        }
    }

    /// The user.
    pub fn user(&self) -> &User {
        &self.user
    }
}

impl Deref for Member {
    type Target = Who;
    fn deref(&self) -> &Who {
        &self.proof.who
    }
}

impl Deref for Caller {
    type Target = Who;
    fn deref(&self) -> &Who {
        &self.0.who
    }
}

async fn caller(request: &Request) -> Result<Caller> {
    let door = door(request)?;
    if let Some(bearer) = bearer(request) {
        let proof = door.admit(request, Credential::Bearer, bearer).await?;
        return Ok(Caller(proof));
    }
    let token = token(request).ok_or(Error::Unauthenticated)?;
    let proof = door.admit(request, Credential::Token, token).await?;
    if proof.exchange_once_until.is_some() {
        return Err(Error::Unauthenticated);
    }
    Ok(Caller(proof))
}

async fn member(request: &Request) -> Result<Member> {
    let Caller(proof) = caller(request).await?;
    Member::of(proof)
}

async fn exchange(request: &Request) -> Result<Exchange> {
    let token = token(request).ok_or(Error::Unauthenticated)?;
    let door = door(request)?;
    let proof = door.admit(request, Credential::Token, token).await?;
    match &proof.who.party {
        Party::User(user) => Ok(Exchange {
            user: user.clone(),
            token_hash: super::api_key::hash(token),
            proof,
        }),
        Party::Machine(..) => Err(Error::Unauthenticated),
    }
}

/// The door that a request came to.
pub fn door(request: &Request) -> Result<&Door> {
    let door = request.data::<Door>();
    Ok(door.ok_or_else(|| anyhow::anyhow!("the routes lack their door"))?)
}

/// What stands behind `Bearer`.
pub fn bearer(request: &Request) -> Option<&str> {
    let (scheme, rest) = header(request, &AUTHORIZATION)?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(rest.trim())
}

/// `Api-Token` is what clients of v1 send; `api_token` is what its documentation said.
pub fn token(request: &Request) -> Option<&str> {
    header(request, &API_TOKEN).or_else(|| header(request, &API_TOKEN_DOCUMENTED))
}

fn header<'a>(request: &'a Request, name: &HeaderName) -> Option<&'a str> {
    request.headers().get(name)?.to_str().ok()
}

fn scheme(
    ty: &'static str,
    name: Option<&'static str>,
    description: &'static str,
) -> MetaSecurityScheme {
    MetaSecurityScheme {
        ty,
        description: Some(description),
        name,
        key_in: name.map(|_| "header"),
        scheme: name.is_none().then_some("bearer"),
        bearer_format: None,
        flows: None,
        openid_connect_url: None,
    }
}

fn register_token(registry: &mut Registry) {
    let text = "A v1 token, made by the partner with its client key. Clients set to `exchange_once` can use it for `POST /token-exchange` only.";
    registry.create_security_scheme(TOKEN, scheme("apiKey", Some("Api-Token"), text));
}

fn register_bearer(registry: &mut Registry) {
    let text = "The `access_token` of a session, or an API key of the client.";
    registry.create_security_scheme(BEARER, scheme("http", None, text));
}

macro_rules! guard {
    ($guard:ident, $check:ident, [$($name:ident with $register:ident),+]) => {
        impl<'a> ApiExtractor<'a> for $guard {
            const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
            type ParamType = ();
            type ParamRawType = ();

            fn register(registry: &mut Registry) {
                $($register(registry);)+
            }

            fn security_schemes() -> Vec<&'static str> {
                vec![$($name),+]
            }

            async fn from_request(
                request: &'a Request,
                _body: &mut RequestBody,
                _options: ExtractParamOptions<Self::ParamType>,
            ) -> poem::Result<Self> {
                Ok($check(request).await?)
            }
        }
    };
}

guard!(Member, member, [BEARER with register_bearer, TOKEN with register_token]);
guard!(Caller, caller, [BEARER with register_bearer, TOKEN with register_token]);
guard!(Exchange, exchange, [TOKEN with register_token]);
