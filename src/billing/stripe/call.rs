//! Requests to Stripe that move money, frozen in a row before they are made: made again after a
//! crash, they are the same to the last byte, so that Stripe does them once.

use aws_lc_rs::digest::{SHA256, digest};
use stripe_client_core::{StripeRequest, VERSION};
use time::OffsetDateTime;
use url::form_urlencoded;
use uuid::Uuid;

use crate::ids::{CallId, OrderId};

/// Where the paths of the typed requests begin.
pub const ROOT: &str = "/v1";

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
    /// Of the API.
    pub(super) version: String,
    pub(super) state: Ended,
    pub(super) created_at: OffsetDateTime,
}

impl Call {
    /// This request as it is to be made, from now on.
    pub fn freeze(
        (call_id, order_id): (CallId, OrderId),
        what: What,
        request: &impl StripeRequest,
        now: OffsetDateTime,
    ) -> Self {
        let request = request.build();
        Self {
            call_id,
            order_id,
            what,
            path: format!("{ROOT}{}", request.path),
            body: form(&request.body.unwrap_or_default()),
            version: VERSION.to_string(),
            state: Ended::Waiting,
            created_at: now,
        }
    }

    /// Whether it says this of that.
    pub fn says(&self, name: &str, value: &str) -> bool {
        form_urlencoded::parse(self.body.as_bytes()).any(|pair| pair == (name.into(), value.into()))
    }
}

/// A form in the order of its names, since `metadata` comes out of a map that has none, and with
/// everything written as `%XX` that some reader might take for a separator: the types leave `;` as
/// it is, which cuts a plan's name in two for those who split there.
fn form(typed: &str) -> String {
    let mut pairs: Vec<_> = form_urlencoded::parse(typed.as_bytes()).collect();
    pairs.sort_unstable();
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

/// The id that an operator's key for an order leads to, again and again.
pub fn id_of(order: OrderId, key: &str) -> CallId {
    let hash = digest(&SHA256, format!("refund {order} {key}").as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.as_ref()[..16]);
    CallId(Uuid::from_bytes(bytes))
}
