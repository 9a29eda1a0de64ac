//! How the model is asked: rules, numbered passages, as much of the conversation as fits, the question.

use crate::{
    error::{Error, Result},
    knowledge::search::Passage,
    models::{ChatMessage, ChatRequest, Excerpt, Language, Role, tokens},
    prompts::{ANSWER, FREE, Layers, NO_ANSWER, language_name},
};

/// Characters of a question that a refusal repeats at most.
const REPEATED_CHARS_MAX: usize = 200;

/// The rules for an answer.
pub struct Rules<'a> {
    /// The prompts of client and base.
    pub layers: &'a Layers,
    /// The prompt that stands in the place of `answer` and `free`.
    pub chosen: Option<&'a str>,
    /// What the question is asked in.
    pub language: Language,
}

impl Rules<'_> {
    /// The prompts that are needed for it.
    pub fn names(chosen: Option<&str>) -> Vec<&str> {
        [ANSWER, FREE, NO_ANSWER]
            .into_iter()
            .chain(chosen)
            .collect()
    }

    /// What the model is told before everything else.
    fn system(&self, passages: &[Passage]) -> String {
        let block = block(passages);
        let values = [
            ("passages", block.as_str()),
            ("language", language_name(self.language)),
        ];
        let usual = if passages.is_empty() { FREE } else { ANSWER };
        // one that was taken back since it was chosen counts no more
        let chosen = self.chosen.filter(|name| self.layers.has(name));
        let name = chosen.unwrap_or(usual);
        let text = self.layers.render(name, self.language, &values);
        text.unwrap_or_default()
    }

    /// What is said when nothing was found.
    pub fn no_answer(&self, question: &str) -> String {
        let question: String = question.chars().take(REPEATED_CHARS_MAX).collect();
        let values = [("question", question.as_str())];
        let text = self.layers.render(NO_ANSWER, self.language, &values);
        text.unwrap_or_default()
    }
}

/// An earlier message of the conversation.
#[derive(Clone, Debug)]
pub struct Earlier {
    /// Who said it.
    pub role: Role,
    /// What was said.
    pub content: String,
}

/// How much a prompt may hold, in tokens.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// Of the model, for prompt and answer together.
    pub context_tokens: u32,
    /// Kept free for the answer.
    pub output_tokens_max: u32,
    /// For earlier messages, at most.
    pub history_tokens: u32,
}

impl Room {
    /// For the prompt. Tokens are estimated, so a tenth is left alone.
    fn prompt_tokens(self) -> u32 {
        let sure = self.context_tokens - self.context_tokens / 10;
        sure.saturating_sub(self.output_tokens_max)
    }
}

/// Puts the request together. The question is whole; passages that find no room leave, the last
/// first. `earlier` is newest first; what does not fit into what is left, or into `history_tokens`,
/// is left out, a question never without its answer.
///
/// # Errors
/// `Invalid` when there is not even room for the question and a passage.
pub fn build(
    question: &str,
    told: &Rules<'_>,
    passages: &mut Vec<Passage>,
    earlier: Vec<Earlier>,
    room: Room,
) -> Result<ChatRequest> {
    let asked = ChatMessage {
        role: Role::User,
        content: question.to_owned(),
    };
    let (rules, left) = loop {
        let rules = ChatMessage {
            role: Role::System,
            content: told.system(passages),
        };
        let pair = [rules, asked.clone()];
        let used = tokens::count_prompt(&pair);
        let [rules, _] = pair;
        if let Some(left) = room.prompt_tokens().checked_sub(used) {
            break (rules, left);
        }
        passages.pop();
        if passages.is_empty() {
            return Err(Error::invalid(
                "The question is too long for the model that is to answer it: make it shorter.",
            ));
        }
    };
    let mut kept = fitting(earlier, room.history_tokens.min(left));
    kept.reverse();
    let messages = [vec![rules], kept, vec![asked]].concat();
    Ok(ChatRequest {
        messages,
        question: question.to_owned(),
        passages: passages
            .iter()
            .map(|passage| Excerpt {
                context: passage.context.clone(),
                text: passage.text.clone(),
            })
            .collect(),
        no_answer: told.no_answer(question),
        output_tokens_max: room.output_tokens_max,
        temperature: None,
    })
}

/// The passages, numbered and fenced.
fn block(passages: &[Passage]) -> String {
    let fenced = passages.iter().zip(1..).map(|(passage, n)| {
        // the fence cannot be closed from inside
        let body = passage.text.replace("</passage", "<\u{200b}/passage");
        let [name, section] = [&passage.document_name, &passage.context]
            .map(|words| words.replace(['"', '<', '>', '\n'], " "));
        format!("<passage n=\"{n}\" document=\"{name}\" section=\"{section}\">\n{body}\n</passage>")
    });
    fenced.collect::<Vec<_>>().join("\n\n")
}

fn fitting(earlier: Vec<Earlier>, tokens_max: u32) -> Vec<ChatMessage> {
    let mut left = tokens_max;
    let mut kept: Vec<ChatMessage> = Vec::new();
    for message in earlier {
        let Some(rest) = left.checked_sub(tokens::count(&message.content)) else {
            break;
        };
        left = rest;
        kept.push(ChatMessage {
            role: message.role,
            content: message.content,
        });
    }
    // newest first: an answer whose question fell out is the last
    while kept
        .last()
        .is_some_and(|message| message.role == Role::Assistant)
    {
        kept.pop();
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(role: Role, chars: usize) -> Earlier {
        Earlier {
            role,
            content: "字".repeat(chars),
        }
    }

    #[test]
    fn history_is_cut_to_its_budget_in_whole_turns() {
        let earlier = || {
            vec![
                said(Role::Assistant, 100),
                said(Role::User, 10),
                said(Role::Assistant, 100),
                said(Role::User, 10),
            ]
        };
        let build = |earlier, history_tokens| {
            let room = Room {
                context_tokens: 100_000,
                output_tokens_max: 100,
                history_tokens,
            };
            let layers = Layers::default();
            let rules = Rules {
                layers: &layers,
                chosen: None,
                language: Language::English,
            };
            super::build("q", &rules, &mut vec![], earlier, room).unwrap()
        };
        let all = build(earlier(), 10_000);
        assert_eq!(all.messages.len(), 6);
        assert_eq!(all.messages[1].role, Role::User);
        let cost = tokens::count(&"字".repeat(100)) + tokens::count(&"字".repeat(10));
        let one = build(earlier(), cost + tokens::count(&"字".repeat(100)));
        let roles: Vec<Role> = one.messages.iter().map(|message| message.role).collect();
        assert_eq!(
            roles,
            [Role::System, Role::User, Role::Assistant, Role::User]
        );
        assert_eq!(build(earlier(), 0).messages.len(), 2);
        assert_eq!(build(vec![], 10_000).messages.len(), 2);
    }
}
