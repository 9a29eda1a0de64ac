//! What operators did: written in the transaction that does it, read by time, never changed.

use time::OffsetDateTime;

use super::{By, store};
use crate::{
    db::{AdminTx, Tx},
    error::Result,
    http::paging::Window,
    ids::{EventId, OperatorId},
};

/// Characters that the database takes of a subject and of a detail.
const SUBJECT_CHARS_MAX: usize = 200;
const DETAIL_CHARS_MAX: usize = 2_000;

/// Something that is done.
#[derive(Clone, Debug, Default)]
pub struct Act<'a> {
    /// What: `client.create`.
    pub what: &'a str,
    /// To which client.
    pub client_id: Option<&'a str>,
    /// To which thing of it.
    pub subject: Option<String>,
    /// How, as far as that is no secret.
    pub detail: Option<String>,
}

impl<'a> Act<'a> {
    /// To a client.
    pub fn on(what: &'a str, client_id: &'a str) -> Self {
        Self {
            what,
            client_id: Some(client_id),
            ..Self::default()
        }
    }

    /// To a thing of a client.
    pub fn about(what: &'a str, client_id: &'a str, subject: impl ToString) -> Self {
        Self {
            subject: Some(subject.to_string()),
            ..Self::on(what, client_id)
        }
    }
}

/// Something that was done.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Event {
    /// Its id.
    pub event_id: EventId,
    /// When.
    pub at: OffsetDateTime,
    /// By whom.
    pub operator_id: Option<OperatorId>,
    /// The name, as it was.
    pub operator: String,
    /// What.
    pub act: String,
    /// To which client.
    pub client_id: Option<String>,
    /// To which thing of it.
    pub subject: Option<String>,
    /// How.
    pub detail: Option<String>,
    /// From where.
    pub address: String,
}

/// Which events are asked for.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Those about this client.
    pub client_id: Option<String>,
    /// Those of the operator of this name.
    pub operator: Option<String>,
    /// Those of this kind.
    pub act: Option<String>,
}

/// Writes down what this transaction did, and commits both.
pub async fn sign<Scope>(tx: Tx<Scope>, by: &By, act: Act<'_>, now: OffsetDateTime) -> Result<()> {
    let mut tx = tx.into_admin().await?;
    write(&mut tx, by, act, now).await?;
    tx.commit().await
}

/// Writes down what this transaction does.
pub async fn write(tx: &mut AdminTx, by: &By, act: Act<'_>, now: OffsetDateTime) -> Result<()> {
    let act = Act {
        subject: act.subject.map(|text| cut(&text, SUBJECT_CHARS_MAX)),
        detail: act.detail.map(|text| cut(&text, DETAIL_CHARS_MAX)),
        ..act
    };
    store::add_event(tx, EventId::new(now), by, &act, now).await
}

/// What was done, the latest first.
pub async fn list(tx: &mut AdminTx, wanted: &Wanted, window: &Window) -> Result<Vec<Event>> {
    store::events(tx, wanted, window).await
}

fn cut(text: &str, chars_max: usize) -> String {
    text.chars().take(chars_max).collect()
}
