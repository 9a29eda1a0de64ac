//! Payments that the chain takes back: in its coin as in tokens, and after what they gave was spent.

use concierge::billing::{
    chain::{Standing, State, Verdict},
    order,
};
use serde_json::Value;

use super::{
    anvil::{coin, transfer},
    till::{COIN_PRICE, CONFIRMATIONS, CREDITS, PRICE, Till},
};

/// The deepest reorganisation here.
const DEPTH: u64 = 12;

impl Till {
    /// The payment is mined in a block that stays, deep enough.
    async fn is_mined(&self, pays: &Value) {
        self.anvil.mine(DEPTH).await;
        self.anvil.sends(pays.clone()).await;
        self.anvil.mine(CONFIRMATIONS).await;
        self.looks().await.unwrap();
    }

    /// The chain takes it back.
    async fn is_forgotten(&self) {
        self.anvil.reorganises(DEPTH, &[]).await;
        self.looks().await.unwrap();
    }

    /// The chain takes it back, and has it again in another block.
    async fn is_mined_anew(&self, pays: &Value) {
        self.anvil.mine(8).await;
        self.anvil.reorganises(6, &[(pays.clone(), 0)]).await;
        self.anvil.mine(CONFIRMATIONS).await;
        self.looks().await.unwrap();
    }
}

#[tokio::test]
async fn a_payment_in_the_coin_is_taken_back_and_counts_again() {
    let till = Till::new().await;
    let deposit = till.orders("coin", "local/ETH").await;
    let (id, pays) = (deposit.order_id, coin(&deposit.address, COIN_PRICE));
    till.anvil.mine(DEPTH).await;
    till.looks().await.unwrap();
    till.anvil.sends(pays.clone()).await;
    till.anvil.mine(CONFIRMATIONS - 1).await;
    till.looks().await.unwrap();
    let waits = (State::Seen, Verdict::Waiting, "0".to_owned());
    assert_eq!(till.verdicts(id).await, [waits]);
    // before it counted: nothing to take back
    till.anvil.reorganises(CONFIRMATIONS, &[]).await;
    till.anvil.mine(CONFIRMATIONS).await;
    till.looks().await.unwrap();
    let gone = (State::Reorged, Verdict::Gone, "0".to_owned());
    assert_eq!(till.verdicts(id).await, std::slice::from_ref(&gone));
    assert_eq!(till.credits().await, 0);
    till.is_mined(&pays).await;
    for round in 0..3 {
        assert_eq!(till.standing(id).await, Standing::Paid, "{round}");
        assert_eq!(till.order(id).await.state, order::State::Fulfilled);
        assert_eq!(till.credits().await, CREDITS);
        till.is_forgotten().await;
        assert_eq!(till.standing(id).await, Standing::Open, "{round}");
        assert_eq!(till.order(id).await.state, order::State::Refunded);
        assert_eq!(till.credits().await, 0);
        assert!(till.verdicts(id).await.iter().all(|one| *one == gone));
        till.balances().await;
        till.is_mined_anew(&pays).await;
    }
    assert_eq!(till.credits().await, CREDITS);
    assert_eq!(till.lost().await, 0, "nothing was spent");
    till.balances().await;
}

#[tokio::test]
async fn what_was_spent_before_the_chain_took_it_back_is_a_loss_until_it_is_paid_again() {
    let till = Till::new().await;
    for (key, pay_with) in [("token", "local/USDT"), ("coin", "local/ETH")] {
        let deposit = till.orders(key, pay_with).await;
        let pays = match key {
            "coin" => coin(&deposit.address, COIN_PRICE),
            _ => transfer(&till.usdt, &deposit.address, PRICE),
        };
        let id = deposit.order_id;
        let spent = CREDITS / 10 * 7;
        till.looks().await.unwrap();
        till.is_mined(&pays).await;
        assert_eq!(till.credits().await, CREDITS);
        till.spends(spent, &format!("spends {key}")).await.unwrap();
        till.is_forgotten().await;
        assert_eq!(till.order(id).await.state, order::State::Refunded);
        assert_eq!((till.credits().await, till.lost().await), (0, spent));
        // there is nothing left to spend, and nothing falls below zero
        till.spends(1, &format!("tries {key}")).await.unwrap_err();
        till.balances().await;
        // once more, and nothing more is lost
        till.looks().await.unwrap();
        assert_eq!((till.credits().await, till.lost().await), (0, spent));
        till.is_mined_anew(&pays).await;
        assert_eq!(till.order(id).await.state, order::State::Fulfilled);
        assert_eq!(
            (till.credits().await, till.lost().await),
            (CREDITS - spent, 0),
            "the loss is mended before anything is given again"
        );
        till.balances().await;
        // so that the next one begins with nothing
        let rest = format!("the rest of {key}");
        till.spends(CREDITS - spent, &rest).await.unwrap();
        till.anvil.mine(DEPTH + 1).await;
    }
}
