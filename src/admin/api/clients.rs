//! Clients over HTTP.

use std::sync::Arc;

use poem_openapi::{
    ApiResponse, OpenApi,
    param::{Path, Query},
    payload::Json,
};
use uuid::Uuid;

use super::{
    Tags, named,
    shapes::{ClientBody, ClientChange, ClientMade, ClientToMake},
};
use crate::{
    admin::{
        Console,
        audit::{self, Act},
        guard::{Admin, Operator},
    },
    error::{Error, Result},
    http::paging::{Page, Place, Window},
    identity::{
        MembersMay, Realm, V1Tokens,
        client::{self, NewClient},
        profile::{self, Profile},
    },
};

/// Characters of a search at most.
const SEARCH_CHARS_MAX: usize = 200;

/// Operations on clients.
pub struct ClientsApi(pub(super) Arc<Console>);

#[derive(ApiResponse)]
enum Made {
    /// The client was made.
    #[oai(status = 201)]
    Made(Json<ClientMade>),
}

#[OpenApi(tag = "Tags::Clients")]
impl ClientsApi {
    /// Clients, the latest first
    #[oai(path = "/clients", method = "get", operation_id = "listClients")]
    async fn list(
        &self,
        _who: Operator,
        /// Only clients in whose id, name or description this stands.
        text: Query<Option<String>>,
        /// The `next_cursor` of the page before; the first page without it.
        cursor: Query<Option<String>>,
        /// Items at most, 1 to 100; 20 unless said otherwise.
        limit: Query<Option<u32>>,
    ) -> Result<Json<Page<ClientBody>>> {
        let window = Window::new(cursor.0.as_deref(), limit.0)?;
        let text = searched(text.0)?;
        let mut tx = self.0.app.db.system().await?;
        let rows = profile::list(&mut tx, text.as_deref(), &window).await?;
        Ok(Json(window.page(rows, place, Into::into)))
    }

    /// Make a client
    ///
    /// The key is shown here and nowhere else.
    #[oai(path = "/clients", method = "post", operation_id = "createClient")]
    async fn create(&self, who: Admin, body: Json<ClientToMake>) -> Result<Made> {
        let (app, body) = (&self.0.app, body.0);
        let key = self.0.new_key(body.key_bits, body.import_key).await?;
        let (client_key, now) = (key.public_pem.clone(), app.clock.now());
        let new = NewClient {
            client_id: body.id,
            name: body.name,
            description: body.description.unwrap_or_default(),
            v1_tokens: body.v1_tokens.unwrap_or(V1Tokens::ExchangeOnce),
            token_realm: Realm::Partner,
            members_may: body.members_may.unwrap_or(MembersMay::Own),
        };
        let mut tx = app.db.system().await?;
        let client = client::create(&mut tx, &app.vault, &new, key, now).await?;
        let act = Act {
            detail: Some(new.name),
            ..Act::on("client.create", &client.client_id)
        };
        audit::sign(tx, &who.by, act, now).await?;
        let client = self.read(&client.client_id).await?.into();
        Ok(Made::Made(Json(ClientMade { client, client_key })))
    }

    /// A client
    #[oai(path = "/clients/:client", method = "get", operation_id = "getClient")]
    async fn get(
        &self,
        _who: Operator,
        /// The client's id.
        client: Path<String>,
    ) -> Result<Json<ClientBody>> {
        Ok(Json(self.read(&client.0).await?.into()))
    }

    /// Change the settings of a client
    ///
    /// Takes effect on every process within a second.
    #[oai(
        path = "/clients/:client",
        method = "patch",
        operation_id = "changeClient"
    )]
    async fn change(
        &self,
        who: Admin,
        /// The client's id.
        client: Path<String>,
        body: Json<ClientChange>,
    ) -> Result<Json<ClientBody>> {
        let client = named(&self.0, &client.0).await?;
        let mut tx = self.0.app.db.client(client.client_no).await?;
        let before = profile::find(&mut tx).await?;
        let (mut after, changed) = body.0.apply(&before);
        profile::keep(&mut tx, &mut after).await?;
        let act = Act {
            detail: Some(changed),
            ..Act::on("client.change", &after.client_id)
        };
        audit::sign(tx, &who.by, act, self.0.app.clock.now()).await?;
        Ok(Json(after.into()))
    }
}

impl ClientsApi {
    async fn read(&self, client_id: &str) -> Result<Profile> {
        let client = named(&self.0, client_id).await?;
        let mut tx = self.0.app.db.client(client.client_no).await?;
        profile::find(&mut tx).await
    }
}

/// A text to search for, when there is one.
pub(super) fn searched(text: Option<String>) -> Result<Option<String>> {
    let text = text.filter(|text| !text.trim().is_empty());
    if text
        .as_ref()
        .is_some_and(|text| text.chars().count() > SEARCH_CHARS_MAX)
    {
        return Err(Error::invalid(format!(
            "A search has at most {SEARCH_CHARS_MAX} characters."
        )));
    }
    Ok(text)
}

fn place(profile: &Profile) -> Place {
    let number = u128::try_from(profile.client_no.0).unwrap_or_default();
    Place {
        at: profile.created_at,
        id: Uuid::from_u128(number),
    }
}
