//! Statements over usage by the hour.

use time::OffsetDateTime;

use crate::{
    billing::rollup::Used,
    db::{ClientTx, SystemTx},
    error::Result,
};

/// Whole hours from that of `from` on. In an order, so that two who do it at once wait for each other
/// and never both.
pub async fn add_up(tx: &mut SystemTx, from: OffsetDateTime, until: OffsetDateTime) -> Result<u64> {
    let done = sqlx::query(
        "insert into usage_hour (client_no, hour, user_id, model, answers, input_tokens, cached_tokens, output_tokens, charged)
         select usage.client_no, date_trunc('hour', usage.created_at, 'UTC'), usage.user_id, usage.model, count(*),
           sum(usage.input_tokens), coalesce(sum(meter.cached_tokens), 0), sum(usage.output_tokens),
           coalesce(sum(meter.charged), 0)
         from usage
         left join meter on meter.client_no = usage.client_no and meter.meter_id = usage.message_id
         where usage.created_at >= date_trunc('hour', $1, 'UTC') and usage.created_at <= $2
         group by 1, 2, 3, 4
         order by 1, 2, 3, 4
         on conflict on constraint usage_hour_pkey do update
         set answers = excluded.answers, input_tokens = excluded.input_tokens,
           cached_tokens = excluded.cached_tokens, output_tokens = excluded.output_tokens,
           charged = excluded.charged
         where (usage_hour.answers, usage_hour.input_tokens, usage_hour.cached_tokens, usage_hour.output_tokens,
           usage_hour.charged) is distinct from (excluded.answers, excluded.input_tokens, excluded.cached_tokens,
           excluded.output_tokens, excluded.charged)",
    )
    .bind(from)
    .bind(until)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

pub async fn used(
    tx: &mut ClientTx,
    from: OffsetDateTime,
    until: OffsetDateTime,
    rows: i64,
) -> Result<Vec<Used>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select (hour at time zone 'UTC')::date as day, model, sum(answers)::bigint answers,
           sum(input_tokens)::bigint input_tokens, sum(cached_tokens)::bigint cached_tokens,
           sum(output_tokens)::bigint output_tokens, sum(charged)::bigint charged
         from usage_hour
         where client_no = $1 and hour >= $2 and hour < $3
         group by 1, 2
         order by 1, 2
         limit $4",
    )
    .bind(client)
    .bind(from)
    .bind(until)
    .bind(rows)
    .fetch_all(tx.conn())
    .await?)
}
