//! Answers whose writer died: ended through the one exit, with what was stored.

use serde_json::Value;
use time::OffsetDateTime;

use super::{
    event::{CountedBy, Event, Failed, Reset},
    store::{self, State},
    turn::{self, INTERRUPTED, Outcome},
};
use crate::{
    app::App,
    db::SystemTx,
    error::{Code, Result},
    ids::{ClientNo, MessageId},
    models::{TokenUsage, tokens},
};

/// A reader may have seen events that were never stored; the ones that end the answer must count as
/// later than those.
const SEQ_GAP: u32 = 1_000_000;

/// Ends an answer that nobody writes any more. Nothing happens when it has ended already, or when
/// its writer has given a sign of life since.
pub async fn end(app: &App, client: ClientNo, id: MessageId) -> Result<()> {
    let mut tx = app.db.client(client).await?;
    let Some((user, model)) = store::orphan(&mut tx, id, app.clock.now()).await? else {
        return Ok(());
    };
    let frames = store::frames(&mut tx, id, 0).await?;
    let last = frames.last().map_or(0, |(_, last, _)| last.unsigned_abs());
    let text = frames
        .iter()
        .fold(String::new(), |text, (_, _, bytes)| replay(text, bytes));
    let first = last.saturating_add(SEQ_GAP);
    let events = [
        Event::Reset(Reset { text: text.clone() }),
        Event::Error(Failed {
            code: Code::Interrupted,
            detail: INTERRUPTED.into(),
        }),
    ];
    let bytes = [events[0].frame(first), events[1].frame(first + 1)].concat();
    let outcome = Outcome {
        message: id,
        user,
        model: model.unwrap_or_default(),
        usage: TokenUsage {
            input: 0,
            cached: 0,
            output: tokens::count(&text),
        },
        counted_by: CountedBy::Server,
        text,
        state: State::Failed,
        citations: Vec::new(),
        error: Some((Code::Interrupted, INTERRUPTED.into())),
        untitled: None,
        frames: Some((first, first + 1, bytes.into())),
    };
    if turn::finish(&mut tx, &outcome, app.clock.now()).await? {
        tracing::warn!(answer = %id, "an answer was left behind by a server that ended");
    }
    tx.commit().await
}

/// Answers whose writer is not believed to be alive.
pub async fn list(tx: &mut SystemTx, now: OffsetDateTime) -> Result<Vec<(ClientNo, MessageId)>> {
    store::orphans(tx, now).await
}

/// Forgets the events of answers that ended before; they can be read as one text from then on.
pub async fn forget_frames(tx: &mut SystemTx, before: OffsetDateTime) -> Result<()> {
    store::remove_old_frames(tx, before).await
}

/// The text after these events.
fn replay(mut text: String, frames: &[u8]) -> String {
    let frames = String::from_utf8_lossy(frames);
    for frame in frames.split("\n\n") {
        let field = |name: &str| frame.lines().find_map(|line| line.strip_prefix(name));
        let said = || {
            let data: Value = serde_json::from_str(field("data: ")?).ok()?;
            Some(data.get("text")?.as_str()?.to_owned())
        };
        match field("event: ") {
            Some("delta") => text.push_str(&said().unwrap_or_default()),
            Some("reset") => text = said().unwrap_or_default(),
            _ => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_add_up_to_the_text() {
        let frames = [
            Event::delta("多".into()).frame(1),
            Event::delta("余\n\n".into()).frame(2),
            Event::Reset(Reset { text: "你".into() }).frame(3),
            Event::delta("好 \"😀\"".into()).frame(4),
        ];
        assert_eq!(replay("x".into(), &frames.concat()), "你好 \"😀\"");
        assert_eq!(replay("x".into(), b"event: delta\ndata: {broken\n\n"), "x");
    }
}
