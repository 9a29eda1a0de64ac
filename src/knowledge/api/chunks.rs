//! Text and chunks over HTTP: read, rewritten, switched off and on, added.

use std::sync::Arc;

use poem_openapi::{
    ApiResponse, OpenApi,
    param::{Header, Path, Query},
    payload::Json,
};

use super::{Library, Removed};
use crate::{
    error::Result,
    http::{
        Tags,
        paging::{Page, Window},
        revision::{IfMatch, etag},
    },
    identity::Caller,
    ids::{ChunkId, DocumentId},
    knowledge::{document, edit, shapes::*},
};

/// Operations on chunks.
pub struct ChunksApi(pub Arc<Library>);

#[derive(ApiResponse)]
enum ChunkAnswer {
    /// The chunk; its revision is the ETag.
    #[oai(status = 200)]
    Chunk(
        Json<ChunkBody>,
        /// The revision: `If-Match` of a change.
        #[oai(header = "ETag")]
        String,
    ),
}

#[derive(ApiResponse)]
enum ChunkAdded {
    /// The chunk was added, and is found.
    #[oai(status = 201)]
    Added(
        Json<ChunkBody>,
        /// The revision: `If-Match` of a change.
        #[oai(header = "ETag")]
        String,
    ),
}

impl From<edit::StoredChunk> for ChunkAnswer {
    fn from(chunk: edit::StoredChunk) -> Self {
        let tag = etag(chunk.revision);
        Self::Chunk(Json(chunk.into()), tag)
    }
}

#[OpenApi(tag = "Tags::Knowledge")]
impl ChunksApi {
    /// The text of a document
    ///
    /// A piece of at most 20,000 code points.
    #[oai(
        path = "/documents/:id/text",
        method = "get",
        operation_id = "getDocumentText"
    )]
    async fn text(
        &self,
        who: Caller,
        /// The document.
        id: Path<DocumentId>,
        /// The version; the one that is searched when absent.
        version: Query<Option<i32>>,
        /// Where the piece begins, in code points; 0 unless said otherwise.
        start: Query<Option<u32>>,
        /// Where it ends; as far as one piece goes when absent.
        end: Query<Option<u32>>,
    ) -> Result<Json<DocumentText>> {
        let mut tx = self.0.app.db.client(who.client).await?;
        let window =
            document::text(&mut tx, &who, id.0, version.0, start.0.unwrap_or(0), end.0).await?;
        Ok(Json(DocumentText::new(id.0, window)))
    }

    /// The chunks of a document
    #[oai(
        path = "/documents/:id/chunks",
        method = "get",
        operation_id = "listChunks"
    )]
    async fn chunks(
        &self,
        who: Caller,
        /// The document.
        id: Path<DocumentId>,
        /// The version; the one that is searched when absent.
        version: Query<Option<i32>>,
        /// The `next_cursor` of the page before; the first page without it.
        cursor: Query<Option<String>>,
        /// Items at most, 1 to 100; 20 unless said otherwise.
        limit: Query<Option<u32>>,
    ) -> Result<Json<Page<ChunkBody>>> {
        let window = Window::new(cursor.0.as_deref(), limit.0)?;
        let mut tx = self.0.app.db.client(who.client).await?;
        let place = (ordinal_before(&window), window.rows());
        let rows = edit::list(&mut tx, &who, id.0, version.0, place).await?;
        Ok(Json(window.page(rows, place_of_chunk, Into::into)))
    }

    /// Add a chunk
    ///
    /// To the version that is searched. It is found at once, and goes with its version.
    #[oai(
        path = "/documents/:id/chunks",
        method = "post",
        operation_id = "addChunk"
    )]
    async fn add_chunk(
        &self,
        who: Caller,
        /// The document.
        id: Path<DocumentId>,
        body: Json<NewChunk>,
    ) -> Result<ChunkAdded> {
        let (text, room) = (
            (body.0.text, body.0.context),
            self.0.reading.base_chunks_max,
        );
        let chunk = edit::add(&self.0.app, &who, id.0, text, room).await?;
        let tag = etag(chunk.revision);
        Ok(ChunkAdded::Added(Json(chunk.into()), tag))
    }

    /// A chunk
    #[oai(path = "/chunks/:id", method = "get", operation_id = "getChunk")]
    async fn get_chunk(
        &self,
        who: Caller,
        /// The chunk.
        id: Path<ChunkId>,
    ) -> Result<ChunkAnswer> {
        let mut tx = self.0.app.db.client(who.client).await?;
        Ok(edit::find(&mut tx, &who, id.0).await?.into())
    }

    /// Change a chunk
    ///
    /// Its text, the headings above it, and whether it is found. It is found as it is changed from the
    /// moment this answers. A chunk of an old version is only read: 409.
    #[oai(path = "/chunks/:id", method = "patch", operation_id = "updateChunk")]
    async fn change_chunk(
        &self,
        who: Caller,
        /// The chunk.
        id: Path<ChunkId>,
        /// The ETag of the chunk as you saw it; 412 when it was changed since, 422 when this is missing.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Json<ChunkChange>,
    ) -> Result<ChunkAnswer> {
        let seen = IfMatch::needed(if_match.0.as_deref())?;
        let chunk = edit::change(&self.0.app, &who, id.0, seen, body.0.into()).await?;
        Ok(chunk.into())
    }

    /// Remove a chunk that was added
    ///
    /// One that was read out of the document is switched off instead: 409.
    #[oai(path = "/chunks/:id", method = "delete", operation_id = "deleteChunk")]
    async fn remove_chunk(
        &self,
        who: Caller,
        /// The chunk.
        id: Path<ChunkId>,
        /// The ETag of the chunk as you saw it; 412 when it was changed since, 422 when this is missing.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
    ) -> Result<Removed> {
        let seen = IfMatch::needed(if_match.0.as_deref())?;
        let mut tx = self.0.app.db.client(who.client).await?;
        edit::remove(&mut tx, &who, id.0, seen).await?;
        tx.commit().await?;
        Ok(Removed::Removed)
    }
}

/// Where a page of chunks goes on.
fn ordinal_before(window: &Window) -> i32 {
    window.after.map_or(-1, |place| place.id.as_u128() as i32)
}
