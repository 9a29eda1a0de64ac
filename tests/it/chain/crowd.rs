//! Many orders and much dust: nobody's payment is lost by what somebody else does.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use concierge::{
    billing::{
        chain::{self, Standing, State, Verdict, settle},
        plan,
    },
    error::Error,
    ids::UserId,
    jobs,
};
use serde_json::json;
use sqlx::{Executor, types::Uuid};

use super::{
    Lie,
    anvil::{call, word, word_of},
    lies::between,
    till::{CONFIRMATIONS, PRICE, Till, hundred},
};

impl Till {
    /// As many more orders of the one client that has one, watched for longer than that.
    async fn orders_more(&self, count: i32) {
        let mut conn = self.world.superuser().await;
        let orders = "insert into payment_order
            select (jsonb_populate_record(known, jsonb_build_object('order_id', gen_random_uuid(), 'key', 'more ' || n,
              'provider_ref', 'more ' || n))).*
            from payment_order known, generate_series(1, $1) n
            where client_no = $2";
        let made = sqlx::query(orders).bind(count).bind(self.client);
        made.execute(&mut conn).await.unwrap();
        let addresses = "insert into chain_address
            select (jsonb_populate_record(known, jsonb_build_object('order_id', more.order_id,
              'address_no', 1000 + split_part(key, ' ', 2)::int,
              'address', '0x' || lpad(split_part(key, ' ', 2), 40, '0'),
              'watched_until', watched_until + interval '1 day'))).*
            from chain_address known
            join payment_order more using (client_no)
            where client_no = $1 and key like 'more %'";
        let made = sqlx::query(addresses).bind(self.client);
        made.execute(&mut conn).await.unwrap();
    }
}

#[tokio::test]
async fn a_buyer_with_many_orders_crowds_out_no_other() {
    let mut till = Till::new().await;
    let (other, now) = (
        till.world.partner("other").await.no,
        till.world.app.clock.now(),
    );
    let mut tx = till.world.app.db.client(other).await.unwrap();
    let plan = plan::offer(&mut tx, hundred(), None, now).await.unwrap();
    tx.commit().await.unwrap();
    let theirs = till.orders_as(other, &plan, "one", "local/USDT").await;
    till.orders("one", "local/USDT").await;
    // as many as are watched
    till.orders_more(20_000).await;
    till.buyer = UserId(Uuid::new_v4());
    let neighbour = till.orders("two", "local/USDT").await;
    for address in [&theirs.address, &neighbour.address] {
        till.anvil.sends_token(&till.usdt, address, PRICE).await;
    }
    till.anvil.mine(CONFIRMATIONS).await;
    till.looks().await.unwrap();
    let mut tx = till.world.app.db.client(other).await.unwrap();
    let arrived = chain::arrivals(&mut tx, theirs.order_id).await.unwrap();
    let verdicts: Vec<_> = arrived.iter().map(|one| (one.state, one.verdict)).collect();
    assert_eq!(verdicts, [(State::Confirmed, Verdict::Counted)]);
    assert_eq!(
        till.standing(neighbour.order_id).await,
        Standing::Paid,
        "of a buyer of the same client"
    );
}

#[tokio::test]
async fn a_buyer_of_whose_orders_many_change_keeps_no_other_waiting() {
    let mut till = Till::new().await;
    let (other, now) = (
        till.world.partner("other").await.no,
        till.world.app.clock.now(),
    );
    let mut tx = till.world.app.db.client(other).await.unwrap();
    let plan = plan::offer(&mut tx, hundred(), None, now).await.unwrap();
    tx.commit().await.unwrap();
    till.orders("one", "local/USDT").await;
    till.orders_more(600).await;
    let theirs = till.orders_as(other, &plan, "one", "local/USDT").await;
    till.buyer = UserId(Uuid::new_v4());
    let neighbour = till.orders("two", "local/USDT").await;
    let mut conn = till.world.superuser().await;
    let dust = "insert into chain_arrival (client_no, arrival_id, order_id, chain, block_no, block_hash, block_at,
          tx_hash, log_no, asset, payer, amount, state, verdict, left_over, settled, seen_at, changed_at)
        select client_no, gen_random_uuid(), order_id, chain, 0, '0x' || repeat('1', 64), created_at,
          '0x' || repeat('1', 64), 0, asset, address, 1, 'confirmed', 'waiting', 0, false, created_at, created_at
        from chain_address";
    conn.execute(dust).await.unwrap();
    let over = till.orders("nothing comes", "local/USDT").await;
    let later = "update chain_watch set looked_at = looked_at + interval '1 day'";
    conn.execute(later).await.unwrap();
    let mut tx = till.world.app.db.system().await.unwrap();
    let due = settle::due(&mut tx).await.unwrap();
    assert_eq!(due.len(), 500);
    let first: Vec<_> = due[..4].iter().map(|(_, order, _)| *order).collect();
    for deposit in [&theirs, &neighbour, &over] {
        assert!(first.contains(&deposit.order_id), "{first:?}");
    }
}

/// Those of one day are compared, however many addresses there are.
#[tokio::test]
async fn the_reconciliation_reads_more_addresses_than_it_asks_for_at_once() {
    let till = Till::new().await;
    let deposit = till.orders("one", "local/USDT").await;
    till.anvil
        .sends_token(&till.usdt, &deposit.address, PRICE)
        .await;
    till.anvil.mine(2 * CONFIRMATIONS).await;
    till.looks().await.unwrap();
    let mut conn = till.world.superuser().await;
    // on both sides of the one that was paid
    let more = "set session_replication_role = replica;
        insert into chain_address
        select (jsonb_populate_record(known, jsonb_build_object('order_id', lpad(to_hex(n * 40000), 8, '0') || '-0000-4000-8000-000000000000',
          'state', 'short', 'address_no', n, 'address', '0x' || lpad(n::text, 40, '0')))).*
        from chain_address known, generate_series(1, 50000) n";
    conn.execute(more).await.unwrap();
    let (app, day) = (&till.world.app, till.world.app.clock.now().date());
    jobs::reconcile::read(app, day).await.unwrap();
    let facts = "select count(*) from outside_fact";
    assert_eq!(till.world.count(facts).await, 1);
}

#[tokio::test]
async fn a_buyer_has_five_hundred_addresses_to_which_nothing_came() {
    let till = Till::new().await;
    let tries = |key: &'static str| till.tries(till.client, &till.plan, key, "local/USDT");
    tries("one").await.unwrap();
    till.orders_more(498).await;
    let mut conn = till.world.superuser().await;
    // most of them were not paid in time: they are watched on
    let ended = "update chain_address set state = 'short' where address_no > 1010";
    conn.execute(ended).await.unwrap();
    tries("the last one").await.unwrap();
    let refused = tries("one too many").await.unwrap_err();
    assert!(
        matches!(&refused, Error::Conflict(text) if text.contains("500 orders of yours")),
        "{refused}"
    );
    // the one that there is can be asked for again
    tries("the last one").await.unwrap();
    for (key, makes_room) in [
        (
            "after one was paid",
            "update chain_address set state = 'paid' where address_no = 1001",
        ),
        (
            "after something came",
            "insert into chain_arrival (client_no, arrival_id, order_id, chain, block_no, block_hash, block_at, tx_hash,
               log_no, asset, payer, amount, state, verdict, left_over, settled, seen_at, changed_at)
             select client_no, gen_random_uuid(), order_id, chain, 0, '0x' || repeat('1', 64), created_at,
               '0x' || repeat('1', 64), 0, asset, address, 1, 'confirmed', 'short', 1, true, created_at, created_at
             from chain_address where address_no = 1400",
        ),
        (
            "after the watch over one ended",
            "update chain_address set watched_until = created_at where address_no = 1401",
        ),
    ] {
        tries("one too many").await.unwrap_err();
        conn.execute(makes_room).await.unwrap();
        tries(key).await.unwrap();
    }
}

#[tokio::test]
async fn more_arrivals_of_an_order_than_are_weighed_keep_nobody_busy() {
    let till = Till::new().await;
    let deposit = till.orders("dusty", "local/USDT").await;
    // so that the first block is not read again
    till.anvil.mine(100).await;
    till.looks().await.unwrap();
    let mut conn = till.world.superuser().await;
    let dust = "insert into chain_arrival (client_no, arrival_id, order_id, chain, block_no, block_hash, block_at,
          tx_hash, log_no, asset, payer, amount, state, verdict, left_over, settled, seen_at, changed_at)
        select client_no, gen_random_uuid(), order_id, chain, 0, '0x' || lpad(to_hex(n), 64, '0'), created_at,
          '0x' || lpad(to_hex(n), 64, '0'), 0, asset, address, 1, 'confirmed', 'waiting', 0, false, created_at, created_at
        from chain_address, generate_series(1, 10001) n";
    conn.execute(dust).await.unwrap();
    till.looks().await.unwrap();
    let unsettled = "select count(*) from chain_arrival where not settled";
    let counted = "select count(*) from chain_arrival where verdict = 'counted'";
    assert_eq!(till.world.count(unsettled).await, 0);
    assert_eq!(till.world.count(counted).await, 10_000);
    assert_eq!(till.arrived(deposit.order_id).await.len(), 10_000);
}

#[tokio::test]
async fn a_transaction_that_brings_much_has_its_receipt_read_once() {
    let (till, liar) = between(vec![]).await;
    let deposit = till.orders("one", "local/USDT").await;
    let asked = Arc::<AtomicUsize>::default();
    let counter = asked.clone();
    liar.says(Lie::changes(move |method, _, _| {
        if method == "eth_getTransactionReceipt" {
            counter.fetch_add(1, Ordering::SeqCst);
        }
    }));
    let words = [word_of(&deposit.address), word(4), word(PRICE)];
    let twice = call("Token", "twice", &words);
    till.anvil
        .sends(json!({"to": till.usdt, "data": twice}))
        .await;
    till.anvil.mine(CONFIRMATIONS).await;
    till.looks().await.unwrap();
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    assert_eq!(
        till.verdicts(deposit.order_id).await,
        [
            (State::Confirmed, Verdict::Counted, "0".into()),
            (State::Confirmed, Verdict::Over, "4".into())
        ]
    );
}
