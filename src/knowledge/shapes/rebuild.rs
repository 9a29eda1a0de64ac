//! A base that is read anew, on the wire.

use poem_openapi::Object;

use crate::{
    ids::DocumentId,
    knowledge::{
        document::State,
        rebuild::{Step, Wish},
        version::Cut,
    },
};

/// How a base is to be read anew.
#[derive(Object)]
#[oai(example)]
pub struct BaseRebuild {
    /// How long chunks are to be, in Latin letters (a Chinese character counts as two): 100 to 4,000;
    /// as before when absent.
    pub chunk_chars: Option<u32>,
    /// Cut also what its sender cut before.
    #[oai(default)]
    pub recut: bool,
    /// Have the documents found again that are not enabled; they stay as they are otherwise.
    #[oai(default)]
    pub enable: bool,
}

impl From<BaseRebuild> for Wish {
    fn from(rebuild: BaseRebuild) -> Self {
        Self {
            cut: Cut {
                chunk_chars: rebuild.chunk_chars,
                recut: rebuild.recut,
                chunks: None,
            },
            enable: rebuild.enable,
        }
    }
}

/// A document of a base that was read anew.
#[derive(Object)]
#[oai(example)]
pub struct DocumentRead {
    /// The document.
    pub document_id: DocumentId,
    /// Its name.
    pub name: String,
    /// `ready` or `failed`.
    pub state: State,
    /// Why it could not be read.
    pub reason: Option<String>,
    /// Which of the documents it is, from 1.
    pub done: i32,
    /// How many there are.
    pub total: i32,
}

impl From<Step> for DocumentRead {
    fn from(step: Step) -> Self {
        let number = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
        Self {
            document_id: step.part.id,
            name: step.part.name,
            state: step.state,
            reason: step.reason,
            done: number(step.done),
            total: number(step.total),
        }
    }
}
