//! Opens a turn: all that is read and written before the first word of an answer.

use std::{sync::Arc, time::Duration};

use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    otherwise::Otherwise,
    prompt::{self, Earlier, Rules},
    session,
    settings::Settings,
    store::{self, MessageRow, NewAnswer, NewQuestion, Speaker},
    turn::{Chat, LEASE_SECONDS, Turn},
};
use crate::{
    billing::meter,
    db::ClientTx,
    error::{Error, Result},
    ids::{ClientNo, MessageId, SessionId, UserId},
    knowledge::{
        base::{self, NoAnswer},
        lexical::fusion::language,
        search::{self, Passage},
    },
    models::{ChatRequest, Role, SharedChatModel},
    prompts::Layers,
};

/// Earlier messages read for the prompt at most.
const HISTORY_MESSAGES_MAX: i64 = 60;
/// Answers to one question, and wordings of one question, at most.
const SIBLINGS_MAX: usize = 100;

/// A question.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// Made by the caller, so that asking twice asks once.
    pub id: Option<MessageId>,
    /// What is asked.
    pub content: String,
    /// The question that this one is another wording of.
    pub edit_of: Option<MessageId>,
    /// What is otherwise for this answer alone.
    pub otherwise: Otherwise,
}

/// A wish for another answer.
#[derive(Clone, Debug, Default)]
pub struct Again {
    /// Of the new answer; made by the caller, so that asking twice asks once.
    pub id: Option<MessageId>,
    /// What is otherwise for this answer alone.
    pub otherwise: Otherwise,
}

/// What asking led to.
pub enum Opened {
    /// A turn that has to be run.
    New(Box<Turn>),
    /// The answer to this very question, asked before.
    Before(MessageId),
}

/// What is asked, where and how.
pub(super) struct Asking<'a> {
    pub client: ClientNo,
    pub user: UserId,
    pub session: SessionId,
    pub base_ids: Option<Vec<Uuid>>,
    pub settings: Settings,
    /// What was said before, the latest first, in the place of what the conversation holds.
    pub earlier: Option<Vec<Earlier>>,
    /// What was found elsewhere, in the place of what the bases hold.
    pub found: Vec<Passage>,
    /// The number of the message before the question.
    pub parent_no: Option<i64>,
    pub content: &'a str,
    pub question: &'a search::Question,
}

/// What an answer is made of.
pub(super) struct Material {
    request: ChatRequest,
    passages: Vec<Passage>,
    model: SharedChatModel,
    /// Whether the model is a vendor's, which can be asked for a title.
    of_vendor: bool,
    instead: Option<String>,
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
        let chat = self.clone();
        self.start_opened(async move { chat.open(client, user, id, ask).await })
            .await
    }

    /// Has a question answered once more, beside the answer that is there.
    ///
    /// # Errors
    /// Those of [`Chat::open_again`].
    pub async fn answer_again(
        self: &Arc<Self>,
        client: ClientNo,
        user: UserId,
        answer: MessageId,
        again: Again,
    ) -> Result<MessageId> {
        let chat = self.clone();
        self.start_opened(async move { chat.open_again(client, user, answer, again).await })
            .await
    }

    async fn start_opened(
        self: &Arc<Self>,
        opening: impl Future<Output = Result<Opened>> + Send + 'static,
    ) -> Result<MessageId> {
        let chat = self.clone();
        let asking = async move {
            Ok(match opening.await? {
                Opened::Before(answer) => answer,
                Opened::New(turn) => chat.start(turn),
            })
        };
        self.app.tasks.apart(asking).await
    }

    /// Writes a question down and finds what is needed to answer it. Everything that deserves a
    /// status of its own fails here, before the first byte of a stream.
    ///
    /// # Errors
    /// `NotFound` for a session that is not the user's or an edited question that is not in it,
    /// `Invalid` for an empty or over-long question, `Conflict` while the edited question is being
    /// answered, `Throttled` when the user has too many answers running, `Taken` when the id is in
    /// use for something else, and what
    /// cannot be paid for: those of `billing::meter::open`.
    pub async fn open(
        &self,
        client: ClientNo,
        user: UserId,
        id: SessionId,
        ask: Ask,
    ) -> Result<Opened> {
        let content = self.question(&ask.content)?;
        // the model reads the question before the transaction: nothing waits while a lock is held
        let words_only = ask.otherwise.asks_no_base();
        let question = self.read(client, &content, words_only).await?;
        let now = self.app.clock.now();
        let mut tx = self.app.db.client(client).await?;
        let asked = enter(&mut tx, user, id).await?;
        if let Some(before) = asked_before(&mut tx, user, id, ask.id).await? {
            return Ok(Opened::Before(before));
        }
        self.may_run_one_more(asked.running)?;
        let parent_no = match ask.edit_of {
            None => asked.current_no,
            Some(edited) => before_edited(&mut tx, user, id, edited).await?,
        };
        let untitled = asked.untitled;
        let (otherwise, models) = (ask.otherwise, &self.app.models);
        let usual = asked.settings.0;
        let asking = Asking {
            client,
            user,
            session: id,
            settings: otherwise.settings(usual, &mut tx, models).await?,
            earlier: otherwise.earlier(),
            base_ids: otherwise.bases.or(asked.base_ids),
            found: Vec::new(),
            parent_no,
            content: &content,
            question: &question,
        };
        let material = self.gather(&mut tx, &asking).await?;
        let written = ask.id.unwrap_or_else(|| MessageId::new(now));
        let makes_title = untitled && self.limits.titles_by_model && material.of_vendor;
        let mut turn = asking.turn(written, MessageId::new(now), material);
        turn.makes_title = makes_title && turn.instead.is_none();
        let asked = NewQuestion {
            question: written,
            parent_no,
            content: &content,
            title: &session::title_of(&content),
        };
        store::add_turn(&mut tx, &self.new_answer(&turn, now), &asked).await?;
        if otherwise.keep_passages {
            store::keep_passages(&mut tx, turn.id, &turn.passages).await?;
        }
        turn.set_aside(&mut tx, now).await?;
        tx.commit().await?;
        self.live.begin(client, turn.id, turn.answer.clone());
        Ok(Opened::New(Box::new(turn)))
    }

    /// Finds what is needed to answer a question once more, and writes down that it is done.
    ///
    /// # Errors
    /// `NotFound` for an answer that is not the user's, `Conflict` while its question is being
    /// answered, `Taken` for the id of something else, otherwise those of [`Chat::open`].
    pub async fn open_again(
        &self,
        client: ClientNo,
        user: UserId,
        answer: MessageId,
        again: Again,
    ) -> Result<Opened> {
        let asked = self.question_of(client, user, answer).await?;
        let words_only = again.otherwise.asks_no_base();
        let question = self.read(client, &asked.content, words_only).await?;
        let now = self.app.clock.now();
        let mut tx = self.app.db.client(client).await?;
        let session = enter(&mut tx, user, asked.session_id).await?;
        if let Some(before) = answered_before(&mut tx, user, &asked, again.id).await? {
            return Ok(Opened::Before(before));
        }
        self.check_new(&mut tx, client, again.id).await?;
        self.may_run_one_more(session.running)?;
        check_answers(&mut tx, user, &asked).await?;
        nothing_runs(&mut tx, &asked).await?;
        let (otherwise, models) = (again.otherwise, &self.app.models);
        let usual = session.settings.0;
        let asking = Asking {
            client,
            user,
            session: asked.session_id,
            settings: otherwise.settings(usual, &mut tx, models).await?,
            earlier: otherwise.earlier(),
            base_ids: otherwise.bases.or(session.base_ids),
            found: Vec::new(),
            parent_no: asked.parent_no,
            content: &asked.content,
            question: &question,
        };
        let material = self.gather(&mut tx, &asking).await?;
        let written = again.id.unwrap_or_else(|| MessageId::new(now));
        let mut turn = asking.turn(asked.message_id, written, material);
        store::add_answer(&mut tx, &self.new_answer(&turn, now), asked.no).await?;
        if otherwise.keep_passages {
            store::keep_passages(&mut tx, turn.id, &turn.passages).await?;
        }
        turn.set_aside(&mut tx, now).await?;
        tx.commit().await?;
        self.live.begin(client, turn.id, turn.answer.clone());
        Ok(Opened::New(Box::new(turn)))
    }

    /// Refuses the id of something that is or was written elsewhere: of an answer without a
    /// conversation there is no message, and its end would be taken for this one's.
    async fn check_new(
        &self,
        tx: &mut ClientTx,
        client: ClientNo,
        id: Option<MessageId>,
    ) -> Result<()> {
        let Some(id) = id else { return Ok(()) };
        if self.live.find(client, id).is_some() || meter::is_known(tx, id.0).await? {
            return Err(Error::Taken("message id"));
        }
        Ok(())
    }

    /// The question of an answer, or the question itself.
    async fn question_of(
        &self,
        client: ClientNo,
        user: UserId,
        answer: MessageId,
    ) -> Result<MessageRow> {
        let mut tx = self.app.db.client(client).await?;
        let answer = store::message(&mut tx, user, answer).await?;
        let answer = answer.ok_or(Error::NotFound("answer"))?;
        let Some(question) = session::question_of(&answer) else {
            return Ok(answer);
        };
        let question = store::message(&mut tx, user, question).await?;
        question.ok_or(Error::NotFound("answer"))
    }

    pub(super) fn question(&self, content: &str) -> Result<String> {
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

    /// The question as it is searched: by words alone while the embedding model is away, or when
    /// nothing is searched at all.
    pub(super) async fn read(
        &self,
        client: ClientNo,
        content: &str,
        words_only: bool,
    ) -> Result<search::Question> {
        if words_only {
            return search::question(None, content).await;
        }
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

    fn may_run_one_more(&self, running: i64) -> Result<()> {
        if running >= self.limits.running_per_user {
            return Err(Error::Throttled(Duration::from_secs(2)));
        }
        Ok(())
    }

    pub(super) async fn gather(&self, tx: &mut ClientTx, asking: &Asking<'_>) -> Result<Material> {
        let settings = &asking.settings;
        let bases = bases(tx, asking).await?;
        let numbers: Vec<_> = bases.iter().map(|base| base.base_no).collect();
        let passages_max = settings.top_k.map_or(self.limits.passages, |k| k as usize);
        let mut passages = search::passages(tx, &numbers, asking.question, passages_max).await?;
        if let Some(threshold) = settings.threshold {
            passages.retain(|passage| passage.score >= threshold);
        }
        passages.extend_from_slice(&asking.found);
        let (earlier, layers, default_model) = told(tx, asking, &bases).await?;
        let name = settings.model.as_deref().or(default_model.as_deref());
        let entry = self.app.models.chat_or_default(name);
        let rules = Rules {
            layers: &layers,
            chosen: settings.prompt.as_deref(),
            language: language(asking.content),
        };
        let cap = entry.output_tokens_max;
        let room = prompt::Room {
            context_tokens: entry.model.context_tokens(),
            output_tokens_max: settings.max_tokens.map_or(cap, |tokens| tokens.min(cap)),
            history_tokens: self.limits.history_tokens,
        };
        let mut request = prompt::build(asking.content, &rules, &mut passages, earlier, room)?;
        request.temperature = settings.temperature;
        let refuse = bases.iter().all(|base| base.no_answer == NoAnswer::Refuse);
        let nothing =
            passages.is_empty() && (refuse && !bases.is_empty() || entry.model.needs_passages());
        Ok(Material {
            instead: nothing.then(|| request.no_answer.clone()),
            request,
            passages,
            model: entry.model.clone(),
            of_vendor: matches!(entry.kind.as_str(), "openai" | "azure"),
        })
    }

    fn new_answer<'a>(&self, turn: &'a Turn, now: OffsetDateTime) -> NewAnswer<'a> {
        NewAnswer {
            session: turn.session,
            user: turn.user,
            answer: turn.id,
            model: turn.model.name(),
            runner: self.runner,
            leased_until: now + Duration::from_secs(LEASE_SECONDS),
            now,
        }
    }
}

impl Asking<'_> {
    pub(super) fn turn(&self, question: MessageId, id: MessageId, material: Material) -> Turn {
        Turn {
            client: self.client,
            user: self.user,
            session: self.session,
            question,
            id,
            request: material.request,
            passages: material.passages,
            model: material.model,
            instead: material.instead,
            makes_title: false,
            cites: self.found.is_empty(),
            loose: None,
            answer: Arc::default(),
        }
    }
}

/// The session, from now on closed to other questions of the user: the same one may come twice at
/// once, and what runs is counted before it is added to.
async fn enter(tx: &mut ClientTx, user: UserId, id: SessionId) -> Result<store::Asked> {
    store::lock_questions(tx, user).await?;
    let asked = store::session_to_ask(tx, user, id).await?;
    asked.ok_or(Error::NotFound("session"))
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
        Some(message) if message.session_id == session && message.role == Speaker::User => {
            store::answer_to(tx, id).await
        }
        // another session's, or an answer: adding it fails with `Taken`
        _ => Ok(None),
    }
}

/// The answer of this id, when the same question was answered by it before.
async fn answered_before(
    tx: &mut ClientTx,
    user: UserId,
    question: &MessageRow,
    id: Option<MessageId>,
) -> Result<Option<MessageId>> {
    let Some(id) = id else { return Ok(None) };
    let before = store::message(tx, user, id).await?;
    let before = before.filter(|before| before.parent_id == Some(question.message_id));
    Ok(before.map(|before| before.message_id))
}

/// The number of the message before a question that is worded anew.
async fn before_edited(
    tx: &mut ClientTx,
    user: UserId,
    session: SessionId,
    edited: MessageId,
) -> Result<Option<i64>> {
    let edited = store::message(tx, user, edited).await?;
    let edited = edited.filter(|edited| edited.session_id == session);
    let edited = edited.ok_or(Error::NotFound("message"))?;
    if edited.role != Speaker::User {
        return Err(Error::invalid(
            "edit_of names an answer: only a question can be put differently. To have it answered \
             once more, use POST /messages/{id}/regenerate.",
        ));
    }
    check_siblings(edited.siblings.len())?;
    nothing_runs(tx, &edited).await?;
    Ok(edited.parent_no)
}

async fn check_answers(tx: &mut ClientTx, user: UserId, question: &MessageRow) -> Result<()> {
    let Some(latest) = store::answer_to(tx, question.message_id).await? else {
        return Ok(());
    };
    let latest = store::message(tx, user, latest).await?;
    check_siblings(latest.map_or(0, |latest| latest.siblings.len()))
}

fn check_siblings(there: usize) -> Result<()> {
    if there >= SIBLINGS_MAX {
        return Err(Error::Conflict(format!(
            "There are {SIBLINGS_MAX} versions of this message already. Begin a new conversation."
        )));
    }
    Ok(())
}

async fn nothing_runs(tx: &mut ClientTx, question: &MessageRow) -> Result<()> {
    let running = store::running_answers(tx, question.session_id, question.no).await?;
    if running.is_empty() {
        return Ok(());
    }
    Err(Error::Conflict(
        "This question is being answered: stop the answer first.".into(),
    ))
}

/// The bases that this conversation asks and the user may read at this moment.
async fn bases(tx: &mut ClientTx, asking: &Asking<'_>) -> Result<Vec<base::Base>> {
    if asking.base_ids.as_ref().is_some_and(Vec::is_empty) {
        return Ok(Vec::new());
    }
    let mut bases = base::readable(tx, asking.user).await?;
    if let Some(chosen) = &asking.base_ids {
        bases.retain(|base| chosen.contains(&base.base_id.0));
    }
    Ok(bases)
}

/// What was said before, the prompts, and the model that the client chose. Those of a base count when it is the only one asked: of
/// several none could speak for the others.
async fn told(
    tx: &mut ClientTx,
    asking: &Asking<'_>,
    bases: &[base::Base],
) -> Result<(Vec<prompt::Earlier>, Layers, Option<String>)> {
    let turns = asking.settings.history_count.map(i64::from);
    let rows = match asking.earlier {
        None => turns.map_or(HISTORY_MESSAGES_MAX, |turns| turns * 2),
        Some(_) => 0,
    };
    let wanted = store::Wanted {
        session: asking.session,
        last_no: asking.parent_no.filter(|_| rows > 0),
        rows,
        prompts: &Rules::names(asking.settings.prompt.as_deref()),
        base: match bases {
            [only] => Some(only.base_id),
            _ => None,
        },
    };
    let told = store::told(tx, &wanted).await?;
    if let Some(given) = &asking.earlier {
        return Ok((given.clone(), Layers(told.layers.0), told.default_model));
    }
    let earlier = told
        .earlier
        .0
        .into_iter()
        .map(|(speaker, content)| prompt::Earlier {
            role: match speaker {
                Speaker::User => Role::User,
                Speaker::Assistant => Role::Assistant,
            },
            content,
        });
    Ok((earlier.collect(), Layers(told.layers.0), told.default_model))
}
