//! Searches one's own conversations. The work of a page is bounded; the next one goes on behind it.

use std::collections::HashMap;

use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    session::Session,
    shapes::{FoundInSession, number_of},
    store::{self, FoundMessage, Scan},
};
use crate::{
    db::ClientTx,
    error::{Error, Result},
    http::paging::{Page, Place, Window},
    ids::{MessageId, SessionId, UserId},
};

/// Characters of what is looked for at most.
const QUERY_CHARS_MAX: usize = 100;
/// Words of it at most.
const WORDS_MAX: usize = 8;
/// Messages that one page looks through at most.
const MESSAGES_SCANNED: i64 = 10_000;
/// Conversations whose titles the first page looks through at most.
const TITLES_SCANNED: i64 = 1_000;
/// Titles that the first page shows at most.
const TITLES_SHOWN: i64 = 10;
/// Characters of an excerpt before and behind where the word begins.
const BEFORE_CHARS: usize = 40;
const BEHIND_CHARS: usize = 120;

/// The words to look for.
///
/// # Errors
/// `Invalid` when there is none, or too much.
pub fn words(query: &str) -> Result<Vec<String>> {
    let words: Vec<String> = query.split_whitespace().map(str::to_owned).collect();
    let fits = query.chars().count() <= QUERY_CHARS_MAX && !query.contains('\0');
    if words.is_empty() || words.len() > WORDS_MAX || !fits {
        return Err(Error::invalid(format!(
            "q has 1 to {QUERY_CHARS_MAX} characters and at most {WORDS_MAX} words."
        )));
    }
    Ok(words)
}

/// A page of what is found: on the first one titles, then messages, the latest first.
pub async fn page(
    tx: &mut ClientTx,
    user: UserId,
    words: &[String],
    window: &Window,
) -> Result<Page<FoundInSession>> {
    let before = window.after.map(number_of);
    let titles = match before {
        Some(_) => Vec::new(),
        None => store::found_titles(tx, user, words, title_bounds(window)).await?,
    };
    let left = window.limit as usize - titles.len();
    let bounds = Scan {
        scanned: MESSAGES_SCANNED,
        rows: left as i64 + 1,
    };
    let mut found = store::found_messages(tx, user, words, before, bounds).await?;
    let next = if found.len() > left {
        found.truncate(left);
        // a page full of titles: the messages begin on the next one
        Some(found.last().map_or(i64::MAX, |last| last.no))
    } else {
        store::scan_end(tx, user, before, MESSAGES_SCANNED).await?
    };
    let sessions = sessions(tx, &titles, &found).await?;
    let in_titles = titles.iter().map(|id| (id, None));
    let in_messages = found.iter().map(|found| (&found.session_id, Some(found)));
    let items = in_titles
        .chain(in_messages)
        .filter_map(|(id, message)| Some(shape(sessions.get(&id.0)?, message, words)));
    Ok(Page {
        items: items.collect(),
        next_cursor: next.map(cursor),
    })
}

fn title_bounds(window: &Window) -> Scan {
    Scan {
        scanned: TITLES_SCANNED,
        rows: i64::from(window.limit).min(TITLES_SHOWN),
    }
}

/// A place of which only the number counts.
fn cursor(no: i64) -> String {
    let place = Place {
        at: OffsetDateTime::UNIX_EPOCH,
        id: Uuid::from_u128(no.unsigned_abs().into()),
    };
    place.to_text()
}

async fn sessions(
    tx: &mut ClientTx,
    titles: &[SessionId],
    found: &[FoundMessage],
) -> Result<HashMap<Uuid, Session>> {
    let mut ids: Vec<Uuid> = titles.iter().map(|id| id.0).collect();
    ids.extend(found.iter().map(|found| found.session_id.0));
    ids.sort_unstable();
    ids.dedup();
    let sessions = store::sessions_of(tx, &ids).await?;
    let sessions = sessions
        .into_iter()
        .map(|session| (session.session_id.0, session));
    Ok(sessions.collect())
}

fn shape(session: &Session, message: Option<&FoundMessage>, words: &[String]) -> FoundInSession {
    let text = message.map_or(session.title.as_str(), |found| &found.content);
    let (excerpt, start, end) = excerpt(text, &words[0]);
    FoundInSession {
        session: session.clone().into(),
        message_id: message.map(|found: &FoundMessage| -> MessageId { found.message_id }),
        excerpt,
        start,
        end,
    }
}

/// What stands around the first place of the word, and where the word is in it, in code points.
fn excerpt(text: &str, word: &str) -> (String, u32, u32) {
    let chars: Vec<char> = text.chars().collect();
    // one character stands for one: places stay what they are
    let fold = |c: char| c.to_lowercase().next().unwrap_or(c);
    let folded: Vec<char> = chars.iter().copied().map(fold).collect();
    let wanted: Vec<char> = word.chars().map(fold).collect();
    let found = folded
        .windows(wanted.len().max(1))
        .position(|window| window == wanted);
    let at = found.unwrap_or(0);
    let from = at.saturating_sub(BEFORE_CHARS);
    let to = chars.len().min(at + BEHIND_CHARS);
    let line = |c: &char| {
        if c.is_whitespace() || c.is_control() {
            ' '
        } else {
            *c
        }
    };
    let mut excerpt: String = chars[from..to].iter().map(line).collect();
    let mut start = at - from;
    if from > 0 {
        excerpt.insert(0, '…');
        start += 1;
    }
    if to < chars.len() {
        excerpt.push('…');
    }
    let length = if found.is_some() { wanted.len() } else { 0 };
    (excerpt, start as u32, (start + length) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(text: &str, word: &str) -> String {
        let (excerpt, start, end) = excerpt(text, word);
        let part = excerpt.chars().skip(start as usize);
        part.take((end - start) as usize).collect()
    }

    #[test]
    fn an_excerpt_says_where_the_word_is() {
        assert_eq!(marked("😀 The Battery lasts", "battery"), "Battery");
        assert_eq!(marked("电池保修多久？", "保修"), "保修");
        let long = format!("{}保修\n\n期{}", "长".repeat(500), "尾".repeat(500));
        let (text, start, _) = excerpt(&long, "保修");
        assert_eq!(marked(&long, "保修"), "保修");
        assert!(text.starts_with('…') && text.ends_with('…') && !text.contains('\n'));
        assert_eq!((text.chars().count(), start), (162, 41));
        // folded otherwise by the database
        assert_eq!(excerpt("İ", "xyz"), ("İ".to_owned(), 0, 0));
        assert_eq!(excerpt("", "x"), (String::new(), 0, 0));
    }

    #[test]
    fn what_is_looked_for_has_limits() {
        assert_eq!(words(" 电池  Warranty ").unwrap(), ["电池", "Warranty"]);
        let (long, many) = ("字".repeat(101), "a ".repeat(9));
        for wrong in ["", " \t", "a\0", &long, &many] {
            assert!(words(wrong).is_err(), "{wrong:?}");
        }
    }
}
