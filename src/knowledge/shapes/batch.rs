//! Many documents at once, on the wire.

use poem_openapi::Object;

use super::DocumentBody;
use crate::{
    error::{Code, Error},
    knowledge::{batch::Item, document::Outcome},
};

/// What became of the files of a batch.
#[derive(Object)]
#[oai(rename = "DocumentBatch", example)]
pub struct BatchBody {
    /// In the order in which they came; those of an archive in its place.
    pub items: Vec<BatchItem>,
}

/// What became of a file.
#[derive(Object)]
#[oai(rename = "DocumentBatchItem", example)]
pub struct BatchItem {
    /// Its name.
    pub name: String,
    /// What happened to it; null when it was refused.
    pub outcome: Option<Outcome>,
    /// Its document; null when it was refused.
    pub document: Option<DocumentBody>,
    /// Why it was refused.
    pub problem: Option<BatchProblem>,
}

/// Why a file was refused.
#[derive(Object)]
#[oai(rename = "DocumentBatchProblem", example)]
pub struct BatchProblem {
    /// For machines.
    pub code: Code,
    /// For people.
    pub detail: String,
}

impl TryFrom<Vec<Item>> for BatchBody {
    type Error = Error;

    fn try_from(items: Vec<Item>) -> Result<Self, Error> {
        if items.is_empty() {
            return Err(Error::invalid(
                "There is no file in the form: send each as a part called file.",
            ));
        }
        Ok(Self {
            items: items.into_iter().map(Into::into).collect(),
        })
    }
}

impl From<Item> for BatchItem {
    fn from(item: Item) -> Self {
        let (outcome, document, problem) = match item.taken {
            Ok((document, outcome)) => (Some(outcome), Some(document.into()), None),
            Err(error) => (None, None, Some(BatchProblem::from(&error))),
        };
        Self {
            name: item.name,
            outcome,
            document,
            problem,
        }
    }
}

impl From<&Error> for BatchProblem {
    fn from(error: &Error) -> Self {
        Self {
            code: error.kind(),
            detail: error.to_string(),
        }
    }
}
