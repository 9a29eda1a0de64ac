//! A server that sells by Stripe, and those who buy.

use concierge::{
    billing::{NewPlan, Plan, plan},
    ids::ClientNo,
};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use super::{
    CREDIT,
    double::{Double, KEY, SECRET, event, signature},
    offer,
};
use crate::{
    metering::{billed, users_pay},
    verbs::text,
    world::{Partner, Person, World, body},
};

/// A server before a double of Stripe.
pub struct Stall {
    pub world: World,
    pub stripe: Double,
}

impl Stall {
    pub async fn new() -> Self {
        Self::before(Double::alone().await).await
    }

    pub async fn before(stripe: Double) -> Self {
        let set = [
            ("stripe.secret_key", KEY.to_owned()),
            (
                "stripe.webhook_secret",
                format!("whsec_the_next_one_0123456789, {SECRET}"),
            ),
            ("stripe.api_base", stripe.base.clone()),
            (
                "stripe.success_url",
                "https://acme.example/paid?order={order}".to_owned(),
            ),
            ("stripe.cancel_url", "https://acme.example/".to_owned()),
        ];
        let world = World::configured(set.into()).await;
        Self { world, stripe }
    }

    /// A client whose users pay, and a plan of a hundred credits for 12.50 USD.
    pub async fn seller(&self, id: &str) -> (Partner<'_>, Plan) {
        let partner = self.world.partner(id).await;
        billed(&self.world, partner.no, users_pay()).await;
        let new = offer(
            "Credit · 100 点",
            concierge::billing::Offer::Credit,
            Some(100 * CREDIT),
            None,
        );
        let plan = self.offers(partner.no, new).await;
        (partner, plan)
    }

    pub async fn offers(&self, client: ClientNo, new: NewPlan) -> Plan {
        let app = &self.world.app;
        let mut tx = app.db.client(client).await.unwrap();
        let plan = plan::offer(&mut tx, new, None, app.clock.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        plan
    }

    /// An event, delivered as Stripe delivers it now.
    pub async fn tells(&self, id: &str, kind: &str, object: &Value) -> StatusCode {
        self.delivers(&event(id, kind, object)).await
    }

    pub async fn delivers(&self, event: &Value) -> StatusCode {
        let body = event.to_string();
        let now = self.world.app.clock.now().unix_timestamp();
        self.sends(&body, &signature(SECRET, now, &body)).await
    }

    /// These bytes with this header.
    pub async fn sends(&self, body: &str, header: &str) -> StatusCode {
        let request = self.world.request(Method::POST, "/hooks/stripe");
        let request = request
            .header("stripe-signature", header)
            .body(body.to_owned());
        request.send().await.unwrap().status()
    }
}

impl Person<'_> {
    /// An order of a plan by Stripe, as it is answered.
    pub async fn tries_to_order(&self, plan: &Plan, key: &str) -> Response {
        let wish = json!({"plan_id": plan.plan_id, "provider": "stripe"});
        let request = self.request(Method::POST, "/api/v1/orders");
        request
            .header("Idempotency-Key", key)
            .json(&wish)
            .send()
            .await
            .unwrap()
    }

    pub async fn orders(&self, plan: &Plan, key: &str) -> Value {
        body(self.tries_to_order(plan, key).await, StatusCode::CREATED).await
    }

    pub async fn order(&self, order: &Value) -> Value {
        self.get(&format!("/api/v1/orders/{}", text(&order["id"])))
            .await
    }

    /// What can be spent.
    pub async fn balance(&self) -> String {
        text(&self.get("/api/v1/wallet").await["balance"]).to_owned()
    }
}

/// The session behind where an order is paid.
pub fn session(order: &Value) -> &str {
    text(&order["pay_url"]).rsplit('/').next().unwrap()
}
