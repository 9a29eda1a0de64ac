//! Statements about the record of what operators did.

use time::OffsetDateTime;

use crate::{
    admin::{
        By,
        audit::{Act, Event, Wanted},
    },
    db::AdminTx,
    error::Result,
    http::paging::Window,
    ids::EventId,
};

pub async fn add_event(
    tx: &mut AdminTx,
    id: EventId,
    by: &By,
    act: &Act<'_>,
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query(
        "insert into operator_event (event_id, at, operator_id, operator, act, client_id, subject, detail, address)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(id)
    .bind(now)
    .bind(by.operator)
    .bind(&by.name)
    .bind(act.what)
    .bind(act.client_id)
    .bind(&act.subject)
    .bind(&act.detail)
    .bind(&by.address)
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn events(tx: &mut AdminTx, wanted: &Wanted, window: &Window) -> Result<Vec<Event>> {
    let after = window.after;
    Ok(sqlx::query_as(
        "select event_id, at, operator_id, operator, act, client_id, subject, detail, address
         from operator_event
         where ($1::text is null or client_id = $1)
         and ($2::text is null or operator = $2)
         and ($3::text is null or act = $3)
         and ($4::timestamptz is null or (at, event_id) < ($4, $5))
         order by at desc, event_id desc limit $6",
    )
    .bind(&wanted.client_id)
    .bind(&wanted.operator)
    .bind(&wanted.act)
    .bind(after.map(|place| place.at))
    .bind(after.map(|place| place.id))
    .bind(window.rows())
    .fetch_all(tx.conn())
    .await?)
}
