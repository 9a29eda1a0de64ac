//! The Web Search API that Bing had in version 7, which others speak too.

use http::HeaderName;
use serde::Deserialize;
use url::Url;

use super::Hit;

/// Where its key goes.
pub const KEY_HEADER: HeaderName = HeaderName::from_static("ocp-apim-subscription-key");

#[derive(Deserialize)]
struct Answer {
    /// Absent when nothing was found.
    #[serde(rename = "webPages")]
    pages: Option<Pages>,
}

#[derive(Deserialize)]
struct Pages {
    value: Vec<Found>,
}

#[derive(Deserialize)]
struct Found {
    url: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    snippet: String,
}

/// Adds the question to its address.
pub fn ask(url: &mut Url, query: &str, hits: usize) {
    url.query_pairs_mut()
        .append_pair("q", query)
        .append_pair("count", &hits.to_string())
        .append_pair("responseFilter", "Webpages")
        .append_pair("textDecorations", "false");
}

/// What it found.
pub fn read(bytes: &[u8]) -> anyhow::Result<Vec<Hit>> {
    let answer: Answer = serde_json::from_slice(bytes)?;
    let pages = answer.pages.map(|pages| pages.value).unwrap_or_default();
    let hits = pages.into_iter().map(|found| Hit {
        title: found.name,
        url: found.url,
        snippet: found.snippet,
    });
    Ok(hits.collect())
}
