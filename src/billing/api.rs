//! Wallets over HTTP.

use poem_openapi::{Object, OpenApi, param::Query, payload::Json, types::Example};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    amount::credits,
    ledger::Kind,
    shapes::UsageOf,
    wallet::{self, Line, Wallet},
};
use crate::{
    app::App,
    error::Result,
    http::{
        Tags, example,
        paging::{Page, Place, Window},
    },
    identity::Member,
    ids::TransferId,
};

/// Operations on money.
pub struct BillingApi(pub App);

/// What you can spend. Amounts are credits as decimal text, exact to a millionth.
#[derive(Object)]
#[oai(rename = "Wallet", example)]
struct WalletBody {
    /// To spend.
    balance: String,
    /// Set aside for answers being written; what they do not need comes back.
    held: String,
}

/// A line of a statement.
#[derive(Object, Debug)]
#[oai(example)]
struct StatementLine {
    /// The transfer.
    id: TransferId,
    /// When it was made.
    at: OffsetDateTime,
    /// What for.
    kind: Kind,
    /// Credits that came in; with a minus when they went out.
    amount: String,
    /// Credits to spend after it.
    balance: String,
    /// The answer or order that it is about.
    subject: Option<Uuid>,
    /// A word about it.
    note: String,
}

#[OpenApi(tag = "Tags::Billing")]
impl BillingApi {
    /// What you can spend
    #[oai(path = "/wallet", method = "get", operation_id = "getWallet")]
    async fn wallet(
        &self,
        who: Member,
        /// Whose; your own unless said otherwise.
        of: Query<Option<UsageOf>>,
    ) -> Result<Json<WalletBody>> {
        let owner = of.0.unwrap_or_default().owner(&who)?;
        let mut tx = self.0.db.client(who.client).await?;
        let wallet = wallet::find(&mut tx, owner).await?;
        Ok(Json(wallet.into()))
    }

    /// What came into a wallet and went out of it, the latest first
    #[oai(
        path = "/wallet/statement",
        method = "get",
        operation_id = "listStatement"
    )]
    async fn statement(
        &self,
        who: Member,
        /// The `next_cursor` of the page before; the first page without it.
        cursor: Query<Option<String>>,
        /// Items at most, 1 to 100; 20 unless said otherwise.
        limit: Query<Option<u32>>,
        /// Whose; your own unless said otherwise.
        of: Query<Option<UsageOf>>,
    ) -> Result<Json<Page<StatementLine>>> {
        let owner = of.0.unwrap_or_default().owner(&who)?;
        let window = Window::new(cursor.0.as_deref(), limit.0)?;
        let mut tx = self.0.db.client(who.client).await?;
        let lines = wallet::statement(&mut tx, owner, &window).await?;
        Ok(Json(window.page(lines, place, Into::into)))
    }
}

/// Lines are ordered by number: it stands where others have an id.
fn place(line: &Line) -> Place {
    Place {
        at: line.at,
        id: Uuid::from_u128(u128::from(line.no.unsigned_abs())),
    }
}

impl From<Wallet> for WalletBody {
    fn from(wallet: Wallet) -> Self {
        Self {
            balance: credits(wallet.balance),
            held: credits(wallet.held),
        }
    }
}

impl From<Line> for StatementLine {
    fn from(line: Line) -> Self {
        Self {
            id: line.transfer_id,
            at: line.at,
            kind: line.kind,
            amount: credits(line.amount),
            balance: credits(line.balance),
            subject: line.subject,
            note: line.note,
        }
    }
}

impl Example for WalletBody {
    fn example() -> Self {
        Wallet {
            balance: 12_500_000,
            held: 40_000,
        }
        .into()
    }
}

impl Example for StatementLine {
    fn example() -> Self {
        Line {
            transfer_id: TransferId(example::id(1)),
            no: 1,
            at: example::time(),
            kind: Kind::Charge,
            amount: -31_200,
            balance: 12_468_800,
            subject: Some(example::id(2)),
            note: String::new(),
        }
        .into()
    }
}
