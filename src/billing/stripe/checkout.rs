//! A page at Stripe where an order is paid.

use stripe_checkout::checkout_session::ExpireCheckoutSession;
use stripe_client_core::StripeRequest;
use time::{Duration, OffsetDateTime};

use super::{
    ORDER, Stripe,
    call::{Call, Ended, What},
    client::Failure,
    object::Session,
    request::{self, Sale},
    store,
};
use crate::{
    app::App,
    billing::{
        order::{self, Goods, NewOrder, Order, Provider, State, Units, Wish},
        plan::Plan,
    },
    db::ClientTx,
    error::{Error, Result},
    identity::Who,
    ids::{CallId, ClientNo, OrderId},
};

/// Orders, and has Stripe make the page. Asked again by the same key, it goes on where it was left.
///
/// # Errors
/// `NotFound` for a plan that is not there, `Conflict` for one that is not sold or a key that was
/// used, `Upstream` when Stripe does not answer: the same key may be used again.
pub async fn place(app: &App, stripe: &Stripe, who: &Who, wish: &Wish<'_>) -> Result<Order> {
    let order = match write_down(app, stripe, who, wish).await {
        // two at once: the other one was first, and is there by now
        Err(Error::Taken(_)) => write_down(app, stripe, who, wish).await?,
        other => other?,
    };
    if order.state != State::Created {
        return Ok(order);
    }
    submit(app, stripe, who.client, order.order_id).await
}

async fn write_down(app: &App, stripe: &Stripe, who: &Who, wish: &Wish<'_>) -> Result<Order> {
    let now = app.clock.now();
    let mut tx = app.db.client(who.client).await?;
    let (plan, is_known) = wish.admit(&mut tx).await?;
    let new = stripe.order(&plan, wish, now)?;
    let mut order = order::create(&mut tx, &new, now).await?;
    // two at once by one key: whichever came first has frozen its page, and there is one
    if !is_known
        && store::calls(&mut tx, order.order_id, What::Checkout)
            .await?
            .is_empty()
    {
        let page = request::page(&stripe.sale(&order, &who.client_id))?;
        let call = Call::freeze(
            (CallId::new(now), order.order_id),
            What::Checkout,
            &page,
            now,
        );
        store::freeze(&mut tx, &call).await?;
    } else if order.state == State::Created && order.expires_at <= now {
        order::expire(&mut tx, order.order_id, now).await?;
        order = order::find(&mut tx, order.order_id).await?;
    }
    tx.commit().await?;
    Ok(order)
}

/// Makes the frozen request, for the first time or again.
async fn submit(app: &App, stripe: &Stripe, client: ClientNo, id: OrderId) -> Result<Order> {
    let mut tx = app.db.client(client).await?;
    let calls = store::calls(&mut tx, id, What::Checkout).await?;
    let Some(call) = calls.into_iter().find(|call| call.state == Ended::Waiting) else {
        return moved_on(tx, id, None).await;
    };
    drop(tx);
    let answer: Result<Session, Failure> = stripe.make(&call).await;
    let now = app.clock.now();
    let mut tx = app.db.client(client).await?;
    let session = match answer {
        Ok(session) => session,
        Err(Failure::Refused(said)) => {
            store::end(&mut tx, call.call_id, Ended::Failed, now).await?;
            order::cancel(&mut tx, id, now).await?;
            tx.commit().await?;
            return Err(Failure::Refused(said).into());
        }
        Err(failure) => return moved_on(tx, id, Some(failure.into())).await,
    };
    store::end(&mut tx, call.call_id, Ended::Done, now).await?;
    let order = order::pending(&mut tx, id, &session.id, session.url.as_deref(), now).await?;
    tx.commit().await?;
    Ok(order)
}

/// The order, when somebody else who asked for it by the same key was quicker.
async fn moved_on(mut tx: ClientTx, id: OrderId, failure: Option<Error>) -> Result<Order> {
    let order = order::find(&mut tx, id).await?;
    if order.state != State::Created {
        return Ok(order);
    }
    let over = || Error::Conflict("This order cannot be paid any more: make another one.".into());
    Err(failure.unwrap_or_else(over))
}

/// Gives an order up, so that nobody can pay it any more. Asked for again, it stays given up.
///
/// # Errors
/// `Conflict` when it is paid, or being paid; `Upstream` when Stripe does not answer.
pub async fn cancel(
    app: &App,
    stripe: Option<&Stripe>,
    mut tx: ClientTx,
    order: Order,
) -> Result<Order> {
    let paid =
        || Error::Conflict("This order is paid, or being paid: ask for a refund instead.".into());
    if matches!(order.state, State::Cancelled | State::Expired) {
        return Ok(order);
    }
    let client = tx.client();
    if let (Provider::Stripe, Some(session), Some(stripe)) =
        (order.provider, &order.provider_ref, stripe)
        && order.state == State::Pending
    {
        drop(tx);
        let end = ExpireCheckoutSession::new(session.as_str()).build();
        let key = format!("expire-{}", order.order_id);
        let ended: Result<Session, Failure> = stripe.ask(end, Some(&key)).await;
        match ended {
            Ok(_) => {}
            Err(Failure::Refused(_)) => return Err(paid()),
            Err(failure) => return Err(failure.into()),
        }
        tx = app.db.client(client).await?;
    }
    let ended = order::cancel(&mut tx, order.order_id, app.clock.now()).await?;
    let order = order::find(&mut tx, order.order_id).await?;
    // Stripe may have told of the end of its page first
    if !ended && !matches!(order.state, State::Cancelled | State::Expired) {
        return Err(paid());
    }
    tx.commit().await?;
    Ok(order)
}

impl Stripe {
    fn order<'a>(
        &self,
        plan: &'a Plan,
        wish: &Wish<'a>,
        now: OffsetDateTime,
    ) -> Result<NewOrder<'a>> {
        let goods: Option<Goods> = plan.kind.into();
        let (Some(goods), Some(price), Some(currency)) = (goods, plan.price_minor, &plan.currency)
        else {
            return Err(Error::Conflict("This plan is not sold for money.".into()));
        };
        let amount = Units::new(price.unsigned_abs().into())?;
        let currency = order::currency(currency)?;
        Ok(NewOrder {
            owner: wish.owner,
            buyer: wish.buyer,
            key: wish.key,
            plan_id: plan.plan_id,
            title: &plan.name,
            goods,
            credits: plan.credits.filter(|_| goods == Goods::Credit),
            provider: Provider::Stripe,
            amount,
            decimals: order::decimals(&currency),
            currency,
            // whole seconds: that is what Stripe is told
            expires_at: (now + Duration::minutes(self.order_minutes))
                .replace_nanosecond(0)
                .map_err(Error::internal)?,
        })
    }

    fn sale<'a>(&self, order: &'a Order, client: &'a str) -> Sale<'a> {
        let id = order.order_id.to_string();
        Sale {
            client,
            order: order.order_id,
            title: &order.title,
            amount: order.amount,
            currency: &order.currency,
            until: order.expires_at,
            success_url: self.success_url.replace(ORDER, &id),
            cancel_url: self.cancel_url.replace(ORDER, &id),
        }
    }
}
