//! Knowledge over HTTP.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use poem_openapi::{
    ApiRequest, ApiResponse, OpenApi,
    param::{Path, Query},
    payload::Json,
    types::ToJSON,
};
use tokio_util::io::ReaderStream;

use super::{
    base::{self, Change, NewBase, NoAnswer},
    document::{self, NewDocument},
    search,
    shapes::*,
    store,
};
use crate::{
    app::App,
    error::{Error, Result},
    fetch,
    http::{
        Tags,
        paging::{Page, Window},
        sse::Sse,
    },
    identity::{Caller, Who},
    ids::{BaseId, ClientNo, DocumentId},
};

/// Milliseconds between two looks at a document whose progress is followed.
const PROGRESS_MS: u64 = 300;
/// Characters of a query at most.
const QUERY_CHARS_MAX: usize = 8_000;

/// Operations on knowledge.
pub struct KnowledgeApi {
    /// Handles to the world.
    pub app: App,
    /// Bytes of an upload at most.
    pub upload_bytes_max: u64,
    /// How addresses are fetched.
    pub policy: fetch::Policy,
    /// Silence on a stream after which a heartbeat is sent.
    pub heartbeat: Duration,
}

#[derive(ApiRequest)]
enum DocumentUpload {
    /// A file.
    File(DocumentFile),
    /// An address to fetch it from.
    Address(Json<DocumentAddress>),
}

#[derive(ApiResponse)]
enum BaseCreated {
    /// The base was made.
    #[oai(status = 201)]
    Created(Json<KnowledgeBase>),
}

#[derive(ApiResponse)]
enum DocumentAccepted {
    /// The document was taken in; it is read by a job.
    #[oai(status = 202)]
    Accepted(Json<DocumentBody>),
}

#[derive(ApiResponse)]
enum Removed {
    /// It is gone.
    #[oai(status = 204)]
    Removed,
}

#[OpenApi(tag = "Tags::Knowledge")]
impl KnowledgeApi {
    /// Make a knowledge base
    #[oai(
        path = "/knowledge-bases",
        method = "post",
        operation_id = "createKnowledgeBase"
    )]
    async fn create_base(&self, who: Caller, body: Json<NewKnowledgeBase>) -> Result<BaseCreated> {
        let body = body.0;
        let new = NewBase {
            name: body.name,
            title: body.title,
            description: body.description,
            no_answer: body.no_answer.unwrap_or(NoAnswer::Refuse),
            shared: body.shared,
        };
        let mut tx = self.app.db.client(who.client).await?;
        let base = base::create(&mut tx, &who, &new, self.app.clock.now()).await?;
        tx.commit().await?;
        Ok(BaseCreated::Created(Json(KnowledgeBase::new(base, &who))))
    }

    /// The knowledge bases you may read
    #[oai(
        path = "/knowledge-bases",
        method = "get",
        operation_id = "listKnowledgeBases"
    )]
    async fn list_bases(
        &self,
        who: Caller,
        /// The `next_cursor` of the page before; the first page without it.
        cursor: Query<Option<String>>,
        /// Items at most, 1 to 100; 20 unless said otherwise.
        limit: Query<Option<u32>>,
    ) -> Result<Json<Page<KnowledgeBase>>> {
        let window = Window::new(cursor.0.as_deref(), limit.0)?;
        let mut tx = self.app.db.client(who.client).await?;
        let rows = base::list(&mut tx, &who, &window).await?;
        Ok(Json(window.page(rows, place_of_base, |base| {
            KnowledgeBase::new(base, &who)
        })))
    }

    /// A knowledge base
    #[oai(
        path = "/knowledge-bases/:id",
        method = "get",
        operation_id = "getKnowledgeBase"
    )]
    async fn get_base(
        &self,
        who: Caller,
        /// The knowledge base.
        id: Path<BaseId>,
    ) -> Result<Json<KnowledgeBase>> {
        let mut tx = self.app.db.client(who.client).await?;
        Ok(Json(KnowledgeBase::new(
            base::find(&mut tx, &who, id.0).await?,
            &who,
        )))
    }

    /// Change a knowledge base
    #[oai(
        path = "/knowledge-bases/:id",
        method = "patch",
        operation_id = "updateKnowledgeBase"
    )]
    async fn change_base(
        &self,
        who: Caller,
        /// The knowledge base.
        id: Path<BaseId>,
        body: Json<KnowledgeBaseChange>,
    ) -> Result<Json<KnowledgeBase>> {
        let Json(KnowledgeBaseChange {
            title,
            description,
            no_answer,
        }) = body;
        let change = Change {
            title,
            description,
            no_answer,
        };
        let mut tx = self.app.db.client(who.client).await?;
        let base = base::change(&mut tx, &who, id.0, &change).await?;
        tx.commit().await?;
        Ok(Json(KnowledgeBase::new(base, &who)))
    }

    /// Remove a knowledge base with everything in it
    #[oai(
        path = "/knowledge-bases/:id",
        method = "delete",
        operation_id = "deleteKnowledgeBase"
    )]
    async fn remove_base(
        &self,
        who: Caller,
        /// The knowledge base.
        id: Path<BaseId>,
    ) -> Result<Removed> {
        let mut tx = self.app.db.client(who.client).await?;
        base::remove(&mut tx, &who, id.0, self.app.clock.now()).await?;
        tx.commit().await?;
        Ok(Removed::Removed)
    }

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
        body: DocumentUpload,
    ) -> Result<DocumentAccepted> {
        self.check_writable(&who, id.0).await?;
        let new = match body {
            DocumentUpload::File(form) => self.receive(form).await?,
            DocumentUpload::Address(body) => self.fetch(&body.0.url).await?,
        };
        let mut tx = self.app.db.client(who.client).await?;
        let document = document::add(&mut tx, &who, id.0, new, self.app.clock.now()).await?;
        tx.commit().await?;
        Ok(DocumentAccepted::Accepted(Json(document.into())))
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
        let mut tx = self.app.db.client(who.client).await?;
        let rows = document::list(&mut tx, &who, id.0, &window).await?;
        Ok(Json(window.page(rows, place_of_document, Into::into)))
    }

    /// Search a knowledge base
    #[oai(
        path = "/knowledge-bases/:id/search",
        method = "post",
        operation_id = "searchKnowledgeBase"
    )]
    async fn search(
        &self,
        who: Caller,
        /// The knowledge base.
        id: Path<BaseId>,
        body: Json<SearchRequest>,
    ) -> Result<Json<SearchResult>> {
        let limit = check_search(&body.0)?;
        let question = self.question(who.client, &body.0).await?;
        let mut tx = self.app.db.client(who.client).await?;
        let base = base::find(&mut tx, &who, id.0).await?.base;
        let found = search::passages(&mut tx, &[base.base_no], &question, limit).await?;
        let passages = found
            .into_iter()
            .map(|passage| PassageBody::new(passage, body.explain));
        Ok(Json(SearchResult {
            passages: passages.collect(),
        }))
    }

    /// A document
    #[oai(path = "/documents/:id", method = "get", operation_id = "getDocument")]
    async fn get_document(
        &self,
        who: Caller,
        /// The document.
        id: Path<DocumentId>,
    ) -> Result<Json<DocumentBody>> {
        let mut tx = self.app.db.client(who.client).await?;
        Ok(Json(document::find(&mut tx, &who, id.0).await?.into()))
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
        let mut tx = self.app.db.client(who.client).await?;
        document::remove(&mut tx, &who, id.0, self.app.clock.now()).await?;
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
        let mut tx = self.app.db.client(who.client).await?;
        document::find(&mut tx, &who, id.0).await?;
        drop(tx);
        Ok(Sse::new(
            progress(self.app.clone(), who, id.0),
            self.heartbeat,
        ))
    }

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
        let mut tx = self.app.db.client(who.client).await?;
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
        /// The `next_cursor` of the page before; the first page without it.
        cursor: Query<Option<String>>,
        /// Items at most, 1 to 100; 20 unless said otherwise.
        limit: Query<Option<u32>>,
    ) -> Result<Json<Page<ChunkBody>>> {
        let window = Window::new(cursor.0.as_deref(), limit.0)?;
        let mut tx = self.app.db.client(who.client).await?;
        let document = document::find(&mut tx, &who, id.0).await?;
        let after = window.after.map_or(-1, |place| place.id.as_u128() as i32);
        let rows = store::chunks(
            &mut tx,
            document.document_no,
            document.version,
            after,
            window.rows(),
        )
        .await?;
        Ok(Json(window.page(rows, place_of_chunk, Into::into)))
    }
}

impl KnowledgeApi {
    /// Before a long upload is received for nothing.
    async fn check_writable(&self, who: &Who, id: BaseId) -> Result<()> {
        let mut tx = self.app.db.client(who.client).await?;
        base::find_writable(&mut tx, who, id).await?;
        Ok(())
    }

    async fn receive(&self, form: DocumentFile) -> Result<NewDocument> {
        let name = form.file.file_name().unwrap_or_default().to_owned();
        let media_type = form
            .file
            .content_type()
            .unwrap_or("application/octet-stream")
            .to_owned();
        let bytes = ReaderStream::new(form.file.into_async_read());
        let staged = self.app.blobs.stage(bytes, self.upload_bytes_max).await?;
        NewDocument::checked(&name, media_type, None, staged).await
    }

    async fn fetch(&self, url: &str) -> Result<NewDocument> {
        let fetched = self.app.fetcher.get(url, &self.policy).await?;
        let name = fetched.file_name.unwrap_or_else(|| "document.html".into());
        let bytes = stream::iter([Ok::<_, std::io::Error>(Bytes::from(fetched.bytes))]);
        let staged = self.app.blobs.stage(bytes, self.upload_bytes_max).await?;
        let (media_type, url) = (fetched.media_type, Some(fetched.final_url));
        NewDocument::checked(&name, media_type, url, staged).await
    }

    async fn question(&self, client: ClientNo, body: &SearchRequest) -> Result<search::Question> {
        let embedder = self.app.models.embedder_of_questions(client);
        let Some(values) = body.vector.clone() else {
            return search::question(embedder.as_deref(), &body.query).await;
        };
        let Some(embedder) = embedder else {
            return Err(Error::invalid(
                "No embedding model is configured, so a vector cannot be compared.",
            ));
        };
        if values.len() != embedder.dimensions() || !values.iter().all(|value| value.is_finite()) {
            return Err(Error::invalid(format!(
                "A vector has {} finite numbers here, this one has {}.",
                embedder.dimensions(),
                values.len()
            )));
        }
        let mut question = search::question(None, &body.query).await?;
        question.vector = Some(search::QuestionVector {
            embedder: embedder.id().to_owned(),
            values,
        });
        Ok(question)
    }
}

fn check_search(body: &SearchRequest) -> Result<usize> {
    let chars = body.query.trim().chars().count();
    if chars == 0 || chars > QUERY_CHARS_MAX {
        return Err(Error::invalid(format!(
            "A query has 1 to {QUERY_CHARS_MAX} characters."
        )));
    }
    let limit = body.limit.unwrap_or(10) as usize;
    if !(1..=search::PASSAGES_MAX).contains(&limit) {
        return Err(Error::invalid(format!(
            "limit must be from 1 to {}.",
            search::PASSAGES_MAX
        )));
    }
    Ok(limit)
}

/// Events until the document is ready, failed or gone. The caller's rights are checked anew each time.
fn progress(app: App, who: Caller, id: DocumentId) -> impl Stream<Item = Bytes> + Send + 'static {
    // a follower does not hold up a shutdown
    let stopping = app.tasks.stopping().cancelled_owned();
    let start = (app, who, None::<DocumentProgress>, 1_u32, false);
    stream::unfold(start, move |(app, who, last, seq, ended)| async move {
        if ended {
            return None;
        }
        loop {
            let now = look(&app, &who, id).await.ok()?;
            if last.as_ref() == Some(&now) {
                tokio::time::sleep(Duration::from_millis(PROGRESS_MS)).await;
                continue;
            }
            let ended = now.state.is_final();
            let name = if ended { "done" } else { "progress" };
            let frame = format!(
                "id: {seq}\nevent: {name}\ndata: {}\n\n",
                now.to_json_string()
            );
            return Some((Bytes::from(frame), (app, who, Some(now), seq + 1, ended)));
        }
    })
    .take_until(stopping)
}

async fn look(app: &App, who: &Who, id: DocumentId) -> Result<DocumentProgress> {
    let mut tx = app.db.client(who.client).await?;
    Ok((&document::find(&mut tx, who, id).await?).into())
}
