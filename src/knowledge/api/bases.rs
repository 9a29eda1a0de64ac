//! Knowledge bases over HTTP, and their search.

use std::sync::Arc;

use poem_openapi::{
    ApiResponse, OpenApi,
    param::{Path, Query},
    payload::Json,
};

use super::{Library, Removed};
use crate::{
    app::App,
    error::{Error, Result},
    http::{
        Tags,
        paging::{Page, Window},
    },
    identity::Caller,
    ids::{BaseId, ClientNo},
    knowledge::{
        base::{self, Change},
        search,
        shapes::*,
    },
};

/// Characters of a query at most.
const QUERY_CHARS_MAX: usize = 8_000;

/// Operations on bases.
pub struct BasesApi(pub Arc<Library>);

#[derive(ApiResponse)]
enum BaseCreated {
    /// The base was made.
    #[oai(status = 201)]
    Created(Json<KnowledgeBase>),
}

#[OpenApi(tag = "Tags::Knowledge")]
impl BasesApi {
    /// Make a knowledge base
    #[oai(
        path = "/knowledge-bases",
        method = "post",
        operation_id = "createKnowledgeBase"
    )]
    async fn create_base(&self, who: Caller, body: Json<NewKnowledgeBase>) -> Result<BaseCreated> {
        let (new, suggestions) = body.0.into_parts();
        let now = self.0.app.clock.now();
        let mut tx = self.0.app.db.client(who.client).await?;
        let mut base = base::create(&mut tx, &who, &new, now).await?;
        if !suggestions.is_empty() {
            let change = Change::suggesting(suggestions);
            base = base::change(&mut tx, &who, base.base.base_id, &change, now).await?;
        }
        tx.commit().await?;
        Ok(BaseCreated::Created(Json(KnowledgeBase::new(base, &who))))
    }

    /// The knowledge bases you may read
    ///
    /// With `name` at most one: the client's base of this name, else your own.
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
        /// Only the base of this name.
        name: Query<Option<String>>,
    ) -> Result<Json<Page<KnowledgeBase>>> {
        let window = Window::new(cursor.0.as_deref(), limit.0)?;
        let mut tx = self.0.app.db.client(who.client).await?;
        let rows = match &name.0 {
            Some(name) => Vec::from_iter(base::named(&mut tx, &who, name).await?),
            None => base::list(&mut tx, &who, &window).await?,
        };
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
        let mut tx = self.0.app.db.client(who.client).await?;
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
        let (change, now) = (body.0.into(), self.0.app.clock.now());
        let mut tx = self.0.app.db.client(who.client).await?;
        let base = base::change(&mut tx, &who, id.0, &change, now).await?;
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
        let mut tx = self.0.app.db.client(who.client).await?;
        base::remove(&mut tx, &who, id.0, self.0.app.clock.now()).await?;
        tx.commit().await?;
        Ok(Removed::Removed)
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
        let question = question(&self.0.app, who.client, &body.0).await?;
        let mut tx = self.0.app.db.client(who.client).await?;
        let base = base::find(&mut tx, &who, id.0).await?.base;
        let found = search::passages(&mut tx, &[base.base_no], &question, limit).await?;
        let passages = found
            .into_iter()
            .map(|passage| PassageBody::new(passage, body.explain));
        Ok(Json(SearchResult {
            passages: passages.collect(),
        }))
    }
}

async fn question(app: &App, client: ClientNo, body: &SearchRequest) -> Result<search::Question> {
    let embedder = app.models.embedder_of_questions(client);
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
