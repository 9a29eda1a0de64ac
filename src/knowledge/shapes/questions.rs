//! Recommended questions on the wire.

use poem_openapi::Object;
use time::OffsetDateTime;

use crate::{
    http::paging::Place,
    ids::{BaseId, QuestionId},
    knowledge::recommend::{Change, NewQuestion, Question},
};

/// A question to recommend.
#[derive(Object)]
#[oai(example)]
pub struct NewRecommendedQuestion {
    /// What is asked: 1 to 200 characters, on one line.
    pub query: String,
    /// The base it is about; about none when absent, for managers and keys with `knowledge:write`.
    pub knowledge_base_id: Option<BaseId>,
    /// What is answered, when that is known beforehand; at most 2,048 characters.
    #[oai(default)]
    pub answer: String,
    /// Whether it is recommended; it is unless said otherwise.
    pub enabled: Option<bool>,
}

impl From<NewRecommendedQuestion> for NewQuestion {
    fn from(new: NewRecommendedQuestion) -> Self {
        Self {
            base: new.knowledge_base_id,
            query: new.query,
            answer: new.answer,
            enabled: new.enabled.unwrap_or(true),
        }
    }
}

/// What is to change in a question.
#[derive(Object)]
#[oai(example)]
pub struct RecommendedQuestionChange {
    /// What is asked: 1 to 200 characters, on one line.
    pub query: Option<String>,
    /// What is answered; at most 2,048 characters.
    pub answer: Option<String>,
    /// Whether it is recommended.
    pub enabled: Option<bool>,
}

impl From<RecommendedQuestionChange> for Change {
    fn from(change: RecommendedQuestionChange) -> Self {
        Self {
            query: change.query,
            answer: change.answer,
            enabled: change.enabled,
        }
    }
}

/// A recommended question.
#[derive(Object)]
#[oai(example)]
pub struct RecommendedQuestion {
    /// Its id.
    pub id: QuestionId,
    /// What is asked.
    pub query: String,
    /// What is answered, when that is known beforehand.
    pub answer: String,
    /// The base it is about.
    pub knowledge_base_id: Option<BaseId>,
    /// How often it was chosen.
    pub tap_count: i64,
    /// Whether it is recommended.
    pub enabled: bool,
    /// When it was written.
    pub created_at: OffsetDateTime,
}

impl From<Question> for RecommendedQuestion {
    fn from(question: Question) -> Self {
        Self {
            id: question.question_id,
            query: question.query,
            answer: question.answer,
            knowledge_base_id: question.base_id,
            tap_count: question.tap_count,
            enabled: question.enabled,
            created_at: question.created_at,
        }
    }
}

/// Where a question stands in a list.
pub fn place_of_question(question: &Question) -> Place {
    Place {
        at: question.created_at,
        id: question.question_id.0,
    }
}

/// Questions taken at random.
#[derive(Object)]
#[oai(example)]
pub struct PickedQuestions {
    /// In no order.
    pub items: Vec<RecommendedQuestion>,
}
