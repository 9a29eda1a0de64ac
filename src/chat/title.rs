//! Titles of conversations that a model makes, by a job behind the first answer.

use std::time::Duration;

use futures_util::StreamExt;
use time::OffsetDateTime;

use super::{
    event::CountedBy,
    session, store,
    store::{State, Untitled},
};
use crate::{
    app::App,
    error::{Error, Result},
    ids::{ClientNo, MessageId, SessionId},
    knowledge::lexical::fusion::language,
    models::{ChatEvent, ChatMessage, ChatRequest, Role, SharedChatModel, TokenUsage, tokens},
    prompts::{self, TITLE, language_name},
};

/// Characters of question and answer that the model reads at most.
const READ_CHARS_MAX: usize = 2_000;
/// Tokens that it may write: models that think first need some for that.
const OUTPUT_TOKENS_MAX: u32 = 256;
/// Bytes that are taken of what it writes.
const WRITTEN_BYTES_MAX: usize = 4_096;
/// Seconds that it may take.
const SECONDS_MAX: u64 = 60;

/// Gives a conversation a title out of its first question and answer. Nothing happens when its user
/// has given it one, or when it has one of a model's already.
///
/// # Errors
/// Those of the model: the job is tried again.
pub async fn make(app: &App, client: ClientNo, id: SessionId) -> Result<()> {
    let mut tx = app.db.client(client).await?;
    let Some(untitled) = store::untitled(&mut tx, id).await? else {
        return Ok(());
    };
    // other than the question, it was made already
    if untitled.title != session::title_of(&untitled.question) {
        return Ok(());
    }
    let layers = prompts::prompt::layers(&mut tx, &[TITLE]).await?;
    drop(tx);
    let chosen = untitled.settings.0.model.as_deref();
    let entry = app
        .models
        .chat_or_default(chosen.or(untitled.default_model.as_deref()));
    let request = request(&untitled, &layers, entry.output_tokens_max);
    let (text, usage) = ask(&entry.model, request).await?;
    let now = app.clock.now();
    let mut tx = app.db.client(client).await?;
    if let Some(title) = clean(&text) {
        store::set_made_title(&mut tx, id, &title, &untitled.title).await?;
    }
    book(&mut tx, &untitled, entry.model.name(), usage, now).await?;
    tx.commit().await
}

fn request(untitled: &Untitled, layers: &prompts::Layers, tokens_max: u32) -> ChatRequest {
    let begin = |text: &str| text.chars().take(READ_CHARS_MAX).collect::<String>();
    // the fence cannot be closed from inside
    let fenced = |text: &str| begin(text).replace("</", "<\u{200b}/");
    let (question, answer) = (fenced(&untitled.question), fenced(&untitled.answer));
    let language = language(&untitled.question);
    let values = [
        ("question", question.as_str()),
        ("answer", answer.as_str()),
        ("language", language_name(language)),
    ];
    ChatRequest {
        messages: vec![ChatMessage {
            role: Role::User,
            content: layers.render(TITLE, language, &values).unwrap_or_default(),
        }],
        question: begin(&untitled.question),
        passages: Vec::new(),
        no_answer: String::new(),
        output_tokens_max: OUTPUT_TOKENS_MAX.min(tokens_max),
        temperature: None,
    }
}

/// What the model writes, and what it used.
async fn ask(
    model: &SharedChatModel,
    request: ChatRequest,
) -> Result<(String, (TokenUsage, CountedBy))> {
    let read = tokens::count_prompt(&request.messages);
    let writing = async {
        let (mut text, mut usage) = (String::new(), None);
        let mut events = model.answer(request).await?;
        while let Some(event) = events.next().await {
            match event? {
                ChatEvent::Delta(piece) => text.push_str(&piece),
                ChatEvent::Usage(counted) => usage = Some((counted, CountedBy::Vendor)),
                ChatEvent::Cut(_) => {}
            }
            if text.len() > WRITTEN_BYTES_MAX {
                break;
            }
        }
        let estimate = TokenUsage {
            input: read,
            cached: 0,
            output: tokens::count(&text),
        };
        Ok((text, usage.unwrap_or((estimate, CountedBy::Server))))
    };
    let written = tokio::time::timeout(Duration::from_secs(SECONDS_MAX), writing).await;
    written.map_err(|_| Error::Upstream(anyhow::anyhow!("a title took over {SECONDS_MAX} s")))?
}

/// A title costs like an answer, so it is booked like one, under an id that nothing else has.
async fn book(
    tx: &mut crate::db::ClientTx,
    untitled: &Untitled,
    model: &str,
    (usage, counted_by): (TokenUsage, CountedBy),
    now: OffsetDateTime,
) -> Result<()> {
    let row = store::UsageRow {
        user: untitled.user_id,
        model,
        input_tokens: usage.input,
        output_tokens: usage.output,
        counted_by,
        outcome: State::Done,
    };
    store::add_usage(tx, MessageId::new(now), &row, now).await
}

/// The title in what a model wrote: its last line, since some think aloud first, without what
/// models put around a title.
fn clean(text: &str) -> Option<String> {
    let is_said = |line: &&str| line.chars().any(char::is_alphanumeric);
    let line = text.lines().rfind(is_said)?;
    let bare =
        |c: char| c.is_whitespace() || c.is_control() || "\"'`*#“”‘’「」『』《》.。".contains(c);
    let line = line.trim_matches(bare);
    let line = ["Title:", "标题：", "标题:"]
        .iter()
        .find_map(|word| line.strip_prefix(word))
        .unwrap_or(line)
        .trim_matches(bare);
    let plain: String = line.chars().filter(|c| !c.is_control()).collect();
    let title = session::title_of(&plain);
    (!title.is_empty()).then_some(title)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_taken_out_of_what_models_write() {
        for (text, title) in [
            ("电池的保修期", Some("电池的保修期")),
            ("\"Battery warranty.\"", Some("Battery warranty")),
            ("**Title: Battery warranty**\n", Some("Battery warranty")),
            ("标题：《电池保修》。", Some("电池保修")),
            (
                "Let me think.\n\nBattery warranty\n",
                Some("Battery warranty"),
            ),
            ("a\0b\u{7}c", Some("abc")),
            ("", None),
            ("\n — \n\"\"", None),
        ] {
            assert_eq!(clean(text).as_deref(), title, "{text:?}");
        }
        let long = clean(&"word ".repeat(100)).unwrap();
        assert!(long.chars().count() <= session::TITLE_CHARS_MADE, "{long}");
    }
}
