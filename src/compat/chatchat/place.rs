//! Where a question is asked: in a conversation of a page, again, or nowhere.

use bytes::Bytes;
use futures_util::stream::BoxStream;
use serde_json::Value;
use uuid::Uuid;

use super::{
    Chatchat,
    envelope::{NOT_YOURS, said},
};
use crate::{
    chat::{
        complete::Complete,
        open::{Again, Ask},
        otherwise::Otherwise,
        session::{self, Speaker},
    },
    compat::{
        Fault, Fields, Rule,
        fastapi::{Loose, Reading},
    },
    error::{Error, Result},
    identity::Member,
    ids::{MessageId, SessionId},
};

/// An id of 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hex32(pub Uuid);

/// What pydantic says such an id has to match.
const HEX32: &str = "^[0-9a-fA-F]{32}$";

impl Hex32 {
    /// The id in a text of 32 characters.
    pub fn parse(text: &str) -> Option<Self> {
        let is_hex = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let id = is_hex.then(|| Uuid::try_parse(text).ok());
        id.flatten().map(Self)
    }
}

impl Loose for Hex32 {
    fn read(value: Value, _: Rule, reading: &mut Reading) -> Option<Self> {
        let text = String::read(value, Rule::chars(32, 32), reading)?;
        let id = Self::parse(&text);
        if id.is_none() {
            let words = format!("string does not match regex \"{HEX32}\"");
            let ctx = serde_json::json!({"pattern": HEX32});
            reading.complain(words, "value_error.str.regex", Some(ctx));
        }
        id
    }
}

/// Where a question is asked.
#[derive(Default)]
pub struct Place {
    session: Option<SessionId>,
    /// The record that is to be answered again.
    record: Option<MessageId>,
}

impl Place {
    /// Reads it.
    pub fn read(body: &mut Fields) -> Self {
        let session: Option<Hex32> = body.optional("session_id", Rule::ANY);
        let record: Option<Hex32> = body.optional("chat_history_id", Rule::ANY);
        Self {
            session: session.map(|id| SessionId(id.0)),
            record: record.map(|id| MessageId(id.0)),
        }
    }

    /// Asks here. What comes are the frames of the answer's events.
    ///
    /// # Errors
    /// 403 in an envelope for a conversation of another user.
    pub async fn ask(
        self,
        chatchat: &Chatchat,
        who: &Member,
        query: String,
        mut otherwise: Otherwise,
    ) -> Result<BoxStream<'static, Bytes>, Fault> {
        let (chat, client, user) = (&chatchat.chat, who.client, who.user().user_id);
        if let Some(record) = self.record
            && is_question(chatchat, who, record).await?
        {
            otherwise.keep_passages = asks_a_base(&otherwise);
            let again = Again {
                id: None,
                otherwise,
            };
            let answer = chat.answer_again(client, user, record, again).await?;
            return Ok(chat.follow(client, user, answer).await?);
        }
        let Some(session) = self.session else {
            return nowhere(chatchat, who, query, otherwise, Vec::new()).await;
        };
        otherwise.keep_passages = asks_a_base(&otherwise);
        let edit_of = match self.record {
            Some(_) => last_of(chatchat, who, session, &query).await?,
            None => None,
        };
        let ask = Ask {
            id: self.record,
            content: query,
            edit_of,
            otherwise,
        };
        let answer = in_session(chatchat, who, session, ask).await?;
        Ok(chat.follow(client, user, answer).await?)
    }
}

/// Asks outside of any conversation, with what was found elsewhere.
pub async fn nowhere(
    chatchat: &Chatchat,
    who: &Member,
    content: String,
    otherwise: Otherwise,
    found: Vec<crate::knowledge::search::Passage>,
) -> Result<BoxStream<'static, Bytes>, Fault> {
    let ask = Complete {
        content,
        otherwise,
        found,
    };
    let chat = &chatchat.chat;
    let answer = chat.complete(who.client, who.user().user_id, ask).await?;
    Ok(answer.events())
}

fn asks_a_base(otherwise: &Otherwise) -> bool {
    otherwise
        .bases
        .as_ref()
        .is_some_and(|bases| !bases.is_empty())
}

/// Whether a record is a question of this user.
async fn is_question(chatchat: &Chatchat, who: &Member, record: MessageId) -> Result<bool> {
    let found = chatchat
        .chat
        .message(who.client, who.user().user_id, record)
        .await;
    match found {
        Ok(message) => Ok(message.role == Speaker::User),
        Err(Error::NotFound(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Pages that have an answer written again name the record by an id of their own, which is never
/// seen before. The question that is asked last, in the same words, is what they mean: the new record
/// takes its place in the branch that is shown.
async fn last_of(
    chatchat: &Chatchat,
    who: &Member,
    session: SessionId,
    query: &str,
) -> Result<Option<MessageId>> {
    let mut tx = chatchat.app.db.client(who.client).await?;
    let user = who.user().user_id;
    match session::rounds(&mut tx, user, session, None, 1).await {
        Ok(rounds) => Ok(rounds
            .first()
            .filter(|round| round.question.content == query.trim())
            .map(|round| round.question.message_id)),
        Err(Error::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn in_session(
    chatchat: &Chatchat,
    who: &Member,
    session: SessionId,
    mut ask: Ask,
) -> Result<MessageId, Fault> {
    let (chat, client, user) = (&chatchat.chat, who.client, who.user().user_id);
    let mut asked = chat.ask(client, user, session, ask.clone()).await;
    if matches!(asked, Err(Error::NotFound("session"))) {
        // pages save a conversation when they leave it
        begin(chatchat, who, session, &ask.otherwise).await?;
        asked = chat.ask(client, user, session, ask.clone()).await;
    }
    if matches!(asked, Err(Error::Taken(_))) {
        // somebody else's: it stays as it is, and the question gets an id of ours
        ask.id = None;
        asked = chat.ask(client, user, session, ask).await;
    }
    Ok(asked?)
}

async fn begin(
    chatchat: &Chatchat,
    who: &Member,
    id: SessionId,
    otherwise: &Otherwise,
) -> Result<(), Fault> {
    let (app, user) = (&chatchat.app, who.user().user_id);
    let new = session::NewSession {
        id: Some(id),
        bases: otherwise.bases.clone(),
        ..session::NewSession::default()
    };
    let mut tx = app.db.client(who.client).await?;
    let begun = session::create(&mut tx, &app.models, user, &new, app.clock.now()).await;
    match begun {
        Ok(_) => Ok(tx.commit().await?),
        Err(Error::Taken(_)) => Err(said(403, NOT_YOURS).into()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::Hex32;

    #[test]
    fn an_id_is_32_hexadecimal_digits() {
        assert!(Hex32::parse("0123456789abcdefABCDEF0123456789").is_some());
        for other in [
            "",
            "0123456789abcdef0123456789abcdeg",
            "01234567-89ab-cdef-0123-456789abcdef",
            "0123456789abcdef0123456789abcde",
            "{0123456789abcdef0123456789abcd}",
        ] {
            assert!(Hex32::parse(other).is_none(), "{other}");
        }
    }
}
