//! Files as answers: one to keep, and a picture that a browser may show again without asking twice.

use poem::{Body, IntoResponse, Response, http::StatusCode};
use poem_openapi::{
    ApiResponse,
    registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry},
};

/// The media type of a file of any kind: no browser shows it.
pub const FILE: &str = "application/octet-stream";
/// The media type of a picture.
pub const PNG: &str = "image/png";

/// Seconds for which a browser shows a picture again without asking.
const PICTURE_SECONDS: u32 = 3_600;

/// A file to keep.
pub struct Download {
    /// What it is called.
    pub name: String,
    /// How many bytes it has.
    pub bytes: u64,
    /// The bytes.
    pub body: Body,
}

/// A picture, or word that the caller has it.
pub enum Png {
    /// The picture and its tag.
    Fresh {
        /// The bytes.
        png: Vec<u8>,
        /// Changes with the bytes.
        etag: String,
    },
    /// The caller has the one with this tag.
    Known {
        /// Its tag.
        etag: String,
    },
}

/// Whether a caller has what this tag names.
pub fn is_known(if_none_match: Option<&str>, etag: &str) -> bool {
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let tags = if_none_match.unwrap_or_default();
    tags.split(',').any(|tag| bare(tag) == etag)
}

/// `content-disposition` of a file to keep, whatever letters its name has (RFC 6266).
pub fn attachment(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || " ._-()".contains(c);
    let ascii: String = name
        .chars()
        .map(|c| if plain(c) { c } else { '_' })
        .collect();
    let all = percent_encoding::NON_ALPHANUMERIC;
    let whole = percent_encoding::utf8_percent_encode(name, all);
    format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{whole}")
}

impl IntoResponse for Download {
    fn into_response(self) -> Response {
        Response::builder()
            .content_type(FILE)
            .header("content-disposition", attachment(&self.name))
            .header("content-length", self.bytes)
            .header("x-content-type-options", "nosniff")
            .header("cache-control", "private, no-store")
            .body(self.body)
    }
}

impl IntoResponse for Png {
    fn into_response(self) -> Response {
        let (status, etag, body) = match self {
            Self::Fresh { png, etag } => (StatusCode::OK, etag, Body::from(png)),
            Self::Known { etag } => (StatusCode::NOT_MODIFIED, etag, Body::empty()),
        };
        let keep = format!("private, max-age={PICTURE_SECONDS}");
        let response = Response::builder()
            .status(status)
            .header("etag", etag)
            .header("cache-control", keep)
            .header("x-content-type-options", "nosniff");
        match status {
            StatusCode::OK => response.content_type(PNG).body(body),
            _ => response.body(body),
        }
    }
}

impl ApiResponse for Download {
    fn meta() -> MetaResponses {
        binary("The file, as an attachment.", FILE)
    }

    fn register(_: &mut Registry) {}
}

impl ApiResponse for Png {
    fn meta() -> MetaResponses {
        binary("The picture; its ETag spares it the next time.", PNG)
    }

    fn register(_: &mut Registry) {}
}

fn binary(description: &'static str, content_type: &'static str) -> MetaResponses {
    MetaResponses {
        responses: vec![MetaResponse {
            description,
            status: Some(200),
            status_range: None,
            content: vec![MetaMediaType {
                content_type,
                schema: MetaSchemaRef::Inline(Box::new(MetaSchema::new_with_format(
                    "string", "binary",
                ))),
            }],
            headers: vec![],
        }],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_header() {
        let header = attachment("保修\"\r\nSet-Cookie: a.pdf");
        assert!(
            header.is_ascii() && !header.contains(['\r', '\n']),
            "{header}"
        );
        assert_eq!(header.matches('"').count(), 2);
        assert!(header.contains("filename*=UTF-8''%E4%BF%9D%E4%BF%AE"));
    }

    #[test]
    fn a_tag_is_known_among_others() {
        for (header, known) in [
            (Some("\"a\""), true),
            (Some("\"b\", W/\"a\""), true),
            (Some("\"b\""), false),
            (Some(""), false),
            (None, false),
        ] {
            assert_eq!(is_known(header, "\"a\""), known, "{header:?}");
        }
    }
}
