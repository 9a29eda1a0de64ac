//! Search engines for `/chat/search_engine_chat`. None is configured yet, so each is refused in the
//! words of the contract.

use uuid::Uuid;

use super::{Chatchat, envelope::said};
use crate::{
    compat::Fault,
    ids::{ChunkId, DocumentId},
    knowledge::search::{Explain, Passage},
};

/// A page that an engine found.
#[derive(Clone, Debug)]
pub struct Hit {
    /// Its address.
    pub url: String,
    /// Its title.
    pub title: String,
    /// What of it answers the query.
    pub snippet: String,
}

impl Hit {
    /// As the model is given it. It is of no document, so nothing is cited from it.
    pub fn passage(&self) -> Passage {
        Passage {
            chunk: ChunkId(Uuid::nil()),
            document: DocumentId(Uuid::nil()),
            document_name: self.url.clone(),
            version: 0,
            span: 0..0,
            page: None,
            context: self.title.clone(),
            text: self.snippet.clone(),
            metadata: None,
            score: 1.0,
            explain: Explain::default(),
        }
    }
}

/// What an engine finds for a query.
///
/// # Errors
/// An envelope with 404 for an engine that is not there.
pub async fn search(
    _chatchat: &Chatchat,
    engine: &str,
    _query: &str,
    _top_k: i64,
) -> Result<Vec<Hit>, Fault> {
    if engine == "bing" {
        let text = "要使用Bing搜索引擎，需要设置 `BING_SUBSCRIPTION_KEY`";
        return Err(said(404, text).into());
    }
    Err(said(404, format!("未支持搜索引擎 {engine}")).into())
}
