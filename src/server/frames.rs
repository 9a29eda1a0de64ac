//! Which sites may frame the chat page: those of the client it is opened for.

use std::sync::Arc;

use poem::{
    Endpoint, IntoResponse, Request, Response,
    http::{HeaderValue, header::CONTENT_SECURITY_POLICY},
};

use crate::{
    config::{Config, wrong},
    error::Error,
    identity::{Gatekeeper, token},
};

/// Bytes of a list in a header at most; a longer one lets every site frame the page no more.
const LIST_BYTES_MAX: usize = 4_000;

/// The page with its policy, `{frames}` of which is filled in.
pub struct Framed<E> {
    /// The page.
    pub page: E,
    /// Knows the origins of clients.
    pub gatekeeper: Arc<Gatekeeper>,
    /// Who may frame the page of a client without a list, or of nobody.
    pub without_list: &'static str,
    /// All of it but `frame-ancestors`.
    pub policy: &'static str,
}

/// `[server] frames`
pub fn without_list(config: &Config) -> anyhow::Result<&'static str> {
    match config.text("server", "frames") {
        "any" => Ok("*"),
        "self" => Ok("'self'"),
        other => Err(wrong(format!(
            "[server] frames = {other}: must be any or self"
        ))),
    }
}

impl<E: Endpoint> Endpoint for Framed<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let frames = match request.uri().query().and_then(client) {
            Some(client) => self.frames_of(&client).await,
            None => self.without_list.to_owned(),
        };
        let mut response = self.page.call(request).await?.into_response();
        let policy = format!("{}; frame-ancestors {frames}", self.policy);
        let policy = HeaderValue::try_from(policy).map_err(Error::internal)?;
        response
            .headers_mut()
            .insert(CONTENT_SECURITY_POLICY, policy);
        Ok(response)
    }
}

impl<E> Framed<E> {
    async fn frames_of(&self, client: &str) -> String {
        let origins = match self.gatekeeper.origins_of(client).await {
            Ok(Some(origins)) if !origins.is_empty() => origins,
            Ok(_) => return self.without_list.to_owned(),
            // the page comes without its list rather not into a frame
            Err(_) => return "'self'".to_owned(),
        };
        let mut frames = "'self'".to_owned();
        for origin in origins.iter() {
            if frames.len() + origin.len() < LIST_BYTES_MAX {
                frames.push(' ');
                frames.push_str(origin);
            }
        }
        frames
    }
}

/// The client that the page is opened for: by name, or by the outside of a token, where it stands in
/// clear. It is believed, since nothing follows from it but who may show the page.
pub fn client(query: &str) -> Option<String> {
    let mut named = None;
    for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match &*key {
            "api_token" | "token" => {
                // often put into links unescaped: a "+" then reads as a space
                if let Ok(envelope) = token::Envelope::open(&value.replace(' ', "+")) {
                    return Some(envelope.client_id);
                }
            }
            "client" => named = Some(value.into_owned()),
            _ => {}
        }
    }
    named
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD};

    use super::*;

    #[test]
    fn the_client_stands_outside_of_a_token() {
        let token = STANDARD.encode(format!("shop|{}", STANDARD.encode("sealed")));
        let token = token.replace('=', "%3D");
        for (query, expected) in [
            (format!("api_token={token}"), Some("shop")),
            (format!("lang=zh&token={token}"), Some("shop")),
            ("client=shop".to_owned(), Some("shop")),
            (format!("client=other&token={token}"), Some("shop")),
            ("token=nonsense".to_owned(), None),
            ("token=nonsense&client=shop".to_owned(), Some("shop")),
            (String::new(), None),
        ] {
            assert_eq!(client(&query).as_deref(), expected, "{query}");
        }
    }
}
