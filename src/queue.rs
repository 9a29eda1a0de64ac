//! Jobs: written in the caller's transaction, leased by one worker at a time, tried again, given up.

use std::time::Duration;

use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    db::{ClientTx, SystemTx},
    error::Result,
    ids::{ClientNo, DocumentId, JobId, SessionId},
};

/// Seconds for which a worker holds a job; it extends them while it lives.
pub const LEASE_SECONDS: u64 = 15;
/// Attempts before a job is given up.
pub const ATTEMPTS_MAX: i32 = 4;
/// Seconds before the second attempt; each further one waits four times as long.
const BACK_OFF_SECONDS: i64 = 2;

/// Work for later. It carries ids only, so what it finds is what is true when it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// Reads, cuts, embeds and indexes a document.
    Ingest(DocumentId),
    /// Makes a title for a conversation.
    Title(SessionId),
    /// Removes uploaded bytes that no document names.
    SweepBlobs,
    /// Bills what a client and its users pay by the month.
    Bill,
    /// Compares a client's books with the world, and closes its days.
    Reconcile,
}

/// What a job has come to that did not fail.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// It is done.
    Done,
    /// It waits for something else.
    Later {
        /// Until when.
        at: OffsetDateTime,
        /// For what.
        why: String,
    },
}

/// A job in a worker's hands.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Whose it is.
    pub client: ClientNo,
    /// What it is.
    pub job: Job,
    /// Its id.
    pub id: JobId,
    /// Attempts so far, this one included.
    pub attempts: i32,
    /// When it was due.
    run_at: OffsetDateTime,
}

impl Job {
    /// The word for logs, metrics and the database.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Ingest(_) => "ingest",
            Self::Title(_) => "title",
            Self::SweepBlobs => "sweep_blobs",
            Self::Bill => "bill",
            Self::Reconcile => "reconcile",
        }
    }

    fn subject(self) -> Uuid {
        match self {
            Self::Ingest(document) => document.0,
            Self::Title(session) => session.0,
            Self::SweepBlobs | Self::Bill | Self::Reconcile => Uuid::nil(),
        }
    }

    fn read(kind: &str, subject: Uuid) -> Option<Self> {
        match kind {
            "ingest" => Some(Self::Ingest(DocumentId(subject))),
            "title" => Some(Self::Title(SessionId(subject))),
            "sweep_blobs" => Some(Self::SweepBlobs),
            "bill" => Some(Self::Bill),
            "reconcile" => Some(Self::Reconcile),
            _ => None,
        }
    }
}

/// Adds a job, unless the same one waits already; it runs after the caller's commit. One that is
/// just being worked on runs once more after that: it may have looked too early.
pub async fn enqueue(tx: &mut ClientTx, job: Job, now: OffsetDateTime) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "insert into job (client_no, job_id, kind, subject, run_at, created_at)
         values ($1, $2, $3, $4, $5, $5)
         on conflict (client_no, kind, subject) do update
         set run_at = excluded.run_at, dead = false,
           attempts = case when job.dead then 0 else job.attempts end
         where job.dead or job.leased_until is not null",
    )
    .bind(client)
    .bind(JobId::new(now))
    .bind(job.kind())
    .bind(job.subject())
    .bind(now)
    .execute(tx.conn())
    .await?;
    sqlx::query("select pg_notify('job_added', '')")
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Takes the job that has waited longest; `None` when none is due.
pub async fn claim(tx: &mut SystemTx, now: OffsetDateTime) -> Result<Option<Claim>> {
    let row: Option<(ClientNo, JobId, String, Uuid, i32, OffsetDateTime)> = sqlx::query_as(
        "update job set attempts = attempts + 1, leased_until = $2
         where (client_no, job_id) = (
           select client_no, job_id from job
           where run_at <= $1 and not dead and (leased_until is null or leased_until < $1)
           order by run_at limit 1 for update skip locked)
         returning client_no, job_id, kind, subject, attempts, run_at",
    )
    .bind(now)
    .bind(now + Duration::from_secs(LEASE_SECONDS))
    .fetch_optional(tx.conn())
    .await?;
    let Some((client, id, kind, subject, attempts, run_at)) = row else {
        return Ok(None);
    };
    match Job::read(&kind, subject) {
        Some(job) => Ok(Some(Claim {
            client,
            job,
            id,
            attempts,
            run_at,
        })),
        // a newer version's job: left to it, until the lease ends
        None => Ok(None),
    }
}

/// Holds a job for longer; false when it is not ours any more.
pub async fn extend(tx: &mut ClientTx, claim: &Claim, now: OffsetDateTime) -> Result<bool> {
    let client = tx.client();
    let done = sqlx::query(
        "update job set leased_until = $4 where client_no = $1 and job_id = $2 and attempts = $3",
    )
    .bind(client)
    .bind(claim.id)
    .bind(claim.attempts)
    .bind(now + Duration::from_secs(LEASE_SECONDS))
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The job is done; if it was added anew meanwhile, it is due again.
pub async fn complete(tx: &mut ClientTx, claim: &Claim) -> Result<()> {
    let client = tx.client();
    let done = sqlx::query(
        "delete from job where client_no = $1 and job_id = $2 and attempts = $3 and run_at = $4",
    )
    .bind(client)
    .bind(claim.id)
    .bind(claim.attempts)
    .bind(claim.run_at)
    .execute(tx.conn())
    .await?;
    if done.rows_affected() == 0 {
        sqlx::query(
            "update job set leased_until = null, attempts = 0
             where client_no = $1 and job_id = $2 and attempts = $3",
        )
        .bind(client)
        .bind(claim.id)
        .bind(claim.attempts)
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}

/// The job was broken off by a shutdown: it is due again at once, and this attempt does not count.
pub async fn give_back(tx: &mut ClientTx, claim: &Claim) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "update job set leased_until = null, attempts = attempts - 1
         where client_no = $1 and job_id = $2 and attempts = $3",
    )
    .bind(client)
    .bind(claim.id)
    .bind(claim.attempts)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The job waits for something else: it is due again then, and this attempt does not count.
pub async fn put_off(
    tx: &mut ClientTx,
    claim: &Claim,
    at: OffsetDateTime,
    why: &str,
) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "update job set leased_until = null, attempts = attempts - 1, run_at = $4, last_error = $5
         where client_no = $1 and job_id = $2 and attempts = $3",
    )
    .bind(client)
    .bind(claim.id)
    .bind(claim.attempts)
    .bind(at)
    .bind(why)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The job failed: it is tried again later, or stays as a dead letter. True when it is dead.
pub async fn fail(
    tx: &mut ClientTx,
    claim: &Claim,
    error: &str,
    now: OffsetDateTime,
) -> Result<bool> {
    let client = tx.client();
    let dead = claim.attempts >= ATTEMPTS_MAX;
    let exponent = u32::try_from(claim.attempts - 1).unwrap_or(0).min(8);
    let wait = time::Duration::seconds(BACK_OFF_SECONDS * 4_i64.pow(exponent));
    sqlx::query(
        "update job set leased_until = null, run_at = $4, last_error = $5, dead = $6
         where client_no = $1 and job_id = $2 and attempts = $3",
    )
    .bind(client)
    .bind(claim.id)
    .bind(claim.attempts)
    .bind(now + wait)
    .bind(error)
    .bind(dead)
    .execute(tx.conn())
    .await?;
    Ok(dead)
}

/// Removes what waits for a subject that is going away, dead letters included.
pub async fn forget(tx: &mut ClientTx, job: Job) -> Result<()> {
    let client = tx.client();
    sqlx::query("delete from job where client_no = $1 and kind = $2 and subject = $3")
        .bind(client)
        .bind(job.kind())
        .bind(job.subject())
        .execute(tx.conn())
        .await?;
    Ok(())
}
