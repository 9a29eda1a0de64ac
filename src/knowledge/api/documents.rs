//! Documents over HTTP: taken in, followed, changed, removed.

use std::sync::Arc;

use poem_openapi::{
    ApiRequest, ApiResponse, OpenApi,
    param::{Path, Query},
    payload::Json,
};
use tokio_util::io::ReaderStream;

use super::{Library, Removed, progress::progress};
use crate::{
    error::Result,
    http::{
        Tags,
        form::Files,
        paging::{Page, Window},
        sse::Sse,
    },
    identity::{Caller, Who},
    ids::{BaseId, DocumentId},
    knowledge::{
        document::{self, OnConflict},
        replacement,
        shapes::*,
    },
};

/// Operations on documents.
pub struct DocumentsApi(pub Arc<Library>);

#[derive(ApiRequest)]
enum DocumentUpload {
    /// A file.
    File(DocumentFile),
    /// An address to fetch it from.
    Address(Json<DocumentAddress>),
}

#[derive(ApiRequest)]
enum DocumentsUpload {
    /// Files, as parts `file`.
    Files(Files),
    /// Addresses to fetch them from.
    Addresses(Json<DocumentAddresses>),
}

#[derive(ApiResponse)]
enum ReplacementAccepted {
    /// The documents were taken in; they are read by jobs.
    #[oai(status = 202)]
    Accepted(Json<ReplacementBody>),
}

#[derive(ApiResponse)]
enum DocumentAccepted {
    /// The document was taken in; it is read by a job.
    #[oai(status = 202)]
    Accepted(Json<DocumentBody>),
}

#[derive(ApiResponse)]
enum BatchAccepted {
    /// What became of each file.
    #[oai(status = 202)]
    Accepted(Json<BatchBody>),
}

#[OpenApi(tag = "Tags::Knowledge")]
impl DocumentsApi {
    /// Add a document
    ///
    /// As a file (part `file` of a multipart body) or by its address. It is read by a job: follow
    /// `GET /documents/{id}/events`.
    #[oai(
        path = "/knowledge-bases/:id/documents",
        method = "post",
        operation_id = "addDocument"
    )]
    async fn add_document(
        &self,
        who: Caller,
        /// The knowledge base.
        id: Path<BaseId>,
        /// What to do when the base holds a document of this name; `refuse` unless said otherwise.
        /// `replace` makes a new version, unless the bytes are the same; `skip` answers with the one
        /// that is there.
        on_conflict: Query<Option<OnConflict>>,
        body: DocumentUpload,
    ) -> Result<DocumentAccepted> {
        self.0.check_writable(&who, id.0).await?;
        let new = match body {
            DocumentUpload::File(form) => self.0.receive(form).await?,
            DocumentUpload::Address(body) => self.0.fetch_one(&body.0.url).await?,
        };
        let (on_conflict, now) = (on_conflict.0.unwrap_or_default(), self.0.app.clock.now());
        let mut tx = self.0.app.db.client(who.client).await?;
        let (document, _) = document::put(&mut tx, &who, id.0, new, on_conflict, now).await?;
        tx.commit().await?;
        Ok(DocumentAccepted::Accepted(Json(document.into())))
    }

    /// Add many documents
    ///
    /// Files as parts `file`; ZIP archives are unpacked, and the folders in them become part of the
    /// names. Each file is taken in or refused by itself; at most 1,000 of them.
    #[oai(
        path = "/knowledge-bases/:id/documents/batch",
        method = "post",
        operation_id = "addDocuments"
    )]
    async fn add_documents(
        &self,
        who: Caller,
        /// The knowledge base.
        id: Path<BaseId>,
        /// What to do with a file whose name the base has; `refuse` unless said otherwise.
        on_conflict: Query<Option<OnConflict>>,
        mut body: Files,
    ) -> Result<BatchAccepted> {
        self.0.check_writable(&who, id.0).await?;
        let on_conflict = on_conflict.0.unwrap_or_default();
        let mut batch = self.0.batch(&who, id.0, on_conflict);
        while let Some(file) = body.next().await? {
            let bytes = ReaderStream::new(file.field.into_async_read());
            batch.take(&file.name, file.media_type, bytes).await?;
        }
        Ok(BatchAccepted::Accepted(Json(batch.items.try_into()?)))
    }

    /// Replace all documents
    ///
    /// These take the place of all that the knowledge base holds, in one step, once each of them is
    /// read; until then it answers as before, and they are not `enabled`. If one of them cannot be
    /// read nothing is replaced. Follow each by `GET /documents/{id}/events`.
    #[oai(
        path = "/knowledge-bases/:id/documents",
        method = "put",
        operation_id = "replaceDocuments"
    )]
    async fn replace_documents(
        &self,
        who: Caller,
        /// The knowledge base.
        id: Path<BaseId>,
        body: DocumentsUpload,
    ) -> Result<ReplacementAccepted> {
        self.0.check_writable(&who, id.0).await?;
        let new = match body {
            DocumentsUpload::Files(files) => self.0.receive_all(files).await?,
            DocumentsUpload::Addresses(body) => self.0.fetch_all(&body.0.urls).await?,
        };
        let mut tx = self.0.app.db.client(who.client).await?;
        let now = self.0.app.clock.now();
        let items = replacement::begin(&mut tx, &who, id.0, new, now).await?;
        tx.commit().await?;
        Ok(ReplacementAccepted::Accepted(Json(items.into())))
    }

    /// The documents of a knowledge base
    #[oai(
        path = "/knowledge-bases/:id/documents",
        method = "get",
        operation_id = "listDocuments"
    )]
    async fn list_documents(
        &self,
        who: Caller,
        /// The knowledge base.
        id: Path<BaseId>,
        /// The `next_cursor` of the page before; the first page without it.
        cursor: Query<Option<String>>,
        /// Items at most, 1 to 100; 20 unless said otherwise.
        limit: Query<Option<u32>>,
    ) -> Result<Json<Page<DocumentBody>>> {
        let window = Window::new(cursor.0.as_deref(), limit.0)?;
        let mut tx = self.0.app.db.client(who.client).await?;
        let rows = document::list(&mut tx, &who, id.0, &window).await?;
        Ok(Json(window.page(rows, place_of_document, Into::into)))
    }

    /// A document
    #[oai(path = "/documents/:id", method = "get", operation_id = "getDocument")]
    async fn get_document(
        &self,
        who: Caller,
        /// The document.
        id: Path<DocumentId>,
    ) -> Result<Json<DocumentBody>> {
        let mut tx = self.0.app.db.client(who.client).await?;
        Ok(Json(document::find(&mut tx, &who, id.0).await?.into()))
    }

    /// Change a document
    ///
    /// Its name, and whether it is found: one that is not enabled is neither found nor cited.
    #[oai(
        path = "/documents/:id",
        method = "patch",
        operation_id = "updateDocument"
    )]
    async fn change_document(
        &self,
        who: Caller,
        /// The document.
        id: Path<DocumentId>,
        body: Json<DocumentChange>,
    ) -> Result<Json<DocumentBody>> {
        let (change, room) = (body.0.into(), self.0.reading.base_chunks_max);
        let mut tx = self.0.app.db.client(who.client).await?;
        let now = self.0.app.clock.now();
        let document = document::change(&mut tx, &who, id.0, &change, room, now).await?;
        tx.commit().await?;
        Ok(Json(document.into()))
    }

    /// Remove a document
    ///
    /// It is not found any more from the moment this answers.
    #[oai(
        path = "/documents/:id",
        method = "delete",
        operation_id = "deleteDocument"
    )]
    async fn remove_document(
        &self,
        who: Caller,
        /// The document.
        id: Path<DocumentId>,
    ) -> Result<Removed> {
        let mut tx = self.0.app.db.client(who.client).await?;
        document::remove(&mut tx, &who, id.0, self.0.app.clock.now()).await?;
        tx.commit().await?;
        Ok(Removed::Removed)
    }

    /// Follow the reading of a document
    ///
    /// Events `progress`, and `done` as the last one.
    #[oai(
        path = "/documents/:id/events",
        method = "get",
        operation_id = "followDocument"
    )]
    async fn follow(
        &self,
        who: Caller,
        /// The document.
        id: Path<DocumentId>,
    ) -> Result<Sse<DocumentProgress>> {
        let mut tx = self.0.app.db.client(who.client).await?;
        document::find(&mut tx, &who, id.0).await?;
        drop(tx);
        Ok(Sse::new(
            progress(self.0.app.clone(), Who::clone(&who), id.0),
            self.0.heartbeat,
        ))
    }
}
