//! Knowledge bases on the wire.

use poem_openapi::Object;
use time::OffsetDateTime;

use crate::{
    http::paging::Place,
    identity::Who,
    ids::BaseId,
    knowledge::base::{Change, CountedBase, NewBase, NoAnswer},
};

/// A knowledge base to be made.
#[derive(Object)]
#[oai(example)]
pub struct NewKnowledgeBase {
    /// 1 to 100 letters, digits, `_`, `-` or `.`; unique among the bases of the same owner.
    pub name: String,
    /// For people, at most 200 characters.
    #[oai(default)]
    pub title: String,
    /// What is in it, at most 2,000 characters.
    #[oai(default)]
    pub description: String,
    /// What is said when nothing was found for a question; `refuse` unless said otherwise.
    pub no_answer: Option<NoAnswer>,
    /// Make it the client's, not your own: for managers and keys with `knowledge:write`.
    #[oai(default)]
    pub shared: bool,
    /// Questions that a page may offer: at most 8, of at most 200 characters each.
    #[oai(default)]
    pub suggestions: Vec<String>,
}

impl NewKnowledgeBase {
    /// The base, and what it suggests.
    pub fn into_parts(self) -> (NewBase, Vec<String>) {
        let new = NewBase {
            name: self.name,
            title: self.title,
            description: self.description,
            no_answer: self.no_answer.unwrap_or(NoAnswer::Refuse),
            shared: self.shared,
        };
        (new, self.suggestions)
    }
}

/// What is to change.
#[derive(Object)]
#[oai(example)]
pub struct KnowledgeBaseChange {
    /// For people.
    pub title: Option<String>,
    /// What is in it.
    pub description: Option<String>,
    /// What is said when nothing was found.
    pub no_answer: Option<NoAnswer>,
    /// Questions that a page may offer: at most 8, of at most 200 characters each.
    pub suggestions: Option<Vec<String>>,
}

impl From<KnowledgeBaseChange> for Change {
    fn from(change: KnowledgeBaseChange) -> Self {
        Self {
            title: change.title,
            description: change.description,
            no_answer: change.no_answer,
            suggestions: change.suggestions,
        }
    }
}

/// Whose a base is.
#[derive(Clone, Copy, poem_openapi::Enum)]
#[oai(rename_all = "snake_case")]
pub enum Owner {
    /// The client's: all its users read it.
    Client,
    /// Your own.
    User,
}

/// A knowledge base.
#[derive(Object)]
#[oai(example)]
pub struct KnowledgeBase {
    /// Its id.
    pub id: BaseId,
    /// Its name.
    pub name: String,
    /// For people.
    pub title: String,
    /// What is in it.
    pub description: String,
    /// Whose it is.
    pub owner: Owner,
    /// Whether you may change it.
    pub writable: bool,
    /// What is said when nothing was found.
    pub no_answer: NoAnswer,
    /// Questions that a page may offer.
    pub suggestions: Vec<String>,
    /// Documents in it.
    pub documents: i64,
    /// Chunks that are searched.
    pub chunks: i64,
    /// When it was made.
    pub created_at: OffsetDateTime,
}

impl KnowledgeBase {
    /// As the caller sees it.
    pub fn new(counted: CountedBase, who: &Who) -> Self {
        let writable = counted.base.is_writable(who);
        let base = counted.base;
        Self {
            id: base.base_id,
            name: base.name,
            title: base.title,
            description: base.description,
            owner: if base.owner_id.is_some() {
                Owner::User
            } else {
                Owner::Client
            },
            writable,
            no_answer: base.no_answer,
            suggestions: counted.suggestions,
            documents: counted.documents,
            chunks: counted.chunks,
            created_at: base.created_at,
        }
    }
}

/// Where a base stands in a list.
pub fn place_of_base(counted: &CountedBase) -> Place {
    Place {
        at: counted.base.created_at,
        id: counted.base.base_id.0,
    }
}
