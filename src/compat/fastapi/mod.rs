//! Requests as FastAPI 0.104 on pydantic 1.10 reads them, and failures as it says them.

mod broken;
mod fields;
mod form;
mod loose;

use poem::{
    Body, Request, RequestBody, Response,
    http::{StatusCode, header::CONTENT_TYPE},
};
use serde::Serialize;
use serde_json::Value;

pub use self::{
    fields::{Fields, Rule},
    form::{Form, Upload},
    loose::{Loose, Reading},
};
use super::Fault;
use crate::error::Result;

/// A request on its way into a handler.
pub struct Call {
    /// Its head.
    pub request: Request,
    body: RequestBody,
}

impl Call {
    /// Takes a request apart.
    pub fn new(request: Request) -> Self {
        let (request, body) = request.split();
        Self { request, body }
    }

    /// A header that is plain text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.request.header(name)
    }

    /// The parameters of the address.
    pub fn query(&self) -> Fields {
        let query = self.request.uri().query().unwrap_or_default();
        Fields::of_texts("query", url::form_urlencoded::parse(query.as_bytes()))
    }

    /// The body as an object with fields. An empty one is an object without fields, so that it is
    /// enough where all of them are optional.
    ///
    /// # Errors
    /// 422 for broken JSON, 400 for a body that breaks off or is no UTF-8.
    pub async fn object(&mut self) -> Result<Fields, Fault> {
        Ok(match self.content().await? {
            Content::Nothing => Fields::of(Value::Object(serde_json::Map::new())),
            Content::Json(value) => Fields::of(value),
            // what FastAPI finds no fields in
            Content::Bytes(_) => Fields::of(Value::String(String::new())),
        })
    }

    /// The body as a bare text: a JSON string, or the very bytes under any other media type.
    ///
    /// # Errors
    /// 422 for anything else or what the rule forbids.
    pub async fn bare_text(&mut self, rule: Rule) -> Result<String, Fault> {
        self.bare(rule).await
    }

    /// The same, read as something else than a text.
    ///
    /// # Errors
    /// As [`Call::bare_text`].
    pub async fn bare<T: Loose>(&mut self, rule: Rule) -> Result<T, Fault> {
        let value = match self.content().await? {
            Content::Nothing => Value::Null,
            Content::Json(value) => value,
            Content::Bytes(bytes) => match String::from_utf8(bytes) {
                Ok(text) => Value::String(text),
                Err(_) => return Err(fields::not_utf8().into()),
            },
        };
        fields::bare(value, rule)
    }

    /// The body as a form with files.
    ///
    /// # Errors
    /// 400 for one that cannot be read, 413 for texts in it that are too long.
    pub async fn form(&mut self) -> Result<Form, Fault> {
        Form::read(&self.request, &mut self.body).await
    }

    async fn content(&mut self) -> Result<Content, Fault> {
        let body = self.body.take().unwrap_or_else(|_| Body::empty());
        let bytes = body.into_vec().await.map_err(|_| unreadable())?;
        if bytes.is_empty() {
            return Ok(Content::Nothing);
        }
        if !self.is_json() {
            return Ok(Content::Bytes(bytes));
        }
        let text = String::from_utf8(bytes).map_err(|_| unreadable())?;
        match serde_json::from_str(&text) {
            Ok(Value::Null) => Ok(Content::Nothing),
            Ok(value) => Ok(Content::Json(value)),
            Err(error) => Err(broken::answer(&text, &error).into()),
        }
    }

    /// A body without a media type counts as JSON.
    pub fn is_json(&self) -> bool {
        let media_type = self.request.headers().get(CONTENT_TYPE);
        // a header that is no text names no JSON
        is_json(media_type.map(|kind| kind.to_str().unwrap_or("?")))
    }
}

enum Content {
    Nothing,
    Json(Value),
    Bytes(Vec<u8>),
}

fn is_json(media_type: Option<&str>) -> bool {
    let Some(media_type) = media_type.filter(|kind| !kind.is_empty()) else {
        return true;
    };
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    let essence = essence.to_ascii_lowercase();
    let subtype = essence.strip_prefix("application/");
    subtype.is_some_and(|subtype| subtype == "json" || subtype.ends_with("+json"))
}

/// JSON as FastAPI writes it: without spaces, and text beyond ASCII as it is.
pub fn json(status: StatusCode, value: &impl Serialize) -> Response {
    let body = serde_json::to_vec(value).unwrap_or_default();
    Response::builder()
        .status(status)
        .content_type("application/json")
        .body(body)
}

/// `{"detail": …}`: what its exceptions answer.
pub fn detail(status: StatusCode, text: impl Serialize) -> Response {
    #[derive(Serialize)]
    struct Detail<T> {
        detail: T,
    }
    json(status, &Detail { detail: text })
}

fn unreadable() -> Fault {
    detail(
        StatusCode::BAD_REQUEST,
        "There was an error parsing the body",
    )
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_what_says_so_or_says_nothing() {
        for (media_type, is) in [
            (None, true),
            (Some(""), true),
            (Some("application/json"), true),
            (Some("Application/JSON; charset=utf-8"), true),
            (Some("application/problem+json"), true),
            (Some("application/x-www-form-urlencoded"), false),
            (Some("text/plain"), false),
            (Some("text/json"), false),
        ] {
            assert_eq!(is_json(media_type), is, "{media_type:?}");
        }
    }

    async fn said(fault: Fault) -> (u16, String) {
        let Fault::Answer(answer) = fault else {
            panic!("{fault:?}")
        };
        let status = answer.status().as_u16();
        (status, answer.into_body().into_string().await.unwrap())
    }

    fn call(media_type: &str, body: impl Into<Body>) -> Call {
        let request = Request::builder().content_type(media_type);
        Call::new(request.body(body.into()))
    }

    #[tokio::test]
    async fn bodies_that_are_none_are_said_like_fastapi() {
        let (status, text) = said(call("application/json", "{").object().await.unwrap_err()).await;
        assert_eq!(status, 422);
        assert_eq!(
            text,
            r#"{"detail":[{"type":"json_invalid","loc":["body",1],"msg":"JSON decode error","input":{},"ctx":{"error":"Expecting property name enclosed in double quotes"}}]}"#
        );
        let latin = call("application/json", vec![b'"', 0xe9, b'"']);
        let mut latin = latin;
        assert_eq!(
            said(latin.object().await.unwrap_err()).await,
            (
                400,
                r#"{"detail":"There was an error parsing the body"}"#.into()
            )
        );
        for (kind, body) in [
            ("text/plain", r#"{"query":"x"}"#),
            ("application/json", "[1]"),
        ] {
            let mut fields = call(kind, body).object().await.unwrap();
            fields.or("query", String::new(), Rule::ANY);
            let (status, text) = said(fields.done().unwrap_err()).await;
            assert_eq!(status, 422);
            assert_eq!(
                text,
                r#"{"detail":[{"loc":["body","query"],"msg":"field required","type":"value_error.missing"}]}"#
            );
        }
    }

    #[tokio::test]
    async fn a_bare_text_comes_in_three_ways() {
        let exactly = Rule::chars(3, 3);
        for (kind, body) in [
            ("application/json", "\"abc\""),
            ("application/x-www-form-urlencoded", "abc"),
            ("text/plain; charset=utf-8", "abc"),
        ] {
            let text = call(kind, body).bare_text(exactly).await.unwrap();
            assert_eq!(text, "abc", "{kind}");
        }
        let too_short = r#"{"detail":[{"loc":["body"],"msg":"ensure this value has at least 3 characters","type":"value_error.any_str.min_length","ctx":{"limit_value":3}}]}"#;
        let none =
            r#"{"detail":[{"loc":["body"],"msg":"field required","type":"value_error.missing"}]}"#;
        let no_text =
            r#"{"detail":[{"loc":["body"],"msg":"str type expected","type":"type_error.str"}]}"#;
        for (kind, body, expected) in [
            ("text/plain", "ab", too_short),
            ("application/json", "\"ab\"", too_short),
            ("application/json", "", none),
            ("application/json", "null", none),
            (
                "application/json",
                r#"{"knowledge_base_name":"abc"}"#,
                no_text,
            ),
        ] {
            let fault = call(kind, body).bare_text(exactly).await.unwrap_err();
            assert_eq!(said(fault).await, (422, expected.into()), "{body}");
        }
    }

    #[tokio::test]
    async fn an_empty_body_has_no_fields() {
        let mut fields = call("application/json", "").object().await.unwrap();
        assert_eq!(fields.or("num", 3, Rule::ANY), 3);
        fields.done().unwrap();
    }
}
