//! Keys of clients over HTTP.

use std::sync::Arc;

use poem_openapi::{ApiResponse, Object, OpenApi, param::Path, payload::Json, types::Example};
use time::{Duration, OffsetDateTime};

use super::{Done, Tags, named, shapes::PEM};
use crate::{
    admin::{
        Console,
        audit::{self, Act},
        guard::{Admin, Operator},
    },
    error::{Error, Result},
    http::example,
    identity::{
        api_key::{self, Listed, Scope},
        keyring::{self, KeyPair},
    },
    ids::{ApiKeyId, KeyId},
};

/// Hours for which an old key may overlap a new one at most.
const OVERLAP_HOURS_MAX: u32 = 8_760;

/// Operations on keys.
pub struct KeysApi(pub(super) Arc<Console>);

/// An RSA key pair of a client; its halves are not shown.
#[derive(Object)]
#[oai(rename = "Key", example)]
struct KeyBody {
    /// Its id.
    id: KeyId,
    /// Its size.
    bits: u32,
    /// When it was made.
    created_at: OffsetDateTime,
    /// When its tokens cease to count.
    retires_at: Option<OffsetDateTime>,
    /// When it was killed.
    killed_at: Option<OffsetDateTime>,
    /// When a token of it last counted, to a minute.
    last_used_at: Option<OffsetDateTime>,
    /// SHA-256 of the public half (DER), in hex.
    fingerprint: String,
}

/// The key pairs of a client.
#[derive(Object)]
#[oai(example)]
struct Keys {
    /// The newest first, at most 200.
    items: Vec<KeyBody>,
}

/// A key pair to be.
#[derive(Object)]
#[oai(example)]
struct NewKeyBody {
    /// Bits: 2048, 3072 or 4096; the server's setting when absent.
    bits: Option<u32>,
    /// The PEM of a private key (PKCS#8 or PKCS#1) to go on with, instead of a new one.
    import_key: Option<String>,
}

/// A key pair that was just made.
#[derive(Object)]
#[oai(example)]
struct KeyMade {
    /// The key.
    key: KeyBody,
    /// PEM, shown here only. Whoever holds it can make tokens for this client's users.
    client_key: String,
}

/// When a key ends.
#[derive(Object)]
#[oai(example)]
struct Retirement {
    /// Hours for which its tokens still count, 0 to 8760.
    overlap_hours: u32,
}

/// What an API key may do.
#[derive(Clone, Copy, PartialEq, Eq, poem_openapi::Enum)]
#[oai(rename = "ApiKeyScope")]
enum ScopeBody {
    /// Read the client's bases.
    #[oai(rename = "knowledge:read")]
    KnowledgeRead,
    /// Read and write the client's bases.
    #[oai(rename = "knowledge:write")]
    KnowledgeWrite,
}

/// An API key of a client: how a program of it proves what it is.
#[derive(Object)]
#[oai(rename = "ApiKey", example)]
struct ApiKeyBody {
    /// Its id.
    id: ApiKeyId,
    /// What it is for.
    name: String,
    /// What it may do.
    scopes: Vec<ScopeBody>,
    /// When it was made.
    created_at: OffsetDateTime,
    /// When it was revoked.
    revoked_at: Option<OffsetDateTime>,
    /// When it was last used, to a minute.
    last_used_at: Option<OffsetDateTime>,
}

/// The API keys of a client.
#[derive(Object)]
#[oai(example)]
struct ApiKeys {
    /// The newest first, at most 200.
    items: Vec<ApiKeyBody>,
}

/// An API key to be.
#[derive(Object)]
#[oai(example)]
struct NewApiKey {
    /// What it is for, 1 to 200 characters.
    name: String,
    /// What it may do.
    scopes: Vec<ScopeBody>,
}

/// An API key that was just made.
#[derive(Object)]
#[oai(example)]
struct ApiKeyMade {
    /// Its id.
    id: ApiKeyId,
    /// The key, shown here only.
    secret: String,
}

#[derive(ApiResponse)]
enum Made {
    /// The key was made.
    #[oai(status = 201)]
    Made(Json<KeyMade>),
}

#[derive(ApiResponse)]
enum MadeForProgram {
    /// The key was made.
    #[oai(status = 201)]
    Made(Json<ApiKeyMade>),
}

impl From<KeyPair> for KeyBody {
    fn from(key: KeyPair) -> Self {
        Self {
            id: key.key_id,
            bits: key.bits.unsigned_abs(),
            fingerprint: key.fingerprint(),
            created_at: key.created_at,
            retires_at: key.retires_at,
            killed_at: key.killed_at,
            last_used_at: key.last_used_at,
        }
    }
}

impl From<Scope> for ScopeBody {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::KnowledgeRead => Self::KnowledgeRead,
            Scope::KnowledgeWrite => Self::KnowledgeWrite,
        }
    }
}

impl From<&ScopeBody> for Scope {
    fn from(scope: &ScopeBody) -> Self {
        match scope {
            ScopeBody::KnowledgeRead => Self::KnowledgeRead,
            ScopeBody::KnowledgeWrite => Self::KnowledgeWrite,
        }
    }
}

impl From<Listed> for ApiKeyBody {
    fn from(key: Listed) -> Self {
        Self {
            id: key.api_key_id,
            scopes: key.scopes().into_iter().map(Into::into).collect(),
            name: key.name,
            created_at: key.created_at,
            revoked_at: key.revoked_at,
            last_used_at: key.last_used_at,
        }
    }
}

#[OpenApi(tag = "Tags::Keys")]
impl KeysApi {
    /// The key pairs of a client
    #[oai(
        path = "/clients/:client/keys",
        method = "get",
        operation_id = "listKeys"
    )]
    async fn list(
        &self,
        _who: Operator,
        /// The client's id.
        client: Path<String>,
    ) -> Result<Json<Keys>> {
        let client = named(&self.0, &client.0).await?;
        let mut tx = self.0.app.db.client(client.client_no).await?;
        let keys = keyring::list(&mut tx).await?;
        Ok(Json(Keys {
            items: keys.into_iter().map(Into::into).collect(),
        }))
    }

    /// Add a key pair
    ///
    /// Those there are count on, at most three at a time: retire or kill the old one when the
    /// partner has the new one.
    #[oai(
        path = "/clients/:client/keys",
        method = "post",
        operation_id = "addKey"
    )]
    async fn add(
        &self,
        who: Admin,
        /// The client's id.
        client: Path<String>,
        body: Json<NewKeyBody>,
    ) -> Result<Made> {
        let (client, app) = (named(&self.0, &client.0).await?, &self.0.app);
        let key = self.0.new_key(body.0.bits, body.0.import_key).await?;
        let (client_key, now) = (key.public_pem.clone(), app.clock.now());
        let mut tx = app.db.client(client.client_no).await?;
        let key = keyring::add(&mut tx, &app.vault, key, now).await?;
        let act = Act::about("key.add", &client.client_id, key.key_id);
        audit::sign(tx, &who.by, act, now).await?;
        let key = key.into();
        Ok(Made::Made(Json(KeyMade { key, client_key })))
    }

    /// Retire a key pair
    ///
    /// Its tokens count until the overlap is over.
    #[oai(
        path = "/clients/:client/keys/:key/retire",
        method = "post",
        operation_id = "retireKey"
    )]
    async fn retire(
        &self,
        who: Admin,
        /// The client's id.
        client: Path<String>,
        /// The key.
        key: Path<KeyId>,
        body: Json<Retirement>,
    ) -> Result<Json<KeyBody>> {
        let (hours, now) = (body.0.overlap_hours, self.0.app.clock.now());
        if hours > OVERLAP_HOURS_MAX {
            return Err(Error::invalid("An overlap has at most 8760 hours, a year."));
        }
        let client = named(&self.0, &client.0).await?;
        let mut tx = self.0.app.db.client(client.client_no).await?;
        let key = keyring::retire(&mut tx, key.0, Duration::hours(hours.into()), now).await?;
        let act = Act {
            detail: Some(format!("{hours} hours")),
            ..Act::about("key.retire", &client.client_id, key.key_id)
        };
        audit::sign(tx, &who.by, act, now).await?;
        Ok(Json(key.into()))
    }

    /// Kill a key pair
    ///
    /// Its tokens are refused on every process within a second.
    #[oai(
        path = "/clients/:client/keys/:key/kill",
        method = "post",
        operation_id = "killKey"
    )]
    async fn kill(
        &self,
        who: Admin,
        /// The client's id.
        client: Path<String>,
        /// The key.
        key: Path<KeyId>,
    ) -> Result<Json<KeyBody>> {
        let (client, now) = (named(&self.0, &client.0).await?, self.0.app.clock.now());
        let mut tx = self.0.app.db.client(client.client_no).await?;
        let key = keyring::kill(&mut tx, key.0, now).await?;
        let act = Act::about("key.kill", &client.client_id, key.key_id);
        audit::sign(tx, &who.by, act, now).await?;
        Ok(Json(key.into()))
    }

    /// The API keys of a client
    #[oai(
        path = "/clients/:client/api-keys",
        method = "get",
        operation_id = "listApiKeys"
    )]
    async fn list_for_programs(
        &self,
        _who: Operator,
        /// The client's id.
        client: Path<String>,
    ) -> Result<Json<ApiKeys>> {
        let client = named(&self.0, &client.0).await?;
        let mut tx = self.0.app.db.client(client.client_no).await?;
        let keys = api_key::list(&mut tx).await?;
        Ok(Json(ApiKeys {
            items: keys.into_iter().map(Into::into).collect(),
        }))
    }

    /// Make an API key
    ///
    /// The secret is shown here and nowhere else.
    #[oai(
        path = "/clients/:client/api-keys",
        method = "post",
        operation_id = "createApiKey"
    )]
    async fn create_for_program(
        &self,
        who: Admin,
        /// The client's id.
        client: Path<String>,
        body: Json<NewApiKey>,
    ) -> Result<MadeForProgram> {
        let (client, now) = (named(&self.0, &client.0).await?, self.0.app.clock.now());
        let scopes: Vec<Scope> = body.0.scopes.iter().map(Into::into).collect();
        let (name, client_id) = (&body.0.name, &client.client_id);
        let mut tx = self.0.app.db.client(client.client_no).await?;
        let (id, secret) = api_key::create(&mut tx, client_id, name, &scopes, now).await?;
        let act = Act {
            detail: Some(name.clone()),
            ..Act::about("api_key.create", client_id, id)
        };
        audit::sign(tx, &who.by, act, now).await?;
        let secret = secret.expose().to_owned();
        Ok(MadeForProgram::Made(Json(ApiKeyMade { id, secret })))
    }

    /// Revoke an API key
    ///
    /// It is refused on every process within a second.
    #[oai(
        path = "/clients/:client/api-keys/:key",
        method = "delete",
        operation_id = "revokeApiKey"
    )]
    async fn revoke(
        &self,
        who: Admin,
        /// The client's id.
        client: Path<String>,
        /// The key.
        key: Path<ApiKeyId>,
    ) -> Result<Done> {
        let (client, now) = (named(&self.0, &client.0).await?, self.0.app.clock.now());
        let mut tx = self.0.app.db.client(client.client_no).await?;
        api_key::revoke(&mut tx, key.0, now).await?;
        let act = Act::about("api_key.revoke", &client.client_id, key.0);
        audit::sign(tx, &who.by, act, now).await?;
        Ok(Done::Done)
    }
}

impl Example for KeyBody {
    fn example() -> Self {
        Self {
            id: KeyId(example::id(3)),
            bits: 2_048,
            created_at: example::time(),
            retires_at: None,
            killed_at: None,
            last_used_at: Some(example::time()),
            fingerprint: "9c1f0e…".into(),
        }
    }
}

impl Example for Keys {
    fn example() -> Self {
        Self {
            items: vec![Example::example()],
        }
    }
}

impl Example for NewKeyBody {
    fn example() -> Self {
        Self {
            bits: Some(2_048),
            import_key: None,
        }
    }
}

impl Example for KeyMade {
    fn example() -> Self {
        Self {
            key: Example::example(),
            client_key: PEM.into(),
        }
    }
}

impl Example for Retirement {
    fn example() -> Self {
        Self { overlap_hours: 24 }
    }
}

impl Example for ApiKeyBody {
    fn example() -> Self {
        Self {
            id: ApiKeyId(example::id(4)),
            name: "nightly import".into(),
            scopes: vec![ScopeBody::KnowledgeWrite],
            created_at: example::time(),
            revoked_at: None,
            last_used_at: None,
        }
    }
}

impl Example for ApiKeys {
    fn example() -> Self {
        Self {
            items: vec![Example::example()],
        }
    }
}

impl Example for NewApiKey {
    fn example() -> Self {
        Self {
            name: "nightly import".into(),
            scopes: vec![ScopeBody::KnowledgeWrite],
        }
    }
}

impl Example for ApiKeyMade {
    fn example() -> Self {
        Self {
            id: ApiKeyId(example::id(4)),
            secret: "ck_morningstar_7f…".into(),
        }
    }
}
