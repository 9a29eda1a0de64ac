//! Figures, users and the record of acts over HTTP.

use std::sync::Arc;

use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
    payload::Json,
    types::Example,
};
use time::OffsetDateTime;

use super::{Tags, clients::searched, named};
use crate::{
    admin::{
        Console,
        audit::{self, Act, Event, Wanted},
        guard::{Admin, Operator},
        looks::{self, Person, StateCount},
    },
    error::Result,
    http::{
        example,
        paging::{Page, Place, Window},
    },
    identity::{Realm, Role},
    ids::{EventId, UserId},
};

/// Operations that look around.
pub struct LooksApi(pub(super) Arc<Console>);

/// How much there is.
#[derive(Object)]
#[oai(example)]
struct Overview {
    /// Clients.
    clients: i64,
    /// Users of all clients.
    users: i64,
    /// Documents of all clients.
    documents: DocumentCounts,
    /// Answers in the last 24 hours.
    answers_24h: i64,
    /// The version of the server.
    version: String,
}

/// Documents by state.
#[derive(Object, Default)]
struct DocumentCounts {
    /// Waiting to be read.
    uploaded: i64,
    /// Being read.
    extracting: i64,
    /// Being made searchable.
    embedding: i64,
    /// Searchable.
    ready: i64,
    /// Could not be read.
    failed: i64,
}

/// A user of a client.
#[derive(Object)]
#[oai(example)]
struct User {
    /// Our id.
    id: UserId,
    /// Where the external id comes from.
    realm: Realm,
    /// The id by which the partner knows the user.
    external_id: String,
    /// The name for people.
    username: String,
    /// What the user may do.
    role: Role,
    /// Whether the user is let in.
    enabled: bool,
    /// When the user was first seen.
    created_at: OffsetDateTime,
    /// When the user was last seen, to a minute.
    last_seen_at: Option<OffsetDateTime>,
    /// Conversations.
    sessions: i64,
    /// Documents in the user's own bases.
    documents: i64,
}

/// What is to change of a user.
#[derive(Object)]
#[oai(example)]
struct UserChange {
    /// Whether the user is let in.
    enabled: Option<bool>,
    /// What the user may do.
    role: Option<Role>,
}

/// Something that was done.
#[derive(Object)]
#[oai(rename = "AuditEvent", example)]
struct EventBody {
    /// Its id.
    id: EventId,
    /// When.
    at: OffsetDateTime,
    /// The name of who did it.
    operator: String,
    /// What: `client.create`.
    act: String,
    /// To which client.
    client_id: Option<String>,
    /// To which thing.
    subject: Option<String>,
    /// How, as far as that is no secret.
    detail: Option<String>,
    /// From which address.
    address: String,
}

impl From<Person> for User {
    fn from(person: Person) -> Self {
        Self {
            id: person.user_id,
            realm: person.realm,
            external_id: person.external_id,
            username: person.username,
            role: person.role,
            enabled: person.enabled,
            created_at: person.created_at,
            last_seen_at: person.last_seen_at,
            sessions: person.sessions,
            documents: person.documents,
        }
    }
}

impl From<Event> for EventBody {
    fn from(event: Event) -> Self {
        Self {
            id: event.event_id,
            at: event.at,
            operator: event.operator,
            act: event.act,
            client_id: event.client_id,
            subject: event.subject,
            detail: event.detail,
            address: event.address,
        }
    }
}

impl From<Vec<StateCount>> for DocumentCounts {
    fn from(counts: Vec<StateCount>) -> Self {
        let of = |state: &str| {
            let found = counts.iter().find(|count| count.state == state);
            found.map_or(0, |count| count.count)
        };
        Self {
            uploaded: of("uploaded"),
            extracting: of("extracting"),
            embedding: of("embedding"),
            ready: of("ready"),
            failed: of("failed"),
        }
    }
}

#[OpenApi]
impl LooksApi {
    /// How much there is
    #[oai(
        path = "/overview",
        method = "get",
        operation_id = "getOverview",
        tag = "Tags::Account"
    )]
    async fn overview(&self, _who: Operator) -> Result<Json<Overview>> {
        let mut tx = self.0.app.db.system().await?;
        let (figures, documents) = looks::overview(&mut tx, self.0.app.clock.now()).await?;
        Ok(Json(Overview {
            clients: figures.clients,
            users: figures.users,
            documents: documents.into(),
            answers_24h: figures.answers,
            version: env!("CARGO_PKG_VERSION").into(),
        }))
    }

    /// What operators did, the latest first
    ///
    /// A record that is added to and never changed.
    #[oai(
        path = "/audit",
        method = "get",
        operation_id = "listAudit",
        tag = "Tags::Operators"
    )]
    async fn audit(
        &self,
        _who: Operator,
        /// Only acts on this client.
        client: Query<Option<String>>,
        /// Only acts of the operator of this name.
        operator: Query<Option<String>>,
        /// Only acts of this kind, such as `key.kill`.
        act: Query<Option<String>>,
        /// The `next_cursor` of the page before; the first page without it.
        cursor: Query<Option<String>>,
        /// Items at most, 1 to 100; 20 unless said otherwise.
        limit: Query<Option<u32>>,
    ) -> Result<Json<Page<EventBody>>> {
        let window = Window::new(cursor.0.as_deref(), limit.0)?;
        let wanted = Wanted {
            client_id: searched(client.0)?,
            operator: searched(operator.0)?,
            act: searched(act.0)?,
        };
        let mut tx = self.0.app.db.admin().await?;
        let events = audit::list(&mut tx, &wanted, &window).await?;
        Ok(Json(window.page(events, place_of_event, Into::into)))
    }

    /// The users of a client, the latest first
    #[oai(
        path = "/clients/:client/users",
        method = "get",
        operation_id = "listUsers",
        tag = "Tags::Clients"
    )]
    async fn users(
        &self,
        _who: Operator,
        /// The client's id.
        client: Path<String>,
        /// Only users in whose id or name this stands.
        text: Query<Option<String>>,
        /// The `next_cursor` of the page before; the first page without it.
        cursor: Query<Option<String>>,
        /// Items at most, 1 to 100; 20 unless said otherwise.
        limit: Query<Option<u32>>,
    ) -> Result<Json<Page<User>>> {
        let (window, text) = (
            Window::new(cursor.0.as_deref(), limit.0)?,
            searched(text.0)?,
        );
        let client = named(&self.0, &client.0).await?;
        let mut tx = self.0.app.db.client(client.client_no).await?;
        let now = self.0.app.clock.now();
        let people = looks::people(&mut tx, text.as_deref(), &window, now).await?;
        Ok(Json(window.page(people, place_of_person, Into::into)))
    }

    /// Change a user
    ///
    /// Takes effect on every process within a second.
    #[oai(
        path = "/clients/:client/users/:user",
        method = "patch",
        operation_id = "changeUser",
        tag = "Tags::Clients"
    )]
    async fn change_user(
        &self,
        who: Admin,
        /// The client's id.
        client: Path<String>,
        /// The user.
        user: Path<UserId>,
        body: Json<UserChange>,
    ) -> Result<Json<User>> {
        let client = named(&self.0, &client.0).await?;
        let mut tx = self.0.app.db.client(client.client_no).await?;
        let UserChange { enabled, role } = body.0;
        let user = looks::change_person(&mut tx, user.0, enabled, role).await?;
        let act = Act {
            detail: Some(format!("enabled {}, role {:?}", user.enabled, user.role)),
            ..Act::about("user.change", &client.client_id, &user.external_id)
        };
        audit::sign(tx, &who.by, act, self.0.app.clock.now()).await?;
        Ok(Json(user.into()))
    }
}

fn place_of_event(event: &Event) -> Place {
    Place {
        at: event.at,
        id: event.event_id.0,
    }
}

fn place_of_person(person: &Person) -> Place {
    Place {
        at: person.created_at,
        id: person.user_id.0,
    }
}

impl Example for Overview {
    fn example() -> Self {
        Self {
            clients: 2,
            users: 40,
            documents: DocumentCounts {
                ready: 12,
                ..DocumentCounts::default()
            },
            answers_24h: 130,
            version: "0.1.0".into(),
        }
    }
}

impl Example for User {
    fn example() -> Self {
        Self {
            id: UserId(example::id(1)),
            realm: Realm::Partner,
            external_id: "42".into(),
            username: "Alice".into(),
            role: Role::Member,
            enabled: true,
            created_at: example::time(),
            last_seen_at: Some(example::time()),
            sessions: 3,
            documents: 0,
        }
    }
}

impl Example for UserChange {
    fn example() -> Self {
        Self {
            enabled: Some(false),
            role: None,
        }
    }
}

impl Example for EventBody {
    fn example() -> Self {
        Self {
            id: EventId(example::id(5)),
            at: example::time(),
            operator: "ada".into(),
            act: "key.kill".into(),
            client_id: Some("morningstar".into()),
            subject: Some(example::id(3).to_string()),
            detail: None,
            address: "192.0.2.7".into(),
        }
    }
}
