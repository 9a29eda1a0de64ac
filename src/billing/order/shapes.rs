//! What is said of orders.

use poem_openapi::Object;
use time::OffsetDateTime;

use super::{
    Goods, Order, Provider, State,
    exception::{Exception, Reason, Verdict},
};
use crate::{
    billing::Owner,
    http::paging::{Page, Place, Window},
    ids::{ExceptionId, OrderId, PlanId},
};

/// What is to be bought. What it costs follows from the plan.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub struct NewOrder {
    /// The plan.
    pub plan_id: PlanId,
    /// How it is paid.
    pub provider: Provider,
    /// With what, when it is paid on a chain: the `pay_with` of one of its quotes.
    pub pay_with: Option<String>,
    /// For all users of the client rather than yourself: managers may.
    pub for_client: Option<bool>,
}

/// An order.
#[derive(Object, Debug)]
#[oai(rename = "Order", example)]
pub struct OrderBody {
    /// Its id.
    pub id: OrderId,
    /// The plan that was ordered.
    pub plan_id: PlanId,
    /// What that was called.
    pub title: String,
    /// What it gives.
    pub goods: Goods,
    /// The credits it gives, when that is what it gives.
    pub credits: Option<String>,
    /// Whether it is for all users of the client.
    pub for_client: bool,
    /// How it is paid.
    pub provider: Provider,
    /// What it costs, in the smallest unit of the currency.
    pub amount: String,
    /// The currency, in small letters.
    pub currency: String,
    /// Digits of these amounts behind the point.
    pub decimals: i32,
    /// What went back to the payer, in the same unit.
    pub refunded: String,
    /// Where it stands.
    pub state: State,
    /// Where it is paid, as long as it waits for that.
    pub pay_url: Option<String>,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// Until when it can be paid.
    pub expires_at: OffsetDateTime,
    /// When the money came.
    pub paid_at: Option<OffsetDateTime>,
    /// When what was bought was given.
    pub fulfilled_at: Option<OffsetDateTime>,
}

/// A receipt.
#[derive(Object, Debug)]
#[oai(rename = "Receipt", example)]
pub struct ReceiptBody {
    /// Its number.
    pub number: String,
    /// The order.
    pub order_id: OrderId,
    /// Who sold.
    pub seller: String,
    /// What was bought.
    pub title: String,
    /// The credits that it gave, when that is what it gave.
    pub credits: Option<String>,
    /// What was paid, for people: `12.50 USD`.
    pub total: String,
    /// What was paid, in the smallest unit of the currency.
    pub amount: String,
    /// The currency, in small letters.
    pub currency: String,
    /// Digits of these amounts behind the point.
    pub decimals: i32,
    /// What went back, in the same unit.
    pub refunded: String,
    /// What went back, for people; none when nothing did.
    pub went_back: Option<String>,
    /// How it was paid.
    pub provider: Provider,
    /// What the provider calls the payment.
    pub payment: Option<String>,
    /// When it was paid.
    pub paid_at: Option<OffsetDateTime>,
    /// Where the order stands.
    pub state: State,
}

/// Money that somebody has to look at.
#[derive(Object, Debug)]
#[oai(rename = "PaymentException", example)]
pub struct ExceptionBody {
    /// Its id.
    pub id: ExceptionId,
    /// For which order it came.
    pub order_id: Option<OrderId>,
    /// By which provider.
    pub provider: Provider,
    /// What the provider calls it.
    pub reference: String,
    /// Why somebody has to look.
    pub reason: Reason,
    /// How much, in the smallest unit of the currency.
    pub amount: Option<String>,
    /// The currency, in small letters.
    pub currency: Option<String>,
    /// More about it.
    pub detail: String,
    /// What became of it.
    pub state: Verdict,
    /// What was said about that.
    pub note: Option<String>,
    /// Since when it waits.
    pub created_at: OffsetDateTime,
    /// When it was decided.
    pub resolved_at: Option<OffsetDateTime>,
}

impl From<Order> for OrderBody {
    fn from(order: Order) -> Self {
        let waits = matches!(order.state, State::Created | State::Pending);
        Self {
            id: order.order_id,
            plan_id: order.plan_id,
            goods: order.goods,
            credits: order.credits.map(|credits| credits.to_string()),
            for_client: order.owner() == Owner::Client,
            provider: order.provider,
            amount: order.amount.to_string(),
            refunded: order.refunded.to_string(),
            state: order.state,
            pay_url: order.pay_url.filter(|_| waits),
            created_at: order.created_at,
            expires_at: order.expires_at,
            paid_at: order.paid_at,
            fulfilled_at: order.fulfilled_at,
            title: order.title,
            currency: order.currency,
            decimals: order.decimals,
        }
    }
}

impl ReceiptBody {
    /// Of an order that was paid.
    pub fn new(order: Order, seller: String, payment: Option<String>) -> Self {
        Self {
            number: order.receipt_number(),
            order_id: order.order_id,
            seller,
            credits: order.credits.map(|credits| credits.to_string()),
            total: order.written(order.amount),
            went_back: (!order.refunded.is_zero()).then(|| order.written(order.refunded)),
            decimals: order.decimals,
            amount: order.amount.to_string(),
            refunded: order.refunded.to_string(),
            provider: order.provider,
            payment,
            paid_at: order.paid_at,
            state: order.state,
            title: order.title,
            currency: order.currency,
        }
    }
}

impl Order {
    /// The day it was paid, and the end of its id: a count would tell how much is sold.
    fn receipt_number(&self) -> String {
        let day = self.paid_at.unwrap_or(self.created_at).date();
        let id = self.order_id.0.simple().to_string();
        format!("{}-{}", day.to_string().replace('-', ""), &id[20..])
    }
}

impl From<Exception> for ExceptionBody {
    fn from(exception: Exception) -> Self {
        Self {
            id: exception.exception_id,
            order_id: exception.order_id,
            provider: exception.provider,
            reference: exception.reference,
            reason: exception.reason,
            amount: exception.amount.0.map(|amount| amount.to_string()),
            currency: exception.currency,
            detail: exception.detail,
            state: exception.state,
            note: exception.note,
            created_at: exception.created_at,
            resolved_at: exception.resolved_at,
        }
    }
}

/// The place of an order in a list.
pub fn place(order: &Order) -> Place {
    Place {
        at: order.created_at,
        id: order.order_id.0,
    }
}

/// The place of an exception in a list.
pub fn place_of_exception(exception: &Exception) -> Place {
    Place {
        at: exception.created_at,
        id: exception.exception_id.0,
    }
}

/// A page of orders.
pub fn page(window: &Window, orders: Vec<Order>) -> Page<OrderBody> {
    window.page(orders, place, Into::into)
}
