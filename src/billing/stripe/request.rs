//! The requests that move money, by the types of async-stripe: which of Stripe's many fields are
//! said, and to what.

use stripe_checkout::{
    CheckoutSessionMode,
    checkout_session::{
        CreateCheckoutSession, CreateCheckoutSessionAdaptivePricing as AdaptivePricing,
        CreateCheckoutSessionLineItems as LineItem,
        CreateCheckoutSessionLineItemsPriceData as PriceData,
        CreateCheckoutSessionPaymentIntentData as IntentData, ProductData,
    },
};
use stripe_core::refund::CreateRefund;
use stripe_types::Currency;
use time::OffsetDateTime;

use super::{event, object::Metadata};
use crate::{
    billing::order::Units,
    error::Result,
    ids::{CallId, OrderId},
};

/// What is paid on a page.
#[derive(Clone, Debug)]
pub struct Sale<'a> {
    /// The client, by its public name.
    pub client: &'a str,
    /// The order.
    pub order: OrderId,
    /// What the payer reads.
    pub title: &'a str,
    pub amount: Units,
    /// In small letters.
    pub currency: &'a str,
    /// Until when it can be paid.
    pub until: OffsetDateTime,
    /// Where the payer goes afterwards.
    pub success_url: String,
    pub cancel_url: String,
}

/// Money back.
#[derive(Clone, Copy, Debug)]
pub struct Return<'a> {
    /// The client, by its public name.
    pub client: &'a str,
    /// The order.
    pub order: OrderId,
    /// The request, by which the refund is found again.
    pub call: CallId,
    /// The payment.
    pub payment: &'a str,
    pub amount: Units,
}

/// A page where an order is paid.
///
/// # Errors
/// `Invalid` for more money than a bank moves.
pub fn page(sale: &Sale<'_>) -> Result<CreateCheckoutSession> {
    let ids = ids(sale.client, sale.order);
    Ok(CreateCheckoutSession::new()
        .mode(CheckoutSessionMode::Payment)
        .client_reference_id(sale.order.to_string())
        .success_url(sale.success_url.as_str())
        .cancel_url(sale.cancel_url.as_str())
        .expires_at(sale.until.unix_timestamp())
        .line_items([goods(sale)?])
        // by the account's own setting a payer may choose another currency than the order's
        .adaptive_pricing(AdaptivePricing {
            enabled: Some(false),
        })
        .metadata(ids.clone())
        // refunds and disputes name the payment, not the page
        .payment_intent_data(IntentData {
            metadata: Some(ids),
            ..IntentData::new()
        }))
}

fn goods(sale: &Sale<'_>) -> Result<LineItem> {
    // one that the types do not know travels as it is written
    let Ok(currency) = sale.currency.parse::<Currency>();
    let price = PriceData {
        product_data: Some(ProductData::new(sale.title)),
        unit_amount: Some(sale.amount.of_a_bank()?),
        ..PriceData::new(currency)
    };
    Ok(LineItem {
        price_data: Some(price),
        quantity: Some(1),
        ..LineItem::new()
    })
}

/// A refund of a part of a payment.
///
/// # Errors
/// `Invalid` for more money than a bank moves.
pub fn refund(back: &Return<'_>) -> Result<CreateRefund> {
    let mut ids = ids(back.client, back.order);
    ids.insert(event::CALL.into(), back.call.to_string());
    Ok(CreateRefund::new()
        .payment_intent(back.payment)
        .amount(back.amount.of_a_bank()?)
        .metadata(ids))
}

fn ids(client: &str, order: OrderId) -> Metadata {
    let ids = [
        (event::CLIENT, client.to_owned()),
        (event::ORDER, order.to_string()),
    ];
    ids.map(|(name, id)| (name.to_owned(), id)).into()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;
    use uuid::Uuid;

    use super::*;
    use crate::billing::stripe::call::{Call, What};

    const ORDER: OrderId = OrderId(Uuid::from_u128(0x18));
    const CALL: CallId = CallId(Uuid::from_u128(0x19));

    fn sale() -> Sale<'static> {
        Sale {
            client: "acme",
            order: ORDER,
            title: "100 credits & more: 50% +1 für 張三 [=;#]",
            amount: Units::cents(1_250),
            currency: "usd",
            until: datetime!(2026-03-01 09:30 UTC),
            success_url: "https://acme.example/paid?order=18&lang=de".into(),
            cancel_url: "https://acme.example/left".into(),
        }
    }

    fn frozen(sale: &Sale<'_>) -> Call {
        Call::freeze(
            (CALL, ORDER),
            What::Checkout,
            &page(sale).unwrap(),
            sale.until,
        )
    }

    /// A new version of async-stripe that writes other bytes shows here.
    #[test]
    fn a_page_is_asked_for_by_these_bytes() {
        let call = frozen(&sale());
        assert_eq!(call.path, "/v1/checkout/sessions");
        assert_eq!(call.version, "2026-09-30.endive");
        let body = [
            "adaptive_pricing%5Benabled%5D=false",
            "cancel_url=https%3A%2F%2Facme.example%2Fleft",
            "client_reference_id=00000000-0000-0000-0000-000000000018",
            "expires_at=1772357400",
            "line_items%5B0%5D%5Bprice_data%5D%5Bcurrency%5D=usd",
            "line_items%5B0%5D%5Bprice_data%5D%5Bproduct_data%5D%5Bname%5D=100+credits+%26+more%3A+50%25+%2B1+f%C3%BCr+%E5%BC%B5%E4%B8%89+%5B%3D%3B%23%5D",
            "line_items%5B0%5D%5Bprice_data%5D%5Bunit_amount%5D=1250",
            "line_items%5B0%5D%5Bquantity%5D=1",
            "metadata%5Bconcierge_client%5D=acme",
            "metadata%5Bconcierge_order%5D=00000000-0000-0000-0000-000000000018",
            "mode=payment",
            "payment_intent_data%5Bmetadata%5D%5Bconcierge_client%5D=acme",
            "payment_intent_data%5Bmetadata%5D%5Bconcierge_order%5D=00000000-0000-0000-0000-000000000018",
            "success_url=https%3A%2F%2Facme.example%2Fpaid%3Forder%3D18%26lang%3Dde",
        ];
        assert_eq!(call.body.split('&').collect::<Vec<_>>(), body);
        // maps are read in another order each time
        assert!((0..20).all(|_| frozen(&sale()).body == call.body));
    }

    #[test]
    fn whatever_a_plan_is_called_its_fields_stay_apart() {
        let pairs: Vec<(String, String)> =
            url::form_urlencoded::parse(frozen(&sale()).body.as_bytes())
                .into_owned()
                .collect();
        let value = |name: &str| {
            let mut all = pairs.iter().filter(|(known, _)| known == name);
            let (one, none) = (all.next(), all.next());
            assert_eq!(none, None, "{name}");
            one.map(|(_, value)| value.as_str())
        };
        assert_eq!(
            value("line_items[0][price_data][product_data][name]"),
            Some(sale().title)
        );
        assert_eq!(value("success_url"), Some(sale().success_url.as_str()));
        assert_eq!(pairs.len(), 14);
    }

    #[test]
    fn a_currency_that_the_types_do_not_know_travels_as_it_is() {
        for currency in ["jpy", "kwd", "xyz"] {
            let body = frozen(&Sale { currency, ..sale() }).body;
            let said = format!("%5Bcurrency%5D={currency}&");
            assert!(body.contains(&said), "{body}");
        }
    }

    #[test]
    fn a_refund_is_asked_for_by_these_bytes() {
        let back = Return {
            client: "acme",
            order: ORDER,
            call: CALL,
            payment: "pi_3",
            amount: Units::cents(250),
        };
        let call = Call::freeze(
            (CALL, ORDER),
            What::Refund,
            &refund(&back).unwrap(),
            sale().until,
        );
        assert_eq!(call.path, "/v1/refunds");
        let body = [
            "amount=250",
            "metadata%5Bconcierge_call%5D=00000000-0000-0000-0000-000000000019",
            "metadata%5Bconcierge_client%5D=acme",
            "metadata%5Bconcierge_order%5D=00000000-0000-0000-0000-000000000018",
            "payment_intent=pi_3",
        ];
        assert_eq!(call.body.split('&').collect::<Vec<_>>(), body);
    }

    #[test]
    fn more_than_a_bank_moves_is_refused() {
        let much = Units::new(1 << 63).unwrap();
        let most = Units::new((1 << 63) - 1).unwrap();
        let page = |amount| page(&Sale { amount, ..sale() });
        assert!(page(most).is_ok() && page(much).is_err());
    }
}
