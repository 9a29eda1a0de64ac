//! What was sent, given back: the file itself, and the pages of a PDF as pictures.

use std::{path::Path, time::Duration};

use tokio::{fs::File, io::AsyncReadExt, sync::Semaphore};

use super::{
    document,
    extract::{
        self, Kind, Limits,
        pdf::{self, Picture, Worker},
    },
    version::{self, DocumentVersion},
};
use crate::{
    app::App,
    error::{Error, Result},
    http::file::{Png, is_known},
    identity::Who,
    ids::DocumentId,
};

/// Pixels from left to right that a picture of a page has at most.
pub const WIDTH_MAX: u32 = 2_000;
/// Those it has at least.
pub const WIDTH_MIN: u32 = 50;
/// Those it has unless said otherwise.
pub const WIDTH: u32 = 1_000;
/// Pictures made at the same time: each takes a process.
const DRAWING_MAX: usize = 2;
/// Seconds that one waits for its turn.
const TURN_SECONDS: u64 = 15;

/// Makes pictures of pages, a few at a time.
pub struct Drawing {
    limits: Limits,
    worker: Worker,
    turns: Semaphore,
}

/// Which picture of which page is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The version; the current one unless said otherwise.
    pub version: Option<i32>,
    /// Number of the page; the first is 1.
    pub page: u32,
    /// Pixels from left to right.
    pub width: Option<u32>,
    /// The tags of the pictures that the caller has.
    pub known: Option<&'a str>,
}

impl Drawing {
    /// By this worker, under these limits.
    pub fn new(limits: Limits, worker: Worker) -> Self {
        Self {
            limits,
            worker,
            turns: Semaphore::new(DRAWING_MAX),
        }
    }

    /// A page of a PDF as it looks.
    ///
    /// # Errors
    /// `Unsupported` for a document that is no PDF, `NotFound` for a page there is not, `Invalid` for
    /// a width that cannot be.
    pub async fn page(
        &self,
        app: &App,
        who: &Who,
        id: DocumentId,
        wanted: Wanted<'_>,
    ) -> Result<Png> {
        let width = wanted.width.unwrap_or(WIDTH);
        if !(WIDTH_MIN..=WIDTH_MAX).contains(&width) {
            return Err(Error::invalid(format!(
                "width must be from {WIDTH_MIN} to {WIDTH_MAX} pixels."
            )));
        }
        let version = found(app, who, id, wanted.version).await?;
        let hash = hex::encode(&version.blob_hash[..version.blob_hash.len().min(8)]);
        let etag = format!("\"{hash}-{}-{width}\"", wanted.page);
        let path = app.blobs.path(who.client, &version.blob_hash);
        check_is_pdf(&path, &version).await?;
        if is_known(wanted.known, &etag) {
            return Ok(Png::Known { etag });
        }
        let page = wanted.page;
        let png = self.draw(&path, Picture { page, width }).await?;
        Ok(Png::Fresh { png, etag })
    }

    async fn draw(&self, path: &Path, picture: Picture) -> Result<Vec<u8>> {
        let turn = Duration::from_secs(TURN_SECONDS);
        let busy = || Error::Unavailable(anyhow::anyhow!("too many pictures are being made"));
        let turn = tokio::time::timeout(turn, self.turns.acquire()).await;
        let _turn = turn.map_err(|_| busy())?.map_err(Error::internal)?;
        // read when it is its turn: a few documents are in memory at the same time, not many
        let bytes = tokio::fs::read(path).await?;
        pdf::draw(bytes, picture, &self.limits, &self.worker).await
    }
}

async fn check_is_pdf(path: &Path, version: &DocumentVersion) -> Result<()> {
    let mut head = Vec::with_capacity(extract::HEAD_BYTES);
    let file = File::open(path).await?;
    file.take(extract::HEAD_BYTES as u64)
        .read_to_end(&mut head)
        .await?;
    match extract::kind(&version.file_name, Some(&version.media_type), &head)? {
        Kind::Pdf => Ok(()),
        _ => Err(Error::Unsupported(
            "Only the pages of a PDF can be shown as pictures.".into(),
        )),
    }
}

/// The file of a version as it was sent, and its name.
pub async fn file(
    app: &App,
    who: &Who,
    id: DocumentId,
    version: Option<i32>,
) -> Result<(DocumentVersion, File)> {
    let version = found(app, who, id, version).await?;
    let file = File::open(app.blobs.path(who.client, &version.blob_hash)).await?;
    Ok((version, file))
}

async fn found(
    app: &App,
    who: &Who,
    id: DocumentId,
    version: Option<i32>,
) -> Result<DocumentVersion> {
    let mut tx = app.db.client(who.client).await?;
    let document = document::find(&mut tx, who, id).await?;
    version::find(&mut tx, &document, version).await
}
