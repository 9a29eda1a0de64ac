//! Requests to Stripe that move money, frozen in a row before they are made: made again after a
//! crash, they are the same to the last byte, so that Stripe does them once.

use aws_lc_rs::digest::{SHA256, digest};
use url::form_urlencoded::Serializer;
use uuid::Uuid;

use crate::ids::{CallId, OrderId};

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum What {
    /// A page where an order is paid.
    Checkout,
    /// Money back to the payer.
    Refund,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Ended {
    /// Nobody knows yet.
    Waiting,
    /// Stripe did it.
    Done,
    /// Stripe will not.
    Failed,
}

/// A frozen request. Its id is its idempotency key.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Call {
    pub(super) call_id: CallId,
    pub(super) order_id: OrderId,
    pub(super) what: What,
    pub(super) path: String,
    pub(super) body: String,
    pub(super) state: Ended,
}

/// The id that an operator's key for an order leads to, again and again.
pub fn id_of(order: OrderId, key: &str) -> CallId {
    let hash = digest(&SHA256, format!("refund {order} {key}").as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.as_ref()[..16]);
    CallId(Uuid::from_bytes(bytes))
}

/// A body as Stripe reads it.
pub fn form(pairs: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(pairs).finish()
}
