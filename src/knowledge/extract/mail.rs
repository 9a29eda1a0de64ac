//! A mail: who wrote what to whom, its text, and what it carries.

use std::borrow::Cow;

use mail_parser::{Address, Message, MessageParser, MimeHeaders, PartType};

use super::{
    BlockKind, Extracted, HEAD_BYTES, Limits, PageError, Source, Worker, Writer, html, kind, plain,
};
use crate::error::{Error, Result};

/// Attachments of one mail that are read.
const ATTACHMENTS_MAX: usize = 50;

/// Something a mail carries.
struct Attachment {
    name: String,
    media_type: Option<String>,
    bytes: Vec<u8>,
}

/// Reads a mail and, where `opens` says so, the documents it carries, each under a heading with
/// its name. One that cannot be read is named; the others are kept.
///
/// # Errors
/// `Invalid` when it is no mail, `TooLarge` past a limit.
pub async fn extract(
    bytes: Vec<u8>,
    limits: &Limits,
    worker: &Worker,
    opens: bool,
) -> Result<Extracted> {
    let started = std::time::Instant::now();
    let own = limits.clone();
    let parse = move || open(&bytes, &own);
    let (mut mail, attachments) = tokio::task::spawn_blocking(parse)
        .await
        .map_err(Error::internal)??;
    for (page, attachment) in (1..).zip(attachments) {
        let name = attachment.name.clone();
        let seconds = limits
            .seconds_max
            .saturating_sub(started.elapsed().as_secs());
        let left = Limits {
            text_chars_max: limits.text_chars_max - chars(&mail),
            blocks_max: limits.blocks_max.saturating_sub(mail.blocks.len() + 1),
            seconds_max: seconds.max(1),
            ..limits.clone()
        };
        let outcome = match (opens, seconds, page) {
            (false, ..) => Err(Error::invalid("It lies in a mail that is attached itself.")),
            (_, 0, _) => Err(Error::invalid("Reading the mail takes too long.")),
            (.., n) if n as usize > ATTACHMENTS_MAX => Err(Error::invalid(format!(
                "Only the first {ATTACHMENTS_MAX} attachments are read."
            ))),
            _ => one(attachment, &left, worker).await,
        };
        match outcome {
            Ok(extracted) => append(&mut mail, &name, extracted, limits)?,
            Err(error @ (Error::Invalid(_) | Error::Unsupported(_) | Error::TooLarge(_))) => {
                let detail = format!("Attachment “{name}” is not read. {error}");
                mail.page_errors.push(PageError { page, detail });
            }
            Err(error) => return Err(error),
        }
    }
    Ok(mail)
}

async fn one(attachment: Attachment, limits: &Limits, worker: &Worker) -> Result<Extracted> {
    let head = &attachment.bytes[..attachment.bytes.len().min(HEAD_BYTES)];
    let kind = kind(&attachment.name, attachment.media_type.as_deref(), head)?;
    let source = Source {
        kind,
        charset: None,
        bytes: attachment.bytes,
    };
    Box::pin(super::read_one(source, limits, worker, false)).await
}

fn chars(extracted: &Extracted) -> u32 {
    extracted.blocks.last().map_or(0, |block| block.end)
}

/// Puts a document behind a mail, below a heading with its name.
fn append(
    mail: &mut Extracted,
    name: &str,
    mut extracted: Extracted,
    limits: &Limits,
) -> Result<()> {
    let mut heading = Writer::new(limits);
    heading.block(BlockKind::Heading(2), name)?;
    let errors = std::mem::take(&mut extracted.page_errors);
    let mut add = |part: Extracted, deeper: u8| {
        if !mail.text.is_empty() {
            mail.text.push_str("\n\n");
        }
        let by = if mail.blocks.is_empty() {
            0
        } else {
            chars(mail) + 2
        };
        mail.text.push_str(&part.text);
        mail.blocks.extend(part.blocks.into_iter().map(|mut block| {
            (block.start, block.end) = (block.start + by, block.end + by);
            if let BlockKind::Heading(level) = &mut block.kind {
                *level = (*level + deeper).min(6);
            }
            block
        }));
    };
    add(heading.finish(), 0);
    add(extracted, 2);
    mail.page_errors.extend(errors.into_iter().map(|mut error| {
        error.detail = format!("Attachment “{name}”: {}", error.detail);
        error
    }));
    Ok(())
}

fn open(bytes: &[u8], limits: &Limits) -> Result<(Extracted, Vec<Attachment>)> {
    let message = MessageParser::default().parse(bytes);
    let message = message.filter(|message| {
        message.from().is_some() || message.date().is_some() || message.subject().is_some()
    });
    let message = message.ok_or_else(|| {
        Error::invalid("The document is not a mail: it has neither a sender, a date nor a subject.")
    })?;
    let mut writer = Writer::new(limits);
    head(&mut writer, &message)?;
    for part in message.html_bodies() {
        match &part.body {
            PartType::Html(text) => html::read(&mut writer, text)?,
            PartType::Text(text) => plain::read(&mut writer, text)?,
            _ => {}
        }
    }
    let attachments = message.attachments().filter(|part| !is_decoration(part));
    let attachments = attachments.map(|part| attachment(&message, part)).collect();
    Ok((writer.finish(), attachments))
}

fn head(writer: &mut Writer<'_>, message: &Message<'_>) -> Result<()> {
    if let Some(subject) = message.subject() {
        writer.title(subject);
        writer.block(BlockKind::Heading(1), subject)?;
    }
    let lines = [
        ("From", message.from().map(people)),
        ("To", message.to().map(people)),
        ("Cc", message.cc().map(people)),
        (
            "Date",
            message.date().map(mail_parser::DateTime::to_rfc3339),
        ),
    ];
    let lines: Vec<String> = lines
        .into_iter()
        .filter_map(|(name, value)| {
            Some(format!(
                "{name}: {}",
                value.filter(|value| !value.is_empty())?
            ))
        })
        .collect();
    writer.block(BlockKind::Paragraph, &lines.join("\n"))?;
    Ok(())
}

/// Names with their addresses, up to a hundred.
fn people(address: &Address<'_>) -> String {
    let shown = |one: &mail_parser::Addr<'_>| match (one.name(), one.address()) {
        (Some(name), Some(address)) => format!("{name} <{address}>"),
        (name, address) => name.or(address).unwrap_or("").to_owned(),
    };
    address
        .iter()
        .take(100)
        .map(shown)
        .collect::<Vec<_>>()
        .join(", ")
}

/// A picture inside the text, such as a logo below a signature.
fn is_decoration(part: &mail_parser::MessagePart<'_>) -> bool {
    let picture = part
        .content_type()
        .is_some_and(|kind| kind.ctype().eq_ignore_ascii_case("image"));
    picture && (part.content_id().is_some() || matches!(part.body, PartType::InlineBinary(_)))
}

fn attachment(message: &Message<'_>, part: &mail_parser::MessagePart<'_>) -> Attachment {
    let kind = part.content_type().map(|kind| {
        format!(
            "{}/{}",
            kind.ctype(),
            kind.subtype().unwrap_or("octet-stream")
        )
    });
    let bytes: Cow<'_, [u8]> = match &part.body {
        PartType::Message(inner) => Cow::Owned(raw(message, part, inner)),
        _ => Cow::Borrowed(part.contents()),
    };
    let named = part.attachment_name().map(str::to_owned);
    let subject = part.message().and_then(Message::subject);
    let name = named.or_else(|| subject.map(|subject| format!("{subject}.eml")));
    let name = name.and_then(|name| super::clean_file_name(&name).ok());
    Attachment {
        name: name.unwrap_or_else(|| "attachment".to_owned()),
        media_type: kind,
        bytes: bytes.into_owned(),
    }
}

/// The bytes of a mail inside a mail.
fn raw(message: &Message<'_>, part: &mail_parser::MessagePart<'_>, inner: &Message<'_>) -> Vec<u8> {
    // one that was encoded is kept apart, any other is a piece of the mail around it
    if inner.raw_message.len() != message.raw_message.len() {
        return inner.raw_message.to_vec();
    }
    let (from, to) = (part.offset_body as usize, part.offset_end as usize);
    message
        .raw_message
        .get(from..to)
        .unwrap_or_default()
        .to_vec()
}
