//! A conversation as a file: what was said in the branch shown, the latest of it if it is very long.

use std::collections::BTreeMap;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use time::OffsetDateTime;

use super::{
    session,
    shapes::{ExportFormat, MessageBody, SessionExport},
    store::{self, MessageRow, Speaker},
};
use crate::{
    db::ClientTx,
    error::Result,
    ids::{SessionId, UserId},
    knowledge::lexical::fusion::language,
    models::Language,
};

/// Messages of an export at most.
const MESSAGES_MAX: usize = 10_000;
/// Bytes of text in it at most, but for the message that goes over them.
const BYTES_MAX: usize = 16 << 20;
/// Messages read at a time.
const BATCH_ROWS: i64 = 500;
/// Characters of a file's name at most.
const NAME_CHARS_MAX: usize = 60;

/// Reads what is exported.
///
/// # Errors
/// `NotFound` for a session that is not the user's.
pub async fn read(
    tx: &mut ClientTx,
    user: UserId,
    id: SessionId,
    now: OffsetDateTime,
) -> Result<SessionExport> {
    let session = session::find(tx, user, id).await?;
    let (mut next, mut bytes) = (session.current_no, 0);
    let mut messages: Vec<MessageRow> = Vec::new();
    while next.is_some() && messages.len() < MESSAGES_MAX && bytes < BYTES_MAX {
        let batch = store::branch(tx, id, next, BATCH_ROWS).await?;
        next = batch.last().and_then(|oldest| oldest.parent_no);
        bytes += batch.iter().map(|row| row.content.len()).sum::<usize>();
        messages.extend(batch);
    }
    messages.reverse();
    Ok(SessionExport {
        session: session.into(),
        exported_at: now,
        earlier_left_out: next.is_some(),
        messages: messages.into_iter().map(Into::into).collect(),
    })
}

/// The header that names the file.
pub fn disposition(title: &str, format: ExportFormat) -> String {
    let end = match format {
        ExportFormat::Markdown => "md",
        ExportFormat::Json => "json",
    };
    let fits = |c: char| {
        if c.is_alphanumeric() || "-_ ".contains(c) {
            c
        } else {
            ' '
        }
    };
    let name: String = title.chars().map(fits).take(NAME_CHARS_MAX).collect();
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    let name = if name.is_empty() {
        "conversation"
    } else {
        &name
    };
    let encoded = utf8_percent_encode(name, NON_ALPHANUMERIC);
    format!("attachment; filename=\"conversation.{end}\"; filename*=UTF-8''{encoded}.{end}")
}

/// The words of an export in the language of its conversation.
struct Words {
    exported: &'static str,
    question: &'static str,
    answer: &'static str,
    page: &'static str,
    left_out: &'static str,
}

const CHINESE: Words = Words {
    exported: "导出时间",
    question: "提问",
    answer: "回答",
    page: "页码",
    left_out: "对话很长，较早的内容未包含在此文件中。",
};

const ENGLISH: Words = Words {
    exported: "Exported",
    question: "Question",
    answer: "Answer",
    page: "page",
    left_out: "The conversation is very long: what was said earlier is not in this file.",
};

/// The conversation for people.
pub fn markdown(export: &SessionExport) -> String {
    let first = export.messages.first();
    let words = match language(first.map_or(&export.session.title, |said| &said.content)) {
        Language::Chinese => CHINESE,
        Language::English => ENGLISH,
    };
    let at = export.exported_at;
    let mut text = format!(
        "# {}\n\n{}: {} {:02}:{:02} UTC\n",
        one_line(&export.session.title),
        words.exported,
        at.date(),
        at.hour(),
        at.minute()
    );
    if export.earlier_left_out {
        text.push_str(&format!("\n*{}*\n", words.left_out));
    }
    let mut notes: Vec<String> = Vec::new();
    for message in &export.messages {
        let head = match message.role {
            Speaker::User => words.question,
            Speaker::Assistant => words.answer,
        };
        text.push_str(&format!(
            "\n## {head}\n\n{}\n",
            said(message, &mut notes, &words)
        ));
    }
    if !notes.is_empty() {
        text.push_str(&format!("\n{}\n", notes.join("\n")));
    }
    text
}

/// What was said, its markers as references to footnotes, which are added to `notes`.
fn said(message: &MessageBody, notes: &mut Vec<String>, words: &Words) -> String {
    let mut text = message.content.trim().to_owned();
    if let Some(error) = &message.error {
        text.push_str(&format!("\n\n*{}*", one_line(&error.detail)));
    }
    let mut marks: BTreeMap<u32, String> = BTreeMap::new();
    for citation in &message.citations {
        let n = notes.len() + 1;
        let page = citation.page.map(|page| format!(", {} {page}", words.page));
        let document = one_line(&citation.document_name);
        let quote = one_line(&citation.quote);
        notes.push(format!(
            "[^{n}]: {document}{}: “{quote}”",
            page.unwrap_or_default()
        ));
        // several sentences of one passage may be cited under one number
        marks
            .entry(citation.n)
            .or_default()
            .push_str(&format!("[^{n}]"));
    }
    for (n, marks) in marks {
        text = text.replace(&format!("[{n}]"), &marks);
    }
    text.trim().to_owned()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_file_is_no_path_and_no_header() {
        assert_eq!(
            disposition("电池/..\\\"\r\nSet-Cookie: x", ExportFormat::Json),
            "attachment; filename=\"conversation.json\"; \
             filename*=UTF-8''%E7%94%B5%E6%B1%A0%20Set%2DCookie%20x.json"
        );
        assert!(disposition("", ExportFormat::Markdown).ends_with("conversation.md"));
    }
}
