//! Statements over what was used. Answers have a row each, metered or not; documents have one where
//! somebody pays.

use time::{Date, OffsetDateTime};

use crate::{billing::usage::UsageLine, db::ClientTx, error::Result, ids::UserId};

/// Today, where the client is.
pub async fn today(tx: &mut ClientTx, now: OffsetDateTime) -> Result<Date> {
    let client = tx.client();
    Ok(sqlx::query_scalar(
        "select ($2::timestamptz at time zone time_zone)::date from client where client_no = $1",
    )
    .bind(client)
    .bind(now)
    .fetch_one(tx.conn())
    .await?)
}

pub async fn of_user(
    tx: &mut ClientTx,
    user: UserId,
    (from, to): (Date, Date),
) -> Result<Vec<UsageLine>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "with span as (select time_zone, $3::date::timestamp at time zone time_zone as begins,
             ($4::date + 1)::timestamp at time zone time_zone as ends
           from client where client_no = $1)
         select (u.created_at at time zone time_zone)::date as day, u.model, count(*) as count,
           sum(u.input_tokens)::bigint as input_tokens, sum(u.output_tokens)::bigint as output_tokens,
           0::bigint as embedding_tokens, 0::bigint as pages, coalesce(sum(m.charged), 0)::bigint as charged
         from span
         join usage u on u.client_no = $1 and u.user_id = $2
           and u.created_at >= span.begins and u.created_at < span.ends
         left join meter m on m.client_no = $1 and m.meter_id = u.message_id
         group by 1, 2
         union all
         select day, 'ingestion', count(*), 0, 0, sum(embedding_tokens)::bigint, sum(pages)::bigint,
           sum(charged)::bigint
         from meter
         where client_no = $1 and month between date_trunc('month', $3::date)::date and $4
           and owner_id = $2 and day between $3 and $4 and kind = 'ingestion' and state = 'settled'
         group by 1
         order by 1 desc, 2",
    )
    .bind(client)
    .bind(user)
    .bind(from)
    .bind(to)
    .fetch_all(tx.conn())
    .await?)
}

pub async fn of_client(tx: &mut ClientTx, (from, to): (Date, Date)) -> Result<Vec<UsageLine>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "with span as (select time_zone, $2::date::timestamp at time zone time_zone as begins,
             ($3::date + 1)::timestamp at time zone time_zone as ends
           from client where client_no = $1)
         select (u.created_at at time zone time_zone)::date as day, u.model, count(*) as count,
           sum(u.input_tokens)::bigint as input_tokens, sum(u.output_tokens)::bigint as output_tokens,
           0::bigint as embedding_tokens, 0::bigint as pages, coalesce(sum(m.charged), 0)::bigint as charged
         from span
         join usage u on u.client_no = $1 and u.created_at >= span.begins and u.created_at < span.ends
         left join meter m on m.client_no = $1 and m.meter_id = u.message_id
         group by 1, 2
         union all
         select day, 'ingestion', count(*), 0, 0, sum(embedding_tokens)::bigint, sum(pages)::bigint,
           sum(charged)::bigint
         from meter
         where client_no = $1 and month between date_trunc('month', $2::date)::date and $3
           and day between $2 and $3 and kind = 'ingestion' and state = 'settled'
         group by 1
         order by 1 desc, 2",
    )
    .bind(client)
    .bind(from)
    .bind(to)
    .fetch_all(tx.conn())
    .await?)
}
