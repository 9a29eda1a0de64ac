//! A turn: a question and its answer. Opened in one transaction, run on a task of its own, and ended
//! through one exit.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    complete::{self, Loose},
    event::{Citation, CountedBy, Event},
    live::{Answer, Live},
    store,
    store::State,
};
use crate::{
    app::App,
    billing::{Owner, Used, meter},
    config::wrong,
    db::ClientTx,
    error::{Code, Result},
    ids::{ClientNo, MessageId, SessionId, UserId},
    knowledge::{search::Passage, version},
    models::{ChatRequest, SharedChatModel, TokenUsage},
    queue::{self, Job},
};

/// Seconds for which the writer of an answer is believed to be alive without a sign.
pub const LEASE_SECONDS: u64 = 10;

/// What is said of an answer whose writer is gone.
pub(super) const INTERRUPTED: &str =
    "The server was restarted while it answered. What came so far is kept; please ask again.";

/// What every turn of a process shares.
pub struct Chat {
    /// Handles to the world.
    pub app: App,
    /// Answers being written here.
    pub live: Live,
    /// Those of them that are of no conversation.
    pub loose: Loose,
    /// Names this process as the writer of its answers.
    pub runner: Uuid,
    /// What one answer may take.
    pub limits: Limits,
}

/// Limits of turns, out of `[chat]`.
#[derive(Clone, Debug)]
pub struct Limits {
    pub(super) passages: usize,
    pub(super) history_tokens: u32,
    pub(super) question_chars_max: usize,
    pub(super) running_per_user: i64,
    /// Whether vendors' models are asked for titles.
    pub(super) titles_by_model: bool,
    /// Silence on a stream after which a heartbeat is sent.
    pub heartbeat: Duration,
}

impl Limits {
    /// Reads them.
    pub fn new(config: &crate::config::Config) -> anyhow::Result<Self> {
        let number = |key, range| config.number("chat", key, range);
        Ok(Self {
            passages: number("passages", 1..=20)? as usize,
            history_tokens: number("history_tokens", 0..=1_000_000)? as u32,
            question_chars_max: number("question_chars_max", 1..=100_000)? as usize,
            running_per_user: number("running_per_user", 1..=1_000)? as i64,
            titles_by_model: match config.text("chat", "titles") {
                "model" => true,
                "question" => false,
                other => {
                    return Err(wrong(format!(
                        "[chat] titles = {other}: must be model or question"
                    )));
                }
            },
            heartbeat: Duration::from_secs(number("heartbeat_seconds", 1..=60)?),
        })
    }
}

/// A turn that is written down and not answered yet.
pub struct Turn {
    pub(super) client: ClientNo,
    pub(super) user: UserId,
    pub(super) session: SessionId,
    pub(super) question: MessageId,
    pub(super) id: MessageId,
    pub(super) request: ChatRequest,
    pub(super) passages: Vec<Passage>,
    pub(super) model: SharedChatModel,
    /// Said instead of asking the model.
    pub(super) instead: Option<String>,
    /// Whether a model is to be asked for a title once there is an answer.
    pub(super) makes_title: bool,
    /// Whether the passages are out of documents, so that sentences can be traced to them.
    pub(super) cites: bool,
    /// Its place, when it is of no conversation: then it is kept nowhere.
    pub(super) loose: Option<complete::Place>,
    pub(super) answer: Arc<Answer>,
}

/// How an answer ended.
pub struct Outcome {
    /// The answer.
    pub message: MessageId,
    /// Whose it is.
    pub user: UserId,
    /// The model that wrote it.
    pub model: String,
    /// What was written.
    pub text: String,
    /// Done, stopped or failed.
    pub state: State,
    /// Where its sentences come from.
    pub citations: Vec<Citation>,
    /// Why it broke off: code and sentence.
    pub error: Option<(Code, String)>,
    /// What it used.
    pub usage: TokenUsage,
    /// Whose count that is.
    pub counted_by: CountedBy,
    /// The conversation, when a model is to make a title out of this answer.
    pub untitled: Option<SessionId>,
    /// Events that are not stored yet: number of the first and of the last, and the bytes.
    pub frames: Option<(u32, u32, Bytes)>,
}

impl Turn {
    /// Sets aside what the answer may cost, as the last deed before it is begun. What is said instead
    /// of asking the model costs nothing.
    pub(super) async fn set_aside(&mut self, tx: &mut ClientTx, now: OffsetDateTime) -> Result<()> {
        if self.instead.is_none() {
            let who = (Owner::User(self.user), self.id.0);
            let model = self.model.clone();
            meter::open_answer(tx, who, model.name(), &mut self.request, now).await?;
        }
        Ok(())
    }
}

impl Chat {
    /// Ends an answer, whoever writes it: here at once, in another process with its next sign of life.
    pub async fn stop(&self, client: ClientNo, id: MessageId) -> Result<()> {
        if self.stop_here(client, id) {
            return Ok(());
        }
        let mut tx = self.app.db.client(client).await?;
        store::take_lease(&mut tx, id).await?;
        tx.commit().await
    }

    /// Ends an answer if this process writes it.
    pub fn stop_here(&self, client: ClientNo, id: MessageId) -> bool {
        let answer = self.live.find(client, id);
        answer.inspect(|answer| answer.stop.cancel()).is_some()
    }
}

/// The one exit of every answer: done, stopped, failed or left behind by a process that died. What
/// was written is stored, and what it used is booked and paid, in the caller's transaction. False when the
/// answer had ended before, or is gone; what it used is booked all the same, once.
pub async fn finish(tx: &mut ClientTx, outcome: &Outcome, now: OffsetDateTime) -> Result<bool> {
    let ending = store::Ending {
        content: &outcome.text,
        state: outcome.state,
        citations: &outcome.citations,
        error: outcome
            .error
            .as_ref()
            .map(|(code, detail)| (*code, detail.as_str())),
    };
    let was_running = store::end_answer(tx, outcome.message, &ending, now).await?;
    if was_running && let Some((first, last, bytes)) = &outcome.frames {
        store::add_frames(tx, outcome.message, *first, *last, bytes).await?;
    }
    if was_running && let Some(session) = outcome.untitled {
        queue::enqueue(tx, Job::Title(session), now).await?;
    }
    let usage = store::UsageRow {
        user: outcome.user,
        model: &outcome.model,
        input_tokens: outcome.usage.input,
        output_tokens: outcome.usage.output,
        counted_by: outcome.counted_by,
        outcome: outcome.state,
    };
    store::add_usage(tx, outcome.message, &usage, now).await?;
    // so that what is cited stays to be opened
    let cited = outcome.citations.iter();
    let cited: Vec<_> = cited.map(|one| (one.document_id, one.version)).collect();
    version::cite(tx, &cited).await?;
    // last, since others wait for the wallet until the commit
    let used = Used::of_answer(outcome.usage, !outcome.text.is_empty());
    meter::settle(tx, outcome.message.0, &used, now).await?;
    Ok(was_running)
}

/// The events that end an answer, after its last piece.
pub(super) fn closing(outcome: &Outcome, replaced: bool) -> Vec<Event> {
    use super::event::{Citations, Done, End, Failed, Reset, Usage};
    let mut events = Vec::new();
    if replaced {
        events.push(Event::Reset(Reset {
            text: outcome.text.clone(),
        }));
    }
    if !outcome.citations.is_empty() {
        events.push(Event::Citations(Citations {
            citations: outcome.citations.clone(),
        }));
    }
    events.push(Event::Usage(Usage {
        input_tokens: outcome.usage.input,
        output_tokens: outcome.usage.output,
        counted_by: outcome.counted_by,
    }));
    events.push(match (&outcome.error, outcome.state) {
        (Some((code, detail)), _) => Event::Error(Failed {
            code: *code,
            detail: detail.clone(),
        }),
        (None, State::Stopped) => Event::Done(Done {
            state: End::Stopped,
        }),
        (None, _) => Event::Done(Done { state: End::Done }),
    });
    events
}
