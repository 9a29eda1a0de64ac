//! SearXNG, which has to be set up to answer `format=json`.

use serde::Deserialize;
use url::Url;

use super::Hit;

#[derive(Deserialize)]
struct Answer {
    results: Vec<Found>,
}

#[derive(Deserialize)]
struct Found {
    url: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    content: Option<String>,
}

/// Adds the question to the address of its search page.
pub fn ask(url: &mut Url, query: &str) {
    url.query_pairs_mut()
        .append_pair("q", query)
        .append_pair("format", "json");
}

/// What it found.
pub fn read(bytes: &[u8]) -> anyhow::Result<Vec<Hit>> {
    let answer: Answer = serde_json::from_slice(bytes)?;
    let hits = answer.results.into_iter().map(|found| Hit {
        title: found.title,
        url: found.url,
        snippet: found.content.unwrap_or_default(),
    });
    Ok(hits.collect())
}
