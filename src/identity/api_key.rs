//! API keys: how a program of the client proves what it is. Only a hash is kept.

use aws_lc_rs::digest::{SHA256, digest};
use time::OffsetDateTime;

use super::store;
use crate::{
    db::ClientTx,
    error::{Error, Result},
    ids::ApiKeyId,
    secret::Secret,
};

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type, clap::ValueEnum)]
#[sqlx(type_name = "text")]
pub enum Scope {
    /// Read the client's bases.
    #[sqlx(rename = "knowledge:read")]
    #[value(name = "knowledge:read")]
    KnowledgeRead,
    /// Read and write the client's bases.
    #[sqlx(rename = "knowledge:write")]
    #[value(name = "knowledge:write")]
    KnowledgeWrite,
}

impl Scope {
    /// The word in the database and on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::KnowledgeRead => "knowledge:read",
            Self::KnowledgeWrite => "knowledge:write",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        [Self::KnowledgeRead, Self::KnowledgeWrite]
            .into_iter()
            .find(|scope| scope.word() == word)
    }
}

/// An API key as it is found by its secret.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct ApiKey {
    /// Its id.
    pub api_key_id: ApiKeyId,
    scopes: Vec<String>,
}

impl ApiKey {
    /// What it may do.
    pub fn scopes(&self) -> Vec<Scope> {
        scopes(&self.scopes)
    }
}

/// An API key as the operator sees it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Listed {
    /// Its id.
    pub api_key_id: ApiKeyId,
    /// What it is for.
    pub name: String,
    scopes: Vec<String>,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When it was revoked.
    pub revoked_at: Option<OffsetDateTime>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<OffsetDateTime>,
}

impl Listed {
    /// What it may do.
    pub fn scopes(&self) -> Vec<Scope> {
        scopes(&self.scopes)
    }
}

/// A word that a newer version wrote is left out.
fn scopes(words: &[String]) -> Vec<Scope> {
    words
        .iter()
        .filter_map(|word| Scope::from_word(word))
        .collect()
}

/// All keys of the client, the newest first.
pub async fn list(tx: &mut ClientTx) -> Result<Vec<Listed>> {
    store::keyring::api_keys(tx).await
}

/// Makes a key `ck_{client}_{secret}`. The text is not kept: it is shown once, here.
pub async fn create(
    tx: &mut ClientTx,
    client_id: &str,
    name: &str,
    scopes: &[Scope],
    now: OffsetDateTime,
) -> Result<(ApiKeyId, Secret)> {
    if name.is_empty() || name.chars().count() > 200 {
        return Err(Error::invalid("The name of a key has 1 to 200 characters."));
    }
    let secret = random_secret();
    let id = ApiKeyId::new(now);
    let words: Vec<&str> = scopes.iter().map(|scope| scope.word()).collect();
    store::add_api_key(tx, id, name, &hash(secret.expose()), &words, now).await?;
    Ok((
        id,
        Secret::from(format!("ck_{client_id}_{}", secret.expose())),
    ))
}

/// Ends a key, within a second on every process.
pub async fn revoke(tx: &mut ClientTx, id: ApiKeyId, now: OffsetDateTime) -> Result<()> {
    store::revoke_api_key(tx, id, now).await
}

/// The key with this secret, unless it was revoked.
pub(super) async fn find(tx: &mut ClientTx, secret: &str) -> Result<Option<ApiKey>> {
    store::api_key(tx, &hash(secret)).await
}

/// 256 random bits in hex.
pub fn random_secret() -> Secret {
    Secret::from(hex::encode(rand::random::<[u8; 32]>()))
}

/// SHA-256: the secrets are random, so a slow hash would add nothing.
pub fn hash(text: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
    hash
}
