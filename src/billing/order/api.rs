//! Orders over HTTP.

use std::sync::Arc;

use poem::Request;
use poem_openapi::{
    ApiResponse, OpenApi, ResponseContent,
    param::{Header, Path, Query},
    payload::{Html, Json},
};

use super::{
    Order, Provider, State, Wish,
    receipt::{self, Lang},
    shapes::{self, NewOrder, OrderBody, ReceiptBody},
};
use crate::{
    app::App,
    billing::{
        chain::{self, Chains},
        order,
        shapes::UsageOf,
        stripe::{self, Stripe},
        wallet::Owner,
    },
    db::ClientTx,
    error::{Error, Result},
    http::{
        Tags,
        paging::{Page, Window},
    },
    identity::{Member, Role, profile},
    ids::OrderId,
};

/// Bytes of an `Idempotency-Key` at most.
const KEY_BYTES_MAX: usize = 128;

/// Operations on orders.
pub struct OrdersApi {
    /// Handles to the world.
    pub app: App,
    /// The account at Stripe, if there is one.
    pub stripe: Option<Arc<Stripe>>,
    /// The chains that orders can be paid on.
    pub chains: Chains,
}

#[derive(ApiResponse)]
enum Ordered {
    /// The order. Asked for again with the same key, it is the same one.
    #[oai(status = 201)]
    Ordered(Json<OrderBody>),
}

#[expect(
    clippy::large_enum_variant,
    reason = "one of them lives for the length of a request"
)]
#[derive(ResponseContent)]
enum Receipt {
    Json(Json<ReceiptBody>),
    #[oai(content_type = "text/html; charset=utf-8")]
    Html(Html<String>),
}

#[derive(ApiResponse)]
enum Printed {
    /// The receipt: JSON, or a page that prints with `Accept: text/html` or `format=html`.
    #[oai(status = 200)]
    Printed(
        Receipt,
        /// What a page may do: show itself.
        #[oai(header = "Content-Security-Policy")]
        String,
    ),
}

/// The form of a receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, poem_openapi::Enum)]
#[oai(rename = "ReceiptFormat", rename_all = "snake_case")]
enum Format {
    /// For programs.
    Json,
    /// For people.
    Html,
}

#[OpenApi(tag = "Tags::Billing")]
impl OrdersApi {
    /// Order a plan
    ///
    /// Amount and currency follow from the plan, and stay what they are. Pay at `pay_url`, or what
    /// the order's deposit says.
    #[oai(path = "/orders", method = "post", operation_id = "createOrder")]
    async fn create(
        &self,
        who: Member,
        /// Your name for this order, 1 to 128 printable ASCII characters: asked for again with it, there is still one order.
        #[oai(name = "Idempotency-Key")]
        key: Header<String>,
        body: Json<NewOrder>,
    ) -> Result<Ordered> {
        let key = checked(&key.0)?;
        let wish = Wish {
            owner: owner(&who, body.for_client.unwrap_or(false))?,
            buyer: who.user().user_id,
            key,
            plan: body.plan_id,
        };
        let order = match body.provider {
            Provider::Stripe => stripe::place(&self.app, self.stripe()?, &who, &wish).await?,
            Provider::Chain => {
                let pay_with = body.pay_with.as_deref().unwrap_or_default();
                chain::place(&self.app, &self.chains, who.client, &wish, pay_with).await?
            }
        };
        Ok(Ordered::Ordered(Json(order.into())))
    }

    /// Your orders, the latest first
    ///
    /// Managers see those of the client and all its users, unless they ask for their own.
    #[oai(path = "/orders", method = "get", operation_id = "listOrders")]
    async fn list(
        &self,
        who: Member,
        /// The `next_cursor` of the page before; the first page without it.
        cursor: Query<Option<String>>,
        /// Items at most, 1 to 100; 20 unless said otherwise.
        limit: Query<Option<u32>>,
        /// Whose; all that you may see unless said otherwise.
        of: Query<Option<UsageOf>>,
    ) -> Result<Json<Page<OrderBody>>> {
        let window = Window::new(cursor.0.as_deref(), limit.0)?;
        let of = of.0.unwrap_or(match who.user().role {
            Role::Manager => UsageOf::Client,
            Role::Member => UsageOf::Me,
        });
        let mut tx = self.app.db.client(who.client).await?;
        let orders = match of.owner(&who)? {
            Owner::Client => order::all(&mut tx, None, &window).await?,
            Owner::User(user) => order::of_owner(&mut tx, user, &window).await?,
        };
        Ok(Json(shapes::page(&window, orders)))
    }

    /// An order
    #[oai(path = "/orders/:id", method = "get", operation_id = "getOrder")]
    async fn get(
        &self,
        who: Member,
        /// The order.
        id: Path<OrderId>,
    ) -> Result<Json<OrderBody>> {
        let (_, order) = self.visible(&who, id.0).await?;
        Ok(Json(order.into()))
    }

    /// Give an order up
    ///
    /// Nobody can pay it any more.
    #[oai(
        path = "/orders/:id/cancel",
        method = "post",
        operation_id = "cancelOrder"
    )]
    async fn cancel(
        &self,
        who: Member,
        /// The order.
        id: Path<OrderId>,
    ) -> Result<Json<OrderBody>> {
        let (tx, order) = self.visible(&who, id.0).await?;
        let order = stripe::cancel(&self.app, self.stripe.as_deref(), tx, order).await?;
        Ok(Json(order.into()))
    }

    /// The receipt of an order that was paid
    #[oai(
        path = "/orders/:id/receipt",
        method = "get",
        operation_id = "getReceipt"
    )]
    async fn receipt(
        &self,
        who: Member,
        request: &Request,
        /// The order.
        id: Path<OrderId>,
        /// The form; what `Accept` asks for unless said otherwise.
        format: Query<Option<Format>>,
        /// The language of a page; what `Accept-Language` asks for unless said otherwise.
        lang: Query<Option<Lang>>,
    ) -> Result<Printed> {
        let (mut tx, order) = self.visible(&who, id.0).await?;
        let receipt = receipt_of(&mut tx, order).await?;
        let asks = request
            .header("accept")
            .unwrap_or_default()
            .contains("text/html");
        let html = format.0.map_or(asks, |format| format == Format::Html);
        let language = request.header("accept-language").unwrap_or_default();
        let content = match html {
            false => Receipt::Json(Json(receipt)),
            true => Receipt::Html(Html(receipt::html(
                &receipt,
                lang.0.unwrap_or(Lang::accepted(language)),
            ))),
        };
        Ok(Printed::Printed(content, receipt::POLICY.into()))
    }
}

impl OrdersApi {
    /// An order that the caller may see: a manager all of the client's, others their own.
    async fn visible(&self, who: &Member, id: OrderId) -> Result<(ClientTx, Order)> {
        let mut tx = self.app.db.client(who.client).await?;
        let order = order::find(&mut tx, id).await?;
        let user = who.user();
        if user.role != Role::Manager && order.owner() != Owner::User(user.user_id) {
            return Err(Error::NotFound("order"));
        }
        Ok((tx, order))
    }

    fn stripe(&self) -> Result<&Stripe> {
        let none = || Error::Conflict("Nothing is sold here in this way.".into());
        self.stripe.as_deref().ok_or_else(none)
    }
}

fn owner(who: &Member, for_client: bool) -> Result<Owner> {
    match (for_client, who.user().role) {
        (false, _) => Ok(Owner::User(who.user().user_id)),
        (true, Role::Manager) => Ok(Owner::Client),
        (true, Role::Member) => Err(Error::Forbidden(
            "Only a manager orders for the client.".into(),
        )),
    }
}

/// A name of the caller's for a deed.
///
/// # Errors
/// `Invalid` unless it is 1 to 128 printable ASCII characters.
pub fn checked(key: &str) -> Result<&str> {
    let printable = key.bytes().all(|byte| byte.is_ascii_graphic());
    if !(1..=KEY_BYTES_MAX).contains(&key.len()) || !printable {
        return Err(Error::invalid(format!(
            "Idempotency-Key has 1 to {KEY_BYTES_MAX} printable ASCII characters."
        )));
    }
    Ok(key)
}

async fn receipt_of(tx: &mut ClientTx, order: Order) -> Result<ReceiptBody> {
    if !matches!(
        order.state,
        State::Fulfilled | State::Refunded | State::Disputed
    ) {
        return Err(Error::Conflict(
            "There is a receipt once the order is paid.".into(),
        ));
    }
    let payment = order::reference(tx, order.order_id).await?;
    let seller = profile::find(tx).await?.name;
    Ok(ReceiptBody::new(order, seller, payment))
}
