//! What the reading of a document costs: set aside once its size is known, paid when it can be searched.

use time::OffsetDateTime;
use uuid::Uuid;

use super::{chunk::Chunk, document::Document, extract::Extracted, store};
use crate::{
    app::App,
    billing::{Amounts, Estimate, Owner, Used, What, meter, price::INGESTION},
    db::ClientTx,
    error::Result,
    ids::{ClientNo, DocumentId, UserId},
    models::tokens,
};

/// Characters that count as a page where a format has none.
const PAGE_CHARS: usize = 2_000;

/// What reading this document takes, at most: each chunk is made into a vector when there is a model
/// for it.
pub fn amounts(extracted: &Extracted, chunks: &[Chunk], embeds: bool) -> Amounts {
    let pages = match extracted.pages.len() {
        0 => extracted.text.chars().count().div_ceil(PAGE_CHARS),
        pages => pages,
    };
    let texts = chunks.iter().filter(|_| embeds);
    let embedding = texts.map(|chunk| tokens::count(&chunk.searched_text()));
    Amounts {
        pages: u32::try_from(pages).unwrap_or(u32::MAX),
        embedding: embedding.fold(0, u32::saturating_add),
        ..Amounts::default()
    }
}

/// Sets it aside: out of the wallet of the base's owner, or the client's. None where nobody pays.
///
/// # Errors
/// Those of [`meter::open`].
pub async fn set_aside(
    app: &App,
    client: ClientNo,
    document: &Document,
    certain: Amounts,
) -> Result<Option<Uuid>> {
    let now = app.clock.now();
    let mut tx = app.db.client(client).await?;
    // of an attempt whose worker died; in a transaction of its own, since what is locked for it comes
    // behind what is locked first for this attempt
    release(&mut tx, document.document_id, now).await?;
    tx.commit().await?;
    let mut tx = app.db.client(client).await?;
    let owner = store::owner_of_base(&mut tx, document.base_no).await?;
    let id = DocumentId::new(now).0;
    let estimate = Estimate {
        id,
        subject: Some(document.document_id.0),
        who: owner.map_or(Owner::Client, Owner::User),
        what: What::Ingestion,
        model: INGESTION,
        certain,
        output_tokens_max: 0,
    };
    let opened = meter::open(&mut tx, &estimate, now).await?;
    tx.commit().await?;
    Ok(opened.map(|_| id))
}

/// Sets aside what the vectors of a caller's texts cost. None where nobody pays.
///
/// # Errors
/// Those of [`meter::open`].
pub async fn set_aside_texts(
    tx: &mut ClientTx,
    user: UserId,
    id: Uuid,
    tokens: u32,
    now: OffsetDateTime,
) -> Result<()> {
    let estimate = Estimate {
        id,
        subject: None,
        who: Owner::User(user),
        what: What::Ingestion,
        model: INGESTION,
        certain: of_texts(tokens),
        output_tokens_max: 0,
    };
    meter::open(tx, &estimate, now).await.map(drop)
}

/// Pays for the vectors of this many tokens; none when they were not made.
pub async fn settle_texts(
    tx: &mut ClientTx,
    id: Uuid,
    tokens: Option<u32>,
    now: OffsetDateTime,
) -> Result<()> {
    let used = Used {
        amounts: of_texts(tokens.unwrap_or_default()),
        delivered: tokens.is_some(),
    };
    meter::settle(tx, id, &used, now).await.map(drop)
}

fn of_texts(tokens: u32) -> Amounts {
    Amounts {
        embedding: tokens,
        ..Amounts::default()
    }
}

/// Pays for what was read.
pub async fn settle(
    tx: &mut ClientTx,
    id: Option<Uuid>,
    amounts: Amounts,
    now: OffsetDateTime,
) -> Result<()> {
    let used = Used {
        amounts,
        delivered: true,
    };
    if let Some(id) = id {
        meter::settle(tx, id, &used, now).await?;
    }
    Ok(())
}

/// Gives back what was set aside for a document that is not read after all; for how many attempts.
pub async fn release(tx: &mut ClientTx, id: DocumentId, now: OffsetDateTime) -> Result<u32> {
    meter::release_all(tx, id.0, now).await
}

/// Gives back what was set aside for a document that is gone, or is not being read. False when it is,
/// and when nothing is set aside any more.
pub async fn end_stale(app: &App, client: ClientNo, id: DocumentId) -> Result<bool> {
    let mut tx = app.db.client(client).await?;
    if store::is_being_read(&mut tx, id).await? {
        return Ok(false);
    }
    let released = release(&mut tx, id, app.clock.now()).await?;
    tx.commit().await?;
    Ok(released > 0)
}
