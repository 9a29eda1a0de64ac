//! Lines as a table that a spreadsheet reads.

use poem_openapi::types::ToJSON;
use time::format_description::well_known::Rfc3339;

use super::desk::Kept;
use crate::error::{Error, Result};

/// Its columns.
const HEAD: [&str; 18] = [
    "client",
    "day",
    "area",
    "provider",
    "reference",
    "order",
    "state",
    "ours",
    "theirs",
    "currency",
    "standing",
    "reason",
    "note",
    "at",
    "resolved_at",
    "settled",
    "fee",
    "settled_in",
];

/// Lines of a client as CSV (RFC 4180), with a head when this is the first part of a table.
///
/// # Errors
/// `Internal` when a time cannot be written.
pub fn csv(client: &str, lines: &[Kept], with_head: bool) -> Result<String> {
    let mut table = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    let wrong = |error: csv::Error| Error::internal(error);
    if with_head {
        table.write_record(HEAD).map_err(wrong)?;
    }
    for line in lines {
        table.write_record(&line.cells(client)?).map_err(wrong)?;
    }
    let bytes = table
        .into_inner()
        .map_err(|error| Error::internal(error.into_error()))?;
    String::from_utf8(bytes).map_err(Error::internal)
}

impl Kept {
    fn cells(&self, client: &str) -> Result<[String; 18]> {
        let word = |json: serde_json::Value| json.as_str().unwrap_or_default().to_owned();
        let at = |at: time::OffsetDateTime| at.format(&Rfc3339).map_err(Error::internal);
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let name = |json: Option<serde_json::Value>| json.map(word).unwrap_or_default();
        Ok([
            client.to_owned(),
            self.day.to_string(),
            name(self.area.to_json()),
            self.provider.clone(),
            harmless(&self.reference),
            self.order_id.map(|id| id.to_string()).unwrap_or_default(),
            name(self.state.to_json()),
            text(&self.ours),
            text(&self.theirs),
            self.currency.clone(),
            name(self.standing.to_json()),
            self.reason.clone(),
            harmless(&text(&self.note)),
            at(self.at)?,
            self.resolved_at.map(at).transpose()?.unwrap_or_default(),
            text(&self.settled),
            text(&self.fee),
            text(&self.settled_in),
        ])
    }
}

/// A spreadsheet takes what begins like a formula for one.
fn harmless(text: &str) -> String {
    match text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{text}"),
        false => text.to_owned(),
    }
}
