//! Who pays by the month, over HTTP.

use std::sync::Arc;

use poem_openapi::{
    ApiResponse, Object, OpenApi,
    param::{Path, Query},
    payload::Json,
    types::Example,
};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::{Tags, named};
use crate::{
    admin::{
        Console,
        audit::{self, Act},
        guard::{Finance, Operator},
    },
    billing::{
        Owner,
        fee::{self, Fee, FeeState},
        plan,
        subscription::{self, Subscription},
    },
    error::Result,
    http::{
        example,
        paging::{Page, Place, Window},
    },
    identity::{Realm, user},
    ids::{PlanId, SubscriptionId, UserId},
};

/// Operations on subscriptions of clients.
pub struct SubscriptionsApi(pub(super) Arc<Console>);

/// Who shall pay for what.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
struct NewSubscription {
    /// A plan of kind `monthly` that is on offer.
    plan_id: PlanId,
    /// The partner's id of the user who pays; without it the client pays.
    user: Option<String>,
}

/// Somebody who pays for a plan by the month.
#[derive(Object)]
#[oai(rename = "Subscription", example)]
struct SubscriptionBody {
    /// Its id.
    id: SubscriptionId,
    /// The user who pays; null: the client does.
    user_id: Option<UserId>,
    /// The plan.
    plan_id: PlanId,
    /// What it is called.
    plan: String,
    /// Credits for a month.
    credits: String,
    /// The day on which the first period began, where the client is.
    first_day: Date,
    /// When there is something to do next.
    due_at: OffsetDateTime,
    /// Why the last try came to nothing.
    problem: Option<String>,
    /// When it began.
    started_at: OffsetDateTime,
    /// When it ended.
    ended_at: Option<OffsetDateTime>,
}

/// What a plan cost for a period.
#[derive(Object)]
#[oai(rename = "Fee", example)]
struct FeeBody {
    /// The day on which the period began.
    period: Date,
    /// Credits.
    credits: String,
    /// Whether it was paid.
    state: FeeState,
    /// When the period began.
    due_at: OffsetDateTime,
    /// When it was paid.
    paid_at: Option<OffsetDateTime>,
}

#[derive(ApiResponse)]
enum Begun {
    /// It has begun; the first fee is taken within minutes.
    #[oai(status = 201)]
    Begun(Json<SubscriptionBody>),
}

#[OpenApi(tag = "Tags::Books")]
impl SubscriptionsApi {
    /// Who pays by the month, the latest first
    #[oai(
        path = "/clients/:client/subscriptions",
        method = "get",
        operation_id = "listSubscriptions"
    )]
    async fn list(
        &self,
        _who: Operator,
        /// The client's id.
        client: Path<String>,
        /// The `next_cursor` of the page before; the first page without it.
        cursor: Query<Option<String>>,
        /// Items at most, 1 to 100; 20 unless said otherwise.
        limit: Query<Option<u32>>,
    ) -> Result<Json<Page<SubscriptionBody>>> {
        let window = Window::new(cursor.0.as_deref(), limit.0)?;
        let client = named(&self.0, &client.0).await?;
        let mut tx = self.0.app.db.client(client.client_no).await?;
        let rows = subscription::list(&mut tx, &window).await?;
        Ok(Json(window.page(rows, place, Into::into)))
    }

    /// Have a plan paid by the month
    #[oai(
        path = "/clients/:client/subscriptions",
        method = "post",
        operation_id = "createSubscription"
    )]
    async fn start(
        &self,
        by: Finance,
        /// The client's id.
        client: Path<String>,
        body: Json<NewSubscription>,
    ) -> Result<Begun> {
        let (client, now) = (named(&self.0, &client.0).await?, self.0.app.clock.now());
        let mut tx = self.0.app.db.client(client.client_no).await?;
        let owner = match &body.user {
            Some(id) => Owner::User(user::find(&mut tx, Realm::Partner, id).await?.user_id),
            None => Owner::Client,
        };
        let plan = plan::find(&mut tx, body.plan_id).await?;
        let made = subscription::start(&mut tx, owner, &plan, now).await?;
        let act = Act {
            detail: Some(plan.name),
            ..Act::about(
                "subscription.create",
                &client.client_id,
                made.subscription_id,
            )
        };
        audit::sign(tx, &by.by, act, now).await?;
        Ok(Begun::Begun(Json(made.into())))
    }

    /// End a subscription
    ///
    /// The period that has begun is not paid back, and what is unpaid is not tried any more.
    #[oai(
        path = "/clients/:client/subscriptions/:subscription/end",
        method = "post",
        operation_id = "endSubscription"
    )]
    async fn end(
        &self,
        by: Finance,
        /// The client's id.
        client: Path<String>,
        /// The subscription.
        subscription: Path<SubscriptionId>,
    ) -> Result<Json<SubscriptionBody>> {
        let (client, now) = (named(&self.0, &client.0).await?, self.0.app.clock.now());
        let mut tx = self.0.app.db.client(client.client_no).await?;
        let ended = subscription::end(&mut tx, subscription.0, now).await?;
        let act = Act::about("subscription.end", &client.client_id, subscription.0);
        audit::sign(tx, &by.by, act, now).await?;
        Ok(Json(ended.into()))
    }

    /// Fees of a subscription, the latest first
    #[oai(
        path = "/clients/:client/subscriptions/:subscription/fees",
        method = "get",
        operation_id = "listFees"
    )]
    async fn fees(
        &self,
        _who: Operator,
        /// The client's id.
        client: Path<String>,
        /// The subscription.
        subscription: Path<SubscriptionId>,
        /// The `next_cursor` of the page before; the first page without it.
        cursor: Query<Option<String>>,
        /// Items at most, 1 to 100; 20 unless said otherwise.
        limit: Query<Option<u32>>,
    ) -> Result<Json<Page<FeeBody>>> {
        let window = Window::new(cursor.0.as_deref(), limit.0)?;
        let client = named(&self.0, &client.0).await?;
        let mut tx = self.0.app.db.client(client.client_no).await?;
        subscription::find(&mut tx, subscription.0).await?;
        let fees = fee::list(&mut tx, subscription.0, &window).await?;
        Ok(Json(window.page(fees, place_of_fee, Into::into)))
    }
}

fn place(of: &Subscription) -> Place {
    Place {
        at: of.started_at,
        id: of.subscription_id.0,
    }
}

/// No two periods of a subscription begin at once.
fn place_of_fee(fee: &Fee) -> Place {
    Place {
        at: fee.due_at,
        id: Uuid::nil(),
    }
}

impl From<Subscription> for SubscriptionBody {
    fn from(of: Subscription) -> Self {
        Self {
            id: of.subscription_id,
            user_id: match of.owner() {
                Owner::User(id) => Some(id),
                Owner::Client => None,
            },
            plan_id: of.plan_id,
            plan: of.name,
            credits: of
                .credits
                .map(|credits| credits.to_string())
                .unwrap_or_default(),
            first_day: of.first_day,
            due_at: of.due_at,
            problem: of.problem,
            started_at: of.started_at,
            ended_at: of.ended_at,
        }
    }
}

impl From<Fee> for FeeBody {
    fn from(fee: Fee) -> Self {
        Self {
            period: fee.period,
            credits: fee.amount.to_string(),
            state: fee.state,
            due_at: fee.due_at,
            paid_at: fee.paid_at,
        }
    }
}

impl Example for NewSubscription {
    fn example() -> Self {
        Self {
            plan_id: PlanId(example::id(1)),
            user: None,
        }
    }
}

impl Example for SubscriptionBody {
    fn example() -> Self {
        Self {
            id: SubscriptionId(example::id(1)),
            user_id: None,
            plan_id: PlanId(example::id(2)),
            plan: "Team".into(),
            credits: "500".into(),
            first_day: example::time().date(),
            due_at: example::time(),
            problem: None,
            started_at: example::time(),
            ended_at: None,
        }
    }
}

impl Example for FeeBody {
    fn example() -> Self {
        Self {
            period: example::time().date(),
            credits: "500".into(),
            state: FeeState::Paid,
            due_at: example::time(),
            paid_at: Some(example::time()),
        }
    }
}
