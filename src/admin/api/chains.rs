//! Chains and what arrived on them, over HTTP.

use std::sync::Arc;

use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
    payload::Json,
    types::Example,
};

use super::{Done, Tags, named};
use crate::{
    admin::{
        Console,
        audit::{self, Act},
        guard::{Finance, Operator},
    },
    billing::chain::{
        self, Reach,
        shapes::{ArrivalBody, WatchesBody, place},
    },
    error::Result,
    http::paging::{Page, Window},
    ids::ArrivalId,
};

/// Operations on chains.
pub struct ChainsApi(pub(super) Arc<Console>);

/// What was done about money that no order was given for.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
struct Resolved {
    /// In 1 to 500 characters: it is written down.
    resolution: String,
}

#[OpenApi(tag = "Tags::Payments")]
impl ChainsApi {
    /// How far each chain was read
    #[oai(path = "/chains", method = "get", operation_id = "listChains")]
    async fn chains(&self, _who: Operator) -> Result<Json<WatchesBody>> {
        let mut tx = self.0.app.db.system().await?;
        let states = chain::states(&mut tx).await?;
        let items = states.into_iter().map(Into::into).collect();
        Ok(Json(WatchesBody { items }))
    }

    /// What arrived on chains and no order was given for
    ///
    /// More than was asked for, less, too late, of another token, on another chain.
    #[oai(
        path = "/clients/:client/chain-arrivals",
        method = "get",
        operation_id = "listChainArrivals"
    )]
    async fn arrivals(
        &self,
        _who: Operator,
        /// The client's id.
        client: Path<String>,
        /// Those that somebody has dealt with, instead of those that wait.
        resolved: Query<Option<bool>>,
        /// The `next_cursor` of the page before; the first page without it.
        cursor: Query<Option<String>>,
        /// Items at most, 1 to 100; 20 unless said otherwise.
        limit: Query<Option<u32>>,
    ) -> Result<Json<Page<ArrivalBody>>> {
        let window = Window::new(cursor.0.as_deref(), limit.0)?;
        let client = named(&self.0, &client.0).await?;
        let mut tx = self.0.app.db.client(client.client_no).await?;
        let left = chain::left(&mut tx, resolved.0.unwrap_or(false), &window).await?;
        let none = Reach::default();
        let body = |arrived| ArrivalBody::new(arrived, &none);
        Ok(Json(window.page(left, place, body)))
    }

    /// Write down what was done about what is left of an arrival
    ///
    /// It moves nothing: send it back with your wallet, or grant credits.
    #[oai(
        path = "/clients/:client/chain-arrivals/:arrival/resolve",
        method = "post",
        operation_id = "resolveChainArrival"
    )]
    async fn resolve(
        &self,
        by: Finance,
        /// The client's id.
        client: Path<String>,
        /// What waits.
        arrival: Path<ArrivalId>,
        body: Json<Resolved>,
    ) -> Result<Done> {
        let (client, now) = (named(&self.0, &client.0).await?, self.0.app.clock.now());
        let mut tx = self.0.app.db.client(client.client_no).await?;
        chain::resolve(&mut tx, arrival.0, &body.0.resolution, now).await?;
        let act = Act {
            detail: Some(body.0.resolution),
            ..Act::about("chain_arrival.resolve", &client.client_id, arrival.0)
        };
        audit::sign(tx, &by.by, act, now).await?;
        Ok(Done::Done)
    }
}

impl Example for Resolved {
    fn example() -> Self {
        Self {
            resolution: "Sent back in 0x9c… on the same day.".into(),
        }
    }
}
