//! Who pays for a plan by the month, and since when.

use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::{
    amount::Micros,
    period::Zone,
    plan::{Offer, Plan},
    store::subscriptions as store,
    wallet::Owner,
};
use crate::{
    db::{ClientTx, SystemTx},
    error::{Error, Result},
    http::paging::Window,
    ids::{ClientNo, PlanId, SubscriptionId},
};

/// Characters of a problem that are kept.
const PROBLEM_CHARS_MAX: usize = 500;

/// Somebody who pays for a plan by the month.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Subscription {
    /// Its id.
    pub subscription_id: SubscriptionId,
    pub(super) owner_id: Uuid,
    /// The plan, as it was when it began.
    pub plan_id: PlanId,
    /// What that is called.
    pub name: String,
    /// What a month costs.
    pub credits: Option<Micros>,
    /// The day on which the first period began.
    pub first_day: Date,
    /// Periods that were billed.
    pub next_no: i32,
    /// When there is something to do next.
    pub due_at: OffsetDateTime,
    /// Why the last try came to nothing.
    pub problem: Option<String>,
    /// When it began.
    pub started_at: OffsetDateTime,
    /// When it ended.
    pub ended_at: Option<OffsetDateTime>,
}

impl Subscription {
    /// Who pays.
    pub fn owner(&self) -> Owner {
        Owner::of(self.owner_id)
    }
}

/// Begins to bill an owner for a plan; the first fee is due at once, by the next run.
///
/// # Errors
/// `Conflict` for a plan that is not paid by the month or not on offer, `Taken` when the owner pays
/// for it already.
pub async fn start(
    tx: &mut ClientTx,
    owner: Owner,
    plan: &Plan,
    now: OffsetDateTime,
) -> Result<Subscription> {
    if plan.kind != Offer::Monthly || !plan.enabled {
        return Err(Error::Conflict(
            "Only a plan of kind monthly that is on offer is paid by the month.".into(),
        ));
    }
    let day = zone(tx).await?.day_of(now);
    let id = SubscriptionId::new(now);
    store::add(tx, id, (owner.id(), plan.plan_id, day), now).await?;
    find(tx, id).await
}

/// Ends it: no further period is billed. The one that has begun is not paid back, and what is unpaid
/// is not tried any more. Asked for again, it changes nothing.
///
/// # Errors
/// `NotFound` when there is none.
pub async fn end(
    tx: &mut ClientTx,
    id: SubscriptionId,
    now: OffsetDateTime,
) -> Result<Subscription> {
    store::end(tx, id, now).await?;
    find(tx, id).await
}

/// A subscription.
///
/// # Errors
/// `NotFound` when there is none.
pub async fn find(tx: &mut ClientTx, id: SubscriptionId) -> Result<Subscription> {
    let found = store::find(tx, id).await?;
    found.ok_or(Error::NotFound("subscription"))
}

/// Those of the client and its users, the latest first.
pub async fn list(tx: &mut ClientTx, window: &Window) -> Result<Vec<Subscription>> {
    store::list(tx, window).await
}

/// Whether somebody pays by the month.
pub async fn is_any(tx: &mut ClientTx, owner: Owner) -> Result<bool> {
    store::is_any(tx, owner.id()).await
}

/// Those of all clients for which something is due by then, in the order of clients and ids, behind
/// the one given.
pub async fn due(
    tx: &mut SystemTx,
    by: OffsetDateTime,
    after: Option<(ClientNo, SubscriptionId)>,
    rows: i64,
) -> Result<Vec<(ClientNo, SubscriptionId)>> {
    store::due(tx, by, after, rows).await
}

/// Clients for which something is due.
pub async fn due_clients(
    tx: &mut SystemTx,
    by: OffsetDateTime,
    rows: i64,
) -> Result<Vec<ClientNo>> {
    store::due_clients(tx, by, rows).await
}

/// Those of one client for which something is due, the longest due first.
pub async fn due_here(
    tx: &mut ClientTx,
    by: OffsetDateTime,
    rows: i64,
) -> Result<Vec<SubscriptionId>> {
    store::due_here(tx, by, rows).await
}

/// Writes down why a try came to nothing, and when the next one is.
pub async fn put_off(
    tx: &mut ClientTx,
    id: SubscriptionId,
    problem: &str,
    until: OffsetDateTime,
) -> Result<()> {
    let problem: String = problem.chars().take(PROBLEM_CHARS_MAX).collect();
    store::put_off(tx, id, &problem, until).await
}

/// Where the client is.
///
/// # Errors
/// `Invalid` when its time zone is not known here.
pub async fn zone(tx: &mut ClientTx) -> Result<Zone> {
    Zone::named(&store::time_zone(tx).await?)
}
