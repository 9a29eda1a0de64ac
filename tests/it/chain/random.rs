//! Payments, reorganisations and failures in any order: what was credited is what the chain says, to
//! the last unit, and nothing is credited that is not deep enough.

use concierge::{
    billing::chain::{self, Deposit, Standing, State},
    ids::OrderId,
};
use rand::{RngExt as _, SeedableRng, rngs::StdRng};
use serde_json::Value;

use super::{
    anvil::transfer,
    till::{CONFIRMATIONS, CREDITS, PRICE, Till},
};

/// Steps of a scenario.
const STEPS: usize = 14;
/// The deepest reorganisation.
const DEPTH_MAX: u64 = 12;

/// What a scenario knows by itself.
struct Scene<'t> {
    till: &'t Till,
    random: StdRng,
    deposits: Vec<Deposit>,
    /// Transactions that a reorganisation may bring again.
    sent: Vec<Value>,
    /// Credits of the scenarios before.
    before: i64,
}

impl Scene<'_> {
    fn amount(&mut self) -> u128 {
        match self.random.random_range(0..6) {
            0 | 1 => PRICE,
            2 => PRICE / 2,
            3 => PRICE + 1,
            4 => 1,
            _ => self.random.random_range(1..2 * PRICE),
        }
    }

    async fn step(&mut self) {
        let anvil = self.till.anvil.clone();
        match self.random.random_range(0..10) {
            0..4 => {
                let which = self.random.random_range(0..self.deposits.len());
                let amount = self.amount();
                let address = self.deposits[which].address.clone();
                let token = if self.random.random_ratio(1, 8) {
                    &self.till.fee
                } else {
                    &self.till.usdt
                };
                let pays = transfer(token, &address, amount);
                anvil.sends(pays.clone()).await;
                anvil.mine(1).await;
                self.sent.push(pays);
            }
            4..6 => {
                anvil
                    .mine(self.random.random_range(1..=CONFIRMATIONS + 2))
                    .await
            }
            6..8 => {
                let depth = self.random.random_range(1..=DEPTH_MAX);
                let again = self.again(depth);
                anvil.reorganises(depth, &again).await;
            }
            _ => {
                self.till.looks().await.unwrap();
                self.is_as_the_chain_says(false).await;
            }
        }
    }

    /// Some of the transactions, in some of the new blocks.
    fn again(&mut self, depth: u64) -> Vec<(Value, u64)> {
        let mut again = Vec::new();
        for index in 0..self.sent.len() {
            if self.random.random_ratio(1, 3) {
                again.push((self.sent[index].clone(), self.random.random_range(0..depth)));
            }
        }
        again
    }

    /// Units that are there for an order, deep enough.
    async fn there(&self, deposit: &Deposit) -> u128 {
        let top = self.till.anvil.top().await;
        let deep = (top + 1).saturating_sub(CONFIRMATIONS);
        self.till
            .anvil
            .arrived(&self.till.usdt, &deposit.address, deep)
            .await
    }

    /// Just after a look nothing is paid whose money is not there; at the end all of it is that is.
    async fn is_as_the_chain_says(&self, at_the_end: bool) {
        let mut paid = 0;
        for deposit in &self.deposits {
            let (there, id) = (self.there(deposit).await, deposit.order_id);
            let standing = self.till.standing(id).await;
            if standing == Standing::Paid {
                paid += 1;
                assert!(there >= PRICE, "{id} is paid by {there}");
            }
            if at_the_end {
                assert_eq!(
                    standing == Standing::Paid,
                    there >= PRICE,
                    "{id}: {there} is there"
                );
                self.every_unit_is_accounted_for(id, there).await;
            }
        }
        assert_eq!(self.till.credits().await, self.before + paid * CREDITS);
        self.till.balances().await;
    }

    async fn every_unit_is_accounted_for(&self, id: OrderId, there: u128) {
        let number = |units: chain::Units| units.to_string().parse::<u128>().unwrap();
        let arrived = self.till.arrived(id).await;
        let sure = arrived.iter().filter(|one| one.state == State::Confirmed);
        let usdt = sure.filter(|one| one.asset.ends_with(&self.till.usdt));
        let (mut sum, mut counts) = (0, 0);
        for one in usdt {
            sum += number(one.amount);
            counts += number(one.amount) - number(one.left_over);
        }
        assert_eq!(sum, there, "{id}");
        assert_eq!(counts, if there >= PRICE { PRICE } else { there }, "{id}");
    }
}

async fn scenario(till: &Till, seed: u64) {
    let mut scene = Scene {
        till,
        random: StdRng::seed_from_u64(seed),
        deposits: Vec::new(),
        sent: Vec::new(),
        before: till.credits().await,
    };
    for n in 0..2 {
        let key = format!("{seed} {n}");
        scene.deposits.push(till.orders(&key, "local/USDT").await);
    }
    // room for reorganisations that touch no other scenario
    till.anvil.mine(DEPTH_MAX + 1).await;
    till.looks().await.unwrap();
    for _ in 0..STEPS {
        scene.step().await;
    }
    till.anvil.mine(CONFIRMATIONS).await;
    till.looks().await.unwrap();
    scene.is_as_the_chain_says(true).await;
    // a reorganisation of the next scenario does not reach what this one has paid
    till.anvil.mine(DEPTH_MAX + 1).await;
    till.looks().await.unwrap();
}

async fn scenarios(seeds: std::ops::Range<u64>) {
    let till = Till::new().await;
    for seed in seeds {
        scenario(&till, seed).await;
    }
}

#[tokio::test]
async fn whatever_happens_what_is_credited_is_what_the_chain_says() {
    scenarios(0..6).await;
}

#[tokio::test]
#[ignore = "soak: a thousand scenarios take minutes"]
async fn whatever_happens_a_thousand_times() {
    for part in 0..20 {
        scenarios(1_000 + part * 50..1_050 + part * 50).await;
    }
}
