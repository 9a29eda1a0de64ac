//! Documents that take the place of all that a base holds, in one commit, once each of them is read.
//!
//! Until then they wait: read and indexed, but not found. When one of them cannot be read none of
//! them takes anybody's place. Of two replacements the one that was asked for last counts.

use std::time::Duration;

use time::OffsetDateTime;

use super::{
    base,
    batch::FILES_MAX,
    document::{self, Document, NewDocument, State},
    search, store,
};
use crate::{
    app::App,
    db::ClientTx,
    error::{Error, Result},
    identity::Who,
    ids::{BaseId, BaseNo, ClientNo, DocumentId, DocumentNo, ReplacementId},
    queue::{self, Job},
};

/// Milliseconds between two looks at documents that are waited for.
const LOOK_MS: u64 = 200;

const NAME_TAKEN: &str = "A document of the same name came into this knowledge base meanwhile.";

/// Takes the documents in, to replace what the base holds at this moment.
///
/// # Errors
/// `Invalid` when there is none, `TooLarge` past [`FILES_MAX`], `Taken` when two have the same name.
pub async fn begin(
    tx: &mut ClientTx,
    who: &Who,
    base: BaseId,
    documents: Vec<NewDocument>,
    now: OffsetDateTime,
) -> Result<Vec<Document>> {
    if documents.is_empty() {
        return Err(Error::invalid("There is no document to take in."));
    }
    check_count(documents.len())?;
    let base = base::find_writable(tx, who, base).await?;
    // documents are numbered as they come: those of a later replacement all get later numbers
    store::lock_base(tx, base.base_no).await?;
    let replacement = Some(ReplacementId::new(now));
    let mut taken = Vec::with_capacity(documents.len());
    for new in documents {
        let id = document::take_in(tx, base.base_no, new, replacement, now).await?;
        taken.push(document::find(tx, who, id).await?);
    }
    Ok(taken)
}

/// How waiting for a replacement ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// They are what the base holds.
    Ready,
    /// One of them cannot be read; why.
    Failed(String),
    /// They are gone: a later replacement came before them, or somebody removed them.
    Gone,
    /// They are still being read.
    Unfinished,
}

/// Waits until documents that are to replace others do, for so long at most.
pub async fn wait(
    app: &App,
    who: &Who,
    documents: &[DocumentId],
    limit: Duration,
) -> Result<Ended> {
    let stopping = app.tasks.stopping();
    let looking = async {
        loop {
            let mut tx = app.db.client(who.client).await?;
            let states = store::replacing(&mut tx, documents).await?;
            drop(tx);
            if let Some(ended) = ended(documents.len(), states) {
                return Ok(ended);
            }
            tokio::time::sleep(Duration::from_millis(LOOK_MS)).await;
        }
    };
    tokio::select! {
        // whoever waits does not hold up a shutdown
        () = stopping.cancelled() => Ok(Ended::Unfinished),
        looked = tokio::time::timeout(limit, looking) => looked.unwrap_or(Ok(Ended::Unfinished)),
    }
}

fn ended(documents: usize, states: Vec<store::Replacing>) -> Option<Ended> {
    if states.len() < documents {
        return Some(Ended::Gone);
    }
    let mut waits = false;
    for one in states {
        if one.state == State::Failed {
            let why = one.reason.unwrap_or_default();
            return Some(Ended::Failed(format!("{}: {why}", one.name)));
        }
        waits |= one.waits;
    }
    (!waits).then_some(Ended::Ready)
}

/// Removes those that still wait; what the base holds stays.
pub async fn give_up(
    tx: &mut ClientTx,
    who: &Who,
    documents: &[DocumentId],
    now: OffsetDateTime,
) -> Result<()> {
    for id in documents {
        if store::replacement_of(tx, *id).await?.is_some() {
            document::remove(tx, who, *id, now).await?;
        }
    }
    Ok(())
}

/// Fails when these are more than one call takes.
///
/// # Errors
/// `TooLarge` past [`FILES_MAX`].
pub fn check_count(documents: usize) -> Result<()> {
    if documents > FILES_MAX {
        return Err(Error::TooLarge(format!(
            "One call takes at most {FILES_MAX} documents."
        )));
    }
    Ok(())
}

/// Looks whether all that wait with a document are read, and if so has them take their place. To be
/// called when a document was read; calling it once too often changes nothing.
pub async fn settle(app: &App, client: ClientNo, id: DocumentId, chunks_max: i64) -> Result<()> {
    let mut tx = app.db.client(client).await?;
    let Some((replacement, base)) = store::replacement_of(&mut tx, id).await? else {
        return Ok(());
    };
    // documents before their base, as those lock that are being read
    store::lock_documents(&mut tx, base).await?;
    let waiting = store::waiting(&mut tx, base, replacement).await?;
    let read = |one: &store::Waiting| one.state == State::Ready;
    let (Some(first), true) = (waiting.first(), waiting.iter().all(read)) else {
        return Ok(());
    };
    let now = app.clock.now();
    remove_before(&mut tx, base, first.document_no).await?;
    let why = match enter(&mut tx, base, replacement, &waiting, chunks_max, now).await {
        Ok(()) => return tx.commit().await,
        Err(Error::TooLarge(why)) => why,
        Err(Error::Taken(_)) => NAME_TAKEN.to_owned(),
        Err(other) => return Err(other),
    };
    drop(tx);
    refuse(app, client, &waiting, &why, now).await
}

/// They are found from now on, if the base has room for them and for their names.
async fn enter(
    tx: &mut ClientTx,
    base: BaseNo,
    replacement: ReplacementId,
    waiting: &[store::Waiting],
    chunks_max: i64,
    now: OffsetDateTime,
) -> Result<()> {
    let more = waiting.iter().map(|one| i64::from(one.chunks)).sum();
    base::check_room(tx, base, more, chunks_max).await?;
    for one in waiting {
        search::set_enabled(tx, base, one.document_no, true).await?;
    }
    store::end_waiting(tx, base, replacement, now).await?;
    queue::enqueue(tx, Job::SweepBlobs, now).await
}

async fn remove_before(tx: &mut ClientTx, base: BaseNo, first: DocumentNo) -> Result<()> {
    for (id, no) in store::documents_before(tx, base, first).await? {
        search::drop_document(tx, no).await?;
        queue::forget(tx, Job::Ingest(id)).await?;
        store::remove_document(tx, id).await?;
    }
    Ok(())
}

/// They cannot enter: what the base holds stays, and they say why.
async fn refuse(
    app: &App,
    client: ClientNo,
    waiting: &[store::Waiting],
    why: &str,
    now: OffsetDateTime,
) -> Result<()> {
    let mut tx = app.db.client(client).await?;
    for one in waiting {
        store::set_state(&mut tx, one.document_id, State::Failed, Some(why), now).await?;
    }
    tx.commit().await
}
