//! What the document shows of prompts.

use std::collections::HashMap;

use poem_openapi::types::Example;

use super::{
    prompt::Source,
    shapes::{
        Lang, PromptAuthor, PromptBody, PromptChange, PromptList, PromptPreview, PromptPreviewed,
        PromptRollback, PromptSummary, PromptText, PromptVariable, PromptVersion,
    },
};
use crate::{http::example, ids::UserId};

const NAME: &str = "no_answer";
const ZH: &str = "没有找到。请致电客服 400-000-0000。";
const EN: &str = "Nothing was found. Please call us at 400-000-0000.";

fn variables() -> Vec<PromptVariable> {
    vec![PromptVariable {
        name: "question".into(),
        required: false,
    }]
}

fn text() -> PromptText {
    PromptText {
        zh: Some(ZH.into()),
        en: Some(EN.into()),
    }
}

impl Example for PromptList {
    fn example() -> Self {
        let prompt = PromptSummary {
            name: NAME.into(),
            title: "没有找到答案".into(),
            description: "资料中没有答案时的回复。".into(),
            variables: variables(),
            source: Source::Client,
            version: 1,
            languages: vec![Lang::Zh, Lang::En],
        };
        Self {
            items: vec![prompt],
        }
    }
}

impl Example for PromptBody {
    fn example() -> Self {
        let version = PromptVersion {
            version: 1,
            text: text(),
            created_at: example::time(),
            note: "客服电话".into(),
            by: PromptAuthor {
                user_id: Some(UserId(example::id(0x31))),
                api_key_id: None,
            },
        };
        Self {
            name: NAME.into(),
            title: "没有找到答案".into(),
            description: "资料中没有答案时的回复。".into(),
            variables: variables(),
            source: Source::Client,
            version: 1,
            text: text(),
            versions: vec![version],
        }
    }
}

impl Example for PromptChange {
    fn example() -> Self {
        Self {
            text: text(),
            title: None,
            description: None,
            note: "客服电话".into(),
        }
    }
}

impl Example for PromptRollback {
    fn example() -> Self {
        Self { version: 1 }
    }
}

impl Example for PromptPreview {
    fn example() -> Self {
        Self {
            text: None,
            lang: Lang::Zh,
            values: HashMap::from([("question".into(), "电池保修多久？".into())]),
        }
    }
}

impl Example for PromptPreviewed {
    fn example() -> Self {
        Self { text: ZH.into() }
    }
}
