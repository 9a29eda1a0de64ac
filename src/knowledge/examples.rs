//! What the document shows of knowledge: one base, and one document in it.

use poem_openapi::types::Example;

use super::{
    base::NoAnswer,
    document::{Outcome, State},
    edit::Origin,
    shapes::*,
    version::VersionState,
};
use crate::{
    error::Error,
    http::example,
    ids::{BaseId, ChunkId, DocumentId, QuestionId},
};

const TITLE: &str = "政策";
const DESCRIPTION: &str = "Warranty and returns";
const DOCUMENT: &str = "电动车保修手册.pdf";
const SUGGESTION: &str = "电池保修多久？";
const SENTENCE: &str = "电池保修 24 个月或 800 次充电循环，以先到者为准。";

fn base() -> BaseId {
    BaseId(example::id(0x20))
}

fn document() -> DocumentId {
    DocumentId(example::id(0x21))
}

fn chunk() -> ChunkId {
    ChunkId(example::id(0x22))
}

impl Example for NewKnowledgeBase {
    fn example() -> Self {
        Self {
            name: "policy".into(),
            title: TITLE.into(),
            description: DESCRIPTION.into(),
            no_answer: Some(NoAnswer::Refuse),
            shared: false,
            suggestions: vec![SUGGESTION.into()],
        }
    }
}

impl Example for KnowledgeBaseChange {
    fn example() -> Self {
        Self {
            title: Some(TITLE.into()),
            description: None,
            no_answer: Some(NoAnswer::Model),
            suggestions: Some(vec![SUGGESTION.into()]),
        }
    }
}

impl Example for KnowledgeBase {
    fn example() -> Self {
        Self {
            id: base(),
            name: "policy".into(),
            title: TITLE.into(),
            description: DESCRIPTION.into(),
            owner: Owner::User,
            writable: true,
            no_answer: NoAnswer::Refuse,
            suggestions: vec![SUGGESTION.into()],
            documents: 1,
            chunks: 14,
            created_at: example::time(),
        }
    }
}

impl Example for DocumentAddress {
    fn example() -> Self {
        Self {
            url: "https://www.example.com/warranty.html".into(),
        }
    }
}

impl Example for DocumentAddresses {
    fn example() -> Self {
        Self {
            urls: vec![DocumentAddress::example().url],
        }
    }
}

impl Example for ReplacementBody {
    fn example() -> Self {
        Self {
            items: vec![DocumentBody::example()],
        }
    }
}

impl Example for DocumentBody {
    fn example() -> Self {
        Self {
            id: document(),
            knowledge_base_id: base(),
            name: DOCUMENT.into(),
            media_type: "application/pdf".into(),
            bytes: 48_213,
            source_url: None,
            state: State::Ready,
            reason: None,
            pages: Some(4),
            page_errors: Vec::new(),
            chunks: 14,
            version: 1,
            enabled: true,
            created_at: example::time(),
        }
    }
}

impl Example for DocumentChange {
    fn example() -> Self {
        Self {
            name: Some(DOCUMENT.into()),
            enabled: Some(true),
        }
    }
}

impl Example for Rebuild {
    fn example() -> Self {
        Self {
            chunk_chars: Some(500),
            recut: false,
            chunks: None,
        }
    }
}

impl Example for DocumentVersionBody {
    fn example() -> Self {
        Self {
            version: 1,
            state: VersionState::Current,
            reason: None,
            file_name: DOCUMENT.into(),
            bytes: 48_213,
            media_type: "application/pdf".into(),
            source_url: None,
            pages: Some(4),
            page_errors: Vec::new(),
            chunks: 14,
            chunk_chars: None,
            custom: false,
            created_at: example::time(),
        }
    }
}

impl Example for DocumentVersions {
    fn example() -> Self {
        Self {
            items: vec![DocumentVersionBody::example()],
        }
    }
}

impl Example for BatchProblem {
    fn example() -> Self {
        Self::from(&Error::Taken("name of a document in this knowledge base"))
    }
}

impl Example for BatchItem {
    fn example() -> Self {
        Self {
            name: DOCUMENT.into(),
            outcome: None,
            document: None,
            problem: Some(BatchProblem::example()),
        }
    }
}

impl Example for BatchBody {
    fn example() -> Self {
        let taken = BatchItem {
            name: DOCUMENT.into(),
            outcome: Some(Outcome::Added),
            document: Some(DocumentBody::example()),
            problem: None,
        };
        Self {
            items: vec![taken, BatchItem::example()],
        }
    }
}

impl Example for DocumentProgress {
    fn example() -> Self {
        Self {
            state: State::Embedding,
            reason: None,
            done: 8,
            total: 14,
        }
    }
}

impl Example for DocumentText {
    fn example() -> Self {
        Self {
            document_id: document(),
            version: 1,
            start: 120,
            end: 149,
            total: 5_204,
            text: SENTENCE.into(),
        }
    }
}

impl Example for ChunkBody {
    fn example() -> Self {
        Self {
            id: chunk(),
            document_id: document(),
            version: 1,
            ordinal: 3,
            start: 120,
            end: 149,
            page: Some(1),
            context: "保修期限".into(),
            text: SENTENCE.into(),
            metadata: None,
            enabled: true,
            origin: Origin::Extracted,
            revision: 1,
        }
    }
}

impl Example for ChunkChange {
    fn example() -> Self {
        Self {
            text: Some(SENTENCE.into()),
            context: None,
            enabled: Some(true),
        }
    }
}

impl Example for NewChunk {
    fn example() -> Self {
        Self {
            text: SENTENCE.into(),
            context: "保修期限".into(),
        }
    }
}

impl Example for SearchRequest {
    fn example() -> Self {
        Self {
            query: "电池保修多久？".into(),
            limit: Some(5),
            vector: None,
            explain: true,
        }
    }
}

impl Example for SearchResult {
    fn example() -> Self {
        let explain = ExplainBody {
            lexical: Some(4.25),
            vector: None,
            lexical_weight: 1.0,
            vector_weight: 0.0,
        };
        let passage = PassageBody {
            chunk_id: chunk(),
            document_id: document(),
            document_name: DOCUMENT.into(),
            version: 1,
            start: 120,
            end: 149,
            page: Some(1),
            text: SENTENCE.into(),
            metadata: None,
            score: 1.0,
            explain: Some(explain),
        };
        Self {
            passages: vec![passage],
        }
    }
}

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
