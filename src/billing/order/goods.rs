//! What an order gives, and what is taken back when its money goes back.

use time::{Duration, OffsetDateTime};

use super::{Goods, Order, Provider};
use crate::{
    billing::{
        amount::Micros,
        entitlement,
        ledger::{self, Account, Book, Kind},
        plan, store,
        wallet::{self, Entry},
    },
    db::ClientTx,
    error::Result,
};

/// How long what is set aside is waited for: whoever always has something set aside is not waited for
/// longer.
const HELD_FOR: Duration = Duration::hours(1);

/// Gives what was bought.
pub async fn give(tx: &mut ClientTx, order: &Order, now: OffsetDateTime) -> Result<()> {
    let key = format!("order {}", order.order_id);
    let Some(amount) = order.credits else {
        return entitle(tx, order, &key, now).await;
    };
    let entry = order.entry(amount, &key);
    let deed = (Kind::TopUp, order.provider.book());
    wallet::add(tx, order.owner(), deed, &entry, now).await?;
    Ok(())
}

/// Brings what was given to what was kept of the money: a part of the money, the same part of the
/// credits. A pack or a pass is one thing: it goes when the last of its money went.
pub async fn balance(tx: &mut ClientTx, order: &mut Order, now: OffsetDateTime) -> Result<()> {
    let back = order.refunded.plus(order.disputed);
    let Some(credits) = order.credits else {
        return balance_entitlement(tx, order, back >= order.amount, now).await;
    };
    let aim = back.share(order.amount, credits.get());
    let is = order.taken_back + order.lost;
    let more = match Micros::new(aim - is) {
        Ok(more) => now_due(tx, order, more, now).await?,
        Err(_) => {
            order.back_due = None;
            None
        }
    };
    if let Some(more) = more {
        order.steps += 1;
        let key = format!("order {} back {}", order.order_id, order.steps);
        let (owner, book) = (order.owner(), order.provider.book());
        let taken = wallet::take_back(tx, owner, book, &order.entry(more, &key), now).await?;
        let taken = taken.map_or(0, Micros::get);
        order.taken_back += taken;
        order.lost += more.get() - taken;
    }
    if let Ok(again) = Micros::new(is - aim) {
        put_back(tx, order, again, now).await?;
    }
    Ok(())
}

/// How much of it is taken now. What the wallet does not hold may be set aside for an answer that is
/// being written: so much is no loss before the answer is over, and is asked for again until then. The
/// rest is spent, and does not wait for credits that its owner buys meanwhile.
async fn now_due(
    tx: &mut ClientTx,
    order: &mut Order,
    more: Micros,
    now: OffsetDateTime,
) -> Result<Option<Micros>> {
    wallet::lock(tx, order.owner(), now).await?;
    let there = wallet::find(tx, order.owner()).await?;
    let until = order.back_due.unwrap_or(now + HELD_FOR);
    let waits = (more.get() - there.balance).clamp(0, there.held);
    if waits == 0 || until <= now {
        order.back_due = None;
        return Ok(Some(more));
    }
    order.back_due = Some(until);
    Ok(Micros::new(more.get() - waits).ok())
}

/// Money that went back came again. What had been spent by then was booked as a loss: that is mended
/// first, the rest is the wallet's.
async fn put_back(
    tx: &mut ClientTx,
    order: &mut Order,
    amount: Micros,
    now: OffsetDateTime,
) -> Result<()> {
    order.steps += 1;
    let mended = amount.get().min(order.lost);
    let provider = Account::Summed(store::book(tx, order.provider.book(), now).await?);
    let wallet_no = wallet::lock(tx, order.owner(), now).await?;
    let loss = Account::Summed(store::book(tx, Book::Loss, now).await?);
    let wallet = Account::Kept(wallet_no);
    let parts = [
        (Kind::Loss, loss, mended, "loss"),
        (Kind::TopUp, wallet, amount.get() - mended, "wallet"),
    ];
    for (kind, credit, part, word) in parts {
        let Ok(part) = Micros::new(part) else {
            continue;
        };
        let key = format!("order {} again {} {word}", order.order_id, order.steps);
        let transfer = ledger::Order {
            kind,
            debit: provider,
            credit,
            amount: part,
            key: &key,
            subject: Some(order.order_id.0),
            note: &order.title,
        };
        ledger::post(tx, &transfer, now).await?;
    }
    order.lost -= mended;
    order.taken_back -= amount.get() - mended;
    Ok(())
}

async fn entitle(tx: &mut ClientTx, order: &Order, key: &str, now: OffsetDateTime) -> Result<()> {
    let plan = plan::find(tx, order.plan_id).await?;
    entitlement::grant(tx, order.owner(), &plan, key, now).await?;
    Ok(())
}

async fn balance_entitlement(
    tx: &mut ClientTx,
    order: &mut Order,
    gone: bool,
    now: OffsetDateTime,
) -> Result<()> {
    if gone == order.revoked {
        return Ok(());
    }
    order.revoked = gone;
    let key = format!("order {}", order.order_id);
    match gone {
        true => entitlement::revoke(tx, &key, now).await.map(drop),
        false => entitlement::restore(tx, &key, now).await,
    }
}

impl Order {
    fn entry<'a>(&'a self, amount: Micros, key: &'a str) -> Entry<'a> {
        Entry {
            amount,
            key,
            subject: Some(self.order_id.0),
            note: &self.title,
        }
    }
}

impl Provider {
    fn book(self) -> Book {
        match self {
            Self::Stripe => Book::Stripe,
            Self::Chain => Book::Chain,
        }
    }
}

impl From<plan::Offer> for Option<Goods> {
    fn from(offer: plan::Offer) -> Self {
        match offer {
            plan::Offer::Credit => Some(Goods::Credit),
            plan::Offer::Uses => Some(Goods::Uses),
            plan::Offer::Pass => Some(Goods::Pass),
            plan::Offer::Monthly => None,
        }
    }
}
