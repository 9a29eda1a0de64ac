//! Money back to the payer, because an operator says so.

use time::Duration;

use super::{
    Stripe,
    call::{self, Call, Ended, What},
    client::Failure,
    event::Gone,
    object::Refund,
    request::{self, Return},
    store,
};
use crate::{
    app::App,
    billing::order::{self, Order, Provider, Reversal, Units},
    db::ClientTx,
    error::{Error, Result},
    ids::{ClientNo, OrderId},
};

/// For how long a key is surely known: Stripe says a day.
const KEY_KEPT: Duration = Duration::hours(23);

/// What goes back.
#[derive(Clone, Copy, Debug)]
pub struct Back<'a> {
    /// Of which order.
    pub order: OrderId,
    /// How much; all that is left when nothing is said.
    pub amount: Option<Units>,
    /// The operator's name for it: asked for twice, it goes back once.
    pub key: &'a str,
}

/// Sends money back, and takes back what was bought with it. Asked again by the same key, it is done
/// once.
///
/// # Errors
/// `Conflict` when there is less to send back or an earlier request has no answer yet; `Upstream`
/// when Stripe does not answer: the same key may be used again.
pub async fn refund(
    app: &App,
    stripe: &Stripe,
    (client, client_id): (ClientNo, &str),
    back: &Back<'_>,
) -> Result<Order> {
    let mut tx = app.db.client(client).await?;
    let call = write_down(app, &mut tx, client_id, back).await?;
    tx.commit().await?;
    if call.state == Ended::Failed {
        return Err(Error::Conflict(
            "Stripe refused this refund: ask again with another Idempotency-Key.".into(),
        ));
    }
    if call.state == Ended::Waiting {
        let answer = match known(app, stripe, client, &call).await? {
            Some(refund) => Ok(refund),
            None => stripe.make(&call).await,
        };
        finish(app, client, &call, answer).await?;
    }
    order::find(&mut app.db.client(client).await?, back.order).await
}

/// What came of a request so old that Stripe may have forgotten its key, and would do it once more.
async fn known(
    app: &App,
    stripe: &Stripe,
    client: ClientNo,
    call: &Call,
) -> Result<Option<Refund>> {
    if app.clock.now() - call.created_at < KEY_KEPT {
        return Ok(None);
    }
    let mut tx = app.db.client(client).await?;
    let payment = order::reference(&mut tx, call.order_id).await?;
    drop(tx);
    let refunds = match payment {
        Some(payment) => stripe.refunds(&payment).await?,
        None => Vec::new(),
    };
    Ok(refunds
        .into_iter()
        .find(|refund| refund.is_of(call.call_id)))
}

async fn write_down(
    app: &App,
    tx: &mut ClientTx,
    client_id: &str,
    back: &Back<'_>,
) -> Result<Call> {
    let order = order::lock(tx, back.order).await?;
    let id = call::id_of(back.order, back.key);
    let calls = store::calls(tx, back.order, What::Refund).await?;
    if let Some(known) = calls.iter().find(|call| call.call_id == id) {
        let is_same = back
            .amount
            .is_none_or(|amount| known.says("amount", &amount.to_string()));
        return is_same.then(|| known.clone()).ok_or_else(|| {
            let text = "This Idempotency-Key was used for another refund: make a new one for each.";
            Error::Conflict(text.into())
        });
    }
    if calls.iter().any(|call| call.state == Ended::Waiting) {
        return Err(Error::Conflict(
            "Stripe has not answered an earlier refund of this order: repeat that one with its Idempotency-Key first."
                .into(),
        ));
    }
    let amount = left(&order, back.amount)?;
    let payment = order::reference(tx, back.order).await?;
    let payment = payment.ok_or_else(|| Error::Conflict("No money came for this order.".into()))?;
    let request = request::refund(&Return {
        client: client_id,
        order: back.order,
        call: id,
        payment: &payment,
        amount,
    })?;
    let call = Call::freeze((id, back.order), What::Refund, &request, app.clock.now());
    store::freeze(tx, &call).await?;
    Ok(call)
}

/// How much goes back: all that is left, or this part of it.
fn left(order: &Order, amount: Option<Units>) -> Result<Units> {
    if order.provider != Provider::Stripe || !order.state.has_money() {
        return Err(Error::Conflict(
            "Only an order that was paid by Stripe is refunded by Stripe.".into(),
        ));
    }
    let gone = order.refunded.plus(order.disputed);
    let left = order.amount.get().saturating_sub(gone.get());
    let wanted = amount.map_or(left, Units::get);
    if wanted == 0 || wanted > left {
        let left = order.written(Units::new(left)?);
        let wanted = order.written(Units::new(wanted)?);
        return Err(Error::Conflict(format!(
            "{wanted} cannot go back: {left} is left of this order."
        )));
    }
    Units::new(wanted)
}

async fn finish(
    app: &App,
    client: ClientNo,
    call: &Call,
    answer: Result<Refund, Failure>,
) -> Result<()> {
    let now = app.clock.now();
    let mut tx = app.db.client(client).await?;
    let refund = match answer {
        Ok(refund) => refund,
        Err(Failure::Refused(said)) => {
            store::end(&mut tx, call.call_id, Ended::Failed, now).await?;
            tx.commit().await?;
            return Err(Error::Conflict(format!(
                "Stripe does not refund this: {said}"
            )));
        }
        Err(failure) => return Err(failure.into()),
    };
    let Gone {
        reference,
        kind,
        amount,
        currency,
        stage,
    } = refund.gone()?;
    let reversal = Reversal {
        provider: Provider::Stripe,
        reference: &reference,
        // of the order's own: that is what was asked to be sent back
        payment: None,
        kind,
        amount,
        currency: &currency,
        stage,
    };
    order::reversed(&mut tx, call.order_id, &reversal, now).await?;
    store::end(&mut tx, call.call_id, Ended::Done, now).await?;
    tx.commit().await
}
