//! `POST /chat` of both generations, and the `POST /` before them: a question, what was said before,
//! a whole answer.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use poem::{Response, http::StatusCode};
use poem_openapi::types::MaybeUndefined;
use serde::Serialize;

use super::{
    DataGpt,
    envelope::{failure, legacy, no_legacy, success},
    fields::Given,
    guard::Asker,
};
use crate::{
    chat::{
        complete::Complete,
        event::{self, Event},
        otherwise::{Otherwise, Said},
        session::Speaker,
        settings::SettingsChange,
    },
    compat::{Call, Fault},
    error::{Error, Result},
    ids::BaseId,
    knowledge::base,
    prompts::prompt,
};

/// As the original asked.
const TOP_K: u32 = 4;
const TEMPERATURE: f32 = 0.25;
/// The prompt that counts when none is named, if the client has it.
const MASTER: &str = "master";

#[derive(Serialize)]
struct Answered {
    answer: String,
    history: Vec<String>,
}

/// `{model_name, question, history}`, later `{space_name, question, history, model_name, prompt_name?}`.
pub async fn chat(state: Arc<DataGpt>, mut call: Call) -> Result<Response, Fault> {
    let given = Given::read(&mut call).await?;
    let asker = state.guard.admit(&call, given.text("secret")).await?;
    let space = given.space()?;
    let (question, history) = (given.needed("question")?, given.history()?);
    let base = base_named(&state, &asker, &space.name).await?;
    // the field says which model is to answer only once another says what it is asked about
    let model = given.text("model_name").filter(|_| space.later);
    let prompt = prompt(&state, &asker, given.text("prompt_name")).await?;
    let settings = settings(&state, model, prompt);
    let answer = ask(&state, &asker, question, &history, vec![base], settings).await?;
    let turn = [format!("Human: {question}"), format!("Bot: {answer}")];
    let history = history.into_iter().map(str::to_owned).chain(turn);
    Ok(success(Answered {
        history: history.collect(),
        answer,
    }))
}

/// `{secret, question, history}`
pub async fn before(state: Arc<DataGpt>, mut call: Call) -> Result<Response, Fault> {
    match asked_before(&state, &mut call).await {
        // its errors say nothing but that they are some
        Err(Fault::Answer(_)) => Ok(no_legacy(StatusCode::BAD_REQUEST, "Error")),
        answered => answered,
    }
}

async fn asked_before(state: &DataGpt, call: &mut Call) -> Result<Response, Fault> {
    let given = Given::read(call).await?;
    let asker = state.guard.admit(call, given.text("secret")).await?;
    let (question, history) = (given.needed("question")?, given.history()?);
    let bases = match &asker.model {
        Some(name) => vec![base_named(state, &asker, name).await?],
        None => all_bases(state, &asker).await?,
    };
    let prompt = prompt(state, &asker, None).await?;
    let settings = settings(state, None, prompt);
    let answer = ask(state, &asker, question, &history, bases, settings).await?;
    Ok(legacy(&answer))
}

async fn base_named(state: &DataGpt, asker: &Asker, name: &str) -> Result<BaseId, Fault> {
    let mut tx = state.app.db.client(asker.who.client).await?;
    let base = base::named(&mut tx, &asker.who, name).await?;
    let base = base.ok_or_else(|| {
        let text = format!("There is no model or space named {name}: train it first.");
        failure(StatusCode::INTERNAL_SERVER_ERROR, text)
    })?;
    Ok(base.base.base_id)
}

async fn all_bases(state: &DataGpt, asker: &Asker) -> Result<Vec<BaseId>> {
    let mut tx = state.app.db.client(asker.who.client).await?;
    let bases = base::readable(&mut tx, asker.user).await?;
    Ok(bases.into_iter().map(|base| base.base_id).collect())
}

/// The prompt that is to be used; the usual one when none is named and there is no `master`.
async fn prompt(
    state: &DataGpt,
    asker: &Asker,
    named: Option<&str>,
) -> Result<Option<String>, Fault> {
    let name = named.unwrap_or(MASTER);
    let mut tx = state.app.db.client(asker.who.client).await?;
    match prompt::check_chosen(&mut tx, name).await {
        Ok(()) => Ok(Some(name.to_owned())),
        Err(Error::Invalid(_)) if name == MASTER => Ok(None),
        Err(Error::Invalid(_)) => {
            let text = format!("There is no prompt named {name}: upload it first.");
            Err(failure(StatusCode::INTERNAL_SERVER_ERROR, text).into())
        }
        Err(error) => Err(error.into()),
    }
}

/// A model that is not known here is the usual one: the names are those of vendors.
fn settings(state: &DataGpt, model: Option<&str>, prompt: Option<String>) -> SettingsChange {
    let model = model.filter(|name| state.app.models.chat_named(name).is_some());
    let or_usual =
        |text: Option<String>| text.map_or(MaybeUndefined::Undefined, MaybeUndefined::Value);
    SettingsChange {
        temperature: MaybeUndefined::Value(TEMPERATURE),
        top_k: MaybeUndefined::Value(TOP_K),
        model: or_usual(model.map(str::to_owned)),
        prompt: or_usual(prompt),
        ..SettingsChange::default()
    }
}

async fn ask(
    state: &DataGpt,
    asker: &Asker,
    question: &str,
    history: &[&str],
    bases: Vec<BaseId>,
    settings: SettingsChange,
) -> Result<String, Fault> {
    asker.check_may_ask()?;
    let complete = Complete {
        content: question.to_owned(),
        otherwise: Otherwise {
            settings: Some(settings),
            bases: Some(bases.into_iter().map(|base| base.0).collect()),
            history: Some(said(history)),
            ..Otherwise::default()
        },
        found: Vec::new(),
    };
    let answer = state
        .chat
        .complete(asker.who.client, asker.user, complete)
        .await?;
    whole(answer.events()).await
}

/// The answer, once it has come to its end.
async fn whole(mut frames: impl Stream<Item = Bytes> + Unpin) -> Result<String, Fault> {
    let (mut text, mut ended) = (String::new(), false);
    while let Some(bytes) = frames.next().await {
        for event in event::read(&bytes) {
            match event {
                Event::Delta(delta) => text.push_str(&delta.text),
                Event::Reset(reset) => text = reset.text,
                Event::Done(_) => ended = true,
                Event::Error(failed) => {
                    return Err(failure(StatusCode::INTERNAL_SERVER_ERROR, failed.detail).into());
                }
                _ => {}
            }
        }
    }
    if !ended {
        return Err(Error::Upstream(anyhow::anyhow!("the answer broke off")).into());
    }
    Ok(without_marks(&text))
}

/// Entries begin with who said them; those that do not are said in turns.
fn said(history: &[&str]) -> Vec<Said> {
    let entry = |(at, entry): (usize, &&str)| {
        let (role, content) = if let Some(rest) = entry.strip_prefix("Human:") {
            (Speaker::User, rest)
        } else if let Some(rest) = entry.strip_prefix("Bot:") {
            (Speaker::Assistant, rest)
        } else if at % 2 == 0 {
            (Speaker::User, *entry)
        } else {
            (Speaker::Assistant, *entry)
        };
        Said {
            role,
            content: content.trim().to_owned(),
        }
    };
    history.iter().enumerate().map(entry).collect()
}

/// The numbers of passages mean nothing to clients who are not told the passages.
fn without_marks(text: &str) -> String {
    let marks = (1..=TOP_K).map(|n| format!("[{n}]"));
    let bare = marks.fold(text.to_owned(), |text, mark| {
        text.replace(&format!(" {mark}"), "").replace(&mark, "")
    });
    bare.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::event::{Done, End};

    #[test]
    fn entries_say_who_said_them() {
        let entries = ["Human: a", "Bot: b", "Human:c", "d", "e"];
        let said: Vec<_> = said(&entries)
            .into_iter()
            .map(|said| (said.role == Speaker::User, said.content))
            .collect();
        let expected = [
            (true, "a"),
            (false, "b"),
            (true, "c"),
            (false, "d"),
            (true, "e"),
        ];
        assert_eq!(said, expected.map(|(user, text)| (user, text.to_owned())));
    }

    #[tokio::test]
    async fn an_answer_without_its_end_is_none() {
        let said = |events: &[Event]| {
            let frames = (1..).zip(events).map(|(n, event)| event.frame(n));
            whole(futures_util::stream::iter(frames.collect::<Vec<_>>()))
        };
        let delta = Event::delta("It has [1]".into());
        let done = Event::Done(Done { state: End::Done });
        let cut = said(std::slice::from_ref(&delta)).await;
        assert!(matches!(cut, Err(Fault::Error(Error::Upstream(_)))));
        assert_eq!(said(&[delta, done]).await.unwrap(), "It has");
    }

    #[test]
    fn marks_are_left_out() {
        assert_eq!(
            without_marks("保修24个月[1][2]。 a [3] b [9]"),
            "保修24个月。 a b [9]"
        );
    }
}
