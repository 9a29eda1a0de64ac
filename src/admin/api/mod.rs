//! The operations of the console over HTTP.

mod account;
mod books;
mod chains;
mod clients;
mod documents;
mod keys;
mod keys_shapes;
mod looks;
mod money;
mod money_shapes;
mod operators;
mod payments;
mod shapes;
mod subscriptions;
mod tokens;

use std::sync::Arc;

use poem_openapi::{ApiResponse, Tags as TagsDerive};

pub use self::{
    account::AccountApi, books::BooksApi, chains::ChainsApi, clients::ClientsApi,
    documents::DocumentsApi, keys::KeysApi, looks::LooksApi, money::MoneyApi,
    operators::OperatorsApi, payments::PaymentsApi, subscriptions::SubscriptionsApi,
    tokens::TokensApi,
};
use super::Console;
use crate::{
    billing::stripe::Stripe,
    error::Result,
    identity::{client, client::Client},
    knowledge::api::Library,
};

/// The chapters of the console's document.
#[derive(TagsDerive)]
enum Tags {
    /// Signing in, and who one is.
    Account,
    /// Who may use the console.
    Operators,
    /// Partners and their settings.
    Clients,
    /// RSA keys and API keys of clients.
    Keys,
    /// Bases and documents of clients.
    Documents,
    /// Orders of clients, and money that does not fit.
    Payments,
    /// What is paid by the month, what was compared, and closed days.
    Books,
    /// Prices, plans and credits of clients.
    Money,
}

/// All operations.
pub type AdminApis = (
    AccountApi,
    OperatorsApi,
    ClientsApi,
    KeysApi,
    LooksApi,
    TokensApi,
    DocumentsApi,
    PaymentsApi,
    (BooksApi, SubscriptionsApi, ChainsApi),
    MoneyApi,
);

/// All operations on this console.
pub fn apis(
    console: &Arc<Console>,
    library: Arc<Library>,
    stripe: Option<Arc<Stripe>>,
) -> AdminApis {
    (
        AccountApi(console.clone()),
        OperatorsApi(console.clone()),
        ClientsApi(console.clone()),
        KeysApi(console.clone()),
        LooksApi(console.clone()),
        TokensApi(console.clone()),
        DocumentsApi(console.clone(), library),
        PaymentsApi(console.clone(), stripe),
        (
            BooksApi(console.clone()),
            SubscriptionsApi(console.clone()),
            ChainsApi(console.clone()),
        ),
        MoneyApi(console.clone()),
    )
}

#[derive(ApiResponse)]
enum Done {
    /// It is done.
    #[oai(status = 204)]
    Done,
}

/// The client of this id.
async fn named(console: &Console, client_id: &str) -> Result<Client> {
    let mut tx = console.app.db.system().await?;
    client::find(&mut tx, client_id).await
}
