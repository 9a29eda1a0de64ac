//! Ordering what is paid on a chain.

use time::OffsetDateTime;

use super::{deposit::assign, quote::Quote, settings::Chains};
use crate::{
    app::App,
    billing::{
        order::{self, Goods, NewOrder, Order, Provider, Wish},
        plan::{self, Plan},
    },
    db::ClientTx,
    error::{Error, Result},
    ids::{ClientNo, PlanId},
};

/// Orders, and gives the order its address. Asked again by the same key, it is the same order.
///
/// # Errors
/// `NotFound` for a plan that is not there, `Conflict` for one that is not sold or a key that was
/// used, `Invalid` when it cannot be paid with that.
pub async fn place(
    app: &App,
    chains: &Chains,
    client: ClientNo,
    wish: &Wish<'_>,
    pay_with: &str,
) -> Result<Order> {
    let now = app.clock.now();
    let once = async || {
        let mut tx = app.db.client(client).await?;
        let order = write_down(&mut tx, chains, wish, (pay_with, now)).await?;
        tx.commit().await?;
        Ok(order)
    };
    match once().await {
        // two at once: the other one was first, and is there by now
        Err(Error::Taken(_)) => once().await,
        other => other,
    }
}

async fn write_down(
    tx: &mut ClientTx,
    chains: &Chains,
    wish: &Wish<'_>,
    (pay_with, now): (&str, OffsetDateTime),
) -> Result<Order> {
    let (plan, is_known) = wish.admit(tx).await?;
    let (goods, price, currency) = sold(&plan)?;
    let quote = chains.quote(pay_with, price, currency)?;
    let new = NewOrder {
        owner: wish.owner,
        buyer: wish.buyer,
        key: wish.key,
        plan_id: plan.plan_id,
        title: &plan.name,
        goods,
        credits: plan.credits.filter(|_| goods == Goods::Credit),
        provider: Provider::Chain,
        amount: quote.amount,
        currency: quote.token.symbol.to_ascii_lowercase(),
        // no more than 36
        decimals: quote.token.decimals.cast_signed(),
        expires_at: now + quote.chain.order,
    };
    let order = order::create(tx, &new, now).await?;
    if is_known {
        return Ok(order);
    }
    assign(tx, &order, &quote, now).await?;
    order::find(tx, order.order_id).await
}

/// What the plans on offer cost on each chain, in each token that has a price in their currency.
pub async fn quotes<'a>(tx: &mut ClientTx, chains: &'a Chains) -> Result<Vec<(PlanId, Quote<'a>)>> {
    let mut quotes = Vec::new();
    for plan in plan::list(tx, false).await? {
        let Ok((_, price, currency)) = sold(&plan) else {
            continue;
        };
        let ways = chains.quotes(price, currency);
        quotes.extend(ways.into_iter().map(|quote| (plan.plan_id, quote)));
    }
    Ok(quotes)
}

fn sold(plan: &Plan) -> Result<(Goods, i64, &str)> {
    let goods: Option<Goods> = plan.kind.into();
    match (goods, plan.price_minor, &plan.currency) {
        (Some(goods), Some(price), Some(currency)) => Ok((goods, price, currency)),
        _ => Err(Error::Conflict("This plan is not sold for money.".into())),
    }
}
