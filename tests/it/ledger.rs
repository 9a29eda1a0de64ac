//! The books add up, whatever is done to them at the same time and however often.

use concierge::{
    billing::{
        Amounts, Book, Entry, Estimate, Kind, Owner, Posted, Used, What, price, verify, wallet,
    },
    error::Error,
    ids::ClientNo,
};
use futures_util::future::join_all;
use serde_json::Value;
use sqlx::Executor;
use uuid::Uuid;

use crate::{
    metering::{self, billed, micros, users_pay, wallet_of},
    world::{Partner, World},
};

fn entry(amount: i64, key: &str) -> Entry<'_> {
    Entry {
        amount: micros(amount),
        key,
        subject: None,
        note: "",
    }
}

const GIFT: (Kind, Book) = (Kind::Grant, Book::Promotion);

async fn gift(world: &World, client: ClientNo, owner: Owner, amount: i64, key: &str) -> Posted {
    let mut tx = world.app.db.client(client).await.unwrap();
    let now = world.app.clock.now();
    let posted = wallet::add(&mut tx, owner, GIFT, &entry(amount, key), now).await;
    tx.commit().await.unwrap();
    posted.unwrap()
}

/// A client whose users pay, a micro-credit for each token of a text.
async fn paid<'w>(world: &'w World, id: &str) -> Partner<'w> {
    let partner = world.partner(id).await;
    billed(world, partner.no, users_pay()).await;
    partner
}

fn texts(tokens: i64) -> Amounts {
    Amounts {
        embedding: u32::try_from(tokens).unwrap(),
        ..Amounts::default()
    }
}

/// Sets so many micro-credits aside.
async fn held(world: &World, client: ClientNo, owner: Owner, amount: i64) -> Result<Uuid, Error> {
    let one = Estimate {
        id: Uuid::new_v4(),
        subject: None,
        who: owner,
        what: What::Ingestion,
        model: price::INGESTION,
        certain: texts(amount),
        output_tokens_max: 0,
    };
    let opened = metering::opened(world, client, &one).await?;
    assert_eq!(opened.map(|opened| opened.held), Some(amount));
    Ok(one.id)
}

/// Pays so many of them, or gives all back; what was charged, to the one who ended it.
async fn settled(world: &World, client: ClientNo, id: Uuid, cost: Option<i64>) -> Option<i64> {
    let used = Used {
        amounts: texts(cost.unwrap_or_default()),
        delivered: cost.is_some(),
    };
    let ended = metering::settled(world, client, id, used).await;
    ended.map(|ended| ended.charged)
}

async fn assert_books_agree(world: &World) -> verify::Totals {
    let mut tx = world.app.db.system().await.unwrap();
    let (totals, findings) = verify::books(&mut tx).await.unwrap();
    assert_eq!(findings, []);
    let trial = verify::trial_balance(&mut tx).await.unwrap();
    let (debits, credits) = trial.iter().fold((0, 0), |(debits, credits), line| {
        (debits + line.debits, credits + line.credits)
    });
    assert_eq!(debits, credits);
    totals
}

#[tokio::test]
async fn a_gift_is_given_once_however_often_it_is_asked_for() {
    let world = World::new().await;
    let client = world.partner("acme").await.no;
    let gifts = (0..8).map(|_| gift(&world, client, Owner::Client, 5_000_000, "welcome"));
    let posted = join_all(gifts).await;
    let now = posted.iter().filter(|posted| **posted == Posted::Now);
    assert_eq!(now.count(), 1);
    let wallet = wallet_of(&world, client, Owner::Client).await;
    assert_eq!(wallet.balance, 5_000_000);

    let mut tx = world.app.db.client(client).await.unwrap();
    let now = world.app.clock.now();
    let other = wallet::add(&mut tx, Owner::Client, GIFT, &entry(6, "welcome"), now).await;
    assert!(matches!(other, Err(Error::Taken(_))), "{other:?}");
    assert_eq!(assert_books_agree(&world).await.transfers, 1);
}

#[tokio::test]
async fn two_tabs_cannot_spend_the_last_credit_twice() {
    let world = World::new().await;
    let client = paid(&world, "acme").await.no;
    gift(&world, client, Owner::Client, 1_000_000, "one credit").await;
    let tabs = (0..8).map(|_| held(&world, client, Owner::Client, 600_000));
    let tabs = join_all(tabs).await;
    let refused: Vec<_> = tabs.iter().filter_map(|tab| tab.as_ref().err()).collect();
    assert_eq!(refused.len(), 7);
    for error in refused {
        assert_eq!(
            error.to_string(),
            "The balance is too low: this needs about 0.6 credits, 0.4 are there."
        );
        assert_eq!(error.status(), 402);
    }
    let wallet = wallet_of(&world, client, Owner::Client).await;
    assert_eq!((wallet.balance, wallet.held), (400_000, 600_000));
    assert_books_agree(&world).await;
}

#[tokio::test]
async fn a_hold_ends_once_and_gives_back_what_it_did_not_need() {
    let world = World::new().await;
    let client = paid(&world, "acme").await.no;
    gift(&world, client, Owner::Client, 1_000, "some").await;
    for (cost, charged, left) in [
        (Some(250), Some(250), 750),
        (None, None, 750),
        // never more than what was set aside
        (Some(9_999), Some(500), 250),
    ] {
        let id = held(
            &world,
            client,
            Owner::Client,
            charged.unwrap_or(400).max(250),
        )
        .await
        .unwrap();
        let ends = (0..4).map(|_| settled(&world, client, id, cost));
        let ends: Vec<i64> = join_all(ends).await.into_iter().flatten().collect();
        assert_eq!(ends, [charged.unwrap_or(0)]);
        let wallet = wallet_of(&world, client, Owner::Client).await;
        assert_eq!((wallet.balance, wallet.held), (left, 0));
    }
    assert_books_agree(&world).await;
}

/// A generator without chance: the same deeds every time.
pub fn deeds(seed: u64) -> impl Iterator<Item = u64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    })
}

#[tokio::test]
async fn many_hands_at_once_leave_no_credit_over_and_none_short() {
    let world = World::new().await;
    let client = paid(&world, "acme").await.no;
    let owners: Vec<Owner> = (0..3)
        .map(|_| Owner::User(concierge::ids::UserId(Uuid::new_v4())))
        .chain([Owner::Client])
        .collect();
    let hands = (0..6).map(|hand| {
        let (world, owners) = (&world, &owners);
        async move {
            let (mut open, mut given, mut spent) = (Vec::new(), 0, 0);
            for (n, deed) in deeds(hand + 1).take(60).enumerate() {
                let owner = owners[(deed >> 8) as usize % owners.len()];
                let amount = (deed >> 16) as i64 % 1_000 + 1;
                match deed % 4 {
                    0 => {
                        gift(world, client, owner, amount, &format!("{hand} {n}")).await;
                        given += amount;
                    }
                    1 | 2 => match held(world, client, owner, amount).await {
                        Ok(id) => open.push(id),
                        Err(error) => assert!(matches!(error, Error::OutOfCredit(_)), "{error:?}"),
                    },
                    _ => {
                        if let Some(id) = open.pop() {
                            let cost = (deed & 64 == 0).then_some(amount);
                            spent += settled(world, client, id, cost).await.unwrap();
                        }
                    }
                }
            }
            (open.len(), given, spent)
        }
    });
    let ends = join_all(hands).await;
    let (open, given, spent) = ends.iter().fold((0, 0, 0), |sum, end| {
        (sum.0 + end.0, sum.1 + end.1, sum.2 + end.2)
    });
    let totals = assert_books_agree(&world).await;
    assert_eq!(totals.open_holds, open as i64);
    assert!(totals.transfers > 100, "{totals:?}");
    let mut left = 0;
    for owner in owners {
        let wallet = wallet_of(&world, client, owner).await;
        left += wallet.balance + wallet.held;
    }
    assert_eq!(left, given - spent);
}

/// Each check of the books is found out by a fault of its own, named by what is wrong with which
/// account: what it is, and what it should be.
#[tokio::test]
async fn a_wrong_book_is_found_by_the_check_that_is_for_it() {
    let world = World::new().await;
    let client = paid(&world, "acme").await.no;
    gift(&world, client, Owner::Client, 1_000, "a").await;
    held(&world, client, Owner::Client, 300).await.unwrap();
    let (first, second) = (
        world.count("select min(no) from transfer").await,
        world.count("select max(no) from transfer").await,
    );
    let after = |no: i64| format!("balance after transfer {no}");
    let (after_first, after_second) = (after(first), after(second));
    let conn = &mut world.superuser().await;
    // the first is the gift, the second sets credits aside
    for (fault, mend, expected) in [
        (
            "update account set balance = balance + 1 where kind = 'wallet'",
            "update account set balance = balance - 1 where kind = 'wallet'",
            vec![("wallet", "balance", 701, 700)],
        ),
        (
            "update account set balance = balance - 1 where kind = 'held'",
            "update account set balance = balance + 1 where kind = 'held'",
            vec![
                ("held", "balance", 299, 300),
                ("held", "open holds", 299, 300),
            ],
        ),
        (
            "update hold set amount = 299",
            "update hold set amount = 300",
            vec![("held", "open holds", 300, 299)],
        ),
        (
            "update hold set state = 'released', ended_at = created_at",
            "update hold set state = 'open', ended_at = null",
            vec![("held", "open holds", 300, 0)],
        ),
        // the running balance: of the account debited, of the one credited, and what follows from it
        (
            "update transfer set debit_after = debit_after + 1 where kind = 'hold'",
            "update transfer set debit_after = debit_after - 1 where kind = 'hold'",
            vec![("wallet", &*after_second, 701, 700)],
        ),
        (
            "update transfer set credit_after = credit_after - 1 where kind = 'hold'",
            "update transfer set credit_after = credit_after + 1 where kind = 'hold'",
            vec![("held", &*after_second, 299, 300)],
        ),
        (
            "update transfer set credit_after = credit_after + 1 where kind = 'grant'",
            "update transfer set credit_after = credit_after - 1 where kind = 'grant'",
            vec![
                ("wallet", &*after_first, 1_001, 1_000),
                ("wallet", &*after_second, 700, 701),
            ],
        ),
        // what was moved is another amount than the balances say, before and after it
        (
            "update transfer set amount = amount + 1 where kind = 'grant'",
            "update transfer set amount = amount - 1 where kind = 'grant'",
            vec![
                ("wallet", "balance", 700, 701),
                ("wallet", &*after_first, 1_000, 1_001),
            ],
        ),
    ] {
        // as somebody does it whom no trigger stops
        conn.execute("set session_replication_role = replica")
            .await
            .unwrap();
        assert_eq!(
            conn.execute(fault).await.unwrap().rows_affected(),
            1,
            "{fault}"
        );
        let mut tx = world.app.db.system().await.unwrap();
        let (_, findings) = verify::books(&mut tx).await.unwrap();
        drop(tx);
        let mut found = Vec::new();
        for finding in findings {
            assert_eq!(finding.client_no, client);
            let kind: String = sqlx::query_scalar("select kind from account where account_no = $1")
                .bind(finding.account_no)
                .fetch_one(&mut *conn)
                .await
                .unwrap();
            found.push((kind, finding.what, finding.is, finding.should_be));
        }
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(kind, what, is, should_be)| (kind.to_owned(), what.to_owned(), is, should_be))
            .collect();
        assert_eq!(found, expected, "{fault}");
        conn.execute(mend).await.unwrap();
        conn.execute("set session_replication_role = origin")
            .await
            .unwrap();
    }
    assert_books_agree(&world).await;
    // nobody changes or removes a transfer, however powerful
    for deed in [
        "update transfer set amount = 1",
        "delete from transfer",
        "truncate transfer cascade",
    ] {
        let refused = sqlx::query(deed).execute(&mut *conn).await.unwrap_err();
        assert!(
            refused.to_string().contains("never changed"),
            "{deed}: {refused}"
        );
    }
}

#[tokio::test]
async fn a_payment_taken_back_leaves_no_balance_below_zero() {
    let world = World::new().await;
    let client = world.partner("acme").await.no;
    let paid = (Kind::TopUp, Book::Stripe);
    for (spent, back, given, left) in [
        (0, 400, Some(400), 600),
        (300, 700, Some(300), 0),
        (0, 5, None, 0),
    ] {
        let mut tx = world.app.db.client(client).await.unwrap();
        let now = world.app.clock.now();
        wallet::add(&mut tx, Owner::Client, paid, &entry(1_000, "order 1"), now)
            .await
            .unwrap();
        if spent > 0 {
            let fee = (Kind::Fee, Book::Revenue);
            wallet::spend(&mut tx, Owner::Client, fee, &entry(spent, "fee"), now)
                .await
                .unwrap();
        }
        let key = format!("refund of {back}");
        for _ in 0..2 {
            let taken = wallet::take_back(
                &mut tx,
                Owner::Client,
                Book::Stripe,
                &entry(back, &key),
                now,
            )
            .await
            .unwrap();
            assert_eq!(taken.map(|taken| taken.get()), given);
        }
        tx.commit().await.unwrap();
        assert_eq!(wallet_of(&world, client, Owner::Client).await.balance, left);
    }
    let mut tx = world.app.db.system().await.unwrap();
    let trial = verify::trial_balance(&mut tx).await.unwrap();
    let stripe = trial.iter().find(|line| line.kind == "stripe").unwrap();
    assert_eq!((stripe.debits, stripe.credits), (1_000, 1_105));
    let loss = trial.iter().find(|line| line.kind == "loss").unwrap();
    assert_eq!((loss.debits, loss.credits), (405, 0));
    assert_books_agree(&world).await;
}

#[tokio::test]
async fn a_statement_tells_every_step() {
    let world = World::new().await;
    let partner = paid(&world, "acme").await;
    let alice = partner.person("alice").await;
    let me: Value = alice.get("/api/v1/me").await;
    let owner = Owner::User(concierge::ids::UserId(
        me["id"].as_str().unwrap().parse().unwrap(),
    ));
    let empty = alice.get("/api/v1/wallet").await;
    assert_eq!(empty, serde_json::json!({"balance": "0", "held": "0"}));
    gift(&world, partner.no, owner, 2_000_000, "welcome").await;
    let id = held(&world, partner.no, owner, 500_000).await.unwrap();
    settled(&world, partner.no, id, Some(120_000)).await;
    let wallet = alice.get("/api/v1/wallet").await;
    assert_eq!(wallet, serde_json::json!({"balance": "1.88", "held": "0"}));
    let (mut lines, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = alice
            .get(&format!("/api/v1/wallet/statement?limit=2{cursor}"))
            .await;
        for line in page["items"].as_array().unwrap() {
            let word = |name: &str| line[name].as_str().unwrap().to_owned();
            lines.push([word("kind"), word("amount"), word("balance")]);
        }
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(
        lines,
        [
            ["release", "0.38", "1.88"],
            ["hold", "-0.5", "1.5"],
            ["grant", "2", "2"],
        ]
    );
    let bob = partner.person("bob").await;
    let page = bob.get("/api/v1/wallet/statement").await;
    assert_eq!(page["items"], serde_json::json!([]));
}
