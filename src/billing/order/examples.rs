//! What the document shows of orders.

use poem_openapi::types::Example;

use super::{
    Exception, Goods, Order, Provider, Reason, State, Units, Verdict,
    exception::Amount,
    shapes::{ExceptionBody, NewOrder, OrderBody, ReceiptBody},
};
use crate::{
    billing::Micros,
    http::example,
    ids::{ExceptionId, OrderId, PlanId, UserId},
};

fn order() -> Order {
    Order {
        order_id: OrderId(example::id(1)),
        owner_id: example::id(2),
        buyer_id: UserId(example::id(2)),
        plan_id: PlanId(example::id(3)),
        title: "Credit · 100 点".into(),
        goods: Goods::Credit,
        credits: Micros::new(100_000_000).ok(),
        provider: Provider::Stripe,
        amount: Units::cents(1_250),
        currency: "usd".into(),
        decimals: 2,
        state: State::Fulfilled,
        refunded: Units::default(),
        disputed: Units::default(),
        taken_back: 0,
        lost: 0,
        back_due: None,
        revoked: false,
        steps: 0,
        provider_ref: Some("cs_test_a1".into()),
        pay_url: None,
        created_at: example::time(),
        expires_at: example::time() + time::Duration::hours(1),
        paid_at: Some(example::time()),
        fulfilled_at: Some(example::time()),
    }
}

impl Example for NewOrder {
    fn example() -> Self {
        Self {
            plan_id: PlanId(example::id(3)),
            provider: Provider::Stripe,
            pay_with: None,
            for_client: None,
        }
    }
}

impl Example for OrderBody {
    fn example() -> Self {
        order().into()
    }
}

impl Example for ReceiptBody {
    fn example() -> Self {
        Self::new(order(), "Acme".into(), Some("pi_3a".into()))
    }
}

impl Example for ExceptionBody {
    fn example() -> Self {
        Exception {
            exception_id: ExceptionId(example::id(4)),
            order_id: Some(OrderId(example::id(1))),
            provider: Provider::Stripe,
            reference: "pi_3a".into(),
            reason: Reason::AmountDiffers,
            amount: Amount(Some(Units::cents(1_200))),
            currency: Some("usd".into()),
            detail: "payment".into(),
            state: Verdict::Open,
            note: None,
            created_at: example::time(),
            resolved_at: None,
        }
        .into()
    }
}
