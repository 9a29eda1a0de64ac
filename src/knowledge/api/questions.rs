//! Recommended questions over HTTP.

use std::sync::Arc;

use poem_openapi::{
    ApiResponse, OpenApi,
    param::{Path, Query},
    payload::Json,
};

use super::{Library, Removed};
use crate::{
    error::Result,
    http::{
        Tags,
        paging::{Page, Window},
    },
    identity::Caller,
    ids::{BaseId, QuestionId},
    knowledge::{
        recommend::{self, About},
        shapes::*,
    },
};

/// Questions that are picked unless the caller says otherwise.
const PICKED: u32 = 6;

/// Operations on recommended questions.
pub struct QuestionsApi(pub Arc<Library>);

#[derive(ApiResponse)]
enum QuestionAdded {
    /// The question was added.
    #[oai(status = 201)]
    Added(Json<RecommendedQuestion>),
}

#[derive(ApiResponse)]
enum Tapped {
    /// It was counted.
    #[oai(status = 204)]
    Tapped,
}

#[OpenApi(tag = "Tags::Knowledge")]
impl QuestionsApi {
    /// Recommend a question
    ///
    /// About a base that you may change; about none, for those who may change the client's bases.
    #[oai(
        path = "/recommended-questions",
        method = "post",
        operation_id = "addRecommendedQuestion"
    )]
    async fn add_question(
        &self,
        who: Caller,
        body: Json<NewRecommendedQuestion>,
    ) -> Result<QuestionAdded> {
        let (new, now) = (body.0.into(), self.0.app.clock.now());
        let mut tx = self.0.app.db.client(who.client).await?;
        let question = recommend::add(&mut tx, &who, &new, now).await?;
        tx.commit().await?;
        Ok(QuestionAdded::Added(Json(question.into())))
    }

    /// The questions there are, also those that are not recommended now
    ///
    /// What a base suggests is among them.
    #[oai(
        path = "/recommended-questions",
        method = "get",
        operation_id = "listRecommendedQuestions"
    )]
    async fn list_questions(
        &self,
        who: Caller,
        /// Only those about this base.
        knowledge_base_id: Query<Option<BaseId>>,
        /// The `next_cursor` of the page before; the first page without it.
        cursor: Query<Option<String>>,
        /// Items at most, 1 to 100; 20 unless said otherwise.
        limit: Query<Option<u32>>,
    ) -> Result<Json<Page<RecommendedQuestion>>> {
        let window = Window::new(cursor.0.as_deref(), limit.0)?;
        let mut tx = self.0.app.db.client(who.client).await?;
        let rows = recommend::list(&mut tx, &who, knowledge_base_id.0, &window).await?;
        Ok(Json(window.page(rows, place_of_question, Into::into)))
    }

    /// Some recommended questions, taken at random
    #[oai(
        path = "/recommended-questions/random",
        method = "get",
        operation_id = "pickRecommendedQuestions"
    )]
    async fn pick_questions(
        &self,
        who: Caller,
        /// How many at most, 1 to 100; 6 unless said otherwise.
        count: Query<Option<u32>>,
        /// Only those about this base.
        knowledge_base_id: Query<Option<BaseId>>,
    ) -> Result<Json<PickedQuestions>> {
        let about = knowledge_base_id.0.map_or(About::Any, About::Base);
        let count = count.0.unwrap_or(PICKED);
        let mut tx = self.0.app.db.client(who.client).await?;
        let picked = recommend::pick(&mut tx, &who, about, count).await?;
        Ok(Json(PickedQuestions {
            items: picked.into_iter().map(Into::into).collect(),
        }))
    }

    /// Say that a question was chosen
    #[oai(
        path = "/recommended-questions/:id/tap",
        method = "post",
        operation_id = "tapRecommendedQuestion"
    )]
    async fn tap_question(
        &self,
        who: Caller,
        /// The question.
        id: Path<QuestionId>,
    ) -> Result<Tapped> {
        let mut tx = self.0.app.db.client(who.client).await?;
        recommend::tap(&mut tx, &who, id.0).await?;
        tx.commit().await?;
        Ok(Tapped::Tapped)
    }

    /// Change a recommended question
    #[oai(
        path = "/recommended-questions/:id",
        method = "patch",
        operation_id = "updateRecommendedQuestion"
    )]
    async fn change_question(
        &self,
        who: Caller,
        /// The question.
        id: Path<QuestionId>,
        body: Json<RecommendedQuestionChange>,
    ) -> Result<Json<RecommendedQuestion>> {
        let change = body.0.into();
        let mut tx = self.0.app.db.client(who.client).await?;
        let question = recommend::change(&mut tx, &who, id.0, &change).await?;
        tx.commit().await?;
        Ok(Json(question.into()))
    }

    /// Remove a recommended question
    #[oai(
        path = "/recommended-questions/:id",
        method = "delete",
        operation_id = "deleteRecommendedQuestion"
    )]
    async fn remove_question(
        &self,
        who: Caller,
        /// The question.
        id: Path<QuestionId>,
    ) -> Result<Removed> {
        let mut tx = self.0.app.db.client(who.client).await?;
        recommend::remove(&mut tx, &who, id.0).await?;
        tx.commit().await?;
        Ok(Removed::Removed)
    }
}
