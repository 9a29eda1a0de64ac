//! Payments in tokens and in the coin, reorganisations, spending, time that runs out and nodes that
//! fail, in any order: what was credited is what the chain says, to the last unit, nothing is credited
//! that is not deep enough, and what was spent of what the chain took back is a loss and no more.

use std::time::Duration;

use concierge::{
    billing::chain::{self, Deposit, Standing, State},
    jobs::money,
};
use poem::http::StatusCode;
use rand::{RngExt as _, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

use super::{
    Liar, Lie,
    anvil::{coin, transfer},
    lies::between,
    till::{CONFIRMATIONS, CREDITS, Till},
};

/// Steps of a scenario.
const STEPS: usize = 18;
/// The deepest reorganisation.
const DEPTH_MAX: u64 = 12;
/// Hours that go by at once: an order's time to pay, and the time that is left to what is late.
const HOURS: u64 = 3;

/// What scenarios did, so that it can be seen that they did it.
#[derive(Debug, Default)]
struct Done {
    payments: u32,
    reorganisations: u32,
    spent: u32,
    hours: u64,
    failures: u32,
    paid: i64,
    undone: i64,
    losses: u32,
    mended: u32,
}

/// What a scenario knows by itself.
struct Scene<'t> {
    till: &'t Till,
    liar: &'t Liar,
    random: StdRng,
    deposits: Vec<Deposit>,
    /// Transactions that a reorganisation may bring again.
    sent: Vec<Value>,
    /// What was there of the scenarios before, and what was spent since.
    before: i64,
    spent: i64,
    /// The node fails just now.
    fails: bool,
    done: &'t mut Done,
}

/// The number in units.
fn number(units: chain::Units) -> u128 {
    units.to_string().parse().unwrap()
}

/// A node that is not to be had, or not whole.
fn failure(which: u32) -> Lie {
    match which {
        0 => Lie::Says(StatusCode::SERVICE_UNAVAILABLE, String::new()),
        1 => Lie::Says(StatusCode::TOO_MANY_REQUESTS, "slow down".into()),
        _ => Lie::changes(|method, _, answer| {
            if method == "eth_getLogs" {
                answer["error"] = json!({"code": -32_000, "message": "header not found"});
                answer.as_object_mut().unwrap().remove("result");
            }
        }),
    }
}

impl Scene<'_> {
    fn amount(&mut self, price: u128) -> u128 {
        match self.random.random_range(0..6) {
            0 | 1 => price,
            2 => price / 2,
            3 => price + 1,
            4 => 1,
            _ => self.random.random_range(1..2 * price),
        }
    }

    async fn step(&mut self) {
        match self.random.random_range(0..20) {
            0..6 => self.pays().await,
            6..8 => self.shops().await,
            8..10 => {
                let blocks = self.random.random_range(1..=CONFIRMATIONS + 2);
                self.till.anvil.mine(blocks).await;
            }
            10..14 => {
                let depth = self.random.random_range(1..=DEPTH_MAX);
                let again = match self.random.random() {
                    true => self.again(depth),
                    false => Vec::new(),
                };
                self.till.anvil.reorganises(depth, &again).await;
                self.done.reorganisations += 1;
            }
            14..17 => self.looks().await,
            17 => self.spends().await,
            18 => self.time_goes_by().await,
            _ => {
                self.fails = !self.fails;
                let lie = match self.fails {
                    true => failure(self.random.random_range(0..3)),
                    false => Lie::None,
                };
                self.liar.says(lie);
                self.looks().await;
            }
        }
    }

    async fn pays(&mut self) {
        let which = self.random.random_range(0..self.deposits.len());
        let price = number(self.deposits[which].amount);
        let amount = self.amount(price);
        let (till, deposit) = (self.till, &self.deposits[which]);
        let pays = match self.random.random_range(0..10) {
            // a token that keeps a tenth, and that the order is not bound to
            0 => transfer(&till.fee, &deposit.address, amount),
            1 => coin(&deposit.address, amount),
            _ if is_in_coin(deposit) => coin(&deposit.address, amount),
            _ => transfer(&till.usdt, &deposit.address, amount),
        };
        till.anvil.sends(pays.clone()).await;
        till.anvil.mine(1).await;
        self.sent.push(pays);
        self.done.payments += 1;
    }

    /// An order is paid as it should be, and some of what it gave is spent.
    async fn shops(&mut self) {
        let which = self.random.random_range(0..self.deposits.len());
        let deposit = &self.deposits[which];
        let price = number(deposit.amount);
        let pays = match is_in_coin(deposit) {
            true => coin(&deposit.address, price),
            false => transfer(&self.till.usdt, &deposit.address, price),
        };
        self.till.anvil.sends(pays.clone()).await;
        self.till.anvil.mine(CONFIRMATIONS).await;
        self.sent.push(pays);
        self.done.payments += 1;
        self.looks().await;
        self.spends().await;
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

    /// A look; one that fails changes nothing.
    async fn looks(&mut self) {
        let (before, lost) = (self.till.credits().await, self.till.lost().await);
        let undone = self.undone().await;
        let looked = self.till.looks().await;
        self.done.undone += self.undone().await - undone;
        let lost_since = self.till.lost().await - lost;
        self.done.losses += u32::from(lost_since > 0);
        self.done.mended += u32::from(lost_since < 0);
        if self.fails {
            looked.unwrap_err();
            self.done.failures += 1;
            assert_eq!(self.till.credits().await, before);
            return;
        }
        looked.unwrap();
        self.is_as_the_chain_says(false).await;
    }

    /// How often the chain took back what had paid an order.
    async fn undone(&self) -> i64 {
        let undone = "select coalesce(sum(undone), 0)::bigint from chain_address";
        self.till.world.count(undone).await
    }

    /// Some of what there is, which the chain may take back later.
    async fn spends(&mut self) {
        let there = self.till.credits().await;
        if there > 0 {
            let amount = self.random.random_range(1..=there);
            let key = format!("{}", self.random.random::<u128>());
            self.till.spends(amount, &key).await.unwrap();
            self.spent += amount;
            self.done.spent += 1;
        }
    }

    /// The time to pay is over, here and on the chain.
    async fn time_goes_by(&mut self) {
        let (app, seconds) = (&self.till.world.app, HOURS * 3_600);
        app.clock.forward(Duration::from_secs(seconds));
        self.till.anvil.waits(seconds).await;
        let mut tx = app.db.system().await.unwrap();
        money::orders(app, &mut tx, app.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        self.done.hours += HOURS;
    }

    /// Units that are there for an order, deep enough: all of them, and those that came in time.
    async fn there(&self, deposit: &Deposit) -> (u128, u128) {
        let top = self.till.anvil.top().await;
        let deep = (top + 1).saturating_sub(CONFIRMATIONS);
        let in_time = self
            .last_until(deposit.deadline.unix_timestamp(), deep)
            .await;
        let mut there = [0, 0];
        for (units, block) in there.iter_mut().zip([deep, in_time]) {
            let (anvil, address) = (&self.till.anvil, &deposit.address);
            *units = match is_in_coin(deposit) {
                true => anvil.holds(address, block).await,
                false => anvil.arrived(&self.till.usdt, address, block).await,
            };
        }
        (there[0], there[1])
    }

    /// The last block that is not later than this, and not above that one.
    async fn last_until(&self, seconds: i64, deep: u64) -> u64 {
        let (mut known, mut beyond) = (0, deep + 1);
        // most are not late: two questions are enough then
        if self.till.anvil.time_of(deep).await <= seconds {
            return deep;
        }
        while beyond - known > 1 {
            let middle = u64::midpoint(known, beyond);
            match self.till.anvil.time_of(middle).await <= seconds {
                true => known = middle,
                false => beyond = middle,
            }
        }
        known
    }

    /// Just after a look nothing is paid whose money is not there; at the end all of it is that is.
    async fn is_as_the_chain_says(&mut self, at_the_end: bool) {
        let mut paid = 0;
        for deposit in &self.deposits {
            let (id, price) = (deposit.order_id, number(deposit.amount));
            let (all, in_time) = self.there(deposit).await;
            let standing = self.till.standing(id).await;
            if standing == Standing::Paid {
                paid += 1;
                assert!(in_time >= price, "{id} is paid by {in_time} of {price}");
            }
            if at_the_end {
                let should_be = in_time >= price;
                assert_eq!(standing == Standing::Paid, should_be, "{id}: {in_time}");
                self.every_unit_is_accounted_for(deposit, all, in_time)
                    .await;
            }
        }
        // credits that were given are in the wallet, spent, or of an order that is paid no more
        let given = self.till.credits().await + self.spent - self.till.lost().await;
        assert_eq!(given, self.before + paid * CREDITS);
        let lost =
            "select coalesce(sum(lost), 0)::bigint from payment_order where state = 'refunded'";
        assert_eq!(self.till.lost().await, self.till.world.count(lost).await);
        self.till.balances().await;
        if at_the_end {
            self.done.paid += paid;
        }
    }

    async fn every_unit_is_accounted_for(&self, deposit: &Deposit, all: u128, in_time: u128) {
        let (id, price) = (deposit.order_id, number(deposit.amount));
        let arrived = self.till.arrived(id).await;
        let sure = arrived.iter().filter(|one| one.state == State::Confirmed);
        let (mut sum, mut counts) = (0, 0);
        for one in sure.filter(|one| one.asset == deposit.asset) {
            sum += number(one.amount);
            counts += number(one.amount) - number(one.left_over);
        }
        assert_eq!(sum, all, "{id}");
        let is_over = self.till.world.app.clock.now() > deposit.deadline;
        let should_be = match in_time >= price {
            true => price,
            false if is_over => 0,
            false => in_time,
        };
        assert_eq!(counts, should_be, "{id}");
    }
}

fn is_in_coin(deposit: &Deposit) -> bool {
    deposit.symbol == "ETH"
}

async fn scenario((till, liar): (&Till, &Liar), seed: u64, done: &mut Done) {
    let mut scene = Scene {
        till,
        liar,
        random: StdRng::seed_from_u64(seed),
        deposits: Vec::new(),
        sent: Vec::new(),
        before: till.credits().await - till.lost().await,
        spent: 0,
        fails: false,
        done,
    };
    for (n, pay_with) in ["local/USDT", "local/USDT", "local/ETH"]
        .into_iter()
        .enumerate()
    {
        let deposit = till.orders(&format!("{seed} {n}"), pay_with).await;
        scene.deposits.push(deposit);
    }
    // room for reorganisations that touch no other scenario
    till.anvil.mine(DEPTH_MAX + 1).await;
    till.looks().await.unwrap();
    for _ in 0..STEPS {
        scene.step().await;
    }
    liar.says(Lie::None);
    till.anvil.mine(CONFIRMATIONS).await;
    till.looks().await.unwrap();
    scene.is_as_the_chain_says(true).await;
    // a reorganisation of the next scenario does not reach what this one has paid
    till.anvil.mine(DEPTH_MAX + 1).await;
    till.looks().await.unwrap();
}

async fn scenarios(seeds: std::ops::Range<u64>, done: &mut Done) {
    let (till, liar) = between(vec![]).await;
    for seed in seeds {
        scenario((&till, &liar), seed, done).await;
    }
}

#[tokio::test]
async fn whatever_happens_what_is_credited_is_what_the_chain_says() {
    let mut done = Done::default();
    scenarios(0..4, &mut done).await;
    assert!(done.payments > 0 && done.reorganisations > 0, "{done:?}");
}

#[tokio::test]
#[ignore = "soak: a thousand scenarios take minutes"]
async fn whatever_happens_a_thousand_times() {
    let mut done = Done::default();
    for part in 0..20 {
        scenarios(1_000 + part * 50..1_050 + part * 50, &mut done).await;
        eprintln!("{} scenarios: {done:?}", 50 * (part + 1));
    }
    // all that is said above did happen
    let lost = done.undone > 0 && done.losses > 0 && done.mended > 0;
    assert!(lost && done.failures > 0 && done.paid > 0, "{done:?}");
}
