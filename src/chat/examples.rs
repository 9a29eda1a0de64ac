//! What the document shows of conversations: one question, as it is asked and answered.

use poem_openapi::types::{Example, MaybeUndefined};

use super::{
    event::{
        Citation, Citations, CountedBy, Delta, Done, End, Failed, FoundPassage, Passages, Reset,
        Start, Usage,
    },
    session::TitleBy,
    settings::{Settings, SettingsChange},
    shapes::{
        CompletionBody, DefaultModel, FoundInSession, KeptPassages, MessageBody, ModelBody,
        ModelList, NewCompletion, NewSession, Question, Rating, Regenerate, SessionBody,
        SessionChange, SessionExport,
    },
    store::{Rated, Speaker, State},
};
use crate::{
    error::Code,
    http::example,
    ids::{ChunkId, DocumentId, MessageId, SessionId},
};

const QUESTION: &str = "电池保修多久？";
const ANSWER: &str = "电池保修 24 个月或 800 次充电循环。[1]";
const SENTENCE: &str = "电池保修 24 个月或 800 次充电循环，以先到者为准。";
const DOCUMENT: &str = "电动车保修手册.pdf";
const MODEL: &str = "extractive";

fn session() -> SessionId {
    SessionId(example::id(0x10))
}

fn question() -> MessageId {
    MessageId(example::id(0x11))
}

fn answer() -> MessageId {
    MessageId(example::id(0x12))
}

impl Example for NewSession {
    fn example() -> Self {
        Self {
            title: "保修".into(),
            knowledge_base_ids: None,
            settings: None,
            id: None,
            mode: None,
            param: None,
        }
    }
}

impl Example for SessionChange {
    fn example() -> Self {
        Self {
            title: Some("电池的保修".into()),
            knowledge_base_ids: MaybeUndefined::Undefined,
            settings: Some(SettingsChange::example()),
            current_message_id: None,
        }
    }
}

impl Example for SessionBody {
    fn example() -> Self {
        Self {
            id: session(),
            title: "保修".into(),
            title_by: TitleBy::User,
            knowledge_base_ids: None,
            settings: Settings::example(),
            mode: None,
            param: None,
            current_message_id: Some(answer()),
            created_at: example::time(),
            updated_at: example::time(),
        }
    }
}

impl Example for Question {
    fn example() -> Self {
        Self {
            id: None,
            content: QUESTION.into(),
            edit_of: None,
            settings: None,
            knowledge_base_ids: None,
            history: None,
        }
    }
}

impl Example for MessageBody {
    fn example() -> Self {
        Self {
            id: answer(),
            session_id: session(),
            role: Speaker::Assistant,
            reply_to: Some(question()),
            parent_id: Some(question()),
            siblings: vec![answer()],
            rating: Some(Rating::example()),
            content: ANSWER.into(),
            state: State::Done,
            citations: Citations::example().citations,
            error: None,
            model: Some(MODEL.into()),
            usage: Some(Usage::example()),
            created_at: example::time(),
        }
    }
}

impl Example for Regenerate {
    fn example() -> Self {
        Self {
            id: None,
            settings: None,
            knowledge_base_ids: None,
            history: None,
        }
    }
}

impl Example for NewCompletion {
    fn example() -> Self {
        Self {
            content: QUESTION.into(),
            settings: None,
            knowledge_base_ids: None,
            history: None,
        }
    }
}

impl Example for CompletionBody {
    fn example() -> Self {
        Self {
            id: answer(),
            content: ANSWER.into(),
            citations: Citations::example().citations,
            error: None,
            usage: Some(Usage::example()),
        }
    }
}

impl Example for KeptPassages {
    fn example() -> Self {
        Self {
            passages: Some(Passages::example().passages),
        }
    }
}

impl Example for Rating {
    fn example() -> Self {
        Self {
            value: Some(Rated::Up),
            comment: None,
        }
    }
}

impl Example for DefaultModel {
    fn example() -> Self {
        Self {
            default: Some("extractive".into()),
        }
    }
}

impl Example for ModelList {
    fn example() -> Self {
        let model = ModelBody {
            name: MODEL.into(),
            kind: MODEL.into(),
            default: true,
        };
        Self { items: vec![model] }
    }
}

impl Example for FoundInSession {
    fn example() -> Self {
        Self {
            session: SessionBody::example(),
            message_id: Some(question()),
            excerpt: QUESTION.into(),
            start: 2,
            end: 4,
        }
    }
}

impl Example for SessionExport {
    fn example() -> Self {
        Self {
            session: SessionBody::example(),
            exported_at: example::time(),
            earlier_left_out: false,
            messages: vec![MessageBody::example()],
        }
    }
}

impl Example for Start {
    fn example() -> Self {
        Self {
            session_id: session(),
            question_id: question(),
            message_id: answer(),
            model: MODEL.into(),
        }
    }
}

impl Example for Passages {
    fn example() -> Self {
        let passage = FoundPassage {
            n: 1,
            document_id: DocumentId(example::id(0x21)),
            document_name: DOCUMENT.into(),
            version: 1,
            chunk_id: ChunkId(example::id(0x22)),
            start: 120,
            end: 149,
            page: Some(1),
            text: SENTENCE.into(),
        };
        Self {
            passages: vec![passage],
        }
    }
}

impl Example for Delta {
    fn example() -> Self {
        Self {
            text: "电池保修 24 个月".into(),
        }
    }
}

impl Example for Citations {
    fn example() -> Self {
        let citation = Citation {
            n: 1,
            document_id: DocumentId(example::id(0x21)),
            document_name: DOCUMENT.into(),
            version: 1,
            chunk_id: ChunkId(example::id(0x22)),
            start: 120,
            end: 149,
            quote: SENTENCE.into(),
            page: Some(1),
        };
        Self {
            citations: vec![citation],
        }
    }
}

impl Example for Usage {
    fn example() -> Self {
        Self {
            input_tokens: 412,
            output_tokens: 21,
            counted_by: CountedBy::Server,
        }
    }
}

impl Example for Reset {
    fn example() -> Self {
        Self {
            text: ANSWER.into(),
        }
    }
}

impl Example for Done {
    fn example() -> Self {
        Self { state: End::Done }
    }
}

impl Example for Failed {
    fn example() -> Self {
        Self {
            code: Code::Interrupted,
            detail: super::turn::INTERRUPTED.into(),
        }
    }
}
