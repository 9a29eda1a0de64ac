//! A turn: a question and its answer. Opened in one transaction, run on a task of its own, and ended
//! through one exit.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use time::OffsetDateTime;
use tokio::sync::oneshot;
use tracing::Instrument;
use uuid::Uuid;

use super::{
    event::{Citation, CountedBy, Event},
    live::{Answer, Live},
    prompt, session,
    session::Session,
    store,
    store::State,
};
use crate::{
    app::App,
    db::ClientTx,
    error::{Code, Error, Result},
    ids::{ClientNo, MessageId, SessionId, UserId},
    knowledge::{
        base::{self, NoAnswer},
        lexical::fusion::language,
        search::{self, Passage},
        version,
    },
    models::{self, ChatRequest, Role, SharedChatModel, TokenUsage},
};

/// Seconds for which the writer of an answer is believed to be alive without a sign.
pub const LEASE_SECONDS: u64 = 10;
/// Earlier messages read for the prompt at most.
const HISTORY_MESSAGES_MAX: i64 = 60;

/// What is said of an answer whose writer is gone.
pub(super) const INTERRUPTED: &str =
    "The server was restarted while it answered. What came so far is kept; please ask again.";

/// What every turn of a process shares.
pub struct Chat {
    /// Handles to the world.
    pub app: App,
    /// Answers being written here.
    pub live: Live,
    /// Names this process as the writer of its answers.
    pub runner: Uuid,
    /// What one answer may take.
    pub limits: Limits,
}

/// Limits of turns, out of `[chat]`.
#[derive(Clone, Debug)]
pub struct Limits {
    passages: usize,
    history_tokens: u32,
    question_chars_max: usize,
    running_per_user: i64,
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
            heartbeat: Duration::from_secs(number("heartbeat_seconds", 1..=60)?),
        })
    }
}

/// A question.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Made by the caller, so that asking twice asks once.
    pub id: Option<MessageId>,
    /// What is asked.
    pub content: String,
}

/// What asking led to.
pub enum Opened {
    /// A turn that has to be run.
    New(Box<Turn>),
    /// The answer to this very question, asked before.
    Before(MessageId),
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
    pub(super) instead: Option<&'static str>,
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
    /// Events that are not stored yet: number of the first and of the last, and the bytes.
    pub frames: Option<(u32, u32, Bytes)>,
}

impl Chat {
    /// Asks; the answer is written by a task of its own. All of it is: an asker who goes away at any
    /// moment leaves either no question or an answer under way.
    ///
    /// # Errors
    /// Those of [`Chat::open`].
    pub async fn ask(
        self: &Arc<Self>,
        client: ClientNo,
        user: UserId,
        id: SessionId,
        ask: Ask,
    ) -> Result<MessageId> {
        let (chat, (tell, told)) = (self.clone(), oneshot::channel());
        let asking = async move {
            let opened = chat.open(client, user, id, ask).await;
            let answer = opened.map(|opened| match opened {
                Opened::Before(answer) => answer,
                Opened::New(turn) => chat.start(turn),
            });
            if tell.send(answer).is_err() {
                tracing::debug!("whoever asked went away");
            }
        };
        self.app.tasks.spawn(asking.in_current_span());
        told.await.map_err(Error::internal)?
    }

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

    /// Writes a question down and finds what is needed to answer it. Everything that deserves a
    /// status of its own fails here, before the first byte of a stream.
    ///
    /// # Errors
    /// `NotFound` for a session that is not the user's, `Invalid` for an empty or over-long
    /// question, `Throttled` when the user has too many answers running, `Taken` when the id is in
    /// use for something else.
    pub async fn open(
        &self,
        client: ClientNo,
        user: UserId,
        id: SessionId,
        ask: Ask,
    ) -> Result<Opened> {
        let content = self.question(&ask.content)?;
        // the model reads the question before the transaction: nothing waits while a lock is held
        let question = self.read(client, &content).await?;
        let now = self.app.clock.now();
        let mut tx = self.app.db.client(client).await?;
        // the same question may come twice at once, and what runs is counted before it is added to
        store::lock_questions(&mut tx, user).await?;
        let asked = store::session_to_ask(&mut tx, user, id).await?;
        let store::Asked { session, running } = asked.ok_or(Error::NotFound("session"))?;
        if let Some(before) = asked_before(&mut tx, user, id, ask.id).await? {
            return Ok(Opened::Before(before));
        }
        if running >= self.limits.running_per_user {
            return Err(Error::Throttled(Duration::from_secs(2)));
        }
        let bases = self.bases(&mut tx, user, &session).await?;
        let numbers: Vec<_> = bases.iter().map(|base| base.base_no).collect();
        let mut passages =
            search::passages(&mut tx, &numbers, &question, self.limits.passages).await?;
        let model = self.app.models.chat();
        let earlier = earlier(&mut tx, id).await?;
        let room = prompt::Room {
            context_tokens: model.context_tokens(),
            output_tokens_max: self.app.models.output_tokens_max(),
            history_tokens: self.limits.history_tokens,
        };
        let request = prompt::build(&content, &mut passages, earlier, room)?;
        let refuse = bases.iter().all(|base| base.no_answer == NoAnswer::Refuse);
        let nothing =
            passages.is_empty() && (refuse && !bases.is_empty() || model.needs_passages());
        let turn = Turn {
            client,
            user,
            session: id,
            question: ask.id.unwrap_or_else(|| MessageId::new(now)),
            id: MessageId::new(now),
            request,
            instead: nothing.then(|| models::nothing_found(language(&content))),
            passages,
            model,
            answer: Arc::default(),
        };
        self.write_down(&mut tx, &turn, &content, now).await?;
        tx.commit().await?;
        self.live.begin(client, turn.id, turn.answer.clone());
        Ok(Opened::New(Box::new(turn)))
    }

    fn question(&self, content: &str) -> Result<String> {
        let content = content.trim().replace('\0', "");
        let chars = content.chars().count();
        if chars == 0 || chars > self.limits.question_chars_max {
            return Err(Error::invalid(format!(
                "A question has 1 to {} characters, this one has {chars}.",
                self.limits.question_chars_max
            )));
        }
        Ok(content)
    }

    /// The question as it is searched: by words alone while the embedding model is away.
    async fn read(&self, client: ClientNo, content: &str) -> Result<search::Question> {
        let embedder = self.app.models.embedder_of_questions(client);
        match search::question(embedder.as_deref(), content).await {
            Err(error) => {
                tracing::warn!(
                    ?error,
                    "searching by words only: the embedding model failed"
                );
                search::question(None, content).await
            }
            question => question,
        }
    }

    /// The bases that this conversation asks and the user may read at this moment.
    async fn bases(
        &self,
        tx: &mut ClientTx,
        user: UserId,
        session: &Session,
    ) -> Result<Vec<base::Base>> {
        let mut bases = base::readable(tx, user).await?;
        if let Some(chosen) = &session.base_ids {
            bases.retain(|base| chosen.contains(&base.base_id.0));
        }
        Ok(bases)
    }

    async fn write_down(
        &self,
        tx: &mut ClientTx,
        turn: &Turn,
        content: &str,
        now: OffsetDateTime,
    ) -> Result<()> {
        let new = store::NewTurn {
            session: turn.session,
            user: turn.user,
            question: turn.question,
            content,
            answer: turn.id,
            model: turn.model.name(),
            runner: self.runner,
            leased_until: now + Duration::from_secs(LEASE_SECONDS),
            title: &session::title_of(content),
            now,
        };
        store::add_turn(tx, &new).await
    }
}

/// The one exit of every answer: done, stopped, failed or left behind by a process that died. What
/// was written is stored, and what it used is booked, in the caller's transaction. False when the
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
    Ok(was_running)
}

/// The answer to this question, when the same user asked it in this session before.
async fn asked_before(
    tx: &mut ClientTx,
    user: UserId,
    session: SessionId,
    id: Option<MessageId>,
) -> Result<Option<MessageId>> {
    let Some(id) = id else { return Ok(None) };
    match store::message(tx, user, id).await? {
        Some(message) if message.session_id == session && message.role == store::Speaker::User => {
            store::answer_to(tx, id).await
        }
        // another session's, or an answer: adding it fails with `Taken`
        _ => Ok(None),
    }
}

async fn earlier(tx: &mut ClientTx, session: SessionId) -> Result<Vec<prompt::Earlier>> {
    let said = store::said(tx, session, HISTORY_MESSAGES_MAX).await?;
    let earlier = said.into_iter().map(|(speaker, content)| prompt::Earlier {
        role: match speaker {
            store::Speaker::User => Role::User,
            store::Speaker::Assistant => Role::Assistant,
        },
        content,
    });
    Ok(earlier.collect())
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
