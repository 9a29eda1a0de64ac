//! Vendors that speak the OpenAI API, OpenAI and Azure among them.

mod answer;
mod chat;
mod embed;
mod link;
mod refusal;
mod sse;
mod wire;

use std::time::Duration;

use crate::secret::Secret;

pub use self::{
    chat::OpenAiChat,
    embed::{EmbeddingShape, OpenAiEmbedder},
};

/// Where a model is and how it is called.
#[derive(Clone, Debug)]
pub struct OpenAiTarget {
    /// The name under which `config.ini` knows the model; it stands in errors and logs.
    pub name: String,
    /// What comes before `/chat/completions` or `/embeddings`, as `https://api.openai.com/v1`; for
    /// Azure the address of the resource, as `https://NAME.openai.azure.com`.
    pub base_url: String,
    /// Sent as a bearer token, to Azure as `api-key`; `None` for vendors that ask for none.
    pub api_key: Option<Secret>,
    /// The vendor's name for the model.
    pub model: String,
    /// Set when the vendor is Azure.
    pub azure: Option<AzureDeployment>,
    /// The longest silence of the vendor: before the first byte and between two pieces.
    pub idle_max: Duration,
}

/// What Azure wants to know besides.
#[derive(Clone, Debug)]
pub struct AzureDeployment {
    /// The name of the deployment, which stands in the path.
    pub deployment: String,
    /// The version of the API, as `2024-10-21`.
    pub api_version: String,
}
