//! Search engines of the web: services that the operator names, each with an API of its own.

mod bing;
mod searxng;

use std::collections::BTreeMap;

use anyhow::Context;
use http::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

use crate::{
    config::{Config, wrong},
    error::{Error, Result},
    fetch::{Fetcher, Policy},
};

/// Results of one search at most.
pub const HITS_MAX: usize = 20;
/// Characters of a query that are sent.
const QUERY_CHARS_MAX: usize = 500;
/// Characters of a title or a piece of text that are kept.
const TITLE_CHARS_MAX: usize = 300;
const SNIPPET_CHARS_MAX: usize = 2_000;
/// Bytes of an address that is kept.
const URL_BYTES_MAX: usize = 2_000;

/// All search engines of this server.
pub struct Engines(BTreeMap<String, Engine>);

/// A search engine.
pub struct Engine {
    kind: Kind,
    url: Url,
    policy: Policy,
}

/// A page that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Its title.
    pub title: String,
    /// Its address: http or https.
    pub url: String,
    /// What of it answers the query.
    pub snippet: String,
}

#[derive(Clone, Copy)]
enum Kind {
    Searxng,
    Bing,
}

impl Engines {
    /// Reads the sections `[search.NAME]`.
    pub fn new(config: &Config) -> anyhow::Result<Self> {
        let mut engines = BTreeMap::new();
        for name in config.named("search") {
            let engine = engine(config, name).with_context(|| format!("[search.{name}]"))?;
            engines.insert(name.to_owned(), engine);
        }
        Ok(Self(engines))
    }

    /// The one of this name.
    pub fn find(&self, name: &str) -> Option<&Engine> {
        self.0.get(name)
    }
}

fn engine(config: &Config, name: &str) -> anyhow::Result<Engine> {
    let section = format!("search.{name}");
    let kind = match config.text(&section, "kind") {
        "searxng" => Kind::Searxng,
        "bing" => Kind::Bing,
        other => return Err(wrong(format!("kind = {other}: must be searxng or bing"))),
    };
    let mut headers = HeaderMap::new();
    if let Some(key) = config.secret(&section, "api_key")? {
        let mut value = HeaderValue::try_from(key.expose())
            .map_err(|_| wrong("api_key has characters that cannot be sent"))?;
        value.set_sensitive(true);
        headers.insert(kind.key_header(), value);
    }
    let url = config.text(&section, "url");
    let seconds = config.number(&section, "seconds_max", 1..=120)?;
    let policy =
        Policy::service(url, headers, seconds).map_err(|error| wrong(error.to_string()))?;
    Ok(Engine {
        kind,
        url: Url::parse(url)?,
        policy,
    })
}

impl Engine {
    /// The best pages for a query, best first. Goes over the network: not inside a transaction.
    ///
    /// # Errors
    /// `Upstream` when the engine does not answer as it should.
    pub async fn search(&self, fetcher: &Fetcher, query: &str, hits: usize) -> Result<Vec<Hit>> {
        let hits_max = hits.clamp(1, HITS_MAX);
        let query: String = query.chars().take(QUERY_CHARS_MAX).collect();
        let url = self.kind.address(self.url.clone(), &query, hits_max);
        let answer = fetcher.get(url.as_str(), &self.policy).await;
        let answer = answer.map_err(|error| upstream(error.into()))?;
        let found = self.kind.read(&answer.bytes).map_err(upstream)?;
        let found = found.into_iter().filter_map(Hit::clean);
        Ok(found.take(hits_max).collect())
    }
}

impl Kind {
    fn key_header(self) -> HeaderName {
        match self {
            Self::Searxng => http::header::AUTHORIZATION,
            Self::Bing => bing::KEY_HEADER,
        }
    }

    fn address(self, mut url: Url, query: &str, hits: usize) -> Url {
        match self {
            Self::Searxng => searxng::ask(&mut url, query),
            Self::Bing => bing::ask(&mut url, query, hits),
        }
        url
    }

    fn read(self, bytes: &[u8]) -> anyhow::Result<Vec<Hit>> {
        match self {
            Self::Searxng => searxng::read(bytes),
            Self::Bing => bing::read(bytes),
        }
    }
}

impl Hit {
    /// The words of strangers, cut to a size and on one line each; none without an address of the web.
    fn clean(self) -> Option<Self> {
        let url = Url::parse(&self.url).ok()?;
        let of_web =
            matches!(url.scheme(), "http" | "https") && url.as_str().len() <= URL_BYTES_MAX;
        // as it is written in Markdown links
        let url = url.to_string().replace('(', "%28").replace(')', "%29");
        of_web.then(|| Self {
            title: flat(&self.title, TITLE_CHARS_MAX),
            snippet: flat(&self.snippet, SNIPPET_CHARS_MAX),
            url,
        })
    }
}

fn flat(text: &str, chars_max: usize) -> String {
    let visible = text.replace(|c: char| c.is_control(), " ");
    let words: Vec<&str> = visible.split_whitespace().collect();
    words.join(" ").chars().take(chars_max).collect()
}

fn upstream(cause: anyhow::Error) -> Error {
    Error::Upstream(cause.context("ask the search engine"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_strangers_say_is_cut_to_a_size() {
        let hit = |url: &str, snippet: &str| Hit {
            title: "a\u{0}\nb".into(),
            url: url.into(),
            snippet: snippet.into(),
        };
        let clean = hit("https://a.example/x_(y)", &"字 ".repeat(5_000));
        let clean = clean.clean().unwrap();
        assert_eq!(clean.title, "a b");
        assert_eq!(clean.url, "https://a.example/x_%28y%29");
        assert_eq!(clean.snippet.chars().count(), SNIPPET_CHARS_MAX);
        for url in ["javascript:alert(1)", "ftp://a.example/", "nothing", ""] {
            assert_eq!(hit(url, "x").clean(), None, "{url}");
        }
        let long = format!("https://a.example/{}", "x".repeat(URL_BYTES_MAX));
        assert_eq!(hit(&long, "x").clean(), None);
    }
}
