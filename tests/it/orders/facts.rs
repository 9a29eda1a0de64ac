//! Whatever the order in which facts come, and however often, the end is the same.

use std::time::Duration;

use concierge::{
    billing::{
        Book, Entry, Kind, Micros, Owner,
        order::{self, Paid, Provider, Reversal, Stage, State, Why},
        wallet,
    },
    error::Error,
    ids::OrderId,
    jobs,
};

use super::{CREDIT, Shop, books_agree, payment, units};
use crate::{
    metering::{answer, billed, opened, settled, used, users_pay},
    world::World,
};

impl Shop<'_> {
    /// Money goes back; a reference that begins with `dp` is a dispute.
    pub async fn goes_back(
        &self,
        id: OrderId,
        reference: &str,
        amount: u128,
        stage: Stage,
    ) -> Result<bool, Error> {
        let dispute = reference.starts_with("dp");
        let reversal = Reversal {
            provider: Provider::Stripe,
            reference,
            payment: None,
            kind: if dispute { Why::Dispute } else { Why::Refund },
            amount: units(amount),
            currency: "usd",
            stage,
        };
        let (mut tx, now) = (self.tx().await, self.world.app.clock.now());
        let new = order::reversed(&mut tx, id, &reversal, now).await?;
        tx.commit().await?;
        Ok(new)
    }

    /// Money of this payment goes back.
    async fn goes_back_of(&self, id: OrderId, intent: &str, reference: &str) -> bool {
        let reversal = Reversal {
            provider: Provider::Stripe,
            reference,
            payment: Some(intent),
            kind: Why::Refund,
            amount: units(1_250),
            currency: "usd",
            stage: Stage::Stands,
        };
        let (mut tx, now) = (self.tx().await, self.world.app.clock.now());
        let new = order::reversed(&mut tx, id, &reversal, now).await.unwrap();
        tx.commit().await.unwrap();
        new
    }

    async fn spends(&self, credits: i64, key: &str) {
        let (mut tx, now) = (self.tx().await, self.world.app.clock.now());
        let entry = Entry {
            amount: Micros::new(credits * CREDIT).unwrap(),
            key,
            subject: None,
            note: "",
        };
        let deed = (Kind::Fee, Book::Revenue);
        let spent = wallet::spend(&mut tx, Owner::User(self.buyer), deed, &entry, now).await;
        spent.unwrap();
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn a_part_of_the_money_takes_the_same_part_of_the_credits() {
    let world = World::new().await;
    let shop = world.shop("acme").await;
    let id = shop.orders(&shop.credit, "k").await.order_id;
    shop.pays(id, &payment("pi_1")).await.unwrap();
    for (reference, amount, stage, left, state) in [
        ("re_1", 125, Stage::Open, 90 * CREDIT, State::Fulfilled),
        ("re_1", 125, Stage::Stands, 90 * CREDIT, State::Fulfilled),
        // stale: it is behind what is known
        ("re_1", 125, Stage::Open, 90 * CREDIT, State::Fulfilled),
        ("re_2", 1, Stage::Stands, 89_920_000, State::Fulfilled),
        ("re_2", 1, Stage::Undone, 90 * CREDIT, State::Fulfilled),
        ("dp_1", 1_125, Stage::Notice, 90 * CREDIT, State::Fulfilled),
        ("dp_1", 1_125, Stage::Open, 0, State::Disputed),
        ("dp_1", 1_125, Stage::Undone, 90 * CREDIT, State::Fulfilled),
        ("re_3", 1_125, Stage::Stands, 0, State::Refunded),
    ] {
        shop.goes_back(id, reference, amount, stage).await.unwrap();
        assert_eq!(shop.wallet().await.balance, left, "{reference} {stage:?}");
        assert_eq!(shop.order(id).await.state, state, "{reference} {stage:?}");
    }
    books_agree(&world).await;
}

#[tokio::test]
async fn what_was_spent_is_lost_and_mended_before_anything_is_given_again() {
    let world = World::new().await;
    let shop = world.shop("acme").await;
    let id = shop.orders(&shop.credit, "k").await.order_id;
    shop.pays(id, &payment("pi_1")).await.unwrap();
    shop.spends(70, "answers").await;
    shop.goes_back(id, "dp_1", 1_250, Stage::Open)
        .await
        .unwrap();
    assert_eq!(shop.wallet().await.balance, 0);
    books_agree(&world).await;
    shop.goes_back(id, "dp_1", 1_250, Stage::Undone)
        .await
        .unwrap();
    // as if there had been no dispute: 70 of 100 are spent
    assert_eq!(shop.wallet().await.balance, 30 * CREDIT);
    let loss = "select coalesce(sum(case when credit_no = account_no then amount else -amount end), 0)::bigint
        from account join transfer on account_no in (debit_no, credit_no) where account.kind = 'loss'";
    assert_eq!(world.count(loss).await, 0);
    books_agree(&world).await;
}

#[tokio::test]
async fn money_that_goes_back_before_it_came_is_remembered() {
    let world = World::new().await;
    let shop = world.shop("acme").await;
    let id = shop.orders(&shop.credit, "k").await.order_id;
    assert!(
        shop.goes_back(id, "re_1", 250, Stage::Stands)
            .await
            .unwrap()
    );
    assert!(
        !shop
            .goes_back(id, "re_1", 250, Stage::Stands)
            .await
            .unwrap()
    );
    assert_eq!(shop.order(id).await.state, State::Created);
    assert_eq!(shop.wallet().await.balance, 0);
    let paid = shop.pays(id, &payment("pi_1")).await.unwrap();
    assert_eq!(paid, Paid::Fulfilled);
    assert_eq!(shop.wallet().await.balance, 80 * CREDIT);
    books_agree(&world).await;
}

#[tokio::test]
async fn more_cannot_go_back_than_came() {
    let world = World::new().await;
    let shop = world.shop("acme").await;
    let id = shop.orders(&shop.credit, "k").await.order_id;
    shop.pays(id, &payment("pi_1")).await.unwrap();
    for reference in ["re_1", "re_2"] {
        shop.goes_back(id, reference, 1_000, Stage::Stands)
            .await
            .unwrap();
    }
    assert_eq!(shop.wallet().await.balance, 0);
    assert_eq!(shop.order(id).await.state, State::Refunded);
    let queued = "select count(*) from payment_exception where reason = 'reversal_too_large'";
    assert_eq!(world.count(queued).await, 1);
    books_agree(&world).await;
}

/// The second payment of an order goes back, as the queue of exceptions asks: what the first one paid
/// for stays.
#[tokio::test]
async fn what_never_counted_takes_nothing_with_it() {
    let world = World::new().await;
    let shop = world.shop("acme").await;
    let id = shop.orders(&shop.credit, "k").await.order_id;
    for intent in ["pi_1", "pi_2"] {
        shop.pays(id, &payment(intent)).await.unwrap();
    }
    assert!(shop.goes_back_of(id, "pi_2", "re_2").await);
    assert_eq!(shop.order(id).await.state, State::Fulfilled);
    assert_eq!(shop.wallet().await.balance, 100 * CREDIT);
    assert!(shop.goes_back_of(id, "pi_1", "re_1").await);
    assert_eq!(shop.order(id).await.state, State::Refunded);
    assert_eq!(shop.wallet().await.balance, 0);
    books_agree(&world).await;
}

/// A payment goes back while an answer is being written: what is set aside for it is spent or comes
/// back, and nobody knows yet.
#[tokio::test]
async fn what_is_set_aside_is_no_loss_before_its_answer_is_over() {
    let world = World::new().await;
    let shop = world.shop("acme").await;
    billed(&world, shop.client, users_pay()).await;
    let losses = "select coalesce(sum(amount), 0)::bigint from transfer where kind = 'loss'";
    let looks = async || {
        let mut tx = world.app.db.system().await.unwrap();
        let now = world.app.clock.now();
        jobs::money::orders(&world.app, &mut tx, now).await.unwrap();
    };
    let all = async |key: &str| {
        let id = shop.orders(&shop.credit, key).await.order_id;
        shop.pays(id, &payment(key)).await.unwrap();
        // longer than a hundred credits last: all of them are set aside
        let estimate = answer(Owner::User(shop.buyer), 1_000, u32::MAX);
        opened(&world, shop.client, &estimate).await.unwrap();
        assert!(shop.wallet().await.balance < CREDIT);
        (id, estimate.id)
    };
    let (id, answer) = all("pi_1").await;
    shop.goes_back(id, "dp_1", 1_250, Stage::Open)
        .await
        .unwrap();
    assert_eq!(shop.order(id).await.state, State::Disputed);
    looks().await;
    assert_eq!(world.count(losses).await, 0, "it is not over");
    settled(&world, shop.client, answer, used(1_000, 100)).await;
    for _ in 0..2 {
        looks().await;
        let wallet = shop.wallet().await;
        assert_eq!((wallet.balance, wallet.held), (0, 0));
        assert_eq!(world.count(losses).await, 2_000, "what the answer cost");
        books_agree(&world).await;
    }
    // the claim is withdrawn: what was taken is given again, and what was spent stays spent
    shop.goes_back(id, "dp_1", 1_250, Stage::Undone)
        .await
        .unwrap();
    assert_eq!(shop.wallet().await.balance, 100 * CREDIT - 2_000);
    shop.spends(99, "rest").await;

    // whoever always has something set aside is not waited for longer than an hour
    let (id, answer) = all("pi_2").await;
    shop.goes_back(id, "dp_2", 1_250, Stage::Open)
        .await
        .unwrap();
    world.app.clock.forward(Duration::from_secs(3_599));
    looks().await;
    let lost = "select lost from payment_order where provider_ref is null order by created_at desc limit 1";
    assert_eq!(world.count(lost).await, 0);
    world.app.clock.forward(Duration::from_secs(1));
    looks().await;
    assert!(world.count(lost).await > 99 * CREDIT);
    settled(&world, shop.client, answer, used(1_000, 100)).await;
    books_agree(&world).await;
}
