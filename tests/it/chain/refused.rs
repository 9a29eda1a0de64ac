//! Money that came to an order's address and that the order cannot take: it waits for a person.

use std::sync::Arc;

use concierge::billing::{
    chain::{Standing, State, Verdict},
    order::{self, Paid, Payment, Provider},
};

use super::{
    Anvil,
    till::{CONFIRMATIONS, CREDITS, PRICE, Till, XPUB},
};

fn left(verdict: Verdict, amount: u128) -> (State, Verdict, String) {
    (State::Confirmed, verdict, amount.to_string())
}

#[tokio::test]
async fn what_an_order_cannot_take_any_more_is_left_whole() {
    let till = Till::new().await;
    let refused = till.orders("refused", "local/USDT").await;
    let other = till.orders("other", "local/USDT").await;
    let (id, now) = (refused.order_id, till.world.app.clock.now());
    // what came to the one address was taken for the other order
    let payment = Payment {
        provider: Provider::Chain,
        reference: &refused.address,
        amount: order::Units::parse(&PRICE.to_string()).unwrap(),
        currency: "usdt",
    };
    let mut tx = till.world.app.db.client(till.client).await.unwrap();
    let taken = order::paid(&mut tx, other.order_id, &payment, now).await;
    assert!(matches!(taken.unwrap(), Paid::Fulfilled));
    tx.commit().await.unwrap();
    let expected = [
        left(Verdict::Refused, PRICE - 1),
        left(Verdict::Refused, 3),
        left(Verdict::Again, 5),
    ];
    for (amount, standing) in [
        (PRICE - 1, Standing::Open),
        (3, Standing::Refused),
        (5, Standing::Refused),
    ] {
        till.anvil
            .sends_token(&till.usdt, &refused.address, amount)
            .await;
        till.anvil.mine(CONFIRMATIONS).await;
        till.looks().await.unwrap();
        assert_eq!(till.standing(id).await, standing, "{amount}");
    }
    assert_eq!(till.verdicts(id).await, expected);
    assert_eq!(till.order(id).await.state, order::State::Pending);
    assert_eq!(till.credits().await, CREDITS, "those of the other order");
    till.balances().await;
}

#[tokio::test]
async fn what_comes_on_another_chain_than_the_order_is_bound_to_is_left_whole() {
    let anvil = Arc::new(Anvil::start().await);
    let token = format!("USDT 0x{} 6 100 usd", "1".repeat(40));
    // nobody asks its node here
    let set = vec![
        ("chain.local.rpc_url", anvil.url.clone()),
        ("chain.other.rpc_url", "http://127.0.0.1:1".to_owned()),
        ("chain.other.chain_id", "31338".to_owned()),
        ("chain.other.xpub", XPUB.to_owned()),
        ("chain.other.tokens", token),
        ("chain.other.start_block", "1".to_owned()),
    ];
    let till = Till::with(anvil, set).await;
    let deposit = till.orders("one", "other/USDT").await;
    till.anvil
        .sends_token(&till.usdt, &deposit.address, PRICE)
        .await;
    till.anvil.mine(CONFIRMATIONS).await;
    till.looks().await.unwrap();
    assert_eq!(
        till.verdicts(deposit.order_id).await,
        [left(Verdict::WrongChain, PRICE)]
    );
    assert_eq!(till.standing(deposit.order_id).await, Standing::Open);
    assert_eq!(till.credits().await, 0);
    till.balances().await;
}
