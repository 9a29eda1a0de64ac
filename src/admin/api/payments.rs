//! Orders of clients and money that does not fit, over HTTP.

use std::sync::Arc;

use poem_openapi::{
    Object, OpenApi,
    param::{Header, Path, Query},
    payload::Json,
    types::Example,
};

use super::{Tags, named};
use crate::{
    admin::{
        Console,
        audit::{self, Act},
        guard::{Finance, Operator},
    },
    billing::{
        note,
        order::{
            self, State, Units, Verdict,
            api::checked,
            exception,
            shapes::{ExceptionBody, OrderBody, page, place_of_exception},
        },
        stripe::{self, Back, Stripe},
    },
    error::{Error, Result},
    http::paging::{Page, Window},
    ids::{ExceptionId, OrderId},
};

/// Operations on orders of clients.
pub struct PaymentsApi(pub(super) Arc<Console>, pub(super) Option<Arc<Stripe>>);

/// What goes back to the payer.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
struct NewRefund {
    /// How much, as digits in the smallest unit of the currency; all that is left without it.
    amount: Option<String>,
    /// Why, 1 to 500 characters: it is written down.
    reason: String,
}

/// What becomes of money that does not fit.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
struct Resolution {
    /// `fulfilled` gives what was ordered, `dismissed` gives nothing.
    verdict: Verdict,
    /// Why, 1 to 500 characters: it is written down.
    note: String,
}

#[OpenApi(tag = "Tags::Payments")]
impl PaymentsApi {
    /// The orders of a client and its users
    #[oai(
        path = "/clients/:client/orders",
        method = "get",
        operation_id = "listOrders"
    )]
    async fn orders(
        &self,
        _who: Operator,
        /// The client's id.
        client: Path<String>,
        /// Only those that stand there.
        state: Query<Option<State>>,
        /// The `next_cursor` of the page before; the first page without it.
        cursor: Query<Option<String>>,
        /// Items at most, 1 to 100; 20 unless said otherwise.
        limit: Query<Option<u32>>,
    ) -> Result<Json<Page<OrderBody>>> {
        let window = Window::new(cursor.0.as_deref(), limit.0)?;
        let client = named(&self.0, &client.0).await?;
        let mut tx = self.0.app.db.client(client.client_no).await?;
        let orders = order::all(&mut tx, state.0, &window).await?;
        Ok(Json(page(&window, orders)))
    }

    /// Send money of an order back by Stripe
    ///
    /// The same part of what was bought is taken back.
    #[oai(
        path = "/clients/:client/orders/:order/refund",
        method = "post",
        operation_id = "refundOrder"
    )]
    async fn refund(
        &self,
        by: Finance,
        /// The client's id.
        client: Path<String>,
        /// The order.
        order: Path<OrderId>,
        /// Your name for this refund, 1 to 128 printable ASCII characters: asked for again with it, money goes back once.
        #[oai(name = "Idempotency-Key")]
        key: Header<String>,
        body: Json<NewRefund>,
    ) -> Result<Json<OrderBody>> {
        let (back, detail) = body.0.checked(order.0, checked(&key.0)?)?;
        let client = named(&self.0, &client.0).await?;
        let mut tx = self.0.app.db.client(client.client_no).await?;
        order::find(&mut tx, back.order).await?;
        drop(tx);
        let stripe = self.stripe()?;
        let (app, whose) = (&self.0.app, (client.client_no, client.client_id.as_str()));
        // said before it is done: what the network hides is in the record all the same
        let act = Act {
            detail: Some(detail),
            ..Act::about("order.refund", &client.client_id, order.0)
        };
        let tx = app.db.client(client.client_no).await?;
        audit::sign(tx, &by.by, act, app.clock.now()).await?;
        Ok(Json(
            stripe::refund(app, stripe, whose, &back).await?.into(),
        ))
    }

    /// Money that does not fit what was ordered
    #[oai(
        path = "/clients/:client/payment-exceptions",
        method = "get",
        operation_id = "listPaymentExceptions"
    )]
    async fn exceptions(
        &self,
        _who: Operator,
        /// The client's id.
        client: Path<String>,
        /// Those that were decided so; those that wait without it.
        state: Query<Option<Verdict>>,
        /// The `next_cursor` of the page before; the first page without it.
        cursor: Query<Option<String>>,
        /// Items at most, 1 to 100; 20 unless said otherwise.
        limit: Query<Option<u32>>,
    ) -> Result<Json<Page<ExceptionBody>>> {
        let window = Window::new(cursor.0.as_deref(), limit.0)?;
        let client = named(&self.0, &client.0).await?;
        let mut tx = self.0.app.db.client(client.client_no).await?;
        let state = state.0.unwrap_or(Verdict::Open);
        let rows = exception::list(&mut tx, state, &window).await?;
        Ok(Json(window.page(rows, place_of_exception, Into::into)))
    }

    /// Decide what becomes of money that does not fit
    #[oai(
        path = "/clients/:client/payment-exceptions/:exception/resolve",
        method = "post",
        operation_id = "resolvePaymentException"
    )]
    async fn resolve(
        &self,
        by: Finance,
        /// The client's id.
        client: Path<String>,
        /// What waits.
        exception: Path<ExceptionId>,
        body: Json<Resolution>,
    ) -> Result<Json<ExceptionBody>> {
        let (client, now) = (named(&self.0, &client.0).await?, self.0.app.clock.now());
        let mut tx = self.0.app.db.client(client.client_no).await?;
        let Resolution { verdict, note } = body.0;
        let found = exception::resolve(&mut tx, exception.0, verdict, &note, now).await?;
        let act = Act {
            detail: Some(format!("{verdict:?}: {note}")),
            ..Act::about("payment_exception.resolve", &client.client_id, exception.0)
        };
        audit::sign(tx, &by.by, act, now).await?;
        Ok(Json(found.into()))
    }
}

impl PaymentsApi {
    fn stripe(&self) -> Result<&Stripe> {
        let none =
            || Error::Conflict("No account at Stripe is set: see [stripe] in the settings.".into());
        self.1.as_deref().ok_or_else(none)
    }
}

impl NewRefund {
    fn checked(self, order: OrderId, key: &str) -> Result<(Back<'_>, String)> {
        let reason = note::said(&self.reason, "A reason has 1 to 500 characters.")?;
        let amount = self.amount.as_deref().map(Units::parse).transpose()?;
        let what = amount.map_or("all that is left".into(), |amount| amount.to_string());
        let back = Back { order, amount, key };
        // whoever has to repeat it finds its key
        Ok((back, format!("{what}, key {key}: {reason}")))
    }
}

impl Example for NewRefund {
    fn example() -> Self {
        Self {
            amount: Some("250".into()),
            reason: "The buyer asked for it.".into(),
        }
    }
}

impl Example for Resolution {
    fn example() -> Self {
        Self {
            verdict: Verdict::Dismissed,
            note: "The money was sent back at Stripe.".into(),
        }
    }
}
