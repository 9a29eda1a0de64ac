//! What the document shows of questions, of whole bases and of vectors.

use poem_openapi::types::Example;

use super::{DOCUMENT, SENTENCE, SUGGESTION, base, document};
use crate::{
    http::example,
    ids::QuestionId,
    knowledge::{document::State, shapes::*},
};

impl Example for BaseRebuild {
    fn example() -> Self {
        Self {
            chunk_chars: Some(500),
            recut: false,
            enable: true,
        }
    }
}

impl Example for DocumentRead {
    fn example() -> Self {
        Self {
            document_id: document(),
            name: DOCUMENT.into(),
            state: State::Ready,
            reason: None,
            done: 1,
            total: 1,
        }
    }
}

impl Example for NewRecommendedQuestion {
    fn example() -> Self {
        Self {
            query: SUGGESTION.into(),
            knowledge_base_id: Some(base()),
            answer: String::new(),
            enabled: Some(true),
        }
    }
}

impl Example for RecommendedQuestionChange {
    fn example() -> Self {
        Self {
            query: None,
            answer: Some(SENTENCE.into()),
            enabled: Some(false),
        }
    }
}

impl Example for RecommendedQuestion {
    fn example() -> Self {
        Self {
            id: QuestionId(example::id(0x23)),
            query: SUGGESTION.into(),
            answer: String::new(),
            knowledge_base_id: Some(base()),
            tap_count: 3,
            enabled: true,
            created_at: example::time(),
        }
    }
}

impl Example for PickedQuestions {
    fn example() -> Self {
        Self {
            items: vec![RecommendedQuestion::example()],
        }
    }
}

impl Example for EmbeddingRequest {
    fn example() -> Self {
        Self {
            texts: vec![SENTENCE.into()],
            model: None,
        }
    }
}

impl Example for EmbeddingResult {
    fn example() -> Self {
        Self {
            model: "minilm".into(),
            vectors: vec![vec![0.6, 0.8]],
            input_tokens: 21,
        }
    }
}
