//! What things cost, who pays, and what is bought: under crowds, crashes and clocks.

pub mod plans;

use concierge::{
    billing::{Book, Entry, Kind, Micros, Owner, Wallet, verify, wallet},
    db::ClientTx,
    ids::ClientNo,
};
use uuid::Uuid;

use crate::world::World;

/// An amount.
pub fn micros(amount: i64) -> Micros {
    Micros::new(amount).unwrap()
}

/// A transaction of a client.
pub async fn tx(world: &World, client: ClientNo) -> ClientTx {
    world.app.db.client(client).await.unwrap()
}

/// Gives micro-credits.
pub async fn gift(world: &World, client: ClientNo, owner: Owner, amount: i64) {
    let mut tx = tx(world, client).await;
    let key = format!("gift {}", Uuid::new_v4());
    let entry = Entry {
        amount: micros(amount),
        key: &key,
        subject: None,
        note: "",
    };
    let from = (Kind::Grant, Book::Promotion);
    wallet::add(&mut tx, owner, from, &entry, world.app.clock.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

/// What a wallet holds.
pub async fn wallet_of(world: &World, client: ClientNo, owner: Owner) -> Wallet {
    wallet::find(&mut tx(world, client).await, owner)
        .await
        .unwrap()
}

/// Adds everything up.
pub async fn assert_books_agree(world: &World) -> verify::Totals {
    let mut tx = world.app.db.system().await.unwrap();
    let (totals, findings) = verify::books(&mut tx).await.unwrap();
    assert_eq!(findings, []);
    totals
}
