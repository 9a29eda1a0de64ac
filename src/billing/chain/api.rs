//! Payments on chains over HTTP.

use poem_openapi::{OpenApi, param::Path, payload::Json};

use super::{
    Chains, arrivals, find, quotes, reach,
    shapes::{DepositBody, QuotesBody},
};
use crate::{
    app::App,
    billing::{order, wallet::Owner},
    error::{Error, Result},
    http::Tags,
    identity::{Member, Role},
    ids::OrderId,
};

/// Operations on payments on chains.
pub struct DepositsApi(pub App, pub Chains);

#[OpenApi(tag = "Tags::Billing")]
impl DepositsApi {
    /// What the plans on offer cost in tokens
    ///
    /// One for each plan and each way to pay on a chain; none when this server takes no such payments.
    #[oai(path = "/quotes", method = "get", operation_id = "listQuotes")]
    async fn quotes(&self, who: Member) -> Result<Json<QuotesBody>> {
        let mut tx = self.0.db.client(who.client).await?;
        let quotes = quotes(&mut tx, &self.1).await?;
        let items = quotes.into_iter().map(Into::into).collect();
        Ok(Json(QuotesBody { items }))
    }

    /// Where an order is paid on a chain, and how far its payment has come
    #[oai(
        path = "/orders/:id/deposit",
        method = "get",
        operation_id = "getDeposit"
    )]
    async fn deposit(
        &self,
        who: Member,
        /// The order.
        id: Path<OrderId>,
    ) -> Result<Json<DepositBody>> {
        let mut tx = self.0.db.client(who.client).await?;
        let (order, user) = (order::find(&mut tx, id.0).await?, who.user());
        if user.role != Role::Manager && order.owner() != Owner::User(user.user_id) {
            return Err(Error::NotFound("order"));
        }
        let deposit = find(&mut tx, id.0).await?;
        let deposit = deposit.ok_or(Error::NotFound("deposit of this order"))?;
        let arrived = arrivals(&mut tx, id.0).await?;
        let reach = reach(&mut tx, &deposit.chain).await?;
        Ok(Json(DepositBody::new(deposit, arrived, &reach)))
    }
}
