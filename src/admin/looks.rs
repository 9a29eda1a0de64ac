//! What the operator looks at: people of a client, figures of the whole.

use time::{Duration, OffsetDateTime};

use super::store::looks as store;
use crate::{
    db::{ClientTx, SystemTx},
    error::{Error, Result},
    http::paging::Window,
    identity::{Realm, Role},
    ids::UserId,
};

/// A user as the operator sees them.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Person {
    /// Our id.
    pub user_id: UserId,
    /// Where the external id comes from.
    pub realm: Realm,
    /// The id by which the realm knows the user.
    pub external_id: String,
    /// The name for people.
    pub username: String,
    /// What the user may do.
    pub role: Role,
    /// Whether the user is let in.
    pub enabled: bool,
    /// When the user was first seen.
    pub created_at: OffsetDateTime,
    /// When the user was last seen, to a minute.
    pub last_seen_at: Option<OffsetDateTime>,
    /// Conversations.
    pub sessions: i64,
    /// Documents in the user's own bases.
    pub documents: i64,
}

/// How much there is.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Figures {
    /// Clients.
    pub clients: i64,
    /// Users of all clients.
    pub users: i64,
    /// Answers in the last 24 hours.
    pub answers: i64,
}

/// How many documents are in a state.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct StateCount {
    /// The state.
    pub state: String,
    /// How many.
    pub count: i64,
}

/// Users in whose id or name the text stands, the latest first.
pub async fn people(
    tx: &mut ClientTx,
    text: Option<&str>,
    window: &Window,
    now: OffsetDateTime,
) -> Result<Vec<Person>> {
    // clocks of other processes may be ahead
    store::people(tx, text, window, now + Duration::days(1)).await
}

/// Changes a user; takes effect on every process within a second.
pub async fn change_person(
    tx: &mut ClientTx,
    id: UserId,
    enabled: Option<bool>,
    role: Option<Role>,
) -> Result<Person> {
    store::change_person(tx, id, enabled, role).await?;
    store::person(tx, id).await?.ok_or(Error::NotFound("user"))
}

/// How much there is, and documents by state.
pub async fn overview(
    tx: &mut SystemTx,
    now: OffsetDateTime,
) -> Result<(Figures, Vec<StateCount>)> {
    let figures = store::figures(tx, now - Duration::hours(24)).await?;
    Ok((figures, store::documents_by_state(tx).await?))
}
