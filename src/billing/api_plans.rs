//! Plans, quotas and usage over HTTP.

use poem_openapi::{
    ApiResponse, OpenApi,
    param::{Header, Path, Query},
    payload::Json,
};
use time::Date;

use super::{
    Owner, Payer, entitlement,
    order::Provider,
    plan, quotas, settings,
    shapes::{EntitlementBody, EntitlementList, OfferList, QuotasBody, UsageList, UsageOf},
    usage,
};
use crate::{
    app::App,
    db::ClientTx,
    error::{Error, Result},
    http::Tags,
    identity::{Member, Role},
    ids::PlanId,
};

/// Bytes of an `Idempotency-Key` at most.
const KEY_BYTES_MAX: usize = 100;

/// Operations on what can be bought and what was used.
pub struct PlansApi {
    /// Handles to the world.
    pub app: App,
    /// How orders can be paid.
    pub providers: Vec<Provider>,
}

#[derive(ApiResponse)]
enum Bought {
    /// It is yours.
    #[oai(status = 201)]
    Bought(Json<EntitlementBody>),
}

#[OpenApi(tag = "Tags::Billing")]
impl PlansApi {
    /// What can be bought
    #[oai(path = "/plans", method = "get", operation_id = "listPlans")]
    async fn plans(&self, who: Member) -> Result<Json<OfferList>> {
        let mut tx = self.app.db.client(who.client).await?;
        let plans = plan::list(&mut tx, false).await?;
        Ok(Json(OfferList {
            items: plans.into_iter().map(Into::into).collect(),
            providers: self.providers.clone(),
        }))
    }

    /// Buy a pack of uses or a pass with credits
    ///
    /// Where the client pays it is bought for all of its users, by a manager. Asked for again with the
    /// same key it is bought once.
    #[oai(
        path = "/plans/:plan/purchase",
        method = "post",
        operation_id = "purchasePlan"
    )]
    async fn purchase(
        &self,
        who: Member,
        /// The plan.
        plan: Path<PlanId>,
        /// Names this purchase: 1 to 100 bytes, made by you.
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
    ) -> Result<Bought> {
        let key = format!("{} {}", who.user().user_id, needed(key.0.as_deref())?);
        let now = self.app.clock.now();
        let mut tx = self.app.db.client(who.client).await?;
        let (plan, owner) = (
            plan::find(&mut tx, plan.0).await?,
            buyer(&mut tx, &who).await?,
        );
        plan::purchase(&mut tx, owner, &plan, &key, now).await?;
        let bought = plan::purchased(&mut tx, &key).await?;
        tx.commit().await?;
        Ok(Bought::Bought(Json(bought.into())))
    }

    /// The packs and passes that you can use
    #[oai(
        path = "/entitlements",
        method = "get",
        operation_id = "listEntitlements"
    )]
    async fn entitlements(&self, who: Member) -> Result<Json<EntitlementList>> {
        let mut tx = self.app.db.client(who.client).await?;
        let owner = match settings::find(&mut tx).await?.payer {
            Payer::Client => Owner::Client,
            Payer::Off | Payer::User => Owner::User(who.user().user_id),
        };
        let owned = entitlement::list(&mut tx, owner, self.app.clock.now()).await?;
        let items = owned.into_iter().map(Into::into).collect();
        Ok(Json(EntitlementList { items }))
    }

    /// What you may use today and this month
    #[oai(path = "/quotas", method = "get", operation_id = "getQuotas")]
    async fn quotas(&self, who: Member) -> Result<Json<QuotasBody>> {
        let mut tx = self.app.db.client(who.client).await?;
        let quotas = quotas::find(&mut tx, who.user().user_id, self.app.clock.now()).await?;
        Ok(Json(QuotasBody::new(quotas, is_manager(&who))))
    }

    /// What was used, by day and model
    #[oai(path = "/usage", method = "get", operation_id = "listUsage")]
    async fn usage(
        &self,
        who: Member,
        /// The first day, such as 2026-03-01; 29 days before `to` unless said otherwise.
        from: Query<Option<Date>>,
        /// The last day; today unless said otherwise. At most 93 days.
        to: Query<Option<Date>>,
        /// Whose; your own unless said otherwise.
        of: Query<Option<UsageOf>>,
    ) -> Result<Json<UsageList>> {
        let user = match of.0.unwrap_or_default().owner(&who)? {
            Owner::User(user) => Some(user),
            Owner::Client => None,
        };
        let mut tx = self.app.db.client(who.client).await?;
        let lines = usage::by_day(&mut tx, user, (from.0, to.0), self.app.clock.now()).await?;
        let items = lines.into_iter().map(Into::into).collect();
        Ok(Json(UsageList { items }))
    }
}

fn is_manager(who: &Member) -> bool {
    who.user().role == Role::Manager
}

/// Who buys.
async fn buyer(tx: &mut ClientTx, who: &Member) -> Result<Owner> {
    match settings::find(tx).await?.payer {
        Payer::User => Ok(Owner::User(who.user().user_id)),
        Payer::Client if is_manager(who) => Ok(Owner::Client),
        Payer::Client => Err(Error::Forbidden(
            "Here the client pays: a manager buys for everybody.".into(),
        )),
        Payer::Off => Err(Error::Conflict("Nothing is paid for here.".into())),
    }
}

fn needed(key: Option<&str>) -> Result<&str> {
    let fits = |key: &&str| (1..=KEY_BYTES_MAX).contains(&key.len());
    key.filter(fits).ok_or_else(|| {
        Error::invalid("Name this purchase by a header Idempotency-Key of 1 to 100 bytes.")
    })
}
