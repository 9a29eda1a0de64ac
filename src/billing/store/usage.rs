//! Statements over what was used. Answers and vectors of a caller's texts have a row each, metered or
//! not; documents have one where somebody pays, and are told by their meters, which have a subject.

use time::{Date, OffsetDateTime};

use crate::{billing::usage::UsageLine, db::ClientTx, error::Result, ids::UserId};

/// Days of the client's calendar, both included, and the time from when to when they last.
#[derive(Clone, Copy, Debug, sqlx::FromRow)]
pub struct Span {
    pub first: Date,
    pub last: Date,
    pub begins: OffsetDateTime,
    pub ends: OffsetDateTime,
}

/// The days from `from` to `to`; to today, and so many of them, unless they are said.
pub async fn span(
    tx: &mut ClientTx,
    (from, to): (Option<Date>, Option<Date>),
    days: i32,
    now: OffsetDateTime,
) -> Result<Span> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select first, last, first::timestamp at time zone time_zone as begins,
           (last + 1)::timestamp at time zone time_zone as ends
         from client
         cross join lateral (select coalesce($3::date, ($2::timestamptz at time zone time_zone)::date) as last) until
         cross join lateral (select coalesce($4::date, last - $5::int + 1) as first) since
         where client_no = $1",
    )
    .bind(client)
    .bind(now)
    .bind(to)
    .bind(from)
    .bind(days)
    .fetch_one(tx.conn())
    .await?)
}

pub async fn of_user(tx: &mut ClientTx, user: UserId, span: &Span) -> Result<Vec<UsageLine>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select (u.created_at at time zone time_zone)::date as day, u.model, count(*) as count,
           sum(u.input_tokens)::bigint as input_tokens, sum(u.output_tokens)::bigint as output_tokens,
           0::bigint as embedding_tokens, 0::bigint as pages, coalesce(sum(m.charged), 0)::bigint as charged
         from usage u
         join client on client.client_no = $1
         left join meter m on m.client_no = $1 and m.meter_id = u.message_id
         where u.client_no = $1 and u.user_id = $2 and u.created_at >= $3 and u.created_at < $4
         group by 1, 2
         union all
         select day, 'ingestion', count(*), 0, 0, sum(embedding_tokens)::bigint, sum(pages)::bigint,
           sum(charged)::bigint
         from meter
         where client_no = $1 and month between date_trunc('month', $5::date)::date and $6
           and owner_id = $2 and day between $5 and $6 and kind = 'ingestion' and state = 'settled'
           and subject is not null
         group by 1
         order by 1 desc, 2",
    )
    .bind(client)
    .bind(user)
    .bind(span.begins)
    .bind(span.ends)
    .bind(span.first)
    .bind(span.last)
    .fetch_all(tx.conn())
    .await?)
}

pub async fn of_client(tx: &mut ClientTx, span: &Span) -> Result<Vec<UsageLine>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select (u.created_at at time zone time_zone)::date as day, u.model, count(*) as count,
           sum(u.input_tokens)::bigint as input_tokens, sum(u.output_tokens)::bigint as output_tokens,
           0::bigint as embedding_tokens, 0::bigint as pages, coalesce(sum(m.charged), 0)::bigint as charged
         from usage u
         join client on client.client_no = $1
         left join meter m on m.client_no = $1 and m.meter_id = u.message_id
         where u.client_no = $1 and u.created_at >= $2 and u.created_at < $3
         group by 1, 2
         union all
         select day, 'ingestion', count(*), 0, 0, sum(embedding_tokens)::bigint, sum(pages)::bigint,
           sum(charged)::bigint
         from meter
         where client_no = $1 and month between date_trunc('month', $4::date)::date and $5
           and day between $4 and $5 and kind = 'ingestion' and state = 'settled'
           and subject is not null
         group by 1
         order by 1 desc, 2",
    )
    .bind(client)
    .bind(span.begins)
    .bind(span.ends)
    .bind(span.first)
    .bind(span.last)
    .fetch_all(tx.conn())
    .await?)
}
