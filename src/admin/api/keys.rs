//! Keys of clients over HTTP.

use std::sync::Arc;

use poem_openapi::{ApiResponse, OpenApi, param::Path, payload::Json};
use time::Duration;

use super::{
    Done, Tags,
    keys_shapes::{ApiKeyMade, ApiKeys, KeyBody, KeyMade, Keys, NewApiKey, NewKeyBody, Retirement},
    named,
};
use crate::{
    admin::{
        Console,
        audit::{self, Act},
        guard::{Admin, Operator},
    },
    error::{Error, Result},
    identity::{
        api_key::{self, Scope},
        keyring,
    },
    ids::{ApiKeyId, KeyId},
};

/// Hours for which an old key may overlap a new one at most.
const OVERLAP_HOURS_MAX: u32 = 8_760;

/// Operations on keys.
pub struct KeysApi(pub(super) Arc<Console>);

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
