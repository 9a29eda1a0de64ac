//! Prices, plans and credits of clients over HTTP.

use std::sync::Arc;

use poem_openapi::{
    ApiResponse, OpenApi,
    param::{Path, Query},
    payload::Json,
};

use super::{
    Tags,
    money_shapes::{
        BillingBody, Gift, NewPlanBody, NewPrice, PlanChange, PriceBody, PriceList, WalletOf,
    },
    named,
};
use crate::{
    admin::{
        Console,
        audit::{self, Act},
        guard::{Finance, Operator},
    },
    billing::{
        Book, Entry, Kind, Owner, plan, price, settings,
        shapes::{PlanBody, PlanList},
        wallet,
    },
    error::{Error, Result},
    identity::{Realm, client::Client, user},
    ids::PlanId,
};

/// Bytes of a gift's key at most.
const KEY_BYTES_MAX: usize = 100;
/// Characters of a note at most.
const NOTE_CHARS_MAX: usize = 500;

/// Operations on money.
pub struct MoneyApi(pub(super) Arc<Console>);

#[derive(ApiResponse)]
enum PriceMade {
    /// The price counts from its time on.
    #[oai(status = 201)]
    Made(Json<PriceBody>),
}

#[derive(ApiResponse)]
enum PlanMade {
    /// The plan is on offer.
    #[oai(status = 201)]
    Made(Json<PlanBody>),
}

#[OpenApi(tag = "Tags::Money")]
impl MoneyApi {
    /// Who pays at a client, and the limits
    #[oai(
        path = "/clients/:client/billing",
        method = "get",
        operation_id = "getBilling"
    )]
    async fn billing(
        &self,
        _who: Operator,
        /// The client's id.
        client: Path<String>,
    ) -> Result<Json<BillingBody>> {
        let client = named(&self.0, &client.0).await?;
        let mut tx = self.0.app.db.client(client.client_no).await?;
        Ok(Json(settings::find(&mut tx).await?.into()))
    }

    /// Set who pays at a client, and the limits
    #[oai(
        path = "/clients/:client/billing",
        method = "put",
        operation_id = "setBilling"
    )]
    async fn set_billing(
        &self,
        who: Finance,
        /// The client's id.
        client: Path<String>,
        body: Json<BillingBody>,
    ) -> Result<Json<BillingBody>> {
        let (client, now) = (named(&self.0, &client.0).await?, self.0.app.clock.now());
        let billing = body.0.read()?;
        let mut tx = self.0.app.db.client(client.client_no).await?;
        settings::set(&mut tx, &billing, now).await?;
        let act = Act {
            detail: Some(body.0.words()),
            ..Act::on("billing.set", &client.client_id)
        };
        audit::sign(tx, &who.by, act, now).await?;
        Ok(Json(billing.into()))
    }

    /// What things cost at a client, by model, the latest first
    #[oai(
        path = "/clients/:client/prices",
        method = "get",
        operation_id = "listPrices"
    )]
    async fn prices(
        &self,
        _who: Operator,
        /// The client's id.
        client: Path<String>,
        /// Earlier prices, too.
        all: Query<Option<bool>>,
    ) -> Result<Json<PriceList>> {
        let client = named(&self.0, &client.0).await?;
        let mut tx = self.0.app.db.client(client.client_no).await?;
        let all = all.0.unwrap_or(false);
        let prices = price::list(&mut tx, all, self.0.app.clock.now()).await?;
        let items = prices.into_iter().map(Into::into).collect();
        Ok(Json(PriceList { items }))
    }

    /// Set what a model costs, from now on or from a later time
    #[oai(
        path = "/clients/:client/prices",
        method = "post",
        operation_id = "setPrice"
    )]
    async fn set_price(
        &self,
        who: Finance,
        /// The client's id.
        client: Path<String>,
        body: Json<NewPrice>,
    ) -> Result<PriceMade> {
        let (client, now) = (named(&self.0, &client.0).await?, self.0.app.clock.now());
        let (rates, from) = (body.0.rates()?, body.0.valid_from);
        let mut tx = self.0.app.db.client(client.client_no).await?;
        let price = price::set(&mut tx, &body.0.model, rates, from, now).await?;
        let act = Act {
            detail: Some(body.0.words()),
            ..Act::about("price.set", &client.client_id, &price.model)
        };
        audit::sign(tx, &who.by, act, now).await?;
        Ok(PriceMade::Made(Json(price.into())))
    }

    /// The plans of a client, those that ended, too
    #[oai(
        path = "/clients/:client/plans",
        method = "get",
        operation_id = "listClientPlans"
    )]
    async fn plans(
        &self,
        _who: Operator,
        /// The client's id.
        client: Path<String>,
    ) -> Result<Json<PlanList>> {
        let client = named(&self.0, &client.0).await?;
        let mut tx = self.0.app.db.client(client.client_no).await?;
        let plans = plan::list(&mut tx, true).await?;
        let items = plans.into_iter().map(Into::into).collect();
        Ok(Json(PlanList { items }))
    }

    /// Offer a plan, in the place of another one if you like
    #[oai(
        path = "/clients/:client/plans",
        method = "post",
        operation_id = "offerPlan"
    )]
    async fn offer(
        &self,
        who: Finance,
        /// The client's id.
        client: Path<String>,
        body: Json<NewPlanBody>,
    ) -> Result<PlanMade> {
        let (client, now) = (named(&self.0, &client.0).await?, self.0.app.clock.now());
        let replaces = body.0.replaces;
        let mut tx = self.0.app.db.client(client.client_no).await?;
        let plan = plan::offer(&mut tx, body.0.read()?, replaces, now).await?;
        let act = Act {
            detail: Some(plan.name.clone()),
            ..Act::about("plan.offer", &client.client_id, plan.plan_id)
        };
        audit::sign(tx, &who.by, act, now).await?;
        Ok(PlanMade::Made(Json(plan.into())))
    }

    /// End the offer of a plan, or make it again
    #[oai(
        path = "/clients/:client/plans/:plan",
        method = "patch",
        operation_id = "changePlan"
    )]
    async fn enable(
        &self,
        who: Finance,
        /// The client's id.
        client: Path<String>,
        /// The plan.
        plan: Path<PlanId>,
        body: Json<PlanChange>,
    ) -> Result<Json<PlanBody>> {
        let client = named(&self.0, &client.0).await?;
        let mut tx = self.0.app.db.client(client.client_no).await?;
        let plan = plan::enable(&mut tx, plan.0, body.0.enabled).await?;
        let what = if plan.enabled {
            "plan.begin"
        } else {
            "plan.end"
        };
        let act = Act::about(what, &client.client_id, plan.plan_id);
        audit::sign(tx, &who.by, act, self.0.app.clock.now()).await?;
        Ok(Json(plan.into()))
    }

    /// What the wallet of a client holds, or that of one of its users
    #[oai(
        path = "/clients/:client/wallet",
        method = "get",
        operation_id = "getClientWallet"
    )]
    async fn wallet(
        &self,
        _who: Operator,
        /// The client's id.
        client: Path<String>,
        /// The partner's id of the user; absent: the client itself.
        user: Query<Option<String>>,
    ) -> Result<Json<WalletOf>> {
        let client = named(&self.0, &client.0).await?;
        let mut tx = self.0.app.db.client(client.client_no).await?;
        let owner = owner(&mut tx, user.0.as_deref()).await?;
        Ok(Json(wallet::find(&mut tx, owner).await?.into()))
    }

    /// Give credits to a client, or to one of its users
    ///
    /// Asked for again with the same key, they are given once.
    #[oai(
        path = "/clients/:client/grants",
        method = "post",
        operation_id = "grantCredits"
    )]
    async fn grant(
        &self,
        who: Finance,
        /// The client's id.
        client: Path<String>,
        body: Json<Gift>,
    ) -> Result<Json<WalletOf>> {
        let (client, now) = (named(&self.0, &client.0).await?, self.0.app.clock.now());
        let (gift, key) = (body.0.checked()?, format!("grant {}", body.0.key));
        let mut tx = self.0.app.db.client(client.client_no).await?;
        let owner = owner(&mut tx, body.0.user.as_deref()).await?;
        let entry = Entry {
            amount: gift,
            key: &key,
            subject: None,
            note: &body.0.note,
        };
        wallet::add(&mut tx, owner, (Kind::Grant, Book::Promotion), &entry, now).await?;
        let wallet = wallet::find(&mut tx, owner).await?;
        audit::sign(tx, &who.by, act(&client, &body.0), now).await?;
        Ok(Json(wallet.into()))
    }
}

/// Whose wallet is meant: a user's, by the partner's id, or the client's own.
async fn owner(tx: &mut crate::db::ClientTx, user: Option<&str>) -> Result<Owner> {
    match user {
        None => Ok(Owner::Client),
        Some(id) => Ok(Owner::User(
            user::find(tx, Realm::Partner, id).await?.user_id,
        )),
    }
}

fn act<'a>(client: &'a Client, gift: &Gift) -> Act<'a> {
    Act {
        subject: gift.user.clone(),
        detail: Some(format!("{} credits, key {}", gift.credits, gift.key)),
        ..Act::on("credits.grant", &client.client_id)
    }
}

impl Gift {
    fn checked(&self) -> Result<crate::billing::Micros> {
        if !(1..=KEY_BYTES_MAX).contains(&self.key.len()) || self.key.contains('\0') {
            return Err(Error::invalid("key names this gift, in 1 to 100 bytes."));
        }
        if self.note.chars().count() > NOTE_CHARS_MAX || self.note.contains('\0') {
            return Err(Error::invalid("note has at most 500 characters."));
        }
        crate::billing::Micros::parse(&self.credits)
    }
}
