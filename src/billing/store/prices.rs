//! Statements over prices.

use time::OffsetDateTime;

use crate::{
    billing::price::Price,
    db::{self, ClientTx},
    error::Result,
};

pub async fn add(tx: &mut ClientTx, price: &Price, now: OffsetDateTime) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "insert into price (client_no, price_id, model, input, cached_input, output, embedding, page,
           image, valid_from, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(client)
    .bind(price.price_id)
    .bind(&price.model)
    .bind(price.rates.input)
    .bind(price.rates.cached_input)
    .bind(price.rates.output)
    .bind(price.rates.embedding)
    .bind(price.rates.page)
    .bind(price.rates.image)
    .bind(price.valid_from)
    .bind(now)
    .execute(tx.conn())
    .await
    .map_err(db::taken("price_once", "time of a price"))?;
    Ok(())
}

/// Those that count at this time or later; with `all`, the earlier ones, too.
pub async fn prices(
    tx: &mut ClientTx,
    all: bool,
    now: OffsetDateTime,
    rows: i64,
) -> Result<Vec<Price>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select price_id, model, input, cached_input, output, embedding, page, image, valid_from
         from price p
         where client_no = $1 and ($2 or not exists (
           select from price later
           where later.client_no = $1 and later.model = p.model
             and later.valid_from > p.valid_from and later.valid_from <= $3))
         order by model, valid_from desc
         limit $4",
    )
    .bind(client)
    .bind(all)
    .bind(now)
    .bind(rows)
    .fetch_all(tx.conn())
    .await?)
}
