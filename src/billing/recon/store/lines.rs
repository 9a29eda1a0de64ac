//! Statements over runs and their lines.

use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::{
    billing::{
        recon::{
            desk::{Kept, Run},
            shape::{Line, Standing},
        },
        store::behind,
    },
    db::ClientTx,
    error::Result,
    http::paging::Window,
    ids::{LineId, RunId},
};

/// Nobody else writes lines of this client until the transaction ends.
pub async fn lock(tx: &mut ClientTx) -> Result<()> {
    let client = tx.client();
    sqlx::query("select client_no from client where client_no = $1 for no key update")
        .bind(client)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Takes lines away that a newer run says anew; what was healed or resolved stays.
pub async fn clear(tx: &mut ClientTx, day: Date) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "delete from recon_line where client_no = $1 and day = $2 and standing in ('fine', 'open')",
    )
    .bind(client)
    .bind(day)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Whether the last that an earlier day told of it was the same in all that it says, and the same became
/// of it.
pub async fn is_known(
    tx: &mut ClientTx,
    day: Date,
    line: &Line,
    standing: Standing,
) -> Result<bool> {
    let client = tx.client();
    Ok(sqlx::query_scalar(
        "select exists (
           select from (
             select standing, ours, theirs, currency, settled, settled_in from recon_line
             where client_no = $1 and area = $2 and provider = $3 and reference = $4 and state = $5 and day < $6
             order by day desc
             limit 1) last
           where (standing = $7 or $7 = 'open' and standing = 'resolved')
             and ours is not distinct from $8::text::numeric and theirs is not distinct from $9::text::numeric
             and currency = $10 and settled is not distinct from $11::bigint
             and settled_in is not distinct from $12)",
    )
    .bind(client)
    .bind(line.area)
    .bind(&line.provider)
    .bind(&line.reference)
    .bind(line.state)
    .bind(day)
    .bind(standing)
    .bind(&line.ours)
    .bind(&line.theirs)
    .bind(&line.currency)
    .bind(line.settled.as_ref().map(|settled| settled.amount))
    .bind(line.settled.as_ref().map(|settled| &settled.currency))
    .fetch_one(tx.conn())
    .await?)
}

/// Writes a line down, if its day does not tell of it yet. What waited and is made good waits no more.
pub async fn add(
    tx: &mut ClientTx,
    (run, day): (RunId, Date),
    line: &Line,
    (standing, reason): (Standing, &str),
    now: OffsetDateTime,
) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "insert into recon_line (client_no, line_id, day, run_id, area, provider, reference, order_id, state, ours,
           theirs, currency, standing, reason, at, settled, fee, settled_in)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::text::numeric, $11::text::numeric, $12, $13, $14, $15, $16,
           $17, $18)
         on conflict on constraint recon_line_once do update
           set run_id = excluded.run_id, standing = excluded.standing, reason = excluded.reason
           where recon_line.standing = 'open' and excluded.standing = 'healed'",
    )
    .bind(client)
    .bind(LineId::new(now))
    .bind(day)
    .bind(run)
    .bind(line.area)
    .bind(&line.provider)
    .bind(&line.reference)
    .bind(line.order)
    .bind(line.state)
    .bind(&line.ours)
    .bind(&line.theirs)
    .bind(&line.currency)
    .bind(standing)
    .bind(reason)
    .bind(line.at)
    .bind(line.settled.as_ref().map(|settled| settled.amount))
    .bind(line.settled.as_ref().map(|settled| settled.fee))
    .bind(line.settled.as_ref().map(|settled| &settled.currency))
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn begin(tx: &mut ClientTx, (id, day): (RunId, Date), now: OffsetDateTime) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "insert into recon_run (client_no, run_id, day, started_at)
         values ($1, $2, $3, $4)",
    )
    .bind(client)
    .bind(id)
    .bind(day)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends a run, and counts what it wrote down.
pub async fn end(tx: &mut ClientTx, id: RunId, now: OffsetDateTime) -> Result<Run> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "update recon_run set ended_at = $3, (lines, healed, open) = (
           select count(*), count(*) filter (where standing = 'healed'), count(*) filter (where standing = 'open')
           from recon_line
           where client_no = $1 and run_id = $2)
         where client_no = $1 and run_id = $2
         returning run_id, day, lines, healed, open, started_at, ended_at",
    )
    .bind(client)
    .bind(id)
    .bind(now)
    .fetch_one(tx.conn())
    .await?)
}

pub async fn runs(tx: &mut ClientTx, window: &Window) -> Result<Vec<Run>> {
    let (client, behind) = (tx.client(), behind(window));
    Ok(sqlx::query_as(
        "select run_id, day, lines, healed, open, started_at, ended_at from recon_run
         where client_no = $1 and (started_at, run_id) < ($2, $3)
         order by started_at desc, run_id desc
         limit $4",
    )
    .bind(client)
    .bind(behind.at)
    .bind(behind.id)
    .bind(window.rows())
    .fetch_all(tx.conn())
    .await?)
}

/// Lines of these days, by day and id, behind the one given.
pub async fn list(
    tx: &mut ClientTx,
    (from, to): (Date, Date),
    standing: Option<Standing>,
    after: Option<(Date, Uuid)>,
    rows: i64,
) -> Result<Vec<Kept>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select line_id, day, area, provider, reference, order_id, state, ours::text ours, theirs::text theirs,
           currency, standing, reason, note, at, resolved_at, settled::text settled, fee::text fee, settled_in
         from recon_line
         where client_no = $1 and day between $2 and $3 and ($4::text is null or standing = $4)
           and ($5::date is null or (day, line_id) > ($5, $6))
         order by day, line_id
         limit $7",
    )
    .bind(client)
    .bind(from)
    .bind(to)
    .bind(standing)
    .bind(after.map(|(day, _)| day))
    .bind(after.map(|(_, id)| id))
    .bind(rows)
    .fetch_all(tx.conn())
    .await?)
}

pub async fn find(tx: &mut ClientTx, id: LineId) -> Result<Option<Kept>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select line_id, day, area, provider, reference, order_id, state, ours::text ours, theirs::text theirs,
           currency, standing, reason, note, at, resolved_at, settled::text settled, fee::text fee, settled_in
         from recon_line
         where client_no = $1 and line_id = $2",
    )
    .bind(client)
    .bind(id)
    .fetch_optional(tx.conn())
    .await?)
}

/// False when it does not wait.
pub async fn resolve(
    tx: &mut ClientTx,
    id: LineId,
    note: &str,
    now: OffsetDateTime,
) -> Result<bool> {
    let client = tx.client();
    let done = sqlx::query(
        "update recon_line set standing = 'resolved', note = $3, resolved_at = $4
         where client_no = $1 and line_id = $2 and standing = 'open'",
    )
    .bind(client)
    .bind(id)
    .bind(note)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}
