//! Keys of clients, as the console sees them.

use poem_openapi::{Object, types::Example};
use time::OffsetDateTime;

use super::shapes::PEM;
use crate::{
    http::example,
    identity::{
        api_key::{Listed, Scope},
        keyring::KeyPair,
    },
    ids::{ApiKeyId, KeyId},
};

/// An RSA key pair of a client; its halves are not shown.
#[derive(Object)]
#[oai(rename = "Key", example)]
pub(super) struct KeyBody {
    /// Its id.
    pub(super) id: KeyId,
    /// Its size.
    pub(super) bits: u32,
    /// When it was made.
    pub(super) created_at: OffsetDateTime,
    /// When its tokens cease to count.
    pub(super) retires_at: Option<OffsetDateTime>,
    /// When it was killed.
    pub(super) killed_at: Option<OffsetDateTime>,
    /// When a token of it last counted, to a minute.
    pub(super) last_used_at: Option<OffsetDateTime>,
    /// SHA-256 of the public half (DER), in hex.
    pub(super) fingerprint: String,
}

/// The key pairs of a client.
#[derive(Object)]
#[oai(example)]
pub(super) struct Keys {
    /// The newest first, at most 200.
    pub(super) items: Vec<KeyBody>,
}

/// A key pair to be.
#[derive(Object)]
#[oai(example)]
pub(super) struct NewKeyBody {
    /// Bits: 2048, 3072 or 4096; the server's setting when absent.
    pub(super) bits: Option<u32>,
    /// The PEM of a private key (PKCS#8 or PKCS#1) to go on with, instead of a new one.
    pub(super) import_key: Option<String>,
}

/// A key pair that was just made.
#[derive(Object)]
#[oai(example)]
pub(super) struct KeyMade {
    /// The key.
    pub(super) key: KeyBody,
    /// PEM, shown here only. Whoever holds it can make tokens for this client's users.
    pub(super) client_key: String,
}

/// When a key ends.
#[derive(Object)]
#[oai(example)]
pub(super) struct Retirement {
    /// Hours for which its tokens still count, 0 to 8760.
    pub(super) overlap_hours: u32,
}

/// What an API key may do.
#[derive(Clone, Copy, PartialEq, Eq, poem_openapi::Enum)]
#[oai(rename = "ApiKeyScope")]
pub(super) enum ScopeBody {
    /// Read the client's bases.
    #[oai(rename = "knowledge:read")]
    KnowledgeRead,
    /// Read and write the client's bases.
    #[oai(rename = "knowledge:write")]
    KnowledgeWrite,
}

/// An API key of a client: how a program of it proves what it is.
#[derive(Object)]
#[oai(rename = "ApiKey", example)]
pub(super) struct ApiKeyBody {
    /// Its id.
    pub(super) id: ApiKeyId,
    /// What it is for.
    pub(super) name: String,
    /// What it may do.
    pub(super) scopes: Vec<ScopeBody>,
    /// When it was made.
    pub(super) created_at: OffsetDateTime,
    /// When it was revoked.
    pub(super) revoked_at: Option<OffsetDateTime>,
    /// When it was last used, to a minute.
    pub(super) last_used_at: Option<OffsetDateTime>,
}

/// The API keys of a client.
#[derive(Object)]
#[oai(example)]
pub(super) struct ApiKeys {
    /// The newest first, at most 200.
    pub(super) items: Vec<ApiKeyBody>,
}

/// An API key to be.
#[derive(Object)]
#[oai(example)]
pub(super) struct NewApiKey {
    /// What it is for, 1 to 200 characters.
    pub(super) name: String,
    /// What it may do.
    pub(super) scopes: Vec<ScopeBody>,
}

/// An API key that was just made.
#[derive(Object)]
#[oai(example)]
pub(super) struct ApiKeyMade {
    /// Its id.
    pub(super) id: ApiKeyId,
    /// The key, shown here only.
    pub(super) secret: String,
}

impl From<KeyPair> for KeyBody {
    fn from(key: KeyPair) -> Self {
        Self {
            id: key.key_id,
            bits: key.bits.unsigned_abs(),
            fingerprint: key.fingerprint(),
            created_at: key.created_at,
            retires_at: key.retires_at,
            killed_at: key.killed_at,
            last_used_at: key.last_used_at,
        }
    }
}

impl From<Scope> for ScopeBody {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::KnowledgeRead => Self::KnowledgeRead,
            Scope::KnowledgeWrite => Self::KnowledgeWrite,
        }
    }
}

impl From<&ScopeBody> for Scope {
    fn from(scope: &ScopeBody) -> Self {
        match scope {
            ScopeBody::KnowledgeRead => Self::KnowledgeRead,
            ScopeBody::KnowledgeWrite => Self::KnowledgeWrite,
        }
    }
}

impl From<Listed> for ApiKeyBody {
    fn from(key: Listed) -> Self {
        Self {
            id: key.api_key_id,
            scopes: key.scopes().into_iter().map(Into::into).collect(),
            name: key.name,
            created_at: key.created_at,
            revoked_at: key.revoked_at,
            last_used_at: key.last_used_at,
        }
    }
}

impl Example for KeyBody {
    fn example() -> Self {
        Self {
            id: KeyId(example::id(3)),
            bits: 2_048,
            created_at: example::time(),
            retires_at: None,
            killed_at: None,
            last_used_at: Some(example::time()),
            fingerprint: "9c1f0e…".into(),
        }
    }
}

impl Example for Keys {
    fn example() -> Self {
        Self {
            items: vec![Example::example()],
        }
    }
}

impl Example for NewKeyBody {
    fn example() -> Self {
        Self {
            bits: Some(2_048),
            import_key: None,
        }
    }
}

impl Example for KeyMade {
    fn example() -> Self {
        Self {
            key: Example::example(),
            client_key: PEM.into(),
        }
    }
}

impl Example for Retirement {
    fn example() -> Self {
        Self { overlap_hours: 24 }
    }
}

impl Example for ApiKeyBody {
    fn example() -> Self {
        Self {
            id: ApiKeyId(example::id(4)),
            name: "nightly import".into(),
            scopes: vec![ScopeBody::KnowledgeWrite],
            created_at: example::time(),
            revoked_at: None,
            last_used_at: None,
        }
    }
}

impl Example for ApiKeys {
    fn example() -> Self {
        Self {
            items: vec![Example::example()],
        }
    }
}

impl Example for NewApiKey {
    fn example() -> Self {
        Self {
            name: "nightly import".into(),
            scopes: vec![ScopeBody::KnowledgeWrite],
        }
    }
}

impl Example for ApiKeyMade {
    fn example() -> Self {
        Self {
            id: ApiKeyId(example::id(4)),
            secret: "ck_morningstar_7f…".into(),
        }
    }
}
