//! A till: a client that sells credits for tokens on a chain of its own.

use std::sync::Arc;

use concierge::{
    billing::{
        Book, Entry, Kind, Micros, NewPlan, Offer, Owner, Plan,
        chain::{self, Arrived, Chain, Chains, Deposit, Standing, State, Verdict},
        order::{self, NewOrder, Order, Provider},
        plan, verify, wallet,
    },
    error::Result,
    ids::{ClientNo, OrderId, UserId},
    jobs,
};
use sqlx::types::Uuid;

use super::anvil::Anvil;
use crate::world::{Wish, World};

/// A key that only receives, of BIP-32's test vectors.
pub const XPUB: &str = "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8";
/// Blocks that a payment needs here.
pub const CONFIRMATIONS: u64 = 4;
/// Micro-credits of the plan that is sold.
pub const CREDITS: i64 = 100_000_000;
/// What it costs, in the smallest unit of the token: 12.50 of them.
pub const PRICE: u128 = 12_500_000;
/// What it costs in wei, at 3,200 a coin.
pub const COIN_PRICE: u128 = 3_906_250_000_000_000;

/// A world with a chain.
pub struct Till {
    pub world: World,
    pub anvil: Arc<Anvil>,
    pub chains: Chains,
    pub chain: Arc<Chain>,
    pub client: ClientNo,
    pub buyer: UserId,
    pub plan: Plan,
    /// Contracts: two tokens that can be paid with, one of them with a fee.
    pub usdt: String,
    pub fee: String,
}

impl Till {
    pub async fn new() -> Self {
        let anvil = Arc::new(Anvil::start().await);
        let url = anvil.url.clone();
        Self::with(anvil, vec![("chain.local.rpc_url", url)]).await
    }

    /// Over a chain that runs, with further settings; it was looked at.
    pub async fn with(anvil: Arc<Anvil>, set: Vec<(&'static str, String)>) -> Self {
        let till = Self::unread(anvil, set).await;
        till.looks().await.unwrap();
        till
    }

    /// The same before the first look.
    pub async fn unread(anvil: Arc<Anvil>, set: Vec<(&'static str, String)>) -> Self {
        let usdt = anvil.deploy("Token", &["0".into()]).await;
        let fee = anvil.deploy("Token", &["a".into()]).await;
        let tokens = format!("USDT {usdt} 6 100 usd, FEE {fee} 6 100 usd");
        let mut all: Vec<(&'static str, String)> = vec![
            ("chain.local.chain_id", super::anvil::CHAIN_ID.to_string()),
            ("chain.local.xpub", XPUB.into()),
            ("chain.local.tokens", tokens),
            ("chain.local.coin", "ETH 320000 usd".into()),
            ("chain.local.confirmations", CONFIRMATIONS.to_string()),
            ("chain.local.overlap_blocks", "32".into()),
            ("chain.local.requests_per_second", "1000".into()),
            ("chain.local.timeout_seconds", "5".into()),
            ("models.embedding", "none".into()),
        ];
        all.extend(set);
        let world = World::with(Wish {
            set: all,
            ..Wish::default()
        })
        .await;
        let chains = Chains::new(&world.app.config).unwrap();
        let chain = chains.find("local").unwrap().clone();
        let client = world.partner("acme").await.no;
        let mut tx = world.app.db.client(client).await.unwrap();
        let now = world.app.clock.now();
        let plan = plan::offer(&mut tx, hundred(), None, now).await.unwrap();
        tx.commit().await.unwrap();
        let buyer = UserId(Uuid::new_v4());
        Self {
            anvil,
            chains,
            chain,
            client,
            buyer,
            plan,
            usdt,
            fee,
            world,
        }
    }

    /// An order to be paid with this, and its address.
    pub async fn orders(&self, key: &str, pay_with: &str) -> Deposit {
        self.orders_as(self.client, &self.plan, key, pay_with).await
    }

    /// The same for a client and a plan of its own.
    pub async fn orders_as(
        &self,
        client: ClientNo,
        plan: &Plan,
        key: &str,
        pay_with: &str,
    ) -> Deposit {
        let tried = self.tries(client, plan, key, pay_with).await;
        tried.unwrap()
    }

    /// Whether an order gets an address.
    pub async fn tries(
        &self,
        client: ClientNo,
        plan: &Plan,
        key: &str,
        pay_with: &str,
    ) -> Result<Deposit> {
        let now = self.world.app.clock.now();
        let quote = self
            .chains
            .quote(pay_with, plan.price_minor.unwrap(), "USD")
            .unwrap();
        let new = NewOrder {
            owner: Owner::User(self.buyer),
            buyer: self.buyer,
            key,
            plan_id: plan.plan_id,
            title: &plan.name,
            goods: Option::from(plan.kind).unwrap(),
            credits: plan.credits,
            provider: Provider::Chain,
            amount: quote.amount,
            currency: quote.token.symbol.to_lowercase(),
            decimals: quote.token.decimals.cast_signed(),
            expires_at: now + time::Duration::hours(1),
        };
        let mut tx = self.world.app.db.client(client).await.unwrap();
        let order = order::create(&mut tx, &new, now).await.unwrap();
        let deposit = chain::assign(&mut tx, &order, &quote, now).await?;
        tx.commit().await?;
        Ok(deposit)
    }

    /// Days go by here and on the chain: the last of its blocks that counts is of now.
    pub async fn days_go_by(&self, days: u32) {
        let clock = &self.world.app.clock;
        clock.forward(std::time::Duration::from_secs(86_400) * days);
        let now = clock.now().unix_timestamp();
        self.anvil.mines_at(now, CONFIRMATIONS + 1).await;
    }

    /// Looks at the chain until there is nothing more to read.
    pub async fn looks(&self) -> Result<()> {
        jobs::chain::catch_up(&self.world.app, &self.chain).await
    }

    pub async fn order(&self, id: OrderId) -> Order {
        let mut tx = self.world.app.db.client(self.client).await.unwrap();
        order::find(&mut tx, id).await.unwrap()
    }

    pub async fn standing(&self, id: OrderId) -> Standing {
        let mut tx = self.world.app.db.client(self.client).await.unwrap();
        chain::find(&mut tx, id).await.unwrap().unwrap().state
    }

    pub async fn arrived(&self, id: OrderId) -> Vec<Arrived> {
        let mut tx = self.world.app.db.client(self.client).await.unwrap();
        chain::arrivals(&mut tx, id).await.unwrap()
    }

    /// What became of what arrived: state, verdict, what is left.
    pub async fn verdicts(&self, id: OrderId) -> Vec<(State, Verdict, String)> {
        let arrived = self.arrived(id).await;
        let short = |one: Arrived| (one.state, one.verdict, one.left_over.to_string());
        arrived.into_iter().map(short).collect()
    }

    /// Micro-credits that the buyer has.
    pub async fn credits(&self) -> i64 {
        let mut tx = self.world.app.db.client(self.client).await.unwrap();
        let wallet = wallet::find(&mut tx, Owner::User(self.buyer))
            .await
            .unwrap();
        wallet.balance
    }

    /// The buyer spends, if there is as much.
    pub async fn spends(&self, amount: i64, key: &str) -> Result<()> {
        let (mut tx, now) = (
            self.world.app.db.client(self.client).await.unwrap(),
            self.world.app.clock.now(),
        );
        let entry = Entry {
            amount: Micros::new(amount).unwrap(),
            key,
            subject: None,
            note: "",
        };
        let deed = (Kind::Fee, Book::Revenue);
        wallet::spend(&mut tx, Owner::User(self.buyer), deed, &entry, now).await?;
        tx.commit().await
    }

    /// Micro-credits that are lost: they were spent before their payment was taken back.
    pub async fn lost(&self) -> i64 {
        self.world.lost().await
    }

    /// The books add up.
    pub async fn balances(&self) {
        let mut tx = self.world.app.db.system().await.unwrap();
        let (_, findings) = verify::books(&mut tx).await.unwrap();
        assert_eq!(findings, []);
    }

    /// How far the chain was read, and why it was not.
    pub async fn reach(&self) -> chain::Reach {
        let mut tx = self.world.app.db.client(self.client).await.unwrap();
        chain::reach(&mut tx, "local").await.unwrap()
    }
}

/// A hundred credits for 12.50 USD.
pub fn hundred() -> NewPlan {
    NewPlan {
        name: "A hundred".into(),
        kind: Offer::Credit,
        credits: Some(Micros::new(CREDITS).unwrap()),
        price_minor: Some(1_250),
        currency: Some("USD".into()),
        uses: None,
        pass_unit: None,
        pass_count: None,
    }
}
