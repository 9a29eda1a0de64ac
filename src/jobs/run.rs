//! Takes jobs and runs them, one line each.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, Result, bail};
use tokio::sync::Notify;

use super::{POLL_SECONDS, bill, reconcile};
use crate::{
    app::App,
    chat::title,
    config::Config,
    error::{Error, Result as AppResult},
    knowledge::{
        extract::{Limits, Ocr, pdf::Worker},
        ingest::{self, Reading},
    },
    queue::{self, ATTEMPTS_MAX, Claim, Job, LEASE_SECONDS, Outcome},
};

/// What is said of a document whose job was given up.
const OUR_FAULT: &str = "The document could not be read because of a fault of ours; it was tried \
    several times. Remove it and add it again.";

/// What reading documents may take, out of the settings.
pub fn reading(config: &Config) -> Result<Reading> {
    let number = |key, range| config.number("knowledge", key, range);
    let runtime = config
        .path("runtime", "dir")
        .context("[runtime] dir is empty")?;
    let limits = Limits {
        bytes_max: number("upload_bytes_max", 1..=1 << 40)? as usize,
        pages_max: number("pages_max", 1..=1_000_000)? as u32,
        seconds_max: number("extract_seconds", 1..=86_400)?,
        memory_mib_max: number("extract_megabytes", 64..=1 << 20)?,
        ..Limits::default()
    };
    Ok(Reading {
        limits,
        worker: Worker::new(program()?, &runtime.join("pdfium/libpdfium.so"))
            .with_ocr(ocr(config)?),
        base_chunks_max: number("base_chunks_max", 1..=10_000_000)? as i64,
    })
}

/// Where systems install tesseract; the worker has no search path.
const TESSERACT: [&str; 3] = [
    "/usr/bin/tesseract",
    "/usr/local/bin/tesseract",
    "/opt/homebrew/bin/tesseract",
];

/// What recognises text in pictures, if anything does.
fn ocr(config: &Config) -> Result<Option<Ocr>> {
    let languages = config.text("knowledge", "ocr_languages").to_owned();
    let is_known = |c: char| c.is_ascii_alphanumeric() || "_+/-".contains(c);
    if languages.is_empty() || !languages.chars().all(is_known) || languages.starts_with('-') {
        bail!("[knowledge] ocr_languages must be like chi_sim+eng");
    }
    let program = match config.text("knowledge", "tesseract") {
        "off" => None,
        "auto" => TESSERACT
            .into_iter()
            .map(PathBuf::from)
            .find(|path| path.exists()),
        path if PathBuf::from(path).is_file() => Some(path.into()),
        path => bail!("[knowledge] tesseract = {path}: there is no such program"),
    };
    Ok(program.map(|program| Ocr { program, languages }))
}

/// The program that reads documents is this one.
fn program() -> Result<PathBuf> {
    std::env::current_exe().context("find the server's own program")
}

/// Takes jobs until told to stop.
pub async fn work(app: &App, reading: &Reading, wake: &Notify) {
    let stop = app.tasks.stopping();
    while !stop.is_cancelled() {
        let woken = wake.notified();
        let worked = run_one(app, reading).await;
        if let Err(error) = &worked {
            tracing::warn!(error = error.causes(), "the queue is not reached");
        }
        if !matches!(worked, Ok(true)) {
            tokio::select! {
                () = stop.cancelled() => return,
                () = woken => {}
                () = tokio::time::sleep(Duration::from_secs(POLL_SECONDS)) => {}
            }
        }
    }
}

/// Runs all jobs that are due, and those they lead to.
pub async fn drain(app: &App, reading: &Reading) -> AppResult<()> {
    while run_one(app, reading).await? {}
    Ok(())
}

/// Runs a job, if one is due.
async fn run_one(app: &App, reading: &Reading) -> AppResult<bool> {
    let mut tx = app.db.system().await?;
    let claim = queue::claim(&mut tx, app.clock.now()).await?;
    tx.commit().await?;
    let Some(claim) = claim else { return Ok(false) };
    let stop = app.tasks.stopping();
    let outcome = tokio::select! {
        () = stop.cancelled() => return give_back(app, &claim).await,
        () = keep_lease(app, &claim) => return Ok(true),
        outcome = run(app, reading, &claim) => outcome,
    };
    settle(app, &claim, outcome).await?;
    Ok(true)
}

/// The server is being stopped: the next one takes the job up at once.
async fn give_back(app: &App, claim: &Claim) -> AppResult<bool> {
    let mut tx = app.db.client(claim.client).await?;
    queue::give_back(&mut tx, claim).await?;
    tx.commit().await?;
    Ok(false)
}

async fn run(app: &App, reading: &Reading, claim: &Claim) -> AppResult<Outcome> {
    // each attempt before took its whole process along, so none of them could say that it failed
    if claim.attempts > ATTEMPTS_MAX {
        return Err(Error::Internal(anyhow::anyhow!(
            "its worker never came back"
        )));
    }
    match claim.job {
        Job::Ingest(document) => ingest::run(app, reading, claim.client, document).await?,
        Job::Title(session) => title::make(app, claim.client, session).await?,
        Job::Bill => bill::client(app, claim.client).await?,
        Job::Reconcile => return reconcile::catch_up(app, claim.client).await,
        Job::SweepBlobs => {
            let mut tx = app.db.client(claim.client).await?;
            app.blobs.sweep(&mut tx).await?;
            tx.commit().await?;
        }
    }
    Ok(Outcome::Done)
}

/// Returns when the job is not ours any more.
async fn keep_lease(app: &App, claim: &Claim) {
    loop {
        tokio::time::sleep(Duration::from_secs(LEASE_SECONDS) / 3).await;
        let extend = async {
            let mut tx = app.db.client(claim.client).await?;
            let ours = queue::extend(&mut tx, claim, app.clock.now()).await?;
            tx.commit().await?;
            AppResult::<bool>::Ok(ours)
        };
        match extend.await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                tracing::warn!(error = error.causes(), job = %claim.id, "the lease of a job is not extended")
            }
        }
    }
}

async fn settle(app: &App, claim: &Claim, outcome: AppResult<Outcome>) -> AppResult<()> {
    let kind = claim.job.kind();
    let mut tx = app.db.client(claim.client).await?;
    let word = match &outcome {
        Ok(Outcome::Done) => {
            queue::complete(&mut tx, claim).await?;
            "done"
        }
        Ok(Outcome::Later { at, why }) => {
            queue::put_off(&mut tx, claim, *at, why).await?;
            "put_off"
        }
        Err(error) => {
            tracing::warn!(?error, kind, attempt = claim.attempts, "a job failed");
            let now = app.clock.now();
            let dead = queue::fail(&mut tx, claim, &error.to_string(), now).await?;
            if let (true, Job::Ingest(document)) = (dead, claim.job) {
                ingest::give_up(&mut tx, document, OUR_FAULT, now).await?;
            }
            "failed"
        }
    };
    tx.commit().await?;
    app.metrics.jobs.with_label_values(&[kind, word]).inc();
    Ok(())
}
