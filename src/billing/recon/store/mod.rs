//! Statements of the reconciliation.

pub mod arrivals;
pub mod balance;
pub mod days;
pub mod lines;
pub mod ours;
pub mod outside;
pub mod turn;

use time::OffsetDateTime;
use uuid::Uuid;

use super::shape::{Area, Fact, State};
use crate::billing::order::Stage;

/// A fact as it is read.
#[derive(sqlx::FromRow)]
pub struct FactRow {
    area: Area,
    provider: String,
    reference: String,
    order_id: Option<Uuid>,
    amount: String,
    currency: String,
    stage: Stage,
    known_as: Option<State>,
    at: OffsetDateTime,
}

impl From<FactRow> for Fact {
    fn from(row: FactRow) -> Self {
        Self {
            area: row.area,
            provider: row.provider,
            reference: row.reference,
            order: row.order_id,
            amount: row.amount,
            currency: row.currency,
            stage: row.stage,
            known_as: row.known_as,
            at: row.at,
        }
    }
}
