//! Search engines for `/chat/search_engine_chat`: those of `[search.NAME]`.

use uuid::Uuid;

use super::{Chatchat, envelope::said};
use crate::{
    compat::Fault,
    engines::{HITS_MAX, Hit},
    ids::{ChunkId, DocumentId},
    knowledge::search::{Explain, Passage},
};

/// As the model is given it. It is of no document, so nothing is cited from it.
pub fn passage(hit: &Hit) -> Passage {
    Passage {
        chunk: ChunkId(Uuid::nil()),
        document: DocumentId(Uuid::nil()),
        document_name: hit.url.clone(),
        version: 0,
        span: 0..0,
        page: None,
        context: hit.title.clone(),
        text: hit.snippet.clone(),
        metadata: None,
        score: 1.0,
        explain: Explain::default(),
    }
}

/// What an engine finds for a query.
///
/// # Errors
/// An envelope with 404 for an engine that is not set up, and what [`crate::engines::Engine::search`]
/// fails with.
pub async fn search(
    chatchat: &Chatchat,
    engine: &str,
    query: &str,
    top_k: i64,
) -> Result<Vec<Hit>, Fault> {
    let app = &chatchat.app;
    if let Some(found) = app.engines.find(engine) {
        let hits = usize::try_from(top_k).unwrap_or(1).min(HITS_MAX);
        return Ok(found.search(&app.fetcher, query, hits).await?);
    }
    let text = match engine {
        "bing" => "要使用Bing搜索引擎，需要设置 `BING_SUBSCRIPTION_KEY`".to_owned(),
        other => format!("未支持搜索引擎 {other}"),
    };
    Err(said(404, text).into())
}
