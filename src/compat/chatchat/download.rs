//! `/knowledge_base/download_doc`: a file as it was sent, to keep or to look at.

use std::sync::Arc;

use percent_encoding::utf8_percent_encode;
use poem::{
    Body, Response,
    http::{HeaderValue, StatusCode, header},
};
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc2822};
use tokio_util::io::ReaderStream;

use super::{Chatchat, On, docs::QUERY, envelope::said, shelf};
use crate::{
    compat::{Call, Fault, Route, Rule},
    error::{Error, Result},
    http::file::{FILE, is_known},
    identity::Member,
    knowledge::{original, version::DocumentVersion},
};

/// What a browser may show of a stranger's file, by its extension: nothing that runs.
const SHOWN: [(&str, &str); 11] = [
    ("bmp", "image/bmp"),
    ("csv", TEXT),
    ("html", TEXT),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("json", TEXT),
    ("md", TEXT),
    ("pdf", PDF),
    ("png", "image/png"),
    ("tsv", TEXT),
    ("txt", TEXT),
];
const PDF: &str = "application/pdf";
const TEXT: &str = "text/plain; charset=utf-8";

pub(super) fn routes(on: &On) -> Vec<Route> {
    vec![on.get("/knowledge_base/download_doc", download)]
}

async fn download(chatchat: Arc<Chatchat>, who: Member, call: Call) -> Result<Response, Fault> {
    let mut fields = call.query();
    let base: String = fields.required("knowledge_base_name", Rule::ANY);
    let name: String = fields.required("file_name", Rule::ANY);
    let preview = fields.or("preview", false, Rule::ANY);
    fields.done()?;
    let mut tx = chatchat.app.db.client(who.client).await?;
    let found = shelf::base_of(&mut tx, &who, &base).await?;
    let document = shelf::document_of(&mut tx, &who, found.base.base_id, &name).await?;
    drop(tx);
    let unread = || said(500, format!("{name} 读取文件失败"));
    let Some(document) = document else {
        return Ok(unread());
    };
    let file = original::file(&chatchat.app, &who, document.document_id, None).await;
    let (version, file) = match file {
        Ok(found) => found,
        Err(Error::NotFound(_)) => return Ok(unread()),
        Err(error) => return Err(error.into()),
    };
    let head = Head::new(&document.name, &version, preview);
    if is_known(call.header("if-none-match"), &head.etag) {
        return Ok(head.on(Response::builder()
            .status(StatusCode::NOT_MODIFIED)
            .finish()));
    }
    let body = Body::from_bytes_stream(ReaderStream::new(file));
    let answer = Response::builder()
        .content_type(head.kind)
        .header(header::CONTENT_LENGTH, version.bytes)
        .header(header::CONTENT_DISPOSITION, &head.disposition)
        .body(body);
    Ok(head.on(answer))
}

struct Head {
    kind: &'static str,
    disposition: String,
    etag: String,
    modified: String,
}

impl Head {
    fn new(name: &str, version: &DocumentVersion, preview: bool) -> Self {
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        let extension = extension.to_ascii_lowercase();
        let shown = SHOWN.iter().find(|(known, _)| *known == extension);
        let (kind, how) = match shown {
            Some((_, kind)) if preview => (*kind, "inline"),
            _ => (FILE, "attachment"),
        };
        let hash = &version.blob_hash[..version.blob_hash.len().min(16)];
        Self {
            kind,
            disposition: disposition(how, name),
            etag: format!("\"{}\"", hex::encode(hash)),
            modified: http_date(version.created_at),
        }
    }

    /// Nothing in it runs or fetches. A browser's own viewer of PDFs does not start in a sandbox.
    fn policy(&self) -> &'static str {
        match self.kind {
            PDF => "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'",
            _ => "sandbox; default-src 'none'",
        }
    }

    fn on(self, mut answer: Response) -> Response {
        let headers = answer.headers_mut();
        for (name, value) in [
            (header::ETAG, self.etag.as_str()),
            (header::LAST_MODIFIED, self.modified.as_str()),
            (header::CACHE_CONTROL, "private, no-cache"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::CONTENT_SECURITY_POLICY, self.policy()),
        ] {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        }
        answer
    }
}

/// As Starlette writes it.
fn disposition(how: &str, name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_.-~".contains(c);
    if name.chars().all(plain) {
        return format!("{how}; filename=\"{name}\"");
    }
    let quoted = utf8_percent_encode(name, QUERY);
    format!("{how}; filename*=utf-8''{quoted}")
}

fn http_date(at: OffsetDateTime) -> String {
    let utc = at.to_offset(UtcOffset::UTC);
    let text = utc.format(&Rfc2822).unwrap_or_default();
    text.replace("+0000", "GMT")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_in_its_header() {
        for (name, written) in [
            ("a.txt", "attachment; filename=\"a.txt\""),
            (
                "手册 1.md",
                "attachment; filename*=utf-8''%E6%89%8B%E5%86%8C%201.md",
            ),
            (
                "a\"\r\nb.txt",
                "attachment; filename*=utf-8''a%22%0D%0Ab.txt",
            ),
        ] {
            assert_eq!(disposition("attachment", name), written);
        }
    }

    #[test]
    fn times_are_those_of_http() {
        let at = OffsetDateTime::from_unix_timestamp(784_111_777).unwrap();
        assert_eq!(http_date(at), "Sun, 06 Nov 1994 08:49:37 GMT");
    }
}
